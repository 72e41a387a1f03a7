// A result directory read back: what was run, and each replication's metrics.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "tools/stats/replication_record.hpp"

namespace bcsim::tools {

/// A result directory that cannot be used: exit code 65. The text begins with the file.
class BadResults : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct SavedResults {
  std::string scenario, run_id, version, effective_yaml;
  std::uint64_t seed = 0;
  std::vector<ReplicationRecord> records;  ///< metrics and twins only
};

/// Is this a directory with a run.json?
[[nodiscard]] bool is_result_directory(const std::filesystem::path& path);
/// Throws BadResults if something is missing, broken or of another version of the program.
[[nodiscard]] SavedResults read_results(const std::filesystem::path& directory);

}  // namespace bcsim::tools
