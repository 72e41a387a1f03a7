// A media gateway: brings calls from the public network to a SIP Server that answers, and notices
// when one does not (R28, R41, domain.md §3.1, §3.8, §5.1); and takes calls out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "models/directory.hpp"
#include "models/domain.hpp"
#include "models/ha/proxy_set.hpp"
#include "models/sip/transaction_layer.hpp"
#include "sim/slab.hpp"

namespace bcsim::models {

/// Its SIP Servers are the two sites' (one without `second_target`), all held online when it boots.
/// Channels are the PSTN's business; a call is here from set-up to release, whoever releases it.
class MediaGatewayEndpoint final : public Endpoint, private sip::TransactionUser {
 public:
  MediaGatewayEndpoint(const Directory& directory, std::uint32_t gateway, bool first);

  void on_start(Context& context) override;
  void on_message(Context& context, const Envelope& envelope) override;
  void on_timer(Context& context, sim::TimerTag tag) override;
  void on_unreachable(Context& context, const Envelope& envelope) override;

  /// Held online; false also for a site that is none of its targets.
  [[nodiscard]] bool online(SiteIndex site) const;
  [[nodiscard]] std::size_t call_count() const { return slot_by_call_.size(); }
  /// Initial INVITEs that have no final response yet, those of released calls included.
  [[nodiscard]] std::uint32_t pending_invites() const { return pending_invites_; }

 private:
  enum TimerKind : std::uint32_t { options_timer, ring_timer, rtp_timer, session_timer };
  enum OwnerKind : std::uint32_t { options_owner, invite_owner, refresh_owner, bye_owner };
  static constexpr std::uint32_t kNone = 0xFFFF'FFFFu;

  /// An initial INVITE under way. It outlives the call's interest in it: the caller may have hung
  /// up, or the call may have moved on, and its silence still says that the server is dead.
  struct Invite {
    std::uint32_t call = kNone;  ///< slot; kNone: nobody waits for it any more
    std::uint32_t generation = 0;
    SiteIndex site = 0;
    bool live = false;
    bool heard = false;  ///< a provisional response has come
    sip::TransactionId transaction;
  };
  enum class CallState : std::uint8_t { calling, proceeding, answered, outgoing };
  struct Call {
    CallId id;
    Dn dn;
    Conversation conversation;
    std::uint64_t dialog = 0;  ///< of the last INVITE
    AddressId remote;          ///< where in-dialog requests go
    std::uint32_t cseq = 1;
    std::uint32_t invite = kNone;    ///< until it has its final response
    std::uint32_t invites_sent = 0;  ///< initial ones
    PathMask failed = 0;             ///< sites that gave no usable answer to this call
    PathMask redirected_by = 0;      ///< sites that have sent it elsewhere
    std::uint8_t priority = 0;
    CallState state = CallState::calling;
    bool alerting = false;
    sim::SimTime rtp_stopped = sim::kNever;  ///< nobody is heard since
    bool goodbye = false;                    ///< because who was heard until then has left
    bool outgoing = false;                   ///< an agent's call to somebody outside
    bool acknowledged = false;               ///< outgoing: its ACK has come, or never will
    sip::TransactionId their_invite;         ///< outgoing: until it is answered
    sim::TimerId timer;          ///< ring timer before the answer, RTP-loss timer after it
    sim::TimerId session_timer;  ///< the next refresh (RFC 4028)
  };
  /// Why the last attempt came to nothing: what the PSTN is told if there is no further one.
  struct Failure {
    pstn::Release release = pstn::Release::no_response;
    std::uint16_t status = 0;
  };

  // Proxies.
  [[nodiscard]] std::optional<ha::ProxyIndex> proxy_of(SiteIndex site) const;
  [[nodiscard]] SiteIndex site_of(ha::ProxyIndex proxy) const;
  void apply(Context&, ha::ProxyIndex, const ha::ProxyEffects&);
  void send_options(Context&, SiteIndex site);
  void on_options_response(Context&, sip::Inform, const sip::Response*, SiteIndex);
  void on_invite_outcome(Context&, SiteIndex, const ha::ProxyOutcome&);
  void flush(Context&, SiteIndex site);

  // Set-up.
  void on_setup(Context&, const pstn::Message&);
  void try_next(Context&, std::uint32_t slot, const Failure&);
  void send_invite(Context&, std::uint32_t slot, SiteIndex site);
  void site_failed(Context&, std::uint32_t slot, SiteIndex site, const Failure&);
  void on_invite_response(Context&, sip::Inform, const sip::Response*, const sip::Request&,
                          std::uint32_t invite);
  void on_provisional(Context&, std::uint32_t slot, const sip::Response&);
  void on_answer(Context&, std::uint32_t slot, const sip::Response&);
  void on_rejection(Context&, std::uint32_t slot, SiteIndex site, const sip::Response&);
  void on_redirection(Context&, std::uint32_t slot, SiteIndex site, const sip::Response&);
  void drop_invite(std::uint32_t invite);

  // media_gateway_outgoing.cpp: calls to the outside.
  void on_outgoing_invite(Context&, const sip::Request&, AddressId from, sip::TransactionId);
  void on_outgoing_progress(Context&, std::uint32_t slot, const pstn::Message&);
  void on_outgoing_cancel(Context&, const sip::Request&);

  // In the dialog, and the end.
  void on_request(Context&, const sip::Request&, AddressId from, sip::TransactionId,
                  sip::TransactionId invite) override;
  void on_response(Context&, sip::Inform, const sip::Response*, const sip::Request&, sip::Owner,
                   sip::TransactionId) override;
  void on_ack(Context&, const sip::Request&) override;
  void on_no_ack(Context&, const sip::Response& success) override;
  /// 200 on the way back, to be refined.
  [[nodiscard]] static sip::Response answer(Context&, const sip::Request&);
  void on_bye(Context&, const sip::Request&, sip::TransactionId);
  void on_reinvite(Context&, const sip::Request&, sip::TransactionId);
  void await_refresh(Context&, std::uint32_t slot);
  void refresh_session(Context&, std::uint32_t slot);
  void on_refresh_response(Context&, sip::Inform, const sip::Response*, const sip::Request&);
  [[nodiscard]] std::uint32_t session_expires_s() const;
  void on_notice(Context&, const notice::Message&);
  void acknowledge(Context&, const sip::Request& invite, const sip::Response& success);
  void on_late_success(Context&, const sip::Response&, AddressId from);
  void send_bye(Context&, AddressId to, const sip::Request& bye);
  /// Of an outgoing call that is over before its ACK has come (RFC 3261 §15).
  struct OwedBye {
    AddressId to;
    sip::Request request;
  };
  [[nodiscard]] std::optional<OwedBye> take_owed_bye(std::uint64_t dialog);
  /// Ends the call on the SIP side, with a CANCEL or a BYE where one is due.
  void hang_up(Context&, std::uint32_t slot);
  void free_call(Context&, std::uint32_t slot);
  void release(Context&, std::uint32_t slot, const Failure&);
  void tell_pstn(Context&, std::uint32_t slot, pstn::Kind);
  void tell_speech(Context&, std::uint32_t slot, NodeId media);
  void tell_silence(Context&, std::uint32_t slot, bool silent);
  void tell_release(Context&, std::uint32_t slot, const Failure&);

  [[nodiscard]] std::uint32_t find(CallId call) const;
  /// The call whose current dialog this is, or kNone.
  [[nodiscard]] std::uint32_t find(CallId call, std::uint64_t dialog) const;
  [[nodiscard]] bool is_phone(NodeId node) const;

  const Directory& directory_;
  std::uint32_t gateway_;
  bool first_;
  const GatewayOptions& options_;
  sip::TransactionLayer layer_;
  sip::ClientPolicy policy_;  ///< of INVITE and OPTIONS: fast failover
  ha::ProxySetOptions proxy_options_;
  ha::ProxySet proxies_;
  std::array<sim::TimerId, kSites> options_timers_;  ///< by proxy
  std::array<SimTime, kSites> options_sent_at_{};    ///< by proxy, the last one
  std::uint32_t options_sent_ = 0;
  std::vector<bool> phones_;  ///< by node: an agent's phone, so an agent speaks

  sim::Slab<Call> calls_;
  sim::Slab<Invite> invites_;
  std::uint32_t pending_invites_ = 0;
  std::vector<OwedBye> owed_byes_;
  std::unordered_map<std::uint32_t, std::uint32_t> slot_by_call_;
};

}  // namespace bcsim::models
