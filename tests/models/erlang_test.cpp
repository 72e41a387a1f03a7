// Queueing formulas against published values, against each other, and against limits.
#include "models/demand/erlang.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>

#include "tests/support/data_rows.hpp"
#include "tests/support/finite_queue.hpp"

namespace bcsim::models::erlang_test {
namespace {

using test::FiniteForecast;
using test::FiniteQueue;
using test::forecast_finite_queue;
using testing::number;

/// Palm's series for Erlang A (domain.md §4.5): the second of two ways to the same numbers.
struct Palm {
  double p_wait, p_abandon;
  Palm(double lambda, double mu, int n, double theta) {
    const double a = lambda / mu;
    const double x = n * mu / theta;
    double series = 1;
    double term = 1;
    for (int j = 1; term > 1e-18 * series || j < lambda / theta; ++j) {
      term *= lambda / theta / (x + j);
      series += term;
    }
    double blocking = 1;  // B(0); the plain recursion, as in §4.5
    for (int k = 1; k <= n; ++k) blocking = a * blocking / (k + a * blocking);
    const double rho = a / n;
    p_wait = series * blocking / (1 + (series - 1) * blocking);
    p_abandon = p_wait * (1 / (rho * series) + 1 - 1 / rho);
  }
};

TEST(ErlangB, GivesTheWorkedValues) {
  EXPECT_NEAR(erlang_b(10, 10), 0.2145823431, 5e-11);
  EXPECT_NEAR(erlang_b(20, 30), 0.0084574983, 5e-11);
  EXPECT_NEAR(erlang_b(100, 117), 0.0097900711, 5e-11);
  EXPECT_EQ(erlang_b(10, 0), 1);
  EXPECT_EQ(erlang_b(0, 5), 0);
}

TEST(ErlangB, FewestChannelsForOnePercentAndOnePerMille) {
  struct Case {
    double erlangs;
    int one_percent, one_per_mille;
  };
  for (const Case c : {Case{50, 64, 71},
                       {75, 91, 100},
                       {100, 117, 128},
                       {150, 170, 183},
                       {160, 180, 194},
                       {200, 221, 238},
                       {300, 324, 344}}) {
    EXPECT_EQ(fewest_channels(c.erlangs, 0.01), c.one_percent) << c.erlangs;
    EXPECT_EQ(fewest_channels(c.erlangs, 0.001), c.one_per_mille) << c.erlangs;
  }
  EXPECT_EQ(fewest_channels(0, 0.01), 1);
  EXPECT_EQ(fewest_channels(100, 1), 0);
}

TEST(ErlangB, StaysExactWhereTheDirectFormOverflows) {
  // ln B = n ln a - a - ln n! - ln P(Poisson(a) <= n); for n >> a the last term vanishes.
  const double direct = 100'000 * std::log(50'000.0) - 50'000 - std::lgamma(100'001.0);
  EXPECT_NEAR(log_erlang_b(50'000, 100'000), direct, 1e-6);
  EXPECT_NEAR(erlang_b(1e6, 1), 1 / (1 + 1e-6), 1e-15);
}

TEST(ErlangC, GivesTheWorkedValues) {
  EXPECT_NEAR(erlang_c(10, 14), 0.1741319336, 5e-11);
  EXPECT_NEAR(erlang_c(150, 160), 0.3174424856, 5e-11);
  EXPECT_EQ(erlang_c(14, 14), 1);
  EXPECT_EQ(erlang_c(20, 14), 1);

  const QueueForecast small = forecast_queue({10.0 / 180, 180, 14}, Never{}, 20);
  EXPECT_NEAR(small.asa_s, 7.835937, 5e-7);  // C * 180 s / 4; §4.5 has a last digit of 8
  EXPECT_NEAR(service_level(ServiceLevelKind::f3, small), 0.888350, 5e-7);
  const QueueForecast large = forecast_queue({0.5, 300, 160}, Never{}, 20);
  EXPECT_NEAR(large.asa_s, 9.523275, 5e-7);
  EXPECT_NEAR(service_level(ServiceLevelKind::f3, large), 0.837020, 5e-7);
}

TEST(ErlangC, IsTheForecastOfCallersWhoNeverGiveUp) {
  for (const int n : {11, 14, 40}) {
    const QueueLoad load{10.0 / 180, 180, static_cast<double>(n)};
    const QueueForecast found = forecast_queue(load, Never{}, 20);
    const double slack_per_s = n / 180.0 - load.calls_per_s;
    EXPECT_NEAR(found.p_wait / erlang_c(10, n), 1, 1e-11);
    EXPECT_NEAR(found.mean_wait_s / (erlang_c(10, n) / slack_per_s), 1, 1e-10);
    EXPECT_NEAR(found.p_wait_over, erlang_c(10, n) * std::exp(-slack_per_s * 20), 1e-11);
    EXPECT_EQ(found.p_abandon, 0);
  }
  EXPECT_FALSE(has_steady_state({1, 10, 10}, Never{}));
  EXPECT_TRUE(has_steady_state({1, 10, 10.001}, Never{}));
  EXPECT_TRUE(has_steady_state({1, 1000, 1}, Lognormal{300, 2}));
}

double erlang_b_metric(const std::string& metric, double erlangs, int n) {
  return metric == "ln_p_block" ? log_erlang_b(erlangs, n) : erlang_b(erlangs, n);
}

double forecast_metric(const std::string& metric, const QueueLoad& load,
                       const Distribution& patience, double t) {
  const QueueForecast f = forecast_queue(load, patience, t);
  if (metric == "p_wait") return f.p_wait;
  if (metric == "p_no_wait") return 1 - f.p_wait;
  if (metric == "p_abandon") return f.p_abandon;
  if (metric == "p_wait_at_most_t") return 1 - f.p_wait_over;
  if (metric == "p_offered_wait_at_most_t") return 1 - f.p_offered_wait_over;
  if (metric == "service_level") return service_level(ServiceLevelKind::f3, f);
  if (metric == "mean_queue") return f.mean_queue;
  if (metric == "mean_wait") return f.mean_wait_s;
  if (metric == "mean_sojourn") return f.mean_wait_s + load.handling_s * (1 - f.p_abandon);
  if (metric == "mean_in_system") return f.mean_queue + load.agents * f.occupancy;
  if (metric == "occupancy") return f.occupancy;
  if (metric == "ln_p_wait") {
    return log_erlang_c(load.erlangs(), static_cast<int>(load.agents));
  }
  ADD_FAILURE() << "unknown metric " << metric;
  return 0;
}

/// Empty where the finite queue has no such metric.
std::optional<double> finite_metric(const std::string& metric, const FiniteQueue& queue) {
  const FiniteForecast f = forecast_finite_queue(queue);
  if (metric == "p_block") return f.p_block;
  if (metric == "p_no_wait") return 1 - f.p_wait;
  if (metric == "p_abandon") return f.p_abandon;
  if (metric == "mean_queue") return f.mean_queue;
  if (metric == "mean_in_system") return f.mean_in_system;
  if (metric == "mean_sojourn") return f.mean_sojourn_s;
  return std::nullopt;
}

TEST(Erlang, PublishedVectorsAreReproduced) {
  const auto rows = testing::read_rows("tests/models/data/erlang_vectors.csv", 12);
  ASSERT_EQ(rows.size(), 50u);
  for (const auto& row : rows) {
    SCOPED_TRACE(::testing::PrintToString(row));
    const std::string &model = row[0], &metric = row[7];
    const double lambda = number(row[2]), mu = number(row[3]), theta = number(row[4]);
    const int n = std::stoi(row[1]);
    const double expected = number(row[8]);
    const double tolerance = number(row[10]) * (row[9] == "yes" ? std::abs(expected) : 1);
    const QueueLoad load{lambda, 1 / mu, static_cast<double>(n)};
    if (model == "ErlangB") {
      EXPECT_NEAR(erlang_b_metric(metric, lambda / mu, n), expected, tolerance);
    } else if (model == "ErlangC") {
      EXPECT_NEAR(forecast_metric(metric, load, Never{}, number(row[6])), expected, tolerance);
    } else if (model == "ErlangA") {
      const Exponential patience{1 / theta};
      EXPECT_NEAR(forecast_metric(metric, load, patience, number(row[6])), expected, tolerance);
    }
    if (row[5].empty()) continue;
    const FiniteQueue queue{lambda, 1 / mu, n, std::stoi(row[5]), theta};
    if (const auto found = finite_metric(metric, queue)) {
      EXPECT_NEAR(*found, expected, tolerance);
    } else {
      EXPECT_EQ(model, "ErlangA");  // then the forecast above has covered it
    }
  }
}

struct WorkedCase {
  const char* name;
  double calls_per_s, handling_s, patience_s;
  int agents;
  double p_wait, p_abandon, mean_wait_s, answered_within, abandoned_within;
  double probability_tolerance, wait_tolerance, answered_tolerance;
};

// domain.md §4.5, T = 20 s; the tolerances are one unit of the last digit given there, since some
// of those digits come from sums of rounded ones.
constexpr double kUnknown = -1;
const WorkedCase kWorkedCases[] = {
    {"A1", 100 / 1800.0, 180, 120, 14, 0.1269763401, 0.0228392865, 2.740714, 0.9327295807,
     0.0142570348, 1e-10, 1e-6, 1e-10},
    {"A2", 100 / 1800.0, 180, 180, 10, 0.5420702855, 0.1251100357, 22.519806, 0.5869799803,
     0.0499008461, 1e-10, 1e-6, 1e-10},
    {"A3", 0.5, 300, 300, 160, 0.2173508704, 0.0097761349, 2.932840, 0.9404648, 0.0080080, 1e-10,
     1e-6, 1e-7},
    {"A4", 0.5, 300, 300, 180, 0.00942, 0.00025, 0.074, 0.99908, kUnknown, 1e-5, 1e-3, 1e-5},
    {"A5", 0.25, 300, 300, 90, 0.05019, 0.00228, 0.685, 0.98621, kUnknown, 1e-5, 1e-3, 1e-5},
    {"A6", 0.25, 300, 300, 80, 0.29680, 0.02059, 6.177, 0.86176, kUnknown, 1e-5, 1e-3, 1e-5},
};

TEST(ErlangA, WorkedCasesAreReproducedToTheirLastDigit) {
  for (const WorkedCase& c : kWorkedCases) {
    SCOPED_TRACE(c.name);
    const QueueLoad load{c.calls_per_s, c.handling_s, static_cast<double>(c.agents)};
    const QueueForecast found = forecast_queue(load, Exponential{c.patience_s}, 20);
    EXPECT_NEAR(found.p_wait, c.p_wait, c.probability_tolerance);
    EXPECT_NEAR(found.p_abandon, c.p_abandon, c.probability_tolerance);
    EXPECT_NEAR(found.mean_wait_s, c.mean_wait_s, c.wait_tolerance);
    EXPECT_NEAR(found.answered_within, c.answered_within, c.answered_tolerance);
    if (c.abandoned_within != kUnknown) {
      EXPECT_NEAR(found.abandoned_within, c.abandoned_within, c.answered_tolerance);
    }
  }
}

TEST(ErlangA, ThreeMethodsAgree) {
  for (const WorkedCase& c : kWorkedCases) {
    SCOPED_TRACE(c.name);
    const QueueForecast integral = forecast_queue(
        {c.calls_per_s, c.handling_s, static_cast<double>(c.agents)}, Exponential{c.patience_s});
    const Palm palm(c.calls_per_s, 1 / c.handling_s, c.agents, 1 / c.patience_s);
    EXPECT_NEAR(integral.p_wait, palm.p_wait, 1e-12);
    EXPECT_NEAR(integral.p_abandon, palm.p_abandon, 1e-12);
    const FiniteForecast sum = forecast_finite_queue(
        {c.calls_per_s, c.handling_s, c.agents, c.agents + 1000, 1 / c.patience_s});
    EXPECT_NEAR(integral.p_wait, sum.p_wait, 1e-12);
    EXPECT_NEAR(integral.p_abandon, sum.p_abandon, 1e-12);
    EXPECT_NEAR(integral.mean_wait_s, sum.mean_wait_s, 1e-9);
    EXPECT_NEAR(integral.occupancy, sum.occupancy, 1e-12);
  }
}

// The closed forms of §4.5 that the implementation does not use must hold between its results.
TEST(ErlangA, TheRelationsBetweenItsResultsHold) {
  for (const WorkedCase& c : kWorkedCases) {
    SCOPED_TRACE(c.name);
    const QueueLoad load{c.calls_per_s, c.handling_s, static_cast<double>(c.agents)};
    for (const double t : {0.0, 5.0, 20.0, 120.0, 5000.0}) {
      const QueueForecast f = forecast_queue(load, Exponential{c.patience_s}, t);
      EXPECT_NEAR(f.mean_wait_s, f.p_abandon * c.patience_s, 1e-9);
      EXPECT_NEAR(f.answered_within + f.abandoned_within + f.p_wait_over, 1, 1e-12);
    }
  }
}

/// Rounding must not keep the integration from its end where hardly anybody waits at all: of cv 1
/// the hyperexponential is the exponential.
TEST(ErlangA, OfPeopleWhoDoNotWaitIsFoundAsWell) {
  for (const double patience_s : {1e-6, 1e-3, 0.1, 5.0}) {
    for (const double calls_per_s : {0.1, 12.5}) {
      for (const double agents : {1.0, 9.0, 200.0}) {
        const QueueLoad load{calls_per_s, 20, agents};
        const QueueForecast one =
            forecast_queue(load, hyperexponential_by_moments(patience_s, 1), 20);
        const QueueForecast same = forecast_queue(load, Exponential{patience_s}, 20);
        EXPECT_NEAR(one.p_wait, same.p_wait, 1e-9) << patience_s;
        EXPECT_NEAR(one.p_abandon, same.p_abandon, 1e-9) << patience_s;
        EXPECT_NEAR(one.mean_wait_s, same.mean_wait_s, 1e-9) << patience_s;
      }
    }
  }
}

TEST(ErlangA, EqualRatesMakeTheNumberInSystemPoisson) {
  const double a = 30;
  for (const int n : {5, 20, 30, 31, 50}) {
    const QueueForecast found =
        forecast_queue({a / 200, 200, static_cast<double>(n)}, Exponential{200});
    double term = std::exp(-a);  // P(N = k), and the expectations over it
    double p_below = 0, queue = 0;
    for (int k = 0; k < 400; ++k) {
      if (k < n) p_below += term;
      if (k > n) queue += term * (k - n);
      term *= a / (k + 1);
    }
    EXPECT_NEAR(found.p_wait, 1 - p_below, 1e-12) << n;
    EXPECT_NEAR(found.mean_queue, queue, 1e-9) << n;
    EXPECT_NEAR(found.mean_queue + n * found.occupancy, a, 1e-9) << n;
  }
}

TEST(ErlangA, StaysExactForTenThousandAgentsAtAnyLoad) {
  for (const double load_factor : {0.5, 0.98, 1.0, 1.02, 1.5, 3.0}) {
    SCOPED_TRACE(load_factor);
    const int n = 10'000;
    const double lambda = load_factor * n / 300;
    const QueueForecast integral = forecast_queue({lambda, 300, n}, Exponential{120}, 20);
    const FiniteForecast sum = forecast_finite_queue({lambda, 300, n, 40'000, 1 / 120.0});
    EXPECT_NEAR(integral.p_wait, sum.p_wait, 1e-10);
    EXPECT_NEAR(integral.p_abandon, sum.p_abandon, 1e-10);
    EXPECT_NEAR(integral.mean_wait_s, sum.mean_wait_s, 1e-8);
  }
}

TEST(ServiceLevel, FourDefinitionsOfTheWorkedExample) {
  const AnswerCounts counts{
      .answered = 1000, .abandoned = 60, .answered_within = 860, .abandoned_within = 20};
  EXPECT_NEAR(service_level(ServiceLevelKind::f1, counts), 0.830, 0.0005);
  EXPECT_NEAR(service_level(ServiceLevelKind::f2, counts), 0.860, 1e-12);
  EXPECT_NEAR(service_level(ServiceLevelKind::f3, counts), 0.811, 0.0005);
  EXPECT_NEAR(service_level(ServiceLevelKind::f4, counts), 0.827, 0.0005);
  EXPECT_TRUE(std::isnan(service_level(ServiceLevelKind::f1, AnswerCounts{})));
}

TEST(ServiceLevel, FourDefinitionsOfCaseA2) {
  const QueueForecast a2 = forecast_queue({100 / 1800.0, 180, 10}, Exponential{180}, 20);
  EXPECT_NEAR(service_level(ServiceLevelKind::f1, a2), 0.63688, 5e-6);
  EXPECT_NEAR(service_level(ServiceLevelKind::f2, a2), 0.67092, 5e-6);
  EXPECT_NEAR(service_level(ServiceLevelKind::f3, a2), 0.58698, 5e-6);
  EXPECT_NEAR(service_level(ServiceLevelKind::f4, a2), 0.61781, 5e-6);
}

// domain.md §4.7 Q1.
TEST(Capacity, AgentsAtTheSurvivor) {
  const Exponential patience{300};
  const auto level = [&](double calls_per_s, double agents) {
    const QueueLoad load{calls_per_s, 300, agents};
    return 100 * service_level(ServiceLevelKind::f3, forecast_queue(load, patience, 20));
  };
  EXPECT_NEAR(level(0.5, 180), 99.9, 0.05);
  EXPECT_NEAR(level(0.5, 150), 77.3, 0.05);
  EXPECT_NEAR(level(0.5, 151), 79.7, 0.05);
  EXPECT_NEAR(level(0.5, 152), 81.9, 0.05);
  EXPECT_NEAR(level(0.5, 155), 87.6, 0.05);
  EXPECT_NEAR(level(0.25, 77), 77.2, 0.05);
  EXPECT_NEAR(level(0.25, 78), 80.5, 0.05);

  const QueueTarget target{.min_service_level = 0.8};
  EXPECT_EQ(fewest_agents({.calls_per_s = 0.5, .handling_s = 300}, patience, target), 152);
  EXPECT_EQ(fewest_agents({.calls_per_s = 0.25, .handling_s = 300}, patience, target), 78);
}

TEST(Capacity, TrunksAtTheSurvivor) {  // domain.md §4.7 Q3, E1 = 30 channels
  EXPECT_EQ(fewest_channels(150, 0.01), 170);
  EXPECT_EQ(fewest_channels(150, 0.001), 183);
  EXPECT_EQ(fewest_channels(75, 0.01), 91);
  EXPECT_EQ((fewest_channels(150, 0.01) + 29) / 30, 6);
  EXPECT_EQ((fewest_channels(150, 0.001) + 29) / 30, 7);
  EXPECT_EQ((fewest_channels(75, 0.01) + 29) / 30, 4);
}

TEST(Capacity, DroppedInTalkAndInQueueAtASiteFailure) {  // domain.md §4.7 Q5 and §5.10
  const QueueForecast a5 = forecast_queue({0.25, 300, 90}, Exponential{300});
  EXPECT_NEAR(0.25 * (1 - a5.p_abandon) * 240, 59.9, 0.05);
  EXPECT_NEAR(a5.mean_queue, 0.17, 0.005);
}

TEST(Search, FewestAgentsIsTheLeastThatMeetsEachLimit) {
  const QueueLoad load{.calls_per_s = 0.2, .handling_s = 240};
  const Lognormal patience{200, 1};
  for (const QueueTarget& target :
       {QueueTarget{.min_service_level = 0.9, .kind = ServiceLevelKind::f1, .threshold_s = 10},
        QueueTarget{.min_service_level = 0.8, .kind = ServiceLevelKind::f4},
        QueueTarget{.max_p_abandon = 0.02}, QueueTarget{.max_asa_s = 5},
        QueueTarget{.min_service_level = 0.5, .max_p_abandon = 0.001, .max_asa_s = 30}}) {
    const int n = fewest_agents(load, patience, target);
    const auto ok = [&](int agents) {
      const QueueLoad staffed{load.calls_per_s, load.handling_s, static_cast<double>(agents)};
      return meets(target, forecast_queue(staffed, patience, target.threshold_s));
    };
    EXPECT_TRUE(ok(n));
    EXPECT_FALSE(ok(n - 1));
  }
}

TEST(Search, FewestAgentsSkipsUnstableStaffings) {
  const QueueTarget target{.min_service_level = 0.8};
  // Erlang C, a = 10: SL20 = 0.8884 with 14 agents (above); below 11 there is no steady state.
  EXPECT_EQ(fewest_agents({.calls_per_s = 10 / 180.0, .handling_s = 180}, Never{}, target), 14);
}

TEST(Search, EffectiveAgentsInvertsTheForecast) {
  for (const Distribution& patience :
       {Distribution{Exponential{300}}, Distribution{Lognormal{300, 1}},
        Distribution{PiecewiseHazard{{0, 5, 15}, {0.001, 0.01, 0.002}}}}) {
    for (const double agents : {0.7, 3.0, 9.5, 10.0, 14.0}) {
      const QueueLoad load{10 / 180.0, 180, agents};
      const double p = forecast_queue(load, patience).p_abandon;
      EXPECT_NEAR(effective_agents(load, patience, p), agents, 1e-7) << describe(patience);
    }
  }
}

TEST(FiniteQueue, RoomForTheAgentsOnlyIsErlangB) {
  const FiniteForecast found = forecast_finite_queue({0.5, 300, 160, 160, 0});
  EXPECT_NEAR(found.p_block, erlang_b(150, 160), 1e-13);
  EXPECT_EQ(found.p_wait, 0);
  EXPECT_NEAR(found.mean_sojourn_s, 300, 1e-9);
}

TEST(FiniteQueue, MuchRoomWithoutPatienceIsErlangC) {
  const FiniteForecast found = forecast_finite_queue({10 / 180.0, 180, 14, 400, 0});
  EXPECT_NEAR(found.p_wait, erlang_c(10, 14), 1e-12);
  EXPECT_NEAR(found.mean_wait_s, 0.1741319336 * 180 / 4, 1e-8);
}

}  // namespace
}  // namespace bcsim::models::erlang_test
