#include "tools/scenario/rules/offered_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/scenario/rules/validator_service.hpp"
#include "tools/scenario/text/units.hpp"

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

double rate_at(const CallStream& stream, sim::SimTime t) {
  const models::SurgeStep* surge = current(stream.surge, t);
  return rate_at(stream.arrivals, t) * (surge == nullptr ? 1 : surge->factor);
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

}  // namespace

std::vector<sim::SimTime> moments(const models::Scenario& s) {
  std::vector<sim::SimTime> times = {sim::kStart};
  for (const CallStream& stream : s.calls) {
    if (const auto* profile = std::get_if<models::RateProfile>(&stream.arrivals)) {
      for (const models::RateStep& step : profile->steps) times.push_back(step.at);
    } else if (const auto* volumes = std::get_if<models::IntervalVolumes>(&stream.arrivals)) {
      for (const models::VolumeInterval& i : volumes->intervals) times.push_back(i.at);
    }
    for (const models::SurgeStep& step : stream.surge) times.push_back(step.at);
  }
  for (const models::AgentGroup& group : s.agents) {
    for (const models::StaffingStep& step : group.staffing) times.push_back(step.at);
  }
  std::erase_if(times, [&](sim::SimTime t) { return t.time_since_epoch() >= s.run.horizon; });
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  return times;
}

namespace {

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
    const double rate = rate_at(stream, t);
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

std::string moment_words(const models::Scenario& s, sim::SimTime t) {
  const sim::Duration since = t.time_since_epoch();
  return s.run.start_label ? format_clock((*s.run.start_label + since) % 24h)
                           : format_duration(since);
}

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

namespace {

/// How many of the groups for which `counts` says so are on shift then.
template <class Counts>
std::uint32_t people_among(const models::Scenario& s, sim::SimTime t, const Counts& counts) {
  std::uint32_t sum = 0;
  for (std::uint32_t g = 0; g < s.agents.size(); ++g) {
    if (counts(g)) sum += people_at(s.agents[g], t);
  }
  return sum;
}

/// Of a queue: at each site, if its calls stay there, and in all.
void add_queue(const models::Scenario& s, sim::SimTime t, std::uint32_t q,
               std::vector<Share>& shares) {
  const models::QueueOptions& queue = s.queues[q];
  Share all{
      .place = "queues." + queue.name, .whose = fmt::format("queue '{}'", queue.name), .queue = q};
  std::array<Share, models::kSites> local{all, all};
  for (const CallStream& stream : s.calls) {
    const double rate = rate_at(stream, t);
    const Work work = work_of(s, stream);
    if (stream.kind() == models::CallKind::queue && stream.queue == q) {
      all.calls_per_s += rate;
      all.erlangs += rate * work.first_s;
      for (models::SiteIndex site = 0; site < models::kSites; ++site) {
        const double here = rate * share_of_site(s, stream, site);
        local[site].calls_per_s += here;
        local[site].erlangs += here * work.first_s;
      }
    }
    if (stream.transfer.queue != q) continue;
    all.calls_per_s += rate * stream.transfer.share;
    all.erlangs += rate * work.second_s;
  }
  if (queue.hunt_group) {
    const auto& members = queue.hunt_group->members;
    all.whose = fmt::format("hunt group '{}'", queue.name);
    all.agents =
        people_among(s, t, [&](std::uint32_t g) { return std::ranges::count(members, g) > 0; });
    shares.push_back(std::move(all));
    return;
  }
  all.agents = people_among(s, t, [&](std::uint32_t g) { return s.agents[g].serves(q); });
  for (models::SiteIndex site = 0; site < models::kSites; ++site) {
    if (queue.routing_scope == models::RoutingScope::both_sites) break;
    Share& here = local[site];
    here.site = site;
    here.whose += " at " + s.sites[site].name;
    here.agents = people_among(s, t, [&](std::uint32_t g) {
      return s.agents[g].serves(q) && s.agents[g].preferred_site == site;
    });
    shares.push_back(std::move(here));
  }
  shares.push_back(std::move(all));
}

/// Of a group: calls passed on to it, and calls to its people's own numbers.
void add_group(const models::Scenario& s, sim::SimTime t, std::uint32_t g,
               std::vector<Share>& shares) {
  const std::string place = "agents." + s.agents[g].name;
  Share passed{.place = place, .whose = fmt::format("'{}' by transfers", s.agents[g].name)};
  Share called{.place = place, .whose = fmt::format("'{}' by their own numbers", s.agents[g].name)};
  for (const CallStream& stream : s.calls) {
    const double rate = rate_at(stream, t);
    if (stream.transfer.group == g) {
      passed.calls_per_s += rate * stream.transfer.share;
      passed.erlangs += rate * work_of(s, stream).second_s;
    }
    if (std::ranges::count(stream.to_agents, g) > 0) {
      std::uint32_t among = 0;  // whom the stream's callers may draw
      for (const std::uint32_t other : stream.to_agents) among += s.agents[other].count;
      if (among == 0) continue;
      called.calls_per_s += rate * s.agents[g].count / among;
      called.erlangs += rate * work_of(s, stream).first_s * s.agents[g].count / among;
    }
  }
  passed.agents = called.agents = people_at(s.agents[g], t);
  shares.push_back(std::move(passed));
  shares.push_back(std::move(called));
}

}  // namespace

std::vector<Share> shares_at(const models::Scenario& s, sim::SimTime t) {
  std::vector<Share> shares;
  for (std::uint32_t q = 0; q < s.queues.size(); ++q) add_queue(s, t, q, shares);
  for (std::uint32_t g = 0; g < s.agents.size(); ++g) add_group(s, t, g, shares);
  return shares;
}

}  // namespace bcsim::tools
