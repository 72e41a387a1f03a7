// A state that may last for a while only.
#pragma once

#include <algorithm>

#include "sim/time.hpp"

namespace bcsim::models {

/// Since when something has been as it should not be; sim::kNever: it is as it should be.
class BadSince {
 public:
  void set(sim::SimTime at, bool bad) {
    if (!bad) {
      since_ = sim::kNever;
    } else if (since_ == sim::kNever) {
      since_ = at;
    }
  }
  [[nodiscard]] bool longer_than(sim::Duration d, sim::SimTime from, sim::SimTime horizon) const {
    return since_ != sim::kNever && std::max(since_, from) + d < horizon;
  }
  [[nodiscard]] sim::SimTime since() const { return since_; }

 private:
  sim::SimTime since_ = sim::kNever;
};

}  // namespace bcsim::models
