// The input queue, and the queue discipline under load (domain.md §3.8, §4.5).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "models/demand/erlang.hpp"
#include "tests/models/sip_server_world.hpp"
#include "tests/support/goodness_of_fit.hpp"

namespace bcsim::models::testing::sip_server_load_test {
namespace {

using namespace std::chrono_literals;
using bcsim::testing::sample_mean;

TEST(SipServerLoad, HandlesOneMessageAfterTheOther) {
  ServerWorld w(3, StartMode::cold);
  w.scenario.sites[0].sip_server.digest = false;
  w.scenario.sites[0].sip_server.register_service = 10ms;
  for (const std::uint32_t i : {0u, 1u, 2u}) w.registers.push_back({at(1s), i, 0, 3600});
  w.tick = 2s;
  w.run(3s);
  const auto states = w.records<DnState>();
  ASSERT_EQ(states.size(), 3u);
  EXPECT_EQ(states[0].first, at(1s + 500us + 10ms));
  EXPECT_EQ(states[1].first, at(1s + 500us + 20ms));
  EXPECT_EQ(states[2].first, at(1s + 500us + 30ms));
  ASSERT_GE(w.loads.size(), 1u);
  const ServerLoad& load = w.loads[0].second;
  EXPECT_EQ(load.messages, 3u);
  EXPECT_EQ(load.delay_sum, 30ms);
  EXPECT_EQ(load.delay_max, 20ms);
  EXPECT_EQ(load.queue_peak, 3u);
}

TEST(SipServerLoad, TakesTheServiceTimeOfEachKind) {
  ServerWorld w;
  SipServerOptions& server = w.scenario.sites[0].sip_server;
  server.invite_service = 7ms;
  server.other_service = 2ms;
  w.phones[0] = {.answer_after = 4s};
  w.calls.push_back({.at = at(1s)});
  w.run(10s);
  EXPECT_EQ(w.records<CallQueued>()[0].first, at(1s + 500us + 7ms));
  EXPECT_EQ(w.records<TreatmentStarted>()[0].first, at(1s + 500us + 7ms + 1ms + 2ms));
}

TEST(SipServerLoad, DropsDatagramsBeyondItsLimitAndCountsThem) {
  ServerWorld w(40, StartMode::cold);
  SipServerOptions& server = w.scenario.sites[0].sip_server;
  server.digest = false;
  server.register_service = 10ms;
  server.input_queue_limit = 25;
  for (std::uint32_t i = 0; i < 40; ++i) w.registers.push_back({at(1s), i, 0, 3600});
  w.tick = 1s + 400ms;
  w.run(10s);
  const auto dropped = w.records<RequestDropped>();
  ASSERT_EQ(dropped.size(), 15u);
  EXPECT_EQ(dropped[0].second.method, static_cast<std::uint32_t>(sip::Method::register_));
  EXPECT_EQ(w.loads[0].second.dropped, 15u);
  EXPECT_EQ(w.loads[0].second.queue_peak, 25u);
  // Their retransmissions get through.
  EXPECT_EQ(w.records<DnState>().size(), 40u);
}

TEST(SipServerLoad, SendsNewRequestsAwayWhenNearlyFullIfToldTo) {
  ServerWorld w(40, StartMode::cold);
  SipServerOptions& server = w.scenario.sites[0].sip_server;
  server.digest = false;
  server.register_service = 10ms;
  server.input_queue_limit = 20;
  server.retry_after = 30s;
  for (std::uint32_t i = 0; i < 40; ++i) w.registers.push_back({at(1s), i, 0, 3600});
  w.run(10s);
  // 19 are taken (90 % of 20 is 18, and the 19th comes when there are 18), 21 are told to wait.
  EXPECT_EQ(w.records<RequestRejected>().size(), 21u);
  EXPECT_TRUE(w.records<RequestDropped>().empty());
  EXPECT_EQ(w.records<DnState>().size(), 19u);
  int refused = 0;
  for (const Heard& h : w.heard) {
    const auto* r = std::get_if<sip::Response>(&h.message);
    if (r == nullptr || r->status != 503) continue;
    ++refused;
    EXPECT_EQ(r->retry_after_s, 30u);
    EXPECT_EQ(h.at, at(1s + 1ms));  // refusing takes no time
  }
  EXPECT_EQ(refused, 21);
}

TEST(SipServerLoad, NeverDropsWhatComesOverAConnection) {
  ServerWorld w(20);
  SipServerOptions& server = w.scenario.sites[0].sip_server;
  server.other_service = 10ms;
  server.input_queue_limit = 5;
  for (std::uint32_t i = 0; i < 20; ++i) {
    w.desktops.push_back({at(1s), AgentId{i}, 0, tlib::Kind::set_not_ready});
  }
  w.run(5s);
  for (std::uint32_t i = 0; i < 20; ++i) {
    EXPECT_EQ(w.pair(0).agent(AgentId{i}).state(), AgentState::not_ready);
  }
}

TEST(SipServerLoad, DelaysMessagesAsMD1Says) {
  // Poisson REGISTERs of one fixed service time: E[delay] = ρ s / (2 (1 − ρ)).
  constexpr double kService = 0.010;
  constexpr double kUtilization = 0.7;
  std::vector<double> means;
  for (std::uint32_t replication = 0; replication < 20; ++replication) {
    ServerWorld w(1, StartMode::cold);
    w.keep_deliveries = false;
    SipServerOptions& server = w.scenario.sites[0].sip_server;
    server.digest = false;
    server.register_service = sim::from_seconds(kService);
    w.scenario.first_trunk_probe[0] = 1000s;
    w.scenario.first_trunk_probe[1] = 1000s;
    sim::RngStream arrivals(7, replication, "test.arrivals", 0);
    double t = 1;
    while (t < 400) {
      w.registers.push_back({at(sim::from_seconds(t)), 0, 0, 3600});
      t += arrivals.exponential(kService / kUtilization);
    }
    w.tick = 450s;
    w.run(450s);
    ASSERT_EQ(w.loads.size(), 1u);
    const ServerLoad& load = w.loads[0].second;
    EXPECT_EQ(load.messages, w.registers.size());
    means.push_back(sim::seconds(load.delay_sum) / static_cast<double>(load.messages));
  }
  const double expected = kUtilization * kService / (2 * (1 - kUtilization));
  const auto sample = sample_mean(means);
  EXPECT_NEAR(sample.mean, expected, 3 * sample.standard_error);
  EXPECT_LT(sample.standard_error, 0.05 * expected);
}

/// Calls of M/M/n: Poisson arrivals, exponential talk, no after-call work, patient callers.
TEST(SipServerLoad, QueuesCallsAsErlangCSays) {
  constexpr std::uint32_t kAgents = 10;
  constexpr double kRate = 0.08, kTalk = 100;  // a = 8
  std::vector<double> waits, delayed;
  for (std::uint32_t replication = 0; replication < 20; ++replication) {
    ServerWorld w(kAgents);
    w.keep_deliveries = false;
    w.scenario.agents[1].count = 0;
    w.scenario.agents[0].location = 0;
    sim::RngStream arrivals(11, replication, "test.arrivals", 0);
    sim::RngStream talks(11, replication, "test.talk", 0);
    double t = 1;
    while (t < 40'000) {
      w.calls.push_back({.at = at(sim::from_seconds(t)), .after_call_work = 0s});
      t += arrivals.exponential(1 / kRate);
    }
    // The talk is drawn by the call, not by the phone that takes it.
    for (std::size_t i = 0; i < w.calls.size(); ++i) {
      w.talks.push_back(sim::from_seconds(talks.exponential(kTalk)));
    }
    w.run(45'000s);
    std::map<std::uint32_t, SimTime> queued;
    for (const auto& [when, r] : w.records<CallQueued>()) queued[r.call.value] = when;
    double sum = 0;
    int count = 0, late = 0;
    for (const auto& [when, r] : w.records<CallRouted>()) {
      if (queued[r.call.value] < at(2000s)) continue;
      const double wait = sim::seconds(when - queued[r.call.value]);
      sum += wait;
      late += wait > 0.01;  // more than setting up the treatment takes
      ++count;
    }
    waits.push_back(sum / count);
    delayed.push_back(static_cast<double>(late) / count);
    EXPECT_EQ(w.pair(0).call_count(), 0u);
  }
  const double blocked = erlang_c(kRate * kTalk, kAgents);
  const double mean_wait = blocked / (kAgents / kTalk - kRate);
  const auto wait = sample_mean(waits), probability = sample_mean(delayed);
  EXPECT_NEAR(wait.mean, mean_wait, 3 * wait.standard_error + 0.02);  // 20 ms for set-up times
  EXPECT_NEAR(probability.mean, blocked, 3 * probability.standard_error);
}

}  // namespace
}  // namespace bcsim::models::testing::sip_server_load_test
