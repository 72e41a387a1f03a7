// Goodness-of-fit tests for test code: Kolmogorov-Smirnov and chi-square p-values.
#pragma once

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

namespace bcsim::testing {

/// P(D_n > d) with Stephens's small-sample correction of Kolmogorov's limit law.
[[nodiscard]] inline double ks_p_value(double d, std::size_t n) {
  const double root_n = std::sqrt(static_cast<double>(n));
  const double x = (root_n + 0.12 + 0.11 / root_n) * d;
  if (x < 0.2) return 1;  // the series alternates without converging there; p is 1 - 1e-13
  double p = 0;
  for (int k = 1; k <= 100; ++k) p += (k % 2 ? 2 : -2) * std::exp(-2.0 * k * k * x * x);
  return std::clamp(p, 0.0, 1.0);
}

/// p-value of the one-sample test of `values` against a continuous distribution function.
[[nodiscard]] inline double ks_test(std::vector<double> values,
                                    const std::function<double(double)>& cdf) {
  std::sort(values.begin(), values.end());
  const double n = static_cast<double>(values.size());
  double d = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double f = cdf(values[i]);
    d = std::max({d, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
  }
  return ks_p_value(d, values.size());
}

/// p-value of Pearson's test of counts against expected counts, which must have the same sum.
[[nodiscard]] inline double chi_square_test(const std::vector<double>& counts,
                                            const std::vector<double>& expected) {
  double statistic = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    statistic += (counts[i] - expected[i]) * (counts[i] - expected[i]) / expected[i];
  }
  const boost::math::chi_squared law(static_cast<double>(counts.size() - 1));
  return boost::math::cdf(boost::math::complement(law, statistic));
}

/// Mean and standard error of a sample.
struct SampleMean {
  double mean = 0, standard_error = 0, standard_deviation = 0;
};
[[nodiscard]] inline SampleMean sample_mean(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double v : values) mean += v / n;
  for (const double v : values) squares += (v - mean) * (v - mean);
  const double deviation = std::sqrt(squares / (n - 1));
  return {mean, deviation / std::sqrt(n), deviation};
}

}  // namespace bcsim::testing
