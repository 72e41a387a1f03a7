#include "tools/scenario/rules/ways.hpp"

#include <algorithm>

#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {

using models::LocationIndex;
using models::Scenario;
using models::SiteIndex;
using sim::Duration;
using namespace std::chrono_literals;

bool Way::carries() const {
  return std::ranges::all_of(links_, [](const models::LinkOptions* l) { return l->loss < 1; });
}

Duration Way::time(const models::Message& message) const {
  Duration time{};
  for (const models::LinkOptions* link : links_) {
    time +=
        link->latency + sim::from_seconds(models::size_bytes(message) * 8 / link->bandwidth_bps);
  }
  return time;
}

Duration Way::answered_after(const models::Message& request, Duration service,
                             const models::Message& answer) const {
  return time(request) + service + time(answer);
}

double Way::answer_chance(const models::Message& request, Duration service,
                          const models::Message& answer, Duration patience) const {
  double through = 1;
  Duration jitter{};
  for (const models::LinkOptions* link : links_) {
    through *= (1 - link->loss) * (1 - link->loss);
    jitter += link->jitter;
  }
  const auto* sip = std::get_if<models::sip::Request>(&request);
  const bool invite = sip != nullptr && sip->method == models::sip::Method::invite;
  const Duration soonest = answered_after(request, service, answer);
  double nothing = 1;
  for (Duration sent{}, gap = 500ms; sent + soonest < patience; sent += gap, gap *= 2) {
    if (!invite) gap = std::min<Duration>(gap, 4s);
    // There and back, each is up to `jitter` late: the sum of two uniform draws.
    const double x =
        jitter == Duration{} ? 2 : sim::seconds(patience - sent - soonest) / sim::seconds(jitter);
    const double in_time = x >= 2 ? 1 : x <= 1 ? x * x / 2 : 1 - (2 - x) * (2 - x) / 2;
    nothing *= 1 - through * in_time;
  }
  return 1 - nothing;
}

Way way_of_phones(const Scenario& s, LocationIndex location, SiteIndex site) {
  return Way({&s.network.access[location][site]});
}

Way way_of_desktops(const Scenario& s, LocationIndex location, SiteIndex site) {
  const models::LinkOptions* own = s.network.desktop_path(location, site);
  return own != nullptr ? Way({own}) : way_of_phones(s, location, site);
}

Way way_of_gateway(const Scenario& s, const models::GatewayOptions& gateway, SiteIndex site) {
  const auto& access = s.network.access[gateway.location];
  const bool around = site != gateway.home_site && gateway.via_dc_link;
  if (!around) return Way({&access[site]});
  return Way({&access[gateway.home_site], &s.network.dc_link});
}

Way way_of_trunk(const Scenario& s) {
  return Way({&s.network.dc_link});
}

models::Message request_of(models::sip::Method method, bool credentials) {
  models::sip::Request request;
  request.method = method;
  request.has_credentials = credentials;
  return request;
}

models::Message answer_to(models::sip::Method method, std::uint16_t status) {
  models::sip::Response response;
  response.method = method;
  response.status = status;
  return response;
}

Duration phone_reached_after(const Scenario& s, const models::AgentGroup& group, SiteIndex site) {
  if (group.location >= s.network.access.size()) return Duration{};  // it was refused
  return way_of_phones(s, group.location, site)
      .answered_after(request_of(models::sip::Method::invite),
                      s.sites[site].sip_server.other_service,
                      answer_to(models::sip::Method::invite, 200));
}

std::string at_least(Duration time) {
  return format_duration(std::chrono::ceil<std::chrono::milliseconds>(time));
}

std::string at_most(Duration time) {
  return format_duration(std::chrono::floor<std::chrono::milliseconds>(time));
}

}  // namespace bcsim::tools
