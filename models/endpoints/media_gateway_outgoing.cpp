// Calls of agents to the outside: an INVITE from a SIP Server becomes a call on a trunk channel.
#include "models/endpoints/media_gateway.hpp"

namespace bcsim::models {

void MediaGatewayEndpoint::on_outgoing_invite(Context& context, const sip::Request& request,
                                              AddressId from, sip::TransactionId id) {
  sip::Response response = answer(context, request);
  if (!request.dn.is_outside() || find(request.call) != kNone) {
    response.status = 404;
    layer_.respond(context, id, response);
    return;
  }
  response.status = 100;
  layer_.respond(context, id, response);
  const std::uint32_t slot = calls_.take();
  Call& call = calls_[slot];
  call = {};
  call.id = request.call;
  call.dn = request.dn;
  call.conversation = request.conversation;
  call.dialog = request.dialog;
  call.remote = request.contact.valid() ? request.contact : from;
  call.state = CallState::outgoing;
  call.outgoing = true;
  call.their_invite = id;
  slot_by_call_.emplace(call.id.value, slot);
  pstn::Message setup;
  setup.kind = pstn::Kind::setup;
  setup.call = call.id;
  setup.dn = call.dn;
  setup.conversation = call.conversation;
  setup.status = static_cast<std::uint16_t>(gateway_);
  context.notify(directory_.pstn, setup);
}

/// What the public network says of a call that went out.
void MediaGatewayEndpoint::on_outgoing_progress(Context& context, std::uint32_t slot,
                                                const pstn::Message& message) {
  Call& call = calls_[slot];
  sip::Response response;
  response.contact = context.address();
  switch (message.kind) {
    case pstn::Kind::alerting:
      response.status = 180;
      layer_.respond(context, call.their_invite, response);
      break;
    case pstn::Kind::connect:
      call.state = CallState::answered;
      if (call.rtp_stopped != sim::kNever) {
        call.timer = context.arm(options_.rtp_loss_timeout, {rtp_timer, slot});
      }
      response.media = context.self();
      layer_.respond(context, call.their_invite, response);
      break;
    case pstn::Kind::release:
      if (call.state == CallState::answered) {  // whom he called has hung up
        hang_up(context, slot);
        break;
      }
      response.status = message.release == pstn::Release::no_channel ? 503 : 480;
      layer_.respond(context, call.their_invite, response);
      free_call(context, slot);
      break;
    case pstn::Kind::setup:
    case pstn::Kind::speech:
    case pstn::Kind::silence:
    case pstn::Kind::in_vain:
    case pstn::Kind::cleared:
      break;
  }
}

/// The agent has given up before anybody answered.
void MediaGatewayEndpoint::on_outgoing_cancel(Context& context, const sip::Request& request) {
  const std::uint32_t slot = find(request.call, request.dialog);
  if (slot == kNone || calls_[slot].state != CallState::outgoing) return;
  sip::Response terminated;
  terminated.status = 487;
  layer_.respond(context, calls_[slot].their_invite, terminated);
  tell_release(context, slot, {pstn::Release::caller_hung_up, 0});
  free_call(context, slot);
}

}  // namespace bcsim::models
