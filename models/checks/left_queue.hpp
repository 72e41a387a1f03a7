// Agents may stay at the other site for good (`failback: stay`), and callers wait where they were.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "models/directory.hpp"
#include "models/ledger/ledger.hpp"

namespace bcsim::models {

/// Where an agent is at the end of a run.
struct Presence {
  std::array<AgentState, kSites> state{};
  bool working = false;  ///< on shift
};

/// "; who called queue q at site1 found nobody: …", of a queue with callers there after `since`,
/// whose agents have all left that site; else empty. `presence` by agent.
[[nodiscard]] std::string left_queue_words(const Directory& directory,
                                           const std::vector<Presence>& presence,
                                           const CallLedger& ledger, SimTime since);

}  // namespace bcsim::models
