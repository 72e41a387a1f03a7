// How long gateways take to notice a dead site, and what it costs: closed forms of domain.md §5.1
// over many seeds, with real callers on a real public network.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tests/support/gateway_world.hpp"
#include "tests/support/goodness_of_fit.hpp"

namespace bcsim::testing::gateway_detection_test {
namespace {

constexpr int kSeeds = 1000;
constexpr double kW = 7.5;  // W(3), for an INVITE and for an OPTIONS alike

struct Detection {
  double rate_per_s = 0.25;
  double period_s = 60;
  bool flush = false;
  Distribution setup_patience = Never{};
};

/// One gateway whose home is dead from 0 on.
std::unique_ptr<GatewayWorld> dead_home(const Detection& d, std::uint64_t seed) {
  Scenario s = gateway_scenario();
  s.gateways.pop_back();
  s.gateways[0].first_options.reset();
  s.gateways[0].options_period = sim::from_seconds(d.period_s);
  s.gateways[0].flush_on_offline = d.flush;
  CallStream calls = callers(ConstantRate{d.rate_per_s});
  calls.gateway_share = {1};
  calls.setup_patience = d.setup_patience;
  s.calls.push_back(calls);
  auto world = std::make_unique<GatewayWorld>(s, seed);
  world->fail_host(0s, world->sip_server[0]);
  world->run(sim::from_seconds(d.period_s + kW + 10), false);
  return world;
}

double detected_s(const GatewayWorld& world) {
  const auto offline = world.marked(0, 0);
  EXPECT_EQ(offline.size(), 1u);
  return offline.empty() ? 0 : sim::seconds(offline[0]);
}

TEST(GatewayDetection, TakesTheFirstProbePlusW) {  // D_mg = min(X_1, X_2) + W
  struct Case {
    Detection detection;
    double mean_s;
  };
  const std::vector<Case> cases = {{{.rate_per_s = 0.25, .period_s = 60}, 11.23},
                                   {{.rate_per_s = 0.25, .period_s = 10}, 10.03},
                                   {{.rate_per_s = 0.05, .period_s = 60}, 21.17},
                                   {{.rate_per_s = 1, .period_s = 60}, 8.48}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.mean_s);
    const double rate = c.detection.rate_per_s, period = c.detection.period_s;
    std::vector<double> sample;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      sample.push_back(detected_s(*dead_home(c.detection, seed)));
      EXPECT_GE(sample.back(), kW);
      EXPECT_LE(sample.back(), period + kW);
    }
    const double p = ks_test(sample, [&](double t) {
      const double x = t - kW;
      return x <= 0 ? 0 : x >= period ? 1 : 1 - (1 - x / period) * std::exp(-rate * x);
    });
    EXPECT_GT(p, 0.001);
    const SampleMean found = sample_mean(sample);
    EXPECT_NEAR(found.mean, c.mean_s, 3 * found.standard_error + 0.005);
  }
}

TEST(GatewayDetection, StallsCallsForExactlyWAndLosesTheImpatient) {
  constexpr double kPatience = 60;
  std::vector<double> stalled_per_run;
  double stalled = 0, lost = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const auto world = dead_home({.setup_patience = Exponential{kPatience}}, seed);
    const double detected = detected_s(*world);
    double here = 0;
    std::set<std::uint32_t> gone;
    for (const auto& [at, r] : world->all<CallReleased>()) gone.insert(r.call.value);
    for (const auto& [at, r] : world->all<CallInvited>()) {
      if (r.site != 0) continue;
      EXPECT_LE(sim::seconds(at), detected);
      ++here;
      const auto second = world->invited(r.call, 1);
      if (second.empty()) {
        EXPECT_TRUE(gone.count(r.call.value));
        ++lost;
      } else {
        EXPECT_EQ(second.at(0) - at, 7500ms);
      }
    }
    stalled += here;
    stalled_per_run.push_back(here);
  }
  const SampleMean found = sample_mean(stalled_per_run);
  EXPECT_NEAR(found.mean, 2.81, 3 * found.standard_error + 0.005);  // λ·E[D_mg]
  const double p = 1 - std::exp(-kW / kPatience);                   // 11.75 %
  EXPECT_NEAR(lost / stalled, p, 3 * std::sqrt(p * (1 - p) / stalled));
}

TEST(GatewayDetection, StallsCallsNoLongerThanUntilItKnowsIfItFlushes) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const auto world = dead_home({.flush = true}, seed);
    const SimTime detected = world->marked(0, 0).at(0);
    for (const auto& [at, r] : world->all<CallInvited>()) {
      if (r.site != 0) continue;
      EXPECT_EQ(world->invited(r.call, 1),
                std::vector<SimTime>{std::min(at + Duration(7500ms), detected)});
    }
  }
}

}  // namespace
}  // namespace bcsim::testing::gateway_detection_test
