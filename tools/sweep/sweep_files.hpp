// A sweep's results: a long table, an index, and a table for the terminal.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tools/results/terminal_summary.hpp"
#include "tools/stats/aggregate.hpp"
#include "tools/sweep/sweep_spec.hpp"

namespace bcsim::tools {

struct PointResult {
  SweepPoint point;
  std::string run_id;
  Aggregate all;
};

struct SweepLabels {
  std::string scenario, id, directory;
};

/// One row per point and metric.
[[nodiscard]] std::string points_csv(const SweepSpec& spec, const std::vector<PointResult>& points);
/// What was varied, and where each point's results are.
[[nodiscard]] std::string sweep_json(const SweepSpec& spec, const std::vector<PointResult>& points,
                                     const SweepLabels& labels);
[[nodiscard]] std::string sweep_table(const SweepSpec& spec, const std::vector<PointResult>& points,
                                      const SweepLabels& labels, const SummaryStyle& style);

/// Columns of points.csv between the number of the point with its values and the end.
[[nodiscard]] const std::vector<std::string>& points_columns();

/// Of a result directory; throws BadResults.
[[nodiscard]] std::string saved_run_id(const std::filesystem::path& directory);
/// The first line of a file; empty if it cannot be read.
[[nodiscard]] std::string read_sweep_id(const std::filesystem::path& file);

}  // namespace bcsim::tools
