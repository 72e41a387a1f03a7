#include "tools/run/run.hpp"
#include "tools/base/usage_error.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <ostream>
#include <stdexcept>

#include "sim/hash.hpp"
#include "tools/base/atomic_file.hpp"
#include "tools/base/exit_code.hpp"
#include "tools/journal/journal_file.hpp"
#include "tools/results/result_writer.hpp"
#include "tools/run/deliver.hpp"
#include "tools/run/experiment.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/run/progress.hpp"
#include "tools/run/run_meta.hpp"
#include "tools/run/study.hpp"
#include "tools/scenario/keys/effective.hpp"
#include "tools/trace/capture_file.hpp"
#include "tools/trace/replay.hpp"

namespace bcsim::tools {

namespace {

using Clock = std::chrono::steady_clock;

/// Of the request, with the number of replications that it will have had.
ResultMeta describe(const RunRequest& request, const models::Scenario& scenario) {
  const bool as_asked = scenario.run.replications == request.scenario.run.replications;
  return describe_run(scenario, {as_asked ? request.effective_yaml : effective_yaml(scenario),
                                 request.warnings, request.path, request.twin});
}

/// Throws UsageError if two things would be written to one file, or one over what is read.
void require_distinct(const RunRequest& request, const std::filesystem::path& directory) {
  namespace fs = std::filesystem;
  const auto refuse = [](const char* option, const fs::path& file, const char* why) {
    throw UsageError{fmt::format("--{} {}: {}", option, file.string(), why), "name another file"};
  };
  for (const auto& [option, file] :
       {std::pair{"journal", &request.journal}, std::pair{"pcap", &request.pcap}}) {
    if (file->empty()) continue;
    require_not_read(request.inputs, option, *file);
    const bool ours = is_result_name(file->filename()) && same_file(file->parent_path(), directory);
    if (ours || is_result_file(*file)) refuse(option, *file, "that is a file of results");
  }
  for (const fs::path& input : request.inputs) {
    if (is_result_name(input.filename())) {
      require_not_read({input}, request.baseline ? "baseline" : "out",
                       directory / input.filename());
    }
  }
  if (!request.pcap.empty() && same_file(request.pcap, request.journal)) {
    refuse("pcap", request.pcap, "--journal writes there");
  }
}

ExperimentResult carry_out(const RunRequest& request, Terminal& terminal) {
  const SignalGuard signals;
  Progress progress(terminal, request.scenario.name);
  ExperimentPlan plan;
  plan.scenario = &request.scenario;
  plan.replications = request.scenario.run.replications;
  plan.twin = request.twin && models::has_failures(request.scenario);
  plan.precision = request.precision;
  plan.most = request.most;
  plan.pool = {.workers = request.jobs, .watch = progress.on()};
  ExperimentProgress tell;
  if (progress.on()) {
    tell = [&progress](double done, std::uint32_t wanted) {
      progress.show(done / wanted, wanted == 1 ? "of one run"
                                               : fmt::format("{:.0f} of {} replications",
                                                             std::floor(done), wanted));
    };
  }
  return run_experiment(plan, tell);
}

/// Says what did not go as asked; the exit code for that, or good.
ExitCode report_shortfall(const RunRequest& request, const ExperimentResult& done,
                          const Aggregate& all, Terminal& terminal) {
  for (const LostJob& lost : done.lost) {
    terminal.err << fmt::format("bcsim: replication {} is missing: its worker was {} twice\n",
                                lost.job, lost.how);
  }
  if (done.interrupted) {
    terminal.err << fmt::format(
        "bcsim: interrupted after {} of {} replications; what was written is what -n {} gives\n",
        done.records.size(), done.asked, done.records.size());
    return ExitCode::interrupted;
  }
  if (!done.lost.empty()) return ExitCode::internal;
  ExitCode result = ExitCode::good;
  for (const PrecisionTarget& target : request.precision) {
    const Estimate e = all.value(target.metric);
    const bool met = is_met(target, all);
    if (!met) result = ExitCode::inconclusive;
    if (terminal.quiet() && met) continue;
    terminal.err << fmt::format(
        "bcsim: {} is {:.6g} ± {:.3g} after {} replications; ± {} was wanted{}\n", target.metric,
        e.value, e.half, all.replications, target.text, met ? "" : ": not reached");
  }
  return result;
}

/// The first call whose messages are wanted that is none of replication 0's `calls`.
std::optional<std::uint32_t> missing_call(const RunRequest& request, std::uint64_t calls) {
  for (const std::uint32_t call : request.filter.calls) {
    if (call >= calls) return call;
  }
  return std::nullopt;
}

/// Writes the journal and the capture, which workers do not: replication 0 once more, listening.
/// False if interrupted.
bool listen_again(const RunRequest& request, const ResultMeta& meta, Terminal& terminal) {
  if (request.journal.empty() && request.pcap.empty()) return true;
  const models::Layout layout(request.scenario, {request.scenario.run.seed, 0});
  std::optional<JournalFile> journal;
  std::optional<CaptureFile> capture;
  if (!request.journal.empty()) {
    journal.emplace(request.journal, layout,
                    request.journal_messages ? std::optional(request.filter) : std::nullopt);
  }
  if (!request.pcap.empty()) capture.emplace(request.pcap, layout, request.filter);
  const auto attach = [&](models::TwoSiteWorld& world) {
    if (journal) world.add_observer(*journal);
    if (capture) world.add_observer(*capture);
  };
  const SignalGuard signals;
  Progress progress(terminal, request.scenario.name);
  const ReplayEnd end =
      replay_run(request.scenario, 0, attach, sim::SimTime::max(), [&](models::SimTime reached) {
        progress.show(sim::seconds(reached) / sim::seconds(request.scenario.run.horizon),
                      "written");
        return !SignalGuard::interrupted();
      });
  if (SignalGuard::interrupted()) return false;
  if (end.journal_fingerprint != meta.journal_fingerprint) {
    throw std::runtime_error("the run and its journal differ");
  }
  if (journal) journal->commit();
  if (!capture) return true;
  capture->commit();
  if (capture->left_out() == 0 || terminal.quiet()) return true;
  terminal.err << fmt::format("bcsim: {} has the first {} messages; {} more: see --trace-count\n",
                              request.pcap.string(), capture->packets(), capture->left_out());
  return true;
}

}  // namespace

int run_scenario(const RunRequest& request, Terminal& terminal) {
  const bool chosen = !request.out.empty();
  const auto directory_of = [&](const ResultMeta& meta) {
    return chosen ? request.out : result_directory("results", meta);
  };
  // Better learned before the run than after.
  require_distinct(request, directory_of(describe(request, request.scenario)));
  require_writable(directory_of(describe(request, request.scenario)));
  for (const std::filesystem::path& file : {request.journal, request.pcap}) {
    if (!file.empty()) require_place(file);
  }

  const auto began = Clock::now();
  ExperimentResult done = carry_out(request, terminal);
  if (done.records.empty() || !done.first) {
    if (done.interrupted) {
      terminal.err << "bcsim: interrupted before anything was complete; nothing was written\n";
      return interrupted_code();
    }
    throw std::runtime_error(
        fmt::format("the worker of replication 0 was {} twice", done.lost.front().how));
  }
  models::Scenario scenario = request.scenario;
  scenario.run.replications = static_cast<std::uint32_t>(done.records.size());
  if (!done.lost.empty()) scenario.run.replications = done.asked;
  ResultMeta meta = describe(request, scenario);
  complete_meta(meta, scenario, *done.first,
                std::chrono::duration<double>(Clock::now() - began).count());
  if (request.baseline) meta.host = {};  // what is kept with the sources says nothing of a machine
  const std::filesystem::path directory = directory_of(meta);

  const Aggregate all =
      write_experiment(done, meta, scenario.expectations, directory,
                       request.baseline ? ResultFiles::baseline : ResultFiles::all);
  const auto missing = missing_call(request, done.first->calls);
  const bool listened = !missing && listen_again(request, meta, terminal);
  if (!chosen) update_latest(directory);
  print_experiment(done, all, meta, {request.json, directory}, terminal);
  if (terminal.verbose()) {
    terminal.err << fmt::format("{} messages in {:.2f} s; {} actors ({}); journal {}\n",
                                meta.messages_delivered, meta.host.wall_s, done.first->actors,
                                meta.actors, sim::to_hex(meta.journal_fingerprint));
  }
  if (missing) {
    terminal.err << fmt::format(
        "bcsim: --trace-call: there is no call {}: {} calls are numbered from 0; the results are "
        "complete, nothing else was written\n",
        *missing, done.first->calls);
    return code(ExitCode::bad_input);
  }
  if (!listened) {
    terminal.err << "bcsim: interrupted; the results are complete, the journal was not written\n";
    return interrupted_code();
  }
  const ExitCode shortfall = report_shortfall(request, done, all, terminal);
  if (shortfall == ExitCode::interrupted) return interrupted_code();
  if (shortfall == ExitCode::internal) return code(shortfall);
  return code(done.first->result.violated() ? ExitCode::refused : shortfall);
}

}  // namespace bcsim::tools
