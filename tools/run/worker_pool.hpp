// Jobs in forked processes: a process can hold one SimGrid engine, and may die without harm.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace bcsim::tools {

/// Told by a job how far it is, from 0 to 1; false: stop, nobody wants the answer any more.
using JobProgress = std::function<bool(double)>;

struct PoolOptions {
  unsigned workers = 1;  ///< processes at a time
  int attempts = 2;      ///< of a job whose worker dies, before it is given up
  bool watch = false;    ///< somebody wants to see the progress
  /// A job that stops at a failed check of the simulator is lost like one that is killed; else that
  /// is thrown.
  bool outlive_failed_checks = false;
};

/// A job whose worker died at every attempt.
struct LostJob {
  std::size_t job = 0;
  std::string how;  ///< "killed by signal 9"
};

struct PoolOutcome {
  std::vector<LostJob> lost;
  bool interrupted = false;  ///< by a signal: what was running has been thrown away
};

/// What a pool does: `work` runs in the worker and gives its answer as bytes; the others run here.
/// `prepare` comes right before the worker of this job begins with a copy of all that is here; with
/// it, jobs can be attempted only once.
struct PoolTasks {
  std::function<std::string(std::size_t job, const JobProgress&)> work;
  std::function<void(std::size_t job, std::string bytes)> done;
  /// Sum of the progress of all jobs that have begun or are over.
  std::function<void(double)> progress = {};
  std::function<void(std::size_t job)> prepare = {};
};

/// Runs jobs 0 … count−1, started in that order, at most `workers` at a time; returns when all are
/// done, given up or interrupted (SignalGuard). An exception of `work`, which would come again, is
/// thrown here as a std::runtime_error; exceptions of `done` pass. No worker outlives the call, nor
/// this process. Call without a SimGrid engine in the process.
[[nodiscard]] PoolOutcome run_jobs(std::size_t count, const PoolOptions& options,
                                   const PoolTasks& tasks);

/// Cores that this process may use.
[[nodiscard]] unsigned usable_cores();

}  // namespace bcsim::tools
