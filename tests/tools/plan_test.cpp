// Plans: the search, its confidence, and answers beside Erlang's formulas.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "models/demand/erlang.hpp"
#include "sim/rng.hpp"
#include "tests/support/interrupted_run.hpp"
#include "tests/support/scenario_text.hpp"
#include "tools/plan/forecast.hpp"
#include "tools/plan/plan_output.hpp"

namespace bcsim::tools::plan_test {
namespace {

using namespace std::chrono_literals;
using Indices = std::vector<int>;

SearchResult search_with(const SearchRange& range, int fewest, int doubt,
                         Indices* tried = nullptr) {
  return search_fewest(range, [=](int i) {
    if (tried != nullptr) tried->push_back(i);
    if (std::abs(2 * i - 2 * fewest + 1) < 2 * doubt) return PlanVerdict::open;
    return i >= fewest ? PlanVerdict::meets : PlanVerdict::fails;
  });
}

TEST(PlanSearch, FindsTheFewestFromAnyGuess) {
  for (int fewest = 2; fewest <= 40; ++fewest) {
    for (const int first : {1, 7, 20, 40}) {
      const SearchRange range{1, first, 40, 2};
      const SearchResult r = search_with(range, fewest, 0);
      EXPECT_EQ(r.meets, fewest) << first;
      EXPECT_EQ(r.fails, fewest - 1) << first;
      EXPECT_TRUE(r.decided(range));
    }
  }
  Indices tried;
  EXPECT_EQ(search_with({1, 500, 2000, 1}, 500, 0, &tried).meets, 500);
  EXPECT_EQ(tried, (Indices{500, 499}));  // a good guess costs two
}

TEST(PlanSearch, SaysWhatStayedOpenWithTheTightestBounds) {
  const SearchRange range{1, 20, 40, 1};
  const SearchResult r = search_with(range, 20, 3);  // 17 … 22 are open
  EXPECT_EQ(r.fails, 16);
  EXPECT_EQ(r.meets, 23);
  EXPECT_FALSE(r.decided(range));
  EXPECT_FALSE(r.open.empty());
}

TEST(PlanSearch, NeedNotComeCloserThanIsAsked) {
  for (int fewest = 300; fewest < 330; ++fewest) {
    const SearchRange range{1, 310, 1000, 2, 4};
    Indices tried;
    const SearchResult r = search_with(range, fewest, 1, &tried);
    EXPECT_TRUE(r.decided(range)) << fewest;
    EXPECT_LT(*r.fails, fewest);
    EXPECT_GE(*r.meets, fewest);
    EXPECT_LE(*r.meets - *r.fails, 4);
    EXPECT_LE(tried.size(), 10u) << fewest;
  }
}

TEST(PlanSearch, KnowsItsBounds) {
  const SearchRange range{1, 5, 10, 1};
  const SearchResult none = search_with(range, 11, 0);
  EXPECT_FALSE(none.meets.has_value());
  EXPECT_EQ(none.fails, 10);
  const SearchResult all = search_with(range, 1, 0);
  EXPECT_EQ(all.meets, 1);
  EXPECT_FALSE(all.fails.has_value());
  EXPECT_TRUE(all.decided(range));
}

std::vector<Measured> runs_held(std::uint32_t held, std::uint32_t n) {
  std::vector<Measured> out;
  for (std::uint32_t i = 0; i < n; ++i) out.push_back({i < held ? 0.9 : 0.7, 100});
  return out;
}

TEST(PlanGoal, IsDecidedByTheBoundOnTheShareOfRuns) {
  const Goal goal;  // 80 % in 90 % of the runs
  // 0.9^n <= 0.05 from 29 on: so many good runs in a row are the least that show 90 %.
  EXPECT_EQ(judge(runs_held(28, 28), goal, 0.05).verdict, PlanVerdict::open);
  EXPECT_EQ(judge(runs_held(29, 29), goal, 0.05).verdict, PlanVerdict::meets);
  EXPECT_EQ(judge(runs_held(27, 30), goal, 0.05).verdict, PlanVerdict::open);
  // P(at most 6 of 10 | 90 %) = 0.0128, P(at most 7) = 0.0702.
  EXPECT_EQ(judge(runs_held(6, 10), goal, 0.05).verdict, PlanVerdict::fails);
  EXPECT_EQ(judge(runs_held(7, 10), goal, 0.05).verdict, PlanVerdict::open);
  EXPECT_TRUE(can_be_shown(goal, 200));
  EXPECT_FALSE(can_be_shown(goal, 28));
}

TEST(PlanGoal, IsGivenUpWhereNothingIsToBeHoped) {
  const Goal goal;
  const auto chance = [&](std::uint32_t held, std::uint32_t n) {
    return chance_to_decide(judge(runs_held(held, n), goal, 0.01), goal, 200);
  };
  EXPECT_GT(chance(49, 49), 0.9);
  EXPECT_GT(chance(30, 49), 0.9);
  EXPECT_GT(chance(11, 12), 0.1);
  EXPECT_LT(chance(89, 98), 0.1);
  EXPECT_EQ(chance(180, 200), 0);
  // The weights are a distribution: everything decides where every share does.
  Goal certain = goal;
  certain.probability = 0.02;
  EXPECT_NEAR(chance_to_decide(judge(runs_held(50, 60), certain, 0.01), certain, 100), 1, 1e-9);
}

TEST(PlanGoal, OnAverageIsDecidedByStudentsInterval) {
  Goal goal;
  goal.probability.reset();
  std::vector<Measured> sample;
  for (int i = 0; i < 12; ++i) sample.push_back({i % 2 == 0 ? 0.85 : 0.81, 100});
  EXPECT_EQ(judge(sample, goal, 0.01).verdict, PlanVerdict::meets);
  goal.limit = 0.83;
  EXPECT_EQ(judge(sample, goal, 0.01).verdict, PlanVerdict::open);
  goal.limit = 0.86;
  EXPECT_EQ(judge(sample, goal, 0.01).verdict, PlanVerdict::fails);
}

/// Worlds whose runs hold with a known probability; how often the answer errs.
TEST(PlanGoal, ErrsNoMoreThanItsConfidence) {
  const Goal goal;
  constexpr std::uint32_t kMost = 100;
  constexpr int kTries = 1000;
  int wrong = 0;
  for (int t = 0; t < kTries; ++t) {
    // Just below what is wanted: "meets" would be an error.
    sim::RngStream random(1, static_cast<std::uint32_t>(t), "plan.test", 0);
    std::vector<Measured> sample;
    for (const std::uint32_t look : looks(goal, kMost)) {
      while (sample.size() < look) sample.push_back({random.bernoulli(0.899) ? 0.9 : 0.7, 1});
      if (judge(sample, goal, error_per_look(goal, kMost)).verdict == PlanVerdict::meets) {
        ++wrong;
        break;
      }
    }
  }
  EXPECT_LE(wrong, kTries * 5 / 100);
}

TEST(PlanGoal, OfAMetricByNameHoldsWhereItIsThereAndWithinItsLimit) {
  PlanGoals goals;
  goals.people = MetricGoal{"target.sales.agents_back", "s", false, 120};
  Goal goal = goals.of_people();
  EXPECT_EQ(goal.measure, Measure::metric);
  EXPECT_FALSE(goal.at_least());
  const auto in_a_run = [&](double value) {
    ReplicationRecord record;
    record.metrics = {{"target.sales.agents_back", value, "s", "target.<queue>.agents_back"}};
    return measure(record, goal, models::ServiceLevelDefinition::f6);
  };
  const Measured good = in_a_run(119), late = in_a_run(121), never = in_a_run(std::nan(""));
  EXPECT_EQ(good.value, 119);
  const double error = error_per_look(goal, 200);
  const auto judged = [&](std::vector<Measured> sample) { return judge(sample, goal, error); };
  EXPECT_EQ(judged({good, late, good, never}).met, 2u);
  EXPECT_EQ(judged(std::vector<Measured>(100, good)).verdict, PlanVerdict::meets);
  EXPECT_EQ(judged(std::vector<Measured>(100, never)).verdict, PlanVerdict::fails);
  EXPECT_EQ(suggest(std::vector<Measured>(12, never), goal), PlanVerdict::fails);
  EXPECT_TRUE(is_clear(std::vector<Measured>(12, never), goal));
  goal.probability.reset();
  std::vector<Measured> nearly(50, good);
  EXPECT_EQ(judged(nearly).verdict, PlanVerdict::meets);
  nearly.back() = never;  // no mean makes up for who did not come back
  EXPECT_EQ(judged(nearly).verdict, PlanVerdict::fails);
}

TEST(PlanQuestions, SplitByLargestRemainders) {
  EXPECT_EQ(apportion(5, {1, 1}), (std::vector<std::uint32_t>{3, 2}));
  EXPECT_EQ(apportion(10, {6, 3, 1}), (std::vector<std::uint32_t>{6, 3, 1}));
  EXPECT_EQ(apportion(4, {0, 0}), (std::vector<std::uint32_t>{0, 0}));
}

TEST(PlanQuestions, BeginWithErlang) {
  const Loaded loaded = load_text(minimal("queues: {service: {routing-scope: both-sites}}\n"));
  ASSERT_FALSE(loaded.has_errors());
  const models::Scenario& s = loaded.scenario;
  PlanGoals goals;
  goals.stretch = Stretch::run;
  const PeakLoad load = peak_load(s);
  const PlanQuestion agents = make_question(Wanted::agents, s, goals);
  EXPECT_EQ(agents.range.first,
            models::fewest_agents({load.calls_per_s, load.handling_s, 1}, s.calls[0].patience,
                                  {.min_service_level = 0.8}));
  EXPECT_EQ(agents.now, 200);
  // Half the calls at each of two gateways.
  const PlanQuestion trunks = make_question(Wanted::trunks, s, goals);
  EXPECT_EQ(trunks.range.first, models::fewest_channels(load.channel_erlangs() / 2, 0.01));
  // Candidates are settings that the language takes, and a higher one is more.
  for (const Wanted wanted :
       {Wanted::agents, Wanted::shifts, Wanted::trunks, Wanted::server, Wanted::wan}) {
    const PlanQuestion q = make_question(wanted, s, goals);
    const int first = q.range.first;
    EXPECT_GT(q.value(first + 1), q.value(first)) << name(wanted);
    const Loaded candidate =
        load_text(minimal("queues: {service: {routing-scope: both-sites}}\n"), q.settings(first));
    EXPECT_FALSE(candidate.has_errors()) << name(wanted);
    EXPECT_NE(candidate.effective_yaml, loaded.effective_yaml) << name(wanted);
  }
  const Loaded grown = load_text(minimal(), growth_settings(s, 1.5));
  EXPECT_NEAR(peak_load(grown.scenario).calls_per_s, 1.5 * load.calls_per_s, 1e-9);
}

/// A world in which a run holds with a probability that grows with the number of agents.
PlanAnswer answer_in(const models::Scenario& scenario, const std::function<double(double)>& holds,
                     std::uint32_t most = 200) {
  PlannerOptions options;
  options.most = most;
  options.verify = true;
  options.goals.stretch = Stretch::run;
  std::uint32_t agents = 0;
  const PlanWorld world{[&](const std::vector<std::string>& settings) {
                          agents = 0;
                          for (const std::string& s : settings)
                            agents += std::stoul(s.substr(s.find('=') + 1));
                          models::Scenario out = scenario;
                          out.agents[0].count = agents;
                          return out;
                        },
                        [&](const models::Scenario& s, std::uint32_t from, std::uint32_t to) {
                          std::vector<ReplicationRecord> out;
                          for (std::uint32_t r = from; r < to; ++r) {
                            sim::RngStream random(7, r, "plan.test", 0);
                            const bool good = random.bernoulli(holds(s.agents[0].count));
                            ReplicationRecord& record = out.emplace_back();
                            record.metrics = {
                                {"answered", 100, "calls", "answered"},
                                {"abandoned", 0, "calls", "abandoned"},
                                {"turned_away", 0, "calls", "turned_away"},
                                {"service_level", good ? 0.9 : 0.7, "1", "service_level"}};
                          }
                          return out;
                        }};
  return answer_question(make_question(Wanted::agents, scenario, options.goals), options, world);
}

TEST(Planner, FindsWhereEnoughRunsHoldAndVerifiesIt) {
  const Loaded loaded = load_text(minimal());
  const PlanAnswer a = answer_in(loaded.scenario, [](double n) {
    return n < 170 ? 0.6 : n < 190 ? 0.75 : 0.99;
  });
  EXPECT_EQ(a.status, AnswerStatus::decided);
  EXPECT_EQ(a.found.meets, 190);
  EXPECT_EQ(a.found.fails, 189);
  ASSERT_EQ(a.verification.size(), 2u);
  EXPECT_EQ(a.verification[0].judgement.verdict, PlanVerdict::fails);
  EXPECT_EQ(a.verification[1].judgement.verdict, PlanVerdict::meets);
}

TEST(Planner, SaysWhatItCouldNotDecideAndWhatCannotBe) {
  const Loaded loaded = load_text(minimal());
  PlanResult result;
  const PlanAnswer open = answer_in(
      loaded.scenario, [](double n) { return n < 180   ? 0.5
                                             : n < 190 ? 0.9
                                                       : 0.99; }, 100);
  EXPECT_EQ(open.status, AnswerStatus::not_decided);
  EXPECT_EQ(open.found.meets, 190);
  EXPECT_EQ(open.found.fails, 179);
  EXPECT_EQ(open.verification.size(), 2u);  // what it did find is verified
  result.answers.push_back(keep(open));
  EXPECT_EQ(result.status(), AnswerStatus::not_decided);
  const PlanAnswer never = answer_in(loaded.scenario, [](double) { return 0.5; });
  EXPECT_EQ(never.status, AnswerStatus::impossible);
  result.answers.push_back(keep(never));
  EXPECT_EQ(result.status(), AnswerStatus::impossible);
  EXPECT_NE(plan_table(result, {}).find("no number up to"), std::string::npos);
  EXPECT_NE(plan_json(result).find("\"status\": \"impossible\""), std::string::npos);
}

TEST(Planner, HasNotDecidedAHeadroomThatIsOpen) {
  for (const PlanVerdict normal : {PlanVerdict::meets, PlanVerdict::fails, PlanVerdict::open}) {
    for (const PlanVerdict failing : {PlanVerdict::meets, PlanVerdict::fails, PlanVerdict::open}) {
      PlanResult result;
      HeadroomRow& row = result.headroom.emplace_back();
      row.without.judgement.verdict = normal;
      row.through.emplace().judgement.verdict = failing;
      const bool open = normal == PlanVerdict::open || failing == PlanVerdict::open;
      EXPECT_EQ(result.status() == AnswerStatus::not_decided, open);
    }
  }
}

/// However coarse the shifts are; and no plan is tried twice.
TEST(PlanQuestions, CountTheAgentHoursOfTheScenarioAsTheyAre) {
  const Loaded loaded = load_text(
      minimal(),
      {"run.horizon=2h",
       "agents.team1={location: site1, staffing: [{at: 0s, count: 4}, {at: 30min, count: 12}, "
       "{at: 1h, count: 4}, {at: 90min, count: 12}]}",
       "agents.team2={location: site2, count: 3}", "calls.main.rate=120/h"});
  ASSERT_FALSE(loaded.has_errors());
  for (const sim::Duration shift : {sim::Duration(30min), sim::Duration(1h), sim::Duration(2h)}) {
    PlanGoals goals;
    goals.stretch = Stretch::run;
    goals.shift = shift;
    const PlanQuestion q = make_question(Wanted::shifts, loaded.scenario, goals);
    EXPECT_EQ(q.now, 16 + 6);
    for (int i = q.range.low; i < q.range.high; ++i) EXPECT_LT(q.value(i), q.value(i + 1));
  }
}

class Plan : public ::testing::Test {
 protected:
  [[nodiscard]] std::string out() const { return (directory_.path() / "plan").string(); }
  nlohmann::json written() const {
    return nlohmann::json::parse(std::ifstream(directory_.path() / "plan" / "plan.json"));
  }
  [[nodiscard]] std::vector<std::string> plan_words(std::vector<std::string> words) const {
    words.insert(words.begin(), {"plan", "-o", out()});
    return test::small_site_failure(words);
  }
  [[nodiscard]] test::Outcome plan(const std::vector<std::string>& words) const {
    return test::bcsim(plan_words(words));
  }
  test::TemporaryDirectory directory_;
};

/// Without a failure, on average, one queue for both sites: what Erlang A computes. With few agents
/// one more or less is a large step, so that few replications decide.
TEST_F(Plan, AgreesWithErlangAWithoutFailure) {
  std::vector<const char*> rates = {"0.02/s"};
  if (std::getenv("BCSIM_FULL") != nullptr) rates = {"0.02/s", "0.05/s", "0.1/s"};
  const std::string most = rates.size() > 1 ? "400" : "96";
  for (const char* rate : rates) {
    const test::Outcome o = plan(
        {"--find", "agents", "--mean", "--service-level", "64%", "--max-replications", most,
         "--verify", "--set", "faults=[]", "--set", "queues={service: {routing-scope: both-sites}}",
         "--set", "calls.main.talk={exponential: 120s}", "--set", "calls.main.redial.enabled=false",
         "--set", std::string("calls.main.rate=") + rate});
    ASSERT_NE(written()["answers"].size(), 0u) << o.err;
    const auto answer = written()["answers"][0];
    const double guess = answer["first_guess"], fails = answer["not_enough"];
    EXPECT_LE(fails, guess) << o.out;
    EXPECT_GE(answer["value"].get<double>(), guess - 1) << o.out;
    if (rates.size() > 1 && o.exit == 2) continue;  // where one agent more is a small step
    ASSERT_EQ(o.exit, 0) << o.out;
    EXPECT_NEAR(answer["value"].get<double>(), guess, 1) << o.out;
    EXPECT_EQ(fails, answer["value"].get<double>() - 1);
    if (rates.size() > 1) continue;
    // On fresh random numbers one fewer fails, and the answer meets the goal.
    EXPECT_EQ(answer["verification"][0]["verdict"], "fails") << o.out;
    EXPECT_EQ(answer["verification"][1]["verdict"], "meets") << o.out;
  }
}

TEST_F(Plan, IsTheSameForAnyNumberOfWorkersAndAfterCtrlC) {
  const auto words = [](const char* workers) {
    return std::vector<std::string>{"--find",
                                    "agents",
                                    "--mean",
                                    "--max-replications",
                                    "12",
                                    "--set",
                                    "calls.main.rate=0.005/s",
                                    "--set",
                                    "run.horizon=75min",
                                    "--json",
                                    "-j",
                                    workers};
  };
  const test::Outcome one = plan(words("1"));
  const auto files = test::files_of(out());
  EXPECT_EQ(files.size(), 2u);
  EXPECT_EQ(files.at("plan.csv").substr(0, 23), "question,value,verdict,");
  std::filesystem::remove_all(out());

  const std::filesystem::path kept = out() + "/unfinished.replications";
  EXPECT_EQ(test::interrupted_run(plan_words(words("1")), kept), 130);
  EXPECT_EQ(test::files_of(out()).size(), 1u);
  // As if the program had been killed while it wrote the next one.
  std::ofstream(kept, std::ios::app) << "half a replic";
  const test::Outcome two = plan(words("2"));
  ASSERT_EQ(one.exit, two.exit) << two.err;
  EXPECT_EQ(one.out, two.out);
  EXPECT_EQ(test::files_of(out()), files);
}

/// The morning of a real day.
TEST_F(Plan, FindsShiftsOverARealDay) {
  const std::vector<std::string> morning = {"--set", "run.horizon=2h", "--set", "faults.0.at=1h"};
  std::vector<std::string> words = {
      "plan", "bank_day",           "-q", "-o", out(), "--find", "shifts", "--mean", "--shift",
      "1h",   "--max-replications", "12"};
  words.insert(words.end(), morning.begin(), morning.end());
  const test::Outcome o = test::bcsim(words);
  ASSERT_LE(o.exit, 2) << o.err;
  const auto answer = written()["answers"][0];
  EXPECT_EQ(answer["unit"], "agent-hours");
  ASSERT_EQ(answer["parts"].size(), 2u) << o.out;
  EXPECT_EQ(answer["parts"][1]["name"], "08:00");
  // 1.3 and 3.7 erlangs: the second hour needs more people.
  double hours = 0, before = 1;
  for (const auto& part : answer["parts"]) {
    EXPECT_GT(part["value"].get<double>(), before);
    before = part["value"];
    hours += before;
  }
  EXPECT_EQ(hours, answer["value"].get<double>());
  // Its settings are what a run takes.
  words = {"run", "bank_day", "-q", "--no-twin", "-o", out() + "-run"};
  words.insert(words.end(), morning.begin(), morning.end());
  for (const auto& setting : answer["settings"]) {
    words.insert(words.end(), {"--set", setting.get<std::string>()});
  }
  EXPECT_EQ(test::bcsim(words).exit, 0);
}

TEST_F(Plan, RefusesWhatItCannotAsk) {
  const auto exit_of = [&](const std::vector<std::string>& words) { return plan(words).exit; };
  EXPECT_EQ(exit_of({"--find", "agent"}), 64);
  EXPECT_EQ(exit_of({"--service-level", "120%"}), 64);
  EXPECT_EQ(exit_of({"--mean", "--probability", "90%"}), 64);
  EXPECT_EQ(exit_of({"--max-replications", "10"}), 64);
  EXPECT_EQ(exit_of({"--over", "failure", "--set", "faults=[]"}), 64);
  EXPECT_EQ(exit_of({"--growth", "50%..10%/10%"}), 64);
  EXPECT_EQ(exit_of({"--goal", "servis_level >= 80%"}), 64);
  EXPECT_EQ(exit_of({"--goal", "service_level > 80%"}), 64);
  EXPECT_EQ(exit_of({"--goal", "service_level"}), 64);
  EXPECT_EQ(exit_of({"--goal", "asa <= 80%"}), 64);
  EXPECT_EQ(exit_of({"--goal", "asa <= 8s", "--service-level", "80%"}), 64);
  EXPECT_EQ(exit_of({"--set", "agents.team1.cuont=3"}), 65);
  EXPECT_EQ(test::bcsim({"plan", "-"}).exit, 64);
  EXPECT_FALSE(std::filesystem::exists(out()));
}

}  // namespace
}  // namespace bcsim::tools::plan_test
