// Rows of `expectations`: a metric, a comparison, a value with its unit.
#include "tools/scenario/keys/keys.hpp"
#include "tools/scenario/keys/metric_limit.hpp"

namespace bcsim::tools {
namespace {

using models::Expectation;

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
  if (const auto limit = parse_limit(*text)) {
    value.push_back({metric, limit->comparison, limit->value, *text});
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
