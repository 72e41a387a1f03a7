// bcsim check: is this scenario right, and what exactly does it say?
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/base/exit_code.hpp"
#include "tools/cli/commands.hpp"
#include "tools/scenario/home.hpp"
#include "tools/scenario/load_report.hpp"

namespace bcsim::tools {
namespace {

ExitCode worse(ExitCode a, ExitCode b) {
  return code(a) > code(b) ? a : b;
}

int check(const Invocation& invocation, Terminal& terminal) {
  ExitCode result = ExitCode::good;
  nlohmann::json reports = nlohmann::json::array();
  const bool json = invocation.has("json");
  const bool effective = invocation.has("effective");
  const WrittenAs written = effective ? WrittenAs::annotated : WrittenAs::nothing;
  for (const std::string& argument : invocation.arguments) {
    const Loaded loaded = load_argument(argument, invocation.values("set"), terminal.in, written);
    result = worse(result, load_result(loaded));
    if (json) {
      reports.push_back(load_report(argument, loaded));
      continue;
    }
    print_diagnostics(loaded, terminal);
    if (loaded.has_errors()) continue;
    if (effective) {
      terminal.out << loaded.effective_yaml;
    } else if (!terminal.quiet()) {
      terminal.out << fmt::format("{}: good\n{}", argument, describe_scenario(loaded.scenario));
    }
  }
  if (json) {
    terminal.out << (reports.size() == 1 ? reports.front() : reports).dump(2) << '\n';
  }
  return code(result);
}

}  // namespace

Option set_option() {
  return {.name = "set",
          .kind = ValueKind::text,
          .value = "PATH=VALUE",
          .doc = "Override a value, such as run.seed=7; may be repeated",
          .repeated = true};
}

Command check_command() {
  return {
      .name = "check",
      .summary = "Check scenarios and show what they say",
      .arguments = "SCENARIO…",
      .argument_kind = ValueKind::scenario,
      .min_arguments = 1,
      .max_arguments = 10'000,
      .description =
          "Reads scenarios (files, names of shipped ones, or - for standard input) and reports\n"
          "every problem with its place. Exit code 0: good, 65: errors.",
      .options = {{.name = "effective",
                   .doc = "Print the complete scenario, with the origin of every value"},
                  set_option(),
                  {.name = "json", .doc = "Print problems and summary as JSON"},
                  {.name = "quiet", .letter = 'q', .doc = "Print errors only"}},
      .examples = {{"bcsim check my.yaml", "What is wrong with it?"},
                   {"bcsim check --effective site_failure | less",
                    "Every value of a shipped scenario and where it comes from"},
                   {"bcsim check my.yaml --set desktop.site1.site-timeout=10s",
                    "Would another value still be good?"}},
      .run = check};
}

}  // namespace bcsim::tools
