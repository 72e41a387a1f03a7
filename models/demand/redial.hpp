// Whether and when a caller tries again.
#pragma once

#include <cstdint>
#include <optional>

#include "models/scenario.hpp"
#include "sim/rng.hpp"
#include "sim/time.hpp"

namespace bcsim::models {

/// How an attempt ended without the caller being served.
enum class FailedAttempt : std::uint8_t {
  dropped,       ///< lost after answer, by a failure
  setup_failed,  ///< never queued nor answered: blocked, rejected, timed out, or given up in set-up
  abandoned,     ///< given up while queued
};

/// The delay from the end of attempt number `attempt` (1 is the first) to the next attempt, or
/// nothing if the caller gives up for good. The probability is that of the kind of failure, times
/// further_factor for each attempt already repeated. Decision and delay are drawn in any case, so
/// that another probability or limit leaves a caller's later draws where they were.
[[nodiscard]] std::optional<sim::Duration> next_attempt_delay(const RedialOptions& options,
                                                              FailedAttempt kind, int attempt,
                                                              sim::RngStream& stream);

}  // namespace bcsim::models
