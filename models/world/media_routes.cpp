// The ways that speech takes, and whether it arrives.
#include "models/world/media_routes.hpp"

#include <algorithm>

#include "models/world/media_plane.hpp"

namespace bcsim::models {

MediaRoute route_to_site(const Layout& layout, sim::PlaceId end, SiteIndex site, PathMask path) {
  const sim::PlaceId served = layout.data_centre[site];
  if (path != 3) return {{end, served}};
  const sim::PlaceId owner = layout.data_centre[peer_of(site)];
  return {{end, owner}, {owner, served}};
}

MediaRoute route_between(const Layout& layout, sim::PlaceId from, sim::PlaceId to, SiteIndex site,
                         PathMask path) {
  const sim::PlaceId first = layout.data_centre[site];
  if (path != 3) return {{from, first}, {first, to}};
  const sim::PlaceId peer = layout.data_centre[peer_of(site)];
  return {{from, first}, {first, peer}, {peer, to}};
}

MediaPlane::End MediaPlane::gateway_end(std::uint32_t gateway) const {
  const Directory& directory = layout_.directory;
  return {.node = directory.gateways[gateway],
          .place = layout_.gateway_place[gateway],
          .location = directory.scenario->gateways[gateway].location,
          .listens = true};
}

MediaPlane::End MediaPlane::phone_end(AgentId agent) const {
  const AgentInfo& info = layout_.directory.agent(agent);
  return {.node = info.phone,
          .place = layout_.premises[info.location],
          .location = info.location,
          .listens = true};
}

MediaPlane::End MediaPlane::media_server_end(std::uint32_t site) const {
  return {.node = NodeId{layout_.directory.media_server[site].value},
          .place = layout_.data_centre[site]};
}

MediaRoute MediaPlane::to_data_centre(const Call& call) const {
  return route_to_site(layout_, call.near.place, static_cast<SiteIndex>(call.site), call.path);
}

/// From the near end to the agent, or to the treatment.
MediaRoute MediaPlane::segments(const Call& call) const {
  if (call.agent.valid() && call.near.location == call.far.location) return {};
  MediaRoute route = to_data_centre(call);
  if (call.agent.valid()) route.push_back({layout_.data_centre[call.site], call.far.place});
  return route;
}

/// From the agent to the second one whom he consults.
MediaRoute MediaPlane::between_agents(const Call& call) const {
  if (call.far.location == call.other.location) return {};
  return route_between(layout_, call.far.place, call.other.place, static_cast<SiteIndex>(call.site),
                       call.second_path);
}

void MediaPlane::load(Call& call, bool on) {
  if (call.loaded == on) return;
  call.loaded = on;
  for (const MediaSegment& s : segments(call)) {
    network_.add_media(s.from, s.to, on ? kSpeechBps : -kSpeechBps);
    network_.add_media(s.to, s.from, on ? kSpeechBps : -kSpeechBps);
  }
}

bool MediaPlane::flows(const MediaRoute& route) const {
  return std::all_of(route.begin(), route.end(),
                     [this](const MediaSegment& s) { return network_.passable(s.from, s.to); });
}

bool MediaPlane::flows_back(const MediaRoute& route) const {
  return std::all_of(route.begin(), route.end(),
                     [this](const MediaSegment& s) { return network_.passable(s.to, s.from); });
}

/// Is a BYE sure to come through between the ends of this call, every server and link on the way
/// being alive?
bool MediaPlane::signalled(const Call& call) const {
  const SiteIndex site = static_cast<SiteIndex>(call.site);
  const PathMask path = call.path | call.second_path | call.via;
  for (SiteIndex s = 0; s < kSites; ++s) {
    if ((path & path_of(s)) != 0 && !serves_(s)) return false;
  }
  MediaRoute way{{call.near.place, layout_.data_centre[call.owner]},
                 {layout_.data_centre[site], call.far.place}};
  if (path == 3) way.push_back({layout_.data_centre[site], layout_.data_centre[peer_of(site)]});
  if (call.second.valid()) {
    const SiteIndex where = call.second_path == 3 ? peer_of(site) : site;
    way.push_back({layout_.data_centre[where], call.other.place});
  }
  return flows(way) && flows_back(way);
}

/// The server where the caller waited has learned of the answer, and has released its media server
/// (BYE), whether the gateway can be told of the agent's phone or not.
bool MediaPlane::music_is_over(const Call& call) const {
  if (call.waits_on == 0 || !serves_(static_cast<SiteIndex>(call.waits_at))) return false;
  if (call.waits_at == call.site) return true;
  if (!serves_(static_cast<SiteIndex>(call.site))) return false;
  const MediaRoute trunk{{layout_.data_centre[call.site], layout_.data_centre[call.waits_at]}};
  return flows(trunk);
}

}  // namespace bcsim::models
