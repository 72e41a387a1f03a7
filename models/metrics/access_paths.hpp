// Which access paths are cut, as the journal tells of the faults: who at a location reaches a site.
#pragma once

#include <cstdint>
#include <vector>

#include "models/records.hpp"
#include "models/scenario.hpp"

namespace bcsim::models {

/// Phones use the access path of their location; desktops too, unless they have their own. A path
/// that is cut in one direction is of no use in the other either.
class AccessPaths {
 public:
  explicit AccessPaths(const Scenario& scenario) : scenario_(scenario) {}

  /// True if a path was cut or healed.
  bool on(const FaultInjected& fact);
  [[nodiscard]] bool phones_reach(LocationIndex location, std::size_t site) const {
    return whole(location, site, false);
  }
  [[nodiscard]] bool desktops_reach(LocationIndex location, std::size_t site) const {
    const bool own = scenario_.network.desktop_path(location, site) != nullptr;
    return whole(location, site, own);
  }

 private:
  /// A cut that lies on a path, and the directions of it that have not been healed (bits).
  struct Open {
    std::uint32_t fault;
    LinkTarget link;
    unsigned ways;
  };
  [[nodiscard]] bool whole(LocationIndex location, std::size_t site, bool desktops) const;

  const Scenario& scenario_;
  std::vector<Open> open_;
};

}  // namespace bcsim::models
