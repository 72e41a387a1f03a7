// The gateway's calls after the answer, and how they end (R5, R6, domain.md §3.1, §3.7, §3.9).
#include <gtest/gtest.h>

#include "tests/support/gateway_world.hpp"

namespace bcsim::testing::media_gateway_calls_test {
namespace {

using Times = std::vector<SimTime>;
using Released = GatewayWorld::Released;
using pstn::Kind;
using pstn::Release;
using sip::Method;

constexpr CallId kCall{0};

/// A call set up at 2 s, answered for treatment: connected at 2.001.
struct CallWorld : GatewayWorld {
  CallWorld() : GatewayWorld(gateway_scenario()) { setup(2s, 0, kCall); }
  explicit CallWorld(const Scenario& s) : GatewayWorld(s) { setup(2s, 0, kCall); }

  void server(Duration when, std::function<void(CallServer&, Context&)> what) {
    script[0].at(when, std::move(what));
  }
  [[nodiscard]] Times byes() const { return sent(sip_server[0], Method::bye); }
};

/// Kind and flag of what the public network was told, with times.
std::vector<std::tuple<SimTime, Kind, bool>> story(const GatewayWorld& world) {
  std::vector<std::tuple<SimTime, Kind, bool>> result;
  for (const auto& [when, m] : world.told(kCall)) result.emplace_back(when, m.kind, m.flag);
  return result;
}
using Story = std::vector<std::tuple<SimTime, Kind, bool>>;

TEST(MediaGatewayCalls, LetTheCallerHearTreatmentThenAnAgent) {  // §3.9a
  CallWorld world;
  world.server(30s, [](CallServer& s, Context& c) { s.connect_agent(c, kCall); });
  world.run(40s);
  EXPECT_EQ(story(world), (Story{{at(2001ms), Kind::connect, false},
                                 {at(2001ms), Kind::speech, false},
                                 {at(30000500us), Kind::speech, true}}));
  EXPECT_EQ(world.sent(world.sip_server[0], Method::ack), Times{at(2001ms)});
  EXPECT_EQ(world.responses(world.sip_server[0], Method::invite),
            std::vector<std::uint16_t>{200});  // with its own SDP, acknowledged: no copy
}

TEST(MediaGatewayCalls, AreAnsweredByAnAgentDirectlyIfHisPhoneAnswers) {
  CallWorld world;
  world.script[0].on_invite = [](CallServer& server, Context& context, const sip::Request& r) {
    server.provisional(context, r.call, 180);
  };
  world.server(6s, [](CallServer& s, Context& c) { s.answer_agent(c, kCall); });
  world.run(10s);
  EXPECT_EQ(story(world), (Story{{at(2001ms), Kind::alerting, false},
                                 {at(6000500us), Kind::connect, false},
                                 {at(6000500us), Kind::speech, true}}));
}

TEST(MediaGatewayCalls, KeepTheirMediaWhenAReinviteBringsNone) {
  CallWorld world;
  world.server(30s, [](CallServer& s, Context& c) { s.reinvite(c, kCall, {}); });
  world.run(40s);
  EXPECT_EQ(story(world).size(), 2u);
}

TEST(MediaGatewayCalls, EndWithTheAgentsBye) {
  CallWorld world;
  world.server(60s, [](CallServer& s, Context& c) { s.bye(c, kCall); });
  world.server(61s, [](CallServer& s, Context& c) { s.bye(c, kCall); });
  world.server(62s, [](CallServer& s, Context& c) { s.connect_agent(c, kCall); });
  world.run(70s);
  EXPECT_EQ(world.released(kCall), (Released{at(60000500us), Release::normal, 0}));
  EXPECT_TRUE(world.byes().empty());
  EXPECT_EQ(world.responses(world.sip_server[0], Method::bye),
            (std::vector<std::uint16_t>{200, 481}));
  EXPECT_EQ(world.responses(world.sip_server[0], Method::invite).back(), 481);
  EXPECT_EQ(world.gateway[0]->call_count(), 0u);
}

TEST(MediaGatewayCalls, TellThatTheyWereTransferredToTheDefaultDestination) {
  CallWorld world;
  world.server(60s, [](CallServer& s, Context& c) { s.bye(c, kCall, true); });
  world.run(70s);
  EXPECT_EQ(world.released(kCall), (Released{at(60000500us), Release::default_routed, 0}));
}

TEST(MediaGatewayCalls, EndWithAByeWhenTheCallerHangsUp) {
  CallWorld world;
  world.hang_up(30s, 0, kCall);
  world.run(40s);
  EXPECT_EQ(world.byes(), Times{at(30s)});
  const auto bye = world.requests(world.sip_server[0], Method::bye).at(0).request;
  const auto invite = world.requests(world.sip_server[0], Method::invite).at(0).request;
  EXPECT_TRUE(bye.in_dialog);
  EXPECT_EQ(bye.dialog, invite.dialog);
  EXPECT_GT(bye.cseq, invite.cseq);
  EXPECT_EQ(world.released(kCall), Released{});  // the public network knows
  EXPECT_EQ(world.gateway[0]->call_count(), 0u);
}

TEST(MediaGatewayCalls, AreFreeAtOnceThoughNobodyAnswersTheBye) {
  CallWorld world;
  world.server(20s, [&](CallServer&, Context&) { world.script[0].deaf = true; });
  world.hang_up(30s, 0, kCall);
  world.run(100s);
  Times copies;
  for (const Duration d :
       {0ms, 500ms, 1500ms, 3500ms, 7500ms, 11500ms, 15500ms, 19500ms, 23500ms, 27500ms, 31500ms}) {
    copies.push_back(at(30s + d));
  }
  EXPECT_EQ(world.byes(), copies);  // forgotten after 64·T1
  EXPECT_EQ(world.gateway[0]->call_count(), 0u);
}

TEST(MediaGatewayCalls, InsistOnTheirEndThoughTheServersProcessIsAway) {  // §5.8: a switchover
  CallWorld world;
  world.crash(29s, world.sip_server[0]);
  world.start_node(33s, world.sip_server[0]);
  world.hang_up(30s, 0, kCall);
  world.run(60s);
  EXPECT_EQ(world.byes(), Times{at(33500ms)});  // its fourth copy; ICMP answered the others
}

TEST(MediaGatewayCalls, AreCancelledWhileTheyProceed) {  // RFC 3261 §9.1
  CallWorld world;
  world.script[0].on_invite = [](CallServer& server, Context& context, const sip::Request& r) {
    server.provisional(context, r.call, 180);
  };
  world.hang_up(10s, 0, kCall);
  world.run(20s);
  EXPECT_EQ(world.sent(world.sip_server[0], Method::cancel), Times{at(10s)});
  EXPECT_EQ(world.sent(world.sip_server[0], Method::ack), Times{at(10001ms)});  // of the 487
  EXPECT_TRUE(world.byes().empty());
  EXPECT_EQ(world.released(kCall), Released{});
  EXPECT_EQ(world.gateway[0]->pending_invites(), 0u);
}

TEST(MediaGatewayCalls, GivenUpBeforeAnyAnswerStillShowThatTheServerIsDead) {
  CallWorld world;
  world.script[0].deaf = true;
  world.hang_up(4s, 0, kCall);
  world.run(20s);
  EXPECT_TRUE(world.sent(world.sip_server[0], Method::cancel).empty());
  EXPECT_EQ(world.marked(0, 0), Times{at(9500ms)});
  EXPECT_TRUE(world.all<SetupFailed>().empty());
  EXPECT_TRUE(world.invited(kCall, 1).empty());
  EXPECT_EQ(world.gateway[0]->pending_invites(), 0u);
}

TEST(MediaGatewayCalls, AnsweredInTheMomentOfCancellingAreEndedWithABye) {  // §15
  CallWorld world;
  world.script[0].on_invite = [](CallServer& server, Context& context, const sip::Request& r) {
    server.provisional(context, r.call, 180);
  };
  world.server(9999900us, [](CallServer& s, Context& c) { s.answer_treatment(c, kCall); });
  world.hang_up(10s, 0, kCall);
  world.run(60s);
  EXPECT_EQ(world.sent(world.sip_server[0], Method::cancel), Times{at(10s)});
  EXPECT_EQ(world.sent(world.sip_server[0], Method::ack), Times{at(10000400us)});
  EXPECT_EQ(world.byes(), Times{at(10000400us)});
  EXPECT_EQ(story(world).size(), 1u);  // alerting, and nothing after the caller hung up
}

TEST(MediaGatewayCalls, AcknowledgeEveryCopyOfTheAnswer) {  // RFC 6026 §7.2
  CallWorld world;
  const sim::LinkId out = world.access[0][0];
  world.faults.push_back({at(2000600us), sim::LinkCut{out}});  // eats the first ACK
  world.faults.push_back({at(2100ms), sim::LinkHeal{out}});
  world.run(10s);
  EXPECT_EQ(world.sent(world.sip_server[0], Method::ack), Times{at(2501ms)});
  EXPECT_EQ(story(world).size(), 2u);
}

TEST(MediaGatewayCalls, EndedBeforeTheirAnswerArrivesEndAllTheSame) {
  CallWorld world;
  world.script[0].on_invite = [](CallServer& server, Context& context, const sip::Request& r) {
    server.provisional(context, r.call, 100);
  };
  const sim::LinkId back = sim::opposite(world.access[0][0]);
  world.faults.push_back({at(5s), sim::LinkCut{back}});  // eats the 200
  world.server(5100ms, [](CallServer& s, Context& c) { s.answer_treatment(c, kCall); });
  world.faults.push_back({at(5500ms), sim::LinkHeal{back}});
  world.server(5550ms, [](CallServer& s, Context& c) { s.bye(c, kCall); });
  world.run(80s);
  EXPECT_EQ(world.released(kCall), (Released{at(5550500us), Release::normal, 0}));
  EXPECT_EQ(world.gateway[0]->pending_invites(), 0u);
}

// ---- failures
// ------------------------------------------------------------------------------------

TEST(MediaGatewayCalls, EndAtTheInstantTheirSpeechIsLost) {  // R5
  for (const bool survives_as_proceeding : {false, true}) {
    CallWorld world;
    if (survives_as_proceeding) {
      world.script[0].on_invite = [](CallServer& s, Context& c, const sip::Request& r) {
        s.provisional(c, r.call, 100);
      };
    }
    world.notice(30s, world.directory.gateways[0], notice::Kind::speech_lost, kCall);
    world.notice(31s, world.directory.gateways[0], notice::Kind::speech_lost, kCall);
    world.run(40s);
    EXPECT_EQ(world.released(kCall), (Released{at(30s), Release::speech_lost, 0}));
    const Method method = survives_as_proceeding ? Method::cancel : Method::bye;
    EXPECT_EQ(world.sent(world.sip_server[0], method), Times{at(30s)});
    EXPECT_EQ(world.gateway[0]->call_count(), 0u);
  }
}

TEST(MediaGatewayCalls, EndWhenNoMediaHasArrivedForTheRtpTimeout) {  // §3.7
  CallWorld world;
  world.notice(30s, world.directory.gateways[0], notice::Kind::rtp_stopped, kCall);
  world.run(60s);
  EXPECT_EQ(world.released(kCall), (Released{at(40s), Release::media_lost, 0}));
  EXPECT_EQ(world.byes(), Times{at(40s)});
}

TEST(MediaGatewayCalls, SurviveASilenceShorterThanTheRtpTimeout) {
  CallWorld world;
  const NodeId gateway = world.directory.gateways[0];
  world.notice(30s, gateway, notice::Kind::rtp_stopped, kCall);
  world.notice(39999ms, gateway, notice::Kind::rtp_resumed, kCall);
  world.notice(50s, gateway, notice::Kind::rtp_stopped, kCall);
  world.run(80s);
  EXPECT_EQ(world.released(kCall), (Released{at(60s), Release::media_lost, 0}));
}

TEST(MediaGatewayCalls, MissMediaFromTheAnswerOnIfItHadStoppedBefore) {
  CallWorld world;
  world.notice(2000700us, world.directory.gateways[0], notice::Kind::rtp_stopped, kCall);
  world.run(60s);
  EXPECT_EQ(world.released(kCall), (Released{at(12001ms), Release::media_lost, 0}));
}

TEST(MediaGatewayCalls, EndWhenTheirReinviteIsNeverAcknowledged) {  // RFC 3261 §13.3.1.4
  CallWorld world;
  world.script[0].acknowledges = false;
  world.server(30s, [](CallServer& s, Context& c) { s.connect_agent(c, kCall); });
  world.run(80s);
  EXPECT_EQ(world.released(kCall), (Released{at(62000500us), Release::session_expired, 0}));
  EXPECT_EQ(world.byes(), Times{at(62000500us)});
}

TEST(MediaGatewayCalls, GoOnWhateverElseTheWorldSaysOfThem) {
  using enum notice::Kind;
  const auto told_of = [](bool disturbed) {
    CallWorld world;
    Duration when = 20s;
    for (const notice::Kind kind : {become_primary, activate_standby,
                                    stand_down,     config_write,
                                    shift_start,    shift_end,
                                    drain,          ha_link,
                                    gateway_died,   gateway_down,
                                    gateway_up,     wishes_to_call,
                                    dials,          dial,
                                    make_call,      hang_up,
                                    own_call_over,  bye_unanswered,
                                    phone_asked,    phone_state}) {
      if (disturbed) world.notice(when += 10ms, world.directory.gateways[0], kind, kCall);
    }
    world.run(80s);
    EXPECT_TRUE(world.byes().empty());
    EXPECT_EQ(world.gateway[0]->call_count(), 1u);
    return story(world);
  };
  EXPECT_EQ(told_of(true), told_of(false));
}

TEST(MediaGatewayCalls, AreNotWhatAProbeOrARegistrationIsAbout) {
  CallWorld world;
  for (const Method method : {Method::options, Method::register_}) {
    sip::Request request;
    request.method = method;
    request.call = kCall;
    request.branch = request.dialog = 77 + static_cast<std::uint64_t>(method);
    request.cseq = 1;
    world.send_bare(10s, 0, 0, request);
  }
  world.run(40s);
  EXPECT_EQ(world.responses(world.sip_server[0], Method::options), std::vector<std::uint16_t>{200});
  EXPECT_EQ(world.responses(world.sip_server[0], Method::register_),
            std::vector<std::uint16_t>{405});
  EXPECT_EQ(world.gateway[0]->call_count(), 1u);
  EXPECT_EQ(story(world).size(), 2u);
}

// A 2xx that comes when its client transaction is long over (RFC 3261 §13.2.2.4).
TEST(MediaGatewayCalls, AcknowledgeACopyOfTheirAnswerHoweverLateAndRefuseAnyOther) {
  for (const bool own : {true, false}) {
    CallWorld world;
    world.server(60s, [&](CallServer&, Context& context) {
      const auto invite = world.requests(world.sip_server[0], Method::invite).at(0).request;
      sip::Response success;
      success.method = Method::invite;
      success.branch = invite.branch;
      success.dialog = own ? invite.dialog : invite.dialog + 1;
      success.cseq = invite.cseq;
      success.call = kCall;
      success.contact = world.directory.sip_server[0];
      const models::Message message{success};
      context.send_as(world.directory.sip_server[0], AddressId{world.directory.gateways[0].value},
                      message, size_bytes(message));
    });
    world.run(70s);
    EXPECT_EQ(world.sent(world.sip_server[0], Method::ack), (Times{at(2001ms), at(60000500us)}));
    EXPECT_EQ(world.byes(), own ? Times{} : Times{at(60000500us)});
    EXPECT_EQ(world.gateway[0]->call_count(), 1u);  // the call that stands goes on
    EXPECT_EQ(world.released(kCall), Released{});
  }
}

TEST(MediaGatewayCalls, LeaveNothingBehind) {
  Scenario s = gateway_scenario();
  GatewayWorld world(s);
  for (std::uint32_t i = 0; i < 50; ++i) {
    world.setup(1s + i * 100ms, i % 2, CallId{i});
    world.hang_up(10s + i * 100ms, i % 2, CallId{i});
  }
  world.run(60s);
  for (const auto* gateway : world.gateway) {
    EXPECT_EQ(gateway->call_count(), 0u);
    EXPECT_EQ(gateway->pending_invites(), 0u);
  }
  EXPECT_EQ(world.all<CallInvited>().size(), 50u);
}

}  // namespace
}  // namespace bcsim::testing::media_gateway_calls_test
