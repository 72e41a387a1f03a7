// Calls that the agent places: with the phone itself (1pcc, R18, R62), or by his desktop, whose SIP
// Server rings him first (3pcc). He hears what becomes of them, and says so to whoever made him
// call.
#include <cassert>

#include "models/endpoints/failover_policy.hpp"
#include "models/endpoints/sip_phone.hpp"

namespace bcsim::models {

void SipPhoneEndpoint::tell_own_caller(Context& context, pstn::Kind kind, bool flag) {
  pstn::Message message;
  message.kind = kind;
  message.flag = flag;
  message.call = dialog_.call;
  context.notify(directory_.pstn, message);
}

/// Once for each own call; harmless for others.
void SipPhoneEndpoint::end_own_call(Context& context, pstn::Release release, std::uint16_t status) {
  if (!own_call_) return;
  own_call_ = false;
  pstn::Message message;
  message.kind = pstn::Kind::release;
  message.release = release;
  message.status = status;
  message.call = dialog_.call;
  if (silent_since_ != sim::kNever && !goodbye_) message.unheard = context.now() - silent_since_;
  context.notify(directory_.pstn, message);
}

/// The phone does not have it: it has another call, which he answers or goes on with (rejected,
/// 486), or has heard nothing of it (no_response).
void SipPhoneEndpoint::dialled_in_vain(Context& context, CallId call, pstn::Release release) {
  pstn::Message message;
  message.kind = pstn::Kind::in_vain;
  message.release = release;
  message.status = release == pstn::Release::rejected ? 486 : 0;
  message.call = call;
  context.notify(directory_.pstn, message);
}

// ---- 1pcc ----

void SipPhoneEndpoint::dial(Context& context, const notice::Message& what) {
  if (state_ != State::idle) {
    dialled_in_vain(context, what.call, pstn::Release::rejected);
    return;
  }
  take_line(context, State::dialing);
  own_call_ = true;
  acknowledged_ = speech_lost_ = false;
  tried_ = 0;
  invites_ = 0;
  dialog_ = {.id = 0, .peer = {}, .call = what.call, .dn = what.dn};
  conversation_ = what.conversation;
  const double u = context.stream("phone.srv", what.call.value).uniform();
  invite_server(context, outbound_site(context.now(), u));
}

void SipPhoneEndpoint::invite_server(Context& context, SiteIndex site) {
  tried_ = static_cast<PathMask>(tried_ | path_of(site));
  dialog_.peer = directory_.sip_server[site];
  dialog_.id = dialog_id(sip::Leg::caller, dialog_.call.value, context.self(), invites_);
  dialog_.cseq = 1;
  context.record(PhoneInvited{dialog_.call, agent_, site, invites_});
  sip::Request invite;
  invite.call_branch = CallBranch::of_invite(invites_++);
  invite.method = sip::Method::invite;
  invite.dialog = dialog_.id;
  invite.cseq = 1;
  invite.call = dialog_.call;
  invite.dn = dialog_.dn;
  invite.media = context.self();
  invite.contact = context.address();
  invite.conversation = conversation_;
  invite_ = layer_.request(context, context.address(), dialog_.peer, invite,
                           dialling_policy(options_), {.kind = invite_owner, .index = site});
}

void SipPhoneEndpoint::on_invite_response(Context& context, sip::Inform inform,
                                          const sip::Response* response,
                                          const sip::Request& request, SiteIndex site) {
  const bool current = own_call_ && in_call(request.dialog);
  const bool success = inform == sip::Inform::success || inform == sip::Inform::success_again;
  if (inform == sip::Inform::provisional) {
    if (current && response->status > 100) tell_own_caller(context, pstn::Kind::alerting);
    return;
  }
  if (success) {
    sip::Request ack = request;
    ack.copy = response->copy;
    ack.media = {};
    layer_.acknowledge(context, context.address(), response->contact, ack);
    if (current && inform == sip::Inform::success) {
      dialog_.peer = response->contact;
      dialog_.path = response->path;
      acknowledged_ = true;
      callee_answered(context);
    } else if (inform == sip::Inform::success) {  // it crossed our CANCEL (§15)
      send_bye(context, {.id = request.dialog,
                         .peer = response->contact,
                         .call = request.call,
                         .dn = request.dn,
                         .cseq = request.cseq});
    }
    return;
  }
  if (response == nullptr) phone_.on_call_unanswered(phone_options(), site, context.now());
  if (!current || state_ != State::dialing) return;
  if (response == nullptr) {
    const bool timeout = inform == sip::Inform::timeout;
    context.record(SetupFailed{dialog_.call, kNoGateway, site, timeout ? 408u : 503u});
    try_other_server(context, site, pstn::Release::no_response, 0);
  } else if (response->status / 100 == 5) {
    context.record(SetupFailed{dialog_.call, kNoGateway, site, response->status});
    try_other_server(context, site, pstn::Release::rejected, response->status);
  } else if (response->status / 100 == 3) {  // a server that drains names its peer
    try_other_server(context, site, pstn::Release::rejected, response->status);
  } else {
    end_own_call(context, pstn::Release::rejected, response->status);
    free_line(context);
  }
}

/// A 2xx to an INVITE that was given up for the other server (RFC 3261 §13.2.2.4); or a copy that
/// was longer under way than its transaction lived.
void SipPhoneEndpoint::on_late_success(Context& context, const sip::Response& success,
                                       AddressId from) {
  const AddressId to = success.contact.valid() ? success.contact : from;
  if (in_call(success.dialog) && state_ == State::talking) {
    layer_.acknowledge(context, context.address(), to, sip::ack_of(success));
  } else {
    layer_.refuse(context, context.address(), to, success);
  }
}

/// RFC 3263 §4.3: the next target, as a new transaction.
void SipPhoneEndpoint::try_other_server(Context& context, SiteIndex failed, pstn::Release release,
                                        std::uint16_t status) {
  const SiteIndex other = peer_of(failed);
  if ((tried_ & path_of(other)) == 0) {
    invite_server(context, other);
    return;
  }
  end_own_call(context, release, status);
  free_line(context);
}

// ---- 3pcc ----

/// The server that is to place his call rings him first; he has asked for it, so he answers at
/// once.
void SipPhoneEndpoint::answer_own_server(Context& context, const sip::Request& request,
                                         AddressId from, sip::TransactionId id) {
  if (state_ != State::idle) {
    layer_.respond(context, id, answer(486, request.path));
    dialled_in_vain(context, request.call, pstn::Release::rejected);
    return;
  }
  take_line(context, State::dialing);
  own_call_ = true;
  acknowledged_ = speech_lost_ = false;
  dialog_ = {.id = request.dialog,
             .peer = request.contact.valid() ? request.contact : from,
             .call = request.call,
             .dn = request.dn,
             .path = request.path};
  conversation_ = request.conversation;
  invite_ = {};
  sip::Response ok = answer(200, request.path);
  ok.media = context.self();
  layer_.respond(context, id, ok);
}

// ---- both ----

/// They speak. Of two agents the one who was called ends an internal call if `releases` says agent.
void SipPhoneEndpoint::callee_answered(Context& context) {
  state_ = State::talking;
  listen(context);
  tell_own_caller(context, pstn::Kind::connect);
  tell_own_caller(context, pstn::Kind::speech, true);
  const bool outgoing = conversation_.kind == CallKind::outgoing;
  conversation_.agent_releases = conversation_.agent_releases == outgoing;
  call_timer_ = context.arm(talk_after(Duration{}), {hang_up_timer});
}

/// His patience is at an end, and nobody has answered; or (`unknown`) his desktop knows of no call,
/// or of none any more: then only if nobody has.
void SipPhoneEndpoint::give_up_own_call(Context& context, CallId call, bool unknown) {
  if (!own_call_ || dialog_.call != call) {
    if (unknown) dialled_in_vain(context, call, pstn::Release::no_response);
    return;
  }
  if (state_ == State::dialing) {
    put_down(context, pstn::Release::no_response);
  } else if (!unknown) {
    hang_up_call(context);
  }
}

/// Before he has heard an answer.
void SipPhoneEndpoint::put_down(Context& context, pstn::Release release) {
  assert(state_ == State::dialing);
  end_own_call(context, release);
  if (invite_.valid()) {
    layer_.cancel(context, invite_);
    free_line(context);
  } else {
    hang_up_call(context);
  }
}

}  // namespace bcsim::models
