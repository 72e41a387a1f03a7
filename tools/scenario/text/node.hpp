// A YAML document as a tree that knows where each key and value was written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/scenario/text/diagnostics.hpp"

namespace bcsim::tools {

/// A value and, if it is a member of a map, its key. Scalars stay text: only the table of keys
/// knows what a value should be, so nothing is guessed from its looks (`no`, `on`, `1e3`).
struct Node {
  enum class Kind : std::uint8_t { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string text;  ///< of a scalar
  bool quoted = false;
  bool on_the_way = false;  ///< to the value of an override: nothing of it is written there
  Location at;
  std::string key;  ///< of a map's member
  Location key_at;
  std::vector<Node> children;  ///< of a list or map, in the order written

  [[nodiscard]] bool is_null() const { return kind == Kind::null; }
  [[nodiscard]] bool is_scalar() const { return kind == Kind::scalar; }
  [[nodiscard]] bool is_list() const { return kind == Kind::list; }
  [[nodiscard]] bool is_map() const { return kind == Kind::map; }
  [[nodiscard]] const Node* find(std::string_view name) const;
  [[nodiscard]] Node* find(std::string_view name);
};

/// "a map", "a list", "text", "nothing".
[[nodiscard]] std::string_view kind_name(Node::Kind kind);

/// Parses one YAML document. Duplicate keys, keys that are not text, several documents and syntax
/// errors are reported; what could be read is returned. `source` names the text in `diagnostics`.
[[nodiscard]] Node parse_yaml(const std::string& text, std::uint32_t source,
                              Diagnostics& diagnostics);

}  // namespace bcsim::tools
