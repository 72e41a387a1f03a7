#include "tools/compare/compare_schema.hpp"

#include <string>
#include <utility>
#include <vector>

namespace bcsim::tools {
namespace {

using SchemaJson = nlohmann::ordered_json;

SchemaJson with_words(SchemaJson type, const char* description) {
  type["description"] = description;
  return type;
}

SchemaJson of_type(const char* type, const char* description) {
  return with_words({{"type", type}}, description);
}

SchemaJson number_or_null(const char* description) {
  return with_words({{"type", SchemaJson{"number", "null"}}}, description);
}

SchemaJson one_of_words(const std::vector<std::string>& words, const char* description) {
  return with_words({{"type", "string"}, {"enum", words}}, description);
}

/// An object all of whose members are always there.
SchemaJson object_with(const std::vector<std::pair<std::string, SchemaJson>>& members) {
  SchemaJson object = {{"type", "object"}, {"required", SchemaJson::array()}};
  for (const auto& [key, type] : members) {
    object["required"].push_back(key);
    object["properties"][key] = type;
  }
  return object;
}

SchemaJson list_of(SchemaJson items, const char* description) {
  return with_words({{"type", "array"}, {"items", std::move(items)}}, description);
}

SchemaJson estimate_schema() {
  const SchemaJson interval = {{"type", SchemaJson{"array", "null"}},
                               {"items", {{"type", "number"}}},
                               {"minItems", 2},
                               {"maxItems", 2}};
  return object_with({{"value", number_or_null("mean or ratio over the replications")},
                      {"interval", with_words(interval, "95 %; null with fewer than two")},
                      {"sd", number_or_null("standard deviation of one replication")},
                      {"n", of_type("integer", "replications that have a value")}});
}

SchemaJson difference_schema() {
  return object_with(
      {{"path", of_type("string", "key of the effective scenario")},
       {"a", of_type("string", "its value in A; empty: not there")},
       {"b", of_type("string", "its value in B")},
       {"must_match", of_type("boolean", "demand, staffing, time, faults or seed")}});
}

SchemaJson metric_schema(const SchemaJson& estimate) {
  return object_with(
      {{"id", of_type("string", "of the metric")},
       {"unit", of_type("string", "of the metric; 1: a fraction")},
       {"a", estimate},
       {"b", estimate},
       {"difference", with_words(estimate, "B - A, over what both have")},
       {"effect", number_or_null("difference / its standard deviation")},
       {"p", number_or_null("t-test of no difference")},
       {"p_holm", number_or_null("after Holm's correction over the metrics shown")},
       {"margin", number_or_null("differences within it do not matter")},
       {"variance_factor", number_or_null("variance as if unpaired / paired")},
       {"verdict",
        one_of_words({"better", "worse", "differs", "same", "inconclusive"}, "of the metric")}});
}

SchemaJson gate_schema(const SchemaJson& estimate) {
  return object_with(
      {{"metric", of_type("string", "its id")},
       {"gate", of_type("string", "as written")},
       {"verdict", one_of_words({"passed", "failed", "inconclusive"}, "of the gate")},
       {"of", with_words(estimate, "what was looked at: B, or B - A")},
       {"limit", number_or_null("in the metric's unit")},
       {"text", of_type("string", "why, in words")}});
}

}  // namespace

nlohmann::ordered_json compare_schema() {
  const SchemaJson estimate = {{"$ref", "#/definitions/estimate"}};
  SchemaJson schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                       {"title", "What bcsim compare --json prints"}};
  schema.update(object_with(
      {{"a", of_type("string", "what A was called")},
       {"b", of_type("string", "what B was called")},
       {"verdict", one_of_words({"passed", "failed", "inconclusive", "no_gates"}, "of all gates")},
       {"replications", of_type("integer", "of each side")},
       {"paired", of_type("boolean", "on the same random numbers")},
       {"differences", list_of(difference_schema(), "what the two differ in")},
       {"metrics", list_of(metric_schema(estimate), "the metrics shown")},
       {"gates", list_of(gate_schema(estimate), "the gates judged")}}));
  schema["definitions"]["estimate"] = estimate_schema();
  return schema;
}

}  // namespace bcsim::tools
