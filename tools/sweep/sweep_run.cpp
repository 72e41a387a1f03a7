#include "tools/sweep/sweep_run.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <ostream>

#include "tools/cli/atomic_file.hpp"
#include "tools/cli/exit_code.hpp"
#include "tools/compare/saved_results.hpp"
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
  fs::path directory;
  bool done = false;
  std::map<std::uint32_t, ReplicationRecord> records;
  std::optional<Replication> first;
};

class SweepRun {
 public:
  SweepRun(const SweepRequest& request, Terminal& terminal)
      : request_(request), terminal_(terminal) {
    std::string ids;
    for (const LoadedPoint& point : request.points) {
      states_.emplace_back().meta = describe_run(point.scenario, point.origin);
      ids += states_.back().meta.run_id + "\n";
    }
    id_ = hash_text(ids).substr(0, 12);
    directory_ = request.out.empty() ? fs::path("results") / request.scenario / ("sweep-" + id_)
                                     : request.out;
    for (std::size_t p = 0; p < states_.size(); ++p) {
      states_[p].directory = directory_ / "points" / fmt::format("{:04}", p);
      states_[p].done = is_done(states_[p]);
    }
  }

  int run() {
    require_writable(directory_);
    refuse_foreign();
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
    put_together();
    return code(ExitCode::good);
  }

 private:
  /// Its results are there, whole, and of this very question.
  [[nodiscard]] static bool is_done(const PointState& state) {
    if (!is_result_directory(state.directory)) return false;
    try {
      return saved_run_id(state.directory) == state.meta.run_id;
    } catch (const BadResults&) {
      return false;
    }
  }
  /// A directory with another sweep in it is not to be written over.
  void refuse_foreign() const {
    std::error_code ignored;
    const fs::path file = directory_ / "sweep.id";
    const bool there = fs::exists(file, ignored);
    if (!there && fs::exists(directory_ / "points", ignored)) {
      throw WriteError(fmt::format("'{}' has points, but not of a sweep", directory_.string()));
    }
    if (there && read_sweep_id(file) != id_) {
      throw WriteError(
          fmt::format("'{}' holds another sweep; use another directory (-o)", directory_.string()));
    }
    make_directories(directory_);
    if (!there) write_file(file, id_ + "\n");
  }
  [[nodiscard]] std::size_t done_count() const {
    std::size_t n = 0;
    for (const PointState& state : states_) n += state.done;
    return n;
  }
  PoolOutcome simulate_missing() {
    std::vector<ReplicationTask> tasks;
    for (std::size_t p = 0; p < states_.size(); ++p) {
      if (states_[p].done || p % request_.shards != request_.shard) continue;
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
    complete_meta(state.meta, *state.first, 0);
    write_results({.first = &first, .records = records, .aggregate = &all, .without_calls = true},
                  state.meta, state.directory);
    state.records.clear();
    state.first.reset();
    state.done = true;
  }
  [[nodiscard]] int incomplete(const PoolOutcome& outcome) const {
    if (request_.shards > 1 && !outcome.interrupted && outcome.lost.empty()) {
      terminal_.err << fmt::format("bcsim: shard {}/{} is done; {} of {} points are in {}\n",
                                   request_.shard + 1, request_.shards, done_count(),
                                   states_.size(), directory_.string());
      return code(ExitCode::good);
    }
    terminal_.err << fmt::format(
        "bcsim: {} of {} points are done; the same command goes on from there ({})\n", done_count(),
        states_.size(), directory_.string());
    return code(outcome.interrupted ? ExitCode::interrupted : ExitCode::internal);
  }
  /// Reads all points back, so that it does not matter which were simulated now.
  void put_together() const {
    std::vector<PointResult> points;
    for (std::size_t p = 0; p < states_.size(); ++p) {
      const SavedResults saved = read_results(states_[p].directory);
      points.push_back(
          {request_.points[p].point, saved.run_id,
           aggregate(saved.records, request_.points[p].scenario.run.service_level_definition)});
    }
    const SweepLabels labels{request_.scenario, id_, directory_.string()};
    write_file(directory_ / "points.csv", points_csv(request_.spec, points));
    const std::string json = sweep_json(request_.spec, points, labels);
    write_file(directory_ / "sweep.json", json);
    terminal_.out << (request_.json ? json
                                    : sweep_table(request_.spec, points, labels,
                                                  {.color = terminal_.color_out(),
                                                   .utf8 = environment_is_utf8()}));
  }

  const SweepRequest& request_;
  Terminal& terminal_;
  std::string id_;
  fs::path directory_;
  std::vector<PointState> states_;
  std::vector<std::size_t> tasks_point_;
};

}  // namespace

int run_sweep(const SweepRequest& request, Terminal& terminal) {
  return SweepRun(request, terminal).run();
}

}  // namespace bcsim::tools
