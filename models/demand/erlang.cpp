// Loss and delay without patience, finite room, service levels and the searches.
#include "models/demand/erlang.hpp"

#include <algorithm>
#include <boost/math/tools/roots.hpp>
#include <cassert>
#include <cmath>
#include <limits>

#include "models/demand/erlang_continuous.hpp"

namespace bcsim::models {
namespace {

/// Smallest n >= first for which holds(n), given that it holds for all larger n too.
template <class Predicate>
int fewest(int first, Predicate holds) {
  if (holds(first)) return first;
  int fails = first;
  int step = 1;
  while (!holds(fails + step)) {
    fails += step;
    step *= 2;
    assert(step < (1 << 28) && "no number meets the target");
  }
  int succeeds = fails + step;
  while (succeeds - fails > 1) {
    const int middle = fails + (succeeds - fails) / 2;
    (holds(middle) ? succeeds : fails) = middle;
  }
  return succeeds;
}

}  // namespace

double log_erlang_b(double erlangs, int servers) {
  assert(erlangs >= 0 && servers >= 0);
  if (servers == 0) return 0;
  if (erlangs == 0) return -std::numeric_limits<double>::infinity();
  return -log_inverse_erlang_b(erlangs, servers);
}

double erlang_b(double erlangs, int servers) {
  return std::exp(log_erlang_b(erlangs, servers));
}

double log_erlang_c(double erlangs, int servers) {
  if (erlangs >= servers) return 0;
  const double n = servers;
  const double blocking = erlang_b(erlangs, servers);
  return log_erlang_b(erlangs, servers) + std::log(n / (n - erlangs * (1 - blocking)));
}

double erlang_c(double erlangs, int servers) {
  return std::exp(log_erlang_c(erlangs, servers));
}

int fewest_channels(double erlangs, double max_blocking) {
  assert(max_blocking > 0);
  return fewest(0, [&](int n) { return erlang_b(erlangs, n) <= max_blocking; });
}

double service_level(ServiceLevelKind kind, const AnswerCounts& c) {
  switch (kind) {
    case ServiceLevelKind::f1:
      return (c.answered_within + c.abandoned_within) / (c.answered + c.abandoned);
    case ServiceLevelKind::f2:
      return c.answered_within / c.answered;
    case ServiceLevelKind::f3:
      return c.answered_within / (c.answered + c.abandoned);
    case ServiceLevelKind::f4:
      return c.answered_within / (c.answered + c.abandoned - c.abandoned_within);
  }
  assert(false);
  return 0;
}

double service_level(ServiceLevelKind kind, const QueueForecast& forecast) {
  return service_level(kind, {.answered = 1 - forecast.p_abandon,
                              .abandoned = forecast.p_abandon,
                              .answered_within = forecast.answered_within,
                              .abandoned_within = forecast.abandoned_within});
}

bool meets(const QueueTarget& target, const QueueForecast& forecast) {
  if (target.min_service_level &&
      !(service_level(target.kind, forecast) >= *target.min_service_level)) {
    return false;
  }
  if (target.max_p_abandon && !(forecast.p_abandon <= *target.max_p_abandon)) return false;
  return !target.max_asa_s || forecast.asa_s <= *target.max_asa_s;
}

int fewest_agents(const QueueLoad& load, const Distribution& patience, const QueueTarget& target) {
  return fewest(1, [&](int n) {
    const QueueLoad staffed{load.calls_per_s, load.handling_s, static_cast<double>(n)};
    return has_steady_state(staffed, patience) &&
           meets(target, forecast_queue(staffed, patience, target.threshold_s));
  });
}

double effective_agents(const QueueLoad& load, const Distribution& patience, double p_abandon) {
  assert(p_abandon > 0 && p_abandon < 1);
  // Over the logarithm, p_abandon falls smoothly and strictly with the agents.
  const auto excess = [&](double agents) {
    const QueueLoad staffed{load.calls_per_s, load.handling_s, agents};
    if (!has_steady_state(staffed, patience)) return -std::log(p_abandon);
    return std::log(std::max(forecast_queue(staffed, patience).p_abandon, 1e-300) / p_abandon);
  };
  // Agents never serve more than is offered, so that n >= a (1 - p_abandon) at any rate.
  const double low = load.erlangs() * (1 - p_abandon) * (1 - 1e-9);
  double high = std::max(1.0, load.erlangs());
  while (excess(high) > 0) high *= 1.5;
  std::uintmax_t iterations = 200;
  const auto [left, right] = boost::math::tools::toms748_solve(
      excess, low, high, boost::math::tools::eps_tolerance<double>(40), iterations);
  return left + (right - left) / 2;
}

}  // namespace bcsim::models
