// The fluid transient after a site is lost: how the survivors fill up and the queue then grows.
#pragma once

#include <optional>

namespace bcsim::models {

/// From time 0 on, `agents` serve all calls, of which `busy_at_start` are in hand. Random
/// fluctuation is left out: read it as a scale of time and size, and judge peaks by simulation.
struct FluidTransient {
  double calls_per_s = 0;
  double handling_s = 0;
  double agents = 0;
  double busy_at_start = 0;    ///< at most `agents`
  double mean_patience_s = 0;  ///< of exponential patience; > 0

  [[nodiscard]] double erlangs() const { return calls_per_s * handling_s; }
  /// When the last agent becomes busy: ln((a - B0) / (a - n)) handling times; empty if never.
  [[nodiscard]] std::optional<double> fill_time_s() const;
  /// Busy agents at t: a + (B0 - a) exp(-t / handling) until they are full.
  [[nodiscard]] double busy_agents(double t_s) const;
  /// Calls waiting at t: from the fill time on, Q' = lambda - n mu - Q / patience, from 0.
  [[nodiscard]] double queue(double t_s) const;
  /// Calls waiting in the long run; 0 if the agents never fill.
  [[nodiscard]] double final_queue() const;
  /// Fraction of arrivals who give up in the long run.
  [[nodiscard]] double final_p_abandon() const;
};

}  // namespace bcsim::models
