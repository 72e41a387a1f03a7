// The parts of the operator and of the administrators of the configuration layer (R12, R34, R45).
#include "models/world/world.hpp"

namespace bcsim::models {

namespace {
Message config_notice(notice::Kind kind, std::uint32_t index = 0) {
  return notice::Message{kind, index, {}};
}
}  // namespace

void TwoSiteWorld::start_configuration() {
  databases_.joined = [this] { return databases_joined(); };
  const ConfigurationObjects* objects = databases_.database(scenario_.configuration.master_site);
  if (objects == nullptr) return;
  for (const Drift& drift : objects->drift()) {
    simulation_->record(
        {}, ConfigDrift{static_cast<std::uint32_t>(drift.key.type), drift.key.index, drift.site});
  }
}

bool TwoSiteWorld::dc_link_up() const {
  const sim::Network& network = simulation_->network();
  return network.up(layout_.data_centre[0], layout_.data_centre[1]) &&
         network.up(layout_.data_centre[1], layout_.data_centre[0]);
}

/// A database is on the machine of its Configuration Server.
bool TwoSiteWorld::databases_joined() const {
  const auto machine_up = [this](SiteIndex site) {
    return simulation_->host_up(layout_.server(site, Role::config_server));
  };
  return dc_link_up() && machine_up(0) && machine_up(1);
}

/// By the operator: if the master is still dead, or the sites have been parted for as long as he
/// waits.
void TwoSiteWorld::activate_standby(SiteIndex standby) {
  const ConfigurationOptions& options = scenario_.configuration;
  const NodeId master = layout_.server(options.master_site, Role::config_server);
  const NodeId node = layout_.server(standby, Role::config_server);
  const bool master_dead =
      options.standby_activation && down_for(master, *options.standby_activation);
  const bool parted = parted_since_ && options.partition_activation &&
                      simulation_->now() - *parted_since_ >= *options.partition_activation;
  if ((!master_dead && !parted) || !simulation_->is_up(node)) return;
  databases_.standby_active = true;
  simulation_->notify(node, config_notice(notice::Kind::activate_standby));
}

/// An administrator works through the Proxy of the site whose switch he changes; synchronization is
/// run where the master is.
void TwoSiteWorld::write_configuration(std::uint32_t change) {
  const ConfigurationOptions& options = scenario_.configuration;
  const SiteIndex site =
      change < options.edits.size() ? options.edits[change].site : options.master_site;
  const NodeId proxy = layout_.server(site, Role::config_server_proxy);
  if (simulation_->is_up(proxy)) {
    simulation_->notify(proxy, config_notice(notice::Kind::config_write, change));
  } else {
    simulation_->record({}, ConfigWriteRefused{site, change});
  }
}

/// What the loss or return of the dc-link, or of a machine, means for the databases.
void TwoSiteWorld::on_join_or_part() {
  const ConfigurationOptions& options = scenario_.configuration;
  const SiteIndex master = options.master_site;
  const bool link_up = dc_link_up();
  if (link_up) {
    parted_since_.reset();
  } else if (!parted_since_) {
    parted_since_ = simulation_->now();
    if (options.partition_activation) {
      after(*options.partition_activation, Change::activate_standby, peer_of(master));
    }
  }
  if (!databases_joined()) return;
  if (const auto reconciled = databases_.reconcile(master)) {
    simulation_->record(
        {}, ConfigReconciled{reconciled->both, reconciled->merged, std::uint32_t{peer_of(master)}});
  }
  const NodeId node = layout_.server(master, Role::config_server);
  if (!databases_.standby_active || !simulation_->is_up(node)) return;
  databases_.standby_active = false;
  simulation_->notify(layout_.server(peer_of(master), Role::config_server),
                      config_notice(notice::Kind::stand_down));
}

}  // namespace bcsim::models
