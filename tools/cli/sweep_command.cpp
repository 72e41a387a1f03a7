// bcsim sweep: a scenario at every combination of some values.
#include <fmt/format.h>

#include <ostream>

#include "tools/base/exit_code.hpp"
#include "tools/cli/commands.hpp"
#include "tools/scenario/home.hpp"
#include "tools/scenario/load_report.hpp"
#include "tools/scenario/text/units.hpp"
#include "tools/sweep/sweep_run.hpp"

namespace bcsim::tools {

SweepSpec sweep_spec_for(const Invocation& invocation, const SweepSpec& of_scenario) {
  SweepSpec spec;
  try {
    for (const std::string& text : invocation.values("vary")) {
      spec.variables.push_back(parse_vary(text));
    }
    for (const std::string& text : invocation.values("where")) {
      spec.constraints.push_back(parse_constraint(text));
    }
    if (spec.variables.empty()) {
      spec.variables = of_scenario.variables;
      spec.constraints.insert(spec.constraints.begin(), of_scenario.constraints.begin(),
                              of_scenario.constraints.end());
    }
    static_cast<void>(expand(spec));
  } catch (const SweepProblem& problem) {
    throw UsageError{"sweep: " + problem.message, problem.hint};
  }
  return spec;
}

Option vary_option() {
  return {.name = "vary",
          .kind = ValueKind::text,
          .value = "PATH=V",
          .doc = "Vary a value: PATH=10s,20s or PATH=10s..60s/10s; PATH+PATH=... together",
          .repeated = true};
}
Option where_option() {
  return {.name = "where",
          .kind = ValueKind::text,
          .value = "TEST",
          .doc = "Only points for which this holds: \"PATH <= PATH\", \"PATH > 10s\"",
          .repeated = true};
}

namespace {

int sweep(const Invocation& invocation, Terminal& terminal) {
  const std::vector<std::string> overrides = run_overrides(invocation);
  SweepRequest request;
  request.jobs = jobs_value(invocation);
  request.json = invocation.has("json");
  request.out = invocation.value("out");
  if (invocation.has("shard")) request.shard = shard_value(invocation.value("shard"));

  const std::string& path = invocation.arguments.front();
  if (path == "-") throw UsageError{"sweep reads the scenario several times: it needs a file", ""};
  const Loaded base = load_argument(path, overrides, terminal.in);
  if (base.has_errors()) {
    print_diagnostics(base, terminal);
    return code(load_result(base));
  }
  for (const char* name : {"sweep.json", "points.csv"}) {
    if (!request.out.empty()) require_not_read(base.files, "out", request.out / name);
  }
  request.scenario = base.scenario.name;
  request.spec = sweep_spec_for(invocation, base.sweep);
  for (SweepPoint& point : expand(request.spec)) {
    std::vector<std::string> all = overrides;
    for (std::string& override_text : overrides_of(request.spec, point)) {
      all.push_back(std::move(override_text));
    }
    Loaded loaded = load_argument(path, all, terminal.in);
    if (loaded.has_errors() || request.points.empty()) print_diagnostics(loaded, terminal);
    if (loaded.has_errors()) {
      terminal.err << fmt::format("bcsim: at the point {}\n", point_words(request.spec, point));
      return code(load_result(loaded));
    }
    LoadedPoint& made = request.points.emplace_back();
    made.point = std::move(point);
    made.scenario = std::move(loaded.scenario);
    made.origin = {std::move(loaded.effective_yaml), std::move(loaded.diagnostics), path,
                   !invocation.has("no-twin")};
  }
  return run_sweep(request, terminal);
}

}  // namespace

Command sweep_command() {
  return {.name = "sweep",
          .summary = "Simulate a scenario at every combination of some values",
          .arguments = "SCENARIO",
          .argument_kind = ValueKind::scenario,
          .min_arguments = 1,
          .max_arguments = 1,
          .description =
              "What varies is in the scenario's 'sweep:' or given with --vary, which replaces it.\n"
              "All points have the same random numbers. Writes points.csv, sweep.json and the\n"
              "results of each point to results/<scenario>/sweep-<id>/. A sweep that was\n"
              "interrupted (130) goes on where it stopped when the same command is given again.\n"
              "'bcsim list SCENARIO' shows the points without running them.",
          .options = study_options(
              {vary_option(),
               where_option(),
               {.name = "replications",
                .letter = 'n',
                .kind = ValueKind::number,
                .value = "N",
                .doc = "Replications of each point; the same as --set run.replications=N"},
               {.name = "no-twin", .doc = "Leave out the runs without the faults"},
               value_option("shard", "K/N",
                            "Only each Nth point, from the Kth on; then 'bcsim merge'")},
              "sweep.json"),
          .examples = {{"bcsim sweep site_failure --vary "
                        "desktop.site1.site-timeout=10s,20s,30s -n 10",
                        "Three timeouts, ten replications each"},
                       {"bcsim sweep site_failure --vary \"agents.team1.count+agents.team2.count="
                        "220..280/20\"",
                        "Both teams together, in steps of 20"}},
          .run = sweep};
}

}  // namespace bcsim::tools
