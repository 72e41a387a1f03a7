#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "tests/support/site_failure_journal.hpp"
#include "tests/support/tool_runs.hpp"
#include "tools/base/page.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/results/terminal_summary.hpp"

namespace bcsim::tools::results_summary_test {
namespace {

using namespace std::chrono_literals;
using models::test::site_failure_run;
using ::testing::HasSubstr;
using ::testing::Not;

ResultMeta meta() {
  ResultMeta m;
  m.scenario = "site_failure";
  m.title = "Site 1 is lost";
  m.seed = 7;
  return m;
}

TEST(TerminalSummary, ShortensATitleThatLeavesNoRoom) {
  ResultMeta m = meta();
  m.title = std::string(120, 'x');
  const auto text = terminal_summary(site_failure_run(), m, {});
  const std::string first = text.substr(0, text.find('\n'));
  EXPECT_EQ(first.size(), 92u + 1);  // one character of two bytes
  EXPECT_THAT(first, HasSubstr("xxx...  1 h simulated"));
}

TEST(TerminalSummary, SaysWhatHappenedWhatItCostAndWhenItWasBack) {
  const auto text = terminal_summary(site_failure_run(), meta(), {.files = "results/x"});
  EXPECT_THAT(text, HasSubstr("Site 1 is lost"));
  EXPECT_THAT(text, HasSubstr("1 h simulated · seed 7"));
  EXPECT_THAT(text, HasSubstr("fail site1 at 0:20:00: since then 6 calls were lost (all cut off "
                              "while talking to an agent),\nand 1 caller gave up waiting."));
  EXPECT_THAT(text, HasSubstr("10 agents lost their place; all were at work again after 69 s."));
  EXPECT_THAT(text, HasSubstr("site2 works alone (single-site mode)          9.0 s"));
  EXPECT_THAT(text, HasSubstr("calls go another way                          9.5 s   gw1 9.5 s"));
  EXPECT_THAT(text, HasSubstr("69 s   half 59 s · 90 % 67 s (10 of 10)"));
  EXPECT_THAT(text, HasSubstr("before  detection    relogin   degraded      after  whole run"));
  EXPECT_THAT(text, HasSubstr("Calls lost: 6 of 319 dialled (1.9 %)"));
  EXPECT_THAT(text, HasSubstr("Expectations: 1 met, 1 violated\n"
                              "  recovery.agents_100: was 69 s; expected <= 60s"));
  EXPECT_THAT(text, HasSubstr("Results  results/x"));
}

TEST(TerminalSummary, FitsOnAScreen) {
  const auto text = terminal_summary(site_failure_run(), meta(), {.files = "results/x"});
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 50);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(columns(line), 92u) << line;
    EXPECT_THAT(line, Not(testing::EndsWith(" ")));
  }
}

TEST(TerminalSummary, IsPlainAsciiWhereThatIsAllThereIs) {
  ResultMeta m = meta();
  m.title = "Ausfall Zürich";
  const auto text = terminal_summary(site_failure_run(), m, {.utf8 = false});
  for (const char c : text) EXPECT_LT(static_cast<unsigned char>(c), 128);
  EXPECT_THAT(text, HasSubstr("Ausfall Z?rich"));
  EXPECT_THAT(text, HasSubstr("half 59 s | 90 % 67 s"));
}

TEST(TerminalSummary, IsColouredOnlyWhenAsked) {
  EXPECT_THAT(terminal_summary(site_failure_run(), meta(), {}), Not(HasSubstr("\033")));
  EXPECT_THAT(terminal_summary(site_failure_run(), meta(), {.color = true}),
              HasSubstr("\033[1;31m1 violated"));
}

TEST(TerminalSummary, SaysThatNothingWasBrokenIfNothingWas) {
  models::test::Journal j(models::test::two_sites());
  for (int n = 0; n < 4; ++n) {
    const auto call = j.at(10 * n).queue();
    j.at(10 * n + 4).answer(call, 0).at(10 * n + 5).release(call, models::pstn::Release::normal);
  }
  const auto text = terminal_summary(j.finish(), meta(), {});
  EXPECT_THAT(text, HasSubstr("Nothing was broken. Of 4 calls offered 4 were answered, 100 % of "
                              "them within 20 s; nobody"));
  EXPECT_THAT(text, HasSubstr("whole run"));
  EXPECT_THAT(text, Not(HasSubstr("before")));
  EXPECT_THAT(text, HasSubstr("Checks: 5 hold, 4 did not apply"));
}

TEST(TerminalSummary, EndsWithWhatCheckWarnedOf) {
  ResultMeta m = meta();
  EXPECT_THAT(terminal_summary(site_failure_run(), m, {}), Not(HasSubstr("check warned")));
  m.warnings = {"V-W19: one", "M-W03: two", "M-W04: three", "M-W05: four", "M-W06: five"};
  EXPECT_THAT(terminal_summary(site_failure_run(), m, {}),
              HasSubstr("What check warned of\n  V-W19: one\n  M-W03: two\n  M-W04: three\n"
                        "  and 2 more: bcsim check, or run.json\n"));
}

/// … and so do run.json and every report.
TEST(Warnings, GoWithTheResults) {
  const test::TemporaryDirectory directory;
  const std::string out = directory.path().string();
  const auto run =
      test::bcsim({"run", "two_queues", "--no-twin", "--set", "run.horizon=75min", "-o", out});
  ASSERT_EQ(run.exit, 0) << run.err;
  const char* warned = "V-W19: at 10:00 14 agents of queue 'sales'";
  EXPECT_THAT(run.out, HasSubstr(warned));
  const auto page = test::bcsim({"report", out, "-o", "-"});
  EXPECT_THAT(page.out, HasSubstr("V-W19: at 10:00 14 agents of queue 'sales'"));
  EXPECT_THAT(test::bcsim({"report", out, "--format", "md"}).out,
              HasSubstr("**Check warned:** V-W19: at 10:00"));
  const auto json = test::files_of(directory.path()).at("run.json");
  EXPECT_THAT(json, HasSubstr(warned));
}

/// A clause in commas has one behind it only where the sentence goes on.
TEST(TerminalSummary, PunctuatesWhoGaveUpBetweenTwoAgents) {
  for (const bool broken : {false, true}) {
    models::Scenario s = models::test::two_sites(4);
    if (broken) models::test::add_fault(s, models::Fail{models::SiteTarget{}, {}}, "fail site1");
    models::test::Journal j(std::move(s));
    const auto call = j.at(1).queue(1);
    if (broken) j.at(600).add(models::FaultInjected{0, 0});
    j.at(601).answer(call, 5, 1);
    j.at(602).add(models::CallTransferred{call, models::AgentId{5}, 1, 2, 0, 0});
    j.at(610).release(call, models::pstn::Release::caller_hung_up, models::CallPhase::held);
    std::string text = terminal_summary(j.finish(), meta(), {});
    std::replace(text.begin(), text.end(), '\n', ' ');
    EXPECT_THAT(text, HasSubstr(broken ? "gave up waiting, 1 more between two agents. "
                                       : "gave up waiting, 1 more between two agents, and "));
  }
}

TEST(TerminalSummary, SaysWhoHadNotComeBack) {
  models::Scenario s = models::test::two_sites(4);
  models::test::add_fault(s, models::Fail{models::SiteTarget{}, {}}, "fail site1");
  models::test::Journal j(std::move(s));
  const auto call = j.at(1).queue();
  j.answer(call, 5, 1).at(9).release(call, models::pstn::Release::normal);
  j.at(600).add(models::FaultInjected{0, 0}).add(models::PairStateChanged{0, 0});
  j.at(660).add(models::AgentAtWork{models::AgentId{0}, 1});
  const auto text = terminal_summary(j.finish(), meta(), {});
  EXPECT_THAT(text, HasSubstr("4 agents lost their place; 1 of them came back. No call after the "
                              "failure tells whether the\nservice level was back."));
  EXPECT_THAT(text, Not(HasSubstr("service level back")));
  EXPECT_THAT(text, Not(HasSubstr("queue as short as before"))) << "it never was longer";
  EXPECT_THAT(text, HasSubstr("agents at work again                        not yet   half - · "
                              "90 % - (1 of 4)"));
}

/// The sentence is about the first failure; what a later one did is told besides.
TEST(TerminalSummary, TellsOfTheServiceLevelAfterLaterFailures) {
  models::Scenario s = models::test::two_sites(4);
  for (int n = 0; n < 2; ++n) {
    models::test::add_fault(s, models::Fail{models::GatewayTarget{0}, {}}, "fail mg1");
  }
  for (const bool bad : {false, true}) {
    models::test::Journal j(s);
    for (int n = 0; n < 3000; ++n) {
      const double at = 60 + n;
      if (n == 540) j.at(at).add(models::FaultInjected{0, 0});
      if (n == 1740) j.at(at).add(models::FaultInjected{1, 0});
      const auto call = j.at(at).queue(1);
      j.at(at + (bad && n > 1750 && n < 1900 ? 0.9 : 0.1));
      if (bad && n > 1750 && n < 1900) {
        j.release(call, models::pstn::Release::speech_lost, models::CallPhase::treatment);
      } else {
        j.answer(call, 5, 1).at(at + 0.2).release(call, models::pstn::Release::normal);
      }
    }
    std::string text = terminal_summary(j.finish(), meta(), {});
    std::replace(text.begin(), text.end(), '\n', ' ');
    EXPECT_THAT(text,
                HasSubstr("Until the next failure the service level never left its usual range."));
    EXPECT_EQ(text.find("After a later one it was back after") != std::string::npos, bad) << text;
  }
}

/// Twenty of a minute are needed; those after the next failure do not count.
TEST(TerminalSummary, JudgesTheFirstFailureByTheCallsBeforeTheNext) {
  for (const int calls : {0, 19, 20}) {
    models::Scenario s = models::test::two_sites(4);
    models::test::add_fault(s, models::Fail{models::SiteTarget{}, {}}, "fail site1");
    models::test::add_fault(s, models::Fail{models::SiteTarget{}, {}}, "again");
    models::test::Journal j(std::move(s));
    const auto give_up = [&](double at) {
      const auto late = j.at(at).queue(1);
      j.release(late, models::pstn::Release::caller_hung_up, models::CallPhase::treatment);
    };
    const auto call = j.at(1).queue();
    j.answer(call, 5, 1).at(9).release(call, models::pstn::Release::normal);
    j.at(600).add(models::FaultInjected{0, 0});
    for (int i = 0; i < calls; ++i) give_up(605 + i);
    j.at(700).add(models::FaultInjected{1, 0});
    for (int i = 0; i < 40; ++i) give_up(705 + i);
    const models::RunResult result = j.finish();
    EXPECT_EQ(result.recoveries.at(0).service_level_judged > 0, calls >= 20);
    const auto text = terminal_summary(result, meta(), {});
    EXPECT_EQ(text.find("Before the next failure no call tells") == std::string::npos, calls >= 20)
        << text;
    EXPECT_EQ(text.find("service level back                          not yet") == std::string::npos,
              calls < 20)
        << text;
  }
}

TEST(TerminalSummary, ShowsTheTimeOfDayIfTheScenarioHasOne) {
  auto result = site_failure_run();
  result.start_label = 9h;
  EXPECT_THAT(terminal_summary(result, meta(), {}), HasSubstr("fail site1 at 09:20:00"));
}

TEST(PlainWords, NumbersHaveUnitsAndNoFalsePrecision) {
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(count_words(1234567), "1,234,567");
  EXPECT_EQ(count_words(999), "999");
  EXPECT_EQ(count_words(1, "call", "calls"), "1 call");
  EXPECT_EQ(count_words(0, "call", "calls"), "0 calls");
  EXPECT_EQ(duration_words(0.04), "0.0 s");
  EXPECT_EQ(duration_words(9.96), "10 s");
  EXPECT_EQ(duration_words(61.3), "61 s");
  EXPECT_EQ(duration_words(125), "2 min 5 s");
  EXPECT_EQ(duration_words(900), "15 min");
  EXPECT_EQ(duration_words(3600), "1 h");
  EXPECT_EQ(duration_words(9000), "2 h 30 min");
  EXPECT_EQ(duration_words(nothing), "-");
  EXPECT_EQ(rough_duration_words(1731), "29 min");
  EXPECT_EQ(percent_words(0.8137), "81 %");
  EXPECT_EQ(percent_words(0.0049), "0.5 %");
  EXPECT_EQ(percent_words(0.0001), "< 0.1 %");
  EXPECT_EQ(percent_words(0.9996), "99.9 %");
  EXPECT_EQ(percent_words(1), "100 %");
  EXPECT_EQ(percent_words(0), "0 %");
  EXPECT_EQ(percent_words(nothing), "-");
  EXPECT_EQ(number_words(1.84), "1.8");
  EXPECT_EQ(number_words(23.4), "23");
  EXPECT_EQ(number_words(12345), "12,345");
  EXPECT_EQ(clock_words(sim::kStart + 3750s, std::nullopt), "1:02:30");
  EXPECT_EQ(clock_words(sim::kStart + 3750s, sim::Duration(23h)), "00:02:30");
}

TEST(Page, BreaksParagraphsAtSpacesAndCutsLongLines) {
  Page page({.width = 10});
  page.paragraph("one two three four");
  EXPECT_EQ(page.take(), "one two\nthree four\n");
  EXPECT_EQ(shortened("abcdefghij", 8), "abcde...");
  EXPECT_EQ(shortened("äöüäöüäöü", 6), "äöü...");
  EXPECT_EQ(shortened("short", 8), "short");
}

TEST(Page, GivesAHeadWithoutRoomALineOfItsOwn) {
  Page page({.width = 20});
  page.hanging("1234", "one two three four", 6);
  page.hanging("123456", "five", 6);
  EXPECT_EQ(page.take(), "1234  one two three\n      four\n123456\n      five\n");
}

}  // namespace
}  // namespace bcsim::tools::results_summary_test
