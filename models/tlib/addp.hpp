// ADDP, the keep-alive inside a T-Library or configuration connection (domain.md §2.6).
#pragma once

#include <cassert>
#include <cstdint>

#include "models/timer_change.hpp"
#include "sim/time.hpp"

namespace bcsim::models::tlib {

using sim::Duration;
using sim::SimTime;

/// What to do when an ADDP timer has fired; trivially copyable.
struct AddpEffects {
  bool send_poll = false;
  bool lost = false;  ///< the connection counts as lost: close it (R76)
  TimerChange timer{};
  constexpr bool operator==(const AddpEffects&) const = default;
};

/// The polling side: no message for A → poll; no answer within another A → lost. So the loss of a
/// silent peer is noticed after D in (A − round trip, 2A]. Hearing a message only notes the time;
/// the one timer is moved when it fires, so a busy connection costs a timer per A, not per message.
class AddpClient {
 public:
  /// The connection has opened, or, for a steady start, a message was last heard at `heard_at`
  /// (which may lie before `now`, by at most `timeout`).
  [[nodiscard]] constexpr AddpEffects start(SimTime now, Duration timeout, SimTime heard_at) {
    assert(timeout > Duration{0} && heard_at <= now && now - heard_at <= timeout);
    heard_at_ = heard_at;
    polled_ = false;
    return {.timer = TimerChange::arm(heard_at + timeout - now)};
  }
  [[nodiscard]] constexpr AddpEffects start(SimTime now, Duration timeout) {
    return start(now, timeout, now);
  }
  /// Any message of the peer, a poll's answer included.
  constexpr void on_received(SimTime now) {
    heard_at_ = now;
    polled_ = false;
  }
  [[nodiscard]] constexpr AddpEffects on_timer(SimTime now, Duration timeout) {
    if (polled_) return {.lost = true};
    const Duration silent = now - heard_at_;
    if (silent < timeout) return {.timer = TimerChange::arm(timeout - silent)};
    polled_ = true;
    return {.send_poll = true, .timer = TimerChange::arm(timeout)};
  }
  [[nodiscard]] constexpr bool polled() const { return polled_; }

 private:
  SimTime heard_at_{};
  bool polled_ = false;
};

}  // namespace bcsim::models::tlib
