#include "tools/scenario/rules/validator_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/scenario/rules/offered_load.hpp"
#include "tools/scenario/rules/validator_people.hpp"
#include "tools/scenario/rules/validator_trunks.hpp"

namespace bcsim::tools {
namespace {

using models::CallStream;

/// When most trunk channels are in use: not always when there is most work for each agent.
PeakLoad trunk_peak(const models::Scenario& s) {
  PeakLoad worst = peak_load(s);
  for (const sim::SimTime t : moments(s)) {
    const PeakLoad load = load_at(s, t);
    if (load.channel_erlangs() > worst.channel_erlangs() * (1 + 1e-9)) worst = load;
  }
  return worst;
}

/// Nobody talks for longer than a month.
constexpr double kLongestHandling_s = 30 * 86400.0;

bool finite_handling(const Rules& rules) {
  bool finite = true;
  for (const CallStream& stream : rules.scenario.calls) {
    for (const auto& [name, d] :
         {std::pair{"talk", &stream.talk}, std::pair{"after-call-work", &stream.after_call_work},
          std::pair{"transfer.consultation", &stream.transfer.consultation}}) {
      const double mean = models::mean_s(*d);
      if (mean <= kLongestHandling_s) continue;
      rules.error("M-E05", fmt::format("calls.{}.{}", stream.name, name),
                  std::isfinite(mean) ? fmt::format("'{}' would last {} days on average", name,
                                                    amount_words(mean / 86400))
                                      : fmt::format("'{}' would never end", name));
      finite = false;
    }
  }
  return finite;
}

/// Does any call of this stream come before the run ends?
bool ever_called(const models::Scenario& s, const CallStream& stream) {
  const sim::SimTime end = sim::kStart + s.run.horizon;
  if (const auto* single = std::get_if<models::SingleCalls>(&stream.arrivals)) {
    return std::ranges::any_of(single->calls, [&](const auto& call) { return call.at < end; });
  }
  return std::ranges::any_of(moments(s), [&](sim::SimTime t) { return rate_at(stream, t) > 0; });
}

// The number of people is known: no count that would have been given is lost.
bool people_known(const Rules& rules) {
  if (rules.was_refused("agents")) return false;
  for (const models::AgentGroup& group : rules.scenario.agents) {
    const std::string path = "agents." + group.name;
    if (rules.was_refused(path) || rules.was_refused(path + ".count") ||
        rules.any_refused(path + ".staffing") || rules.any_refused(path + ".shifts")) {
      return false;
    }
  }
  return true;
}

}  // namespace

void check_load(const Rules& rules) {
  const models::Scenario& s = rules.scenario;
  std::uint64_t agents = 0;
  for (const models::AgentGroup& group : s.agents) agents += group.count;
  const bool counted = people_known(rules);
  if (agents == 0 && counted) {
    rules.error("M-E01", "agents", "there is no agent to answer a call",
                "agents: {team1: {count: 100, location: site1}}");
  }
  if (s.calls.empty() && !rules.was_refused("calls")) {
    rules.warning("M-W02", "calls", "there are no calls", "calls: {main: {rate: 0.5/s}}");
  }
  for (const CallStream& stream : s.calls) {
    if (rules.diagnostics.has_errors() || ever_called(s, stream)) continue;
    rules.warning("M-W02", "calls." + stream.name,
                  fmt::format("no call of '{}' comes before the run ends at {}", stream.name,
                              format_duration(s.run.horizon)),
                  "run.start, run.horizon, or the times of the calls");
  }
  if (!finite_handling(rules)) return;
  const PeakLoad load = peak_load(s);
  if (!(load.channel_erlangs() <= kMostErlangs && load.erlangs() <= kMostErlangs)) {
    rules.error("M-E08", "calls",
                fmt::format("{} erlangs are offered: more than can be simulated",
                            amount_words(std::max(load.channel_erlangs(), load.erlangs()))));
    return;
  }
  if (!rules.any_refused("sites")) check_trunks(rules, trunk_peak(s));
  if (agents > 0 && counted && load.calls_per_s > 0) check_people(rules, load);
}

}  // namespace bcsim::tools
