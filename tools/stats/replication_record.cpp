#include "tools/stats/replication_record.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "tools/stats/estimands.hpp"

namespace bcsim::tools {
namespace {

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

using ByName = std::map<std::string_view, double>;

MetricLookup lookup_in(const ByName& values) {
  return [&values](const std::string& id) {
    const auto found = values.find(id);
    return found == values.end() ? kAbsent : found->second;
  };
}

}  // namespace

bool exists_without_faults(std::string_view id) {
  return !id.starts_with("phase.") && !id.starts_with("recovery.");
}

MetricTable::MetricTable(std::span<const ReplicationRecord> records,
                         models::ServiceLevelDefinition headline) {
  std::map<std::string, std::size_t, std::less<>> index;
  const bool twins = !records.empty() && records.front().has_twin();
  for (std::size_t r = 0; r < records.size(); ++r) {
    const ReplicationRecord& record = records[r];
    ByName own, twin;
    for (std::size_t m = 0; m < record.metrics.size(); ++m) {
      own[record.metrics[m].id] = record.metrics[m].value;
      if (record.has_twin()) twin[record.metrics[m].id] = record.without_faults[m];
    }
    for (std::size_t m = 0; m < record.metrics.size(); ++m) {
      const models::MetricValue& metric = record.metrics[m];
      const auto [at, added] = index.try_emplace(metric.id, rows_.size());
      if (added) {
        Row& row = rows_.emplace_back();
        row.id = metric.id;
        row.unit = metric.unit;
        row.definition = metric.definition;
        row.ratio = is_ratio(metric.definition);
        row.values.assign(records.size(), kAbsent);
        row.weights.assign(records.size(), 0);
        if (twins) row.without_faults = row.values, row.without_faults_weights = row.weights;
      }
      Row& row = rows_[at->second];
      row.values[r] = metric.value;
      row.weights[r] = row.ratio ? weight_of(metric, headline, lookup_in(own)) : 1;
      if (!record.has_twin()) continue;
      row.without_faults[r] = record.without_faults[m];
      row.without_faults_weights[r] = row.ratio ? weight_of(metric, headline, lookup_in(twin)) : 1;
    }
  }
}

const MetricTable::Row* MetricTable::find(std::string_view id) const {
  for (const Row& row : rows_) {
    if (row.id == id) return &row;
  }
  return nullptr;
}

}  // namespace bcsim::tools
