// Calls that a SIP Server sends out through a gateway (R18, domain.md §2.1).
#include <gtest/gtest.h>

#include "tests/support/gateway_world.hpp"

namespace bcsim::testing::media_gateway_outgoing_test {
namespace {

using pstn::Kind;
using pstn::Release;
using sip::Method;

constexpr CallId kCall{3};

sip::Request invite(CallId call, std::uint64_t dialog, Dn dn = Dn::outside()) {
  sip::Request request;
  request.method = Method::invite;
  request.branch = request.dialog = dialog;
  request.cseq = 1;
  request.call = call;
  request.dn = dn;
  return request;
}
pstn::Message said(Kind kind, Release release = Release::normal) {
  pstn::Message message;
  message.kind = kind;
  message.release = release;
  message.call = kCall;
  return message;
}

/// The server of site 1 sends a call out at 1 s, which is acknowledged if it is answered at 5 s.
struct OutgoingWorld : GatewayWorld {
  OutgoingWorld() : GatewayWorld(gateway_scenario()) { send_bare(1s, 0, 0, invite(kCall, 1)); }
  void answer() {
    signal(5s, 0, said(Kind::connect));
    within_dialog(5100ms, Method::ack);
  }
  void within_dialog(Duration when, Method method) {
    sip::Request request = invite(kCall, 1);
    request.method = method;
    request.in_dialog = true;
    if (method != Method::ack) request.branch = ++request.cseq;
    send_bare(when, 0, 0, request);
  }
  /// What the server was answered, copies not counted.
  [[nodiscard]] std::vector<std::uint16_t> statuses() const {
    std::vector<std::uint16_t> result;
    for (const Delivery& d : deliveries) {
      const auto* r = std::get_if<sip::Response>(&d.envelope.message);
      if (r == nullptr || d.target != sip_server[0] || r->method != Method::invite) continue;
      if (r->copy == 0) result.push_back(r->status);
    }
    return result;
  }
  [[nodiscard]] std::size_t byes() const { return sent(sip_server[0], Method::bye).size(); }
  /// What the public network was told of the call.
  [[nodiscard]] std::vector<std::pair<Kind, Release>> story() const {
    std::vector<std::pair<Kind, Release>> result;
    for (const auto& [when, m] : told(kCall)) result.emplace_back(m.kind, m.release);
    return result;
  }
};
using Statuses = std::vector<std::uint16_t>;
using Story = std::vector<std::pair<Kind, Release>>;

TEST(MediaGatewayOutgoing, RingsOutsideAndIsAnsweredThere) {
  OutgoingWorld world;
  world.signal(2s, 0, said(Kind::alerting));
  world.answer();
  world.run(60s);
  EXPECT_EQ(world.statuses(), (Statuses{100, 180, 200}));
  EXPECT_EQ(world.story(), (Story{{Kind::setup, Release::normal}}));
  EXPECT_EQ(world.gateway[0]->call_count(), 1u);
}

TEST(MediaGatewayOutgoing, IsFoundNowhereIfItIsForNobodyOutsideOrKnownAlready) {
  OutgoingWorld world;
  world.send_bare(2s, 0, 0, invite(CallId{4}, 2, Dn::queue(0)));
  world.send_bare(3s, 0, 0, invite(CallId{5}, 3, Dn::extension(AgentId{0})));
  world.send_bare(4s, 0, 0, invite(kCall, 4));  // by another branch
  world.run(6s);
  EXPECT_EQ(world.statuses(), (Statuses{100, 404, 404, 404}));
  EXPECT_EQ(world.story().size(), 1u);
  EXPECT_TRUE(world.told(CallId{4}).empty() && world.told(CallId{5}).empty());
  EXPECT_EQ(world.gateway[0]->call_count(), 1u);
}

TEST(MediaGatewayOutgoing, HearsOfItsProgressOnly) {  // the rest is what a gateway says
  for (const bool answered : {false, true}) {
    OutgoingWorld world;
    if (answered) world.answer();
    for (const Kind kind : {Kind::speech, Kind::cleared}) world.signal(6s, 0, said(kind));
    world.run(60s);
    EXPECT_EQ(world.statuses(), answered ? (Statuses{100, 200}) : Statuses{100});
    EXPECT_EQ(world.story().size(), 1u);
    EXPECT_EQ(world.byes(), 0u);
    EXPECT_EQ(world.gateway[0]->call_count(), 1u);
  }
}

TEST(MediaGatewayOutgoing, EndsWhenTheOtherEndDoes) {
  struct Case {
    bool answered;
    Release release;
    Statuses statuses;
  };
  for (const Case& c :
       {Case{false, Release::no_channel, {100, 503}}, Case{false, Release::rejected, {100, 480}},
        Case{true, Release::normal, {100, 200}}}) {
    OutgoingWorld world;
    if (c.answered) world.answer();
    world.signal(10s, 0, said(Kind::release, c.release));
    world.run(60s);
    EXPECT_EQ(world.statuses(), c.statuses);
    EXPECT_EQ(world.byes(), c.answered ? 1u : 0u);
    EXPECT_EQ(world.story().size(), 1u);  // the public network knows
    EXPECT_EQ(world.gateway[0]->call_count(), 0u);
  }
}

/// Whoever hangs up first: who was called says nothing before the ACK of his answer has come, or 32
/// s are over (RFC 3261 §15).
TEST(MediaGatewayOutgoing, SaysGoodbyeOnlyWhenItsAnswerIsAcknowledged) {
  struct Case {
    Duration ack, bye;
    std::optional<sim::SimTime> goodbye;
  };
  for (const Case& c : {Case{{}, {}, at(37s)}, Case{20s, {}, at(20s)}, Case{7s, {}, at(10s)},
                        Case{{}, 15s, std::nullopt}, Case{20s, 15s, std::nullopt}}) {
    OutgoingWorld world;
    world.signal(5s, 0, said(Kind::connect));
    world.signal(10s, 0, said(Kind::release));
    if (c.ack > Duration{}) world.within_dialog(c.ack, Method::ack);
    if (c.bye > Duration{}) world.within_dialog(c.bye, Method::bye);
    world.run(100s);
    const auto sent = world.sent(world.sip_server[0], Method::bye);
    EXPECT_EQ(sent.empty(), !c.goodbye);
    if (c.goodbye && !sent.empty()) {
      EXPECT_GE(sent.front(), *c.goodbye);
      EXPECT_LE(sent.front(), *c.goodbye + 10ms);
    }
    if (c.bye > Duration{}) {
      EXPECT_EQ(world.responses(world.sip_server[0], Method::bye), Statuses{200});
    }
    EXPECT_EQ(world.gateway[0]->call_count(), 0u);
  }
}

TEST(MediaGatewayOutgoing, GivesItsChannelBackWhenSpeechIsLost) {  // R5
  for (const bool answered : {false, true}) {
    OutgoingWorld world;
    if (answered) world.answer();
    world.notice(10s, world.directory.gateways[0], notice::Kind::speech_lost, kCall);
    world.run(60s);
    EXPECT_EQ(world.statuses(), answered ? (Statuses{100, 200}) : (Statuses{100, 480}));
    EXPECT_EQ(world.byes(), answered ? 1u : 0u);
    EXPECT_EQ(world.story(),
              (Story{{Kind::setup, Release::normal}, {Kind::cleared, Release::speech_lost}}));
    EXPECT_EQ(world.gateway[0]->call_count(), 0u);
  }
}

TEST(MediaGatewayOutgoing, MissesMediaFromTheAnswerOnIfItHadStoppedBefore) {  // §3.7
  OutgoingWorld world;
  world.notice(3s, world.directory.gateways[0], notice::Kind::rtp_stopped, kCall);
  world.answer();
  world.run(60s);
  EXPECT_EQ(world.story(),
            (Story{{Kind::setup, Release::normal}, {Kind::cleared, Release::media_lost}}));
  EXPECT_EQ(world.told(kCall).back().first, at(15s));
  EXPECT_EQ(world.sent(world.sip_server[0], Method::bye).front(), at(15s));
}

TEST(MediaGatewayOutgoing, IsTakenBackByACancelUntilItIsAnswered) {  // RFC 3261 §9.2
  for (const bool answered : {false, true}) {
    OutgoingWorld world;
    if (answered) world.answer();
    sip::Request cancel = invite(kCall, 1);
    cancel.method = Method::cancel;
    world.send_bare(10s, 0, 0, cancel);
    world.run(60s);
    EXPECT_EQ(world.responses(world.sip_server[0], Method::cancel), Statuses{200});
    EXPECT_EQ(world.statuses(), answered ? (Statuses{100, 200}) : (Statuses{100, 487}));
    EXPECT_EQ(world.story().size(), answered ? 1u : 2u);
    EXPECT_EQ(world.gateway[0]->call_count(), answered ? 1u : 0u);
  }
}

}  // namespace
}  // namespace bcsim::testing::media_gateway_outgoing_test
