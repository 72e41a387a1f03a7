#include "sim/network.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

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
    links_.push_back({spec.jitter, spec.loss, spec.queue_limit});
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
  SimTime at = now;
  for (std::uint32_t i = s.begin; i < s.end; ++i) {
    DropReason reason = DropReason::none;
    if (!cross(route_links_[i], size_bytes, draw_key, at, reason)) return drop(reason);
  }
  return {at, DropReason::none};
}

bool Network::cross(LinkId id, std::uint32_t size_bytes, std::uint64_t draw_key, SimTime& at,
                    DropReason& reason) {
  Link& link = links_[id.value];
  const LinkReading reading = platform_.link(id);
  if (!reading.up) {
    reason = DropReason::link_cut;
    return false;
  }
  const double residual =
      std::max(reading.bandwidth_bps - link.media_bps, kMediaFloor * reading.bandwidth_bps);
  const SimTime start = std::max(at, link.busy_until);
  if (start - at > link.queue_limit) {
    reason = DropReason::queue_full;
    return false;
  }
  if (std::isfinite(residual)) {
    link.busy_until =
        start + Duration(static_cast<std::int64_t>(size_bytes * 8e9 / residual + 0.5));
    at = link.busy_until;
  }
  if (link.loss > 0 &&
      keyed_uniform(rng_.seed, rng_.replication, "network.loss", id.value, draw_key) < link.loss) {
    reason = DropReason::loss;
    return false;
  }
  at += reading.latency;
  if (link.jitter > Duration::zero()) {
    const double u =
        keyed_uniform(rng_.seed, rng_.replication, "network.jitter", id.value, draw_key);
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

std::optional<Duration> Network::latency(PlaceId from, PlaceId to) const {
  if (!up(from, to)) return std::nullopt;
  Duration sum{};
  for (const LinkId id : route(from, to)) sum += platform_.link(id).latency;
  return sum;
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
