// Calls that agents place: by their phones (1pcc: an INVITE comes) or for their desktops (3pcc:
// TMakeCall), to a colleague or out through a gateway (R18, R62, domain.md §2.1). Who has placed a
// call is busy with it where he is logged in, if that is here.
#include <cassert>

#include "models/sip_server/call_control.hpp"

namespace bcsim::models {

using acd::AgentInput;

void CallControl::on_call_request(Context& context, const tlib::Message& message) {
  switch (message.kind) {
    case tlib::Kind::make_call:
      on_make_call(context, message);
      break;
    case tlib::Kind::single_step_transfer:
      transfer(context, message);
      break;
    case tlib::Kind::initiate_transfer:
      consult(context, message);
      break;
    case tlib::Kind::complete_transfer:
      complete_transfer(context, message);
      break;
    case tlib::Kind::reconnect_call:
      reconnect(context, message);
      break;
    case tlib::Kind::release_call:
      release(context, message);
      break;
    default:
      assert(false);  // no other is a call's
  }
}

// ---- 3pcc: the server rings the agent's own phone first ----

void CallControl::on_make_call(Context& context, const tlib::Message& message) {
  const ServerAgent& agent = agents_.at(message.agent);
  const auto contact = phones_.contact(message.agent, context.now());
  if (link_.closing() || !agent.logged_in() || agent.on_call() || !contact) {
    agents_.tell_of_call(context, message.agent, tlib::Kind::call_refused, message.call);
    return;
  }
  sip::Request as_if;  // that he had dialled himself
  as_if.call = message.call;
  as_if.dialog = sip::dialog_id(sip::Leg::caller, message.call.value, context.self());
  as_if.dn = message.dn;
  as_if.contact = *contact;
  as_if.conversation = message.conversation;
  const std::uint32_t slot = new_call(context, as_if, *contact, {});
  take_agent_call(context, slot);
  ServerCall& call = calls_[slot];
  call.state = ServerCall::State::offered;
  call.caller.cseq = 1;
  sip::Request invite = Signalling::request_of(
      sip::Method::invite, {call.caller.dialog, 1, call.id, Dn::extension(call.conversation.from)});
  invite.path = call.path;
  invite.contact = site_.address();
  invite.conversation = call.conversation;
  call.caller.own_invite =
      sip_.request(context, *contact, invite, {},
                   Signalling::owner_of(LegOwner::dialler, slot, calls_[slot], 0));
  call.routing_timer =
      context.arm(site_.options().after_routing_timeout, tag_of(ServerTimer::routing, slot));
}

void CallControl::on_dialler_leg(Context& context, std::uint32_t slot, sip::Inform inform,
                                 const sip::Response* response) {
  ServerCall& call = calls_[slot];
  switch (inform) {
    case sip::Inform::success:
      call.caller.state = CallerLeg::State::confirmed;
      call.caller.own_invite = {};
      call.caller.media = response->media;
      call.caller.remote = response->contact;
      context.cancel(call.routing_timer);
      call.routing_timer = {};
      [[fallthrough]];
    case sip::Inform::success_again:
      sip_.acknowledge(context, call.caller.remote,
                       {call.caller.dialog, 1, call.id, Dn::extension(call.conversation.from)},
                       *response);
      if (inform == sip::Inform::success) place_call(context, slot);
      break;
    case sip::Inform::failure:
    case sip::Inform::timeout:
    case sip::Inform::transport_error:
      dialler_failed(context, slot);
      break;
    case sip::Inform::provisional:
    case sip::Inform::nothing:
    case sip::Inform::ack:
      break;
  }
}

/// His phone has not taken his own call: the desktop is told that TMakeCall has come to nothing.
void CallControl::dialler_failed(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  sip_.cancel(context, call.caller.own_invite);
  call.caller.own_invite = {};
  agents_.tell_of_call(context, call.conversation.from, tlib::Kind::call_refused, call.id);
  end_call(context, slot, {CallerEnd::Kind::none, 0, {}});
}

// ---- both ----

/// His DN is in use; if he is logged in here, his state says so and nothing is routed to him.
void CallControl::take_agent_call(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  const AgentId id = call.conversation.from;
  context.record(AgentCallTaken{call.id, id, site_.index, call.path, call.branch});
  if (agents_.at(id).on_call()) return;  // it rings him just now, and will find him busy
  call.dialler = id;
  call.dialler_supervised = agents_.occupy(context, id, slot);
  if (call.dialler_supervised) agents_.tell_of_call(context, id, tlib::Kind::dialing, call.id);
}

/// He has dialled while he was rung, and was busy for that: now his own call is all he has.
void CallControl::occupy_with_own_call(Context& context, AgentId id) {
  if (agents_.at(id).on_call()) return;
  for (std::uint32_t slot = 0; slot < calls_.capacity(); ++slot) {
    ServerCall& call = calls_[slot];
    const bool his = call.live && call.conversation.from == id && !call.dialler.valid() &&
                     !call.caller.from_peer && !call.asks();
    if (!his) continue;
    call.dialler = id;
    call.dialler_supervised = agents_.occupy(context, id, slot);
    if (!call.dialler_supervised) return;
    agents_.tell_of_call(context, id, tlib::Kind::dialing, call.id);
    if (call.connected()) dialler_answered(context, call);
    return;
  }
}

void CallControl::place_call(Context& context, std::uint32_t slot) {
  if (calls_[slot].dn.is_outside()) {
    send_out(context, slot);
  } else {
    direct_call(context, slot, false);
  }
}

void CallControl::dialler_answered(Context& context, const ServerCall& call) {
  if (!call.dialler_supervised) return;
  agents_.change(context, call.dialler, AgentInput::answer);
  agents_.tell_of_call(context, call.dialler, tlib::Kind::established, call.id);
}

/// After-call work if they have spoken, else he is as he was.
void CallControl::release_dialler(Context& context, std::uint32_t slot, const ServerCall& ended) {
  if (!ended.dialler.valid() || !agents_.vacate(ended.dialler, slot)) return;
  if (ended.dialler_supervised && ended.connected()) {
    agents_.end_work(context, ended.dialler, ended.id, ended.conversation.after_call_work);
  } else if (ended.dialler_supervised) {
    agents_.stop_ringing(context, ended.dialler, ended.id, true);
  }
  agents_.free(context, ended.dialler);
}

// ---- out to the public network ----

/// Gateways of this site in turn, then the others; each once (ASSUMPTION: they are not watched).
std::optional<std::uint32_t> CallControl::next_gateway(const ServerCall& call) const {
  const auto& gateways = site_.directory.scenario->gateways;
  std::vector<std::uint32_t> order;
  for (const bool own : {true, false}) {
    std::vector<std::uint32_t> of_these;
    for (std::uint32_t g = 0; g < gateways.size(); ++g) {
      if ((gateways[g].home_site == site_.index) == own) of_these.push_back(g);
    }
    for (std::size_t i = 0; i < of_these.size(); ++i) {
      order.push_back(of_these[(call.id.value + i) % of_these.size()]);
    }
  }
  if (call.gateways_tried >= order.size()) return std::nullopt;
  return order[call.gateways_tried];
}

void CallControl::send_out(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  const auto gateway = next_gateway(call);
  if (!gateway) {
    end_call(context, slot, hang_up(call, 480));
    return;
  }
  ++call.gateways_tried;
  call.state = ServerCall::State::offered;
  call.far = ServerCall::Far::outside;
  context.record(CallSentOut{call.id, site_.index, *gateway, call.branch});
  ring(context, slot, AddressId{site_.directory.gateways[*gateway].value});
}

/// A gateway that is silent, or has no channel: the next one.
bool CallControl::sent_out_again(Context& context, std::uint32_t slot, std::uint16_t status) {
  ServerCall& call = calls_[slot];
  const bool again = call.far == ServerCall::Far::outside && (status == 408 || status == 503) &&
                     next_gateway(call).has_value();
  if (!again) return false;
  calls_.unbind(call.agent_leg.dialog);
  send_out(context, slot);
  return true;
}

}  // namespace bcsim::models
