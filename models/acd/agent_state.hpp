// The state of an agent at a SIP Server, and which events may change it (domain.md §2.8, D26).
#pragma once

#include <cstdint>
#include <optional>

#include "models/records.hpp"

namespace bcsim::models::acd {

enum class AgentInput : std::uint8_t {
  login,
  logout,  ///< asked for or forced; a call in progress goes on without the agent state
  set_ready,
  set_not_ready,
  ring,       ///< a call is offered to the DN
  no_answer,  ///< the ringing call was taken away: caller gone, other agent, or leg failed
  answer,
  hold,
  retrieve,
  release,          ///< the call is over, with after-call work to follow
  release_no_work,  ///< the call is over, nothing to follow
  after_call_work_done,
};
inline constexpr int kAgentInputs = static_cast<int>(AgentInput::after_call_work_done) + 1;

/// One agent's state machine. A wish to be ready or not ready during a call holds for afterwards;
/// after after-call work an agent is ready unless he wished otherwise.
class AgentStateMachine {
 public:
  /// Changes the state; false, and nothing changed, if this cannot happen in the present state.
  [[nodiscard]] constexpr bool on(AgentInput input);

  [[nodiscard]] constexpr AgentState state() const { return state_; }
  [[nodiscard]] constexpr bool logged_in() const { return state_ != AgentState::logged_out; }
  /// Can be given a call.
  [[nodiscard]] constexpr bool available() const { return state_ == AgentState::ready; }
  /// Has a call ringing, talking or held.
  [[nodiscard]] constexpr bool in_call() const {
    return state_ == AgentState::ringing || talking();
  }
  /// Counts as handling time (domain.md §4.2, §4.6 occupancy): call or after-call work.
  [[nodiscard]] constexpr bool busy() const {
    return in_call() || state_ == AgentState::after_call_work;
  }

 private:
  [[nodiscard]] constexpr bool talking() const {
    return state_ == AgentState::talking || state_ == AgentState::held;
  }
  [[nodiscard]] constexpr bool idle() const {
    return state_ == AgentState::ready || state_ == AgentState::not_ready;
  }
  [[nodiscard]] constexpr AgentState rest() const {
    return wants_ready_ ? AgentState::ready : AgentState::not_ready;
  }
  [[nodiscard]] constexpr std::optional<AgentState> next(AgentInput input) const;

  AgentState state_ = AgentState::logged_out;
  bool wants_ready_ = false;
};

constexpr std::optional<AgentState> AgentStateMachine::next(AgentInput input) const {
  using S = AgentState;
  if (input == AgentInput::login) {
    return logged_in() ? std::nullopt : std::optional(S::not_ready);
  }
  if (!logged_in()) return std::nullopt;
  switch (input) {
    case AgentInput::login:
      break;  // done above
    case AgentInput::logout:
      return S::logged_out;
    case AgentInput::set_ready:
      return in_call() ? state_ : S::ready;  // also cuts after-call work short
    case AgentInput::set_not_ready:
      return idle() ? S::not_ready : state_;
    case AgentInput::ring:
      // A direct call or a hunt group rings a DN whose agent is not ready, too (domain.md §2.7).
      // After-call work is broken off for it (ASSUMPTION).
      if (idle() || state_ == S::after_call_work) return S::ringing;
      break;
    case AgentInput::no_answer:
      if (state_ == S::ringing) return rest();
      break;
    case AgentInput::answer:
      if (state_ == S::ringing) return S::talking;
      break;
    case AgentInput::hold:
      if (state_ == S::talking) return S::held;
      break;
    case AgentInput::retrieve:
      if (state_ == S::held) return S::talking;
      break;
    case AgentInput::release:
      if (talking()) return S::after_call_work;
      break;
    case AgentInput::release_no_work:
      if (talking()) return rest();
      break;
    case AgentInput::after_call_work_done:
      if (state_ == S::after_call_work) return rest();
      break;
  }
  return std::nullopt;
}

constexpr bool AgentStateMachine::on(AgentInput input) {
  const auto to = next(input);
  if (!to) return false;
  if (input == AgentInput::set_ready) wants_ready_ = true;
  if (input == AgentInput::set_not_ready || input == AgentInput::login) wants_ready_ = false;
  state_ = *to;
  return true;
}

}  // namespace bcsim::models::acd
