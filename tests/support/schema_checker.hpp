// Does a document obey a JSON Schema? The parts of draft 7 that our schemas use.
#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>

namespace bcsim::tools::test {

/// Takes YAML, of which JSON is a part.
class SchemaChecker {
 public:
  explicit SchemaChecker(const nlohmann::ordered_json& root) : root_(root) {}

  bool accepts(const YAML::Node& value) const { return matches(value, root_); }

 private:
  using Json = nlohmann::ordered_json;

  static const std::regex& regex(const std::string& pattern) {
    static std::map<std::string, std::regex> compiled;
    return compiled.try_emplace(pattern, pattern).first->second;
  }

  static bool has_type(const YAML::Node& v, const std::string& type) {
    if (type == "object") return v.IsMap();
    if (type == "array") return v.IsSequence();
    if (type == "null") return v.IsNull();
    if (!v.IsScalar()) return false;
    const std::string text = v.Scalar();
    const bool quoted = v.Tag() == "!";
    const bool integer = !quoted && std::regex_match(text, regex(R"(-?\d+)"));
    const bool number =
        !quoted && std::regex_match(text, regex(R"(-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)"));
    const bool boolean = !quoted && (text == "true" || text == "false");
    if (type == "integer") return integer;
    if (type == "number") return number;
    if (type == "boolean") return boolean;
    return type == "string" && !number && !boolean;
  }

  bool matches(const YAML::Node& v, const Json& s) const {
    if (s.contains("$ref")) {
      return matches(v, root_["definitions"][s["$ref"].get<std::string>().substr(14)]);
    }
    if (s.contains("type")) {
      const Json& types = s["type"];
      bool any = false;
      if (types.is_string()) any = has_type(v, types);
      for (const Json& type : types.is_array() ? types : Json::array()) any |= has_type(v, type);
      if (!any) return false;
    }
    if (s.contains("enum")) {
      bool any = false;
      for (const Json& word : s["enum"]) any |= v.IsScalar() && v.Scalar() == word;
      if (!any) return false;
    }
    if (s.contains("pattern") &&
        !std::regex_search(v.Scalar(), regex(s["pattern"].get<std::string>()))) {
      return false;
    }
    if (s.contains("minimum") && v.as<double>() < s["minimum"]) return false;
    if (s.contains("maximum") && v.as<double>() > s["maximum"]) return false;
    for (const Json& part : s.value("allOf", Json::array())) {
      if (!matches(v, part)) return false;
    }
    if (s.contains("anyOf")) {
      bool any = false;
      for (const Json& part : s["anyOf"]) any = any || matches(v, part);
      if (!any) return false;
    }
    if (s.contains("not") && matches(v, s["not"])) return false;
    return object(v, s) && items(v, s);
  }

  bool object(const YAML::Node& v, const Json& s) const {
    if (!v.IsMap()) return true;
    for (const Json& key : s.value("required", Json::array())) {
      if (!v[key.get<std::string>()]) return false;
    }
    if (!s.contains("properties") && !s.contains("additionalProperties")) return true;
    const Json rest = s.value("additionalProperties", Json(true));
    for (const auto& member : v) {
      const std::string key = member.first.Scalar();
      const bool known = s.contains("properties") && s["properties"].contains(key);
      if (known ? !matches(member.second, s["properties"][key])
                : rest == false || (rest.is_object() && !matches(member.second, rest))) {
        return false;
      }
    }
    return true;
  }

  bool items(const YAML::Node& v, const Json& s) const {
    if (!v.IsSequence() || !s.contains("items")) return true;
    for (const auto& item : v) {
      if (!matches(item, s["items"])) return false;
    }
    return true;
  }

  const nlohmann::ordered_json& root_;
};

}  // namespace bcsim::tools::test
