#include "tools/scenario/node.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>

namespace bcsim::tools {

const Node* Node::find(std::string_view name) const {
  for (const Node& child : children) {
    if (child.key == name) return &child;
  }
  return nullptr;
}

Node* Node::find(std::string_view name) {
  return const_cast<Node*>(static_cast<const Node*>(this)->find(name));
}

std::string_view kind_name(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return "a single value";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
  }
  return "";
}

namespace {

// A document that aliases its way to more nodes than this is an attack or an accident.
constexpr std::size_t kMostNodes = 5'000'000;

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::uint32_t source, Diagnostics& diagnostics)
      : source_(source), diagnostics_(diagnostics) {}

  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    finish(make(Node::Kind::null, mark), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    Node copy = found == anchors_.end() ? Node{} : found->second.first;
    if (found != anchors_.end()) nodes_ += found->second.second;
    if (nodes_ > kMostNodes) throw YAML::ParserException(mark, "too many aliases");
    copy.at = where(mark);
    finish(std::move(copy), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = make(Node::Kind::scalar, mark);
    node.quoted = tag == "!";
    node.text = value;
    if (!node.quoted && (value == "~" || value == "null" || value == "Null" || value == "NULL")) {
      node.kind = Node::Kind::null;
    }
    finish(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open_.push_back({make(Node::Kind::list, mark), anchor, nodes_, false, {}});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open_.push_back({make(Node::Kind::map, mark), anchor, nodes_, false, {}});
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    std::size_t nodes_before;
    bool has_key;
    Node key;
  };

  [[nodiscard]] Location where(const YAML::Mark& mark) const {
    if (mark.is_null()) return {source_, 0, 0};
    return {source_, mark.line + 1, mark.column + 1};
  }
  Node make(Node::Kind kind, const YAML::Mark& mark) {
    ++nodes_;
    Node node;
    node.kind = kind;
    node.at = where(mark);
    return node;
  }
  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    nodes_before_ = done.nodes_before;
    finish(std::move(done.node), done.anchor);
  }
  void finish(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) {
      const std::size_t size =
          node.is_list() || node.is_map() ? nodes_ - nodes_before_ : std::size_t{1};
      anchors_[anchor] = {node, size};
    }
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (open_.back().node.is_list()) {
      open_.back().node.children.push_back(std::move(node));
    } else if (!open_.back().has_key) {
      open_.back().has_key = true;
      open_.back().key = std::move(node);
    } else {
      open_.back().has_key = false;
      add_member(open_.back().node, open_.back().key, std::move(node));
    }
  }
  void add_member(Node& map, const Node& key, Node value) {
    if (!key.is_scalar()) {
      diagnostics_.error("S-003", key.at,
                         fmt::format("a key must be text, not {}", kind_name(key.kind)));
      return;
    }
    if (const Node* earlier = map.find(key.text)) {
      diagnostics_.error("S-002", key.at, fmt::format("key '{}' is given twice", key.text),
                         fmt::format("first in line {}", earlier->key_at.line));
      return;
    }
    value.key = key.text;
    value.key_at = key.at;
    map.children.push_back(std::move(value));
  }

  std::uint32_t source_;
  Diagnostics& diagnostics_;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, std::pair<Node, std::size_t>> anchors_;
  std::size_t nodes_ = 0, nodes_before_ = 0;
};

// What yaml-cpp says, in words that help somebody who does not know its scanner.
std::string syntax_hint(const Source& source, int line) {
  if (line < 1 || static_cast<std::size_t>(line) > source.lines.size()) return "";
  for (int i = line; i >= 1 && i >= line - 1; --i) {
    const std::string& text = source.lines[static_cast<std::size_t>(i) - 1];
    const std::size_t first = text.find_first_not_of(' ');
    if (first != std::string::npos && text[first] == '\t') {
      return fmt::format("line {} is indented with a tab; YAML wants spaces", i);
    }
  }
  return "";
}

}  // namespace

Node parse_yaml(const std::string& text, std::uint32_t source, Diagnostics& diagnostics) {
  TreeBuilder builder(source, diagnostics);
  std::istringstream stream(text);
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    Node root = builder.take();
    TreeBuilder rest(source, diagnostics);
    if (parser.HandleNextDocument(rest)) {
      const Node second = rest.take();
      diagnostics.error("S-009", second.at, "a scenario is one YAML document, here is a second");
    }
    return root;
  } catch (const YAML::Exception& e) {
    const int line = e.mark.is_null() ? 0 : e.mark.line + 1;
    diagnostics.error("S-009", {source, line, e.mark.is_null() ? 0 : e.mark.column + 1},
                      fmt::format("not YAML: {}", e.msg),
                      syntax_hint(diagnostics.source(source), line));
  }
  return {};
}

}  // namespace bcsim::tools
