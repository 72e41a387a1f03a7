#include "tools/stats/precision.hpp"

#include <algorithm>
#include <cmath>

namespace bcsim::tools {

double allowed_half(const PrecisionTarget& target, const Estimate& estimate) {
  return target.relative ? target.target * std::abs(estimate.value) : target.target;
}

bool is_met(const PrecisionTarget& target, const Aggregate& aggregate) {
  const Estimate estimate = aggregate.value(target.metric);
  return estimate.has_interval() && estimate.half <= allowed_half(target, estimate);
}

std::optional<std::uint32_t> next_replications(const std::vector<PrecisionTarget>& targets,
                                               const Aggregate& aggregate, std::uint32_t most) {
  const std::uint32_t now = aggregate.replications;
  if (now >= most) return std::nullopt;
  double wanted = 0;
  for (const PrecisionTarget& target : targets) {
    if (is_met(target, aggregate)) continue;
    const Estimate estimate = aggregate.value(target.metric);
    const double ratio = estimate.half / allowed_half(target, estimate);
    // Without an interval, or with nothing allowed, there is nothing to go by.
    wanted = std::max(wanted, std::isfinite(ratio) ? std::ceil(now * ratio * ratio) : 2.0 * now);
  }
  if (wanted == 0) return std::nullopt;
  const double next = std::clamp(wanted, now + 1.0, 2.0 * now);
  return std::min(most, static_cast<std::uint32_t>(next));
}

}  // namespace bcsim::tools
