#include "tools/stats/estimands.hpp"

#include <cmath>

#include "models/metrics/definitions.hpp"

namespace bcsim::tools {
namespace {

using models::ServiceLevelDefinition;
using models::Weight;

Weight of_service_level(ServiceLevelDefinition definition) {
  switch (definition) {
    case ServiceLevelDefinition::f2:
      return Weight::answered;
    case ServiceLevelDefinition::f4:
      return Weight::answered_or_late;
    case ServiceLevelDefinition::f6:
      return Weight::ended;
    default:
      return Weight::waited;
  }
}

}  // namespace

bool is_ratio(std::string_view definition) {
  const models::MetricDefinition* metric = models::find_definition(definition);
  return metric != nullptr && metric->weight != Weight::one;
}

std::vector<std::string> ratio_definitions() {
  std::vector<std::string> out;
  for (const models::MetricDefinition& metric : models::metric_definitions()) {
    if (metric.weight != Weight::one) out.emplace_back(metric.id);
  }
  return out;
}

double weight_of(const models::MetricValue& metric, ServiceLevelDefinition headline,
                 const MetricLookup& look) {
  const models::MetricDefinition* row = models::find_definition(metric.definition);
  if (row == nullptr) return 1;
  // A ratio's id is the scope and the definition.
  const std::string scope = metric.id.substr(0, metric.id.size() - metric.definition.size());
  // Only phases have a duration of their own; the run and the sites last equally long in all.
  const double duration = scope.starts_with("phase.") ? look(scope + "duration") : 1;
  const auto of = [&](const char* id) { return look(scope + id); };
  switch (row->weight == Weight::headline ? of_service_level(headline) : row->weight) {
    case Weight::one:
    case Weight::headline:
      return 1;
    case Weight::waited:
      return of("answered") + of("abandoned");
    case Weight::ended:
      return of("answered") + of("abandoned") + of("turned_away");
    case Weight::answered:
      return of("answered");
    case Weight::answered_or_late: {
      // F1 counts those who gave up in time beside those answered in time, F2 the latter only.
      const double waited = of("answered") + of("abandoned");
      if (!(waited > 0)) return 0;
      const double in_time = of("answered") > 0 ? of("service_level.f2") * of("answered") : 0;
      return std::round(waited - (of("service_level.f1") * waited - in_time));
    }
    case Weight::staffed:
      return (of("agents.busy") + of("agents.ready")) * duration;
    case Weight::messages:
      return of("server.messages_per_s") * duration;
    case Weight::time:
      return duration;
  }
  return 1;
}

}  // namespace bcsim::tools
