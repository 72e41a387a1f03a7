// Who is where: the addresses and places of one world, fixed before time starts, and the phases in
// which a steady world begins. Every endpoint has a reference to it.
#pragma once

#include <array>
#include <vector>

#include "models/domain.hpp"
#include "models/scenario.hpp"

namespace bcsim::models {

/// One person with desk, Extension DN, phone and desktop; AgentId is the index.
struct AgentInfo {
  std::uint32_t group = 0;
  std::uint32_t member = 0;  ///< in the group, 0-based
  LocationIndex location = 0;
  SiteIndex preferred_site = 0;  ///< Person site-1
  SiteIndex phone_site = 0;      ///< the phone's own preferred site
  NodeId phone, desktop;
  /// Where he sits down after the loss of his building; invalid: nowhere. When they boot, they and
  /// the devices above change places.
  NodeId spare_phone, spare_desktop;
  LocationIndex spare_location = 0;
  /// Connections that exist when a steady world starts (invalid otherwise).
  std::array<ConnectionId, kSites> server_connection;
  ConnectionId proxy_connection, stat_connection;
};

struct Directory {
  const Scenario* scenario = nullptr;
  sim::RngFactory rng;

  std::array<AddressId, kSites> sip_server;                      ///< virtual address of each pair
  std::array<std::array<NodeId, 2>, kSites> sip_server_process;  ///< [site][0 primary, 1 backup]
  std::array<AddressId, kSites> media_server;
  std::array<AddressId, kSites> config_server;  ///< one is master, the other standby
  std::array<AddressId, kSites> config_proxy;
  std::array<AddressId, kSites> stat_server;
  NodeId pstn;
  std::vector<NodeId> gateways;   ///< by gateway index
  std::vector<AgentInfo> agents;  ///< by AgentId

  std::vector<std::vector<AgentId>> hunt_member_lists;       ///< by queue; empty: no hunt group
  std::vector<std::vector<std::uint32_t>> hunt_group_lists;  ///< queues, by AgentId

  /// Members of a hunt group in the order of being rung.
  [[nodiscard]] const std::vector<AgentId>& hunt_members(std::uint32_t queue) const {
    return hunt_member_lists[queue];
  }
  [[nodiscard]] const std::vector<std::uint32_t>& hunt_groups_of(AgentId id) const {
    return hunt_group_lists[id.value];
  }
  /// Fills the two lists above, when `scenario` and `agents` are complete.
  void list_hunt_members();

  [[nodiscard]] const AgentInfo& agent(AgentId id) const { return agents[id.value]; }
  [[nodiscard]] const AgentGroup& group(AgentId id) const {
    return scenario->agents[agent(id).group];
  }
  [[nodiscard]] bool steady() const { return scenario->run.start == StartMode::steady; }
  /// Site whose SIP Server has this virtual address; -1 if none has.
  [[nodiscard]] int site_of(AddressId address) const {
    return address == sip_server[0] ? 0 : address == sip_server[1] ? 1 : -1;
  }
  /// Members of a group at work at `t` by its staffing curve: the first so many.
  [[nodiscard]] std::uint32_t staffed(std::uint32_t group, SimTime t) const;
  /// Is this agent at work at `t`?
  [[nodiscard]] bool at_work(AgentId id, SimTime t) const {
    return agent(id).member < staffed(agent(id).group, t);
  }

  /// Does the phone hold a binding at `site` when a steady world starts (R16–R19)?
  [[nodiscard]] bool registered_at_start(AgentId id, SiteIndex site) const;
  /// Time from the start of a steady world to the phone's first refresh at `site`: uniform in
  /// (0, rho E), or pinned (`first-refresh`).
  [[nodiscard]] Duration first_refresh(AgentId id, SiteIndex site) const;
  /// When the binding that the phone has at the start expires: first_refresh − rho E + E.
  [[nodiscard]] SimTime binding_expiry_at_start(AgentId id, SiteIndex site) const;
  /// How long before the start the desktop last heard from the SIP Server of `site`: uniform in
  /// (0, A), or pinned (`last-addp`, for its preferred site).
  [[nodiscard]] Duration addp_silence_at_start(AgentId id, SiteIndex site) const;
};

}  // namespace bcsim::models
