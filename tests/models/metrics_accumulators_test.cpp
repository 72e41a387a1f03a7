#include <gtest/gtest.h>

#include <cmath>

#include "models/metrics/accumulators.hpp"
#include "models/metrics/service_level.hpp"

namespace bcsim::models::metrics_accumulators_test {
namespace {

using sim::kStart;
using namespace std::chrono_literals;

TEST(Moments, MatchTheTextbookAndMergeAsIfSeenTogether) {
  Moments all, first, second;
  for (const double x : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) all.add(x);
  for (const double x : {2.0, 4.0, 4.0}) first.add(x);
  for (const double x : {4.0, 5.0, 5.0, 7.0, 9.0}) second.add(x);
  first.merge(second);
  EXPECT_DOUBLE_EQ(all.mean(), 5);
  EXPECT_DOUBLE_EQ(all.variance(), 32.0 / 7);
  EXPECT_DOUBLE_EQ(first.mean(), all.mean());
  EXPECT_DOUBLE_EQ(first.variance(), all.variance());
  EXPECT_EQ(first.min(), 2);
  EXPECT_EQ(first.max(), 9);
  EXPECT_TRUE(std::isnan(Moments().mean()));
  EXPECT_TRUE(std::isnan(Moments().max()));
}

TEST(Moments, StayExactFarFromZero) {
  Moments m;
  for (const double x : {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}) m.add(x);
  EXPECT_DOUBLE_EQ(m.variance(), 30);
}

TEST(Board, IntegratesALevelOverTime) {
  Board board({1, 0, 0});
  board.add(kStart + 10s, 0, 2);   // 0 for 10 s
  board.add(kStart + 20s, 0, 1);   // 2 for 10 s
  board.add(kStart + 25s, 0, -3);  // 3 for 5 s
  const Slice slice = board.cut(kStart + 40s);
  EXPECT_DOUBLE_EQ(slice.integral_s(0), 35);
  EXPECT_DOUBLE_EQ(slice.mean(0), 35.0 / 40);
  EXPECT_EQ(slice.max(0), 3);
}

TEST(Board, AValueTakenBackInTheSameInstantNeverWas) {
  Board board({1, 0, 0});
  board.add(kStart + 1s, 0, 1);
  board.add(kStart + 2s, 0, 1);  // a call that is blocked at once
  board.add(kStart + 2s, 0, -1);
  EXPECT_EQ(board.cut(kStart + 3s).max(0), 1);
}

TEST(Board, SlicesAddUpToTheWhole) {
  Board whole({1, 1, 1}), cut({1, 1, 1});
  Slice sum;
  for (int i = 1; i <= 20; ++i) {
    const auto now = kStart + i * 1s;
    for (Board* board : {&whole, &cut}) {
      board->set(now, 0, i % 7);
      board->count(0);
      board->sample(0, {static_cast<std::uint64_t>(i), 0.5, i * 0.25});
    }
    if (i % 3 == 0) sum.merge(cut.cut(now));
  }
  sum.merge(cut.cut(kStart + 25s));
  const Slice once = whole.cut(kStart + 25s);
  EXPECT_DOUBLE_EQ(sum.integral_s(0), once.integral_s(0));
  EXPECT_DOUBLE_EQ(sum.duration_s, 25);
  EXPECT_EQ(sum.max(0), once.max(0));
  EXPECT_EQ(sum.count(0), 20u);
  EXPECT_EQ(sum.server(0).messages, 210u);
  EXPECT_DOUBLE_EQ(sum.server(0).delay_sum_s, 10);
  EXPECT_DOUBLE_EQ(sum.server(0).delay_max_s, 5);
}

TEST(Board, ASliceWithoutTimeHasNoMean) {
  Board board({1, 0, 0});
  const Slice slice = board.cut(kStart);
  EXPECT_TRUE(std::isnan(slice.mean(0)));
  EXPECT_TRUE(std::isnan(slice.max(0)));
}

TEST(Quantile, IsTheSmallestValueThatAtLeastSoManyDoNotExceed) {
  std::vector<float> sample = {30, 10, 20, 50, 40, 60, 70, 80, 100, 90};
  EXPECT_EQ(quantile(sample, 0.5), 50);
  EXPECT_EQ(quantile(sample, 0.9), 90);
  EXPECT_EQ(quantile(sample, 0.95), 100);
  EXPECT_EQ(quantile(sample, 0), 10);
  EXPECT_EQ(quantile(sample, 1), 100);
  std::vector<float> one = {3};
  EXPECT_EQ(quantile(one, 0.01), 3);
  std::vector<float> none;
  EXPECT_TRUE(std::isnan(quantile(none, 0.5)));
}

// The worked example of domain.md §4.6 (D41): answered 1000, abandoned 60, answered within 20 s
// 860, abandoned within 20 s 20.
TEST(ServiceLevel, GivesTheWorkedExampleOfTheSource) {
  const ServiceLevelCounts c{.answered = 1000,
                             .abandoned = 60,
                             .answered_within = 860,
                             .abandoned_within = 20,
                             .abandoned_short = 5};
  using D = ServiceLevelDefinition;
  EXPECT_NEAR(service_level(D::f1, c), 0.830, 0.0005);
  EXPECT_NEAR(service_level(D::f2, c), 0.860, 0.0005);
  EXPECT_NEAR(service_level(D::f3, c), 0.811, 0.0005);
  EXPECT_NEAR(service_level(D::f4, c), 0.827, 0.0005);
  EXPECT_DOUBLE_EQ(service_level(D::f5, c), 865.0 / 1060);
}

TEST(ServiceLevel, HasNoValueWithoutCalls) {
  for (const auto d :
       {ServiceLevelDefinition::f1, ServiceLevelDefinition::f2, ServiceLevelDefinition::f3,
        ServiceLevelDefinition::f4, ServiceLevelDefinition::f5}) {
    EXPECT_TRUE(std::isnan(service_level(d, {})));
  }
}

}  // namespace
}  // namespace bcsim::models::metrics_accumulators_test
