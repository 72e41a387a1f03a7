// How long a world needs to come back after its faults: what follows from its timers.
#pragma once

#include <optional>
#include <string>

#include "models/directory.hpp"

namespace bcsim::models {

/// Without any fault: it may lose or delay messages, if only because speech leaves little room.
[[nodiscard]] bool is_poor(const Scenario& scenario, const LinkOptions& link);
/// Without any fault: it needs more than 20 ms for a message, or has a short input queue.
[[nodiscard]] bool is_slow(const SipServerOptions& server);

/// Do both servers watch their trunk to the peer (V-E11), from the start and after every change?
[[nodiscard]] bool peers_watch_each_other(const Scenario& scenario);

/// Needs his desktop what is gone with this site before it can log in at the other, when his shift
/// begins? (R81–R84: its local configuration server; a master that no standby stands in for.)
[[nodiscard]] bool may_never_start(const Directory& directory, AgentId agent, SiteIndex lost);

/// Has this site's server, alone, time for the registrations of every phone, and for their storm?
[[nodiscard]] bool registers_all(const Scenario& scenario, SiteIndex site);

struct LivenessBound {
  /// Why this scenario cannot be judged, in words; empty: it can.
  std::string unfit;
  /// From the end of the last fault until everybody is back.
  Duration needed{};
  /// … and until each pair has a primary again.
  Duration promotion{};
  /// Until the peers have told each other again what was lost on the way; nothing: maybe never.
  std::optional<Duration> probes;
  /// … and until a call is routed to one of them, which no announcement keeps back any more.
  Duration waiting{};
  /// What a call needs at most to end at one end after it has ended at the other.
  Duration speech{};
  /// Longer no after-call work is, but for one in 10^9. Nothing: it may last for ever.
  std::optional<Duration> work;
};

/// Follows from the scenario and the longest of its faults (phones back off while nothing answers).
/// What keeps people away on purpose makes it unfit: accepted breaches of rules, edits of the
/// configuration, slow servers and poor paths that no fault has made so.
[[nodiscard]] LivenessBound liveness_bound(const Scenario& scenario, Duration longest_fault);

}  // namespace bcsim::models
