// What tests of the desktop's session share: the names of its states, inputs and effects as words,
// and how each state is reached.
#pragma once

#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "models/tlib/desktop_session.hpp"

namespace bcsim::models::tlib::desktop_words {

using I = DesktopInput;
using S = DesktopState;

inline constexpr std::array<const char*, kDesktopStates> kStateNames{
    "off",           "csp_connect",  "read_person", "connecting", "logging_in",
    "login_retry",   "active",       "resuming",    "wait_site",  "wait_registration",
    "wait_endpoint", "relogin_work", "moving"};
inline constexpr std::array<const char*, kDesktopInputs> kInputNames{
    "shift_start",     "shift_end",         "csp_connected",     "csp_failed",
    "person_read",     "connected",         "connection_failed", "connection_lost",
    "logged_in",       "login_refused",     "logged_out",        "forced_out",
    "resumed",         "not_logged_in",     "phone_registered",  "phone_unregistered",
    "dn_in_service",   "dn_out_of_service", "single_mode_on",    "single_mode_off",
    "closing_on",      "closing_off",       "recommended",       "call_started",
    "call_ended",      "timer_switchover",  "timer_work",        "timer_csp",
    "timer_reconnect", "timer_calm"};
inline constexpr std::array kKindNames{
    "connect_csp", "read_person", "connect", "close", "login",  "resume",   "logout",
    "ready",       "not_ready",   "stat",    "arm",   "cancel", "switching"};
inline constexpr std::array kTimerNames{"switch", "work", "csp", "reconnect", "calm"};
inline constexpr std::array kReasonNames{"site_lost",  "registration_lost", "unreachable",
                                         "forced_out", "login_refused",     "failback"};

inline std::string text(const DesktopEffect& e) {
  using Kind = DesktopEffect::Kind;
  const char* kind = kKindNames[static_cast<std::size_t>(e.kind)];
  if (e.kind == Kind::arm || e.kind == Kind::cancel) {
    std::string timer = kTimerNames[static_cast<std::size_t>(e.timer)];
    if (e.timer == DesktopTimer::reconnect) timer += std::to_string(e.site);
    if (e.kind == Kind::cancel) return fmt::format("cancel({})", timer);
    return fmt::format("arm({} {})", timer, sim::seconds(e.after));
  }
  if (e.kind == Kind::switching) {
    return fmt::format("switching({} {})", e.site,
                       kReasonNames[static_cast<std::size_t>(e.reason)]);
  }
  return fmt::format("{}({})", kind, e.site);
}

inline std::string text(const DesktopEffects& effects) {
  std::string t;
  for (const auto& e : effects) t += (t.empty() ? "" : " ") + text(e);
  return t.empty() ? "-" : t;
}

struct Step {
  I input;
  SiteIndex site = 0;
};
using Path = std::vector<Step>;

inline Path operator+(Path a, const Path& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline const Path kActive{{I::shift_start},  {I::csp_connected}, {I::person_read},
                          {I::connected, 0}, {I::connected, 1},  {I::logged_in, 0}};

/// How each state is reached; preferred site 0, require_endpoint, P0.
inline const std::array<Path, kDesktopStates> kPaths{
    Path{},
    {{I::shift_start}},
    {{I::shift_start}, {I::csp_connected}},
    {{I::shift_start}, {I::csp_connected}, {I::person_read}},
    Path(kActive.begin(), kActive.end() - 1),
    Path(kActive.begin(), kActive.end() - 1) + Path{{I::login_refused, 0}},
    kActive,
    kActive + Path{{I::connection_lost, 0}, {I::connected, 0}},
    kActive + Path{{I::connection_lost, 0}},
    kActive + Path{{I::dn_out_of_service, 0}},
    kActive + Path{{I::connection_lost, 0}, {I::timer_switchover}},
    kActive + Path{{I::connection_lost, 0}, {I::timer_switchover}, {I::phone_registered, 1}},
    kActive + Path{{I::phone_registered, 1}, {I::recommended, 1}}};

inline DesktopSession session_after(const Path& path, const DesktopSessionOptions& o = {}) {
  DesktopSession d(o);
  for (const Step& s : path) (void)d.on(s.input, o, s.site);
  return d;
}

}  // namespace bcsim::models::tlib::desktop_words
