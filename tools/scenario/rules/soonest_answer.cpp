#include "tools/scenario/rules/soonest_answer.hpp"

#include <algorithm>

#include "tools/scenario/rules/offered_load.hpp"
#include "tools/scenario/rules/validator_service.hpp"
#include "tools/scenario/rules/ways.hpp"

namespace bcsim::tools {

using models::CallKind;
using models::CallStream;
using models::kSites;
using models::Scenario;
using models::SiteIndex;
using models::sip::Method;
using sim::Duration;

namespace {

/// Until a gateway that calls come through to this site has set a call up there.
Duration gateway_way(const Scenario& s, SiteIndex site) {
  std::optional<Duration> soonest;
  for (const models::GatewayOptions& g : s.gateways) {
    const bool both = g.redundancy == models::RedundancyMode::load_balance;
    if (g.home_site != site && !both) continue;
    const Duration way =
        way_of_gateway(s, g, site)
            .answered_after(request_of(Method::invite), s.sites[site].sip_server.invite_service,
                            answer_to(Method::invite, 200));
    soonest = std::min(soonest.value_or(way), way);
  }
  return soonest.value_or(Duration{});
}

/// The same of whoever calls: at the site where it is soonest.
Duration incoming_way(const Scenario& s, const CallStream& stream) {
  std::optional<Duration> soonest;
  for (SiteIndex site = 0; site < kSites; ++site) {
    if (share_of_site(s, stream, site) <= 0) continue;
    const Duration way = gateway_way(s, site);
    soonest = std::min(soonest.value_or(way), way);
  }
  return soonest.value_or(Duration{});
}

}  // namespace

Duration dialling_way(const Scenario& s, const CallStream& stream) {
  std::optional<Duration> soonest;
  for (const std::uint32_t g : stream.from_agents) {
    const models::AgentGroup& group = s.agents[g];
    const SiteIndex site = group.preferred_site;
    if (people(group) == 0) continue;
    const Duration way =
        way_of_phones(s, group.location, site)
            .answered_after(request_of(Method::invite), s.sites[site].sip_server.invite_service,
                            answer_to(Method::invite, 200));
    soonest = std::min(soonest.value_or(way), way);
  }
  return soonest.value_or(Duration{});
}

namespace {

void take_sooner(std::optional<Soonest>& best, const Soonest& other) {
  if (!best || other.total() < best->total()) best = other;
}

/// Calls to a queue, by the site that they come to.
std::vector<AnswerPart> queue_parts(const Rules& rules, const CallStream& stream) {
  const Scenario& s = rules.scenario;
  const bool anywhere = s.queues[stream.queue].routing_scope == models::RoutingScope::both_sites;
  std::vector<AnswerPart> parts;
  for (SiteIndex site = 0; site < kSites; ++site) {
    std::optional<Soonest> agent;
    for (std::uint32_t g = 0; g < s.agents.size(); ++g) {
      const models::AgentGroup& group = s.agents[g];
      const SiteIndex home = group.preferred_site;
      if (people(group) == 0 || !group.serves(stream.queue)) continue;
      if (home != site && !anywhere) continue;
      Duration way = phone_reached_after(s, group, home);
      if (home != site) {
        way += way_of_trunk(s).answered_after(request_of(Method::invite),
                                              s.sites[home].sip_server.invite_service,
                                              answer_to(Method::invite, 200));
      }
      take_sooner(agent, {Duration{}, group.phone.answer_delay, way});
    }
    const double share = share_of_site(s, stream, site);
    if (!agent || share <= 0) continue;  // M-W07 says so
    AnswerPart part{share, agent, agent, false, agent};
    part.queued->announcement = s.sites[site].sip_server.announcement;
    part.setup->way += gateway_way(s, site);
    if (hears_announcement(s, stream, site)) {  // he is connected first
      part.both = true;
      part.level = part.queued;
      part.setup = Soonest{Duration{}, Duration{}, gateway_way(s, site)};
    }
    parts.push_back(part);
  }
  return parts;
}

/// Calls to a hunt group, by the site that distributes them: they hear ringing only.
std::vector<AnswerPart> hunt_parts(const Scenario& s, const CallStream& stream) {
  const models::QueueOptions& queue = s.queues[stream.queue];
  const std::array<double, kSites> shares = hunting_sites(s, queue);
  std::vector<AnswerPart> parts;
  for (SiteIndex site = 0; site < kSites; ++site) {
    AnswerPart part{shares[site], std::nullopt, std::nullopt, false, std::nullopt};
    for (const std::uint32_t g : queue.hunt_group->members) {
      const models::AgentGroup& group = s.agents[g];
      if (people(group) == 0 || !registers_at(group, site)) continue;
      take_sooner(part.level,
                  {Duration{}, group.phone.answer_delay, phone_reached_after(s, group, site)});
    }
    if (part.weight <= 0 || !part.level) continue;
    part.setup = part.level;
    part.setup->way += incoming_way(s, stream);
    parts.push_back(part);
  }
  return parts;
}

/// Calls to agents' own numbers, by the group that is called.
std::vector<AnswerPart> direct_parts(const Scenario& s, const CallStream& stream) {
  const Duration way =
      stream.kind() == CallKind::internal ? dialling_way(s, stream) : incoming_way(s, stream);
  std::vector<AnswerPart> parts;
  for (const std::uint32_t g : stream.to_agents) {
    const models::AgentGroup& group = s.agents[g];
    if (people(group) == 0) continue;
    const Soonest soonest{Duration{}, group.phone.answer_delay,
                          way + phone_reached_after(s, group, group.preferred_site)};
    parts.push_back(
        {static_cast<double>(people(group)), soonest, std::nullopt, false, std::nullopt});
  }
  return parts;
}

}  // namespace

std::vector<AnswerPart> answer_parts(const Rules& rules, const CallStream& stream) {
  const Scenario& s = rules.scenario;
  switch (stream.kind()) {
    case CallKind::queue:
      return s.queues[stream.queue].hunt_group ? hunt_parts(s, stream) : queue_parts(rules, stream);
    case CallKind::direct:
    case CallKind::internal:
      return direct_parts(s, stream);
    case CallKind::outgoing:
      break;
  }
  return {};
}

}  // namespace bcsim::tools
