// The fewest of something that is enough, where more is never worse.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "tools/plan/goal.hpp"

namespace bcsim::tools {

struct SearchRange {
  int low = 1, first = 1, high = 1;  ///< where to begin, and what is never left
  int step = 1;                      ///< of the first move away from `first`; doubled with each
  int within = 1;                    ///< enough and not enough need not come closer than this
};

struct SearchResult {
  std::optional<int> meets;  ///< the fewest shown to be enough
  std::optional<int> fails;  ///< the most shown not to be
  std::vector<int> open;     ///< looked at between them without a verdict; rising

  /// The two are close enough; or the least possible is enough.
  [[nodiscard]] bool decided(const SearchRange& range) const {
    return meets && (*meets == range.low || (fails && *meets - *fails <= range.within));
  }
};

/// Gallops from `first` until it has one that is enough and one that is not, then bisects. Around
/// what stays open both sides are bisected, so that the bounds are as tight as the verdicts allow.
[[nodiscard]] SearchResult search_fewest(const SearchRange& range,
                                         const std::function<PlanVerdict(int)>& verdict_of);

}  // namespace bcsim::tools
