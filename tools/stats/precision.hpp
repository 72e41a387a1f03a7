// How many replications an answer of a wanted precision needs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/stats/aggregate.hpp"

namespace bcsim::tools {

/// The interval of `metric` shall reach no farther than `target` on either side.
struct PrecisionTarget {
  std::string metric;
  double target = 0;
  bool relative = false;  ///< a share of the estimate
  std::string text;       ///< as written: "2%"
};

/// Half the interval that the target allows; NaN without an estimate.
[[nodiscard]] double allowed_half(const PrecisionTarget& target, const Estimate& estimate);
[[nodiscard]] bool is_met(const PrecisionTarget& target, const Aggregate& aggregate);

/// With how many replications to look again: enough by what is known now, at most twice as many,
/// at most `most`; nullopt if all targets are met or nothing more may be done. Depends on the
/// results only, so that it is the same on every machine.
[[nodiscard]] std::optional<std::uint32_t> next_replications(
    const std::vector<PrecisionTarget>& targets, const Aggregate& aggregate, std::uint32_t most);

}  // namespace bcsim::tools
