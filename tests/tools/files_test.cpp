// However a run ends, and whatever the files are called: nothing half written, nothing overwritten,
// nothing outside its place, nothing that steers a terminal.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/support/tool_runs.hpp"
#include "tools/base/atomic_file.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/scenario/load.hpp"

namespace bcsim::tools::files_test {
namespace {

namespace fs = std::filesystem;
using test::TemporaryDirectory;
using ::testing::HasSubstr;

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

/// How a child ends that does this; signals are handled as in the program.
template <class Work>
int status_of(const Work& work) {
  const pid_t child = fork();
  if (child == 0) {
    handle_signals();
    work();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(Files, ASignalLeavesNothingHalfWritten) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const TemporaryDirectory directory;
    const int status = status_of([&] {
      const ScratchName file(directory.path(), ScratchName::Kind::file, "target");
      const ScratchName scratch(directory.path(), ScratchName::Kind::directory, "target");
      std::ofstream(fs::path(scratch.path()) / "calls.csv") << "half";
      raise(signal);
    });
    ASSERT_TRUE(WIFEXITED(status)) << signal;
    EXPECT_EQ(WEXITSTATUS(status), 128 + signal);
    EXPECT_TRUE(names_in(directory.path()).empty()) << signal;
  }
}

TEST(Files, AnIgnoredHangUpStaysIgnored) {
  const int status = status_of([] {
    std::signal(SIGHUP, SIG_IGN);
    handle_signals();
    raise(SIGHUP);
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(Files, WhatAKilledProcessLeftIsRemovedByTheNextWriter) {
  const TemporaryDirectory directory;
  std::string of_the_living;
  const int status = status_of([&] {
    const ScratchName scratch(directory.path(), ScratchName::Kind::directory, "target");
    std::ofstream(fs::path(scratch.path()) / "calls.csv") << "half";
    raise(SIGKILL);
  });
  EXPECT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(names_in(directory.path()).size(), 1u);
  const ScratchName ours(directory.path(), ScratchName::Kind::file, "target");
  close(ours.descriptor());
  write_file(directory.path() / "whole", "text");
  EXPECT_THAT(names_in(directory.path()),
              testing::UnorderedElementsAre("whole", fs::path(ours.path()).filename().string()));
}

TEST(Files, APipeIsWrittenToAndALinkFollowed) {
  const TemporaryDirectory directory;
  const fs::path pipe = directory.path() / "pipe", link = directory.path() / "link";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  write_file(pipe, "text");
  char heard[8] = {};
  EXPECT_EQ(read(reader, heard, sizeof heard), 4);
  close(reader);
  EXPECT_TRUE(fs::is_fifo(pipe));
  EXPECT_THROW(write_file(pipe, "text"), WriteError) << "nobody reads it: that would never end";
  for (const bool exists : {false, true}) {
    fs::remove(link);
    const fs::path target = directory.path() / (exists ? "there" : "new");
    if (exists) std::ofstream(target) << "old";
    fs::create_symlink(target.filename(), link);
    write_file(link, "text");
    EXPECT_TRUE(fs::is_symlink(link));
    std::string text;
    std::getline(std::ifstream(target), text);
    EXPECT_EQ(text, "text");
  }
}

TEST(Files, AFileBeyondTheLimitIsAnErrorOfWriting) {
  const TemporaryDirectory directory;
  const int status = status_of([&] {
    const rlimit limit{1000, 1000};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_file(directory.path() / "long", std::string(5000, 'x'));
    } catch (const WriteError&) {
      _exit(74);
    }
  });
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 74);
  EXPECT_TRUE(names_in(directory.path()).empty());
}

TEST(Files, AScenariosNameIsOneVisibleDirectory) {
  EXPECT_EQ(file_name_of("site_failure"), "site_failure");
  EXPECT_EQ(file_name_of("straße 1"), "straße 1");
  for (const char* name : {"..", ".", ".x", "-x", "", "a/b", "a\nb", "a\x1b[31mb", "a\u009b31m"}) {
    const std::string safe = file_name_of(name);
    EXPECT_FALSE(safe.empty());
    EXPECT_TRUE(safe.front() != '.' && safe.front() != '-') << name;
    EXPECT_EQ(safe.find_first_of("/\n\x1b"), std::string::npos) << name;
    EXPECT_EQ(safe.find("\u009b"), std::string::npos) << name;
  }
}

/// A place where nothing can be written, and what the message says of it.
struct Hopeless {
  std::string path;
  const char* why;
};

/// Every kind of name that is none, as itself and as a part of a longer one.
std::vector<Hopeless> hopeless_places(const fs::path& directory) {
  fs::create_symlink("two", directory / "one");
  fs::create_symlink("one", directory / "two");
  fs::create_symlink("nowhere/at/all", directory / "dangling");
  std::ofstream(directory / "file") << "text";
  const std::string in = directory.string() + "/";
  std::vector<Hopeless> places = {{in + std::string(256, 'a'), "name too long"},
                                  {in + std::string(300, 'a') + "/b", "name too long"},
                                  {in + "new/" + std::string(300, 'a'), "name too long"},
                                  {in + "one", "symbolic links"},
                                  {in + "one/b", "symbolic links"},
                                  {in + "file/b", "director"},
                                  {in + "dangling/b", "director"},
                                  {"/proc/bcsim/b", "/proc"}};
  std::string deep = directory.string();
  for (int i = 0; i < 300; ++i) deep += "/new/directories";
  places.push_back({deep, "name too long"});
  if (geteuid() != 0) places.push_back({"/root/b", "permission"});
  return places;
}

TEST(Files, WhatCannotBeWrittenIsNamedByEveryCommandWithAnOutput) {
  const TemporaryDirectory directory, results;
  const std::string run = (results.path() / "run").string();
  ASSERT_EQ(test::bcsim(test::small_site_failure({"run", "--no-twin", "-o", run})).exit, 0);
  const auto small = [](std::vector<std::string> words) {
    return test::small_site_failure(std::move(words));
  };
  const auto sweep_and = [&](std::vector<std::string> words) {
    words.insert(words.begin() + 1, {"--vary", "agents.team1.count=15,16", "-n", "2"});
    return small(std::move(words));
  };
  const std::vector<std::vector<std::string>> commands = {
      small({"run", "--no-twin", "-o"}),
      small({"run", "--no-twin", "--baseline"}),
      small({"run", "--no-twin", "-o", run, "--journal"}),
      small({"run", "--no-twin", "-o", run, "--pcap"}),
      small({"run", "--no-twin", "-n", "2", "--shard", "1/2", "-o"}),
      sweep_and({"sweep", "-o"}),
      small({"plan", "--find", "agents", "-o"}),
      small({"tune", "-n", "2", "-o"}),
      small({"worst", "-n", "2", "-o"}),
      {"explore", "-q", "-n", "1", "-o"},
      {"report", run, "-o"},
      {"explain", "0", run, "-o"},
      {"compare", run, run, "--junit"},
      {"compare", run, run, "--markdown"},
      {"new"}};
  for (const Hopeless& place : hopeless_places(directory.path())) {
    for (std::vector<std::string> words : commands) {
      // It writes what it finds only, and nothing says beforehand that /proc takes no files.
      if (words.front() == "explore" && place.path.starts_with("/proc")) continue;
      words.push_back(place.path);
      if (words.front() == "new") words.insert(words.begin() + 1, "--agents=2");
      const test::Outcome outcome = test::bcsim(words);
      SCOPED_TRACE(words.front() + " " + *std::prev(words.end(), 2) + " " + place.path);
      EXPECT_EQ(outcome.exit, 74);
      EXPECT_THAT(outcome.err, testing::AnyOf(HasSubstr(place.why), HasSubstr("directory")));
      EXPECT_THAT(outcome.err, testing::Not(HasSubstr("internal")));
    }
  }
}

TEST(Files, WhatCannotBeReadIsBadInputAndNeverOurFault) {
  const TemporaryDirectory directory;
  for (const Hopeless& place : hopeless_places(directory.path())) {
    for (const std::vector<std::string>& before : {std::vector<std::string>{"run"},
                                                   {"check"},
                                                   {"report"},
                                                   {"merge"},
                                                   {"compare"},
                                                   {"explain", "0"},
                                                   {"explore", "-n", "1"}}) {
      std::vector<std::string> words = before;
      words.push_back(place.path);
      if (before.front() == "compare") words.push_back(place.path);
      const test::Outcome outcome = test::bcsim(words);
      EXPECT_EQ(outcome.exit, 65) << before.front() << " " << place.path << "\n" << outcome.err;
    }
  }
}

TEST(Files, LoopsOfLinksAreOneFileOnlyUnderOneName) {
  const TemporaryDirectory directory;
  const fs::path one = directory.path() / "one", two = directory.path() / "two";
  fs::create_symlink("two", one);
  fs::create_symlink("one", two);
  EXPECT_TRUE(same_file(one, one));
  EXPECT_TRUE(same_file(one, directory.path() / "." / "one"));
  EXPECT_FALSE(same_file(one, two));
  EXPECT_FALSE(same_file(one / "a", two / "b"));
}

TEST(Files, NoOutputMayBeAnInputOrAnotherOutput) {
  const TemporaryDirectory directory;
  const std::string scenario = (directory.path() / "s.yaml").string();
  std::ofstream(scenario) << "bcsim: 1\nsites: {a: {}, b: {}}\nrun: {horizon: 1min, warm-up: 0s}\n"
                             "agents: {t: {count: 9, location: a}, u: {count: 9, location: b}}\n"
                             "calls: {c: {rate: 60/h}}\n";
  const std::string out = (directory.path() / "r").string();
  fs::create_directory(out);
  const auto run = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"run", scenario, "-q", "--out", out});
    return test::bcsim(more).exit;
  };
  for (const char* name : {"run.json", "calls.csv", "events.ndjson", "summary.json"}) {
    EXPECT_EQ(run({"--journal", out + "/" + name}), 64) << name;
  }
  EXPECT_EQ(run({"--journal", scenario}), 64);
  EXPECT_EQ(run({"--journal", out + "/../s.yaml"}), 64);
  EXPECT_EQ(run({"--journal", out + "/x", "--pcap", out + "/./x"}), 64);
  EXPECT_TRUE(names_in(out).empty());
}

TEST(Files, NothingIsCapturedOfACallThatThereIsNot) {
  const TemporaryDirectory directory;
  const std::string scenario = (directory.path() / "s.yaml").string();
  std::ofstream(scenario) << "bcsim: 1\nsites: {a: {}, b: {}}\nrun: {horizon: 1min, warm-up: 0s}\n"
                             "agents: {t: {count: 9, location: a}, u: {count: 9, location: b}}\n"
                             "calls: {c: {profile: [{at: 1s, rate: 600/h}]}}\n";
  const fs::path out = directory.path() / "r", journal = directory.path() / "j";
  const auto trace = [&](const std::string& call) {
    return test::bcsim({"run", scenario, "-q", "--out", out.string(), "--journal", journal.string(),
                        "--journal-messages", "--trace-call", call});
  };
  EXPECT_EQ(trace("0").exit, 0);
  EXPECT_TRUE(fs::remove(journal));
  const auto none = trace("999");
  EXPECT_EQ(none.exit, 65);
  EXPECT_THAT(none.err, testing::HasSubstr("there is no call 999"));
  EXPECT_FALSE(fs::exists(journal));
  EXPECT_TRUE(fs::exists(out / "run.json"));
}

/// What it extends and the tables that it names are inputs, too, and of every command.
TEST(Files, NoOutputMayBeAnyFileThatAScenarioIsReadFrom) {
  const TemporaryDirectory directory;
  const auto in = [&](const char* name) { return (directory.path() / name).string(); };
  std::ofstream(in("base.yaml")) << "bcsim: 1\nsites: {a: {}, b: {}}\n"
                                    "run: {horizon: 2min, warm-up: 0s}\nagents: {t: {count: 9, "
                                    "location: a}, u: {count: 9, location: b}}\n";
  std::ofstream(in("calls.csv")) << "start,count\n0s,2\n60s,2\n";
  std::ofstream(in("s.yaml")) << "extends: base.yaml\ncalls: {c: {volumes: {file: calls.csv}}}\n"
                                 "faults: [{at: 1min, fail: a}]\n";
  const std::string scenario = in("s.yaml");
  const Loaded loaded = load_scenario(scenario);
  ASSERT_FALSE(loaded.has_errors()) << render(loaded.diagnostics.front(), false);
  EXPECT_EQ(loaded.files.size(), 3u);
  const auto before = test::files_of(directory.path());
  const auto refused = [&](std::vector<std::string> words) {
    words.emplace_back("-q");
    const test::Outcome o = test::bcsim(words);
    EXPECT_EQ(o.exit, 64) << o.err;
    EXPECT_EQ(test::files_of(directory.path()), before) << words.front();
  };
  for (const char* name : {"s.yaml", "base.yaml", "calls.csv", "./x/../base.yaml"}) {
    const std::string file = in(name);
    refused({"run", scenario, "-o", in("r"), "--journal", file});
    refused({"run", scenario, "-o", in("r"), "--pcap", file});
    refused({"explain", "--events", scenario, "-o", file});
    refused({"compare", scenario, scenario, "--junit", file});
    refused({"compare", scenario, scenario, "--markdown", file});
  }
  refused({"compare", scenario, scenario, "--markdown", in("m"), "--junit", in("m")});
  refused({"run", scenario, "-o", directory.path().string()});  // it has a calls.csv
  fs::rename(in("s.yaml"), in("worst.yaml"));
  fs::rename(in("base.yaml"), in("plan.csv"));
  std::ofstream(in("worst.yaml")) << "extends: plan.csv\ncalls: {c: {volumes: {file: calls.csv}}}\n"
                                     "faults: [{at: 1min, fail: a}]\n";
  const auto moved = test::files_of(directory.path());
  for (const char* command : {"worst", "plan"}) {
    const test::Outcome o =
        test::bcsim({command, in("worst.yaml"), "-q", "-o", directory.path().string()});
    EXPECT_EQ(o.exit, 64) << o.err;
    EXPECT_EQ(test::files_of(directory.path()), moved) << command;
  }
}

TEST(Files, DamagedResultsAreNamedAndNeverOurFault) {
  const TemporaryDirectory directory;
  const std::string out = (directory.path() / "r").string();
  const auto words = test::small_site_failure({"run", "--out", out, "--set", "run.horizon=61min"});
  test::bcsim(words);
  ASSERT_TRUE(fs::exists(out + "/run.json"));
  const auto before = [&] {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::directory_iterator(out)) {
      std::ifstream in(entry.path(), std::ios::binary);
      all[entry.path().string()] = {std::istreambuf_iterator<char>(in), {}};
    }
    return all;
  }();
  const auto damage = [&](const std::string& file, const std::string& content) {
    std::ofstream(file, std::ios::binary) << content;
    const auto report = test::bcsim({"report", out, "-q"});
    EXPECT_TRUE(report.exit == 65 || report.exit == 0) << file << ": " << report.err;
    if (fs::path(file).filename() == "run.json") {
      const auto explain = test::bcsim({"explain", "0", out});
      EXPECT_TRUE(explain.exit == 65 || explain.exit == 0) << file << ": " << explain.err;
    }
    std::ofstream(file, std::ios::binary) << before.at(file);
  };
  for (const auto& [file, content] : before) {
    damage(file, content.substr(0, content.size() / 2));
    damage(file, "");
    damage(file, "{}");
    damage(file, "[]");
  }
  const std::string run_json = out + "/run.json";
  const auto whole = nlohmann::ordered_json::parse(before.at(run_json));
  for (const auto& [key, value] : whole.items()) {
    auto json = whole;
    json.erase(key);
    damage(run_json, json.dump());
    json[key] = nlohmann::json::array({1, "x"});
    damage(run_json, json.dump());
  }
  auto json = whole;
  json.erase("phases");
  std::ofstream(run_json) << json.dump();
  const auto outcome = test::bcsim({"report", out, "-q"});
  EXPECT_EQ(outcome.exit, 65);
  EXPECT_THAT(outcome.err, HasSubstr("run.json"));
}

TEST(Files, TextsOfOthersAreNoMarkup) {
  EXPECT_EQ(escape_markdown("<script>alert(1)</script>"), "&lt;script&gt;alert(1)&lt;/script&gt;");
  EXPECT_EQ(escape_markdown("a\x1b[31mb\nc|d"), "a\\\\x1b\\[31mb c\\|d");
}

}  // namespace
}  // namespace bcsim::tools::files_test
