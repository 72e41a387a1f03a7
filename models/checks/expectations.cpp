#include "models/checks/expectations.hpp"

#include <fmt/format.h>

#include <cmath>

namespace bcsim::models {
namespace {

bool holds(double value, Comparison comparison, double limit) {
  switch (comparison) {
    case Comparison::less:
      return value < limit;
    case Comparison::less_equal:
      return value <= limit;
    case Comparison::greater:
      return value > limit;
    case Comparison::greater_equal:
      return value >= limit;
    case Comparison::equal:
      break;
  }
  return value == limit;
}

}  // namespace

std::vector<Verdict> evaluate_expectations(const std::vector<Expectation>& expectations,
                                           const RunResult& result) {
  std::vector<Verdict> verdicts;
  for (const Expectation& e : expectations) {
    const MetricValue* metric = result.find(e.metric);
    const double value = result.value(e.metric);
    const bool good = !std::isnan(value) && holds(value, e.comparison, e.value);
    Verdict& v = verdicts.emplace_back();
    v.kind = Verdict::Kind::expectation;
    v.id = e.metric;
    v.status = good ? VerdictStatus::good : VerdictStatus::violated;
    v.examined = 1;
    v.violations = good ? 0 : 1;
    if (std::isnan(value)) {
      v.text = fmt::format("has no value in this run; expected {}", e.text);
    } else {
      v.text = fmt::format("was {:.6g}{}{}; expected {}", value, metric->unit == "1" ? "" : " ",
                           metric->unit == "1" ? "" : metric->unit, e.text);
    }
  }
  return verdicts;
}

}  // namespace bcsim::models
