// Follows a run's levels, counters, phases and recoveries while it goes on.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "models/ledger/ledger.hpp"
#include "models/metrics/false_failovers.hpp"
#include "models/metrics/monitoring.hpp"
#include "models/metrics/recovery.hpp"
#include "models/metrics/run_result.hpp"
#include "models/metrics/workforce.hpp"
#include "models/world/observer.hpp"

namespace bcsim::models {

/// Everything about calls is folded from the ledger's rows at the end (call_tally.hpp); here is
/// what has no rows. An interval, or the warm-up, includes its last instant, so that a tick at its
/// end still belongs to it.
class MetricsCollector {
 public:
  MetricsCollector(const Directory& directory, std::size_t links);

  /// Call before and after the ledger folds the same record.
  void before_record(const JournalEntry& entry, const CallLedger& ledger);
  void after_record(const JournalEntry& entry, const CallLedger& ledger);
  void on_tick(SimTime now, const TickSample& sample);

  /// Ends the run and writes what was measured into `result`, whose calls are already there.
  void finish(SimTime horizon, RunResult& result);

 private:
  /// Where a call is, for the levels.
  struct Place {
    LevelKind kind = LevelKind::setup;
    int site = -1;  ///< -1: nowhere
    int gateway = -1;
    std::optional<std::size_t> queue;
  };
  [[nodiscard]] Place place(const CallLedger& ledger, CallId call) const;
  void move_call(SimTime now, const Place& from, const Place& to);
  void count(const JournalEntry& entry, const CallLedger& ledger);
  /// Cuts at every interval's end and at the warm-up's that lie before `now`.
  void advance(SimTime now, bool of_record = false);
  void cut(SimTime now);
  void begin_interval(SimTime now);

  const Scenario& scenario_;
  BoardPlan plan_;
  Board board_;
  Workforce workforce_;
  Monitoring monitoring_;
  PhaseTracker phases_;
  std::vector<std::uint32_t> group_of_;  ///< by agent
  RecoveryTracker recovery_;
  FalseFailovers false_failovers_;
  SimTime warm_up_end_;
  bool warm_ = false;  ///< the warm-up is over
  SimTime interval_start_{}, interval_end_{};
  Slice interval_, whole_;
  std::vector<TimelineRow> timeline_;
  CallId moving_;
  Place from_;
};

}  // namespace bcsim::models
