// Hunt groups: phones of which one takes the call, rung one after the other or all at once, whether
// anybody is logged in there or not (R48–R72, domain.md §2.7).
#include <algorithm>
#include <cassert>

#include "models/endpoints/sip_server.hpp"

namespace bcsim::models {

using acd::AgentInput;
using acd::Where;

namespace {

/// Position of the member after this one in the order of the group, from 0 again after the last.
std::uint32_t after(std::uint32_t member, std::size_t members) {
  return member + 1 < members ? member + 1 : 0;
}

}  // namespace

const HuntGroupOptions* SipServerEndpoint::hunt_group(std::uint32_t queue) const {
  const auto& options = queue_options(queue).hunt_group;
  return options ? &*options : nullptr;
}

/// Can be rung: in service, idle, and not at work on the call before (R53, R72). "Regardless of
/// agent presence": the work of one whose desktop is gone, and cannot say so, ends all the same.
bool SipServerEndpoint::eligible(AgentId id, SimTime now) const {
  const ServerAgent& agent = agent_at(id);
  const bool works =
      agent.state() == AgentState::after_call_work && now < agent.work_over + kWorkGrace;
  return pair_.in_service(id, now) && !agent.on_call() && agent.held_back_until <= now && !works;
}

/// Calls may wait for him when his after-call work should be done.
void SipServerEndpoint::await_end_of_work(Context& context, AgentId id) {
  const Duration left = agent_at(id).work_over + kWorkGrace - context.now();
  context.arm(std::max(left, Duration{}), {.kind = hold_back_timer, .index = id.value});
}

/// The site that is to distribute the group's calls (R49, R65): none if the name is of neither.
std::optional<SiteIndex> SipServerEndpoint::preferred_site(const HuntGroupOptions& group) const {
  for (SiteIndex site = 0; site < kSites; ++site) {
    if (group.preferred_site[site_] == directory_.scenario->sites[site].sip_server.name)
      return site;
  }
  return std::nullopt;
}

bool SipServerEndpoint::belongs_elsewhere(const HuntGroupOptions& group) const {
  return pair_.mode_ == ServerMode::bc && preferred_site(group) == peer_of(site_);
}

// ---- a call to the group ----

/// Away to the preferred site (R51); a call that was sent here stays (loop guard). The option is
/// looked at here and nowhere else: a change of it is for the next call (R64).
bool SipServerEndpoint::redirects_hunt(const sip::Request& invite, AddressId from) const {
  if (!invite.dn.is_queue() || invite.bc_hop) return false;
  if (directory_.site_of(from) == peer_of(site_)) return false;
  const HuntGroupOptions* group = hunt_group(invite.dn.queue_index());
  return group != nullptr && belongs_elsewhere(*group);
}

void SipServerEndpoint::hunt_call(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  const HuntGroupOptions& group = *hunt_group(call.queue);
  const std::uint32_t queue = call.queue;
  context.record(CallQueued{call.id, site_, queue, ++pair_.waiting_[queue]});
  call.state = ServerCall::State::waiting;
  call.hunt = pair_.hunts_.take();
  Hunt& hunt = pair_.hunts_[call.hunt];
  hunt.legs.clear();
  hunt.rung = false;
  hunt.next = group.type == HuntType::circular ? pair_.last_served_[queue] : 0;
  hunt.left = static_cast<std::uint32_t>(directory_.hunt_members(queue).size());
  distribute(context, slot);
}

/// Rings who is to be rung now; without anybody the call waits, or goes to the default destination.
void SipServerEndpoint::distribute(Context& context, std::uint32_t slot) {
  using Cause = CallDefaultRouted::Cause;
  const ServerCall& call = pair_.calls_[slot];
  const std::uint32_t queue = call.queue;
  const HuntGroupOptions& group = *hunt_group(queue);
  const std::vector<AgentId>& members = directory_.hunt_members(queue);
  Hunt& hunt = pair_.hunts_[call.hunt];
  const SimTime now = context.now();
  if (group.type == HuntType::parallel) {
    for (const AgentId member : members) {
      if (eligible(member, now)) ring_member(context, slot, member);
    }
  } else {
    while (hunt.left > 0 && hunt.legs.empty()) {
      const AgentId member = members[hunt.next];
      hunt.next = after(hunt.next, members.size());
      --hunt.left;
      if (eligible(member, now)) ring_member(context, slot, member);
    }
  }
  if (!hunt.legs.empty()) {
    pair_.calls_[slot].routing_timer =
        context.arm(group.no_answer_timeout, {.kind = hunt_timer, .index = slot});
    return;
  }
  const bool in_service =
      std::ranges::any_of(members, [&](AgentId member) { return pair_.in_service(member, now); });
  if (!in_service) {
    default_route(context, slot, Cause::no_member_in_service);
  } else if (hunt.rung) {
    default_route(context, slot, Cause::no_answer);
  } else {
    wait_for_member(context, slot);
  }
}

/// All members are busy: in the group's own queue, if it has room (hg-queue-limit).
void SipServerEndpoint::wait_for_member(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  const std::uint32_t queue = call.queue;
  const HuntGroupOptions& group = *hunt_group(queue);
  auto& line = pair_.hunt_lines_[queue];
  if (line.size() >= group.queue_limit) {
    default_route(context, slot, CallDefaultRouted::Cause::no_member_idle);
    return;
  }
  line.push_back(slot);
  call.wait_timer = context.arm(group.queue_timeout, {.kind = hunt_wait_timer, .index = slot});
  if (!call.caller.rung) {
    call.caller.rung = true;
    respond(context, call.caller.invite, 180, {.path = call.path});
  }
}

/// A member has become free: the first call that waits in one of his groups is distributed.
bool SipServerEndpoint::serve_hunt_line(Context& context, AgentId id) {
  for (const std::uint32_t queue : directory_.hunt_groups_of(id)) {
    auto& line = pair_.hunt_lines_[queue];
    if (line.empty() || !eligible(id, context.now())) continue;
    const std::uint32_t slot = line.front();
    line.erase(line.begin());
    context.cancel(pair_.calls_[slot].wait_timer);
    pair_.calls_[slot].wait_timer = {};
    Hunt& hunt = pair_.hunts_[pair_.calls_[slot].hunt];
    hunt.left = static_cast<std::uint32_t>(directory_.hunt_members(queue).size());
    distribute(context, slot);
    return true;
  }
  return false;
}

// ---- the members' legs ----

void SipServerEndpoint::ring_member(Context& context, std::uint32_t slot, AgentId member) {
  ServerCall& call = pair_.calls_[slot];
  ServerAgent& agent = agent_at(member);
  Hunt& hunt = pair_.hunts_[call.hunt];
  if (hunt.legs.empty()) context.record(CallRouted{call.id, member, site_, call.path});
  context.record(HuntLeg{call.id, member, site_});
  withdraw(context, member);
  agent.call = slot;
  HuntMemberLeg& mine = hunt.legs.emplace_back();
  mine.agent = member;
  mine.supervised = agent.logged_in();
  if (mine.supervised) change(context, member, AgentInput::ring);
  ServerLeg& leg = mine.leg;
  leg.state = ServerLeg::State::inviting;
  leg.attempt = ++call.agent_leg.attempt;
  leg.dialog = sip::dialog_id(sip::Leg::agent, call.id.value, context.self(),
                              static_cast<std::uint32_t>(call.caller.dialog) + leg.attempt);
  const auto contact = pair_.registrar_.lookup(member.value, context.now());
  assert(contact);
  leg.remote = *contact;
  sip::Request invite =
      request_of(sip::Method::invite, {leg.dialog, 1, call.id, Dn::extension(member)});
  invite.bc_hop = true;  // a member's leg is never forwarded (R53)
  invite.path = call.path;
  invite.priority = call.priority;
  invite.media = call.caller.media;
  invite.contact = address();
  invite.conversation = call.conversation;
  invite.expires_s = session_expires_s();
  leg.invite = layer_.request(context, address(), leg.remote, invite, {},
                              owner_of(hunt_owner, slot, leg.attempt));
}

bool SipServerEndpoint::rings_for(std::uint32_t slot, std::uint32_t attempt) const {
  const std::uint32_t hunt = pair_.calls_[slot].hunt;
  return hunt != kNoHunt &&
         std::ranges::any_of(pair_.hunts_[hunt].legs,
                             [&](const HuntMemberLeg& leg) { return leg.leg.attempt == attempt; });
}

void SipServerEndpoint::on_member_leg(Context& context, std::uint32_t slot, std::uint32_t attempt,
                                      sip::Inform inform, const sip::Response* response) {
  Hunt& hunt = pair_.hunts_[pair_.calls_[slot].hunt];
  const auto found = std::ranges::find_if(
      hunt.legs, [&](const HuntMemberLeg& leg) { return leg.leg.attempt == attempt; });
  assert(found != hunt.legs.end());
  HuntMemberLeg& leg = *found;
  switch (inform) {
    case sip::Inform::provisional:
      if (response->status >= 180) member_rings(context, slot, leg);
      break;
    case sip::Inform::success:
      member_answered(context, slot, leg, *response);
      break;
    case sip::Inform::failure:
    case sip::Inform::timeout:
    case sip::Inform::transport_error: {
      const HuntMemberLeg failed = leg;
      hunt.legs.erase(found);
      if (hunt.legs.empty()) {
        context.cancel(pair_.calls_[slot].routing_timer);
        pair_.calls_[slot].routing_timer = {};
      }
      release_member(context, slot, failed);
      hunt.rung = hunt.rung || inform != sip::Inform::failure;
      // His phone is busy with something that this server does not know (R67), or is dead.
      hold_back(context, failed.agent);
      member_failed(context, slot, failed.agent,
                    inform == sip::Inform::failure ? response->status : std::uint16_t{408});
      break;
    }
    case sip::Inform::success_again:
    case sip::Inform::nothing:
    case sip::Inform::ack:
      break;
  }
}

void SipServerEndpoint::member_rings(Context& context, std::uint32_t slot, HuntMemberLeg& leg) {
  ServerCall& call = pair_.calls_[slot];
  if (leg.leg.state != ServerLeg::State::inviting) return;
  leg.leg.state = ServerLeg::State::ringing;
  context.record(CallRinging{call.id, leg.agent, site_});
  if (leg.supervised) tell_of_call(context, leg.agent, tlib::Kind::ringing, call.id);
  if (call.caller.rung) return;
  call.caller.rung = true;
  respond(context, call.caller.invite, 180, {.path = call.path});
}

/// The first answer wins; the other phones stop ringing. What they may have answered meanwhile is
/// acknowledged and ended (glare, domain.md §3.9 e).
void SipServerEndpoint::member_answered(Context& context, std::uint32_t slot, HuntMemberLeg& won,
                                        const sip::Response& response) {
  ServerCall& call = pair_.calls_[slot];
  const HuntMemberLeg winner = won;
  Hunt& hunt = pair_.hunts_[call.hunt];
  std::erase_if(hunt.legs,
                [&](const HuntMemberLeg& leg) { return leg.leg.attempt == winner.leg.attempt; });
  const std::uint32_t queue = call.queue;
  const std::vector<AgentId>& members = directory_.hunt_members(queue);
  const auto place = std::ranges::find(members, winner.agent) - members.begin();
  pair_.last_served_[queue] = after(static_cast<std::uint32_t>(place), members.size());
  // From here on it is a call like any other, to this agent.
  --pair_.waiting_[queue];
  call.state = ServerCall::State::offered;
  call.agent = winner.agent;
  call.agent_where = Where::here;
  call.agent_supervised = winner.supervised;
  const std::uint32_t attempts = call.agent_leg.attempt;
  call.agent_leg = winner.leg;
  call.agent_leg.attempt = attempts + 1;
  pair_.call_by_dialog_[winner.leg.dialog] = slot;
  const std::uint32_t losers = call.hunt;
  call.hunt = kNoHunt;
  agent_answered(context, slot, response);
  end_hunt_legs(context, slot, losers);
  pair_.hunts_.give_back(losers);
}

/// One leg has come to nothing: the next member, or none.
void SipServerEndpoint::member_failed(Context& context, std::uint32_t slot, AgentId member,
                                      std::uint16_t status) {
  const ServerCall& call = pair_.calls_[slot];
  if (!call.live || call.hunt == kNoHunt) return;
  if (!pair_.hunts_[call.hunt].legs.empty()) return;  // other phones still ring
  context.record(CallReturned{call.id, member, site_, status});
  const Hunt& hunt = pair_.hunts_[call.hunt];
  if (hunt.rung && hunt_group(call.queue)->type == HuntType::parallel) {
    default_route(context, slot, CallDefaultRouted::Cause::no_answer);
  } else {
    distribute(context, slot);
  }
}

/// hg-noanswer-timeout.
void SipServerEndpoint::members_did_not_answer(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  call.routing_timer = {};
  if (call.hunt == kNoHunt || pair_.hunts_[call.hunt].legs.empty()) return;
  const AgentId last = pair_.hunts_[call.hunt].legs.back().agent;
  pair_.hunts_[call.hunt].rung = true;
  end_hunt_legs(context, slot, call.hunt);
  member_failed(context, slot, last, 408);
}

void SipServerEndpoint::waited_for_member_too_long(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  call.wait_timer = {};
  if (call.hunt == kNoHunt) return;
  default_route(context, slot, CallDefaultRouted::Cause::waited_too_long);
}

// ---- the end ----

/// His phone rang in vain: he is as he was.
void SipServerEndpoint::release_member(Context& context, std::uint32_t slot,
                                       const HuntMemberLeg& leg) {
  ServerAgent& agent = agent_at(leg.agent);
  if (agent.call != slot) return;
  agent.call = ServerAgent::kNoCall;
  if (leg.supervised) {
    if (leg.leg.state == ServerLeg::State::ringing) {
      tell_of_call(context, leg.agent, tlib::Kind::released, pair_.calls_[slot].id);
    }
    change(context, leg.agent, AgentInput::no_answer);
  }
  if (agent.logout_pending) log_out(context, leg.agent, agent.logout_forced);
}

/// Stops every phone that rings for this hunt.
void SipServerEndpoint::end_hunt_legs(Context& context, std::uint32_t slot, std::uint32_t hunt) {
  const std::vector<HuntMemberLeg> legs = std::move(pair_.hunts_[hunt].legs);
  pair_.hunts_[hunt].legs.clear();
  for (const HuntMemberLeg& leg : legs) {
    layer_.cancel(context, leg.leg.invite);
    release_member(context, slot, leg);
  }
  for (const HuntMemberLeg& leg : legs) update_routability(context, leg.agent);
}

/// The call is about to be freed: its legs, its place in the line and its hunt.
void SipServerEndpoint::end_hunt(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  if (call.hunt == kNoHunt) return;
  const std::uint32_t hunt = call.hunt;
  std::erase(pair_.hunt_lines_[call.queue], slot);
  call.hunt = kNoHunt;
  end_hunt_legs(context, slot, hunt);
  pair_.hunts_.give_back(hunt);
}

/// After a switchover, whose process knows none of the transactions: the phones ring on alone.
void SipServerEndpoint::forget_hunt(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  Hunt& hunt = pair_.hunts_[call.hunt];
  for (const HuntMemberLeg& leg : hunt.legs) release_member(context, slot, leg);
  hunt.legs.clear();
  std::erase(pair_.hunt_lines_[call.queue], slot);
  pair_.hunts_.give_back(call.hunt);
  call.hunt = kNoHunt;
}

// ---- where the desktops of members should be (R59, R60) ----

/// EventPrivateInfo: the calls of a group of his are distributed at the peer.
void SipServerEndpoint::advise(Context& context, AgentId id) {
  for (const std::uint32_t queue : directory_.hunt_groups_of(id)) {
    if (!belongs_elsewhere(*hunt_group(queue))) continue;
    context.record(PrivateInfo{id, site_});
    tell(context, id, tlib::Kind::private_info);
    return;
  }
}

}  // namespace bcsim::models
