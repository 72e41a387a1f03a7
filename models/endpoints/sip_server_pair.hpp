// What the two SIP Server processes of a site know together: the state that their HA link keeps.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "models/acd/agent_state.hpp"
#include "models/acd/router.hpp"
#include "models/directory.hpp"
#include "models/domain.hpp"
#include "models/ha/peer_trunk.hpp"
#include "models/sip/registrar.hpp"
#include "models/sip/transaction_layer.hpp"
#include "sim/slab.hpp"

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

/// A call's way toward the gateway, or toward the peer for a call that came over the trunk.
struct CallerLeg {
  enum class State : std::uint8_t { trying, answered, confirmed };
  AddressId remote;
  std::uint64_t dialog = 0;
  std::uint32_t cseq = 0;  ///< of our own requests
  NodeId media;            ///< the caller's RTP endpoint
  State state = State::trying;
  bool from_peer = false;   ///< the inter-site trunk
  bool rung = false;        ///< a 180 has been passed on
  bool media_owed = false;  ///< is to hear another than `media_sent` (re-INVITE)
  NodeId media_sent;        ///< the RTP endpoint last given to him
  Duration session{};       ///< Session-Expires (RFC 4028), which he refreshes; 0: none
  SimTime refreshed_at{};
  sip::TransactionId invite;      ///< theirs; dies with the process
  sip::TransactionId own_invite;  ///< 3pcc: ours, to the phone of who calls; dies with the process
  sip::TransactionId reinvite;    ///< ours; dies with the process
  sim::TimerId session_timer;     ///< dies with the process
};

/// A leg that the server itself has set up, to the media server or to an agent.
struct ServerLeg {
  enum class State : std::uint8_t { none, inviting, ringing, up };
  AddressId remote;
  std::uint64_t dialog = 0;
  std::uint32_t attempt = 0;  ///< tells a leg from its predecessors
  std::uint32_t cseq = 1;     ///< of our last request
  NodeId media;
  State state = State::none;
  bool heard = false;          ///< some response has come
  SimTime refreshed_at{};      ///< the agent's leg: answered, or answered again (RFC 4028)
  sip::TransactionId invite;   ///< dies with the process
  sim::TimerId session_timer;  ///< dies with the process
};

/// A member's phone that is rung for a call to a hunt group.
struct HuntMemberLeg {
  AgentId agent;
  bool supervised = false;  ///< he is logged in here
  ServerLeg leg;
};

/// A call that is being distributed to the members of a hunt group.
struct Hunt {
  std::vector<HuntMemberLeg> legs;  ///< that ring now
  std::uint32_t next = 0;           ///< sequential: the next member
  std::uint32_t left = 0;           ///< sequential: members not yet tried
  bool rung = false;                ///< somebody's phone has, and was not answered
};
inline constexpr std::uint32_t kNoHunt = 0xFFFF'FFFFu;

/// One call at one site's SIP Server, a back-to-back user agent: three legs and where it stands.
struct ServerCall {
  enum class State : std::uint8_t {
    treated,  ///< treatment is being set up, or its announcement plays: not to be routed yet
    waiting,
    offered,  ///< an agent's phone is being rung
    talking,
  };
  CallId id;
  std::uint32_t generation = 0;
  bool live = false;
  State state = State::treated;
  Dn dn;                          ///< dialled: a queue, or an Extension
  std::uint32_t queue = kNoLine;  ///< where it waits for an agent, or has (Directory::line)
  acd::Standing standing;
  Conversation conversation;
  std::uint8_t priority = 0;
  PathMask path = 0;
  CallerLeg caller;
  ServerLeg treatment, agent_leg;
  AgentId agent;  ///< being rung, or talking
  acd::Where agent_where = acd::Where::here;
  bool agent_supervised = false;    ///< his state follows the call: he is logged in here
  AgentId dialler;                  ///< an agent who has placed the call here, and is busy with it
  bool dialler_supervised = false;  ///< his state follows the call
  std::uint8_t gateways_tried = 0;  ///< for a call to the outside
  bool routed_by_peer = false;    ///< of a queue there: it has chosen this agent, who must be ready
  bool forwarded = false;         ///< to the peer over the trunk (BC forwarding): its business now
  bool held = false;              ///< the agent has put the caller on hold
  bool treatment_failed = false;  ///< the media server did not take it: wait without
  bool unanswered = false;        ///< it rings on though agent-no-answer-timeout is over
  bool transferred = false;       ///< its first agent has passed it on
  /// The consultation call that its agent makes meanwhile; of that call: the one it is about.
  std::uint32_t consult = kNoCall;
  bool copied = true;            ///< the other process knows it too
  std::uint32_t hunt = kNoHunt;  ///< while members of a hunt group are sought
  SimTime queued_at{};
  SimTime routable_at{};  ///< end of the announcement
  // Timers die with the process.
  sim::TimerId announcement_timer, routing_timer, wait_timer;

  static constexpr std::uint32_t kNoLine = 0xFFFF'FFFFu, kNoCall = 0xFFFF'FFFFu;
  /// A consultation call: one agent asks another, here or for the peer.
  [[nodiscard]] bool asks() const { return conversation.transfer.asks; }
  [[nodiscard]] bool queued() const { return queue != kNoLine; }
  /// Rings an agent here because his own number was called: not routed, by nobody.
  [[nodiscard]] bool to_own_number() const {
    return agent_where == acd::Where::here && !queued() && !routed_by_peer;
  }
  /// Does the state of this agent follow the call?
  [[nodiscard]] bool supervises(AgentId id) const {
    return id == agent ? agent_supervised : id == dialler && dialler_supervised;
  }
  [[nodiscard]] bool confirmed() const { return caller.state != CallerLeg::State::trying; }
};

/// An agent as the SIP Server of one site sees him.
struct ServerAgent {
  acd::AgentStateMachine machine;
  SimTime login_since{}, idle_since{};
  SimTime held_back_until{};     ///< his phone refused a call: do not try it again at once
  std::uint32_t call = kNoCall;  ///< slot of the call that occupies his DN, with or without login
  bool logout_pending = false;   ///< once his call has ended
  bool logout_forced = false;
  bool release_owed = false;      ///< EventReleased found no connection: tell when he is back
  bool login_noted = false;       ///< the peer has heard of login_since
  std::uint16_t logins_told = 0;  ///< to the peer; numbers the copies
  bool advertised = false;        ///< the peer thinks that it may route to him
  CallId last_call;
  Duration work{};      ///< of last_call
  SimTime work_over{};  ///< when that is done, if he does not say so before

  static constexpr std::uint32_t kNoCall = 0xFFFF'FFFFu;
  [[nodiscard]] AgentState state() const { return machine.state(); }
  [[nodiscard]] bool logged_in() const { return machine.logged_in(); }
  [[nodiscard]] bool on_call() const { return call != kNoCall; }
};

/// See the head comment. Owned by the world, outlives the processes. Only the primary writes here;
/// a ready backup knows it at once (ASSUMPTION), one that has just started learns of the calls in
/// bursts (D21): `ServerCall::copied`.
class SipServerPair {
 public:
  SipServerPair(const Directory& directory, SiteIndex site);

  /// No process of the pair is left: nobody remembers anything.
  void lose_everything();
  /// While the HA link is cut the backup does not learn of new calls.
  void set_ha_link(bool up) { ha_link_up_ = up; }
  /// This process has died or hangs. If it was primary, nothing can be copied from it until another
  /// has taken over; if it was about to be, nobody is now.
  void process_gone(int process) {
    if (process == primary_) primary_gone_ = true;
    if (process == successor_) successor_ = -1;
  }
  /// Messages and delays since the last reading.
  [[nodiscard]] ServerLoad take_load() {
    const ServerLoad load = load_;
    load_ = {};
    return load;
  }
  [[nodiscard]] ServerMode mode() const { return mode_; }
  [[nodiscard]] bool has_primary() const { return primary_ >= 0; }
  /// Calls that the pair knows now, in whatever state.
  [[nodiscard]] std::uint32_t call_count() const { return call_count_; }
  /// Calls not yet assigned to an agent: in treatment, or waiting.
  [[nodiscard]] std::uint32_t waiting_count(std::uint32_t queue) const { return waiting_[queue]; }
  [[nodiscard]] const ServerAgent& agent(AgentId id) const { return agents_[id.value]; }
  [[nodiscard]] bool in_service(AgentId id, SimTime now) const {
    return registrar_.in_service(id.value, now);
  }

 private:
  friend class SipServerEndpoint;

  [[nodiscard]] static acd::RouterPlan router_plan(const Directory& directory);

  sip::Registrar registrar_;
  acd::Router router_;
  std::vector<ServerAgent> agents_;
  sim::Slab<ServerCall> calls_;
  std::unordered_map<std::uint64_t, std::uint32_t> call_by_dialog_;  // all legs
  std::vector<std::uint32_t> waiting_;                               // by line
  sim::Slab<Hunt> hunts_;
  std::vector<std::vector<std::uint32_t>> hunt_lines_;  // by queue: calls that wait for a member
  std::vector<std::uint32_t> last_served_;              // by queue: circular hunt groups begin here
  std::uint32_t call_count_ = 0;
  std::uint64_t next_ticket_ = 0;
  ha::PeerTrunk trunk_{false};
  ServerMode mode_ = ServerMode::starting;
  int primary_ = -1;    // process index; stays while another process is about to take over
  int successor_ = -1;  // that process
  bool ha_link_up_ = true;
  bool primary_gone_ = false;
  std::uint32_t probe_phases_ = 0;  // drawn so far
  ServerLoad load_;
};

}  // namespace bcsim::models
