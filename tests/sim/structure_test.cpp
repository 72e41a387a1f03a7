// House rules about the shape of the sources: who may include whom, how long a function may be, and
// that nothing is left which only its tests use.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "source_tree.hpp"

namespace {

namespace fs = std::filesystem;

using Lines = std::vector<std::string>;
using Sources = std::map<std::string, Lines>;  // by path from the root

Sources read_sources() {
  Sources sources;
  const fs::path root = BCSIM_SOURCE_DIR;
  for (const std::string_view directory : {"sim", "models", "tools", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / directory)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".cpp" && extension != ".hpp") continue;
      Lines& lines = sources[fs::relative(entry.path(), root).generic_string()];
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) lines.push_back(line);
    }
  }
  return sources;
}
const Sources& sources() {
  static const Sources kSources = read_sources();
  return kSources;
}

std::string listed(const Lines& findings) {
  std::string all;
  for (const std::string& finding : findings) all += "\n" + finding;
  return all;
}

/// What a source includes of ours.
Lines includes_of(const Lines& lines) {
  constexpr std::string_view kDirective = "#include \"";
  Lines out;
  for (const std::string& line : lines) {
    if (!line.starts_with(kDirective)) continue;
    out.push_back(line.substr(kDirective.size(), line.rfind('"') - kDirective.size()));
  }
  return out;
}

// ---- floors
// --------------------------------------------------------------------------------------

/// The folders of tools/ from the ground up; those of one floor may include each other one way.
const std::vector<std::vector<std::string>> kFloors = {
    {"base"},
    {"scenario/text"},
    {"scenario/table"},
    {"scenario/keys"},
    {"scenario/rules"},
    {"scenario"},
    {"stats", "journal"},
    {"results"},
    {"trace"},
    {"run"},
    {"compare", "plan", "sweep", "tune", "explore", "worst", "verify", "report"},
    {"cli"}};

/// "scenario/keys" of "tools/scenario/keys/gates.cpp"; empty: not in a folder of tools/.
std::string folder_of(std::string_view path) {
  constexpr std::string_view kTools = "tools/";
  const std::size_t slash = path.rfind('/');
  if (!path.starts_with(kTools) || slash < kTools.size()) return "";
  return std::string(path.substr(kTools.size(), slash - kTools.size()));
}
int floor_of(const std::string& folder) {
  for (std::size_t i = 0; i < kFloors.size(); ++i) {
    if (std::ranges::count(kFloors[i], folder) > 0) return static_cast<int>(i);
  }
  return -1;
}

/// What is wrong with the includes of these files.
Lines wrong_floors(const Sources& files) {
  Lines findings;
  std::set<std::pair<std::string, std::string>> neighbours;
  for (const auto& [path, lines] : files) {
    const std::string from = folder_of(path);
    if (from.empty()) continue;
    if (floor_of(from) < 0) findings.push_back(path + ": its folder is on no floor");
    for (const std::string& included : includes_of(lines)) {
      const std::string to = folder_of(included);
      if (to.empty() || to == from) continue;
      if (floor_of(to) > floor_of(from)) {
        findings.push_back(path + " includes upward: " + included);
      } else if (floor_of(to) == floor_of(from)) {
        neighbours.insert({from, to});
        if (neighbours.contains({to, from})) {
          findings.push_back(from + " and " + to + " include each other: " + path);
        }
      }
    }
  }
  return findings;
}

TEST(Structure, FoldersOfToolsIncludeLowerFloorsOnly) {
  EXPECT_EQ(listed(wrong_floors(sources())), "");
}

TEST(Structure, FloorsTellUpFromDown) {
  const auto wrong = [](const std::string& path, const std::string& included) {
    return !wrong_floors({{path, {"#include \"" + included + "\""}}}).empty();
  };
  EXPECT_TRUE(wrong("tools/run/a.cpp", "tools/cli/b.hpp"));
  EXPECT_TRUE(wrong("tools/scenario/keys/a.cpp", "tools/scenario/rules/b.hpp"));
  EXPECT_TRUE(wrong("tools/attic/a.cpp", "tools/base/b.hpp"));
  EXPECT_FALSE(wrong("tools/cli/a.cpp", "tools/run/b.hpp"));
  EXPECT_FALSE(wrong("tools/report/a.cpp", "tools/compare/b.hpp"));
  EXPECT_FALSE(wrong_floors({{"tools/report/a.cpp", {"#include \"tools/compare/b.hpp\""}},
                             {"tools/compare/b.hpp", {"#include \"tools/report/c.hpp\""}}})
                   .empty());
}

// ---- functions
// -----------------------------------------------------------------------------------

constexpr std::size_t kLongest = 70;

/// Is this the head of a function (its first or last line) and no table in a function's clothes?
bool begins_function(std::string_view line) {
  const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
  const std::string_view text = line.substr(indent);
  if (indent > 2 || !text.ends_with('{') || text.ends_with("= {")) return false;
  for (const std::string_view word : {"namespace", "struct", "class", "enum", "union", "switch",
                                      "for", "if", "while", "do", "else", "case", "template"}) {
    if (text.starts_with(word)) return false;
  }
  // Rows of the table of keys, and a command with its options and examples.
  return !text.starts_with("std::shared_ptr<const Section>") && !text.starts_with("Command ");
}

Lines long_functions(const std::string& path, const Lines& lines) {
  Lines findings;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!begins_function(lines[i])) continue;
    const std::string end = std::string(lines[i].find_first_not_of(' '), ' ') + "}";
    const auto close = std::find_if(lines.begin() + static_cast<std::ptrdiff_t>(i) + 1, lines.end(),
                                    [&](const std::string& line) { return line.starts_with(end); });
    if (close == lines.end() || *close != end) continue;
    const auto length = static_cast<std::size_t>(close - lines.begin()) - i + 1;
    if (length > kLongest) {
      findings.push_back(path + ":" + std::to_string(i + 1) + ": " + std::to_string(length) +
                         " lines");
    }
  }
  return findings;
}

TEST(Structure, FunctionsFitAScreen) {
  Lines findings;
  for (const auto& [path, lines] : sources()) {
    if (path.starts_with("tests/")) continue;
    for (std::string& finding : long_functions(path, lines)) findings.push_back(std::move(finding));
  }
  EXPECT_EQ(listed(findings), "");
}

TEST(Structure, ALongFunctionIsSeen) {
  const auto found = [](const std::string& head, const std::string& indent, std::size_t body) {
    Lines lines = {indent + head};
    lines.insert(lines.end(), body, indent + "  f();");
    lines.push_back(indent + "}");
    return !long_functions("x.cpp", lines).empty();
  };
  EXPECT_TRUE(found("void f() {", "", 69));
  EXPECT_FALSE(found("void f() {", "", 68));
  EXPECT_TRUE(found("void member(int x) const {", "  ", 69));
  EXPECT_FALSE(found("struct S {", "", 90));
  EXPECT_FALSE(found("std::shared_ptr<const Section> run_section() {", "", 90));
}

// ---- users
// ---------------------------------------------------------------------------------------

/// Headers outside tests/ that only tests include, or nobody.
Lines unused_headers(const Sources& files) {
  std::map<std::string, bool> used;
  for (const auto& [path, lines] : files) {
    if (!path.starts_with("tests/") && path.ends_with(".hpp")) used.emplace(path, false);
  }
  for (const auto& [path, lines] : files) {
    if (path.starts_with("tests/")) continue;
    for (const std::string& included : includes_of(lines)) {
      const bool own = path.substr(0, path.rfind('.')) == included.substr(0, included.rfind('.'));
      const auto header = used.find(included);
      if (header != used.end() && !own) header->second = true;
    }
  }
  Lines findings;
  for (const auto& [path, is_used] : used) {
    if (!is_used) findings.push_back(path);
  }
  return findings;
}

TEST(Structure, NoFileIsThereForItsTestsOnly) {
  EXPECT_EQ(listed(unused_headers(sources())), "");
}

TEST(Structure, AFileForItsTestsIsSeen) {
  const Sources files = {{"sim/a.hpp", {}},
                         {"sim/a.cpp", {"#include \"sim/a.hpp\""}},
                         {"sim/b.hpp", {"#include \"sim/c.hpp\""}},
                         {"sim/c.hpp", {}},
                         {"tests/sim/a_test.cpp", {"#include \"sim/a.hpp\""}}};
  EXPECT_EQ(unused_headers(files), (Lines{"sim/a.hpp", "sim/b.hpp"}));
}

}  // namespace
