// What happened to the configuration layer in a run: changes, drift, divergence, write outages.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "models/directory.hpp"

namespace bcsim::models {

/// Of the whole run, warm-up included: what is wrong before the run is wrong in it.
struct ConfigurationTally {
  std::uint32_t drift = 0;  ///< objects found to differ between the switches
  std::uint32_t writes = 0, writes_refused = 0;
  std::uint32_t divergence = 0;  ///< objects written at both sites while these were parted
  double write_outage_s = 0;     ///< longest time for which the Proxy of a site knew no master
};

/// Fold of the journal.
class ConfigurationCounter {
 public:
  explicit ConfigurationCounter(const Directory& directory) : directory_(directory) {}

  void on_record(const JournalEntry& entry) {
    if (std::holds_alternative<ConfigDrift>(entry.record)) ++tally_.drift;
    if (std::holds_alternative<ConfigWritten>(entry.record)) ++tally_.writes;
    if (std::holds_alternative<ConfigWriteRefused>(entry.record)) ++tally_.writes_refused;
    if (const auto* r = std::get_if<ConfigReconciled>(&entry.record)) tally_.divergence += r->both;
    if (const auto* r = std::get_if<ConfigMasterKnown>(&entry.record)) {
      end(r->site, entry.at);
      if (r->known == 0) without_master_since_[r->site] = entry.at;
    } else if (const auto* node = std::get_if<NodeStateChanged>(&entry.record)) {
      // A Proxy that dies knows nothing: the outage is its own, not the master's.
      for (std::uint32_t site = 0; site < kSites; ++site) {
        if (directory_.config_proxy[site].value == node->node.value) end(site, entry.at);
      }
    }
  }
  [[nodiscard]] ConfigurationTally finish(SimTime horizon) {
    for (std::uint32_t site = 0; site < kSites; ++site) end(site, horizon);
    return tally_;
  }

 private:
  void end(std::uint32_t site, SimTime at) {
    auto& since = without_master_since_[site];
    if (!since) return;
    tally_.write_outage_s = std::max(tally_.write_outage_s, sim::seconds(at - *since));
    since.reset();
  }

  const Directory& directory_;
  ConfigurationTally tally_;
  std::array<std::optional<SimTime>, kSites> without_master_since_;
};

}  // namespace bcsim::models
