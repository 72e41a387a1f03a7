#include "models/metrics/targets.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bcsim::models {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

bool is_of(const CallRow& row, const Scenario& scenario, std::uint32_t queue) {
  return queue_of(row, scenario) == std::optional<std::size_t>(queue);
}
bool ended(const CallRow& row) {
  return row.answered != kNever || row.released != kNever;
}
bool in_time(const CallRow& row, Duration within) {
  return row.answered != kNever && row.answered - row.queued <= within;
}

/// Of the calls to the queue whose wait was over after the warm-up; 1 if there was none.
double answered_share(const std::vector<CallRow>& rows, const Scenario& scenario,
                      std::uint32_t queue, Duration within) {
  const SimTime start = kStart + scenario.run.warm_up;
  std::uint64_t good = 0, all = 0;
  for (const CallRow& row : rows) {
    if (!is_of(row, scenario, queue) || !ended(row)) continue;
    if (std::min(row.answered, row.released) < start) continue;
    ++all;
    good += in_time(row, within);
  }
  return all == 0 ? 1 : static_cast<double>(good) / static_cast<double>(all);
}

/// Of the failure after which it took longest; NaN if somebody was not back.
double agents_back(const Scenario& scenario, std::uint32_t queue,
                   const std::vector<Recovery>& recoveries,
                   const std::vector<std::uint32_t>& group_of) {
  double last = 0;
  for (const Recovery& recovery : recoveries) {
    for (const auto& [agent, back_s] : recovery.agents) {
      if (!agent.valid() || !scenario.agents[group_of[agent.value]].serves(queue)) continue;
      if (std::isnan(back_s)) return kNothing;
      last = std::max(last, back_s);
    }
  }
  return last;
}

}  // namespace

std::string_view name(Target target) {
  constexpr std::array<std::string_view, kTargets> kNames = {"answered", "below_for", "worst_wait",
                                                             "lost_callers", "agents_back"};
  return kNames[static_cast<std::size_t>(target)];
}

std::optional<double> limit_of(const ServiceTarget& asked, Target target) {
  const auto time = [](const std::optional<Duration>& limit) {
    return limit ? std::optional(sim::seconds(*limit)) : std::nullopt;
  };
  switch (target) {
    case Target::answered:
      return asked.answered ? std::optional(asked.answered->share) : std::nullopt;
    case Target::below_for:
      return time(asked.below_for);
    case Target::worst_wait:
      return time(asked.worst_wait);
    case Target::lost_callers:
      return asked.lost_callers ? std::optional<double>(*asked.lost_callers) : std::nullopt;
    case Target::agents_back:
      return time(asked.agents_back);
  }
  return std::nullopt;
}

bool meets(Target target, double value, double limit) {
  return target == Target::answered ? value >= limit : value <= limit;
}

double time_below(const std::vector<CallRow>& rows, const Scenario& scenario, std::uint32_t queue,
                  const AnsweredTarget& target, SimTime horizon) {
  SimTime begin = kStart + scenario.run.warm_up;
  std::uint64_t good = 0, all = 0;
  double below_s = 0;
  const auto close = [&](SimTime end) {
    const bool below = static_cast<double>(good) < target.share * static_cast<double>(all);
    if (below) below_s += sim::seconds(end - begin);
    begin = end;
    good = all = 0;
  };
  for (const CallRow& row : rows) {
    if (row.offered < begin || !is_of(row, scenario, queue) || !ended(row)) continue;
    while (row.offered - begin >= kLongestLevelWindow) close(begin + kLongestLevelWindow);
    if (row.offered - begin >= kLevelWindow && all >= kLevelCalls) close(row.offered);
    ++all;
    good += in_time(row, target.within);
  }
  while (horizon - begin > kLongestLevelWindow) close(begin + kLongestLevelWindow);
  close(horizon);
  return below_s;
}

std::vector<TargetValues> target_values(const std::vector<CallRow>& rows, const Scenario& scenario,
                                        const CallTallies& tallies,
                                        const std::vector<Recovery>& recoveries,
                                        const std::vector<std::uint32_t>& group_of,
                                        SimTime horizon) {
  std::vector<TargetValues> out;
  for (const ServiceTarget& asked : scenario.targets) {
    const CallTally& calls = tallies.queue[asked.queue];
    TargetValues& mine = out.emplace_back();
    mine.values.fill(kNothing);
    const auto set = [&](Target target, double value) {
      if (limit_of(asked, target)) mine.values[static_cast<std::size_t>(target)] = value;
    };
    if (asked.answered) {
      set(Target::answered, answered_share(rows, scenario, asked.queue, asked.answered->within));
      set(Target::below_for, time_below(rows, scenario, asked.queue, *asked.answered, horizon));
    }
    set(Target::worst_wait, calls.wait_max_s);
    set(Target::lost_callers, static_cast<double>(calls.callers_lost));
    set(Target::agents_back, agents_back(scenario, asked.queue, recoveries, group_of));
  }
  return out;
}

}  // namespace bcsim::models
