#include "tools/plan/shift_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/plan/forecast.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

using models::Scenario;

struct PlannedShift {
  sim::SimTime at;
  PeakLoad load;  ///< mean over the shift
};

constexpr double kBetaLowest = -2, kBetaStep = 0.1;
constexpr int kBetas = 140;  ///< up to beta = 12

std::vector<PlannedShift> planned_shifts(const Scenario& s, sim::Duration length) {
  constexpr int kSamples = 10;
  std::vector<PlannedShift> out;
  for (sim::SimTime at = sim::kStart; at < sim::kStart + s.run.horizon; at += length) {
    PeakLoad mean;
    double talk = 0, handling = 0;
    for (int i = 0; i < kSamples; ++i) {
      const PeakLoad now = load_at(s, at + length * (2 * i + 1) / (2 * kSamples));
      mean.calls_per_s += now.calls_per_s / kSamples;
      talk += now.calls_per_s * now.talk_s / kSamples;
      handling += now.calls_per_s * now.handling_s / kSamples;
    }
    if (mean.calls_per_s > 0) {
      mean.talk_s = talk / mean.calls_per_s;
      mean.handling_s = handling / mean.calls_per_s;
    }
    out.push_back({at, mean});
  }
  return out;
}

std::uint32_t people_at(const PlannedShift& shift, int i) {
  const double erlangs = shift.load.erlangs();
  if (erlangs <= 0) return 1;
  const double people = erlangs + (kBetaLowest + kBetaStep * i) * std::sqrt(erlangs);
  return static_cast<std::uint32_t>(std::max(1.0, std::ceil(people - 1e-9)));
}

std::vector<double> group_weights(const Scenario& s) {
  std::vector<double> out;
  for (const models::AgentGroup& group : s.agents) out.push_back(group.count);
  return out;
}

/// Service level of the whole day by Erlang A, shift by shift.
double day_service_level(const Scenario& s, const std::vector<PlannedShift>& shifts, int i,
                         const Aftermath& after) {
  double good = 0, all = 0;
  for (const PlannedShift& shift : shifts) {
    if (shift.load.calls_per_s <= 0) continue;
    const auto parts = apportion(people_at(shift, i), group_weights(s));
    good += shift.load.calls_per_s *
            forecast_service_level(s, shift.load, {parts.begin(), parts.end()}, after);
    all += shift.load.calls_per_s;
  }
  return all > 0 ? good / all : 1;
}

std::string shift_label(const Scenario& s, sim::SimTime at) {
  const sim::Duration since = at.time_since_epoch();
  return s.run.start_label ? format_clock((*s.run.start_label + since) % std::chrono::hours(24))
                           : format_duration(since);
}

std::vector<std::string> staffing_settings(const Scenario& s,
                                           const std::vector<PlannedShift>& shifts, int i) {
  std::vector<std::string> out;
  for (std::size_t g = 0; g < s.agents.size(); ++g) {
    std::string steps;
    std::uint32_t most = 0, before = 0;
    for (const PlannedShift& shift : shifts) {
      const std::uint32_t count = apportion(people_at(shift, i), group_weights(s))[g];
      most = std::max(most, count);
      if (!steps.empty() && count == before) continue;
      before = count;
      steps += fmt::format("{}{{at: {}, count: {}}}", steps.empty() ? "" : ", ",
                           format_duration(shift.at.time_since_epoch()), count);
    }
    out.push_back(fmt::format("agents.{}.count={}", s.agents[g].name, most));
    out.push_back(fmt::format("agents.{}.staffing=[{}]", s.agents[g].name, steps));
  }
  return out;
}

/// The steps of people_at() that differ in some shift, and where the first guess stands among them.
struct Plans {
  std::vector<int> steps;
  int guess = 0;
};
Plans different_plans(const std::vector<PlannedShift>& shifts, int guess) {
  Plans plans;
  for (int i = 0; i <= kBetas; ++i) {
    const bool same =
        !plans.steps.empty() && std::ranges::all_of(shifts, [&](const PlannedShift& shift) {
          return people_at(shift, i) == people_at(shift, plans.steps.back());
        });
    if (!same) plans.steps.push_back(i);
    if (i <= guess) plans.guess = static_cast<int>(plans.steps.size()) - 1;
  }
  return plans;
}

/// Agent-hours that the scenario has until then.
double agent_hours(const Scenario& s, sim::SimTime until) {
  double seconds = 0;
  for (const models::AgentGroup& group : s.agents) {
    std::vector<sim::SimTime> times = {sim::kStart};
    for (const models::StaffingStep& step : group.staffing) {
      if (step.at > sim::kStart && step.at < until) times.push_back(step.at);
    }
    times.push_back(until);
    for (std::size_t i = 0; i + 1 < times.size(); ++i) {
      seconds += sim::seconds(times[i + 1] - times[i]) * tools::people_at(group, times[i]);
    }
  }
  return seconds / 3600;
}

}  // namespace

PlanQuestion shifts_question(const Scenario& s, const PlanGoals& goals) {
  PlanQuestion q;
  q.wanted = Wanted::shifts;
  q.unit = "agent-hours";
  q.goal = goals.of_people();
  const std::vector<PlannedShift> shifts = planned_shifts(s, goals.shift);
  if (shifts.size() > 2000) {
    throw PlanProblem{fmt::format("{} shifts are too many", shifts.size()), "--shift 30min"};
  }
  const Aftermath after = q.goal.stretch == Stretch::failure ? aftermath(s) : no_failure(s);
  int guess = 0;
  while (guess < kBetas && day_service_level(s, shifts, guess, after) < goals.service_level) {
    ++guess;
  }
  const double hours = sim::seconds(goals.shift) / 3600;
  const Plans plans = different_plans(shifts, guess);
  const std::vector<int>& steps = plans.steps;
  q.range = {0, plans.guess, static_cast<int>(steps.size()) - 1, 2};
  q.guess_by = fmt::format("Erlang A in each of {} shifts", shifts.size());
  q.value = [shifts, hours, steps](int i) {
    double sum = 0;
    for (const PlannedShift& shift : shifts) sum += hours * people_at(shift, steps.at(i));
    return sum;
  };
  q.now = agent_hours(s, shifts.back().at + goals.shift);
  q.settings = [&s, shifts, steps](int i) { return staffing_settings(s, shifts, steps.at(i)); };
  q.parts = [&s, shifts, plans](int i) {
    std::vector<PlanPart> out;
    for (const PlannedShift& shift : shifts) {
      out.push_back({shift_label(s, shift.at),
                     static_cast<double>(people_at(shift, plans.steps.at(i))),
                     static_cast<double>(people_at(shift, plans.steps.at(plans.guess)))});
    }
    return out;
  };
  q.details = {"asa", "abandonment", "occupancy", "recovery.agents_100"};
  return q;
}

}  // namespace bcsim::tools
