#include "tools/results/result_writer.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "tools/cli/atomic_file.hpp"
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

/// A directory that goes away with all it holds unless it is moved before.
class ScratchDirectory {
 public:
  explicit ScratchDirectory(const fs::path& inside) {
    std::string name = (inside / ".bcsim-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) fail(inside, std::strerror(errno));
    path_ = name;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Makes a directory and those above it; unmakes those again, where empty, unless kept.
class NewDirectories {
 public:
  explicit NewDirectories(const fs::path& path) {
    for (fs::path p = path; !p.empty() && !fs::exists(p); p = p.parent_path()) made_.push_back(p);
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
  const ScratchDirectory scratch(directory);
  const fs::path& s = scratch.path();
  std::vector<std::string> written;
  const auto write = [&](const char* name, const auto& how) {
    write_one(s, name, how);
    written.emplace_back(name);
  };
  if (results.files == ResultFiles::all) {
    write("calls.csv", [&](OutputFile& f) { write_calls_csv(first, f); });
    write("events.ndjson", [&](OutputFile& f) { write_events(first, f); });
  }
  const bool twin_calls = results.files == ResultFiles::all && results.twin != nullptr;
  if (twin_calls) write(kTwinCalls, [&](OutputFile& f) { write_calls_csv(*results.twin, f); });
  const bool over_time = results.files != ResultFiles::baseline;
  if (over_time) write("timeline.csv", [&](OutputFile& f) { write_timeline_csv(first, f); });
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
  write("run.json", [&](OutputFile& f) { write_run_json(first, meta, f); });
  for (const std::string& name : written) {
    std::error_code error;
    fs::rename(s / name, directory / name, error);
    if (error) fail(directory / name, error.message());
  }
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
  return root / meta.scenario / meta.run_id;
}

void update_latest(const fs::path& directory) {
  const fs::path link = directory.parent_path() / "latest";
  const ScratchDirectory scratch(directory.parent_path());
  std::error_code error;
  fs::create_directory_symlink(directory.filename(), scratch.path() / "latest", error);
  if (!error) fs::rename(scratch.path() / "latest", link, error);
  if (error) fail(link, error.message());
}

}  // namespace bcsim::tools
