#include "tools/compare/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bcsim::tools {
namespace {

constexpr double kLevel = 0.05;

double difference_p(const Estimate& d) {
  if (!d.has_interval()) return 1;
  if (d.sd == 0) return d.value == 0 ? 1 : 0;
  return student_p(d.value / d.error(), d.n - 1);
}

Estimate difference_of(const Sample& a, const Sample& b, bool paired) {
  return paired ? paired_difference(a, b) : unpaired_difference(a, b);
}

ComparedMetric compared(const MetricTable::Row& a, const MetricTable::Row& b,
                        const ComparisonOptions& options) {
  ComparedMetric out;
  out.id = a.id;
  out.unit = a.unit;
  out.good = good_direction(a.definition);
  out.a = estimate(a.sample());
  out.b = estimate(b.sample());
  out.difference = difference_of(a.sample(), b.sample(), options.paired);
  out.effect = out.difference.sd > 0 ? out.difference.value / out.difference.sd : 0;
  out.p = difference_p(out.difference);
  out.margin = options.margin * std::abs(out.a.value);
  const Estimate apart = unpaired_difference(a.sample(), b.sample());
  const double ratio = apart.error() / out.difference.error();
  out.variance_factor = ratio * ratio;
  out.missing_b = static_cast<std::uint32_t>(b.values.size()) - out.b.n;
  return out;
}

Change change_of(const ComparedMetric& m) {
  const Estimate& d = m.difference;
  if (!d.has_interval() || d.n < kFewestReplications) return Change::inconclusive;
  if (d.value == 0 && d.half == 0) return Change::same;
  if (d.low() >= -m.margin && d.high() <= m.margin) return Change::same;
  if (m.p_holm >= kLevel) return Change::inconclusive;
  if (m.good == models::Good::none) return Change::differs;
  return (d.value > 0) == (m.good == models::Good::higher) ? Change::better : Change::worse;
}

}  // namespace

std::string_view name(Change change) {
  constexpr std::string_view kNames[] = {"better", "worse", "differs", "same", "inconclusive"};
  return kNames[static_cast<std::size_t>(change)];
}

const std::vector<std::string>& usual_metrics() {
  static const std::vector<std::string> ids = {"lost",
                                               "callers_lost",
                                               "abandoned",
                                               "setup_delayed",
                                               "service_level",
                                               "asa",
                                               "wait.p95",
                                               "queue.max",
                                               "agents.lost_s",
                                               "recovery.gateways_switched",
                                               "recovery.phones_90",
                                               "recovery.agents_50",
                                               "recovery.agents_90",
                                               "recovery.agents_100",
                                               "recovery.service_level_back",
                                               "recovery.queue_drained",
                                               "registrations",
                                               "server.messages_per_s"};
  return ids;
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto i, auto k) { return p[i] < p[k]; });
  std::vector<double> out(p.size());
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    largest =
        std::max(largest, std::min(1.0, static_cast<double>(p.size() - rank) * p[order[rank]]));
    out[order[rank]] = largest;
  }
  return out;
}

std::vector<ComparedMetric> compare_records(std::span<const ReplicationRecord> a,
                                            std::span<const ReplicationRecord> b,
                                            const ComparisonOptions& options) {
  const MetricTable table_a(a, options.headline), table_b(b, options.headline);
  std::vector<ComparedMetric> out;
  std::vector<double> p;
  for (const std::string& id : options.metrics) {
    const MetricTable::Row* from = table_a.find(id);
    const MetricTable::Row* to = table_b.find(id);
    if (from == nullptr || to == nullptr) continue;
    ComparedMetric metric = compared(*from, *to, options);
    if (metric.a.n == 0 && metric.b.n == 0) continue;
    p.push_back(metric.p);
    out.push_back(std::move(metric));
  }
  const std::vector<double> corrected = holm(p);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].p_holm = corrected[i];
    out[i].verdict = change_of(out[i]);
  }
  return out;
}

namespace {

std::string why_words(const JudgedGate& g, std::uint32_t missing, std::size_t replications) {
  if (g.of.n == 0) return "has no value";
  const std::string what = g.gate.compares() ? "B − A" : "B";
  std::string text = fmt::format("{} is {:.6g}", what, g.of.value);
  if (g.of.has_interval()) text += fmt::format(" ({:.6g} to {:.6g})", g.of.low(), g.of.high());
  text += fmt::format(", limit {:.6g}", g.limit);
  if (g.unit != "1") text += fmt::format(" {}", g.unit);
  if (missing > 0)
    text += fmt::format("; no value in {} of {} replications", missing, replications);
  if (g.of.n < kFewestReplications) {
    text += fmt::format("; {} replications are too few", g.of.n);
  }
  return text;
}

}  // namespace

std::vector<JudgedGate> judge_gates(const std::vector<Gate>& gates,
                                    std::span<const ReplicationRecord> a,
                                    std::span<const ReplicationRecord> b,
                                    const ComparisonOptions& options) {
  const MetricTable table_a(a, options.headline), table_b(b, options.headline);
  std::vector<JudgedGate> out;
  for (const Gate& gate : gates) {
    JudgedGate& judged = out.emplace_back();
    judged.gate = gate;
    const MetricTable::Row* from = table_a.find(gate.metric);
    const MetricTable::Row* to = table_b.find(gate.metric);
    if (from == nullptr || to == nullptr) {
      judged.why = "has no value";
      continue;
    }
    judged.unit = from->unit;
    const Estimate of_b = estimate(to->sample());
    judged.of =
        gate.compares() ? difference_of(from->sample(), to->sample(), options.paired) : of_b;
    const GateOutcome outcome =
        judge(gate, {judged.of, estimate(from->sample()).value, good_direction(from->definition)});
    judged.verdict = outcome.verdict;
    judged.limit = outcome.limit;
    // A recovery without a time did not come in time; the others' mean says nothing about it.
    const auto missing = static_cast<std::uint32_t>(b.size()) - of_b.n;
    if (gate.compares() && of_b.n == 0 && estimate(from->sample()).n == 0) {
      judged.verdict = GateVerdict::passed;
      judged.why = "has no value in A, nor in B: nothing has changed";
      continue;
    }
    if (gate.metric.starts_with("recovery.") && missing > 0) {
      judged.verdict = of_b.n == 0 && b.size() >= kFewestReplications ? GateVerdict::failed
                                                                      : GateVerdict::inconclusive;
    }
    judged.why = why_words(judged, missing, b.size());
  }
  return out;
}

}  // namespace bcsim::tools
