// bcsim tune: all points in all worlds, on the same random numbers, and their files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tools/cli/terminal.hpp"
#include "tools/scenario/load.hpp"
#include "tools/tune/tune_result.hpp"

namespace bcsim::tools {

struct TuneRequest {
  std::string path;                    ///< of the scenario, as the user named it
  std::vector<std::string> overrides;  ///< of the command line
  Loaded base;
  std::vector<TuneFactor> factors;  ///< with what the scenario has in front
  std::size_t combinations = 12;
  std::uint32_t replications = 5;
  DisturbanceOptions disturbances;
  std::filesystem::path out;  ///< empty: results/<scenario>/tune-<id>
  unsigned jobs = 1;
  bool json = false;
};

/// Simulates, writes tune.json and tune.csv, prints; returns the exit code. May throw WriteError.
[[nodiscard]] int run_tune(TuneRequest request, Terminal& terminal);

}  // namespace bcsim::tools
