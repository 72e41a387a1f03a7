// A Stat Server, as far as a desktop needs one: it accepts the desktop's connection (R33).
#pragma once

#include "models/directory.hpp"
#include "models/domain.hpp"

namespace bcsim::models {

/// Stateless: agents' states are the SIP Server's own business here.
class StatServerEndpoint final : public Endpoint {
 public:
  StatServerEndpoint(const Directory&, SiteIndex, bool /*first*/) {}

  void on_message(Context& context, const Envelope& envelope) override;
};

}  // namespace bcsim::models
