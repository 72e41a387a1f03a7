// The scenario's fault list, in terms of the engine: which machine, process or link, and when.
#pragma once

#include <vector>

#include "models/world/holds.hpp"
#include "models/world/layout.hpp"
#include "sim/fault_plan.hpp"

namespace bcsim::models {

/// What a sim::ModelChange of this world means; `subject` as noted.
enum class Change : std::uint32_t {
  fault_begins,       ///< subject: index in Scenario::faults; precedes the engine's own steps
  fault_ends,         ///< likewise, when it is over: by itself, or restored or healed
  drain,              ///< subject: site
  drain_over,         ///< subject: site; it is to serve again
  switch_over,        ///< subject: site; by hand, from the primary to its backup
  options,            ///< subject: index in Scenario::faults; the options it carries are in force
  ha_link_cut,        ///< subject: site
  ha_link_healed,     ///< subject: site
  management_cut,     ///< subject: node of a SIP Server; its machine is out of reach
  management_healed,  ///< likewise
  staffing,           ///< subject: agent group; its staffing curve has a step now
  start_process,      ///< subject: index in the world's list of such orders
  control_timer,      ///< subject: which of ha::SolutionControl's, and which arming (the world's)
  gateway_noticed,    ///< subject: gateway; the PSTN has noticed that it is dead
  activate_standby,   ///< subject: site of the standby Configuration Server
  config_write        ///< subject: index in edits, then in synchronizations
};
[[nodiscard]] inline sim::ModelChange change(Change what, std::uint32_t subject) {
  return {static_cast<std::uint32_t>(what), subject};
}

/// Everything the scenario will do to the world: faults, their ends, flaps and staffing steps, up
/// to the horizon. A component is down while any hold lies on it or on what contains it (process,
/// host, site scope, building); a link direction is cut while any cut lies on it; where
/// degradations overlap, each property has the value of the one that began last. At one instant
/// ends and starts are taken together, and only what results from them happens: what ends and
/// begins at once never comes back. A process that hangs dies with its machine, and no process
/// begins again before every hold on it has ended.
[[nodiscard]] sim::FaultPlan compile_faults(const Scenario& scenario, const Layout& layout);

/// Is this process brought down at any time of [from, to], by a crash or with its machine? Then it
/// is the fault plan that starts it, once nothing lies on it any more, and nobody else. Of servers
/// only.
[[nodiscard]] bool brought_down(const Scenario& scenario, const Layout& layout,
                                const std::vector<Hold>& holds, NodeId server, SimTime from,
                                SimTime to);

/// Somebody who has lost his building sits down at his other desk.
struct SitDown {
  SimTime at;
  AgentId agent;
  std::uint32_t fault = 0;
  bool operator==(const SitDown&) const = default;
};
/// In order of time, then of the people. Each sits down once, while the loss that took his building
/// lasts; he stays there when it ends (ASSUMPTION).
[[nodiscard]] std::vector<SitDown> sit_downs(const Scenario& scenario, const Layout& layout,
                                             const std::vector<Hold>& holds);

}  // namespace bcsim::models
