// What bcsim explain says decided a call, for ends that several timers or faults could have
// brought.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/told_story.hpp"
#include "tools/trace/event_story.hpp"

namespace bcsim::tools::decision_test {
namespace {

using models::CallId;
using models::Cause;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Decision, AnAnswerThatWasNotHeardIsNoMissingAnswer) {
  const std::string direct = "to-agents: [b], calls: [{at: 2min, gateway: mg1, talk: 30s}]";
  const std::string parted = "{at: 2min2s, cut: dc-link}";
  for (const char* patience : {"280s", "60s"}) {
    const Told t = told(direct + ", setup-patience: {deterministic: " + patience + "}", parted);
    EXPECT_THAT(t.why, HasSubstr("Agent b.1 answered at 09:02:04"));
    EXPECT_THAT(t.why, HasSubstr("the link was cut"));
    EXPECT_THAT(t.why, Not(HasSubstr("nobody answered")));
    EXPECT_THAT(t.why, Not(HasSubstr("did not answer")));
  }
}

TEST(Decision, OfASilentPeerIsTheServersOwnTimer) {
  const Told t = told(
      "to-agents: [b], setup-patience: {deterministic: 280s},"
      " calls: [{at: 2min, gateway: mg1, talk: 30s}]",
      "{at: 2min2s, fail: site2, scope: sip-server-pair}",
      {"sites.site1.gateways={mg1: {ring-timeout: 5min}}"});
  EXPECT_EQ(t.cause, Cause::lost_setup_hanging);
  EXPECT_THAT(t.why,
              AllOf(HasSubstr("408"), HasSubstr("The SIP Server of site2 died at 09:02:02")));
  EXPECT_THAT(t.rule, HasSubstr("timer C"));
}

/// Who hears nobody and hangs up when all should have been said is not heard by any timer of
/// silence.
TEST(Decision, OfASilenceThatNobodyGaveUpIsThatTheRestWasNotHeard) {
  const std::string patient = "agents.a.phone.silence-patience=5min";
  const std::string gateway = "sites.site1.gateways={mg1: {rtp-loss-timeout: 5min}}";
  for (const char* kind : {"queue: service, calls: [{at: 2min, gateway: mg1, talk: 60s}]",
                           "from-agents: [a], to-agents: [b], calls: [{at: 2min, talk: 60s}]"}) {
    const bool internal = kind[0] == 'f';
    const Told t =
        told(kind, internal ? "{at: 2min30s, fail: b.phone.1}" : "{at: 2min30s, fail: a.phone.1}",
             {gateway, patient});
    EXPECT_EQ(t.cause, Cause::media_lost) << kind;
    EXPECT_THAT(t.why, AllOf(HasSubstr("Speech no longer arrived from 09:02:30"),
                             HasSubstr("the caller hung up when all should have been said")));
    EXPECT_THAT(t.rule, AllOf(HasSubstr("the last second"), Not(HasSubstr("rtp-loss-timeout"))));
  }
}

TEST(Decision, OfAnAgentsOwnCallNamesHisPhoneThatDied) {
  for (const char* share : {"0%", "100%"}) {
    for (const char* when : {"2min5s", "2min30s"}) {  // while it rings outside, and in talk
      const Told t = told(std::string("from-agents: [a], answer-delay: {deterministic: 20s}, "
                                      "calls: [{at: 2min, talk: 60s}], 3pcc-share: ") +
                              share,
                          std::string("{at: ") + when + ", fail: a.phone.1}");
      EXPECT_EQ(t.why, "The phone of the agent who had called died.") << share << when;
      EXPECT_THAT(t.rule, Not(HasSubstr("rtp-loss-timeout")));
    }
  }
}

TEST(Decision, OfAnAgentWhoPutsThePhoneDownIsWhatHisDesktopShows) {
  for (const char* fault : {"{at: 125s, switchover: site1}",
                            "{at: 125s, crash: site1.sip-server.primary, lasting: 1min}"}) {
    const Told t = told(
        "from-agents: [a], answer-delay: {deterministic: 30s}, 3pcc-share: 0%, "
        "setup-patience: {deterministic: 2min}, calls: [{at: 2min, talk: 60s}]",
        fault);
    EXPECT_EQ(t.cause, Cause::lost_setup_hanging) << fault;
    EXPECT_THAT(t.why, HasSubstr("showed no call, and nobody had answered"));
    EXPECT_THAT(t.why, Not(HasSubstr("found no SIP Server")));
    EXPECT_EQ(t.rule, "an early dialog does not survive a switchover");
    EXPECT_THAT(t.lines, HasSubstr("He puts the phone down."));
  }
}

TEST(Decision, OfAReinviteThatNobodyAnswersIsTimerB) {
  const Told t = told("queue: service, calls: [{at: 2min, gateway: mg1, talk: 60s}]",
                      "{at: 122s, degrade: access.branch.site1, loss: 99.9%, lasting: 35800ms}",
                      {"locations=[branch]", "sites.site1.gateways={mg1: {location: branch}}",
                       "agents.a.phone.answer-delay=6s"});
  EXPECT_EQ(t.cause, Cause::dropped_while_ringing);
  EXPECT_THAT(t.why, HasSubstr("had no answer from the caller's side to its request"));
  EXPECT_THAT(t.rule, HasSubstr("timer B"));
  EXPECT_THAT(t.lines, AllOf(HasSubstr("Agent a.1 answers; the caller does not hear it"),
                             HasSubstr("does not answer its re-INVITE")));
}

TEST(Decision, OfATreatmentWhoseAnswerWasCutSaysSo) {
  const Told t = told("queue: service, calls: [{at: 2min, gateway: mg1, talk: 60s}]",
                      "{at: 119s, cut: access.branch.site1, direction: backward, lasting: 20s}",
                      {"locations=[branch]", "sites.site1.gateways={mg1: {location: branch}}"});
  EXPECT_THAT(t.lines, HasSubstr("It is answered toward the caller; that does not get through "
                                 "(the link was cut"));
}

TEST(Decision, OfAnAnswerThatNoServerPassesOnIsTheDeadServer) {
  for (const char* share : {"0%", "100%"}) {
    const Told t = told(std::string("from-agents: [a], answer-delay: {deterministic: 8s}, "
                                    "setup-patience: {deterministic: 60s}, "
                                    "calls: [{at: 2min, talk: 60s}], 3pcc-share: ") +
                            share,
                        "{at: 2min4s, fail: site1, scope: sip-server-pair}");
    EXPECT_THAT(t.why, AllOf(HasSubstr("He gave up 60 s after dialling"),
                             HasSubstr("The SIP Server of site1 that had his call had died at "
                                       "09:02:04"),
                             HasSubstr("Whom he called answered at 09:02:08")));
  }
}

TEST(Decision, OfAnEarlyDialogLostOfAnAgentsCallIsTheSwitchover) {
  const Told t = told(
      "from-agents: [a], answer-delay: {deterministic: 20s}, 3pcc-share: 0%,"
      " setup-patience: {deterministic: 60s}, calls: [{at: 2min, talk: 60s}]",
      "{at: 2min4s, crash: site1.sip-server.primary}");
  EXPECT_THAT(t.why, Not(HasSubstr("no SIP Server had set up")));
}

TEST(Decision, OfAnOwnCallSaysWhosePhoneWasBusyDeadOrForgotten) {
  const std::string out = "from-agents: [a], setup-patience: {deterministic: 5min}, ";
  const std::string calls = "calls: [{at: 2min, talk: 60s}, {at: 125s, talk: 60s}]";
  // His own phone is dead: the server rings it in vain.
  const Told dead =
      told(out + "3pcc-share: 100%, " + calls, "{at: 115s, fail: a.phone.1, lasting: 8min}");
  EXPECT_EQ(dead.cause, Cause::lost_setup_rejected);
  EXPECT_THAT(dead.why, HasSubstr("his own phone had not answered"));
  // A switchover forgets what rings outside.
  const Told forgotten =
      told(out + "answer-delay: {deterministic: 20s}, 3pcc-share: 100%, " + calls,
           "{at: 2min4s, switchover: site1}");
  EXPECT_THAT(forgotten.why, HasSubstr("A switchover lost the early dialog"));
  // The request is lost with the pair.
  const Told lost = told(out + "3pcc-share: 100%, " + calls,
                         "{at: 119s, fail: site1, scope: sip-server-pair, lasting: 3s}");
  EXPECT_EQ(lost.cause, Cause::lost_setup_timeout);
  EXPECT_THAT(lost.why, HasSubstr("TMakeCall"));
}

TEST(Decision, OfACallThatHisOwnPhoneWasTooBusyForBlamesNobodyElse) {
  // The first call of the run comes to his phone between his request and the server's INVITE.
  int busy = 0;
  for (int us = 299'950'000; us <= 300'010'000; us += 500) {
    const Loaded loaded = load_text(fmt::format(
        "bcsim: 1\nrun: {{horizon: 6min, warm-up: 1min}}\n"
        "sites: {{site1: {{sip-server: {{dr-forward: off}}}}, "
        "site2: {{sip-server: {{dr-forward: off}}}}}}\n"
        "agents:\n"
        "  a1: {{count: 1, location: site1, phone: {{registration: dual}}}}\n"
        "  a2: {{count: 1, location: site2}}\n"
        "calls:\n"
        "  dir: {{to-agents: [a1], calls: [{{at: {}us, talk: 60s, gateway: mg2}}]}}\n"
        "  out: {{from-agents: [a1], 3pcc-share: 100%, calls: [{{at: 300s, talk: 10s}}]}}\n",
        us));
    ASSERT_FALSE(loaded.has_errors());
    const models::Scenario& s = loaded.scenario;
    const models::Layout layout(s, {s.run.seed, 0});
    const ThingNames names = names_of(layout);
    const Replay replayed = replay(s, 0, {.calls = {CallId{0}, CallId{1}}});
    for (const CallLife& life : replayed.lives) {
      const bool his = life.row.kind == models::CallKind::outgoing;
      if (!his || life.row.cause != Cause::callee_busy) continue;
      ++busy;
      EXPECT_THAT(tell_story(life, {s, layout, names, replayed.faults}).decision.why,
                  HasSubstr("His own phone was busy"));
    }
  }
  EXPECT_GT(busy, 0);
}

/// His own phone has asked for the call, or answered its server: then it is the other one's that is
/// busy.
TEST(Decision, OfAColleagueOnACallIsNotHisOwnPhone) {
  for (const char* share : {"0%", "100%"}) {
    const Told t =
        told(std::string("from-agents: [a], to-agents: [c], 3pcc-share: ") + share +
                 ", calls: [{at: 2min, talk: 60s}]",
             "",
             {"agents.c={count: 1, location: site1, queues: [service]}",
              "calls.other={to-agents: [c], calls: [{at: 100s, gateway: mg1, talk: 5min}],"
              " redial: {enabled: false}}"},
             1);
    EXPECT_EQ(t.cause, Cause::callee_busy) << share;
    EXPECT_EQ(t.why, "Whom he called was on another call.") << share;
  }
}

TEST(Decision, OfSilenceAfterAConsultationDoesNotBlameABye) {
  const Told t = told(
      "queue: service, calls: [{at: 2min, gateway: mg1, talk: 3min, patience: 5min}],"
      " transfer: {share: 100%, kind: consultation, to: experts, after: {deterministic: 10s},"
      " consultation: {deterministic: 3min}}",
      "{at: 170s, fail: a.phone.1, lasting: 60s}");
  EXPECT_THAT(t.why, Not(HasSubstr("his BYE had not got through")));
}

TEST(Decision, OfAConsultationWithoutADesktopIsTheAgentsMinute) {
  const Told t = told(
      "queue: service, calls: [{at: 2min, gateway: mg1, talk: 3min, patience: 5min}],"
      " transfer: {share: 100%, kind: consultation, to: experts, after: {deterministic: 20s},"
      " consultation: {deterministic: 15s}}",
      "{at: 2min30s, fail: a.desktop.1}");
  EXPECT_EQ(t.cause, Cause::dropped_on_hold);
  EXPECT_THAT(t.why, HasSubstr("Agent a.1, who had put the caller on hold to ask a second one"));
  EXPECT_THAT(t.rule, HasSubstr("without his desktop"));
}

TEST(Decision, OfAHoldThatNobodyAnsweredIsItsTimerB) {
  const std::string calls =
      "queue: service, hold: {share: 100%, length: {deterministic: 30s}},"
      " calls: [{at: 2min, gateway: mg1, talk: 3min, patience: 2min}]";
  const Told t = told(calls, "{at: 4min20s, cut: access.site1.site1, lasting: 42s}",
                      {"sites.site1.gateways={mg1: {rtp-loss-timeout: 90s}}",
                       "agents.a.phone.silence-patience=90s"});
  EXPECT_EQ(t.cause, Cause::dropped_in_talk);
  EXPECT_THAT(t.why, HasSubstr("agent a.1's phone's re-INVITE (hold)"));
  EXPECT_THAT(t.rule, HasSubstr("timer B of agent a.1's phone's re-INVITE (hold): 64·T1 = 32 s"));
}

TEST(Decision, OfTreatmentWithAnAnnouncementSaysWhatIsHeard) {
  const std::string calls = "queue: service, calls: [{at: 2min, gateway: mg1, talk: 30s}]";
  EXPECT_THAT(told(calls, "").lines, HasSubstr("who hears music from site1"));
  EXPECT_THAT(told(calls, "", {"sites.site1.sip-server.announcement=20s"}).lines,
              HasSubstr("who hears the announcement, then music, from site1"));
}

TEST(EventStory, TellsWhyAnAgentWasLoggedOut) {
  const Loaded loaded = load_text(
      "bcsim: 1\nrun: {horizon: 20min, warm-up: 1min}\n"
      "sites: {site1: {sip-server: {after-routing-timeout-action: logout}}, site2: {}}\n"
      "agents:\n"
      "  a: {count: 3, location: site1, phone: {answer-delay: 4s, answer-spread: 20s}}\n"
      "  b: {count: 3, location: site2}\n"
      "calls: {x: {rate: 60/h, gateways: {mg1: 100%}, talk: {deterministic: 60s}}}\n"
      "faults: [{at: 2min, degrade: dc-link, latency: 21ms, lasting: 1s}]\n");
  ASSERT_FALSE(loaded.has_errors());
  const models::Layout layout(loaded.scenario, {loaded.scenario.run.seed, 0});
  EventStory story(layout);
  (void)replay_run(
      loaded.scenario, 0, [&](models::TwoSiteWorld& world) { world.add_observer(story); },
      models::SimTime::max());
  int logouts = 0;
  for (const EventChapter& chapter : story.chapters()) {
    for (const EventLine& line : chapter.lines) {
      if (line.text.find("logout") == std::string::npos) continue;
      ++logouts;
      EXPECT_THAT(line.text, HasSubstr("by site1"));
      EXPECT_EQ(line.decided_by, "a call was not answered: after-routing-timeout-action");
      EXPECT_TRUE(line.rules.empty());
    }
  }
  EXPECT_GT(logouts, 0);
}

TEST(Decision, OfAnAgentsCallWhoseServerDiedWhileItRangIsItsDeath) {
  for (const char* share : {"0%", "100%"}) {
    const std::string rest =
        "setup-patience: {deterministic: 50s}, answer-delay: {deterministic: 40s}, calls: [{at: "
        "2min, talk: 60s}], 3pcc-share: " +
        std::string(share);
    const char* fault = "{at: 2min10s, fail: site1, scope: sip-server-pair}";
    const Told t = told("from-agents: [a], " + rest, fault);
    EXPECT_EQ(t.cause, Cause::lost_setup_hanging);
    EXPECT_THAT(t.why, AllOf(HasSubstr("The SIP Server of site1 that had his call had died at "
                                       "09:02:10.000 (“fail site1 (sip-server-pair)”), while the "
                                       "phone that he called rang"),
                             HasSubstr("Whom he called answered at 09:02:4")));
    EXPECT_THAT(t.rule, StartsWith("R5"));
    const Told colleague = told("from-agents: [a], to-agents: [b], " + rest, fault,
                                {"agents.b.phone.answer-delay=40s"});
    EXPECT_THAT(colleague.why, HasSubstr("died at 09:02:10.000"));
  }
}

TEST(Decision, OfAnAgentsCallThatOnlyRangIsHisPatience) {
  for (const char* share : {"0%", "100%"}) {
    const Told t = told(
        "from-agents: [a], setup-patience: {deterministic: 20s}, answer-delay: {deterministic: "
        "40s}, calls: [{at: 2min, talk: 60s}], 3pcc-share: " +
            std::string(share),
        "");
    EXPECT_THAT(t.rule, StartsWith("his patience"));
    EXPECT_THAT(t.why, Not(HasSubstr("died")));
  }
}

TEST(Decision, OfAWaitSaysWhatOfItWasNotInLine) {
  const auto waited = [](const char* patience, const char* announcement, const char* answer) {
    return told("queue: service, calls: [{at: 2min, gateway: mg1, talk: 30s, patience: " +
                    std::string(patience) + "}]",
                "",
                {std::string("sites.site1.sip-server.announcement=") + announcement,
                 std::string("agents.a.phone.answer-delay=") + answer})
        .why;
  };
  EXPECT_THAT(waited("12s", "10s", "4s"),
              HasSubstr("He waited 12 s for an agent and hung up. For 10 s of it he heard the "
                        "announcement: only after it is an agent sought. For 2.0 s of it agent a.1 "
                        "had been chosen, whose phone rang. At site1"));
  EXPECT_THAT(waited("8s", "10s", "4s"),
              AllOf(HasSubstr("All the time he heard the announcement"), Not(HasSubstr("chosen"))));
  EXPECT_THAT(waited("3s", "0s", "4s"),
              AllOf(HasSubstr("agent a.1 had been chosen, whose phone rang"),
                    Not(HasSubstr("announcement"))));
  const std::string behind = told(
                                 "queue: service, calls: [{at: 2min, gateway: mg1, talk: 60s}, "
                                 "{at: 130s, gateway: mg1, talk: 30s, patience: 12s}, "
                                 "{at: 140s, gateway: mg1, talk: 30s, patience: 60s}]",
                                 "", {"sites.site1.sip-server.announcement=10s"}, 1)
                                 .why;
  EXPECT_THAT(behind, AllOf(HasSubstr("For 10 s of it he heard the announcement"),
                            Not(HasSubstr("chosen")), HasSubstr("no other call waited for one")));
}

}  // namespace
}  // namespace bcsim::tools::decision_test
