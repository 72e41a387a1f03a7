// The sentences of bcsim explain: each says what is so, of whom it is so, and once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/told_story.hpp"

namespace bcsim::tools::call_story_test {
namespace {

using models::Cause;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// The agent answers after 14 s, when the caller's side has given up and cannot say so.
TEST(CallStory, AnAnswerAfterTheEndOfACallIsNoneThatGotLost) {
  const auto given_up_after_10_s = [](const char* patience, const char* ring_timeout) {
    return told(
        "to-agents: [a], setup-patience: {deterministic: " + std::string(patience) +
            "}, calls: [{at: 2min, gateway: mg1, talk: 3min}]",
        "{at: 125s, cut: access.site2.site1, lasting: 30s}",
        {"agents.a.phone.answer-delay=14s", "sites.site1.sip-server.agent-no-answer-timeout=60s",
         "sites.site1.gateways={mg1: {location: site2, ring-timeout: " + std::string(ring_timeout) +
             "}}"});
  };
  EXPECT_EQ(given_up_after_10_s("10s", "3min").why,
            "He hung up 10 s after dialling: whom he had called did not answer.");
  const Told timeout = given_up_after_10_s("3min", "10s");
  EXPECT_THAT(timeout.why, AllOf(HasSubstr("the agent's phone rang, and nobody answered"),
                                 Not(HasSubstr("09:02:14"))));
}

TEST(CallStory, AnAnswerThatCrossesTheEndOfACallCameTooLate) {
  const Told t = told(
      "to-agents: [a], setup-patience: {deterministic: 14.03s},"
      " calls: [{at: 2min, gateway: mg1, talk: 3min}]",
      "",
      {"agents.a.phone.answer-delay=14s", "sites.site1.sip-server.agent-no-answer-timeout=60s",
       "sites.site1.gateways={mg1: {location: site2, ring-timeout: 3min}}"});
  EXPECT_EQ(t.why,
            "He hung up 14 s after dialling. Agent a.1 answered at 09:02:14.022, but word of that "
            "came too late.");
}

TEST(CallStory, WhoIsChosenAgainAtOnceHadBeenRung) {
  const Told t =
      told("queue: service, calls: [{at: 2min, gateway: mg1, talk: 3min, patience: 30s}]", "",
           {"agents.a.phone.answer-delay=25s",
            "sites.site1.sip-server.after-routing-timeout-action=none"});
  EXPECT_THAT(t.lines, AllOf(HasSubstr("taken back from agent a.1 (after-routing-timeout: his "
                                       "phone rang, and he did not answer)"),
                             Not(HasSubstr("no INVITE had been sent"))));
}

/// Site 1's INVITE is repeated for some seconds after the gateway has asked site 2.
TEST(CallStory, CopiesOfAnInviteAreNotThoseOfAnother) {
  const Told t = told(
      "to-agents: [b], setup-patience: {deterministic: 60s},"
      " calls: [{at: 3min, gateway: mg1, talk: 30s}]",
      "{at: 2min59s, cut: access.site1.site1, direction: backward},"
      " {at: 2min59s, cut: access.site2.site1, direction: backward},"
      " {at: 2min59s, cut: access.site2.site2, direction: backward}",
      {"agents.b.phone.registration=dual", "sites.site1.sip-server.dr-forward=off",
       "sites.site2.sip-server.dr-forward=off", "sites.site1.gateways={mg1: {retransmissions: 1}}",
       "sites.site1.sip-server.agent-no-answer-overflow=voicemail",
       "sites.site2.sip-server.agent-no-answer-overflow=voicemail"});
  EXPECT_THAT(t.why, HasSubstr("(the link was cut: “cut access.site2.site2 backward”), sent 5 "
                               "times"));
}

/// His phone is rung by the server of the site where he is not logged in.
TEST(CallStory, WhoTalksWhereHeIsNotLoggedInIsNoBusyAgentThere) {
  const Told t = told(
      "to-agents: [b], setup-patience: {deterministic: 60s},"
      " calls: [{at: 3min, gateway: mg1, talk: 30s}]",
      "", {"agents.b.phone.registration=dual", "sites.site1.sip-server.dr-forward=off"});
  EXPECT_THAT(t.lines, HasSubstr("his desktop is not logged in there"));
  EXPECT_THAT(t.sites, HasSubstr("mode; 1 agent logged in (1 ready, 0 busy), 2 phones"));
}

TEST(CallStory, CallsThatADeadPairHadTakenDoNotWaitThere) {
  const std::string calls =
      "queue: service, calls: [{at: 2min, gateway: mg1, talk: 9min}, {at: 125s, gateway: mg1, "
      "talk: 3min, patience: 9min}, {at: 200s, gateway: mg1, talk: 3min, patience: 20s}]";
  for (const char* lasting : {"30s", "90s"}) {
    const Told t = told(
        calls,
        "{at: 3min, fail: site1, scope: sip-server-pair, lasting: " + std::string(lasting) + "}",
        {"run.media-survives=true"}, 2);
    EXPECT_THAT(t.sites, AllOf(HasSubstr("site1: "), Not(HasSubstr("1 call waiting")))) << lasting;
  }
}

}  // namespace
}  // namespace bcsim::tools::call_story_test
