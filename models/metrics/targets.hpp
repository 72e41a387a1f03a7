// What was demanded of each queue, and what it kept to. Results dictionary, "Targets".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "models/ledger/call_row.hpp"
#include "models/metrics/call_tally.hpp"
#include "models/metrics/recovery.hpp"
#include "models/scenario.hpp"

namespace bcsim::models {

enum class Target : std::uint8_t { answered, below_for, worst_wait, lost_callers, agents_back };
inline constexpr std::size_t kTargets = 5;
/// As in the metrics: "below_for".
[[nodiscard]] std::string_view name(Target target);

/// The limit in the unit of the metric (share, seconds, callers); nullopt: not asked for.
[[nodiscard]] std::optional<double> limit_of(const ServiceTarget& asked, Target target);
/// NaN does not meet it: agents who are not back were not back in time.
[[nodiscard]] bool meets(Target target, double value, double limit);

/// What a queue has done, by target; those not asked for are NaN.
struct TargetValues {
  std::array<double, kTargets> values{};

  [[nodiscard]] double of(Target target) const { return values[static_cast<std::size_t>(target)]; }
};

/// Shortest and longest stretch whose answered share is looked at: it ends with the call that is
/// dialled so long after its begin, if there are so many calls in it. ASSUMPTION: no source says
/// how often a service level is to be taken.
inline constexpr Duration kLevelWindow = 1min, kLongestLevelWindow = 15min;
inline constexpr std::size_t kLevelCalls = 20;

/// Time from the end of the warm-up to `horizon` for which too few calls to the queue, of those
/// that were dialled then and have ended, were answered in time; in seconds.
[[nodiscard]] double time_below(const std::vector<CallRow>& rows, const Scenario& scenario,
                                std::uint32_t queue, const AnsweredTarget& target, SimTime horizon);

/// By entry of `scenario.targets`.
[[nodiscard]] std::vector<TargetValues> target_values(const std::vector<CallRow>& rows,
                                                      const Scenario& scenario,
                                                      const CallTallies& tallies,
                                                      const std::vector<Recovery>& recoveries,
                                                      const std::vector<std::uint32_t>& group_of,
                                                      SimTime horizon);

}  // namespace bcsim::models
