#include "tools/plan/goal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <limits>
#include <map>

#include "tools/stats/estimands.hpp"

namespace bcsim::tools {
namespace {

constexpr double kNothingMeasured = std::numeric_limits<double>::quiet_NaN();

using PlanMetrics = std::map<std::string_view, const models::MetricValue*>;

/// Ids are prefixed by one of these.
std::vector<std::string> scopes_of(Stretch stretch) {
  if (stretch == Stretch::run) return {""};
  std::vector<std::string> out;
  for (const models::Phase phase : {models::Phase::detection, models::Phase::relogin,
                                    models::Phase::degraded, models::Phase::after}) {
    out.push_back(fmt::format("phase.{}.", name(phase)));
  }
  return out;
}

double value_in(const PlanMetrics& metrics, const std::string& id) {
  const auto found = metrics.find(id);
  return found == metrics.end() ? kNothingMeasured : found->second->value;
}

/// Sum of parts over sum of wholes; phases that did not occur have neither.
Measured quotient(const PlanMetrics& metrics, Stretch stretch, const char* part,
                  const char* whole) {
  double parts = 0, wholes = 0;
  for (const std::string& scope : scopes_of(stretch)) {
    const double n = value_in(metrics, scope + whole);
    if (!(n > 0)) continue;
    parts += value_in(metrics, scope + part);
    wholes += n;
  }
  return {wholes > 0 ? parts / wholes : kNothingMeasured, wholes};
}

Measured service_level_in(const PlanMetrics& metrics, Stretch stretch,
                          models::ServiceLevelDefinition headline) {
  double good = 0, weights = 0;
  const auto look = [&](const std::string& id) { return value_in(metrics, id); };
  for (const std::string& scope : scopes_of(stretch)) {
    const auto found = metrics.find(scope + "service_level");
    if (found == metrics.end() || std::isnan(found->second->value)) continue;
    const double weight = weight_of(*found->second, headline, look);
    good += weight * found->second->value;
    weights += weight;
  }
  return {weights > 0 ? good / weights : kNothingMeasured, weights};
}

Measured worst_delay(const PlanMetrics& metrics, Stretch stretch) {
  Measured out{kNothingMeasured, 0};
  for (const std::string& scope : scopes_of(stretch)) {
    const double delay = value_in(metrics, scope + "server.delay.max");
    if (std::isnan(delay)) continue;
    out.value = out.weight > 0 ? std::max(out.value, delay) : delay;
    out.weight = 1;
  }
  return out;
}

Estimate estimate_of(std::span<const Measured> sample, const Goal& goal, double confidence) {
  std::vector<double> values, weights;
  for (const Measured& m : sample) {
    values.push_back(m.value);
    weights.push_back(m.weight);
  }
  // Maxima, and metrics by name, are averaged as they are; everything else is a ratio.
  if (goal.measure == Measure::server_delay || goal.metric)
    return estimate({values, {}}, confidence);
  return estimate({values, weights}, confidence);
}

std::uint32_t count_held(std::span<const Measured> sample, const Goal& goal) {
  // Where nothing happened nothing was amiss.
  return static_cast<std::uint32_t>(std::count_if(
      sample.begin(), sample.end(),
      [&](const Measured& m) { return std::isnan(m.value) ? !goal.metric : goal.holds(m.value); }));
}

/// Was the metric that is asked for missing in a run? No mean makes up for that.
bool was_missing(std::span<const Measured> sample, const Goal& goal) {
  return goal.metric && std::any_of(sample.begin(), sample.end(),
                                    [](const Measured& m) { return std::isnan(m.value); });
}

}  // namespace

std::string_view name(Measure measure) {
  constexpr std::array<std::string_view, 5> kNames = {"service_level", "blocking", "server_delay",
                                                      "media_degraded", "metric"};
  return kNames[static_cast<std::size_t>(measure)];
}
std::string_view name(Stretch stretch) {
  return stretch == Stretch::run ? "run" : "failure";
}
std::string_view name(PlanVerdict verdict) {
  constexpr std::array<std::string_view, 3> kNames = {"meets", "fails", "open"};
  return kNames[static_cast<std::size_t>(verdict)];
}

Measured measure(const ReplicationRecord& record, const Goal& goal,
                 models::ServiceLevelDefinition headline) {
  PlanMetrics metrics;
  for (const models::MetricValue& metric : record.metrics) metrics.emplace(metric.id, &metric);
  switch (goal.measure) {
    case Measure::service_level:
      return service_level_in(metrics, goal.stretch, headline);
    case Measure::blocking:
      return quotient(metrics, goal.stretch, "lost.blocked_at_trunk", "attempted");
    case Measure::server_delay:
      return worst_delay(metrics, goal.stretch);
    case Measure::media_degraded:
      return quotient(metrics, goal.stretch, "media_degraded", "answered");
    case Measure::metric: {
      const double value = value_in(metrics, goal.metric->id);
      return {value, std::isnan(value) ? 0.0 : 1.0};
    }
  }
  return {kNothingMeasured, 0};
}

namespace {

/// `kept_for`: among so many looks the probability of error is divided.
std::vector<std::uint32_t> looks_of(const Goal& goal, std::uint32_t most, std::size_t kept_for) {
  std::vector<std::uint32_t> out = {std::min(kFirstLook, most)};
  if (goal.probability) {
    // With so many good runs and no bad one it can be decided.
    const double all_good =
        std::ceil(std::log((1 - goal.confidence) / static_cast<double>(kept_for)) /
                  std::log(*goal.probability));
    if (all_good > out.back() && all_good < most) {
      out.push_back(static_cast<std::uint32_t>(all_good));
    }
  }
  while (out.back() < most) out.push_back(3 * out.back() > most ? most : 2 * out.back());
  return out;
}

}  // namespace

std::vector<std::uint32_t> looks(const Goal& goal, std::uint32_t most) {
  constexpr std::size_t kMany = 20;
  std::vector<std::uint32_t> out = looks_of(goal, most, kMany);
  while (true) {
    std::vector<std::uint32_t> next = looks_of(goal, most, out.size());
    if (next.size() > out.size() || next == out) return out;
    out = std::move(next);
  }
}

double error_per_look(const Goal& goal, std::uint32_t most) {
  return (1 - goal.confidence) / static_cast<double>(looks(goal, most).size());
}

bool can_be_shown(const Goal& goal, std::uint32_t most) {
  if (!goal.probability) return most >= 2;
  return std::pow(error_per_look(goal, most), 1.0 / most) >= *goal.probability;
}

Judgement judge(std::span<const Measured> sample, const Goal& goal, double error) {
  Judgement out;
  out.n = static_cast<std::uint32_t>(sample.size());
  out.met = count_held(sample, goal);
  out.value = estimate_of(sample, goal, kConfidence);
  if (out.n == 0) return out;
  using Binomial = boost::math::binomial_distribution<double>;
  out.share_low = Binomial::find_lower_bound_on_p(out.n, out.met, error);
  out.share_high = Binomial::find_upper_bound_on_p(out.n, out.met, error);
  if (goal.probability) {
    if (out.share_low >= *goal.probability) out.verdict = PlanVerdict::meets;
    if (out.share_high < *goal.probability) out.verdict = PlanVerdict::fails;
    return out;
  }
  if (was_missing(sample, goal)) {
    out.verdict = PlanVerdict::fails;
    return out;
  }
  const Estimate e = estimate_of(sample, goal, 1 - 2 * error);
  if (!e.has_interval()) return out;
  if (goal.holds(goal.at_least() ? e.low() : e.high())) out.verdict = PlanVerdict::meets;
  if (!goal.holds(goal.at_least() ? e.high() : e.low())) out.verdict = PlanVerdict::fails;
  return out;
}

double chance_to_decide(const Judgement& now, const Goal& goal, std::uint32_t most) {
  if (!goal.probability || now.n >= most) return goal.probability ? 0 : 1;
  using Binomial = boost::math::binomial_distribution<double>;
  const double error = error_per_look(goal, most);
  // The number of good runs among those to come is beta-binomial, from a uniform prior.
  const double a = now.met + 1, b = now.n - now.met + 1, to_come = most - now.n;
  const auto log_beta = [](double x, double y) {
    return std::lgamma(x) + std::lgamma(y) - std::lgamma(x + y);
  };
  double chance = 0;
  for (double good = 0; good <= to_come; ++good) {
    const double met = now.met + good;
    const bool decided = Binomial::find_lower_bound_on_p(most, met, error) >= *goal.probability ||
                         Binomial::find_upper_bound_on_p(most, met, error) < *goal.probability;
    if (!decided) continue;
    chance += std::exp(log_beta(a + good, b + to_come - good) - log_beta(a, b) -
                       log_beta(good + 1, to_come - good + 1) - std::log(to_come + 1));
  }
  return chance;
}

bool is_clear(std::span<const Measured> sample, const Goal& goal) {
  constexpr double kDeviations = 4;
  if (sample.size() < kFirstGlance) return false;
  if (was_missing(sample, goal)) {
    return std::all_of(sample.begin(), sample.end(),
                       [](const Measured& m) { return std::isnan(m.value); });
  }
  const Estimate e = estimate_of(sample, goal, kConfidence);
  return std::isnan(e.value) || std::abs(e.value - goal.limit) > kDeviations * e.sd;
}

PlanVerdict suggest(std::span<const Measured> sample, const Goal& goal) {
  bool good = false;
  if (goal.probability) {
    good = count_held(sample, goal) >= *goal.probability * static_cast<double>(sample.size());
  } else {
    const double value = estimate_of(sample, goal, kConfidence).value;
    good = !was_missing(sample, goal) && (std::isnan(value) || goal.holds(value));
  }
  return good ? PlanVerdict::meets : PlanVerdict::fails;
}

}  // namespace bcsim::tools
