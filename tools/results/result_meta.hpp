// What a run was, beside its numbers: for run.json and the head of the summary.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/stats/warm_up.hpp"

namespace bcsim::tools {

struct ResultMeta {
  std::string scenario;  ///< name: file name without directory and extension
  std::string title;
  std::string effective_yaml;  ///< canonical
  std::string scenario_hash;   ///< of effective_yaml, hexadecimal
  std::string run_id;          ///< hash of scenario, seed and version
  std::uint64_t seed = 0;
  std::uint32_t replication = 0, replications = 1;
  bool twin = false;  ///< each replication was also run without its faults
  std::string version, git_commit, simgrid_version, compiler;
  std::string actors;  ///< "per-device" or "pooled"; ", live" if handlers ran in them
  std::uint64_t journal_fingerprint = 0, trajectory_fingerprint = 0;
  std::uint64_t messages_delivered = 0, messages_sent = 0;
  std::optional<WarmUpCheck> warm_up;  ///< nullopt: it could not be judged
  std::vector<std::string> accepted;   ///< rule breaks taken as warnings, in words
  std::vector<std::string> warnings;   ///< of `check`, the accepted left out: "V-W19: …"

  /// All that may differ between two machines that run the same thing.
  struct Host {
    double wall_s = 0;
    std::string path;  ///< of the scenario file
    std::uint32_t cores = 0;
  };
  Host host;
};

}  // namespace bcsim::tools
