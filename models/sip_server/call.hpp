// A call at one site's SIP Server, and its legs; and the table of them that both processes know.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "models/acd/queue.hpp"
#include "models/domain.hpp"
#include "models/sip/transaction_layer.hpp"
#include "sim/slab.hpp"

namespace bcsim::models {

/// A call's way toward the gateway, or toward the peer for a call that came over the trunk.
struct CallerLeg {
  enum class State : std::uint8_t {
    trying,
    ringing,   ///< a 180 has been passed on
    answered,  ///< our 200 is not acknowledged yet
    confirmed,
  };
  AddressId remote;
  std::uint64_t dialog = 0;
  std::uint32_t cseq = 0;  ///< of our own requests
  NodeId media;            ///< the caller's RTP endpoint
  State state = State::trying;
  bool from_peer = false;   ///< the inter-site trunk
  bool media_owed = false;  ///< is to hear another than `media_sent` (re-INVITE)
  NodeId media_sent;        ///< the RTP endpoint last given to him
  Duration session{};       ///< Session-Expires (RFC 4028), which he refreshes; 0: none
  sim::SimTime refreshed_at{};
  sip::TransactionId invite;      ///< theirs; dies with the process
  sip::TransactionId own_invite;  ///< 3pcc: ours, to the phone of who calls; dies with the process
  sip::TransactionId reinvite;    ///< ours; dies with the process
  sim::TimerId session_timer;     ///< dies with the process
};

/// A leg that the server itself has set up, to the media server or to an agent.
struct ServerLeg {
  enum class State : std::uint8_t {
    none,
    inviting,
    ringing,
    up,
    failed,  ///< the media server's only: it did not take the call, who waits without
  };
  AddressId remote;
  std::uint64_t dialog = 0;
  std::uint32_t attempt = 0;  ///< tells a leg from its predecessors
  std::uint32_t cseq = 1;     ///< of our last request
  NodeId media;
  State state = State::none;
  bool heard = false;  ///< some response has come
  bool rang = false;   ///< … 180: the agent's desktop has been told, and must be of the end
  sim::SimTime refreshed_at{};  ///< the agent's leg: answered, or answered again (RFC 4028)
  sip::TransactionId invite;    ///< dies with the process
  sim::TimerId session_timer;   ///< dies with the process

  [[nodiscard]] bool rings() const { return state == State::inviting || state == State::ringing; }
};

/// One call at one site's SIP Server, a back-to-back user agent: three legs and where it stands.
struct ServerCall {
  enum class State : std::uint8_t {
    treated,  ///< treatment is being set up, or its announcement plays: not to be routed yet
    waiting,
    offered,  ///< somebody's phone is being rung
    talking,
    held,  ///< the agent has put the caller on hold
  };
  /// Whom the agent's leg goes to.
  enum class Far : std::uint8_t {
    nobody,
    phone_here,     ///< a phone, at which nobody is logged in here
    agent_here,     ///< his state follows the call: he is logged in here
    agent_at_peer,  ///< this server's queue has chosen him
    peer,           ///< BC forwarding over the trunk: its business from now on
    outside,        ///< the public network, through a gateway
  };
  enum class Errand : std::uint8_t {
    caller,        ///< whoever has called speaks with the first who answers
    passed_on,     ///< its first agent has passed it on
    consultation,  ///< one agent asks another, here or for the peer
  };
  CallId id;
  CallBranch branch;
  std::uint32_t generation = 0;
  bool live = false;
  State state = State::treated;
  Far far = Far::nobody;
  Errand errand = Errand::caller;
  Dn dn;                          ///< dialled: a queue, or an Extension
  std::uint32_t queue = kNoLine;  ///< where it waits for an agent, or has (Directory::line)
  acd::Standing standing;
  Conversation conversation;
  std::uint8_t priority = 0;
  PathMask path = 0;
  CallerLeg caller;
  ServerLeg treatment, agent_leg;
  AgentId agent;                    ///< being rung, or talking
  AgentId dialler;                  ///< an agent who has placed the call here, and is busy with it
  bool dialler_supervised = false;  ///< his state follows the call
  std::uint8_t gateways_tried = 0;  ///< for a call to the outside
  Duration answer_within{};         ///< the peer that has routed it says so; 0: nothing said
  bool unanswered = false;          ///< it rings on though agent-no-answer-timeout is over
  /// The consultation call that its agent makes meanwhile; of that call: the one it is about.
  std::uint32_t consult = kNoCall;
  bool copied = true;            ///< the other process knows it too
  std::uint32_t hunt = kNoHunt;  ///< while members of a hunt group are sought
  sim::SimTime queued_at{};
  sim::SimTime routable_at{};  ///< end of the announcement
  // Timers die with the process.
  sim::TimerId announcement_timer, routing_timer, wait_timer;

  static constexpr std::uint32_t kNoLine = 0xFFFF'FFFFu, kNoCall = 0xFFFF'FFFFu,
                                 kNoHunt = 0xFFFF'FFFFu;
  [[nodiscard]] bool asks() const { return errand == Errand::consultation; }
  [[nodiscard]] bool queued() const { return queue != kNoLine; }
  /// Not given to anybody yet.
  [[nodiscard]] bool unassigned() const {
    return state == State::treated || state == State::waiting;
  }
  /// Somebody has answered it.
  [[nodiscard]] bool connected() const { return state == State::talking || state == State::held; }
  [[nodiscard]] bool here() const { return far == Far::phone_here || far == Far::agent_here; }
  [[nodiscard]] bool supervised() const { return far == Far::agent_here; }
  /// Of a queue there: it has chosen this agent, who must be ready.
  [[nodiscard]] bool routed_by_peer() const {
    return caller.from_peer && conversation.kind == CallKind::queue && !queued();
  }
  /// Rings an agent here because his own number was called: not routed, by nobody.
  [[nodiscard]] bool to_own_number() const { return here() && !queued() && !routed_by_peer(); }
  /// Does the state of this agent follow the call?
  [[nodiscard]] bool supervises(AgentId id) const {
    return id == agent ? supervised() : id == dialler && dialler_supervised;
  }
  /// The caller has been answered, by an agent or for treatment.
  [[nodiscard]] bool confirmed() const {
    return caller.state == CallerLeg::State::answered ||
           caller.state == CallerLeg::State::confirmed;
  }
};

/// The calls of one site, found by the dialog of any of their legs, and how many wait in each line.
class CallTable {
 public:
  static constexpr std::uint32_t kNone = ServerCall::kNoCall;

  explicit CallTable(std::uint32_t lines) : waiting_(lines) {}

  [[nodiscard]] ServerCall& operator[](std::uint32_t slot) { return calls_[slot]; }
  [[nodiscard]] const ServerCall& operator[](std::uint32_t slot) const { return calls_[slot]; }
  /// Slots, live or not.
  [[nodiscard]] std::uint32_t capacity() const {
    return static_cast<std::uint32_t>(calls_.capacity());
  }
  /// Live calls.
  [[nodiscard]] std::uint32_t count() const { return count_; }

  /// A new call that nothing is known of.
  [[nodiscard]] std::uint32_t take();
  /// Its legs' dialogs are forgotten, and what still comes for it is nobody's.
  void give_back(std::uint32_t slot);
  void clear();

  void bind(std::uint64_t dialog, std::uint32_t slot) { by_dialog_[dialog] = slot; }
  void unbind(std::uint64_t dialog) { by_dialog_.erase(dialog); }
  /// kNone: nobody's.
  [[nodiscard]] std::uint32_t find(std::uint64_t dialog) const {
    const auto found = by_dialog_.find(dialog);
    return found == by_dialog_.end() ? kNone : found->second;
  }

  [[nodiscard]] std::uint32_t lines() const { return static_cast<std::uint32_t>(waiting_.size()); }
  /// Calls not yet assigned to an agent: in treatment, or waiting.
  [[nodiscard]] std::uint32_t waiting(std::uint32_t line) const { return waiting_[line]; }
  /// How many wait with it.
  std::uint32_t enter_line(std::uint32_t line) { return ++waiting_[line]; }
  void leave_line(std::uint32_t line) { --waiting_[line]; }
  /// Orders the calls of equal priority.
  [[nodiscard]] std::uint64_t next_ticket() { return next_ticket_++; }

 private:
  sim::Slab<ServerCall> calls_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_dialog_;  // all legs
  std::vector<std::uint32_t> waiting_;                          // by line
  std::uint32_t count_ = 0;
  std::uint64_t next_ticket_ = 0;
};

}  // namespace bcsim::models
