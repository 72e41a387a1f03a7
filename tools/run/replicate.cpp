#include "tools/run/replicate.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <memory>

#include "sim/time.hpp"
#include "tools/results/timeline_columns.hpp"
#include "tools/run/wire.hpp"

namespace bcsim::tools {
namespace {

/// One process: a replication or its twin.
struct Job {
  std::size_t task = 0;
  bool twin = false;
};

/// What a worker need not send.
void drop_unused(models::RunResult& result, const ReplicationTask& task, bool twin) {
  if (!twin && task.keep_result) return;
  result.events.clear();
  if (!task.keep_result) result.agent_names.clear();
  result.node_names.clear();
  if (!task.twin) result.calls.clear();
}

std::string simulate_job(const ReplicationTask& task, bool twin, const JobProgress& progress) {
  // The scenario must outlive the world: a twin's is made here.
  std::unique_ptr<const models::Scenario> other;
  if (twin) other = std::make_unique<const models::Scenario>(without_faults(*task.scenario));
  const models::Scenario& scenario = twin ? *other : *task.scenario;
  const double horizon = sim::seconds(scenario.run.horizon);
  Replication run = simulate(scenario, task.replication, [&](models::SimTime reached) {
    return progress(sim::seconds(reached) / horizon);
  });
  drop_unused(run.result, task, twin);
  return to_bytes(run);
}

TimelineCells timeline_cells(const models::RunResult& result) {
  TimelineCells cells;
  for (const models::TimelineRow& row : result.timeline) {
    for (const TimelineColumn& column : timeline_value_columns()) {
      cells.values.push_back(column.value(result, row));
      cells.weights.push_back(column.weight ? column.weight(result, row) : 1);
    }
  }
  return cells;
}

ReplicationRecord record_of(std::uint32_t replication, Replication& run, const Replication* twin) {
  ReplicationRecord record;
  record.replication = replication;
  record.metrics = run.result.metrics;
  record.verdicts = run.result.verdicts;
  record.calls = run.calls;
  record.messages_delivered = run.messages_delivered;
  record.messages_sent = run.messages_sent;
  record.journal_fingerprint = run.journal_fingerprint;
  record.timeline = timeline_cells(run.result);
  if (twin == nullptr) return record;
  record.twin_timeline = timeline_cells(twin->result);
  record.attribution = attribute(run.result, twin->result);
  std::map<std::string_view, double> others;
  for (const models::MetricValue& metric : twin->result.metrics) others[metric.id] = metric.value;
  for (const models::MetricValue& metric : record.metrics) {
    const auto found = others.find(metric.id);
    record.without_faults.push_back(found == others.end() || !exists_without_faults(metric.id)
                                        ? std::numeric_limits<double>::quiet_NaN()
                                        : found->second);
  }
  return record;
}

std::vector<Job> jobs_of(std::span<const ReplicationTask> tasks) {
  std::vector<Job> jobs;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    jobs.push_back({t, false});
    if (tasks[t].twin) jobs.push_back({t, true});
  }
  return jobs;
}

}  // namespace

models::Scenario without_faults(const models::Scenario& scenario) {
  models::Scenario twin = scenario;
  std::erase_if(twin.faults, models::breaks);
  twin.expectations.clear();
  return twin;
}

PoolOutcome run_tasks(std::span<const ReplicationTask> tasks, const PoolOptions& options,
                      const std::function<void(std::size_t, FinishedTask)>& finished,
                      const std::function<void(double)>& progress) {
  const std::vector<Job> jobs = jobs_of(tasks);
  struct Halves {
    std::optional<Replication> run, twin;
  };
  std::map<std::size_t, Halves> pending;
  PoolTasks pool;
  pool.work = [&](std::size_t job, const JobProgress& told) {
    return simulate_job(tasks[jobs[job].task], jobs[job].twin, told);
  };
  pool.done = [&](std::size_t job, std::string bytes) {
    const auto [t, twin] = jobs[job];
    Halves& halves = pending[t];
    (twin ? halves.twin : halves.run) = replication_from_bytes(bytes);
    if (!halves.run || (tasks[t].twin && !halves.twin)) return;
    FinishedTask task;
    task.record =
        record_of(tasks[t].replication, *halves.run, halves.twin ? &*halves.twin : nullptr);
    if (tasks[t].keep_result) {
      task.full = std::move(halves.run);
      task.twin = std::move(halves.twin);
    }
    pending.erase(t);
    finished(t, std::move(task));
  };
  if (progress) {
    pool.progress = [&](double done) {
      progress(done * static_cast<double>(tasks.size()) / static_cast<double>(jobs.size()));
    };
  }
  PoolOutcome outcome = run_jobs(jobs.size(), options, pool);
  std::vector<LostJob> lost;
  for (LostJob& one : outcome.lost) {
    one.job = jobs[one.job].task;
    if (lost.empty() || lost.back().job != one.job) lost.push_back(std::move(one));
  }
  outcome.lost = std::move(lost);
  return outcome;
}

}  // namespace bcsim::tools
