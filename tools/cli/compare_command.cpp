// bcsim compare: two configurations on the same random numbers, and whether gates let B pass.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

#include "models/metrics/definitions.hpp"
#include "tools/base/atomic_file.hpp"
#include "tools/base/exit_code.hpp"
#include "tools/base/page.hpp"
#include "tools/cli/commands.hpp"
#include "tools/compare/compare_output.hpp"
#include "tools/results/result_writer.hpp"
#include "tools/results/saved_files.hpp"
#include "tools/results/saved_replications.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/run/progress.hpp"
#include "tools/run/run_meta.hpp"
#include "tools/scenario/home.hpp"
#include "tools/scenario/keys/keys.hpp"
#include "tools/scenario/keys/metric_limit.hpp"
#include "tools/scenario/keys/metric_names.hpp"
#include "tools/scenario/load_report.hpp"
#include "tools/scenario/table/csv.hpp"
#include "tools/scenario/text/suggest.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

/// Bad input that has been reported: exit code 65.
struct Refused {};

constexpr std::uint32_t kUsualReplications = 20, kUsualMost = 200;

/// `own`: the overrides of this side only, which its label repeats.
ComparedSide side_of(const std::string& argument, std::vector<std::string> overrides,
                     const std::vector<std::string>& own, Terminal& terminal) {
  ComparedSide side;
  side.label = argument;
  for (const std::string& set : own) side.label += fmt::format(" --set {}", set);
  overrides.insert(overrides.end(), own.begin(), own.end());
  Loaded loaded;
  if (const auto directory = results_directory(argument)) {
    SavedReplications saved = read_replications(*directory);
    if (!overrides.empty()) {
      throw UsageError{fmt::format("--set does not go with the saved results '{}'", argument), ""};
    }
    // Its data files need not be here any more: the effective scenario has their content.
    loaded = load_scenario_text({saved.effective_yaml, argument, saved.scenario, "."});
    side.records = std::move(saved.records);
  } else {
    loaded = load_argument(argument, overrides, terminal.in);
    side.files = std::move(loaded.files);
  }
  print_diagnostics(loaded, terminal);
  if (loaded.has_errors()) throw Refused{};
  side.scenario = std::move(loaded.scenario);
  side.effective_yaml = std::move(loaded.effective_yaml);
  return side;
}

/// Says which keys forbid the comparison; throws Refused if there are any.
void require_comparable(const ComparePlan& plan, const std::vector<std::string>& allowed,
                        Terminal& terminal) {
  std::size_t refused = 0;
  for (const KeyDifference& d :
       scenario_differences(plan.a.effective_yaml, plan.b.effective_yaml)) {
    if (!d.must_match || is_allowed(d.path, allowed)) continue;
    ++refused;
    terminal.err << fmt::format("bcsim: {} differs: {} in A, {} in B\n", d.path,
                                d.a.empty() ? "nothing" : d.a, d.b.empty() ? "nothing" : d.b);
  }
  if (refused == 0) return;
  terminal.err << "bcsim: demand, staffing, time, faults and seed must be the same, or the "
                  "difference is not that of the settings (--allow-different PATH)\n";
  throw Refused{};
}

std::vector<Gate> resolved(const std::vector<models::GateRule>& rules) {
  std::vector<Gate> gates;
  for (const models::GateRule& rule : rules) gates.push_back(*parse_gate(rule.metric, rule.text));
  return gates;
}

/// Reads a gate file; problems are printed, then Refused.
std::vector<Gate> gates_of_file(const std::string& path, models::Scenario& scenario,
                                Terminal& terminal) {
  Diagnostics diagnostics;
  const FileText file = read_text_file(path);
  const std::uint32_t source = diagnostics.add_source({path, "", split_lines(file.text), true});
  Reader reader(diagnostics, scenario);
  reader.language = scenario_section().get();
  std::vector<models::GateRule> rules;
  if (!file.problem.empty()) {
    diagnostics.error("S-010", {source, 0, 0}, fmt::format("cannot be read: {}", file.problem));
  } else {
    Node root = parse_yaml(file.text, source, diagnostics);
    if (root.is_map() && root.find("gates") != nullptr) root = *root.find("gates");
    gates().read(reader, root, rules);
    if (rules.empty() && !diagnostics.has_errors()) {
      diagnostics.error("S-011", {source, 0, 0}, "has no gates");
    }
  }
  if (diagnostics.has_errors()) {
    for (const Diagnostic& d : diagnostics.sorted())
      terminal.err << render(d, terminal.color_err());
    throw Refused{};
  }
  return resolved(rules);
}

std::string known_metric(const std::string& name, const std::vector<std::string>& ids,
                         const std::string& whose) {
  const auto id = resolve_metric(name, ids);
  if (id) return *id;
  throw UsageError{fmt::format("{}: there is no metric '{}'", whose, name),
                   did_you_mean(name, ids)};
}

std::vector<Gate> gates_for(const Invocation& invocation, ComparePlan& plan, Terminal& terminal) {
  const std::vector<std::string> ids = models::metric_ids(plan.b.scenario);
  std::vector<Gate> gates;
  if (invocation.has("gates")) {
    gates = gates_of_file(invocation.value("gates"), plan.b.scenario, terminal);
  } else {
    gates = resolved(plan.b.scenario.gates.empty() ? plan.a.scenario.gates : plan.b.scenario.gates);
  }
  for (const std::string& text : invocation.values("gate")) {
    const std::size_t colon = text.find(':');
    const auto gate = colon == std::string::npos
                          ? std::nullopt
                          : parse_gate(text.substr(0, colon), text.substr(colon + 1));
    if (!gate) {
      throw UsageError{fmt::format("--gate: '{}' is not a gate", text),
                       "write it like --gate \"lost: worse < 2%\""};
    }
    gates.push_back(*gate);
  }
  for (Gate& gate : gates) {
    gate.metric = known_metric(gate.metric, ids, "gate");
    if (const auto why = senseless_limit(gate.metric, gate.text, gate.limit); !why.empty()) {
      throw UsageError{fmt::format("gate '{}': {}", gate.text, why), ""};
    }
  }
  for (std::size_t i = 0; i < gates.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      const auto why = contradiction(gates[k], gates[i]);
      if (why) throw UsageError{fmt::format("gates on '{}': {}", gates[i].metric, *why), ""};
    }
  }
  return gates;
}

std::uint32_t bounded(const Invocation& invocation, const char* option, std::uint32_t fallback) {
  if (!invocation.has(option)) return fallback;
  const std::uint64_t n = number_value(option, invocation.value(option));
  if (n < 1 || n > 1'000'000) throw UsageError{fmt::format("--{}: from 1 to 1000000", option), ""};
  return static_cast<std::uint32_t>(n);
}

std::uint32_t replications_for(const Invocation& invocation, const ComparePlan& plan) {
  const std::size_t a = plan.a.records.size(), b = plan.b.records.size();
  std::size_t n = a > 0 && b > 0 ? std::min(a, b) : std::max(a, b);
  if (n == 0) {
    n = std::max(plan.a.scenario.run.replications, plan.b.scenario.run.replications);
    if (n < 2) n = kUsualReplications;
  }
  return bounded(invocation, "replications", static_cast<std::uint32_t>(n));
}

/// Throws UsageError if the verdict would be written over what it is made from.
void require_distinct(const Invocation& invocation, const ComparePlan& plan) {
  for (const char* option : {"junit", "markdown"}) {
    if (!invocation.has(option)) continue;
    const std::string file = invocation.value(option);
    for (const ComparedSide* side : {&plan.a, &plan.b}) require_not_read(side->files, option, file);
    if (invocation.has("gates")) require_not_read({invocation.value("gates")}, option, file);
    if (!is_result_file(file)) continue;
    throw UsageError{fmt::format("--{} {}: that is a file of results", option, file),
                     "name another file"};
  }
  if (invocation.has("junit") && invocation.has("markdown") &&
      same_file(invocation.value("junit"), invocation.value("markdown"))) {
    throw UsageError{"--junit and --markdown both write one file", "name another file"};
  }
}

ComparePlan plan_for(const Invocation& invocation, Terminal& terminal) {
  ComparePlan plan;
  const std::vector<std::string> common = set_and_seed(invocation);
  plan.a = side_of(invocation.arguments.front(), common, invocation.values("set-a"), terminal);
  plan.b = side_of(invocation.arguments.back(), common, invocation.values("set-b"), terminal);
  require_distinct(invocation, plan);
  require_comparable(plan, invocation.values("allow-different"), terminal);
  const std::vector<std::string> ids = models::metric_ids(plan.a.scenario);
  plan.options.metrics = invocation.has("metric") ? std::vector<std::string>{} : usual_metrics();
  for (const std::string& metric : invocation.values("metric")) {
    plan.options.metrics.push_back(known_metric(metric, ids, "--metric"));
  }
  plan.gates = gates_for(invocation, plan, terminal);
  for (const Gate& gate : plan.gates) {
    auto& shown = plan.options.metrics;
    if (std::find(shown.begin(), shown.end(), gate.metric) == shown.end()) {
      shown.push_back(gate.metric);
    }
  }
  if (invocation.has("margin")) {
    const auto margin = parse_percent(invocation.value("margin"));
    const double* share = std::get_if<double>(&margin);
    if (share == nullptr || *share < 0) {
      throw UsageError{"--margin is a share of A's value", "such as --margin 2%"};
    }
    plan.options.margin = *share;
  }
  plan.options.headline = plan.a.scenario.run.service_level_definition;
  plan.options.paired = plan.a.scenario.run.seed == plan.b.scenario.run.seed;
  plan.replications = replications_for(invocation, plan);
  plan.extend = invocation.has("extend");
  plan.most = std::max(plan.replications, bounded(invocation, "max-replications", kUsualMost));
  plan.pool.workers = jobs_value(invocation);
  return plan;
}

int compare(const Invocation& invocation, Terminal& terminal) {
  ComparePlan plan;
  try {
    plan = plan_for(invocation, terminal);
  } catch (const Refused&) {
    return code(ExitCode::bad_input);
  }
  for (const char* option : {"junit", "markdown"}) {
    if (invocation.has(option)) require_place(invocation.value(option));
  }
  const CompareLabels labels{plan.a.label, plan.b.label};
  CompareResult result;
  {
    const SignalGuard signals;
    Progress progress(terminal, "compare");
    plan.pool.watch = progress.on();
    ExperimentProgress tell;
    if (progress.on()) {
      tell = [&progress](double done, std::uint32_t wanted) {
        progress.show(done / wanted,
                      fmt::format("{:.0f} of {} replications", std::floor(done), wanted));
      };
    }
    result = run_comparison(std::move(plan), tell);
  }
  for (const LostJob& lost : result.lost) {
    terminal.err << fmt::format("bcsim: replication {} is missing: its worker was {} twice\n",
                                lost.job, lost.how);
  }
  if (result.interrupted) {
    terminal.err << fmt::format("bcsim: interrupted; {} replications of both are complete\n",
                                result.replications);
    if (result.replications == 0) return interrupted_code();
  }
  if (invocation.has("junit")) write_file(invocation.value("junit"), compare_junit(result, labels));
  if (invocation.has("markdown")) {
    write_file(invocation.value("markdown"), compare_markdown(result, labels));
  }
  terminal.out << (invocation.has("json") ? compare_json(result, labels)
                                          : compare_table(result, labels,
                                                          {.color = terminal.color_out(),
                                                           .utf8 = environment_is_utf8()}));
  if (result.interrupted) return interrupted_code();
  if (!result.lost.empty()) return code(ExitCode::internal);
  switch (result.verdict()) {
    case GateVerdict::passed:
      return code(ExitCode::good);
    case GateVerdict::failed:
      return code(ExitCode::refused);
    case GateVerdict::inconclusive:
      return code(ExitCode::inconclusive);
  }
  return code(ExitCode::internal);
}

std::vector<Option> compare_options() {
  Option set_a = set_option(), set_b = set_option();
  set_a.name = "set-a";
  set_a.doc = "Replace a value of A only";
  set_b.name = "set-b";
  set_b.doc = "Replace a value of B only";
  Option replications =
      value_option("replications", "N", "Replications of each (20)", ValueKind::number);
  replications.letter = 'n';
  Option gate = value_option("gate", "GATE", "A gate, such as \"lost: worse < 2%\"");
  Option metric = value_option("metric", "ID", "Show this metric instead of the usual ones");
  Option allow = value_option("allow-different", "PATH", "Demand, staffing, … that may differ");
  gate.repeated = metric.repeated = allow.repeated = true;
  return {replications,
          jobs_option(),
          value_option("gates", "FILE", "Gates from a YAML file, instead of the scenario's",
                       ValueKind::file),
          gate,
          {.name = "extend", .doc = "Go on while a gate is inconclusive"},
          value_option("max-replications", "N", "... up to so many (200)", ValueKind::number),
          value_option("margin", "P", "Differences within this share of A do not matter (2%)"),
          metric,
          allow,
          set_option(),
          set_a,
          set_b,
          value_option("seed", "N", "Seed of both", ValueKind::number),
          {.name = "json", .doc = "Print the comparison as JSON"},
          value_option("junit", "FILE", "Also write the gates as JUnit XML", ValueKind::file),
          value_option("markdown", "FILE", "Also write it as Markdown, for a pull request",
                       ValueKind::file),
          {.name = "quiet", .letter = 'q', .doc = "No warnings, no progress"}};
}

}  // namespace

Command compare_command() {
  return {.name = "compare",
          .summary = "Compare two configurations on the same random numbers; gates for CI",
          .arguments = "A B",
          .argument_kind = ValueKind::scenario,
          .min_arguments = 2,
          .max_arguments = 2,
          .description =
              "A and B are scenarios or result directories. Each replication runs both on the\n"
              "same random numbers; shown are the differences B - A with 95 % intervals, p-values\n"
              "after Holm's correction, and a verdict per metric: better, worse, same (within the\n"
              "margin) or inconclusive. Gates, from the scenario's 'gates:', --gates or --gate,\n"
              "decide the exit code: 0 all passed, 1 one failed, 2 one is inconclusive. A gate\n"
              "fails or passes only when the whole interval is on one side of its limit; 'worse <\n"
              "2%' is a share of A's value, 'worse < 1pp' percentage points. Without gates the\n"
              "exit code is 0. Timers and options may differ; demand, staffing, time, faults and\n"
              "seed must not.",
          .options = compare_options(),
          .examples = {{"bcsim compare old.yaml new.yaml", "What does the change do?"},
                       {"bcsim compare site_failure site_failure --set-b "
                        "desktop.site1.site-timeout=10s",
                        "The same with an override on one side"},
                       {"bcsim compare results/mine/latest mine.yaml --gate \"lost: worse < 2%\" "
                        "--extend",
                        "Against a saved baseline, until it is decided"}},
          .run = compare};
}

}  // namespace bcsim::tools
