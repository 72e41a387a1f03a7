// As many replications of one scenario as its question needs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/scenario.hpp"
#include "tools/run/replicate.hpp"
#include "tools/stats/aggregate.hpp"
#include "tools/stats/precision.hpp"

namespace bcsim::tools {

struct ExperimentPlan {
  const models::Scenario* scenario = nullptr;  ///< not owned
  std::uint32_t replications = 1;              ///< the first so many at least
  bool twin = false;
  std::vector<PrecisionTarget> precision;  ///< then more, until these are met …
  std::uint32_t most = 0;                  ///< … or so many are done
  PoolOptions pool;
};

struct ExperimentResult {
  std::vector<ReplicationRecord> records;  ///< in order of the replications
  std::optional<Replication> first;        ///< replication 0, complete
  std::optional<Replication> twin;         ///< of it, with its calls
  std::vector<LostJob> lost;               ///< replications whose worker died each time
  std::uint32_t asked = 0;                 ///< replications that were wanted in the end
  bool interrupted = false;                ///< records are those before the first incomplete one
};

/// Told the replications done and wanted so far.
using ExperimentProgress = std::function<void(double done, std::uint32_t wanted)>;

[[nodiscard]] ExperimentResult run_experiment(const ExperimentPlan& plan,
                                              const ExperimentProgress& progress = {});

}  // namespace bcsim::tools
