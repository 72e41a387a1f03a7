// The phone in a small world: calls (R18, R32, RFC 3261 §13–§15).
#include <gtest/gtest.h>

#include "models/endpoints/sip_phone.hpp"
#include "tests/support/desk_world.hpp"

namespace bcsim::testing::sip_phone_calls_test {
namespace {

using Times = std::vector<SimTime>;
using sip::Method;

constexpr CallId kCall{7};

Scenario with_phone(RegistrationMode mode) {
  Scenario s = desk_scenario(1);
  s.agents[0].phone.registration = mode;
  return s;
}

/// One agent; the server of site 1 rings the phone at 1 s.
class PhoneCall : public ::testing::Test {
 protected:
  static constexpr Duration kRung = 1s + 500us;  // the INVITE arrives

  explicit PhoneCall(RegistrationMode mode = RegistrationMode::dual) : PhoneCall(scenario(mode)) {}
  explicit PhoneCall(const Scenario& s) : world(s) {}
  static Scenario scenario(RegistrationMode mode) {
    Scenario s = with_phone(mode);
    s.agents[0].phone.answer_delay = 4s;
    s.agents[0].phone.first_refresh = 59s;
    return s;
  }
  void ring(SiteIndex site, Duration when, CallId call = kCall, bool agent_releases = true,
            Duration talk = 60s) {
    world.script[site].at(when, [=](StubSipServer& server, Context& context) {
      server.ring(context, 0, call,
                  {.talk = talk, .after_call_work = 10s, .agent_releases = agent_releases});
    });
  }
  NodeId phone() const { return world.directory.agents[0].phone; }
  Times byes(SiteIndex site = 0) const {
    return world.requests_sent(world.sip_server[site], Method::bye);
  }
  std::vector<std::uint16_t> responses(SiteIndex site = 0) const {
    return world.server[site]->desk(0).responses;
  }

  DeskWorld world;
};

/// Nobody answers, and the server has forgotten it: no CANCEL comes.
class SlowPhoneCall : public PhoneCall {
 protected:
  SlowPhoneCall() : PhoneCall(slow()) {}
  static Scenario slow() {
    Scenario s = scenario(RegistrationMode::dual);
    s.agents[0].phone.answer_delay = 10min;
    return s;
  }
};
TEST_F(SlowPhoneCall, IsRefusedAfterThreeMinutes) {
  ring(0, 1s);
  ring(0, 200s, CallId{8});
  world.run(201s);
  EXPECT_EQ(world.responses_at(world.sip_server[0], 480), Times{at(kRung + 3min + 500us)});
  EXPECT_EQ(responses().back(), 180);  // free for the next one
}

TEST_F(PhoneCall, RingsAnswersTalksAndHangsUp) {
  ring(0, 1s);
  world.run(80s);
  EXPECT_EQ(responses(), (std::vector<std::uint16_t>{100, 180, 200}));
  EXPECT_EQ(world.responses_at(world.sip_server[0], 100), Times{at(kRung + 500us)});
  EXPECT_EQ(world.responses_at(world.sip_server[0], 180), Times{at(kRung + 500us)});
  const Duration answered = kRung + 4s;
  for (const auto& d : world.deliveries) {
    const auto* r = std::get_if<sip::Response>(&d.envelope.message);
    if (r == nullptr || r->status != 200 || r->method != Method::invite) continue;
    EXPECT_EQ(d.envelope.sent, at(answered));
    EXPECT_EQ(r->media, phone());
    EXPECT_EQ(r->path, path_of(0));
    EXPECT_EQ(r->call, kCall);
  }
  EXPECT_EQ(byes(), Times{at(answered + 60s)});
  EXPECT_TRUE(world.phone[0]->idle());
}

TEST_F(PhoneCall, IsEndedByTheOtherSide) {
  ring(0, 1s, kCall, false);
  world.script[0].at(30s, [&](StubSipServer& server, Context& context) {
    EXPECT_FALSE(world.phone[0]->idle());
    server.bye(context, 0);
  });
  ring(0, 30s + 2ms, CallId{8});  // free at once
  world.run(32s);
  EXPECT_TRUE(byes().empty());
  EXPECT_EQ(responses(), (std::vector<std::uint16_t>{100, 180}));
}

TEST_F(PhoneCall, HangsUpOnSilenceWhenTheByeOfTheOtherSideDoesNotCome) {
  ring(0, 1s, kCall, false);
  world.run(80s);
  EXPECT_EQ(byes(), Times{at(kRung + 4s + 60s + 10s)});
}

TEST_F(PhoneCall, IsBusyToASecondCallThroughEitherSite) {
  ring(0, 1s);
  ring(1, 2s, CallId{8});   // while it rings
  ring(1, 10s, CallId{9});  // while it talks (R67)
  world.run(20s);
  EXPECT_EQ(responses(0), (std::vector<std::uint16_t>{100, 180, 200}));
  EXPECT_EQ(responses(1), std::vector<std::uint16_t>{486});
  EXPECT_EQ(world.responses_at(world.sip_server[1], 486).size(), 2u);
}

TEST_F(PhoneCall, StopsRingingWhenCancelled) {
  ring(0, 1s);
  world.script[0].at(2s, [](StubSipServer& s, Context& c) { s.cancel(c, 0); });
  world.run(10s);
  EXPECT_EQ(responses(), (std::vector<std::uint16_t>{100, 180, 487}));
  EXPECT_EQ(world.responses_at(world.sip_server[0], 487), Times{at(2s + 1ms)});
  EXPECT_EQ(world.responses_at(world.sip_server[0], 200), Times{at(2s + 1ms)});
  EXPECT_TRUE(world.phone[0]->idle());
}

TEST_F(PhoneCall, AnswersThoughItIsRegisteredNowhere) {
  world.scenario.run.start = StartMode::cold;
  world.script[0].register_status = world.script[1].register_status = 403;
  ring(1, 1s);
  world.run(6s);
  EXPECT_FALSE(world.phone[0]->registered(0) || world.phone[0]->registered(1));
  EXPECT_EQ(responses(1), (std::vector<std::uint16_t>{100, 180, 200}));
}

TEST_F(PhoneCall, SaysNothingWhenItIsDead) {
  world.crash(500ms, phone());
  ring(0, 1s);
  world.run(40s);
  EXPECT_TRUE(responses().empty());
}

TEST_F(PhoneCall, IsFreeAtOnceWhenSpeechIsLostAndItsByeFindsNobody) {
  ring(0, 1s);
  world.fail_site(20s, 0);
  world.notice(20s, phone(), notice::Kind::speech_lost, kCall);
  ring(1, 20s, CallId{8});
  world.run(22s);
  EXPECT_EQ(responses(1), (std::vector<std::uint16_t>{100, 180}));
}

TEST_F(PhoneCall, HangsUpAfterTheAgentsDelayWhenSpeechIsLost) {
  world.scenario.run.hang_up_delay = 3s;
  ring(0, 1s);
  world.notice(19s, phone(), notice::Kind::speech_lost, CallId{99});  // another call
  world.notice(20s, phone(), notice::Kind::speech_lost, kCall);
  world.run(60s);
  EXPECT_EQ(byes(), Times{at(23s)});
}

TEST_F(PhoneCall, IsHungUpOnAnsweringWhenSpeechWasLostWhileItRang) {
  ring(0, 1s);
  world.fail_host(2s, world.sip_server[0]);
  world.notice(2s, phone(), notice::Kind::speech_lost, kCall);
  ring(1, 4s, CallId{8});        // still rings for the lost call
  ring(1, 6s, CallId{9}, true);  // answered at 5.0005, hung up then
  world.run(8s);
  EXPECT_EQ(world.responses_at(world.sip_server[1], 486), Times{at(4s + 40ms)});
  EXPECT_EQ(responses(1), (std::vector<std::uint16_t>{100, 180}));
}

TEST_F(PhoneCall, RepeatsItsAnswerUntilTheAckAndGivesUpWithABye) {
  world.script[0].acknowledges = false;
  ring(0, 1s, kCall, true, 300s);
  world.run(100s);
  const Duration answered = kRung + 4s;
  Times copies;
  for (const auto& d : world.deliveries) {
    const auto* r = std::get_if<sip::Response>(&d.envelope.message);
    if (r != nullptr && r->status == 200 && r->method == Method::invite) {
      copies.push_back(d.envelope.sent);
    }
  }
  Times expected;
  for (const Duration after :
       {0ms, 500ms, 1500ms, 3500ms, 7500ms, 11500ms, 15500ms, 19500ms, 23500ms, 27500ms, 31500ms}) {
    expected.push_back(at(answered + after));
  }
  EXPECT_EQ(copies, expected);
  EXPECT_EQ(byes(), Times{at(answered + 32s)});
  EXPECT_TRUE(world.phone[0]->idle());
}

TEST_F(PhoneCall, StopsRepeatingItsAnswerWhenTheOtherSideHangsUp) {
  world.script[0].acknowledges = false;
  ring(0, 1s);
  world.script[0].at(6100ms, [](StubSipServer& s, Context& c) { s.bye(c, 0); });
  world.run(60s);
  // To the INVITE at 5.0005 and 5.5005, none at 6.5005; and to the BYE.
  EXPECT_EQ(world.responses_at(world.sip_server[0], 200).size(), 3u);
  EXPECT_TRUE(byes().empty());
}

TEST_F(PhoneCall, HoldsItsByeBackUntilTheAckHasCome) {
  // RFC 3261 §15: no BYE before the ACK. The talk is over 10 ms after the answer, the ACK takes 40.
  ring(0, 1s, CallId{6}, true, 1s);  // an ordinary call before
  ring(1, 10s, kCall, true, 10ms);
  world.run(18s);
  EXPECT_EQ(byes(1), Times{at(10s + 20ms + 4s + 40ms)});
}

TEST_F(PhoneCall, SendsItsByeOnWhenTheHostRefusesForAServerWhoseBackupMayTakeOver) {
  ring(0, 1s);
  world.crash(60s, world.sip_server[0]);
  world.start_node(68s, world.sip_server[0]);
  world.run(80s);
  const Duration hung_up = kRung + 4s + 60s;
  EXPECT_EQ(byes(), Times{at(hung_up + 3500ms)});  // the first copy that is heard
}

TEST_F(PhoneCall, SendsItsHeldBackByeWhenTheAckIsGivenUp) {
  world.script[0].acknowledges = false;
  ring(0, 1s, kCall, true, 5s);
  ring(1, 10s, CallId{8});  // free since 10.0005
  world.run(60s);
  EXPECT_EQ(byes(), Times{at(kRung + 4s + 32s)});
  EXPECT_EQ(responses(1).front(), 100);
}

TEST_F(PhoneCall, TakesAReInviteAndKnowsNoOtherDialogs) {
  ring(0, 1s);
  world.script[0].at(10s, [](StubSipServer& s, Context& c) { s.reinvite(c, 0); });
  world.script[0].at(11s, [](StubSipServer& s, Context& c) { s.bye(c, 0, 12345); });
  world.run(12s);
  EXPECT_EQ(responses(), (std::vector<std::uint16_t>{100, 180, 200, 200, 481}));
  EXPECT_FALSE(world.phone[0]->idle());
}

TEST_F(PhoneCall, GoesOutThroughItsOwnPreferredSiteAndThenTheOther) {
  EXPECT_EQ(world.scenario.agents[0].phone.preferred_site, std::nullopt);
  std::vector<int> outbound;
  const auto look = [&](StubSipServer&, Context& context) {
    outbound.push_back(world.phone[0]->outbound_site(context.now()));
  };
  world.script[1].at(1s, look);
  world.fail_site(30s, 0);
  world.script[1].at(66400ms, look);  // refresh due at 59, given up at 66.5
  world.script[1].at(66600ms, look);
  world.run(70s);
  EXPECT_EQ(outbound, (std::vector<int>{0, 0, 1}));  // R18
}

TEST(SipPhone, ChoosesItsOutboundSiteFromItsOwnConfigurationOnly) {
  Scenario s = with_phone(RegistrationMode::dual);
  s.agents[0].phone.preferred_site = SiteIndex{1};  // R62: the desktop prefers site 1
  DeskWorld world(s);
  world.run(1s);
  EXPECT_EQ(world.phone[0]->outbound_site(at(1s)), 1);
}

}  // namespace
}  // namespace bcsim::testing::sip_phone_calls_test
