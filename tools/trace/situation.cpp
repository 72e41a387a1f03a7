#include "tools/trace/situation.hpp"

#include <algorithm>
#include <cmath>

namespace bcsim::tools {

SituationFold::SituationFold(const models::Layout& layout)
    : scenario_(*layout.directory.scenario),
      board_(
          models::board_size(layout.directory.gateways.size(), 2 * layout.topology.links.size())),
      workforce_(layout.directory, board_) {
  state_.gateways.resize(layout.directory.gateways.size());
}

void SituationFold::on_record(const models::JournalEntry& entry) {
  workforce_.on_record(entry);
  if (const auto* f = std::get_if<models::PairStateChanged>(&entry.record)) {
    state_.sites[f->site].pair_alive = f->up != 0;
  } else if (const auto* f = std::get_if<models::ServerModeChanged>(&entry.record)) {
    state_.sites[f->site].mode = f->mode;
  } else if (const auto* f = std::get_if<models::PeerTrunk>(&entry.record)) {
    state_.sites[f->site].sees_peer = f->in_service != 0;
  } else if (const auto* f = std::get_if<models::ProxyState>(&entry.record)) {
    state_.gateways[f->gateway].online[f->site] = f->online != 0;
  } else if (const auto* f = std::get_if<models::PstnReroute>(&entry.record)) {
    state_.gateways[f->gateway].rerouted = f->dead != 0;
  } else if (const auto* f = std::get_if<models::FaultInjected>(&entry.record)) {
    if (f->undone != 0) {
      std::erase(state_.open_faults, f->fault);
    } else if (models::holds(scenario_.faults[f->fault])) {
      state_.open_faults.push_back(f->fault);
    }
  }
}

Situation SituationFold::look(models::SimTime now, const models::CallLedger& ledger) const {
  Situation s = state_;
  s.at = now;
  for (models::SiteIndex site = 0; site < models::kSites; ++site) {
    const auto level = [&](models::LevelKind kind) {
      return static_cast<std::uint32_t>(
          std::llround(std::max(0.0, board_.value(models::level_at(kind, site)))));
    };
    s.sites[site].logged_in = level(models::LevelKind::logged_in);
    s.sites[site].ready = level(models::LevelKind::ready);
    s.sites[site].busy = level(models::LevelKind::busy);
    s.sites[site].registered = level(models::LevelKind::registered);
  }
  for (const models::CallRow& row : ledger.rows()) {
    const bool waits = row.stage == models::CallRow::Stage::waiting && !row.at_agent() &&
                       row.kind == models::CallKind::queue;
    if (waits && row.queue_site < models::kSites) ++s.sites[row.queue_site].waiting;
  }
  return s;
}

}  // namespace bcsim::tools
