// One replication in a file, on its way from the machine that simulated it to the one that merges.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "tools/run/wire.hpp"

namespace bcsim::tools {

inline constexpr std::string_view kSharedEnding = ".replication";

/// The first line of the file: whose replication it is, and which build wrote it.
struct SharedHead {
  std::string scenario, run_id;
  std::uint32_t replication = 0, replications = 1;
  std::uint32_t shard = 1, shards = 1;        ///< the shard that simulated it, from 1
  std::string version, git_commit, compiler;  ///< of the program
  std::string hash;                           ///< of the rest of the file, this line too

  [[nodiscard]] bool is_of_this_build() const;
};

struct SharedFile {
  SharedHead head;
  std::string bytes;  ///< for shared_from_bytes, if the build is ours
};

/// `directory`/00017.replication
[[nodiscard]] std::filesystem::path shared_path(const std::filesystem::path& directory,
                                                std::uint32_t replication);
/// Written whole or not at all; throws WriteError. Its head follows from the replication's meta.
void write_shared(const std::filesystem::path& directory, const SharedReplication& replication,
                  std::uint32_t shard, std::uint32_t shards);
/// Throws InputError if it is none, or is damaged or cut off.
[[nodiscard]] SharedFile read_shared(const std::filesystem::path& path);

}  // namespace bcsim::tools
