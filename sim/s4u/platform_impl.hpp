// What S4uPlatform keeps of SimGrid; for sim/s4u and its tests only.
#pragma once

#include <simgrid/s4u.hpp>
#include <vector>

#include "sim/s4u/platform.hpp"

namespace bcsim::sim {

namespace sg4 = simgrid::s4u;

struct S4uPlatform::Impl {
  const Topology& topology;
  Actors actors;
  std::unique_ptr<sg4::Engine> engine;
  sg4::NetZone* zone = nullptr;
  sg4::Host* clock_host = nullptr;       ///< carries the driver's actor; no fault reaches it
  std::vector<sg4::Link*> links{};       ///< by LinkId
  std::vector<sg4::Host*> hosts{};       ///< by HostId
  std::vector<sg4::ActorPtr> by_node{};  ///< by NodeId; null if the node has no actor of its own
  std::vector<sg4::ActorPtr> pools{};    ///< by HostId; null if no device lives there

  void build_zone();
  void add_routes();
  [[nodiscard]] sg4::ActorPtr spawn(const std::string& name, sg4::Host* host);
};

}  // namespace bcsim::sim
