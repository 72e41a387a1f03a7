// The fault steps of a run that are still to come, planned or brought about by the run itself.
#pragma once

#include <cassert>
#include <cstdint>
#include <set>

#include "sim/fault_plan.hpp"
#include "sim/time.hpp"

namespace bcsim::sim {

class FaultQueue {
 public:
  /// Returns the step's number.
  std::uint32_t add(const FaultStep& step) {
    times_.insert(step.at);
    steps_.push_back(step);
    return static_cast<std::uint32_t>(steps_.size() - 1);
  }
  /// The step, which is done now or never; a copy, since more may be added meanwhile.
  FaultStep take(std::uint32_t number) {
    const auto time = times_.find(steps_[number].at);
    assert(time != times_.end());
    times_.erase(time);
    return steps_[number];
  }
  /// Date of the next one; kNever if there is none.
  [[nodiscard]] SimTime next() const { return times_.empty() ? kNever : *times_.begin(); }

 private:
  FaultPlan steps_;
  std::multiset<SimTime> times_;
};

}  // namespace bcsim::sim
