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
  /// Nodes born at this instant, whose actors are made when it is over: SimGrid never ends an actor
  /// that is killed before its first step, it seems, and finds a deadlock (seen with 3.32).
  std::vector<NodeId> births{};
  std::vector<bool> unborn{};  ///< by NodeId: is among the births, and has not died since

  void build_zone();
  void add_routes();
  [[nodiscard]] sg4::ActorPtr spawn(const std::string& name, sg4::Host* host);
  /// Makes the actors of who was born and still lives.
  void settle();
};

}  // namespace bcsim::sim
