#include "tools/scenario/keys/complete.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <variant>

#include "models/metrics/definitions.hpp"
#include "tools/scenario/keys/metric_limit.hpp"
#include "tools/scenario/keys/metric_names.hpp"
#include "tools/scenario/text/suggest.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

using models::kSites;

const Node* member(const Node* node, std::string_view key) {
  return node != nullptr && node->is_map() ? node->find(key) : nullptr;
}

std::vector<std::string> keys_of(const Node* node) {
  std::vector<std::string> keys;
  if (node != nullptr && node->is_map()) {
    for (const Node& child : node->children) keys.push_back(child.key);
  }
  return keys;
}

std::string default_gateway(std::size_t site) {
  return fmt::format("mg{}", site + 1);
}

void collect_locations(Reader& r, const Node* list) {
  Names& names = r.names;
  names.locations.assign(
      names.sites.begin(),
      names.sites.begin() + std::min<std::ptrdiff_t>(kSites, std::ssize(names.sites)));
  while (names.locations.size() < kSites) {
    names.locations.push_back(fmt::format("site{}", names.locations.size() + 1));
  }
  if (list == nullptr || !r.expect_list(*list, "locations")) return;
  constexpr std::size_t kMost = 250;
  for (const Node& child : list->children) {
    if (r.scalar(child, "the name of a location") == nullptr) continue;
    r.check_name(child, "location");
    if (Names::index(names.locations, child.text)) {
      // The sites may be repeated, for those who expect them there.
      if (!Names::index(names.sites, child.text)) {
        r.error(child, "S-016", fmt::format("location '{}' is given twice", child.text));
      }
      continue;
    }
    if (names.locations.size() == kMost) {
      r.error(child, "S-006", fmt::format("more than {} locations", kMost));
      return;
    }
    names.locations.push_back(child.text);
  }
}

// Fault targets are plain names, so that no two things may share one.
void check_distinct(Reader& r, const Node& root) {
  std::map<std::string, std::string> taken = {{"dc-link", "link"}, {"access", "group of links"}};
  const auto take = [&](const Node& node, const std::string& what) {
    const std::string& name = node.key.empty() ? node.text : node.key;
    const auto [other, fresh] = taken.emplace(name, what);
    if (fresh) return;
    r.diagnostics().error("S-016", node.key.empty() ? node.at : node.key_at,
                          fmt::format("'{}' is already the name of a {}", name, other->second),
                          "names of sites, locations, gateways and agent groups must differ");
  };
  const Node* sites = member(&root, "sites");
  for (std::size_t i = 0; i < r.names.sites.size() && i < kSites; ++i) {
    if (member(&sites->children[i], "gateways") != nullptr) continue;
    taken.emplace(default_gateway(i),
                  fmt::format("gateway, of {}, for which none is given", r.names.sites[i]));
  }
  if (sites != nullptr) {
    for (const Node& site : sites->children) take(site, "site");
    if (const Node* locations = member(&root, "locations")) {
      for (const Node& location : locations->children) {
        if (!Names::index(r.names.sites, location.text)) take(location, "location");
      }
    }
    for (const Node& site : sites->children) {
      const Node* gateways = member(&site, "gateways");
      if (gateways == nullptr) continue;
      for (const Node& gateway : gateways->children) take(gateway, "gateway");
    }
  }
  if (const Node* agents = member(&root, "agents")) {
    for (const Node& group : agents->children) take(group, "group of agents");
  }
}

void set_access(models::Scenario& s) {
  s.network.access.assign(s.locations.size(), {});
  for (std::size_t location = 0; location < s.locations.size(); ++location) {
    for (std::size_t site = 0; site < kSites; ++site) {
      s.network.access[location][site] = default_access(location, site);
    }
  }
}

}  // namespace

models::LinkOptions default_access(std::size_t location, std::size_t site) {
  models::LinkOptions link;
  if (location == site) link.latency = 500us;
  return link;
}

void prepare(Reader& r, const Node& root) {
  models::Scenario& s = r.scenario();
  const Node* sites = member(&root, "sites");
  r.names.sites = keys_of(sites);
  for (std::size_t i = 0; i < kSites; ++i) {
    const Node* site = sites != nullptr && i < r.names.sites.size() ? &sites->children[i] : nullptr;
    const Node* gateways = member(site, "gateways");
    const auto names =
        gateways != nullptr ? keys_of(gateways) : std::vector<std::string>{default_gateway(i)};
    r.names.gateways.insert(r.names.gateways.end(), names.begin(), names.end());
    s.sites[i].name = i < r.names.sites.size() ? r.names.sites[i] : fmt::format("site{}", i + 1);
    s.sites[i].sip_server.name = fmt::format("SIP_Server_{}", i + 1);
    s.sites[i].desktop.applications = {fmt::format("AIL_{}", i + 1)};
  }
  collect_locations(r, member(&root, "locations"));
  r.names.queues = keys_of(member(&root, "queues"));
  if (r.names.queues.empty()) r.names.queues = {"service"};
  r.names.agents = keys_of(member(&root, "agents"));
  check_distinct(r, root);
  s.locations = r.names.locations;
  set_access(s);
}

namespace {

void complete_gateways(Reader& r, const Node& root) {
  models::Scenario& s = r.scenario();
  const Node* sites = member(&root, "sites");
  std::vector<models::GatewayOptions> all;
  for (std::size_t i = 0; i < kSites; ++i) {
    const Node* site =
        sites != nullptr && i < sites->children.size() ? &sites->children[i] : nullptr;
    if (member(site, "gateways") == nullptr) {
      models::GatewayOptions gateway;
      gateway.name = default_gateway(i);
      gateway.home_site = static_cast<models::SiteIndex>(i);
      gateway.location = gateway.home_site;
      all.push_back(std::move(gateway));
      continue;
    }
    for (const models::GatewayOptions& g : s.gateways) {
      if (g.home_site == i) all.push_back(g);
    }
  }
  s.gateways = std::move(all);
}

void complete_agents(Reader& r, const Node& root) {
  const Node* agents = member(&root, "agents");
  if (agents == nullptr) return;
  for (models::AgentGroup& group : r.scenario().agents) {
    const Node* node = agents->find(group.name);
    const bool location = member(node, "location") != nullptr;
    const bool preferred = member(node, "preferred-site") != nullptr;
    if (!location && !preferred) {
      r.diagnostics().error("S-008", node->key_at, fmt::format("'{}' needs a location", group.name),
                            fmt::format("such as location: {}", r.names.locations.front()));
    } else if (!location) {
      group.location = group.preferred_site;
    } else if (!preferred && group.location < kSites) {
      group.preferred_site = static_cast<models::SiteIndex>(group.location);
    }
    std::uint32_t most = 0;
    for (const models::StaffingStep& step : group.staffing) most = std::max(most, step.count);
    if (member(node, "count") == nullptr) {
      group.count = most;
      if (group.staffing.empty()) {
        r.diagnostics().error("S-008", node->key_at, fmt::format("'{}' needs a count", group.name),
                              "how many people, or staffing, or shifts");
      }
    } else if (most > group.count) {
      r.diagnostics().error("S-006", node->find("count")->at,
                            fmt::format("staffing asks for {} of {} people", most, group.count));
    }
  }
}

}  // namespace

namespace {

// An option of the ACD Queue at one switch only (R63, C2).
void complete_hunt_groups(models::Scenario& s) {
  for (std::size_t site = 0; site < kSites; ++site) {
    for (const models::DnOverride& dn : s.configuration.switches[site].dns) {
      if (!dn.of.queue || !dn.hg_preferred || dn.of.index >= s.queues.size()) continue;
      auto& group = s.queues[dn.of.index].hunt_group;
      if (group) group->preferred_site[site] = *dn.hg_preferred;
    }
  }
}

}  // namespace

namespace {

/// Metrics have other names besides (before.service_level): here each gets its own.
void complete_expectations(Reader& r) {
  models::Scenario& s = r.scenario();
  if (s.expectations.empty()) return;
  const std::vector<std::string> ids = models::metric_ids(s);
  for (models::Expectation& e : s.expectations) {
    const auto at = r.given().find("expectations." + e.metric);
    const Location where = at == r.given().end() ? Location{0, 1, 1} : at->second;
    if (auto id = resolve_metric(e.metric, ids)) {
      e.metric = *std::move(id);
      if (const std::string why = senseless_limit(e.metric, e.text, e.value); !why.empty()) {
        r.diagnostics().error("S-006", where, why);
      }
      continue;
    }
    r.diagnostics().error("S-007", where, fmt::format("there is no metric '{}'", e.metric),
                          did_you_mean(e.metric, ids));
  }
}

}  // namespace

void complete(Reader& r, const Node& root) {
  models::Scenario& s = r.scenario();
  complete_gateways(r, root);
  if (s.queues.empty()) {
    s.queues.emplace_back();
    s.queues.back().name = "service";
  }
  complete_agents(r, root);
  complete_hunt_groups(s);
  for (models::CallStream& stream : s.calls) {
    if (stream.gateway_share.size() == s.gateways.size()) continue;
    stream.gateway_share.assign(s.gateways.size(), 1.0 / static_cast<double>(s.gateways.size()));
  }
  complete_expectations(r);
  const Node* calls = member(&root, "calls");
  for (const models::CallStream& stream : s.calls) {
    const Node* node = member(calls, stream.name);
    const auto given = [&](const char* key) { return member(node, key) != nullptr; };
    if (given("rate") || given("profile") || given("volumes") || given("calls")) continue;
    r.diagnostics().error("S-008", node->key_at, fmt::format("'{}' needs a rate", stream.name),
                          "such as rate: 0.5/s, or profile, volumes or calls");
  }
}

}  // namespace bcsim::tools
