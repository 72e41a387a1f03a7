// The observer that a run needs: ledger, metrics, event log and checks behind one interface.
#pragma once

#include <memory>
#include <vector>

#include "models/checks/check.hpp"
#include "models/ledger/ledger.hpp"
#include "models/metrics/collector.hpp"
#include "models/metrics/run_result.hpp"
#include "models/world/layout.hpp"
#include "models/world/observer.hpp"

namespace bcsim::models {

/// Give it to the world before the start, and call finish() once at the end. The layout and its
/// scenario must outlive it.
class RunRecorder final : public Observer {
 public:
  explicit RunRecorder(const Layout& layout);

  void on_record(const JournalEntry& entry) override;
  void on_tick(SimTime now, const TickSample& sample) override;

  /// Everything; the verdicts include the scenario's expectations.
  [[nodiscard]] RunResult finish(SimTime horizon);

  [[nodiscard]] const CallLedger& ledger() const { return ledger_; }

 private:
  /// What a steady start assumes about agents is no event.
  [[nodiscard]] bool taken_for_granted(const JournalEntry& entry) const;

  const Layout& layout_;
  const Scenario& scenario_;
  CallLedger ledger_;
  MetricsCollector metrics_;
  ConfigurationCounter configuration_;
  std::vector<std::unique_ptr<Check>> checks_;
  std::vector<JournalEntry> events_;
};

/// Does this record go into events.ndjson: faults, detections, modes, switchovers, logins? Calls
/// have calls.csv, and what happens all the time (refreshes, probes) is counted only.
[[nodiscard]] bool is_event(const Record& record);

}  // namespace bcsim::models
