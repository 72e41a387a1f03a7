#include "tools/scenario/rules/validator_timeouts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "models/endpoints/failover_policy.hpp"
#include "tools/scenario/rules/validator_answers.hpp"
#include "tools/scenario/rules/ways.hpp"

namespace bcsim::tools {
namespace {

using models::kSites;
using models::LinkOptions;
using models::SiteIndex;
using models::sip::ClientKind;
using models::sip::Method;
using sim::Duration;

std::string more_than(Duration time) {
  return "more than " + at_least(time);
}

/// What a SIP user agent of our models waits for any answer to a request.
Duration longest_silence(const models::sip::ClientPolicy& policy,
                         ClientKind kind = ClientKind::non_invite) {
  return policy.give_up_after(kind, models::sip::Transport::udp);
}

/// Fewer answers than that are as good as none: who waits for them is right to give up.
constexpr double kFewAnswers = 0.5;

/// "95% of its OPTIONS have no answer within 7.5s".
std::string unanswered_words(double chance, const char* what, Duration patience) {
  return fmt::format("{} of {} have no answer within {}", share_words(1 - chance), what,
                     format_duration(patience));
}

Duration service_time(const models::SipServerOptions& server, Method method) {
  return method == Method::invite      ? server.invite_service
         : method == Method::register_ ? server.register_service
                                       : server.other_service;
}
models::Message answer_of(Method method) {
  return answer_to(method, method == Method::invite ? 100 : 200);
}

/// Until the SIP Server of a site has answered a request, when it has nothing else to do.
Duration answered_after(const Rules& rules, const Way& way, SiteIndex site, Method method) {
  const models::SipServerOptions& server = rules.scenario.sites[site].sip_server;
  return way.answered_after(request_of(method), service_time(server, method), answer_of(method));
}
double answer_chance(const Rules& rules, const Way& way, SiteIndex site, Method method,
                     Duration patience) {
  return way.answer_chance(request_of(method),
                           service_time(rules.scenario.sites[site].sip_server, method),
                           answer_of(method), patience);
}

/// M-W15: nothing that is sent on a path ever arrives; true if so.
bool check_loss(const Rules& rules, const std::string& path, const LinkOptions& link,
                const std::string& between) {
  if (link.loss < 1) return false;
  rules.warning("M-W15", path + ".loss",
                fmt::format("nothing ever gets through between {}: every packet is lost", between),
                "less than 100%");
  return true;
}

/// M-W15: a phone gives every REGISTER up before the answer to it can come.
/// M-W16: its registration is over before the next one can be there.
void check_registering(const Rules& rules, const models::AgentGroup& group, SiteIndex site) {
  const models::PhoneOptions& phone = group.phone;
  using Mode = models::RegistrationMode;
  if (phone.registration == Mode::fixed) return;
  if (phone.registration == Mode::single && site != group.preferred_site) return;
  const models::SiteOptions& options = rules.scenario.sites[site];
  const Way way = way_of_phones(rules.scenario, group.location, site);
  const Duration patience = longest_silence(models::failover_policy(phone));
  const bool timeout = phone.response_timeout == patience;
  const Duration answered = answered_after(rules, way, site, Method::register_);
  const std::string path = fmt::format("agents.{}.phone.", group.name);
  if (patience <= answered) {
    rules.warning(
        "M-W15", path + (timeout ? "response-timeout" : "retransmissions"),
        fmt::format("the phones of '{}' never register at {}: they wait {} for an "
                    "answer, and it takes {}",
                    group.name, options.name, format_duration(patience), at_least(answered)),
        timeout ? more_than(answered) : "more of them");
    return;
  }
  const double chance = answer_chance(rules, way, site, Method::register_, patience);
  if (chance < kFewAnswers && way.carries()) {
    rules.warning("M-W15", "network",
                  fmt::format("the phones of '{}' seldom register at {}: {}", group.name,
                              options.name, unanswered_words(chance, "their REGISTERs", patience)),
                  "less loss or jitter on the way");
    return;
  }
  // From one REGISTER that counts to the next, without the time that the phone waits.
  const bool digest = options.sip_server.digest;
  const bool challenged = digest && !phone.cached_nonce;
  Duration round =
      way.answered_after(request_of(Method::register_, digest), options.sip_server.register_service,
                         answer_to(Method::register_, 200));
  if (challenged) {
    round += way.answered_after(request_of(Method::register_), options.sip_server.register_service,
                                answer_to(Method::register_, 401));
  }
  const double left = 1 - phone.refresh_fraction;
  if (sim::seconds(phone.expires) * left > sim::seconds(round)) return;
  rules.warning(
      "M-W16", path + "expires",
      fmt::format("the phones of '{}' are not registered at {} all the time: a registration lasts "
                  "{}, is renewed after {:.3g}% of that, and renewing it takes {}",
                  group.name, options.name, format_duration(phone.expires),
                  phone.refresh_fraction * 100, at_least(round)),
      left > 0 ? more_than(sim::from_seconds(sim::seconds(round) / left)) : "refresh sooner");
}

/// M-W15: agents dial, and their phones give the call up before any answer can come.
void check_dialling(const Rules& rules, const models::AgentGroup& group, std::uint32_t index,
                    SiteIndex site) {
  const models::Scenario& s = rules.scenario;
  const bool dials = std::ranges::any_of(s.calls, [&](const models::CallStream& stream) {
    return std::ranges::count(stream.from_agents, index) > 0;
  });
  if (!dials || site != group.preferred_site) return;
  const Duration patience =
      longest_silence(models::dialling_policy(group.phone), ClientKind::invite);
  const Duration answered =
      answered_after(rules, way_of_phones(s, group.location, site), site, Method::invite);
  if (patience > answered) return;
  rules.warning(
      "M-W15", fmt::format("agents.{}.phone.retransmissions", group.name),
      fmt::format("no call that '{}' dial by their phones gets through at {}: they wait "
                  "{} for an answer, and it takes {}",
                  group.name, s.sites[site].name, format_duration(patience), at_least(answered)),
      "more of them, or a faster SIP Server or network");
}

/// M-W15: a gateway holds a SIP Server for dead, or gives each call up, before any answer can come.
void check_gateway(const Rules& rules, const models::GatewayOptions& gateway, SiteIndex site) {
  const models::Scenario& s = rules.scenario;
  if (site != gateway.home_site && !gateway.second_target) return;
  const Way way = way_of_gateway(s, gateway, site);
  if (!way.carries()) return;  // the link is named
  const models::sip::ClientPolicy policy = models::failover_policy(gateway);
  for (const auto& [method, kind, what] :
       {std::tuple{Method::options, ClientKind::non_invite, "never reaches"},
        {Method::invite, ClientKind::invite, "never gets a call through to"}}) {
    const Duration patience = longest_silence(policy, kind);
    const Duration answered = answered_after(rules, way, site, method);
    const double chance = answer_chance(rules, way, site, method, patience);
    if (patience > answered && chance < kFewAnswers) {
      rules.warning(
          "M-W15", "network",
          fmt::format(
              "{} holds {} for dead most of the time: {}", gateway.name, s.sites[site].name,
              unanswered_words(chance, method == Method::invite ? "its INVITEs" : "its OPTIONS",
                               patience)),
          "less loss or jitter on the way");
      return;
    }
    if (patience > answered) continue;
    rules.warning(
        "M-W15",
        fmt::format("sites.{}.gateways.{}.retransmissions", s.sites[gateway.home_site].name,
                    gateway.name),
        fmt::format("{} {} {}: it waits {} for an answer, and it takes {}", gateway.name, what,
                    s.sites[site].name, format_duration(patience), at_least(answered)),
        method == Method::options ? "more of them"
                                  : "more of them, or a faster SIP Server or network");
    return;
  }
}

/// M-W16: a desktop polls its SIP Server and takes it for dead before the reply can come.
void check_desktops(const Rules& rules, const models::AgentGroup& group, SiteIndex site) {
  const models::Scenario& s = rules.scenario;
  const Way way = way_of_desktops(s, group.location, site);
  if (!way.carries()) return;
  const auto message = [](models::tlib::Kind kind) {
    models::tlib::Message m;
    m.kind = kind;
    return models::Message(m);
  };
  const Duration timeout = s.sites[site].desktop.addp_timeout;
  const Duration answered = way.answered_after(message(models::tlib::Kind::addp_poll),
                                               s.sites[site].sip_server.other_service,
                                               message(models::tlib::Kind::addp_reply));
  if (timeout > answered) return;
  rules.warning(
      "M-W16", fmt::format("desktop.{}.addp-timeout", s.sites[site].name),
      fmt::format("the desktops of '{}' lose their connection to {} again and again: "
                  "they wait {} for the answer to a poll, and it takes {}",
                  group.name, s.sites[site].name, format_duration(timeout), at_least(answered)),
      more_than(answered));
}

/// M-W16: a SIP Server takes its peer for dead before the answer to its OPTIONS can come.
void check_trunk(const Rules& rules, SiteIndex site) {
  const models::SiteOptions& options = rules.scenario.sites[site];
  const Duration timeout = options.sip_server.oos_force;
  if (timeout <= 0s || rules.scenario.network.dc_link.loss >= 1) return;
  // Both have a queue: the answer is read when its turn has come.
  const Duration answered =
      answered_after(rules, way_of_trunk(rules.scenario), models::peer_of(site), Method::options) +
      options.sip_server.other_service;
  const double chance = answer_chance(rules, way_of_trunk(rules.scenario), models::peer_of(site),
                                      Method::options, timeout);
  if (timeout > answered && chance < kFewAnswers) {
    rules.warning("M-W16", "network.dc-link",
                  fmt::format("{} is in single-site mode most of the time: {}", options.name,
                              unanswered_words(chance, "its OPTIONS", timeout)),
                  "less loss or jitter, or a longer oos-force");
  }
  if (timeout > answered) return;
  rules.warning("M-W16", fmt::format("sites.{}.sip-server.oos-force", options.name),
                fmt::format("{} is in single-site mode all the time: it waits {} for its peer's "
                            "answer, and it takes {}",
                            options.name, format_duration(timeout), at_least(answered)),
                more_than(answered));
}

/// All who use the paths to a site.
void check_paths(const Rules& rules, SiteIndex site) {
  const models::Scenario& s = rules.scenario;
  for (models::LocationIndex l = 0; l < s.network.access.size() && l < s.locations.size(); ++l) {
    const auto is_here = [l](const auto& device) { return device.location == l; };
    const bool people = std::ranges::any_of(s.agents, is_here);
    if (!people && std::ranges::none_of(s.gateways, is_here)) continue;
    const std::string name = fmt::format("{}.{}", s.locations[l], s.sites[site].name);
    const LinkOptions* own = s.network.desktop_path(l, site);
    if (people && own != nullptr) {
      check_loss(rules, "network.desktop-access." + name, *own,
                 fmt::format("the desktops at {} and {}", s.locations[l], s.sites[site].name));
    }
    const char* who = own != nullptr ? "phones and gateways" : "phones, desktops and gateways";
    const bool lost =
        check_loss(rules, "network.access." + name, s.network.access[l][site],
                   fmt::format("the {} at {} and {}", who, s.locations[l], s.sites[site].name));
    for (std::uint32_t g = 0; g < s.agents.size(); ++g) {
      if (!is_here(s.agents[g])) continue;
      check_desktops(rules, s.agents[g], site);
      if (lost) continue;
      check_registering(rules, s.agents[g], site);
      check_dialling(rules, s.agents[g], g, site);
    }
    for (const models::GatewayOptions& gateway : s.gateways) {
      if (is_here(gateway)) check_gateway(rules, gateway, site);
    }
  }
}

}  // namespace

void check_timeouts(const Rules& rules) {
  const models::Scenario& s = rules.scenario;
  for (const char* section : {"agents", "queues", "calls", "network", "sites"}) {
    if (rules.any_refused(section)) return;
  }
  check_loss(rules, "network.dc-link", s.network.dc_link, "the sites");
  for (SiteIndex site = 0; site < kSites; ++site) {
    check_trunk(rules, site);
    check_paths(rules, site);
  }
  check_answers(rules);
}

}  // namespace bcsim::tools
