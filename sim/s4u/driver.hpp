// Runs a simulation under SimGrid's clock.
#pragma once

#include <functional>
#include <stdexcept>
#include <utility>

#include "sim/s4u/platform.hpp"
#include "sim/simulation.hpp"

namespace bcsim::sim {

/// SimGrid ended before the simulation did. The command line turns it into exit code 70.
struct EngineError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Called after each slice with the time reached; returning false stops the run there.
using SliceCallback = std::function<bool(SimTime)>;

/// What the driver asks of a simulation, without templates.
struct Driven {
  SimTime horizon;
  Duration slice;
  std::function<void()> begin;             ///< lets time begin
  std::function<SimTime()> next_fault;     ///< date of the next fault, or kNever
  std::function<void(SimTime)> run_until;  ///< does what is due
  SliceCallback after_slice;               ///< may be empty
};

/// Slices of simulated time run inside one SimGrid kernel timer that is set at the slice's end:
/// every fault is an end of a slice, so S4U's clock shows exactly the time of a birth, a death or a
/// cut when it happens, and never lags behind what is being done. Where handlers run in actors, an
/// actor does the slices and waits for the date of every item.
/// Throws EngineError, or whatever a handler threw.
void run_s4u(S4uPlatform& platform, const Driven& driven);

/// Calls `begin`, which must start the simulation (nothing was called before on it), and runs to
/// the horizon, or until `after_slice` says stop.
template <class Domain>
void run_s4u(Simulation<Domain>& simulation, S4uPlatform& platform, std::function<void()> begin,
             SliceCallback after_slice = nullptr) {
  run_s4u(platform, {.horizon = simulation.horizon(),
                     .slice = 1s,
                     .begin = std::move(begin),
                     .next_fault = [&] { return simulation.next_fault_time(); },
                     .run_until = [&](SimTime until) { simulation.run_until(until); },
                     .after_slice = std::move(after_slice)});
}

}  // namespace bcsim::sim
