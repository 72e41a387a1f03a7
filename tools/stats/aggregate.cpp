#include "tools/stats/aggregate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/checks/expectations.hpp"

namespace bcsim::tools {

using models::Verdict;
using models::VerdictStatus;

const MetricSummary* Aggregate::find(std::string_view id) const {
  const auto found = std::find_if(metrics.begin(), metrics.end(),
                                  [&](const MetricSummary& m) { return m.id == id; });
  return found == metrics.end() ? nullptr : &*found;
}

Estimate Aggregate::value(std::string_view id) const {
  const MetricSummary* metric = find(id);
  return metric == nullptr ? Estimate{} : metric->value;
}

Aggregate aggregate(std::span<const ReplicationRecord> records,
                    models::ServiceLevelDefinition headline) {
  Aggregate out;
  out.replications = static_cast<std::uint32_t>(records.size());
  out.twin = !records.empty() && records.front().has_twin();
  const MetricTable table(records, headline);
  for (const MetricTable::Row& row : table.rows()) {
    MetricSummary& metric = out.metrics.emplace_back();
    metric.id = row.id;
    metric.unit = row.unit;
    metric.definition = row.definition;
    metric.value = estimate(row.sample());
    if (!out.twin || !exists_without_faults(row.id)) continue;
    metric.without_faults = estimate(row.twin());
    metric.because_of_failure = paired_difference(row.twin(), row.sample());
  }
  if (!out.twin) return out;
  for (std::size_t i = 0; i < Attribution::kCounts; ++i) {
    std::vector<double> values;
    for (const ReplicationRecord& record : records) {
      values.push_back(record.attribution.values()[i]);
    }
    out.attribution[i] = estimate({values, {}});
  }
  return out;
}

namespace {

bool is_same(const Verdict& a, const Verdict& b) {
  return a.kind == b.kind && a.id == b.id;
}

Verdict merged_check(const Verdict& first, std::span<const ReplicationRecord> records) {
  Verdict out = first;
  out.status = VerdictStatus::not_applicable;
  out.examined = out.violations = 0;
  std::size_t violated = 0;
  for (const ReplicationRecord& record : records) {
    for (const Verdict& v : record.verdicts) {
      if (!is_same(v, first)) continue;
      out.examined += v.examined;
      out.violations += v.violations;
      if (v.status == VerdictStatus::violated) {
        if (++violated == 1)
          out.text = fmt::format("replication {}: {}", record.replication, v.text);
        out.status = VerdictStatus::violated;
      } else if (out.status == VerdictStatus::not_applicable) {
        out.status = v.status;
      }
    }
  }
  if (violated > 1) out.text += fmt::format(" (and in {} more)", violated - 1);
  return out;
}

}  // namespace

std::vector<Verdict> merge_verdicts(std::span<const ReplicationRecord> records,
                                    const Aggregate& aggregate,
                                    const std::vector<models::Expectation>& expectations) {
  if (records.size() == 1) return records.front().verdicts;
  std::vector<Verdict> out;
  if (records.empty()) return out;
  for (const Verdict& v : records.front().verdicts) {
    if (v.kind == Verdict::Kind::check) out.push_back(merged_check(v, records));
  }
  models::RunResult estimates;
  for (const MetricSummary& metric : aggregate.metrics) {
    estimates.metrics.push_back({metric.id, metric.value.value, metric.unit, metric.definition});
  }
  for (Verdict& v : models::evaluate_expectations(expectations, estimates)) {
    const Estimate of = aggregate.value(v.id);
    std::size_t violated = 0;
    for (const ReplicationRecord& record : records) {
      for (const Verdict& one : record.verdicts) {
        violated += is_same(one, v) && one.status == VerdictStatus::violated;
      }
    }
    v.examined = records.size();
    if (of.has_interval())
      v.text += fmt::format("; 95 % interval {:.6g} to {:.6g}", of.low(), of.high());
    v.text += fmt::format("; violated in {} of {} replications", violated, records.size());
    out.push_back(std::move(v));
  }
  return out;
}

}  // namespace bcsim::tools
