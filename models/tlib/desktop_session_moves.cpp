// The desktop's way to the other site: when it goes, and how it gets there (R20, R21, R78, R79).
#include <algorithm>
#include <cassert>

#include "models/tlib/desktop_session.hpp"

namespace bcsim::models::tlib {
namespace {

using EffectKind = DesktopEffect::Kind;
using State = DesktopState;
using Timer = DesktopTimer;

}  // namespace

void DesktopSession::on_switchover_timer(const O& options, Effects& effects) {
  switchover_armed_ = false;
  const SiteIndex other = peer_of(current_);
  switch (state_) {
    case State::wait_site:
      go_to_other(options, SwitchReason::site_lost, effects);
      break;
    case State::wait_registration:
      look_for_registration(options, effects);
      break;
    case State::login_retry:
      if (up_[other] && has_endpoint(other)) {
        cancel(effects, Timer::work);
        go_to_other(options, SwitchReason::login_refused, effects);
        break;
      }
      [[fallthrough]];
    case State::logging_in:
      arm_switchover(options.ail[current_].site_sip_register_timeout, effects);
      break;
    default:
      break;
  }
}

/// S_r is over. C30: move only if the DN lives at the peer or the peer is in single-site mode (or
/// the policy takes R79 literally), else stay, Not Ready, and look again. No call is interrupted
/// for it.
void DesktopSession::look_for_registration(const O& options, Effects& effects) {
  constexpr Duration kLookAgain = 10s;
  const SiteIndex other = peer_of(current_);
  const bool may_leave =
      has_endpoint(other) || single_[other] || options.policy.leave_without_endpoint;
  if (!in_call_ && up_[other] && may_leave && !closing_[other]) {
    log_out_and_move(SwitchReason::registration_lost, effects);
    return;
  }
  if (!in_call_ && !not_ready_) {
    not_ready_ = true;
    add(effects, EffectKind::set_not_ready, current_);
  }
  arm_switchover(std::min(kLookAgain, options.ail[current_].site_sip_register_timeout), effects);
}

void DesktopSession::go_to_other(const O& options, SwitchReason reason, Effects& effects) {
  origin_ = current_;
  current_ = peer_of(current_);
  effects.push_back({.kind = EffectKind::switching, .site = current_, .reason = reason});
  state_ = State::wait_endpoint;
  proceed_to_target(options, effects);
}

void DesktopSession::log_out_and_move(SwitchReason reason, Effects& effects) {
  state_ = State::moving;
  owes_logout_[current_] = true;
  not_ready_ = false;
  advised_.reset();
  cancel_switchover(effects);
  effects.push_back({.kind = EffectKind::switching, .site = peer_of(current_), .reason = reason});
  add(effects, EffectKind::logout, current_);
}

/// The old login is gone: go on with the site the move was for. Its conditions held when the move
/// began (single-site mode may have stood in for the phone), so only the connection is asked again.
void DesktopSession::complete_move(const O& options, Effects& effects) {
  logged_in_ = false;
  origin_ = current_;
  current_ = peer_of(current_);
  if (up_[current_]) {
    start_relogin(options, effects);
  } else {
    state_ = State::wait_endpoint;
    proceed_to_target(options, effects);
  }
}

void DesktopSession::proceed_to_target(const O& options, Effects& effects) {
  assert(state_ == State::wait_endpoint);
  if (up_[current_] && endpoint_ok(options, current_)) {
    start_relogin(options, effects);
  } else if (up_[origin_]) {  // the site one came from is there again
    current_ = origin_;
    if (logged_in_) {
      state_ = State::resuming;
      add(effects, EffectKind::resume, current_);
    } else {
      login(effects);
    }
  }
}

/// Who goes to and fro (a phone in service nowhere, advice from both sides) does it more slowly
/// each time.
Duration DesktopSession::pause_of_move() const {
  if (moves_ <= kMovesInARow) return {};
  return std::min(kFirstPause * (1 << std::min(moves_ - kMovesInARow - 1, 6)), kLongestPause);
}

void DesktopSession::start_relogin(const O& options, Effects& effects) {
  ++moves_;
  arm(effects, Timer::calm, kCalm);
  const Duration work = std::max(options.policy.relogin_work, pause_of_move());
  if (work == 0s) return login(effects);
  state_ = State::relogin_work;
  arm(effects, Timer::work, work);
}

void DesktopSession::login(Effects& effects) {
  state_ = State::logging_in;
  owes_logout_[current_] = false;  // it is taken over
  add(effects, EffectKind::login, current_);
}

/// Moves a working desktop to where it was advised to go, or back home if that is the policy, when
/// it has no call and the other site, which is not just being left by all, has both its connection
/// and its phone.
void DesktopSession::move_if_wanted(const O& options, Effects& effects) {
  if (advised_ == current_) advised_.reset();
  if (!at_work() || in_call_) return;
  if (moves_ > kMovesInARow) return;  // sent to and fro: he works where he is until he has had calm
  const SiteIndex other = peer_of(current_);
  const bool home =
      options.policy.failback == Failback::return_after_call && other == options.preferred;
  const bool wanted = home || advised_ == other;
  if (wanted && up_[other] && has_endpoint(other) && !closing_[other]) {
    log_out_and_move(SwitchReason::failback, effects);
  }
}

void DesktopSession::arm_switchover(Duration after, Effects& effects) {
  switchover_armed_ = true;
  // Where neither site can be had it changes between them at each end of this timer: not without a
  // pause, even where V-E21 is accepted (ASSUMPTION).
  constexpr Duration kShortest = 100ms;
  arm(effects, Timer::switchover, std::max(after, kShortest));
}

void DesktopSession::cancel_switchover(Effects& effects) {
  if (switchover_armed_) cancel(effects, Timer::switchover);
  switchover_armed_ = false;
}

}  // namespace bcsim::models::tlib
