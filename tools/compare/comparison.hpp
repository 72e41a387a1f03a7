// Two configurations beside each other: paired differences, and what they are worth.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/compare/gate.hpp"
#include "tools/stats/replication_record.hpp"

namespace bcsim::tools {

enum class Change { better, worse, differs, same, inconclusive };
[[nodiscard]] std::string_view name(Change change);

struct ComparedMetric {
  std::string id;
  std::string_view unit;
  models::Good good = models::Good::lower;
  Estimate a, b, difference;  ///< b − a
  double effect = 0;          ///< difference / its standard deviation (Cohen's d of pairs)
  double p = 1, p_holm = 1;   ///< of no difference; after Holm's correction
  double margin = 0;          ///< differences within it do not matter
  /// Variance of the difference as if the two had nothing in common, over that of the paired one.
  double variance_factor = 0;
  std::uint32_t missing_b = 0;  ///< replications in which B has no value
  Change verdict = Change::inconclusive;
};

struct ComparisonOptions {
  std::vector<std::string> metrics;  ///< ids, in the order wanted
  double margin = 0.02;              ///< share of A's value
  bool paired = true;                ///< same seed: common random numbers
  models::ServiceLevelDefinition headline = models::ServiceLevelDefinition::f6;
};

/// One entry per metric that has a value on either side. Better and worse are told apart at the 5 %
/// level after Holm's correction over all metrics; `same` needs the 95 % interval within the
/// margin.
[[nodiscard]] std::vector<ComparedMetric> compare_records(std::span<const ReplicationRecord> a,
                                                          std::span<const ReplicationRecord> b,
                                                          const ComparisonOptions& options);

/// Metrics that a comparison shows if none are named.
[[nodiscard]] const std::vector<std::string>& usual_metrics();

/// Holm's step-down correction (Holm 1979) of p-values, in their order.
[[nodiscard]] std::vector<double> holm(const std::vector<double>& p);

struct JudgedGate {
  Gate gate;
  GateVerdict verdict = GateVerdict::inconclusive;
  Estimate of;       ///< what was looked at: the metric of B, or B − A
  double limit = 0;  ///< in the metric's unit
  std::string_view unit;
  std::string why;  ///< in words
};
[[nodiscard]] std::vector<JudgedGate> judge_gates(const std::vector<Gate>& gates,
                                                  std::span<const ReplicationRecord> a,
                                                  std::span<const ReplicationRecord> b,
                                                  const ComparisonOptions& options);

}  // namespace bcsim::tools
