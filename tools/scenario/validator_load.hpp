// Rules about traffic: agents and trunks for the calls, before and after a site is lost.
#pragma once

#include "tools/scenario/rules.hpp"

namespace bcsim::tools {

/// Traffic at its worst moment: where there is most load per agent at work.
struct PeakLoad {
  sim::SimTime at = sim::kStart;
  double calls_per_s = 0;
  double talk_s = 0;      ///< mean talk time over all streams, ring time included
  double handling_s = 0;  ///< the same with after-call work
  std::uint32_t agents = 0;
  [[nodiscard]] double erlangs() const { return calls_per_s * handling_s; }
  [[nodiscard]] double channel_erlangs() const { return calls_per_s * talk_s; }
};
[[nodiscard]] PeakLoad peak_load(const models::Scenario& scenario);
/// Traffic at an instant.
[[nodiscard]] PeakLoad load_at(const models::Scenario& scenario, sim::SimTime t);

void check_load(const Rules& rules);

}  // namespace bcsim::tools
