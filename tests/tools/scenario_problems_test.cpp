// Every mistake a scenario can hold is reported where it is, with its code, and all at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/scenario_text.hpp"

namespace bcsim::tools::scenario_problems_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::filesystem::path temporary(const std::string& name, const std::string& content) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / name;
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

TEST(ScenarioProblems, TwoSitesWithAgentsAndARateAreEnough) {
  const Loaded loaded = load_text(minimal());
  EXPECT_THAT(problems(loaded), IsEmpty());
  EXPECT_EQ(loaded.scenario.gateways.size(), 2u);
  EXPECT_EQ(loaded.scenario.queues.size(), 1u);
}

TEST(ScenarioProblems, AMissingFileIsUnreadable) {
  const Loaded loaded = load_scenario("/no/such/file.yaml");
  EXPECT_EQ(problem(loaded, "S-010").message, "cannot be read: no such file");
  EXPECT_EQ(problem(loaded, "S-010").file, "/no/such/file.yaml");
}

TEST(ScenarioProblems, ADirectoryIsUnreadable) {
  const Loaded loaded = load_scenario(testing::TempDir());
  EXPECT_THAT(problem(loaded, "S-010").message, HasSubstr("it is a directory"));
}

TEST(ScenarioProblems, AnEmptyFileIsNoScenario) {
  EXPECT_EQ(problem(load_scenario(temporary("empty.yaml", "")), "S-011").message,
            "the file is empty");
  EXPECT_EQ(problem(load_text("# only a comment\n"), "S-011").code, "S-011");
}

TEST(ScenarioProblems, ABinaryFileIsRefused) {
  const Loaded loaded = load_scenario(temporary("binary.yaml", std::string("\x7f"
                                                                           "ELF\0\1",
                                                                           6)));
  EXPECT_THAT(problem(loaded, "S-010").message, HasSubstr("not a text file"));
  EXPECT_TRUE(loaded.has_errors());
}

TEST(ScenarioProblems, AnEndlessFileIsNotReadForEver) {
  EXPECT_TRUE(load_scenario("/dev/zero").has_errors());
}

TEST(ScenarioProblems, WhatIsNotYamlIsShownWithItsPlace) {
  const Loaded loaded = load_text("bcsim: 1\nsites: {site1: {}\nrun: [\n");
  ASSERT_EQ(loaded.diagnostics.size(), 1u);
  EXPECT_EQ(loaded.diagnostics[0].code, "S-009");
  EXPECT_GT(loaded.diagnostics[0].line, 1);
}

TEST(ScenarioProblems, TabsAsIndentationAreNamed) {
  const Loaded loaded = load_text("bcsim: 1\nrun:\n\thorizon: 4h\n");
  EXPECT_THAT(problem(loaded, "S-009").hint, HasSubstr("tab"));
}

TEST(ScenarioProblems, AScalarOrAListIsNoScenario) {
  EXPECT_THAT(problem(load_text("hello\n"), "S-003").message, HasSubstr("a map of keys"));
  EXPECT_THAT(problem(load_text("- 1\n"), "S-003").message, HasSubstr("found a list"));
}

TEST(ScenarioProblems, ASecondDocumentIsRefused) {
  EXPECT_EQ(problem(load_text(minimal("---\nbcsim: 1\n")), "S-009").code, "S-009");
}

TEST(ScenarioProblems, DuplicateKeysAreRefused) {
  const Loaded loaded = load_text(minimal("run: {seed: 1, seed: 2}\n"));
  EXPECT_THAT(problems(loaded), ElementsAre("5:16 S-002"));
  EXPECT_EQ(problem(loaded, "S-002").hint, "first in line 5");
}

TEST(ScenarioProblems, UnknownKeysGetASuggestion) {
  const Loaded loaded = load_text(minimal("run: {horizn: 4h}\n"));
  EXPECT_THAT(problems(loaded), ElementsAre("5:7 S-001"));
  EXPECT_EQ(problem(loaded, "S-001").hint, "did you mean 'horizon'?");
}

TEST(ScenarioProblems, AKeyInTheWrongPlaceIsSentHome) {
  const Loaded loaded = load_text(minimal("run: {oos-check: 10s}\n"));
  EXPECT_EQ(problem(loaded, "S-001").hint, "'oos-check' belongs under sites.<site>.sip-server");
}

TEST(ScenarioProblems, WrongTypesAreNamed) {
  const Loaded loaded = load_text(minimal("run: {seed: many, horizon: [4h]}\nfaults: site1\n"));
  EXPECT_THAT(problems(loaded), ElementsAre("5:13 S-003", "5:19 S-003", "6:9 S-003"));
}

TEST(ScenarioProblems, ANumberWithoutUnitIsRefusedWithAProposal) {
  const Loaded loaded = load_text(minimal("run: {horizon: 4}\n"));
  EXPECT_THAT(problems(loaded), ElementsAre("5:16 S-004"));
  EXPECT_THAT(problem(loaded, "S-004").hint, HasSubstr("'4s'"));
}

TEST(ScenarioProblems, AWrongUnitIsRefusedWithAProposal) {
  const Loaded loaded = load_text(minimal("run: {horizon: 4m}\n"));
  EXPECT_THAT(problems(loaded), ElementsAre("5:16 S-005"));
  EXPECT_THAT(problem(loaded, "S-005").hint, HasSubstr("'4min'"));
  EXPECT_EQ(problem(load_text(minimal("run: {horizon: 4bit/s}\n")), "S-005").code, "S-005");
}

TEST(ScenarioProblems, NegativeTimesAreOutOfRange) {
  EXPECT_THAT(problems(load_text(minimal("run: {warm-up: -5min}\n"))), ElementsAre("5:16 S-006"));
}

TEST(ScenarioProblems, AProbabilityAboveOneIsOutOfRange) {
  EXPECT_THAT(problems(load_text(minimal("network: {dc-link: {loss: 101%}}\n"))),
              ElementsAre("5:27 S-006"));
}

TEST(ScenarioProblems, ABareProbabilityIsAmbiguous) {
  const Loaded loaded = load_text(minimal("network: {dc-link: {loss: 0.5}}\n"));
  EXPECT_THAT(problem(loaded, "S-004").hint, HasSubstr("'50%'"));
}

TEST(ScenarioProblems, AnUnknownSiteInAFaultGetsASuggestion) {
  const Loaded loaded = load_text(minimal("faults: [{at: 1h, fail: site3}]\n"));
  EXPECT_THAT(problems(loaded), ElementsAre("5:25 S-007"));
  EXPECT_THAT(problem(loaded, "S-007").hint, HasSubstr("did you mean 'site"));
}

TEST(ScenarioProblems, AFaultAfterTheHorizonIsAWarning) {
  const Loaded loaded = load_text(minimal("faults: [{at: 5h, fail: site1}]\n"));
  EXPECT_THAT(problems(loaded), ElementsAre("5:15 M-W01"));
  EXPECT_FALSE(loaded.has_errors());
}

TEST(ScenarioProblems, AFaultInsideTheWarmUpIsAnError) {
  EXPECT_THAT(problems(load_text(minimal("faults: [{at: 10min, fail: site1}]\n"))),
              ElementsAre("5:15 M-E03"));
}

TEST(ScenarioProblems, AFaultMustSayWhenAndWhat) {
  EXPECT_THAT(problems(load_text(minimal("faults: [{fail: site1}, {at: 1h}]\n"))),
              ElementsAre("5:10 S-008", "5:25 S-008"));
}

TEST(ScenarioProblems, VerbsHitOnlyWhatTheyCan) {
  const Loaded loaded = load_text(minimal(
      "faults: [{at: 1h, fail: site1.sip-server.primary}, {at: 1h, cut: mg1},\n"
      "  {at: 1h, crash: mg1}, {at: 1h, fail: dc-link}, {at: 1h, fail: team1.phone.101}]\n"));
  EXPECT_THAT(problems(loaded),
              ElementsAre("5:25 S-007", "5:66 S-007", "6:19 S-007", "6:40 S-007", "6:50 S-007"));
}

TEST(ScenarioProblems, ZeroAgentsAreAnError) {
  EXPECT_EQ(problem(load_text("bcsim: 1\nsites: {a: {}, b: {}}\n"
                              "agents: {t: {count: 0, location: a}}\ncalls: {c: {rate: 1/s}}\n"),
                    "M-E01")
                .line,
            3);
}

TEST(ScenarioProblems, ZeroTrunksAreAnError) {
  const Loaded loaded = load_text(
      "bcsim: 1\n"
      "sites: {a: {gateways: {g1: {channels: 0}}}, b: {gateways: {}}}\n"
      "agents: {t: {count: 100, location: a}}\ncalls: {c: {rate: 900/h}}\n");
  EXPECT_EQ(problem(loaded, "M-E02").line, 2);
}

TEST(ScenarioProblems, AllAreReportedInOnePass) {
  const Loaded loaded = load_text(
      "bcsim: 1\n"
      "run: {horizon: 4, seed: -1}\n"
      "sites: {site1: {sip-server: {dr-forward: sometimes}}, site2: {}}\n"
      "agents: {t: {count: 100, location: site1, phone: {expires: 2}}}\n"
      "calls: {c: {rate: 1000/h, talk: {normal: 4}}}\n"
      "fault: []\n");
  EXPECT_THAT(problems(loaded), ElementsAre("2:16 S-004", "2:25 S-006", "3:42 S-003", "4:60 S-004",
                                            "5:34 S-001", "6:1 S-001"));
}

TEST(ScenarioProblems, TheVersionOfTheLanguageIsRequired) {
  EXPECT_EQ(problem(load_text("sites: {a: {}, b: {}}\n"), "S-012").line, 1);
  const std::string two = "bcsim: 2\n" + minimal().substr(9);
  EXPECT_THAT(problem(load_text(two), "S-012").message, HasSubstr("version 2"));
}

TEST(ScenarioProblems, Yaml11WordsAreNotMisread) {
  const Loaded good = load_text(minimal("title: no\n"), {"sites.site1.sip-server.dr-forward=off"});
  EXPECT_THAT(problems(good), IsEmpty());
  EXPECT_EQ(good.scenario.title, "no");
  EXPECT_EQ(good.scenario.sites[0].sip_server.dr_forward, models::DrForward::off);
  const Loaded bad = load_text(minimal("run: {media-survives: yes, seed: 1e3}\n"));
  EXPECT_THAT(problems(bad), ElementsAre("5:23 S-003", "5:34 S-003"));
  EXPECT_EQ(bad.diagnostics[0].hint, "write true");
  EXPECT_EQ(bad.diagnostics[1].hint, "write 1000");
}

TEST(ScenarioProblems, NamesMustBeDistinctAndPlain) {
  const Loaded loaded = load_text(
      "bcsim: 1\n"
      "sites: {a: {gateways: {a: {}}}, b: {}}\n"
      "locations: [far away]\n"
      "agents: {t: {count: 100, location: a}, u: {count: 90, location: b}}\n"
      "calls: {c: {rate: 600/h}}\n");
  EXPECT_THAT(problems(loaded), ElementsAre("2:24 S-016", "3:13 S-016"));
}

TEST(ScenarioProblems, GatewaySharesMustAddUp) {
  const Loaded loaded = load_text(minimal(), {"calls.main.gateways={mg1: 50%, mg2: 40%}"});
  EXPECT_THAT(problem(loaded, "S-006").message, HasSubstr("90%"));
}

TEST(ScenarioProblems, WaysToSayTheSameExcludeEachOther) {
  const Loaded loaded = load_text(
      "bcsim: 1\nsites: {a: {}, b: {}}\nagents: {t: {count: 100, location: a}}\n"
      "calls: {c: {rate: 1/s, profile: [{at: 0s, rate: 600/h}]}}\n");
  EXPECT_THAT(problem(loaded, "S-013").message, HasSubstr("'profile' and 'rate'"));
}

TEST(ScenarioProblems, TheSourceLineAndACaretAreShown) {
  const Loaded loaded = load_text(minimal("run: {horizon: 4}\n"));
  EXPECT_EQ(render(problem(loaded, "S-004")),
            "test.yaml:5:16: error[S-004]: a duration needs a unit (write '4s'; units: ns, us, ms, "
            "s, min, h, d)\n"
            "  run: {horizon: 4}\n"
            "                 ^\n");
}

TEST(ScenarioProblems, ColumnsCountCharacters) {
  const Loaded loaded = load_text(minimal("run: {\"h\xc3\xb6he\": 4, seed: x}\n"));
  EXPECT_THAT(problems(loaded), ElementsAre("5:7 S-001", "5:24 S-003"));
}

TEST(ScenarioProblems, AnOverrideIsShownAsItWasGiven) {
  const Loaded loaded = load_text(minimal(), {"run.horizon=4"});
  EXPECT_EQ(
      render(problem(loaded, "S-004")),
      "--set run.horizon=4: error[S-004]: a duration needs a unit (write '4s'; units: ns, us, "
      "ms, s, min, h, d)\n");
}

TEST(ScenarioProblems, AnOverrideMustLeadSomewhere) {
  EXPECT_EQ(problem(load_text(minimal(), {"run.sed=4"}), "S-001").hint, "did you mean 'seed'?");
  EXPECT_EQ(problem(load_text(minimal(), {"seed"}), "S-017").code, "S-017");
  EXPECT_EQ(problem(load_text(minimal(), {"extends=other.yaml"}), "S-017").code, "S-017");
  EXPECT_EQ(problem(load_text(minimal("faults: []\n"), {"faults.0.at=1h"}), "S-017").code, "S-017");
}

TEST(ScenarioProblems, AnEmptyListSaysNothing) {
  const auto told = [](const std::string& override_text) {
    return problem(load_text(minimal(), {override_text}), "S-008").message;
  };
  EXPECT_EQ(told("agents.team1={location: site1, staffing: []}"), "a staffing needs a step");
  EXPECT_EQ(told("agents.team1={location: site1, shifts: []}"), "shifts need a shift");
  EXPECT_EQ(told("calls.main={profile: []}"), "a profile needs a step");
  const char* group = "a list of agent groups needs a group";
  EXPECT_EQ(told("calls.direct={rate: 1/h, to-agents: []}"), group);
  EXPECT_EQ(told("calls.out={rate: 1/h, from-agents: []}"), group);
  EXPECT_EQ(told("faults=[{at: 1h, fail: site1, scope: building, staff-return: {to: site2, "
                 "steps: []}}]"),
            "staff-return needs a step");
}

TEST(ScenarioProblems, AChangeNamesAnOptionThatRunningServersHeed) {
  const auto one = [](const std::string& change) {
    return load_text(minimal("faults:\n  - {at: 1h, " + change + "}\n"));
  };
  EXPECT_THAT(problems(one("change: sites.site1.sip-server.oos-check, to: 5s")), IsEmpty());
  EXPECT_EQ(problem(one("change: sites.site1.sip-server.oos-chek, to: 5s"), "S-007").message,
            "no option is called 'sites.site1.sip-server.oos-chek'");
  EXPECT_EQ(problem(one("change: run.seed, to: 5"), "S-007").message,
            "'seed' cannot be changed while it runs");
  EXPECT_THAT(problem(one("change: sites.site1.sip-server.backup, to: false"), "S-007").hint,
              HasSubstr("oos-check"));
  EXPECT_EQ(problem(one("change: sites.site3.sip-server.oos-check, to: 5s"), "S-007").hint,
            "did you mean 'site1'?");
  EXPECT_EQ(problem(one("change: sites.site1.sip-server.oos-check"), "S-008").message,
            "change needs 'to'");
  EXPECT_EQ(problem(one("fail: site1, to: 5s"), "S-003").message, "'to' belongs to change");
  EXPECT_THAT(problem(one("change: queues.service.limit, to: 3, lasting: 1h"), "S-013").message,
              HasSubstr("does not go with change"));
}

TEST(ScenarioProblems, AChangeToABadValueIsReportedWhereItIsWritten) {
  const Loaded unit = load_text(
      minimal("faults:\n  - {at: 1h, change: sites.site1.sip-server.oos-check, to: 5}\n"));
  EXPECT_THAT(problems(unit), ElementsAre("6:60 S-004"));
  // What is an error in a scenario is one in a change.
  const Loaded rule = load_text(
      minimal("faults:\n  - {at: 1h, change: sites.site1.sip-server.oos-check, to: 0s}\n"));
  EXPECT_THAT(problems(rule), ElementsAre("6:60 V-E11"));
}

TEST(ScenarioProblems, StaffReturnNeedsALostBuildingAndRisingSteps) {
  const auto one = [](const std::string& fault) {
    return load_text(minimal("faults:\n  - {at: 1h, " + fault + "}\n"), {"calls.main.rate=600/h"});
  };
  const std::string back = "staff-return: {to: site2, steps: [{after: 1h, share: 50%}]}";
  EXPECT_THAT(problems(one("fail: site1, scope: building, " + back)), IsEmpty());
  EXPECT_EQ(problem(one("fail: site1, " + back), "S-003").message,
            "'staff-return' belongs to fail, scope: building");
  EXPECT_EQ(problem(one("fail: site2, scope: building, " + back), "S-007").message,
            "the building that is lost cannot be where people return to");
  EXPECT_THAT(problems(one("fail: site1, scope: building, lasting: 1h, " + back)), IsEmpty());
  EXPECT_EQ(problem(one("fail: site1, scope: building, staff-return: {to: site2, steps: "
                        "[{after: 1h, share: 50%}, {after: 30min, share: 60%}]}"),
                    "S-006")
                .code,
            "S-006");
}

}  // namespace
}  // namespace bcsim::tools::scenario_problems_test
