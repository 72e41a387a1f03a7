#include "tools/run/shared_file.hpp"

#include <fmt/format.h>

#include "build_info.hpp"
#include "tools/base/atomic_file.hpp"
#include "tools/results/saved_files.hpp"
#include "tools/run/run_meta.hpp"

namespace bcsim::tools {

namespace {

using HeadJson = nlohmann::ordered_json;

constexpr const char* kHash = "hash";

std::string line_of(const HeadJson& head) {
  return head.dump(-1, ' ', false, HeadJson::error_handler_t::replace) + "\n";
}

/// Of everything else in the file.
std::string hash_of(HeadJson head, const std::string& bytes) {
  head.erase(kHash);
  return hash_text(line_of(head) + bytes);
}

}  // namespace

bool SharedHead::is_of_this_build() const {
  return version == build_info::kVersion && git_commit == build_info::kGitCommit &&
         compiler == build_info::kCompiler;
}

std::filesystem::path shared_path(const std::filesystem::path& directory,
                                  std::uint32_t replication) {
  return directory / fmt::format("{:05}{}", replication, kSharedEnding);
}

void write_shared(const std::filesystem::path& directory, const SharedReplication& replication,
                  std::uint32_t shard, std::uint32_t shards) {
  const std::string bytes = to_bytes(replication);
  const ResultMeta& meta = replication.meta;
  HeadJson head = {{"scenario", meta.scenario},
                   {"run_id", meta.run_id},
                   {"replication", replication.record.replication},
                   {"replications", meta.replications},
                   {"shard", shard},
                   {"shards", shards},
                   {"version", meta.version},
                   {"git_commit", meta.git_commit},
                   {"compiler", meta.compiler}};
  head[kHash] = hash_of(head, bytes);
  write_file(shared_path(directory, replication.record.replication), line_of(head) + bytes);
}

SharedFile read_shared(const std::filesystem::path& path) {
  std::string text = read_text(path);
  const std::size_t line = text.find('\n');
  const auto json = HeadJson::parse(
      text.begin(),
      text.begin() + static_cast<std::ptrdiff_t>(line == std::string::npos ? 0 : line), nullptr,
      false);
  SharedFile file;
  const auto take = [&](auto& member, const char* key) {
    member = json_member<std::decay_t<decltype(member)>>(json, key, path);
  };
  take(file.head.scenario, "scenario");
  take(file.head.run_id, "run_id");
  take(file.head.replication, "replication");
  take(file.head.replications, "replications");
  take(file.head.shard, "shard");
  take(file.head.shards, "shards");
  take(file.head.version, "version");
  take(file.head.git_commit, "git_commit");
  take(file.head.compiler, "compiler");
  take(file.head.hash, kHash);
  file.bytes = text.substr(line + 1);
  // Another build may have hashed otherwise, and is of no use anyway.
  if (file.head.is_of_this_build() && file.head.hash != hash_of(json, file.bytes)) {
    throw InputError(
        fmt::format("{}: is damaged or cut off; run its shard {}/{} again, which mends it",
                    path.string(), file.head.shard, file.head.shards));
  }
  return file;
}

}  // namespace bcsim::tools
