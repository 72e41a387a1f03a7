// Steady-state queueing formulas: Erlang B, C and A, M/M/n+G, finite room, and searches over them.
#pragma once

#include <optional>

#include "models/demand/distribution.hpp"

namespace bcsim::models {

/// Erlang B: probability that all `servers` are busy when `erlangs` (>= 0) are offered and blocked
/// calls are lost. Any size; below 1e-308 it is 0, then see log_erlang_b.
[[nodiscard]] double erlang_b(double erlangs, int servers);
/// Natural logarithm of Erlang B.
[[nodiscard]] double log_erlang_b(double erlangs, int servers);
/// Erlang C: probability of waiting when nobody ever gives up; 1 if erlangs >= servers.
[[nodiscard]] double erlang_c(double erlangs, int servers);
/// Natural logarithm of Erlang C.
[[nodiscard]] double log_erlang_c(double erlangs, int servers);
/// Fewest channels that keep Erlang B at or below max_blocking (> 0).
[[nodiscard]] int fewest_channels(double erlangs, double max_blocking);

/// A queue in front of agents who all serve exponentially. `agents` (> 0) may be a fraction: the
/// usual continuous extension of Erlang B, for averages over days and for inversions.
struct QueueLoad {
  double calls_per_s = 0;
  double handling_s = 0;
  double agents = 0;
  [[nodiscard]] double erlangs() const { return calls_per_s * handling_s; }
};

/// What callers meet in steady state; probabilities are fractions of all calls offered to the
/// queue, waits in seconds, T the threshold asked for.
struct QueueForecast {
  double p_wait = 0;               ///< must wait at all
  double p_abandon = 0;            ///< give up
  double mean_wait_s = 0;          ///< of all, answered or not
  double asa_s = 0;                ///< mean wait of the answered
  double answered_within = 0;      ///< answered after at most T
  double abandoned_within = 0;     ///< gave up after at most T
  double p_wait_over = 0;          ///< still waiting after T
  double p_offered_wait_over = 0;  ///< would wait longer than T, had they the patience
  double mean_queue = 0;           ///< calls waiting
  double occupancy = 0;            ///< share of the agents' time spent handling
};

/// True if the queue settles: those of infinite patience must not fill the agents.
[[nodiscard]] bool has_steady_state(const QueueLoad& load, const Distribution& patience);
/// M/M/n+G for any patience (Zeltyn & Mandelbaum 2005). Exponential patience makes it Erlang A,
/// Never Erlang C. Demands has_steady_state; relative accuracy about 1e-10.
[[nodiscard]] QueueForecast forecast_queue(const QueueLoad& load, const Distribution& patience,
                                           double threshold_s = 20);

/// How service level within a threshold T is defined: which abandoned calls count as good, bad or
/// not at all.
enum class ServiceLevelKind {
  f1,  ///< (answered <= T + abandoned <= T) / (answered + abandoned)
  f2,  ///< answered <= T / answered
  f3,  ///< answered <= T / (answered + abandoned)
  f4,  ///< answered <= T / (answered + abandoned > T)
};
/// Calls, or fractions of calls. F5, a shorter threshold for the abandoned, is f1 with
/// abandoned_within counted at that threshold.
struct AnswerCounts {
  double answered = 0, abandoned = 0, answered_within = 0, abandoned_within = 0;
};
/// NaN where nobody is counted.
[[nodiscard]] double service_level(ServiceLevelKind kind, const AnswerCounts& counts);
[[nodiscard]] double service_level(ServiceLevelKind kind, const QueueForecast& forecast);

/// What a staffing must achieve; the limits that are set must all hold.
struct QueueTarget {
  std::optional<double> min_service_level = {};  ///< in (0, 1), of `kind` within threshold_s
  ServiceLevelKind kind = ServiceLevelKind::f3;
  double threshold_s = 20;
  std::optional<double> max_p_abandon = {};
  std::optional<double> max_asa_s = {};
};
[[nodiscard]] bool meets(const QueueTarget& target, const QueueForecast& forecast);
/// Fewest whole agents that meet the target; load.agents is not read.
[[nodiscard]] int fewest_agents(const QueueLoad& load, const Distribution& patience,
                                const QueueTarget& target);
/// The (fractional) number of agents at which p_abandon is the given one: how many agents a centre
/// behaved like. load.agents is not read; p_abandon in (0, 1) and within reach of the patience.
[[nodiscard]] double effective_agents(const QueueLoad& load, const Distribution& patience,
                                      double p_abandon);

}  // namespace bcsim::models
