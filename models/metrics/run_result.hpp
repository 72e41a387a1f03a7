// Everything one replication has to say, as plain data: what writers and statistics consume.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/checks/verdict.hpp"
#include "models/ledger/call_row.hpp"
#include "models/ledger/ledger.hpp"
#include "models/metrics/call_tally.hpp"
#include "models/metrics/configuration_tally.hpp"
#include "models/metrics/levels.hpp"
#include "models/metrics/phases.hpp"
#include "models/metrics/recovery.hpp"
#include "models/metrics/targets.hpp"

namespace bcsim::models {

/// One number with a name. The ids are a contract: expectations, gates and scripts use them.
struct MetricValue {
  std::string id;          ///< "phase.before.asa"
  double value = 0;        ///< NaN where it has no meaning in this run
  std::string_view unit;   ///< "s", "calls", "1"; of the definition
  std::string definition;  ///< heading in results/README.md: "asa"
};

/// One interval of one site.
struct TimelineRow {
  SimTime start{};
  Duration length{};
  SiteIndex site = 0;
  CallTally calls;
  Slice levels;  ///< of the whole board, the same for both sites of an interval
};

struct RunResult {
  // What the numbers are about.
  std::vector<std::string> gateway_names;
  std::vector<SiteIndex> gateway_sites;  ///< home of each
  std::vector<std::string> stream_names;
  std::vector<std::string> link_names;  ///< by direction: "dc-link", "dc-link (reverse)", …
  std::vector<std::string> fault_texts;
  std::vector<std::string> change_texts;  ///< of the configuration: edits, then synchronizations
  std::vector<std::string> queue_names;
  std::vector<std::string> group_names;  ///< of agents
  std::vector<std::string> agent_names;
  std::vector<std::string> node_names;
  std::array<std::string, kSites> site_names;
  std::optional<Duration> start_label;
  SimTime warm_up_end{}, horizon{};
  Duration service_level_threshold{};
  ServiceLevelDefinition service_level_definition = ServiceLevelDefinition::f6;

  // The numbers.
  std::vector<CallRow> calls;
  /// By call: 1 if its outcome differs from that in the run's twin without faults. Empty: there was
  /// no twin.
  std::vector<std::uint8_t> attributed;
  CallTallies tallies;
  Conservation conservation;
  ConfigurationTally configuration;
  Slice levels;  ///< after the warm-up
  std::array<Slice, kPhases> phase_levels;
  std::vector<PhaseInterval> phases;
  std::vector<Recovery> recoveries;
  std::vector<ServiceTarget> targets;       ///< of the scenario
  std::vector<TargetValues> target_values;  ///< by entry of these; empty: nothing has happened
  std::vector<TimelineRow> timeline;        ///< by interval, then site
  std::vector<MetricValue> metrics;
  std::vector<JournalEntry> events;  ///< of the journal: faults, detections, modes, logins
  std::vector<Verdict> verdicts;

  [[nodiscard]] BoardPlan board_plan() const {
    return {gateway_names.size(), link_names.size(), queue_names.size(), group_names.size()};
  }
  /// Null if there is no metric of this name.
  [[nodiscard]] const MetricValue* find(std::string_view id) const {
    for (const MetricValue& m : metrics) {
      if (m.id == id) return &m;
    }
    return nullptr;
  }
  /// NaN if there is none.
  [[nodiscard]] double value(std::string_view id) const {
    const MetricValue* m = find(id);
    return m == nullptr ? std::numeric_limits<double>::quiet_NaN() : m->value;
  }
  [[nodiscard]] bool violated() const {
    for (const Verdict& v : verdicts) {
      if (v.status == VerdictStatus::violated) return true;
    }
    return false;
  }
};

}  // namespace bcsim::models
