#include "tools/tune/tune_result.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bcsim::tools {
namespace {

/// Below 0: a is better, beyond doubt; above 0: worse; 0: not to be told apart.
int compared(const TunedPoint& a, const TunedPoint& b, std::size_t metric) {
  const Estimate d = paired_difference({b.values[metric], {}}, {a.values[metric], {}});
  if (!d.has_interval()) return 0;
  return d.high() < 0 ? -1 : d.low() > 0 ? 1 : 0;
}

/// Rank sums over the costs: whoever dominates comes before whom he dominates, or nearly so.
std::vector<std::size_t> promising_first(const TuneResult& r) {
  std::vector<std::size_t> order(r.points.size());
  std::iota(order.begin(), order.end(), 0);
  std::vector<std::size_t> ranks(r.points.size(), 0);
  for (std::size_t m = 0; m < r.metrics.size(); ++m) {
    if (!r.metrics[m].cost) continue;
    for (std::size_t a = 0; a < r.points.size(); ++a) {
      for (std::size_t b = 0; b < r.points.size(); ++b) {
        ranks[a] += r.points[b].estimates[m].value < r.points[a].estimates[m].value;
      }
    }
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return ranks[a] < ranks[b]; });
  return order;
}

}  // namespace

bool dominates(const TunedPoint& a, const TunedPoint& b, const std::vector<TuneMetric>& metrics) {
  bool better = false;
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    if (!metrics[m].cost) continue;
    const int c = compared(a, b, m);
    if (c > 0) return false;
    better = better || c < 0;
  }
  return better;
}

void evaluate_tuning(TuneResult& r) {
  for (TunedPoint& point : r.points) {
    point.estimates.clear();
    for (const auto& values : point.values) point.estimates.push_back(estimate({values, {}}));
  }
  std::vector<std::size_t> front;
  for (const std::size_t p : promising_first(r)) {
    const bool beaten = std::any_of(front.begin(), front.end(), [&](std::size_t f) {
      return dominates(r.points[f], r.points[p], r.metrics);
    });
    if (beaten) continue;
    std::erase_if(front,
                  [&](std::size_t f) { return dominates(r.points[p], r.points[f], r.metrics); });
    front.push_back(p);
  }
  for (const std::size_t p : front) r.points[p].pareto = true;
  const TunedPoint& now = r.points.front();
  for (const TunedPoint& point : r.points) {
    if (point.point.kind != TunePoint::Kind::one_at_a_time) continue;
    TuneEffect& effect = r.effects.emplace_back();
    for (std::size_t f = 0; f < r.factors.size(); ++f) {
      if (point.point.levels[f] != 0) effect.factor = f;
    }
    effect.level = point.point.levels[effect.factor];
    for (std::size_t m = 0; m < r.metrics.size(); ++m) {
      effect.differences.push_back(paired_difference({now.values[m], {}}, {point.values[m], {}}));
    }
  }
}

}  // namespace bcsim::tools
