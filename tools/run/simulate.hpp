// One replication under SimGrid: from the effective scenario to its numbers.
#pragma once

#include <cstdint>
#include <functional>

#include "models/metrics/run_result.hpp"
#include "models/scenario.hpp"

namespace bcsim::models {
class TwoSiteWorld;
}

namespace bcsim::tools {

/// Above so many phones and desktops, devices share an actor per location: SimGrid aborts near
/// 32 000 actors.
inline constexpr std::uint32_t kMostDeviceActors = 10'000;

/// What one replication did, beside its numbers.
struct Replication {
  models::RunResult result;
  models::SimTime reached{};  ///< the horizon, unless it was stopped
  bool pooled = false;        ///< devices shared actors
  bool live = false;          ///< handlers ran in actors
  std::size_t actors = 0;     ///< alive at the start
  std::uint64_t journal_fingerprint = 0;
  std::uint64_t trajectory_fingerprint = 0;
  std::uint64_t messages_sent = 0;
  std::uint64_t messages_delivered = 0;
  std::uint64_t calls = 0;  ///< rows of calls.csv, whether or not they are still here
};

/// Called about every second of simulated time; false stops the run there.
using KeepGoing = std::function<bool(models::SimTime)>;

/// Called before time starts, to add observers to the world. They must outlive the run.
using Attach = std::function<void(models::TwoSiteWorld&)>;

/// Runs it. Once per process: SimGrid has one engine. Throws sim::EngineError, or what a handler
/// threw; both are bugs.
[[nodiscard]] Replication simulate(const models::Scenario& scenario, std::uint32_t replication,
                                   const KeepGoing& keep_going, const Attach& attach = {});

}  // namespace bcsim::tools
