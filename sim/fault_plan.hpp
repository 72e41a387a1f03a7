// Faults as data: what is broken or mended, and when. A run can be given a new one on its way.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "sim/ids.hpp"
#include "sim/time.hpp"

namespace bcsim::sim {

struct HostDown {
  HostId host;
};  ///< the machine and every node on it; silent
struct HostUp {
  HostId host;
};  ///< the machine alone; its nodes are started one by one
struct NodeCrash {
  NodeId node;
};  ///< the process dies; its live host refuses for it
struct NodeHang {
  NodeId node;
};  ///< alive but silent: takes no packet, no timer
struct NodeStart {
  NodeId node;
};  ///< a new incarnation, state lost
struct LinkCut {
  LinkId link;
};  ///< one direction; what is on its way dies too
struct LinkHeal {
  LinkId link;
};
/// Replaces what is given.
struct LinkChange {
  LinkId link;
  std::optional<Duration> latency, jitter;
  std::optional<double> loss, bandwidth_bps;
};
/// Nothing in the engine; the models know what it means (a drain, an option, a mark in the
/// journal).
struct ModelChange {
  std::uint32_t what = 0, subject = 0;
};

using FaultAction = std::variant<HostDown, HostUp, NodeCrash, NodeHang, NodeStart, LinkCut,
                                 LinkHeal, LinkChange, ModelChange>;

struct FaultStep {
  SimTime at;
  FaultAction action;
};

using FaultPlan = std::vector<FaultStep>;

}  // namespace bcsim::sim
