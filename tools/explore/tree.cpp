#include "tools/explore/tree.hpp"

#include <algorithm>

#include "tools/scenario/keys/effective.hpp"

namespace bcsim::tools {

Node scalar_node(std::string text) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = std::move(text);
  return node;
}

Node map_node() {
  Node node;
  node.kind = Node::Kind::map;
  return node;
}

Node list_node() {
  Node node;
  node.kind = Node::Kind::list;
  return node;
}

Node& put(Node& map, std::string_view key, Node value) {
  if (map.kind == Node::Kind::null) map.kind = Node::Kind::map;
  value.key = key;
  if (Node* there = map.find(key)) {
    *there = std::move(value);
    return *there;
  }
  return map.children.emplace_back(std::move(value));
}

Node& put(Node& map, std::string_view key, std::string text) {
  return put(map, key, scalar_node(std::move(text)));
}

Node& append(Node& list, Node value) {
  value.key.clear();
  return list.children.emplace_back(std::move(value));
}

void erase_member(Node& map, std::string_view key) {
  std::erase_if(map.children, [&](const Node& child) { return child.key == key; });
}

const Node* at_path(const Node& root, std::initializer_list<std::string_view> path) {
  const Node* at = &root;
  for (const std::string_view key : path) {
    if (at == nullptr || !at->is_map()) return nullptr;
    at = at->find(key);
  }
  return at;
}

namespace {

/// One line is enough for what holds only values, or one thing.
bool fits_a_line(const Node& node) {
  constexpr std::size_t kFew = 12;
  return leaves(node) <= kFew && std::all_of(node.children.begin(), node.children.end(),
                                             [](const Node& c) { return c.children.size() <= 3; });
}

Out out_of(const Node& node, bool flow) {
  if (node.is_scalar()) return Out::scalar(node.text, node.quoted || node.text.empty());
  flow = flow || fits_a_line(node);
  Out out = node.is_list() ? Out::list(flow) : Out::map(flow);
  for (const Node& child : node.children) out.children.emplace_back(child.key, out_of(child, flow));
  return out;
}

}  // namespace

std::string yaml_of(const Node& root) {
  Out out = Out::map();
  for (const Node& child : root.children) {
    const bool section = child.is_map() && leaves(child) > 6;
    out.children.emplace_back(child.key, out_of(child, false));
    if (section) out.children.back().second.flow = false;
  }
  return yaml_text(out);
}

Node tree_of(const std::string& text) {
  Diagnostics diagnostics;
  const std::uint32_t source = diagnostics.add_source({"", "", split_lines(text), true});
  Node root = parse_yaml(text, source, diagnostics);
  return diagnostics.has_errors() ? Node{} : root;
}

std::size_t leaves(const Node& node) {
  if (node.children.empty()) return 1;
  std::size_t n = 0;
  for (const Node& child : node.children) n += leaves(child);
  return n;
}

}  // namespace bcsim::tools
