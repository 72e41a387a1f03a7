#include "tools/scenario/rules/validator_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "tools/scenario/rules/ways.hpp"

namespace bcsim::tools {
namespace {

using models::CallKind;
using models::CallStream;
using models::kSites;
using models::SiteIndex;

bool contains(const std::vector<std::uint32_t>& list, std::uint32_t index) {
  return std::ranges::count(list, index) > 0;
}

}  // namespace

std::uint32_t people(const models::AgentGroup& group) {
  if (group.staffing.empty()) return group.count;
  std::uint32_t most = 0;
  for (const models::StaffingStep& step : group.staffing) most = std::max(most, step.count);
  return most;
}

bool registers_at(const models::AgentGroup& group, SiteIndex site) {
  return group.phone.registration == models::RegistrationMode::dual ||
         group.phone.preferred_site.value_or(group.preferred_site) == site;
}

namespace {

/// Is anybody of this group called by his own number, by callers or by colleagues?
bool called_directly(const models::Scenario& s, std::uint32_t group) {
  return std::ranges::any_of(
      s.calls, [&](const CallStream& stream) { return contains(stream.to_agents, group); });
}

/// Are calls passed on to this group?
bool passed_on_to(const models::Scenario& s, std::uint32_t group) {
  return std::ranges::any_of(s.calls, [&](const CallStream& stream) {
    return stream.transfer.share > 0 && stream.transfer.group == group;
  });
}

bool places_calls(const models::Scenario& s, std::uint32_t group) {
  return std::ranges::any_of(
      s.calls, [&](const CallStream& stream) { return contains(stream.from_agents, group); });
}

bool in_hunt_group(const models::Scenario& s, std::uint32_t group) {
  return std::ranges::any_of(s.queues, [&](const models::QueueOptions& queue) {
    return queue.hunt_group && contains(queue.hunt_group->members, group);
  });
}

/// Calls wait in this queue, put there by callers or by agents who pass them on.
bool in_use(const models::Scenario& s, std::uint32_t queue) {
  return std::ranges::any_of(s.calls, [&](const CallStream& stream) {
    return (stream.kind() == CallKind::queue && stream.queue == queue) ||
           (stream.transfer.share > 0 && stream.transfer.queue == queue);
  });
}

bool takes_queued_calls(const models::Scenario& s, std::uint32_t group) {
  for (std::uint32_t q = 0; q < s.queues.size(); ++q) {
    if (!s.queues[q].hunt_group && in_use(s, q) && s.agents[group].serves(q)) return true;
  }
  return false;
}

/// One way of being rung, and how long it may take.
struct RingLimit {
  std::string option;  ///< "after-routing-timeout of SIP_Server_1"
  sim::Duration limit;
  sim::Duration way{};  ///< of the limit, what goes by before it rings and after the answer
  /// In a hunt group others are rung besides: what one phone misses says nothing of the call.
  bool among_others = false;
};

/// Share of the calls for which a phone rings longer than it may.
double late_share(const models::PhoneOptions& phone, sim::Duration limit) {
  if (phone.answer_delay >= limit) return 1;
  const sim::Duration latest = phone.answer_delay + phone.answer_spread;
  return latest <= limit ? 0 : sim::seconds(latest - limit) / sim::seconds(phone.answer_spread);
}

std::string way_words(const RingLimit& ring) {
  return fmt::format(", word of it is on the way for {}", at_least(ring.way));
}

std::string sooner_than(const RingLimit& ring) {
  return ring.limit > ring.way
             ? fmt::format("answer sooner than {}", at_most(ring.limit - ring.way))
             : "a longer limit, or a faster network";
}

/// M-W06: a phone that rings as long as it may is not answered.
void check_ringing(const Rules& rules, const models::AgentGroup& group, const RingLimit& ring) {
  const models::PhoneOptions& phone = group.phone;
  const sim::Duration latest = phone.answer_delay + phone.answer_spread + ring.way;
  if (ring.limit <= 0s || latest < ring.limit || latest == 0s) return;
  const std::string path = "agents." + group.name;
  const bool never = phone.answer_delay + ring.way >= ring.limit;
  if (!never && latest == ring.limit) return;  // of a spread, the limit itself counts for nothing
  if (!never && ring.among_others) return;     // see check_hunt_ringing
  // Word of the call, and of the answer, counts where it matters only.
  const bool by_way = phone.answer_delay + (never ? 0s : phone.answer_spread) < ring.limit;
  const std::string way = by_way ? way_words(ring) : "";
  const std::string message =
      never
          ? fmt::format(
                "nobody of '{}' answers in time: their phones ring for {}{}, but {} is "
                "{}",
                group.name, format_duration(phone.answer_delay), way, ring.option,
                format_duration(ring.limit))
          : fmt::format(
                "{} of the calls to '{}' are not answered: their phones ring for up "
                "to {}{}, but {} is {}",
                share_words(late_share(phone, ring.limit - ring.way)), group.name,
                format_duration(latest - ring.way), way, ring.option, format_duration(ring.limit));
  const bool spread = rules.given.count(path + ".phone.answer-spread") > 0 && !never;
  rules.warning("M-W06", path + (spread ? ".phone.answer-spread" : ".phone.answer-delay"), message,
                sooner_than(ring));
}

/// The soonest end of a ringing that the callers hear, as far as gateways decide it.
std::optional<RingLimit> gateway_limit(const models::Scenario& s) {
  const auto shortest =
      std::ranges::min_element(s.gateways, {}, &models::GatewayOptions::ring_timeout);
  if (shortest == s.gateways.end()) return std::nullopt;
  return RingLimit{"ring-timeout of " + shortest->name, shortest->ring_timeout};
}

/// What ends the ringing of the phones of a group in a hunt group that a site distributes.
RingLimit hunt_limit(const models::Scenario& s, const models::QueueOptions& queue,
                     const models::AgentGroup& group, SiteIndex site) {
  const bool one_site = hunting_sites(s, queue)[models::peer_of(site)] == 0;
  return {one_site ? "hg-noanswer-timeout of " + queue.name
                   : fmt::format("hg-noanswer-timeout of {} at {}", queue.name, s.sites[site].name),
          queue.hunt_group->no_answer_timeout, phone_reached_after(s, group, site), true};
}

/// How the calls to a hunt group fare that one site distributes.
struct Hunted {
  double missed = 1;  ///< share of them that no phone answers in time
  std::uint32_t phones = 0;
  const models::AgentGroup* slowest = nullptr;
  RingLimit ring{};  ///< what ends the ringing of the slowest
};
Hunted hunted_at(const models::Scenario& s, const models::QueueOptions& queue, SiteIndex site) {
  Hunted hunted;
  sim::Duration longest{};
  const auto gateway = gateway_limit(s);
  for (const std::uint32_t g : std::set<std::uint32_t>(queue.hunt_group->members.begin(),
                                                       queue.hunt_group->members.end())) {
    const models::AgentGroup& group = s.agents[g];
    if (people(group) == 0 || !registers_at(group, site)) continue;
    RingLimit ring = hunt_limit(s, queue, group, site);
    if (gateway && gateway->limit < ring.limit) {
      ring.option = gateway->option;
      ring.limit = gateway->limit;
    }
    hunted.phones += people(group);
    hunted.missed *= std::pow(late_share(group.phone, ring.limit - ring.way), people(group));
    const sim::Duration latest = group.phone.answer_delay + group.phone.answer_spread + ring.way;
    if (hunted.slowest != nullptr && latest <= longest) continue;
    hunted.slowest = &group;
    hunted.ring = std::move(ring);
    longest = latest;
  }
  return hunted;
}

/// M-W06: a call to a hunt group is not answered if none of the phones is that it rings, at once or
/// one after the other.
void check_hunt_ringing(const Rules& rules, const models::QueueOptions& queue) {
  const models::Scenario& s = rules.scenario;
  constexpr double kSeldom = 1e-4, kSeldomByWay = 1e-3;  // of a spread, the very end is no news
  const std::array<double, kSites> sites = hunting_sites(s, queue);
  double none = 0;
  Hunted worst;
  for (SiteIndex site = 0; site < kSites; ++site) {
    Hunted hunted = hunted_at(s, queue, site);
    // Of phones that never answer each is told.
    if (hunted.phones == 0 || hunted.missed == 1 || sites[site] == 0) continue;
    none += sites[site] * hunted.missed;
    if (worst.phones == 0 || hunted.missed > worst.missed) worst = std::move(hunted);
  }
  if (none < kSeldom) return;
  const models::PhoneOptions& phone = worst.slowest->phone;
  const sim::Duration longest = phone.answer_delay + phone.answer_spread;
  const RingLimit& ring = worst.ring;
  const bool by_way = longest <= ring.limit;
  if (by_way && none < kSeldomByWay) return;
  rules.warning("M-W06", fmt::format("agents.{}.phone.answer-spread", worst.slowest->name),
                fmt::format("{} of the calls to hunt group '{}' are not answered though {} ring: "
                            "for up to {}{}, but {} is {}",
                            share_words(none), queue.name,
                            worst.phones == 1 ? "its phone may"
                                              : fmt::format("all its {} phones may", worst.phones),
                            format_duration(longest), by_way ? way_words(ring) : "", ring.option,
                            format_duration(ring.limit)),
                sooner_than(ring));
}

/// The ways in which the phones of a group are rung; one entry for each option.
std::vector<RingLimit> ring_limits(const Rules& rules, std::uint32_t group) {
  const models::Scenario& s = rules.scenario;
  const bool direct = called_directly(s, group), queued = takes_queued_calls(s, group);
  const bool among_others = !direct && !queued && !passed_on_to(s, group);
  std::vector<RingLimit> limits = {
      {"the longest that a phone rings", models::PhoneOptions::kRingLimit, {}, among_others}};
  const auto shortest = [&](const char* option, auto member) {
    const SiteIndex home = s.agents[group].preferred_site;
    const SiteIndex other = models::peer_of(home);
    const auto of = [&](SiteIndex site) {
      const models::SipServerOptions& server = s.sites[site].sip_server;
      // Without a destination to overflow to the phone rings on.
      const bool rings_on = member == &models::SipServerOptions::agent_no_answer_timeout &&
                            !server.agent_no_answer_overflow;
      return rings_on ? sim::Duration{} : server.*member;
    };
    const auto way = [&](SiteIndex site) { return phone_reached_after(s, s.agents[group], site); };
    // Where they work while all is well; then where they go.
    const models::PhoneOptions& phone = s.agents[group].phone;
    const bool later =
        of(home) > 0s && phone.answer_delay + phone.answer_spread + way(home) <= of(home);
    const SiteIndex site = later ? other : home;
    limits.push_back({fmt::format("{} of {}", option, s.sites[site].name), of(site), way(site)});
  };
  if (queued || passed_on_to(s, group)) {
    shortest("after-routing-timeout", &models::SipServerOptions::after_routing_timeout);
  }
  bool ringing_tone = direct;
  if (direct) {
    shortest("agent-no-answer-timeout", &models::SipServerOptions::agent_no_answer_timeout);
  }
  for (std::uint32_t q = 0; q < s.queues.size(); ++q) {
    const models::QueueOptions& queue = s.queues[q];
    if (!queue.hunt_group || !in_use(s, q) || !contains(queue.hunt_group->members, group)) continue;
    const std::array<double, kSites> sites = hunting_sites(s, queue);
    for (SiteIndex site = 0; site < kSites; ++site) {
      if (sites[site] == 0 || !registers_at(s.agents[group], site)) continue;
      limits.push_back(hunt_limit(s, queue, s.agents[group], site));
      ringing_tone = true;
    }
  }
  // Who hears no music is still being set up, and his gateway's patience is limited.
  for (const models::SiteOptions& site : s.sites) {
    ringing_tone =
        ringing_tone || (queued && site.sip_server.treatment != models::Treatment::always);
  }
  if (const auto limit = gateway_limit(s); ringing_tone && limit) {
    const models::AgentGroup& rung = s.agents[group];
    const sim::Duration way =
        among_others ? sim::Duration{} : phone_reached_after(s, rung, rung.preferred_site);
    limits.push_back({limit->option, limit->limit, way, among_others});
  }
  return limits;
}

/// M-W07 of calls that agents at a site pass on to a queue which is served at the other one only.
void check_passed_on(const Rules& rules, std::uint32_t q, SiteIndex site) {
  const models::Scenario& s = rules.scenario;
  const SiteIndex other = models::peer_of(site);
  for (const CallStream& stream : s.calls) {
    if (stream.transfer.share <= 0 || stream.transfer.queue != q) continue;
    bool answered_here = stream.kind() == CallKind::queue && share_of_site(s, stream, site) > 0;
    for (const std::uint32_t g : stream.to_agents) {
      answered_here = answered_here || s.agents[g].preferred_site == site;
    }
    if (!answered_here) continue;
    rules.warning(
        "M-W07", "calls." + stream.name + ".transfer.to",
        fmt::format("calls of '{}' that are passed on to the queue '{}' at {} wait there "
                    "until they give up: it is served at {} only",
                    stream.name, s.queues[q].name, s.sites[site].name, s.sites[other].name),
        fmt::format("queues: {{{}: {{routing-scope: both-sites}}}}, or agents who prefer "
                    "{}",
                    s.queues[q].name, s.sites[site].name));
  }
}

/// M-W07: calls come to a queue at a site where nobody serves it, and stay there.
void check_queue(const Rules& rules, std::uint32_t q) {
  const models::Scenario& s = rules.scenario;
  const models::QueueOptions& queue = s.queues[q];
  // Who cannot be served is passed on soon.
  if (queue.default_destination && (queue.maximum_wait || queue.limit == 0u)) return;
  std::array<std::uint32_t, kSites> served{};
  for (std::uint32_t g = 0; g < s.agents.size(); ++g) {
    if (s.agents[g].serves(q)) served[s.agents[g].preferred_site] += people(s.agents[g]);
  }
  const bool anywhere = queue.routing_scope == models::RoutingScope::both_sites;
  for (SiteIndex site = 0; site < kSites; ++site) {
    if (served[site] > 0 || (anywhere && served[models::peer_of(site)] > 0)) continue;
    if (served[models::peer_of(site)] > 0) check_passed_on(rules, q, site);
    for (const CallStream& stream : s.calls) {
      if (stream.kind() != CallKind::queue || stream.queue != q) continue;
      const double share = share_of_site(s, stream, site);
      if (share <= 0) continue;
      const bool elsewhere = served[models::peer_of(site)] > 0;
      rules.warning(
          "M-W07", "calls." + stream.name,
          fmt::format("{:.3g}% of the calls of '{}' come to {}, where nobody serves the queue "
                      "'{}': they wait there until they give up",
                      share * 100, stream.name, s.sites[site].name, queue.name),
          elsewhere
              ? fmt::format("queues: {{{}: {{routing-scope: both-sites}}}}, or agents who "
                            "prefer {}, or gateways: shares",
                            queue.name, s.sites[site].name)
              : fmt::format("agents who prefer {} and serve '{}'", s.sites[site].name, queue.name));
    }
  }
}

/// Single calls come as they are listed. M-W08: who was counted when he called again would call
/// again once more.
void check_single_calls(const Rules& rules, const CallStream& stream) {
  if (!std::holds_alternative<models::SingleCalls>(stream.arrivals)) return;
  const std::string path = "calls." + stream.name;
  if (stream.busyness_cv > 0 || !stream.surge.empty()) {
    const char* key = stream.busyness_cv > 0 ? "busyness-cv" : "surge";
    rules.error("S-013", fmt::format("{}.{}", path, key),
                fmt::format("'{}' does not act on single calls", key), "rate, profile or volumes");
  }
  if (!stream.redial.enabled) return;
  if (rules.given.count(path + ".redial") > 0) return;  // it was meant
  rules.warning("M-W08", path + ".calls",
                fmt::format("'{}' lists single calls, and callers who are lost redial besides: in "
                            "a recording they are listed already",
                            stream.name),
                "redial: {enabled: false}");
}

/// M-W11: the shortest way of writing a patience is seldom what is meant.
void check_patience(const Rules& rules, const CallStream& stream) {
  const auto* all = std::get_if<models::Deterministic>(&stream.patience);
  const std::string path = fmt::format("calls.{}.patience", stream.name);
  const auto given = rules.given.lower_bound(path);
  if (all == nullptr || given == rules.given.end() || given->first != path) return;
  if (rules.given.count(path + ".deterministic") > 0) return;  // said so
  const std::string time = format_seconds(all->value_s);
  rules.warning(
      "M-W11", path,
      fmt::format("every caller of '{}' gives up after exactly {}", stream.name, time),
      fmt::format("{{exponential: {0}}}, or {{deterministic: {0}}} if that is meant", time));
}

/// Whom agents call: there is somebody, and nobody calls himself.
void check_callees(const Rules& rules, const CallStream& stream) {
  const models::Scenario& s = rules.scenario;
  const std::string path = "calls." + stream.name;
  const auto count = [&](const std::vector<std::uint32_t>& groups) {
    std::uint64_t sum = 0;
    for (const std::uint32_t g : std::set<std::uint32_t>(groups.begin(), groups.end())) {
      sum += s.agents[g].count;
    }
    return sum;
  };
  for (const auto& [name, groups] : {std::pair{".to-agents", &stream.to_agents},
                                     std::pair{".from-agents", &stream.from_agents}}) {
    if (groups->empty() || count(*groups) > 0 || rules.any_refused("agents")) continue;
    rules.error("S-006", path + name, "there is nobody in these groups", "count: 1, or more");
    return;
  }
  if (stream.kind() != CallKind::internal || count(stream.to_agents) != 1) return;
  const bool himself = std::ranges::any_of(stream.to_agents, [&](std::uint32_t g) {
    return s.agents[g].count > 0 && contains(stream.from_agents, g);
  });
  if (!himself) return;
  rules.error("S-006", path + ".to-agents", "an agent cannot call himself: two are needed");
}

}  // namespace

double share_of_site(const models::Scenario& s, const CallStream& stream, SiteIndex site) {
  double share = 0;
  if (const auto* single = std::get_if<models::SingleCalls>(&stream.arrivals)) {
    // Pinned calls come through their own gateway, whatever the shares say.
    const bool all_pinned = !single->calls.empty() &&
                            std::ranges::all_of(single->calls, [](const models::SingleCall& call) {
                              return call.gateway.has_value();
                            });
    std::set<std::uint32_t> used;
    for (const models::SingleCall& call : single->calls) {
      if (call.gateway) used.insert(*call.gateway);
    }
    for (const std::uint32_t g : used) {
      const models::GatewayOptions& gateway = s.gateways[g];
      if (gateway.home_site == site || gateway.redundancy == models::RedundancyMode::load_balance) {
        share += 1.0 / static_cast<double>(used.size());
      }
    }
    if (all_pinned) return share;
  }
  for (std::size_t g = 0; g < s.gateways.size() && g < stream.gateway_share.size(); ++g) {
    const bool both = s.gateways[g].redundancy == models::RedundancyMode::load_balance;
    if (both || s.gateways[g].home_site == site) share += stream.gateway_share[g] * (both ? .5 : 1);
  }
  return std::min(share, 1.0);
}

std::array<double, kSites> hunting_sites(const models::Scenario& s,
                                         const models::QueueOptions& queue) {
  std::array<double, kSites> sites{};
  double all = 0;
  for (std::size_t q = 0; q < s.queues.size(); ++q) {
    if (&s.queues[q] != &queue) continue;
    for (const CallStream& stream : s.calls) {
      if (stream.kind() != CallKind::queue || stream.queue != q) continue;
      for (SiteIndex from = 0; from < kSites; ++from) {
        const double share = share_of_site(s, stream, from);
        const std::string& preferred = queue.hunt_group->preferred_site[from];
        SiteIndex site = from;
        for (SiteIndex other = 0; other < kSites; ++other) {
          if (s.sites[other].sip_server.name == preferred) site = other;
        }
        sites[site] += share;
        all += share;
      }
    }
  }
  for (double& share : sites) share = all > 0 ? share / all : 0;
  return sites;
}

void check_service(const Rules& rules) {
  const models::Scenario& s = rules.scenario;
  for (const CallStream& stream : s.calls) {
    check_callees(rules, stream);
    check_single_calls(rules, stream);
    check_patience(rules, stream);
  }
  if (rules.any_refused("agents") || rules.any_refused("queues") || rules.any_refused("calls")) {
    return;
  }
  std::uint64_t all = 0;
  for (std::uint32_t g = 0; g < s.agents.size(); ++g) {
    const models::AgentGroup& group = s.agents[g];
    all += people(group);
    const bool serves_none = group.queues && group.queues->empty();
    if (serves_none && !in_hunt_group(s, g) && !called_directly(s, g) && !passed_on_to(s, g) &&
        !places_calls(s, g)) {
      rules.error("M-E06", fmt::format("agents.{}.queues", group.name),
                  fmt::format("the agents of '{}' have nothing to do: they serve no queue, are in "
                              "no hunt group, and nobody calls them",
                              group.name),
                  "queues: all, or a list of queues");
    }
    if (people(group) == 0) continue;
    for (const RingLimit& ring : ring_limits(rules, g)) check_ringing(rules, group, ring);
  }
  if (all == 0) return;  // M-E01 says so
  for (std::uint32_t q = 0; q < s.queues.size(); ++q) {
    if (!s.queues[q].hunt_group) {
      check_queue(rules, q);
    } else if (in_use(s, q)) {
      check_hunt_ringing(rules, s.queues[q]);
    }
  }
}

}  // namespace bcsim::tools
