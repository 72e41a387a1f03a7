// Calls that an agent passes on to a second one: for the queue, or whoever of a group is free
// (TSingleStepTransfer), or after a consultation (TInitiateTransfer, TCompleteTransfer). The server
// that the agent is logged in at stays in the signalling path and takes the call again, wherever it
// came from: each transfer across the sites adds a hop (R5, R6).
#include "models/sip_server/call_control.hpp"

namespace bcsim::models {

namespace {

/// ASSUMPTION: for so long an agent listens to silence before he hangs up.
constexpr Duration kDeadLine = 10s;

}  // namespace

/// He speaks with the caller here, not with a colleague who asks him, and says so himself; and his
/// answer has reached the caller's side (without the ACK it may be that nobody is there, and a peer
/// has long given the call to another).
bool CallControl::may_transfer(const tlib::Message& message) const {
  const ServerAgent& agent = agents_.at(message.agent);
  if (link_.closing() || !agent.on_call()) return false;
  const ServerCall& call = calls_[agent.call];
  return call.id == message.call && call.state == ServerCall::State::talking && !call.asks() &&
         call.caller.state == CallerLeg::State::confirmed && call.agent == message.agent &&
         call.supervised() && message.conversation.transfer.line < calls_.lines();
}

void CallControl::transfer(Context& context, const tlib::Message& message) {
  if (!may_transfer(message)) {
    agents_.tell_of_call(context, message.agent, tlib::Kind::transfer_refused, message.call);
    return;
  }
  const std::uint32_t slot = agents_.at(message.agent).call;
  ServerCall& call = calls_[slot];
  const ServerCall before = call;
  end_agent_leg(context, call);
  context.cancel(call.agent_leg.session_timer);
  calls_.unbind(call.agent_leg.dialog);
  const std::uint32_t attempts = call.agent_leg.attempt;
  call.agent_leg = {};
  call.agent_leg.attempt = attempts + 1;
  call.agent = {};
  call.far = ServerCall::Far::nobody;
  const TransferPlan& plan = message.conversation.transfer;
  call.conversation.talk = plan.talk;
  call.conversation.after_call_work = plan.after_call_work;
  call.conversation.hold = {};
  call.conversation.transfer = {};
  call.conversation.kind = CallKind::queue;  // whatever he had dialled
  call.errand = ServerCall::Errand::passed_on;
  call.queue = plan.line;
  call.queued_at = context.now();
  call.state = ServerCall::State::waiting;
  context.record(
      CallTransferred{call.id, message.agent, site_.index, call.path, call.queue, 0, call.branch});
  if (join_line(context, slot)) {
    if (call.treatment.state == ServerLeg::State::none) media_.invite_media_server(context, slot);
    make_routable(context, slot);
  }
  release_agent(context, slot, before);
}

// ---- after a consultation ----
// The phone has one dialog: while its agent speaks with the second one, a re-INVITE turns it to
// that one. So the consultation call has no caller's leg of its own.

void CallControl::consult(Context& context, const tlib::Message& message) {
  if (!may_transfer(message)) {
    agents_.tell_of_call(context, message.agent, tlib::Kind::transfer_refused, message.call);
    return;
  }
  const std::uint32_t slot = agents_.at(message.agent).call;
  media_.hold(context, slot, true);
  const ServerCall& call = calls_[slot];
  const TransferPlan& plan = message.conversation.transfer;
  sip::Request as_if;  // that he had dialled
  as_if.call = call.id;
  as_if.call_branch = Signalling::next_branch(call, call.agent_leg.attempt + 1);
  as_if.priority = call.priority;
  as_if.media = call.agent_leg.media;
  as_if.dialog = sip::dialog_id(sip::Leg::caller, call.id.value, context.self(),
                                static_cast<std::uint32_t>(call.agent_leg.dialog));
  as_if.conversation.kind = CallKind::queue;
  as_if.conversation.agent_releases = call.conversation.agent_releases;
  // Who is left alone by the one who has asked listens for a while, and hangs up.
  as_if.conversation.talk = plan.consultation + (plan.reconnects ? kDeadLine : plan.talk);
  as_if.conversation.after_call_work = plan.reconnects ? Duration{} : plan.after_call_work;
  as_if.conversation.transfer.asks = true;
  const std::uint32_t second = new_call(context, as_if, call.agent_leg.remote, {});
  ServerCall& asked = calls_[second];
  asked.caller.state = CallerLeg::State::confirmed;
  asked.queue = plan.line;
  asked.consult = slot;
  calls_[slot].consult = second;
  context.record(Consultation{asked.id, message.agent, AgentId{}, site_.index, asked.path,
                              plan.line, Consultation::Step::initiated, calls_[slot].branch});
  agents_.tell_of_call(context, message.agent, tlib::Kind::dialing, asked.id);
  media_.refresh_agent_leg(context, slot);
  if (!join_line(context, second)) return;
  // ASSUMPTION: he waits for the second one for as long as a phone may ring.
  context.cancel(asked.wait_timer);
  asked.wait_timer =
      context.arm(site_.options().after_routing_timeout, tag_of(ServerTimer::wait, second));
  make_routable(context, second);
}

void CallControl::second_answered(Context& context, std::uint32_t slot) {
  const ServerCall& asked = calls_[slot];
  const std::uint32_t first = asked.consult;
  const ServerCall& asks = calls_[first];
  const AgentId agent = asks.agent;
  context.record(Consultation{asked.id, agent, asked.agent, site_.index, asked.path, asked.queue,
                              Consultation::Step::answered, asks.branch});
  agents_.tell_of_call(context, agent, tlib::Kind::consulted, asked.id);
  media_.refresh_agent_leg(context, first);
}

/// The caller is joined with the second agent; the first one is free.
void CallControl::complete_transfer(Context& context, const tlib::Message& message) {
  const std::uint32_t slot = agents_.at(message.agent).call;
  const auto second_of = [&] { return calls_[slot].consult; };
  const bool possible = slot != CallTable::kNone && calls_[slot].agent == message.agent &&
                        calls_[slot].id == message.call && !calls_[slot].asks() &&
                        second_of() != CallTable::kNone && calls_[second_of()].connected();
  if (!possible) {
    agents_.tell_of_call(context, message.agent, tlib::Kind::transfer_refused, message.call);
    return;
  }
  ServerCall& call = calls_[slot];
  const ServerCall before = call;
  ServerCall& asked = calls_[before.consult];
  const ServerCall second = asked;
  context.cancel(asked.agent_leg.session_timer);
  asked.agent_leg = {};  // it lives on
  free_call(context, before.consult);
  end_agent_leg(context, call);
  context.cancel(call.agent_leg.session_timer);
  take_second(context, slot, second);
  media_.join_media(context, slot);
  media_.end_treatment(context, call);
  media_.refresh_agent_leg(context, slot);
  release_agent(context, slot, before);
}

/// The consultation call's agent, with his leg, becomes the one of this call.
void CallControl::take_second(Context& context, std::uint32_t slot, const ServerCall& second) {
  ServerCall& call = calls_[slot];
  const AgentId first = call.agent;
  const PathMask path = call.path;
  const std::uint32_t attempts = call.agent_leg.attempt;
  calls_.unbind(call.agent_leg.dialog);
  call.agent_leg = second.agent_leg;
  call.agent_leg.attempt = attempts + 1;
  call.agent_leg.session_timer = {};
  calls_.bind(call.agent_leg.dialog, slot);
  call.agent = second.agent;
  call.far = second.far;
  call.state = ServerCall::State::talking;
  call.errand = ServerCall::Errand::passed_on;
  call.conversation.after_call_work = second.conversation.after_call_work;
  call.conversation.transfer = {};
  const bool here = call.here();
  if (here) agents_.move_call(call.agent, slot);
  // Beyond the trunk he has the call in a branch that the consultation has begun.
  const CallBranch leg =
      here ? call.branch : Signalling::next_branch(second, second.agent_leg.attempt);
  context.record(CallTransferred{call.id, first, site_.index, path, second.queue, 1, call.branch});
  call.path = path | second.path;
  context.record(CallAnswered{call.id, call.agent, here ? site_.index : std::uint32_t{site_.peer()},
                              call.path, !here || call.supervised() ? 1u : 0u, leg});
}

void CallControl::reconnect(Context& context, const tlib::Message& message) {
  const std::uint32_t slot = agents_.at(message.agent).call;
  const bool possible = slot != CallTable::kNone && calls_[slot].agent == message.agent &&
                        calls_[slot].id == message.call &&
                        calls_[slot].state == ServerCall::State::held;
  if (!possible) {
    agents_.tell_of_call(context, message.agent, tlib::Kind::transfer_refused, message.call);
    return;
  }
  end_consultation(context, slot);
  const ServerCall& call = calls_[slot];
  context.record(Consultation{call.id, message.agent, AgentId{}, site_.index, call.path, 0,
                              Consultation::Step::reconnected, call.branch});
  media_.hold(context, slot, false);
  media_.refresh_agent_leg(context, slot);
}

/// The caller's call, or what became of it, goes on without.
void CallControl::end_consultation(Context& context, std::uint32_t slot) {
  const std::uint32_t second = calls_[slot].consult;
  if (second == CallTable::kNone) return;
  calls_[slot].consult = calls_[second].consult = CallTable::kNone;
  end_call(context, second, {CallerEnd::Kind::none, 0, {}});
}

/// Nobody has answered the consultation call, or the second agent has hung up.
void CallControl::consultation_over(Context& context, const ServerCall& ended) {
  const ServerCall& call = calls_[ended.consult];
  if (call.live) agents_.tell_of_call(context, call.agent, tlib::Kind::not_consulted, call.id);
}

}  // namespace bcsim::models
