// Runs with every phase pinned, whose times were derived by hand and hold to the millisecond:
// golden run A of domain.md §5.11 (site 1 fails at 0), and a partition (§5.4, §5.6) with its table
// below.
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

class PinnedRun : public ::testing::Test {
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

class GoldenRunA : public PinnedRun {};

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

// ---- the partition run ----
//
// All that joins the sites is cut at 0 and healed at 100.000: the link between the data centers (20
// ms one way) and each site's access path to the other's (20 ms; 0.5 ms to its own). P0 without
// processing time, A 20, S 30, E 120, c 10, f 5, L 0. P1 and X1 prefer site 1, P2 site 2; X1 sits
// at site 2; all phones are dual. Pinned: last ADDP message at -6, refreshes at 23, the first probe
// of SS1 at 4 and of SS2 at 8, OPTIONS of the gateways at 50. The hunt group (X1, then P2) prefers
// site
// 1. Hunt calls h1 to h4 reach MG2 at 5, 20, 70 and 103; q, to the queue, reaches MG1 at 40.
//
//   t                actor     event, and why then
//   5.0005           SS2       h1: still BC mode, so 302 to SS1 (R51), over a path that is cut
//   9.000            SS1       probe of 4 unanswered for f: trunk out of service, single-site mode
//   12.501           MG2       h1: INVITE of 5.001 gives up (W = 7.5); SS1 offline; to SS2 as a hop
//   12.5015          SS2       h1 distributed here, because of the hop; X1 answers at 12.5025, not
//                              monitored: he is logged in at site 1
//   13.000           SS2       probe of 8: single-site mode
//   20.0005          SS2       h2 distributed at once (R55); X1 answers at 20.0015, not monitored
//   30.500           phones    the refreshes of 23 at the other site give up
//   34.000           X1        ADDP: -6 + 2 A
//   40.0015          SS1       q is routed to X1, longest idle; nobody can reach his phone
//   50.0015          SS1       no answer in 10 s: X1 not ready, q to P1, who answers at 50.0025
//   57.500           MG1       OPTIONS of 50 to SS2 give up: offline
//   64.000           X1        34 + S: to SS2, logged in at 64.0005 (R37); SS1 keeps a ghost (R38)
//   70.0015          X1        answers h3, monitored
//   83.000           SS1, SS2  bindings of 23 - 60 end E later: X1, P2 at SS1 and P1 at SS2
//   100.000                    healed
//   101.540          SS2       the copy of 101.5 of the probe of 98 is answered: BC mode; X1 and P2
//                              are told that their group belongs to site 1 (R60)
//   103.021          SS1       h4, redirected to the preferred site, where nobody is registered: to
//                              the default destination (R69)
//   104.040          SS1       probe of 104: BC mode; tells SS2 of its logins
//   104.080          SS1       SS2's X1 is newer (104.060): forced logout of the ghost (R47)
//   110.040          MGs       OPTIONS of 110 are answered: both servers online again
//   R = 30.5 + 90(1 + u)       X1's phone tries SS1 again (RFC 5626, some flow alive), u its draw
//   R + 0.060        SS1       X1 bound (2 RTT, the last half not counted), told at R + 0.080
//   R + 0.0805       SS2       X1 has heeded the advice: logged out
//   R + 0.101        SS1       … and logged in at home

constexpr std::uint32_t kX1 = 0, kP1 = 1, kP2 = 2;
constexpr std::uint32_t kH1 = 0, kH2 = 1, kQ = 2, kH3 = 3, kH4 = 4;

CallStream single_calls(std::uint32_t queue, std::uint32_t gateway,
                        const std::vector<Duration>& at) {
  SingleCalls given;
  for (const Duration t : at) given.calls.push_back({SimTime(t), 4s, 100s, gateway});
  CallStream stream = calls(given);
  stream.queue = queue;
  stream.setup_patience = Never{};
  stream.after_call_work = Deterministic{1};
  return stream;
}

Fault cut(Duration at, std::optional<Duration> lasting, LinkTarget link = {}) {
  Fault fault;
  fault.at = SimTime(at);
  fault.deed = Cut{link};
  fault.lasting = lasting;
  fault.text = "cut";
  return fault;
}

Scenario partitioned() {
  Scenario s = p0_scenario();
  without_processing(s);
  s.run.horizon = 4min;
  for (GatewayOptions& gateway : s.gateways) gateway.first_options = 50s;
  s.first_trunk_probe[0] = 4s;
  s.first_trunk_probe[1] = 8s;
  for (const char* name : {"X1", "P1", "P2"}) {
    const SiteIndex preferred = name[1] == '1' ? 0 : 1;
    AgentGroup g = agents(name, 1, preferred, RegistrationMode::dual);
    if (name[0] == 'X') g.location = 1;
    g.desktop.relogin_work = 0s;
    g.desktop.last_addp = SimTime(-6s);
    if (name[0] == 'X') g.desktop.failback = Failback::return_after_call;
    g.phone.first_refresh = 23s;
    s.agents.push_back(g);
  }
  HuntGroupOptions group;
  group.type = HuntType::linear;
  group.members = {kX1, kP2};
  group.preferred_site = {"SIP_Server_1", "SIP_Server_1"};
  s.queues.emplace_back().hunt_group = group;
  s.calls = {single_calls(1, 1, {5s, 20s, 70s, 103s}), single_calls(0, 0, {40s})};
  s.faults = {cut(0s, 100s), cut(0s, 100s, {.dc_link = false, .location = 0, .site = 1}),
              cut(0s, 100s, {.dc_link = false, .location = 1, .site = 0})};
  return s;
}

class PartitionRun : public PinnedRun {
 protected:
  PartitionRun() { run(partitioned()); }
  double mode(std::uint32_t site, ServerMode wanted, SimTime after) {
    double at = -1;
    for (const auto& [t, r] : journal_.all<ServerModeChanged>()) {
      if (r.site == site && r.mode == wanted && t > after && at < 0) at = sim::seconds(t);
    }
    return at;
  }
  double answered(std::uint32_t call, std::uint32_t agent, std::uint32_t monitored) {
    return time_of<CallAnswered>([&](const CallAnswered& r) {
      return r.call.value == call && r.agent.value == agent && r.monitored == monitored;
    });
  }
  double dn(std::uint32_t agent, std::uint32_t site, std::uint32_t in_service, SimTime after) {
    double at = -1;
    for (const auto& [t, r] : journal_.all<DnState>()) {
      const bool fits = r.agent.value == agent && r.site == site && r.in_service == in_service;
      if (fits && t > after && at < 0) at = sim::seconds(t);
    }
    return at;
  }
  /// When the phone of X1 knocks at SS1 again.
  [[nodiscard]] static double retry_of_x1() {
    const sim::RngFactory rng{partitioned().run.seed, 0};
    return 30.5 + 90 * (1 + rng.stream("phone.backoff", (kX1 * 2ull + 0) << 32).uniform());
  }
};

TEST_F(PartitionRun, BothServersGoOnAloneAndReturn) {
  EXPECT_NEAR(mode(0, ServerMode::single, SimTime(0s)), 9.000, kMillisecond);
  EXPECT_NEAR(mode(1, ServerMode::single, SimTime(0s)), 13.000, kMillisecond);
  EXPECT_NEAR(mode(1, ServerMode::bc, SimTime(13s)), 101.540, kMillisecond);
  EXPECT_NEAR(mode(0, ServerMode::bc, SimTime(9s)), 104.040, kMillisecond);
  EXPECT_EQ(journal_.all<ServerModeChanged>().size(), 6u) << "two are those of the start";
}

TEST_F(PartitionRun, HuntCallsAreRedirectedBlindlyThenRungWhereTheyArrive) {
  std::vector<double> redirected;
  for (const auto& [t, r] : journal_.all<HuntRedirect>()) redirected.push_back(sim::seconds(t));
  ASSERT_EQ(redirected.size(), 2u);
  EXPECT_NEAR(redirected[0], 5.0005, kMillisecond);
  EXPECT_NEAR(redirected[1], 103.0005, kMillisecond);
  EXPECT_NEAR(invited(kH1, 0), 5.001, kMillisecond);
  EXPECT_NEAR(answered(kH1, kX1, 0), 12.5025, kMillisecond);
  EXPECT_NEAR(answered(kH2, kX1, 0), 20.0015, kMillisecond);
  EXPECT_NEAR(answered(kH3, kX1, 1), 70.0015, kMillisecond);
  EXPECT_NEAR(time_of<CallDefaultRouted>([](const CallDefaultRouted& r) {
                return r.call.value == kH4 && r.site == 0 &&
                       r.cause == CallDefaultRouted::Cause::no_member_in_service;
              }),
              103.021, kMillisecond);
  for (const auto& [t, leg] : journal_.all<HuntLeg>()) EXPECT_EQ(leg.site, 1u);
}

TEST_F(PartitionRun, GatewaysKeepTheirOwnSiteAndLoseTheOther) {  // R41
  for (const auto& [t, r] : journal_.all<ProxyState>()) EXPECT_NE(r.gateway, r.site);
  EXPECT_NEAR(offline(1), 12.501, kMillisecond);
  EXPECT_NEAR(
      time_of<ProxyState>([](const ProxyState& r) { return r.gateway == 0 && r.online == 0; }),
      57.500, kMillisecond);
  for (const std::uint32_t gateway : {0u, 1u}) {
    EXPECT_NEAR(time_of<ProxyState>(
                    [&](const ProxyState& r) { return r.gateway == gateway && r.online == 1; }),
                110.040, kMillisecond);
  }
}

TEST_F(PartitionRun, AGhostLoginCostsACallerTenSeconds) {
  const auto of_q = [&](std::uint32_t agent) {
    return time_of<CallRouted>(
        [&](const CallRouted& r) { return r.call.value == kQ && r.agent.value == agent; });
  };
  EXPECT_NEAR(of_q(kX1), 40.0015, kMillisecond);
  EXPECT_NEAR(of_q(kP1), 50.0015, kMillisecond);
  EXPECT_NEAR(answered(kQ, kP1, 1), 50.0025, kMillisecond);
  std::vector<double> not_ready;  // beside those of the logins
  for (const auto& [t, r] : journal_.all<AgentStateChanged>()) {
    if (t < SimTime(1s) || t > SimTime(100s) || r.agent.value != kX1 || r.site != 0) continue;
    if (r.state == AgentState::not_ready) not_ready.push_back(sim::seconds(t));
  }
  ASSERT_EQ(not_ready.size(), 1u);
  EXPECT_NEAR(not_ready[0], 50.0015, kMillisecond);
}

TEST_F(PartitionRun, BindingsAtTheOtherSiteExpireTogether) {
  EXPECT_NEAR(dn(kX1, 0, 0, SimTime(1s)), 83.000, kMillisecond);
  EXPECT_NEAR(dn(kP2, 0, 0, SimTime(1s)), 83.000, kMillisecond);
  EXPECT_NEAR(dn(kP1, 1, 0, SimTime(1s)), 83.000, kMillisecond);
}

TEST_F(PartitionRun, WhoSitsAcrossTheCutMovesAndLeavesAGhostUntilTheSitesMeet) {
  EXPECT_NEAR(time_of<DesktopConnectionLost>(
                  [](const DesktopConnectionLost& r) { return r.agent.value == kX1; }),
              34.000, kMillisecond);
  EXPECT_NEAR(time_of<DesktopSwitch>([](const DesktopSwitch& r) { return r.agent.value == kX1; }),
              64.000, kMillisecond);
  EXPECT_NEAR(logged_in(kX1), 64.0005, kMillisecond);
  const auto out = journal_.all<AgentLogout>();
  ASSERT_EQ(out.size(), 2u) << "the ghost, and the way home; nobody else is logged out";
  EXPECT_NEAR(sim::seconds(out[0].first), 104.080, kMillisecond);
  EXPECT_EQ(out[0].second.agent.value, kX1);
  EXPECT_EQ(out[0].second.site, 0u);
  EXPECT_EQ(out[0].second.forced, 1u);
}

TEST_F(PartitionRun, AdviceIsGivenAtOnceAndHeededWhenThePhoneIsBack) {
  std::vector<std::uint32_t> advised;
  for (const auto& [t, r] : journal_.all<PrivateInfo>()) {
    EXPECT_NEAR(sim::seconds(t), 101.540, kMillisecond);
    EXPECT_EQ(r.site, 1u);
    advised.push_back(r.agent.value);
  }
  EXPECT_EQ(advised, (std::vector{kX1, kP2}));
  const double retry = retry_of_x1();
  EXPECT_GT(retry, 120.5);
  EXPECT_LT(retry, 210.5);
  EXPECT_NEAR(dn(kX1, 0, 1, SimTime(83s)), retry + 0.060, kMillisecond);
  const auto out = journal_.all<AgentLogout>();
  ASSERT_EQ(out.size(), 2u);
  EXPECT_NEAR(sim::seconds(out[1].first), retry + 0.0805, kMillisecond);
  EXPECT_EQ(out[1].second.forced, 0u);
  const auto in = journal_.all<AgentLogin>();
  EXPECT_EQ(in.back().second.agent.value, kX1);
  EXPECT_EQ(in.back().second.site, 0u);
  EXPECT_NEAR(sim::seconds(in.back().first), retry + 0.101, kMillisecond);
}

/// A call over the inter-site trunk loses its speech with the link; its gateway listens to silence
/// for the 10 s of its RTP timer (§5.6).
TEST_F(PinnedRun, ACallOverTheTrunkEndsTenSecondsAfterTheCut) {
  Scenario s = partitioned();
  s.agents = {s.agents[kP2]};
  s.queues.resize(1);
  s.queues[0].routing_scope = RoutingScope::both_sites;
  s.calls = {single_calls(0, 0, {5s})};
  std::get<SingleCalls>(s.calls[0].arrivals).calls[0].talk = 60s;
  s.faults = {cut(20s, std::nullopt)};
  run(s);
  EXPECT_EQ(journal_.all<CallAnswered>().at(0).second.path, 3u);
  EXPECT_NEAR(time_of<CallReleased>(
                  [](const CallReleased& r) { return r.release == pstn::Release::media_lost; }),
              30.000, kMillisecond);
}

}  // namespace
}  // namespace bcsim::tests::golden_run_test
