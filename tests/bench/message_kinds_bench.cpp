// How many messages of each kind a call costs, its share of registrations and polls included.
#include <benchmark/benchmark.h>

#include <map>
#include <string>

#include "tests/support/worlds.hpp"
#include "tools/journal/message_words.hpp"

namespace bcsim::tools {
namespace {

using namespace std::chrono_literals;

/// Counts what arrives; copies and losses do not occur in an undisturbed world.
class KindCounter final : public models::Observer {
 public:
  void on_record(const models::JournalEntry& entry) override {
    calls += std::holds_alternative<models::CallOffered>(entry.record);
  }
  void on_tick(models::SimTime, const models::TickSample&) override {}
  [[nodiscard]] bool wants_messages() const override { return true; }
  void on_message(const models::Transmission& t) override {
    const models::Message& message = t.envelope.message;
    std::string name = message_name(message);
    if (const auto* r = std::get_if<models::sip::Response>(&message)) {
      name = std::to_string(r->status) + " to " + std::string(method_name(r->method));
    }
    ++kinds[std::string(protocol_name(message)) + " " + name];
  }
  std::uint64_t calls = 0;
  std::map<std::string, std::uint64_t> kinds;
};

/// Two sites with 250 agents each at 83 % occupancy, P0, for two hours.
void BM_MessagesPerCall(benchmark::State& state) {
  models::Scenario s = tests::p0_scenario();
  s.run.horizon = 2h;
  for (const models::SiteIndex site : {models::SiteIndex{0}, models::SiteIndex{1}}) {
    s.agents.push_back(tests::agents(site == 0 ? "team1" : "team2", 250, site));
    s.agents.back().phone.answer_delay = 4s;
  }
  s.calls.push_back(tests::calls(models::ConstantRate{1.36}));
  KindCounter counter;
  for (auto _ : state) {
    counter = {};
    tests::run_world(s, {&counter});
  }
  double all = 0;
  for (const auto& [kind, count] : counter.kinds) {
    const double per_call = static_cast<double>(count) / static_cast<double>(counter.calls);
    all += per_call;
    state.counters[kind] = per_call;
  }
  state.counters["all"] = all;
}
BENCHMARK(BM_MessagesPerCall)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace bcsim::tools
