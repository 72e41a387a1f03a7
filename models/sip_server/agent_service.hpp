// The agents of a SIP Server: their desktops' connections, logins and states, who may be routed to,
// and what the two servers tell each other of them (R20, R37–R39, R43, R47, domain.md §2.8).
#pragma once

#include <unordered_map>
#include <vector>

#include "models/messages.hpp"
#include "models/scenario.hpp"
#include "models/sip_server/agent.hpp"
#include "models/sip_server/call.hpp"
#include "models/sip_server/peer_link.hpp"
#include "models/sip_server/registrations.hpp"

namespace bcsim::models {

/// What becomes of an agent whose phone was rung in vain.
enum class AgentAfterFailure : std::uint8_t { held_back, not_ready, ready, logged_out };
[[nodiscard]] AgentAfterFailure after_no_answer(AfterRoutingAction action);

/// Owns the pair's agents and router, and this process's connections, which die with it.
class AgentService {
 public:
  /// What the agents' calls need when something about an agent changes.
  class User {
   public:
    virtual ~User() = default;
    /// He may be a member whom a call of his hunt groups waits for; true: he has been given it.
    virtual bool serve_hunt_line(Context& context, AgentId agent) = 0;
    /// The router has chosen him for this call.
    virtual void offer(Context& context, std::uint32_t slot, acd::Candidate candidate) = 0;
    /// He has logged in here, or is so while BC mode returns: would he better be elsewhere?
    virtual void advise(Context& context, AgentId agent) = 0;
    virtual void logged_out(Context& context) = 0;
    /// His desktop asks to place a call, or to pass one on.
    virtual void on_call_request(Context& context, const tlib::Message& message) = 0;
  };
  AgentService(const ServerSite& site, AgentTable& table, const CallTable& calls,
               const Registrations& phones, PeerLink& link, User& user);

  // ---- the T-Library side ----
  void on_tlib(Context& context, const tlib::Message& message, ConnectionId connection);
  /// It is gone, however that came.
  void on_closed(ConnectionId connection);
  void close_connections(Context& context);
  void tell(Context& context, const tlib::Message& message);
  void tell(Context& context, AgentId agent, tlib::Kind kind, bool flag = false);
  void tell_of_call(Context& context, AgentId agent, tlib::Kind kind, CallId call,
                    Duration work = {});
  void dn_changed(Context& context, AgentId agent, bool in_service);

  // ---- states ----
  /// As if he had been at work for long, or not (R80).
  void start_steady(Context& context, AgentId agent);
  void change(Context& context, AgentId agent, acd::AgentInput input);
  /// At once, or when his call has ended.
  void log_out_when_free(Context& context, AgentId agent, bool forced);
  /// All who do not work on their last call, whose next Ready is answered with a logout.
  void drain(Context& context);
  [[nodiscard]] bool anybody_logged_in() const;
  [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(agents_.size()); }
  [[nodiscard]] const ServerAgent& at(AgentId agent) const { return agents_[agent.value]; }

  // ---- the call that he is on ----
  /// His DN is in use; true if his state follows the call: he is logged in.
  [[nodiscard]] bool occupy(Context& context, AgentId agent, std::uint32_t slot);
  /// The same call goes on in another slot.
  void move_call(AgentId agent, std::uint32_t slot) { agent_at(agent).call = slot; }
  /// False, and nothing done, if he is on another one.
  [[nodiscard]] bool vacate(AgentId agent, std::uint32_t slot);
  /// He has spoken: after-call work, and none if it is 0.
  void end_work(Context& context, AgentId agent, CallId call, Duration work);
  /// It rang in vain; `told`: his desktop knows that it rang.
  void stop_ringing(Context& context, AgentId agent, CallId call, bool told);
  void after_ringing(Context& context, AgentId agent, AgentAfterFailure after);
  /// The call is over: he logs out if he is to, or is there for the next one.
  void free(Context& context, AgentId agent);
  /// Only the logout.
  void log_out_if_pending(Context& context, AgentId agent);
  /// His phone is busy with something that this server does not know: not again at once.
  void hold_back(Context& context, AgentId agent);
  /// Does he work on the call before, as far as can be known without hearing from his desktop?
  [[nodiscard]] bool works(AgentId agent, SimTime now) const;

  // ---- the router ----
  [[nodiscard]] bool routable(AgentId agent, SimTime now) const;
  /// Whenever something about an agent has changed: he takes a waiting call, or is listed, or not.
  void update_routability(Context& context, AgentId agent);
  /// After a switchover.
  void update_all(Context& context);
  [[nodiscard]] std::optional<acd::Candidate> agent_for(std::uint32_t queue) const {
    return router_.agent_for(queue);
  }
  void call_waits(std::uint32_t slot, const ServerCall& call) {
    router_.call_waits(slot, call.queue, call.standing);
  }
  void call_leaves(std::uint32_t slot, const ServerCall& call) {
    router_.call_leaves(slot, call.queue);
  }
  [[nodiscard]] bool call_is_waiting(std::uint32_t slot, const ServerCall& call) const {
    return router_.waits(slot, call.queue);
  }
  void peer_agent_taken(AgentId agent) { router_.agent_gone(agent.value, acd::Where::at_peer); }
  /// The peer never heard that he was chosen, and will not tell that he is free: it is asked, as if
  /// its word had been lost.
  void peer_agent_not_reached() { states_.doubt(); }

  // ---- agent_service_peer.cpp: what the two servers tell each other ----
  void on_peer(Context& context, const peer::Message& message);
  void tell_mode(Context& context, bool single);
  void tell_closing(Context& context, bool closing);
  void enter_bc(Context& context);
  /// No agent of the peer is routed to from now on (R43).
  void leave_bc(Context& context);
  /// What the peer, or a drain, has asked for and a call has put off: alone nobody is forced out
  /// (R38), nor by a drain that is called off. If two logins still stand when BC mode is back, the
  /// peers tell each other of them again.
  void forget_forced_logouts();
  /// The peer has answered a probe: what it may have missed is told again.
  void peer_answered(Context& context);

  /// An agent whose phone refused a call is not tried again so soon (ASSUMPTION).
  static constexpr Duration kHoldBack = std::chrono::seconds(5);
  /// For how long a server waits to hear from the desktop of a hunt group's member, whose
  /// after-call work should be done, before it rings his phone again all the same (ASSUMPTION).
  static constexpr Duration kWorkGrace = std::chrono::seconds(1);
  /// For how long an agent who is free is kept for a call that waits at the peer and may come
  /// before those that wait here (ASSUMPTION).
  static constexpr Duration kPeerAnswers = std::chrono::seconds(1);

 private:
  void attach(Context& context, AgentId agent, ConnectionId connection);
  void on_register_address(Context& context, AgentId agent);
  void log_in(Context& context, AgentId agent);
  /// `forced`: as AgentLogout has it.
  void log_out(Context& context, AgentId agent, std::uint32_t forced);
  void set_ready(Context& context, AgentId agent);
  void begin_work(Context& context, AgentId agent);
  void await_end_of_work(Context& context, AgentId agent);
  void set_not_ready(Context& context, AgentId agent, bool by_server);
  void withdraw(Context& context, AgentId agent);
  void advertise(Context& context, AgentId agent, bool available);
  void tell_login(Context& context, AgentId agent);
  void tell_next_login(Context& context, AgentId after);
  void on_peer_login(Context& context, const peer::Message& message);
  void on_peer_agent_state(Context& context, const peer::Message& message);
  [[nodiscard]] bool ask_peer(Context& context, AgentId agent, const ServerCall& waiting);
  void on_call_asked(Context& context, const peer::Message& message);
  void give_call_or_list(Context& context, AgentId agent, const peer::Message* peers);
  /// Over both sites: the higher priority, then who came first.
  [[nodiscard]] static bool comes_before(const ServerCall& call, std::int64_t priority,
                                         SimTime since);
  void send_agent_states(Context& context);
  void send_agent_state(Context& context, AgentId agent);
  void on_states_told(Context& context, const peer::Message& message);
  void ask_for_states(Context& context);
  /// Of those that the peer has not heard of yet.
  void tell_logins(Context& context);
  [[nodiscard]] ServerAgent& agent_at(AgentId agent) { return agents_[agent.value]; }
  [[nodiscard]] const ServerAgent& agent_at(AgentId agent) const { return agents_[agent.value]; }

  const ServerSite& site_;
  std::vector<ServerAgent>& agents_;
  acd::Router& router_;
  StatesTold& states_;
  const CallTable& calls_;
  const Registrations& phones_;
  PeerLink& link_;
  User& user_;
  std::vector<ConnectionId> connections_;  // by agent
  std::unordered_map<std::uint32_t, AgentId> agent_by_connection_;
};

}  // namespace bcsim::models
