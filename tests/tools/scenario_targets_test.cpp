// `targets`: how they are written, and what the results say of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "models/metrics/definitions.hpp"
#include "tests/support/scenario_text.hpp"
#include "tests/support/worlds.hpp"
#include "tools/results/target_words.hpp"

namespace bcsim::tools::scenario_targets_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kCenter = R"(bcsim: 1
run: {horizon: 1h, warm-up: 5min}
sites: {site1: {}, site2: {}}
agents: {s: {count: 6, location: site1, queues: [sales]}, h: {count: 4, location: site2}}
queues: {sales: {}, help: {}}
calls: {o: {queue: sales, rate: 60/h}, p: {queue: help, rate: 20/h}}
)";

std::string with(const std::string& targets) {
  return kCenter + ("targets: " + targets + "\n");
}

TEST(TargetKeys, AreReadByQueue) {
  const Loaded loaded =
      load_text(with("{help: {worst-wait: 3min}, sales: {answered: 80% in 20s, below-for: 15min, "
                     "lost-callers: 30, agents-back: 2min}}"));
  ASSERT_FALSE(loaded.has_errors());
  const auto& targets = loaded.scenario.targets;
  ASSERT_EQ(targets.size(), 2u);
  EXPECT_EQ(targets[0].queue, 1u);
  EXPECT_EQ(targets[0].worst_wait, sim::Duration(std::chrono::minutes(3)));
  EXPECT_FALSE(targets[0].answered);
  EXPECT_EQ(targets[1].answered->share, 0.8);
  EXPECT_EQ(targets[1].answered->within, sim::Duration(std::chrono::seconds(20)));
  EXPECT_EQ(targets[1].lost_callers, 30u);
  EXPECT_EQ(load_text(loaded.effective_yaml).effective_yaml, loaded.effective_yaml);
  EXPECT_THAT(loaded.effective_yaml, HasSubstr("answered: 80% in 20s"));
}

TEST(TargetKeys, SayWhatIsWrong) {
  const std::pair<const char*, std::pair<const char*, const char*>> cases[] = {
      {"{sale: {worst-wait: 3min}}", {"S-007", "unknown queue 'sale'"}},
      {"{sales: {}}", {"S-008", "nothing is asked of queue 'sales'"}},
      {"{sales: {answered: none}}", {"S-008", "nothing is asked of queue 'sales'"}},
      {"{sales: {below-for: 1min}}", {"S-008", "below what?"}},
      {"{sales: {answered: 80%}}", {"S-003", "is no share in a time"}},
      {"{sales: {answered: 80 in 20s}}", {"S-004", "a percentage needs a unit"}},
      {"{sales: {answered: 80% in 20}}", {"S-004", "a duration needs a unit"}},
      {"{sales: {answered: 0% in 20s}}", {"S-006", "more than 0%"}},
      {"{sales: {answered: 120% in 20s}}", {"S-006", "at most 100%"}},
      {"{sales: {answered: 80% in -1s}}", {"S-006", "negative"}},
      {"{sales: {lost-callers: 1.5}}", {"S-003", "1.5"}},
      {"{sales: {worst-wait: 3min, worst-wait: 4min}}", {"S-002", "worst-wait"}},
      {"{sales: {worst: 3min}}", {"S-001", "worst"}},
      {"[sales]", {"S-003", "targets"}}};
  for (const auto& [text, expected] : cases) {
    const Loaded loaded = load_text(with(text));
    EXPECT_TRUE(loaded.has_errors()) << text;
    EXPECT_THAT(problem(loaded, expected.first).message, HasSubstr(expected.second)) << text;
  }
}

TEST(TargetKeys, MakeMetricsThatExpectationsAndGatesTakeByName) {
  const Loaded loaded = load_text(
      with("{sales: {answered: 80% in 20s, below-for: 15min}}\n"
           "expectations: {target.sales.below_for: \"<= 20min\", target.sales.met: \"= 1\"}\n"
           "gates: {target.sales.answered: \"worse < 1pp\"}"));
  EXPECT_FALSE(loaded.has_errors());
  const auto ids = models::metric_ids(loaded.scenario);
  for (const char* id : {"target.sales.answered", "target.sales.answered.met",
                         "target.sales.below_for", "target.sales.met"}) {
    EXPECT_THAT(ids, Contains(id));
  }
  EXPECT_TRUE(load_text(with("{sales: {worst-wait: 1s}}\n"
                             "expectations: {target.sales.answered: \"> 80%\"}"))
                  .has_errors());
}

TEST(TargetWords, SayWhatWasDemanded) {
  const Loaded loaded = load_text(
      with("{sales: {answered: 80% in 20s, below-for: 15min, worst-wait: 90s, lost-callers: 30, "
           "agents-back: 2min}}"));
  const models::RunResult result = tests::measure_world(loaded.scenario);
  std::vector<std::string> said;
  for (const TargetLine& line : target_lines(result)) {
    said.push_back(line.what + " " + line.limit);
    EXPECT_NE(result.find(line.metric), nullptr) << line.metric;
    EXPECT_NE(result.find(line.metric + ".met"), nullptr) << line.metric;
  }
  EXPECT_THAT(said, ElementsAre("answered within 20 s at least 80 %",
                                "time below 80 % at most 15 min", "worst wait at most 90 s",
                                "callers lost at most 30", "all agents back after at most 2 min"));
  EXPECT_EQ(result.value("target.sales.worst_wait"), result.value("queue.sales.wait.max"));
  EXPECT_EQ(result.value("target.sales.lost_callers"), result.value("queue.sales.callers_lost"));
  EXPECT_EQ(result.value("target.sales.answered"), result.value("queue.sales.service_level.f6"));
}

}  // namespace
}  // namespace bcsim::tools::scenario_targets_test
