#include "tools/results/came_back.hpp"

#include <algorithm>
#include <cmath>

namespace bcsim::tools {

bool service_was_judged(const models::RunResult& result, std::size_t failure) {
  if (result.calls.empty()) return true;  // they were not kept
  const auto& all = result.recoveries;
  const models::SimTime from = all[failure].at;
  const models::SimTime until =
      failure + 1 < all.size() ? all[failure + 1].at : models::SimTime::max();
  const auto since = [&](models::SimTime at) {
    return at != sim::kNever && at >= from && at <= until;
  };
  return std::ranges::any_of(result.calls, [&](const models::CallRow& row) {
    if (row.kind != models::CallKind::queue) return false;
    const bool answered = row.answered != sim::kNever;
    if (!answered && models::is_loss(row.cause)) return since(row.offered);
    return since(row.queued) && (answered || row.cause == models::Cause::abandoned_in_queue);
  });
}

bool queue_grew(const models::RunResult& result, const models::Recovery& recovery) {
  const double usual = result.value("phase.before.queue.mean");
  return recovery.queue_peak > std::fmax(1.0, usual);  // of a number and NaN, the number
}

}  // namespace bcsim::tools
