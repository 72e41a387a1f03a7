#include "sim/network.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <iterator>

namespace bcsim::sim {

Network::Network(const Topology& topology, Platform& platform, RngFactory rng)
    : platform_(platform), rng_(rng), places_(static_cast<std::uint32_t>(topology.places.size())) {
  routes_.resize(static_cast<std::size_t>(places_) * places_);
  for (std::uint32_t i = 0; i < places_; ++i) routes_[i * places_ + i].exists = true;
  for (const Route& route : topology.routes) {
    Span& s = routes_[route.from.value * places_ + route.to.value];
    s.begin = static_cast<std::uint32_t>(route_links_.size());
    route_links_.insert(route_links_.end(), route.links.begin(), route.links.end());
    s.end = static_cast<std::uint32_t>(route_links_.size());
    s.exists = true;
  }
  for (std::uint32_t i = 0; i < 2 * topology.links.size(); ++i) {
    const LinkSpec& spec = topology.spec(LinkId{i});
    links_.push_back({spec.jitter, spec.loss, spec.queue_limit, {}});
  }
}

std::span<const LinkId> Network::route(PlaceId from, PlaceId to) const {
  const Span& s = span(from, to);
  return {route_links_.data() + s.begin, s.end - s.begin};
}

Transit Network::drop(DropReason reason) {
  ++dropped_[static_cast<std::size_t>(reason)];
  return {kNever, reason};
}

Transit Network::send(PlaceId from, PlaceId to, std::uint32_t size_bytes, std::uint64_t draw_key,
                      SimTime now) {
  const Span& s = span(from, to);
  if (!s.exists) return drop(DropReason::no_route);
  Packet packet{size_bytes, draw_key, now, now};
  for (std::uint32_t i = s.begin; i < s.end; ++i) {
    DropReason reason = DropReason::none;
    if (!cross(route_links_[i], packet, reason)) return drop(reason);
  }
  return {packet.at, DropReason::none};
}

std::optional<SimTime> Network::serve(Link& link, SimTime at, Duration length, SimTime now) {
  std::vector<Busy>& busy = link.busy;
  const auto past = [&](SimTime when) {
    return std::find_if(busy.begin(), busy.end(), [&](const Busy& b) { return b.until > when; });
  };
  busy.erase(busy.begin(), past(now));
  SimTime start = at;
  auto next = past(at);
  for (; next != busy.end() && start + length > next->from; ++next) {
    start = std::max(start, next->until);
  }
  if (start - at > link.queue_limit) return std::nullopt;
  const bool behind = next != busy.begin() && std::prev(next)->until == start;
  const bool before = next != busy.end() && next->from == start + length;
  if (behind && before) {
    std::prev(next)->until = next->until;
    busy.erase(next);
  } else if (behind) {
    std::prev(next)->until = start + length;
  } else if (before) {
    next->from = start;
  } else if (length > Duration::zero()) {
    busy.insert(next, {start, start + length});
  }
  return start;
}

bool Network::cross(LinkId id, Packet& packet, DropReason& reason) {
  SimTime& at = packet.at;
  Link& link = links_[id.value];
  const LinkReading reading = platform_.link(id);
  if (!reading.up) {
    reason = DropReason::link_cut;
    return false;
  }
  const double residual =
      std::max(reading.bandwidth_bps - link.media_bps, kMediaFloor * reading.bandwidth_bps);
  if (std::isfinite(residual)) {
    const Duration length(static_cast<std::int64_t>(packet.size_bytes * 8e9 / residual + 0.5));
    const auto start = serve(link, at, length, packet.sent);
    if (!start) {
      reason = DropReason::queue_full;
      return false;
    }
    at = *start + length;
  }
  if (link.loss > 0 && keyed_uniform(rng_.seed, rng_.replication, "network.loss", id.value,
                                     packet.draw_key) < link.loss) {
    reason = DropReason::loss;
    return false;
  }
  at += reading.latency;
  if (link.jitter > Duration::zero()) {
    const double u =
        keyed_uniform(rng_.seed, rng_.replication, "network.jitter", id.value, packet.draw_key);
    at += Duration(static_cast<std::int64_t>(u * static_cast<double>(link.jitter.count()) + 0.5));
  }
  return true;
}

bool Network::intact_since(PlaceId from, PlaceId to, SimTime since) const {
  const Span& s = span(from, to);
  for (std::uint32_t i = s.begin; i < s.end; ++i) {
    const LinkId id = route_links_[i];
    if (links_[id.value].last_cut >= since || !platform_.link(id).up) return false;
  }
  return s.exists;
}

bool Network::up(PlaceId from, PlaceId to) const {
  const auto links = route(from, to);
  return span(from, to).exists && std::all_of(links.begin(), links.end(),
                                              [this](LinkId id) { return platform_.link(id).up; });
}

bool Network::passable(PlaceId from, PlaceId to) const {
  const auto links = route(from, to);
  return up(from, to) && std::none_of(links.begin(), links.end(),
                                      [this](LinkId id) { return links_[id.value].loss >= 1; });
}

void Network::set_up(LinkId link, bool up, SimTime now) {
  if (!up) links_[link.value].last_cut = now;
  platform_.set_link_up(link, up);
}

void Network::change(const LinkChange& change) {
  if (change.latency) platform_.set_link_latency(change.link, *change.latency);
  if (change.bandwidth_bps) platform_.set_link_bandwidth(change.link, *change.bandwidth_bps);
  if (change.jitter) links_[change.link.value].jitter = *change.jitter;
  if (change.loss) links_[change.link.value].loss = *change.loss;
}

void Network::add_media(PlaceId from, PlaceId to, double bps) {
  for (const LinkId id : route(from, to)) {
    double& load = links_[id.value].media_bps;
    load = std::max(0.0, load + bps);
  }
}

bool Network::media_overloaded(PlaceId from, PlaceId to) const {
  const auto links = route(from, to);
  return std::any_of(links.begin(), links.end(), [this](LinkId id) {
    return links_[id.value].media_bps > platform_.link(id).bandwidth_bps;
  });
}

}  // namespace bcsim::sim
