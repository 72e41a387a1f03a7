// Transitions of transaction.hpp, inline because every simulated message passes through them.
#pragma once

#include "models/sip/transaction.hpp"

namespace bcsim::models::sip {

constexpr Duration ClientPolicy::give_up_after(ClientKind kind, Transport transport) const {
  Duration limit = 64 * timers.t1;
  if (max_retransmissions && transport == Transport::udp) {
    limit = timers.give_up_after(
        kind == ClientKind::invite ? Retransmission::invite : Retransmission::non_invite,
        *max_retransmissions);
  }
  return max_silence ? std::min(limit, *max_silence) : limit;
}

constexpr ClientEffects ClientTransaction::start(const ClientPolicy& policy) {
  assert(copies_sent_ == 0);
  copies_sent_ = 1;
  const Duration give_up = policy.give_up_after(kind_, transport_);
  timer_at_ = transport_ == Transport::udp ? std::min(policy.timers.t1, give_up) : give_up;
  return {.send_request = true, .timer = TimerChange::arm(timer_at_)};
}

constexpr ClientEffects ClientTransaction::on(ClientInput input, const ClientPolicy& policy) {
  assert(copies_sent_ > 0);
  switch (state_) {
    case ClientState::calling:
    case ClientState::trying:
      return on_unanswered(input, policy);
    case ClientState::proceeding:
      return on_proceeding(input, policy);
    case ClientState::completed:
      return on_completed(input);
    case ClientState::accepted:
      return on_accepted(input);
    case ClientState::terminated:
      return {};
  }
  return {};
}

constexpr ClientEffects ClientTransaction::on_unanswered(ClientInput input,
                                                         const ClientPolicy& policy) {
  switch (input) {
    case ClientInput::provisional:
      if (kind_ == ClientKind::invite) return on_provisional_to_invite(policy);
      state_ = ClientState::proceeding;
      return {.inform = Inform::provisional};  // timers E and F run on (§17.1.2.2)
    case ClientInput::success:
    case ClientInput::failure:
      return on_final(input == ClientInput::success, policy.timers);
    case ClientInput::timer: {
      const auto kind =
          kind_ == ClientKind::invite ? Retransmission::invite : Retransmission::non_invite;
      return repeat_or_give_up(policy.timers.retransmission_delay(kind, copies_sent_ + 1),
                               policy.give_up_after(kind_, transport_));
    }
    case ClientInput::transport_error:
      return terminate(Inform::transport_error, TimerChange::cancel());
    case ClientInput::cancel:
      // A CANCEL must wait for a provisional response, lest it overtakes the INVITE (§9.1).
      if (kind_ == ClientKind::invite) cancel_wanted_ = true;
      return {};
    case ClientInput::linger_over:
      return {};
  }
  return {};
}

constexpr ClientEffects ClientTransaction::on_provisional_to_invite(const ClientPolicy& policy) {
  state_ = ClientState::proceeding;
  // From here on neither A nor B runs: a server that dies now leaves the caller hanging (§3.1).
  ClientEffects effects{.inform = Inform::provisional, .timer = TimerChange::cancel()};
  if (policy.timer_c) effects.timer = TimerChange::arm(policy.timers.timer_c());
  if (cancel_wanted_) {
    effects.send_cancel = true;
    effects.timer = TimerChange::arm(64 * policy.timers.t1);
  }
  return effects;
}

constexpr ClientEffects ClientTransaction::on_proceeding(ClientInput input,
                                                         const ClientPolicy& policy) {
  switch (input) {
    case ClientInput::provisional: {
      const bool counts = kind_ == ClientKind::invite && policy.timer_c && !cancel_wanted_;
      return {.inform = Inform::provisional,
              .timer = counts ? TimerChange::arm(policy.timers.timer_c()) : TimerChange::keep()};
    }
    case ClientInput::success:
    case ClientInput::failure:
      return on_final(input == ClientInput::success, policy.timers);
    case ClientInput::timer:
      if (kind_ == ClientKind::non_invite) {  // E every T2, F as before (§17.1.2.2)
        return repeat_or_give_up(policy.timers.t2, policy.timers.timer_f());
      }
      // 64·T1 after a CANCEL the INVITE counts as cancelled (§9.1).
      if (cancel_wanted_) return terminate(Inform::timeout, TimerChange::keep());
      return policy.timer_c ? cancel_now(policy.timers) : ClientEffects{};
    case ClientInput::transport_error:
      // §17.1.1.2 names none for the INVITE, which sends nothing here; a CANCEL may still fail.
      return terminate(Inform::transport_error, TimerChange::cancel());
    case ClientInput::cancel:
      return kind_ == ClientKind::invite && !cancel_wanted_ ? cancel_now(policy.timers)
                                                            : ClientEffects{};
    case ClientInput::linger_over:
      return {};
  }
  return {};
}

constexpr ClientEffects ClientTransaction::cancel_now(const Timers& timers) {
  cancel_wanted_ = true;
  return {.send_cancel = true, .timer = TimerChange::arm(64 * timers.t1)};
}

constexpr ClientEffects ClientTransaction::on_completed(ClientInput input) {
  const bool invite = kind_ == ClientKind::invite;
  switch (input) {
    case ClientInput::failure:
      return {.send_ack = invite};  // a copy: the ACK was lost (§17.1.1.2)
    case ClientInput::transport_error:
      // Only the ACK of an INVITE can fail here (§17.1.1.2).
      return invite ? terminate(Inform::transport_error, TimerChange::keep()) : ClientEffects{};
    case ClientInput::linger_over:
      return terminate(Inform::nothing, TimerChange::keep());
    case ClientInput::provisional:
    case ClientInput::success:
    case ClientInput::timer:
    case ClientInput::cancel:
      return {};
  }
  return {};
}

constexpr ClientEffects ClientTransaction::on_accepted(ClientInput input) {
  switch (input) {
    case ClientInput::success:
      return {.inform = Inform::success_again};
    case ClientInput::linger_over:
      return terminate(Inform::nothing, TimerChange::keep());
    case ClientInput::provisional:
    case ClientInput::failure:
    case ClientInput::timer:
    case ClientInput::transport_error:
    case ClientInput::cancel:
      return {};
  }
  return {};
}

constexpr ClientEffects ClientTransaction::on_final(bool success, const Timers& timers) {
  const bool invite = kind_ == ClientKind::invite;
  ClientEffects effects{.send_ack = invite && !success,
                        .inform = success ? Inform::success : Inform::failure,
                        .timer = TimerChange::cancel()};
  effects.linger = !invite   ? timers.timer_k(transport_)
                   : success ? timers.timer_m()
                             : timers.timer_d(transport_);
  state_ = invite && success ? ClientState::accepted : ClientState::completed;
  if (effects.linger == Duration{0}) {
    state_ = ClientState::terminated;
    effects.terminated = true;
  }
  return effects;
}

constexpr ClientEffects ClientTransaction::repeat_or_give_up(Duration interval, Duration give_up) {
  const Duration now = timer_at_;
  if (now >= give_up) return terminate(Inform::timeout, TimerChange::keep());
  const bool repeats = transport_ == Transport::udp;
  timer_at_ = repeats ? std::min(now + interval, give_up) : give_up;
  if (repeats) ++copies_sent_;
  return {.send_request = repeats, .timer = TimerChange::arm(timer_at_ - now)};
}

constexpr ClientEffects ClientTransaction::terminate(Inform inform, TimerChange timer) {
  state_ = ClientState::terminated;
  return {.terminated = true, .inform = inform, .timer = timer};
}

constexpr ServerEffects ServerTransaction::on(ServerInput input, const Timers& timers) {
  if (state_ == ServerState::terminated) return {};
  if (kind_ == ServerKind::non_invite) return on_non_invite(input, timers);
  switch (state_) {
    case ServerState::proceeding:
      return on_invite_proceeding(input, timers);
    case ServerState::completed:
      return on_invite_completed(input, timers);
    case ServerState::accepted:
      return on_invite_accepted(input);
    case ServerState::confirmed:
      return input == ServerInput::linger_over ? terminate(Inform::nothing, TimerChange::keep())
                                               : ServerEffects{};
    case ServerState::trying:
    case ServerState::terminated:
      break;
  }
  assert(false && "not a state of an INVITE server transaction");
  return {};
}

constexpr ServerEffects ServerTransaction::on_invite_proceeding(ServerInput input,
                                                                const Timers& timers) {
  switch (input) {
    case ServerInput::request:
      return {.send_response = responded_};
    case ServerInput::send_trying:
      responded_ = true;
      return {.send_response = true};
    case ServerInput::send_provisional:
      responded_ = true;
      timer_at_ = timers.still_ringing();
      return {.send_response = true, .timer = TimerChange::arm(timer_at_)};
    case ServerInput::timer:
      if (timer_at_ == Duration{0}) return {};
      return {.send_response = true, .timer = TimerChange::arm(timer_at_)};
    case ServerInput::send_success: {
      ServerEffects effects = linger_or_terminate(ServerState::accepted, timers.timer_l(), true);
      effects.timer = TimerChange::cancel();
      return effects;
    }
    case ServerInput::send_failure:
      return send_invite_failure(timers);
    case ServerInput::transport_error:
      return {.inform = Inform::transport_error};  // and stay: RFC 6026 §7.1
    case ServerInput::ack:
    case ServerInput::linger_over:
      return {};
  }
  return {};
}

constexpr ServerEffects ServerTransaction::send_invite_failure(const Timers& timers) {
  state_ = ServerState::completed;
  copies_sent_ = 1;
  const Duration h = timers.timer_h();
  timer_at_ = transport_ == Transport::udp ? std::min(timers.timer_g(), h) : h;
  return {.send_response = true, .timer = TimerChange::arm(timer_at_)};
}

constexpr ServerEffects ServerTransaction::on_invite_completed(ServerInput input,
                                                               const Timers& timers) {
  switch (input) {
    case ServerInput::request:
      return {.send_response = true};
    case ServerInput::ack: {
      ServerEffects effects =
          linger_or_terminate(ServerState::confirmed, timers.timer_i(transport_), false);
      effects.timer = TimerChange::cancel();
      return effects;
    }
    case ServerInput::timer: {
      const Duration now = timer_at_;
      if (now >= timers.timer_h()) return terminate(Inform::timeout, TimerChange::keep());
      ++copies_sent_;
      timer_at_ =
          std::min(now + timers.retransmission_delay(Retransmission::invite_response, copies_sent_),
                   timers.timer_h());
      return {.send_response = true, .timer = TimerChange::arm(timer_at_ - now)};
    }
    case ServerInput::transport_error:
      return {.inform = Inform::transport_error};  // and stay: RFC 6026 §7.1
    case ServerInput::send_trying:
    case ServerInput::send_provisional:
    case ServerInput::send_success:
    case ServerInput::send_failure:
    case ServerInput::linger_over:
      return {};
  }
  return {};
}

constexpr ServerEffects ServerTransaction::on_invite_accepted(ServerInput input) {
  switch (input) {
    case ServerInput::send_success:
      return {.send_response = true};
    case ServerInput::ack:
      return {.inform = Inform::ack};
    case ServerInput::transport_error:
      return {.inform = Inform::transport_error};
    case ServerInput::linger_over:
      return terminate(Inform::nothing, TimerChange::keep());
    case ServerInput::request:  // absorbed: only the user repeats a 2xx (RFC 6026 §7.1)
    case ServerInput::send_trying:
    case ServerInput::send_provisional:
    case ServerInput::send_failure:
    case ServerInput::timer:
      return {};
  }
  return {};
}

constexpr ServerEffects ServerTransaction::on_non_invite(ServerInput input, const Timers& timers) {
  const bool completed = state_ == ServerState::completed;
  switch (input) {
    case ServerInput::request:
      return {.send_response = state_ != ServerState::trying};
    case ServerInput::send_trying:
    case ServerInput::send_provisional:
      if (completed) return {};
      state_ = ServerState::proceeding;
      return {.send_response = true};
    case ServerInput::send_success:
    case ServerInput::send_failure:
      if (completed) return {};
      return linger_or_terminate(ServerState::completed, timers.timer_j(transport_), true);
    case ServerInput::transport_error:
      // In Trying nothing has been sent that could fail (§17.2.2).
      if (state_ == ServerState::trying) return {};
      return terminate(Inform::transport_error, TimerChange::keep());
    case ServerInput::linger_over:
      return completed ? terminate(Inform::nothing, TimerChange::keep()) : ServerEffects{};
    case ServerInput::ack:
    case ServerInput::timer:
      return {};
  }
  return {};
}

constexpr ServerEffects ServerTransaction::linger_or_terminate(ServerState next, Duration linger,
                                                               bool send) {
  responded_ = true;
  const bool over = linger == Duration{0};
  state_ = over ? ServerState::terminated : next;
  return {.send_response = send, .terminated = over, .linger = linger};
}

constexpr ServerEffects ServerTransaction::terminate(Inform inform, TimerChange timer) {
  state_ = ServerState::terminated;
  return {.terminated = true, .inform = inform, .timer = timer};
}

constexpr SuccessResponder::Effects SuccessResponder::start(const Timers& timers) {
  assert(state_ == State::idle);
  state_ = State::waiting;
  copies_sent_ = 1;
  timer_at_ = timers.t1;
  return {.timer = TimerChange::arm(timer_at_)};
}

constexpr SuccessResponder::Effects SuccessResponder::on(Input input, const Timers& timers) {
  if (state_ != State::waiting) return {};
  if (input != Input::timer) {
    state_ = State::acknowledged;
    return {.timer = TimerChange::cancel()};
  }
  const Duration now = timer_at_;
  const Duration give_up = 64 * timers.t1;
  if (now >= give_up) {
    state_ = State::gave_up;
    return {.send_bye = true};
  }
  ++copies_sent_;
  timer_at_ = std::min(
      now + timers.retransmission_delay(Retransmission::success_response, copies_sent_), give_up);
  return {.send_response = true, .timer = TimerChange::arm(timer_at_ - now)};
}

}  // namespace bcsim::models::sip
