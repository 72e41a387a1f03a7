#include "models/sip_server/call.hpp"

#include <cassert>

namespace bcsim::models {

std::uint32_t CallTable::take() {
  const std::uint32_t slot = calls_.take();
  ServerCall& call = calls_[slot];
  const std::uint32_t generation = call.generation;
  call = {};
  call.generation = generation;
  call.live = true;
  ++count_;
  return slot;
}

void CallTable::give_back(std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  assert(call.live);
  unbind(call.caller.dialog);
  unbind(call.agent_leg.dialog);
  unbind(call.treatment.dialog);
  call.live = false;
  ++call.generation;
  --count_;
  calls_.give_back(slot);
}

void CallTable::clear() {
  for (std::uint32_t slot = 0; slot < capacity(); ++slot) {
    if (!calls_[slot].live) continue;
    calls_[slot].live = false;
    ++calls_[slot].generation;
    calls_.give_back(slot);
  }
  by_dialog_.clear();
  for (std::uint32_t& waiting : waiting_) waiting = 0;
  count_ = 0;
}

}  // namespace bcsim::models
