#include "tools/tune/tune_world.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

using models::Scenario;
using namespace std::chrono_literals;

constexpr sim::Duration kSettle = 5min;      ///< after the warm-up, before a disturbance
constexpr sim::Duration kDisturbed = 20min;  ///< how long one lasts
constexpr sim::Duration kAfterwards = 5min;
constexpr sim::Duration kFlapPeriod = 5min;

std::vector<std::string> all_links(const Scenario& s) {
  std::vector<std::string> out = {"dc-link"};
  for (std::size_t l = 0; l < s.locations.size(); ++l) {
    for (std::size_t i = 0; i < models::kSites; ++i) {
      const std::string path = fmt::format("access.{}.{}", s.locations[l], s.sites[i].name);
      out.push_back(path);
      if (s.network.desktop_path(l, i) != nullptr) out.push_back("desktop-" + path);
    }
  }
  return out;
}

/// `pattern` for every link: {0} when it begins, {1} the link.
std::string on_all_links(const Scenario& s, const std::string& pattern) {
  const std::string at = format_duration(s.run.warm_up + kSettle);
  std::vector<std::string> faults;
  for (const std::string& link : all_links(s)) {
    faults.push_back(fmt::format(fmt::runtime(pattern), at, link));
  }
  return fmt::format("{}", fmt::join(faults, ", "));
}

std::string switchovers(const Scenario& s) {
  std::vector<std::string> faults;
  sim::Duration at = s.run.warm_up + kSettle;
  for (const models::SiteOptions& site : s.sites) {
    if (!site.sip_server.backup) continue;
    faults.push_back(fmt::format("{{at: {}, fail: {}.sip-server.primary.host, lasting: 8min}}",
                                 format_duration(at), site.name));
    at += kDisturbed / 2;
  }
  return fmt::format("{}", fmt::join(faults, ", "));
}

double metric_of(const ReplicationRecord& record, std::string_view id) {
  for (const models::MetricValue& metric : record.metrics) {
    if (metric.id == id) return metric.value;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

constexpr std::size_t kFailureWorld = 0, kQuietWorld = 1, kDisturbances = 2;

}  // namespace

sim::Duration quiet_horizon(const Scenario& s) {
  return s.run.warm_up + kSettle + kDisturbed + kAfterwards;
}

std::vector<TuneWorld> tune_worlds(const Scenario& s, const DisturbanceOptions& options) {
  std::vector<std::string> texts;
  for (const models::Fault& fault : s.faults) texts.push_back(fault.text);
  std::vector<TuneWorld> worlds = {{"failure", fmt::format("{}", fmt::join(texts, ", ")), {}}};
  const auto add = [&](const char* name, std::string text, const std::string& faults) {
    worlds.push_back(
        {name,
         std::move(text),
         {"faults=[" + faults + "]", "run.horizon=" + format_duration(quiet_horizon(s))}});
  };
  add("quiet", "nothing happens", "");
  const std::string lasting = format_duration(kDisturbed);
  add("loss", fmt::format("all links drop {} for {}", format_percent(options.loss), lasting),
      on_all_links(s, "{{at: {0}, degrade: {1}, loss: " + format_percent(options.loss) +
                          ", lasting: " + lasting + "}}"));
  add("jitter",
      fmt::format("all links jitter by {} for {}", format_duration(options.jitter), lasting),
      on_all_links(s, "{{at: {0}, degrade: {1}, jitter: " + format_duration(options.jitter) +
                          ", lasting: " + lasting + "}}"));
  const sim::Duration until = s.run.warm_up + kSettle + kDisturbed;
  add("flap",
      fmt::format("all links are cut for {} every {}", format_duration(options.flap),
                  format_duration(kFlapPeriod)),
      on_all_links(
          s, fmt::format("{{{{at: {{0}}, cut: {{1}}, flap: {{{{period: {}, duty: {}, "
                         "until: {}}}}}}}}}",
                         format_duration(kFlapPeriod),
                         format_percent(sim::seconds(options.flap) / sim::seconds(kFlapPeriod)),
                         format_duration(until))));
  const std::string ha = switchovers(s);
  if (!ha.empty()) {
    add("ha_switchover",
        "the machine of each site's primary SIP Server dies; the backup takes over", ha);
  }
  return worlds;
}

std::vector<TuneMetric> tune_metrics(const std::vector<TuneWorld>& worlds) {
  std::vector<TuneMetric> out = {
      {"unserved", "calls", "lost, given up or default-routed in the failure", true},
      {"false_failovers", "events", "sum over the disturbances", true},
      {"messages_per_s", "messages/s", "signalling of everybody when nothing happens", true},
      {"lost", "calls", "lost in the failure"},
      {"abandoned", "calls", "given up in the failure"},
      {"agents_90", "s", "until 90 % of the agents were at work again after the failure"}};
  for (std::size_t w = kDisturbances; w < worlds.size(); ++w) {
    for (const char* kind : {"gateways", "peers", "desktops"}) {
      out.push_back(
          {fmt::format("{}.false_failovers.{}", worlds[w].name, kind), "events", worlds[w].text});
    }
    out.push_back({fmt::format("{}.lost", worlds[w].name), "calls", worlds[w].text});
  }
  return out;
}

std::vector<double> tune_values(const std::vector<TuneWorld>& worlds,
                                const std::vector<ReplicationRecord>& records, double quiet_s) {
  const ReplicationRecord& failure = records[kFailureWorld];
  double false_failovers = 0;
  for (std::size_t w = kDisturbances; w < worlds.size(); ++w) {
    false_failovers += metric_of(records[w], "false_failovers");
  }
  const double lost = metric_of(failure, "lost"), abandoned = metric_of(failure, "abandoned");
  std::vector<double> out = {lost + abandoned + metric_of(failure, "default_routed"),
                             false_failovers,
                             static_cast<double>(records[kQuietWorld].messages_sent) / quiet_s,
                             lost,
                             abandoned,
                             metric_of(failure, "recovery.agents_90")};
  for (std::size_t w = kDisturbances; w < worlds.size(); ++w) {
    for (const char* id : {"false_failovers.gateways", "false_failovers.peers",
                           "false_failovers.desktops", "lost"}) {
      out.push_back(metric_of(records[w], id));
    }
  }
  return out;
}

}  // namespace bcsim::tools
