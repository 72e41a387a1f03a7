#include "tools/cli/report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/scenario/units.hpp"
#include "tools/scenario/validator_load.hpp"

namespace bcsim::tools {

void print_diagnostics(const Loaded& loaded, Terminal& terminal) {
  for (const Diagnostic& d : loaded.diagnostics) {
    if (terminal.quiet() && d.severity == Severity::warning) continue;
    terminal.err << render(d, terminal.color_err());
  }
  const std::size_t errors = loaded.count(Severity::error);
  const std::size_t warnings = loaded.count(Severity::warning);
  if (errors + warnings < 2 || terminal.quiet()) return;
  terminal.err << fmt::format("{} error{}, {} warning{}\n", errors, errors == 1 ? "" : "s",
                              warnings, warnings == 1 ? "" : "s");
}

ExitCode load_result(const Loaded& loaded) {
  return loaded.has_errors() ? ExitCode::bad_input : ExitCode::good;
}

namespace {

std::uint64_t people(const models::Scenario& s) {
  std::uint64_t count = 0;
  for (const models::AgentGroup& g : s.agents) count += g.count;
  return count;
}

std::uint64_t channels(const models::Scenario& s) {
  std::uint64_t count = 0;
  for (const models::GatewayOptions& g : s.gateways) count += g.channels;
  return count;
}

}  // namespace

nlohmann::json load_report(const std::string& argument, const Loaded& loaded) {
  nlohmann::json j = {{"scenario", argument}, {"good", !loaded.has_errors()}};
  j["diagnostics"] = nlohmann::json::array();
  for (const Diagnostic& d : loaded.diagnostics) j["diagnostics"].push_back(to_json(d));
  if (loaded.has_errors()) return j;
  const models::Scenario& s = loaded.scenario;
  const PeakLoad load = peak_load(s);
  j["summary"] = {{"title", s.title},
                  {"horizon_s", sim::seconds(s.run.horizon)},
                  {"agents", people(s)},
                  {"gateways", s.gateways.size()},
                  {"channels", channels(s)},
                  {"peak_calls_per_s", load.calls_per_s},
                  {"peak_offered_erlangs", load.erlangs()},
                  {"agents_at_peak", load.agents},
                  {"faults", s.faults.size()}};
  return j;
}

std::string describe_scenario(const models::Scenario& s) {
  const PeakLoad load = peak_load(s);
  std::string out;
  if (!s.title.empty()) out += fmt::format("  {}\n", s.title);
  out += fmt::format("  {} of time, {} warm-up, seed {}\n", format_duration(s.run.horizon),
                     format_duration(s.run.warm_up), s.run.seed);
  out += fmt::format("  {} agents in {} group{}, {} gateway{} with {} channels\n", people(s),
                     s.agents.size(), s.agents.size() == 1 ? "" : "s", s.gateways.size(),
                     s.gateways.size() == 1 ? "" : "s", channels(s));
  if (load.calls_per_s > 0) {
    const std::string busy = load.agents == 0
                                 ? "nobody is at work"
                                 : fmt::format("{:.0f}% busy", 100 * load.erlangs() / load.agents);
    out += fmt::format("  at most {:.4g} calls/s = {} erlangs for {} agents: {}\n",
                       load.calls_per_s, amount_words(load.erlangs()), load.agents, busy);
  }
  for (const models::Fault& f : s.faults) {
    out += fmt::format("  {}: {}{}\n", format_duration(f.at.time_since_epoch()), f.text,
                       f.lasting ? ", for " + format_duration(*f.lasting) : "");
  }
  return out;
}

}  // namespace bcsim::tools
