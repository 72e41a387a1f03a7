// Comparing two configurations: statistics, gates and their error rates, and the command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "sim/rng.hpp"
#include "source_tree.hpp"
#include "tests/support/schema_checker.hpp"
#include "tests/support/tool_runs.hpp"
#include "tools/compare/compare_output.hpp"
#include "tools/compare/compare_schema.hpp"
#include "tools/compare/differences.hpp"
#include "tools/results/saved_replications.hpp"
#include "tools/run/replicate.hpp"
#include "tools/scenario/load.hpp"

namespace bcsim::tools::compare_test {
namespace {

namespace fs = std::filesystem;
using test::files_of;
using test::Outcome;
using test::small_site_failure;
using test::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Holm, CorrectsStepByStep) {
  // 4 · 0.01, 3 · 0.013, 2 · 0.04, 1 · 0.9, never smaller than one before.
  EXPECT_THAT(holm({0.04, 0.01, 0.9, 0.013}),
              ElementsAre(0.08, 0.04, 0.9, testing::DoubleEq(0.04)));
  EXPECT_THAT(holm({0.5, 0.6}), ElementsAre(1, 1));
}

Gate gate(const std::string& text, const char* metric = "lost") {
  const auto parsed = parse_gate(metric, text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(Gate{});
}

TEST(Gates, AreReadAsWritten) {
  EXPECT_EQ(gate("worse < 2%").kind, Gate::Kind::worse);
  EXPECT_TRUE(gate("worse < 2%").relative);
  EXPECT_DOUBLE_EQ(gate("worse<2%").limit, 0.02);
  EXPECT_FALSE(gate("worse < 1pp").relative);
  EXPECT_DOUBLE_EQ(gate("worse < 1pp").limit, 0.01);
  EXPECT_EQ(gate("better > 10%").kind, Gate::Kind::better);
  EXPECT_DOUBLE_EQ(gate("< 75s").limit, 75);
  EXPECT_DOUBLE_EQ(gate("> 80%").limit, 0.8);
  EXPECT_FALSE(gate("> 80%").relative);
  EXPECT_DOUBLE_EQ(gate("< 3").limit, 3);
  for (const char* text : {"", "worse", "worse > 2%", "better < 2%", "< fast", "2%", "worse < -2%",
                           "= 3", "< 5 parsecs"}) {
    EXPECT_FALSE(parse_gate("lost", text)) << text;
  }
}

TEST(Gates, ThatContradictEachOtherAreFound) {
  EXPECT_TRUE(contradiction(gate("< 10"), gate("> 20")));
  EXPECT_TRUE(contradiction(gate("> 20"), gate("< 20")));
  EXPECT_FALSE(contradiction(gate("< 20"), gate("> 10")));
  EXPECT_FALSE(contradiction(gate("< 10"), gate("> 20", "abandoned")));
  EXPECT_FALSE(contradiction(gate("worse < 2%"), gate("< 10")));
}

TEST(Gates, DecideOnlyWhenTheWholeIntervalIsOnOneSide) {
  const auto verdict = [](const Gate& g, double value, double half, models::Good good,
                          std::uint32_t n = 20) {
    return judge(g, {{value, 1, half, n}, 100, good}).verdict;
  };
  const auto low = models::Good::lower, high = models::Good::higher, none = models::Good::none;
  using V = GateVerdict;
  EXPECT_EQ(verdict(gate("worse < 2%"), 1, 0.5, low), V::passed);
  EXPECT_EQ(verdict(gate("worse < 2%"), 3, 0.5, low), V::failed);
  EXPECT_EQ(verdict(gate("worse < 2%"), 2.2, 0.5, low), V::inconclusive);
  EXPECT_EQ(verdict(gate("worse < 2%"), 3, 0.5, high), V::passed);  // more is better
  EXPECT_EQ(verdict(gate("worse < 2%"), -3, 0.5, high), V::failed);
  EXPECT_EQ(verdict(gate("worse < 2%"), 3, 0.5, none), V::failed);  // any change may be worse
  EXPECT_EQ(verdict(gate("worse < 2%"), -3, 0.5, none), V::failed);
  EXPECT_EQ(verdict(gate("worse < 2%"), -1, 0.5, none), V::passed);
  EXPECT_EQ(verdict(gate("worse < 2%"), -2.2, 0.5, none), V::inconclusive);
  EXPECT_EQ(verdict(gate("better > 10%"), -12, 1, low), V::passed);
  EXPECT_EQ(verdict(gate("better > 10%"), -5, 1, low), V::failed);
  EXPECT_EQ(verdict(gate("better > 10%"), 12, 1, high), V::passed);
  EXPECT_EQ(verdict(gate("better > 10%"), 10.5, 1, high), V::inconclusive);
  EXPECT_EQ(verdict(gate("< 75s"), 70, 4, low), V::passed);
  EXPECT_EQ(verdict(gate("< 75s"), 70, 6, low), V::inconclusive);
  EXPECT_EQ(verdict(gate("> 80%"), 0.7, 0.05, high), V::failed);
  EXPECT_EQ(verdict(gate("< 75s"), 70, 4, low, 4), V::inconclusive);  // too few
  EXPECT_EQ(verdict(gate("worse < 0%"), 0, 0, low), V::passed);       // nothing has changed
}

/// Whatever the metric: no list of gates knows it, only its row.
TEST(Gates, FailWhateverMetricIsMadeWorse) {
  for (const models::MetricDefinition& metric : models::metric_definitions()) {
    const models::Good good = good_direction(metric.id);
    EXPECT_EQ(good, metric.good) << metric.id;
    const Gate g = *parse_gate(metric.id, "worse < 2%");
    const auto verdict = [&](double value) {
      return judge(g, {{value, 1, 0.5, 20}, 100, good}).verdict;
    };
    EXPECT_EQ(verdict(60), good == models::Good::higher ? GateVerdict::passed : GateVerdict::failed)
        << metric.id;
    EXPECT_EQ(verdict(-60), good == models::Good::lower ? GateVerdict::passed : GateVerdict::failed)
        << metric.id;
  }
}

// ---- error rates, on made-up replications with the spread of site_failure's losses --------------

std::vector<ReplicationRecord> losses(std::uint64_t seed, double shift, int n) {
  std::vector<ReplicationRecord> out;
  for (int r = 0; r < n; ++r) {
    sim::RngStream rng(seed, static_cast<std::uint32_t>(r), "losses", 0);
    sim::RngStream own(seed, static_cast<std::uint32_t>(r), "losses.own", shift == 0 ? 0 : 1);
    ReplicationRecord& record = out.emplace_back();
    record.replication = static_cast<std::uint32_t>(r);
    const double lost =
        (160 + 6 * rng.normal()) * (1 + shift) + (shift == 0 ? 0 : 2 * own.normal());
    record.metrics = {{"lost", std::round(lost), "calls", "lost"}};
  }
  return out;
}

GateVerdict try_gate(std::uint64_t seed_a, std::uint64_t seed_b, double shift, int n) {
  ComparisonOptions options;
  options.metrics = {"lost"};
  options.paired = seed_a == seed_b;
  const auto a = losses(seed_a, 0, n), b = losses(seed_b, shift, n);
  return judge_gates({gate("worse < 2%")}, a, b, options).front().verdict;
}

TEST(GateErrors, EqualConfigurationsOnCommonNumbersDifferByExactlyZero) {
  for (std::uint64_t t = 0; t < 50; ++t) EXPECT_EQ(try_gate(t, t, 0, 20), GateVerdict::passed);
}

TEST(GateErrors, EqualConfigurationsOnIndependentSeedsFailInAtMostTenOfTwoHundred) {
  int failed = 0;
  for (std::uint64_t t = 0; t < 200; ++t) {
    failed += try_gate(t, 1'000'000 + t, 0, 20) == GateVerdict::failed;
  }
  EXPECT_LE(failed, 10);
}

TEST(GateErrors, FivePercentMoreLossesFailInAtLeastNineteenOfTwenty) {
  int failed = 0;
  for (std::uint64_t t = 0; t < 200; ++t) {
    failed += try_gate(t, t, 0.05, 20) == GateVerdict::failed;
  }
  EXPECT_GE(failed, 190);
}

TEST(GateErrors, TooFewReplicationsAreInconclusive) {
  for (std::uint64_t t = 0; t < 20; ++t) {
    EXPECT_EQ(try_gate(t, t, 0.05, 4), GateVerdict::inconclusive);
  }
}

constexpr std::size_t kTries = 200;

/// As many runs of site_failure with overrides as all tries need. Only what is lost is kept: the
/// more a process has, the longer it takes to fork.
std::vector<ReplicationRecord> simulated_losses(std::size_t of_each_try,
                                                const std::vector<std::string>& overrides) {
  const Loaded loaded =
      load_scenario(std::string(BCSIM_SOURCE_DIR) + "/scenarios/site_failure.yaml", overrides);
  EXPECT_FALSE(loaded.has_errors());
  std::vector<ReplicationTask> tasks;
  for (std::uint32_t r = 0; r < kTries * of_each_try; ++r) {
    tasks.push_back({&loaded.scenario, r, false, false});
  }
  std::vector<ReplicationRecord> records(tasks.size());
  const PoolOutcome outcome =
      run_tasks(tasks, {.workers = usable_cores()}, [&](std::size_t t, const FinishedTask& done) {
        records[t].replication = done.record.replication;
        for (const models::MetricValue& metric : done.record.metrics) {
          if (metric.id == "lost") records[t].metrics = {metric};
        }
      });
  EXPECT_TRUE(outcome.lost.empty());
  return records;
}

/// In how many tries the gate fails.
int tries_that_fail(const std::vector<ReplicationRecord>& a,
                    const std::vector<ReplicationRecord>& b, bool paired) {
  ComparisonOptions options;
  options.metrics = {"lost"};
  options.paired = paired;
  int failed = 0;
  const std::size_t of_each_try = a.size() / kTries;
  for (std::size_t t = 0; t < kTries; ++t) {
    const auto part = [=](const std::vector<ReplicationRecord>& all) {
      return std::span<const ReplicationRecord>(all).subspan(of_each_try * t, of_each_try);
    };
    const auto judged = judge_gates({gate("worse < 2%")}, part(a), part(b), options);
    failed += judged.front().verdict == GateVerdict::failed;
  }
  return failed;
}

TEST(GateErrors, OfTheSimulatorItselfOnIndependentSeedsAreAtMostTenOfTwoHundred) {
  if (std::getenv("BCSIM_FULL") == nullptr) GTEST_SKIP() << "8000 small runs: BCSIM_FULL=1";
  const auto losses_with = [](const char* seed) {
    std::vector<std::string> overrides;
    for (const std::string& word : test::small_overrides()) {
      if (word != "--set") overrides.push_back(word);
    }
    overrides.insert(overrides.end(), {"run.warm-up=10min", "faults.0.at=12min",
                                       "run.horizon=14min", std::string("run.seed=") + seed});
    return simulated_losses(20, overrides);  // 9 calls are lost
  };
  const int failed = tries_that_fail(losses_with("1"), losses_with("2"), false);
  RecordProperty("failed", failed);
  EXPECT_LE(failed, 10);
}

/// One retransmission more, and a gateway waits for the dead site 15.5 s instead of 7.5 s; callers
/// who do not wait so long are lost on top of the 34 whose conversation ends: 5 % more.
TEST(GateErrors, OfTheSimulatorItselfMissFivePercentMoreLossesInAtMostTenOfTwoHundred) {
  if (std::getenv("BCSIM_FULL") == nullptr) GTEST_SKIP() << "12000 small runs: BCSIM_FULL=1";
  const auto losses_with = [](const char* retransmissions) {
    return simulated_losses(
        30, {"agents.team1.count=52", "agents.team2.count=52", "calls.main.rate=0.95/s",
             "calls.main.talk={exponential: 90s}", "calls.main.after-call-work=1s",
             "run.warm-up=100s", "faults.0.at=2min", "run.horizon=150s", "run.interval=30min",
             std::string("sites.site1.gateways.mg1.retransmissions=") + retransmissions});
  };
  const auto before = losses_with("3"), after = losses_with("4");
  double lost = 0, more = 0;
  for (std::size_t r = 0; r < before.size(); ++r) {
    lost += before[r].metrics.front().value;
    more += after[r].metrics.front().value - before[r].metrics.front().value;
  }
  const int failed = tries_that_fail(before, after, true);
  RecordProperty("failed", failed);
  RecordProperty("more", std::to_string(more / lost));
  EXPECT_NEAR(more / lost, 0.05, 0.01);
  EXPECT_GE(failed, 190);
}

/// A time that neither of them has has not become worse; one that B alone never reaches has.
TEST(GateErrors, WhatNeitherHasAValueForIsNoChange) {
  const auto records = [](bool known) {
    std::vector<ReplicationRecord> list;
    for (std::uint32_t r = 0; r < 6; ++r) {
      ReplicationRecord record;
      record.replication = r;
      models::MetricValue metric;
      metric.id = "recovery.agents_50";
      metric.unit = "s";
      metric.value = known ? 30.0 + r : std::numeric_limits<double>::quiet_NaN();
      record.metrics.push_back(metric);
      list.push_back(record);
    }
    return list;
  };
  const std::vector<Gate> gates = {gate("worse < 5s", "recovery.agents_50")};
  const auto judged = [&](bool a, bool b) {
    return judge_gates(gates, records(a), records(b), {}).front();
  };
  EXPECT_EQ(judged(false, false).verdict, GateVerdict::passed);
  EXPECT_THAT(judged(false, false).why, HasSubstr("nothing has changed"));
  EXPECT_EQ(judged(true, false).verdict, GateVerdict::failed);
  EXPECT_EQ(judged(true, true).verdict, GateVerdict::passed);
}

// ---- what may differ ---------------------------------------------------------------------------

TEST(Differences, KnowWhatMustMatch) {
  const std::string a =
      "title: x\nrun: {seed: 1, replications: 5}\nagents: {team: {count: 5, phone: {expires: "
      "2s}}}\ndesktop: {site1: {t: 3s}}\nfaults: [{at: 1h}]\n";
  const std::string b =
      "title: y\nrun: {seed: 2, replications: 9}\nagents: {team: {count: 6, phone: {expires: "
      "3s}}}\ndesktop: {site1: {t: 4s}}\nfaults: []\n";
  const auto found = scenario_differences(a, b);
  std::vector<std::string> must, may;
  for (const KeyDifference& d : found) (d.must_match ? must : may).push_back(d.path);
  EXPECT_THAT(must, ElementsAre("run.seed", "agents.team.count", "faults.0.at"));
  EXPECT_THAT(may, ElementsAre("agents.team.phone.expires", "desktop.site1.t"));
  EXPECT_TRUE(is_allowed("faults.0.at", {"faults"}));
  EXPECT_FALSE(is_allowed("faults.0.at", {"fault", "run"}));
  EXPECT_TRUE(scenario_differences(a, a).empty());
}

// ---- the command -------------------------------------------------------------------------------

class Compare : public testing::Test {
 protected:
  /// compare site_failure site_failure, small, with more words.
  static Outcome compare(const std::vector<std::string>& more) {
    std::vector<std::string> words = {"compare", "site_failure"};
    words.insert(words.end(), more.begin(), more.end());
    return test::bcsim(small_site_failure(words));
  }
  [[nodiscard]] std::string at(const std::string& name) const {
    return (directory_.path() / name).string();
  }
  TemporaryDirectory directory_;
};

TEST_F(Compare, EqualConfigurationsDifferByExactlyZeroEverywhere) {
  const Outcome o = compare({"-n", "5", "--json", "--gate", "lost: worse < 0%"});
  ASSERT_EQ(o.exit, 0) << o.err;
  const auto j = nlohmann::json::parse(o.out);
  EXPECT_EQ(j["verdict"], "passed");
  EXPECT_TRUE(j["differences"].empty());
  EXPECT_GT(j["metrics"].size(), 5u);
  for (const auto& m : j["metrics"]) {
    EXPECT_EQ(m["difference"]["value"], 0) << m["id"];
    EXPECT_EQ(m["verdict"], "same") << m["id"];
  }
}

TEST_F(Compare, PrintsWhatItsSchemaSays) {
  const nlohmann::ordered_json schema = compare_schema();
  const test::SchemaChecker checker(schema);
  // One replication has no interval, a gate on it no verdict, and A has no desktop of that name.
  for (const char* n : {"1", "3"}) {
    const Outcome o = compare({"-n", n, "--json", "--gate", "lost: worse < 2%", "--set-b",
                               "desktop.site1.site-timeout=10s"});
    ASSERT_EQ(o.exit, 2) << o.err;
    EXPECT_TRUE(checker.accepts(YAML::Load(o.out))) << o.out;
    auto j = nlohmann::json::parse(o.out);
    for (const auto& [key, member] : j.items()) EXPECT_TRUE(schema["properties"].contains(key));
    j["gates"][0]["verdict"] = "good";
    EXPECT_FALSE(checker.accepts(YAML::Load(j.dump())));
  }
  EXPECT_EQ(test::bcsim({"schema", "--compare"}).out, schema.dump(2) + "\n");
}

TEST_F(Compare, AShorterTimeoutBringsTheAgentsBackSooner) {
  const std::vector<std::string> change = {"-n", "6", "--set-b", "desktop.site1.site-timeout=10s"};
  std::vector<std::string> words = change;
  words.insert(words.end(),
               {"--gate", "recovery.agents_50: better > 10%", "--gate", "recovery.agents_50: < 60s",
                "--junit", at("j.xml"), "--markdown", at("m.md")});
  const Outcome o = compare(words);
  EXPECT_EQ(o.exit, 0) << o.out << o.err;
  EXPECT_THAT(o.out, HasSubstr("desktop.site1.site-timeout: 30s → 10s"));
  EXPECT_THAT(o.out, testing::ContainsRegex("recovery.agents_50.*-1[0-9].* better"));
  EXPECT_THAT(o.out, HasSubstr("passed       recovery.agents_50: < 60s"));
  std::ifstream junit(at("j.xml"));
  const std::string xml(std::istreambuf_iterator<char>(junit), {});
  EXPECT_THAT(xml, HasSubstr("tests=\"2\" failures=\"0\" errors=\"0\""));
  EXPECT_THAT(xml, HasSubstr("name=\"recovery.agents_50: &lt; 60s\""));
  EXPECT_TRUE(fs::exists(at("m.md")));

  std::vector<std::string> strict = change;
  strict.insert(strict.end(), {"--gate", "recovery.agents_50: < 30s"});
  EXPECT_EQ(compare(strict).exit, 1);
  std::vector<std::string> early = change;
  early[1] = "3";
  early.insert(early.end(), {"--gate", "recovery.agents_50: < 30s"});
  EXPECT_EQ(compare(early).exit, 2);
  early.insert(early.end(), {"--extend", "--max-replications", "6"});
  EXPECT_EQ(compare(early).exit, 1);
}

TEST_F(Compare, TakesSavedResultsForEitherSide) {
  ASSERT_EQ(test::bcsim(small_site_failure({"run", "-n", "5", "--no-twin", "-o", at("a")})).exit,
            0);
  const auto before = files_of(at("a"));
  const Outcome saved = test::bcsim({"compare", "-q", at("a"), at("a"), "--json"});
  ASSERT_EQ(saved.exit, 0) << saved.err;
  const auto j = nlohmann::json::parse(saved.out);
  EXPECT_EQ(j["replications"], 5);
  for (const auto& m : j["metrics"]) EXPECT_EQ(m["difference"]["value"], 0);
  // One replication more than is saved: it is simulated, and is as it would have been.
  const auto more = nlohmann::json::parse(
      test::bcsim({"compare", "-q", at("a"), at("a"), "--json", "-n", "6"}).out);
  const auto fresh = nlohmann::json::parse(compare({"-n", "6", "--json"}).out);
  EXPECT_EQ(more["metrics"].dump(), fresh["metrics"].dump());
  EXPECT_EQ(files_of(at("a")), before);
  // A baseline is less, and as good.
  ASSERT_EQ(
      test::bcsim(small_site_failure({"run", "-n", "5", "--no-twin", "--baseline", at("b")})).exit,
      0);
  EXPECT_EQ(files_of(at("b")).size(), 4u);
  EXPECT_EQ(files_of(at("b")).at("replications.csv"), before.at("replications.csv"));
  EXPECT_EQ(test::bcsim({"compare", "-q", at("b"), at("a"), "--json"}).exit, 0);
  // As 'bcsim run' leaves it below results/: the scenario's directory, with the newest in it.
  fs::create_directory(at("mine"));
  fs::create_directory_symlink("../a", at("mine/latest"));
  EXPECT_EQ(test::bcsim({"compare", "-q", at("mine"), at("a"), "--json", "-n", "5"}).exit, 0);
}

TEST_F(Compare, RefusesWhatWouldBeUnfair) {
  const Outcome o = compare({"-n", "2", "--set-b", "agents.team1.count=14"});
  EXPECT_EQ(o.exit, 65);
  EXPECT_THAT(o.err, HasSubstr("agents.team1.count differs: 15 in A, 14 in B"));
  EXPECT_EQ(compare({"-n", "2", "--set-b", "run.seed=2"}).exit, 65);
  EXPECT_EQ(compare({"-n", "2", "--set-b", "calls.main.rate=0.09/s"}).exit, 65);
  const Outcome allowed =
      compare({"-n", "2", "--set-b", "run.seed=2", "--allow-different", "run.seed", "--json"});
  EXPECT_EQ(allowed.exit, 0) << allowed.err;
  EXPECT_EQ(nlohmann::json::parse(allowed.out)["paired"], false);
}

TEST_F(Compare, RefusesBadGatesAndBadResults) {
  EXPECT_EQ(compare({"--gate", "losst: < 3"}).exit, 64);
  EXPECT_THAT(compare({"--gate", "losst: < 3"}).err, HasSubstr("did you mean 'lost'?"));
  EXPECT_EQ(compare({"--gate", "lost"}).exit, 64);
  EXPECT_EQ(compare({"--gate", "lost: < 3", "--gate", "lost: > 4"}).exit, 64);
  EXPECT_EQ(compare({"--metric", "nothing"}).exit, 64);
  EXPECT_EQ(compare({"--margin", "3s"}).exit, 64);
  EXPECT_EQ(compare({"--margin", "-1%"}).exit, 64);
  EXPECT_EQ(compare({"-n", "0"}).exit, 64);
  std::ofstream(at("gates.yaml")) << "lost: worse < 2%\nasa: fast\n";
  const Outcome file = compare({"--gates", at("gates.yaml")});
  EXPECT_EQ(file.exit, 65);
  EXPECT_THAT(file.err, HasSubstr("gates.yaml:2:6: error[S-003]: 'fast' is not a gate"));
  EXPECT_EQ(compare({"--gates", at("none.yaml")}).exit, 65);
  fs::create_directory(at("r"));
  std::ofstream(at("r/run.json")) << R"({"version": "0.0.1"})";
  const Outcome old = test::bcsim({"compare", at("r"), at("r")});
  EXPECT_EQ(old.exit, 65);
  EXPECT_THAT(old.err, HasSubstr("was written by version 0.0.1"));
  std::ofstream(at("r/run.json")) << "{";
  EXPECT_EQ(test::bcsim({"compare", at("r"), at("r")}).exit, 65);
}

TEST_F(Compare, TakesGatesFromTheScenario) {
  const Outcome good = compare({"-n", "5", "--set", "gates.lost_calls=worse < 2%"});
  EXPECT_EQ(good.exit, 0) << good.err;
  EXPECT_THAT(good.out, HasSubstr("passed       lost: worse < 2%"));
  const Outcome unknown = compare({"--set", "gates.losst=worse < 2%"});
  EXPECT_EQ(unknown.exit, 65);
  EXPECT_THAT(unknown.err, HasSubstr("error[S-007]: there is no metric 'losst'"));
  EXPECT_EQ(compare({"--set", "gates={lost: [\"< 3\", \"> 4\"]}"}).exit, 65);
  EXPECT_EQ(compare({"--set", "gates.lost=often"}).exit, 65);
}

// ---- the baselines ------------------------------------------------------------------------------

std::vector<fs::path> baselines() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(BCSIM_SOURCE_DIR "/results/baselines")) {
    if (entry.is_directory()) found.push_back(entry.path());
  }
  return found;
}

TEST_F(Compare, CanReadTheBaselines) {
  EXPECT_FALSE(baselines().empty());
  for (const fs::path& baseline : baselines()) {
    EXPECT_EQ(read_replications(baseline).records.size(), 5u) << baseline;
  }
}

TEST_F(Compare, FindsNoDifferenceBetweenTheBaselinesAndTheirScenarios) {
  if (std::getenv("BCSIM_FULL") == nullptr) GTEST_SKIP() << "20 long runs: BCSIM_FULL=1";
  for (const fs::path& baseline : baselines()) {
    const std::string name = baseline.filename().string();
    ASSERT_LE(test::bcsim({"run", name, "-q", "-n", "1", "--no-twin", "--baseline", at(name)}).exit,
              1);
    const std::string now = files_of(at(name)).at("replications.csv");
    EXPECT_EQ(files_of(baseline).at("replications.csv").substr(0, now.size()), now)
        << name << ": if that is meant, results/baselines/make " << name;
  }
}

/// The figure is reported in tools/README.md.
TEST_F(Compare, CommonRandomNumbersMakeDifferencesAtLeastFiveTimesLessVariable) {
  if (std::getenv("BCSIM_FULL") == nullptr) GTEST_SKIP() << "40 runs of site_failure: BCSIM_FULL=1";
  const Outcome o = test::bcsim({"compare", "-q", "site_failure", "site_failure", "-n", "20",
                                 "--set-b", "desktop.site1.site-timeout=10s", "--json"});
  ASSERT_EQ(o.exit, 0) << o.err;
  const auto j = nlohmann::json::parse(o.out);
  for (const auto& m : j["metrics"]) {
    if (m["id"] != "callers_lost" && m["id"] != "abandoned") continue;
    EXPECT_GE(m["variance_factor"].get<double>(), 5) << m.dump();
    RecordProperty(m["id"].get<std::string>(), m["variance_factor"].dump());
  }
}

}  // namespace
}  // namespace bcsim::tools::compare_test
