// Switchover inside a site: the backup takes over, confirmed calls go on, early ones are lost (R9;
// domain.md §2.4, §5.8).
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/models/sip_server_world.hpp"

namespace bcsim::models::testing::sip_server_ha_test {
namespace {

using namespace std::chrono_literals;

/// Requests of this method that reached a node from `since` on; ACKs to a 2xx only.
int requests_to(const ServerWorld& w, NodeId node, sip::Method method, SimTime since) {
  return static_cast<int>(std::count_if(w.heard.begin(), w.heard.end(), [&](const Heard& h) {
    const auto* r = std::get_if<sip::Request>(&h.message);
    return r != nullptr && h.to == node && r->method == method && h.at >= since &&
           (method != sip::Method::ack || r->in_dialog);
  }));
}

TEST(SipServerHa, TakesOverFourSecondsAfterTheDeathOfTheProcess) {
  ServerWorld w;
  w.build();
  w.faults.push_back({at(20s), sim::NodeCrash{w.server(0, 0)}});
  w.run(60s);
  const auto switched = w.records<Switchover>();
  ASSERT_EQ(switched.size(), 1u);
  EXPECT_EQ(switched[0].first, at(24s));  // 1 s detection, 3 s promotion
  EXPECT_EQ(w.simulation().holder(w.directory.sip_server[0]), w.server(0, 1));
  // Logins and bindings are still there.
  EXPECT_EQ(w.pair(0).agent(AgentId{0}).state(), AgentState::ready);
  EXPECT_TRUE(w.pair(0).in_service(AgentId{0}, at(60s)));
  EXPECT_TRUE(w.records<AgentLogout>().empty());
  EXPECT_EQ(w.pair(0).mode(), ServerMode::bc);
}

TEST(SipServerHa, KeepsConfirmedCallsAndLosesEarlyOnes) {
  ServerWorld w(2);
  w.scenario.sites[0].sip_server.treatment = Treatment::when_waiting;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 60s};
  w.phones[1] = {.answer_after = 9s};                      // rings while the primary dies
  w.calls.push_back({.at = at(1s)});                       // talks
  w.calls.push_back({.at = at(15s), .hang_up = at(50s)});  // rings, not answered to the gateway
  w.calls.push_back({.at = at(16s), .hang_up = at(90s)});  // waits, treated
  w.build();
  w.faults.push_back({at(20s), sim::NodeCrash{w.server(0, 0)}});
  w.run(100s);
  const auto switched = w.records<Switchover>();
  ASSERT_EQ(switched.size(), 1u);
  EXPECT_EQ(switched[0].second.calls_before, 3u);
  EXPECT_EQ(switched[0].second.calls_kept, 2u);
  const auto lost = w.records<EarlyDialogLost>();
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].second.call, CallId{1});
  // The talk ends as its agent wishes, through the new primary; then he takes the waiting call.
  const auto answered = w.records<CallAnswered>();
  ASSERT_GE(answered.size(), 2u);
  EXPECT_EQ(answered.back().second.call, CallId{2});
  EXPECT_EQ(requests_to(w, w.gateway(0), sip::Method::bye, at(24s)), 1);
  EXPECT_EQ(w.pair(0).call_count(), 0u);
}

TEST(SipServerHa, EndsTheOrphanedRingingWithAckAndByeWhenThePhoneAnswers) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 9s};
  w.calls.push_back({.at = at(15s), .hang_up = at(60s)});
  w.build();
  w.faults.push_back({at(20s), sim::NodeCrash{w.server(0, 0)}});
  w.run(28s);  // before the phone, busy until then, is tried again
  // Answered at 24.0025 s, half a millisecond after the takeover.
  EXPECT_EQ(requests_to(w, w.phone(0), sip::Method::ack, at(24s)), 1);
  EXPECT_EQ(requests_to(w, w.phone(0), sip::Method::bye, at(24s)), 1);
  EXPECT_EQ(requests_to(w, w.phone(0), sip::Method::cancel, at(20s)), 0);
}

TEST(SipServerHa, LogsOutWhoWasToLeaveAfterACallThatIsTakenFromHim) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 100s};
  w.calls.push_back({.at = at(15s)});
  w.desktops.push_back({at(17s), AgentId{0}, 0, tlib::Kind::agent_logout});
  w.build();
  w.faults.push_back({at(20s), sim::NodeCrash{w.server(0, 0)}});
  w.run(30s);
  const auto logouts = w.records<AgentLogout>();
  ASSERT_EQ(logouts.size(), 1u);
  EXPECT_EQ(logouts[0].first, at(24s));
  EXPECT_EQ(logouts[0].second.forced, 0u);        // he has asked for it
  EXPECT_EQ(w.records<CallRouted>().size(), 1u);  // the call waits for somebody else
  EXPECT_EQ(w.pair(0).waiting_count(0), 1u);
}

TEST(SipServerHa, PutsACallThatWasRingingBackToTheFrontOfItsQueue) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 100s};
  w.calls.push_back({.at = at(15s)});
  w.calls.push_back({.at = at(16s)});
  w.build();
  w.faults.push_back({at(20s), sim::NodeCrash{w.server(0, 0)}});
  w.run(25s);
  // Both were answered by treatment, so both are kept; the first rings again.
  EXPECT_EQ(w.records<Switchover>()[0].second.calls_kept, 2u);
  const auto routed = w.records<CallRouted>();
  ASSERT_EQ(routed.size(), 2u);
  EXPECT_EQ(routed[1].second.call, CallId{0});
  EXPECT_EQ(routed[1].first, at(24s));
  // The phone, still ringing for the dead primary, refuses; the call keeps its place.
  const auto returned = w.records<CallReturned>();
  ASSERT_EQ(returned.size(), 1u);
  EXPECT_EQ(returned[0].second.status, 486u);
  EXPECT_EQ(w.pair(0).waiting_count(0), 2u);
}

TEST(SipServerHa, GoesOnWithAnnouncementsAndMaximumWaits) {
  ServerWorld w(0);
  w.scenario.sites[0].sip_server.announcement = 30s;
  w.scenario.queues[0].maximum_wait = 60s;
  w.calls.push_back({.at = at(1s)});
  w.build();
  w.faults.push_back({at(20s), sim::NodeCrash{w.server(0, 0)}});
  w.run(100s);
  const auto sent = w.records<CallDefaultRouted>();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].first, at(61s + 500us));
}

TEST(SipServerHa, ExpiresBindingsOnTheNewPrimaryToo) {
  ServerWorld w;
  w.scenario.agents[0].phone.expires = 60s;
  w.scenario.agents[0].phone.first_refresh = 15s;  // not sent: expires at 45 s
  w.build();
  w.faults.push_back({at(20s), sim::NodeCrash{w.server(0, 0)}});
  w.run(50s);
  EXPECT_FALSE(w.pair(0).in_service(AgentId{0}, at(50s)));
  EXPECT_EQ(w.records<DnState>().back().first, at(45s));
}

TEST(SipServerHa, AnswersRetransmissionsThatArriveAfterTheTakeover) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 5s};
  w.calls.push_back({.at = at(21s)});  // the primary is dead; copies at 21.5, 22.5, 24.5 s
  w.build();
  w.faults.push_back({at(20s), sim::HostDown{w.host(w.server(0, 0))}});
  w.run(60s);
  const auto queued = w.records<CallQueued>();
  ASSERT_EQ(queued.size(), 1u);
  EXPECT_EQ(queued[0].first, at(24s + 500ms + 500us));
  EXPECT_EQ(w.records<CallAnswered>().size(), 1u);
}

TEST(SipServerHa, MakesTheRestartedProcessTheBackupAndSwitchesBackWhenTheOtherDies) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 300s};
  w.calls.push_back({.at = at(1s)});
  w.build();
  w.faults.push_back({at(20s), sim::NodeCrash{w.server(0, 0)}});
  w.faults.push_back({at(40s), sim::NodeStart{w.server(0, 0)}});
  w.faults.push_back({at(60s), sim::NodeCrash{w.server(0, 1)}});
  w.run(80s);
  const auto switched = w.records<Switchover>();
  ASSERT_EQ(switched.size(), 2u);
  EXPECT_EQ(switched[1].first, at(64s));
  EXPECT_EQ(switched[1].second.calls_kept, 1u);
  EXPECT_EQ(w.simulation().holder(w.directory.sip_server[0]), w.server(0, 0));
}

TEST(SipServerHa, LeavesTheSiteToItsBackupIfItIsBackBeforeItsDeathIsNoticed) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 300s};
  w.calls.push_back({.at = at(1s)});
  w.build();
  w.faults.push_back({at(20s), sim::NodeCrash{w.server(0, 0)}});
  w.faults.push_back({at(20s + 500ms), sim::NodeStart{w.server(0, 0)}});
  w.run(40s);
  const auto switched = w.records<Switchover>();
  ASSERT_EQ(switched.size(), 1u);
  EXPECT_EQ(switched[0].first, at(23s + 500ms));
  EXPECT_EQ(switched[0].second.calls_kept, 1u);
  EXPECT_EQ(w.simulation().holder(w.directory.sip_server[0]), w.server(0, 1));
}

TEST(SipServerHa, SwitchesOverOnceIfThePrimaryDiesAgainWhileItsBackupTakesOver) {
  ServerWorld w;
  w.build();
  for (const Duration when : {20s, 22s}) {
    w.faults.push_back({at(when), sim::NodeCrash{w.server(0, 0)}});
    w.faults.push_back({at(when + 1s), sim::NodeStart{w.server(0, 0)}});
  }
  w.run(60s);
  ASSERT_EQ(w.records<Switchover>().size(), 1u);
  EXPECT_EQ(w.records<Switchover>()[0].first, at(24s));
  EXPECT_EQ(w.simulation().holder(w.directory.sip_server[0]), w.server(0, 1));
  EXPECT_EQ(w.pair(0).mode(), ServerMode::bc);
}

TEST(SipServerHa, RingsNobodyWhoseBindingRanOutWhileNobodyWasPrimary) {
  ServerWorld w(2);
  w.scenario.agents[0].phone.expires = 60s;
  w.scenario.agents[0].phone.first_refresh = 12s;  // not sent: expire at 42 s
  w.phones[0] = w.phones[1] = {.answer_after = 100s};
  w.scenario.sites[0].sip_server.after_routing_timeout = 60s;
  w.calls.push_back({.at = at(35s)});  // rings one of two idle agents
  w.build();
  w.faults.push_back({at(40s), sim::NodeCrash{w.server(0, 0)}});
  w.run(60s);
  ASSERT_EQ(w.records<Switchover>().size(), 1u);
  EXPECT_EQ(w.records<CallRouted>().size(), 1u);
  EXPECT_EQ(w.pair(0).waiting_count(0), 1u);
}

TEST(SipServerHa, BecomesBackupIfItIsBackWhileTheOtherTakesOver) {
  ServerWorld w;
  w.build();
  w.faults.push_back({at(20s), sim::NodeCrash{w.server(0, 0)}});
  w.faults.push_back({at(22s), sim::NodeStart{w.server(0, 0)}});
  w.run(40s);
  ASSERT_EQ(w.records<Switchover>().size(), 1u);
  EXPECT_EQ(w.records<Switchover>()[0].first, at(24s));
  EXPECT_EQ(w.simulation().holder(w.directory.sip_server[0]), w.server(0, 1));
}

TEST(SipServerHa, TakesOverFromASuccessorThatDiesBeforeItHasTakenOver) {
  ServerWorld w;
  w.build();
  w.faults.push_back({at(20s), sim::NodeCrash{w.server(0, 0)}});
  w.faults.push_back({at(22s), sim::NodeStart{w.server(0, 0)}});
  w.faults.push_back({at(23s), sim::NodeCrash{w.server(0, 1)}});
  w.run(40s);
  ASSERT_EQ(w.records<Switchover>().size(), 1u);
  EXPECT_EQ(w.records<Switchover>()[0].first, at(27s));
  EXPECT_EQ(w.simulation().holder(w.directory.sip_server[0]), w.server(0, 0));
}

TEST(SipServerHa, RemembersNothingWhenBothProcessesHaveDied) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 300s};
  w.calls.push_back({.at = at(1s)});
  w.build();
  w.faults.push_back({at(20s), sim::NodeCrash{w.server(0, 0)}});
  w.faults.push_back({at(21s), sim::NodeCrash{w.server(0, 1)}});
  w.faults.push_back({at(30s), sim::NodeStart{w.server(0, 1)}});
  w.faults.push_back({at(31s), sim::NodeStart{w.server(0, 0)}});
  w.run(60s);
  EXPECT_TRUE(w.records<Switchover>().empty());
  EXPECT_EQ(w.pair(0).call_count(), 0u);
  EXPECT_FALSE(w.pair(0).agent(AgentId{0}).logged_in());
  // The first one back is primary.
  EXPECT_EQ(w.simulation().holder(w.directory.sip_server[0]), w.server(0, 1));
}

TEST(SipServerHa, KeepsTheDesktopsLoginThroughAReconnection) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 1s};
  w.build();
  w.faults.push_back({at(20s), sim::NodeCrash{w.server(0, 0)}});
  w.desktops.push_back({at(25s), AgentId{0}, 0, tlib::Kind::register_address});
  w.desktops.push_back({at(26s), AgentId{0}, 0, tlib::Kind::agent_login});
  w.calls.push_back({.at = at(30s)});
  w.run(40s);
  const auto told = w.told(0, 0);
  ASSERT_EQ(told.size(), 4u);
  EXPECT_EQ(told[0].second.kind, tlib::Kind::registered);
  EXPECT_TRUE(told[0].second.flag);
  EXPECT_EQ(told[1].second.kind, tlib::Kind::agent_logged_in);
  EXPECT_FALSE(told[1].second.call.valid());
  EXPECT_EQ(told[2].second.kind, tlib::Kind::ringing);
  EXPECT_EQ(w.records<AgentLogin>().size(), 2u);  // those of the start
}

TEST(SipServerHa, JoinsCallerAndAgentIfThePrimaryDiesInBetween) {
  // The phone's 200 has come, the re-INVITE has not been answered yet: the gateway's 200 is lost
  // with the primary, so the new one asks again.
  ServerWorld w;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 60s};
  w.calls.push_back({.at = at(1s)});
  w.build();
  w.faults.push_back({at(2s + 3200us), sim::NodeCrash{w.server(0, 0)}});
  w.run(100s);
  EXPECT_EQ(w.records<Switchover>()[0].second.calls_kept, 1u);
  EXPECT_GE(requests_to(w, w.gateway(0), sip::Method::invite, at(6s)), 1);
  EXPECT_EQ(w.pair(0).call_count(), 0u);
}

TEST(SipServerHa, AcknowledgesAgainWhatThePrimaryCouldNotAndKeepsTheCall) {
  // The gateway has answered the re-INVITE of a primary that is dead by then, and repeats its 200:
  // the new primary knows the dialog, though not the transaction.
  ServerWorld w;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 60s};
  w.calls.push_back({.at = at(1s)});
  w.build();
  w.faults.push_back({at(2s + 3200us), sim::NodeCrash{w.server(0, 0)}});
  w.run(50s);
  EXPECT_EQ(requests_to(w, w.gateway(0), sip::Method::bye, at(0s)), 0);
  EXPECT_EQ(requests_to(w, w.phone(0), sip::Method::bye, at(0s)), 0);
  EXPECT_GE(requests_to(w, w.gateway(0), sip::Method::ack, at(6s)), 2);
  EXPECT_EQ(w.pair(0).call_count(), 1u);
}

TEST(SipServerHa, TakesNoNoticeOfThePeersOptionsWhileItIsBackup) {
  ServerWorld w;
  w.run(30s);
  for (const Heard& h : w.heard) {
    EXPECT_NE(h.to, w.server(0, 1));
    EXPECT_NE(h.from, w.server(0, 1));
  }
}

}  // namespace
}  // namespace bcsim::models::testing::sip_server_ha_test
