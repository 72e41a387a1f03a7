// How long a phone may have been without its registrar: the longer, the later it tries again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "models/messages.hpp"
#include "sim/time.hpp"

namespace bcsim::models {

/// The longest outage that has ended with a fault: of a fault, of several with no time between to
/// come back (one outage to a phone that backs off, RFC 5626 §4.5), or of what a change of options
/// mends: a phone may have been refused, or have got no answer, since long before.
class Outages {
 public:
  /// A fault begins or ends. `anew`: none is open, and all had time to come back since the last.
  void on_fault(sim::SimTime at, bool anew) {
    if (anew) since_ = at;
  }
  /// Options change.
  void on_change(sim::SimTime at) {
    for (const auto& [binding, failing_since] : failing_) noted(at - failing_since);
  }
  /// A fault has ended.
  void on_end(sim::SimTime at) { noted(at - since_); }
  void on_registration_failed(sim::SimTime at, AgentId agent, std::uint32_t site) {
    failing_.try_emplace({agent.value, site}, at);
  }
  void on_registered(AgentId agent, std::uint32_t site) { failing_.erase({agent.value, site}); }

  [[nodiscard]] sim::Duration longest() const { return longest_; }

 private:
  void noted(sim::Duration outage) { longest_ = std::max(longest_, outage); }

  sim::SimTime since_ = sim::kStart;
  sim::Duration longest_{};
  std::map<std::pair<std::uint32_t, std::uint32_t>, sim::SimTime> failing_;  ///< by agent and site
};

}  // namespace bcsim::models
