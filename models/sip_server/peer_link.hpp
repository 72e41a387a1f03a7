// The SIP Server Peer as one server sees it: the inter-site trunk, the mode that follows from it,
// and what the mode allows (R35–R47, domain.md §5.4).
#pragma once

#include "models/ha/peer_trunk.hpp"
#include "models/ha/server_mode.hpp"
#include "models/sip_server/pair.hpp"
#include "models/sip_server/signalling.hpp"

namespace bcsim::models {

/// Owns the pair's trunk and mode.
class PeerLink {
 public:
  class User {
   public:
    virtual ~User() = default;
    /// mode() is what it is now.
    virtual void mode_changed(Context& context, ServerMode before) = 0;
    /// There is no reason to doubt the peer, in BC mode: a probe has been answered with 200, or
    /// none are to be sent.
    virtual void peer_answered(Context& context) = 0;
  };
  PeerLink(const ServerSite& site, PeerState& state, Signalling& sip, User& user)
      : site_(site), state_(state), sip_(sip), user_(user) {}

  /// As if the servers had been connected for long (R80).
  void start_steady(Context& context);
  /// Of a process that serves from now on: the first probe is to come, or there is no peer.
  void begin(Context& context);
  /// ServerTimer::probe.
  void on_probe_timer(Context& context);
  /// `probe`: the one of PeerTrunkEffects.
  void on_probe_result(Context& context, std::uint32_t probe, sip::Inform inform);
  void set_mode(Context& context, ServerMode mode);
  /// The graceful shutdown is called off, or what has stopped is started: with the registrations
  /// that have not expired meanwhile, and the agents who come back (ASSUMPTION).
  void serve_again(Context& context);
  void send(Context& context, const peer::Message& message);

  [[nodiscard]] ServerMode mode() const { return state_.mode; }
  /// Each knows that the other is there: calls are forwarded, agents logged in at one site only.
  [[nodiscard]] bool bc() const { return mode() == ServerMode::bc; }
  /// No new calls, no new logins (§2.3).
  [[nodiscard]] bool closing() const { return ha::closes(mode()); }
  [[nodiscard]] bool stopped() const { return mode() == ServerMode::stopped; }
  [[nodiscard]] bool checks_endpoint_at_login() const {
    return ha::checks_endpoint_at_login(mode());
  }
  [[nodiscard]] bool forces_logout_at_peer() const { return ha::forces_logout_at_peer(mode()); }

 private:
  [[nodiscard]] ha::PeerTrunkOptions trunk_options() const;
  [[nodiscard]] Duration first_probe_phase(Context& context);
  void follow_trunk(Context& context, const ha::PeerTrunkEffects& effects, bool fine);
  void take_mode_of_trunk(Context& context);

  const ServerSite& site_;
  PeerState& state_;
  Signalling& sip_;
  User& user_;
};

}  // namespace bcsim::models
