// The waiting queue and the router against a model that keeps everything in plain lists.
#include "models/acd/router.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace bcsim::models::acd::acd_router_test {
namespace {

using namespace std::chrono_literals;

SimTime at(std::int64_t s) {
  return sim::kStart + std::chrono::seconds(s);
}

TEST(WaitingQueue, ServesInTheOrderOfArrival) {
  WaitingQueue queue;
  for (const std::uint32_t call : {7u, 3u, 5u}) queue.push(call, {0, call == 7 ? 1u : call});
  EXPECT_EQ(queue.front(), 7u);
  queue.remove(7);
  EXPECT_EQ(queue.front(), 3u);
  queue.remove(3);
  EXPECT_EQ(queue.front(), 5u);
}

TEST(WaitingQueue, PutsTheHigherPriorityFirst) {
  WaitingQueue queue;
  queue.push(1, {0, 1});
  queue.push(2, {5, 2});
  queue.push(3, {5, 3});
  queue.push(4, {-1, 0});
  std::vector<std::uint32_t> order;
  while (!queue.empty()) {
    order.push_back(queue.front());
    queue.remove(queue.front());
  }
  EXPECT_EQ(order, (std::vector<std::uint32_t>{2, 3, 1, 4}));
}

TEST(WaitingQueue, GivesAReturnedCallItsOldPlace) {
  WaitingQueue queue;
  queue.push(1, {0, 1});
  queue.push(2, {0, 2});
  queue.remove(1);
  queue.push(3, {0, 3});
  queue.push(1, {0, 1});
  EXPECT_EQ(queue.front(), 1u);
}

RC_GTEST_PROP(WaitingQueue, EqualsASortedList, ()) {
  WaitingQueue queue;
  struct Entry {
    std::uint32_t call;
    Standing standing;
  };
  std::vector<Entry> model;
  std::uint64_t ticket = 0;
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1000));
  for (const int step : steps) {
    const auto call = static_cast<std::uint32_t>(step % 20);
    const auto place =
        std::find_if(model.begin(), model.end(), [&](const Entry& e) { return e.call == call; });
    if (place != model.end()) {
      model.erase(place);
      queue.remove(call);
    } else {
      const Standing standing{step / 20 % 3, ticket++};
      model.push_back({call, standing});
      queue.push(call, standing);
    }
    std::stable_sort(model.begin(), model.end(), [](const Entry& a, const Entry& b) {
      return a.standing.priority != b.standing.priority ? a.standing.priority > b.standing.priority
                                                        : a.standing.ticket < b.standing.ticket;
    });
    RC_ASSERT(queue.size() == model.size());
    if (!model.empty()) RC_ASSERT(queue.front() == model.front().call);
  }
}

/// Two groups: 0 serves queues 0 and 1, 1 serves 1 and 2. Queue 1 is of both sites.
RouterPlan two_groups() {
  return {.queues_of_group = {{0, 1}, {1, 2}},
          .group_of_agent = {0, 0, 0, 1, 1, 1},
          .both_sites = {false, true, false}};
}

TEST(Router, ChoosesTheLongestIdleAgentOfTheQueue) {
  Router router(two_groups());
  router.agent_idle(3, Where::here, at(1));
  router.agent_idle(1, Where::here, at(3));
  router.agent_idle(0, Where::here, at(2));
  EXPECT_EQ(router.agent_for(0), (Candidate{0, Where::here}));
  EXPECT_EQ(router.agent_for(1), (Candidate{3, Where::here}));
  EXPECT_EQ(router.agent_for(2), (Candidate{3, Where::here}));
  router.agent_gone(3, Where::here);
  EXPECT_EQ(router.agent_for(1), (Candidate{0, Where::here}));
  EXPECT_FALSE(router.agent_for(2));
}

TEST(Router, LooksAtThePeersAgentsOnlyForQueuesOfBothSites) {
  Router router(two_groups());
  router.agent_idle(0, Where::at_peer, at(1));
  router.agent_idle(1, Where::here, at(2));
  EXPECT_EQ(router.agent_for(0), (Candidate{1, Where::here}));
  EXPECT_EQ(router.agent_for(1), (Candidate{0, Where::at_peer}));
  router.call_waits(9, 0, {0, 1});
  EXPECT_FALSE(router.call_for(2, Where::at_peer));
  EXPECT_EQ(router.call_for(2, Where::here), 9u);
}

TEST(Router, GivesAnAgentTheFirstOfTheHighestPriorityOverHisQueues) {
  Router router(two_groups());
  router.call_waits(10, 0, {0, 1});
  router.call_waits(11, 1, {2, 2});
  router.call_waits(12, 2, {9, 3});
  EXPECT_EQ(router.call_for(0, Where::here), 11u);
  EXPECT_EQ(router.call_for(3, Where::here), 12u);
  router.call_leaves(11, 1);
  EXPECT_EQ(router.call_for(0, Where::here), 10u);
}

TEST(Router, GivesNoCallToWhoServesNoQueue) {
  Router router(
      {.queues_of_group = {{}, {1}}, .group_of_agent = {0, 1}, .both_sites = {false, false}});
  router.agent_idle(0, Where::here, at(0));
  router.agent_idle(1, Where::here, at(1));
  EXPECT_FALSE(router.agent_for(0));
  EXPECT_EQ(router.agent_for(1), (Candidate{1, Where::here}));
  router.call_waits(10, 0, {0, 1});
  EXPECT_FALSE(router.call_for(0, Where::here));
}

TEST(Router, DecidesBetweenEquallyLongIdleAgentsByNumber) {
  Router router(two_groups());
  for (const std::uint32_t agent : {2u, 0u, 4u, 1u}) router.agent_idle(agent, Where::here, at(0));
  EXPECT_EQ(router.agent_for(1), (Candidate{0, Where::here}));
}

RC_GTEST_PROP(Router, EqualsALinearSearch, ()) {
  Router router(two_groups());
  struct Idle {
    std::uint32_t agent;
    Where where;
    SimTime since;
  };
  const RouterPlan plan = two_groups();
  std::vector<Idle> model;
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 6 * 2 * 50));
  for (const int step : steps) {
    const auto agent = static_cast<std::uint32_t>(step % 6);
    const Where where = step / 6 % 2 == 0 ? Where::here : Where::at_peer;
    const SimTime since = at(step / 12);
    const auto same = [&](const Idle& i) { return i.agent == agent && i.where == where; };
    const auto place = std::find_if(model.begin(), model.end(), same);
    if (place != model.end()) {
      model.erase(place);
      router.agent_gone(agent, where);
    } else {
      model.push_back({agent, where, since});
      router.agent_idle(agent, where, since);
    }
    for (std::uint32_t queue = 0; queue < 3; ++queue) {
      const Idle* best = nullptr;
      for (const Idle& i : model) {
        const auto& queues = plan.queues_of_group[plan.group_of_agent[i.agent]];
        if (std::find(queues.begin(), queues.end(), queue) == queues.end()) continue;
        if (i.where == Where::at_peer && !plan.both_sites[queue]) continue;
        const auto key = [](const Idle& x) {
          return std::tuple(x.since, x.agent, static_cast<int>(x.where));
        };
        if (best == nullptr || key(i) < key(*best)) best = &i;
      }
      const auto found = router.agent_for(queue);
      RC_ASSERT(found.has_value() == (best != nullptr));
      if (best != nullptr) RC_ASSERT(*found == (Candidate{best->agent, best->where}));
    }
  }
}

}  // namespace
}  // namespace bcsim::models::acd::acd_router_test
