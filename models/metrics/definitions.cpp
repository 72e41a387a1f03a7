#include "models/metrics/definitions.hpp"

#include <algorithm>

#include "models/metrics/flat_metrics.hpp"
#include "models/metrics/run_result.hpp"

namespace bcsim::models {
namespace {

constexpr bool kScoped = true;

constexpr MetricDefinition kDefinitions[] = {
    // Calls.
    {"attempted", "calls", "calls dialled, redials included", kScoped},
    {"redials", "calls", "of these: second and further attempts of a caller", kScoped},
    {"offered", "calls", "calls to queues taken by a SIP Server for the first time", kScoped},
    {"answered", "calls", "calls to queues answered by an agent", kScoped},
    {"abandoned", "calls", "callers who gave up after being offered, before an answer", kScoped},
    {"short_abandoned", "calls", "of these: after at most `short-abandon-threshold`", kScoped},
    {"completed", "calls", "calls of any kind that ended because caller and agent were done",
     kScoped},
    {"default_routed", "calls", "calls sent to the default destination", kScoped},
    {"lost", "calls", "sum of `lost.<cause>`", kScoped},
    {"lost.<cause>", "calls", "calls that ended with this cause (see Causes)", kScoped},
    {"setup_delayed", "calls", "offered calls that another server had first failed to answer",
     kScoped},
    {"not_monitored", "calls", "answered at a DN whose agent is not logged in there", kScoped},
    {"media_degraded", "calls", "answered over a link that carried more media than it can",
     kScoped},
    {"callers_lost", "callers", "callers who were not served and will not try again", kScoped},
    {"abandonment", "1", "abandoned / (answered + abandoned)", kScoped},
    // Service level and waits.
    {"service_level", "1", "the scenario's definition: one of the next five", kScoped},
    {"service_level.f1", "1", "(answered ≤ T + abandoned ≤ T) / (answered + abandoned)", kScoped},
    {"service_level.f2", "1", "answered ≤ T / answered", kScoped},
    {"service_level.f3", "1", "answered ≤ T / (answered + abandoned)", kScoped},
    {"service_level.f4", "1", "answered ≤ T / (answered + abandoned > T)", kScoped},
    {"service_level.f5", "1",
     "(answered ≤ T + abandoned ≤ `short-abandon-threshold`) / (answered + abandoned)", kScoped},
    {"asa", "s", "mean wait of answered calls", kScoped},
    {"wait.mean", "s", "mean wait of answered and abandoned calls", kScoped},
    {"wait.p50", "s", "50 % quantile of the waits of answered calls", kScoped},
    {"wait.p90", "s", "90 % quantile of the waits of answered calls", kScoped},
    {"wait.p95", "s", "95 % quantile of the waits of answered calls", kScoped},
    {"wait.p99", "s", "99 % quantile of the waits of answered calls", kScoped},
    {"wait.max", "s", "longest wait of an answered or abandoned call", kScoped},
    {"dial_to_answer", "s", "mean time from dialling to the answer, of answered calls", kScoped},
    // Calls to agents' own numbers.
    {"direct.attempted", "calls", "of `attempted`: to an agent's own number", kScoped},
    {"direct.answered", "calls", "of these: answered", kScoped},
    {"direct.not_answered", "calls", "he was busy, did not answer, or the caller gave up", kScoped},
    {"direct.lost", "calls", "of `lost`: to an agent's own number", kScoped},
    {"direct.post_dial_delay", "s", "mean time from dialling to ringing", kScoped},
    {"direct.post_dial_delay.max", "s", "longest of them", kScoped},
    // Calls that agents place.
    {"internal.attempted", "calls", "calls from an agent to another", kScoped},
    {"internal.answered", "calls", "of these: answered", kScoped},
    {"internal.not_answered", "calls", "of these: the other was busy or did not answer", kScoped},
    {"internal.lost", "calls", "of these: ended by a failure, or never taken or refused", kScoped},
    {"internal.post_dial_delay", "s", "mean time from dialling to ringing", kScoped},
    {"internal.post_dial_delay.max", "s", "longest of them", kScoped},
    {"outgoing.attempted", "calls", "calls from an agent to somebody outside", kScoped},
    {"outgoing.answered", "calls", "of these: answered", kScoped},
    {"outgoing.not_answered", "calls", "of these: given up while it rang", kScoped},
    {"outgoing.lost", "calls", "of these: ended by a failure, or never taken or refused", kScoped},
    {"outgoing.post_dial_delay", "s", "mean time from dialling to ringing", kScoped},
    {"outgoing.post_dial_delay.max", "s", "longest of them", kScoped},
    // Calls that agents pass on.
    {"transfers.made", "calls", "answered calls that an agent passed on, or meant to", kScoped},
    {"transfers.completed", "calls", "of these: a second agent spoke with the caller", kScoped},
    {"transfers.reconnected", "calls", "of these: the first agent took the caller back", kScoped},
    {"transfers.abandoned", "calls", "of these: the caller gave up between the agents", kScoped},
    {"transfers.lost", "calls", "of these: dropped or sent away between the agents", kScoped},
    {"transfers.wait_mean", "s", "mean time between the agents, of completed transfers", kScoped},
    // Levels.
    {"setup.mean", "calls", "time average of calls dialled and not yet taken", kScoped},
    {"setup.max", "calls", "most of them", kScoped},
    {"queue.mean", "calls", "time average of calls taken, with no agent chosen", kScoped},
    {"queue.max", "calls", "most of them", kScoped},
    {"ringing.mean", "calls", "time average of calls whose agent's phone is called", kScoped},
    {"talking.mean", "calls",
     "time average of answered calls, an unheard answer included until that is known", kScoped},
    {"talking.max", "calls", "most of them", kScoped},
    {"agents.working", "agents", "time average of agents whose shift it is", kScoped},
    {"agents.at_work", "agents", "time average of agents at work (see Levels)", kScoped},
    {"agents.lost_s", "s", "integral of (working − at work) over time", kScoped},
    {"agents.logged_in", "agents", "time average of agents logged in at a SIP Server", kScoped},
    {"agents.ready", "agents",
     "time average of agents ready, and on no call where they are not logged in", kScoped},
    {"agents.busy", "agents",
     "time average of agents ringing, talking (also where they are not logged in), on hold or in "
     "after-call work",
     kScoped},
    {"occupancy", "1", "integral of busy / integral of (busy + ready)", kScoped},
    {"phones.registered", "phones", "time average of Extension DNs in service", kScoped},
    // Servers.
    {"server.messages_per_s", "messages/s", "messages handled by SIP Servers / time", kScoped},
    {"server.delay.mean", "s", "mean time of a message in the input queue", kScoped},
    {"server.delay.max", "s", "longest time of a message in the input queue", kScoped},
    // Events.
    {"registrations", "events", "registrations confirmed to phones, refreshes included", kScoped},
    {"registration_failures", "events", "registrations that failed, as the phones see it", kScoped},
    {"logins", "events", "agent logins", kScoped},
    {"logins_refused", "events", "agent logins refused", kScoped},
    {"logouts", "events", "agent logouts that were not forced", kScoped},
    {"forced_logouts", "events",
     "agent logouts forced by a SIP Server: for a login at the other site, in a drain, or because "
     "he "
     "did not answer",
     kScoped},
    {"connections_lost", "events", "desktops that lost the connection to their SIP Server",
     kScoped},
    {"bc_forwards", "events", "calls forwarded to the DR peer", kScoped},
    {"requests_dropped", "events", "requests dropped because an input queue was full", kScoped},
    {"requests_rejected", "events", "requests rejected by a SIP Server", kScoped},
    {"early_dialogs_lost", "events", "calls whose early dialog a switchover lost", kScoped},
    {"switchovers", "events", "backups that took over", kScoped},
    {"default_routed.queue_full", "events", "default-routed: the queue was full", kScoped},
    {"default_routed.waited_too_long", "events", "default-routed: `maximum-wait` was over",
     kScoped},
    {"default_routed.no_agent_logged_in", "events", "default-routed: nobody was logged in",
     kScoped},
    {"default_routed.draining", "events", "default-routed: the site was being drained", kScoped},
    {"default_routed.no_member_in_service", "events",
     "default-routed: no phone of the hunt group was in service (R56)", kScoped},
    {"default_routed.no_member_idle", "events",
     "default-routed: every member of the hunt group was busy and its queue full", kScoped},
    {"default_routed.no_answer", "events",
     "default-routed: no member of the hunt group, or not the agent called, answered", kScoped},
    {"hunt_redirects", "events", "calls sent to the preferred site of their hunt group (R51)",
     kScoped},
    {"hunt_legs", "events", "phones rung for calls to hunt groups", kScoped},
    {"hunt_legs_to_busy", "events",
     "phones rung for hunt groups while their agents spoke at the other site (R67)", kScoped},
    {"not_monitored.unreachable", "events",
     "not monitored: his desktop cannot reach the site that rang his phone (R68)", kScoped},
    {"not_monitored.logged_out", "events", "not monitored: the agent is logged in nowhere",
     kScoped},
    {"not_monitored.relogin", "events",
     "not monitored: the SIP Servers where he is logged in are gone (R66)", kScoped},
    {"not_monitored.apart", "events",
     "not monitored: the sites are apart, and he is logged in at the other (R55)", kScoped},
    {"not_monitored.preference", "events",
     "not monitored: his desktop prefers the other site (R68)", kScoped},
    {"not_monitored.advice", "events",
     "not monitored: he has not heeded the advice to go back yet (R68)", kScoped},
    {"calls_not_copied", "events",
     "calls that a switchover lost because the backup had not been told of them", kScoped},
    {"false_failovers.gateways", "events",
     "SIP Servers that a gateway marked offline while their pair was alive", kScoped},
    {"false_failovers.peers", "events",
     "trunks to the peer taken out of service while its pair was alive", kScoped},
    {"false_failovers.desktops", "events",
     "desktops that began to move away from a site whose pair was alive", kScoped},
    {"false_failovers", "events", "sum of these three (see False failovers)", kScoped},
    // Of the whole run only.
    {"in_system_at_start", "calls", "calls not over when the warm-up ended"},
    {"still_in_system", "calls", "calls not over at the horizon"},
    {"config.drift", "objects", "configuration objects found to differ between the switches (R10)"},
    {"config.divergence", "objects",
     "configuration objects written at both sites while these were parted"},
    {"config.writes", "events", "changes of the configuration that were written"},
    {"config.writes_refused", "events", "changes that were refused for want of a master"},
    {"config.write_outage", "s", "longest time for which the Proxy of a site knew no master"},
    {"gateway.<gateway>.channels.mean", "channels", "time average of trunk channels in use"},
    {"gateway.<gateway>.channels.max", "channels", "most of them"},
    {"link.<link>.media.mean", "bit/s", "time average of the media on a link direction"},
    {"link.<link>.media.max", "bit/s", "most of it"},
    {"phase.<phase>.start", "s", "when the phase began for the first time"},
    {"phase.<phase>.duration", "s", "how long it lasted, in all"},
    {"recovery.at", "s", "when the failure happened"},
    {"recovery.gateways_switched", "s", "until the last gateway that switched had switched"},
    {"recovery.gateway.<gateway>.switched", "s",
     "until this gateway marked a SIP Server offline, or the PSTN this gateway"},
    {"recovery.<site>.single_mode", "s", "until this site entered single-site mode"},
    {"recovery.<site>.switchover", "s", "until this site's backup took over"},
    {"recovery.phones_affected", "phones", "phones that could no longer be reached"},
    {"recovery.phones_50", "s", "until 50 % of them were registered at a site that serves"},
    {"recovery.phones_90", "s", "until 90 % of them were registered at a site that serves"},
    {"recovery.phones_100", "s", "until all of them were registered at a site that serves"},
    {"recovery.agents_affected", "agents",
     "agents who lost their place, without those whose shift ended before they were back"},
    {"recovery.agents_returned", "agents", "of these: were at work again"},
    {"recovery.agents_50", "s", "until 50 % of those affected were at work again"},
    {"recovery.agents_90", "s", "until 90 % of those affected were at work again"},
    {"recovery.agents_100", "s", "until all of those affected were at work again"},
    {"recovery.service_level_back", "s", "until the service level was back (see Recovery)"},
    {"recovery.service_level_judged", "calls", "calls that tell whether it was; 0: nobody knows"},
    {"recovery.queue_peak", "calls", "most calls waiting after the failure"},
    {"recovery.queue_drained", "s", "until the queue was as short as before (see Recovery)"},
};

}  // namespace

std::span<const MetricDefinition> metric_definitions() {
  return kDefinitions;
}

const MetricDefinition* find_definition(std::string_view id) {
  const auto* found = std::find_if(std::begin(kDefinitions), std::end(kDefinitions),
                                   [&](const MetricDefinition& d) { return d.id == id; });
  return found == std::end(kDefinitions) ? nullptr : found;
}

std::vector<std::string> metric_ids(const Scenario& scenario) {
  RunResult nothing;
  for (const GatewayOptions& gateway : scenario.gateways) {
    nothing.gateway_names.push_back(gateway.name);
  }
  nothing.link_names = media_link_names(scenario);
  nothing.recoveries.resize(
      std::clamp<std::size_t>(scenario.faults.size(), 1, RecoveryTracker::kKept));
  std::vector<std::string> ids;
  for (MetricValue& metric : flat_metrics(nothing)) ids.push_back(std::move(metric.id));
  return ids;
}

}  // namespace bcsim::models
