// The desktop in a small world: detection, relogin, work (R20–R24, R33, R37–R39, R75–R85, §5.3).
#include "models/endpoints/agent_desktop.hpp"

#include <gtest/gtest.h>

#include "tests/support/desk_world.hpp"
#include "tests/support/goodness_of_fit.hpp"

namespace bcsim::testing {
namespace {

using Times = std::vector<SimTime>;
using tlib::DesktopState;
using tlib::Kind;

constexpr auto kDesktops = DeskWorld::With::desktops;
constexpr CallId kCall{7};

Scenario with_desks(std::uint32_t agents = 1, RegistrationMode mode = RegistrationMode::dual) {
  Scenario s = desk_scenario(agents);
  s.agents[0].phone.registration = mode;
  return s;
}

template <class R>
Times of(const DeskWorld& world, std::uint32_t agent = 0) {
  return world.times<R>([=](const R& r) { return r.agent.value == agent; });
}
template <class R>
Times of_at(const DeskWorld& world, std::uint32_t site, std::uint32_t agent = 0) {
  return world.times<R>([=](const R& r) { return r.agent.value == agent && r.site == site; });
}

DesktopState state(const DeskWorld& world, std::uint32_t agent = 0) {
  return world.desktop[agent]->session().state();
}
bool ready_at(const DeskWorld& world, SiteIndex site, std::uint32_t agent = 0) {
  const auto& desk = world.server[site]->desk(agent);
  return desk.logged_in && desk.ready;
}

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

TEST(AgentDesktop, AsksOnceMoreWhenARestartedServerHasForgottenItsLogin) {
  DeskWorld world(with_desks(), 1, kDesktops);
  world.crash(100s, world.sip_server[0]);
  world.start_node(104s, world.sip_server[0]);
  world.script[0].refuse_logins = true;
  world.run(135s);
  // The resumption and the login are refused, then again every 10 s; the site is not given up.
  const Duration first = 110s + 500us + 2500us;
  EXPECT_EQ(of_at<AgentLoginRefused>(world, 0),
            (Times{at(first), at(first + 1ms), at(first + 10s + 2ms), at(first + 20s + 3ms)}));
  EXPECT_TRUE(of_at<AgentLogin>(world, 1).empty());
}

TEST(AgentDesktop, LosesNoCallWhenItReconnectsInTime) {
  Scenario s = with_desks();
  s.agents[0].desktop.last_addp = at(-6s);
  s.agents[0].phone.first_refresh = 61s;  // not while the path is cut
  DeskWorld world(s, 1, kDesktops);
  world.script[0].at(1s, [](StubSipServer& server, Context& context) {
    server.ring(context, 0, kCall, {100s, 20s, true});
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
    server.ring(context, 0, kCall, {20s, 20s, true});
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
  EXPECT_LE(back[0], at(210s + 60ms));
  EXPECT_TRUE(world.tlib_at(world.sip_server[1], Kind::agent_login).empty());
  EXPECT_TRUE(ready_at(world, 0));
}

// ---- the agent's work
// ----------------------------------------------------------------------------------

TEST(AgentDesktop, DoesTheAfterCallWorkAndPressesReady) {
  DeskWorld world(with_desks(), 1, kDesktops);
  world.script[0].at(1s, [](StubSipServer& server, Context& context) {
    server.ring(context, 0, kCall, {30s, 12s, true});
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
    server.ring(context, 0, kCall, {30s, 12s, true});
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
    server.ring(context, 0, kCall, {30s, 12s, true});
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
    server.ring(context, 0, kCall, {30s, 12s, true});
  });
  world.notice(5s, world.directory.agents[0].desktop, notice::Kind::shift_end);
  world.fail_site(6s, 0);
  world.run(100s);
  EXPECT_EQ(of<DesktopSwitch>(world).size(), 1u);
  EXPECT_EQ(state(world), DesktopState::off);
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

// ---- start-up (R81–R85, §3.9 d)
// ----------------------------------------------------------------------------

TEST(AgentDesktop, StartsColdInSixRoundTrips) {
  Scenario s = with_desks();
  s.run.start = StartMode::cold;
  DeskWorld world(s, 1, kDesktops);
  world.crash(0s, world.config_server[0]);  // R84: the proxy is enough
  world.crash(0s, world.config_server[1]);
  world.run(10s);
  EXPECT_EQ(of_at<ConfigRead>(world, 0), Times{at(2ms)});
  EXPECT_EQ(of_at<AgentLogin>(world, 0), Times{at(4500us)});
  EXPECT_EQ(of_at<AgentAtWork>(world, 0), Times{at(6ms)});  // 4 round trips for the login
  EXPECT_EQ(of_at<StatServerConnected>(world, 0), Times{at(7ms)});
  EXPECT_TRUE(world.server[1]->desk(0).connection.valid());  // R22
  EXPECT_FALSE(world.server[1]->desk(0).logged_in);
}

TEST(AgentDesktop, StartsThroughTheOtherSiteWhenItsOwnIsDown) {  // R81, R83
  Scenario s = with_desks();
  s.run.start = StartMode::cold;
  DeskWorld world(s, 1, kDesktops);
  world.fail_site(0s, 0);
  world.run(30s);
  EXPECT_EQ(of_at<ConfigRead>(world, 1).front(), at(5s + 80ms));
  // Both T-Library connections are tried from then on; the dead one is given up after 5 s.
  EXPECT_EQ(of_at<AgentLogin>(world, 1), Times{at(10s + 80ms + 20ms)});
  EXPECT_TRUE(of<DesktopConnectionLost>(world).empty());
}

TEST(AgentDesktop, StartsAtOnceThroughTheOtherSiteWhenItsOwnRefuses) {
  Scenario s = with_desks();
  s.run.start = StartMode::cold;
  DeskWorld world(s, 1, kDesktops);
  world.crash(0s, world.sip_server[0]);
  world.crash(0s, world.config_proxy[0]);
  world.run(30s);
  EXPECT_EQ(of_at<ConfigRead>(world, 1).front(), at(1ms + 80ms));
  // Refused at 82 ms; attached to the other server, whose DN is in service, 160 ms after the read.
  EXPECT_EQ(of_at<AgentLogin>(world, 1), Times{at(81ms + 80ms + 20ms)});
}

TEST(AgentDesktop, CannotStartWithBothSitesDown) {
  Scenario s = with_desks();
  s.run.start = StartMode::cold;
  DeskWorld world(s, 1, kDesktops);
  world.fail_site(0s, 0);
  world.fail_site(0s, 1);
  world.run(300s);
  EXPECT_TRUE(of<ConfigRead>(world).empty());
  EXPECT_EQ(state(world), DesktopState::csp_connect);
}

TEST(AgentDesktop, StartsAnewAfterItsMachineWasOff) {
  DeskWorld world(with_desks(), 1, kDesktops);
  const NodeId desktop = world.directory.agents[0].desktop;
  world.crash(10s, desktop);
  world.start_node(60s, desktop);
  world.run(100s);
  EXPECT_EQ(of_at<AgentAtWork>(world, 0), Times{at(60s + 6ms)});
  EXPECT_TRUE(ready_at(world, 0));
}

// ---- own DN out of service (R79, C30)
// ------------------------------------------------------------------------

TEST(AgentDesktop, FollowsItsPhoneAfterTheRegistrationTimeout) {
  Scenario s = with_desks(1, RegistrationMode::single);
  s.agents[0].phone.first_refresh = 20s;
  DeskWorld world(s, 1, kDesktops);
  world.script[0].register_status = 503;
  world.run(150s);
  const SimTime out = at(80s);  // expiry of the binding at site 1
  EXPECT_EQ(world.tlib_at(world.directory.agents[0].desktop, Kind::dn_out_of_service),
            Times{out + 500us});
  EXPECT_EQ(of<DesktopSwitch>(world), Times{out + 500us + 30s});
  // Logged out there first (R20), then in here.
  EXPECT_EQ(of_at<AgentLogout>(world, 0), Times{out + 500us + 30s + 500us});
  EXPECT_EQ(of_at<AgentLogin>(world, 1), Times{out + 500us + 30s + 1ms + 20ms});
  EXPECT_EQ(world.times<DesktopSwitch>([](const auto& r) { return r.by_registration == 1; }).size(),
            1u);
}

TEST(AgentDesktop, StaysIfItsDnReturnsBeforeTheRegistrationTimeoutIsOver) {
  for (const Duration early : {1ms, -1ms}) {
    Scenario s = with_desks(1, RegistrationMode::single);
    s.agents[0].phone.first_refresh = 20s;
    DeskWorld world(s, 1, kDesktops);
    world.script[0].register_status = 503;
    // The DN comes back as the server says so: S_r after the loss, less or more 1 ms.
    world.script[0].at(110s - early, [](StubSipServer& server, Context& context) {
      server.tell(context, 0, Kind::dn_in_service);
    });
    world.run(200s);
    EXPECT_EQ(of<DesktopSwitch>(world).empty(), early > 0s);
  }
}

TEST(AgentDesktop, StaysNotReadyWhenItsPhoneIsDeadAlone) {  // C30, R8
  Scenario s = with_desks(1, RegistrationMode::single);
  s.agents[0].phone.first_refresh = 20s;
  DeskWorld world(s, 1, kDesktops);
  const NodeId phone = world.directory.agents[0].phone;
  world.crash(10s, phone);
  world.start_node(300s, phone);
  world.run(400s);
  EXPECT_TRUE(of<DesktopSwitch>(world).empty());
  EXPECT_EQ(world.tlib_at(world.sip_server[0], Kind::set_not_ready), Times{at(80s + 30s + 1ms)});
  // Registered 1.5 round trips after its start; DN back in service, TAgentSetReady.
  EXPECT_EQ(world.tlib_at(world.sip_server[0], Kind::set_ready),
            Times{at(300s + 1500us + 500us + 500us)});
  EXPECT_TRUE(ready_at(world, 0));
}

TEST(AgentDesktop, DoesNotPressReadyWhileItWantsNoCallsForLackOfAPhone) {
  Scenario s = with_desks(1, RegistrationMode::single);
  s.agents[0].phone.first_refresh = 20s;
  DeskWorld world(s, 1, kDesktops);
  world.crash(10s, world.directory.agents[0].phone);
  world.script[0].at(105s, [](StubSipServer& server, Context& context) {
    server.tell(context, 0, Kind::not_ready, true);  // ready again at 115, but for 110
  });
  world.run(300s);
  EXPECT_EQ(world.tlib_at(world.sip_server[0], Kind::set_not_ready).size(), 1u);
  EXPECT_TRUE(world.tlib_at(world.sip_server[0], Kind::set_ready).empty());
}

TEST(AgentDesktop, LooksAgainEveryTenSecondsForItsDnAtThePeer) {
  Scenario s = with_desks(1, RegistrationMode::single);
  s.agents[0].phone.first_refresh = 20s;
  DeskWorld world(s, 1, kDesktops);
  world.crash(10s, world.directory.agents[0].phone);
  world.script[1].at(125s, [](StubSipServer& server, Context& context) {
    server.set_single_site_mode(context, true);  // stands in for the endpoint (C30)
  });
  world.run(200s);
  EXPECT_EQ(of<DesktopSwitch>(world), Times{at(80s + 500us + 30s + 20s)});
  EXPECT_EQ(of_at<AgentLogin>(world, 1).size(), 1u);
}

// ---- failback ----

TEST(AgentDesktop, StaysWhereItIsByDefault) {
  Scenario s = with_desks(1, RegistrationMode::dual);
  DeskWorld world(s, 1, kDesktops);
  world.fail_host(0s, world.sip_server[0]);
  world.restore_host(100s, world.sip_server[0]);
  world.run(2000s);
  EXPECT_TRUE(world.server[0]->in_service(0, at(2000s)));
  EXPECT_TRUE(ready_at(world, 1));
  EXPECT_EQ(of<AgentLogin>(world).size(), 1u);
}

TEST(AgentDesktop, ReturnsHomeAfterItsCallIfItsPolicySaysSo) {
  Scenario s = with_desks(1, RegistrationMode::dual);
  s.agents[0].desktop.failback = Failback::return_after_call;
  DeskWorld world(s, 1, kDesktops);
  world.fail_host(0s, world.sip_server[0]);
  world.restore_host(100s, world.sip_server[0]);
  world.script[1].at(90s, [](StubSipServer& server, Context& context) {
    server.ring(context, 0, kCall, {1000s, 10s, true});
  });
  world.run(2000s);
  EXPECT_TRUE(world.server[0]->in_service(0, at(1090s)));  // long before the call ends
  const SimTime done = at(90s + 20ms + 1000s + 40ms + 10s);
  EXPECT_EQ(of_at<AgentLogout>(world, 1), Times{done + 20ms});
  EXPECT_EQ(of_at<AgentLogin>(world, 0), Times{done + 40ms + 500us});
  EXPECT_EQ(of<DesktopSwitch>(world).size(), 1u);  // the failover, not the return
  EXPECT_TRUE(ready_at(world, 0));
}

TEST(AgentDesktop, HeedsTheAdviceOfItsServerIfItsPolicyIsToReturn) {  // R59, R60
  for (const Failback failback : {Failback::stay, Failback::return_after_call}) {
    Scenario s = with_desks();
    s.agents[0].desktop.failback = failback;
    DeskWorld world(s, 1, kDesktops);
    world.script[0].at(1s, [](StubSipServer& server, Context& context) {
      server.tell(context, 0, Kind::private_info);
    });
    world.run(1100ms);
    EXPECT_EQ(of_at<AgentLogin>(world, 1).size(), failback == Failback::stay ? 0u : 1u);
  }
}

// ---- disorder ----

TEST(AgentDesktop, IsAtWorkAtOneSiteInTheEndWhateverBrokeAndHealedInWhateverOrder) {  // R88
  for (int seed = 1; seed <= 300; ++seed) {
    Scenario s =
        with_desks(3, seed % 2 == 0 ? RegistrationMode::dual : RegistrationMode::active_backup);
    if (seed % 3 == 0) s.agents[0].desktop.failback = Failback::return_after_call;
    DeskWorld world(s, static_cast<std::uint64_t>(seed), kDesktops);
    sim::RngStream random(static_cast<std::uint64_t>(seed), 0, "disorder", 0);
    const auto when = [&] { return sim::from_seconds(random.uniform(1, 600)); };
    for (int i = 0; i < 6; ++i) {
      const auto site = static_cast<SiteIndex>(random.below(2));
      const NodeId server = world.sip_server[site];
      const Duration from = when(), to = when();
      switch (random.below(4)) {
        case 0:
          world.fail_host(from, server);
          world.restore_host(to, server);
          break;
        case 1:
          world.crash(from, server);
          world.start_node(to, server);
          break;
        case 2:
          world.cut_access(from, 0, site);
          world.heal_access(to, 0, site);
          break;
        case 3: {
          const AgentInfo& desk = world.directory.agents[random.below(3)];
          const NodeId device = random.bernoulli(0.5) ? desk.desktop : desk.phone;
          world.crash(from, device);
          world.start_node(to, device);
          break;
        }
      }
    }
    for (const SiteIndex site : {0, 1}) {  // in the end everything is whole
      world.restore_host(700s, world.sip_server[site]);
      world.heal_access(700s, 0, site);
      world.restore_host(700s, world.config_proxy[site]);
    }
    for (const AgentInfo& desk : world.directory.agents) {
      world.start_node(700s, desk.desktop);
      world.start_node(700s, desk.phone);
    }
    std::stable_sort(world.faults.begin(), world.faults.end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
    world.run(5000s);
    for (std::uint32_t agent = 0; agent < 3; ++agent) {
      EXPECT_EQ(state(world, agent), DesktopState::active) << seed << ' ' << agent;
      const SiteIndex site = world.desktop[agent]->session().current();
      EXPECT_TRUE(ready_at(world, site, agent)) << seed << ' ' << agent;
      EXPECT_TRUE(world.desktop[agent]->session().connected(peer_of(site)));
      EXPECT_TRUE(world.server[site]->in_service(agent, at(5000s)));
    }
  }
}

}  // namespace
}  // namespace bcsim::testing
