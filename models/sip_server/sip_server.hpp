// One process of a site's SIP Server pair: registrar, back-to-back user agent, T-Library server and
// router, behind a bounded input queue (R1–R9, R31–R47, domain.md §2, §3.8, §3.9). Here is what
// brings its parts together, and which process serves; the rest is theirs.
#pragma once

#include "models/directory.hpp"
#include "models/domain.hpp"
#include "models/ha/redundancy.hpp"
#include "models/sip_server/agent_service.hpp"
#include "models/sip_server/call_control.hpp"
#include "models/sip_server/call_media.hpp"
#include "models/sip_server/hunt_groups.hpp"
#include "models/sip_server/input_queue.hpp"
#include "models/sip_server/pair.hpp"
#include "models/sip_server/peer_link.hpp"
#include "models/sip_server/registrations.hpp"
#include "models/sip_server/signalling.hpp"

namespace bcsim::models {

/// What the process itself knows dies with it: its role, transactions, T-Library connections,
/// timers and input queue. Everything else is the pair's. A part knows those before it in the list
/// of members, and what it tells those after it goes through its `User`, which is this.
class SipServerEndpoint final : public Endpoint,
                                private sip::TransactionUser,
                                private InputQueue::User,
                                private Registrations::User,
                                private PeerLink::User,
                                private AgentService::User,
                                private HuntGroups::User,
                                private CallMedia::User,
                                private CallControl::User {
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

 private:
  // ---- sip_server_redundancy.cpp: primary and backup ----
  [[nodiscard]] ha::RedundancyOptions redundancy_options() const;
  [[nodiscard]] bool primary() const { return role() == ha::HaRole::primary; }
  /// The other process was made primary behind its back: what it knows is out of date, and packets
  /// go to the other, who took the address last.
  [[nodiscard]] bool left_behind() const { return primary() && !primacy_.is_of(process_); }
  void apply(Context& context, const ha::RedundancyEffects& effects);
  void on_notice(Context& context, const notice::Message& notice);
  void take_over(Context& context);
  void become_primary(Context& context, bool calls_lost);
  void start_steady(Context& context);
  void begin_service(Context& context);
  void copy_calls(Context& context);
  void drain_or_serve(Context& context);
  void stop_if_drained(Context& context);

  // ---- sip_server.cpp: dispatch ----
  void on_sip_response(Context& context, const sip::Response& response, AddressId from);

  void on_request(Context& context, const sip::Request& request, AddressId from,
                  sip::TransactionId id, sip::TransactionId invite) override;
  void on_response(Context& context, sip::Inform inform, const sip::Response* response,
                   const sip::Request& request, sip::Owner owner, sip::TransactionId id) override;
  void on_ack(Context& context, const sip::Request& ack) override { calls_.on_ack(context, ack); }
  void on_no_ack(Context& context, const sip::Response& success) override {
    calls_.on_no_ack(context, success);
  }
  void handle(Context& context, const Envelope& envelope) override;
  void dn_changed(Context& context, AgentId agent, bool in_service) override {
    agents_.dn_changed(context, agent, in_service);
  }
  void mode_changed(Context& context, ServerMode before) override;
  void peer_answered(Context& context) override { agents_.peer_answered(context); }
  bool serve_hunt_line(Context& context, AgentId agent) override {
    return hunts_.serve_hunt_line(context, agent);
  }
  void offer(Context& context, std::uint32_t slot, acd::Candidate candidate) override {
    calls_.offer(context, slot, candidate);
  }
  void advise(Context& context, AgentId agent) override { hunts_.advise(context, agent); }
  void logged_out(Context& context) override { stop_if_drained(context); }
  void on_call_request(Context& context, const tlib::Message& message) override {
    calls_.on_call_request(context, message);
  }
  void agent_answered(Context& context, std::uint32_t slot,
                      const sip::Response& response) override {
    calls_.agent_answered(context, slot, response);
  }
  void occupy_with_own_call(Context& context, AgentId id) override {
    calls_.occupy_with_own_call(context, id);
  }
  void default_route(Context& context, std::uint32_t slot,
                     CallDefaultRouted::Cause cause) override {
    calls_.default_route(context, slot, cause);
  }
  void make_routable(Context& context, std::uint32_t slot) override {
    calls_.make_routable(context, slot);
  }
  void caller_lost(Context& context, std::uint32_t slot) override {
    calls_.caller_lost(context, slot, CallLetGo::Why::unknown);
  }
  void agent_lost(Context& context, std::uint32_t slot) override {
    calls_.agent_lost(context, slot);
  }
  void call_ended(Context& context) override { stop_if_drained(context); }

  const ServerSite site_;
  SipServerPair& pair_;
  Primacy& primacy_;
  int process_;
  bool first_;
  ha::Redundancy redundancy_;
  sim::TimerId ha_timer_, copy_timer_;
  bool knows_calls_ = true;      // false: started, but nothing has been copied to it yet
  bool response_known_ = false;  // the transaction layer had a use for the response at hand
  sip::TransactionLayer layer_;
  Signalling sip_;
  InputQueue queue_;
  Registrations phones_;
  PeerLink link_;
  AgentService agents_;
  HuntGroups hunts_;
  CallMedia media_;
  CallControl calls_;
};

}  // namespace bcsim::models
