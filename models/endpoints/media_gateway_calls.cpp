// Calls in their dialogs, and their end.
#include <algorithm>
#include <cassert>

#include "models/endpoints/media_gateway.hpp"

namespace bcsim::models {

// ---- what arrives ------------------------------------------------------------------------------

void MediaGatewayEndpoint::on_message(Context& context, const Envelope& envelope) {
  if (const auto* request = std::get_if<sip::Request>(&envelope.message)) {
    layer_.on_request(context, *request, envelope.from, envelope.to);
  } else if (const auto* response = std::get_if<sip::Response>(&envelope.message)) {
    if (!layer_.on_response(context, *response)) on_late_success(context, *response, envelope.from);
  } else if (const auto* pstn = std::get_if<pstn::Message>(&envelope.message)) {
    const std::uint32_t known = find(pstn->call);
    if (pstn->kind == pstn::Kind::setup) {
      on_setup(context, *pstn);
    } else if (known != kNone && calls_[known].outgoing) {
      on_outgoing_progress(context, known, *pstn);
    } else if (pstn->kind == pstn::Kind::release) {
      const std::uint32_t slot = find(pstn->call);
      if (slot != kNone) hang_up(context, slot);
    }
  } else if (const auto* notice = std::get_if<notice::Message>(&envelope.message)) {
    on_notice(context, *notice);
  }
}

void MediaGatewayEndpoint::on_timer(Context& context, sim::TimerTag tag) {
  if (layer_.on_timer(context, tag)) return;
  switch (static_cast<TimerKind>(tag.kind)) {
    case options_timer: {
      const auto proxy = static_cast<ha::ProxyIndex>(tag.index);
      options_timers_[proxy] = {};
      apply(context, proxy, proxies_.on_timer(proxy, proxy_options_));
      return;
    }
    case ring_timer:
      calls_[tag.index].timer = {};
      release(context, tag.index, {pstn::Release::ring_timeout, 0});
      return;
    case rtp_timer:
      calls_[tag.index].timer = {};
      release(context, tag.index, {pstn::Release::media_lost, 0});
      return;
    case session_timer:
      refresh_session(context, tag.index);
      return;
  }
}

void MediaGatewayEndpoint::on_unreachable(Context& context, const Envelope& envelope) {
  const auto* request = std::get_if<sip::Request>(&envelope.message);
  if (!options_.heed_icmp || request == nullptr) return;
  // A set-up or a probe can go elsewhere. The end of a call cannot: it is repeated until somebody
  // hears it, perhaps the backup (domain.md §5.8).
  const bool initial = request->method == sip::Method::invite && !request->in_dialog;
  if (initial || request->method == sip::Method::options) layer_.on_unreachable(context, envelope);
}

void MediaGatewayEndpoint::on_response(Context& context, sip::Inform inform,
                                       const sip::Response* response, const sip::Request& request,
                                       sip::Owner owner, sip::TransactionId) {
  switch (static_cast<OwnerKind>(owner.kind)) {
    case options_owner:
      on_options_response(context, inform, response, static_cast<SiteIndex>(owner.index));
      return;
    case invite_owner: {
      if (inform == sip::Inform::success_again) {  // our ACK was lost
        acknowledge(context, request, *response);
        return;
      }
      const Invite& invite = invites_[owner.index];
      if (!invite.live || invite.generation != owner.data) return;
      on_invite_response(context, inform, response, request, owner.index);
      return;
    }
    case refresh_owner:
      on_refresh_response(context, inform, response, request);
      return;
    case bye_owner:  // the dialog is over whatever the answer (RFC 3261 §15.1.1)
      return;
  }
}

sip::Response MediaGatewayEndpoint::answer(Context& context, const sip::Request& request) {
  sip::Response response;
  response.path = request.path;
  response.contact = context.address();
  return response;
}

void MediaGatewayEndpoint::on_request(Context& context, const sip::Request& request, AddressId from,
                                      sip::TransactionId id, sip::TransactionId invite) {
  sip::Response response = answer(context, request);
  switch (request.method) {
    case sip::Method::invite:
      if (request.in_dialog) {
        on_reinvite(context, request, id);
        return;
      }
      on_outgoing_invite(context, request, from, id);
      return;
    case sip::Method::bye:
      on_bye(context, request, id);
      return;
    case sip::Method::cancel:  // of a re-INVITE, which has been answered at once (§9.2)
      response.status = invite.valid() ? 200 : 481;
      on_outgoing_cancel(context, request);
      break;
    case sip::Method::register_:
      response.status = 405;
      break;
    case sip::Method::options:
    case sip::Method::ack:
      break;
  }
  layer_.respond(context, id, response);
}

void MediaGatewayEndpoint::on_reinvite(Context& context, const sip::Request& request,
                                       sip::TransactionId id) {
  const std::uint32_t slot = find(request.call, request.dialog);
  sip::Response response = answer(context, request);
  if (slot == kNone || calls_[slot].state != CallState::answered) {
    response.status = 481;
    layer_.respond(context, id, response);
    return;
  }
  if (request.contact.valid()) calls_[slot].remote = request.contact;  // target refresh, §12.2.2
  response.media = context.self();
  layer_.respond(context, id, response);
  if (request.media.valid() && !calls_[slot].outgoing) {
    tell_speech(context, slot, request.media);
  }
}

// ---- session timer (RFC 4028): the gateway, which set up the call, refreshes it ----

std::uint32_t MediaGatewayEndpoint::session_expires_s() const {
  return static_cast<std::uint32_t>(options_.session_expires.value_or(Duration{}) / 1s);
}

void MediaGatewayEndpoint::await_refresh(Context& context, std::uint32_t slot) {
  if (!options_.session_expires) return;
  calls_[slot].session_timer =
      context.arm(sip::session_refresh_after(*options_.session_expires), {session_timer, slot});
}

void MediaGatewayEndpoint::refresh_session(Context& context, std::uint32_t slot) {
  Call& call = calls_[slot];
  call.session_timer = {};
  sip::Request reinvite;
  reinvite.method = sip::Method::invite;
  reinvite.in_dialog = true;
  reinvite.dialog = call.dialog;
  reinvite.cseq = ++call.cseq;
  reinvite.call = call.id;
  reinvite.dn = call.dn;
  reinvite.media = context.self();
  reinvite.contact = context.address();
  reinvite.expires_s = session_expires_s();
  layer_.request(context, context.address(), call.remote, reinvite, {.owns_call_id = true},
                 {.kind = refresh_owner});
}

/// Silence and 481 end the call (RFC 4028 §7.2); our servers give no other failure.
void MediaGatewayEndpoint::on_refresh_response(Context& context, sip::Inform inform,
                                               const sip::Response* response,
                                               const sip::Request& request) {
  if (inform == sip::Inform::provisional) return;
  const bool agreed = inform == sip::Inform::success || inform == sip::Inform::success_again;
  if (agreed) acknowledge(context, request, *response);
  const std::uint32_t slot = find(request.call, request.dialog);
  if (slot == kNone || inform == sip::Inform::success_again) return;
  calls_[slot].cseq = std::max(calls_[slot].cseq, request.cseq);  // it may have been sent again
  if (agreed) {
    await_refresh(context, slot);
  } else {
    release(context, slot, {pstn::Release::session_expired, 0});
  }
}

void MediaGatewayEndpoint::on_bye(Context& context, const sip::Request& request,
                                  sip::TransactionId id) {
  const std::uint32_t slot = find(request.call, request.dialog);
  sip::Response response = answer(context, request);
  if (slot == kNone && !take_owed_bye(request.dialog)) response.status = 481;
  layer_.respond(context, id, response);
  layer_.stop_waiting_for_ack(context, request.dialog);
  if (slot == kNone) return;
  Call& call = calls_[slot];
  if (call.invite != kNone) {  // its 200 was lost: the transaction must be ended all the same
    layer_.cancel(context, invites_[call.invite].transaction);
    invites_[call.invite].call = kNone;
    call.invite = kNone;
  }
  // A call that has been transferred away says so (default routing of an answered call). The Reason
  // header (RFC 3326) says of others that nobody was heard any more, that our ACK or a refresh was
  // waited for in vain, or that nobody took the call.
  using pstn::Release;
  const std::uint32_t reason = request.expires_s;
  const auto why = request.bc_hop                 ? Release::default_routed
                   : reason == sip::kNothingHeard ? Release::media_lost
                   : reason == sip::kNotConfirmed ? Release::session_expired
                   : reason != 0                  ? Release::rejected
                                                  : Release::normal;
  const bool rejected = why == Release::rejected;
  tell_release(context, slot, {why, static_cast<std::uint16_t>(rejected ? reason : 0)});
  free_call(context, slot);
}

void MediaGatewayEndpoint::on_ack(Context& context, const sip::Request& ack) {
  const std::uint32_t slot = find(ack.call, ack.dialog);
  if (slot != kNone) {
    calls_[slot].acknowledged = true;
  } else if (const auto bye = take_owed_bye(ack.dialog)) {
    send_bye(context, bye->to, bye->request);
  }
}

void MediaGatewayEndpoint::on_no_ack(Context& context, const sip::Response& success) {
  const std::uint32_t slot = find(success.call, success.dialog);
  if (slot != kNone) {
    calls_[slot].acknowledged = true;  // given up: the BYE may go
    release(context, slot, {pstn::Release::session_expired, 0});
  } else if (const auto bye = take_owed_bye(success.dialog)) {
    send_bye(context, bye->to, bye->request);
  }
}

std::optional<MediaGatewayEndpoint::OwedBye> MediaGatewayEndpoint::take_owed_bye(
    std::uint64_t dialog) {
  const auto found = std::find_if(owed_byes_.begin(), owed_byes_.end(),
                                  [&](const OwedBye& bye) { return bye.request.dialog == dialog; });
  if (found == owed_byes_.end()) return std::nullopt;
  const OwedBye bye = *found;
  owed_byes_.erase(found);
  return bye;
}

void MediaGatewayEndpoint::on_notice(Context& context, const notice::Message& notice) {
  const std::uint32_t slot = find(notice.call);
  if (slot == kNone) return;
  Call& call = calls_[slot];
  const bool answered = call.state == CallState::answered;
  switch (notice.kind) {
    case notice::Kind::speech_lost:
      release(context, slot, {pstn::Release::speech_lost, 0});
      break;
    case notice::Kind::rtp_stopped:
      if (call.rtp_stopped != sim::kNever) break;
      call.goodbye = notice.index != 0;
      if (!call.outgoing && !call.goodbye) tell_silence(context, slot, true);
      call.rtp_stopped = context.now();  // before the answer: the timer starts with it
      if (answered) call.timer = context.arm(options_.rtp_loss_timeout, {rtp_timer, slot});
      break;
    case notice::Kind::rtp_resumed:
      if (answered) {
        context.cancel(call.timer);
        call.timer = {};
      }
      if (!call.outgoing && call.rtp_stopped != sim::kNever) tell_silence(context, slot, false);
      call.rtp_stopped = sim::kNever;
      break;
    default:
      break;
  }
}

// ---- the end -----------------------------------------------------------------------------------

void MediaGatewayEndpoint::acknowledge(Context& context, const sip::Request& invite,
                                       const sip::Response& success) {
  assert(success.contact.valid());  // RFC 3261 §12.1.1
  sip::Request ack = invite;
  ack.copy = success.copy;  // each copy of the 2xx has an ACK of its own
  ack.media = {};
  layer_.acknowledge(context, context.address(), success.contact, ack);
}

/// A 2xx to an INVITE that was given up (RFC 3261 §13.2.2.4): whoever has answered is not to wait
/// for us. A copy that was longer under way than its transaction lived is of a call that stands.
void MediaGatewayEndpoint::on_late_success(Context& context, const sip::Response& success,
                                           AddressId from) {
  const AddressId to = success.contact.valid() ? success.contact : from;
  const std::uint32_t slot = find(success.call, success.dialog);
  if (slot == kNone || calls_[slot].state != CallState::answered) {
    layer_.refuse(context, context.address(), to, success);
    return;
  }
  layer_.acknowledge(context, context.address(), to, sip::ack_of(success));
}

void MediaGatewayEndpoint::send_bye(Context& context, AddressId to, const sip::Request& bye) {
  sip::Request request = bye;
  request.method = sip::Method::bye;
  request.copy = 0;
  request.in_dialog = true;
  request.media = {};
  request.contact = context.address();
  layer_.request(context, context.address(), to, request, {}, {.kind = bye_owner});
}

void MediaGatewayEndpoint::hang_up(Context& context, std::uint32_t slot) {
  Call& call = calls_[slot];
  if (call.state == CallState::answered) {
    sip::Request bye;
    bye.dialog = call.dialog;
    bye.cseq = ++call.cseq;
    bye.call = call.id;
    bye.dn = call.dn;
    if (call.outgoing && !call.acknowledged) {  // not before its ACK (RFC 3261 §15)
      owed_byes_.push_back({call.remote, bye});
    } else {
      layer_.stop_waiting_for_ack(context, call.dialog);
      send_bye(context, call.remote, bye);
    }
  } else if (call.outgoing) {
    sip::Response refusal;
    refusal.status = 480;
    layer_.respond(context, call.their_invite, refusal);
  } else if (call.invite != kNone) {
    // Without any answer yet there is nothing to cancel: it waits for one, or times out (§9.1).
    layer_.cancel(context, invites_[call.invite].transaction);
    invites_[call.invite].call = kNone;
    call.invite = kNone;
  }
  free_call(context, slot);
}

void MediaGatewayEndpoint::free_call(Context& context, std::uint32_t slot) {
  Call& call = calls_[slot];
  context.cancel(call.timer);
  context.cancel(call.session_timer);
  slot_by_call_.erase(call.id.value);
  calls_.give_back(slot);
}

void MediaGatewayEndpoint::release(Context& context, std::uint32_t slot, const Failure& failure) {
  tell_release(context, slot, failure);
  hang_up(context, slot);
}

void MediaGatewayEndpoint::tell_pstn(Context& context, std::uint32_t slot, pstn::Kind kind) {
  pstn::Message message;
  message.kind = kind;
  message.call = calls_[slot].id;
  context.notify(directory_.pstn, message);
}

/// Whom the caller hears from now on.
void MediaGatewayEndpoint::tell_speech(Context& context, std::uint32_t slot, NodeId media) {
  pstn::Message message;
  message.kind = pstn::Kind::speech;
  message.flag = is_phone(media);
  message.call = calls_[slot].id;
  message.media = media;
  context.notify(directory_.pstn, message);
}

void MediaGatewayEndpoint::tell_silence(Context& context, std::uint32_t slot, bool silent) {
  pstn::Message message;
  message.kind = pstn::Kind::silence;
  message.flag = silent;
  message.call = calls_[slot].id;
  context.notify(directory_.pstn, message);
}

void MediaGatewayEndpoint::tell_release(Context& context, std::uint32_t slot,
                                        const Failure& failure) {
  pstn::Message message;
  message.kind = calls_[slot].outgoing ? pstn::Kind::cleared : pstn::Kind::release;
  message.release = failure.release;
  message.status = calls_[slot].outgoing ? static_cast<std::uint16_t>(gateway_) : failure.status;
  message.call = calls_[slot].id;
  const sim::SimTime stopped = calls_[slot].rtp_stopped;
  if (stopped != sim::kNever && !calls_[slot].goodbye) message.unheard = context.now() - stopped;
  context.notify(directory_.pstn, message);
}

std::uint32_t MediaGatewayEndpoint::find(CallId call) const {
  const auto found = slot_by_call_.find(call.value);
  return found == slot_by_call_.end() ? kNone : found->second;
}

std::uint32_t MediaGatewayEndpoint::find(CallId call, std::uint64_t dialog) const {
  const std::uint32_t slot = find(call);
  return slot == kNone || calls_[slot].dialog != dialog ? kNone : slot;
}

bool MediaGatewayEndpoint::is_phone(NodeId node) const {
  return node.valid() && node.value < phones_.size() && phones_[node.value];
}

}  // namespace bcsim::models
