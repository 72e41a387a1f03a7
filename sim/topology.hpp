// What a world is built from: places joined by links, hosts at places, nodes on hosts.
#pragma once

#include <string>
#include <vector>

#include "sim/ids.hpp"
#include "sim/time.hpp"

namespace bcsim::sim {

/// One direction of a link, as configured.
struct LinkSpec {
  Duration latency{};
  double bandwidth_bps = 1e9;    ///< bits per second
  Duration jitter{};             ///< each packet is delayed by uniform [0, jitter] more
  double loss = 0;               ///< each packet is dropped with this probability
  Duration queue_limit = 200ms;  ///< a packet that would wait longer is dropped
};

struct Place {
  std::string name;
};

/// A duplex link; its directions are the links 2*i (a to b) and 2*i+1 (b to a).
struct DuplexLink {
  std::string name;
  PlaceId a, b;
  LinkSpec forward, backward;
};

/// Explicit route between two places, and back over the opposite directions.
struct Route {
  PlaceId from, to;
  std::vector<LinkId> links;
};

/// A machine. A node's messages enter and leave the network at its host's place.
struct Host {
  std::string name;
  PlaceId place;
};

/// A simulated process or device. A device (phone, desktop) is its own machine: when it dies,
/// nothing answers for it. A process dies alone on a live host, which then refuses for it.
struct NodeSpec {
  std::string name;
  HostId host;
  bool device = false;
};

struct Topology {
  std::vector<Place> places;
  std::vector<DuplexLink> links;
  std::vector<Route> routes;
  std::vector<Host> hosts;
  std::vector<NodeSpec> nodes;

  PlaceId add_place(std::string name);
  /// Returns the forward direction's id; its opposite is `opposite(id)`.
  LinkId add_link(std::string name, PlaceId a, PlaceId b, LinkSpec spec);
  /// Adds the route and its reverse.
  void add_route(PlaceId from, PlaceId to, std::vector<LinkId> links);
  HostId add_host(std::string name, PlaceId place);
  NodeId add_node(std::string name, HostId host, bool device = false);

  [[nodiscard]] const LinkSpec& spec(LinkId link) const;
  [[nodiscard]] std::string link_name(LinkId link) const;  ///< "dc-link" or "dc-link (reverse)"
};

[[nodiscard]] constexpr LinkId opposite(LinkId link) {
  return LinkId{link.value ^ 1u};
}

}  // namespace bcsim::sim
