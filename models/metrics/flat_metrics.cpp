#include "models/metrics/flat_metrics.hpp"

#include <fmt/format.h>

#include <cassert>
#include <cmath>
#include <limits>
#include <optional>

#include "models/metrics/definitions.hpp"

namespace bcsim::models {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double number(std::uint64_t n) {
  return static_cast<double>(n);
}
double number(const std::optional<double>& x) {
  return x.value_or(kNone);
}

class Writer {
 public:
  explicit Writer(std::vector<MetricValue>& out) : out_(out) {}

  /// What follows is of this scope (none: the run): metrics that it does not have are left out.
  /// `exists`: the scope has occurred at all.
  void scope(std::string prefix, std::optional<Scope> scope = {}, bool exists = true) {
    prefix_ = std::move(prefix);
    scope_ = scope;
    exists_ = exists;
  }
  void add(const std::string& id, double value) { add(id, id, value); }
  void add(const std::string& id, const std::string& definition, double value) {
    const MetricDefinition* known = find_definition(definition);
    assert(known != nullptr);
    if (scope_ && !known->has(*scope_)) return;
    out_.push_back({prefix_ + id, exists_ ? value : kNone, known->unit, definition});
  }

 private:
  std::vector<MetricValue>& out_;
  std::string prefix_;
  std::optional<Scope> scope_;
  bool exists_ = true;
};

void add_personal(Writer& w, const std::string& kind, const PersonalCalls& calls) {
  w.add(kind + ".attempted", number(calls.attempted));
  w.add(kind + ".answered", number(calls.answered));
  w.add(kind + ".not_answered", number(calls.not_answered));
  w.add(kind + ".lost", number(calls.lost));
  w.add(kind + ".post_dial_delay", calls.post_dial_mean_s());
  w.add(kind + ".post_dial_delay.max", calls.rung > 0 ? calls.post_dial_max_s : kNone);
}

void add_calls(Writer& w, const CallTally& t, ServiceLevelDefinition headline) {
  w.add("attempted", number(t.attempted));
  w.add("redials", number(t.redials));
  w.add("offered", number(t.offered));
  w.add("answered", number(t.waits.answered));
  w.add("abandoned", number(t.waits.abandoned));
  w.add("short_abandoned", number(t.waits.abandoned_short));
  w.add("turned_away", number(t.waits.turned_away));
  w.add("completed", number(t.count(Cause::completed)));
  w.add("default_routed", number(t.count(Cause::default_routed)));
  w.add("lost", number(t.lost()));
  for (const Cause cause : all_causes()) {
    if (is_loss(cause)) {
      w.add(fmt::format("lost.{}", name(cause)), "lost.<cause>", number(t.count(cause)));
    }
  }
  w.add("setup_delayed", number(t.setup_delayed));
  w.add("not_monitored", number(t.not_monitored));
  w.add("media_degraded", number(t.media_degraded));
  w.add("callers_lost", number(t.callers_lost));
  std::uint64_t harmed = 0;
  for (std::size_t h = 0; h < kHarms; ++h) {
    w.add(fmt::format("harmed.{}", name(static_cast<Harm>(h))), number(t.harmed[h]));
    harmed += t.harmed[h];
  }
  w.add("harmed", number(harmed));
  w.add("abandonment", t.abandonment());
  w.add("service_level", service_level(headline, t.waits));
  for (int f = 0; f < kServiceLevelDefinitions; ++f) {
    w.add(fmt::format("service_level.f{}", f + 1),
          service_level(static_cast<ServiceLevelDefinition>(f), t.waits));
  }
  w.add("asa", t.asa_s());
  w.add("wait.mean", t.wait_mean_s());
  std::vector<float> waits = t.waits_answered_s;
  for (const int percent : {50, 90, 95, 99}) {
    w.add(fmt::format("wait.p{}", percent), quantile(waits, percent / 100.0));
  }
  w.add("wait.max", t.waits.answered + t.waits.abandoned > 0 ? t.wait_max_s : kNone);
  w.add("dial_to_answer", t.dial_to_answer_mean_s());
  add_personal(w, "direct", t.personal[static_cast<std::size_t>(CallKind::direct)]);
  add_personal(w, "internal", t.personal[static_cast<std::size_t>(CallKind::internal)]);
  add_personal(w, "outgoing", t.personal[static_cast<std::size_t>(CallKind::outgoing)]);
  w.add("transfers.made", number(t.transfers.made));
  w.add("transfers.completed", number(t.transfers.completed));
  w.add("transfers.reconnected", number(t.transfers.reconnected));
  w.add("transfers.abandoned", number(t.transfers.abandoned));
  w.add("transfers.lost", number(t.transfers.lost));
  w.add("transfers.wait_mean", t.transfers.wait_mean_s());
}

/// `at`: where on the board a level of this scope is, if the scope has it.
template <class At>
void add_levels(Writer& w, const Slice& s, const At& at) {
  const auto integral = [&](LevelKind kind) {
    const std::optional<std::size_t> level = at(kind);
    return level ? s.integral_s(*level) : 0;
  };
  const auto mean = [&](const char* id, LevelKind kind) {
    if (const std::optional<std::size_t> level = at(kind)) w.add(id, s.mean(*level));
  };
  const auto max = [&](const char* id, LevelKind kind) {
    if (const std::optional<std::size_t> level = at(kind)) w.add(id, s.max(*level));
  };
  mean("setup.mean", LevelKind::setup);
  max("setup.max", LevelKind::setup);
  mean("queue.mean", LevelKind::queue);
  max("queue.max", LevelKind::queue);
  mean("ringing.mean", LevelKind::ringing);
  mean("talking.mean", LevelKind::talking);
  max("talking.max", LevelKind::talking);
  mean("agents.working", LevelKind::working);
  mean("agents.at_work", LevelKind::at_work);
  w.add("agents.lost_s",
        s.duration_s > 0 ? integral(LevelKind::working) - integral(LevelKind::at_work) : kNone);
  mean("agents.logged_in", LevelKind::logged_in);
  mean("agents.ready", LevelKind::ready);
  mean("agents.busy", LevelKind::busy);
  const double staffed = integral(LevelKind::busy) + integral(LevelKind::ready);
  w.add("occupancy", staffed > 0 ? integral(LevelKind::busy) / staffed : kNone);
  mean("phones.registered", LevelKind::registered);
}

void add_servers(Writer& w, const Slice& s, int site) {
  ServerLoadSummary load;
  for (int i = 0; i < kSites; ++i) {
    if (site == i || site == kBothSites) load.merge(s.server(static_cast<std::size_t>(i)));
  }
  w.add("server.messages_per_s", s.duration_s > 0 ? number(load.messages) / s.duration_s : kNone);
  w.add("server.delay.mean", load.messages > 0 ? load.delay_sum_s / number(load.messages) : kNone);
  w.add("server.delay.max", load.messages > 0 ? load.delay_max_s : kNone);
}

void add_events(Writer& w, const Slice& s, int site) {
  static constexpr std::array<const char*, kCounterKinds> kNames = {
      "registrations",
      "registration_failures",
      "logins",
      "logins_refused",
      "logouts",
      "forced_logouts",
      "connections_lost",
      "bc_forwards",
      "requests_dropped",
      "requests_rejected",
      "early_dialogs_lost",
      "switchovers",
      "default_routed.queue_full",
      "default_routed.waited_too_long",
      "default_routed.no_agent_logged_in",
      "default_routed.draining",
      "default_routed.no_member_in_service",
      "default_routed.no_member_idle",
      "default_routed.no_answer",
      "hunt_redirects",
      "hunt_legs",
      "hunt_legs_to_busy",
      "not_monitored.unreachable",
      "not_monitored.logged_out",
      "not_monitored.relogin",
      "not_monitored.apart",
      "not_monitored.preference",
      "not_monitored.advice",
      "calls_not_copied",
      "false_failovers.gateways",
      "false_failovers.peers",
      "false_failovers.desktops"};
  std::uint64_t false_failovers = 0;
  for (std::size_t k = 0; k < kCounterKinds; ++k) {
    std::uint64_t n = 0;
    for (int i = 0; i < kSites; ++i) {
      if (site == i || site == kBothSites) n += s.count(counter_at(static_cast<CounterKind>(k), i));
    }
    w.add(kNames[k], number(n));
    if (k >= static_cast<std::size_t>(CounterKind::false_gateways)) false_failovers += n;
  }
  w.add("false_failovers", number(false_failovers));
}

void add_scope(Writer& w, const RunResult& r, const CallTally& calls, const Slice& slice,
               int site) {
  add_calls(w, calls, r.service_level_definition);
  add_levels(w, slice,
             [&](LevelKind kind) -> std::optional<std::size_t> { return level_at(kind, site); });
  add_servers(w, slice, site);
  add_events(w, slice, site);
}

void add_phases(Writer& w, const RunResult& r) {
  for (const Phase phase :
       {Phase::before, Phase::detection, Phase::relogin, Phase::degraded, Phase::after}) {
    double start = kNone, duration = 0;
    for (const PhaseInterval& interval : r.phases) {
      if (interval.phase != phase) continue;
      if (std::isnan(start)) start = sim::seconds(interval.start);
      duration += sim::seconds(interval.end - interval.start);
    }
    const auto p = static_cast<std::size_t>(phase);
    const std::string prefix = fmt::format("phase.{}.", name(phase));
    w.scope(prefix, {}, duration > 0);
    w.add("start", "phase.<phase>.start", start);
    w.add("duration", "phase.<phase>.duration", duration);
    w.scope(prefix, Scope::phase, duration > 0);
    add_scope(w, r, r.tallies.phase[p], r.phase_levels[p], kBothSites);
  }
}

/// Of queues, call streams, gateways and agent groups. Without tallies (to know the ids beforehand)
/// nothing has happened.
void add_parts(Writer& w, const RunResult& r) {
  const auto calls = [&](Scope scope, const std::vector<std::string>& names,
                         const std::vector<CallTally>& tallies) {
    const CallTally nothing;
    for (std::size_t i = 0; i < names.size(); ++i) {
      w.scope(fmt::format("{}.{}.", name(scope), names[i]), scope);
      add_calls(w, i < tallies.size() ? tallies[i] : nothing, r.service_level_definition);
      if (scope != Scope::queue) continue;
      add_levels(w, r.levels, [&](LevelKind kind) { return r.board_plan().of_queue(kind, i); });
    }
  };
  calls(Scope::queue, r.queue_names, r.tallies.queue);
  calls(Scope::stream, r.stream_names, r.tallies.stream);
  calls(Scope::gateway, r.gateway_names, r.tallies.gateway);
  for (std::size_t g = 0; g < r.group_names.size(); ++g) {
    w.scope(fmt::format("group.{}.", r.group_names[g]), Scope::group);
    add_levels(w, r.levels, [&](LevelKind kind) { return r.board_plan().of_group(kind, g); });
  }
}

void add_configuration(Writer& w, const ConfigurationTally& t) {
  w.add("config.drift", number(std::uint64_t{t.drift}));
  w.add("config.divergence", number(std::uint64_t{t.divergence}));
  w.add("config.writes", number(std::uint64_t{t.writes}));
  w.add("config.writes_refused", number(std::uint64_t{t.writes_refused}));
  w.add("config.write_outage", t.write_outage_s);
}

/// The targets that are asked for, and whether they were kept.
void add_targets(Writer& w, const RunResult& r) {
  w.scope("", {}, !r.target_values.empty());
  for (std::size_t i = 0; i < r.targets.size(); ++i) {
    const ServiceTarget& asked = r.targets[i];
    const std::string prefix = fmt::format("target.{}.", r.queue_names[asked.queue]);
    bool all = true;
    for (std::size_t t = 0; t < kTargets; ++t) {
      const auto target = static_cast<Target>(t);
      const std::optional<double> limit = limit_of(asked, target);
      if (!limit) continue;
      const double value = r.target_values.empty() ? kNone : r.target_values[i].of(target);
      const bool met = meets(target, value, *limit);
      all = all && met;
      w.add(fmt::format("{}{}", prefix, name(target)),
            fmt::format("target.<queue>.{}", name(target)), value);
      w.add(fmt::format("{}{}.met", prefix, name(target)), "target.<queue>.<target>.met", met);
    }
    w.add(prefix + "met", "target.<queue>.met", all);
  }
}

void add_recovery(Writer& w, const RunResult& r, const Recovery& recovery, bool exists,
                  std::string prefix) {
  w.scope(prefix, {}, exists);
  const auto add = [&](const std::string& id, double value) { w.add(id, "recovery." + id, value); };
  add("at", sim::seconds(recovery.at));
  add("gateways_switched", recovery.gateways.empty() ? kNone : recovery.gateways.back().after_s);
  for (std::size_t g = 0; g < r.gateway_names.size(); ++g) {
    double switched = kNone;
    for (const auto& s : recovery.gateways) {
      if (s.gateway == g) switched = s.after_s;
    }
    w.add(fmt::format("gateway.{}.switched", r.gateway_names[g]),
          "recovery.gateway.<gateway>.switched", switched);
  }
  for (std::size_t s = 0; s < kSites; ++s) {
    w.add(fmt::format("site{}.single_mode", s + 1), "recovery.<site>.single_mode",
          number(recovery.single_mode[s]));
    w.add(fmt::format("site{}.switchover", s + 1), "recovery.<site>.switchover",
          number(recovery.switchover[s]));
  }
  const auto share = [&](const char* who, const std::vector<float>& back, std::uint32_t affected) {
    for (const int percent : {50, 90, 100}) {
      add(fmt::format("{}_{}", who, percent),
          number(Recovery::share_back(back, affected, percent / 100.0)));
    }
  };
  add("phones_affected", number(std::uint64_t{recovery.phones_affected}));
  share("phones", recovery.phones_back_s, recovery.phones_affected);
  add("agents_affected", number(std::uint64_t{recovery.agents_affected}));
  add("agents_returned", number(std::uint64_t{recovery.agents_back_s.size()}));
  share("agents", recovery.agents_back_s, recovery.agents_affected);
  add("service_level_back", number(recovery.service_level_back));
  add("service_level_judged", recovery.service_level_judged);
  add("queue_peak", recovery.queue_peak);
  add("queue_drained", number(recovery.queue_drained));
}

}  // namespace

std::vector<std::string> media_link_names(const Scenario& scenario) {
  // The order in which the world's layout adds its links.
  std::vector<std::string> links = {"dc-link"};
  for (const SiteOptions& site : scenario.sites) links.push_back(site.name + ".lan");
  for (std::size_t l = 0; l < scenario.locations.size(); ++l) {
    for (const SiteOptions& site : scenario.sites) {
      links.push_back(fmt::format("{}-{}", scenario.locations[l], site.name));
    }
  }
  for (std::size_t l = 0; l < scenario.locations.size(); ++l) {
    for (std::size_t s = 0; s < kSites; ++s) {
      if (scenario.network.desktop_path(l, s) == nullptr) continue;
      links.push_back(fmt::format("{}.desks-{}", scenario.locations[l], scenario.sites[s].name));
    }
  }
  std::vector<std::string> names;
  for (const std::string& link : links) {
    names.push_back(link);
    names.push_back(link + ".reverse");
  }
  return names;
}

std::vector<MetricValue> flat_metrics(const RunResult& r) {
  std::vector<MetricValue> out;
  Writer w(out);
  w.scope("");
  add_scope(w, r, r.tallies.whole, r.levels, kBothSites);
  w.add("in_system_at_start", number(r.tallies.in_system_at_start));
  w.add("still_in_system", number(r.tallies.still_in_system));
  add_configuration(w, r.configuration);
  add_phases(w, r);
  for (int s = 0; s < kSites; ++s) {
    w.scope(fmt::format("site{}.", s + 1), Scope::site);
    add_scope(w, r, r.tallies.site[static_cast<std::size_t>(s)], r.levels, s);
  }
  add_parts(w, r);
  w.scope("");
  for (std::size_t g = 0; g < r.gateway_names.size(); ++g) {
    const std::string id = fmt::format("gateway.{}.channels.", r.gateway_names[g]);
    w.add(id + "mean", "gateway.<gateway>.channels.mean", r.levels.mean(channels_at(g)));
    w.add(id + "max", "gateway.<gateway>.channels.max", r.levels.max(channels_at(g)));
  }
  for (std::size_t l = 0; l < r.link_names.size(); ++l) {
    const std::size_t at = media_at(r.gateway_names.size(), l);
    const std::string id = fmt::format("link.{}.media.", r.link_names[l]);
    w.add(id + "mean", "link.<link>.media.mean", r.levels.mean(at));
    w.add(id + "max", "link.<link>.media.max", r.levels.max(at));
  }
  add_targets(w, r);
  const Recovery none;
  add_recovery(w, r, r.recoveries.empty() ? none : r.recoveries.front(), !r.recoveries.empty(),
               "recovery.");
  for (std::size_t i = 1; i < r.recoveries.size(); ++i) {
    add_recovery(w, r, r.recoveries[i], true, fmt::format("recovery.{}.", i + 1));
  }
  return out;
}

}  // namespace bcsim::models
