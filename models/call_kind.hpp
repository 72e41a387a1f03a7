// What a call is for: to a queue, or to one agent's own number.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bcsim::models {

/// Follows from the call stream; known to whoever knows the number dialled.
enum class CallKind : std::uint8_t {
  queue,   ///< from outside, to a queue or a hunt group
  direct,  ///< from outside, to an agent's Extension DN
};
inline constexpr std::size_t kCallKinds = 2;

}  // namespace bcsim::models
