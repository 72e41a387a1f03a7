// What bcsim explain says of calls whose deciding reason lies a step before what ended them: a
// timer at the other end, a server that could ring nobody, a phone that was reached late or never.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/told_story.hpp"

namespace bcsim::tools::deciding_reason_test {
namespace {

using models::Cause;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Agent a.1 answers at 09:02:04.2, and his server refreshes the session 45 s later.
Told refreshed(const std::string& fault) {
  return told("queue: service, calls: [{at: 2min, gateway: mg1, talk: 8min, patience: 2min}]",
              fault,
              {"run.media-survives=true", "agents.a.phone.silence-patience=never",
               "sites.site1.sip-server.session-expires=90s",
               "sites.site1.gateways={mg1: {session-expires: never, rtp-loss-timeout: 20s}}",
               "network.access.site1.site1.latency=100ms"});
}

TEST(DecidingReason, OfARefreshWhoseAckIsLostIsThePhonesTimerAndTheAck) {
  const Told t = refreshed("{at: 169.45s, cut: access.site1.site1, direction: backward}");
  EXPECT_THAT(t.why, AllOf(HasSubstr("the answer of agent a.1's phone to the re-INVITE of "
                                     "09:02:49"),
                           HasSubstr("ACKs (the link was cut: “cut access.site1.site1")));
  EXPECT_THAT(t.rule, HasSubstr("64·T1 = 32 s after the 200 of agent a.1's phone without ACK"));
}

TEST(DecidingReason, OfARefreshWhoseAnswerIsLostIsTheServersTimerB) {
  const Told t = refreshed("{at: 169.35s, cut: access.site1.site1, direction: forward}");
  EXPECT_THAT(t.why, HasSubstr("site1's SIP Server's refresh of 09:02:49"));
  EXPECT_THAT(t.rule, HasSubstr("timer B of site1's SIP Server's refresh"));
}

TEST(DecidingReason, OfASessionThatAPhoneEndsAloneIsItsTimerAndTheDeadServer) {
  const Told dead = refreshed("{at: 3min, fail: site1}");
  EXPECT_EQ(dead.cause, Cause::media_lost);
  EXPECT_THAT(dead.why, AllOf(HasSubstr("agent a.1's phone had heard of no refresh since 09:02:49"),
                              HasSubstr("for site1's SIP Server to refresh it, which had died at "
                                        "09:03:00.000 (“fail site1”)")));
  EXPECT_THAT(dead.rule, AllOf(HasSubstr("60 s after the last refresh, session-expires (90 s) "
                                         "less 30 s"),
                               HasSubstr("then the gateway's rtp-loss-timeout: 20 s")));
  EXPECT_THAT(dead.lines, HasSubstr("The phone of agent a.1 ends its session: nobody refreshed"));
}

/// His talk is over before that of the caller, who has heard his answer later than he gave it.
TEST(DecidingReason, OfAGoodbyeThatIsLostNamesWhoHungUp) {
  const Told t =
      told("queue: service, calls: [{at: 2min, gateway: mg1, talk: 60s, patience: 2min}]",
           "{at: 123900ms, cut: access.site1.site1, direction: forward, lasting: 3s}, "
           "{at: 3min, cut: access.site1.site1, lasting: 60s}",
           {"run.media-survives=true"});
  EXPECT_THAT(t.why, HasSubstr("Agent a.1 had hung up then, and his BYE had not got through (the "
                               "link was cut: “cut access.site1.site1”)"));
}

TEST(DecidingReason, OfATransferWhoseReinviteDiesNamesTheFault) {
  const Told t = told(
      "queue: service, calls: [{at: 2min, gateway: mg1, talk: 3min, patience: 5min}],"
      " transfer: {share: 100%, kind: consultation, to: experts, after: {deterministic: 10s},"
      " consultation: {deterministic: 15s}}",
      "{at: 2min25s, cut: dc-link}");
  EXPECT_THAT(t.why, AllOf(HasSubstr("The re-INVITE of 09:02:"),
                           HasSubstr("did not get through (the link was cut: “cut dc-link”)")));
}

TEST(DecidingReason, OfA480SaysWhyTheNumberWasOutOfServiceThere) {
  const std::string direct =
      "to-agents: [b], setup-patience: {deterministic: 60s},"
      " calls: [{at: 3min, gateway: mg1, talk: 30s}]";
  const Told alone = told(direct, "{at: 2min, cut: dc-link}");
  EXPECT_EQ(alone.cause, Cause::lost_setup_rejected);
  EXPECT_THAT(alone.why, AllOf(HasSubstr("The number of agent b.1 was out of service there"),
                               HasSubstr("site1, which was in single-site mode")));
  EXPECT_THAT(alone.rule, AllOf(HasSubstr("single-site mode"), Not(HasSubstr("ends the attempt"))));

  const Told off = told(direct, "", {"sites.site1.sip-server.dr-forward=off"});
  EXPECT_THAT(off.why, HasSubstr("out of service there"));
  EXPECT_EQ(off.rule, "dr-forward: off");

  const Told hopped = told(direct, "{at: 2min59s, cut: access.site1.site2}",
                           {"sites.site1.sip-server.dr-oosp-transfer-enabled=true"});
  EXPECT_THAT(hopped.why, AllOf(HasSubstr("it had sent the call on to site2 itself (302)"),
                                HasSubstr("sent on to site2.sip-server.primary, where the "
                                          "gateway's INVITE got no answer: the link was cut: "
                                          "“cut access.site1.site2”")));

  const Told nowhere = told(direct, "{at: 61s, fail: b.phone.1}", {"agents.b.phone.expires=60s"});
  EXPECT_THAT(nowhere.why, AllOf(HasSubstr("had answered its INVITE with 480"),
                                 HasSubstr("a call that site1 has sent on is not sent back")));
  EXPECT_EQ(nowhere.rule, "a call is forwarded between the sites once");
}

TEST(DecidingReason, OfAnOwnCallThatCannotBeSentOnIsNotHisOwnPhone) {
  for (const char* share : {"0%", "100%"}) {
    const Told t = told(std::string("from-agents: [a], to-agents: [b], "
                                    "setup-patience: {deterministic: 60s}, "
                                    "calls: [{at: 3min, talk: 30s}], 3pcc-share: ") +
                            share,
                        "{at: 2min, cut: dc-link}");
    EXPECT_THAT(t.why, AllOf(HasSubstr("The number of agent b.1 was out of service there"),
                             Not(HasSubstr("his own phone had not answered"))));
    EXPECT_THAT(t.rule, HasSubstr("single-site mode"));
  }
}

TEST(DecidingReason, OfADirectCallSaysThatThePhoneNeverGotIt) {
  for (const char* overflow : {"voicemail", "release"}) {
    const Told t = told(
        "to-agents: [b], setup-patience: {deterministic: 60s},"
        " calls: [{at: 3min, gateway: mg1, talk: 30s}]",
        "{at: 2min59s, cut: access.site2.site1}",
        {"agents.b.phone.registration=dual", "agents.b.preferred-site=site1",
         std::string("sites.site1.sip-server.agent-no-answer-overflow=") + overflow});
    if (t.cause == Cause::lost_setup_rejected) {  // released: 480
      EXPECT_THAT(t.why, HasSubstr("Its own INVITE to b.phone.1 had not got through (the link was "
                                   "cut: “cut access.site2.site1”)"));
      continue;
    }
    EXPECT_EQ(t.cause, Cause::default_routed);
    EXPECT_THAT(t.why, HasSubstr("Agent b.1: his phone did not answer the INVITE, which it never "
                                 "got (the link was cut: “cut access.site2.site1”), sent 5 times"));
    EXPECT_THAT(t.lines, Not(HasSubstr("rings")));
  }
}

TEST(DecidingReason, OfACallThatReachedThePhoneLateSaysSo) {
  const Told t =
      told("queue: experts, calls: [{at: 3min, gateway: mg1, talk: 30s, patience: 2min}]",
           "{at: 2min59s, cut: access.site2.site2, direction: backward, lasting: 8s}");
  EXPECT_THAT(t.lines, AllOf(HasSubstr("does not take it (480 Temporarily Unavailable: the INVITE "
                                       "reached his phone late, at 09:03:07"),
                             HasSubstr("after 4 copies of it had been lost (the link was cut: “cut "
                                       "access.site2.site2"),
                             HasSubstr("it rang for 2.5 s, and he had not answered yet")));
}

TEST(DecidingReason, OfACompletedCallTellsTalkFromHold) {
  const std::string queue =
      "queue: service, patience: {deterministic: 60s},"
      " calls: [{at: 2min, gateway: mg1, talk: 2min, patience: 2min}]";
  EXPECT_THAT(told(queue, "").why, HasSubstr("spoke to the end, for 2 min"));
  EXPECT_THAT(told(queue + ", hold: {share: 100%, length: {deterministic: 30s}}", "").why,
              AllOf(HasSubstr("connected for"), HasSubstr("30 s of it on hold")));
  for (const char* kind : {"blind", "consultation, consultation: {deterministic: 15s}"}) {
    EXPECT_THAT(told(queue +
                         ", transfer: {share: 100%, to: experts, after: {deterministic: 10s},"
                         " kind: " +
                         kind + "}",
                     "")
                    .why,
                HasSubstr("of it on hold"))
        << kind;
  }
}

/// A call that site 2's agent has passed on waits there; its way to the caller is through site 1.
TEST(DecidingReason, OfADrainIsTheDrainWhicheverServerSaysGoodbye) {
  const std::string calls =
      "queue: experts, patience: {deterministic: 5min}, calls: [{at: 2min, gateway: mg1, "
      "talk: 3min, patience: 5min}], transfer: {share: 100%, kind: blind, to: service, after: "
      "{deterministic: 10s}}";
  const std::string fault =
      "{at: 131s, crash: site2.sip-server.backup}, {at: 3min, drain: site2, lasting: 60s}";
  const Told sent_on = told(calls, fault);
  EXPECT_EQ(sent_on.cause, Cause::default_routed);
  EXPECT_THAT(sent_on.why, HasSubstr("The SIP Server of site2 sent it to the default destination: "
                                     "the site was being drained"));
  EXPECT_EQ(sent_on.rule, "the drain");

  const Told nowhere =
      told(calls, fault, {"accept=[V-E16]", "queues.service.default-destination=none"});
  EXPECT_EQ(nowhere.cause, Cause::dropped_in_queue);
  EXPECT_THAT(nowhere.why,
              AllOf(HasSubstr("site1.sip-server.primary ended the call with a BYE"),
                    HasSubstr("The site was being drained, and queue service has no default")));
  EXPECT_EQ(nowhere.rule, "the drain; default-destination: none (R56)");
}

TEST(DecidingReason, OfAQueueWithoutADestinationIsItsLimit) {
  const std::string calls =
      "queue: service, calls: [{at: 2min, gateway: mg1, talk: 5min}, "
      "{at: 130s, gateway: mg1, talk: 1min, patience: 5min}]";
  const Told t = told(calls, "",
                      {"accept=[V-E16]", "queues.service.default-destination=none",
                       "queues.service.maximum-wait=20s"},
                      1);
  EXPECT_EQ(t.cause, Cause::lost_setup_rejected);
  EXPECT_THAT(t.why, HasSubstr("It had waited too long, and queue service has no default"));
  EXPECT_EQ(t.rule, "the queue's maximum-wait: 20s; default-destination: none (R56)");
}

TEST(DecidingReason, OfAHuntGroupWithoutADestinationIsItsOption) {
  const auto rejected = [](const std::string& group, const char* fault, const char* answer_delay) {
    return told(
        "queue: line, setup-patience: {deterministic: 90s}, calls: [{at: 2min, gateway: "
        "mg1, talk: 5min}, {at: 130s, gateway: mg1, talk: 30s}]",
        fault,
        {"accept=[V-E16]",
         "queues.line={default-destination: none, hunt-group: {hg-members: [a], "
         "hg-preferred-site: site1" +
             group + "}}",
         "agents.a.phone.expires=60s", std::string("agents.a.phone.answer-delay=") + answer_delay},
        1);
  };
  const std::string none = "default-destination: none (R56)";
  EXPECT_EQ(rejected(", hg-queue-limit: 3, hg-queue-timeout: 20s", "", "2s").rule,
            "hg-queue-timeout: 20s; " + none);
  EXPECT_EQ(rejected("", "", "2s").rule, "hg-queue-limit; " + none);
  EXPECT_EQ(rejected("", "", "30s").rule, "hg-noanswer-timeout; " + none);
  const Told dead = rejected("", "{at: 61s, fail: a.phone.1}", "2s");
  EXPECT_THAT(dead.why, HasSubstr("No phone of the hunt group was in service there"));
  EXPECT_EQ(dead.rule, none);
}

/// The 180 of the agent called is lost, and his server stops calling him.
TEST(DecidingReason, OfACallReleasedUnansweredIsTheTimerThoughThe180WasLost) {
  const std::vector<std::string> options = {
      "agents.b.phone.registration=dual", "agents.b.preferred-site=site1",
      "agents.b.phone.answer-delay=200s",
      "sites.site1.sip-server.agent-no-answer-overflow=release"};
  const std::string rest =
      "to-agents: [b], setup-patience: {deterministic: 90s}, calls: [{at: 3min, talk: 30s";
  for (const std::string& calls :
       {rest + ", gateway: mg1}]", rest + "}], from-agents: [a], 3pcc-share: 0%",
        rest + "}], from-agents: [a], 3pcc-share: 100%"}) {
    const Told lost =
        told(calls, "{at: 2min59s, cut: access.site2.site1, direction: forward}", options);
    EXPECT_THAT(lost.why,
                AllOf(HasSubstr("Agent b.1 had been called for 15 s: his phone rang, but nothing "
                                "that it sent back came in time (the link was cut"),
                      Not(HasSubstr("nobody could be rung"))));
    const std::string rule = "agent-no-answer-timeout: 15s, and agent-no-answer-overflow: release";
    EXPECT_EQ(lost.rule, rule);
    EXPECT_EQ(told(calls, "", options).rule, rule);
  }
}

/// The server that was to place it for his desktop rings his own phone first, and gives that up.
TEST(DecidingReason, OfACallByDesktopWhosePhoneIsSlowIsAfterRoutingTimeout) {
  for (const char* whom : {"", "to-agents: [b], "}) {
    const Told t = told(std::string("from-agents: [a], 3pcc-share: 100%, setup-patience: "
                                    "{deterministic: 90s}, ") +
                            whom + "calls: [{at: 3min, talk: 30s}]",
                        "{at: 2min59s, degrade: access.site1.site1, latency: 6s}");
    EXPECT_THAT(t.why, AllOf(HasSubstr("his own phone had not answered in time"),
                             Not(HasSubstr("out of service"))));
    EXPECT_THAT(t.rule, HasSubstr("after-routing-timeout: 10s"));
  }
}

TEST(DecidingReason, OfACallByDesktopToADrainedSiteIsTheDrain) {
  const std::string placed =
      "from-agents: [a], to-agents: [b], 3pcc-share: 100%, calls: [{at: 3min, talk: 30s}]";
  const Told stopped = told(placed, "{at: 179990ms, drain: site2, lasting: 60s}");
  EXPECT_THAT(stopped.why, HasSubstr("had been drained and stopped"));
  EXPECT_EQ(stopped.rule, "the drain: a SIP Server that has been drained stops");
  // Site 2 still has the call of another agent.
  const std::string kept = "}, d: {queue: experts, calls: [{at: 2min, gateway: mg2, talk: 5min}]";
  const Told drains =
      told(placed + kept, "{at: 170s, drain: site2, lasting: 60s}", {"agents.b.count=2"}, 1);
  EXPECT_THAT(drains.why, HasSubstr("had answered its INVITE with 603 Decline"));
  EXPECT_THAT(drains.rule, HasSubstr("a draining server takes no new call"));
}

TEST(DecidingReason, OfAPairThatIsBackIsThatItIsNotYetInBusinessContinuityMode) {
  const Told t = told(
      "to-agents: [b], setup-patience: {deterministic: 60s},"
      " calls: [{at: 151s, gateway: mg1, talk: 30s}]",
      "{at: 2min, fail: site1, scope: sip-server-pair, lasting: 30s}");
  EXPECT_EQ(t.cause, Cause::lost_setup_rejected);
  EXPECT_THAT(t.why, HasSubstr("which was not in business-continuity mode"));
  EXPECT_THAT(t.rule, HasSubstr("in business-continuity mode only"));
  EXPECT_THAT(t.sites, HasSubstr("site1: SIP Server starting"));
}

TEST(DecidingReason, OfSilenceAfterASessionThatAServerLetGoIsItsTimer) {
  const Told t =
      told("from-agents: [a], to-agents: [b], 3pcc-share: 0%, calls: [{at: 2min, talk: 8min}]",
           "{at: 3min, fail: site1, scope: sip-server-pair}",
           {"run.media-survives=true", "agents.a.phone.silence-patience=20s",
            "agents.b.phone.silence-patience=20s", "sites.site1.sip-server.session-expires=90s",
            "sites.site2.sip-server.session-expires=90s"});
  EXPECT_EQ(t.cause, Cause::media_lost);
  EXPECT_THAT(t.why, AllOf(HasSubstr("site2's SIP Server had heard of no refresh since 09:02:49"),
                           HasSubstr("after 20 s without any, agent a.1 hung up")));
  EXPECT_THAT(t.rule, AllOf(HasSubstr("session-expires (90 s) less 30 s"),
                            HasSubstr("then the phone's silence-patience: 20 s")));
}

}  // namespace
}  // namespace bcsim::tools::deciding_reason_test
