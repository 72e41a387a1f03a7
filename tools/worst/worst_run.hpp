// bcsim worst: one failure at many moments of a window, as branches of one run.
#pragma once

#include <string>
#include <vector>

#include "tools/base/terminal.hpp"
#include "tools/run/study.hpp"
#include "tools/worst/worst_result.hpp"

namespace bcsim::tools {

struct WorstRequest {
  StudyRequest study;
  std::size_t fault = 0;  ///< whose moment is sought; index in the fault list
  models::SimTime from{}, until{};
  bool of_victim = false;  ///< only events that involve the victim
  std::size_t most = 200;  ///< moments to try
};

/// `most` of these times, or all if there are no more: one drawn from each of `most` equal parts.
[[nodiscard]] std::vector<models::SimTime> sample_times(const std::vector<models::SimTime>& times,
                                                        std::size_t most, std::uint64_t seed);

/// Simulates, writes worst.csv, worst.json and the scenarios of the worst cases, prints; returns
/// the exit code. May throw WriteError or UsageError.
[[nodiscard]] int run_worst(WorstRequest request, Terminal& terminal);

}  // namespace bcsim::tools
