// A small world for tests of the SIP Server: two sites with real server pairs, and stubs around
// them.
#pragma once

#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "models/endpoints/sip_server.hpp"
#include "sim/loop_driver.hpp"

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
};

/// A REGISTER of an agent's phone; a challenge is answered.
struct RegisterPlan {
  SimTime at{};
  std::uint32_t agent = 0;
  SiteIndex site = 0;
  std::uint32_t expires_s = 0;
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

class ServerWorld;

/// Shared by all stubs: a SIP user agent that answers BYE, OPTIONS and re-INVITE.
class StubUser : public Endpoint, protected sip::TransactionUser {
 public:
  explicit StubUser(ServerWorld& world) : world_(world), layer_(*this) {}
  void on_start(Context&) override {}
  void on_message(Context& context, const Envelope& e) override {
    if (const auto* r = std::get_if<sip::Request>(&e.message)) {
      layer_.on_request(context, *r, e.from, e.to);
    } else if (const auto* s = std::get_if<sip::Response>(&e.message)) {
      layer_.on_response(context, *s);
    }
  }
  void on_timer(Context& context, sim::TimerTag tag) override {
    if (!layer_.on_timer(context, tag)) on_own_timer(context, tag);
  }
  void on_unreachable(Context& context, const Envelope& e) override {
    // A BYE is insisted on: the server's backup will want to know.
    const auto* r = std::get_if<sip::Request>(&e.message);
    if (r == nullptr || !r->in_dialog) layer_.on_unreachable(context, e);
  }

 protected:
  virtual void on_own_timer(Context&, sim::TimerTag) {}
  void on_request(Context& context, const sip::Request& r, AddressId, sip::TransactionId id,
                  sip::TransactionId) override {
    sip::Response response;
    response.media = r.method == sip::Method::invite ? context.self() : NodeId{};
    response.contact = context.address();
    layer_.respond(context, id, response);
  }
  void on_response(Context&, sip::Inform, const sip::Response*, const sip::Request&, sip::Owner,
                   sip::TransactionId) override {}
  void on_ack(Context&, const sip::Request&) override {}
  void on_no_ack(Context&, const sip::Response&) override {}
  void bye(Context& context, std::uint64_t dialog, std::uint32_t cseq, CallId call, AddressId to) {
    sip::Request r;
    r.method = sip::Method::bye;
    r.in_dialog = true;
    r.dialog = dialog;
    r.cseq = cseq;
    r.call = call;
    layer_.request(context, context.address(), to, r, {}, {});
  }

  ServerWorld& world_;
  sip::TransactionLayer layer_;
};

class StubGateway;
class StubPhone;
class StubMedia;
class StubDesktop;

/// See the head comment. Fill in what the test needs, then run().
class ServerWorld final : public sim::World<Domain> {
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
  void on_record(const JournalEntry& entry) override { journal.push_back(entry); }
  void on_delivery(NodeId source, NodeId target, const Envelope& e) override {
    if (keep_deliveries) heard.push_back({simulation_->now(), source, target, e.message});
  }
  void on_tick(SimTime now) override { loads.emplace_back(now, pairs_[0]->take_load()); }
  /// As the Solution Control Server would: tells the backup, after its detection time.
  void after_fault(const sim::FaultStep& step) override;

  std::unique_ptr<sim::PlainPlatform> platform_;
  std::unique_ptr<Simulation> simulation_;
  std::vector<std::unique_ptr<SipServerPair>> pairs_;
  std::array<std::array<bool, 2>, kSites> was_up_{{{true, true}, {true, true}}};
  std::array<int, kSites> primary_{};
};

class StubGateway final : public StubUser {
 public:
  StubGateway(ServerWorld& world, SiteIndex location) : StubUser(world), location_(location) {}
  void on_start(Context& context) override {
    for (std::uint32_t i = 0; i < world_.calls.size(); ++i) {
      const CallPlan& plan = world_.calls[i];
      if (plan.site != location_) continue;
      context.arm(plan.at - context.now(), {.kind = 1, .index = i});
      if (plan.hang_up) context.arm(*plan.hang_up - context.now(), {.kind = 2, .index = i});
    }
    legs_.resize(world_.calls.size());
  }

 private:
  struct GatewayLeg {
    std::uint64_t dialog = 0;
    sip::TransactionId invite;
    bool answered = false, over = false, cancelled = false;
  };
  void on_own_timer(Context& context, sim::TimerTag tag) override {
    const CallPlan& plan = world_.calls[tag.index];
    GatewayLeg& leg = legs_[tag.index];
    const AddressId server = world_.directory.sip_server[plan.site];
    if (tag.kind == 1) {
      sip::Request r;
      r.method = sip::Method::invite;
      r.call = CallId{tag.index};
      r.dialog = leg.dialog = sip::dialog_id(sip::Leg::caller, tag.index, context.self());
      r.cseq = 1;
      r.dn = plan.dn;
      r.media = context.self();
      r.contact = context.address();
      r.priority = plan.priority;
      r.bc_hop = plan.bc_hop;
      r.conversation.after_call_work = plan.after_call_work;
      leg.invite = layer_.request(context, context.address(), server, r, {}, {1, tag.index, 0});
    } else if (leg.answered && !leg.over) {
      leg.over = true;
      bye(context, leg.dialog, 2, CallId{tag.index}, server);
    } else if (!leg.answered) {
      leg.cancelled = true;
      layer_.cancel(context, leg.invite);
    }
  }
  void on_response(Context& context, sip::Inform inform, const sip::Response* response,
                   const sip::Request& request, sip::Owner owner, sip::TransactionId) override {
    if (owner.kind != 1) return;
    const bool success = inform == sip::Inform::success || inform == sip::Inform::success_again;
    if (!success) return;
    legs_[owner.index].answered = true;
    if (!world_.calls[owner.index].acknowledges) return;
    sip::Request ack;
    ack.dialog = request.dialog;
    ack.copy = response->copy;
    ack.cseq = 1;
    ack.call = request.call;
    ack.dn = request.dn;
    layer_.acknowledge(context, context.address(), response->contact, ack);
    GatewayLeg& leg = legs_[owner.index];
    if (leg.cancelled && !leg.over) {  // the CANCEL came too late
      leg.over = true;
      bye(context, leg.dialog, 2, request.call, response->contact);
    }
  }
  void on_request(Context& context, const sip::Request& r, AddressId from, sip::TransactionId id,
                  sip::TransactionId invite) override {
    if (r.method == sip::Method::bye) legs_[r.call.value].over = true;
    StubUser::on_request(context, r, from, id, invite);
  }

  SiteIndex location_;
  std::deque<GatewayLeg> legs_;
};

class StubPhone final : public StubUser {
 public:
  StubPhone(ServerWorld& world, AgentId agent) : StubUser(world), agent_(agent) {}
  void on_start(Context& context) override {
    for (std::uint32_t i = 0; i < world_.registers.size(); ++i) {
      const RegisterPlan& plan = world_.registers[i];
      if (plan.agent != agent_.value || plan.at < context.now()) continue;
      context.arm(plan.at - context.now(), {.kind = 3, .index = i});
    }
  }
  void on_message(Context& context, const Envelope& e) override {
    if (!plan().silent) StubUser::on_message(context, e);
  }

 private:
  void send_register(Context& context, std::uint32_t index, bool credentials) {
    const RegisterPlan& plan = world_.registers[index];
    sip::Request r;
    r.method = sip::Method::register_;
    r.has_credentials = credentials;
    r.dn = Dn::extension(agent_);
    r.expires_s = plan.expires_s;
    r.dialog = sip::dialog_id(sip::Leg::registration, agent_.value, context.self());
    r.cseq = ++cseq_;
    r.contact = context.address();
    layer_.request(context, context.address(), world_.directory.sip_server[plan.site], r, {},
                   {3, index, 0});
  }
  void on_response(Context& context, sip::Inform inform, const sip::Response* response,
                   const sip::Request&, sip::Owner owner, sip::TransactionId) override {
    if (owner.kind == 3 && inform == sip::Inform::failure && response->status == 401) {
      send_register(context, owner.index, true);
    }
  }
  [[nodiscard]] const PhonePlan& plan() { return world_.phones[agent_.value]; }
  void on_request(Context& context, const sip::Request& r, AddressId from, sip::TransactionId id,
                  sip::TransactionId invite) override {
    if (r.method == sip::Method::cancel) {
      layer_.respond(context, id, {});
      sip::Response terminated;
      terminated.status = 487;
      if (invite != invite_) return;
      layer_.respond(context, invite_, terminated);
      context.cancel(answer_);
      busy_ = false;
      return;
    }
    if (r.method == sip::Method::bye && r.dialog == request_.dialog) {
      context.cancel(hang_up_);
      busy_ = false;
    }
    if (r.method != sip::Method::invite || r.in_dialog) {
      StubUser::on_request(context, r, from, id, invite);
      return;
    }
    sip::Response provisional;
    provisional.status = 100;
    layer_.respond(context, id, provisional);
    if (plan().refuse != 0 || busy_) {
      provisional.status = busy_ ? 486 : plan().refuse;
      layer_.respond(context, id, provisional);
      return;
    }
    provisional.status = 180;
    if (plan().rings) layer_.respond(context, id, provisional);
    invite_ = id;
    request_ = r;
    busy_ = true;
    answer_ = context.arm(plan().answer_after, {.kind = 1});
  }
  void on_own_timer(Context& context, sim::TimerTag tag) override {
    if (tag.kind == 3) {
      send_register(context, tag.index, false);
      return;
    }
    if (tag.kind == 2) {
      busy_ = false;
      bye(context, request_.dialog, 2, request_.call, request_.contact);
      return;
    }
    sip::Response answer;
    answer.media = context.self();
    answer.contact = context.address();
    layer_.respond(context, invite_, answer);
    std::optional<Duration> talk = plan().hang_up_after;
    if (!world_.talks.empty()) talk = world_.talks[request_.call.value];
    if (talk) hang_up_ = context.arm(*talk, {.kind = 2});
  }

  AgentId agent_;
  sip::TransactionId invite_;
  sip::Request request_;
  sim::TimerId answer_, hang_up_;
  bool busy_ = false;
  std::uint32_t cseq_ = 0;
};

class StubMedia final : public StubUser {
 public:
  using StubUser::StubUser;
  void on_message(Context& context, const Envelope& e) override {
    if (!world_.media.silent) StubUser::on_message(context, e);
  }

 private:
  void on_request(Context& context, const sip::Request& r, AddressId from, sip::TransactionId id,
                  sip::TransactionId invite) override {
    if (world_.media.refuse == 0 || r.method != sip::Method::invite) {
      StubUser::on_request(context, r, from, id, invite);
      return;
    }
    sip::Response refusal;
    refusal.status = world_.media.refuse;
    layer_.respond(context, id, refusal);
  }
};

/// Says what the test tells it to, and after a call is ready again when its work is done.
class StubDesktop final : public Endpoint {
 public:
  StubDesktop(ServerWorld& world, AgentId agent) : world_(world), agent_(agent) {}
  void on_start(Context& context) override {
    if (context.now() == sim::kStart) {
      connections_ = world_.directory.agents[agent_.value].server_connection;
    }
    for (std::uint32_t i = 0; i < world_.desktops.size(); ++i) {
      const DesktopSays& says = world_.desktops[i];
      if (says.agent == agent_ && says.at >= context.now())
        context.arm(says.at - context.now(), {.kind = 1, .index = i});
    }
  }
  void on_message(Context& context, const Envelope& e) override {
    const auto* m = std::get_if<tlib::Message>(&e.message);
    if (m == nullptr) return;
    if (m->kind == tlib::Kind::established) established_ = true;
    if (m->kind != tlib::Kind::released || !world_.desktops_follow_calls || !established_) return;
    established_ = false;
    const std::uint32_t site = e.connection == connections_[0] ? 0 : 1;
    context.arm(m->work, {.kind = 2, .index = site});
  }
  void on_connection(Context&, ConnectionId c, sim::ConnectionEvent event) override {
    if (event == sim::ConnectionEvent::established) return;
    for (ConnectionId& mine : connections_) {
      if (mine == c) mine = {};
    }
  }
  void on_timer(Context& context, sim::TimerTag tag) override {
    if (tag.kind == 2) {
      say(context, tag.index, tlib::Kind::set_ready);
    } else {
      const DesktopSays& says = world_.desktops[tag.index];
      say(context, says.site, says.kind);
    }
  }

 private:
  void say(Context& context, std::uint32_t site, tlib::Kind kind) {
    if (!connections_[site].valid()) {
      connections_[site] = context.open(world_.directory.sip_server[site]);
    }
    tlib::Message m;
    m.kind = kind;
    m.agent = agent_;
    const Message message{m};
    context.send(connections_[site], message, size_bytes(message));
  }

  ServerWorld& world_;
  AgentId agent_;
  std::array<ConnectionId, kSites> connections_;
  bool established_ = false;
};

// ---- the world
// -----------------------------------------------------------------------------------

inline void ServerWorld::build() {
  constexpr double kUnlimited = std::numeric_limits<double>::infinity();
  const auto link = [&](Duration latency) {
    sim::LinkSpec spec;
    spec.latency = latency;
    spec.bandwidth_bps = kUnlimited;
    spec.loss = loss;
    return spec;
  };
  std::array<sim::PlaceId, kSites> core, edge;
  for (const std::size_t s : {0u, 1u}) {
    core[s] = topology.add_place(s == 0 ? "site1.dc" : "site2.dc");
    edge[s] = topology.add_place(s == 0 ? "site1" : "site2");
  }
  dc_link = topology.add_link("dc-link", core[0], core[1], link(20ms));
  topology.add_route(core[0], core[1], {dc_link});
  for (const std::size_t s : {0u, 1u}) {
    for (const std::size_t t : {0u, 1u}) {
      const auto access =
          topology.add_link("access", edge[s], core[t], link(s == t ? 500us : 20ms));
      topology.add_route(edge[s], core[t], {access});
    }
  }
  directory.scenario = &scenario;
  directory.rng = {seed, replication};
  const auto add = [&](const char* name, sim::PlaceId place, bool device = false) {
    return topology.add_node(name, topology.add_host(name, place), device);
  };
  for (const std::size_t s : {0u, 1u}) {
    directory.sip_server_process[s] = {add("sip_server", core[s]), add("backup", core[s])};
    directory.media_server[s] = AddressId{add("media_server", edge[s]).value};
    directory.gateways.push_back(add("gateway", edge[s]));
  }
  for (std::uint32_t g = 0; g < scenario.agents.size(); ++g) {
    const AgentGroup& group = scenario.agents[g];
    for (std::uint32_t m = 0; m < group.count; ++m) {
      AgentInfo info;
      info.group = g;
      info.member = m;
      info.location = group.location;
      info.preferred_site = info.phone_site = group.preferred_site;
      info.phone = add("phone", edge[group.location], true);
      info.desktop = add("desktop", edge[group.location], true);
      directory.agents.push_back(info);
    }
  }
  platform_ = std::make_unique<sim::PlainPlatform>(topology);
  // The virtual addresses come after those of the nodes.
  for (const std::uint32_t s : {0u, 1u}) {
    directory.sip_server[s] = AddressId{static_cast<std::uint32_t>(topology.nodes.size()) + s};
    pairs_.push_back(std::make_unique<SipServerPair>(directory, static_cast<SiteIndex>(s)));
  }
}

inline void ServerWorld::run(Duration horizon) {
  if (pairs_.empty()) build();
  sim::SimulationOptions options;
  options.horizon = at(horizon);
  options.wants_messages = true;
  if (tick) options.tick = *tick;
  simulation_ = std::make_unique<Simulation>(topology, *platform_, directory.rng, *this, options);
  for (const std::size_t s : {0u, 1u}) {
    [[maybe_unused]] const AddressId a =
        simulation_->add_address(directory.sip_server_process[s][0]);
  }
  std::vector<NodeId> absent;
  for (const SiteIndex s : {SiteIndex{0}, SiteIndex{1}}) {
    if (!scenario.sites[s].sip_server.backup) absent.push_back(server(s, 1));
  }
  simulation_->add_faults(faults);
  simulation_->boot_all(absent);
  if (directory.steady()) {
    for (AgentInfo& info : directory.agents) {
      for (const std::size_t s : {0u, 1u}) {
        info.server_connection[s] =
            simulation_->streams().establish(info.desktop, directory.sip_server[s]);
      }
    }
  }
  simulation_->start();
  for (const auto& [when, what] : notices) {
    simulation_->notify(what.first, what.second, when - sim::kStart);
  }
  sim::run_loop(*simulation_);
}

inline std::unique_ptr<Endpoint> ServerWorld::make_endpoint(NodeId node, bool first) {
  for (const SiteIndex s : {SiteIndex{0}, SiteIndex{1}}) {
    for (const int process : {0, 1}) {
      if (node != server(s, process)) continue;
      return std::make_unique<SipServerEndpoint>(directory, *pairs_[s], s, process, first);
    }
    if (node == media_server(s)) return std::make_unique<StubMedia>(*this);
    if (node == gateway(s)) return std::make_unique<StubGateway>(*this, s);
  }
  for (std::uint32_t i = 0; i < directory.agents.size(); ++i) {
    if (node == phone(i)) return std::make_unique<StubPhone>(*this, AgentId{i});
    if (node == desktop(i)) return std::make_unique<StubDesktop>(*this, AgentId{i});
  }
  return nullptr;
}

inline void ServerWorld::after_fault(const sim::FaultStep& step) {
  if (const auto* noticed = std::get_if<sim::ModelChange>(&step.action)) {
    const auto s = static_cast<SiteIndex>(noticed->subject);
    const int other = 1 - primary_[s];
    if (simulation_->is_up(server(s, primary_[s])) || !simulation_->is_up(server(s, other))) return;
    primary_[s] = other;
    simulation_->notify(server(s, other), notice::Message{notice::Kind::become_primary, 0, {}});
    return;
  }
  for (const SiteIndex s : {SiteIndex{0}, SiteIndex{1}}) {
    const bool was_empty = !was_up_[s][0] && !was_up_[s][1];
    for (const int p : {0, 1}) {
      bool& was_up = was_up_[s][static_cast<std::size_t>(p)];
      const bool up = simulation_->is_up(server(s, p));
      if (up && was_empty) primary_[s] = p;
      if (was_up && !up && p == primary_[s]) {
        simulation_->add_faults({{simulation_->now() + death_detection, sim::ModelChange{0, s}}});
      }
      was_up = up;
    }
    if (!was_empty && !was_up_[s][0] && !was_up_[s][1]) pairs_[s]->lose_everything();
  }
}

inline std::vector<std::pair<SimTime, tlib::Message>> ServerWorld::told(std::uint32_t agent,
                                                                        SiteIndex site) const {
  std::vector<std::pair<SimTime, tlib::Message>> found;
  for (const Heard& h : heard) {
    if (h.to != desktop(agent)) continue;
    if (h.from != server(site, 0) && h.from != server(site, 1)) continue;
    const auto* m = std::get_if<tlib::Message>(&h.message);
    if (m != nullptr && m->kind != tlib::Kind::addp_reply) found.emplace_back(h.at, *m);
  }
  return found;
}

}  // namespace bcsim::models::testing
