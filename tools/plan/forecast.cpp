#include "tools/plan/forecast.hpp"

#include <algorithm>
#include <variant>

namespace bcsim::tools {
namespace {

using models::kSites;
using models::Scenario;

models::ServiceLevelKind kind_of(models::ServiceLevelDefinition definition) {
  using models::ServiceLevelDefinition;
  // F5 differs from F1 in how soon a caller must have given up to be counted. No formula loses
  // calls, and then F6 is F3.
  if (definition == ServiceLevelDefinition::f5) return models::ServiceLevelKind::f1;
  if (definition == ServiceLevelDefinition::f6) return models::ServiceLevelKind::f3;
  return static_cast<models::ServiceLevelKind>(definition);
}

double queue_service_level(const Scenario& s, const models::QueueLoad& load) {
  if (load.calls_per_s <= 0) return 1;
  const models::Distribution& patience = s.calls.front().patience;
  if (load.agents <= 0 || !models::has_steady_state(load, patience)) return 0;
  const auto forecast =
      models::forecast_queue(load, patience, sim::seconds(s.run.service_level_threshold));
  return models::service_level(kind_of(s.run.service_level_definition), forecast);
}

/// Share of the calls that each gateway has, over all streams by their rates' weight in the file.
std::vector<double> gateway_shares_of(const Scenario& s, const Aftermath& after) {
  std::vector<double> shares(s.gateways.size(), 0);
  for (std::size_t g = 0; g < shares.size(); ++g) {
    for (const models::CallStream& stream : s.calls) {
      shares[g] += stream.gateway_share[g] / static_cast<double>(s.calls.size());
    }
  }
  double left = 0;
  for (std::size_t g = 0; g < shares.size(); ++g) {
    if (after.gateway_gone[g]) shares[g] = 0;
    left += shares[g];
  }
  for (double& share : shares) share = left > 0 ? share / left : 0;
  return shares;
}

bool is_pooled(const Scenario& s, const Aftermath& after) {
  return after.site_lost ||
         std::any_of(s.queues.begin(), s.queues.end(), [](const models::QueueOptions& q) {
           return q.routing_scope == models::RoutingScope::both_sites;
         });
}

}  // namespace

Aftermath no_failure(const Scenario& s) {
  Aftermath out;
  out.gateway_gone.assign(s.gateways.size(), false);
  return out;
}

Aftermath aftermath(const Scenario& s) {
  Aftermath out = no_failure(s);
  for (const models::Fault& fault : s.faults) {
    const auto* fail = std::get_if<models::Fail>(&fault.deed);
    if (std::holds_alternative<models::Drain>(fault.deed)) out.site_lost = true;
    if (fail == nullptr) continue;
    if (const auto* gateway = std::get_if<models::GatewayTarget>(&fail->target)) {
      out.gateway_gone[gateway->gateway] = true;
    } else if (const auto* site = std::get_if<models::SiteTarget>(&fail->target)) {
      out.site_lost = true;
      if (site->scope != models::SiteScope::building) continue;
      out.people_gone[site->site] = true;
      for (std::size_t g = 0; g < s.gateways.size(); ++g) {
        if (s.gateways[g].location == site->site) out.gateway_gone[g] = true;
      }
    }
  }
  return out;
}

double share_working(const models::AgentGroup& group, const Aftermath& after) {
  return group.location < kSites && after.people_gone[group.location] ? 0 : 1;
}

double forecast_service_level(const Scenario& s, const PeakLoad& load,
                              const std::vector<double>& agents, const Aftermath& after) {
  std::array<double, kSites> people{}, calls{};
  for (std::size_t g = 0; g < s.agents.size(); ++g) {
    people[s.agents[g].preferred_site] += agents[g] * share_working(s.agents[g], after);
  }
  const std::vector<double> shares = gateway_shares_of(s, after);
  for (std::size_t g = 0; g < shares.size(); ++g) calls[s.gateways[g].home_site] += shares[g];
  if (is_pooled(s, after)) {
    return queue_service_level(s, {load.calls_per_s, load.handling_s, people[0] + people[1]});
  }
  double level = 0;
  for (std::size_t i = 0; i < kSites; ++i) {
    if (calls[i] <= 0) continue;
    level += calls[i] *
             queue_service_level(s, {load.calls_per_s * calls[i], load.handling_s, people[i]});
  }
  return level;
}

double forecast_blocking(const Scenario& s, const PeakLoad& load,
                         const std::vector<double>& channels, const Aftermath& after) {
  const std::vector<double> shares = gateway_shares_of(s, after);
  double blocking = 0, served = 0;
  for (std::size_t g = 0; g < shares.size(); ++g) {
    served += shares[g];
    if (shares[g] <= 0) continue;
    blocking += shares[g] *
                models::erlang_b(load.channel_erlangs() * shares[g], static_cast<int>(channels[g]));
  }
  return served > 0 ? blocking : 1;
}

double forecast_crossing_calls(const Scenario& s, const PeakLoad& load, const Aftermath& after) {
  // After the loss of a site both ends meet in the other data centre: what has an end at the lost
  // site's location and one elsewhere crosses. Else calls cross where routing spans the sites.
  std::array<double, kSites> people{}, calls{};
  double everybody = 0;
  for (const models::AgentGroup& group : s.agents) {
    const double n = group.count * share_working(group, after);
    everybody += n;
    if (group.location < kSites) people[group.location] += n;
  }
  const std::vector<double> shares = gateway_shares_of(s, after);
  for (std::size_t g = 0; g < shares.size(); ++g) {
    if (s.gateways[g].location < kSites) calls[s.gateways[g].location] += shares[g];
  }
  if (everybody <= 0 || !is_pooled(s, after)) return 0;
  double most = 0;
  for (std::size_t i = 0; i < kSites; ++i) {
    const double here = people[i] / everybody;
    most = std::max(most, calls[i] * (1 - here) + (1 - calls[i]) * here);
  }
  return load.channel_erlangs() * most;
}

ServerLoad forecast_server_load(const Scenario& s, const PeakLoad& load, const Aftermath& after) {
  constexpr double kInvitesPerCall = 4, kOthersPerCall = 20;
  double phones = 0, registers = 0;
  std::array<double, kSites> at_site{};
  for (const models::AgentGroup& group : s.agents) {
    const double attempts =
        group.phone.expires.count() > 0
            ? 1 / (sim::seconds(group.phone.expires) * group.phone.refresh_fraction)
            : 0;
    const double messages = attempts * (s.sites[0].sip_server.digest ? 2 : 1);
    const double n = group.count * share_working(group, after);
    phones += n;
    registers += n * messages;
    at_site[group.preferred_site] += n * messages;
    if (group.phone.registration == models::RegistrationMode::dual) {
      at_site[models::peer_of(group.preferred_site)] += n * messages;
    }
  }
  const bool one = after.site_lost;
  const double part = one ? 1 : 0.5;
  return {one ? registers : std::max(at_site[0], at_site[1]),
          part * load.calls_per_s * kInvitesPerCall, part * load.calls_per_s * kOthersPerCall};
}

}  // namespace bcsim::tools
