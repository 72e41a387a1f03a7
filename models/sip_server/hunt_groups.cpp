#include "models/sip_server/hunt_groups.hpp"

#include <algorithm>
#include <cassert>

namespace bcsim::models {

namespace {

/// Position of the member after this one in the order of the group, from 0 again after the last.
std::uint32_t after(std::uint32_t member, std::size_t members) {
  return member + 1 < members ? member + 1 : 0;
}

}  // namespace

/// Can be rung: in service, idle, and not at work on the call before (R53, R72). "Regardless of
/// agent presence": the work of one whose desktop is gone, and cannot say so, ends all the same.
bool HuntGroups::eligible(AgentId id, SimTime now) const {
  const ServerAgent& agent = agents_.at(id);
  return phones_.in_service(id, now) && !agent.on_call() && agent.held_back_until <= now &&
         !agents_.works(id, now);
}

/// The site that is to distribute the group's calls (R49, R65): none if the name is of neither.
std::optional<SiteIndex> HuntGroups::preferred_site(const HuntGroupOptions& group) const {
  for (SiteIndex site = 0; site < kSites; ++site) {
    if (group.preferred_site[site_.index] == site_.directory.scenario->sites[site].sip_server.name)
      return site;
  }
  return std::nullopt;
}

bool HuntGroups::belongs_elsewhere(const HuntGroupOptions& group) const {
  return link_.bc() && preferred_site(group) == site_.peer();
}

// ---- a call to the group ----

bool HuntGroups::redirects_hunt(const sip::Request& invite, AddressId from) const {
  if (!invite.dn.is_queue() || invite.bc_hop) return false;
  if (site_.directory.site_of(from) == site_.peer()) return false;
  const HuntGroupOptions* group = site_.hunt_group(invite.dn.queue_index());
  return group != nullptr && belongs_elsewhere(*group);
}

void HuntGroups::hunt_call(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  const HuntGroupOptions& group = *site_.hunt_group(call.queue);
  const std::uint32_t queue = call.queue;
  context.record(CallQueued{call.id, site_.index, queue, calls_.enter_line(queue), call.branch});
  call.state = ServerCall::State::waiting;
  call.hunt = table_.hunts.take();
  Hunt& hunt = hunt_of(call);
  hunt = {};  // its place may have been another call's
  hunt.next = group.type == HuntType::circular ? table_.last_served[queue] : 0;
  hunt.left = static_cast<std::uint32_t>(site_.directory.hunt_members(queue).size());
  hunt.no_answer_timeout = group.no_answer_timeout;
  hunt.queue_timeout = group.queue_timeout;
  distribute(context, slot);
}

/// Rings who is to be rung now; without anybody the call waits, or goes to the default destination.
void HuntGroups::distribute(Context& context, std::uint32_t slot) {
  using Cause = CallDefaultRouted::Cause;
  const ServerCall& call = calls_[slot];
  const std::uint32_t queue = call.queue;
  const HuntGroupOptions& group = *site_.hunt_group(queue);
  const std::vector<AgentId>& members = site_.directory.hunt_members(queue);
  Hunt& hunt = hunt_of(call);
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
    calls_[slot].routing_timer =
        context.arm(hunt_of(calls_[slot]).no_answer_timeout, tag_of(ServerTimer::hunt, slot));
    return;
  }
  const bool in_service =
      std::ranges::any_of(members, [&](AgentId member) { return phones_.in_service(member, now); });
  if (!in_service) {
    user_.default_route(context, slot, Cause::no_member_in_service);
  } else if (hunt.rung) {
    user_.default_route(context, slot, Cause::no_answer);
  } else {
    wait_for_member(context, slot);
  }
}

/// All members are busy: in the group's own queue, if it has room (hg-queue-limit).
void HuntGroups::wait_for_member(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  const std::uint32_t queue = call.queue;
  const HuntGroupOptions& group = *site_.hunt_group(queue);
  auto& line = table_.lines[queue];
  // Whose member turned out to be busy elsewhere has waited all the same.
  Hunt& hunt = hunt_of(call);
  SimTime& until = hunt.waits_until;
  if (until == sim::kNever) until = context.now() + hunt.queue_timeout;
  if (until < context.now()) {
    user_.default_route(context, slot, CallDefaultRouted::Cause::waited_too_long);
    return;
  }
  if (line.size() >= group.queue_limit) {
    user_.default_route(context, slot, CallDefaultRouted::Cause::no_member_idle);
    return;
  }
  line.push_back(slot);
  call.wait_timer = context.arm(until - context.now(), tag_of(ServerTimer::hunt_wait, slot));
  sip_.ring_back(context, call);
}

bool HuntGroups::serve_hunt_line(Context& context, AgentId id) {
  for (const std::uint32_t queue : site_.directory.hunt_groups_of(id)) {
    auto& line = table_.lines[queue];
    if (line.empty() || !eligible(id, context.now())) continue;
    const std::uint32_t slot = line.front();
    line.erase(line.begin());
    context.cancel(calls_[slot].wait_timer);
    calls_[slot].wait_timer = {};
    Hunt& hunt = hunt_of(calls_[slot]);
    hunt.left = static_cast<std::uint32_t>(site_.directory.hunt_members(queue).size());
    distribute(context, slot);
    return true;
  }
  return false;
}

// ---- the members' legs ----

void HuntGroups::ring_member(Context& context, std::uint32_t slot, AgentId member) {
  ServerCall& call = calls_[slot];
  Hunt& hunt = hunt_of(call);
  if (hunt.legs.empty()) {
    context.record(CallRouted{call.id, member, site_.index, call.path, call.branch, call.branch});
  }
  context.record(HuntLeg{call.id, member, site_.index, call.branch});
  HuntMemberLeg& mine = hunt.legs.emplace_back();
  mine.agent = member;
  mine.supervised = agents_.occupy(context, member, slot);
  const std::optional<AddressId> contact = phones_.contact(member, context.now());
  assert(contact);
  sip_.ring(context, slot, call, mine.leg,
            {.to = *contact,
             .dn = Dn::extension(member),
             .attempt = ++call.agent_leg.attempt,
             .bc_hop = true,  // a member's leg is never forwarded (R53)
             .owner = LegOwner::hunt});
}

bool HuntGroups::rings_for(std::uint32_t slot, std::uint32_t attempt) const {
  const std::uint32_t hunt = calls_[slot].hunt;
  return hunt != ServerCall::kNoHunt &&
         std::ranges::any_of(table_.hunts[hunt].legs,
                             [&](const HuntMemberLeg& leg) { return leg.leg.attempt == attempt; });
}

void HuntGroups::on_member_leg(Context& context, std::uint32_t slot, std::uint32_t attempt,
                               sip::Inform inform, const sip::Response* response) {
  Hunt& hunt = hunt_of(calls_[slot]);
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
        context.cancel(calls_[slot].routing_timer);
        calls_[slot].routing_timer = {};
      }
      release_member(context, slot, failed);
      hunt.rung = hunt.rung || inform != sip::Inform::failure;
      // His phone is busy with something that this server does not know (R67), or is dead.
      agents_.hold_back(context, failed.agent);
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

void HuntGroups::member_rings(Context& context, std::uint32_t slot, HuntMemberLeg& leg) {
  ServerCall& call = calls_[slot];
  if (leg.leg.state != ServerLeg::State::inviting) return;
  leg.leg.state = ServerLeg::State::ringing;
  leg.leg.rang = true;
  context.record(CallRinging{call.id, leg.agent, site_.index, call.branch});
  if (leg.supervised) agents_.tell_of_call(context, leg.agent, tlib::Kind::ringing, call.id);
  sip_.ring_back(context, call);
}

/// The first answer wins; the other phones stop ringing. What they may have answered meanwhile is
/// acknowledged and ended (glare, domain.md §3.9 e).
void HuntGroups::member_answered(Context& context, std::uint32_t slot, HuntMemberLeg& won,
                                 const sip::Response& response) {
  ServerCall& call = calls_[slot];
  const HuntMemberLeg winner = won;
  Hunt& hunt = hunt_of(call);
  std::erase_if(hunt.legs,
                [&](const HuntMemberLeg& leg) { return leg.leg.attempt == winner.leg.attempt; });
  const std::uint32_t queue = call.queue;
  const std::vector<AgentId>& members = site_.directory.hunt_members(queue);
  const auto place = std::ranges::find(members, winner.agent) - members.begin();
  table_.last_served[queue] = after(static_cast<std::uint32_t>(place), members.size());
  // From here on it is a call like any other, to this agent.
  calls_.leave_line(queue);
  call.state = ServerCall::State::offered;
  call.agent = winner.agent;
  call.far = winner.supervised ? ServerCall::Far::agent_here : ServerCall::Far::phone_here;
  const std::uint32_t attempts = call.agent_leg.attempt;
  call.agent_leg = winner.leg;
  call.agent_leg.attempt = attempts + 1;
  calls_.bind(winner.leg.dialog, slot);
  const std::uint32_t losers = call.hunt;
  call.hunt = ServerCall::kNoHunt;
  user_.agent_answered(context, slot, response);
  end_hunt_legs(context, slot, losers);
  table_.hunts.give_back(losers);
}

/// One leg has come to nothing: the next member, or none.
void HuntGroups::member_failed(Context& context, std::uint32_t slot, AgentId member,
                               std::uint16_t status) {
  const ServerCall& call = calls_[slot];
  if (!call.live || call.hunt == ServerCall::kNoHunt) return;
  if (!hunt_of(call).legs.empty()) return;  // other phones still ring
  context.record(CallReturned{call.id, member, site_.index, status, call.branch});
  const Hunt& hunt = hunt_of(call);
  if (hunt.rung && site_.hunt_group(call.queue)->type == HuntType::parallel) {
    user_.default_route(context, slot, CallDefaultRouted::Cause::no_answer);
  } else {
    distribute(context, slot);
  }
}

void HuntGroups::members_did_not_answer(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  call.routing_timer = {};
  if (call.hunt == ServerCall::kNoHunt || hunt_of(call).legs.empty()) return;
  const AgentId last = hunt_of(call).legs.back().agent;
  hunt_of(call).rung = true;
  end_hunt_legs(context, slot, call.hunt);
  member_failed(context, slot, last, 408);
}

void HuntGroups::waited_for_member_too_long(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  call.wait_timer = {};
  if (call.hunt == ServerCall::kNoHunt) return;
  user_.default_route(context, slot, CallDefaultRouted::Cause::waited_too_long);
}

// ---- the end ----

/// His phone rang in vain: he is as he was.
void HuntGroups::release_member(Context& context, std::uint32_t slot, const HuntMemberLeg& leg) {
  if (!agents_.vacate(leg.agent, slot)) return;
  if (leg.supervised) {
    agents_.stop_ringing(context, leg.agent, calls_[slot].id, leg.leg.rang);
  }
  user_.occupy_with_own_call(context, leg.agent);
  if (!agents_.at(leg.agent).on_call()) agents_.log_out_if_pending(context, leg.agent);
}

/// Stops every phone that rings for this hunt.
void HuntGroups::end_hunt_legs(Context& context, std::uint32_t slot, std::uint32_t hunt) {
  const std::vector<HuntMemberLeg> legs = std::move(table_.hunts[hunt].legs);
  table_.hunts[hunt].legs.clear();
  for (const HuntMemberLeg& leg : legs) {
    sip_.cancel(context, leg.leg.invite);
    release_member(context, slot, leg);
  }
  for (const HuntMemberLeg& leg : legs) agents_.update_routability(context, leg.agent);
}

void HuntGroups::end_hunt(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  if (call.hunt == ServerCall::kNoHunt) return;
  const std::uint32_t hunt = call.hunt;
  std::erase(table_.lines[call.queue], slot);
  call.hunt = ServerCall::kNoHunt;
  end_hunt_legs(context, slot, hunt);
  table_.hunts.give_back(hunt);
}

void HuntGroups::forget_hunt(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  Hunt& hunt = hunt_of(call);
  for (const HuntMemberLeg& leg : hunt.legs) release_member(context, slot, leg);
  hunt.legs.clear();
  std::erase(table_.lines[call.queue], slot);
  table_.hunts.give_back(call.hunt);
  call.hunt = ServerCall::kNoHunt;
}

// ---- where the desktops of members should be (R59, R60) ----

void HuntGroups::advise(Context& context, AgentId id) {
  for (const std::uint32_t queue : site_.directory.hunt_groups_of(id)) {
    if (!belongs_elsewhere(*site_.hunt_group(queue))) continue;
    context.record(PrivateInfo{id, site_.index});
    agents_.tell(context, id, tlib::Kind::private_info);
    return;
  }
}

}  // namespace bcsim::models
