// The agent's side of the back-to-back user agent: ringing a phone here, or one at the peer through
// the inter-site trunk.
#include <cassert>

#include "models/endpoints/sip_server.hpp"

namespace bcsim::models {

using acd::AgentInput;
using acd::Where;

namespace {
/// With this status a leg that was not answered overflows: the caller is told to go elsewhere.
constexpr std::uint16_t kOverflows = 302;
}  // namespace

SipServerEndpoint::AgentAfterFailure SipServerEndpoint::after_no_answer(AfterRoutingAction action) {
  switch (action) {
    case AfterRoutingAction::none:
      return AgentAfterFailure::ready;
    case AfterRoutingAction::not_ready:
      return AgentAfterFailure::not_ready;
    case AfterRoutingAction::logout:
      return AgentAfterFailure::logged_out;
  }
  return AgentAfterFailure::ready;
}

// ---- ringing ----

/// Gives the call to an agent: to his phone's contact, or to the peer that serves him.
void SipServerEndpoint::offer(Context& context, std::uint32_t slot, acd::Candidate candidate) {
  ServerCall& call = pair_.calls_[slot];
  const AgentId id{candidate.agent};
  const bool here = candidate.where == Where::here;
  call.agent = id;
  call.agent_where = candidate.where;
  call.agent_supervised = here && agent_at(id).logged_in();
  if (call.queued()) {
    pair_.router_.call_leaves(slot, call.queue);
    --pair_.waiting_[call.queue];
  }
  call.state = ServerCall::State::offered;
  const SiteIndex agent_site = here ? site_ : peer_of(site_);
  const PathMask path = call.path | path_of(agent_site);
  // Of a queue at the peer: its server chose, and has said so.
  if (!call.routed_by_peer && !call.asks())
    context.record(CallRouted{call.id, id, agent_site, path});
  if (here) {
    withdraw(context, id);
    agent_at(id).call = slot;
    if (call.agent_supervised) change(context, id, AgentInput::ring);
    const std::optional<AddressId> contact = pair_.registrar_.lookup(id.value, context.now());
    assert(contact);
    ring(context, slot, *contact, false);
  } else {
    pair_.router_.agent_gone(id.value, Where::at_peer);
    ring(context, slot, directory_.sip_server[agent_site], true);
  }
}

void SipServerEndpoint::ring(Context& context, std::uint32_t slot, AddressId target,
                             bool by_trunk) {
  ServerCall& call = pair_.calls_[slot];
  ServerLeg& leg = call.agent_leg;
  leg.state = ServerLeg::State::inviting;
  leg.heard = false;
  leg.cseq = 1;
  ++leg.attempt;
  leg.remote = target;
  // Numbered after the caller's leg too: a call may come to this server twice.
  leg.dialog =
      sip::dialog_id(by_trunk ? sip::Leg::trunk : sip::Leg::agent, call.id.value, context.self(),
                     static_cast<std::uint32_t>(call.caller.dialog) + leg.attempt);
  pair_.call_by_dialog_[leg.dialog] = slot;
  sip::Request invite = request_of(sip::Method::invite, about(call, leg));
  invite.bc_hop = by_trunk;
  invite.path = call.path;
  invite.priority = call.priority;
  invite.media = call.caller.media;
  invite.contact = address();
  invite.conversation = call.conversation;
  invite.expires_s = session_expires_s();
  sip::ClientPolicy policy;
  const bool outside = call.dn.is_outside();
  if (by_trunk || outside) policy.max_retransmissions = kServerRetransmissions;
  leg.invite = layer_.request(context, address(), target, invite, policy,
                              owner_of(agent_owner, slot, leg.attempt));
  // For how long it rings there is the business of the peer, or of the agent who calls.
  if (call.forwarded || outside) return;
  const Duration patience = answer_limit(call) + (by_trunk ? kTrunkPatience : Duration{});
  if (patience == Duration{}) return;
  call.routing_timer = context.arm(patience, {.kind = routing_timer, .index = slot});
}

void SipServerEndpoint::on_agent_leg(Context& context, std::uint32_t slot, sip::Inform inform,
                                     const sip::Response* response) {
  ServerCall& call = pair_.calls_[slot];
  const bool here = call.agent_where == Where::here;
  switch (inform) {
    case sip::Inform::provisional:
      call.agent_leg.heard = true;
      if (response->status >= 180) agent_rings(context, slot);
      break;
    case sip::Inform::success:
      agent_answered(context, slot, *response);
      break;
    case sip::Inform::success_again:
      acknowledge(context, call.agent_leg.remote, about(call, call.agent_leg), *response);
      break;
    case sip::Inform::failure:
      leg_failed(context, slot, response->status, AgentAfterFailure::held_back);
      break;
    case sip::Inform::timeout:
    case sip::Inform::transport_error:
      leg_failed(context, slot, inform == sip::Inform::timeout ? 408 : 503,
                 here ? AgentAfterFailure::not_ready : AgentAfterFailure::held_back);
      break;
    case sip::Inform::nothing:
    case sip::Inform::ack:
      break;
  }
}

void SipServerEndpoint::agent_rings(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  if (call.agent_leg.state != ServerLeg::State::inviting) return;
  call.agent_leg.state = ServerLeg::State::ringing;
  if (call.agent_where == Where::here) {
    if (!call.asks()) context.record(CallRinging{call.id, call.agent, site_});
    if (call.agent_supervised) {
      tell_of_call(context, call.agent, tlib::Kind::ringing, call.id);
    }
  } else if (call.dn.is_outside()) {
    context.record(CallRinging{call.id, AgentId{}, site_});
  }
  if (call.confirmed() || call.caller.rung) return;
  call.caller.rung = true;
  respond(context, call.caller.invite, 180, {.path = call.path});
}

void SipServerEndpoint::agent_answered(Context& context, std::uint32_t slot,
                                       const sip::Response& response) {
  ServerCall& call = pair_.calls_[slot];
  ServerLeg& leg = call.agent_leg;
  context.cancel(call.routing_timer);
  call.routing_timer = {};
  leg.state = ServerLeg::State::up;
  leg.invite = {};
  leg.media = response.media;
  if (response.contact.valid()) leg.remote = response.contact;
  call.state = ServerCall::State::talking;
  acknowledge(context, leg.remote, about(call, leg), response);
  if (call.agent_where == Where::here) {
    if (!call.asks()) {
      context.record(
          CallAnswered{call.id, call.agent, site_, call.path, call.agent_supervised ? 1u : 0u});
    }
    if (call.agent_supervised) {
      change(context, call.agent, AgentInput::answer);
      tell(context, {.kind = tlib::Kind::established,
                     .agent = call.agent,
                     .call = call.id,
                     .conversation = call.conversation});
    }
  } else if (call.dn.is_outside()) {
    context.record(CallAnswered{call.id, call.conversation.from, site_, call.path,
                                call.dialler_supervised ? 1u : 0u});
  } else {
    call.path |= response.path | path_of(peer_of(site_));
  }
  dialler_answered(context, call);
  context.cancel(call.wait_timer);
  call.wait_timer = {};
  await_refresh(context, slot, context.now());
  if (call.asks() && !call.caller.from_peer) {
    second_answered(context, slot);
  } else {
    connect_caller(context, slot);
  }
}

// ---- not answered ----

/// How long an agent's phone may ring, by who is calling (domain.md §2.8); 0: no limit.
Duration SipServerEndpoint::answer_limit(const ServerCall& call) const {
  return call.to_own_number() ? options().agent_no_answer_timeout : options().after_routing_timeout;
}

/// after-routing-timeout is over, or agent-no-answer-timeout of a call to the agent's own number.
void SipServerEndpoint::agent_did_not_answer(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  call.routing_timer = {};
  if (call.state != ServerCall::State::offered) return;
  AgentAfterFailure after = after_no_answer(options().after_routing_timeout_action);
  std::uint16_t status = 408;
  if (call.to_own_number()) {
    const auto& overflow = options().agent_no_answer_overflow;
    if (!overflow) {
      call.unanswered = true;  // what becomes of the agent is decided when the ringing ends
      return;
    }
    after = after_no_answer(options().agent_no_answer_action);
    // A colleague who calls is told that nobody answers (ASSUMPTION).
    const bool goes_on =
        *overflow != SipServerOptions::kRelease && call.conversation.kind == CallKind::direct;
    if (goes_on) status = kOverflows;
  }
  // A phone that has said nothing at all would swallow one call after the other.
  if (!call.agent_leg.heard) after = AgentAfterFailure::not_ready;
  layer_.cancel(context, call.agent_leg.invite);
  leg_failed(context, slot, status, after);
}

/// What the caller of an Extension, or of a number at the peer, is told: busy, gone to the default
/// destination there, or not available.
SipServerEndpoint::CallerEnd SipServerEndpoint::not_reached(const ServerCall& call,
                                                            std::uint16_t status) const {
  if (call.forwarded && status == 302 && !call.confirmed()) {
    return {CallerEnd::Kind::moved, 302, {}};
  }
  return hang_up(call, status == 486 || status == 404 ? status : std::uint16_t{480});
}

/// The call waits again, ahead of all that came after it; or, if it was for this agent alone, ends.
void SipServerEndpoint::leg_failed(Context& context, std::uint32_t slot, std::uint16_t status,
                                   AgentAfterFailure after) {
  ServerCall& call = pair_.calls_[slot];
  if (call.state != ServerCall::State::offered || sent_out_again(context, slot, status)) return;
  context.cancel(call.routing_timer);
  call.routing_timer = {};
  const bool here = call.agent_where == Where::here;
  const bool waits_again = call.queued() && !call.forwarded;
  if (waits_again && !call.asks()) {
    context.record(
        CallReturned{call.id, call.agent, here ? site_ : std::uint32_t{peer_of(site_)}, status});
  }
  const ServerCall failed = call;
  pair_.call_by_dialog_.erase(call.agent_leg.dialog);
  call.agent_leg.state = ServerLeg::State::none;
  call.agent_leg.invite = {};
  ++call.agent_leg.attempt;
  call.agent_where = Where::at_peer;  // no agent here is its concern any more
  if (here) stop_supervising(context, failed, after);
  if (!waits_again && status == kOverflows && !call.forwarded) {
    default_route(context, slot, CallDefaultRouted::Cause::no_answer);
  } else if (!waits_again) {
    end_call(context, slot, not_reached(call, status));
  } else {
    ++pair_.waiting_[call.queue];
    const auto& maximum = queue_options(call.queue).maximum_wait;
    call.state = ServerCall::State::waiting;
    if (maximum && context.now() - call.queued_at >= *maximum) {
      waited_too_long(context, slot);
    } else {
      make_routable(context, slot);
    }
  }
  if (here) update_routability(context, failed.agent);
}

/// What becomes of an agent whose phone was rung in vain.
void SipServerEndpoint::stop_supervising(Context& context, const ServerCall& call,
                                         AgentAfterFailure after) {
  ServerAgent& agent = agent_at(call.agent);
  agent.call = ServerAgent::kNoCall;
  if (!call.agent_supervised) return;
  if (call.agent_leg.state == ServerLeg::State::ringing) {
    tell_of_call(context, call.agent, tlib::Kind::released, call.id);
  }
  change(context, call.agent, AgentInput::no_answer);
  after_ringing(context, call.agent, after);
}

void SipServerEndpoint::after_ringing(Context& context, AgentId id, AgentAfterFailure after) {
  ServerAgent& agent = agent_at(id);
  if (agent.logout_pending || after == AgentAfterFailure::logged_out) {
    log_out(context, id, agent.logout_pending ? agent.logout_forced : AgentLogout::kUnanswering);
  } else if (after == AgentAfterFailure::not_ready) {
    set_not_ready(context, id, true);
  } else {
    agent.idle_since = context.now();  // not the next one to be tried
    if (after == AgentAfterFailure::held_back) hold_back(context, id);
  }
}

// ---- the end ----

void SipServerEndpoint::end_agent_leg(Context& context, ServerCall& call) {
  ServerLeg& leg = call.agent_leg;
  if (leg.state == ServerLeg::State::inviting || leg.state == ServerLeg::State::ringing) {
    layer_.cancel(context, leg.invite);
  } else if (leg.state == ServerLeg::State::up) {
    send_bye(context, leg.remote, about(call, leg));
  }
}

/// The call of this agent is over: after-call work if he has spoken, else as before.
void SipServerEndpoint::release_agent(Context& context, std::uint32_t slot,
                                      const ServerCall& ended) {
  const bool concerned =
      (ended.state == ServerCall::State::offered || ended.state == ServerCall::State::talking) &&
      ended.agent_where == Where::here && ended.agent.valid();
  if (!concerned) return;
  ServerAgent& agent = agent_at(ended.agent);
  if (agent.call != slot) return;
  agent.call = ServerAgent::kNoCall;
  const bool answered = ended.state == ServerCall::State::talking;
  if (ended.agent_supervised && answered) {
    agent.last_call = ended.id;
    agent.work = ended.conversation.after_call_work;
    agent.work_over = context.now() + agent.work;
    agent.release_owed = !connections_[ended.agent.value].valid();
    change(context, ended.agent, AgentInput::release);
    tell_of_call(context, ended.agent, tlib::Kind::released, ended.id, agent.work);
    begin_work(context, ended.agent);
  } else if (ended.agent_supervised) {
    if (ended.agent_leg.state == ServerLeg::State::ringing) {
      tell_of_call(context, ended.agent, tlib::Kind::released, ended.id);
    }
    change(context, ended.agent, AgentInput::no_answer);  // still idle since when he was
    if (ended.unanswered) {
      after_ringing(context, ended.agent, after_no_answer(options().agent_no_answer_action));
    }
  }
  if (agent.logout_pending) {
    log_out(context, ended.agent, agent.logout_forced);
  } else {
    update_routability(context, ended.agent);
  }
}

}  // namespace bcsim::models
