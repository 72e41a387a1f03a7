// The agent's work at the desktop: calls, after-call work, logouts, shifts (R37–R39, R75–R79).
#include <gtest/gtest.h>

#include "tests/models/agent_desktop_world.hpp"

namespace bcsim::testing::agent_desktop_work_test {
namespace {

// ---- the agent's work
// ----------------------------------------------------------------------------------

TEST(AgentDesktop, DoesTheAfterCallWorkAndPressesReady) {
  DeskWorld world(with_desks(), 1, kDesktops);
  world.script[0].at(1s, [](StubSipServer& server, Context& context) {
    server.ring(context, 0, kCall, {.talk = 30s, .after_call_work = 12s});
  });
  world.run(100s);
  EXPECT_EQ(of_at<AgentStateChanged>(world, 0), Times{at(1s + 500us + 30s + 1ms + 12s + 500us)});
  EXPECT_TRUE(of<AgentAtWork>(world).empty());  // it never was away
}

TEST(AgentDesktop, PressesNothingAfterACallThatWasNotAnswered) {
  Scenario s = with_desks();
  s.agents[0].phone.answer_delay = 4s;
  DeskWorld world(s, 1, kDesktops);
  world.script[0].at(1s, [](StubSipServer& server, Context& context) {
    server.ring(context, 0, kCall, {.talk = 30s, .after_call_work = 12s});
  });
  world.script[0].at(3s, [](StubSipServer& server, Context& c) { server.cancel(c, 0); });
  world.run(100s);
  EXPECT_TRUE(of<AgentStateChanged>(world).empty());
  EXPECT_TRUE(ready_at(world, 0));
  EXPECT_FALSE(world.desktop[0]->busy());
}

TEST(AgentDesktop, DoesTheAfterCallWorkOfACallThatItHasNotSeenRinging) {
  DeskWorld world(with_desks(), 1, kDesktops);
  world.script[0].at(1s, [](StubSipServer& server, Context& context) {
    server.tell(context, 0, Kind::released, false, kCall, 12s);
  });
  world.notice(5s, world.directory.agents[0].desktop, notice::Kind::shift_end);
  world.run(30s);
  EXPECT_EQ(of_at<AgentLogout>(world, 0), Times{at(1s + 500us + 12s + 500us)});
}

TEST(AgentDesktop, PressesReadyAgainAfterTheServerMadeItNotReady) {
  DeskWorld world(with_desks(), 1, kDesktops);
  world.script[0].at(1s, [](StubSipServer& server, Context& context) {
    server.desk(0).ready = false;
    server.tell(context, 0, Kind::not_ready, true);
  });
  world.run(30s);
  EXPECT_EQ(of_at<AgentStateChanged>(world, 0), Times{at(1s + 500us + 10s + 500us)});
}

/// What it hears of a call first, EventRinging or, of a phone whose 180 was lost, EventEstablished,
/// breaks after-call work off: when that would have been over it presses nothing, and dials nobody.
TEST(AgentDesktop, IsBusyFromTheFirstThatItHearsOfACall) {
  for (const Kind first : {Kind::ringing, Kind::dialing, Kind::established}) {
    for (const bool works : {false, true}) {
      DeskWorld world(with_desks(), 1, kDesktops);
      if (works) {
        world.script[0].at(500ms, [](StubSipServer& server, Context& context) {
          server.tell(context, 0, Kind::released, false, kCall, 5s);
        });
      }
      world.script[0].at(1s, [=](StubSipServer& server, Context& context) {
        server.desk(0).ready = false;
        server.tell(context, 0, first, false, kCall);
      });
      world.script[0].at(
          2s, [&world](StubSipServer&, Context&) { EXPECT_TRUE(world.desktop[0]->busy()); });
      world.run(30s);
      EXPECT_TRUE(world.desktop[0]->busy());
      EXPECT_FALSE(ready_at(world, 0));
    }
  }
}

TEST(AgentDesktop, TakesACallForOverWhenTheServerSaysThatItIsReadyOrNot) {
  for (const Kind rest : {Kind::ready, Kind::not_ready}) {
    DeskWorld world(with_desks(), 1, kDesktops);
    world.script[0].at(1s, [](StubSipServer& server, Context& context) {
      server.tell(context, 0, Kind::ringing, false, kCall);
    });
    world.script[0].at(2s, [=, &world](StubSipServer& server, Context& context) {
      EXPECT_TRUE(world.desktop[0]->busy());
      server.tell(context, 0, rest);
    });
    world.run(3s);
    EXPECT_FALSE(world.desktop[0]->busy());
  }
}

TEST(AgentDesktop, LogsInElsewhereWhenForcedOutAndItsPhoneIsThere) {
  DeskWorld world(with_desks(), 1, kDesktops);
  world.script[0].at(1s, [](StubSipServer& s, Context& c) { s.force_out(c, 0); });
  world.run(30s);
  EXPECT_EQ(of_at<AgentLogin>(world, 1), Times{at(1s + 500us + 20ms)});
  EXPECT_TRUE(of<DesktopSwitch>(world).empty());  // no failover
  EXPECT_TRUE(ready_at(world, 1));
}

TEST(AgentDesktop, LogsInAgainWhenForcedOutAndItsPhoneIsNowhereElse) {
  DeskWorld world(with_desks(1, RegistrationMode::single), 1, kDesktops);
  world.script[0].at(1s, [](StubSipServer& s, Context& c) { s.force_out(c, 0); });
  world.run(30s);
  EXPECT_EQ(of_at<AgentLogin>(world, 0), Times{at(1s + 500us + 10s + 500us)});
  EXPECT_TRUE(ready_at(world, 0));
}

TEST(AgentDesktop, IgnoresAForcedLogoutWhereItDoesNotWork) {  // the ghost of an earlier login
  DeskWorld world(with_desks(), 1, kDesktops);
  world.script[1].at(1s, [](StubSipServer& s, Context& c) { s.force_out(c, 0); });
  world.run(60s);
  EXPECT_TRUE(of<AgentLogin>(world).empty());
  EXPECT_TRUE(ready_at(world, 0));
}

TEST(AgentDesktop, RetriesARefusedLoginEveryTenSeconds) {
  Scenario s = with_desks(1, RegistrationMode::fixed);
  s.run.start = StartMode::cold;
  DeskWorld world(s, 1, kDesktops);
  world.script[0].refuse_logins = true;
  world.script[0].at(45s, [&](StubSipServer&, Context&) { world.script[0].refuse_logins = false; });
  world.run(60s);
  Times refused;
  for (int n = 0; n < 5; ++n) refused.push_back(at(4500us + n * (10s + 1ms)));
  EXPECT_EQ(of_at<AgentLoginRefused>(world, 0), refused);
  EXPECT_EQ(of_at<AgentLogin>(world, 0), Times{at(4500us + 5 * (10s + 1ms))});
  EXPECT_EQ(of_at<AgentAtWork>(world, 0).size(), 1u);
}

TEST(AgentDesktop, IsRefusedWithoutAnEndpointUntilThePhoneRegisters) {  // R39
  Scenario s = with_desks(1, RegistrationMode::fixed);
  s.run.start = StartMode::cold;
  DeskWorld world(s, 1, kDesktops);
  const NodeId phone = world.directory.agents[0].phone;
  world.crash(0s, phone);
  world.start_node(25s, phone);
  world.run(60s);
  EXPECT_EQ(of_at<AgentLoginRefused>(world, 0).size(), 3u);
  EXPECT_EQ(of_at<AgentLogin>(world, 0), Times{at(4500us + 3 * (10s + 1ms))});
}

// ---- shifts ----

TEST(AgentDesktop, StaysConnectedAndLoggedOutOutsideItsShift) {
  Scenario s = with_desks();
  s.agents[0].staffing = {{at(0s), 0}, {at(100s), 1}, {at(200s), 0}, {at(400s), 1}};
  DeskWorld world(s, 1, kDesktops);
  const NodeId desktop = world.directory.agents[0].desktop;
  world.notice(100s, desktop, notice::Kind::shift_start);
  world.notice(200s, desktop, notice::Kind::shift_end);
  world.notice(400s, desktop, notice::Kind::shift_start);
  world.run(500s);
  // Read the person, log in, ready: over the connections that are there.
  EXPECT_EQ(of_at<AgentAtWork>(world, 0), (Times{at(100s + 3ms), at(400s + 3ms)}));
  EXPECT_EQ(of_at<AgentLogout>(world, 0), Times{at(200s + 500us)});
  EXPECT_TRUE(world.tlib_at(world.sip_server[0], Kind::register_address).empty());
  EXPECT_GE(world.tlib_at(world.sip_server[0], Kind::addp_poll).size(), 20u);
}

TEST(AgentDesktop, EndsItsShiftAfterTheCallAndItsWork) {
  DeskWorld world(with_desks(), 1, kDesktops);
  world.script[0].at(1s, [](StubSipServer& server, Context& context) {
    server.ring(context, 0, kCall, {.talk = 30s, .after_call_work = 12s});
  });
  world.notice(20s, world.directory.agents[0].desktop, notice::Kind::shift_end);
  world.run(100s);
  EXPECT_EQ(of_at<AgentLogout>(world, 0), Times{at(1s + 500us + 30s + 1ms + 12s + 500us)});
  EXPECT_TRUE(of<AgentStateChanged>(world).empty());  // not ready in between
}

TEST(AgentDesktop, EndsItsShiftWhenTheSiteOfItsCallIsGivenUp) {
  Scenario s = with_desks(1, RegistrationMode::fixed);  // nowhere to go
  s.agents[0].desktop.last_addp = at(0s);
  DeskWorld world(s, 1, kDesktops);
  world.script[0].at(1s, [](StubSipServer& server, Context& context) {
    server.ring(context, 0, kCall, {.talk = 30s, .after_call_work = 12s});
  });
  world.notice(5s, world.directory.agents[0].desktop, notice::Kind::shift_end);
  world.fail_site(6s, 0);
  world.run(100s);
  EXPECT_EQ(of<DesktopSwitch>(world).size(), 1u);
  EXPECT_EQ(state(world), DesktopState::off);
}

TEST(AgentDesktop, LogsOutAfterItsShiftAsSoonAsItReachesItsServer) {
  // The path is cut before the shift ends; at 75 s the desktop knows, at 45 s it does not yet.
  for (const Duration over : {45s, 75s}) {
    Scenario s = with_desks();
    s.agents[0].staffing = {{at(0s), 1}, {at(over), 0}};
    s.agents[0].desktop.last_addp = at(-6s);
    s.sites[0].desktop.site_timeout = 300s;
    DeskWorld world(s, 1, kDesktops);
    world.cut_access(40s, 0, 0);
    world.heal_access(200s, 0, 0);
    world.notice(over, world.directory.agents[0].desktop, notice::Kind::shift_end);
    world.run(400s);
    EXPECT_EQ(state(world), DesktopState::off);
    const Times out = of_at<AgentLogout>(world, 0);
    ASSERT_FALSE(out.empty());
    EXPECT_GE(out.back(), at(200s));
    EXPECT_LE(out.back(), at(200s + 70s));
    EXPECT_FALSE(world.server[0]->desk(0).logged_in);
  }
}

TEST(AgentDesktop, EndsItsShiftAfterACallThatTheServerDoesNotFollow) {
  DeskWorld world(with_desks(), 1, kDesktops);
  const NodeId desktop = world.directory.agents[0].desktop;
  world.notice(1s, desktop, notice::Kind::wishes_to_call);
  world.notice(5s, desktop, notice::Kind::shift_end);
  world.notice(50s, desktop, notice::Kind::own_call_over);
  world.run(100s);
  EXPECT_EQ(of_at<AgentLogout>(world, 0), Times{at(50s + 500us)});
}

TEST(AgentDesktop, KnowsAfterItsShiftHasBegunWhatItWasToldBefore) {
  Scenario s = with_desks(1, RegistrationMode::single);
  s.agents[0].staffing = {{at(0s), 0}, {at(100s), 1}};
  s.agents[0].phone.first_refresh = 20s;  // bound until 140 s
  DeskWorld world(s, 1, kDesktops);
  world.crash(60s, world.directory.agents[0].phone);
  world.script[1].at(50s, [](StubSipServer& server, Context& context) {
    server.set_single_site_mode(context, true);
  });
  world.notice(100s, world.directory.agents[0].desktop, notice::Kind::shift_start);
  world.run(200s);
  // The binding ends at 140.0015, and C30 is met.
  EXPECT_EQ(of<DesktopSwitch>(world), Times{at(140s + 2ms + 30s)});
}

/// Without after-call work the server would have him ready at the end of the call, and the next
/// caller would be there before he can dial.
TEST(AgentDesktop, KeepsCallsAwayWhenItsAgentWantsToCallAfterThisOne) {
  for (const bool wishes : {true, false}) {
    DeskWorld world(with_desks(), 1, kDesktops);
    const NodeId desktop = world.directory.agents[0].desktop;
    world.script[0].at(1s, [](StubSipServer& server, Context& context) {
      server.desk(0).ready = true;
      server.tell(context, 0, Kind::established, false, kCall);
    });
    if (wishes) world.notice(2s, desktop, notice::Kind::wishes_to_call);
    world.script[0].at(
        3s, [=](StubSipServer& server, Context&) { EXPECT_EQ(server.desk(0).ready, !wishes); });
    world.script[0].at(5s, [](StubSipServer& server, Context& context) {
      server.tell(context, 0, Kind::released, false, kCall);
    });
    if (wishes) world.notice(9s, desktop, notice::Kind::own_call_over);  // he has called
    world.run(20s);
    EXPECT_TRUE(world.server[0]->desk(0).ready);
  }
}

// ---- what is not for it ----

enum class Condition : std::uint8_t { ready, on_a_call, at_work_after_a_call, off_shift };

/// A desktop that has come into this condition by 5 s, and is let be in it.
class Undisturbed {
 public:
  explicit Undisturbed(Condition condition)
      : busy_(condition == Condition::on_a_call || condition == Condition::at_work_after_a_call) {
    if (busy_) {
      const Duration talk = condition == Condition::on_a_call ? 60s : 1s;
      world.script[0].at(1s, [=](StubSipServer& server, Context& context) {
        server.ring(context, 0, kCall, {.talk = talk, .after_call_work = 60s});
      });
    } else if (condition == Condition::off_shift) {
      world.notice(1s, desktop(), notice::Kind::shift_end);
    }
    world.script[0].at(5s, [this](StubSipServer&, Context&) {
      EXPECT_EQ(world.desktop[0]->busy(), busy_);
      before_ = state(world);
    });
  }
  [[nodiscard]] NodeId desktop() const { return world.directory.agents[0].desktop; }
  /// To the end: nothing is recorded, the desktop says nothing, and is as it was.
  void run() {
    world.run(8s);
    EXPECT_EQ(state(world), before_);
    EXPECT_EQ(world.desktop[0]->session().current(), 0);
    EXPECT_EQ(world.desktop[0]->busy(), busy_);
    for (const JournalEntry& entry : world.journal) EXPECT_LT(entry.at, at(5s));
    for (const auto& d : world.deliveries) EXPECT_FALSE(d.source == desktop() && d.at > at(5s));
  }

  DeskWorld world{pinned(), 1, kDesktops};

 private:
  static Scenario pinned() {  // no refresh and no poll meanwhile
    Scenario s = with_desks();
    s.agents[0].phone.first_refresh = 50s;
    s.agents[0].desktop.last_addp = at(0s);
    return s;
  }
  bool busy_;
  DesktopState before_{};
};

TEST(AgentDesktop, HeedsNoRequestAndNoAnswerToWhatItHasNotAsked) {
  // R57: of calls it hears from the site of its login only.
  const std::vector<Kind> never = {Kind::register_address,
                                   Kind::agent_login,
                                   Kind::agent_logged_in,
                                   Kind::agent_logout,
                                   Kind::set_ready,
                                   Kind::set_not_ready,
                                   Kind::held,
                                   Kind::retrieved,
                                   Kind::make_call,
                                   Kind::addp_poll,
                                   Kind::addp_reply,
                                   Kind::single_step_transfer,
                                   Kind::initiate_transfer,
                                   Kind::complete_transfer,
                                   Kind::reconnect_call,
                                   Kind::release_call,
                                   Kind::transfer_refused,
                                   Kind::consulted,
                                   Kind::not_consulted};
  const std::vector<Kind> here_only = {Kind::ringing, Kind::dialing, Kind::established};
  for (const auto condition : {Condition::ready, Condition::on_a_call,
                               Condition::at_work_after_a_call, Condition::off_shift}) {
    for (const SiteIndex site : {0, 1}) {
      std::vector<Kind> kinds = never;
      if (site == 1) kinds.insert(kinds.end(), here_only.begin(), here_only.end());
      Undisturbed desk(condition);
      for (std::size_t i = 0; i < kinds.size(); ++i) {
        desk.world.script[site].at(5s + (i + 1) * 10ms,
                                   [=](StubSipServer& server, Context& context) {
                                     server.tell(context, 0, kinds[i], true, kCall, 10s);
                                   });
      }
      SCOPED_TRACE(::testing::Message() << int(condition) << " from site " << site + 1);
      desk.run();
    }
  }
}

TEST(AgentDesktop, HeedsNoNoticeThatIsForSomebodyElse) {
  using enum notice::Kind;
  for (const auto condition : {Condition::ready, Condition::on_a_call,
                               Condition::at_work_after_a_call, Condition::off_shift}) {
    Undisturbed desk(condition);
    Duration when = 5s;
    for (const notice::Kind kind :
         {speech_lost, rtp_stopped, rtp_resumed, become_primary, activate_standby, stand_down,
          config_write, drain, ha_link, gateway_died, gateway_down, gateway_up, dials, dial,
          hang_up, own_call_over}) {
      desk.world.notice(when += 10ms, desk.desktop(), kind, kCall);
    }
    SCOPED_TRACE(int(condition));
    desk.run();
  }
}

}  // namespace
}  // namespace bcsim::testing::agent_desktop_work_test
