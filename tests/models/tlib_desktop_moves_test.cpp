// Where a desktop goes when it is sent away, and when it goes home: R60, R79, D24, domain.md §2.3.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#include "tests/models/desktop_words.hpp"

namespace bcsim::models::tlib::tlib_desktop_moves_test {
namespace {

using namespace desktop_words;

TEST(DesktopMoves, LeavesADrainingSiteAtOnce) {  // §2.3
  DesktopSession d = session_after(kActive + Path{{I::phone_registered, 1}});
  EXPECT_EQ(text(d.on(I::forced_out, {}, 0)), "switching(1 forced_out) arm(calm 120) arm(work 1)");
}

TEST(DesktopMoves, LogsInAgainWhereACallThatHeDidNotAnswerLoggedHimOut) {  // D24, R21
  DesktopSession d = session_after(kActive + Path{{I::phone_registered, 1}});
  EXPECT_EQ(text(d.on(I::logged_out, {}, 0)), "arm(work 10) arm(switch 30)");
  EXPECT_EQ(text(d.on(I::timer_work, {})), "login(0)");
}

TEST(DesktopMoves, GoesToNoSiteThatIsBeingDrainedBeforeThatIsOver) {  // §2.3, R60
  const Path away =
      kActive + Path{{I::phone_registered, 0}, {I::phone_registered, 1}, {I::closing_on, 0},
                     {I::forced_out, 0},       {I::timer_work},          {I::logged_in, 1}};
  for (const bool returns : {false, true}) {  // by its policy, or as advised
    DesktopSessionOptions o;
    if (returns) o.policy.failback = Failback::return_after_call;
    DesktopSession d = session_after(away, o);
    EXPECT_EQ(d.state(), S::active);
    if (!returns) {
      EXPECT_EQ(text(d.on(I::recommended, o, 0)), "-");
    }
    EXPECT_EQ(text(d.on(I::call_started, o)), "-");
    EXPECT_EQ(text(d.on(I::call_ended, o)), "-");
    DesktopSession called_off = d, stopped = d;
    EXPECT_EQ(text(called_off.on(I::closing_off, o, 0)), "switching(0 failback) logout(1)");
    // It has stopped, is asked whether it is there, and says that it is being drained.
    (void)stopped.on(I::connection_lost, o, 0);
    (void)stopped.on(I::closing_on, o, 0);
    EXPECT_EQ(text(stopped.on(I::connected, o, 0)), "-");
    EXPECT_EQ(text(stopped.on(I::closing_off, o, 0)), "switching(0 failback) logout(1)");
    // With both sites leaving, neither is better than the other.
    (void)d.on(I::closing_on, o, 1);
    EXPECT_EQ(text(d.on(I::forced_out, o, 1)), "arm(work 10) arm(switch 30)");
  }
}

TEST(DesktopMoves, DoesNotFollowItsPhoneToASiteThatIsBeingDrained) {  // R79
  DesktopSession d = session_after(kPaths[static_cast<int>(S::wait_registration)] +
                                   Path{{I::phone_registered, 1}, {I::closing_on, 1}});
  EXPECT_EQ(text(d.on(I::timer_switchover, {})), "not_ready(0) arm(switch 10)");
  (void)d.on(I::closing_off, {}, 1);
  EXPECT_EQ(text(d.on(I::timer_switchover, {})), "switching(1 registration_lost) logout(0)");
}

TEST(DesktopMoves, GoesHomeAtOnceWhicheverIsKnownFirst) {  // R60
  DesktopSessionOptions o;
  o.policy.failback = Failback::return_after_call;
  const Path away =
      kActive + Path{{I::phone_registered, 1}, {I::connection_lost, 0}, {I::timer_switchover},
                     {I::timer_work},          {I::logged_in, 1},       {I::dn_in_service, 1}};
  const std::array<Step, 3> back{
      {{I::connected, 0}, {I::dn_in_service, 0}, {I::dn_out_of_service, 1}}};
  std::array<std::size_t, 3> order{0, 1, 2};
  do {
    DesktopSession d = session_after(away, o);
    std::string done;
    for (const std::size_t i : order) done += text(d.on(back[i].input, o, back[i].site)) + " ";
    EXPECT_THAT(done, ::testing::HasSubstr("switching(0 failback) logout(1)"));
    EXPECT_EQ(d.state(), S::moving);
    EXPECT_EQ(text(d.on(I::timer_switchover, o)), "-") << "S_r was not waited for";
  } while (std::next_permutation(order.begin(), order.end()));
}

}  // namespace
}  // namespace bcsim::models::tlib::tlib_desktop_moves_test
