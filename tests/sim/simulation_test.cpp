// The engine's promises: order, liveness, silence and refusal, connections, reproducibility.
#include "sim/simulation.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/loop_driver.hpp"
#include "tests/support/ping_world.hpp"

namespace bcsim::sim::simulation_test {
namespace {

struct ProbeDomain {
  struct Message {
    int number = 0;
  };
  struct Record {
    int what = 0;
  };
  static std::uint64_t draw_key(const Message& m) { return static_cast<std::uint64_t>(m.number); }
  static std::uint64_t digest(const Record& r) { return static_cast<std::uint64_t>(r.what); }
};
using ProbeContext = Context<ProbeDomain>;

/// A node whose behaviour a test writes down, and which notes what happens to it.
struct Probe {
  std::function<void(ProbeContext&)> on_start = [](ProbeContext&) {};
  std::function<void(ProbeContext&, const Envelope<ProbeDomain>&)> on_message =
      [](ProbeContext&, const Envelope<ProbeDomain>&) {};
  std::function<void(ProbeContext&, TimerTag)> on_timer = [](ProbeContext&, TimerTag) {};
  std::vector<std::pair<SimTime, int>> received;
  std::vector<std::pair<SimTime, std::uint32_t>> timers;
  std::vector<std::pair<SimTime, ConnectionEvent>> connection_events;
  std::vector<std::pair<SimTime, int>> unreachable;
  int boots = 0;
};

class ProbeEndpoint final : public Endpoint<ProbeDomain> {
 public:
  explicit ProbeEndpoint(Probe& probe) : probe_(probe) {}
  void on_start(ProbeContext& c) override {
    ++probe_.boots;
    probe_.on_start(c);
  }
  void on_message(ProbeContext& c, const Envelope<ProbeDomain>& e) override {
    probe_.received.emplace_back(c.now(), e.message.number);
    probe_.on_message(c, e);
  }
  void on_timer(ProbeContext& c, TimerTag tag) override {
    probe_.timers.emplace_back(c.now(), tag.kind);
    probe_.on_timer(c, tag);
  }
  void on_connection(ProbeContext& c, ConnectionId, ConnectionEvent event) override {
    probe_.connection_events.emplace_back(c.now(), event);
  }
  void on_unreachable(ProbeContext& c, const Envelope<ProbeDomain>& e) override {
    probe_.unreachable.emplace_back(c.now(), e.message.number);
  }

 private:
  Probe& probe_;
};

/// Client and server 10 ms apart, an unlimited link, and a spare node beside the server.
class ProbeWorld final : public World<ProbeDomain> {
 public:
  ProbeWorld() {
    const PlaceId a = topology.add_place("a"), b = topology.add_place("b");
    wan = topology.add_link(
        "wan", a, b, {.latency = 10ms, .bandwidth_bps = std::numeric_limits<double>::infinity()});
    topology.add_route(a, b, {wan});
    client = topology.add_node("client", topology.add_host("ha", a));
    server_host = topology.add_host("hb", b);
    server = topology.add_node("server", server_host);
    spare = topology.add_node("spare", topology.add_host("hc", b));
    probes.resize(3);
  }
  void run(FaultPlan faults, SimulationOptions options = {.horizon = SimTime(1000s)}) {
    platform = std::make_unique<PlainPlatform>(topology);
    simulation = std::make_unique<Simulation<ProbeDomain>>(topology, *platform, RngFactory{}, *this,
                                                           options);
    if (virtual_address) vip = simulation->add_address(server);
    simulation->add_faults(faults);
    simulation->start();
    run_loop(*simulation);
  }
  std::unique_ptr<Endpoint<ProbeDomain>> make_endpoint(NodeId node, bool) override {
    return std::make_unique<ProbeEndpoint>(probes[node.value]);
  }
  Probe& at(NodeId node) { return probes[node.value]; }

  Topology topology;
  LinkId wan;
  NodeId client, server, spare;
  HostId server_host;
  bool virtual_address = false;
  AddressId vip;
  std::vector<Probe> probes;
  std::unique_ptr<PlainPlatform> platform;
  std::unique_ptr<Simulation<ProbeDomain>> simulation;
};

AddressId address(NodeId node) {
  return AddressId{node.value};
}
SimTime at(Duration d) {
  return SimTime(d);
}
using Received = std::vector<std::pair<SimTime, int>>;

/// Arms one timer per send, and sends its number to `to` then.
void send_at(Probe& probe, std::vector<Duration> times, AddressId to) {
  probe.on_start = [times](ProbeContext& c) {
    for (std::uint32_t i = 0; i < times.size(); ++i) c.arm(times[i], {.kind = i});
  };
  probe.on_timer = [to](ProbeContext& c, TimerTag tag) {
    c.send(to, {static_cast<int>(tag.kind)}, 100);
  };
}

TEST(Simulation, SameInstantIsOrderedByTargetThenSourceThenSequence) {
  ProbeWorld w;
  std::vector<std::uint32_t> order;
  for (const NodeId node : {w.client, w.server, w.spare}) {
    w.at(node).on_start = [](ProbeContext& c) {
      c.arm(1s, {.kind = 1});
      c.arm(1s, {.kind = 2});
    };
    w.at(node).on_timer = [&order, node](ProbeContext&, TimerTag tag) {
      order.push_back(node.value * 10 + tag.kind);
    };
  }
  w.run({});
  EXPECT_EQ(order, (std::vector<std::uint32_t>{1, 2, 11, 12, 21, 22}));
}

TEST(Simulation, CancelledTimerIsSilentAndCancellingTwiceIsHarmless) {
  ProbeWorld w;
  w.at(w.client).on_start = [](ProbeContext& c) {
    const TimerId first = c.arm(1s, {.kind = 1});
    c.cancel(first);
    c.cancel(first);
    c.arm(2s, {.kind = 2});  // takes the slot of the cancelled one when that has surfaced
    c.cancel(TimerId{});
  };
  w.run({});
  EXPECT_EQ(w.at(w.client).timers, (std::vector<std::pair<SimTime, std::uint32_t>>{{at(2s), 2}}));
}

TEST(Simulation, DeadProcessOnALiveHostRefusesWithinARoundTrip) {
  ProbeWorld w;
  send_at(w.at(w.client), {500ms, 1500ms}, address(w.server));
  w.run({{at(1s), NodeCrash{w.server}}});
  EXPECT_EQ(w.at(w.server).received, (Received{{at(510ms), 0}}));
  EXPECT_EQ(w.at(w.client).unreachable, (Received{{at(1520ms), 1}}));
}

TEST(Simulation, DeadHostAndCutLinkAnswerNothing) {
  for (const bool cut : {true, false}) {
    ProbeWorld w;
    send_at(w.at(w.client), {500ms, 1500ms}, address(w.server));
    w.run({cut ? FaultStep{at(1s), LinkCut{w.wan}} : FaultStep{at(1s), HostDown{w.server_host}}});
    EXPECT_EQ(w.at(w.server).received.size(), 1u);
    EXPECT_TRUE(w.at(w.client).unreachable.empty());
  }
}

TEST(Simulation, HungProcessIsSilentAndItsTimersStop) {
  ProbeWorld w;
  send_at(w.at(w.client), {500ms, 1500ms, 3500ms}, address(w.server));
  w.at(w.server).on_start = [](ProbeContext& c) { c.arm(1200ms, {.kind = 7}); };
  w.run({{at(1s), NodeHang{w.server}}, {at(3s), NodeStart{w.server}}});
  EXPECT_EQ(w.at(w.server).received, (Received{{at(510ms), 0}, {at(3510ms), 2}}));
  EXPECT_TRUE(w.at(w.client).unreachable.empty());
  EXPECT_EQ(w.at(w.server).boots, 2);
  EXPECT_EQ(w.at(w.server).timers,
            (std::vector<std::pair<SimTime, std::uint32_t>>{{at(4200ms), 7}}));
}

TEST(Simulation, TimersOfAFormerLifeAreVoidButDatagramsReachTheNewOne) {
  ProbeWorld w;
  w.at(w.server).on_start = [](ProbeContext& c) { c.arm(10s, {.kind = 1}); };
  send_at(w.at(w.client), {999ms}, address(w.server));  // on its way across the restart
  w.run({{at(1s), NodeCrash{w.server}}, {at(1s + 5ms), NodeStart{w.server}}});
  EXPECT_EQ(w.at(w.server).timers,
            (std::vector<std::pair<SimTime, std::uint32_t>>{{at(11005ms), 1}}));
  EXPECT_EQ(w.at(w.server).received, (Received{{at(1009ms), 0}}));
}

TEST(Simulation, VirtualAddressMovesToWhoClaimsIt) {
  ProbeWorld w;
  w.virtual_address = true;
  send_at(w.at(w.client), {1s, 3s}, AddressId{3});  // the first address after the nodes' own
  w.at(w.spare).on_start = [](ProbeContext& c) { c.arm(2s, {}); };
  w.at(w.spare).on_timer = [&w](ProbeContext& c, TimerTag) { c.claim(w.vip); };
  w.run({});
  EXPECT_EQ(w.at(w.server).received, (Received{{at(1010ms), 0}}));
  EXPECT_EQ(w.at(w.spare).received, (Received{{at(3010ms), 1}}));
}

TEST(Simulation, RestoreOfAHostStartsNothingByItself) {
  ProbeWorld w;
  w.run({{at(1s), HostDown{w.server_host}}, {at(2s), HostUp{w.server_host}}});
  EXPECT_EQ(w.at(w.server).boots, 1);
  EXPECT_FALSE(w.simulation->is_up(w.server));
}

// ---- connections ---------------------------------------------------------------------------

using Events = std::vector<std::pair<SimTime, ConnectionEvent>>;

/// Client opens to the server at once and sends numbers at the given times.
void stream_at(ProbeWorld& w, std::vector<Duration> times) {
  auto id = std::make_shared<ConnectionId>();
  w.at(w.client).on_start = [id, times, &w](ProbeContext& c) {
    *id = c.open(address(w.server));
    for (std::uint32_t i = 0; i < times.size(); ++i) c.arm(times[i], {.kind = i});
  };
  w.at(w.client).on_timer = [id](ProbeContext& c, TimerTag tag) {
    c.send(*id, {static_cast<int>(tag.kind)}, 100);
  };
}

TEST(Streams, OpenTakesARoundTripAndDataArrivesInOrder) {
  ProbeWorld w;
  stream_at(w, {1s, 1s, 2s});
  w.run({});
  EXPECT_EQ(w.at(w.client).connection_events, (Events{{at(20ms), ConnectionEvent::established}}));
  EXPECT_EQ(w.at(w.server).connection_events, (Events{{at(10ms), ConnectionEvent::accepted}}));
  EXPECT_EQ(w.at(w.server).received, (Received{{at(1010ms), 0}, {at(1010ms), 1}, {at(2010ms), 2}}));
}

TEST(Streams, OpenToADeadProcessIsRefusedToADeadHostTimesOut) {
  ProbeWorld w;
  w.at(w.client).on_start = [&w](ProbeContext& c) {
    c.arm(1s, {});
    (void)w;
  };
  w.at(w.client).on_timer = [&w](ProbeContext& c, TimerTag) { (void)c.open(address(w.server)); };
  ProbeWorld v;
  v.at(v.client) = w.at(w.client);
  v.at(v.client).on_timer = [&v](ProbeContext& c, TimerTag) { (void)c.open(address(v.server)); };
  w.run({{at(500ms), NodeCrash{w.server}}});
  EXPECT_EQ(w.at(w.client).connection_events, (Events{{at(1020ms), ConnectionEvent::refused}}));
  v.run({{at(500ms), HostDown{v.server_host}}});
  ASSERT_EQ(v.at(v.client).connection_events.size(), 1u);
  EXPECT_EQ(v.at(v.client).connection_events[0].second, ConnectionEvent::timed_out);
  // Linux: SYN at 0, 1, 3, 7, 15, 31, 63 s, given up 64 s after the last (domain.md §3.1).
  EXPECT_NEAR(seconds(v.at(v.client).connection_events[0].first), 1 + 127, 0.1);
}

TEST(Streams, ProcessDeathResetsAfterTheLatencyHostDeathIsSilent) {
  ProbeWorld w;
  stream_at(w, {});
  w.run({{at(1s), NodeCrash{w.server}}});
  EXPECT_EQ(w.at(w.client).connection_events.back(),
            (std::pair{at(1010ms), ConnectionEvent::reset}));
  ProbeWorld v;
  stream_at(v, {});
  v.run({{at(1s), HostDown{v.server_host}}});
  EXPECT_EQ(v.at(v.client).connection_events.size(), 1u) << "established, and nothing since";
}

TEST(Streams, DataSentDuringACutArrivesAfterTheHealInOrder) {
  ProbeWorld w;
  stream_at(w, {900ms, 1500ms, 1600ms});
  w.run({{at(1s), LinkCut{w.wan}}, {at(4s), LinkHeal{w.wan}}});
  ASSERT_EQ(w.at(w.server).received.size(), 3u);
  EXPECT_EQ(w.at(w.server).received[1].second, 1);
  EXPECT_EQ(w.at(w.server).received[2].second, 2);
  // RTO 0.2, 0.4, 0.8, 1.6 s …: copies at 1.7, 2.1, 2.9, 4.5.
  EXPECT_EQ(w.at(w.server).received[1].first, at(4510ms));
}

TEST(Streams, DataForARestartedProcessIsReset) {
  ProbeWorld w;
  stream_at(w, {3s});
  w.run({{at(1s), HostDown{w.server_host}},
         {at(2s), HostUp{w.server_host}},
         {at(2s), NodeStart{w.server}}});
  EXPECT_EQ(w.at(w.client).connection_events.back(),
            (std::pair{at(3020ms), ConnectionEvent::reset}));
  EXPECT_TRUE(w.at(w.server).received.empty());
}

TEST(Streams, LossDelaysButNeverLoses) {
  ProbeWorld w;
  w.topology.links[0].forward.loss = 0.3;
  std::vector<Duration> times;
  for (int i = 0; i < 300; ++i) times.push_back(1s + i * 100ms);
  stream_at(w, times);
  w.run({});
  ASSERT_EQ(w.at(w.server).received.size(), times.size());
  for (int i = 0; i < 300; ++i) EXPECT_EQ(w.at(w.server).received[i].second, i);
}

TEST(Streams, TcpGivesUpOnALongCut) {
  ProbeWorld w;
  stream_at(w, {1s});
  w.run({{at(500ms), LinkCut{w.wan}}}, {.horizon = SimTime(3000s)});
  ASSERT_EQ(w.at(w.client).connection_events.size(), 2u);
  EXPECT_EQ(w.at(w.client).connection_events[1].second, ConnectionEvent::timed_out);
  EXPECT_NEAR(seconds(w.at(w.client).connection_events[1].first), 925, 60);  // tcp_retries2 = 15
}

TEST(Streams, TcpGivesUpOnADeadHostAsOnACut) {
  ProbeWorld w;
  stream_at(w, {1s});
  w.run({{at(500ms), HostDown{w.server_host}}}, {.horizon = SimTime(3000s)});
  ASSERT_EQ(w.at(w.client).connection_events.size(), 2u);
  EXPECT_EQ(w.at(w.client).connection_events[1].second, ConnectionEvent::timed_out);
  EXPECT_NEAR(seconds(w.at(w.client).connection_events[1].first), 925, 60);
  // The connection's opening, the data, its 15 copies.
  EXPECT_EQ(w.simulation->messages_sent(), 2u + 16u);
}

TEST(Streams, AHostThatIsBackInTimeGetsItsDataAndTheNextSilenceIsCountedAnew) {
  ProbeWorld w;
  stream_at(w, {1s, 100s});
  w.run(
      {{at(500ms), LinkCut{w.wan}}, {at(20s), LinkHeal{w.wan}}, {at(90s), HostDown{w.server_host}}},
      {.horizon = SimTime(3000s)});
  ASSERT_EQ(w.at(w.server).received.size(), 1u);
  ASSERT_EQ(w.at(w.client).connection_events.size(), 2u);
  EXPECT_NEAR(seconds(w.at(w.client).connection_events[1].first), 99 + 925, 60);
}

// ---- time must pass ----------------------------------------------------------------------------

TEST(Livelock, IsEndedWithTheNameOfWhoNeverWaits) {
  for (const Duration wait : {Duration(0s), Duration(1us)}) {
    ProbeWorld w;
    w.at(w.client).on_start = [](ProbeContext& c) { c.arm(5s, {.kind = 7}); };
    w.at(w.client).on_timer = [wait](ProbeContext& c, TimerTag tag) { c.arm(wait, tag); };
    try {
      w.run({});
      ADD_FAILURE() << "it ended";
    } catch (const Livelock& e) {
      EXPECT_NE(std::string(e.what()).find("mostly timer 7 of client"), std::string::npos)
          << e.what();
      EXPECT_NE(std::string(e.what()).find("between 5.0"), std::string::npos) << e.what();
    }
  }
}

TEST(Livelock, IsToldFromAStorm) {
  ProbeWorld w;
  w.at(w.client).on_start = [](ProbeContext& c) { c.arm(1s, {}); };
  w.at(w.client).on_timer = [&w](ProbeContext& c, TimerTag) {
    for (int i = 0; i < 200'000; ++i) c.send(address(w.server), {i}, 100);
  };
  w.run({});
  EXPECT_EQ(w.at(w.server).received.size(), 200'000u);
}

TEST(Livelock, NamesMessagesThatGoToAndFro) {
  ProbeWorld w;
  for (const NodeId node : {w.server, w.spare}) {
    w.at(node).on_message = [](ProbeContext& c, const Envelope<ProbeDomain>& e) {
      c.send(e.from, e.message, 100);
    };
  }
  w.at(w.server).on_start = [&w](ProbeContext& c) { c.send(address(w.spare), {1}, 100); };
  try {
    w.run({});
    ADD_FAILURE() << "it ended";
  } catch (const Livelock& e) {
    EXPECT_NE(std::string(e.what()).find("mostly a message of"), std::string::npos) << e.what();
  }
}

// ---- reproducibility -------------------------------------------------------------------------

TEST(Simulation, SameSeedSameFingerprintOtherSeedAnother) {
  const auto fingerprint = [](std::uint64_t seed) {
    tests::PingWorld world = tests::PingWorld::with_faults();
    PlainPlatform platform(world.topology);
    auto simulation = world.simulate(platform, seed);
    simulation->start();
    run_loop(*simulation);
    return std::pair(simulation->journal_fingerprint(), simulation->trajectory_fingerprint());
  };
  EXPECT_EQ(fingerprint(1), fingerprint(1));
  EXPECT_NE(fingerprint(1).first, fingerprint(2).first);
}

/// Another plan at any time before they part gives the run that has it from the start.
TEST(Simulation, APlanMayBeChangedUntilItBegins) {
  tests::PingWorld late = tests::PingWorld::with_faults();
  FaultPlan early = late.faults;
  for (FaultStep& step : early) step.at -= 1s;
  const auto run = [&](const FaultPlan& first, SimTime change) {
    tests::PingWorld world = tests::PingWorld::with_faults();
    world.faults.clear();
    PlainPlatform platform(world.topology);
    auto simulation = world.simulate(platform);
    simulation->plan_faults(first);
    simulation->start();
    simulation->run_until(change);
    simulation->plan_faults(early);
    if (change < early.front().at) {
      EXPECT_EQ(simulation->next_fault_time(), early.front().at);
    }
    while (simulation->upcoming()) simulation->step();
    return std::pair(simulation->journal_fingerprint(), simulation->trajectory_fingerprint());
  };
  const auto expected = run(early, kStart - Duration(1));
  EXPECT_EQ(run(late.faults, kStart - Duration(1)), expected);
  EXPECT_EQ(run(late.faults, at(700ms)), expected);
  EXPECT_EQ(run({}, early.front().at - Duration(1)), expected);
  EXPECT_EQ(run(early, at(1s)), expected);
  EXPECT_EQ(run(early, early.front().at), expected);  // what is done is not done again
}

/// An endpoint and a world that want to hear of nothing but messages.
struct Curt final : Endpoint<ProbeDomain> {
  explicit Curt(int& heard) : heard(heard) {}
  void on_start(ProbeContext& c) override {
    c.record({1});
    c.arm(1s, {});
    c.send(address(NodeId{1}), {1}, 100);
  }
  void on_message(ProbeContext&, const Envelope<ProbeDomain>&) override { ++heard; }
  int& heard;
};
struct CurtWorld final : World<ProbeDomain> {
  std::unique_ptr<Endpoint<ProbeDomain>> make_endpoint(NodeId, bool) override {
    return std::make_unique<Curt>(heard);
  }
  int heard = 0;
};

TEST(Simulation, NobodyHasToHearOfTimersRefusalsRecordsOrTicks) {
  const ProbeWorld plan;
  PlainPlatform platform(plan.topology);
  CurtWorld world;
  Simulation<ProbeDomain> simulation(plan.topology, platform, RngFactory{}, world,
                                     {.horizon = at(9s), .tick = 1s});
  simulation.add_faults({{kStart, NodeCrash{plan.server}}, {at(5s), NodeStart{plan.server}}});
  simulation.start();
  run_loop(simulation);
  EXPECT_EQ(world.heard, 1) << "two found a dead server, and it has sent itself one since";
}

/// What the run adds comes after what is planned, even if that was planned later.
TEST(Simulation, PlannedFaultsComeBeforeThoseTheRunAdds) {
  ProbeWorld world;
  world.platform = std::make_unique<PlainPlatform>(world.topology);
  world.simulation = std::make_unique<Simulation<ProbeDomain>>(
      world.topology, *world.platform, RngFactory{}, world, SimulationOptions{.horizon = at(9s)});
  world.simulation->start();
  world.simulation->add_faults({{at(2s), NodeStart{world.server}}});
  world.simulation->run_until(at(1s));
  world.simulation->plan_faults(
      {{at(2s), NodeCrash{world.server}}, {at(1s), HostDown{world.server_host}}});
  const auto next = world.simulation->upcoming();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->at, at(2s));
  EXPECT_FALSE(next->target.valid());
  world.simulation->run_until(at(3s));
  EXPECT_TRUE(world.simulation->is_up(world.server));
  EXPECT_EQ(world.at(world.server).boots, 2);
  EXPECT_EQ(world.simulation->next_fault_time(), kNever);
}

}  // namespace
}  // namespace bcsim::sim::simulation_test
