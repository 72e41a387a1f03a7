#include "models/world/world.hpp"

#include <algorithm>
#include <cassert>

#include "models/endpoints/agent_desktop.hpp"
#include "models/endpoints/config_server.hpp"
#include "models/endpoints/config_server_proxy.hpp"
#include "models/endpoints/local_config_server.hpp"
#include "models/endpoints/media_gateway.hpp"
#include "models/endpoints/media_server.hpp"
#include "models/endpoints/pstn.hpp"
#include "models/endpoints/sip_phone.hpp"
#include "models/endpoints/stat_server.hpp"
#include "models/sip_server/sip_server.hpp"

namespace bcsim::models {

namespace {
constexpr Duration kSampling = 10s;  // of server load and media; intervals are multiples of it
}  // namespace

TwoSiteWorld::TwoSiteWorld(const Scenario& scenario, sim::RngFactory rng)
    : scenario_(scenario),
      layout_(scenario_, rng),
      holds_(holds_of(scenario_.faults, scenario_.run.horizon)),
      databases_(scenario_),
      agents_call_(std::any_of(scenario.calls.begin(), scenario.calls.end(),
                               [](const CallStream& s) { return by_agent(s.kind()); })) {
  layout_.directory.configuration = &databases_;
}

TwoSiteWorld::~TwoSiteWorld() = default;

Simulation& TwoSiteWorld::simulate(sim::Platform& platform) {
  const bool wants_messages = std::any_of(observers_.begin(), observers_.end(),
                                          [](Observer* o) { return o->wants_messages(); });
  simulation_ = std::make_unique<Simulation>(
      layout_.topology, platform, layout_.directory.rng, *this,
      sim::SimulationOptions{.horizon = sim::kStart + scenario_.run.horizon,
                             .tick = std::min(kSampling, scenario_.run.interval),
                             .icmp_unreachable = scenario_.network.icmp_unreachable,
                             .wants_messages = wants_messages});
  Directory& directory = layout_.directory;
  for (std::uint8_t s = 0; s < kSites; ++s) {
    directory.sip_server[s] = simulation_->add_address(directory.sip_server_process[s][0]);
    pairs_[s] = std::make_unique<SipServerPair>(directory, s);
    control_[s] = ha::SolutionControl(directory.sip_server_process[s][1].valid());
  }
  media_ = std::make_unique<MediaPlane>(
      layout_, simulation_->network(),
      [this](NodeId node, const notice::Message& m) { simulation_->notify(node, Message{m}); },
      [this](NodeId node) { return simulation_->is_up(node); },
      [this](SiteIndex site) {
        const auto& processes = layout_.directory.sip_server_process[site];
        return simulation_->is_up(processes[static_cast<std::size_t>(control_[site].holder())]);
      });
  simulation_->plan_faults(compile_faults(scenario_, layout_));
  return *simulation_;
}

void TwoSiteWorld::replan(const Scenario& scenario) {
  assert(simulation_ && scenario.faults.size() == scenario_.faults.size());
  scenario_.faults = scenario.faults;
  holds_ = holds_of(scenario_.faults, scenario_.run.horizon);
  // On a layout as it was before time started: people have moved since.
  const Layout layout(scenario, layout_.directory.rng);
  simulation_->plan_faults(compile_faults(scenario, layout));
}

void TwoSiteWorld::start() {
  assert(simulation_);
  simulation_->boot_all(layout_.absent_nodes());
  if (layout_.directory.steady()) connect_steady();
  for (std::uint32_t g = 0; g < scenario_.agents.size(); ++g) {
    staffed_.push_back(layout_.directory.staffed(g, sim::kStart));
  }
  for (std::uint32_t a = 0; a < layout_.directory.agents.size(); ++a) {
    if (layout_.directory.at_work(AgentId{a}, sim::kStart)) {
      simulation_->record({}, ShiftChanged{AgentId{a}, 1});
    }
  }
  start_configuration();
  simulation_->start();
  for (std::uint32_t i = 0; i < layout_.roles.size(); ++i) {
    lives_.push_back(life_of(NodeId{i}));
  }
  down_since_.assign(lives_.size(), sim::kStart);
}

/// Connections that exist before time starts, between nodes that have booted but not yet acted.
void TwoSiteWorld::connect_steady() {
  Directory& directory = layout_.directory;
  auto& streams = simulation_->streams();
  for (std::uint32_t a = 0; a < directory.agents.size(); ++a) {
    const AgentId id{a};
    AgentInfo& agent = directory.agents[a];
    for (std::uint8_t s = 0; s < kSites; ++s) {
      if (!directory.desktop_knows(id, s)) continue;
      agent.server_connection[s] = streams.establish(agent.desktop, directory.sip_server[s]);
    }
    agent.proxy_connection = streams.establish(
        agent.desktop, directory.config_proxy[directory.proxy_site(agent.preferred_site)]);
    agent.stat_connection = streams.establish(
        agent.desktop, directory.stat_server[directory.stat_server_site(agent.preferred_site)]);
  }
}

/// From now on this is the phone, or the desktop, of this person.
void TwoSiteWorld::sit_down(AgentId agent, NodeId device) {
  AgentInfo& info = layout_.directory.agents[agent.value];
  if (device == info.spare_phone) std::swap(info.phone, info.spare_phone);
  if (device == info.spare_desktop) std::swap(info.desktop, info.spare_desktop);
  info.location = info.spare_location;
}

std::unique_ptr<Endpoint> TwoSiteWorld::make_endpoint(NodeId node, bool first) {
  const NodeRole& role = layout_.roles[node.value];
  const Directory& directory = layout_.directory;
  if (!first && (role.kind == NodeKind::phone || role.kind == NodeKind::desktop)) {
    const AgentInfo& info = directory.agents[role.index];
    if (node == info.spare_phone || node == info.spare_desktop) {
      sit_down(AgentId{role.index}, node);
    }
  }
  switch (role.kind) {
    case NodeKind::pstn:
      return std::make_unique<PstnEndpoint>(directory, first);
    case NodeKind::gateway:
      return std::make_unique<MediaGatewayEndpoint>(directory, role.index, first);
    case NodeKind::sip_server:
      if (!first) before_start(role.site, role.process);
      return std::make_unique<SipServerEndpoint>(directory, *pairs_[role.site], role.site,
                                                 role.process, first);
    case NodeKind::media_server:
      return std::make_unique<MediaServerEndpoint>(directory, role.site, first);
    case NodeKind::config_server:
      return std::make_unique<ConfigServerEndpoint>(directory, role.site, first);
    case NodeKind::config_server_proxy:
      return std::make_unique<ConfigServerProxyEndpoint>(directory, role.site, first);
    case NodeKind::stat_server:
      return std::make_unique<StatServerEndpoint>(directory, role.site, first);
    case NodeKind::local_config_server:
      return std::make_unique<LocalConfigServerEndpoint>(directory, role.site, first);
    case NodeKind::phone:
      return std::make_unique<SipPhoneEndpoint>(directory, AgentId{role.index}, first);
    case NodeKind::desktop:
      return std::make_unique<AgentDesktopEndpoint>(directory, AgentId{role.index}, first);
  }
  return nullptr;
}

void TwoSiteWorld::on_record(const JournalEntry& entry) {
  for (Observer* observer : observers_) observer->on_record(entry);
  if (const auto* taken = std::get_if<Switchover>(&entry.record)) {
    control(taken->site, ha::ControlInput::took_over, layout_.roles[entry.by.value].process);
    note_split(taken->site);
  }
  if (const auto* lost = std::get_if<CallStateLost>(&entry.record)) {
    if (!scenario_.run.media_survives) media_->call_lost(lost->call);
    return;
  }
  if (!media_->on_record(entry)) return;
  if (const auto* answered = std::get_if<CallAnswered>(&entry.record)) {
    simulation_->record({}, MediaDegraded{answered->call});
  }
}

void TwoSiteWorld::on_tick(SimTime now) {
  TickSample sample;
  for (std::uint8_t s = 0; s < kSites; ++s) {
    const ServerLoad load = pairs_[s]->take_load();
    sample.servers[s] = {load.messages, load.delay_sum, load.delay_max};
  }
  for (std::uint32_t i = 0; i < 2 * layout_.topology.links.size(); ++i) {
    sample.links.push_back({sim::LinkId{i}, simulation_->network().media_bps(sim::LinkId{i})});
  }
  for (Observer* observer : observers_) observer->on_tick(now, sample);
}

void TwoSiteWorld::on_transmission(const Transmission& transmission) {
  for (Observer* observer : observers_) observer->on_message(transmission);
}

// ---- faults --------------------------------------------------------------------------------

void TwoSiteWorld::after_fault(const sim::FaultStep& step) {
  if (const auto* change = std::get_if<sim::ModelChange>(&step.action)) {
    carry_out(static_cast<Change>(change->what), change->subject);
    return;
  }
  after_change();
}

void TwoSiteWorld::after_change() {
  notice_deaths_and_births();
  on_join_or_part();
  media_->refresh();
}

void TwoSiteWorld::after(Duration delay, Change what, std::uint32_t subject) {
  simulation_->add_faults({{simulation_->now() + delay, change(what, subject)}});
}

void TwoSiteWorld::carry_out(Change what, std::uint32_t subject) {
  Directory& directory = layout_.directory;
  switch (what) {
    case Change::fault_begins:
      simulation_->record({}, FaultInjected{subject, 0});
      break;
    case Change::fault_ends:
      simulation_->record({}, FaultInjected{subject, 1});
      break;
    case Change::drain:
    case Change::drain_over:
      // To both: at this instant either may become primary.
      for (const NodeId process : directory.sip_server_process[subject]) {
        if (!process.valid()) continue;  // a site without a backup
        simulation_->notify(process, notice_of(notice::Kind::drain, what == Change::drain ? 0 : 1));
      }
      break;
    case Change::switch_over:
      control(static_cast<SiteIndex>(subject), ha::ControlInput::switch_over);
      break;
    case Change::options: {
      const auto& changed = std::get<ChangeOption>(scenario_.faults[subject].deed);
      assert(changed.options);
      for (int s = 0; s < kSites; ++s) {
        scenario_.sites[s].sip_server = changed.options->sip_servers[s];
      }
      scenario_.queues = changed.options->queues;
      break;
    }
    case Change::ha_link_cut:
    case Change::ha_link_healed:
      set_ha_link(static_cast<SiteIndex>(subject), what == Change::ha_link_healed);
      break;
    case Change::staffing:
      change_staffing(subject);
      break;
    case Change::management_cut:
    case Change::management_healed: {
      using In = ha::ControlInput;
      const NodeRole& role = layout_.roles[subject];
      control(role.site, what == Change::management_cut ? In::contact_lost : In::contact_healed,
              role.process);
      break;
    }
    case Change::start_process:
      start_process(subject);
      break;
    case Change::control_timer:
      on_control_timer(subject);
      break;
    case Change::gateway_noticed:
      if (down_for(directory.gateways[subject], scenario_.gateways[subject].pstn_detection)) {
        simulation_->notify(directory.pstn, notice_of(notice::Kind::gateway_down, subject));
      }
      break;
    case Change::activate_standby:
      activate_standby(static_cast<SiteIndex>(subject));
      break;
    case Change::config_write:
      write_configuration(subject);
      break;
  }
}

void TwoSiteWorld::change_staffing(std::uint32_t group) {
  const Directory& directory = layout_.directory;
  const std::uint32_t now = directory.staffed(group, simulation_->now());
  const std::uint32_t before = staffed_[group];
  staffed_[group] = now;
  for (std::uint32_t a = 0; a < directory.agents.size(); ++a) {
    const AgentInfo& agent = directory.agents[a];
    if (agent.group != group) continue;
    const bool worked = agent.member < before, works = agent.member < now;
    if (worked == works) continue;
    simulation_->record({}, ShiftChanged{AgentId{a}, works ? 1u : 0u});
    simulation_->notify(agent.desktop,
                        notice_of(works ? notice::Kind::shift_start : notice::Kind::shift_end));
  }
}

void TwoSiteWorld::notice_deaths_and_births() {
  using ha::Life;
  for (std::uint32_t i = 0; i < lives_.size(); ++i) {
    const NodeId node{i};
    const Life before = lives_[i], now = life_of(node);
    if (before == now) continue;
    lives_[i] = now;
    const bool up = now == Life::alive;
    if (up != (before == Life::alive)) {
      if (!up) down_since_[i] = simulation_->now();
      simulation_->record({}, NodeStateChanged{node, up ? 1u : 0u});
      if (up) {
        node_returned(node);
      } else {
        node_died(node);
      }
    }
    if (layout_.roles[i].kind == NodeKind::sip_server) server_changed(node, before, now);
  }
  for (std::uint8_t s = 0; s < kSites; ++s) {
    const bool alive = pair_alive(s);
    if (alive == pair_was_alive_[s]) continue;
    pair_was_alive_[s] = alive;
    if (alive) {
      simulation_->record({}, PairStateChanged{s, 1});
    } else {
      pair_died(s);
    }
  }
}

bool TwoSiteWorld::pair_alive(SiteIndex site) const {
  const auto& processes = layout_.directory.sip_server_process[site];
  // A hung process has not lost its calls: only its death stops speech.
  return std::any_of(processes.begin(), processes.end(), [this](NodeId node) {
    return node.valid() && (simulation_->is_up(node) || simulation_->is_hung(node));
  });
}

void TwoSiteWorld::node_died(NodeId node) {
  const NodeRole& role = layout_.roles[node.value];
  if (role.kind == NodeKind::gateway) {
    simulation_->notify(layout_.directory.pstn, notice_of(notice::Kind::gateway_died, role.index));
    after(scenario_.gateways[role.index].pstn_detection, Change::gateway_noticed, role.index);
  } else if (role.kind == NodeKind::phone) {
    tell_of_dead_phone(node, role.index);
    if (!agents_call_) return;
    simulation_->notify(layout_.directory.pstn, notice_of(notice::Kind::hang_up, role.index));
  } else if (role.kind == NodeKind::config_server &&
             role.site == scenario_.configuration.master_site &&
             scenario_.configuration.standby_activation) {
    after(*scenario_.configuration.standby_activation, Change::activate_standby,
          peer_of(role.site));
  }
}

void TwoSiteWorld::node_returned(NodeId node) {
  const NodeRole& role = layout_.roles[node.value];
  if (role.kind == NodeKind::gateway) {
    simulation_->notify(layout_.directory.pstn, notice_of(notice::Kind::gateway_up, role.index));
  } else if (role.kind == NodeKind::phone && agents_call_) {  // what was dialled on a dead phone
    simulation_->notify(layout_.directory.pstn, notice_of(notice::Kind::hang_up, role.index));
  }
}

/// Whoever sits at it sees that it is dead, and so has no call.
void TwoSiteWorld::tell_of_dead_phone(NodeId phone, std::uint32_t agent) {
  const AgentInfo& info = layout_.directory.agents[agent];
  if (info.phone != phone) return;  // he sits elsewhere now
  constexpr auto kDead = static_cast<std::uint32_t>(notice::PhoneState::dead);
  simulation_->notify(info.desktop, notice_of(notice::Kind::phone_state, kDead));
}

}  // namespace bcsim::models
