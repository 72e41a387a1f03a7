#include "tools/run/experiment.hpp"

#include <algorithm>
#include <map>

namespace bcsim::tools {
namespace {

/// Runs the replications from `from` to `to` into `out`; true if it was not interrupted.
bool add_replications(const ExperimentPlan& plan, std::uint32_t from, std::uint32_t to,
                      ExperimentResult& out, const ExperimentProgress& progress) {
  std::vector<ReplicationTask> tasks;
  for (std::uint32_t r = from; r < to; ++r) {
    tasks.push_back({plan.scenario, r, plan.twin, r == 0});
  }
  std::map<std::uint32_t, ReplicationRecord> records;
  const auto finished = [&](std::size_t, FinishedTask task) {
    if (task.full) out.first = std::move(task.full);
    if (task.twin) out.twin = std::move(task.twin);
    const std::uint32_t replication = task.record.replication;
    records.emplace(replication, std::move(task.record));
  };
  std::function<void(double)> tell;
  if (progress) tell = [&](double done) { progress(from + done, to); };
  const PoolOutcome outcome = run_tasks(tasks, plan.pool, finished, tell);
  for (LostJob lost : outcome.lost) {
    lost.job += from;
    out.lost.push_back(std::move(lost));
  }
  std::uint32_t next = from;
  for (auto& [replication, record] : records) {
    // What comes after a gap would not be there if the interruption had come a little earlier.
    if (outcome.interrupted && replication != next) break;
    next = replication + 1;
    out.records.push_back(std::move(record));
  }
  out.interrupted = outcome.interrupted;
  return !outcome.interrupted;
}

}  // namespace

ExperimentResult run_experiment(const ExperimentPlan& plan, const ExperimentProgress& progress) {
  ExperimentResult out;
  std::uint32_t done = 0;
  out.asked = plan.replications;
  while (add_replications(plan, done, out.asked, out, progress)) {
    done = out.asked;
    if (plan.precision.empty() || out.records.empty()) break;
    const Aggregate now = aggregate(out.records, plan.scenario->run.service_level_definition);
    const auto next = next_replications(plan.precision, now, plan.most);
    if (!next) break;
    out.asked = std::max(*next, done + 1);
    if (out.asked > plan.most) break;
  }
  return out;
}

}  // namespace bcsim::tools
