#include "tools/scenario/load_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/scenario/rules/people_needs.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {

void print_diagnostics(const Loaded& loaded, Terminal& terminal) {
  for (const Diagnostic& d : loaded.diagnostics) {
    if (terminal.quiet() && d.severity == Severity::warning) continue;
    terminal.err << render(d, terminal.color_err());
  }
  const std::size_t errors = loaded.count(Severity::error);
  const std::size_t warnings = loaded.count(Severity::warning);
  if (errors + warnings < 2 || terminal.quiet()) return;
  terminal.err << fmt::format("{} error{}, {} warning{}\n", errors, errors == 1 ? "" : "s",
                              warnings, warnings == 1 ? "" : "s");
}

ExitCode load_result(const Loaded& loaded) {
  return loaded.has_errors() ? ExitCode::bad_input : ExitCode::good;
}

namespace {

std::uint64_t people_of(const models::Scenario& s) {
  std::uint64_t count = 0;
  for (const models::AgentGroup& g : s.agents) count += g.count;
  return count;
}

std::uint64_t channels(const models::Scenario& s) {
  std::uint64_t count = 0;
  for (const models::GatewayOptions& g : s.gateways) count += g.channels;
  return count;
}

/// What comes to a queue, or to a queue at one site whose calls stay there, when each of its agents
/// has most to do.
struct QueuePeak {
  sim::SimTime at;
  Share share;
  int needed = 0;  ///< for kStaffingLevel
};

std::vector<QueuePeak> queue_peaks(const models::Scenario& s) {
  const auto busy = [](const Share& share) {
    return share.erlangs / std::max(0.5, 1.0 * share.agents);
  };
  std::map<std::pair<std::uint32_t, int>, QueuePeak> peaks;
  for (const sim::SimTime t : moments(s)) {
    for (const Share& share : shares_at(s, t)) {
      if (!share.queue || share.calls_per_s <= 0) continue;
      const models::QueueOptions& queue = s.queues[*share.queue];
      const bool by_site =
          !queue.hunt_group && queue.routing_scope != models::RoutingScope::both_sites;
      if (by_site != share.site.has_value()) continue;
      const auto [peak, fresh] = peaks.try_emplace(
          {*share.queue, share.site ? 1 + int{*share.site} : 0}, QueuePeak{t, share});
      if (!fresh && busy(share) > busy(peak->second.share)) peak->second = {t, share};
    }
  }
  PeopleNeeds needs(s);
  std::vector<QueuePeak> out;
  for (auto& [key, peak] : peaks) {
    if (peak.share.erlangs < kMostErlangs) peak.needed = needs.needed(peak.share, peak.at);
    out.push_back(std::move(peak));
  }
  return out;
}

nlohmann::json queues_json(const models::Scenario& s) {
  nlohmann::json list = nlohmann::json::array();
  for (const QueuePeak& peak : queue_peaks(s)) {
    nlohmann::json j = {{"queue", s.queues[*peak.share.queue].name},
                        {"at_s", sim::seconds(peak.at.time_since_epoch())},
                        {"calls_per_s", peak.share.calls_per_s},
                        {"offered_erlangs", peak.share.erlangs},
                        {"agents", peak.share.agents},
                        {"agents_needed", peak.needed}};
    if (peak.share.site) j["site"] = s.sites[*peak.share.site].name;
    list.push_back(std::move(j));
  }
  return list;
}

std::string busy_words(double erlangs, std::uint32_t agents) {
  return agents == 0 ? "nobody is at work" : fmt::format("{:.0f}% busy", 100 * erlangs / agents);
}

/// Of several queues, or of one at several sites, a line each.
std::string queue_lines(const models::Scenario& s) {
  const std::vector<QueuePeak> peaks = queue_peaks(s);
  if (peaks.size() < 2) return "";
  std::string out;
  for (const QueuePeak& peak : peaks) {
    out += fmt::format(
        "    {}: at most {} erlangs for {} agents ({}): {}; {} answer {:.0f}% within {}\n",
        peak.share.whose, amount_words(peak.share.erlangs), peak.share.agents,
        moment_words(s, peak.at), busy_words(peak.share.erlangs, peak.share.agents), peak.needed,
        kStaffingLevel * 100, format_duration(s.run.service_level_threshold));
  }
  return out;
}

}  // namespace

nlohmann::json load_report(const std::string& argument, const Loaded& loaded) {
  nlohmann::json j = {{"scenario", argument}, {"good", !loaded.has_errors()}};
  j["diagnostics"] = nlohmann::json::array();
  for (const Diagnostic& d : loaded.diagnostics) j["diagnostics"].push_back(to_json(d));
  if (loaded.has_errors()) return j;
  const models::Scenario& s = loaded.scenario;
  const PeakLoad load = peak_load(s);
  j["summary"] = {{"title", s.title},
                  {"horizon_s", sim::seconds(s.run.horizon)},
                  {"agents", people_of(s)},
                  {"gateways", s.gateways.size()},
                  {"channels", channels(s)},
                  {"peak_calls_per_s", load.calls_per_s},
                  {"peak_offered_erlangs", load.erlangs()},
                  {"agents_at_peak", load.agents},
                  {"queues", queues_json(s)},
                  {"faults", s.faults.size()}};
  return j;
}

std::string describe_scenario(const models::Scenario& s) {
  const PeakLoad load = peak_load(s);
  std::string out;
  if (!s.title.empty()) out += fmt::format("  {}\n", s.title);
  out += fmt::format("  {} of time, {} warm-up, seed {}\n", format_duration(s.run.horizon),
                     format_duration(s.run.warm_up), s.run.seed);
  out += fmt::format("  {} agents in {} group{}, {} gateway{} with {} channels\n", people_of(s),
                     s.agents.size(), s.agents.size() == 1 ? "" : "s", s.gateways.size(),
                     s.gateways.size() == 1 ? "" : "s", channels(s));
  if (load.calls_per_s > 0) {
    out += fmt::format("  at most {:.4g} calls/s = {} erlangs for {} agents: {}\n",
                       load.calls_per_s, amount_words(load.erlangs()), load.agents,
                       busy_words(load.erlangs(), load.agents));
    out += queue_lines(s);
  }
  for (const models::Fault& f : s.faults) {
    out += fmt::format("  {}: {}{}\n", format_duration(f.at.time_since_epoch()), f.text,
                       f.lasting ? ", for " + format_duration(*f.lasting) : "");
  }
  return out;
}

}  // namespace bcsim::tools
