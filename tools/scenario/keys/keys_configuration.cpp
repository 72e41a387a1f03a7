// Rows of `configuration`: its servers, objects that one switch has otherwise, and their changes.
#include "tools/scenario/keys/keys.hpp"

namespace bcsim::tools {
namespace {

using models::ConfigurationEdit;
using models::ConfigurationOptions;
using models::ObjectSelection;
using models::ObjectType;

/// "team1", "team1.7", "team1.1-20", or a queue; nullopt after reporting what is wrong.
std::optional<ObjectSelection> parse_selection(Reader& r, const Node& at, const std::string& text) {
  ObjectSelection selection;
  selection.text = text;
  if (const auto queue = Names::index(r.names.queues, text)) {
    selection.queue = true;
    selection.index = *queue;
    return selection;
  }
  const std::size_t dot = text.find('.');
  const auto group = Names::index(r.names.agents, text.substr(0, dot));
  if (!group) {
    std::vector<std::string> all = r.names.agents;
    all.insert(all.end(), r.names.queues.begin(), r.names.queues.end());
    r.error(at, "S-007", fmt::format("no agents and no queue are called '{}'", text),
            did_you_mean(text.substr(0, dot), all));
    return std::nullopt;
  }
  selection.index = *group;
  if (dot == std::string::npos) return selection;
  const std::string members = text.substr(dot + 1);
  const std::size_t dash = members.find('-');
  const auto number = [](const std::string& digits) -> std::uint32_t {
    const auto parsed = parse_count(digits);
    const auto* n = std::get_if<std::uint64_t>(&parsed);
    return n != nullptr && *n <= 10'000'000 ? static_cast<std::uint32_t>(*n) : 0;
  };
  const std::uint32_t first = number(members.substr(0, dash));
  const std::uint32_t last = dash == std::string::npos ? first : number(members.substr(dash + 1));
  if (first == 0 || last < first) {
    r.error(at, "S-003", fmt::format("'{}' does not say which agents", text),
            fmt::format("{0}, {0}.7 or {0}.1-20", text.substr(0, dot)));
    return std::nullopt;
  }
  selection.first = first - 1;
  selection.last = last - 1;
  return selection;
}

Codec<ObjectSelection> selection() {
  Codec<ObjectSelection> codec;
  codec.type.kind = Kind::reference;
  codec.type.what = "agents (team1, team1.7, team1.1-20) or queue";
  codec.read = [](Reader& r, const Node& node, ObjectSelection& value) {
    const std::string* text = r.scalar(node, "agents or a queue");
    if (text == nullptr) return;
    if (auto found = parse_selection(r, node, *text)) value = std::move(*found);
  };
  codec.write = [](const Writer&, const ObjectSelection& value) { return Out::scalar(value.text); };
  return codec;
}

/// A map from agents or queues to what their objects are like.
template <class T>
Codec<std::vector<T>> by_selection(std::shared_ptr<const Section> keys) {
  Codec<std::vector<T>> codec;
  codec.type.kind = Kind::map;
  codec.type.what = "agents or queue";
  codec.type.elements = {section<T>(keys).type};
  codec.read = [keys](Reader& r, const Node& node, std::vector<T>& value) {
    if (!r.expect_map(node, "a map from agents to their objects")) return;
    value.clear();
    for (const Node& child : node.children) {
      const Reader::Scope scope(r, child.key, child.key_at);
      Node name = child;
      name.at = child.key_at;
      T element{};
      if (auto of = parse_selection(r, name, child.key)) element.of = std::move(*of);
      read_section(r, *keys, child, &element);
      if (!element.of.text.empty()) value.push_back(std::move(element));
    }
  };
  codec.write = [keys](const Writer& w, const std::vector<T>& value) {
    Out out = Out::map();
    for (const T& element : value) {
      const Writer::Scope scope(w, element.of.text);
      out.children.emplace_back(element.of.text, write_section(w, *keys, &element));
    }
    return std::optional<Out>(std::move(out));
  };
  return codec;
}

std::shared_ptr<const Section> dn_section() {
  static const auto keys = [] {
    using D = models::DnOverride;
    using models::DnType;
    SectionOf<D> s("DN", "DNs of one switch");
    s.key("exists", &D::exists, boolean(), language(), "The switch has them");
    s.key(
        "type", &D::type,
        choice<DnType>({{"extension", DnType::extension}, {"acd-position", DnType::acd_position}}),
        documented("source R13"), "Of agents' DNs; business continuity wants Extensions");
    s.key("place", &D::place, if_given(text()), derived("the agent"),
          "Place they are assigned to, if not the agent's own")
        .default_is("the agent's");
    s.key("hg-preferred-site", &D::hg_preferred, if_given(text()), derived("the queue"),
          "Option of an ACD Queue at this switch only; has no effect on other DNs (R63)")
        .default_is("the queue's");
    return s.done();
  }();
  return keys;
}

std::shared_ptr<const Section> place_section() {
  static const auto keys = [] {
    using P = models::PlaceOverride;
    SectionOf<P> s("Place", "Places of one switch");
    s.key("exists", &P::exists, boolean(), language(), "The switch has them");
    return s.done();
  }();
  return keys;
}

std::shared_ptr<const Section> agent_login_section() {
  static const auto keys = [] {
    using L = models::AgentLoginOverride;
    SectionOf<L> s("Agent Login", "Agent Logins of one switch");
    s.key("exists", &L::exists, boolean(), language(), "The switch has them");
    s.key("person", &L::person, if_given(selection()), derived("the agent"),
          "Whose login it is, if not the agent's own")
        .default_is("the agent");
    return s.done();
  }();
  return keys;
}

std::shared_ptr<const Section> switch_section() {
  static const auto keys = [] {
    using S = models::SwitchOverrides;
    SectionOf<S> s("switch", "What one switch has otherwise than its mirror");
    s.key("dn", &S::dns, by_selection<models::DnOverride>(dn_section()), language(),
          "DNs of agents, or of queues (ACD Queue, Routing Point)");
    s.key("place", &S::places, by_selection<models::PlaceOverride>(place_section()), language(),
          "Places of agents");
    s.key("agent-login", &S::logins,
          by_selection<models::AgentLoginOverride>(agent_login_section()), language(),
          "Agent Logins of agents");
    return s.done();
  }();
  return keys;
}

Codec<std::vector<ObjectType>> object_types() {
  std::vector<std::pair<std::string, ObjectType>> words;
  for (std::size_t i = 0; i < models::kObjectTypes; ++i) {
    const auto type = static_cast<ObjectType>(i);
    words.emplace_back(models::name(type), type);
  }
  const auto one = choice<ObjectType>(words);
  const auto many = list(one, "object types", true);
  Codec<std::vector<ObjectType>> codec;
  codec.type.kind = Kind::any_of;
  codec.type.elements = {one.type, many.type};
  codec.read = [one, many](Reader& r, const Node& node, std::vector<ObjectType>& value) {
    if (!node.is_scalar()) return many.read(r, node, value);
    ObjectType type{};
    one.read(r, node, type);
    value = {type};
  };
  codec.write = many.write;
  return codec;
}

void verb_row(SectionOf<ConfigurationEdit>& s, std::string name, ConfigurationEdit::Verb verb,
              std::string doc) {
  const auto types = object_types();
  s.row(
       std::move(name), types.type, language(), std::move(doc),
       [types, verb](Reader& r, const Node& node, ConfigurationEdit& edit) {
         edit.verb = verb;
         types.read(r, node, edit.types);
       },
       [types, verb](const Writer& w, const ConfigurationEdit& edit) -> std::optional<Out> {
         if (edit.verb != verb) return std::nullopt;
         return types.write(w, edit.types);
       })
      .excludes("verb");
}

std::shared_ptr<const Section> edit_section() {
  static const auto keys = [] {
    using E = ConfigurationEdit;
    SectionOf<E> s("edit", "Somebody changes objects of one switch");
    s.key("at", &E::at, instant(true), language(), "When; before the run: negative, such as -7d")
        .require();
    verb_row(s, "create", E::Verb::create, "Objects that neither switch has before");
    verb_row(s, "modify", E::Verb::modify, "Objects that get new contents");
    verb_row(s, "delete", E::Verb::remove, "Objects that are removed");
    s.key("of", &E::of, if_given(selection()), language(),
          "Whose objects: agents, or a queue; Trunk, VoIP Service and Call Processing Port have "
          "none");
    s.key("site", &E::site, site_reference(), language(),
          "The site whose switch is changed, and from where")
        .require();
    s.key("source", &E::source,
          choice<E::Source>(
              {{"administrator", E::Source::administrator}, {"other", E::Source::other}}),
          assumption(), "Genesys Administrator passes Places and Users on, any other tool nothing");
    return s.done();
  }();
  return keys;
}

}  // namespace

std::shared_ptr<const Section> configuration_section() {
  static const auto keys = [] {
    using C = ConfigurationOptions;
    using models::PlaceModel;
    SectionOf<C> s("configuration", "The configuration layer of the two sites");
    s.key("master-site", &C::master_site, site_reference(), assumption(),
          "Where the master Configuration Server runs")
        .default_is("the first site");
    s.key("standby-activation", &C::standby_activation, optional(duration(), "never"), p0(),
          "After the master's death, until the standby Configuration Server and database are in "
          "service");
    s.key("partition-activation", &C::partition_activation, optional(duration(), "never"),
          assumption(), "The same after the sites have parted, though the master lives (R45)");
    s.key(
        "place-model", &C::place_model,
        choice<PlaceModel>({{"same", PlaceModel::same}, {"separate", PlaceModel::separate}}),
        documented("source R14"),
        "Both DNs of an agent in one Place, or (older desktops and Stat Servers) each in its own");
    s.key("synchronizations", &C::synchronizations, list(instant(true), "instants", true),
          assumption(),
          "Manual runs in Genesys Administrator; after the first it passes on Places and Users by "
          "itself");
    s.key("edits", &C::edits, list(section<ConfigurationEdit>(edit_section()), "edits"), language(),
          "Changes of objects, before the run or in it");
    const auto one_switch = section<models::SwitchOverrides>(switch_section());
    for (std::size_t i = 0; i < models::kSites; ++i) {
      s.row(
          fmt::format("switch{}", i + 1), one_switch.type, language(),
          fmt::format("What the switch of site {} has otherwise than its mirror", i + 1),
          [one_switch, i](Reader& r, const Node& node, C& c) {
            one_switch.read(r, node, c.switches[i]);
          },
          [one_switch, i](const Writer& w, const C& c) {
            return one_switch.write(w, c.switches[i]);
          });
    }
    return s.done();
  }();
  return keys;
}

}  // namespace bcsim::tools
