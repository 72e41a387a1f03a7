// ADDP's detection times: R76, domain.md §2.6, §5.3, §5.11.
#include "models/tlib/addp.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "sim/rng.hpp"

namespace bcsim::models::tlib::tlib_addp_test {
namespace {

using namespace std::chrono_literals;

SimTime at(Duration d) {
  return SimTime{d};
}

/// The client on a link of round trip `rtt` that is cut at `cut_at`: nothing arrives from then on.
/// `chatter` is the period of other messages, 0 for an idle link. When the connection was lost.
SimTime lost_at(Duration a, Duration rtt, SimTime cut_at, Duration chatter = {}) {
  AddpClient client;
  SimTime now{};
  SimTime answer = sim::kNever;
  SimTime next_chat = chatter > 0s ? now + chatter : sim::kNever;
  SimTime timer = now + client.start(now, a).timer.after;
  while (true) {
    now = std::min({timer, answer, next_chat});
    if (now == answer) {
      client.on_received(now);
      answer = sim::kNever;
    } else if (now == next_chat) {
      client.on_received(now);
      next_chat = now + chatter < cut_at ? now + chatter : sim::kNever;
    } else {
      const AddpEffects e = client.on_timer(now, a);
      if (e.lost) return now;
      if (e.send_poll && now + rtt < cut_at) answer = now + rtt;
      timer = now + e.timer.after;
    }
  }
}

TEST(AddpClient, NoticesSilenceBetweenAMinusRttAnd2A) {  // R76: D ∈ (A − RTT, 2A]
  const Duration a = 20s, rtt = 40ms;
  sim::RngStream rng(1, 0, "test.addp", 0);
  Duration least = 1h, most = 0s;
  double sum = 0;
  constexpr int kSamples = 4000;
  for (int i = 0; i < kSamples; ++i) {
    const SimTime cut = at(100s + sim::from_seconds(rng.uniform(0, 1000)));
    const Duration d = lost_at(a, rtt, cut) - cut;
    ASSERT_GT(d, a - rtt);
    ASSERT_LE(d, 2 * a);
    least = std::min(least, d);
    most = std::max(most, d);
    sum += sim::seconds(d);
  }
  // Uniform on that interval: mean 1.5·A − RTT/2, standard deviation 5.8 s, so 4 errors are 0.37 s.
  EXPECT_NEAR(sum / kSamples, 1.5 * 20 - 0.02, 0.37);
  EXPECT_LT(least, 20.1s);
  EXPECT_GT(most, 39.9s);
}

TEST(AddpClient, NeedsAlmost2AOnABusyLink) {  // domain.md §2.6: busy link ⇒ D → 2A
  for (const SimTime cut : {at(300s), at(301234ms), at(399999ms)}) {
    const Duration d = lost_at(25s, 40ms, cut, 100ms) - cut;
    EXPECT_GT(d, 50s - 100ms - 1ns);
    EXPECT_LE(d, 50s);
  }
}

TEST(AddpClient, LosesAt34SecondsInTheGoldenRun) {  // domain.md §5.11: last message at −6, A = 20
  AddpClient client;
  SimTime now = at(0s);
  AddpEffects e = client.start(now, 20s, at(-6s));
  now += e.timer.after;
  EXPECT_EQ(now, at(14s));
  e = client.on_timer(now, 20s);
  EXPECT_TRUE(e.send_poll);
  EXPECT_TRUE(client.polled());
  now += e.timer.after;
  e = client.on_timer(now, 20s);
  EXPECT_EQ(e, (AddpEffects{.lost = true}));
  EXPECT_EQ(now, at(34s));
}

TEST(AddpClient, FollowsItsTable) {  // watching or polled × nothing heard, heard
  struct Case {
    bool polled, heard;
    AddpEffects effects;
  };
  for (const Case& c :
       {Case{false, false, {.send_poll = true, .timer = TimerChange::arm(20s)}},
        Case{false, true, {.timer = TimerChange::arm(5s)}}, Case{true, false, {.lost = true}},
        Case{true, true, {.timer = TimerChange::arm(5s)}}}) {
    AddpClient client;
    SimTime now{};
    (void)client.start(now, 20s);
    now += 20s;
    if (c.polled) {
      (void)client.on_timer(now, 20s);
      now += 20s;
    }
    if (c.heard) client.on_received(now - 15s);
    EXPECT_EQ(client.on_timer(now, 20s), c.effects) << c.polled << c.heard;
  }
}

TEST(AddpClient, ArmsOneTimerPerTimeoutHoweverBusyTheLink) {
  AddpClient client;
  SimTime now{};
  SimTime timer = now + client.start(now, 20s).timer.after;
  int fired = 0;
  for (int i = 0; i < 100000; ++i) {  // a message every 10 ms for 1000 s
    now += 10ms;
    client.on_received(now);
    if (timer <= now) {
      timer = now + client.on_timer(now, 20s).timer.after;
      ++fired;
    }
  }
  EXPECT_LE(fired, 51);
}

}  // namespace
}  // namespace bcsim::models::tlib::tlib_addp_test
