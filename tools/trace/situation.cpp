#include "tools/trace/situation.hpp"

#include <algorithm>

namespace bcsim::tools {
namespace {

bool is_busy(models::AgentState state) {
  using models::AgentState;
  return state != AgentState::logged_out && state != AgentState::not_ready &&
         state != AgentState::ready;
}

}  // namespace

SituationFold::SituationFold(const models::Layout& layout)
    : layout_(layout), directory_(layout.directory), scenario_(*layout.directory.scenario) {
  state_.gateways.resize(layout.directory.gateways.size());
  for (std::uint32_t a = 0; a < directory_.agents.size(); ++a) {
    auto& at = agents_.emplace_back();
    auto& in_service = in_service_.emplace_back();
    for (models::SiteIndex site = 0; site < models::kSites; ++site) {
      const bool in = directory_.logged_in_at_start(models::AgentId{a}, site);
      at[site] = in ? models::AgentState::ready : models::AgentState::logged_out;
      in_service[site] = directory_.registered_at_start(models::AgentId{a}, site);
    }
  }
}

/// Of a pair that died a new one knows nothing; nor does a backup of calls that it was not told of.
bool SituationFold::waits(const models::CallRow& row) const {
  return row.stage == models::CallRow::Stage::waiting && !row.at_agent() &&
         row.kind == models::CallKind::queue && row.queue_site < models::kSites &&
         row.incarnation == incarnation_[row.queue_site] && !row.has(models::CallRow::forgotten);
}

void SituationFold::lose_pair(models::SiteIndex site) {
  ++incarnation_[site];
  state_.sites[site].mode = models::ServerMode::starting;  // until it says otherwise
  for (auto& at : agents_) at[site] = models::AgentState::logged_out;
  for (auto& in_service : in_service_) in_service[site] = false;
}

void SituationFold::follow_agents(const models::Record& record) {
  using models::AgentState;
  if (const auto* f = std::get_if<models::AgentStateChanged>(&record)) {
    agents_[f->agent.value][f->site] = f->state;
  } else if (const auto* f = std::get_if<models::AgentLogin>(&record)) {
    AgentState& state = agents_[f->agent.value][f->site];
    if (state == AgentState::logged_out) state = AgentState::not_ready;
  } else if (const auto* f = std::get_if<models::AgentLogout>(&record)) {
    agents_[f->agent.value][f->site] = AgentState::logged_out;
  } else if (const auto* f = std::get_if<models::DnState>(&record)) {
    in_service_[f->agent.value][f->site] = f->in_service != 0;
  }
}

void SituationFold::on_record(const models::JournalEntry& entry) {
  follow_agents(entry.record);
  if (const auto* f = std::get_if<models::PairStateChanged>(&entry.record)) {
    state_.sites[f->site].pair_alive = f->up != 0;
    if (f->up == 0) lose_pair(static_cast<models::SiteIndex>(f->site));
  } else if (const auto* f = std::get_if<models::ServerModeChanged>(&entry.record)) {
    state_.sites[f->site].mode = f->mode;
  } else if (const auto* f = std::get_if<models::PeerTrunk>(&entry.record)) {
    state_.sites[f->site].sees_peer = f->in_service != 0;
  } else if (const auto* f = std::get_if<models::ProxyState>(&entry.record)) {
    state_.gateways[f->gateway].online[f->site] = f->online != 0;
  } else if (const auto* f = std::get_if<models::PstnReroute>(&entry.record)) {
    state_.gateways[f->gateway].rerouted = f->dead != 0;
  } else if (const auto* f = std::get_if<models::NodeStateChanged>(&entry.record)) {
    const models::NodeRole& role = layout_.roles[f->node.value];
    if (role.kind == models::NodeKind::gateway) state_.gateways[role.index].alive = f->up != 0;
  } else if (const auto* f = std::get_if<models::FaultInjected>(&entry.record)) {
    if (f->undone != 0) {
      std::erase(state_.open_faults, f->fault);
    } else if (models::holds(scenario_.faults[f->fault])) {
      state_.open_faults.push_back(f->fault);
    }
  }
}

bool SituationFold::serves(models::AgentId agent, std::uint32_t queue) const {
  if (const auto& hunt = scenario_.queues[queue].hunt_group) {
    const std::uint32_t group = directory_.agent(agent).group;
    return std::ranges::find(hunt->members, group) != hunt->members.end();
  }
  return directory_.group(agent).serves(queue);
}

QueueState SituationFold::look_at_queue(models::SimTime now, const models::CallLedger& ledger,
                                        models::CallId call) const {
  QueueState out;
  const models::CallRow& row = ledger.row(call);
  if (row.kind != models::CallKind::queue || row.queue_site >= models::kSites) return out;
  out.queue = scenario_.calls[row.stream].queue;
  const bool both = scenario_.queues[out.queue].routing_scope == models::RoutingScope::both_sites;
  out.alone = both && state_.sites[row.queue_site].mode == models::ServerMode::single;
  out.both_sites = both && !out.alone;
  const auto counts = [&](models::SiteIndex site) {
    return out.both_sites || site == row.queue_site;
  };
  for (std::uint32_t a = 0; a < agents_.size(); ++a) {
    if (!serves(models::AgentId{a}, out.queue)) continue;
    bool logged_in = false, busy = false;
    for (models::SiteIndex site = 0; site < models::kSites; ++site) {
      if (!counts(site)) continue;
      logged_in = logged_in || agents_[a][site] != models::AgentState::logged_out;
      busy = busy || is_busy(agents_[a][site]);
      out.in_service += in_service_[a][site];
    }
    out.logged_in += logged_in;
    out.busy += busy;
  }
  const auto announced = [&](const models::CallRow& other) {
    const models::Duration time = scenario_.sites[other.queue_site].sip_server.announcement;
    return other.treatment == sim::kNever || other.treatment + time <= now;
  };
  for (const models::CallRow& other : ledger.rows()) {
    if (&other == &row || !waits(other) || !counts(other.queue_site)) continue;
    if (!announced(other)) continue;  // no agent is sought for him yet
    out.waiting += scenario_.calls[other.stream].queue == out.queue;
  }
  return out;
}

Situation SituationFold::look(models::SimTime now, const models::CallLedger& ledger) const {
  Situation s = state_;
  s.at = now;
  for (std::uint32_t a = 0; a < agents_.size(); ++a) {
    for (models::SiteIndex site = 0; site < models::kSites; ++site) {
      SiteState& there = s.sites[site];
      there.logged_in += agents_[a][site] != models::AgentState::logged_out;
      there.ready += agents_[a][site] == models::AgentState::ready;
      there.busy += is_busy(agents_[a][site]);
      there.registered += in_service_[a][site];
    }
  }
  for (const models::CallRow& row : ledger.rows()) {
    if (waits(row)) ++s.sites[row.queue_site].waiting;
  }
  return s;
}

}  // namespace bcsim::tools
