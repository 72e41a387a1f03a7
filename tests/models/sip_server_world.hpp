// A small world for tests of the SIP Server: two sites with real server pairs, and stubs around
// them.
#pragma once

#include "tests/models/sip_server_stubs.hpp"

namespace bcsim::models::testing {

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
      info.preferred_site = group.preferred_site;
      info.phone_site = group.phone.preferred_site.value_or(group.preferred_site);
      info.phone = add("phone", edge[group.location], true);
      info.desktop = add("desktop", edge[group.location], true);
      directory.agents.push_back(info);
    }
  }
  directory.list_hunt_members();
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

/// Only deaths of processes are noticed, after `death_detection`, whatever kills them.
inline void ServerWorld::control(SiteIndex s, ha::ControlInput input, int process) {
  using Kind = ha::ControlEffect::Kind;
  for (const ha::ControlEffect& effect : control_[s].on(input, process)) {
    if (effect.kind == Kind::make_primary) {
      simulation_->notify(server(s, effect.process),
                          notice::Message{notice::Kind::become_primary, 0, {}});
    } else if (effect.kind == Kind::arm && effect.timer == ha::ControlTimer::loss_noticed) {
      const std::uint32_t subject = s | static_cast<std::uint32_t>(effect.process) << 1;
      simulation_->add_faults(
          {{simulation_->now() + death_detection, sim::ModelChange{0, subject}}});
    }
  }
}

inline void ServerWorld::on_record(const JournalEntry& entry) {
  journal.push_back(entry);
  const auto* taken = std::get_if<Switchover>(&entry.record);
  if (taken == nullptr) return;
  const auto s = static_cast<SiteIndex>(taken->site);
  control(s, ha::ControlInput::took_over, entry.by == server(s, 0) ? 0 : 1);
}

inline void ServerWorld::after_fault(const sim::FaultStep& step) {
  if (const auto* noticed = std::get_if<sim::ModelChange>(&step.action)) {
    control(static_cast<SiteIndex>(noticed->subject & 1), ha::ControlInput::loss_noticed,
            static_cast<int>(noticed->subject >> 1));
    return;
  }
  for (const SiteIndex s : {SiteIndex{0}, SiteIndex{1}}) {
    const bool was_empty = !was_up_[s][0] && !was_up_[s][1];
    for (const int p : {0, 1}) {
      bool& was_up = was_up_[s][static_cast<std::size_t>(p)];
      const bool up = simulation_->is_up(server(s, p));
      if (up == was_up) continue;
      was_up = up;
      if (!up) pairs_[s]->process_gone(p);
      control(s, up ? ha::ControlInput::returned : ha::ControlInput::died, p);
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
