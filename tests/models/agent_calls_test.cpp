// Calls that agents place, through the whole world: with the phone (1pcc) or by the desktop (3pcc),
// to a colleague or outside (R18, R32, R62; domain.md §2.1).
#include <gtest/gtest.h>

#include "models/metrics/run_recorder.hpp"
#include "tests/models/whole_calls_world.hpp"

namespace bcsim::tests::agent_calls_test {
namespace {

SingleCalls at_times(std::initializer_list<Duration> times, Duration talk) {
  SingleCalls calls;
  for (const Duration t : times) {
    calls.calls.push_back({.at = at(t), .talk = talk, .patience = 1h, .gateway = {}});
  }
  return calls;
}

/// One agent at each site; the one of site 1 calls somebody outside, who answers after 8 s.
Scenario outgoing(std::initializer_list<Duration> times, double by_desktop, Duration talk = 30s) {
  Scenario s = p0_scenario();
  without_latency(s);
  s.run.horizon = 10min;
  s.agents = {agents("one", 1, 0, RegistrationMode::dual),
              agents("two", 1, 1, RegistrationMode::dual)};
  for (AgentGroup& group : s.agents) group.phone.expires = 1h;  // no refresh tells of a failure
  CallStream stream = calls(at_times(times, talk));
  stream.from_agents = {0};
  stream.by_desktop = by_desktop;
  stream.after_call_work = Deterministic{5};
  stream.setup_patience = Deterministic{60};
  s.calls = {stream};
  return s;
}

/// Sites that the phone asked, and when.
std::vector<std::pair<SimTime, std::uint32_t>> asked(const Watched& run) {
  std::vector<std::pair<SimTime, std::uint32_t>> out;
  for (const auto& [when, r] : run.recorder.all<PhoneInvited>()) out.emplace_back(when, r.site);
  return out;
}

TEST(OutgoingCall, KeepsItsAgentBusyFromDialingToTheEndOfAfterCallWork) {
  for (const double by_desktop : {0.0, 1.0}) {
    const Watched run(outgoing({10s}, by_desktop));
    const CallRow& row = run.row();
    EXPECT_EQ(row.cause, Cause::completed);
    EXPECT_EQ(row.kind, CallKind::outgoing);
    EXPECT_EQ(row.from, AgentId{0});
    EXPECT_EQ(row.path, path_of(0));
    EXPECT_TRUE(row.has(CallRow::monitored));
    expect_about(row.ringing, 10s);
    expect_about(row.answered, 18s);
    expect_about(row.released, 48s);
    ASSERT_EQ(run.enters(AgentState::after_call_work, AgentId{0}).size(), 1u);
    expect_about(run.enters(AgentState::ringing, AgentId{0}).at(0), 10s);
    expect_about(run.enters(AgentState::talking, AgentId{0}).at(0), 18s);
    expect_about(run.enters(AgentState::after_call_work, AgentId{0}).at(0), 48s);
    expect_about(run.enters(AgentState::ready, AgentId{0}).at(1), 53s);  // after the login's
    EXPECT_EQ(asked(run).size(), by_desktop == 0 ? 1u : 0u);
  }
}

TEST(OutgoingCall, IsEndedByWhomTheAgentCalledIfThatOneReleases) {
  for (const double by_desktop : {0.0, 1.0}) {
    Scenario s = outgoing({10s}, by_desktop);
    s.calls[0].agent_releases = false;
    const Watched run(s);
    EXPECT_EQ(run.row().cause, Cause::completed);
    expect_about(run.row().released, 48s);
  }
}

TEST(OutgoingCall, WaitsUntilItsAgentIsFree) {
  Scenario s = outgoing({20s}, 1);
  CallStream queue = calls(at_times({10s}, 60s), {1, 0});
  queue.after_call_work = Deterministic{5};
  s.calls.push_back(queue);
  const Watched run(s);
  EXPECT_EQ(run.row(0).kind, CallKind::queue);  // numbered in the order of dialling
  expect_about(run.row(1).offered, 75s);
  EXPECT_EQ(run.row(1).cause, Cause::completed);
}

TEST(OutgoingCall, KeepsCallsOfTheQueueWaiting) {
  Scenario s = outgoing({10s}, 0);
  s.calls.push_back(calls(at_times({20s}, 60s), {1, 0}));
  const Watched run(s);
  expect_about(run.row(1).answered, 53s);  // talk until 48 s, work until 53 s
  EXPECT_EQ(run.row(1).agent, AgentId{0});
}

TEST(OutgoingCall, GoesWhereThePhonePrefersWhateverItsDesktopDoes) {  // R62
  Scenario s = outgoing({10s, 100s, 200s}, 0);
  s.agents[0].phone.preferred_site = SiteIndex{1};
  const Watched run(s);
  ASSERT_EQ(asked(run).size(), 3u);
  for (const auto& [when, site] : asked(run)) EXPECT_EQ(site, 1u);
  EXPECT_EQ(run.row().path, path_of(1));
  EXPECT_FALSE(run.row().has(CallRow::monitored));  // he is logged in at site 1
  EXPECT_EQ(run.row(2).cause, Cause::completed);
}

TEST(OutgoingCall, PaysTimerBForADeadTargetOnceAndRemembersIt) {  // R18, R32: W(3) = 7.5 s
  for (const bool remembers : {true, false}) {
    Scenario s = outgoing({100s, 200s}, 0);
    if (!remembers) s.agents[0].phone.dirty_host_cache = 0s;
    s.faults = {site_failure(at(60s))};
    const Watched run(s);
    const auto sites = asked(run);
    ASSERT_EQ(sites.size(), remembers ? 3u : 4u);
    EXPECT_EQ(sites[0].second, 0u);
    EXPECT_EQ(sites[1].second, 1u);
    expect_about(sites[1].first, 107500ms);
    expect_about(run.row(0).ringing, 107500ms);
    expect_about(run.row(1).ringing, remembers ? Duration(200s) : Duration(207500ms));
    EXPECT_EQ(run.row(1).cause, Cause::completed);
  }
}

TEST(OutgoingCall, TakesTheOtherServerAtOnceWhenItIsRefused) {  // RFC 3261 §18.4: as 503
  Scenario s = outgoing({70s}, 0);
  for (const Role role : {Role::sip_server_backup, Role::sip_server_primary}) {
    Fault crash;
    crash.at = at(60s);
    crash.deed = Crash{{0, role}};
    s.faults.push_back(crash);
  }
  const Watched run(s);
  ASSERT_EQ(asked(run).size(), 2u);
  expect_about(run.row().ringing, 70s);
}

TEST(OutgoingCall, IsLostWhenNoServerAnswers) {
  Scenario s = outgoing({100s}, 0);
  s.faults = {site_failure(at(60s), 0), site_failure(at(60s), 1)};
  const Watched run(s);
  EXPECT_EQ(run.row().cause, Cause::lost_setup_timeout);
  expect_about(run.row().released, 115s);
}

TEST(OutgoingCall, ByTheDesktopCannotBeMadeWhileItsServerIsSilent) {
  Scenario s = outgoing({70s}, 1);
  s.faults = {site_failure(at(60s))};
  // It is over with the login at site 2, where nobody knows of it; or earlier, by his patience.
  const Watched lost(s);
  EXPECT_EQ(lost.row().cause, Cause::lost_setup_timeout);
  EXPECT_EQ(lost.row().released, lost.recorder.all<AgentLogin>().back().first);
  EXPECT_LT(lost.row().released, at(130s));
  s.calls[0].setup_patience = Deterministic{20};
  const Watched given_up(s);
  EXPECT_EQ(given_up.row().cause, Cause::abandoned_in_setup);
  expect_about(given_up.row().released, 90s);
}

TEST(OutgoingCall, IsGivenUpWhenNobodyAnswers) {
  for (const double by_desktop : {0.0, 1.0}) {
    Scenario s = outgoing({10s}, by_desktop);
    s.calls[0].answer_delay = Deterministic{300};
    const Watched run(s);
    EXPECT_EQ(run.row().cause, Cause::no_answer);
    expect_about(run.row().released, 70s);
    expect_about(run.enters(AgentState::ready, AgentId{0}).at(1), 70s);
  }
}

TEST(OutgoingCall, TakesAnotherGatewayWhenAllChannelsAreBusy) {
  for (const std::uint32_t left : {1u, 0u}) {
    Scenario s = outgoing({10s}, 0);
    s.gateways[0].channels = 0;
    s.gateways[1].channels = left;
    const Watched run(s);
    EXPECT_EQ(run.recorder.all<CallSentOut>().size(), 2u);
    EXPECT_EQ(run.row().cause, left > 0 ? Cause::completed : Cause::lost_setup_rejected);
  }
}

TEST(OutgoingCall, EndsAtTheInstantItsServerIsLost) {  // R5
  for (const double by_desktop : {0.0, 1.0}) {
    Scenario s = outgoing({10s}, by_desktop, 300s);
    s.faults = {site_failure(at(60s))};
    const Watched run(s);
    EXPECT_EQ(run.row().cause, Cause::dropped_in_talk);
    EXPECT_EQ(run.row().released, at(60s));
  }
}

TEST(OutgoingCall, EndsWithThePhoneThatPlacedIt) {  // R8
  for (const double by_desktop : {0.0, 1.0}) {
    Scenario s = outgoing({10s}, by_desktop, 300s);
    Fault dead;
    dead.at = at(60s);
    dead.deed = Fail{PhoneTarget{0, 0}, {}};
    s.faults = {dead};
    const Watched run(s);
    EXPECT_EQ(run.row().cause, Cause::media_lost);
    EXPECT_EQ(run.row().released, at(60s));
    // The gateway hears nothing for 10 s (§3.7): then the server's side is over, too.
    ASSERT_EQ(run.enters(AgentState::after_call_work, AgentId{0}).size(), 1u);
    expect_about(run.enters(AgentState::after_call_work, AgentId{0})[0], 70s);
  }
}

TEST(OutgoingCall, SurvivesASwitchoverOnceItIsAnswered) {
  for (const double by_desktop : {0.0, 1.0}) {
    for (const Duration crash_at : {Duration(30s), Duration(12s)}) {
      Scenario s = outgoing({10s}, by_desktop, 60s);
      s.faults = {primary_crash(crash_at)};
      const Watched run(s);
      EXPECT_EQ(run.row().cause == Cause::completed, crash_at == Duration(30s));
      EXPECT_EQ(run.enters(AgentState::ready, AgentId{0}).size(), 2u);  // he works on
    }
  }
}

/// What the backup was never told of it forgets, and with it that an agent had dialled.
TEST(OutgoingCall, IsForgottenWithItsDiallerWhoCanCallAgain) {
  for (const double by_desktop : {0.0, 1.0}) {
    Scenario s = outgoing({10s, 100s, 101s, 200s}, by_desktop, 60s);
    Fault apart;
    apart.at = at(5s);
    apart.deed = Cut{HaLinkTarget{0}};
    apart.lasting = 60s;
    s.faults = {apart, primary_crash(30s)};
    const Watched run(s);
    ASSERT_EQ(run.recorder.all<CallStateLost>().size(), 1u) << by_desktop;
    EXPECT_EQ(run.row(0).cause, Cause::dropped_in_talk) << by_desktop;
    for (const std::size_t later : {1u, 2u, 3u}) {
      EXPECT_EQ(run.row(later).cause, Cause::completed) << by_desktop << " " << later;
    }
  }
}

TEST(OutgoingCall, GoesByPriorityAndWeightOfTheSrvRecords) {  // RFC 2782
  Scenario s = outgoing({10s}, 0, 1s);
  s.run.horizon = 3h;
  s.calls[0].arrivals = ConstantRate{0.02};
  s.calls[0].talk = Deterministic{1};
  s.calls[0].after_call_work = Deterministic{0};
  s.agents[0].phone.srv = std::array{SrvRecord{10, 1}, SrvRecord{10, 3}};
  int second = 0, all = 0;
  for (const auto& [when, site] : asked(Watched(s))) {
    second += site == 1;
    ++all;
  }
  ASSERT_GT(all, 150);
  EXPECT_NEAR(second, 0.75 * all, 3.3 * std::sqrt(0.1875 * all));  // 99.9 %
  s.run.horizon = 10min;
  s.agents[0].phone.srv = std::array{SrvRecord{20, 1}, SrvRecord{10, 1}};
  for (const auto& [when, site] : asked(Watched(s))) EXPECT_EQ(site, 1u);
}

TEST(OutgoingCall, IsAllThatItsAgentHasAndIsNotPlacedWhileHisPhoneRings) {
  // A call of the queue comes at 10 s. He dials a little later: before that is routed to him, while
  // it is on its way to his phone (which refuses it), when that rings, or when he has hung up.
  int crossed = 0;
  for (Duration later = 0s; later <= 8ms; later += 250us) {
    SCOPED_TRACE(later.count());
    Scenario s = outgoing({10s + later}, 0);
    for (auto& paths : s.network.access) paths[0].latency = paths[1].latency = 1ms;
    CallStream queue = calls(at_times({10s}, 60s), {1, 0});
    queue.after_call_work = Deterministic{5};
    s.calls.push_back(queue);
    const Watched run(s);
    const bool first = run.row(0).kind == CallKind::outgoing;
    const CallRow& own = run.row(first ? 0 : 1);
    const CallRow& other = run.row(first ? 1 : 0);
    EXPECT_EQ(other.cause, Cause::completed);
    EXPECT_EQ(other.agent, AgentId{0});
    // One after the other, each with its work: he picks up what rings.
    EXPECT_EQ(own.cause, Cause::completed);
    EXPECT_TRUE(own.has(CallRow::monitored));
    EXPECT_TRUE(own.released + 5s <= other.answered || other.released + 5s <= own.ringing);
    EXPECT_EQ(run.enters(AgentState::talking, AgentId{0}).size(), 2u);
    EXPECT_EQ(run.enters(AgentState::after_call_work, AgentId{0}).size(), 2u);
    const auto returned = run.recorder.all<CallReturned>();
    EXPECT_LE(returned.size(), 1u);  // and no further one while he has his own
    for (const auto& [when, r] : returned) {
      ++crossed;
      EXPECT_EQ(r.status, 486u);
    }
  }
  EXPECT_GT(crossed, 0);
}

TEST(InternalCall, GoesToTheSiteOfTheOtherAgentThroughTheTrunk) {
  for (const double by_desktop : {0.0, 1.0}) {
    Scenario s = outgoing({10s}, by_desktop);
    s.calls[0].to_agents = {1};
    const Watched run(s);
    const CallRow& row = run.row();
    EXPECT_EQ(row.kind, CallKind::internal);
    EXPECT_EQ(row.agent, AgentId{1});
    EXPECT_EQ(row.cause, Cause::completed);
    EXPECT_EQ(row.path, path_of(0) | path_of(1));
    expect_about(row.answered, 10s);
    expect_about(row.released, 40s);
    for (const AgentId agent : {AgentId{0}, AgentId{1}}) {
      ASSERT_EQ(run.enters(AgentState::after_call_work, agent).size(), 1u);
      expect_about(run.enters(AgentState::after_call_work, agent)[0], 40s);
    }
  }
}

TEST(InternalCall, DiesWithEitherSite) {  // R6
  for (const SiteIndex site : {SiteIndex{0}, SiteIndex{1}}) {
    Scenario s = outgoing({10s}, 1, 300s);
    s.calls[0].to_agents = {1};
    s.faults = {site_failure(at(60s), site)};
    const Watched run(s);
    EXPECT_EQ(run.row().cause, Cause::dropped_in_talk);
    EXPECT_EQ(run.row().released, at(60s));
  }
}

TEST(InternalCall, MeetsABusyColleague) {
  for (const double by_desktop : {0.0, 1.0}) {
    Scenario s = outgoing({20s}, by_desktop);
    s.calls[0].to_agents = {1};
    s.calls.push_back(calls(at_times({10s}, 60s), {0, 1}));
    const Watched run(s);
    EXPECT_EQ(run.row(1).cause, Cause::callee_busy);
    expect_about(run.row(1).released, 20s);
    expect_about(run.enters(AgentState::ready, AgentId{0}).at(1), 20s);
  }
}

/// The far side has rung and is lost, then the phone of who calls: nobody is left to end the INVITE
/// but timer C, 181 s after the last word, and the 64·T1 of its CANCEL (RFC 3261 §16.8, §9.1).
TEST(AgentCalls, EndByTimerCWhenBothEndsAreGone) {
  for (const bool whole_site : {false, true}) {
    for (const double by_desktop : {0.0, 1.0}) {
      SCOPED_TRACE(by_desktop);
      Scenario s = outgoing({10s, 300s}, by_desktop);
      s.run.horizon = 20min;
      s.calls[0].to_agents = {1};
      s.agents[1].phone.answer_delay = 20s;
      Fault phone;
      phone.at = at(14s);
      phone.deed = Fail{PhoneTarget{0, 0}, {}};
      phone.lasting = 8s;
      Fault lost = whole_site ? site_failure(at(12s), 1) : primary_crash(12s, 1);
      lost.lasting = 60s;
      s.faults = {lost, phone};
      const Watched run(s);
      const auto freed = run.enters(AgentState::ready, AgentId{0});
      ASSERT_EQ(freed.size(), 3u);
      EXPECT_NEAR(sim::seconds(freed[1]), 10 + 181 + 32, 3);
      EXPECT_EQ(run.row(1).cause, Cause::completed);
    }
  }
}

TEST(AgentCalls, AreCountedApartFromThoseFromOutside) {
  Scenario s = outgoing({10s, 100s}, 1);
  s.calls.push_back(s.calls[0]);
  s.calls[1].to_agents = {1};
  s.calls[1].arrivals = at_times({200s}, 30s);
  const Layout layout(s, {1, 0});
  RunRecorder recorder(layout);
  run_world(s, {&recorder});
  const RunResult r = recorder.finish(at(10min));
  EXPECT_EQ(r.value("attempted"), 0);
  EXPECT_EQ(r.value("outgoing.attempted"), 2);
  EXPECT_EQ(r.value("outgoing.answered"), 2);
  EXPECT_EQ(r.value("internal.answered"), 1);
  EXPECT_EQ(r.value("outgoing.lost") + r.value("internal.lost"), 0);
  EXPECT_NEAR(r.value("outgoing.post_dial_delay"), 0, 0.002);
  EXPECT_NEAR(r.value("gateway.mg1.channels.mean") + r.value("gateway.mg2.channels.mean"),
              2 * 38 / 600.0, 0.01);
  for (const Verdict& verdict : r.verdicts) EXPECT_NE(verdict.status, VerdictStatus::violated);
}

}  // namespace
}  // namespace bcsim::tests::agent_calls_test
