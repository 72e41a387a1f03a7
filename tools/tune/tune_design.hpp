// Which settings a tuning tries: each timeout alone, and combinations of all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/scenario.hpp"
#include "tools/scenario/table/sweep_spec.hpp"

namespace bcsim::tools {

/// A timeout that may be changed. `values.front()` is what the scenario has, at all its paths.
struct TuneFactor {
  std::string name;  ///< of the option: "site-timeout"
  SweepVariable variable;
};

/// The failover timeouts of every gateway, SIP Server, desktop and phone, with values around those
/// in use. ASSUMPTION: no source says which values are worth trying.
[[nodiscard]] std::vector<TuneFactor> usual_factors(const models::Scenario& scenario);
/// One that the user names; throws SweepProblem.
[[nodiscard]] TuneFactor factor_of(SweepVariable variable);

/// Puts what the scenario has in front of each factor's values; factors without another value are
/// left out. "mixed" if the paths of a factor differ. Throws SweepProblem for an unknown path.
[[nodiscard]] std::vector<TuneFactor> with_present(std::vector<TuneFactor> factors,
                                                   const std::string& effective_yaml);

/// One combination: an index into each factor's values; 0 leaves the scenario as it is.
struct TunePoint {
  enum class Kind : std::uint8_t { now, one_at_a_time, combination };
  Kind kind = Kind::now;
  std::vector<std::size_t> levels;
  bool operator==(const TunePoint& other) const { return levels == other.levels; }
};
[[nodiscard]] std::string_view name(TunePoint::Kind kind);

/// First the present settings, then every other value alone, then a Latin hypercube of
/// `combinations` points over the values (McKay, Beckman & Conover 1979), without repetitions.
[[nodiscard]] std::vector<TunePoint> tune_design(const std::vector<TuneFactor>& factors,
                                                 std::size_t combinations, std::uint64_t seed);

/// "path=value" of everything that is not as it is now.
[[nodiscard]] std::vector<std::string> settings_of(const std::vector<TuneFactor>& factors,
                                                   const TunePoint& point);
/// "site-timeout 10s, expires 300s"; "as it is".
[[nodiscard]] std::string point_words(const std::vector<TuneFactor>& factors,
                                      const TunePoint& point);

}  // namespace bcsim::tools
