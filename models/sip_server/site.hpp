// Which site's SIP Server this is, and what is configured for it: what every part of it needs.
#pragma once

#include <cstdint>

#include "models/directory.hpp"
#include "models/domain.hpp"

namespace bcsim::models {

struct ServerSite {
  const Directory& directory;
  SiteIndex index;

  [[nodiscard]] SiteIndex peer() const { return peer_of(index); }
  /// The site's virtual address; whichever process is primary has it.
  [[nodiscard]] AddressId address() const { return directory.sip_server[index]; }
  [[nodiscard]] AddressId peer_address() const { return directory.sip_server[peer()]; }
  [[nodiscard]] const SipServerOptions& options() const {
    return directory.scenario->sites[index].sip_server;
  }
  /// Of a line that belongs to a group of agents: the defaults.
  [[nodiscard]] const QueueOptions& queue_options(std::uint32_t line) const {
    static const QueueOptions of_group;
    const auto& queues = directory.scenario->queues;
    return line < queues.size() ? queues[line] : of_group;
  }
  /// Null: not a hunt group.
  [[nodiscard]] const HuntGroupOptions* hunt_group(std::uint32_t queue) const {
    const auto& options = queue_options(queue).hunt_group;
    return options ? &*options : nullptr;
  }
};

/// Timers of a SIP Server process, by the part that arms them.
enum class ServerTimer : std::uint32_t {
  serve,           ///< input queue
  ha,              ///< redundancy: the promotion is over
  copy,            ///< redundancy: the next burst of calls
  expiry,          ///< registrations
  probe,           ///< peer link
  hold_back,       ///< agent service
  hunt,            ///< hunt groups: the members did not answer
  hunt_wait,       ///< hunt groups: no member became free
  announcement,    ///< media
  routing,         ///< call control: the agent did not answer
  wait,            ///< call control: maximum-wait
  caller_session,  ///< call control
  agent_session,   ///< media
};
[[nodiscard]] constexpr sim::TimerTag tag_of(ServerTimer timer, std::uint32_t index = 0) {
  return {.kind = static_cast<std::uint32_t>(timer), .index = index};
}

}  // namespace bcsim::models
