#include "tools/scenario/rules/validator_gates.hpp"

#include <fmt/format.h>

#include "models/metrics/definitions.hpp"
#include "tools/scenario/keys/gate_rule.hpp"
#include "tools/scenario/keys/metric_limit.hpp"
#include "tools/scenario/keys/metric_names.hpp"
#include "tools/scenario/text/suggest.hpp"

namespace bcsim::tools {

void check_gates(const Rules& rules) {
  if (rules.scenario.gates.empty()) return;
  const std::vector<std::string> ids = models::metric_ids(rules.scenario);
  std::vector<Gate> seen;
  for (const models::GateRule& rule : rules.scenario.gates) {
    const std::string path = "gates." + rule.metric;
    const auto id = resolve_metric(rule.metric, ids);
    if (!id) {
      rules.error("S-007", path, fmt::format("there is no metric '{}'", rule.metric),
                  did_you_mean(rule.metric, ids));
      continue;
    }
    const Gate gate = *parse_gate(*id, rule.text);
    if (const auto why = senseless_limit(*id, gate.text, gate.limit); !why.empty()) {
      rules.error("S-006", path, why);
    }
    for (const Gate& other : seen) {
      if (const auto why = contradiction(other, gate)) rules.error("S-013", path, *why);
    }
    seen.push_back(gate);
  }
}

}  // namespace bcsim::tools
