// Packets over routes: latency, serialization, queueing, loss, jitter, cuts and media.
#include "sim/network.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "sim/rng.hpp"

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

/// Two slow ways and a fast one to a link that they share: ways[i] takes so many seconds to it.
struct Shared {
  Shared() {
    const PlaceId hub = topology.add_place("hub"), end = topology.add_place("end");
    to = end;
    const LinkId last = topology.add_link(
        "last", hub, end, {.latency = 0ms, .bandwidth_bps = 1e6, .queue_limit = 24h});
    for (const Duration way : {Duration(0ms), Duration(300ms), Duration(2s)}) {
      const PlaceId from = topology.add_place(fmt::format("far {}", way.count()));
      const LinkId first = topology.add_link(
          fmt::format("way {}", way.count()), from, hub,
          {.latency = way, .bandwidth_bps = std::numeric_limits<double>::infinity()});
      topology.add_route(from, end, {first, last});
      ways.emplace_back(from, way);
    }
    platform = std::make_unique<PlainPlatform>(topology);
    network = std::make_unique<Network>(topology, *platform, RngFactory{1, 0});
  }
  Topology topology;
  PlaceId to;
  std::vector<std::pair<PlaceId, Duration>> ways;
  std::unique_ptr<PlainPlatform> platform;
  std::unique_ptr<Network> network;
};

TEST(Network, WhatIsStillOnItsWayToALinkDelaysNothingThere) {
  Shared s;
  EXPECT_EQ(s.network->send(s.ways[2].first, s.to, 1250, 1, SimTime(0s)).arrival, SimTime(2010ms));
  EXPECT_EQ(s.network->send(s.ways[0].first, s.to, 1250, 2, SimTime(5ms)).arrival, SimTime(15ms));
  EXPECT_EQ(s.network->send(s.ways[0].first, s.to, 1250, 3, SimTime(5ms)).arrival, SimTime(25ms));
  // One that would not be through before it comes waits for it.
  EXPECT_EQ(s.network->send(s.ways[0].first, s.to, 1250, 4, SimTime(1995ms)).arrival,
            SimTime(2020ms));
}

TEST(Network, ALinkServesOneAtATimeAndNobodyWaitsWhileItIsIdle) {
  Shared s;
  RngStream rng(7, 0, "network_test", 0);
  std::vector<std::pair<SimTime, SimTime>> served;  // from, until
  SimTime now{};
  for (std::uint64_t i = 0; i < 3000; ++i) {
    now += Duration(static_cast<std::int64_t>(rng.uniform() * 30e6));
    const auto& [from, way] = s.ways[static_cast<std::size_t>(rng.uniform() * 3)];
    const auto bytes = static_cast<std::uint32_t>(100 + rng.uniform() * 2000);
    const SimTime came = now + way;
    const SimTime until = s.network->send(from, s.to, bytes, i, now).arrival;
    const Duration length(static_cast<std::int64_t>(bytes) * 8000);
    const SimTime start = until - length;
    ASSERT_GE(start, came);
    // At each instant of its wait the gap that was free was too short, or there was none.
    SimTime free = came;
    std::sort(served.begin(), served.end());
    for (const auto& [a, b] : served) {
      ASSERT_FALSE(a < until && b > start) << "two at a time";
      if (b <= free) continue;
      if (free + length <= a) break;
      free = b;
    }
    EXPECT_EQ(start, free) << i;
    served.emplace_back(start, until);
  }
}

/// Who comes between two that are there already, with or without room to spare.
TEST(Network, WhatFillsAGapJoinsWhatIsBeforeAndBehindIt) {
  struct Case {
    Duration gap, after;  // between the two; from the end of the first until it comes
  };
  for (const auto& [gap, after] :
       {Case{10ms, 0ms}, Case{11ms, 0ms}, Case{11ms, 1ms}, Case{12ms, 1ms}}) {
    Shared s;
    const auto send = [&](std::size_t way, std::uint64_t key, SimTime at) {
      return s.network->send(s.ways[way].first, s.to, 1250, key, at).arrival;
    };
    const SimTime free = SimTime(s.ways[2].second + 10ms);
    EXPECT_EQ(send(2, 1, SimTime(0ms)), free);
    EXPECT_EQ(send(2, 2, SimTime(10ms + gap)), free + gap + 10ms);
    EXPECT_EQ(send(0, 3, free + after), free + after + 10ms);
    // Now there is no room any more before the later one is through.
    EXPECT_EQ(send(0, 4, free + after), free + gap + 20ms);
  }
}

TEST(Topology, ALinkIsNamedInBothDirections) {
  Pair p({.latency = 20ms});
  EXPECT_EQ(p.topology.link_name(p.wan), "wan");
  EXPECT_EQ(p.topology.link_name(LinkId{p.wan.value + 1}), "wan (reverse)");
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
