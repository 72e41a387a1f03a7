#include "tools/scenario/keys/schema.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <nlohmann/json.hpp>

#include "tools/scenario/keys/describe.hpp"
#include "tools/scenario/keys/keys.hpp"

namespace bcsim::tools {
namespace {

using Json = nlohmann::ordered_json;

const std::string kNumber = R"((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)";

std::string units_pattern(const std::vector<std::string>& units) {
  return fmt::format("({})", fmt::join(units, "|"));
}

std::string duration_pattern() {
  return fmt::format("-?({} *{} *)+", kNumber, units_pattern(duration_units()));
}

Json text_of_pattern(const std::string& pattern) {
  return {{"type", "string"}, {"pattern", "^ *" + pattern + " *$"}};
}

/// Builds the schema; sections become definitions, so that each is written once.
class SchemaBuilder {
 public:
  Json build() {
    Json root = object_of(*scenario_section());
    root.erase("required");
    Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                   {"title", "bcsim scenario"}};
    schema.update(root);
    // A file that extends another may leave out what that one says.
    schema["anyOf"] = {{{"required", {"extends"}}}, {{"required", {"bcsim", "sites"}}}};
    schema["definitions"] = std::move(definitions_);
    return schema;
  }

 private:
  Json reference_to(const std::shared_ptr<const Section>& section) {
    auto known = names_.find(section.get());
    if (known == names_.end()) {
      std::string name = section->name;
      for (char& c : name) c = c == ' ' ? '-' : c;
      while (definitions_.contains(name)) name += "-2";
      definitions_[name] = nullptr;  // taken, while its parts are described
      known = names_.emplace(section.get(), name).first;
      definitions_[name] = object_of(*section);
    }
    return {{"$ref", "#/definitions/" + known->second}};
  }

  Json object_of(const Section& section) {
    Json properties = Json::object(), required = Json::array(), forbidden = Json::array();
    for (const Key& key : section.keys) {
      Json property = of(key.type);
      std::string doc = key.doc;
      if (const std::string value = default_of(section, key); !value.empty()) {
        doc += fmt::format(". Default: {} ({})", value, key.origin.text());
      }
      // Beside $ref, draft 7 ignores everything else.
      if (property.contains("$ref")) property = {{"allOf", {property}}};
      property["description"] = doc;
      properties[key.name] = std::move(property);
      if (key.required) required.push_back(key.name);
      for (const Key& other : section.keys) {
        if (&other == &key) break;
        if (!key.exclusive.empty() && key.exclusive == other.exclusive) {
          forbidden.push_back({{"required", {other.name, key.name}}});
        }
      }
    }
    Json object = {{"type", {"object", "null"}},
                   {"description", section.doc},
                   {"properties", std::move(properties)},
                   {"additionalProperties", false}};
    if (!required.empty()) object["required"] = std::move(required);
    if (!forbidden.empty()) object["not"] = {{"anyOf", std::move(forbidden)}};
    return object;
  }

  // The type without the words that may stand for it.
  Json plain(const ValueType& type) {
    switch (type.kind) {
      case Kind::boolean:
        return {{"type", "boolean"}};
      case Kind::count:
        return bounded("integer", type);
      case Kind::number:
        return bounded("number", type);
      case Kind::text:
        return {{"type", {"string", "number"}}};
      case Kind::duration:
        return text_of_pattern(duration_pattern());
      case Kind::instant:
        return text_of_pattern(type.what == "clock"
                                   ? R"(\d?\d:\d\d(:\d\d)?)"
                                   : fmt::format(R"((\d?\d:\d\d(:\d\d)?|{}))", duration_pattern()));
      case Kind::rate:
        return text_of_pattern(fmt::format("{} *{}", kNumber, units_pattern(rate_units())));
      case Kind::percent:
        return text_of_pattern(kNumber + " *%");
      case Kind::bandwidth:
        return text_of_pattern(fmt::format("{} *{}", kNumber, units_pattern(bandwidth_units())));
      case Kind::choice:
        return {{"enum", type.words}};
      case Kind::reference:
        return {{"type", {"string", "number"}}};
      case Kind::section:
        return reference_to(type.section);
      case Kind::map:
        return {{"type", {"object", "null"}}, {"additionalProperties", of(type.elements.at(0))}};
      case Kind::list:
        return {{"type", {"array", "null"}}, {"items", of(type.elements.at(0))}};
      case Kind::any_of:
        break;
    }
    Json forms = Json::array();
    for (const ValueType& element : type.elements) forms.push_back(of(element));
    return {{"anyOf", std::move(forms)}};
  }

  Json of(const ValueType& type) {
    Json schema = plain(type);
    if (type.kind == Kind::choice || type.words.empty()) return schema;
    Json forms = schema.contains("anyOf") ? schema["anyOf"] : Json::array({schema});
    forms.push_back({{"enum", type.words}});
    return {{"anyOf", std::move(forms)}};
  }

  static Json bounded(const char* name, const ValueType& type) {
    Json schema = {{"type", name}};
    if (type.minimum) schema["minimum"] = *type.minimum;
    if (type.maximum) schema["maximum"] = *type.maximum;
    return schema;
  }

  Json definitions_ = Json::object();
  std::map<const Section*, std::string> names_;
};

}  // namespace

nlohmann::ordered_json json_schema() {
  return SchemaBuilder().build();
}

}  // namespace bcsim::tools
