// Runs a simulation without SimGrid: the same agenda, plain memory below.
#pragma once

#include "sim/simulation.hpp"

namespace bcsim::sim {

/// Does everything up to the horizon.
template <class Domain>
void run_loop(Simulation<Domain>& simulation) {
  simulation.run_until(simulation.horizon());
}

}  // namespace bcsim::sim
