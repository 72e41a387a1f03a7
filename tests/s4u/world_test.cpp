// A whole contact centre under SimGrid and under the loop driver: the same journal to the byte.
#include <gtest/gtest.h>

#include "sim/s4u/driver.hpp"
#include "tests/support/worlds.hpp"

namespace bcsim::tests::world_test {
namespace {

/// Forty agents, both kinds of phones, a lossy jittery WAN, and four faults in an hour.
Scenario troubled_hour() {
  Scenario s = p0_scenario();
  s.run.horizon = 1h;
  s.network.dc_link.jitter = 3ms;
  s.network.dc_link.loss = 0.005;
  s.network.access[0][1].loss = 0.01;
  s.agents.push_back(agents("P1", 20, 0, RegistrationMode::active_backup));
  s.agents.push_back(agents("P2", 20, 1, RegistrationMode::dual));
  CallStream stream = calls(ConstantRate{0.1});
  stream.redial.enabled = true;
  s.calls.push_back(stream);
  Fault cut;
  cut.at = SimTime(10min);
  cut.deed = Cut{LinkTarget{}};
  cut.lasting = 5min;
  Fault crash;
  crash.at = SimTime(20min);
  crash.deed = Crash{{1, Role::sip_server_primary}};
  crash.lasting = 3min;
  Fault gateway;
  gateway.at = SimTime(25min);
  gateway.deed = Fail{GatewayTarget{1}, {}};
  gateway.lasting = 2min;
  Fault site = site_failure(SimTime(30min));
  site.lasting = 10min;
  s.faults = {cut, crash, gateway, site};
  return s;
}

Fingerprints under_simgrid(const Scenario& s, sim::Actors actors) {
  TwoSiteWorld world(s, {s.run.seed, 0});
  sim::S4uPlatform platform(world.layout().topology, actors);
  Simulation& simulation = world.simulate(platform);
  world.start();
  sim::run_s4u(simulation, platform);
  return {simulation.journal_fingerprint(), simulation.trajectory_fingerprint(),
          simulation.messages_delivered()};
}

TEST(World, SameSeedTwiceGivesTheSameJournal) {
  const Scenario s = troubled_hour();
  const Fingerprints first = run_world(s);
  EXPECT_GT(first.messages, 10000u);
  EXPECT_EQ(run_world(s), first);
}

TEST(World, AnotherSeedOrReplicationGivesAnother) {
  Scenario s = troubled_hour();
  const Fingerprints first = run_world(s);
  EXPECT_NE(run_world(s, {}, 1).journal, first.journal);
  s.run.seed = 2;
  EXPECT_NE(run_world(s).journal, first.journal);
}

TEST(World, SimGridAndTheLoopGiveTheSameJournal) {
  const Scenario s = troubled_hour();
  EXPECT_EQ(under_simgrid(s, sim::Actors::per_node), run_world(s));
}

TEST(World, PooledDevicesGiveTheSameJournal) {
  const Scenario s = troubled_hour();
  EXPECT_EQ(under_simgrid(s, sim::Actors::devices_pooled), run_world(s));
}

TEST(World, DevicesAreActorsAndDieWithTheirBuilding) {
  Scenario s = p0_scenario();
  s.run.horizon = 10min;
  s.agents.push_back(agents("P1", 5, 0));
  s.agents.push_back(agents("P2", 5, 1));
  s.faults.push_back(site_failure(SimTime(5min), 0, SiteScope::building));
  TwoSiteWorld world(s, {1, 0});
  sim::S4uPlatform platform(world.layout().topology, sim::Actors::per_node);
  Simulation& simulation = world.simulate(platform);
  world.start();
  const AgentInfo& lost = world.layout().directory.agents[0];
  const AgentInfo& safe = world.layout().directory.agents[5];
  EXPECT_TRUE(platform.actor_alive(lost.phone));
  sim::run_s4u(simulation, platform, [&](SimTime now) {
    if (now < SimTime(9min)) return true;
    EXPECT_FALSE(platform.actor_alive(lost.phone));
    EXPECT_FALSE(platform.actor_alive(lost.desktop));
    EXPECT_TRUE(platform.actor_alive(safe.phone));
    EXPECT_FALSE(platform.host_on(world.layout().floor[0]));
    return false;
  });
  EXPECT_LT(simulation.now(), SimTime(10min)) << "stopped by the callback, so it was called";
}

}  // namespace
}  // namespace bcsim::tests::world_test
