// Each check on a journal that keeps its rule, one that breaks it, and one without its situation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "models/checks/expectations.hpp"
#include "tests/support/journal.hpp"

namespace bcsim::models::checks_test {
namespace {

using pstn::Release;
using test::add_fault;
using test::Journal;
using test::two_sites;
using test::verdict;
using ::testing::HasSubstr;

void expect(Journal& j, std::string_view id, VerdictStatus status, const std::string& text = "") {
  const RunResult result = j.finish();
  const Verdict& v = verdict(result, id);
  EXPECT_EQ(v.status, status) << v.text;
  EXPECT_THAT(v.text, HasSubstr(text));
  EXPECT_EQ(v.violations > 0, status == VerdictStatus::violated);
}
constexpr auto kGood = VerdictStatus::good;
constexpr auto kViolated = VerdictStatus::violated;
constexpr auto kIdle = VerdictStatus::not_applicable;

// ---- R5, R6
// --------------------------------------------------------------------------------------

/// One call at each site and one through both, talking since 10 s.
struct Talking {
  explicit Talking(Journal& j) : first(j.at(5).queue(0)), second(j.queue(1)), both(j.queue(1)) {
    j.at(10).answer(first, 0, 0).answer(second, 2, 1);
    j.add(CallRouted{both, AgentId{3}, 0, 3}).add(CallAnswered{both, AgentId{3}, 0, 3, 1});
  }
  CallId first, second, both;
};

TEST(DroppedSet, IsExactlyTheCallsThroughTheFailedServer) {
  Journal j(two_sites());
  const Talking calls(j);
  j.at(60).add(PairStateChanged{0, 0});
  j.release(calls.first, Release::speech_lost).release(calls.both, Release::speech_lost);
  j.at(90).release(calls.second, Release::normal);
  expect(j, "dropped_set", kGood);
}

TEST(DroppedSet, ACallThroughTheFailedServerMustNotGoOn) {
  Journal j(two_sites());
  const Talking calls(j);
  j.at(60).add(PairStateChanged{0, 0});
  j.release(calls.first, Release::speech_lost);  // but not the one over the trunk (R6)
  j.at(90).release(calls.both, Release::normal);
  expect(j, "dropped_set", kViolated, "call 2 went on");
}

TEST(DroppedSet, ACallMustBeDroppedAtThatVeryInstant) {
  Journal j(two_sites());
  const Talking calls(j);
  j.at(60).add(PairStateChanged{0, 0}).release(calls.first, Release::speech_lost);
  j.at(60.001).release(calls.both, Release::speech_lost);
  expect(j, "dropped_set", kViolated);
}

TEST(DroppedSet, ACallThroughTheOtherServerMustNotBeDropped) {
  Journal j(two_sites());
  const Talking calls(j);
  j.at(60).add(PairStateChanged{0, 0});
  for (const CallId call : {calls.first, calls.both, calls.second}) {
    j.release(call, Release::speech_lost);
  }
  expect(j, "dropped_set", kViolated, "call 1 was dropped though no SIP Server of its path failed");
}

TEST(DroppedSet, NobodyIsDroppedWithoutAFailure) {
  Journal j(two_sites());
  const Talking calls(j);
  j.at(60).release(calls.first, Release::speech_lost);
  expect(j, "dropped_set", kViolated);
}

TEST(DroppedSet, LeavesOutCallsWhoseAnswerIsStillOnItsWay) {
  Journal j(two_sites());
  const CallId call = j.at(59.99).queue(0);  // the gateway may not have its 200 yet
  const CallId unanswered = j.offer(0);
  j.add(CallInvited{unanswered, 0, 0, 0}).add(CallQueued{unanswered, 0, 0, 0});
  j.at(60).add(PairStateChanged{0, 0});
  j.at(80).release(call, Release::caller_hung_up, CallPhase::ringback);
  j.release(unanswered, Release::caller_hung_up, CallPhase::ringback);
  expect(j, "dropped_set", kGood);
}

TEST(DroppedSet, DoesNotApplyWithoutAFailureOrIfMediaSurvives) {
  {
    Journal j(two_sites());
    expect(j, "dropped_set", kIdle, "no SIP Server pair failed");
  }
  Scenario s = two_sites();
  s.run.media_survives = true;
  Journal j(std::move(s));
  const Talking calls(j);
  j.at(60).add(PairStateChanged{0, 0}).at(90).release(calls.first, Release::normal);
  expect(j, "dropped_set", kIdle, "media survives");
}

// ---- R20
// -----------------------------------------------------------------------------------------

TEST(OneLogin, HoldsWhileThePeersTellEachOther) {
  Journal j(two_sites());
  j.at(10).add(AgentLogin{AgentId{0}, 1, 1}).at(10.02).add(AgentLogout{AgentId{0}, 0, 1});
  expect(j, "one_login_per_agent", kGood);
}
TEST(OneLogin, IsViolatedByAnAgentAtBothSitesInBcMode) {
  Journal j(two_sites());
  j.at(10).add(AgentLogin{AgentId{0}, 1, 1}).at(20).add(AgentLogout{AgentId{0}, 0, 1});
  expect(j, "one_login_per_agent", kViolated, "agent 0 has been logged in at both sites");
}
TEST(OneLogin, IsViolatedByAnAgentWhoIsStillAtBothSitesAtTheEnd) {
  Journal j(two_sites());
  j.at(10).add(AgentLogin{AgentId{1}, 1, 1});
  expect(j, "one_login_per_agent", kViolated, "agent 1");
}
/// Agent 1 has no Agent Login at his own site, or at the other.
Scenario without_login_at(SiteIndex site) {
  Scenario s = two_sites();
  AgentLoginOverride& login = s.configuration.switches[site].logins.emplace_back();
  login.of = {"north", false, 0, 1, 1};
  login.exists = false;
  return s;
}
TEST(OneLogin, IsNoneAtTheStartWhereTheAgentLoginIsMissing) {  // R10
  for (const SiteIndex site : {0, 1}) {
    Journal j(without_login_at(site));
    const Directory& directory = j.layout().directory;
    for (std::uint32_t a = 0; a < directory.agents.size(); ++a) {
      for (const SiteIndex s : {0, 1}) {
        const bool own = directory.agents[a].preferred_site == s;
        EXPECT_EQ(directory.logged_in_at_start(AgentId{a}, s), own && !(a == 1 && site == s));
      }
    }
    j.at(10).add(AgentLogin{AgentId{1}, 1, 1});
    expect(j, "one_login_per_agent", site == 0 ? kGood : kViolated);
  }
  // … so the failure of that site is no end of a login there.
  Journal j(without_login_at(0));
  j.at(10).add(AgentLogin{AgentId{1}, 1, 1}).at(60).add(PairStateChanged{0, 0});
  j.at(70).add(AgentLogout{AgentId{1}, 1, 0});
  expect(j, "survivor_agents_unaffected", kViolated, "agent 1");
}
TEST(OneLogin, WaitsForThePeersToRepeatWhatWasLost) {  // with the next probe of the trunk
  for (const bool ended : {true, false}) {
    Scenario s = two_sites();
    add_fault(s, Cut{LinkTarget{}});
    Journal j(std::move(s));
    j.at(10).add(AgentLogin{AgentId{0}, 1, 1});
    if (ended) j.at(22).add(AgentLogout{AgentId{0}, 0, 1});
    j.at(200).add(PeerProbe{0});
    expect(j, "one_login_per_agent", ended ? kGood : kViolated);
  }
}
TEST(OneLogin, WaitsForThePeersToRepeatWhatATightLinkHasDropped) {
  struct Row {
    double bandwidth_bps;
    std::uint32_t channels;
    bool waits;
  };
  for (const Row& row : {Row{100e6, 480, false},
                         {10e3, 480, true},
                         {4e6, 10, false},    // speech leaves 2.4 Mbit/s
                         {4e6, 40, true}}) {  // … and here 0.2
    Scenario s = two_sites();
    s.network.dc_link.bandwidth_bps = row.bandwidth_bps;
    for (GatewayOptions& gateway : s.gateways) gateway.channels = row.channels;
    Journal j(std::move(s));
    j.at(10).add(AgentLogin{AgentId{0}, 1, 1}).at(22).add(AgentLogout{AgentId{0}, 0, 1});
    expect(j, "one_login_per_agent", row.waits ? kGood : kViolated);
  }
}
TEST(OneLogin, WaitsForTheFirstProbeHoweverLateItIs) {
  Scenario s = two_sites();
  s.first_trunk_probe[0] = 20min;
  add_fault(s, Cut{LinkTarget{}});
  Journal j(std::move(s));
  j.at(10).add(AgentLogin{AgentId{0}, 1, 1}).at(1250).add(AgentLogout{AgentId{0}, 0, 1});
  expect(j, "one_login_per_agent", kGood);
}
TEST(OneLogin, WaitsForASlowServerToHearOfAllOfThem) {
  for (const bool slow : {true, false}) {
    for (const double ended : {15.0, 60.0}) {  // four agents: 24 messages of 100 ms, and the limit
      Scenario s = two_sites();
      s.sites[0].sip_server.input_queue_limit = slow ? 100 : 10'000;
      s.sites[0].sip_server.other_service = slow ? 100ms : 0ms;
      Journal j(std::move(s));
      j.at(10).add(AgentLogin{AgentId{0}, 1, 1}).at(ended).add(AgentLogout{AgentId{0}, 0, 1});
      expect(j, "one_login_per_agent", slow && ended < 20 ? kGood : kViolated);
    }
  }
}
TEST(OneLogin, WaitsForTheCallToEnd) {
  Journal j(two_sites());
  j.at(5).add(AgentStateChanged{AgentId{0}, 0, AgentState::talking});
  j.at(10).add(AgentLogin{AgentId{0}, 1, 1});
  j.at(300).add(AgentStateChanged{AgentId{0}, 0, AgentState::after_call_work});
  j.at(300.5).add(AgentLogout{AgentId{0}, 0, 1});
  expect(j, "one_login_per_agent", kGood);
}
/// Such a server stays in BC mode though the other one, dead or hung, can end no login (V-E11).
TEST(OneLogin, IsNotAskedOfServersThatDoNotWatchEachOther) {
  enum class Which { both_watch, never, not_from_then_on };
  for (const Which which : {Which::both_watch, Which::never, Which::not_from_then_on}) {
    for (const SiteIndex site : {SiteIndex{0}, SiteIndex{1}}) {
      Scenario s = two_sites();
      if (which == Which::never) s.sites[site].sip_server.oos_force = 0s;
      if (which == Which::not_from_then_on) {
        auto options = std::make_shared<RunTimeOptions>();
        options->sip_servers = {s.sites[0].sip_server, s.sites[1].sip_server};
        options->sip_servers[site].oos_check = 0s;
        Fault change;
        change.deed = ChangeOption{"sites.site1.sip-server.oos-check", "0s", options};
        s.faults = {change};
      }
      Journal j(std::move(s));
      j.at(10).add(AgentLogin{AgentId{0}, 1, 1});
      expect(j, "one_login_per_agent", which == Which::both_watch ? kViolated : kGood);
    }
  }
}
TEST(OneLogin, MayBeBrokenInSingleSiteMode) {
  Journal j(two_sites());
  j.at(5).add(ServerModeChanged{1, ServerMode::single});
  j.at(10).add(AgentLogin{AgentId{0}, 1, 1});
  j.at(500).add(ServerModeChanged{1, ServerMode::bc});
  j.at(500.5).add(AgentLogout{AgentId{0}, 0, 1});
  expect(j, "one_login_per_agent", kGood);
}
TEST(OneLogin, MustHoldAgainSoonAfterTheReturnToBcMode) {
  Journal j(two_sites());
  j.at(5).add(ServerModeChanged{1, ServerMode::single});
  j.at(10).add(AgentLogin{AgentId{0}, 1, 1});
  j.at(500).add(ServerModeChanged{1, ServerMode::bc});
  j.at(510).add(AgentLogout{AgentId{0}, 0, 1});
  expect(j, "one_login_per_agent", kViolated);
}
TEST(OneLogin, ADeadServerRemembersNoLogin) {
  Journal j(two_sites());
  j.at(5).add(PairStateChanged{0, 0}).at(60).add(AgentLogin{AgentId{0}, 1, 1});
  expect(j, "one_login_per_agent", kGood);
}

// ---- R36, R38
// ------------------------------------------------------------------------------------

TEST(SingleMode, DoesNotApplyInBcMode) {
  Journal j(two_sites());
  const CallId call = j.at(5).queue();
  j.add(BcForward{call, 0, 1}).add(AgentLogout{AgentId{0}, 0, 1});
  expect(j, "single_site_mode", kIdle);
}
TEST(SingleMode, ForwardsNothing) {
  Journal j(two_sites());
  const CallId call = j.at(5).queue(1);
  j.add(ServerModeChanged{1, ServerMode::single}).at(6).add(BcForward{call, 1, 1});
  expect(j, "single_site_mode", kViolated, "site 2 forwarded call 0");
}
TEST(SingleMode, ForcesNobodyOut) {
  Journal j(two_sites());
  j.at(5).add(ServerModeChanged{1, ServerMode::single});
  j.add(AgentLogout{AgentId{2}, 1, 0});  // of his own will
  j.at(7).add(AgentLogout{AgentId{3}, 1, 1});
  expect(j, "single_site_mode", kViolated, "agent 3");
}
TEST(SingleMode, LetsAgentsBeLoggedOutWhoDidNotAnswer) {
  Journal j(two_sites());
  j.at(5).add(ServerModeChanged{1, ServerMode::single});
  j.add(AgentLogout{AgentId{3}, 1, AgentLogout::kUnanswering});
  expect(j, "single_site_mode", kGood);
}

// ---- R25
// -----------------------------------------------------------------------------------------

TEST(UnaffectedAgents, StayLoggedInAtTheSurvivor) {
  Journal j(two_sites());
  j.at(60).add(PairStateChanged{0, 0});
  j.at(130).add(AgentLogin{AgentId{0}, 1, 1}).at(140).add(AgentLogout{AgentId{0}, 1, 0});
  expect(j, "survivor_agents_unaffected", kGood);
}
TEST(UnaffectedAgents, MustNotBeLoggedOutThere) {
  Journal j(two_sites());
  j.at(60).add(PairStateChanged{0, 0}).at(70).add(AgentLogout{AgentId{2}, 1, 1});
  expect(j, "survivor_agents_unaffected", kViolated, "agent 2");
}
TEST(UnaffectedAgents, MayGoHomeOrLoseTheirOwnDesktop) {
  Journal j(two_sites());
  const NodeId desktop = j.layout().directory.agents[3].desktop;
  j.at(60).add(PairStateChanged{0, 0});
  j.at(70).add(ShiftChanged{AgentId{2}, 0}).add(AgentLogout{AgentId{2}, 1, 0});
  j.at(80).add(NodeStateChanged{desktop, 0}).add(AgentLogout{AgentId{3}, 1, 0});
  expect(j, "survivor_agents_unaffected", kGood);
}
TEST(UnaffectedAgents, MayEndACallAfterTheirShiftAndGoHome) {
  Journal j(two_sites());
  j.at(50).add(ShiftChanged{AgentId{2}, 0}).at(60).add(PairStateChanged{0, 0});
  j.at(70).add(AgentLogout{AgentId{2}, 1, 0});
  expect(j, "survivor_agents_unaffected", kGood);
}
TEST(UnaffectedAgents, AreNoLongerWatchedOnceSomethingElseIsBrokenOrTheSiteIsBack) {
  Scenario s = two_sites();
  add_fault(s, Fail{SiteTarget{0}, {}});
  add_fault(s, Cut{LinkTarget{}});
  Journal j(std::move(s));
  j.at(60).add(FaultInjected{0, 0}).add(PairStateChanged{0, 0});
  j.at(70).add(FaultInjected{1, 0}).at(71).add(AgentLogout{AgentId{2}, 1, 0});
  j.at(80).add(PairStateChanged{0, 1}).at(90).add(AgentLogout{AgentId{3}, 1, 0});
  expect(j, "survivor_agents_unaffected", kGood);
}
TEST(UnaffectedAgents, MayFollowTheirPhonesAndLeaveASecondLogin) {
  const auto after = [](const std::function<void(Journal&)>& before, std::uint32_t forced) {
    Journal j(two_sites());
    j.at(5);
    before(j);
    j.at(60).add(PairStateChanged{0, 0}).at(80).add(AgentLogout{AgentId{2}, 1, forced});
    return j.finish();
  };
  const auto status = [](const RunResult& r) {
    return verdict(r, "survivor_agents_unaffected").status;
  };
  EXPECT_EQ(status(after([](Journal&) {}, 0)), kViolated);
  EXPECT_EQ(status(after([](Journal&) {}, 1)), kViolated);
  EXPECT_EQ(status(after([](Journal&) {}, AgentLogout::kUnanswering)), kGood);
  EXPECT_EQ(status(after([](Journal& j) { j.add(DnState{AgentId{2}, 1, 0}); }, 0)), kGood);
  EXPECT_EQ(status(after([](Journal& j) { j.add(AgentLogin{AgentId{2}, 0, 1}); }, 1)), kGood);
}

TEST(UnaffectedAgents, AreNoneIfBothSitesFail) {
  Journal j(two_sites());
  j.at(60).add(PairStateChanged{0, 0}).at(61).add(PairStateChanged{1, 0});
  j.at(62).add(AgentLogout{AgentId{2}, 1, 0});
  expect(j, "survivor_agents_unaffected", kGood);
}
TEST(UnaffectedAgents, DoesNotApplyWithoutAFailure) {
  Journal j(two_sites());
  j.at(70).add(AgentLogout{AgentId{2}, 1, 0});
  expect(j, "survivor_agents_unaffected", kIdle);
}

// ---- R43, R44
// ------------------------------------------------------------------------------------

TEST(ArrivalSite, ServesWhatItTookInSingleSiteMode) {
  Journal j(two_sites());
  j.at(5).add(ServerModeChanged{0, ServerMode::single});
  const CallId call = j.at(10).queue(0);
  j.at(12).answer(call, 0, 0);
  expect(j, "answered_at_arrival_site", kGood);
}
TEST(ArrivalSite, MustNotUseAgentsOfTheOtherSiteInSingleSiteMode) {
  Journal j(two_sites());
  j.at(5).add(ServerModeChanged{0, ServerMode::single});
  const CallId call = j.at(10).queue(0);
  j.at(12).answer(call, 2, 1);
  expect(j, "answered_at_arrival_site", kViolated, "call 0 was taken at site 1");
}
TEST(ArrivalSite, MayDoSoInBcModeAndForCallsTakenInIt) {
  Journal j(two_sites());
  const CallId before = j.at(1).queue(0);
  const CallId earlier = j.queue(0);
  j.at(2).answer(before, 2, 1);
  j.at(5).add(ServerModeChanged{0, ServerMode::single}).at(6).answer(earlier, 3, 1);
  const CallId during = j.at(7).queue(0);
  j.at(8).add(ServerModeChanged{0, ServerMode::bc}).at(9).answer(during, 2, 1);
  expect(j, "answered_at_arrival_site", kGood);
}
TEST(ArrivalSite, DoesNotApplyIfNobodyWasEverAlone) {
  Journal j(two_sites());
  expect(j, "answered_at_arrival_site", kIdle);
}

TEST(AnsweredOnce, IsViolatedByASecondAnswer) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue(0);
  j.at(2).answer(call, 0, 0).at(3).add(CallAnswered{call, AgentId{1}, 0, 1, 1});
  expect(j, "answered_once", kViolated, "call 0 was answered again");
}
TEST(AnsweredOnce, IsViolatedByTheSameAgentsSecondAnswer) {
  for (const std::uint32_t site : {0u, 1u}) {  // here, and over the trunk
    Journal j(two_sites());
    const CallId call = j.at(1).queue(0);
    const std::uint32_t path = site == 0 ? 1 : 3;
    j.at(2).answer(call, 2 * site, site);
    j.at(3).add(CallAnswered{call, AgentId{2 * site}, site, path, 1});
    expect(j, "answered_once", kViolated, "call 0 was answered again");
  }
}
TEST(AnsweredOnce, AllowsAnAnswerOfAServerThatHasBeenGivenUp) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue(0);
  j.at(2).answer(call, 0, 0).add(CallInvited{call, 0, 1, 1}).add(CallQueued{call, 1, 0, 0});
  j.at(3).answer(call, 2, 1);
  j.at(4).add(CallAnswered{call, AgentId{0}, 0, 1, 1, CallBranch::of_invite(0)});
  expect(j, "answered_once", kGood);
}
TEST(AnsweredOnce, IsViolatedByAnAnswerAfterADrop) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue(0);
  j.at(2).add(PairStateChanged{0, 0}).release(call, Release::speech_lost, CallPhase::treatment);
  j.at(3).add(CallAnswered{call, AgentId{2}, 1, 2, 1});
  expect(j, "answered_once", kViolated, "after a failure had dropped it");
}
TEST(AnsweredOnce, AllowsAnAnswerAtThePeerOfADeadServerThatHadRungItThere) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue(0);
  j.at(2).add(PairStateChanged{0, 0}).release(call, Release::speech_lost, CallPhase::treatment);
  j.at(3).add(CallAnswered{call, AgentId{2}, 1, 3, 1});
  expect(j, "answered_once", kGood);
}
TEST(AnsweredOnce, AllowsAnAnswerThatCrossedTheCallersHangingUp) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue(0);
  j.at(2).release(call, Release::caller_hung_up, CallPhase::treatment);
  j.at(2.0005).add(CallAnswered{call, AgentId{0}, 0, 1, 1});
  expect(j, "answered_once", kGood);
}

// ---- expectations
// --------------------------------------------------------------------------------

TEST(Expectations, CompareAMetricWithItsLimit) {
  RunResult r;
  r.metrics = {{"asa", 10, "s", "asa"},
               {"service_level", 0.8, "1", "service_level"},
               {"recovery.agents_100", std::numeric_limits<double>::quiet_NaN(), "s",
                "recovery.agents_100"}};
  const auto status = [&](std::string metric, Comparison comparison, double limit) {
    return evaluate_expectations({{std::move(metric), comparison, limit, "x"}}, r)[0].status;
  };
  EXPECT_EQ(status("asa", Comparison::less, 10), kViolated);
  EXPECT_EQ(status("asa", Comparison::less_equal, 10), kGood);
  EXPECT_EQ(status("asa", Comparison::greater, 10), kViolated);
  EXPECT_EQ(status("asa", Comparison::greater_equal, 10), kGood);
  EXPECT_EQ(status("asa", Comparison::equal, 10), kGood);
  EXPECT_EQ(status("service_level", Comparison::greater, 0.75), kGood);
  // What never came back did not come back in time.
  EXPECT_EQ(status("recovery.agents_100", Comparison::less, 75), kViolated);
  EXPECT_EQ(status("recovery.agents_100", Comparison::greater, 75), kViolated);
  EXPECT_EQ(status("asa", Comparison::equal, 9), kViolated);
  const auto never =
      evaluate_expectations({{"recovery.agents_100", Comparison::less, 75, "< 75s"}}, r)[0];
  EXPECT_EQ(never.text, "has no value in this run; expected < 75s");
  const auto said = evaluate_expectations({{"asa", Comparison::less, 5, "< 5s"}}, r)[0];
  EXPECT_EQ(said.id, "asa");
  EXPECT_EQ(said.text, "was 10 s; expected < 5s");
  EXPECT_EQ(said.kind, Verdict::Kind::expectation);
}

TEST(Checks, FindNothingInAnUneventfulRun) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue();
  j.at(2).answer(call, 0).at(3).release(call, Release::normal);
  const RunResult r = j.finish();
  EXPECT_EQ(r.verdicts.size(), 9u);
  EXPECT_FALSE(r.violated());
}

TEST(Verdict, IsGoodViolatedOrNotApplicable) {
  EXPECT_EQ(name(VerdictStatus::good), "good");
  EXPECT_EQ(name(VerdictStatus::violated), "violated");
  EXPECT_EQ(name(VerdictStatus::not_applicable), "not_applicable");
}

}  // namespace
}  // namespace bcsim::models::checks_test
