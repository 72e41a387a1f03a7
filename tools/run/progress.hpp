// How far a run is, with the time it still needs; on a terminal only.
#pragma once

#include <chrono>

#include <string>

#include "tools/base/terminal.hpp"

namespace bcsim::tools {

/// Draws one line on standard error and redraws it ten times a second; clears it when it dies.
/// Silent if standard error is no terminal, or with -q.
class Progress {
 public:
  /// `what` is being done: the scenario's name.
  Progress(Terminal& terminal, std::string what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  [[nodiscard]] bool on() const { return on_; }
  /// How much is done, from 0 to 1, and in words.
  void show(double done, const std::string& words);

 private:
  using Clock = std::chrono::steady_clock;

  Terminal& terminal_;
  std::string what_;
  bool on_;
  Clock::time_point began_, drawn_;
};

}  // namespace bcsim::tools
