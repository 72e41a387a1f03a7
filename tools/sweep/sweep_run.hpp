// Running a sweep: every point with the same random numbers, one after the other or on all cores,
// and again from where it stopped.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/scenario.hpp"
#include "tools/base/terminal.hpp"
#include "tools/run/run_meta.hpp"
#include "tools/run/shard.hpp"
#include "tools/scenario/table/sweep_spec.hpp"

namespace bcsim::tools {

/// A point whose scenario has been loaded.
struct LoadedPoint {
  SweepPoint point;
  models::Scenario scenario;
  RunOrigin origin;
};

struct SweepRequest {
  std::string scenario;  ///< name
  SweepSpec spec;
  std::vector<LoadedPoint> points;
  std::filesystem::path out;  ///< empty: results/<scenario>/sweep-<id>
  unsigned jobs = 1;
  bool json = false;
  /// Only the points p with p mod count = index − 1. The results are put together by the run that
  /// finds all points done, or by merge_sweep.
  Shard shard = {};
};

/// Simulates the points that are not in the directory yet, then writes points.csv and sweep.json;
/// returns the exit code. May throw WriteError.
[[nodiscard]] int run_sweep(const SweepRequest& request, Terminal& terminal);

}  // namespace bcsim::tools
