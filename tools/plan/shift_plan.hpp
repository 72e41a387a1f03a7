// How many agents at which time of the day: a staffing curve of one parameter.
#pragma once

#include "tools/plan/questions.hpp"

namespace bcsim::tools {

/// Square-root staffing (Halfin & Whitt 1981) shift by shift: the erlangs of the shift plus beta
/// times their root, rounded up, where beta is what is sought, in steps of 0.1. The value is the
/// sum of agent-hours.
[[nodiscard]] PlanQuestion shifts_question(const models::Scenario& scenario,
                                           const PlanGoals& goals);

}  // namespace bcsim::tools
