// The fault list: what each line may say, what is refused, and what is warned of.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scenario_text.hpp"
#include "tools/scenario/keys/fault_target.hpp"

namespace bcsim::tests::scenario_faults_test {
namespace {

using namespace bcsim::tools;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Loaded with(const std::string& lines) {
  // Who stays away from a site, or cannot leave it, is no matter here (M-W18, M-W19).
  return load_text(minimal("faults:\n" + lines), {"queues.service.routing-scope=both-sites",
                                                  "agents.team1.phone.registration=dual",
                                                  "agents.team2.phone.registration=dual"});
}
Loaded one(const std::string& fault) {
  return with("  - {at: 1h, " + fault + "}\n");
}

TEST(ScenarioFaults, ALineWithoutAVerbIsRefusedWhereItIs) {
  for (const char* rest : {"scope: building", "direction: forward", "lasting: 5min", "loss: 5%",
                           "flap: {period: 5s}", "staff-return: {to: site2, steps: []}"}) {
    const Loaded loaded = one(rest);
    EXPECT_EQ(problem(loaded, "S-008").message, "this fault does not say what is done") << rest;
    EXPECT_TRUE(loaded.has_errors());
  }
}

TEST(ScenarioFaults, AVerbTakesItsOwnTargetsAndKeysOnly) {
  EXPECT_THAT(problems(one("crash: site1")), ElementsAre("6:21 S-007"));
  EXPECT_THAT(problems(one("degrade: site1.ha-link, loss: 5%")), ElementsAre("6:23 S-007"));
  EXPECT_THAT(problems(one("drain: mg1")), ElementsAre("6:21 S-007"));
  EXPECT_THAT(problems(one("drain: site1, scope: genesys")), ElementsAre("6:35 S-003"));
  EXPECT_THAT(problems(one("cut: site1.ha-link, direction: forward")), ElementsAre("6:45 S-003"));
  EXPECT_THAT(problems(one("cut: dc-link, loss: 5%")), ElementsAre("6:34 S-003"));
}

TEST(ScenarioFaults, WhatLiesOnSomethingMayLastOrFlapButNotBoth) {
  for (const char* lasts : {"fail: site1", "crash: site1.stat-server", "hang: site1.stat-server",
                            "cut: dc-link", "degrade: dc-link, loss: 5%", "drain: site1"}) {
    EXPECT_THAT(problems(one(std::string(lasts) + ", lasting: 5min")), IsEmpty()) << lasts;
    EXPECT_THAT(problems(one(std::string(lasts) + ", flap: {period: 5min}")), IsEmpty()) << lasts;
    EXPECT_EQ(
        problem(one(std::string(lasts) + ", lasting: 1s, flap: {period: 5s}"), "S-013").message,
        "'flap' and 'lasting' exclude each other");
  }
  for (const char* instant : {"restore: site1", "heal: dc-link", "switchover: site1"}) {
    EXPECT_EQ(problem(one(std::string(instant) + ", lasting: 5min"), "S-013").code, "S-013");
    EXPECT_EQ(problem(one(std::string(instant) + ", flap: {period: 5s}"), "S-013").code, "S-013");
  }
  for (const char* duty : {"0%", "100%"}) {
    const Loaded loaded = one("cut: dc-link, flap: {period: 5s, duty: " + std::string(duty) + "}");
    EXPECT_EQ(problem(loaded, "S-006").code, "S-006") << duty;
  }
}

TEST(ScenarioFaults, WhoStaysAwayFromASiteThatComesBackIsNamed) {
  const auto warned = [](const std::string& faults, std::vector<std::string> overrides) {
    for (const char* team : {"team1", "team2"}) {
      overrides.insert(overrides.begin(), fmt::format("agents.{}.phone.registration=single", team));
    }
    return problem(load_text(minimal("queues: {service: {}}\nfaults:\n" + faults), overrides),
                   "M-W18")
        .message;
  };
  const std::string fails = "  - {at: 1h, fail: site1, lasting: 5min}\n";
  EXPECT_THAT(warned(fails, {}), HasSubstr("site1 comes back, but its agents stay at site2"));
  EXPECT_THAT(warned("  - {at: 1h, fail: site2}\n  - {at: 70min, restore: site2}\n", {}),
              HasSubstr("who then calls queue 'service' through site2"));
  EXPECT_THAT(warned("  - {at: 1h, drain: site1, lasting: 1s}\n", {}), HasSubstr("site1"));
  EXPECT_EQ(warned("  - {at: 1h, fail: site1}\n", {}), "");
  // Whose phone goes home is taken home by it (R79).
  EXPECT_EQ(warned(fails, {"agents.team1.phone.registration=active-backup"}), "");
  EXPECT_NE(warned(fails, {"agents.team1.phone.registration=dual"}), "");
  EXPECT_EQ(warned("  - {at: 1h, fail: site1, lasting: 60s}\n", {}), "");  // they wait for it
  EXPECT_EQ(warned("  - {at: 1h, cut: dc-link, lasting: 5min}\n", {}), "");
  EXPECT_EQ(warned("  - {at: 1h, fail: mg1, lasting: 5min}\n", {}), "");
  const std::string back = "agents.team1.desktop.failback=return-after-call";
  EXPECT_EQ(warned(fails, {back}), "");
  EXPECT_EQ(warned(fails, {"queues.service.routing-scope=both-sites"}), "");
  EXPECT_EQ(warned(fails, {"calls.main.gateways={mg1: 0%, mg2: 100%}"}), "");
}

TEST(ScenarioFaults, RestoringOrHealingWhatNothingLiesOnIsWarnedOf) {
  const auto warned = [](const std::string& before, const std::string& mends) {
    const Loaded loaded = with("  - {at: 1h, " + before + "}\n  - {at: 2h, " + mends + "}\n");
    EXPECT_FALSE(loaded.has_errors());
    return problem(loaded, "M-W12").line == 7u;
  };
  EXPECT_FALSE(warned("fail: site1", "restore: site1"));
  EXPECT_FALSE(warned("fail: site1, scope: building", "restore: site1"));
  EXPECT_FALSE(warned("fail: site1", "restore: site1, scope: building"));
  EXPECT_TRUE(warned("fail: site1", "restore: site1, scope: sip-server-pair"));
  EXPECT_TRUE(warned("fail: site1", "restore: site2"));
  EXPECT_TRUE(warned("fail: site1", "restore: site1.sip-server.primary"));
  EXPECT_TRUE(warned("crash: site1.sip-server.primary", "restore: site1"));
  EXPECT_TRUE(warned("fail: site1, lasting: 30min", "restore: site1"));
  EXPECT_FALSE(warned("drain: site1", "restore: site1"));
  EXPECT_FALSE(warned("hang: site1.stat-server", "restore: site1.stat-server"));
  EXPECT_FALSE(warned("degrade: dc-link, loss: 5%", "heal: dc-link"));
  EXPECT_TRUE(warned("cut: dc-link, direction: forward", "heal: dc-link, direction: backward"));
  EXPECT_TRUE(warned("cut: dc-link", "heal: access.site1.site1"));
}

TEST(ScenarioFaults, WhoCannotLeaveASiteThatIsBeingDrainedIsNamed) {
  const auto warned = [](const std::string& fault, const std::string& registration) {
    return problem(load_text(minimal("faults:\n  - {at: 1h, " + fault + "}\n"),
                             {"agents.team1.phone.registration=" + registration}),
                   "M-W19")
        .message;
  };
  for (const char* registration : {"single", "active-backup", "fixed"}) {
    for (const char* drain : {"drain: site1", "drain: site1, lasting: 10min"}) {
      EXPECT_THAT(warned(drain, registration), HasSubstr("the agents of 'team1' are logged out"));
    }
    EXPECT_EQ(warned("fail: site1", registration), "");
  }
  EXPECT_EQ(warned("drain: site1", "dual"), "");
  EXPECT_THAT(warned("drain: site2", "dual"), HasSubstr("'team2'"));
}

TEST(ScenarioFaults, APlanThatNoMachineCanHoldIsRefusedWhereItIsWritten) {
  const Loaded loaded = load_text(
      minimal("run: {horizon: 24h}\nfaults:\n  - {at: 1h, cut: dc-link, flap: {period: 1ms}}\n"));
  EXPECT_THAT(problem(loaded, "M-E07").message, HasSubstr("more than 1000000 are not planned"));
  EXPECT_EQ(problem(loaded, "M-E07").line, 7u);
  EXPECT_THAT(
      problems(load_text(minimal(
          "run: {horizon: 24h}\nfaults:\n  - {at: 1h, cut: dc-link, flap: {period: 1s}}\n"))),
      IsEmpty());
}

TEST(ScenarioFaults, AreWrittenAndReadAgain) {
  const Loaded first = with(
      "  - {at: 1h, fail: site1, scope: building, lasting: 1h,\n"
      "     staff-return: {to: site2, steps: [{after: 10min, share: 50%}]}}\n"
      "  - {at: 1h, fail: site2}\n"
      "  - {at: 2h, restore: site2}\n"
      "  - {at: 1h, degrade: dc-link, direction: backward, latency: 80ms, lasting: 10min}\n"
      "  - {at: 1h, drain: site1, lasting: 10min}\n"
      "  - {at: 1h, hang: site1.stat-server, flap: {period: 10s, duty: 20%, until: 2h}}\n"
      "  - {at: 1h, switchover: site1}\n");
  ASSERT_THAT(problems(first), ElementsAre("3:1 V-W19")) << "the building's people are missing";
  const Loaded again = load_text(first.effective_yaml);
  EXPECT_EQ(again.effective_yaml, first.effective_yaml);
  const auto& faults = again.scenario.faults;
  EXPECT_EQ(std::get<models::SiteTarget>(*target_of(faults[1])).scope, models::SiteScope::genesys);
  EXPECT_EQ(std::get<models::SiteTarget>(*target_of(faults[2])).scope, models::SiteScope::building);
}

TEST(ScenarioFaults, ANameThatIsRefusedIsRefusedOnce) {
  for (const char* target : {"fail: a.b", "fail: a.b.sip-server", "cut: access.a.b.s2"}) {
    const Loaded loaded = load_text(
        "bcsim: 1\nrun: {warm-up: 1min}\nsites: {a.b: {}, s2: {}}\n"
        "agents: {t1: {count: 9, location: a.b}, t2: {count: 9, location: s2}}\n"
        "calls: {main: {rate: 60/h}}\nfaults: [{at: 10min, " +
        std::string(target) + "}]\n");
    EXPECT_EQ(problem(loaded, "S-016").message, "'a.b' cannot name a site") << target;
    EXPECT_EQ(problem(loaded, "S-007").message, "") << target;
    EXPECT_TRUE(loaded.has_errors());
  }
}

}  // namespace
}  // namespace bcsim::tests::scenario_faults_test
