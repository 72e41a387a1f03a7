#include "models/metrics/definitions.hpp"

#include <algorithm>

#include "models/metrics/flat_metrics.hpp"
#include "models/metrics/run_result.hpp"

namespace bcsim::models {
namespace {

// In which scopes, beside the run.
constexpr Scopes kRun = 0;
constexpr Scopes kOfSites = scope_bit(Scope::phase) | scope_bit(Scope::site);
constexpr Scopes kOfQueues = kOfSites | scope_bit(Scope::queue);
constexpr Scopes kOfCalls = kOfQueues | scope_bit(Scope::stream) | scope_bit(Scope::gateway);
constexpr Scopes kOfGroups = kOfSites | scope_bit(Scope::group);

constexpr MetricDefinition kDefinitions[] = {
    // Calls.
    {"attempted", "calls", "calls dialled, redials included", kOfCalls, Good::none},
    {"redials", "calls", "of these: second and further attempts of a caller", kOfCalls, Good::none},
    {"offered", "calls", "calls to queues taken by a SIP Server for the first time", kOfCalls,
     Good::none},
    {"answered", "calls", "calls to queues answered by an agent", kOfCalls, Good::higher},
    {"abandoned", "calls", "callers who gave up after being offered, before an answer", kOfCalls,
     Good::lower},
    {"short_abandoned", "calls", "of these: after at most `short-abandon-threshold`", kOfCalls,
     Good::lower},
    {"completed", "calls", "calls of any kind that ended because caller and agent were done",
     kOfCalls, Good::higher},
    {"default_routed", "calls", "calls sent to the default destination", kOfCalls, Good::lower},
    {"lost", "calls", "sum of `lost.<cause>`", kOfCalls, Good::lower},
    {"lost.<cause>", "calls", "calls that ended with this cause (see Causes)", kOfCalls,
     Good::lower},
    {"setup_delayed", "calls", "offered calls that another server had first failed to answer",
     kOfCalls, Good::lower},
    {"not_monitored", "calls", "answered at a DN whose agent is not logged in there", kOfCalls,
     Good::lower},
    {"media_degraded", "calls", "answered over a link that carried more media than it can",
     kOfCalls, Good::lower},
    {"callers_lost", "callers", "callers who were not served and will not try again", kOfCalls,
     Good::lower},
    {"abandonment", "1", "abandoned / (answered + abandoned)", kOfCalls, Good::lower,
     Weight::waited},
    // Service level and waits.
    {"service_level", "1", "the scenario's definition: one of the next five", kOfCalls,
     Good::higher, Weight::headline},
    {"service_level.f1", "1", "(answered ≤ T + abandoned ≤ T) / (answered + abandoned)", kOfCalls,
     Good::higher, Weight::waited},
    {"service_level.f2", "1", "answered ≤ T / answered", kOfCalls, Good::higher, Weight::answered},
    {"service_level.f3", "1", "answered ≤ T / (answered + abandoned)", kOfCalls, Good::higher,
     Weight::waited},
    {"service_level.f4", "1", "answered ≤ T / (answered + abandoned > T)", kOfCalls, Good::higher,
     Weight::answered_or_late},
    {"service_level.f5", "1",
     "(answered ≤ T + abandoned ≤ `short-abandon-threshold`) / (answered + abandoned)", kOfCalls,
     Good::higher, Weight::waited},
    {"asa", "s", "mean wait of answered calls", kOfCalls, Good::lower, Weight::answered},
    {"wait.mean", "s", "mean wait of answered and abandoned calls", kOfCalls, Good::lower,
     Weight::waited},
    {"wait.p50", "s", "50 % quantile of the waits of answered calls", kOfCalls, Good::lower},
    {"wait.p90", "s", "90 % quantile of the waits of answered calls", kOfCalls, Good::lower},
    {"wait.p95", "s", "95 % quantile of the waits of answered calls", kOfCalls, Good::lower},
    {"wait.p99", "s", "99 % quantile of the waits of answered calls", kOfCalls, Good::lower},
    {"wait.max", "s", "longest wait of an answered or abandoned call", kOfCalls, Good::lower},
    {"dial_to_answer", "s", "mean time from dialling to the answer, of answered calls", kOfCalls,
     Good::lower, Weight::answered},
    // Calls to agents' own numbers.
    {"direct.attempted", "calls", "of `attempted`: to an agent's own number", kOfSites, Good::none},
    {"direct.answered", "calls", "of these: answered", kOfSites, Good::higher},
    {"direct.not_answered", "calls", "he was busy, did not answer, or the caller gave up", kOfSites,
     Good::lower},
    {"direct.lost", "calls", "of `lost`: to an agent's own number", kOfSites, Good::lower},
    {"direct.post_dial_delay", "s", "mean time from dialling to ringing", kOfSites, Good::lower},
    {"direct.post_dial_delay.max", "s", "longest of them", kOfSites, Good::lower},
    // Calls that agents place.
    {"internal.attempted", "calls", "calls from an agent to another", kOfSites, Good::none},
    {"internal.answered", "calls", "of these: answered", kOfSites, Good::higher},
    {"internal.not_answered", "calls", "of these: the other was busy or did not answer", kOfSites,
     Good::lower},
    {"internal.lost", "calls", "of these: ended by a failure, or never taken or refused", kOfSites,
     Good::lower},
    {"internal.post_dial_delay", "s", "mean time from dialling to ringing", kOfSites, Good::lower},
    {"internal.post_dial_delay.max", "s", "longest of them", kOfSites, Good::lower},
    {"outgoing.attempted", "calls", "calls from an agent to somebody outside", kOfSites,
     Good::none},
    {"outgoing.answered", "calls", "of these: answered", kOfSites, Good::higher},
    {"outgoing.not_answered", "calls", "of these: given up while it rang", kOfSites, Good::lower},
    {"outgoing.lost", "calls", "of these: ended by a failure, or never taken or refused", kOfSites,
     Good::lower},
    {"outgoing.post_dial_delay", "s", "mean time from dialling to ringing", kOfSites, Good::lower},
    {"outgoing.post_dial_delay.max", "s", "longest of them", kOfSites, Good::lower},
    // Calls that agents pass on.
    {"transfers.made", "calls", "answered calls that an agent passed on, or meant to", kOfCalls,
     Good::none},
    {"transfers.completed", "calls", "of these: a second agent spoke with the caller", kOfCalls,
     Good::higher},
    {"transfers.reconnected", "calls", "of these: the first agent took the caller back", kOfCalls,
     Good::none},
    {"transfers.abandoned", "calls", "of these: the caller gave up between the agents", kOfCalls,
     Good::lower},
    {"transfers.lost", "calls", "of these: dropped or sent away between the agents", kOfCalls,
     Good::lower},
    {"transfers.wait_mean", "s", "mean time between the agents, of completed transfers", kOfCalls,
     Good::lower},
    // Levels.
    {"setup.mean", "calls", "time average of calls dialled and not yet taken", kOfSites,
     Good::lower, Weight::time},
    {"setup.max", "calls", "most of them", kOfSites, Good::lower},
    {"queue.mean", "calls", "time average of calls taken, with no agent chosen", kOfQueues,
     Good::lower, Weight::time},
    {"queue.max", "calls", "most of them", kOfQueues, Good::lower},
    {"ringing.mean", "calls", "time average of calls whose agent's phone is called", kOfQueues,
     Good::none, Weight::time},
    {"talking.mean", "calls",
     "time average of answered calls, an unheard answer included until that is known", kOfQueues,
     Good::none, Weight::time},
    {"talking.max", "calls", "most of them", kOfQueues, Good::none},
    {"agents.working", "agents", "time average of agents whose shift it is", kOfGroups, Good::none,
     Weight::time},
    {"agents.at_work", "agents", "time average of agents at work (see Levels)", kOfGroups,
     Good::higher, Weight::time},
    {"agents.lost_s", "s", "integral of (working − at work) over time", kOfGroups, Good::lower},
    {"agents.logged_in", "agents", "time average of agents logged in at a SIP Server", kOfGroups,
     Good::higher, Weight::time},
    {"agents.ready", "agents",
     "time average of agents ready, and on no call where they are not logged in", kOfGroups,
     Good::none, Weight::time},
    {"agents.busy", "agents",
     "time average of agents ringing, talking (also where they are not logged in), on hold or in "
     "after-call work",
     kOfGroups, Good::none, Weight::time},
    {"occupancy", "1", "integral of busy / integral of (busy + ready)", kOfGroups, Good::none,
     Weight::staffed},
    {"phones.registered", "phones", "time average of Extension DNs in service", kOfGroups,
     Good::higher, Weight::time},
    // Servers.
    {"server.messages_per_s", "messages/s", "messages handled by SIP Servers / time", kOfSites,
     Good::lower, Weight::time},
    {"server.delay.mean", "s", "mean time of a message in the input queue", kOfSites, Good::lower,
     Weight::messages},
    {"server.delay.max", "s", "longest time of a message in the input queue", kOfSites,
     Good::lower},
    // Events.
    {"registrations", "events", "registrations confirmed to phones, refreshes included", kOfSites,
     Good::none},
    {"registration_failures", "events", "registrations that failed, as the phones see it", kOfSites,
     Good::lower},
    {"logins", "events", "agent logins", kOfSites, Good::none},
    {"logins_refused", "events", "agent logins refused", kOfSites, Good::lower},
    {"logouts", "events", "agent logouts that were not forced", kOfSites, Good::none},
    {"forced_logouts", "events",
     "agent logouts forced by a SIP Server: for a login at the other site, in a drain, or because "
     "he did not answer",
     kOfSites, Good::lower},
    {"connections_lost", "events", "desktops that lost the connection to their SIP Server",
     kOfSites, Good::lower},
    {"bc_forwards", "events", "calls forwarded to the DR peer", kOfSites, Good::none},
    {"requests_dropped", "events", "requests dropped because an input queue was full", kOfSites,
     Good::lower},
    {"requests_rejected", "events", "requests rejected by a SIP Server", kOfSites, Good::lower},
    {"early_dialogs_lost", "events", "calls whose early dialog a switchover lost", kOfSites,
     Good::lower},
    {"switchovers", "events", "backups that took over", kOfSites, Good::lower},
    {"default_routed.queue_full", "events", "default-routed: the queue was full", kOfSites,
     Good::lower},
    {"default_routed.waited_too_long", "events", "default-routed: `maximum-wait` was over",
     kOfSites, Good::lower},
    {"default_routed.no_agent_logged_in", "events", "default-routed: nobody was logged in",
     kOfSites, Good::lower},
    {"default_routed.draining", "events", "default-routed: the site was being drained", kOfSites,
     Good::lower},
    {"default_routed.no_member_in_service", "events",
     "default-routed: no phone of the hunt group was in service (R56)", kOfSites, Good::lower},
    {"default_routed.no_member_idle", "events",
     "default-routed: every member of the hunt group was busy and its queue full", kOfSites,
     Good::lower},
    {"default_routed.no_answer", "events",
     "default-routed: no member of the hunt group, or not the agent called, answered", kOfSites,
     Good::lower},
    {"hunt_redirects", "events", "calls sent to the preferred site of their hunt group (R51)",
     kOfSites, Good::none},
    {"hunt_legs", "events", "phones rung for calls to hunt groups", kOfSites, Good::none},
    {"hunt_legs_to_busy", "events",
     "phones rung for hunt groups while their agents spoke at the other site (R67)", kOfSites,
     Good::lower},
    {"not_monitored.unreachable", "events",
     "not monitored: his desktop cannot reach the site that rang his phone (R68)", kOfSites,
     Good::lower},
    {"not_monitored.logged_out", "events", "not monitored: the agent is logged in nowhere",
     kOfSites, Good::lower},
    {"not_monitored.relogin", "events",
     "not monitored: the SIP Servers where he is logged in are gone (R66)", kOfSites, Good::lower},
    {"not_monitored.apart", "events",
     "not monitored: the sites are apart, and he is logged in at the other (R55)", kOfSites,
     Good::lower},
    {"not_monitored.preference", "events",
     "not monitored: his desktop prefers the other site (R68)", kOfSites, Good::lower},
    {"not_monitored.advice", "events",
     "not monitored: he has not heeded the advice to go back yet (R68)", kOfSites, Good::lower},
    {"calls_not_copied", "events",
     "calls that a switchover lost because the backup had not been told of them", kOfSites,
     Good::lower},
    {"false_failovers.gateways", "events",
     "SIP Servers that a gateway marked offline while their pair was alive", kOfSites, Good::lower},
    {"false_failovers.peers", "events",
     "trunks to the peer taken out of service while its pair was alive", kOfSites, Good::lower},
    {"false_failovers.desktops", "events",
     "desktops that began to move away from a site whose pair was alive", kOfSites, Good::lower},
    {"false_failovers", "events", "sum of these three (see False failovers)", kOfSites,
     Good::lower},
    // Of the whole run only.
    {"in_system_at_start", "calls", "calls not over when the warm-up ended", kRun, Good::none},
    {"still_in_system", "calls", "calls not over at the horizon", kRun, Good::none},
    {"config.drift", "objects", "configuration objects found to differ between the switches (R10)",
     kRun, Good::lower},
    {"config.divergence", "objects",
     "configuration objects written at both sites while these were parted", kRun, Good::lower},
    {"config.writes", "events", "changes of the configuration that were written", kRun, Good::none},
    {"config.writes_refused", "events", "changes that were refused for want of a master", kRun,
     Good::lower},
    {"config.write_outage", "s", "longest time for which the Proxy of a site knew no master", kRun,
     Good::lower},
    {"gateway.<gateway>.channels.mean", "channels", "time average of trunk channels in use", kRun,
     Good::none},
    {"gateway.<gateway>.channels.max", "channels", "most of them", kRun, Good::none},
    {"link.<link>.media.mean", "bit/s", "time average of the media on a link direction", kRun,
     Good::none},
    {"link.<link>.media.max", "bit/s", "most of it", kRun, Good::none},
    {"phase.<phase>.start", "s", "when the phase began for the first time", kRun, Good::none},
    {"phase.<phase>.duration", "s", "how long it lasted, in all", kRun, Good::lower},
    {"recovery.at", "s", "when the failure happened", kRun, Good::none},
    {"recovery.gateways_switched", "s", "until the last gateway that switched had switched", kRun,
     Good::lower},
    {"recovery.gateway.<gateway>.switched", "s",
     "until this gateway marked a SIP Server offline, or the PSTN this gateway", kRun, Good::lower},
    {"recovery.<site>.single_mode", "s", "until this site entered single-site mode", kRun,
     Good::lower},
    {"recovery.<site>.switchover", "s", "until this site's backup took over", kRun, Good::lower},
    {"recovery.phones_affected", "phones", "phones that could no longer be reached", kRun,
     Good::lower},
    {"recovery.phones_50", "s", "until 50 % of them were registered at a site that serves", kRun,
     Good::lower},
    {"recovery.phones_90", "s", "until 90 % of them were registered at a site that serves", kRun,
     Good::lower},
    {"recovery.phones_100", "s", "until all of them were registered at a site that serves", kRun,
     Good::lower},
    {"recovery.agents_affected", "agents",
     "agents who lost their place, without those whose shift ended before they were back", kRun,
     Good::lower},
    {"recovery.agents_returned", "agents", "of these: were at work again", kRun, Good::higher},
    {"recovery.agents_50", "s", "until 50 % of those affected were at work again", kRun,
     Good::lower},
    {"recovery.agents_90", "s", "until 90 % of those affected were at work again", kRun,
     Good::lower},
    {"recovery.agents_100", "s", "until all of those affected were at work again", kRun,
     Good::lower},
    {"recovery.service_level_back", "s", "until the service level was back (see Recovery)", kRun,
     Good::lower},
    {"recovery.service_level_judged", "calls", "calls that tell whether it was; 0: nobody knows",
     kRun, Good::none},
    {"recovery.queue_peak", "calls",
     "most calls waiting after the failure, until it was drained (see Recovery)", kRun,
     Good::lower},
    {"recovery.queue_drained", "s", "until the queue was as short as before (see Recovery)", kRun,
     Good::lower},
};

}  // namespace

std::string_view name(Scope scope) {
  constexpr std::string_view kNames[kScopes] = {"phase",  "site",    "queue",
                                                "stream", "gateway", "group"};
  return kNames[static_cast<std::size_t>(scope)];
}

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
  for (const QueueOptions& queue : scenario.queues) nothing.queue_names.push_back(queue.name);
  for (const CallStream& stream : scenario.calls) nothing.stream_names.push_back(stream.name);
  for (const AgentGroup& group : scenario.agents) nothing.group_names.push_back(group.name);
  nothing.link_names = media_link_names(scenario);
  nothing.recoveries.resize(
      std::clamp<std::size_t>(scenario.faults.size(), 1, RecoveryTracker::kKept));
  std::vector<std::string> ids;
  for (MetricValue& metric : flat_metrics(nothing)) ids.push_back(std::move(metric.id));
  return ids;
}

}  // namespace bcsim::models
