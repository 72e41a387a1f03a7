#include "tools/run/run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <ostream>
#include <thread>

#include "build_info.hpp"
#include "sim/hash.hpp"
#include "sim/s4u/platform.hpp"
#include "tools/cli/atomic_file.hpp"
#include "tools/cli/exit_code.hpp"
#include "tools/results/json_files.hpp"
#include "tools/results/result_writer.hpp"
#include "tools/results/terminal_summary.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/run/progress.hpp"
#include "tools/run/simulate.hpp"

namespace bcsim::tools {

namespace {

using Clock = std::chrono::steady_clock;

std::string hash_text(std::string_view text) {
  sim::Hash64 hash;
  for (const char c : text) hash.add(static_cast<unsigned char>(c));
  return sim::to_hex(hash.value());
}

/// What is known before the run; the rest is filled in after it.
ResultMeta describe(const RunRequest& request) {
  const models::Scenario& scenario = request.scenario;
  ResultMeta meta;
  meta.scenario = scenario.name;
  meta.title = scenario.title;
  meta.effective_yaml = request.effective_yaml;
  meta.scenario_hash = hash_text(request.effective_yaml);
  meta.seed = scenario.run.seed;
  meta.version = build_info::kVersion;
  meta.git_commit = build_info::kGitCommit;
  meta.compiler = build_info::kCompiler;
  meta.simgrid_version = sim::simgrid_version();
  meta.run_id =
      hash_text(fmt::format("{}\n{}\n{}", request.effective_yaml, meta.seed, meta.version))
          .substr(0, 12);
  for (const Diagnostic& warning : request.warnings) {
    const bool accepted = std::find(scenario.accepted.begin(), scenario.accepted.end(),
                                    warning.code) != scenario.accepted.end();
    if (accepted) meta.accepted.push_back(fmt::format("{}: {}", warning.code, warning.message));
  }
  meta.host.path = request.path;
  meta.host.cores = std::thread::hardware_concurrency();
  return meta;
}

void complete(ResultMeta& meta, const Replication& run, Clock::duration wall) {
  meta.actors = run.pooled ? "pooled" : "per-device";
  meta.journal_fingerprint = run.journal_fingerprint;
  meta.trajectory_fingerprint = run.trajectory_fingerprint;
  meta.messages_delivered = run.messages_delivered;
  meta.messages_sent = run.messages_sent;
  meta.host.wall_s = std::chrono::duration<double>(wall).count();
}

/// Throws WriteError if the directory, or what it would be made in, is no writable directory.
void require_writable(const std::filesystem::path& directory) {
  std::error_code ignored;
  std::filesystem::path existing = std::filesystem::absolute(directory, ignored);
  while (!std::filesystem::exists(existing, ignored) && existing.has_relative_path()) {
    existing = existing.parent_path();
  }
  if (!std::filesystem::is_directory(existing, ignored)) {
    throw WriteError(fmt::format("cannot write results: {} is not a directory", existing.string()));
  }
  if (access(existing.c_str(), W_OK | X_OK) != 0) {
    throw WriteError(fmt::format("cannot write results to {}: no permission", existing.string()));
  }
}

std::string hours(models::SimTime t) {
  const auto s = std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

}  // namespace

int run_scenario(const RunRequest& request, Terminal& terminal) {
  ResultMeta meta = describe(request);
  const bool chosen = !request.out.empty();
  const std::filesystem::path directory = chosen ? request.out : result_directory("results", meta);
  require_writable(directory);  // better learned before the run than after

  const auto began = Clock::now();
  std::optional<Replication> run;
  {
    const SignalGuard signals;
    Progress progress(terminal, request.scenario);
    run = simulate(request.scenario, 0, [&progress](models::SimTime reached) {
      progress.show(reached);
      return !SignalGuard::interrupted();
    });
  }
  if (SignalGuard::interrupted()) {
    terminal.err << fmt::format("bcsim: interrupted at {} of {}; nothing was written\n",
                                hours(run->reached),
                                hours(sim::kStart + request.scenario.run.horizon));
    return code(ExitCode::interrupted);
  }
  complete(meta, *run, Clock::now() - began);

  write_results(run->result, meta, directory);
  if (!chosen) update_latest(directory);
  if (request.json) {
    terminal.out << summary_json(run->result, meta);
  } else {
    terminal.out << terminal_summary(run->result, meta,
                                     {.color = terminal.color_out(),
                                      .utf8 = environment_is_utf8(),
                                      .files = directory.string()});
  }
  if (terminal.verbose()) {
    terminal.err << fmt::format(
        "{} messages in {:.2f} s, {:.2f} million a second; {} actors ({}); journal {}\n",
        run->messages_delivered, meta.host.wall_s,
        1e-6 * static_cast<double>(run->messages_delivered) / meta.host.wall_s, run->actors,
        meta.actors, sim::to_hex(run->journal_fingerprint));
  }
  return code(run->result.violated() ? ExitCode::refused : ExitCode::good);
}

}  // namespace bcsim::tools
