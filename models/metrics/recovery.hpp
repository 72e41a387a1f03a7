// How long after a failure what came back: gateways, peer, phones, agents, the queue.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/domain.hpp"
#include "models/metrics/workforce.hpp"
#include "models/scenario.hpp"

namespace bcsim::models {

/// Times are seconds after the failure; nullopt: it did not happen before the horizon (of the queue
/// and the service level: before the next failure). Results dictionary, "Recovery".
struct Recovery {
  SimTime at{};
  std::vector<std::uint32_t> faults;  ///< indices in Scenario::faults, all of this instant
  struct GatewaySwitch {
    std::uint32_t gateway = 0;
    std::uint32_t site = 0;  ///< marked offline; kNoSite: the gateway itself, by the PSTN
    double after_s = 0;
  };
  std::vector<GatewaySwitch> gateways;  ///< each gateway once, in order of time
  std::array<std::optional<double>, kSites> single_mode;
  std::array<std::optional<double>, kSites> switchover;
  /// Who lost his place, in order of time, and when he was back: NaN, if he was not.
  struct Affected {
    AgentId agent;
    double back_s = 0;
  };
  std::vector<Affected> agents;
  std::uint32_t phones_affected = 0, agents_affected = 0;
  std::vector<float> phones_back_s, agents_back_s;  ///< in order of time
  std::optional<double> queue_drained;
  double queue_peak = 0;
  std::optional<double> service_level_back;
  std::uint32_t service_level_judged = 0;  ///< calls that tell; 0: back or not, nobody knows

  /// When at least this share of those affected was back; nullopt if never (or nobody was).
  [[nodiscard]] static std::optional<double> share_back(const std::vector<float>& back_s,
                                                        std::uint32_t affected, double share);
};

/// What has come back is back for good if it stays so for this long, or until the next failure or
/// the horizon (domain.md §4.6).
inline constexpr Duration kBackForGood = 5min;

/// One Recovery per instant at which something was broken. What happens is told of the latest that
/// may cause it (may_cause); an agent or phone that one cost returns to that one's account.
class RecoveryTracker {
 public:
  explicit RecoveryTracker(const Scenario& scenario, std::size_t agents)
      : scenario_(scenario), agents_(agents), phones_(agents) {}

  /// A fault begins, or (`by_hand`) a switchover, which is never open. `waiting`: calls in the
  /// queue now; `usual`: the most of them before the first failure (NaN: nobody knows).
  void on_fault(const JournalEntry& entry, const SwitchOver* by_hand, double waiting, double usual);
  /// A fault is mended; `last`: no other is open, and who goes now goes for another reason.
  void on_repair(const JournalEntry& entry, bool last);
  /// Call after the workforce has seen the record.
  void on_record(const JournalEntry& entry, const Workforce& workforce);
  void on_queue(SimTime now, double waiting);
  /// The next failure, or the horizon: what holds now is not disproved any more.
  void end_watch(SimTime now);

  /// Did the last on_record bring back an agent whom the current failure cost his place?
  [[nodiscard]] bool agent_returned() const { return agent_returned_; }
  [[nodiscard]] std::vector<Recovery>& list() { return list_; }

  /// Failures beyond these are not kept (a flapping link has hundreds).
  static constexpr std::size_t kKept = 20;

 private:
  static constexpr std::uint32_t kNobody = 0xFFFF'FFFFu;
  struct Down {
    SimTime since = sim::kNever;       ///< not at work / not reachable since; kNever: he is
    std::uint32_t recovery = kNobody;  ///< on whose account
    std::uint32_t last = kNobody;      ///< charged before: once per failure
    float back_s = 0;                  ///< on the account of `last`, while he is back
    std::size_t place = 0;             ///< in the agents of `last`
  };
  void follow(SimTime now, const Workforce::Change& change, std::vector<Down>& down, bool agents);
  void charge(AgentId who, bool agents);
  [[nodiscard]] Recovery* cause_of(const JournalEntry& entry);
  void settle_queue(SimTime short_since);
  void goes_home(AgentId agent);
  [[nodiscard]] bool follows_switchover(const Record& record) const;

  const Scenario& scenario_;
  std::vector<Recovery> list_;
  std::vector<SimTime> mended_;  ///< by fault: when the latest of it ended; kNever: it lies
  std::vector<Down> agents_, phones_;
  std::vector<std::uint32_t> touched_agents_, touched_phones_;  ///< at the current instant
  SimTime instant_{};
  std::array<bool, kSites> switched_{};  ///< by hand, in the latest failure
  bool follows_ = false;                 ///< the current record does, from a switchover by hand
  bool open_ = false, agent_returned_ = false;
  double usual_queue_ = 0;
  SimTime queue_short_since_ = sim::kNever;
  bool queue_settled_ = true;
};

}  // namespace bcsim::models
