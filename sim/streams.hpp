// Reliable, ordered connections over the network: TCP as its users see it.
#pragma once

#include <algorithm>
#include <cassert>
#include <deque>
#include <utility>
#include <vector>

#include "sim/endpoint.hpp"
#include "sim/ids.hpp"
#include "sim/time.hpp"

namespace bcsim::sim {

/// All connections of a simulation. A connection is reset by the death of a process on a live
/// host, and silent when a host dies or a link is cut: then the sender's data is sent again with
/// doubling intervals until it arrives or TCP gives up.
template <class Domain>
class Streams {
 public:
  using Message = typename Domain::Message;
  using Sim = Simulation<Domain>;

  explicit Streams(Sim& simulation) : simulation_(simulation) {}

  [[nodiscard]] ConnectionId open(NodeId from, AddressId to);
  void send(NodeId from, ConnectionId connection, const Message& message, std::uint32_t size_bytes);
  void close(NodeId from, ConnectionId connection);
  /// A connection that exists when time starts; both ends hear of it as accepted / established.
  ConnectionId establish(NodeId a, AddressId to);

  /// Ends of connections of a node that died. With `host_alive` its peers are told.
  void node_died(NodeId node, bool host_alive);

  // Agenda items, dispatched by the simulation.
  void on_open_arrival(ConnectionId connection, std::uint32_t attempt);
  void on_event(ConnectionId connection, NodeId target, ConnectionEvent event);
  void on_data(NodeId source, const Envelope<Domain>& envelope, NodeId target);
  void on_retry(ConnectionId connection, std::uint32_t side, std::uint32_t attempt);

  static constexpr Duration kFirstSynRetry = 1s;      // RFC 6298 §2.1
  static constexpr std::uint32_t kSynRetries = 6;     // Linux tcp_syn_retries: 127 s in all
  static constexpr Duration kMinimumRto = 200ms;      // Linux TCP_RTO_MIN
  static constexpr Duration kMaximumRto = 120s;       // RFC 6298 §2.5 upper bound in Linux
  static constexpr std::uint32_t kDataRetries = 15;   // Linux tcp_retries2
  static constexpr std::uint32_t kControlBytes = 60;  // a bare TCP segment

 private:
  struct Pending {
    Message message;
    std::uint32_t size_bytes;
  };
  struct End {
    NodeId node;
    AddressId address;
    std::uint32_t incarnation = 0;
    bool open = false;
    SimTime last_arrival = kStart;     ///< of what this end has sent: keeps order
    std::vector<Pending> unsent = {};  ///< waiting for a retransmission to get through
    bool retrying = false;
    std::uint32_t retries = 0;  ///< in a row, since the peer's host last acknowledged anything
  };
  struct Connection {
    End ends[2];
    bool established = false;
    std::uint64_t packets = 0;  ///< numbers packets for loss and jitter draws
  };

  [[nodiscard]] Connection& at(ConnectionId id) { return connections_[id.value]; }
  [[nodiscard]] static std::uint32_t side_of(const Connection& c, NodeId node) {
    return c.ends[0].node == node && c.ends[0].open ? 0 : 1;
  }
  [[nodiscard]] static Duration backoff(Duration first, std::uint32_t attempt) {
    Duration d = first;
    while (attempt-- > 0 && d < kMaximumRto) d *= 2;
    return std::min(d, kMaximumRto);
  }
  [[nodiscard]] bool alive(const End& end) const {
    return end.open && simulation_.incarnation(end.node) == end.incarnation &&
           simulation_.is_up(end.node);
  }
  void attempt_open(ConnectionId id, std::uint32_t attempt);
  /// Tries to put one message on the wire; false if the route is cut just now.
  bool transmit(ConnectionId id, std::uint32_t side, const Message& message, std::uint32_t bytes);
  void retry_later(ConnectionId id, std::uint32_t side);
  /// Tells the end `side` of an event, over the network, from the other end's place.
  void tell(ConnectionId id, std::uint32_t side, ConnectionEvent event);

  /// Of a node that may die with some of them open; those closed meanwhile are forgotten now and
  /// then, so that a list stays as long as what is open.
  struct Held {
    std::vector<ConnectionId> list;
    std::size_t tidy_at = 16;
  };
  void hold(NodeId node, ConnectionId id);
  [[nodiscard]] bool holds(NodeId node, const Connection& c) const {
    return (c.ends[0].node == node && c.ends[0].open) || (c.ends[1].node == node && c.ends[1].open);
  }

  Sim& simulation_;
  std::deque<Connection> connections_;
  std::vector<Held> held_;  ///< by node
};

template <class Domain>
void Streams<Domain>::hold(NodeId node, ConnectionId id) {
  if (held_.size() <= node.value) held_.resize(node.value + 1);
  Held& held = held_[node.value];
  if (held.list.size() >= held.tidy_at) {
    std::erase_if(held.list, [&](ConnectionId other) { return !holds(node, at(other)); });
    held.tidy_at = 2 * held.list.size() + 16;
  }
  held.list.push_back(id);
}

template <class Domain>
ConnectionId Streams<Domain>::open(NodeId from, AddressId to) {
  connections_.emplace_back();
  const ConnectionId id{static_cast<std::uint32_t>(connections_.size() - 1)};
  Connection& c = connections_.back();
  c.ends[0] = {from, AddressId{from.value}, simulation_.incarnation(from), true};
  c.ends[1].address = to;
  hold(from, id);
  attempt_open(id, 0);
  return id;
}

template <class Domain>
ConnectionId Streams<Domain>::establish(NodeId a, AddressId to) {
  connections_.emplace_back();
  const ConnectionId id{static_cast<std::uint32_t>(connections_.size() - 1)};
  Connection& c = connections_.back();
  const NodeId b = simulation_.holder(to);
  c.ends[0] = {a, AddressId{a.value}, simulation_.incarnation(a), true};
  c.ends[1] = {b, to, simulation_.incarnation(b), true};
  c.established = true;
  hold(a, id);
  hold(b, id);
  return id;
}

template <class Domain>
void Streams<Domain>::attempt_open(ConnectionId id, std::uint32_t attempt) {
  Connection& c = at(id);
  const NodeId target = simulation_.holder(c.ends[1].address);
  const Transit t = simulation_.packet(c.ends[0].node, target, kControlBytes,
                                       (std::uint64_t{id.value} << 20) | c.packets++);
  if (t.dropped == DropReason::none) {
    simulation_.schedule_open_arrival(c.ends[0].node, target, t.arrival, id, attempt);
  } else if (attempt < kSynRetries) {
    simulation_.schedule_retry(c.ends[0].node, backoff(kFirstSynRetry, attempt), id, 2,
                               attempt + 1);
  } else {
    simulation_.schedule_event(c.ends[0].node, c.ends[0].node,
                               simulation_.now() + backoff(kFirstSynRetry, attempt), id,
                               ConnectionEvent::timed_out);
  }
}

template <class Domain>
void Streams<Domain>::on_open_arrival(ConnectionId id, std::uint32_t attempt) {
  Connection& c = at(id);
  if (!alive(c.ends[0]) || c.established) return;
  const NodeId target = simulation_.holder(c.ends[1].address);
  const bool reachable = target.valid() && simulation_.host_up(target) &&
                         !simulation_.is_hung(target) &&
                         !(simulation_.is_device(target) && !simulation_.is_up(target));
  if (!reachable) {  // nobody answers: the SYN is repeated
    if (attempt < kSynRetries) {
      simulation_.schedule_retry(c.ends[0].node, backoff(kFirstSynRetry, attempt), id, 2,
                                 attempt + 1);
    } else {
      simulation_.schedule_event(c.ends[0].node, c.ends[0].node,
                                 simulation_.now() + backoff(kFirstSynRetry, attempt), id,
                                 ConnectionEvent::timed_out);
    }
    return;
  }
  c.ends[1].node = target;
  if (!simulation_.is_up(target)) {
    tell(id, 0, ConnectionEvent::refused);
    c.ends[0].open = c.ends[1].open = false;
    return;
  }
  c.ends[1].incarnation = simulation_.incarnation(target);
  c.ends[1].open = true;
  c.established = true;
  hold(target, id);
  tell(id, 0, ConnectionEvent::established);
  simulation_.connection_event(target, id, ConnectionEvent::accepted);
}

template <class Domain>
void Streams<Domain>::tell(ConnectionId id, std::uint32_t side, ConnectionEvent event) {
  Connection& c = at(id);
  const Transit t = simulation_.packet(c.ends[1 - side].node, c.ends[side].node, kControlBytes,
                                       (std::uint64_t{id.value} << 20) | c.packets++);
  if (t.dropped == DropReason::link_cut || t.dropped == DropReason::no_route) return;
  const SimTime arrival =
      t.dropped == DropReason::none ? t.arrival : simulation_.now() + kMinimumRto;
  c.ends[1 - side].last_arrival = std::max(c.ends[1 - side].last_arrival, arrival);
  simulation_.schedule_event(c.ends[1 - side].node, c.ends[side].node,
                             c.ends[1 - side].last_arrival, id, event);
}

template <class Domain>
void Streams<Domain>::on_event(ConnectionId id, NodeId target, ConnectionEvent event) {
  Connection& c = at(id);
  const std::uint32_t side = c.ends[0].node == target ? 0 : 1;
  End& end = c.ends[side];
  if (simulation_.incarnation(target) != end.incarnation || !simulation_.is_up(target)) return;
  if (event != ConnectionEvent::established) {
    // A refusal finds the end already marked closed; every other ending is news only once.
    if (!end.open && event != ConnectionEvent::refused) return;
    end.open = false;
    end.unsent.clear();
  } else if (!end.open) {
    return;
  }
  simulation_.connection_event(target, id, event);
}

template <class Domain>
void Streams<Domain>::send(NodeId from, ConnectionId id, const Message& message,
                           std::uint32_t size_bytes) {
  Connection& c = at(id);
  const std::uint32_t side = side_of(c, from);
  End& end = c.ends[side];
  if (!end.open) return;  // the event that closed it is on its way, or was ignored
  if (!c.established || !end.unsent.empty() || !transmit(id, side, message, size_bytes)) {
    end.unsent.push_back({message, size_bytes});
    if (!end.retrying) retry_later(id, side);
  }
}

template <class Domain>
bool Streams<Domain>::transmit(ConnectionId id, std::uint32_t side, const Message& message,
                               std::uint32_t bytes) {
  Connection& c = at(id);
  End& end = c.ends[side];
  Duration lost_time{};
  for (std::uint32_t copy = 0; copy <= kDataRetries; ++copy) {
    const Transit t = simulation_.packet(end.node, c.ends[1 - side].node, bytes,
                                         (std::uint64_t{id.value} << 20) | c.packets++);
    if (t.dropped == DropReason::none) {
      // Earlier data must be delivered first; equal times keep the order of sending.
      end.last_arrival = std::max(end.last_arrival, t.arrival + lost_time);
      simulation_.schedule_data(
          end.node, c.ends[1 - side].node, end.last_arrival,
          {end.address, c.ends[1 - side].address, id, bytes, simulation_.now(), message});
      return true;
    }
    simulation_.tell(end.node, c.ends[1 - side].node,
                     {end.address, c.ends[1 - side].address, id, bytes, simulation_.now(), message},
                     t.dropped);
    if (t.dropped != DropReason::loss) return false;  // as it is now, so it is for every copy
    lost_time += backoff(kMinimumRto, copy);
  }
  return false;
}

template <class Domain>
void Streams<Domain>::retry_later(ConnectionId id, std::uint32_t side) {
  End& end = at(id).ends[side];
  end.retrying = true;
  simulation_.schedule_retry(end.node, backoff(kMinimumRto, end.retries), id, side, 0);
}

template <class Domain>
void Streams<Domain>::on_retry(ConnectionId id, std::uint32_t side, std::uint32_t attempt) {
  Connection& c = at(id);
  if (side == 2) {  // the opening packet
    if (alive(c.ends[0]) && !c.established) attempt_open(id, attempt);
    return;
  }
  End& end = c.ends[side];
  end.retrying = false;
  if (!alive(end) || end.unsent.empty()) return;
  if (++end.retries > kDataRetries && c.established) {
    on_event(id, end.node, ConnectionEvent::timed_out);
    return;
  }
  std::size_t through = 0;
  while (through < end.unsent.size() && c.established &&
         transmit(id, side, end.unsent[through].message, end.unsent[through].size_bytes)) {
    ++through;
  }
  end.unsent.erase(end.unsent.begin(), end.unsent.begin() + static_cast<std::ptrdiff_t>(through));
  if (!end.unsent.empty()) retry_later(id, side);
}

template <class Domain>
void Streams<Domain>::on_data(NodeId source, const Envelope<Domain>& envelope, NodeId target) {
  const ConnectionId id = envelope.connection;
  Connection& c = at(id);
  const std::uint32_t side = c.ends[0].node == source ? 0 : 1;
  End& from = c.ends[side];
  End& to = c.ends[1 - side];
  if (!simulation_.packet_intact(source, target, envelope.sent) || !simulation_.host_up(target) ||
      simulation_.is_hung(target) ||
      (simulation_.is_device(target) && !simulation_.is_up(target))) {
    // Died on the way: the sender's TCP still has it and tries again.
    const bool cut = !simulation_.packet_intact(source, target, envelope.sent);
    simulation_.tell(source, target, envelope,
                     cut ? DropReason::link_cut : simulation_.obstacle_at(target));
    if (!alive(from)) return;
    from.unsent.push_back({envelope.message, envelope.size_bytes});
    if (!from.retrying) retry_later(id, side);
    return;
  }
  from.retries = 0;
  // The process it belonged to is gone, or the address is now another's: the host resets it.
  if (!alive(to) || simulation_.holder(to.address) != to.node) {
    simulation_.tell(source, target, envelope, DropReason::no_process);
    if (from.open) tell(id, side, ConnectionEvent::reset);
    return;
  }
  simulation_.deliver(target, envelope);
}

template <class Domain>
void Streams<Domain>::close(NodeId from, ConnectionId id) {
  if (!id.valid()) return;
  Connection& c = at(id);
  const std::uint32_t side = side_of(c, from);
  End& end = c.ends[side];
  if (!end.open || end.node != from) return;
  end.open = false;
  end.unsent.clear();
  if (c.established) tell(id, 1 - side, ConnectionEvent::closed);
}

template <class Domain>
void Streams<Domain>::node_died(NodeId node, bool host_alive) {
  if (node.value >= held_.size()) return;
  std::vector<ConnectionId> list = std::exchange(held_[node.value], {}).list;
  // Peers hear of it in the order in which the connections were opened.
  std::sort(list.begin(), list.end());
  for (const ConnectionId id : list) {
    Connection& c = at(id);
    for (const std::uint32_t side : {0u, 1u}) {
      if (c.ends[side].node != node || !c.ends[side].open) continue;
      c.ends[side].open = false;
      c.ends[side].unsent.clear();
      if (host_alive && c.established && c.ends[1 - side].open) {
        tell(id, 1 - side, ConnectionEvent::reset);
      }
    }
  }
}

}  // namespace bcsim::sim
