// The public network: trunk groups, and gateways that die (R29, domain.md §3.8, §4.5, §4.7).
#include "models/endpoints/pstn.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "models/demand/erlang.hpp"
#include "tests/support/gateway_world.hpp"
#include "tests/support/goodness_of_fit.hpp"

namespace bcsim::testing::pstn_test {
namespace {

using Times = std::vector<SimTime>;
using pstn::Release;

/// Callers with a gateway each, all of whom talk for a minute to an agent who answers at once.
Scenario with_calls(const std::vector<std::pair<Duration, std::uint32_t>>& calls) {
  Scenario s = gateway_scenario();
  SingleCalls given;
  for (const auto& [when, gateway] : calls) {
    given.calls.push_back({at(when), Duration(60s), Duration(100s), gateway});
  }
  CallStream stream = callers(given);
  stream.agent_releases = false;
  s.calls.push_back(stream);
  return s;
}

void tell(Context& context, const GatewayWorld& world, pstn::Kind kind, CallId call,
          bool flag = false) {
  pstn::Message m;
  m.kind = kind;
  m.call = call;
  m.flag = flag;
  context.notify(world.directory.pstn, m);
}

/// Gateways whose calls are with an agent at once.
void answer_everything(GatewayWorld& world) {
  world.on_pstn = [&world](Context& context, std::uint32_t, const pstn::Message& m) {
    if (m.kind != pstn::Kind::setup) return;
    tell(context, world, pstn::Kind::connect, m.call);
    tell(context, world, pstn::Kind::speech, m.call, true);
  };
}

std::vector<std::pair<SimTime, Release>> releases(const GatewayWorld& world) {
  std::vector<std::pair<SimTime, Release>> result;
  for (const auto& [when, r] : world.all<CallReleased>()) result.emplace_back(when, r.release);
  return result;
}
using Releases = std::vector<std::pair<SimTime, Release>>;

/// Times at which set-ups reached a gateway.
Times set_ups(const GatewayWorld& world, std::uint32_t gateway) {
  Times result;
  for (const auto& d : world.deliveries) {
    const auto* m = std::get_if<pstn::Message>(&d.envelope.message);
    if (m != nullptr && d.target == world.directory.gateways[gateway] &&
        m->kind == pstn::Kind::setup) {
      result.push_back(d.at);
    }
  }
  return result;
}

TEST(Pstn, BringsACallToItsGatewayWithoutDelay) {
  GatewayWorld world(with_calls({{2s, 1}}));
  answer_everything(world);
  world.run(100s);
  EXPECT_EQ(set_ups(world, 1), Times{at(2s)});
  EXPECT_TRUE(set_ups(world, 0).empty());
  const auto offered = world.all<CallOffered>();
  ASSERT_EQ(offered.size(), 1u);
  EXPECT_EQ(offered[0].second.gateway, 1u);
  EXPECT_EQ(offered[0].second.talk, 60s);
  EXPECT_EQ(releases(world), (Releases{{at(62s), Release::caller_hung_up}}));
  EXPECT_EQ(world.pstn_endpoint->channels_busy(1), 0u);
}

TEST(Pstn, BlocksACallWhenEveryChannelIsHeld) {
  Scenario s = with_calls({{1s, 0}, {2s, 0}, {3s, 0}, {4s, 1}, {62s, 0}});
  s.gateways[0].channels = 2;
  GatewayWorld world(s);
  answer_everything(world);
  world.run(200s);
  EXPECT_EQ(releases(world), (Releases{{at(3s), Release::no_channel},
                                       {at(61s), Release::caller_hung_up},
                                       {at(62s), Release::caller_hung_up},
                                       {at(64s), Release::caller_hung_up},
                                       {at(122s), Release::caller_hung_up}}));
  EXPECT_EQ(set_ups(world, 0).size(), 3u);
  const auto blocked = world.all<CallReleased>().at(0).second;
  EXPECT_EQ(blocked.phase, static_cast<std::uint8_t>(CallPhase::setup));
  EXPECT_EQ(blocked.by_caller, 0u);
}

TEST(Pstn, BlocksAsErlangBSays) {  // 40 replications of 50 h after 1 h; 3 standard errors
  constexpr double kTalk = 180, kErlangs = 10;
  constexpr std::uint32_t kChannels = 10;
  std::vector<double> blocking;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Scenario s = gateway_scenario();
    s.gateways.pop_back();
    s.gateways[0].channels = kChannels;
    CallStream stream = callers(ConstantRate{kErlangs / kTalk});
    stream.gateway_share = {1};
    stream.talk = Exponential{kTalk};
    stream.agent_releases = false;
    s.calls.push_back(stream);
    GatewayWorld world(s, seed);
    answer_everything(world);
    world.run(51h, false);
    std::vector<bool> counts;  // by call: offered after the warm-up
    double offered = 0, blocked = 0;
    for (const auto& [when, r] : world.all<CallOffered>()) {
      counts.push_back(when >= at(1h));
      offered += counts.back();
    }
    for (const auto& [when, r] : world.all<CallReleased>()) {
      if (r.release == Release::no_channel && counts[r.call.value]) ++blocked;
    }
    blocking.push_back(blocked / offered);
  }
  const SampleMean found = sample_mean(blocking);
  EXPECT_NEAR(erlang_b(kErlangs, kChannels), 0.2145823431, 1e-9);
  EXPECT_NEAR(found.mean, 0.2145823431, 3 * found.standard_error);
  EXPECT_LT(found.standard_error, 0.002);
}

TEST(Pstn, SharesCallsOutAmongGateways) {
  Scenario s = gateway_scenario();
  CallStream stream = callers(ConstantRate{10});
  stream.gateway_share = {0.7, 0.3};
  s.calls.push_back(stream);
  GatewayWorld world(s);
  world.on_pstn = [](Context&, std::uint32_t, const pstn::Message&) {};
  world.run(1000s, false);
  double first = 0, all = 0;
  for (const auto& [when, r] : world.all<CallOffered>()) {
    ++all;
    first += r.gateway == 0;
  }
  EXPECT_GT(all, 9000);
  EXPECT_NEAR(first / all, 0.7, 3 * std::sqrt(0.21 / all));
}

// ---- gateways that die -------------------------------------------------------------------------

TEST(Pstn, ReleasesEveryCallOfADyingGatewayAtThatInstant) {
  GatewayWorld world(with_calls({{1s, 0}, {2s, 1}, {3s, 0}}));
  answer_everything(world);
  world.fail_gateway(10s, 0);
  world.run(100s);
  EXPECT_EQ(releases(world), (Releases{{at(10s), Release::gateway_failed},
                                       {at(10s), Release::gateway_failed},
                                       {at(62s), Release::caller_hung_up}}));
  EXPECT_EQ(world.all<CallReleased>().at(0).second.call, CallId{0});
  EXPECT_EQ(world.pstn_endpoint->channels_busy(0), 0u);
}

TEST(Pstn, GoesRoundADeadGatewayOnceItHasNoticed) {  // R29
  GatewayWorld world(with_calls({{12s, 0}, {14s, 0}, {40s, 0}}));
  answer_everything(world);
  world.fail_gateway(10s, 0);
  world.restore_gateway(30s, 0);
  world.run(200s);
  // The first meets silence until T303; the alarm rises at 13 s and takes care of the second.
  EXPECT_EQ(set_ups(world, 1), (Times{at(14s), at(16s)}));
  EXPECT_EQ(set_ups(world, 0), Times{at(40s)});
  const auto rerouted = world.all<PstnReroute>();
  ASSERT_EQ(rerouted.size(), 2u);
  EXPECT_EQ(rerouted[0].first, at(13s));
  EXPECT_EQ(rerouted[0].second.gateway, 0u);
  EXPECT_EQ(rerouted[0].second.dead, 1u);
  EXPECT_EQ(rerouted[1].first, at(30s));
  EXPECT_EQ(rerouted[1].second.dead, 0u);
  const auto offered = world.all<CallOffered>();
  EXPECT_EQ(offered.at(0).second.gateway, 0u);
  EXPECT_EQ(offered.at(1).second.gateway, 1u);
  for (const auto& [when, release] : releases(world)) EXPECT_EQ(release, Release::caller_hung_up);
}

TEST(Pstn, MovesOnlyTheCallsOfTheDeadGateway) {  // common random numbers
  const auto gateways = [](bool fails) {
    Scenario s = gateway_scenario();
    s.calls.push_back(callers(ConstantRate{5}));
    GatewayWorld world(s);
    world.on_pstn = [](Context&, std::uint32_t, const pstn::Message&) {};
    if (fails) world.fail_gateway(10s, 0);
    world.run(100s, false);
    std::vector<std::pair<SimTime, std::uint32_t>> result;
    for (const auto& [when, r] : world.all<CallOffered>()) result.emplace_back(when, r.gateway);
    return result;
  };
  const auto undisturbed = gateways(false), disturbed = gateways(true);
  ASSERT_EQ(undisturbed.size(), disturbed.size());
  for (std::size_t i = 0; i < disturbed.size(); ++i) {
    EXPECT_EQ(disturbed[i].first, undisturbed[i].first);
    const bool noticed = disturbed[i].first >= at(13s);
    EXPECT_EQ(disturbed[i].second, noticed ? 1u : undisturbed[i].second);
  }
}

TEST(Pstn, OverflowsToSurvivorsByTheirShares) {
  Scenario s = gateway_scenario();
  s.gateways.push_back(s.gateways[0]);
  s.gateways.push_back(s.gateways[1]);
  s.gateways[3].channels = 0;
  CallStream stream = callers(ConstantRate{10});
  stream.gateway_share = {0.4, 0.2, 0.4, 0};
  s.calls.push_back(stream);
  GatewayWorld world(s);
  world.on_pstn = [](Context&, std::uint32_t, const pstn::Message&) {};
  world.fail_gateway(0s, 0);
  world.run(1000s, false);
  std::array<double, 4> calls{};
  double all = 0;
  for (const auto& [when, r] : world.all<CallOffered>()) {
    if (when < at(3s)) continue;
    ++calls[r.gateway];
    ++all;
  }
  EXPECT_EQ(calls[0] + calls[3], 0);
  EXPECT_NEAR(calls[1] / all, 1 / 3.0, 3 * std::sqrt(2 / 9.0 / all));
}

TEST(Pstn, OverflowsToGatewaysWithoutAShareWhenAllThatHaveOneAreDead) {
  Scenario s = with_calls({{20s, 0}});
  s.calls[0].gateway_share = {1, 0};
  GatewayWorld world(s);
  answer_everything(world);
  world.fail_gateway(10s, 0);
  world.run(100s);
  EXPECT_EQ(set_ups(world, 1), Times{at(20s)});
}

TEST(Pstn, HasNowhereToGoWithoutGateways) {
  Scenario s = with_calls({{12s, 0}, {20s, 0}});
  s.gateways.pop_back();
  s.calls[0].gateway_share = {1};
  GatewayWorld world(s);
  answer_everything(world);
  world.fail_gateway(10s, 0);
  world.run(100s);
  EXPECT_EQ(releases(world),
            (Releases{{at(16s), Release::gateway_failed}, {at(20s), Release::no_channel}}));
}

TEST(Pstn, TriesAGatewayAgainThatIsBackBeforeAnybodyHasNoticed) {
  Scenario s = with_calls({{11s, 0}});
  s.gateways.pop_back();
  s.calls[0].gateway_share = {1};
  GatewayWorld world(s);
  answer_everything(world);
  world.fail_host(10s, world.directory.gateways[0]);
  world.notice(10s, world.directory.pstn, notice::Kind::gateway_died, {}, 0);
  world.restore_gateway(12s, 0);
  world.run(100s);
  EXPECT_EQ(set_ups(world, 0), Times{at(15s)});
  EXPECT_TRUE(world.all<PstnReroute>().empty());
  EXPECT_EQ(releases(world), (Releases{{at(75s), Release::caller_hung_up}}));
}

TEST(Pstn, FreesTheChannelOfACallerWhoGivesUpBeforeT303) {
  Scenario s = with_calls({{11s, 0}});
  s.calls[0].setup_patience = Deterministic{2};
  GatewayWorld world(s);
  answer_everything(world);
  world.fail_gateway(10s, 0);
  world.run(100s);
  EXPECT_EQ(releases(world), (Releases{{at(13s), Release::caller_hung_up}}));
  EXPECT_EQ(world.pstn_endpoint->channels_busy(0), 0u);
  EXPECT_TRUE(set_ups(world, 1).empty());
}

}  // namespace
}  // namespace bcsim::testing::pstn_test
