// Replications in forked workers, each beside its twin without faults if that is wanted.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "models/scenario.hpp"
#include "tools/run/simulate.hpp"
#include "tools/run/worker_pool.hpp"
#include "tools/stats/replication_record.hpp"

namespace bcsim::tools {

struct ReplicationTask {
  const models::Scenario* scenario = nullptr;  ///< not owned; lives until the end
  std::uint32_t replication = 0;
  bool twin = false;         ///< also without its faults
  bool keep_result = false;  ///< everything is wanted, not only the record
};

struct FinishedTask {
  ReplicationRecord record;
  std::optional<Replication> full;  ///< if it was to be kept; `attributed` filled if it has a twin
  std::optional<Replication> twin;  ///< likewise, with its calls; without its events
};

/// Runs tasks as run_jobs does; `finished` is told of each as it is done, in any order. In the
/// outcome, a lost job is the index of its task.
[[nodiscard]] PoolOutcome run_tasks(
    std::span<const ReplicationTask> tasks, const PoolOptions& options,
    const std::function<void(std::size_t task, FinishedTask)>& finished,
    const std::function<void(double tasks_done)>& progress = {});

/// The scenario without its faults and without expectations, which are about them.
[[nodiscard]] models::Scenario without_faults(const models::Scenario& scenario);

}  // namespace bcsim::tools
