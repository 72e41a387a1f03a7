#include "tools/scenario/validator_timeouts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "models/endpoints/failover_policy.hpp"
#include "tools/scenario/validator_service.hpp"

namespace bcsim::tools {
namespace {

using models::CallKind;
using models::kSites;
using models::LinkOptions;
using models::SiteIndex;
using sim::Duration;

std::string more_than(Duration way) {
  return fmt::format("more than {}", format_duration(way));
}

/// What a SIP user agent of our models waits for the answer to a request that is no INVITE.
Duration longest_silence(const models::sip::ClientPolicy& policy) {
  return policy.give_up_after(models::sip::ClientKind::non_invite, models::sip::Transport::udp);
}

/// M-W15: a phone gives every REGISTER up before the answer to it can come.
void check_registering(const Rules& rules, const models::AgentGroup& group) {
  const models::PhoneOptions& phone = group.phone;
  using Mode = models::RegistrationMode;
  if (phone.registration == Mode::fixed) return;
  const Duration patience = longest_silence(models::failover_policy(phone));
  const bool timeout = phone.response_timeout == patience;
  for (SiteIndex site = 0; site < kSites; ++site) {
    const bool asks = phone.registration != Mode::single || site == group.preferred_site;
    const Duration there_and_back = 2 * rules.scenario.network.access[group.location][site].latency;
    if (!asks || patience > there_and_back) continue;
    rules.warning("M-W15",
                  fmt::format("agents.{}.phone.{}", group.name,
                              timeout ? "response-timeout" : "retransmissions"),
                  fmt::format("the phones of '{}' never register at {}: they wait {} for an "
                              "answer, and it is on the way for {}",
                              group.name, rules.scenario.sites[site].name,
                              format_duration(patience), format_duration(there_and_back)),
                  timeout ? more_than(there_and_back) : "more of them");
  }
}

/// M-W15: a gateway holds a SIP Server for dead before the answer to any request can come.
void check_probing(const Rules& rules, const models::GatewayOptions& gateway) {
  const models::Scenario& s = rules.scenario;
  const Duration patience = longest_silence(models::failover_policy(gateway));
  for (SiteIndex site = 0; site < kSites; ++site) {
    const bool near = site == gateway.home_site;
    if (!near && !gateway.second_target) continue;
    const bool around = !near && gateway.via_dc_link;
    Duration way = s.network.access[gateway.location][around ? gateway.home_site : site].latency;
    if (around) way += s.network.dc_link.latency;
    if (patience > 2 * way) continue;
    rules.warning("M-W15",
                  fmt::format("sites.{}.gateways.{}.retransmissions",
                              s.sites[gateway.home_site].name, gateway.name),
                  fmt::format("{} never reaches {}: it waits {} for an answer, and it is on the "
                              "way for {}",
                              gateway.name, s.sites[site].name, format_duration(patience),
                              format_duration(2 * way)),
                  "more of them");
  }
}

/// M-W16: a desktop polls its SIP Server and takes it for dead before the reply can come.
void check_desktops(const Rules& rules, const models::AgentGroup& group) {
  const models::Scenario& s = rules.scenario;
  for (SiteIndex site = 0; site < kSites; ++site) {
    const LinkOptions* own = s.network.desktop_path(group.location, site);
    const LinkOptions& path = own != nullptr ? *own : s.network.access[group.location][site];
    const Duration timeout = s.sites[site].desktop.addp_timeout;
    if (timeout > 2 * path.latency) continue;
    rules.warning("M-W16", fmt::format("desktop.{}.addp-timeout", s.sites[site].name),
                  fmt::format("the desktops of '{}' lose their connection to {} again and again: "
                              "they wait {} for the answer to a poll, and it is on the way for {}",
                              group.name, s.sites[site].name, format_duration(timeout),
                              format_duration(2 * path.latency)),
                  more_than(2 * path.latency));
  }
}

/// M-W16: a SIP Server takes its peer for dead before the answer to its OPTIONS can come.
void check_trunk(const Rules& rules, SiteIndex site) {
  const models::SiteOptions& options = rules.scenario.sites[site];
  const Duration timeout = options.sip_server.oos_force;
  const Duration there_and_back = 2 * rules.scenario.network.dc_link.latency;
  if (timeout <= 0s || timeout > there_and_back) return;
  rules.warning(
      "M-W16", fmt::format("sites.{}.sip-server.oos-force", options.name),
      fmt::format("{} is in single-site mode all the time: it waits {} for its peer's "
                  "answer, and it is on the way for {}",
                  options.name, format_duration(timeout), format_duration(there_and_back)),
      more_than(there_and_back));
}

/// The shortest time in which a phone that this queue may ring is answered; nothing: there is none.
std::optional<Duration> soonest_answer(const Rules& rules, std::uint32_t queue) {
  const models::Scenario& s = rules.scenario;
  std::optional<Duration> soonest;
  for (std::uint32_t g = 0; g < s.agents.size(); ++g) {
    const auto& hunt = s.queues[queue].hunt_group;
    const bool his = hunt ? std::ranges::count(hunt->members, g) > 0 : serves(rules, g, queue);
    if (!his) continue;
    const Duration delay = s.agents[g].phone.answer_delay;
    soonest = std::min(soonest.value_or(delay), delay);
  }
  return soonest;
}

/// Do all callers have the patience of the stream, and not one of their own?
bool share_patience(const models::CallStream& stream) {
  const auto* single = std::get_if<models::SingleCalls>(&stream.arrivals);
  return single == nullptr || std::ranges::none_of(single->calls, [](const auto& call) {
           return call.patience.has_value();
         });
}

/// M-W17: patience, or the threshold of the service level, is shorter than any phone rings.
void check_hope(const Rules& rules, const models::CallStream& stream) {
  if (stream.kind() != CallKind::queue) return;
  const std::optional<Duration> soonest = soonest_answer(rules, stream.queue);
  if (!soonest || *soonest == 0s) return;
  const std::string answer =
      fmt::format("no phone is answered before {}", format_duration(*soonest));
  const auto* all = std::get_if<models::Deterministic>(&stream.patience);
  if (all != nullptr && sim::from_seconds(all->value_s) <= *soonest && share_patience(stream)) {
    rules.warning("M-W17", fmt::format("calls.{}.patience", stream.name),
                  fmt::format("every caller of '{}' gives up after {}, and {}", stream.name,
                              format_seconds(all->value_s), answer),
                  more_than(*soonest));
  }
  const Duration threshold = rules.scenario.run.service_level_threshold;
  if (threshold > *soonest) return;
  rules.warning("M-W17", "run.service-level-threshold",
                fmt::format("no call of '{}' is answered within the {} of the service level: {}",
                            stream.name, format_duration(threshold), answer),
                more_than(*soonest));
}

}  // namespace

void check_timeouts(const Rules& rules) {
  const models::Scenario& s = rules.scenario;
  for (const char* section : {"agents", "queues", "calls", "network", "sites"}) {
    if (rules.any_refused(section)) return;
  }
  for (SiteIndex site = 0; site < kSites; ++site) check_trunk(rules, site);
  for (const models::GatewayOptions& gateway : s.gateways) {
    if (gateway.location >= s.network.access.size()) return;
    check_probing(rules, gateway);
  }
  for (const models::AgentGroup& group : s.agents) {
    if (group.location >= s.network.access.size()) return;
    check_registering(rules, group);
    check_desktops(rules, group);
  }
  for (const models::CallStream& stream : s.calls) check_hope(rules, stream);
}

}  // namespace bcsim::tools
