// Which quantities the board keeps over time, and where on it they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "models/metrics/accumulators.hpp"
#include "models/scenario.hpp"

namespace bcsim::models {

/// Kept per site and for both together. Results dictionary, "Levels".
enum class LevelKind : std::uint8_t {
  setup,       ///< calls dialled and not yet taken
  queue,       ///< calls taken, no agent chosen
  ringing,     ///< calls for which an agent has been chosen
  talking,     ///< calls answered
  logged_in,   ///< agents, as the site's SIP Server sees them
  ready,       ///< of these
  busy,        ///< ringing, talking, on hold, after-call work; or talking and not logged in there
  working,     ///< agents whose shift it is; site: the agent's preferred
  at_work,     ///< of these: logged in and reachable; site: the agent's preferred
  registered,  ///< Extension DNs in service at the site
};
inline constexpr std::size_t kLevelKinds = 10;

/// Things that happen, counted per site. Results dictionary, "Events".
enum class CounterKind : std::uint8_t {
  registrations,
  registration_failures,
  logins,
  logins_refused,
  logouts,
  forced_logouts,
  connections_lost,
  bc_forwards,
  requests_dropped,
  requests_rejected,
  early_dialogs_lost,
  switchovers,
  queue_full,
  waited_too_long,
  no_agent_logged_in,
  draining,
  no_member_in_service,
  no_member_idle,
  no_answer,
  hunt_redirects,
  hunt_legs,
  hunt_legs_to_busy,
  not_monitored_unreachable,
  not_monitored_logged_out,
  not_monitored_relogin,
  not_monitored_apart,
  not_monitored_preference,
  not_monitored_advice,
  calls_not_copied,
  false_gateways,
  false_peers,
  false_desktops,
};
inline constexpr std::size_t kCounterKinds = 32;

/// Index for both sites together.
inline constexpr int kBothSites = kSites;

/// Position of a level on the board. After those of the sites come the gateways' trunk channels in
/// use, then the media on each link direction in bits per second.
[[nodiscard]] constexpr std::size_t level_at(LevelKind kind, int site) {
  return static_cast<std::size_t>(site) * kLevelKinds + static_cast<std::size_t>(kind);
}
[[nodiscard]] constexpr std::size_t channels_at(std::size_t gateway) {
  return kLevelKinds * (kSites + 1) + gateway;
}
[[nodiscard]] constexpr std::size_t media_at(std::size_t gateways, std::size_t link) {
  return channels_at(gateways) + link;
}
/// After those, by queue: its calls; and by agent group: its people. Nothing for other kinds.
struct BoardPlan {
  std::size_t gateways = 0, links = 0, queues = 0, groups = 0;

  [[nodiscard]] constexpr std::optional<std::size_t> of_queue(LevelKind kind,
                                                              std::size_t queue) const {
    if (kind < LevelKind::queue || kind > LevelKind::talking) return std::nullopt;
    return media_at(gateways, links) + queue * kQueueKinds + offset(LevelKind::queue, kind);
  }
  [[nodiscard]] constexpr std::optional<std::size_t> of_group(LevelKind kind,
                                                              std::size_t group) const {
    if (kind < LevelKind::logged_in) return std::nullopt;
    return media_at(gateways, links) + queues * kQueueKinds + group * kGroupKinds +
           offset(LevelKind::logged_in, kind);
  }
  [[nodiscard]] constexpr std::size_t levels() const {
    return media_at(gateways, links) + queues * kQueueKinds + groups * kGroupKinds;
  }

 private:
  static constexpr std::size_t kQueueKinds = 3, kGroupKinds = 6;
  static constexpr std::size_t offset(LevelKind from, LevelKind kind) {
    return static_cast<std::size_t>(kind) - static_cast<std::size_t>(from);
  }
};
[[nodiscard]] constexpr std::size_t counter_at(CounterKind kind, int site) {
  return static_cast<std::size_t>(site) * kCounterKinds + static_cast<std::size_t>(kind);
}
[[nodiscard]] constexpr Board::Size board_size(const BoardPlan& plan) {
  return {plan.levels(), kCounterKinds * kSites, kSites};
}

}  // namespace bcsim::models
