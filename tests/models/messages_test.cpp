// What every message of the world is called, and by what its draws of loss and jitter are told
// from those of others.
#include "models/messages.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "models/domain.hpp"

namespace bcsim::models::messages_test {
namespace {

constexpr CallId kCall{7};
constexpr AgentId kAgent{3};

template <class M, class Member, class Value>
M with(M message, Member M::*member, Value value) {
  message.*member = value;
  return message;
}

/// Of each kind one, and those that differ from it in one thing.
std::vector<Message> messages() {
  sip::Request request;
  request.dialog = 5;
  request.cseq = 1;
  sip::Response response;
  response.dialog = 5;
  response.cseq = 1;
  response.status = 200;
  using sip::Request, sip::Response;
  return {
      request,
      with(request, &Request::dialog, 6u),
      with(request, &Request::cseq, 2u),
      with(request, &Request::copy, 1),
      with(request, &Request::method, sip::Method::bye),
      with(request, &Request::has_credentials, true),
      response,
      with(response, &Response::dialog, 6u),
      with(response, &Response::cseq, 2u),
      with(response, &Response::copy, 1),
      with(response, &Response::status, 180),
      with(tlib::Message{}, &tlib::Message::agent, kAgent),
      with(tlib::Message{}, &tlib::Message::agent, AgentId{4}),
      with(tlib::Message{}, &tlib::Message::call, kCall),
      with(tlib::Message{}, &tlib::Message::kind, tlib::Kind::addp_reply),
      with(config::Message{}, &config::Message::agent, kAgent),
      with(config::Message{}, &config::Message::kind, config::Kind::write),
      with(pstn::Message{}, &pstn::Message::call, kCall),
      peer::Message{},
      with(peer::Message{}, &peer::Message::agent, kAgent),
      with(peer::Message{}, &peer::Message::flag, true),
      with(peer::Message{}, &peer::Message::copy, std::uint16_t{1}),
      with(peer::Message{}, &peer::Message::since, sim::kStart + Duration(5)),
      with(peer::Message{}, &peer::Message::priority, 7),
      with(peer::Message{}, &peer::Message::number, 3u),
      with(notice::Message{}, &notice::Message::kind, notice::Kind::rtp_stopped),
  };
}

TEST(Messages, HaveANameOfTheirKind) {
  std::set<std::string> names;
  for (const Message& message : messages()) names.insert(Domain::message_name(message));
  EXPECT_EQ(names, (std::set<std::string>{"SIP requests", "SIP responses", "T-Library messages",
                                          "configuration messages", "trunk messages",
                                          "peer messages", "notices"}));
}

TEST(Messages, DrawByThemselvesAndTheSameWhenSentInAnotherRun) {
  std::set<std::uint64_t> keys;
  for (const Message& message : messages()) {
    EXPECT_TRUE(keys.insert(draw_key(message)).second) << message_name(message);
    const Message copy = message;
    EXPECT_EQ(draw_key(copy), draw_key(message));
  }
}

TEST(Messages, OfTrunksAndNoticesTakeNoPlaceOnTheWireAndOthersMoreThanTheirHeaders) {
  for (const Message& message : messages()) {
    const bool wire = !std::holds_alternative<pstn::Message>(message) &&
                      !std::holds_alternative<notice::Message>(message);
    EXPECT_EQ(size_bytes(message) > 40, wire) << message_name(message);
    EXPECT_TRUE(wire || size_bytes(message) == 0) << message_name(message);
  }
  config::Message reply;
  reply.kind = config::Kind::read_reply;
  EXPECT_GT(size_bytes(reply), size_bytes(config::Message{}));
}

}  // namespace
}  // namespace bcsim::models::messages_test
