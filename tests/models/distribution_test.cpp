// Distributions: moments, survival functions and draws, each checked against another way to the
// same number (closed forms of Boost.Math, numerical integration, samples).
#include "models/demand/distribution.hpp"

#include <gtest/gtest.h>

#include <boost/math/distributions/exponential.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/lognormal.hpp>
#include <boost/math/distributions/weibull.hpp>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/support/goodness_of_fit.hpp"

namespace bcsim::models::distribution_test {
namespace {

using sim::Duration;
using sim::RngFactory;
using sim::RngStream;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// KS tests with fixed seeds; a true null fails one seed in a thousand.
constexpr double kLevel = 0.001;
constexpr RngFactory kFactory{.seed = 4711};

const PiecewiseHazard kPeakedPatience{{0, 5, 15, 55, 65}, {0.001, 0.01, 0.002, 0.03, 0.004}};
const PiecewiseHazard kLateHazard{{10, 20}, {0.1, 0.05}};

/// Every kind with a finite mean, the sharp-edged ones included.
std::vector<Distribution> finite_distributions() {
  return {Deterministic{7},
          Exponential{300},
          Lognormal{240, 1},
          Lognormal{240, 0.2},
          Lognormal{240, 0},
          Gamma{200, 0.5},
          Gamma{200, 2},
          Gamma{200, 0},
          Weibull{0.7, 100},
          Weibull{3, 100},
          Hyperexponential{0.8, 60, 500},
          Uniform{3, 7},
          Empirical{{1, 1, 2, 5, 10}},
          kPeakedPatience,
          kLateHazard,
          Erlang{2, 240},
          Erlang{10, 240}};
}

/// The kinds whose distribution function has no jump, so that the KS test applies.
std::vector<Distribution> continuous_distributions() {
  std::vector<Distribution> result;
  for (const Distribution& d : finite_distributions()) {
    if (breakpoints_s(d).empty() || std::holds_alternative<Uniform>(d) ||
        std::holds_alternative<PiecewiseHazard>(d)) {
      result.push_back(d);
    }
  }
  return result;
}

std::vector<double> sample(const Distribution& d, int count, std::uint64_t entity = 0) {
  RngStream stream = kFactory.stream("distribution_test", entity);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(sim::seconds(draw(d, stream)));
  return values;
}

/// Integral of f over (0, t), piece by piece between the breakpoints.
double integrate_to(const Distribution& d, double t, const std::function<double(double)>& f) {
  std::vector<double> edges{0, t};
  for (const double edge : breakpoints_s(d)) {
    if (edge > 0 && edge < t) edges.push_back(edge);
  }
  std::sort(edges.begin(), edges.end());
  double sum = 0;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    if (edges[i + 1] <= edges[i]) continue;
    sum += boost::math::quadrature::gauss_kronrod<double, 31>::integrate(f, edges[i], edges[i + 1],
                                                                         15, 1e-11);
  }
  return sum;
}

TEST(Distribution, SampleMeanAndCvAreThoseStated) {
  for (const Distribution& d : finite_distributions()) {
    SCOPED_TRACE(describe(d));
    const auto found = testing::sample_mean(sample(d, 200'000));
    EXPECT_NEAR(found.mean, mean_s(d), 4 * found.standard_error + 1e-8);
    // The heaviest tail here (gamma of CV 2) has a relative error of its CV of about 0.6 %.
    EXPECT_NEAR(found.standard_deviation / found.mean, cv(d), 0.02 * cv(d) + 1e-8);
  }
}

TEST(Distribution, DrawsFollowTheSurvivalFunction) {
  std::uint64_t entity = 1;
  for (const Distribution& d : continuous_distributions()) {
    SCOPED_TRACE(describe(d));
    const auto values = sample(d, 50'000, entity++);
    EXPECT_GT(testing::ks_test(values, [&](double t) { return 1 - survival(d, t); }), kLevel);
  }
}

TEST(Distribution, EmpiricalDrawsEachValueEquallyOften) {
  const Empirical d{{1, 2, 4, 8}};
  std::vector<double> counts(4, 0);
  for (const double value : sample(d, 40'000)) ++counts[static_cast<std::size_t>(std::log2(value))];
  EXPECT_GT(testing::chi_square_test(counts, std::vector<double>(4, 10'000)), kLevel);
  EXPECT_EQ(survival(d, 0.5), 1);
  EXPECT_EQ(survival(d, 1), 0.75);  // P(X > 1), not P(X >= 1)
  EXPECT_EQ(survival(d, 8), 0);
}

TEST(Distribution, SurvivalAgreesWithTheLibrarysLaws) {
  const double sigma = std::sqrt(std::log(2.0));
  const boost::math::lognormal lognormal(std::log(240) - sigma * sigma / 2, sigma);
  const boost::math::gamma_distribution<> gamma(4, 50);
  const boost::math::weibull weibull(0.7, 100);
  const boost::math::exponential exponential(1 / 300.0);
  for (const double t : {0.001, 1.0, 20.0, 100.0, 240.0, 1000.0, 5000.0}) {
    const auto tail = [t](const auto& law) { return cdf(complement(law, t)); };
    EXPECT_NEAR(survival(Lognormal{240, 1}, t), tail(lognormal), 1e-13);
    EXPECT_NEAR(survival(Gamma{200, 0.5}, t), tail(gamma), 1e-13);
    EXPECT_NEAR(survival(Weibull{0.7, 100}, t), tail(weibull), 1e-13);
    EXPECT_NEAR(survival(Exponential{300}, t), tail(exponential), 1e-13);
    const double x = 3 * t / 240;  // Erlang-3: the first three Poisson terms
    EXPECT_NEAR(survival(Erlang{3, 240}, t), std::exp(-x) * (1 + x + x * x / 2), 1e-13);
    EXPECT_NEAR(survival(Hyperexponential{0.8, 60, 500}, t),
                0.8 * std::exp(-t / 60) + 0.2 * std::exp(-t / 500), 1e-15);
  }
}

TEST(Distribution, SurvivalStartsAtOneAndNeverRises) {
  for (const Distribution& d : finite_distributions()) {
    SCOPED_TRACE(describe(d));
    EXPECT_EQ(survival(d, -1), 1);
    EXPECT_EQ(survival(d, 0), 1);
    double last = 1;
    for (double t = 0; t < 3000; t += 1.7) {
      const double now = survival(d, t);
      EXPECT_LE(now, last);
      EXPECT_GE(now, 0);
      last = now;
    }
  }
}

TEST(Distribution, LimitedMeanIsTheIntegralOfSurvival) {
  for (const Distribution& d : finite_distributions()) {
    SCOPED_TRACE(describe(d));
    EXPECT_EQ(limited_mean_s(d, 0), 0);
    for (const double t : {0.5, 4.0, 12.0, 60.0, 300.0, 2000.0}) {
      const double integral = integrate_to(d, t, [&](double x) { return survival(d, x); });
      EXPECT_NEAR(limited_mean_s(d, t), integral, 1e-8 * integral);
    }
    EXPECT_NEAR(limited_mean_s(d, 1e7), mean_s(d), 1e-8 * mean_s(d));
  }
}

TEST(Distribution, CvFollowsFromTheSecondMoment) {
  for (const Distribution& d : finite_distributions()) {
    SCOPED_TRACE(describe(d));
    const double mean = mean_s(d);
    double second = 0;  // E[X^2] = 2 * integral of t * survival, panel by panel out to the far tail
    double from = 0;
    for (const double to : {10.0, 100.0, 1e3, 1e4, 1e5}) {
      const auto integrand = [&](double t) { return 2 * t * survival(d, t); };
      second += integrate_to(d, to, integrand) - integrate_to(d, from, integrand);
      from = to;
    }
    EXPECT_NEAR(cv(d) * cv(d), second / (mean * mean) - 1, 2e-6);
  }
}

// domain.md §4.2: fits of mean and standard deviation to mu and sigma of the logarithm.
TEST(Distribution, LognormalFitsOfTheBankAreReproduced) {
  struct Fit {
    double mean, deviation, mu, sigma;
  };
  for (const Fit fit :
       {Fit{201, 248, 4.841, 0.962}, {300, 300, 5.357, 0.833}, {300, 240, 5.456, 0.703}}) {
    const Lognormal d{fit.mean, fit.deviation / fit.mean};
    // Read mu and sigma back from the median and from the 84.13 % quantile, exp(mu + sigma); the
    // published values have three decimals, hence +-0.0005 on either side.
    EXPECT_GT(survival(d, std::exp(fit.mu - 0.0005)), 0.5);
    EXPECT_LT(survival(d, std::exp(fit.mu + 0.0005)), 0.5);
    const double one_sigma = 0.5 * std::erfc(1 / std::sqrt(2.0));
    EXPECT_GT(survival(d, std::exp(fit.mu + fit.sigma - 0.001)), one_sigma);
    EXPECT_LT(survival(d, std::exp(fit.mu + fit.sigma + 0.001)), one_sigma);
  }
  EXPECT_NEAR(survival(Lognormal{201, 248.0 / 201}, 126.6), 0.5, 0.0005);
}

TEST(Distribution, HyperexponentialByMomentsHasBalancedMeans) {
  for (const double wanted_cv : {1.0, 1.3, 2.0, 5.0}) {
    const Hyperexponential d = hyperexponential_by_moments(180, wanted_cv);
    EXPECT_NEAR(mean_s(d), 180, 1e-10);
    EXPECT_NEAR(cv(d), wanted_cv, 1e-10);
    EXPECT_NEAR(d.p * d.mean1_s, (1 - d.p) * d.mean2_s, 1e-10);
  }
}

TEST(Distribution, WeibullByMomentsHitsMeanAndCv) {
  for (const double wanted_cv : {0.01, 0.3, 0.5, 1.0, 2.0, 10.0, 100.0}) {
    const Weibull d = weibull_by_moments(180, wanted_cv);
    EXPECT_NEAR(mean_s(d) / 180, 1, 1e-10);
    EXPECT_NEAR(cv(d) / wanted_cv, 1, 1e-10);
  }
  EXPECT_NEAR(weibull_by_moments(180, 1).shape, 1, 1e-10);  // the exponential
}

TEST(Distribution, PiecewiseHazardSurvivesAsItsHazardSays) {
  EXPECT_NEAR(survival(kPeakedPatience, 5), std::exp(-0.005), 1e-15);
  EXPECT_NEAR(survival(kPeakedPatience, 15), std::exp(-0.105), 1e-15);
  EXPECT_NEAR(survival(kPeakedPatience, 60), std::exp(-0.105 - 0.08 - 0.15), 1e-15);
  EXPECT_NEAR(survival(kPeakedPatience, 165), std::exp(-0.105 - 0.08 - 0.3 - 0.4), 1e-15);
  EXPECT_EQ(survival(kLateHazard, 10), 1);  // no hazard before the first piece
}

TEST(Distribution, PiecewiseHazardEndingInZeroWaitsForEver) {
  const PiecewiseHazard d{{0, 100}, {0.01, 0}};
  EXPECT_NEAR(survival(d, 1e9), std::exp(-1), 1e-15);
  EXPECT_EQ(mean_s(d), kInfinity);
  EXPECT_TRUE(std::isnan(cv(d)));
  RngStream stream = kFactory.stream("atom");
  int forever = 0;
  const int n = 20'000;
  for (int i = 0; i < n; ++i) {
    const Duration drawn = draw(d, stream);
    if (drawn == Duration::max()) {
      ++forever;
    } else {
      EXPECT_LE(sim::seconds(drawn), 100);
    }
  }
  const double p = std::exp(-1);
  EXPECT_NEAR(forever, n * p, 4 * std::sqrt(n * p * (1 - p)));
}

TEST(Distribution, NeverIsNever) {
  RngStream stream = kFactory.stream("never");
  EXPECT_EQ(draw(Never{}, stream), Duration::max());
  EXPECT_EQ(mean_s(Never{}), kInfinity);
  EXPECT_TRUE(std::isnan(cv(Never{})));
  EXPECT_EQ(survival(Never{}, 1e12), 1);
  EXPECT_EQ(limited_mean_s(Never{}, 55), 55);
}

// What keeps two runs in step when a mean changes: the same number of uniforms for each draw.
TEST(Distribution, DrawsUseAFixedNumberOfUniforms) {
  const std::pair<Distribution, Distribution> pairs[] = {
      {Exponential{10}, Exponential{300}},
      {Lognormal{10, 0.1}, Lognormal{300, 2}},
      {Gamma{10, 0}, Gamma{300, 2}},
      {Weibull{0.5, 1}, Weibull{3, 100}},
      {Uniform{0, 1}, Uniform{5, 5}},
      {Empirical{{1}}, Empirical{{1, 2, 3}}},
      {kPeakedPatience, kLateHazard},
      {Erlang{3, 10}, Erlang{3, 300}},
      {Hyperexponential{0, 1, 2}, Hyperexponential{0.9, 10, 20}}};
  for (const auto& [first, second] : pairs) {
    SCOPED_TRACE(describe(first));
    RngStream a = kFactory.stream("step");
    RngStream b = kFactory.stream("step");
    for (int i = 0; i < 10; ++i) {
      (void)draw(first, a);
      (void)draw(second, b);
    }
    EXPECT_EQ(a.bits(), b.bits());
  }
}

TEST(Distribution, DrawsScaleWithTheMean) {
  RngStream a = kFactory.stream("scale");
  RngStream b = kFactory.stream("scale");
  for (int i = 0; i < 1000; ++i) {
    const double small = sim::seconds(draw(Gamma{100, 0.7}, a));
    const double large = sim::seconds(draw(Gamma{200, 0.7}, b));
    EXPECT_NEAR(large, 2 * small, 4e-9);  // nanosecond rounding of either
  }
}

TEST(Distribution, DescriptionNamesKindAndParameters) {
  EXPECT_EQ(describe(Deterministic{5}), "deterministic(5 s)");
  EXPECT_EQ(describe(Exponential{300}), "exponential(mean 300 s)");
  EXPECT_EQ(describe(Lognormal{240, 1}), "lognormal(mean 240 s, cv 1)");
  EXPECT_EQ(describe(Gamma{200, 0.5}), "gamma(mean 200 s, cv 0.5)");
  EXPECT_EQ(describe(Weibull{2, 100}), "weibull(shape 2, scale 100 s)");
  EXPECT_EQ(describe(Hyperexponential{0.8, 60, 500}),
            "hyperexponential(mean 60 s with probability 0.8, else 500 s)");
  EXPECT_EQ(describe(Uniform{3, 7}), "uniform(3 s to 7 s)");
  EXPECT_EQ(describe(Empirical{{1, 2, 3}}), "empirical(3 values, mean 2 s)");
  EXPECT_EQ(describe(PiecewiseHazard{{0}, {0.01}}), "piecewise hazard(1 pieces, mean 100 s)");
  EXPECT_EQ(describe(Erlang{2, 240}), "erlang(2 stages, mean 240 s)");
  EXPECT_EQ(describe(Never{}), "never");
}

TEST(Distribution, GoodParametersHaveNoErrorAndBadOnesSayWhatIsWrong) {
  for (const Distribution& d : finite_distributions()) EXPECT_EQ(parameter_error(d), "");
  EXPECT_EQ(parameter_error(Never{}), "");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::pair<Distribution, std::string> bad[] = {
      {Deterministic{-1}, "value must be 0 s or more"},
      {Deterministic{kInfinity}, "value must be 0 s or more"},
      {Exponential{0}, "mean must be above 0 s"},
      {Exponential{nan}, "mean must be above 0 s"},
      {Lognormal{240, -1}, "cv must be 0 or more"},
      {Gamma{240, nan}, "cv must be 0 or more"},
      {Weibull{0, 1}, "shape must be above 0"},
      {Weibull{1, 0}, "scale must be above 0 s"},
      {Hyperexponential{1.1, 1, 1}, "probability must be between 0 and 1"},
      {Hyperexponential{0.5, 0, 1}, "both means must be above 0 s"},
      {Uniform{-1, 1}, "both bounds must be 0 s or more"},
      {Uniform{2, 1}, "the lower bound is above the upper"},
      {Empirical{}, "there must be at least one value"},
      {Empirical{{-1, 2}}, "values must be 0 s or more"},
      {Empirical{{2, 1}}, "values must be sorted"},
      {PiecewiseHazard{}, "there must be at least one piece"},
      {PiecewiseHazard{{0, 1}, {1}}, "each piece needs one start and one rate"},
      {PiecewiseHazard{{-1}, {1}}, "starts must be 0 s or more"},
      {PiecewiseHazard{{0}, {-1}}, "rates must be 0/s or more"},
      {PiecewiseHazard{{0, 0}, {1, 2}}, "starts must rise"},
      {Erlang{0, 1}, "there must be at least one stage"},
      {Erlang{2, 0}, "mean must be above 0 s"}};
  for (const auto& [d, error] : bad) EXPECT_EQ(parameter_error(d), error);
}

}  // namespace
}  // namespace bcsim::models::distribution_test
