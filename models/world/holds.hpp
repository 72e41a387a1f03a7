// When each fault of a scenario lies on its target: the algebra of faults, before any component.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/scenario.hpp"

namespace bcsim::models {

/// A fault lies on its target from `begin` until just before `end`. A flapping fault lies on it
/// once a round; what cuts or degrades a link does so by direction, each of which can be healed
/// alone.
struct Hold {
  std::uint32_t fault = 0;  ///< index in Scenario::faults
  bool backward = false;    ///< of a link: from b to a
  SimTime begin, end = sim::kNever;
  std::optional<std::uint32_t>
      ended_by;  ///< the line that restores or heals; else it ends by itself
};

/// In the order of the list, and of time for each fault. Whoever ends a hold ends only that one:
/// `lasting` and the off-phase of a flap their own, `restore X` every hold on X, `heal L` every cut
/// and degradation of L; what begins at that instant is not ended by it. Holds that would begin
/// after the horizon are left out.
[[nodiscard]] std::vector<Hold> holds_of(const std::vector<Fault>& faults, Duration horizon);

/// The link whose directions this fault holds one by one; nullptr: it is one hold.
[[nodiscard]] const LinkTarget* held_link(const Fault& fault);

/// Does this line (restore, heal) end what that fault holds, in this direction of a link?
[[nodiscard]] bool ends(const Fault& mending, const Fault& broken, bool backward);

/// No more than this many steps that change the world are planned before time starts (about 200
/// bytes each).
inline constexpr std::uint64_t kMostSteps = 1'000'000;
/// An upper bound of the steps that this fault takes.
[[nodiscard]] std::uint64_t steps_at_most(const Scenario& scenario, const Fault& fault);

}  // namespace bcsim::models
