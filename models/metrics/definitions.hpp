// The dictionary of metrics: what each is called, its unit and its formula. results/README.md has
// the same words; a test compares them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/scenario.hpp"

namespace bcsim::models {

struct MetricDefinition {
  std::string_view id;  ///< with <cause>, <gateway>, <link>, … where a name is to be put
  std::string_view unit;
  std::string_view formula;
  /// Also exists as phase.<phase>.<id> and <site>.<id>.
  bool scoped = false;
};

[[nodiscard]] std::span<const MetricDefinition> metric_definitions();

/// Null if the dictionary has no such heading.
[[nodiscard]] const MetricDefinition* find_definition(std::string_view id);

/// Every metric id that a run of this scenario has, in the order of summary.json; for checking
/// expectations and for completion.
[[nodiscard]] std::vector<std::string> metric_ids(const Scenario& scenario);

}  // namespace bcsim::models
