// Rules about traffic: agents and trunks for the calls, before and after a site is lost.
#pragma once

#include <array>

#include "tools/scenario/rules.hpp"

namespace bcsim::tools {

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

/// Calls per second of a stream; people of a group at work.
[[nodiscard]] double rate_at(const models::ArrivalSpec& arrivals, sim::SimTime t);
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

void check_load(const Rules& rules);

}  // namespace bcsim::tools
