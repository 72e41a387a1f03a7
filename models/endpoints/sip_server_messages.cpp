// What a SIP Server puts into its messages.
#include "models/endpoints/sip_server.hpp"

namespace bcsim::models {

void SipServerEndpoint::respond(Context& context, sip::TransactionId id, std::uint16_t status,
                                const Answer& answer) {
  sip::Response response;
  response.status = status;
  response.path = answer.path;
  response.media = answer.media;
  response.contact = answer.contact;
  layer_.respond(context, id, response);
}

SipServerEndpoint::InDialog SipServerEndpoint::about(const ServerCall& call, const ServerLeg& leg) {
  const bool agent = &leg == &call.agent_leg && call.agent.valid();
  return {leg.dialog, leg.cseq, call.id, agent ? Dn::extension(call.agent) : call.dn};
}

sip::Request SipServerEndpoint::request_of(sip::Method method, const InDialog& in) {
  sip::Request request;
  request.method = method;
  request.dialog = in.dialog;
  request.cseq = in.cseq;
  request.call = in.call;
  request.dn = in.dn;
  return request;
}

void SipServerEndpoint::acknowledge(Context& context, AddressId to, const InDialog& in,
                                    const sip::Response& success) {
  sip::Request ack = request_of(sip::Method::ack, in);
  ack.cseq = success.cseq;  // of the INVITE it answers, whatever has been sent since
  ack.copy = success.copy;  // a packet of its own to the network: the last one may have been lost
  layer_.acknowledge(context, address(), to, ack);
}

void SipServerEndpoint::send_bye(Context& context, AddressId to, InDialog in, const Goodbye& how) {
  ++in.cseq;
  sip::Request bye = request_of(sip::Method::bye, in);
  bye.in_dialog = true;
  bye.bc_hop = how.transferred;
  bye.expires_s = how.cause;
  layer_.request(context, address(), to, bye, {}, {.kind = nobody});
}

/// RFC 3261 §13.2.2.4: a dialog that is not wanted is acknowledged and ended.
void SipServerEndpoint::refuse_success(Context& context, const sip::Response& response) {
  const AddressId to = response.contact.valid() ? response.contact : response_from_;
  layer_.refuse(context, address(), to, response);
}

}  // namespace bcsim::models
