// When the transaction machines send again and give up: domain.md §3.1, RFC 3261 §17 and §13.3.1.4.
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "models/sip/transaction.hpp"

namespace bcsim::models::sip::sip_retransmission_test {
namespace {

constexpr auto kInvite = ClientKind::invite;
constexpr auto kNonInvite = ClientKind::non_invite;
constexpr auto kUdp = Transport::udp;
constexpr auto kTcp = Transport::tcp;
using CI = ClientInput;
using SI = ServerInput;

/// Runs a client transaction against a silent server: when each copy left, and when it gave up.
struct Silence {
  std::vector<Duration> sends;
  Duration gave_up{};
};

Silence run_silent(ClientTransaction t, const ClientPolicy& policy, Duration provisional_at = 1h) {
  Silence result;
  Duration now{0};
  ClientEffects e = t.start(policy);
  while (true) {
    if (e.send_request) result.sends.push_back(now);
    EXPECT_EQ(static_cast<std::size_t>(t.copies_sent()), result.sends.size());
    if (e.terminated) break;
    Duration due = now + e.timer.after;
    if (now <= provisional_at && provisional_at < due) {
      e = t.on(CI::provisional, policy);
      EXPECT_EQ(e.inform, Inform::provisional);
      if (e.timer.kind == TimerChange::Kind::cancel) return {result.sends, sim::Duration::max()};
      if (e.timer.arms()) {
        now = std::exchange(provisional_at, Duration::max());
        continue;
      }
    }
    now = due;
    e = t.on(CI::timer, policy);
  }
  EXPECT_EQ(e.inform, Inform::timeout);
  result.gave_up = now;
  return result;
}

TEST(InviteClient, SendsSevenCopiesAndFailsAt32Seconds) {  // domain.md §3.1
  const Silence s = run_silent({kInvite, kUdp}, {});
  EXPECT_EQ(s.sends, (std::vector<Duration>{0s, 500ms, 1500ms, 3500ms, 7500ms, 15500ms, 31500ms}));
  EXPECT_EQ(s.gave_up, 32s);
}

TEST(NonInviteClient, SendsElevenCopiesAndFailsAt32Seconds) {  // domain.md §3.1
  const Silence s = run_silent({kNonInvite, kUdp}, {});
  EXPECT_EQ(s.sends, (std::vector<Duration>{0s, 500ms, 1500ms, 3500ms, 7500ms, 11500ms, 15500ms,
                                            19500ms, 23500ms, 27500ms, 31500ms}));
  EXPECT_EQ(s.gave_up, 32s);
}

TEST(ClientTransaction, SendsOnceOverTcpAndFailsAt32Seconds) {
  for (const ClientKind kind : {kInvite, kNonInvite}) {
    const Silence s = run_silent({kind, kTcp}, {.max_retransmissions = 3});
    EXPECT_EQ(s.sends, std::vector<Duration>{0s});
    EXPECT_EQ(s.gave_up, 32s);
  }
}

TEST(ClientTransaction, FailsOverFastAfterRRetransmissions) {  // W(R), W'(R) of domain.md §3.1
  for (const ClientKind kind : {kInvite, kNonInvite}) {
    const auto repeats = kind == kInvite ? Retransmission::invite : Retransmission::non_invite;
    const int most = kind == kInvite ? 6 : 10;  // 7 and 11 sends in all
    for (int r = 0; r <= 12; ++r) {
      const Silence s = run_silent({kind, kUdp}, {.max_retransmissions = r});
      EXPECT_EQ(s.sends.size(), static_cast<std::size_t>(std::min(r, most) + 1)) << "R=" << r;
      EXPECT_EQ(s.gave_up, Timers{}.give_up_after(repeats, r)) << "R=" << r;
    }
  }
}

TEST(ClientTransaction, AsksForAnAnswerWithinAFixedTime) {
  // domain.md §5.4: f = 5 s leaves the last copy at r_last = 3.5 s.
  const Silence options = run_silent({kNonInvite, kUdp}, {.max_silence = 5s});
  EXPECT_EQ(options.sends, (std::vector<Duration>{0s, 500ms, 1500ms, 3500ms}));
  EXPECT_EQ(options.gave_up, 5s);
  EXPECT_EQ(run_silent({kNonInvite, kTcp}, {.max_silence = 5s}).gave_up, 5s);
  EXPECT_EQ(run_silent({kInvite, kUdp}, {.max_silence = 40s}).gave_up, 32s);
  EXPECT_EQ(run_silent({kInvite, kUdp}, {.max_silence = 100ms}).gave_up, 100ms);
}

TEST(InviteClient, HangsWithoutATimerOnceProvisionallyAnswered) {  // domain.md §3.1 "Important"
  const Silence s = run_silent({kInvite, kUdp}, {.max_retransmissions = 3}, 2s);
  EXPECT_EQ(s.sends, (std::vector<Duration>{0s, 500ms, 1500ms}));
  EXPECT_EQ(s.gave_up, Duration::max());
}

TEST(InviteClient, BetweenTwoOthersEndsAfterTimerCAndTheWaitForItsCancel) {  // §16.8, §9.1
  const Silence s = run_silent({kInvite, kUdp}, {.max_retransmissions = 3, .timer_c = true}, 2s);
  EXPECT_EQ(s.sends, (std::vector<Duration>{0s, 500ms, 1500ms}));
  EXPECT_EQ(s.gave_up, 2s + 181s + 32s);
}

TEST(InviteServer, SaysEveryMinuteThatItStillRings) {  // §13.3.1.1
  ServerTransaction t(ServerKind::invite, kUdp);
  (void)t.on(SI::send_trying, {});
  ServerEffects e = t.on(SI::send_provisional, {});
  for (int minute = 1; minute <= 10; ++minute) {
    ASSERT_EQ(e.timer, TimerChange::arm(60s));
    e = t.on(SI::timer, {});
    EXPECT_TRUE(e.send_response);
  }
  EXPECT_EQ(t.on(SI::send_success, {}).timer, TimerChange::cancel());
}

TEST(NonInviteClient, RepeatsEveryT2OnceProvisionallyAnswered) {  // §17.1.2.2
  const Silence s = run_silent({kNonInvite, kUdp}, {.max_retransmissions = 3}, 600ms);
  EXPECT_EQ(s.sends, (std::vector<Duration>{0s, 500ms, 1500ms, 5500ms, 9500ms, 13500ms, 17500ms,
                                            21500ms, 25500ms, 29500ms}));
  EXPECT_EQ(s.gave_up, 32s);  // R bounds silence only
}

TEST(NonInviteClient, ProvisionallyAnsweredOverTcpWaitsForTimerF) {
  const Silence s = run_silent({kNonInvite, kTcp}, {.max_silence = 5s}, 1s);
  EXPECT_EQ(s.sends, std::vector<Duration>{0s});
  EXPECT_EQ(s.gave_up, 32s);
}

TEST(InviteServer, RepeatsARefusalFromT1ToT2UntilTimerH) {  // §17.2.1, timers G and H
  ServerTransaction t(ServerKind::invite, kUdp);
  std::vector<Duration> sends{0s};
  Duration now{0};
  ServerEffects e = t.on(SI::send_failure, {});
  while (!e.terminated) {
    now += e.timer.after;
    e = t.on(SI::timer, {});
    if (e.send_response) sends.push_back(now);
  }
  EXPECT_EQ(sends, (std::vector<Duration>{0s, 500ms, 1500ms, 3500ms, 7500ms, 11500ms, 15500ms,
                                          19500ms, 23500ms, 27500ms, 31500ms}));
  EXPECT_EQ(now, 32s);
  EXPECT_EQ(e.inform, Inform::timeout);
}

TEST(SuccessResponder, RepeatsThe2xxUntilTheAckAndElseEndsWithABye) {  // §13.3.1.4
  SuccessResponder r;
  std::vector<Duration> sends{0s};
  Duration now{0};
  SuccessResponder::Effects e = r.start({});
  while (!e.send_bye) {
    now += e.timer.after;
    e = r.on(SuccessResponder::Input::timer, {});
    if (e.send_response) sends.push_back(now);
  }
  EXPECT_EQ(sends.size(), 11u);
  EXPECT_EQ(sends.back(), 31500ms);
  EXPECT_EQ(now, 32s);
  EXPECT_EQ(r.state(), SuccessResponder::State::gave_up);
}

}  // namespace
}  // namespace bcsim::models::sip::sip_retransmission_test
