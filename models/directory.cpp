#include "models/directory.hpp"

#include <algorithm>

namespace bcsim::models {

namespace {
/// A refresh period ρE in simulated time.
Duration refresh_period(const PhoneOptions& phone) {
  return sim::from_seconds(phone.refresh_fraction * sim::seconds(phone.expires));
}
std::uint64_t per_site(AgentId id, SiteIndex site) {
  return std::uint64_t{id.value} * 2 + site;
}
}  // namespace

std::uint32_t Directory::staffed(std::uint32_t group, SimTime t) const {
  const AgentGroup& g = scenario->agents[group];
  if (g.staffing.empty()) return g.count;
  std::uint32_t count = 0;
  for (const StaffingStep& step : g.staffing) {
    if (step.at > t) break;
    count = step.count;
  }
  return count < g.count ? count : g.count;
}

std::vector<AgentId> Directory::members_of(const std::vector<std::uint32_t>& groups) const {
  std::vector<AgentId> members;
  for (std::uint32_t i = 0; i < agents.size(); ++i) {
    const auto found = std::find(groups.begin(), groups.end(), agents[i].group);
    if (found != groups.end()) members.push_back(AgentId{i});
  }
  return members;
}

bool Directory::registered_at_start(AgentId id, SiteIndex site) const {
  if (!steady() || !has_dn(id, site)) return false;
  return registers_at(id, site);
}

bool Directory::desktop_knows(AgentId id, SiteIndex site) const {
  if (scenario->sites[site].desktop.applications.empty()) return false;
  const SiteIndex first = agent(id).preferred_site;
  return site == first || group(id).desktop.second_site.value_or(peer_of(first)) == site;
}

Duration Directory::first_refresh(AgentId id, SiteIndex site) const {
  const PhoneOptions& phone = group(id).phone;
  if (phone.first_refresh) return *phone.first_refresh;
  const double u = rng.stream("phone.refresh_phase", per_site(id, site)).uniform();
  return sim::from_seconds(u * sim::seconds(refresh_period(phone)));
}

SimTime Directory::binding_expiry_at_start(AgentId id, SiteIndex site) const {
  const PhoneOptions& phone = group(id).phone;
  return sim::kStart + first_refresh(id, site) - refresh_period(phone) + phone.expires;
}

Duration Directory::addp_silence_at_start(AgentId id, SiteIndex site) const {
  const DesktopPolicy& policy = group(id).desktop;
  if (policy.last_addp && site == agent(id).preferred_site) {
    return sim::kStart - *policy.last_addp;
  }
  const double u = rng.stream("desktop.addp_phase", per_site(id, site)).uniform();
  return sim::from_seconds(u * sim::seconds(scenario->sites[site].desktop.addp_timeout));
}

std::uint32_t Directory::line_count() const {
  const bool to_groups = std::ranges::any_of(scenario->calls, [](const CallStream& stream) {
    return stream.transfer.share > 0 && stream.transfer.group.has_value();
  });
  return static_cast<std::uint32_t>(scenario->queues.size() +
                                    (to_groups ? scenario->agents.size() : 0));
}

void Directory::list_hunt_members() {
  hunt_member_lists.assign(scenario->queues.size(), {});
  hunt_group_lists.assign(agents.size(), {});
  for (std::uint32_t queue = 0; queue < scenario->queues.size(); ++queue) {
    const auto& group = scenario->queues[queue].hunt_group;
    if (!group) continue;
    for (const std::uint32_t wanted : group->members) {
      for (std::uint32_t i = 0; i < agents.size(); ++i) {
        if (agents[i].group != wanted) continue;
        hunt_member_lists[queue].push_back(AgentId{i});
        hunt_group_lists[i].push_back(queue);
      }
    }
  }
}

}  // namespace bcsim::models
