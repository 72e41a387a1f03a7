#include "models/sip_server/pair.hpp"

namespace bcsim::models {

SipServerPair::SipServerPair(const Directory& directory, SiteIndex)
    : registrar_(static_cast<std::uint32_t>(directory.agents.size())),
      agents_(directory.agents.size(), router_plan(directory)),
      calls_(directory.line_count()),
      hunts_(directory.scenario->queues.size()) {}

acd::RouterPlan SipServerPair::router_plan(const Directory& directory) {
  acd::RouterPlan plan;
  const auto queues = static_cast<std::uint32_t>(directory.scenario->queues.size());
  const std::uint32_t lines = directory.line_count();
  for (const AgentGroup& group : directory.scenario->agents) {
    std::vector<std::uint32_t>& serves = plan.queues_of_group.emplace_back();
    if (group.queues) serves = *group.queues;
    for (std::uint32_t q = 0; !group.queues && q < queues; ++q) serves.push_back(q);
    if (lines == queues) continue;
    serves.push_back(queues + static_cast<std::uint32_t>(plan.queues_of_group.size()) - 1);
  }
  for (const AgentInfo& agent : directory.agents) plan.group_of_agent.push_back(agent.group);
  for (const QueueOptions& queue : directory.scenario->queues) {
    plan.both_sites.push_back(queue.routing_scope == RoutingScope::both_sites);
  }
  // Whoever of a group takes what is passed on to it may be at either site.
  plan.both_sites.resize(lines, true);
  return plan;
}

void SipServerPair::lose_everything() {
  registrar_ = sip::Registrar(registrar_.dn_count());
  agents_.clear();
  calls_.clear();
  hunts_.clear();
  peer_.clear();
  draining_ = false;
  primacy_.nobody();
}

}  // namespace bcsim::models
