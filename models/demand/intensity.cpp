// Rates from the three kinds of specification, and their product with busyness and surge.
#include "models/demand/intensity.hpp"

#include <algorithm>
#include <boost/math/distributions/gamma.hpp>
#include <cassert>

namespace bcsim::models {
namespace {

using sim::kNever;
using sim::seconds;

constexpr Duration kDay = 24h;

std::vector<RateStep> steps_of(const ConstantRate& spec) {
  return {{sim::kStart, spec.per_s}};
}

std::vector<RateStep> steps_of(const RateProfile& spec) {
  return spec.steps;
}

std::vector<RateStep> steps_of(const IntervalVolumes& spec) {
  std::vector<RateStep> steps;
  for (const VolumeInterval& interval : spec.intervals) {
    assert(interval.length > Duration::zero());
    assert(steps.empty() || interval.at >= steps.back().at);
    if (!steps.empty() && steps.back().at == interval.at) steps.pop_back();
    steps.push_back({interval.at, interval.count / seconds(interval.length)});
    steps.push_back({interval.at + interval.length, 0});
  }
  return steps;
}

std::vector<RateStep> steps_of(const SingleCalls&) {
  return {};
}

/// The last step at or before t, or end; and moves `end` to the next step if that is sooner.
template <class Step>
auto current(const std::vector<Step>& steps, SimTime t, SimTime& end) {
  const auto next = std::upper_bound(steps.begin(), steps.end(), t,
                                     [](SimTime time, const Step& s) { return time < s.at; });
  if (next != steps.end()) end = std::min(end, next->at);
  return next == steps.begin() ? steps.end() : std::prev(next);
}

}  // namespace

double busyness_factor(const sim::RngFactory& random, double cv, std::int64_t day) {
  if (!(cv > 0)) return 1;
  const boost::math::gamma_distribution<double> law(1 / (cv * cv), cv * cv);
  return quantile(law,
                  random.stream("arrivals.busyness", static_cast<std::uint64_t>(day)).uniform());
}

Intensity::Intensity(const ArrivalSpec& spec, const ArrivalOptions& options,
                     const sim::RngFactory& random)
    : steps_(std::visit([](const auto& kind) { return steps_of(kind); }, spec)),
      options_(options),
      random_(random) {
  assert(std::ranges::is_sorted(steps_, {}, &RateStep::at));
}

Intensity::Piece Intensity::at(SimTime t) const {
  if (t >= options_.until) return {};
  Piece piece{0, options_.until};
  const auto step = current(steps_, t, piece.end);
  if (step != steps_.end()) piece.per_s = step->per_s;
  const auto surge = current(options_.surge, t, piece.end);
  if (surge != options_.surge.end()) piece.per_s *= surge->factor;
  if (options_.busyness_cv > 0 && piece.per_s > 0) {
    const Duration since_midnight = t.time_since_epoch() + options_.time_of_day_at_start;
    const std::int64_t day = since_midnight / kDay;
    piece.per_s *= busyness_factor(random_, options_.busyness_cv, day);
    piece.end = std::min(piece.end, SimTime((day + 1) * kDay - options_.time_of_day_at_start));
  }
  return piece;
}

double Intensity::expected_calls(SimTime from, SimTime to) const {
  double sum = 0;
  while (from < to) {
    const Piece piece = at(from);
    const SimTime end = std::min(piece.end, to);
    sum += piece.per_s * seconds(end - from);
    from = end;
  }
  return sum;
}

}  // namespace bcsim::models
