#include "tools/scenario/keys/describe.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/scenario/keys/effective.hpp"
#include "tools/scenario/keys/keys.hpp"
#include "tools/scenario/keys/schema.hpp"

namespace bcsim::tools {

std::string default_of(const Section& section, const Key& key) {
  if (!key.default_text.empty()) return key.default_text;
  if (key.required || key.input_only) return "";
  const models::Scenario nothing;
  const std::optional<Out> value = key.write(Writer(nothing), section.prototype.get());
  if (!value || (value->kind != Out::Kind::scalar && !value->flow)) return "";
  const std::string text = one_line(*value);
  return text == "{}" ? "" : text;
}

std::string type_text(const ValueType& type) {
  const auto with = [&](std::string text) {
    if (!type.range.empty()) text += " " + type.range;
    for (const std::string& word : type.words) text += ", or " + word;
    return text;
  };
  switch (type.kind) {
    case Kind::boolean:
      return "true or false";
    case Kind::count:
      return with("whole number");
    case Kind::number:
      return with("number");
    case Kind::text:
      return type.what.empty() ? "text" : type.what;
    case Kind::duration:
      return with("duration");
    case Kind::instant:
      return with(type.what == "clock" ? "time of day" : "time");
    case Kind::rate:
      return with("rate");
    case Kind::percent:
      return with("percentage");
    case Kind::bandwidth:
      return with("bandwidth");
    case Kind::choice:
      return fmt::format("{}", fmt::join(type.words, ", "));
    case Kind::reference:
      return "name of a " + type.what;
    case Kind::section:
      return type.section->name;
    case Kind::map:
      return fmt::format("{} by {}", type_text(type.elements.at(0)), type.what);
    case Kind::list:
      return "list of " + type_text(type.elements.at(0));
    case Kind::any_of:
      break;
  }
  if (type.what == "distribution") return "distribution";
  std::vector<std::string> forms;
  for (const ValueType& element : type.elements) forms.push_back(type_text(element));
  return with(fmt::format("{}", fmt::join(forms, ", or ")));
}

namespace {

/// Walks the table from the top; each section gets one heading, with the paths that lead to it.
class Reference {
 public:
  std::string text() {
    collect(*scenario_section(), "");
    std::string out =
        "# Keys of a scenario file\n\n"
        "Written by `bcsim schema --markdown` from the table that the parser reads with. P0 is "
        "the\n"
        "reference parameter set; an ASSUMPTION is a choice of ours without a source.\n";
    for (const Section* section : order_) append(out, *section);
    return out;
  }

 private:
  void collect(const Section& section, const std::string& path) {
    std::vector<std::string>& paths = paths_[&section];
    if (paths.empty()) order_.push_back(&section);
    paths.push_back(path);
    if (paths.size() > 1) return;
    for (const Key& key : section.keys) {
      descend(key.type, path.empty() ? key.name : path + "." + key.name);
    }
  }

  void descend(const ValueType& type, const std::string& path) {
    if (type.section) collect(*type.section, path);
    const std::string inner =
        type.kind == Kind::map ? fmt::format("{}.<{}>", path, type.what) : path;
    for (const ValueType& element : type.elements) descend(element, inner);
  }

  void append(std::string& out, const Section& section) {
    const std::vector<std::string>& paths = paths_[&section];
    constexpr std::size_t kFew = 4;
    std::string where;
    for (std::size_t i = 0; i < paths.size() && i < kFew; ++i) {
      if (!paths[i].empty()) where += fmt::format("{}`{}`", i > 0 ? ", " : "", paths[i]);
    }
    if (paths.size() > kFew) where += " …";
    out += fmt::format(
        "\n## {}\n\n{}.{}\n\n| key | takes | default | from | |\n|---|---|---|---|---|\n",
        paths.front().empty() ? "Top level" : section.name, section.doc,
        where.empty() ? "" : " At " + where + ".");
    for (const Key& key : section.keys) {
      const std::string value = default_of(section, key);
      out += fmt::format("| `{}` | {} | {} | {} | {} |\n", key.name, type_text(key.type),
                         key.required ? "required" : value, value.empty() ? "" : key.origin.text(),
                         key.doc);
    }
  }

  std::vector<const Section*> order_;
  std::map<const Section*, std::vector<std::string>> paths_;
};

}  // namespace

std::string key_reference() {
  return Reference().text();
}

}  // namespace bcsim::tools
