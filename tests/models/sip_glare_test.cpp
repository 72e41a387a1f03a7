// A phone and its server whose messages cross: re-INVITEs (RFC 3261 §14), 2xx that nobody waits for
// any more (§13.2.2.4), and ACKs that belong to another INVITE.
#include <gtest/gtest.h>

#include "models/endpoints/sip_phone.hpp"
#include "tests/support/desk_world.hpp"

namespace bcsim::testing::sip_glare_test {
namespace {

using sip::Method;
using Times = std::vector<SimTime>;

constexpr CallId kCall{7};
constexpr Duration kAnswered = 1s + 500us;  // the phone answers at once

DeskWorld rung() {
  Scenario s = desk_scenario(1);
  s.agents[0].phone.registration = RegistrationMode::dual;
  s.agents[0].phone.first_refresh = 59s;
  return DeskWorld(s);
}
void ring(DeskWorld& world, const Conversation& conversation) {
  world.script[0].at(1s, [=](StubSipServer& server, Context& context) {
    server.ring(context, 0, kCall, conversation);
  });
}
/// Re-INVITEs that left, by CSeq.
std::vector<std::uint32_t> reinvites(const DeskWorld& world, NodeId to) {
  std::vector<std::uint32_t> out;
  for (const auto& d : world.deliveries) {
    const auto* r = std::get_if<sip::Request>(&d.envelope.message);
    if (r != nullptr && r->in_dialog && r->method == Method::invite && d.target == to)
      out.push_back(r->cseq);
  }
  return out;
}

TEST(Glare, BothReInvitesThatCrossAreTurnedAwayAndSentAgainLater) {  // §14.1, §14.2
  DeskWorld world = rung();
  ring(world, {.talk = 60s, .hold = 20s, .hold_after = 5s});
  world.script[0].at(kAnswered + 5s,
                     [](StubSipServer& server, Context& c) { server.reinvite(c, 0); });
  world.run(60s);
  const NodeId phone = world.directory.agents[0].phone, server = world.sip_server[0];
  ASSERT_EQ(world.responses_at(phone, 491).size(), 1u);
  EXPECT_EQ(world.responses_at(server, 491).size(), 1u);
  // Neither owner of the Call-ID here, so each waits up to 2 s; in the end both have been heard:
  // hold, refresh and, 20 s after it, retrieve, with rising CSeqs.
  EXPECT_EQ(reinvites(world, server), (std::vector<std::uint32_t>{1, 2, 3}));
  EXPECT_EQ(reinvites(world, phone), (std::vector<std::uint32_t>{3, 4}));
  EXPECT_EQ(world.server[0]->desk(0).responses, (std::vector<std::uint16_t>{100, 180, 200, 200}));
}

TEST(Glare, ThePhoneRetrievesOnlyWhenTheHoldIsDone) {  // §14.1: one INVITE at a time
  DeskWorld world = rung();
  ring(world, {.talk = 60s, .hold = 1s, .hold_after = 5s});
  // The server hears nothing from before the hold until after the retrieval is due.
  world.script[0].at(6s, [&](StubSipServer&, Context&) { world.script[0].deaf = true; });
  world.script[0].at(9s, [&](StubSipServer&, Context&) { world.script[0].deaf = false; });
  world.run(40s);
  const NodeId server = world.sip_server[0];
  std::vector<bool> held;
  for (const auto& d : world.deliveries) {
    const auto* r = std::get_if<sip::Request>(&d.envelope.message);
    if (r == nullptr || !r->in_dialog || r->method != Method::invite || d.target != server)
      continue;
    if (held.empty() || held.back() != r->held) held.push_back(r->held);
  }
  EXPECT_EQ(held, (std::vector<bool>{true, false}));
  const auto retrieved = reinvites(world, server);
  EXPECT_EQ(retrieved.back(), 2u);
}

}  // namespace
}  // namespace bcsim::testing::sip_glare_test
