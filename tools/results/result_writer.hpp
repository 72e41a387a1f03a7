// Writes a run's result directory.
#pragma once

#include <filesystem>

#include <span>

#include "models/metrics/run_result.hpp"
#include "tools/results/result_meta.hpp"
#include "tools/stats/aggregate.hpp"

namespace bcsim::tools {

/// How much of a run is written: all; a point of a sweep, without calls.csv and events.ndjson; or
/// what `compare` needs, without timeline.csv and bands.csv too.
enum class ResultFiles { all, point, baseline };

/// Several replications: their records, what they come to, and the first one complete.
struct ResultSet {
  const models::RunResult* first = nullptr;  ///< not owned; its verdicts are those of all
  std::span<const ReplicationRecord> records;
  const Aggregate* aggregate = nullptr;     ///< not owned
  const models::RunResult* twin = nullptr;  ///< of `first`: its calls; not owned; null: no twin
  ResultFiles files = ResultFiles::all;
};

/// Writes run.json, summary.json, calls.csv, timeline.csv, events.ndjson, verdicts.json,
/// replications.csv and, of several replications or with a twin, bands.csv, and with a twin
/// calls_without_faults.csv into `directory`, which is made if need be. They appear only when all
/// of them are complete on the disk; on any error a WriteError is thrown and what was there before
/// is untouched. Other files in the directory are left alone.
void write_results(const ResultSet& results, const ResultMeta& meta,
                   const std::filesystem::path& directory);
/// The same of a single run.
void write_results(const models::RunResult& result, const ResultMeta& meta,
                   const std::filesystem::path& directory);

/// `root`/<scenario>/<run id>.
[[nodiscard]] std::filesystem::path result_directory(const std::filesystem::path& root,
                                                     const ResultMeta& meta);

/// True if a file of this name belongs to results.
[[nodiscard]] bool is_result_name(const std::filesystem::path& name);
/// True if the file is, or would be, among results that exist.
[[nodiscard]] bool is_result_file(const std::filesystem::path& file);

/// Points the link `latest` beside `directory` to it, at once. Throws WriteError.
void update_latest(const std::filesystem::path& directory);

/// "good", or "violated" if a check or an expectation says no.
[[nodiscard]] std::string_view status_word(const models::RunResult& result);

}  // namespace bcsim::tools
