// Estimates over replications against values worked by hand, and their intervals against models
// whose answer is known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "sim/rng.hpp"
#include "tools/scenario/keys/metric_names.hpp"
#include "tools/stats/aggregate.hpp"
#include "tools/stats/estimands.hpp"
#include "tools/stats/estimate.hpp"
#include "tools/stats/precision.hpp"
#include "tools/stats/warm_up.hpp"

namespace bcsim::tools::statistics_test {
namespace {

using ::testing::DoubleNear;
using Values = std::vector<double>;
constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

TEST(Estimate, OfAMeanHasStudentsInterval) {
  const Values x = {4, 7, 13, 16};
  const Estimate e = estimate({x, {}});
  EXPECT_EQ(e.value, 10);
  EXPECT_NEAR(e.sd, std::sqrt(30), 1e-12);
  EXPECT_NEAR(e.half, 3.182446305 * std::sqrt(30) / 2, 1e-6);  // t(0.975, 3)
  EXPECT_EQ(e.n, 4u);
}

TEST(Estimate, LeavesOutReplicationsWithoutAValue) {
  const Values x = {1, kNothing, 3};
  const Estimate e = estimate({x, {}});
  EXPECT_EQ(e.value, 2);
  EXPECT_EQ(e.n, 2u);
  const Values none = {kNothing};
  EXPECT_TRUE(std::isnan(estimate({none, {}}).value));
  EXPECT_EQ(estimate({none, {}}).n, 0u);
}

TEST(Estimate, OfOneReplicationHasNoInterval) {
  const Values x = {5};
  const Estimate e = estimate({x, {}});
  EXPECT_EQ(e.value, 5);
  EXPECT_FALSE(e.has_interval());
}

TEST(Estimate, OfARatioIsPooledWithTheDeltaMethod) {
  // 1 of 2, 30 of 40, 9 of 18: pooled 40 / 60, not the mean of 0.5, 0.75 and 0.5.
  const Values quotients = {0.5, 0.75, 0.5}, denominators = {2, 40, 18};
  const Estimate e = estimate({quotients, denominators});
  EXPECT_NEAR(e.value, 40.0 / 60, 1e-12);
  // Residuals y − R x: −1/3, 10/3, −3; variance of their mean over the mean denominator 20.
  const double s2 = (1.0 / 9 + 100.0 / 9 + 9) / 2;
  EXPECT_NEAR(e.sd, std::sqrt(s2) / 20, 1e-12);
  EXPECT_NEAR(e.half, 4.302652730 * std::sqrt(s2 / 3) / 20, 1e-8);
}

TEST(Estimate, OfAPairedDifferenceUsesThePairs) {
  const Values a = {10, 20, 30}, b = {11, 21, 31};
  const Estimate paired = paired_difference({a, {}}, {b, {}});
  EXPECT_EQ(paired.value, 1);
  EXPECT_EQ(paired.half, 0);
  const Estimate unpaired = unpaired_difference({a, {}}, {b, {}});
  EXPECT_EQ(unpaired.value, 1);
  EXPECT_NEAR(unpaired.half, 2.776445105 * std::sqrt(200.0 / 3), 1e-6);  // t(0.975, 4)
}

TEST(Estimate, OfADifferenceOfEqualRatiosIsExactlyZero) {
  const Values v = {0.913, 0.871, 0.9021}, w = {1234, 1311, 1277};
  const Estimate e = paired_difference({v, w}, {v, w});
  EXPECT_EQ(e.value, 0);
  EXPECT_EQ(e.half, 0);
}

/// Share of `tries` experiments whose interval covers the truth.
template <class Experiment>
double coverage(int tries, double truth, const Experiment& experiment) {
  int covered = 0;
  for (int t = 0; t < tries; ++t) {
    const Estimate e = experiment(static_cast<std::uint64_t>(t));
    covered += e.low() <= truth && truth <= e.high();
  }
  return static_cast<double>(covered) / tries;
}

/// Mean wait of 400 customers of an M/M/1 queue with load 0.5 and service rate 1, from a steady
/// start (Lindley's recursion).
double mm1_mean_wait(sim::RngStream& rng) {
  double wait = rng.bernoulli(0.5) ? rng.exponential(2) : 0;
  double sum = 0;
  constexpr int kCustomers = 400;
  for (int i = 0; i < kCustomers; ++i) {
    sum += wait;
    wait = std::max(0.0, wait + rng.exponential(1) - rng.exponential(2));
  }
  return sum / kCustomers;
}

TEST(Coverage, OfTheMeanOfAQueueIsNinetyFivePercent) {
  const double share = coverage(2000, 1.0, [](std::uint64_t t) {
    sim::RngStream rng(20261121, 0, "coverage.queue", t);
    Values means(25);
    for (double& mean : means) mean = mm1_mean_wait(rng);
    return estimate({means, {}});
  });
  EXPECT_GE(share, 0.935);
  EXPECT_LE(share, 0.965);
}

TEST(Coverage, OfARatioIsNinetyFivePercent) {
  // Busy days have many calls and a bad service level: the mean of the days' levels would miss.
  const double truth = (0.5 * 100 * 0.9 + 0.5 * 300 * 0.6) / 200;
  const double share = coverage(2000, truth, [](std::uint64_t t) {
    sim::RngStream rng(20261121, 0, "coverage.ratio", t);
    Values levels, calls;
    for (int day = 0; day < 40; ++day) {
      const bool busy = rng.bernoulli(0.5);
      const int n = busy ? 300 : 100;
      int in_time = 0;
      for (int i = 0; i < n; ++i) in_time += rng.bernoulli(busy ? 0.6 : 0.9);
      levels.push_back(static_cast<double>(in_time) / n);
      calls.push_back(n);
    }
    return estimate({levels, calls});
  });
  EXPECT_GE(share, 0.935);
  EXPECT_LE(share, 0.965);
}

models::MetricValue metric(const std::string& id, const std::string& definition, double value) {
  return {id, value, "1", definition};
}

TEST(Weights, AreTheDenominatorsOfTheSameScope) {
  const std::map<std::string, double> all = {
      {"phase.before.answered", 90},           {"phase.before.abandoned", 10},
      {"phase.before.service_level.f1", 0.85}, {"phase.before.service_level.f2", 0.9},
      {"phase.before.duration", 50},           {"phase.before.agents.busy", 3},
      {"phase.before.agents.ready", 1},        {"answered", 1000}};
  const MetricLookup look = [&](const std::string& id) {
    const auto found = all.find(id);
    return found == all.end() ? kNothing : found->second;
  };
  const auto weight = [&](const char* definition, auto headline) {
    const std::string id = std::string("phase.before.") + definition;
    return weight_of(metric(id, definition, 0), headline, look);
  };
  using Definition = models::ServiceLevelDefinition;
  EXPECT_EQ(weight("asa", Definition::f3), 90);
  EXPECT_EQ(weight("abandonment", Definition::f3), 100);
  EXPECT_EQ(weight("service_level", Definition::f2), 90);
  EXPECT_EQ(weight("service_level.f4", Definition::f3), 96);  // 85 − 81 gave up in time
  EXPECT_EQ(weight("occupancy", Definition::f3), 200);
  EXPECT_EQ(weight("queue.mean", Definition::f3), 50);
  EXPECT_EQ(weight("lost", Definition::f3), 1);
  EXPECT_EQ(weight_of(metric("asa", "asa", 0), Definition::f3, look), 1000);
}

ReplicationRecord record(std::uint32_t r, double lost, double twin) {
  ReplicationRecord out;
  out.replication = r;
  out.metrics = {metric("lost", "lost", lost), metric("recovery.at", "recovery.at", 5)};
  out.without_faults = {twin, kNothing};
  out.attribution.lost = static_cast<std::uint64_t>(lost - twin);
  return out;
}

TEST(Aggregate, HasTheDifferenceFromTheTwins) {
  const std::vector<ReplicationRecord> records = {record(0, 10, 1), record(1, 12, 2),
                                                  record(2, 14, 6)};
  const Aggregate all = aggregate(records, models::ServiceLevelDefinition::f3);
  const MetricSummary& lost = *all.find("lost");
  EXPECT_EQ(lost.value.value, 12);
  EXPECT_EQ(lost.without_faults.value, 3);
  EXPECT_EQ(lost.because_of_failure.value, 9);
  EXPECT_NEAR(lost.because_of_failure.sd, 1, 1e-12);  // 9, 10, 8
  EXPECT_EQ(all.attribution[0].value, 9);
  EXPECT_EQ(all.find("recovery.at")->because_of_failure.n, 0u);
}

TEST(Aggregate, JudgesExpectationsByTheMeanAndChecksByTheWorst) {
  std::vector<ReplicationRecord> records = {record(0, 10, 1), record(1, 12, 2), record(2, 14, 6)};
  models::Verdict check{.kind = models::Verdict::Kind::check,
                        .id = "conservation",
                        .rules = "",
                        .status = models::VerdictStatus::good,
                        .text = "fine",
                        .examined = 5};
  models::Verdict expected{.kind = models::Verdict::Kind::expectation,
                           .id = "lost",
                           .rules = "",
                           .status = models::VerdictStatus::good,
                           .text = ""};
  for (ReplicationRecord& r : records) r.verdicts = {check, expected};
  records[2].verdicts[0].status = models::VerdictStatus::violated;
  records[2].verdicts[0].text = "a call ended twice";
  records[2].verdicts[1].status = models::VerdictStatus::violated;
  const std::vector<models::Expectation> limits = {{"lost", models::Comparison::less, 13, "< 13"}};
  const Aggregate all = aggregate(records, models::ServiceLevelDefinition::f3);
  const auto merged = merge_verdicts(records, all, limits);
  ASSERT_EQ(merged.size(), 2u);
  EXPECT_EQ(merged[0].status, models::VerdictStatus::violated);
  EXPECT_EQ(merged[0].text, "replication 2: a call ended twice");
  EXPECT_EQ(merged[0].examined, 15u);
  EXPECT_EQ(merged[1].status, models::VerdictStatus::good);
  EXPECT_THAT(merged[1].text, testing::HasSubstr("violated in 1 of 3 replications"));
}

Aggregate with_half(std::uint32_t n, double value, double half) {
  Aggregate all;
  all.replications = n;
  MetricSummary& m = all.metrics.emplace_back();
  m.id = "lost";
  m.value = {value, 1, half, n};
  return all;
}

TEST(Precision, AsksForAsManyReplicationsAsTheSpreadNeeds) {
  const std::vector<PrecisionTarget> targets = {{"lost", 0.02, true, "2%"}};
  EXPECT_EQ(next_replications(targets, with_half(10, 100, 1.9), 500), std::nullopt);
  EXPECT_EQ(next_replications(targets, with_half(10, 100, 2.4), 500), 15u);  // 10 · 1.2²
  EXPECT_EQ(next_replications(targets, with_half(10, 100, 40), 500), 20u);   // at most twice
  EXPECT_EQ(next_replications(targets, with_half(10, 100, 40), 12), 12u);
  EXPECT_EQ(next_replications(targets, with_half(10, 100, 40), 10), std::nullopt);
  EXPECT_EQ(next_replications(targets, with_half(10, 0, 1), 500), 20u);  // 2 % of nothing
}

TEST(MetricNames, OfTheIssueAreUnderstood) {
  const std::vector<std::string> ids = {"lost", "asa", "phase.after.service_level",
                                        "phase.before.lost"};
  EXPECT_EQ(resolve_metric("lost_calls", ids), "lost");
  EXPECT_EQ(resolve_metric("service_level.after", ids), "phase.after.service_level");
  EXPECT_EQ(resolve_metric("before.lost_calls", ids), "phase.before.lost");
  EXPECT_EQ(resolve_metric("asa", ids), "asa");
  EXPECT_EQ(resolve_metric("after.asa", ids), std::nullopt);
  EXPECT_EQ(resolve_metric("nothing", ids), std::nullopt);
}

// ---- the warm-up --------------------------------------------------------------------------------

/// Calls in a system that was empty `age_s` ago, every 10 s for an hour: 1.2 calls/s of 240 s.
Values calls_in_system(std::uint32_t replication, double age_s) {
  sim::RngStream rng(1, replication, "calls in system", 0);
  Values series(361, 0);
  const auto cell = [&](double t) {
    return static_cast<std::size_t>(std::clamp(std::ceil((t - age_s) / 10), 0.0, 360.0));
  };
  for (double t = rng.exponential(1 / 1.2); t < age_s + 3600; t += rng.exponential(1 / 1.2)) {
    series[cell(t)] += 1;
    series[cell(t + rng.exponential(240))] -= 1;
  }
  for (std::size_t i = 1; i < 360; ++i) series[i] += series[i - 1];
  series.pop_back();
  return series;
}

TEST(WarmUp, ThatIsMissingIsNoticedAndOneThatIsLongEnoughIsNot) {
  int missing = 0, enough = 0;
  Values cuts_s;
  for (std::uint32_t r = 0; r < 100; ++r) {
    const Values empty = calls_in_system(r, 0);
    missing += initial_transient_p(empty) < 0.005;
    cuts_s.push_back(10.0 * static_cast<double>(mser5(empty)));
    enough += initial_transient_p(calls_in_system(r, 1800)) < 0.005;
  }
  EXPECT_GE(missing, 95);
  EXPECT_LE(enough, 6);
  std::nth_element(cuts_s.begin(), cuts_s.begin() + 50, cuts_s.end());
  EXPECT_GT(cuts_s[50], 300);
  EXPECT_LT(cuts_s[50], 1200);
}

TEST(WarmUp, OfASeriesThatStandsStillIsNoQuestion) {
  const Values still(100, 7);
  EXPECT_EQ(initial_transient_p(still), 1);
  EXPECT_EQ(mser5(still), 0u);
  EXPECT_EQ(initial_transient_p(Values{1, 2}), 1);
  EXPECT_EQ(warm_up_words(std::nullopt), "");
}

}  // namespace
}  // namespace bcsim::tools::statistics_test
