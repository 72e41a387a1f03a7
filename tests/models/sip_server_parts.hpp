// One part of a SIP Server alone: an endpoint at site 1 that does what the test says, with a
// Context to do it in; its peer only listens.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "models/sip_server/site.hpp"
#include "tests/support/loop_driver.hpp"

namespace bcsim::models::testing {

struct PartWorld final : sim::World<Domain> {
  using Step = std::function<void(Context&)>;

  PartWorld() {
    const sim::PlaceId place = topology.add_place("site1");
    topology.add_route(place, place, {});
    for (const SiteIndex s : {SiteIndex{0}, SiteIndex{1}}) {
      const NodeId node = topology.add_node("sip_server", topology.add_host("sip_server", place));
      directory.sip_server_process[s] = {node, node};
      directory.sip_server[s] = AddressId{node.value};
    }
    directory.scenario = &scenario;
  }
  [[nodiscard]] SipServerOptions& options() { return scenario.sites[0].sip_server; }
  [[nodiscard]] ServerSite site() { return {directory, 0}; }
  /// Does this at the start, then lets time pass.
  void run(Step first, Duration horizon = std::chrono::seconds(10)) {
    start = std::move(first);
    platform = std::make_unique<sim::PlainPlatform>(topology);
    sim::SimulationOptions sim_options;
    sim_options.horizon = sim::kStart + horizon;
    sim_options.wants_messages = true;
    simulation =
        std::make_unique<Simulation>(topology, *platform, directory.rng, *this, sim_options);
    simulation->boot_all({});
    simulation->start();
    sim::run_loop(*simulation);
  }
  template <class R>
  [[nodiscard]] std::vector<R> records() const {
    std::vector<R> found;
    for (const JournalEntry& e : journal) {
      if (const auto* r = std::get_if<R>(&e.record)) found.push_back(*r);
    }
    return found;
  }

  Scenario scenario;
  Directory directory;
  sim::Topology topology;
  Step start;
  std::function<void(Context&, sim::TimerTag)> timer = [](Context&, sim::TimerTag) {};
  std::vector<JournalEntry> journal;
  std::vector<Message> sent;  ///< to the peer

 private:
  struct Part final : Endpoint {
    Part(PartWorld& w, bool acts) : world(w), alive(acts) {}
    void on_start(Context& context) override {
      if (alive) world.start(context);
    }
    void on_message(Context&, const Envelope& e) override {
      if (!alive) world.sent.push_back(e.message);
    }
    void on_timer(Context& context, sim::TimerTag tag) override { world.timer(context, tag); }
    PartWorld& world;
    bool alive;
  };
  std::unique_ptr<Endpoint> make_endpoint(NodeId node, bool) override {
    return std::make_unique<Part>(*this, node == directory.sip_server_process[0][0]);
  }
  void on_record(const JournalEntry& entry) override { journal.push_back(entry); }

  std::unique_ptr<sim::PlainPlatform> platform;
  std::unique_ptr<Simulation> simulation;
};

}  // namespace bcsim::models::testing
