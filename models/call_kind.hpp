// What a call is for: to a queue, to one agent's own number, or by an agent.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bcsim::models {

/// Follows from the call stream; known to whoever knows the number dialled.
enum class CallKind : std::uint8_t {
  queue,     ///< from outside, to a queue or a hunt group
  direct,    ///< from outside, to an agent's Extension DN
  internal,  ///< from an agent to another's Extension DN
  outgoing,  ///< from an agent to somebody outside
};
inline constexpr std::size_t kCallKinds = 4;
/// Does an agent place it?
[[nodiscard]] constexpr bool by_agent(CallKind kind) {
  return kind >= CallKind::internal;
}

}  // namespace bcsim::models
