// A sweep's directory: its index, its long table, and a table for the terminal.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tools/base/terminal.hpp"
#include "tools/scenario/table/sweep_spec.hpp"
#include "tools/stats/aggregate.hpp"

namespace bcsim::tools {

/// sweep.json: what is varied, and where each point's results are or will be.
struct SweepIndex {
  struct Point {
    SweepPoint point;
    std::string run_id;
    std::uint32_t replications = 1;
  };
  std::string scenario, id;
  SweepSpec spec;
  std::vector<Point> points;
};

/// `directory`/points/0003
[[nodiscard]] std::filesystem::path point_directory(const std::filesystem::path& directory,
                                                    std::size_t point);
/// Are the point's results there, whole, and of this very question?
[[nodiscard]] bool is_point_done(const std::filesystem::path& directory, const SweepIndex& index,
                                 std::size_t point);

/// Nullopt if there is no sweep.json; throws InputError if it is broken.
[[nodiscard]] std::optional<SweepIndex> read_sweep(const std::filesystem::path& directory);
/// Makes the directory a sweep's; throws WriteError if it is another's.
void begin_sweep(const std::filesystem::path& directory, const SweepIndex& index);

/// Of every point of a sweep that is done, from its results; throws InputError.
[[nodiscard]] std::vector<Aggregate> read_points(const std::filesystem::path& directory,
                                                 const SweepIndex& index);
/// One row per point and metric.
[[nodiscard]] std::string points_csv(const SweepIndex& index, const std::vector<Aggregate>& points);
[[nodiscard]] std::string sweep_json(const SweepIndex& index);

/// Writes points.csv of a sweep whose points are all done, and prints it: as sweep.json, or as a
/// table.
void finish_sweep(const std::filesystem::path& directory, const SweepIndex& index, bool json,
                  Terminal& terminal);

/// Columns of points.csv between the number of the point with its values and the end.
[[nodiscard]] const std::vector<std::string>& points_columns();

}  // namespace bcsim::tools
