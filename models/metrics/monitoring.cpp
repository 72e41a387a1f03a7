#include "models/metrics/monitoring.hpp"

namespace bcsim::models {

Monitoring::Monitoring(const Directory& directory)
    : directory_(directory), people_(directory.agents.size()), access_(*directory.scenario) {}

std::optional<CounterKind> Monitoring::on_record(const JournalEntry& entry,
                                                 const CallLedger& ledger) {
  const Record& record = entry.record;
  if (const auto* leg = std::get_if<HuntLeg>(&record)) {
    const bool elsewhere = people_[leg->agent.value].talks_at == 1 - static_cast<int>(leg->site);
    return elsewhere ? std::optional(CounterKind::hunt_legs_to_busy) : std::nullopt;
  }
  if (const auto* answered = std::get_if<CallAnswered>(&record)) {
    if (ledger.knows(answered->call) && ledger.was_stale()) return std::nullopt;
    Person& person = people_[answered->agent.value];
    person.talks_at = static_cast<int>(answered->site);
    person.call = answered->call;
    if (answered->monitored != 0) return std::nullopt;
    return why(answered->agent, answered->site);
  }
  if (const auto* released = std::get_if<CallReleased>(&record)) {
    if (!ledger.knows(released->call)) return std::nullopt;
    const AgentId agent = ledger.row(released->call).agent;
    if (agent.valid() && people_[agent.value].call == released->call) {
      people_[agent.value].talks_at = -1;
    }
  } else if (const auto* login = std::get_if<AgentLogin>(&record)) {
    people_[login->agent.value].logged_in[login->site] = true;
  } else if (const auto* logout = std::get_if<AgentLogout>(&record)) {
    people_[logout->agent.value].logged_in[logout->site] = false;
  } else if (const auto* fault = std::get_if<FaultInjected>(&record)) {
    (void)access_.on(*fault);
  } else if (const auto* mode = std::get_if<ServerModeChanged>(&record)) {
    bc_[mode->site] = mode->mode == ServerMode::bc;
  } else if (const auto* pair = std::get_if<PairStateChanged>(&record)) {
    pair_up_[pair->site] = pair->up != 0;
    if (pair->up == 0) return std::nullopt;
    for (Person& person : people_) person.logged_in[pair->site] = false;  // it has forgotten them
  }
  return std::nullopt;
}

CounterKind Monitoring::why(AgentId agent, std::uint32_t site) const {
  const auto other = static_cast<SiteIndex>(1 - site);
  if (!access_.desktops_reach(directory_.agent(agent).location, site)) {
    return CounterKind::not_monitored_unreachable;
  }
  if (!people_[agent.value].logged_in[other]) return CounterKind::not_monitored_logged_out;
  if (!pair_up_[other]) return CounterKind::not_monitored_relogin;
  if (!bc_[site]) return CounterKind::not_monitored_apart;
  return directory_.agent(agent).preferred_site == other ? CounterKind::not_monitored_preference
                                                         : CounterKind::not_monitored_advice;
}

}  // namespace bcsim::models
