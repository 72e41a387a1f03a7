// What the agent hears, or no longer hears, and how he hangs up.
#include <cassert>

#include "models/endpoints/sip_phone.hpp"

namespace bcsim::models {

void SipPhoneEndpoint::on_notice(Context& context, const notice::Message& notice) {
  if (notice.kind == notice::Kind::dial) dial(context, notice);
  if (notice.kind == notice::Kind::phone_asked) {
    using enum notice::PhoneState;
    tell_desktop(context, state_ == State::idle ? free : in_use);
    return;
  }
  if (notice.kind == notice::Kind::hang_up) {
    give_up_own_call(context, notice.call, notice.index != 0);
  }
  if (state_ == State::idle || dialog_.call != notice.call) return;
  const bool stopped = notice.kind == notice::Kind::rtp_stopped;
  if (stopped || notice.kind == notice::Kind::rtp_resumed) {
    if (!stopped || state_ == State::ringing) {
      silent_since_ = sim::kNever;
    } else if (silent_since_ == sim::kNever) {
      silent_since_ = context.now();
      goodbye_ = notice.index != 0;
    }
    listen(context);
  }
  // The phone cannot tell a lost trunk call from a silent one: only the agent's ears matter.
  if (notice.kind != notice::Kind::speech_lost) return;
  if (state_ == State::ringing) {
    speech_lost_ = true;
    return;
  }
  if (state_ == State::dialing) {  // whom he called has answered, and word of it will not come
    put_down(context, pstn::Release::speech_lost);
    return;
  }
  speech_lost_ = true;
  listen(context);
  end_own_call(context, pstn::Release::speech_lost);
  context.cancel(call_timer_);
  call_timer_ = {};
  const Duration delay = directory_.scenario->run.hang_up_delay;
  if (delay > Duration::zero()) {
    call_timer_ = context.arm(delay, {hang_up_timer});
  } else {
    hang_up_call(context);
  }
}

/// Whether somebody is heard has changed. Before the ACK nobody is: the other side is not joined.
/// Whose speech was lost with a SIP Server hangs up by another clock, `hang-up-delay`.
void SipPhoneEndpoint::listen(Context& context) {
  const bool hears = silent_since_ == sim::kNever && acknowledged_;
  if (state_ != State::talking || hears || speech_lost_) {
    context.cancel(silence_timer_);
    silence_timer_ = {};
  } else if (!silence_timer_.valid() && options_.silence_patience) {
    silence_timer_ = context.arm(*options_.silence_patience, {silence_timer});
  }
}

/// ASSUMPTION: an agent who has heard nothing for `silence-patience` hangs up; if it is a second
/// agent whom he asks, he takes the caller back.
void SipPhoneEndpoint::nothing_heard(Context& context) {
  if (interrupted_) {
    context.notify(directory_.agent(agent_).desktop,
                   notice::Message{.kind = notice::Kind::speech_lost, .call = dialog_.call});
    return;
  }
  context.record(HungUpInSilence{dialog_.call, agent_});
  hang_up_call(context, sip::kNothingHeard);
}

/// The phone is free at once; the BYE meets its timers as usual.
void SipPhoneEndpoint::hang_up_call(Context& context, std::uint16_t cause) {
  assert(state_ == State::talking || state_ == State::dialing);
  using pstn::Release;
  const bool spoke = state_ == State::talking;
  end_own_call(context, cause == sip::kNothingHeard   ? Release::media_lost
                        : cause == sip::kNotConfirmed ? Release::session_expired
                        : spoke                       ? Release::normal
                                                      : Release::no_response);
  dialog_.cause = cause;
  if (acknowledged_) {
    send_bye(context, dialog_);
  } else {
    ending_.push_back(dialog_);
  }
  free_line(context);
}

void SipPhoneEndpoint::send_bye(Context& context, const Dialog& dialog) {
  sip::Request bye;
  bye.method = sip::Method::bye;
  bye.in_dialog = true;
  bye.path = dialog.path;
  bye.dialog = dialog.id;
  bye.cseq = dialog.cseq + 1;
  bye.call = dialog.call;
  bye.dn = dialog.dn;
  bye.contact = context.address();
  bye.expires_s = dialog.cause;
  layer_.request(context, context.address(), dialog.peer, bye, {}, {.kind = bye_owner});
}

/// Of the same agent: he sees his phone, whatever servers know of it.
void SipPhoneEndpoint::tell_desktop(Context& context, notice::PhoneState state) {
  if (directory_.agent(agent_).phone != context.self()) return;  // he sits elsewhere
  notice::Message notice;
  notice.kind = notice::Kind::phone_state;
  notice.index = static_cast<std::uint32_t>(state);
  context.notify(directory_.agent(agent_).desktop, notice);
}

/// From idle: it rings, or dials.
void SipPhoneEndpoint::take_line(Context& context, State state) {
  assert(state_ == State::idle);
  state_ = state;
  tell_desktop(context, notice::PhoneState::in_use);
}

void SipPhoneEndpoint::free_line(Context& context) {
  context.cancel(call_timer_);
  context.cancel(session_timer_);
  context.cancel(silence_timer_);
  call_timer_ = session_timer_ = silence_timer_ = {};
  silent_since_ = sim::kNever;
  interrupted_.reset();
  consulted_ = {};
  state_ = State::idle;
  tell_desktop(context, notice::PhoneState::free);
  if (!held_failure_) return;
  const HeldFailure failure = *held_failure_;
  held_failure_.reset();
  leave_server(context, failure);
}

}  // namespace bcsim::models
