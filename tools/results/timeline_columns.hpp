// The columns of timeline.csv and timeline_queues.csv: what each is, and what it is averaged with
// over replications.
#pragma once

#include <string>
#include <vector>

#include "models/metrics/run_result.hpp"

namespace bcsim::tools {

struct TimelineColumn {
  std::string name;
  double (*value)(const models::RunResult&, const models::TimelineRow&) = nullptr;
  /// The denominator, if the column is a ratio of sums; null for others.
  double (*weight)(const models::RunResult&, const models::TimelineRow&) = nullptr;
  /// Says what became of calls whose way a queue knows: it is a column of timeline_queues.csv, too.
  bool of_queue = false;
};

/// All but the first four, which say of which interval and site the row is.
[[nodiscard]] const std::vector<TimelineColumn>& timeline_value_columns();

/// Those of them that are of a queue, too.
[[nodiscard]] std::vector<TimelineColumn> queue_value_columns();

}  // namespace bcsim::tools
