#include "models/metrics/recovery.hpp"

#include <algorithm>
#include <cmath>

#include "models/ledger/call_row.hpp"
#include "models/metrics/failure_effects.hpp"

namespace bcsim::models {
namespace {

/// ASSUMPTION: a fault that is mended is no reason any more for what is noticed later than this.
/// Gateways and trunks notice within a probe's period and its timeout.
constexpr Duration kNoticed = 2min;

}  // namespace

std::optional<double> Recovery::share_back(const std::vector<float>& back_s, std::uint32_t affected,
                                           double share) {
  const double rank = std::ceil(share * affected - 1e-9);
  if (affected == 0 || rank > static_cast<double>(back_s.size())) return std::nullopt;
  return static_cast<double>(back_s[static_cast<std::size_t>(std::max(rank, 1.0)) - 1]);
}

void RecoveryTracker::on_fault(const JournalEntry& entry, const SwitchOver* by_hand, double waiting,
                               double usual) {
  const auto fault = std::get<FaultInjected>(entry.record).fault;
  const bool same = !list_.empty() && list_.back().at == entry.at;
  mended_.resize(scenario_.faults.size(), sim::kStart);
  mended_[fault] = by_hand != nullptr ? entry.at : sim::kNever;
  if (!same) switched_ = {};
  if (by_hand != nullptr) {
    switched_[by_hand->site] = true;
  } else {
    open_ = true;
  }
  if (same) {
    list_.back().faults.push_back(fault);
    return;
  }
  end_watch(entry.at);
  if (list_.size() == kKept) return;
  Recovery& recovery = list_.emplace_back();
  recovery.at = entry.at;
  recovery.faults.push_back(fault);
  usual_queue_ = std::isfinite(usual) ? std::max(usual, 1.0) : 1;
  queue_settled_ = false;
  queue_short_since_ = entry.at;
  on_queue(entry.at, waiting);
  if (instant_ != entry.at) return;
  // The journal may say what broke before it says that something was broken.
  for (const std::uint32_t a : touched_agents_) charge(AgentId{a}, true);
  for (const std::uint32_t a : touched_phones_) charge(AgentId{a}, false);
}

void RecoveryTracker::charge(AgentId who, bool agents) {
  Down& down = (agents ? agents_ : phones_)[who.value];
  if (down.since == sim::kNever || down.recovery != kNobody) return;
  const auto current = static_cast<std::uint32_t>(list_.size() - 1);
  Recovery& recovery = list_.back();
  if (down.last == current) {
    // Back for good, and lost anew for a reason of its own: once per failure.
    if (down.since - recovery.at >= std::chrono::duration<double>(down.back_s) + kBackForGood) {
      return;
    }
    std::vector<float>& back = agents ? recovery.agents_back_s : recovery.phones_back_s;
    const auto mine = std::find(back.begin(), back.end(), down.back_s);
    if (mine == back.end()) return;
    back.erase(mine);
    if (agents) recovery.agents[down.place].back_s = std::nan("");
    down.recovery = current;
    return;
  }
  down.recovery = down.last = current;
  ++(agents ? recovery.agents_affected : recovery.phones_affected);
  if (!agents) return;
  down.place = recovery.agents.size();
  recovery.agents.push_back({who, std::nan("")});
}

void RecoveryTracker::follow(SimTime now, const Workforce::Change& change, std::vector<Down>& down,
                             bool agents) {
  Down& d = down[change.agent.value];
  if (!change.up) {
    d.since = now;
    (agents ? touched_agents_ : touched_phones_).push_back(change.agent.value);
    if ((open_ || follows_) && !list_.empty()) charge(change.agent, agents);
    return;
  }
  if (d.recovery != kNobody) {
    Recovery& recovery = list_[d.recovery];
    auto& back = agents ? recovery.agents_back_s : recovery.phones_back_s;
    d.back_s = static_cast<float>(sim::seconds(now - recovery.at));
    back.push_back(d.back_s);
    if (agents) recovery.agents[d.place].back_s = d.back_s;
    if (agents && d.recovery + 1 == list_.size()) agent_returned_ = true;
  }
  d.since = sim::kNever;
  d.recovery = kNobody;
}

/// Whose shift ends before he is back is not waited for.
void RecoveryTracker::goes_home(AgentId agent) {
  Down& down = agents_[agent.value];
  if (down.recovery != kNobody) {
    --list_[down.recovery].agents_affected;
    list_[down.recovery].agents[down.place].agent = {};
    down.last = kNobody;
  }
  down.since = sim::kNever;
  down.recovery = kNobody;
}

/// Whom a switchover by hand takes away: its processes go, and with them the connections.
bool RecoveryTracker::follows_switchover(const Record& record) const {
  if (const auto* lost = std::get_if<DesktopConnectionLost>(&record)) return switched_[lost->site];
  if (const auto* pair = std::get_if<PairStateChanged>(&record)) return switched_[pair->site];
  const bool any = switched_[0] || switched_[1];
  return any && std::holds_alternative<NodeStateChanged>(record);
}

void RecoveryTracker::on_record(const JournalEntry& entry, const Workforce& workforce) {
  agent_returned_ = false;
  if (entry.at != instant_) {
    instant_ = entry.at;
    touched_agents_.clear();
    touched_phones_.clear();
  }
  follows_ = follows_switchover(entry.record);
  for (const auto& change : workforce.agents_changed()) follow(entry.at, change, agents_, true);
  for (const auto& change : workforce.phones_changed()) follow(entry.at, change, phones_, false);
  if (const auto* shift = std::get_if<ShiftChanged>(&entry.record)) {
    if (shift->working == 0) goes_home(shift->agent);
  }
  Recovery* const cause = cause_of(entry);
  if (cause == nullptr) return;
  Recovery& recovery = *cause;
  const double after_s = sim::seconds(entry.at - recovery.at);
  const auto switched = [&](std::uint32_t gateway, std::uint32_t site) {
    const bool known = std::any_of(recovery.gateways.begin(), recovery.gateways.end(),
                                   [&](const auto& g) { return g.gateway == gateway; });
    if (!known) recovery.gateways.push_back({gateway, site, after_s});
  };
  if (const auto* p = std::get_if<ProxyState>(&entry.record)) {
    if (p->online == 0) switched(p->gateway, p->site);
  } else if (const auto* r = std::get_if<PstnReroute>(&entry.record)) {
    if (r->dead != 0) switched(r->gateway, kNoSite);
  } else if (const auto* m = std::get_if<ServerModeChanged>(&entry.record)) {
    auto& single = recovery.single_mode[m->site];
    if (m->mode == ServerMode::single && !single) single = after_s;
  } else if (const auto* s = std::get_if<Switchover>(&entry.record)) {
    auto& switchover = recovery.switchover[s->site];
    if (!switchover) switchover = after_s;
  }
}

/// The latest failure that may be why, and whose fault still lies or has only just been mended;
/// else the latest.
Recovery* RecoveryTracker::cause_of(const JournalEntry& entry) {
  const auto noticed = [&](std::uint32_t fault) {
    return mended_[fault] == sim::kNever || entry.at - mended_[fault] <= kNoticed;
  };
  for (auto r = list_.rbegin(); r != list_.rend(); ++r) {
    for (const std::uint32_t fault : r->faults) {
      if (noticed(fault) && may_cause(scenario_.faults[fault], entry.record, scenario_)) return &*r;
    }
  }
  return list_.empty() ? nullptr : &list_.back();
}

void RecoveryTracker::on_repair(const JournalEntry& entry, bool last) {
  mended_.resize(scenario_.faults.size(), sim::kStart);
  mended_[std::get<FaultInjected>(entry.record).fault] = entry.at;
  if (last) open_ = false;
}

void RecoveryTracker::on_queue(SimTime now, double waiting) {
  if (queue_settled_) return;
  Recovery& recovery = list_.back();
  const bool grew = recovery.queue_peak > usual_queue_;
  const bool watched = grew || recovery.agents_back_s.size() == recovery.agents_affected;
  if (queue_short_since_ != sim::kNever && now - queue_short_since_ >= kBackForGood && watched) {
    settle_queue(queue_short_since_);
    return;
  }
  recovery.queue_peak = std::max(recovery.queue_peak, waiting);
  if (waiting > usual_queue_) {
    queue_short_since_ = sim::kNever;
  } else if (queue_short_since_ == sim::kNever) {
    queue_short_since_ = now;
  }
}

void RecoveryTracker::settle_queue(SimTime short_since) {
  Recovery& recovery = list_.back();
  const bool grew = recovery.queue_peak > usual_queue_;
  recovery.queue_drained = grew ? sim::seconds(short_since - recovery.at) : 0;
  queue_settled_ = true;
}

void RecoveryTracker::end_watch(SimTime now) {
  if (queue_settled_) return;
  if (queue_short_since_ != sim::kNever && queue_short_since_ < now) {
    settle_queue(queue_short_since_);
  }
  queue_settled_ = true;
}

}  // namespace bcsim::models
