// Who gets a call, and when, at one site: the queue, default routing, Extensions (domain.md §2.2,
// §2.8).
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/models/sip_server_ladder.hpp"

namespace bcsim::models::testing::sip_server_routing_test {
namespace {

using namespace std::chrono_literals;

// ---- the discipline of the queue ----

TEST(SipServerCall, WaitsFirstComeFirstServedInsideAPriority) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 0s, .hang_up_after = 10s};
  w.calls.push_back({.at = at(1s), .after_call_work = 1s});
  w.calls.push_back({.at = at(2s), .after_call_work = 1s});
  w.calls.push_back({.at = at(3s), .after_call_work = 1s, .priority = 9});
  w.calls.push_back({.at = at(4s), .after_call_work = 1s});
  w.run(100s);
  std::vector<std::uint32_t> order;
  for (const auto& [when, r] : w.records<CallAnswered>()) order.push_back(r.call.value);
  EXPECT_EQ(order, (std::vector<std::uint32_t>{0, 2, 1, 3}));
}

TEST(SipServerCall, ComesBackAheadOfThoseWhoCameLater) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 100s};
  w.desktops.push_back({at(20s), AgentId{0}, 0, tlib::Kind::set_ready});
  w.calls.push_back({.at = at(1s)});
  w.calls.push_back({.at = at(2s)});
  w.run(25s);
  const auto routed = w.records<CallRouted>();
  ASSERT_EQ(routed.size(), 2u);
  EXPECT_EQ(routed[1].second.call, CallId{0});
  EXPECT_EQ(routed[1].first, at(20s + 500us));
}

TEST(SipServerCall, GoesToTheLongestIdleAgent) {
  ServerWorld w(3);
  for (const std::uint32_t i : {0u, 1u, 2u}) w.phones[i] = {.hang_up_after = 5s};
  for (const int second : {1, 2, 3, 40, 50, 60}) {
    w.calls.push_back({.at = at(std::chrono::seconds(second)), .after_call_work = 1s});
  }
  // The second agent pauses, and so becomes the one idle for the shortest time.
  w.desktops.push_back({at(20s), AgentId{1}, 0, tlib::Kind::set_not_ready});
  w.desktops.push_back({at(21s), AgentId{1}, 0, tlib::Kind::set_ready});
  w.run(100s);
  std::vector<std::uint32_t> order;
  for (const auto& [when, r] : w.records<CallAnswered>()) order.push_back(r.agent.value);
  EXPECT_EQ(order, (std::vector<std::uint32_t>{0, 1, 2, 0, 2, 1}));
}

// ---- default routing ----

TEST(SipServerCall, IsDefaultRoutedBy302WhenTheQueueIsFull) {
  ServerWorld w(0);
  w.scenario.queues[0].limit = 2;
  for (const int second : {1, 2, 3}) w.calls.push_back({.at = at(std::chrono::seconds(second))});
  w.run(20s);
  const auto sent = w.records<CallDefaultRouted>();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].second.call, CallId{2});
  EXPECT_EQ(sent[0].second.cause, CallDefaultRouted::Cause::queue_full);
  EXPECT_EQ(w.pair(0).waiting_count(0), 2u);
  const auto lines = ladder(w);
  EXPECT_NE(std::find(lines.begin(), lines.end(), "SS->MG 302 INVITE"), lines.end());
}

TEST(SipServerCall, IsTakenInAFullQueueIfAnAgentIsFree) {
  ServerWorld w;
  w.scenario.queues[0].limit = 0;
  w.phones[0] = {.answer_after = 1s};
  w.calls.push_back({.at = at(1s)});
  w.calls.push_back({.at = at(5s)});
  w.run(20s);
  EXPECT_EQ(w.records<CallAnswered>().size(), 1u);
  EXPECT_EQ(w.records<CallDefaultRouted>().size(), 1u);
}

TEST(SipServerCall, IsTransferredAwayAfterItsMaximumWait) {
  ServerWorld w;
  w.scenario.queues[0].maximum_wait = 30s;
  w.phones[0] = {.answer_after = 1s};
  w.calls.push_back({.at = at(1s)});
  w.calls.push_back({.at = at(2s)});
  w.run(60s);
  const auto sent = w.records<CallDefaultRouted>();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].first, at(32s + 500us));
  EXPECT_EQ(sent[0].second.cause, CallDefaultRouted::Cause::waited_too_long);
  bool transferred = false;
  for (const Heard& h : w.heard) {
    const auto* r = std::get_if<sip::Request>(&h.message);
    transferred |= r != nullptr && r->method == sip::Method::bye && h.to == w.gateway(0) &&
                   r->bc_hop && r->call == CallId{1};
  }
  EXPECT_TRUE(transferred);
}

TEST(SipServerCall, SaysThatNobodyWasLoggedIn) {
  ServerWorld w(0);
  w.scenario.queues[0].maximum_wait = 30s;
  w.calls.push_back({.at = at(1s)});
  w.run(60s);
  ASSERT_EQ(w.records<CallDefaultRouted>().size(), 1u);
  EXPECT_EQ(w.records<CallDefaultRouted>()[0].second.cause,
            CallDefaultRouted::Cause::no_agent_logged_in);
}

TEST(SipServerCall, RingsOnThroughItsMaximumWaitAndIsSentAwayIfThatWasInVain) {
  ServerWorld w;
  w.scenario.queues[0].maximum_wait = 5s;
  w.phones[0] = {.answer_after = 100s};
  w.calls.push_back({.at = at(1s)});
  w.run(60s);
  const auto sent = w.records<CallDefaultRouted>();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].first, w.records<CallReturned>()[0].first);
}

// ---- calls to an Extension (§2.2) ----

TEST(SipServerCall, ToAnExtensionRingsWhereTheAgentIsLoggedIn) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 5s};
  w.calls.push_back({.at = at(1s), .dn = Dn::extension(AgentId{0})});
  w.run(30s);
  ASSERT_EQ(w.records<CallAnswered>().size(), 1u);
  EXPECT_EQ(w.records<CallAnswered>()[0].second.monitored, 1u);
  EXPECT_EQ(w.pair(0).call_count(), 0u);
}

/// What decides about a call to an Extension (domain.md §2.2).
struct ForwardCase {
  DrForward option = DrForward::off;
  bool single = false, bc_hop = false, registered = false, logged_in = false;
};

enum class Delivery { rings_here, forwarded, unavailable };

/// The decision table, row by row.
Delivery table(const ForwardCase& c) {
  const Delivery here = c.registered ? Delivery::rings_here : Delivery::unavailable;
  if (c.single || c.option == DrForward::off) return here;
  if (c.option == DrForward::no_agent) {
    return c.logged_in || c.bc_hop ? here : Delivery::forwarded;
  }
  return c.registered || c.bc_hop ? here : Delivery::forwarded;
}

/// A call to an agent through site 1, who is logged in there or at site 2; his phone is registered
/// at both, or only at site 2.
ServerWorld direct_call(const ForwardCase& c, bool by_302) {
  ServerWorld w;
  SipServerOptions& server = w.scenario.sites[0].sip_server;
  server.dr_forward = c.option;
  server.dr_peer_trunk = !c.single;
  server.dr_oosp_transfer_enabled = by_302;
  const std::uint32_t callee = c.logged_in ? 0 : 1;
  if (!c.registered) w.scenario.agents[callee].phone.registration = RegistrationMode::single;
  w.phones[callee] = {.answer_after = 100s};
  w.calls.push_back({.at = at(1s), .dn = Dn::extension(AgentId{callee}), .bc_hop = c.bc_hop});
  w.scenario.agents[callee].phone.preferred_site = SiteIndex{1};
  return w;
}

/// Responses to the gateway but 100.
std::vector<std::uint16_t> gateway_heard(const ServerWorld& w) {
  std::vector<std::uint16_t> heard;
  for (const Heard& h : w.heard) {
    const auto* r = std::get_if<sip::Response>(&h.message);
    if (r != nullptr && h.to == w.gateway(0) && r->status != 100) heard.push_back(r->status);
  }
  return heard;
}

TEST(SipServerForward, FollowsEveryRowOfTheDecisionTable) {  // R36, R39, C21
  for (int i = 0; i < 3 * 32; ++i) {
    const ForwardCase c{static_cast<DrForward>(i / 32), (i & 1) != 0, (i & 2) != 0, (i & 4) != 0,
                        (i & 8) != 0};
    const bool by_302 = (i & 16) != 0;
    ServerWorld w = direct_call(c, by_302);
    w.run(5s);
    const Delivery expected = table(c);
    SCOPED_TRACE(i);
    const bool forwarded = expected == Delivery::forwarded;
    const std::vector<std::uint16_t> heard = gateway_heard(w);
    ASSERT_EQ(heard.size(), 1u);
    EXPECT_EQ(heard[0], expected == Delivery::unavailable ? 480 : forwarded && by_302 ? 302 : 180);
    const auto forwards = w.records<BcForward>();
    ASSERT_EQ(forwards.size(), forwarded ? 1u : 0u);
    if (forwarded) {
      EXPECT_EQ(forwards[0].second.by_302, by_302 ? 1u : 0u);
    }
    // Who rings says through whom: the trunk keeps the first server in the path.
    for (const auto& [when, routed] : w.records<CallRouted>()) {
      EXPECT_EQ(routed.site, forwarded ? 1u : 0u);
      EXPECT_EQ(routed.path, forwarded ? 3u : 1u);
    }
  }
}

TEST(SipServerForward, SendsTheGatewayToTheServerOfThePeer) {
  ServerWorld w = direct_call({.option = DrForward::no_agent, .registered = true}, true);
  w.run(5s);
  for (const Heard& h : w.heard) {
    const auto* r = std::get_if<sip::Response>(&h.message);
    if (r != nullptr && r->status == 302) {
      EXPECT_EQ(r->contact, w.directory.sip_server[1]);
    }
  }
  EXPECT_EQ(w.pair(0).call_count(), 0u);
}

TEST(SipServerForward, GoesByTheOptionOfTheDnBeforeThatOfTheApplication) {
  for (const bool on_dn : {true, false}) {
    ServerWorld w = direct_call({.option = on_dn ? DrForward::off : DrForward::no_agent}, true);
    w.scenario.agents[1].dr_forward = on_dn ? DrForward::no_agent : DrForward::off;
    w.run(5s);
    EXPECT_EQ(w.records<BcForward>().size(), on_dn ? 1u : 0u);
  }
}

TEST(SipServerForward, OverTheTrunkSpeaksAndEndsThroughBothServers) {
  ServerWorld w = direct_call({.option = DrForward::no_agent, .registered = true}, false);
  w.phones[1] = {.answer_after = 2s, .hang_up_after = 10s};
  w.run(60s);
  const auto answered = w.records<CallAnswered>();
  ASSERT_EQ(answered.size(), 1u);
  EXPECT_EQ(answered[0].second.site, 1u);
  EXPECT_EQ(answered[0].second.path, 3u);
  EXPECT_EQ(answered[0].second.monitored, 1u);
  EXPECT_EQ(w.pair(0).call_count() + w.pair(1).call_count(), 0u);
  EXPECT_EQ(w.pair(1).agent(AgentId{1}).state(), AgentState::ready);
}

TEST(SipServerForward, OverTheTrunkIsLeftAloneWhenTheTrunkGoesOutOfService) {  // R36
  ServerWorld w = direct_call({.option = DrForward::no_agent, .registered = true}, false);
  w.scenario.first_trunk_probe[0] = 2s;
  w.phones[1] = {.answer_after = 20s, .hang_up_after = 30s};
  w.build();
  for (const sim::LinkId link : {w.dc_link, sim::opposite(w.dc_link)}) {
    w.faults.push_back({at(1500ms), sim::LinkCut{link}});
    w.faults.push_back({at(15s), sim::LinkHeal{link}});
  }
  w.run(60s);
  EXPECT_EQ(w.records<CallAnswered>().size(), 1u);
}

TEST(SipServerForward, OverTheTrunkTakesAHuntGroupsCallToItsPreferredSite) {  // C31
  ServerWorld w;
  HuntGroupOptions group;
  group.members = {0, 1};
  group.preferred_site = {w.scenario.sites[1].sip_server.name = "second", "second"};
  w.scenario.queues[0].hunt_group = group;
  w.scenario.sites[0].sip_server.dr_oosp_transfer_enabled = false;
  w.scenario.sites[0].sip_server.dr_forward = DrForward::off;
  w.phones[1] = {.answer_after = 1s, .hang_up_after = 10s};
  w.phones[0] = {.answer_after = 100s};
  w.calls.push_back({.at = at(1s)});
  w.run(60s);
  EXPECT_EQ(w.records<HuntRedirect>().size(), 1u);
  const auto answered = w.records<CallAnswered>();
  ASSERT_EQ(answered.size(), 1u);
  EXPECT_EQ(answered[0].second.site, 1u);
  EXPECT_EQ(answered[0].second.path, 3u);
  EXPECT_EQ(w.pair(0).call_count() + w.pair(1).call_count(), 0u);
  EXPECT_EQ(w.pair(0).waiting_count(0) + w.pair(1).waiting_count(0), 0u);
}

TEST(SipServerCall, ToAnExtensionIsRefusedWhileItsAgentSpeaks) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 100s};
  for (const int i : {1, 5}) {
    w.calls.push_back({.at = at(std::chrono::seconds(i)), .dn = Dn::extension(AgentId{0})});
  }
  w.run(10s);
  EXPECT_EQ(gateway_heard(w), (std::vector<std::uint16_t>{180, 200, 486}));
}

/// The number of an agent is called at 1 s; he never answers, the caller gives up at 41 s.
ServerWorld unanswered(std::optional<std::string> overflow, AfterRoutingAction action) {
  ServerWorld w;
  w.scenario.sites[0].sip_server.agent_no_answer_overflow = std::move(overflow);
  w.scenario.sites[0].sip_server.agent_no_answer_action = action;
  w.phones[0] = {.answer_after = 100s};
  w.calls.push_back({.at = at(1s), .dn = Dn::extension(AgentId{0}), .hang_up = at(41s)});
  return w;
}

TEST(SipServerCall, ToAnExtensionRingsOnOrEndsOrOverflowsWhenItIsNotAnswered) {  // D24
  struct Case {
    std::optional<std::string> overflow;
    std::vector<std::uint16_t> heard;
    SimTime over;
  };
  const auto timeout = at(16s + 500us);  // agent-no-answer-timeout
  for (const Case& c :
       {Case{{}, {180, 200, 487}, at(41s + 500us)}, Case{"release", {180, 480}, timeout},
        Case{"voicemail", {180, 302}, timeout}}) {
    for (const auto& [action, state] :
         {std::pair{AfterRoutingAction::none, AgentState::ready},
          std::pair{AfterRoutingAction::not_ready, AgentState::not_ready},
          std::pair{AfterRoutingAction::logout, AgentState::logged_out}}) {
      ServerWorld w = unanswered(c.overflow, action);
      w.run(60s);
      EXPECT_EQ(gateway_heard(w), c.heard);
      EXPECT_EQ(w.pair(0).agent(AgentId{0}).state(), state);
      ASSERT_EQ(w.records<AgentStateChanged>().back().second.agent, AgentId{0});
      EXPECT_EQ(w.records<AgentStateChanged>().back().first, c.over);
      const auto away = w.records<CallDefaultRouted>();
      ASSERT_EQ(away.size(), c.overflow == "voicemail" ? 1u : 0u);
      if (!away.empty()) {
        EXPECT_EQ(away[0].second.cause, CallDefaultRouted::Cause::no_answer);
      }
    }
  }
}

TEST(SipServerCall, ToAnExtensionLeavesAnAgentAloneWhoseCallerGivesUpInTime) {  // D24
  ServerWorld w = unanswered({}, AfterRoutingAction::logout);
  w.calls[0].hang_up = at(15s);
  w.run(60s);
  EXPECT_EQ(w.pair(0).agent(AgentId{0}).state(), AgentState::ready);
}

TEST(SipServerCall, ToAnExtensionIsNotWatchedWithoutATimeout) {
  ServerWorld w = unanswered("release", AfterRoutingAction::logout);
  w.scenario.sites[0].sip_server.agent_no_answer_timeout = 0s;
  w.run(60s);
  EXPECT_EQ(gateway_heard(w), (std::vector<std::uint16_t>{180, 200, 487}));
  EXPECT_EQ(w.pair(0).agent(AgentId{0}).state(), AgentState::ready);
}

TEST(SipServerCall, ToAnExtensionBreaksOffAfterCallWork) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 2s};
  w.calls.push_back({.at = at(1s), .after_call_work = 60s});
  w.calls.push_back({.at = at(10s), .dn = Dn::extension(AgentId{0}), .after_call_work = 0s});
  w.run(20s);
  EXPECT_EQ(w.records<CallAnswered>().size(), 2u);
  EXPECT_EQ(w.pair(0).agent(AgentId{0}).state(), AgentState::ready);
}

}  // namespace
}  // namespace bcsim::models::testing::sip_server_routing_test
