// When a world must have come back after its faults: the last of them, and the timers from then on.
#pragma once

#include <string>
#include <vector>

#include "models/directory.hpp"

namespace bcsim::models {

/// What the plan of a scenario leaves to be judged.
struct LivenessBound {
  /// Why nothing can be judged, in words; empty: it can.
  std::string unfit;
  SimTime last_end{};  ///< of the last fault that ends; the start, if there are none
  Duration needed{};   ///< from then on, until all are back
  /// What a call needs at most to end at one end after it has ended at the other.
  Duration speech{};
  std::vector<bool> lost;  ///< by AgentId: his phone or desktop never comes back
};

/// Follows from the scenario alone. Faults that never end make it unfit, but for those of single
/// devices; so does what keeps people away on purpose: accepted breaches of rules, edits of the
/// configuration, losses or delays on paths that are not the faults'.
[[nodiscard]] LivenessBound liveness_bound(const Directory& directory);

}  // namespace bcsim::models
