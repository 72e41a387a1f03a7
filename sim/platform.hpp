// What lies below the simulation: the owner of links, hosts and actors. SimGrid, or plain memory.
#pragma once

#include <vector>

#include "sim/executor.hpp"
#include "sim/ids.hpp"
#include "sim/time.hpp"
#include "sim/topology.hpp"

namespace bcsim::sim {

/// A link direction as it is now.
struct LinkReading {
  Duration latency;
  double bandwidth_bps;
  bool up;
};

/// Owns the state of links and mirrors the life of hosts and actors. The simulation reads links
/// live and tells of every birth and death at the instant of the fault item that causes it.
class Platform {
 public:
  virtual ~Platform() = default;

  [[nodiscard]] virtual LinkReading link(LinkId link) const = 0;
  virtual void set_link_up(LinkId link, bool up) = 0;
  virtual void set_link_latency(LinkId link, Duration latency) = 0;
  virtual void set_link_bandwidth(LinkId link, double bandwidth_bps) = 0;

  virtual void host_changed(HostId host, bool up) = 0;
  virtual void node_started(NodeId node) = 0;
  virtual void node_killed(NodeId node) = 0;

  /// Who calls the handlers of nodes; null: the engine itself, inline.
  [[nodiscard]] virtual Executor* executor() { return nullptr; }
};

/// A platform in plain memory, for tests and for checking the SimGrid one.
class PlainPlatform final : public Platform {
 public:
  explicit PlainPlatform(const Topology& topology);

  [[nodiscard]] LinkReading link(LinkId link) const override { return links_[link.value]; }
  void set_link_up(LinkId link, bool up) override { links_[link.value].up = up; }
  void set_link_latency(LinkId link, Duration latency) override {
    links_[link.value].latency = latency;
  }
  void set_link_bandwidth(LinkId link, double bandwidth_bps) override {
    links_[link.value].bandwidth_bps = bandwidth_bps;
  }
  void host_changed(HostId, bool) override {}
  void node_started(NodeId) override {}
  void node_killed(NodeId) override {}

 private:
  std::vector<LinkReading> links_;
};

}  // namespace bcsim::sim
