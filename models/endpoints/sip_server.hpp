// One process of a site's SIP Server pair: registrar, back-to-back user agent, T-Library server and
// router, behind a bounded input queue (R1–R9, R31–R47, domain.md §2, §3.8, §3.9).
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "models/directory.hpp"
#include "models/domain.hpp"
#include "models/endpoints/sip_server_pair.hpp"
#include "models/ha/redundancy.hpp"
#include "models/ha/server_mode.hpp"
#include "models/sip/transaction_layer.hpp"
#include "sim/fifo.hpp"

namespace bcsim::models {

/// What the process itself knows dies with it: its role, transactions, T-Library connections,
/// timers and input queue. Everything else is the pair's.
class SipServerEndpoint final : public Endpoint, private sip::TransactionUser {
 public:
  /// `process`: 0 is primary when the world starts, 1 its backup. `pair` outlives the endpoint.
  SipServerEndpoint(const Directory& directory, SipServerPair& pair, SiteIndex site, int process,
                    bool first);

  void on_start(Context& context) override;
  void on_message(Context& context, const Envelope& envelope) override;
  void on_timer(Context& context, sim::TimerTag tag) override;
  void on_connection(Context& context, ConnectionId connection,
                     sim::ConnectionEvent event) override;
  void on_unreachable(Context& context, const Envelope& envelope) override;

  [[nodiscard]] ha::HaRole role() const { return redundancy_.role(); }

  // ASSUMPTIONs.
  /// An agent whose phone refused a call is not tried again so soon.
  static constexpr Duration kHoldBack = std::chrono::seconds(5);
  /// For how long a server waits to hear from the desktop of a hunt group's member, whose
  /// after-call work should be done, before it rings his phone again all the same.
  static constexpr Duration kWorkGrace = std::chrono::seconds(1);
  /// Retransmissions to the media server and to the peer before a leg is given up (7.5 s).
  static constexpr int kServerRetransmissions = 3;
  /// How much longer than the agent's own server the caller's server waits for an answer.
  static constexpr Duration kTrunkPatience = std::chrono::seconds(1);

 private:
  enum TimerKind : std::uint32_t {
    serve_timer,
    ha_timer,
    copy_timer,
    expiry_timer,
    probe_timer,
    announcement_timer,
    routing_timer,
    wait_timer,
    hold_back_timer,
    hunt_timer,
    hunt_wait_timer,
    caller_session_timer,
    agent_session_timer
  };
  enum OwnerKind : std::uint32_t {
    nobody,
    treatment_owner,
    agent_owner,
    reinvite_owner,
    refresh_owner,
    hunt_owner,
    dialler_owner,
    probe_owner
  };
  struct Job {
    Envelope envelope;
    sim::SimTime arrived;
  };
  enum class AgentAfterFailure : std::uint8_t { held_back, not_ready, ready, logged_out };
  [[nodiscard]] static AgentAfterFailure after_no_answer(AfterRoutingAction action);

  [[nodiscard]] const SipServerOptions& options() const;
  [[nodiscard]] ha::RedundancyOptions redundancy_options() const;
  [[nodiscard]] const QueueOptions& queue_options(std::uint32_t line) const;
  [[nodiscard]] bool primary() const { return role() == ha::HaRole::primary; }
  /// The other process was made primary behind its back: what it knows is out of date, and packets
  /// go to the other, who took the address last.
  [[nodiscard]] bool left_behind() const { return primary() && pair_.primary_ != process_; }
  [[nodiscard]] AddressId address() const { return directory_.sip_server[site_]; }
  [[nodiscard]] bool closing() const { return ha::closes(pair_.mode_); }

  // ---- sip_server_life.cpp: primary and backup ----
  void apply(Context& context, const ha::RedundancyEffects& effects);
  void on_notice(Context& context, const notice::Message& notice);
  void take_over(Context& context);
  void become_primary(Context& context, bool calls_lost);
  void start_steady(Context& context);
  void begin_service(Context& context);
  void copy_calls(Context& context);
  void scrub_calls(Context& context);
  void scrub_call(Context& context, std::uint32_t slot);
  void forget_call(Context& context, std::uint32_t slot);

  // ---- sip_server.cpp: input queue, dispatch, registrar ----
  [[nodiscard]] Duration service_time(const Message& message) const;
  void enqueue(Context& context, const Envelope& envelope);
  [[nodiscard]] bool turned_away(Context& context, const Envelope& envelope);
  void begin_job(Context& context);
  void finish_job(Context& context);
  void handle(Context& context, const Envelope& envelope);
  void on_sip_response(Context& context, const sip::Response& response, AddressId from);
  void on_register(Context& context, const sip::Request& request, AddressId from,
                   sip::TransactionId id);
  void dn_changed(Context& context, AgentId agent, bool in_service);
  void expire_bindings(Context& context);
  void watch_expiry(Context& context);
  void on_expiry(Context& context);

  void on_request(Context& context, const sip::Request& request, AddressId from,
                  sip::TransactionId id, sip::TransactionId invite) override;
  void on_response(Context& context, sip::Inform inform, const sip::Response* response,
                   const sip::Request& request, sip::Owner owner, sip::TransactionId id) override;
  void on_ack(Context& context, const sip::Request& ack) override;
  void on_no_ack(Context& context, const sip::Response& success) override;

  // ---- sip_server_calls.cpp: the caller's side, the end of calls ----
  void on_invite(Context& context, const sip::Request& request, AddressId from,
                 sip::TransactionId id);
  void on_bye(Context& context, const sip::Request& request, sip::TransactionId id);
  void on_cancel(Context& context, const sip::Request& request, sip::TransactionId id);
  void reject(Context& context, const sip::Request& request, sip::TransactionId id);
  [[nodiscard]] std::uint32_t new_call(Context& context, const sip::Request& request,
                                       AddressId from, sip::TransactionId id);
  void queue_call(Context& context, std::uint32_t slot);
  [[nodiscard]] bool join_line(Context& context, std::uint32_t slot);
  void direct_call(Context& context, std::uint32_t slot, bool bc_hop);
  [[nodiscard]] bool belongs_to_peer(AgentId agent, SimTime now) const;
  void forward(Context& context, std::uint32_t slot);
  void make_routable(Context& context, std::uint32_t slot);
  [[nodiscard]] bool waited_enough(const ServerCall& call, SimTime now) const;
  void waited_too_long(Context& context, std::uint32_t slot);
  void default_route(Context& context, std::uint32_t slot, CallDefaultRouted::Cause cause);
  void answer_caller(Context& context, std::uint32_t slot, NodeId media);
  /// How the caller is told that the call is over; `none`: he knows.
  struct CallerEnd {
    enum class Kind : std::uint8_t { none, final_response, moved, bye, transferred } kind;
    std::uint16_t status = 0;
    AddressId contact;
  };
  void end_caller(Context& context, ServerCall& call, const CallerEnd& end);
  void end_call(Context& context, std::uint32_t slot, const CallerEnd& end);
  void free_call(Context& context, std::uint32_t slot);
  [[nodiscard]] CallerEnd hang_up(const ServerCall& call, std::uint16_t status) const;
  [[nodiscard]] std::uint32_t find_call(std::uint64_t dialog) const;
  [[nodiscard]] sip::Owner owner_of(OwnerKind kind, std::uint32_t slot,
                                    std::uint32_t attempt) const;

  // ---- sip_server_media.cpp: treatment, what the caller hears, hold, session timers ----
  void start_treatment(Context& context, std::uint32_t slot);
  void invite_media_server(Context& context, std::uint32_t slot);
  void on_treatment(Context& context, std::uint32_t slot, sip::Inform inform,
                    const sip::Response* response);
  void announcement_over(Context& context, std::uint32_t slot);
  void end_treatment(Context& context, ServerCall& call);
  void connect_caller(Context& context, std::uint32_t slot);
  [[nodiscard]] static NodeId media_for_caller(const ServerCall& call);
  void join_media(Context& context, std::uint32_t slot);
  void send_reinvite(Context& context, std::uint32_t slot);
  void on_reinvite_result(Context& context, std::uint32_t slot, sip::Inform inform);
  void on_reinvite(Context& context, const sip::Request& request, sip::TransactionId id);
  void hold(Context& context, std::uint32_t slot, bool held);
  void on_music(Context& context, std::uint32_t slot, sip::Inform inform,
                const sip::Response* response);
  void caller_refreshed(Context& context, std::uint32_t slot, SimTime when);
  void await_refresh(Context& context, std::uint32_t slot, SimTime when);
  void refresh_agent_leg(Context& context, std::uint32_t slot);
  void on_refresh_result(Context& context, std::uint32_t slot, sip::Inform inform);
  [[nodiscard]] std::uint32_t session_expires_s() const {
    return static_cast<std::uint32_t>(options().session_expires.value_or(Duration{}) / 1s);
  }

  // ---- sip_server_messages.cpp: what is put into messages ----
  /// What an answer says beside its status; the rest is the request's.
  struct Answer {
    PathMask path = 0;
    NodeId media = {};
    AddressId contact = {};
  };
  void respond(Context& context, sip::TransactionId id, std::uint16_t status) {
    respond(context, id, status, Answer{});
  }
  void respond(Context& context, sip::TransactionId id, std::uint16_t status, const Answer& answer);
  /// Which dialog, and what it is about: all that ACK and BYE need.
  struct InDialog {
    std::uint64_t dialog = 0;
    std::uint32_t cseq = 0;
    CallId call = {};
    Dn dn = {};
  };
  [[nodiscard]] static InDialog about(const ServerCall& call, const ServerLeg& leg);
  [[nodiscard]] static sip::Request request_of(sip::Method method, const InDialog& in);
  /// `success`: the copy of the 2xx that this ACK answers.
  void acknowledge(Context& context, AddressId to, const InDialog& in,
                   const sip::Response& success);
  /// How a BYE differs from one after a conversation.
  struct Goodbye {
    bool transferred = false;  ///< the call goes on elsewhere, without this server
    std::uint16_t cause = 0;   ///< of the Reason header (RFC 3326): the call was never answered
  };
  void send_bye(Context& context, AddressId to, InDialog in, const Goodbye& how);
  void send_bye(Context& context, AddressId to, const InDialog& in) {
    send_bye(context, to, in, Goodbye{});
  }
  void refuse_success(Context& context, const sip::Response& response);

  // ---- sip_server_legs.cpp: the agent's side ----
  void offer(Context& context, std::uint32_t slot, acd::Candidate candidate);
  void ring(Context& context, std::uint32_t slot, AddressId target, bool by_trunk);
  void on_agent_leg(Context& context, std::uint32_t slot, sip::Inform inform,
                    const sip::Response* response);
  void agent_rings(Context& context, std::uint32_t slot);
  void agent_answered(Context& context, std::uint32_t slot, const sip::Response& response);
  [[nodiscard]] Duration answer_limit(const ServerCall& call) const;
  void agent_did_not_answer(Context& context, std::uint32_t slot);
  void leg_failed(Context& context, std::uint32_t slot, std::uint16_t status,
                  AgentAfterFailure after);
  [[nodiscard]] CallerEnd not_reached(const ServerCall& call, std::uint16_t status) const;
  void end_agent_leg(Context& context, ServerCall& call);
  void release_agent(Context& context, std::uint32_t slot, const ServerCall& ended);
  void stop_supervising(Context& context, const ServerCall& call, AgentAfterFailure after);
  void after_ringing(Context& context, AgentId id, AgentAfterFailure after);

  // ---- sip_server_outgoing.cpp: calls that agents place ----
  void on_make_call(Context& context, const tlib::Message& message);
  void on_dialler_leg(Context& context, std::uint32_t slot, sip::Inform inform,
                      const sip::Response* response);
  void take_agent_call(Context& context, std::uint32_t slot);
  void place_call(Context& context, std::uint32_t slot);
  [[nodiscard]] std::optional<std::uint32_t> next_gateway(const ServerCall& call) const;
  void send_out(Context& context, std::uint32_t slot);
  [[nodiscard]] bool sent_out_again(Context& context, std::uint32_t slot, std::uint16_t status);
  void dialler_answered(Context& context, const ServerCall& call);
  void release_dialler(Context& context, std::uint32_t slot, const ServerCall& ended);

  // ---- sip_server_transfer.cpp: calls that agents pass on ----
  [[nodiscard]] bool may_transfer(const tlib::Message& message) const;
  void transfer(Context& context, const tlib::Message& message);
  void consult(Context& context, const tlib::Message& message);
  void second_answered(Context& context, std::uint32_t slot);
  void complete_transfer(Context& context, const tlib::Message& message);
  void reconnect(Context& context, const tlib::Message& message);
  void consultation_over(Context& context, const ServerCall& ended);
  void end_consultation(Context& context, std::uint32_t slot);

  // ---- sip_server_hunts.cpp: hunt groups ----
  [[nodiscard]] const HuntGroupOptions* hunt_group(std::uint32_t queue) const;
  [[nodiscard]] bool eligible(AgentId agent, SimTime now) const;
  [[nodiscard]] std::optional<SiteIndex> preferred_site(const HuntGroupOptions& group) const;
  [[nodiscard]] bool belongs_elsewhere(const HuntGroupOptions& group) const;
  [[nodiscard]] bool redirects_hunt(const sip::Request& invite, AddressId from) const;
  void hunt_call(Context& context, std::uint32_t slot);
  void distribute(Context& context, std::uint32_t slot);
  void wait_for_member(Context& context, std::uint32_t slot);
  bool serve_hunt_line(Context& context, AgentId agent);
  void ring_member(Context& context, std::uint32_t slot, AgentId member);
  void on_member_leg(Context& context, std::uint32_t slot, std::uint32_t attempt,
                     sip::Inform inform, const sip::Response* response);
  void member_rings(Context& context, std::uint32_t slot, HuntMemberLeg& leg);
  void member_answered(Context& context, std::uint32_t slot, HuntMemberLeg& leg,
                       const sip::Response& response);
  void member_failed(Context& context, std::uint32_t slot, AgentId member, std::uint16_t status);
  void members_did_not_answer(Context& context, std::uint32_t slot);
  void waited_for_member_too_long(Context& context, std::uint32_t slot);
  void release_member(Context& context, std::uint32_t slot, const HuntMemberLeg& leg);
  void end_hunt_legs(Context& context, std::uint32_t slot, std::uint32_t hunt);
  void end_hunt(Context& context, std::uint32_t slot);
  void forget_hunt(Context& context, std::uint32_t slot);
  void advise(Context& context, AgentId agent);
  [[nodiscard]] bool rings_for(std::uint32_t slot, std::uint32_t attempt) const;

  // ---- sip_server_agents.cpp: the T-Library side ----
  void on_tlib(Context& context, const tlib::Message& message, ConnectionId connection);
  void attach(Context& context, AgentId agent, ConnectionId connection);
  void on_register_address(Context& context, AgentId agent);
  void log_in(Context& context, AgentId agent);
  void log_out(Context& context, AgentId agent, std::uint32_t forced);
  void log_out_when_free(Context& context, AgentId agent, bool forced);
  void forget_forced_logouts();
  void set_ready(Context& context, AgentId agent);
  void begin_work(Context& context, AgentId agent);
  void await_end_of_work(Context& context, AgentId agent);
  void set_not_ready(Context& context, AgentId agent, bool by_server);
  void change(Context& context, AgentId agent, acd::AgentInput input);
  [[nodiscard]] bool routable(AgentId agent, sim::SimTime now) const;
  void update_routability(Context& context, AgentId agent);
  void withdraw(Context& context, AgentId agent);
  void advertise(Context& context, AgentId agent, bool available);
  void tell(Context& context, const tlib::Message& message);
  void tell(Context& context, AgentId agent, tlib::Kind kind, bool flag = false);
  void tell_of_call(Context& context, AgentId agent, tlib::Kind kind, CallId call,
                    Duration work = {});
  void hold_back(Context& context, AgentId agent);
  [[nodiscard]] ServerAgent& agent_at(AgentId agent) { return pair_.agents_[agent.value]; }
  [[nodiscard]] const ServerAgent& agent_at(AgentId agent) const {
    return pair_.agents_[agent.value];
  }

  // ---- sip_server_peer.cpp: trunk, mode, peer ----
  [[nodiscard]] ha::PeerTrunkOptions trunk_options() const;
  [[nodiscard]] Duration first_probe_phase(Context& context);
  void on_probe_timer(Context& context);
  void follow_trunk(Context& context, const ha::PeerTrunkEffects& effects, bool fine);
  void on_probe_result(Context& context, std::uint32_t probe, sip::Inform inform);
  void set_mode(Context& context, ServerMode mode);
  void enter_bc(Context& context);
  void leave_bc(Context& context);
  void on_peer(Context& context, const peer::Message& message);
  void on_peer_login(Context& context, const peer::Message& message);
  void on_peer_agent_state(Context& context, const peer::Message& message);
  void tell_logins(Context& context);
  void tell_login(Context& context, AgentId agent);
  void send_peer(Context& context, const peer::Message& message);
  void send_agent_states(Context& context);
  void drain(Context& context);
  void serve_again(Context& context);
  void stop_if_drained(Context& context);

  const Directory& directory_;
  SipServerPair& pair_;
  SiteIndex site_;
  int process_;
  bool first_;
  ha::Redundancy redundancy_;
  sip::TransactionLayer layer_;
  sim::Fifo<Job> queue_;
  std::vector<ConnectionId> connections_;  // by agent
  std::unordered_map<std::uint32_t, AgentId> agent_by_connection_;
  sim::TimerId ha_timer_, copy_timer_, expiry_timer_;
  bool knows_calls_ = true;  // false: started, but nothing has been copied to it yet
  sim::SimTime expiry_watched_ = sim::kNever;
  // The response at hand: whose it is, and whether the transaction layer had a use for it.
  AddressId response_from_;
  bool response_known_ = false;
};

}  // namespace bcsim::models
