// The configuration databases of the two sites, on their disks, and what the servers of each site
// hold in memory (R34, R45, domain.md §2.9).
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "models/config/objects.hpp"

namespace bcsim::models {

/// Owned by the world, outlives every process. The database of the site without the master is
/// replicated in no time as long as the sites are joined, and together again as soon as they are
/// (ASSUMPTIONs). A scenario in which nothing differs and nobody writes has no objects at all.
class ConfigurationDatabases {
 public:
  explicit ConfigurationDatabases(const Scenario& scenario);

  /// Tells whether what one database writes reaches the other now.
  std::function<bool()> joined = [] { return true; };

  struct Written {
    std::uint32_t objects = 0;
    std::vector<Drift> drift;  ///< that there was not before
  };
  /// The master of `site` writes a change: an edit of the scenario or, numbered after these, a
  /// synchronization.
  Written write(SiteIndex site, std::uint32_t change);
  /// The servers of `site` read the database of the master at `master`.
  void load(SiteIndex site, SiteIndex master);

  struct Reconciled {
    std::uint32_t both = 0;    ///< objects written at both sites
    std::uint32_t merged = 0;  ///< written at one site only
  };
  /// The sites are joined (again): what was written at one site only is in both databases now;
  /// where both have written, the database of `prevailing` is right (ASSUMPTION). Nothing if
  /// neither wrote alone.
  std::optional<Reconciled> reconcile(SiteIndex prevailing);

  /// The standby has been put in service and not yet stood down.
  bool standby_active = false;

  // What the servers of a site know.
  [[nodiscard]] bool has_dn(std::uint32_t agent, SiteIndex site) const {
    return !memory_[site] || memory_[site]->has_dn(agent, site);
  }
  [[nodiscard]] bool can_log_in(std::uint32_t agent, SiteIndex site) const {
    return !memory_[site] || memory_[site]->can_log_in(agent, site);
  }
  /// The database of a site; null: nothing differs.
  [[nodiscard]] const ConfigurationObjects* database(SiteIndex site) const {
    return database_[site].get();
  }

 private:
  using Objects = std::shared_ptr<const ConfigurationObjects>;

  const Scenario& scenario_;
  std::array<Objects, kSites> database_, memory_;
  std::array<std::vector<ObjectKey>, kSites> alone_;  ///< written while the sites were parted
  std::array<bool, kSites> first_run_done_{};
};

}  // namespace bcsim::models
