// Judges the limits that a scenario puts on its metrics.
#pragma once

#include <vector>

#include "models/checks/verdict.hpp"
#include "models/metrics/run_result.hpp"
#include "models/scenario.hpp"

namespace bcsim::models {

/// One verdict per expectation. A metric without a value in this run violates it: what never came
/// back did not come back in time. The metric must be one of metric_ids() of the scenario.
[[nodiscard]] std::vector<Verdict> evaluate_expectations(
    const std::vector<Expectation>& expectations, const RunResult& result);

}  // namespace bcsim::models
