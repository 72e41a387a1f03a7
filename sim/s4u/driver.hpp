// Runs a simulation under SimGrid's clock.
#pragma once

#include <functional>
#include <stdexcept>

#include "sim/s4u/platform.hpp"
#include "sim/simulation.hpp"

namespace bcsim::sim {

/// SimGrid ended before the simulation did. The command line turns it into exit code 70.
struct EngineError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Called after each slice with the time reached; returning false stops the run there.
using SliceCallback = std::function<bool(SimTime)>;

/// The driver without templates. Slices of simulated time run inside one SimGrid kernel timer that
/// is set at the slice's end: every fault is an end of a slice, so S4U's clock shows exactly the
/// time of a birth, a death or a cut when it happens, and never lags behind what is being done.
/// `run_until` does what is due; `next_fault` is the date of the next fault, or kNever.
/// Throws EngineError, or whatever a handler threw.
void run_s4u(S4uPlatform& platform, SimTime horizon, Duration slice,
             const std::function<SimTime()>& next_fault,
             const std::function<void(SimTime)>& run_until, const SliceCallback& after_slice);

/// Runs to the horizon, or until `after_slice` says stop.
template <class Domain>
void run_s4u(Simulation<Domain>& simulation, S4uPlatform& platform,
             const SliceCallback& after_slice = nullptr) {
  run_s4u(
      platform, simulation.horizon(), 1s, [&] { return simulation.next_fault_time(); },
      [&](SimTime until) { simulation.run_until(until); }, after_slice);
}

}  // namespace bcsim::sim
