// The shortest time in which the calls of a stream can be answered, and from when it counts.
#pragma once

#include <optional>
#include <vector>

#include "tools/scenario/rules/rules.hpp"

namespace bcsim::tools {

/// The least time until somebody speaks: nobody is busy, and no packet is late.
struct Soonest {
  sim::Duration announcement{}, ringing{};
  sim::Duration way{};  ///< what the messages need besides
  [[nodiscard]] sim::Duration meant() const { return announcement + ringing; }
  [[nodiscard]] sim::Duration total() const { return meant() + way; }
};

/// Some of a stream's calls: what they need of each patience.
struct AnswerPart {
  double weight = 0;
  std::optional<Soonest> setup;   ///< since they have dialled
  std::optional<Soonest> queued;  ///< since they are connected, and hear music
  bool both = false;              ///< one after the other; else either will do
  std::optional<Soonest> level;   ///< what the service level counts
};

/// Calls that come from outside, and of agents who call each other, by what they need. None of
/// those whom agents call outside, nor where nobody serves.
[[nodiscard]] std::vector<AnswerPart> answer_parts(const Rules& rules,
                                                   const models::CallStream& stream);

/// Until a call that an agent of the stream dials has been taken by his SIP Server, at the soonest.
[[nodiscard]] sim::Duration dialling_way(const models::Scenario& s,
                                         const models::CallStream& stream);

}  // namespace bcsim::tools
