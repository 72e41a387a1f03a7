// bcsim tune: which failover timeouts to choose.
#include <fmt/format.h>

#include <ostream>

#include "tools/base/exit_code.hpp"
#include "tools/cli/commands.hpp"
#include "tools/scenario/home.hpp"
#include "tools/scenario/load_report.hpp"
#include "tools/scenario/text/units.hpp"
#include "tools/tune/tune_run.hpp"

namespace bcsim::tools {
namespace {

constexpr std::uint64_t kMostTuned = 10'000;

DisturbanceOptions disturbances_of(const Invocation& invocation) {
  DisturbanceOptions options;
  options.loss = share_value(invocation, "loss", options.loss);
  options.jitter = time_value(invocation, "jitter", options.jitter, std::chrono::minutes(1));
  options.flap = time_value(invocation, "flap", options.flap, std::chrono::minutes(4));
  return options;
}

std::vector<TuneFactor> factors_of(const Invocation& invocation, const Loaded& base) {
  std::vector<TuneFactor> factors;
  try {
    for (const std::string& text : invocation.values("vary")) {
      factors.push_back(factor_of(parse_vary(text)));
    }
    if (factors.empty()) factors = usual_factors(base.scenario);
    factors = with_present(std::move(factors), base.effective_yaml);
    if (factors.empty()) {
      throw SweepProblem{"there is no other value to try", "give --vary more of them"};
    }
  } catch (const SweepProblem& problem) {
    throw UsageError{"tune: " + problem.message, problem.hint};
  }
  return factors;
}

int tune(const Invocation& invocation, Terminal& terminal) {
  TuneRequest request;
  request.study = study_request("tune", invocation, terminal);
  if (request.study.base.has_errors()) return code(load_result(request.study.base));
  if (request.study.base.scenario.faults.empty()) {
    throw UsageError{"tune: the scenario has no faults, so nothing can be lost",
                     "add faults:, or --set \"faults=[{at: 1h30min, fail: site1}]\""};
  }
  request.disturbances = disturbances_of(invocation);
  request.combinations =
      count_value(invocation, "combinations", request.combinations, 0, kMostTuned);
  request.replications = static_cast<std::uint32_t>(
      count_value(invocation, "replications", request.replications, 2, kMostTuned));
  request.factors = factors_of(invocation, request.study.base);
  return run_tune(std::move(request), terminal);
}

std::vector<Option> tune_options() {
  Option vary = vary_option();
  vary.doc = "Try these values instead of the usual timeouts: PATH+PATH=10s,20s";
  Option replications =
      value_option("replications", "N", "Of each point in each world (5)", ValueKind::number);
  replications.letter = 'n';
  return study_options(
      {vary,
       value_option("combinations", "N", "Points that change several timeouts (12)",
                    ValueKind::number),
       replications, value_option("loss", "P", "Of packets, on all links (5%)"),
       value_option("jitter", "T", "On all links (200ms)"),
       value_option("flap", "T", "All links are cut for so long, every 5 min (20s)")},
      "tune.json");
}

}  // namespace

Command tune_command() {
  return {
      .name = "tune",
      .summary = "Weigh failover timeouts: calls lost, false failovers, signalling",
      .arguments = "SCENARIO",
      .argument_kind = ValueKind::scenario,
      .min_arguments = 1,
      .max_arguments = 1,
      .description =
          "Tries the failover timeouts (OPTIONS period, retransmissions, oos-check, oos-force,\n"
          "ADDP, site-timeout, site-sip-register-timeout, REGISTER expiry) one at a time and in\n"
          "combinations, everywhere alike, and weighs three costs: calls not served in the\n"
          "scenario's own failure, false failovers under loss, jitter, a flap of all links and\n"
          "an HA switchover, and signalling when nothing happens. Shown are the settings that\n"
          "no other beats in one cost without being worse in another (the Pareto front), and\n"
          "what each timeout does alone, with 95 % intervals of paired differences. Writes\n"
          "tune.json and tune.csv to results/<scenario>/tune-<id>/. A tuning that was\n"
          "interrupted (130) goes on where it stopped when the same command is given again.",
      .options = tune_options(),
      .examples = {{"bcsim tune site_failure", "All timeouts"},
                   {"bcsim tune site_failure --combinations 0 -n 10 --vary "
                    "\"desktop.site1.site-timeout+desktop.site2.site-timeout=5s,15s,30s,60s\"",
                    "One of them, closely"},
                   {"bcsim tune site_failure --loss 10% --flap 45s", "A worse network to sit out"}},
      .run = tune};
}

}  // namespace bcsim::tools
