// The agent's side of the back-to-back user agent: ringing a phone here, or one at the peer through
// the inter-site trunk.
#include <cassert>

#include "models/sip_server/call_control.hpp"

namespace bcsim::models {

using acd::AgentInput;

namespace {
/// With this status a leg that was not answered overflows: the caller is told to go elsewhere.
constexpr std::uint16_t kOverflows = 302;
}  // namespace

// ---- ringing ----

/// Gives the call to an agent: to his phone's contact, or to the peer that serves him.
void CallControl::offer(Context& context, std::uint32_t slot, acd::Candidate candidate) {
  ServerCall& call = calls_[slot];
  const AgentId id{candidate.agent};
  const bool here = candidate.where == acd::Where::here;
  call.agent = id;
  if (call.queued()) {
    agents_.call_leaves(slot, call);
    calls_.leave_line(call.queue);
  }
  call.state = ServerCall::State::offered;
  const SiteIndex agent_site = here ? site_.index : site_.peer();
  const PathMask path = call.path | path_of(agent_site);
  // Of a queue at the peer: its server chose, and has said so.
  if (!call.routed_by_peer() && !call.asks()) {
    const CallBranch leg =
        here ? call.branch : Signalling::next_branch(call, call.agent_leg.attempt + 1);
    context.record(CallRouted{call.id, id, agent_site, path, call.branch, leg});
  }
  if (here) {
    const bool supervised = agents_.occupy(context, id, slot);
    call.far = supervised ? ServerCall::Far::agent_here : ServerCall::Far::phone_here;
    const std::optional<AddressId> contact = phones_.contact(id, context.now());
    assert(contact);
    ring(context, slot, *contact);
  } else {
    call.far = ServerCall::Far::agent_at_peer;
    agents_.peer_agent_taken(id);
    ring(context, slot, site_.peer_address());
  }
}

/// The far side of the call, at this contact.
void CallControl::ring(Context& context, std::uint32_t slot, AddressId target) {
  using Far = ServerCall::Far;
  ServerCall& call = calls_[slot];
  ServerLeg& leg = call.agent_leg;
  const bool by_trunk = call.far == Far::agent_at_peer || call.far == Far::peer;
  const bool outside = call.far == Far::outside;
  // For how long it rings there is the business of the peer, or of the agent who calls.
  const bool supervises = call.far != Far::peer && !outside;
  const Duration limit = supervises ? answer_limit(call) : Duration{};
  sip::ClientPolicy policy;
  if (by_trunk || outside) policy.max_retransmissions = Signalling::kServerRetransmissions;
  sip_.ring(context, slot, call, leg,
            {.kind = by_trunk ? sip::Leg::trunk : sip::Leg::agent,
             .to = target,
             .dn = Signalling::about(call, leg).dn,
             .attempt = leg.attempt + 1,
             .bc_hop = by_trunk,
             .policy = policy,
             .answer_within = by_trunk ? limit : Duration{}});
  calls_.bind(leg.dialog, slot);
  const Duration patience = limit + (by_trunk && supervises ? kTrunkPatience : Duration{});
  if (patience == Duration{}) return;
  call.routing_timer = context.arm(patience, tag_of(ServerTimer::routing, slot));
}

void CallControl::on_agent_leg(Context& context, std::uint32_t slot, sip::Inform inform,
                               const sip::Response* response) {
  ServerCall& call = calls_[slot];
  const bool here = call.here();
  switch (inform) {
    case sip::Inform::provisional:
      call.agent_leg.heard = true;
      if (response->status >= 180) agent_rings(context, slot);
      break;
    case sip::Inform::success:
      agent_answered(context, slot, *response);
      break;
    case sip::Inform::success_again:
      sip_.acknowledge(context, call.agent_leg.remote, Signalling::about(call, call.agent_leg),
                       *response);
      break;
    case sip::Inform::failure:
      leg_failed(context, slot, response->status, AgentAfterFailure::held_back);
      break;
    case sip::Inform::timeout:
    case sip::Inform::transport_error:
      if (!here) agents_.peer_agent_not_reached();
      leg_failed(context, slot, inform == sip::Inform::timeout ? 408 : 503,
                 here ? AgentAfterFailure::not_ready : AgentAfterFailure::held_back);
      break;
    case sip::Inform::nothing:
    case sip::Inform::ack:
      break;
  }
}

void CallControl::agent_rings(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  if (call.agent_leg.state != ServerLeg::State::inviting) return;
  call.agent_leg.state = ServerLeg::State::ringing;
  call.agent_leg.rang = true;
  if (call.here()) {
    if (!call.asks()) {
      context.record(CallRinging{call.id, call.agent, site_.index, call.branch});
    }
    if (call.supervised()) {
      agents_.tell_of_call(context, call.agent, tlib::Kind::ringing, call.id);
    }
  } else if (call.far == ServerCall::Far::outside) {
    context.record(CallRinging{call.id, AgentId{}, site_.index, call.branch});
  }
  sip_.ring_back(context, call);
}

void CallControl::agent_answered(Context& context, std::uint32_t slot,
                                 const sip::Response& response) {
  ServerCall& call = calls_[slot];
  ServerLeg& leg = call.agent_leg;
  context.cancel(call.routing_timer);
  call.routing_timer = {};
  leg.state = ServerLeg::State::up;
  leg.invite = {};
  leg.media = response.media;
  if (response.contact.valid()) leg.remote = response.contact;
  call.state = ServerCall::State::talking;
  sip_.acknowledge(context, leg.remote, Signalling::about(call, leg), response);
  if (call.here()) {
    if (!call.asks()) {
      context.record(CallAnswered{call.id, call.agent, site_.index, call.path,
                                  call.supervised() ? 1u : 0u, call.branch});
    }
    if (call.supervised()) {
      agents_.change(context, call.agent, AgentInput::answer);
      agents_.tell(context, {.kind = tlib::Kind::established,
                             .agent = call.agent,
                             .call = call.id,
                             .conversation = call.conversation});
    }
  } else if (call.far == ServerCall::Far::outside) {
    context.record(CallAnswered{call.id, call.conversation.from, site_.index, call.path,
                                call.dialler_supervised ? 1u : 0u, call.branch});
  } else {
    call.path |= response.path | path_of(site_.peer());
  }
  dialler_answered(context, call);
  context.cancel(call.wait_timer);
  call.wait_timer = {};
  media_.await_refresh(context, slot, context.now());
  if (call.asks() && !call.caller.from_peer) {
    second_answered(context, slot);
  } else {
    media_.connect_caller(context, slot);
  }
}

// ---- not answered ----

/// How long an agent's phone may ring, by who is calling (domain.md §2.8); 0: no limit. For a call
/// of a queue at the peer the peer's after-routing-timeout counts, and is measured where it rings:
/// so the agent's server learns that he has not answered (D24).
Duration CallControl::answer_limit(const ServerCall& call) const {
  if (call.answer_within > Duration{}) return call.answer_within;
  return call.to_own_number() ? site_.options().agent_no_answer_timeout
                              : site_.options().after_routing_timeout;
}

/// after-routing-timeout is over, or agent-no-answer-timeout of a call to the agent's own number.
void CallControl::agent_did_not_answer(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  call.routing_timer = {};
  if (call.state != ServerCall::State::offered) return;
  if (call.caller.own_invite.valid()) {  // it is his own phone that is silent
    dialler_failed(context, slot);
    return;
  }
  AgentAfterFailure after = after_no_answer(site_.options().after_routing_timeout_action);
  std::uint16_t status = 408;
  if (call.to_own_number()) {
    const auto& overflow = site_.options().agent_no_answer_overflow;
    if (!overflow) {
      call.unanswered = true;  // what becomes of the agent is decided when the ringing ends
      return;
    }
    after = after_no_answer(site_.options().agent_no_answer_action);
    // A colleague who calls is told that nobody answers (ASSUMPTION).
    const bool goes_on =
        *overflow != SipServerOptions::kRelease && call.conversation.kind == CallKind::direct;
    if (goes_on) status = kOverflows;
  }
  // A phone that has said nothing at all would swallow one call after the other.
  if (!call.agent_leg.heard) after = AgentAfterFailure::not_ready;
  sip_.cancel(context, call.agent_leg.invite);
  leg_failed(context, slot, status, after);
}

/// What the caller of an Extension, or of a number at the peer, is told: busy, gone to the default
/// destination there, no answer from there in time (RFC 3261 §16.7, §16.8), or not available.
CallControl::CallerEnd CallControl::not_reached(const ServerCall& call, std::uint16_t status) {
  if (call.far == ServerCall::Far::peer && status == 302 && !call.confirmed()) {
    return {CallerEnd::Kind::moved, 302, {}};
  }
  const bool peer_is_silent = call.far == ServerCall::Far::peer && status == 408;
  const bool told = status == 486 || status == 404 || peer_is_silent;
  return hang_up(call, told ? status : std::uint16_t{480});
}

/// The call waits again, ahead of all that came after it; or, if it was for this agent alone, ends.
void CallControl::leg_failed(Context& context, std::uint32_t slot, std::uint16_t status,
                             AgentAfterFailure after) {
  ServerCall& call = calls_[slot];
  if (call.state != ServerCall::State::offered || sent_out_again(context, slot, status)) return;
  context.cancel(call.routing_timer);
  call.routing_timer = {};
  const bool here = call.here();
  const bool forwarded = call.far == ServerCall::Far::peer;
  const bool waits_again = call.queued() && !forwarded;
  if (waits_again && !call.asks()) {
    context.record(CallReturned{call.id, call.agent,
                                here ? site_.index : std::uint32_t{site_.peer()}, status,
                                call.branch});
  }
  const ServerCall failed = call;
  calls_.unbind(call.agent_leg.dialog);
  call.agent_leg.state = ServerLeg::State::none;
  call.agent_leg.invite = {};
  ++call.agent_leg.attempt;
  if (here) {
    call.far = ServerCall::Far::nobody;
    stop_supervising(context, slot, failed, after);
  }
  if (!waits_again && status == kOverflows && !forwarded) {
    default_route(context, slot, CallDefaultRouted::Cause::no_answer);
  } else if (!waits_again) {
    end_call(context, slot, not_reached(call, status));
  } else {
    calls_.enter_line(call.queue);
    const auto& maximum = site_.queue_options(call.queue).maximum_wait;
    call.state = ServerCall::State::waiting;
    if (maximum && context.now() - call.queued_at >= *maximum) {
      waited_too_long(context, slot);
    } else {
      make_routable(context, slot);
    }
  }
  if (!here) return;
  occupy_with_own_call(context, failed.agent);
  agents_.update_routability(context, failed.agent);
}

/// What becomes of an agent whose phone was rung in vain.
void CallControl::stop_supervising(Context& context, std::uint32_t slot, const ServerCall& call,
                                   AgentAfterFailure after) {
  [[maybe_unused]] const bool his = agents_.vacate(call.agent, slot);
  assert(his);
  if (!call.supervised()) return;
  agents_.stop_ringing(context, call.agent, call.id, call.agent_leg.rang);
  agents_.after_ringing(context, call.agent, after);
}

// ---- the end ----

void CallControl::end_agent_leg(Context& context, ServerCall& call) {
  ServerLeg& leg = call.agent_leg;
  if (leg.rings()) {
    sip_.cancel(context, leg.invite);
  } else if (leg.state == ServerLeg::State::up) {
    sip_.send_bye(context, leg.remote, Signalling::about(call, leg));
  }
}

/// TReleaseCall: he wants to be rid of a call that the server holds him for speaking in.
void CallControl::release(Context& context, const tlib::Message& message) {
  const ServerAgent& agent = agents_.at(message.agent);
  if (!agent.on_call()) return;
  const ServerCall& call = calls_[agent.call];
  if (call.id != message.call || !call.connected()) return;
  end_call(context, agent.call, hang_up(call, 480));
}

/// The call of this agent is over: after-call work if he has spoken, else as before.
void CallControl::release_agent(Context& context, std::uint32_t slot, const ServerCall& ended) {
  const bool concerned = (ended.state == ServerCall::State::offered || ended.connected()) &&
                         ended.here() && ended.agent.valid();
  if (!concerned || !agents_.vacate(ended.agent, slot)) return;
  if (ended.supervised() && ended.connected()) {
    // Who was asked and not given the call has nothing to work on.
    agents_.end_work(context, ended.agent, ended.id,
                     ended.asks() ? Duration{} : ended.conversation.after_call_work);
  } else if (ended.supervised()) {  // still idle since when he was
    agents_.stop_ringing(context, ended.agent, ended.id, ended.agent_leg.rang);
    if (ended.unanswered) {
      agents_.after_ringing(context, ended.agent,
                            after_no_answer(site_.options().agent_no_answer_action));
    }
  }
  occupy_with_own_call(context, ended.agent);
  if (!agents_.at(ended.agent).on_call()) agents_.free(context, ended.agent);
}

void CallControl::leave_bc(Context& context) {
  for (std::uint32_t slot = 0; slot < calls_.capacity(); ++slot) {
    const ServerCall& call = calls_[slot];
    if (!call.live || call.state != ServerCall::State::offered || !call.queued() ||
        call.far != ServerCall::Far::agent_at_peer) {
      continue;
    }
    sip_.cancel(context, call.agent_leg.invite);
    leg_failed(context, slot, 408, AgentAfterFailure::held_back);
  }
}

}  // namespace bcsim::models
