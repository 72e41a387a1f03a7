// Simulated time: integer nanoseconds since the start of the run.
#pragma once

#include <chrono>
#include <cstdint>

namespace bcsim::sim {

/// The simulation's clock. It has no now(): only a running simulation knows the time.
struct SimClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<SimClock>;
  static constexpr bool is_steady = true;
};

using Duration = SimClock::duration;
using SimTime = SimClock::time_point;

inline constexpr SimTime kStart{};
inline constexpr SimTime kNever = SimTime::max();

using namespace std::chrono_literals;

/// Seconds as floating point, for statistics and output only.
[[nodiscard]] constexpr double seconds(Duration d) {
  return std::chrono::duration<double>(d).count();
}
[[nodiscard]] constexpr double seconds(SimTime t) {
  return seconds(t.time_since_epoch());
}

/// Rounds a real number of seconds to the nearest nanosecond, saturating at the largest duration.
/// Every random draw goes through here, so that results do not depend on the last bits of libm.
/// Longer than any run, and short enough for some of them to be added up.
inline constexpr Duration kEndless = std::chrono::years(50);

[[nodiscard]] constexpr Duration from_seconds(double s) {
  constexpr double kMax = 9.2e9;  // seconds; above this an int64 of nanoseconds overflows
  if (!(s < kMax)) return Duration::max();
  if (!(s > -kMax)) return Duration::min();
  const double ns = s * 1e9;
  return Duration(static_cast<std::int64_t>(ns < 0 ? ns - 0.5 : ns + 0.5));
}

}  // namespace bcsim::sim
