// Brings calls and agents together: the best call for an agent, the longest-idle agent for a call.
#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "models/acd/queue.hpp"
#include "sim/time.hpp"

namespace bcsim::models::acd {

using sim::SimTime;

/// Whose SIP Server serves an agent, as seen from the router's own.
enum class Where : std::uint8_t { here, at_peer };

/// Who may take which calls; agents of one group serve the same queues.
struct RouterPlan {
  std::vector<std::vector<std::uint32_t>> queues_of_group;  ///< whose calls they take
  std::vector<std::uint32_t> group_of_agent;
  std::vector<bool> both_sites;  ///< by queue: agents at the peer may be chosen (§2.8)
};

struct Candidate {
  std::uint32_t agent = 0;
  Where where = Where::here;
  constexpr bool operator==(const Candidate&) const = default;
};

/// Holds the waiting calls of one site and the agents that could take one now. It decides nothing
/// by itself: whoever adds a call or an agent asks for the match, and takes out what it uses.
/// Idle agents come longest idle first; of two idle since the same instant the lower number.
class Router {
 public:
  explicit Router(RouterPlan plan);

  void call_waits(std::uint32_t call, std::uint32_t queue, const Standing& standing) {
    queues_[queue].push(call, standing);
  }
  void call_leaves(std::uint32_t call, std::uint32_t queue) { queues_[queue].remove(call); }
  [[nodiscard]] bool waits(std::uint32_t call, std::uint32_t queue) const {
    return queues_[queue].contains(call);
  }

  /// Harmless if he is listed already: then only his place changes.
  void agent_idle(std::uint32_t agent, Where where, SimTime since);
  void agent_gone(std::uint32_t agent, Where where);
  [[nodiscard]] bool idle(std::uint32_t agent, Where where) const {
    return links_of(where)[agent].listed;
  }
  void forget_agents(Where where);
  void clear();

  /// The longest-idle agent who serves the queue; at the peer only if the queue's scope allows it.
  [[nodiscard]] std::optional<Candidate> agent_for(std::uint32_t queue) const;
  /// The call that this agent should take: highest priority, then first come, over his queues.
  [[nodiscard]] std::optional<std::uint32_t> call_for(std::uint32_t agent, Where where) const;
  [[nodiscard]] bool routes_to_peer() const { return routes_to_peer_; }
  /// Does he serve a queue whose calls may wait for him at the peer, too?
  [[nodiscard]] bool serves_both_sites(std::uint32_t agent) const;

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  struct Link {
    SimTime since{};
    std::uint32_t previous = kNone, next = kNone;
    bool listed = false;
  };
  struct List {
    std::uint32_t head = kNone, tail = kNone;
  };

  [[nodiscard]] static constexpr std::size_t index(Where w) { return static_cast<std::size_t>(w); }
  [[nodiscard]] std::vector<Link>& links_of(Where w) { return links_[index(w)]; }
  [[nodiscard]] const std::vector<Link>& links_of(Where w) const { return links_[index(w)]; }
  [[nodiscard]] List& list_of(std::uint32_t agent, Where w) {
    return lists_[index(w)][plan_.group_of_agent[agent]];
  }
  void insert_after(std::uint32_t agent, Where where, std::uint32_t before);

  RouterPlan plan_;
  bool routes_to_peer_ = false;
  std::vector<WaitingQueue> queues_;
  std::vector<std::vector<std::uint32_t>> groups_of_queue_;
  std::array<std::vector<Link>, 2> links_;  // [where][agent]
  std::array<std::vector<List>, 2> lists_;  // [where][group], longest idle first
  std::array<std::uint32_t, 2> idle_count_{};
};

}  // namespace bcsim::models::acd
