// One call as the ledger keeps it and calls.csv shows it.
#pragma once

#include <cstdint>

#include "models/ledger/call_way.hpp"
#include "models/ledger/cause.hpp"
#include "models/records.hpp"
#include "sim/time.hpp"

namespace bcsim::models {

using sim::kNever;
using sim::SimTime;

/// No site: the call never came so far.
inline constexpr std::uint8_t kNoSite = 0xFF;

/// Times are kNever where the call never came so far; of what happened several times (routed,
/// ringing) the last counts before an agent has answered, of invited and queued the first.
struct CallRow {
  SimTime offered = kNever;    ///< the caller dialled
  SimTime invited = kNever;    ///< first INVITE sent to a SIP Server
  SimTime queued = kNever;     ///< first taken by a SIP Server
  SimTime treatment = kNever;  ///< first answered toward the PSTN for treatment
  SimTime routed = kNever;
  SimTime ringing = kNever;
  SimTime answered = kNever;
  SimTime released = kNever;
  SimTime transferred = kNever;  ///< the first agent has passed it on, or begun to consult
  SimTime reanswered = kNever;   ///< after that an agent speaks with the caller again

  CallId previous;
  std::uint32_t caller = 0;
  AgentId agent;           ///< the last
  AgentId from;            ///< who has placed it, if an agent
  CallWay way;             ///< whose word about it counts
  AgentId transferred_by;  ///< the agent who has passed it on, or has consulted another
  std::uint16_t stream = 0;
  std::uint16_t gateway = 0;
  std::uint16_t status = 0;  ///< SIP status of a rejection, 0: none

  /// How far the call has come. `over` is final.
  enum class Stage : std::uint8_t { setup, waiting, talking, over };
  /// What is worth remembering beside the times.
  enum Flag : std::uint8_t {
    setup_failed = 1,        ///< a site's server gave no usable answer
    forgotten = 2,           ///< it waited, and did not survive a switchover
    monitored = 4,           ///< answered at a DN whose agent is logged in there (R57)
    media_degraded = 8,      ///< speech shared an overloaded link
    caller_lost = 16,        ///< the caller will not try again, unserved
    forwarded_in_path = 32,  ///< BC-forwarded by INVITE, and not yet taken by the second server
    setup_delayed = 64       ///< set-up failed at one site, then a server took the call
  };
  /// What has become of passing it on. An answered call stays in Stage::talking meanwhile.
  enum class Transfer : std::uint8_t {
    none,
    consulting,   ///< on hold, while a second agent is asked
    waiting,      ///< for a second agent
    offered,      ///< a second agent's phone is called, or rings
    done,         ///< a second agent has it
    reconnected,  ///< the first agent has taken it back
  };
  Stage stage = Stage::setup;
  Transfer transfer = Transfer::none;
  PathMask waiting_path = 0;  ///< SIP Servers on the way while it waits for a second agent
  Cause cause = Cause::still_in_system;
  pstn::Release release = pstn::Release::normal;
  CallPhase phase = CallPhase::setup;   ///< the caller's, at the release
  std::uint8_t first_server = kNoSite;  ///< site of the first INVITE
  std::uint8_t queue_site = kNoSite;    ///< whose SIP Server took the call (last, if several)
  std::uint8_t agent_site = kNoSite;    ///< whose SIP Server serves the agent chosen
  PathMask path = 0;                    ///< SIP Servers in the signalling path
  std::uint8_t attempt = 1;
  std::uint8_t flags = 0;
  std::uint8_t incarnation = 0;  ///< of the SIP Server pair that took the call
  CallKind kind = CallKind::queue;
  std::uint8_t forwarder = kNoSite;  ///< site that BC-forwarded it and stays in the path
  std::uint8_t forwarder_incarnation = 0;

  [[nodiscard]] bool has(Flag flag) const { return (flags & flag) != 0; }
  void set(Flag flag) { flags = static_cast<std::uint8_t>(flags | flag); }
  void clear(Flag flag) { flags = static_cast<std::uint8_t>(flags & ~flag); }
  /// Is the agent's phone ringing, or being called?
  [[nodiscard]] bool at_agent() const {
    return stage == Stage::waiting ? routed != kNever : transfer == Transfer::offered;
  }
  /// With no agent, between two of them?
  [[nodiscard]] bool between_agents() const {
    return transfer == Transfer::waiting || transfer == Transfer::offered;
  }
};
static_assert(sizeof(CallRow) <= 128);

}  // namespace bcsim::models
