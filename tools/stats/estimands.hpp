// What the mean of a metric over replications is: a mean of values, or a ratio of sums with its
// denominator.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "models/metrics/run_result.hpp"

namespace bcsim::tools {

/// Value of a metric of one replication by its id; NaN if there is none.
using MetricLookup = std::function<double(const std::string&)>;

/// Is the metric a ratio, to be averaged with the weight of its denominator? `definition` is the
/// row of the dictionary.
[[nodiscard]] bool is_ratio(std::string_view definition);
/// The definitions that are ratios, for the dictionary's test.
[[nodiscard]] std::vector<std::string> ratio_definitions();

/// The denominator of a ratio metric in one replication, from the other metrics of its scope; 1 if
/// it is no ratio.
[[nodiscard]] double weight_of(const models::MetricValue& metric,
                               models::ServiceLevelDefinition headline, const MetricLookup& look);

}  // namespace bcsim::tools
