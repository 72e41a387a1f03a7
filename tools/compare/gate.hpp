// What a comparison says of a gate.
#pragma once

#include <cstdint>
#include <string_view>

#include "models/metrics/definitions.hpp"
#include "tools/scenario/keys/gate_rule.hpp"
#include "tools/stats/estimate.hpp"

namespace bcsim::tools {

/// Which way of a metric is good; `definition` is its row of the dictionary.
[[nodiscard]] models::Good good_direction(std::string_view definition);

enum class GateVerdict { passed, failed, inconclusive };
[[nodiscard]] std::string_view name(GateVerdict verdict);

/// What a gate looks at: `of` is the metric of B or, for worse and better, B − A.
struct GateInput {
  Estimate of;
  double value_of_a = 0;
  models::Good good = models::Good::lower;
};

struct GateOutcome {
  GateVerdict verdict = GateVerdict::inconclusive;
  double limit = 0;  ///< in the metric's unit, on the scale of `of`
};

/// Fewer replications than this decide nothing.
inline constexpr std::uint32_t kFewestReplications = 5;

/// Fails or passes only if the whole interval lies on one side of the limit.
[[nodiscard]] GateOutcome judge(const Gate& gate, const GateInput& input);

}  // namespace bcsim::tools
