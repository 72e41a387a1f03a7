// The media server: a second dialog of every treated call (domain.md §3.9a).
#include "models/endpoints/media_server.hpp"

#include <gtest/gtest.h>

#include "tests/support/gateway_world.hpp"

namespace bcsim::testing::media_server_test {
namespace {

using sip::Method;

constexpr CallId kCall{0};

/// A world whose first SIP Server sends bare requests to the media server beside it.
struct MediaWorld : GatewayWorld {
  MediaWorld() : GatewayWorld(gateway_scenario()) {
    const auto& host = topology.hosts[topology.nodes[sip_server[0].value].host.value];
    topology.add_route(host.place, host.place, {});
  }
  void send(Duration when, Method method, std::uint32_t cseq, std::uint64_t dialog = 1) {
    script[0].at(when, [=, this](CallServer&, Context& context) {
      sip::Request request;
      request.method = method;
      request.in_dialog = cseq > 1 || method == Method::ack;
      request.dialog = dialog;
      request.cseq = cseq;
      request.branch = dialog * 1000 + cseq;
      const models::Message message{request};
      context.send_as(directory.sip_server[0], directory.media_server[0], message,
                      size_bytes(message));
    });
  }
  using Answer = std::tuple<SimTime, Method, std::uint16_t, NodeId>;
  [[nodiscard]] std::vector<Answer> answers() const {
    std::vector<Answer> result;
    for (const auto& d : deliveries) {
      const auto* r = std::get_if<sip::Response>(&d.envelope.message);
      if (r != nullptr && d.source == media()) {
        result.emplace_back(d.at, r->method, r->status, r->media);
      }
    }
    return result;
  }
  [[nodiscard]] NodeId media() const { return NodeId{directory.media_server[0].value}; }
};
using Answers = std::vector<MediaWorld::Answer>;

TEST(MediaServer, AnswersAtOnceWithItsOwnMediaAndAgreesToEveryEnd) {
  MediaWorld world;
  world.send(1s, Method::invite, 1);
  world.send(1100ms, Method::ack, 1);
  world.send(2s, Method::invite, 2);
  world.send(2100ms, Method::ack, 2);
  world.send(3s, Method::bye, 3);
  world.send(4s, Method::options, 4);
  world.send(5s, Method::register_, 5);
  world.run(10s);
  EXPECT_EQ(world.answers(), (Answers{{at(1s), Method::invite, 200, world.media()},
                                      {at(2s), Method::invite, 200, world.media()},
                                      {at(3s), Method::bye, 200, NodeId{}},
                                      {at(4s), Method::options, 200, NodeId{}},
                                      {at(5s), Method::register_, 405, NodeId{}}}));
}

TEST(MediaServer, PlaysOnThoughItsCallIsCancelledTooLate) {  // RFC 3261 §9.2
  MediaWorld world;
  world.send(1s, Method::invite, 1);
  world.send(1100ms, Method::ack, 1);
  world.send(1200ms, Method::cancel, 1);
  world.send(2s, Method::cancel, 1, 7);  // of an INVITE that it has never seen
  world.run(10s);
  EXPECT_EQ(world.answers(), (Answers{{at(1s), Method::invite, 200, world.media()},
                                      {at(1200ms), Method::cancel, 200, NodeId{}},
                                      {at(2s), Method::cancel, 481, NodeId{}}}));
}

TEST(MediaServer, RepeatsItsAnswerUntilItIsAcknowledgedOrTheCallEnds) {
  MediaWorld world;
  world.send(1s, Method::invite, 1);
  world.send(2s, Method::bye, 2);  // without an ACK: a copy at 1.5, none at 2.5
  world.send(10s, Method::invite, 1, 2);
  world.send(12s, Method::ack, 1, 2);  // copies at 10.5 and 11.5, none at 13.5
  world.run(60s);
  std::vector<SimTime> invites;
  for (const auto& [when, method, status, media] : world.answers()) {
    if (method == Method::invite) invites.push_back(when);
  }
  EXPECT_EQ(invites, (std::vector<SimTime>{at(1s), at(1500ms), at(10s), at(10500ms), at(11500ms)}));
}

}  // namespace
}  // namespace bcsim::testing::media_server_test
