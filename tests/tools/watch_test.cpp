// bcsim watch: the run as it goes, as text and as a screen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/worlds.hpp"
#include "tools/base/page.hpp"
#include "tools/cli/program.hpp"
#include "tools/trace/watch_view.hpp"

namespace bcsim::tools::watch_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

models::Scenario watched() {
  models::Scenario s = tests::p0_scenario();
  s.run.horizon = 3min;
  s.agents = {tests::agents("a", 4, 0), tests::agents("b", 4, 1)};
  models::SingleCalls single;
  for (int i = 0; i < 6; ++i) single.calls.push_back({sim::kStart + i * 15s + 1s, 90s, 300s, 0});
  s.calls = {tests::calls(single)};
  models::Fault fault = tests::site_failure(sim::kStart + 60s);
  fault.text = "fail site1";
  s.faults = {fault};
  return s;
}

TEST(WatchView, ShowsBothSitesAsTheyStand) {
  models::Scenario s = watched();
  s.run.horizon = 55s;
  const models::Layout layout(s, {s.run.seed, 0});
  WatchView before(layout);
  (void)tests::run_world(s, {&before});
  const std::string screen = before.screen(sim::kStart + 55s, 80);
  EXPECT_THAT(screen, HasSubstr("calls  4 in talk"));
  EXPECT_THAT(screen, HasSubstr("logged in ====================...................."));
  EXPECT_THAT(screen, Not(HasSubstr("DEAD")));

  const models::Scenario broken = watched();
  const models::Layout later(broken, {broken.run.seed, 0});
  WatchView after(later);
  (void)tests::run_world(broken, {&after});
  EXPECT_THAT(after.screen(sim::kStart + 3min, 80), HasSubstr("site1: SIP SERVER PAIR DEAD"));
  EXPECT_THAT(after.line(sim::kStart + 3min), HasSubstr("site1 (dead): 0 logged in"));
  const auto events = after.take_events();
  EXPECT_THAT(events, testing::Contains("0:01:00  FAULT: fail site1"));
  EXPECT_TRUE(after.take_events().empty());
}

TEST(WatchView, FitsTheScreen) {
  const models::Scenario s = watched();
  const models::Layout layout(s, {s.run.seed, 0});
  WatchView view(layout);
  (void)tests::run_world(s, {&view});
  for (const std::size_t width : {std::size_t{60}, std::size_t{80}, std::size_t{100}}) {
    std::istringstream lines(view.screen(sim::kStart + 3min, width));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(columns(line), width) << line;
  }
}

TEST(WatchEvents, AreWhatIsRareAndMatters) {
  ThingNames names;
  names.sites = {"north", "south"};
  EXPECT_EQ(event_words(models::PairStateChanged{1, 0}, names), "south: SIP Server pair dead");
  EXPECT_EQ(event_words(models::AgentAtWork{models::AgentId{1}, 0}, names), "");
}

struct Watched {
  int exit = -1;
  std::string out, err;
};
Watched watch_program(std::vector<std::string> words) {
  words.insert(words.end(), {"--set", "agents.team1.count=30", "--set", "agents.team2.count=30",
                             "--set", "calls.main.rate=600/h"});
  std::istringstream in;
  std::ostringstream out, err;
  Terminal terminal{in, out, err};
  const int exit = run_program(words, terminal);
  return {exit, out.str(), err.str()};
}

TEST(WatchCommand, IsLinesOfTextWithoutATerminal) {
  const Watched o = watch_program(
      {"watch", "site_failure", "-q", "--from", "10:29", "--until", "10:31", "--every", "30s"});
  EXPECT_EQ(o.exit, 0) << o.err;
  EXPECT_THAT(o.out,
              HasSubstr("10:30:00  FAULT: fail site1\n10:30:00  site1: SIP Server pair dead"));
  EXPECT_THAT(o.out, HasSubstr("10:30:30  "));
  EXPECT_THAT(o.out, Not(HasSubstr("10:28")));
  EXPECT_THAT(o.out, Not(HasSubstr("\033")));
}

TEST(WatchCommand, RefusesASpeedThatIsNone) {
  EXPECT_EQ(watch_program({"watch", "site_failure", "--speed", "fast"}).exit, 64);
  EXPECT_EQ(watch_program({"watch", "site_failure", "--from", "soon"}).exit, 64);
  EXPECT_EQ(watch_program({"watch", "site_failure", "--every", "0s"}).exit, 64);
  EXPECT_EQ(watch_program({"watch", "site_failure", "--from", "99h"}).exit, 64);
  EXPECT_EQ(watch_program({"watch", "site_failure", "--until", "99h"}).exit, 64);
  EXPECT_EQ(watch_program({"watch", "site_failure", "--from", "2min", "--until", "1min"}).exit, 64);
}

}  // namespace
}  // namespace bcsim::tools::watch_test
