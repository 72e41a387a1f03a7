// bcsim report: every number is that of summary.json, and the page needs nothing but itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "tests/support/site_failure_journal.hpp"
#include "tools/cli/program.hpp"
#include "tools/report/answer.hpp"
#include "tools/report/chart.hpp"
#include "tools/report/report_page.hpp"
#include "tools/results/number_text.hpp"
#include "tools/results/result_writer.hpp"
#include "tools/results/saved_files.hpp"

namespace bcsim::tools::report_test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Report : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string name = (fs::temp_directory_path() / "bcsim-report-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    ResultMeta meta;
    meta.scenario = "site_failure";
    meta.title = "Site 1 <fails> & more";
    meta.effective_yaml = "bcsim: 1\n";
    write_results(models::test::site_failure_run(), meta, directory_ / "a");
    meta.title = "The same";
    write_results(models::test::site_failure_run(false), meta, directory_ / "b");
  }
  static void TearDownTestSuite() { fs::remove_all(directory_); }

  static StoredResults stored(const char* name = "a") { return StoredResults(directory_ / name); }
  static std::string page() { return report_html({stored()}); }
  static inline fs::path directory_;
};

/// From the file itself, whatever StoredResults makes of it.
double summary_value(const nlohmann::ordered_json& summary, const std::string& id) {
  const std::string twin = "without_faults.", because = "because.";
  const auto& json =
      id.starts_with(twin)      ? summary["metrics"][id.substr(twin.size())]["without_faults"]
      : id.starts_with(because) ? summary["because_of_failure"][id.substr(because.size())]["value"]
                                : summary["metrics"][id]["value"];
  return json.is_null() ? std::nan("") : json.get<double>();
}

TEST_F(Report, EveryNumberIsThatOfTheSummary) {
  const StoredResults results = stored();
  const std::string html = page();
  const std::regex span("<span data-metric=\"([^\"]*)\" data-value=\"([^\"]*)\">([^<]*)</span>");
  std::size_t found = 0;
  for (std::sregex_iterator at(html.begin(), html.end(), span), end; at != end; ++at, ++found) {
    double sum = std::nan("");
    std::istringstream ids((*at)[1]);
    for (std::string id; std::getline(ids, id, '+');) {
      ASSERT_NE(results.find(id), nullptr) << id;
      const double value = summary_value(results.summary(), id);

      if (!std::isnan(value)) sum = std::isnan(sum) ? value : sum + value;
    }
    EXPECT_EQ((*at)[2], std::isnan(sum) ? "" : number_text(sum)) << (*at)[1];
    EXPECT_NE((*at)[3], "");
  }
  EXPECT_GT(found, 60u);
}

TEST_F(Report, SaysInTheFirstSentencesWhatWasLostAndHowLongItTook) {
  std::string text;
  for (const Sentence& s : answer(stored())) text += s.plain() + "\n";
  EXPECT_THAT(text, HasSubstr("fail site1 at 0:20:00: 6 calls lost since then, 6 of them cut "
                              "off while talking to an agent; 1 caller gave up waiting."));
  EXPECT_THAT(text, HasSubstr("10 agents lost their place; half were back at work after 59 s, all "
                              "after 69 s."));
}

TEST_F(Report, NeedsNoNetworkAndNoScript) {
  const std::string html = page();
  for (const char* word : {"<script", "src=", "http:", "https:", "@import", "<link"}) {
    EXPECT_THAT(html, Not(HasSubstr(word)));
  }
  EXPECT_THAT(html, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_THAT(html, HasSubstr("@media print"));
  EXPECT_LT(html.size(), 1'000'000u);
}

TEST_F(Report, EscapesTheTitle) {
  EXPECT_THAT(page(), HasSubstr("<h1>Site 1 &lt;fails&gt; &amp; more</h1>"));
}

TEST_F(Report, ChartsHaveATextAndATable) {
  const std::string html = page();
  std::size_t figures = 0, tables = 0, labels = 0;
  for (std::size_t at = 0; (at = html.find("<figure", at)) != std::string::npos; ++at) {
    ++figures;
    const std::string figure = html.substr(at, html.find("</figure>", at) - at);
    tables += figure.find("<details><summary>Table") != std::string::npos;
    labels += figure.find("role=\"img\" aria-label=\"") != std::string::npos;
  }
  EXPECT_EQ(figures, 14u);
  EXPECT_EQ(tables, figures);
  EXPECT_EQ(labels, figures);
  EXPECT_THAT(html, Not(HasSubstr(">nan")));
  EXPECT_THAT(html, Not(HasSubstr("\"nan")));
}

TEST_F(Report, ShadesTheTimeInWhichSomethingIsBroken) {
  EXPECT_THAT(page(), HasSubstr("class=\"broken\""));
}

TEST_F(Report, MilestonesComeInOrderOfTimeWithTheShareThatIsBack) {
  const auto list = milestones(stored());
  ASSERT_GE(list.size(), 3u);
  for (std::size_t i = 1; i < list.size(); ++i) {
    EXPECT_TRUE(std::isnan(list[i].after_s) || list[i - 1].after_s <= list[i].after_s);
  }
  const auto agents = std::find_if(
      list.begin(), list.end(), [](const Milestone& m) { return m.id == "recovery.agents_100"; });
  ASSERT_NE(agents, list.end());
  ASSERT_EQ(agents->curve.size(), 10u);
  EXPECT_DOUBLE_EQ(agents->curve.front().first, 51);
  EXPECT_DOUBLE_EQ(agents->curve.back().first, agents->after_s);
  EXPECT_DOUBLE_EQ(agents->curve.back().second, 1);
}

TEST_F(Report, PutsSeveralResultsSideBySide) {
  const std::string html = report_html({stored("a"), stored("b")});
  EXPECT_THAT(html, HasSubstr("Results side by side"));
  EXPECT_THAT(html, HasSubstr("id=\"run2\""));
}

TEST_F(Report, MarkdownHasTheAnswerAndTheTable) {
  const std::string text = report_markdown({stored()});
  EXPECT_THAT(text, HasSubstr("6 calls lost since then"));
  EXPECT_THAT(text, HasSubstr("| calls lost | 0 |"));
  EXPECT_THAT(text, HasSubstr("| Agents at work again | 69 s |"));
  EXPECT_THAT(text, HasSubstr("**Violated:** recovery.agents_100"));
}

TEST_F(Report, CommandWritesThePageBesideTheResults) {
  std::istringstream in;
  std::ostringstream out, err;
  Terminal terminal{in, out, err};
  EXPECT_EQ(run_program({"report", (directory_ / "a").string()}, terminal), 0) << err.str();
  EXPECT_EQ(out.str(), (directory_ / "a" / "report.html").string() + "\n");
  EXPECT_TRUE(fs::exists(directory_ / "a" / "report.html"));
  EXPECT_EQ(run_program({"report", (directory_ / "none").string()}, terminal), 65);
  EXPECT_THAT(err.str(), HasSubstr("is no results directory"));
}

TEST_F(Report, RefusesDamagedResults) {
  const fs::path damaged = directory_ / "c";
  fs::copy(directory_ / "a", damaged);
  std::ofstream(damaged / "summary.json") << "{\"metrics\": 7";
  EXPECT_THROW(StoredResults{damaged}, InputError);
  fs::copy_file(directory_ / "a" / "summary.json", damaged / "summary.json",
                fs::copy_options::overwrite_existing);
  std::ofstream(damaged / "calls.csv", std::ios::app) << "1,2\n";
  EXPECT_THROW(StoredResults{damaged}, InputError);
}

TEST(CsvTable, ReadsQuotesCommasAndEmptyCells) {
  const CsvTable table("a,b\n\"x,\"\"y\"\"\",1.5\nz,\n", "t.csv");
  EXPECT_EQ(table.rows(), 2u);
  EXPECT_THAT(table.texts("a"), ElementsAre("x,\"y\"", "z"));
  EXPECT_DOUBLE_EQ(table.numbers("b")[0], 1.5);
  EXPECT_TRUE(std::isnan(table.numbers("b")[1]));
  EXPECT_THROW((void)table.texts("c"), InputError);
}

TEST(ChartTicks, AreRoundAndReachTheTop) {
  EXPECT_THAT(round_ticks(7, 4), ElementsAre(0, 2, 4, 6, 8));
  EXPECT_THAT(round_ticks(250, 4), ElementsAre(0, 100, 200, 300));
  EXPECT_THAT(round_ticks(0, 4), ElementsAre(0, 1));
  EXPECT_THAT(time_ticks(0, 14400, 5), ElementsAre(0, 3600, 7200, 10800, 14400));
  EXPECT_EQ(tick_clock(5400, 32400, false), "10:30");
  EXPECT_EQ(tick_clock(5400, -1, true), "1:30:00");
  EXPECT_EQ(tick_clock(57600, 32400, false), "01:00");
}

}  // namespace
}  // namespace bcsim::tools::report_test
