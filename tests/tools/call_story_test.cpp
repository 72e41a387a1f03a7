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

std::size_t times(const std::string& text, const std::string& word) {
  std::size_t n = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
  return n;
}

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

TEST(CallStory, TakingTheCallerBackIsToldOnce) {
  const Told t = told(
      "queue: service, calls: [{at: 2min, gateway: mg1, talk: 3min, patience: 5min}],"
      " transfer: {share: 100%, kind: consultation, to: experts, after: {deterministic: 10s},"
      " consultation: {deterministic: 15s}, reconnect: 100%}",
      "");
  EXPECT_EQ(times(t.lines, "takes the caller back"), 1u);
}

TEST(CallStory, TheBackupTakesOverOnce) {
  const Told t = told(
      "to-agents: [a], setup-patience: {deterministic: 60s},"
      " calls: [{at: 2min, gateway: mg1, talk: 3min}]",
      "{at: 121s, switchover: site1}");
  EXPECT_EQ(times(t.lines, "takes over"), 1u);
  EXPECT_THAT(t.lines, HasSubstr("now primary at site1 does not know the call"));
}

/// It finds that its server has no such call any more, and whom it tells so is gone too.
TEST(CallStory, APhoneLeavesACallOnce) {
  const Told t = told(
      "queue: service, hold: {share: 100%, length: {deterministic: 30s}},"
      " calls: [{at: 2min, gateway: mg1, talk: 3min, patience: 2min}]",
      "{at: 200s, fail: site1, scope: sip-server-pair, lasting: 10s},"
      " {at: 265549ms, cut: access.site1.site1, lasting: 60s}",
      {"sites.site1.gateways={mg1: {rtp-loss-timeout: 190s}}",
       "agents.a.phone.silence-patience=190s", "run.media-survives=true"});
  EXPECT_EQ(times(t.lines, "The phone of agent a.1"), 1u) << t.lines;
  EXPECT_THAT(t.lines, HasSubstr("its re-INVITE (hold) got 481"));
}

TEST(CallStory, ThePhoneThatRingsAfterATransferIsTheSecondAgents) {
  const Told t = told(
      "queue: service, calls: [{at: 2min, gateway: mg1, talk: 3min, patience: 5min}],"
      " transfer: {share: 100%, kind: blind, to: experts, after: {deterministic: 10s}}",
      "");
  EXPECT_EQ(times(t.lines, "His phone rings."), 1u);
  EXPECT_THAT(t.lines, HasSubstr("The phone of agent b.1 rings."));
}

TEST(CallStory, WhoHearsARingingToneWaitsAsLongAsSetupPatienceSays) {
  const std::string rest = " calls: [{at: 2min, gateway: mg1, talk: 3min, patience: 6min}]";
  const Told direct = told("to-agents: [b], setup-patience: {deterministic: 90s}," + rest, "");
  EXPECT_THAT(direct.lines,
              AllOf(HasSubstr("wait for an answer (setup-patience: deterministic(90 s))"),
                    Not(HasSubstr("6 min"))));
  const Told gave_up = told("to-agents: [b], setup-patience: {deterministic: 3s}," + rest, "");
  EXPECT_THAT(gave_up.lines, HasSubstr("wait 3.0 s for an answer (setup-patience)"));
  const Told queue = told("queue: service," + rest, "");
  EXPECT_THAT(queue.lines, HasSubstr("and wait 6 min for an agent"));
}

}  // namespace
}  // namespace bcsim::tools::call_story_test
