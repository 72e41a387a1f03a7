// The desktop between its sites: start-up, own DN out of service, failback (R79, R81–R85, R88).
#include <gtest/gtest.h>

#include "tests/models/agent_desktop_world.hpp"

namespace bcsim::testing::agent_desktop_sites_test {
namespace {

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

TEST(AgentDesktop, StartsAtTheOtherSiteIfNoApplicationLeadsToItsOwn) {  // R74, R83
  Scenario s = with_desks();
  s.run.start = StartMode::cold;
  s.sites[0].desktop.applications.clear();
  DeskWorld world(s, 1, kDesktops);
  world.run(200s);
  EXPECT_EQ(of<AgentLogin>(world).size(), 1u);
  EXPECT_EQ(of_at<AgentLogin>(world, 1).size(), 1u);
  EXPECT_TRUE(ready_at(world, 1));
  EXPECT_FALSE(world.server[0]->desk(0).connection.valid());  // nor is it ever tried
  EXPECT_TRUE(of<DesktopConnectionLost>(world).empty());
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
    server.ring(context, 0, kCall, {.talk = 1000s, .after_call_work = 10s});
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

// ---- a call that no server tells of ----

/// His desktop has lost the site of his call and has logged him in at the other one, where he would
/// be offered calls that his phone refuses.
TEST(AgentDesktop, IsReadyElsewhereWhenHisPhoneIsFree) {
  for (const bool shown : {true, false}) {  // the desktop has heard of the call
    for (const bool taken : {true, false}) {
      DeskWorld world(with_desks(), 1, kDesktops);
      const NodeId desktop = world.directory.agents[0].desktop;
      using enum notice::PhoneState;
      if (shown) {
        world.script[0].at(1s, [](StubSipServer& server, Context& context) {
          server.tell(context, 0, Kind::established, false, kCall);
        });
      }
      world.cut_access(5s, 0, 0);
      if (taken) {
        world.notice(6s, desktop, notice::Kind::phone_state, {},
                     static_cast<std::uint32_t>(in_use));
        world.notice(200s, desktop, notice::Kind::phone_state, {},
                     static_cast<std::uint32_t>(free));
      }
      world.run(300s);
      const Times logins = of_at<AgentLogin>(world, 1), ready = of_at<AgentStateChanged>(world, 1);
      ASSERT_EQ(logins.size(), 1u);
      EXPECT_LT(logins[0], at(100s));
      EXPECT_EQ(ready, Times{taken ? at(200s + 20ms) : logins[0] + 40ms}) << shown;
      EXPECT_FALSE(world.desktop[0]->busy());
    }
  }
}

}  // namespace
}  // namespace bcsim::testing::agent_desktop_sites_test
