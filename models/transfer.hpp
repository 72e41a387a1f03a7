// How a call is passed on to a second agent.
#pragma once

#include <cstdint>

#include "sim/time.hpp"

namespace bcsim::models {

enum class TransferKind : std::uint8_t {
  none,
  blind,         ///< TSingleStepTransfer: the caller waits for whoever takes the call
  consultation,  ///< TInitiateTransfer, then TCompleteTransfer or TReconnectCall
};

/// What will come of one call: travels with it like the rest of its Conversation.
struct TransferPlan {
  sim::Duration after{};            ///< of talk with the first agent
  sim::Duration talk{};             ///< with the second agent
  sim::Duration after_call_work{};  ///< of the second agent
  sim::Duration consultation{};     ///< talk of the two agents
  std::uint32_t line = 0;           ///< where a second agent is sought: Directory::line()
  TransferKind kind = TransferKind::none;
  bool reconnects = false;  ///< after the consultation the first agent takes the caller back
  bool asks = false;        ///< this is the consultation call itself, one agent's to another
};

}  // namespace bcsim::models
