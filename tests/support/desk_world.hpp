// Two sites of scripted SIP Servers, and desks: real phones, desktops and configuration servers.
#pragma once

#include <limits>
#include <memory>
#include <vector>

#include "models/directory.hpp"
#include "models/domain.hpp"
#include "models/endpoints/agent_desktop.hpp"
#include "models/endpoints/config_server.hpp"
#include "models/endpoints/config_server_proxy.hpp"
#include "models/endpoints/sip_phone.hpp"
#include "models/endpoints/stat_server.hpp"
#include "tests/support/loop_driver.hpp"
#include "tests/support/stub_sip_server.hpp"
#include "tests/support/times.hpp"

namespace bcsim::testing {

/// One group of agents at site 1 with P0 timers; tests change what they are about. Latencies are
/// those of the golden run (domain.md §5.11), bandwidth is infinite, so times are exact.
[[nodiscard]] inline Scenario desk_scenario(std::uint32_t agents = 1) {
  Scenario s;
  s.sites[0].name = "site1";
  s.sites[1].name = "site2";
  s.locations = {"site1", "site2"};
  AgentGroup group;
  group.name = "P1";
  group.count = agents;
  group.phone.answer_delay = 0s;
  group.desktop.relogin_work = 0s;
  s.agents.push_back(group);
  return s;
}

/// See the head comment. Locations 0 and 1 are the sites' premises.
class DeskWorld final : public sim::World<Domain> {
 public:
  struct Delivery {
    SimTime at;
    NodeId source, target;
    Envelope envelope;
  };
  enum class With : std::uint8_t { phones, desktops };  ///< desktops: phones and all servers too

  explicit DeskWorld(Scenario s, std::uint64_t seed = 1, With with = With::phones)
      : scenario(std::move(s)), with_(with) {
    directory.scenario = &scenario;
    directory.rng = {seed, 0};
    build_network();
    build_servers();
    build_desks();
  }

  /// Runs from 0 to `until`; call once.
  void run(Duration until) {
    platform_ = std::make_unique<sim::PlainPlatform>(topology);
    simulation = std::make_unique<Simulation>(
        topology, *platform_, directory.rng, *this,
        sim::SimulationOptions{.horizon = sim::kStart + until,
                               .icmp_unreachable = scenario.network.icmp_unreachable,
                               .wants_messages = true});
    for (int site = 0; site < kSites; ++site) {
      directory.sip_server[site] = simulation->add_address(sip_server[site]);
      directory.config_server[site] = AddressId{config_server[site].value};
      directory.config_proxy[site] = AddressId{config_proxy[site].value};
      directory.stat_server[site] = AddressId{stat_server[site].value};
    }
    simulation->add_faults(faults);
    simulation->start();
    sim::run_loop(*simulation);
  }

  void fail_host(Duration at, NodeId node) {
    faults.push_back({sim::kStart + at, sim::HostDown{topology.nodes[node.value].host}});
  }
  void restore_host(Duration at, NodeId node) {
    faults.push_back({sim::kStart + at, sim::HostUp{topology.nodes[node.value].host}});
    faults.push_back({sim::kStart + at, sim::NodeStart{node}});
  }
  void crash(Duration at, NodeId node) {
    faults.push_back({sim::kStart + at, sim::NodeCrash{node}});
  }
  void start_node(Duration at, NodeId node) {
    faults.push_back({sim::kStart + at, sim::NodeStart{node}});
  }
  /// A whole site's Genesys components, silently (SiteScope::genesys).
  void fail_site(Duration at, SiteIndex site) {
    fail_host(at, sip_server[site]);
    fail_host(at, config_server[site]);
    fail_host(at, config_proxy[site]);
    fail_host(at, stat_server[site]);
  }
  void cut_access(Duration at, LocationIndex location, SiteIndex site) {
    faults.push_back({sim::kStart + at, sim::LinkCut{access[location][site]}});
    faults.push_back({sim::kStart + at, sim::LinkCut{sim::opposite(access[location][site])}});
  }
  void heal_access(Duration at, LocationIndex location, SiteIndex site) {
    faults.push_back({sim::kStart + at, sim::LinkHeal{access[location][site]}});
    faults.push_back({sim::kStart + at, sim::LinkHeal{sim::opposite(access[location][site])}});
  }
  void notice(Duration at, NodeId node, notice::Kind kind, CallId call = {},
              std::uint32_t index = 0) {
    notice::Message m;
    m.kind = kind;
    m.index = index;
    m.call = call;
    faults.push_back({sim::kStart + at,
                      sim::ModelChange{static_cast<std::uint32_t>(notices.size()), node.value}});
    notices.push_back(m);
  }

  // ---- World -----------------------------------------------------------------------------------

  std::unique_ptr<Endpoint> make_endpoint(NodeId node, bool first) override {
    if (make_instead) {
      if (auto made = make_instead(node)) return made;
    }
    for (SiteIndex site = 0; site < kSites; ++site) {
      if (node != sip_server[site]) continue;
      auto made = std::make_unique<StubSipServer>(directory, site, script[site], first);
      server[site] = made.get();
      return made;
    }
    for (std::uint32_t a = 0; a < directory.agents.size(); ++a) {
      AgentInfo& info = directory.agents[a];
      if (node == info.phone) {
        auto made = std::make_unique<SipPhoneEndpoint>(directory, AgentId{a}, first);
        phone[a] = made.get();
        return made;
      }
      if (node != info.desktop || with_ != With::desktops) continue;
      // The servers have lower ids, so they live already.
      if (first && directory.steady()) connect(info);
      auto made = std::make_unique<AgentDesktopEndpoint>(directory, AgentId{a}, first);
      desktop[a] = made.get();
      return made;
    }
    if (with_ == With::desktops) return make_config_endpoint(node, first);
    return std::make_unique<Silent>();
  }
  void on_record(const JournalEntry& entry) override { journal.push_back(entry); }
  void after_fault(const sim::FaultStep& step) override {
    const auto* change = std::get_if<sim::ModelChange>(&step.action);
    if (change == nullptr) return;
    simulation->notify(NodeId{change->subject}, notices[change->what]);
  }
  void on_delivery(NodeId source, NodeId target, const Envelope& envelope) override {
    deliveries.push_back({simulation->now(), source, target, envelope});
    if (before_each_delivery) before_each_delivery();
  }

  // ---- what was seen
  // -----------------------------------------------------------------------------

  /// Times of the records of type R that `keep` accepts.
  template <class R, class Keep>
  [[nodiscard]] std::vector<SimTime> times(Keep keep) const {
    std::vector<SimTime> result;
    for (const JournalEntry& e : journal) {
      const auto* r = std::get_if<R>(&e.record);
      if (r != nullptr && keep(*r)) result.push_back(e.at);
    }
    return result;
  }
  template <class R>
  [[nodiscard]] std::vector<SimTime> times() const {
    return times<R>([](const R&) { return true; });
  }
  /// Dates at which SIP requests of a method that reached `target` had been sent.
  [[nodiscard]] std::vector<SimTime> requests_sent(NodeId target, sip::Method method,
                                                   NodeId source = {}) const {
    std::vector<SimTime> result;
    for (const Delivery& d : deliveries) {
      const auto* r = std::get_if<sip::Request>(&d.envelope.message);
      if (r == nullptr || d.target != target || r->method != method) continue;
      if (!source.valid() || d.source == source) result.push_back(d.envelope.sent);
    }
    return result;
  }
  [[nodiscard]] std::vector<SimTime> responses_at(NodeId target, std::uint16_t status) const {
    std::vector<SimTime> result;
    for (const Delivery& d : deliveries) {
      const auto* r = std::get_if<sip::Response>(&d.envelope.message);
      if (r != nullptr && d.target == target && r->status == status) result.push_back(d.at);
    }
    return result;
  }
  /// Dates at which T-Library messages of a kind arrived at `target`, from `source` if given.
  [[nodiscard]] std::vector<SimTime> tlib_at(NodeId target, tlib::Kind kind,
                                             NodeId source = {}) const {
    std::vector<SimTime> result;
    for (const Delivery& d : deliveries) {
      const auto* m = std::get_if<tlib::Message>(&d.envelope.message);
      if (m == nullptr || d.target != target || m->kind != kind) continue;
      if (!source.valid() || d.source == source) result.push_back(d.at);
    }
    return result;
  }

  Scenario scenario;
  Directory directory;
  sim::Topology topology;
  sim::FaultPlan faults;
  std::vector<models::Message> notices;
  std::array<ServerScript, kSites> script;
  std::array<StubSipServer*, kSites> server{};  ///< of the latest incarnation
  std::vector<SipPhoneEndpoint*> phone;         ///< by agent, of the latest incarnation
  std::vector<AgentDesktopEndpoint*> desktop;
  std::array<NodeId, kSites> sip_server, config_server, config_proxy, stat_server;
  sim::LinkId dc_link;
  std::array<std::array<sim::LinkId, kSites>, 2> access;  ///< [location][site], towards the site
  std::unique_ptr<Simulation> simulation;
  std::vector<JournalEntry> journal;
  std::vector<Delivery> deliveries;
  std::function<void()> before_each_delivery;
  /// A test's own endpoint for a node; null: the usual one.
  std::function<std::unique_ptr<Endpoint>(NodeId)> make_instead;

 private:
  class Silent final : public Endpoint {
    void on_start(Context&) override {}
    void on_message(Context&, const Envelope&) override {}
    void on_timer(Context&, sim::TimerTag) override {}
  };

  std::unique_ptr<Endpoint> make_config_endpoint(NodeId node, bool first) {
    for (SiteIndex site = 0; site < kSites; ++site) {
      if (node == config_server[site]) {
        return std::make_unique<ConfigServerEndpoint>(directory, site, first);
      }
      if (node == config_proxy[site]) {
        return std::make_unique<ConfigServerProxyEndpoint>(directory, site, first);
      }
      if (node == stat_server[site]) {
        return std::make_unique<StatServerEndpoint>(directory, site, first);
      }
    }
    return std::make_unique<Silent>();
  }
  void build_network() {
    const auto link = [](Duration latency) {
      return sim::LinkSpec{.latency = latency,
                           .bandwidth_bps = std::numeric_limits<double>::infinity()};
    };
    for (int i = 0; i < kSites; ++i) dc_[i] = topology.add_place("dc" + std::to_string(i + 1));
    for (int i = 0; i < 2; ++i) premises_[i] = topology.add_place("site" + std::to_string(i + 1));
    dc_link = topology.add_link("dc-link", dc_[0], dc_[1], link(20ms));
    topology.add_route(dc_[0], dc_[1], {dc_link});
    for (int at = 0; at < 2; ++at) {
      for (int site = 0; site < kSites; ++site) {
        access[at][site] = topology.add_link("access", premises_[at], dc_[site],
                                             link(at == site ? Duration(500us) : Duration(20ms)));
        topology.add_route(premises_[at], dc_[site], {access[at][site]});
      }
    }
  }
  void build_servers() {
    const auto add = [this](const char* name, int site) {
      return topology.add_node(name, topology.add_host(name, dc_[site]));
    };
    for (int site = 0; site < kSites; ++site) {
      sip_server[site] = add("sip-server", site);
      config_server[site] = add("config-server", site);
      config_proxy[site] = add("config-proxy", site);
      stat_server[site] = add("stat-server", site);
    }
  }
  void build_desks() {
    for (std::uint32_t g = 0; g < scenario.agents.size(); ++g) {
      const AgentGroup& group = scenario.agents[g];
      for (std::uint32_t m = 0; m < group.count; ++m) {
        AgentInfo info;
        info.group = g;
        info.member = m;
        info.location = group.location;
        info.preferred_site = group.preferred_site;
        info.phone_site = group.phone.preferred_site.value_or(group.preferred_site);
        const sim::PlaceId place = premises_[group.location];
        info.phone = topology.add_node("phone", topology.add_host("phone", place), true);
        info.desktop = topology.add_node("desktop", topology.add_host("desktop", place), true);
        directory.agents.push_back(info);
      }
    }
    directory.pstn = topology.add_node("pstn", topology.add_host("pstn", dc_[0]));  // silent
    phone.resize(directory.agents.size());
    desktop.resize(directory.agents.size());
  }
  void connect(AgentInfo& info) {
    for (int site = 0; site < kSites; ++site) {
      info.server_connection[site] =
          simulation->streams().establish(info.desktop, directory.sip_server[site]);
    }
    const SiteIndex own = info.preferred_site;
    info.proxy_connection =
        simulation->streams().establish(info.desktop, directory.config_proxy[own]);
    info.stat_connection =
        simulation->streams().establish(info.desktop, directory.stat_server[own]);
  }

  With with_;
  std::unique_ptr<sim::PlainPlatform> platform_;
  std::array<sim::PlaceId, kSites> dc_;
  std::array<sim::PlaceId, 2> premises_;
};

}  // namespace bcsim::testing
