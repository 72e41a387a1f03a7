// What goes wrong again and again in a world that has come back: a part of the liveness check.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "models/checks/check.hpp"
#include "models/directory.hpp"

namespace bcsim::models {

/// Collects since the last fault; what is too much is known when the run is over.
class Unrest {
 public:
  explicit Unrest(const Directory& directory);

  void on_record(const JournalEntry& entry);
  /// Judges what was after `calm`, when all are back. `lost`: agents whose devices never come back.
  void finish(SimTime calm, SimTime horizon, const std::vector<bool>& lost,
              const CallLedger& ledger, Findings& findings) const;

  /// So often something may happen to one agent: who is told to change the site does so once.
  static constexpr std::size_t kOften = 5;
  /// For so long after a call its end may be under way: a BYE, and what the servers tell each
  /// other.
  static constexpr Duration kInFlight = std::chrono::seconds(35);

 private:
  struct Agent {
    std::vector<SimTime> logins;      ///< R20: in and out
    std::vector<SimTime> outages;     ///< his DN is out of service: a binding has run out (R31)
    std::vector<SimTime> busy;        ///< his phone was (486), with no call that anybody knows
    std::vector<CallId> calls;        ///< that he is, or may be, part of
    SimTime last_call = sim::kStart;  ///< the end of one
  };
  /// A trunk group had no channel although so few calls could have held one.
  struct Blocked {
    SimTime at;
    CallId call;
    std::uint32_t gateway, held;
  };

  [[nodiscard]] bool refreshes_in_time(AgentId agent) const;
  [[nodiscard]] bool is_torn(AgentId agent) const;
  void joins(AgentId id, CallId call);
  void moves(CallId call, std::uint32_t gateway);
  void released(SimTime at, const CallReleased& fact);
  /// Channels of a gateway that the calls of now may hold.
  [[nodiscard]] std::uint32_t held(std::uint32_t gateway) const;

  const Directory& directory_;
  std::vector<Agent> agents_;
  std::map<std::uint32_t, std::vector<AgentId>> parties_;  ///< by call that is not over
  std::vector<std::uint32_t> gateway_of_;                  ///< by call; kNoGateway: it is over
  std::vector<std::uint32_t> live_;  ///< calls by gateway; the last: they may be at any
  std::deque<SimTime> ended_;        ///< calls just over, whose channel may not be free yet
  std::vector<Blocked> blocked_;
};

}  // namespace bcsim::models
