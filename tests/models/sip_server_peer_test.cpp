// The inter-site trunk and the mode that follows from it (R35, R40–R43, R47; domain.md §5.4,
// §5.11), and calls between the sites.
#include <gtest/gtest.h>
#include <set>

#include <algorithm>
#include <vector>

#include "tests/models/sip_server_world.hpp"
#include "tests/support/goodness_of_fit.hpp"

namespace bcsim::models::testing::sip_server_peer_test {
namespace {

using namespace std::chrono_literals;
using bcsim::testing::ks_test;

void fail_site(ServerWorld& w, SiteIndex site, Duration when) {
  for (const int process : {0, 1}) {
    w.faults.push_back({at(when), sim::HostDown{w.host(w.server(site, process))}});
  }
  w.faults.push_back({at(when), sim::HostDown{w.host(w.media_server(site))}});
}

void restore_site(ServerWorld& w, SiteIndex site, Duration when) {
  for (const int process : {0, 1}) {
    w.faults.push_back({at(when), sim::HostUp{w.host(w.server(site, process))}});
    w.faults.push_back({at(when), sim::NodeStart{w.server(site, process)}});
  }
  w.faults.push_back({at(when), sim::HostUp{w.host(w.media_server(site))}});
  w.faults.push_back({at(when), sim::NodeStart{w.media_server(site)}});
}

void cut(ServerWorld& w, Duration from, std::optional<Duration> until = std::nullopt) {
  for (const sim::LinkId link : {w.dc_link, sim::opposite(w.dc_link)}) {
    w.faults.push_back({at(from), sim::LinkCut{link}});
    if (until) w.faults.push_back({at(*until), sim::LinkHeal{link}});
  }
}

std::vector<std::pair<SimTime, ServerMode>> modes(const ServerWorld& w, SiteIndex site) {
  std::vector<std::pair<SimTime, ServerMode>> out;
  for (const auto& [when, r] : w.records<ServerModeChanged>()) {
    if (r.site == site && when > sim::kStart) out.emplace_back(when, r.mode);
  }
  return out;
}

TEST(SipServerPeer, ServesAloneFromTheNinthSecondOfTheGoldenRun) {
  // domain.md §5.11, run A: OPTIONS at 4.000, copies at 4.5, 5.5, 7.5, out of service at 9.000.
  ServerWorld w;
  w.scenario.first_trunk_probe[1] = 4s;
  w.build();
  fail_site(w, 0, 0s);
  w.run(20s);
  const auto probes = w.records<PeerProbe>();
  ASSERT_GE(probes.size(), 1u);
  EXPECT_EQ(probes[0].first, at(4s));
  const auto changed = modes(w, 1);
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0], std::pair(at(9s), ServerMode::single));
  const auto trunk = w.records<PeerTrunk>();
  EXPECT_EQ(trunk.back().first, at(9s));
  EXPECT_EQ(trunk.back().second.in_service, 0u);
}

TEST(SipServerPeer, StaysInBcModeAsLongAsItIsAnswered) {
  ServerWorld w;
  w.run(300s);
  EXPECT_TRUE(modes(w, 0).empty());
  EXPECT_TRUE(modes(w, 1).empty());
  EXPECT_EQ(w.records<PeerProbe>().size(), 60u);
}

TEST(SipServerPeer, GoesAloneOnBothSidesOfAPartitionAndComesBack) {
  ServerWorld w;
  w.scenario.first_trunk_probe[0] = 3s;
  w.scenario.first_trunk_probe[1] = 8s;
  w.build();
  cut(w, 1s, 60s);
  w.run(100s);
  const auto first = modes(w, 0), second = modes(w, 1);
  ASSERT_EQ(first.size(), 2u);
  ASSERT_EQ(second.size(), 2u);
  EXPECT_EQ(first[0], std::pair(at(8s), ServerMode::single));
  EXPECT_EQ(second[0], std::pair(at(13s), ServerMode::single));
  EXPECT_EQ(first[1], std::pair(at(63s + 40ms), ServerMode::bc));
  // The OPTIONS of 58 s has copies at 58.5, 59.5 and 61.5 s, and the last one gets through.
  EXPECT_EQ(second[1], std::pair(at(61s + 540ms), ServerMode::bc));
}

TEST(SipServerPeer, IsAloneForEverWithoutTheOption) {
  ServerWorld w;
  w.scenario.sites[0].sip_server.dr_peer_trunk = false;
  w.run(60s);
  EXPECT_EQ(w.pair(0).mode(), ServerMode::single);
  for (const auto& [when, r] : w.records<PeerProbe>()) EXPECT_EQ(r.site, 1u);
}

TEST(SipServerPeer, NoticesALostSiteAfterAUniformTimePlusOosForce) {
  std::vector<double> times;
  for (std::uint32_t replication = 0; replication < 1000; ++replication) {
    ServerWorld w(0);
    w.replication = replication;
    w.keep_deliveries = false;
    w.scenario.first_trunk_probe[0] = w.scenario.first_trunk_probe[1] = std::nullopt;
    w.build();
    fail_site(w, 0, 0s);
    w.run(16s);
    const auto changed = modes(w, 1);
    ASSERT_EQ(changed.size(), 1u);
    times.push_back(sim::seconds(changed[0].first));
    EXPECT_GT(times.back(), 5);
    EXPECT_LT(times.back(), 15);
  }
  EXPECT_GT(ks_test(times, [](double t) { return std::clamp((t - 5) / 10, 0.0, 1.0); }), 0.01);
}

TEST(SipServerPeer, MissesAShortCutWithTheProbabilityOfTheClosedForm) {
  // P(declared) = clamp((δ − r_last)/c, 0, 1) with r_last = 3.5 s, c = 10 s (domain.md §5.4). A
  // probe's copy counts as lost if the link is cut when it is sent or before it has arrived.
  for (const Duration outage : {3s, 4s, 10s, 14s}) {
    int declared = 0;
    constexpr int kPhases = 200;  // the phase of the probe, evenly over its period
    for (int i = 0; i < kPhases; ++i) {
      ServerWorld w(0);
      w.keep_deliveries = false;
      w.scenario.first_trunk_probe[1] = Duration(10s) * (2 * i + 1) / (2 * kPhases);
      w.build();
      cut(w, 20s, 20s + outage);
      w.run(60s);
      declared += !modes(w, 1).empty();
    }
    const double expected = std::clamp((sim::seconds(outage) - 3.5) / 10, 0.0, 1.0);
    EXPECT_NEAR(declared / double{kPhases}, expected, 0.011) << sim::seconds(outage);
  }
}

TEST(SipServerPeer, AnswersOptionsAtOnce) {
  ServerWorld w(0);
  w.scenario.first_trunk_probe[0] = 2s;
  w.run(3s);
  bool answered = false;
  for (const Heard& h : w.heard) {
    const auto* r = std::get_if<sip::Response>(&h.message);
    answered |= r != nullptr && r->method == sip::Method::options && r->status == 200 &&
                h.to == w.server(0, 0) && h.at == at(2s + 40ms);
  }
  EXPECT_TRUE(answered);
}

TEST(SipServerPeer, StartsEmptyAndComesToBcModeByItsFirstProbeWhenTheSiteIsBack) {
  ServerWorld w;
  w.build();
  fail_site(w, 0, 20s);
  restore_site(w, 0, 100s);
  w.run(140s);
  const auto changed = modes(w, 0);
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].second, ServerMode::bc);
  EXPECT_GT(changed[0].first, at(100s));
  EXPECT_LT(changed[0].first, at(110s + 41ms));
  EXPECT_FALSE(w.pair(0).agent(AgentId{0}).logged_in());
  EXPECT_FALSE(w.pair(0).in_service(AgentId{0}, at(140s)));
  EXPECT_EQ(modes(w, 1).back().second, ServerMode::bc);
}

TEST(SipServerPeer, StartsAloneIfItsFirstProbeIsNotAnswered) {
  ServerWorld w(0, StartMode::cold);
  w.scenario.first_trunk_probe[0] = 2s;
  w.build();
  fail_site(w, 1, 0s);
  w.run(20s);
  const auto changed = modes(w, 0);
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0], std::pair(at(7s), ServerMode::single));
}

// ---- routing over both sites (§2.8) ----

ServerWorld both_sites(std::uint32_t agents_per_site) {
  ServerWorld w(agents_per_site);
  w.scenario.queues[0].routing_scope = RoutingScope::both_sites;
  return w;
}

TEST(SipServerPeer, RoutesToTheLongestIdleOfBothSites) {
  ServerWorld w = both_sites(1);
  for (const std::uint32_t i : {0u, 1u}) w.phones[i] = {.answer_after = 1s, .hang_up_after = 20s};
  // Agent 0 has just become ready: agent 1, at the other site, has been idle for longer.
  w.desktops.push_back({at(1s), AgentId{0}, 0, tlib::Kind::set_not_ready});
  w.desktops.push_back({at(2s), AgentId{0}, 0, tlib::Kind::set_ready});
  w.calls.push_back({.at = at(5s)});
  w.run(60s);
  const auto routed = w.records<CallRouted>();
  ASSERT_EQ(routed.size(), 1u);
  EXPECT_EQ(routed[0].second.agent, AgentId{1});
  EXPECT_EQ(routed[0].second.site, 1u);
  EXPECT_EQ(routed[0].second.path, path_of(0) | path_of(1));
  const auto answered = w.records<CallAnswered>();
  ASSERT_EQ(answered.size(), 1u);
  EXPECT_EQ(answered[0].second.agent, AgentId{1});
  EXPECT_EQ(answered[0].second.site, 1u);
  EXPECT_EQ(answered[0].second.path, 3u);
  EXPECT_EQ(answered[0].second.monitored, 1u);
  // The caller's gateway hears of the whole path, and is joined with the phone itself.
  bool told = false;
  for (const Heard& h : w.heard) {
    const auto* r = std::get_if<sip::Request>(&h.message);
    told |= r != nullptr && r->method == sip::Method::invite && h.to == w.gateway(0) &&
            r->path == 3 && r->media == w.phone(1);
  }
  EXPECT_TRUE(told);
  EXPECT_EQ(w.pair(0).call_count(), 0u);
  EXPECT_EQ(w.pair(1).call_count(), 0u);
  EXPECT_EQ(w.pair(1).agent(AgentId{1}).state(), AgentState::ready);
}

TEST(SipServerPeer, TakesAWaitingCallOfTheOtherSiteWhenItsAgentBecomesReady) {
  ServerWorld w = both_sites(1);
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 100s};
  w.phones[1] = {.answer_after = 1s, .hang_up_after = 10s};
  for (const int i : {1, 2, 3}) w.calls.push_back({.at = at(std::chrono::seconds(i))});
  w.run(60s);
  const auto answered = w.records<CallAnswered>();
  ASSERT_EQ(answered.size(), 3u);
  EXPECT_EQ(answered[2].second.call, CallId{2});
  EXPECT_EQ(answered[2].second.agent, AgentId{1});
}

/// Over both sites, too, the higher priority comes first, and inside it who came first.
TEST(SipServerPeer, GivesWhoGetsFreeTheCallThatComesFirstAtWhicheverSiteItWaits) {
  for (const bool other_site : {false, true}) {
    for (const std::uint8_t priority : {0, 7}) {
      ServerWorld w = both_sites(0);
      w.scenario.agents[0].count = 1;
      w.phones[0] = {.answer_after = 1s, .hang_up_after = 20s};
      const SiteIndex there = other_site ? 1 : 0, here = peer_of(there);
      w.calls.push_back({.at = at(1s)});  // takes agent 0
      w.calls.push_back({.at = at(5s), .site = there});
      w.calls.push_back({.at = at(6s), .site = here});
      w.calls.push_back({.at = at(7s), .site = here, .priority = priority});
      w.run(120s);
      const auto answered = w.records<CallAnswered>();
      ASSERT_EQ(answered.size(), 4u);
      std::vector<std::uint32_t> order;
      for (const auto& [t, a] : answered) order.push_back(a.call.value);
      EXPECT_EQ(order, priority > 0 ? (std::vector<std::uint32_t>{0, 3, 1, 2})
                                    : (std::vector<std::uint32_t>{0, 1, 2, 3}));
    }
  }
}

/// Who get free together ask one by one: of each call, not of the best that waited only.
TEST(SipServerPeer, GivesThoseWhoGetFreeTogetherTheCallsThatComeFirst) {
  ServerWorld w = both_sites(0);
  w.scenario.agents[0].count = 3;
  for (const std::uint32_t i : {0u, 1u, 2u}) {
    w.phones[i] = {.answer_after = 1s, .hang_up_after = 300s};
    w.desktops.push_back({at(1s), AgentId{i}, 0, tlib::Kind::set_not_ready});
    w.desktops.push_back({at(60s), AgentId{i}, 0, tlib::Kind::set_ready});
  }
  w.calls.push_back({.at = at(10s), .site = 0, .priority = 9});
  w.calls.push_back({.at = at(11s), .site = 0});
  w.calls.push_back({.at = at(12s), .site = 0});
  w.calls.push_back({.at = at(20s), .site = 1, .priority = 9});
  w.calls.push_back({.at = at(21s), .site = 1, .priority = 9});
  w.run(100s);
  std::set<std::uint32_t> answered;
  for (const auto& [t, a] : w.records<CallAnswered>()) answered.insert(a.call.value);
  EXPECT_EQ(answered, (std::set<std::uint32_t>{0, 3, 4}));
}

TEST(StatesTold, AreMissedOnlyIfOneNeverCame) {
  for (const bool shuffled : {false, true}) {
    for (const std::uint32_t lost : {0u, 1u, 4u, 7u, 10u}) {
      StatesTold states;
      std::vector<std::uint32_t> numbers = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
      if (shuffled) std::swap(numbers[4], numbers[5]);  // the fifth comes after the word of it
      bool complete = true;
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (numbers[i] != lost) states.heard(numbers[i]);
        if (i == 4) complete = states.told(5) && complete;
      }
      complete = states.told(10) && complete;
      complete = states.told(10) && complete;
      EXPECT_EQ(complete, lost == 0) << lost << shuffled;
      if (lost == 0) continue;
      EXPECT_FALSE(states.told(10)) << "until all is told again";
      states.begin(10);
      EXPECT_TRUE(states.told(10));
      states.heard(11);
      EXPECT_TRUE(states.told(11) && states.told(11));
    }
  }
}

TEST(SipServerPeer, TakesTheCallThatWaitsHereIfThePeerDoesNotAnswer) {
  ServerWorld w = both_sites(1);
  w.scenario.first_trunk_probe[0] = 9s;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 10s};
  w.phones[1] = {.answer_after = 1s, .hang_up_after = 300s};
  w.build();
  cut(w, 11s, 30s);
  w.calls.push_back({.at = at(1s)});
  w.calls.push_back({.at = at(2s)});
  w.calls.push_back({.at = at(3s)});  // waits; agent 0 is ready at 22 s, and asks in vain
  w.run(60s);
  const auto answered = w.records<CallAnswered>();
  ASSERT_EQ(answered.size(), 3u);
  EXPECT_EQ(answered[2].second.agent, AgentId{0});
  EXPECT_GE(answered[2].first, at(22s) + AgentService::kPeerAnswers + 1s);
  EXPECT_LT(answered[2].first, at(22s) + AgentService::kPeerAnswers + 1500ms);
}

TEST(SipServerPeer, WaitsAgainAtTheFrontWhenThePeersAgentHasJustBeenTaken) {
  ServerWorld w = both_sites(1);
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 100s};
  w.phones[1] = {.answer_after = 1s, .hang_up_after = 10s};
  w.calls.push_back({.at = at(1s)});             // takes agent 0
  w.calls.push_back({.at = at(5s), .site = 0});  // both servers choose agent 1 at once
  w.calls.push_back({.at = at(5s), .site = 1});
  w.run(60s);
  const auto returned = w.records<CallReturned>();
  ASSERT_EQ(returned.size(), 1u);
  EXPECT_EQ(returned[0].second.call, CallId{1});
  EXPECT_EQ(returned[0].second.status, 486u);
  EXPECT_EQ(w.records<CallAnswered>().size(), 3u);
}

TEST(SipServerPeer, AppliesTheNoAnswerActionWhereTheAgentIs) {
  ServerWorld w = both_sites(1);
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 300s};
  w.phones[1] = {.answer_after = 300s};
  w.calls.push_back({.at = at(1s)});
  w.calls.push_back({.at = at(2s)});
  w.run(30s);
  EXPECT_EQ(w.pair(1).agent(AgentId{1}).state(), AgentState::not_ready);
  const auto returned = w.records<CallReturned>();
  ASSERT_EQ(returned.size(), 1u);
  EXPECT_EQ(returned[0].second.site, 1u);
  EXPECT_EQ(w.pair(0).waiting_count(0), 1u);
  EXPECT_EQ(w.pair(1).call_count(), 0u);
}

/// The limit is of the site that routes, the action of the site where the agent is (D24, §2.8).
TEST(SipServerPeer, RingsThePeersAgentForAsLongAsTheSiteThatRoutesSays) {
  for (const auto& [mine, peers] : {std::pair{5s, 20s}, {20s, 5s}, {5s, 5s}, {5s, 6s}}) {
    ServerWorld w = both_sites(1);
    w.scenario.sites[0].sip_server.after_routing_timeout = mine;
    w.scenario.sites[1].sip_server.after_routing_timeout = peers;
    w.phones[0] = {.answer_after = 1s, .hang_up_after = 300s};
    w.phones[1] = {.answer_after = 300s};
    w.calls.push_back({.at = at(1s)});
    w.calls.push_back({.at = at(2s)});
    w.run(30s);
    const auto returned = w.records<CallReturned>();
    ASSERT_EQ(returned.size(), 1u);
    EXPECT_EQ(returned[0].second.site, 1u);
    EXPECT_GE(returned[0].first, at(2s) + mine);
    EXPECT_LT(returned[0].first, at(2s) + mine + 500ms);
    EXPECT_EQ(w.pair(1).agent(AgentId{1}).state(), AgentState::not_ready);
    EXPECT_EQ(w.pair(0).waiting_count(0), 1u);
    EXPECT_EQ(w.pair(1).call_count(), 0u);
  }
}

TEST(SipServerPeer, RoutesToNobodyElsewhereInSingleSiteMode) {
  ServerWorld w = both_sites(1);
  w.scenario.first_trunk_probe[0] = 2s;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 300s};
  w.build();
  cut(w, 1s);
  w.calls.push_back({.at = at(20s)});
  w.calls.push_back({.at = at(21s)});
  w.run(60s);
  const auto routed = w.records<CallRouted>();
  ASSERT_EQ(routed.size(), 1u);  // R43
  EXPECT_EQ(routed[0].second.agent, AgentId{0});
}

TEST(SipServerPeer, GivesUpThePeersAgentWhenTheTrunkFailsWhileHeIsBeingRung) {
  ServerWorld w = both_sites(1);
  w.scenario.first_trunk_probe[0] = 4s;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 300s};
  w.phones[1] = {.answer_after = 100s};
  w.build();
  cut(w, 3s);
  w.calls.push_back({.at = at(1s)});
  w.calls.push_back({.at = at(2s)});  // rings agent 1 through the trunk
  w.run(10s);
  const auto returned = w.records<CallReturned>();
  ASSERT_EQ(returned.size(), 1u);
  EXPECT_EQ(returned[0].first, at(9s));
  EXPECT_EQ(w.pair(0).waiting_count(0), 1u);
}

TEST(SipServerPeer, KnowsThePeersAgentsAgainWhenBcModeReturns) {
  ServerWorld w = both_sites(1);
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 300s};
  w.phones[1] = {.answer_after = 1s, .hang_up_after = 300s};
  w.build();
  cut(w, 11s, 40s);
  w.calls.push_back({.at = at(60s)});
  w.calls.push_back({.at = at(61s)});
  w.run(100s);
  EXPECT_EQ(w.records<CallAnswered>().size(), 2u);
}

TEST(SipServerPeer, KnowsTheAgentsOfAPeerThatCameBack) {
  // Site 2 fails and returns; its agent logs in again; site 1 never restarted.
  ServerWorld w = both_sites(1);
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 300s};
  w.phones[1] = {.answer_after = 1s, .hang_up_after = 300s};
  w.build();
  fail_site(w, 1, 20s);
  restore_site(w, 1, 60s);
  w.registers.push_back({at(80s), 1, 1, 3600});
  // The first word meets a reset, which tells the desktop to connect anew.
  w.desktops.push_back({at(85s), AgentId{1}, 1, tlib::Kind::register_address});
  w.desktops.push_back({at(90s), AgentId{1}, 1, tlib::Kind::agent_login});
  w.desktops.push_back({at(91s), AgentId{1}, 1, tlib::Kind::set_ready});
  w.calls.push_back({.at = at(100s)});
  w.calls.push_back({.at = at(101s)});
  w.run(120s);
  EXPECT_EQ(w.records<CallAnswered>().size(), 2u);
}

TEST(SipServerPeer, TellsALoginAgainThatThePeerWasNotThereToHear) {
  // The agent of site 1 logs in at site 2 while site 1's backup is taking over.
  ServerWorld w(1);
  w.build();
  w.faults.push_back({at(20s), sim::NodeCrash{w.server(0, 0)}});
  w.desktops.push_back({at(22s), AgentId{0}, 1, tlib::Kind::agent_login});
  w.run(60s);
  const auto out = w.records<AgentLogout>();
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].second.site, 0u);
  EXPECT_EQ(out[0].second.forced, 1u);
  // Site 2's next probe, of every 10 s, is answered by the backup: then, half a round trip later.
  EXPECT_GE(out[0].first, at(30s));
  EXPECT_LE(out[0].first, at(31s));
}

TEST(SipServerPeer, LosesNothingToThePeerOnALossyTrunk) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    ServerWorld w = both_sites(2);
    w.seed = seed;
    w.loss = 0.1;
    w.keep_deliveries = false;
    for (std::uint32_t i = 0; i < 4; ++i) w.phones[i] = {.answer_after = 1s, .hang_up_after = 5s};
    for (int i = 0; i < 30; ++i) {
      const SimTime start = at(std::chrono::seconds(1 + i));
      w.calls.push_back({.at = start,
                         .site = static_cast<SiteIndex>(i % 2),
                         .hang_up = start + 100s,
                         .after_call_work = 1s});
    }
    w.run(600s);
    for (const SiteIndex s : {SiteIndex{0}, SiteIndex{1}}) {
      EXPECT_EQ(w.pair(s).call_count(), 0u) << "seed " << seed;
      EXPECT_EQ(w.pair(s).waiting_count(0), 0u) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace bcsim::models::testing::sip_server_peer_test
