// The closed forms of domain.md §5.1–§5.4 and §5.8 by the full actor model, in worlds without
// calls where the formula assumes idle links: bounds exact, distributions by Kolmogorov–Smirnov.
#include <gtest/gtest.h>

#include <map>

#include "tests/support/goodness_of_fit.hpp"
#include "tests/support/worlds.hpp"

namespace bcsim::tests::failover_times_test {
namespace {

using testing::ks_test;

constexpr int kFailures = 1000;
constexpr double kLevel = 0.001;
constexpr double kRttWan = 0.040, kRttLan = 0.001;
constexpr double kNanosecond = 1.5e-9;

std::function<double(double)> uniform_cdf(double low, double high) {
  return [=](double x) { return std::clamp((x - low) / (high - low), 0.0, 1.0); };
}

void expect_uniform(const std::vector<double>& sample, double low, double high) {
  ASSERT_EQ(sample.size(), static_cast<std::size_t>(kFailures));
  for (const double x : sample) {
    EXPECT_GE(x, low - kNanosecond);
    EXPECT_LE(x, high + kNanosecond);
  }
  EXPECT_GT(ks_test(sample, uniform_cdf(low, high)), kLevel);
}

/// A world of 1000 agents of site 1 and no calls, whose site 1 fails at a fixed time.
Scenario thousand_agents(RegistrationMode mode, std::uint64_t seed) {
  Scenario s = p0_scenario();
  without_processing(s);
  s.run.seed = seed;
  s.agents.push_back(agents("P1", kFailures, 0, mode));
  s.faults.push_back(site_failure(SimTime(500s)));
  return s;
}

class Seeds : public ::testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(One_to_three, Seeds, ::testing::Values(1, 2, 3));

// ---- §5.1 gateway ----------------------------------------------------------------------------

/// D_mg = min(X1 ~ Exp(lambda), X2 ~ U(0, K)) + W.
TEST_P(Seeds, GatewayDetectionIsTheFirstProbePlusSevenAndAHalfSeconds) {
  for (const auto& [rate, period] :
       {std::pair{0.25, 60.0}, {0.25, 10.0}, {0.05, 60.0}, {1.0, 60.0}}) {
    Scenario s = p0_scenario();
    without_processing(s);
    s.run.seed = GetParam();
    s.run.horizon = 65s + 70s;
    s.gateways[0].options_period = sim::from_seconds(period);
    CallStream stream = calls(ConstantRate{rate}, {1, 0});
    stream.patience = Deterministic{1};  // no agents: calls come and go
    s.calls.push_back(stream);
    s.faults.push_back(site_failure(SimTime(65s)));
    std::vector<double> detection;
    for (std::uint32_t replication = 0; replication < kFailures; ++replication) {
      Recorder journal;
      run_world(s, {&journal}, replication);
      for (const auto& [t, r] : journal.all<ProxyState>()) {
        if (r.gateway == 0 && r.site == 0 && r.online == 0) {
          detection.push_back(sim::seconds(t) - 65);
        }
      }
    }
    ASSERT_EQ(detection.size(), static_cast<std::size_t>(kFailures));
    constexpr double kW = 7.5;
    for (const double d : detection) {
      // A probe that met the failure on its way was sent up to a round trip before it.
      EXPECT_GE(d, kW - kRttLan - kNanosecond);
      EXPECT_LE(d, kW + period + kNanosecond);
    }
    const auto cdf = [rate = rate, period = period](double d) {
      const double x = std::clamp(d - kW, 0.0, period);
      return 1 - std::exp(-rate * x) * (1 - x / period);
    };
    EXPECT_GT(ks_test(detection, cdf), kLevel) << "rate " << rate << " period " << period;
  }
}

// ---- §5.2 phone ------------------------------------------------------------------------------

std::vector<double> registration_times(const Scenario& s) {
  Recorder journal;
  run_world(s, {&journal});
  std::vector<double> times;
  for (const auto& [t, r] : journal.all<PhoneRegistered>()) {
    if (r.site == 1 && r.first && t > SimTime(500s)) times.push_back(sim::seconds(t) - 500);
  }
  return times;
}

TEST_P(Seeds, SingleAndActiveBackupPhonesMoveWithinARefreshPeriodPlusSevenAndAHalfSeconds) {
  for (const auto mode : {RegistrationMode::single, RegistrationMode::active_backup}) {
    for (const double expires : {60.0, 120.0, 3600.0}) {
      Scenario s = thousand_agents(mode, GetParam());
      s.agents[0].phone.expires = sim::from_seconds(expires);
      s.run.horizon = 500s + sim::from_seconds(expires / 2) + 1min;
      const double least = 7.5 + 2 * kRttWan;
      expect_uniform(registration_times(s), least, least + expires / 2);
    }
  }
}

TEST_P(Seeds, WithoutFastFailoverPhonesWaitTheFullTimerF) {
  Scenario s = thousand_agents(RegistrationMode::single, GetParam());
  s.agents[0].phone.retransmissions = 11;
  s.run.horizon = 700s;
  expect_uniform(registration_times(s), 32 + 2 * kRttWan, 92 + 2 * kRttWan);
}

TEST_P(Seeds, DualPhonesAreReachableThroughTheSurvivorAtOnce) {
  for (const double expires : {60.0, 120.0, 3600.0}) {
    Scenario s = thousand_agents(RegistrationMode::dual, GetParam());
    if (expires > 120) s.agents[0].count = 50;  // two hours of it
    s.agents[0].phone.expires = sim::from_seconds(expires);
    s.run.horizon = 2 * sim::from_seconds(expires) + 600s;
    Recorder journal;
    run_world(s, {&journal});
    for (const auto& [t, r] : journal.all<DnState>()) {
      EXPECT_FALSE(r.site == 1 && !r.in_service) << "agent " << r.agent.value;
    }
  }
}

// ---- §5.3 desktop, and R21 -------------------------------------------------------------------

TEST_P(Seeds, DesktopsNoticeBetweenOneAndTwoAddpTimeoutsAndMoveASiteTimeoutLater) {
  for (const int a : {20, 25, 30}) {
    Scenario s = thousand_agents(RegistrationMode::dual, GetParam());
    s.sites[0].desktop.addp_timeout = std::chrono::seconds(a);
    s.run.horizon = 700s;
    Recorder journal;
    run_world(s, {&journal});
    std::vector<double> lost, moved, logged_in;
    for (const auto& [t, r] : journal.all<DesktopConnectionLost>()) {
      if (r.site == 0) lost.push_back(sim::seconds(t) - 500);
    }
    for (const auto& [t, r] : journal.all<DesktopSwitch>()) {
      moved.push_back(sim::seconds(t) - 500 - 30);
    }
    for (const auto& [t, r] : journal.all<AgentLogin>()) {
      if (r.site == 1) logged_in.push_back(sim::seconds(t) - 500 - 30 - 1 - kRttWan / 2);
    }
    for (const auto& sample : {lost, moved, logged_in}) expect_uniform(sample, a - kRttLan, 2 * a);
  }
}

TEST_P(Seeds, LoginIsTheLaterOfDesktopAndPhonePlusTheWorkPerAgent) {
  for (const double expires : {120.0, 300.0}) {
    Scenario s = thousand_agents(RegistrationMode::active_backup, GetParam());
    s.agents[0].phone.expires = sim::from_seconds(expires);
    s.run.horizon = 900s;
    Recorder journal;
    run_world(s, {&journal});
    std::map<std::uint32_t, SimTime> moved, bound;
    for (const auto& [t, r] : journal.all<DesktopSwitch>()) moved[r.agent.value] = t;
    for (const auto& [t, r] : journal.all<DnState>()) {
      if (r.site == 1 && r.in_service && t > SimTime(500s)) bound[r.agent.value] = t;
    }
    int logins = 0;
    for (const auto& [t, r] : journal.all<AgentLogin>()) {
      if (r.site != 1) continue;
      ++logins;
      // The server tells the desktop of the binding, which takes one way, as does TAgentLogin.
      const SimTime phone = bound.at(r.agent.value) + 20ms;
      EXPECT_EQ(t, std::max(moved.at(r.agent.value), phone) + 1s + 20ms);
    }
    EXPECT_EQ(logins, kFailures);
  }
}

// ---- §5.4 peer trunk -------------------------------------------------------------------------

TEST_P(Seeds, PeerGoesOutOfServiceWithinACheckPeriodPlusOosForce) {
  Scenario s = p0_scenario();
  without_processing(s);
  s.run.seed = GetParam();
  s.run.horizon = 140s;
  s.faults.push_back(site_failure(SimTime(100s)));
  std::vector<double> times;
  for (std::uint32_t replication = 0; replication < kFailures; ++replication) {
    Recorder journal;
    run_world(s, {&journal}, replication);
    for (const auto& [t, r] : journal.all<PeerTrunk>()) {
      if (r.site == 1 && !r.in_service) times.push_back(sim::seconds(t) - 100);
    }
  }
  // A probe that met the failure on its way was sent up to a round trip before it.
  expect_uniform(times, 5 - kRttWan, 15);
}

TEST_P(Seeds, InAPartitionBothSitesDecideIndependently) {
  Scenario s = p0_scenario();
  without_processing(s);
  s.run.seed = GetParam();
  s.run.horizon = 140s;
  Fault cut;
  cut.at = SimTime(100s);
  cut.deed = Cut{LinkTarget{}};
  s.faults.push_back(cut);
  std::vector<double> gaps, times[2];
  for (std::uint32_t replication = 0; replication < kFailures; ++replication) {
    Recorder journal;
    run_world(s, {&journal}, replication);
    for (const auto& [t, r] : journal.all<PeerTrunk>()) {
      if (!r.in_service) times[r.site].push_back(sim::seconds(t) - 100);
    }
  }
  // A probe or its answer may be on the way when the link is cut: up to a round trip earlier.
  expect_uniform(times[0], 5 - kRttWan, 15);
  expect_uniform(times[1], 5 - kRttWan, 15);
  for (int i = 0; i < kFailures; ++i) gaps.push_back(std::abs(times[0][i] - times[1][i]));
  const auto triangle = [](double x) { return 1 - (1 - x / 10) * (1 - x / 10); };
  EXPECT_GT(ks_test(gaps, triangle), kLevel) << "|U1 - U2| of two uniforms on (0, 10)";
}

/// P(OOS) = clamp((delta - r_last)/c, 0, 1); r_last = 3.5 s for f = 5 s.
TEST_P(Seeds, ShortCutsAreBridgedByRetransmissions) {
  for (const double delta : {3.4, 4.0, 10.0, 13.6}) {
    Scenario s = p0_scenario();
    without_processing(s);
    s.run.seed = GetParam();
    s.run.horizon = 140s;
    Fault cut;
    cut.at = SimTime(100s);
    cut.deed = Cut{LinkTarget{}};
    cut.lasting = sim::from_seconds(delta);
    s.faults.push_back(cut);
    int declared = 0;
    for (std::uint32_t replication = 0; replication < kFailures; ++replication) {
      Recorder journal;
      run_world(s, {&journal}, replication);
      for (const auto& [t, r] : journal.all<PeerTrunk>()) declared += r.site == 0 && !r.in_service;
    }
    // The cut also kills answers: it is as if it had begun up to a round trip earlier.
    const double p = std::clamp((delta + kRttWan - 3.5) / 10, 0.0, 1.0);
    const double sigma = std::sqrt(kFailures * p * (1 - p));
    EXPECT_NEAR(declared, kFailures * p, 3.3 * sigma + kFailures * kRttWan / 10) << delta;
  }
}

// ---- §5.8 switchover inside a site -------------------------------------------------------------

TEST_P(Seeds, ProcessDeathRarelyAndHostLossUsuallyLooksLikeASiteFailureToThePeer) {
  for (const bool host : {false, true}) {
    Scenario s = p0_scenario();
    without_processing(s);
    s.run.seed = GetParam();
    s.run.horizon = 200s;
    s.network.icmp_unreachable = false;  // §5.8 derives the times for a silent address
    Fault fault;
    fault.at = SimTime(100s);
    if (host) {
      fault.deed = Fail{HostTarget{0, Role::sip_server_primary}, {}};
    } else {
      fault.deed = Crash{{0, Role::sip_server_primary}};
    }
    s.faults.push_back(fault);
    int declared = 0;
    std::vector<double> outage;
    for (std::uint32_t replication = 0; replication < kFailures; ++replication) {
      Recorder journal;
      run_world(s, {&journal}, replication);
      for (const auto& [t, r] : journal.all<PeerTrunk>()) declared += r.site == 1 && !r.in_service;
      for (const auto& [t, r] : journal.all<Switchover>()) {
        outage.push_back(sim::seconds(t) - 100);
      }
    }
    ASSERT_EQ(outage.size(), static_cast<std::size_t>(kFailures));
    if (host) {
      expect_uniform(outage, 12, 21);
      // H ~ U(12, 21): P = E[clamp((H - 3.5)/10, 0, 1)], 0.85 at 12 and certain from 13.5 on.
      const double p = (0.925 * 1.5 + 7.5) / 9;
      EXPECT_NEAR(declared, kFailures * p, 3.3 * std::sqrt(kFailures * p * (1 - p)) + 5);
    } else {
      for (const double h : outage) EXPECT_NEAR(h, 4, kNanosecond);
      EXPECT_NEAR(declared, kFailures * 0.05, 3.3 * std::sqrt(kFailures * 0.05 * 0.95) + 5);
    }
  }
}

TEST_P(Seeds, SwitchoverNeverMovesADesktop) {
  Scenario s = p0_scenario();
  s.run.seed = GetParam();
  s.run.horizon = 400s;
  s.agents.push_back(agents("P1", 100, 0));
  Fault fault;
  fault.at = SimTime(100s);
  fault.deed = Fail{HostTarget{0, Role::sip_server_primary}, {}};
  s.faults.push_back(fault);
  Recorder journal;
  run_world(s, {&journal});
  EXPECT_EQ(journal.all<Switchover>().size(), 1u);
  EXPECT_TRUE(journal.all<DesktopSwitch>().empty());
}

}  // namespace
}  // namespace bcsim::tests::failover_times_test
