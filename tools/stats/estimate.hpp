// Estimates over independent replications: means, ratios and paired differences, with Student-t
// intervals.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

namespace bcsim::tools {

inline constexpr double kConfidence = 0.95;

/// An estimate and how far it can be trusted. NaN where there is nothing to say: no value without a
/// replication, no spread and no interval with one alone.
struct Estimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  double sd = std::numeric_limits<double>::quiet_NaN();    ///< of one replication
  double half = std::numeric_limits<double>::quiet_NaN();  ///< half the interval's width
  std::uint32_t n = 0;                                     ///< replications that have a value

  [[nodiscard]] double low() const { return value - half; }
  [[nodiscard]] double high() const { return value + half; }
  [[nodiscard]] bool has_interval() const { return half >= 0; }
  /// Standard error of the value.
  [[nodiscard]] double error() const;
};

/// One quantity by replication; NaN: it has no value there. `weights` is empty for a mean. For a
/// ratio it has the denominators, and `values` the quotients.
struct Sample {
  std::span<const double> values;
  std::span<const double> weights = {};
};

/// The two-sided quantile of Student's t: exceeded in size with probability 1 − confidence.
[[nodiscard]] double student_t(double confidence, std::uint32_t degrees);
/// Probability of a t at least this large in size under no difference.
[[nodiscard]] double student_p(double t, std::uint32_t degrees);

/// Mean, or ratio of sums (delta method: Cochran 1977 §6.3), with its interval.
[[nodiscard]] Estimate estimate(const Sample& sample, double confidence = kConfidence);
/// b − a over the replications in which both have a value.
[[nodiscard]] Estimate paired_difference(const Sample& a, const Sample& b,
                                         double confidence = kConfidence);
/// b − a as if the two had nothing in common (Welch 1947); for comparing with the paired one.
[[nodiscard]] Estimate unpaired_difference(const Sample& a, const Sample& b,
                                           double confidence = kConfidence);

}  // namespace bcsim::tools
