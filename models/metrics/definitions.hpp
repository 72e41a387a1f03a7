// The dictionary of metrics: what each is called, its unit and its formula. results/README.md has
// the same words; a test compares them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/scenario.hpp"

namespace bcsim::models {

/// Of what a metric is, beside the whole run; its id then begins with "phase.<phase>.", "site1.",
/// "queue.<queue>.", "stream.<stream>.", "gateway.<gateway>." or "group.<agent group>.".
enum class Scope : std::uint8_t { phase, site, queue, stream, gateway, group };
inline constexpr int kScopes = 6;
[[nodiscard]] std::string_view name(Scope scope);

using Scopes = std::uint8_t;  ///< bits
[[nodiscard]] constexpr Scopes scope_bit(Scope scope) {
  return static_cast<Scopes>(1u << static_cast<unsigned>(scope));
}

/// Which way of a metric is good.
enum class Good : std::uint8_t { none, lower, higher };

/// What a ratio is divided by, and so its weight in a mean over replications.
enum class Weight : std::uint8_t {
  one,     ///< it is no ratio
  waited,  ///< answered + abandoned
  ended,   ///< answered + abandoned + turned away
  answered,
  answered_or_late,  ///< answered + abandoned after the threshold
  headline,          ///< as the scenario's definition of the service level says
  staffed,           ///< agents busy or ready
  messages,
  time,  ///< a time average: a phase lasts longer in one replication than in another
};

/// One metric: whatever is asked of it (its words, its scopes, what a gate makes of it, how
/// replications are averaged) is in its row.
struct MetricDefinition {
  std::string_view id;  ///< with <cause>, <gateway>, <link>, … where a name is to be put
  std::string_view unit;
  std::string_view formula;
  Scopes scopes = 0;
  Good good = Good::none;
  Weight weight = Weight::one;

  [[nodiscard]] bool has(Scope scope) const { return (scopes & scope_bit(scope)) != 0; }
};

[[nodiscard]] std::span<const MetricDefinition> metric_definitions();

/// Null if the dictionary has no such heading.
[[nodiscard]] const MetricDefinition* find_definition(std::string_view id);

/// Every metric id that a run of this scenario has, in the order of summary.json; for checking
/// expectations and for completion.
[[nodiscard]] std::vector<std::string> metric_ids(const Scenario& scenario);

}  // namespace bcsim::models
