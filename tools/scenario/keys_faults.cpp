// Rows of `faults`: when, what is done to what, and how it ends.
#include <fmt/ranges.h>

#include <algorithm>

#include "tools/scenario/fault_target.hpp"
#include "tools/scenario/keys.hpp"
#include "tools/scenario/suggest.hpp"

namespace bcsim::tools {
namespace {

using models::CutDirection;
using models::Fault;
using models::FaultVerb;
using models::SiteScope;

struct Verb {
  const char* name;
  FaultVerb verb;
  std::vector<std::string_view> targets;
  const char* doc;
};

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> list = {
      {"fail",
       FaultVerb::fail,
       {"site", "machine", "gateway", "phone", "desktop"},
       "A site, gateway, device or machine (<process>.host) dies in silence"},
      {"restore",
       FaultVerb::restore,
       {"site", "process", "machine", "gateway", "phone", "desktop"},
       "What failed, crashed or hangs works again"},
      {"crash",
       FaultVerb::crash,
       {"process"},
       "A process dies on a live machine, which refuses for it: site1.sip-server.primary"},
      {"hang", FaultVerb::hang, {"process"}, "A process stops answering but keeps its connections"},
      {"cut",
       FaultVerb::cut,
       {"link", "HA link", "management link"},
       "dc-link, access.<location>.<site>, desktop-access.…, site1.ha-link, or "
       "site1.sip-server.primary.management-link"},
      {"heal",
       FaultVerb::heal,
       {"link", "HA link", "management link"},
       "A link that was cut or degraded"},
      {"degrade",
       FaultVerb::degrade,
       {"link"},
       "A link gets the latency, jitter, loss or bandwidth given"},
      {"drain", FaultVerb::drain, {"site"}, "Graceful migration: a site takes no new calls"},
      {"switchover",
       FaultVerb::switchover,
       {"site"},
       "By hand: the backup SIP Server becomes primary, the primary backup"}};
  return list;
}

std::string wrong_target_hint(const Verb& verb, const Node& node, std::string_view kind) {
  if (verb.verb == FaultVerb::fail && kind == "process") {
    return fmt::format("a process crashes or hangs; its machine fails: {}.host", node.text);
  }
  const bool link = kind == "link" || kind == "HA link" || kind == "management link";
  if (link && verb.verb == FaultVerb::fail) return "a link is cut";
  if (link && verb.verb == FaultVerb::restore) return "a link is healed";
  if (verb.verb == FaultVerb::crash || verb.verb == FaultVerb::hang) {
    return "a process such as site1.sip-server.primary; sites, gateways and devices fail";
  }
  if (verb.verb == FaultVerb::cut) return "a link is cut; anything else fails";
  return "";
}

void verb_rows(SectionOf<Fault>& s) {
  for (const Verb& verb : verbs()) {
    ValueType type;
    type.kind = Kind::reference;
    for (const std::string_view target : verb.targets) {
      type.what += (type.what.empty() ? "" : ", ") + std::string(target);
    }
    s.row(
         verb.name, type, language(), verb.doc,
         [&verb](Reader& r, const Node& node, Fault& fault) {
           fault.verb = verb.verb;
           fault.text = fmt::format("{} {}", verb.name, node.text);
           const auto target = parse_target(r, node);
           if (!target) return;
           const std::string_view kind = target_kind(*target);
           if (std::find(verb.targets.begin(), verb.targets.end(), kind) == verb.targets.end()) {
             r.error(node, "S-007",
                     fmt::format("a {} cannot be the target of '{}'", kind, verb.name),
                     wrong_target_hint(verb, node, kind));
             return;
           }
           fault.target = *target;
         },
         [&verb](const Writer& w, const Fault& fault) -> std::optional<Out> {
           if (fault.verb != verb.verb) return std::nullopt;
           return Out::scalar(target_text(w.scenario(), fault.target));
         })
        .excludes("verb");
  }
}

/// Options of a running site or queue; anything else is fixed when it starts.
void read_option_path(Reader& r, const Node& node, Fault& fault) {
  fault.verb = FaultVerb::change;
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
    fault.target = models::OptionTarget{*path, {}, {}};
  }
}

void change_rows(SectionOf<Fault>& s) {
  s.row("change", text().type, language(),
        "An option of sites.<site>.sip-server or queues.<queue> gets another value; calls already "
        "there keep theirs",
        read_option_path,
        [](const Writer&, const Fault& fault) -> std::optional<Out> {
          const auto* option = std::get_if<models::OptionTarget>(&fault.target);
          if (option == nullptr) return std::nullopt;
          return Out::scalar(option->path);
        })
      .excludes("verb");
  s.row(
      "to", text().type, language(), "change: the new value, written as in the scenario",
      [](Reader& r, const Node& node, Fault& fault) {
        if (fault.verb != FaultVerb::change) r.error(node, "S-003", "'to' belongs to change");
        auto* option = std::get_if<models::OptionTarget>(&fault.target);
        const std::string* value = r.scalar(node, "the new value of the option");
        if (option == nullptr || value == nullptr) return;
        option->value = *value;
        fault.text += fmt::format(" to {}", *value);
      },
      [](const Writer& w, const Fault& fault) -> std::optional<Out> {
        const auto* option = std::get_if<models::OptionTarget>(&fault.target);
        if (option == nullptr || !option->value) return std::nullopt;
        return text().write(w, *option->value);
      });
}

void scope_rows(SectionOf<Fault>& s) {
  const auto scope = choice<SiteScope>({{"sip-server-pair", SiteScope::sip_server_pair},
                                        {"genesys", SiteScope::genesys},
                                        {"building", SiteScope::building}});
  s.row(
       "scope", scope.type, documented("source C32"),
       "How much of a site: its SIP Server pair, all Genesys components, or the whole building",
       [scope](Reader& r, const Node& node, Fault& fault) {
         if (auto* site = std::get_if<models::SiteTarget>(&fault.target)) {
           scope.read(r, node, site->scope);
           if (site->scope != SiteScope::genesys) fault.text += fmt::format(" ({})", node.text);
         } else {
           r.error(node, "S-003", "'scope' belongs to a fault of a site");
         }
       },
       [scope](const Writer& w, const Fault& fault) -> std::optional<Out> {
         const auto* site = std::get_if<models::SiteTarget>(&fault.target);
         const bool whole = fault.verb == FaultVerb::drain || fault.verb == FaultVerb::switchover;
         if (site == nullptr || whole) return std::nullopt;
         return scope.write(w, site->scope);
       })
      .default_is("genesys");
  const auto direction = choice<CutDirection>({{"both", CutDirection::both},
                                               {"forward", CutDirection::forward},
                                               {"backward", CutDirection::backward}});
  s.row(
       "direction", direction.type, assumption(),
       "Of a link; forward: site 1 to site 2, or location to data centre",
       [direction](Reader& r, const Node& node, Fault& fault) {
         if (auto* link = std::get_if<models::LinkTarget>(&fault.target)) {
           direction.read(r, node, link->direction);
         } else {
           r.error(node, "S-003", "'direction' belongs to a fault of a link");
         }
       },
       [direction](const Writer& w, const Fault& fault) -> std::optional<Out> {
         const auto* link = std::get_if<models::LinkTarget>(&fault.target);
         if (link == nullptr) return std::nullopt;
         return direction.write(w, link->direction);
       })
      .default_is("both");
}

struct Flap {
  sim::Duration period = 30s;
  double duty = 0.5;
  std::optional<sim::SimTime> until;
};

std::shared_ptr<const Section> flap_section() {
  static const auto keys = [] {
    SectionOf<Flap> s("flap", "The fault comes and goes");
    s.key("period", &Flap::period, duration({.min = 1ms}), language(), "Of one round").require();
    s.key("duty", &Flap::duty, percent({.min = 0.001, .max = 0.999}), assumption(),
          "Part of the period that is bad");
    s.key("until", &Flap::until, if_given(instant()), language(), "Then it stays good")
        .default_is("the end of the run");
    return s.done();
  }();
  return keys;
}

void flap_row(SectionOf<Fault>& s) {
  const auto flap = section<Flap>(flap_section());
  s.row(
      "flap", flap.type, language(), "The fault comes and goes instead of staying",
      [flap](Reader& r, const Node& node, Fault& fault) {
        Flap given;
        flap.read(r, node, given);
        fault.flap_period = given.period;
        fault.flap_duty = given.duty;
        fault.flap_until = given.until;
      },
      [flap](const Writer& w, const Fault& fault) -> std::optional<Out> {
        if (!fault.flap_period) return std::nullopt;
        return flap.write(w, {*fault.flap_period, fault.flap_duty, fault.flap_until});
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
          list(section<models::ReturnStep>(step_keys), "steps"), language(),
          "When how many are back")
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
        back.read(r, node, fault.staff_return.emplace());
        const auto* site = std::get_if<models::SiteTarget>(&fault.target);
        if (fault.verb != FaultVerb::fail || site == nullptr ||
            site->scope != SiteScope::building) {
          r.error(node, "S-003", "'staff-return' belongs to fail, scope: building");
          fault.staff_return.reset();
        } else if (fault.staff_return->to == site->site) {
          r.error(node, "S-007", "the building that is lost cannot be where people return to");
        }
        if (!fault.staff_return) return;
        const auto& steps = fault.staff_return->steps;
        for (std::size_t i = 1; i < steps.size(); ++i) {
          if (steps[i].after > steps[i - 1].after && steps[i].share >= steps[i - 1].share) continue;
          r.error(node, "S-006", "the steps of staff-return must rise");
          break;
        }
      },
      [back](const Writer& w, const Fault& fault) -> std::optional<Out> {
        if (!fault.staff_return) return std::nullopt;
        return back.write(w, *fault.staff_return);
      });
}

template <class M>
void degrade_row(SectionOf<Fault>& s, std::string name, std::optional<M> Fault::*member,
                 Codec<M> codec, std::string doc) {
  s.row(
      name, codec.type, language(), std::move(doc),
      [codec, member, name](Reader& r, const Node& node, Fault& fault) {
        if (fault.verb != FaultVerb::degrade) {
          r.error(node, "S-003", fmt::format("'{}' belongs to degrade", name));
        }
        if_given(codec).read(r, node, fault.*member);
      },
      [codec, member](const Writer& w, const Fault& fault) {
        return if_given(codec).write(w, fault.*member);
      });
}

}  // namespace

std::shared_ptr<const Section> fault_section() {
  static const auto keys = [] {
    SectionOf<Fault> s("fault", "Something that is done to the world at a given time");
    s.key("at", &Fault::at, instant(), language(), "When it happens").require();
    verb_rows(s);
    change_rows(s);
    scope_rows(s);
    const auto lasting = duration({.min = 0s, .max = {}, .above = true});
    s.key("lasting", &Fault::lasting, if_given(lasting), language(),
          "Undone after this long: restored, healed, as before")
        .default_is("for ever");
    degrade_row(s, "latency", &Fault::latency, duration(), "degrade: one way");
    degrade_row(s, "jitter", &Fault::jitter, duration(), "degrade: jitter");
    degrade_row(s, "loss", &Fault::loss, percent(), "degrade: chance of a packet to be dropped");
    degrade_row(s, "bandwidth", &Fault::bandwidth_bps, bandwidth(), "degrade: of each direction");
    flap_row(s);
    staff_return_row(s);
    return s.done();
  }();
  return keys;
}

}  // namespace bcsim::tools
