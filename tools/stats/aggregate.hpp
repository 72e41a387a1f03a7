// Several replications as one answer: every metric with its interval, and what the failure cost.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/scenario.hpp"
#include "tools/stats/replication_record.hpp"

namespace bcsim::tools {

struct MetricSummary {
  std::string id;
  std::string_view unit;
  std::string definition;
  Estimate value;
  Estimate without_faults;      ///< of the twins
  Estimate because_of_failure;  ///< paired: the run minus its twin
};

struct Aggregate {
  std::uint32_t replications = 0;
  bool twin = false;
  std::vector<MetricSummary> metrics;
  /// In the order of attribution_definitions(); without twins empty estimates.
  std::array<Estimate, Attribution::kCounts> attribution;

  /// Null if there is no such metric.
  [[nodiscard]] const MetricSummary* find(std::string_view id) const;
  /// An estimate without value if there is none.
  [[nodiscard]] Estimate value(std::string_view id) const;
};

[[nodiscard]] Aggregate aggregate(std::span<const ReplicationRecord> records,
                                  models::ServiceLevelDefinition headline);

/// One list for all replications: a check is violated if it is in any; an expectation is judged by
/// the metric's estimate.
[[nodiscard]] std::vector<models::Verdict> merge_verdicts(
    std::span<const ReplicationRecord> records, const Aggregate& aggregate,
    const std::vector<models::Expectation>& expectations);

}  // namespace bcsim::tools
