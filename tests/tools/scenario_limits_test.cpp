// Input of any size and shape ends in a message, soon: bombs, floods, depths, pipes, odd numbers.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "tests/support/scenario_text.hpp"
#include "tests/support/tool_runs.hpp"

namespace bcsim::tools::scenario_limits_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class ScenarioLimits : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_.path() / name, std::ios::binary) << text;
    return (directory_.path() / name).string();
  }
  /// Volumes of this table, in a run of a day from 08:00 unless said otherwise.
  Loaded volumes(const std::string& csv, const std::string& options = "",
                 const std::string& run = "{start: \"08:00\", horizon: 24h}") const {
    write("day.csv", csv);
    return load_scenario(
        write("s.yaml", "bcsim: 1\nrun: " + run +
                            "\nsites: {a: {}, b: {}}\nagents: {t: {count: 99, location: a}, u: "
                            "{count: 99, location: b}}\ncalls: {c: {volumes: {file: day.csv" +
                            options + "}}}\n"));
  }
  test::TemporaryDirectory directory_;
};

double sum(const Loaded& loaded) {
  double calls = 0;
  if (loaded.has_errors()) return -1;
  for (const auto& i :
       std::get<models::IntervalVolumes>(loaded.scenario.calls[0].arrivals).intervals) {
    if (i.at.time_since_epoch() < loaded.scenario.run.horizon) calls += i.count;
  }
  return calls;
}

std::string day(int first_slot, int last_slot, bool on = false) {
  std::string csv = "start,count\n";
  for (int slot = first_slot; slot < last_slot; ++slot) {
    const int shown = on ? slot : slot % 48;
    csv += fmt::format("{:02}:{:02},{}\n", shown / 2, shown % 2 * 30, slot % 48);
  }
  return csv;
}

TEST_F(ScenarioLimits, ADaysFileHoldsAtAnyStartAndHorizon) {
  // Slot i of the day brings i calls: what a run of any length gets can be added up.
  for (const int start : {0, 1, 16, 47}) {
    for (const int slots : {1, 20, 34, 47, 48, 49, 96, 100}) {
      double expected = 0;
      for (int i = 0; i < slots; ++i) expected += (start + i) % 48;
      const std::string run = fmt::format("{{warm-up: 0s, start: \"{:02}:{:02}\", horizon: {}min}}",
                                          start / 2, start % 2 * 30, slots * 30);
      EXPECT_DOUBLE_EQ(sum(volumes(day(0, 48), "", run)), expected) << start << " " << slots;
    }
  }
}

TEST_F(ScenarioLimits, LabelsGoOnPastMidnight) {
  const std::string night = "{start: \"20:00\", horizon: 10h}";
  double expected = 0;
  for (int slot = 40; slot < 60; ++slot) expected += slot % 48;
  EXPECT_DOUBLE_EQ(sum(volumes(day(40, 60), "", night)), expected);
  EXPECT_DOUBLE_EQ(sum(volumes(day(40, 60, true), "", night)), expected);
  EXPECT_DOUBLE_EQ(sum(volumes(day(40, 60), ", from: \"22:00\", until: \"02:00\"", night)),
                   44 + 45 + 46 + 47 + 0 + 1 + 2 + 3);
  // The edges of a whole day cut nothing off.
  EXPECT_DOUBLE_EQ(sum(volumes(day(0, 48), ", from: \"00:00\", until: \"24:00\"")), 1128);
  EXPECT_DOUBLE_EQ(sum(volumes(day(0, 48), ", from: \"00:00\", until: \"00:00\"")), 1128);
  EXPECT_EQ(problem(volumes("start,count\n11:00,1\n10:45,1\n"), "S-015").line, 3);
}

TEST_F(ScenarioLimits, OptionsActOnAListAsOnAFileOrAreRefused) {
  const auto list = [](const std::string& options) {
    return load_text(minimal(), {"calls.main={volumes: {" + options +
                                 "intervals: [{at: 0s, length: 30min, count: 100}, {at: 30min, "
                                 "length: 30min, count: 60}]}}"});
  };
  EXPECT_DOUBLE_EQ(sum(list("")), 160);
  EXPECT_DOUBLE_EQ(sum(list("share: 50%, ")), 80);
  EXPECT_DOUBLE_EQ(sum(list("from: 30min, ")), 60);
  EXPECT_DOUBLE_EQ(sum(list("until: 30min, ")), 100);
  EXPECT_DOUBLE_EQ(sum(list("share: 200%, from: 10min, ")), 120);
  for (const char* option : {"length: 1h", "start-column: x", "count-column: x"}) {
    EXPECT_EQ(problem(list(std::string(option) + ", "), "S-013").severity, Severity::error);
    EXPECT_TRUE(list(std::string(option) + ", ").has_errors()) << option;
  }
}

TEST_F(ScenarioLimits, TablesAreReadStrictly) {
  struct Case {
    const char* csv;
    int line, column;
    const char* snippet;
  };
  const std::vector<Case> cases = {
      {"start,count\n08:00,1\n\"08:30,2\n", 3, 1, "quote is not closed"},
      {"start,\"count\n08:00,1\n", 1, 7, "quote is not closed"},
      {"start,count,count\n08:00,1,2\n", 1, 13, "column 'count' is given twice"},
      {"start,count\n1e300,1\n", 2, 1, "longer than can be simulated"},
      {"start,count\n0,1\n9e9s,1\n", 3, 1, "longer than can be simulated"},
      {"start,count\n0,1e300\n1800,2\n", 2, 3, "that many calls"},
      {"start,count\n0,nan\n1800,2\n", 2, 3, "is not a number"},
      {"start,count\n0,-1\n1800,2\n", 2, 3, "negative"},
      {"start,count\n48:00,1\n", 2, 1, "not a number"},
  };
  for (const Case& c : cases) {
    const Diagnostic d = problem(volumes(c.csv, ", length: 30min"), "S-015");
    EXPECT_THAT(d.message, HasSubstr(c.snippet)) << c.csv;
    EXPECT_EQ(d.line, c.line) << c.csv;
    EXPECT_EQ(d.column, c.column) << c.csv;
  }
  EXPECT_DOUBLE_EQ(sum(volumes("start,\"a \"\"count\"\"\"\n08:00,3\n",
                               ", length: 30min, count-column: 'a \"count\"'")),
                   3);
}

TEST_F(ScenarioLimits, ColumnsOfCallsThatAreNotReadAreNamed) {
  write("calls.csv", "arrival_s,talk_s,acw_s,gatway\n10,60,5,mg1\n");
  const Loaded loaded = load_scenario(
      write("s.yaml", minimal("").replace(minimal("").find("rate: 1900/h"), 12,
                                          "redial: {enabled: false}, calls: {file: calls.csv}")));
  EXPECT_FALSE(loaded.has_errors());
  EXPECT_THAT(problem(loaded, "M-W09").message, HasSubstr("columns 'acw_s', 'gatway' are not"));
  EXPECT_EQ(problem(loaded, "M-W09").column, 18);
  write("calls.csv", "arrival_s,talk_s\n10,never\n");
  EXPECT_EQ(problem(load_scenario((directory_.path() / "s.yaml").string()), "S-015").line, 2);
}

TEST_F(ScenarioLimits, AgentsWhoCanLogInAtNeitherSiteAreNamed) {
  const std::string no_dn = "{dn: {team1.2: {exists: false}}}";
  const std::string no_login = "{agent-login: {team1.2: {exists: false}}}";
  for (const std::string& first : {no_dn, no_login}) {
    for (const std::string& second : {no_dn, no_login}) {
      const Loaded loaded =
          load_text(minimal("configuration: {switch1: " + first + ", switch2: " + second + "}\n"));
      EXPECT_THAT(problem(loaded, "M-W13").message, HasSubstr("1 agent (team1.2) can log in at"));
    }
    const Loaded one = load_text(minimal("configuration: {switch1: " + first + "}\n"));
    EXPECT_EQ(problem(one, "M-W13").message, "");
  }
}

TEST_F(ScenarioLimits, LimitsOfExpectationsAndGatesHaveTheUnitOfTheirMetric) {
  for (const std::string section : {"expectations", "gates"}) {
    const auto said = [&](const std::string& metric, const std::string& limit) {
      return problem(load_text(minimal(section + ": {" + metric + ": \"" + limit + "\"}\n")),
                     "S-006")
          .message;
    };
    EXPECT_THAT(said("service_level", "> 80"), HasSubstr("at most 100%; 80 is 8000%"));
    EXPECT_THAT(said("before.service_level", "> 180%"), HasSubstr("at most 100%"));
    EXPECT_THAT(said("lost", "< 2%"), HasSubstr("in calls, not in per cent"));
    EXPECT_THAT(said("asa", "< 5%"), HasSubstr("in s, not in per cent"));
    EXPECT_THAT(said("lost", "< 5s"), HasSubstr("no time"));
    EXPECT_THAT(said("lost", "< -1"), HasSubstr("never negative"));
    std::vector<std::pair<std::string, std::string>> good = {
        {"service_level", "> 80%"}, {"service_level", "> 0.8"}, {"asa", "< 5s"}};
    EXPECT_THAT(said("asa", "< 5"), HasSubstr("a time: 5 of what? write 5s"));
    EXPECT_THAT(said("before.wait.p90", "< 0.5"), HasSubstr("write 0.5s"));
    if (section == "gates") {
      EXPECT_THAT(said("lost", "worse < 2s"), HasSubstr("no time"));
      EXPECT_THAT(said("asa", "worse < 2"), HasSubstr("write 2s"));
      EXPECT_THAT(said("asa", "worse < 2pp"), HasSubstr("not in percentage points"));
      good.insert(good.end(), {{"lost", "worse < 200%"},
                               {"asa", "better > 10%"},
                               {"asa", "worse < 0.5s"},
                               {"service_level", "worse < 1pp"}});
    } else {
      good.insert(good.end(),
                  {{"lost", "= 0"}, {"asa", "= 0"}, {"recovery.agents_100", "<= 1min15s"}});
    }
    for (const auto& [metric, limit] : good) EXPECT_EQ(said(metric, limit), "") << metric << limit;
  }
}

TEST_F(ScenarioLimits, DesktopsDoNotChangeTheirSiteWithoutAPause) {
  for (const std::string key : {"site-timeout", "site-sip-register-timeout"}) {
    for (const int site : {0, 1}) {
      const std::string path = fmt::format("desktop.site{}.{}=", site + 1, key);
      for (const char* bad : {"1us", "99ms"}) {
        const Diagnostic d = problem(load_text(minimal(), {path + bad}), "S-006");
        EXPECT_THAT(d.message, HasSubstr("100ms")) << path << bad;
      }
      EXPECT_EQ(problem(load_text(minimal(), {path + "100ms"}), "S-006").message, "") << path;
    }
  }
}

TEST_F(ScenarioLimits, PhonesDoNotAskForRegistrationWithoutAPause) {
  const std::string path = "agents.team1.phone.register-retry=";
  for (const char* bad : {"99ms", "2675641ns", "{exponential: 50ms}"}) {
    EXPECT_EQ(problem(load_text(minimal(), {path + bad}), "S-006").severity, Severity::error)
        << bad;
  }
  for (const char* good : {"100ms", "{exponential: 2s}"}) {
    EXPECT_EQ(problem(load_text(minimal(), {path + good}), "S-006").message, "") << good;
  }
}

TEST_F(ScenarioLimits, ThePinnedFirstRefreshLiesWithinTheRefreshPeriod) {
  const std::string phone = "agents.team1.phone.";
  for (const char* bad : {"60001ms", "2h"}) {
    const Diagnostic d = problem(load_text(minimal(), {phone + "first-refresh=" + bad}), "S-006");
    EXPECT_THAT(d.message, HasSubstr("refresh period")) << bad;
  }
  for (const char* good : {"0s", "60s", "random"}) {
    EXPECT_EQ(problem(load_text(minimal(), {phone + "first-refresh=" + good}), "S-006").message, "")
        << good;
  }
  EXPECT_EQ(
      problem(load_text(minimal(), {phone + "first-refresh=90s", phone + "expires=3min"}), "S-006")
          .message,
      "");
}

TEST_F(ScenarioLimits, PartsOfPeopleAreSaidToBeRounded) {
  write("staff.csv", "start,count\n0,20\n3600,2.7\n");
  const auto staffed = [&](const std::string& more) {
    return load_scenario(
        write("s.yaml",
              "bcsim: 1\nsites: {a: {}, b: {}}\nagents: {t: {location: a, staffing: {file: "
              "staff.csv" +
                  more + "}}, u: {count: 9, location: b}}\ncalls: {c: {rate: 6/h}}\n"));
  };
  EXPECT_THAT(problem(staffed(""), "M-W10").message, HasSubstr("2.7 people"));
  EXPECT_EQ(problem(staffed(""), "M-W10").line, 3);
  EXPECT_EQ(problem(staffed(", share: 100%"), "M-W10").line, 0);
}

TEST_F(ScenarioLimits, ADaysStaffingIsNotRepeatedForEver) {
  std::string csv = "start,count\n";
  for (int i = 0; i < 14'000; ++i) {
    csv += fmt::format("{:02}:{:02}:{:02},9\n", 8 + i / 3600, i / 60 % 60, i % 60);
  }
  write("staff.csv", csv);
  const Loaded loaded = load_scenario(
      write("s.yaml",
            "bcsim: 1\nrun: {start: \"08:00\", horizon: 8784h}\nsites: {a: {}, b: {}}\nagents: {t: "
            "{location: a, staffing: {file: staff.csv}}, u: {count: 9, location: b}}\n"
            "calls: {c: {rate: 6/h}}\n"));
  EXPECT_THAT(problem(loaded, "S-006").message, HasSubstr("14000 steps a day cannot be simulated"));
}

TEST_F(ScenarioLimits, OfOneKindTwentyAreListedAndTheOthersCounted) {
  std::string text = minimal();
  for (int i = 0; i < 200'000; ++i) text += fmt::format("key{}: 1\n", i);
  const auto began = std::chrono::steady_clock::now();
  const Loaded loaded = load_text(text);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 60s);  // minutes, were it not linear
  EXPECT_EQ(loaded.diagnostics.size(), 21u);
  EXPECT_EQ(loaded.count(Severity::error), 200'000u);
  EXPECT_EQ(loaded.diagnostics.back().message, "and 199 980 more");
}

TEST_F(ScenarioLimits, BombsAndDepthsAreRefused) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    bomb += fmt::format("a{}: &a{} [", i, i);
    for (int k = 0; k < 10; ++k) bomb += fmt::format("{}*a{}", k > 0 ? ", " : "", i - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(problem(load_text(bomb), "S-009").message, HasSubstr("aliases repeat"));
  for (const char* open : {"[", "{a: ", "- ", "? "}) {
    std::string deep = "bcsim: 1\nx:\n  ";
    for (int i = 0; i < 50'000; ++i) deep += open;
    EXPECT_TRUE(load_text(deep + "\n").has_errors()) << open;
  }
  std::string path = "a";
  for (int i = 0; i < 100'000; ++i) path += ".a";
  EXPECT_THAT(problem(load_text(minimal(), {path + "=1"}), "S-017").message, HasSubstr("levels"));
}

TEST_F(ScenarioLimits, TextsHaveALengthAndNoControlCharacters) {
  EXPECT_THAT(
      problem(load_text(minimal("title: " + std::string(5'000'000, 'x') + "\n")), "S-006").message,
      HasSubstr("5000000 characters"));
  for (const char* code : {"\\e[31m", "\\x07", "\\x7f", "\\u009b31m"}) {
    const Loaded loaded =
        load_text(minimal("title: \"a" + std::string(code) + "b\"\n\"x" + code + "\": 1\n"));
    EXPECT_EQ(problem(loaded, "S-003").line, 5) << code;
    for (const Diagnostic& d : loaded.diagnostics) {
      EXPECT_EQ(printable(render(d)).find("\\x"), render(d).find("\\x")) << code;
    }
  }
}

TEST_F(ScenarioLimits, WhatIsNoTextIsNotShownToATerminal) {
  for (const char* good : {"Zürich", "\u20ac", "\U0001F600", "a\tb"}) {
    EXPECT_FALSE(steers_terminal(good)) << good;
  }
  EXPECT_EQ(printable("Zürich\n"), "Zürich ");
  const std::pair<const char*, const char*> raw[] = {
      {"a\x9b"
       "31m",
       "a\\x9b31m"},  // C1 to a terminal of bytes
      {"\xc2\x9b"
       "31m",
       "\\x9b31m"},  // … and as UTF-8
      {"\xe2\x9b"
       "31m",
       "\\xe2\\x9b31m"},  // cut off
      {"\xc3", "\\xc3"},
      {"\xf5\x90\x80\x80", "\\xf5\\x90\\x80\\x80"},
  };
  for (const auto& [text, shown] : raw) {
    EXPECT_TRUE(steers_terminal(text)) << shown;
    EXPECT_EQ(printable(text), shown);
  }
}

TEST_F(ScenarioLimits, OnlyRegularFilesAreRead) {
  const std::string pipe = (directory_.path() / "pipe.yaml").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& name : {pipe, std::string("/dev/null"), directory_.path().string()}) {
    EXPECT_EQ(problem(load_scenario(name), "S-010").code, "S-010") << name;
    EXPECT_EQ(test::bcsim({"check", name}).exit, 65) << name;
  }
}

TEST_F(ScenarioLimits, NumbersBeyondTheirTypeAreRefused) {
  for (const char* target : {"team1.phone.4294967297", "team1.desktop.18446744073709551617",
                             "team1.phone.4294967296", "team1.phone.0"}) {
    EXPECT_TRUE(
        load_text(minimal("faults: [{at: 1h, fail: " + std::string(target) + "}]\n")).has_errors())
        << target;
  }
  for (const char* time : {"9e9s", "100000d", "1e300s", "3.1e9s"}) {
    EXPECT_EQ(problem(load_text(minimal(), {"calls.main.talk=" + std::string(time)}), "S-006").code,
              "S-006")
        << time;
  }
  EXPECT_EQ(test::bcsim({"explain", "4294967296", "site_failure"}).exit, 64);
}

}  // namespace
}  // namespace bcsim::tools::scenario_limits_test
