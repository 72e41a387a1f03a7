// Every message of the simulated world: small trivially copyable structs in one variant.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <type_traits>
#include <variant>

#include "models/call_branch.hpp"
#include "models/call_kind.hpp"
#include "models/transfer.hpp"
#include "sim/ids.hpp"
#include "sim/time.hpp"

namespace bcsim::models {

using sim::AddressId;
using sim::ConnectionId;
using sim::Duration;
using sim::NodeId;

/// One attempt to call: a row of calls.csv. Numbered in the order of being offered.
using CallId = sim::Id<struct CallTag>;
/// A person who works at a desk: the index is also that of the Extension DN, phone and desktop.
using AgentId = sim::Id<struct AgentTag>;

/// A directory number: an agent's Extension, a queue (Routing Point / ACD Queue), or one outside.
struct Dn {
  std::uint32_t number = 0xFFFF'FFFFu;
  static constexpr std::uint32_t kQueueBase = 0x8000'0000u;

  [[nodiscard]] static constexpr Dn extension(AgentId agent) { return {agent.value}; }
  [[nodiscard]] static constexpr Dn outside() { return {kQueueBase - 1}; }
  [[nodiscard]] static constexpr Dn queue(std::uint32_t index) { return {kQueueBase + index}; }
  [[nodiscard]] constexpr bool valid() const { return number != 0xFFFF'FFFFu; }
  [[nodiscard]] constexpr bool is_queue() const { return valid() && number >= kQueueBase; }
  [[nodiscard]] constexpr bool is_outside() const { return *this == outside(); }
  [[nodiscard]] constexpr std::uint32_t queue_index() const { return number - kQueueBase; }
  [[nodiscard]] constexpr AgentId agent() const { return AgentId{number}; }
  constexpr auto operator<=>(const Dn&) const = default;
};

/// Set of sites whose SIP Server is in a call's signalling path (R6): bit 0 site 1, bit 1 site 2.
using PathMask = std::uint8_t;
[[nodiscard]] constexpr PathMask path_of(int site) {
  return static_cast<PathMask>(1u << site);
}

/// What caller and agent will say to each other; travels with the call so that whoever needs it
/// has it, whatever way the call took. Not on the wire.
struct Conversation {
  Duration talk{};
  Duration after_call_work{};
  Duration hold{};             ///< for so long the agent puts the caller on hold; 0: never
  Duration hold_after{};       ///< talk before that
  bool agent_releases = true;  ///< the agent hangs up first, else the caller
  CallKind kind = CallKind::queue;
  AgentId from{};  ///< who placed it; invalid: a caller from outside
  TransferPlan transfer{};
};

// ---- SIP -----------------------------------------------------------------------------------

namespace sip {

enum class Method : std::uint8_t { invite, ack, bye, cancel, options, register_ };

/// A request as its receiver needs it. In-dialog requests are told from initial ones by `in_dialog`
/// (a To tag, RFC 3261 §12.2).
struct Request {
  Method method = Method::options;
  std::uint8_t copy = 0;  ///< 0: first transmission; then how often it was repeated
  bool in_dialog = false;
  bool has_credentials = false;  ///< answers a digest challenge
  bool bc_hop = false;           ///< already forwarded once between the DR peers (loop guard)
  bool held = false;             ///< re-INVITE: the sender wants to hear nothing (a=sendonly)
  PathMask path = 0;             ///< SIP Servers it has passed through
  std::uint8_t priority = 0;
  std::uint64_t branch = 0;  ///< transaction (Via branch; ACK to a non-2xx and CANCEL share it)
  std::uint64_t dialog = 0;  ///< Call-ID: one per leg; make it with dialog_id()
  std::uint32_t cseq = 0;
  std::uint32_t expires_s = 0;  ///< REGISTER: 0 removes the binding; INVITE: Session-Expires; BYE:
                                ///< cause of the Reason header (RFC 3326); 0 none
  CallId call;                  ///< which call this is about; invalid outside calls
  CallBranch call_branch;       ///< initial INVITE only
  Dn dn;                        ///< user part of the Request-URI (REGISTER: of the To)
  NodeId media;                 ///< RTP endpoint offered or answered in SDP; invalid: no SDP
  AddressId contact;            ///< where requests of this dialog, or to this DN, are to go
  /// Initial INVITE only: it may ring for so long (Expires, RFC 3261 §13.2.1); 0: for as long as
  /// the called side likes.
  Duration answer_within{};
  Conversation conversation;  ///< initial INVITE only
};

struct Response {
  std::uint16_t status = 200;
  Method method = Method::options;  ///< of the CSeq
  std::uint8_t copy = 0;
  PathMask path = 0;  ///< SIP Servers the answered call runs through
  std::uint64_t branch = 0;
  std::uint64_t dialog = 0;
  std::uint32_t cseq = 0;
  std::uint32_t expires_s = 0;      ///< granted, 200 to REGISTER
  std::uint32_t retry_after_s = 0;  ///< 503, 0: none given; 500 to a second INVITE
  CallId call;
  Dn dn;
  NodeId media;
  AddressId contact;  ///< also the new target of a 302
};

/// Cause in the Reason header of a BYE (RFC 3326): who hangs up has heard nothing any more. Our
/// choice: Q.850's 31 (normal, unspecified), with which makers write a text of their own.
inline constexpr std::uint16_t kNothingHeard = 31;
/// … or the session has run out (RFC 4028 §10 proposes 408), a 200 was not acknowledged (RFC 3261
/// §13.3.1.4), a re-INVITE not answered (§12.2.1.2).
inline constexpr std::uint16_t kNotConfirmed = 408;

/// What a Call-ID is for.
enum class Leg : std::uint32_t { caller, treatment, agent, trunk, registration, options };

/// A Call-ID that depends only on what it is for: `subject` is the call or the agent, `node` the
/// one that makes it, `nth` counts attempts on the same leg. The same in a run and in its twin.
[[nodiscard]] std::uint64_t dialog_id(Leg leg, std::uint32_t subject, sim::NodeId node,
                                      std::uint32_t nth = 0);

}  // namespace sip

// ---- T-Library (domain.md §2.10) -------------------------------------------------------------

namespace tlib {

enum class Kind : std::uint8_t {
  register_address,   ///< desktop → server: attach to the DN
  registered,         ///< answer; `flag`: DN is in service
  agent_login,        ///< TAgentLogin
  agent_logged_in,    ///< EventAgentLogin
  login_refused,      ///< EventError: endpoint out of service in BC mode (R39), or not known
  agent_logout,       ///< TAgentLogout
  agent_logged_out,   ///< EventAgentLogout; `flag`: forced, and he is to log in elsewhere
  set_ready,          ///< TAgentSetReady
  ready,              ///< EventAgentReady
  set_not_ready,      ///< TAgentSetNotReady
  not_ready,          ///< EventAgentNotReady; `flag`: by the server (no answer)
  ringing,            ///< EventRinging
  established,        ///< EventEstablished
  held,               ///< EventHeld
  retrieved,          ///< EventRetrieved
  make_call,          ///< TMakeCall: `dn` is to be called (3pcc)
  dialing,            ///< EventDialing
  call_refused,       ///< EventError: no call is set up
  released,           ///< EventReleased; `work`: after-call work to do; 0 if never answered
  dn_out_of_service,  ///< EventDNOutOfService
  dn_in_service,      ///< EventDNBackInService
  private_info,       ///< EventPrivateInfo: log in at the peer (R59)
  single_site_mode,   ///< server is in single-site mode; `flag`: true on entry, false on leaving
  closing,            ///< server shuts down gracefully (`flag`), or serves again (§2.3)
  addp_poll,
  addp_reply,
  single_step_transfer,  ///< TSingleStepTransfer of `call`
  initiate_transfer,     ///< TInitiateTransfer: holds the caller and calls a second agent
  complete_transfer,     ///< TCompleteTransfer: caller and second agent are joined
  reconnect_call,        ///< TReconnectCall: back to the caller
  release_call,          ///< TReleaseCall: `call` is to end
  transfer_refused,      ///< EventError: the call stays with its agent
  consulted,             ///< EventEstablished of the consultation call
  not_consulted,         ///< EventReleased of the consultation call: nobody has answered it
};

struct Message {
  Kind kind = Kind::addp_poll;
  bool flag = false;
  AgentId agent;
  CallId call;
  Duration work{};
  Dn dn{};                      ///< make_call only
  Conversation conversation{};  ///< make_call, established; a transfer has what the latter had
};

}  // namespace tlib

// ---- configuration layer and Stat Server ---------------------------------------------------

namespace config {

enum class Kind : std::uint8_t {
  read,
  read_reply,  ///< client ↔ proxy: served from memory
  write,
  write_done,
  write_refused,  ///< client → proxy → master; refused while there is no master
  proxy_hello,
  update,  ///< proxy ↔ master
  stat_open,
  stat_opened,  ///< desktop ↔ Stat Server
};

struct Message {
  Kind kind = Kind::read;
  AgentId agent;
  std::uint32_t object = 0;
};

}  // namespace config

// ---- public telephone network ↔ gateway (a trunk's signalling; no packets) ---------------------
// What the phone of an agent who has dialled says to him has the same words.

namespace pstn {

enum class Kind : std::uint8_t {
  setup,     ///< PSTN → gateway, or gateway → PSTN (an outgoing call): a new call
  alerting,  ///< the far end rings (180/183)
  connect,   ///< answered by the contact centre (200 to INVITE), or by whom an agent has called
  speech,    ///< gateway → PSTN: the caller now hears an agent (`flag`) or no longer (treatment)
  silence,   ///< gateway → PSTN: the caller hears nobody any more (`flag`), or somebody again
  release,   ///< either way: the call is over
  in_vain,   ///< phone or desktop → PSTN: its agent has dialled, but there is no such call; it is
             ///< over unless somebody else goes on with it
  cleared,   ///< gateway → PSTN: an outgoing call is over, its channel is free
};

/// Why a call was released, as the side that released it knows it.
enum class Release : std::uint8_t {
  normal,           ///< the far end hung up after talking
  caller_hung_up,   ///< caller → gateway
  speech_lost,      ///< speech stopped because a SIP Server in the path died (R5, R6)
  rejected,         ///< final response 4xx–6xx; `status` says which
  no_response,      ///< every SIP Server tried timed out
  ring_timeout,     ///< provisional answer, then nothing until the gateway's ring timer
  media_lost,       ///< the gateway's RTP-loss timer, or the silence patience of a phone's agent
  session_expired,  ///< RFC 4028 session timer, or a dialog that the server no longer knows
  default_routed,   ///< the SIP Server sent the call to the default destination
  gateway_failed,   ///< the gateway itself died
  no_channel,       ///< every channel of the trunk group is busy
};

struct Message {
  Kind kind = Kind::setup;
  Release release = Release::normal;
  bool flag = false;
  std::uint8_t priority = 0;
  std::uint16_t status = 0;  ///< of a rejection; of a call out of a gateway: the gateway
  CallId call;
  Dn dn;
  Conversation conversation;
  NodeId media{};      ///< speech, to a caller from outside: whom he hears
  Duration unheard{};  ///< release, to the PSTN: for how long nobody has been heard
};

}  // namespace pstn

// ---- between SIP Server Peers, over the dc-link (reliable in the product; datagrams here) ------

namespace peer {

enum class Kind : std::uint8_t {
  agent_state,  ///< for both-sites routing: this agent can (`flag`) / cannot take a call
  agent_login,  ///< this agent has logged in here since `since`: end an older login (R39)
  login_noted,  ///< answer to it; until it comes, the login is told again with every probe
  call_asked,   ///< both-sites routing: this agent is free, and a call of `priority` that came at
                ///< `since` waits for him here; the peer offers him one that comes before it, …
  no_call,      ///< … or answers that it has none; `flag`: the first that it has is of
                ///< `priority` and came at `since`
  states_told,  ///< `number` agent_states have been sent; `flag`: all of them follow now
  no_agents,    ///< nobody here can take a call any more: the site is being drained
};

struct Message {
  Kind kind = Kind::agent_state;
  bool flag = false;
  std::uint16_t copy = 0;  ///< of agent_login: how often it was told
  AgentId agent;
  sim::SimTime since{};
  std::int64_t priority = 0;
  std::uint32_t number = 0;  ///< of agent_states: which it is
};

}  // namespace peer

// ---- notices: what the world does to a node, out of band ----------------------------------------

namespace notice {

enum class Kind : std::uint8_t {
  speech_lost,     ///< gateway, phone: speech of `call` stops, a SIP Server in its path died (R5)
  rtp_stopped,     ///< gateway, phone: no RTP of `call` arrives any more; `index` 1: who was heard
                   ///< until now has left, and a BYE should say so
  rtp_resumed,     ///< gateway, phone: it arrives again
  become_primary,  ///< SIP Server backup: Solution Control Server says take over
  activate_standby,  ///< Configuration Server: the standby is brought into service
  stand_down,        ///< Configuration Server: the master at the other site serves again
  config_write,      ///< Configuration Server Proxy: an administrator writes change `index`
  shift_start,       ///< desktop: its agent's work begins
  shift_end,         ///< desktop: … ends, log out after the call
  drain,             ///< SIP Server: graceful shutdown (domain.md §2.3) begins (`index` 0), or is
                     ///< called off (1)
  ha_link,           ///< SIP Server: the link to the other process is cut (`index` 0) or healed (1)
  gateway_died,      ///< PSTN: gateway `index` died just now, its calls are gone
  gateway_down,      ///< PSTN: gateway `index` has been noticed dead, use another
  gateway_up,        ///< PSTN: gateway `index` is in service again
  wishes_to_call,    ///< desktop: its agent wants to call somebody; `index` numbers the wish
  dials,             ///< PSTN (all who place calls): the agent of wish `index` is free, and dials
  dial,              ///< phone: dial `dn` (1pcc)
  make_call,         ///< desktop: call `dn` with TMakeCall (3pcc)
  hang_up,           ///< phone: the agent gives up his own call (`index` 1: his desktop knows of
                     ///< none, unless somebody has answered); PSTN: the phone of agent `index` has
                     ///< died, or begun anew, and has no call
  own_call_over,     ///< desktop: the call that its agent placed is over
  bye_unanswered,    ///< desktop: the phone has left `call`, and its server has not said that it
                     ///< knows
  phone_asked,       ///< phone: the desktop beside it begins anew, and asks what it is doing
  phone_state,       ///< desktop: what its agent's phone does from now on; `index`: a PhoneState
};

/// As whoever sits at it sees it.
enum class PhoneState : std::uint32_t { free, in_use, dead };

struct Message {
  Kind kind = Kind::speech_lost;
  std::uint32_t index = 0;
  CallId call;
  Dn dn = {};
  Conversation conversation = {};
};

}  // namespace notice

using Message = std::variant<sip::Request, sip::Response, tlib::Message, config::Message,
                             pstn::Message, peer::Message, notice::Message>;
static_assert(std::is_trivially_copyable_v<Message>);

/// Identifies a packet for loss and jitter draws: the same copy of the same request of a dialog
/// draws the same numbers in a run and in its twin, whatever else is on the network.
[[nodiscard]] std::uint64_t draw_key(const Message& message);
/// Which kind of message it is, in words, for the engine's own complaints.
[[nodiscard]] std::string message_name(const Message& message);

/// Size on the wire in bytes with the IPv4 and transport headers (domain.md §3.10, §2.10).
[[nodiscard]] std::uint32_t size_bytes(const Message& message);

}  // namespace bcsim::models
