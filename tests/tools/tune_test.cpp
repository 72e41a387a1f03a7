// Tuning: which points are tried, which of them are worth having, and what a small one finds.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/interrupted_run.hpp"
#include "tests/support/scenario_text.hpp"
#include "tools/tune/tune_result.hpp"

namespace bcsim::tools::tune_test {
namespace {

const std::string kFails = "faults: [{at: 1h, fail: site1}]\n";

TEST(TuneFactors, AreTheFailoverTimeoutsWithWhatTheScenarioHasFirst) {
  const Loaded loaded = load_text(minimal(kFails));
  ASSERT_FALSE(loaded.has_errors());
  const auto factors = with_present(usual_factors(loaded.scenario), loaded.effective_yaml);
  EXPECT_EQ(factors.size(), 9u);
  for (const TuneFactor& factor : factors) {
    const auto& values = factor.variable.values;
    EXPECT_GE(values.size(), 2u) << factor.name;
    EXPECT_EQ(std::set<std::string>(values.begin(), values.end()).size(), values.size());
    // Every value is one that the language takes everywhere.
    for (std::size_t level = 1; level < values.size(); ++level) {
      std::vector<std::string> settings;
      for (const auto& path : factor.variable.paths) settings.push_back(path + "=" + values[level]);
      EXPECT_FALSE(load_text(minimal(kFails), settings).has_errors()) << settings.front();
    }
  }
  EXPECT_EQ(factors[5].name, "site-timeout");
  EXPECT_EQ(factors[5].variable.values.front(), "30s");
  const Loaded mixed = load_text(minimal(kFails), {"desktop.site1.site-timeout=15s"});
  EXPECT_EQ(
      with_present(usual_factors(mixed.scenario), mixed.effective_yaml)[5].variable.values.front(),
      "mixed");
  EXPECT_THROW(static_cast<void>(with_present({factor_of(parse_variable("desktop.x", "1s"))},
                                              loaded.effective_yaml)),
               SweepProblem);
}

TEST(TuneDesign, TriesEachValueAloneAndACombinationInEachStratum) {
  std::vector<TuneFactor> factors;
  for (const char* path : {"a.x", "a.y"})
    factors.push_back(factor_of(parse_variable(path, "1,2,3")));
  const auto points = tune_design(factors, 6, 1);
  EXPECT_EQ(points.front().kind, TunePoint::Kind::now);
  EXPECT_TRUE(settings_of(factors, points.front()).empty());
  std::size_t alone = 0;
  for (const TunePoint& p : points) alone += p.kind == TunePoint::Kind::one_at_a_time;
  EXPECT_EQ(alone, 4u);
  EXPECT_EQ(settings_of(factors, points[1]), (std::vector<std::string>{"a.x=2"}));
  EXPECT_EQ(point_words(factors, points[4]), "y 3");
  EXPECT_EQ(tune_design(factors, 6, 1).back(), points.back());
  // A hypercube of six points has each of three values twice; those already there are not repeated.
  EXPECT_LE(points.size(), 11u);
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) EXPECT_FALSE(points[i] == points[k]);
  }
}

TEST(TuneWorlds, CanBeSimulatedInAnyScenario) {
  const std::string text =
      minimal(kFails + "locations: [branch]\nnetwork: {desktop-access: {branch: {site1: {}}}}\n");
  const Loaded loaded = load_text(text);
  ASSERT_FALSE(loaded.has_errors());
  const auto worlds = tune_worlds(loaded.scenario, {});
  ASSERT_EQ(worlds.size(), 6u);
  EXPECT_EQ(worlds[0].text, "fail site1");
  for (const TuneWorld& world : worlds) {
    const Loaded there = load_text(text, world.settings);
    EXPECT_FALSE(there.has_errors()) << world.name;
    // The dc-link, two access paths of three places, and one of the branch's desktops alone.
    const std::size_t faults = there.scenario.faults.size();
    const std::size_t expected = world.name == "quiet"           ? 0
                                 : world.name == "failure"       ? 1
                                 : world.name == "ha_switchover" ? 2
                                                                 : 8;
    EXPECT_EQ(faults, expected) << world.name;
  }
}

TunedPoint tuned(double a, double b, double noise) {
  TunedPoint point;
  for (const double x : {a, b}) point.values.push_back({x - noise, x, x + noise, x});
  return point;
}

TEST(TuneFront, HasWhatNoOtherBeatsBeyondNoise) {
  TuneResult r;
  r.metrics = {{"x", "calls", "", true}, {"y", "events", "", true}};
  r.points = {tuned(10, 10, 0), tuned(5, 12, 0), tuned(11, 11, 0), tuned(10, 9, 0)};
  evaluate_tuning(r);
  EXPECT_FALSE(r.points[0].pareto);  // the last is as good in x and better in y
  EXPECT_TRUE(r.points[1].pareto);
  EXPECT_FALSE(r.points[2].pareto);
  EXPECT_TRUE(r.points[3].pareto);
  // A difference that the replications do not agree on beats nobody.
  TunedPoint noisy = tuned(9.9, 10, 0);
  noisy.values[0] = {9, 11, 9, 10.6};
  EXPECT_FALSE(dominates(noisy, r.points[0], r.metrics));
  EXPECT_TRUE(dominates(r.points[3], r.points[0], r.metrics));
}

class Tune : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path out() const { return directory_.path() / "tune"; }
  [[nodiscard]] std::vector<std::string> tune_words(std::vector<std::string> words) const {
    words.insert(words.begin(), {"tune", "-o", out().string()});
    return test::small_site_failure(words);
  }
  [[nodiscard]] test::Outcome tune(const std::vector<std::string>& words) const {
    return test::bcsim(tune_words(words));
  }
  test::TemporaryDirectory directory_;
};

/// Patient desktops sit out what hasty ones flee.
TEST_F(Tune, WeighsHasteAgainstFalseFailovers) {
  const test::Outcome o =
      tune({"-n", "2", "--combinations", "0", "--flap", "45s", "--set", "calls.main.rate=0.02/s",
            "--vary", "desktop.site1.site-timeout+desktop.site2.site-timeout=1s,60s", "--json"});
  ASSERT_EQ(o.exit, 0) << o.err;
  const auto j = nlohmann::json::parse(o.out);
  ASSERT_EQ(j["points"].size(), 3u);
  const auto value = [&](int point, const char* metric) {
    return j["points"][point]["metrics"][metric]["value"].get<double>();
  };
  EXPECT_GT(value(1, "flap.false_failovers.desktops"), 0);
  EXPECT_EQ(value(2, "flap.false_failovers.desktops"), 0);
  // Sixty seconds less for desktops are forty for people: their phones need about a minute.
  EXPECT_LT(value(1, "agents_90") + 30, value(2, "agents_90"));
  EXPECT_NEAR(value(1, "messages_per_s"), value(2, "messages_per_s"),
              0.01 * value(2, "messages_per_s"));
  EXPECT_EQ(j["sensitivity"].size(), 2u);
  EXPECT_EQ(j["sensitivity"][0]["to"], "1s");
  std::ifstream csv(directory_.path() / "tune" / "tune.csv");
  std::string line;
  std::size_t rows = 0;
  while (std::getline(csv, line)) ++rows;
  EXPECT_EQ(rows, 1 + 3 * j["metrics"].size());
}

TEST_F(Tune, GoesOnAfterCtrlC) {
  const std::vector<std::string> words = {"-n",
                                          "2",
                                          "--combinations",
                                          "0",
                                          "--set",
                                          "calls.main.rate=0.005/s",
                                          "--set",
                                          "run.horizon=75min",
                                          "--vary",
                                          "desktop.site1.site-timeout=10s"};
  ASSERT_EQ(tune(words).exit, 0);
  const auto files = test::files_of(out());
  std::filesystem::remove_all(out());
  EXPECT_EQ(test::interrupted_run(tune_words(words), out() / "unfinished.replications"), 130);
  EXPECT_FALSE(std::filesystem::exists(out() / "tune.json"));
  ASSERT_EQ(tune(words).exit, 0);
  EXPECT_EQ(test::files_of(out()), files);
}

TEST_F(Tune, RefusesWhatItCannotTry) {
  const auto exit_of = [&](const std::vector<std::string>& words) { return tune(words).exit; };
  EXPECT_EQ(exit_of({"--set", "faults=[]"}), 64);
  EXPECT_EQ(exit_of({"--vary", "desktop.site1.site-timout=1s"}), 64);
  EXPECT_EQ(exit_of({"--vary", "desktop.site1.site-timeout=30s"}), 64);
  EXPECT_EQ(exit_of({"--vary", "desktop.site1.site-timeout=1apple"}), 65);
  EXPECT_EQ(exit_of({"--loss", "100%"}), 64);
  EXPECT_EQ(exit_of({"-n", "1"}), 64);
  EXPECT_EQ(test::bcsim({"tune", "-"}).exit, 64);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "tune"));
}

}  // namespace
}  // namespace bcsim::tools::tune_test
