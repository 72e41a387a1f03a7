// The finder: what worlds it makes, how it tries and shrinks them, and that it is reproducible.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "tests/support/tool_runs.hpp"
#include "tools/explore/explore.hpp"
#include "tools/explore/fault_draft.hpp"
#include "tools/explore/generator.hpp"
#include "tools/explore/shrink.hpp"
#include "tools/explore/tree.hpp"
#include "tools/explore/values.hpp"
#include "tools/scenario/keys/keys.hpp"
#include "tools/scenario/load.hpp"

namespace bcsim::tools::explore_test {
namespace {

using test::TemporaryDirectory;
using ::testing::HasSubstr;

TEST(Generator, MakesOfASeedAndANumberAlwaysTheSameWorld) {
  std::set<std::string> all;
  for (std::uint64_t i = 0; i < 50; ++i) {
    const std::string text = yaml_of(random_world(7, i).root);
    EXPECT_EQ(text, yaml_of(random_world(7, i).root));
    all.insert(text);
  }
  EXPECT_EQ(all.size(), 50u);
  EXPECT_NE(yaml_of(random_world(7, 0).root), yaml_of(random_world(8, 0).root));
}

TEST(Generator, WritesWhatTheReaderReadsBackAsTheSameTree) {
  for (std::uint64_t i = 0; i < 50; ++i) {
    const Node root = random_world(1, i).root;
    const std::string text = yaml_of(root);
    EXPECT_EQ(yaml_of(tree_of(text)), text);
    EXPECT_EQ(leaves(tree_of(text)), leaves(root)) << text;
  }
}

TEST(Generator, UsesEveryVerbOnEveryKindOfTargetThatItTakes) {
  std::map<std::string, std::set<std::string>> targets;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const Node root = random_world(3, i).root;
    for (const Node& fault : root.find("faults")->children) {
      const std::string verb = verb_of(fault);
      targets[verb].insert(fault.find(verb)->text);
    }
  }
  for (const std::string& verb : fault_verbs()) EXPECT_GT(targets[verb].size(), 1u) << verb;
  for (const char* of : {"site1", "mg1", "team1.phone.1", "team1.desktop.1",
                         "site2.sip-server.backup.host", "site1.stat-server.host"}) {
    EXPECT_EQ(targets["fail"].count(of), 1u) << of;
  }
  for (const char* of : {"dc-link", "site1.ha-link", "access.site1.site2",
                         "site2.sip-server.primary.management-link"}) {
    EXPECT_EQ(targets["cut"].count(of), 1u) << of;
  }
}

/// Keys of sections that were given in a tree, as "section/key".
void note_keys(const ValueType& type, const Node& node, std::set<std::string>& given) {
  if (type.section && node.is_map()) {
    for (const Node& child : node.children) {
      const Key* key = type.section->find(child.key);
      if (key == nullptr) continue;
      given.insert(type.section->name + "/" + key->name);
      note_keys(key->type, child, given);
    }
  }
  if (type.kind == Kind::any_of) {
    for (const ValueType& form : type.elements) note_keys(form, node, given);
  } else if (type.kind == Kind::map || type.kind == Kind::list) {
    for (const Node& child : node.children) note_keys(type.elements.at(0), child, given);
  }
}

void all_keys(const ValueType& type, std::set<const Section*>& seen, std::set<std::string>& all) {
  if (type.section && !needs_file(*type.section) && seen.insert(type.section.get()).second) {
    for (const Key& key : type.section->keys) {
      all.insert(type.section->name + "/" + key.name);
      all_keys(key.type, seen, all);
    }
  }
  for (const ValueType& element : type.elements) all_keys(element, seen, all);
}

ValueType whole_language() {
  ValueType type;
  type.kind = Kind::section;
  type.section = scenario_section();
  return type;
}

// A key that is written into the table is explored without a word here or in the generator.
TEST(Generator, GivesEveryKeyOfTheTable) {
  std::set<std::string> given, missing;
  for (std::uint64_t i = 0; i < 6000; ++i) {
    note_keys(whole_language(), random_world(5, i).root, given);
  }
  std::set<const Section*> seen;
  std::set<std::string> all;
  all_keys(whole_language(), seen, all);
  for (const std::string& key : all) {
    if (given.count(key) == 0) missing.insert(key);
  }
  // What is no part of the world that is simulated.
  for (const char* key :
       {"the scenario/extends", "the scenario/title", "the scenario/accept",
        "the scenario/expectations", "the scenario/gates", "the scenario/sweep",
        "the scenario/targets", "target/answered", "target/below-for", "target/worst-wait",
        "target/lost-callers", "target/agents-back", "run/replications", "volumes/file"}) {
    EXPECT_EQ(missing.erase(key), 1u) << key;
  }
  EXPECT_THAT(missing, testing::IsEmpty());
}

TEST(Generator, MendsWhatCheckRefuses) {
  int refused = 0;
  constexpr int kWorlds = 60;
  for (std::uint64_t i = 0; i < kWorlds; ++i) {
    const std::string text = mended(random_world(2, i), ".");
    refused += text.empty();
    if (text.empty()) continue;
    EXPECT_FALSE(load_scenario_text({text, "w", "w", "."}).has_errors()) << text;
  }
  EXPECT_LT(refused, kWorlds / 5);
}

TEST(Mutation, KeepsTheScenarioButForAFewValues) {
  const Node base = tree_of(
      "bcsim: 1\nrun: {horizon: 20min, warm-up: 1min}\nsites: {north: {}, south: {}}\n"
      "agents: {t: {count: 3, location: north}}\ncalls: {c: {rate: 90/h}}\n"
      "expectations: {whole: {lost: \"< 5\"}}\nfaults: [{at: 5min, fail: north}]\n");
  for (std::uint64_t i = 0; i < 50; ++i) {
    const Node root = mutated_world(base, 1, i).root;
    EXPECT_EQ(root.find("expectations"), nullptr);
    EXPECT_NE(root.find("agents")->find("t"), nullptr);
    EXPECT_EQ(root.find("sites")->children.size(), 2u);
    EXPECT_EQ(yaml_of(root), yaml_of(mutated_world(base, 1, i).root));
  }
}

// ---- trials
// --------------------------------------------------------------------------------------

const char* const kSmall =
    "bcsim: 1\nrun: {horizon: 10min, warm-up: 0s}\nsites: {site1: {}, site2: {}}\n"
    "agents: {t1: {count: 2, location: site1}, t2: {count: 2, location: site2}}\n"
    "calls: {c: {rate: 60/h, talk: {deterministic: 30s}}}\n";

/// A trial limits the memory of its process, and AddressSanitizer takes terabytes of addresses.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kLimitsWork = false;
#else
constexpr bool kLimitsWork = true;
#endif

TEST(Trial, TellsWhatIsGoodFromWhatIsRefused) {
  if (!kLimitsWork) GTEST_SKIP() << "memory cannot be limited under this sanitizer";
  const Trial good = run_trial([] { return std::string(kSmall); }, ".", {});
  EXPECT_FALSE(good.refused);
  EXPECT_THAT(good.failures, testing::IsEmpty());
  EXPECT_GT(good.checks.size(), 5u);
  EXPECT_NE(good.fingerprint, 0u);
  EXPECT_EQ(good.fingerprint, run_trial([] { return std::string(kSmall); }, ".", {}).fingerprint);
  EXPECT_TRUE(run_trial([] { return std::string("bcsim: 1\n"); }, ".", {}).refused);
  EXPECT_TRUE(run_trial([] { return std::string(); }, ".", {}).refused);
}

std::string kind_of(const std::function<std::string()>& make_text) {
  const Trial trial = run_trial(make_text, ".", {.cpu_s = 2, .memory_mb = 700});
  return trial.failures.empty() ? "" : trial.failures.front().kind;
}

TEST(Trial, NamesTheWayAProcessDies) {
  if (!kLimitsWork) GTEST_SKIP() << "memory cannot be limited under this sanitizer";
  EXPECT_EQ(kind_of([]() -> std::string {
              std::fputs("bcsim: /a/models/sip/x.cpp:17: void f(int): Assertion `n == 1' failed.\n",
                         stderr);
              std::abort();
            }),
            "reading: assertion models/sip/x.cpp: `n == 1'");
  EXPECT_EQ(kind_of([]() -> std::string {
              static_cast<void>(std::raise(SIGSEGV));
              return "";
            }),
            "reading: signal 11");
  EXPECT_EQ(kind_of([]() -> std::string { throw std::runtime_error("17 things at 12 s"); }),
            "error # things at # s");
  EXPECT_EQ(kind_of([]() -> std::string {
              volatile bool forever = true;
              while (forever) {
              }
              return "";
            }),
            "reading: no end");
  EXPECT_EQ(kind_of([]() -> std::string {
              std::vector<std::string> eaten;
              while (true) eaten.emplace_back().reserve(200'000'000);
            }),
            "error out of memory");
}

// ---- shrinking
// -----------------------------------------------------------------------------------

bool has_fault(const Node& root, const std::string& verb, const std::string& target) {
  const Node* faults = root.find("faults");
  if (faults == nullptr) return false;
  for (const Node& fault : faults->children) {
    const Node* of = fault.find(verb);
    if (of != nullptr && of->text == target) return true;
  }
  return false;
}

TEST(Shrink, LeavesNothingThatTheFailureCanDoWithout) {
  const Node root = tree_of(
      "bcsim: 1\nrun: {horizon: 60min, warm-up: 1min, seed: 12345}\n"
      "sites: {site1: {sip-server: {promotion: 3s, digest: true}}, site2: {}}\n"
      "agents: {a: {count: 9}, b: {count: 17}}\n"
      "faults: [{at: 613.7s, fail: site1, lasting: 2min}, {at: 20min, cut: dc-link},\n"
      "  {at: 21min, crash: site1.sip-server.primary}, {at: 22min, drain: site2}]\n");
  const Shrunk shrunk = shrink(
      root,
      [](const Node& candidate) {
        const Node* count = at_path(candidate, {"agents", "b", "count"});
        return has_fault(candidate, "fail", "site1") && has_fault(candidate, "drain", "site2") &&
               count != nullptr && std::stoi(count->text) >= 3 &&
               candidate.find("sites") != nullptr;
      },
      500);
  const Node expected =
      tree_of("sites: {}\nagents: {b: {count: 3}}\nfaults: [{fail: site1}, {drain: site2}]\n");
  EXPECT_EQ(leaves(shrunk.root), leaves(expected)) << yaml_of(shrunk.root);
  EXPECT_LE(std::stoi(at_path(shrunk.root, {"agents", "b", "count"})->text), 4);
}

TEST(Shrink, MakesTheRunShortAndDatesRound) {
  const Node root = tree_of("run: {horizon: 60min}\nfaults: [{at: 613.7s, fail: site1}]\n");
  const Shrunk shrunk = shrink(
      root,
      [](const Node& candidate) {
        const Node* horizon = at_path(candidate, {"run", "horizon"});
        return horizon != nullptr && has_fault(candidate, "fail", "site1") &&
               candidate.find("faults")->children[0].find("at") != nullptr;
      },
      500);
  EXPECT_EQ(at_path(shrunk.root, {"run", "horizon"})->text, "1s");
  EXPECT_EQ(shrunk.root.find("faults")->children[0].find("at")->text, "10min");
}

TEST(Shrink, StopsWhenItsTrialsAreSpent) {
  std::size_t asked = 0;
  const Shrunk shrunk = shrink(
      tree_of(kSmall),
      [&](const Node&) {
        ++asked;
        return false;
      },
      7);
  EXPECT_EQ(asked, 7u);
  EXPECT_EQ(shrunk.trials, 7u);
  EXPECT_EQ(yaml_of(shrunk.root), yaml_of(tree_of(kSmall)));
}

// ---- the whole
// -----------------------------------------------------------------------------------

std::string explored(unsigned jobs) {
  const TemporaryDirectory directory;
  std::istringstream in;
  std::ostringstream out, err;
  Terminal terminal{in, out, err};
  ExploreRequest request;
  request.seed = 4;
  request.worlds = 8;
  request.jobs = jobs;
  request.shrink_trials = 0;
  request.out = directory.path() / "found";
  Exploration found = explore(request, terminal);
  found.seconds = 0;
  for (auto& [kind, f] : found.kinds) f.file = f.file.filename();
  return exploration_json(found, request);
}

TEST(Explore, FindsTheSameWithAnyNumberOfProcesses) {
  const std::string one = explored(1);
  EXPECT_EQ(one, explored(3));
  EXPECT_THAT(one, HasSubstr("\"worlds\": 8"));
  EXPECT_THAT(one, HasSubstr("\"conservation\""));
}

}  // namespace
}  // namespace bcsim::tools::explore_test
