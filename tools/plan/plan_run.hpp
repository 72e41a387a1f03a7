// bcsim plan: all questions of a command line, one after the other, and their files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tools/cli/terminal.hpp"
#include "tools/plan/plan_output.hpp"
#include "tools/scenario/load.hpp"

namespace bcsim::tools {

struct PlanRequest {
  std::string path;                    ///< of the scenario, as the user named it
  std::vector<std::string> overrides;  ///< of the command line
  Loaded base;
  std::vector<Wanted> wanted;
  std::vector<double> growth;  ///< headroom; empty: not asked for
  PlannerOptions options;
  std::filesystem::path out;  ///< empty: results/<scenario>/plan-<id>
  unsigned jobs = 1;
  bool json = false;
};

/// Searches, writes plan.json and plan.csv, prints; returns the exit code. Each question is asked
/// of the scenario with the answers so far. May throw WriteError, PlanProblem.
[[nodiscard]] int run_plan(PlanRequest request, Terminal& terminal);

}  // namespace bcsim::tools
