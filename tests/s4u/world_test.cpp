// A whole contact centre under SimGrid and under the loop driver: the same journal to the byte.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "sim/s4u/driver.hpp"
#include "tests/support/worlds.hpp"

namespace bcsim::tests::world_test {
namespace {

Fault fault(SimTime at, Deed deed, std::optional<Duration> lasting = std::nullopt) {
  Fault f;
  f.at = at;
  f.deed = std::move(deed);
  f.lasting = lasting;
  return f;
}

/// Of every verb one, or more.
std::vector<Fault> faults_of_every_verb(const Scenario& s) {
  RunTimeOptions options{{s.sites[0].sip_server, s.sites[1].sip_server}, s.queues};
  options.sip_servers[0].oos_check = 5s;
  const LinkTarget access{.dc_link = false, .location = 0, .site = 1};
  std::vector<Fault> faults = {
      fault(SimTime(5min), Hang{{0, Role::sip_server_primary}}, 1min),
      fault(SimTime(8min), Fail{PhoneTarget{0, 3}, {}}, 2min),
      fault(SimTime(8min), Fail{DesktopTarget{1, 3}, {}}, 2min),
      fault(SimTime(10min), Cut{LinkTarget{}}, 5min),
      fault(SimTime(16min), Degrade{LinkTarget{}, 80ms, 10ms, 0.05, 2e6}, 2min),
      fault(SimTime(20min), Crash{{1, Role::sip_server_primary}}, 3min),
      fault(SimTime(25min), Fail{GatewayTarget{1}, {}}, 2min),
      fault(SimTime(30min), Fail{SiteTarget{0, SiteScope::genesys}, {}}, 10min),
      fault(SimTime(42min), Drain{1}, 3min),
      fault(SimTime(47min), SwitchOver{0}),
      fault(SimTime(48min), ChangeOption{"sites.site1.sip-server.oos-check", "5s",
                                         std::make_shared<RunTimeOptions>(options)}),
      fault(SimTime(50min), Cut{access}),
      fault(SimTime(55min), Fail{HostTarget{1, Role::sip_server_backup}, {}}),
      fault(SimTime(56min), Restore{HostTarget{1, Role::sip_server_backup}}),
      fault(SimTime(57min), Fail{SiteTarget{0, SiteScope::building}, {}}, 1min),
      fault(SimTime(58min), Cut{LinkTarget{}}),
      fault(SimTime(59min), Heal{LinkTarget{}})};
  faults[11].flap = Flap{.period = 40s, .duty = 0.5, .until = SimTime(54min)};
  return faults;
}

/// Forty agents, both kinds of phones, a lossy jittery WAN, and every verb in an hour.
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
  s.faults = faults_of_every_verb(s);
  return s;
}

Fingerprints under_simgrid(const Scenario& s, sim::Actors actors,
                           sim::Handlers handlers = sim::Handlers::in_loop) {
  TwoSiteWorld world(s, {s.run.seed, 0});
  sim::S4uPlatform platform(world.layout().topology, actors, handlers);
  Simulation& simulation = world.simulate(platform);
  sim::run_s4u(simulation, platform, [&] { world.start(); });
  return {simulation.journal_fingerprint(), simulation.trajectory_fingerprint(),
          simulation.messages_delivered()};
}

TEST(World, TroubledHourHasEveryVerb) {
  std::set<std::size_t> verbs;
  for (const Fault& f : troubled_hour().faults) verbs.insert(f.deed.index());
  EXPECT_EQ(verbs.size(), std::variant_size_v<Deed>);
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

TEST(World, HandlersInTheirActorsGiveTheSameJournal) {
  const Scenario s = troubled_hour();
  EXPECT_EQ(under_simgrid(s, sim::Actors::per_node, sim::Handlers::in_actors), run_world(s));
}

TEST(World, HandlersInPooledActorsGiveTheSameJournal) {
  const Scenario s = troubled_hour();
  EXPECT_EQ(under_simgrid(s, sim::Actors::devices_pooled, sim::Handlers::in_actors), run_world(s));
}

TEST(World, ThatStartsColdIsTheSameInActors) {
  Scenario s = troubled_hour();
  s.run.start = StartMode::cold;
  s.run.horizon = 12min;
  EXPECT_EQ(under_simgrid(s, sim::Actors::per_node, sim::Handlers::in_actors), run_world(s));
}

TEST(World, OfTwelveThousandPooledDevicesIsTheSameInActors) {
  Scenario s = p0_scenario();
  s.run.horizon = 30s;
  s.agents.push_back(agents("P1", 3000, 0));
  s.agents.push_back(agents("P2", 3000, 1, RegistrationMode::dual));
  s.calls.push_back(calls(ConstantRate{5}));
  s.faults = {fault(SimTime(10s), Fail{SiteTarget{0, SiteScope::building}, {}}, 10s)};
  EXPECT_EQ(under_simgrid(s, sim::Actors::devices_pooled, sim::Handlers::in_actors), run_world(s));
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
  const AgentInfo& lost = world.layout().directory.agents[0];
  const AgentInfo& safe = world.layout().directory.agents[5];
  const auto begin = [&] {
    world.start();
    EXPECT_TRUE(platform.actor_alive(lost.phone));
  };
  sim::run_s4u(simulation, platform, begin, [&](SimTime now) {
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
