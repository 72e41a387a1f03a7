// What fits no call, what is of a branch that has been given up, and what crosses an end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/ledger/ledger.hpp"
#include "tests/support/journal.hpp"

namespace bcsim::models::ledger_violations_test {
namespace {

using pstn::Release;
using test::Journal;
using test::only_cause;
using test::two_sites;
using ::testing::HasSubstr;

const CallBranch kFirst = CallBranch::of_invite(0), kSecond = CallBranch::of_invite(1);

void expect_violation(Journal& journal, const std::string& text) {
  ASSERT_GE(journal.ledger().violation_count(), 1u);
  EXPECT_THAT(journal.ledger().violations().front().text, HasSubstr(text));
  const RunResult result = journal.finish();
  EXPECT_EQ(test::verdict(result, "conservation").status, VerdictStatus::violated);
  EXPECT_THAT(test::verdict(result, "conservation").text, HasSubstr(text));
  EXPECT_TRUE(result.violated());
}

TEST(Ledger, NoticesACallReleasedTwice) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue();
  j.at(2).answer(call, 0).release(call, Release::normal).release(call, Release::normal);
  expect_violation(j, "released twice");
}
TEST(Ledger, NoticesACallAnsweredTwice) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue();
  j.at(2).answer(call, 0).at(3).add(CallAnswered{call, AgentId{0}, 0, 1, 1});
  expect_violation(j, "answered twice");
}
TEST(Ledger, NoticesAnAnswerOfAnAgentWhomTheServerHasNotChosen) {
  for (const bool answered : {false, true}) {
    Journal j(two_sites());
    const CallId call = j.at(1).queue();
    j.at(2);
    if (answered) j.answer(call, 0);
    j.at(3).add(CallAnswered{call, AgentId{1}, 0, 1, 1});
    expect_violation(j, "answered by an agent who was not chosen");
  }
}
TEST(Ledger, LetsAnswersPassOfAServerThatHasBeenGivenUpOrOfAnAgentAtThePeer) {
  Journal j(two_sites());
  const CallId elsewhere = j.at(1).queue();
  j.add(CallInvited{elsewhere, 0, 1, 1}).add(CallQueued{elsewhere, 1, 0, 0});
  j.at(2).answer(elsewhere, 2, 1);
  j.at(3).add(CallAnswered{elsewhere, AgentId{0}, 0, 1, 1, kFirst});
  j.add(CallQueued{elsewhere, 0, 0, 0, kFirst});
  j.add(CallTransferred{elsewhere, AgentId{0}, 0, 1, 0, 0, kFirst});
  EXPECT_EQ(j.ledger().row(elsewhere).agent.value, 2u);
  EXPECT_FALSE(j.ledger().row(elsewhere).between_agents());
  const CallId over_trunk = j.at(4).queue();
  j.at(5).answer(over_trunk, 1);
  j.at(6).add(CallAnswered{over_trunk, AgentId{3}, 1, 3, 1, CallBranch{}.next(1)});
  EXPECT_EQ(j.ledger().row(over_trunk).agent.value, 1u);
  EXPECT_EQ(j.ledger().violation_count(), 0u);
  EXPECT_EQ(j.ledger().crossed_answers(), 2u);
}
TEST(Ledger, NoticesWhatTheServerWithTheCallDoesWhileItTalks) {
  const auto after_answer = [](const auto& fact, const std::string& text) {
    Journal j(two_sites());
    const CallId call = j.at(1).queue();
    j.at(2).answer(call, 0).at(3).add(fact(call));
    expect_violation(j, text);
  };
  after_answer([](CallId c) { return CallRouted{c, AgentId{1}, 0, 1}; }, "routed while talking");
  after_answer([](CallId c) { return CallQueued{c, 0, 0, 0}; }, "queued while talking");
  after_answer([](CallId c) { return CallDefaultRouted{c, 0, {}}; }, "default-routed while");
}
TEST(Ledger, NoticesWhoPassesOnACallThatHeDoesNotHave) {
  Journal waiting(two_sites());
  const CallId call = waiting.at(1).queue();
  waiting.at(2).add(CallTransferred{call, AgentId{0}, 0, 1, 0, 0});
  expect_violation(waiting, "passed on by an agent who does not have it");

  Journal twice(two_sites());
  const CallId passed = twice.at(1).queue();
  twice.at(2).answer(passed, 0).at(3).add(CallTransferred{passed, AgentId{0}, 0, 1, 0, 0});
  twice.at(4).add(CallTransferred{passed, AgentId{0}, 0, 1, 0, 0});
  expect_violation(twice, "passed on by an agent who does not have it");
}
TEST(Ledger, NoticesAnAnswerToACallPassedOnToSomebodyElse) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue();
  j.at(2).answer(call, 0).at(3).add(CallTransferred{call, AgentId{0}, 0, 1, 0, 0});
  j.at(4).add(CallRouted{call, AgentId{1}, 0, 1});
  j.at(5).add(CallAnswered{call, AgentId{0}, 0, 1, 1});
  expect_violation(j, "answered by an agent who was not chosen");
}
TEST(Ledger, CountsOfACallPassedOnOnlyWhatTheServerThatHasItDoes) {
  Journal j(two_sites());
  const CallId call = j.at(1).offer();
  j.add(CallInvited{call, 0, 0, 0}).at(2).add(CallInvited{call, 0, 1, 1});
  j.add(CallQueued{call, 1, 0, 1});
  j.at(3).answer(call, 2, 1).at(4).add(CallTransferred{call, AgentId{2}, 1, 2, 0, 0});
  // The INVITE to the first site arrives after all.
  j.at(5).add(CallQueued{call, 0, 0, 1, kFirst}).add(TreatmentStarted{call, 0, kFirst});
  j.add(CallRouted{call, AgentId{0}, 0, 1, kFirst, kFirst});
  j.add(CallRinging{call, AgentId{0}, 0, kFirst});
  j.at(6).add(CallAnswered{call, AgentId{0}, 0, 1, 1, kFirst});
  j.add(CallDefaultRouted{call, 0, {}, kFirst});
  EXPECT_TRUE(j.ledger().row(call).between_agents());
  j.at(7).add(CallRouted{call, AgentId{1}, 0, 3}).add(CallRinging{call, AgentId{1}, 0});
  j.at(8).add(CallAnswered{call, AgentId{1}, 0, 3, 1}).at(9).release(call, Release::normal);
  EXPECT_EQ(only_cause(j, call), Cause::completed);
  EXPECT_EQ(j.ledger().row(call).agent.value, 1u);
}
TEST(Ledger, CountsNobodyWhomAServerChoosesForACallThatItsAgentHadNoMore) {
  const CallBranch here, given_up = here.next(1), kept = here.next(2);
  Journal j(two_sites());
  const CallId call = j.at(1).queue();
  j.at(2).add(CallRouted{call, AgentId{2}, 1, 3, here, given_up});
  j.add(CallRinging{call, AgentId{2}, 1, given_up});
  j.at(3).add(CallAnswered{call, AgentId{2}, 1, 3, 1, given_up});
  j.at(4).add(CallReturned{call, AgentId{2}, 1, 408, here});
  j.at(5).add(CallTransferred{call, AgentId{2}, 1, 3, 0, 0, given_up});
  j.add(CallRouted{call, AgentId{3}, 1, 3, given_up, given_up});
  j.add(CallRinging{call, AgentId{3}, 1, given_up});
  j.at(6).add(CallAnswered{call, AgentId{3}, 1, 3, 1, given_up});
  EXPECT_EQ(j.ledger().row(call).answered, sim::kNever);
  j.at(7).add(CallRouted{call, AgentId{2}, 1, 3, here, kept});
  j.add(CallRinging{call, AgentId{2}, 1, kept});
  j.at(8).add(CallAnswered{call, AgentId{2}, 1, 3, 1, kept});
  j.at(9).release(call, Release::normal);
  EXPECT_EQ(only_cause(j, call), Cause::completed);
  EXPECT_EQ(j.ledger().row(call).agent.value, 2u);
}
TEST(Ledger, ForgetsATransferOfACallWhoseCallerAsksAnotherServer) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue();
  j.at(2).answer(call, 0).at(3).add(CallTransferred{call, AgentId{0}, 0, 1, 0, 0});
  j.at(4).add(CallInvited{call, 0, 1, 1}).add(CallQueued{call, 1, 0, 0, kSecond});
  j.add(CallRouted{call, AgentId{2}, 1, 2, kSecond, kSecond});
  j.at(5).add(CallAnswered{call, AgentId{2}, 1, 2, 1, kSecond});
  EXPECT_FALSE(j.ledger().row(call).between_agents());
  EXPECT_EQ(j.ledger().row(call).transferred, sim::kNever);
  j.at(6).add(CallTransferred{call, AgentId{2}, 1, 2, 0, 0, kSecond});
  j.at(7).add(CallRouted{call, AgentId{3}, 1, 2, kSecond, kSecond});
  j.at(8).add(CallAnswered{call, AgentId{3}, 1, 2, 1, kSecond}).release(call, Release::normal);
  EXPECT_EQ(only_cause(j, call), Cause::completed);
}
TEST(Ledger, KeepsTheAgentWhomAServerThatHasBeenGivenUpFindsBusy) {
  for (const bool hunt : {false, true}) {
    for (const bool answered : {false, true}) {
      Journal j(two_sites());
      const CallId call = j.at(1).offer();
      j.add(CallInvited{call, 0, 0, 0}).at(2).add(CallInvited{call, 0, 1, 1});
      j.add(CallQueued{call, 1, 0, 1}).at(3).add(CallRouted{call, AgentId{2}, 1, 2});
      if (hunt) j.add(HuntLeg{call, AgentId{2}, 1});
      j.add(CallRinging{call, AgentId{2}, 1});
      if (answered) j.at(4).add(CallAnswered{call, AgentId{2}, 1, 2, 1});
      j.at(5).add(CallQueued{call, 0, 0, 1, kFirst});
      j.add(CallRouted{call, AgentId{2}, 0, 1, kFirst, kFirst});
      j.at(6).add(CallReturned{call, AgentId{2}, 0, 486, kFirst});
      if (!answered) j.at(7).add(CallAnswered{call, AgentId{2}, 1, 2, 1});
      j.at(8).release(call, Release::normal);
      EXPECT_EQ(only_cause(j, call), Cause::completed);
    }
  }
}
TEST(Ledger, TakesNoAnswerOfAServerGivenUpForOneThatCrossedTheEnd) {
  Journal j(two_sites());
  const CallId call = j.at(1).offer();
  j.add(CallInvited{call, 0, 0, 0}).at(2).add(CallInvited{call, 0, 1, 1});
  j.at(3).release(call, Release::no_response);
  j.at(4).add(CallAnswered{call, AgentId{0}, 0, 1, 1, kFirst});
  EXPECT_TRUE(j.ledger().was_stale());
  j.at(5).add(CallAnswered{call, AgentId{2}, 1, 2, 1, kSecond});
  EXPECT_FALSE(j.ledger().was_stale());
  EXPECT_EQ(j.ledger().crossed_answers(), 2u);
  EXPECT_EQ(j.ledger().violation_count(), 0u);
}
/// The peer has given the call up, and takes a copy of the INVITE that was under way for longer
/// than that for a new one.
TEST(Ledger, TakesNoAnswerOfAPeerThatHasLetGoOfTheCall) {
  for (const bool hunt : {false, true}) {
    Journal j(two_sites());
    const CallId call = j.at(1).offer();
    const CallBranch trunk = kFirst.next(0);
    j.add(CallInvited{call, 0, 0, 0}).add(BcForward{call, 0, 0, kFirst, trunk});
    for (const double at : {2.0, 38.0}) {
      j.at(at).add(CallQueued{call, 1, 0, 0, trunk});
      if (hunt) {
        j.add(HuntLeg{call, AgentId{2}, 1, trunk});
      } else {
        j.add(CallRouted{call, AgentId{2}, 1, 2, trunk, trunk});
      }
      j.add(CallAnswered{call, AgentId{2}, 1, 3, 1, trunk});
      j.at(at + 32).add(CallLetGo{call, 1, CallLetGo::Why::no_ack, trunk});
    }
    EXPECT_EQ(j.ledger().violation_count(), 0u) << hunt;
  }
}
/// A pair that has come back takes a copy of the INVITE that comes after the call's end for a new
/// one: whoever answers, nobody is there.
TEST(Ledger, TakesNoAnswerToALateCopyOfAPairThatHasForgottenTheCall) {
  for (const bool answered : {false, true}) {
    for (const std::uint32_t agent : {0u, 1u}) {
      for (const bool hunt : {false, true}) {
        Journal j(two_sites());
        const CallId call = j.at(1).queue();
        if (answered) j.at(2).answer(call, 0);
        j.at(3).add(PairStateChanged{0, 0});
        j.release(call, Release::speech_lost, answered ? CallPhase::talking : CallPhase::treatment);
        const Cause cause = only_cause(j, call);
        j.at(4).add(PairStateChanged{0, 1}).at(30).add(CallQueued{call, 0, 0, 0});
        if (hunt) {
          j.add(HuntLeg{call, AgentId{agent}, 0});
        } else {
          j.add(CallRouted{call, AgentId{agent}, 0, 1});
        }
        j.at(34).add(CallAnswered{call, AgentId{agent}, 0, 1, 1});
        EXPECT_TRUE(j.ledger().was_stale());
        EXPECT_EQ(only_cause(j, call), cause);
        EXPECT_EQ(j.ledger().violation_count(), 0u);
      }
    }
  }
}
TEST(Ledger, NoticesACallBlockedAtTheTrunkThatAServerHas) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue();
  j.at(2).release(call, Release::no_channel, CallPhase::treatment);
  expect_violation(j, "blocked at the trunk after a server took it");
}
TEST(Ledger, NoticesACallOfferedOutOfItsTurn) {
  Journal j(two_sites());
  j.at(1).add(CallOffered{{}, {}, CallId{1}, {}, 0, 0, 0, 1});
  expect_violation(j, "offered out of its turn");
}
TEST(Ledger, NoticesACallAnsweredAfterAFailureDroppedIt) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue();
  j.at(2).add(PairStateChanged{0, 0}).release(call, Release::speech_lost, CallPhase::treatment);
  j.at(3).add(CallAnswered{call, AgentId{1}, 0, 1, 1});
  expect_violation(j, "answered after a failure dropped it");
}
TEST(Ledger, NoticesACallThatWasNeverOffered) {
  Journal j(two_sites());
  j.at(1).add(CallQueued{CallId{7}, 0, 0, 0});
  expect_violation(j, "never offered");
}
TEST(Ledger, NoticesACallOfferedTwice) {
  Journal j(two_sites());
  j.at(1).offer();
  j.add(CallOffered{{}, {}, CallId{0}, {}, 0, 0, 0, 1});
  expect_violation(j, "offered twice");
}
TEST(Ledger, NoticesACallThatEndsNormallyWithoutAnAnswer) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue();
  j.at(2).release(call, Release::normal, CallPhase::treatment);
  expect_violation(j, "never answered");
}
TEST(Ledger, NoticesACallQueuedWhileTalking) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue();
  j.at(2).answer(call, 0).add(CallQueued{call, 0, 0, 0});
  expect_violation(j, "queued while talking");
}
TEST(Ledger, NoticesACallQueuedWhereNobodyHasAsked) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue();
  j.at(2).add(CallQueued{call, 1, 0, 0, kSecond});
  expect_violation(j, "queued at a server that nobody has asked");
}

}  // namespace
}  // namespace bcsim::models::ledger_violations_test
