#include "models/tlib/desktop_session.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace bcsim::models::tlib {
namespace {

using Input = DesktopInput;
using EffectKind = DesktopEffect::Kind;
using State = DesktopState;
using Timer = DesktopTimer;

void add(DesktopEffects& effects, EffectKind kind, SiteIndex site) {
  effects.push_back({.kind = kind, .site = site});
}
void arm(DesktopEffects& effects, Timer timer, Duration after, SiteIndex site = 0) {
  effects.push_back({.kind = EffectKind::arm, .site = site, .timer = timer, .after = after});
}
void cancel(DesktopEffects& effects, Timer timer, SiteIndex site = 0) {
  effects.push_back({.kind = EffectKind::cancel, .site = site, .timer = timer});
}

}  // namespace

void DesktopSession::assume_active(SiteIndex site) {
  assert(state_ == State::off);
  state_ = State::active;
  current_ = origin_ = site;
  up_ = {true, true};
  logged_in_ = true;
}

DesktopEffects DesktopSession::on(Input input, const O& options, SiteIndex site) {
  Effects effects;
  // The phone and the shift exist without a session; nothing else matters to one that is off.
  const bool always = input == Input::shift_start || input == Input::phone_registered ||
                      input == Input::phone_unregistered;
  if (state_ == State::off && !always) return effects;
  switch (input) {
    case Input::shift_start:
      shift_start(options, effects);
      break;
    case Input::shift_end:
      shift_over_ = true;
      if (!in_call_) {
        shift_end(effects);
      } else if (at_work()) {
        add(effects, EffectKind::set_not_ready, current_);  // no further call after this one
      }
      break;
    case Input::csp_connected:
      if (state_ != State::csp_connect) break;
      state_ = State::read_person;
      add(effects, EffectKind::read_person, site);
      break;
    case Input::csp_failed:
      on_csp_failed(options, site, effects);
      break;
    case Input::person_read:
      if (state_ == State::read_person) on_person_read(options, effects);
      break;
    case Input::connected:
      on_connected(options, site, effects);
      break;
    case Input::connection_failed:
      on_connection_failed(options, site, effects);
      break;
    case Input::connection_lost:
      on_connection_lost(options, site, effects);
      break;
    case Input::logged_in:
      if (state_ == State::logging_in && site == current_) on_logged_in(options, effects);
      break;
    case Input::login_refused:
      if (state_ == State::logging_in && site == current_) on_login_refused(options, effects);
      break;
    case Input::logged_out:
      if (state_ == State::moving && site == current_) complete_move(options, effects);
      break;
    case Input::forced_out:
      if (site == current_) on_forced_out(options, effects);
      break;
    case Input::resumed:
      if (state_ == State::resuming && site == current_) become_active(options, effects);
      break;
    case Input::not_logged_in:
      if (state_ == State::resuming && site == current_) login(effects);
      break;
    case Input::phone_registered:
    case Input::phone_unregistered:
    case Input::dn_in_service:
    case Input::dn_out_of_service:
      on_endpoint_change(options, input, site, effects);
      break;
    case Input::single_mode_on:
    case Input::single_mode_off:
      single_[site] = input == Input::single_mode_on;
      break;
    case Input::recommended:
      advised_ = site;
      move_if_wanted(options, effects);
      break;
    case Input::call_started:
      in_call_ = true;
      break;
    case Input::call_ended:
      in_call_ = false;
      if (shift_over_) {
        shift_end(effects);
      } else {
        move_if_wanted(options, effects);
      }
      break;
    case Input::timer_switchover:
      if (switchover_armed_) on_switchover_timer(options, effects);
      break;
    case Input::timer_work:
      if (state_ == State::relogin_work || state_ == State::login_retry) login(effects);
      break;
    case Input::timer_csp:
      if (state_ == State::csp_connect) begin_boot(options, effects);
      break;
    case Input::timer_reconnect:
      if (!up_[site] && state_ != State::csp_connect && state_ != State::read_person) {
        add(effects, EffectKind::connect, site);
      }
      break;
    case Input::timer_calm:
      moves_ = 0;
      break;
  }
  return effects;
}

void DesktopSession::shift_start(const O& options, Effects& effects) {
  const bool stays = std::exchange(shift_over_, false);
  if (state_ != State::off) {
    if (stays && at_work() && !not_ready_) add(effects, EffectKind::set_ready, current_);
    return;
  }
  state_ = State::csp_connect;
  current_ = origin_ = options.preferred;
  begin_boot(options, effects);
}

/// The preferred site is known before the Person is read only if its name has been cached (D10).
void DesktopSession::begin_boot(const O& options, Effects& effects) {
  second_csp_ = false;
  connect_csp(options, options.preferred_cached ? options.preferred : SiteIndex{0}, effects);
}

void DesktopSession::connect_csp(const O& options, SiteIndex site, Effects& effects) {
  if (options.can_bootstrap[site]) {
    add(effects, EffectKind::connect_csp, site);
  } else {
    on_csp_failed(options, site, effects);
  }
}

void DesktopSession::shift_end(Effects& effects) {
  // A login still on its way is followed by its logout: the connection keeps the order.
  const bool may_be_in = state_ == State::active || state_ == State::resuming ||
                         state_ == State::wait_registration || state_ == State::logging_in;
  if (may_be_in) add(effects, EffectKind::logout, current_);
  for (const SiteIndex site : {SiteIndex{0}, SiteIndex{1}}) {
    add(effects, EffectKind::close, site);
    cancel(effects, Timer::reconnect, site);
  }
  for (const Timer timer : {Timer::switchover, Timer::work, Timer::csp, Timer::calm}) {
    cancel(effects, timer);
  }
  const auto phone = phone_;
  const SiteIndex preferred = current_;  // set again by the next shift_start
  *this = DesktopSession(O{.preferred = preferred});
  phone_ = phone;
}

void DesktopSession::on_csp_failed(const O& options, SiteIndex site, Effects& effects) {
  if (state_ != State::csp_connect && state_ != State::read_person) return;
  state_ = State::csp_connect;
  if (!second_csp_) {  // R81, R83: the other site's serves as well
    second_csp_ = true;
    connect_csp(options, peer_of(site), effects);
  } else {
    second_csp_ = false;
    arm(effects, Timer::csp, options.policy.reconnect_delay);
  }
}

void DesktopSession::on_person_read(const O& options, Effects& effects) {
  state_ = State::connecting;
  add(effects, EffectKind::connect, options.preferred);
  add(effects, EffectKind::connect, peer_of(options.preferred));
}

void DesktopSession::on_connected(const O& options, SiteIndex site, Effects& effects) {
  if (state_ == State::csp_connect || state_ == State::read_person) return;
  up_[site] = true;
  failures_[site] = 0;
  switch (state_) {
    case State::connecting:
      if (site == current_) login(effects);
      break;
    case State::wait_site:
      if (site != current_) break;
      cancel_switchover(effects);
      if (logged_in_) {
        state_ = State::resuming;
        add(effects, EffectKind::resume, site);
      } else {
        login(effects);
      }
      break;
    case State::wait_endpoint:
      proceed_to_target(options, effects);
      break;
    default:
      move_if_wanted(options, effects);
      break;
  }
}

void DesktopSession::on_connection_failed(const O& options, SiteIndex site, Effects& effects) {
  if (up_[site] || state_ == State::csp_connect || state_ == State::read_person) return;
  arm(effects, Timer::reconnect, reconnect_after(options, site), site);
  // At start-up nobody waits for a loss that was never a connection (R83).
  if (state_ == State::connecting && site == current_) {
    go_to_other(options, SwitchReason::unreachable_at_boot, effects);
  }
}

/// Who works at the other site needs this one only in case of need, and asks for it ever more
/// seldom: a site may be gone for good.
Duration DesktopSession::reconnect_after(const O& options, SiteIndex site) {
  const Duration delay = options.policy.reconnect_delay;
  const bool works = state_ == State::active && site != current_;
  failures_[site] = works ? std::min(failures_[site] + 1, 16) : 1;
  return std::max(delay, std::min(delay * (1 << (failures_[site] - 1)), kLongestReconnect));
}

void DesktopSession::on_connection_lost(const O& options, SiteIndex site, Effects& effects) {
  if (!up_[site]) return;
  up_[site] = dn_[site] = dn_out_[site] = single_[site] = false;
  add(effects, EffectKind::connect, site);
  if (site != current_) return;
  switch (state_) {
    case State::active:
    case State::wait_registration:
    case State::resuming:
      lose_current_site(options, effects);
      break;
    case State::logging_in:
    case State::login_retry:
    case State::relogin_work:
      cancel(effects, Timer::work);
      if (origin_ == current_) {
        lose_current_site(options, effects);
      } else {  // lost the site one was going to
        cancel_switchover(effects);
        state_ = State::wait_endpoint;
        proceed_to_target(options, effects);
      }
      break;
    case State::moving:  // no login left to wait for
      complete_move(options, effects);
      break;
    default:
      break;
  }
}

void DesktopSession::lose_current_site(const O& options, Effects& effects) {
  state_ = State::wait_site;
  not_ready_ = false;
  if (int& failures = failures_[peer_of(current_)]; failures > 1) {  // now it is needed
    failures = 0;
    arm(effects, Timer::reconnect, options.policy.reconnect_delay, peer_of(current_));
  }
  arm_switchover(options.ail[current_].site_timeout, effects);
}

void DesktopSession::on_logged_in(const O& options, Effects& effects) {
  logged_in_ = true;
  not_ready_ = false;
  origin_ = current_;
  cancel_switchover(effects);
  add(effects, EffectKind::set_ready, current_);
  add(effects, EffectKind::open_stat, current_);
  add(effects, EffectKind::connect_csp, current_);
  become_active(options, effects);
}

void DesktopSession::become_active(const O& options, Effects& effects) {
  state_ = State::active;
  if (dn_out_[current_]) {  // the server has said so before it let us in (R37)
    state_ = State::wait_registration;
    arm_switchover(options.ail[current_].site_sip_register_timeout, effects);
  }
  move_if_wanted(options, effects);
}

void DesktopSession::on_login_refused(const O& options, Effects& effects) {
  state_ = State::login_retry;
  arm(effects, Timer::work, options.policy.login_retry);
  // Refused for good while the phone sits at the other site: as a lost registration, R79.
  if (!switchover_armed_) {
    arm_switchover(options.ail[current_].site_sip_register_timeout, effects);
  }
}

void DesktopSession::on_forced_out(const O& options, Effects& effects) {
  switch (state_) {
    case State::active:
    case State::wait_registration:
    case State::resuming: {
      logged_in_ = false;
      cancel_switchover(effects);
      const SiteIndex other = peer_of(current_);
      if (up_[other] && endpoint_ok(options, other)) {
        go_to_other(options, SwitchReason::forced_out, effects);
      } else {
        on_login_refused(options, effects);
      }
      break;
    }
    case State::moving:
      complete_move(options, effects);
      break;
    case State::wait_site:
    case State::wait_endpoint:
    case State::relogin_work:
      logged_in_ = false;
      break;
    default:
      break;
  }
}

void DesktopSession::on_endpoint_change(const O& options, Input input, SiteIndex site,
                                        Effects& effects) {
  const bool up = input == Input::phone_registered || input == Input::dn_in_service;
  const bool by_server = input == Input::dn_in_service || input == Input::dn_out_of_service;
  (by_server ? dn_ : phone_)[site] = up;
  if (by_server) dn_out_[site] = !up;
  if (state_ == State::off) return;
  // Only the server's word about the DN counts for R79: a dead server says nothing (§5.3).
  if (by_server && site == current_) {
    if (!up && state_ == State::active) {
      state_ = State::wait_registration;
      arm_switchover(options.ail[current_].site_sip_register_timeout, effects);
      return;
    }
    if (up && state_ == State::wait_registration) {
      state_ = State::active;
      cancel_switchover(effects);
      if (not_ready_) add(effects, EffectKind::set_ready, current_);
      not_ready_ = false;
    }
  }
  if (!up) return;
  if (state_ == State::wait_endpoint) proceed_to_target(options, effects);
  move_if_wanted(options, effects);
}

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
  if (!in_call_ && up_[other] && may_leave) {
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
  not_ready_ = false;
  advised_.reset();
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
  if (moves_ <= 2) return {};
  return std::min(kFirstPause * (1 << std::min(moves_ - 3, 6)), kLongestPause);
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
  add(effects, EffectKind::login, current_);
}

/// Moves a working desktop to where it was advised to go, or back home if that is the policy, when
/// it has no call and the other site has both its connection and its phone.
void DesktopSession::move_if_wanted(const O& options, Effects& effects) {
  if (advised_ == current_) advised_.reset();
  if (state_ != State::active || in_call_) return;
  const SiteIndex other = peer_of(current_);
  const bool home =
      options.policy.failback == Failback::return_after_call && other == options.preferred;
  if ((home || advised_ == other) && up_[other] && has_endpoint(other)) {
    log_out_and_move(SwitchReason::failback, effects);
  }
}

void DesktopSession::arm_switchover(Duration after, Effects& effects) {
  switchover_armed_ = true;
  arm(effects, Timer::switchover, after);
}

void DesktopSession::cancel_switchover(Effects& effects) {
  if (switchover_armed_) cancel(effects, Timer::switchover);
  switchover_armed_ = false;
}

}  // namespace bcsim::models::tlib
