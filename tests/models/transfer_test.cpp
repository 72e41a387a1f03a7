// Calls that an agent passes on to a second one: at once, or after a consultation (R5, R6).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "models/metrics/run_recorder.hpp"
#include "tests/models/whole_calls_world.hpp"

namespace bcsim::tests::transfer_test {
namespace {

/// The call is answered by agent 0 at site 1 at 10 s, who passes it on 20 s later to the agent of
/// site 2. That one's phone rings for so long; they speak for a minute.
Scenario transferred_call(Duration ring = 0s) {
  Scenario s = one_call(60s, 10min);
  CallStream& stream = s.calls[0];
  stream.talk = Deterministic{60};
  stream.patience = Deterministic{100};
  stream.transfer.share = 1;
  stream.transfer.group = 1;
  stream.transfer.after = Deterministic{20};
  s.agents[1].phone.answer_delay = ring;
  return s;
}
RunResult measured(const Scenario& s) {
  const Layout layout(s, {1, 0});
  RunRecorder recorder(layout);
  run_world(s, {&recorder});
  return recorder.finish(sim::kStart + s.run.horizon);
}
/// The call from the moment when it was passed on, as the ledger has it.
void expect_end(const Watched& run, Cause cause, Duration released) {
  EXPECT_EQ(run.cause(), cause);
  expect_about(run.released(), released);
}

TEST(Transfer, GivesTheCallToAnotherAgentWhileTheFirstDoesHisAfterCallWork) {
  const Watched run(transferred_call(4s));
  const CallRow& row = run.ledger.rows().at(0);
  expect_about(row.transferred, 30s);
  expect_about(row.reanswered, 34s);
  EXPECT_EQ(row.transferred_by, AgentId{0});
  EXPECT_EQ(row.agent, AgentId{1});
  EXPECT_EQ(row.path, path_of(0) | path_of(1));
  expect_about(run.enters(AgentState::after_call_work), {30s});
  expect_about(run.enters(AgentState::ready).back(), 35s);
  expect_end(run, Cause::completed, 94s);
  const RunResult r = measured(transferred_call(4s));
  EXPECT_FALSE(r.violated());
  EXPECT_EQ(r.value("answered"), 1);
  EXPECT_NEAR(r.value("asa"), 0, 0.001);
  EXPECT_EQ(r.value("transfers.made"), 1);
  EXPECT_EQ(r.value("transfers.completed"), 1);
  EXPECT_NEAR(r.value("transfers.wait_mean"), 4, 0.001);
}

TEST(Transfer, AddsTheSecondSiteToThePath) {
  // Agent 0 at site 1 would have spoken on. Where he has passed the call on, either site's loss
  // ends it: each hop has joined the signalling path.
  for (const bool transferred : {false, true}) {
    for (const SiteIndex lost : {SiteIndex{0}, SiteIndex{1}}) {
      Scenario s = transferred_call();
      if (!transferred) s.calls[0].transfer.share = 0;
      s.faults = {site_failure(at(50s), lost, SiteScope::sip_server_pair)};
      const Watched run(s);
      const bool dropped = transferred || lost == 0;
      expect_end(run, dropped ? Cause::dropped_in_talk : Cause::completed, dropped ? 50s : 70s);
    }
  }
}

TEST(Transfer, KeepsTheFirstSiteInThePathOfACallThatComesBackFromThePeer) {
  // Only site 2 has an agent for the queue; he passes the call on to his colleague there.
  Scenario s = transferred_call();
  s.queues[0].routing_scope = RoutingScope::both_sites;
  s.agents[0].count = 0;
  s.agents[1].count = 2;
  s.faults = {site_failure(at(50s), 0, SiteScope::sip_server_pair)};
  const Watched run(s);
  EXPECT_EQ(run.recorder.all<CallTransferred>().at(0).second.site, 1u);
  EXPECT_EQ(run.ledger.rows().at(0).path, path_of(0) | path_of(1));
  expect_end(run, Cause::dropped_in_talk, 50s);
}

TEST(Transfer, TheCallerMayGiveUpBetweenTheAgents) {
  Scenario s = transferred_call();
  s.agents[1].staffing = {{sim::kStart, 0}};
  expect_end(Watched(s), Cause::abandoned_in_queue, 130s);
  const RunResult r = measured(s);
  EXPECT_EQ(r.value("answered"), 1);
  EXPECT_EQ(r.value("abandoned"), 0);
  EXPECT_EQ(r.value("transfers.abandoned"), 1);
  EXPECT_FALSE(r.violated());
  // With a session of its own at a queue, and a limit there: the default destination.
  s.calls[0].transfer.group.reset();
  s.calls[0].transfer.queue = 1;
  s.queues.push_back(s.queues[0]);
  s.queues[1].maximum_wait = 40s;
  s.agents[0].queues.emplace({0u});
  expect_end(Watched(s), Cause::default_routed, 70s);
}

TEST(Transfer, AFailureBetweenTheAgentsDropsTheCallWhereItIs) {
  Scenario waiting = transferred_call();
  waiting.agents[1].staffing = {{sim::kStart, 0}};
  waiting.faults = {site_failure(at(50s), 0, SiteScope::sip_server_pair)};
  expect_end(Watched(waiting), Cause::dropped_in_queue, 50s);
  Scenario ringing = transferred_call(8s);
  ringing.faults = {site_failure(at(33s), 0, SiteScope::sip_server_pair)};
  expect_end(Watched(ringing), Cause::dropped_while_ringing, 33s);
  EXPECT_FALSE(measured(ringing).violated());
  EXPECT_EQ(measured(ringing).value("transfers.lost"), 1);
}

TEST(Transfer, OutlivesASwitchoverWhileItWaits) {
  Scenario s = transferred_call();
  s.agents[1].staffing = {{sim::kStart, 0}, {at(60s), 1}};
  s.faults = {primary_crash(40s)};
  const Watched run(s);
  EXPECT_EQ(run.cause(), Cause::completed);
  EXPECT_GE(run.ledger.rows().at(0).reanswered, at(60s));
}

TEST(Transfer, WithoutADesktopTheAgentServesTheCallerHimself) {
  Scenario s = transferred_call();
  Fault dead;
  dead.at = at(20s);
  dead.deed = Fail{DesktopTarget{0, 0}, {}};
  s.faults = {dead};
  const Watched run(s);
  EXPECT_TRUE(run.recorder.all<CallTransferred>().empty());
  expect_end(run, Cause::completed, 70s);
}

/// He asks the agent of site 2 first, from 30 s on, for half a minute; that one's phone rings 4 s.
Scenario consulted_call() {
  Scenario s = transferred_call(4s);
  s.calls[0].transfer.kind = TransferKind::consultation;
  s.calls[0].transfer.consultation = Deterministic{30};
  return s;
}

TEST(Consultation, HoldsTheCallerAndThenJoinsHimWithTheSecondAgent) {
  const Watched run(consulted_call());
  const CallRow& row = run.ledger.rows().at(0);
  expect_about(row.transferred, 30s);
  expect_about(row.reanswered, 64s);
  EXPECT_EQ(row.transferred_by, AgentId{0});
  EXPECT_EQ(row.agent, AgentId{1});
  EXPECT_EQ(row.path, path_of(0) | path_of(1));
  expect_about(run.enters(AgentState::held), {30s});
  expect_about(run.enters(AgentState::after_call_work), {64s});
  expect_end(run, Cause::completed, 124s);
  const RunResult r = measured(consulted_call());
  EXPECT_FALSE(r.violated());
  EXPECT_EQ(r.value("transfers.completed"), 1);
  EXPECT_NEAR(r.value("transfers.wait_mean"), 34, 0.001);
}

TEST(Consultation, MayEndWithTheFirstAgentTakingTheCallerBack) {
  Scenario s = consulted_call();
  s.calls[0].transfer.reconnect = 1;
  const Watched run(s);
  const CallRow& row = run.ledger.rows().at(0);
  expect_about(row.reanswered, 64s);
  EXPECT_EQ(row.agent, AgentId{0});
  EXPECT_EQ(row.path, path_of(0));
  expect_end(run, Cause::completed, 104s);  // 40 s of their talk were left
  const RunResult r = measured(s);
  EXPECT_FALSE(r.violated());
  EXPECT_EQ(r.value("transfers.reconnected"), 1);
  EXPECT_EQ(r.value("transfers.completed"), 0);
}

TEST(Consultation, IsGivenUpWhenNobodyAnswers) {
  // after-routing-timeout, whether a phone rings in vain or no agent is there.
  for (const bool rings : {true, false}) {
    Scenario s = consulted_call();
    s.agents[1].phone.answer_delay = 1h;
    if (!rings) s.agents[1].staffing = {{sim::kStart, 0}};
    const Watched run(s);
    expect_about(run.ledger.rows().at(0).reanswered, 40s);
    expect_end(run, Cause::completed, 80s);
    EXPECT_FALSE(measured(s).violated());
  }
}

TEST(Consultation, LostWithTheSecondAgentsSiteLeavesTheCallerWithTheFirst) {
  Scenario s = consulted_call();
  s.faults = {site_failure(at(50s), 1, SiteScope::sip_server_pair)};
  const Watched run(s);
  expect_about(run.ledger.rows().at(0).reanswered, 50s);
  expect_end(run, Cause::completed, 90s);
  s.faults = {site_failure(at(50s), 0, SiteScope::sip_server_pair)};
  expect_end(Watched(s), Cause::dropped_on_hold, 50s);
  EXPECT_FALSE(measured(s).violated());
  s.faults = {site_failure(at(80s), 1, SiteScope::sip_server_pair)};  // joined: he has a part in it
  expect_end(Watched(s), Cause::dropped_in_talk, 80s);
}

TEST(Consultation, OutlivesASwitchover) {
  for (const Duration when : {32s, 50s}) {  // while the second phone rings, and in their talk
    Scenario s = consulted_call();
    s.faults = {primary_crash(when)};
    const Watched run(s);
    EXPECT_EQ(run.cause(), Cause::completed);
    EXPECT_NE(run.ledger.rows().at(0).reanswered, sim::kNever);
    EXPECT_LT(run.released(), at(3min));
    EXPECT_FALSE(measured(s).violated());
  }
}

TEST(Consultation, OfAnAgentWhoseDesktopDiesEndsTheCallOnHold) {
  Scenario s = consulted_call();
  Fault dead;
  dead.at = at(40s);
  dead.deed = Fail{DesktopTarget{0, 0}, {}};
  s.faults = {dead};
  expect_end(Watched(s), Cause::dropped_on_hold, 124s);  // a minute after it should have been over
  EXPECT_FALSE(measured(s).violated());
}

TEST(Consultation, WhoIsAskedAndNotGivenTheCallHasNothingToWorkOn) {
  // Given the call he has; else, whatever ends their talk, here or at the other site, he has not.
  enum class End { given, taken_back, first_phone_dies, second_phone_dies, sites_are_parted };
  for (const bool here : {false, true}) {
    for (const End end : {End::given, End::taken_back, End::first_phone_dies,
                          End::second_phone_dies, End::sites_are_parted}) {
      SCOPED_TRACE(static_cast<int>(end) + (here ? 10 : 0));
      Scenario s = consulted_call();
      CallStream& stream = s.calls[0];
      if (end == End::taken_back) stream.transfer.reconnect = 1;
      if (here) {
        s.agents[1].location = 0;
        s.agents[1].preferred_site = 0;
      }
      Fault fault;
      fault.at = at(45s);
      fault.lasting = 60s;
      if (end == End::first_phone_dies) fault.deed = Fail{PhoneTarget{0, 0}, {}};
      if (end == End::second_phone_dies) fault.deed = Fail{PhoneTarget{1, 0}, {}};
      if (end == End::sites_are_parted) {
        if (here) continue;
        fault.deed = Cut{LinkTarget{}};
      }
      if (end > End::taken_back) s.faults = {fault};
      const Watched run(s);
      // With nothing to work on he passes through that state in no time.
      Duration worked{};
      SimTime since = sim::kNever;
      for (const auto& [when, r] : run.recorder.all<AgentStateChanged>()) {
        if (r.agent != AgentId{1}) continue;
        if (since != sim::kNever) worked += when - std::exchange(since, sim::kNever);
        if (r.state == AgentState::after_call_work) since = when;
      }
      EXPECT_EQ(worked > 1s, end == End::given);
    }
  }
}

TEST(Transfer, KeepsAllLawsWhateverFails) {
  const std::uint32_t worlds = std::getenv("BCSIM_FULL") == nullptr ? 40 : 400;
  for (std::uint32_t seed = 1; seed <= worlds; ++seed) {
    Scenario s = p0_scenario();
    s.run.horizon = 30min;
    s.run.seed = seed;
    s.agents = {agents("one", 4, 0), agents("two", 4, 1)};
    for (AgentGroup& group : s.agents) group.phone.answer_delay = 3s;
    s.queues[0].routing_scope = seed % 2 == 0 ? RoutingScope::both_sites : RoutingScope::local;
    CallStream stream = calls(ConstantRate{0.08});
    stream.talk = Exponential{30};
    stream.patience = Exponential{40};
    stream.after_call_work = Exponential{seed % 3 == 0 ? 0.001 : 5};
    stream.transfer.share = 0.7;
    stream.transfer.kind = seed % 5 < 3 ? TransferKind::consultation : TransferKind::blind;
    stream.transfer.reconnect = 0.3;
    stream.transfer.consultation = Exponential{10};
    if (seed % 4 == 0) {
      stream.transfer.queue = 0;
    } else {
      stream.transfer.group = seed % 2;
    }
    s.calls = {stream};
    sim::RngStream draw(seed, 0, "test.transfer", 0);
    for (int i = 0; i < 4; ++i) {
      Fault fault;
      fault.at = at(sim::from_seconds(draw.uniform(10, 1200)));
      fault.lasting = sim::from_seconds(draw.uniform(1, 120));
      const auto site = static_cast<SiteIndex>(draw.below(2));
      const auto member = static_cast<std::uint32_t>(draw.below(4));
      switch (draw.below(5)) {
        case 0:
          fault.deed = Fail{SiteTarget{site, SiteScope::sip_server_pair}, {}};
          break;
        case 1:
          fault.deed = Crash{{site, Role::sip_server_primary}};
          fault.lasting.reset();
          break;
        case 2:
          fault.deed = Cut{LinkTarget{}};
          break;
        case 3:
          fault.deed = Fail{DesktopTarget{site, member}, {}};
          break;
        default:
          fault.deed = Fail{PhoneTarget{site, member}, {}};
          break;
      }
      s.faults.push_back(fault);
    }
    std::ranges::sort(s.faults, {}, &Fault::at);
    const RunResult r = measured(s);
    for (const Verdict& v : r.verdicts) {
      // Not judged where one failure follows another: whose home has come back goes there.
      if (v.id == "survivor_agents_unaffected") continue;
      EXPECT_NE(v.status, VerdictStatus::violated) << "seed " << seed << ": " << v.text;
    }
    const double ended = r.value("transfers.completed") + r.value("transfers.reconnected") +
                         r.value("transfers.abandoned") + r.value("transfers.lost");
    EXPECT_GT(r.value("transfers.completed"), 10) << "seed " << seed;
    EXPECT_LE(ended, r.value("transfers.made")) << "seed " << seed;
    EXPECT_GE(ended, r.value("transfers.made") - 6) << "seed " << seed;  // at the horizon
  }
}

TEST(Transfer, OffersAgentsASecondShareOfTheCalls) {
  // No waiting: lambda (1 + p) conversations of 60 s with 30 s of work for 40 agents.
  Scenario s = p0_scenario();
  without_latency(s);
  s.run.horizon = 4h;
  s.agents = {agents("one", 40, 0)};
  CallStream stream = calls(ConstantRate{0.2}, {1, 0});
  stream.talk = stream.transfer.after.emplace() = Deterministic{60};
  stream.after_call_work = Deterministic{30};
  stream.transfer.share = 0.3;
  stream.transfer.queue = 0;
  s.calls = {stream};
  const RunResult r = measured(s);
  EXPECT_FALSE(r.violated());
  const double calls = r.value("answered"), made = r.value("transfers.made");
  EXPECT_NEAR(made, 0.3 * calls, 2.576 * std::sqrt(calls * 0.3 * 0.7) + 8);  // 99 %; 8 in talk
  EXPECT_NEAR(r.value("transfers.completed"), made, 1);
  const double answers = calls + r.value("transfers.completed");
  EXPECT_NEAR(r.value("occupancy"), answers * 90 / (40 * 4 * 3600), 0.003);
  // 2880 calls expected; three standard deviations of their number.
  EXPECT_NEAR(r.value("occupancy"), 0.2 * 1.3 * 90 / 40, 3 * 0.585 / std::sqrt(2880));
}

}  // namespace
}  // namespace bcsim::tests::transfer_test
