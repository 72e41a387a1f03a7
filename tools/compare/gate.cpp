#include "tools/compare/gate.hpp"

#include <algorithm>
#include <cmath>

namespace bcsim::tools {

models::Good good_direction(std::string_view definition) {
  const models::MetricDefinition* metric = models::find_definition(definition);
  return metric == nullptr ? models::Good::none : metric->good;
}

std::string_view name(GateVerdict verdict) {
  constexpr std::string_view kNames[] = {"passed", "failed", "inconclusive"};
  return kNames[static_cast<std::size_t>(verdict)];
}

GateOutcome judge(const Gate& gate, const GateInput& input) {
  GateOutcome out;
  out.limit = gate.relative ? gate.limit * std::abs(input.value_of_a) : gate.limit;
  // On the scale of the metric: an upper limit that must not be reached, or a lower one.
  bool upper = gate.kind == Gate::Kind::below;
  if (gate.compares()) {
    upper = input.good != models::Good::higher;
    if (upper != (gate.kind == Gate::Kind::worse)) out.limit = -out.limit;
  }
  const Estimate& e = input.of;
  if (!e.has_interval() || e.n < kFewestReplications) return out;
  // Which way is good is not known: whatever is more than the limit away is worse.
  if (gate.kind == Gate::Kind::worse && input.good == models::Good::none) {
    const bool within = e.high() < out.limit && e.low() > -out.limit;
    const bool beyond = e.low() >= out.limit || e.high() <= -out.limit;
    out.verdict = e.value == 0 && e.half == 0 ? GateVerdict::passed
                  : within                    ? GateVerdict::passed
                  : beyond                    ? GateVerdict::failed
                                              : GateVerdict::inconclusive;
    return out;
  }
  // Nothing at all has changed: no worse, whatever the limit.
  if (gate.kind == Gate::Kind::worse && e.value == 0 && e.half == 0) {
    out.verdict = GateVerdict::passed;
    return out;
  }
  const bool all_good = upper ? e.high() < out.limit : e.low() > out.limit;
  const bool all_bad = upper ? e.low() >= out.limit : e.high() <= out.limit;
  out.verdict = all_good  ? GateVerdict::passed
                : all_bad ? GateVerdict::failed
                          : GateVerdict::inconclusive;
  return out;
}

}  // namespace bcsim::tools
