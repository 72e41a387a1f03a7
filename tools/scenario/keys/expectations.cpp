// Rows of `expectations`: a metric, a comparison, a value with its unit.
#include "tools/scenario/keys.hpp"

namespace bcsim::tools {
namespace {

using models::Comparison;
using models::Expectation;

// Any quantity in its base unit: seconds, per second, bits per second, fraction, or as it is.
std::optional<double> any_value(std::string_view text) {
  for (const auto parse :
       {parse_percent, parse_seconds, parse_rate, parse_bandwidth, parse_number}) {
    const auto parsed = parse(text);
    if (const double* value = std::get_if<double>(&parsed)) return *value;
  }
  return std::nullopt;
}

bool parse_expectation(std::string_view text, Expectation& e) {
  struct Sign {
    std::string_view sign;
    Comparison comparison;
  };
  // The longer ones first.
  constexpr Sign kSigns[] = {{"<=", Comparison::less_equal}, {">=", Comparison::greater_equal},
                             {"==", Comparison::equal},      {"<", Comparison::less},
                             {">", Comparison::greater},     {"=", Comparison::equal}};
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  for (const Sign& s : kSigns) {
    if (!text.starts_with(s.sign)) continue;
    const auto value = any_value(text.substr(s.sign.size()));
    if (!value) return false;
    e.comparison = s.comparison;
    e.value = *value;
    return true;
  }
  return false;
}

void read_level(Reader& r, const Node& node, const std::string& metric,
                std::vector<Expectation>& value) {
  if (node.is_map() && !node.children.empty()) {
    for (const Node& child : node.children) {
      const Reader::Scope scope(r, child.key, child.key_at);
      read_level(r, child, metric.empty() ? child.key : metric + "." + child.key, value);
    }
    return;
  }
  const std::string* text = r.scalar(node, "a limit such as \"> 80%\"");
  if (text == nullptr) return;
  Expectation e;
  e.metric = metric;
  e.text = *text;
  if (parse_expectation(*text, e)) {
    value.push_back(std::move(e));
  } else {
    r.error(node, "S-003", fmt::format("'{}' is not a limit", *text),
            "write it like \"> 80%\", \"<= 75s\" or \"= 0\"");
  }
}

}  // namespace

Codec<std::vector<Expectation>> expectations() {
  Codec<std::vector<Expectation>> codec;
  codec.type.kind = Kind::map;
  codec.type.what = "metric";
  ValueType limit;
  limit.what = "limit";
  ValueType phase;  // {before: {service_level: …}} is the metric before.service_level
  phase.kind = Kind::map;
  phase.what = "metric";
  phase.elements = {limit};
  ValueType either;
  either.kind = Kind::any_of;
  either.elements = {limit, phase};
  codec.type.elements = {either};
  codec.read = [](Reader& r, const Node& node, std::vector<Expectation>& value) {
    if (!r.expect_map(node, "expectations")) return;
    value.clear();
    for (const Node& child : node.children) {
      const Reader::Scope scope(r, child.key, child.key_at);
      read_level(r, child, child.key, value);
    }
  };
  codec.write = [](const Writer&, const std::vector<Expectation>& value) -> std::optional<Out> {
    Out out = Out::map();
    for (const Expectation& e : value)
      out.children.emplace_back(e.metric, Out::scalar(e.text, true));
    return out;
  };
  return codec;
}

}  // namespace bcsim::tools
