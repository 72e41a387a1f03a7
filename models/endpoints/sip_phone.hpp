// A SIP phone: registers at one or both SIP Servers, rings, dials, talks and hangs up (R16–R19,
// R31, R32, R62).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/directory.hpp"
#include "models/domain.hpp"
#include "models/sip/phone_registration.hpp"
#include "models/sip/registration.hpp"
#include "models/sip/transaction_layer.hpp"

namespace bcsim::models {

/// The phone of one agent; one line, one call at a time. A device: silent when it is dead. It knows
/// nothing of its desktop, and answers whatever INVITE reaches it, registered or not.
class SipPhoneEndpoint final : public Endpoint, private sip::TransactionUser {
 public:
  /// `first` in a steady world: registered where the Directory says so, without a word.
  SipPhoneEndpoint(const Directory& directory, AgentId agent, bool first);

  void on_start(Context& context) override;
  void on_message(Context& context, const Envelope& envelope) override;
  void on_timer(Context& context, sim::TimerTag tag) override;
  void on_unreachable(Context& context, const Envelope& envelope) override;

  /// Where a call that the agent places goes first; the other site is the second target (R18, R62).
  [[nodiscard]] SiteIndex outbound_site(SimTime now, double uniform = 0) const;
  [[nodiscard]] bool idle() const { return state_ == State::idle; }
  /// As far as the phone knows (R17).
  [[nodiscard]] bool registered(SiteIndex site) const { return lines_[site].machine.live(); }

 private:
  enum class State : std::uint8_t { idle, ringing, dialing, talking };
  enum TimerKind : std::uint32_t {
    register_timer,
    poll_timer,
    answer_timer,
    ring_timer,
    hold_timer,
    retrieve_timer,
    hang_up_timer,
    session_timer,
    silence_timer
  };
  enum OwnerKind : std::uint32_t {
    register_owner,
    poll_owner,
    reinvite_owner,
    bye_owner,
    invite_owner
  };

  /// Registration at one site.
  struct Line {
    sip::Registration machine;
    sip::TransactionId transaction;
    sim::TimerId timer;
    std::uint32_t cseq = 0;
    std::uint32_t failures = 0;  ///< numbers the draws of the back-off
  };
  /// What an in-dialog request needs; the remote target is the Contact of the INVITE.
  struct Dialog {
    std::uint64_t id = 0;
    AddressId peer;
    CallId call;
    Dn dn;
    PathMask path = 0;
    NodeId media{};           ///< whom the agent hears, of the INVITE
    std::uint32_t cseq = 0;   ///< of the phone's own requests
    Duration session{};       ///< Session-Expires, which the server refreshes; 0: none
    std::uint16_t cause = 0;  ///< why the phone has ended it, for its BYE; 0: all is said
  };
  /// How a REGISTER ended, beyond what the machine needs to know.
  struct Outcome {
    std::uint32_t status = 0;
    Duration retry_after{};
  };

  // Registration.
  [[nodiscard]] sip::RegistrationOptions registration_options() const;
  [[nodiscard]] sip::PhoneRegistrationOptions phone_options() const;
  void apply(Context&, const sip::PhoneRegistrationEffects&);
  void apply(Context&, SiteIndex, const sip::RegistrationEffects&, const Outcome&);
  /// A registration that failed, while what follows from it has to wait for the end of the call.
  struct HeldFailure {
    SiteIndex site = 0;
    sip::RegistrationFailure why{};
    Duration retry_after{};
  };
  void leave_server(Context&, const HeldFailure&);
  [[nodiscard]] bool may_move() const { return options_.failover_in_call || idle(); }
  void send_register(Context&, SiteIndex, const sip::RegistrationEffects&);
  void send_poll(Context&);
  void on_register_outcome(Context&, sip::Inform, const sip::Response*, SiteIndex);
  void set_timer(Context&, sim::TimerId&, const TimerChange&, sim::TimerTag);

  // Calls.
  void on_request(Context&, const sip::Request&, AddressId from, sip::TransactionId,
                  sip::TransactionId invite) override;
  void on_response(Context&, sip::Inform, const sip::Response*, const sip::Request&, sip::Owner,
                   sip::TransactionId) override;
  void on_ack(Context&, const sip::Request& ack) override;
  void on_no_ack(Context&, const sip::Response& success) override;
  void on_late_success(Context&, const sip::Response&, AddressId from);
  void on_invite(Context&, const sip::Request&, AddressId from, sip::TransactionId);
  void on_notice(Context&, const notice::Message&);
  [[nodiscard]] bool in_call(std::uint64_t dialog) const {
    return state_ != State::idle && dialog_.id == dialog;
  }
  /// It has answered. A copy of the INVITE that comes after the end makes it ring again in a dialog
  /// whose first answer may still wait for its ACK.
  [[nodiscard]] bool talks_in(std::uint64_t dialog) const {
    return in_call(dialog) && (state_ == State::talking || own_call_);
  }
  [[nodiscard]] sip::Response answer(std::uint16_t status, PathMask path) const;
  void answer_call(Context&);
  [[nodiscard]] Duration talk_after(Duration talked) const;
  void watch_session(Context&);
  void consult(Context&, const sip::Request& reinvite);
  void hold_call(Context&);
  void retrieve_call(Context&);
  void send_reinvite(Context&, bool held);
  void on_reinvite_response(Context&, sip::Inform, const sip::Response*, const sip::Request&);
  void listen(Context&);
  void nothing_heard(Context&);
  void hang_up_call(Context&, std::uint16_t cause = 0);
  void send_bye(Context&, const Dialog&);
  void send_owed_bye(Context&, std::uint64_t dialog);
  void take_line(Context&, State);
  void free_line(Context&);
  void tell_desktop(Context&, notice::PhoneState);

  // sip_phone_outgoing.cpp: calls that the agent places.
  void dial(Context&, const notice::Message&);
  void invite_server(Context&, SiteIndex);
  void on_invite_response(Context&, sip::Inform, const sip::Response*, const sip::Request&,
                          SiteIndex);
  void try_other_server(Context&, SiteIndex failed, pstn::Release, std::uint16_t status);
  void answer_own_server(Context&, const sip::Request&, AddressId from, sip::TransactionId);
  void callee_answered(Context&);
  void give_up_own_call(Context&, CallId, bool unknown);
  void put_down(Context&, pstn::Release);
  void dialled_in_vain(Context&, CallId, pstn::Release);
  void tell_own_caller(Context&, pstn::Kind, bool flag = false);
  void end_own_call(Context&, pstn::Release, std::uint16_t status = 0);

  const Directory& directory_;
  AgentId agent_;
  bool first_;
  bool steady_;
  std::uint32_t boot_ = 0;  ///< tells the Call-IDs of its REGISTERs from those before it started
  const PhoneOptions& options_;
  sip::TransactionLayer layer_;

  sip::PhoneRegistration phone_;
  std::array<Line, kSites> lines_;
  sim::TimerId poll_timer_;
  std::uint32_t polls_ = 0;

  std::optional<HeldFailure> held_failure_;

  State state_ = State::idle;
  bool acknowledged_ = false;  ///< the ACK to our 200 has come
  bool speech_lost_ = false;   ///< with a SIP Server: he will hang up, or hear nobody if it rings
  sim::SimTime silent_since_ = sim::kNever;  ///< no RTP arrives
  bool goodbye_ = false;                     ///< because who was heard until then has left
  bool own_call_ = false;                    ///< the agent has placed it
  PathMask tried_ = 0;                       ///< own call: sites whose server was asked
  std::uint32_t invites_ = 0;                ///< own call: sent
  Dialog dialog_;
  Conversation conversation_;
  SimTime talks_since_{};                ///< answered
  std::optional<Duration> interrupted_;  ///< talk before the consultation that goes on
  NodeId consulted_;                     ///< with whom he speaks meanwhile; invalid: nobody yet
  sip::TransactionId invite_;            ///< theirs while it rings, ours while it dials
  sim::TimerId call_timer_;              ///< ringing, hold, retrieve or hanging up: one at a time
  sim::TimerId session_timer_, silence_timer_;
  /// Hung up before the ACK came: no BYE until it does, or is given up (RFC 3261 §15).
  std::vector<Dialog> ending_;
};

}  // namespace bcsim::models
