#include "tools/explore/shrink.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "tools/explore/tree.hpp"
#include "tools/explore/values.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

using Path = std::vector<std::size_t>;  ///< positions of children, from the root

Node& node_at(Node& root, const Path& path) {
  Node* at = &root;
  for (const std::size_t i : path) at = &at->children[i];
  return *at;
}

/// Simpler texts of a value, the simplest first.
std::vector<std::string> simpler(const std::string& text) {
  std::vector<std::string> out;
  const auto count = parse_count(text);
  if (const auto* n = std::get_if<std::uint64_t>(&count)) {
    for (const std::uint64_t smaller : {std::uint64_t{1}, *n / 2, *n - (*n > 0 ? 1 : 0)}) {
      if (smaller < *n && smaller > 0) out.push_back(std::to_string(smaller));
    }
    return out;
  }
  const auto duration = parse_seconds(text);
  if (const auto* s = std::get_if<double>(&duration)) {
    for (const double grain : {600., 60., 10., 1.}) {
      if (grain > *s) continue;
      for (const double rounded : {std::floor(*s / grain) * grain, std::ceil(*s / grain) * grain}) {
        // Dates and lengths of 0 are special, not simple.
        if (rounded > 0 && rounded != *s) out.push_back(duration_text(rounded));
      }
      if (std::fmod(*s, grain) == 0) break;
    }
  }
  return out;
}

class Shrinker {
 public:
  Shrinker(Node root, const std::function<bool(const Node&)>& fails, std::size_t most)
      : best_(std::move(root)), fails_(fails), most_(most) {}

  Shrunk run() {
    std::size_t before = 0;
    do {
      before = leaves(best_);
      for (const char* first : {"faults", "calls", "agents", "queues"}) reduce_member(first);
      shorter_horizon();
      reduce({});
    } while (leaves(best_) < before && trials_ < most_);
    simplify({});
    return {std::move(best_), trials_};
  }

 private:
  bool accept(Node candidate) {
    if (trials_ >= most_) return false;
    ++trials_;
    if (!fails_(candidate)) return false;
    best_ = std::move(candidate);
    return true;
  }

  void reduce_member(const char* key) {
    for (std::size_t i = 0; i < best_.children.size(); ++i) {
      if (best_.children[i].key == key) return reduce({i});
    }
  }

  /// Children of the node in ever smaller runs, then the insides of those that stay.
  void reduce(const Path& path) {
    std::size_t run = node_at(best_, path).children.size();
    for (; run >= 1 && trials_ < most_; run /= 2) {
      for (std::size_t i = 0; i < node_at(best_, path).children.size();) {
        Node candidate = best_;
        auto& children = node_at(candidate, path).children;
        const std::size_t end = std::min(i + run, children.size());
        children.erase(children.begin() + static_cast<std::ptrdiff_t>(i),
                       children.begin() + static_cast<std::ptrdiff_t>(end));
        if (!accept(std::move(candidate))) i += run;
      }
    }
    for (std::size_t i = 0; i < node_at(best_, path).children.size(); ++i) {
      Path inside = path;
      inside.push_back(i);
      if (!node_at(best_, inside).children.empty()) reduce(inside);
    }
  }

  /// Halves the run as often as it can be.
  void shorter_horizon() {
    while (true) {
      Node candidate = best_;
      Node* run = candidate.find("run");
      Node* horizon = run == nullptr ? nullptr : run->find("horizon");
      if (horizon == nullptr) return;
      const auto parsed = parse_seconds(horizon->text);
      const auto* s = std::get_if<double>(&parsed);
      if (s == nullptr || *s < 2) return;
      horizon->text = duration_text(std::ceil(*s / 2));
      if (!accept(std::move(candidate))) return;
    }
  }

  void simplify(const Path& path) {
    const Node& node = node_at(best_, path);
    if (node.is_scalar()) {
      for (const std::string& text : simpler(node.text)) {
        Node candidate = best_;
        node_at(candidate, path).text = text;
        if (accept(std::move(candidate))) return simplify(path);
      }
      return;
    }
    for (std::size_t i = 0; i < node_at(best_, path).children.size(); ++i) {
      Path inside = path;
      inside.push_back(i);
      simplify(inside);
    }
  }

  Node best_;
  const std::function<bool(const Node&)>& fails_;
  std::size_t most_, trials_ = 0;
};

}  // namespace

Shrunk shrink(Node root, const std::function<bool(const Node&)>& fails, std::size_t most_trials) {
  return Shrinker(std::move(root), fails, most_trials).run();
}

}  // namespace bcsim::tools
