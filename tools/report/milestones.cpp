#include "tools/report/milestones.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "tools/report/answer.hpp"
#include "tools/results/plain_words.hpp"

namespace bcsim::tools {
namespace {

/// First time since `from` at which each agent has this event, in order of time.
std::vector<double> first_times(const StoredResults& results, const std::string& event,
                                double from) {
  std::set<std::string> seen;
  std::vector<double> times;
  for (const StoredEvent& e : results.events()) {
    if (e.name != event || e.t <= from || !e.fields.contains("agent")) continue;
    if (seen.insert(e.fields.at("agent").get<std::string>()).second) times.push_back(e.t - from);
  }
  std::sort(times.begin(), times.end());
  return times;
}

/// What a site has done after each failure: "recovery.site1.switchover" after the first,
/// "recovery.2.site1.switchover" after the second. One milestone each, of the first time.
std::vector<Milestone> site_milestones(const StoredResults& r) {
  struct Times {
    std::map<int, double> after_s;  ///< by number of the failure
    std::string id;                 ///< of the first one
  };
  std::map<std::string, Times> by_label;
  for (const auto& [id, metric] : r.metrics()) {
    if (!id.starts_with("recovery.") || std::isnan(metric.value) || metric.value <= 0) continue;
    const bool switchover = id.ends_with(".switchover");
    if (!switchover && !id.ends_with(".single_mode")) continue;
    std::string site = id.substr(9, id.rfind('.') - 9);
    const std::size_t dot = site.find('.');
    const int failure = dot == std::string::npos ? 1 : std::stoi(site);
    if (dot != std::string::npos) site.erase(0, dot + 1);
    const std::string& name = r.site_names()[site == "site1" ? 0 : 1];
    Times& times = by_label[switchover ? name + ": backup SIP Server has taken over"
                                       : name + " works alone (single-site mode)"];
    times.after_s[failure] = metric.value;
    if (times.after_s.begin()->first == failure) times.id = id;
  }
  std::vector<Milestone> out;
  for (const auto& [label, times] : by_label) {
    const auto [failure, after] = *times.after_s.begin();
    std::string note;
    if (failure > 1) {
      const double at = r.value(fmt::format("recovery.{}.at", failure));
      note = fmt::format("counted from “{}” at {}", fault_at(r, at), clock_of(r, at));
    }
    if (times.after_s.size() > 1) {
      const auto [least, most] =
          std::minmax_element(times.after_s.begin(), times.after_s.end(),
                              [](const auto& a, const auto& b) { return a.second < b.second; });
      const std::string first = duration_words(least->second), last = duration_words(most->second);
      note += fmt::format("{}after {} failures, within {}", note.empty() ? "" : "; ",
                          times.after_s.size(), first == last ? first : first + " to " + last);
    }
    out.push_back({label, note, after, times.id, {}});
  }
  return out;
}

/// Phones or agents, who come back one by one. Where their events are not what brings them back
/// (phones whose server's backup takes over need not register), there is no curve.
std::optional<Milestone> people_milestone(const StoredResults& r, const char* label,
                                          const std::string& what, const char* event) {
  const std::string id = "recovery." + what;
  const double affected = r.value(id + "_affected");
  if (!(affected > 0)) return std::nullopt;
  const double half = r.value(id + "_50"), most = r.value(id + "_90");
  const auto words = [](double after) {
    return std::isnan(after) ? "not by the end" : "after " + duration_words(after);
  };
  Milestone m{label, "", r.value(id + "_100"), id + "_100", {}};
  m.note = fmt::format("{} of them: half {}, 90 % {}", whole_number_words(affected), words(half),
                       words(most));
  double back = 0, half_of_curve = std::numeric_limits<double>::quiet_NaN();
  for (const double t : first_times(r, event, first_failure_s(r))) {
    if (++back > affected) break;
    m.curve.emplace_back(t, back / affected);
    if (std::isnan(half_of_curve) && back >= 0.5 * affected) half_of_curve = t;
  }
  // The metrics are means of all replications, the events those of one.
  const bool agree = std::isnan(half) == std::isnan(half_of_curve) &&
                     !(half_of_curve > 2 * half + 1) && !(half > 2 * half_of_curve + 1);
  if (!agree) m.curve.clear();
  return m;
}

}  // namespace

std::vector<Milestone> milestones(const StoredResults& r) {
  if (std::isnan(first_failure_s(r))) return {};
  std::vector<Milestone> out = site_milestones(r);
  const auto once = [&](std::string label, const std::string& id, std::string note = "") {
    const double after = r.value(id);
    if (!std::isnan(after) && after > 0)
      out.push_back({std::move(label), std::move(note), after, id, {}});
  };
  std::string prefix = "recovery.gateway.";
  for (auto it = r.metrics().lower_bound(prefix);
       it != r.metrics().end() && it->first.starts_with(prefix); ++it) {
    std::string name = it->first.substr(prefix.size());
    name = name.substr(0, name.rfind('.'));
    once(fmt::format("{}: calls go another way", name), it->first);
  }
  for (auto& people : {people_milestone(r, "Phones can be reached again", "phones", "reg.ok"),
                       people_milestone(r, "Agents at work again", "agents", "agent.at_work")}) {
    if (people) out.push_back(*people);
  }
  once("Service level back", "recovery.service_level_back");
  once("Queue as short as before", "recovery.queue_drained",
       fmt::format("at most {} waiting", whole_number_words(r.value("recovery.queue_peak"))));
  std::stable_sort(out.begin(), out.end(), [](const Milestone& a, const Milestone& b) {
    return std::isnan(b.after_s) ? !std::isnan(a.after_s) : a.after_s < b.after_s;
  });
  return out;
}

}  // namespace bcsim::tools
