// What the agent desktop's session wants done.
#pragma once

#include <cstdint>

#include "models/inline_list.hpp"
#include "models/scenario.hpp"

namespace bcsim::models::tlib {

/// The desktop's timers; `reconnect` exists once per site. `calm`: since the last move.
enum class DesktopTimer : std::uint8_t { switchover, work, csp, reconnect, calm };

/// Why the desktop goes to the other site.
enum class SwitchReason : std::uint8_t {
  site_lost,            ///< site-timeout (R78)
  registration_lost,    ///< site-sip-register-timeout (R79, C30)
  unreachable_at_boot,  ///< R83
  forced_out,           ///< drained (§2.3)
  login_refused,        ///< for S_r, while the phone is at the other site
  failback,             ///< advised (R60), or policy return_after_call
};

struct DesktopEffect {
  enum class Kind : std::uint8_t {
    connect_csp,
    read_person,
    connect,  ///< try to open the T-Library connection (and attach to the DN)
    close,
    login,
    resume,
    logout,
    set_ready,
    set_not_ready,
    open_stat,  ///< Stat Server of the site (R33); nothing waits for it
    arm,        ///< `timer` (of `site`, if reconnect) after `after`; replaces it
    cancel,
    switching,  ///< for the record: the move to `site` begins because of `reason`
  };
  Kind kind = Kind::connect;
  SiteIndex site = 0;
  DesktopTimer timer = DesktopTimer::switchover;
  SwitchReason reason = SwitchReason::site_lost;
  Duration after{};
  constexpr bool operator==(const DesktopEffect&) const = default;
};
using DesktopEffects = InlineList<DesktopEffect, 12>;

inline void add(DesktopEffects& effects, DesktopEffect::Kind kind, SiteIndex site) {
  effects.push_back({.kind = kind, .site = site});
}
inline void arm(DesktopEffects& effects, DesktopTimer timer, Duration after, SiteIndex site = 0) {
  effects.push_back(
      {.kind = DesktopEffect::Kind::arm, .site = site, .timer = timer, .after = after});
}
inline void cancel(DesktopEffects& effects, DesktopTimer timer, SiteIndex site = 0) {
  effects.push_back({.kind = DesktopEffect::Kind::cancel, .site = site, .timer = timer});
}

}  // namespace bcsim::models::tlib
