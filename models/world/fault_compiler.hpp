// The scenario's fault list, in terms of the engine: which machine, process or link, and when.
#pragma once

#include "models/world/layout.hpp"
#include "sim/fault_plan.hpp"

namespace bcsim::models {

/// What a sim::ModelChange of this world means; `subject` as noted.
enum class Change : std::uint32_t {
  fault_begins,       ///< subject: index in Scenario::faults; precedes the engine's own steps
  fault_ends,         ///< likewise, when it is undone
  drain,              ///< subject: site
  switch_over,        ///< subject: site; by hand, from the primary to its backup
  options,            ///< subject: index in Scenario::faults; the options it carries are in force
  ha_link_cut,        ///< subject: site
  ha_link_healed,     ///< subject: site
  management_cut,     ///< subject: node of a SIP Server; its machine is out of reach
  management_healed,  ///< likewise
  staffing,           ///< subject: agent group; its staffing curve has a step now
  control_timer,      ///< subject: which of ha::SolutionControl's, and which arming (the world's)
  gateway_noticed,    ///< subject: gateway; the PSTN has noticed that it is dead
  activate_standby,   ///< subject: site of the standby Configuration Server
  config_write        ///< subject: index in edits, then in synchronizations
};
[[nodiscard]] inline sim::ModelChange change(Change what, std::uint32_t subject) {
  return {static_cast<std::uint32_t>(what), subject};
}

/// Everything the scenario will do to the world, faults, their undoing, flaps and staffing steps.
[[nodiscard]] sim::FaultPlan compile_faults(const Scenario& scenario, const Layout& layout);

}  // namespace bcsim::models
