#include "tools/compare/differences.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "tools/scenario/text/node.hpp"

namespace bcsim::tools {
namespace {

using Leaves = std::vector<std::pair<std::string, std::string>>;

void collect(const Node& node, const std::string& path, Leaves& out) {
  if (node.is_scalar()) {
    out.emplace_back(path, node.text);
    return;
  }
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const Node& child = node.children[i];
    const std::string name = node.is_list() ? std::to_string(i) : child.key;
    collect(child, path.empty() ? name : path + "." + name, out);
  }
}

Leaves leaves(const std::string& yaml) {
  Diagnostics diagnostics;
  const std::uint32_t source = diagnostics.add_source({"effective scenario", "", {}, true});
  Leaves out;
  collect(parse_yaml(yaml, source, diagnostics), "", out);
  return out;
}

bool below(std::string_view path, std::string_view prefix) {
  return path == prefix ||
         (path.starts_with(prefix) && path.size() > prefix.size() && path[prefix.size()] == '.');
}

bool only_shown(std::string_view path) {
  constexpr std::array<std::string_view, 9> kShown = {
      "bcsim",  "title", "expectations",     "targets",   "gates",
      "accept", "sweep", "run.replications", "run.actors"};
  return std::any_of(kShown.begin(), kShown.end(), [&](auto p) { return below(path, p); });
}

bool must_match(std::string_view path) {
  if (below(path, "run") || below(path, "calls") || below(path, "faults")) return true;
  if (!below(path, "agents")) return false;
  // agents.<group>.<key>: phones and desktops may be set otherwise, people may not.
  const std::size_t group = path.find('.');
  const std::size_t key = group == std::string_view::npos ? group : path.find('.', group + 1);
  if (key == std::string_view::npos) return true;
  const std::string_view rest = path.substr(key + 1);
  return !below(rest, "phone") && !below(rest, "desktop");
}

}  // namespace

std::vector<KeyDifference> scenario_differences(const std::string& effective_a,
                                                const std::string& effective_b) {
  const Leaves a = leaves(effective_a), b = leaves(effective_b);
  const std::map<std::string, std::string> in_a(a.begin(), a.end()), in_b(b.begin(), b.end());
  std::vector<KeyDifference> out;
  const auto add = [&](const std::string& path) {
    if (only_shown(path)) return;
    const auto from = in_a.find(path), to = in_b.find(path);
    out.push_back({path, from == in_a.end() ? "" : from->second, to == in_b.end() ? "" : to->second,
                   must_match(path)});
  };
  for (const auto& [path, value] : a) {
    const auto other = in_b.find(path);
    if (other == in_b.end() || other->second != value) add(path);
  }
  for (const auto& [path, value] : b) {
    if (in_a.count(path) == 0) add(path);
  }
  return out;
}

bool is_allowed(std::string_view path, const std::vector<std::string>& allowed) {
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& prefix) { return below(path, prefix); });
}

}  // namespace bcsim::tools
