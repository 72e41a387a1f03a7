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

struct ForwardCase {
  DrForward option;
  bool single;
  bool bc_hop;
  bool registered;
  std::uint16_t status;  ///< what the gateway hears: 302 forwarded, 180 rings here, 480 nobody
};

class SipServerForward : public ::testing::TestWithParam<ForwardCase> {};

TEST_P(SipServerForward, FollowsTheTableForAnAgentWhoIsNotLoggedInHere) {
  // Agent 1 prefers site 2; his phone is registered at both, or only there.
  const ForwardCase c = GetParam();
  ServerWorld w;
  w.scenario.sites[0].sip_server.dr_forward = c.option;
  w.scenario.sites[0].sip_server.dr_peer_trunk = !c.single;
  if (!c.registered) w.scenario.agents[1].phone.registration = RegistrationMode::single;
  w.phones[1] = {.answer_after = 100s};
  w.calls.push_back({.at = at(1s), .dn = Dn::extension(AgentId{1}), .bc_hop = c.bc_hop});
  w.run(5s);
  std::uint16_t heard = 0;
  for (const Heard& h : w.heard) {
    const auto* r = std::get_if<sip::Response>(&h.message);
    if (r == nullptr || h.to != w.gateway(0) || r->status == 100) continue;
    heard = r->status;
    if (r->status == 302) {
      EXPECT_EQ(r->contact, w.directory.sip_server[1]);
    }
  }
  EXPECT_EQ(heard, c.status);
  EXPECT_EQ(w.records<BcForward>().size(), c.status == 302 ? 1u : 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Table, SipServerForward,
    ::testing::Values(ForwardCase{DrForward::off, false, false, true, 180},
                      ForwardCase{DrForward::off, false, false, false, 480},
                      ForwardCase{DrForward::no_agent, true, false, true, 180},
                      ForwardCase{DrForward::no_agent, true, false, false, 480},
                      ForwardCase{DrForward::no_agent, false, false, true, 302},
                      ForwardCase{DrForward::no_agent, false, false, false, 302},
                      ForwardCase{DrForward::no_agent, false, true, true, 180},
                      ForwardCase{DrForward::no_agent, false, true, false, 480},
                      ForwardCase{DrForward::oos, false, false, true, 180},
                      ForwardCase{DrForward::oos, false, false, false, 302},
                      ForwardCase{DrForward::oos, false, true, false, 480}));

}  // namespace
}  // namespace bcsim::models::testing::sip_server_routing_test
