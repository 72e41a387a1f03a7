#include "tools/scenario/rules/validator_desktop.hpp"

#include <fmt/format.h>

#include "tools/scenario/table/release.hpp"
#include "tools/scenario/text/suggest.hpp"

namespace bcsim::tools {
namespace {

using models::kSites;
using models::SiteIndex;

/// R73–R75: the desktop application object of one site.
void check_application(const Rules& rules, SiteIndex i) {
  const models::Scenario& s = rules.scenario;
  const models::SiteOptions& site = s.sites[i];
  const models::DesktopOptions& desktop = site.desktop;
  const std::string path = "desktop." + site.name;
  if (desktop.applications.size() != 1 || !desktop.third_party_type) {
    const bool number = desktop.applications.size() != 1;
    rules.error("V-E17", path + (number ? ".applications" : ".type"),
                fmt::format("{} needs exactly one desktop application object of type "
                            "ThirdPartyApplication{} (R74)",
                            site.name,
                            number ? fmt::format(", it has {}", desktop.applications.size()) : ""),
                fmt::format("applications: [AIL_{}]", i + 1));
  }
  const auto own = [&](const std::optional<SiteIndex>& given, const char* key, const char* server) {
    if (!given || *given == i) return;
    rules.error("V-E18", path + "." + key,
                fmt::format("the desktop application of {} is connected to the {} of {} (R75)",
                            site.name, server, s.sites[*given].name),
                fmt::format("{}: {}", key, site.name));
  };
  own(desktop.proxy_site, "config-server-proxy", "Configuration Server Proxy");
  own(desktop.stat_server_site, "stat-server", "Stat Server");
  const std::vector<std::string> known = {"site-timeout", "site-sip-register-timeout"};
  for (const auto& [name, value] : desktop.other_options) {
    const bool here = name == known[0] || name == known[1];
    const std::string near = nearest(name, known);
    rules.warning(
        "V-W13", path + ".agent-desktop." + name,
        fmt::format("desktops do not know option '{}' of section agent-desktop (R73)", name),
        here           ? fmt::format("give it as {}.{}", path, name)
        : near.empty() ? "they ignore it"
                       : fmt::format("did you mean '{}'?", near));
  }
}

/// R77: the two objects carry the same values.
void check_common_values(const Rules& rules) {
  const models::SiteOptions& a = rules.scenario.sites[0];
  const models::SiteOptions& b = rules.scenario.sites[1];
  const auto same = [&](const char* option, sim::Duration first, sim::Duration second) {
    if (first == second) return;
    const std::string at_b = fmt::format("desktop.{}.{}", b.name, option);
    const std::string at_a = fmt::format("desktop.{}.{}", a.name, option);
    rules.warning(
        "V-W14", rules.given.count(at_b) > 0 ? at_b : at_a,
        fmt::format("{} is {} for {} and {} for {}: it is common to all desktops (R77)", option,
                    format_duration(first), a.name, format_duration(second), b.name),
        "give both the same value");
  };
  same("site-timeout", a.desktop.site_timeout, b.desktop.site_timeout);
  same("site-sip-register-timeout", a.desktop.site_sip_register_timeout,
       b.desktop.site_sip_register_timeout);
}

/// R81–R84: how the desktops of a group start.
void check_start(const Rules& rules, const models::AgentGroup& group, const std::string& path) {
  const models::DesktopPolicy& desktop = group.desktop;
  constexpr std::uint8_t kAll = 0xF;
  for (SiteIndex site = 0; site < kSites; ++site) {
    if (desktop.local_data[site] == kAll) continue;
    const std::string& name = rules.scenario.sites[site].name;
    rules.error("V-E22", fmt::format("{}.local-data.{}", path, name),
                fmt::format("the desktops of '{}' do not have all local data about {}: they cannot "
                            "be relied on to start there (R81, R82)",
                            group.name, name),
                "[primary-proxy, backup-proxy, application, place]");
  }
  if (desktop.bootstrap_from == models::BootstrapServer::master) {
    rules.warning("V-W16", path + ".bootstrap-from",
                  fmt::format("the desktops of '{}' start from the master Configuration Server: "
                              "without it they do not start (R84)",
                              group.name),
                  "bootstrap-from: proxy");
  }
}

void check_group_desktop(const Rules& rules, const models::AgentGroup& group) {
  const models::DesktopPolicy& desktop = group.desktop;
  const std::string path = fmt::format("agents.{}.desktop", group.name);
  const auto release = parse_release(desktop.release);
  const bool supported = desktop.product == "Workspace Desktop Edition" && release &&
                         release->size() >= 2 && (*release)[0] == 8 && (*release)[1] == 5;
  if (!supported) {
    rules.warning(
        "V-W05", path + (desktop.product == "Workspace Desktop Edition" ? ".release" : ".product"),
        fmt::format("{} {} is not the supported desktop (R24)", desktop.product, desktop.release),
        "Workspace Desktop Edition 8.5.x");
  }
  if (desktop.second_site == group.preferred_site) {
    rules.error("V-E20", path + ".second-site",
                fmt::format("site-1 and site-2 of '{}' are both {} (R80)", group.name,
                            rules.scenario.sites[group.preferred_site].name),
                fmt::format("second-site: {}",
                            rules.scenario.sites[models::peer_of(group.preferred_site)].name));
  }
  const sim::SimTime heard = desktop.last_addp.value_or(sim::kStart);
  const sim::Duration timeout = rules.scenario.sites[group.preferred_site].desktop.addp_timeout;
  if (heard > sim::kStart || heard < sim::kStart - timeout) {
    rules.error("S-006", path + ".last-addp",
                fmt::format("the last ADDP message of '{}' came before the start, at most "
                            "addp-timeout = {} before it",
                            group.name, format_duration(timeout)),
                fmt::format("from -{} to 0s", format_duration(timeout)));
  }
  check_start(rules, group, path);
}

}  // namespace

void check_desktops(const Rules& rules) {
  for (SiteIndex i = 0; i < kSites; ++i) check_application(rules, i);
  check_common_values(rules);
  for (const models::AgentGroup& group : rules.scenario.agents) check_group_desktop(rules, group);
}

}  // namespace bcsim::tools
