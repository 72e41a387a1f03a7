#include "models/world/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace bcsim::models {

namespace {

sim::LinkSpec spec_of(const LinkOptions& o) {
  return {o.latency, o.bandwidth_bps, o.jitter, o.loss, o.queue_limit};
}

/// As the scenario language calls it.
std::string device_name(const AgentGroup& group, const char* what, std::uint32_t member) {
  return fmt::format("{}.{}.{}", group.name, what, member + 1);
}

}  // namespace

bool has_local_config_server(const Scenario& scenario) {
  return std::any_of(scenario.agents.begin(), scenario.agents.end(), [](const AgentGroup& group) {
    return group.desktop.local_configuration == LocalConfiguration::server;
  });
}

Layout::Layout(const Scenario& scenario, sim::RngFactory rng) {
  directory.scenario = &scenario;
  directory.rng = rng;
  add_places(scenario);
  add_network(scenario);
  add_servers(scenario);
  add_agents(scenario);
}

NodeId Layout::add(NodeRole role, std::string name, sim::HostId host, bool device) {
  roles.push_back(role);
  return topology.add_node(std::move(name), host, device);
}

void Layout::add_places(const Scenario& scenario) {
  for (int s = 0; s < kSites; ++s) {
    data_centre[s] = topology.add_place(scenario.sites[s].name + ".dc");
  }
  for (const std::string& location : scenario.locations) {
    premises.push_back(topology.add_place(location));
  }
}

void Layout::add_network(const Scenario& scenario) {
  const NetworkOptions& network = scenario.network;
  dc_link = topology.add_link("dc-link", data_centre[0], data_centre[1], spec_of(network.dc_link));
  topology.add_route(data_centre[0], data_centre[1], {dc_link});
  for (int s = 0; s < kSites; ++s) {  // servers of one site talk over its local network
    const sim::LinkId lan =
        topology.add_link(scenario.sites[s].name + ".lan", data_centre[s], data_centre[s],
                          {.latency = network.lan_latency, .bandwidth_bps = 1e9});
    topology.add_route(data_centre[s], data_centre[s], {lan});
  }
  access.resize(premises.size());
  for (std::size_t l = 0; l < premises.size(); ++l) {
    for (int s = 0; s < kSites; ++s) {
      access[l][s] =
          topology.add_link(fmt::format("{}-{}", scenario.locations[l], scenario.sites[s].name),
                            premises[l], data_centre[s], spec_of(network.access[l][s]));
      topology.add_route(premises[l], data_centre[s], {access[l][s]});
    }
  }
  add_desktop_access(scenario);
}

/// After all other links, so that a scenario without them has the same ones.
void Layout::add_desktop_access(const Scenario& scenario) {
  desk_place = premises;
  desktop_access.resize(premises.size());
  for (std::size_t l = 0; l < premises.size(); ++l) {
    for (std::size_t s = 0; s < kSites; ++s) {
      const LinkOptions* own = scenario.network.desktop_path(l, s);
      if (own == nullptr) continue;
      if (desk_place[l] == premises[l]) {
        desk_place[l] = topology.add_place(scenario.locations[l] + ".desks");
      }
      desktop_access[l][s] = topology.add_link(
          fmt::format("{}.desks-{}", scenario.locations[l], scenario.sites[s].name), desk_place[l],
          data_centre[s], spec_of(*own));
    }
    if (desk_place[l] == premises[l]) continue;
    for (std::size_t s = 0; s < kSites; ++s) {
      const sim::LinkId own = desktop_access[l][s];
      topology.add_route(desk_place[l], data_centre[s], {own.valid() ? own : access[l][s]});
    }
  }
}

void Layout::add_gateways(const Scenario& scenario) {
  for (std::uint32_t g = 0; g < scenario.gateways.size(); ++g) {
    const GatewayOptions& gateway = scenario.gateways[g];
    sim::PlaceId place = premises[gateway.location];
    if (gateway.via_dc_link) {  // V-W22: a way of its own, through the data centre of its site
      place = topology.add_place(gateway.name);
      const SiteIndex home = gateway.home_site;
      const sim::LinkId own = access[gateway.location][home];
      topology.add_route(place, data_centre[home], {own});
      topology.add_route(place, data_centre[peer_of(home)],
                         {own, home == 0 ? dc_link : sim::opposite(dc_link)});
    }
    gateway_place.push_back(place);
    directory.gateways.push_back(add({NodeKind::gateway, g, gateway.home_site}, gateway.name,
                                     topology.add_host(gateway.name, place)));
  }
}

void Layout::add_servers(const Scenario& scenario) {
  // The public network is everywhere and never fails; it is reached by notices only.
  const sim::PlaceId outside = topology.add_place("pstn");
  directory.pstn = add({NodeKind::pstn}, "pstn", topology.add_host("pstn", outside));
  add_gateways(scenario);
  for (std::uint8_t s = 0; s < kSites; ++s) {
    const SiteOptions& site = scenario.sites[s];
    const auto server = [&](NodeKind kind, const char* name, std::uint8_t process = 0) {
      const std::string full = fmt::format("{}.{}", site.name, name);
      return add({kind, 0, s, process}, full, topology.add_host(full, data_centre[s]));
    };
    directory.sip_server_process[s][0] = server(NodeKind::sip_server, "sip-server.primary", 0);
    if (site.sip_server.backup) {
      directory.sip_server_process[s][1] = server(NodeKind::sip_server, "sip-server.backup", 1);
    }
    directory.media_server[s] = {server(NodeKind::media_server, "media-server").value};
    directory.config_server[s] = {server(NodeKind::config_server, "config-server").value};
    directory.config_proxy[s] = {
        server(NodeKind::config_server_proxy, "config-server-proxy").value};
    directory.stat_server[s] = {server(NodeKind::stat_server, "stat-server").value};
    if (has_local_config_server(scenario)) {
      directory.local_config_server[s] = {
          server(NodeKind::local_config_server, "local-config-server").value};
    }
  }
}

void Layout::add_floors(const Scenario& scenario) {
  for (std::size_t l = 0; l < premises.size(); ++l) {
    floor.push_back(topology.add_host(scenario.locations[l] + ".floor", premises[l]));
  }
  desks = floor;
  for (std::size_t l = 0; l < premises.size(); ++l) {
    if (desk_place[l] == premises[l]) continue;
    desks[l] = topology.add_host(scenario.locations[l] + ".desks", desk_place[l]);
  }
}

void Layout::add_agents(const Scenario& scenario) {
  add_floors(scenario);
  for (std::uint32_t g = 0; g < scenario.agents.size(); ++g) {
    const AgentGroup& group = scenario.agents[g];
    for (std::uint32_t member = 0; member < group.count; ++member) {
      AgentInfo info;
      info.group = g;
      info.member = member;
      info.location = group.location;
      info.preferred_site = group.preferred_site;
      info.phone_site = group.phone.preferred_site.value_or(group.preferred_site);
      const auto index = static_cast<std::uint32_t>(directory.agents.size());
      info.phone = add({NodeKind::phone, index, info.phone_site},
                       device_name(group, "phone", member), floor[group.location], true);
      info.desktop = add({NodeKind::desktop, index, info.preferred_site},
                         device_name(group, "desktop", member), desks[group.location], true);
      directory.agents.push_back(info);
    }
  }
  add_spare_desks(scenario);
  directory.list_hunt_members();
}

/// After all else, so that a scenario without them has the same nodes.
void Layout::add_spare_desks(const Scenario& scenario) {
  for (const Fault& fault : scenario.faults) {
    const StaffReturn* back = staff_return(fault);
    if (back == nullptr) continue;
    const LocationIndex to = back->to;
    for (const AgentId id : people_at(failed_site(fault)->site)) {
      AgentInfo& info = directory.agents[id.value];
      if (info.spare_phone.valid()) continue;
      const AgentGroup& group = scenario.agents[info.group];
      info.spare_location = to;
      info.spare_phone = add({NodeKind::phone, id.value, info.phone_site},
                             device_name(group, "spare-phone", info.member), floor[to], true);
      info.spare_desktop = add({NodeKind::desktop, id.value, info.preferred_site},
                               device_name(group, "spare-desktop", info.member), desks[to], true);
    }
  }
}

std::vector<AgentId> Layout::people_at(LocationIndex location) const {
  std::vector<AgentId> people;
  for (std::uint32_t a = 0; a < directory.agents.size(); ++a) {
    if (directory.agents[a].location == location) people.push_back(AgentId{a});
  }
  return people;
}

NodeId Layout::server(SiteIndex site, Role role) const {
  switch (role) {
    case Role::sip_server_primary:
      return directory.sip_server_process[site][0];
    case Role::sip_server_backup:
      return directory.sip_server_process[site][1];
    case Role::media_server:
      return NodeId{directory.media_server[site].value};
    case Role::config_server:
      return NodeId{directory.config_server[site].value};
    case Role::config_server_proxy:
      return NodeId{directory.config_proxy[site].value};
    case Role::stat_server:
      return NodeId{directory.stat_server[site].value};
    case Role::local_config_server:
      return NodeId{directory.local_config_server[site].value};
  }
  return {};
}

std::vector<sim::HostId> Layout::hosts(SiteIndex site, SiteScope scope) const {
  std::vector<sim::HostId> out;
  const auto add_role = [&](Role role) {
    const NodeId node = server(site, role);
    if (node.valid()) out.push_back(host_of(node));
  };
  add_role(Role::sip_server_primary);
  add_role(Role::sip_server_backup);
  if (scope == SiteScope::sip_server_pair) return out;
  for (const Role role :
       {Role::media_server, Role::config_server, Role::config_server_proxy, Role::stat_server}) {
    add_role(role);
  }
  if (scope == SiteScope::genesys) return out;
  add_role(Role::local_config_server);  // the customer's own
  const auto& gateways = directory.scenario->gateways;
  for (std::size_t g = 0; g < gateways.size(); ++g) {
    if (gateways[g].location == site) out.push_back(host_of(directory.gateways[g]));
  }
  out.push_back(floor[site]);
  if (desks[site] != floor[site]) out.push_back(desks[site]);
  return out;
}

std::vector<NodeId> Layout::absent_nodes() const {
  std::vector<NodeId> absent;
  for (const AgentInfo& agent : directory.agents) {
    if (!agent.spare_phone.valid()) continue;
    absent.push_back(agent.spare_phone);
    absent.push_back(agent.spare_desktop);
  }
  for (std::uint8_t s = 0; s < kSites; ++s) {
    const SiteOptions& site = directory.scenario->sites[s];
    if (!site.config_server_proxy) absent.push_back(server(s, Role::config_server_proxy));
    if (!site.stat_server) absent.push_back(server(s, Role::stat_server));
  }
  return absent;
}

}  // namespace bcsim::models
