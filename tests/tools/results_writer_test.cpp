#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/support/site_failure_journal.hpp"
#include "tests/support/tool_runs.hpp"
#include "tools/results/csv_files.hpp"
#include "tools/results/output_file.hpp"
#include "tools/results/result_writer.hpp"

namespace bcsim::tools::results_writer_test {
namespace {

namespace fs = std::filesystem;
using models::test::site_failure_run;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

ResultMeta meta() {
  ResultMeta m;
  m.scenario = "site_failure";
  m.title = "Site 1 is lost";
  m.effective_yaml = "bcsim: 1\ntitle: \"Site 1 is lost\"\n";
  m.run_id = "0123456789abcdef";
  m.seed = 18446744073709551615ull;
  m.journal_fingerprint = 0xff;
  m.host = {1.5, "/a", 2};
  return m;
}

/// A directory of this test's own, gone afterwards.
class ResultWriter : public testing::Test {
 protected:
  [[nodiscard]] static std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  [[nodiscard]] static std::vector<std::string> lines(const fs::path& path) {
    std::istringstream text(read(path));
    std::vector<std::string> out;
    for (std::string line; std::getline(text, line);) out.push_back(line);
    return out;
  }
  [[nodiscard]] static std::vector<std::string> names(const fs::path& directory) {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(directory)) {
      out.push_back(entry.path().filename().string());
    }
    return out;
  }
  test::TemporaryDirectory own_;
  fs::path root_ = own_.path();
};

TEST_F(ResultWriter, WritesItsFilesAndNothingElse) {
  const fs::path directory = result_directory(root_, meta());
  write_results(site_failure_run(), meta(), directory);
  EXPECT_EQ(directory, root_ / "site_failure" / "0123456789abcdef");
  EXPECT_THAT(names(directory),
              UnorderedElementsAre("run.json", "summary.json", "calls.csv", "timeline.csv",
                                   "timeline_queues.csv", "events.ndjson", "verdicts.json",
                                   "replications.csv"));
}

TEST_F(ResultWriter, EverythingButTheHostIsEqualByteForByte) {
  ResultMeta other = meta();
  other.host = {9.25, "/b", 64};
  write_results(site_failure_run(), meta(), root_ / "a");
  write_results(site_failure_run(), other, root_ / "b");
  for (const char* name :
       {"summary.json", "calls.csv", "timeline.csv", "events.ndjson", "verdicts.json"}) {
    EXPECT_EQ(read(root_ / "a" / name), read(root_ / "b" / name)) << name;
    EXPECT_FALSE(read(root_ / "a" / name).empty()) << name;
  }
  auto a = nlohmann::ordered_json::parse(read(root_ / "a" / "run.json"));
  auto b = nlohmann::ordered_json::parse(read(root_ / "b" / "run.json"));
  EXPECT_NE(a, b);
  a.erase("host");
  b.erase("host");
  EXPECT_EQ(a.dump(), b.dump());
}

TEST_F(ResultWriter, RunJsonSaysWhatTheRunWas) {
  write_results(site_failure_run(), meta(), root_);
  const auto j = nlohmann::json::parse(read(root_ / "run.json"));
  EXPECT_EQ(j["seed"], 18446744073709551615ull);
  EXPECT_EQ(j["effective_scenario"], meta().effective_yaml);
  EXPECT_EQ(j["journal_fingerprint"], "00000000000000ff");
  EXPECT_EQ(j["status"], "violated");
  EXPECT_EQ(j["horizon_s"], 3600);
  EXPECT_EQ(j["host"]["cores"], 2);
  std::vector<std::string> phases;
  for (const auto& phase : j["phases"]) phases.push_back(phase["phase"]);
  EXPECT_THAT(phases,
              ElementsAre("warm_up", "before", "detection", "relogin", "degraded", "after"));
  EXPECT_EQ(j["phases"][2]["start_s"], 1200);
  EXPECT_EQ(j["phases"][2]["end_s"], 1209.5);
}

TEST_F(ResultWriter, SummaryHasEveryMetricWithUnitAndDefinition) {
  const auto result = site_failure_run();
  write_results(result, meta(), root_);
  const auto j = nlohmann::json::parse(read(root_ / "summary.json"));
  EXPECT_EQ(j["metrics"].size(), result.metrics.size());
  const auto& agents = j["metrics"]["recovery.agents_100"];
  EXPECT_EQ(agents["value"], 69);
  EXPECT_EQ(agents["unit"], "s");
  EXPECT_EQ(agents["definition"], "recovery.agents_100");
  EXPECT_TRUE(agents["interval"].is_null());
  EXPECT_TRUE(j["metrics"]["recovery.site1.switchover"]["value"].is_null());
  EXPECT_EQ(j["metrics"]["lost.dropped_in_talk"]["definition"], "lost.<cause>");
  EXPECT_EQ(j["service_level"]["definition"], "F6");
  EXPECT_EQ(j["service_level"]["threshold_s"], 20);
}

TEST_F(ResultWriter, CallsCsvHasOneRowPerCall) {
  models::test::Journal j(models::test::two_sites());
  const auto served = j.at(1.0000005).queue();
  j.at(5.25).answer(served, 1).at(100).release(served, models::pstn::Release::normal);
  const auto refused = j.at(101).offer(1, 2, served);
  j.add(models::CallInvited{refused, 1, 1, 0});
  j.release(refused, models::pstn::Release::rejected, models::CallPhase::setup, 603);
  j.at(200).queue();
  write_results(j.finish(), meta(), root_);
  const auto rows = lines(root_ / "calls.csv");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_THAT(rows[0], StartsWith("call,caller,attempt,previous,stream,gateway,offered_s,"));
  EXPECT_EQ(rows[1],
            "0,0,1,,calls,gw1,1.000001,1.000001,1.000001,1.000001,5.250000,,5.250000,100.000000,"
            "4.250000,1,1,1,1,north.2,served,completed,normal,talking,,0,1,0,0,,queue,,,,");
  EXPECT_EQ(rows[2],
            "1,1,2,0,calls,gw2,101.000000,101.000000,,,,,,101.000000,,2,,,,,lost,"
            "lost_setup_rejected,rejected,setup,603,0,0,0,0,,queue,,,,");
  EXPECT_THAT(rows[3], HasSubstr(",in_system,still_in_system,,,"));
  for (const std::string& row : rows) {
    EXPECT_EQ(std::count(row.begin(), row.end(), ',') + 1,
              static_cast<std::ptrdiff_t>(calls_columns().size()));
  }
}

TEST_F(ResultWriter, NamesWithCommasAndQuotesAreQuoted) {
  models::Scenario s = models::test::two_sites();
  s.calls[0].name = "a,\"b\"";
  models::test::Journal j(std::move(s));
  j.at(1).queue();
  write_results(j.finish(), meta(), root_);
  EXPECT_THAT(lines(root_ / "calls.csv")[1], HasSubstr(",\"a,\"\"b\"\"\",gw1,"));
}

TEST_F(ResultWriter, TimelineCsvHasARowPerIntervalAndSite) {
  write_results(site_failure_run(), meta(), root_);
  const auto rows = lines(root_ / "timeline.csv");
  ASSERT_EQ(rows.size(), 1u + 4 * 2);
  for (const std::string& row : rows) {
    EXPECT_EQ(std::count(row.begin(), row.end(), ',') + 1,
              static_cast<std::ptrdiff_t>(timeline_columns().size()));
  }
  EXPECT_THAT(rows[3], StartsWith("1,900.000000,900.000000,1,"));
  EXPECT_THAT(rows[4], StartsWith("1,900.000000,900.000000,2,"));
  EXPECT_THAT(rows[8], testing::EndsWith(",0,0"));  // media sampled at the horizon lasts no time
}

TEST_F(ResultWriter, EventsAreOneJsonObjectPerLineInOrderOfTime) {
  write_results(site_failure_run(), meta(), root_);
  double last = 0;
  std::set<std::string> kinds;
  for (const std::string& line : lines(root_ / "events.ndjson")) {
    const auto j = nlohmann::json::parse(line);
    EXPECT_GE(j["t"].get<double>(), last);
    last = j["t"];
    kinds.insert(j["event"]);
  }
  EXPECT_THAT(kinds, testing::IsSupersetOf({"fault.injected", "node.down", "pair.down", "peer.oos",
                                            "ss.mode", "mg.proxy_offline", "desk.login",
                                            "agent.at_work", "pair.up"}));
  EXPECT_THAT(read(root_ / "events.ndjson"),
              HasSubstr("{\"t\":1209.5,\"event\":\"mg.proxy_offline\",\"gateway\":\"gw1\","
                        "\"site\":1}\n"));
}

TEST_F(ResultWriter, VerdictsAreThoseOfChecksAndExpectations) {
  write_results(site_failure_run(), meta(), root_);
  const auto j = nlohmann::json::parse(read(root_ / "verdicts.json"));
  EXPECT_EQ(j["status"], "violated");
  EXPECT_EQ(j["verdicts"].size(), 11u);
  EXPECT_EQ(j["verdicts"][0]["id"], "conservation");
  EXPECT_EQ(j["verdicts"][0]["verdict"], "good");
  EXPECT_EQ(j["verdicts"][10]["kind"], "expectation");
  EXPECT_EQ(j["verdicts"][10]["verdict"], "violated");
}

// ---- when writing fails ------------------------------------------------------------------------

TEST_F(ResultWriter, AFullDiskIsNoticed) {
  const auto fill = [] {
    OutputFile file("/dev/full");
    file.write("something");
    file.close();
  };
  EXPECT_THROW(fill(), WriteError);
}

/// Files of this process may not grow beyond so much: writing fails in the middle, as on a disk
/// that fills up.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST_F(ResultWriter, AFailureInTheMiddleLeavesNothing) {
  const auto result = site_failure_run();
  {
    const FileSizeLimit limit(20'000);
    EXPECT_THROW(write_results(result, meta(), root_ / "site_failure" / "x"), WriteError);
  }
  EXPECT_THAT(names(root_), ElementsAre());
}

TEST_F(ResultWriter, AFailureInTheMiddleLeavesTheFormerResultsUntouched) {
  const auto result = site_failure_run();
  write_results(result, meta(), root_);
  std::ofstream(root_ / "notes.txt") << "mine";
  const std::string before = read(root_ / "run.json");
  ResultMeta later = meta();
  later.title = "later";
  {
    const FileSizeLimit limit(20'000);
    EXPECT_THROW(write_results(result, later, root_), WriteError);
  }
  EXPECT_EQ(read(root_ / "run.json"), before);
  EXPECT_EQ(names(root_).size(), 9u);
  write_results(result, later, root_);
  EXPECT_NE(read(root_ / "run.json"), before);
  EXPECT_EQ(read(root_ / "notes.txt"), "mine");
  EXPECT_EQ(names(root_).size(), 9u);
}

TEST_F(ResultWriter, APlaceThatCannotBeWrittenIsRefusedByName) {
  std::ofstream(root_ / "file") << "x";
  try {
    write_results(site_failure_run(), meta(), root_ / "file" / "below");
    FAIL() << "written below a file";
  } catch (const WriteError& error) {
    EXPECT_THAT(error.what(), HasSubstr((root_ / "file").string()));
  }
  EXPECT_EQ(read(root_ / "file"), "x");
  EXPECT_THROW(write_results(site_failure_run(), meta(), "/proc/bcsim"), WriteError);
}

TEST_F(ResultWriter, TheLatestLinkFollowsTheLastRun) {
  const fs::path scenario = root_ / "site_failure";
  write_results(site_failure_run(), meta(), scenario / "one");
  update_latest(scenario / "one");
  EXPECT_EQ(fs::read_symlink(scenario / "latest"), "one");
  write_results(site_failure_run(), meta(), scenario / "two");
  update_latest(scenario / "two");
  EXPECT_EQ(fs::read_symlink(scenario / "latest"), "two");
  EXPECT_THAT(names(scenario), UnorderedElementsAre("one", "two", "latest"));
}

TEST_F(ResultWriter, ALatestThatIsADirectoryIsNotReplaced) {
  fs::create_directories(root_ / "latest" / "of a user");
  fs::create_directories(root_ / "one");
  EXPECT_THROW(update_latest(root_ / "one"), WriteError);
  EXPECT_TRUE(fs::exists(root_ / "latest" / "of a user"));
}

}  // namespace
}  // namespace bcsim::tools::results_writer_test
