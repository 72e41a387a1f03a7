// The caller's side of the back-to-back user agent: queueing, and the end of calls.
#include "models/sip_server/call_control.hpp"

#include <algorithm>

namespace bcsim::models {

using acd::Where;

// ---- a new call ----

void CallControl::on_invite(Context& context, const sip::Request& request, AddressId from,
                            sip::TransactionId id) {
  if (link_.closing()) {
    reject(context, request, id);
    return;
  }
  if (calls_.find(request.dialog) != CallTable::kNone) {
    sip_.respond(context, id, 482);  // a copy that outlived its transaction, §8.2.2.2
    return;
  }
  const bool elsewhere = hunts_.redirects_hunt(request, from);
  if (elsewhere && site_.options().dr_oosp_transfer_enabled) {  // it never becomes a call of ours
    context.record(HuntRedirect{request.call, site_.index});
    sip_.respond(context, id, 302, {.contact = site_.peer_address()});
    return;
  }
  sip_.respond(context, id, 100);
  const std::uint32_t slot = new_call(context, request, from, id);
  const Dn dn = calls_[slot].dn;
  if (request.conversation.from.valid() && !calls_[slot].caller.from_peer) {
    take_agent_call(context, slot);
    place_call(context, slot);
  } else if (dn.is_queue() && site_.hunt_group(dn.queue_index()) != nullptr) {
    if (elsewhere) {
      context.record(HuntRedirect{request.call, site_.index});
      forward(context, slot);
    } else {
      hunts_.hunt_call(context, slot);
    }
  } else if (dn.is_queue()) {
    queue_call(context, slot);
  } else {
    direct_call(context, slot, request.bc_hop);
  }
}

/// Graceful shutdown (domain.md §2.3): a redirection sends the call to the peer.
void CallControl::reject(Context& context, const sip::Request& request, sip::TransactionId id) {
  const auto status = static_cast<std::uint16_t>(site_.options().shutdown_sip_reject_code);
  Signalling::Answer answer;
  if (status < 400 && site_.options().dr_peer_trunk) {
    answer.contact = site_.peer_address();
  }
  sip_.respond(context, id, status, answer);
  context.record(RequestRejected{request.call, site_.index, status});
}

std::uint32_t CallControl::new_call(Context& context, const sip::Request& request, AddressId from,
                                    sip::TransactionId id) {
  const std::uint32_t slot = calls_.take();
  ServerCall& call = calls_[slot];
  call.copied = primacy_.ha_link_up();
  call.id = request.call;
  call.branch = request.call_branch;
  call.dn = request.dn;
  if (call.dn.is_queue()) call.queue = call.dn.queue_index();
  call.conversation = request.conversation;
  if (request.conversation.transfer.asks) call.errand = ServerCall::Errand::consultation;
  call.priority = request.priority;
  call.answer_within = request.answer_within;
  call.path = request.path | path_of(site_.index);
  call.queued_at = context.now();
  call.caller.remote = request.contact.valid() ? request.contact : from;
  call.caller.dialog = request.dialog;
  call.caller.media = request.media;
  call.caller.session = std::chrono::seconds(request.expires_s);
  call.caller.invite = id;
  call.caller.from_peer = site_.directory.site_of(from) == site_.peer();
  calls_.bind(request.dialog, slot);
  return slot;
}

/// Counts it there; false if there was no room, and it has gone to the default destination.
bool CallControl::join_line(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  const std::uint32_t queue = call.queue;
  const QueueOptions& q = site_.queue_options(queue);
  // The queue's priority decides; a call's own one orders calls of equal queues.
  call.standing = {std::int64_t{q.priority} * 256 + call.priority, calls_.next_ticket()};
  const std::uint32_t waiting = calls_.enter_line(queue);
  if (call.errand == ServerCall::Errand::caller) {
    context.record(CallQueued{call.id, site_.index, queue, waiting, call.branch});
  }
  if (q.limit && waiting > *q.limit && !agents_.agent_for(queue)) {
    default_route(context, slot, CallDefaultRouted::Cause::queue_full);
    return false;
  }
  if (q.maximum_wait) {
    call.wait_timer = context.arm(*q.maximum_wait, tag_of(ServerTimer::wait, slot));
  }
  return true;
}

void CallControl::queue_call(Context& context, std::uint32_t slot) {
  if (!join_line(context, slot)) return;
  if (site_.options().treatment == Treatment::always || !agents_.agent_for(calls_[slot].queue)) {
    media_.start_treatment(context, slot);
  } else {
    make_routable(context, slot);
  }
}

/// Is this call for his Extension to go to the peer (decision table of domain.md §2.2)? The DN's
/// own dr-forward goes before the application's.
bool CallControl::belongs_to_peer(AgentId id, SimTime now) const {
  if (!link_.bc()) return false;
  switch (site_.directory.group(id).dr_forward.value_or(site_.options().dr_forward)) {
    case DrForward::off:
      return false;
    case DrForward::no_agent:
      return !agents_.at(id).logged_in();
    case DrForward::oos:
      return !phones_.in_service(id, now);
  }
  return false;
}

/// A call to an Extension: dialled direct, or of a queue at the peer that has chosen this agent.
void CallControl::direct_call(Context& context, std::uint32_t slot, bool bc_hop) {
  ServerCall& call = calls_[slot];
  const AgentId id = call.dn.agent();
  if (!call.dn.valid() || id.value >= agents_.count()) {
    end_call(context, slot, hang_up(call, 404));
    return;
  }
  const SimTime now = context.now();
  if (!bc_hop && !call.caller.from_peer && belongs_to_peer(id, now)) {
    forward(context, slot);
    return;
  }
  const bool free = phones_.in_service(id, now) && !agents_.at(id).on_call();
  if (call.routed_by_peer() ? !agents_.routable(id, now) : !free) {
    const std::uint16_t status = agents_.at(id).on_call() ? 486 : 480;
    end_call(context, slot, hang_up(call, status));
    return;
  }
  offer(context, slot, {id.value, Where::here});
}

/// The BC call forwarding procedure (§2.1), for an Extension or a hunt group: by 302, out of the
/// signalling path, or by an INVITE over the inter-site trunk, in it.
void CallControl::forward(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  const AddressId peer = site_.peer_address();
  // Leaving the path is a matter between this server and a gateway's trunk (ASSUMPTION).
  const bool by_302 = site_.options().dr_oosp_transfer_enabled && !call.conversation.from.valid();
  const CallBranch leg =
      by_302 ? call.branch : Signalling::next_branch(call, call.agent_leg.attempt + 1);
  context.record(BcForward{call.id, site_.index, by_302, call.branch, leg});
  call.state = ServerCall::State::offered;
  call.far = ServerCall::Far::peer;
  if (by_302) {
    end_call(context, slot, {CallerEnd::Kind::moved, 302, peer});
    return;
  }
  ring(context, slot, peer);
}

// ---- the queue ----

/// Has it no claim to wait any longer?
bool CallControl::waited_enough(const ServerCall& call, SimTime now) const {
  const auto& maximum = site_.queue_options(call.queue).maximum_wait;
  return maximum && !call.wait_timer.valid() && now - call.queued_at >= *maximum;
}

void CallControl::make_routable(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  const std::optional<acd::Candidate> candidate = agents_.agent_for(call.queue);
  call.state = ServerCall::State::waiting;
  if (candidate) {
    offer(context, slot, *candidate);
  } else if (waited_enough(call, context.now())) {
    waited_too_long(context, slot);
  } else if (!call.confirmed() && call.treatment.state != ServerLeg::State::failed) {
    media_.start_treatment(context, slot);
  } else {
    agents_.call_waits(slot, call);
  }
}

void CallControl::waited_too_long(Context& context, std::uint32_t slot) {
  using Cause = CallDefaultRouted::Cause;
  ServerCall& call = calls_[slot];
  context.cancel(call.wait_timer);  // nobody may wait at all: it has not ended by itself
  call.wait_timer = {};
  if (call.asks()) {  // nobody has answered it
    if (!call.connected()) end_call(context, slot, hang_up(call, 480));
    return;
  }
  if (!call.unassigned()) return;
  // Who hears an announcement while an agent is free does not wait for one.
  if (call.state == ServerCall::State::treated && agents_.agent_for(call.queue)) return;
  // Who is logged in at the peer a server does not know, only who can take a call.
  const bool peer_too =
      site_.queue_options(call.queue).routing_scope == RoutingScope::both_sites && link_.bc();
  Cause cause = peer_too ? Cause::waited_too_long : Cause::no_agent_logged_in;
  for (std::uint32_t i = 0; i < agents_.count() && cause != Cause::waited_too_long; ++i) {
    if (!agents_.at(AgentId{i}).logged_in()) continue;
    if (site_.directory.group(AgentId{i}).serves(call.queue)) cause = Cause::waited_too_long;
  }
  default_route(context, slot, cause);
}

void CallControl::default_route(Context& context, std::uint32_t slot,
                                CallDefaultRouted::Cause cause) {
  using Kind = CallerEnd::Kind;
  const ServerCall& call = calls_[slot];
  if (call.asks() || (call.queued() && !site_.queue_options(call.queue).default_destination)) {
    end_call(context, slot, hang_up(call, 480));
    return;
  }
  context.record(CallDefaultRouted{call.id, site_.index, cause, call.branch});
  end_call(
      context, slot,
      call.confirmed() ? CallerEnd{Kind::transferred, 0, {}} : CallerEnd{Kind::moved, 302, {}});
}

// ---- toward the caller ----

std::optional<CallControl::OwedBye> CallControl::take_owed_bye(std::uint64_t dialog) {
  const auto found =
      std::ranges::find_if(owed_byes_, [&](const OwedBye& bye) { return bye.in.dialog == dialog; });
  if (found == owed_byes_.end()) return std::nullopt;
  const OwedBye bye = *found;
  owed_byes_.erase(found);
  return bye;
}

void CallControl::on_ack(Context& context, const sip::Request& ack) {
  const std::uint32_t slot = calls_.find(ack.dialog);
  if (slot == CallTable::kNone) {
    if (const auto bye = take_owed_bye(ack.dialog))
      sip_.send_bye(context, bye->to, bye->in, bye->how);
    return;
  }
  ServerCall& call = calls_[slot];
  if (call.caller.dialog != ack.dialog || call.caller.state != CallerLeg::State::answered) return;
  call.caller.state = CallerLeg::State::confirmed;
  if (call.caller.media_owed) media_.send_reinvite(context, slot);
}

void CallControl::on_no_ack(Context& context, const sip::Response& success) {
  const std::uint32_t slot = calls_.find(success.dialog);
  if (slot != CallTable::kNone) {
    caller_lost(context, slot, CallLetGo::Why::no_ack);
  } else if (const auto bye = take_owed_bye(success.dialog)) {
    sip_.send_bye(context, bye->to, bye->in, bye->how);
  }
}

// ---- responses to the calls' own requests ----

void CallControl::on_response(Context& context, sip::Inform inform, const sip::Response* response,
                              const sip::Request& request, sip::Owner owner) {
  const auto kind = static_cast<LegOwner>(owner.kind);
  const std::uint32_t slot = owner.index;
  const ServerCall& call = calls_[slot];
  const auto attempt = static_cast<std::uint32_t>(owner.data);
  const bool current = call.live && call.generation == owner.data >> 32;
  const bool success = inform == sip::Inform::success || inform == sip::Inform::success_again;
  if (kind == LegOwner::treatment && current && call.treatment.attempt == attempt) {
    media_.on_treatment(context, slot, inform, response);
  } else if (kind == LegOwner::agent && current && call.agent_leg.attempt == attempt) {
    on_agent_leg(context, slot, inform, response);
  } else if (kind == LegOwner::dialler && current) {
    on_dialler_leg(context, slot, inform, response);
  } else if (kind == LegOwner::hunt && current && hunts_.rings_for(slot, attempt)) {
    hunts_.on_member_leg(context, slot, attempt, inform, response);
  } else if (kind == LegOwner::hunt && inform == sip::Inform::success_again &&
             calls_.find(response->dialog) == slot) {
    sip_.acknowledge(context, call.agent_leg.remote, Signalling::about(call, call.agent_leg),
                     *response);
  } else if (kind == LegOwner::reinvite || kind == LegOwner::refresh) {
    if (success) {
      sip_.acknowledge(context, sip_.response_from(),
                       {request.dialog, request.cseq, request.call, request.dn}, *response);
    }
    if (current && kind == LegOwner::reinvite) {
      media_.on_reinvite_result(context, slot, inform, request.cseq);
    }
    if (current && kind == LegOwner::refresh && call.agent_leg.attempt == attempt) {
      media_.on_refresh_result(context, slot, inform, request.cseq);
    }
  } else if (inform == sip::Inform::success) {
    sip_.refuse_success(context, *response);  // the CANCEL came too late
  } else if (success) {                       // acknowledged before, and its BYE sent (§13.2.2.4)
    sip_.acknowledge(context, sip_.response_from(),
                     {response->dialog, response->cseq, response->call, response->dn}, *response);
  }
}

/// The dialog of a call that was kept is acknowledged again; one that nobody remembers is ended
/// (RFC 3261 §13.2.2.4).
void CallControl::on_old_success(Context& context, const sip::Response& response) {
  if (calls_.find(response.dialog) != CallTable::kNone) {
    sip_.acknowledge(context, sip_.response_from(),
                     {response.dialog, response.cseq, response.call, response.dn}, response);
  } else {
    sip_.refuse_success(context, response);
  }
}

void CallControl::caller_lost(Context& context, std::uint32_t slot, CallLetGo::Why why) {
  const std::uint16_t cause = why == CallLetGo::Why::unknown ? 0 : 408;
  end_call(context, slot, {CallerEnd::Kind::bye, cause, {}, why});
}

void CallControl::agent_lost(Context& context, std::uint32_t slot) {
  CallerEnd end = hang_up(calls_[slot], 480);
  if (end.kind == CallerEnd::Kind::bye) end.status = 408;  // no goodbye of an agent: a lost call
  end_call(context, slot, end);
}

// ---- the end ----

void CallControl::on_bye(Context& context, const sip::Request& request, sip::TransactionId id) {
  using Kind = CallerEnd::Kind;
  const std::uint32_t slot = calls_.find(request.dialog);
  if (slot == CallTable::kNone) {
    const bool owed = take_owed_bye(request.dialog).has_value();  // he is faster
    sip_.respond(context, id, owed ? 200 : 481);
    if (owed) sip_.stop_waiting_for_ack(context, request.dialog);
    return;
  }
  sip_.respond(context, id, 200);
  sip_.stop_waiting_for_ack(context, request.dialog);
  ServerCall& call = calls_[slot];
  if (request.dialog == call.caller.dialog) {
    // Whoever has answered a call that nobody waited for has nothing to work on afterwards.
    if (request.expires_s == sip::kRequestTerminated) call.conversation.after_call_work = {};
    end_call(context, slot, {Kind::none, 0, {}});
    return;
  }
  if (request.dialog == call.treatment.dialog) {  // the media server stops playing: silence
    call.treatment.state = ServerLeg::State::none;
    return;
  }
  call.agent_leg.state = ServerLeg::State::none;  // he knows that it is over
  CallerEnd end = hang_up(call, 480);
  // Who hears nothing says so, or that the session has run out, and the caller's side is told.
  const auto cause = static_cast<std::uint16_t>(request.expires_s);
  const bool tells = cause == sip::kNothingHeard || cause == sip::kNotConfirmed;
  if (tells && end.kind == Kind::bye) end.status = cause;
  // … or that the peer has sent him on to its default destination.
  if (request.bc_hop && end.kind == Kind::bye) end = {Kind::transferred, 0, {}};
  end_call(context, slot, end);
}

void CallControl::on_cancel(Context& context, const sip::Request& request, sip::TransactionId id) {
  const std::uint32_t slot = calls_.find(request.dialog);
  sip_.respond(context, id, slot == CallTable::kNone ? 481 : 200);
  // No effect on an INVITE that has its final response (RFC 3261 §9.2).
  if (slot == CallTable::kNone || calls_[slot].confirmed()) return;
  end_call(context, slot, {CallerEnd::Kind::final_response, 487, {}});
}

CallControl::CallerEnd CallControl::hang_up(const ServerCall& call, std::uint16_t status) {
  using Kind = CallerEnd::Kind;
  if (call.asks() && !call.caller.from_peer) return {Kind::none, 0, {}};
  if (!call.confirmed()) return {Kind::final_response, status, {}};
  return {Kind::bye, call.connected() ? std::uint16_t{0} : status, {}};
}

void CallControl::end_caller(Context& context, ServerCall& call, const CallerEnd& end) {
  using Kind = CallerEnd::Kind;
  sip_.cancel(context, call.caller.own_invite);
  const bool no_leg = call.asks() && !call.caller.from_peer;
  if (end.kind != Kind::moved && end.kind != Kind::transferred && !no_leg) {
    using Why = CallLetGo::Why;
    const Why why = end.kind == Kind::none             ? Why::left
                    : end.kind == Kind::final_response ? Why::rejected
                                                       : end.why;
    context.record(CallLetGo{call.id, site_.index, why, call.branch});
  }
  switch (end.kind) {
    case Kind::none:
      break;
    case Kind::final_response:
    case Kind::moved:
      sip_.respond(context, call.caller.invite, end.status,
                   {.path = call.path, .contact = end.contact});
      break;
    case Kind::bye:
    case Kind::transferred: {
      const OwedBye bye{call.caller.remote,
                        {call.caller.dialog, call.caller.cseq++, call.id, call.dn},
                        {.transferred = end.kind == Kind::transferred, .cause = end.status}};
      const bool acknowledged =
          call.caller.state != CallerLeg::State::answered || end.why == CallLetGo::Why::no_ack;
      if (acknowledged) {
        sip_.send_bye(context, bye.to, bye.in, bye.how);
      } else {
        owed_byes_.push_back(bye);
      }
      break;
    }
  }
}

void CallControl::end_call(Context& context, std::uint32_t slot, const CallerEnd& end) {
  hunts_.end_hunt(context, slot);
  if (!calls_[slot].asks()) end_consultation(context, slot);
  ServerCall& call = calls_[slot];
  media_.end_treatment(context, call);
  end_agent_leg(context, call);
  end_caller(context, call, end);
  // Freed before its agent is, who may take the next call at once.
  const ServerCall ended = call;
  free_call(context, slot);
  release_agent(context, slot, ended);
  release_dialler(context, slot, ended);
  if (ended.consult != CallTable::kNone) consultation_over(context, ended);
  user_.call_ended(context);
}

void CallControl::drain(Context& context) {
  for (std::uint32_t slot = 0; slot < calls_.capacity(); ++slot) {
    const ServerCall& call = calls_[slot];
    if (call.live && call.unassigned()) {
      default_route(context, slot, CallDefaultRouted::Cause::draining);
    }
  }
}

void CallControl::free_call(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  if (call.queued() && call.unassigned()) {
    calls_.leave_line(call.queue);
    agents_.call_leaves(slot, call);
  }
  context.cancel(call.announcement_timer);
  context.cancel(call.routing_timer);
  context.cancel(call.wait_timer);
  context.cancel(call.caller.session_timer);
  context.cancel(call.agent_leg.session_timer);
  if (call.consult != CallTable::kNone) calls_[call.consult].consult = CallTable::kNone;
  calls_.give_back(slot);
}

}  // namespace bcsim::models
