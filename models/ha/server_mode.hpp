// The mode of a SIP Server towards its peer, and what each mode asks for (R35–R39, R47, §2.3).
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

/// A login needs the DN in service (R37, R39). Until the first word from the peer the server is as
/// careful as in BC mode (ASSUMPTION).
[[nodiscard]] constexpr bool checks_endpoint_at_login(ServerMode m) {
  return m != ServerMode::single;
}
/// A login here ends the agent's login at the peer (R38, R39).
[[nodiscard]] constexpr bool forces_logout_at_peer(ServerMode m) {
  return m == ServerMode::bc;
}
/// New calls are turned away, and agents are sent away and may not log in (§2.3). A server that has
/// just started serves: it only does not know its peer yet.
[[nodiscard]] constexpr bool closes(ServerMode m) {
  return m == ServerMode::drain || m == ServerMode::stopped;
}

}  // namespace bcsim::models::ha
