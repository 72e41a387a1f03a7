// Real gateways, and the real public network if asked for, between scripted peers: SIP Servers that
// do what a test says, and a network that sends what a test says.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "models/directory.hpp"
#include "models/domain.hpp"
#include "models/endpoints/media_gateway.hpp"
#include "models/endpoints/media_server.hpp"
#include "models/endpoints/pstn.hpp"
#include "tests/support/call_server.hpp"
#include "tests/support/loop_driver.hpp"
#include "tests/support/times.hpp"

namespace bcsim::testing {

/// Two gateways, each at a site and homing there, one queue, P0 timers, the latencies of the golden
/// run (domain.md §5.11) and no bandwidth limit, so times are exact.
[[nodiscard]] inline Scenario gateway_scenario() {
  Scenario s;
  s.sites[0].name = "site1";
  s.sites[1].name = "site2";
  s.locations = {"site1", "site2"};
  for (int i = 0; i < kSites; ++i) {
    GatewayOptions gateway;
    gateway.name = i == 0 ? "mg1" : "mg2";
    gateway.location = gateway.home_site = static_cast<SiteIndex>(i);
    gateway.first_options = 50s;
    s.gateways.push_back(gateway);
  }
  QueueOptions queue;
  queue.name = "service";
  s.queues.push_back(queue);
  AgentGroup group;
  group.name = "P1";
  group.count = 1;
  s.agents.push_back(group);
  return s;
}

/// One stream of callers who wait and do not redial; half of them at either gateway.
[[nodiscard]] inline CallStream callers(ArrivalSpec arrivals) {
  CallStream c;
  c.name = "calls";
  c.arrivals = std::move(arrivals);
  c.gateway_share = {0.5, 0.5};
  c.patience = c.setup_patience = Never{};
  c.redial.enabled = false;
  return c;
}

/// See the head comment. Without call streams the public network is scripted: setup(), hang_up().
class GatewayWorld : public sim::World<Domain> {
 public:
  struct Delivery {
    SimTime at;
    NodeId source, target;
    Envelope envelope;
  };

  explicit GatewayWorld(Scenario s, std::uint64_t seed = 1, Duration own = 500us,
                        Duration other = 20ms)
      : scenario(std::move(s)) {
    directory.scenario = &scenario;
    directory.rng = {seed, 0};
    build(own, other);
  }
  GatewayWorld(const GatewayWorld&) = delete;  // the directory knows where the scenario is
  GatewayWorld& operator=(const GatewayWorld&) = delete;

  /// Runs from 0 to `until`; call once.
  void run(Duration until, bool keep_deliveries = true) {
    scenario.run.horizon = until;
    platform_ = std::make_unique<sim::PlainPlatform>(topology);
    simulation = std::make_unique<Simulation>(
        topology, *platform_, directory.rng, *this,
        sim::SimulationOptions{.horizon = sim::kStart + until,
                               .icmp_unreachable = scenario.network.icmp_unreachable,
                               .wants_messages = keep_deliveries});
    for (int site = 0; site < kSites; ++site) {
      directory.sip_server[site] = simulation->add_address(sip_server[site]);
    }
    simulation->add_faults(faults);
    simulation->start();
    sim::run_loop(*simulation);
  }

  // ---- script --------------------------------------------------------------------------------

  void setup(Duration at, std::uint32_t gateway, CallId call, std::uint8_t priority = 0) {
    pstn::Message m;
    m.kind = pstn::Kind::setup;
    m.call = call;
    m.dn = Dn::queue(0);
    m.priority = priority;
    m.conversation.talk = 60s;
    signals_.push_back({sim::kStart + at, gateway, m});
  }
  void hang_up(Duration at, std::uint32_t gateway, CallId call) {
    pstn::Message m;
    m.kind = pstn::Kind::release;
    m.release = pstn::Release::caller_hung_up;
    m.call = call;
    signals_.push_back({sim::kStart + at, gateway, m});
  }
  /// The public network says so to a gateway.
  void signal(Duration at, std::uint32_t gateway, const pstn::Message& message) {
    signals_.push_back({sim::kStart + at, gateway, message});
  }
  /// A SIP Server sends this to a gateway, with no transaction of its own.
  void send_bare(Duration at, SiteIndex site, std::uint32_t gateway,
                 const models::Message& message) {
    script[site].at(at, [=, this](CallServer&, Context& context) {
      context.send_as(directory.sip_server[site], AddressId{directory.gateways[gateway].value},
                      message, size_bytes(message));
    });
  }
  void notice(Duration at, NodeId node, notice::Kind kind, CallId call = {},
              std::uint32_t index = 0) {
    notice::Message m;
    m.kind = kind;
    m.call = call;
    m.index = index;
    faults.push_back({sim::kStart + at,
                      sim::ModelChange{static_cast<std::uint32_t>(notices_.size()), node.value}});
    notices_.push_back(m);
  }
  void crash(Duration at, NodeId node) {
    faults.push_back({sim::kStart + at, sim::NodeCrash{node}});
  }
  void start_node(Duration at, NodeId node) {
    faults.push_back({sim::kStart + at, sim::NodeStart{node}});
  }
  void fail_host(Duration at, NodeId node) {
    faults.push_back({sim::kStart + at, sim::HostDown{topology.nodes[node.value].host}});
  }
  /// The gateway dies and the public network's alarm follows, as the world does it.
  void fail_gateway(Duration at, std::uint32_t gateway) {
    fail_host(at, directory.gateways[gateway]);
    notice(at, directory.pstn, notice::Kind::gateway_died, {}, gateway);
    notice(at + scenario.gateways[gateway].pstn_detection, directory.pstn,
           notice::Kind::gateway_down, {}, gateway);
  }
  void restore_gateway(Duration at, std::uint32_t gateway) {
    const NodeId node = directory.gateways[gateway];
    faults.push_back({sim::kStart + at, sim::HostUp{topology.nodes[node.value].host}});
    start_node(at, node);
    notice(at, directory.pstn, notice::Kind::gateway_up, {}, gateway);
  }

  // ---- World ---------------------------------------------------------------------------------

  std::unique_ptr<Endpoint> make_endpoint(NodeId node, bool first) override {
    if (node == directory.pstn) {
      if (scenario.calls.empty()) return std::make_unique<ScriptedNetwork>(*this);
      auto made = std::make_unique<PstnEndpoint>(directory, first);
      pstn_endpoint = made.get();
      return made;
    }
    for (std::uint32_t g = 0; g < directory.gateways.size(); ++g) {
      if (node != directory.gateways[g]) continue;
      if (on_pstn) return std::make_unique<ScriptedGateway>(*this, g);
      auto made = std::make_unique<MediaGatewayEndpoint>(directory, g, first);
      gateway[g] = made.get();
      return made;
    }
    for (SiteIndex site = 0; site < kSites; ++site) {
      if (node == sip_server[site])
        return std::make_unique<CallServer>(directory, site, script[site]);
      if (node.value == directory.media_server[site].value) {
        return std::make_unique<MediaServerEndpoint>(directory, site, first);
      }
    }
    return std::make_unique<Silent>();
  }
  void on_record(const JournalEntry& entry) override { journal.push_back(entry); }
  void after_fault(const sim::FaultStep& step) override {
    const auto* change = std::get_if<sim::ModelChange>(&step.action);
    if (change == nullptr) return;
    simulation->notify(NodeId{change->subject}, notices_[change->what]);
  }
  void on_delivery(NodeId source, NodeId target, const Envelope& envelope) override {
    deliveries.push_back({simulation->now(), source, target, envelope});
  }

  // ---- what was seen -------------------------------------------------------------------------

  /// Records of type R that `keep` accepts, with their times.
  template <class R, class Keep>
  [[nodiscard]] std::vector<std::pair<SimTime, R>> all(Keep keep) const {
    std::vector<std::pair<SimTime, R>> result;
    for (const JournalEntry& e : journal) {
      const auto* r = std::get_if<R>(&e.record);
      if (r != nullptr && keep(*r)) result.emplace_back(e.at, *r);
    }
    return result;
  }
  template <class R>
  [[nodiscard]] std::vector<std::pair<SimTime, R>> all() const {
    return all<R>([](const R&) { return true; });
  }
  template <class R, class Keep>
  [[nodiscard]] std::vector<SimTime> times(Keep keep) const {
    std::vector<SimTime> result;
    for (const auto& [at, r] : all<R>(keep)) result.push_back(at);
    return result;
  }
  /// Times at which initial INVITEs of a call went to a site, copies not counted.
  [[nodiscard]] std::vector<SimTime> invited(CallId call, std::uint32_t site) const {
    return times<CallInvited>(
        [=](const CallInvited& r) { return r.call == call && r.site == site; });
  }
  /// Times at which a gateway marked a site's server offline (or online).
  [[nodiscard]] std::vector<SimTime> marked(std::uint32_t g, std::uint32_t site,
                                            std::uint32_t online = 0) const {
    return times<ProxyState>([=](const ProxyState& r) {
      return r.gateway == g && r.site == site && r.online == online;
    });
  }
  struct Seen {
    SimTime sent, arrived;
    sip::Request request;
  };
  /// Requests of a method that arrived at `target`; of one call only if it is given.
  [[nodiscard]] std::vector<Seen> requests(NodeId target, sip::Method method,
                                           CallId call = {}) const {
    std::vector<Seen> result;
    for (const Delivery& d : deliveries) {
      const auto* r = std::get_if<sip::Request>(&d.envelope.message);
      if (r == nullptr || d.target != target || r->method != method) continue;
      if (!call.valid() || r->call == call) result.push_back({d.envelope.sent, d.at, *r});
    }
    return result;
  }
  [[nodiscard]] std::vector<SimTime> sent(NodeId target, sip::Method method,
                                          CallId call = {}) const {
    std::vector<SimTime> result;
    for (const Seen& s : requests(target, method, call)) result.push_back(s.sent);
    return result;
  }
  [[nodiscard]] std::vector<std::uint16_t> responses(NodeId target, sip::Method method) const {
    std::vector<std::uint16_t> result;
    for (const Delivery& d : deliveries) {
      const auto* r = std::get_if<sip::Response>(&d.envelope.message);
      if (r != nullptr && d.target == target && r->method == method) result.push_back(r->status);
    }
    return result;
  }
  /// What gateways told the public network of a call.
  [[nodiscard]] std::vector<std::pair<SimTime, pstn::Message>> told(CallId call) const {
    std::vector<std::pair<SimTime, pstn::Message>> result;
    for (const Delivery& d : deliveries) {
      const auto* m = std::get_if<pstn::Message>(&d.envelope.message);
      if (m != nullptr && d.target == directory.pstn && m->call == call) {
        result.emplace_back(d.at, *m);
      }
    }
    return result;
  }
  /// The one release that the gateway sent for a call; with kNever if there is none, or several.
  struct Released {
    SimTime at = sim::kNever;
    pstn::Release release = pstn::Release::normal;
    std::uint16_t status = 0;
    bool operator==(const Released&) const = default;
  };
  [[nodiscard]] Released released(CallId call) const {
    Released result;
    int count = 0;
    for (const auto& [at, m] : told(call)) {
      if (m.kind != pstn::Kind::release) continue;
      result = {at, m.release, m.status};
      ++count;
    }
    return count == 1 ? result : Released{};
  }

  Scenario scenario;
  Directory directory;
  sim::Topology topology;
  sim::FaultPlan faults;
  std::array<CallScript, kSites> script;
  /// Set: gateways are scripted, and this is what they do with what the public network sends.
  std::function<void(Context&, std::uint32_t gateway, const pstn::Message&)> on_pstn;
  std::array<NodeId, kSites> sip_server;
  std::array<std::array<sim::LinkId, kSites>, 2> access;  ///< [location][site], towards the site
  std::vector<MediaGatewayEndpoint*> gateway;             ///< of the latest incarnation
  PstnEndpoint* pstn_endpoint = nullptr;
  std::unique_ptr<Simulation> simulation;
  std::vector<JournalEntry> journal;
  std::vector<Delivery> deliveries;

 private:
  class Silent final : public Endpoint {
    void on_start(Context&) override {}
    void on_message(Context&, const Envelope&) override {}
    void on_timer(Context&, sim::TimerTag) override {}
  };
  class ScriptedNetwork final : public Endpoint {
   public:
    explicit ScriptedNetwork(const GatewayWorld& world) : world_(world) {}

   private:
    void on_start(Context& context) override {
      for (std::uint32_t i = 0; i < world_.signals_.size(); ++i) {
        context.arm(world_.signals_[i].at - context.now(), {0, i});
      }
    }
    void on_message(Context&, const Envelope&) override {}
    void on_timer(Context& context, sim::TimerTag tag) override {
      const Signal& signal = world_.signals_[tag.index];
      context.notify(world_.directory.gateways[signal.gateway], signal.message);
    }
    const GatewayWorld& world_;
  };
  class ScriptedGateway final : public Endpoint {
   public:
    ScriptedGateway(const GatewayWorld& world, std::uint32_t index)
        : world_(world), index_(index) {}

   private:
    void on_start(Context&) override {}
    void on_message(Context& context, const Envelope& envelope) override {
      const auto* m = std::get_if<pstn::Message>(&envelope.message);
      if (m != nullptr) world_.on_pstn(context, index_, *m);
    }
    void on_timer(Context&, sim::TimerTag) override {}
    const GatewayWorld& world_;
    std::uint32_t index_;
  };
  struct Signal {
    SimTime at;
    std::uint32_t gateway;
    pstn::Message message;
  };

  void build(Duration own, Duration other) {
    const auto link = [](Duration latency) {
      return sim::LinkSpec{.latency = latency,
                           .bandwidth_bps = std::numeric_limits<double>::infinity()};
    };
    std::array<sim::PlaceId, kSites> dc, premises;
    for (int i = 0; i < kSites; ++i) dc[i] = topology.add_place("dc" + std::to_string(i + 1));
    for (int i = 0; i < 2; ++i) premises[i] = topology.add_place("site" + std::to_string(i + 1));
    const sim::LinkId dc_link = topology.add_link("dc-link", dc[0], dc[1], link(other));
    topology.add_route(dc[0], dc[1], {dc_link});
    for (int at = 0; at < 2; ++at) {
      for (int site = 0; site < kSites; ++site) {
        access[at][site] =
            topology.add_link("access", premises[at], dc[site], link(at == site ? own : other));
        topology.add_route(premises[at], dc[site], {access[at][site]});
      }
    }
    const auto node = [this](const char* name, sim::PlaceId place) {
      return topology.add_node(name, topology.add_host(name, place));
    };
    directory.pstn = node("pstn", topology.add_place("outside"));
    for (const GatewayOptions& g : scenario.gateways) {
      directory.gateways.push_back(node("gateway", premises[g.location]));
    }
    for (int site = 0; site < kSites; ++site) {
      sip_server[site] = node("sip-server", dc[site]);
      directory.media_server[site] = AddressId{node("media-server", dc[site]).value};
    }
    AgentInfo agent;
    agent.phone = topology.add_node("phone", topology.add_host("phone", premises[0]), true);
    directory.agents.push_back(agent);
    gateway.resize(scenario.gateways.size());
  }

  std::vector<Signal> signals_;
  std::vector<models::Message> notices_;
  std::unique_ptr<sim::PlainPlatform> platform_;
};

}  // namespace bcsim::testing
