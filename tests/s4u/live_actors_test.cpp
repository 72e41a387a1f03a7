// Handlers in the bodies of their S4U actors: the same as inline, at SimGrid's dates.
#include "sim/s4u/live_actors.hpp"

#include <gtest/gtest.h>
#include <simgrid/s4u.hpp>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/s4u/driver.hpp"
#include "tests/support/loop_driver.hpp"
#include "tests/support/ping_world.hpp"

namespace bcsim::sim::live_actors_test {
namespace {

using tests::PingWorld;

struct Done {
  std::uint64_t journal = 0, trajectory = 0;
  bool operator==(const Done&) const = default;
};

Done in_loop(PingWorld& world) {
  PlainPlatform platform(world.topology);
  auto simulation = world.simulate(platform);
  simulation->start();
  run_loop(*simulation);
  return {simulation->journal_fingerprint(), simulation->trajectory_fingerprint()};
}

Done in_actors(PingWorld& world, S4uPlatform& platform) {
  auto simulation = world.simulate(platform);
  run_s4u(*simulation, platform, [&] { simulation->start(); });
  return {simulation->journal_fingerprint(), simulation->trajectory_fingerprint()};
}

TEST(LiveActors, DoTheSameAsTheLoopDriver) {
  PingWorld plain = PingWorld::with_faults(), world = PingWorld::with_faults();
  S4uPlatform platform(world.topology, Actors::per_node, Handlers::in_actors);
  EXPECT_EQ(in_actors(world, platform), in_loop(plain));
}

TEST(LiveActors, DoTheSameWhereDevicesArePooled) {
  PingWorld plain = PingWorld::with_faults(), world = PingWorld::with_faults();
  S4uPlatform platform(world.topology, Actors::devices_pooled, Handlers::in_actors);
  EXPECT_EQ(in_actors(world, platform), in_loop(plain));
}

TEST(LiveActors, RunEachHandlerInTheBodyOfItsNodesActorAtItsDate) {
  PingWorld world = PingWorld::with_faults();
  S4uPlatform platform(world.topology, Actors::per_node, Handlers::in_actors);
  std::map<std::string, int> records;
  world.in_handler = [&](const JournalEntry<tests::PingDomain>& entry) {
    ASSERT_FALSE(sg4::this_actor::is_maestro());
    EXPECT_EQ(sg4::this_actor::get_name(), world.topology.nodes[entry.by.value].name);
    EXPECT_NEAR(sg4::Engine::get_clock(), seconds(entry.at), 2e-9);
    ++records[sg4::this_actor::get_name()];
  };
  in_actors(world, platform);
  EXPECT_EQ(records.size(), 20u) << "every device";
}

TEST(LiveActors, RunHandlersOfPooledDevicesInThePoolsActor) {
  PingWorld world = PingWorld::with_faults();
  S4uPlatform platform(world.topology, Actors::devices_pooled, Handlers::in_actors);
  std::map<std::string, int> records;
  world.in_handler = [&](const auto&) { ++records[sg4::this_actor::get_name()]; };
  in_actors(world, platform);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records.begin()->first, "floor devices");
}

TEST(LiveActors, ClockShowsTheTimeOfEveryFault) {
  PingWorld world = PingWorld::with_faults();
  S4uPlatform platform(world.topology, Actors::per_node, Handlers::in_actors);
  std::size_t faults = 0;
  std::vector<bool> alive;
  world.on_fault = [&](SimTime at) {
    EXPECT_NEAR(sg4::Engine::get_clock(), seconds(at), 2e-9);
    ++faults;
    alive.push_back(platform.actor_alive(world.victim));
  };
  in_actors(world, platform);
  EXPECT_EQ(faults, world.faults.size());
  EXPECT_EQ(alive.back(), true);
}

TEST(LiveActors, ExceptionOfAHandlerReachesTheCaller) {
  for (const Actors actors : {Actors::per_node, Actors::devices_pooled}) {
    const auto run = [actors] {
      PingWorld world = PingWorld::with_faults();
      world.throw_at = SimTime(3s);
      S4uPlatform platform(world.topology, actors, Handlers::in_actors);
      try {
        in_actors(world, platform);
      } catch (const std::logic_error& e) {
        std::exit(e.what() == std::string("as asked") ? 0 : 1);
      }
      std::exit(2);
    };
    EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
  }
}

TEST(LiveActors, ExceptionOfTheBeginningReachesTheCaller) {
  PingWorld world = PingWorld::with_faults();
  S4uPlatform platform(world.topology, Actors::per_node, Handlers::in_actors);
  auto simulation = world.simulate(platform);
  EXPECT_THROW(run_s4u(*simulation, platform, [] { throw std::out_of_range("begin"); }),
               std::out_of_range);
}

TEST(LiveActors, StopWhereTheSliceCallbackSaysSo) {
  PingWorld world = PingWorld::with_faults();
  S4uPlatform platform(world.topology, Actors::per_node, Handlers::in_actors);
  auto simulation = world.simulate(platform);
  run_s4u(
      *simulation, platform, [&] { simulation->start(); },
      [](SimTime t) { return t < SimTime(4s); });
  EXPECT_GE(simulation->now(), SimTime(4s));
  EXPECT_LT(simulation->now(), SimTime(6s));
}

TEST(LiveActors, NobodyDiesWhileAHandlerRuns) {
#ifdef NDEBUG
  GTEST_SKIP() << "an assertion holds it";
#endif
  const auto kill_in_handler = [](bool whole_host) {
    PingWorld world = PingWorld::with_faults();
    S4uPlatform platform(world.topology, Actors::per_node, Handlers::in_actors);
    world.in_handler = [&](const JournalEntry<tests::PingDomain>& entry) {
      if (whole_host) {
        platform.host_changed(world.topology.nodes[entry.by.value].host, false);
      } else {
        platform.node_killed(entry.by);
      }
    };
    in_actors(world, platform);
  };
  EXPECT_DEATH(kill_in_handler(false), "busy");
  EXPECT_DEATH(kill_in_handler(true), "busy");
}

/// Any verb of the engine on any of its targets, many at one instant.
FaultPlan random_plan(PingWorld& world, std::uint64_t seed) {
  RngStream draws = RngFactory{seed, 0}.stream("plan", 0);
  const auto one_of = [&](std::size_t n) {
    return static_cast<std::uint32_t>(draws.uniform() * static_cast<double>(n));
  };
  FaultPlan plan;
  for (int i = 0; i < 60; ++i) {
    const SimTime at(Duration(500ms) * (1 + one_of(36)));
    const HostId host{one_of(world.topology.hosts.size())};
    const NodeId node{one_of(world.topology.nodes.size())};
    const LinkId link{world.wan.value + one_of(2)};
    const FaultAction actions[] = {
        HostDown{host},  HostUp{host},  NodeCrash{node}, NodeHang{node},
        NodeStart{node}, LinkCut{link}, LinkHeal{link},  LinkChange{link, 30ms, 5ms, 0.02, 1e7},
        NodeStart{node}, HostUp{host},  LinkHeal{link}};
    plan.push_back({at, actions[one_of(std::size(actions))]});
  }
  std::stable_sort(plan.begin(), plan.end(),
                   [](const FaultStep& a, const FaultStep& b) { return a.at < b.at; });
  return plan;
}

TEST(LiveActors, DoTheSameUnderRandomFaults) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    for (const Actors actors : {Actors::per_node, Actors::devices_pooled}) {
      const auto run = [seed, actors] {
        PingWorld plain = PingWorld::with_faults(), world = PingWorld::with_faults();
        plain.faults = world.faults = random_plan(plain, seed);
        S4uPlatform platform(world.topology, actors, Handlers::in_actors);
        std::exit(in_actors(world, platform) == in_loop(plain) ? 0 : 1);
      };
      EXPECT_EXIT(run(), testing::ExitedWithCode(0), "") << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace bcsim::sim::live_actors_test
