#include "tools/scenario/keys/merge.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/scenario/keys/keys.hpp"
#include "tools/scenario/table/csv.hpp"

namespace bcsim::tools {
namespace {

const Section* section_of(const ValueType& type) {
  if (type.section) return type.section.get();
  for (const ValueType& element : type.elements) {
    if (type.kind == Kind::any_of && element.section) return element.section.get();
  }
  return nullptr;
}

void merge_value(Node& base, Node over, const ValueType* type);

void merge_maps(Node& base, Node over, const Section* section, const ValueType* element) {
  for (Node& child : over.children) {
    const Key* key = section != nullptr ? section->find(child.key) : nullptr;
    if (key != nullptr && !key->exclusive.empty()) {
      std::erase_if(base.children, [&](const Node& other) {
        const Key* k = section->find(other.key);
        return other.key != child.key && k != nullptr && k->exclusive == key->exclusive;
      });
    }
    if (Node* existing = base.find(child.key)) {
      merge_value(*existing, std::move(child), key != nullptr ? &key->type : element);
    } else {
      base.children.push_back(std::move(child));
    }
  }
}

void merge_value(Node& base, Node over, const ValueType* type) {
  // An empty section or list changes nothing ([] takes all away); an empty value, as of a
  // distribution, is missing.
  const bool is_value = type != nullptr && type->kind == Kind::any_of;
  if ((base.is_map() || base.is_list()) && over.is_null() && !is_value) return;
  if (!base.is_map() || !over.is_map()) {
    base = std::move(over);
    return;
  }
  if (!over.on_the_way) {
    base.at = over.at;
    base.key_at = over.key_at;
  }
  const ValueType* element = type != nullptr && type->kind == Kind::map && !type->elements.empty()
                                 ? &type->elements[0]
                                 : nullptr;
  merge_maps(base, std::move(over), type != nullptr ? section_of(*type) : nullptr, element);
}

}  // namespace

void merge_into(Node& base, Node over, const Section& section) {
  if (!base.is_map() || !over.is_map()) {
    if (!over.is_null()) base = std::move(over);
    return;
  }
  base.at = over.at;
  merge_maps(base, std::move(over), &section, nullptr);
}

namespace {

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> parts(1);
  for (const char c : path) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// `value` as the member of maps within maps that the path from `from` on leads to.
Node wrap(const std::vector<std::string>& path, std::size_t from, Node value, Location at) {
  Node wrapped;
  wrapped.kind = Node::Kind::map;
  wrapped.at = at;
  Node* leaf = &wrapped;
  for (std::size_t k = from; k < path.size(); ++k) {
    Node child;
    child.kind = Node::Kind::map;
    child.on_the_way = true;
    child.key = path[k];
    child.at = child.key_at = at;
    leaf->children.push_back(std::move(child));
    leaf = &leaf->children.back();
  }
  value.key = leaf->key;
  value.key_at = at;
  *leaf = std::move(value);
  return wrapped;
}

Node override_value(const std::string& text, std::uint32_t source, Diagnostics& diagnostics) {
  const bool structured =
      !text.empty() && (text[0] == '{' || text[0] == '[' || text[0] == '"' || text[0] == '\'');
  Node node;
  if (structured) {
    node = parse_yaml(text, source, diagnostics);
  } else if (!text.empty()) {
    node.kind = Node::Kind::scalar;
    node.text = text;
  }
  node.at = {source, 1, 1};
  return node;
}

}  // namespace

void apply_override(Node& root, const std::string& text, Diagnostics& diagnostics) {
  const std::uint32_t source =
      diagnostics.add_source({"--set " + text, std::filesystem::path("."), {text}, false});
  const Location at{source, 1, 1};
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    diagnostics.error("S-017", at, "an override is path=value",
                      "such as --set run.seed=7 or --set sites.site1.sip-server.oos-check=5s");
    return;
  }
  Node value = override_value(text.substr(equals + 1), source, diagnostics);
  const std::vector<std::string> path = split_path(text.substr(0, equals));
  if (path[0] == "extends") {
    diagnostics.error("S-017", at, "extends is the business of the file, which is read by now",
                      "write a file that extends the other one");
    return;
  }
  constexpr std::size_t kDeepest = 64;
  if (path.size() > kDeepest) {
    diagnostics.error("S-017", at, fmt::format("a path of more than {} levels", kDeepest));
    return;
  }

  // Inside a list an override changes the entry in place; everything else is merged like a file.
  Node* inside = &root;
  for (std::size_t i = 0; i < path.size() && inside != nullptr; ++i) {
    if (!inside->is_list()) {
      inside = inside->is_map() ? inside->find(path[i]) : nullptr;
      continue;
    }
    const auto index = parse_count(path[i]);
    const auto* n = std::get_if<std::uint64_t>(&index);
    if (n == nullptr || *n >= inside->children.size()) {
      diagnostics.error(
          "S-017", at,
          fmt::format("'{}' is no entry of a list of {}", path[i], inside->children.size()),
          "entries count from 0");
      return;
    }
    Node& entry = inside->children[*n];
    if (i + 1 == path.size()) {
      entry = std::move(value);
      return;
    }
    merge_into(entry, wrap(path, i + 1, std::move(value), entry.at), *fault_section());
    return;
  }
  const Location place = root.at;
  merge_into(root, wrap(path, 0, std::move(value), at), *scenario_section());
  root.at = place;
}

void set_value(Node& root, const std::string& path, Node value) {
  const Location at = value.at;
  merge_into(root, wrap(split_path(path), 0, std::move(value), at), *scenario_section());
}

Node assemble(const std::string& text, std::uint32_t source, Diagnostics& diagnostics,
              std::vector<std::filesystem::path> chain) {
  Node root = parse_yaml(text, source, diagnostics);
  const Node* extends = root.is_map() ? root.find("extends") : nullptr;
  if (extends == nullptr) return root;
  if (!extends->is_scalar()) {
    diagnostics.error("S-003", extends->key_at, "extends: expected the name of a scenario file");
    return root;
  }
  const std::filesystem::path path =
      (diagnostics.source(source).directory / extends->text).lexically_normal();
  std::error_code ec;
  const std::filesystem::path canonical = std::filesystem::weakly_canonical(path, ec);
  if (std::find(chain.begin(), chain.end(), canonical) != chain.end()) {
    diagnostics.error("S-014", extends->at,
                      fmt::format("'{}' extends itself in a circle", extends->text));
    return root;
  }
  chain.push_back(canonical);
  const FileText file = read_text_file(path);
  if (!file.problem.empty()) {
    std::string hint;
    const std::filesystem::path with_suffix = path.string() + ".yaml";
    if (std::filesystem::exists(with_suffix, ec)) {
      hint = fmt::format("did you mean '{}.yaml'?", extends->text);
    }
    diagnostics.error("S-014", extends->at,
                      fmt::format("cannot read '{}': {}", extends->text, file.problem), hint);
    return root;
  }
  const std::uint32_t base_source =
      diagnostics.add_source({path.string(), path.parent_path(), split_lines(file.text), true});
  Node base = assemble(file.text, base_source, diagnostics, std::move(chain));
  if (!base.is_map()) {
    diagnostics.error("S-014", extends->at, fmt::format("'{}' is not a scenario", extends->text));
    return root;
  }
  merge_into(base, std::move(root), *scenario_section());
  return base;
}

}  // namespace bcsim::tools
