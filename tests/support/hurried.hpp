// Shipped scenarios made short and small enough for a test.
#pragma once

#include <algorithm>
#include <chrono>
#include <variant>

#include "models/scenario.hpp"

namespace bcsim::tests {

using namespace std::chrono_literals;

/// The scenario with its first fault after a minute; all its people and calls for six minutes, or a
/// tenth of them for three.
inline models::Scenario hurried(models::Scenario s, bool all) {
  models::SimTime first = models::SimTime::max();
  for (const models::Fault& fault : s.faults) first = std::min(first, fault.at);
  const models::Duration earlier = s.faults.empty() ? 0s : first - (sim::kStart + 1min);
  for (models::Fault& fault : s.faults) {
    fault.at -= earlier;
    if (fault.flap && fault.flap->until) *fault.flap->until -= earlier;
  }
  s.run.horizon = all ? 6min : 3min;
  if (all) return s;
  for (models::AgentGroup& group : s.agents) {
    if (group.count > 10) group.count /= 10;
  }
  for (models::CallStream& stream : s.calls) {
    auto* constant = std::get_if<models::ConstantRate>(&stream.arrivals);
    if (constant != nullptr) constant->per_s /= 10;
  }
  return s;
}

}  // namespace bcsim::tests
