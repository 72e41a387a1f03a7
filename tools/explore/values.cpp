#include "tools/explore/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/sites.hpp"
#include "tools/explore/tree.hpp"
#include "tools/scenario/keys/describe.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

std::vector<std::string> keys_of(const Node* map) {
  std::vector<std::string> keys;
  if (map == nullptr) return keys;
  for (const Node& child : map->children) keys.push_back(child.key);
  return keys;
}

double seconds_or(const Node* node, double fallback) {
  if (node == nullptr || !node->is_scalar()) return fallback;
  const auto parsed = parse_seconds(node->text);
  const double* s = std::get_if<double>(&parsed);
  return s == nullptr ? fallback : *s;
}

template <class T>
std::optional<double> parsed_number(const Parsed<T>& parsed) {
  const T* value = std::get_if<T>(&parsed);
  return value == nullptr ? std::nullopt : std::optional(static_cast<double>(*value));
}

}  // namespace

Offer offer_of(const Node& root) {
  Offer offer;
  offer.sites = keys_of(root.find("sites"));
  if (offer.sites.size() > models::kSites) offer.sites.resize(models::kSites);
  offer.locations = offer.sites;
  if (const Node* branches = root.find("locations")) {
    for (const Node& branch : branches->children) offer.locations.push_back(branch.text);
  }
  for (std::size_t i = 0; i < offer.sites.size(); ++i) {
    auto gateways = keys_of(at_path(root, {"sites", offer.sites[i], "gateways"}));
    if (gateways.empty()) gateways.push_back(fmt::format("mg{}", i + 1));
    offer.gateways.insert(offer.gateways.end(), gateways.begin(), gateways.end());
  }
  offer.queues = keys_of(root.find("queues"));
  if (offer.queues.empty()) offer.queues.emplace_back("service");
  if (const Node* agents = root.find("agents")) {
    for (const Node& group : agents->children) {
      const Node* count = group.find("count");
      const auto n = count == nullptr ? std::nullopt : parsed_number(parse_count(count->text));
      offer.groups.push_back({group.key, static_cast<std::size_t>(n.value_or(1))});
    }
  }
  offer.horizon_s = seconds_or(at_path(root, {"run", "horizon"}), 4 * 3600);
  offer.instants_s.push_back(seconds_or(at_path(root, {"run", "warm-up"}), 0));
  return offer;
}

std::string duration_text(double s) {
  return format_duration(sim::from_seconds(s));
}

bool needs_file(const Section& section) {
  const Key* file = section.find("file");
  return file != nullptr && (file->required || section.find("rows") != nullptr);
}

bool all_optional(const Section& section) {
  return std::none_of(section.keys.begin(), section.keys.end(), [](const Key& key) {
    return key.required || key.default_text.starts_with("required") || !key.exclusive.empty();
  });
}

// Near what is usual, one of what is notable, any order of magnitude, or a limit.
double ValueMaker::quantity(const ValueType& type, std::optional<double> usual,
                            const std::vector<double>& notable, double low, double high) {
  const double min = type.minimum.value_or(0);
  const double max = type.maximum.value_or(1e12);
  const double wild = temper_.wildness;
  double value = 0;
  switch (chance_.weighted({usual ? 1.0 : 0.01, wild, wild / 2, wild / 6})) {
    case 0:
      value = usual.value_or(chance_.pick(notable));
      value *= chance_.pick({0.1, 0.5, 0.5, 0.9, 1.0, 1.1, 2.0, 2.0, 10.0});
      break;
    case 1:
      value = chance_.pick(notable);
      break;
    case 2:
      value = chance_.log_between(low, high);
      break;
    default:
      value = chance_.of(0.7) ? min : std::min(max, high);
  }
  value = std::clamp(value, min, max);
  const bool above = type.range.starts_with('>');
  return above && value <= min ? min + low : value;
}

double ValueMaker::duration_s(const ValueType& type, const std::string& usual) {
  std::optional<double> about;
  const auto parsed = parse_seconds(usual);
  if (const double* s = std::get_if<double>(&parsed); s != nullptr && *s > 0) about = *s;
  const double s =
      quantity(type, about, {0,  1e-6, 1e-3, 0.01, 0.1, 0.5, 1,  1,  2,   3,   5,   10,
                             10, 20,   30,   30,   32,  60,  60, 90, 120, 300, 600, 3600},
               1e-3, 7200);
  // People write round numbers, and those are the ones that coincide.
  const double round = std::round(s * 10) / 10;
  const bool keep = s < 0.2 || round < type.minimum.value_or(0) || chance_.of(0.1);
  return keep ? s : round;
}

double ValueMaker::instant_s() {
  double s = 0;
  const double known = chance_.pick(offer_.instants_s);
  switch (chance_.weighted({2, 3, 5})) {
    case 0:
      s = known;
      break;
    case 1:
      s = known + chance_.pick({1e-3, 0.02, 0.5, 1., 2., 3., 5., 10., 15., 20., 30., 40., 60.});
      break;
    default:
      s = std::round(chance_.between(0.05, 0.8) * offer_.horizon_s);
  }
  offer_.instants_s.push_back(s);
  return s;
}

std::string ValueMaker::name_of(const std::string& what) {
  const auto group = [&]() -> std::string {
    return offer_.groups.empty() ? "nobody" : chance_.pick(offer_.groups).name;
  };
  if (what == "site") return chance_.pick(offer_.sites);
  if (what == "location") return chance_.pick(offer_.locations);
  if (what == "gateway") return chance_.pick(offer_.gateways);
  if (what == "queue") return chance_.pick(offer_.queues);
  if (what == "agents") return group();
  if (what == "queue or agent group") {
    return chance_.of(0.5) ? chance_.pick(offer_.queues) : group();
  }
  // Objects of agents, or of a queue.
  if (what.starts_with("agents") && !offer_.groups.empty()) {
    if (chance_.of(0.25)) return chance_.pick(offer_.queues);
    const Offer::Group& of = chance_.pick(offer_.groups);
    const std::size_t first = 1 + chance_.below(std::max<std::size_t>(of.count, 1));
    if (chance_.of(0.4)) return of.name;
    if (chance_.of(0.5)) return fmt::format("{}.{}", of.name, first);
    return fmt::format("{}.{}-{}", of.name, first, std::max(first, of.count));
  }
  return text(what);
}

std::string ValueMaker::text(const std::string& what) {
  if (what.starts_with("fraction")) return chance_.pick({"1/2", "2/2", "1/3"});
  const std::vector<std::string> words = {"SIP_Server_1", "SIP_Server_2", "voicemail", "8.1.2",
                                          "8.5.1",        "other",        "0",         "1"};
  return chance_.of(0.2) ? chance_.pick(offer_.queues) : chance_.pick(words);
}

std::optional<Node> ValueMaker::map(const ValueType& type) {
  Node node = map_node();
  const ValueType& element = type.elements.at(0);
  if (type.what == "gateway" && element.kind == Kind::percent) {
    // Shares add up to 100 %.
    int left = 100;
    for (std::size_t i = 0; i < offer_.gateways.size(); ++i) {
      const bool last = i + 1 == offer_.gateways.size();
      const int share = last ? left : chance_.pick({0, left, left / 2, left / 10});
      put(node, offer_.gateways[i], fmt::format("{}%", share));
      left -= share;
    }
    return node;
  }
  if (type.what == "option") {
    put(node, "option-of-no-effect", chance_.pick({"1", "true", "x"}));
    return node;
  }
  const bool named = type.what == "site" || type.what == "location" || type.what == "gateway" ||
                     type.what.starts_with("agents or");
  if (!named) return std::nullopt;
  for (std::size_t n = 1 + chance_.below(2); n > 0; --n) {
    if (auto value = this->value(element)) put(node, name_of(type.what), std::move(*value));
  }
  return node;
}

namespace {

/// The date of a list's entry that has one, to sort by.
double date_of(const Node& entry) {
  const Node* at = entry.is_map() && !entry.children.empty() ? &entry.children.front() : nullptr;
  return seconds_or(at, 0);
}

}  // namespace

std::optional<Node> ValueMaker::list(const ValueType& type) {
  Node node = list_node();
  const std::size_t n = chance_.of(0.03) ? 0 : 1 + chance_.below(3);
  for (std::size_t i = 0; i < n; ++i) {
    auto value = this->value(type.elements.at(0));
    if (!value) return std::nullopt;
    append(node, std::move(*value));
  }
  std::stable_sort(node.children.begin(), node.children.end(),
                   [](const Node& a, const Node& b) { return date_of(a) < date_of(b); });
  return node;
}

std::optional<Node> ValueMaker::section(const Section& section, double density) {
  if (needs_file(section)) return std::nullopt;
  Node node = map_node();
  std::vector<const Key*> chosen;
  std::vector<std::string> groups;
  for (const Key& key : section.keys) {
    if (!key.exclusive.empty()) {
      if (std::find(groups.begin(), groups.end(), key.exclusive) != groups.end()) continue;
      groups.push_back(key.exclusive);
      std::vector<const Key*> members;
      for (const Key& other : section.keys) {
        if (other.exclusive == key.exclusive) members.push_back(&other);
      }
      chosen.push_back(chance_.pick(members));
    } else if (key.required || key.default_text.starts_with("required") || chance_.of(density)) {
      chosen.push_back(&key);
    }
  }
  for (const Key* key : chosen) {
    if (auto value = this->value(key->type, default_of(section, *key))) {
      put(node, key->name, std::move(*value));
    } else if (key->required) {
      return std::nullopt;
    }
  }
  return node;
}

std::optional<Node> ValueMaker::value(const ValueType& type, const std::string& usual) {
  constexpr double kWord = 0.25, kInner = 0.4;
  if (type.kind != Kind::choice && !type.words.empty() && chance_.of(kWord)) {
    return scalar_node(chance_.pick(type.words));
  }
  switch (type.kind) {
    case Kind::boolean:
      return scalar_node(usual == "true" || (usual.empty() && chance_.of(0.5)) ? "false" : "true");
    case Kind::choice:
      return scalar_node(chance_.pick(type.words));
    case Kind::count:
      return scalar_node(fmt::format("{:.0f}", quantity(type, parsed_number(parse_count(usual)),
                                                        {0, 1, 1, 2, 3, 5, 10, 100}, 1, 1000)));
    case Kind::number:
      return scalar_node(format_number(quantity(type, parsed_number(parse_number(usual)),
                                                {0, 0.1, 0.5, 1, 1, 2, 10}, 0.01, 100)));
    case Kind::duration:
      return scalar_node(duration_text(duration_s(type, usual)));
    case Kind::instant:
      if (type.what == "clock") return scalar_node("09:00");
      return scalar_node(duration_text(instant_s()));
    case Kind::rate:
      return scalar_node(format_rate(quantity(type, parsed_number(parse_rate(usual)),
                                              {0, 1. / 3600, 0.01, 0.1, 1}, 1e-4, 0.5)));
    case Kind::percent:
      return scalar_node(format_percent(quantity(type, parsed_number(parse_percent(usual)),
                                                 {0, 0.01, 0.1, 0.5, 0.5, 0.9, 1, 1}, 0.001, 1)));
    case Kind::bandwidth:
      return scalar_node(format_bandwidth(quantity(type, parsed_number(parse_bandwidth(usual)),
                                                   {1e4, 1e5, 1e6, 1e7, 1e9}, 1e4, 1e10)));
    case Kind::text:
      return scalar_node(text(type.what));
    case Kind::reference:
      return scalar_node(name_of(type.what));
    case Kind::section:
      return section(*type.section, std::max(temper_.density, kInner));
    case Kind::map:
      return map(type);
    case Kind::list:
      return list(type);
    case Kind::any_of:
      break;
  }
  constexpr int kTries = 4;
  for (int i = 0; i < kTries; ++i) {
    if (auto made = value(chance_.pick(type.elements), usual)) return made;
  }
  return std::nullopt;
}

}  // namespace bcsim::tools
