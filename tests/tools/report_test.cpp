// bcsim report: every number is that of summary.json, and the page needs nothing but itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <sstream>

#include "models/metrics/flat_metrics.hpp"
#include "tests/support/site_failure_journal.hpp"
#include "tests/support/tool_runs.hpp"
#include "tools/base/html.hpp"
#include "tools/base/number_text.hpp"
#include "tools/cli/program.hpp"
#include "tools/report/answer.hpp"
#include "tools/report/chart.hpp"
#include "tools/report/milestones.hpp"
#include "tools/report/report_page.hpp"
#include "tools/report/study_pages.hpp"
#include "tools/results/result_writer.hpp"
#include "tools/results/saved_files.hpp"
#include "tools/results/timeline_columns.hpp"

namespace bcsim::tools::report_test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Report : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = own_.emplace().path();
    ResultMeta meta;
    meta.scenario = "site_failure";
    meta.title = "Site 1 <fails> & more";
    meta.effective_yaml = "bcsim: 1\n";
    write_results(models::test::site_failure_run(), meta, directory_ / "a");
    meta.title = "The same";
    write_results(models::test::site_failure_run(false), meta, directory_ / "b");
  }
  static void TearDownTestSuite() { own_.reset(); }

  static StoredResults stored(const char* name = "a") { return StoredResults(directory_ / name); }
  static std::string page() { return report_html({stored()}); }
  static inline std::optional<test::TemporaryDirectory> own_;
  static inline fs::path directory_;
};

/// From the file itself, whatever StoredResults makes of it.
double summary_value(const nlohmann::ordered_json& summary, const std::string& id) {
  const std::string twin = "without_faults.", because = "because.";
  const auto& json =
      id.starts_with(twin) ? summary["metrics"][id.substr(twin.size())]["without_faults"]
      : id.starts_with(because)
          ? summary["metrics"][id.substr(because.size())]["because_of_failure"]["value"]
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
  std::string html = page();
  const std::size_t script = html.find("<script>");
  EXPECT_EQ(script == std::string::npos, kInteractiveScript.empty());
  if (script != std::string::npos) html.erase(script, html.find("</script>") - script);
  for (const char* word : {"<script", "src=", "http:", "https:", "@import", "<link"}) {
    EXPECT_THAT(html, Not(HasSubstr(word)));
  }
  for (const char* call : {"fetch(", "XMLHttpRequest", "import(", "</script"}) {
    EXPECT_THAT(kInteractiveScript, Not(HasSubstr(call)));
  }
  EXPECT_THAT(html, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_THAT(html, HasSubstr("@media print"));
  EXPECT_LT(html.size(), 1'000'000u);
}

TEST_F(Report, ShowsTheTwinAroundTheFailure) {
  const auto twins = [](const StoredResults& results) {
    const std::string html = failure_charts(results), legend = "</svg>without the failure</span>";
    std::size_t n = 0;
    for (std::size_t at = 0; (at = html.find(legend, at)) != std::string::npos; ++at) ++n;
    return n;
  };
  EXPECT_EQ(twins(stored()), 0u);
  const models::RunResult run = models::test::site_failure_run();
  std::vector<ReplicationRecord> records(1);
  records[0].metrics = run.metrics;
  const Aggregate all = aggregate(records, run.service_level_definition);
  const fs::path directory = directory_ / "with_twin";
  write_results({.first = &run, .records = records, .aggregate = &all, .twin = &run}, ResultMeta{},
                directory);
  EXPECT_EQ(twins(StoredResults(directory)), 3u);
  // The twin of a former run does not stay.
  write_results(run, ResultMeta{}, directory);
  EXPECT_EQ(twins(StoredResults(directory)), 0u);
}

TEST_F(Report, HasLessThanAMegabyteForFourHoursAndTwentyReplications) {
  if (std::getenv("BCSIM_FULL") == nullptr) GTEST_SKIP() << "40 long runs; BCSIM_FULL=1";
  const fs::path directory = directory_ / "twenty";
  ASSERT_EQ(test::bcsim({"run", "site_failure", "-q", "-n", "20", "-o", directory.string()}).exit,
            0);
  ASSERT_EQ(test::bcsim({"report", "-q", directory.string()}).exit, 0);
  const auto size = fs::file_size(directory / "report.html");
  RecordProperty("bytes", std::to_string(size));
  EXPECT_LT(size, 1'000'000u);
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

TEST_F(Report, WhatASiteDoesAfterEachOfManyFailuresIsOneMilestone) {
  models::RunResult run = models::test::site_failure_run();
  run.recoveries.resize(12);
  for (std::size_t i = 1; i < run.recoveries.size(); ++i) {
    run.recoveries[i].at = run.recoveries[0].at + std::chrono::minutes(i);
    run.recoveries[i].single_mode[0] = 8.5 + static_cast<double>(i);
  }
  run.recoveries[11].switchover[0] = 3;
  run.metrics = models::flat_metrics(run);
  write_results(run, {}, directory_ / "many");
  const auto list = milestones(stored("many"));
  const auto of = [&](const std::string& id) {
    return std::find_if(list.begin(), list.end(), [&](const Milestone& m) { return m.id == id; });
  };
  ASSERT_NE(of("recovery.2.site1.single_mode"), list.end());
  EXPECT_EQ(of("recovery.2.site1.single_mode")->after_s, 9.5);
  EXPECT_THAT(of("recovery.2.site1.single_mode")->note,
              HasSubstr("; after 11 failures, within 9.5 s to 20 s"));
  EXPECT_EQ(of("recovery.3.site1.single_mode"), list.end());
  ASSERT_NE(of("recovery.12.site1.switchover"), list.end());
  EXPECT_EQ(of("recovery.12.site1.switchover")->note, "counted from “Failure” at 0:31:00");
}

/// As phones that are reachable again without registering, since a backup took over.
TEST_F(Report, PeopleWhomNoEventsBringBackHaveNoCurve) {
  models::RunResult run = models::test::site_failure_run();
  run.recoveries[0].agents_back_s.assign(10, 4);
  run.metrics = models::flat_metrics(run);
  write_results(run, {}, directory_ / "kept");
  for (const Milestone& m : milestones(stored("kept"))) {
    if (m.id != "recovery.agents_100") continue;
    EXPECT_EQ(m.after_s, 4);
    EXPECT_TRUE(m.curve.empty());
    return;
  }
  ADD_FAILURE() << "no agents";
}

TEST_F(Report, WithoutTheChartLibraryItIsThePageThatItIsWithoutScripts) {
  const std::string html = html_page({"t", "", "<p>x</p>"});
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  if (kInteractiveScript.empty()) GTEST_SKIP() << "npm was missing when this was built";
  EXPECT_THAT(kInteractiveScript, HasSubstr("The MIT License (MIT)"));
  EXPECT_THAT(html_page({"t", "", "<p>x</p>", true}), HasSubstr("<script>/*! uPlot"));
}

/// A run with its twin: what the failure cost is the difference of the totals.
TEST_F(Report, ShowsTheTwinBesideTheRunAndWhatTheFailureCost) {
  const fs::path out = directory_ / "twin";
  auto words = test::small_site_failure({"run", "-o", out.string()});
  ASSERT_EQ(test::bcsim(words).exit, 0);
  const StoredResults results(out);
  const std::string html = report_html({results});
  const auto summary = nlohmann::json::parse(std::ifstream(out / "summary.json"));
  const double more = summary["metrics"]["lost"]["because_of_failure"]["value"];
  EXPECT_GT(more, 0);
  EXPECT_THAT(html, HasSubstr("<span data-metric=\"because.lost\" data-value=\"" +
                              number_text(more) + "\">" + number_text(more) + " more calls"));
  EXPECT_THAT(html, HasSubstr("<path class=\"t1\" d=\"M"));
  EXPECT_THAT(html, HasSubstr("<th>without the failure</th>"));
  EXPECT_EQ(results.bands().rows(), 3 * 2 * timeline_value_columns().size());  // intervals, sites
  EXPECT_THAT(html, Not(HasSubstr(">nan")));
  EXPECT_LT(html.size(), 1'000'000u);
}

TEST_F(Report, AComparisonIsAForestPlot) {
  const auto metric = [](const char* id, double a, double difference, const char* verdict) {
    return nlohmann::ordered_json{
        {"id", id},
        {"unit", "calls"},
        {"a", {{"value", a}}},
        {"b", {{"value", a + difference}}},
        {"difference", {{"value", difference}, {"interval", {difference - 2, difference + 2}}}},
        {"margin", 0.02 * a},
        {"verdict", verdict}};
  };
  const nlohmann::ordered_json comparison = {
      {"a", "old"},
      {"b", "new <b>"},
      {"verdict", "failed"},
      {"replications", 20},
      {"paired", true},
      {"differences", {{{"path", "x.y"}, {"a", "1s"}, {"b", "2s"}, {"must_match", false}}}},
      {"metrics", {metric("lost", 100, -10, "better"), metric("blocked", 0, 0, "same")}},
      {"gates",
       {{{"metric", "lost"}, {"gate", "< 5"}, {"verdict", "failed"}, {"text", "it was 90"}}}}};
  const std::string html = comparison_html(comparison);
  EXPECT_THAT(html, HasSubstr("<h1>old → new &lt;b&gt;</h1>"));
  EXPECT_THAT(html, HasSubstr("B is better in lost (−10). 1 of 2 metrics are the same"));
  // −12 % to −8 % of a scale that ends at ± 20 %
  EXPECT_THAT(html, HasSubstr("<rect class=\"better\" x=\"200.0\" y=\"17\" width=\"100.0\""));
  EXPECT_THAT(html, HasSubstr("<td class=\"violated\">failed</td><td>it was 90</td>"));
  EXPECT_THROW((void)comparison_html(nlohmann::ordered_json::parse("{\"a\": 1}")), InputError);
}

TEST_F(Report, ASweepIsLinesOrHeatMaps) {
  const auto sweep = [&](const char* name, const std::string& variables, const std::string& values,
                         const std::string& columns, const std::string& second) {
    const fs::path at = directory_ / name;
    fs::create_directories(at);
    std::ofstream(at / "sweep.json")
        << R"({"scenario": "s", "variables": [)" << variables
        << R"(], "points": [{"point": 0, "replications": 3, "values": ["10s")" << values
        << R"(]}, {"point": 1, "replications": 3, "values": ["20s")" << values << "]}]}";
    std::ofstream(at / "points.csv")
        << "point," << columns << "metric,unit,value,sd,n,low,high,without_faults,"
        << "because_of_failure\n0,10s," << second << "lost,calls,5,1,3,4,6,1,4\n1,20s," << second
        << "lost,calls,9,1,3,8,10,1,8\n";
    return sweep_html(at);
  };
  const std::string x = R"({"paths": ["x"], "values": ["10s", "20s"]})";
  const std::string lines = sweep("one", x, "", "x,", "");
  EXPECT_THAT(lines, HasSubstr("<h1>s: 2 points</h1>"));
  EXPECT_THAT(lines, HasSubstr("aria-label=\"Calls lost, calls\""));
  EXPECT_THAT(lines, HasSubstr("<td>20s</td><td>9.0</td><td>1.0</td>"));  // value and twin
  const std::string map =
      sweep("two", x + R"(, {"paths": ["y"], "values": ["a"]})", R"(, "a")", "x,y,", "a,");
  EXPECT_THAT(map, HasSubstr("<td style=\"--v:1.00\">9</td>"));
  EXPECT_EQ(test::bcsim({"report", (directory_ / "two").string(), "-q"}).exit, 0);
  EXPECT_TRUE(fs::exists(directory_ / "two" / "report.html"));
  EXPECT_EQ(
      test::bcsim({"report", (directory_ / "two").string(), (directory_ / "a").string()}).exit, 64);
}

TEST_F(Report, APlanIsATableOfCapacity) {
  const auto point = [](double value, double share, const char* verdict) {
    return nlohmann::ordered_json{{"value", value},
                                  {"verdict", verdict},
                                  {"held_share", share},
                                  {"held_bounds", {share - 0.04, share + 0.01}}};
  };
  nlohmann::ordered_json plan = {
      {"scenario", "s"}, {"title", "T"}, {"status", "decided"}, {"confidence", 0.95}, {"seed", 1}};
  plan["answers"] = nlohmann::ordered_json::array();
  plan["answers"].push_back({{"question", "agents"},
                             {"unit", "agents"},
                             {"status", "decided"},
                             {"answer", "266 agents"},
                             {"value", 266},
                             {"not_enough", 265},
                             {"scenario_value", 250},
                             {"first_guess", 260.5},
                             {"first_guess_by", "Erlang A"},
                             {"because", "266 agents are enough & 265 are not."}});
  plan["answers"][0]["goal"] = {
      {"measure", "service_level"}, {"at_least", 0.8}, {"over", "failure"}, {"probability", 0.95}};
  plan["answers"][0]["points"] = {point(265, 0.9, "fails"), point(266, 0.97, "meets")};
  plan["answers"][0]["parts"] = {{{"name", "team1"}, {"value", 133}, {"first_guess", 130}}};
  plan["answers"][0]["settings"] = {"agents.team1.count=133"};
  plan["headroom"] = {{{"growth", 0.1}, {"without_failure", point(1, 1, "meets")}}};
  const std::string html = plan_html(plan);
  EXPECT_THAT(html, HasSubstr("<b>266 agents</b>: 266 agents are enough &amp; 265 are not."));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">team1</th><td>133</td><td>130</td>"));
  EXPECT_THAT(html, HasSubstr("agents.team1.count=133\n"));
  EXPECT_THAT(html, HasSubstr("<td><b>266</b><small></small></td><td>265</td><td>250</td>"));
  EXPECT_THAT(html, HasSubstr("service_level ≥ 0.8, over the failure, in 95 % of all runs"));
  EXPECT_THAT(html, HasSubstr("class=\"band f1\""));
  EXPECT_THAT(html, HasSubstr("<td>meets (100 %)</td><td>-</td>"));
  EXPECT_THROW((void)plan_html({{"scenario", "s"}}), InputError);
}

TEST_F(Report, ATuningIsItsParetoPicture) {
  const auto estimate = [](double value) {
    return nlohmann::ordered_json{{"value", value}, {"interval", {value - 1, value + 1}}};
  };
  const auto point = [&](const char* kind, bool pareto, double unserved, double failovers) {
    return nlohmann::ordered_json{
        {"kind", kind},
        {"pareto", pareto},
        {"values", nlohmann::ordered_json::array({std::to_string(int(unserved)) + "s"})},
        {"metrics", {{"unserved", estimate(unserved)}, {"false_failovers", estimate(failovers)}}}};
  };
  nlohmann::ordered_json tuning = {{"scenario", "s"}, {"replications", 5}};
  for (const char* id : {"unserved", "false_failovers"}) {
    tuning["metrics"].push_back({{"id", id}, {"unit", "1"}, {"meaning", "m"}, {"cost", true}});
  }
  tuning["factors"].push_back({{"name", "x"}, {"values", {"30s", "40s", "20s"}}});
  tuning["points"] = {point("now", false, 40, 8), point("combination", true, 20, 4)};
  tuning["sensitivity"].push_back({{"factor", "f"}, {"from", "1s"}, {"to", "2s"}});
  tuning["sensitivity"][0]["differences"] = {{"unserved", estimate(-20)},
                                             {"false_failovers", estimate(3)}};
  const std::string html = tune_html(tuning);
  EXPECT_THAT(html, HasSubstr("nothing beats 1 of them"));
  EXPECT_THAT(html, HasSubstr("<circle class=\"best\""));
  EXPECT_THAT(html, HasSubstr("x 40s<small>is beaten</small>"));
  EXPECT_THAT(html, HasSubstr("<td>1s → 2s</td><td>-20<small>-21 to -19</small></td><td>+3"));
  EXPECT_THROW((void)tune_html({{"scenario", "s"}}), InputError);
}

TEST_F(Report, APictureHasTheAnswerAndTheMainCharts) {
  const std::string svg = report_svg(stored());
  EXPECT_THAT(svg, HasSubstr("Site 1 &lt;fails&gt; &amp; more"));
  EXPECT_THAT(svg, HasSubstr("Waiting for an agent"));
  EXPECT_THAT(svg, HasSubstr("Calls lost and callers who gave up"));
  EXPECT_THAT(svg, Not(HasSubstr("var(")));
  if (std::system("command -v rsvg-convert >/dev/null 2>&1") != 0) {
    EXPECT_THROW((void)report_png(stored()), MissingProgram);
  } else {
    EXPECT_EQ(report_png(stored()).substr(1, 3), "PNG");
  }
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
  EXPECT_THAT(text,
              HasSubstr("| Agents at work again (10 of them: half after 59 s, 90 % after 67 s) "
                        "| 69 s |"));
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

/// A row that is missing, comes twice, or is not where it belongs.
TEST_F(Report, RefusesATimelineWithoutBothSitesForEachInterval) {
  const fs::path damaged = directory_ / "d";
  fs::copy(directory_ / "a", damaged);
  std::vector<std::string> lines;
  std::ifstream in(damaged / "timeline.csv");
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  ASSERT_GE(lines.size(), 5u);
  const auto refused = [&](const std::vector<std::string>& rows) {
    std::ofstream out(damaged / "timeline.csv");
    for (const std::string& row : rows) out << row << "\n";
    out.close();
    try {
      const StoredResults results(damaged);
      return std::string();
    } catch (const InputError& e) {
      return std::string(e.what());
    }
  };
  EXPECT_EQ(refused(lines), "");
  for (std::size_t i = 1; i < lines.size(); ++i) {
    std::vector<std::string> less = lines, twice = lines, moved = lines;
    less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    std::swap(moved[i], moved[i == 1 ? 2 : 1]);
    for (const auto& rows : {less, twice, moved}) {
      EXPECT_THAT(refused(rows), HasSubstr("timeline.csv: its rows are not one of each site"));
    }
  }
  EXPECT_THAT(refused({lines[0], lines[1]}), HasSubstr("timeline.csv"));
  EXPECT_THAT(refused({lines[0]}), HasSubstr("timeline.csv"));
}

TEST_F(Report, RefusesTimesThatNoRunHas) {
  const fs::path file = directory_ / "a" / "events.ndjson";
  for (const char* t : {"1e300", "-1", "1e17"}) {
    std::ofstream(file, std::ios::app) << "{\"t\":" << t << R"(,"event":"fault.injected"})" << '\n';
    EXPECT_THROW(StoredResults{directory_ / "a"}, InputError) << t;
  }
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
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  for (const double odd : {5e-324, 1e308, kInfinite, std::nan("")}) {
    EXPECT_LE(round_ticks(odd, 4).size(), 6u) << odd;
    EXPECT_LE(time_ticks(0, odd, 4).size(), 5u) << odd;
    EXPECT_LE(time_ticks(odd, odd, 4).size(), 5u) << odd;
  }
  EXPECT_LE(time_ticks(1e17, 1e17, 4).size(), 5u);  // where a second more is no later
  EXPECT_THAT(time_ticks(0, 30 * 86400, 4), ElementsAre(0, 8 * 86400, 16 * 86400, 24 * 86400));
  EXPECT_THAT(time_ticks(0, 14400, 5), ElementsAre(0, 3600, 7200, 10800, 14400));
  EXPECT_EQ(tick_clock(5400, 32400, false), "10:30");
  EXPECT_EQ(tick_clock(5400, -1, true), "1:30:00");
  EXPECT_EQ(tick_clock(57600, 32400, false), "01:00");
}

}  // namespace
}  // namespace bcsim::tools::report_test
