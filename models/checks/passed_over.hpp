// Who is passed over: calls of a queue are routed in the order in which they have come.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>

#include "models/ledger/call_row.hpp"
#include "models/scenario.hpp"

namespace bcsim::models {

/// Of the calls that have been routed, when the last one came; by queue and site.
class PassedOver {
 public:
  explicit PassedOver(const Scenario& scenario) : scenario_(scenario) {}

  /// A call has been routed. Whom an agent has put into the queue has not come to it by himself.
  void on_routed(const CallRow& row) {
    if (row.kind != CallKind::queue || row.between_agents() || row.queue_site >= kSites) return;
    sim::SimTime& last = came_last_[key(row)];
    last = std::max(last, row.queued);
  }
  /// An agent has not taken it: others may have been served since.
  void on_returned(CallId call) { offered_.insert(call.value); }
  /// A change of options may have given calls that come from now on another priority.
  void on_change(sim::SimTime at) { changed_ = at; }
  /// Has one been routed who came, where this call waits, after `since`, and this one never?
  [[nodiscard]] bool by_one_after(sim::SimTime since, CallId call, const CallRow& row) const {
    if (offered_.contains(call.value) || row.queued < changed_) return false;
    const auto last = came_last_.find(key(row));
    return last != came_last_.end() && last->second > since;
  }

 private:
  using Key = std::array<std::uint32_t, 2>;
  [[nodiscard]] Key key(const CallRow& row) const {
    return {scenario_.calls[row.stream].queue, row.queue_site};
  }

  const Scenario& scenario_;
  std::map<Key, sim::SimTime> came_last_;
  sim::SimTime changed_ = sim::kStart;
  std::set<std::uint32_t> offered_;  ///< calls, to an agent, and not taken
};

}  // namespace bcsim::models
