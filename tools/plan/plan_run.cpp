#include "tools/plan/plan_run.hpp"

#include <fmt/format.h>

#include <map>
#include <ostream>
#include <stdexcept>

#include "tools/cli/atomic_file.hpp"
#include "tools/cli/exit_code.hpp"
#include "tools/cli/home.hpp"
#include "tools/cli/report.hpp"
#include "tools/results/terminal_summary.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/run/progress.hpp"
#include "tools/run/replicate.hpp"
#include "tools/run/run_meta.hpp"

namespace bcsim::tools {
namespace {

/// Ctrl-C; and a candidate that is no good scenario.
struct PlanInterrupted {};
struct PlanRefused {};

class PlanRun {
 public:
  PlanRun(PlanRequest request, Terminal& terminal)
      : request_(std::move(request)), terminal_(terminal) {
    result_.scenario = request_.base.scenario.name;
    result_.title = request_.base.scenario.title;
    result_.seed = request_.base.scenario.run.seed;
    result_.has_faults = !request_.base.scenario.faults.empty();
    result_.options = request_.options;
    result_.id = hash_text(request_.base.effective_yaml + question_text()).substr(0, 12);
    directory_ = request_.out.empty()
                     ? std::filesystem::path("results") / result_.scenario / ("plan-" + result_.id)
                     : request_.out;
    result_.directory = directory_.string();
  }

  int run() {
    require_writable(directory_);
    try {
      const SignalGuard signals;
      Progress progress(terminal_, "plan");
      progress_ = &progress;
      answer_all();
    } catch (const PlanInterrupted&) {
      terminal_.err << "bcsim: interrupted; nothing was written\n";
      return code(ExitCode::interrupted);
    } catch (const PlanRefused&) {
      return code(ExitCode::bad_input);
    }
    make_directories(directory_);
    const std::string json = plan_json(result_);
    write_file(directory_ / "plan.csv", plan_csv(result_));
    write_file(directory_ / "plan.json", json);
    terminal_.out << (request_.json ? json
                                    : plan_table(result_, {.color = terminal_.color_out(),
                                                           .utf8 = environment_is_utf8()}));
    switch (result_.status()) {
      case AnswerStatus::decided:
        return code(ExitCode::good);
      case AnswerStatus::impossible:
        return code(ExitCode::refused);
      case AnswerStatus::not_decided:
        return code(ExitCode::inconclusive);
    }
    return code(ExitCode::internal);
  }

 private:
  [[nodiscard]] std::string question_text() const {
    const PlanGoals& g = request_.options.goals;
    std::string text = fmt::format("\n{} {} {} {} {} {} {} {} {} {}", g.service_level, g.blocking,
                                   g.server_delay_s, g.media_degraded, g.probability.value_or(0),
                                   g.confidence, name(g.stretch), g.shift.count(),
                                   request_.options.most, request_.options.verify);
    for (const Wanted wanted : request_.wanted) text += fmt::format(" {}", name(wanted));
    for (const double growth : request_.growth) text += fmt::format(" {}", growth);
    return text;
  }
  void answer_all() {
    const PlanWorld world{
        [this](const std::vector<std::string>& settings) { return load(settings); },
        [this](const models::Scenario& scenario, std::uint32_t from, std::uint32_t to) {
          return simulate_range(scenario, from, to);
        },
        [this](const std::string& what, std::uint32_t wanted) {
          what_ = fmt::format("{}: {}", question_, what);
          wanted_ = wanted;
        }};
    for (const Wanted wanted : request_.wanted) {
      question_ = name(wanted);
      const models::Scenario now = load({});
      PlanAnswer answer = answer_question(make_question(wanted, now, request_.options.goals),
                                          request_.options, world);
      // Its functions look at a scenario that will be gone: what they say is kept.
      result_.answers.push_back(keep(answer));
      for (const std::string& setting : settings_of(answer)) answered_.push_back(setting);
    }
    question_ = "headroom";
    if (!request_.growth.empty()) {
      result_.headroom = find_headroom(request_.growth, request_.options, world);
    }
  }
  [[nodiscard]] models::Scenario load(const std::vector<std::string>& settings) const {
    std::vector<std::string> all = request_.overrides;
    all.insert(all.end(), answered_.begin(), answered_.end());
    all.insert(all.end(), settings.begin(), settings.end());
    Loaded loaded = load_argument(request_.path, all, terminal_.in);
    if (loaded.has_errors()) {
      print_diagnostics(loaded, terminal_);
      throw PlanRefused{};
    }
    return std::move(loaded.scenario);
  }
  std::vector<ReplicationRecord> simulate_range(const models::Scenario& scenario,
                                                std::uint32_t from, std::uint32_t to) {
    std::vector<ReplicationTask> tasks;
    for (std::uint32_t r = from; r < to; ++r) tasks.push_back({&scenario, r, false, false});
    std::map<std::size_t, ReplicationRecord> records;
    std::function<void(double)> tell;
    if (progress_->on()) {
      tell = [&](double done) {
        progress_->show(done / static_cast<double>(tasks.size()),
                        fmt::format("{}, up to {} replications", what_, wanted_));
      };
    }
    const PoolOutcome outcome = run_tasks(
        tasks, {.workers = request_.jobs, .watch = progress_->on()},
        [&](std::size_t task, FinishedTask done) { records.emplace(task, std::move(done.record)); },
        tell);
    if (outcome.interrupted) throw PlanInterrupted{};
    if (!outcome.lost.empty()) {
      throw std::runtime_error(fmt::format("the worker of replication {} was {} twice",
                                           from + outcome.lost.front().job,
                                           outcome.lost.front().how));
    }
    std::vector<ReplicationRecord> out;
    for (auto& [task, record] : records) out.push_back(std::move(record));
    return out;
  }

  PlanRequest request_;
  Terminal& terminal_;
  PlanResult result_;
  std::filesystem::path directory_;
  std::vector<std::string> answered_;
  Progress* progress_ = nullptr;
  std::string question_, what_;
  std::uint32_t wanted_ = 0;
};

}  // namespace

int run_plan(PlanRequest request, Terminal& terminal) {
  return PlanRun(std::move(request), terminal).run();
}

}  // namespace bcsim::tools
