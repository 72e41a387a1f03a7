// Rows of `run` and `network`.
#include "tools/scenario/keys/complete.hpp"
#include "tools/scenario/keys/keys.hpp"

namespace bcsim::tools {
namespace {

using models::RunOptions;

// `start` is the wall clock of time 0, or, in a word, the state of the world then.
Key& start_row(SectionOf<RunOptions>& s) {
  ValueType clock;
  clock.kind = Kind::instant;
  clock.what = "clock";
  ValueType type;
  type.kind = Kind::any_of;
  type.words = {"steady", "cold"};
  type.elements = {clock};
  return s.row(
      "start", type, language(), "Wall-clock time of day shown for time 0, such as \"09:00\"",
      [](Reader& r, const Node& node, RunOptions& run) {
        const std::string* text = r.scalar(node, "a time of day such as \"09:00\"");
        if (text == nullptr) return;
        if (const auto clock = parse_clock(*text); clock && *clock <= 24h) {
          run.start_label = *clock;
        } else if (*text == "steady" || *text == "cold") {
          run.start = *text == "cold" ? models::StartMode::cold : models::StartMode::steady;
        } else {
          r.error(node, "S-003", fmt::format("'{}' is not a time of day", *text),
                  "write it like \"09:00\"");
        }
      },
      [](const Writer&, const RunOptions& run) -> std::optional<Out> {
        if (!run.start_label) return std::nullopt;
        return Out::scalar(format_clock(*run.start_label), true);
      });
}

}  // namespace

std::shared_ptr<const Section> run_section() {
  static const auto keys = [] {
    using models::ActorUse;
    using models::ServiceLevelDefinition;
    using models::StartMode;
    SectionOf<RunOptions> s("run", "How long, how often and from which state to simulate");
    start_row(s);
    s.key("start-mode", &RunOptions::start,
          choice<StartMode>({{"steady", StartMode::steady}, {"cold", StartMode::cold}}),
          assumption(), "steady: registered, connected and logged in; cold: everything boots");
    s.key("horizon", &RunOptions::horizon, duration({.min = 1s, .max = 24h * 366}), assumption(),
          "Simulated time, warm-up included");
    s.key("warm-up", &RunOptions::warm_up, duration(), assumption(),
          "Not counted in results; faults may not be earlier");
    s.key("interval", &RunOptions::interval, duration({.min = 1s}), assumption(),
          "Length of the intervals of timeline.csv");
    s.key("seed", &RunOptions::seed, count<std::uint64_t>(), assumption(),
          "Of all random numbers; the same seed gives the same run");
    s.key("replications", &RunOptions::replications,
          count<std::uint32_t>({.min = 1u, .max = 1'000'000u}), assumption(),
          "Independent repetitions; intervals need at least two");
    s.key("actors", &RunOptions::actors,
          choice<ActorUse>({{"automatic", ActorUse::automatic},
                            {"inline", ActorUse::automatic},  // says what it is the opposite of
                            {"per-device", ActorUse::per_device},
                            {"pooled", ActorUse::pooled},
                            {"live", ActorUse::live}}),
          assumption(),
          "Per device, or pooled per location (automatic: above 10 000 devices), handlers inline; "
          "live: handlers in actors. Same results");
    s.key("service-level-threshold", &RunOptions::service_level_threshold,
          duration({.min = 0s, .max = {}, .above = true}), assumption(),
          "Answered within this time counts for the service level");
    s.key("service-level-definition", &RunOptions::service_level_definition,
          choice<ServiceLevelDefinition>({{"F1", ServiceLevelDefinition::f1},
                                          {"F2", ServiceLevelDefinition::f2},
                                          {"F3", ServiceLevelDefinition::f3},
                                          {"F4", ServiceLevelDefinition::f4},
                                          {"F5", ServiceLevelDefinition::f5},
                                          {"F6", ServiceLevelDefinition::f6}}),
          assumption(),
          "F6: answered in time / all calls to queues that ended; F1 to F5 see only "
          "who was answered or gave up (results/README.md)");
    s.key("short-abandon-threshold", &RunOptions::short_abandon_threshold, duration(),
          documented("Univoip service level settings"), "Abandoned sooner is a short abandon");
    s.key("media-survives", &RunOptions::media_survives, boolean(), assumption(),
          "Calls outlive their signalling until RTP or session timers end them (R5)");
    s.key("hang-up-delay", &RunOptions::hang_up_delay, duration(), assumption(),
          "Of an agent whose caller is gone");
    return s.done();
  }();
  return keys;
}

std::shared_ptr<const Section> link_section() {
  static const auto keys = [] {
    using models::LinkOptions;
    SectionOf<LinkOptions> s("link", "A path through the network, the same in both directions");
    s.key("latency", &LinkOptions::latency, duration({.min = 0s, .max = 60s}), p0(), "One way");
    s.key("bandwidth", &LinkOptions::bandwidth_bps, bandwidth(), p0(), "Of each direction");
    s.key("jitter", &LinkOptions::jitter, duration({.min = 0s, .max = 60s}), p0(),
          "Each packet is late by uniform 0 to this");
    s.key("loss", &LinkOptions::loss, percent(), p0(), "Chance of a packet to be dropped");
    s.key("queue-limit", &LinkOptions::queue_limit, duration(), assumption(),
          "A packet that would wait longer for the link is dropped");
    return s.done();
  }();
  return keys;
}

namespace {

models::LinkOptions& access_path(
    std::vector<std::array<models::LinkOptions, models::kSites>>& paths, std::size_t location,
    std::size_t site) {
  return paths[location][site];
}
models::LinkOptions& access_path(
    std::vector<std::array<std::optional<models::LinkOptions>, models::kSites>>& paths,
    std::size_t location, std::size_t site) {
  auto& path = paths[location][site];
  return path ? *path : path.emplace(default_access(location, site));
}
const models::LinkOptions* given_path(const models::LinkOptions& path) {
  return &path;
}
const models::LinkOptions* given_path(const std::optional<models::LinkOptions>& path) {
  return path ? &*path : nullptr;
}

/// <key>: {<location>: {<site>: link}}; a Path is LinkOptions, or optional.
template <class Path>
Codec<std::vector<std::array<Path, models::kSites>>> access_paths(const std::string& key) {
  using Paths = std::vector<std::array<Path, models::kSites>>;
  Codec<Paths> codec;
  ValueType per_site;
  per_site.kind = Kind::map;
  per_site.what = "site";
  per_site.elements = {section<models::LinkOptions>(link_section()).type};
  codec.type.kind = Kind::map;
  codec.type.what = "location";
  codec.type.elements = {per_site};
  codec.read = [key](Reader& r, const Node& node, Paths& paths) {
    if (!r.expect_map(node, key)) return;
    paths.resize(r.scenario().locations.size());
    for (const Node& from : node.children) {
      const auto location = Names::index(r.names.locations, from.key);
      if (!location) {
        r.diagnostics().error("S-007", from.key_at, fmt::format("unknown location '{}'", from.key),
                              did_you_mean(from.key, r.names.locations));
        continue;
      }
      const Reader::Scope scope(r, from.key, from.key_at);
      if (!r.expect_map(from, "an access path")) continue;
      for (const Node& to : from.children) {
        const auto site = Names::index(r.names.sites, to.key);
        if (!site) {
          r.diagnostics().error("S-007", to.key_at, fmt::format("unknown site '{}'", to.key),
                                did_you_mean(to.key, r.names.sites));
          continue;
        }
        const Reader::Scope inner(r, to.key, to.key_at);
        if (*location < paths.size() && *site < models::kSites) {
          read_section(r, *link_section(), to, &access_path(paths, *location, *site));
        }
      }
    }
  };
  codec.write = [](const Writer& w, const Paths& paths) {
    Out out = Out::map();
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const std::string& name = w.scenario().locations[i];
      const Writer::Scope scope(w, name);
      Out per_site = Out::map();
      for (std::size_t s = 0; s < models::kSites; ++s) {
        const models::LinkOptions* path = given_path(paths[i][s]);
        if (path == nullptr) continue;
        const Writer::Scope inner(w, w.scenario().sites[s].name);
        per_site.children.emplace_back(w.scenario().sites[s].name,
                                       write_section(w, *link_section(), path));
      }
      if (!per_site.children.empty()) out.children.emplace_back(name, std::move(per_site));
    }
    return out.children.empty() ? std::nullopt : std::optional<Out>(std::move(out));
  };
  return codec;
}

}  // namespace

std::shared_ptr<const Section> network_section() {
  static const auto keys = [] {
    using models::NetworkOptions;
    SectionOf<NetworkOptions> s("network", "Two data centres, and a path to each from everywhere");
    s.key("dc-link", &NetworkOptions::dc_link, section<models::LinkOptions>(link_section()), p0(),
          "Between the data centres: peers, configuration, trunk calls and their media");
    s.key("lan-latency", &NetworkOptions::lan_latency, duration({.min = 0s, .max = 1s}), p0(),
          "One way, between the servers of one site");
    s.key("access", &NetworkOptions::access, access_paths<models::LinkOptions>("access"), p0(),
          "From a location to a data centre: access.<location>.<site>")
        .default_is("own site 500us, other 20ms");
    s.key("desktop-access", &NetworkOptions::desktop_access,
          access_paths<std::optional<models::LinkOptions>>("desktop-access"), language(),
          "A path that the desktops of a location have of their own, as if on another network: "
          "desktop-access.<location>.<site>")
        .default_is("they share the location's access path");
    s.key("icmp-unreachable", &NetworkOptions::icmp_unreachable, boolean(), assumption(),
          "A live machine whose process is dead refuses UDP at once");
    return s.done();
  }();
  return keys;
}

}  // namespace bcsim::tools
