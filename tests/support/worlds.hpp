// Whole worlds for tests: the reference parameters P0 of domain.md §0.4, and running them.
#pragma once

#include <limits>
#include <memory>
#include <vector>

#include "models/metrics/run_recorder.hpp"
#include "models/world/world.hpp"
#include "tests/support/loop_driver.hpp"

namespace bcsim::tests {

using namespace bcsim::models;

/// Two sites with a gateway each, one queue, no agents, no calls; P0 throughout.
inline Scenario p0_scenario() {
  Scenario s;
  s.name = "test";
  s.run.warm_up = 0s;
  s.locations = {"site1", "site2"};
  for (int i = 0; i < kSites; ++i) {
    s.sites[i].name = i == 0 ? "site1" : "site2";
    s.sites[i].sip_server.name = i == 0 ? "SIP_Server_1" : "SIP_Server_2";
    GatewayOptions gateway;
    gateway.name = i == 0 ? "mg1" : "mg2";
    gateway.location = gateway.home_site = static_cast<SiteIndex>(i);
    s.gateways.push_back(gateway);
  }
  s.network.access.resize(2);
  for (int location = 0; location < 2; ++location) {
    for (int site = 0; site < kSites; ++site) {
      s.network.access[location][site].latency =
          location == site ? Duration(500us) : Duration(20ms);
    }
  }
  QueueOptions queue;
  queue.name = "service";
  s.queues.push_back(queue);
  return s;
}

/// No processing time, no bandwidth limit: what formulas about timers assume.
inline void without_processing(Scenario& s) {
  for (SiteOptions& site : s.sites) {
    site.sip_server.register_service = site.sip_server.invite_service =
        site.sip_server.other_service = 0s;
  }
  constexpr double kUnlimited = std::numeric_limits<double>::infinity();
  s.network.dc_link.bandwidth_bps = kUnlimited;
  for (auto& paths : s.network.access) {
    for (LinkOptions& path : paths) path.bandwidth_bps = kUnlimited;
  }
}

/// No latency at all: the contact centre as a queueing model.
inline void without_latency(Scenario& s) {
  without_processing(s);
  s.network.dc_link.latency = 0s;
  s.network.lan_latency = 0s;
  for (auto& paths : s.network.access) {
    for (LinkOptions& path : paths) path.latency = 0s;
  }
}

inline AgentGroup agents(std::string name, std::uint32_t count, SiteIndex site,
                         RegistrationMode mode = RegistrationMode::active_backup) {
  AgentGroup g;
  g.name = std::move(name);
  g.count = count;
  g.location = g.preferred_site = site;
  g.phone.registration = mode;
  g.phone.answer_delay = 0s;
  return g;
}

inline CallStream calls(ArrivalSpec arrivals, std::vector<double> share = {0.5, 0.5}) {
  CallStream c;
  c.name = "calls";
  c.arrivals = std::move(arrivals);
  c.gateway_share = std::move(share);
  c.redial.enabled = false;
  return c;
}

inline Fault site_failure(SimTime at, SiteIndex site = 0, SiteScope scope = SiteScope::genesys) {
  Fault f;
  f.at = at;
  f.deed = Fail{SiteTarget{site, scope}, {}};
  f.text = "fail";
  return f;
}

/// Keeps the whole journal.
class Recorder final : public Observer {
 public:
  void on_record(const JournalEntry& entry) override { entries.push_back(entry); }
  void on_tick(SimTime, const TickSample&) override {}

  /// Times and contents of every record of one kind.
  template <class R>
  [[nodiscard]] std::vector<std::pair<SimTime, R>> all() const {
    std::vector<std::pair<SimTime, R>> out;
    for (const JournalEntry& e : entries) {
      if (const auto* r = std::get_if<R>(&e.record)) out.emplace_back(e.at, *r);
    }
    return out;
  }
  std::vector<JournalEntry> entries;
};

struct Fingerprints {
  std::uint64_t journal = 0, trajectory = 0, messages = 0;
  bool operator==(const Fingerprints&) const = default;
};

/// Runs one replication under the loop driver.
inline Fingerprints run_world(const Scenario& scenario, std::vector<Observer*> observers = {},
                              std::uint32_t replication = 0) {
  TwoSiteWorld world(scenario, {scenario.run.seed, replication});
  for (Observer* observer : observers) world.add_observer(*observer);
  sim::PlainPlatform platform(world.layout().topology);
  Simulation& simulation = world.simulate(platform);
  world.start();
  sim::run_loop(simulation);
  return {simulation.journal_fingerprint(), simulation.trajectory_fingerprint(),
          simulation.messages_delivered()};
}

/// What one replication under the loop driver measures.
inline RunResult measure_world(const Scenario& scenario, std::vector<Observer*> observers = {}) {
  TwoSiteWorld world(scenario, {scenario.run.seed, 0});
  RunRecorder recorder(world.layout());
  for (Observer* observer : observers) world.add_observer(*observer);
  world.add_observer(recorder);
  sim::PlainPlatform platform(world.layout().topology);
  Simulation& simulation = world.simulate(platform);
  world.start();
  sim::run_loop(simulation);
  return recorder.finish(sim::kStart + scenario.run.horizon);
}

}  // namespace bcsim::tests
