// The S4U driver: SimGrid's clock, links, hosts and actors follow the simulation to the nanosecond.
#include "sim/s4u/driver.hpp"

#include <gtest/gtest.h>
#include <simgrid/s4u.hpp>

#include <csignal>
#include <memory>
#include <vector>

#include "sim/s4u/platform_impl.hpp"
#include "tests/support/loop_driver.hpp"
#include "tests/support/ping_world.hpp"

namespace bcsim::sim::driver_test {
namespace {

TEST(S4uPlatform, TwentyMillisecondLinkTakesTwentyMilliseconds) {
  Topology topology;
  const PlaceId a = topology.add_place("a"), b = topology.add_place("b");
  const LinkId link = topology.add_link("wan", a, b, {.latency = 20ms, .bandwidth_bps = 1e9});
  topology.add_route(a, b, {link});
  topology.add_host("host-a", a);
  topology.add_host("host-b", b);
  S4uPlatform platform(topology, Actors::per_node);
  double arrived = -1;
  auto& hosts = platform.impl().hosts;
  sg4::Actor::create("sender", hosts[0], [] {
    static int payload = 1;
    sg4::Mailbox::by_name("box")->put(&payload, 1);
  });
  sg4::Actor::create("receiver", hosts[1], [&arrived] {
    sg4::Mailbox::by_name("box")->get<int>();
    arrived = sg4::Engine::get_clock();
  });
  platform.impl().engine->run();
  EXPECT_NEAR(arrived, 0.020, 1e-6);  // LV08, the library's default, would give 0.260
  EXPECT_EQ(platform.link(link).latency, Duration(20ms));
}

TEST(S4uPlatform, LeavesSignalsToTheirHandlers) {
  const auto mine = [](int) {};
  std::signal(SIGINT, mine);
  Topology topology;
  topology.add_host("host", topology.add_place("place"));
  S4uPlatform platform(topology, Actors::per_node);
  EXPECT_EQ(std::signal(SIGINT, SIG_DFL), static_cast<void (*)(int)>(mine));
}

TEST(S4uDriver, DoesTheSameAsTheLoopDriver) {
  tests::PingWorld plain = tests::PingWorld::with_faults();
  tests::PingWorld s4u = tests::PingWorld::with_faults();
  PlainPlatform plain_platform(plain.topology);
  auto expected = plain.simulate(plain_platform);
  expected->start();
  run_loop(*expected);

  S4uPlatform platform(s4u.topology, Actors::per_node);
  auto actual = s4u.simulate(platform);
  run_s4u(*actual, platform, [&] { actual->start(); });
  EXPECT_GT(actual->messages_delivered(), 1000u);
  EXPECT_EQ(actual->journal_fingerprint(), expected->journal_fingerprint());
  EXPECT_EQ(actual->trajectory_fingerprint(), expected->trajectory_fingerprint());
}

TEST(S4uDriver, PooledDevicesGiveTheSameJournalWithFewerActors) {
  tests::PingWorld plain = tests::PingWorld::with_faults();
  tests::PingWorld s4u = tests::PingWorld::with_faults();
  PlainPlatform plain_platform(plain.topology);
  auto expected = plain.simulate(plain_platform);
  expected->start();
  run_loop(*expected);

  S4uPlatform platform(s4u.topology, Actors::devices_pooled);
  auto actual = s4u.simulate(platform);
  run_s4u(*actual, platform, [&] {
    actual->start();
    EXPECT_LT(platform.actor_count(), s4u.topology.nodes.size());
  });
  EXPECT_EQ(actual->journal_fingerprint(), expected->journal_fingerprint());
}

TEST(S4uDriver, ClockShowsTheExactTimeOfEveryFault) {
  tests::PingWorld world = tests::PingWorld::with_faults();
  S4uPlatform platform(world.topology, Actors::per_node);
  auto simulation = world.simulate(platform);
  std::vector<double> clock;
  world.on_fault = [&](SimTime at) { clock.push_back(sg4::Engine::get_clock() - seconds(at)); };
  run_s4u(*simulation, platform, [&] { simulation->start(); });
  ASSERT_EQ(clock.size(), world.faults.size());
  for (const double lag : clock) EXPECT_NEAR(lag, 0, 1e-9);
}

TEST(S4uDriver, ActorsDieAndReturnWithTheirNodes) {
  tests::PingWorld world = tests::PingWorld::with_faults();
  S4uPlatform platform(world.topology, Actors::per_node);
  auto simulation = world.simulate(platform);
  const NodeId victim = world.victim;
  std::vector<bool> alive;
  world.on_fault = [&](SimTime) { alive.push_back(platform.actor_alive(victim)); };
  run_s4u(*simulation, platform, [&] {
    simulation->start();
    EXPECT_TRUE(platform.actor_alive(victim));
  });
  EXPECT_EQ(alive, world.victim_alive_after_fault);
  EXPECT_TRUE(platform.host_on(world.topology.nodes[victim.value].host));
}

TEST(S4uDriver, WhatIsBornAndDiesAtOneInstantLeavesNothingBehind) {
  for (const Actors actors : {Actors::per_node, Actors::devices_pooled}) {
    tests::PingWorld world = tests::PingWorld::with_faults();
    const NodeId victim = world.victim, device{victim.value + 1};
    const HostId host = world.topology.nodes[victim.value].host;
    const HostId floor = world.topology.nodes[device.value].host;
    const SimTime before(2s), at(9s);
    world.faults = {{before, HostDown{host}}, {before, HostDown{floor}}, {at, HostUp{host}},
                    {at, NodeStart{victim}},  {at, HostUp{floor}},       {at, NodeStart{device}},
                    {at, HostDown{floor}},    {at, NodeCrash{victim}},   {at, NodeStart{victim}},
                    {at, HostDown{host}}};
    const auto run = [&] {
      S4uPlatform platform(world.topology, actors);
      auto simulation = world.simulate(platform);
      run_s4u(*simulation, platform, [&] { simulation->start(); });
      std::exit(platform.actor_alive(victim) || platform.host_on(host) ? 1 : 0);
    };
    EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
  }
}

TEST(S4uDriver, ExceptionOfAHandlerReachesTheCaller) {
  tests::PingWorld world = tests::PingWorld::with_faults();
  world.throw_at = SimTime(3s);
  S4uPlatform platform(world.topology, Actors::per_node);
  auto simulation = world.simulate(platform);
  EXPECT_THROW(run_s4u(*simulation, platform, [&] { simulation->start(); }), std::logic_error);
}

TEST(S4uDriver, StopsWhereTheSliceCallbackSaysSo) {
  tests::PingWorld world = tests::PingWorld::with_faults();
  S4uPlatform platform(world.topology, Actors::per_node);
  auto simulation = world.simulate(platform);
  run_s4u(
      *simulation, platform, [&] { simulation->start(); },
      [](SimTime t) { return t < SimTime(4s); });
  EXPECT_GE(simulation->now(), SimTime(4s));
  EXPECT_LT(simulation->now(), SimTime(6s));
}

}  // namespace
}  // namespace bcsim::sim::driver_test
