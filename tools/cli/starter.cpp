#include "tools/cli/starter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "models/demand/erlang.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

struct StarterFailure {
  const char* name;
  const char* title;
  const char* fault;    // the entry of `faults`
  const char* comment;  // what it means
};

constexpr std::array kFailures = {
    StarterFailure{"site", "Site 1 is lost", "- {at: 1h30min, fail: site1, scope: genesys}",
                   "All Genesys components of site 1 die; agents, phones and gateway live on"},
    StarterFailure{"pair", "The SIP Server pair of site 1 is lost",
                   "- {at: 1h30min, fail: site1, scope: sip-server-pair}",
                   "Both SIP Servers of site 1 die; everything else there lives on"},
    StarterFailure{"server", "The primary SIP Server of site 1 crashes",
                   "- {at: 1h30min, crash: site1.sip-server.primary, lasting: 10min}",
                   "The backup takes over; nobody should have to leave the site"},
    StarterFailure{"partition", "The sites part", "- {at: 1h30min, cut: dc-link, lasting: 30min}",
                   "The link between the data centres is cut, then healed"},
    StarterFailure{"gateway", "A gateway is lost", "- {at: 1h30min, fail: mg1, lasting: 30min}",
                   "The gateway of site 1 dies; the PSTN must send its calls through the other"},
    StarterFailure{"none", "A normal day", "", "Nothing fails: the baseline to compare with"}};

const StarterFailure& failure_named(const std::string& name) {
  return *std::find_if(kFailures.begin(), kFailures.end(),
                       [&](const StarterFailure& f) { return name == f.name; });
}

// Either gateway alone must carry all calls: channels for 1 % blocking, in whole E1 of 30.
int channels_for(double erlangs) {
  const int need = models::fewest_channels(erlangs, 0.01);
  return std::max(1, (need + 29) / 30) * 30;
}

constexpr const char* kTemplate = R"(# {title}
#
# Check it:  bcsim check {file}          every value and its origin: bcsim check --effective {file}
# Run it:    bcsim run {file}            all keys: bcsim schema --markdown
# What is left out has the default. Values carry units: 30s, 1h30min, 20ms, 900/h, 50%, 100Mbit/s.

bcsim: 1                     # version of this language
title: {quoted_title}

run:
  start: "09:00"             # wall-clock time of time 0, for labels and for times such as "10:30"
  horizon: 3h                # how long to simulate
  warm-up: 30min             # not counted; nothing may fail before
  seed: 1                    # another seed, another day

sites:                       # exactly two; the names are free, the first is site 1
  site1:
    sip-server:              # Genesys option names
      oos-check: 10s         # OPTIONS to the peer every 10 s …
      oos-force: 5s          # … unanswered for 5 s: the peer is out of service
    gateways:
      mg1:
        channels: {channels}        # to the PSTN; either gateway alone could carry all calls
        options-period: 60s  # between two OPTIONS to a SIP Server
  site2:
    sip-server: {{oos-check: 10s, oos-force: 5s}}
    gateways:
      mg2: {{channels: {channels}, options-period: 60s}}

network:
  dc-link: {{latency: 20ms, bandwidth: 100Mbit/s}}   # one way, between the data centres

desktop:                     # timers of the agent desktops of each site
  site1: {{addp-timeout: 20s, site-timeout: 30s, site-sip-register-timeout: 30s}}
  site2: {{addp-timeout: 20s, site-timeout: 30s, site-sip-register-timeout: 30s}}

agents:
  team1:
    count: {agents}
    location: site1          # where they sit; they log in there too, unless preferred-site differs
    phone:
      registration: {phones}   # single, active-backup, dual
      expires: 120s          # of a registration; refreshed at half of it
    # shifts: [{{from: "09:00", to: "11:00", count: {agents}}}]   # default: all, all the time
  team2:
    count: {agents}
    location: site2
    phone: {{registration: {phones}, expires: 120s}}

queues:
  service:
    routing-scope: local     # or both-sites: the longest idle agent of both

calls:
  main:
    queue: service
    rate: {rate}             # or profile: [{{at: "09:00", rate: 900/h}}, …],
                             # or volumes: {{file: calls.csv}}
    gateways: {{mg1: 50%, mg2: 50%}}
    talk: {{lognormal: {{mean: {talk}, cv: 1}}}}
    after-call-work: {{exponential: {acw}}}
    patience: {{exponential: 300s}}     # in the queue
    redial: {{enabled: true}}           # callers who try again

# {fault_comment}.
{faults}
# Limits that a run is held to; a broken one ends it with exit code 1.
# expectations: {{before: {{service_level: "> 80%"}}, recovery.agents_100: "< 75s"}}
)";

}  // namespace

std::vector<std::string> starter_failures() {
  std::vector<std::string> names;
  for (const StarterFailure& f : kFailures) names.emplace_back(f.name);
  return names;
}

std::vector<std::string> starter_phones() {
  return {"active-backup", "dual", "single"};
}

std::string starter_scenario(const StarterAnswers& a, const std::string& file) {
  const StarterFailure& failure = failure_named(a.failure);
  const std::string title = a.title.empty() ? failure.title : a.title;
  const double handling_s = sim::seconds(a.handling);
  const double talk_s = handling_s * 0.8, ring_s = 4;
  const std::string fault = failure.fault;
  using fmt::arg;
  return fmt::format(
      fmt::runtime(kTemplate), arg("title", title), arg("file", file),
      arg("quoted_title", nlohmann::json(title).dump()),  // JSON's quotes are YAML's
      arg("channels", channels_for(a.calls_per_hour / 3600 * (talk_s + ring_s))),
      arg("agents", a.agents_per_site), arg("phones", a.phones),
      arg("rate", fmt::format("{}/h", a.calls_per_hour)), arg("talk", format_seconds(talk_s)),
      arg("acw", format_seconds(handling_s - talk_s)), arg("fault_comment", failure.comment),
      arg("faults", fault.empty() ? "faults: []\n" : "faults:\n  " + fault + "\n"));
}

}  // namespace bcsim::tools
