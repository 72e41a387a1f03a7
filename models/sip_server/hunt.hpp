// Calls that are being distributed to the members of a hunt group: what both processes know.
#pragma once

#include <cstdint>
#include <vector>

#include "models/sip_server/call.hpp"
#include "sim/slab.hpp"

namespace bcsim::models {

/// A member's phone that is rung for a call to a hunt group.
struct HuntMemberLeg {
  AgentId agent;
  bool supervised = false;  ///< he is logged in here
  ServerLeg leg;
};

/// A call that is being distributed to the members of a hunt group.
struct Hunt {
  std::vector<HuntMemberLeg> legs;    ///< that ring now
  std::uint32_t next = 0;             ///< sequential: the next member
  std::uint32_t left = 0;             ///< sequential: members not yet tried
  bool rung = false;                  ///< somebody's phone has, and was not answered
  SimTime waits_until = sim::kNever;  ///< in the line (hg-queue-timeout), since it first came there
  /// As when its distribution began, whatever is changed meanwhile (R64).
  Duration no_answer_timeout{}, queue_timeout{};
};

/// The hunts of one site, the lines of calls that wait for a member, and whose turn it is.
struct HuntTable {
  explicit HuntTable(std::size_t queues) : lines(queues), last_served(queues) {}
  void clear() {
    hunts = {};
    for (auto& line : lines) line.clear();
    for (std::uint32_t& served : last_served) served = 0;
  }

  sim::Slab<Hunt> hunts;
  std::vector<std::vector<std::uint32_t>> lines;  ///< by queue: slots of calls, first come first
  std::vector<std::uint32_t> last_served;         ///< by queue: circular hunt groups begin here
};

}  // namespace bcsim::models
