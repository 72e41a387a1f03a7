#include "tools/explore/fault_draft.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tools/explore/tree.hpp"
#include "tools/scenario/keys/describe.hpp"
#include "tools/scenario/keys/keys.hpp"

namespace bcsim::tools {
namespace {

struct Target {
  std::string kind, name;
};

std::vector<std::string> split_words(const std::string& text) {
  std::vector<std::string> words;
  std::size_t from = 0;
  while (from <= text.size()) {
    const std::size_t end = std::min(text.find(", ", from), text.size());
    words.push_back(text.substr(from, end - from));
    from = end + 2;
  }
  return words;
}

/// Every target of a world, by its kind in the words of the table.
std::vector<Target> targets_of(const Offer& offer) {
  std::vector<Target> all = {{"link", "dc-link"}};
  for (const std::string& site : offer.sites) {
    all.push_back({"site", site});
    all.push_back({"HA link", site + ".ha-link"});
    for (const char* role :
         {"sip-server.primary", "sip-server.backup", "media-server", "config-server",
          "config-server-proxy", "stat-server", "local-config-server"}) {
      all.push_back({"process", fmt::format("{}.{}", site, role)});
      all.push_back({"machine", fmt::format("{}.{}.host", site, role)});
      all.push_back({"management link", fmt::format("{}.{}.management-link", site, role)});
    }
    for (const std::string& location : offer.locations) {
      all.push_back({"link", fmt::format("access.{}.{}", location, site)});
      all.push_back({"link", fmt::format("desktop-access.{}.{}", location, site)});
    }
  }
  for (const std::string& gateway : offer.gateways) all.push_back({"gateway", gateway});
  for (const Offer::Group& group : offer.groups) {
    for (std::size_t i = 1; i <= std::min<std::size_t>(group.count, 3); ++i) {
      all.push_back({"phone", fmt::format("{}.phone.{}", group.name, i)});
      all.push_back({"desktop", fmt::format("{}.desktop.{}", group.name, i)});
    }
  }
  return all;
}

struct ChangeableOption {
  std::string path;
  const Section* section;
  const Key* key;
};

void collect_changeable(const Section& section, const std::string& path,
                        std::vector<ChangeableOption>& out) {
  for (const Key& key : section.keys) {
    if (key.at_run_time) out.push_back({path + "." + key.name, &section, &key});
  }
}

std::vector<ChangeableOption> changeable_options(const Node& root, const Offer& offer) {
  std::vector<ChangeableOption> all;
  for (const Key& key : site_section()->keys) {
    if (key.type.kind != Kind::section) continue;
    for (const std::string& site : offer.sites) {
      collect_changeable(*key.type.section, fmt::format("sites.{}.{}", site, key.name), all);
    }
  }
  for (const std::string& queue : offer.queues) {
    collect_changeable(*queue_section(), "queues." + queue, all);
    for (const Key& key : queue_section()->keys) {
      if (key.type.kind != Kind::section) continue;
      if (at_path(root, {"queues", queue, key.name}) == nullptr) continue;
      collect_changeable(*key.type.section, fmt::format("queues.{}.{}", queue, key.name), all);
    }
  }
  return all;
}

class FaultDraft {
 public:
  FaultDraft(Chance& chance, Offer& offer, const Temper& temper, const Node& root)
      : chance_(chance),
        offer_(offer),
        maker_(chance, offer, temper),
        targets_(targets_of(offer)),
        options_(changeable_options(root, offer)) {
    for (const Key& key : fault_section()->keys) {
      if (key.exclusive != "verb") continue;
      verbs_.push_back(&key);
      // Some verbs off, some wild. Only what fails as a whole loses calls, and leaves survivors.
      weights_.push_back(key.name == "fail" ? chance_.pick({0., 1., 1., 5., 5., 10.})
                                            : chance_.pick({0., 0., 1., 1., 1., 5.}));
    }
    if (std::all_of(weights_.begin(), weights_.end(), [](double w) { return w == 0; })) {
      weights_[chance_.below(weights_.size())] = 1;
    }
    flaps_ = chance_.pick({0., 0.05, 0.3});
    ends_ = chance_.pick({0.3, 0.7, 0.95});
    again_ = chance_.pick({0.2, 0.5, 0.8});
    echoes_ = chance_.pick({0., 0.2, 0.6});
  }

  std::optional<Node> fault() {
    if (!limited_.empty() && chance_.of(echoes_)) return echo(Limited(chance_.pick(limited_)));
    const Key& verb = *verbs_[chance_.weighted(weights_)];
    Node fault = map_node();
    const double at = maker_.instant_s();
    put(fault, "at", duration_text(std::max(at, offer_.instants_s.front())));
    if (verb.type.kind == Kind::text) return change(std::move(fault), verb);
    const auto kinds = split_words(verb.type.what);
    const auto target = pick_target(kinds);
    if (!target) return std::nullopt;
    put(fault, verb.name, target->name);
    if (target->kind == "site") site_details(fault, verb.name);
    if (target->kind == "link" && chance_.of(0.35)) {
      put(fault, "direction", chance_.pick({"forward", "backward"}));
    }
    if (verb.name == "degrade") degrade(fault);
    how_it_ends(fault, at);
    return fault;
  }

 private:
  /// A fault that ends by itself, and how long it lasts.
  struct Limited {
    Node fault;
    double at, lasting;
  };
  /// The same once more before that one is over, or as it ends.
  Node echo(const Limited& first) {
    Node fault = map_node();
    const double at = first.at + std::round(first.lasting * chance_.between(0, 1000)) / 1000;
    put(fault, "at", duration_text(at));
    for (const Node& member : first.fault.children) {
      const bool ends = member.key == "lasting" || member.key == "flap";
      if (member.key != "at" && !ends) put(fault, member.key, member);
    }
    how_it_ends(fault, at);
    return fault;
  }

  std::optional<Target> pick_target(const std::vector<std::string>& kinds) {
    const auto takes = [&](const Target& target) {
      return std::find(kinds.begin(), kinds.end(), target.kind) != kinds.end();
    };
    std::vector<Target> known, all;
    std::copy_if(used_.begin(), used_.end(), std::back_inserter(known), takes);
    if (!known.empty() && chance_.of(again_)) return chance_.pick(known);
    // The kind first: links and processes are many, sites are two; and what is lost with a site
    // is what most checks are about.
    std::vector<double> weights;
    for (const std::string& kind : kinds) weights.push_back(kind == "site" ? 4 : 1);
    const std::string kind = kinds[chance_.weighted(weights)];
    for (const Target& target : targets_) {
      if (target.kind == kind) all.push_back(target);
    }
    if (all.empty()) return std::nullopt;
    const Target target = chance_.pick(all);
    used_.push_back(target);
    // What is inside it, or around it, is of interest from now on.
    for (const Target& other : targets_) {
      const bool inside = other.name.starts_with(target.name + ".");
      const bool around = target.name.starts_with(other.name + ".");
      if ((inside || around) && chance_.of(0.2)) used_.push_back(other);
    }
    return target;
  }

  void site_details(Node& fault, const std::string& verb) {
    if (verb != "fail" && verb != "restore") return;
    if (!chance_.of(0.6)) return;
    const std::string scope = chance_.pick({"sip-server-pair", "genesys", "building", "building"});
    put(fault, "scope", scope);
    if (scope != "building" || verb != "fail" || !chance_.of(0.5)) return;
    Node& back = put(fault, "staff-return", map_node());
    const bool first = fault.find("fail")->text == offer_.sites.front();
    put(back, "to", offer_.sites[first ? 1 : 0]);
    Node& steps = put(back, "steps", list_node());
    double after = 0;
    for (const int share : {30, 100}) {
      after += std::round(chance_.between(1, 600));
      Node step = map_node();
      put(step, "after", fmt::format("{}s", after));
      put(step, "share", fmt::format("{}%", share));
      append(steps, std::move(step));
    }
  }

  void degrade(Node& fault) {
    static const std::map<std::string, std::vector<std::string>> kValues = {
        {"latency", {"0s", "50ms", "200ms", "1s", "6s", "20s"}},
        {"jitter", {"10ms", "200ms", "2s"}},
        {"loss", {"1%", "10%", "50%", "90%", "100%"}},
        {"bandwidth", {"10kbit/s", "100kbit/s", "1Mbit/s"}}};
    const std::size_t sure = chance_.below(kValues.size());
    std::size_t i = 0;
    for (const auto& [name, values] : kValues) {
      if (i++ == sure || chance_.of(0.2)) put(fault, name, chance_.pick(values));
    }
  }

  void how_it_ends(Node& fault, double at) {
    if (chance_.of(flaps_)) {
      Node& flap = put(fault, "flap", map_node());
      const double period = chance_.pick({1., 2., 5., 10., 30., 60., 120., 300.});
      put(flap, "period", fmt::format("{}s", period));
      put(flap, "duty", chance_.pick({"10%", "50%", "50%", "90%", "99%"}));
      if (chance_.of(0.8)) {
        const double rounds = static_cast<double>(1 + chance_.below(20));
        put(flap, "until", duration_text(at + period * rounds));
      }
      if (chance_.of(0.8)) return;
    }
    if (!chance_.of(ends_)) return;
    double lasting =
        chance_.pick({0.001, 0.5, 1., 2., 3., 5., 8., 10., 20., 30., 45., 60., 120., 300., 600.});
    // Up to something else that happens.
    const double other = chance_.pick(offer_.instants_s);
    if (other > at && chance_.of(0.3)) lasting = other - at;
    offer_.instants_s.push_back(at + lasting);
    put(fault, "lasting", duration_text(lasting));
    limited_.push_back({fault, at, lasting});
  }

  std::optional<Node> change(Node fault, const Key& verb) {
    if (options_.empty()) return std::nullopt;
    const ChangeableOption& option = chance_.pick(options_);
    const auto value = maker_.value(option.key->type, default_of(*option.section, *option.key));
    if (!value || !value->is_scalar()) return std::nullopt;
    put(fault, verb.name, option.path);
    put(fault, "to", value->text);
    return fault;
  }

  Chance& chance_;
  Offer& offer_;
  ValueMaker maker_;
  std::vector<Target> targets_, used_;
  std::vector<ChangeableOption> options_;
  std::vector<const Key*> verbs_;
  std::vector<double> weights_;
  std::vector<Limited> limited_;
  double flaps_ = 0, ends_ = 0, again_ = 0, echoes_ = 0;
};

}  // namespace

void draft_faults(Chance& chance, Offer& offer, const Temper& temper, const Node& root,
                  Node& faults) {
  FaultDraft draft(chance, offer, temper, root);
  const std::size_t n = chance.pick<std::size_t>({0, 1, 1, 2, 2, 3, 4, 6, 9});
  for (std::size_t i = 0; i < n; ++i) {
    if (auto fault = draft.fault()) append(faults, std::move(*fault));
  }
}

std::vector<std::string> fault_verbs() {
  std::vector<std::string> names;
  for (const Key& key : fault_section()->keys) {
    if (key.exclusive == "verb") names.push_back(key.name);
  }
  return names;
}

std::string verb_of(const Node& fault) {
  for (const Node& member : fault.children) {
    const Key* key = fault_section()->find(member.key);
    if (key != nullptr && key->exclusive == "verb") return key->name;
  }
  return "";
}

}  // namespace bcsim::tools
