#include "tools/stats/estimate.hpp"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <vector>

#include "models/metrics/accumulators.hpp"

namespace bcsim::tools {
namespace {

bool has_value(const Sample& sample, std::size_t i) {
  return !std::isnan(sample.values[i]) &&
         (sample.weights.empty() || (sample.weights[i] > 0 && !std::isinf(sample.weights[i])));
}

/// A sample reduced to numbers whose mean is the estimate and whose spread is that of the estimate:
/// the values themselves, or the linearised ratio R + w (v − R) / mean(w).
struct Linear {
  double value = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> terms;
};

Linear linearise(const Sample& sample, const std::vector<std::size_t>& used) {
  Linear out;
  if (used.empty()) return out;
  if (sample.weights.empty()) {
    models::Moments moments;
    for (const std::size_t i : used) {
      moments.add(sample.values[i]);
      out.terms.push_back(sample.values[i]);
    }
    out.value = moments.mean();
    return out;
  }
  double sum = 0, weights = 0;
  for (const std::size_t i : used) {
    sum += sample.weights[i] * sample.values[i];
    weights += sample.weights[i];
  }
  out.value = sum / weights;
  const double mean_weight = weights / static_cast<double>(used.size());
  for (const std::size_t i : used) {
    out.terms.push_back(out.value +
                        sample.weights[i] / mean_weight * (sample.values[i] - out.value));
  }
  return out;
}

Estimate from_terms(double value, const std::vector<double>& terms, double confidence) {
  Estimate out;
  out.value = value;
  out.n = static_cast<std::uint32_t>(terms.size());
  if (out.n < 2) return out;
  models::Moments moments;
  for (const double term : terms) moments.add(term);
  out.sd = std::sqrt(moments.variance());
  out.half = student_t(confidence, out.n - 1) * out.sd / std::sqrt(static_cast<double>(out.n));
  return out;
}

std::vector<std::size_t> all_with_value(const Sample& sample) {
  std::vector<std::size_t> used;
  for (std::size_t i = 0; i < sample.values.size(); ++i) {
    if (has_value(sample, i)) used.push_back(i);
  }
  return used;
}

}  // namespace

double Estimate::error() const {
  return sd / std::sqrt(static_cast<double>(n));
}

double student_t(double confidence, std::uint32_t degrees) {
  return boost::math::quantile(boost::math::students_t(degrees), 0.5 + confidence / 2);
}

double student_p(double t, std::uint32_t degrees) {
  if (std::isnan(t)) return 1;
  if (std::isinf(t)) return 0;
  return 2 * boost::math::cdf(complement(boost::math::students_t(degrees), std::abs(t)));
}

Estimate estimate(const Sample& sample, double confidence) {
  const Linear linear = linearise(sample, all_with_value(sample));
  return from_terms(linear.value, linear.terms, confidence);
}

Estimate paired_difference(const Sample& a, const Sample& b, double confidence) {
  std::vector<std::size_t> used;
  for (std::size_t i = 0; i < std::min(a.values.size(), b.values.size()); ++i) {
    if (has_value(a, i) && has_value(b, i)) used.push_back(i);
  }
  const Linear from = linearise(a, used), to = linearise(b, used);
  std::vector<double> terms;
  for (std::size_t i = 0; i < used.size(); ++i) terms.push_back(to.terms[i] - from.terms[i]);
  return from_terms(to.value - from.value, terms, confidence);
}

Estimate unpaired_difference(const Sample& a, const Sample& b, double confidence) {
  const Estimate from = estimate(a, confidence), to = estimate(b, confidence);
  Estimate out;
  out.value = to.value - from.value;
  out.n = std::min(from.n, to.n);
  if (out.n < 2) return out;
  const double va = from.error() * from.error(), vb = to.error() * to.error();
  const double degrees =
      va + vb > 0 ? (va + vb) * (va + vb) / (va * va / (from.n - 1) + vb * vb / (to.n - 1))
                  : out.n - 1;
  out.sd = std::sqrt((va + vb) * out.n);
  const boost::math::students_t t(degrees);
  out.half = boost::math::quantile(t, 0.5 + confidence / 2) * std::sqrt(va + vb);
  return out;
}

}  // namespace bcsim::tools
