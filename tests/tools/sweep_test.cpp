// Sweeps: what their points are, and that an interrupted one goes on where it stopped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "source_tree.hpp"
#include "tests/support/interrupted_run.hpp"
#include "tools/scenario/table/sweep_spec.hpp"

namespace bcsim::tools::sweep_test {
namespace {

namespace fs = std::filesystem;
using test::files_of;
using test::Outcome;
using test::small_site_failure;
using test::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SweepValues, AreListsAndRanges) {
  EXPECT_THAT(parse_values("10s, 20s,1min"), ElementsAre("10s", "20s", "1min"));
  EXPECT_THAT(parse_values("10s..30s/10s"), ElementsAre("10s", "20s", "30s"));
  EXPECT_THAT(parse_values("1..2/0.5,9"), ElementsAre("1", "1.5", "2", "9"));
  EXPECT_THAT(parse_values("0.1..0.3/0.1"), ElementsAre("0.1", "0.2", "0.3"));
  EXPECT_THAT(parse_values("1/s..2/s by 0.5/s"), ElementsAre("1/s", "1.5/s", "2/s"));
  EXPECT_THAT(parse_values("{exponential: 60s, x: 1},5s"),
              ElementsAre("{exponential: 60s, x: 1}", "5s"));
  for (const char* text :
       {"", "1,,2", "30s..10s/10s", "10s..30s", "10s..1min/10s", "1..2/0", "a..b/1", "1..2/-1"}) {
    EXPECT_THROW(static_cast<void>(parse_values(text)), SweepProblem) << text;
  }
}

TEST(SweepPoints, AreAllCombinationsThatTheConstraintsAllow) {
  SweepSpec spec;
  spec.variables = {parse_variable("a+b", "10s,20s"), parse_variable("c", "5s,15s,1min")};
  EXPECT_EQ(expand(spec).size(), 6u);
  EXPECT_THAT(overrides_of(spec, expand(spec)[1]), ElementsAre("a=10s", "b=10s", "c=15s"));
  spec.constraints = {parse_constraint("c > a"), parse_constraint("c <= 30s")};
  const auto points = expand(spec);
  ASSERT_EQ(points.size(), 1u);
  EXPECT_THAT(points[0].values, ElementsAre("10s", "15s"));
  spec.constraints = {parse_constraint("c < 1s")};
  EXPECT_THROW(static_cast<void>(expand(spec)), SweepProblem);
  spec.constraints = {parse_constraint("d < 1s")};
  EXPECT_THROW(static_cast<void>(expand(spec)), SweepProblem);
  EXPECT_THROW(static_cast<void>(parse_constraint("c = 1s")), SweepProblem);
  EXPECT_THROW(static_cast<void>(expand(SweepSpec{})), SweepProblem);
  spec.constraints.clear();
  spec.variables = {parse_variable("a", "10s,20s,10s")};
  EXPECT_THROW(static_cast<void>(expand(spec)), SweepProblem);
}

class Sweep : public testing::Test {
 protected:
  std::vector<std::string> sweep_words(const std::string& name,
                                       const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"sweep",     "-o",     at(name).string(),
                                      "--no-twin", "--vary", "desktop.site1.site-timeout=10s,30s",
                                      "-j",        "1"};
    words.insert(words.end(), more.begin(), more.end());
    if (std::find(more.begin(), more.end(), "-n") == more.end()) {
      words.insert(words.end(), {"-n", "2"});
    }
    return small_site_failure(words);
  }
  Outcome sweep(const std::string& name, const std::vector<std::string>& more) const {
    return test::bcsim(sweep_words(name, more));
  }
  [[nodiscard]] fs::path at(const std::string& name) const { return directory_.path() / name; }
  TemporaryDirectory directory_;
};

TEST_F(Sweep, WritesEveryMetricOfEveryPoint) {
  const Outcome o = sweep("x", {});
  ASSERT_EQ(o.exit, 0) << o.err;
  EXPECT_THAT(o.out, HasSubstr("desktop.site1.site-timeout"));
  std::ifstream points(at("x") / "points.csv");
  std::string header, line;
  std::getline(points, header);
  EXPECT_EQ(header,
            "point,desktop.site1.site-timeout,metric,unit,value,sd,n,low,high,without_faults,"
            "because_of_failure");
  std::size_t lost = 0;
  while (std::getline(points, line)) lost += line.find(",lost,calls,") != std::string::npos;
  EXPECT_EQ(lost, 2u);
  const auto j = nlohmann::json::parse(std::ifstream(at("x") / "sweep.json"));
  EXPECT_EQ(j["points"][1]["values"][0], "30s");
  // A point is a result directory: what 'run' with its overrides gives, and fit for comparing.
  ASSERT_EQ(test::bcsim(small_site_failure({"run", "--no-twin", "-n", "2", "-o", at("run").string(),
                                            "--set", "desktop.site1.site-timeout=10s"}))
                .exit,
            0);
  const auto run = files_of(at("run")), point = files_of(at("x") / "points" / "0000");
  for (const char* name : {"replications.csv", "summary.json"}) {
    EXPECT_EQ(run.at(name), point.at(name)) << name;
  }
}

TEST_F(Sweep, GoesOnWhereItStopped) {
  ASSERT_EQ(sweep("whole", {}).exit, 0);
  // As a killed one leaves it: the first point done, of the second only a part.
  ASSERT_EQ(sweep("broken", {"--shard", "1/2"}).exit, 0);
  EXPECT_FALSE(fs::exists(at("broken") / "points.csv"));
  fs::create_directories(at("broken") / "points" / "0001");
  std::ofstream(at("broken") / "points" / "0001" / "run.json") << "{\"run_";
  const auto first = fs::last_write_time(at("broken") / "points" / "0000" / "run.json");
  const Outcome o = sweep("broken", {});
  ASSERT_EQ(o.exit, 0) << o.err;
  EXPECT_EQ(fs::last_write_time(at("broken") / "points" / "0000" / "run.json"), first);
  EXPECT_EQ(files_of(at("broken")), files_of(at("whole")));
}

TEST_F(Sweep, InShardsIsMergedByteForByte) {
  ASSERT_EQ(sweep("whole", {}).exit, 0);
  ASSERT_EQ(sweep("a", {"--shard", "1/2"}).exit, 0);
  const auto merge = [&](const std::vector<std::string>& names) {
    std::vector<std::string> words = {"merge", "-o", at("merged").string()};
    for (const std::string& name : names) words.push_back(at(name).string());
    return test::bcsim(words);
  };
  const Outcome missing = merge({"a"});
  EXPECT_EQ(missing.exit, 65);
  EXPECT_THAT(missing.err, HasSubstr("of 2 points 1 are missing: 1"));
  ASSERT_EQ(sweep("b", {"--shard", "2/2"}).exit, 0);
  EXPECT_THAT(merge({"whole", "b"}).err, HasSubstr("is point 1 again, as "));
  ASSERT_EQ(sweep("other", {"--shard", "2/2", "--seed", "2"}).exit, 0);
  EXPECT_THAT(merge({"a", "other"}).err, HasSubstr("is of another sweep than "));
  EXPECT_FALSE(fs::exists(at("merged")));
  const Outcome o = merge({"a", "b"});
  ASSERT_EQ(o.exit, 0) << o.err;
  EXPECT_EQ(files_of(at("merged")), files_of(at("whole")));
  // On a shared disk: all in one directory, put together there.
  ASSERT_EQ(sweep("a", {"--shard", "2/2"}).exit, 0);
  ASSERT_EQ(test::bcsim({"merge", at("a").string()}).exit, 0);
  EXPECT_EQ(files_of(at("a")), files_of(at("whole")));
}

TEST_F(Sweep, GoesOnAfterCtrlC) {
  const std::vector<std::string> words = {"-n", "1", "--vary", "run.seed=1,2,3"};
  ASSERT_EQ(sweep("whole", words).exit, 0);
  EXPECT_EQ(test::interrupted_run(sweep_words("x", words), at("x") / "points/0000/run.json"), 130);
  EXPECT_FALSE(fs::exists(at("x") / "points.csv"));
  ASSERT_EQ(sweep("x", words).exit, 0);

  EXPECT_EQ(files_of(at("x")), files_of(at("whole")));
}

TEST_F(Sweep, IsNotWrittenOverAnother) {
  ASSERT_EQ(sweep("x", {}).exit, 0);
  const auto before = files_of(at("x"));
  const Outcome o = sweep("x", {"--set", "desktop.site2.site-timeout=20s"});
  EXPECT_EQ(o.exit, 74);
  EXPECT_THAT(o.err, HasSubstr("holds another sweep"));
  EXPECT_EQ(files_of(at("x")), before);
}

TEST_F(Sweep, RefusesWhatCannotBeVaried) {
  const Outcome unknown =
      test::bcsim({"sweep", "site_failure", "--vary", "desktop.site1.site-timout=10s"});
  EXPECT_EQ(unknown.exit, 65);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean 'site-timeout'?"));
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--vary", "run.horizon=5h..4h/1h"},
        {"--vary", "run.horizon"},
        {"--vary", "run.horizon="},
        {},
        {"--vary", "run.seed=1,2", "-n", "0"},
        {"--vary", "run.seed=1,2", "--where", "run.seed > 5"},
        {"--vary", "run.seed=1,2", "--shard", "6/5"},
        {"--vary", "run.seed=1,2", "--shard", "0/5"},
        {"--vary", "run.seed=1,2", "--shard", "2"}}) {
    std::vector<std::string> words = {"sweep", "site_failure", "-o", at("x").string()};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(test::bcsim(words).exit, 64) << (more.empty() ? "" : more.back());
  }
  EXPECT_FALSE(fs::exists(at("x")));
  const Outcome fixed =
      test::bcsim({"sweep", "site_failure", "--vary", "desktop.site1.site-timeout=10s,20s",
                   "--where", "desktop.site1.site-timeout <= desktop.site2.site-timeout"});
  EXPECT_EQ(fixed.exit, 64);
  EXPECT_THAT(fixed.err,
              HasSubstr("'desktop.site2.site-timeout' is neither varied nor a quantity"));
}

TEST_F(Sweep, OfAScenarioIsListedWithoutRunning) {
  std::ofstream(at("s.yaml")) << "bcsim: 1\nextends: " << BCSIM_SOURCE_DIR
                              << "/scenarios/site_failure.yaml\nsweep:\n"
                                 "  desktop.site1.site-timeout: [10s, 20s]\n"
                                 "  run.seed: 1..3/1\n"
                                 "  where: [\"run.seed < 3\"]\n";
  const Outcome o = test::bcsim({"list", at("s.yaml").string()});
  ASSERT_EQ(o.exit, 0) << o.err;
  EXPECT_THAT(o.out, HasSubstr("   0  desktop.site1.site-timeout = 10s, run.seed = 1\n"));
  EXPECT_THAT(o.out, HasSubstr("   3  desktop.site1.site-timeout = 20s, run.seed = 2\n"));
  EXPECT_EQ(
      nlohmann::json::parse(test::bcsim({"list", at("s.yaml").string(), "--json"}).out).size(), 4u);
  EXPECT_EQ(test::bcsim({"check", at("s.yaml").string()}).exit, 0);
  std::ofstream(at("bad.yaml")) << "bcsim: 1\nextends: " << BCSIM_SOURCE_DIR
                                << "/scenarios/site_failure.yaml\nsweep:\n"
                                   "  run.seed: 3..1/1\n";
  const Outcome bad = test::bcsim({"check", at("bad.yaml").string()});
  EXPECT_EQ(bad.exit, 65);
  EXPECT_THAT(bad.err, HasSubstr("bad.yaml:4:13: error[S-006]: the range '3..1/1' is empty"));
}

}  // namespace
}  // namespace bcsim::tools::sweep_test
