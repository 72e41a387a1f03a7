// What S4uPlatform keeps of SimGrid; for sim/s4u and its tests only.
#pragma once

#include <memory>
#include <simgrid/s4u.hpp>
#include <string>
#include <vector>

#include "sim/s4u/platform.hpp"

namespace bcsim::sim {

namespace sg4 = simgrid::s4u;

class LiveActors;
struct LiveCall;

/// An actor, and how to call it if it runs handlers.
struct Body {
  sg4::ActorPtr actor{};
  std::shared_ptr<LiveCall> call{};
};

struct S4uPlatform::Impl {
  const Topology& topology;
  Actors actors;
  std::unique_ptr<sg4::Engine> engine;
  sg4::NetZone* zone = nullptr;
  sg4::Host* clock_host = nullptr;     ///< carries the driver's actor; no fault reaches it
  std::vector<sg4::Link*> links{};     ///< by LinkId
  std::vector<sg4::Host*> hosts{};     ///< by HostId
  std::vector<Body> by_node{};         ///< by NodeId; no actor if the node has none of its own
  std::vector<Body> pools{};           ///< by HostId; no actor if no device lives there
  std::unique_ptr<LiveActors> live{};  ///< null: actors only wait
  /// Nodes born at this instant, whose actors are made when it is over: SimGrid never ends an actor
  /// that is killed before its first step, it seems, and finds a deadlock (seen with 3.32).
  std::vector<NodeId> births{};
  std::vector<bool> unborn{};  ///< by NodeId: is among the births, and has not died since

  void build_zone();
  void add_routes();
  [[nodiscard]] Body spawn(const std::string& name, sg4::Host* host);
  [[nodiscard]] bool is_pooled(NodeId node) const {
    return actors == Actors::devices_pooled && topology.nodes[node.value].device;
  }
  /// Of a node that lives and is not among the births.
  [[nodiscard]] Body& body_of(NodeId node) {
    return is_pooled(node) ? pools[topology.nodes[node.value].host.value] : by_node[node.value];
  }
  /// Makes the actors of who was born and still lives.
  void settle();
};

}  // namespace bcsim::sim
