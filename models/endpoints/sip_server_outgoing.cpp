// Calls that agents place: by their phones (1pcc: an INVITE comes) or for their desktops (3pcc:
// TMakeCall), to a colleague or out through a gateway (R18, R62, domain.md §2.1). Who has placed a
// call is busy with it where he is logged in, if that is here.
#include "models/endpoints/sip_server.hpp"

namespace bcsim::models {

using acd::AgentInput;
using acd::Where;

// ---- 3pcc: the server rings the agent's own phone first ----

void SipServerEndpoint::on_make_call(Context& context, const tlib::Message& message) {
  const ServerAgent& agent = agent_at(message.agent);
  const auto contact = pair_.registrar_.lookup(message.agent.value, context.now());
  if (closing() || !agent.logged_in() || agent.on_call() || !contact) {
    tell_of_call(context, message.agent, tlib::Kind::call_refused, message.call);
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
  ServerCall& call = pair_.calls_[slot];
  call.state = ServerCall::State::offered;
  call.agent_where = Where::at_peer;
  call.caller.cseq = 1;
  sip::Request invite = request_of(
      sip::Method::invite, {call.caller.dialog, 1, call.id, Dn::extension(call.conversation.from)});
  invite.path = call.path;
  invite.contact = address();
  invite.conversation = call.conversation;
  call.caller.own_invite =
      layer_.request(context, address(), *contact, invite, {}, owner_of(dialler_owner, slot, 0));
  call.routing_timer =
      context.arm(options().after_routing_timeout, {.kind = routing_timer, .index = slot});
}

void SipServerEndpoint::on_dialler_leg(Context& context, std::uint32_t slot, sip::Inform inform,
                                       const sip::Response* response) {
  ServerCall& call = pair_.calls_[slot];
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
      acknowledge(context, call.caller.remote,
                  {call.caller.dialog, 1, call.id, Dn::extension(call.conversation.from)},
                  *response);
      if (inform == sip::Inform::success) place_call(context, slot);
      break;
    case sip::Inform::failure:
    case sip::Inform::timeout:
    case sip::Inform::transport_error:
      call.caller.own_invite = {};
      end_call(context, slot, {CallerEnd::Kind::none, 0, {}});
      break;
    case sip::Inform::provisional:
    case sip::Inform::nothing:
    case sip::Inform::ack:
      break;
  }
}

// ---- both ----

/// His DN is in use; if he is logged in here, his state says so and nothing is routed to him.
void SipServerEndpoint::take_agent_call(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  const AgentId id = call.conversation.from;
  context.record(AgentCallTaken{call.id, id, site_, call.path});
  ServerAgent& agent = agent_at(id);
  if (agent.on_call()) return;  // it rings him just now, and will find him busy
  call.dialler = id;
  call.dialler_supervised = agent.logged_in();
  agent.call = slot;
  withdraw(context, id);
  if (!call.dialler_supervised) return;
  change(context, id, AgentInput::ring);
  tell_of_call(context, id, tlib::Kind::dialing, call.id);
}

void SipServerEndpoint::place_call(Context& context, std::uint32_t slot) {
  if (pair_.calls_[slot].dn.is_outside()) {
    send_out(context, slot);
  } else {
    direct_call(context, slot, false);
  }
}

void SipServerEndpoint::dialler_answered(Context& context, const ServerCall& call) {
  if (!call.dialler_supervised) return;
  change(context, call.dialler, AgentInput::answer);
  tell_of_call(context, call.dialler, tlib::Kind::established, call.id);
}

/// After-call work if they have spoken, else he is as he was.
void SipServerEndpoint::release_dialler(Context& context, std::uint32_t slot,
                                        const ServerCall& ended) {
  if (!ended.dialler.valid()) return;
  const AgentId id = ended.dialler;
  ServerAgent& agent = agent_at(id);
  if (agent.call != slot) return;
  agent.call = ServerAgent::kNoCall;
  if (ended.dialler_supervised && ended.state == ServerCall::State::talking) {
    agent.last_call = ended.id;
    agent.work = ended.conversation.after_call_work;
    agent.work_over = context.now() + agent.work;
    agent.release_owed = !connections_[id.value].valid();
    change(context, id, AgentInput::release);
    tell_of_call(context, id, tlib::Kind::released, ended.id, agent.work);
    begin_work(context, id);
  } else if (ended.dialler_supervised) {
    tell_of_call(context, id, tlib::Kind::released, ended.id);
    change(context, id, AgentInput::no_answer);
  }
  if (agent.logout_pending) {
    log_out(context, id, agent.logout_forced);
  } else {
    update_routability(context, id);
  }
}

// ---- out to the public network ----

/// Gateways of this site in turn, then the others; each once (ASSUMPTION: they are not watched).
std::optional<std::uint32_t> SipServerEndpoint::next_gateway(const ServerCall& call) const {
  const auto& gateways = directory_.scenario->gateways;
  std::vector<std::uint32_t> order;
  for (const bool own : {true, false}) {
    std::vector<std::uint32_t> of_these;
    for (std::uint32_t g = 0; g < gateways.size(); ++g) {
      if ((gateways[g].home_site == site_) == own) of_these.push_back(g);
    }
    for (std::size_t i = 0; i < of_these.size(); ++i) {
      order.push_back(of_these[(call.id.value + i) % of_these.size()]);
    }
  }
  if (call.gateways_tried >= order.size()) return std::nullopt;
  return order[call.gateways_tried];
}

void SipServerEndpoint::send_out(Context& context, std::uint32_t slot) {
  ServerCall& call = pair_.calls_[slot];
  const auto gateway = next_gateway(call);
  if (!gateway) {
    end_call(context, slot, hang_up(call, 480));
    return;
  }
  ++call.gateways_tried;
  call.state = ServerCall::State::offered;
  call.agent_where = Where::at_peer;
  context.record(CallSentOut{call.id, site_, *gateway});
  ring(context, slot, AddressId{directory_.gateways[*gateway].value}, false);
}

/// A gateway that is silent, or has no channel: the next one.
bool SipServerEndpoint::sent_out_again(Context& context, std::uint32_t slot, std::uint16_t status) {
  ServerCall& call = pair_.calls_[slot];
  const bool again = call.dn.is_outside() && call.agent_leg.state != ServerLeg::State::none &&
                     (status == 408 || status == 503) && next_gateway(call).has_value();
  if (!again) return false;
  pair_.call_by_dialog_.erase(call.agent_leg.dialog);
  send_out(context, slot);
  return true;
}

}  // namespace bcsim::models
