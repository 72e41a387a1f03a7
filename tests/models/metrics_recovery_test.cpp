// Several failures at once: what belongs to which, and what is back for good.
#include <gtest/gtest.h>

#include <cmath>

#include "models/metrics/failure_effects.hpp"
#include "tests/support/site_failure_journal.hpp"

namespace bcsim::models::metrics_recovery_test {
namespace {

using test::add_fault;
using test::fail_site1;
using test::Journal;
using test::two_sites;

constexpr ProcessTarget kPrimary1{0, Role::sip_server_primary};
constexpr ProcessTarget kBackup2{1, Role::sip_server_backup};

TEST(FailureEffects, AreOfTheServerTheLinkOrTheGatewayThatIsHit) {
  const Scenario s = two_sites();
  const auto of = [&](const Deed& deed, const Record& record) {
    return may_cause({.at = kStart + 600s, .deed = deed, .lasting = {}, .flap = {}, .text = ""},
                     record, s);
  };
  const ProxyState lost1{0, 0, 0}, lost2{0, 1, 0};
  const ServerModeChanged alone2{1, ServerMode::single};
  const Switchover took_over1{0, 0, 0};
  const PstnReroute rerouted{0, 1};
  for (const Deed& deed :
       {Deed(Fail{SiteTarget{0}, {}}), Deed(Crash{kPrimary1}), Deed(Hang{kPrimary1}),
        Deed(Drain{0}), Deed(SwitchOver{0}), Deed(Fail{HostTarget{0, Role::sip_server_backup}, {}}),
        Deed(Cut{HaLinkTarget{0}}), Deed(Cut{ManagementLinkTarget{0}})}) {
    EXPECT_TRUE(of(deed, lost1));
    EXPECT_FALSE(of(deed, lost2));
    EXPECT_TRUE(of(deed, alone2));
    EXPECT_FALSE(of(deed, ServerModeChanged{0, ServerMode::single}));
    EXPECT_TRUE(of(deed, took_over1));
    EXPECT_FALSE(of(deed, Switchover{1, 0, 0}));
    EXPECT_FALSE(of(deed, rerouted));
  }
  const Deed cut = Cut{LinkTarget{}};
  EXPECT_TRUE(of(cut, lost1) && of(cut, alone2));
  EXPECT_FALSE(of(cut, took_over1));
  const Deed access = Degrade{LinkTarget{.dc_link = false}, {}, {}, 0.5, {}};
  EXPECT_TRUE(of(access, lost1));
  EXPECT_FALSE(of(access, alone2));
  EXPECT_TRUE(of(Fail{GatewayTarget{0}, {}}, rerouted));
  EXPECT_FALSE(of(Fail{GatewayTarget{1}, {}}, rerouted));
  EXPECT_FALSE(of(Fail{GatewayTarget{0}, {}}, lost1));
  EXPECT_TRUE(of(Fail{SiteTarget{0, SiteScope::building}, {}}, rerouted));
  EXPECT_FALSE(of(Crash{ProcessTarget{0, Role::stat_server}}, lost1));
}

TEST(Recovery, WhatIsNoticedBelongsToTheFailureThatMayBeWhy) {
  Scenario s = two_sites();
  add_fault(s, Fail{SiteTarget{0}, {}});
  add_fault(s, Crash{kBackup2});
  Journal j(std::move(s));
  fail_site1(j);
  j.at(602).add(FaultInjected{1, 0});
  j.at(610).add(ServerModeChanged{1, ServerMode::single});
  j.at(615).add(ProxyState{0, 0, 0});
  const RunResult r = j.finish();
  EXPECT_EQ(r.value("recovery.2.at"), 602);
  EXPECT_EQ(r.value("recovery.site2.single_mode"), 10);
  EXPECT_EQ(r.value("recovery.gateways_switched"), 15);
  EXPECT_TRUE(std::isnan(r.value("recovery.2.site2.single_mode")));
  EXPECT_TRUE(std::isnan(r.value("recovery.2.gateways_switched")));
}

TEST(Recovery, AFailureLongMendedIsNoReasonAnyMore) {
  for (const double mended : {700.0, 990.0}) {
    Scenario s = two_sites();
    add_fault(s, Crash{kPrimary1});
    add_fault(s, Crash{kBackup2});
    Journal j(std::move(s));
    j.at(600).add(FaultInjected{0, 0});
    j.at(mended).add(FaultInjected{0, 1});
    j.at(1000).add(FaultInjected{1, 0});
    j.at(1005).add(ProxyState{0, 0, 0});
    const RunResult r = j.finish();
    const bool just = mended > 900;
    EXPECT_EQ(std::isnan(r.value("recovery.gateways_switched")), !just);
    EXPECT_EQ(std::isnan(r.value("recovery.2.gateways_switched")), just);
  }
}

TEST(Recovery, WhoIsLostAgainWithinFiveMinutesWasNotBack) {
  for (const double again : {300.0, 360.0}) {
    Scenario s = two_sites(2);
    add_fault(s, Fail{SiteTarget{0}, {}});
    Journal j(std::move(s));
    fail_site1(j);
    for (const std::uint32_t agent : {0u, 1u}) j.at(651).add(AgentAtWork{AgentId{agent}, 1});
    j.at(600 + again).add(DesktopConnectionLost{AgentId{0}, 1, 0});
    j.at(600 + again + 20).add(AgentAtWork{AgentId{0}, 1});
    const RunResult r = j.finish();
    EXPECT_EQ(r.value("recovery.agents_affected"), 2);
    EXPECT_EQ(r.value("recovery.agents_returned"), 2);
    EXPECT_EQ(r.value("recovery.agents_50"), 51);
    EXPECT_EQ(r.value("recovery.agents_100"), again < 351 ? again + 20 : 51);
  }
}

TEST(Recovery, TheQueueIsDrainedWhenItStaysShort) {
  Scenario s = two_sites();
  add_fault(s, Fail{SiteTarget{0}, {}});
  Journal j(std::move(s));
  const auto wave = [&](double from, double to) {
    std::vector<CallId> calls;
    for (int n = 0; n < 5; ++n) calls.push_back(j.at(from).queue(1));
    for (const CallId call : calls) {
      j.at(to).answer(call, 2, 1);
      j.release(call, pstn::Release::normal);
    }
  };
  fail_site1(j);
  wave(610, 700);   // short for 200 s
  wave(900, 1000);  // and then for good
  wave(2000, 2100);
  const RunResult r = j.finish();
  EXPECT_EQ(r.value("recovery.queue_peak"), 5);
  EXPECT_EQ(r.value("recovery.queue_drained"), 400);
}

}  // namespace
}  // namespace bcsim::models::metrics_recovery_test
