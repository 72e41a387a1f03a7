// A scenario made of several files: what it extends, and the data it names.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/scenario_text.hpp"

namespace bcsim::tools::scenario_files_test {
namespace {

using namespace std::chrono_literals;
using models::Scenario;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Loads a scenario that must be without errors.
Scenario good(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const Loaded loaded = load_text(text, overrides);
  for (const Diagnostic& d : loaded.diagnostics) {
    if (d.severity == Severity::error) ADD_FAILURE() << render(d);
  }
  return loaded.scenario;
}

sim::SimTime at(sim::Duration d) {
  return sim::kStart + d;
}

class Files : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::path(testing::TempDir()) /
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(directory_ / "data");
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ / name) << text;
    return (directory_ / name).string();
  }
  std::filesystem::path directory_;
};

using ScenarioExtends = Files;

TEST_F(ScenarioExtends, MapsMergeAndListsReplace) {
  write("base.yaml", minimal("title: base\nrun: {seed: 3, horizon: 2h}\n"
                             "faults: [{at: 1h, fail: mg1}, {at: 1h, fail: mg2}]\n"));
  const Loaded loaded =
      load_scenario(write("child.yaml",
                          "bcsim: 1\nextends: base.yaml\nrun: {horizon: 3h}\n"
                          "sites:\n  site1:\nfaults: [{at: 2h, cut: dc-link}]\n"));
  ASSERT_THAT(problems(loaded), IsEmpty());
  EXPECT_EQ(loaded.scenario.name, "child");
  EXPECT_EQ(loaded.scenario.title, "base");
  EXPECT_EQ(loaded.scenario.run.seed, 3u);
  EXPECT_EQ(loaded.scenario.run.horizon, 3h);
  EXPECT_EQ(loaded.scenario.faults.size(), 1u);
}

TEST_F(ScenarioExtends, AnotherWayOfSayingItReplacesTheFirst) {
  write("base.yaml", minimal());
  const Loaded loaded = load_scenario(
      write("child.yaml",
            "bcsim: 1\nextends: base.yaml\n"
            "calls: {main: {profile: [{at: 0s, rate: 600/h}], talk: {exponential: 5s}}}\n"));
  ASSERT_THAT(problems(loaded), IsEmpty());
  EXPECT_TRUE(std::holds_alternative<models::RateProfile>(loaded.scenario.calls[0].arrivals));
  const Scenario s = good(minimal(), {"calls.main.talk={lognormal: {mean: 9s, cv: 2}}",
                                      "calls.main.talk.lognormal.cv=3"});
  EXPECT_EQ(std::get<models::Lognormal>(s.calls[0].talk).mean_s, 9);
  EXPECT_EQ(std::get<models::Lognormal>(s.calls[0].talk).cv, 3);
}

/// An empty section or list changes nothing; an empty value is missing, whatever it was in the
/// other file.
TEST_F(ScenarioExtends, AnEmptyValueIsMissing) {
  write("base.yaml", minimal());
  const auto with = [this](const std::string& main) {
    return load_scenario(
        write("child.yaml", "bcsim: 1\nextends: base.yaml\ncalls: {main: " + main + "}\n"));
  };
  EXPECT_THAT(problems(with("")), IsEmpty());
  write("faulty.yaml", minimal("faults: [{at: 1h, fail: mg1}]\n"));
  for (const auto& [text, left] :
       {std::pair{"", 1u}, std::pair{" []", 0u}, std::pair{" null", 1u}}) {
    const Loaded faults = load_scenario(
        write("child.yaml", fmt::format("bcsim: 1\nextends: faulty.yaml\nfaults:{}\n", text)));
    EXPECT_THAT(problems(faults), IsEmpty());
    EXPECT_EQ(faults.scenario.faults.size(), left) << text;
  }
  EXPECT_THAT(problem(with("{talk: }"), "S-003").message, HasSubstr("expected a distribution"));
  EXPECT_THAT(problem(load_text(minimal(), {"calls.main.talk="}), "S-003").message,
              HasSubstr("expected a distribution"));
}

TEST_F(ScenarioExtends, ProblemsAreShownInTheFileThatHoldsThem) {
  write("base.yaml", minimal("run: {sede: 3}\n"));
  const Loaded loaded =
      load_scenario(write("child.yaml", "bcsim: 1\nextends: base.yaml\nrun: {horizon: 3}\n"));
  EXPECT_THAT(problem(loaded, "S-001").file, HasSubstr("base.yaml"));
  EXPECT_EQ(problem(loaded, "S-001").line, 5);
  EXPECT_THAT(problem(loaded, "S-004").file, HasSubstr("child.yaml"));
  EXPECT_EQ(problem(loaded, "S-004").line, 3);
}

TEST_F(ScenarioExtends, CirclesAndMissingFilesAreFound) {
  write("a.yaml", "bcsim: 1\nextends: b.yaml\n");
  const Loaded circle = load_scenario(write("b.yaml", "bcsim: 1\nextends: ./a.yaml\n"));
  EXPECT_THAT(problem(circle, "S-014").message, HasSubstr("circle"));
  const Loaded missing = load_scenario(write("c.yaml", "bcsim: 1\nextends: a\n"));
  EXPECT_EQ(problem(missing, "S-014").line, 2);
  EXPECT_EQ(problem(missing, "S-014").hint, "did you mean 'a.yaml'?");
}

using ScenarioCsv = Files;

std::string with_calls(const std::string& calls, const std::string& run = "{start: \"09:00\"}") {
  return "bcsim: 1\nrun: " + run + "\nsites: {a: {}, b: {}}\n" +
         "agents: {t: {count: 100, location: a}, u: {count: 100, location: b}}\ncalls: {c: {" +
         calls + "}}\n";
}

TEST_F(ScenarioCsv, VolumesPerIntervalComeFromAFile) {
  write("data/day.csv",
        "# a comment\nslot,offered\n08:30,10\n09:00,20\n09:30,30\n10:00,40\n10:30,50\n");
  const Loaded loaded = load_scenario(
      write("s.yaml", with_calls("volumes: {file: data/day.csv, start-column: slot, "
                                 "count-column: offered, share: 50%, until: \"10:30\"}")));
  ASSERT_THAT(problems(loaded), IsEmpty());
  const auto& v = std::get<models::IntervalVolumes>(loaded.scenario.calls[0].arrivals).intervals;
  ASSERT_EQ(v.size(), 3u);
  EXPECT_EQ(v[0].at, sim::kStart);
  EXPECT_EQ(v[0].length, 30min);
  EXPECT_EQ(v[0].count, 10);
  EXPECT_EQ(v[2].at, at(1h));
  EXPECT_EQ(v[2].count, 20);
}

TEST_F(ScenarioCsv, AnIntervalThatStraddlesTheStartIsCutInProportion) {
  write("data/day.csv", "start,count\n08:30,10\n09:30,20\n");
  const Loaded loaded = load_scenario(write("s.yaml", with_calls("volumes: {file: data/day.csv}")));
  const auto& v = std::get<models::IntervalVolumes>(loaded.scenario.calls[0].arrivals).intervals;
  ASSERT_EQ(v.size(), 2u);
  EXPECT_EQ(v[0].at, sim::kStart);
  EXPECT_EQ(v[0].length, 30min);
  EXPECT_EQ(v[0].count, 5);
}

TEST_F(ScenarioCsv, BadRowsAreReportedWithFileLineAndColumn) {
  write("data/day.csv", "start,count\n09:00,10\n09:30,many\n10:00,-5\n10:30\n11:00,5\n10:45,5\n");
  const Loaded loaded = load_scenario(write("s.yaml", with_calls("volumes: {file: data/day.csv}")));
  EXPECT_THAT(problems(loaded), ElementsAre("3:7 S-015", "4:7 S-015", "5:1 S-015", "7:1 S-015"));
  EXPECT_THAT(loaded.diagnostics[0].file, HasSubstr("data/day.csv"));
  EXPECT_THAT(render(loaded.diagnostics[0]), HasSubstr("day.csv:3:7: error[S-015]: 'many'"));
  EXPECT_EQ(loaded.diagnostics[0].source_line, "09:30,many");
}

TEST_F(ScenarioCsv, MissingFilesColumnsAndRowsAreReported) {
  write("data/empty.csv", "start,count\n");
  write("data/other.csv", "begin,count\n09:00,1\n");
  const auto code = [&](const std::string& file) {
    return problems(load_scenario(write("s.yaml", with_calls("volumes: {file: " + file + "}"))));
  };
  EXPECT_THAT(code("data/none.csv"), ElementsAre("5:29 S-010"));
  EXPECT_THAT(code("data"), ElementsAre("5:29 S-010"));
  EXPECT_THAT(code("data/empty.csv"), ElementsAre("0:0 S-015"));
  EXPECT_THAT(code("data/other.csv"), ElementsAre("5:29 S-015"));
}

TEST_F(ScenarioCsv, SingleCallsComeFromAFile) {
  write("data/calls.csv",
        "arrival_s,talk_s,patience_s,gateway\n20,60,never,mg2\n10.5,,30,\n30,5s,,mg1\n");
  const Loaded loaded =
      load_scenario(write("s.yaml", with_calls("calls: {file: data/calls.csv}", "{}")));
  ASSERT_FALSE(loaded.has_errors());
  const auto& calls = std::get<models::SingleCalls>(loaded.scenario.calls[0].arrivals).calls;
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].at, at(10500ms));
  EXPECT_EQ(calls[0].talk, std::nullopt);
  EXPECT_EQ(calls[0].patience, 30s);
  EXPECT_EQ(calls[0].gateway, std::nullopt);
  EXPECT_EQ(calls[1].patience, sim::Duration::max());
  EXPECT_EQ(calls[1].gateway, 1u);
  EXPECT_EQ(calls[2].talk, 5s);
}

TEST_F(ScenarioCsv, SemicolonsQuotesAndCarriageReturnsAreRead) {
  write("data/day.csv",
        "\xEF\xBB\xBF"
        "start;count\r\n\"09:00\";10\r\n09:30; 20\r\n");
  const Loaded loaded = load_scenario(write("s.yaml", with_calls("volumes: {file: data/day.csv}")));
  ASSERT_THAT(problems(loaded), IsEmpty());
  EXPECT_EQ(std::get<models::IntervalVolumes>(loaded.scenario.calls[0].arrivals).intervals[1].count,
            20);
}

TEST_F(ScenarioCsv, AgentsAtWorkAreSplitAmongGroups) {
  write("data/agents.csv", "start,count\n09:00,7\n10:00,4.6\n");
  const Loaded loaded = load_scenario(
      write("s.yaml",
            "bcsim: 1\nrun: {start: \"09:30\"}\nsites: {a: {}, b: {}}\ncalls: {c: {rate: 6/h}}\n"
            "agents:\n  t: {location: a, staffing: {file: data/agents.csv, part: 1/2}}\n"
            "  u: {location: b, staffing: {file: data/agents.csv, part: 2/2}}\n"));
  ASSERT_FALSE(loaded.has_errors());
  const auto& t = loaded.scenario.agents[0];
  const auto& u = loaded.scenario.agents[1];
  ASSERT_EQ(t.staffing.size(), 2u);
  EXPECT_EQ(t.staffing[0].at, sim::kStart);  // what holds before the start holds at the start
  EXPECT_EQ(t.staffing[0].count, 4u);
  EXPECT_EQ(u.staffing[0].count, 3u);
  EXPECT_EQ(t.staffing[1].at, at(30min));
  EXPECT_EQ(t.staffing[1].count + u.staffing[1].count, 5u);
  EXPECT_EQ(t.count, 4u);
}

TEST_F(ScenarioCsv, MeasuredValuesAndHazardsComeFromFiles) {
  write("data/talk.csv", "talk_s,other\n5,1\n3,2\n");
  write("data/hazard.csv", "start_s,rate_per_s\n0,0.01\n20,0.02\n");
  const Loaded loaded = load_scenario(
      write("s.yaml", with_calls("rate: 6/h, talk: {empirical: {file: data/talk.csv}}, "
                                 "patience: {piecewise-hazard: {file: data/hazard.csv}}")));
  ASSERT_FALSE(loaded.has_errors());
  EXPECT_THAT(std::get<models::Empirical>(loaded.scenario.calls[0].talk).values_s,
              ElementsAre(3, 5));
  EXPECT_THAT(std::get<models::PiecewiseHazard>(loaded.scenario.calls[0].patience).start_s,
              ElementsAre(0, 20));
}

}  // namespace
}  // namespace bcsim::tools::scenario_files_test
