#include "tools/compare/gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/metrics/definitions.hpp"
#include "tools/scenario/units.hpp"

namespace bcsim::tools {
namespace {

std::string_view stripped(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// A limit in its base unit; `share`: it was written in percent.
struct Limit {
  double value = 0;
  bool share = false;
};

std::optional<Limit> parse_limit(std::string_view text) {
  if (text.ends_with("pp")) {  // percentage points
    const auto points = parse_number(stripped(text.substr(0, text.size() - 2)));
    if (const double* p = std::get_if<double>(&points)) return Limit{*p / 100, false};
    return std::nullopt;
  }
  const auto share = parse_percent(text);
  if (const double* p = std::get_if<double>(&share)) return Limit{*p, true};
  for (const auto parse : {parse_seconds, parse_rate, parse_bandwidth, parse_number}) {
    const auto parsed = parse(text);
    if (const double* value = std::get_if<double>(&parsed)) return Limit{*value, false};
  }
  return std::nullopt;
}

}  // namespace

models::Good good_direction(std::string_view definition) {
  const models::MetricDefinition* metric = models::find_definition(definition);
  return metric == nullptr ? models::Good::none : metric->good;
}

std::optional<Gate> parse_gate(std::string_view metric, std::string_view text) {
  Gate gate;
  gate.metric = metric;
  gate.text = stripped(text);
  std::string_view rest = stripped(text);
  const bool worse = rest.starts_with("worse"), better = rest.starts_with("better");
  if (worse || better) rest = stripped(rest.substr(worse ? 5 : 6));
  if (rest.empty() || (rest.front() != '<' && rest.front() != '>')) return std::nullopt;
  const bool below = rest.front() == '<';
  if ((worse && !below) || (better && below)) return std::nullopt;
  const auto limit = parse_limit(stripped(rest.substr(1)));
  if (!limit || ((worse || better) && limit->value < 0)) return std::nullopt;
  gate.limit = limit->value;
  gate.kind = worse    ? Gate::Kind::worse
              : better ? Gate::Kind::better
              : below  ? Gate::Kind::below
                       : Gate::Kind::above;
  gate.relative = gate.compares() && limit->share;
  return gate;
}

std::optional<std::string> contradiction(const Gate& a, const Gate& b) {
  if (a.metric != b.metric) return std::nullopt;
  for (const auto& [low, high] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
    if (low->kind == Gate::Kind::above && high->kind == Gate::Kind::below &&
        low->limit >= high->limit) {
      return fmt::format("'{}' and '{}' cannot both hold", low->text, high->text);
    }
  }
  return std::nullopt;
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
