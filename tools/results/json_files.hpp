// The JSON files of a result directory.
#pragma once

#include <map>
#include <string>

#include "models/metrics/run_result.hpp"
#include "tools/results/output_file.hpp"
#include "tools/results/result_meta.hpp"
#include "tools/results/saved_files.hpp"
#include "tools/stats/aggregate.hpp"

namespace bcsim::tools {

/// `files`: the others of the directory, by name.
void write_run_json(const models::RunResult& result, const ResultMeta& meta,
                    const std::map<std::string, WrittenFile>& files, OutputFile& out);
/// summary.json as text, one metric a line; also what `--json` prints.
[[nodiscard]] std::string summary_json(const models::RunResult& result, const Aggregate& aggregate,
                                       const ResultMeta& meta);
void write_verdicts_json(const models::RunResult& result, const ResultMeta& meta, OutputFile& out);
/// One line per event.
void write_events(const models::RunResult& result, OutputFile& out);

}  // namespace bcsim::tools
