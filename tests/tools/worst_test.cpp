// The worst moment: which moments are tried, and that each branch is what a run of its own gives.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <set>
#include <thread>

#include "models/metrics/run_recorder.hpp"
#include "sim/hash.hpp"
#include "tests/support/loop_driver.hpp"
#include "tests/support/scenario_text.hpp"
#include "tests/support/tool_runs.hpp"
#include "tools/run/worker_pool.hpp"
#include "tools/scenario/text/units.hpp"
#include "tools/worst/warm_run.hpp"
#include "tools/worst/worst_run.hpp"

namespace bcsim::tools::worst_test {
namespace {

using models::SimTime;
using nlohmann::json;
using namespace std::chrono_literals;

std::vector<SimTime> seconds_up_to(int n) {
  std::vector<SimTime> times;
  for (int i = 0; i < n; ++i) times.push_back(sim::kStart + std::chrono::seconds(i));
  return times;
}

TEST(WorstMoments, AreDrawnFromEqualPartsOfAll) {
  const auto all = seconds_up_to(103);
  EXPECT_EQ(sample_times(all, 103, 1), all);
  EXPECT_EQ(sample_times(all, 1000, 1), all);
  for (const std::size_t n : {1u, 7u, 50u, 102u}) {
    const auto some = sample_times(all, n, 1);
    ASSERT_EQ(some.size(), n);
    for (std::size_t i = 0; i < n; ++i) {
      EXPECT_GE(some[i], all[i * 103 / n]);
      EXPECT_LE(some[i], all[(i + 1) * 103 / n - 1]);
    }
    EXPECT_EQ(sample_times(all, n, 1), some);
  }
  EXPECT_NE(sample_times(all, 20, 1), sample_times(all, 20, 2));
}

TEST(WorstMoments, AreSpreadByRank) {
  constexpr double kEndless = std::numeric_limits<double>::infinity();
  const Spread some = spread_of({3, std::nan(""), 1, 2, 5, 5, 4, 7, kEndless, 6, kEndless});
  EXPECT_EQ(some.n, 10u);
  EXPECT_EQ(some.never, 2u);
  EXPECT_EQ(some.least, 1);
  EXPECT_EQ(some.median, 5);
  EXPECT_EQ(some.p90, kEndless);
  EXPECT_EQ(some.most_at, 8u);
  EXPECT_EQ(spread_of({std::nan("")}).n, 0u);
  WorstResult result;
  result.moments.resize(60);
  result.events = 60;
  EXPECT_EQ(result.unseen_share(), 0);
  result.events = 61;
  EXPECT_NEAR(result.unseen_share(), 0.0487, 0.0001);  // the rule of three: 3/60
}

/// A failure, in a center so small that a run takes a moment.
struct Plan {
  const char* name;
  const char* faults;
  std::vector<const char*> words;  ///< of the command line
};
std::ostream& operator<<(std::ostream& out, const Plan& plan) {
  return out << plan.name;
}

std::string scenario_of(const Plan& plan) {
  return std::string(
             "bcsim: 1\n"
             "run: {horizon: 16min, warm-up: 3min, seed: 5}\n"
             "sites: {site1: {}, site2: {}}\n"
             "agents: {team1: {count: 6, location: site1}, team2: {count: 6, location: "
             "site2}}\n"
             "calls: {main: {rate: 0.06/s, talk: {exponential: 60s}}}\n"
             "faults:\n") +
         plan.faults;
}

/// From its start, with the plan it is loaded with.
Moment run_alone(const models::Scenario& scenario, SimTime at) {
  models::TwoSiteWorld world(scenario, {scenario.run.seed, 0});
  models::RunRecorder recorder(world.layout());
  world.add_observer(recorder);
  sim::PlainPlatform platform(world.layout().topology);
  models::Simulation& simulation = world.simulate(platform);
  world.start();
  sim::run_loop(simulation);
  return moment_of(at, recorder.finish(simulation.now()), simulation.journal_fingerprint());
}

class Worst : public ::testing::TestWithParam<Plan> {
 protected:
  [[nodiscard]] std::string file(const std::string& text) const {
    const auto path = directory_.path() / "center.yaml";
    std::ofstream(path) << text;
    return path.string();
  }
  [[nodiscard]] std::string out() const { return (directory_.path() / "out").string(); }
  [[nodiscard]] test::Outcome worst(const Plan& plan, std::vector<std::string> words) const {
    words.insert(words.begin(), {"worst", file(scenario_of(plan)), "-q", "-o", out()});
    for (const char* word : plan.words) words.emplace_back(word);
    return test::bcsim(words);
  }
  test::TemporaryDirectory directory_;
};

/// The journal of a run of its own, to the byte; and so the numbers.
TEST_P(Worst, IsAtEachMomentWhatARunOfItsOwnGives) {
  const test::Outcome o = worst(GetParam(), {"-n", "5", "--json"});
  ASSERT_EQ(o.exit, 0) << o.err;
  const json found = json::parse(o.out);
  ASSERT_EQ(found["moments"].size(), 5u);
  const std::string path = file(scenario_of(GetParam()));
  const Loaded base = load_scenario(path);
  const std::size_t fault = found["fault"]["line"].get<std::size_t>() - 1;
  std::set<std::string> different;
  for (const json& moment : found["moments"]) {
    const std::string at = moment["at"];
    const auto time = sim::kStart + std::get<sim::Duration>(parse_duration(at));
    const Loaded shifted = load_scenario(path, shift_settings(base.scenario, fault, time));
    ASSERT_FALSE(shifted.has_errors());
    EXPECT_EQ(shifted.scenario.faults[fault].at, time);
    const Moment alone = run_alone(shifted.scenario, time);
    EXPECT_EQ(moment["lost"], alone.lost) << at;
    EXPECT_EQ(moment["callers_lost"], alone.callers_lost) << at;
    EXPECT_EQ(moment["fingerprint"], sim::to_hex(alone.fingerprint)) << at;
    different.insert(moment["fingerprint"]);
  }
  EXPECT_GT(different.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Plans, Worst,
    ::testing::Values(
        Plan{"site_comes_back",
             "  - {at: 6min, fail: site1, lasting: 2min}\n"
             "  - {at: 7min, cut: dc-link, lasting: 30s}\n",
             {}},
        Plan{"earlier_crash_is_restarted_or_not",
             "  - {at: 6min, crash: site1.sip-server.primary}\n"
             "  - {at: 6min1s, fail: site1.sip-server.primary.host, lasting: 1min}\n",
             {"--fault", "2", "--from", "6min0.5s", "--window", "3s"}},
        Plan{"machine_of_a_pair_twice",
             "  - {at: 6min, fail: site1.sip-server.primary.host, lasting: 20s}\n"
             "  - {at: 6min30s, fail: site1.sip-server.backup.host, lasting: 20s}\n",
             {"--window", "40s"}},
        Plan{"people_move",
             "  - {at: 5min, fail: site1, scope: building, lasting: 7min,\n"
             "     staff-return: {to: site2, steps: [{after: 30s, share: 50%}, {after: 2min, "
             "share: 100%}]}}\n"
             "  - {at: 6min, fail: team2.desktop.2, lasting: 1min}\n",
             {"--fault", "2", "--window", "2min"}},
        Plan{"options_change_around_a_drain",
             "  - {at: 5min, change: sites.site1.sip-server.oos-check, to: 6s}\n"
             "  - {at: 6min, drain: site1, lasting: 1min}\n"
             "  - {at: 6min20s, change: sites.site1.sip-server.oos-check, to: 12s}\n",
             {"--from", "4min30s"}},
        Plan{"flapping_before_and_after",
             "  - {at: 5min, cut: dc-link, flap: {period: 20s, duty: 50%, until: 8min}}\n"
             "  - {at: 6min, degrade: access.site1.site1, loss: 20%, lasting: 1min}\n"
             "  - {at: 6min30s, cut: access.site1.site1, flap: {period: 7s, until: 7min}}\n"
             "  - {at: 7min30s, heal: dc-link}\n",
             {"--fault", "2"}},
        Plan{"hang_at_one_instant_with_others",
             "  - {at: 6min, hang: site1.sip-server.primary, lasting: 40s}\n"
             "  - {at: 6min, cut: site1.ha-link, lasting: 20s}\n"
             "  - {at: 7min, switchover: site2}\n",
             {"--events", "victim"}}),
    [](const auto& plan) { return std::string(plan.param.name); });

const Plan kSite = {"site", "  - {at: 6min, fail: site1, lasting: 1min}\n", {"--window", "10s"}};

TEST_F(Worst, DependsNotOnTheNumberOfProcesses) {
  ASSERT_EQ(worst(kSite, {"-n", "9", "-j", "1"}).exit, 0);
  const auto one = test::files_of(out());
  std::filesystem::remove_all(out());
  ASSERT_EQ(worst(kSite, {"-n", "9", "-j", "3"}).exit, 0);
  EXPECT_EQ(test::files_of(out()), one);
  for (const char* name : {"worst.csv", "worst.json", "worst.yaml", "slowest.yaml"}) {
    EXPECT_EQ(one.count(name), 1u) << name;
  }
  EXPECT_EQ(one.size(), 4u);
}

/// The scenario that is written is loaded and run like any other, on SimGrid.
TEST_F(Worst, WritesTheScenarioThatLosesAsMany) {
  const test::Outcome o = worst(kSite, {"-n", "7", "--json", "--seed", "8"});
  ASSERT_EQ(o.exit, 0) << o.err;
  const json found = json::parse(o.out);
  const std::string again = (directory_.path() / "again").string();
  const test::Outcome run = test::bcsim({"run", out() + "/worst.yaml", "-q", "-o", again});
  ASSERT_EQ(run.exit, 0) << run.err;
  std::ifstream summary(again + "/summary.json"), meta(again + "/run.json");
  const json written = json::parse(summary);
  const json& worst = found["worst"];
  EXPECT_EQ(written["metrics"]["lost"]["value"], worst["lost"]);
  EXPECT_EQ(written["metrics"]["abandoned"]["value"], worst["abandoned"]);
  EXPECT_EQ(written["metrics"]["recovery.agents_100"]["value"], worst["recovery.agents_100"]);
  EXPECT_EQ(written["metrics"]["lost"]["without_faults"], found["without"]["lost"]);
  EXPECT_EQ(json::parse(meta)["journal_fingerprint"], worst["fingerprint"]);
  for (const json& moment : found["moments"]) EXPECT_LE(moment["lost"], worst["lost"]);
}

TEST_F(Worst, TriesEveryMomentIfItMayAndOnlyTheVictimsIfAsked) {
  const Plan short_window = {"", kSite.faults, {"--window", "500ms"}};
  const test::Outcome all = worst(short_window, {"-n", "5000", "--json"});
  ASSERT_EQ(all.exit, 0) << all.err;
  const json every = json::parse(all.out)["window"];
  EXPECT_EQ(every["tried"], every["moments"]);
  EXPECT_GT(every["moments"], 3);
  EXPECT_EQ(every["unseen_share"], 0);
  const test::Outcome of_site = worst(short_window, {"-n", "5000", "--json", "--events", "victim"});
  const json some = json::parse(of_site.out)["window"];
  EXPECT_LT(some["moments"], every["moments"]);
  EXPECT_GT(some["moments"], 0);
  const test::Outcome table = worst(short_window, {"-n", "2"});
  EXPECT_NE(table.out.find("fail site1 at the worst moment, 0:06:0"), std::string::npos)
      << table.out;
  EXPECT_NE(table.out.find("Tried: 2 of the "), std::string::npos) << table.out;
}

TEST_F(Worst, SaysWhatACheckSaysOfABranch) {
  const Plan demanding = {
      "",
      "  - {at: 6min, fail: site1, lasting: 1min}\nexpectations: {lost: \"< 0\"}\n",
      {"--window", "1s"}};
  const test::Outcome o = worst(demanding, {"-n", "2"});
  EXPECT_EQ(o.exit, 1) << o.err;
  EXPECT_NE(o.out.find("At 2 moments a check said no"), std::string::npos) << o.out;
  EXPECT_TRUE(std::filesystem::exists(out() + "/violated.yaml"));
}

TEST_F(Worst, RefusesWhatItCannotTry) {
  const auto exit_of = [&](const char* faults, const std::vector<std::string>& words) {
    return worst({"", faults, {}}, words).exit;
  };
  const char* two =
      "  - {at: 6min, fail: site1, lasting: 10s}\n  - {at: 7min, fail: site1, lasting: 10s}\n"
      "  - {at: 8min, restore: site1}\n";
  EXPECT_EQ(exit_of("  []\n", {}), 64);
  EXPECT_EQ(exit_of("  - {at: 6min, change: sites.site1.sip-server.oos-check, to: 12s}\n", {}), 64);
  EXPECT_EQ(exit_of("  - {at: 20min, fail: site1}\n", {}), 64);
  EXPECT_EQ(exit_of(two, {"--fault", "4"}), 64);
  EXPECT_EQ(exit_of(two, {"--fault", "3"}), 64);  // mends
  EXPECT_EQ(exit_of(two, {"--fault", "fail site2"}), 64);
  EXPECT_EQ(exit_of(two, {"--fault", "fail site1"}), 64);  // which of the two?
  EXPECT_EQ(exit_of(two, {"--window", "11min"}), 64);
  EXPECT_EQ(exit_of(two, {"--window", "0s"}), 64);
  EXPECT_EQ(exit_of(two, {"--from", "16min"}), 64);
  EXPECT_EQ(exit_of(two, {"--from", "10:00"}), 64);  // the scenario has no time of day
  EXPECT_EQ(exit_of(two, {"--events", "some"}), 64);
  EXPECT_EQ(exit_of(two, {"-n", "0"}), 64);
  EXPECT_EQ(exit_of(two, {"--from", "2min"}), 65);  // M-E03: inside the warm-up
  EXPECT_EQ(exit_of(two, {"--window", "1ns", "--from", "6min0.000000001s"}), 64);
  EXPECT_EQ(test::bcsim({"worst", "-"}).exit, 64);
  EXPECT_FALSE(std::filesystem::exists(out()));
}

/// "bcsim WORDS" in a process of its own that gets a signal when it has workers; its exit code.
int signalled(const std::vector<std::string>& words, int signal) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(test::bcsim(words).exit);
  const std::string pid = std::to_string(child);
  pid_t worker = 0;
  while (!(std::ifstream("/proc/" + pid + "/task/" + pid + "/children") >> worker)) {
    if (::waitpid(child, nullptr, WNOHANG) != 0) return -1;
    std::this_thread::sleep_for(1ms);
  }
  ::kill(child, signal);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(Worst, LeavesNothingWhenItIsInterrupted) {
  const std::vector<std::string> words = {
      "worst", file(scenario_of(kSite)), "-q", "-o", out(), "-n", "100000", "--window", "1min"};
  EXPECT_EQ(signalled(words, SIGINT), 130);
  EXPECT_EQ(signalled(words, SIGTERM), 143);
  EXPECT_FALSE(std::filesystem::exists(out()));
}

/// What `prepare` makes is what the worker of that job finds; one that dies ends only itself.
TEST(WorstBranches, HaveWhatWasThereBeforeThem) {
  int state = 0;
  std::map<std::size_t, std::string> answers;
  const PoolOutcome outcome = run_jobs(
      5, {.workers = 2, .attempts = 1, .outlive_failed_checks = true},
      {.work =
           [&](std::size_t job, const JobProgress&) {
             if (job == 3) ::_exit(70);  // as a failed assertion ends
             return std::to_string(state);
           },
       .done = [&](std::size_t job, std::string bytes) { answers[job] = std::move(bytes); },
       .prepare = [&](std::size_t job) { state = static_cast<int>(10 * job); }});
  EXPECT_EQ(answers,
            (std::map<std::size_t, std::string>{{0, "0"}, {1, "10"}, {2, "20"}, {4, "40"}}));
  ASSERT_EQ(outcome.lost.size(), 1u);
  EXPECT_EQ(outcome.lost[0].job, 3u);
}

}  // namespace
}  // namespace bcsim::tools::worst_test
