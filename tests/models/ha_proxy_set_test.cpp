// The gateway's proxies: R28, domain.md §3.8 (D29), §5.1.
#include "models/ha/proxy_set.hpp"

#include <gtest/gtest.h>

#include <array>
#include <type_traits>

namespace bcsim::models::ha::ha_proxy_set_test {
namespace {

static_assert(std::is_trivially_copyable_v<ProxySet>);
using Event = ProxyEffects::Event;
using Kind = ProxyOutcome::Kind;

constexpr ProxyOutcome kOk{};
constexpr ProxyOutcome kSilence{.kind = Kind::no_response};
constexpr ProxyOutcome kIcmp{.kind = Kind::transport_error};
constexpr ProxyOutcome k503{.status = 503};
SimTime at(Duration d) {
  return SimTime{d};
}

std::optional<ProxyIndex> choose(ProxySet& set, const ProxySetOptions& o, ProxyMask tried = 0,
                                 SimTime now = {}, double uniform = 0) {
  return set.choose(o, {.tried = tried, .now = now, .uniform = uniform});
}

TEST(ProxySet, GoesOfflineWithoutAResponseOfEitherKind) {  // D29; every state × request × outcome
  ProxySetOptions failure_503;
  failure_503.failure_codes.push_back(503);
  for (const bool online : {true, false}) {
    for (const bool options_request : {true, false}) {
      for (const ProxySetOptions& o : {ProxySetOptions{}, failure_503}) {
        for (const ProxyOutcome& outcome : {kOk, k503, kSilence, kIcmp}) {
          ProxySet set(2);
          if (!online) (void)set.on_invite_result(0, o, kSilence, at(0s));
          const auto e = options_request ? set.on_options_result(0, o, outcome, at(1s))
                                         : set.on_invite_result(0, o, outcome, at(1s));
          const bool down =
              outcome.kind != Kind::response || (outcome.status == 503 && !o.failure_codes.empty());
          Event expected = Event::none;
          if (online && down) expected = Event::offline;
          if (!online && !down && options_request) expected = Event::online;
          EXPECT_EQ(e, (ProxyEffects{.event = expected}));
          EXPECT_EQ(set.online(0), expected == Event::online || (online && !down));
          EXPECT_TRUE(set.online(1));
        }
      }
    }
  }
}

TEST(ProxySet, ProbesEveryPeriodAndOneAtATime) {  // §5.1: X_2 ~ U(0, K_g)
  const ProxySetOptions o;
  ProxySet set(2);
  EXPECT_EQ(set.start(20s).timer, TimerChange::arm(20s));
  EXPECT_EQ(set.on_timer(0, o),
            (ProxyEffects{.send_options = true, .timer = TimerChange::arm(60s)}));
  EXPECT_EQ(set.on_timer(0, o), (ProxyEffects{.timer = TimerChange::arm(60s)}));
  (void)set.on_options_result(0, o, kOk, at(1s));
  EXPECT_TRUE(set.on_timer(0, o).send_options);
}

TEST(ProxySet, IsOnlineAgainAfterEnoughSuccessesInARow) {  // §5.1: + (retries − 1)·10 s
  const ProxySetOptions o{.success_retries = 3};
  ProxySet set(2);
  (void)set.on_options_result(0, o, kSilence, at(0s));
  const ProxyEffects more{.timer = TimerChange::arm(10s)};
  EXPECT_EQ(set.on_options_result(0, o, kOk, at(60s)), more);
  EXPECT_EQ(set.on_options_result(0, o, kSilence, at(70s)), ProxyEffects{});  // starts over
  EXPECT_EQ(set.on_options_result(0, o, kOk, at(130s)), more);
  EXPECT_EQ(set.on_options_result(0, o, kOk, at(140s)), more);
  EXPECT_FALSE(set.online(0));
  EXPECT_EQ(set.on_options_result(0, o, kOk, at(150s)), (ProxyEffects{.event = Event::online}));
}

TEST(ProxySet, HomingReturnsToTheHomeServer) {
  for (const ProxyIndex home : {0, 1}) {
    const ProxySetOptions o{.mode = RedundancyMode::homing, .home = home};
    ProxySet set(2);
    const auto other = static_cast<ProxyIndex>(1 - home);
    EXPECT_EQ(choose(set, o), home);
    (void)set.on_invite_result(home, o, kSilence, at(0s));
    EXPECT_EQ(choose(set, o), other);
    (void)set.on_options_result(home, o, kOk, at(60s));
    EXPECT_EQ(choose(set, o), home);
  }
}

TEST(ProxySet, ParkingStaysOnTheBackupUntilThatOneFails) {
  const ProxySetOptions o{.mode = RedundancyMode::parking};
  ProxySet set(2);
  EXPECT_EQ(choose(set, o), 0);
  (void)set.on_options_result(0, o, kSilence, at(0s));
  (void)set.on_options_result(0, o, kOk, at(60s));  // back before any call
  EXPECT_EQ(choose(set, o), 1);
  (void)set.on_options_result(1, o, kIcmp, at(90s));
  EXPECT_EQ(choose(set, o), 0);
  (void)set.on_options_result(1, o, kOk, at(120s));
  EXPECT_EQ(choose(set, o), 0);
  // One call's second attempt goes elsewhere, the next call does not.
  EXPECT_EQ(choose(set, o, 0b01), 1);
  EXPECT_EQ(choose(set, o), 0);
}

TEST(ProxySet, LoadBalancingTakesTurnsAmongThoseOnline) {
  const ProxySetOptions o{.mode = RedundancyMode::load_balance};
  ProxySet set(3);
  std::array<int, 3> calls{};
  for (int i = 0; i < 30; ++i) ++calls[choose(set, o).value()];
  EXPECT_EQ(calls, (std::array<int, 3>{10, 10, 10}));
  (void)set.on_invite_result(1, o, kSilence, at(0s));
  calls = {};
  for (int i = 0; i < 30; ++i) ++calls[choose(set, o).value()];
  EXPECT_EQ(calls, (std::array<int, 3>{15, 0, 15}));
}

TEST(ProxySet, LoadBalancingFollowsItsWeights) {
  const ProxySetOptions o{.mode = RedundancyMode::load_balance, .weights = {{0.7, 0.0, 0.3}}};
  ProxySet set(3);
  std::array<int, 3> calls{};
  for (int i = 0; i < 1000; ++i) ++calls[choose(set, o, 0, {}, (i + 0.5) / 1000).value()];
  EXPECT_EQ(calls, (std::array<int, 3>{700, 0, 300}));
  (void)set.on_invite_result(0, o, kSilence, at(0s));
  EXPECT_EQ(choose(set, o, 0, {}, 0.999), 2);
  (void)set.on_invite_result(2, o, kSilence, at(0s));
  EXPECT_EQ(choose(set, o, 0, {}, 0.999), 1);  // weight 0, but the last one left
}

TEST(ProxySet, LeavesAServerAloneForItsRetryAfter) {  // RFC 3261 §21.5.4
  const ProxySetOptions o;
  ProxySet set(2);
  EXPECT_EQ(set.on_invite_result(0, o, {.status = 503, .retry_after = 30s}, at(10s)),
            ProxyEffects{});
  EXPECT_TRUE(set.online(0));
  EXPECT_EQ(choose(set, o, 0, at(39s)), 1);
  EXPECT_EQ(choose(set, o, 0, at(40s)), 0);
  // Without Retry-After, and for any other response, the next call goes there again.
  (void)set.on_invite_result(0, o, k503, at(50s));
  (void)set.on_invite_result(0, o, {.status = 486, .retry_after = 30s}, at(50s));
  EXPECT_EQ(choose(set, o, 0, at(51s)), 0);
}

TEST(ProxySet, TriesHomeWhenNobodyIsOnlineButNotASecondTime) {
  for (const auto mode :
       {RedundancyMode::homing, RedundancyMode::parking, RedundancyMode::load_balance}) {
    const ProxySetOptions o{.mode = mode, .home = 1};
    ProxySet set(2);
    (void)set.on_invite_result(0, o, kSilence, at(0s));
    (void)set.on_invite_result(1, o, kSilence, at(0s));
    EXPECT_EQ(choose(set, o), 1);
    EXPECT_EQ(choose(set, o, 0b10), std::nullopt);
    (void)set.on_invite_result(1, o, {.status = 503, .retry_after = 30s}, at(5s));
    EXPECT_EQ(choose(set, o, 0, at(6s)), std::nullopt);  // asked to be left alone
  }
}

TEST(ProxySet, GivesUpACallThatHasTriedEveryServer) {
  const ProxySetOptions o;
  ProxySet two(2);
  EXPECT_EQ(choose(two, o, 0b01), 1);
  EXPECT_EQ(choose(two, o, 0b11), std::nullopt);
  ProxySet one(1);  // V-W20
  EXPECT_EQ(choose(one, o), 0);
  EXPECT_EQ(choose(one, o, 0b01), std::nullopt);
}

}  // namespace
}  // namespace bcsim::models::ha::ha_proxy_set_test
