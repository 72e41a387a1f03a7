// Closed forms of the fluid transient.
#include "models/demand/fluid.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace bcsim::models {

std::optional<double> FluidTransient::fill_time_s() const {
  assert(handling_s > 0 && busy_at_start <= agents);
  if (busy_at_start == agents && erlangs() >= agents) return 0;
  if (erlangs() <= agents) return std::nullopt;  // approached, never reached
  return handling_s * std::log((erlangs() - busy_at_start) / (erlangs() - agents));
}

double FluidTransient::busy_agents(double t_s) const {
  const auto fill = fill_time_s();
  if (fill && t_s >= *fill) return agents;
  return erlangs() + (busy_at_start - erlangs()) * std::exp(-t_s / handling_s);
}

double FluidTransient::queue(double t_s) const {
  const auto fill = fill_time_s();
  if (!fill || t_s <= *fill) return 0;
  return -final_queue() * std::expm1(-(t_s - *fill) / mean_patience_s);
}

double FluidTransient::final_queue() const {
  assert(mean_patience_s > 0);
  return std::max(0.0, (calls_per_s - agents / handling_s) * mean_patience_s);
}

double FluidTransient::final_p_abandon() const {
  return final_queue() / mean_patience_s / calls_per_s;
}

}  // namespace bcsim::models
