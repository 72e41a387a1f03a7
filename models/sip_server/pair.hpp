// What the two SIP Server processes of a site know together: the state that their HA link keeps.
#pragma once

#include <cstdint>

#include "models/directory.hpp"
#include "models/domain.hpp"
#include "models/ha/peer_trunk.hpp"
#include "models/sip/registrar.hpp"
#include "models/sip_server/agent.hpp"
#include "models/sip_server/call.hpp"
#include "models/sip_server/hunt.hpp"

namespace bcsim::models {

/// What a site's SIP Server has done since the last reading; for metrics.
struct ServerLoad {
  std::uint64_t messages = 0;      ///< handled
  Duration delay_sum{};            ///< of waiting in the input queue, service not included
  Duration delay_max{};            ///< the longest such wait
  std::uint32_t queue_peak = 0;    ///< messages in the input queue, the one in service included
  std::uint64_t dropped = 0;       ///< the queue was full
  std::uint64_t rejected_503 = 0;  ///< the queue was nearly full
};

/// The inter-site trunk and what follows from it.
struct PeerState {
  ha::PeerTrunk trunk{false};
  ServerMode mode = ServerMode::starting;
  std::uint32_t probe_phases = 0;  ///< drawn so far

  /// The phases go on: each is drawn once.
  void clear() {
    trunk = ha::PeerTrunk(false);
    mode = ServerMode::starting;
  }
};

/// Which process of the pair is primary, and from whom a backup can learn.
class Primacy {
 public:
  [[nodiscard]] bool exists() const { return primary_ >= 0; }
  /// Stays while another process is about to take over.
  [[nodiscard]] bool is_of(int process) const { return primary_ == process; }
  [[nodiscard]] bool ha_link_up() const { return ha_link_up_; }
  /// There is a primary, at work, to copy calls from.
  [[nodiscard]] bool can_be_asked() const { return !gone_ && successor_ < 0; }

  void begin(int process) { primary_ = process; }
  void take_over(int process) {
    begin(process);
    successor_ = -1;
    gone_ = false;
  }
  void prepare(int process) { successor_ = process; }
  void gone(int process) {
    if (process == primary_) gone_ = true;
    if (process == successor_) successor_ = -1;
  }
  void set_ha_link(bool up) { ha_link_up_ = up; }
  void nobody() { primary_ = successor_ = -1; }

 private:
  int primary_ = -1;    // process index
  int successor_ = -1;  // the process that is about to take over
  bool ha_link_up_ = true;
  bool gone_ = false;
};

/// See the head comment. Owned by the world, outlives the processes. Only the primary writes here;
/// a ready backup knows it at once (ASSUMPTION), one that has just started learns of the calls in
/// bursts (D21): `ServerCall::copied`. Each part of the server is given its own table of these.
class SipServerPair {
 public:
  SipServerPair(const Directory& directory, SiteIndex site);

  /// No process of the pair is left: nobody remembers anything.
  void lose_everything();
  /// While the HA link is cut the backup does not learn of new calls.
  void set_ha_link(bool up) { primacy_.set_ha_link(up); }
  /// It is to be shut down gracefully, or no longer: whichever process is primary, now or next.
  void set_draining(bool draining) { draining_ = draining; }
  [[nodiscard]] bool draining() const { return draining_; }
  /// This process has died or hangs. If it was primary, nothing can be copied from it until another
  /// has taken over; if it was about to be, nobody is now.
  void process_gone(int process) { primacy_.gone(process); }
  /// Messages and delays since the last reading.
  [[nodiscard]] ServerLoad take_load() {
    const ServerLoad load = load_;
    load_ = {};
    return load;
  }
  [[nodiscard]] ServerMode mode() const { return peer_.mode; }
  [[nodiscard]] bool has_primary() const { return primacy_.exists(); }
  /// Calls that the pair knows now, in whatever state.
  [[nodiscard]] std::uint32_t call_count() const { return calls_.count(); }
  /// Calls not yet assigned to an agent: in treatment, or waiting.
  [[nodiscard]] std::uint32_t waiting_count(std::uint32_t line) const {
    return calls_.waiting(line);
  }
  [[nodiscard]] const ServerAgent& agent(AgentId id) const { return agents_.agents[id.value]; }
  [[nodiscard]] bool in_service(AgentId id, SimTime now) const {
    return registrar_.in_service(id.value, now);
  }

  [[nodiscard]] sip::Registrar& registrar() { return registrar_; }
  [[nodiscard]] AgentTable& agents() { return agents_; }
  [[nodiscard]] CallTable& calls() { return calls_; }
  [[nodiscard]] HuntTable& hunts() { return hunts_; }
  [[nodiscard]] PeerState& peer() { return peer_; }
  [[nodiscard]] Primacy& primacy() { return primacy_; }
  [[nodiscard]] ServerLoad& load() { return load_; }

 private:
  [[nodiscard]] static acd::RouterPlan router_plan(const Directory& directory);

  sip::Registrar registrar_;
  AgentTable agents_;
  CallTable calls_;
  HuntTable hunts_;
  PeerState peer_;
  Primacy primacy_;
  ServerLoad load_;
  bool draining_ = false;
};

}  // namespace bcsim::models
