#include "tools/worst/worst_run.hpp"
#include "tools/base/usage_error.hpp"

#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <ostream>

#include "sim/rng.hpp"
#include "tools/base/atomic_file.hpp"
#include "tools/base/exit_code.hpp"
#include "tools/explore/tree.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/run/progress.hpp"
#include "tools/run/replicate.hpp"
#include "tools/run/run_meta.hpp"
#include "tools/run/worker_pool.hpp"
#include "tools/scenario/home.hpp"
#include "tools/scenario/load_report.hpp"
#include "tools/worst/warm_run.hpp"

namespace bcsim::tools {
namespace {

using models::SimTime;

std::string bytes_of(const std::vector<SimTime>& times) {
  std::string bytes(times.size() * sizeof(SimTime), '\0');
  if (!times.empty()) std::memcpy(bytes.data(), times.data(), bytes.size());
  return bytes;
}
std::vector<SimTime> times_of(const std::string& bytes) {
  std::vector<SimTime> times(bytes.size() / sizeof(SimTime));
  if (!times.empty()) std::memcpy(times.data(), bytes.data(), bytes.size());
  return times;
}

class WorstRun {
 public:
  WorstRun(WorstRequest request, Terminal& terminal)
      : request_(std::move(request)), terminal_(terminal) {
    const models::Scenario& s = scenario();
    result_.scenario = s.name;
    result_.title = s.title;
    result_.seed = s.run.seed;
    result_.start_label = s.run.start_label;
    result_.fault = request_.fault;
    result_.fault_text = s.faults[request_.fault].text;
    result_.written = s.faults[request_.fault].at;
    result_.from = request_.from;
    result_.until = request_.until;
    result_.of_victim = request_.of_victim;
    result_.id =
        hash_text(request_.study.base.effective_yaml +
                  fmt::format(
                      "\n{} {} {} {} {}", request_.fault, request_.from.time_since_epoch().count(),
                      request_.until.time_since_epoch().count(), request_.of_victim, request_.most))
            .substr(0, 12);
    directory_ = study_directory(request_.study, "worst", result_.id);
    result_.directory = directory_.string();
  }

  int run() {
    require_study_place(request_.study, "worst", directory_,
                        {"worst.yaml", "slowest.yaml", "violated.yaml", "failed.yaml"});
    // Its bounds: what is wrong with these moments is wrong with those between, too.
    for (const SimTime at : {request_.from, request_.until}) {
      if (!load_with(request_.study, settings(at), terminal_)) return code(ExitCode::bad_input);
    }
    const SignalGuard signals;
    {
      Progress progress(terminal_, "worst");
      progress_ = &progress;
      simulate();
    }
    if (SignalGuard::interrupted()) {
      terminal_.err << "bcsim: interrupted; nothing was written\n";
      return interrupted_code();
    }
    write();
    return report();
  }

 private:
  [[nodiscard]] const models::Scenario& scenario() const { return request_.study.base.scenario; }
  [[nodiscard]] std::vector<std::string> settings(SimTime at) const {
    return shift_settings(scenario(), request_.fault, at);
  }
  /// As bcsim run will load it.
  [[nodiscard]] models::Scenario shifted(SimTime at) const {
    std::vector<std::string> overrides = request_.study.overrides;
    for (std::string& setting : settings(at)) overrides.push_back(std::move(setting));
    Loaded loaded = load_argument(request_.study.path, overrides, terminal_.in);
    if (!loaded.has_errors()) return std::move(loaded.scenario);
    for (const Diagnostic& d : loaded.diagnostics) {
      if (d.severity == Severity::error) throw std::runtime_error(render(d, false));
    }
    return {};
  }

  void simulate() {
    WarmRun warm(scenario(), request_.fault);
    const double to_go = sim::seconds(request_.from);
    if (!warm.run_before(request_.from, [&](SimTime reached) {
          progress_->show(0.5 * sim::seconds(reached) / to_go, "on the way to the window");
          return !SignalGuard::interrupted();
        })) {
      return;
    }
    const std::vector<SimTime> times = look_around(warm);
    if (SignalGuard::interrupted()) return;
    result_.events = times.size();
    if (times.empty()) {
      throw UsageError{fmt::format("worst: nothing happens{} between {} and {}",
                                   request_.of_victim ? " to the victim" : "", words(request_.from),
                                   words(request_.until)),
                       "a longer --window"};
    }
    branch_off(warm, sample_times(times, request_.most, result_.seed));
  }

  /// Runs that do not begin at the window: nothing breaks, and the failure as it is written.
  [[nodiscard]] Moment whole_run(const models::Scenario& whole, const JobProgress& told) const {
    WarmRun run(scenario(), request_.fault);
    return finish(run, whole, result_.written, told);
  }
  /// In a process of its own.
  [[nodiscard]] Moment finish(WarmRun& run, const models::Scenario& as, SimTime at,
                              const JobProgress& told) const {
    const double from = sim::seconds(at), all = sim::seconds(as.run.horizon) - from;
    const bool done = run.finish_as(
        as, [&](SimTime reached) { return told((sim::seconds(reached) - from) / all); });
    if (!done) return {};  // the pool throws it away
    return moment_of(at, run.result(), run.journal_fingerprint());
  }
  /// The scenario with every failure after its end.
  [[nodiscard]] models::Scenario unbroken() const {
    models::Scenario s = scenario();
    for (models::Fault& fault : s.faults) {
      if (models::breaks(fault)) fault.at = sim::kNever;
    }
    s.expectations.clear();
    return s;
  }

  /// What happens in the window, and the two runs to compare with.
  std::vector<SimTime> look_around(WarmRun& warm) {
    std::vector<SimTime> times;
    enum Job { events, without, as_written, kJobs };
    const PoolOutcome outcome = run_jobs(
        kJobs, {.workers = request_.study.jobs, .attempts = 1},
        {.work =
             [&](std::size_t job, const JobProgress& told) {
               if (job == without) return to_bytes(whole_run(unbroken(), told));
               if (job == as_written) return to_bytes(whole_run(scenario(), told));
               const auto everything = [](const auto&) { return true; };
               return bytes_of(warm.event_times(
                   request_.until, request_.of_victim
                                       ? warm.involves_victim(scenario().faults[request_.fault])
                                       : Involves(everything)));
             },
         .done =
             [&](std::size_t job, const std::string& bytes) {
               if (job == events) times = times_of(bytes);
               if (job == without) result_.without = moment_from_bytes(bytes);
               if (job == as_written) result_.as_written = moment_from_bytes(bytes);
             }});
    for (const LostJob& lost : outcome.lost) {
      throw std::runtime_error(fmt::format("the run with the failure {}, {}",
                                           lost.job == as_written ? "as written" : "left out",
                                           lost.how));
    }
    return times;
  }

  /// A branch for each of these times, which rise.
  void branch_off(WarmRun& warm, const std::vector<SimTime>& times) {
    result_.moments.resize(times.size());
    std::function<void(double)> tell;
    if (progress_->on()) {
      tell = [&](double done) {
        progress_->show(done / static_cast<double>(times.size()),
                        fmt::format("{:.0f} of {} moments", done, times.size()));
      };
    }
    const PoolOutcome outcome = run_jobs(
        times.size(),
        {.workers = request_.study.jobs,
         .attempts = 1,
         .watch = progress_->on(),
         .outlive_failed_checks = true},
        {.work =
             [&](std::size_t job, const JobProgress& told) {
               Moment moment;
               try {
                 moment = finish(warm, shifted(times[job]), times[job], told);
               } catch (const std::exception& e) {
                 moment.at = times[job];
                 moment.failed = e.what();
               }
               return to_bytes(moment);
             },
         .done = [&](std::size_t job,
                     const std::string& bytes) { result_.moments[job] = moment_from_bytes(bytes); },
         .progress = tell,
         .prepare =
             [&](std::size_t job) {
               warm.run_before(times[job], [](SimTime) { return !SignalGuard::interrupted(); });
             }});
    for (const LostJob& lost : outcome.lost) {
      result_.moments[lost.job].at = times[lost.job];
      result_.moments[lost.job].failed = lost.how;
    }
  }

  // ---- what is written
  // ---------------------------------------------------------------------------

  [[nodiscard]] std::string words(SimTime at) const {
    return moment_words(at, result_.start_label);
  }
  void write_scenario(const char* name, const Moment& moment, const std::string& why) const {
    std::filesystem::path path = request_.study.path;
    std::error_code ignored;
    for (const ShippedScenario& shipped : shipped_scenarios()) {
      if (shipped.name == request_.study.path && !std::filesystem::exists(path, ignored)) {
        path = shipped.path;
      }
    }
    std::vector<std::string> overrides = request_.study.overrides;
    for (std::string& setting : settings(moment.at)) overrides.push_back(std::move(setting));
    write_file(directory_ / name,
               fmt::format("# {}: '{}' at {}, {}.\n# Written by bcsim worst; "
                           "the journal of its run has the fingerprint {}.\n{}",
                           printable(result_.scenario), printable(result_.fault_text),
                           words(moment.at), why, sim::to_hex(moment.fingerprint),
                           yaml_of(assembled_scenario(path, overrides))));
  }
  void write() {
    make_directories(directory_);
    if (const auto i = result_.worst()) {
      const Moment& m = result_.moments[*i];
      write_scenario("worst.yaml", m, count_words(m.lost, "call is lost", "calls are lost"));
    }
    if (const auto i = result_.slowest()) {
      const Moment& m = result_.moments[*i];
      write_scenario("slowest.yaml", m,
                     std::isinf(m.recovery_s())
                         ? std::string("not all is back before the end, or the next failure")
                         : fmt::format("all is back after {}", duration_words(m.recovery_s())));
    }
    for (const Moment& m : result_.moments) {
      if (!m.violated.empty()) {
        write_scenario("violated.yaml", m, fmt::format("'{}' says no", m.violated.front()));
        break;
      }
    }
    for (const Moment& m : result_.moments) {
      if (!m.failed.empty()) {
        write_scenario("failed.yaml", m, "the simulator fails");
        break;
      }
    }
    deliver_study(
        request_.study, "worst", directory_,
        {worst_json(result_), worst_csv(result_),
         worst_table(result_, {.color = terminal_.color_out(), .utf8 = environment_is_utf8()})},
        terminal_);
  }
  /// Says what went wrong in single branches; the exit code.
  int report() {
    std::size_t failed = 0, violated = 0;
    for (const Moment& m : result_.moments) {
      failed += !m.failed.empty();
      violated += !m.violated.empty();
      if (m.failed.empty() || failed > 5) continue;
      terminal_.err << fmt::format("bcsim: with '{}' at {} the simulation failed: {}\n",
                                   printable(result_.fault_text), words(m.at), printable(m.failed));
    }
    if (failed > 0) {
      terminal_.err << fmt::format("bcsim: {} of {} moments are missing; {} has the first\n",
                                   failed, result_.moments.size(),
                                   (directory_ / "failed.yaml").string());
      return code(ExitCode::internal);
    }
    return code(violated > 0 ? ExitCode::refused : ExitCode::good);
  }

  WorstRequest request_;
  Terminal& terminal_;
  Progress* progress_ = nullptr;
  WorstResult result_;
  std::filesystem::path directory_;
};

}  // namespace

std::vector<SimTime> sample_times(const std::vector<SimTime>& times, std::size_t most,
                                  std::uint64_t seed) {
  if (times.size() <= most) return times;
  sim::RngStream stream = sim::RngFactory{seed, 0}.stream("worst.moments");
  std::vector<SimTime> sample;
  for (std::size_t i = 0; i < most; ++i) {
    const std::size_t first = i * times.size() / most, end = (i + 1) * times.size() / most;
    sample.push_back(times[first + stream.below(end - first)]);
  }
  return sample;
}

int run_worst(WorstRequest request, Terminal& terminal) {
  return WorstRun(std::move(request), terminal).run();
}

}  // namespace bcsim::tools
