// Which of the branches of a call the caller waits in. A SIP Server that was silent for too long
// may have it all the same, and ring an agent for nobody: what it says is not of this call.
#pragma once

#include <cstdint>

#include "models/records.hpp"

namespace bcsim::models {

/// Follows one call in the journal; 4 bytes.
class CallWay {
 public:
  /// The caller's side has sent its INVITE number `nth`, from 0; what came of those before is of no
  /// account.
  void invited(std::uint32_t nth) {
    *this = {};
    looks(CallBranch::of_invite(nth));
    asked_ = nth < kMostAsked ? nth + 1 : kMostAsked;
  }
  /// The server of this branch has ended the caller's side, and forgotten the call: what it does
  /// from now on for a call of this number is for a late copy of the INVITE, whose sender is gone.
  void let_go(CallBranch branch) {
    if (!holds(branch)) return;
    if (branch.depth() > 1) {
      leads_on(branch.parent());  // whoever has sent it there will hear of it
    } else {
      let_go_ = true;
    }
  }
  /// The server of this branch looks for an agent, itself: what it had begun before is given up.
  void looks(CallBranch branch) { branch_ = branch.packed() & kBranchBits; }
  /// … has sent the call on to its peer, or has chosen an agent at the end of this branch.
  void leads_on(CallBranch leg) {
    looks(leg);
    anybody_ = false;
  }
  /// Several are called at once (a hunt group), or somebody outside: no one agent is chosen.
  void anybody() { anybody_ = true; }
  /// An agent has passed it on, and the server of this branch has it now. `joined`: he has
  /// consulted the second one himself, wherever that one is.
  void passed_on(CallBranch branch, bool joined) {
    looks(branch);
    anybody_ = joined;
  }
  void answered(CallBranch branch) { looks(branch); }

  /// Has the server that had the caller let him go?
  [[nodiscard]] bool gone() const { return let_go_ != 0; }

  /// Is a fact of this branch about the call that the caller waits, or speaks, in?
  [[nodiscard]] bool holds(CallBranch branch) const {
    return let_go_ == 0 && branch.leads_to(longest());
  }
  /// Is an agent rung, or speaking, at the end of this branch, the one the caller is to have?
  [[nodiscard]] bool ends_in(CallBranch branch) const {
    return let_go_ == 0 && (anybody_ ? longest().leads_to(branch) : longest() == branch);
  }
  /// … now that this one is chosen?
  [[nodiscard]] bool ends_at(CallBranch branch, AgentId agent, AgentId chosen) const {
    return ends_in(branch) && (anybody_ || agent == chosen);
  }
  /// This agent, chosen by the server of this branch, is not to have the call after all.
  [[nodiscard]] bool returns(CallBranch branch, AgentId agent, AgentId chosen) const {
    return holds(branch) && (anybody_ || agent == chosen);
  }
  /// Has the caller's side sent an INVITE that could lead to this branch?
  [[nodiscard]] bool may_know(CallBranch branch) const {
    return branch == CallBranch{} || branch.first() <= asked_;
  }

 private:
  static constexpr std::uint32_t kMostAsked = 63, kBranchBits = (1u << CallBranch::kAllBits) - 1;
  [[nodiscard]] CallBranch longest() const { return CallBranch::unpack(branch_); }

  std::uint32_t branch_ : CallBranch::kAllBits = 0;  // the longest that counts
  std::uint32_t asked_ : 6 = 0;                      // INVITEs of the caller's side
  std::uint32_t anybody_ : 1 = 0;
  std::uint32_t let_go_ : 1 = 0;
};

}  // namespace bcsim::models
