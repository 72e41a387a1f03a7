// A sweep whose shards were simulated on several machines, put together again.
#pragma once

#include <filesystem>
#include <vector>

#include "tools/base/terminal.hpp"

namespace bcsim::tools {

struct SweepMergeRequest {
  std::vector<std::filesystem::path> directories;  ///< what 'bcsim sweep --shard' has written
  /// Empty: the directory itself if there is one, else results/<scenario>/sweep-<id>.
  std::filesystem::path out;
  bool json = false;
};

/// Writes what one machine would have written; returns the exit code. Throws InputError, before
/// anything is written, if a point is missing, there twice, or of another sweep or version.
[[nodiscard]] int merge_sweep(const SweepMergeRequest& request, Terminal& terminal);

}  // namespace bcsim::tools
