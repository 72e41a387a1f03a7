// Rows of `faults`: when, what is done to what, and how it ends.
#include <fmt/ranges.h>

#include <type_traits>

#include "tools/scenario/keys/fault_target.hpp"
#include "tools/scenario/keys/keys.hpp"
#include "tools/scenario/text/suggest.hpp"

namespace bcsim::tools {
namespace {

using models::CutDirection;
using models::Fault;
using models::SiteScope;

/// A verb of the language, and the deed that its word and target make. Which targets it takes is
/// what the deed can hold.
struct Verb {
  const char* name;
  const char* targets;
  const char* doc;
  /// False: not to such a target; nullopt: it is not known.
  bool (*done)(const std::optional<FaultTarget>& target, Fault& fault);
  bool (*is)(const Fault& fault);
};

template <class Targets>
bool take_any(const FaultTarget& given, Targets& target) {
  return std::visit(
      [&](const auto& t) {
        if constexpr (std::is_assignable_v<Targets&, decltype(t)>) {
          target = t;
          return true;
        } else {
          return false;
        }
      },
      given);
}
template <class Deed>
bool do_to(const std::optional<FaultTarget>& given, Fault& fault) {
  Deed deed;
  bool taken = !given;
  if (given) {
    if constexpr (requires { deed.target; }) {
      taken = take_any(*given, deed.target);
    } else if constexpr (requires { deed.process; }) {
      taken = take_any(*given, deed.process);
    } else if constexpr (requires { deed.link; }) {
      taken = take_any(*given, deed.link);
    } else {
      models::SiteTarget site;
      taken = take_any(*given, site);
      deed.site = site.site;
    }
  }
  if constexpr (std::is_same_v<Deed, models::Restore>) {
    auto* site = std::get_if<models::SiteTarget>(&deed.target);
    if (site != nullptr) site->scope = SiteScope::building;  // all of it
  }
  fault.deed = std::move(deed);
  return taken;
}
template <class Deed>
Verb verb(const char* name, const char* targets, const char* doc) {
  return {name, targets, doc, do_to<Deed>,
          [](const Fault& fault) { return std::holds_alternative<Deed>(fault.deed); }};
}

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> list = {
      verb<models::Fail>("fail", "site, machine, gateway, phone, desktop",
                         "A site, gateway, device or machine (<process>.host) dies in silence"),
      verb<models::Restore>("restore", "site, process, machine, gateway, phone, desktop",
                            "Every failure, crash, hang and drain of this target ends; what was "
                            "done to a part of it, or to all around it, stays"),
      verb<models::Crash>(
          "crash", "process",
          "A process dies on a live machine, which refuses for it: site1.sip-server.primary"),
      verb<models::Hang>("hang", "process",
                         "A process stops answering but keeps its connections; when that ends it "
                         "has been ended and "
                         "starts again, empty"),
      verb<models::Cut>("cut", "link, HA link, management link",
                        "dc-link, access.<location>.<site>, desktop-access.…, site1.ha-link, or "
                        "site1.sip-server.primary.management-link"),
      verb<models::Heal>("heal", "link, HA link, management link",
                         "Every cut and degradation of a link ends; one that flaps begins again "
                         "with its next round"),
      verb<models::Degrade>("degrade", "link",
                            "A link gets the latency, jitter, loss or bandwidth given"),
      verb<models::Drain>("drain", "site", "Graceful migration: a site takes no new calls"),
      verb<models::SwitchOver>(
          "switchover", "site",
          "By hand: the backup SIP Server becomes primary, the primary backup")};
  return list;
}

std::string wrong_target_hint(std::string_view verb, const Node& node, std::string_view kind) {
  if (verb == "fail" && kind == "process") {
    return fmt::format("a process crashes or hangs; its machine fails: {}.host", node.text);
  }
  const bool link = kind == "link" || kind == "HA link" || kind == "management link";
  if (link && verb == "fail") return "a link is cut";
  if (link && verb == "restore") return "a link is healed";
  if (verb == "crash" || verb == "hang") {
    return "a process such as site1.sip-server.primary; sites, gateways and devices fail";
  }
  if (verb == "cut") return "a link is cut; anything else fails";
  return "";
}

void verb_rows(SectionOf<Fault>& s) {
  for (const Verb& verb : verbs()) {
    ValueType type;
    type.kind = Kind::reference;
    type.what = verb.targets;
    s.row(
         verb.name, type, language(), verb.doc,
         [&verb](Reader& r, const Node& node, Fault& fault) {
           fault.text = fmt::format("{} {}", verb.name, node.text);
           const auto target = parse_target(r, node);
           if (verb.done(target, fault)) return;
           const std::string_view kind = target_kind(*target);
           r.error(node, "S-007", fmt::format("a {} cannot be the target of '{}'", kind, verb.name),
                   wrong_target_hint(verb.name, node, kind));
         },
         [&verb](const Writer& w, const Fault& fault) -> std::optional<Out> {
           if (!verb.is(fault)) return std::nullopt;
           return Out::scalar(target_text(w.scenario(), *target_of(fault)));
         })
        .excludes("verb");
  }
}

/// Says what is done, so far? If not, its other keys mean nothing, and the validator asks for a
/// verb.
bool has_verb(const Fault& fault) {
  return !fault.text.empty();
}

/// Options of a running site or queue; anything else is fixed when it starts.
void read_option_path(Reader& r, const Node& node, Fault& fault) {
  fault.deed = models::ChangeOption{};
  fault.text = fmt::format("change {}", node.text);
  const std::string* path = r.scalar(node, "the path of an option");
  if (path == nullptr) return;
  const KeyPlace place = find_place(*scenario_section(), *path);
  const std::string name = path->substr(path->find('.') + 1);
  const std::string owner = name.substr(0, name.find('.'));
  const bool queue = path->starts_with("queues.");
  const std::vector<std::string>& owners = queue ? r.names.queues : r.names.sites;
  if (place.key == nullptr) {
    r.error(node, "S-007", fmt::format("no option is called '{}'", *path),
            "such as queues.<queue>.hunt-group.hg-preferred-site");
  } else if (!place.key->at_run_time) {
    std::vector<std::string> can;
    for (const Key& key : place.section->keys) {
      if (key.at_run_time) can.push_back(key.name);
    }
    r.error(node, "S-007", fmt::format("'{}' cannot be changed while it runs", place.key->name),
            can.empty() ? "options of sites.<site>.sip-server and queues.<queue> can"
                        : fmt::format("here can: {}", fmt::join(can, ", ")));
  } else if (!Names::index(owners, owner)) {
    r.error(node, "S-007", fmt::format("unknown {} '{}'", queue ? "queue" : "site", owner),
            did_you_mean(owner, owners));
  } else {
    std::get<models::ChangeOption>(fault.deed).path = *path;
  }
}

void change_rows(SectionOf<Fault>& s) {
  s.row("change", text().type, language(),
        "Another value for an option of sites.<site>.sip-server or queues.<queue>; a running timer "
        "keeps its own",
        read_option_path,
        [](const Writer&, const Fault& fault) -> std::optional<Out> {
          const auto* option = std::get_if<models::ChangeOption>(&fault.deed);
          if (option == nullptr) return std::nullopt;
          return Out::scalar(option->path);
        })
      .excludes("verb");
  s.row(
      "to", text().type, language(), "change: the new value, written as in the scenario",
      [](Reader& r, const Node& node, Fault& fault) {
        auto* option = std::get_if<models::ChangeOption>(&fault.deed);
        if (option == nullptr) r.error(node, "S-003", "'to' belongs to change");
        const std::string* value = r.scalar(node, "the new value of the option");
        if (option == nullptr || option->path.empty() || value == nullptr) return;
        option->value = *value;
        fault.text += fmt::format(" to {}", *value);
      },
      [](const Writer& w, const Fault& fault) -> std::optional<Out> {
        const auto* option = std::get_if<models::ChangeOption>(&fault.deed);
        if (option == nullptr || !option->value) return std::nullopt;
        return text().write(w, *option->value);
      });
}

/// The site of a fault whose scope can be said: fail, restore.
template <class AnyFault>
auto* site_with_scope(AnyFault& fault) {
  auto* fail = std::get_if<models::Fail>(&fault.deed);
  if (fail != nullptr) return std::get_if<models::SiteTarget>(&fail->target);
  auto* restore = std::get_if<models::Restore>(&fault.deed);
  return restore == nullptr ? nullptr : std::get_if<models::SiteTarget>(&restore->target);
}
/// The link of a fault whose direction can be said: cut, heal, degrade.
template <class AnyFault>
auto* link_with_direction(AnyFault& fault) {
  auto* cut = std::get_if<models::Cut>(&fault.deed);
  if (cut != nullptr) return std::get_if<models::LinkTarget>(&cut->target);
  auto* heal = std::get_if<models::Heal>(&fault.deed);
  if (heal != nullptr) return std::get_if<models::LinkTarget>(&heal->target);
  auto* degrade = std::get_if<models::Degrade>(&fault.deed);
  return degrade == nullptr ? nullptr : &degrade->link;
}

void scope_row(SectionOf<Fault>& s) {
  const auto scope = choice<SiteScope>({{"sip-server-pair", SiteScope::sip_server_pair},
                                        {"genesys", SiteScope::genesys},
                                        {"building", SiteScope::building}});
  s.row(
       "scope", scope.type, documented("source C32"),
       "How much of a site: its SIP Server pair, all Genesys components, or the whole building; "
       "restore: no failure of more than this ends",
       [scope](Reader& r, const Node& node, Fault& fault) {
         auto* site = site_with_scope(fault);
         if (site == nullptr) {
           r.error(node, "S-003", "'scope' belongs to fail or restore of a site");
         } else if (has_verb(fault)) {
           scope.read(r, node, site->scope);
           const SiteScope usual = std::holds_alternative<models::Fail>(fault.deed)
                                       ? SiteScope::genesys
                                       : SiteScope::building;
           if (site->scope != usual) fault.text += fmt::format(" ({})", node.text);
         }
       },
       [scope](const Writer& w, const Fault& fault) -> std::optional<Out> {
         const auto* site = site_with_scope(fault);
         if (site == nullptr) return std::nullopt;
         return scope.write(w, site->scope);
       })
      .default_is("fail: genesys, restore: building");
}

void direction_row(SectionOf<Fault>& s) {
  const auto direction = choice<CutDirection>({{"both", CutDirection::both},
                                               {"forward", CutDirection::forward},
                                               {"backward", CutDirection::backward}});
  s.row(
       "direction", direction.type, assumption(),
       "Of a link; forward: site 1 to site 2, or location to data centre",
       [direction](Reader& r, const Node& node, Fault& fault) {
         auto* link = link_with_direction(fault);
         if (link != nullptr) {
           direction.read(r, node, link->direction);
           if (link->direction != CutDirection::both) fault.text += " " + node.text;
         } else if (has_verb(fault)) {
           r.error(node, "S-003", "'direction' belongs to a fault of a link");
         }
       },
       [direction](const Writer& w, const Fault& fault) -> std::optional<Out> {
         const auto* link = link_with_direction(fault);
         if (link == nullptr) return std::nullopt;
         return direction.write(w, link->direction);
       })
      .default_is("both");
}

std::shared_ptr<const Section> flap_section() {
  static const auto keys = [] {
    SectionOf<models::Flap> s("flap", "The fault comes and goes");
    s.key("period", &models::Flap::period, duration({.min = 1ms}), language(), "Of one round")
        .require();
    s.key("duty", &models::Flap::duty, percent({.min = 0.001, .max = 0.999}), assumption(),
          "Part of the period that is bad");
    s.key("until", &models::Flap::until, if_given(instant()), language(), "Then it stays good")
        .default_is("the end of the run");
    return s.done();
  }();
  return keys;
}

void flap_row(SectionOf<Fault>& s) {
  const auto flap = section<models::Flap>(flap_section());
  s.row(
      "flap", flap.type, language(), "The fault comes and goes instead of staying",
      [flap](Reader& r, const Node& node, Fault& fault) {
        flap.read(r, node, fault.flap.emplace());
      },
      [flap](const Writer& w, const Fault& fault) -> std::optional<Out> {
        if (!fault.flap) return std::nullopt;
        return flap.write(w, *fault.flap);
      });
}

std::shared_ptr<const Section> staff_return_section() {
  static const auto step_keys = [] {
    SectionOf<models::ReturnStep> s("a step of the return", "How many are back from then on");
    s.key("after", &models::ReturnStep::after, duration(), language(), "The loss of the building")
        .require();
    s.key("share", &models::ReturnStep::share, percent(), language(), "Of all who sat there")
        .require();
    return s.done();
  }();
  static const auto keys = [] {
    SectionOf<models::StaffReturn> s("staff-return", "People who lost their building");
    s.key("to", &models::StaffReturn::to, location_reference(), language(),
          "Where they sit down, with other phones and desktops")
        .require();
    s.key("steps", &models::StaffReturn::steps,
          not_empty(list(section<models::ReturnStep>(step_keys), "steps"),
                    "staff-return needs a step"),
          language(), "When how many are back")
        .require();
    return s.done();
  }();
  return keys;
}

void staff_return_row(SectionOf<Fault>& s) {
  const auto back = section<models::StaffReturn>(staff_return_section());
  s.row(
      "staff-return", back.type, language(),
      "fail of a building: {to: site2, steps: [{after: 1h, share: 50%}]}",
      [back](Reader& r, const Node& node, Fault& fault) {
        models::StaffReturn given;
        back.read(r, node, given);
        const auto* site = models::failed_site(fault);
        if (!has_verb(fault)) return;
        if (site == nullptr || site->scope != SiteScope::building) {
          r.error(node, "S-003", "'staff-return' belongs to fail, scope: building");
          return;
        }
        if (given.to == site->site) {
          r.error(node, "S-007", "the building that is lost cannot be where people return to");
        }
        for (std::size_t i = 1; i < given.steps.size(); ++i) {
          const models::ReturnStep &before = given.steps[i - 1], &step = given.steps[i];
          if (step.after > before.after && step.share >= before.share) continue;
          r.error(node, "S-006", "the steps of staff-return must rise");
          break;
        }
        std::get<models::Fail>(fault.deed).staff_return = std::move(given);
      },
      [back](const Writer& w, const Fault& fault) -> std::optional<Out> {
        const models::StaffReturn* given = models::staff_return(fault);
        if (given == nullptr) return std::nullopt;
        return back.write(w, *given);
      });
}

template <class M>
void degrade_row(SectionOf<Fault>& s, std::string name, std::optional<M> models::Degrade::*member,
                 Codec<M> codec, std::string doc) {
  s.row(
      name, codec.type, language(), std::move(doc),
      [codec, member, name](Reader& r, const Node& node, Fault& fault) {
        models::Degrade ignored;
        auto* degrade = std::get_if<models::Degrade>(&fault.deed);
        if (degrade == nullptr && has_verb(fault)) {
          r.error(node, "S-003", fmt::format("'{}' belongs to degrade", name));
        }
        models::Degrade& into = degrade == nullptr ? ignored : *degrade;
        if_given(codec).read(r, node, into.*member);  // g++ 12 copies `(b ? x : *y).*member`
      },
      [codec, member](const Writer& w, const Fault& fault) -> std::optional<Out> {
        const auto* degrade = std::get_if<models::Degrade>(&fault.deed);
        if (degrade == nullptr) return std::nullopt;
        return if_given(codec).write(w, degrade->*member);
      });
}

}  // namespace

std::shared_ptr<const Section> fault_section() {
  static const auto keys = [] {
    SectionOf<Fault> s("fault", "Something that is done to the world at a given time");
    s.key("at", &Fault::at, instant(), language(), "When it happens").require();
    verb_rows(s);
    change_rows(s);
    scope_row(s);
    direction_row(s);
    const auto lasting = duration({.min = 0s, .max = {}, .above = true});
    s.key("lasting", &Fault::lasting, if_given(lasting), language(),
          "Undone after this long: restored, healed, as before")
        .default_is("for ever");
    degrade_row(s, "latency", &models::Degrade::latency, duration(), "degrade: one way");
    degrade_row(s, "jitter", &models::Degrade::jitter, duration(), "degrade: jitter");
    degrade_row(s, "loss", &models::Degrade::loss, percent(),
                "degrade: chance of a packet to be dropped");
    degrade_row(s, "bandwidth", &models::Degrade::bandwidth_bps, bandwidth(),
                "degrade: of each direction");
    flap_row(s);
    staff_return_row(s);
    return s.done();
  }();
  return keys;
}

}  // namespace bcsim::tools
