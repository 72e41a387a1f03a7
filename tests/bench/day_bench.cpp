// What a whole day of full signalling costs: calls and messages a second, and memory per agent.
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

#include "tests/support/worlds.hpp"
#include "tools/run/simulate.hpp"

namespace bcsim::tools {
namespace {

using namespace std::chrono_literals;

/// Two equal sites at 83 % occupancy; P0, with processing times and ring time.
models::Scenario day(std::uint32_t agents, models::Duration horizon) {
  models::Scenario s = tests::p0_scenario();
  s.run.horizon = horizon;
  for (const models::SiteIndex site : {models::SiteIndex{0}, models::SiteIndex{1}}) {
    s.agents.push_back(tests::agents(site == 0 ? "team1" : "team2", agents / 2, site));
    s.agents.back().phone.answer_delay = 4s;
    s.gateways[site].channels = 2 * agents;
  }
  models::CallStream stream = tests::calls(models::ConstantRate{0.83 * agents / 304});
  stream.redial.enabled = true;
  s.calls.push_back(stream);
  return s;
}

struct Report {
  double cpu_s = 0;
  std::uint64_t calls = 0, messages = 0;
};

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// One SimGrid engine per process: each run is a child of its own.
Report run_in_child(const models::Scenario& scenario, long& peak_kib) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  Report report;
  const pid_t child = fork();
  if (child == 0) {
    const double began = cpu_seconds();
    const Replication run = simulate(scenario, 0, nullptr);
    report = {cpu_seconds() - began, run.result.calls.size(), run.messages_delivered};
    const bool written = write(ends[1], &report, sizeof report) == sizeof report;
    _exit(written ? 0 : 1);
  }
  if (read(ends[0], &report, sizeof report) != sizeof report) std::abort();
  close(ends[0]);
  close(ends[1]);
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  peak_kib = usage.ru_maxrss;
  return report;
}

void BM_FullSignallingDay(benchmark::State& state) {
  const auto agents = static_cast<std::uint32_t>(state.range(0));
  Report total;
  long peak_kib = 0;
  for (auto _ : state) {
    const Report r = run_in_child(day(agents, state.range(1) * 1min), peak_kib);
    state.SetIterationTime(r.cpu_s);
    total.cpu_s += r.cpu_s;
    total.calls += r.calls;
    total.messages += r.messages;
  }
  state.counters["calls_per_s"] = static_cast<double>(total.calls) / total.cpu_s;
  state.counters["messages_per_s"] = static_cast<double>(total.messages) / total.cpu_s;
  state.counters["peak_MiB"] = static_cast<double>(peak_kib) / 1024;
}
BENCHMARK(BM_FullSignallingDay)
    ->Args({500, 480})
    ->Args({5000, 20})   // 10 000 devices, an actor each
    ->Args({20000, 10})  // 40 000 devices, pooled
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bcsim::tools
