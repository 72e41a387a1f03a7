// Packets over routes: latency, serialization, queueing, loss, jitter, cuts and media.
#include "sim/network.hpp"

#include <gtest/gtest.h>

namespace bcsim::sim::network_test {
namespace {

/// Two places and one link.
struct Pair {
  explicit Pair(LinkSpec spec, std::uint64_t seed = 1) {
    a = topology.add_place("a");
    b = topology.add_place("b");
    wan = topology.add_link("wan", a, b, spec);
    topology.add_route(a, b, {wan});
    platform = std::make_unique<PlainPlatform>(topology);
    network = std::make_unique<Network>(topology, *platform, RngFactory{seed, 0});
  }
  Transit send(std::uint32_t bytes, std::uint64_t key, SimTime at) {
    return network->send(a, b, bytes, key, at);
  }
  Topology topology;
  PlaceId a, b;
  LinkId wan;
  std::unique_ptr<PlainPlatform> platform;
  std::unique_ptr<Network> network;
};

TEST(Network, PacketTakesLatencyPlusItsOwnTransmissionTime) {
  Pair p({.latency = 20ms, .bandwidth_bps = 1e6});
  EXPECT_EQ(p.send(1250, 1, SimTime(1s)).arrival, SimTime(1s + 10ms + 20ms));
}

TEST(Network, PacketsOfOneDirectionAreSerializedInOrder) {
  Pair p({.latency = 20ms, .bandwidth_bps = 1e6});
  EXPECT_EQ(p.send(1250, 1, SimTime(0s)).arrival, SimTime(30ms));
  EXPECT_EQ(p.send(1250, 2, SimTime(0s)).arrival, SimTime(40ms));
  EXPECT_EQ(p.network->send(p.b, p.a, 1250, 3, SimTime(0s)).arrival, SimTime(30ms))
      << "the other direction is free";
}

TEST(Network, QueueIsBounded) {
  Pair p({.latency = 20ms, .bandwidth_bps = 1e6, .queue_limit = 25ms});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(p.send(1250, 1, SimTime(0s)).dropped, DropReason::none) << i;
  }
  EXPECT_EQ(p.send(1250, 1, SimTime(0s)).dropped, DropReason::queue_full);  // would wait 30 ms
  EXPECT_EQ(p.send(1250, 1, SimTime(10ms)).dropped, DropReason::none);      // waits 20 ms
  EXPECT_EQ(p.network->packets_dropped(DropReason::queue_full), 1u);
}

TEST(Network, LossHasItsProbabilityAndDependsOnThePacketOnly) {
  Pair p({.loss = 0.1}), q({.loss = 0.1});
  int lost = 0;
  constexpr int kPackets = 20000;
  for (int i = 0; i < kPackets; ++i) {
    const bool dropped = p.send(100, i, SimTime(0s) + i * 1ms).dropped == DropReason::loss;
    lost += dropped;
    // The same packet at another time, after other traffic, meets the same fate.
    EXPECT_EQ(q.send(100, i, SimTime(1s) + i * 3ms).dropped == DropReason::loss, dropped);
  }
  EXPECT_NEAR(lost, 0.1 * kPackets, 4 * 42.4);  // 4 standard deviations, sqrt(n p (1-p))
}

TEST(Network, JitterIsUniformUpToItsBound) {
  Pair p({.latency = 10ms, .bandwidth_bps = 1e12, .jitter = 8ms});
  Duration sum{}, largest{};
  constexpr int kPackets = 10000;
  for (int i = 0; i < kPackets; ++i) {
    const SimTime at = SimTime(1s) + i * 20ms;
    const Duration jitter = p.send(10, i, at).arrival - at - 10ms;
    EXPECT_GE(jitter, 0ms);
    EXPECT_LE(jitter, 8ms + 1us);
    sum += jitter;
    largest = std::max(largest, jitter);
  }
  EXPECT_NEAR(seconds(sum) / kPackets, 0.004, 0.0001);
  EXPECT_GT(largest, 7900us);
}

TEST(Network, CutKillsWhatIsOnItsWayToo) {
  Pair p({.latency = 20ms});
  const SimTime sent(1s);
  ASSERT_EQ(p.send(100, 1, sent).dropped, DropReason::none);
  EXPECT_TRUE(p.network->intact_since(p.a, p.b, sent));
  p.network->set_up(p.wan, false, SimTime(1s + 5ms));
  EXPECT_EQ(p.send(100, 2, SimTime(1s + 6ms)).dropped, DropReason::link_cut);
  p.network->set_up(p.wan, true, SimTime(1s + 10ms));
  EXPECT_FALSE(p.network->intact_since(p.a, p.b, sent)) << "healed, but the packet is gone";
  EXPECT_TRUE(p.network->intact_since(p.a, p.b, SimTime(1s + 11ms)));
  EXPECT_EQ(p.network->send(p.b, p.a, 100, 3, SimTime(1s + 6ms)).dropped, DropReason::none)
      << "only one direction was cut";
}

TEST(Network, SignallingSeesWhatMediaLeaves) {
  Pair p({.latency = 0ms, .bandwidth_bps = 1e6});
  p.network->add_media(p.a, p.b, 0.5e6);
  EXPECT_EQ(p.send(1250, 1, SimTime(0s)).arrival, SimTime(20ms));
  EXPECT_FALSE(p.network->media_overloaded(p.a, p.b));
  p.network->add_media(p.a, p.b, 0.6e6);
  EXPECT_TRUE(p.network->media_overloaded(p.a, p.b));
  EXPECT_EQ(p.send(1250, 1, SimTime(1s)).arrival, SimTime(1s + 200ms)) << "5 % are kept free";
  p.network->add_media(p.a, p.b, -1.1e6);
  EXPECT_DOUBLE_EQ(p.network->media_bps(p.wan), 0);
}

TEST(Network, NoRouteIsADropNotACrash) {
  Topology t;
  const PlaceId a = t.add_place("a"), b = t.add_place("b");
  PlainPlatform platform(t);
  Network network(t, platform, {});
  EXPECT_EQ(network.send(a, b, 1, 1, kStart).dropped, DropReason::no_route);
  EXPECT_EQ(network.send(a, a, 1, 1, kStart).arrival, kStart);
}

}  // namespace
}  // namespace bcsim::sim::network_test
