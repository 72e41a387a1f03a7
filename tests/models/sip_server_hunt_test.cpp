// Hunt groups (R48–R72, domain.md §2.7, §3.9 e): who is rung, from where, and what follows.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/models/sip_server_ladder.hpp"

namespace bcsim::models::testing::sip_server_hunt_test {
namespace {

using namespace std::chrono_literals;
using Cause = CallDefaultRouted::Cause;

/// The queue of the world is a hunt group of site 1's agents, preferred at site 1.
ServerWorld hunting(HuntType type, std::uint32_t members,
                    const std::string& preferred = "SIP_Server_1") {
  ServerWorld w(members);
  w.scenario.sites[0].sip_server.name = "SIP_Server_1";
  w.scenario.sites[1].sip_server.name = "SIP_Server_2";
  HuntGroupOptions group;
  group.type = type;
  group.members = {0};
  group.preferred_site = {preferred, preferred};
  w.scenario.queues[0].hunt_group = group;
  for (std::uint32_t i = 0; i < members; ++i) {
    w.phones[i] = {.answer_after = 2s, .hang_up_after = 20s};
  }
  return w;
}

std::vector<std::uint32_t> rung(const ServerWorld& w) {
  std::vector<std::uint32_t> agents;
  for (const auto& [when, leg] : w.records<HuntLeg>()) agents.push_back(leg.agent.value);
  return agents;
}

std::vector<Cause> sent_away(const ServerWorld& w) {
  std::vector<Cause> causes;
  for (const auto& [when, r] : w.records<CallDefaultRouted>()) causes.push_back(r.cause);
  return causes;
}

TEST(HuntGroup, RingsAllInParallelWithSevenMessagesAMemberLessTwo) {
  for (const std::uint32_t n : {1u, 3u, 8u}) {
    ServerWorld w = hunting(HuntType::parallel, n);
    for (std::uint32_t i = 1; i < n; ++i) w.phones[i].answer_after = 9s;
    w.calls.push_back({.at = at(1s)});
    w.run(15s);
    std::size_t messages = 0;
    for (const Heard& h : w.heard) {
      const bool sip = std::holds_alternative<sip::Request>(h.message) ||
                       std::holds_alternative<sip::Response>(h.message);
      for (std::uint32_t i = 0; i < n; ++i) {
        messages += sip && (h.from == w.phone(i) || h.to == w.phone(i));
      }
    }
    EXPECT_EQ(messages, 7 * n - 2);
    ASSERT_EQ(w.records<CallAnswered>().size(), 1u);
    EXPECT_EQ(w.records<CallAnswered>()[0].second.agent, AgentId{0});
  }
}

TEST(HuntGroup, TheFirstAnswerWinsAndTheOtherIsAcknowledgedAndEnded) {
  ServerWorld w = hunting(HuntType::parallel, 2);
  w.calls.push_back({.at = at(1s)});
  w.run(10s);
  EXPECT_EQ(w.records<CallAnswered>().size(), 1u);
  std::size_t acks = 0, byes = 0;
  for (const Heard& h : w.heard) {
    const auto* r = std::get_if<sip::Request>(&h.message);
    if (r == nullptr || (h.to != w.phone(0) && h.to != w.phone(1))) continue;
    acks += r->method == sip::Method::ack;
    byes += r->method == sip::Method::bye;
  }
  EXPECT_EQ(acks, 2u);
  EXPECT_EQ(byes, 1u);
  EXPECT_EQ(w.pair(0).agent(AgentId{1}).state(), AgentState::ready);
}

TEST(HuntGroup, LinearRingsOneAfterTheOtherFromTheFirst) {
  ServerWorld w = hunting(HuntType::linear, 3);
  w.phones[0].answer_after = 60s;  // never in time
  w.phones[1].refuse = 486;
  w.calls.push_back({.at = at(1s)});
  w.calls.push_back({.at = at(60s)});
  w.run(100s);
  EXPECT_EQ(rung(w), (std::vector<std::uint32_t>{0, 1, 2, 0, 1, 2}));
  const auto legs = w.records<HuntLeg>();
  // hg-noanswer-timeout of 10 s, and a round trip for the refusal.
  EXPECT_EQ(legs[1].first - legs[0].first, Duration(10s));
  EXPECT_EQ(legs[2].first - legs[1].first, Duration(1ms));
  EXPECT_EQ(w.records<CallAnswered>().size(), 2u);
}

TEST(HuntGroup, CircularBeginsAfterTheLastServed) {
  ServerWorld w = hunting(HuntType::circular, 3);
  for (int i = 0; i < 4; ++i) w.calls.push_back({.at = at(std::chrono::seconds(1 + 40 * i))});
  w.run(200s);
  EXPECT_EQ(rung(w), (std::vector<std::uint32_t>{0, 1, 2, 0}));
}

TEST(HuntGroup, SequentialGoesToTheDefaultDestinationAfterTheLast) {
  for (const HuntType type : {HuntType::linear, HuntType::circular}) {
    ServerWorld w = hunting(type, 2);
    w.phones[0].answer_after = w.phones[1].answer_after = 60s;
    w.calls.push_back({.at = at(1s)});
    w.run(60s);
    EXPECT_EQ(rung(w), (std::vector<std::uint32_t>{0, 1}));
    EXPECT_EQ(sent_away(w), std::vector{Cause::no_answer});
  }
}

// ---- where: hg-preferred-site (R49–R55, R65) ----

TEST(HuntGroup, IsRedirectedOnceToThePreferredSiteInBcMode) {
  ServerWorld w = hunting(HuntType::parallel, 2);
  w.calls.push_back({.at = at(1s), .site = 1});
  w.run(10s);
  ASSERT_EQ(w.records<HuntRedirect>().size(), 1u);
  EXPECT_EQ(w.records<HuntRedirect>()[0].second.site, 1u);
  EXPECT_TRUE(rung(w).empty());
  const auto moved = std::ranges::find_if(w.heard, [&](const Heard& h) {
    const auto* r = std::get_if<sip::Response>(&h.message);
    return r != nullptr && r->status == 302 && h.to == w.gateway(1);
  });
  ASSERT_NE(moved, w.heard.end());
  EXPECT_EQ(std::get<sip::Response>(moved->message).contact, w.directory.sip_server[0]);
}

TEST(HuntGroup, IsDistributedWhereItArrivesIfItWasRedirectedAlready) {
  ServerWorld w = hunting(HuntType::parallel, 1, "SIP_Server_2");  // crossed: the hop guard
  w.calls.push_back({.at = at(1s), .bc_hop = true});
  w.run(10s);
  EXPECT_TRUE(w.records<HuntRedirect>().empty());
  EXPECT_EQ(rung(w), std::vector<std::uint32_t>{0});
}

TEST(HuntGroup, IsNeverRedirectedIfThePreferredSiteIsUnsetOrUnknown) {
  for (const char* name : {"", "SIP_Server_9"}) {
    ServerWorld w = hunting(HuntType::parallel, 1, name);
    w.calls.push_back({.at = at(1s), .site = 1});
    w.run(10s);
    EXPECT_TRUE(w.records<HuntRedirect>().empty());
    ASSERT_EQ(w.records<HuntLeg>().size(), 1u);
    EXPECT_EQ(w.records<HuntLeg>()[0].second.site, 1u);  // legs start where it arrived
  }
}

TEST(HuntGroup, IsDistributedBySurvivorsAndOnBothSidesOfAPartition) {
  ServerWorld w = hunting(HuntType::parallel, 1);
  w.build();
  for (const sim::LinkId link : {w.dc_link, sim::opposite(w.dc_link)}) {
    w.faults.push_back({at(5s), sim::LinkCut{link}});
  }
  w.calls.push_back({.at = at(30s), .site = 1});
  w.run(60s);
  EXPECT_TRUE(w.records<HuntRedirect>().empty());
  ASSERT_EQ(w.records<CallAnswered>().size(), 1u);
  EXPECT_EQ(w.records<CallAnswered>()[0].second.site, 1u);
  EXPECT_EQ(w.records<CallAnswered>()[0].second.monitored, 0u);  // logged in at site 1 (R57)
}

// ---- nobody there (R56, R69) ----

TEST(HuntGroup, GoesToTheDefaultDestinationIfNoMemberIsInService) {
  ServerWorld w = hunting(HuntType::parallel, 2);
  w.registers = {{at(1s), 0, 0, 0}, {at(1s), 1, 0, 0}};  // both leave
  w.calls.push_back({.at = at(5s)});
  w.run(10s);
  EXPECT_EQ(sent_away(w), std::vector{Cause::no_member_in_service});
}

TEST(HuntGroup, GoesThereToIfAllAreBusyAndNobodyMayWait) {
  ServerWorld w = hunting(HuntType::parallel, 1);
  w.calls.push_back({.at = at(1s)});
  w.calls.push_back({.at = at(10s)});
  w.run(60s);
  EXPECT_EQ(sent_away(w), std::vector{Cause::no_member_idle});
}

TEST(HuntGroup, LetsSoManyWaitForSoLong) {
  ServerWorld w = hunting(HuntType::parallel, 1);
  w.scenario.queues[0].hunt_group->queue_limit = 2;
  w.scenario.queues[0].hunt_group->queue_timeout = 40s;
  for (const Duration when : {1s, 2s, 3s, 4s}) {
    w.calls.push_back({.at = at(when), .after_call_work = 5s});
  }
  w.run(120s);
  // Each takes 2 s to answer, 20 s of talk and 5 s of work: the second is served at 28 s, the third
  // has waited 40 s by then, the fourth found the line full.
  EXPECT_EQ(sent_away(w), (std::vector{Cause::no_member_idle, Cause::waited_too_long}));
  EXPECT_EQ(w.records<CallAnswered>().size(), 2u);
}

TEST(HuntGroup, LetsACallWaitWhosePhonesWereAllBusyWithSomethingElse) {  // R67
  ServerWorld w = hunting(HuntType::parallel, 2);
  w.scenario.queues[0].hunt_group->queue_limit = 1;
  w.phones[0].refuse = w.phones[1].refuse = 486;
  w.calls.push_back({.at = at(1s), .hang_up = at(8s)});
  w.run(20s);
  EXPECT_TRUE(sent_away(w).empty());
  // Both are tried again 5 s after they refused.
  EXPECT_EQ(rung(w), (std::vector<std::uint32_t>{0, 1, 0, 1}));
}

TEST(HuntGroup, RingsPhonesWhereNobodyIsLoggedIn) {  // R53
  ServerWorld w = hunting(HuntType::parallel, 1);
  w.desktops.push_back({at(1s), AgentId{0}, 0, tlib::Kind::agent_logout});
  w.calls.push_back({.at = at(5s)});
  w.run(60s);
  ASSERT_EQ(w.records<CallAnswered>().size(), 1u);
  EXPECT_EQ(w.records<CallAnswered>()[0].second.monitored, 0u);
  EXPECT_TRUE(w.records<BcForward>().empty());
}

TEST(HuntGroup, LeavesEverybodyFreeWhenTheCallerGivesUpWhileTheyRing) {
  ServerWorld w = hunting(HuntType::parallel, 3);
  for (std::uint32_t i = 0; i < 3; ++i) w.phones[i].answer_after = 9s;
  w.calls.push_back({.at = at(1s), .hang_up = at(4s)});
  w.run(20s);
  EXPECT_TRUE(w.records<CallAnswered>().empty());
  EXPECT_EQ(w.pair(0).call_count(), 0u);
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_FALSE(w.pair(0).agent(AgentId{i}).on_call());
    EXPECT_EQ(w.pair(0).agent(AgentId{i}).state(), AgentState::ready);
  }
}

TEST(HuntGroup, AdvisesTheDesktopOfAMemberWhoLogsInAtTheOtherSite) {  // R59
  ServerWorld w = hunting(HuntType::parallel, 1);
  w.desktops.push_back({at(5s), AgentId{0}, 1, tlib::Kind::agent_login});
  w.run(20s);
  const auto notes = w.records<PrivateInfo>();
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0].second.site, 1u);
  const auto told = w.told(0, 1);
  const auto is = [](tlib::Kind kind) {
    return [kind](const auto& entry) { return entry.second.kind == kind; };
  };
  const auto login = std::ranges::find_if(told, is(tlib::Kind::agent_logged_in));
  const auto note = std::ranges::find_if(told, is(tlib::Kind::private_info));
  ASSERT_NE(note, told.end());
  EXPECT_LT(login, note);
}

TEST(HuntGroup, LeavesNoCallBehindWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    sim::RngStream draw(seed, 0, "test.hunt", 0);
    const auto type = static_cast<HuntType>(draw.below(3));
    ServerWorld w = hunting(type, 3);
    w.seed = seed;
    w.keep_deliveries = false;
    w.loss = draw.bernoulli(0.5) ? 0.05 : 0;
    w.scenario.queues[0].hunt_group->queue_limit = static_cast<std::uint32_t>(draw.below(3));
    for (std::uint32_t i = 0; i < 3; ++i) {
      w.phones[i] = {.refuse = static_cast<std::uint16_t>(draw.bernoulli(0.2) ? 486 : 0),
                     .answer_after = sim::from_seconds(draw.uniform(0, 12)),
                     .hang_up_after = sim::from_seconds(draw.uniform(1, 20))};
    }
    for (int i = 0; i < 30; ++i) {
      const SimTime start = at(sim::from_seconds(draw.uniform(1, 100)));
      w.calls.push_back({.at = start,
                         .site = static_cast<SiteIndex>(draw.below(2)),
                         .hang_up = start + sim::from_seconds(draw.uniform(0.001, 60)),
                         .after_call_work = 1s});
    }
    w.build();
    if (draw.bernoulli(0.5)) w.faults.push_back({at(50s), sim::NodeCrash{w.server(0, 0)}});
    w.run(600s);
    for (const SiteIndex s : {SiteIndex{0}, SiteIndex{1}}) {
      EXPECT_EQ(w.pair(s).call_count(), 0u) << "seed " << seed;
      EXPECT_EQ(w.pair(s).waiting_count(0), 0u) << "seed " << seed;
      for (std::uint32_t i = 0; i < 6; ++i) {
        EXPECT_FALSE(w.pair(s).agent(AgentId{i}).on_call()) << "seed " << seed;
        EXPECT_FALSE(w.pair(s).agent(AgentId{i}).machine.in_call()) << "seed " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace bcsim::models::testing::sip_server_hunt_test
