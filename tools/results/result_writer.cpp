#include "tools/results/result_writer.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "tools/base/atomic_file.hpp"
#include "tools/results/csv_files.hpp"
#include "tools/results/json_files.hpp"
#include "tools/results/replication_files.hpp"

namespace bcsim::tools {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTwinCalls = "calls_without_faults.csv";

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
  throw WriteError(fmt::format("cannot write '{}': {}", path.string(), why));
}

/// Makes a directory and those above it; unmakes those again, where empty, unless kept.
class NewDirectories {
 public:
  explicit NewDirectories(const fs::path& path) {
    std::error_code ignored;  // what is wrong shows when they are made
    for (fs::path p = path; !p.empty() && !fs::exists(p, ignored); p = p.parent_path()) {
      made_.push_back(p);
    }
    make_directories(path);
  }
  ~NewDirectories() {
    std::error_code ignored;
    for (const fs::path& p : made_) fs::remove(p, ignored);
  }
  NewDirectories(const NewDirectories&) = delete;
  NewDirectories& operator=(const NewDirectories&) = delete;
  void keep() { made_.clear(); }

 private:
  std::vector<fs::path> made_;  ///< innermost first
};

/// What killed runs of the same scenario left.
void remove_left_over_runs(const fs::path& of_scenario) {
  std::error_code error;
  std::vector<fs::path> runs;
  for (fs::directory_iterator i(of_scenario, error), end; !error && i != end; i.increment(error)) {
    std::error_code ignored;
    if (i->is_directory(ignored) && !i->is_symlink(ignored)) runs.push_back(i->path());
  }
  for (const fs::path& run : runs) {
    std::error_code ignored;
    if (remove_left_over(run)) fs::remove(run, ignored);  // if nothing else is in it
  }
}

template <class Write>
void write_one(const fs::path& directory, const char* name, const Write& write) {
  OutputFile file(directory / name);
  write(file);
  file.close();
}

}  // namespace

void write_results(const ResultSet& results, const ResultMeta& meta, const fs::path& directory) {
  const models::RunResult& first = *results.first;
  NewDirectories made(directory);
  // Inside the directory, so that moving a file into place never leaves the file system.
  const ScratchName scratch(directory, ScratchName::Kind::directory, directory);
  const fs::path s = scratch.path();
  std::map<std::string, WrittenFile> files;
  const auto write = [&](const char* name, const auto& how) {
    write_one(s, name, how);
    files[name] = written_file(s / name);
  };
  if (results.files == ResultFiles::all) {
    write("calls.csv", [&](OutputFile& f) { write_calls_csv(first, f); });
    write("events.ndjson", [&](OutputFile& f) { write_events(first, f); });
  }
  const bool twin_calls = results.files == ResultFiles::all && results.twin != nullptr;
  if (twin_calls) write(kTwinCalls, [&](OutputFile& f) { write_calls_csv(*results.twin, f); });
  const bool over_time = results.files != ResultFiles::baseline;
  if (over_time) {
    write("timeline.csv", [&](OutputFile& f) { write_timeline_csv(first, f); });
    write("timeline_queues.csv", [&](OutputFile& f) { write_queue_timeline_csv(first, f); });
  }
  write("verdicts.json", [&](OutputFile& f) { write_verdicts_json(first, meta, f); });
  write("replications.csv", [&](OutputFile& f) { write_replications_csv(results.records, f); });
  const bool bands =
      over_time && (results.records.size() > 1 || results.records.front().has_twin());
  if (bands) {
    write("bands.csv", [&](OutputFile& f) { write_bands_csv(results.records, first, f); });
  }
  write("summary.json",
        [&](OutputFile& f) { f.write(summary_json(first, *results.aggregate, meta)); });
  // run.json last: where it is, the others are complete.
  write_one(s, "run.json", [&](OutputFile& f) { write_run_json(first, meta, files, f); });
  const auto move = [&](const std::string& name) {
    std::error_code error;
    fs::rename(s / name, directory / name, error);
    if (error) fail(directory / name, error.message());
  };
  for (const auto& [name, file] : files) move(name);
  move("run.json");
  std::error_code ignored;
  if (!bands) fs::remove(directory / "bands.csv", ignored);  // of a former run with more
  if (!twin_calls) fs::remove(directory / kTwinCalls, ignored);
  made.keep();
}

void write_results(const models::RunResult& result, const ResultMeta& meta,
                   const fs::path& directory) {
  ReplicationRecord record;
  record.metrics = result.metrics;
  const std::vector<ReplicationRecord> records = {record};
  const Aggregate all = aggregate(records, result.service_level_definition);
  write_results({.first = &result, .records = records, .aggregate = &all}, meta, directory);
}

fs::path result_directory(const fs::path& root, const ResultMeta& meta) {
  return root / file_name_of(meta.scenario) / file_name_of(meta.run_id);
}

bool is_result_name(const fs::path& name) {
  static constexpr std::array kNames = {"run.json",      "summary.json", "verdicts.json",
                                        "calls.csv",     "timeline.csv", "timeline_queues.csv",
                                        "events.ndjson", "bands.csv",    "replications.csv",
                                        kTwinCalls,      "latest"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_result_file(const fs::path& file) {
  std::error_code ignored;
  return is_result_name(file.filename()) && fs::exists(file.parent_path() / "run.json", ignored);
}

void update_latest(const fs::path& directory) {
  const fs::path link = directory.parent_path() / "latest";
  const fs::path all = directory.parent_path();
  remove_left_over_runs(all);
  const ScratchName scratch(all, ScratchName::Kind::directory, all);
  const fs::path made = fs::path(scratch.path()) / "latest";
  std::error_code error;
  fs::create_directory_symlink(directory.filename(), made, error);
  if (!error) fs::rename(made, link, error);
  if (error) fail(link, error.message());
}

}  // namespace bcsim::tools
