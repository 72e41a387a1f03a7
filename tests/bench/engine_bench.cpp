// What the engine costs per message: the agenda alone, under the loop driver, under SimGrid.
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>
#include <memory>
#include <string>

#include "sim/agenda.hpp"
#include "sim/rng.hpp"
#include "sim/s4u/driver.hpp"
#include "tests/support/loop_driver.hpp"

namespace bcsim::sim {
namespace {

/// Messages of the size of a SIP request.
struct BenchDomain {
  struct Message {
    std::uint64_t number = 0;
    bool answer = false;
    char body[100] = {};
  };
  struct Record {
    int unused = 0;
  };
  static std::uint64_t draw_key(const Message& m) { return m.number; }
  static std::uint64_t digest(const Record&) { return 0; }
};
using BenchContext = Context<BenchDomain>;

class Server final : public Endpoint<BenchDomain> {
 public:
  void on_start(BenchContext&) override {}
  void on_message(BenchContext& context, const Envelope<BenchDomain>& e) override {
    context.send(e.from, {e.message.number, true}, 400);
  }
  void on_timer(BenchContext&, TimerTag) override {}
};

/// Refreshes at both servers every 60 s, with a retransmission timer that an answer cancels.
class Device final : public Endpoint<BenchDomain> {
 public:
  void on_start(BenchContext& context) override {
    const double u = context.stream("phase", context.self().value).uniform();
    context.arm(from_seconds(60 * u), {.kind = 0});
  }
  void on_timer(BenchContext& context, TimerTag tag) override {
    if (tag.kind != 0) return;
    for (std::uint32_t server = 0; server < 2; ++server) {
      context.send(AddressId{server}, {++number_}, 700);
      retransmit_[server] = context.arm(500ms, {.kind = 1});
    }
    context.arm(60s, {.kind = 0});
  }
  void on_message(BenchContext& context, const Envelope<BenchDomain>& e) override {
    context.cancel(retransmit_[e.from.value]);
  }

 private:
  TimerId retransmit_[2];
  std::uint64_t number_ = 0;
};

class BenchWorld final : public World<BenchDomain> {
 public:
  explicit BenchWorld(std::uint32_t devices) {
    const PlaceId dc[] = {topology.add_place("dc1"), topology.add_place("dc2")};
    const PlaceId floor = topology.add_place("floor");
    for (const PlaceId place : dc) {
      topology.add_route(floor, place, {topology.add_link("access", floor, place, {20ms, 1e9})});
    }
    // Two links must not have one name in SimGrid.
    topology.links[1].name = "access2";
    for (const PlaceId place : dc) {
      topology.add_node("server", topology.add_host("server" + std::to_string(place.value), place));
    }
    const HostId host = topology.add_host("floor", floor);
    for (std::uint32_t i = 0; i < devices; ++i) {
      topology.add_node("device" + std::to_string(i), host, true);
    }
  }
  std::unique_ptr<Endpoint<BenchDomain>> make_endpoint(NodeId node, bool) override {
    if (node.value < 2) return std::make_unique<Server>();
    return std::make_unique<Device>();
  }
  Topology topology;
};

/// Simulated time that gives about a million messages.
SimTime horizon_for(std::int64_t devices) {
  return SimTime(from_seconds(1e6 / (4.0 * static_cast<double>(devices) / 60)));
}

void BM_AgendaAlone(benchmark::State& state) {
  const auto pending = static_cast<std::uint32_t>(state.range(0));
  Agenda agenda;
  RngStream rng(1, 0, "bench", 0);
  std::uint32_t sequence = 0;
  const auto later = [&](SimTime t) {
    return AgendaKey{t + from_seconds(60 * rng.uniform()), sequence % 1000, 0, sequence++, 0};
  };
  for (std::uint32_t i = 0; i < pending; ++i) agenda.push(later(kStart));
  for (auto _ : state) {
    const AgendaKey key = agenda.pop();
    agenda.push(later(key.at));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_AgendaAlone)->Arg(200)->Arg(2000)->Arg(20000);

void BM_LoopDriver(benchmark::State& state) {
  std::uint64_t messages = 0;
  for (auto _ : state) {
    BenchWorld world(static_cast<std::uint32_t>(state.range(0)));
    PlainPlatform platform(world.topology);
    Simulation<BenchDomain> simulation(world.topology, platform, {1, 0}, world,
                                       {.horizon = horizon_for(state.range(0))});
    simulation.start();
    run_loop(simulation);
    messages += simulation.messages_delivered();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(messages));
  state.counters["s_per_message"] = benchmark::Counter(
      static_cast<double>(messages), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(BM_LoopDriver)->Arg(200)->Arg(2000)->Arg(20000)->Unit(benchmark::kMillisecond);

/// CPU time of this process: a shared machine does not disturb it as it does wall time.
double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// One SimGrid engine per process, so each iteration runs in a child; the child reports its time.
void BM_S4uDriver(benchmark::State& state) {
  std::uint64_t messages = 0;
  long peak_kib = 0;
  for (auto _ : state) {
    int pipe_ends[2];
    if (pipe(pipe_ends) != 0) std::abort();
    struct Report {
      double seconds;
      std::uint64_t messages;
    } report{};
    const pid_t child = fork();
    if (child == 0) {
      BenchWorld world(static_cast<std::uint32_t>(state.range(0)));
      S4uPlatform platform(world.topology,
                           state.range(0) > 10000 ? Actors::devices_pooled : Actors::per_node);
      Simulation<BenchDomain> simulation(world.topology, platform, {1, 0}, world,
                                         {.horizon = horizon_for(state.range(0))});
      double begin = 0;
      run_s4u(simulation, platform, [&] {
        simulation.start();
        begin = cpu_seconds();
      });
      report = {cpu_seconds() - begin, simulation.messages_delivered()};
      const bool written = write(pipe_ends[1], &report, sizeof report) == sizeof report;
      _exit(written ? 0 : 1);
    }
    if (read(pipe_ends[0], &report, sizeof report) != sizeof report) std::abort();
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    int status = 0;
    rusage usage{};
    wait4(child, &status, 0, &usage);
    peak_kib = usage.ru_maxrss;
    state.SetIterationTime(report.seconds);
    messages += report.messages;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(messages));
  state.counters["peak_KiB"] = static_cast<double>(peak_kib);
  state.counters["s_per_message"] = benchmark::Counter(
      static_cast<double>(messages), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(BM_S4uDriver)
    ->Arg(200)
    ->Arg(2000)
    ->Arg(20000)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bcsim::sim
