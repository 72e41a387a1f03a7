// Rows of `gates`: a metric and what a change may do to it, or a list of such limits.
#include "tools/scenario/keys/gate_rule.hpp"

#include <fmt/format.h>

#include "tools/scenario/keys/keys.hpp"

namespace bcsim::tools {
namespace {

void read_gate(Reader& r, const Node& node, const std::string& metric,
               std::vector<models::GateRule>& value) {
  const std::string* text = r.scalar(node, "a gate such as \"worse < 2%\"");
  if (text == nullptr) return;
  if (!parse_gate(metric, *text)) {
    r.error(node, "S-003", fmt::format("'{}' is not a gate", *text),
            "write it like \"worse < 2%\", \"better > 10%\", \"< 75s\" or \"> 80%\"");
    return;
  }
  value.push_back({metric, *text});
}

}  // namespace

Codec<std::vector<models::GateRule>> gates() {
  Codec<std::vector<models::GateRule>> codec;
  codec.type.kind = Kind::map;
  codec.type.what = "metric";
  ValueType one;
  one.what = "gate";
  ValueType several;
  several.kind = Kind::list;
  several.elements = {one};
  ValueType either;
  either.kind = Kind::any_of;
  either.elements = {one, several};
  codec.type.elements = {either};
  codec.read = [](Reader& r, const Node& node, std::vector<models::GateRule>& value) {
    if (!r.expect_map(node, "gates")) return;
    value.clear();
    for (const Node& child : node.children) {
      const Reader::Scope scope(r, child.key, child.key_at);
      if (!child.is_list()) {
        read_gate(r, child, child.key, value);
        continue;
      }
      for (const Node& entry : child.children) read_gate(r, entry, child.key, value);
    }
  };
  codec.write = [](const Writer&, const std::vector<models::GateRule>& value) {
    Out out = Out::map();
    for (const models::GateRule& rule : value) {
      Out* list = nullptr;
      for (auto& [metric, rules] : out.children) {
        if (metric == rule.metric) list = &rules;
      }
      if (list == nullptr) {
        out.children.emplace_back(rule.metric, Out::list());
        list = &out.children.back().second;
      }
      list->children.emplace_back("", Out::scalar(rule.text, true));
    }
    return std::optional<Out>(std::move(out));
  };
  return codec;
}

}  // namespace bcsim::tools
