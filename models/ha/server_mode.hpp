// The mode of a SIP Server towards its peer, and what each mode allows (R35–R39, R47, §2.3).
#pragma once

#include "models/records.hpp"

namespace bcsim::models::ha {

/// What a SIP Server's mode follows from.
struct ModeInputs {
  bool starting = false;
  bool draining = false;         ///< graceful shutdown has begun (§2.3)
  bool stopped = false;          ///< … and has ended
  bool dr_peer_trunk = true;     ///< unset: traditional single mode for ever (D1, V-E12)
  bool peer_in_service = false;  ///< the inter-site Trunk DN
};

[[nodiscard]] constexpr ServerMode mode_of(const ModeInputs& in) {
  if (in.starting) return ServerMode::starting;
  if (in.stopped) return ServerMode::stopped;
  if (in.draining) return ServerMode::drain;
  return in.dr_peer_trunk && in.peer_in_service ? ServerMode::bc : ServerMode::single;
}

/// New direct calls may be forwarded to the peer (R36, R43).
[[nodiscard]] constexpr bool forwards_calls(ServerMode m) {
  return m == ServerMode::bc;
}
/// A login needs the DN in service (R37, R39).
[[nodiscard]] constexpr bool checks_endpoint_at_login(ServerMode m) {
  return m == ServerMode::bc;
}
/// A login here ends the agent's login at the peer (R38, R39).
[[nodiscard]] constexpr bool forces_logout_at_peer(ServerMode m) {
  return m == ServerMode::bc;
}
/// hg-preferred-site is looked at (R49, R54).
[[nodiscard]] constexpr bool checks_preferred_site(ServerMode m) {
  return m == ServerMode::bc;
}
/// New INVITEs are served, not answered with shutdown-sip-reject-code (§2.3).
[[nodiscard]] constexpr bool accepts_calls(ServerMode m) {
  return m == ServerMode::bc || m == ServerMode::single;
}
/// Agents may log in (§2.3: a draining server sends them away).
[[nodiscard]] constexpr bool accepts_logins(ServerMode m) {
  return accepts_calls(m);
}

}  // namespace bcsim::models::ha
