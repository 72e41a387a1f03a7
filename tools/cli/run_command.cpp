// bcsim run: simulate a scenario and write its results.
#include "tools/run/run.hpp"

#include <fmt/format.h>

#include "tools/cli/commands.hpp"
#include "tools/cli/exit_code.hpp"
#include "tools/cli/home.hpp"
#include "tools/cli/report.hpp"

namespace bcsim::tools {
namespace {

int run(const Invocation& invocation, Terminal& terminal) {
  std::vector<std::string> overrides = invocation.values("set");
  if (invocation.has("seed")) {
    overrides.push_back(fmt::format("run.seed={}", number_value("seed", invocation.value("seed"))));
  }
  RunRequest request;
  Loaded loaded = load_argument(invocation.arguments.front(), overrides, terminal.in);
  print_diagnostics(loaded, terminal);
  if (loaded.has_errors()) return code(load_result(loaded));
  request.scenario = std::move(loaded.scenario);
  request.effective_yaml = std::move(loaded.effective_yaml);
  request.warnings = std::move(loaded.diagnostics);
  request.path = invocation.arguments.front();
  request.out = invocation.value("out");
  request.json = invocation.has("json");
  return run_scenario(request, terminal);
}

}  // namespace

Command run_command() {
  return {.name = "run",
          .summary = "Simulate a scenario and write its results",
          .arguments = "SCENARIO",
          .argument_kind = ValueKind::scenario,
          .min_arguments = 1,
          .max_arguments = 1,
          .description =
              "Simulates a scenario (a file, the name of a shipped one, or - for standard input)\n"
              "and writes results/<scenario>/<run id>/ with a 'latest' link beside it. Exit code\n"
              "0: all is well, 1: a checker or expectation said no, 2: inconclusive, 65: the\n"
              "scenario is wrong, 74: cannot write.",
          .options = {{.name = "out",
                       .letter = 'o',
                       .kind = ValueKind::directory,
                       .value = "DIR",
                       .doc = "Write the results there instead"},
                      {.name = "seed",
                       .kind = ValueKind::number,
                       .value = "N",
                       .doc = "Seed of the random numbers; the same as --set run.seed=N"},
                      set_option(),
                      {.name = "json", .doc = "Print the summary as JSON"},
                      {.name = "quiet", .letter = 'q', .doc = "No warnings, no progress"},
                      {.name = "verbose", .letter = 'v', .doc = "Say more about what is done"}},
          .examples = {{"bcsim run site_failure", "Site 1 is lost; what does it cost?"},
                       {"bcsim run my.yaml --set desktop.site1.site-timeout=10s",
                        "The same with another timeout"}},
          .run = run};
}

}  // namespace bcsim::tools
