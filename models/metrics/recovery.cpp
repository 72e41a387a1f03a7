#include "models/metrics/recovery.hpp"

#include <algorithm>
#include <cmath>

#include "models/ledger/call_row.hpp"

namespace bcsim::models {
namespace {

/// A queue is not called drained before a failure has had this long to fill it.
constexpr Duration kQueueWatch = 5min;

}  // namespace

std::optional<double> Recovery::share_back(const std::vector<float>& back_s, std::uint32_t affected,
                                           double share) {
  const double rank = std::ceil(share * affected - 1e-9);
  if (affected == 0 || rank > static_cast<double>(back_s.size())) return std::nullopt;
  return static_cast<double>(back_s[static_cast<std::size_t>(std::max(rank, 1.0)) - 1]);
}

void RecoveryTracker::on_fault(const JournalEntry& entry, const SwitchOver* by_hand,
                               double usual_queue) {
  const auto fault = std::get<FaultInjected>(entry.record).fault;
  const bool same = !list_.empty() && list_.back().at == entry.at;
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
  if (list_.size() == kKept) return;
  Recovery& recovery = list_.emplace_back();
  recovery.at = entry.at;
  recovery.faults.push_back(fault);
  queue_settled_ = false;
  usual_queue_ = std::isfinite(usual_queue) ? std::ceil(usual_queue) : 0;
  if (instant_ != entry.at) return;
  // The journal may say what broke before it says that something was broken.
  for (const std::uint32_t a : touched_agents_) charge(agents_[a], true);
  for (const std::uint32_t a : touched_phones_) charge(phones_[a], false);
}

void RecoveryTracker::charge(Down& down, bool agents) {
  if (down.since == sim::kNever || down.recovery != kNobody) return;
  const auto current = static_cast<std::uint32_t>(list_.size() - 1);
  if (down.last == current) return;
  down.recovery = down.last = current;
  ++(agents ? list_.back().agents_affected : list_.back().phones_affected);
}

void RecoveryTracker::follow(SimTime now, const Workforce::Change& change, std::vector<Down>& down,
                             bool agents) {
  Down& d = down[change.agent.value];
  if (!change.up) {
    d.since = now;
    (agents ? touched_agents_ : touched_phones_).push_back(change.agent.value);
    if ((open_ || follows_) && !list_.empty()) charge(d, agents);
    return;
  }
  if (d.recovery != kNobody) {
    Recovery& recovery = list_[d.recovery];
    auto& back = agents ? recovery.agents_back_s : recovery.phones_back_s;
    back.push_back(static_cast<float>(sim::seconds(now - recovery.at)));
    if (agents && d.recovery + 1 == list_.size()) agent_returned_ = true;
  }
  d.since = sim::kNever;
  d.recovery = kNobody;
}

/// Whose shift ends before he is back is not waited for.
void RecoveryTracker::goes_home(AgentId agent) {
  Down& down = agents_[agent.value];
  if (down.recovery != kNobody) --list_[down.recovery].agents_affected;
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
  if (list_.empty()) return;
  Recovery& recovery = list_.back();
  const auto switched = [&](std::uint32_t gateway, std::uint32_t site) {
    const bool known = std::any_of(recovery.gateways.begin(), recovery.gateways.end(),
                                   [&](const auto& g) { return g.gateway == gateway; });
    if (!known) recovery.gateways.push_back({gateway, site, after(entry.at)});
  };
  if (const auto* p = std::get_if<ProxyState>(&entry.record)) {
    if (p->online == 0) switched(p->gateway, p->site);
  } else if (const auto* r = std::get_if<PstnReroute>(&entry.record)) {
    if (r->dead != 0) switched(r->gateway, kNoSite);
  } else if (const auto* m = std::get_if<ServerModeChanged>(&entry.record)) {
    auto& single = recovery.single_mode[m->site];
    if (m->mode == ServerMode::single && !single) single = after(entry.at);
  } else if (const auto* s = std::get_if<Switchover>(&entry.record)) {
    auto& switchover = recovery.switchover[s->site];
    if (!switchover) switchover = after(entry.at);
  }
}

void RecoveryTracker::on_queue(SimTime now, double waiting) {
  if (list_.empty() || queue_settled_) return;
  Recovery& recovery = list_.back();
  const double most = std::max(usual_queue_, 1.0);
  if (waiting > std::max(recovery.queue_peak, most)) recovery.queue_drained.reset();
  recovery.queue_peak = std::max(recovery.queue_peak, waiting);
  if (waiting > most) return;
  if (!recovery.queue_drained) {
    recovery.queue_drained = recovery.queue_peak > most ? after(now) : 0;
  }
  queue_settled_ =
      now - recovery.at >= kQueueWatch && recovery.agents_back_s.size() == recovery.agents_affected;
}

}  // namespace bcsim::models
