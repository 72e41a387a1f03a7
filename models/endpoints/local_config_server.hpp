// The customer's local server from which the desktops of a site obtain their initial configuration
// (R81): addresses of the Proxies, application and Place names.
#pragma once

#include "models/directory.hpp"
#include "models/domain.hpp"

namespace bcsim::models {

/// Stateless: it answers config::Kind::read.
class LocalConfigServerEndpoint final : public Endpoint {
 public:
  LocalConfigServerEndpoint(const Directory&, SiteIndex, bool /*first*/) {}

  void on_message(Context& context, const Envelope& envelope) override;
};

}  // namespace bcsim::models
