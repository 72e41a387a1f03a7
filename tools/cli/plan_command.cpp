// bcsim plan: how many agents, trunks, megabits are enough, found by simulating.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ostream>

#include "models/metrics/definitions.hpp"
#include "tools/base/exit_code.hpp"
#include "tools/cli/commands.hpp"
#include "tools/plan/plan_run.hpp"
#include "tools/scenario/home.hpp"
#include "tools/scenario/keys/metric_limit.hpp"
#include "tools/scenario/keys/metric_names.hpp"
#include "tools/scenario/load_report.hpp"
#include "tools/scenario/text/suggest.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

constexpr std::uint32_t kUsualPlanMost = 200;

/// "queue.sales.service_level >= 80%"
MetricGoal metric_goal(const std::string& text, const models::Scenario& scenario) {
  const std::size_t sign = text.find_first_of("<>=");
  const std::string_view rest =
      sign == std::string::npos ? "" : std::string_view(text).substr(sign);
  const auto parsed = parse_limit(rest);
  const bool at_least = parsed && parsed->comparison == models::Comparison::greater_equal;
  if (!parsed || (!at_least && parsed->comparison != models::Comparison::less_equal)) {
    throw UsageError{fmt::format("--goal: '{}' is no limit on a metric", text),
                     "such as --goal 'queue.sales.service_level >= 80%'"};
  }
  std::string name = text.substr(0, sign);
  while (!name.empty() && name.back() == ' ') name.pop_back();
  const std::vector<std::string> ids = models::metric_ids(scenario);
  const auto id = resolve_metric(name, ids);
  if (!id) {
    throw UsageError{fmt::format("--goal: there is no metric '{}'", name), did_you_mean(name, ids)};
  }
  if (const std::string why = senseless_limit(*id, rest, parsed->value); !why.empty()) {
    throw UsageError{"--goal: " + why, ""};
  }
  return {*id, unit_of(*id), at_least, parsed->value};
}

PlanGoals goals_of(const Invocation& invocation, const models::Scenario& scenario) {
  PlanGoals goals;
  goals.service_level = share_value(invocation, "service-level", goals.service_level);
  goals.blocking = share_value(invocation, "blocking", goals.blocking);
  goals.media_degraded = share_value(invocation, "degraded", goals.media_degraded);
  goals.confidence = share_value(invocation, "confidence", goals.confidence);
  goals.server_delay_s =
      sim::seconds(time_value(invocation, "server-delay", sim::from_seconds(goals.server_delay_s)));
  goals.shift = time_value(invocation, "shift", goals.shift);
  goals.probability = share_value(invocation, "probability", *goals.probability);
  if (invocation.has("mean")) {
    if (invocation.has("probability")) {
      throw UsageError{"--mean and --probability exclude each other", ""};
    }
    goals.probability.reset();
  }
  if (invocation.has("goal")) {
    if (invocation.has("service-level")) {
      throw UsageError{"--goal and --service-level exclude each other", ""};
    }
    goals.people = metric_goal(invocation.value("goal"), scenario);
  }
  const bool faults = !scenario.faults.empty();
  goals.stretch = faults ? Stretch::failure : Stretch::run;
  if (!invocation.has("over")) return goals;
  if (invocation.value("over") == "run") {
    goals.stretch = Stretch::run;
  } else if (!faults) {
    throw UsageError{"--over failure: the scenario has no faults", "--over run"};
  }
  return goals;
}

/// Growth of "+10 … +50 %"; "10%..50%/10%" or "5%,25%".
std::vector<double> growth_of(const Invocation& invocation) {
  std::vector<double> out = {0};
  try {
    for (const std::string& text : parse_values(invocation.value("growth", "10%..50%/10%"))) {
      const auto parsed = parse_percent(text);
      const double* share = std::get_if<double>(&parsed);
      if (share == nullptr || *share <= -1 || *share > 100) {
        throw UsageError{fmt::format("--growth: '{}' is no growth", text), "such as 10%..50%/10%"};
      }
      if (*share != 0) out.push_back(*share);
    }
  } catch (const SweepProblem& problem) {
    throw UsageError{"--growth: " + problem.message, problem.hint};
  }
  return out;
}

const std::vector<std::string>& findable() {
  static const std::vector<std::string> names = {"agents", "shifts", "trunks",  "server",
                                                 "wan",    "all",    "headroom"};
  return names;
}

void take_questions(const Invocation& invocation, PlanRequest& request) {
  std::vector<std::string> find = invocation.values("find");
  const bool varies = varies_over_time(request.study.base.scenario);
  const std::string people = varies ? "shifts" : "agents";
  if (find.empty()) find = {people, "trunks", "wan"};
  bool headroom = invocation.has("growth");
  std::vector<std::string> all;
  for (const std::string& one : find) {
    if (one == "all") {
      all.insert(all.end(), {people, "trunks", "server", "wan"});
    } else if (one != "headroom") {
      all.push_back(one);
    }
    headroom = headroom || one == "headroom" || one == "all";
  }
  // Always in this order: each is asked of the scenario with the answers before it.
  for (const Wanted wanted :
       {Wanted::agents, Wanted::shifts, Wanted::trunks, Wanted::server, Wanted::wan}) {
    if (std::find(all.begin(), all.end(), name(wanted)) != all.end()) {
      request.wanted.push_back(wanted);
    }
  }
  if (headroom) request.growth = growth_of(invocation);
}

void take_budget(const Invocation& invocation, PlanRequest& request) {
  PlannerOptions& options = request.options;
  options.most = static_cast<std::uint32_t>(
      count_value(invocation, "max-replications", kUsualPlanMost, 2, kFreshReplications - 1));
  if (invocation.value("within") != "0%") {
    options.within = share_value(invocation, "within", options.within);
  } else {
    options.within = 0;
  }
  options.verify = invocation.has("verify");
  const Goal goal = options.goals.of_people();
  if (can_be_shown(goal, options.most)) return;
  std::uint32_t enough = options.most;
  while (!can_be_shown(goal, enough) && enough < kFreshReplications) enough *= 2;
  throw UsageError{
      fmt::format("{} replications cannot show {} of the runs with {} confidence", options.most,
                  format_percent(*goal.probability), format_percent(goal.confidence)),
      fmt::format("--max-replications {}, or --mean", enough)};
}

int plan(const Invocation& invocation, Terminal& terminal) {
  PlanRequest request;
  request.study = study_request("plan", invocation, terminal);
  if (request.study.base.has_errors()) return code(load_result(request.study.base));
  request.options.goals = goals_of(invocation, request.study.base.scenario);
  take_questions(invocation, request);
  take_budget(invocation, request);
  try {
    // Better learned before an hour of simulation than after.
    for (const Wanted wanted : request.wanted) {
      static_cast<void>(make_question(wanted, request.study.base.scenario, request.options.goals));
    }
    return run_plan(std::move(request), terminal);
  } catch (const PlanProblem& problem) {
    throw UsageError{"plan: " + problem.message, problem.hint};
  }
}

std::vector<Option> plan_options() {
  Option find =
      value_option("find", "WHAT", "agents, shifts, trunks, server, wan, headroom or all");
  find.kind = ValueKind::choice;
  find.choices = findable();
  find.repeated = true;
  Option over =
      value_option("over", "PART", "What counts: failure (from the first fault on) or run");
  over.kind = ValueKind::choice;
  over.choices = {"failure", "run"};
  return study_options(
      {find,
       value_option("service-level", "P", "Service level wanted (80%)"),
       value_option("goal", "LIMIT",
                    "agents, shifts: a limit on any metric instead (target.sales.met >= 1)"),
       value_option("blocking", "P", "Calls that may find no trunk channel (1%)"),
       value_option("server-delay", "T", "Longest wait for a SIP Server (500ms)"),
       value_option("degraded", "P", "Answered calls whose speech may be degraded (1%)"),
       value_option("probability", "P", "Share of the runs in which that must hold (90%)"),
       {.name = "mean", .doc = "It must hold on average instead"},
       over,
       value_option("confidence", "P", "With which a verdict must be right (95%)"),
       value_option("shift", "T", "shifts: staffing changes so often (30min)"),
       value_option("growth", "LIST", "headroom: more calls (10%..50%/10%)"),
       value_option("within", "P", "So close enough and not enough must come (1%, at least 1)"),
       value_option("max-replications", "N", "Of each value tried (200)", ValueKind::number),
       {.name = "verify",
        .doc = "Run the answer, and what was not enough, on fresh random numbers"}},
      "plan.json");
}

}  // namespace

Command plan_command() {
  return {
      .name = "plan",
      .summary = "Find how many agents, trunks and megabits are enough through a failure",
      .arguments = "SCENARIO",
      .argument_kind = ValueKind::scenario,
      .min_arguments = 1,
      .max_arguments = 1,
      .description =
          "Searches for the fewest agents (groups in the scenario's proportions; for calls or\n"
          "staffing that change with the time: shifts), trunk channels per gateway and WAN\n"
          "bandwidth; 'server' for the slowest SIP Server, 'headroom' for what more calls do\n"
          "to the scenario as it is (or with the answers, if something is sought too). A value\n"
          "is enough if the goal holds in so many of the runs, the failure included; that 1 %\n"
          "(or one) fewer is not is shown as well. Formulas give the first guess, simulation\n"
          "decides: all values are tried on the same random numbers, with more replications\n"
          "until the verdict has the confidence wanted. Each question is asked of the scenario\n"
          "with the answers so far, in the order agents, trunks, server, wan. Writes plan.json\n"
          "and plan.csv to results/<scenario>/plan-<id>/. A plan that was interrupted (130)\n"
          "goes on where it stopped when the same command is given again. Exit code 0: all\n"
          "decided, 1: a goal cannot be reached, 2: not decided within --max-replications.",
      .options = plan_options(),
      .examples = {{"bcsim plan site_failure", "Agents, trunks and bandwidth to lose a site"},
                   {"bcsim plan site_failure --find agents --service-level 90% --probability "
                    "95% --verify",
                    "A harder goal, checked on fresh random numbers"},
                   {"bcsim plan two_queues --find agents --goal 'queue.sales.service_level >= 80%'",
                    "By any metric, of any queue"},
                   {"bcsim plan baseline --find agents --mean", "As Erlang A asks it"},
                   {"bcsim plan bank_day --find shifts --shift 1h", "People by the hour"},
                   {"bcsim plan site_failure --find headroom --growth 5%,10%",
                    "Does the staff of today suffice for more calls?"}},
      .run = plan};
}

}  // namespace bcsim::tools
