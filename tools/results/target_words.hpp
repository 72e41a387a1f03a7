// Targets and what became of them, in words.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/metrics/run_result.hpp"

namespace bcsim::tools {

/// One target of one queue.
struct TargetLine {
  std::string queue;
  std::string what;   ///< "answered within 20 s"
  std::string limit;  ///< "at least 80 %"
  std::string
      metric;  ///< "target.sales.answered"; with ".met": 1, or the share of runs, if it holds
  std::string (*words)(double) = nullptr;  ///< a value of it
};

/// In the order of the scenario; a queue's targets together.
[[nodiscard]] std::vector<TargetLine> target_lines(const models::RunResult& result);

/// "66 %", "not back"
[[nodiscard]] std::string target_value_words(const TargetLine& line, double value);

}  // namespace bcsim::tools
