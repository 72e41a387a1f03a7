#include "tools/scenario/text/node.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <unordered_map>

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

// A document of more nodes, or that aliases its way to as many, is an attack or an accident; and so
// is one that goes deeper, which no scenario needs.
constexpr std::size_t kMostNodes = 2'000'000, kMostCopies = 100'000, kDeepest = 64;

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
    if (found != anchors_.end()) copies_ += found->second.second;
    if (copies_ > kMostCopies) {
      throw YAML::ParserException(mark, "aliases repeat more than 100 000 values");
    }
    Node copy = found == anchors_.end() ? Node{} : found->second.first;
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
    open(Node::Kind::list, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::map, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    std::size_t nodes_before;
    bool has_key = false;
    Node key = {};
    std::unordered_map<std::string, int> lines = {};  ///< of the keys so far; only looked up
  };

  [[nodiscard]] Location where(const YAML::Mark& mark) const {
    if (mark.is_null()) return {source_, 0, 0};
    return {source_, mark.line + 1, mark.column + 1};
  }
  Node make(Node::Kind kind, const YAML::Mark& mark) {
    if (++nodes_ > kMostNodes) throw YAML::ParserException(mark, "more than 2 000 000 values");
    Node node;
    node.kind = kind;
    node.at = where(mark);
    return node;
  }
  void open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() == kDeepest) {
      throw YAML::ParserException(mark, "lists and maps go deeper than 64 levels");
    }
    open_.push_back({make(kind, mark), anchor, nodes_ + copies_});
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
          node.is_list() || node.is_map() ? nodes_ + copies_ - nodes_before_ : std::size_t{1};
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
      add_member(open_.back(), std::move(node));
    }
  }
  void add_member(Open& map, Node value) {
    const Node& key = map.key;
    if (!key.is_scalar()) {
      diagnostics_.error("S-003", key.at,
                         fmt::format("a key must be text, not {}", kind_name(key.kind)));
      return;
    }
    const auto [earlier, fresh] = map.lines.emplace(key.text, key.at.line);
    if (!fresh) {
      diagnostics_.error("S-002", key.at, fmt::format("key '{}' is given twice", key.text),
                         fmt::format("first in line {}", earlier->second));
      return;
    }
    value.key = key.text;
    value.key_at = key.at;
    map.node.children.push_back(std::move(value));
  }

  std::uint32_t source_;
  Diagnostics& diagnostics_;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, std::pair<Node, std::size_t>> anchors_;
  std::size_t nodes_ = 0, copies_ = 0, nodes_before_ = 0;
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
