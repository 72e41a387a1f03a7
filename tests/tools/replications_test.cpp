// Replications in forked workers: the same bytes whatever happens to the workers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "tests/support/interrupted_run.hpp"
#include "tests/support/site_failure_journal.hpp"
#include "tests/support/tool_runs.hpp"
#include "tools/results/saved_files.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/run/wire.hpp"
#include "tools/run/worker_pool.hpp"
#include "tools/stats/attribution.hpp"

namespace bcsim::tools::replications_test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::files_of;
using test::Outcome;
using test::small_site_failure;
using test::TemporaryDirectory;
using ::testing::HasSubstr;

// ---- workers -----------------------------------------------------------------------------------

std::string answer(std::size_t job) {
  return std::string(100'000 + job, static_cast<char>('a' + job));  // more than a pipe holds
}

TEST(WorkerPool, BringsEveryAnswerHomeWhole) {
  std::map<std::size_t, std::string> got;
  const PoolTasks tasks{.work = [](std::size_t job, const JobProgress&) { return answer(job); },
                        .done = [&](std::size_t job, std::string b) { got[job] = std::move(b); }};
  const PoolOutcome outcome = run_jobs(7, {.workers = 3}, tasks);
  EXPECT_TRUE(outcome.lost.empty());
  EXPECT_FALSE(outcome.interrupted);
  ASSERT_EQ(got.size(), 7u);
  for (const auto& [job, bytes] : got) EXPECT_EQ(bytes, answer(job)) << job;
}

TEST(WorkerPool, GivesAKilledWorkersJobToAnother) {
  const TemporaryDirectory directory;
  const fs::path mark = directory.path() / "died";
  std::map<std::size_t, std::string> got;
  const PoolTasks tasks{.work =
                            [&](std::size_t job, const JobProgress&) {
                              if (job == 1 && !fs::exists(mark)) {
                                std::ofstream(mark) << "once";
                                std::raise(SIGKILL);
                              }
                              return answer(job);
                            },
                        .done = [&](std::size_t job, std::string b) { got[job] = std::move(b); }};
  const PoolOutcome outcome = run_jobs(3, {.workers = 2}, tasks);
  EXPECT_TRUE(fs::exists(mark));
  EXPECT_TRUE(outcome.lost.empty());
  EXPECT_EQ(got.size(), 3u);
  EXPECT_EQ(got[1], answer(1));
}

TEST(WorkerPool, ReportsAJobWhoseWorkersAllDie) {
  std::size_t done = 0;
  const PoolTasks tasks{.work =
                            [](std::size_t job, const JobProgress&) {
                              if (job == 1) std::raise(SIGKILL);
                              return answer(job);
                            },
                        .done = [&](std::size_t, const std::string&) { ++done; }};
  const PoolOutcome outcome = run_jobs(3, {.workers = 2}, tasks);
  ASSERT_EQ(outcome.lost.size(), 1u);
  EXPECT_EQ(outcome.lost[0].job, 1u);
  EXPECT_EQ(outcome.lost[0].how, "killed by signal 9");
  EXPECT_EQ(done, 2u);
}

TEST(WorkerPool, PassesOnWhatAWorkerThrows) {
  const PoolTasks tasks{.work = [](std::size_t, const JobProgress&) -> std::string {
                          throw std::runtime_error("the reason");
                        },
                        .done = [](std::size_t, const std::string&) {}};
  try {
    static_cast<void>(run_jobs(2, {.workers = 2}, tasks));
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(), "the reason");
  }
}

TEST(WorkerPool, StopsAtAnInterruptionWithWhatIsDone) {
  const SignalGuard guard;
  std::size_t done = 0;
  const PoolTasks tasks{.work = [](std::size_t job, const JobProgress&) { return answer(job); },
                        .done =
                            [&](std::size_t, const std::string&) {
                              if (++done == 2) std::raise(SIGINT);
                            }};
  const PoolOutcome outcome = run_jobs(50, {.workers = 1}, tasks);
  EXPECT_TRUE(outcome.interrupted);
  EXPECT_EQ(done, 2u);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);  // no worker is left
}

TEST(Wire, CarriesAReplicationUnchanged) {
  Replication before;
  before.result = models::test::site_failure_run();
  before.messages_sent = 17;
  const std::string bytes = to_bytes(before);
  const Replication after = replication_from_bytes(bytes);
  EXPECT_EQ(to_bytes(after), bytes);
  EXPECT_EQ(after.messages_sent, 17u);
  ASSERT_EQ(after.result.metrics.size(), before.result.metrics.size());
  EXPECT_EQ(after.result.metrics[0].unit, before.result.metrics[0].unit);
  EXPECT_EQ(after.result.calls.size(), before.result.calls.size());
  EXPECT_THROW(static_cast<void>(replication_from_bytes(bytes.substr(0, bytes.size() / 2))),
               std::runtime_error);
}

// ---- the twin ----------------------------------------------------------------------------------

models::CallRow call(std::uint32_t caller, models::Cause cause, double answered_after = -1) {
  models::CallRow row;
  row.caller = caller;
  row.cause = cause;
  row.queued = row.offered = sim::kStart + 10s;
  if (answered_after >= 0) row.answered = row.queued + sim::from_seconds(answered_after);
  return row;
}

TEST(Attribution, ComparesEachCallWithItsCounterpart) {
  using models::Cause;
  models::RunResult run, twin;
  run.service_level_threshold = twin.service_level_threshold = 20s;
  run.calls = {call(1, Cause::dropped_in_talk, 3), call(2, Cause::completed, 25),
               call(3, Cause::completed, 2), call(4, Cause::abandoned_in_queue),
               call(5, Cause::completed, 1)};
  run.calls.push_back(call(6, Cause::abandoned_in_queue, 3));  // between two agents, as there
  run.calls.push_back(call(7, Cause::abandoned_in_queue, 3));  // likewise, which is not `abandoned`
  run.calls[0].set(models::CallRow::caller_lost);
  run.calls.push_back(call(1, Cause::abandoned_in_queue));
  run.calls.back().attempt = 2;  // his redial, which the twin has not
  twin.calls = {call(1, Cause::completed, 3),       call(2, Cause::completed, 20),
                call(3, Cause::completed, 2),       call(4, Cause::abandoned_in_queue),
                call(5, Cause::abandoned_in_queue), call(6, Cause::abandoned_in_queue, 3),
                call(7, Cause::completed, 3)};
  const Attribution a = attribute(run, twin);
  EXPECT_THAT(run.attributed, testing::ElementsAre(1, 0, 0, 0, 1, 0, 1, 1));
  EXPECT_EQ(a.lost, 1u);
  EXPECT_EQ(a.abandoned, 1u);
  EXPECT_EQ(a.delayed, 1u);
  EXPECT_EQ(a.callers_lost, 1u);
  EXPECT_EQ(a.spared, 1u);
}

// ---- whole runs --------------------------------------------------------------------------------

std::vector<std::map<std::string, std::string>> csv(const fs::path& path) {
  std::ifstream in(path);
  std::vector<std::string> header;
  std::vector<std::map<std::string, std::string>> rows;
  for (std::string line; std::getline(in, line);) {
    std::istringstream cells(line);
    std::vector<std::string> row;
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
    if (header.empty()) {
      header = row;
      continue;
    }
    row.resize(header.size());
    auto& named = rows.emplace_back();
    for (std::size_t i = 0; i < header.size(); ++i) named[header[i]] = row[i];
  }
  return rows;
}

class Replications : public testing::Test {
 protected:
  Outcome run(const std::string& name, std::vector<std::string> more) const {
    more.insert(more.begin(), {"run", "-o", (directory_.path() / name).string()});
    return test::bcsim(small_site_failure(more));
  }
  [[nodiscard]] fs::path at(const std::string& name) const { return directory_.path() / name; }
  TemporaryDirectory directory_;
};

TEST_F(Replications, AreTheSameBytesForAnyNumberOfWorkers) {
  ASSERT_EQ(run("one", {"-n", "3", "-j", "1"}).exit, 0);
  ASSERT_EQ(run("three", {"-n", "3", "-j", "3"}).exit, 0);
  const auto one = files_of(at("one")), three = files_of(at("three"));
  EXPECT_EQ(one.size(), 10u);
  EXPECT_EQ(one, three);
}

TEST_F(Replications, AreTheSameBytesWhenAWorkerIsKilled) {
  const std::vector<std::string> words = {"-n", "4", "--no-twin", "-j", "1"};
  ASSERT_EQ(run("one", words).exit, 0);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(run("x", words).exit);
  ASSERT_TRUE(test::kill_a_worker(child));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(files_of(at("x")), files_of(at("one")));
}

TEST_F(Replications, BeginWithTheRunThatIsAlone) {
  ASSERT_EQ(run("alone", {}).exit, 0);
  ASSERT_EQ(run("three", {"-n", "3"}).exit, 0);
  const auto alone = files_of(at("alone")), three = files_of(at("three"));
  for (const char* name : {"calls.csv", "timeline.csv", "events.ndjson"}) {
    EXPECT_EQ(alone.at(name), three.at(name)) << name;
  }
  const auto first = alone.at("replications.csv");
  EXPECT_EQ(three.at("replications.csv").substr(0, first.size()), first);
}

TEST_F(Replications, HaveAMeanAndAnIntervalOfTheirValues) {
  const Outcome o = run("x", {"-n", "4", "--json"});
  ASSERT_EQ(o.exit, 0) << o.err;
  const auto j = nlohmann::json::parse(o.out);
  EXPECT_EQ(j["replications"], 4);
  double sum = 0;
  int n = 0;
  for (const auto& row : csv(at("x") / "replications.csv")) {
    if (row.at("metric") != "lost") continue;
    sum += std::stod(row.at("value"));
    ++n;
  }
  ASSERT_EQ(n, 4);
  const auto& lost = j["metrics"]["lost"];
  EXPECT_EQ(lost["value"].get<double>(), sum / 4);
  EXPECT_EQ(lost["n"], 4);
  EXPECT_LT(lost["interval"][0].get<double>(), sum / 4);
  EXPECT_NEAR(lost["because_of_failure"]["value"].get<double>(),
              sum / 4 - lost["without_faults"].get<double>(), 1e-6);
}

TEST_F(Replications, EqualTheirTwinsUntilTheFault) {
  ASSERT_EQ(run("x", {}).exit, 0);
  ASSERT_EQ(run("calm", {"--set", "faults=[]"}).exit, 0);
  const auto calls = csv(at("x") / "calls.csv"), calm = csv(at("calm") / "calls.csv");
  ASSERT_GT(calls.size(), 100u);
  std::size_t before = 0, attributed = 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (calls[i].at("released_s").empty() || std::stod(calls[i].at("released_s")) >= 3600) {
      attributed += calls[i].at("attributed") == "1";
      continue;
    }
    ++before;
    EXPECT_EQ(calls[i].at("attributed"), "0") << i;
    EXPECT_EQ(calls[i].at("answered_s"), calm[i].at("answered_s")) << i;
  }
  EXPECT_GT(before, 50u);
  EXPECT_GT(attributed, 0u);
  EXPECT_TRUE(calm[0].at("attributed").empty());  // nothing failed: no twin
}

TEST_F(Replications, AccountForEveryLostCall) {
  const Outcome o = run("x", {"--json"});
  const auto j = nlohmann::json::parse(o.out);
  // Lost here = lost in the twin too + lost because of the failure.
  std::size_t lost = 0, attributed = 0;
  for (const auto& row : csv(at("x") / "calls.csv")) {
    if (row.at("outcome") != "lost") continue;
    ++lost;
    attributed += row.at("attributed") == "1";
  }
  EXPECT_GT(lost, 0u);
  EXPECT_EQ(j["because_of_failure"]["lost"]["value"], attributed);
  EXPECT_LE(lost - attributed, j["metrics"]["lost"]["without_faults"].get<double>());
}

TEST_F(Replications, SayInAWordWhatTheFailureCost) {
  EXPECT_THAT(run("x", {}).out, HasSubstr("Because of the failure: "));
  EXPECT_THAT(run("x", {"-n", "2"}).out, HasSubstr("Because of the failure: "));
  const Outcome without = run("x", {"--no-twin"});
  EXPECT_THAT(without.out, testing::Not(HasSubstr("Because of the failure")));
  EXPECT_EQ(nlohmann::json::parse(std::ifstream(at("x") / "run.json"))["twin"], false);
}

TEST_F(Replications, AreRepeatedUntilTheIntervalIsNarrowEnough) {
  const Outcome o = run("x", {"--no-twin", "--precision", "asa=2s", "--json"});
  ASSERT_EQ(o.exit, 0) << o.err;
  const auto j = nlohmann::json::parse(o.out);
  const auto& asa = j["metrics"]["asa"]["interval"];
  EXPECT_LE(asa[1].get<double>() - asa[0].get<double>(), 4);
  EXPECT_GE(j["replications"].get<int>(), 10);
  const Outcome never =
      run("y", {"--no-twin", "--precision", "lost_calls=0.1%", "--max-replications", "3"});
  EXPECT_EQ(never.exit, 2);
  EXPECT_THAT(never.err, HasSubstr("not reached"));
}

// ---- shards ------------------------------------------------------------------------------------

class Shards : public Replications {
 protected:
  Outcome shard(const std::string& name, const std::string& part,
                const std::string& n = "4") const {
    return run(name, {"--no-twin", "--shard", part, "-n", n});
  }
  Outcome merge(const std::vector<std::string>& names) const {
    std::vector<std::string> words = {"merge", "-o", at("merged").string()};
    for (const std::string& name : names) words.push_back(at(name).string());
    return test::bcsim(words);
  }
  [[nodiscard]] fs::path file(const std::string& name, int replication) const {
    return at(name) / (std::string("0000") + std::to_string(replication) + ".replication");
  }
};

TEST_F(Shards, MergedAreTheRunByteForByte) {
  ASSERT_EQ(run("one", {"-n", "3"}).exit, 0);
  // On two machines, out of order; two shards have nothing to do.
  for (const char* part : {"3/5", "1/5", "5/5"}) {
    ASSERT_EQ(run("a", {"-n", "3", "--shard", part}).exit, 0) << part;
  }
  for (const char* part : {"2/5", "4/5"}) {
    ASSERT_EQ(run("b", {"-n", "3", "--shard", part}).exit, 0) << part;
  }

  const Outcome merged = merge({"b", "a"});
  ASSERT_EQ(merged.exit, 0) << merged.err;
  EXPECT_THAT(merged.out, HasSubstr("3 replications"));
  EXPECT_EQ(files_of(at("merged")), files_of(at("one")));
}

TEST_F(Shards, ThatAreMissingTwiceDamagedOrForeignAreRefused) {
  ASSERT_EQ(shard("s", "1/2").exit, 0);
  const Outcome missing = merge({"s"});
  EXPECT_EQ(missing.exit, 65);
  EXPECT_THAT(missing.err, HasSubstr("of 4 replications 2 are missing, the first is 1; not done: "
                                     "shard 2/2"));
  fs::copy(at("s"), at("again"));
  EXPECT_THAT(merge({"s", "again"}).err, HasSubstr("is replication 0 again, as "));
  ASSERT_EQ(shard("other", "2/2", "5").exit, 0);
  const Outcome foreign = merge({"s", "other"});
  EXPECT_EQ(foreign.exit, 65);
  EXPECT_THAT(foreign.err, HasSubstr("is of another run than "));
  EXPECT_EQ(shard("other", "2/2").exit, 74);  // neither is another run written over
  ASSERT_EQ(shard("s", "2/2").exit, 0);
  // As a machine leaves it that dies while it copies.
  const auto size = fs::file_size(file("s", 3));
  fs::resize_file(file("s", 3), size / 2);
  const Outcome cut = merge({"s"});
  EXPECT_EQ(cut.exit, 65);
  EXPECT_THAT(cut.err, HasSubstr("is damaged or cut off; run its shard 2/2 again"));
  // One bit of the first line, of which 65 536 times as many replications would be missing.
  std::string text = read_text(file("s", 1));
  text.replace(text.find("\"replications\":4"), 16, "\"replications\":262144");
  std::ofstream(file("s", 1), std::ios::binary) << text;
  EXPECT_THAT(merge({"s"}).err, HasSubstr("is damaged or cut off"));
  EXPECT_EQ(merge({"nowhere"}).exit, 65);
  EXPECT_FALSE(fs::exists(at("merged")));
  ASSERT_EQ(shard("s", "2/2").exit, 0);
  EXPECT_EQ(fs::file_size(file("s", 3)), size);
  EXPECT_EQ(merge({"s"}).exit, 0);
}

TEST_F(Shards, OfAnotherBuildAreRefused) {
  ASSERT_EQ(shard("s", "1/1", "1").exit, 0);
  std::ifstream in(file("s", 0), std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  const std::string key = "\"version\":\"";
  text.replace(text.find(key) + key.size(), 1, "9");
  std::ofstream(file("s", 0), std::ios::binary) << text;
  const Outcome o = merge({"s"});
  EXPECT_EQ(o.exit, 65);
  EXPECT_THAT(o.err, HasSubstr("was written by bcsim 9"));
  EXPECT_EQ(shard("s", "1/1", "1").exit, 74);
}

TEST_F(Shards, GoOnWhereTheyWereKilled) {
  ASSERT_EQ(run("one", {"-n", "8", "--no-twin"}).exit, 0);
  const std::vector<std::string> words = {"--shard", "1/1", "-n", "8", "--no-twin", "-j", "1"};
  const pid_t child = ::fork();
  if (child == 0) ::_exit(run("s", words).exit);
  while (!fs::exists(file("s", 0))) std::this_thread::sleep_for(5ms);
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(merge({"s"}).exit, 65);
  const auto first = fs::last_write_time(file("s", 0));
  ASSERT_EQ(run("s", words).exit, 0);
  EXPECT_EQ(fs::last_write_time(file("s", 0)), first);
  ASSERT_EQ(merge({"s"}).exit, 0);
  EXPECT_EQ(files_of(at("merged")), files_of(at("one")));
}

TEST_F(Shards, AreAPartOfAWholeWithAKnownNumberOfReplications) {
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--shard", "6/5"},
                                               {"--shard", "0/5"},
                                               {"--shard", "2"},
                                               {"--shard", "a/b"},
                                               {"--shard", "1/2", "--precision", "lost=5%"},
                                               {"--shard", "1/2", "--json"}}) {
    EXPECT_EQ(run("s", more).exit, 64) << more[1];
  }
  EXPECT_FALSE(fs::exists(at("s")));
}

// ---- precision and interruption ----------------------------------------------------------------

TEST_F(Replications, SayWhenTheWarmUpWasTooShort) {
  const auto check = [&](const char* warm_up, const char* horizon) {
    const Outcome o = test::bcsim(
        {"run", "baseline", "-q", "-o", at("x").string(), "--set", "agents.team1.count=130",
         "--set", "agents.team2.count=130", "--set", "calls.main.rate=0.6/s", "--set",
         std::string("run.warm-up=") + warm_up, "--set", std::string("run.horizon=") + horizon});
    EXPECT_EQ(o.exit, 0) << o.err;
    auto found = nlohmann::json::parse(std::ifstream(at("x") / "run.json"))["warm_up_check"];
    const bool said = o.out.find("A warm-up of ") != std::string::npos;
    EXPECT_EQ(said, found.is_object() && found["verdict"] == "too_short");
    return found;
  };
  const auto none = check("0s", "1h"), usual = check("30min", "90min");
  EXPECT_EQ(none["verdict"], "too_short");
  EXPECT_GT(none["enough_s"], 300);
  EXPECT_EQ(usual["verdict"], "long_enough");
  EXPECT_GT(usual["p"], 0.005);
  EXPECT_TRUE(check("30min", "40min").is_null());  // too little to look at
}

TEST_F(Replications, RefusePrecisionThatMakesNoSense) {
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--precision", "lots=2%"},
        {"--precision", "lost"},
        {"--precision", "lost=-2%"},
        {"--precision", "lost=2furlongs"},
        {"--precision="},
        {"--max-replications", "9"},
        {"-n", "0"},
        {"--precision", "lost=2%", "--max-replications", "1"}}) {
    const Outcome o = run("x", more);
    EXPECT_EQ(o.exit, 64) << more.back();
  }
  EXPECT_THAT(run("x", {"--precision", "losst=2%"}).err, HasSubstr("did you mean 'lost'?"));
  EXPECT_FALSE(fs::exists(at("x")));
}

TEST_F(Replications, KeepWhatIsCompleteWhenInterrupted) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(run("x", {"-n", "5000", "--no-twin", "-j", "2"}).exit);
  std::this_thread::sleep_for(2500ms);
  ::kill(child, SIGINT);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  if (!fs::exists(at("x"))) GTEST_SKIP() << "not one replication in 2.5 s";
  const auto run_json = nlohmann::json::parse(std::ifstream(at("x") / "run.json"));
  const std::string n = std::to_string(run_json["replications"].get<int>());
  ASSERT_EQ(run("y", {"-n", n, "--no-twin"}).exit, 0);
  EXPECT_EQ(files_of(at("x")), files_of(at("y")));
}

}  // namespace
}  // namespace bcsim::tools::replications_test
