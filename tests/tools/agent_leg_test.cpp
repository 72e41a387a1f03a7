// What bcsim explain says of an agent who was chosen, and to whom the call did not come: who
// refused, or what was lost where. His phone is blamed only for an INVITE that it was sent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/told_story.hpp"
#include "tests/support/worlds.hpp"
#include "tools/trace/agent_doings.hpp"

namespace bcsim::tools::agent_leg_test {
namespace {

using namespace std::chrono_literals;
using models::AgentId;
using models::AgentState;
using models::CallId;
using Doing = AgentThen::Doing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPhoneBlamed = "his phone did not answer the INVITE";

/// A call to site 1, whose queue chooses agent b.1 of site 2.
const std::string kOverTheTrunk =
    "queue: experts, calls: [{at: 2min, gateway: mg1, talk: 30s, patience: 2min}]";

TEST(RefusedAgent, ByThePeerIsTheCallThatHeWasGivenTo) {
  struct Case {
    std::string other;  // what keeps him at site 2
    std::vector<std::string> overrides;
    std::string words;
    std::uint32_t call = 0;  // that comes over the trunk
  };
  const std::string queue =
      "queue: experts, calls: [{at: 2min, gateway: mg1, talk: 30s, patience: 2min}";
  const std::string both = queue + ", {at: 2min, gateway: mg2, talk: 30s, patience: 2min}]";
  const std::vector<Case> cases = {
      {both, {}, "his phone rang for call 1"},
      {queue + ", {at: 119.9s, gateway: mg2, talk: 30s, patience: 2min}]",
       {"network.access.site2.site2.latency=100ms"},
       "he had just been given to call 0",
       1},
      {both, {"agents.b.phone.answer-delay=5ms"}, "he was in call 1"},
      {queue + "]}, d: {from-agents: [b], calls: [{at: 2min, talk: 30s}]",
       {},
       "he was in call 1, which he had placed himself"}};
  for (const Case& c : cases) {
    const Told t = told(c.other, "", c.overrides, c.call);
    EXPECT_THAT(t.lines, AllOf(HasSubstr("Agent b.1 is not rung (486 Busy Here: site2's SIP Server "
                                         "refused the call: " +
                                         c.words + "); the call waits again."),
                               Not(HasSubstr("does not take it")), Not(HasSubstr(kPhoneBlamed))));
  }
}

TEST(RefusedAgent, WhomAColleagueCallsIsInAnotherCallToo) {
  for (const char* share : {"0%", "100%"}) {
    const Told t = told(
        "queue: experts, calls: [{at: 118s, gateway: mg2, talk: 60s, patience: 2min}]}, "
        "d: {from-agents: [a], to-agents: [b], calls: [{at: 2min, talk: 30s}], 3pcc-share: " +
            std::string(share),
        "", {}, 1);
    EXPECT_EQ(t.cause, models::Cause::callee_busy);
    EXPECT_EQ(t.why, "Whom he called was on another call.");
  }
}

TEST(LostLeg, OverTheTrunkSaysWhatBecameOfTheInvite) {
  const std::pair<const char*, const char*> faults[] = {
      {"cut: dc-link", "did not get through: the link was cut: “cut dc-link”)"},
      {"cut: dc-link, direction: forward", "the link was cut: “cut dc-link forward”)"},
      {"degrade: dc-link, loss: 100%", "lost on the link: “degrade dc-link”)"},
      {"fail: site2, scope: sip-server-pair", "did not get through: the machine was dead)"},
      {"hang: site2.sip-server.primary", "did not get through: the process hung)"},
      {"crash: site2.sip-server.primary", "sent once, did not get through: refused"},
      {"drain: site2", "that SIP Server had been drained and stopped"}};
  for (const auto& [fault, words] : faults) {
    // A drain is known at once: it must come between the choice and the INVITE.
    const bool drain = std::string(fault).starts_with("drain");
    const Told t = told(kOverTheTrunk, std::string("{at: ") + (drain ? "120.01s" : "119s") + ", " +
                                           fault + ", lasting: 30s}");
    EXPECT_THAT(t.lines, AllOf(HasSubstr("the INVITE to site2's SIP Server"), HasSubstr(words),
                               Not(HasSubstr(kPhoneBlamed))))
        << fault;
  }
}

TEST(LostLeg, WhosePhoneRangUnheardNamesWhatThePeerSaidInVain) {
  const std::string cut = "{at: 119s, cut: dc-link, direction: backward, lasting: 30s}";
  const Told answered = told(kOverTheTrunk, cut);
  EXPECT_THAT(answered.lines,
              HasSubstr("(he answered, but that was not heard in time (the link was cut: “cut "
                        "dc-link backward”)); it waits again."));
  const Told rang = told(kOverTheTrunk, cut, {"agents.b.phone.answer-delay=9s"});
  EXPECT_THAT(rang.lines,
              HasSubstr("(his phone rang, but nothing that site2's SIP Server sent back came in "
                        "time (the link was cut: “cut dc-link backward”)); it waits again."));
  EXPECT_THAT(rang.lines, Not(HasSubstr("after-routing-timeout")));
}

/// Each of them is given it when the one before has not answered.
TEST(LostLeg, OfWhoeverIsChosenNextIsNotHis) {
  const Told t =
      told("queue: service, calls: [{at: 2min, gateway: mg1, talk: 30s, patience: 1min}]", "",
           {"queues.service.routing-scope=both-sites", "agents.b.queues=[service]",
            "agents.a.phone.answer-delay=40s", "agents.b.phone.answer-delay=40s"});
  for (const char* agent : {"a.1", "b.1"}) {
    EXPECT_THAT(t.lines, HasSubstr("gent " + std::string(agent)));
  }
  EXPECT_THAT(t.lines, AllOf(HasSubstr("after-routing-timeout: his phone rang, and he did not "
                                       "answer"),
                             HasSubstr("(480 Temporarily Unavailable: his phone rang, and he did "
                                       "not answer)"),
                             Not(HasSubstr("sent back"))));
}

TEST(HuntGroup, OfWhichSeveralRingNamesEach) {
  for (const char* type : {"linear", "parallel"}) {
    const bool all = std::string(type) == "parallel";
    const Told t = told(
        "queue: h, calls: [{at: 2min, gateway: mg1, talk: 30s}], setup-patience: "
        "{deterministic: " +
            std::string(all ? "8s}" : "15s}"),
        "",
        {"queues.h={hunt-group: {type: " + std::string(type) + ", hg-members: [a, c]}}",
         "agents.c={count: 1, location: site1}", "agents.a.phone.answer-delay=40s",
         "agents.c.phone.answer-delay=40s"});
    EXPECT_THAT(t.why, HasSubstr("agents had been chosen in vain")) << t.why;
    for (const char* agent : {"a.1", "c.1"}) {
      const auto named = HasSubstr("The phone of agent " + std::string(agent) + " rings.");
      if (all) {
        EXPECT_THAT(t.lines, named);
      } else {
        EXPECT_THAT(t.lines, Not(named));
      }
    }
  }
}

TEST(LostLeg, ToAPhoneOfEitherSiteIsItsOwn) {
  for (const char* fault : {"fail: b.phone.1", "cut: access.site2.site2"}) {
    for (const char* gateway : {"mg1", "mg2"}) {
      const Told t = told("queue: experts, calls: [{at: 2min, gateway: " + std::string(gateway) +
                              ", talk: 30s, patience: 2min}]",
                          std::string("{at: 119s, ") + fault + ", lasting: 30s}");
      EXPECT_THAT(t.lines, AllOf(HasSubstr("his phone did not answer the INVITE, which it never "
                                           "got"),
                                 Not(HasSubstr("is not rung"))))
          << fault << gateway;
    }
  }
}

TEST(TakenBack, ByASiteThatDrainsIsNoLostPeer) {
  const Told drained =
      told(kOverTheTrunk, "{at: 2min2s, drain: site1, lasting: 1min}", {"run.seed=1"});
  EXPECT_THAT(drained.lines,
              AllOf(HasSubstr("site1 is drained, and takes back what nobody has answered; his "
                              "phone rang"),
                    Not(HasSubstr("lost its peer"))));
  const Told parted =
      told(kOverTheTrunk, "{at: 2min2s, cut: dc-link}", {"agents.b.phone.answer-delay=9s"});
  EXPECT_THAT(parted.lines, AllOf(HasSubstr("site1 has lost its peer, which had called him"),
                                  Not(HasSubstr("drained"))));
}

TEST(LostAnswer, OfTheFirstAgentAndOfTheSecondHasItsLine) {
  const std::string first =
      "queue: experts, calls: [{at: 2min, gateway: mg2, talk: 60s, patience: 5min}]";
  const std::string second =
      "queue: service, calls: [{at: 100s, gateway: mg1, talk: 3min, patience: 5min}], transfer: "
      "{share: 100%, kind: blind, to: experts, after: {deterministic: 16s}}, patience: "
      "{deterministic: 5min}";
  for (const std::string& calls : {first, second}) {
    // The server hangs while the phone of b.1 rings.
    const Told t = told(calls, "{at: 122s, hang: site2.sip-server.primary, lasting: 30s}");
    EXPECT_THAT(t.lines, HasSubstr("Agent b.1 answers; the caller does not hear it: it does not "
                                   "get through (the process hung)."));
    const Told heard = told(calls, "");
    EXPECT_THAT(heard.lines, Not(HasSubstr("does not hear it")));
  }
}

TEST(LostAnswer, OfAColleagueIsNobodysSilence) {
  for (const char* share : {"0%", "100%"}) {
    const Told t = told(
        "from-agents: [a], to-agents: [b], setup-patience: {deterministic: 60s}, calls: "
        "[{at: 2min, talk: 30s}], 3pcc-share: " +
            std::string(share),
        "{at: 122s, fail: site2, scope: sip-server-pair}");
    EXPECT_THAT(t.why, AllOf(HasSubstr("The SIP Server of site2 died at 09:02:02"),
                             HasSubstr("Agent b.1 answered at 09:02:04"),
                             HasSubstr("did not get through (the machine was dead)"),
                             Not(HasSubstr("Nobody answered"))));
  }
}

/// Records about the agent of a world with one, at whose site 0 he is ready at the start.
class OneAgent {
 public:
  OneAgent() : scenario_(scenario()), layout_(scenario_, {1, 0}), doings_(layout_) {}

  void record(sim::Duration at, models::Record record) {
    doings_.on_record({sim::kStart + at, {}, std::move(record)});
  }
  [[nodiscard]] AgentThen at(sim::Duration then) const {
    return doings_.at(sim::kStart + then, AgentId{0}, 0, CallId{9});
  }

 private:
  static models::Scenario scenario() {
    models::Scenario s = tests::p0_scenario();
    s.agents = {tests::agents("a", 1, 0)};
    return s;
  }
  models::Scenario scenario_;
  models::Layout layout_;
  AgentDoings doings_;
};

TEST(AgentDoings, AreKnownOfAnyInstantOfTheLastMinute) {
  OneAgent a;
  const AgentId agent{0};
  a.record(10s, models::CallRouted{CallId{3}, agent, 0, 1});
  a.record(11s, models::CallRinging{CallId{3}, agent, 0});
  a.record(11s, models::AgentStateChanged{agent, 0, AgentState::ringing});
  a.record(15s, models::CallAnswered{CallId{3}, agent, 0, 1, 1});
  a.record(15s, models::AgentStateChanged{agent, 0, AgentState::talking});
  // The other server wants him for two calls meanwhile, of which one is the one asked about.
  a.record(20s, models::CallRouted{CallId{9}, agent, 0, 3});
  a.record(21s, models::CallRouted{CallId{4}, agent, 0, 3});
  EXPECT_EQ(a.at(9s).doing, Doing::no_call);
  EXPECT_EQ(a.at(10s).doing, Doing::given);
  EXPECT_EQ(a.at(12s).doing, Doing::rung);
  EXPECT_EQ(a.at(22s).doing, Doing::talks);
  EXPECT_EQ(a.at(22s).call, CallId{3});
  a.record(30s, models::AgentStateChanged{agent, 0, AgentState::after_call_work});
  EXPECT_EQ(a.at(31s).doing, Doing::no_call);
  EXPECT_EQ(a.at(31s).state, AgentState::after_call_work);
  EXPECT_EQ(a.at(29s).doing, Doing::talks) << "as it was before he changed";
  a.record(40s, models::PairStateChanged{0, 0});
  EXPECT_EQ(a.at(41s).state, AgentState::logged_out);
  EXPECT_FALSE(a.at(41s).in_service);
}

}  // namespace
}  // namespace bcsim::tools::agent_leg_test
