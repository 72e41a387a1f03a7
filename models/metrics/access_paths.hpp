// Which access paths are cut, as the journal tells of the faults: who at a location reaches a site.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/records.hpp"
#include "models/scenario.hpp"

namespace bcsim::models {

/// Phones use the access path of their location; desktops too, unless they have their own. A path
/// that is cut in one direction is of no use in the other either.
class AccessPaths {
 public:
  explicit AccessPaths(const Scenario& scenario);

  /// True if a path was cut or healed.
  bool on(const FaultInjected& fact);
  [[nodiscard]] bool phones_reach(LocationIndex location, std::size_t site) const {
    return location >= shared_.size() || shared_[location][site] == 0;
  }
  [[nodiscard]] bool desktops_reach(LocationIndex location, std::size_t site) const {
    return scenario_.network.desktop_path(location, site) == nullptr ? phones_reach(location, site)
                                                                     : own_[location][site] == 0;
  }

 private:
  using Cuts = std::vector<std::array<std::uint8_t, kSites>>;  // a bit per direction

  const Scenario& scenario_;
  Cuts shared_, own_;
};

}  // namespace bcsim::models
