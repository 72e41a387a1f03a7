// Arrival processes: their laws, their determinism, and what stays put when something changes.
#include "models/demand/arrivals.hpp"

#include <gtest/gtest.h>

#include <boost/math/distributions/gamma.hpp>
#include <cmath>
#include <set>
#include <vector>

#include "tests/support/goodness_of_fit.hpp"

namespace bcsim::models::arrivals_test {
namespace {

using sim::RngFactory;
using sim::seconds;

// KS and chi-square tests with fixed seeds; a true null fails one seed in a thousand.
constexpr double kLevel = 0.001;
constexpr RngFactory kFactory{.seed = 99, .replication = 2};

SimTime at(Duration d) {
  return SimTime(d);
}

std::vector<Arrival> all(const ArrivalSpec& spec, const ArrivalOptions& options = {},
                         const RngFactory& random = kFactory, std::uint32_t call_stream = 0) {
  const auto process = make_arrivals(spec, options, random, call_stream);
  std::vector<Arrival> arrivals;
  while (const auto arrival = process->next()) arrivals.push_back(*arrival);
  EXPECT_FALSE(process->next().has_value());  // the end is final
  return arrivals;
}

std::vector<double> times_s(const std::vector<Arrival>& arrivals) {
  std::vector<double> times;
  for (const Arrival& a : arrivals) times.push_back(seconds(a.at));
  return times;
}

double count_between(const std::vector<Arrival>& arrivals, Duration from, Duration to) {
  double count = 0;
  for (const Arrival& a : arrivals) count += a.at >= at(from) && a.at < at(to) ? 1 : 0;
  return count;
}

void expect_ordered_and_numbered(const std::vector<Arrival>& arrivals) {
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    EXPECT_EQ(arrivals[i].caller, i);
    EXPECT_GE(arrivals[i].at, arrivals[i > 0 ? i - 1 : 0].at);
  }
}

TEST(PoissonArrivals, GapsAreExponentialAndCallersNumbered) {
  const auto arrivals = all(ConstantRate{0.5}, {.until = at(100'000s)});
  expect_ordered_and_numbered(arrivals);
  std::vector<double> gaps;
  double last = 0;
  for (const double t : times_s(arrivals)) gaps.push_back(t - std::exchange(last, t));
  EXPECT_GT(testing::ks_test(gaps, [](double g) { return -std::expm1(-g / 2); }), kLevel);
  EXPECT_NEAR(static_cast<double>(arrivals.size()), 50'000, 4 * std::sqrt(50'000));
}

TEST(PoissonArrivals, DependOnTheirAddressOnly) {
  const ArrivalOptions options{.until = at(1000s)};
  const auto once = times_s(all(ConstantRate{0.5}, options));
  EXPECT_EQ(times_s(all(ConstantRate{0.5}, options)), once);
  EXPECT_NE(times_s(all(ConstantRate{0.5}, options, {.seed = 99, .replication = 3})), once);
  EXPECT_NE(times_s(all(ConstantRate{0.5}, options, {.seed = 98, .replication = 2})), once);
  EXPECT_NE(times_s(all(ConstantRate{0.5}, options, kFactory, 1)), once);
}

// The n-th caller stays the n-th caller: another rate only stretches time.
TEST(PoissonArrivals, TwiceTheRateIsHalfTheTime) {
  const auto slow = all(ConstantRate{0.25}, {.until = at(10'000s)});
  const auto fast = all(ConstantRate{0.5}, {.until = at(5'000s)});
  ASSERT_EQ(slow.size(), fast.size());
  for (std::size_t i = 0; i < slow.size(); ++i) {
    const double rounding = 2e-9 * static_cast<double>(i + 1);
    EXPECT_NEAR(seconds(slow[i].at), 2 * seconds(fast[i].at), rounding);
  }
}

TEST(PoissonArrivals, FollowTheirRateProfile) {
  const RateProfile profile{
      {{at(100s), 0.5}, {at(1100s), 0}, {at(2000s), 2}, {at(3000s), 1}, {at(4000s), 0}}};
  const auto arrivals = all(profile);  // ends by itself: the last rate is 0
  expect_ordered_and_numbered(arrivals);
  EXPECT_EQ(count_between(arrivals, 0s, 100s), 0);
  EXPECT_EQ(count_between(arrivals, 1100s, 2000s), 0);
  EXPECT_EQ(count_between(arrivals, 4000s, 1000h), 0);

  std::vector<double> counts(3, 0), waiting;
  const int runs = 200;
  for (std::uint32_t run = 0; run < runs; ++run) {
    const auto one = all(profile, {}, {.seed = 1, .replication = run});
    counts[0] += count_between(one, 100s, 1100s);
    counts[1] += count_between(one, 2000s, 3000s);
    counts[2] += count_between(one, 3000s, 4000s);
    for (const double t : times_s(one)) {
      if (t >= 2000 && t < 3000) waiting.push_back(t);
    }
  }
  const double expected[] = {500.0 * runs, 2000.0 * runs, 1000.0 * runs};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(counts[i], expected[i], 4 * std::sqrt(expected[i])) << i;
  }
  EXPECT_GT(testing::ks_test(waiting, [](double t) { return (t - 2000) / 1000; }), kLevel);
}

TEST(PoissonArrivals, ALaterChangeOfRateLeavesEarlierCallsAlone) {
  const auto before = all(RateProfile{{{at(0s), 1}, {at(500s), 0}}});
  const auto after = all(RateProfile{{{at(0s), 1}, {at(500s), 3}, {at(600s), 0}}});
  ASSERT_GT(after.size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(before[i].at, after[i].at);
}

TEST(PoissonArrivals, EndWhenNothingCanComeAnyMore) {
  EXPECT_TRUE(all(ConstantRate{0}).empty());
  EXPECT_TRUE(all(RateProfile{}).empty());
  EXPECT_TRUE(all(ConstantRate{1}, {.until = at(0s)}).empty());
  EXPECT_TRUE(all(ConstantRate{0}, {.busyness_cv = 0.2}).empty());
  EXPECT_TRUE(all(ConstantRate{1}, {.busyness_cv = 0.2, .surge = {{at(0s), 0}}}).empty());
  EXPECT_TRUE(all(ConstantRate{1e-30}).empty());  // beyond the end of time
}

TEST(PoissonArrivals, SurgeMultipliesTheRate) {
  const ArrivalOptions surged{.surge = {{at(1000s), 5}, {at(2000s), 1}}, .until = at(3000s)};
  double before = 0, during = 0, after = 0;
  for (std::uint32_t run = 0; run < 100; ++run) {
    const auto arrivals = all(ConstantRate{0.4}, surged, {.seed = 5, .replication = run});
    before += count_between(arrivals, 0s, 1000s);
    during += count_between(arrivals, 1000s, 2000s);
    after += count_between(arrivals, 2000s, 3000s);
  }
  EXPECT_NEAR(before, 40'000, 4 * std::sqrt(40'000));
  EXPECT_NEAR(during, 200'000, 4 * std::sqrt(200'000));
  EXPECT_NEAR(after, 40'000, 4 * std::sqrt(40'000));
}

TEST(Busyness, IsGammaWithMeanOne) {
  std::vector<double> factors;
  for (std::uint32_t run = 0; run < 20'000; ++run) {
    factors.push_back(busyness_factor({.seed = 3, .replication = run}, 0.3, 0));
  }
  const boost::math::gamma_distribution<> law(1 / 0.09, 0.09);
  EXPECT_GT(testing::ks_test(factors, [&](double x) { return cdf(law, x); }), kLevel);
  EXPECT_EQ(busyness_factor(kFactory, 0, 0), 1);
  EXPECT_NE(busyness_factor(kFactory, 0.3, 0), busyness_factor(kFactory, 0.3, 1));
}

// domain.md §4.1: variance to mean of a count is 1 + lambda Var(B).
TEST(Busyness, OverdispersesTheCountsOfADay) {
  std::vector<double> counts;
  for (std::uint32_t run = 0; run < 2000; ++run) {
    const ArrivalOptions options{.busyness_cv = 0.1, .until = at(1000s)};
    counts.push_back(
        static_cast<double>(all(ConstantRate{1}, options, {.seed = 8, .replication = run}).size()));
  }
  const auto found = testing::sample_mean(counts);
  EXPECT_NEAR(found.mean, 1000, 4 * found.standard_error);
  const double ratio = found.standard_deviation * found.standard_deviation / found.mean;
  // The relative error of a variance from 2000 runs is sqrt(2/1999) = 3.2 %.
  EXPECT_NEAR(ratio, 1 + 1000 * 0.01, 4 * 0.032 * 11);
}

TEST(Busyness, ChangesAtMidnightAndIsTheSameForAllStreams) {
  const ArrivalOptions options{.busyness_cv = 0.5, .time_of_day_at_start = 9h};
  const Intensity one(ConstantRate{2}, options, kFactory);
  const Intensity other(ConstantRate{3}, options, kFactory);
  const double today = busyness_factor(kFactory, 0.5, 0);
  const double tomorrow = busyness_factor(kFactory, 0.5, 1);
  EXPECT_DOUBLE_EQ(one.at(at(0s)).per_s, 2 * today);
  EXPECT_EQ(one.at(at(0s)).end, at(15h));
  EXPECT_DOUBLE_EQ(one.at(at(15h - 1ns)).per_s, 2 * today);
  EXPECT_DOUBLE_EQ(one.at(at(15h)).per_s, 2 * tomorrow);
  EXPECT_DOUBLE_EQ(other.at(at(15h)).per_s, 3 * tomorrow);
  EXPECT_NEAR(one.expected_calls(at(14h), at(16h)), 7200 * (today + tomorrow), 1e-8);
}

TEST(Intensity, OfSingleCallsIsNothing) {
  SingleCall call;
  call.at = at(1s);
  const Intensity none(SingleCalls{{call}}, {}, kFactory);
  EXPECT_EQ(none.at(at(1s)).per_s, 0);
  EXPECT_EQ(none.expected_calls(at(0s), at(1h)), 0);
}

const IntervalVolumes kHalfHours{
    {{at(0min), 30min, 40}, {at(30min), 30min, 90}, {at(120min), 30min, 10}}, false};

TEST(VolumeArrivals, ArePoissonWithTheGivenMeans) {
  std::vector<double> first, second, third;
  for (std::uint32_t run = 0; run < 1000; ++run) {
    const auto arrivals = all(kHalfHours, {}, {.seed = 7, .replication = run});
    EXPECT_EQ(count_between(arrivals, 60min, 120min), 0);  // no interval, no call
    EXPECT_EQ(count_between(arrivals, 150min, 100h), 0);
    first.push_back(count_between(arrivals, 0min, 30min));
    second.push_back(count_between(arrivals, 30min, 60min));
    third.push_back(count_between(arrivals, 120min, 150min));
  }
  const std::pair<std::vector<double>, double> expected[] = {
      {first, 40}, {second, 90}, {third, 10}};
  for (const auto& [counts, mean] : expected) {
    const auto found = testing::sample_mean(counts);
    EXPECT_NEAR(found.mean, mean, 4 * found.standard_error);
    const double variance = found.standard_deviation * found.standard_deviation;
    EXPECT_NEAR(variance / mean, 1, 4 * std::sqrt(2.0 / 999) * 1.05);
  }
}

TEST(ExactArrivals, ComeInExactNumbersUniformlyPlaced) {
  IntervalVolumes exact = kHalfHours;
  exact.exact = true;
  std::vector<double> places;
  for (std::uint32_t run = 0; run < 200; ++run) {
    const auto arrivals = all(exact, {}, {.seed = 7, .replication = run});
    expect_ordered_and_numbered(arrivals);
    ASSERT_EQ(arrivals.size(), 140u);
    EXPECT_EQ(count_between(arrivals, 0min, 30min), 40);
    EXPECT_EQ(count_between(arrivals, 30min, 60min), 90);
    EXPECT_EQ(count_between(arrivals, 120min, 150min), 10);
    for (const double t : times_s(arrivals)) {
      if (t >= 1800 && t < 3600) places.push_back(t);
    }
  }
  EXPECT_GT(testing::ks_test(places, [](double t) { return t / 1800 - 1; }), kLevel);
}

TEST(ExactArrivals, AnotherCountInOneIntervalMovesNoOtherCall) {
  IntervalVolumes exact = kHalfHours;
  exact.exact = true;
  const auto before = times_s(all(exact));
  exact.intervals[1].count = 95;
  const auto after = times_s(all(exact));
  ASSERT_EQ(after.size(), before.size() + 5);
  for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(before[i], after[i]);
  for (std::size_t i = 130; i < 140; ++i) EXPECT_EQ(before[i], after[i + 5]);
}

TEST(ExactArrivals, FractionalCountsAreCarriedOn) {
  IntervalVolumes exact{{}, true};
  for (int i = 0; i < 10; ++i) exact.intervals.push_back({at(i * 60s), 60s, 2.3});
  const auto arrivals = all(exact);
  EXPECT_EQ(arrivals.size(), 23u);
  for (int i = 1; i <= 10; ++i) {
    EXPECT_NEAR(count_between(arrivals, 0s, i * 60s), 2.3 * i, 0.5 + 1e-9);
  }
}

TEST(ExactArrivals, SurgeScalesCountsAndShiftsPlaces) {
  const IntervalVolumes exact{{{at(0s), 1000s, 1000}, {at(1000s), 1000s, 1000}}, true};
  const ArrivalOptions options{.surge = {{at(1500s), 3}}};
  const auto arrivals = all(exact, options);
  EXPECT_EQ(count_between(arrivals, 0s, 1000s), 1000);
  EXPECT_EQ(count_between(arrivals, 1000s, 2000s), 2000);  // 500 at the plain rate, 1500 at triple
  EXPECT_NEAR(count_between(arrivals, 1500s, 2000s), 1500, 4 * std::sqrt(2000 * 0.75 * 0.25));
  EXPECT_EQ(all(exact, {.until = at(1250s)}).size(), 1250u);
  EXPECT_TRUE(all(exact, {.surge = {{at(0s), 0}}}).empty());
}

TEST(GivenArrivals, ComeInOrderOfTimeWithTheirData) {
  const SingleCalls calls{{{.at = at(20s), .talk = 60s, .patience = {}, .gateway = 1},
                           {.at = at(10s), .talk = {}, .patience = 5s, .gateway = {}},
                           {.at = at(20s), .talk = 90s, .patience = {}, .gateway = {}},
                           {.at = at(30s), .talk = {}, .patience = {}, .gateway = {}}}};
  const auto arrivals = all(calls, {.busyness_cv = 1, .surge = {{at(0s), 9}}, .until = at(30s)});
  ASSERT_EQ(arrivals.size(), 3u);
  expect_ordered_and_numbered(arrivals);
  EXPECT_EQ(arrivals[0].at, at(10s));
  EXPECT_EQ(arrivals[0].patience, Duration(5s));
  EXPECT_FALSE(arrivals[0].talk.has_value());
  EXPECT_EQ(arrivals[1].talk, Duration(60s));  // file order among equals
  EXPECT_EQ(arrivals[1].gateway, 1u);
  EXPECT_EQ(arrivals[2].talk, Duration(90s));
}

TEST(CallerEntity, IsUniqueToStreamAndCaller) {
  std::set<std::uint64_t> entities;
  for (const std::uint32_t call_stream : {0u, 1u, 7u}) {
    for (const std::uint64_t caller : {0ull, 1ull, 1ull << 32, (1ull << 40) - 1}) {
      entities.insert(caller_entity(call_stream, caller));
    }
  }
  EXPECT_EQ(entities.size(), 12u);
}

}  // namespace
}  // namespace bcsim::models::arrivals_test
