// The rate of a call stream over time: profile or volumes, times the day's busyness, times a surge.
#pragma once

#include <cstdint>
#include <vector>

#include "models/scenario.hpp"
#include "sim/rng.hpp"
#include "sim/time.hpp"

namespace bcsim::models {

/// What bends a stream's own rates.
struct ArrivalOptions {
  double busyness_cv = 0;  ///< of the day's gamma factor with mean 1; 0: none
  std::vector<SurgeStep> surge = {};
  sim::SimTime until = sim::kNever;         ///< no call at or after this time
  sim::Duration time_of_day_at_start = {};  ///< wall clock at time 0; tells where days begin
};

/// The gamma factor of a day (0: the day in which time 0 lies), by inversion of one uniform that is
/// the same for all streams: a busy day is busy for everyone.
[[nodiscard]] double busyness_factor(const sim::RngFactory& random, double cv, std::int64_t day);

/// A piecewise constant rate in calls per second.
class Intensity {
 public:
  /// Steps and intervals of `spec` in order of time, intervals apart. Single calls have no rate: 0.
  Intensity(const ArrivalSpec& spec, const ArrivalOptions& options, const sim::RngFactory& random);

  /// The rate at some time, and the first later time at which it may be another.
  struct Piece {
    double per_s = 0;
    sim::SimTime end = sim::kNever;
  };
  [[nodiscard]] Piece at(sim::SimTime t) const;
  /// Expected number of calls in [from, to).
  [[nodiscard]] double expected_calls(sim::SimTime from, sim::SimTime to) const;

 private:
  std::vector<RateStep> steps_;  // 0 before the first
  ArrivalOptions options_;
  sim::RngFactory random_;
};

}  // namespace bcsim::models
