// What a tuning found: the costs of each point, which are worth having, and what each timeout does.
#pragma once

#include <string>
#include <vector>

#include "tools/results/terminal_summary.hpp"
#include "tools/stats/estimate.hpp"
#include "tools/tune/tune_design.hpp"
#include "tools/tune/tune_world.hpp"

namespace bcsim::tools {

struct TunedPoint {
  TunePoint point;
  std::vector<std::vector<double>> values;  ///< by metric, then replication
  std::vector<Estimate> estimates;          ///< by metric
  bool pareto = false;
};

/// One value of one timeout in place of the present one: paired differences by metric.
struct TuneEffect {
  std::size_t factor = 0, level = 0;
  std::vector<Estimate> differences;
};

struct TuneResult {
  std::string scenario, title, id, directory;
  std::uint64_t seed = 1;
  std::uint32_t replications = 0;
  std::vector<TuneFactor> factors;
  std::vector<TuneWorld> worlds;
  std::vector<TuneMetric> metrics;
  std::vector<TunedPoint> points;  ///< the first is the scenario as it is
  std::vector<TuneEffect> effects;
};

/// Is `a` better than `b` in one cost, and worse in none, beyond the 95 % intervals of their paired
/// differences?
[[nodiscard]] bool dominates(const TunedPoint& a, const TunedPoint& b,
                             const std::vector<TuneMetric>& metrics);

/// Fills in estimates, the Pareto front (points that none on the front dominates) and effects.
void evaluate_tuning(TuneResult& result);

[[nodiscard]] std::string tune_table(const TuneResult& result, const SummaryStyle& style);
[[nodiscard]] std::string tune_json(const TuneResult& result);
[[nodiscard]] std::string tune_csv(const TuneResult& result);
[[nodiscard]] const std::vector<std::string>& tune_columns();

}  // namespace bcsim::tools
