// One scenario on every driver of the engine: the journal must be the same to the byte.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "models/scenario.hpp"
#include "tools/run/worker_pool.hpp"
#include "tools/trace/replay.hpp"

namespace bcsim::tools {

/// A way to run a scenario that must not matter.
enum class Way : std::uint8_t {
  per_device,  ///< on SimGrid, each process and device an actor
  pooled,      ///< on SimGrid, devices of a place share one
  live,        ///< on SimGrid, handlers run in the bodies of the actors
  loop,        ///< the agenda alone, without SimGrid
};
[[nodiscard]] std::string name(Way way);

struct WayRan {
  Way way = Way::per_device;
  std::uint64_t fingerprint = 0;  ///< of the journal
  std::uint64_t records = 0;
  double cpu_s = 0;
  std::string lost = {};  ///< how the process ended, if it did not finish
};

/// Where two journals part.
struct Parting {
  Way one = Way::per_device, other = Way::loop;
  std::uint64_t record = 0;          ///< number of the first that differs, from 1
  std::string line_one, line_other;  ///< as JSON; empty: that journal has ended
};

struct Verification {
  std::vector<WayRan> ways;
  std::optional<Parting> parting;
  bool interrupted = false;

  [[nodiscard]] bool same() const;
};

/// Runs replication 0 in one way, with the observers that `attach` adds; gives the fingerprint of
/// the journal. Once per process.
using RunWay = std::function<std::uint64_t(Way, const models::Scenario&, const ReplayAttach& attach,
                                           const JobProgress&)>;
[[nodiscard]] std::uint64_t run_way(Way way, const models::Scenario& scenario,
                                    const ReplayAttach& attach, const JobProgress& progress);

/// Runs replication 0 in every way, `jobs` at a time; an actor per device only where SimGrid can
/// have so many. If two journals differ, runs these two again to see where. Tests give a `run`
/// that goes astray.
[[nodiscard]] Verification verify(const models::Scenario& scenario, unsigned jobs,
                                  const RunWay& run = run_way);

/// Of two journals as files of lines; nullopt: they are the same.
[[nodiscard]] std::optional<Parting> first_difference(const std::filesystem::path& one,
                                                      const std::filesystem::path& other);

}  // namespace bcsim::tools
