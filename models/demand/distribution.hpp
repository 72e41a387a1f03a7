// Probability distributions of durations (handling time, patience, delays), by mean and CV or by
// parameters; all are drawn by inversion or composition with a fixed number of uniforms, so that
// streams stay in step when a parameter changes, and rounded to nanoseconds on every machine alike.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/rng.hpp"
#include "sim/time.hpp"

namespace bcsim::models {

struct Deterministic {
  double value_s = 0;
};
struct Exponential {
  double mean_s = 1;
};
/// Log-normal by mean and coefficient of variation (CV) of the variable itself: its logarithm is
/// normal with variance ln(1 + CV^2) and mean ln(mean) - variance / 2.
struct Lognormal {
  double mean_s = 1, cv = 1;
};
struct Gamma {
  double mean_s = 1, cv = 1;
};
/// Weibull by shape k and scale.
struct Weibull {
  double shape = 1, scale_s = 1;
};
/// With probability p exponential of mean1, else of mean2.
struct Hyperexponential {
  double p = 0.5, mean1_s = 1, mean2_s = 1;
};
struct Uniform {
  double low_s = 0, high_s = 1;
};
/// Sorted values drawn with equal probability.
struct Empirical {
  std::vector<double> values_s;
};
/// Hazard rate (1/s) constant on each piece; piece i starts at start_s[i], the last never ends.
/// A last rate of 0 gives an atom at infinity: a caller who waits for ever.
struct PiecewiseHazard {
  std::vector<double> start_s, rate_per_s;
};
/// Erlang-k and the like for the reference tables: the sum of k exponentials with the given mean.
struct Erlang {
  int stages = 2;
  double mean_s = 1;
};
/// Waits for ever (no patience limit).
struct Never {};

using Distribution =
    std::variant<Deterministic, Exponential, Lognormal, Gamma, Weibull, Hyperexponential, Uniform,
                 Empirical, PiecewiseHazard, Erlang, Never>;

/// Two-moment hyperexponential with balanced means, p mean1 = (1 - p) mean2 (Whitt 1982); cv >= 1.
[[nodiscard]] Hyperexponential hyperexponential_by_moments(double mean_s, double cv);
/// Weibull with the given mean and CV, which must be in [0.01, 100] (bracketed search for the
/// shape).
[[nodiscard]] Weibull weibull_by_moments(double mean_s, double cv);

/// One draw; Duration::max() means never.
[[nodiscard]] sim::Duration draw(const Distribution& d, sim::RngStream& stream);
/// Mean in seconds (infinity where it is).
[[nodiscard]] double mean_s(const Distribution& d);
/// Coefficient of variation (NaN where undefined).
[[nodiscard]] double cv(const Distribution& d);
/// P(X > t).
[[nodiscard]] double survival(const Distribution& d, double t_s);
/// E[min(X, t)] = integral of survival over (0, t): what a caller of patience X waits if offered t.
[[nodiscard]] double limited_mean_s(const Distribution& d, double t_s);
/// Sorted points where survival jumps or bends, for those who integrate over it.
[[nodiscard]] std::vector<double> breakpoints_s(const Distribution& d);
/// What is wrong with the parameters ("mean must be above 0 s"), or empty. All functions above and
/// below demand a distribution without error.
[[nodiscard]] std::string parameter_error(const Distribution& d);
/// "lognormal(mean 240 s, cv 1)": for effective scenarios and reports.
[[nodiscard]] std::string describe(const Distribution& d);

}  // namespace bcsim::models
