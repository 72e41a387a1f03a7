// The top level of a scenario file, and what it puts together: sites, desktops, expectations.
#include "tools/scenario/keys/keys.hpp"

namespace bcsim::tools {
namespace {

using models::Scenario;

// The two sites are read in place: their order is the order in the file.
Codec<std::array<models::SiteOptions, models::kSites>> sites() {
  using Sites = std::array<models::SiteOptions, models::kSites>;
  Codec<Sites> codec;
  codec.type.kind = Kind::map;
  codec.type.what = "site";
  codec.type.elements = {section<models::SiteOptions>(site_section()).type};
  codec.read = [](Reader& r, const Node& node, Sites& value) {
    if (!r.expect_map(node, "sites")) return;
    std::size_t i = 0;
    models::SiteOptions beyond;  // a third site is wrong (V-E01), but may have other mistakes too
    for (const Node& child : node.children) {
      r.check_name(child, "site");
      const Reader::Scope scope(r, child.key, child.key_at);
      read_section(r, *site_section(), child, i < value.size() ? &value[i] : &beyond);
      ++i;
    }
  };
  codec.write = [](const Writer& w, const Sites& value) {
    Out out = Out::map();
    for (const models::SiteOptions& site : value) {
      const Writer::Scope scope(w, site.name);
      out.children.emplace_back(site.name, write_section(w, *site_section(), &site));
    }
    return std::optional<Out>(std::move(out));
  };
  return codec;
}

// desktop: {<site>: timers}
void desktop_row(SectionOf<Scenario>& s) {
  ValueType type;
  type.kind = Kind::map;
  type.what = "site";
  type.elements = {section<models::DesktopOptions>(desktop_timers_section()).type};
  s.row(
      "desktop", type, p0(), "The desktop application (AIL) of each site: timers and connections",
      [](Reader& r, const Node& node, Scenario& scenario) {
        if (!r.expect_map(node, "desktop")) return;
        for (const Node& child : node.children) {
          const auto site = Names::index(r.names.sites, child.key);
          if (!site || *site >= models::kSites) {
            r.diagnostics().error("S-007", child.key_at,
                                  fmt::format("unknown site '{}'", child.key),
                                  did_you_mean(child.key, r.names.sites));
            continue;
          }
          const Reader::Scope scope(r, child.key, child.key_at);
          read_section(r, *desktop_timers_section(), child, &scenario.sites[*site].desktop);
        }
      },
      [](const Writer& w, const Scenario& scenario) -> std::optional<Out> {
        Out out = Out::map();
        for (const models::SiteOptions& site : scenario.sites) {
          const Writer::Scope scope(w, site.name);
          out.children.emplace_back(site.name,
                                    write_section(w, *desktop_timers_section(), &site.desktop));
        }
        return out;
      });
}

// Branches only: the sites are locations by themselves.
void locations_row(SectionOf<Scenario>& s) {
  ValueType type = list(text(), "locations").type;
  s.row(
       "locations", type, language(), "Further places with agents or gateways, besides the sites",
       [](Reader&, const Node&, Scenario&) {},  // read with the names, before everything else
       [](const Writer& w, const Scenario& scenario) -> std::optional<Out> {
         std::vector<std::string> branches;
         for (std::size_t i = models::kSites; i < scenario.locations.size(); ++i) {
           branches.push_back(scenario.locations[i]);
         }
         return list(text(), "locations", true).write(w, branches);
       })
      .default_is("[]");
}

void version_row(SectionOf<Scenario>& s) {
  ValueType type;
  type.kind = Kind::count;
  type.minimum = type.maximum = 1;
  s.row(
      "bcsim", type, language(), "Version of the scenario language: 1",
      [](Reader& r, const Node& node, Scenario&) {
        const std::string* text = r.scalar(node, "the version of the language, 1");
        if (text != nullptr && *text != "1") {
          r.error(node, "S-012", fmt::format("version {} of the language is not known", *text),
                  "this program reads bcsim: 1");
        }
      },
      [](const Writer&, const Scenario&) { return std::optional<Out>(Out::scalar("1")); });
}

// Read when files are put together; here only for the schema and the reference.
void extends_row(SectionOf<Scenario>& s) {
  s.row(
       "extends", text().type, language(),
       "Another scenario file: maps are merged, lists and values replaced",
       [](Reader&, const Node&, Scenario&) {},
       [](const Writer&, const Scenario&) { return std::optional<Out>(); })
      .only_input();
}

}  // namespace

std::shared_ptr<const Section> scenario_section() {
  static const auto keys = [] {
    SectionOf<Scenario> s("the scenario", "A two-site contact centre and what happens to it");
    version_row(s);
    extends_row(s);
    s.key("title", &Scenario::title, text(), language(), "One line about what it shows");
    s.key("run", &Scenario::run, section<models::RunOptions>(run_section()), language(),
          "How long, how often and from which state to simulate");
    s.key("sites", &Scenario::sites, sites(), language(),
          "The two peer sites, by name; the first is site 1")
        .require();
    locations_row(s);
    s.key("network", &Scenario::network, section<models::NetworkOptions>(network_section()),
          language(), "Links and paths");
    desktop_row(s);
    s.key("configuration", &Scenario::configuration,
          section<models::ConfigurationOptions>(configuration_section()), language(),
          "The configuration layer");
    s.key("queues", &Scenario::queues,
          by_name<models::QueueOptions>(queue_section(), "queue", &models::QueueOptions::name),
          derived("one queue"), "Queues, by name")
        .default_is("one, called service");
    s.key("agents", &Scenario::agents,
          by_name<models::AgentGroup>(agent_group_section(), "agent group",
                                      &models::AgentGroup::name),
          language(), "Agent groups, by name");
    s.key("calls", &Scenario::calls,
          by_name<models::CallStream>(call_stream_section(), "call stream",
                                      &models::CallStream::name),
          language(), "Call streams, by name");
    s.key("faults", &Scenario::faults, list(section<models::Fault>(fault_section()), "faults"),
          language(), "What goes wrong, and when");
    s.key("accept", &Scenario::accepted, list(text(), "accept", true), language(),
          "Broken rules (V-E…) that are meant: warnings instead of errors");
    s.key("targets", &Scenario::targets, targets(), language(),
          "What each queue is to keep to, also through a failure: {sales: {answered: 80% in 20s}}");
    s.key("expectations", &Scenario::expectations, expectations(), language(),
          "Limits on metrics: {before: {service_level: \"> 80%\"}}");
    s.key("gates", &Scenario::gates, gates(), language(),
          "What a change may cost, for 'bcsim compare': {lost: \"worse < 2%\"}");
    sweep_row(s);
    return s.done();
  }();
  return keys;
}

}  // namespace bcsim::tools
