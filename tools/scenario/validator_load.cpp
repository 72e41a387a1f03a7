#include "tools/scenario/validator_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "models/demand/erlang.hpp"
#include "tools/scenario/validator_service.hpp"
#include "tools/scenario/validator_trunks.hpp"

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

}  // namespace

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

std::uint32_t people_at(const models::AgentGroup& group, sim::SimTime t) {
  if (group.staffing.empty()) return group.count;
  const models::StaffingStep* step = current(group.staffing, t);
  return step == nullptr ? 0 : step->count;
}

namespace {

std::uint32_t agents_at(const models::Scenario& s, sim::SimTime t) {
  std::uint32_t agents = 0;
  for (const models::AgentGroup& group : s.agents) agents += people_at(group, t);
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

/// What an announcement adds to the time that a call which comes to a queue at this site holds its
/// channel. Who has no patience for it leaves during it; the others hear it to its end.
double announced_s(const models::Scenario& s, const CallStream& stream, models::SiteIndex site,
                   double served_s) {
  const models::SipServerOptions& server = s.sites[site].sip_server;
  const double length = sim::seconds(server.announcement);
  if (length <= 0 || !hears_announcement(s, stream, site)) return 0;
  const double gone = 1 - models::survival(stream.patience, length);
  return models::limited_mean_s(stream.patience, length) - gone * served_s;
}

}  // namespace

bool hears_announcement(const models::Scenario& s, const CallStream& stream,
                        models::SiteIndex site) {
  return stream.kind() == models::CallKind::queue && stream.queue < s.queues.size() &&
         !s.queues[stream.queue].hunt_group &&
         s.sites[site].sip_server.treatment == models::Treatment::always;
}

double channel_s(const models::Scenario& s, const CallStream& stream,
                 const std::array<double, models::kSites>& comes_to) {
  const double talk = models::mean_s(stream.talk) + hold_s(stream) + of_transfers(stream).talk_s;
  switch (stream.kind()) {
    case models::CallKind::internal:
      return 0;
    case models::CallKind::outgoing: {
      const double rings =
          std::min(models::mean_s(stream.answer_delay), models::mean_s(stream.setup_patience));
      return talk + (std::isfinite(rings) ? rings : 0);
    }
    case models::CallKind::queue:
    case models::CallKind::direct:
      break;
  }
  const double served = talk + ring_s(s);
  double announced = 0;
  for (models::SiteIndex site = 0; site < models::kSites; ++site) {
    if (comes_to[site] > 0) announced += comes_to[site] * announced_s(s, stream, site, served);
  }
  return served + announced;
}

double channel_s(const models::Scenario& s, const CallStream& stream) {
  return channel_s(s, stream, {share_of_site(s, stream, 0), share_of_site(s, stream, 1)});
}

PeakLoad load_at(const models::Scenario& s, sim::SimTime t) {
  PeakLoad load;
  load.at = t;
  load.agents = agents_at(s, t);
  for (const CallStream& stream : s.calls) {
    const double rate = rate_at(stream.arrivals, t);
    load.calls_per_s += rate;
    const bool internal = stream.kind() == models::CallKind::internal;  // two agents
    const Extra extra = of_transfers(stream);
    const double talk = models::mean_s(stream.talk) + hold_s(stream);
    load.talk_s += rate * channel_s(s, stream);
    load.handling_s +=
        rate *
        ((internal ? 2 : 1) * (talk + models::mean_s(stream.after_call_work)) + extra.handling_s);
  }
  if (load.calls_per_s > 0) {
    load.talk_s /= load.calls_per_s;
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

/// When most trunk channels are in use: not always when there is most work for each agent.
PeakLoad trunk_peak(const models::Scenario& s) {
  PeakLoad worst = peak_load(s);
  for (const sim::SimTime t : moments(s)) {
    const PeakLoad load = load_at(s, t);
    if (load.channel_erlangs() > worst.channel_erlangs() * (1 + 1e-9)) worst = load;
  }
  return worst;
}

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
                  std::isfinite(mean) ? fmt::format("'{}' would last {} days on average", name,
                                                    amount_words(mean / 86400))
                                      : fmt::format("'{}' would never end", name));
      finite = false;
    }
  }
  return finite;
}

std::string moment_words(const models::Scenario& s, sim::SimTime t) {
  const sim::Duration since = t.time_since_epoch();
  return s.run.start_label ? format_clock((*s.run.start_label + since) % 24h)
                           : format_duration(since);
}

/// What the calls of a stream ask, on average, of who answers them first and of whom they are
/// passed on to; without waits between the two.
struct Work {
  double first_s = 0, second_s = 0;
};
Work work_of(const models::Scenario& s, const CallStream& stream) {
  const double talk = models::mean_s(stream.talk), work = models::mean_s(stream.after_call_work);
  const double whole = talk + hold_s(stream) + work + ring_s(s);
  const models::TransferOptions& transfer = stream.transfer;
  if (transfer.share <= 0) return {whole, 0};
  const double until = transfer.after ? std::min(models::mean_s(*transfer.after), talk) : talk / 2;
  const bool asks = transfer.kind == models::TransferKind::consultation;
  const double asked = asks ? models::mean_s(transfer.consultation) : 0;
  const double given = asks ? 1 - transfer.reconnect : 1;
  const double first = until + asked + work + (1 - given) * (talk - until) + ring_s(s);
  return {(1 - transfer.share) * whole + transfer.share * first,
          transfer.share * (asked + given * (talk + work))};
}

/// Erlangs that only these agents can do, at one moment.
struct Share {
  std::string place, whose;  ///< where the key is, and "queue 'a' at site1"
  double erlangs = 0;
  std::uint32_t agents = 0;
};

/// By queue, by site where calls stay there, by hunt group, and by group that calls are passed on
/// to or that is called by the agents' own numbers.
std::vector<Share> shares_at(const Rules& rules, sim::SimTime t) {
  const models::Scenario& s = rules.scenario;
  const auto people = [&](auto&& counts) {
    std::uint32_t sum = 0;
    for (std::uint32_t g = 0; g < s.agents.size(); ++g) {
      if (counts(g)) sum += people_at(s.agents[g], t);
    }
    return sum;
  };
  std::vector<Share> shares;
  for (std::uint32_t q = 0; q < s.queues.size(); ++q) {
    const models::QueueOptions& queue = s.queues[q];
    Share all{"queues." + queue.name, fmt::format("queue '{}'", queue.name), 0, 0};
    std::array<double, models::kSites> local{};
    for (const CallStream& stream : s.calls) {
      const double rate = rate_at(stream.arrivals, t);
      const Work work = work_of(s, stream);
      if (stream.kind() == models::CallKind::queue && stream.queue == q) {
        all.erlangs += rate * work.first_s;
        for (models::SiteIndex site = 0; site < models::kSites; ++site) {
          local[site] += rate * work.first_s * share_of_site(s, stream, site);
        }
      }
      if (stream.transfer.queue == q) all.erlangs += rate * work.second_s;
    }
    if (queue.hunt_group) {
      const auto& members = queue.hunt_group->members;
      all.whose = fmt::format("hunt group '{}'", queue.name);
      all.agents = people([&](std::uint32_t g) { return std::ranges::count(members, g) > 0; });
      shares.push_back(std::move(all));
      continue;
    }
    all.agents = people([&](std::uint32_t g) { return s.agents[g].serves(q); });
    for (models::SiteIndex site = 0; site < models::kSites; ++site) {
      if (queue.routing_scope == models::RoutingScope::both_sites) break;
      shares.push_back({all.place, fmt::format("{} at {}", all.whose, s.sites[site].name),
                        local[site], people([&](std::uint32_t g) {
                          return s.agents[g].serves(q) && s.agents[g].preferred_site == site;
                        })});
    }
    shares.push_back(std::move(all));
  }
  for (std::uint32_t g = 0; g < s.agents.size(); ++g) {
    const std::string place = "agents." + s.agents[g].name;
    Share passed{place, fmt::format("'{}' by transfers", s.agents[g].name), 0, 0};
    Share called{place, fmt::format("'{}' by their own numbers", s.agents[g].name), 0, 0};
    for (const CallStream& stream : s.calls) {
      const double rate = rate_at(stream.arrivals, t);
      if (stream.transfer.group == g) passed.erlangs += rate * work_of(s, stream).second_s;
      if (std::ranges::count(stream.to_agents, g) > 0) {
        std::uint32_t among = 0;  // whom the stream's callers may draw
        for (const std::uint32_t other : stream.to_agents) among += s.agents[other].count;
        if (among == 0) continue;
        called.erlangs += rate * work_of(s, stream).first_s * s.agents[g].count / among;
      }
    }
    passed.agents = called.agents = people_at(s.agents[g], t);
    shares.push_back(std::move(passed));
    shares.push_back(std::move(called));
  }
  return shares;
}

/// M-W03 of a part: what one queue, site or group is offered is more than its agents can do. Where
/// nobody ever works, M-W07 says so.
void check_shares(const Rules& rules) {
  const models::Scenario& s = rules.scenario;
  const std::vector<sim::SimTime> times = moments(s);
  std::set<std::string> staffed, told;
  for (const sim::SimTime t : times) {
    for (const Share& share : shares_at(rules, t)) {
      if (share.agents > 0) staffed.insert(share.whose);
    }
  }
  for (const sim::SimTime t : times) {
    for (const Share& share : shares_at(rules, t)) {
      if (share.erlangs <= static_cast<double>(share.agents) || staffed.count(share.whose) == 0) {
        continue;
      }
      if (!told.insert(share.place).second) continue;
      const bool given = rules.given.count(share.place) > 0;
      const std::string offered = fmt::format("at {} {} erlangs are offered to ",
                                              moment_words(s, t), amount_words(share.erlangs));
      rules.warning("M-W03", given ? share.place : std::string("calls"),
                    share.agents == 0
                        ? fmt::format("{}{}, and nobody of them is at work", offered, share.whose)
                        : fmt::format("{}the {} agents of {}: overloaded without any failure",
                                      offered, share.agents, share.whose));
    }
  }
}

/// Sites whose buildings are lost with people who do not come back elsewhere.
std::set<models::SiteIndex> buildings_lost(const models::Scenario& s) {
  std::set<models::SiteIndex> lost;
  for (const models::Fault& fault : s.faults) {
    const auto* fail = std::get_if<models::Fail>(&fault.deed);
    const auto* site = fail == nullptr ? nullptr : std::get_if<models::SiteTarget>(&fail->target);
    const bool building = site != nullptr && site->scope == models::SiteScope::building;
    if (building && !fail->staff_return) lost.insert(site->site);
  }
  return lost;
}

bool sits_in(const models::AgentGroup& group, models::SiteIndex building) {
  return group.location == static_cast<models::LocationIndex>(building);
}

struct Survivors {
  std::uint32_t agents = 0;
  std::string without;  ///< ", without those in the building of site1,"; empty: nobody is missing
};

/// Agents of a lost site move to the survivor: everybody at work counts, but those whose building
/// is lost and who do not come back elsewhere.
Survivors survivors(const Rules& rules, const PeakLoad& load) {
  Survivors fewest{load.agents, ""};
  for (const models::SiteIndex building : buildings_lost(rules.scenario)) {
    std::uint32_t left = 0;
    for (const models::AgentGroup& group : rules.scenario.agents) {
      if (!sits_in(group, building)) left += people_at(group, load.at);
    }
    if (left >= fewest.agents) continue;
    fewest = {left, fmt::format(", without those in the building of {},",
                                rules.scenario.sites[building].name)};
  }
  return fewest;
}

/// V-W19, of one queue: a building is lost with all who serve it.
void check_queues_left(const Rules& rules) {
  const models::Scenario& s = rules.scenario;
  for (const models::SiteIndex building : buildings_lost(s)) {
    for (std::uint32_t q = 0; q < s.queues.size(); ++q) {
      bool served = false, still_served = false;
      for (std::uint32_t g = 0; g < s.agents.size(); ++g) {
        if (!s.agents[g].serves(q)) continue;
        (sits_in(s.agents[g], building) ? served : still_served) = true;
      }
      const bool called = std::ranges::any_of(s.calls, [&](const CallStream& stream) {
        return stream.kind() == models::CallKind::queue && stream.queue == q;
      });
      if (!called || !served || still_served) continue;
      rules.warning("V-W19", "queues." + s.queues[q].name,
                    fmt::format("all who serve queue '{}' sit in the building of {}, which is "
                                "lost: nobody is left for it (R7)",
                                s.queues[q].name, s.sites[building].name));
    }
  }
}

void check_agents(const Rules& rules, const PeakLoad& load) {
  const models::Scenario& s = rules.scenario;
  constexpr double kTarget = 0.8;
  const std::string label = moment_words(s, load.at);
  if (load.erlangs() > static_cast<double>(load.agents)) {
    rules.warning("M-W03", "calls",
                  fmt::format("at {} {} erlangs are offered to {} agents: overloaded without "
                              "any failure",
                              label, amount_words(load.erlangs()), load.agents));
    return;
  }
  if (!rules.any_refused("agents") && !rules.any_refused("queues") && !rules.any_refused("calls")) {
    check_shares(rules);
    check_queues_left(rules);
  }
  const Survivors left = survivors(rules, load);
  const models::QueueTarget target{.min_service_level = kTarget,
                                   .threshold_s = sim::seconds(s.run.service_level_threshold)};
  const models::QueueLoad queue{load.calls_per_s, load.handling_s, 1};
  const models::Distribution& patience = s.calls.front().patience;
  const int need = models::fewest_agents(queue, patience, target);
  if (static_cast<int>(left.agents) < need) {
    rules.warning("V-W19", "agents",
                  fmt::format("at {} {} agents at one surviving site{} are less than the {} that "
                              "{} erlangs need for {:.0f}% within {} (R7, R26)",
                              label, left.agents, left.without, need, amount_words(load.erlangs()),
                              kTarget * 100, format_duration(s.run.service_level_threshold)),
                  fmt::format("{} more agents", need - static_cast<int>(left.agents)));
  }
}

/// Does any call of this stream come before the run ends?
bool ever_called(const models::Scenario& s, const CallStream& stream) {
  const sim::SimTime end = sim::kStart + s.run.horizon;
  if (const auto* single = std::get_if<models::SingleCalls>(&stream.arrivals)) {
    return std::ranges::any_of(single->calls, [&](const auto& call) { return call.at < end; });
  }
  return std::ranges::any_of(moments(s),
                             [&](sim::SimTime t) { return rate_at(stream.arrivals, t) > 0; });
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
  if (agents > 0 && counted && load.calls_per_s > 0) check_agents(rules, load);
}

}  // namespace bcsim::tools
