// What the engine asks of the models beside their endpoints, and tells them.
#pragma once

#include <memory>

#include "sim/endpoint.hpp"
#include "sim/fault_plan.hpp"
#include "sim/ids.hpp"
#include "sim/network.hpp"
#include "sim/time.hpp"

namespace bcsim::sim {

struct SimulationOptions {
  SimTime horizon = SimTime(1h);
  Duration tick = Duration::max();  ///< interval of World::on_tick; max: never
  bool icmp_unreachable = true;     ///< live hosts refuse datagrams for dead processes
  bool wants_messages = false;      ///< call World::on_delivery and on_transmission
};

/// One line of the journal: who recorded what, when. `by` is invalid for the world itself.
template <class Domain>
struct JournalEntry {
  SimTime at;
  NodeId by;
  typename Domain::Record record;
};

/// What became of one transmission: of a datagram or its copy, of a message on a connection, of a
/// notice. Told when it is known. A reference: valid during the call only.
template <class Domain>
struct Transmission {
  SimTime at;          ///< handled by `to`, or known to be lost; envelope.sent: when sent
  NodeId from;         ///< invalid: the world itself
  NodeId to;           ///< who has, or last had, the address
  DropReason dropped;  ///< none: it arrived. On a connection, TCP will try again
  const Envelope<Domain>& envelope;
};

/// What the models supply beside their endpoints. Observers measure; they must not act on the
/// simulation except where a function says so.
template <class Domain>
class World {
 public:
  virtual ~World() = default;
  /// A fresh endpoint for a node that boots; `first` at time 0.
  virtual std::unique_ptr<Endpoint<Domain>> make_endpoint(NodeId node, bool first) = 0;
  virtual void on_record(const JournalEntry<Domain>&) {}
  /// After a fault item has been carried out; may notify nodes through the simulation.
  virtual void after_fault(const FaultStep&) {}
  /// At every multiple of the tick interval and at the horizon.
  virtual void on_tick(SimTime) {}
  /// Every message about to be handled by `target`; only called if `wants_messages`.
  virtual void on_delivery(NodeId /*source*/, NodeId /*target*/, const Envelope<Domain>&) {}
  /// The same, and every message that does not arrive; only called if `wants_messages`.
  virtual void on_transmission(const Transmission<Domain>&) {}
};

}  // namespace bcsim::sim
