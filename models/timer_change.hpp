// What a pure machine wants done with its one timer: leave it, stop it, or (re)arm it.
#pragma once

#include <cassert>
#include <cstdint>

#include "sim/time.hpp"

namespace bcsim::models {

/// One machine owns at most one timer; arming replaces whatever was armed before.
struct TimerChange {
  enum class Kind : std::uint8_t { keep, cancel, arm };

  Kind kind = Kind::keep;
  sim::Duration after{};  ///< from now; meaningful for Kind::arm only

  [[nodiscard]] static constexpr TimerChange keep() { return {}; }
  [[nodiscard]] static constexpr TimerChange cancel() { return {Kind::cancel, {}}; }
  [[nodiscard]] static constexpr TimerChange arm(sim::Duration after) {
    assert(after >= sim::Duration{0});
    return {Kind::arm, after};
  }
  [[nodiscard]] constexpr bool arms() const { return kind == Kind::arm; }
  constexpr bool operator==(const TimerChange&) const = default;
};

}  // namespace bcsim::models
