#include "models/endpoints/media_server.hpp"

#include <cassert>

namespace bcsim::models {

MediaServerEndpoint::MediaServerEndpoint(const Directory&, SiteIndex, bool) : layer_(*this) {}

void MediaServerEndpoint::on_message(Context& context, const Envelope& envelope) {
  const auto* request = std::get_if<sip::Request>(&envelope.message);
  if (request == nullptr) return;  // it asks nobody, so nobody answers it
  layer_.on_request(context, *request, envelope.from, envelope.to);
}

void MediaServerEndpoint::on_timer(Context& context, sim::TimerTag tag) {
  [[maybe_unused]] const bool known = layer_.on_timer(context, tag);
  assert(known && "a media server has no timer of its own");
}

void MediaServerEndpoint::on_request(Context& context, const sip::Request& request, AddressId,
                                     sip::TransactionId id, sip::TransactionId invite) {
  sip::Response response;
  response.path = request.path;
  response.contact = context.address();
  switch (request.method) {
    case sip::Method::invite:
      response.media = context.self();
      break;
    case sip::Method::cancel:  // comes too late: the INVITE was answered at once (RFC 3261 §9.2)
      response.status = invite.valid() ? 200 : 481;
      break;
    case sip::Method::register_:
      response.status = 405;
      break;
    case sip::Method::bye:
    case sip::Method::options:
    case sip::Method::ack:
      break;
  }
  layer_.respond(context, id, response);
}

}  // namespace bcsim::models
