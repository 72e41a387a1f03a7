#include "tools/stats/precision.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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

std::optional<std::string> resolve_metric(std::string_view name,
                                          const std::vector<std::string>& ids) {
  const auto known = [&](const std::string& id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  std::string id(name);
  if (known(id)) return id;
  if (id.ends_with("_calls")) id.resize(id.size() - 6);
  if (known(id)) return id;
  constexpr std::array<std::string_view, 5> kPhaseNames = {"before", "detection", "relogin",
                                                           "degraded", "after"};
  for (const std::string_view phase : kPhaseNames) {
    const std::string prefix = fmt::format("{}.", phase), suffix = fmt::format(".{}", phase);
    if (id.starts_with(prefix))
      id = id.substr(prefix.size());
    else if (id.ends_with(suffix))
      id.resize(id.size() - suffix.size());
    else
      continue;
    if (id.ends_with("_calls")) id.resize(id.size() - 6);
    id = fmt::format("phase.{}.{}", phase, id);
    return known(id) ? std::optional(id) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace bcsim::tools
