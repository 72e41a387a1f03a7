#include "tools/run/run_meta.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <thread>

#include "build_info.hpp"
#include "sim/hash.hpp"
#include "sim/s4u/platform.hpp"
#include "tools/base/atomic_file.hpp"

namespace bcsim::tools {

std::string hash_text(std::string_view text) {
  sim::Hash64 hash;
  for (const char c : text) hash.add(static_cast<unsigned char>(c));
  return sim::to_hex(hash.value());
}

ResultMeta describe_run(const models::Scenario& scenario, const RunOrigin& origin) {
  ResultMeta meta;
  meta.scenario = scenario.name;
  meta.title = scenario.title;
  meta.effective_yaml = origin.effective_yaml;
  meta.scenario_hash = hash_text(meta.effective_yaml);
  meta.seed = scenario.run.seed;
  meta.version = build_info::kVersion;
  meta.git_commit = build_info::kGitCommit;
  meta.compiler = build_info::kCompiler;
  meta.simgrid_version = sim::simgrid_version();
  meta.replications = scenario.run.replications;
  meta.twin = origin.twin && models::has_failures(scenario);
  const bool twin_left_out = !origin.twin && models::has_failures(scenario);
  meta.run_id = hash_text(fmt::format("{}\n{}\n{}{}", meta.effective_yaml, meta.seed, meta.version,
                                      twin_left_out ? "\nno twin" : ""))
                    .substr(0, 12);
  for (const Diagnostic& warning : origin.warnings) {
    const bool accepted = std::find(scenario.accepted.begin(), scenario.accepted.end(),
                                    warning.code) != scenario.accepted.end();
    (accepted ? meta.accepted : meta.warnings)
        .push_back(fmt::format("{}: {}", warning.code, warning.message));
  }
  meta.host.path = origin.path;
  meta.host.cores = std::thread::hardware_concurrency();
  return meta;
}

void complete_meta(ResultMeta& meta, const models::Scenario& scenario, const Replication& first,
                   double wall_s) {
  meta.warm_up = check_warm_up(first.result, scenario);
  meta.actors =
      fmt::format("{}{}", first.pooled ? "pooled" : "per-device", first.live ? ", live" : "");
  meta.journal_fingerprint = first.journal_fingerprint;
  meta.trajectory_fingerprint = first.trajectory_fingerprint;
  meta.messages_delivered = first.messages_delivered;
  meta.messages_sent = first.messages_sent;
  meta.host.wall_s = wall_s;
}

namespace {

/// Throws WriteError if nothing can ever have this name: it is too long, or a loop of links.
void require_nameable(const std::filesystem::path& path) {
  std::error_code error;
  const auto refuse = [&](const std::string& why) {
    throw WriteError(fmt::format("cannot write '{}': {}", path.string(), why));
  };
  // Of a name that is not there yet, no look-up says that it can never be.
  for (const std::filesystem::path& name : path) {
    if (name.native().size() > NAME_MAX) refuse(std::strerror(ENAMETOOLONG));
  }
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::none) refuse(error.message());
}

}  // namespace

void require_writable(const std::filesystem::path& directory) {
  require_nameable(directory);
  std::error_code ignored;
  std::filesystem::path existing = std::filesystem::absolute(directory, ignored);
  while (!std::filesystem::exists(std::filesystem::symlink_status(existing, ignored)) &&
         existing.has_relative_path()) {
    existing = existing.parent_path();
  }
  if (!std::filesystem::is_directory(existing, ignored)) {
    throw WriteError(fmt::format("cannot write results: {} is not a directory", existing.string()));
  }
  if (access(existing.c_str(), W_OK | X_OK) != 0) {
    throw WriteError(fmt::format("cannot write results to {}: no permission", existing.string()));
  }
}

void require_place(const std::filesystem::path& file) {
  require_nameable(file);
  std::error_code ignored;
  const auto status = std::filesystem::status(file, ignored);
  // A device or a pipe is written to where it is.
  if (std::filesystem::exists(status) && std::filesystem::is_other(status)) return;
  const auto directory = std::filesystem::absolute(file, ignored).parent_path();
  if (!std::filesystem::is_directory(directory, ignored)) {
    throw WriteError(fmt::format("cannot write '{}': there is no directory {}", file.string(),
                                 directory.string()));
  }
  require_writable(directory);
}

}  // namespace bcsim::tools
