#include "models/acd/router.hpp"

#include <algorithm>
#include <utility>

namespace bcsim::models::acd {

namespace {
bool idle_longer(SimTime since_a, std::uint32_t a, SimTime since_b, std::uint32_t b) {
  return since_a != since_b ? since_a < since_b : a < b;
}
}  // namespace

Router::Router(RouterPlan plan) : plan_(std::move(plan)) {
  const std::size_t queue_count = plan_.both_sites.size();
  queues_.resize(queue_count);
  groups_of_queue_.resize(queue_count);
  for (std::uint32_t group = 0; group < plan_.queues_of_group.size(); ++group) {
    for (const std::uint32_t q : plan_.queues_of_group[group]) groups_of_queue_[q].push_back(group);
  }
  for (const bool both : plan_.both_sites) routes_to_peer_ = routes_to_peer_ || both;
  for (const Where w : {Where::here, Where::at_peer}) {
    links_of(w).resize(plan_.group_of_agent.size());
    lists_[index(w)].resize(plan_.queues_of_group.size());
  }
}

void Router::insert_after(std::uint32_t agent, Where where, std::uint32_t before) {
  std::vector<Link>& links = links_of(where);
  List& list = list_of(agent, where);
  Link& link = links[agent];
  link.previous = before;
  link.next = before == kNone ? list.head : links[before].next;
  (before == kNone ? list.head : links[before].next) = agent;
  (link.next == kNone ? list.tail : links[link.next].previous) = agent;
}

void Router::agent_idle(std::uint32_t agent, Where where, SimTime since) {
  agent_gone(agent, where);
  std::vector<Link>& links = links_of(where);
  List& list = list_of(agent, where);
  links[agent].since = since;
  links[agent].listed = true;
  ++idle_count_[index(where)];
  // Most have just become idle and go to the end; one who was rung in vain goes back to the front.
  std::uint32_t before = list.tail;
  if (list.head != kNone && idle_longer(since, agent, links[list.head].since, list.head)) {
    before = kNone;
  }
  while (before != kNone && idle_longer(since, agent, links[before].since, before)) {
    before = links[before].previous;
  }
  insert_after(agent, where, before);
}

void Router::agent_gone(std::uint32_t agent, Where where) {
  std::vector<Link>& links = links_of(where);
  Link& link = links[agent];
  if (!link.listed) return;
  List& list = list_of(agent, where);
  (link.previous == kNone ? list.head : links[link.previous].next) = link.next;
  (link.next == kNone ? list.tail : links[link.next].previous) = link.previous;
  link = {};
  --idle_count_[index(where)];
}

void Router::forget_agents(Where where) {
  for (Link& link : links_of(where)) link = {};
  for (List& list : lists_[index(where)]) list = {};
  idle_count_[index(where)] = 0;
}

void Router::clear() {
  for (WaitingQueue& queue : queues_) queue.clear();
  forget_agents(Where::here);
  forget_agents(Where::at_peer);
}

std::optional<Candidate> Router::agent_for(std::uint32_t queue) const {
  std::optional<Candidate> best;
  SimTime best_since{};
  for (const Where where : {Where::here, Where::at_peer}) {
    if (where == Where::at_peer && !plan_.both_sites[queue]) break;
    if (idle_count_[index(where)] == 0) continue;
    for (const std::uint32_t group : groups_of_queue_[queue]) {
      const std::uint32_t agent = lists_[index(where)][group].head;
      if (agent == kNone) continue;
      const SimTime since = links_of(where)[agent].since;
      if (!best || idle_longer(since, agent, best_since, best->agent)) {
        best = {agent, where};
        best_since = since;
      }
    }
  }
  return best;
}

bool Router::serves_both_sites(std::uint32_t agent) const {
  return std::ranges::any_of(plan_.queues_of_group[plan_.group_of_agent[agent]],
                             [&](std::uint32_t queue) { return plan_.both_sites[queue]; });
}

std::optional<std::uint32_t> Router::call_for(std::uint32_t agent, Where where) const {
  const WaitingQueue* best = nullptr;
  for (const std::uint32_t q : plan_.queues_of_group[plan_.group_of_agent[agent]]) {
    if (where == Where::at_peer && !plan_.both_sites[q]) continue;
    const WaitingQueue& queue = queues_[q];
    if (queue.empty()) continue;
    if (best == nullptr || queue.front_standing().before(best->front_standing())) best = &queue;
  }
  return best == nullptr ? std::nullopt : std::optional(best->front());
}

}  // namespace bcsim::models::acd
