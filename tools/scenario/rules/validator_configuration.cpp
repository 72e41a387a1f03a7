#include "tools/scenario/rules/validator_configuration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "models/config/objects.hpp"
#include "tools/scenario/table/release.hpp"

namespace bcsim::tools {
namespace {

using models::ConfigurationEdit;
using models::kSites;
using models::ObjectKey;
using models::ObjectSelection;
using models::ObjectType;
using models::SiteIndex;

std::string agent_name(const models::Scenario& s, std::uint32_t agent) {
  for (const models::AgentGroup& group : s.agents) {
    if (agent < group.count) return fmt::format("{}.{}", group.name, agent + 1);
    agent -= group.count;
  }
  return "";
}

/// "20 Places (team1.1, team1.2, …)".
std::string listed(const models::Scenario& s, const char* what,
                   const std::vector<std::uint32_t>& agents) {
  constexpr std::size_t kShown = 3;
  std::string names;
  for (std::size_t i = 0; i < agents.size() && i < kShown; ++i) {
    names += (i == 0 ? "" : ", ") + agent_name(s, agents[i]);
  }
  if (agents.size() > kShown) names += ", …";
  return fmt::format("{} {}{} ({})", agents.size(), what, agents.size() == 1 ? "" : "s", names);
}

bool selects(const models::Scenario& s, const ObjectSelection& of, std::uint32_t agent) {
  const auto agents = models::selected_agents(s, of);
  return std::find(agents.begin(), agents.end(), agent) != agents.end();
}

/// Where the scenario says that this object of an agent is not the same on both switches.
std::string origin(const models::Scenario& s, ObjectType type, std::uint32_t agent) {
  const models::ConfigurationOptions& c = s.configuration;
  for (std::size_t site = 0; site < kSites; ++site) {
    const auto find = [&](const auto& overrides, const char* kind) -> std::string {
      for (const auto& o : overrides) {
        if (selects(s, o.of, agent)) {
          return fmt::format("configuration.switch{}.{}.{}", site + 1, kind, o.of.text);
        }
      }
      return "";
    };
    const std::string path = type == ObjectType::extension ? find(c.switches[site].dns, "dn")
                             : type == ObjectType::place
                                 ? find(c.switches[site].places, "place")
                                 : find(c.switches[site].logins, "agent-login");
    if (!path.empty()) return path;
  }
  for (std::size_t i = c.edits.size(); i-- > 0;) {
    const ConfigurationEdit& edit = c.edits[i];
    const bool of_type = std::find(edit.types.begin(), edit.types.end(), type) != edit.types.end();
    if (of_type && edit.of && selects(s, *edit.of, agent)) {
      return fmt::format("configuration.edits.{}", i);
    }
  }
  return "configuration";
}

void check_selection(const Rules& rules, const ObjectSelection& of, const std::string& path,
                     bool one = false) {
  if (of.queue) {
    if (one) rules.error("S-007", path, fmt::format("'{}' is a queue, not an agent", of.text));
    return;
  }
  if (of.index >= rules.scenario.agents.size()) return;  // its group has been refused
  const models::AgentGroup& group = rules.scenario.agents[of.index];
  const std::uint32_t last = of.last == ObjectSelection::kAll ? of.first : of.last;
  if (last >= group.count && group.count > 0) {
    rules.error(
        "S-007", path,
        fmt::format("there is no {}.{}: it has {} agents", group.name, last + 1, group.count));
  } else if (one && of.first != of.last) {
    rules.error("S-003", path, fmt::format("'{}' is not one agent", of.text),
                fmt::format("such as {}.1", group.name));
  }
}

void check_selections(const Rules& rules) {
  const models::ConfigurationOptions& c = rules.scenario.configuration;
  for (std::size_t site = 0; site < kSites; ++site) {
    const std::string path = fmt::format("configuration.switch{}", site + 1);
    const auto each = [&](const auto& overrides, const char* kind) {
      for (const auto& o : overrides) {
        check_selection(rules, o.of, fmt::format("{}.{}.{}", path, kind, o.of.text));
      }
    };
    each(c.switches[site].dns, "dn");
    each(c.switches[site].places, "place");
    each(c.switches[site].logins, "agent-login");
    for (const models::AgentLoginOverride& login : c.switches[site].logins) {
      if (!login.person) continue;
      check_selection(rules, *login.person,
                      fmt::format("{}.agent-login.{}.person", path, login.of.text), true);
    }
  }
}

/// R10: the switches as they are when time starts.
void check_mirror(const Rules& rules) {
  const models::Scenario& s = rules.scenario;
  if (!models::configuration_differs(s)) return;
  const models::ConfigurationObjects objects = models::configuration_at_start(s);
  std::map<std::pair<ObjectType, SiteIndex>, std::vector<std::uint32_t>> missing;
  std::vector<std::uint32_t> links, nowhere;
  std::uint32_t agents = 0;
  for (const models::AgentGroup& group : s.agents) agents += group.count;
  for (std::uint32_t a = 0; a < agents; ++a) {
    for (const ObjectType type :
         {ObjectType::extension, ObjectType::place, ObjectType::agent_login}) {
      for (SiteIndex site = 0; site < kSites; ++site) {
        if (!objects.exists({type, a}, site) && objects.exists({type, a}, models::peer_of(site))) {
          missing[{type, site}].push_back(a);
        }
      }
    }
    const auto reference = [&](SiteIndex site) {
      return objects.exists({ObjectType::person, a}, site)
                 ? std::optional(objects.person_of_login(a, site))
                 : std::nullopt;
    };
    const ObjectKey login{ObjectType::agent_login, a};
    const bool both = objects.exists(login, 0) && objects.exists(login, 1);
    if (both && reference(0) != reference(1)) links.push_back(a);
    if (!objects.can_log_in(a, 0) && !objects.can_log_in(a, 1)) nowhere.push_back(a);
  }
  if (!nowhere.empty()) {
    rules.warning("M-W13", "configuration",
                  fmt::format("{} can log in at neither site: a DN in a Place, and a login of the "
                              "agent's own Person are needed at one at least",
                              listed(s, "agent", nowhere)),
                  "complete one of the switches");
  }
  constexpr std::array kNames = {"Extension DN", "", "", "Place", "Agent Login"};
  for (const auto& [what, list] : missing) {
    const auto [type, site] = what;
    rules.error("V-E02", origin(s, type, list.front()),
                fmt::format("{} of the other switch {} missing at {}: these agents cannot log in "
                            "there (R1, R10)",
                            listed(s, kNames[static_cast<std::size_t>(type)], list),
                            list.size() == 1 ? "is" : "are", s.sites[site].name),
                "synchronize the switches, or accept: [V-E02] to see what it costs");
  }
  if (!links.empty()) {
    const bool by_login =
        objects.person_of_login(links.front(), 0) != objects.person_of_login(links.front(), 1);
    rules.error(
        "V-E04", origin(s, by_login ? ObjectType::agent_login : ObjectType::person, links.front()),
        fmt::format("{} not of the same Person on both switches (R10)",
                    listed(s, links.size() == 1 ? "Agent Login is" : "Agent Logins are", links)),
        "give the logins of one agent to one Person");
  }
}

/// R13, R14, R86: an agent's DNs.
void check_dns(const Rules& rules, SiteIndex site) {
  const models::Scenario& s = rules.scenario;
  for (const models::DnOverride& dn : s.configuration.switches[site].dns) {
    const std::string path = fmt::format("configuration.switch{}.dn.{}", site + 1, dn.of.text);
    const bool queue = dn.of.queue;
    const bool hunt_group =
        queue && dn.of.index < s.queues.size() && s.queues[dn.of.index].hunt_group.has_value();
    if (dn.hg_preferred && !hunt_group) {
      rules.warning("V-W11", path + ".hg-preferred-site",
                    fmt::format("{} is no ACD Queue: hg-preferred-site has no effect there (R63)",
                                dn.of.text),
                    "give the option to the hunt group");
    }
    if (queue) continue;
    if (dn.type != models::DnType::extension) {
      rules.error("V-E05", path + ".type",
                  fmt::format("the DN of {} is an ACD Position: business continuity supports only "
                              "DNs of type Extension as agents' DNs (R13)",
                              dn.of.text),
                  "type: extension");
    }
    const bool same = s.configuration.place_model == models::PlaceModel::same;
    if (!dn.place) continue;
    const auto& others = s.configuration.switches[models::peer_of(site)].dns;
    const bool shared = std::any_of(others.begin(), others.end(), [&](const auto& other) {
      return other.of.text == dn.of.text && other.place == dn.place;
    });
    if (same && !shared) {
      rules.error(
          "V-E06", path + ".place",
          fmt::format("the DN of {} is in Place '{}', its DN at {} in another: both must be "
                      "in one (R14)",
                      dn.of.text, *dn.place, s.sites[models::peer_of(site)].name),
          "one Place for both DNs, or place-model: separate");
    } else if (!same && shared && site == 1) {
      rules.error("V-E06", path + ".place",
                  fmt::format("both DNs of {} are in Place '{}': with place-model separate each "
                              "needs its own (R86)",
                              dn.of.text, *dn.place),
                  "a Place for each DN, or place-model: same");
    }
  }
}

/// The members that are selected, and have no Extension at this switch.
bool lacks_extension(const models::Scenario& s, std::uint32_t group, SiteIndex site) {
  const auto& dns = s.configuration.switches[site].dns;
  return std::any_of(dns.begin(), dns.end(), [&](const models::DnOverride& dn) {
    return !dn.of.queue && dn.of.index == group &&
           (!dn.exists || dn.type != models::DnType::extension);
  });
}

void check_hunt_group_objects(const Rules& rules, const models::QueueOptions& queue) {
  const models::Scenario& s = rules.scenario;
  const std::string path = fmt::format("queues.{}.hunt-group", queue.name);
  const models::HuntGroupOptions& group = *queue.hunt_group;
  for (SiteIndex site = 0; site < kSites; ++site) {
    for (const std::uint32_t member : group.members) {
      if (!lacks_extension(s, member, site)) continue;
      rules.error("V-E13", path + ".hg-members",
                  fmt::format("members of hunt group {} from {} have no Extension DN at {} (R13, "
                              "R48)",
                              queue.name, s.agents[member].name, s.sites[site].name),
                  "members are Extensions on both switches");
    }
  }
  const auto names = [&](std::size_t at, std::size_t server) {
    return group.preferred_site[at] == s.sites[server].sip_server.name;
  };
  if (names(0, 1) && names(1, 0)) {
    rules.error(
        "V-E15", fmt::format("configuration.switch2.dn.{}.hg-preferred-site", queue.name),
        fmt::format("hunt group {} prefers {} at {} and {} at {}: its calls would be sent to "
                    "and fro (R51)",
                    queue.name, group.preferred_site[0], s.sites[0].name, group.preferred_site[1],
                    s.sites[1].name),
        "the same SIP Server application at both switches");
  }
}

void check_stat_server(const Rules& rules, SiteIndex site) {
  const models::SiteOptions& o = rules.scenario.sites[site];
  const bool same = rules.scenario.configuration.place_model == models::PlaceModel::same;
  const auto given = parse_release(o.stat_server_release);
  // ASSUMPTION (C1): a Place for each DN is what older releases need, and do with.
  if (!same || !given || *given >= std::vector<std::uint32_t>{8, 1, 2}) return;
  rules.error("V-E07", fmt::format("sites.{}.stat-server-release", o.name),
              fmt::format("the Stat Server of {} is of release {}: 8.1.2 or later is needed (R15)",
                          o.name, o.stat_server_release),
              "upgrade it, or use place-model: separate with older desktops");
}

/// R11: what is not synchronised should be alike all the same.
void check_alike(const Rules& rules) {
  const models::Scenario& s = rules.scenario;
  const models::SipServerOptions& a = s.sites[0].sip_server;
  const models::SipServerOptions& b = s.sites[1].sip_server;
  const auto alike = [&](const char* dn, const char* option, bool equal) {
    if (equal) return;
    const std::string second = fmt::format("sites.{}.sip-server.{}", s.sites[1].name, option);
    const std::string first = fmt::format("sites.{}.sip-server.{}", s.sites[0].name, option);
    rules.warning("V-W01", rules.given.count(second) > 0 ? second : first,
                  fmt::format("{} of the {} differs between {} and {}: synchronization does not "
                              "cover this DN (R11)",
                              option, dn, s.sites[0].name, s.sites[1].name),
                  "give both sites the same value");
  };
  alike("Trunk DN to the peer", "oos-check", a.oos_check == b.oos_check);
  alike("Trunk DN to the peer", "oos-force", a.oos_force == b.oos_force);
  alike("Routing Point DNs", "treatment", a.treatment == b.treatment);
  alike("VoIP Service DN", "announcement", a.announcement == b.announcement);
}

void check_edits(const Rules& rules) {
  const models::Scenario& s = rules.scenario;
  check_selections(rules);
  for (std::size_t i = 0; i < s.configuration.edits.size(); ++i) {
    const ConfigurationEdit& edit = s.configuration.edits[i];
    const std::string path = fmt::format("configuration.edits.{}", i);
    if (rules.any_refused(path)) continue;
    if (edit.types.empty()) {
      rules.error("S-008", path, "this edit does not say what is done",
                  "create, modify or delete, with object types");
    } else if (edit.of) {
      check_selection(rules, *edit.of, path + ".of");
    }
    if (!edit.types.empty() && models::selected_objects(s, edit).empty()) {
      rules.error("S-007", path + ".of", "this edit changes no object",
                  "objects of agents are of agents, of queues of a queue");
    }
  }
}

}  // namespace

void check_configuration(const Rules& rules) {
  const models::Scenario& s = rules.scenario;
  if (rules.any_refused("agents") || rules.any_refused("queues")) return;
  check_edits(rules);
  if (!rules.any_refused("configuration")) {
    check_mirror(rules);
    for (SiteIndex site = 0; site < kSites; ++site) check_dns(rules, site);
    for (const models::QueueOptions& queue : s.queues) {
      if (queue.hunt_group) check_hunt_group_objects(rules, queue);
    }
  }
  for (const models::QueueOptions& queue : s.queues) {
    if (queue.default_destination) continue;
    rules.error("V-E16", fmt::format("queues.{}.default-destination", queue.name),
                fmt::format("{} has no default destination: calls that cannot be served there are "
                            "rejected (R56)",
                            queue.name),
                "such as default-destination: voicemail");
  }
  for (SiteIndex site = 0; site < kSites; ++site) check_stat_server(rules, site);
  check_alike(rules);
}

}  // namespace bcsim::tools
