// What a SIP Server puts into its SIP messages: answers, ACKs and BYEs, and how it rings a phone.
#pragma once

#include <cstdint>

#include "models/sip/transaction_layer.hpp"
#include "models/sip_server/call.hpp"
#include "models/sip_server/site.hpp"

namespace bcsim::models {

/// To whom the events of a client transaction go.
enum class LegOwner : std::uint32_t {
  nobody,
  treatment,
  agent,
  reinvite,
  refresh,
  hunt,
  dialler,
  probe,
};

/// Stateless but for the transactions, which die with the process, and the response at hand.
class Signalling {
 public:
  Signalling(const ServerSite& site, sip::TransactionLayer& layer) : site_(site), layer_(layer) {}

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
  void respond(Context& context, sip::TransactionId id, const sip::Response& response) {
    layer_.respond(context, id, response);
  }
  /// Passes a 180 on to a caller who has heard nothing yet.
  void ring_back(Context& context, ServerCall& call);

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
  /// RFC 3261 §13.2.2.4: a dialog that is not wanted is acknowledged and ended.
  void refuse_success(Context& context, const sip::Response& response);

  /// Makes it a leg in a dialog of its own, about to be invited.
  static void begin_leg(const Context& context, const ServerCall& call, ServerLeg& leg,
                        sip::Leg kind, std::uint32_t attempt);
  /// The branch that the INVITE of this call's agent leg number `attempt` to the peer begins.
  [[nodiscard]] static CallBranch next_branch(const ServerCall& call, std::uint32_t attempt) {
    return call.branch.next(attempt);
  }
  /// Whom a leg is to ring, and how.
  struct Ring {
    sip::Leg kind = sip::Leg::agent;
    AddressId to;
    Dn dn;
    std::uint32_t attempt = 0;
    bool bc_hop = false;  ///< not to be forwarded from there
    sip::ClientPolicy policy{};
    Duration answer_within{};  ///< of the INVITE
    LegOwner owner = LegOwner::agent;
  };
  /// The one way in which a phone is rung, or a server or gateway is asked to ring one.
  void ring(Context& context, std::uint32_t slot, const ServerCall& call, ServerLeg& leg,
            const Ring& how);
  [[nodiscard]] static sip::Owner owner_of(LegOwner kind, std::uint32_t slot,
                                           const ServerCall& call, std::uint32_t attempt);
  /// Within a call, or for the first time, but nobody's phone; timer C bounds every INVITE.
  sip::TransactionId request(Context& context, AddressId to, const sip::Request& request,
                             sip::ClientPolicy policy, sip::Owner owner) {
    policy.timer_c = true;
    return layer_.request(context, site_.address(), to, request, policy, owner);
  }
  void cancel(Context& context, sip::TransactionId invite) { layer_.cancel(context, invite); }
  void stop_waiting_for_ack(Context& context, std::uint64_t dialog) {
    layer_.stop_waiting_for_ack(context, dialog);
  }
  /// In whole seconds, as in Session-Expires; 0: no session timer.
  [[nodiscard]] std::uint32_t session_expires_s() const {
    return static_cast<std::uint32_t>(site_.options().session_expires.value_or(Duration{}) / 1s);
  }

  /// Where the response at hand comes from.
  void set_response_from(AddressId from) { response_from_ = from; }
  [[nodiscard]] AddressId response_from() const { return response_from_; }

  /// Retransmissions to the media server and to the peer before a leg is given up (7.5 s)
  /// (ASSUMPTION).
  static constexpr int kServerRetransmissions = 3;

 private:
  const ServerSite& site_;
  sip::TransactionLayer& layer_;
  AddressId response_from_;
};

}  // namespace bcsim::models
