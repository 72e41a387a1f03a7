// The files in which several replications are told: each one's metrics, and the bands of the
// timeline.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "models/metrics/run_result.hpp"
#include "tools/results/output_file.hpp"
#include "tools/stats/aggregate.hpp"
#include "tools/stats/replication_record.hpp"

namespace bcsim::tools {

/// One row per replication and metric, with all digits: what comparisons and merging start from.
void write_replications_csv(std::span<const ReplicationRecord> records, OutputFile& out);
/// One row per interval, site and column of the timeline: mean over the replications, its interval,
/// and the mean of the twins. `first`: the run that the timeline's rows are of.
void write_bands_csv(std::span<const ReplicationRecord> records, const models::RunResult& first,
                     OutputFile& out);

/// Column names, for the dictionary's test.
[[nodiscard]] std::span<const std::string_view> replications_columns();
[[nodiscard]] std::span<const std::string_view> bands_columns();

}  // namespace bcsim::tools
