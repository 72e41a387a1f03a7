// What is demanded of a queue, what callers suffered, and a service level that sees lost calls.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sim/rng.hpp"
#include "tests/support/site_failure_journal.hpp"

namespace bcsim::models::metrics_targets_test {
namespace {

using pstn::Release;
using test::add_fault;
using test::fail_site1;
using test::Journal;
using test::two_sites;

// ---- F6 ----------------------------------------------------------------------------------------

TEST(ServiceLevel, OfAllCallsThatEndedSeesTheLostOnes) {
  Journal j(two_sites());
  for (int n = 0; n < 4; ++n) {
    const CallId call = j.at(100 + n).queue();
    j.at(110 + n).answer(call, 0);
    j.at(120 + n).release(call, Release::normal);
  }
  const CallId late = j.at(200).queue();
  j.at(230).answer(late, 0);
  j.at(240).release(late, Release::normal);
  const CallId gone = j.at(300).queue();
  j.at(310).release(gone, Release::caller_hung_up, CallPhase::treatment);
  const CallId blocked = j.at(400).offer(1);
  j.release(blocked, Release::no_channel, CallPhase::setup);
  const CallId sent_away = j.at(500).queue();
  j.at(530).add(CallDefaultRouted{sent_away, 0, CallDefaultRouted::Cause::queue_full});
  j.release(sent_away, Release::normal, CallPhase::treatment);
  const RunResult r = j.finish();
  EXPECT_EQ(r.value("turned_away"), 2);
  EXPECT_EQ(r.value("answered") + r.value("abandoned") + r.value("turned_away"), 8);
  EXPECT_DOUBLE_EQ(r.value("service_level.f6"), 4.0 / 8);
  EXPECT_DOUBLE_EQ(r.value("service_level.f3"), 4.0 / 6);
  EXPECT_DOUBLE_EQ(r.value("service_level"), r.value("service_level.f6"));
}

TEST(ServiceLevel, LosingCallsNeverImprovesF6) {
  ServiceLevelCounts counts{.answered = 80, .abandoned = 20, .answered_within = 60};
  double before = service_level(ServiceLevelDefinition::f6, counts);
  for (; counts.answered > counts.answered_within; --counts.answered, ++counts.turned_away) {
    const double now = service_level(ServiceLevelDefinition::f6, counts);
    EXPECT_LE(now, before);
    before = now;
  }
  EXPECT_GT(service_level(ServiceLevelDefinition::f3, counts), 0.7);  // F3 is flattered
}

// ---- callers harmed ----------------------------------------------------------------------------

/// Of stream 0, dialled at this second.
CallRow call_of(std::uint32_t caller, std::uint8_t attempt, double offered) {
  CallRow row;
  row.caller = caller;
  row.attempt = attempt;
  row.offered = row.queued = kStart + sim::from_seconds(offered);
  row.stage = CallRow::Stage::over;
  return row;
}
CallRow answered(CallRow row, double wait, Cause cause = Cause::completed) {
  row.answered = row.queued + sim::from_seconds(wait);
  row.released = row.answered + 60s;
  row.cause = cause;
  return row;
}
CallRow ended(CallRow row, Cause cause, bool for_good) {
  row.released = row.offered + 30s;
  row.cause = cause;
  if (for_good) row.set(CallRow::caller_lost);
  return row;
}

TEST(CallersHarmed, AreCountedOnceByTheWorst) {
  const std::vector<CallRow> rows = {
      answered(call_of(0, 1, 0), 20),                              // in time
      answered(call_of(1, 1, 1), 20.1),                            // late
      ended(call_of(2, 1, 2), Cause::abandoned_in_queue, false),   // will call again
      ended(call_of(3, 1, 3), Cause::abandoned_in_queue, true),    // will not
      ended(call_of(4, 1, 4), Cause::blocked_at_trunk, true),      //
      answered(call_of(5, 1, 5), 1, Cause::dropped_in_talk),       //
      answered(call_of(5, 2, 6), 1),                               // … and calls again
      answered(call_of(2, 2, 7), 1),                               // not when he first called
      ended(call_of(6, 1, 8), Cause::lost_setup_timeout, false),   // and nothing more is known
      ended(call_of(7, 1, 9), Cause::dropped_in_queue, false),     //
      ended(call_of(7, 2, 10), Cause::abandoned_in_queue, true),   // the worst was before
      ended(call_of(8, 1, 11), Cause::abandoned_in_queue, false),  //
      ended(call_of(8, 2, 12), Cause::lost_setup_rejected, true),  //
      ended(call_of(9, 1, 13), Cause::default_routed, true),       //
  };
  std::vector<std::pair<std::uint32_t, Harm>> found;
  for (const auto& [call, harm] : callers_harmed(rows, 20s)) {
    found.emplace_back(rows[call].caller, harm);
  }
  const std::vector<std::pair<std::uint32_t, Harm>> expected = {
      {1, Harm::waited_too_long},   {3, Harm::gave_up},          {4, Harm::never_got_through},
      {5, Harm::cut_off},           {2, Harm::waited_too_long},  {7, Harm::cut_off},
      {8, Harm::never_got_through}, {9, Harm::never_got_through}};
  EXPECT_EQ(found, expected);
}

TEST(CallersHarmed, SumOverQueuesStreamsPhasesAndSitesToTheWhole) {
  const RunResult r = test::site_failure_run();
  for (const char* id : {"harmed", "harmed.cut_off", "harmed.gave_up", "harmed.waited_too_long",
                         "harmed.never_got_through", "turned_away"}) {
    double phases = 0;
    for (const char* phase : {"before", "detection", "relogin", "degraded", "after"}) {
      const double part = r.value(fmt::format("phase.{}.{}", phase, id));
      if (!std::isnan(part)) phases += part;
    }
    EXPECT_EQ(phases, r.value(id)) << id;
    EXPECT_EQ(r.value(fmt::format("site1.{}", id)) + r.value(fmt::format("site2.{}", id)),
              r.value(id))
        << id;
    EXPECT_EQ(r.value(fmt::format("queue.{}.{}", r.queue_names[0], id)), r.value(id)) << id;
  }
  EXPECT_GT(r.value("harmed"), 0);
}

// ---- targets -----------------------------------------------------------------------------------

Scenario with_target() {
  Scenario s = two_sites();
  ServiceTarget target;
  target.answered = AnsweredTarget{0.8, 20s};
  target.below_for = 5min;
  target.worst_wait = 1min;
  target.lost_callers = 3;
  target.agents_back = 2min;
  s.targets = {target};
  return s;
}

/// A call every 2 s, which waits `wait(t)` seconds.
template <class Wait>
RunResult with_waits(Scenario s, const Wait& wait) {
  Journal j(std::move(s));
  std::vector<std::pair<double, CallId>> open;
  const auto answer_until = [&](double t) {
    std::sort(open.begin(), open.end());
    while (!open.empty() && open.front().first <= t) {
      j.at(open.front().first).answer(open.front().second, 2, 1);
      j.release(open.front().second, Release::normal);
      open.erase(open.begin());
    }
  };
  for (double t = 0; t < 3000; t += 2) {
    answer_until(t);
    open.emplace_back(t + wait(t), j.at(t).queue(1));
  }
  answer_until(3599);
  return j.finish();
}

TEST(Targets, AreKeptOrMissedOneByOne) {
  const RunResult r =
      with_waits(with_target(), [](double t) { return t >= 600 && t < 960 ? 40.0 : 1.0; });
  const std::string q = "target." + r.queue_names[0];
  // 180 of 1500 calls are late.
  EXPECT_DOUBLE_EQ(r.value(q + ".answered"), 1320.0 / 1500);
  EXPECT_EQ(r.value(q + ".answered.met"), 1);
  EXPECT_NEAR(r.value(q + ".below_for"), 360, 60);
  EXPECT_EQ(r.value(q + ".below_for.met"), 0);
  EXPECT_DOUBLE_EQ(r.value(q + ".worst_wait"), 40);
  EXPECT_EQ(r.value(q + ".worst_wait.met"), 1);
  EXPECT_EQ(r.value(q + ".lost_callers"), 0);
  EXPECT_EQ(r.value(q + ".agents_back"), 0);
  EXPECT_EQ(r.value(q + ".met"), 0);
}

TEST(Targets, NotAskedForAreNotThere) {
  Scenario s = two_sites();
  s.targets.emplace_back().worst_wait = 50s;
  const RunResult r = with_waits(std::move(s), [](double) { return 1.0; });
  const std::string q = "target." + r.queue_names[0];
  EXPECT_EQ(r.find(q + ".answered"), nullptr);
  EXPECT_EQ(r.find(q + ".agents_back.met"), nullptr);
  EXPECT_EQ(r.value(q + ".met"), 1);
}

TEST(Targets, AgentsWhoAreNotBackMissTheirs) {
  for (const bool back : {true, false}) {
    Scenario s = two_sites(2);
    s.targets.emplace_back().agents_back = 2min;
    add_fault(s, Fail{SiteTarget{0}, {}});
    Journal j(std::move(s));
    fail_site1(j);
    j.at(651).add(AgentAtWork{AgentId{0}, 1});
    if (back) j.at(700).add(AgentAtWork{AgentId{1}, 1});
    const RunResult r = j.finish();
    const std::string id = "target." + r.queue_names[0] + ".agents_back";
    EXPECT_EQ(r.value(id + ".met"), back ? 1 : 0);
    EXPECT_EQ(std::isnan(r.value(id)), !back);
    EXPECT_EQ(r.find(id)->value == 100, back);
  }
}

/// Second by second: the level is judged in the stretch that a call dialled then would be in.
double time_below_by_hand(const std::vector<CallRow>& rows, const AnsweredTarget& target,
                          double horizon) {
  std::vector<double> edges = {0};
  std::size_t calls = 0;
  const auto s = [](const CallRow& row) { return sim::seconds(row.offered.time_since_epoch()); };
  for (const CallRow& row : rows) {
    while (s(row) - edges.back() >= 900) edges.push_back(edges.back() + 900), calls = 0;
    if (s(row) - edges.back() >= 60 && calls >= 20) edges.push_back(s(row)), calls = 0;
    ++calls;
  }
  while (horizon - edges.back() > 900) edges.push_back(edges.back() + 900);
  edges.push_back(horizon);
  double below = 0;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    double good = 0, all = 0;
    for (const CallRow& row : rows) {
      if (s(row) < edges[i] || s(row) >= edges[i + 1]) continue;
      ++all;
      good += row.answered != kNever && row.answered - row.queued <= target.within;
    }
    if (all > 0 && good / all < target.share) below += edges[i + 1] - edges[i];
  }
  return below;
}

TEST(Targets, TimeBelowIsThatOfAReckoningByHand) {
  for (int world = 0; world < 60; ++world) {
    Scenario s = two_sites();
    s.run.warm_up = 0s;
    std::vector<CallRow> rows;
    sim::RngStream chance(4, 0, "wait", static_cast<std::uint64_t>(world));
    const auto gap = [&] { return -std::log(chance.uniform()) / (world % 3 == 0 ? 0.003 : 0.5); };
    for (double t = gap(); t < 7200; t += gap()) {
      rows.push_back(answered(call_of(0, 1, t), chance.uniform(0, world % 2 == 0 ? 30 : 100)));
      if (chance.bernoulli(0.15)) {
        rows.back() = ended(call_of(0, 1, t), Cause::lost_setup_timeout, true);
      }
    }
    const AnsweredTarget target{0.66, 20s};
    EXPECT_NEAR(time_below(rows, s, 0, target, kStart + 2h), time_below_by_hand(rows, target, 7200),
                1e-6)
        << world;
  }
}

}  // namespace
}  // namespace bcsim::models::metrics_targets_test
