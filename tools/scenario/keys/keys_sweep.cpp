// The row of `sweep`: paths with the values that they take in turn, and constraints.
#include "tools/scenario/keys/keys.hpp"

namespace bcsim::tools {
namespace {

void report(Reader& r, const Node& at, const SweepProblem& problem) {
  r.error(at, "S-006", problem.message, problem.hint);
}

/// The values of one variable, as text between commas.
std::optional<std::string> values_text(Reader& r, const Node& node) {
  if (!node.is_list()) {
    const std::string* text = r.scalar(node, "a list, or a range such as 10s..60s/10s");
    return text == nullptr ? std::nullopt : std::optional(*text);
  }
  std::string all;
  for (const Node& entry : node.children) {
    const std::string* text = r.scalar(entry, "a value");
    if (text == nullptr) return std::nullopt;
    all += (all.empty() ? "" : ",") + *text;
  }
  return all;
}

void read_constraint(Reader& r, const Node& node) {
  const std::string* text = r.scalar(node, "a constraint such as \"a.b <= 10s\"");
  if (text == nullptr) return;
  try {
    r.sweep.constraints.push_back(parse_constraint(*text));
  } catch (const SweepProblem& problem) {
    report(r, node, problem);
  }
}

void read_variable(Reader& r, const Node& node) {
  const auto text = values_text(r, node);
  if (!text) return;
  try {
    r.sweep.variables.push_back(parse_variable(node.key, *text));
  } catch (const SweepProblem& problem) {
    report(r, node, problem);
  }
}

}  // namespace

void sweep_row(SectionOf<models::Scenario>& s) {
  ValueType values;
  values.what = "values";
  ValueType list;
  list.kind = Kind::list;
  list.elements = {values};
  ValueType either;
  either.kind = Kind::any_of;
  either.elements = {values, list};
  ValueType type;
  type.kind = Kind::map;
  type.what = "path";
  type.elements = {either};
  s.row(
       "sweep", type, language(),
       "What 'bcsim sweep' varies: {desktop.site1.site-timeout: [10s, 30s], where: [...]}",
       [](Reader& r, const Node& node, models::Scenario&) {
         if (!r.expect_map(node, "sweep")) return;
         r.sweep = {};
         for (const Node& child : node.children) {
           const Reader::Scope scope(r, child.key, child.key_at);
           if (child.key != "where") {
             read_variable(r, child);
           } else if (r.expect_list(child, "where")) {
             for (const Node& entry : child.children) read_constraint(r, entry);
           }
         }
       },
       [](const Writer&, const models::Scenario&) { return std::optional<Out>(); })
      .only_input();
}

}  // namespace bcsim::tools
