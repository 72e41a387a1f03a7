// A queue simulated with nothing but a heap, on the very streams callers use, must meet the
// formulas: this holds arrivals, draws and forecasts together before any network is involved.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <queue>
#include <vector>

#include "models/demand/arrivals.hpp"
#include "models/demand/erlang.hpp"
#include "tests/support/goodness_of_fit.hpp"

namespace bcsim::models::queue_loop_test {
namespace {

struct Tally {
  double offered = 0, waited = 0, abandoned = 0, wait_s = 0, answered_wait_s = 0;
  double answered_within = 0, abandoned_within = 0;
};

/// First come, first served, by a number of agents; callers leave when their patience ends.
class QueueLoop {
 public:
  QueueLoop(QueueLoad load, Distribution patience, Duration threshold)
      : load_(load), patience_(std::move(patience)), threshold_(threshold) {}

  /// Tallies the calls that arrive in [from, to).
  Tally run(const sim::RngFactory& random, SimTime from, SimTime to) {
    const auto arrivals = make_arrivals(ConstantRate{load_.calls_per_s}, {.until = to}, random, 0);
    // The heap holds for each agent the time at which that agent is free.
    std::priority_queue<SimTime, std::vector<SimTime>, std::greater<>> free_at;
    for (int i = 0; i < static_cast<int>(load_.agents); ++i) free_at.push(sim::kStart);
    Tally tally;
    // Under first come, first served a caller's offered wait is settled by those before him: take
    // the callers in order, and those who lose patience take no agent.
    while (const auto arrival = arrivals->next()) {
      const std::uint64_t entity = caller_entity(0, arrival->caller);
      sim::RngStream patience_stream = random.stream("caller.patience", entity);
      sim::RngStream talk_stream = random.stream("caller.talk", entity);
      const Duration patience = draw(patience_, patience_stream);
      const Duration talk = draw(Exponential{load_.handling_s}, talk_stream);
      const SimTime start = std::max(arrival->at, free_at.top());
      const Duration offered_wait = start - arrival->at;
      const bool abandons = patience < offered_wait;
      if (!abandons) {
        free_at.pop();
        free_at.push(start + talk);
      }
      if (arrival->at >= from) count(tally, abandons, std::min(patience, offered_wait));
    }
    return tally;
  }

 private:
  void count(Tally& tally, bool abandons, Duration wait) const {
    tally.offered += 1;
    tally.waited += wait > Duration::zero() ? 1 : 0;
    tally.wait_s += sim::seconds(wait);
    if (abandons) {
      tally.abandoned += 1;
      tally.abandoned_within += wait <= threshold_ ? 1 : 0;
    } else {
      tally.answered_wait_s += sim::seconds(wait);
      tally.answered_within += wait <= threshold_ ? 1 : 0;
    }
  }

  QueueLoad load_;
  Distribution patience_;
  Duration threshold_;
};

/// 40 replications of 60 h after a warm-up of 20 handling times; each mean must lie within three
/// standard errors of the forecast (two-sided level 0.5 % at 39 degrees of freedom, fixed seed).
void expect_simulation_meets_forecast(const QueueLoad& load, const Distribution& patience) {
  SCOPED_TRACE(describe(patience));
  constexpr int kRuns = 40;
  const Duration warm_up = sim::from_seconds(20 * load.handling_s);
  std::vector<double> wait_p, abandon, wait, asa, answered_20, abandoned_20;
  for (std::uint32_t run = 0; run < kRuns; ++run) {
    QueueLoop loop(load, patience, 20s);
    const Tally t =
        loop.run({.seed = 2026, .replication = run}, SimTime(warm_up), SimTime(warm_up + 60h));
    wait_p.push_back(t.waited / t.offered);
    abandon.push_back(t.abandoned / t.offered);
    wait.push_back(t.wait_s / t.offered);
    asa.push_back(t.answered_wait_s / (t.offered - t.abandoned));
    answered_20.push_back(t.answered_within / t.offered);
    abandoned_20.push_back(t.abandoned_within / t.offered);
  }
  const QueueForecast forecast = forecast_queue(load, patience, 20);
  const auto expect_near = [](const char* what, const std::vector<double>& runs, double expected) {
    const auto found = testing::sample_mean(runs);
    EXPECT_NEAR(found.mean, expected, 3 * found.standard_error) << what;
  };
  expect_near("P(wait)", wait_p, forecast.p_wait);
  expect_near("P(abandon)", abandon, forecast.p_abandon);
  expect_near("mean wait", wait, forecast.mean_wait_s);
  expect_near("ASA", asa, forecast.asa_s);
  expect_near("answered within 20 s", answered_20, forecast.answered_within);
  expect_near("abandoned within 20 s", abandoned_20, forecast.abandoned_within);
}

const QueueLoad kCaseA2{100 / 1800.0, 180, 10};

TEST(QueueLoop, ReproducesCaseA2) {
  expect_simulation_meets_forecast(kCaseA2, Exponential{180});
}

TEST(QueueLoop, ReproducesGeneralPatience) {
  expect_simulation_meets_forecast(kCaseA2, Lognormal{180, 1.5});
  expect_simulation_meets_forecast(kCaseA2, Deterministic{60});
  expect_simulation_meets_forecast(
      kCaseA2, PiecewiseHazard{{0, 5, 15, 55, 65}, {0.001, 0.01, 0.002, 0.02, 0.004}});
}

TEST(QueueLoop, ReproducesErlangC) {
  expect_simulation_meets_forecast({10 / 180.0, 180, 14}, Never{});
}

}  // namespace
}  // namespace bcsim::models::queue_loop_test
