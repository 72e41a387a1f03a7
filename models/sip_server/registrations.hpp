// The registrar of a SIP Server process: which phone is reached where, and until when (R40, §3.4).
#pragma once

#include "models/sip/registrar.hpp"
#include "models/sip_server/signalling.hpp"

namespace bcsim::models {

/// Owns the timer over the pair's bindings.
class Registrations {
 public:
  class User {
   public:
    virtual ~User() = default;
    virtual void dn_changed(Context& context, AgentId agent, bool in_service) = 0;
  };
  Registrations(const ServerSite& site, sip::Registrar& registrar, Signalling& sip, User& user)
      : site_(site), registrar_(registrar), sip_(sip), user_(user) {}

  void on_register(Context& context, const sip::Request& request, AddressId from,
                   sip::TransactionId id);
  /// As if the phone had registered long ago: its cached nonce is of this registrar.
  void bind_at_start(Context& context, AgentId agent);
  /// Whatever is done, is done after what has run out until then has gone: a process that takes
  /// over finds what ran out while nobody was primary, and a phone is never rung without a binding.
  void expire(Context& context);
  void watch_expiry(Context& context);
  /// ServerTimer::expiry.
  void on_expiry(Context& context);

  /// The process has ended: no phone is registered with it any more.
  void clear(Context& context);

  [[nodiscard]] bool in_service(AgentId id, SimTime now) const {
    return registrar_.in_service(id.value, now);
  }
  /// Where his phone is reached; none: out of service.
  [[nodiscard]] std::optional<AddressId> contact(AgentId id, SimTime now) const {
    return registrar_.lookup(id.value, now);
  }

 private:
  const ServerSite& site_;
  sip::Registrar& registrar_;
  Signalling& sip_;
  User& user_;
  sim::TimerId expiry_timer_;
  SimTime expiry_watched_ = sim::kNever;
};

}  // namespace bcsim::models
