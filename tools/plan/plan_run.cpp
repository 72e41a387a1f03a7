#include "tools/plan/plan_run.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <ostream>

#include "tools/base/exit_code.hpp"
#include "tools/results/terminal_summary.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/run/kept_replications.hpp"
#include "tools/run/progress.hpp"
#include "tools/run/run_meta.hpp"

namespace bcsim::tools {
namespace {

/// Ctrl-C, or a replication that cannot be had; and a candidate that is no good scenario.
struct PlanStopped {
  PoolOutcome outcome;
};
struct PlanRefused {};

class PlanRun {
 public:
  PlanRun(PlanRequest request, Terminal& terminal)
      : request_(std::move(request)), terminal_(terminal) {
    result_.scenario = request_.study.base.scenario.name;
    result_.title = request_.study.base.scenario.title;
    result_.seed = request_.study.base.scenario.run.seed;
    result_.has_faults = !request_.study.base.scenario.faults.empty();
    result_.options = request_.options;
    result_.id = hash_text(request_.study.base.effective_yaml + question_text()).substr(0, 12);
    directory_ = study_directory(request_.study, "plan", result_.id);
    result_.directory = directory_.string();
  }

  int run() {
    require_study_place(request_.study, "plan", directory_);
    kept_.emplace(directory_, result_.id);
    kept_->say_found(terminal_);
    try {
      const SignalGuard signals;
      answer_all();
    } catch (const PlanStopped& stopped) {
      return kept_->say_unfinished(stopped.outcome, terminal_);
    } catch (const PlanRefused&) {
      return code(ExitCode::bad_input);
    }
    deliver_study(
        request_.study, "plan", directory_,
        {plan_json(result_), plan_csv(result_),
         plan_table(result_, {.color = terminal_.color_out(), .utf8 = environment_is_utf8()})},
        terminal_);
    kept_->remove();
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
    std::string text = fmt::format(
        "\n{} {} {} {} {} {} {} {} {} {} {}", g.service_level, g.blocking, g.server_delay_s,
        g.media_degraded, g.probability.value_or(0), g.confidence, name(g.stretch), g.shift.count(),
        request_.options.most, request_.options.within, request_.options.verify);
    if (g.people)
      text += fmt::format(" {} {} {}", g.people->id, g.people->at_least, g.people->limit);
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
        [this](const std::string& what) { what_ = fmt::format("{}: {}", question_, what); }};
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
    std::vector<std::string> all = answered_;
    all.insert(all.end(), settings.begin(), settings.end());
    std::optional<models::Scenario> loaded = load_with(request_.study, all, terminal_);
    if (!loaded) throw PlanRefused{};
    return std::move(*loaded);
  }
  std::vector<ReplicationRecord> simulate_range(const models::Scenario& scenario,
                                                std::uint32_t from, std::uint32_t to) {
    std::vector<ReplicationTask> tasks;
    for (std::uint32_t r = from; r < to; ++r) tasks.push_back({&scenario, r, false, false});
    std::map<std::size_t, ReplicationRecord> records;
    Progress progress(terminal_, "plan");
    std::function<void(double)> tell;
    if (progress.on()) {
      tell = [&](double done) {
        progress.show(done / static_cast<double>(tasks.size()),
                      fmt::format("{}, {} to {} of at most {} ({} done in all)", what_, from + 1,
                                  to, request_.options.most, kept_->count()));
      };
    }
    const PoolOutcome outcome = kept_->run(
        tasks, {.workers = request_.study.jobs, .watch = progress.on()},
        [&](std::size_t task, FinishedTask done) { records.emplace(task, std::move(done.record)); },
        tell);
    if (outcome.interrupted || !outcome.lost.empty()) throw PlanStopped{outcome};
    std::vector<ReplicationRecord> out;
    for (auto& [task, record] : records) out.push_back(std::move(record));
    return out;
  }

  PlanRequest request_;
  Terminal& terminal_;
  PlanResult result_;
  std::filesystem::path directory_;
  std::vector<std::string> answered_;
  std::optional<KeptReplications> kept_;
  std::string question_, what_;
};

}  // namespace

int run_plan(PlanRequest request, Terminal& terminal) {
  return PlanRun(std::move(request), terminal).run();
}

}  // namespace bcsim::tools
