// The redial decision.
#include "models/demand/redial.hpp"

#include <cassert>
#include <cmath>

namespace bcsim::models {
namespace {

struct Rule {
  double probability;
  const Distribution& delay;
};

Rule rule_of(const RedialOptions& options, FailedAttempt kind) {
  switch (kind) {
    case FailedAttempt::dropped:
      return {options.after_drop, options.drop_delay};
    case FailedAttempt::setup_failed:
      return {options.after_setup, options.setup_delay};
    case FailedAttempt::abandoned:
      break;
  }
  return {options.after_abandon, options.abandon_delay};
}

}  // namespace

std::optional<sim::Duration> next_attempt_delay(const RedialOptions& options, FailedAttempt kind,
                                                int attempt, sim::RngStream& stream) {
  assert(attempt >= 1);
  const Rule rule = rule_of(options, kind);
  const double decay = std::pow(options.further_factor, attempt - 1);
  const bool willing = stream.bernoulli(rule.probability * decay);
  const sim::Duration delay = draw(rule.delay, stream);
  if (!options.enabled || attempt >= options.max_attempts || !willing) return std::nullopt;
  if (delay == sim::Duration::max()) return std::nullopt;
  return delay;
}

}  // namespace bcsim::models
