// Which of the SIP Servers that know of a call have it for the caller. One that was silent for too
// long may have it all the same, and ring an agent for nobody: what it says is not of this call.
#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "models/records.hpp"

namespace bcsim::models {

/// Follows one call in the journal; 3 bytes.
class CallWay {
 public:
  CallWay() = default;
  /// The caller's side has sent its INVITE to this site; what another had done is of no account.
  void invited(std::uint32_t site) {
    const std::uint32_t asked = bit(site);
    again_ = static_cast<std::uint8_t>(again_ | (ever_ & asked));
    ever_ = static_cast<std::uint8_t>(ever_ | asked);
    asked_ = static_cast<std::uint8_t>(site);
    holder_ = chosen_at_ = kNobody;
    forwarded_ = anybody_ = let_go_ = false;
  }
  /// The server asked has ended the caller's side, and forgotten the call: what it does from now on
  /// for a call of this number is for a late copy of the INVITE, whose sender is gone.
  void let_go(std::uint32_t site) {
    if (holder_ == kNobody ? asked_ == site : holder_ == site) let_go_ = true;
  }
  /// That server has sent the call on to its peer, and stays on the way.
  void forwarded() { forwarded_ = true; }
  /// An agent at this site has been chosen.
  void chose(std::uint32_t site) { chosen_at_ = static_cast<std::uint8_t>(site); }
  /// Several are called at once (a hunt group), or somebody outside: no one agent is chosen.
  void anybody() { anybody_ = true; }
  /// An agent has passed it on, and this site's server has it now: one that others may have asked
  /// before is given up. `joined`: he has consulted the second one himself.
  void passed_on(std::uint32_t site, bool joined) {
    asked_ = kNobody;
    holder_ = static_cast<std::uint8_t>(site);
    anybody_ = joined;
    forwarded_ = let_go_ = false;
  }
  void answered(std::uint32_t site) {
    chose(site);
    if (asked_ == kNobody) anybody_ = false;
  }

  /// Is a fact of this site's server about the call that the caller waits in?
  [[nodiscard]] bool leads_to(std::uint32_t site) const {
    if (let_go_) return false;
    if (holder_ != kNobody) return holder_ == site || forwarded_;
    return asked_ == kNobody || asked_ == site || forwarded_;
  }
  /// The same of a server at `site` at the end of `path`, which begins with the one asked.
  [[nodiscard]] bool leads_along(std::uint32_t site, std::uint32_t path) const {
    if (let_go_) return false;
    if (holder_ != kNobody) return (path & bit(holder_)) != 0;
    const bool by_trunk = (path & ~bit(site)) != 0;
    return asked_ == kNobody || asked_ == (by_trunk ? 1 - site : site);
  }
  /// The server that lets it wait, or sends it away: CallQueued, CallDefaultRouted.
  template <class Fact>
  [[nodiscard]] bool leads_to_line(const Fact& fact) const {
    return leads_to(fact.site, fact.path != bit(fact.site));
  }
  /// The server that has chosen this agent.
  [[nodiscard]] bool leads_to_choice(const CallRouted& fact) const {
    if (fact.site != fact.server) return leads_to(fact.server);
    return leads_to(fact.server, fact.path != bit(fact.server));
  }
  /// A phone that rings, or has rung in vain, at `site`, now that `chosen` is.
  [[nodiscard]] bool leads_to_phone(std::uint32_t site, AgentId agent, AgentId chosen) const {
    if (anybody_) return leads_to(site);
    return chosen == agent && (chosen_at_ == kNobody || chosen_at_ == site);
  }
  /// Is this the answer that the caller waits for, now that this agent is chosen?
  [[nodiscard]] bool waits_for(const CallAnswered& answer, AgentId chosen) const {
    return leads_along(answer.site, answer.path) && (anybody_ || chosen == answer.agent);
  }

  /// Has it ended for the server that was asked last?
  [[nodiscard]] bool let_go() const { return let_go_; }
  /// Can a server at `site` have the call at all? It has been asked, now or before.
  [[nodiscard]] bool known_at(std::uint32_t site) const {
    return asked_ == kNobody || forwarded_ || (ever_ & bit(site)) != 0;
  }
  /// Does the very server that the caller waits at say whose answer this is? Then it must be the
  /// agent it has chosen. Not so of one that the peer's server has on the other side of the trunk,
  /// or of a server asked a second time, which may still have the call of the first.
  [[nodiscard]] bool sure_of(const CallAnswered& answer) const {
    return asked_ == answer.site && answer.path == bit(answer.site) && !forwarded_ &&
           (again_ & bit(answer.site)) == 0 && !let_go_;
  }

 private:
  static constexpr std::uint8_t kNobody = 0x0F;
  /// As leads_to(), where it is known whether that server has the call from its peer: it may have
  /// it twice, if it was asked itself and was given up, or if another was, which has asked it then.
  [[nodiscard]] bool leads_to(std::uint32_t site, bool from_peer) const {
    if (let_go_ || holder_ != kNobody || asked_ == kNobody) return leads_to(site);
    return asked_ == site ? !from_peer : forwarded_ && from_peer;
  }
  static constexpr std::uint32_t bit(std::uint32_t site) { return path_of(static_cast<int>(site)); }

  std::uint8_t asked_ : 4 = kNobody;   // site; kNobody: it came in another way
  std::uint8_t holder_ : 4 = kNobody;  // … that has it since it was passed on; kNobody: it was not
  std::uint8_t chosen_at_ : 4 = kNobody;  // site of the agent chosen; kNobody: none, or not told
  std::uint8_t ever_ : 4 = 0;             // sites asked
  std::uint8_t again_ : 4 = 0;            // … more than once
  bool forwarded_ : 1 = false;
  bool anybody_ : 1 = false;
  bool let_go_ : 1 = false;
};

/// Server processes that have passed on what was left of a call: it had been taken from their
/// agent, of which they have not heard. Whom they choose is on the same path as whom the server
/// chooses that has the caller.
class Strangers {
 public:
  void add(CallId call, NodeId by) {
    if (by.valid()) known_.emplace(call.value, by.value);
  }
  [[nodiscard]] bool has(CallId call, NodeId by) const {
    return known_.contains({call.value, by.value});
  }
  /// The call begins anew.
  void forget(CallId call) {
    std::erase_if(known_, [call](const auto& one) { return one.first == call.value; });
  }

 private:
  std::set<std::pair<std::uint32_t, std::uint32_t>> known_;
};

}  // namespace bcsim::models
