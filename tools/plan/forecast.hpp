// First guesses of a plan: what queueing formulas say before anything is simulated.
#pragma once

#include <array>
#include <vector>

#include "models/demand/erlang.hpp"
#include "models/scenario.hpp"
#include "tools/scenario/rules/offered_load.hpp"

namespace bcsim::tools {

/// What a scenario's faults leave in the end, as far as formulas can tell.
struct Aftermath {
  bool site_lost = false;                          ///< its SIP Servers: all calls come to the other
  std::array<bool, models::kSites> people_gone{};  ///< a building: nobody works at this location
  std::vector<bool> gateway_gone;                  ///< by gateway
};
[[nodiscard]] Aftermath aftermath(const models::Scenario& scenario);
/// As if nothing failed.
[[nodiscard]] Aftermath no_failure(const models::Scenario& scenario);

/// Agents of a group who can still work, as a share of them: 0 or 1.
[[nodiscard]] double share_working(const models::AgentGroup& group, const Aftermath& after);

/// Long-run service level (the scenario's definition and threshold) of M/M/n+G: one queue if a site
/// is lost or queues span both sites, else one per site, each with its gateways' calls.
/// `agents`: people of each group.
[[nodiscard]] double forecast_service_level(const models::Scenario& scenario, const PeakLoad& load,
                                            const std::vector<double>& agents,
                                            const Aftermath& after);

/// Blocking of all calls by Erlang B at each remaining gateway, calls of the lost ones shared by
/// those that remain; `channels` by gateway. Waiting adds to what is offered, and is not in it.
[[nodiscard]] double forecast_blocking(const models::Scenario& scenario, const PeakLoad& load,
                                       const std::vector<double>& channels, const Aftermath& after);

/// Mean number of calls whose speech crosses between a site's location and the other data centre,
/// on the busiest such path, after the failure.
[[nodiscard]] double forecast_crossing_calls(const models::Scenario& scenario, const PeakLoad& load,
                                             const Aftermath& after);

/// Messages that the busier SIP Server handles, per second, by kind of service time, after the
/// failure: REGISTER, INVITE, others (models/README.md, "Messages per call").
struct ServerLoad {
  double registers = 0, invites = 0, others = 0;
  [[nodiscard]] double all() const { return registers + invites + others; }
};
[[nodiscard]] ServerLoad forecast_server_load(const models::Scenario& scenario,
                                              const PeakLoad& load, const Aftermath& after);

}  // namespace bcsim::tools
