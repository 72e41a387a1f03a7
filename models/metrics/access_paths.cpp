#include "models/metrics/access_paths.hpp"

#include "models/metrics/phases.hpp"

namespace bcsim::models {

AccessPaths::AccessPaths(const Scenario& scenario)
    : scenario_(scenario),
      shared_(scenario.network.access.size()),
      own_(scenario.network.access.size()) {}

bool AccessPaths::on(const FaultInjected& fact) {
  const Fault& fault = scenario_.faults[fact.fault];
  const auto* link = std::get_if<LinkTarget>(&fault.target);
  if (link == nullptr || link->dc_link || link->location >= shared_.size()) return false;
  if (fault.verb != FaultVerb::cut && fault.verb != FaultVerb::heal) return false;
  const bool whole = PhaseTracker::mends(fault) == (fact.undone == 0);
  const unsigned ways = link->direction == CutDirection::both      ? 3u
                        : link->direction == CutDirection::forward ? 1u
                                                                   : 2u;
  std::uint8_t& cut = (link->desktops ? own_ : shared_)[link->location][link->site];
  cut = static_cast<std::uint8_t>(whole ? cut & ~ways : cut | ways);
  return true;
}

}  // namespace bcsim::models
