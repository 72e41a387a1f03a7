// Running a comparison: two configurations, replication by replication, until it is decided.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/scenario.hpp"
#include "tools/compare/comparison.hpp"
#include "tools/compare/differences.hpp"
#include "tools/run/experiment.hpp"

namespace bcsim::tools {

/// One of the two: a scenario, and what is already known of it.
struct ComparedSide {
  std::string label;  ///< as the user named it
  models::Scenario scenario;
  std::string effective_yaml;
  std::vector<ReplicationRecord> records;         ///< saved ones, in order from 0
  std::vector<std::filesystem::path> files = {};  ///< of a scenario: what it is read from
};

struct ComparePlan {
  ComparedSide a, b;
  std::uint32_t replications = 20;
  bool extend = false;       ///< go on while a gate is inconclusive …
  std::uint32_t most = 200;  ///< … up to so many
  ComparisonOptions options;
  std::vector<Gate> gates;
  PoolOptions pool;
};

struct CompareResult {
  std::vector<KeyDifference> differences;
  std::vector<ComparedMetric> metrics;
  std::vector<JudgedGate> gates;
  std::uint32_t replications = 0;  ///< pairs
  bool paired = true;              ///< common random numbers
  std::vector<LostJob> lost;
  bool interrupted = false;

  /// Failed if any failed, else inconclusive if any is; passed without gates.
  [[nodiscard]] GateVerdict verdict() const;
};

/// What is missing of the two sides is simulated, both in one pool.
[[nodiscard]] CompareResult run_comparison(ComparePlan plan,
                                           const ExperimentProgress& progress = {});

}  // namespace bcsim::tools
