#include "models/ledger/ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/journal.hpp"

namespace bcsim::models::ledger_test {
namespace {

using pstn::Release;
using test::Journal;
using test::only_cause;
using test::two_sites;

const CallBranch kFirst = CallBranch::of_invite(0), kSecond = CallBranch::of_invite(1);

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

/// The server's successor knows nothing of the call that the caller still is in.
TEST(Ledger, ACallRefusedAfterItsServerHasDiedWasDropped) {
  Journal j(two_sites());
  const CallId in_talk = j.at(1).queue();
  j.at(3).answer(in_talk, 0);
  const CallId in_queue = j.at(4).queue();
  j.at(600).add(PairStateChanged{0, 0}).add(PairStateChanged{0, 1});
  j.at(601).release(in_talk, Release::rejected, CallPhase::talking, 481);
  j.release(in_queue, Release::rejected, CallPhase::treatment, 481);
  EXPECT_EQ(only_cause(j, in_talk), Cause::dropped_in_talk);
  EXPECT_EQ(only_cause(j, in_queue), Cause::dropped_in_queue);
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

/// What the server said on its side has not reached him, or is not said of him any more.
TEST(Ledger, WhoHangsUpBeforeHeHearsThatHeIsSentOnHasGivenUp) {
  Journal j(two_sites());
  std::vector<CallId> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(j.at(1).queue());
  for (const CallId call : calls) {
    j.at(10).add(CallDefaultRouted{call, 0, CallDefaultRouted::Cause::waited_too_long});
  }
  j.at(11).release(calls[0], Release::caller_hung_up, CallPhase::treatment);
  j.at(12).release(calls[1], Release::media_lost, CallPhase::treatment);
  j.at(13).add(CallInvited{calls[2], 0, 1, 1}).add(CallQueued{calls[2], 1, 0, 0});
  j.at(15).answer(calls[2], 1, 1);
  j.at(60).release(calls[2], Release::normal);
  EXPECT_EQ(only_cause(j, calls[0]), Cause::abandoned_in_queue);
  EXPECT_EQ(only_cause(j, calls[1]), Cause::dropped_in_queue);
  EXPECT_EQ(only_cause(j, calls[2]), Cause::completed);
}

/// With the process dies its word to whom it has let go or sent on: he waits for nobody.
TEST(Ledger, WhoIsNotToldThatHisServerHasLetHimGoIsLost) {
  enum class Word { let_go, sent_on, none };
  for (const Word word : {Word::let_go, Word::sent_on, Word::none}) {
    for (const std::uint32_t died : {0u, 1u}) {
      for (const bool word_came : {false, true}) {
        Journal j(two_sites());
        const CallId call = j.at(1).queue();
        j.at(10);
        if (word == Word::let_go) j.add(CallLetGo{call, 0, CallLetGo::Why::ended});
        if (word == Word::sent_on) {
          j.add(CallDefaultRouted{call, 0, CallDefaultRouted::Cause::waited_too_long});
        }
        j.at(10.02).add(Switchover{died, 1, 1});
        const Release how = !word_came              ? Release::caller_hung_up
                            : word == Word::sent_on ? Release::default_routed
                                                    : Release::rejected;
        j.at(90).release(call, how, CallPhase::treatment);
        const bool lost = word != Word::none && died == 0;
        if (!word_came) {
          EXPECT_EQ(only_cause(j, call),
                    lost ? Cause::dropped_in_queue : Cause::abandoned_in_queue);
        } else if (word == Word::sent_on) {
          EXPECT_EQ(only_cause(j, call), Cause::default_routed);
        }
      }
    }
  }
}

TEST(Ledger, WhoIsTakenByAServerAgainWaitsThere) {
  Journal j(two_sites());
  const CallId call = j.at(1).queue();
  j.at(10).add(CallDefaultRouted{call, 0, CallDefaultRouted::Cause::waited_too_long});
  j.at(13).add(CallInvited{call, 0, 0, 1}).add(CallQueued{call, 0, 0, 0});
  j.at(20).add(Switchover{0, 1, 1});
  j.at(60).release(call, Release::caller_hung_up, CallPhase::treatment);
  EXPECT_EQ(only_cause(j, call), Cause::abandoned_in_queue);
}

TEST(Ledger, TheGatewaysWordOfADefaultRouteIsEnough) {  // the server died before it could say so
  Journal j(two_sites());
  const CallId call = j.at(1).queue();
  j.at(2).release(call, Release::default_routed, CallPhase::treatment);
  EXPECT_EQ(only_cause(j, call), Cause::default_routed);
}

TEST(Ledger, WhoWaitsWhereNobodyKnowsOfHimAnyMoreHasNotAbandoned) {
  for (const bool waiting : {true, false}) {
    for (const std::uint32_t site : {0u, 1u}) {
      Journal j(two_sites());
      const CallId call = j.at(1).queue();
      if (!waiting) j.at(2).answer(call, 0);
      j.at(5).add(CallStateLost{call, site});
      j.at(60).release(call, Release::caller_hung_up,
                       waiting ? CallPhase::treatment : CallPhase::talking);
      EXPECT_EQ(only_cause(j, call), !waiting    ? Cause::completed
                                     : site == 0 ? Cause::dropped_in_queue
                                                 : Cause::abandoned_in_queue);
    }
  }
}

/// The gateway gives up after 10 s in which nobody was heard.
TEST(Ledger, ASecondAgentWhoWasNeverHeardHasNotSpokenWithTheCaller) {
  for (const auto& [spoke_s, release, completed] :
       {std::tuple{10.0, Release::media_lost, 0}, std::tuple{9.0, Release::media_lost, 0},
        std::tuple{10.5, Release::media_lost, 1}, std::tuple{10.0, Release::normal, 1}}) {
    Journal j(two_sites());
    const CallId call = j.at(1).queue();
    j.at(5).answer(call, 0);
    j.at(20).add(CallTransferred{call, AgentId{0}, 0, 1, 0, 0});
    j.at(30).answer(call, 1);
    j.at(30 + spoke_s).release(call, release);
    const RunResult result = j.finish();
    EXPECT_EQ(result.value("transfers.completed"), completed) << spoke_s;
    EXPECT_EQ(result.value("transfers.lost"), 1 - completed) << spoke_s;
    EXPECT_EQ(j.ledger().violation_count(), 0u);
  }
}

TEST(Ledger, OfWhatIsNotMeasuredThereIsNoValue) {
  Journal j(two_sites());
  const RunResult result = j.finish();
  EXPECT_EQ(result.find("no_such_metric"), nullptr);
  EXPECT_TRUE(std::isnan(result.value("no_such_metric")));
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

/// It was silent, whatever it has done behind the cut; one that has refused had been heard.
TEST(Ledger, WhoIsTakenByAServerThatHisGatewayDoesNotHearIsStillBeingSetUp) {
  enum class Far { queued, treated, answered };
  for (const Far far : {Far::queued, Far::treated, Far::answered}) {
    for (const std::uint32_t status : {408u, 503u}) {
      Scenario s = two_sites();
      const double horizon_s = sim::seconds(s.run.horizon);
      Journal j(std::move(s));
      const CallId call = j.at(0).offer();
      j.add(CallInvited{call, 0, 0, 0}).at(0.1).add(CallQueued{call, 0, 0, 0, kFirst});
      if (far != Far::queued) j.add(TreatmentStarted{call, 0, kFirst});
      if (far == Far::answered) {
        j.at(3).add(CallRouted{call, AgentId{0}, 0, 1, kFirst, kFirst});
        j.add(CallAnswered{call, AgentId{0}, 0, 1, 1, kFirst});
      }
      j.at(7.5).add(SetupFailed{call, 0, 0, status});
      const bool silent = status == 408;
      EXPECT_EQ(j.ledger().row(call).stage == CallRow::Stage::setup, silent);
      j.add(CallInvited{call, 0, 1, 1}).at(8).add(CallQueued{call, 1, 0, 0, kSecond});
      j.at(12).answer(call, 2, 1).at(60).release(call, Release::normal);
      EXPECT_EQ(sim::seconds(j.ledger().row(call).queued), silent ? 8 : 0.1);
      EXPECT_EQ(j.ledger().row(call).has(CallRow::setup_delayed), silent);
      const RunResult result = j.finish();
      // A server's own queue is as long as it is, whether anybody hears of it or not.
      const double waited = (far == Far::answered ? 2.9 : 7.4) + (silent ? 4 : 4.5);
      EXPECT_NEAR(result.value("queue.mean") * horizon_s, waited, 1e-6);
      EXPECT_NEAR(result.value("asa"), silent ? 4 : 11.9, 1e-9);
      EXPECT_EQ(result.value("answered"), 1);
      EXPECT_FALSE(result.violated());
    }
  }
}

TEST(Ledger, WhoHearsMusicToTheEndHasNotBeenServed) {
  struct Row {
    Release release;
    CallPhase phase;
    Cause cause;
  };
  for (const Row& row :
       {Row{Release::normal, CallPhase::talking, Cause::completed},
        Row{Release::normal, CallPhase::treatment, Cause::dropped_while_ringing},
        Row{Release::normal, CallPhase::ringback, Cause::dropped_while_ringing},
        Row{Release::caller_hung_up, CallPhase::talking, Cause::completed},
        Row{Release::caller_hung_up, CallPhase::treatment, Cause::abandoned_in_queue},
        Row{Release::session_expired, CallPhase::talking, Cause::dropped_in_talk},
        Row{Release::session_expired, CallPhase::treatment, Cause::dropped_while_ringing},
        Row{Release::media_lost, CallPhase::treatment, Cause::media_lost},
        Row{Release::media_lost, CallPhase::talking, Cause::media_lost}}) {
    Journal j(two_sites());
    const CallId call = j.at(1).queue();
    j.at(5).answer(call, 0).at(60).release(call, row.release, row.phase);
    EXPECT_EQ(only_cause(j, call), row.cause);
    const bool heard = row.phase == CallPhase::talking;
    const RunResult result = j.finish();
    EXPECT_EQ(result.value("answered"), heard ? 1 : 0);
    EXPECT_FALSE(result.violated());
  }
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

TEST(Cause, ADropIsALossOfACallThatAServerHadTaken) {
  for (int c = 0; c < static_cast<int>(kCauses); ++c) {
    const Cause cause = static_cast<Cause>(c);
    EXPECT_EQ(is_drop(cause), name(cause).starts_with("dropped_")) << name(cause);
    EXPECT_TRUE(!is_drop(cause) || is_loss(cause)) << name(cause);
  }
}

}  // namespace
}  // namespace bcsim::models::ledger_test
