#include "tools/stats/warm_up.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <vector>

#include "sim/time.hpp"
#include "tools/stats/estimate.hpp"

namespace bcsim::tools {
namespace {

using models::SimTime;

constexpr std::size_t kBatches = 5, kObservations = 360, kFewestCalls = 200;
constexpr double kTransientLevel = 0.005, kLongestLook_s = 3600, kCallTimes = 12;

double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

double squares_of(std::span<const double> values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  return sum;
}

/// Is nothing to be expected but chance? Otherwise the demand's own changes look like a transient.
bool is_stationary(const models::Scenario& scenario) {
  const bool steady_calls =
      std::all_of(scenario.calls.begin(), scenario.calls.end(), [](const models::CallStream& s) {
        return std::holds_alternative<models::ConstantRate>(s.arrivals) && s.surge.empty();
      });
  return steady_calls &&
         std::all_of(scenario.agents.begin(), scenario.agents.end(),
                     [](const models::AgentGroup& g) { return g.staffing.empty(); });
}

/// Calls dialled and not over, at `count` equally distant times from `from` on.
std::vector<double> calls_in_system(const std::vector<models::CallRow>& calls, double from_s,
                                    double step_s, std::size_t count) {
  std::vector<double> series(count + 1, 0);
  const auto cell = [&](SimTime t) {
    if (t == models::kNever) return count;
    const double at = std::ceil((sim::seconds(t) - from_s) / step_s);
    return static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(count)));
  };
  for (const models::CallRow& call : calls) {
    series[cell(call.offered)] += 1;
    series[cell(call.released)] -= 1;
  }
  for (std::size_t i = 1; i < count; ++i) series[i] += series[i - 1];
  series.pop_back();
  return series;
}

}  // namespace

double initial_transient_p(std::span<const double> series) {
  const std::size_t n = series.size(), half = n / 2, batch = half / kBatches;
  if (batch < 1) return 1;
  std::vector<double> means;
  for (std::size_t b = 0; b < kBatches; ++b) {
    means.push_back(mean_of(series.subspan(n - half + b * batch, batch)));
  }
  const double variance = static_cast<double>(batch) * squares_of(means) / (kBatches - 1);
  const double size = static_cast<double>(n), mean = mean_of(series);
  double before = 0, sum = 0;
  for (std::size_t k = 1; k <= n; ++k) {
    const double so_far = static_cast<double>(k);
    before += series[k - 1];
    sum += so_far * (1 - so_far / size) * (mean - before / so_far);
  }
  if (sum == 0) return 1;
  const double t = std::sqrt(45.0) * sum / (std::pow(size, 1.5) * std::sqrt(variance));
  const double both_ways = student_p(t, kBatches - 1);
  return t > 0 ? both_ways / 2 : 1 - both_ways / 2;
}

std::size_t mser5(std::span<const double> series) {
  constexpr std::size_t kOfOne = 5;
  std::vector<double> means;
  for (std::size_t i = 0; i + kOfOne <= series.size(); i += kOfOne) {
    means.push_back(mean_of(series.subspan(i, kOfOne)));
  }
  std::size_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t cut = 0; 2 * cut <= means.size() && cut < means.size(); ++cut) {
    const std::span<const double> rest = std::span<const double>(means).subspan(cut);
    const double size = static_cast<double>(rest.size());
    const double error = squares_of(rest) / (size * size);
    if (error >= least) continue;
    least = error;
    best = cut;
  }
  return best * kOfOne;
}

std::optional<WarmUpCheck> check_warm_up(const models::RunResult& first,
                                         const models::Scenario& scenario) {
  const auto before =
      std::find_if(first.phases.begin(), first.phases.end(),
                   [](const models::PhaseInterval& i) { return i.phase == models::Phase::before; });
  if (before == first.phases.end() || !is_stationary(scenario)) return std::nullopt;
  const double from = sim::seconds(before->start);
  const double length = std::min(sim::seconds(before->end) - from, kLongestLook_s);
  std::size_t calls = 0;
  double time_of_calls = 0;
  for (const models::CallRow& call : first.calls) {
    const double at = sim::seconds(call.offered);
    if (at < from || at >= from + length || call.released == models::kNever) continue;
    ++calls;
    time_of_calls += sim::seconds(call.released) - at;
  }
  if (calls < kFewestCalls) return std::nullopt;
  if (length < kCallTimes * time_of_calls / static_cast<double>(calls)) return std::nullopt;

  const double step = length / kObservations;
  WarmUpCheck check;
  check.p = initial_transient_p(calls_in_system(first.calls, from, step, kObservations));
  const auto with_warm_up = static_cast<std::size_t>((from + length) / step);
  check.enough_s =
      static_cast<double>(mser5(calls_in_system(first.calls, 0, step, with_warm_up))) * step;
  check.too_short = check.p < kTransientLevel && check.enough_s > from;
  return check;
}

std::string warm_up_words(const std::optional<WarmUpCheck>& check) {
  if (!check || !check->too_short) return "";
  const double minutes = std::ceil(check->enough_s / 60);
  return fmt::format(
      "The measured time begins before the start has died out: the calls in the system still rise "
      "(p = {:.2g}). A warm-up of {:.0f} min would do: --set run.warm-up={:.0f}min.",
      check->p, minutes, minutes);
}

}  // namespace bcsim::tools
