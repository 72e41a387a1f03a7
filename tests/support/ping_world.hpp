// A little world for engine tests: servers and devices that ping one another through faults.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/simulation.hpp"

namespace bcsim::tests {

struct PingDomain {
  struct Message {
    std::uint32_t number = 0;
    bool answer = false;
  };
  struct Record {
    std::uint32_t what = 0, detail = 0;
  };
  static std::uint64_t draw_key(const Message& m) { return m.number * 2 + (m.answer ? 1 : 0); }
  static std::uint64_t digest(const Record& r) { return (std::uint64_t{r.what} << 32) | r.detail; }
};

/// Two places with a server each and twenty devices; devices ping both servers every 100 ms by
/// datagram and one over a connection; server 1 dies, returns, the link is cut and healed.
class PingWorld final : public sim::World<PingDomain> {
 public:
  using Simulation = sim::Simulation<PingDomain>;
  enum What : std::uint32_t { answered = 1, refused, connection_event, stream_answer };

  static PingWorld with_faults();

  std::unique_ptr<Simulation> simulate(sim::Platform& platform, std::uint64_t seed = 1) {
    auto simulation = std::make_unique<Simulation>(
        topology, platform, sim::RngFactory{seed, 0}, *this,
        sim::SimulationOptions{.horizon = sim::SimTime(std::chrono::seconds(20))});
    simulation->add_faults(faults);
    return simulation;
  }
  std::unique_ptr<sim::Endpoint<PingDomain>> make_endpoint(sim::NodeId node, bool) override;
  void on_record(const sim::JournalEntry<PingDomain>& entry) override {
    journal.push_back(entry);
    if (in_handler) in_handler(entry);
  }
  void after_fault(const sim::FaultStep& step) override {
    if (on_fault) on_fault(step.at);
  }

  sim::Topology topology;
  sim::FaultPlan faults;
  sim::LinkId wan;
  sim::NodeId servers[2], victim;
  std::vector<bool> victim_alive_after_fault;
  std::vector<sim::JournalEntry<PingDomain>> journal;
  std::function<void(sim::SimTime)> on_fault;
  /// Called for each record, while the handler that makes it runs.
  std::function<void(const sim::JournalEntry<PingDomain>&)> in_handler;
  sim::SimTime throw_at = sim::kNever;
};

namespace ping {

using Context = sim::Context<PingDomain>;

/// Answers every ping, by the way it came.
class Server final : public sim::Endpoint<PingDomain> {
 public:
  void on_start(Context&) override {}
  void on_message(Context& context, const sim::Envelope<PingDomain>& e) override {
    const PingDomain::Message answer{e.message.number, true};
    if (e.connection.valid()) {
      context.send(e.connection, answer, 100);
    } else {
      context.send(e.from, answer, 100);
    }
  }
  void on_timer(Context&, sim::TimerTag) override {}
};

class Device final : public sim::Endpoint<PingDomain> {
 public:
  explicit Device(const PingWorld& world) : world_(world) {}
  void on_start(Context& context) override {
    stream_ = context.open(sim::AddressId{world_.servers[1].value});
    const double u = context.stream("phase", context.self().value).uniform();
    context.arm(sim::from_seconds(u * 0.1), {});
  }
  void on_timer(Context& context, sim::TimerTag) override {
    if (context.now() >= world_.throw_at) throw std::logic_error("as asked");
    ++number_;
    for (const sim::NodeId server : world_.servers) {
      context.send(sim::AddressId{server.value}, {number_, false}, 500);
    }
    context.send(stream_, {number_, false}, 200);
    context.arm(std::chrono::milliseconds(100), {});
  }
  void on_message(Context& context, const sim::Envelope<PingDomain>& e) override {
    context.record(
        {e.connection.valid() ? PingWorld::stream_answer : PingWorld::answered, e.message.number});
  }
  void on_connection(Context& context, sim::ConnectionId id, sim::ConnectionEvent event) override {
    context.record({PingWorld::connection_event, static_cast<std::uint32_t>(event)});
    if (event != sim::ConnectionEvent::established && id == stream_) {
      stream_ = context.open(sim::AddressId{world_.servers[1].value});
    }
  }
  void on_unreachable(Context& context, const sim::Envelope<PingDomain>& e) override {
    context.record({PingWorld::refused, e.message.number});
  }

 private:
  const PingWorld& world_;
  sim::ConnectionId stream_;
  std::uint32_t number_ = 0;
};

}  // namespace ping

inline std::unique_ptr<sim::Endpoint<PingDomain>> PingWorld::make_endpoint(sim::NodeId node, bool) {
  if (node == servers[0] || node == servers[1]) return std::make_unique<ping::Server>();
  return std::make_unique<ping::Device>(*this);
}

inline PingWorld PingWorld::with_faults() {
  using namespace std::chrono_literals;
  PingWorld w;
  const sim::PlaceId a = w.topology.add_place("a"), b = w.topology.add_place("b");
  w.wan = w.topology.add_link("wan", a, b, {.latency = 20ms, .jitter = 2ms, .loss = 0.01});
  w.topology.add_route(a, b, {w.wan});
  const sim::HostId floor = w.topology.add_host("floor", a);
  w.servers[0] = w.topology.add_node("server0", w.topology.add_host("s0", a));
  w.servers[1] = w.topology.add_node("server1", w.topology.add_host("s1", b));
  for (int i = 0; i < 20; ++i) w.topology.add_node("device" + std::to_string(i), floor, true);
  w.victim = w.servers[1];
  const sim::HostId host = w.topology.nodes[w.victim.value].host;
  const auto at = [](auto t) { return sim::SimTime(t); };
  w.faults = {{at(2500ms), sim::NodeCrash{w.victim}},
              {at(4s), sim::NodeStart{w.victim}},
              {at(6s), sim::HostDown{host}},
              {at(8s), sim::HostUp{host}},
              {at(8s), sim::NodeStart{w.victim}},
              {at(10s), sim::LinkCut{w.wan}},
              {at(12s), sim::LinkHeal{w.wan}},
              {at(14s), sim::NodeHang{w.victim}},
              {at(16s), sim::NodeStart{w.victim}},
              {at(17s), sim::LinkChange{w.wan, 50ms, 0ms, 0.1, 1e6}}};
  w.victim_alive_after_fault = {false, true, false, false, true, true, true, true, true, true};
  return w;
}

}  // namespace bcsim::tests
