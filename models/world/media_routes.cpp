// The ways that speech takes, and whether it arrives.
#include <algorithm>

#include "models/world/media_plane.hpp"

namespace bcsim::models {

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

MediaPlane::Route MediaPlane::to_data_centre(const Call& call) const {
  const sim::PlaceId served = layout_.data_centre[call.site];
  const sim::PlaceId owner = layout_.data_centre[peer_of(static_cast<SiteIndex>(call.site))];
  if (call.path == 3) return {{call.near.place, owner}, {owner, served}};
  return {{call.near.place, served}};
}

/// From the near end to the agent, or to the treatment.
MediaPlane::Route MediaPlane::segments(const Call& call) const {
  if (call.agent.valid() && call.near.location == call.far.location) return {};
  Route route = to_data_centre(call);
  if (call.agent.valid()) route.push_back({layout_.data_centre[call.site], call.far.place});
  return route;
}

/// From the agent to the second one whom he consults.
MediaPlane::Route MediaPlane::between_agents(const Call& call) const {
  if (call.far.location == call.other.location) return {};
  const sim::PlaceId first = layout_.data_centre[call.site];
  const sim::PlaceId peer = layout_.data_centre[peer_of(static_cast<SiteIndex>(call.site))];
  if (call.second_path == 3) {
    return {{call.far.place, first}, {first, peer}, {peer, call.other.place}};
  }
  return {{call.far.place, first}, {first, call.other.place}};
}

void MediaPlane::load(Call& call, bool on) {
  if (call.loaded == on) return;
  call.loaded = on;
  for (const Segment& s : segments(call)) {
    network_.add_media(s.from, s.to, on ? kSpeechBps : -kSpeechBps);
    network_.add_media(s.to, s.from, on ? kSpeechBps : -kSpeechBps);
  }
}

bool MediaPlane::flows(const Route& route) const {
  return std::all_of(route.begin(), route.end(),
                     [this](const Segment& s) { return network_.passable(s.from, s.to); });
}

bool MediaPlane::flows_back(const Route& route) const {
  return std::all_of(route.begin(), route.end(),
                     [this](const Segment& s) { return network_.passable(s.to, s.from); });
}

/// Is a BYE sure to come through between the ends of this call, every server and link on the way
/// being alive?
bool MediaPlane::signalled(const Call& call) const {
  const SiteIndex site = static_cast<SiteIndex>(call.site);
  const PathMask path = call.path | call.second_path | call.via;
  for (SiteIndex s = 0; s < kSites; ++s) {
    if ((path & path_of(s)) != 0 && !serves_(s)) return false;
  }
  Route way{{call.near.place, layout_.data_centre[call.owner]},
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
  const Route trunk{{layout_.data_centre[call.site], layout_.data_centre[call.waits_at]}};
  return flows(trunk);
}

}  // namespace bcsim::models
