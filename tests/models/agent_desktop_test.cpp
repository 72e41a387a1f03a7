// The desktop in a small world: detection, relogin, coming back in time (R20–R24, R33, §5.3,
// §5.11).
#include <gtest/gtest.h>

#include "tests/models/agent_desktop_world.hpp"
#include "tests/support/goodness_of_fit.hpp"

namespace bcsim::testing::agent_desktop_test {
namespace {

// ---- the golden run (§5.11)
// ------------------------------------------------------------------------

TEST(AgentDesktop, FollowsTheGoldenRun) {
  Scenario s = with_desks();  // P1d
  s.agents[0].name = "P1d";
  s.agents[0].desktop.last_addp = at(-6s);
  s.agents[0].phone.first_refresh = 23s;
  s.agents.push_back(s.agents[0]);
  s.agents[1].name = "P1s";
  s.agents[1].phone.registration = RegistrationMode::single;
  for (const RegistrationMode mode : {RegistrationMode::dual, RegistrationMode::single}) {
    AgentGroup p2 = desk_scenario().agents[0];  // P2d, P2s
    p2.count = 1;
    p2.location = 1;
    p2.preferred_site = 1;
    p2.phone.registration = mode;
    s.agents.push_back(p2);
  }
  for (const Duration refresh : {23s, 58s}) {
    s.agents[1].phone.first_refresh = refresh;
    DeskWorld world(s, 1, kDesktops);
    world.fail_site(0s, 0);
    world.script[1].at(9s, [](StubSipServer& server, Context& context) {
      server.set_single_site_mode(context, true);
    });
    world.run(200s);
    for (const std::uint32_t agent : {0u, 1u}) {
      EXPECT_EQ(of_at<DesktopConnectionLost>(world, 0, agent), Times{at(34s)});
      EXPECT_EQ(of<DesktopSwitch>(world, agent), Times{at(64s)});
      const bool waits = agent == 1 && refresh == 58s;
      const Duration login = waits ? 65580ms : 64000ms;  // TAgentLogin
      EXPECT_EQ(of_at<AgentLogin>(world, 1, agent), Times{at(login + 20ms)});
      EXPECT_EQ(of_at<AgentStateChanged>(world, 1, agent), Times{at(login + 60ms)});  // Ready
      EXPECT_EQ(of_at<AgentAtWork>(world, 1, agent), Times{at(login + 80ms)});
      EXPECT_EQ(of_at<ConfigRead>(world, 1, agent).size(), 1u);
      EXPECT_EQ(of_at<StatServerConnected>(world, 1, agent).size(), 1u);
    }
    EXPECT_EQ(world.tlib_at(world.directory.agents[0].desktop, Kind::agent_logged_in),
              Times{at(64040ms)});
    for (const std::uint32_t agent : {2u, 3u}) {  // R25
      EXPECT_TRUE(of<DesktopConnectionLost>(world, agent).empty());
      EXPECT_TRUE(of<DesktopSwitch>(world, agent).empty());
      EXPECT_TRUE(ready_at(world, 1, agent));
    }
  }
}

// ---- detection (§5.3)
// --------------------------------------------------------------------------------

double ks_uniform(const std::vector<double>& values, double low, double high) {
  for (const double v : values) {
    EXPECT_GE(v, low);
    EXPECT_LE(v, high);
  }
  return ks_test(values, [=](double x) { return std::clamp((x - low) / (high - low), 0., 1.); });
}

TEST(AgentDesktop, NoticesASilentServerAfterTwoTimeoutsSinceItLastHeardIt) {
  for (const Duration a : {20s, 25s, 30s}) {
    Scenario s = with_desks(5);
    s.sites[0].desktop.addp_timeout = s.sites[1].desktop.addp_timeout = a;
    std::vector<double> lost, switched;
    for (int seed = 1; seed <= 200; ++seed) {
      DeskWorld world(s, static_cast<std::uint64_t>(seed), kDesktops);
      world.fail_site(0s, 0);
      world.run(2 * a + 40s);
      for (std::uint32_t agent = 0; agent < 5; ++agent) {
        const Duration u = world.directory.addp_silence_at_start(AgentId{agent}, 0);
        EXPECT_EQ(of<DesktopConnectionLost>(world, agent), Times{at(2 * a - u)});
        EXPECT_EQ(of<DesktopSwitch>(world, agent), Times{at(2 * a - u + 30s)});  // S exactly
        lost.push_back(sim::seconds(2 * a - u));
        switched.push_back(sim::seconds(of<DesktopSwitch>(world, agent).at(0)));
      }
    }
    EXPECT_EQ(lost.size(), 1000u);
    EXPECT_GT(ks_uniform(lost, sim::seconds(a), sim::seconds(2 * a)), 0.01);
    EXPECT_GT(ks_uniform(switched, sim::seconds(a + 30s), sim::seconds(2 * a + 30s)), 0.01);
  }
}

TEST(AgentDesktop, DetectsWithinTheBoundsAfterAnyNumberOfPolls) {
  // D in (A - RTT, 2A], whatever poll is under way when the server falls silent.
  std::vector<double> detection;
  for (int seed = 1; seed <= 200; ++seed) {
    DeskWorld world(with_desks(5), static_cast<std::uint64_t>(seed), kDesktops);
    world.fail_site(100s, 0);
    world.run(145s);
    for (std::uint32_t agent = 0; agent < 5; ++agent) {
      const NodeId desktop = world.directory.agents[agent].desktop;
      const SimTime heard = world.tlib_at(desktop, Kind::addp_reply, world.sip_server[0]).back();
      const SimTime lost = of<DesktopConnectionLost>(world, agent).at(0);
      EXPECT_EQ(lost, heard + 40s);
      EXPECT_GT(lost - at(100s), 20s - 1ms);
      EXPECT_LE(lost - at(100s), 40s);
      detection.push_back(sim::seconds(lost - at(100s)));
    }
  }
  EXPECT_GT(ks_uniform(detection, 19.999, 40), 0.01);
}

TEST(AgentDesktop, PollsAnIdleConnectionOnceATimeoutAndOneRoundTrip) {
  Scenario s = with_desks();
  s.agents[0].desktop.last_addp = at(0s);
  DeskWorld world(s, 1, kDesktops);
  world.run(1000s);
  const Times polls = world.tlib_at(world.sip_server[0], Kind::addp_poll);
  EXPECT_EQ(polls.size(), 49u);  // every 20.001 s
  EXPECT_EQ(polls[0], at(20s + 500us));
  EXPECT_EQ(polls[1], at(40s + 1ms + 500us));
}

TEST(AgentDesktop, SwitchesAfterTheSiteTimeoutAloneWhenTheServersHostResetsIt) {
  for (int seed = 1; seed <= 200; ++seed) {
    DeskWorld world(with_desks(5), static_cast<std::uint64_t>(seed), kDesktops);
    world.crash(10s, world.sip_server[0]);
    world.run(50s);
    for (std::uint32_t agent = 0; agent < 5; ++agent) {
      EXPECT_EQ(of<DesktopConnectionLost>(world, agent), Times{at(10s + 500us)});
      EXPECT_EQ(of<DesktopSwitch>(world, agent), Times{at(40s + 500us)});
    }
  }
}

TEST(AgentDesktop, LogsInWhenBothItsTimeoutsAndItsPhoneAllow) {
  // T_login = max(T_desk, T_ph) + L to the nanosecond, and E[max] = 60.744 s at A=20, E=120.
  Scenario s = with_desks(5, RegistrationMode::single);
  s.agents[0].desktop.relogin_work = 1s;
  std::vector<double> login;
  for (int seed = 1; seed <= 200; ++seed) {
    DeskWorld world(s, static_cast<std::uint64_t>(seed), kDesktops);
    world.fail_site(0s, 0);
    world.run(80s);
    for (std::uint32_t agent = 0; agent < 5; ++agent) {
      const AgentId id{agent};
      const Duration desk = 70s - world.directory.addp_silence_at_start(id, 0);
      // Bound 1.5 round trips after the phone's first REGISTER there; the event takes 20 ms more.
      const Duration phone = world.directory.first_refresh(id, 0) + 7500ms + 80ms;
      const Duration tried = std::max(desk, phone) + 1s;
      EXPECT_EQ(of_at<AgentLogin>(world, 1, agent), Times{at(tried + 20ms)});
      EXPECT_EQ(of_at<AgentAtWork>(world, 1, agent), Times{at(tried + 80ms)});
      login.push_back(sim::seconds(tried - 1s));
    }
  }
  const SampleMean m = sample_mean(login);
  EXPECT_NEAR(m.mean, 60.744, 3 * m.standard_error);
}

TEST(AgentDesktop, DoesNotWaitForThePhoneIfItsPolicySaysSo) {
  Scenario s = with_desks(1, RegistrationMode::single);
  s.agents[0].desktop.require_endpoint = false;
  s.agents[0].desktop.last_addp = at(-6s);
  s.agents[0].phone.first_refresh = 59s;
  DeskWorld world(s, 1, kDesktops);
  world.fail_site(0s, 0);
  world.script[1].single_site_mode = true;  // R37: else the server would refuse
  world.run(70s);
  EXPECT_EQ(of_at<AgentLogin>(world, 1), Times{at(64020ms)});
  EXPECT_EQ(of_at<AgentAtWork>(world, 1), Times{at(64080ms)});
}

TEST(AgentDesktop, LogsInThoughTheStatServerIsDeadAndConnectsToItLater) {  // R33
  Scenario s = with_desks();
  s.agents[0].desktop.last_addp = at(-6s);
  DeskWorld world(s, 1, kDesktops);
  world.fail_site(0s, 0);
  world.crash(0s, world.stat_server[1]);
  world.fail_host(0s, world.config_proxy[1]);
  world.start_node(100s, world.stat_server[1]);
  world.restore_host(100s, world.config_proxy[1]);
  world.run(120s);
  EXPECT_EQ(of_at<AgentAtWork>(world, 1), Times{at(64080ms)});
  // Tried every 10 s since 64.040.
  EXPECT_EQ(of_at<StatServerConnected>(world, 1), Times{at(104040ms + 80ms)});
  EXPECT_EQ(of_at<ConfigRead>(world, 1), Times{at(104040ms + 80ms)});
}

// ---- back in time ----

TEST(AgentDesktop, CarriesOnWhenItReconnectsBeforeTheSiteTimeoutIsOver) {
  Scenario s = with_desks();
  s.agents[0].desktop.last_addp = at(-6s);
  s.agents[0].phone.first_refresh = 61s;  // not while the path is cut
  DeskWorld world(s, 1, kDesktops);
  world.cut_access(0s, 0, 0);
  world.heal_access(50s, 0, 0);
  world.run(200s);
  EXPECT_EQ(of<DesktopConnectionLost>(world), Times{at(34s)});
  EXPECT_TRUE(of<DesktopSwitch>(world).empty());
  // Attempts at 34 (given up at 39), 44 (at 49) and 54: connect, attach, log in, ready: 4 ms.
  EXPECT_EQ(of_at<AgentAtWork>(world, 0), Times{at(54004ms)});
  EXPECT_TRUE(ready_at(world, 0));
  EXPECT_FALSE(world.server[1]->desk(0).logged_in);
}

TEST(AgentDesktop, SwitchesThoughTheServerReturnsTooLate) {
  Scenario s = with_desks();
  s.agents[0].desktop.last_addp = at(-6s);
  DeskWorld world(s, 1, kDesktops);
  world.cut_access(0s, 0, 0);
  world.heal_access(60s, 0, 0);  // the next attempt is at 64, when the site-timeout is over
  world.run(80s);
  EXPECT_EQ(of<DesktopSwitch>(world), Times{at(64s)});
  EXPECT_EQ(of_at<AgentLogin>(world, 1), Times{at(64020ms)});
}

TEST(AgentDesktop, WaitsTheReconnectDelayAfterAResetAndTriesAtOnceAfterSilence) {
  DeskWorld world(with_desks(), 1, kDesktops);
  world.crash(100s, world.sip_server[0]);
  world.start_node(104s, world.sip_server[0]);
  world.run(125s);
  const Times attached = world.tlib_at(world.sip_server[0], Kind::register_address);
  EXPECT_EQ(attached, Times{at(110s + 500us + 1ms + 500us)});

  DeskWorld quick(with_desks(), 1, kDesktops);  // although an attempt at once would succeed
  quick.crash(100s, quick.sip_server[0]);
  quick.start_node(100s + 100us, quick.sip_server[0]);
  quick.run(125s);
  EXPECT_EQ(quick.tlib_at(quick.sip_server[0], Kind::register_address), attached);
}

TEST(AgentDesktop, AsksAgainEveryLoginRetryWhenARestartedServerRefusesIt) {
  DeskWorld world(with_desks(), 1, kDesktops);
  world.crash(100s, world.sip_server[0]);
  world.start_node(104s, world.sip_server[0]);
  world.script[0].refuse_logins = true;
  world.run(135s);
  // The resumption, which is a login, is refused, and again every 10 s; the site is not given up.
  const Duration first = 110s + 500us + 2500us;
  EXPECT_EQ(of_at<AgentLoginRefused>(world, 0),
            (Times{at(first), at(first + 10s + 1ms), at(first + 20s + 2ms)}));
  EXPECT_TRUE(of_at<AgentLogin>(world, 1).empty());
}

TEST(AgentDesktop, LosesNoCallWhenItReconnectsInTime) {
  Scenario s = with_desks();
  s.agents[0].desktop.last_addp = at(-6s);
  s.agents[0].phone.first_refresh = 61s;  // not while the path is cut
  DeskWorld world(s, 1, kDesktops);
  world.script[0].at(1s, [](StubSipServer& server, Context& context) {
    server.ring(context, 0, kCall, {.talk = 100s, .after_call_work = 20s});
  });
  world.cut_access(5s, 0, 0);
  world.heal_access(60s, 0, 0);
  world.run(150s);
  ASSERT_EQ(of<DesktopConnectionLost>(world).size(), 1u);
  const SimTime back = of<DesktopConnectionLost>(world).at(0) + 20s;  // the third attempt
  EXPECT_GT(back, at(60s));
  EXPECT_TRUE(of<DesktopSwitch>(world).empty());
  EXPECT_EQ(of_at<AgentAtWork>(world, 0), Times{back + 3ms});  // no Ready while the call lasts
  const SimTime hung_up = at(1s + 500us + 100s);
  EXPECT_EQ(world.requests_sent(world.sip_server[0], sip::Method::bye), Times{hung_up});
  // EventReleased 1 ms later, after-call work 20 s, TAgentSetReady.
  EXPECT_EQ(of_at<AgentStateChanged>(world, 0), Times{hung_up + 1ms + 20s + 500us});
  EXPECT_TRUE(ready_at(world, 0));
}

TEST(AgentDesktop, DoesNotWaitForTheReleaseOfACallThatEndedWhileItWasCutOff) {
  Scenario s = with_desks();
  s.agents[0].phone.first_refresh = 61s;  // not while the path is cut
  DeskWorld world(s, 3, kDesktops);
  world.script[0].at(1s, [](StubSipServer& server, Context& context) {
    server.ring(context, 0, kCall, {.talk = 20s, .after_call_work = 20s});
  });
  // The server believes the call over, and says so to nobody.
  world.script[0].at(30s, [](StubSipServer& server, Context& context) {
    server.desk(0).connection = {};
    server.desk(0).ready = false;
    server.desk(0).call = {};
    (void)context;
  });
  world.cut_access(2s, 0, 0);
  world.heal_access(55s, 0, 0);
  world.run(150s);
  EXPECT_TRUE(of<DesktopSwitch>(world).empty());
  EXPECT_TRUE(ready_at(world, 0));
  EXPECT_FALSE(world.desktop[0]->busy());
}

TEST(AgentDesktop, KeepsItsBasicConnectionAndNothingElseDependsOnIt) {  // R22
  DeskWorld world(with_desks(), 1, kDesktops);
  world.fail_host(10s, world.sip_server[1]);
  world.restore_host(200s, world.sip_server[1]);
  world.run(300s);
  EXPECT_TRUE(of<DesktopConnectionLost>(world).empty());
  EXPECT_TRUE(of<DesktopSwitch>(world).empty());
  const Times back = world.tlib_at(world.sip_server[1], Kind::register_address);
  ASSERT_EQ(back.size(), 1u);
  EXPECT_LE(back[0], at(200s + tlib::DesktopSession::kLongestReconnect + 60ms));
  EXPECT_TRUE(world.tlib_at(world.sip_server[1], Kind::agent_login).empty());
  EXPECT_TRUE(ready_at(world, 0));
}

}  // namespace
}  // namespace bcsim::testing::agent_desktop_test
