#include "models/sip/registrar.hpp"

#include <algorithm>

namespace bcsim::models::sip {

Registrar::Result Registrar::on_register(const Request& request, const RegistrarOptions& options,
                                         SimTime now) {
  using Challenge = RegistrarOptions::Challenge;
  if (request.dn >= bindings_.size()) return {.answer = Answer::not_found};
  Binding& binding = bindings_[request.dn];
  const bool cached_accepted = options.challenge == Challenge::unknown_nonce && binding.nonce_given;
  const bool authorized = options.challenge == Challenge::never ||
                          request.credentials == Credentials::fresh ||
                          (request.credentials == Credentials::cached && cached_accepted);
  if (!authorized) {
    binding.nonce_given = true;
    return {.answer = Answer::unauthorized};
  }
  // §10.3 step 7. The one heeded last may come again, to a process that has not seen it: it says
  // nothing new. One that was overtaken would bring back a contact that is gone, or end a new one.
  const bool same = request.call_id == binding.call_id;
  if (same && request.cseq < binding.cseq) return {.answer = Answer::out_of_order};
  if (request.expires == 0s) {
    heed(binding, request);
    return {.event = remove(request.dn)};
  }
  // Only a wish below one hour may be called too brief (§10.3 step 7).
  if (request.expires < options.min_expires && request.expires < 1h) {
    return {.answer = Answer::interval_too_brief, .expires = options.min_expires};
  }
  const Duration granted =
      options.max_expires ? std::min(request.expires, *options.max_expires) : request.expires;
  heed(binding, request);
  return {.expires = granted, .event = bind(request.dn, request.contact, now + granted)};
}

void Registrar::heed(Binding& binding, const Request& request) {
  binding.call_id = request.call_id;
  binding.cseq = request.cseq;
}

DnEvent Registrar::bind(std::uint32_t dn, AddressId contact, SimTime expires_at) {
  Binding& binding = bindings_.at(dn);
  const bool was_bound = binding.bound;
  binding.contact = contact;
  binding.bound = true;
  if (!was_bound || binding.expires_at != expires_at) expiries_.emplace(expires_at, dn);
  binding.expires_at = expires_at;
  if (was_bound) return DnEvent::none;
  ++bound_count_;
  return DnEvent::in_service;
}

DnEvent Registrar::remove(std::uint32_t dn) {
  Binding& binding = bindings_.at(dn);
  if (!binding.bound) return DnEvent::none;
  binding.bound = false;
  --bound_count_;
  return DnEvent::out_of_service;
}

std::optional<AddressId> Registrar::lookup(std::uint32_t dn, SimTime now) const {
  const Binding& binding = bindings_.at(dn);
  if (!binding.bound || binding.expires_at <= now) return std::nullopt;
  return binding.contact;
}

SimTime Registrar::next_expiry() {
  while (!expiries_.empty() && stale(expiries_.top())) expiries_.pop();
  return expiries_.empty() ? sim::kNever : expiries_.top().first;
}

}  // namespace bcsim::models::sip
