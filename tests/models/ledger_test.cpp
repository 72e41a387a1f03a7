#include "models/ledger/ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/journal.hpp"

namespace bcsim::models::ledger_test {
namespace {

using pstn::Release;
using test::Journal;
using test::two_sites;
using ::testing::HasSubstr;

const CallBranch kFirst = CallBranch::of_invite(0), kSecond = CallBranch::of_invite(1);

Cause only_cause(Journal& journal, CallId call) {
  EXPECT_FALSE(journal.ledger().check_conservation().has_value());
  EXPECT_EQ(journal.ledger().violation_count(), 0u);
  return journal.cause(call);
}

TEST(Ledger, ACallServedToTheEndIsCompletedWhoeverHangsUp) {
  for (const Release release : {Release::normal, Release::caller_hung_up}) {
    Journal j(two_sites());
    const CallId call = j.at(1).queue();
    j.at(5).answer(call, 0);
    j.at(200).release(call, release);
    EXPECT_EQ(only_cause(j, call), Cause::completed);
    const CallRow& row = j.ledger().row(call);
    EXPECT_EQ(sim::seconds(row.offered), 1);
    EXPECT_EQ(sim::seconds(row.queued), 1);
    EXPECT_EQ(sim::seconds(row.answered), 5);
    EXPECT_EQ(sim::seconds(row.released), 200);
    EXPECT_EQ(row.agent.value, 0u);
    EXPECT_EQ(row.path, 1);
    EXPECT_TRUE(row.has(CallRow::monitored));
  }
}

TEST(Ledger, ACallerWhoGivesUpWhileALivingServerHasHisCallHasAbandoned) {
  Journal j(two_sites());
  const CallId waiting = j.at(1).queue();
  const CallId ringing = j.queue();
  j.at(2).add(CallRouted{ringing, AgentId{0}, 0, 1}).add(CallRinging{ringing, AgentId{0}, 0});
  j.at(3).release(waiting, Release::caller_hung_up, CallPhase::treatment);
  j.release(ringing, Release::caller_hung_up, CallPhase::treatment);
  EXPECT_EQ(only_cause(j, waiting), Cause::abandoned_in_queue);
  EXPECT_EQ(only_cause(j, ringing), Cause::abandoned_in_queue);
}

TEST(Ledger, ACallerWhoGivesUpBeforeAnyServerTookHisCallIsLostInSetup) {
  Journal j(two_sites());
  const CallId call = j.at(1).offer();
  j.add(CallInvited{call, 0, 0, 0});
  j.at(4).release(call, Release::caller_hung_up, CallPhase::setup);
  EXPECT_EQ(only_cause(j, call), Cause::abandoned_in_setup);
  EXPECT_TRUE(is_loss(j.cause(call)));
}

TEST(Ledger, ACallWithoutAFreeChannelIsBlocked) {
  Journal j(two_sites());
  const CallId call = j.at(1).offer();
  j.release(call, Release::no_channel, CallPhase::setup);
  EXPECT_EQ(only_cause(j, call), Cause::blocked_at_trunk);
}

TEST(Ledger, AFailureDropsACallInThePhaseItIsIn) {
  Scenario s = two_sites();
  s.sites[0].sip_server.announcement = 10s;
  Journal j(std::move(s));
  const CallId talking = j.at(1).queue();
  const CallId held = j.queue();
  const CallId ringing = j.queue();
  const CallId queued = j.queue();
  j.at(2).answer(talking, 0).answer(held, 1);
  j.at(15).add(CallRouted{ringing, AgentId{2}, 0, 1});
  const CallId treated = j.at(20).queue();
  j.at(25).add(PairStateChanged{0, 0});
  j.release(talking, Release::speech_lost, CallPhase::talking);
  j.release(held, Release::speech_lost, CallPhase::held);
  j.release(ringing, Release::speech_lost, CallPhase::treatment);
  j.release(queued, Release::speech_lost, CallPhase::treatment);
  j.release(treated, Release::speech_lost, CallPhase::treatment);
  EXPECT_EQ(only_cause(j, talking), Cause::dropped_in_talk);
  EXPECT_EQ(only_cause(j, held), Cause::dropped_on_hold);
  EXPECT_EQ(only_cause(j, ringing), Cause::dropped_while_ringing);
  EXPECT_EQ(only_cause(j, queued), Cause::dropped_in_queue);
  EXPECT_EQ(only_cause(j, treated), Cause::dropped_in_treatment);
}

TEST(Ledger, ADeadGatewayDropsItsCallsToo) {
  Journal j(two_sites());
  const CallId talking = j.at(1).queue();
  const CallId waiting = j.queue();
  const CallId dialling = j.offer();
  j.at(2).answer(talking, 0);
  j.at(3);
  for (const CallId call : {talking, waiting, dialling}) j.release(call, Release::gateway_failed);
  EXPECT_EQ(only_cause(j, talking), Cause::dropped_in_talk);
  EXPECT_EQ(only_cause(j, waiting), Cause::dropped_in_queue);
  EXPECT_EQ(only_cause(j, dialling), Cause::lost_setup_timeout);
}

TEST(Ledger, ASetupThatNobodyAnswersOrThatIsRefusedIsLost) {
  Journal j(two_sites());
  const CallId silent = j.at(1).offer();
  const CallId refused = j.offer();
  j.at(9).release(silent, Release::no_response, CallPhase::setup);
  j.release(refused, Release::rejected, CallPhase::setup, 603);
  EXPECT_EQ(only_cause(j, silent), Cause::lost_setup_timeout);
  EXPECT_EQ(only_cause(j, refused), Cause::lost_setup_rejected);
  EXPECT_EQ(j.ledger().row(refused).status, 603);
}

TEST(Ledger, ACallWithAProvisionalAnswerAndADeadServerHangs) {
  Journal j(two_sites());
  const auto provisional = [&] {  // taken, but not answered toward the PSTN
    const CallId call = j.offer();
    j.add(CallInvited{call, 0, 0, 0}).add(CallQueued{call, 0, 0, 0});
    return call;
  };
  j.at(1);
  const CallId times_out = provisional();
  const CallId gives_up = provisional();
  j.at(2).add(PairStateChanged{0, 0});
  j.at(30).release(gives_up, Release::caller_hung_up, CallPhase::ringback);
  j.at(182).release(times_out, Release::ring_timeout, CallPhase::ringback);
  EXPECT_EQ(only_cause(j, times_out), Cause::lost_setup_hanging);
  EXPECT_EQ(only_cause(j, gives_up), Cause::lost_setup_hanging);
}

TEST(Ledger, AServerThatCameBackHasForgottenTheCallsOfItsFormerLife) {
  Journal j(two_sites());
  const CallId call = j.at(1).offer();
  j.add(CallInvited{call, 0, 0, 0}).add(CallQueued{call, 0, 0, 0});
  j.at(2).add(PairStateChanged{0, 0});
  j.at(3).add(PairStateChanged{0, 1});
  j.at(4).release(call, Release::caller_hung_up, CallPhase::ringback);
  EXPECT_EQ(only_cause(j, call), Cause::lost_setup_hanging);
}

TEST(Ledger, AnEarlyDialogLostInASwitchoverHangsTooUnlessTheCallIsTakenAgain) {
  Journal j(two_sites());
  const CallId lost = j.at(1).offer();
  const CallId saved = j.offer();
  for (const CallId call : {lost, saved}) {
    j.add(CallInvited{call, 0, 0, 0}).add(CallQueued{call, 0, 0, 0});
  }
  j.at(5).add(EarlyDialogLost{lost, 0}).add(EarlyDialogLost{saved, 0});
  j.at(6).add(CallInvited{saved, 0, 1, 1}).add(CallQueued{saved, 1, 0, 0});
  j.at(9).release(lost, Release::caller_hung_up, CallPhase::ringback);
  j.release(saved, Release::caller_hung_up, CallPhase::ringback);
  EXPECT_EQ(only_cause(j, lost), Cause::lost_setup_hanging);
  EXPECT_EQ(only_cause(j, saved), Cause::abandoned_in_queue);
  EXPECT_EQ(j.ledger().row(saved).queue_site, 1);
  EXPECT_EQ(sim::seconds(j.ledger().row(saved).queued), 1);
}

TEST(Ledger, TheServerOfTheAgentLosesHimAndNotTheCallThatWaitsElsewhere) {
  for (const bool offered_again : {false, true}) {
    Journal j(two_sites());
    const CallId call = j.at(1).queue();
    j.at(2).add(CallRouted{call, AgentId{4}, 1, 3, kFirst, kFirst.next(0)});
    j.add(CallRinging{call, AgentId{4}, 1, kFirst.next(0)});
    j.at(3).add(EarlyDialogLost{call, 1, kFirst.next(0)});
    if (offered_again) j.at(8).add(CallReturned{call, AgentId{4}, 1, 408, kFirst});
    j.at(9).release(call, Release::caller_hung_up, CallPhase::treatment);
    EXPECT_EQ(only_cause(j, call), Cause::abandoned_in_queue);
  }
}

/// Whom it was to reach has forgotten the call: at the time of the answer, or before he heard it.
TEST(Ledger, AnAnswerAcrossAServerThatHasDiedReachesNobody) {
  for (const double answered : {4.0, 6.0}) {
    Journal j(two_sites());
    const CallId call = j.at(1).offer();
    j.add(CallInvited{call, 0, 1, 0}).at(2).add(BcForward{call, 1, 0, kFirst, kFirst.next(0)});
    j.add(CallRouted{call, AgentId{0}, 0, 3, kFirst.next(0)});
    const CallAnswered answer{call, AgentId{0}, 0, 3, 1, kFirst.next(0)};
    if (answered < 5) j.at(answered).add(answer);
    j.at(5).add(PairStateChanged{1, 0}).add(PairStateChanged{1, 1});
    if (answered > 5) j.at(answered).add(answer);
    j.at(7).add(CallLetGo{call, 0, CallLetGo::Why::left, kFirst.next(0)});
    j.at(40).release(call, Release::caller_hung_up, CallPhase::setup);
    EXPECT_EQ(only_cause(j, call), Cause::lost_setup_hanging) << answered;
    EXPECT_EQ(j.ledger().row(call).answered, kNever) << answered;
  }
}

TEST(Ledger, SpeechThatIsNoLongerHeardIsMediaLost) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue();
  j.at(2).answer(call, 0);
  j.at(12).release(call, Release::media_lost);
  EXPECT_EQ(only_cause(j, call), Cause::media_lost);
}

TEST(Ledger, ADefaultRoutedCallIsNeitherAnsweredNorAbandonedNorLost) {
  Journal j(two_sites());
  const CallId from_queue = j.at(1).queue();
  const CallId at_once = j.offer();
  j.at(2).add(CallDefaultRouted{from_queue, 0, CallDefaultRouted::Cause::waited_too_long});
  j.add(CallDefaultRouted{at_once, 0, CallDefaultRouted::Cause::queue_full});
  j.release(from_queue, Release::default_routed, CallPhase::treatment);
  j.release(at_once, Release::default_routed, CallPhase::setup);
  EXPECT_EQ(only_cause(j, from_queue), Cause::default_routed);
  EXPECT_EQ(only_cause(j, at_once), Cause::default_routed);
  EXPECT_FALSE(is_loss(Cause::default_routed));
}

TEST(Ledger, ACallThatIsNotOverIsStillInTheSystem) {
  Journal j(two_sites());
  const CallId call = j.at(3599).queue();
  const RunResult result = j.finish();
  EXPECT_EQ(result.calls[call.value].cause, Cause::still_in_system);
  EXPECT_EQ(result.value("still_in_system"), 1);
  EXPECT_FALSE(result.violated());
}

TEST(Ledger, ASetupThatOneSiteFailedToAnswerAndTheOtherTookIsDelayed) {
  Journal j(two_sites());
  const CallId call = j.at(0).offer();
  j.add(CallInvited{call, 0, 0, 0});
  j.at(7.5).add(SetupFailed{call, 0, 0, 408}).add(CallInvited{call, 0, 1, 1});
  j.at(7.52).add(CallQueued{call, 1, 0, 0});
  const CallRow& row = j.ledger().row(call);
  EXPECT_TRUE(row.has(CallRow::setup_delayed));
  EXPECT_EQ(row.first_server, 0);
  EXPECT_EQ(row.queue_site, 1);
  EXPECT_EQ(row.path, 2);
  EXPECT_EQ(j.finish().value("setup_delayed"), 1);
}

TEST(Ledger, ACallForwardedByInviteKeepsTheFirstServerInItsPath) {
  Journal j(two_sites());
  const CallId in_path = j.at(1).queue();
  const CallId by_302 = j.queue();
  j.at(2).add(BcForward{in_path, 0, 0}).add(CallQueued{in_path, 1, 0, 0});
  j.add(BcForward{by_302, 0, 1}).add(CallInvited{by_302, 0, 1, 1});
  j.add(CallQueued{by_302, 1, 0, 0});
  EXPECT_EQ(j.ledger().row(in_path).path, 3);
  EXPECT_EQ(j.ledger().row(by_302).path, 2);
}

TEST(Ledger, ACallReturnedByAnAgentWaitsAgain) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue();
  j.at(2).add(CallRouted{call, AgentId{2}, 0, 3}).add(CallRinging{call, AgentId{2}, 0});
  j.at(12).add(CallReturned{call, AgentId{2}, 0, 480});
  const CallRow& row = j.ledger().row(call);
  EXPECT_EQ(row.stage, CallRow::Stage::waiting);
  EXPECT_FALSE(row.at_agent());
  EXPECT_FALSE(row.agent.valid());
  EXPECT_EQ(row.path, 1);
  j.at(13).release(call, Release::speech_lost, CallPhase::treatment);
  EXPECT_EQ(j.cause(call), Cause::dropped_in_queue);
}

TEST(Ledger, AnAnswerThatNeverReachedTheCallersServerIsTakenBack) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue(0);
  j.at(2).add(CallRouted{call, AgentId{2}, 1, 3});
  j.at(6).add(CallAnswered{call, AgentId{2}, 1, 3, 1});  // its 200 is lost on the cut dc-link
  j.at(12).add(CallReturned{call, AgentId{2}, 1, 408});
  EXPECT_EQ(j.ledger().row(call).stage, CallRow::Stage::waiting);
  j.at(13).answer(call, 0).at(20).release(call, Release::normal);
  EXPECT_EQ(only_cause(j, call), Cause::completed);
  EXPECT_EQ(sim::seconds(j.ledger().row(call).answered), 13);
  const RunResult result = j.finish();
  EXPECT_EQ(result.value("answered"), 1);
  EXPECT_FALSE(result.violated());
}

TEST(Ledger, WhatCrossesTheCallersHangingUpChangesNothing) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue();
  j.at(2).release(call, Release::caller_hung_up, CallPhase::treatment);
  j.at(2.0005).answer(call, 0);
  EXPECT_EQ(only_cause(j, call), Cause::abandoned_in_queue);
  EXPECT_EQ(j.ledger().crossed_answers(), 1u);
}

// ---- broken journals ---------------------------------------------------------------------------

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

TEST(Ledger, ARowTakesAtMost128Bytes) {
  EXPECT_LE(sizeof(CallRow), 128u);
}

TEST(Cause, EveryCauseHasANameAndPlainWords) {
  for (const Cause cause : all_causes()) {
    EXPECT_FALSE(name(cause).empty());
    EXPECT_FALSE(in_words(cause).empty());
  }
  EXPECT_EQ(name(Cause::media_lost), "media_lost");
  EXPECT_EQ(name(Cause::still_in_system), "still_in_system");
}

}  // namespace
}  // namespace bcsim::models::ledger_test
