// How many people each queue needs, at which site and when: what `check` says of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "models/demand/erlang.hpp"
#include "tests/support/scenario_text.hpp"
#include "tools/scenario/load_report.hpp"
#include "tools/scenario/rules/offered_load.hpp"
#include "tools/scenario/rules/people_needs.hpp"

namespace bcsim::tools::scenario_people_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// Two queues over both sites: sales for the people of s1 and s2, support for those of h1 and h2.
std::string two_queues(const std::string& more = "") {
  return "bcsim: 1\n"
         "run: {start: \"09:00\", horizon: 3h, warm-up: 20min}\n"
         "sites: {site1: {}, site2: {}}\n"
         "agents:\n"
         "  s1: {count: 30, location: site1, queues: [sales]}\n"
         "  s2: {count: 14, location: site2, queues: [sales]}\n"
         "  h1: {count: 10, location: site1, queues: [support]}\n"
         "  h2: {count: 66, location: site2, queues: [support]}\n"
         "queues: {sales: {routing-scope: both-sites}, support: {routing-scope: both-sites}}\n"
         "calls:\n"
         "  orders: {queue: sales, rate: 500/h, talk: 200s, after-call-work: 40s,\n"
         "           patience: {exponential: 45s}}\n"
         "  help: {queue: support, rate: 420/h, talk: 420s, after-call-work: 60s,\n"
         "         patience: {exponential: 6min}}\n" +
         more;
}
const char* const kBuilding = "faults: [{at: \"10:00\", fail: site1, scope: building}]\n";

std::vector<std::string> told(const Loaded& loaded, const std::string& code) {
  std::vector<std::string> all;
  for (const Diagnostic& d : loaded.diagnostics) {
    if (d.code == code) all.push_back(d.message);
  }
  return all;
}

TEST(ScenarioPeople, AQueueThatABuildingLeavesShortIsNamed) {
  EXPECT_THAT(told(load_text(two_queues()), "V-W19"), testing::IsEmpty());
  const auto lost = told(load_text(two_queues(kBuilding)), "V-W19");
  ASSERT_EQ(lost.size(), 1u) << "support has people enough";
  EXPECT_THAT(lost[0], HasSubstr("at 10:00 14 agents of queue 'sales' at one surviving site, "
                                 "without those in the building of site1, are less than the "));
  EXPECT_THAT(lost[0], HasSubstr("33.89 erlangs need for 80% within 20s"));
}

TEST(ScenarioPeople, WhoComesBackElsewhereCountsFromThenOn) {
  const auto back = [](const std::string& steps) {
    return told(load_text(two_queues("faults: [{at: \"10:00\", fail: site1, scope: building, "
                                     "staff-return: {to: site2, steps: [" +
                                     steps + "]}}]\n")),
                "V-W19");
  };
  const auto half = back("{after: 30min, share: 50%}");
  ASSERT_EQ(half.size(), 1u);
  EXPECT_THAT(half[0], HasSubstr("who are not back, are less than"));
  EXPECT_THAT(half[0], Not(HasSubstr(", from "))) << "half of them are too few to the end";
  EXPECT_THAT(back("{after: 30min, share: 100%}"),
              ElementsAre(HasSubstr(", from 10:00 to 10:30 (R7, R26)")));
  EXPECT_THAT(back("{after: 0s, share: 100%}"), testing::IsEmpty());
}

TEST(ScenarioPeople, ALossThatEndsIsNotLookedAtAfterwards) {
  // Nobody calls before 11:00.
  const std::string late =
      "calls.orders={queue: sales, profile: [{at: 0s, rate: 0/h}, {at: 2h, "
      "rate: 500/h}], talk: 200s, after-call-work: 40s}";
  const auto with = [&](const std::string& lasting) {
    return told(load_text(two_queues("faults: [{at: \"10:00\", fail: site1, scope: building" +
                                     lasting + "}]\n"),
                          {late}),
                "V-W19");
  };
  EXPECT_THAT(with(", lasting: 55min"), testing::IsEmpty());
  EXPECT_THAT(with(", lasting: 65min"), ElementsAre(HasSubstr("at 11:00 14 agents")));
}

TEST(ScenarioPeople, ThatAreNeededAreTheFewestWhoReachTheLevel) {
  const Loaded loaded = load_text(two_queues());
  const models::Scenario& s = loaded.scenario;
  PeopleNeeds needs(s);
  for (const Share& share : shares_at(s, sim::kStart)) {
    if (!share.queue) continue;
    const int needed = needs.needed(share, sim::kStart);
    const auto level = [&](int agents) {
      const models::QueueLoad load{share.calls_per_s, share.erlangs / share.calls_per_s,
                                   static_cast<double>(agents)};
      return models::service_level(models::ServiceLevelKind::f3,
                                   models::forecast_queue(load, s.calls[*share.queue].patience));
    };
    EXPECT_GE(level(needed), kStaffingLevel) << share.whose;
    EXPECT_LT(level(needed - 1), kStaffingLevel) << share.whose;
  }
}

/// What is never more than there are is not computed: that bound must be a safe one.
TEST(ScenarioPeople, AreNeverMoreThanSurelyEnough) {
  const Loaded loaded = load_text(two_queues());
  models::Scenario s = loaded.scenario;
  for (const models::Distribution& patience :
       {models::Distribution(models::Never{}), models::Distribution(models::Exponential{45})}) {
    s.calls[0].patience = patience;
    for (const double talk_s : {1.0, 20.0, 300.0, 3600.0}) {
      s.calls[0].talk = models::Deterministic{talk_s};
      for (const double erlangs : {0.01, 0.3, 1.0, 3.0, 10.0, 100.0, 1000.0}) {
        s.calls[0].arrivals = models::ConstantRate{erlangs / work_of(s, s.calls[0]).first_s};
        PeopleNeeds needs(s);
        const Share share = shares_at(s, sim::kStart)[0];
        EXPECT_LE(needs.needed(share, sim::kStart),
                  std::ceil(share.erlangs + 3 * std::sqrt(share.erlangs) + 3))
            << talk_s << ' ' << erlangs;
      }
    }
  }
}

TEST(ScenarioPeople, QueuesThatSharePeopleAreLookedAtTogether) {
  const std::string text = two_queues();
  const auto whose = [](const Loaded& loaded) {
    std::vector<std::string> all;
    for (const Pool& pool : pools(loaded.scenario)) all.push_back(pool.whose);
    return all;
  };
  EXPECT_THAT(whose(load_text(text)), ElementsAre("queue 'sales'", "queue 'support'"));
  EXPECT_THAT(whose(load_text(text, {"agents.s2.queues=[sales, support]"})),
              ElementsAre("queue 'sales'", "queue 'support'", ""));
  EXPECT_THAT(whose(load_text(text, {"agents.s2.queues=[sales, support]",
                                     "agents.idle={count: 3, location: site1, queues: []}",
                                     "calls.d={rate: 1/h, to-agents: [idle]}"})),
              ElementsAre("queue 'sales'", "queue 'support'", "queues 'sales' and 'support'"));
  // Each has enough by itself, and both together have not.
  const auto shared = [&](const char* count) {
    std::vector<std::string> sets = {
        "calls.orders.patience={exponential: 10min}",
        "agents.all={location: site1, count: " + std::string(count) + "}"};
    for (const char* group : {"s1", "s2", "h1", "h2"}) {
      sets.push_back(std::string("agents.") + group + ".count=0");
    }
    return load_text(text, sets);
  };
  EXPECT_THAT(told(shared("75"), "M-W03"), ElementsAre(HasSubstr("overloaded without")));
  EXPECT_THAT(told(shared("75"), "V-W19"), testing::IsEmpty());
  EXPECT_THAT(told(shared("91"), "V-W19"),
              ElementsAre(HasSubstr("at 09:00 91 agents at one surviving site are less than")));
  EXPECT_THAT(told(shared("110"), "V-W19"), testing::IsEmpty());
}

TEST(ScenarioPeople, OfASiteWhoseCallsStayThereMustBeEnoughForIt) {
  const auto at_sites = [](const char* share) {
    return told(load_text(two_queues(), {"queues.support.routing-scope=local", "agents.h1.count=44",
                                         std::string("calls.help.gateways=") + share}),
                "M-W20");
  };
  EXPECT_THAT(at_sites("{mg1: 50%, mg2: 50%}"), testing::IsEmpty());
  EXPECT_THAT(at_sites("{mg1: 75%, mg2: 25%}"),
              ElementsAre(HasSubstr("44 agents of queue 'support' at site1 are less than the ")));
}

TEST(ScenarioPeople, ASurgeIsPartOfTheLoad) {
  const Loaded calm = load_text(two_queues());
  const Loaded surge = load_text(two_queues(), {"calls.orders.surge=[{at: 1h, factor: 3}, {at: 2h, "
                                                "factor: 1}]"});
  const PeakLoad before = peak_load(calm.scenario), peak = peak_load(surge.scenario);
  EXPECT_EQ(peak.at, sim::kStart + std::chrono::hours(1));
  EXPECT_NEAR(peak.calls_per_s - before.calls_per_s, 2 * 500 / 3600.0, 1e-9);
  EXPECT_THAT(told(surge, "M-W03"), ElementsAre(HasSubstr("at 10:00")));
}

TEST(ScenarioPeople, EachQueueHasALineOfTheSummary) {
  const Loaded loaded = load_text(two_queues());
  const std::string text = describe_scenario(loaded.scenario);
  EXPECT_THAT(text,
              HasSubstr("queue 'sales': at most 33.89 erlangs for 44 agents (09:00): 77% busy; "));
  EXPECT_THAT(text, HasSubstr("queue 'support': at most "));
  const auto j = load_report("x", loaded)["summary"]["queues"];
  ASSERT_EQ(j.size(), 2u);
  EXPECT_EQ(j[0]["queue"], "sales");
  EXPECT_EQ(j[0]["agents"], 44);
  EXPECT_GE(j[0]["agents_needed"], 33);
  EXPECT_THAT(describe_scenario(load_text(minimal()).scenario),
              HasSubstr("queue 'service' at site2: at most "));
}

}  // namespace
}  // namespace bcsim::tools::scenario_people_test
