// How many people the calls need, queue by queue, and when there are too few: with everybody at
// work, and with a building lost.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "models/scenario.hpp"
#include "tools/scenario/rules/offered_load.hpp"

namespace bcsim::tools {

/// The level that `check` holds staffing against: so many answered within the scenario's threshold
/// (F3), by Erlang A or the formula for their patience.
inline constexpr double kStaffingLevel = 0.8;

/// Queues that the same people serve: one alone, or several that share agents.
struct Pool {
  std::vector<std::uint32_t> queues, groups;
  std::string whose;  ///< "queue 'sales'", "queues 'a' and 'b'"; empty: all agents there are
};
/// Each queue that calls come to, and then those sets of them that share people.
[[nodiscard]] std::vector<Pool> pools(const models::Scenario& scenario);

/// A building that is lost for a while, and who of its people comes back elsewhere.
struct BuildingLost {
  models::SiteIndex site = 0;
  sim::SimTime from, until;
  const models::StaffReturn* staff_return = nullptr;
};
[[nodiscard]] std::vector<BuildingLost> buildings_lost(const models::Scenario& scenario);

/// What a pool has to do at one moment, and how many people it has and needs for that.
struct Need {
  sim::SimTime at;
  double erlangs = 0;
  std::uint32_t agents = 0;
  int needed = 0;  ///< 0: certainly not more than there are
  [[nodiscard]] int missing() const { return needed - static_cast<int>(agents); }
};
/// When a pool is short of people for longest around the moment at which most are missing.
struct Shortfall {
  Need worst;
  sim::SimTime from, until;  ///< short without a break
  bool whole_run = false;    ///< … from the first moment looked at to the last
};

/// Numbers of people, by formula; the same question is answered once.
class PeopleNeeds {
 public:
  explicit PeopleNeeds(const models::Scenario& scenario) : s_(scenario) {}

  /// `lost`: without those who sat there and are not back.
  [[nodiscard]] Need at(const Pool& pool, sim::SimTime t, const BuildingLost* lost = nullptr);
  [[nodiscard]] std::optional<Shortfall> shortfall(const Pool& pool,
                                                   const BuildingLost* lost = nullptr);
  /// Of a share of the calls to a queue, at this moment: fewest agents for kStaffingLevel.
  [[nodiscard]] int needed(const Share& share, sim::SimTime t);

 private:
  [[nodiscard]] int needed(double calls_per_s, double erlangs, std::uint32_t stream);
  /// Whose callers' patience counts for these queues: those of most calls; nullopt: nobody calls.
  [[nodiscard]] std::optional<std::uint32_t> main_stream(const std::vector<std::uint32_t>& queues,
                                                         sim::SimTime t) const;

  const models::Scenario& s_;
  std::map<std::tuple<double, double, std::uint32_t>, int> known_;
};

}  // namespace bcsim::tools
