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
  if (request.expires == 0s) return {.event = remove(request.dn)};
  // Only a wish below one hour may be called too brief (§10.3 step 7).
  if (request.expires < options.min_expires && request.expires < 1h) {
    return {.answer = Answer::interval_too_brief, .expires = options.min_expires};
  }
  const Duration granted =
      options.max_expires ? std::min(request.expires, *options.max_expires) : request.expires;
  return {.expires = granted, .event = bind(request.dn, request.contact, now + granted)};
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
