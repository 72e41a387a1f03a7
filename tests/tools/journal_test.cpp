// The journal file: every record and message as its dictionary says, whole or not at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "source_tree.hpp"
#include "tests/support/worlds.hpp"
#include "tools/base/atomic_file.hpp"
#include "tools/journal/journal_file.hpp"
#include "tools/journal/message_words.hpp"
#include "tools/journal/record_json.hpp"

namespace bcsim::tools::journal_test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using JournalLine = nlohmann::ordered_json;
using tests::p0_scenario;

/// [event] = keys, of both tables of events in results/README.md.
std::map<std::string, std::vector<std::string>> documented_events() {
  const auto words = [](const std::string& cell) {
    std::vector<std::string> out;
    for (std::size_t at = 0; (at = cell.find('`', at)) != std::string::npos;) {
      const std::size_t end = cell.find('`', at + 1);
      out.push_back(cell.substr(at + 1, end - at - 1));
      at = end + 1;
    }
    return out;
  };
  std::map<std::string, std::vector<std::string>> events;
  std::ifstream file(fs::path(BCSIM_SOURCE_DIR) / "results" / "README.md");
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) inside = line == "## events.ndjson" || line == "## The journal";
    if (!inside || !line.starts_with("| `")) continue;
    const std::size_t bar = line.find('|', 2);
    for (const std::string& event : words(line.substr(0, bar))) {
      events[event] = words(line.substr(bar, line.find('|', bar + 1) - bar));
    }
  }
  return events;
}

/// A default value of every kind of record.
template <std::size_t... I>
std::vector<models::Record> one_of_each(std::index_sequence<I...>) {
  return {models::Record(std::in_place_index<I>)...};
}

TEST(Journal, EveryKindOfRecordHasTheKeysOfTheDictionary) {
  const auto documented = documented_events();
  std::set<std::string> optional = {"previous", "call", "agent", "second", "branch", "leg"};
  auto records = one_of_each(std::make_index_sequence<std::variant_size_v<models::Record>>());
  for (const models::Record& record : records) {
    const JournalLine line = record_json({sim::kStart, {}, record}, ThingNames{});
    const std::string event = line.at("event");
    ASSERT_EQ(documented.count(event), 1u) << event;
    std::vector<std::string> written;
    for (const auto& [key, value] : line.items()) {
      if (key != "t" && key != "event") written.push_back(key);
    }
    std::vector<std::string> expected = documented.at(event);
    std::erase_if(expected, [&](const std::string& key) {
      return optional.contains(key) && !line.contains(key);
    });
    EXPECT_EQ(written, expected) << event;
  }
}

TEST(Journal, NamesWhatItKnowsAndNumbersTheRest) {
  ThingNames names;
  names.agents = {"team1.1"};
  names.gateways = {"mg1"};
  EXPECT_EQ(record_json({sim::kStart + 1500ms, {}, models::ProxyState{0, 1, 0}}, names).dump(),
            R"({"t":1.5,"event":"mg.proxy_offline","gateway":"mg1","site":2})");
  EXPECT_EQ(
      record_json({sim::kStart, {}, models::AgentAtWork{models::AgentId{7}, 0}}, names).at("agent"),
      "7");
  const auto second = models::CallBranch::of_invite(1);
  EXPECT_EQ(record_json({sim::kStart,
                         {},
                         models::CallRouted{models::CallId{3}, models::AgentId{0}, 0, 3, second,
                                            second.next(0)}},
                        names)
                .dump(),
            R"({"t":0.0,"event":"call.routed","call":3,"agent":"team1.1","site":1,"branch":"2",)"
            R"("path":3,"leg":"2.1"})");
}

class JournalOfARun : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::path(testing::TempDir()) /
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }

  /// Two sites, five calls, site 1 dies while the last are under way.
  static models::Scenario scenario() {
    models::Scenario s = p0_scenario();
    s.run.horizon = 4min;
    s.agents = {tests::agents("a", 2, 0), tests::agents("b", 2, 1)};
    models::SingleCalls single;
    for (int i = 0; i < 5; ++i) {
      single.calls.push_back({sim::kStart + i * 15s + 1s, 90s, 300s, 0});
    }
    s.calls = {tests::calls(single)};
    s.faults = {tests::site_failure(sim::kStart + 60s)};
    return s;
  }

  std::vector<JournalLine> run(const models::Scenario& s, const fs::path& path,
                               std::optional<MessageFilter> messages) {
    models::TwoSiteWorld world(s, {s.run.seed, 0});
    JournalFile journal(path, world.layout(), messages);
    world.add_observer(journal);
    sim::PlainPlatform platform(world.layout().topology);
    models::Simulation& simulation = world.simulate(platform);
    world.start();
    sim::run_loop(simulation);
    fingerprint_ = simulation.journal_fingerprint();
    delivered_ = simulation.messages_delivered();
    journal.commit();
    return read(path);
  }
  static std::vector<JournalLine> read(const fs::path& path) {
    std::vector<JournalLine> lines;
    gzFile file = gzopen(path.c_str(), "rb");  // plain files too
    char buffer[4096];
    while (gzgets(file, buffer, sizeof buffer) != nullptr) {
      lines.push_back(JournalLine::parse(buffer));
    }
    gzclose(file);
    return lines;
  }

  fs::path directory_;
  std::uint64_t fingerprint_ = 0, delivered_ = 0;
};

TEST_F(JournalOfARun, HasEveryRecordInItsOrderAndListeningChangesNothing) {
  const models::Scenario s = scenario();
  tests::Recorder recorder;
  const auto silent = tests::run_world(s, {&recorder});
  const auto lines = run(s, directory_ / "j.ndjson", MessageFilter{});
  EXPECT_EQ(fingerprint_, silent.journal);
  std::vector<JournalLine> records;
  for (const JournalLine& line : lines) {
    if (line["event"] != "message") records.push_back(line);
  }
  ASSERT_EQ(records.size(), recorder.entries.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i]["t"].get<double>(), sim::seconds(recorder.entries[i].at)) << i;
  }
}

TEST_F(JournalOfARun, ToldOfEveryMessageOnceAndOfThoseThatDidNotArrive) {
  const auto lines = run(scenario(), directory_ / "j.ndjson", MessageFilter{});
  std::uint64_t arrived = 0;
  std::map<std::string, int> fates;
  for (const JournalLine& line : lines) {
    if (line["event"] != "message") continue;
    ++fates[line["fate"]];
    arrived += line["fate"] == "arrived";
    EXPECT_LE(line["sent"].get<double>(), line["t"].get<double>());
  }
  EXPECT_EQ(arrived, delivered_);
  EXPECT_GT(fates["host_down"], 0);  // INVITEs and BYEs to the dead servers
}

TEST_F(JournalOfARun, TheInviteToADeadSiteIsRepeatedAsRfc3261Says) {
  const auto lines = run(scenario(), directory_ / "j.ndjson", MessageFilter{.calls = {4}});
  std::vector<double> sent;
  for (const JournalLine& line : lines) {
    if (line["event"] == "message" && line["message"] == "INVITE" && line["from"] == "mg1" &&
        line["fate"] == "host_down") {
      EXPECT_EQ(line["copy"], sent.size());
      sent.push_back(line["sent"]);
    }
  }
  ASSERT_EQ(sent.size(), 4u);  // R_g = 3 repeats, then the other site
  EXPECT_NEAR(sent[1] - sent[0], 0.5, 1e-9);
  EXPECT_NEAR(sent[2] - sent[0], 1.5, 1e-9);
  EXPECT_NEAR(sent[3] - sent[0], 3.5, 1e-9);
}

TEST_F(JournalOfARun, FilterChoosesByCallSiteTimeAndCount) {
  MessageFilter filter{.calls = {1, 2}, .from = sim::kStart + 20s, .until = sim::kStart + 40s};
  std::size_t count = 0;
  for (const JournalLine& line : run(scenario(), directory_ / "a.ndjson", filter)) {
    if (line["event"] != "message") continue;
    ++count;
    EXPECT_TRUE(line["call"] == 1 || line["call"] == 2);
    EXPECT_GE(line["sent"], 20.0);
    EXPECT_LE(line["sent"], 40.0);
  }
  EXPECT_GE(count, 10u);
  const auto messages_of = [&](const MessageFilter& f, const char* name) {
    std::vector<JournalLine> out;
    for (const JournalLine& line : run(scenario(), directory_ / name, f)) {
      if (line["event"] == "message") out.push_back(line);
    }
    return out;
  };
  EXPECT_EQ(messages_of({.most = 7}, "b.ndjson").size(), 7u);
  for (const JournalLine& line : messages_of({.site = models::SiteIndex{1}}, "c.ndjson")) {
    const std::string ends = line["from"].get<std::string>() + " " + line["to"].get<std::string>();
    EXPECT_THAT(ends, testing::AnyOf(testing::HasSubstr("site2"), testing::HasSubstr("mg2"),
                                     testing::HasSubstr("b.")));
  }
}

TEST_F(JournalOfARun, MessageLinesHaveTheKeysOfTheDictionary) {
  std::set<std::string> documented;
  std::ifstream file(fs::path(BCSIM_SOURCE_DIR) / "results" / "README.md");
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    inside = inside ? line.starts_with("|") : line.starts_with("| key of `message`");
    if (!inside || !line.starts_with("| `")) continue;
    const std::string cell = line.substr(0, line.find('|', 2));
    for (std::size_t at = 0; (at = cell.find('`', at)) != std::string::npos;) {
      const std::size_t end = cell.find('`', at + 1);
      documented.insert(cell.substr(at + 1, end - at - 1));
      at = end + 1;
    }
  }
  documented.insert("event");
  std::set<std::string> written;
  for (const JournalLine& line : run(scenario(), directory_ / "j.ndjson", MessageFilter{})) {
    if (line["event"] != "message") continue;
    for (const auto& [key, value] : line.items()) written.insert(key);
  }
  EXPECT_EQ(written, documented);
}

TEST_F(JournalOfARun, IsTheSameGzipped) {
  const auto plain = run(scenario(), directory_ / "j.ndjson", std::nullopt);
  const auto zipped = run(scenario(), directory_ / "j.ndjson.gz", std::nullopt);
  EXPECT_EQ(plain, zipped);
  EXPECT_LT(fs::file_size(directory_ / "j.ndjson.gz") * 3, fs::file_size(directory_ / "j.ndjson"));
}

TEST_F(JournalOfARun, NothingIsLeftWithoutCommit) {
  {
    LineFile file(directory_ / "j.ndjson");
    file.write("half\n");
  }
  EXPECT_TRUE(fs::is_empty(directory_));
  EXPECT_THROW(LineFile(directory_ / "no" / "such" / "j.ndjson"), WriteError);
}

TEST(MessageWords, KnowEveryMessage) {
  models::sip::Response busy;
  busy.status = 486;
  EXPECT_EQ(message_name(busy), "486 Busy Here");
  models::sip::Request reinvite;
  reinvite.method = models::sip::Method::invite;
  reinvite.in_dialog = true;
  EXPECT_EQ(message_name(reinvite), "re-INVITE");
  const auto tlib = [](models::tlib::Kind kind) {
    models::tlib::Message message;
    message.kind = kind;
    return message_name(message);
  };
  for (int kind = 0; kind <= static_cast<int>(models::tlib::Kind::addp_reply); ++kind) {
    EXPECT_NE(tlib(static_cast<models::tlib::Kind>(kind)), "");
  }
  EXPECT_EQ(tlib(models::tlib::Kind::addp_reply), "ADDP reply");
  EXPECT_EQ(tlib(models::tlib::Kind::established), "EventEstablished");
}

}  // namespace
}  // namespace bcsim::tools::journal_test
