// bcsim tune: which failover timeouts to choose.
#include <fmt/format.h>

#include <ostream>

#include "tools/cli/commands.hpp"
#include "tools/cli/exit_code.hpp"
#include "tools/cli/home.hpp"
#include "tools/cli/report.hpp"
#include "tools/scenario/units.hpp"
#include "tools/tune/tune_run.hpp"

namespace bcsim::tools {
namespace {

std::uint64_t count_option(const Invocation& invocation, const char* option, std::uint64_t least,
                           std::uint64_t fallback) {
  if (!invocation.has(option)) return fallback;
  const std::uint64_t n = number_value(option, invocation.value(option));
  if (n < least || n > 10'000) {
    throw UsageError{fmt::format("--{}: from {} to 10000", option, least), ""};
  }
  return n;
}

DisturbanceOptions disturbances_of(const Invocation& invocation) {
  DisturbanceOptions options;
  const auto time = [&](const char* option, sim::Duration most, sim::Duration& value) {
    if (!invocation.has(option)) return;
    const auto parsed = parse_duration(invocation.value(option));
    const auto* given = std::get_if<sim::Duration>(&parsed);
    if (given == nullptr || given->count() <= 0 || *given > most) {
      throw UsageError{fmt::format("--{}: '{}' is no time up to {}", option,
                                   invocation.value(option), format_duration(most)),
                       fmt::format("such as --{} {}", option, format_duration(value))};
    }
    value = *given;
  };
  time("jitter", std::chrono::minutes(1), options.jitter);
  time("flap", std::chrono::minutes(4), options.flap);
  if (!invocation.has("loss")) return options;
  const auto loss = parse_percent(invocation.value("loss"));
  const double* given = std::get_if<double>(&loss);
  if (given == nullptr || !(*given > 0 && *given < 1)) {
    throw UsageError{
        fmt::format("--loss: '{}' is not between 0% and 100%", invocation.value("loss")),
        "such as --loss 5%"};
  }
  options.loss = *given;
  return options;
}

std::vector<TuneFactor> factors_of(const Invocation& invocation, const Loaded& base) {
  std::vector<TuneFactor> factors;
  try {
    for (const std::string& text : invocation.values("vary")) {
      const std::size_t equals = text.find('=');
      if (equals == std::string::npos) {
        throw SweepProblem{fmt::format("'{}' does not say to what values", text),
                           "such as desktop.site1.site-timeout=10s,20s,30s"};
      }
      factors.push_back(factor_of(parse_variable(text.substr(0, equals), text.substr(equals + 1))));
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
  request.path = invocation.arguments.front();
  if (request.path == "-") {
    throw UsageError{"tune reads the scenario several times: it needs a file", ""};
  }
  request.overrides = set_and_seed(invocation);
  request.disturbances = disturbances_of(invocation);
  request.combinations = count_option(invocation, "combinations", 0, request.combinations);
  request.replications =
      static_cast<std::uint32_t>(count_option(invocation, "replications", 2, request.replications));
  request.jobs = jobs_value(invocation);
  request.json = invocation.has("json");
  request.out = invocation.value("out");
  request.base = load_argument(request.path, request.overrides, terminal.in);
  print_diagnostics(request.base, terminal);
  if (request.base.has_errors()) return code(load_result(request.base));
  if (request.base.scenario.faults.empty()) {
    throw UsageError{"tune: the scenario has no faults, so nothing can be lost",
                     "add faults:, or --set \"faults=[{at: 1h30min, fail: site1}]\""};
  }
  request.factors = factors_of(invocation, request.base);
  return run_tune(std::move(request), terminal);
}

std::vector<Option> tune_options() {
  Option vary = vary_option();
  vary.doc = "Try these values instead of the usual timeouts: PATH+PATH=10s,20s";
  const auto text = [](const char* name, const char* value, const char* doc,
                       ValueKind kind = ValueKind::text) {
    return Option{.name = name, .kind = kind, .value = value, .doc = doc};
  };
  Option replications =
      text("replications", "N", "Of each point in each world (5)", ValueKind::number);
  replications.letter = 'n';
  Option out = text("out", "DIR", "Write the results there instead", ValueKind::directory);
  out.letter = 'o';
  return {vary,
          text("combinations", "N", "Points that change several timeouts (12)", ValueKind::number),
          replications,
          text("loss", "P", "Of packets, on all links (5%)"),
          text("jitter", "T", "On all links (200ms)"),
          text("flap", "T", "All links are cut for so long, every 5 min (20s)"),
          jobs_option(),
          out,
          text("seed", "N", "Seed of the random numbers", ValueKind::number),
          set_option(),
          {.name = "json", .doc = "Print tune.json instead of a table"},
          {.name = "quiet", .letter = 'q', .doc = "No warnings, no progress"}};
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
          "tune.json and tune.csv to results/<scenario>/tune-<id>/.",
      .options = tune_options(),
      .examples = {{"bcsim tune site_failure", "All timeouts"},
                   {"bcsim tune site_failure --combinations 0 -n 10 --vary "
                    "\"desktop.site1.site-timeout+desktop.site2.site-timeout=5s,15s,30s,60s\"",
                    "One of them, closely"},
                   {"bcsim tune site_failure --loss 10% --flap 45s", "A worse network to sit out"}},
      .run = tune};
}

}  // namespace bcsim::tools
