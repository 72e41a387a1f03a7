// Results that are not as they were written: emptied, cut off, changed or taken away. Whoever reads
// them refuses them, whatever still can be parsed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "build_info.hpp"
#include "tests/support/site_failure_journal.hpp"
#include "tests/support/tool_runs.hpp"
#include "tools/report/result_tables.hpp"
#include "tools/results/result_writer.hpp"
#include "tools/results/saved_files.hpp"
#include "tools/results/saved_replications.hpp"

namespace bcsim::tools::damaged_results_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kFiles[] = {"summary.json",    "verdicts.json",       "calls.csv",
                                  "timeline.csv",    "timeline_queues.csv", "events.ndjson",
                                  "replications.csv"};

class DamagedResults : public testing::Test {
 protected:
  void SetUp() override {
    ResultMeta meta;
    meta.scenario = "site_failure";
    meta.version = build_info::kVersion;
    meta.effective_yaml = "bcsim: 1\n";
    write_results(models::test::site_failure_run(), meta, whole_);
  }
  static void put(const fs::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
  }
  /// What is said of the results when this file has this text; empty: nothing.
  template <class Read>
  std::string said(const char* name, const std::optional<std::string>& text, const Read& read) {
    const fs::path damaged = own_.path() / "damaged";
    fs::remove_all(damaged);
    fs::copy(whole_, damaged);
    if (text) {
      put(damaged / name, *text);
    } else {
      fs::remove(damaged / name);
    }
    try {
      read(damaged);
      return "";
    } catch (const InputError& e) {
      return e.what();
    }
  }

  test::TemporaryDirectory own_;
  fs::path whole_ = own_.path() / "whole";
};

TEST_F(DamagedResults, AreRefusedByReports) {
  const auto read = [](const fs::path& damaged) { (void)StoredResults(damaged); };
  for (const char* name : kFiles) {
    const std::string text = read_text(whole_ / name);
    EXPECT_EQ(said(name, text, read), "") << name;
    const std::size_t half = text.rfind('\n', text.size() / 2) + 1;
    std::string changed = text;
    const std::size_t digit = changed.find_last_of("123456789");
    ASSERT_NE(digit, std::string::npos) << name;
    changed[digit] = changed[digit] == '9' ? '8' : '9';
    EXPECT_THAT(said(name, "", read), HasSubstr(name)) << "emptied";
    EXPECT_THAT(said(name, text.substr(0, half), read), HasSubstr(name)) << "cut off";
    EXPECT_THAT(said(name, text.substr(0, text.size() - 1), read), HasSubstr(name))
        << "a byte less";
    EXPECT_THAT(said(name, changed, read), HasSubstr(name)) << "another number";
    EXPECT_THAT(said(name, std::nullopt, read), HasSubstr(name)) << "gone";
  }
}

TEST_F(DamagedResults, AreRefusedAsABaseline) {
  const auto read = [](const fs::path& damaged) { (void)read_replications(damaged); };
  const char* name = "replications.csv";
  const std::string text = read_text(whole_ / name);
  EXPECT_EQ(said(name, text, read), "");
  EXPECT_THAT(said(name, text.substr(0, text.rfind('\n', text.size() - 2) + 1), read),
              HasSubstr("it has"))
      << "the last row";
  EXPECT_THAT(said(name, text.substr(0, text.find('\n') + 1), read), HasSubstr("is empty"));
  const std::size_t value = text.find("asa,");
  ASSERT_NE(value, std::string::npos);
  std::string none = text;
  none.replace(value + 4, text.find(',', value + 4) - value - 4, "nan");
  EXPECT_THAT(said(name, none, read), HasSubstr("is not replication,metric,value"));
}

/// Of those who have been written before files had a checksum, what can be told is.
TEST_F(DamagedResults, WithoutChecksumsAreCounted) {
  const auto read = [this](const fs::path& damaged) {
    auto run = nlohmann::ordered_json::parse(read_text(whole_ / "run.json"));
    run.erase("files");
    run["replications"] = 2;
    put(damaged / "run.json", run.dump());
    (void)read_replications(damaged);
  };
  const char* name = "replications.csv";
  const std::string text = read_text(whole_ / name);
  EXPECT_THAT(said(name, text, read), HasSubstr("has 1 replications, not the 2 of run.json"));
  std::istringstream lines(text);
  std::string both = text, line;
  std::getline(lines, line);
  std::string last;
  while (std::getline(lines, line)) {
    if (!last.empty()) both += last + "\n";
    last = "1" + line.substr(line.find(','));
  }
  EXPECT_THAT(said(name, both, read), HasSubstr("does not have the metrics of replication 0"));
  EXPECT_EQ(said(name, both + last + "\n", read), "");
}

}  // namespace
}  // namespace bcsim::tools::damaged_results_test
