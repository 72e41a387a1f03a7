// The engine: one agenda, the nodes, the network between them, faults and the journal.
#pragma once

#include <cassert>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/agenda.hpp"
#include "sim/endpoint.hpp"
#include "sim/executor.hpp"
#include "sim/fault_plan.hpp"
#include "sim/fault_queue.hpp"
#include "sim/hash.hpp"
#include "sim/ids.hpp"
#include "sim/item.hpp"
#include "sim/livelock.hpp"
#include "sim/network.hpp"
#include "sim/platform.hpp"
#include "sim/rng.hpp"
#include "sim/slab.hpp"
#include "sim/streams.hpp"
#include "sim/time.hpp"
#include "sim/topology.hpp"
#include "sim/world.hpp"

namespace bcsim::sim {

/// See the head comment. Domain supplies: Message and Record (trivially copyable), and
/// `draw_key(const Message&)` (identifies a packet for loss and jitter draws),
/// `digest(const Record&)`.
template <class Domain>
class Simulation {
 public:
  using Message = typename Domain::Message;
  using Record = typename Domain::Record;

  Simulation(const Topology& topology, Platform& platform, RngFactory rng, World<Domain>& world,
             SimulationOptions options)
      : topology_(topology),
        platform_(platform),
        executor_(platform.executor()),
        network_(topology, platform, rng),
        rng_(rng),
        world_(world),
        options_(options),
        streams_(*this),
        guard_(topology.nodes.size()) {
    nodes_.resize(topology.nodes.size());
    host_up_.assign(topology.hosts.size(), true);
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) addresses_.push_back(NodeId{i});
  }

  // ---- building, before time starts --------------------------------------------------------

  /// A virtual address, held by `node` until somebody claims it.
  AddressId add_address(NodeId node) {
    addresses_.push_back(node);
    return AddressId{static_cast<std::uint32_t>(addresses_.size() - 1)};
  }
  /// Also while it runs. At one instant they come after those of plan_faults.
  void add_faults(const FaultPlan& plan) {
    for (const FaultStep& step : plan) schedule_fault(step, world_sequence_++);
  }
  /// In the place of what is left of an earlier plan, which does not happen. Also while it runs:
  /// what is due by now counts as done.
  void plan_faults(const FaultPlan& plan) {
    for (const TimerId id : planned_) {
      if (items_.withdraw(id, ItemKind::fault)) faults_.take(items_[id.slot].word);
    }
    planned_.clear();
    for (const FaultStep& step : plan) {
      if (step.at <= done_) continue;
      planned_.push_back(schedule_fault(step, plan_sequence_++));
    }
  }
  /// Boots every node not listed as absent, in the order of their ids, without letting them act.
  void boot_all(const std::vector<NodeId>& absent = {}) {
    for (const NodeId node : absent) nodes_[node.value].absent = true;
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
      if (!nodes_[i].absent) boot(NodeId{i}, true);
    }
    booted_ = true;
  }
  /// Lets time begin: calls on_start of every node, once all exist, so that none meets a peer that
  /// is not yet born.
  void start() {
    if (!booted_) boot_all();
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].endpoint) act(NodeId{i}, [](auto& e, auto& context) { e.on_start(context); });
    }
    if (options_.tick != Duration::max()) schedule_tick(kStart + options_.tick);
  }

  // ---- running -------------------------------------------------------------------------------

  /// Date of the next item of the fault plan; kNever if none is left before the horizon.
  [[nodiscard]] SimTime next_fault_time() const {
    return faults_.next() <= options_.horizon ? faults_.next() : kNever;
  }
  /// Does everything due up to and including `until`, then sets the clock there.
  void run_until(SimTime until) {
    if (until > options_.horizon) until = options_.horizon;
    while (!agenda_.empty() && agenda_.head().at <= until) step();
    now_ = done_ = until;
  }

  /// What will be done next; nullopt: nothing before the horizon. Changes nothing that can be seen.
  [[nodiscard]] std::optional<Upcoming> upcoming() {
    while (!agenda_.empty() && items_[agenda_.head().slot].kind == ItemKind::cancelled) {
      items_.take(agenda_.pop().slot);
    }
    if (agenda_.empty() || agenda_.head().at > options_.horizon) return std::nullopt;
    const AgendaKey& key = agenda_.head();
    const Item& item = items_[key.slot];
    const bool tick = item.kind == ItemKind::tick;
    const bool world = tick || item.kind == ItemKind::fault;
    return Upcoming{key.at, world ? NodeId{} : NodeId{key.source}, item.target, tick};
  }
  /// Does the next thing; something is left.
  void step() {
    const AgendaKey key = agenda_.pop();
    const Item item = items_.take(key.slot);
    if (item.kind == ItemKind::cancelled) return;
    now_ = key.at;
    if (executor_ != nullptr) [[unlikely]]
      executor_->reach(now_);
    if (guard_.too_many(now_)) accuse(item);
    trajectory_hash_.add(static_cast<std::uint64_t>(key.at.time_since_epoch().count()));
    trajectory_hash_.add((static_cast<std::uint64_t>(key.target) << 32) | key.source);
    carry_out(item, NodeId{key.source});
  }

  [[nodiscard]] SimTime now() const { return now_; }
  [[nodiscard]] SimTime horizon() const { return options_.horizon; }
  [[nodiscard]] const RngFactory& rng() const { return rng_; }
  [[nodiscard]] Network& network() { return network_; }
  [[nodiscard]] Streams<Domain>& streams() { return streams_; }
  [[nodiscard]] const Topology& topology() const { return topology_; }

  // ---- what is measured ----------------------------------------------------------------------

  /// Hash of the journal: every record with its time and author, in order.
  [[nodiscard]] std::uint64_t journal_fingerprint() const { return journal_hash_.value(); }
  /// Hash of everything that was done: time, target, source and kind of each item.
  [[nodiscard]] std::uint64_t trajectory_fingerprint() const { return trajectory_hash_.value(); }
  [[nodiscard]] std::uint64_t messages_delivered() const { return messages_delivered_; }
  [[nodiscard]] std::uint64_t messages_sent() const { return messages_sent_; }

  // ---- state of the world --------------------------------------------------------------------

  [[nodiscard]] bool is_up(NodeId node) const { return nodes_[node.value].state == State::up; }
  [[nodiscard]] bool is_hung(NodeId node) const { return nodes_[node.value].state == State::hung; }
  [[nodiscard]] bool is_device(NodeId node) const { return topology_.nodes[node.value].device; }
  [[nodiscard]] bool host_up(NodeId node) const {
    return host_up_[topology_.nodes[node.value].host.value];
  }
  [[nodiscard]] std::uint32_t incarnation(NodeId node) const {
    return nodes_[node.value].incarnation;
  }
  [[nodiscard]] PlaceId place(NodeId node) const {
    return topology_.hosts[topology_.nodes[node.value].host.value].place;
  }
  [[nodiscard]] NodeId holder(AddressId address) const { return addresses_[address.value]; }
  void bind(AddressId address, NodeId node) { addresses_[address.value] = node; }

  // ---- acting: used by Context, Streams and World ----------------------------------------------

  void send_datagram(NodeId self, AddressId from, AddressId to, const Message& message,
                     std::uint32_t size_bytes) {
    const NodeId target = holder(to);
    const Transit t = packet(self, target, size_bytes, Domain::draw_key(message));
    const Envelope<Domain> envelope{from, to, {}, size_bytes, now_, message};
    if (t.dropped != DropReason::none) {
      tell(self, target, envelope, t.dropped);
      return;
    }
    schedule_message(ItemKind::datagram, self, target, t.arrival, envelope);
  }
  void notify(NodeId self, NodeId target, const Message& message, Duration after) {
    schedule_message(ItemKind::notice, self, target, now_ + after,
                     {{}, AddressId{target.value}, {}, 0, now_, message});
  }
  /// A notice from the world itself.
  void notify(NodeId target, const Message& message, Duration after = {}) {
    const std::uint32_t slot = envelopes_.take();
    envelopes_[slot] = {{}, AddressId{target.value}, {}, 0, now_, message};
    schedule(now_ + after, target.value, kWorldLast, world_sequence_++,
             {.kind = ItemKind::notice,
              .target = target,
              .incarnation = incarnation(target),
              .word = slot});
  }
  TimerId arm(NodeId self, Duration after, TimerTag tag) {
    assert(after >= Duration::zero());
    return schedule(
        after < kNever - now_ ? now_ + after : kNever, self.value, self.value,
        nodes_[self.value].sequence++,
        {.kind = ItemKind::timer, .target = self, .incarnation = incarnation(self), .tag = tag});
  }
  void cancel(TimerId timer) {
    if (timer.valid()) items_.withdraw(timer, ItemKind::timer);
  }
  /// Starts a process that is down, or hangs; the world has to say so to itself.
  void start_node(NodeId node) { apply(NodeStart{node}); }
  void record(NodeId by, const Record& record) {
    journal_hash_.add(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
    journal_hash_.add(by.value);
    journal_hash_.add(Domain::digest(record));
    world_.on_record({now_, by, record});
  }

  // ---- used by Streams -------------------------------------------------------------------------

  Transit packet(NodeId from, NodeId to, std::uint32_t size_bytes, std::uint64_t draw_key) {
    ++messages_sent_;
    if (!to.valid()) return {kNever, DropReason::no_route};
    return network_.send(place(from), place(to), size_bytes, draw_key, now_);
  }
  [[nodiscard]] bool packet_intact(NodeId from, NodeId to, SimTime sent) const {
    return network_.intact_since(place(from), place(to), sent);
  }
  /// Why the node does not handle what has reached its place; none: it does.
  [[nodiscard]] DropReason obstacle_at(NodeId node) const {
    if (!node.valid()) return DropReason::no_route;
    if (is_up(node)) return DropReason::none;
    if (!host_up(node) || (is_device(node) && !is_hung(node))) return DropReason::host_down;
    return is_hung(node) ? DropReason::hung : DropReason::no_process;
  }
  void refuse(NodeId node, NodeId source, const Envelope<Domain>& envelope) {
    if (!options_.icmp_unreachable) return;
    constexpr std::uint32_t kBytes = 56;
    const Transit t = packet(node, source, kBytes, Domain::draw_key(envelope.message) + 1);
    if (t.dropped != DropReason::none) return;
    schedule_message(ItemKind::unreachable, node, source, t.arrival, envelope);
  }
  void schedule_data(NodeId from, NodeId to, SimTime arrival, const Envelope<Domain>& envelope) {
    schedule_message(ItemKind::stream_data, from, to, arrival, envelope);
  }
  void schedule_open_arrival(NodeId from, NodeId to, SimTime arrival, ConnectionId connection,
                             std::uint32_t attempt) {
    schedule(
        arrival, to.value, from.value, nodes_[from.value].sequence++,
        {.kind = ItemKind::stream_open, .target = to, .connection = connection, .word = attempt});
  }
  void schedule_event(NodeId from, NodeId to, SimTime arrival, ConnectionId connection,
                      ConnectionEvent event) {
    schedule(arrival, to.value, from.value, nodes_[from.value].sequence++,
             {.kind = ItemKind::stream_event,
              .target = to,
              .connection = connection,
              .word = static_cast<std::uint32_t>(event)});
  }
  void schedule_retry(NodeId node, Duration after, ConnectionId connection, std::uint32_t side,
                      std::uint32_t attempt) {
    schedule(now_ + after, node.value, node.value, nodes_[node.value].sequence++,
             {.kind = ItemKind::stream_retry,
              .target = node,
              .connection = connection,
              .word = attempt,
              .tag = {.kind = side}});
  }
  void connection_event(NodeId node, ConnectionId connection, ConnectionEvent event) {
    act(node, [&](auto& e, auto& context) { e.on_connection(context, connection, event); });
  }
  /// Tells whoever listens what became of a message.
  void tell(NodeId from, NodeId to, const Envelope<Domain>& envelope, DropReason dropped) {
    if (options_.wants_messages) world_.on_transmission({now_, from, to, dropped, envelope});
  }
  void deliver(NodeId node, const Envelope<Domain>& envelope) {
    ++messages_delivered_;
    if (options_.wants_messages) {
      world_.on_delivery(last_source_, node, envelope);
      tell(last_source_, node, envelope, DropReason::none);
    }
    act(node, [&](auto& e, auto& context) { e.on_message(context, envelope); });
  }

 private:
  enum class State : std::uint8_t { down, up, hung };
  struct Node {
    std::unique_ptr<Endpoint<Domain>> endpoint;
    std::uint32_t incarnation = 0;
    std::uint32_t sequence = 0;
    State state = State::down;
    bool absent = false;
  };
  /// Faults come before everything else of their instant; ticks after.
  static constexpr std::uint32_t kWorldFirst = 0;
  static constexpr std::uint32_t kWorldLast = 0xFFFF'FFFFu;

  TimerId schedule(SimTime at, std::uint32_t target, std::uint32_t source, std::uint32_t sequence,
                   const Item& item) {
    assert(at >= now_);
    const TimerId id = items_.keep(item);
    // Nodes are ordered after the world's own items, so their numbers are shifted by one.
    const bool world = item.kind == ItemKind::fault || item.kind == ItemKind::tick;
    agenda_.push({at, world ? target : target + 1, source, sequence, id.slot});
    return id;
  }
  TimerId schedule_fault(const FaultStep& step, std::uint32_t sequence) {
    return schedule(step.at, kWorldFirst, kWorldFirst, sequence,
                    {.kind = ItemKind::fault, .word = faults_.add(step)});
  }
  void schedule_message(ItemKind kind, NodeId from, NodeId to, SimTime at,
                        const Envelope<Domain>& envelope) {
    const std::uint32_t slot = envelopes_.take();
    envelopes_[slot] = envelope;
    schedule(at, to.value, from.value, nodes_[from.value].sequence++,
             {.kind = kind, .target = to, .incarnation = incarnation(to), .word = slot});
  }
  void schedule_tick(SimTime at) {
    if (at > options_.horizon) return;
    schedule(at, kWorldLast, kWorldLast, world_sequence_++, {.kind = ItemKind::tick});
  }
  Envelope<Domain> take_envelope(std::uint32_t slot) {
    Envelope<Domain> envelope = envelopes_[slot];
    envelopes_.give_back(slot);
    return envelope;
  }

  /// Calls one handler of a node's endpoint: every call of one goes through here.
  template <class Handler>
  void act(NodeId node, Handler&& handler) {
    const auto call = [&] {
      Context<Domain> context(*this, node);
      handler(*nodes_[node.value].endpoint, context);
    };
    if (executor_ == nullptr) [[likely]] {
      call();
    } else {
      executor_->execute(node, std::cref(call));
    }
  }

  void carry_out(const Item& item, NodeId source) {
    switch (item.kind) {
      case ItemKind::timer:
        if (current(item)) {
          act(item.target, [&](auto& e, auto& context) { e.on_timer(context, item.tag); });
        }
        break;
      case ItemKind::datagram:
        arrive(source, item.target, take_envelope(item.word));
        break;
      case ItemKind::notice: {
        const Envelope<Domain> envelope = take_envelope(item.word);
        last_source_ = source;
        if (current(item)) {
          deliver(item.target, envelope);
        } else {
          tell(source, item.target, envelope, DropReason::host_down);
        }
        break;
      }
      case ItemKind::unreachable: {
        const Envelope<Domain> envelope = take_envelope(item.word);
        if (current(item)) {
          act(item.target, [&](auto& e, auto& context) { e.on_unreachable(context, envelope); });
        }
        break;
      }
      case ItemKind::stream_data:
        last_source_ = source;
        streams_.on_data(source, take_envelope(item.word), item.target);
        break;
      case ItemKind::stream_open:
        streams_.on_open_arrival(item.connection, item.word);
        break;
      case ItemKind::stream_event:
        streams_.on_event(item.connection, item.target, static_cast<ConnectionEvent>(item.word));
        break;
      case ItemKind::stream_retry:
        streams_.on_retry(item.connection, item.tag.kind, item.word);
        break;
      case ItemKind::fault:
        carry_out(faults_.take(item.word));
        break;
      case ItemKind::tick:
        world_.on_tick(now_);
        schedule_tick(now_ + options_.tick);
        break;
      case ItemKind::free:
      case ItemKind::cancelled:
        assert(false);
        break;
    }
  }
  void accuse(const Item& item) {
    if (!item.target.valid()) return;
    const bool letter = item.kind == ItemKind::datagram || item.kind == ItemKind::notice ||
                        item.kind == ItemKind::stream_data;
    const std::string what = letter ? name_of<Domain>(envelopes_[item.word].message)
                             : item.kind == ItemKind::timer
                                 ? "timer " + std::to_string(item.tag.kind)
                                 : "connections";
    guard_.accuse(now_, topology_.nodes[item.target.value].name, what);
  }
  [[nodiscard]] bool current(const Item& item) const {
    const Node& node = nodes_[item.target.value];
    return node.state == State::up && node.incarnation == item.incarnation;
  }

  /// A datagram reaches the place of its address: delivered, refused or swallowed.
  void arrive(NodeId source, NodeId addressed, const Envelope<Domain>& envelope) {
    const NodeId node = holder(envelope.to);
    const DropReason obstacle =
        packet_intact(source, addressed, envelope.sent) ? obstacle_at(node) : DropReason::link_cut;
    if (obstacle == DropReason::none) {
      last_source_ = source;
      return deliver(node, envelope);
    }
    tell(source, node.valid() ? node : addressed, envelope, obstacle);
    if (obstacle == DropReason::no_process) refuse(node, source, envelope);
  }

  void boot(NodeId id, bool first) {
    Node& node = nodes_[id.value];
    assert(node.state == State::down);
    if (!host_up(id)) return;  // a machine that is off boots nothing
    ++node.incarnation;
    node.state = State::up;
    platform_.node_started(id);
    node.endpoint = world_.make_endpoint(id, first);
    if (first) return;
    act(id, [](auto& e, auto& context) { e.on_start(context); });
  }
  void kill(NodeId id, bool host_alive) {
    Node& node = nodes_[id.value];
    if (node.state == State::down) return;
    node.state = State::down;
    platform_.node_killed(id);
    streams_.node_died(id, host_alive && !is_device(id));
    node.endpoint.reset();
  }

  void carry_out(const FaultStep& step) {
    std::visit([this](const auto& action) { apply(action); }, step.action);
    world_.after_fault(step);
  }
  void apply(const HostDown& a) {
    if (!host_up_[a.host.value]) return;
    host_up_[a.host.value] = false;
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
      if (topology_.nodes[i].host == a.host) kill(NodeId{i}, false);
    }
    platform_.host_changed(a.host, false);
  }
  void apply(const HostUp& a) {
    if (host_up_[a.host.value]) return;
    host_up_[a.host.value] = true;
    platform_.host_changed(a.host, true);
  }
  void apply(const NodeCrash& a) { kill(a.node, true); }
  void apply(const NodeHang& a) {
    if (is_up(a.node)) nodes_[a.node.value].state = State::hung;
  }
  void apply(const NodeStart& a) {
    if (is_hung(a.node)) kill(a.node, true);  // a hung process is restarted
    if (nodes_[a.node.value].state == State::down) boot(a.node, false);
  }
  void apply(const LinkCut& a) { network_.set_up(a.link, false, now_); }
  void apply(const LinkHeal& a) { network_.set_up(a.link, true, now_); }
  void apply(const LinkChange& a) { network_.change(a); }
  void apply(const ModelChange&) {}

  const Topology& topology_;
  Platform& platform_;
  Executor* executor_;  ///< not owned; null: handlers are called inline
  Network network_;
  RngFactory rng_;
  World<Domain>& world_;
  SimulationOptions options_;
  Streams<Domain> streams_;
  LivelockGuard guard_;

  Agenda agenda_;
  ItemStore items_;
  Slab<Envelope<Domain>> envelopes_;
  std::vector<Node> nodes_;
  std::vector<bool> host_up_;
  std::vector<NodeId> addresses_;
  FaultQueue faults_;
  std::vector<TimerId> planned_;  ///< steps of the plan in force
  SimTime now_ = kStart;
  SimTime done_ = kStart - Duration(1);  ///< everything due by then is done
  bool booted_ = false;
  NodeId last_source_;
  std::uint32_t plan_sequence_ = 0, world_sequence_ = 1u << 31;  ///< whatever is planned is first
  std::uint64_t messages_sent_ = 0, messages_delivered_ = 0;
  Hash64 journal_hash_, trajectory_hash_;
};

}  // namespace bcsim::sim
