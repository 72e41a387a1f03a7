// Phases, agents lost and recovery times of failures of each kind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tests/support/site_failure_journal.hpp"

namespace bcsim::models::metrics_phases_test {
namespace {

using pstn::Release;
using test::add_fault;
using test::fail_site1;
using test::Journal;
using test::two_sites;
using ::testing::ElementsAre;

struct Part {
  Phase phase;
  double start, end;
  bool operator==(const Part&) const = default;
};
void PrintTo(const Part& p, std::ostream* out) {
  *out << name(p.phase) << " " << p.start << "–" << p.end;
}
std::vector<Part> parts(const RunResult& r) {
  std::vector<Part> out;
  for (const PhaseInterval& i : r.phases) {
    out.push_back({i.phase, sim::seconds(i.start), sim::seconds(i.end)});
  }
  return out;
}

TEST(Phases, WithoutAFaultThereIsOnlyBefore) {
  Scenario s = two_sites();
  s.run.warm_up = 5min;
  Journal j(std::move(s));
  j.at(10).queue();
  const RunResult r = j.finish();
  EXPECT_THAT(parts(r), ElementsAre(Part{Phase::warm_up, 0, 300}, Part{Phase::before, 300, 3600}));
  EXPECT_EQ(r.value("phase.before.duration"), 3300);
  EXPECT_TRUE(std::isnan(r.value("phase.detection.attempted")));
  EXPECT_TRUE(r.recoveries.empty());
  EXPECT_TRUE(std::isnan(r.value("recovery.agents_affected")));
}

TEST(Phases, ASiteFailureGoesFromDetectionOverReloginToDegradedUntilTheRepair) {
  Scenario s = two_sites();
  add_fault(s, Fail{SiteTarget{0}, {}});
  add_fault(s, Restore{SiteTarget{0}});
  Journal j(std::move(s));
  fail_site1(j);
  j.at(609).add(PeerTrunk{1, 0}).add(ServerModeChanged{1, ServerMode::single});
  j.at(609.5).add(ProxyState{0, 0, 0});
  j.at(610.5).add(ProxyState{1, 0, 0});
  j.at(651).add(AgentAtWork{AgentId{0}, 1});
  j.at(671).add(AgentAtWork{AgentId{1}, 1});
  j.at(1200).add(ProxyState{0, 1, 0});  // site 2 by overload: another first, but of this failure
  j.at(2400).add(FaultInjected{1, 0}).add(FaultInjected{0, 1});
  const RunResult r = j.finish();
  EXPECT_THAT(parts(r),
              ElementsAre(Part{Phase::before, 0, 600}, Part{Phase::detection, 600, 1200},
                          Part{Phase::degraded, 1200, 2400}, Part{Phase::after, 2400, 3600}));
}

TEST(Phases, OfEachDetectorTheFirstTimeCounts) {
  Scenario s = two_sites();
  add_fault(s, Fail{SiteTarget{0}, {}});
  add_fault(s, Restore{SiteTarget{0}});
  Journal j(std::move(s));
  fail_site1(j);
  j.at(609).add(PeerTrunk{1, 0});
  j.at(609.5).add(ProxyState{0, 0, 0});
  j.at(651).add(AgentAtWork{AgentId{0}, 1});
  j.at(671).add(AgentAtWork{AgentId{1}, 1});
  j.at(1000).add(ProxyState{0, 0, 1}).at(1001).add(ProxyState{0, 0, 0});
  j.at(2400).add(FaultInjected{1, 0}).add(FaultInjected{0, 1});
  const RunResult r = j.finish();
  EXPECT_THAT(parts(r),
              ElementsAre(Part{Phase::before, 0, 600}, Part{Phase::detection, 600, 609.5},
                          Part{Phase::relogin, 609.5, 671}, Part{Phase::degraded, 671, 2400},
                          Part{Phase::after, 2400, 3600}));
  // What has a duration is cut at the same instants: two agents are away from 600 on.
  EXPECT_DOUBLE_EQ(r.value("phase.detection.agents.lost_s"), 2 * 9.5);
  EXPECT_DOUBLE_EQ(r.value("phase.relogin.agents.lost_s"), (651 - 609.5) + (671 - 609.5));
  EXPECT_DOUBLE_EQ(r.value("phase.degraded.agents.lost_s"), 0);
  EXPECT_DOUBLE_EQ(r.value("agents.lost_s"), 51 + 71);
}

TEST(Phases, ARepairBeforeAnybodyNoticedEndsTheFailure) {
  Scenario s = two_sites();
  add_fault(s, Cut{LinkTarget{}});
  Journal j(std::move(s));
  j.at(600).add(FaultInjected{0, 0}).at(603).add(FaultInjected{0, 1});
  j.at(610).add(PeerTrunk{0, 0});
  EXPECT_THAT(parts(j.finish()),
              ElementsAre(Part{Phase::before, 0, 600}, Part{Phase::degraded, 600, 603},
                          Part{Phase::after, 603, 3600}));
}

TEST(Phases, APartitionIsDetectedByBothPeers) {
  Scenario s = two_sites();
  add_fault(s, Cut{LinkTarget{}});
  add_fault(s, Heal{LinkTarget{}});
  Journal j(std::move(s));
  j.at(600).add(FaultInjected{0, 0});
  j.at(605).add(PeerTrunk{0, 0}).add(ServerModeChanged{0, ServerMode::single});
  j.at(612).add(PeerTrunk{1, 0}).add(ServerModeChanged{1, ServerMode::single});
  j.at(1000).add(FaultInjected{1, 0}).add(FaultInjected{0, 1});
  const RunResult r = j.finish();
  EXPECT_THAT(parts(r),
              ElementsAre(Part{Phase::before, 0, 600}, Part{Phase::detection, 600, 612},
                          Part{Phase::degraded, 612, 1000}, Part{Phase::after, 1000, 3600}));
  EXPECT_EQ(r.value("recovery.site1.single_mode"), 5);
  EXPECT_EQ(r.value("recovery.site2.single_mode"), 12);
  EXPECT_EQ(r.value("recovery.agents_affected"), 0);  // every agent reaches his own site
}

TEST(Phases, AGatewayFailureIsDetectedByThePstn) {
  Scenario s = two_sites();
  add_fault(s, Fail{GatewayTarget{0}, {}});
  Journal j(std::move(s));
  j.at(600).add(FaultInjected{0, 0}).at(603).add(PstnReroute{0, 1});
  const RunResult r = j.finish();
  EXPECT_THAT(parts(r), ElementsAre(Part{Phase::before, 0, 600}, Part{Phase::detection, 600, 603},
                                    Part{Phase::degraded, 603, 3600}));
  EXPECT_EQ(r.value("recovery.gateways_switched"), 3);
  EXPECT_EQ(r.value("recovery.gateway.gw1.switched"), 3);
  EXPECT_TRUE(std::isnan(r.value("recovery.gateway.gw2.switched")));
}

TEST(Phases, ASwitchoverTakesTheAgentsAwayUntilTheBackupServes) {
  Scenario s = two_sites();
  add_fault(s, Crash{ProcessTarget{0, Role::sip_server_primary}});
  Journal j(std::move(s));
  const auto& processes = j.layout().directory.sip_server_process[0];
  j.at(600).add(FaultInjected{0, 0}).add(NodeStateChanged{processes[0], 0});
  j.at(604).add(Switchover{0, 5, 5}, processes[1]);
  const RunResult r = j.finish();
  EXPECT_THAT(parts(r), ElementsAre(Part{Phase::before, 0, 600}, Part{Phase::detection, 600, 604},
                                    Part{Phase::degraded, 604, 3600}));
  EXPECT_EQ(r.value("recovery.site1.switchover"), 4);
  EXPECT_EQ(r.value("agents.lost_s"), 2 * 4);
  EXPECT_EQ(r.value("recovery.agents_affected"), 2);
  EXPECT_EQ(r.value("recovery.agents_100"), 4);
}

TEST(Phases, AfterASwitchoverByHandNothingIsLeftToBeMended) {
  for (const bool something_open : {false, true}) {
    Scenario s = two_sites();
    add_fault(s, SwitchOver{0});
    add_fault(s, Cut{LinkTarget{}});
    Journal j(std::move(s));
    const auto& processes = j.layout().directory.sip_server_process[0];
    j.at(500);
    if (something_open) j.add(FaultInjected{1, 0});
    j.at(600).add(FaultInjected{0, 0}).at(603).add(Switchover{0, 5, 5}, processes[1]);
    j.at(1000);
    if (something_open) j.add(FaultInjected{1, 1});
    const auto found = parts(j.finish());
    if (something_open) {
      EXPECT_THAT(found,
                  ElementsAre(Part{Phase::before, 0, 500}, Part{Phase::degraded, 500, 600},
                              Part{Phase::detection, 600, 603}, Part{Phase::degraded, 603, 1000},
                              Part{Phase::after, 1000, 3600}));
    } else {
      EXPECT_THAT(found, ElementsAre(Part{Phase::before, 0, 600}, Part{Phase::detection, 600, 603},
                                     Part{Phase::after, 603, 3600}));
    }
  }
}

/// Faults and what is counted, at instants that touch: whatever phases have no length, each event
/// is in exactly one, and their sums are the run's.
TEST(Phases, TheirCountsAddUpToTheRunsWhateverPhaseIsEmpty) {
  for (const double warm_up : {0.0, 600.0}) {
    for (const double detected : {600.0, 603.0}) {
      for (const double returned : {detected, 620.0}) {
        for (const double repaired : {600.0, 610.0, 3600.0}) {
          Scenario s = two_sites();
          s.run.warm_up = sim::from_seconds(warm_up);
          add_fault(s, SwitchOver{0});
          add_fault(s, Cut{LinkTarget{}});
          Journal j(std::move(s));
          const auto& processes = j.layout().directory.sip_server_process[0];
          j.at(600).add(DesktopConnectionLost{AgentId{0}, 0, 0});
          j.add(FaultInjected{1, 0}).add(FaultInjected{0, 0});
          std::vector<std::pair<double, int>> then = {{detected, 0}, {returned, 1}, {repaired, 2}};
          std::stable_sort(then.begin(), then.end(),
                           [](const auto& a, const auto& b) { return a.first < b.first; });
          for (const auto& [at, what] : then) {
            j.at(at);
            if (what == 0) j.add(Switchover{0, 5, 5}, processes[1]);
            if (what == 1) j.add(AgentAtWork{AgentId{0}, 0});
            if (what == 2) j.add(FaultInjected{1, 1});
            j.add(EarlyDialogLost{CallId{}, 0});
          }
          const RunResult r = j.finish();
          for (const char* metric : {"switchovers", "connections_lost", "early_dialogs_lost"}) {
            double sum = 0;
            for (const char* phase : {"before", "detection", "relogin", "degraded", "after"}) {
              const double part = r.value(std::string("phase.") + phase + "." + metric);
              if (!std::isnan(part)) sum += part;
            }
            EXPECT_EQ(sum, r.value(metric)) << metric << " " << warm_up << " " << detected << " "
                                            << returned << " " << repaired;
          }
          EXPECT_EQ(r.value("switchovers"), 1);
        }
      }
    }
  }
}

TEST(Phases, ASecondFaultBeginsAnotherEpisode) {
  Scenario s = two_sites();
  add_fault(s, Cut{LinkTarget{}});
  add_fault(s, Fail{SiteTarget{0}, {}});
  add_fault(s, Heal{LinkTarget{}});
  add_fault(s, Restore{SiteTarget{0}});
  Journal j(std::move(s));
  j.at(600).add(FaultInjected{0, 0}).at(605).add(PeerTrunk{0, 0});
  fail_site1(j, 1, 1000);
  j.at(1010).add(ProxyState{0, 0, 0});
  j.at(1200)
      .add(FaultInjected{2, 0})
      .add(FaultInjected{0, 1});  // heals the link: the site is still down
  j.at(1300).add(FaultInjected{3, 0}).add(FaultInjected{1, 1});
  const RunResult r = j.finish();
  EXPECT_THAT(parts(r),
              ElementsAre(Part{Phase::before, 0, 600}, Part{Phase::detection, 600, 605},
                          Part{Phase::degraded, 605, 1000}, Part{Phase::detection, 1000, 1010},
                          Part{Phase::degraded, 1010, 1300}, Part{Phase::after, 1300, 3600}));
  EXPECT_EQ(r.value("recovery.at"), 600);
  EXPECT_EQ(r.value("recovery.2.at"), 1000);
  EXPECT_EQ(r.value("recovery.2.gateways_switched"), 10);
  EXPECT_EQ(r.value("phase.detection.duration"), 15);
}

TEST(Phases, AFaultAtTheEndOfTheWarmUpLeavesNoBefore) {
  Scenario s = two_sites();
  s.run.warm_up = 600s;
  add_fault(s, Fail{SiteTarget{0}, {}});
  Journal j(std::move(s));
  const CallId call = j.at(500).queue();
  j.answer(call, 0);
  fail_site1(j);
  j.release(call, Release::speech_lost);
  const RunResult r = j.finish();
  EXPECT_THAT(parts(r),
              ElementsAre(Part{Phase::warm_up, 0, 600}, Part{Phase::degraded, 600, 3600}));
  EXPECT_EQ(r.value("lost.dropped_in_talk"), 1);
  EXPECT_EQ(r.value("phase.degraded.lost"), 1);
  EXPECT_EQ(r.value("agents.lost_s"), 2 * 3000);
}

// ---- recovery ----------------------------------------------------------------------------------

TEST(Recovery, SharesAreOrderStatisticsOfThoseAffected) {
  const std::vector<float> back = {51, 53, 55, 57, 59, 61, 63, 65, 67};
  EXPECT_EQ(Recovery::share_back(back, 10, 0.5), 59);
  EXPECT_EQ(Recovery::share_back(back, 10, 0.9), 67);
  EXPECT_EQ(Recovery::share_back(back, 10, 1.0), std::nullopt);  // the tenth never came
  EXPECT_EQ(Recovery::share_back(back, 9, 1.0), 67);
  EXPECT_EQ(Recovery::share_back({}, 0, 0.5), std::nullopt);
}

TEST(Recovery, AgentsWhoLoseTheirPlaceAreCountedUntilTheyAreAtWorkAgain) {
  const RunResult r = test::site_failure_run();
  EXPECT_EQ(r.value("recovery.at"), 1200);
  EXPECT_EQ(r.value("recovery.agents_affected"), 10);
  EXPECT_EQ(r.value("recovery.agents_returned"), 10);
  EXPECT_EQ(r.value("recovery.agents_50"), 59);
  EXPECT_EQ(r.value("recovery.agents_90"), 67);
  EXPECT_EQ(r.value("recovery.agents_100"), 69);
  EXPECT_EQ(r.value("agents.lost_s"), 10 * 60);       // 51, 53, … 69 s
  EXPECT_EQ(r.value("recovery.phones_affected"), 0);  // dual phones: always at a site that serves
}

/// Agent 0 is of site 1, the last one of site 2.
TEST(Recovery, ASwitchoverByHandCostsThoseWhomItTakesAway) {
  Scenario s = two_sites();
  add_fault(s, SwitchOver{0});
  Journal j(std::move(s));
  const auto& processes = j.layout().directory.sip_server_process[0];
  const AgentId far{static_cast<std::uint32_t>(j.layout().directory.agents.size() - 1)};
  j.at(600).add(FaultInjected{0, 0}).add(DesktopConnectionLost{AgentId{0}, 0, 0});
  j.at(601).add(AgentLogout{far, 1, AgentLogout::kUnanswering});
  j.at(603).add(Switchover{0, 5, 5}, processes[1]);
  j.at(610).add(AgentAtWork{AgentId{0}, 0});
  j.at(620).add(AgentAtWork{far, 1});
  j.at(700).add(DesktopConnectionLost{far, 1, 0}).at(710).add(AgentAtWork{far, 1});
  const RunResult r = j.finish();
  EXPECT_EQ(r.value("recovery.agents_affected"), 1);
  EXPECT_EQ(r.value("recovery.agents_100"), 10);
  EXPECT_EQ(r.value("phase.relogin.duration"), 7);
}

TEST(Recovery, ASingleRegisteredPhoneIsAffectedUntilTheOtherSiteHasIt) {
  Scenario s = two_sites(2);
  for (AgentGroup& group : s.agents) group.phone.registration = RegistrationMode::active_backup;
  add_fault(s, Fail{SiteTarget{0}, {}});
  Journal j(std::move(s));
  fail_site1(j);
  j.at(620).add(DnState{AgentId{0}, 1, 1});
  j.at(651).add(AgentAtWork{AgentId{0}, 1}).add(AgentAtWork{AgentId{1}, 1});
  j.at(660).add(DnState{AgentId{1}, 1, 1});
  const RunResult r = j.finish();
  EXPECT_EQ(r.value("recovery.phones_affected"), 2);
  EXPECT_EQ(r.value("recovery.phones_50"), 20);
  EXPECT_EQ(r.value("recovery.phones_100"), 60);
  // Logged in, but his phone was not yet there: at work only with it.
  EXPECT_EQ(r.value("recovery.agents_50"), 51);
  EXPECT_EQ(r.value("recovery.agents_100"), 60);
  EXPECT_DOUBLE_EQ(r.value("agents.lost_s"), 51 + 60);
}

TEST(Recovery, ACutAccessPathTakesAgentsAwayUntilItIsHealedInEveryDirection) {
  Scenario s = two_sites(2);
  const LinkTarget to_own{false, 0, 0, CutDirection::forward};
  LinkTarget back = to_own;
  back.direction = CutDirection::backward;
  add_fault(s, Cut{to_own});
  add_fault(s, Cut{back});
  add_fault(s, Heal{to_own});
  add_fault(s, Heal{back});
  Journal j(std::move(s));
  j.at(600).add(FaultInjected{0, 0}).at(610).add(FaultInjected{1, 0});
  j.at(620).add(FaultInjected{2, 0}).add(FaultInjected{0, 1});
  j.at(640).add(FaultInjected{3, 0}).add(FaultInjected{1, 1});
  const RunResult r = j.finish();
  EXPECT_DOUBLE_EQ(r.value("agents.lost_s"), 2 * 40);
  EXPECT_EQ(r.value("recovery.agents_affected"), 2);
  EXPECT_EQ(r.value("recovery.agents_100"), 40);
}

TEST(Recovery, AnAgentWhoseShiftEndsIsNotLost) {
  Scenario s = two_sites(2);
  add_fault(s, Fail{PhoneTarget{0, 0}, {}});
  Journal j(std::move(s));
  const NodeId phone = j.layout().directory.agents[0].phone;
  j.at(600).add(FaultInjected{0, 0}).add(NodeStateChanged{phone, 0});
  j.at(700).add(ShiftChanged{AgentId{1}, 0}).add(AgentLogout{AgentId{1}, 0, 0});
  j.at(1600).add(ShiftChanged{AgentId{0}, 0});
  const RunResult r = j.finish();
  EXPECT_EQ(r.value("recovery.agents_affected"), 0);  // his shift ends before he is back
  EXPECT_DOUBLE_EQ(r.value("agents.lost_s"), 1000);
  EXPECT_DOUBLE_EQ(r.value("agents.working"), 4 - (2900.0 + 2000.0) / 3600);
}

/// Calls every `step` seconds from 0 to 3000 s, answered after `wait(t)` seconds.
template <class Wait>
RunResult run_with_waits(const Wait& wait, double step = 2) {
  Scenario s = two_sites();
  add_fault(s, Fail{SiteTarget{0}, {}});
  Journal j(std::move(s));
  std::vector<std::pair<double, CallId>> open;
  bool failed = false;
  const auto answer_until = [&](double t) {
    std::sort(open.begin(), open.end());
    while (!open.empty() && open.front().first <= t) {
      j.at(open.front().first).answer(open.front().second, 2, 1);
      j.release(open.front().second, Release::normal);
      open.erase(open.begin());
    }
  };
  for (double t = 0; t < 3000; t += step) {
    if (t >= 600 && !failed) {
      answer_until(600);
      fail_site1(j);
      failed = true;
    }
    answer_until(t);
    open.emplace_back(t + wait(t), j.at(t).queue(1));
  }
  answer_until(3600);
  return j.finish();
}

TEST(Recovery, ServiceIsBackWithTheFirstCallWhoseNextMinuteIsServedAsBefore) {
  // Bad for calls offered from 600 to 900 s. Of the 30 calls of the minute from t on (900 - t) / 2
  // are bad, and 90 % of 100 % is reached with three of these: from 894 s on.
  const RunResult r = run_with_waits([](double t) { return t >= 600 && t < 900 ? 40.0 : 1.0; });
  EXPECT_EQ(r.value("recovery.service_level_back"), 294);
}

TEST(Recovery, ServiceIsJudgedByTwentyCallsWhereAMinuteHasFewer) {
  // A call every 6 s: 20 of them have two bad ones from 888 s on.
  const RunResult r = run_with_waits([](double t) { return t >= 600 && t < 900 ? 40.0 : 1.0; }, 6);
  EXPECT_EQ(r.value("recovery.service_level_back"), 288);
}

TEST(Recovery, ServiceThatNeverSufferedWasBackAtOnce) {
  EXPECT_EQ(run_with_waits([](double) { return 1.0; }).value("recovery.service_level_back"), 0);
}

TEST(Recovery, ServiceThatStaysBadIsNotBack) {
  const RunResult r = run_with_waits([](double t) { return t >= 600 ? 40.0 : 1.0; });
  EXPECT_TRUE(std::isnan(r.value("recovery.service_level_back")));
}

TEST(Recovery, TheQueueIsDrainedWhenItIsAsShortAsBeforeAfterItsPeak) {
  // Before: one call waits half of the time, on average 0.5; at most 20 wait for 40 s.
  const RunResult r = run_with_waits([](double t) { return t >= 700 && t < 800 ? 40.0 : 1.0; });
  EXPECT_EQ(r.value("recovery.queue_peak"), 20);
  // The last of the slow calls is offered at 798 s and leaves the queue at 838 s; one quick call
  // may be waiting then.
  EXPECT_GE(r.value("recovery.queue_drained"), 836 - 600);
  EXPECT_LE(r.value("recovery.queue_drained"), 838 - 600);
}

TEST(Recovery, FlappingIsFollowedForTwentyFailures) {
  Scenario s = two_sites();
  add_fault(s, Cut{LinkTarget{}});
  Journal j(std::move(s));
  for (int n = 0; n < 30; ++n) {
    j.at(600 + 10 * n).add(FaultInjected{0, 0}).at(605 + 10 * n).add(FaultInjected{0, 1});
  }
  const RunResult r = j.finish();
  EXPECT_EQ(r.recoveries.size(), RecoveryTracker::kKept);
  EXPECT_DOUBLE_EQ(r.value("phase.degraded.duration"), 150);
}

/// What a journal makes of one failover of each kind away from site 1.
RunResult leave_site1(Journal& j, double at) {
  j.at(at).add(ProxyState{1, 0, 0}).add(PeerTrunk{1, 0}).add(DesktopSwitch{AgentId{0}, 1, 0});
  return j.finish();
}

TEST(FalseFailovers, AreThoseAwayFromAPairThatIsAlive) {
  Journal j(two_sites());
  j.at(10).add(ProxyState{0, 0, 1}).add(PeerTrunk{1, 1});  // back is no failover
  const RunResult r = leave_site1(j, 20);
  EXPECT_EQ(r.value("false_failovers.gateways"), 1);
  EXPECT_EQ(r.value("false_failovers.peers"), 1);
  EXPECT_EQ(r.value("false_failovers.desktops"), 1);
  EXPECT_EQ(r.value("false_failovers"), 3);
  EXPECT_EQ(r.value("site1.false_failovers"), 3);
  EXPECT_EQ(r.value("site2.false_failovers"), 0);
}

TEST(FalseFailovers, AreNotThoseFromAPairThatIsDeadHungOrDrained) {
  Scenario s = two_sites();
  add_fault(s, Fail{SiteTarget{0}, {}});
  Journal dead(s);
  fail_site1(dead);
  EXPECT_EQ(leave_site1(dead, 630).value("false_failovers"), 0);

  Journal drained(two_sites());
  drained.at(600).add(ServerModeChanged{0, ServerMode::drain});
  EXPECT_EQ(leave_site1(drained, 630).value("false_failovers"), 0);

  Scenario h = two_sites();
  add_fault(h, Hang{ProcessTarget{0, Role::sip_server_primary}});
  Journal hung(h);
  hung.at(600).add(FaultInjected{0, 0});
  EXPECT_EQ(leave_site1(hung, 630).value("false_failovers"), 0);
  Journal awake(h);
  awake.at(600).add(FaultInjected{0, 0}).at(620).add(FaultInjected{0, 1});
  EXPECT_EQ(leave_site1(awake, 630).value("false_failovers"), 3);
}

}  // namespace
}  // namespace bcsim::models::metrics_phases_test
