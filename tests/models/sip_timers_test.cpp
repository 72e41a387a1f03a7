// RFC 3261 Table 4 and the retransmission instants and give-up times of domain.md §3.1.
#include "models/sip/timers.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace bcsim::models::sip::sip_timers_test {
namespace {

std::vector<Duration> instants(Retransmission kind, int sends) {
  std::vector<Duration> at;
  for (int n = 0; n < sends; ++n) at.push_back(Timers{}.retransmission_instant(kind, n));
  return at;
}

TEST(Timers, AreThoseOfRfc3261Table4) {
  constexpr Timers t;
  EXPECT_EQ(t.timer_a(), 500ms);
  EXPECT_EQ(t.timer_b(), 32s);
  EXPECT_GT(Timers::timer_c(), 3min);
  EXPECT_EQ(t.timer_d(Transport::udp), 32s);
  EXPECT_EQ(t.timer_d(Transport::tcp), 0s);
  EXPECT_EQ(t.timer_e(), 500ms);
  EXPECT_EQ(t.timer_f(), 32s);
  EXPECT_EQ(t.timer_g(), 500ms);
  EXPECT_EQ(t.timer_h(), 32s);
  EXPECT_EQ(t.timer_i(Transport::udp), 5s);
  EXPECT_EQ(t.timer_i(Transport::tcp), 0s);
  EXPECT_EQ(t.timer_j(Transport::udp), 32s);
  EXPECT_EQ(t.timer_j(Transport::tcp), 0s);
  EXPECT_EQ(t.timer_k(Transport::udp), 5s);
  EXPECT_EQ(t.timer_k(Transport::tcp), 0s);
  EXPECT_EQ(t.timer_l(), 32s);  // RFC 6026
  EXPECT_EQ(t.timer_m(), 32s);  // RFC 6026
}

TEST(Timers, FollowT1ExceptDWhichIsAtLeast32Seconds) {
  constexpr Timers fast{.t1 = 100ms};
  EXPECT_EQ(fast.timer_b(), 6400ms);
  EXPECT_EQ(fast.timer_d(Transport::udp), 32s);
  constexpr Timers slow{.t1 = 1s};
  EXPECT_EQ(slow.timer_d(Transport::udp), 64s);
}

TEST(Timers, RepeatAnInviteWithoutACap) {  // §17.1.1.2, domain.md §3.1: 7 sends, fail at 32
  EXPECT_EQ(instants(Retransmission::invite, 8),
            (std::vector<Duration>{0s, 500ms, 1500ms, 3500ms, 7500ms, 15500ms, 31500ms, 63500ms}));
}

TEST(Timers, RepeatEverythingElseAtMostEveryT2) {  // §17.1.2.2: 11 sends, fail at 32
  const std::vector<Duration> expected{0s,      500ms,   1500ms,  3500ms,  7500ms,  11500ms,
                                       15500ms, 19500ms, 23500ms, 27500ms, 31500ms, 35500ms};
  EXPECT_EQ(instants(Retransmission::non_invite, 12), expected);
  EXPECT_EQ(instants(Retransmission::invite_response, 12), expected);   // §17.2.1
  EXPECT_EQ(instants(Retransmission::success_response, 12), expected);  // §13.3.1.4
}

TEST(Timers, DoNotOverflowHoweverManyCopies) {
  const Timers t{.t1 = 60s};
  EXPECT_GT(t.retransmission_delay(Retransmission::invite, 1000), 0s);
  EXPECT_EQ(t.retransmission_delay(Retransmission::non_invite, 1000), 4s);
}

TEST(Timers, GiveUpAnInviteWhenTheNextRepeatWouldBeDue) {  // domain.md §3.1, row W(R)
  const std::vector<Duration> w{500ms, 1500ms, 3500ms, 7500ms, 15500ms, 31500ms, 32s, 32s};
  for (int r = 0; r < static_cast<int>(w.size()); ++r) {
    EXPECT_EQ(Timers{}.give_up_after(Retransmission::invite, r), w[r]) << "R=" << r;
  }
  for (int r = 0; r <= 5; ++r) {  // the closed form T1·(2^(R+1)−1)
    EXPECT_EQ(Timers{}.give_up_after(Retransmission::invite, r), 500ms * ((1 << (r + 1)) - 1));
  }
}

TEST(Timers, GiveUpANonInviteWhenTheNextRepeatWouldBeDue) {  // domain.md §3.1, row W'(R)
  const std::vector<Duration> w{500ms,   1500ms,  3500ms,  7500ms,  11500ms, 15500ms,
                                19500ms, 23500ms, 27500ms, 31500ms, 32s,     32s};
  for (int r = 0; r < static_cast<int>(w.size()); ++r) {
    EXPECT_EQ(Timers{}.give_up_after(Retransmission::non_invite, r), w[r]) << "R=" << r;
  }
  EXPECT_EQ(Timers{}.give_up_after(Retransmission::non_invite, 30), 32s);
}

}  // namespace
}  // namespace bcsim::models::sip::sip_timers_test
