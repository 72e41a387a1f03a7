// Numbers by queue, stream, gateway and group, computed a second way from the rows of calls, and
// their sums against the whole, in a world where all of them differ.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "models/metrics/definitions.hpp"
#include "tests/support/scenario_text.hpp"
#include "tests/support/worlds.hpp"

namespace bcsim::tools::metric_scopes_test {
namespace {

using models::CallRow;
using models::Cause;
using models::kNever;
using models::RunResult;

constexpr const char* kWorld = R"(bcsim: 1
run: {horizon: 2h, warm-up: 10min, interval: 15min}
sites: {site1: {gateways: {mg1: {channels: 9}}}, site2: {gateways: {mg2: {channels: 40}}}}
agents:
  sales1: {count: 5, location: site1, queues: [sales]}
  help1: {count: 4, location: site1, queues: [help]}
  both2: {count: 6, location: site2, queues: [sales, help]}
queues: {sales: {routing-scope: both-sites}, help: {maximum-wait: 2min}, unused: {}}
calls:
  orders: {queue: sales, rate: 110/h, talk: {exponential: 150s}, patience: {exponential: 40s},
           gateways: {mg1: 70%, mg2: 30%}}
  faults: {queue: help, rate: 60/h, talk: {exponential: 240s}, patience: {exponential: 4min},
           transfer: {share: 30%, to: sales}}
  more: {queue: help, rate: 20/h, talk: {exponential: 100s}}
  direct: {to-agents: [both2], rate: 30/h, talk: {exponential: 60s}}
  out: {from-agents: [help1], rate: 20/h, talk: {exponential: 60s}}
faults: [{at: 1h, fail: site1, lasting: 10min}]
)";

RunResult run() {
  const Loaded loaded = load_text(kWorld);
  if (loaded.has_errors()) throw std::invalid_argument(problems(loaded).front());
  return tests::measure_world(loaded.scenario);
}
const RunResult& result() {
  static const RunResult kResult = run();
  return kResult;
}

std::string of_stream(const CallRow& row) {
  return result().stream_names[row.stream];
}
std::string queue_of(const CallRow& row) {
  if (row.kind != models::CallKind::queue) return "";
  return of_stream(row) == "orders" ? "sales" : "help";
}
using Which = std::function<bool(const CallRow&)>;

/// How many of these calls had this happen to them after the warm-up.
double count(const Which& which, const std::function<models::SimTime(const CallRow&)>& when) {
  double n = 0;
  for (const CallRow& row : result().calls) {
    const models::SimTime at = when(row);
    n += which(row) && at != kNever && at >= result().warm_up_end;
  }
  return n;
}

void expect_calls(const std::string& scope, const Which& which) {
  SCOPED_TRACE(scope);
  const RunResult& r = result();
  const auto value = [&](const char* id) { return r.value(scope + id); };
  const auto over = [](bool (*judge)(const CallRow&)) {
    return [judge](const CallRow& row) { return judge(row) ? row.released : kNever; };
  };
  EXPECT_EQ(value("attempted"), count(which, [](const CallRow& row) { return row.offered; }));
  const auto waits = [&](const CallRow& row) {
    return which(row) && row.kind == models::CallKind::queue;
  };
  EXPECT_EQ(value("offered"), count(waits, [](const CallRow& row) { return row.queued; }));
  const double answered = count(waits, [](const CallRow& row) { return row.answered; });
  EXPECT_EQ(value("answered"), answered);
  EXPECT_EQ(value("lost"),
            count(which, over([](const CallRow& row) { return models::is_loss(row.cause); })));
  EXPECT_EQ(
      value("default_routed"),
      count(which, over([](const CallRow& row) { return row.cause == Cause::default_routed; })));
  const double abandoned =
      count(waits, over([](const CallRow& row) {
              return row.cause == Cause::abandoned_in_queue && row.answered == kNever;
            }));
  EXPECT_EQ(value("abandoned"), abandoned);
  double waited_s = 0, within = 0;
  for (const CallRow& row : r.calls) {
    if (!waits(row) || row.answered == kNever || row.answered < r.warm_up_end) continue;
    waited_s += sim::seconds(row.answered - row.queued);
    within += row.answered - row.queued <= r.service_level_threshold;
  }
  if (answered > 0) {
    EXPECT_NEAR(value("asa"), waited_s / answered, 1e-9);
    EXPECT_NEAR(value("service_level.f3"), within / (answered + abandoned), 1e-12);
    EXPECT_NEAR(value("abandonment"), abandoned / (answered + abandoned), 1e-12);
  }
}

TEST(MetricScopes, OfAQueueAreThoseOfItsCalls) {
  for (const char* queue : {"sales", "help", "unused"}) {
    expect_calls(fmt::format("queue.{}.", queue),
                 [&](const CallRow& row) { return queue_of(row) == queue; });
  }
  EXPECT_GT(result().value("queue.help.default_routed"), 0);
  EXPECT_TRUE(std::isnan(result().value("queue.unused.asa")));
}

TEST(MetricScopes, OfAStreamAreThoseOfItsCallsToWhomever) {
  for (const char* stream : {"orders", "faults", "more", "direct"}) {
    expect_calls(fmt::format("stream.{}.", stream),
                 [&](const CallRow& row) { return of_stream(row) == stream; });
  }
}

TEST(MetricScopes, OfAGatewayAreThoseOfTheCallsThatCameThroughIt) {
  for (std::size_t g = 0; g < result().gateway_names.size(); ++g) {
    expect_calls(fmt::format("gateway.{}.", result().gateway_names[g]), [&](const CallRow& row) {
      return row.gateway == g && !models::by_agent(row.kind);
    });
  }
  EXPECT_GT(result().value("gateway.mg1.lost.blocked_at_trunk"), 0);
  EXPECT_EQ(result().value("gateway.mg2.lost.blocked_at_trunk"), 0);
}

/// Of the whole and of all parts of a scope together.
void expect_sum(const char* id, const std::vector<std::string>& scopes, double rest = 0) {
  double sum = rest;
  for (const std::string& scope : scopes) sum += result().value(scope + id);
  EXPECT_NEAR(sum, result().value(id), 1e-9 * std::max(1.0, sum)) << id << " of " << scopes[0];
}

TEST(MetricScopes, AddUpToTheWhole) {
  const std::vector<std::string> queues = {"queue.sales.", "queue.help.", "queue.unused."};
  const std::vector<std::string> groups = {"group.sales1.", "group.help1.", "group.both2."};
  const std::vector<std::string> gateways = {"gateway.mg1.", "gateway.mg2."};
  for (const char* id : {"offered", "answered", "abandoned", "short_abandoned", "setup_delayed"}) {
    expect_sum(id, queues);
    expect_sum(id, gateways);
  }
  for (const char* id : {"attempted", "lost", "default_routed", "callers_lost"}) {
    expect_sum(id, gateways);
  }
  expect_sum("attempted", queues, result().value("direct.attempted"));
  expect_sum("lost", queues, result().value("direct.lost"));
  expect_sum("queue.mean", queues);
  for (const char* id : {"agents.working", "agents.at_work", "agents.lost_s", "agents.logged_in",
                         "agents.ready", "agents.busy", "phones.registered"}) {
    expect_sum(id, groups);
  }
  for (const std::string& group : groups) {
    const double busy = result().value(group + "agents.busy");
    const double ready = result().value(group + "agents.ready");
    EXPECT_NEAR(result().value(group + "occupancy"), busy / (busy + ready), 1e-12) << group;
  }
}

TEST(MetricScopes, OfTheIntervalsAddUpToTheWholeOfAQueue) {
  const RunResult& r = result();
  for (std::size_t q = 0; q < r.queue_names.size(); ++q) {
    double attempted = 0;
    for (const auto& interval : r.tallies.interval_queue) attempted += interval[q].attempted;
    double dialled = 0;
    for (const CallRow& row : r.calls) dialled += queue_of(row) == r.queue_names[q];
    EXPECT_EQ(attempted, dialled) << r.queue_names[q];
  }
}

TEST(MetricScopes, HarmedCallersAreThoseOfTheirCallsTakenTogether) {
  std::map<std::uint32_t, std::vector<const CallRow*>> calls_of;
  for (const CallRow& row : result().calls) {
    if (!queue_of(row).empty()) calls_of[row.caller].push_back(&row);
  }
  std::map<std::string, double> harmed;
  const models::SimTime start = result().warm_up_end;
  for (const auto& [caller, calls] : calls_of) {
    const CallRow* cut = nullptr;
    const CallRow* late = nullptr;
    const CallRow& last = *calls.back();
    for (const CallRow* row : calls) {
      const bool gone = row->released != kNever &&
                        (models::is_drop(row->cause) || row->cause == Cause::media_lost);
      if (gone && cut == nullptr) cut = row;
      const bool waited =
          row->answered != kNever &&
          (row->attempt > 1 || row->answered - row->queued > std::chrono::seconds(20));
      if (waited && late == nullptr) late = row;
    }
    const std::string queue = "queue." + queue_of(last) + ".harmed";
    if (cut != nullptr) {
      harmed[queue + ".cut_off"] += cut->released >= start;
    } else if (last.has(CallRow::caller_lost) && last.answered == kNever) {
      const bool gave_up = last.cause == Cause::abandoned_in_queue;
      harmed[queue + (gave_up ? ".gave_up" : ".never_got_through")] += last.released >= start;
    } else if (late != nullptr) {
      harmed[queue + ".waited_too_long"] += late->answered >= start;
    }
  }
  double sum = 0;
  for (const std::string queue : {"sales", "help"}) {
    for (const char* harm : {"cut_off", "gave_up", "never_got_through", "waited_too_long"}) {
      const std::string id = fmt::format("queue.{}.harmed.{}", queue, harm);
      EXPECT_EQ(result().value(id), harmed[id]) << id;
      sum += harmed[id];
    }
  }
  EXPECT_EQ(result().value("harmed"), sum);
  EXPECT_GT(harmed["queue.sales.harmed.cut_off"], 0);
  EXPECT_GT(harmed["queue.sales.harmed.gave_up"], 0);
  EXPECT_GT(harmed["queue.help.harmed.waited_too_long"], 0);
}

}  // namespace
}  // namespace bcsim::tools::metric_scopes_test
