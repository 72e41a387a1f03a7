// Scenarios as trees of nodes that are made, changed and written, not only read.
#pragma once

#include <string>
#include <string_view>

#include "tools/scenario/text/node.hpp"

namespace bcsim::tools {

[[nodiscard]] Node scalar_node(std::string text);
[[nodiscard]] Node map_node();
[[nodiscard]] Node list_node();
/// Adds a member to a map, or replaces it; returns it.
Node& put(Node& map, std::string_view key, Node value);
Node& put(Node& map, std::string_view key, std::string text);
/// Adds an entry to a list; returns it.
Node& append(Node& list, Node value);
void erase_member(Node& map, std::string_view key);
/// What a path of keys and positions leads to, or nullptr.
[[nodiscard]] const Node* at_path(const Node& root, std::initializer_list<std::string_view> path);

/// The tree as a YAML document, which parse_yaml reads back.
[[nodiscard]] std::string yaml_of(const Node& root);
/// The tree of a text that parse_yaml accepts without a problem; else a null node.
[[nodiscard]] Node tree_of(const std::string& text);
/// Scalars in it.
[[nodiscard]] std::size_t leaves(const Node& node);

}  // namespace bcsim::tools
