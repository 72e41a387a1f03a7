// What a failure did to each call: a run beside its twin, the same run without the faults.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "models/metrics/run_result.hpp"

namespace bcsim::tools {

/// How many calls fared otherwise because of the failure. Dictionary: "Because of the failure".
struct Attribution {
  std::uint64_t lost = 0, abandoned = 0, default_routed = 0, delayed = 0, callers_lost = 0,
                spared = 0;

  static constexpr std::size_t kCounts = 6;
  [[nodiscard]] std::array<double, kCounts> values() const;
};

struct AttributionDefinition {
  std::string_view id, unit, formula;
};
/// In the order of Attribution::values().
[[nodiscard]] const std::array<AttributionDefinition, Attribution::kCounts>&
attribution_definitions();

/// The last word on a call, in classes: served, abandoned, default-routed, lost, still there.
enum class CallOutcome : std::uint8_t {
  served,
  abandoned,
  default_routed,
  not_answered,
  lost,
  in_system
};
[[nodiscard]] CallOutcome outcome_of(models::Cause cause);

/// Counts, and marks in `result.attributed` each call whose outcome is not that of the same
/// attempt of the same caller in `twin`, or which has no counterpart there.
Attribution attribute(models::RunResult& result, const models::RunResult& twin);

}  // namespace bcsim::tools
