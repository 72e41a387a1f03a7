// M/M/n+G for general patience against Whitt's tables, a naive integral, and closed forms.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "models/demand/erlang.hpp"
#include "tests/support/data_rows.hpp"

namespace bcsim::models::patience_queue_test {
namespace {

using testing::number;

Distribution patience_of(const std::vector<std::string>& row) {
  const double mean = number(row[1]), cv = std::sqrt(number(row[2]));
  if (row[0] == "lognormal") return Lognormal{mean, cv};
  if (row[0] == "erlang2") return Erlang{2, mean};
  return Exponential{mean};
}

double whitt_metric(const std::string& metric, const Distribution& patience) {
  const QueueLoad load{102, 1, 100};
  const auto at = metric.find("<=");
  const double t = at == std::string::npos ? 0.1 : std::stod(metric.substr(at + 2));
  const QueueForecast f = forecast_queue(load, patience, t);
  if (metric == "P(W=0)") return 1 - f.p_wait;
  if (metric == "P(A)") return f.p_abandon;
  if (metric == "E[Q]") return f.mean_queue;
  if (metric == "E[N]") return f.mean_queue + load.agents * f.occupancy;
  if (metric == "E[W|S]") return f.asa_s;
  if (metric == "E[W|A]") {
    return (f.mean_wait_s - (1 - f.p_abandon) * f.asa_s) / f.p_abandon;
  }
  if (metric.ends_with("|S)")) return f.answered_within / (1 - f.p_abandon);
  if (metric.ends_with("|A)")) return f.abandoned_within / f.p_abandon;
  ADD_FAILURE() << "unknown metric " << metric;
  return 0;
}

/// One unit of the last decimal printed.
double last_digit(const std::string& printed) {
  const auto point = printed.find('.');
  return std::pow(10.0, -static_cast<double>(printed.size() - point - 1));
}

// The exact rows must agree to their last printed digit. The simulated ones come with the 95 %
// half-width of ten runs: every row must lie within the joint 99 % interval of all of them (t of 9
// degrees of freedom, Bonferroni), and no more than a tenth of them outside their own 95 %.
TEST(PatienceQueue, WhittsTablesForGeneralPatienceAreReproduced) {
  const auto rows = testing::read_rows("tests/models/data/whitt_mmn_g.csv", 7);
  ASSERT_EQ(rows.size(), 67u);
  int simulated = 0, outside = 0;
  for (const auto& row : rows) {
    SCOPED_TRACE(::testing::PrintToString(row));
    const double found = whitt_metric(row[4], patience_of(row));
    const double expected = number(row[5]), half_width = number(row[6]);
    if (row[3] == "exact") {
      EXPECT_NEAR(found, expected, last_digit(row[5]));
      continue;
    }
    const double standard_error = half_width / 2.262;
    EXPECT_NEAR(found, expected, 5.9 * standard_error + last_digit(row[5]) / 2);
    ++simulated;
    if (std::abs(found - expected) > half_width + last_digit(row[5]) / 2) ++outside;
  }
  EXPECT_EQ(simulated, 47);
  EXPECT_LE(outside, simulated / 10);
}

/// §4.5 evaluated naively: trapezoids on a fine grid, E by its recursion.
struct Naive {
  double p_wait, p_abandon, mean_wait_s;
  Naive(const QueueLoad& load, const Distribution& patience, double step, double end) {
    const double lambda = load.calls_per_s;
    const double drain = load.agents / load.handling_s;
    double h = 0, j = 0, jh = 0;
    for (double x = 0; x < end; x += step) {
      const double s = survival(patience, x + step / 2);  // midpoints avoid the jumps
      const double middle_h = h + s * step / 2;
      const double f = std::exp(lambda * middle_h - drain * (x + step / 2));
      j += f * step;
      jh += middle_h * f * step;
      h += s * step;
    }
    double e = 1;
    for (int k = 2; k <= load.agents; ++k) e = 1 + e * (k - 1) / load.erlangs();
    p_wait = lambda * j / (e + lambda * j);
    p_abandon = (1 + (lambda - drain) * j) / (e + lambda * j);
    mean_wait_s = lambda * jh / (e + lambda * j);
  }
};

TEST(PatienceQueue, EveryKindOfPatienceAgreesWithTheNaiveIntegral) {
  const Distribution kinds[] = {Deterministic{60},
                                Exponential{180},
                                Lognormal{180, 2},
                                Lognormal{180, 0},
                                Gamma{180, 0.5},
                                Weibull{0.7, 150},
                                Weibull{2, 150},
                                Hyperexponential{0.3, 10, 300},
                                Uniform{20, 200},
                                Empirical{{5, 15, 15, 60, 180, 400}},
                                PiecewiseHazard{{0, 5, 15, 55, 65}, {0, 0.01, 0.002, 0.03, 0.004}},
                                PiecewiseHazard{{0, 100}, {0.01, 0}},
                                Erlang{3, 180}};
  for (const double agents : {9, 12}) {
    const QueueLoad load{10 / 180.0, 180, agents};
    for (const Distribution& patience : kinds) {
      SCOPED_TRACE(describe(patience));
      const QueueForecast found = forecast_queue(load, patience);
      const Naive naive(load, patience, 0.01, 6000);
      EXPECT_NEAR(found.p_wait, naive.p_wait, 1e-6);
      EXPECT_NEAR(found.p_abandon, naive.p_abandon, 1e-6);
      EXPECT_NEAR(found.mean_wait_s, naive.mean_wait_s, 1e-4);
    }
  }
}

TEST(PatienceQueue, DeterministicPatienceHasItsClosedForm) {
  // All wait at most d: f = exp((lambda - drain) x) up to d, then exp(lambda d - drain x).
  const double lambda = 0.5, drain = 0.45, d = 30;
  const QueueForecast found = forecast_queue({lambda, 20, drain * 20}, Deterministic{d}, d);
  const double gap = lambda - drain;
  const double j = std::expm1(gap * d) / gap + std::exp(gap * d) / drain;
  double e = 1;
  for (int k = 2; k <= 9; ++k) e = 1 + e * (k - 1) / 10.0;
  EXPECT_NEAR(found.p_wait, lambda * j / (e + lambda * j), 1e-12);
  EXPECT_NEAR(found.p_abandon, lambda * std::exp(gap * d) / drain / (e + lambda * j), 1e-12);
  EXPECT_EQ(found.p_wait_over, 0);
  EXPECT_NEAR(found.abandoned_within, found.p_abandon, 1e-12);
}

TEST(PatienceQueue, FlowIsConservedAndWaitsAddUp) {
  for (const Distribution& patience :
       {Distribution{Lognormal{300, 1.5}}, Distribution{Weibull{0.6, 200}},
        Distribution{Uniform{10, 100}}, Distribution{Erlang{4, 60}}}) {
    SCOPED_TRACE(describe(patience));
    for (const double agents : {50, 95, 100, 150}) {
      const QueueLoad load{1, 100, agents};
      const QueueForecast f = forecast_queue(load, patience, 15);
      EXPECT_NEAR(f.answered_within + f.abandoned_within + f.p_wait_over, 1, 1e-11);
      EXPECT_LE(f.occupancy, 1);
      // Busy agents two ways: by flow, and by the states below n (Erlang B's) and above.
      const double blocked = erlang_b(100, static_cast<int>(agents) - 1);
      const double p_free = 1 - f.p_wait;
      const double busy = f.p_wait * agents + p_free * 100 * (1 - blocked);
      EXPECT_NEAR(f.occupancy * agents, busy, 1e-9);
      const double wait_abandoned = (f.mean_wait_s - (1 - f.p_abandon) * f.asa_s) / f.p_abandon;
      EXPECT_GT(wait_abandoned, 0);
      EXPECT_LE(wait_abandoned, limited_mean_s(patience, 1e6));
    }
  }
}

TEST(PatienceQueue, FractionalAgentsLieBetweenTheWholeOnes) {
  const Exponential patience{180};
  double last = 1;
  for (double agents = 0.25; agents < 15; agents += 0.25) {
    const double p = forecast_queue({10 / 180.0, 180, agents}, patience).p_abandon;
    EXPECT_LT(p, last) << agents;
    last = p;
  }
}

}  // namespace
}  // namespace bcsim::models::patience_queue_test
