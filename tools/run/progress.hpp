// How far a run is, with the time it still needs; on a terminal only.
#pragma once

#include <chrono>

#include "models/scenario.hpp"
#include "tools/cli/terminal.hpp"

namespace bcsim::tools {

/// Draws one line on standard error and redraws it ten times a second; clears it when it dies.
/// Silent if standard error is no terminal, or with -q.
class Progress {
 public:
  Progress(Terminal& terminal, const models::Scenario& scenario);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(models::SimTime reached);

 private:
  using Clock = std::chrono::steady_clock;

  Terminal& terminal_;
  const models::Scenario& scenario_;
  bool on_;
  Clock::time_point began_, drawn_;
};

}  // namespace bcsim::tools
