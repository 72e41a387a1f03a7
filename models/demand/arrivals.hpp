// When calls arrive: a pull source for each call stream of the scenario.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "models/demand/intensity.hpp"
#include "models/scenario.hpp"
#include "sim/rng.hpp"
#include "sim/time.hpp"

namespace bcsim::models {

/// A caller's first attempt. What is given here (from a file of single calls) goes before the
/// stream's distributions.
struct Arrival {
  sim::SimTime at;
  std::uint64_t caller = 0;  ///< counts from 0 within the stream; see caller_entity
  std::optional<sim::Duration> talk = {}, patience = {};
  std::optional<std::uint32_t> gateway = {};
};

/// The entity of a caller's own random streams (patience, talk, redials): the n-th caller of a call
/// stream has the same ones whatever else happens. Up to 2^40 callers a stream.
[[nodiscard]] constexpr std::uint64_t caller_entity(std::uint32_t call_stream,
                                                    std::uint64_t caller) {
  return (static_cast<std::uint64_t>(call_stream) << 40) | caller;
}

/// Gives the arrivals of one call stream in order of time; depends on the specification and the
/// random address only, never on when it is asked.
class ArrivalProcess {
 public:
  virtual ~ArrivalProcess() = default;
  /// The next arrival, or nothing, and then nothing ever after.
  [[nodiscard]] virtual std::optional<Arrival> next() = 0;
};

/// Rates make a Poisson process: the n-th gap is the n-th unit exponential of the stream, stretched
/// by the rate, so that a change of rate moves callers in time but never swaps them.
/// Volumes make a Poisson process with those expected counts, or, if exact, place exactly that many
/// calls in each interval at independent times. Exact counts are scaled by busyness and surge, and
/// rounded so that the total up to the end of any interval is right to half a call.
/// Single calls come as given, in order of time; busyness and surge leave them alone.
/// `call_stream` is the index of the stream in the scenario.
[[nodiscard]] std::unique_ptr<ArrivalProcess> make_arrivals(const ArrivalSpec& spec,
                                                            const ArrivalOptions& options,
                                                            const sim::RngFactory& random,
                                                            std::uint32_t call_stream);

}  // namespace bcsim::models
