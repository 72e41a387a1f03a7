// Who is where: the addresses and places of one world, fixed before time starts, and the phases in
// which a steady world begins. Every endpoint has a reference to it.
#pragma once

#include <array>
#include <vector>

#include "models/config/databases.hpp"
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
  /// What the servers know of configuration objects; null: everything is everywhere.
  ConfigurationDatabases* configuration = nullptr;

  std::array<AddressId, kSites> sip_server;                      ///< virtual address of each pair
  std::array<std::array<NodeId, 2>, kSites> sip_server_process;  ///< [site][0 primary, 1 backup]
  std::array<AddressId, kSites> media_server;
  std::array<AddressId, kSites> config_server;  ///< one is master, the other standby
  std::array<AddressId, kSites> config_proxy;
  std::array<AddressId, kSites> stat_server;
  std::array<AddressId, kSites> local_config_server;  ///< desktops' local server, if there is one
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
  /// Where a call waits for agents: queues by their number, and behind them, if calls are passed on
  /// to agent groups, one line for each group.
  [[nodiscard]] std::uint32_t line_count() const;
  [[nodiscard]] std::uint32_t line(const TransferOptions& to) const {
    return to.queue.value_or(static_cast<std::uint32_t>(scenario->queues.size()) +
                             to.group.value_or(0));
  }
  /// All agents of these groups.
  [[nodiscard]] std::vector<AgentId> members_of(const std::vector<std::uint32_t>& groups) const;
  /// Members of a group at work at `t` by its staffing curve: the first so many.
  [[nodiscard]] std::uint32_t staffed(std::uint32_t group, SimTime t) const;
  /// Is this agent at work at `t`?
  [[nodiscard]] bool at_work(AgentId id, SimTime t) const {
    return agent(id).member < staffed(agent(id).group, t);
  }

  /// The servers of `site` know the agent's DN …
  [[nodiscard]] bool has_dn(AgentId id, SiteIndex site) const {
    return configuration == nullptr || configuration->has_dn(id.value, site);
  }
  /// … and all else that he needs to log in there (R10).
  [[nodiscard]] bool can_log_in(AgentId id, SiteIndex site) const {
    return configuration == nullptr || configuration->can_log_in(id.value, site);
  }
  /// His desktop can find the servers of `site`: there is a desktop application for it, and his
  /// Person names it (R74, R80).
  [[nodiscard]] bool desktop_knows(AgentId id, SiteIndex site) const;
  /// Sites whose Proxy and Stat Server the desktop application of `site` is connected to (R75).
  [[nodiscard]] SiteIndex proxy_site(SiteIndex site) const {
    return scenario->sites[site].desktop.proxy_site.value_or(site);
  }
  [[nodiscard]] SiteIndex stat_server_site(SiteIndex site) const {
    return scenario->sites[site].desktop.stat_server_site.value_or(site);
  }

  /// Does the phone hold a binding at `site` when a steady world starts (R16–R19)?
  [[nodiscard]] bool registered_at_start(AgentId id, SiteIndex site) const;
  /// Is he logged in and ready at `site` when a steady world starts? At his preferred site, unless
  /// the objects that he needs to log in there are missing (R10). Says so of the start only as long
  /// as nobody has written to the configuration.
  [[nodiscard]] bool logged_in_at_start(AgentId id, SiteIndex site) const {
    return steady() && at_work(id, sim::kStart) && agent(id).preferred_site == site &&
           can_log_in(id, site);
  }
  /// It would, were its DN not missing there: it has been refused, and tries again.
  [[nodiscard]] bool refused_at_start(AgentId id, SiteIndex site) const {
    return !has_dn(id, site) && registers_at(id, site);
  }
  /// Time from the start of a steady world to the phone's first refresh at `site`: uniform in
  /// (0, rho E), or pinned (`first-refresh`).
  [[nodiscard]] Duration first_refresh(AgentId id, SiteIndex site) const;
  /// When the binding that the phone has at the start expires: first_refresh − rho E + E.
  [[nodiscard]] SimTime binding_expiry_at_start(AgentId id, SiteIndex site) const;
  /// How long before the start the desktop last heard from the SIP Server of `site`: uniform in
  /// (0, A), or pinned (`last-addp`, for its preferred site).
  [[nodiscard]] Duration addp_silence_at_start(AgentId id, SiteIndex site) const;

 private:
  /// At the start, by its mode (R16–R19).
  [[nodiscard]] bool registers_at(AgentId id, SiteIndex site) const {
    return group(id).phone.registration == RegistrationMode::dual || agent(id).phone_site == site;
  }
};

}  // namespace bcsim::models
