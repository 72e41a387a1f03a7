// The people who call: when they dial, how long they wait, when they hang up and whether they try
// again (domain.md §4.1–4.4).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "models/demand/arrivals.hpp"
#include "models/demand/redial.hpp"
#include "models/directory.hpp"
#include "models/domain.hpp"
#include "sim/slab.hpp"

namespace bcsim::models {

/// What the telephone network does for a caller. Calls are named by their slot at Callers.
class Exchange {
 public:
  virtual ~Exchange() = default;
  /// The gateway for a new call: the pinned one, or one by the stream's shares; where the network
  /// knows that it is dead, another.
  [[nodiscard]] virtual std::uint32_t choose_gateway(const CallStream& stream,
                                                     std::optional<std::uint32_t> pinned,
                                                     sim::RngStream& random) = 0;
  /// Takes a channel and sends the call to the gateway; false: every channel is busy.
  [[nodiscard]] virtual bool set_up(Context& context, std::uint32_t slot,
                                    std::uint32_t gateway) = 0;
  /// The caller has hung up: the channel is free at once.
  virtual void hang_up(Context& context, std::uint32_t slot) = 0;
  /// An agent calls, without a channel of his own.
  virtual void set_up_agent_call(Context& context, std::uint32_t slot) = 0;
  /// The call that an agent has placed is over.
  virtual void agent_call_over(Context& context, std::uint32_t slot) = 0;
};

/// All callers of a world. What a caller draws depends on his call stream, his number in it and the
/// attempt, never on what becomes of the calls: runs with different timeouts have the same people.
/// States every call's beginning and end, as the caller knows it. Only calls that are up, and
/// callers who are about to redial, take memory.
class Callers {
 public:
  Callers(const Directory& directory, Exchange& exchange);

  void on_start(Context& context);
  /// Feeds a timer; false if it is not one of ours.
  [[nodiscard]] bool on_timer(Context& context, sim::TimerTag tag);

  /// The agent of this wish (notice::Kind::wishes_to_call) is free, and dials.
  void on_dials(Context& context, std::uint32_t wish);

  // What the network tells the caller.
  void on_alerting(std::uint32_t slot);
  void on_connect(Context& context, std::uint32_t slot);
  /// He hears an agent (`agent`), or treatment; `whom`: invalid if he is an agent himself.
  void on_speech(Context& context, std::uint32_t slot, bool agent, NodeId whom = {});
  /// He hears nobody from now on, or somebody again.
  void on_silence(Context& context, std::uint32_t slot, bool silent);
  /// Does somebody speak with him, or has he been put on hold?
  [[nodiscard]] bool connected(std::uint32_t slot) const {
    return calls_[slot].phase == CallPhase::talking || calls_[slot].phase == CallPhase::held;
  }
  /// Had he and the agent said all they had to say by then?
  [[nodiscard]] bool had_said_all(std::uint32_t slot, SimTime when) const;
  /// The call is over, and not by his doing. Its slot is free from now on.
  void on_release(Context& context, std::uint32_t slot, pstn::Release release,
                  std::uint16_t status);

  /// The set-up message of a call.
  [[nodiscard]] pstn::Message setup(std::uint32_t slot) const;
  /// Entity of the random streams of a call.
  [[nodiscard]] std::uint64_t entity(std::uint32_t slot) const {
    return entity_of(calls_[slot].who);
  }
  [[nodiscard]] const CallStream& stream(std::uint32_t slot) const {
    return stream_of(calls_[slot].who);
  }
  /// The agent who places this call; invalid: a caller from outside.
  [[nodiscard]] AgentId agent(std::uint32_t slot) const { return calls_[slot].conversation.from; }
  /// By his desktop (3pcc), not with his phone.
  [[nodiscard]] bool by_desktop(std::uint32_t slot) const { return calls_[slot].who.by_desktop; }
  [[nodiscard]] std::uint32_t active() const { return active_; }

  /// Timer kinds of this class.
  static constexpr std::uint32_t kTimerKinds = 0x100;
  /// ASSUMPTION: a caller whose agent should have hung up, and whose release does not come, listens
  /// to silence for so long and then hangs up; longer than the copies of a BYE need under heavy
  /// loss.
  static constexpr Duration kDeadAir = 10s;

 private:
  enum TimerKind : std::uint32_t { arrival_timer = kTimerKinds, caller_timer, redial_timer };

  /// A person, from one attempt to the next.
  struct Caller {
    std::uint32_t id = 0;      ///< in the world, in the order of first attempts
    std::uint32_t stream = 0;  ///< index of the call stream
    std::uint64_t number = 0;  ///< in the stream
    std::uint32_t attempt = 1;
    CallId previous;
    AgentId agent;                           ///< who he is, if an agent
    bool by_desktop = false;                 ///< an agent: with TMakeCall
    std::optional<Duration> talk, patience;  ///< given, not to be drawn
  };
  struct Call {
    CallId id;
    Dn dn;
    Caller who;
    Conversation conversation;
    Duration patience{};
    Duration second_patience{};          ///< if he is passed on to a second agent
    NodeId voice;                        ///< of the agent whom he heard last
    SimTime silent_since = sim::kNever;  ///< he hears nobody, neither an agent nor treatment
    bool passed_on = false;              ///< and hears no second agent yet
    SimTime talks_since{};               ///< with the agent
    Duration talk_left{};                ///< until he would hang up; then, on hold, when he is back
    CallPhase phase = CallPhase::setup;
    sim::TimerId timer;  ///< set-up patience, then patience, then the end of talk
  };

  [[nodiscard]] static std::uint64_t entity_of(const Caller& who);
  [[nodiscard]] bool unserved(std::uint32_t slot) const;
  [[nodiscard]] static Duration silence_of(const Conversation& conversation);
  [[nodiscard]] const CallStream& stream_of(const Caller& who) const {
    return directory_.scenario->calls[who.stream];
  }
  void await_arrival(Context&, std::uint32_t stream);
  void dial(Context&, const Caller&, std::optional<std::uint32_t> gateway);
  void wish_to_call(Context&, Caller);
  [[nodiscard]] Dn draw_callee(Context&, const Caller&) const;
  void draw_hold(Context&, Call&);
  void draw_transfer(Context&, Call&);
  void talk(Context&, std::uint32_t slot);
  void music(Context&, std::uint32_t slot);
  void wait(Context&, std::uint32_t slot, Duration);
  void stop_waiting(Context&, std::uint32_t slot);
  void finish(Context&, std::uint32_t slot, const CallReleased&);
  void think_again(Context&, const Call&, FailedAttempt);

  const Directory& directory_;
  Exchange& exchange_;
  std::vector<std::unique_ptr<ArrivalProcess>> arrivals_;  ///< by call stream
  std::vector<Arrival> next_;                              ///< by call stream
  std::vector<std::vector<AgentId>> callees_;              ///< by call stream: agents to call
  std::vector<std::vector<AgentId>> diallers_;             ///< by call stream: agents who call
  sim::Slab<Caller> wishes_;                               ///< agents who have not dialled yet
  sim::Slab<Call> calls_;
  sim::Slab<Caller> redialling_;
  std::uint32_t offered_ = 0, active_ = 0, callers_ = 0;
};

}  // namespace bcsim::models
