// Active out-of-service detection and the modes it leads to: R35–R42, R47, domain.md §5.4, §5.8.
#include "models/ha/peer_trunk.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <type_traits>
#include <utility>
#include <vector>

#include "models/ha/server_mode.hpp"
#include "sim/rng.hpp"
#include "sim/time.hpp"

namespace bcsim::models::ha::ha_peer_trunk_test {
namespace {

static_assert(std::is_trivially_copyable_v<PeerTrunk>);
using Effects = PeerTrunkEffects;
using Change = Effects::Change;
using Result = PeerTrunk::Result;
using sim::SimTime;

constexpr PeerTrunkOptions kP0;

TEST(PeerTrunk, FollowsItsTable) {  // in or out of service × result
  struct Case {
    bool before;
    Result result;
    bool after;
    Change change;
  };
  for (const Case& c :
       {Case{true, Result::ok, true, Change::none}, Case{true, Result::other, true, Change::none},
        Case{true, Result::no_answer, false, Change::out_of_service},
        Case{false, Result::ok, true, Change::in_service},
        Case{false, Result::other, false, Change::none},
        Case{false, Result::no_answer, false, Change::none}}) {
    PeerTrunk t(c.before);
    EXPECT_EQ(t.start(4s), (Effects{.timer = TimerChange::arm(4s)}));
    EXPECT_EQ(t.on_timer(kP0),
              (Effects{.send_options = true, .probe = 1, .timer = TimerChange::arm(10s)}));
    EXPECT_EQ(t.on_result(kP0, 1, c.result), (Effects{.change = c.change}));
    EXPECT_EQ(t.in_service(), c.after);
  }
}

TEST(PeerTrunk, TakesAsManyMissesInARowAsItIsTold) {  // §5.4: U(0,c) + (k−1)c + f
  const PeerTrunkOptions three{.misses = 3};
  PeerTrunk t(true);
  const auto probe = [&](Result r) {
    const auto number = t.on_timer(three).probe;
    return t.on_result(three, number, r).change;
  };
  EXPECT_EQ(probe(Result::no_answer), Change::none);
  EXPECT_EQ(probe(Result::no_answer), Change::none);
  EXPECT_EQ(probe(Result::ok), Change::none);  // starts over
  EXPECT_EQ(probe(Result::no_answer), Change::none);
  EXPECT_EQ(probe(Result::no_answer), Change::none);
  EXPECT_EQ(probe(Result::no_answer), Change::out_of_service);
}

TEST(PeerTrunk, ALateMissDoesNotOverruleALaterAnswer) {  // probes overlap when f > c (V-W18)
  PeerTrunk t(true);
  const auto first = t.on_timer(kP0).probe;
  const auto second = t.on_timer(kP0).probe;
  EXPECT_EQ(t.on_result(kP0, second, Result::ok), Effects{});
  EXPECT_EQ(t.on_result(kP0, first, Result::no_answer), Effects{});
  EXPECT_TRUE(t.in_service());
}

/// Both machines, probe and transaction, on a tiny clock; the peer is silent in [from, until).
/// Each change with its date, up to `end`. Round trip 0.
std::vector<std::pair<SimTime, Change>> run(Duration phase, SimTime from, SimTime until,
                                            SimTime end, sip::Transport transport) {
  const sip::ClientPolicy policy = kP0.probe_policy();
  std::vector<std::pair<SimTime, Change>> changes;
  PeerTrunk trunk(true);
  SimTime due = SimTime{} + PeerTrunk::start(phase).timer.after;
  const auto report = [&](SimTime at, const Effects& e) {
    if (e.change != Change::none) changes.emplace_back(at, e.change);
  };
  while (due < end) {
    const Effects probe = trunk.on_timer(kP0);
    sip::ClientTransaction options(sip::ClientKind::non_invite, transport);
    sip::ClientEffects e = options.start(policy);
    SimTime now = due;
    while (!e.terminated && e.linger == 0s) {
      if (e.send_request && !(from <= now && now < until)) {
        report(now, trunk.on_result(kP0, probe.probe, Result::ok));
        e = options.on(sip::ClientInput::success, policy);
      } else {
        now += e.timer.after;
        e = options.on(sip::ClientInput::timer, policy);
        if (e.terminated) report(now, trunk.on_result(kP0, probe.probe, Result::no_answer));
      }
    }
    due += probe.timer.after;
  }
  return changes;
}

constexpr auto kUdp = sip::Transport::udp;

TEST(PeerTrunk, IsOutOfServiceAt9SecondsInTheGoldenRun) {  // §5.11: probe due at 4, f = 5
  const auto changes = run(4s, SimTime{}, SimTime{1h}, SimTime{20s}, kUdp);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0], std::make_pair(SimTime{9s}, Change::out_of_service));
}

TEST(PeerTrunk, NoticesASilentPeerBetween5And15SecondsAndItsReturnWithin10) {  // §5.4: U(0,c)+f
  sim::RngStream rng(1, 0, "test.trunk", 0);
  double sum = 0;
  constexpr int kSamples = 2000;
  for (int i = 0; i < kSamples; ++i) {
    const Duration phase = sim::from_seconds(rng.uniform(0, 10));
    const SimTime from{100s}, until{300s};
    const auto changes = run(phase, from, until, SimTime{400s}, kUdp);
    ASSERT_EQ(changes.size(), 2u);
    ASSERT_EQ(changes[0].second, Change::out_of_service);
    ASSERT_GE(changes[0].first - from, 5s);
    ASSERT_LE(changes[0].first - from, 15s);
    ASSERT_EQ(changes[1].second, Change::in_service);
    ASSERT_LE(changes[1].first - until, 10s);
    sum += sim::seconds(changes[0].first - from);
  }
  EXPECT_NEAR(sum / kSamples, 10.0, 4 * 2.89 / std::sqrt(double{kSamples}));
}

/// Share of probe phases for which a cut of this length is declared.
double declared(Duration cut, sip::Transport transport) {
  int n = 0;
  constexpr int kPhases = 2000;
  for (int i = 0; i < kPhases; ++i) {
    const Duration phase = Duration{10s} * i / kPhases + 1us;
    n += !run(phase, SimTime{20s}, SimTime{20s} + cut, SimTime{60s}, transport).empty();
  }
  return static_cast<double>(n) / kPhases;
}

TEST(PeerTrunk, DeclaresAShortCutWithTheProbabilityOfItsFormula) {
  // §5.4: clamp((δ − r_last)/c, 0, 1) with r_last = 3.5 s; without retransmission clamp(δ/c, 0, 1).
  struct Case {
    Duration cut;
    double udp;
    double tcp;
  };
  for (const Case& c : {Case{3500ms, 0, 0.35}, Case{4s, 0.05, 0.4}, Case{10s, 0.65, 1.0},
                        Case{12s, 0.85, 1.0}, Case{13500ms, 1, 1}, Case{20s, 1, 1}}) {
    EXPECT_NEAR(declared(c.cut, kUdp), c.udp, 0.001) << sim::seconds(c.cut);
    EXPECT_NEAR(declared(c.cut, sip::Transport::tcp), c.tcp, 0.001) << sim::seconds(c.cut);
  }
}

TEST(ServerMode, FollowsFromItsInputs) {  // R35, R42, R47, §2.3; every combination
  for (int bits = 0; bits < 32; ++bits) {
    const ModeInputs in{.starting = (bits & 1) != 0,
                        .draining = (bits & 2) != 0,
                        .stopped = (bits & 4) != 0,
                        .dr_peer_trunk = (bits & 8) != 0,
                        .peer_in_service = (bits & 16) != 0};
    ServerMode expected = ServerMode::single;
    if (in.dr_peer_trunk && in.peer_in_service) expected = ServerMode::bc;
    if (in.draining) expected = ServerMode::drain;
    if (in.stopped) expected = ServerMode::stopped;
    if (in.starting) expected = ServerMode::starting;
    EXPECT_EQ(mode_of(in), expected) << bits;
  }
}

TEST(PeerTrunk, IsInServiceWhateverHappensIfItIsNotWatched) {
  for (const PeerTrunkOptions& off :
       {PeerTrunkOptions{.oos_check = 0s}, PeerTrunkOptions{.oos_force = 0s}}) {
    PeerTrunk trunk(false);
    const PeerTrunkEffects effects = trunk.on_timer(off);
    EXPECT_FALSE(effects.send_options);
    EXPECT_EQ(effects.change, PeerTrunkEffects::Change::in_service);
    EXPECT_EQ(trunk.on_timer(off).change, PeerTrunkEffects::Change::none);
    // A probe sent before it was switched off.
    EXPECT_EQ(trunk.on_result(off, 1, PeerTrunk::Result::no_answer), PeerTrunkEffects{});
    EXPECT_TRUE(trunk.in_service());
  }
}

TEST(ServerMode, DecidesAboutLoginsAndWhetherTheServerCloses) {  // R37–R39, §2.3
  for (const ServerMode m : {ServerMode::starting, ServerMode::bc, ServerMode::single,
                             ServerMode::drain, ServerMode::stopped}) {
    EXPECT_EQ(checks_endpoint_at_login(m), m != ServerMode::single);
    EXPECT_EQ(forces_logout_at_peer(m), m == ServerMode::bc);
    EXPECT_EQ(closes(m), m == ServerMode::drain || m == ServerMode::stopped);
  }
}

}  // namespace
}  // namespace bcsim::models::ha::ha_peer_trunk_test
