// A run's numbers as one flat list of names and values.
#pragma once

#include <string>
#include <vector>

#include "models/metrics/run_result.hpp"

namespace bcsim::models {

/// Every metric of the dictionary for this run, in the dictionary's order: whole run, phases,
/// sites, gateways, links, recoveries. A metric without meaning in this run (a phase that did not
/// occur, a mean of nothing, a recovery that did not happen) is NaN.
[[nodiscard]] std::vector<MetricValue> flat_metrics(const RunResult& result);

/// Names of the link directions of a scenario's world, by sim::LinkId.
[[nodiscard]] std::vector<std::string> media_link_names(const Scenario& scenario);

}  // namespace bcsim::models
