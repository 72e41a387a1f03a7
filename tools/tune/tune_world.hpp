// What a tuning tries its settings in: the real failure, and disturbances that should be sat out.
#pragma once

#include <string>
#include <vector>

#include "models/scenario.hpp"
#include "tools/stats/replication_record.hpp"

namespace bcsim::tools {

/// How hard the disturbances are.
struct DisturbanceOptions {
  double loss = 0.05;
  sim::Duration jitter = std::chrono::milliseconds(200), flap = std::chrono::seconds(20);
};

/// One world: the scenario with these settings more. The first is the failure itself, as the
/// scenario has it; the second is quiet; then the disturbances, half an hour after the warm-up.
struct TuneWorld {
  std::string name;  ///< "failure", "quiet", "loss", "jitter", "flap", "ha_switchover"
  std::string text;  ///< what happens, for the reader
  std::vector<std::string> settings;
};
[[nodiscard]] std::vector<TuneWorld> tune_worlds(const models::Scenario& scenario,
                                                 const DisturbanceOptions& options);

/// What is measured of each point. Results dictionary, "Tuning".
struct TuneMetric {
  std::string id, unit, text;
  bool cost = false;  ///< one of the three that the Pareto front weighs; less is better of all
};
[[nodiscard]] std::vector<TuneMetric> tune_metrics(const std::vector<TuneWorld>& worlds);

/// The metrics' values in one replication, from its record in each world.
[[nodiscard]] std::vector<double> tune_values(const std::vector<TuneWorld>& worlds,
                                              const std::vector<ReplicationRecord>& records,
                                              double quiet_s);
/// How long the quiet world runs.
[[nodiscard]] sim::Duration quiet_horizon(const models::Scenario& scenario);

}  // namespace bcsim::tools
