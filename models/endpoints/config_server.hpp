// A Configuration Server with its database: master, or standby until it is activated (R34, R45).
#pragma once

#include <vector>

#include "models/directory.hpp"
#include "models/domain.hpp"

namespace bcsim::models {

/// Sends `message` as being of `kind`.
void send(Context& context, ConnectionId to, config::Message message, config::Kind kind);

/// The one at configuration.master_site is master whenever it runs; the other becomes master by the
/// notice activate_standby and stands down when it is told that the first serves again. A standby
/// closes the connections of whoever takes it for a master.
class ConfigServerEndpoint final : public Endpoint {
 public:
  ConfigServerEndpoint(const Directory& directory, SiteIndex site, bool /*first*/)
      : directory_(directory),
        site_(site),
        master_(directory.scenario->configuration.master_site == site ||
                (directory.configuration != nullptr && directory.configuration->standby_active)) {}

  void on_message(Context& context, const Envelope& envelope) override;
  void on_connection(Context& context, ConnectionId connection,
                     sim::ConnectionEvent event) override;

 private:
  void on_notice(Context& context, const notice::Message& notice);
  void write(Context& context, std::uint32_t change);

  const Directory& directory_;
  SiteIndex site_;
  bool master_;
  std::vector<ConnectionId> proxies_;  ///< those that said hello; told of every change (D17)
};

}  // namespace bcsim::models
