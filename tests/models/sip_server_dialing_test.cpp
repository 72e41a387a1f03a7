// TMakeCall at the SIP Server: it rings the agent's own phone first, then whom he calls (R18, R62).
#include <gtest/gtest.h>

#include <vector>

#include "tests/models/sip_server_world.hpp"

namespace bcsim::models::testing::sip_server_dialing_test {
namespace {

using namespace std::chrono_literals;
using tlib::Kind;

/// Two agents at each site; the first of site 1 asks to call somebody at 1 s.
struct DialingWorld : ServerWorld {
  explicit DialingWorld(Dn dn = Dn::extension(AgentId{1})) : ServerWorld(2) {
    phones[0] = {.answer_after = 2s};
    phones[1] = {.answer_after = 3s, .hang_up_after = 10s};
    desktops.push_back({at(1s), AgentId{0}, 0, Kind::make_call, CallId{0}, dn});
  }
  [[nodiscard]] std::vector<Kind> told() const {
    std::vector<Kind> kinds;
    for (const auto& [when, m] : ServerWorld::told(0, 0)) kinds.push_back(m.kind);
    return kinds;
  }
  /// When requests of this method came to a node, acknowledgements of refusals left out.
  [[nodiscard]] std::vector<SimTime> asked(NodeId node, sip::Method method) const {
    std::vector<SimTime> times;
    for (const Heard& h : heard) {
      const auto* r = std::get_if<sip::Request>(&h.message);
      if (r != nullptr && h.to == node && r->method == method && !r->in_dialog) {
        times.push_back(h.at);
      }
    }
    return times;
  }
  /// The states that the dialling agent has been in, after the start.
  [[nodiscard]] std::vector<AgentState> states() const {
    std::vector<AgentState> entered;
    for (const auto& [when, r] : records<AgentStateChanged>()) {
      if (r.agent == AgentId{0} && r.site == 0 && when > at(0s)) entered.push_back(r.state);
    }
    return entered;
  }
};
using Kinds = std::vector<Kind>;
using States = std::vector<AgentState>;

TEST(SipServerDialing, CallsTheOtherOneWhenTheAgentHasLiftedHisOwnPhone) {
  DialingWorld w;
  w.run(60s);
  // That his own phone rings is no news to anybody.
  EXPECT_EQ(w.asked(w.phone(0), sip::Method::invite), std::vector{at(1s + 1ms)});
  EXPECT_EQ(w.asked(w.phone(1), sip::Method::invite), std::vector{at(3s + 2ms)});
  EXPECT_EQ(w.told(), (Kinds{Kind::dialing, Kind::established, Kind::released, Kind::ready}));
  EXPECT_EQ(w.states(), (States{AgentState::ringing, AgentState::talking,
                                AgentState::after_call_work, AgentState::ready}));
  const auto answered = w.records<CallAnswered>();
  ASSERT_EQ(answered.size(), 1u);
  EXPECT_EQ(answered[0].first, at(6s + 2500us));
  EXPECT_EQ(answered[0].second.agent, AgentId{1});
  EXPECT_EQ(w.pair(0).call_count(), 0u);
}

TEST(SipServerDialing, IsOverIfHisOwnPhoneRefusesOrIsNeverLifted) {
  for (const bool refuses : {true, false}) {
    DialingWorld w;
    w.phones[0] = {.refuse = refuses ? std::uint16_t{486} : std::uint16_t{0},
                   .answer_after = 10min};
    w.run(120s);
    EXPECT_TRUE(w.asked(w.phone(1), sip::Method::invite).empty());
    EXPECT_EQ(w.told(), (Kinds{Kind::dialing, Kind::call_refused, Kind::released}));
    EXPECT_EQ(w.states(), (States{AgentState::ringing, AgentState::ready}));
    EXPECT_EQ(w.pair(0).call_count(), 0u);
  }
}

TEST(SipServerDialing, EndsWhatNoGatewayCanTakeOut) {
  DialingWorld w(Dn::outside());  // the scenario has none
  w.run(60s);
  EXPECT_TRUE(w.records<CallSentOut>().empty());
  EXPECT_EQ(w.told(), (Kinds{Kind::dialing, Kind::released}));
  EXPECT_EQ(w.states(), (States{AgentState::ringing, AgentState::ready}));
  int byes = 0;
  for (const Heard& h : w.heard) {
    const auto* r = std::get_if<sip::Request>(&h.message);
    byes += r != nullptr && h.to == w.phone(0) && r->method == sip::Method::bye;
  }
  EXPECT_EQ(byes, 1);  // he had lifted it
  EXPECT_EQ(w.pair(0).call_count(), 0u);
}

}  // namespace
}  // namespace bcsim::models::testing::sip_server_dialing_test
