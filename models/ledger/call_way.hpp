// Which of the SIP Servers that know of a call have it for the caller. One that was silent for too
// long may have it all the same, and ring an agent for nobody: what it says is not of this call.
#pragma once

#include <cstdint>

#include "models/records.hpp"

namespace bcsim::models {

/// Follows one call in the journal; 3 bytes.
class CallWay {
 public:
  CallWay() = default;
  /// The caller's side has sent its INVITE to this site; what another had done is of no account.
  void invited(std::uint32_t site) { *this = CallWay{static_cast<std::uint8_t>(site)}; }
  /// That server has sent the call on to its peer, and stays on the way.
  void forwarded() { forwarded_ = true; }
  /// Several are called at once (a hunt group), or somebody outside: no one agent is chosen.
  void anybody() { anybody_ = true; }
  /// An agent has passed it on: from now on servers count by whom they choose. `joined`: he has
  /// consulted the second one himself.
  void passed_on(bool joined) {
    asked_ = kNobody;
    anybody_ = joined;
  }
  void answered() {
    if (asked_ == kNobody) anybody_ = false;
  }

  /// Is a fact of this site's server about the call that the caller waits in?
  [[nodiscard]] bool leads_to(std::uint32_t site) const {
    return asked_ == kNobody || asked_ == site || forwarded_;
  }
  /// The same of a server at `site` at the end of `path`, which begins with the one asked.
  [[nodiscard]] bool leads_to(std::uint32_t site, std::uint32_t path) const {
    const bool by_trunk = (path & ~std::uint32_t{path_of(static_cast<int>(site))}) != 0;
    return asked_ == kNobody || asked_ == (by_trunk ? 1 - site : site);
  }
  /// A phone that rings, or has rung in vain, at `site`, now that `chosen` is.
  [[nodiscard]] bool leads_to_phone(std::uint32_t site, AgentId agent, AgentId chosen) const {
    return anybody_ ? leads_to(site) : chosen == agent;
  }
  /// Is this the answer that the caller waits for, now that this agent is chosen?
  [[nodiscard]] bool waits_for(const CallAnswered& answer, AgentId chosen) const {
    return leads_to(answer.site, answer.path) && (anybody_ || chosen == answer.agent);
  }

 private:
  static constexpr std::uint8_t kNobody = 0xFF;
  explicit CallWay(std::uint8_t asked) : asked_(asked) {}

  std::uint8_t asked_ = kNobody;  // site; kNobody: it came in another way
  bool forwarded_ = false;
  bool anybody_ = false;
};

}  // namespace bcsim::models
