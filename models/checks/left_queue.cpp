#include "models/checks/left_queue.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bcsim::models {
namespace {

/// Nobody who serves this queue is logged in at this site, which somebody on shift prefers.
bool left(const Directory& directory, const std::vector<Presence>& presence, std::uint32_t queue,
          std::size_t site) {
  bool prefers = false;
  for (std::uint32_t a = 0; a < presence.size(); ++a) {
    if (!directory.group(AgentId{a}).serves(queue)) continue;
    if (presence[a].state[site] != AgentState::logged_out) return false;
    prefers = prefers || (directory.agents[a].preferred_site == site && presence[a].working);
  }
  return prefers;
}

}  // namespace

std::string left_queue_words(const Directory& directory, const std::vector<Presence>& presence,
                             const CallLedger& ledger, SimTime since) {
  const Scenario& s = *directory.scenario;
  std::vector<std::array<bool, kSites>> called(s.queues.size());
  for (const CallRow& row : ledger.rows()) {
    if (row.kind != CallKind::queue || row.queue_site >= kSites || row.queued == sim::kNever)
      continue;
    if (row.queued > since) called[s.calls[row.stream].queue][row.queue_site] = true;
  }
  for (std::uint32_t q = 0; q < s.queues.size(); ++q) {
    const QueueOptions& queue = s.queues[q];
    if (queue.hunt_group || queue.routing_scope == RoutingScope::both_sites) continue;
    for (std::size_t site = 0; site < kSites; ++site) {
      if (!called[q][site] || !left(directory, presence, q, site)) continue;
      return fmt::format(
          "; who called queue {} at {} found nobody: its agents stay at the other site", queue.name,
          s.sites[site].name);
    }
  }
  return "";
}

}  // namespace bcsim::models
