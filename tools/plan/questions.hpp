// The questions a plan answers: what is sought, between which bounds, and which settings it means.
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "models/scenario.hpp"
#include "tools/plan/goal.hpp"
#include "tools/plan/search.hpp"

namespace bcsim::tools {

enum class Wanted : std::uint8_t { agents, shifts, trunks, server, wan };
[[nodiscard]] std::string_view name(Wanted wanted);

/// What the command line asks of a plan.
struct PlanGoals {
  double service_level = 0.8;
  std::optional<MetricGoal> people;  ///< asked of agents and shifts instead of the service level
  double blocking = 0.01;
  double server_delay_s = 0.5;  ///< T1: above it phones and gateways repeat what is only waiting
  double media_degraded = 0.01;
  std::optional<double> probability = 0.9;
  double confidence = 0.95;
  Stretch stretch = Stretch::failure;
  sim::Duration shift = std::chrono::minutes(30);  ///< staffing changes so often
  [[nodiscard]] Goal of(Measure measure) const;
  /// Of questions about people.
  [[nodiscard]] Goal of_people() const;
};

/// A piece of an answer: the people of a group, the channels of a gateway, a shift.
struct PlanPart {
  std::string name;
  double value = 0;
  double first_guess = std::numeric_limits<double>::quiet_NaN();
};

/// Candidates are numbered; a higher number is more of what is sought.
struct PlanQuestion {
  Wanted wanted = Wanted::agents;
  std::string unit;  ///< of the value: "agents", "Mbit/s"
  Goal goal;
  SearchRange range;
  std::string guess_by;                                   ///< "Erlang A, 413 erlangs"
  double now = std::numeric_limits<double>::quiet_NaN();  ///< what the scenario has
  std::function<double(int)> value;
  std::function<std::vector<std::string>(int)> settings;  ///< path=value
  std::function<std::vector<PlanPart>(int)> parts;
  std::vector<std::string> details;  ///< metrics whose means explain the answer
};

/// Why a question makes no sense for a scenario: exit code 64.
struct PlanProblem {
  std::string message, hint;
};

/// Throws PlanProblem. `scenario` must outlive the question.
[[nodiscard]] PlanQuestion make_question(Wanted wanted, const models::Scenario& scenario,
                                         const PlanGoals& goals);

/// Do calls or staffing change during the run? Then shifts are asked for, not a number of agents.
[[nodiscard]] bool varies_over_time(const models::Scenario& scenario);

/// Settings that multiply all calls by `factor`.
[[nodiscard]] std::vector<std::string> growth_settings(const models::Scenario& scenario,
                                                       double factor);

/// `total` whole things in proportion to `weights`, the largest remainders rounded up.
[[nodiscard]] std::vector<std::uint32_t> apportion(std::uint32_t total,
                                                   const std::vector<double>& weights);

}  // namespace bcsim::tools
