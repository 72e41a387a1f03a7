// The command line: commands, options, help, suggestions and exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tools/base/atomic_file.hpp"
#include "tools/base/exit_code.hpp"
#include "tools/cli/command_table.hpp"
#include "tools/cli/program.hpp"
#include "tools/cli/starter.hpp"
#include "tools/scenario/home.hpp"

namespace bcsim::tools::cli_program_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

struct Outcome {
  int exit = -1;
  std::string out, err;
};

Outcome bcsim(const std::vector<std::string>& words, const std::string& input = "",
              bool interactive = false) {
  std::istringstream in(input);
  std::ostringstream out, err;
  Terminal terminal{in, out, err};
  terminal.in_is_terminal = interactive;
  Outcome outcome;
  outcome.exit = run_program(words, terminal);
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

class CommandLine : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::path(testing::TempDir()) /
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }
  std::string file(const std::string& name) const { return (directory_ / name).string(); }
  static std::string content(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  fs::path directory_;
};

TEST_F(CommandLine, WithoutACommandShowsHelpAsAMistake) {
  const Outcome o = bcsim({});
  EXPECT_EQ(o.exit, 64);
  EXPECT_THAT(o.out, IsEmpty());
  EXPECT_THAT(o.err, HasSubstr("Usage"));
}

TEST_F(CommandLine, HelpIsDataOnStandardOutput) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--help"}, {"-h"}, {"help"}}) {
    const Outcome o = bcsim(words);
    EXPECT_EQ(o.exit, 0);
    EXPECT_THAT(o.out, HasSubstr("check"));
    EXPECT_THAT(o.err, IsEmpty());
  }
}

TEST_F(CommandLine, EveryCommandExplainsItselfWithItsOptionsAndAnExample) {
  for (const Command& command : commands()) {
    const Outcome o = bcsim({command.name, "--help"});
    EXPECT_EQ(o.exit, 0) << command.name;
    EXPECT_EQ(bcsim({"help", command.name}).out, o.out);
    for (const Option& option : all_options(command)) {
      EXPECT_THAT(o.out, HasSubstr("--" + option.name)) << command.name;
    }
    for (const Example& example : command.examples) EXPECT_THAT(o.out, HasSubstr(example.command));
  }
}

TEST_F(CommandLine, OptionNamesAndLettersAreDistinct) {
  for (const Command& command : commands()) {
    std::set<std::string> names;
    std::set<char> letters;
    for (const Option& option : all_options(command)) {
      EXPECT_TRUE(names.insert(option.name).second) << command.name << " --" << option.name;
      if (option.letter != 0) {
        EXPECT_TRUE(letters.insert(option.letter).second) << option.letter;
      }
    }
  }
}

TEST_F(CommandLine, TyposInCommandsAndOptionsGetASuggestion) {
  const Outcome command = bcsim({"chekc", "x"});
  EXPECT_EQ(command.exit, 64);
  EXPECT_THAT(command.err, HasSubstr("did you mean 'check'?"));
  const Outcome option = bcsim({"check", "--efective", "x"});
  EXPECT_EQ(option.exit, 64);
  EXPECT_THAT(option.err, HasSubstr("did you mean '--effective'?"));
  EXPECT_THAT(option.out, IsEmpty());
}

TEST_F(CommandLine, MistakesOfUsageEndWith64) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"check"},
                                                {"list", "one", "two"},
                                                {"check", "--color=red", "x"},
                                                {"run", "a", "b"},
                                                {"run", "x", "--seed", "many"},
                                                {"run", "x", "-j", "0"},
                                                {"check", "--set"},
                                                {"help", "nothing"},
                                                {"check", "--color=always", "--color=never", "x"},
                                                {"--nothing"}}) {
    const Outcome o = bcsim(words);
    EXPECT_EQ(o.exit, 64) << words.front();
    EXPECT_THAT(o.err, StartsWith("bcsim: "));
  }
}

TEST_F(CommandLine, VersionNamesTheProgram) {
  EXPECT_THAT(bcsim({"--version"}).out, StartsWith("bcsim "));
  const auto j = nlohmann::json::parse(bcsim({"version", "--json"}).out);
  EXPECT_EQ(j["language"], 1);
}

TEST_F(CommandLine, ListShowsEachShippedScenarioWithItsLine) {
  const Outcome o = bcsim({"list"});
  EXPECT_EQ(o.exit, 0);
  for (const ShippedScenario& s : shipped_scenarios()) {
    EXPECT_THAT(o.out, HasSubstr(s.name));
    EXPECT_THAT(s.title, Not(IsEmpty())) << s.name;
    EXPECT_LE(s.title.size(), 80u) << s.name;
  }
  EXPECT_EQ(nlohmann::json::parse(bcsim({"list", "--json"}).out).size(),
            shipped_scenarios().size());
}

TEST_F(CommandLine, CheckTakesAPathANameOrStandardInput) {
  EXPECT_EQ(bcsim({"check", "site_failure"}).exit, 0);
  const std::string path = (home_directory() / "scenarios" / "site_failure.yaml").string();
  EXPECT_EQ(bcsim({"check", path}).exit, 0);
  EXPECT_EQ(bcsim({"check", "-"}, content(path)).exit, 0);
}

TEST_F(CommandLine, EveryShippedScenarioIsGood) {
  for (const ShippedScenario& s : shipped_scenarios()) {
    const Outcome o = bcsim({"check", s.path.string()});
    EXPECT_EQ(o.exit, 0) << o.err;
    EXPECT_THAT(o.out, HasSubstr(": good"));
  }
}

TEST_F(CommandLine, WhatCannotBeReadAndWhatIsWrongEndWith65) {
  const Outcome missing = bcsim({"check", file("none.yaml")});
  EXPECT_EQ(missing.exit, 65);
  EXPECT_THAT(missing.err, HasSubstr("none.yaml: error[S-010]"));
  EXPECT_EQ(bcsim({"check", directory_.string()}).exit, 65);
  const Outcome name = bcsim({"check", "site_failur"});
  EXPECT_EQ(name.exit, 65);
  EXPECT_THAT(name.err, HasSubstr("did you mean 'site_failure'?"));
  std::ofstream(file("bad.yaml")) << "bcsim: 1\nsite: {}\n";
  const Outcome bad = bcsim({"check", file("bad.yaml")});
  EXPECT_EQ(bad.exit, 65);
  EXPECT_THAT(bad.err, HasSubstr("bad.yaml:2:1: error[S-001]"));
  EXPECT_THAT(bad.out, IsEmpty());
}

TEST_F(CommandLine, CheckAsJsonHoldsEveryProblem) {
  std::ofstream(file("bad.yaml")) << "bcsim: 1\nsite: {}\n";
  const Outcome o = bcsim({"check", "--json", file("bad.yaml")});
  EXPECT_EQ(o.exit, 65);
  const auto j = nlohmann::json::parse(o.out);
  EXPECT_FALSE(j["good"]);
  const auto unknown = std::find_if(j["diagnostics"].begin(), j["diagnostics"].end(),
                                    [](const auto& d) { return d["code"] == "S-001"; });
  ASSERT_NE(unknown, j["diagnostics"].end());
  EXPECT_EQ((*unknown)["line"], 2);
  EXPECT_EQ((*unknown)["hint"], "did you mean 'sites'?");
  const auto good = nlohmann::json::parse(bcsim({"check", "--json", "baseline"}).out);
  EXPECT_EQ(good["summary"]["agents"], 500);
}

TEST_F(CommandLine, EffectiveScenarioIsYamlThatChecks) {
  const Outcome o = bcsim({"check", "--effective", "partition"});
  EXPECT_EQ(o.exit, 0);
  EXPECT_EQ(bcsim({"check", "-"}, o.out).exit, 0);
}

TEST_F(CommandLine, OverridesAreCheckedLikeFiles) {
  EXPECT_EQ(bcsim({"check", "baseline", "--set", "run.seed=9", "--set=run.horizon=2h"}).exit, 0);
  const Outcome o = bcsim({"check", "baseline", "--set", "run.horizon=2"});
  EXPECT_EQ(o.exit, 65);
  EXPECT_THAT(o.err, StartsWith("--set run.horizon=2: error[S-004]"));
}

TEST_F(CommandLine, ColourOnlyWhereItIsWanted) {
  const std::vector<std::string> bad = {"check", "-"};
  EXPECT_THAT(bcsim(bad, "x: 1\n").err, Not(HasSubstr("\033[")));
  EXPECT_THAT(bcsim({"check", "--color=always", "-"}, "x: 1\n").err, HasSubstr("\033[1;31m"));
  std::istringstream in;
  std::ostringstream out, err;
  Terminal terminal{in, out, err};
  terminal.err_is_terminal = true;
  EXPECT_TRUE(terminal.color_err());
  terminal.no_color = true;
  EXPECT_FALSE(terminal.color_err());
  terminal.color = ColorChoice::always;
  EXPECT_TRUE(terminal.color_err());
}

TEST_F(CommandLine, QuietHidesWarningsButNotErrors) {
  const std::string warned = "sites.site1.gateways.mg1.second-target=false";
  EXPECT_THAT(bcsim({"check", "baseline", "--set", warned}).err, HasSubstr("V-W20"));
  const Outcome quiet = bcsim({"check", "-q", "baseline", "--set", warned});
  EXPECT_THAT(quiet.err, IsEmpty());
  EXPECT_THAT(quiet.out, IsEmpty());
  EXPECT_THAT(bcsim({"check", "-q", "-"}, "x: 1\n").err, HasSubstr("S-001"));
}

TEST_F(CommandLine, NewWritesAScenarioThatChecksWhateverIsAsked) {
  for (const std::string& failure : starter_failures()) {
    for (const std::string& phones : starter_phones()) {
      const std::string path = file(failure + phones + ".yaml");
      const Outcome o = bcsim({"new", path, "--failure", failure, "--phones", phones});
      EXPECT_EQ(o.exit, 0) << o.err;
      EXPECT_THAT(o.out, IsEmpty());
      const Outcome check = bcsim({"check", path});
      EXPECT_EQ(check.exit, 0) << check.err;
      EXPECT_THAT(check.err, IsEmpty());
    }
  }
}

TEST_F(CommandLine, NewTakesNumbersFromOptions) {
  const Outcome o = bcsim({"new", "-", "--agents", "250", "--calls", "4800", "--aht", "310s",
                           "--title", "Mine: \"quoted\" # really"});
  EXPECT_EQ(o.exit, 0) << o.err;
  const Loaded loaded = load_scenario_text({o.out, "new", "new", "."});
  ASSERT_FALSE(loaded.has_errors());
  EXPECT_EQ(loaded.scenario.agents[0].count, 250u);
  EXPECT_EQ(loaded.scenario.title, "Mine: \"quoted\" # really");
  EXPECT_EQ(std::get<models::ConstantRate>(loaded.scenario.calls[0].arrivals).per_s, 4800.0 / 3600);
  EXPECT_NEAR(models::mean_s(loaded.scenario.calls[0].talk) +
                  models::mean_s(loaded.scenario.calls[0].after_call_work),
              310, 1e-9);
}

TEST_F(CommandLine, NewAsksOnATerminalUntilItUnderstands) {
  const Outcome o = bcsim({"new", "-"}, "many\n120\n\n4 min\n4min\ndual\nfire\npartition\n", true);
  EXPECT_EQ(o.exit, 0) << o.err;
  EXPECT_THAT(o.err, HasSubstr("Agents at each site [100]: "));
  EXPECT_THAT(o.err, HasSubstr("'fire' is not possible"));
  const Loaded loaded = load_scenario_text({o.out, "new", "new", "."});
  EXPECT_EQ(loaded.scenario.agents[1].count, 120u);
  EXPECT_EQ(loaded.scenario.agents[1].phone.registration, models::RegistrationMode::dual);
  EXPECT_TRUE(std::holds_alternative<models::Cut>(loaded.scenario.faults[0].deed));
}

TEST_F(CommandLine, NewDoesNotAskWhenTheInputEnds) {
  EXPECT_EQ(bcsim({"new", "-"}, "", true).exit, 0);
}

TEST_F(CommandLine, NewReplacesAFileOnlyWithForce) {
  const std::string path = file("mine.yaml");
  std::ofstream(path) << "precious";
  const Outcome refused = bcsim({"new", path});
  EXPECT_EQ(refused.exit, 74);
  EXPECT_EQ(content(path), "precious");
  EXPECT_EQ(bcsim({"new", path, "--force"}).exit, 0);
  EXPECT_NE(content(path), "precious");
}

TEST_F(CommandLine, NewIntoNowhereEndsWith74) {
  const Outcome o = bcsim({"new", file("no/such/directory/x.yaml")});
  EXPECT_EQ(o.exit, 74);
  EXPECT_THAT(o.err, HasSubstr("cannot write"));
}

TEST_F(CommandLine, NewRefusesAnswersThatMakeNoSense) {
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--agents", "0"},
                                               {"--calls", "-5"},
                                               {"--aht", "300"},
                                               {"--phones", "pigeon"},
                                               {"--failure", "rain"},
                                               {"--title", "two\nlines"}}) {
    std::vector<std::string> words = {"new", "-"};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(bcsim(words).exit, 64) << more[0];
  }
}

TEST_F(CommandLine, SchemaIsJsonAndReferenceIsMarkdown) {
  const auto j = nlohmann::json::parse(bcsim({"schema"}).out);
  EXPECT_EQ(j["$schema"], "http://json-schema.org/draft-07/schema#");
  EXPECT_THAT(bcsim({"schema", "--markdown"}).out, StartsWith("# Keys of a scenario file"));
}

TEST_F(CommandLine, RunRefusesABadScenarioBeforeTimeStarts) {
  EXPECT_EQ(bcsim({"run", "-"}, "bcsim: 1\n").exit, 65);
  EXPECT_EQ(bcsim({"run", file("none.yaml")}).exit, 65);
}

TEST_F(CommandLine, OutputThatCannotBeWrittenEndsWith74) {
  std::istringstream in;
  std::ofstream full("/dev/full");
  if (!full) GTEST_SKIP() << "no /dev/full here";
  std::ostringstream err;
  Terminal terminal{in, full, err};
  EXPECT_EQ(run_program({"schema"}, terminal), 74);
  EXPECT_THAT(err.str(), HasSubstr("standard output"));
}

using AtomicFile = CommandLine;

TEST_F(AtomicFile, WritesTheWholeFileAndLeavesNothingElse) {
  write_file(file("a.txt"), "first");
  write_file(file("a.txt"), "second");
  EXPECT_EQ(content(file("a.txt")), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()), 1);
  const auto permissions = fs::status(file("a.txt")).permissions();
  EXPECT_NE(permissions & fs::perms::owner_write, fs::perms::none);
}

TEST_F(AtomicFile, FailureLeavesWhatWasThere) {
  fs::create_directory(directory_ / "taken");
  EXPECT_THROW(write_file(file("taken"), "x"), WriteError);
  EXPECT_THROW(write_file(file("none/a.txt"), "x"), WriteError);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()), 1);
  std::ofstream(file("plain")) << "x";
  EXPECT_THROW(make_directories(file("plain/below")), WriteError);
}

}  // namespace
}  // namespace bcsim::tools::cli_program_test
