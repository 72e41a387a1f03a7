#include "models/checks/liveness_bound.hpp"

#include <algorithm>
#include <vector>

#include "models/ha/peer_trunk.hpp"
#include "models/world/media_plane.hpp"
#include "sim/network.hpp"

namespace bcsim::models {
namespace {

/// Why the scenario keeps its people from coming back, whatever has ended.
std::string unfit_scenario(const Scenario& s) {
  if (!s.accepted.empty()) return "rules are broken on purpose";
  const ConfigurationOptions& c = s.configuration;
  if (!c.edits.empty()) return "configuration objects are changed";
  bool poor = is_poor(s, s.network.dc_link);
  for (const auto& paths : s.network.access) {
    for (const LinkOptions& link : paths) poor = poor || is_poor(s, link);
  }
  for (const auto& paths : s.network.desktop_access) {
    for (const auto& link : paths) poor = poor || (link && is_poor(s, *link));
  }
  if (poor) return "the network is poor without any fault";
  return "";
}

/// From this line of the fault list on; nullptr: it changes none.
const RunTimeOptions* changed_options(const Fault& fault) {
  const auto* option = std::get_if<ChangeOption>(&fault.deed);
  return option == nullptr ? nullptr : option->options.get();
}

using ServerPairs = std::vector<const SipServerOptions*>;

/// The options of both servers as they are from the start, and from each change on.
ServerPairs server_options(const Scenario& s) {
  ServerPairs all;
  for (const SiteOptions& site : s.sites) all.push_back(&site.sip_server);
  for (const Fault& fault : s.faults) {
    const RunTimeOptions* changed = changed_options(fault);
    if (changed == nullptr) continue;
    for (const SipServerOptions& options : changed->sip_servers) all.push_back(&options);
  }
  return all;
}

constexpr Duration kSlow = 20ms, kMargin = 30s;

/// From the loss of a primary, however it is lost, until the backup is one.
Duration promotion_of(const SipServerOptions& server) {
  return server.process_death_detection + server.host_loss_detection_max +
         server.heartbeat_period.value_or(0s) + server.promotion;
}

Duration servers_need(const Scenario& s, std::string& unfit) {
  Duration most{};
  Duration first_probe{};
  for (const auto& pinned : s.first_trunk_probe)
    first_probe = std::max(first_probe, pinned.value_or(0s));
  for (const SipServerOptions* server : server_options(s)) {
    if (is_slow(*server)) unfit = "a SIP Server is slow without any fault";
    if (!server->dr_peer_trunk || server->oos_check == 0s || server->oos_force < 1s) {
      unfit = "a SIP Server does not watch its peer";
    }
    // An answer to its probe needs two ways and the peer's work.
    const LinkOptions& link = s.network.dc_link;
    if (server->oos_force < 2 * (link.latency + link.jitter) + kSlow) {
      unfit = "a SIP Server does not wait for its peer's answers";
    }
    if (server->agent_no_answer_action == AfterRoutingAction::logout ||
        server->after_routing_timeout_action == AfterRoutingAction::logout) {
      unfit = "agents who do not answer are logged out";
    }
    most = std::max(most, promotion_of(*server) + 2 * (server->oos_check + server->oos_force));
  }
  return most + first_probe;
}

/// Nobody is routed to an agent before he has heard the announcement, whoever is
/// ready meanwhile.
Duration longest_announcement(const Scenario& s) {
  Duration longest{};
  for (const SipServerOptions* server : server_options(s)) {
    longest = std::max(longest, server->announcement);
  }
  return longest;
}

/// The last binding runs out, and the phone's next attempt is as late as its back-off allows: RFC
/// 5626 doubles the wait while nothing answers, up to half an hour.
Duration phones_need(const Scenario& s, Duration longest_outage, std::string& unfit) {
  constexpr Duration kTimerF = 32s;
  Duration most{}, there_and_back{};
  for (const auto& paths : s.network.access) {
    for (const LinkOptions& link : paths) {
      there_and_back = std::max(there_and_back, 2 * (link.latency + link.jitter));
    }
  }
  for (const AgentGroup& group : s.agents) {
    const PhoneOptions& phone = group.phone;
    if (phone.response_timeout && *phone.response_timeout < there_and_back + kSlow) {
      unfit = "phones do not wait for their registrars' answers";
    }
    Duration retry = std::min<Duration>(30min, 90s + 2 * longest_outage);
    if (phone.register_retry) {
      const double mean = mean_s(*phone.register_retry);
      if (!(mean < 600)) unfit = "phones may never register again";
      retry = sim::from_seconds(std::min(mean, 600.0) * 10);
    }
    // So long it is busy with a call that its server has forgotten.
    const Duration rings =
        std::min<Duration>(phone.answer_delay + phone.answer_spread, PhoneOptions::kRingLimit);
    const Duration busy = std::max(rings, s.run.hang_up_delay);
    most = std::max(most, phone.expires + retry + 2 * kTimerF + phone.poll_primary + busy +
                              phone.registrar_hold_down.value_or(0s));
  }
  return most;
}

Duration desktops_need(const Scenario& s) {
  Duration site{}, group{};
  for (const SiteOptions& options : s.sites) {
    const DesktopOptions& desktop = options.desktop;
    site = std::max(
        site, 2 * desktop.addp_timeout + desktop.site_timeout + desktop.site_sip_register_timeout);
  }
  for (const AgentGroup& g : s.agents) {
    group = std::max(group, 2 * g.desktop.relogin_work + 3 * g.desktop.reconnect_delay +
                                3 * g.desktop.login_retry);
  }
  return site + group;
}

Duration gateways_need(const Scenario& s) {
  Duration most{};
  for (const GatewayOptions& gateway : s.gateways) {
    most = std::max(most, gateway.options_period + gateway.pstn_detection +
                              (gateway.success_retries + 1) * gateway.success_interval);
  }
  return most;
}

/// Speech that goes nowhere is noticed by the gateway, by session timers, or, without a survivor of
/// the signalling, at once; then a BYE may take its whole timer F.
Duration speech_needs(const Scenario& s, std::string& unfit) {
  constexpr Duration kTimerF = 32s;
  Duration most = 2 * kTimerF + s.run.hang_up_delay;
  for (const GatewayOptions& gateway : s.gateways) {
    most = std::max(most, gateway.ring_timeout + 2 * kTimerF);
    if (!s.run.media_survives) continue;
    if (!gateway.session_expires) unfit = "calls have no session timers";
    most = std::max(most, gateway.rtp_loss_timeout + gateway.session_expires.value_or(0s));
  }
  for (const SipServerOptions* server : server_options(s)) {
    if (!s.run.media_survives) continue;
    if (!server->session_expires) unfit = "calls have no session timers";
    most = std::max(most, server->session_expires.value_or(0s) + 2 * kTimerF);
  }
  return most;
}

/// What a link sends when a degradation ends it sends on at the rate at which it was begun.
Duration longest_packet(const Scenario& s) {
  constexpr double kBits = 8 * 1500, kLongest_s = 1e6;
  double longest_s = 0;
  for (const Fault& fault : s.faults) {
    const auto* degrade = std::get_if<Degrade>(&fault.deed);
    if (degrade == nullptr || !degrade->bandwidth_bps) continue;
    longest_s = std::max(longest_s, std::min(kBits / *degrade->bandwidth_bps, kLongest_s));
  }
  return longest_s < 1 ? Duration{} : sim::from_seconds(longest_s);
}

std::optional<Duration> longest_work(const Scenario& s) {
  constexpr double kRare = 1e-9, kLongest_s = 1e7;
  double longest_s = 1;
  for (const CallStream& stream : s.calls) {
    while (longest_s < kLongest_s && survival(stream.after_call_work, longest_s) > kRare) {
      longest_s *= 2;
    }
  }
  if (longest_s >= kLongest_s) return std::nullopt;
  return sim::from_seconds(longest_s) + kMargin;
}

}  // namespace

bool is_poor(const Scenario& scenario, const LinkOptions& link) {
  std::uint64_t calls = 0;
  for (const GatewayOptions& gateway : scenario.gateways) calls += gateway.channels;
  const double left = std::max(link.bandwidth_bps - static_cast<double>(calls) * kSpeechBps,
                               sim::Network::kMediaFloor * link.bandwidth_bps);
  return link.loss > 0 || link.latency > 500ms || link.jitter > 500ms || left < 1e6;
}

bool is_slow(const SipServerOptions& server) {
  return server.register_service > kSlow || server.invite_service > kSlow ||
         server.other_service > kSlow || server.input_queue_limit < 200;
}

bool peers_watch_each_other(const Scenario& scenario) {
  return std::ranges::all_of(server_options(scenario), [](const SipServerOptions* server) {
    return ha::PeerTrunkOptions{.oos_check = server->oos_check, .oos_force = server->oos_force}
        .watched();
  });
}

bool registers_all(const Scenario& scenario, SiteIndex site) {
  constexpr double kChallenged = 2, kMostBusy = 0.5;
  double per_s = 0;
  for (const AgentGroup& group : scenario.agents) {
    per_s += group.count / (sim::seconds(group.phone.expires) * group.phone.refresh_fraction);
  }
  const Duration service = scenario.sites[site].sip_server.register_service;
  return kChallenged * per_s * sim::seconds(service) < kMostBusy;
}

bool may_never_start(const Directory& directory, AgentId agent, SiteIndex lost) {
  const DesktopPolicy& policy = directory.group(agent).desktop;
  const bool of_the_site = directory.agent(agent).location == static_cast<LocationIndex>(lost);
  return (policy.local_configuration == LocalConfiguration::server && of_the_site) ||
         policy.bootstrap_from == BootstrapServer::master;
}

LivenessBound liveness_bound(const Scenario& s, Duration longest_fault) {
  LivenessBound bound;
  bound.unfit = unfit_scenario(s);
  bound.needed = servers_need(s, bound.unfit) + phones_need(s, longest_fault, bound.unfit) +
                 desktops_need(s) + gateways_need(s) + kMargin;
  for (const SipServerOptions* server : server_options(s)) {
    bound.promotion = std::max(bound.promotion, promotion_of(*server));
    const Duration three = 3 * (server->oos_check + server->oos_force);
    bound.probes = std::max(bound.probes.value_or(three), three);
  }
  // All states told at once must find room on the way.
  if (s.network.dc_link.queue_limit < 100ms) bound.probes.reset();
  bound.needed += longest_packet(s);
  bound.waiting = bound.needed + longest_announcement(s);
  bound.speech = std::max(bound.needed, speech_needs(s, bound.unfit));
  bound.work = longest_work(s);
  return bound;
}

}  // namespace bcsim::models
