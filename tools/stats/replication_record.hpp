// What statistics keep of one replication: its numbers and its twin's, without its calls.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/metrics/run_result.hpp"
#include "tools/stats/attribution.hpp"
#include "tools/stats/estimate.hpp"

namespace bcsim::tools {

/// Row by row of timeline.csv, its columns in their order; their weights (1: no ratio).
struct TimelineCells {
  std::vector<double> values, weights;
};

struct ReplicationRecord {
  std::uint32_t replication = 0;
  std::vector<models::MetricValue> metrics;
  /// By metric, of the twin; NaN for phases and recoveries, which it has not. Empty: no twin.
  std::vector<double> without_faults;
  Attribution attribution;                ///< if there was a twin
  TimelineCells timeline, twin_timeline;  ///< the second is empty without a twin
  std::vector<models::Verdict> verdicts;
  std::uint64_t calls = 0, messages_delivered = 0, messages_sent = 0;
  std::uint64_t journal_fingerprint = 0;

  [[nodiscard]] bool has_twin() const { return !without_faults.empty(); }
};

/// Every metric of several replications, ready to be estimated. The order is that of the first
/// replication; what only later ones have (a second recovery) comes after.
class MetricTable {
 public:
  struct Row {
    std::string id;
    std::string_view unit;
    std::string definition;
    std::vector<double> values, weights;
    std::vector<double> without_faults, without_faults_weights;  ///< empty: no twins
    bool ratio = false;

    [[nodiscard]] Sample sample() const { return of(values, weights); }
    [[nodiscard]] Sample twin() const { return of(without_faults, without_faults_weights); }

   private:
    [[nodiscard]] Sample of(const std::vector<double>& v, const std::vector<double>& w) const {
      return ratio ? Sample{v, w} : Sample{v, {}};
    }
  };

  MetricTable(std::span<const ReplicationRecord> records, models::ServiceLevelDefinition headline);

  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
  /// Null if there is no such metric.
  [[nodiscard]] const Row* find(std::string_view id) const;

 private:
  std::vector<Row> rows_;
};

/// May a metric be compared with a run without faults? Phases and recoveries are the failure's own.
[[nodiscard]] bool exists_without_faults(std::string_view id);

}  // namespace bcsim::tools
