// bcsim worst: how bad a failure is at the worst moment.
#include <fmt/format.h>

#include <algorithm>

#include "tools/base/exit_code.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/trace_options.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/scenario/load_report.hpp"
#include "tools/scenario/text/suggest.hpp"
#include "tools/scenario/text/units.hpp"
#include "tools/worst/worst_run.hpp"

namespace bcsim::tools {
namespace {

constexpr std::uint64_t kMostMoments = 1'000'000;

/// Does it break something, or is it a switchover? What mends, or changes an option, is no failure.
bool is_failure(const models::Fault& fault) {
  return models::holds(fault) || std::holds_alternative<models::SwitchOver>(fault.deed);
}

/// The first failure, or the one that --fault names by its line in the list or by its text.
std::size_t chosen_fault(const Invocation& invocation, const models::Scenario& scenario) {
  const std::vector<models::Fault>& faults = scenario.faults;
  std::vector<std::size_t> failures;
  for (std::size_t i = 0; i < faults.size(); ++i) {
    if (is_failure(faults[i])) failures.push_back(i);
  }
  if (failures.empty()) {
    throw UsageError{"worst: the scenario has no faults, so nothing can fail",
                     "add faults:, or --set \"faults=[{at: 1h30min, fail: site1}]\""};
  }
  if (!invocation.has("fault")) {
    return *std::min_element(failures.begin(), failures.end(), [&](std::size_t a, std::size_t b) {
      return faults[a].at < faults[b].at;
    });
  }
  const std::string wanted = invocation.value("fault");
  std::string list;
  std::vector<std::string> texts;
  for (const std::size_t i : failures) {
    list += fmt::format("{}{} '{}'", list.empty() ? "" : ", ", i + 1, faults[i].text);
    texts.push_back(faults[i].text);
  }
  const auto number = parse_count(wanted);
  std::vector<std::size_t> named;
  for (const std::size_t i : failures) {
    const auto* n = std::get_if<std::uint64_t>(&number);
    if (n != nullptr ? *n == i + 1 : faults[i].text == wanted) named.push_back(i);
  }
  if (named.size() == 1) return named.front();
  const std::string meant = did_you_mean(wanted, texts);
  throw UsageError{
      fmt::format("--fault: {} failure is '{}'", named.empty() ? "no" : "more than one", wanted),
      named.empty() && !meant.empty() ? meant : "by number: " + list};
}

int worst(const Invocation& invocation, Terminal& terminal) {
  WorstRequest request;
  request.study = study_request("worst", invocation, terminal);
  if (request.study.base.has_errors()) return code(load_result(request.study.base));
  const models::Scenario& scenario = request.study.base.scenario;
  request.fault = chosen_fault(invocation, scenario);
  const models::Fault& fault = scenario.faults[request.fault];
  const models::SimTime end = sim::kStart + scenario.run.horizon;
  if (fault.at >= end) {
    throw UsageError{fmt::format("worst: '{}' comes after the end of the run", fault.text),
                     "a longer run: --set run.horizon=…"};
  }
  request.from = fault.at;
  if (invocation.has("from")) {
    request.from = time_value("from", invocation.value("from"), scenario);
  }
  const sim::Duration window = time_value(invocation, "window", std::chrono::minutes(1));
  if (request.from < sim::kStart || request.from >= end || window > end - request.from) {
    throw UsageError{
        fmt::format("worst: the window of {} from {} does not end before the run, at {}",
                    format_duration(window), format_duration(request.from.time_since_epoch()),
                    format_duration(scenario.run.horizon)),
        "see --from and --window"};
  }
  request.until = request.from + window;
  const std::string events = invocation.value("events", "all");
  request.of_victim = events == "victim";
  request.most = count_value(invocation, "number", request.most, 1, kMostMoments);
  return run_worst(std::move(request), terminal);
}

std::vector<Option> worst_options() {
  Option number =
      value_option("number", "N", "Moments to try, if there are more (200)", ValueKind::number);
  number.letter = 'n';
  Option events = value_option("events", "WHICH",
                               "all, or victim: only those of what fails and of its messages",
                               ValueKind::choice);
  events.choices = {"all", "victim"};
  return study_options(
      {value_option("fault", "F", "Which fails: number in the list, or its text (the first)"),
       value_option("from", "TIME", "Begin of the window (when it is written to fail)"),
       value_option("window", "T", "Length of the window (1min)"), number, events},
      "worst.json");
}

}  // namespace

Command worst_command() {
  return {
      .name = "worst",
      .summary = "How bad is a failure at the worst moment?",
      .arguments = "SCENARIO",
      .argument_kind = ValueKind::scenario,
      .min_arguments = 1,
      .max_arguments = 1,
      .description =
          "Lets the failure happen just before each distinct event of a window (what lies\n"
          "between two events meets the same state), one run each, branched from one run up to\n"
          "the window. Later faults keep their distance from it, earlier ones stay. If there are\n"
          "more moments than -n, one is drawn from each of N equal parts of them. Shows how\n"
          "calls lost and recovery are spread, and writes worst.csv (a row a moment), worst.json\n"
          "and, as scenarios that 'bcsim run' repeats exactly, the moment with most calls lost\n"
          "(worst.yaml) and with the longest recovery (slowest.yaml) to\n"
          "results/<scenario>/worst-<id>/. Replication 0 only; see also run -n. Exit code: 1 if\n"
          "a check or expectation said no at any moment (violated.yaml).",
      .options = worst_options(),
      .examples = {{"bcsim worst site_failure", "Site 1 fails at some time of that minute"},
                   {"bcsim worst my.yaml --fault 2 --window 5s -n 100000", "Every moment of 5 s"},
                   {"bcsim worst ha_switchover --from 9:45 --events victim",
                    "Only around what the SIP Server does"}},
      .run = worst};
}

}  // namespace bcsim::tools
