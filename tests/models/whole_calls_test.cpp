// Calls through the whole world that last: hold, session timers (RFC 4028), and who notices when
// the other side is no longer there.
#include <gtest/gtest.h>

#include "models/metrics/run_recorder.hpp"
#include "tests/models/whole_calls_world.hpp"

namespace bcsim::tests::whole_calls_test {
namespace {

Scenario held_call(Duration hold) {
  Scenario s = one_call(60s, 10min);
  s.calls[0].hold_share = 1;
  s.calls[0].hold = Deterministic{sim::seconds(hold)};
  return s;
}

TEST(Hold, LengthensTheCallAndIsSeenInTheAgentsState) {
  const Watched run(held_call(20s));
  const auto held = run.recorder.all<CallHeld>();
  ASSERT_EQ(held.size(), 2u);
  EXPECT_EQ(held[0].second.held, 1u);
  EXPECT_EQ(held[1].second.held, 0u);
  EXPECT_EQ(held[1].first - held[0].first, Duration(20s));
  EXPECT_EQ(run.enters(AgentState::held), std::vector{held[0].first});
  expect_about(run.enters(AgentState::talking), {10s, held[1].first - sim::kStart});
  expect_about(run.enters(AgentState::after_call_work), {90s});
  expect_about(run.released(), 90s);
  EXPECT_EQ(run.cause(), Cause::completed);
}

TEST(Hold, ASiteFailureDropsTheCallOnHold) {
  Scenario s = held_call(300s);
  s.faults = {site_failure(at(100s))};
  const Watched run(s);
  ASSERT_EQ(run.recorder.all<CallHeld>().size(), 1u);
  EXPECT_EQ(run.released(), at(100s));
  EXPECT_EQ(run.cause(), Cause::dropped_on_hold);
}

TEST(Hold, SurvivesASwitchoverOfTheServer) {
  Scenario s = held_call(100s);
  s.faults = {primary_crash(80s)};
  const Watched run(s);
  EXPECT_EQ(run.recorder.all<CallHeld>().size(), 2u);
  expect_about(run.released(), 170s);
  EXPECT_EQ(run.cause(), Cause::completed);
}

/// Nobody tells the caller's server of the hold, or that the agent is gone: he hears nothing from
/// then on, until his gateway's rtp-loss-timeout (10 s).
TEST(Hold, OfWhichWordDoesNotComeThroughLeavesTheCallerInSilence) {
  Scenario refused = held_call(20s);  // by a server that has begun again, and answers 481
  refused.run.media_survives = true;
  refused.faults = {site_failure(at(11s))};
  refused.faults[0].lasting = 2s;
  Scenario unheard = held_call(20s);  // by a server that hangs, on the way
  unheard.agents.erase(unheard.agents.begin());
  unheard.queues.at(0).routing_scope = RoutingScope::both_sites;
  Fault hang;
  hang.at = at(11s);
  hang.deed = Hang{{0, Role::sip_server_primary}};
  hang.lasting = 5min;
  unheard.faults = {hang};
  for (const Scenario& s : {refused, unheard}) {
    Scenario later = s;
    later.calls[0].hold = Deterministic{200};
    for (const Scenario& held : {s, later}) {
      const Watched run(held);
      const auto left = run.recorder.all<PhoneLeft>();
      const auto holds = run.recorder.all<CallHeld>();
      ASSERT_FALSE(left.empty() && holds.empty());
      const SimTime silent = holds.empty() ? left[0].first : holds[0].first;
      expect_about(run.released(), silent - sim::kStart + 10s);
      EXPECT_EQ(run.cause(), Cause::media_lost);
    }
  }
}

/// The agent hears nobody and hangs up; the caller hears his music until his server takes him back.
TEST(Answer, OfWhichWordDoesNotComeThroughLeavesTheCallerHisMusic) {
  Scenario s = one_call(60s, 10min);
  s.agents.erase(s.agents.begin());
  s.agents[0].phone.answer_delay = 4s;
  s.queues.at(0).routing_scope = RoutingScope::both_sites;
  for (SiteOptions& site : s.sites) {
    site.sip_server.oos_check = 100s;  // so that nobody notices the cut before
    site.sip_server.oos_force = 30s;
    site.sip_server.after_routing_timeout = 50s;
  }
  Fault cut;
  cut.at = at(12s);
  cut.deed = Cut{LinkTarget{}};
  cut.lasting = 2min;  // nor has anybody repeated anything for so long
  s.faults = {cut};
  const Watched run(s);
  ASSERT_EQ(run.recorder.all<HungUpInSilence>().size(), 1u);
  expect_about(run.recorder.all<HungUpInSilence>()[0].first, 24s);
  EXPECT_EQ(run.recorder.all<CallAnswered>().size(), 2u);
  EXPECT_EQ(run.cause(), Cause::completed);
}

TEST(SessionTimer, ALongCallIsRefreshedAndLasts) {
  const Watched run(one_call(100min));
  expect_about(run.released(), 100min + 10s);
  EXPECT_EQ(run.cause(), Cause::completed);
}

TEST(SessionTimer, ALongCallOutlivesASwitchoverBetweenItsRefreshes) {
  Scenario s = one_call(100min);
  s.faults = {primary_crash(20min)};
  const Watched run(s);
  expect_about(run.released(), 100min + 10s);
  EXPECT_EQ(run.cause(), Cause::completed);
}

TEST(SessionTimer, MediaThatSurvivesItsSignallingEndsAtTheGatewaysNextRefresh) {
  // domain.md §3.7: the refresh at half the Session-Expires is not answered, 32 s later BYE.
  Scenario s = one_call(100min);
  s.run.media_survives = true;
  s.faults = {site_failure(at(5min))};
  const Watched run(s);
  expect_about(run.released(), 10s + 15min + 32s);
  EXPECT_EQ(run.cause(), Cause::dropped_in_talk);
}

TEST(SessionTimer, WithoutOneSuchACallLastsUntilItsEnd) {
  Scenario s = one_call(100min);
  s.run.media_survives = true;
  s.gateways[0].session_expires = std::nullopt;
  s.sites[0].sip_server.session_expires = std::nullopt;
  s.faults = {site_failure(at(5min))};
  const Watched run(s);
  EXPECT_GE(run.released(), at(10s + 100min));
}

/// Both BYEs of a call are lost: the path to the servers is cut from before its end for a minute.
Scenario both_byes_lost() {
  Scenario s = one_call(60s);
  Fault cut;
  cut.at = at(65s);
  cut.deed = Cut{LinkTarget{.dc_link = false, .location = 0, .site = 0}};
  cut.lasting = 60s;
  s.faults = {cut};
  s.run.media_survives = true;
  return s;
}

/// … and the agent has no desktop to release the call with.
Scenario nor_a_desktop() {
  Scenario s = both_byes_lost();
  Fault crash;
  crash.at = at(65s);
  crash.deed = Fail{DesktopTarget{0, 0}, {}};
  s.faults.push_back(crash);
  return s;
}

TEST(SessionTimer, FreesAnAgentWhoseByeWasLost) {
  // Answered at 10 s; the server's refresh 15 minutes later is answered with 481.
  const Watched run(nor_a_desktop());
  expect_about(run.enters(AgentState::after_call_work), {10s + 15min});
}

TEST(SessionTimer, WithoutOneThatAgentTalksOnForEver) {
  Scenario s = nor_a_desktop();
  s.sites[0].sip_server.session_expires = s.gateways[0].session_expires = std::nullopt;
  const Watched run(s);
  EXPECT_TRUE(run.enters(AgentState::after_call_work).empty());
}

TEST(SessionTimer, IsNotWaitedForByWhoHasADesktop) {
  Scenario s = both_byes_lost();
  s.sites[0].sip_server.session_expires = s.gateways[0].session_expires = std::nullopt;
  const Watched run(s);
  const std::vector<SimTime> freed = run.enters(AgentState::after_call_work);
  ASSERT_EQ(freed.size(), 1u);
  EXPECT_GE(freed[0], at(125s));  // when the path is back, his desktop must find its server again
  EXPECT_LE(freed[0], at(125s + 60s));
}

/// Whatever people do for ever, in whatever order, can be added up.
TEST(Lengths, MayAllBeWithoutEnd) {
  for (unsigned endless = 0; endless < 64; ++endless) {
    Scenario s = one_call(100s, 5min);
    std::get<SingleCalls>(s.calls[0].arrivals).calls[0].talk.reset();
    CallStream& stream = s.calls[0];
    const auto length = [&](unsigned bit) {
      return (endless >> bit) % 2 != 0 ? Distribution{Never{}} : Distribution{Deterministic{20}};
    };
    stream.talk = length(0);
    stream.after_call_work = length(1);
    stream.hold_share = 1;
    stream.hold = length(2);
    stream.transfer.share = (endless >> 5) % 2;
    stream.transfer.kind = TransferKind::consultation;
    stream.transfer.group = 1;
    stream.transfer.after = length(3);
    stream.transfer.consultation = length(4);
    const Watched run(s);
    SCOPED_TRACE(endless);
    EXPECT_EQ(run.ledger.rows().size(), 1u);
    expect_about(run.row().answered, 10s);
  }
}

// ---- direct calls, R6 ----

/// A call to the agent of site 2 comes in at site 1, which fails while they speak.
Scenario forwarded_call(bool by_302) {
  Scenario s = one_call(100s, 10min);
  for (AgentGroup& group : s.agents) group.phone.registration = RegistrationMode::dual;
  s.calls[0].to_agents = {1};
  s.sites[0].sip_server.dr_oosp_transfer_enabled = by_302;
  s.faults = {site_failure(at(60s))};
  return s;
}

TEST(DirectCall, ForwardedBy302OutlivesTheSiteWhereItCameIn) {
  const Watched run(forwarded_call(true));
  EXPECT_EQ(run.ledger.rows().at(0).path, path_of(1));
  EXPECT_EQ(run.ledger.rows().at(0).agent, AgentId{1});
  EXPECT_EQ(run.cause(), Cause::completed);
  expect_about(run.released(), 110s);
}

TEST(DirectCall, ForwardedOverTheTrunkDiesWithTheSiteWhereItCameIn) {
  const Watched run(forwarded_call(false));
  EXPECT_EQ(run.ledger.rows().at(0).path, path_of(0) | path_of(1));
  EXPECT_EQ(run.cause(), Cause::dropped_in_talk);
  EXPECT_EQ(run.released(), at(60s));
}

/// A call at 10 s to the number of an agent who does not answer within the caller's 60 s.
Scenario unanswered_call() {
  Scenario s = one_call(100s, 5min);
  s.calls[0].to_agents = {0};
  s.calls[0].setup_patience = Deterministic{60};
  s.agents[0].phone.answer_delay = 1h;
  return s;
}

TEST(DirectCall, ThatNobodyAnswersIsNotLost) {
  struct Case {
    std::optional<std::string> overflow;
    Cause cause;
    Duration released;
  };
  for (const Case& c :
       {Case{{}, Cause::abandoned_in_queue, 70s},  // it rings on
        Case{"release", Cause::no_answer, 25s}, Case{"voicemail", Cause::default_routed, 25s}}) {
    Scenario s = unanswered_call();
    s.sites[0].sip_server.agent_no_answer_overflow = c.overflow;
    const Watched run(s);
    EXPECT_EQ(run.cause(), c.cause);
    expect_about(run.released(), c.released);
  }
}

TEST(DirectCall, HeedsWhatIsChangedBeforeItsTimeoutIsOver) {
  Scenario s = unanswered_call();
  auto options = std::make_shared<RunTimeOptions>();
  options->sip_servers = {s.sites[0].sip_server, s.sites[1].sip_server};
  options->sip_servers[0].agent_no_answer_overflow = SipServerOptions::kRelease;
  options->queues = s.queues;
  Fault change;
  change.at = at(20s);
  change.deed = ChangeOption{"sites.site1.sip-server.agent-no-answer-overflow", "release", options};
  s.faults = {change};
  const Watched run(s);
  EXPECT_EQ(run.cause(), Cause::no_answer);
  expect_about(run.released(), 25s);
}

TEST(DirectCall, IsCountedApartFromTheQueues) {
  Scenario s = one_call(100s, 10min);
  s.calls.push_back(s.calls[0]);
  s.calls[0].to_agents = {0};
  s.calls[1].arrivals = SingleCalls{{{.at = at(20s), .talk = 30s, .patience = 1h, .gateway = 1}}};
  const Layout layout(s, {1, 0});
  RunRecorder recorder(layout);
  run_world(s, {&recorder});
  const RunResult r = recorder.finish(at(10min));
  EXPECT_EQ(r.value("attempted"), 2);
  EXPECT_EQ(r.value("completed"), 2);
  EXPECT_EQ(r.value("answered"), 1);
  EXPECT_EQ(r.value("direct.attempted"), 1);
  EXPECT_EQ(r.value("direct.answered"), 1);
  EXPECT_EQ(r.value("direct.not_answered") + r.value("direct.lost"), 0);
}

/// Asks for every message, and does nothing with it.
struct Bystander final : Observer {
  void on_record(const JournalEntry&) override {}
  void on_tick(SimTime, const TickSample&) override {}
  [[nodiscard]] bool wants_messages() const override { return true; }
};

TEST(World, RunsTheSameWhoeverListens) {
  const Scenario s = one_call(100s, 10min);
  Bystander bystander;
  const auto alone = run_world(s), watched = run_world(s, {&bystander});
  EXPECT_EQ(watched.journal, alone.journal);
  EXPECT_EQ(watched.trajectory, alone.trajectory);
}

}  // namespace
}  // namespace bcsim::tests::whole_calls_test
