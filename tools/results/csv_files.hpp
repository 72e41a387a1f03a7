// The CSV files of a result directory: RFC 4180, comma, header line, empty where there is nothing.
#pragma once

#include <span>
#include <string_view>

#include "models/metrics/run_result.hpp"
#include "tools/results/output_file.hpp"

namespace bcsim::tools {

void write_calls_csv(const models::RunResult& result, OutputFile& out);
void write_timeline_csv(const models::RunResult& result, OutputFile& out);
/// One row per interval and queue.
void write_queue_timeline_csv(const models::RunResult& result, OutputFile& out);

/// Column names, for the dictionary's test.
[[nodiscard]] std::span<const std::string_view> calls_columns();
[[nodiscard]] std::vector<std::string> timeline_columns();
[[nodiscard]] std::vector<std::string> queue_timeline_columns();

}  // namespace bcsim::tools
