// What was run, and each replication's metrics, read back from a result directory.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tools/stats/replication_record.hpp"

namespace bcsim::tools {

struct SavedReplications {
  std::string scenario, run_id, effective_yaml;
  std::vector<ReplicationRecord> records;  ///< metrics and twins only, in order from 0
};

/// Throws InputError if something is missing, broken or of another version of the program.
[[nodiscard]] SavedReplications read_replications(const std::filesystem::path& directory);

}  // namespace bcsim::tools
