// Options that several commands take.
#include <fmt/format.h>

#include <algorithm>

#include "tools/cli/commands.hpp"
#include "tools/run/worker_pool.hpp"
#include "tools/scenario/units.hpp"

namespace bcsim::tools {

std::vector<std::string> set_and_seed(const Invocation& invocation) {
  std::vector<std::string> overrides = invocation.values("set");
  if (invocation.has("seed")) {
    overrides.push_back(fmt::format("run.seed={}", number_value("seed", invocation.value("seed"))));
  }
  return overrides;
}

std::vector<std::string> run_overrides(const Invocation& invocation) {
  std::vector<std::string> overrides = set_and_seed(invocation);
  if (invocation.has("replications")) {
    const std::uint64_t n = number_value("replications", invocation.value("replications"));
    if (n == 0) throw UsageError{"--replications: at least 1", ""};
    overrides.push_back(fmt::format("run.replications={}", n));
  }
  return overrides;
}

Option jobs_option() {
  return {.name = "jobs",
          .letter = 'j',
          .kind = ValueKind::number,
          .value = "N",
          .doc = "Processes at a time (all cores); results do not depend on it"};
}

unsigned jobs_value(const Invocation& invocation) {
  if (!invocation.has("jobs")) return usable_cores();
  const std::uint64_t n = number_value("jobs", invocation.value("jobs"));
  if (n == 0) throw UsageError{"--jobs: at least 1", ""};
  return static_cast<unsigned>(std::min<std::uint64_t>(n, 1024));
}

Shard shard_value(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto k = parse_count(text.substr(0, slash));
  const auto n = parse_count(slash == std::string::npos ? "" : text.substr(slash + 1));
  const auto* index = std::get_if<std::uint64_t>(&k);
  const auto* count = std::get_if<std::uint64_t>(&n);
  if (index == nullptr || count == nullptr || *index < 1 || *index > *count || *count > 100'000) {
    throw UsageError{fmt::format("--shard: '{}' is no part of a whole", text),
                     "the second of five is 2/5"};
  }
  return {static_cast<std::uint32_t>(*index), static_cast<std::uint32_t>(*count)};
}

}  // namespace bcsim::tools
