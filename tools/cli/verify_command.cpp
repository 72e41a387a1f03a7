// bcsim verify: the same journal on every driver.
#include <ostream>

#include "tools/base/exit_code.hpp"
#include "tools/cli/commands.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/scenario/home.hpp"
#include "tools/scenario/load_report.hpp"
#include "tools/verify/verify.hpp"
#include "tools/verify/verify_output.hpp"

namespace bcsim::tools {
namespace {

int verify_scenario(const Invocation& invocation, Terminal& terminal) {
  const Loaded loaded =
      load_argument(invocation.arguments.front(), set_and_seed(invocation), terminal.in);
  print_diagnostics(loaded, terminal);
  if (loaded.has_errors()) return code(load_result(loaded));
  const Verification v = verify(loaded.scenario, jobs_value(invocation));
  if (v.interrupted) {
    terminal.err << "bcsim: interrupted before all ways had been run\n";
    return interrupted_code();
  }
  terminal.out << (invocation.has("json") ? verify_json(v) : verify_text(v));
  return code(v.same() ? ExitCode::good : ExitCode::refused);
}

}  // namespace

Command verify_command() {
  return {
      .name = "verify",
      .summary = "Run a scenario on every driver of the engine: the journal must be the same",
      .arguments = "SCENARIO",
      .argument_kind = ValueKind::scenario,
      .min_arguments = 1,
      .max_arguments = 1,
      .description =
          "Runs replication 0 on SimGrid with an actor for each device (up to 10 000), on\n"
          "SimGrid with devices that share actors, on SimGrid with every handler in the body of\n"
          "its actor, and on the agenda alone, and compares the journals to the byte. If they\n"
          "differ, shows the first record in which they do.",
      .options = {jobs_option(),
                  value_option("seed", "N", "Seed of the random numbers", ValueKind::number),
                  set_option(),
                  {.name = "json", .doc = "Print JSON instead of a table"},
                  {.name = "quiet", .letter = 'q', .doc = "No warnings"}},
      .examples = {{"bcsim verify site_failure", "Four ways, one journal"}},
      .run = verify_scenario};
}

}  // namespace bcsim::tools
