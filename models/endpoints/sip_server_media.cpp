// What caller and agent hear: treatment, re-INVITEs, hold, and the session timers that notice when
// nobody is there any more.
#include <algorithm>

#include "models/endpoints/sip_server.hpp"

namespace bcsim::models {

// ---- treatment ----

void SipServerEndpoint::start_treatment(Context& context, std::uint32_t slot) {
  pair_.calls_[slot].state = ServerCall::State::treated;
  invite_media_server(context, slot);
}

void SipServerEndpoint::invite_media_server(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  ServerLeg& leg = call.treatment;
  leg.state = ServerLeg::State::inviting;
  leg.heard = false;
  leg.cseq = 1;
  ++leg.attempt;
  // Numbered after the caller's leg too: a call may come to this server twice.
  leg.dialog = sip::dialog_id(sip::Leg::treatment, call.id.value, context.self(),
                              static_cast<std::uint32_t>(call.caller.dialog) + leg.attempt);
  pair_.call_by_dialog_[leg.dialog] = slot;
  leg.remote = directory_.media_server[site_];
  sip::Request invite = request_of(sip::Method::invite, about(call, leg));
  invite.path = call.path;
  invite.media = call.caller.media;
  invite.contact = address();
  leg.invite = layer_.request(context, address(), leg.remote, invite,
                              {.max_retransmissions = kServerRetransmissions},
                              owner_of(treatment_owner, slot, leg.attempt));
}

void SipServerEndpoint::on_treatment(Context& context, std::uint32_t slot, sip::Inform inform,
                                     const sip::Response* response) {
  ServerCall& call = pair_.calls_[slot];
  ServerLeg& leg = call.treatment;
  if (call.state == ServerCall::State::talking || call.transferred) {
    on_music(context, slot, inform, response);
    return;
  }
  switch (inform) {
    case sip::Inform::success:
      leg.state = ServerLeg::State::up;
      leg.invite = {};
      if (response->contact.valid()) leg.remote = response->contact;
      leg.media = response->media;
      context.record(TreatmentStarted{call.id, site_});
      answer_caller(context, slot, leg.media);
      [[fallthrough]];
    case sip::Inform::success_again: {
      acknowledge(context, leg.remote, about(call, leg), *response);
      if (inform == sip::Inform::success_again) break;
      call.routable_at = context.now() + options().announcement;
      if (options().announcement > Duration{}) {
        call.announcement_timer =
            context.arm(options().announcement, {.kind = announcement_timer, .index = slot});
      } else {
        make_routable(context, slot);
      }
      break;
    }
    case sip::Inform::failure:
    case sip::Inform::timeout:
    case sip::Inform::transport_error:
      if (leg.state == ServerLeg::State::up) break;
      // Nobody plays anything, so there is nothing to wait for: the caller hears ringing.
      pair_.call_by_dialog_.erase(leg.dialog);
      leg.state = ServerLeg::State::none;
      leg.invite = {};
      call.treatment_failed = true;
      if (!call.confirmed() && !call.caller.rung) {
        call.caller.rung = true;
        respond(context, call.caller.invite, 180, {.path = call.path});
      }
      make_routable(context, slot);
      break;
    case sip::Inform::provisional:
    case sip::Inform::nothing:
    case sip::Inform::ack:
      break;
  }
}

void SipServerEndpoint::announcement_over(Context& context, std::uint32_t slot) {
  pair_.calls_[slot].announcement_timer = {};
  make_routable(context, slot);
}

/// BYE or CANCEL to the media server.
void SipServerEndpoint::end_treatment(Context& context, ServerCall& call) {
  ServerLeg& leg = call.treatment;
  if (leg.state == ServerLeg::State::inviting) {
    layer_.cancel(context, leg.invite);
  } else if (leg.state == ServerLeg::State::up) {
    send_bye(context, leg.remote, about(call, leg));
  }
  pair_.call_by_dialog_.erase(leg.dialog);
  leg.state = ServerLeg::State::none;
  leg.invite = {};
  ++leg.attempt;  // what may still come from it is not this call's
}

// ---- what the caller hears ----

/// Joins the caller and the agent who has just answered.
void SipServerEndpoint::connect_caller(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  if (call.confirmed()) {
    join_media(context, slot);
  } else {
    answer_caller(context, slot, call.agent_leg.media);
  }
  end_treatment(context, call);
}

/// Whom the caller is to hear.
NodeId SipServerEndpoint::media_for_caller(const ServerCall& call) {
  const bool talking = call.state == ServerCall::State::talking;
  return talking && !call.held ? call.agent_leg.media : call.treatment.media;
}

/// A re-INVITE to the caller, unless he hears the right one already.
void SipServerEndpoint::join_media(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  call.caller.media_owed = call.caller.media_sent != media_for_caller(call);
  if (call.caller.media_owed) send_reinvite(context, slot);
}

/// Waits for the ACK to our 200 first: one INVITE at a time in a dialog (RFC 3261 §14.1).
void SipServerEndpoint::send_reinvite(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  CallerLeg& leg = call.caller;
  if (leg.state != CallerLeg::State::confirmed || leg.reinvite.valid()) return;
  sip::Request reinvite =
      request_of(sip::Method::invite, {leg.dialog, ++leg.cseq, call.id, call.dn});
  reinvite.in_dialog = true;
  reinvite.path = call.path;
  reinvite.media = leg.media_sent = media_for_caller(call);
  reinvite.contact = address();
  leg.reinvite = layer_.request(context, address(), leg.remote, reinvite, {},
                                owner_of(reinvite_owner, slot, 0));
}

void SipServerEndpoint::on_reinvite_result(Context& context, std::uint32_t slot,
                                           sip::Inform inform) {
  ServerCall& call = pair_.calls_[slot];
  if (inform == sip::Inform::success) {
    call.caller.reinvite = {};
    join_media(context, slot);  // it may have changed again meanwhile
  } else if (inform != sip::Inform::provisional && inform != sip::Inform::success_again) {
    // The caller's gateway is gone, or has no such dialog: caller and agent never meet.
    call.caller.reinvite = {};
    end_call(context, slot, {CallerEnd::Kind::bye, 0, {}});
  }
}

/// Theirs: the caller's refresh, or hold and retrieve by the agent; a peer with whom the agent is
/// changes what the caller is to hear.
void SipServerEndpoint::on_reinvite(Context& context, const sip::Request& request,
                                    sip::TransactionId id) {
  const std::uint32_t slot = find_call(request.dialog);
  if (slot == ServerAgent::kNoCall) {
    respond(context, id, 481);
    return;
  }
  ServerCall& call = pair_.calls_[slot];
  const bool by_caller = request.dialog == call.caller.dialog;
  const NodeId media = by_caller ? media_for_caller(call) : call.caller.media;
  respond(context, id, 200, {.path = call.path, .media = media, .contact = address()});
  if (by_caller) {
    caller_refreshed(context, slot, context.now());
  } else if (request.dialog == call.agent_leg.dialog && call.state == ServerCall::State::talking) {
    if (request.media.valid()) call.agent_leg.media = request.media;
    if (call.agent_where == acd::Where::here && request.held != call.held) {
      hold(context, slot, request.held);
    } else {
      join_media(context, slot);
    }
  }
}

// ---- hold: the caller hears music ----

void SipServerEndpoint::hold(Context& context, std::uint32_t slot, bool held) {
  ServerCall& call = pair_.calls_[slot];
  call.held = held;
  context.record(CallHeld{call.id, call.agent, site_, held ? 1u : 0u});
  if (call.agent_supervised) {
    change(context, call.agent, held ? acd::AgentInput::hold : acd::AgentInput::retrieve);
    tell_of_call(context, call.agent, held ? tlib::Kind::held : tlib::Kind::retrieved, call.id);
  }
  if (held) {
    invite_media_server(context, slot);
  } else {
    join_media(context, slot);
    end_treatment(context, call);
  }
}

void SipServerEndpoint::on_music(Context& context, std::uint32_t slot, sip::Inform inform,
                                 const sip::Response* response) {
  ServerCall& call = pair_.calls_[slot];
  ServerLeg& leg = call.treatment;
  switch (inform) {
    case sip::Inform::success:
      leg.state = ServerLeg::State::up;
      leg.invite = {};
      if (response->contact.valid()) leg.remote = response->contact;
      leg.media = response->media;
      join_media(context, slot);
      [[fallthrough]];
    case sip::Inform::success_again:
      acknowledge(context, leg.remote, about(call, leg), *response);
      break;
    case sip::Inform::failure:
    case sip::Inform::timeout:
    case sip::Inform::transport_error:
      if (leg.state == ServerLeg::State::up) break;
      pair_.call_by_dialog_.erase(leg.dialog);  // no music: the caller hears silence
      leg.state = ServerLeg::State::none;
      leg.invite = {};
      break;
    case sip::Inform::provisional:
    case sip::Inform::nothing:
    case sip::Inform::ack:
      break;
  }
}

// ---- session timers (RFC 4028): who set up a leg refreshes it ----

/// The caller's side has been heard of at `when`, which may be before the switchover.
void SipServerEndpoint::caller_refreshed(Context& context, std::uint32_t slot, SimTime when) {
  CallerLeg& leg = pair_.calls_[slot].caller;
  if (leg.session == Duration{}) return;
  context.cancel(leg.session_timer);
  leg.refreshed_at = when;
  const SimTime end = when + sip::session_ends_after(leg.session);
  leg.session_timer = context.arm(std::max(end - context.now(), Duration{}),
                                  {.kind = caller_session_timer, .index = slot});
}

void SipServerEndpoint::await_refresh(Context& context, std::uint32_t slot, SimTime when) {
  ServerLeg& leg = pair_.calls_[slot].agent_leg;
  if (!options().session_expires) return;
  leg.refreshed_at = when;
  const SimTime due = when + sip::session_refresh_after(*options().session_expires);
  leg.session_timer = context.arm(std::max(due - context.now(), Duration{}),
                                  {.kind = agent_session_timer, .index = slot});
}

void SipServerEndpoint::refresh_agent_leg(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  ServerLeg& leg = call.agent_leg;
  context.cancel(leg.session_timer);
  leg.session_timer = {};
  const ServerCall* second =
      call.consult != ServerCall::kNoCall && !call.asks() ? &pair_.calls_[call.consult] : nullptr;
  const bool asked = second != nullptr && second->state == ServerCall::State::talking;
  ++leg.cseq;
  sip::Request reinvite = request_of(sip::Method::invite, about(call, leg));
  reinvite.in_dialog = true;
  reinvite.path = call.path;
  reinvite.held = second != nullptr && !asked;
  reinvite.media = asked ? second->agent_leg.media : call.caller.media;
  reinvite.contact = address();
  reinvite.expires_s = session_expires_s();
  (void)layer_.request(context, address(), leg.remote, reinvite, {.owns_call_id = true},
                       owner_of(refresh_owner, slot, leg.attempt));
}

/// A phone that does not answer, or knows no such call (481): so it is over (RFC 4028 §10).
void SipServerEndpoint::on_refresh_result(Context& context, std::uint32_t slot,
                                          sip::Inform inform) {
  ServerCall& call = pair_.calls_[slot];
  if (inform == sip::Inform::success) {
    await_refresh(context, slot, context.now());
  } else if (inform != sip::Inform::provisional && inform != sip::Inform::success_again) {
    end_call(context, slot, hang_up(call, 480));
  }
}

}  // namespace bcsim::models
