// bcsim verify: every way to run a scenario, and a way that goes astray is found out.
#include "tools/verify/verify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/support/tool_runs.hpp"
#include "tests/support/worlds.hpp"
#include "tools/base/exit_code.hpp"
#include "tools/verify/verify_output.hpp"

namespace bcsim::tools::verify_test {
namespace {

using test::TemporaryDirectory;
using ::testing::HasSubstr;

/// Ten minutes of ten agents; site 1 is lost after five.
models::Scenario ten_minutes() {
  models::Scenario s = tests::p0_scenario();
  s.run.horizon = std::chrono::minutes(10);
  s.agents.push_back(tests::agents("P1", 5, 0));
  s.agents.push_back(tests::agents("P2", 5, 1));
  s.calls.push_back(tests::calls(models::ConstantRate{0.05}));
  s.faults.push_back(tests::site_failure(models::SimTime(std::chrono::minutes(5))));
  return s;
}

/// What a way does once it is to go astray.
using Astray = std::function<void(models::Scenario&)>;
RunWay astray(Way which, const Astray& change) {
  return [=](Way way, const models::Scenario& scenario, const ReplayAttach& attach,
             const JobProgress& progress) {
    models::Scenario its = scenario;
    if (way == which) change(its);
    return run_way(way, its, attach, progress);
  };
}

std::optional<Parting> difference(const std::string& one, const std::string& other) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "one") << one;
  std::ofstream(directory.path() / "other") << other;
  return first_difference(directory.path() / "one", directory.path() / "other");
}

TEST(Verify, FindsEveryWayOfASmallWorldTheSame) {
  const Verification v = verify(ten_minutes(), 2);
  EXPECT_TRUE(v.same());
  EXPECT_FALSE(v.parting);
  ASSERT_EQ(v.ways.size(), 4u);
  for (const WayRan& w : v.ways) {
    EXPECT_EQ(w.lost, "") << name(w.way);
    EXPECT_GT(w.records, 500u) << name(w.way);
    EXPECT_EQ(w.fingerprint, v.ways.front().fingerprint) << name(w.way);
  }
  EXPECT_THAT(verify_text(v), HasSubstr("The same journal every way."));
  EXPECT_TRUE(nlohmann::json::parse(verify_json(v)).at("same"));
}

TEST(Verify, ShowsTheRecordAtWhichAWayGoesAstray) {
  const models::Scenario scenario = ten_minutes();
  for (const Way which : {Way::per_device, Way::pooled, Way::live, Way::loop}) {
    const auto sooner = [](models::Scenario& s) {
      s.faults[0].at = models::SimTime(std::chrono::minutes(4));
    };
    const Verification v = verify(scenario, 2, astray(which, sooner));
    EXPECT_FALSE(v.same()) << name(which);
    ASSERT_TRUE(v.parting) << name(which);
    EXPECT_TRUE(v.parting->one == which || v.parting->other == which);
    EXPECT_GT(v.parting->record, 100u);
    const bool first = v.parting->one == which;
    EXPECT_THAT(first ? v.parting->line_one : v.parting->line_other, HasSubstr("\"t\":240.0"));
    EXPECT_NE(v.parting->line_one, v.parting->line_other);
    EXPECT_THAT(verify_text(v), HasSubstr("The journals part at record"));
    EXPECT_THAT(verify_text(v), HasSubstr(v.parting->line_one));
    EXPECT_EQ(nlohmann::json::parse(verify_json(v)).at("parting").at(name(which)),
              first ? v.parting->line_one : v.parting->line_other);
  }
}

TEST(Verify, ShowsWhereAJournalEndsTooSoon) {
  const auto shorter = [](models::Scenario& s) { s.run.horizon = std::chrono::minutes(9); };
  const Verification v = verify(ten_minutes(), 2, astray(Way::loop, shorter));
  ASSERT_TRUE(v.parting);
  EXPECT_EQ(v.parting->line_other, "");
  EXPECT_THAT(verify_text(v), HasSubstr("(the end)"));
}

TEST(Verify, SaysOfAWayThatDiedHowAndComparesTheOthers) {
  const auto run = [](Way way, const models::Scenario& scenario, const ReplayAttach& attach,
                      const JobProgress& progress) {
    if (way == Way::per_device) _exit(3);
    models::Scenario its = scenario;
    if (way == Way::loop) its.run.seed = 2;
    return run_way(way, its, attach, progress);
  };
  const Verification v = verify(ten_minutes(), 2, run);
  EXPECT_FALSE(v.same());
  EXPECT_NE(v.ways[0].lost, "");
  ASSERT_TRUE(v.parting);
  EXPECT_EQ(v.parting->one, Way::pooled);
  EXPECT_EQ(v.parting->other, Way::loop);
}

TEST(Verify, LeavesOutAnActorPerDeviceWhereSimGridCannotHaveSoMany) {
  models::Scenario s = ten_minutes();
  s.agents[0].count = 6000;
  const auto nothing = [](Way, const models::Scenario&, const ReplayAttach&, const JobProgress&) {
    return std::uint64_t{1};
  };
  const Verification v = verify(s, 2, nothing);
  EXPECT_TRUE(v.same());
  EXPECT_EQ(v.ways.size(), 3u);
  EXPECT_EQ(v.ways.front().way, Way::pooled);
}

TEST(FirstDifference, IsTheFirstLineThatIsNotTheSame) {
  EXPECT_FALSE(difference("", ""));
  EXPECT_FALSE(difference("a\nb\n", "a\nb\n"));
  struct Case {
    std::string one, other;
    std::uint64_t record;
    std::string line_one, line_other;
  };
  for (const Case& c : {Case{"a\nb\nc\n", "a\nx\nc\n", 2, "b", "x"},
                        Case{"a\n", "a\nb\nc\n", 2, "", "b"}, Case{"a\nb\n", "a\n", 2, "b", ""},
                        Case{"", "a\n", 1, "", "a"}, Case{"b\na\n", "a\nb\n", 1, "b", "a"}}) {
    const auto found = difference(c.one, c.other);
    ASSERT_TRUE(found) << c.one << c.other;
    EXPECT_EQ(found->record, c.record);
    EXPECT_EQ(found->line_one, c.line_one);
    EXPECT_EQ(found->line_other, c.line_other);
  }
}

TEST(VerifyCommand, SaysYesOrNoWithItsExitCode) {
  const auto yes = test::bcsim(test::small_site_failure({"verify", "--json"}));
  EXPECT_EQ(yes.exit, 0) << yes.err;
  EXPECT_TRUE(nlohmann::json::parse(yes.out).at("same"));
  EXPECT_EQ(test::bcsim({"verify", "no_such_scenario"}).exit, 65);
  EXPECT_EQ(test::bcsim({"verify"}).exit, 64);
}

}  // namespace
}  // namespace bcsim::tools::verify_test
