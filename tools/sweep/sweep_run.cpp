#include "tools/sweep/sweep_run.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <ostream>

#include "tools/base/atomic_file.hpp"
#include "tools/base/exit_code.hpp"
#include "tools/results/result_writer.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/run/progress.hpp"
#include "tools/run/replicate.hpp"
#include "tools/sweep/sweep_files.hpp"

namespace bcsim::tools {
namespace {

namespace fs = std::filesystem;

/// What of a point has come back from the workers.
struct PointState {
  ResultMeta meta;
  bool done = false;
  std::map<std::uint32_t, ReplicationRecord> records;
  std::optional<Replication> first;
};

class SweepRun {
 public:
  SweepRun(const SweepRequest& request, Terminal& terminal)
      : request_(request), terminal_(terminal) {
    std::string ids;
    index_.scenario = request.scenario;
    index_.spec = request.spec;
    for (const LoadedPoint& point : request.points) {
      const ResultMeta& meta = states_.emplace_back().meta =
          describe_run(point.scenario, point.origin);
      index_.points.push_back({point.point, meta.run_id, meta.replications});
      ids += meta.run_id + "\n";
    }
    index_.id = hash_text(ids).substr(0, 12);
    directory_ = request.out.empty()
                     ? fs::path("results") / request.scenario / ("sweep-" + index_.id)
                     : request.out;
    for (std::size_t p = 0; p < states_.size(); ++p) {
      states_[p].done = is_point_done(directory_, index_, p);
    }
  }

  int run() {
    require_writable(directory_);
    begin_sweep(directory_, index_);
    const std::size_t before = done_count();
    if (before > 0 && !terminal_.quiet()) {
      terminal_.err << fmt::format("bcsim: {} of {} points are already done\n", before,
                                   states_.size());
    }
    const PoolOutcome outcome = simulate_missing();
    for (const LostJob& lost : outcome.lost) {
      terminal_.err << fmt::format("bcsim: point {}: a worker was {} twice\n",
                                   tasks_point_[lost.job], lost.how);
    }
    if (done_count() < states_.size()) return incomplete(outcome);
    finish_sweep(directory_, index_, request_.json, terminal_);
    return code(ExitCode::good);
  }

 private:
  [[nodiscard]] std::size_t done_count() const {
    std::size_t n = 0;
    for (const PointState& state : states_) n += state.done;
    return n;
  }
  PoolOutcome simulate_missing() {
    std::vector<ReplicationTask> tasks;
    for (std::size_t p = 0; p < states_.size(); ++p) {
      if (states_[p].done || p % request_.shard.count + 1 != request_.shard.index) continue;
      const models::Scenario& scenario = request_.points[p].scenario;
      for (std::uint32_t r = 0; r < scenario.run.replications; ++r) {
        tasks.push_back({&scenario, r, states_[p].meta.twin, r == 0});
        tasks_point_.push_back(p);
      }
    }
    if (tasks.empty()) return {};
    const SignalGuard signals;
    Progress progress(terminal_, "sweep");
    std::function<void(double)> tell;
    if (progress.on()) {
      tell = [&](double done) {
        progress.show(done / static_cast<double>(tasks.size()),
                      fmt::format("{} of {} points", done_count(), states_.size()));
      };
    }
    const PoolOptions options{.workers = request_.jobs, .watch = progress.on()};
    return run_tasks(
        tasks, options,
        [this](std::size_t task, FinishedTask done) {
          const std::size_t p = tasks_point_[task];
          const std::uint32_t r = done.record.replication;
          states_[p].records.emplace(r, std::move(done.record));
          if (done.full) states_[p].first = std::move(done.full);
          finish_point(p);
        },
        tell);
  }
  void finish_point(std::size_t p) {
    PointState& state = states_[p];
    const models::Scenario& scenario = request_.points[p].scenario;
    if (state.records.size() < scenario.run.replications) return;
    std::vector<ReplicationRecord> records;
    for (auto& [r, record] : state.records) records.push_back(std::move(record));
    const Aggregate all = aggregate(records, scenario.run.service_level_definition);
    models::RunResult& first = state.first->result;
    first.verdicts = merge_verdicts(records, all, scenario.expectations);
    complete_meta(state.meta, scenario, *state.first, 0);
    write_results(
        {.first = &first, .records = records, .aggregate = &all, .files = ResultFiles::point},
        state.meta, point_directory(directory_, p));
    state.records.clear();
    state.first.reset();
    state.done = true;
  }
  [[nodiscard]] int incomplete(const PoolOutcome& outcome) const {
    if (request_.shard.count > 1 && !outcome.interrupted && outcome.lost.empty()) {
      terminal_.err << fmt::format("bcsim: shard {}/{} is done; {} of {} points are in {}\n",
                                   request_.shard.index, request_.shard.count, done_count(),
                                   states_.size(), directory_.string());
      return code(ExitCode::good);
    }
    terminal_.err << fmt::format(
        "bcsim: {} of {} points are done; the same command goes on from there ({})\n", done_count(),
        states_.size(), directory_.string());
    return outcome.interrupted ? interrupted_code() : code(ExitCode::internal);
  }

  const SweepRequest& request_;
  Terminal& terminal_;
  SweepIndex index_;
  fs::path directory_;
  std::vector<PointState> states_;
  std::vector<std::size_t> tasks_point_;
};

}  // namespace

int run_sweep(const SweepRequest& request, Terminal& terminal) {
  return SweepRun(request, terminal).run();
}

}  // namespace bcsim::tools
