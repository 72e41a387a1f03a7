// Hold and retrieve: re-INVITEs of the agent's phone.
#include <algorithm>

#include "models/endpoints/sip_phone.hpp"

namespace bcsim::models {

void SipPhoneEndpoint::hold_call(Context& context) {
  if (!acknowledged_) {  // no request before the ACK (§13.3.1.4): then without a pause
    call_timer_ = context.arm(talk_after(conversation_.hold_after), {hang_up_timer});
    return;
  }
  send_reinvite(context, true);
  call_timer_ = context.arm(conversation_.hold, {retrieve_timer});
}

void SipPhoneEndpoint::retrieve_call(Context& context) {
  send_reinvite(context, false);
  call_timer_ = context.arm(talk_after(conversation_.hold_after), {hang_up_timer});
}

/// The server has put the caller on hold, joins the agent with the one whom he asks, or brings the
/// caller back: meanwhile he does not end the call. ASSUMPTION: who could do neither the one nor
/// the other with his desktop hangs up a minute after the talk with the second one should have
/// ended, or should have begun and ended.
void SipPhoneEndpoint::consult(Context& context, const sip::Request& reinvite) {
  constexpr Duration kUndecided = 1min;
  if (conversation_.transfer.kind != TransferKind::consultation) return;
  const bool asks = reinvite.held || reinvite.media != dialog_.media;
  const NodeId second = asks && !reinvite.held ? reinvite.media : NodeId{};
  if (state_ != State::talking) return;
  if (asks == interrupted_.has_value() && second == consulted_) return;  // a refresh
  context.cancel(call_timer_);
  consulted_ = second;
  Duration left = conversation_.transfer.consultation + kUndecided;
  if (asks) {
    if (!interrupted_) interrupted_ = context.now() - talks_since_;
    if (!second.valid()) {  // so long the server seeks one
      const auto& sites = directory_.scenario->sites;
      left += std::max(sites[0].sip_server.after_routing_timeout,
                       sites[1].sip_server.after_routing_timeout);
    }
  } else {
    left = std::max(talk_after(*interrupted_), Duration{});
    interrupted_.reset();
    listen(context);
  }
  call_timer_ = context.arm(left, {hang_up_timer});
}

void SipPhoneEndpoint::send_reinvite(Context& context, bool held) {
  sip::Request reinvite;
  reinvite.method = sip::Method::invite;
  reinvite.in_dialog = true;
  reinvite.held = held;
  reinvite.path = dialog_.path;
  reinvite.dialog = dialog_.id;
  reinvite.cseq = ++dialog_.cseq;
  reinvite.call = dialog_.call;
  reinvite.dn = dialog_.dn;
  reinvite.media = context.self();
  reinvite.contact = context.address();
  layer_.request(context, context.address(), dialog_.peer, reinvite, {}, {.kind = reinvite_owner});
}

void SipPhoneEndpoint::on_reinvite_response(Context& context, sip::Inform inform,
                                            const sip::Response* response,
                                            const sip::Request& request) {
  if (inform == sip::Inform::provisional) return;
  if (inform == sip::Inform::success || inform == sip::Inform::success_again) {
    if (in_call(request.dialog)) dialog_.cseq = std::max(dialog_.cseq, request.cseq);
    const AddressId to = response->contact.valid() ? response->contact : dialog_.peer;
    layer_.acknowledge(context, context.address(), to, sip::ack_of(*response));
  } else if (in_call(request.dialog)) {  // §12.2.1.2: 481, or no answer at all, ends the dialog
    context.record(PhoneLeft{dialog_.call, agent_, PhoneLeft::How::alone});
    hang_up_call(context, sip::kNotConfirmed);
  }
}

}  // namespace bcsim::models
