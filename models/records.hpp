// The journal's vocabulary: facts that entities state, never judgements. Everything printed about
// a run is folded from these.
#pragma once

#include <cstdint>
#include <type_traits>
#include <variant>

#include "models/call_branch.hpp"
#include "models/messages.hpp"
#include "sim/fault_plan.hpp"
#include "sim/ids.hpp"
#include "sim/time.hpp"

namespace bcsim::models {

// Fields are ordered largest first and padded by hand: a record is hashed as its bytes. `branch` is
// that of the SIP Server that states the fact (CallBranch).

/// A caller dials (call.offered); `gateway` is kNoGateway if he is an agent. `previous` is the
/// attempt it repeats, if any.
struct CallOffered {
  Duration talk, patience;
  CallId call, previous;
  std::uint32_t caller, stream;
  std::uint32_t gateway;
  std::uint32_t attempt;  ///< 1: first
};
inline constexpr std::uint32_t kNoGateway = 0xFFFF'FFFFu;
/// The gateway has sent an initial INVITE to a site's SIP Server.
struct CallInvited {
  CallId call;
  std::uint32_t gateway;
  std::uint32_t site;
  std::uint32_t nth;
};
/// A site's server gave no (usable) answer to the INVITE; the gateway tries elsewhere or gives up.
struct SetupFailed {
  CallId call;
  std::uint32_t gateway;
  std::uint32_t site;
  std::uint32_t status;
};
/// A SIP Server has taken the call: it is now waiting at this site.
struct CallQueued {
  CallId call;
  std::uint32_t site;
  std::uint32_t queue;
  std::uint32_t waiting;
  CallBranch branch = {};
};
/// Treatment by the media server begins (the call is answered toward the PSTN).
struct TreatmentStarted {
  CallId call;
  std::uint32_t site;
  CallBranch branch = {};
};
/// An agent at `site` has been chosen; `path`: SIP Servers on the way.
struct CallRouted {
  CallId call;
  AgentId agent;
  std::uint32_t site;
  std::uint32_t path;
  CallBranch branch = {};
  CallBranch leg = {};  ///< … that ends at the agent: the same, or the next at the peer
};
/// The agent's phone rings.
struct CallRinging {
  CallId call;
  AgentId agent;
  std::uint32_t site;
  CallBranch branch = {};
};
/// The agent's phone did not answer, or refused; the call waits again.
struct CallReturned {
  CallId call;
  AgentId agent;
  std::uint32_t site;
  std::uint32_t status;
  CallBranch branch = {};
};
/// Caller and agent speak.
struct CallAnswered {
  CallId call;
  AgentId agent;
  std::uint32_t site;  ///< whose SIP Server serves the agent
  std::uint32_t path;
  std::uint32_t monitored;  ///< 1: the agent is logged in at that site (R57)
  CallBranch branch = {};
};
/// A call to a hunt group was sent to the group's preferred site (R51).
struct HuntRedirect {
  CallId call;
  std::uint32_t site;  ///< that sent it away
};
/// The phone of a member of a hunt group is rung from this site.
struct HuntLeg {
  CallId call;
  AgentId agent;
  std::uint32_t site;
  CallBranch branch = {};
};
/// The agent has put the caller on hold, or retrieved him.
struct CallHeld {
  CallId call;
  AgentId agent;
  std::uint32_t site;
  std::uint32_t held;
  CallBranch branch = {};
};
/// The agent has passed the call on. It goes through `path` and waits in `line` (Directory::line)
/// at this site; or, if it is `joined`, the agent consulted has it at once.
struct CallTransferred {
  CallId call;
  AgentId agent;
  std::uint32_t site;
  std::uint32_t path;
  std::uint32_t line;
  std::uint32_t joined;
  CallBranch branch = {};
};
/// A second agent is called while the caller is on hold; has answered; or the first agent has taken
/// the caller back.
struct Consultation {
  enum class Step : std::uint32_t { initiated, answered, reconnected };
  CallId call;
  AgentId agent;   ///< who consults
  AgentId second;  ///< whom; invalid before he has answered
  std::uint32_t site;
  std::uint32_t path;  ///< SIP Servers between the two
  std::uint32_t line;  ///< where he was sought
  Step step;
  CallBranch branch = {};
};
/// The SIP Server sent the call away to the default destination.
struct CallDefaultRouted {
  enum class Cause : std::uint32_t {
    queue_full,
    waited_too_long,
    no_agent_logged_in,
    draining,
    no_member_in_service,
    no_member_idle,
    no_answer
  };
  CallId call;
  std::uint32_t site;
  Cause cause;
  CallBranch branch = {};
};
/// The caller's side of the call is over. Final: exactly one per call offered (or none, if it is
/// still in the system at the horizon).
struct CallReleased {
  CallId call;
  std::uint32_t by_caller;  ///< 1: the caller hung up
  pstn::Release release;
  std::uint8_t phase;    ///< CallPhase as the caller knows it
  std::uint16_t status;  ///< SIP status of a rejection
};
/// What the caller has heard so far.
enum class CallPhase : std::uint8_t { setup, ringback, treatment, talking, held };
/// Speech of the call shares a link that carries more media than it can.
struct MediaDegraded {
  CallId call;
};
/// The caller will not try again though the call was not served: lost for good.
struct CallerLost {
  CallId call;
  std::uint32_t caller;
};
/// The caller will dial again.
struct RedialPlanned {
  Duration after;
  CallId call;
  std::uint32_t caller;
};

// ---- calls that agents place -----------------------------------------------------------------

/// An agent calls somebody: with his phone (1pcc), or by the desktop (3pcc).
struct AgentDialled {
  CallId call;
  AgentId agent;
  std::uint32_t by_desktop;
};
/// His phone has sent an INVITE to a site's SIP Server, its `nth` for this call from 0.
struct PhoneInvited {
  CallId call;
  AgentId agent;
  std::uint32_t site;
  std::uint32_t nth;
};
/// A SIP Server has taken the call of this agent, who is now busy there.
struct AgentCallTaken {
  CallId call;
  AgentId agent;
  std::uint32_t site;
  std::uint32_t path;
  CallBranch branch = {};
};
/// A SIP Server has sent the call out to a gateway.
struct CallSentOut {
  CallId call;
  std::uint32_t site;
  std::uint32_t gateway;
  CallBranch branch = {};
};

// ---- gateways, peers, servers --------------------------------------------------------------

/// A gateway holds a SIP Server offline, or online again (mg.proxy_offline / mg.proxy_online).
struct ProxyState {
  std::uint32_t gateway;
  std::uint32_t site;
  std::uint32_t online;
};
/// The PSTN sends a dead gateway's calls elsewhere, or back (pstn.reroute).
struct PstnReroute {
  std::uint32_t gateway;
  std::uint32_t dead;
};
struct PeerProbe {
  std::uint32_t site;
};
/// The inter-site Trunk DN (peer.oos / peer.ins).
struct PeerTrunk {
  std::uint32_t site;
  std::uint32_t in_service;
};
enum class ServerMode : std::uint32_t { starting, bc, single, drain, stopped };
struct ServerModeChanged {
  std::uint32_t site;
  ServerMode mode;
};
/// The backup has taken over (ha.switchover). `calls_kept` of `calls_before` survived.
struct Switchover {
  std::uint32_t site;
  std::uint32_t calls_before, calls_kept;
};
/// A call was taken out of a SIP Server because its early dialog did not survive a switchover.
struct EarlyDialogLost {
  CallId call;
  std::uint32_t site;
  CallBranch branch = {};
};
/// A call ended in a switchover because the backup had not been told of it yet (double failure).
struct CallStateLost {
  CallId call;
  std::uint32_t site;
};
/// A burst of calls was copied to a backup that has just started; `left` are still to come.
struct CallsCopied {
  std::uint32_t site;
  std::uint32_t calls, left;
};
/// The server's input queue was full; `method` as sip::Method.
struct RequestDropped {
  std::uint32_t site;
  std::uint32_t method;
};
struct RequestRejected {
  CallId call;
  std::uint32_t site;
  std::uint32_t status;
};
struct BcForward {
  CallId call;
  std::uint32_t site;
  std::uint32_t by_302;
  CallBranch branch = {};
  CallBranch leg = {};  ///< … that the INVITE begins; with 302 the same
};

// ---- phones and desktops -------------------------------------------------------------------

/// reg.ok / reg.fail, as the phone sees it; `first`: not a refresh.
struct PhoneRegistered {
  AgentId agent;
  std::uint32_t site;
  std::uint32_t first;
};
struct PhoneRegistrationFailed {
  AgentId agent;
  std::uint32_t site;
  std::uint32_t status;
};
/// dn.ins / dn.oos at a site's SIP Server.
struct DnState {
  AgentId agent;
  std::uint32_t site;
  std::uint32_t in_service;
};
/// A desktop's connection to the SIP Server it is logged in at is lost (desk.conn_lost).
struct DesktopConnectionLost {
  AgentId agent;
  std::uint32_t site;
  std::uint32_t by_addp;
};
/// site-timeout (or site-sip-register-timeout) is over: the switch to the other site begins.
struct DesktopSwitch {
  AgentId agent;
  std::uint32_t to_site;
  std::uint32_t by_registration;
};
/// As the server sees it: desk.login / desk.logout.
struct AgentLogin {
  AgentId agent;
  std::uint32_t site;
  std::uint32_t endpoint_in_service;
};
struct AgentLoginRefused {
  enum class Cause : std::uint32_t {
    endpoint_out_of_service,  ///< R39
    closing,                  ///< the site is being drained
    not_configured,           ///< his DN, Place, Agent Login or Person is missing here (R10)
  };
  AgentId agent;
  std::uint32_t site;
  Cause cause;
};
struct AgentLogout {
  AgentId agent;
  std::uint32_t site;
  std::uint32_t forced;  ///< by the server; kUnanswering: because he did not answer
  static constexpr std::uint32_t kUnanswering = 2;
};
enum class AgentState : std::uint32_t {
  logged_out,
  not_ready,
  ready,
  ringing,
  talking,
  held,
  after_call_work
};
/// As the server at `site` sees it.
struct AgentStateChanged {
  AgentId agent;
  std::uint32_t site;
  AgentState state;
};
/// The desktop, with its agent, is back at work at this site: it has seen EventAgentReady.
struct AgentAtWork {
  AgentId agent;
  std::uint32_t site;
};
/// A person's working time begins or ends.
struct ShiftChanged {
  AgentId agent;
  std::uint32_t working;
};
struct PrivateInfo {
  AgentId agent;
  std::uint32_t site;
};

// ---- configuration ---------------------------------------------------------------------------

struct ConfigRead {
  AgentId agent;
  std::uint32_t site;
};
/// A change of the scenario has been written by the master of `site`; in `objects` objects.
struct ConfigWritten {
  std::uint32_t edit;  ///< index in edits, then in synchronizations
  std::uint32_t site;
  std::uint32_t objects;
};
/// A change was refused because the Proxy of `site` knows no master.
struct ConfigWriteRefused {
  std::uint32_t site;
  std::uint32_t edit;  ///< kNoEdit: a desktop's
  static constexpr std::uint32_t kNoEdit = 0xFFFF'FFFFu;
};
struct ConfigStandbyUp {
  std::uint32_t site;
};
/// The Proxy of a site no longer knows a master, or has found one (again).
struct ConfigMasterKnown {
  std::uint32_t site;
  std::uint32_t known;
};
/// Two switches differ in an object that should be the same on both; `site` lacks it, or has the
/// older one.
struct ConfigDrift {
  std::uint32_t type;   ///< ObjectType
  std::uint32_t index;  ///< agent, queue, or 0
  std::uint32_t site;
};
/// The databases of the two sites are one again. `both` objects had been written at both sites:
/// those of site `lost` are given up; `merged` had been written at one site only.
struct ConfigReconciled {
  std::uint32_t both;
  std::uint32_t merged;
  std::uint32_t lost;
};
struct StatServerConnected {
  AgentId agent;
  std::uint32_t site;
};

// ---- faults ------------------------------------------------------------------------------------

/// A line of the scenario's fault list takes effect, or is undone.
struct FaultInjected {
  std::uint32_t fault;
  std::uint32_t undone;
};
/// A process or device is down / up again.
struct NodeStateChanged {
  sim::NodeId node;
  std::uint32_t up;
};
/// A whole SIP Server pair is gone, or has a process again.
struct PairStateChanged {
  std::uint32_t site;
  std::uint32_t up;
};
/// Both SIP Server processes of a site are primary, since the management layer does not reach the
/// machine of one; or no longer. The newer one has the virtual address.
struct BothPrimary {
  std::uint32_t site;
  std::uint32_t both;
};

/// An agent has heard nothing for as long as his phone's `silence-patience`, and hangs up.
struct HungUpInSilence {
  CallId call;
  AgentId agent;
};

/// An agent's phone speaks in a call no more.
struct PhoneLeft {
  enum class How : std::uint32_t {
    hung_up,   ///< he has said goodbye: its BYE is under way, or waits for the ACK
    released,  ///< its server has sent a BYE
    alone,     ///< nobody has answered its BYE, or refreshed the session
  };
  CallId call;
  AgentId agent;
  How how = How::hung_up;
};
/// A SIP Server has ended the caller's side of a call, or that toward the peer who has sent it, and
/// knows nothing of it any more: what an INVITE later than that opens there is another call.
struct CallLetGo {
  enum class Why : std::uint32_t {
    ended,        ///< the agent's side, or whom the agent had called, has
    left,         ///< the caller's side itself has: a BYE or CANCEL
    rejected,     ///< with a final response to the INVITE
    no_ack,       ///< nobody has confirmed its 200 (RFC 3261 §13.3.1.4)
    not_renewed,  ///< the session, in time (RFC 4028 §10)
    unknown,      ///< the caller's side has no such dialog, or does not answer
  };
  CallId call;
  std::uint32_t site;
  Why why;
  CallBranch branch = {};
};

using Record =
    std::variant<CallOffered, CallInvited, SetupFailed, CallQueued, TreatmentStarted, CallRouted,
                 CallRinging, CallReturned, CallAnswered, CallHeld, HuntRedirect, HuntLeg,
                 CallDefaultRouted, CallReleased, MediaDegraded, CallerLost, RedialPlanned,
                 ProxyState, PstnReroute, PeerProbe, PeerTrunk, ServerModeChanged, Switchover,
                 EarlyDialogLost, CallStateLost, CallsCopied, RequestDropped, RequestRejected,
                 BcForward, PhoneRegistered, PhoneRegistrationFailed, DnState,
                 DesktopConnectionLost, DesktopSwitch, AgentLogin, AgentLoginRefused, AgentLogout,
                 AgentStateChanged, AgentAtWork, ShiftChanged, PrivateInfo, ConfigRead,
                 ConfigWritten, ConfigWriteRefused, ConfigStandbyUp, ConfigMasterKnown, ConfigDrift,
                 ConfigReconciled, StatServerConnected, FaultInjected, NodeStateChanged,
                 PairStateChanged, AgentDialled, PhoneInvited, AgentCallTaken, CallSentOut,
                 BothPrimary, CallTransferred, Consultation, HungUpInSilence, CallLetGo, PhoneLeft>;
static_assert(std::is_trivially_copyable_v<Record>);

/// Hash of a record's kind and contents, the same on every machine of the same byte order.
[[nodiscard]] std::uint64_t digest(const Record& record);

}  // namespace bcsim::models
