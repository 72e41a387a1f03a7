// The agent's states, every state and input: domain.md §2.8 (D26), §4.2, §4.6.
#include "models/acd/agent_state.hpp"

#include <gtest/gtest.h>

#include <map>
#include <type_traits>
#include <utility>
#include <vector>

namespace bcsim::models::acd::acd_agent_state_test {
namespace {

static_assert(std::is_trivially_copyable_v<AgentStateMachine>);
using I = AgentInput;
using S = AgentState;

const std::map<S, std::vector<I>> kPaths{
    {S::logged_out, {}},
    {S::not_ready, {I::login}},
    {S::ready, {I::login, I::set_ready}},
    {S::ringing, {I::login, I::set_ready, I::ring}},
    {S::talking, {I::login, I::set_ready, I::ring, I::answer}},
    {S::held, {I::login, I::set_ready, I::ring, I::answer, I::hold}},
    {S::after_call_work, {I::login, I::set_ready, I::ring, I::answer, I::release}}};

/// The agent wishes to be ready in every state but logged_out and not_ready.
const std::map<std::pair<S, I>, S> kTable{
    {{S::logged_out, I::login}, S::not_ready},

    {{S::not_ready, I::logout}, S::logged_out},
    {{S::not_ready, I::set_ready}, S::ready},
    {{S::not_ready, I::set_not_ready}, S::not_ready},
    {{S::not_ready, I::ring}, S::ringing},

    {{S::ready, I::logout}, S::logged_out},
    {{S::ready, I::set_ready}, S::ready},
    {{S::ready, I::set_not_ready}, S::not_ready},
    {{S::ready, I::ring}, S::ringing},

    {{S::ringing, I::logout}, S::logged_out},
    {{S::ringing, I::set_ready}, S::ringing},
    {{S::ringing, I::set_not_ready}, S::ringing},
    {{S::ringing, I::no_answer}, S::ready},
    {{S::ringing, I::answer}, S::talking},

    {{S::talking, I::logout}, S::logged_out},
    {{S::talking, I::set_ready}, S::talking},
    {{S::talking, I::set_not_ready}, S::talking},
    {{S::talking, I::hold}, S::held},
    {{S::talking, I::release}, S::after_call_work},
    {{S::talking, I::release_no_work}, S::ready},

    {{S::held, I::logout}, S::logged_out},
    {{S::held, I::set_ready}, S::held},
    {{S::held, I::set_not_ready}, S::held},
    {{S::held, I::retrieve}, S::talking},
    {{S::held, I::release}, S::after_call_work},
    {{S::held, I::release_no_work}, S::ready},

    {{S::after_call_work, I::logout}, S::logged_out},
    {{S::after_call_work, I::set_ready}, S::ready},
    {{S::after_call_work, I::set_not_ready}, S::after_call_work},
    {{S::after_call_work, I::ring}, S::ringing},
    {{S::after_call_work, I::after_call_work_done}, S::ready}};

AgentStateMachine in(S state) {
  AgentStateMachine m;
  for (const I input : kPaths.at(state)) EXPECT_TRUE(m.on(input));
  EXPECT_EQ(m.state(), state);
  return m;
}

TEST(AgentStateMachine, FollowsItsTableAndRefusesTheRest) {
  for (const auto& [state, path] : kPaths) {
    for (int i = 0; i < kAgentInputs; ++i) {
      AgentStateMachine m = in(state);
      const auto row = kTable.find({state, static_cast<I>(i)});
      EXPECT_EQ(m.on(static_cast<I>(i)), row != kTable.end());
      EXPECT_EQ(m.state(), row == kTable.end() ? state : row->second)
          << static_cast<int>(state) << " × " << i;
    }
  }
}

TEST(AgentStateMachine, RemembersAWishMadeDuringACall) {
  AgentStateMachine m = in(S::talking);
  EXPECT_TRUE(m.on(I::set_not_ready));
  EXPECT_TRUE(m.on(I::release));
  EXPECT_TRUE(m.on(I::after_call_work_done));
  EXPECT_EQ(m.state(), S::not_ready);

  AgentStateMachine called_while_not_ready;
  for (const I input : {I::login, I::ring, I::no_answer}) {
    EXPECT_TRUE(called_while_not_ready.on(input));
  }
  EXPECT_EQ(called_while_not_ready.state(), S::not_ready);
}

TEST(AgentStateMachine, StartsNotReadyAtEveryLogin) {
  AgentStateMachine m = in(S::ready);
  EXPECT_TRUE(m.on(I::logout));
  EXPECT_TRUE(m.on(I::login));
  EXPECT_EQ(m.state(), S::not_ready);
}

TEST(AgentStateMachine, TellsWhoCanBeGivenACallAndWhoIsAtWork) {  // §4.6 occupancy
  for (const auto& [state, path] : kPaths) {
    const AgentStateMachine m = in(state);
    const bool call = state == S::ringing || state == S::talking || state == S::held;
    EXPECT_EQ(m.logged_in(), state != S::logged_out);
    EXPECT_EQ(m.available(), state == S::ready);
    EXPECT_EQ(m.in_call(), call);
    EXPECT_EQ(m.busy(), call || state == S::after_call_work);
  }
}

}  // namespace
}  // namespace bcsim::models::acd::acd_agent_state_test
