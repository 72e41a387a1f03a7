// Check names what works now and then only: links that lose or delay most of what they carry, and
// calls that never come.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "sim/rng.hpp"
#include "tests/support/scenario_text.hpp"
#include "tools/scenario/rules/ways.hpp"

namespace bcsim::tools::scenario_chances_test {
namespace {

using models::sip::Method;
using testing::HasSubstr;
using namespace std::chrono_literals;

std::string told(const std::vector<std::string>& overrides, const char* code,
                 const std::string& more = "") {
  const Loaded loaded = load_text(minimal(more), overrides);
  EXPECT_FALSE(loaded.has_errors()) << render(loaded.diagnostics.front());
  return problem(loaded, code).message;
}

/// Each copy and its answer cross a link that loses and delays packets, one by one.
double drawn_chance(const models::LinkOptions& link, bool invite, sim::Duration patience) {
  sim::RngStream random(1, 0, "chance", 0);
  constexpr int kTries = 40'000;
  int answered = 0;
  const double t = sim::seconds(patience), jitter = sim::seconds(link.jitter);
  for (int i = 0; i < kTries; ++i) {
    bool came = false;
    double gap = 0.5;
    for (double sent = 0; sent < t; sent += gap, gap = invite ? 2 * gap : std::min(2 * gap, 4.0)) {
      const bool lost = random.bernoulli(link.loss) || random.bernoulli(link.loss);
      const double late = jitter * (random.uniform() + random.uniform());
      came = came || (!lost && sent + 2 * sim::seconds(link.latency) + late < t);
    }
    answered += came;
  }
  return static_cast<double>(answered) / kTries;
}

TEST(ScenarioChances, AreThoseOfCopiesThatAreLostOrLate) {
  for (const double loss : {0.0, 0.3, 0.9}) {
    for (const sim::Duration jitter : {sim::Duration{}, sim::Duration(2s), sim::Duration(1min)}) {
      for (const Method method : {Method::options, Method::invite}) {
        for (const sim::Duration patience : {sim::Duration(5s), sim::Duration(32s)}) {
          models::LinkOptions link;
          link.latency = 20ms;
          link.bandwidth_bps = 1e9;
          link.loss = loss;
          link.jitter = jitter;
          const double chance =
              Way({&link}).answer_chance(request_of(method), {}, answer_to(method, 200), patience);
          EXPECT_NEAR(chance, drawn_chance(link, method == Method::invite, patience), 0.015)
              << loss << " " << sim::seconds(jitter) << " " << sim::seconds(patience);
        }
      }
    }
  }
}

TEST(ScenarioChances, LinksThatLoseOrDelayMostAreNamed) {
  const std::string link = "network.dc-link.", path = "network.access.site1.site1.";
  EXPECT_THAT(told({link + "loss=95%"}, "M-W16"),
              HasSubstr("site1 is in single-site mode most of the time: 99% of its OPTIONS have no "
                        "answer within 5s"));
  EXPECT_THAT(told({link + "jitter=1min"}, "M-W16"), HasSubstr("in single-site mode most"));
  EXPECT_EQ(told({link + "loss=30%"}, "M-W16"), "");
  EXPECT_EQ(told({link + "jitter=1s"}, "M-W16"), "");
  EXPECT_THAT(told({path + "loss=90%"}, "M-W15"), HasSubstr("seldom register at site1"));
  EXPECT_THAT(told({path + "jitter=30s"}, "M-W15"), HasSubstr("their REGISTERs have no answer"));
  EXPECT_THAT(told({path + "jitter=30s", "agents.team1.location=site2",
                    "agents.team1.preferred-site=site1"},
                   "M-W15"),
              HasSubstr("mg1 holds site1 for dead most of the time"));
  EXPECT_EQ(told({path + "loss=20%"}, "M-W15"), "");
  EXPECT_EQ(told({path + "jitter=500ms"}, "M-W15"), "");
}

TEST(ScenarioChances, CallsThatComeAfterTheEndAreNamed) {
  const std::string end = "run.horizon=2h";
  for (const char* late :
       {"calls.main={profile: [{at: 2h, rate: 5/min}]}", "calls.main={rate: 0/h}",
        "calls.main={volumes: {intervals: [{at: 3h, length: 30min, count: 50}]}}",
        "calls.main={calls: [{at: 2h}, {at: 3h}], redial: {enabled: false}}"}) {
    EXPECT_EQ(told({end, late}, "M-W02"), "no call of 'main' comes before the run ends at 2h")
        << late;
  }
  for (const char* soon :
       {"calls.main={profile: [{at: 119min, rate: 5/min}]}", "calls.main={rate: 1/h}",
        "calls.main={volumes: {intervals: [{at: 119min, length: 30min, count: 50}]}}",
        "calls.main={calls: [{at: 1h}, {at: 3h}], redial: {enabled: false}}"}) {
    EXPECT_EQ(told({end, soon}, "M-W02"), "") << soon;
  }
}

TEST(ScenarioChances, NobodyIsPassedOnToAnEmptyGroup) {
  for (const int people : {0, 1, 2}) {
    const std::vector<std::string> to = {
        "calls.main={rate: 60/h, gateways: {mg1: 100%}, transfer: {share: 5%, to: team2}}",
        "agents.team2.count=" + std::to_string(people)};
    EXPECT_EQ(told(to, "M-W07") != "", people == 0) << people;
    EXPECT_EQ(told(to, "M-W05") != "", people == 1) << people;
  }
}

/// An override of another key of the same section is not where a value comes from.
TEST(ScenarioChances, AWarningIsShownWhereItsSectionIsWritten) {
  const Loaded loaded = load_text(
      "bcsim: 1\nsites:\n  site1: {gateways: {mg1: {}}}\n  site2: {}\n"
      "agents: {team1: {count: 9, location: site1}, team2: {count: 9, location: site2}}\n"
      "calls: {main: {rate: 9/h}}\n",
      {"sites.site1.gateways.mg1.options-period=10s", "desktop.site2.site-timeout=10s"});
  EXPECT_EQ(problem(loaded, "V-W18").line, 3u);
}

}  // namespace
}  // namespace bcsim::tools::scenario_chances_test
