#include "tools/stats/estimate_json.hpp"

#include <cmath>

#include "tools/base/number_text.hpp"

namespace bcsim::tools {

nlohmann::ordered_json json_number(double value) {
  if (!std::isfinite(value)) return nullptr;
  return nlohmann::ordered_json::parse(number_text(value));
}

nlohmann::ordered_json json_interval(const Estimate& e) {
  if (!e.has_interval()) return nullptr;
  return {json_number(e.low()), json_number(e.high())};
}

nlohmann::ordered_json json_estimate(const Estimate& e) {
  nlohmann::ordered_json j = {{"value", json_number(e.value)}};
  j["interval"] = json_interval(e);
  j["sd"] = json_number(e.sd);
  j["n"] = e.n;
  return j;
}

}  // namespace bcsim::tools
