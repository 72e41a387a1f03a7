// bcsim verify: the same journal on every driver.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/cli/commands.hpp"
#include "tools/cli/exit_code.hpp"
#include "tools/cli/home.hpp"
#include "tools/cli/report.hpp"
#include "tools/verify/verify.hpp"

namespace bcsim::tools {
namespace {

std::string hex(std::uint64_t fingerprint) {
  return fmt::format("{:016x}", fingerprint);
}

std::string text_of(const Verification& v) {
  std::string out =
      fmt::format("  {:<30}{:>12}  {:<16}{:>8}\n", "", "records", "fingerprint", "CPU");
  for (const WayRan& w : v.ways) {
    out += w.lost.empty() ? fmt::format("  {:<30}{:>12}  {}{:>6.1f} s\n", name(w.way), w.records,
                                        hex(w.fingerprint), w.cpu_s)
                          : fmt::format("  {:<30}{}\n", name(w.way), w.lost);
  }
  if (v.same()) return out + "\nThe same journal every way.\n";
  if (!v.parting) return out + "\nThe journals differ.\n";
  const auto line = [](const std::string& text) { return text.empty() ? "(the end)" : text; };
  return out + fmt::format("\nThe journals part at record {}\n  {}: {}\n  {}: {}\n",
                           v.parting->record, name(v.parting->one), line(v.parting->line_one),
                           name(v.parting->other), line(v.parting->line_other));
}

std::string json_of(const Verification& v) {
  using Json = nlohmann::ordered_json;
  Json ways = Json::array();
  for (const WayRan& w : v.ways) {
    Json way = {{"way", name(w.way)}};
    if (w.lost.empty()) {
      way.update({{"fingerprint", hex(w.fingerprint)}, {"records", w.records}});
    } else {
      way["lost"] = w.lost;
    }
    ways.push_back(std::move(way));
  }
  Json all = {{"same", v.same()}, {"ways", ways}};
  if (v.parting) {
    all["parting"] = {{"record", v.parting->record},
                      {name(v.parting->one), v.parting->line_one},
                      {name(v.parting->other), v.parting->line_other}};
  }
  return all.dump(2) + "\n";
}

int verify_scenario(const Invocation& invocation, Terminal& terminal) {
  const Loaded loaded =
      load_argument(invocation.arguments.front(), set_and_seed(invocation), terminal.in);
  print_diagnostics(loaded, terminal);
  if (loaded.has_errors()) return code(load_result(loaded));
  const Verification v = verify(loaded.scenario, jobs_value(invocation));
  if (v.interrupted) return code(ExitCode::interrupted);
  terminal.out << (invocation.has("json") ? json_of(v) : text_of(v));
  return code(v.same() ? ExitCode::good : ExitCode::refused);
}

}  // namespace

Command verify_command() {
  return {.name = "verify",
          .summary = "Run a scenario on every driver of the engine: the journal must be the same",
          .arguments = "SCENARIO",
          .argument_kind = ValueKind::scenario,
          .min_arguments = 1,
          .max_arguments = 1,
          .description =
              "Runs replication 0 on SimGrid with an actor for each device, on SimGrid with\n"
              "devices that share actors, and on the agenda alone, and compares the journals to\n"
              "the byte. If they differ, shows the first record in which they do.",
          .options = {jobs_option(),
                      value_option("seed", "N", "Seed of the random numbers", ValueKind::number),
                      set_option(),
                      {.name = "json", .doc = "Print JSON instead of a table"},
                      {.name = "quiet", .letter = 'q', .doc = "No warnings"}},
          .examples = {{"bcsim verify site_failure", "Three ways, one journal"}},
          .run = verify_scenario};
}

}  // namespace bcsim::tools
