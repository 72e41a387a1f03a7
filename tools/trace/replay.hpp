// Runs a scenario again and keeps everything about some of its calls.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "models/ledger/call_row.hpp"
#include "models/world/layout.hpp"
#include "models/world/world.hpp"
#include "tools/trace/agent_doings.hpp"
#include "tools/trace/situation.hpp"

namespace bcsim::tools {

/// A message as it was sent, and what became of it.
struct LoggedMessage {
  models::SimTime sent{}, at{};  ///< at: handled, or known to be lost
  models::NodeId from, to;       ///< from: invalid if the world itself sent it
  sim::DropReason dropped = sim::DropReason::none;
  bool connection = false;  ///< over TCP
  bool queue_full = false;  ///< it arrived, but the SIP Server's input queue had no room
  models::Message message;

  [[nodiscard]] bool arrived() const { return dropped == sim::DropReason::none; }
};

/// The agent whose number was dialled, as the PSTN told the gateway, or he himself his phone or
/// desktop; invalid: no agent's.
[[nodiscard]] models::AgentId dialled_agent(const std::vector<LoggedMessage>& messages);

/// All that is known of one call.
struct CallLife {
  models::CallId id;
  models::CallRow row;
  std::vector<models::JournalEntry> records;  ///< about this call
  std::vector<LoggedMessage> messages;        ///< about this call, by time of sending
  std::vector<AgentRefused> refusals;         ///< by SIP Servers, of whom they were asked for
  /// When it was over if it was not served, else when it was answered.
  Situation decisive;
};

struct ReplayRequest {
  std::vector<models::CallId> calls = {};          ///< whose lives are wanted
  models::SimTime until = models::SimTime::max();  ///< the horizon, if earlier
};

struct Replay {
  models::SimTime reached{};
  std::vector<models::CallRow> rows;         ///< of all calls, as of `reached`
  std::vector<CallLife> lives;               ///< of those that exist, in the order of the request
  std::vector<models::JournalEntry> faults;  ///< faults, deaths, detections, modes
  std::uint64_t journal_fingerprint = 0;     ///< as in run.json, if the horizon was reached
};

/// Called about every second of simulated time; false stops the replay there.
using ReplayGoesOn = std::function<bool(models::SimTime)>;

/// Called before time starts, to add observers to the world. They must outlive the replay.
using ReplayAttach = std::function<void(models::TwoSiteWorld&)>;

struct ReplayEnd {
  models::SimTime reached{};
  std::uint64_t journal_fingerprint = 0;  ///< as in run.json, if the horizon was reached
};

/// Without SimGrid: the engine's loop driver gives the same journal to the byte (a test holds it),
/// and unlike SimGrid can run twice in a process.
[[nodiscard]] ReplayEnd replay_run(const models::Scenario& scenario, std::uint32_t replication,
                                   const ReplayAttach& attach, models::SimTime until,
                                   const ReplayGoesOn& goes_on = {});

/// The same, keeping what is asked for.
[[nodiscard]] Replay replay(const models::Scenario& scenario, std::uint32_t replication,
                            const ReplayRequest& request, const ReplayGoesOn& goes_on = {});

}  // namespace bcsim::tools
