// Counts and waits, from hand-written journals.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>
#include <utility>

#include "models/metrics/definitions.hpp"
#include "models/metrics/flat_metrics.hpp"
#include "tests/support/site_failure_journal.hpp"

namespace bcsim::models::metrics_calls_test {
namespace {

using pstn::Release;
using test::Journal;
using test::two_sites;

TEST(Metrics, CountWhatHappenedToCalls) {
  Scenario s = two_sites();
  s.run.short_abandon_threshold = 6s;
  Journal j(std::move(s));
  for (int n = 0; n < 3; ++n) {  // waits 4, 20 and 25 s: the threshold itself is within
    const CallId call = j.at(100 * n).queue();
    j.at(100 * n + (n == 0 ? 4 : n == 1 ? 20 : 25)).answer(call, 0);
    j.at(100 * n + 60).release(call, Release::normal);
  }
  for (const double wait : {5.0, 20.0, 30.0}) {
    const CallId call = j.at(400 + wait).queue(1);
    j.at(400 + 2 * wait).release(call, Release::caller_hung_up, CallPhase::treatment);
  }
  const CallId first = j.at(500).offer(1);
  j.release(first, Release::no_channel, CallPhase::setup);
  const CallId again = j.at(510).offer(1, 2, first);
  j.at(520).release(again, Release::caller_hung_up, CallPhase::setup);
  j.add(CallerLost{again, 0});
  const RunResult r = j.finish();
  EXPECT_EQ(r.value("attempted"), 8);
  EXPECT_EQ(r.value("redials"), 1);
  EXPECT_EQ(r.value("offered"), 6);
  EXPECT_EQ(r.value("answered"), 3);
  EXPECT_EQ(r.value("completed"), 3);
  EXPECT_EQ(r.value("abandoned"), 3);
  EXPECT_EQ(r.value("short_abandoned"), 1);
  EXPECT_EQ(r.value("lost"), 2);
  EXPECT_EQ(r.value("lost.blocked_at_trunk"), 1);
  EXPECT_EQ(r.value("lost.abandoned_in_setup"), 1);
  EXPECT_EQ(r.value("callers_lost"), 1);
  EXPECT_EQ(r.value("abandonment"), 0.5);
  EXPECT_DOUBLE_EQ(r.value("service_level.f1"), 4.0 / 6);
  EXPECT_DOUBLE_EQ(r.value("service_level.f2"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(r.value("service_level.f3"), 2.0 / 6);
  EXPECT_DOUBLE_EQ(r.value("service_level.f4"), 2.0 / 4);
  EXPECT_DOUBLE_EQ(r.value("service_level.f5"), 3.0 / 6);
  EXPECT_DOUBLE_EQ(r.value("service_level.f6"), 2.0 / 8);
  EXPECT_DOUBLE_EQ(r.value("service_level"), r.value("service_level.f6"));
  EXPECT_NEAR(r.value("asa"), 49.0 / 3, 1e-9);
  EXPECT_NEAR(r.value("wait.mean"), (49.0 + 55) / 6, 1e-9);
  EXPECT_EQ(r.value("wait.p50"), 20);
  EXPECT_EQ(r.value("wait.p90"), 25);
  EXPECT_EQ(r.value("wait.max"), 30);
  EXPECT_NEAR(r.value("dial_to_answer"), 49.0 / 3, 1e-9);
  EXPECT_EQ(r.value("site1.answered"), 3);
  EXPECT_EQ(r.value("site2.answered"), 0);
  EXPECT_EQ(r.value("site2.abandoned"), 3);
  EXPECT_EQ(r.value("site2.lost"), 2);
  EXPECT_TRUE(std::isnan(r.value("site2.asa")));
}

TEST(Metrics, FollowTheScenariosDefinitionOfTheServiceLevel) {
  Scenario s = two_sites();
  s.run.service_level_definition = ServiceLevelDefinition::f2;
  s.run.service_level_threshold = 3s;
  Journal j(std::move(s));
  const CallId fast = j.at(0).queue();
  const CallId slow = j.queue();
  j.at(3).answer(fast, 0).at(3.5).answer(slow, 1);
  const RunResult r = j.finish();
  EXPECT_EQ(r.value("service_level"), 0.5);
}

TEST(Metrics, LeaveTheWarmUpOut) {
  Scenario s = two_sites();
  s.run.warm_up = 100s;
  Journal j(std::move(s));
  const CallId early = j.at(10).queue();
  const CallId spanning = j.at(50).queue();
  j.at(60).answer(early, 0).at(90).release(early, Release::normal);
  const CallId late = j.at(150).queue();
  j.at(160).answer(spanning, 0).at(161).answer(late, 1);
  j.at(200).release(spanning, Release::normal);
  const RunResult r = j.finish();
  EXPECT_EQ(r.value("attempted"), 1);
  EXPECT_EQ(r.value("answered"), 2);
  EXPECT_EQ(r.value("completed"), 1);
  EXPECT_EQ(r.value("in_system_at_start"), 1);
  EXPECT_EQ(r.value("still_in_system"), 1);
  // Opening balance and arrivals are as many as outcomes and the closing balance.
  EXPECT_EQ(r.value("in_system_at_start") + r.value("attempted"),
            r.value("completed") + r.value("still_in_system"));
  EXPECT_EQ(r.timeline[0].calls.attempted, 3u);  // the timeline shows all of it
}

TEST(Metrics, MeasureQueueTalkAndChannelsOverTime) {
  Journal j(two_sites());
  const CallId a = j.at(0).queue(0);
  const CallId b = j.at(100).queue(0);
  j.at(200).add(CallRouted{a, AgentId{0}, 0, 1});
  j.at(204).add(CallAnswered{a, AgentId{0}, 0, 1, 1});
  j.at(300).release(b, Release::caller_hung_up, CallPhase::treatment);
  j.at(564).release(a, Release::normal);
  const RunResult r = j.finish();
  EXPECT_DOUBLE_EQ(r.value("queue.mean"), (200.0 + 200) / 3600);
  EXPECT_EQ(r.value("queue.max"), 2);
  EXPECT_DOUBLE_EQ(r.value("ringing.mean"), 4.0 / 3600);
  EXPECT_DOUBLE_EQ(r.value("talking.mean"), 360.0 / 3600);
  EXPECT_DOUBLE_EQ(r.value("gateway.gw1.channels.mean"), (564.0 + 200) / 3600);
  EXPECT_EQ(r.value("gateway.gw1.channels.max"), 2);
  EXPECT_EQ(r.value("gateway.gw2.channels.max"), 0);
  EXPECT_EQ(r.value("site2.queue.max"), 0);
}

/// He is logged in and ready at site 1, and talks on a call of site 2's hunt group.
TEST(Metrics, HoldNobodyForReadyWhoTalksWhereHeIsNotLoggedIn) {
  const auto ready_s = [](const std::function<void(Journal&)>& meanwhile) {
    Journal j(two_sites());
    const CallId call = j.at(100).queue(1);
    j.add(CallRouted{call, AgentId{0}, 1, 2}).add(CallAnswered{call, AgentId{0}, 1, 2, 0});
    meanwhile(j);
    j.at(400).release(call, Release::normal);
    const RunResult r = j.finish();
    const double busy = r.value("agents.busy"), ready = r.value("agents.ready");
    EXPECT_DOUBLE_EQ(r.value("occupancy"), busy / (busy + ready));
    EXPECT_DOUBLE_EQ(3600 * r.value("site2.agents.busy"), 300);
    return 3600 * r.value("site1.agents.ready");
  };
  const double all = 3600 * 2;  // of his team of two
  EXPECT_DOUBLE_EQ(ready_s([](Journal&) {}), all - 300);
  EXPECT_DOUBLE_EQ(ready_s([](Journal& j) {
                     j.at(200).add(AgentStateChanged{AgentId{0}, 0, AgentState::not_ready});
                     j.at(300).add(AgentStateChanged{AgentId{0}, 0, AgentState::ready});
                   }),
                   all - 300);
  EXPECT_DOUBLE_EQ(ready_s([](Journal& j) {
                     j.at(200).add(AgentStateChanged{AgentId{0}, 0, AgentState::not_ready});
                   }),
                   all - 3500);
}

TEST(Metrics, CountAsBusyWhoTalksWhereHeIsNotLoggedInUntilHeTalksNoLonger) {
  // From 100 s to 400 s; the call itself may go on.
  const auto busy_s = [](std::uint32_t monitored,
                         const std::function<void(Journal&, CallId)>& end) {
    Journal j(two_sites());
    const CallId call = j.at(100).queue(0);
    j.add(CallRouted{call, AgentId{0}, 0, 1}).add(CallAnswered{call, AgentId{0}, 0, 1, monitored});
    j.at(400);
    end(j, call);
    const RunResult r = j.finish();
    EXPECT_EQ(r.value("site1.agents.busy") + r.value("site2.agents.busy"), r.value("agents.busy"));
    return std::pair(3600 * r.value("site1.agents.busy"), 3600 * r.value("site2.agents.busy"));
  };
  const auto released = [](Journal& j, CallId call) { j.release(call, Release::normal); };
  EXPECT_EQ(busy_s(0, released), std::pair(300.0, 0.0));
  EXPECT_EQ(busy_s(1, released), std::pair(0.0, 0.0));  // his server says how busy he is
  EXPECT_EQ(busy_s(0,
                   [](Journal& j, CallId call) {
                     j.add(CallReturned{call, AgentId{0}, 0, 408});
                     j.at(500).release(call, Release::normal);
                   }),
            std::pair(300.0, 0.0));
  for (const std::uint32_t monitored : {0u, 1u}) {  // another one has the call for 100 s
    EXPECT_EQ(busy_s(0,
                     [=](Journal& j, CallId call) {
                       j.add(CallAnswered{call, AgentId{2}, 1, 3, monitored});
                       j.at(500).release(call, Release::normal);
                     }),
              std::pair(300.0, monitored != 0 ? 0.0 : 100.0));
    EXPECT_EQ(busy_s(0,
                     [=](Journal& j, CallId call) {
                       j.add(CallTransferred{call, AgentId{2}, 1, 3, 0, 1});
                       j.at(500).release(call, Release::normal);
                     }),
              std::pair(300.0, 0.0));
  }
  EXPECT_EQ(busy_s(0, [](Journal&, CallId) {}), std::pair(3500.0, 0.0));  // to the end of the run
}

TEST(Metrics, ABlockedCallTakesNoChannel) {
  Journal j(two_sites());
  j.at(0).queue(0);
  const CallId blocked = j.at(10).offer(0);
  j.release(blocked, Release::no_channel, CallPhase::setup);
  EXPECT_EQ(j.finish().value("gateway.gw1.channels.max"), 1);
}

TEST(Metrics, TheTimelineAddsUpToTheWhole) {
  const RunResult r = test::site_failure_run();
  ASSERT_EQ(r.timeline.size(), 8u);
  std::uint64_t attempted = 0, answered = 0, lost = 0;
  double queue = 0, lost_s = 0;
  for (const TimelineRow& row : r.timeline) {
    attempted += row.calls.attempted;
    answered += row.calls.waits.answered;
    lost += row.calls.lost();
    queue += row.levels.integral_s(level_at(LevelKind::queue, row.site));
    lost_s += row.levels.integral_s(level_at(LevelKind::working, row.site)) -
              row.levels.integral_s(level_at(LevelKind::at_work, row.site));
  }
  EXPECT_EQ(attempted, r.calls.size());
  std::uint64_t all_answered = 0, all_lost = 0;
  double waited = 0;
  for (const CallRow& call : r.calls) {
    all_answered += call.answered != kNever;
    all_lost += is_loss(call.cause);
    if (call.queued == kNever) continue;
    waited += sim::seconds((call.routed != kNever ? call.routed : call.released) - call.queued);
  }
  EXPECT_EQ(answered, all_answered);
  EXPECT_EQ(lost, all_lost);
  EXPECT_NEAR(queue, waited, 1e-6);
  EXPECT_NEAR(lost_s, r.value("agents.lost_s"), 1e-6);  // none in the warm-up
}

TEST(Metrics, ThePhasesAddUpToTheWhole) {
  const RunResult r = test::site_failure_run();
  for (const std::string id : {"attempted", "answered", "lost", "lost.dropped_in_talk",
                               "agents.lost_s", "logins", "registrations"}) {
    double sum = 0;
    for (const char* phase : {"before", "detection", "relogin", "degraded", "after"}) {
      const double value = r.value(std::string("phase.") + phase + "." + id);
      if (!std::isnan(value)) sum += value;
    }
    EXPECT_NEAR(sum, r.value(id), 1e-6) << id;
    EXPECT_NEAR(r.value("site1." + id) + r.value("site2." + id), r.value(id), 1e-6) << id;
  }
}

TEST(Metrics, ServersAndLinksAreSampledAtTicks) {
  Scenario s = two_sites();
  s.run.horizon = 100s;
  Journal j(std::move(s));
  TickSample sample;
  sample.servers[0] = {.messages = 400, .delay_sum = 2s, .delay_max = 50ms};
  sample.links = {{sim::LinkId{0}, 800e3}};
  j.at(50).tick(sample);
  sample.servers[0] = {.messages = 600, .delay_sum = 3s, .delay_max = 20ms};
  sample.links = {{sim::LinkId{0}, 0}};
  j.at(100).tick(sample);
  const RunResult r = j.finish();
  EXPECT_EQ(r.value("site1.server.messages_per_s"), 10);
  EXPECT_EQ(r.value("server.messages_per_s"), 10);
  EXPECT_DOUBLE_EQ(r.value("site1.server.delay.mean"), 0.005);
  EXPECT_DOUBLE_EQ(r.value("site1.server.delay.max"), 0.05);
  EXPECT_TRUE(std::isnan(r.value("site2.server.delay.mean")));
  EXPECT_DOUBLE_EQ(r.value("link.dc-link.media.mean"), 400e3);
  EXPECT_DOUBLE_EQ(r.value("link.dc-link.media.max"), 800e3);
}

TEST(Metrics, ATickAtTheEndOfAnIntervalBelongsToIt) {
  Scenario s = two_sites();
  s.run.interval = 15min;
  Journal j(std::move(s));
  TickSample sample;
  sample.servers[0].messages = 90;
  j.at(900).offer();  // a record of the same instant comes first
  j.at(900).tick(sample);
  const RunResult r = j.finish();
  EXPECT_EQ(r.timeline[0].levels.server(0).messages, 90u);
  EXPECT_EQ(r.timeline[2].levels.server(0).messages, 0u);
  EXPECT_EQ(r.timeline[2].calls.attempted, 1u);
}

TEST(Metrics, EveryIdIsOfTheDictionaryAndEveryHeadingIsUsed) {
  const RunResult r = test::site_failure_run();
  std::set<std::string> ids, used;
  for (const MetricValue& m : r.metrics) {
    EXPECT_TRUE(ids.insert(m.id).second) << m.id << " twice";
    ASSERT_NE(find_definition(m.definition), nullptr) << m.definition;
    EXPECT_EQ(find_definition(m.definition)->unit, m.unit);
    used.insert(m.definition);
  }
  for (const MetricDefinition& d : metric_definitions()) {
    EXPECT_TRUE(used.count(std::string(d.id)) == 1) << d.id;
  }
}

TEST(Metrics, TheIdsOfARunAreKnownBeforeIt) {
  Scenario s = two_sites();
  test::add_fault(s, Fail{SiteTarget{}, {}});
  const std::vector<std::string> ids = metric_ids(s);
  Journal j(s);
  j.at(10).add(FaultInjected{0, 0});
  const RunResult r = j.finish();
  ASSERT_EQ(ids.size(), r.metrics.size());
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ids[i], r.metrics[i].id);
}

TEST(Metrics, LinkNamesAreInTheOrderOfTheWorldsLinks) {
  const Scenario s = two_sites();
  const Layout layout(s, sim::RngFactory{1, 0});
  const auto names = media_link_names(s);
  ASSERT_EQ(names.size(), 2 * layout.topology.links.size());
  for (std::size_t i = 0; i < layout.topology.links.size(); ++i) {
    EXPECT_EQ(names[2 * i], layout.topology.links[i].name);
    EXPECT_EQ(names[2 * i + 1], layout.topology.links[i].name + ".reverse");
  }
  EXPECT_EQ(names[layout.dc_link.value], "dc-link");
}

}  // namespace
}  // namespace bcsim::models::metrics_calls_test
