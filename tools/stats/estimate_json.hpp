// Numbers and estimates as the JSON of result files has them.
#pragma once

#include <nlohmann/json.hpp>

#include "tools/stats/estimate.hpp"

namespace bcsim::tools {

/// With the digits that result files have; null where there is no number.
[[nodiscard]] nlohmann::ordered_json json_number(double value);
/// [low, high], or null.
[[nodiscard]] nlohmann::ordered_json json_interval(const Estimate& e);
/// value, interval, sd, n.
[[nodiscard]] nlohmann::ordered_json json_estimate(const Estimate& e);

}  // namespace bcsim::tools
