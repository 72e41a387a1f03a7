// The ways in which contact centres compute a service level (domain.md §4.6).
#pragma once

#include <cstdint>
#include <limits>

#include "models/scenario.hpp"

namespace bcsim::models {

/// Calls to queues whose wait is over. "Within" the threshold T includes T itself.
struct ServiceLevelCounts {
  std::uint64_t answered = 0;
  std::uint64_t abandoned = 0;
  std::uint64_t answered_within = 0;
  std::uint64_t abandoned_within = 0;
  std::uint64_t abandoned_short = 0;  ///< within the short-abandon threshold
  std::uint64_t turned_away = 0;      ///< ended unanswered otherwise: lost, or default-routed

  void merge(const ServiceLevelCounts& other) {
    answered += other.answered;
    abandoned += other.abandoned;
    answered_within += other.answered_within;
    abandoned_within += other.abandoned_within;
    abandoned_short += other.abandoned_short;
    turned_away += other.turned_away;
  }
};

/// A fraction; NaN if its denominator is zero. F5 is F1 with the short-abandon threshold in place
/// of T for those who gave up. F6 alone sees calls that were neither answered nor abandoned: a
/// failure cannot look good by losing them.
[[nodiscard]] inline double service_level(ServiceLevelDefinition definition,
                                          const ServiceLevelCounts& c) {
  const auto ratio = [](std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? std::numeric_limits<double>::quiet_NaN()
                      : static_cast<double>(part) / static_cast<double>(whole);
  };
  switch (definition) {
    case ServiceLevelDefinition::f1:
      return ratio(c.answered_within + c.abandoned_within, c.answered + c.abandoned);
    case ServiceLevelDefinition::f2:
      return ratio(c.answered_within, c.answered);
    case ServiceLevelDefinition::f3:
      return ratio(c.answered_within, c.answered + c.abandoned);
    case ServiceLevelDefinition::f4:
      return ratio(c.answered_within, c.answered + c.abandoned - c.abandoned_within);
    case ServiceLevelDefinition::f5:
      return ratio(c.answered_within + c.abandoned_short, c.answered + c.abandoned);
    case ServiceLevelDefinition::f6:
      return ratio(c.answered_within, c.answered + c.abandoned + c.turned_away);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace bcsim::models
