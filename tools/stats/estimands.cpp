#include "tools/stats/estimands.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace bcsim::tools {
namespace {

using models::ServiceLevelDefinition;

/// What a ratio is divided by.
enum class Denominator { waited, answered, answered_or_late, staffed, messages, time };

struct Ratio {
  std::string_view definition;
  Denominator denominator;
};

// Time averages are ratios too: a phase lasts longer in one replication than in another.
constexpr std::array kRatios = {
    Ratio{"abandonment", Denominator::waited},
    Ratio{"service_level", Denominator::waited},  // or as its definition says
    Ratio{"service_level.f1", Denominator::waited},
    Ratio{"service_level.f2", Denominator::answered},
    Ratio{"service_level.f3", Denominator::waited},
    Ratio{"service_level.f4", Denominator::answered_or_late},
    Ratio{"service_level.f5", Denominator::waited},
    Ratio{"asa", Denominator::answered},
    Ratio{"wait.mean", Denominator::waited},
    Ratio{"dial_to_answer", Denominator::answered},
    Ratio{"occupancy", Denominator::staffed},
    Ratio{"server.delay.mean", Denominator::messages},
    Ratio{"setup.mean", Denominator::time},
    Ratio{"queue.mean", Denominator::time},
    Ratio{"ringing.mean", Denominator::time},
    Ratio{"talking.mean", Denominator::time},
    Ratio{"agents.working", Denominator::time},
    Ratio{"agents.at_work", Denominator::time},
    Ratio{"agents.logged_in", Denominator::time},
    Ratio{"agents.ready", Denominator::time},
    Ratio{"agents.busy", Denominator::time},
    Ratio{"phones.registered", Denominator::time},
    Ratio{"server.messages_per_s", Denominator::time},
};

const Ratio* find_ratio(std::string_view definition) {
  const auto* found = std::find_if(kRatios.begin(), kRatios.end(),
                                   [&](const Ratio& r) { return r.definition == definition; });
  return found == kRatios.end() ? nullptr : found;
}

Denominator of_service_level(ServiceLevelDefinition definition) {
  switch (definition) {
    case ServiceLevelDefinition::f2:
      return Denominator::answered;
    case ServiceLevelDefinition::f4:
      return Denominator::answered_or_late;
    default:
      return Denominator::waited;
  }
}

}  // namespace

bool is_ratio(std::string_view definition) {
  return find_ratio(definition) != nullptr;
}

std::vector<std::string> ratio_definitions() {
  std::vector<std::string> out;
  for (const Ratio& ratio : kRatios) out.emplace_back(ratio.definition);
  return out;
}

double weight_of(const models::MetricValue& metric, ServiceLevelDefinition headline,
                 const MetricLookup& look) {
  const Ratio* ratio = find_ratio(metric.definition);
  if (ratio == nullptr) return 1;
  // A ratio's id is the scope and the definition.
  const std::string scope = metric.id.substr(0, metric.id.size() - metric.definition.size());
  // Only phases have a duration of their own; the run and the sites last equally long in all.
  const double duration = scope.starts_with("phase.") ? look(scope + "duration") : 1;
  const auto of = [&](const char* id) { return look(scope + id); };
  switch (metric.definition == "service_level" ? of_service_level(headline) : ratio->denominator) {
    case Denominator::waited:
      return of("answered") + of("abandoned");
    case Denominator::answered:
      return of("answered");
    case Denominator::answered_or_late: {
      // F1 counts those who gave up in time beside those answered in time, F2 the latter only.
      const double waited = of("answered") + of("abandoned");
      if (!(waited > 0)) return 0;
      const double in_time = of("answered") > 0 ? of("service_level.f2") * of("answered") : 0;
      return std::round(waited - (of("service_level.f1") * waited - in_time));
    }
    case Denominator::staffed:
      return (of("agents.busy") + of("agents.ready")) * duration;
    case Denominator::messages:
      return of("server.messages_per_s") * duration;
    case Denominator::time:
      return duration;
  }
  return 1;
}

}  // namespace bcsim::tools
