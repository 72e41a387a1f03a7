// A Configuration Server Proxy: reads from its memory always, writes through the master (R34, D17).
#pragma once

#include <deque>

#include "models/directory.hpp"
#include "models/domain.hpp"
#include "models/tlib/addp.hpp"

namespace bcsim::models {

/// Looks for the master at either site, alternately, and keeps a connection to whichever answers.
class ConfigServerProxyEndpoint final : public Endpoint {
 public:
  ConfigServerProxyEndpoint(const Directory& directory, SiteIndex site, bool /*first*/)
      : directory_(directory),
        site_(site),
        master_site_(directory.scenario->configuration.master_site) {}

  void on_start(Context& context) override { look_for_master(context); }
  void on_message(Context& context, const Envelope& envelope) override;
  void on_timer(Context& context, sim::TimerTag tag) override;
  void on_connection(Context& context, ConnectionId connection,
                     sim::ConnectionEvent event) override;

  // ASSUMPTIONs; R45 and D17 give no numbers.
  static constexpr Duration kMasterAddp = std::chrono::seconds(10);
  static constexpr Duration kConnectTimeout = std::chrono::seconds(5);
  /// Between rounds over both sites (the default of warm-standby.retry-delay, D11).
  static constexpr Duration kRetry = std::chrono::seconds(10);

 private:
  enum TimerKind : std::uint32_t { connect_timer, retry_timer, addp_timer };
  struct Write {
    ConnectionId client;  ///< invalid: an administrator, who is told by the record
    config::Message message;
  };

  void look_for_master(Context& context);
  void master_gone(Context& context);
  void apply(Context& context, const tlib::AddpEffects& effects);
  void on_client(Context& context, const config::Message& message, ConnectionId client);
  void on_master(Context& context, const config::Message& message);
  void load();
  void refuse(Context& context, const Write& write);

  const Directory& directory_;
  SiteIndex site_;
  SiteIndex master_site_;  ///< where the master is, or is looked for
  ConnectionId master_;
  bool answered_ = false;  ///< the master has said that it is one
  bool lost_ = false;      ///< a master was known once, and is not now
  bool second_of_round_ = false;
  tlib::AddpClient addp_;
  sim::TimerId timer_;        ///< connecting, waiting for the next round, or ADDP
  std::deque<Write> writes_;  ///< forwarded, in order, not yet done
};

}  // namespace bcsim::models
