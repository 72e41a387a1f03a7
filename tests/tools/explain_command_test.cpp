// The command line of bcsim explain.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/hash.hpp"
#include "tools/cli/program.hpp"
#include "tools/scenario/home.hpp"
#include "tools/scenario/load.hpp"
#include "tools/trace/replay.hpp"

namespace bcsim::tools::explain_command_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct Outcome {
  int exit = -1;
  std::string out, err;
};

Outcome explain_program(const std::vector<std::string>& words) {
  std::istringstream in;
  std::ostringstream out, err;
  Terminal terminal{in, out, err};
  Outcome outcome;
  outcome.exit = run_program(words, terminal);
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

const std::vector<std::string> kShort = {
    "--set", "run.horizon=2h",        "--set", "agents.team1.count=30",
    "--set", "agents.team2.count=30", "--set", "calls.main.rate=600/h"};
std::vector<std::string> with_short(std::vector<std::string> words) {
  words.insert(words.end(), kShort.begin(), kShort.end());
  return words;
}

TEST(ExplainCommand, TellsALostCallOfEachCause) {
  const Outcome o = explain_program(with_short({"explain", "--lost", "site_failure"}));
  EXPECT_EQ(o.exit, 0) << o.err;
  EXPECT_THAT(o.out, HasSubstr("dropped_in_talk"));
  EXPECT_THAT(o.out, HasSubstr("What decided  R5"));
  EXPECT_THAT(o.out, HasSubstr("Both sites at 10:30:00.000"));
}

TEST(ExplainCommand, WritesJsonHtmlAndSvg) {
  const auto source = with_short({"explain", "--cause", "dropped_in_talk", "site_failure"});
  auto json = source, html = source, svg = source;
  json.push_back("--json");
  html.insert(html.end(), {"--format", "html"});
  svg.insert(svg.end(), {"--format", "svg"});
  const auto parsed = nlohmann::json::parse(explain_program(json).out);
  ASSERT_EQ(parsed.size(), 1u);
  EXPECT_EQ(parsed[0]["cause"], "dropped_in_talk");
  EXPECT_GT(parsed[0]["messages"].size(), 20u);
  const std::string page = explain_program(html).out;
  EXPECT_THAT(page, StartsWith("<!doctype html>"));
  EXPECT_THAT(page, Not(HasSubstr("src=")));
  EXPECT_THAT(page, HasSubstr("<svg class=\"ladder\""));
  EXPECT_THAT(explain_program(svg).out, StartsWith("<svg"));
}

TEST(ExplainCommand, TellsWhatActedWhen) {
  const Outcome text = explain_program(with_short({"explain", "--events", "site_failure"}));
  EXPECT_EQ(text.exit, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("10:30:00.000  fail site1\n"));
  EXPECT_THAT(text.out, HasSubstr("\n  R40   Loss of the inter-site network"));
  const auto json = nlohmann::json::parse(
      explain_program(with_short({"explain", "--events", "site_failure", "--json"})).out);
  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[1]["t"], 5400.0);
  EXPECT_LE(json[1]["events"][0]["subjects"], json[1]["events"][0]["n"]);
  EXPECT_THAT(text.out, HasSubstr(json[1]["events"].back()["text"].get<std::string>()));
  EXPECT_EQ(explain_program({"explain", "--events", "7", "site_failure"}).exit, 64);
  EXPECT_EQ(explain_program({"explain", "--events", "site_failure", "--format", "svg"}).exit, 64);
}

TEST(ExplainCommand, SaysWhatIsWrongWithTheQuestion) {
  EXPECT_EQ(explain_program({"explain"}).exit, 64);
  EXPECT_EQ(explain_program({"explain", "7", "--lost", "site_failure"}).exit, 64);
  const Outcome cause = explain_program({"explain", "--cause", "droped_in_talk", "site_failure"});
  EXPECT_EQ(cause.exit, 64);
  EXPECT_THAT(cause.err, HasSubstr("did you mean 'dropped_in_talk'?"));
  const Outcome call = explain_program(with_short({"explain", "999999", "site_failure"}));
  EXPECT_EQ(call.exit, 65);
  EXPECT_THAT(call.err, HasSubstr("there is no call 999999: they are numbered from 0 to"));
  EXPECT_EQ(explain_program({"explain", "7", "no_such_scenario"}).exit, 65);
}

TEST(ExplainCommand, RefusesResultsOfAnotherSimulation) {
  const fs::path directory = fs::path(testing::TempDir()) / "explain-results";
  fs::remove_all(directory);
  fs::create_directories(directory);
  const Loaded loaded = load_scenario(home_directory() / "scenarios" / "site_failure.yaml",
                                      {"run.horizon=1h45min", "agents.team1.count=30",
                                       "agents.team2.count=30", "calls.main.rate=600/h"});
  ASSERT_FALSE(loaded.has_errors());
  const auto write = [&](const std::string& fingerprint) {
    const nlohmann::json run = {{"effective_scenario", loaded.effective_yaml},
                                {"scenario", "site_failure"},
                                {"replication", 0},
                                {"journal_fingerprint", fingerprint},
                                {"version", "0.0.1"},
                                {"git_commit", "abc"}};
    std::ofstream(directory / "run.json") << run.dump();
  };
  write("0123456789abcdef");
  const Outcome other = explain_program({"explain", "7", directory.string()});
  EXPECT_EQ(other.exit, 65);
  EXPECT_THAT(other.err, HasSubstr("bcsim 0.0.1 (abc), which simulates something else"));
  write(sim::to_hex(replay(loaded.scenario, 0, {}).journal_fingerprint));
  const Outcome same = explain_program({"explain", "7", directory.string(), "--ladder"});
  EXPECT_EQ(same.exit, 0) << same.err;
  EXPECT_THAT(same.out, StartsWith("Call 7: "));
  fs::remove_all(directory);
}

TEST(ExplainCommand, TakesForTheLongestWaitWhatWaitedInAQueue) {
  const fs::path file = fs::path(testing::TempDir()) / "longest-wait.yaml";
  // An agent's call rings outside for longer, and a direct call longer than anybody waits.
  std::ofstream(file) << "bcsim: 1\n"
                         "run: {horizon: 6min, warm-up: 0s}\n"
                         "sites: {site1: {}, site2: {}}\n"
                         "agents: {a: {count: 2, location: site1}, b: {count: 1, location: site2,"
                         " phone: {answer-delay: 50s}}}\n"
                         "calls:\n"
                         "  out: {from-agents: [a], calls: [{at: 60s, talk: 60s}],"
                         " answer-delay: {deterministic: 50s}}\n"
                         "  direct: {to-agents: [b], calls: [{at: 61s, gateway: mg2, talk: 10s}],"
                         " setup-patience: {deterministic: 100s}}\n"
                         "  in: {redial: {enabled: false}, calls: [{at: 62s, gateway: mg1, talk: "
                         "1min, patience: 5min}, {at: 63s, gateway: mg1, talk: 20s, patience: "
                         "10s}]}\n";
  const Outcome o = explain_program({"explain", "--longest-wait", file.string()});
  EXPECT_EQ(o.exit, 0) << o.err;
  EXPECT_THAT(o.out, StartsWith("Call 3: given up by the caller while waiting"));
  // Who talks yet has waited, too.
  const Outcome talking = explain_program(
      {"explain", "--longest-wait", file.string(), "--set", "calls.in.calls.1.talk=1h", "--set",
       "calls.in.calls.1.patience=5min", "--set", "agents.a.count=1"});
  EXPECT_EQ(talking.exit, 0) << talking.err;
  EXPECT_THAT(talking.out, StartsWith("Call 3: not over when the run ended"));
  fs::remove(file);
}

TEST(ExplainCommand, RefusesWhatNoCallIs) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--cause", "callee_busy"}, {"9999999"}}) {
    std::vector<std::string> all = {"explain"};
    all.insert(all.end(), words.begin(), words.end());
    all.insert(all.end(), {"baseline", "--set", "run.horizon=70min"});
    const Outcome o = explain_program(all);
    EXPECT_EQ(o.exit, 65) << words.front();
    EXPECT_EQ(o.out, "");
    EXPECT_THAT(o.err, HasSubstr("there is no"));
  }
}

}  // namespace
}  // namespace bcsim::tools::explain_command_test
