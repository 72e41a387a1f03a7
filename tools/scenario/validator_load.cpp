#include "tools/scenario/validator_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/demand/erlang.hpp"

namespace bcsim::tools {
namespace {

using models::CallStream;

/// The last entry at or before t, or nullptr; they are in order.
template <class T>
const T* current(const std::vector<T>& entries, sim::SimTime t) {
  const auto next = std::upper_bound(entries.begin(), entries.end(), t,
                                     [](sim::SimTime time, const T& e) { return time < e.at; });
  return next == entries.begin() ? nullptr : &*std::prev(next);
}

double rate_at(const models::ArrivalSpec& arrivals, sim::SimTime t) {
  if (const auto* constant = std::get_if<models::ConstantRate>(&arrivals)) return constant->per_s;
  if (const auto* profile = std::get_if<models::RateProfile>(&arrivals)) {
    const models::RateStep* step = current(profile->steps, t);
    return step == nullptr ? 0 : step->per_s;
  }
  if (const auto* volumes = std::get_if<models::IntervalVolumes>(&arrivals)) {
    const models::VolumeInterval* i = current(volumes->intervals, t);
    if (i != nullptr && t < i->at + i->length) return i->count / sim::seconds(i->length);
  }
  return 0;
}

std::uint32_t agents_at(const models::Scenario& s, sim::SimTime t) {
  std::uint32_t agents = 0;
  for (const models::AgentGroup& group : s.agents) {
    const models::StaffingStep* step = current(group.staffing, t);
    agents += group.staffing.empty() ? group.count : step == nullptr ? 0 : step->count;
  }
  return agents;
}

// Whenever a rate or the number of agents changes inside the run.
std::vector<sim::SimTime> moments(const models::Scenario& s) {
  std::vector<sim::SimTime> times = {sim::kStart};
  for (const CallStream& stream : s.calls) {
    if (const auto* profile = std::get_if<models::RateProfile>(&stream.arrivals)) {
      for (const models::RateStep& step : profile->steps) times.push_back(step.at);
    } else if (const auto* volumes = std::get_if<models::IntervalVolumes>(&stream.arrivals)) {
      for (const models::VolumeInterval& i : volumes->intervals) times.push_back(i.at);
    }
  }
  for (const models::AgentGroup& group : s.agents) {
    for (const models::StaffingStep& step : group.staffing) times.push_back(step.at);
  }
  std::erase_if(times, [&](sim::SimTime t) { return t.time_since_epoch() >= s.run.horizon; });
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  return times;
}

double ring_s(const models::Scenario& s) {
  if (s.agents.empty()) return 0;
  const models::PhoneOptions& phone = s.agents.front().phone;
  return sim::seconds(phone.answer_delay) + sim::seconds(phone.answer_spread) / 2;
}

}  // namespace

namespace {

/// What passing calls on adds to a call of this stream, on average: the second agent's work, less
/// what the first one is spared. Waits for the second agent are left out.
struct Extra {
  double talk_s = 0, handling_s = 0;
};
Extra of_transfers(const CallStream& stream) {
  const models::TransferOptions& transfer = stream.transfer;
  if (transfer.share <= 0) return {};
  const double talk = models::mean_s(stream.talk), p = transfer.share;
  const double first = transfer.after ? std::min(models::mean_s(*transfer.after), talk) : talk / 2;
  if (transfer.kind == models::TransferKind::blind) {
    return {p * first, p * (first + models::mean_s(stream.after_call_work))};
  }
  const double asked = models::mean_s(transfer.consultation), goes_on = 1 - transfer.reconnect;
  return {p * (asked + goes_on * first),
          p * (2 * asked + goes_on * (first + models::mean_s(stream.after_call_work)))};
}

/// On hold he is busy, and the caller has his channel; an endless hold is no load to be planned
/// for.
double hold_s(const CallStream& stream) {
  const double mean = stream.hold_share > 0 ? models::mean_s(stream.hold) : 0;
  return std::isfinite(mean) ? stream.hold_share * mean : 0;
}

}  // namespace

PeakLoad load_at(const models::Scenario& s, sim::SimTime t) {
  PeakLoad load;
  load.at = t;
  load.agents = agents_at(s, t);
  for (const CallStream& stream : s.calls) {
    const double rate = rate_at(stream.arrivals, t);
    load.calls_per_s += rate;
    // Two agents, and no trunk channel.
    const bool internal = stream.kind() == models::CallKind::internal;
    const Extra extra = of_transfers(stream);
    const double talk = models::mean_s(stream.talk) + hold_s(stream);
    load.talk_s += internal ? 0 : rate * (talk + extra.talk_s);
    load.handling_s +=
        rate *
        ((internal ? 2 : 1) * (talk + models::mean_s(stream.after_call_work)) + extra.handling_s);
  }
  if (load.calls_per_s > 0) {
    load.talk_s = load.talk_s / load.calls_per_s + ring_s(s);
    load.handling_s = load.handling_s / load.calls_per_s + ring_s(s);
  }
  return load;
}

PeakLoad peak_load(const models::Scenario& s) {
  PeakLoad worst;
  double worst_ratio = -1;
  for (const sim::SimTime t : moments(s)) {
    const PeakLoad load = load_at(s, t);
    const double ratio = load.erlangs() / std::max(0.5, static_cast<double>(load.agents));
    if (ratio > worst_ratio) {
      worst = load;
      worst_ratio = ratio;
    }
  }
  return worst;
}

namespace {

/// Nobody talks for longer than a month; formulas of more than so many erlangs end nowhere.
constexpr double kLongestHandling_s = 30 * 86400.0;
constexpr double kMostErlangs = 1e7;

bool finite_handling(const Rules& rules) {
  bool finite = true;
  for (const CallStream& stream : rules.scenario.calls) {
    for (const auto& [name, d] :
         {std::pair{"talk", &stream.talk}, std::pair{"after-call-work", &stream.after_call_work},
          std::pair{"transfer.consultation", &stream.transfer.consultation}}) {
      const double mean = models::mean_s(*d);
      if (mean <= kLongestHandling_s) continue;
      rules.error("M-E05", fmt::format("calls.{}.{}", stream.name, name),
                  std::isfinite(mean)
                      ? fmt::format("'{}' would last {:.3g} days on average", name, mean / 86400)
                      : fmt::format("'{}' would never end", name));
      finite = false;
    }
  }
  return finite;
}

void check_agents(const Rules& rules, const PeakLoad& load) {
  const models::Scenario& s = rules.scenario;
  constexpr double kTarget = 0.8;
  const sim::Duration since = load.at.time_since_epoch();
  const std::string label =
      s.run.start_label ? format_clock((*s.run.start_label + since) % 24h) : format_duration(since);
  if (load.erlangs() > static_cast<double>(load.agents)) {
    rules.warning("M-W03", "calls",
                  fmt::format("at {} {:.4g} erlangs are offered to {} agents: overloaded without "
                              "any failure",
                              label, load.erlangs(), load.agents));
    return;
  }
  // Agents of the lost site move to the survivor: everybody at work counts.
  const models::QueueTarget target{.min_service_level = kTarget,
                                   .threshold_s = sim::seconds(s.run.service_level_threshold)};
  const models::QueueLoad queue{load.calls_per_s, load.handling_s, 1};
  const models::Distribution& patience = s.calls.front().patience;
  const int need = models::fewest_agents(queue, patience, target);
  if (static_cast<int>(load.agents) < need) {
    rules.warning("V-W19", "agents",
                  fmt::format("at {} {} agents at one surviving site are less than the {} that "
                              "{:.4g} erlangs need for {:.0f}% within {} (R7, R26)",
                              label, load.agents, need, load.erlangs(), kTarget * 100,
                              format_duration(s.run.service_level_threshold)),
                  fmt::format("{} more agents", need - static_cast<int>(load.agents)));
  }
}

void check_trunks(const Rules& rules, const PeakLoad& load) {
  const models::Scenario& s = rules.scenario;
  constexpr double kBlocking = 0.01;
  std::uint64_t all = 0;
  for (const models::GatewayOptions& g : s.gateways) all += g.channels;
  if (all == 0) {
    rules.error("M-E02", "sites", "there is no trunk channel: no call can come in",
                "give a gateway channels");
    return;
  }
  if (load.calls_per_s <= 0) return;
  const double erlangs = load.channel_erlangs();
  const auto warn = [&](const char* code, const std::string& path, const std::string& whose,
                        std::uint64_t channels) {
    const auto left = static_cast<int>(std::min<std::uint64_t>(channels, 10'000'000));
    const double blocking = models::erlang_b(erlangs, left);
    if (blocking <= kBlocking) return false;
    const std::string share =
        blocking < 0.995 ? fmt::format("{:.2g}", blocking * 100) : std::string("100");
    rules.warning(code, path,
                  fmt::format("{} {} channels block {}% of {:.4g} erlangs (R29)", whose, left,
                              share, erlangs),
                  fmt::format("{} channels would do", models::fewest_channels(erlangs, kBlocking)));
    return true;
  };
  if (warn("M-W14", "sites", "without any failure the", all)) return;
  for (const models::GatewayOptions& g : s.gateways) {
    (void)warn("V-W06", fmt::format("sites.{}.gateways.{}", s.sites[g.home_site].name, g.name),
               fmt::format("without {} the remaining", g.name), all - g.channels);
  }
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
  if (!finite_handling(rules)) return;
  const PeakLoad load = peak_load(s);
  if (!(load.channel_erlangs() <= kMostErlangs && load.erlangs() <= kMostErlangs)) {
    rules.error("M-E08", "calls",
                fmt::format("{:.3g} erlangs are offered: more than can be simulated",
                            std::max(load.channel_erlangs(), load.erlangs())));
    return;
  }
  if (!rules.any_refused("sites")) check_trunks(rules, load);
  if (agents > 0 && counted && load.calls_per_s > 0) check_agents(rules, load);
}

}  // namespace bcsim::tools
