// One phone's registration at one SIP Server, as the phone sees it (RFC 3261 §10.2).
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>

#include "models/timer_change.hpp"
#include "sim/time.hpp"

namespace bcsim::models::sip {

using sim::Duration;
using namespace std::chrono_literals;

/// What a REGISTER carries: no digest, one with a nonce of an earlier challenge, or the answer to a
/// challenge just received (RFC 3261 §22.2).
enum class Credentials : std::uint8_t { none, cached, fresh };

enum class RegistrationState : std::uint8_t {
  unregistered,
  waiting,  ///< to try again
  registering,
  challenged,  ///< the answer to a 401 is under way
  registered,
  refreshing,  ///< the binding still stands
  refresh_challenged,
  leaving,  ///< removing the binding
  leave_challenged,
};

enum class RegistrationInput : std::uint8_t {
  start,            ///< register now
  wait,             ///< register after `value`
  leave,            ///< remove the binding, politely
  stop,             ///< forget it: the phone restarts, or its server is not to be asked again
  ok,               ///< 200; `value`: granted expiry
  challenge,        ///< 401
  too_brief,        ///< 423; `value`: Min-Expires
  no_response,      ///< the transaction gave up; or, when registered, a keep-alive did
  transport_error,  ///< ICMP or TCP error of the transaction, or of the flow when registered
  unavailable,      ///< 503
  rejected,         ///< 403, 404 or any other final response
  timer,
};

enum class RegistrationFailure : std::uint8_t {
  no_response,
  transport_error,
  unavailable,
  rejected
};

struct RegistrationOptions {
  Duration expires = 120s;        ///< asked for
  double refresh_fraction = 0.5;  ///< ρ, of the granted expiry, counted from the 200's arrival
  bool cached_nonce = false;      ///< reuses the nonce: 1 round trip per refresh instead of 2
};

/// What to do now; trivially copyable.
struct RegistrationEffects {
  enum class Send : std::uint8_t { nothing, register_, unregister };
  enum class Inform : std::uint8_t { nothing, registered, refreshed, failed, left };

  bool abandon = false;  ///< forget the pending transaction first; its outcome must not come here
  Send send = Send::nothing;  ///< a REGISTER; unregister: with Expires 0
  Credentials credentials = Credentials::none;
  Inform inform = Inform::nothing;
  RegistrationFailure why = RegistrationFailure::no_response;  ///< of Inform::failed
  TimerChange timer{};
  constexpr bool operator==(const RegistrationEffects&) const = default;
};

/// See the head comment. The REGISTER transactions and their retransmissions belong to the caller:
/// give them max_retransmissions R_p. While a transaction is pending no timer is armed here, so a
/// phone has at most one timer per server. Retries are decided by PhoneRegistration.
class Registration {
 public:
  [[nodiscard]] constexpr RegistrationEffects on(RegistrationInput input,
                                                 const RegistrationOptions& options,
                                                 Duration value = {});

  /// Starts as if a 200 had come earlier, for a steady start; the refresh is due after
  /// `refresh_in`.
  [[nodiscard]] constexpr RegistrationEffects assume_registered(Duration refresh_in) {
    assert(state_ == RegistrationState::unregistered);
    state_ = RegistrationState::registered;
    nonce_known_ = true;
    return {.inform = RegistrationEffects::Inform::registered,
            .timer = TimerChange::arm(refresh_in)};
  }

  [[nodiscard]] constexpr RegistrationState state() const { return state_; }
  /// True from the 200 until a failure, as far as the phone knows (R17).
  [[nodiscard]] constexpr bool live() const {
    return state_ == RegistrationState::registered || refreshing();
  }
  /// The Expires of the next REGISTER: what is asked for, or a server's Min-Expires if larger.
  [[nodiscard]] constexpr Duration expires(const RegistrationOptions& options) const {
    return std::max(options.expires, min_expires_);
  }

 private:
  using Input = RegistrationInput;
  using Effects = RegistrationEffects;
  using State = RegistrationState;

  [[nodiscard]] constexpr bool refreshing() const {
    return state_ == State::refreshing || state_ == State::refresh_challenged;
  }
  [[nodiscard]] constexpr bool registering() const {
    return state_ == State::registering || state_ == State::challenged;
  }
  [[nodiscard]] constexpr bool leaving() const {
    return state_ == State::leaving || state_ == State::leave_challenged;
  }
  [[nodiscard]] constexpr bool pending() const {
    return registering() || refreshing() || leaving();
  }

  constexpr Effects start(const RegistrationOptions&);
  constexpr Effects wait(Duration);
  constexpr Effects leave(const RegistrationOptions&);
  constexpr Effects stop();
  constexpr Effects on_ok(const RegistrationOptions&, Duration granted);
  constexpr Effects on_challenge();
  constexpr Effects on_too_brief(const RegistrationOptions&, Duration min_expires);
  constexpr Effects on_failure(RegistrationFailure);
  [[nodiscard]] constexpr Credentials first_credentials(const RegistrationOptions& o) const {
    return o.cached_nonce && nonce_known_ ? Credentials::cached : Credentials::none;
  }
  constexpr Effects fail(RegistrationFailure why, TimerChange timer) {
    state_ = State::unregistered;
    return {.inform = Effects::Inform::failed, .why = why, .timer = timer};
  }
  constexpr Effects left() {
    state_ = State::unregistered;
    return {.inform = Effects::Inform::left};
  }

  Duration min_expires_{};
  State state_ = State::unregistered;
  bool nonce_known_ = false;
};

constexpr RegistrationEffects Registration::on(RegistrationInput input,
                                               const RegistrationOptions& options, Duration value) {
  switch (input) {
    case Input::start:
      return start(options);
    case Input::wait:
      return wait(value);
    case Input::leave:
      return leave(options);
    case Input::stop:
      return stop();
    case Input::ok:
      return on_ok(options, value);
    case Input::challenge:
      return on_challenge();
    case Input::too_brief:
      return on_too_brief(options, value);
    case Input::no_response:
      return on_failure(RegistrationFailure::no_response);
    case Input::transport_error:
      return on_failure(RegistrationFailure::transport_error);
    case Input::unavailable:
      return on_failure(RegistrationFailure::unavailable);
    case Input::rejected:
      return on_failure(RegistrationFailure::rejected);
    case Input::timer: {
      if (state_ != State::waiting && state_ != State::registered) return {};
      Effects effects = start(options);
      effects.timer = TimerChange::keep();  // it has just fired
      return effects;
    }
  }
  return {};
}

constexpr RegistrationEffects Registration::start(const RegistrationOptions& options) {
  // No new REGISTER while one is pending (§10.2).
  if (registering() || refreshing()) return {};
  const bool timer_armed = state_ == State::waiting || state_ == State::registered;
  Effects effects{.abandon = leaving(),
                  .send = Effects::Send::register_,
                  .credentials = first_credentials(options),
                  .timer = timer_armed ? TimerChange::cancel() : TimerChange::keep()};
  state_ = state_ == State::registered ? State::refreshing : State::registering;
  return effects;
}

constexpr RegistrationEffects Registration::wait(Duration delay) {
  if (state_ != State::unregistered && state_ != State::waiting) return {};
  state_ = State::waiting;
  return {.timer = TimerChange::arm(delay)};
}

constexpr RegistrationEffects Registration::leave(const RegistrationOptions& options) {
  if (leaving()) return {};
  if (!live()) return stop();  // nothing to remove
  Effects effects{.abandon = refreshing(),
                  .send = Effects::Send::unregister,
                  .credentials = first_credentials(options),
                  .timer = refreshing() ? TimerChange::keep() : TimerChange::cancel()};
  state_ = State::leaving;
  return effects;
}

constexpr RegistrationEffects Registration::stop() {
  const bool timer_armed = state_ == State::waiting || state_ == State::registered;
  const Effects effects{.abandon = pending(),
                        .timer = timer_armed ? TimerChange::cancel() : TimerChange::keep()};
  state_ = State::unregistered;
  return effects;
}

constexpr RegistrationEffects Registration::on_ok(const RegistrationOptions& options,
                                                  Duration granted) {
  if (leaving()) return left();
  if (!registering() && !refreshing()) return {};
  assert(granted > 0s && options.refresh_fraction > 0 && options.refresh_fraction <= 1);
  const auto inform = refreshing() ? Effects::Inform::refreshed : Effects::Inform::registered;
  state_ = State::registered;
  const auto refresh_in =
      static_cast<std::int64_t>(static_cast<double>(granted.count()) * options.refresh_fraction);
  return {.inform = inform, .timer = TimerChange::arm(Duration(refresh_in))};
}

constexpr RegistrationEffects Registration::on_challenge() {
  if (!pending()) return {};
  nonce_known_ = true;
  switch (state_) {
    case State::registering:
      state_ = State::challenged;
      return {.send = Effects::Send::register_, .credentials = Credentials::fresh};
    case State::refreshing:
      state_ = State::refresh_challenged;
      return {.send = Effects::Send::register_, .credentials = Credentials::fresh};
    case State::leaving:
      state_ = State::leave_challenged;
      return {.send = Effects::Send::unregister, .credentials = Credentials::fresh};
    case State::leave_challenged:
      return left();
    default:  // challenged again although just answered: the password is wrong (§22.2)
      return fail(RegistrationFailure::rejected, TimerChange::keep());
  }
}

constexpr RegistrationEffects Registration::on_too_brief(const RegistrationOptions& options,
                                                         Duration min_expires) {
  if (leaving()) return left();
  if (!registering() && !refreshing()) return {};
  if (min_expires <= expires(options)) {  // asked for that much already: do not loop
    return fail(RegistrationFailure::rejected, TimerChange::keep());
  }
  min_expires_ = min_expires;
  state_ = refreshing() ? State::refreshing : State::registering;
  return {.send = Effects::Send::register_, .credentials = first_credentials(options)};
}

constexpr RegistrationEffects Registration::on_failure(RegistrationFailure why) {
  if (leaving()) return left();
  if (registering() || refreshing()) return fail(why, TimerChange::keep());
  const bool flow_lost =
      state_ == State::registered &&
      (why == RegistrationFailure::no_response || why == RegistrationFailure::transport_error);
  return flow_lost ? fail(why, TimerChange::cancel()) : Effects{};
}

}  // namespace bcsim::models::sip
