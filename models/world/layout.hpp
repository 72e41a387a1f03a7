// Scenario to topology: which machines, processes, devices and links a two-site world has.
#pragma once

#include <array>
#include <vector>

#include "models/directory.hpp"
#include "models/scenario.hpp"
#include "sim/topology.hpp"

namespace bcsim::models {

/// What a node is, so that the world can build its endpoint.
enum class NodeKind : std::uint8_t {
  pstn,
  gateway,
  sip_server,
  media_server,
  config_server,
  config_server_proxy,
  stat_server,
  local_config_server,
  phone,
  desktop
};
struct NodeRole {
  NodeKind kind = NodeKind::pstn;
  std::uint32_t index = 0;  ///< gateway or agent
  SiteIndex site = 0;
  std::uint8_t process = 0;  ///< SIP Server: 0 primary at the start, 1 backup
};

/// Some desktops take their first data from a server of their site (R81).
[[nodiscard]] bool has_local_config_server(const Scenario& scenario);

/// The topology of a scenario and what its parts mean. Virtual addresses and connections are added
/// to `directory` by the world when the simulation exists.
struct Layout {
  explicit Layout(const Scenario& scenario, sim::RngFactory rng);

  sim::Topology topology;
  Directory directory;
  std::vector<NodeRole> roles;  ///< by NodeId
  std::array<sim::PlaceId, kSites> data_centre;
  std::vector<sim::PlaceId> premises;                   ///< by location
  std::vector<sim::PlaceId> desk_place;                 ///< by location: as the desktops reach out
  std::vector<sim::HostId> floor;                       ///< by location: where the devices are
  std::vector<sim::HostId> desks;                       ///< … desktops, if they have own access
  std::vector<sim::PlaceId> gateway_place;              ///< by gateway: its location, as a rule
  sim::LinkId dc_link;                                  ///< forward: site 1 to site 2
  std::vector<std::array<sim::LinkId, kSites>> access;  ///< forward: location to data centre
  /// Of desktops alone; invalid where they share the one above.
  std::vector<std::array<sim::LinkId, kSites>> desktop_access;

  [[nodiscard]] NodeId server(SiteIndex site, Role role) const;
  [[nodiscard]] sim::HostId host_of(NodeId node) const { return topology.nodes[node.value].host; }
  /// Machines that a failure of the site takes with it, by scope.
  [[nodiscard]] std::vector<sim::HostId> hosts(SiteIndex site, SiteScope scope) const;
  /// Servers that a site of this scenario does not have (V-E18 accepted), and desks nobody sits at
  /// yet: what does not boot when the run begins.
  [[nodiscard]] std::vector<NodeId> absent_nodes() const;
  /// Agents who sit at a location, in their order.
  [[nodiscard]] std::vector<AgentId> people_at(LocationIndex location) const;

 private:
  void add_places(const Scenario& scenario);
  void add_network(const Scenario& scenario);
  void add_desktop_access(const Scenario& scenario);
  void add_floors(const Scenario& scenario);
  void add_gateways(const Scenario& scenario);
  void add_servers(const Scenario& scenario);
  void add_agents(const Scenario& scenario);
  void add_spare_desks(const Scenario& scenario);
  NodeId add(NodeRole role, std::string name, sim::HostId host, bool device = false);
};

}  // namespace bcsim::models
