// The platform on SimGrid: links, hosts and actors are S4U's, and S4U's state is the truth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "sim/platform.hpp"
#include "sim/topology.hpp"

namespace bcsim::sim {

/// How S4U actors stand for nodes.
enum class Actors : std::uint8_t {
  per_node,       ///< every process and every device is an actor of its own
  devices_pooled  ///< devices share one actor per host; processes have their own
};

/// Where the handlers of nodes run.
enum class Handlers : std::uint8_t {
  in_loop,   ///< inline, in the kernel timer of a slice: the actors only wait
  in_actors  ///< each in the body of its node's actor, woken at the date of the item
};

/// Builds the S4U platform of a topology. One per process: SimGrid's engine is a singleton, and its
/// clock cannot be set back. Its hosts can all reach one another over the topology's routes.
class S4uPlatform final : public Platform {
 public:
  S4uPlatform(const Topology& topology, Actors actors, Handlers handlers = Handlers::in_loop);
  ~S4uPlatform() override;
  S4uPlatform(const S4uPlatform&) = delete;
  S4uPlatform& operator=(const S4uPlatform&) = delete;

  [[nodiscard]] LinkReading link(LinkId link) const override;
  void set_link_up(LinkId link, bool up) override;
  void set_link_latency(LinkId link, Duration latency) override;
  void set_link_bandwidth(LinkId link, double bandwidth_bps) override;
  void host_changed(HostId host, bool up) override;
  void node_started(NodeId node) override;
  void node_killed(NodeId node) override;
  [[nodiscard]] Executor* executor() override;

  /// Actors alive now, the driver's own not counted.
  [[nodiscard]] std::size_t actor_count() const;
  [[nodiscard]] bool actor_alive(NodeId node) const;
  [[nodiscard]] bool host_on(HostId host) const;

  struct Impl;
  [[nodiscard]] Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// "3.32": the library that runs, not the one compiled against.
[[nodiscard]] std::string simgrid_version();

}  // namespace bcsim::sim
