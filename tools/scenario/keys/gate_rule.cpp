#include "tools/scenario/keys/gate_rule.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "tools/scenario/text/units.hpp"

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

std::optional<Limit> parse_gate_limit(std::string_view text) {
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
  const auto limit = parse_gate_limit(stripped(rest.substr(1)));
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

}  // namespace bcsim::tools
