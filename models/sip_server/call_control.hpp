// The calls of a SIP Server, a back-to-back user agent: the caller's side, the agents' legs, calls
// that agents place, and calls that they pass on (R1–R7, domain.md §2, §3.9).
#pragma once

#include <optional>
#include <vector>

#include "models/sip_server/agent_service.hpp"
#include "models/sip_server/call_media.hpp"
#include "models/sip_server/hunt_groups.hpp"
#include "models/sip_server/signalling.hpp"

namespace bcsim::models {

/// Owns the pair's calls.
class CallControl {
 public:
  class User {
   public:
    virtual ~User() = default;
    /// One call less.
    virtual void call_ended(Context& context) = 0;
  };
  CallControl(const ServerSite& site, CallTable& calls, const Primacy& primacy,
              const Registrations& phones, const PeerLink& link, AgentService& agents,
              HuntGroups& hunts, CallMedia& media, Signalling& sip, User& user)
      : site_(site),
        calls_(calls),
        primacy_(primacy),
        phones_(phones),
        link_(link),
        agents_(agents),
        hunts_(hunts),
        media_(media),
        sip_(sip),
        user_(user) {}

  // ---- what comes in: requests, responses to the calls' own, timers ----
  void on_invite(Context& context, const sip::Request& request, AddressId from,
                 sip::TransactionId id);
  void on_bye(Context& context, const sip::Request& request, sip::TransactionId id);
  void on_cancel(Context& context, const sip::Request& request, sip::TransactionId id);
  void on_ack(Context& context, const sip::Request& ack);
  void on_no_ack(Context& context, const sip::Response& success);
  void on_response(Context& context, sip::Inform inform, const sip::Response* response,
                   const sip::Request& request, sip::Owner owner);
  /// A 2xx to an INVITE of the process that was primary before.
  void on_old_success(Context& context, const sip::Response& response);
  void agent_did_not_answer(Context& context, std::uint32_t slot);
  void waited_too_long(Context& context, std::uint32_t slot);
  /// TMakeCall and the transfers.
  void on_call_request(Context& context, const tlib::Message& message);

  // ---- what the other parts have decided ----
  /// An agent may be sought for it: the caller has been treated, or cannot be.
  void make_routable(Context& context, std::uint32_t slot);
  /// The caller's side knows of no call any more, or is silent.
  void caller_lost(Context& context, std::uint32_t slot, CallLetGo::Why why);
  void agent_lost(Context& context, std::uint32_t slot);
  /// His phone rings no more: if he has placed a call meanwhile, he is busy with that.
  void occupy_with_own_call(Context& context, AgentId id);
  void offer(Context& context, std::uint32_t slot, acd::Candidate candidate);
  void agent_answered(Context& context, std::uint32_t slot, const sip::Response& response);
  void default_route(Context& context, std::uint32_t slot, CallDefaultRouted::Cause cause);
  /// Who is being rung at the peer is given up; who talks talks on, and calls forwarded earlier are
  /// left alone (R36).
  void leave_bc(Context& context);
  /// Whoever waits goes to the default destination (domain.md §2.3).
  void drain(Context& context);
  /// Calls that this process knows, after a switchover; `knows_calls`: it has been told of them.
  void scrub_calls(Context& context, bool knows_calls);

  /// How much longer than the agent's own server the caller's server waits for an answer
  /// (ASSUMPTION).
  static constexpr Duration kTrunkPatience = std::chrono::seconds(1);

 private:
  /// How the caller is told that the call is over; `none`: he knows.
  struct CallerEnd {
    enum class Kind : std::uint8_t { none, final_response, moved, bye, transferred } kind;
    std::uint16_t status = 0;
    AddressId contact;
    CallLetGo::Why why = CallLetGo::Why::ended;
  };

  // ---- call_control.cpp: the caller's side, the queue, the end of calls ----
  void reject(Context& context, const sip::Request& request, sip::TransactionId id);
  [[nodiscard]] std::uint32_t new_call(Context& context, const sip::Request& request,
                                       AddressId from, sip::TransactionId id);
  void queue_call(Context& context, std::uint32_t slot);
  [[nodiscard]] bool join_line(Context& context, std::uint32_t slot);
  void direct_call(Context& context, std::uint32_t slot, bool bc_hop);
  [[nodiscard]] bool belongs_to_peer(AgentId agent, SimTime now) const;
  void forward(Context& context, std::uint32_t slot);
  [[nodiscard]] bool waited_enough(const ServerCall& call, SimTime now) const;
  void end_caller(Context& context, ServerCall& call, const CallerEnd& end);
  void end_call(Context& context, std::uint32_t slot, const CallerEnd& end);
  void free_call(Context& context, std::uint32_t slot);
  [[nodiscard]] static CallerEnd hang_up(const ServerCall& call, std::uint16_t status);

  // ---- call_control_legs.cpp: the agent's side ----
  void ring(Context& context, std::uint32_t slot, AddressId target);
  void on_agent_leg(Context& context, std::uint32_t slot, sip::Inform inform,
                    const sip::Response* response);
  void agent_rings(Context& context, std::uint32_t slot);
  [[nodiscard]] Duration answer_limit(const ServerCall& call) const;
  void leg_failed(Context& context, std::uint32_t slot, std::uint16_t status,
                  AgentAfterFailure after);
  [[nodiscard]] static CallerEnd not_reached(const ServerCall& call, std::uint16_t status);
  void end_agent_leg(Context& context, ServerCall& call);
  void release(Context& context, const tlib::Message& message);
  void release_agent(Context& context, std::uint32_t slot, const ServerCall& ended);
  void stop_supervising(Context& context, std::uint32_t slot, const ServerCall& call,
                        AgentAfterFailure after);

  // ---- call_control_outgoing.cpp: calls that agents place ----
  void on_make_call(Context& context, const tlib::Message& message);
  void on_dialler_leg(Context& context, std::uint32_t slot, sip::Inform inform,
                      const sip::Response* response);
  void take_agent_call(Context& context, std::uint32_t slot);
  void place_call(Context& context, std::uint32_t slot);
  [[nodiscard]] std::optional<std::uint32_t> next_gateway(const ServerCall& call) const;
  void send_out(Context& context, std::uint32_t slot);
  [[nodiscard]] bool sent_out_again(Context& context, std::uint32_t slot, std::uint16_t status);
  void dialler_failed(Context& context, std::uint32_t slot);
  void dialler_answered(Context& context, const ServerCall& call);
  void release_dialler(Context& context, std::uint32_t slot, const ServerCall& ended);

  // ---- call_control_transfer.cpp: calls that agents pass on ----
  [[nodiscard]] bool may_transfer(const tlib::Message& message) const;
  void transfer(Context& context, const tlib::Message& message);
  void consult(Context& context, const tlib::Message& message);
  void second_answered(Context& context, std::uint32_t slot);
  void complete_transfer(Context& context, const tlib::Message& message);
  void take_second(Context& context, std::uint32_t slot, const ServerCall& second);
  void reconnect(Context& context, const tlib::Message& message);
  void consultation_over(Context& context, const ServerCall& ended);
  void end_consultation(Context& context, std::uint32_t slot);

  // ---- call_control_switchover.cpp ----
  void scrub_call(Context& context, std::uint32_t slot);
  void forget_offer(Context& context, std::uint32_t slot);
  void forget_dialler(Context& context, std::uint32_t slot, const ServerCall& call);
  void forget_early_call(Context& context, std::uint32_t slot);
  void forget_call(Context& context, std::uint32_t slot);
  void take_up_call(Context& context, std::uint32_t slot);

  /// A callee sends no BYE before its 200 is acknowledged, or given up (RFC 3261 §15).
  struct OwedBye {
    AddressId to;
    Signalling::InDialog in;
    Signalling::Goodbye how;
  };
  [[nodiscard]] std::optional<OwedBye> take_owed_bye(std::uint64_t dialog);

  const ServerSite& site_;
  CallTable& calls_;
  const Primacy& primacy_;
  const Registrations& phones_;
  const PeerLink& link_;
  AgentService& agents_;
  HuntGroups& hunts_;
  CallMedia& media_;
  Signalling& sip_;
  User& user_;
  std::vector<OwedBye> owed_byes_;  ///< of calls that are over; die with the process
};

}  // namespace bcsim::models
