// Which messages are wanted: of some calls, of a site, of a window of time, at most so many.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/world/layout.hpp"

namespace bcsim::tools {

/// A message must satisfy all that is given. Its time is that of being sent.
struct MessageFilter {
  std::vector<std::uint32_t> calls = {};       ///< empty: also what is about no call
  std::optional<models::SiteIndex> site = {};  ///< sent or received there
  models::SimTime from = models::SimTime::min(), until = models::SimTime::max();
  std::uint64_t most = UINT64_MAX;  ///< the counter is the user's

  [[nodiscard]] bool passes(const models::Transmission& t, const models::Layout& layout) const;
};

/// Site whose data centre or premises the node is in, or that a branch's device or gateway prefers.
[[nodiscard]] models::SiteIndex site_of(const models::Layout& layout, models::NodeId node);

}  // namespace bcsim::tools
