#include "tools/scenario/rules/validator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/scenario/rules/rules.hpp"
#include "tools/scenario/rules/validator_configuration.hpp"
#include "tools/scenario/rules/validator_desktop.hpp"
#include "tools/scenario/rules/validator_faults.hpp"
#include "tools/scenario/rules/validator_gates.hpp"
#include "tools/scenario/rules/validator_hunt.hpp"
#include "tools/scenario/rules/validator_load.hpp"
#include "tools/scenario/rules/validator_service.hpp"
#include "tools/scenario/rules/validator_timeouts.hpp"

namespace bcsim::tools {

const std::vector<std::string>& acceptable_codes() {
  // V-E01 is not among them: there is no simulating one site, or three. Nor is V-E08: a DN has one
  // binding at a SIP Server.
  static const std::vector<std::string> codes = [] {
    std::vector<std::string> list;
    for (int i = 2; i <= 22; ++i) {
      if (i != 8) list.push_back(fmt::format("V-E{:02}", i));
    }
    return list;
  }();
  return codes;
}

Location Rules::where(std::string path) const {
  for (;;) {
    const auto found = given.find(path);
    if (found != given.end()) return found->second;
    const std::size_t dot = path.rfind('.');
    if (dot == std::string::npos) return {0, 1, 1};
    path.resize(dot);
  }
}

bool Rules::any_refused(const std::string& path) const {
  const auto below = refused.lower_bound(path + ".");
  return was_refused(path) || (below != refused.end() && below->starts_with(path + "."));
}

void Rules::error(const std::string& code, const std::string& path, std::string message,
                  std::string hint) const {
  diagnostics.error(code, where(path), std::move(message), std::move(hint));
}

void Rules::warning(const std::string& code, const std::string& path, std::string message,
                    std::string hint) const {
  diagnostics.warning(code, where(path), std::move(message), std::move(hint));
}

namespace {

using models::kSites;
using models::SiteIndex;

/// What is done periodically: a shorter period says nothing more, and a run of it does not end.
constexpr sim::Duration kShortestPeriod = std::chrono::milliseconds(100);

void check_run(const Rules& rules) {
  const models::RunOptions& run = rules.scenario.run;
  if (run.warm_up >= run.horizon) {
    rules.error("M-E04", "run.warm-up",
                fmt::format("the warm-up of {} leaves nothing of a run of {}",
                            format_duration(run.warm_up), format_duration(run.horizon)));
  }
}

void check_sip_server(const Rules& rules, SiteIndex i) {
  const models::SiteOptions& site = rules.scenario.sites[i];
  const models::SipServerOptions& server = site.sip_server;
  const std::string path = fmt::format("sites.{}.sip-server", site.name);
  if (!server.backup) {
    rules.error("V-E03", path + ".backup",
                fmt::format("{} has no backup SIP Server: a site is a pair (R9)", site.name),
                "backup: true");
  }
  if (server.oos_check <= 0s || server.oos_force <= 0s) {
    rules.error("V-E11", path + (server.oos_check <= 0s ? ".oos-check" : ".oos-force"),
                "the trunk to the peer is not watched: oos-check and oos-force must be more than "
                "0s (R40)",
                "such as oos-check: 10s and oos-force: 5s");
  }
  if (server.oos_check > 0s && server.oos_check < kShortestPeriod) {
    rules.error("S-006", path + ".oos-check", "must not be less than 100ms");
  }
  if (!server.dr_peer_trunk) {
    rules.error("V-E12", path + ".dr-peer-trunk",
                "without dr-peer-trunk the SIP Server stays in traditional single mode (R40)",
                "dr-peer-trunk: true");
  }
  if (server.host_loss_detection_min > server.host_loss_detection_max) {
    rules.error("S-006", path + ".host-loss-detection-min",
                "host-loss-detection-min is more than host-loss-detection-max");
  }
  // The survivor's trunk must be out of service before the other site's desktops arrive.
  const models::SiteOptions& peer = rules.scenario.sites[models::peer_of(i)];
  const sim::Duration blind = server.oos_check + server.oos_force;
  if (server.oos_check > 0s && server.oos_force >= server.oos_check) {
    rules.warning("V-W18", path + ".oos-force",
                  fmt::format("oos-force {} is not less than oos-check {} (R88)",
                              format_duration(server.oos_force), format_duration(server.oos_check)),
                  "shorten oos-force");
  } else if (blind > peer.desktop.site_timeout) {
    rules.warning("V-W18", path + ".oos-check",
                  fmt::format("oos-check + oos-force = {} is more than the site-timeout of {} "
                              "desktops, {}: they may come while {} still refuses them (R39, R88)",
                              format_duration(blind), peer.name,
                              format_duration(peer.desktop.site_timeout), site.name),
                  "shorten oos-check");
  }
}

void check_desktop_timers(const Rules& rules, SiteIndex i) {
  const models::SiteOptions& site = rules.scenario.sites[i];
  const models::DesktopOptions& timers = site.desktop;
  const std::string path = "desktop." + site.name;
  if (timers.addp_timeout < 20s || timers.addp_timeout > 30s) {
    rules.error("V-E19", path + ".addp-timeout",
                fmt::format("the ADDP timeout {} is not in 20s to 30s (R76)",
                            format_duration(timers.addp_timeout)),
                "such as addp-timeout: 20s");
  }
  if (timers.site_timeout <= 0s) {
    rules.error("V-E21", path + ".site-timeout", "site-timeout must be more than 0s (R78)",
                "typical: site-timeout: 30s");
  }
  if (timers.site_sip_register_timeout <= 0s) {
    rules.error("V-E21", path + ".site-sip-register-timeout",
                "site-sip-register-timeout must be more than 0s (R79)",
                "typical: site-sip-register-timeout: 30s");
  }
  // Where neither site can be had, a desktop changes between them at each end of its timer.
  constexpr sim::Duration kShortest = 100ms;
  const auto too_short = [&](const char* key, sim::Duration timer) {
    if (timer <= 0s || timer >= kShortest) return;
    rules.error("S-006", fmt::format("{}.{}", path, key), "must not be less than 100ms");
  };
  too_short("site-timeout", timers.site_timeout);
  too_short("site-sip-register-timeout", timers.site_sip_register_timeout);
  const models::SipServerOptions& server = site.sip_server;
  const sim::Duration switchover =
      std::max(server.process_death_detection, server.host_loss_detection_max) + server.promotion;
  if (timers.site_timeout > 0s && timers.site_timeout < switchover) {
    rules.warning(
        "V-W15", path + ".site-timeout",
        fmt::format("site-timeout {} is less than the {} that a switchover inside {} may "
                    "take: desktops may leave for nothing (R9, R78)",
                    format_duration(timers.site_timeout), format_duration(switchover), site.name),
        fmt::format("site-timeout: {}", format_duration(switchover)));
  }
}

void check_site(const Rules& rules, SiteIndex i) {
  const models::SiteOptions& site = rules.scenario.sites[i];
  const std::string path = "sites." + site.name;
  check_sip_server(rules, i);
  check_desktop_timers(rules, i);
  if (!site.config_server_proxy || !site.stat_server) {
    rules.error("V-E18", path + (site.stat_server ? ".config-server-proxy" : ".stat-server"),
                fmt::format("the desktop application of {} needs the Configuration Server Proxy "
                            "and the Stat Server of its own site (R75)",
                            site.name),
                fmt::format("{}: true", site.stat_server ? "config-server-proxy" : "stat-server"));
  }
}

void check_gateway(const Rules& rules, const models::GatewayOptions& gateway) {
  const std::string& home = rules.scenario.sites[gateway.home_site].name;
  const std::string path = fmt::format("sites.{}.gateways.{}", home, gateway.name);
  if (!gateway.second_target) {
    rules.warning("V-W20", path + ".second-target",
                  fmt::format("{} knows no SIP Server but that of {}: its calls are lost with it "
                              "(R28)",
                              gateway.name, home),
                  "second-target: true");
  }
  if (gateway.via_dc_link) {
    rules.warning("V-W22", path + ".via-dc-link",
                  fmt::format("{} reaches the other site only across the dc-link: when the sites "
                              "part, it loses that one (R41)",
                              gateway.name),
                  "a path of its own to each site");
  }
}

/// R18, R87: where phones go with their own calls.
void check_srv(const Rules& rules, const models::AgentGroup& group) {
  if (!group.phone.srv) return;
  const auto& records = *group.phone.srv;
  const std::string path = fmt::format("agents.{}.phone.srv", group.name);
  for (SiteIndex i = 0; i < kSites; ++i) {
    const std::string& site = rules.scenario.sites[i].name;
    if (rules.given.count(path + "." + site) > 0 || rules.any_refused(path)) continue;
    rules.error(
        "V-E10", path,
        fmt::format("the phones of '{}' find no SRV record of {}: nothing says when to call "
                    "there (R18)",
                    group.name, site),
        fmt::format("such as {}: {{priority: 20}}", site));
    return;
  }
  const SiteIndex first = records[0].priority < records[1].priority ? SiteIndex{0} : SiteIndex{1};
  if (records[0].priority == records[1].priority) {
    rules.warning("V-W03", path,
                  fmt::format("the SRV records of both sites have priority {}: the phones of '{}' "
                              "call either, by weight (R18)",
                              records[0].priority, group.name),
                  "the lower priority to the preferred site");
  } else if (first != group.preferred_site) {
    rules.warning("V-W04", path,
                  fmt::format("the phones of '{}' call {} first, their desktops prefer {} (R87)",
                              group.name, rules.scenario.sites[first].name,
                              rules.scenario.sites[group.preferred_site].name),
                  "the lower priority to the site that their desktops prefer");
  }
}

/// What agents call with: a queue is not among what they call, and nobody holds his own call.
void check_agents_calls(const Rules& rules, const models::CallStream& stream) {
  const std::string path = "calls." + stream.name;
  if (!models::by_agent(stream.kind())) {
    // A complete scenario has every key; only what differs from the default was meant.
    if (stream.by_desktop != models::CallStream{}.by_desktop) {
      rules.error("S-013", path + ".3pcc-share", "3pcc-share needs from-agents");
    }
    return;
  }
  if (rules.given.count(path + ".queue") > 0) {
    rules.error("S-013", path + ".queue",
                "agents do not call a queue: from-agents goes with "
                "to-agents, or with neither");
  }
  if (stream.hold_share > 0) {
    rules.error("S-013", path + ".hold", "a call that an agent places is not put on hold");
  }
  if (stream.transfer.share > 0) {
    rules.error("S-013", path + ".transfer", "a call that an agent places is not passed on");
  }
}

/// To how many agents the calls of this stream are passed on.
std::uint32_t passed_to(const Rules& rules, const models::TransferOptions& transfer) {
  std::uint32_t sum = 0;
  for (std::uint32_t g = 0; g < rules.scenario.agents.size(); ++g) {
    const bool his =
        transfer.queue ? rules.scenario.agents[g].serves(*transfer.queue) : transfer.group == g;
    if (his) sum += people(rules.scenario.agents[g]);
  }
  return sum;
}

void check_transfer(const Rules& rules, const models::CallStream& stream) {
  const models::TransferOptions& transfer = stream.transfer;
  if (transfer.share <= 0) return;
  const std::string path = "calls." + stream.name + ".transfer";
  if (transfer.kind == models::TransferKind::blind && transfer.reconnect > 0) {
    rules.error("S-013", path + ".reconnect", "nobody is asked with kind: blind",
                "kind: consultation");
  }
  if (transfer.queue && rules.scenario.queues[*transfer.queue].hunt_group) {
    rules.error("S-013", path + ".to", "calls are not passed on to a hunt group",
                "a queue without one, or an agent group");
  } else if (const std::uint32_t others = passed_to(rules, transfer);
             (transfer.queue || transfer.group) && others == 0) {
    rules.warning(
        "M-W07", path + ".to",
        transfer.queue
            ? fmt::format("nobody serves the queue '{}': whoever is passed on waits there "
                          "until he gives up",
                          rules.scenario.queues[*transfer.queue].name)
            : fmt::format("nobody is in the group '{}': whoever is passed on to it waits "
                          "until he gives up",
                          rules.scenario.agents[*transfer.group].name),
        "a queue that somebody serves, or an agent group with somebody in it");
  } else if ((transfer.queue || transfer.group) && others == 1) {
    rules.warning("M-W05", path + ".to",
                  "there is one agent to pass a call on to: whoever is it himself gets his own "
                  "call back",
                  "a queue or a group with more agents");
  }
}

void check_alcatel(const Rules& rules, const models::AgentGroup& group, const std::string& path) {
  if (group.phone.registration == models::RegistrationMode::dual) {
    rules.error("V-E09", path + ".registration",
                "phones of an Alcatel-Lucent 4000 register at one site only (R17)",
                "registration: active-backup");
  }
  if (group.dr_forward) {  // of their own DNs, whatever the SIP Servers say
    if (*group.dr_forward == models::DrForward::no_agent) return;
    rules.warning(
        "V-W02", fmt::format("agents.{}.dr-forward", group.name),
        fmt::format("with an Alcatel-Lucent 4000 the dr-forward of '{}' should be no-agent "
                    "(R17)",
                    group.name),
        "dr-forward: no-agent");
    return;
  }
  for (const models::SiteOptions& site : rules.scenario.sites) {
    if (site.sip_server.dr_forward == models::DrForward::no_agent) continue;
    rules.warning("V-W02", path + ".profile",
                  fmt::format("with an Alcatel-Lucent 4000 the dr-forward of {} should be no-agent "
                              "(R17)",
                              site.name),
                  fmt::format("sites.{}.sip-server.dr-forward: no-agent", site.name));
  }
}

void check_group(const Rules& rules, const models::AgentGroup& group) {
  const models::Scenario& s = rules.scenario;
  const std::string path = "agents." + group.name;
  const models::SiteOptions& site = s.sites[group.preferred_site];
  if (group.location >= kSites && rules.given.count(path + ".preferred-site") == 0) {
    rules.error("V-E20", path,
                fmt::format("'{}' sits in {} and has no preferred-site (R80)", group.name,
                            s.locations[group.location]),
                fmt::format("such as preferred-site: {}", s.sites[0].name));
  }
  if (group.phone.preferred_site && *group.phone.preferred_site != group.preferred_site) {
    rules.warning("V-W04", path + ".phone.preferred-site",
                  fmt::format("the phones of '{}' prefer {}, their desktops {} (R87)", group.name,
                              s.sites[*group.phone.preferred_site].name, site.name),
                  "leave preferred-site of the phone out");
  }
  if (group.phone.registrations_per_site > 1) {
    rules.error(
        "V-E08", path + ".phone.registrations-per-site",
        fmt::format("the phones of '{}' have {} registrations at each site: one is supported "
                    "(R16)",
                    group.name, group.phone.registrations_per_site),
        "registrations-per-site: 1");
  }
  check_srv(rules, group);
  const models::RegistrationMode mode = group.phone.registration;
  if (mode == models::RegistrationMode::fixed) {
    rules.warning("V-W21", path + ".phone.registration",
                  "ablation only: a phone with registration fixed has no registrar at the other "
                  "site (R19, R31)",
                  "registration: active-backup, or dual");
  }
  constexpr double kShortestRetry = 0.1;  // as of the desktops
  if (const auto& retry = group.phone.register_retry;
      retry && models::mean_s(*retry) < kShortestRetry) {
    rules.error("S-006", path + ".phone.register-retry", "must not be less than 100ms on average");
  }
  if (group.phone.profile == models::PhoneProfile::alcatel_4000) {
    check_alcatel(rules, group, path + ".phone");
  }
  const sim::Duration refresh =
      sim::from_seconds(sim::seconds(group.phone.expires) * group.phone.refresh_fraction);
  if (group.phone.first_refresh && *group.phone.first_refresh > refresh) {
    rules.error("S-006", path + ".phone.first-refresh",
                fmt::format("the first refresh comes within the refresh period, expires times "
                            "refresh-fraction: {}",
                            format_duration(refresh)),
                "first-refresh: random");
  }
  const sim::Duration desktop_latest = site.desktop.site_timeout + 2 * site.desktop.addp_timeout;
  const bool moves =
      mode == models::RegistrationMode::single || mode == models::RegistrationMode::active_backup;
  if (moves && refresh > desktop_latest) {
    rules.warning(
        "V-W17", path + ".phone.expires",
        fmt::format("phones of '{}' refresh every {}, later than their desktops switch "
                    "(site-timeout + 2 ADDP = {}): phones set the time of the relogin (R88)",
                    group.name, format_duration(refresh), format_duration(desktop_latest)),
        "shorten expires, or use registration: dual");
  }
}

}  // namespace

void validate(Reader& reader) {
  const models::Scenario& scenario = reader.scenario();
  const std::size_t sites_given = reader.names.sites.size();
  const Given& given = reader.given();
  const Rules rules{scenario, given, reader.refused(), reader.diagnostics()};
  if (sites_given != kSites && given.count("sites") > 0) {
    rules.error("V-E01", "sites",
                fmt::format("exactly two peer sites are needed, here {} {} (R1)",
                            sites_given == 1 ? "is" : "are",
                            sites_given == 0 ? "none" : fmt::format("{}", sites_given)),
                "sites: {site1: {}, site2: {}}");
  }
  check_run(rules);
  for (SiteIndex i = 0; i < kSites && i < sites_given; ++i) check_site(rules, i);
  for (const models::GatewayOptions& gateway : scenario.gateways) check_gateway(rules, gateway);
  for (const models::AgentGroup& group : scenario.agents) check_group(rules, group);
  for (const models::CallStream& stream : scenario.calls) {
    check_agents_calls(rules, stream);
    check_transfer(rules, stream);
  }
  if (!scenario.configuration.standby_activation) {
    rules.warning("V-W07", "configuration.standby-activation",
                  "there is no standby Configuration Server: writes stay impossible (R34)",
                  "such as standby-activation: 15min");
  }
  check_load(rules);
  check_service(rules);
  check_timeouts(rules);
  check_hunt_groups(rules);
  check_desktops(rules);
  check_configuration(rules);
  check_faults(rules);
  check_gates(rules);
}

}  // namespace bcsim::tools
