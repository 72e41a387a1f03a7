// The two peer sites, and the places where people and devices are.
#pragma once

#include <cstdint>

namespace bcsim::models {

/// Index of a peer site: 0 is site 1, 1 is site 2. The order of YAML `sites`.
using SiteIndex = std::uint8_t;
inline constexpr int kSites = 2;
[[nodiscard]] constexpr SiteIndex peer_of(SiteIndex s) {
  return static_cast<SiteIndex>(1 - s);
}

/// Index of a location: 0 and 1 are the sites' own premises, then the branches in file order.
using LocationIndex = std::uint8_t;

}  // namespace bcsim::models
