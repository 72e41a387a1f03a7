// The bank's average working day in scenarios/data: its numbers agree with each other, with the
// published figures of the same bank, and with the formulas from which its staffing was derived.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "models/demand/erlang.hpp"
#include "tests/support/data_rows.hpp"

namespace bcsim::models::bank_day_data_test {
namespace {

using testing::number;

struct HalfHour {
  std::string start;
  double offered, answered, abandoned, mean_wait_s, asa_s, answered_within, handling_s;
  double handling_cv, agents_seen, busy_erlangs, agents_effective;
};

std::vector<HalfHour> read_day() {
  std::vector<HalfHour> day;
  for (const auto& row : testing::read_rows("scenarios/data/bank_day_halfhour.csv", 12)) {
    day.push_back({row[0], number(row[1]), number(row[2]), number(row[3]), number(row[4]),
                   number(row[5]), number(row[6]), number(row[7]), number(row[8]), number(row[9]),
                   number(row[10]), number(row[11])});
  }
  return day;
}

PiecewiseHazard read_patience() {
  PiecewiseHazard patience;
  for (const auto& row : testing::read_rows("scenarios/data/bank_patience_hazard.csv", 2)) {
    patience.start_s.push_back(number(row[0]));
    patience.rate_per_s.push_back(number(row[1]));
  }
  return patience;
}

QueueLoad load_of(const HalfHour& h, double agents) {
  return {h.offered / 1800, h.handling_s, agents};
}

TEST(BankDay, CoversTheOpeningHoursAndAddsUp) {
  const auto day = read_day();
  ASSERT_EQ(day.size(), 34u);
  EXPECT_EQ(day.front().start, "07:00");
  EXPECT_EQ(day.back().start, "23:30");
  for (const HalfHour& h : day) {
    SCOPED_TRACE(h.start);
    EXPECT_NEAR(h.answered + h.abandoned, h.offered, 0.0015);  // three roundings
    EXPECT_LT(h.busy_erlangs, h.agents_seen);
    EXPECT_LT(h.agents_effective, h.agents_seen);
  }
}

TEST(BankDay, ServiceDeliveredIsServiceStarted) {
  // Erlangs by overlap with the half hours against calls answered times handling time; they differ
  // by what is carried over the day's two ends.
  double by_overlap = 0, by_calls = 0;
  for (const HalfHour& h : read_day()) {
    by_overlap += h.busy_erlangs * 1800;
    by_calls += h.answered * h.handling_s;
  }
  EXPECT_NEAR(by_overlap / by_calls, 1, 0.002);
}

// monthly_summary of the same data, all days: 10.2 and 12.7 % abandoned, mean waits of 37.7 and
// 44.0 s, mean service of 184.7 and 176.5 s; working days are the busier ones.
TEST(BankDay, LiesWhereThePublishedMonthsLie) {
  double offered = 0, abandoned = 0, wait = 0, service = 0, answered = 0;
  for (const HalfHour& h : read_day()) {
    offered += h.offered;
    abandoned += h.abandoned;
    answered += h.answered;
    wait += h.offered * h.mean_wait_s;
    service += h.answered * h.handling_s;
  }
  EXPECT_NEAR(offered, 1414.1, 0.1);
  EXPECT_NEAR(abandoned / offered, 0.1155, 0.0005);
  EXPECT_NEAR(wait / offered, 41.7, 0.1);
  EXPECT_GT(service / answered, 176.5);
  EXPECT_LT(service / answered, 184.7);
}

TEST(BankDay, PatienceIsTheKaplanMeierEstimateWithItsTwoPeaks) {
  const PiecewiseHazard patience = read_patience();
  ASSERT_EQ(parameter_error(patience), "");
  EXPECT_NEAR(survival(patience, 20), 0.9310, 0.0001);
  EXPECT_NEAR(survival(patience, 60), 0.8302, 0.0001);
  EXPECT_NEAR(survival(patience, 120), 0.7222, 0.0001);
  EXPECT_NEAR(survival(patience, 300), 0.4983, 0.0001);
  const auto hazard = [&](double t) {
    return -std::log(survival(patience, t + 0.5) / survival(patience, t - 0.5));
  };
  for (const double valley : {3.0, 35.0, 75.0, 110.0}) {
    EXPECT_GT(hazard(9), 2 * hazard(valley));
    EXPECT_GT(hazard(57), 1.4 * hazard(valley));
  }
}

TEST(BankDay, EffectiveAgentsAbandonTheObservedFraction) {
  const PiecewiseHazard patience = read_patience();
  for (const HalfHour& h : read_day()) {
    SCOPED_TRACE(h.start);
    const double found = effective_agents(load_of(h, 0), patience, h.abandoned / h.offered);
    // The file has them to 0.005; the rounding of its other columns adds about as much.
    EXPECT_NEAR(h.agents_effective, found, 0.011);
  }
}

TEST(BankDay, EffectiveAgentsReproduceTheObservedWaitToo) {
  const PiecewiseHazard patience = read_patience();
  double offered = 0, observed = 0, derived = 0, rounded = 0, seen = 0, observed_wait = 0, wait = 0;
  for (const HalfHour& h : read_day()) {
    const QueueForecast f = forecast_queue(load_of(h, h.agents_effective), patience);
    const double whole = std::round(h.agents_effective);
    offered += h.offered;
    observed += h.abandoned;
    derived += h.offered * f.p_abandon;
    rounded += h.offered * forecast_queue(load_of(h, whole), patience).p_abandon;
    seen += h.offered * forecast_queue(load_of(h, h.agents_seen), patience).p_abandon;
    observed_wait += h.offered * h.mean_wait_s;
    wait += h.offered * f.mean_wait_s;
  }
  EXPECT_NEAR(derived / offered, observed / offered, 0.0002);
  EXPECT_NEAR(rounded / offered, 0.114, 0.0005);  // as the head of the file says
  EXPECT_NEAR(seen / offered, 0.021, 0.0005);
  EXPECT_NEAR(wait / observed_wait, 1, 0.01);  // not fitted
}

}  // namespace
}  // namespace bcsim::models::bank_day_data_test
