#include "models/metrics/workforce.hpp"

#include <algorithm>

namespace bcsim::models {
namespace {

bool in_a_call(AgentState state) {
  return state >= AgentState::ringing && state <= AgentState::held;
}

}  // namespace

Workforce::Workforce(const Directory& directory, const BoardPlan& plan, Board& board)
    : directory_(directory),
      plan_(plan),
      board_(board),
      people_(directory.agents.size()),
      access_(*directory.scenario) {
  std::uint32_t nodes = 0;
  for (const AgentInfo& info : directory.agents) {
    for (const NodeId node : {info.phone, info.desktop, info.spare_phone, info.spare_desktop}) {
      if (node.valid()) nodes = std::max(nodes, node.value + 1);
    }
  }
  owner_.resize(nodes);
  for (std::uint32_t a = 0; a < people_.size(); ++a) {
    const AgentInfo& info = directory.agents[a];
    for (const NodeId node : {info.phone, info.desktop, info.spare_phone, info.spare_desktop}) {
      if (node.valid()) owner_[node.value] = AgentId{a};
    }
  }
  if (!directory.steady()) return;
  for (std::uint32_t a = 0; a < people_.size(); ++a) {
    const AgentId agent{a};
    for (std::uint8_t s = 0; s < kSites; ++s) {
      if (directory.registered_at_start(agent, s)) set_registered(sim::kStart, agent, s, true);
    }
    if (!directory.at_work(agent, sim::kStart)) continue;
    const SiteIndex site = directory.agent(agent).preferred_site;
    if (directory.logged_in_at_start(agent, site)) {
      set_state(sim::kStart, agent, site, AgentState::ready);
      set_desk(sim::kStart, agent, static_cast<int>(site));
    }
    on(sim::kStart, ShiftChanged{agent, 1});
  }
  agents_changed_.clear();
  phones_changed_.clear();
}

void Workforce::on_record(const JournalEntry& entry) {
  agents_changed_.clear();
  phones_changed_.clear();
  by_ = entry.by;
  std::visit([&](const auto& fact) { on(entry.at, fact); }, entry.record);
}

void Workforce::count(SimTime at, LevelKind kind, int site, AgentId agent, double change) {
  board_.add(at, level_at(kind, site), change);
  board_.add(at, level_at(kind, kBothSites), change);
  board_.add(at, *plan_.of_group(kind, directory_.agent(agent).group), change);
}

/// Who is busy at one site is ready nowhere, whatever the server of the other one holds; who is
/// logged in at both is one person. A server that is hung or cut off holds him in a call that his
/// phone has left, or in after-call work that he does no longer since his desktop is elsewhere.
Workforce::Standings Workforce::standings(const Person& p) {
  Standings all;
  for (std::size_t s = 0; s < kSites; ++s) {
    const bool his_desk = p.desk_site == static_cast<int>(s);
    const bool works = p.state[s] == AgentState::after_call_work && (his_desk || p.desk_site < 0);
    const bool in_call = in_a_call(p.state[s]) && (his_desk || !p.left[s]);
    all.at[s].logged_in = p.state[s] != AgentState::logged_out;
    all.at[s].busy = works || in_call || p.unseen[s] > 0;
    all.person.logged_in = all.person.logged_in || all.at[s].logged_in;
    all.person.busy = all.person.busy || all.at[s].busy;
  }
  for (std::size_t s = 0; s < kSites; ++s) {
    all.at[s].ready = p.state[s] == AgentState::ready && !all.person.busy;
    all.person.ready = all.person.ready || all.at[s].ready;
  }
  return all;
}

void Workforce::recount(SimTime at, AgentId agent, const Standings& before) {
  const Standings now = standings(people_[agent.value]);
  const std::uint32_t group = directory_.agent(agent).group;
  const auto each = [&](const Standing& was, const Standing& is, const auto& add) {
    const auto one = [&](LevelKind kind, bool then, bool later) {
      if (then != later) add(kind, later ? 1.0 : -1.0);
    };
    one(LevelKind::logged_in, was.logged_in, is.logged_in);
    one(LevelKind::ready, was.ready, is.ready);
    one(LevelKind::busy, was.busy, is.busy);
  };
  for (int s = 0; s < kSites; ++s) {
    const auto i = static_cast<std::size_t>(s);
    each(before.at[i], now.at[i],
         [&](LevelKind kind, double change) { board_.add(at, level_at(kind, s), change); });
  }
  each(before.person, now.person, [&](LevelKind kind, double change) {
    board_.add(at, level_at(kind, kBothSites), change);
    board_.add(at, *plan_.of_group(kind, group), change);
  });
}

void Workforce::set_state(SimTime at, AgentId agent, std::uint32_t site, AgentState state) {
  Person& p = people_[agent.value];
  if (p.state[site] == state) return;
  const Standings before = standings(p);
  p.state[site] = state;
  p.left[site] = false;
  recount(at, agent, before);
}

void Workforce::set_desk(SimTime at, AgentId agent, int site) {
  Person& p = people_[agent.value];
  const Standings before = standings(p);
  p.desk_site = static_cast<std::int8_t>(site);
  recount(at, agent, before);
}

void Workforce::set_registered(SimTime at, AgentId agent, std::uint32_t site, bool registered) {
  bool& current = people_[agent.value].registered[site];
  if (current == registered) return;
  current = registered;
  count(at, LevelKind::registered, static_cast<int>(site), agent, registered ? 1 : -1);
}

void Workforce::review(SimTime at, AgentId agent, bool shift) {
  Person& p = people_[agent.value];
  const AgentInfo& info = directory_.agent(agent);
  const auto connected = [&](std::size_t site) {
    return serving_[site] && access_.phones_reach(info.location, site);
  };
  bool reachable = false;
  for (std::size_t s = 0; s < kSites; ++s) {
    reachable = reachable || (p.phone_up && p.registered[s] && connected(s));
  }
  if (reachable != p.reachable) {
    p.reachable = reachable;
    phones_changed_.push_back({agent, reachable});
  }
  const auto site = static_cast<std::size_t>(p.desk_site);
  const bool at_work = p.working && p.desk_site >= 0 && p.phone_up && p.desktop_up &&
                       connected(site) && access_.desktops_reach(info.location, site) &&
                       p.registered[site];
  if (at_work == p.at_work) return;
  p.at_work = at_work;
  count(at, LevelKind::at_work, info.preferred_site, agent, at_work ? 1 : -1);
  if (!shift) agents_changed_.push_back({agent, at_work});
}

void Workforce::review_all(SimTime at) {
  for (std::uint32_t a = 0; a < people_.size(); ++a) review(at, AgentId{a});
}

// ---- logins, as the servers see them ---------------------------------------------------------

void Workforce::on(SimTime at, const AgentLogin& fact) {
  if (people_[fact.agent.value].state[fact.site] == AgentState::logged_out) {
    set_state(at, fact.agent, fact.site, AgentState::not_ready);
  }
}
void Workforce::on(SimTime at, const AgentLogout& fact) {
  set_state(at, fact.agent, fact.site, AgentState::logged_out);
  if (people_[fact.agent.value].desk_site == static_cast<int>(fact.site)) {
    set_desk(at, fact.agent, -1);
  }
  review(at, fact.agent);
}
void Workforce::on(SimTime at, const AgentStateChanged& fact) {
  set_state(at, fact.agent, fact.site, fact.state);
}

// ---- people who talk where they are not logged in ----------------------------------------------

void Workforce::on(SimTime at, const CallAnswered& fact) {
  hangs_up(at, fact.call);
  if (fact.monitored != 0 || !fact.agent.valid()) return;
  unseen_[fact.call] = {fact.agent, fact.site};
  talks_unseen(at, {fact.agent, fact.site}, +1);
}
void Workforce::hangs_up(SimTime at, CallId call) {
  const auto found = unseen_.find(call);
  if (found == unseen_.end()) return;
  talks_unseen(at, found->second, -1);
  unseen_.erase(found);
}
void Workforce::talks_unseen(SimTime at, Unseen talk, int change) {
  Person& p = people_[talk.agent.value];
  const Standings before = standings(p);
  p.unseen[talk.site] += change;
  recount(at, talk.agent, before);
}
void Workforce::on(SimTime at, const CallReturned& fact) {
  hangs_up(at, fact.call);
}
void Workforce::on(SimTime at, const CallTransferred& fact) {
  hangs_up(at, fact.call);
}
void Workforce::on(SimTime at, const CallReleased& fact) {
  hangs_up(at, fact.call);
}

/// At the site of his desktop the server's word counts, which comes at once.
void Workforce::on(SimTime at, const PhoneLeft& fact) {
  Person& p = people_[fact.agent.value];
  const Standings before = standings(p);
  for (std::size_t s = 0; s < kSites; ++s) p.left[s] = in_a_call(p.state[s]);
  recount(at, fact.agent, before);
}

// ---- desktops --------------------------------------------------------------------------------

void Workforce::on(SimTime at, const AgentAtWork& fact) {
  set_desk(at, fact.agent, static_cast<int>(fact.site));
  review(at, fact.agent);
}
void Workforce::on(SimTime at, const DesktopConnectionLost& fact) {
  if (people_[fact.agent.value].desk_site == static_cast<int>(fact.site)) {
    set_desk(at, fact.agent, -1);
  }
  review(at, fact.agent);
}
void Workforce::on(SimTime at, const DesktopSwitch& fact) {
  if (people_[fact.agent.value].desk_site != static_cast<int>(fact.to_site)) {
    set_desk(at, fact.agent, -1);
  }
  review(at, fact.agent);
}
void Workforce::on(SimTime at, const ShiftChanged& fact) {
  Person& p = people_[fact.agent.value];
  const bool working = fact.working != 0;
  if (p.working == working) return;
  p.working = working;
  count(at, LevelKind::working, directory_.agent(fact.agent).preferred_site, fact.agent,
        working ? 1 : -1);
  review(at, fact.agent, true);
}

// ---- phones ----------------------------------------------------------------------------------

/// What counts is the binding that the server has: a phone that has moved away, or died, stays in
/// service at the old one until that expires.
void Workforce::on(SimTime at, const DnState& fact) {
  set_registered(at, fact.agent, fact.site, fact.in_service != 0);
  review(at, fact.agent);
}

// ---- deaths, switchovers, cuts -----------------------------------------------------------------

void Workforce::on(SimTime at, const NodeStateChanged& fact) {
  const bool up = fact.up != 0;
  if (fact.node.value < owner_.size() && owner_[fact.node.value].valid()) {
    const AgentId agent = owner_[fact.node.value];
    Person& p = people_[agent.value];
    if (directory_.agent(agent).phone == fact.node) {
      p.phone_up = up;
    } else {
      p.desktop_up = up;
      if (!up) set_desk(at, agent, -1);
    }
    review(at, agent);
    return;
  }
  for (std::size_t s = 0; s < kSites; ++s) {
    const auto& processes = directory_.sip_server_process[s];
    const auto found = std::find(processes.begin(), processes.end(), fact.node);
    if (found == processes.end()) continue;
    const int process = static_cast<int>(found - processes.begin());
    if (!up && process == primary_[s]) serving_[s] = false;
    if (up && !serving_[s]) primary_[s] = process;
    if (!up) review_all(at);
  }
}
void Workforce::serves(SimTime at, std::uint32_t site) {
  const auto& processes = directory_.sip_server_process[site];
  const auto found = std::find(processes.begin(), processes.end(), by_);
  if (found != processes.end()) primary_[site] = static_cast<int>(found - processes.begin());
  if (serving_[site]) return;
  serving_[site] = true;
  review_all(at);
}
void Workforce::on(SimTime at, const Switchover& fact) {
  serves(at, fact.site);
}
void Workforce::on(SimTime at, const ServerModeChanged& fact) {
  if (fact.mode != ServerMode::stopped) serves(at, fact.site);
}
void Workforce::pair_died(SimTime at, std::size_t site) {
  serving_[site] = false;
  for (std::uint32_t a = 0; a < people_.size(); ++a) {
    const auto s = static_cast<std::uint32_t>(site);
    set_state(at, AgentId{a}, s, AgentState::logged_out);
    set_registered(at, AgentId{a}, s, false);
    if (people_[a].desk_site == static_cast<int>(site)) set_desk(at, AgentId{a}, -1);
  }
}
void Workforce::on(SimTime at, const PairStateChanged& fact) {
  if (fact.up != 0) {
    serving_[fact.site] = true;
  } else {
    pair_died(at, fact.site);
  }
  review_all(at);
}

void Workforce::on(SimTime at, const FaultInjected& fact) {
  if (access_.on(fact)) review_all(at);
}

}  // namespace bcsim::models
