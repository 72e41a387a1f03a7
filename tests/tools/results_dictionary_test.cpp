// results/README.md against what is written: nothing undocumented, nothing documented in vain.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>

#include "models/metrics/definitions.hpp"
#include "source_tree.hpp"
#include "tests/support/site_failure_journal.hpp"
#include "tests/support/tool_runs.hpp"
#include "tools/plan/plan_output.hpp"
#include "tools/results/csv_files.hpp"
#include "tools/results/replication_files.hpp"
#include "tools/results/result_writer.hpp"
#include "tools/stats/attribution.hpp"
#include "tools/stats/estimands.hpp"
#include "tools/sweep/sweep_files.hpp"
#include "tools/tune/tune_result.hpp"
#include "tools/worst/worst_result.hpp"

namespace bcsim::tools::results_dictionary_test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAreArray;

using Row = std::vector<std::string>;

std::string trimmed(std::string text) {
  const auto from = text.find_first_not_of(' ');
  if (from == std::string::npos) return "";
  return text.substr(from, text.find_last_not_of(' ') - from + 1);
}

/// Cells of the table rows below a heading, the table's head left out.
std::vector<Row> table(const std::string& heading) {
  std::ifstream file(fs::path(BCSIM_SOURCE_DIR) / "results" / "README.md");
  std::vector<Row> rows;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) inside = line.find("# " + heading) != std::string::npos;
    if (!inside || !line.starts_with("| `")) continue;
    std::istringstream cells(line.substr(1));
    Row row;
    for (std::string cell; std::getline(cells, cell, '|');) row.push_back(trimmed(cell));
    rows.push_back(row);
  }
  return rows;
}

/// The words in backticks of a cell.
Row words(const std::string& cell) {
  Row out;
  for (std::size_t at = 0; (at = cell.find('`', at)) != std::string::npos;) {
    const std::size_t end = cell.find('`', at + 1);
    out.push_back(cell.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return out;
}
Row first_words(const std::vector<Row>& rows) {
  Row out;
  for (const Row& row : rows) {
    for (const std::string& word : words(row[0])) out.push_back(word);
  }
  return out;
}

TEST(Dictionary, HasEveryMetricWithItsUnitAndFormula) {
  const auto rows = table("Metrics");
  std::vector<Row> expected;
  for (const models::MetricDefinition& d : models::metric_definitions()) {
    std::string scopes = "run";
    for (int i = 0; i < models::kScopes; ++i) {
      const auto scope = static_cast<models::Scope>(i);
      if (d.has(scope)) scopes += ", " + std::string(name(scope));
    }
    const char* good = d.good == models::Good::none     ? "–"
                       : d.good == models::Good::higher ? "more"
                                                        : "less";
    expected.push_back(
        {"`" + std::string(d.id) + "`", std::string(d.unit), scopes, good, std::string(d.formula)});
  }
  EXPECT_THAT(rows, ElementsAreArray(expected));
}

TEST(Dictionary, HasEveryCauseInWords) {
  std::vector<Row> expected;
  for (const models::Cause cause : models::all_causes()) {
    expected.push_back({"`" + std::string(name(cause)) + "`", is_loss(cause) ? "yes" : "no",
                        std::string(in_words(cause))});
  }
  EXPECT_THAT(table("Causes"), ElementsAreArray(expected));
}

TEST(Dictionary, HasEveryColumnInItsOrder) {
  EXPECT_THAT(first_words(table("calls.csv")), ElementsAreArray(calls_columns()));
  EXPECT_THAT(first_words(table("timeline.csv")), ElementsAreArray(timeline_columns()));
  EXPECT_THAT(first_words(table("timeline_queues.csv")),
              ElementsAreArray(queue_timeline_columns()));
  EXPECT_THAT(first_words(table("replications.csv")), ElementsAreArray(replications_columns()));
  EXPECT_THAT(first_words(table("bands.csv")), ElementsAreArray(bands_columns()));
  EXPECT_THAT(first_words(table("points.csv")), ElementsAreArray(points_columns()));
  EXPECT_THAT(first_words(table("plan.csv")), ElementsAreArray(plan_columns()));
  EXPECT_THAT(first_words(table("tune.csv")), ElementsAreArray(tune_columns()));
  EXPECT_THAT(first_words(table("worst.csv")), ElementsAreArray(worst_columns()));
  for (const char* file : {"worst.csv", "calls.csv", "timeline.csv", "replications.csv",
                           "bands.csv", "plan.csv", "tune.csv"}) {
    for (const Row& row : table(file)) {
      ASSERT_EQ(row.size(), 4u) << row[0];
      EXPECT_FALSE(row[1].empty()) << row[0];
      EXPECT_FALSE(row[3].empty()) << row[0];
    }
  }
}

TEST(Dictionary, HasEveryCountOfTheTwins) {
  std::vector<Row> expected;
  for (const AttributionDefinition& d : attribution_definitions()) {
    expected.push_back(
        {"`" + std::string(d.id) + "`", std::string(d.unit), std::string(d.formula)});
  }
  EXPECT_THAT(table("Because of the failure"), ElementsAreArray(expected));
}

TEST(Dictionary, NamesTheRatios) {
  std::ifstream file(fs::path(BCSIM_SOURCE_DIR) / "results" / "README.md");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const std::size_t from = text.find("Ratios are `");
  ASSERT_NE(from, std::string::npos);
  EXPECT_THAT(words(text.substr(from, text.find("With one replication", from) - from)),
              ElementsAreArray(ratio_definitions()));
}

TEST(Dictionary, HasEveryPhase) {
  Row expected;
  for (const auto phase : {models::Phase::before, models::Phase::detection, models::Phase::relogin,
                           models::Phase::degraded, models::Phase::after}) {
    expected.emplace_back(models::name(phase));
  }
  EXPECT_THAT(first_words(table("Phases")), ElementsAreArray(expected));
}

class WrittenFiles : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = own_.emplace().path();
    write_results(models::test::site_failure_run(), ResultMeta{}, directory_);
  }
  static void TearDownTestSuite() { own_.reset(); }
  [[nodiscard]] static nlohmann::ordered_json json(const char* name) {
    std::ifstream file(directory_ / name);
    return nlohmann::ordered_json::parse(file);
  }
  static inline std::optional<test::TemporaryDirectory> own_;
  static inline fs::path directory_;
};

TEST_F(WrittenFiles, AreThoseOfTheDictionary) {
  Row written;
  for (const auto& entry : fs::directory_iterator(directory_)) {
    written.push_back(entry.path().filename().string());
  }
  EXPECT_THAT(written, testing::UnorderedElementsAreArray(first_words(table("Results"))));
}

TEST_F(WrittenFiles, RunJsonHasTheKeysOfTheDictionaryInItsOrder) {
  Row keys;
  const auto run = json("run.json");
  for (const auto& [key, value] : run.items()) keys.push_back(key);
  EXPECT_THAT(keys, ElementsAreArray(first_words(table("run.json"))));
}

TEST_F(WrittenFiles, EveryMetricPointsToARowOfTheDictionary) {
  std::set<std::string> headings;
  for (const std::string& id : first_words(table("Metrics"))) headings.insert(id);
  const auto summary = json("summary.json");
  for (const auto& [id, metric] : summary["metrics"].items()) {
    EXPECT_EQ(headings.count(metric["definition"].get<std::string>()), 1u) << id;
  }
}

TEST_F(WrittenFiles, EventsAreOfTheDictionaryWithTheirKeys) {
  std::map<std::string, Row> known;
  for (const Row& row : table("events.ndjson")) {
    for (const std::string& event : words(row[0])) known[event] = words(row[1]);
  }
  std::ifstream file(directory_ / "events.ndjson");
  for (std::string line; std::getline(file, line);) {
    const auto event = nlohmann::ordered_json::parse(line);
    Row keys;
    for (const auto& [key, value] : event.items()) keys.push_back(key);
    ASSERT_EQ(known.count(event["event"]), 1u) << line;
    Row expected = {"t", "event"};
    for (const std::string& key : known[event["event"]]) expected.push_back(key);
    EXPECT_THAT(keys, ElementsAreArray(expected)) << line;
  }
}

TEST_F(WrittenFiles, ChecksAreThoseOfTheDictionary) {
  std::vector<Row> written;
  const auto verdicts = json("verdicts.json");
  for (const auto& v : verdicts["verdicts"]) {
    if (v["kind"] == "check")
      written.push_back({"`" + v["id"].get<std::string>() + "`", v["rules"]});
  }
  std::vector<Row> documented;
  for (const Row& row : table("verdicts.json")) documented.push_back({row[0], row[1]});
  EXPECT_THAT(written, ElementsAreArray(documented));
}

/// Every kind of event, whether or not the made-up run has it.
TEST(Dictionary, HasEveryKindOfEvent) {
  using namespace models;  // NOLINT: a list of facts
  const AgentId a{0};
  const std::vector<Record> all = {ProxyState{0, 0, 0},
                                   ProxyState{0, 0, 1},
                                   PstnReroute{0, 1},
                                   PeerTrunk{0, 0},
                                   PeerTrunk{0, 1},
                                   ServerModeChanged{0, ServerMode::drain},
                                   Switchover{0, 2, 1},
                                   CallsCopied{0, 2, 0},
                                   BothPrimary{0, 1},
                                   PhoneRegistered{a, 0, 1},
                                   DnState{a, 0, 0},
                                   DnState{a, 0, 1},
                                   DesktopConnectionLost{a, 0, 1},
                                   DesktopSwitch{a, 1, 0},
                                   AgentLogin{a, 1, 1},
                                   AgentLoginRefused{a, 1, {}},
                                   AgentLogout{a, 1, 0},
                                   PrivateInfo{a, 1},
                                   AgentAtWork{a, 1},
                                   ShiftChanged{a, 1},
                                   ConfigWritten{0, 0, 1},
                                   ConfigWriteRefused{0, 0},
                                   ConfigStandbyUp{1},
                                   ConfigMasterKnown{0, 0},
                                   ConfigMasterKnown{0, 1},
                                   ConfigDrift{0, 0, 1},
                                   ConfigReconciled{1, 2, 1},
                                   FaultInjected{0, 0},
                                   FaultInjected{0, 1},
                                   NodeStateChanged{sim::NodeId{0}, 0},
                                   NodeStateChanged{sim::NodeId{0}, 1},
                                   PairStateChanged{0, 0},
                                   PairStateChanged{0, 1}};
  RunResult result;
  for (const Record& record : all) {
    EXPECT_TRUE(is_event(record)) << record.index();
    result.events.push_back({sim::kStart, {}, record});
  }
  const test::TemporaryDirectory own;
  const fs::path& directory = own.path();
  write_results(result, ResultMeta{}, directory);
  std::set<std::string> written;
  std::ifstream file(directory / "events.ndjson");
  for (std::string line; std::getline(file, line);) {
    written.insert(nlohmann::json::parse(line)["event"].get<std::string>());
  }
  const Row documented = first_words(table("events.ndjson"));
  EXPECT_EQ(written, std::set<std::string>(documented.begin(), documented.end()));
}

}  // namespace
}  // namespace bcsim::tools::results_dictionary_test
