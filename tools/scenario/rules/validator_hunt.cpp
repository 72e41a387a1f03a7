#include "tools/scenario/rules/validator_hunt.hpp"

#include <fmt/format.h>

#include <optional>

namespace bcsim::tools {
namespace {

std::optional<models::SiteIndex> site_of_server(const models::Scenario& s,
                                                const std::string& server) {
  for (models::SiteIndex i = 0; i < models::kSites; ++i) {
    if (s.sites[i].sip_server.name == server) return i;
  }
  return std::nullopt;
}

/// R58, R61: where the desktops of members log in, and how their phones register.
void check_members(const Rules& rules, const models::HuntGroupOptions& group,
                   std::optional<models::SiteIndex> preferred, const std::string& path) {
  const models::Scenario& s = rules.scenario;
  for (const std::uint32_t member : group.members) {
    const models::AgentGroup& agents = s.agents[member];
    if (preferred && agents.preferred_site != *preferred) {
      const bool returns = agents.desktop.failback == models::Failback::return_after_call;
      rules.warning(
          "V-W09", path + ".hg-members",
          fmt::format("the desktops of {} prefer {}, the hunt group {}: their calls "
                      "from it are not monitored (R57, R58){}",
                      agents.name, s.sites[agents.preferred_site].name, s.sites[*preferred].name,
                      returns ? ", and who is told so goes there and, with failback: "
                                "return-after-call, comes back, again and again (R59)"
                              : ""),
          fmt::format("preferred-site: {}", s.sites[*preferred].name));
    }
    if (agents.phone.registration != models::RegistrationMode::dual) {
      rules.warning("V-W10", path + ".hg-members",
                    fmt::format("the phones of {} are not registered at both sites, as members of "
                                "a hunt group should be (R61)",
                                agents.name),
                    "registration: dual");
    }
  }
}

}  // namespace

void check_hunt_groups(const Rules& rules) {
  for (const models::QueueOptions& queue : rules.scenario.queues) {
    if (!queue.hunt_group) continue;
    const models::HuntGroupOptions& group = *queue.hunt_group;
    const std::string path = fmt::format("queues.{}.hunt-group", queue.name);
    if (rules.any_refused(path)) continue;
    std::uint32_t phones = 0;
    for (const std::uint32_t member : group.members) phones += rules.scenario.agents[member].count;
    if (phones == 0) {
      rules.error("V-E14", path + ".hg-members",
                  fmt::format("hunt group {} has no members (R48)", queue.name),
                  "hg-members: [team1]");
    }
    if (group.type != models::HuntType::parallel) {
      rules.warning("V-W08", path + ".type",
                    fmt::format("hunt group {} is sequential; only parallel ones are documented "
                                "for business continuity (R48)",
                                queue.name),
                    "type: parallel");
    }
    const auto preferred = site_of_server(rules.scenario, group.preferred_site[0]);
    if (!preferred) {
      rules.warning("V-W12", path + ".hg-preferred-site",
                    fmt::format("the preferred site of hunt group {} cannot be determined: its "
                                "calls are distributed where they arrive (R65)",
                                queue.name),
                    fmt::format("{} or {}", rules.scenario.sites[0].sip_server.name,
                                rules.scenario.sites[1].sip_server.name));
    }
    check_members(rules, group, preferred, path);
  }
}

}  // namespace bcsim::tools
