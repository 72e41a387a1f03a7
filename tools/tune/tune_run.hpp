// bcsim tune: all points in all worlds, on the same random numbers, and their files.
#pragma once

#include <vector>

#include "tools/base/terminal.hpp"
#include "tools/run/study.hpp"
#include "tools/tune/tune_result.hpp"

namespace bcsim::tools {

struct TuneRequest {
  StudyRequest study;
  std::vector<TuneFactor> factors;  ///< with what the scenario has in front
  std::size_t combinations = 12;
  std::uint32_t replications = 5;
  DisturbanceOptions disturbances;
};

/// Simulates, writes tune.json and tune.csv, prints; returns the exit code. May throw WriteError.
[[nodiscard]] int run_tune(TuneRequest request, Terminal& terminal);

}  // namespace bcsim::tools
