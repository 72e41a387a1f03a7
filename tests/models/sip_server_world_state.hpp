// What a test of the SIP Server may set, and what it looks at afterwards.
#pragma once

#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "models/ha/solution_control.hpp"
#include "models/sip_server/sip_server.hpp"
#include "tests/support/loop_driver.hpp"

namespace bcsim::models::testing {

using sim::SimTime;

[[nodiscard]] inline SimTime at(Duration d) {
  return sim::kStart + d;
}

/// A call that the gateway places: to which site's server, and when its caller hangs up.
struct CallPlan {
  SimTime at{};
  Dn dn = Dn::queue(0);
  SiteIndex site = 0;
  std::optional<SimTime> hang_up{};
  Duration after_call_work = 10s;
  std::uint8_t priority = 0;
  bool acknowledges = true;
  bool bc_hop = false;
  TransferPlan transfer{};
};

/// What a phone does with an INVITE.
struct PhonePlan {
  bool silent = false;       ///< takes no notice
  bool rings = true;         ///< sends 180
  std::uint16_t refuse = 0;  ///< this final response instead
  Duration answer_after{};
  std::optional<Duration> hang_up_after{};  ///< the agent's BYE, counted from his answer
};

/// What a desktop says, and to which site's server.
struct DesktopSays {
  SimTime at{};
  AgentId agent{};
  SiteIndex site = 0;
  tlib::Kind kind = tlib::Kind::agent_login;
  CallId call{};  ///< of a TMakeCall, as whom it is for
  Dn dn{};
};

/// A REGISTER of an agent's phone; a challenge is answered.
struct RegisterPlan {
  SimTime at{};
  std::uint32_t agent = 0;
  SiteIndex site = 0;
  std::uint32_t expires_s = 0;
  std::uint32_t cseq = 0;  ///< 0: the next one
};

struct MediaPlan {
  bool silent = false;
  std::uint16_t refuse = 0;
};

struct Heard {
  SimTime at;
  NodeId from, to;
  Message message;
};

/// Fill in what the test needs, then run().
class ServerWorld : public sim::World<Domain> {
 public:
  explicit ServerWorld(std::uint32_t agents_per_site = 1, StartMode start = StartMode::steady) {
    scenario.run.start = start;
    for (const int s : {0, 1}) {
      SipServerOptions& server = scenario.sites[s].sip_server;
      server.register_service = server.invite_service = server.other_service = {};
      AgentGroup group;
      group.count = agents_per_site;
      group.location = group.preferred_site = static_cast<SiteIndex>(s);
      group.phone.registration = RegistrationMode::dual;
      group.phone.expires = 24h;  // the stubs do not refresh
      scenario.agents.push_back(group);
    }
    scenario.queues.resize(1);
    // Probes out of the way of what most tests look at.
    scenario.first_trunk_probe[0] = scenario.first_trunk_probe[1] = 10s;
  }

  // What a test may set before run().
  Scenario scenario;
  sim::FaultPlan faults;
  std::deque<CallPlan> calls;
  std::map<std::uint32_t, PhonePlan> phones;  ///< by agent
  MediaPlan media;
  std::vector<DesktopSays> desktops;
  std::vector<RegisterPlan> registers;
  std::vector<Duration> talks;  ///< by call; else the phone's hang_up_after
  std::vector<std::pair<SimTime, std::pair<NodeId, Message>>> notices;
  Duration death_detection = 1s;
  bool keep_deliveries = true;
  bool desktops_follow_calls = true;  ///< after-call work, then Ready
  std::uint64_t seed = 1;
  std::uint32_t replication = 0;
  double loss = 0;  ///< on every link

  // What a test looks at afterwards.
  std::vector<JournalEntry> journal;
  std::vector<Heard> heard;
  std::vector<std::pair<SimTime, ServerLoad>> loads;  ///< of site 1, at every tick
  std::optional<Duration> tick;

  /// Builds the world without running it, so that faults can name its nodes.
  void build();
  void run(Duration horizon);

  [[nodiscard]] NodeId server(SiteIndex s, int process) const {
    return directory.sip_server_process[s][static_cast<std::size_t>(process)];
  }
  [[nodiscard]] NodeId gateway(SiteIndex s) const { return directory.gateways[s]; }
  [[nodiscard]] NodeId phone(std::uint32_t agent) const { return directory.agents[agent].phone; }
  [[nodiscard]] NodeId desktop(std::uint32_t agent) const {
    return directory.agents[agent].desktop;
  }
  [[nodiscard]] NodeId media_server(SiteIndex s) const {
    return NodeId{directory.media_server[s].value};
  }
  [[nodiscard]] sim::HostId host(NodeId node) const { return topology.nodes[node.value].host; }
  [[nodiscard]] SipServerPair& pair(SiteIndex s) { return *pairs_[s]; }
  [[nodiscard]] Simulation& simulation() { return *simulation_; }

  /// All records of one kind, in order.
  template <class R>
  [[nodiscard]] std::vector<std::pair<SimTime, R>> records() const {
    std::vector<std::pair<SimTime, R>> found;
    for (const JournalEntry& e : journal) {
      if (const auto* r = std::get_if<R>(&e.record)) found.emplace_back(e.at, *r);
    }
    return found;
  }
  /// What a desktop was told by the server of a site, ADDP apart.
  [[nodiscard]] std::vector<std::pair<SimTime, tlib::Message>> told(std::uint32_t agent,
                                                                    SiteIndex site) const;

  sim::LinkId dc_link;
  Directory directory;
  sim::Topology topology;

 private:
  std::unique_ptr<Endpoint> make_endpoint(NodeId node, bool first) override;
  void on_record(const JournalEntry& entry) override;
  void on_delivery(NodeId source, NodeId target, const Envelope& e) override {
    if (keep_deliveries) heard.push_back({simulation_->now(), source, target, e.message});
  }
  void on_tick(SimTime now) override { loads.emplace_back(now, pairs_[0]->take_load()); }
  void after_fault(const sim::FaultStep& step) override;
  void control(SiteIndex s, ha::ControlInput input, int process);

  std::unique_ptr<sim::PlainPlatform> platform_;
  std::unique_ptr<Simulation> simulation_;
  std::vector<std::unique_ptr<SipServerPair>> pairs_;
  std::array<std::array<bool, 2>, kSites> was_up_{{{true, true}, {true, true}}};
  std::array<ha::SolutionControl, kSites> control_;
};

}  // namespace bcsim::models::testing
