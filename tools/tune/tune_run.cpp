#include "tools/tune/tune_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <optional>
#include <ostream>

#include "tools/base/exit_code.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/run/kept_replications.hpp"
#include "tools/run/progress.hpp"
#include "tools/run/run_meta.hpp"

namespace bcsim::tools {
namespace {

class TuneRun {
 public:
  TuneRun(TuneRequest request, Terminal& terminal)
      : request_(std::move(request)), terminal_(terminal) {
    const models::Scenario& s = request_.study.base.scenario;
    result_.scenario = s.name;
    result_.title = s.title;
    result_.seed = s.run.seed;
    result_.replications = request_.replications;
    result_.factors = request_.factors;
    result_.worlds = tune_worlds(s, request_.disturbances);
    result_.metrics = tune_metrics(result_.worlds);
    for (TunePoint& point : tune_design(result_.factors, request_.combinations, s.run.seed)) {
      result_.points.push_back({std::move(point), {}, {}, false});
    }
    result_.id = hash_text(request_.study.base.effective_yaml + question_text()).substr(0, 12);
    directory_ = study_directory(request_.study, "tune", result_.id);
    result_.directory = directory_.string();
  }

  int run() {
    require_study_place(request_.study, "tune", directory_);
    if (!load_all()) return code(ExitCode::bad_input);
    KeptReplications kept(directory_, result_.id);
    kept.say_found(terminal_);
    const PoolOutcome outcome = simulate_all(kept);
    if (outcome.interrupted || !outcome.lost.empty()) {
      return kept.say_unfinished(outcome, terminal_);
    }
    evaluate_tuning(result_);
    deliver_study(
        request_.study, "tune", directory_,
        {tune_json(result_), tune_csv(result_),
         tune_table(result_, {.color = terminal_.color_out(), .utf8 = environment_is_utf8()})},
        terminal_);
    kept.remove();
    return code(ExitCode::good);
  }

 private:
  [[nodiscard]] std::string question_text() const {
    std::string text = fmt::format("\n{} {}", request_.replications, request_.combinations);
    for (const TuneWorld& world : result_.worlds) text += fmt::format("\n{}", world.settings);
    for (const TuneFactor& f : result_.factors) {
      text += fmt::format("\n{}={}", f.variable.paths, f.variable.values);
    }
    return text;
  }
  /// Every point in every world; says what is wrong with one that cannot be.
  bool load_all() {
    for (const TunedPoint& point : result_.points) {
      for (const TuneWorld& world : result_.worlds) {
        std::vector<std::string> settings = settings_of(result_.factors, point.point);
        settings.insert(settings.end(), world.settings.begin(), world.settings.end());
        std::optional<models::Scenario> loaded = load_with(request_.study, settings, terminal_);
        if (!loaded) {
          terminal_.err << fmt::format("bcsim: with {}, {}\n",
                                       point_words(result_.factors, point.point), world.name);
          return false;
        }
        scenarios_.push_back(std::move(*loaded));
      }
    }
    return true;
  }
  PoolOutcome simulate_all(KeptReplications& kept) {
    const std::size_t worlds = result_.worlds.size(), n = request_.replications;
    std::vector<ReplicationTask> tasks;
    for (std::size_t p = 0; p < result_.points.size(); ++p) {
      for (std::uint32_t r = 0; r < n; ++r) {
        for (std::size_t w = 0; w < worlds; ++w) {
          tasks.push_back({&scenarios_[p * worlds + w], r, false, false});
        }
      }
      result_.points[p].values.assign(result_.metrics.size(), std::vector<double>(n));
    }
    const double quiet_s = sim::seconds(quiet_horizon(request_.study.base.scenario));
    // The records of a replication wait here until all its worlds are done.
    std::map<std::size_t, std::vector<ReplicationRecord>> pending;
    std::map<std::size_t, std::size_t> arrived;
    const auto finished = [&](std::size_t task, FinishedTask done) {
      const std::size_t run = task / worlds;
      pending[run].resize(worlds);
      pending[run][task % worlds] = std::move(done.record);
      if (++arrived[run] < worlds) return;
      const std::vector<double> values = tune_values(result_.worlds, pending[run], quiet_s);
      for (std::size_t m = 0; m < values.size(); ++m) {
        result_.points[run / n].values[m][run % n] = values[m];
      }
      pending.erase(run);
    };
    const SignalGuard signals;
    Progress progress(terminal_, "tune");
    std::function<void(double)> tell;
    if (progress.on()) {
      tell = [&](double done) {
        progress.show(done / static_cast<double>(tasks.size()),
                      fmt::format("{} points in {} worlds", result_.points.size(), worlds));
      };
    }
    return kept.run(tasks, {.workers = request_.study.jobs, .watch = progress.on()}, finished,
                    tell);
  }

  TuneRequest request_;
  Terminal& terminal_;
  TuneResult result_;
  std::filesystem::path directory_;
  std::vector<models::Scenario> scenarios_;  ///< by point, then world
};

}  // namespace

int run_tune(TuneRequest request, Terminal& terminal) {
  return TuneRun(std::move(request), terminal).run();
}

}  // namespace bcsim::tools
