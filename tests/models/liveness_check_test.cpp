// Liveness: what a world is told that has not come back, and when nothing can be said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/journal.hpp"

namespace bcsim::models::liveness_check_test {
namespace {

using pstn::Release;
using test::add_fault;
using test::Journal;
using test::two_sites;
using test::verdict;
using ::testing::HasSubstr;

constexpr auto kGood = VerdictStatus::good;
constexpr auto kViolated = VerdictStatus::violated;
constexpr auto kUnjudged = VerdictStatus::not_applicable;

void expect(Journal& j, VerdictStatus status, const std::string& text) {
  const RunResult result = j.finish();
  const Verdict& v = verdict(result, "liveness");
  EXPECT_EQ(v.status, status) << v.text;
  EXPECT_THAT(v.text, HasSubstr(text));
}

/// An hour with one failure of site 1 from 10 min to 12 min.
Scenario failed_site() {
  Scenario s = two_sites();
  add_fault(s, Fail{SiteTarget{}, {}}, "fail site1");
  return s;
}
/// Everybody is as in the beginning, from 13 min on.
void come_back(Journal& j) {
  j.at(600).add(FaultInjected{0, 0}).add(PairStateChanged{0, 0});
  j.add(ServerModeChanged{1, ServerMode::single});
  j.at(720).add(FaultInjected{0, 1}).add(PairStateChanged{0, 1});
  j.add(ServerModeChanged{0, ServerMode::bc}).add(ServerModeChanged{1, ServerMode::bc});
  j.at(780);
  for (const std::uint32_t agent : {0u, 1u}) {
    j.add(DnState{AgentId{agent}, 0, 1});
    j.add(AgentLogin{AgentId{agent}, 0, 1});
    j.add(AgentStateChanged{AgentId{agent}, 0, AgentState::ready});
  }
  for (const std::uint32_t agent : {2u, 3u}) j.add(DnState{AgentId{agent}, 0, 1});
}

TEST(Liveness, HoldsWhenAllAreBackAndSaysInWhatTime) {
  Journal j(failed_site());
  come_back(j);
  expect(j, kGood, "s after the last fault all were back");
}

TEST(Liveness, IsNotJudgedWhileAFaultLasts) {
  Scenario s = two_sites();
  add_fault(s, Cut{LinkTarget{}}, "cut dc-link");
  Journal j(s);
  j.at(600).add(FaultInjected{0, 0});
  expect(j, kUnjudged, "a fault lasts to the end of the run");
}

/// Where one site has failed its agents are to work at the other; nothing else is asked meanwhile.
TEST(Liveness, WantsTheAgentsOfALostSiteAtTheOther) {
  struct Case {
    SiteScope scope;
    bool move, can;
    VerdictStatus status;
  };
  for (const Case& c : {Case{SiteScope::genesys, true, true, kGood},
                        Case{SiteScope::genesys, false, true, kViolated},
                        Case{SiteScope::sip_server_pair, false, true, kViolated},
                        Case{SiteScope::genesys, false, false, kGood},
                        Case{SiteScope::building, false, true, kGood}}) {
    Scenario s = two_sites();
    add_fault(s, Fail{SiteTarget{0, c.scope}, {}}, "fail site1");
    if (!c.can) s.agents[0].phone.registration = RegistrationMode::fixed;
    Journal j(s);
    j.at(600).add(FaultInjected{0, 0}).add(PairStateChanged{0, 0});
    j.add(ServerModeChanged{1, ServerMode::single});
    for (const std::uint32_t agent : {0u, 1u}) {
      if (!c.move) continue;
      j.at(660).add(AgentLogin{AgentId{agent}, 1, 1});
      j.add(AgentStateChanged{AgentId{agent}, 1, AgentState::ready});
    }
    const RunResult result = j.finish();
    EXPECT_EQ(verdict(result, "liveness").status, c.status) << verdict(result, "liveness").text;
  }
}

TEST(Liveness, IsNotJudgedIfTheRunEndsTooSoon) {
  Scenario s = failed_site();
  s.run.horizon = 15min;
  Journal j(s);
  come_back(j);
  expect(j, kUnjudged, "the run ends 180 s after the last fault");
}

TEST(Liveness, IsNotJudgedWhereRulesAreBrokenOnPurpose) {
  Scenario s = failed_site();
  s.accepted = {"V-E02"};
  Journal j(s);
  come_back(j);
  expect(j, kUnjudged, "rules are broken on purpose");
}

TEST(Liveness, LetsHimBeLoggedInTwiceOnlyWhileTheCallLastsInWhichHeMoved) {
  using enum AgentState;
  struct Case {
    const char* why;
    AgentState before;              // at site 1, when he logs in at site 2
    std::vector<AgentState> after;  // at site 1, one a minute
    AgentState there;               // at site 2, from then on
    bool good;
  };
  for (const Case& c : {Case{"it goes on", talking, {}, ready, true},
                        Case{"on hold", talking, {held, talking}, ready, true},
                        Case{"it is over", talking, {after_call_work, ready}, ready, false},
                        Case{"it is over, another is not", talking, {ready, talking}, ready, false},
                        Case{"no call", ready, {}, ready, false},
                        Case{"a call where he is now", ready, {}, talking, false}}) {
    Journal j(failed_site());
    come_back(j);
    j.add(AgentStateChanged{AgentId{0}, 0, c.before});
    j.add(AgentLogin{AgentId{0}, 1, 1}).add(AgentStateChanged{AgentId{0}, 1, c.there});
    double minute = 840;
    for (const AgentState state : c.after) {
      j.at(minute).add(AgentStateChanged{AgentId{0}, 0, state});
      minute += 60;
    }
    const RunResult result = j.finish();
    EXPECT_EQ(verdict(result, "liveness").status, c.good ? kGood : kViolated) << c.why;
  }
}
TEST(Liveness, WantsNobodyLoggedInWhoCanBeNowhere) {
  for (const bool both : {true, false}) {
    Scenario s = failed_site();
    DnOverride none;
    none.of.first = none.of.last = 0;
    none.exists = false;
    s.configuration.switches[0].dns = {none};
    if (both) s.configuration.switches[1].dns = {none};
    Journal j(s);
    come_back(j);
    j.add(AgentLogout{AgentId{0}, 0, 0}).add(DnState{AgentId{0}, 0, 0});
    j.add(AgentStateChanged{AgentId{0}, 0, AgentState::logged_out});
    expect(j, both ? kGood : kViolated, both ? "were back" : "logged in nowhere");
  }
}

TEST(Liveness, WantsEveryAgentLoggedInOnceAndReadyOrBusy) {
  Journal nowhere(failed_site());
  come_back(nowhere);
  nowhere.at(800).add(AgentLogout{AgentId{1}, 0, 0});
  expect(nowhere, kViolated, "agent 1 is on shift and logged in nowhere since 800.000 s");

  Journal idle(failed_site());
  come_back(idle);
  idle.at(800).add(AgentStateChanged{AgentId{2}, 1, AgentState::not_ready});
  expect(idle, kViolated, "agent 2 is logged in and not ready since 800.000 s");

  Journal twice(failed_site());
  come_back(twice);
  twice.at(800).add(AgentLogin{AgentId{3}, 0, 1});
  expect(twice, kViolated, "agent 3 is logged in at both sites since 800.000 s");

  Journal late(failed_site());
  come_back(late);
  late.at(3500).add(AgentLogout{AgentId{1}, 0, 0});
  expect(late, kGood, "");
}

TEST(Liveness, LetsHimBeNotReadyWhileHeMakesCallsThatHisServerDoesNotSee) {
  for (const bool over : {false, true}) {
    Journal calls(failed_site());
    come_back(calls);
    calls.at(800).add(AgentStateChanged{AgentId{2}, 1, AgentState::not_ready});
    calls.at(810).add(AgentDialled{CallId{0}, AgentId{2}, 0});
    if (over) calls.at(900).add(CallReleased{CallId{0}, 0, pstn::Release::normal, 0, 0});
    expect(calls, over ? kViolated : kGood,
           over ? "agent 2 is logged in and not ready since 900.000 s" : "");
  }
}

TEST(Liveness, AsksNothingOfWhoIsNotOnShiftOrHasLostHisDevice) {
  Journal home(failed_site());
  come_back(home);
  home.at(800).add(ShiftChanged{AgentId{1}, 0}).add(AgentLogout{AgentId{1}, 0, 0});
  expect(home, kGood, "");

  Scenario s = failed_site();
  add_fault(s, Fail{DesktopTarget{0, 1}, {}}, "fail north.desktop.2");
  Journal broken(s);
  come_back(broken);
  broken.at(800).add(FaultInjected{1, 0}).add(AgentLogout{AgentId{1}, 0, 0});
  expect(broken, kGood, "");
}

TEST(Liveness, WantsPhonesRegisteredAsTheirModeSays) {
  Journal j(failed_site());
  come_back(j);
  j.at(900).add(DnState{AgentId{3}, 0, 0});
  expect(j, kViolated, "agent 3 has a phone that is not registered as it should be");
}

TEST(Liveness, WantsBothServersInBcMode) {
  Journal j(failed_site());
  come_back(j);
  j.at(900).add(ServerModeChanged{1, ServerMode::single});
  expect(j, kViolated, "the SIP Server of site 2 is not in BC mode since 900.000 s");
}

TEST(Liveness, WantsNobodyToTalkToNobody) {
  Journal j(failed_site());
  come_back(j);
  const CallId call = j.at(900).queue(1);
  j.answer(call, 2, 1).add(AgentStateChanged{AgentId{2}, 1, AgentState::talking});
  j.at(1000).release(call, Release::normal);
  expect(j, kViolated, "agent 2 talks to nobody since 1000.000 s");

  Journal alone(failed_site());
  come_back(alone);
  const CallId other = alone.at(900).queue(1);
  alone.answer(other, 2, 1);  // and the agent stays ready
  expect(alone, kViolated, "the caller of call 0 talks to nobody");
}

/// Agent 2 has a call at site 2 until then, and after-call work to do.
void works_after_call(Journal& j, double from) {
  const CallId call = j.at(900).queue(1);
  j.answer(call, 2, 1).add(AgentStateChanged{AgentId{2}, 1, AgentState::talking});
  j.at(from).release(call, Release::normal);
  j.add(AgentStateChanged{AgentId{2}, 1, AgentState::after_call_work});
}

TEST(Liveness, WantsAfterCallWorkToEnd) {
  for (const bool for_ever : {false, true}) {
    for (const double begins : {1000.0, 3530.0}) {
      Scenario s = failed_site();
      s.calls[0].after_call_work = Deterministic{60};
      Journal j(s);
      come_back(j);
      works_after_call(j, begins);
      if (!for_ever) j.at(begins + 60).add(AgentStateChanged{AgentId{2}, 1, AgentState::ready});
      const bool told = for_ever && begins < 3000;  // a message may be under way at the end
      expect(j, told ? kViolated : kGood,
             told ? "agent 2 does after-call work that should be over since 1000.000 s" : "");
      Journal home(s);  // while his desktop was dead
      come_back(home);
      home.at(1000).add(AgentStateChanged{AgentId{2}, 1, AgentState::after_call_work});
      home.at(1010).add(ShiftChanged{AgentId{2}, 0});
      expect(home, kGood, "");
    }
  }
}

/// He may place calls before he presses ready, and the server where he is logged in need not see
/// them.
TEST(Liveness, LetsHimDialFromAfterCallWork) {
  for (const double last : {0.0, 1100.0, 3500.0}) {
    Scenario s = failed_site();
    s.calls[0].after_call_work = Deterministic{60};
    Journal j(s);
    come_back(j);
    works_after_call(j, 1000);
    for (double when = 1050; when < last; when += 40) {
      const CallId own = j.at(when).offer();
      j.add(AgentDialled{own, AgentId{2}, 0});
      j.at(when + 30).release(own, Release::rejected, CallPhase::setup);
    }
    expect(j, last > 3000 ? kGood : kViolated,
           last > 3000 ? "" : "agent 2 does after-call work that should be over since 1000.000 s");
  }
}

/// 3 s of every 300 are too few for a phone that backs off: for it, it is one outage of 40 min.
TEST(Liveness, TakesFaultsWithNoTimeToComeBackBetweenForOne) {
  Scenario s = failed_site();
  s.run.horizon = 65min;
  s.agents[1].phone.registration = RegistrationMode::dual;
  Journal j(s);
  for (int i = 0; i < 8; ++i) {
    const double at = 60 + 300 * i;
    j.at(at).add(FaultInjected{0, 0}).add(DnState{AgentId{2}, 0, 0});
    j.at(at + 297).add(FaultInjected{0, 1});
  }
  EXPECT_NE(verdict(j.finish(), "liveness").status, kViolated);
}

/// What a change mends may have been wrong since long before: phones have backed off meanwhile.
TEST(Liveness, GivesAPhoneThatFailedBeforeAChangeItsBackOff) {
  for (const bool change : {false, true}) {
    for (const bool failed : {false, true}) {
      Scenario s = failed_site();
      if (change) s.faults[0].deed = ChangeOption{};
      s.agents[1].phone.registration = RegistrationMode::dual;
      Journal j(s);
      if (failed) j.at(60).add(PhoneRegistrationFailed{AgentId{2}, 0, 408});
      j.at(1800).add(FaultInjected{0, 0}).at(1801).add(FaultInjected{0, 1});
      j.add(DnState{AgentId{2}, 0, 0});
      EXPECT_EQ(verdict(j.finish(), "liveness").status, change && failed ? kUnjudged : kViolated);
    }
  }
}

TEST(Liveness, WantsNoCallToWaitBesideAReadyAgent) {
  Journal j(failed_site());
  come_back(j);
  j.at(900).queue(1);
  expect(j, kViolated, "call 0 waits at site 2 since 900.000 s though agent 2 is ready");
}

/// From a minute after the last fault on, as long as nothing is broken.
TEST(Liveness, WantsNobodyToGiveUpWaitingBesideAReadyAgent) {
  struct Case {
    const char* why;
    double patience_s;
    bool agent_busy, refused, broken;
    bool told;
  };
  for (const Case& c : {Case{"long enough", 61, false, false, false, true},
                        Case{"he may just have become ready", 59, false, false, false, false},
                        Case{"he is busy", 61, true, false, false, false},
                        Case{"his phone is", 61, false, true, false, false},
                        Case{"something is broken", 61, false, false, true, false}}) {
    Scenario s = failed_site();
    add_fault(s, Cut{LinkTarget{}}, "cut dc-link");
    s.run.horizon = 20min;
    Journal j(s);
    j.at(10).add(FaultInjected{0, 0}).at(20).add(FaultInjected{0, 1});
    for (const std::uint32_t agent : {2u, 3u}) {
      const AgentState state = c.agent_busy ? AgentState::talking : AgentState::ready;
      j.at(30).add(AgentStateChanged{AgentId{agent}, 1, state});
    }
    if (c.broken) j.at(90).add(FaultInjected{1, 0});
    const CallId call = j.at(100).queue(1);
    if (c.refused) {
      for (const std::uint32_t agent : {2u, 3u}) {
        j.at(110).add(CallRouted{call, AgentId{agent}, 1, 2});
        j.add(CallReturned{call, AgentId{agent}, 1, 486});
      }
    }
    j.at(100 + c.patience_s).release(call, Release::caller_hung_up, CallPhase::treatment);
    const RunResult result = j.finish();
    EXPECT_EQ(verdict(result, "liveness").status == kViolated, c.told) << c.why;
  }
}

TEST(Liveness, LetsACallHearItsAnnouncementBesideAReadyAgent) {
  const auto waits = [](Duration announcement, std::optional<Duration> changed) {
    Scenario s = failed_site();
    s.sites[1].sip_server.announcement = announcement;
    if (changed) {
      RunTimeOptions options{{s.sites[0].sip_server, s.sites[1].sip_server}, s.queues};
      options.sip_servers[1].announcement = *changed;
      Fault fault;
      fault.deed = ChangeOption{{}, {}, std::make_shared<const RunTimeOptions>(options)};
      s.faults.push_back(std::move(fault));
    }
    Journal j(s);
    come_back(j);
    j.at(900).queue(1);
    return verdict(j.finish(), "liveness").status;
  };
  EXPECT_EQ(waits(0s, {}), kViolated);
  EXPECT_EQ(waits(30s, {}), kViolated);
  EXPECT_EQ(waits(45min, {}), kGood);
  EXPECT_EQ(waits(0s, 45min), kGood);
}

TEST(Liveness, WantsNoCallToBeRoutedToAPhoneThatIsNotThere) {
  Scenario s = failed_site();
  for (const std::uint32_t member : {0u, 1u}) {
    add_fault(s, Fail{PhoneTarget{1, member}, {}}, "fail a phone");
  }
  Journal j(s);
  come_back(j);  // and both agents of site 2 stay ready without their phones
  j.at(800).add(FaultInjected{1, 0}).add(FaultInjected{2, 0});
  j.at(900).queue(1);
  expect(j, kGood, "");
}

TEST(Liveness, WantsNobodyToLogInAgainAndAgain) {
  Journal j(failed_site());
  come_back(j);
  for (int i = 0; i < 8; ++i) {
    j.at(3000 + i).add(AgentLogout{AgentId{0}, 0, 0}).add(AgentLogin{AgentId{0}, 0, 1});
    j.add(AgentStateChanged{AgentId{0}, 0, AgentState::ready});
  }
  expect(j, kViolated, "agent 0 logged in 8 times since all were back");
}

TEST(Liveness, LetsHimMoveAgainAndAgainWhomTheHomeOfHisHuntGroupAndHisOwnWillSendToAndFro) {
  using enum Failback;
  struct Case {
    Failback failback;
    std::array<std::string, kSites> home;  // of the hunt group, as either switch has it
    bool good;
  };
  for (const Case& c :
       {Case{return_after_call, {"there", "there"}, true},
        Case{return_after_call, {"", "there"}, true},
        Case{return_after_call, {"there", "here"}, true},
        Case{return_after_call, {"here", "here"}, false}, Case{return_after_call, {"", ""}, false},
        Case{stay, {"there", "there"}, false}}) {
    Scenario s = failed_site();
    s.sites[0].sip_server.name = "here";
    s.sites[1].sip_server.name = "there";
    s.agents[0].desktop.failback = c.failback;
    s.queues[0].hunt_group.emplace();
    s.queues[0].hunt_group->members = {0};
    s.queues[0].hunt_group->preferred_site = c.home;
    Journal j(s);
    come_back(j);
    for (int i = 0; i < 8; ++i) {
      j.at(3000 + i).add(AgentLogout{AgentId{0}, 0, 0}).add(AgentLogin{AgentId{0}, 0, 1});
      j.add(AgentStateChanged{AgentId{0}, 0, AgentState::ready});
    }
    expect(j, c.good ? kGood : kViolated, c.good ? "" : "agent 0 logged in 8 times");
  }
}

TEST(Liveness, WantsNoBindingToRunOutAgainAndAgain) {
  for (const int times : {5, 6}) {
    Journal j(failed_site());
    come_back(j);
    for (int i = 0; i < times; ++i) {
      j.at(3000 + i).add(DnState{AgentId{1}, 0, 0}).add(DnState{AgentId{1}, 0, 1});
    }
    const char* text = times > 5 ? "agent 1 had a phone out of service 6 times" : "";
    expect(j, times > 5 ? kViolated : kGood, text);
  }
}

TEST(Liveness, WantsNoPhoneToBeBusyWithNothing) {
  const auto after = [](bool with_a_call, int times) {
    Journal j(failed_site());
    come_back(j);
    j.at(3000).queue(0);
    for (int i = 0; i < times; ++i) {
      j.at(3000 + i).add(CallRouted{CallId{0}, AgentId{0}, 0, 1});
      if (with_a_call) j.add(HuntLeg{CallId{1}, AgentId{0}, 0});
      j.add(CallReturned{CallId{0}, AgentId{0}, 0, 486});
    }
    return verdict(j.finish(), "liveness").text;
  };
  EXPECT_THAT(after(false, 6), HasSubstr("agent 0 had a phone that was busy with nothing 6 times"));
  EXPECT_THAT(after(false, 5), ::testing::Not(HasSubstr("busy with nothing")));
  EXPECT_THAT(after(true, 6), ::testing::Not(HasSubstr("busy with nothing")));
}

TEST(Liveness, WantsNoCallToBeBrokenOffForSilenceOfAnEnd) {
  for (const Release how : {Release::session_expired, Release::normal}) {
    Journal j(failed_site());
    come_back(j);
    const CallId call = j.at(3000).queue(1);
    j.answer(call, 2, 1).at(3100).release(call, how);
    const bool bad = how != Release::normal;
    expect(j, bad ? kViolated : kGood, bad ? "call 0 was broken off" : "");
  }
}

TEST(Liveness, WantsNoCallToBeBlockedWhileNobodyHoldsAChannel) {
  const auto blocked = [](std::uint32_t live) {
    Scenario s = failed_site();
    for (GatewayOptions& gateway : s.gateways) gateway.channels = 2;
    Journal j(s);
    come_back(j);
    j.at(3000);
    for (std::uint32_t i = 0; i < live; ++i) j.answer(j.queue(i % 2), 2 * (i % 2), i % 2);
    j.release(j.offer(0), Release::no_channel, CallPhase::setup);
    return verdict(j.finish(), "liveness").text;
  };
  EXPECT_THAT(blocked(0), HasSubstr("call 0 found no channel of any gateway though gateway 1"));
  EXPECT_THAT(blocked(2), HasSubstr("gateway 1 had 1 calls"));
  EXPECT_THAT(blocked(3), ::testing::Not(HasSubstr("found no channel")));
}

}  // namespace
}  // namespace bcsim::models::liveness_check_test
