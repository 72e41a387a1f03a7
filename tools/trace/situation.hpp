// How both sites stand at an instant: folded from the journal, looked at when it matters.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/ledger/ledger.hpp"
#include "models/world/layout.hpp"

namespace bcsim::tools {

struct SiteState {
  bool pair_alive = true;
  models::ServerMode mode = models::ServerMode::bc;
  bool sees_peer = true;      ///< its trunk to the peer is in service
  std::uint32_t waiting = 0;  ///< calls of whose waiting there its SIP Server knows
  /// Agents, as its SIP Server sees them: who talks where he is not logged in is none there.
  std::uint32_t logged_in = 0, ready = 0, busy = 0;
  std::uint32_t registered = 0;  ///< Extension DNs in service
};

/// The queue of the call for which one looks: those who serve it, at the site where it waits, or at
/// both if it is routed to both. Who is logged in at both is one agent.
struct QueueState {
  std::uint32_t queue = 0;
  bool both_sites = false;
  bool alone = false;  ///< it would be, but the site is in single-site mode (R43)
  std::uint32_t logged_in = 0, busy = 0;  ///< its agents
  std::uint32_t in_service = 0;           ///< their Extension DNs
  std::uint32_t waiting = 0;              ///< calls for it
};

struct GatewayState {
  bool alive = true;
  bool rerouted = false;  ///< the PSTN holds it for dead
  std::array<bool, models::kSites> online = {true, true};
};

struct Situation {
  models::SimTime at = sim::kNever;  ///< kNever: nobody looked
  std::array<SiteState, models::kSites> sites;
  QueueState queue;  ///< look_at_queue
  std::vector<GatewayState> gateways;
  std::vector<std::uint32_t> open_faults;
};

/// See the head comment. The layout must outlive it.
class SituationFold {
 public:
  explicit SituationFold(const models::Layout& layout);

  void on_record(const models::JournalEntry& entry);
  /// As of now, without a queue; waiting calls are counted in the ledger's rows.
  [[nodiscard]] Situation look(models::SimTime now, const models::CallLedger& ledger) const;
  /// That of this call. Who still hears the announcement waits for no agent yet.
  [[nodiscard]] QueueState look_at_queue(models::SimTime now, const models::CallLedger& ledger,
                                         models::CallId call) const;

 private:
  void follow_agents(const models::Record& record);
  void lose_pair(models::SiteIndex site);
  [[nodiscard]] bool waits(const models::CallRow& row) const;
  [[nodiscard]] bool serves(models::AgentId agent, std::uint32_t queue) const;

  const models::Layout& layout_;
  const models::Directory& directory_;
  const models::Scenario& scenario_;
  std::vector<std::array<models::AgentState, models::kSites>> agents_;  ///< as the sites see them
  std::vector<std::array<bool, models::kSites>> in_service_;            ///< Extension DNs
  std::array<std::uint8_t, models::kSites> incarnation_ = {};  ///< of the pairs, as the ledger's
  Situation state_;
};

}  // namespace bcsim::tools
