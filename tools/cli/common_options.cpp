// Options that several commands take.
#include <algorithm>

#include "tools/cli/commands.hpp"
#include "tools/run/worker_pool.hpp"

namespace bcsim::tools {

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

}  // namespace bcsim::tools
