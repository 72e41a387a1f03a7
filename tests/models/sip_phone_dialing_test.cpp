// Calls that an agent places with his phone (R18, R32, RFC 3261 §13–§15, RFC 3263 §4.3).
#include <gtest/gtest.h>

#include <functional>

#include "models/sip/transaction_layer.hpp"
#include "tests/support/desk_world.hpp"

namespace bcsim::testing::sip_phone_dialing_test {
namespace {

using Times = std::vector<SimTime>;
using pstn::Kind;
using pstn::Release;
using sip::Method;

constexpr CallId kCall{7};

/// Agrees to everything, and does with an INVITE what its test says.
class CalledServer final : public Endpoint, private sip::TransactionUser {
 public:
  using OnInvite = std::function<void(CalledServer&, Context&)>;
  explicit CalledServer(AddressId address, OnInvite on_invite)
      : address_(address), on_invite_(std::move(on_invite)), layer_(*this) {}

  void respond(Context& context, std::uint16_t status) {
    sip::Response response;
    response.status = status;
    response.contact = address_;
    layer_.respond(context, invite_, response);
  }
  /// After so long.
  void respond_in(Context& context, Duration after, std::uint16_t status) {
    context.arm(after, {0, status});
  }
  /// A 2xx with no transaction of its own: it was long under way.
  void succeed_late(Context& context, Duration after) { context.arm(after, {1}); }

 private:
  void on_start(Context&) override {}
  void on_message(Context& context, const Envelope& envelope) override {
    if (const auto* request = std::get_if<sip::Request>(&envelope.message)) {
      layer_.on_request(context, *request, envelope.from, envelope.to);
    } else if (const auto* response = std::get_if<sip::Response>(&envelope.message)) {
      layer_.on_response(context, *response);
    }
  }
  void on_timer(Context& context, sim::TimerTag tag) override {
    if (layer_.on_timer(context, tag)) return;
    if (tag.kind == 0) {
      respond(context, static_cast<std::uint16_t>(tag.index));
      return;
    }
    sip::Response success;
    success.method = Method::invite;
    success.branch = request_.branch;
    success.dialog = request_.dialog;
    success.cseq = request_.cseq;
    success.call = request_.call;
    success.dn = request_.dn;
    success.contact = address_;
    const models::Message message{success};
    context.send_as(address_, request_.contact, message, size_bytes(message));
  }
  void on_request(Context& context, const sip::Request& request, AddressId, sip::TransactionId id,
                  sip::TransactionId) override {
    if (request.method != Method::invite) {
      layer_.respond(context, id, {});
      return;
    }
    request_ = request;
    invite_ = id;
    on_invite_(*this, context);
  }
  void on_response(Context&, sip::Inform, const sip::Response*, const sip::Request&, sip::Owner,
                   sip::TransactionId) override {}
  void on_ack(Context&, const sip::Request&) override {}
  void on_no_ack(Context&, const sip::Response&) override {}

  AddressId address_;
  OnInvite on_invite_;
  sip::TransactionLayer layer_;
  sip::Request request_;
  sip::TransactionId invite_;
};

Scenario with_phone() {
  Scenario s = desk_scenario(1);
  s.agents[0].phone.registration = RegistrationMode::dual;
  s.agents[0].phone.expires = 1h;
  s.agents[0].phone.first_refresh = 30min;
  return s;
}

/// One agent, who dials somebody outside at 1 s.
struct DialingPhone {
  DialingPhone() {
    world.make_instead = [this](NodeId node) -> std::unique_ptr<Endpoint> {
      for (const SiteIndex site : {0, 1}) {
        if (node != world.sip_server[site] || !on_invite[site]) continue;
        return std::make_unique<CalledServer>(world.directory.sip_server[site], on_invite[site]);
      }
      return nullptr;
    };
    dial(1s);
  }
  void dial(Duration when, CallId call = kCall) {
    world.notice(when, phone(), notice::Kind::dial, call);
    auto& what = std::get<notice::Message>(world.notices.back());
    what.dn = Dn::outside();
    what.conversation.kind = CallKind::outgoing;
    what.conversation.from = AgentId{0};
    what.conversation.talk = 300s;
  }
  [[nodiscard]] NodeId phone() const { return world.directory.agents[0].phone; }
  [[nodiscard]] Times sent(SiteIndex site, Method method) const {
    return world.requests_sent(world.sip_server[site], method);
  }
  [[nodiscard]] std::vector<std::uint32_t> failed() const {
    std::vector<std::uint32_t> statuses;
    for (const JournalEntry& e : world.journal) {
      const auto* r = std::get_if<SetupFailed>(&e.record);
      if (r != nullptr) statuses.push_back(r->status);
    }
    return statuses;
  }
  /// What the phone has said to whoever made the agent call.
  struct Said {
    Kind kind;
    Release release = Release::normal;
    std::uint16_t status = 0;
    bool operator==(const Said&) const = default;
  };
  [[nodiscard]] std::vector<Said> said(CallId call = kCall) const {
    std::vector<Said> all;
    for (const auto& d : world.deliveries) {
      const auto* m = std::get_if<pstn::Message>(&d.envelope.message);
      if (m == nullptr || d.target != world.directory.pstn || m->call != call) continue;
      all.push_back({m->kind, m->release, m->status});
    }
    return all;
  }

  DeskWorld world{with_phone()};
  std::array<CalledServer::OnInvite, kSites> on_invite;  ///< none: the usual stub
};
using Said = DialingPhone::Said;
class Dialing : public ::testing::Test, protected DialingPhone {};

TEST_F(Dialing, RingsAndIsAnswered) {
  on_invite[0] = [](CalledServer& server, Context& context) {
    server.respond(context, 180);
    server.respond_in(context, 5s, 200);
  };
  world.run(60s);
  EXPECT_EQ(said(), (std::vector<Said>{{Kind::alerting}, {Kind::connect}, {Kind::speech}}));
  EXPECT_EQ(sent(0, Method::invite), Times{at(1s)});
  EXPECT_EQ(sent(0, Method::ack), Times{at(6001ms)});
  EXPECT_FALSE(world.phone[0]->idle());
}

TEST_F(Dialing, IsInVainWhileSomebodyRings) {
  world.scenario.agents[0].phone.answer_delay = 4s;
  world.script[0].at(500ms, [](StubSipServer& server, Context& context) {
    server.ring(context, 0, CallId{8}, {.talk = 60s});
  });
  world.run(20s);
  EXPECT_EQ(said(), (std::vector<Said>{{Kind::in_vain, Release::rejected, 486}}));
  EXPECT_TRUE(sent(0, Method::invite).empty() && sent(1, Method::invite).empty());
  EXPECT_TRUE(world.server[0]->desk(0).answered);  // he answers that
}

TEST_F(Dialing, TriesTheOtherServerWhereTheFirstIsAtFaultOrSendsHimAway) {
  struct Case {
    std::uint16_t status;
    bool goes_on, recorded;
  };
  for (const Case& c :
       {Case{500, true, true}, Case{503, true, true}, Case{504, true, true}, Case{302, true, false},
        Case{301, true, false}, Case{404, false, false}, Case{480, false, false},
        Case{486, false, false}, Case{603, false, false}}) {
    SCOPED_TRACE(c.status);
    DialingPhone one;
    one.on_invite[0] = [=](CalledServer& server, Context& context) {
      server.respond(context, c.status);
    };
    one.on_invite[1] = [](CalledServer& server, Context& context) { server.respond(context, 200); };
    one.world.run(10s);
    EXPECT_EQ(one.failed(),
              c.recorded ? std::vector<std::uint32_t>{c.status} : std::vector<std::uint32_t>{});
    EXPECT_EQ(one.sent(1, Method::invite), c.goes_on ? Times{at(1001ms)} : Times{});
    EXPECT_EQ(one.world.phone[0]->idle(), !c.goes_on);
    if (c.goes_on) {
      EXPECT_EQ(one.said(), (std::vector<Said>{{Kind::connect}, {Kind::speech}}));
    } else {
      EXPECT_EQ(one.said(), (std::vector<Said>{{Kind::release, Release::rejected, c.status}}));
    }
  }
}

TEST_F(Dialing, TurnsToTheOtherServerAfterTheFirstOfItsTwoTimers) {  // §3.4, D35
  struct Case {
    std::optional<Duration> response_timeout;
    int retransmissions;
    Duration turns_after;
  };
  for (const Case& c : {Case{std::nullopt, 3, 7500ms}, Case{4s, 3, 4s}, Case{20s, 3, 7500ms},
                        Case{std::nullopt, 1, 1500ms}, Case{4s, 30, 4s}}) {
    DialingPhone d;
    d.world.scenario.agents[0].phone.response_timeout = c.response_timeout;
    d.world.scenario.agents[0].phone.retransmissions = c.retransmissions;
    d.on_invite[0] = [](CalledServer&, Context&) {};  // says nothing
    d.on_invite[1] = [](CalledServer& server, Context& context) { server.respond(context, 180); };
    d.world.run(60s);
    EXPECT_EQ(d.sent(1, Method::invite), Times{at(1s) + c.turns_after});
  }
}

TEST_F(Dialing, IsInVainIfBothServersAreAtFault) {
  on_invite[0] = [](CalledServer& server, Context& context) { server.respond(context, 503); };
  on_invite[1] = [](CalledServer& server, Context& context) { server.respond(context, 500); };
  world.run(10s);
  EXPECT_EQ(failed(), (std::vector<std::uint32_t>{503, 500}));
  EXPECT_EQ(sent(0, Method::invite).size(), 1u);
  EXPECT_EQ(said(), (std::vector<Said>{{Kind::release, Release::rejected, 500}}));
  EXPECT_TRUE(world.phone[0]->idle());
}

TEST_F(Dialing, EndsWithAByeWhatIsAnsweredInTheMomentOfCancelling) {  // RFC 3261 §15
  on_invite[0] = [](CalledServer& server, Context& context) {
    server.respond(context, 180);
    server.respond_in(context, 8999200us, 200);  // sent at 9.9997 s
  };
  world.notice(10s, phone(), notice::Kind::hang_up, kCall);
  world.run(60s);
  EXPECT_EQ(sent(0, Method::cancel), Times{at(10s)});
  EXPECT_EQ(sent(0, Method::ack), Times{at(10000200us)});
  EXPECT_EQ(sent(0, Method::bye), Times{at(10000200us)});
  EXPECT_EQ(said(), (std::vector<Said>{{Kind::alerting}, {Kind::release, Release::no_response}}));
  EXPECT_TRUE(world.phone[0]->idle());
}

/// A SIP Server of the call has died after the answer, and word of it is under way: he is free at
/// that instant, and whoever still answers is sent a BYE (R5, RFC 3261 §15).
TEST_F(Dialing, EndsWhenItsSpeechIsLostBeforeHeHearsTheAnswer) {
  on_invite[0] = [](CalledServer& server, Context& context) {
    server.respond(context, 180);
    server.respond_in(context, 5s, 200);
  };
  world.notice(5999500us, phone(), notice::Kind::speech_lost, kCall);
  world.run(60s);
  EXPECT_EQ(said(), (std::vector<Said>{{Kind::alerting}, {Kind::release, Release::speech_lost}}));
  EXPECT_EQ(sent(0, Method::ack), Times{at(6001ms)});
  EXPECT_EQ(sent(0, Method::bye), Times{at(6001ms)});
  EXPECT_TRUE(world.phone[0]->idle());
}

/// His desktop shows no call any more: he puts the phone down, unless he talks.
TEST_F(Dialing, IsGivenUpWhenHisDesktopShowsNoCallUnlessSomebodyHasAnswered) {
  for (const bool answered : {false, true}) {
    DialingPhone one;
    one.on_invite[0] = [=](CalledServer& server, Context& context) {
      server.respond(context, 180);
      if (answered) server.respond_in(context, 2s, 200);
    };
    one.world.notice(10s, one.phone(), notice::Kind::hang_up, kCall);
    std::get<notice::Message>(one.world.notices.back()).index = 1;
    one.world.run(30s);
    EXPECT_EQ(one.sent(0, Method::cancel), answered ? Times{} : Times{at(10s)});
    EXPECT_EQ(one.said(),
              answered
                  ? (std::vector<Said>{{Kind::alerting}, {Kind::connect}, {Kind::speech}})
                  : (std::vector<Said>{{Kind::alerting}, {Kind::release, Release::no_response}}));
    EXPECT_EQ(one.world.phone[0]->idle(), !answered);
  }
}

TEST_F(Dialing, AcknowledgesACopyOfItsAnswerHoweverLate) {  // RFC 3261 §13.2.2.4
  on_invite[0] = [](CalledServer& server, Context& context) {
    server.respond(context, 200);
    server.succeed_late(context, 60s);
  };
  world.run(70s);
  EXPECT_EQ(sent(0, Method::ack), (Times{at(1001ms), at(61001ms)}));
  EXPECT_TRUE(sent(0, Method::bye).empty());
  EXPECT_FALSE(world.phone[0]->idle());
}

TEST_F(Dialing, RefusesTheLateAnswerOfAServerThatItHasGivenUp) {  // RFC 3261 §13.2.2.4
  on_invite[0] = [](CalledServer& server, Context& context) { server.succeed_late(context, 60s); };
  on_invite[1] = [](CalledServer& server, Context& context) { server.respond(context, 200); };
  world.run(70s);
  EXPECT_EQ(sent(1, Method::invite), Times{at(8500ms)});
  EXPECT_EQ(sent(0, Method::ack).size(), 1u);
  EXPECT_EQ(sent(0, Method::bye).size(), 1u);
  EXPECT_GT(sent(0, Method::bye).at(0), at(61s));
  EXPECT_TRUE(sent(1, Method::bye).empty());  // with that one he speaks on
  EXPECT_EQ(said(), (std::vector<Said>{{Kind::connect}, {Kind::speech}}));
  EXPECT_FALSE(world.phone[0]->idle());
}

}  // namespace
}  // namespace bcsim::testing::sip_phone_dialing_test
