// What is offered: calls, work and trunk channels of a scenario at one moment while nothing is
// broken, and the people who can do it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "models/scenario.hpp"

namespace bcsim::tools {

/// Formulas of more than so many erlangs end nowhere.
inline constexpr double kMostErlangs = 1e7;

/// Traffic at its worst moment: where there is most load per agent at work.
struct PeakLoad {
  sim::SimTime at = sim::kStart;
  double calls_per_s = 0;
  double talk_s = 0;      ///< mean time of a trunk channel over all streams: see channel_s
  double handling_s = 0;  ///< the same with after-call work
  std::uint32_t agents = 0;
  [[nodiscard]] double erlangs() const { return calls_per_s * handling_s; }
  [[nodiscard]] double channel_erlangs() const { return calls_per_s * talk_s; }
};
[[nodiscard]] PeakLoad peak_load(const models::Scenario& scenario);
/// Traffic at an instant.
[[nodiscard]] PeakLoad load_at(const models::Scenario& scenario, sim::SimTime t);

/// Calls per second: of a specification, and of a stream with its surge; 0 for single calls. The
/// busyness of a day is left out: its mean is 1.
[[nodiscard]] double rate_at(const models::ArrivalSpec& arrivals, sim::SimTime t);
[[nodiscard]] double rate_at(const models::CallStream& stream, sim::SimTime t);
/// People of a group at work.
[[nodiscard]] std::uint32_t people_at(const models::AgentGroup& group, sim::SimTime t);

/// Do all who come to this site hear its announcement, whoever is free?
[[nodiscard]] bool hears_announcement(const models::Scenario& scenario,
                                      const models::CallStream& stream, models::SiteIndex site);

/// Mean time for which a call holds a trunk channel if nobody is busy: announcement, ringing, talk,
/// and what passing it on adds; of the calls, these shares come to each site.
[[nodiscard]] double channel_s(const models::Scenario& scenario, const models::CallStream& stream,
                               const std::array<double, models::kSites>& comes_to);
/// The same of all calls of the stream.
[[nodiscard]] double channel_s(const models::Scenario& scenario, const models::CallStream& stream);

/// Whenever a rate or the number of agents changes inside the run, in order, from its start on.
[[nodiscard]] std::vector<sim::SimTime> moments(const models::Scenario& scenario);
/// "10:15", or "1h15min" where the run has no time of day.
[[nodiscard]] std::string moment_words(const models::Scenario& scenario, sim::SimTime t);

/// What the calls of a stream ask, on average, of who answers them first and of whom they are
/// passed on to; without waits between the two.
struct Work {
  double first_s = 0, second_s = 0;
};
[[nodiscard]] Work work_of(const models::Scenario& scenario, const models::CallStream& stream);

/// Calls that only these agents can take, at one moment.
struct Share {
  std::string place, whose;  ///< where the key is, and "queue 'a' at site1"
  double calls_per_s = 0, erlangs = 0;
  std::uint32_t agents = 0;
  std::optional<std::uint32_t> queue = std::nullopt;     ///< … of a queue or hunt group
  std::optional<models::SiteIndex> site = std::nullopt;  ///< … that stay at this site
};
/// By queue, by site where calls stay there, by hunt group, and by group that calls are passed on
/// to or that is called by the agents' own numbers. The same shares in the same order at any time.
[[nodiscard]] std::vector<Share> shares_at(const models::Scenario& scenario, sim::SimTime t);

}  // namespace bcsim::tools
