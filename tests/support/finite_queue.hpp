// A queue with finite room, in closed form: a second way to the limits of Erlang B, C and A.
#pragma once

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace bcsim::models::test {

/// M/M/n/K+M: room for `capacity` calls in all, those in service included (trunks, say); calls that
/// find none are blocked. Waiting callers give up at abandon_per_s (0: never).
struct FiniteQueue {
  double calls_per_s = 0;
  double handling_s = 0;
  int agents = 0;
  int capacity = 0;
  double abandon_per_s = 0;
};
/// Probabilities are fractions of all calls offered; the two means in seconds are over the calls
/// that were not blocked, whether answered or not.
struct FiniteForecast {
  double p_block = 0, p_wait = 0, p_abandon = 0;
  double mean_in_system = 0, mean_queue = 0;
  double mean_wait_s = 0, mean_sojourn_s = 0;
  double occupancy = 0;
};
[[nodiscard]] inline FiniteForecast forecast_finite_queue(const FiniteQueue& q) {
  assert(q.calls_per_s > 0 && q.handling_s > 0 && q.agents > 0 && q.capacity > 0);
  // Weights of the states as logarithms from state 0 upwards: they span hundreds of decades.
  std::vector<double> log_weight(static_cast<std::size_t>(q.capacity) + 1, 0.0);
  for (int k = 1; k <= q.capacity; ++k) {
    const double busy = std::min(k, q.agents);
    const double leave_per_s = busy / q.handling_s + (k - busy) * q.abandon_per_s;
    const auto state = static_cast<std::size_t>(k);
    log_weight[state] = log_weight[state - 1] + std::log(q.calls_per_s / leave_per_s);
  }
  const double largest = *std::max_element(log_weight.begin(), log_weight.end());
  double total = 0;
  for (const double w : log_weight) total += std::exp(w - largest);

  FiniteForecast result;
  double mean_busy = 0;
  for (int k = 0; k <= q.capacity; ++k) {
    const double p = std::exp(log_weight[static_cast<std::size_t>(k)] - largest) / total;
    const double busy = std::min(k, q.agents);
    mean_busy += p * busy;
    result.mean_in_system += p * k;
    result.mean_queue += p * (k - busy);
    if (k >= q.agents && k < q.capacity) result.p_wait += p;
    if (k == q.capacity) result.p_block = p;
  }
  const double admitted_per_s = q.calls_per_s * (1 - result.p_block);
  result.p_abandon = q.abandon_per_s * result.mean_queue / q.calls_per_s;
  result.mean_wait_s = result.mean_queue / admitted_per_s;
  result.mean_sojourn_s = result.mean_in_system / admitted_per_s;
  result.occupancy = mean_busy / q.agents;
  return result;
}

}  // namespace bcsim::models::test
