#include "models/metrics/access_paths.hpp"

#include <algorithm>

namespace bcsim::models {

namespace {

unsigned ways(const LinkTarget& link) {
  return (includes(link.direction, false) ? 1u : 0u) | (includes(link.direction, true) ? 2u : 0u);
}

}  // namespace

bool AccessPaths::on(const FaultInjected& fact) {
  const Fault& fault = scenario_.faults[fact.fault];
  if (const auto* heal = std::get_if<Heal>(&fault.deed)) {
    const auto* link = std::get_if<LinkTarget>(&heal->target);
    if (link == nullptr || link->dc_link) return false;
    for (Open& open : open_) {
      if (same_link(open.link, *link)) open.ways &= ~ways(*link);
    }
    return true;
  }
  const auto* cut = std::get_if<Cut>(&fault.deed);
  const auto* link = cut == nullptr ? nullptr : std::get_if<LinkTarget>(&cut->target);
  if (link == nullptr || link->dc_link) return false;
  if (fact.undone == 0) {
    open_.push_back({fact.fault, *link, ways(*link)});
  } else {
    std::erase_if(open_, [&](const Open& open) { return open.fault == fact.fault; });
  }
  return true;
}

bool AccessPaths::whole(LocationIndex location, std::size_t site, bool desktops) const {
  return std::none_of(open_.begin(), open_.end(), [&](const Open& open) {
    return open.ways != 0 && open.link.location == location && open.link.site == site &&
           open.link.desktops == desktops;
  });
}

}  // namespace bcsim::models
