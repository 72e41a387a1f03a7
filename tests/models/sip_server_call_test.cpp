// Calls through one site's SIP Server: the ladder of domain.md §3.9a and every way out of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/models/sip_server_ladder.hpp"

namespace bcsim::models::testing::sip_server_call_test {
namespace {

using namespace std::chrono_literals;

TEST(SipServerCall, RunsThroughTheWholeLadderOfAQueuedCall) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 4s, .hang_up_after = 60s};
  w.calls.push_back({.at = at(1s)});
  w.run(100s);
  // Messages that arrive at the same instant come in the order of their receivers' numbers.
  const std::vector<std::string> expected = {
      "MG->SS INVITE",     "SS->MS INVITE",     "SS->MG 100 INVITE", "MS->SS 200 INVITE",
      "SS->MS ACK",        "SS->MG 200 INVITE", "SS->PH INVITE",     "MG->SS ACK",
      "PH->SS 100 INVITE", "PH->SS 180 INVITE", "PH->SS 200 INVITE", "SS->MS BYE",
      "SS->MG re-INVITE",  "SS->PH ACK",        "MS->SS 200 BYE",    "MG->SS 200 INVITE",
      "SS->MG ACK",        "PH->SS BYE",        "SS->MG BYE",        "SS->PH 200 BYE",
      "MG->SS 200 BYE"};
  const std::vector<std::string> seen = ladder(w);
  EXPECT_EQ(seen.size(), 21u);
  EXPECT_EQ(seen, expected);
}

// ---- what is recorded, and when ----

TEST(SipServerCall, IsRecordedFromQueueToAgent) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 4s, .hang_up_after = 60s};
  w.calls.push_back({.at = at(1s)});
  w.run(100s);
  const auto queued = w.records<CallQueued>();
  ASSERT_EQ(queued.size(), 1u);
  EXPECT_EQ(queued[0].first, at(1s + 500us));
  EXPECT_EQ(queued[0].second.waiting, 1u);
  ASSERT_EQ(w.records<TreatmentStarted>().size(), 1u);
  EXPECT_EQ(w.records<TreatmentStarted>()[0].first, at(1s + 1500us));
  const auto routed = w.records<CallRouted>();
  ASSERT_EQ(routed.size(), 1u);
  EXPECT_EQ(routed[0].first, at(1s + 1500us));
  EXPECT_EQ(routed[0].second.path, path_of(0));
  ASSERT_EQ(w.records<CallRinging>().size(), 1u);
  EXPECT_EQ(w.records<CallRinging>()[0].first, at(1s + 2500us));
  const auto answered = w.records<CallAnswered>();
  ASSERT_EQ(answered.size(), 1u);
  EXPECT_EQ(answered[0].first, at(5s + 2500us));
  EXPECT_EQ(answered[0].second.agent, AgentId{0});
  EXPECT_EQ(answered[0].second.site, 0u);
  EXPECT_EQ(answered[0].second.path, path_of(0));
  EXPECT_EQ(answered[0].second.monitored, 1u);
  EXPECT_EQ(w.pair(0).call_count(), 0u);
  EXPECT_EQ(w.pair(0).waiting_count(0), 0u);
}

TEST(SipServerCall, ShowsTheDesktopRingingEstablishedReleasedWithItsWork) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 4s, .hang_up_after = 60s};
  w.calls.push_back({.at = at(1s), .after_call_work = 12s});
  w.run(100s);
  const auto told = w.told(0, 0);
  ASSERT_EQ(told.size(), 4u);
  EXPECT_EQ(told[0].second.kind, tlib::Kind::ringing);
  EXPECT_EQ(told[1].second.kind, tlib::Kind::established);
  EXPECT_EQ(told[2].second.kind, tlib::Kind::released);
  EXPECT_EQ(told[2].second.work, 12s);
  EXPECT_EQ(told[2].second.call, CallId{0});
  EXPECT_EQ(told[3].second.kind, tlib::Kind::ready);
  EXPECT_EQ(told[3].first - told[2].first, 12s + 1ms);
  EXPECT_TRUE(w.told(0, 1).empty());  // the basic connection does not make it visible (R22, R57)
  std::vector<AgentState> states;
  for (const auto& [when, r] : w.records<AgentStateChanged>()) {
    if (r.agent == AgentId{0}) states.push_back(r.state);
  }
  EXPECT_EQ(states,
            (std::vector{AgentState::not_ready, AgentState::ready, AgentState::ringing,
                         AgentState::talking, AgentState::after_call_work, AgentState::ready}));
}

TEST(SipServerCall, PlaysTheAnnouncementToTheEndBeforeItRoutes) {
  ServerWorld w;
  w.scenario.sites[0].sip_server.announcement = 30s;
  w.calls.push_back({.at = at(1s)});
  w.run(40s);
  ASSERT_EQ(w.records<CallRouted>().size(), 1u);
  EXPECT_EQ(w.records<CallRouted>()[0].first, at(31s + 1500us));
}

TEST(SipServerCall, IsNotTreatedWhenAnAgentIsFreeAndTreatmentIsForThoseWhoWait) {
  ServerWorld w;
  w.scenario.sites[0].sip_server.treatment = Treatment::when_waiting;
  w.phones[0] = {.answer_after = 4s, .hang_up_after = 60s};
  w.calls.push_back({.at = at(1s)});
  w.calls.push_back({.at = at(10s)});
  w.run(200s);
  const auto lines = ladder(w);
  const std::vector<std::string> start(lines.begin(), lines.begin() + 9);
  EXPECT_EQ(start,
            (std::vector<std::string>{"MG->SS INVITE", "SS->MG 100 INVITE", "SS->PH INVITE",
                                      "PH->SS 100 INVITE", "PH->SS 180 INVITE", "SS->MG 180 INVITE",
                                      "PH->SS 200 INVITE", "SS->MG 200 INVITE", "SS->PH ACK"}));
  const auto treated = w.records<TreatmentStarted>();
  ASSERT_EQ(treated.size(), 1u);
  EXPECT_EQ(treated[0].second.call, CallId{1});
  EXPECT_EQ(w.records<CallAnswered>().size(), 2u);
  EXPECT_EQ(w.pair(0).call_count(), 0u);
}

TEST(SipServerCall, WaitsWithoutTreatmentIfTheMediaServerRefuses) {
  ServerWorld w;
  w.media.refuse = 503;
  w.phones[0] = {.answer_after = 4s, .hang_up_after = 60s};
  w.calls.push_back({.at = at(1s)});
  w.run(100s);
  EXPECT_TRUE(w.records<TreatmentStarted>().empty());
  ASSERT_EQ(w.records<CallAnswered>().size(), 1u);
  EXPECT_EQ(w.records<CallAnswered>()[0].first, at(5s + 2500us));
}

TEST(SipServerCall, GivesASilentMediaServerUpAfterSevenAndAHalfSeconds) {
  ServerWorld w;
  w.media.silent = true;
  w.calls.push_back({.at = at(1s)});
  w.run(20s);
  ASSERT_EQ(w.records<CallRouted>().size(), 1u);
  EXPECT_EQ(w.records<CallRouted>()[0].first, at(8500ms + 500us));
}

// ---- the caller goes away ----

TEST(SipServerCall, EndsWhenTheCallerCancelsBeforeTreatment) {
  ServerWorld w;
  w.media.silent = true;
  w.calls.push_back({.at = at(1s), .hang_up = at(3s)});
  w.run(60s);
  const auto lines = ladder(w);
  EXPECT_NE(std::find(lines.begin(), lines.end(), "SS->MG 200 CANCEL"), lines.end());
  EXPECT_NE(std::find(lines.begin(), lines.end(), "SS->MG 487 INVITE"), lines.end());
  EXPECT_TRUE(w.records<CallRouted>().empty());
  EXPECT_EQ(w.pair(0).call_count(), 0u);
  EXPECT_EQ(w.pair(0).waiting_count(0), 0u);
}

TEST(SipServerCall, EndsWhenTheCallerAbandonsTheQueue) {
  ServerWorld w(0);
  w.calls.push_back({.at = at(1s), .hang_up = at(20s)});
  w.run(60s);
  const auto lines = ladder(w);
  const std::vector<std::string> tail(lines.end() - 4, lines.end());
  EXPECT_EQ(tail, (std::vector<std::string>{"MG->SS BYE", "SS->MS BYE", "SS->MG 200 BYE",
                                            "MS->SS 200 BYE"}));
  EXPECT_EQ(w.pair(0).call_count(), 0u);
  EXPECT_EQ(w.pair(0).waiting_count(0), 0u);
}

TEST(SipServerCall, StopsRingingWhenTheCallerAbandonsAndTheAgentStaysReady) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 8s};
  w.calls.push_back({.at = at(1s), .hang_up = at(4s)});
  w.run(60s);
  const auto lines = ladder(w);
  EXPECT_NE(std::find(lines.begin(), lines.end(), "SS->PH CANCEL"), lines.end());
  EXPECT_NE(std::find(lines.begin(), lines.end(), "PH->SS 487 INVITE"), lines.end());
  EXPECT_TRUE(w.records<CallAnswered>().empty());
  const auto told = w.told(0, 0);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1].second.kind, tlib::Kind::released);
  EXPECT_EQ(told[1].second.work, 0s);
  EXPECT_EQ(w.pair(0).agent(AgentId{0}).state(), AgentState::ready);
  EXPECT_EQ(w.pair(0).agent(AgentId{0}).idle_since, sim::kStart);
}

TEST(SipServerCall, EndsAtBothEndsWhenTheCallerHangsUpInTalk) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 4s};
  w.calls.push_back({.at = at(1s), .hang_up = at(30s)});
  w.run(60s);
  const auto lines = ladder(w);
  const std::vector<std::string> tail(lines.end() - 4, lines.end());
  EXPECT_EQ(tail, (std::vector<std::string>{"MG->SS BYE", "SS->MG 200 BYE", "SS->PH BYE",
                                            "PH->SS 200 BYE"}));
  EXPECT_EQ(w.pair(0).call_count(), 0u);
}

TEST(SipServerCall, EndsTheAnswerThatCrossesTheCancel) {
  // The phone's 200 (sent at 5 s + 2 ms) and the server's CANCEL pass each other.
  ServerWorld w;
  w.phones[0] = {.answer_after = 4s};
  w.calls.push_back({.at = at(1s), .hang_up = at(5s + 1600us)});
  w.run(60s);
  const auto lines = ladder(w);
  EXPECT_NE(std::find(lines.begin(), lines.end(), "SS->PH CANCEL"), lines.end());
  EXPECT_NE(std::find(lines.begin(), lines.end(), "SS->PH ACK"), lines.end());
  EXPECT_NE(std::find(lines.begin(), lines.end(), "SS->PH BYE"), lines.end());
  EXPECT_TRUE(w.records<CallAnswered>().empty());
  EXPECT_EQ(w.pair(0).agent(AgentId{0}).state(), AgentState::ready);
}

TEST(SipServerCall, IsGivenUpWhenTheGatewayNeverAcknowledges) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 4s};
  w.calls.push_back({.at = at(1s), .acknowledges = false});
  w.run(100s);
  EXPECT_EQ(w.pair(0).call_count(), 0u);
  const auto lines = ladder(w);
  EXPECT_NE(std::find(lines.begin(), lines.end(), "SS->MG BYE"), lines.end());
  // 64·T1 after the 200 of the treatment (RFC 3261 §13.3.1.4).
  SimTime released{};
  for (const auto& [when, m] : w.told(0, 0)) {
    if (m.kind == tlib::Kind::released) released = when;
  }
  EXPECT_EQ(released, at(33s + 1500us + 500us));
}

// ---- the agent does not take it ----

TEST(SipServerCall, GoesToTheNextAgentWhenThePhoneIsNotAnswered) {
  ServerWorld w(2);
  w.phones[0] = {.answer_after = 100s};
  w.phones[1] = {.answer_after = 1s};
  w.calls.push_back({.at = at(1s)});
  w.run(60s);
  const auto returned = w.records<CallReturned>();
  ASSERT_EQ(returned.size(), 1u);
  EXPECT_EQ(returned[0].first, at(11s + 1500us));
  EXPECT_EQ(returned[0].second.agent, AgentId{0});
  EXPECT_EQ(returned[0].second.status, 408u);
  const auto answered = w.records<CallAnswered>();
  ASSERT_EQ(answered.size(), 1u);
  EXPECT_EQ(answered[0].second.agent, AgentId{1});
  EXPECT_EQ(w.pair(0).agent(AgentId{0}).state(), AgentState::not_ready);
  const auto told = w.told(0, 0);
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[1].second.kind, tlib::Kind::released);
  EXPECT_EQ(told[2].second.kind, tlib::Kind::not_ready);
  EXPECT_TRUE(told[2].second.flag);
}

TEST(SipServerCall, LogsTheAgentOutWhenThatIsTheActionForNoAnswer) {
  ServerWorld w;
  w.scenario.sites[0].sip_server.after_routing_timeout_action = AfterRoutingAction::logout;
  w.phones[0] = {.answer_after = 100s};
  w.calls.push_back({.at = at(1s)});
  w.run(20s);
  EXPECT_FALSE(w.pair(0).agent(AgentId{0}).logged_in());
  ASSERT_EQ(w.records<AgentLogout>().size(), 1u);
  EXPECT_EQ(w.records<AgentLogout>()[0].second.forced, AgentLogout::kUnanswering);
  EXPECT_EQ(w.pair(0).waiting_count(0), 1u);
}

TEST(SipServerCall, RingsTheAgentAgainWhenNothingIsToHappenForNoAnswer) {
  ServerWorld w(2);
  w.scenario.sites[0].sip_server.after_routing_timeout_action = AfterRoutingAction::none;
  w.phones[0] = w.phones[1] = {.answer_after = 100s};
  w.calls.push_back({.at = at(1s)});
  w.run(35s);
  const auto routed = w.records<CallRouted>();
  ASSERT_EQ(routed.size(), 4u);  // 1, 11, 21, 31 s: longest idle first
  EXPECT_EQ(routed[0].second.agent, AgentId{0});
  EXPECT_EQ(routed[1].second.agent, AgentId{1});
  EXPECT_EQ(routed[2].second.agent, AgentId{0});
  EXPECT_EQ(routed[3].second.agent, AgentId{1});
}

TEST(SipServerCall, MakesTheAgentOfASilentPhoneNotReadyWhateverTheAction) {
  ServerWorld w;
  w.scenario.sites[0].sip_server.after_routing_timeout_action = AfterRoutingAction::none;
  w.phones[0] = {.silent = true};
  w.calls.push_back({.at = at(1s)});
  w.run(60s);
  ASSERT_EQ(w.records<CallReturned>().size(), 1u);
  EXPECT_EQ(w.pair(0).agent(AgentId{0}).state(), AgentState::not_ready);
}

TEST(SipServerCall, HoldsBackAnAgentWhosePhoneIsBusy) {
  ServerWorld w(2);
  w.phones[0] = {.refuse = 486};
  w.phones[1] = {.answer_after = 1s};
  w.calls.push_back({.at = at(1s)});
  w.run(30s);
  const auto returned = w.records<CallReturned>();
  ASSERT_EQ(returned.size(), 1u);
  EXPECT_EQ(returned[0].second.status, 486u);
  EXPECT_EQ(returned[0].first, at(1s + 2500us));
  ASSERT_EQ(w.records<CallAnswered>().size(), 1u);
  EXPECT_EQ(w.records<CallAnswered>()[0].second.agent, AgentId{1});
  EXPECT_EQ(w.pair(0).agent(AgentId{0}).state(), AgentState::ready);
}

TEST(SipServerCall, TriesABusyPhoneAgainOnlyAfterTheHoldBack) {
  ServerWorld w;
  w.phones[0] = {.refuse = 486};
  w.calls.push_back({.at = at(1s)});
  w.run(12s);
  const auto routed = w.records<CallRouted>();
  ASSERT_EQ(routed.size(), 3u);
  EXPECT_EQ(routed[1].first - routed[0].first, AgentService::kHoldBack + 1ms);
  EXPECT_EQ(w.pair(0).waiting_count(0), 1u);
}

// ---- loss ----

TEST(SipServerCall, IsNeverStuckOnALossyNetwork) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    ServerWorld w(3);
    w.seed = seed;
    w.loss = 0.2;
    w.keep_deliveries = false;
    for (std::uint32_t i = 0; i < 3; ++i) w.phones[i] = {.answer_after = 1s, .hang_up_after = 5s};
    for (int i = 0; i < 20; ++i) {
      const SimTime start = at(std::chrono::seconds(1 + 3 * i));
      w.calls.push_back({.at = start, .hang_up = start + 60s, .after_call_work = 1s});
    }
    w.run(400s);
    EXPECT_EQ(w.pair(0).call_count(), 0u) << "seed " << seed;
    EXPECT_EQ(w.pair(0).waiting_count(0), 0u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace bcsim::models::testing::sip_server_call_test
