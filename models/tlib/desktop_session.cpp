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
  const bool leaving =
      owes_logout_[site] && (input == Input::connected || input == Input::connection_failed ||
                             input == Input::connection_lost || input == Input::timer_reconnect ||
                             input == Input::logged_out || input == Input::forced_out);
  if (state_ == State::off && !always && !leaving) return effects;
  switch (input) {
    case Input::shift_start:
    case Input::shift_end:
    case Input::csp_connected:
    case Input::csp_failed:
    case Input::person_read:
      on_start_or_end(input, options, site, effects);
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
    case Input::login_refused:
    case Input::logged_out:
    case Input::forced_out:
    case Input::resumed:
    case Input::not_logged_in:
      on_login_event(input, options, site, effects);
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
    case Input::closing_on:
    case Input::closing_off:
      closing_[site] = input == Input::closing_on;
      move_if_wanted(options, effects);
      break;
    case Input::recommended:
      advised_ = site;
      move_if_wanted(options, effects);
      break;
    case Input::call_started:
    case Input::call_ended:
      on_call(input, options, effects);
      break;
    case Input::timer_switchover:
    case Input::timer_work:
    case Input::timer_csp:
    case Input::timer_reconnect:
    case Input::timer_calm:
      on_timer(input, options, site, effects);
      break;
  }
  return effects;
}

/// What waits for the end of a call is done then.
void DesktopSession::on_call(Input input, const O& options, Effects& effects) {
  in_call_ = input == Input::call_started;
  if (in_call_) return;
  if (shift_over_) {
    shift_end(effects);
  } else {
    move_if_wanted(options, effects);
  }
}

/// The shift, and the way to the Person at its start.
void DesktopSession::on_start_or_end(Input input, const O& options, SiteIndex site,
                                     Effects& effects) {
  if (input == Input::shift_start) {
    shift_start(options, effects);
  } else if (input == Input::shift_end) {
    shift_over_ = true;
    if (!in_call_) {
      shift_end(effects);
    } else if (at_work()) {
      add(effects, EffectKind::set_not_ready, current_);  // no further call after this one
    }
  } else if (input == Input::csp_failed) {
    on_csp_failed(options, site, effects);
  } else if (input == Input::csp_connected && state_ == State::csp_connect) {
    state_ = State::read_person;
    add(effects, EffectKind::read_person, site);
  } else if (input == Input::person_read && state_ == State::read_person) {
    on_person_read(options, effects);
  }
}

/// What a server says of the login there.
void DesktopSession::on_login_event(Input input, const O& options, SiteIndex site,
                                    Effects& effects) {
  const bool out = input == Input::logged_out || input == Input::forced_out;
  if (out) owes_logout_[site] = false;
  if (site != current_) return;
  if (out) {
    on_unasked_logout(options, input == Input::forced_out, effects);
  } else if (input == Input::logged_in && state_ == State::logging_in) {
    on_logged_in(options, effects);
  } else if (input == Input::login_refused && state_ == State::logging_in) {
    on_login_refused(options, effects);
  } else if (input == Input::resumed && state_ == State::resuming) {
    become_active(options, effects);
  } else if (input == Input::not_logged_in && state_ == State::resuming) {
    logged_in_ = false;
    on_login_refused(options, effects);  // the question was a login, too
  }
}

void DesktopSession::on_timer(Input input, const O& options, SiteIndex site, Effects& effects) {
  const bool booting = state_ == State::csp_connect || state_ == State::read_person;
  if (input == Input::timer_switchover && switchover_armed_) {
    on_switchover_timer(options, effects);
  } else if (input == Input::timer_work &&
             (state_ == State::relogin_work || state_ == State::login_retry)) {
    login(effects);
  } else if (input == Input::timer_csp && state_ == State::csp_connect) {
    begin_boot(options, effects);
  } else if (input == Input::timer_reconnect && !up_[site] && !booting) {
    add(effects, EffectKind::connect, site);
  } else if (input == Input::timer_calm) {
    moves_ = 0;
    move_if_wanted(options, effects);
  }
}

void DesktopSession::shift_start(const O& options, Effects& effects) {
  const bool stays = std::exchange(shift_over_, false);
  if (state_ != State::off) {
    if (stays && at_work() && !not_ready_) add(effects, EffectKind::set_ready, current_);
    return;
  }
  state_ = State::csp_connect;
  current_ = origin_ = options.preferred;
  up_ = {};  // asked again when the person is read
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

/// A login may stand where he works or is about to, and where he came from; where no connection is,
/// the logout has to wait for one.
void DesktopSession::shift_end(Effects& effects) {
  // A login still on its way is followed by its logout: the connection keeps the order.
  const bool may_be_in = state_ == State::active || state_ == State::resuming ||
                         state_ == State::wait_registration || state_ == State::logging_in;
  const bool asked = state_ == State::moving;
  auto owes = owes_logout_;
  owes[current_] = owes[current_] || may_be_in || asked || state_ == State::wait_site;
  owes[origin_] = owes[origin_] || logged_in_;
  for (const SiteIndex site : {SiteIndex{0}, SiteIndex{1}}) {
    if (owes[site] && up_[site] && !(asked && site == current_)) {
      add(effects, EffectKind::logout, site);
    }
  }
  for (const SiteIndex site : {SiteIndex{0}, SiteIndex{1}}) {
    if (owes[site] && !up_[site]) {
      add(effects, EffectKind::connect, site);
      continue;
    }
    add(effects, EffectKind::close, site);
    cancel(effects, Timer::reconnect, site);
  }
  for (const Timer timer : {Timer::switchover, Timer::work, Timer::csp, Timer::calm}) {
    cancel(effects, timer);
  }
  const auto phone = phone_, up = up_;
  const SiteIndex preferred = current_;  // set again by the next shift_start
  *this = DesktopSession(O{.preferred = preferred});
  phone_ = phone;
  owes_logout_ = owes;
  up_ = up;
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
  if (owes_logout_[site] && (state_ == State::off || site != current_)) {
    add(effects, EffectKind::logout, site);
  }
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

/// Who works at the other site, or not at all, needs this one only in case of need, and asks for it
/// ever more seldom: a site may be gone for good.
Duration DesktopSession::reconnect_after(const O& options, SiteIndex site) {
  const Duration delay = options.policy.reconnect_delay;
  const bool idle = state_ == State::off || (state_ == State::active && site != current_);
  failures_[site] = idle ? std::min(failures_[site] + 1, 16) : 1;
  return std::max(delay, std::min(delay * (1 << (failures_[site] - 1)), kLongestReconnect));
}

void DesktopSession::on_connection_lost(const O& options, SiteIndex site, Effects& effects) {
  if (!up_[site]) return;
  up_[site] = dn_[site] = dn_out_[site] = single_[site] = closing_[site] = false;
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
  if (!shift_over_) add(effects, EffectKind::set_ready, current_);
  add(effects, EffectKind::open_stat, current_);
  add(effects, EffectKind::connect_csp, current_);
  become_active(options, effects);
}

void DesktopSession::become_active(const O& options, Effects& effects) {
  state_ = State::active;
  if (shift_over_)
    add(effects, EffectKind::set_not_ready, current_);  // the call in hand is his last
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

/// … or the answer to our own logout, if that was under way. Who is not sent elsewhere may log in
/// again where he was.
void DesktopSession::on_unasked_logout(const O& options, bool elsewhere, Effects& effects) {
  switch (state_) {
    case State::active:
    case State::wait_registration:
    case State::resuming: {
      logged_in_ = false;
      cancel_switchover(effects);
      const SiteIndex other = peer_of(current_);
      if (elsewhere && up_[other] && endpoint_ok(options, other) && !closing_[other]) {
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
      move_if_wanted(options, effects);
      return;
    }
    if (up && state_ == State::wait_registration) {
      state_ = State::active;
      cancel_switchover(effects);
      if (not_ready_ && !shift_over_) add(effects, EffectKind::set_ready, current_);
      not_ready_ = false;
    }
  }
  if (!up) return;
  if (state_ == State::wait_endpoint) proceed_to_target(options, effects);
  move_if_wanted(options, effects);
}

}  // namespace bcsim::models::tlib
