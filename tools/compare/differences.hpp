// What two scenarios differ in, and whether a comparison of them is fair.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bcsim::tools {

struct KeyDifference {
  std::string path;  ///< "desktop.site1.site-timeout"
  std::string a, b;  ///< values on one line; empty: not there
  /// Demand, staffing, horizon, faults or seed: what both must share unless it was allowed.
  bool must_match = false;
};

/// Differences of two effective scenarios, in their order. What only says how a scenario is shown
/// or judged (title, expectations, gates, number of replications) is left out.
[[nodiscard]] std::vector<KeyDifference> scenario_differences(const std::string& effective_a,
                                                              const std::string& effective_b);

/// Is the path one of the allowed ones, or below one?
[[nodiscard]] bool is_allowed(std::string_view path, const std::vector<std::string>& allowed);

}  // namespace bcsim::tools
