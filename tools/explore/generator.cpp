#include "tools/explore/generator.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "tools/explore/fault_draft.hpp"
#include "tools/explore/skeleton.hpp"
#include "tools/explore/tree.hpp"
#include "tools/explore/values.hpp"
#include "tools/scenario/keys/describe.hpp"
#include "tools/scenario/keys/keys.hpp"
#include "tools/scenario/load.hpp"
#include "tools/scenario/rules/validator.hpp"

namespace bcsim::tools {
namespace {

/// What says nothing about the world that is simulated, and what the plan of faults is made from.
const std::set<std::string, std::less<>> kLeftAlone = {
    "bcsim", "extends", "title",  "accept",       "expectations", "targets",
    "gates", "sweep",   "faults", "replications", "horizon",      "seed"};

void collect_sections(const ValueType& type, std::set<const Section*>& seen,
                      std::vector<const Section*>& out) {
  if (type.section && seen.insert(type.section.get()).second) {
    out.push_back(type.section.get());
    for (const Key& key : type.section->keys) collect_sections(key.type, seen, out);
  }
  for (const ValueType& element : type.elements) collect_sections(element, seen, out);
}

/// Every section of the language, in the order of the table.
const std::vector<const Section*>& all_sections() {
  static const std::vector<const Section*> sections = [] {
    std::set<const Section*> seen;
    std::vector<const Section*> out;
    ValueType root;
    root.kind = Kind::section;
    root.section = scenario_section();
    collect_sections(root, seen, out);
    return out;
  }();
  return sections;
}

/// Strews keys of the table over a tree.
class Strewing {
 public:
  Strewing(Chance& chance, Offer& offer, const Temper& temper, double change)
      : chance_(chance), temper_(temper), change_(change), maker_(chance, offer, temper) {
    if (chance_.of(0.4)) focus_ = chance_.pick(all_sections());
  }

  void section(const Section& section, Node& node) {
    const double density = &section == focus_ ? std::max(0.3, temper_.density) : temper_.density;
    for (const Key& key : section.keys) {
      if (kLeftAlone.contains(key.name)) continue;
      if (Node* given = node.find(key.name)) {
        inside(key.type, *given, default_of(section, key));
      } else if (key.type.kind == Kind::section && all_optional(*key.type.section)) {
        Node made = map_node();
        this->section(*key.type.section, made);
        if (!made.children.empty()) put(node, key.name, std::move(made));
      } else if (chance_.of(density) && !excluded(section, key, node)) {
        if (auto value = maker_.value(key.type, default_of(section, key))) {
          put(node, key.name, std::move(*value));
        }
      }
    }
  }

 private:
  static bool excluded(const Section& section, const Key& key, const Node& node) {
    if (key.exclusive.empty()) return false;
    return std::any_of(section.keys.begin(), section.keys.end(), [&](const Key& other) {
      return other.exclusive == key.exclusive && node.find(other.name) != nullptr;
    });
  }

  void inside(const ValueType& type, Node& node, const std::string& usual) {
    if (node.is_scalar()) {
      const bool name = type.kind == Kind::text || type.kind == Kind::reference;
      if (name || !chance_.of(change_)) return;
      if (auto value = maker_.value(type, usual)) {
        value->key = node.key;
        node = std::move(*value);
      }
      return;
    }
    if (type.kind == Kind::any_of) {
      for (const ValueType& form : type.elements) {
        const bool list = form.kind == Kind::list && node.is_list();
        if (list || (form.kind == Kind::section && node.is_map())) return inside(form, node, usual);
      }
    } else if (type.kind == Kind::section && node.is_map()) {
      section(*type.section, node);
    } else if (type.kind == Kind::map || type.kind == Kind::list) {
      for (Node& child : node.children) inside(type.elements.at(0), child, "");
    }
  }

  Chance& chance_;
  const Temper& temper_;
  double change_;
  const Section* focus_ = nullptr;
  ValueMaker maker_;
};

Temper draw_temper(Chance& chance) {
  Temper temper;
  temper.density = chance.pick({0., 0.005, 0.02, 0.02, 0.05, 0.15});
  temper.wildness = chance.pick({0.02, 0.1, 0.3, 1.});
  return temper;
}

}  // namespace

Draft random_world(std::uint64_t seed, std::uint64_t world) {
  Chance chance(seed, world);
  const bool accepts = chance.of(0.4);
  Draft draft{skeleton(chance), accepts};
  Offer offer = offer_of(draft.root);
  const Temper temper = draw_temper(chance);
  Strewing(chance, offer, temper, 0).section(*scenario_section(), draft.root);
  Node& faults = put(draft.root, "faults", list_node());
  draft_faults(chance, offer, temper, draft.root, faults);
  return draft;
}

Draft mutated_world(const Node& scenario, std::uint64_t seed, std::uint64_t world) {
  Chance chance(seed, world);
  Draft draft{scenario, chance.of(0.4)};
  for (const char* key : {"expectations", "targets", "gates", "sweep"})
    erase_member(draft.root, key);
  Node& run = draft.root.find("run") != nullptr ? *draft.root.find("run")
                                                : put(draft.root, "run", map_node());
  put(run, "seed", std::to_string(chance.below(1'000'000)));
  Offer offer = offer_of(draft.root);
  const Temper temper = draw_temper(chance);
  const double change = chance.pick({0., 0.02, 0.1});
  Strewing(chance, offer, temper, change).section(*scenario_section(), draft.root);
  Node* faults = draft.root.find("faults");
  if (faults == nullptr || !faults->is_list()) faults = &put(draft.root, "faults", list_node());
  const double keep = chance.pick({0., 0.5, 1.});
  std::erase_if(faults->children, [&](const Node&) { return !chance.of(keep); });
  draft_faults(chance, offer, temper, draft.root, *faults);
  return draft;
}

namespace {

bool same_place(const Location& a, const Location& b) {
  return a.source == b.source && a.line == b.line && a.column == b.column && a.line > 0;
}

/// Takes out what stands at this place; true if something did.
bool take_out(Node& node, const Location& at) {
  for (auto child = node.children.begin(); child != node.children.end(); ++child) {
    if (same_place(child->at, at) || same_place(child->key_at, at)) {
      node.children.erase(child);
      return true;
    }
    if (take_out(*child, at)) return true;
  }
  return false;
}

bool can_accept(const std::string& code) {
  const auto& codes = acceptable_codes();
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

std::string mended(Draft draft, const std::string& directory) {
  constexpr int kRounds = 8;
  for (int round = 0; round < kRounds; ++round) {
    std::string text = yaml_of(draft.root);
    const Loaded loaded = load_scenario_text({text, "world", "world", directory});
    if (!loaded.has_errors()) return text;
    Node placed = tree_of(text);
    if (!placed.is_map()) return "";
    bool changed = false;
    std::set<std::string> accepted;
    for (const Diagnostic& d : loaded.diagnostics) {
      if (d.severity != Severity::error) continue;
      if (draft.accepts && can_accept(d.code)) {
        accepted.insert(d.code);
      } else {
        changed = take_out(placed, d.at) || changed;
      }
    }
    for (const std::string& code : accepted) {
      Node* list = placed.find("accept");
      if (list == nullptr) list = &put(placed, "accept", list_node());
      append(*list, scalar_node(code));
      changed = true;
    }
    if (!changed) return "";
    draft.root = std::move(placed);
  }
  return "";
}

}  // namespace bcsim::tools
