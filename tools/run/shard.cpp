#include "tools/run/shard.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <stdexcept>

#include "build_info.hpp"
#include "tools/base/atomic_file.hpp"
#include "tools/base/exit_code.hpp"
#include "tools/results/result_writer.hpp"
#include "tools/results/saved_files.hpp"
#include "tools/run/deliver.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/run/progress.hpp"
#include "tools/run/replicate.hpp"
#include "tools/run/run_meta.hpp"
#include "tools/run/shared_file.hpp"
#include "tools/scenario/load.hpp"

namespace bcsim::tools {
namespace {

namespace fs = std::filesystem;

/// Is this replication of this run there, whole? Throws WriteError if another one is.
bool is_there(const fs::path& directory, std::uint32_t replication, const ResultMeta& meta) {
  const fs::path path = shared_path(directory, replication);
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return false;
  std::optional<SharedHead> head;
  try {
    head = read_shared(path).head;
  } catch (const InputError&) {
    return false;  // cut off when its machine died
  }
  if (head->run_id == meta.run_id && head->is_of_this_build()) return true;
  throw WriteError(fmt::format(
      "'{}' is of another run or build of the program; use another directory (-o)", path.string()));
}

/// Simulates `tasks`, writing each where it belongs.
PoolOutcome simulate_shared(const std::vector<ReplicationTask>& tasks, const ResultMeta& meta,
                            const fs::path& directory, Shard shard, unsigned jobs,
                            Terminal& terminal) {
  const SignalGuard signals;
  Progress progress(terminal, fmt::format("shard {}/{}", shard.index, shard.count));
  std::function<void(double)> tell;
  if (progress.on()) {
    tell = [&](double done) {
      progress.show(done / static_cast<double>(tasks.size()),
                    fmt::format("{:.0f} of {} replications", std::floor(done), tasks.size()));
    };
  }
  const auto finished = [&](std::size_t, FinishedTask done) {
    SharedReplication shared{meta, std::move(done.record), {}};
    if (done.full) shared.full.push_back(std::move(*done.full));
    if (done.twin) shared.full.push_back(std::move(*done.twin));
    write_shared(directory, shared, shard.index, shard.count);
  };
  return run_tasks(tasks, {.workers = jobs, .watch = progress.on()}, finished, tell);
}

/// All replication files in the directories, in order; throws InputError.
std::vector<fs::path> shared_files(const std::vector<fs::path>& directories) {
  std::vector<fs::path> files;
  for (const fs::path& directory : directories) {
    std::error_code error;
    const std::size_t before = files.size();
    for (const auto& entry : fs::directory_iterator(directory, error)) {
      if (entry.path().extension() == kSharedEnding) files.push_back(entry.path());
    }
    if (error) {
      throw InputError(fmt::format("{}: cannot be read: {}", directory.string(), error.message()));
    }
    if (files.size() == before) {
      throw InputError(fmt::format("{}: has nothing of a shard in it ('bcsim run --shard')",
                                   directory.string()));
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// The replications of one run as they come out of their files.
class Gathered {
 public:
  void take(const fs::path& path) {
    SharedFile file = read_shared(path);
    const SharedHead& head = file.head;
    if (!head.is_of_this_build()) {
      throw InputError(fmt::format("{}: was written by bcsim {} ({}, {}); this is {} ({}, {})",
                                   path.string(), head.version, head.git_commit, head.compiler,
                                   build_info::kVersion, build_info::kGitCommit,
                                   build_info::kCompiler));
    }
    if (from_.empty()) first_ = head;
    if (head.run_id != first_.run_id) {
      throw InputError(fmt::format("{}: is of another run than {}: {} of {}, not {} of {}",
                                   path.string(), from_.begin()->second.string(), head.run_id,
                                   head.scenario, first_.run_id, first_.scenario));
    }
    const auto [at, is_new] = from_.try_emplace(head.replication, path);
    if (!is_new) {
      throw InputError(fmt::format("{}: is replication {} again, as {}", path.string(),
                                   head.replication, at->second.string()));
    }
    SharedReplication shared = shared_from_bytes(file.bytes);
    if (shared.full.size() > 1) all_.twin = std::move(shared.full.back());
    if (!shared.full.empty()) all_.first = std::move(shared.full.front());
    if (head.replication == 0) meta_ = std::move(shared.meta);
    records_.emplace(head.replication, std::move(shared.record));
  }

  /// Throws InputError if one is missing.
  ExperimentResult all(ResultMeta& meta) {
    std::vector<std::uint32_t> missing;
    std::set<std::string> shards;
    for (std::uint32_t r = 0; r < first_.replications; ++r) {
      if (records_.contains(r)) continue;
      missing.push_back(r);
      shards.insert(fmt::format("{}/{}", r % first_.shards + 1, first_.shards));
    }
    if (!missing.empty()) {
      throw InputError(
          fmt::format("{}: of {} replications {} are missing, the first is {}; not done: shard {}",
                      from_.begin()->second.parent_path().string(), first_.replications,
                      missing.size(), missing.front(), fmt::join(shards, ", ")));
    }
    for (auto& [r, record] : records_) all_.records.push_back(std::move(record));
    all_.asked = first_.replications;
    meta = std::move(meta_);
    return std::move(all_);
  }

 private:
  SharedHead first_;
  ResultMeta meta_;
  std::map<std::uint32_t, fs::path> from_;
  std::map<std::uint32_t, ReplicationRecord> records_;
  ExperimentResult all_;
};

}  // namespace

int run_shard(const RunRequest& request, Shard shard, Terminal& terminal) {
  const models::Scenario& scenario = request.scenario;
  const ResultMeta meta = describe_run(
      scenario, {request.effective_yaml, request.warnings, request.path, request.twin});
  const fs::path directory = !request.out.empty()
                                 ? request.out
                                 : fs::path("results") / meta.scenario / (meta.run_id + ".shards");
  require_writable(directory);
  std::vector<ReplicationTask> tasks;
  std::size_t of_shard = 0;
  for (std::uint32_t r = shard.index - 1; r < scenario.run.replications; r += shard.count) {
    ++of_shard;
    if (!is_there(directory, r, meta)) tasks.push_back({&scenario, r, meta.twin, r == 0});
  }
  make_directories(directory);
  const PoolOutcome outcome =
      simulate_shared(tasks, meta, directory, shard, request.jobs, terminal);
  for (const LostJob& lost : outcome.lost) {
    terminal.err << fmt::format("bcsim: replication {} is missing: its worker was {} twice\n",
                                tasks[lost.job].replication, lost.how);
  }
  if (outcome.interrupted) {
    terminal.err << fmt::format(
        "bcsim: interrupted; what is done is in {}, and the same command goes on from there\n",
        directory.string());
    return interrupted_code();
  }
  if (!outcome.lost.empty()) return code(ExitCode::internal);
  if (!terminal.quiet()) {
    terminal.err << fmt::format(
        "bcsim: shard {}/{} is done: {} of {} replications ({} new) in {}\n", shard.index,
        shard.count, of_shard, scenario.run.replications, tasks.size(), directory.string());
  }
  return code(ExitCode::good);
}

int merge_shards(const MergeRequest& request, Terminal& terminal) {
  Gathered gathered;
  for (const fs::path& file : shared_files(request.directories)) gathered.take(file);
  ResultMeta meta;
  ExperimentResult done = gathered.all(meta);
  const Loaded loaded =
      load_scenario_text({meta.effective_yaml, "effective scenario", meta.scenario, "."});
  if (loaded.has_errors()) throw std::runtime_error("the scenario of the shards cannot be read");
  complete_meta(meta, loaded.scenario, *done.first, 0);
  const fs::path directory = request.out.empty() ? result_directory("results", meta) : request.out;
  require_writable(directory);
  const Aggregate all = write_experiment(done, meta, loaded.scenario.expectations, directory);
  if (request.out.empty()) update_latest(directory);
  print_experiment(done, all, meta, {request.json, directory}, terminal);
  return code(done.first->result.violated() ? ExitCode::refused : ExitCode::good);
}

}  // namespace bcsim::tools
