// What a call's states mean, and the table that finds calls by their dialogs.
#include "models/sip_server/call.hpp"

#include <gtest/gtest.h>

namespace bcsim::models::testing::sip_server_call_states_test {
namespace {

using State = ServerCall::State;
using Far = ServerCall::Far;

TEST(ServerCall, IsUnassignedOfferedOrConnected) {
  struct Row {
    State state;
    bool unassigned, connected;
  };
  for (const Row& row : {Row{State::treated, true, false}, Row{State::waiting, true, false},
                         Row{State::offered, false, false}, Row{State::talking, false, true},
                         Row{State::held, false, true}}) {
    ServerCall call;
    call.state = row.state;
    EXPECT_EQ(call.unassigned(), row.unassigned);
    EXPECT_EQ(call.connected(), row.connected);
  }
}

TEST(ServerCall, ConcernsAnAgentHereByItsFarSide) {
  struct Row {
    Far far;
    bool here, supervised;
  };
  for (const Row& row : {Row{Far::nobody, false, false}, Row{Far::phone_here, true, false},
                         Row{Far::agent_here, true, true}, Row{Far::agent_at_peer, false, false},
                         Row{Far::peer, false, false}, Row{Far::outside, false, false}}) {
    for (const bool queued : {false, true}) {
      for (const bool from_peer : {false, true}) {
        for (const CallKind kind : {CallKind::queue, CallKind::direct}) {
          ServerCall call;
          call.far = row.far;
          call.agent = AgentId{3};
          call.caller.from_peer = from_peer;
          call.conversation.kind = kind;
          if (queued) call.queue = 0;
          EXPECT_EQ(call.here(), row.here);
          EXPECT_EQ(call.supervised(), row.supervised);
          EXPECT_EQ(call.supervises(AgentId{3}), row.supervised);
          EXPECT_FALSE(call.supervises(AgentId{4}));
          const bool by_peer = from_peer && kind == CallKind::queue && !queued;
          EXPECT_EQ(call.routed_by_peer(), by_peer);
          EXPECT_EQ(call.to_own_number(), row.here && !queued && !by_peer);
        }
      }
    }
  }
}

TEST(ServerCall, IsConfirmedOnceTheCallerIsAnswered) {
  struct Row {
    CallerLeg::State state;
    bool confirmed;
  };
  for (const Row& row :
       {Row{CallerLeg::State::trying, false}, Row{CallerLeg::State::ringing, false},
        Row{CallerLeg::State::answered, true}, Row{CallerLeg::State::confirmed, true}}) {
    ServerCall call;
    call.caller.state = row.state;
    EXPECT_EQ(call.confirmed(), row.confirmed);
  }
}

TEST(ServerCall, SupervisesWhoHasPlacedItIfHeIsLoggedIn) {
  ServerCall call;
  call.dialler = AgentId{2};
  EXPECT_FALSE(call.supervises(AgentId{2}));
  call.dialler_supervised = true;
  EXPECT_TRUE(call.supervises(AgentId{2}));
}

TEST(CallTable, ForgetsEveryLegOfACallThatIsGivenBackAndTellsItsSuccessorFromIt) {
  CallTable calls(1);
  const std::uint32_t slot = calls.take();
  calls[slot].caller.dialog = 11;
  calls[slot].agent_leg.dialog = 12;
  calls[slot].treatment.dialog = 13;
  for (const std::uint64_t dialog : {11u, 12u, 13u}) calls.bind(dialog, slot);
  for (const std::uint64_t dialog : {11u, 12u, 13u}) EXPECT_EQ(calls.find(dialog), slot);
  EXPECT_EQ(calls.count(), 1u);
  const std::uint32_t generation = calls[slot].generation;
  calls.give_back(slot);
  EXPECT_EQ(calls.count(), 0u);
  EXPECT_FALSE(calls[slot].live);
  for (const std::uint64_t dialog : {11u, 12u, 13u})
    EXPECT_EQ(calls.find(dialog), CallTable::kNone);
  const std::uint32_t next = calls.take();
  EXPECT_EQ(next, slot);
  EXPECT_TRUE(calls[next].live);
  EXPECT_NE(calls[next].generation, generation);
  EXPECT_EQ(calls[next].caller.dialog, 0u);
}

TEST(CallTable, CountsPerLineAndForgetsAllWhenThePairIsLost) {
  CallTable calls(2);
  const std::uint32_t slot = calls.take();
  const std::uint32_t generation = calls[slot].generation;
  calls.bind(7, slot);
  EXPECT_EQ(calls.enter_line(1), 1u);
  EXPECT_EQ(calls.enter_line(1), 2u);
  calls.leave_line(1);
  EXPECT_EQ(calls.waiting(1), 1u);
  EXPECT_EQ(calls.waiting(0), 0u);
  calls.clear();
  EXPECT_EQ(calls.waiting(1), 0u);
  EXPECT_EQ(calls.count(), 0u);
  EXPECT_EQ(calls.find(7), CallTable::kNone);
  EXPECT_NE(calls[slot].generation, generation);
}

}  // namespace
}  // namespace bcsim::models::testing::sip_server_call_states_test
