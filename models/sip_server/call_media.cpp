#include "models/sip_server/call_media.hpp"

#include <algorithm>

namespace bcsim::models {

namespace {

/// The media server has answered.
void bring_up(ServerLeg& leg, const sip::Response& success) {
  leg.state = ServerLeg::State::up;
  leg.invite = {};
  if (success.contact.valid()) leg.remote = success.contact;
  leg.media = success.media;
}

}  // namespace

// ---- treatment ----

void CallMedia::start_treatment(Context& context, std::uint32_t slot) {
  calls_[slot].state = ServerCall::State::treated;
  invite_media_server(context, slot);
}

void CallMedia::invite_media_server(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  ServerLeg& leg = call.treatment;
  Signalling::begin_leg(context, call, leg, sip::Leg::treatment, leg.attempt + 1);
  calls_.bind(leg.dialog, slot);
  leg.remote = site_.directory.media_server[site_.index];
  sip::Request invite = Signalling::request_of(sip::Method::invite, Signalling::about(call, leg));
  invite.path = call.path;
  invite.media = call.caller.media;
  invite.contact = site_.address();
  leg.invite = sip_.request(context, leg.remote, invite,
                            {.max_retransmissions = Signalling::kServerRetransmissions},
                            Signalling::owner_of(LegOwner::treatment, slot, call, leg.attempt));
}

void CallMedia::on_treatment(Context& context, std::uint32_t slot, sip::Inform inform,
                             const sip::Response* response) {
  ServerCall& call = calls_[slot];
  ServerLeg& leg = call.treatment;
  if (call.connected() || call.errand == ServerCall::Errand::passed_on) {
    on_music(context, slot, inform, response);
    return;
  }
  switch (inform) {
    case sip::Inform::success:
      bring_up(leg, *response);
      context.record(TreatmentStarted{call.id, site_.index, call.branch});
      answer_caller(context, slot, leg.media);
      [[fallthrough]];
    case sip::Inform::success_again: {
      sip_.acknowledge(context, leg.remote, Signalling::about(call, leg), *response);
      if (inform == sip::Inform::success_again) break;
      call.routable_at = context.now() + site_.options().announcement;
      if (site_.options().announcement > Duration{}) {
        call.announcement_timer =
            context.arm(site_.options().announcement, tag_of(ServerTimer::announcement, slot));
      } else {
        user_.make_routable(context, slot);
      }
      break;
    }
    case sip::Inform::failure:
    case sip::Inform::timeout:
    case sip::Inform::transport_error:
      if (leg.state == ServerLeg::State::up) break;
      // Nobody plays anything, so there is nothing to wait for: the caller hears ringing.
      calls_.unbind(leg.dialog);
      leg.state = ServerLeg::State::failed;
      leg.invite = {};
      sip_.ring_back(context, call);
      user_.make_routable(context, slot);
      break;
    case sip::Inform::provisional:
    case sip::Inform::nothing:
    case sip::Inform::ack:
      break;
  }
}

void CallMedia::announcement_over(Context& context, std::uint32_t slot) {
  calls_[slot].announcement_timer = {};
  user_.make_routable(context, slot);
}

void CallMedia::end_treatment(Context& context, ServerCall& call) {
  ServerLeg& leg = call.treatment;
  if (leg.state == ServerLeg::State::inviting) {
    sip_.cancel(context, leg.invite);
  } else if (leg.state == ServerLeg::State::up) {
    sip_.send_bye(context, leg.remote, Signalling::about(call, leg));
  }
  calls_.unbind(leg.dialog);
  leg.state = ServerLeg::State::none;
  leg.invite = {};
  ++leg.attempt;  // what may still come from it is not this call's
}

// ---- what the caller hears ----

void CallMedia::answer_caller(Context& context, std::uint32_t slot, NodeId media) {
  ServerCall& call = calls_[slot];
  call.caller.state = CallerLeg::State::answered;
  call.caller.media_sent = media;
  sip_.respond(context, call.caller.invite, 200,
               {.path = call.path, .media = media, .contact = site_.address()});
  caller_refreshed(context, slot, context.now());
}

void CallMedia::connect_caller(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  if (call.confirmed()) {
    join_media(context, slot);
  } else {
    answer_caller(context, slot, call.agent_leg.media);
  }
  end_treatment(context, call);
}

/// Whom the caller is to hear.
NodeId CallMedia::media_for_caller(const ServerCall& call) {
  return call.state == ServerCall::State::talking ? call.agent_leg.media : call.treatment.media;
}

void CallMedia::join_media(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  call.caller.media_owed = call.caller.media_sent != media_for_caller(call);
  if (call.caller.media_owed) send_reinvite(context, slot);
}

/// Waits for the ACK to our 200 first: one INVITE at a time in a dialog (RFC 3261 §14.1).
void CallMedia::send_reinvite(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  CallerLeg& leg = call.caller;
  if (leg.state != CallerLeg::State::confirmed || leg.reinvite.valid()) return;
  sip::Request reinvite =
      Signalling::request_of(sip::Method::invite, {leg.dialog, ++leg.cseq, call.id, call.dn});
  reinvite.in_dialog = true;
  reinvite.path = call.path;
  reinvite.media = leg.media_sent = media_for_caller(call);
  reinvite.contact = site_.address();
  leg.reinvite = sip_.request(context, leg.remote, reinvite, {},
                              Signalling::owner_of(LegOwner::reinvite, slot, calls_[slot], 0));
}

void CallMedia::on_reinvite_result(Context& context, std::uint32_t slot, sip::Inform inform,
                                   std::uint32_t cseq) {
  ServerCall& call = calls_[slot];
  call.caller.cseq = std::max(call.caller.cseq, cseq);  // it may have been sent again
  if (inform == sip::Inform::success) {
    call.caller.reinvite = {};
    join_media(context, slot);  // it may have changed again meanwhile
  } else if (inform != sip::Inform::provisional && inform != sip::Inform::success_again) {
    // The caller's gateway is gone, or has no such dialog: caller and agent never meet.
    call.caller.reinvite = {};
    user_.caller_lost(context, slot);
  }
}

/// Theirs: the caller's refresh, or hold and retrieve by the agent; a peer with whom the agent is
/// changes what the caller is to hear.
void CallMedia::on_reinvite(Context& context, const sip::Request& request, sip::TransactionId id) {
  const std::uint32_t slot = calls_.find(request.dialog);
  if (slot == CallTable::kNone) {
    sip_.respond(context, id, 481);
    return;
  }
  ServerCall& call = calls_[slot];
  const bool by_caller = request.dialog == call.caller.dialog;
  const NodeId media = by_caller ? media_for_caller(call) : call.caller.media;
  sip_.respond(context, id, 200, {.path = call.path, .media = media, .contact = site_.address()});
  if (by_caller) {
    // The agent who was asked is turned from his colleague to the caller, whom he now has.
    const bool turned = request.media.valid() && request.media != call.caller.media;
    if (call.asks() && turned) call.errand = ServerCall::Errand::passed_on;
    caller_refreshed(context, slot, context.now());
  } else if (request.dialog == call.agent_leg.dialog && call.connected()) {
    if (request.media.valid()) call.agent_leg.media = request.media;
    if (call.here() && request.held != (call.state == ServerCall::State::held)) {
      hold(context, slot, request.held);
    } else {
      join_media(context, slot);
    }
  }
}

// ---- hold: the caller hears music ----

void CallMedia::hold(Context& context, std::uint32_t slot, bool held) {
  ServerCall& call = calls_[slot];
  call.state = held ? ServerCall::State::held : ServerCall::State::talking;
  context.record(CallHeld{call.id, call.agent, site_.index, held ? 1u : 0u, call.branch});
  if (call.supervised()) {
    agents_.change(context, call.agent, held ? acd::AgentInput::hold : acd::AgentInput::retrieve);
    agents_.tell_of_call(context, call.agent, held ? tlib::Kind::held : tlib::Kind::retrieved,
                         call.id);
  }
  if (held) {
    invite_media_server(context, slot);
  } else {
    join_media(context, slot);
    end_treatment(context, call);
  }
}

void CallMedia::on_music(Context& context, std::uint32_t slot, sip::Inform inform,
                         const sip::Response* response) {
  ServerCall& call = calls_[slot];
  ServerLeg& leg = call.treatment;
  switch (inform) {
    case sip::Inform::success:
      bring_up(leg, *response);
      join_media(context, slot);
      [[fallthrough]];
    case sip::Inform::success_again:
      sip_.acknowledge(context, leg.remote, Signalling::about(call, leg), *response);
      break;
    case sip::Inform::failure:
    case sip::Inform::timeout:
    case sip::Inform::transport_error:
      if (leg.state == ServerLeg::State::up) break;
      calls_.unbind(leg.dialog);  // no music: the caller hears silence
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

void CallMedia::caller_refreshed(Context& context, std::uint32_t slot, SimTime when) {
  CallerLeg& leg = calls_[slot].caller;
  if (leg.session == Duration{}) return;
  context.cancel(leg.session_timer);
  leg.refreshed_at = when;
  const SimTime end = when + sip::session_ends_after(leg.session);
  leg.session_timer = context.arm(std::max(end - context.now(), Duration{}),
                                  tag_of(ServerTimer::caller_session, slot));
}

void CallMedia::await_refresh(Context& context, std::uint32_t slot, SimTime when) {
  ServerLeg& leg = calls_[slot].agent_leg;
  if (!site_.options().session_expires) return;
  leg.refreshed_at = when;
  context.cancel(leg.session_timer);  // two refreshes may have been on their way
  const SimTime due = when + sip::session_refresh_after(*site_.options().session_expires);
  leg.session_timer = context.arm(std::max(due - context.now(), Duration{}),
                                  tag_of(ServerTimer::agent_session, slot));
}

void CallMedia::refresh_agent_leg(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  ServerLeg& leg = call.agent_leg;
  context.cancel(leg.session_timer);
  leg.session_timer = {};
  const ServerCall* second =
      call.consult != CallTable::kNone && !call.asks() ? &calls_[call.consult] : nullptr;
  const bool asked = second != nullptr && second->connected();
  ++leg.cseq;
  sip::Request reinvite = Signalling::request_of(sip::Method::invite, Signalling::about(call, leg));
  reinvite.in_dialog = true;
  reinvite.path = call.path;
  reinvite.held = second != nullptr && !asked;
  reinvite.media = asked ? second->agent_leg.media : call.caller.media;
  reinvite.contact = site_.address();
  reinvite.expires_s = sip_.session_expires_s();
  sip_.request(context, leg.remote, reinvite, {.owns_call_id = true},
               Signalling::owner_of(LegOwner::refresh, slot, calls_[slot], leg.attempt));
}

/// A phone that does not answer, or knows no such call (481): so it is over (RFC 4028 §10).
void CallMedia::on_refresh_result(Context& context, std::uint32_t slot, sip::Inform inform,
                                  std::uint32_t cseq) {
  ServerLeg& leg = calls_[slot].agent_leg;
  leg.cseq = std::max(leg.cseq, cseq);  // it may have been sent again
  if (inform == sip::Inform::success) {
    await_refresh(context, slot, context.now());
  } else if (inform != sip::Inform::provisional && inform != sip::Inform::success_again) {
    user_.agent_lost(context, slot);
  }
}

}  // namespace bcsim::models
