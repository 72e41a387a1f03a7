// Golden run A of domain.md §5.11: site 1 fails at 0 with every phase pinned; each time of the
// table, derived by hand, to the millisecond.
#include <gtest/gtest.h>

#include "tests/support/worlds.hpp"

namespace bcsim::tests::golden_run_test {
namespace {

constexpr double kMillisecond = 0.001;

/// Agents 0 P1d, 1 P1s, 2 P2d, 3 P2s as in §5.11.
Scenario golden(Duration single_phone_refresh = 23s) {
  Scenario s = p0_scenario();
  without_processing(s);
  s.run.horizon = 2min;
  s.gateways[1].home_site = 0;  // MG2 stands at site 2 and sends to SS1 first
  for (GatewayOptions& gateway : s.gateways) gateway.first_options = 50s;
  s.first_trunk_probe[1] = 4s;
  for (const bool dual : {true, false}) {
    for (const SiteIndex site : {SiteIndex{0}, SiteIndex{1}}) {
      AgentGroup g = agents(std::string(site == 0 ? "P1" : "P2") + (dual ? "d" : "s"), 1, site,
                            dual ? RegistrationMode::dual : RegistrationMode::single);
      g.desktop.relogin_work = 0s;
      g.desktop.last_addp = SimTime(-6s);
      g.phone.first_refresh = dual ? Duration(59s) : single_phone_refresh;
      s.agents.push_back(g);
    }
  }
  std::swap(s.agents[1], s.agents[2]);  // P1d, P1s, P2d, P2s
  SingleCalls given;
  for (const auto& [at, gateway] :
       {std::pair<Duration, std::uint32_t>{2s, 0}, {3s, 1}, {6s, 0}, {10s, 0}}) {
    given.calls.push_back({SimTime(at), 30s, 100s, gateway});
  }
  CallStream stream = calls(given);
  stream.setup_patience = Never{};
  stream.after_call_work = Deterministic{1};
  s.calls.push_back(stream);
  s.faults.push_back(site_failure(SimTime(0s)));
  return s;
}

constexpr std::uint32_t kP1d = 0, kP1s = 1;
constexpr std::uint32_t kC1 = 0, kM1 = 1, kC2 = 2, kC3 = 3;

class GoldenRunA : public ::testing::Test {
 protected:
  void run(const Scenario& s) { run_world(s, {&journal_}); }
  /// Time of the only record of its kind that fits.
  template <class R, class Fits>
  double time_of(Fits fits) {
    double at = -1;
    for (const auto& [t, r] : journal_.all<R>()) {
      if (!fits(r)) continue;
      EXPECT_EQ(at, -1) << "happened twice";
      at = sim::seconds(t);
    }
    return at;
  }
  double invited(std::uint32_t call, std::uint32_t site) {
    return time_of<CallInvited>(
        [&](const CallInvited& r) { return r.call.value == call && r.site == site; });
  }
  double queued(std::uint32_t call) {
    return time_of<CallQueued>([&](const CallQueued& r) { return r.call.value == call; });
  }
  double offline(std::uint32_t gateway) {
    return time_of<ProxyState>(
        [&](const ProxyState& r) { return r.gateway == gateway && r.site == 0 && r.online == 0; });
  }
  double logged_in(std::uint32_t agent) {
    return time_of<AgentLogin>(
        [&](const AgentLogin& r) { return r.agent.value == agent && r.site == 1; });
  }
  Recorder journal_;
};

TEST_F(GoldenRunA, GatewaysDivertStalledCallsAfterSevenAndAHalfSeconds) {
  run(golden());
  EXPECT_NEAR(invited(kC1, 0), 2.000, kMillisecond);
  EXPECT_NEAR(offline(0), 9.500, kMillisecond);
  EXPECT_NEAR(invited(kC1, 1), 9.500, kMillisecond);
  EXPECT_NEAR(queued(kC1), 9.520, kMillisecond);
  EXPECT_EQ(invited(kC3, 0), -1) << "SS1 is known to be offline";
  EXPECT_NEAR(queued(kC3), 10.020, kMillisecond);
  EXPECT_NEAR(invited(kM1, 0), 3.000, kMillisecond);
  EXPECT_NEAR(offline(1), 10.500, kMillisecond);
  EXPECT_NEAR(queued(kM1), 10.5005, kMillisecond);
  EXPECT_NEAR(invited(kC2, 1), 13.500, kMillisecond);
}

TEST_F(GoldenRunA, FlushVariantMovesPendingCallsWhenTheServerIsMarked) {
  Scenario s = golden();
  s.gateways[0].flush_on_offline = true;
  run(s);
  EXPECT_NEAR(invited(kC2, 1), 9.500, kMillisecond);
}

TEST_F(GoldenRunA, SurvivorGoesToSingleSiteModeAtNine) {
  run(golden());
  EXPECT_NEAR(time_of<PeerTrunk>([](const PeerTrunk& r) { return r.site == 1 && !r.in_service; }),
              9.000, kMillisecond);
  EXPECT_NEAR(time_of<ServerModeChanged>([](const ServerModeChanged& r) {
                return r.site == 1 && r.mode == ServerMode::single;
              }),
              9.000, kMillisecond);
}

TEST_F(GoldenRunA, SinglePhoneMovesAtThirtyAndAHalf) {
  run(golden());
  EXPECT_NEAR(time_of<DnState>([](const DnState& r) {
                return r.agent.value == kP1s && r.site == 1 && r.in_service;
              }),
              30.560, kMillisecond);
  EXPECT_NEAR(time_of<PhoneRegistered>([](const PhoneRegistered& r) {
                return r.agent.value == kP1s && r.site == 1 && r.first;
              }),
              30.580, kMillisecond);
}

TEST_F(GoldenRunA, DesktopsMoveAtSixtyFour) {
  run(golden());
  for (const std::uint32_t agent : {kP1d, kP1s}) {
    EXPECT_NEAR(time_of<DesktopConnectionLost>([&](const DesktopConnectionLost& r) {
                  return r.agent.value == agent && r.site == 0;
                }),
                34.000, kMillisecond);
    EXPECT_NEAR(
        time_of<DesktopSwitch>([&](const DesktopSwitch& r) { return r.agent.value == agent; }),
        64.000, kMillisecond);
    EXPECT_NEAR(logged_in(agent), 64.020, kMillisecond);
    EXPECT_NEAR(time_of<AgentStateChanged>([&](const AgentStateChanged& r) {
                  return r.agent.value == agent && r.site == 1 && r.state == AgentState::ready;
                }),
                64.060, kMillisecond)
        << "the server's side: TAgentSetReady 1.5 round trips after the start";
  }
}

TEST_F(GoldenRunA, AgentsOfTheSurvivorNoticeNothing) {
  run(golden());
  for (const auto& [t, r] : journal_.all<AgentLogout>()) EXPECT_LT(r.agent.value, 2u);
  for (const auto& [t, r] : journal_.all<DesktopSwitch>()) EXPECT_LT(r.agent.value, 2u);
}

TEST_F(GoldenRunA, LatePhoneDelaysTheLogin) {
  run(golden(58s));
  EXPECT_NEAR(time_of<PhoneRegistered>([](const PhoneRegistered& r) {
                return r.agent.value == kP1s && r.site == 1 && r.first;
              }),
              65.580, kMillisecond);
  EXPECT_NEAR(logged_in(kP1s), 65.600, kMillisecond);
  EXPECT_NEAR(logged_in(kP1d), 64.020, kMillisecond);
  EXPECT_NEAR(time_of<AgentStateChanged>([](const AgentStateChanged& r) {
                return r.agent.value == kP1s && r.site == 1 && r.state == AgentState::ready;
              }),
              65.640, kMillisecond);
}

/// The same with a hunt group of all four, preferred at site 1, and calls to it alone.
Scenario golden_hunt(HuntType type, const std::vector<Duration>& calls_at) {
  Scenario s = golden();
  HuntGroupOptions group;
  group.type = type;
  group.members = {0, 1, 2, 3};
  group.preferred_site = {"SIP_Server_1", "SIP_Server_1"};
  s.queues[0].hunt_group = group;
  SingleCalls given;
  for (const Duration at : calls_at) given.calls.push_back({SimTime(at), 30s, 100s, 0});
  // A first call shows the gateway that SS1 is dead.
  given.calls.insert(given.calls.begin(), {SimTime(2s), 1ms, 1ms, 0});
  s.calls[0].arrivals = given;
  return s;
}

TEST_F(GoldenRunA, SurvivorRingsTheHuntGroupsPhonesThatAreRegisteredThere) {
  run(golden_hunt(HuntType::parallel, {20s}));
  std::vector<std::uint32_t> rung;
  for (const auto& [at, leg] : journal_.all<HuntLeg>()) {
    if (at < SimTime(20s)) continue;
    EXPECT_NEAR(sim::seconds(at), 20.020, kMillisecond);
    EXPECT_EQ(leg.site, 1u);
    rung.push_back(leg.agent.value);
  }
  EXPECT_EQ(rung, (std::vector<std::uint32_t>{0, 2, 3})) << "P1d, P2d and P2s; P1s comes at 30.560";
  EXPECT_TRUE(journal_.all<HuntRedirect>().empty());
}

TEST_F(GoldenRunA, AnswersOfAMovedPhoneAreMonitoredFromItsDesktopsLoginOn) {
  run(golden_hunt(HuntType::linear, {11s, 70s}));
  std::vector<std::pair<std::uint32_t, std::uint32_t>> answers;
  for (const auto& [at, r] : journal_.all<CallAnswered>()) {
    if (at > SimTime(11s)) answers.emplace_back(r.agent.value, r.monitored);
  }
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0], (std::pair{kP1d, 0u}));
  EXPECT_EQ(answers[1], (std::pair{kP1d, 1u})) << "logged in at 64.020";
}

}  // namespace
}  // namespace bcsim::tests::golden_run_test
