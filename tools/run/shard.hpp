// A run in parts, on several machines, and put together again.
#pragma once

#include <filesystem>
#include <vector>

#include "tools/run/run.hpp"

namespace bcsim::tools {

/// The `index`th of `count`, from 1.
struct Shard {
  std::uint32_t index = 1, count = 1;
};

/// Simulates the replications r with r mod count = index − 1 that are not yet in request.out, or
/// results/<scenario>/<run id>.shards/, and writes each there as soon as it is done; returns the
/// exit code. Throws WriteError if the directory has replications of another run or build.
[[nodiscard]] int run_shard(const RunRequest& request, Shard shard, Terminal& terminal);

struct MergeRequest {
  std::vector<std::filesystem::path> directories;  ///< what shards have written
  std::filesystem::path out;                       ///< empty: results/<scenario>/<run id>
  bool json = false;
};

/// Writes what one machine would have written, byte for byte but for the `host` of run.json;
/// returns the exit code. Throws InputError, before anything is written, if a replication is
/// missing, damaged, there twice, of another run or of another build.
[[nodiscard]] int merge_shards(const MergeRequest& request, Terminal& terminal);

}  // namespace bcsim::tools
