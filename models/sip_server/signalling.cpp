#include "models/sip_server/signalling.hpp"

namespace bcsim::models {

void Signalling::respond(Context& context, sip::TransactionId id, std::uint16_t status,
                         const Answer& answer) {
  sip::Response response;
  response.status = status;
  response.path = answer.path;
  response.media = answer.media;
  response.contact = answer.contact;
  layer_.respond(context, id, response);
}

void Signalling::ring_back(Context& context, ServerCall& call) {
  if (call.caller.state != CallerLeg::State::trying) return;
  call.caller.state = CallerLeg::State::ringing;
  respond(context, call.caller.invite, 180, {.path = call.path});
}

Signalling::InDialog Signalling::about(const ServerCall& call, const ServerLeg& leg) {
  const bool agent = &leg == &call.agent_leg && call.agent.valid();
  return {leg.dialog, leg.cseq, call.id, agent ? Dn::extension(call.agent) : call.dn};
}

sip::Request Signalling::request_of(sip::Method method, const InDialog& in) {
  sip::Request request;
  request.method = method;
  request.dialog = in.dialog;
  request.cseq = in.cseq;
  request.call = in.call;
  request.dn = in.dn;
  return request;
}

void Signalling::acknowledge(Context& context, AddressId to, const InDialog& in,
                             const sip::Response& success) {
  sip::Request ack = request_of(sip::Method::ack, in);
  ack.cseq = success.cseq;  // of the INVITE it answers, whatever has been sent since
  ack.copy = success.copy;  // a packet of its own to the network: the last one may have been lost
  layer_.acknowledge(context, site_.address(), to, ack);
}

void Signalling::send_bye(Context& context, AddressId to, InDialog in, const Goodbye& how) {
  ++in.cseq;
  sip::Request bye = request_of(sip::Method::bye, in);
  bye.in_dialog = true;
  bye.bc_hop = how.transferred;
  bye.expires_s = how.cause;
  request(context, to, bye, {}, {.kind = static_cast<std::uint32_t>(LegOwner::nobody)});
}

void Signalling::refuse_success(Context& context, const sip::Response& response) {
  const AddressId to = response.contact.valid() ? response.contact : response_from_;
  layer_.refuse(context, site_.address(), to, response);
}

void Signalling::begin_leg(const Context& context, const ServerCall& call, ServerLeg& leg,
                           sip::Leg kind, std::uint32_t attempt) {
  leg.state = ServerLeg::State::inviting;
  leg.heard = leg.rang = false;
  leg.cseq = 1;
  leg.attempt = attempt;
  // Numbered after the caller's leg too: a call may come to this server twice.
  leg.dialog = sip::dialog_id(kind, call.id.value, context.self(),
                              static_cast<std::uint32_t>(call.caller.dialog) + attempt);
}

void Signalling::ring(Context& context, std::uint32_t slot, const ServerCall& call, ServerLeg& leg,
                      const Ring& how) {
  begin_leg(context, call, leg, how.kind, how.attempt);
  leg.remote = how.to;
  sip::Request invite = request_of(sip::Method::invite, {leg.dialog, leg.cseq, call.id, how.dn});
  invite.bc_hop = how.bc_hop;
  invite.path = call.path;
  invite.call_branch = next_branch(call, how.attempt);
  invite.priority = call.priority;
  invite.media = call.caller.media;
  invite.contact = site_.address();
  invite.conversation = call.conversation;
  invite.expires_s = session_expires_s();
  invite.answer_within = how.answer_within;
  leg.invite =
      request(context, how.to, invite, how.policy, owner_of(how.owner, slot, call, how.attempt));
}

sip::Owner Signalling::owner_of(LegOwner kind, std::uint32_t slot, const ServerCall& call,
                                std::uint32_t attempt) {
  return {static_cast<std::uint32_t>(kind), slot, (std::uint64_t{call.generation} << 32) | attempt};
}

}  // namespace bcsim::models
