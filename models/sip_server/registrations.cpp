#include "models/sip_server/registrations.hpp"

#include <algorithm>

namespace bcsim::models {

namespace {

std::uint16_t status_of(sip::Registrar::Answer answer) {
  switch (answer) {
    case sip::Registrar::Answer::ok:
      return 200;
    case sip::Registrar::Answer::unauthorized:
      return 401;
    case sip::Registrar::Answer::interval_too_brief:
      return 423;
    case sip::Registrar::Answer::not_found:
      return 404;
    case sip::Registrar::Answer::out_of_order:
      break;
  }
  return 500;
}

}  // namespace

void Registrations::on_register(Context& context, const sip::Request& request, AddressId from,
                                sip::TransactionId id) {
  using Answer = sip::Registrar::Answer;
  using Challenge = sip::RegistrarOptions::Challenge;
  sip::RegistrarOptions registrar_options;
  registrar_options.challenge =
      site_.options().digest ? Challenge::unknown_nonce : Challenge::never;
  // A request does not say whether its nonce is fresh; either way this registrar gave it out.
  const sip::Registrar::Request wish{
      .dn = request.dn.number,
      .contact = request.contact.valid() ? request.contact : from,
      .expires = std::chrono::seconds(request.expires_s),
      .credentials = request.has_credentials ? sip::Credentials::cached : sip::Credentials::none,
      .call_id = request.dialog,
      .cseq = request.cseq};
  // A DN that this switch does not have, or no longer has.
  const bool gone = request.dn.number < site_.directory.agents.size() &&
                    !site_.directory.has_dn(request.dn.agent(), site_.index);
  sip::Registrar::Result result{.answer = Answer::not_found};
  if (gone) {
    result.event = registrar_.remove(request.dn.number);
  } else {
    result = registrar_.on_register(wish, registrar_options, context.now());
  }
  sip::Response response;
  response.expires_s = static_cast<std::uint32_t>(result.expires / 1s);
  response.status = status_of(result.answer);
  sip_.respond(context, id, response);
  if (!gone && result.answer != Answer::ok) return;
  watch_expiry(context);
  if (result.event != sip::DnEvent::none) {
    user_.dn_changed(context, request.dn.agent(), result.event == sip::DnEvent::in_service);
  }
}

void Registrations::bind_at_start(Context& context, AgentId agent) {
  const Directory& directory = site_.directory;
  const AddressId contact{directory.agent(agent).phone.value};
  (void)registrar_.on_register({.dn = agent.value, .contact = contact}, {}, context.now());
  registrar_.bind(agent.value, contact, directory.binding_expiry_at_start(agent, site_.index));
  context.record(DnState{agent, site_.index, 1});
}

void Registrations::expire(Context& context) {
  registrar_.expire(context.now(),
                    [&](std::uint32_t dn) { user_.dn_changed(context, AgentId{dn}, false); });
}

void Registrations::clear(Context& context) {
  for (std::uint32_t dn = 0; dn < registrar_.dn_count(); ++dn) {
    if (registrar_.remove(dn) == sip::DnEvent::none) continue;
    user_.dn_changed(context, AgentId{dn}, false);
  }
}

/// One timer for all bindings, at an expiry that may have been moved meanwhile.
void Registrations::watch_expiry(Context& context) {
  const SimTime next = registrar_.next_expiry();
  if (next >= expiry_watched_) return;
  context.cancel(expiry_timer_);
  expiry_watched_ = next;
  const Duration left = std::max(next - context.now(), Duration{});
  expiry_timer_ = context.arm(left, tag_of(ServerTimer::expiry));
}

void Registrations::on_expiry(Context& context) {
  expiry_watched_ = sim::kNever;
  expire(context);
  watch_expiry(context);
}

}  // namespace bcsim::models
