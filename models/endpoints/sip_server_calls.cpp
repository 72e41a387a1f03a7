// The caller's side of the back-to-back user agent: queueing, and the end of calls.
#include <algorithm>

#include "models/endpoints/sip_server.hpp"

namespace bcsim::models {

using acd::Where;

namespace {
constexpr std::uint32_t kNoCall = ServerAgent::kNoCall;
}

std::uint32_t SipServerEndpoint::find_call(std::uint64_t dialog) const {
  const auto found = pair_.call_by_dialog_.find(dialog);
  return found == pair_.call_by_dialog_.end() ? kNoCall : found->second;
}

sip::Owner SipServerEndpoint::owner_of(OwnerKind kind, std::uint32_t slot,
                                       std::uint32_t attempt) const {
  return {kind, slot, (std::uint64_t{pair_.calls_[slot].generation} << 32) | attempt};
}

// ---- a new call ----

void SipServerEndpoint::on_invite(Context& context, const sip::Request& request, AddressId from,
                                  sip::TransactionId id) {
  if (closing()) {
    reject(context, request, id);
    return;
  }
  if (find_call(request.dialog) != kNoCall) {  // a copy that outlived its transaction, §8.2.2.2
    respond(context, id, 482);
    return;
  }
  const bool elsewhere = redirects_hunt(request, from);
  if (elsewhere && options().dr_oosp_transfer_enabled) {  // it never becomes a call of ours
    context.record(HuntRedirect{request.call, site_});
    respond(context, id, 302, {.contact = directory_.sip_server[peer_of(site_)]});
    return;
  }
  respond(context, id, 100);
  const std::uint32_t slot = new_call(context, request, from, id);
  const Dn dn = pair_.calls_[slot].dn;
  if (request.conversation.from.valid() && !pair_.calls_[slot].caller.from_peer) {
    take_agent_call(context, slot);
    place_call(context, slot);
  } else if (dn.is_queue() && hunt_group(dn.queue_index()) != nullptr) {
    if (elsewhere) {
      context.record(HuntRedirect{request.call, site_});
      forward(context, slot);
    } else {
      hunt_call(context, slot);
    }
  } else if (dn.is_queue()) {
    queue_call(context, slot);
  } else {
    direct_call(context, slot, request.bc_hop);
  }
}

/// Graceful shutdown (domain.md §2.3): a redirection sends the call to the peer.
void SipServerEndpoint::reject(Context& context, const sip::Request& request,
                               sip::TransactionId id) {
  const auto status = static_cast<std::uint16_t>(options().shutdown_sip_reject_code);
  Answer answer;
  if (status < 400 && options().dr_peer_trunk) {
    answer.contact = directory_.sip_server[peer_of(site_)];
  }
  respond(context, id, status, answer);
  context.record(RequestRejected{request.call, site_, status});
}

std::uint32_t SipServerEndpoint::new_call(Context& context, const sip::Request& request,
                                          AddressId from, sip::TransactionId id) {
  const std::uint32_t slot = pair_.calls_.take();
  ServerCall& call = pair_.calls_[slot];
  const std::uint32_t generation = call.generation;
  call = {};
  call.generation = generation;
  call.live = true;
  call.copied = pair_.ha_link_up_;
  call.id = request.call;
  call.dn = request.dn;
  if (call.dn.is_queue()) call.queue = call.dn.queue_index();
  call.conversation = request.conversation;
  call.priority = request.priority;
  call.path = request.path | path_of(site_);
  call.queued_at = context.now();
  call.caller.remote = request.contact.valid() ? request.contact : from;
  call.caller.dialog = request.dialog;
  call.caller.media = request.media;
  call.caller.session = std::chrono::seconds(request.expires_s);
  call.caller.invite = id;
  call.caller.from_peer = directory_.site_of(from) == peer_of(site_);
  pair_.call_by_dialog_[request.dialog] = slot;
  ++pair_.call_count_;
  return slot;
}

/// Counts it there; false if there was no room, and it has gone to the default destination.
bool SipServerEndpoint::join_line(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  const std::uint32_t queue = call.queue;
  const QueueOptions& q = queue_options(queue);
  // The queue's priority decides; a call's own one orders calls of equal queues.
  call.standing = {std::int64_t{q.priority} * 256 + call.priority, pair_.next_ticket_++};
  const std::uint32_t waiting = ++pair_.waiting_[queue];
  if (!call.transferred && !call.asks()) context.record(CallQueued{call.id, site_, queue, waiting});
  if (q.limit && waiting > *q.limit && !pair_.router_.agent_for(queue)) {
    default_route(context, slot, CallDefaultRouted::Cause::queue_full);
    return false;
  }
  if (q.maximum_wait) {
    call.wait_timer = context.arm(*q.maximum_wait, {.kind = wait_timer, .index = slot});
  }
  return true;
}

void SipServerEndpoint::queue_call(Context& context, std::uint32_t slot) {
  if (!join_line(context, slot)) return;
  if (options().treatment == Treatment::always ||
      !pair_.router_.agent_for(pair_.calls_[slot].queue)) {
    start_treatment(context, slot);
  } else {
    make_routable(context, slot);
  }
}

/// Is this call for his Extension to go to the peer (decision table of domain.md §2.2)? The DN's
/// own dr-forward goes before the application's.
bool SipServerEndpoint::belongs_to_peer(AgentId id, SimTime now) const {
  if (pair_.mode_ != ServerMode::bc) return false;
  switch (directory_.group(id).dr_forward.value_or(options().dr_forward)) {
    case DrForward::off:
      return false;
    case DrForward::no_agent:
      return !agent_at(id).logged_in();
    case DrForward::oos:
      return !pair_.in_service(id, now);
  }
  return false;
}

/// A call to an Extension: dialled direct, or of a queue at the peer that has chosen this agent.
void SipServerEndpoint::direct_call(Context& context, std::uint32_t slot, bool bc_hop) {
  ServerCall& call = pair_.calls_[slot];
  const AgentId id = call.dn.agent();
  if (!call.dn.valid() || id.value >= pair_.agents_.size()) {
    end_call(context, slot, hang_up(call, 404));
    return;
  }
  const SimTime now = context.now();
  call.routed_by_peer = call.caller.from_peer && call.conversation.kind == CallKind::queue;
  if (!bc_hop && !call.caller.from_peer && belongs_to_peer(id, now)) {
    forward(context, slot);
    return;
  }
  const bool free = pair_.in_service(id, now) && !agent_at(id).on_call();
  if (call.routed_by_peer ? !routable(id, now) : !free) {
    const std::uint16_t status = agent_at(id).on_call() ? 486 : 480;
    end_call(context, slot, hang_up(call, status));
    return;
  }
  offer(context, slot, {id.value, Where::here});
}

/// The BC call forwarding procedure (§2.1), for an Extension or a hunt group: by 302, out of the
/// signalling path, or by an INVITE over the inter-site trunk, in it.
void SipServerEndpoint::forward(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  const AddressId peer = directory_.sip_server[peer_of(site_)];
  // Leaving the path is a matter between this server and a gateway's trunk (ASSUMPTION).
  const bool by_302 = options().dr_oosp_transfer_enabled && !call.conversation.from.valid();
  context.record(BcForward{call.id, site_, by_302});
  call.state = ServerCall::State::offered;
  call.agent_where = Where::at_peer;
  if (by_302) {
    end_call(context, slot, {CallerEnd::Kind::moved, 302, peer});
    return;
  }
  call.forwarded = true;
  ring(context, slot, peer, true);
}

// ---- the queue ----

/// Has it no claim to wait any longer?
bool SipServerEndpoint::waited_enough(const ServerCall& call, SimTime now) const {
  const auto& maximum = queue_options(call.queue).maximum_wait;
  return maximum && !call.wait_timer.valid() && now - call.queued_at >= *maximum;
}

void SipServerEndpoint::make_routable(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  const std::uint32_t queue = call.queue;
  const std::optional<acd::Candidate> candidate = pair_.router_.agent_for(queue);
  call.state = ServerCall::State::waiting;
  if (candidate) {
    offer(context, slot, *candidate);
  } else if (waited_enough(call, context.now())) {
    waited_too_long(context, slot);
  } else if (!call.confirmed() && !call.treatment_failed) {
    start_treatment(context, slot);
  } else {
    pair_.router_.call_waits(slot, queue, call.standing);
  }
}

void SipServerEndpoint::waited_too_long(Context& context, std::uint32_t slot) {
  using Cause = CallDefaultRouted::Cause;
  ServerCall& call = pair_.calls_[slot];
  call.wait_timer = {};
  if (call.asks()) {  // nobody has answered it
    if (call.state != ServerCall::State::talking) end_call(context, slot, hang_up(call, 480));
    return;
  }
  if (call.state != ServerCall::State::treated && call.state != ServerCall::State::waiting) return;
  // Who hears an announcement while an agent is free does not wait for one.
  if (call.state == ServerCall::State::treated && pair_.router_.agent_for(call.queue)) return;
  const std::vector<std::uint32_t>* queues = nullptr;
  Cause cause = Cause::no_agent_logged_in;
  for (std::uint32_t i = 0; i < pair_.agents_.size() && cause != Cause::waited_too_long; ++i) {
    if (!pair_.agents_[i].logged_in()) continue;
    queues = &directory_.group(AgentId{i}).queues;
    const bool serves =
        queues->empty() || std::find(queues->begin(), queues->end(), call.queue) != queues->end();
    if (serves) cause = Cause::waited_too_long;
  }
  default_route(context, slot, cause);
}

void SipServerEndpoint::default_route(Context& context, std::uint32_t slot,
                                      CallDefaultRouted::Cause cause) {
  using Kind = CallerEnd::Kind;
  const ServerCall& call = pair_.calls_[slot];
  if (call.asks() || (call.queued() && !queue_options(call.queue).default_destination)) {
    end_call(context, slot, hang_up(call, 480));
    return;
  }
  context.record(CallDefaultRouted{call.id, site_, cause});
  end_call(
      context, slot,
      call.confirmed() ? CallerEnd{Kind::transferred, 0, {}} : CallerEnd{Kind::moved, 302, {}});
}

// ---- toward the caller ----

void SipServerEndpoint::answer_caller(Context& context, std::uint32_t slot, NodeId media) {
  ServerCall& call = pair_.calls_[slot];
  call.caller.state = CallerLeg::State::answered;
  call.caller.media_sent = media;
  respond(context, call.caller.invite, 200,
          {.path = call.path, .media = media, .contact = address()});
  caller_refreshed(context, slot, context.now());
}

void SipServerEndpoint::on_ack(Context& context, const sip::Request& ack) {
  const std::uint32_t slot = find_call(ack.dialog);
  if (slot == kNoCall) return;
  ServerCall& call = pair_.calls_[slot];
  if (call.caller.dialog != ack.dialog || call.caller.state != CallerLeg::State::answered) return;
  call.caller.state = CallerLeg::State::confirmed;
  if (call.caller.media_owed) send_reinvite(context, slot);
}

void SipServerEndpoint::on_no_ack(Context& context, const sip::Response& success) {
  const std::uint32_t slot = find_call(success.dialog);
  if (slot != kNoCall) end_call(context, slot, {CallerEnd::Kind::bye, 408, {}});
}

// ---- the end ----

void SipServerEndpoint::on_bye(Context& context, const sip::Request& request,
                               sip::TransactionId id) {
  using Kind = CallerEnd::Kind;
  const std::uint32_t slot = find_call(request.dialog);
  if (slot == kNoCall) {
    respond(context, id, 481);
    return;
  }
  respond(context, id, 200);
  layer_.stop_waiting_for_ack(context, request.dialog);
  ServerCall& call = pair_.calls_[slot];
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
  // Who hears nothing says so, and the caller's side is told (media_lost).
  const bool unheard = request.expires_s == sip::kNothingHeard;
  if (unheard && end.kind == Kind::bye) end.status = sip::kNothingHeard;
  end_call(context, slot, end);
}

void SipServerEndpoint::on_cancel(Context& context, const sip::Request& request,
                                  sip::TransactionId id) {
  const std::uint32_t slot = find_call(request.dialog);
  respond(context, id, slot == kNoCall ? 481 : 200);
  // No effect on an INVITE that has its final response (RFC 3261 §9.2).
  if (slot == kNoCall || pair_.calls_[slot].confirmed()) return;
  end_call(context, slot, {CallerEnd::Kind::final_response, 487, {}});
}

SipServerEndpoint::CallerEnd SipServerEndpoint::hang_up(const ServerCall& call,
                                                        std::uint16_t status) const {
  using Kind = CallerEnd::Kind;
  if (call.asks() && !call.caller.from_peer) return {Kind::none, 0, {}};
  if (!call.confirmed()) return {Kind::final_response, status, {}};
  const bool spoke = call.state == ServerCall::State::talking;
  return {Kind::bye, spoke ? std::uint16_t{0} : status, {}};
}

void SipServerEndpoint::end_caller(Context& context, ServerCall& call, const CallerEnd& end) {
  using Kind = CallerEnd::Kind;
  layer_.cancel(context, call.caller.own_invite);
  switch (end.kind) {
    case Kind::none:
      break;
    case Kind::final_response:
    case Kind::moved:
      respond(context, call.caller.invite, end.status, {.path = call.path, .contact = end.contact});
      break;
    case Kind::bye:
    case Kind::transferred:
      layer_.stop_waiting_for_ack(context, call.caller.dialog);
      send_bye(context, call.caller.remote,
               {call.caller.dialog, call.caller.cseq++, call.id, call.dn},
               {.transferred = end.kind == Kind::transferred, .cause = end.status});
      break;
  }
}

void SipServerEndpoint::end_call(Context& context, std::uint32_t slot, const CallerEnd& end) {
  end_hunt(context, slot);
  if (!pair_.calls_[slot].asks()) end_consultation(context, slot);
  ServerCall& call = pair_.calls_[slot];
  end_treatment(context, call);
  end_agent_leg(context, call);
  end_caller(context, call, end);
  // Freed before its agent is, who may take the next call at once.
  const ServerCall ended = call;
  free_call(context, slot);
  release_agent(context, slot, ended);
  release_dialler(context, slot, ended);
  if (ended.consult != ServerCall::kNoCall) consultation_over(context, ended);
  stop_if_drained(context);
}

void SipServerEndpoint::free_call(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  const bool waits =
      call.state == ServerCall::State::treated || call.state == ServerCall::State::waiting;
  if (call.queued() && waits) {
    --pair_.waiting_[call.queue];
    pair_.router_.call_leaves(slot, call.queue);
  }
  context.cancel(call.announcement_timer);
  context.cancel(call.routing_timer);
  context.cancel(call.wait_timer);
  context.cancel(call.caller.session_timer);
  context.cancel(call.agent_leg.session_timer);
  if (call.consult != ServerCall::kNoCall) {
    pair_.calls_[call.consult].consult = ServerCall::kNoCall;
  }
  pair_.call_by_dialog_.erase(call.caller.dialog);
  pair_.call_by_dialog_.erase(call.agent_leg.dialog);
  pair_.call_by_dialog_.erase(call.treatment.dialog);
  call.live = false;
  ++call.generation;
  --pair_.call_count_;
  pair_.calls_.give_back(slot);
}

}  // namespace bcsim::models
