// bcsim plan: all questions of a command line, one after the other, and their files.
#pragma once

#include <vector>

#include "tools/base/terminal.hpp"
#include "tools/plan/plan_output.hpp"
#include "tools/run/study.hpp"

namespace bcsim::tools {

struct PlanRequest {
  StudyRequest study;
  std::vector<Wanted> wanted;
  std::vector<double> growth;  ///< headroom; empty: not asked for
  PlannerOptions options;
};

/// Searches, writes plan.json and plan.csv, prints; returns the exit code. Each question is asked
/// of the scenario with the answers so far. May throw WriteError, PlanProblem.
[[nodiscard]] int run_plan(PlanRequest request, Terminal& terminal);

}  // namespace bcsim::tools
