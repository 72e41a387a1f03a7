// The INVITEs inside a dialog: RFC 3261 §14.1, §14.2.
#include "models/sip/dialog.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace bcsim::models::sip::sip_dialog_test {
namespace {

using In = DialogInput;
constexpr DialogEffects kNothing{}, kSend{.send = true}, kForget{.forget = true};
constexpr DialogEffects kPending{.refuse = 491}, kTooEarly{.refuse = 500};

DialogEffects after(const std::vector<DialogInput>& inputs) {
  DialogInvites dialog;
  DialogEffects last;
  for (const DialogInput input : inputs) last = dialog.on(input);
  return last;
}

TEST(DialogInvites, SendsOneInviteAtATime) {  // §14.1: "wait until the transaction reaches …"
  EXPECT_EQ(after({In::want}), kSend);
  EXPECT_EQ(after({In::want, In::want}), kNothing);
  EXPECT_EQ(after({In::want, In::want, In::done}), kSend);
  EXPECT_EQ(after({In::want, In::want, In::want, In::done, In::done}), kSend);
  EXPECT_EQ(after({In::want, In::done}), kNothing);
  EXPECT_EQ(after({In::want, In::done, In::want}), kSend);
}

TEST(DialogInvites, SendsNoneWhileOneOfTheirsIsOpenOrNotAcknowledged) {  // §14.1
  EXPECT_EQ(after({In::invite, In::want}), kNothing);
  EXPECT_EQ(after({In::invite, In::want, In::accepted}), kNothing);
  EXPECT_EQ(after({In::invite, In::want, In::accepted, In::ack}), kSend);
  EXPECT_EQ(after({In::invite, In::want, In::rejected}), kSend);
  EXPECT_EQ(after({In::accepted, In::want}), kNothing);  // the INVITE that made the dialog
  EXPECT_EQ(after({In::accepted, In::want, In::ack}), kSend);
  EXPECT_EQ(after({In::accepted, In::invite, In::accepted, In::want, In::ack}), kNothing);
  EXPECT_EQ(after({In::accepted, In::invite, In::accepted, In::want, In::ack, In::ack}), kSend);
}

TEST(DialogInvites, TurnsAwayWhatCrossesItsOwn) {  // §14.2: 491
  EXPECT_EQ(after({In::want, In::invite}), kPending);
  EXPECT_EQ(after({In::want, In::done, In::invite}), kNothing);
  EXPECT_EQ(after({In::want, In::turned_away, In::invite}), kNothing)
      << "it waits, nothing is open";
}

TEST(DialogInvites, TurnsAwayASecondOneBeforeTheFirstIsAnswered) {  // §14.2: 500, Retry-After
  EXPECT_EQ(after({In::invite, In::invite}), kTooEarly);
  EXPECT_EQ(after({In::invite, In::accepted, In::invite}), kNothing);
  EXPECT_EQ(after({In::invite, In::rejected, In::invite}), kNothing);
}

TEST(DialogInvites, SendsWhatWasTurnedAwayAgainBeforeAnythingNewer) {  // §14.1
  EXPECT_EQ(after({In::want, In::turned_away}), kNothing);
  EXPECT_EQ(after({In::want, In::turned_away, In::want}), kNothing);
  EXPECT_EQ(after({In::want, In::turned_away, In::retry_due}), kSend);
  EXPECT_EQ(after({In::want, In::turned_away, In::invite, In::retry_due}), kNothing);
  EXPECT_EQ(after({In::want, In::turned_away, In::invite, In::retry_due, In::accepted, In::ack}),
            kSend);
}

TEST(DialogInvites, AByeEndsAllWaiting) {
  EXPECT_EQ(after({In::want, In::want, In::bye}), kForget);
  EXPECT_EQ(after({In::want, In::want, In::bye, In::done}), kNothing);
  EXPECT_EQ(after({In::want, In::bye, In::turned_away}), kForget);
  EXPECT_EQ(after({In::bye, In::want}), kForget);
}

/// What a dialog may do, in the plainest words.
struct Model {
  bool ours = false, backing_off = false, theirs = false, ended = false;
  int unacknowledged = 0, waiting = 0;

  [[nodiscard]] bool possible(DialogInput input) const {
    switch (input) {
      case In::done:
      case In::turned_away:
        return ours;
      case In::retry_due:
        return backing_off;
      case In::rejected:
        return theirs;
      case In::ack:
        return unacknowledged > 0;
      case In::want:
      case In::invite:
      case In::accepted:
      case In::bye:
        return true;
    }
    return false;
  }
  DialogEffects on(DialogInput input) {
    DialogEffects e;
    if (input == In::invite) {
      if (theirs) return kTooEarly;
      if (ours) return kPending;
      theirs = true;
      return e;
    }
    e.forget = input == In::bye || (ended && (input == In::want || input == In::turned_away));
    ended = ended || input == In::bye;
    if (input == In::turned_away && !ended) backing_off = true;
    if (input == In::want || input == In::turned_away) ++waiting;
    if (input == In::done || (input == In::turned_away && !ended)) ours = false;
    if (input == In::retry_due || input == In::bye) backing_off = false;
    if (input == In::accepted || input == In::rejected) theirs = false;
    if (input == In::accepted) ++unacknowledged;
    if (input == In::ack) --unacknowledged;
    if (ended) waiting = 0;
    const bool may = !ours && !backing_off && !theirs && unacknowledged == 0 && waiting > 0;
    if (may && input != In::accepted) {
      ours = e.send = true;
      --waiting;
    }
    return e;
  }
  [[nodiscard]] bool idle() const {
    return !ours && !backing_off && !theirs && unacknowledged == 0 && waiting == 0;
  }
};

std::size_t walk(DialogInvites dialog, Model model, int depth) {
  std::size_t walked = 1;
  if (depth == 0) return walked;
  for (const DialogInput input : {In::want, In::done, In::turned_away, In::retry_due, In::invite,
                                  In::accepted, In::rejected, In::ack, In::bye}) {
    if (!model.possible(input)) continue;
    DialogInvites d = dialog;
    Model m = model;
    const DialogEffects expected = m.on(input), seen = d.on(input);
    if (seen != expected || d.idle() != m.idle()) {
      ADD_FAILURE() << "input " << static_cast<int>(input) << " at depth " << depth << ": send "
                    << seen.send << " refuse " << seen.refuse << " forget " << seen.forget;
      return walked;
    }
    walked += walk(d, m, depth - 1);
  }
  return walked;
}

TEST(DialogInvites, DoesTheSameAsTheRulesInEveryOrderOfInputs) {
  EXPECT_GT(walk({}, {}, 7), 10'000u);
}

TEST(Glare, IsWaitedOutAsRfc3261Says) {  // §14.1: 2.1–4 s and 0–2 s, in units of 10 ms
  EXPECT_EQ(glare_retry_after(true, 0), 2100ms);
  EXPECT_EQ(glare_retry_after(true, 0.999999), 4s);
  EXPECT_EQ(glare_retry_after(false, 0), 0s);
  EXPECT_EQ(glare_retry_after(false, 0.999999), 2s);
  EXPECT_EQ(glare_retry_after(false, 0.5) % 10ms, 0s);
  EXPECT_EQ(second_invite_retry_after_s(0), 0u);  // §14.2: 0–10 s
  EXPECT_EQ(second_invite_retry_after_s(0.999999), 10u);
}

}  // namespace
}  // namespace bcsim::models::sip::sip_dialog_test
