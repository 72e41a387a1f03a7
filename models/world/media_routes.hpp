// The places that speech passes on its way from one end to the other.
#pragma once

#include <vector>

#include "models/world/layout.hpp"

namespace bcsim::models {

/// A stretch of it, over whatever links the topology has between the two places.
struct MediaSegment {
  sim::PlaceId from, to;
};
using MediaRoute = std::vector<MediaSegment>;

/// From an end to the data centre of the site that serves it: over the peer's, if both are in
/// `path`.
[[nodiscard]] MediaRoute route_to_site(const Layout& layout, sim::PlaceId end, SiteIndex site,
                                       PathMask path);
/// From an agent whom `site` serves to another: over the peer's data centre, too, if both are in
/// `path`.
[[nodiscard]] MediaRoute route_between(const Layout& layout, sim::PlaceId from, sim::PlaceId to,
                                       SiteIndex site, PathMask path);

}  // namespace bcsim::models
