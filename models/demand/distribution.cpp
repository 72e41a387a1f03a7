// Draws, moments and survival functions, one overload for each kind of distribution.
#include "models/demand/distribution.hpp"

#include <algorithm>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/tools/roots.hpp>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

namespace bcsim::models {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

using GammaLaw = boost::math::gamma_distribution<double>;

double normal_survival(double x) {
  return 0.5 * std::erfc(x / std::numbers::sqrt2);
}

double log_sigma(const Lognormal& d) {
  return std::sqrt(std::log1p(d.cv * d.cv));
}
double log_mean(const Lognormal& d) {
  return std::log(d.mean_s) - 0.5 * std::log1p(d.cv * d.cv);
}

GammaLaw law(const Gamma& d) {
  const double squared_cv = d.cv * d.cv;
  return {1 / squared_cv, d.mean_s * squared_cv};
}
GammaLaw law(const Erlang& d) {
  const auto stages = static_cast<double>(d.stages);
  return {stages, d.mean_s / stages};
}

double gamma_survival(const GammaLaw& gamma, double t) {
  return t <= 0 ? 1 : boost::math::gamma_q(gamma.shape(), t / gamma.scale());
}
double gamma_limited_mean(const GammaLaw& gamma, double t) {
  if (t <= 0) return 0;
  const double below =
      gamma.shape() * gamma.scale() * boost::math::gamma_p(gamma.shape() + 1, t / gamma.scale());
  return below + t * gamma_survival(gamma, t);
}

/// Calls visit(start, end, rate, survival at start) for each piece that begins before `until`.
template <class Visit>
void for_each_piece(const PiecewiseHazard& d, double until, Visit visit) {
  double survived = 1;
  double start = 0;
  double rate = 0;  // none before the first piece
  for (std::size_t i = 0; i <= d.start_s.size() && start < until; ++i) {
    const bool last = i == d.start_s.size();
    const double end = last ? until : std::min(d.start_s[i], until);
    if (end > start) visit(start, end, rate, survived);
    if (last) break;
    survived *= std::exp(-rate * (end - start));
    rate = d.rate_per_s[i];
    start = end;
  }
}

/// Integral of survival over one piece that starts with `survived` and lasts `length`.
double piece_integral(double rate, double length, double survived) {
  if (rate > 0) return -survived * std::expm1(-rate * length) / rate;
  return survived * length;
}

// draw_s: one draw in seconds, infinity for never.

double draw_s(const Deterministic& d, sim::RngStream&) {
  return d.value_s;
}
double draw_s(const Exponential& d, sim::RngStream& stream) {
  return stream.exponential(d.mean_s);
}
double draw_s(const Lognormal& d, sim::RngStream& stream) {
  return std::exp(log_mean(d) + log_sigma(d) * stream.normal());
}
double draw_s(const Gamma& d, sim::RngStream& stream) {
  const double u = stream.uniform();
  return d.cv > 0 ? boost::math::quantile(law(d), u) : d.mean_s;
}
double draw_s(const Weibull& d, sim::RngStream& stream) {
  return d.scale_s * std::pow(stream.exponential(1), 1 / d.shape);
}
double draw_s(const Hyperexponential& d, sim::RngStream& stream) {
  const bool first = stream.bernoulli(d.p);
  return stream.exponential(first ? d.mean1_s : d.mean2_s);
}
double draw_s(const Uniform& d, sim::RngStream& stream) {
  return stream.uniform(d.low_s, d.high_s);
}
double draw_s(const Empirical& d, sim::RngStream& stream) {
  return d.values_s[stream.below(d.values_s.size())];
}
double draw_s(const PiecewiseHazard& d, sim::RngStream& stream) {
  double left = stream.exponential(1);  // cumulative hazard still to be survived
  for (std::size_t i = 0; i < d.start_s.size(); ++i) {
    const double end = i + 1 < d.start_s.size() ? d.start_s[i + 1] : kInfinity;
    const double rate = d.rate_per_s[i];
    if (rate > 0 && left <= rate * (end - d.start_s[i])) return d.start_s[i] + left / rate;
    if (rate > 0) left -= rate * (end - d.start_s[i]);
  }
  return kInfinity;
}
double draw_s(const Erlang& d, sim::RngStream& stream) {
  double sum = 0;
  for (int i = 0; i < d.stages; ++i) sum += stream.exponential(d.mean_s / d.stages);
  return sum;
}
double draw_s(const Never&, sim::RngStream&) {
  return kInfinity;
}

// mean_of and cv_of.

double mean_of(const Deterministic& d) {
  return d.value_s;
}
double mean_of(const Exponential& d) {
  return d.mean_s;
}
double mean_of(const Lognormal& d) {
  return d.mean_s;
}
double mean_of(const Gamma& d) {
  return d.mean_s;
}
double mean_of(const Weibull& d) {
  return d.scale_s * boost::math::tgamma(1 + 1 / d.shape);
}
double mean_of(const Hyperexponential& d) {
  return d.p * d.mean1_s + (1 - d.p) * d.mean2_s;
}
double mean_of(const Uniform& d) {
  return (d.low_s + d.high_s) / 2;
}
double mean_of(const Empirical& d) {
  double sum = 0;
  for (const double value : d.values_s) sum += value;
  return sum / static_cast<double>(d.values_s.size());
}
double mean_of(const PiecewiseHazard& d) {
  double mean = 0;
  for_each_piece(d, kInfinity, [&](double start, double end, double rate, double survived) {
    mean += piece_integral(rate, end - start, survived);
  });
  return mean;
}
double mean_of(const Erlang& d) {
  return d.mean_s;
}
double mean_of(const Never&) {
  return kInfinity;
}

double cv_from_moments(double mean, double second_moment) {
  if (!(mean > 0) || !std::isfinite(second_moment)) return kNotANumber;
  return std::sqrt(std::max(0.0, second_moment - mean * mean)) / mean;
}

double cv_of(const Deterministic&) {
  return 0;
}
double cv_of(const Exponential&) {
  return 1;
}
double cv_of(const Lognormal& d) {
  return d.cv;
}
double cv_of(const Gamma& d) {
  return d.cv;
}
double cv_of(const Weibull& d) {
  const double log_mean = boost::math::lgamma(1 + 1 / d.shape);
  const double log_square = boost::math::lgamma(1 + 2 / d.shape);
  return std::sqrt(std::expm1(log_square - 2 * log_mean));
}
double cv_of(const Hyperexponential& d) {
  const double second = 2 * (d.p * d.mean1_s * d.mean1_s + (1 - d.p) * d.mean2_s * d.mean2_s);
  return cv_from_moments(mean_of(d), second);
}
double cv_of(const Uniform& d) {
  return mean_of(d) > 0 ? (d.high_s - d.low_s) / std::sqrt(12.0) / mean_of(d) : kNotANumber;
}
double cv_of(const Empirical& d) {
  const double mean = mean_of(d);
  double squares = 0;
  for (const double value : d.values_s) squares += (value - mean) * (value - mean);
  if (!(mean > 0)) return kNotANumber;
  return std::sqrt(squares / static_cast<double>(d.values_s.size())) / mean;
}
double cv_of(const PiecewiseHazard& d) {
  double second = 0;  // 2 * integral of t * survival
  for_each_piece(d, kInfinity, [&](double start, double end, double rate, double survived) {
    if (rate > 0) {
      const double at_end =
          std::isinf(end) ? 0 : std::exp(-rate * (end - start)) * (end + 1 / rate);
      second += 2 * survived / rate * (start + 1 / rate - at_end);
    } else {
      second += survived * (end * end - start * start);
    }
  });
  return cv_from_moments(mean_of(d), second);
}
double cv_of(const Erlang& d) {
  return 1 / std::sqrt(static_cast<double>(d.stages));
}
double cv_of(const Never&) {
  return kNotANumber;
}

// survival_of(d, t) for t >= 0.

double survival_of(const Deterministic& d, double t) {
  return t < d.value_s ? 1 : 0;
}
double survival_of(const Exponential& d, double t) {
  return std::exp(-t / d.mean_s);
}
double survival_of(const Lognormal& d, double t) {
  if (t <= 0) return 1;
  if (!(d.cv > 0)) return t < d.mean_s ? 1 : 0;
  return normal_survival((std::log(t) - log_mean(d)) / log_sigma(d));
}
double survival_of(const Gamma& d, double t) {
  return d.cv > 0 ? gamma_survival(law(d), t) : survival_of(Deterministic{d.mean_s}, t);
}
double survival_of(const Weibull& d, double t) {
  return std::exp(-std::pow(t / d.scale_s, d.shape));
}
double survival_of(const Hyperexponential& d, double t) {
  return d.p * std::exp(-t / d.mean1_s) + (1 - d.p) * std::exp(-t / d.mean2_s);
}
double survival_of(const Uniform& d, double t) {
  if (t < d.low_s) return 1;
  return t < d.high_s ? (d.high_s - t) / (d.high_s - d.low_s) : 0;
}
double survival_of(const Empirical& d, double t) {
  const auto above = std::upper_bound(d.values_s.begin(), d.values_s.end(), t);
  return static_cast<double>(d.values_s.end() - above) / static_cast<double>(d.values_s.size());
}
double survival_of(const PiecewiseHazard& d, double t) {
  double at_t = 1;
  for_each_piece(d, t, [&](double start, double end, double rate, double survived) {
    at_t = survived * std::exp(-rate * (end - start));
  });
  return at_t;
}
double survival_of(const Erlang& d, double t) {
  return gamma_survival(law(d), t);
}
double survival_of(const Never&, double) {
  return 1;
}

// limited_mean_of(d, t) for t >= 0.

double limited_mean_of(const Deterministic& d, double t) {
  return std::min(d.value_s, t);
}
double limited_mean_of(const Exponential& d, double t) {
  return -d.mean_s * std::expm1(-t / d.mean_s);
}
double limited_mean_of(const Lognormal& d, double t) {
  if (t <= 0) return 0;
  if (!(d.cv > 0)) return std::min(d.mean_s, t);
  const double sigma = log_sigma(d);
  const double z = (std::log(t) - log_mean(d)) / sigma;
  return d.mean_s * normal_survival(sigma - z) + t * normal_survival(z);
}
double limited_mean_of(const Gamma& d, double t) {
  return d.cv > 0 ? gamma_limited_mean(law(d), t) : std::min(d.mean_s, t);
}
double limited_mean_of(const Weibull& d, double t) {
  if (t <= 0) return 0;
  const double below = boost::math::gamma_p(1 + 1 / d.shape, std::pow(t / d.scale_s, d.shape));
  return mean_of(d) * below + t * survival_of(d, t);
}
double limited_mean_of(const Hyperexponential& d, double t) {
  return d.p * limited_mean_of(Exponential{d.mean1_s}, t) +
         (1 - d.p) * limited_mean_of(Exponential{d.mean2_s}, t);
}
double limited_mean_of(const Uniform& d, double t) {
  if (t <= d.low_s) return t;
  const double in = std::min(t, d.high_s) - d.low_s;  // of the width, already passed
  const double width = d.high_s - d.low_s;
  return d.low_s + (width > 0 ? in - in * in / (2 * width) : 0);
}
double limited_mean_of(const Empirical& d, double t) {
  double sum = 0;
  for (const double value : d.values_s) sum += std::min(value, t);
  return sum / static_cast<double>(d.values_s.size());
}
double limited_mean_of(const PiecewiseHazard& d, double t) {
  double sum = 0;
  for_each_piece(d, t, [&](double start, double end, double rate, double survived) {
    sum += piece_integral(rate, end - start, survived);
  });
  return sum;
}
double limited_mean_of(const Erlang& d, double t) {
  return gamma_limited_mean(law(d), t);
}
double limited_mean_of(const Never&, double t) {
  return t;
}

// breakpoints_of.

std::vector<double> breakpoints_of(const Deterministic& d) {
  return {d.value_s};
}
std::vector<double> breakpoints_of(const Uniform& d) {
  return {d.low_s, d.high_s};
}
std::vector<double> breakpoints_of(const Empirical& d) {
  return d.values_s;
}
std::vector<double> breakpoints_of(const PiecewiseHazard& d) {
  return d.start_s;
}
std::vector<double> breakpoints_of(const Exponential&) {
  return {};
}
std::vector<double> breakpoints_of(const Hyperexponential&) {
  return {};
}
std::vector<double> breakpoints_of(const Weibull&) {
  return {};
}
std::vector<double> breakpoints_of(const Erlang&) {
  return {};
}
std::vector<double> breakpoints_of(const Never&) {
  return {};
}
std::vector<double> breakpoints_of(const Lognormal& d) {
  return d.cv > 0 ? std::vector<double>{} : std::vector<double>{d.mean_s};
}
std::vector<double> breakpoints_of(const Gamma& d) {
  return d.cv > 0 ? std::vector<double>{} : std::vector<double>{d.mean_s};
}

}  // namespace

Hyperexponential hyperexponential_by_moments(double mean_s, double cv) {
  assert(mean_s > 0 && cv >= 1);
  const double squared = cv * cv;
  const double p = 0.5 * (1 + std::sqrt((squared - 1) / (squared + 1)));
  return {p, mean_s / (2 * p), mean_s / (2 * (1 - p))};
}

Weibull weibull_by_moments(double mean_s, double cv) {
  assert(mean_s > 0 && cv >= 0.01 && cv <= 100);
  // The CV falls strictly with the shape; over ln(shape) the search is well scaled.
  const auto excess = [cv](double log_shape) {
    return std::log(cv_of(Weibull{std::exp(log_shape), 1}) / cv);
  };
  std::uintmax_t iterations = 100;
  const auto [low, high] =
      boost::math::tools::toms748_solve(excess, std::log(0.05), std::log(200.0),
                                        boost::math::tools::eps_tolerance<double>(50), iterations);
  Weibull result{std::exp(low + (high - low) / 2), 1};
  result.scale_s = mean_s / mean_of(result);
  return result;
}

sim::Duration draw(const Distribution& d, sim::RngStream& stream) {
  return sim::from_seconds(std::visit([&](const auto& kind) { return draw_s(kind, stream); }, d));
}

double mean_s(const Distribution& d) {
  return std::visit([](const auto& kind) { return mean_of(kind); }, d);
}

double cv(const Distribution& d) {
  return std::visit([](const auto& kind) { return cv_of(kind); }, d);
}

double survival(const Distribution& d, double t_s) {
  if (t_s < 0) return 1;
  return std::visit([t_s](const auto& kind) { return survival_of(kind, t_s); }, d);
}

double limited_mean_s(const Distribution& d, double t_s) {
  if (t_s <= 0) return 0;
  return std::visit([t_s](const auto& kind) { return limited_mean_of(kind, t_s); }, d);
}

std::vector<double> breakpoints_s(const Distribution& d) {
  return std::visit([](const auto& kind) { return breakpoints_of(kind); }, d);
}

}  // namespace bcsim::models
