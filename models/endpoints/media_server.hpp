// A media server: plays treatment to whoever is connected to it, and never to itself.
#pragma once

#include "models/directory.hpp"
#include "models/domain.hpp"
#include "models/sip/transaction_layer.hpp"

namespace bcsim::models {

/// Answers every INVITE at once with its own RTP endpoint and agrees to every BYE. It keeps nothing
/// of a call but the SIP transactions: music is endless, and only SIP Server knows who hears it.
class MediaServerEndpoint final : public Endpoint, private sip::TransactionUser {
 public:
  MediaServerEndpoint(const Directory& directory, SiteIndex site, bool first);

  void on_message(Context& context, const Envelope& envelope) override;
  void on_timer(Context& context, sim::TimerTag tag) override;

 private:
  void on_request(Context&, const sip::Request&, AddressId from, sip::TransactionId,
                  sip::TransactionId invite) override;

  sip::TransactionLayer layer_;
};

}  // namespace bcsim::models
