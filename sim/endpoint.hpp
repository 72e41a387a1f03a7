// The seam between the engine and its models: endpoints react, and act through a Context.
#pragma once

#include <cstdint>

#include "sim/ids.hpp"
#include "sim/rng.hpp"
#include "sim/time.hpp"

namespace bcsim::sim {

template <class Domain>
class Simulation;

/// A message as it arrives. `connection` is invalid for datagrams; `from` is invalid for notices,
/// which the world itself sends (out of band, without delay or loss).
template <class Domain>
struct Envelope {
  AddressId from, to;
  ConnectionId connection;
  std::uint32_t size_bytes = 0;
  SimTime sent;
  typename Domain::Message message;
};

/// What a timer is for; the endpoint's own meaning.
struct TimerTag {
  std::uint32_t kind = 0;
  std::uint32_t index = 0;
  std::uint64_t data = 0;
};

/// Names an armed timer. Cancelling one that has fired or was never armed is harmless.
struct TimerId {
  std::uint32_t slot = 0xFFFF'FFFFu;
  std::uint32_t generation = 0;
  [[nodiscard]] bool valid() const { return slot != 0xFFFF'FFFFu; }
};

/// What happens to a connection, as one end sees it.
enum class ConnectionEvent : std::uint8_t {
  accepted,     ///< the peer opened it to us
  established,  ///< our open succeeded
  refused,      ///< our open was answered with a reset: no process there
  timed_out,    ///< our open, or our data, was answered by nobody until TCP gave up
  reset,        ///< the peer's process is gone and its host said so
  closed        ///< the peer closed it
};

/// The world as an endpoint may touch it. Valid only during a handler call.
template <class Domain>
class Context {
 public:
  Context(Simulation<Domain>& simulation, NodeId self) : simulation_(simulation), self_(self) {}

  [[nodiscard]] SimTime now() const { return simulation_.now(); }
  [[nodiscard]] NodeId self() const { return self_; }
  /// The node's own address, which never moves.
  [[nodiscard]] AddressId address() const { return AddressId{self_.value}; }

  /// Sends a datagram: it arrives, or nobody is told.
  void send(AddressId to, const typename Domain::Message& message, std::uint32_t size_bytes) {
    simulation_.send_datagram(self_, address(), to, message, size_bytes);
  }
  /// The same with another source address, which answers go to (a virtual address held here).
  void send_as(AddressId from, AddressId to, const typename Domain::Message& message,
               std::uint32_t size_bytes) {
    simulation_.send_datagram(self_, from, to, message, size_bytes);
  }
  /// Says of a datagram that came here that nobody listens, as the machine of a dead process does.
  void refuse(const Envelope<Domain>& envelope) {
    simulation_.refuse(self_, simulation_.holder(envelope.from), envelope);
  }
  /// Gives a message to a node at `now() + after`, whatever the state of the network: not a packet
  /// but something the world does (a trunk's signal, a notice). Void if the node dies before.
  void notify(NodeId to, const typename Domain::Message& message, Duration after = {}) {
    simulation_.notify(self_, to, message, after);
  }

  /// Opens a reliable, ordered connection; the outcome comes as on_connection.
  [[nodiscard]] ConnectionId open(AddressId to) { return simulation_.streams().open(self_, to); }
  void send(ConnectionId connection, const typename Domain::Message& message,
            std::uint32_t size_bytes) {
    simulation_.streams().send(self_, connection, message, size_bytes);
  }
  /// Closes this end; the peer is told if it can be reached. Closing twice is harmless.
  void close(ConnectionId connection) { simulation_.streams().close(self_, connection); }

  TimerId arm(Duration after, TimerTag tag) { return simulation_.arm(self_, after, tag); }
  void cancel(TimerId timer) { simulation_.cancel(timer); }

  [[nodiscard]] RngStream stream(StreamName name, std::uint64_t entity) const {
    return simulation_.rng().stream(name, entity);
  }
  void record(const typename Domain::Record& record) { simulation_.record(self_, record); }

  /// Takes over a (virtual) address: from now on its packets come here.
  void claim(AddressId address) { simulation_.bind(address, self_); }

 private:
  Simulation<Domain>& simulation_;
  NodeId self_;
};

/// A simulated process or device. Handlers run to completion and never block.
template <class Domain>
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  virtual void on_start(Context<Domain>&) {}
  virtual void on_message(Context<Domain>& context, const Envelope<Domain>& envelope) = 0;
  virtual void on_timer(Context<Domain>&, TimerTag) {}
  virtual void on_connection(Context<Domain>&, ConnectionId, ConnectionEvent) {}
  /// A datagram of ours met a live host without the process (ICMP port unreachable).
  virtual void on_unreachable(Context<Domain>&, const Envelope<Domain>&) {}
};

}  // namespace bcsim::sim
