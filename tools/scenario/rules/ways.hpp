// What a message and its answer go through: does anything arrive, and how soon?
#pragma once

#include <string>
#include <vector>

#include "models/messages.hpp"
#include "models/scenario.hpp"

namespace bcsim::tools {

/// The links between two ends, one after the other; the same in both directions.
class Way {
 public:
  explicit Way(std::vector<const models::LinkOptions*> links) : links_(std::move(links)) {}

  /// Does anything get through?
  [[nodiscard]] bool carries() const;
  /// Until a message has arrived, at the soonest: nothing else is sent, and nothing is late.
  [[nodiscard]] sim::Duration time(const models::Message& message) const;
  /// The same of a request and, after `service` at the other end, its answer.
  [[nodiscard]] sim::Duration answered_after(const models::Message& request, sim::Duration service,
                                             const models::Message& answer) const;

  /// The chance that an answer comes within `patience`, to the request or to one of its copies (T1
  /// apart, then twice as long each time; 4 s at most, but of an INVITE): what packets are lost,
  /// and how late the others are.
  [[nodiscard]] double answer_chance(const models::Message& request, sim::Duration service,
                                     const models::Message& answer, sim::Duration patience) const;

 private:
  std::vector<const models::LinkOptions*> links_;
};

/// Of phones of a location.
[[nodiscard]] Way way_of_phones(const models::Scenario& s, models::LocationIndex location,
                                models::SiteIndex site);
/// Of desktops of a location: a path of their own, or that of the phones.
[[nodiscard]] Way way_of_desktops(const models::Scenario& s, models::LocationIndex location,
                                  models::SiteIndex site);
/// Of a gateway: to the other site perhaps through its own data centre.
[[nodiscard]] Way way_of_gateway(const models::Scenario& s, const models::GatewayOptions& gateway,
                                 models::SiteIndex site);
/// Between the SIP Servers.
[[nodiscard]] Way way_of_trunk(const models::Scenario& s);

[[nodiscard]] models::Message request_of(models::sip::Method method, bool credentials = false);
[[nodiscard]] models::Message answer_to(models::sip::Method method, std::uint16_t status);

/// Of a call that a SIP Server offers to a phone of this group: until it rings, and from its answer
/// until the server has read that.
[[nodiscard]] sim::Duration phone_reached_after(const models::Scenario& s,
                                                const models::AgentGroup& group,
                                                models::SiteIndex site);

/// In words, no less than it is: in whole milliseconds.
[[nodiscard]] std::string at_least(sim::Duration time);
/// … and no more than it is.
[[nodiscard]] std::string at_most(sim::Duration time);

}  // namespace bcsim::tools
