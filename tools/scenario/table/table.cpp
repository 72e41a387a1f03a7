#include "tools/scenario/table/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tools/scenario/table/reader.hpp"
#include "tools/scenario/text/suggest.hpp"

namespace bcsim::tools {

Out::Out() = default;
Out::Out(const Out&) = default;
Out::Out(Out&&) noexcept = default;
Out& Out::operator=(const Out&) = default;
Out& Out::operator=(Out&&) noexcept = default;
Out::~Out() = default;

Out Out::scalar(std::string text, bool quoted) {
  Out out;
  out.text = std::move(text);
  out.quoted = quoted;
  return out;
}

Out Out::list(bool flow) {
  Out out;
  out.kind = Kind::list;
  out.flow = flow;
  return out;
}

Out Out::map(bool flow) {
  Out out;
  out.kind = Kind::map;
  out.flow = flow;
  return out;
}

std::string one_line(const Out& out) {
  if (out.kind == Out::Kind::scalar) return out.text;
  std::string text;
  for (const auto& [key, child] : out.children) {
    if (!text.empty()) text += ", ";
    if (out.kind == Out::Kind::map) text += key + ": ";
    text += one_line(child);
  }
  return out.kind == Out::Kind::map ? "{" + text + "}" : "[" + text + "]";
}

std::string Origin::text() const {
  switch (kind) {
    case Kind::p0:
      return "P0";
    case Kind::documented:
      return "documented: " + source;
    case Kind::assumption:
      return "ASSUMPTION";
    case Kind::derived:
      return "derived: " + source;
    case Kind::language:
      return "default";
  }
  return "";
}

Origin p0() {
  return {Origin::Kind::p0, ""};
}
Origin documented(std::string source) {
  return {Origin::Kind::documented, std::move(source)};
}
Origin assumption() {
  return {Origin::Kind::assumption, ""};
}
Origin derived(std::string from) {
  return {Origin::Kind::derived, std::move(from)};
}
Origin language() {
  return {Origin::Kind::language, ""};
}

const Key* Section::find(std::string_view key) const {
  for (const Key& k : keys) {
    if (k.name == key) return &k;
  }
  return nullptr;
}

std::vector<std::string> Section::key_names() const {
  std::vector<std::string> names;
  for (const Key& k : keys) names.push_back(k.name);
  return names;
}

KeyPlace find_place(const Section& root, const std::string& path) {
  KeyPlace place{&root, nullptr};
  const ValueType* map = nullptr;  // whose free name comes next
  std::size_t from = 0;
  while (from <= path.size()) {
    const std::size_t dot = std::min(path.find('.', from), path.size());
    const std::string name = path.substr(from, dot - from);
    from = dot + 1;
    if (map != nullptr) {
      place.section = map->elements.empty() ? nullptr : map->elements[0].section.get();
      map = nullptr;
      continue;
    }
    if (place.section == nullptr) return {};
    place.key = place.section->find(name);
    if (place.key == nullptr || from > path.size()) break;
    const ValueType& type = place.key->type;
    if (type.kind == Kind::map) {
      map = &type;
    } else {
      place.section = type.section.get();
    }
    place.key = nullptr;
  }
  return place.key == nullptr ? KeyPlace{} : place;
}

namespace {

std::string search(const Section& section, std::string_view key, const std::string& path);

std::string search(const ValueType& type, std::string_view key, const std::string& path) {
  if (type.section) return search(*type.section, key, path);
  const std::string inner = type.kind == Kind::map    ? path + ".<" + type.what + ">"
                            : type.kind == Kind::list ? path + "[]"
                                                      : path;
  for (const ValueType& element : type.elements) {
    if (std::string found = search(element, key, inner); !found.empty()) return found;
  }
  return "";
}

std::string search(const Section& section, std::string_view key, const std::string& path) {
  if (!path.empty() && section.find(key) != nullptr) return path;
  for (const Key& k : section.keys) {
    std::string found = search(k.type, key, path.empty() ? k.name : path + "." + k.name);
    if (!found.empty()) return found;
  }
  return "";
}

/// Where a key that was written in the wrong place belongs: "sites.<site>.sip-server", or "".
std::string find_key_elsewhere(const Reader& r, std::string_view key) {
  return r.language == nullptr ? "" : search(*r.language, key, "");
}

std::string hint_for(const Reader& r, const Section& section, const std::string& key) {
  const std::vector<std::string> names = section.key_names();
  if (const std::string ours = our_word(key, names); !ours.empty()) {
    return fmt::format("did you mean '{}'?", ours);
  }
  if (const std::string hint = nearest(key, names); !hint.empty()) {
    return fmt::format("did you mean '{}'?", hint);
  }
  if (const std::string home = find_key_elsewhere(r, key); !home.empty()) {
    return fmt::format("'{}' belongs under {}", key, home);
  }
  for (const std::string& ours : our_words(key)) {
    const std::string home = find_key_elsewhere(r, ours);
    if (!home.empty()) return fmt::format("here that is '{}', under {}", ours, home);
  }
  return did_you_mean(key, names);
}

void report_unknown_key(Reader& reader, const Section& section, const Node& child) {
  // A hint costs a look at every key there is.
  const bool read = !reader.diagnostics().full("S-001", child.key_at.source);
  reader.diagnostics().error("S-001", child.key_at,
                             fmt::format("unknown key '{}' in {}", child.key, section.name),
                             read ? hint_for(reader, section, child.key) : "");
}

void check_exclusive(Reader& reader, const Section& section, const Node& node) {
  std::map<std::string, const Node*> first;
  for (const Node& child : node.children) {
    const Key* key = section.find(child.key);
    if (key == nullptr || key->exclusive.empty()) continue;
    const auto [entry, fresh] = first.emplace(key->exclusive, &child);
    if (fresh) continue;
    reader.diagnostics().error(
        "S-013", child.key_at,
        fmt::format("'{}' and '{}' exclude each other", child.key, entry->second->key),
        "keep one of them");
  }
}

}  // namespace

void read_section(Reader& reader, const Section& section, const Node& node, void* object) {
  if (!reader.expect_map(node, section.name)) return;
  check_exclusive(reader, section, node);
  for (const Key& key : section.keys) {
    const Node* child = node.find(key.name);
    if (child == nullptr) {
      if (key.required) {
        reader.error(node, "S-008", fmt::format("{} needs '{}'", section.name, key.name), key.doc);
      }
      continue;
    }
    const bool scalar = child->is_scalar();
    const Reader::Scope scope(reader, key.name, scalar ? child->at : child->key_at);
    key.read(reader, *child, object);
  }
  for (const Node& child : node.children) {
    if (section.find(child.key) == nullptr) report_unknown_key(reader, section, child);
  }
}

namespace {

/// Where a value that nobody has given comes from: what differs from the default is the preset's.
std::string origin_of(const Writer& writer, const Section& section, const Key& key,
                      const Out& value, const std::string& preset) {
  if (preset.empty()) return key.origin.text();
  const std::optional<Out> usual = key.write(writer, section.prototype.get());
  return usual && one_line(*usual) == one_line(value) ? key.origin.text() : preset;
}

}  // namespace

Out write_section(const Writer& writer, const Section& section, const void* object) {
  Out out = Out::map();
  const std::string preset = section.preset ? section.preset(object) : "";
  for (const Key& key : section.keys) {
    if (key.input_only) continue;
    const Writer::Scope scope(writer, key.name);
    std::optional<Out> value = key.write(writer, object);
    if (!value) continue;
    const bool leaf = value->kind == Out::Kind::scalar || value->flow || value->children.empty();
    if (leaf) value->comment = writer.comment(origin_of(writer, section, key, *value, preset));
    out.children.emplace_back(key.name, std::move(*value));
  }
  return out;
}

}  // namespace bcsim::tools
