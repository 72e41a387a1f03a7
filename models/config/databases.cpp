#include "models/config/databases.hpp"

#include <algorithm>
#include <iterator>

namespace bcsim::models {

ConfigurationDatabases::ConfigurationDatabases(const Scenario& scenario) : scenario_(scenario) {
  if (!configuration_differs(scenario)) return;
  const auto start = std::make_shared<const ConfigurationObjects>(configuration_at_start(scenario));
  database_ = memory_ = {start, start};
  const auto& runs = scenario.configuration.synchronizations;
  first_run_done_.fill(
      std::any_of(runs.begin(), runs.end(), [](SimTime at) { return at < sim::kStart; }));
}

ConfigurationDatabases::Written ConfigurationDatabases::write(SiteIndex site,
                                                              std::uint32_t change) {
  if (!database_[site]) return {};
  const auto& edits = scenario_.configuration.edits;
  const std::vector<Drift> before = database_[site]->drift();
  auto objects = std::make_shared<ConfigurationObjects>(*database_[site]);
  std::vector<ObjectKey> keys;
  if (change < edits.size()) {
    keys = objects->apply(scenario_, edits[change], first_run_done_[site]);
  } else {
    keys = objects->synchronize();
    first_run_done_[site] = true;
  }
  Written written{static_cast<std::uint32_t>(keys.size()), {}};
  for (const Drift& drift : objects->drift()) {
    if (std::find(before.begin(), before.end(), drift) == before.end()) {
      written.drift.push_back(drift);
    }
  }
  database_[site] = std::move(objects);
  const SiteIndex peer = peer_of(site);
  if (joined()) {
    database_[peer] = database_[site];
    first_run_done_[peer] = first_run_done_[site];
  } else {
    auto& alone = alone_[site];
    alone.insert(alone.end(), keys.begin(), keys.end());
  }
  return written;
}

void ConfigurationDatabases::load(SiteIndex site, SiteIndex master) {
  memory_[site] = database_[master];
}

std::optional<ConfigurationDatabases::Reconciled> ConfigurationDatabases::reconcile(
    SiteIndex prevailing) {
  if (alone_[0].empty() && alone_[1].empty()) return std::nullopt;
  for (auto& keys : alone_) {
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  }
  const SiteIndex other = peer_of(prevailing);
  const auto& ours = alone_[prevailing];
  const auto& theirs = alone_[other];
  std::vector<ObjectKey> both, only_theirs;
  std::set_intersection(ours.begin(), ours.end(), theirs.begin(), theirs.end(),
                        std::back_inserter(both));
  std::set_difference(theirs.begin(), theirs.end(), ours.begin(), ours.end(),
                      std::back_inserter(only_theirs));
  auto merged = std::make_shared<ConfigurationObjects>(*database_[prevailing]);
  merged->take(only_theirs, *database_[other]);
  const auto count = [](std::size_t n) { return static_cast<std::uint32_t>(n); };
  const Reconciled result{count(both.size()),
                          count(ours.size() - both.size() + only_theirs.size())};
  database_.fill(merged);
  memory_.fill(merged);
  const bool run = first_run_done_[0] || first_run_done_[1];
  first_run_done_.fill(run);
  for (auto& keys : alone_) keys.clear();
  return result;
}

}  // namespace bcsim::models
