// The table "Rules and their proof" of models/README.md: every rule has one row, what it names
// exists.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "source_tree.hpp"

namespace bcsim::rule_table_test {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = BCSIM_SOURCE_DIR;

std::string text_of(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Row {
  std::string rule;
  std::vector<std::string> sources;  ///< below models/, or from the root
  std::vector<std::string> proofs;   ///< Unit.WhatIsTrue, or scenario.name
  std::vector<std::string> scenarios;
};

/// What a cell lists, without the back quotes; a dash is nothing.
std::vector<std::string> listed(const std::string& cell) {
  static const std::regex kItem("[^ ,`|—]+");
  std::vector<std::string> items;
  for (std::sregex_iterator item(cell.begin(), cell.end(), kItem), end; item != end; ++item) {
    items.push_back(item->str());
  }
  return items;
}

/// The rows of a table whose first cell matches, of five columns.
std::vector<Row> rows(const std::regex& first) {
  std::vector<Row> result;
  std::ifstream in(kRoot / "models/README.md");
  for (std::string line; std::getline(in, line);) {
    static const std::regex kCells(
        R"(^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]*) ?\|$)");
    std::smatch cell;
    if (!std::regex_match(line, cell, kCells) || !std::regex_match(cell.str(1), first)) continue;
    result.push_back({cell.str(1), listed(cell.str(3)), listed(cell.str(4)), listed(cell.str(5))});
  }
  return result;
}

/// Every test of the tree as Unit.WhatIsTrue, and every shipped scenario as scenario.name.
std::set<std::string> all_proofs() {
  static const std::regex kTest(R"((?:^|\n)[A-Z_]*(?:TEST|TEST_F|TEST_P|PROP)\((\w+),\s*(\w+)\))");
  std::set<std::string> proofs;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "tests")) {
    if (!entry.path().string().ends_with("_test.cpp")) continue;
    const std::string text = text_of(entry.path());
    for (std::sregex_iterator test(text.begin(), text.end(), kTest), end; test != end; ++test) {
      proofs.insert(test->str(1) + "." + test->str(2));
    }
  }
  for (const auto& entry : fs::directory_iterator(kRoot / "scenarios")) {
    if (entry.path().extension() == ".yaml")
      proofs.insert("scenario." + entry.path().stem().string());
  }
  return proofs;
}

const std::vector<Row>& rules() {
  static const std::vector<Row> kRules = rows(std::regex("R[0-9]+"));
  return kRules;
}

TEST(RuleTable, HasEveryRuleOnceAndInOrder) {
  std::vector<std::string> found, expected;
  for (const Row& row : rules()) found.push_back(row.rule);
  for (int rule = 1; rule <= 88; ++rule) expected.push_back("R" + std::to_string(rule));
  EXPECT_EQ(found, expected);
}

TEST(RuleTable, ProvesEveryRuleByATestThatExists) {
  const std::set<std::string> existing = all_proofs();
  for (const Row& row : rules()) {
    EXPECT_FALSE(row.proofs.empty()) << row.rule << " has no proof";
    for (const std::string& proof : row.proofs) {
      EXPECT_TRUE(existing.contains(proof)) << row.rule << ": there is no test " << proof;
    }
  }
}

TEST(RuleTable, NamesSourcesAndScenariosThatExist) {
  for (const Row& row : rules()) {
    EXPECT_FALSE(row.sources.empty()) << row.rule << " is modelled nowhere";
    for (const std::string& source : row.sources) {
      EXPECT_TRUE(fs::exists(kRoot / "models" / source) || fs::exists(kRoot / source))
          << row.rule << ": there is no " << source;
    }
    for (const std::string& scenario : row.scenarios) {
      EXPECT_TRUE(fs::exists(kRoot / "scenarios" / (scenario + ".yaml")))
          << row.rule << ": there is no scenario " << scenario;
    }
  }
}

}  // namespace
}  // namespace bcsim::rule_table_test
