// House rules that a machine can check, as tests: what lies where, and what no source may hold.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "source_tree.hpp"

namespace {

namespace fs = std::filesystem;

struct TextFile {
  std::string path;  ///< from the root of the repository
  std::vector<std::string> lines;

  [[nodiscard]] bool in(std::string_view directory) const { return path.starts_with(directory); }
  [[nodiscard]] bool is_cpp() const { return path.ends_with(".cpp") || path.ends_with(".hpp"); }
};

using Findings = std::vector<std::string>;
using LineRule = std::function<std::string(const TextFile&, std::string_view line)>;

/// Applies a rule, which returns what is wrong with a line or nothing, to every line.
Findings findings_in(const std::vector<TextFile>& files, const LineRule& rule) {
  Findings findings;
  for (const TextFile& file : files) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      if (std::string fault = rule(file, file.lines[i]); !fault.empty()) {
        findings.push_back(file.path + ":" + std::to_string(i + 1) + ": " + fault);
      }
    }
  }
  return findings;
}

/// Prints one finding a line, as gtest's explanation of a list that should be empty.
testing::AssertionResult none(const Findings& findings) {
  if (findings.empty()) return testing::AssertionSuccess();
  auto result = testing::AssertionFailure();
  for (const std::string& finding : findings) result << "\n" << finding;
  return result;
}

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

/// True if `text` holds `token` and not as a part of a longer word.
bool has_token(std::string_view text, std::string_view token) {
  for (auto at = text.find(token); at != text.npos; at = text.find(token, at + 1)) {
    const auto end = at + token.size();
    const bool starts =
        at == 0 || !is_word_character(token.front()) || !is_word_character(text[at - 1]);
    const bool ends =
        end == text.size() || !is_word_character(token.back()) || !is_word_character(text[end]);
    if (starts && ends) return true;
  }
  return false;
}

std::string_view without_comment(std::string_view line) {
  return line.substr(0, line.find("//"));
}

/// The path in an include directive, or nothing.
std::string_view included(std::string_view line) {
  constexpr std::string_view kDirective = "#include ";
  if (!line.starts_with(kDirective)) return {};
  line.remove_prefix(kDirective.size() + 1);
  return line.substr(0, line.find_first_of("\">"));
}

/// Columns are code points: UTF-8 continuation bytes do not count.
std::size_t columns(std::string_view line) {
  return static_cast<std::size_t>(
      std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string wrong_include(const TextFile& file, std::string_view line) {
  const std::string_view path = included(line);
  const bool is_simgrid = path.starts_with("simgrid/") || path.starts_with("xbt/");
  if (is_simgrid && !file.in("sim/s4u/") && !file.in("tests/s4u/")) {
    return "SimGrid is included outside sim/s4u";
  }
  const bool upward =
      (file.in("sim/") && (path.starts_with("models/") || path.starts_with("tools/"))) ||
      (file.in("models/") && (path.starts_with("tools/") || path.starts_with("sim/s4u/")));
  return upward ? "a lower layer includes " + std::string(path) : "";
}

// The words below are split so that this file does not hold them.

std::string unfinished_work(const TextFile&, std::string_view line) {
  for (const std::string_view word : {"TO"
                                      "DO",
                                      "FIX"
                                      "ME"}) {
    if (has_token(line, word)) return std::string(word) + ": finish it or write it down elsewhere";
  }
  return "";
}

std::string banned_token(const TextFile& file, std::string_view line) {
  if (!file.is_cpp()) return "";
  const std::string_view code = without_comment(line);
  std::vector<std::string_view> banned = {
      "random"
      "_device",
      "mt"
      "19937",
      "<ran"
      "dom>",
      "std::ra"
      "nd",
      "sra"
      "nd",
      "high_resolution"
      "_clock"};
  if (!file.in("tools/"))
    banned.insert(banned.end(), {"system"
                                 "_clock",
                                 "gettime"
                                 "ofday"});
  if (file.in("sim/") || file.in("models/")) {
    banned.insert(banned.end(), {"steady"
                                 "_clock",
                                 "clock_get"
                                 "time",
                                 "std::ti"
                                 "me"});
  }
  for (const std::string_view token : banned) {
    if (has_token(code, token)) return "banned: " + std::string(token);
  }
  return "";
}

std::string long_line(const TextFile& file, std::string_view line) {
  return file.is_cpp() && columns(line) > 100 ? "more than 100 columns" : "";
}

TextFile read_file(const fs::path& root, const fs::path& path) {
  TextFile file{fs::relative(path, root).generic_string(), {}};
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) file.lines.push_back(line);
  return file;
}

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with(".");
}

/// Every file below the agreed directories but `results`, which is data.
std::vector<TextFile> repository() {
  const fs::path root = BCSIM_SOURCE_DIR;
  std::vector<TextFile> files = {read_file(root, root / "CMakeLists.txt")};
  for (const std::string_view directory : {"sim", "models", "scenarios", "tools", "tests"}) {
    if (!fs::exists(root / directory)) continue;
    for (fs::recursive_directory_iterator at(root / directory), end; at != end; ++at) {
      if (is_hidden(at->path())) {
        if (at->is_directory()) at.disable_recursion_pending();
      } else if (at->is_regular_file()) {
        files.push_back(read_file(root, at->path()));
      }
    }
  }
  std::ranges::sort(files, {}, &TextFile::path);
  return files;
}

/// The layers that tests/CMakeLists.txt makes a test executable of.
std::set<std::string> test_layers() {
  constexpr std::string_view kCall = "bcsim_tests(";
  std::set<std::string> layers;
  for (std::string_view line :
       read_file(BCSIM_SOURCE_DIR, fs::path(BCSIM_SOURCE_DIR) / "tests/CMakeLists.txt").lines) {
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
    if (!line.starts_with(kCall)) continue;
    line.remove_prefix(kCall.size());
    layers.emplace(line.substr(0, line.find_first_of(" )")));
  }
  return layers;
}

/// True if the globs of tests/CMakeLists.txt, or the list of fuzzers, find this source under
/// tests/.
bool is_built(std::string_view path, const std::set<std::string>& layers) {
  path.remove_prefix(std::string_view("tests/").size());
  const std::string directory(path.substr(0, path.find('/')));
  if (directory == "bench")
    return path.ends_with("_bench.cpp") && std::ranges::count(path, '/') == 1;
  if (directory == "fuzz") {
    const std::string reader(path.substr(5, path.find('_') == path.npos ? 0 : path.find('_') - 5));
    const std::vector<std::string> lines =
        read_file(BCSIM_SOURCE_DIR, fs::path(BCSIM_SOURCE_DIR) / "tests/fuzz/CMakeLists.txt").lines;
    return path == "fuzz/" + reader + "_fuzzer.cpp" &&
           std::ranges::any_of(lines, [&](const std::string& line) {
             return line.starts_with("foreach") && has_token(line, reader);
           });
  }
  return path.ends_with("_test.cpp") && layers.contains(directory);
}

// Each rule once on a line that breaks it and once on one that does not: rules that see nothing
// would pass below.
TEST(TidyRules, TellGoodLinesFromBad) {
  const TextFile sim{"sim/x.cpp", {}}, model{"models/x.hpp", {}}, tool{"tools/x.cpp", {}};
  const TextFile s4u{"sim/s4u/x.cpp", {}};
  EXPECT_NE(wrong_include(tool, "#include <simgrid/s4u.hpp>"), "");
  EXPECT_EQ(wrong_include(s4u, "#include <simgrid/s4u.hpp>"), "");
  EXPECT_NE(wrong_include(sim, "#include \"models/world.hpp\""), "");
  EXPECT_NE(wrong_include(model, "#include \"sim/s4u/driver.hpp\""), "");
  EXPECT_EQ(wrong_include(model, "#include \"sim/time.hpp\""), "");
  EXPECT_NE(unfinished_work(sim,
                            "// TO"
                            "DO: all of it"),
            "");
  EXPECT_EQ(unfinished_work(sim,
                            "TO"
                            "DOS"),
            "");
  EXPECT_NE(banned_token(sim,
                         "std::mt"
                         "19937 engine;"),
            "");
  EXPECT_EQ(banned_token(sim,
                         "// not std::mt"
                         "19937, because"),
            "");
  EXPECT_NE(banned_token(sim,
                         "std::chrono::system"
                         "_clock::now()"),
            "");
  EXPECT_EQ(banned_token(tool,
                         "std::chrono::system"
                         "_clock::now()"),
            "");
  EXPECT_NE(banned_token(model,
                         "std::chrono::steady"
                         "_clock::now()"),
            "");
  EXPECT_NE(long_line(sim, std::string(101, 'x')), "");
  EXPECT_EQ(long_line(sim, std::string(98, 'x') + "§§"), "");
  EXPECT_TRUE(is_built("tests/sim/rng_test.cpp", {"sim"}));
  EXPECT_FALSE(is_built("tests/sim/rng_tests.cpp", {"sim"}));
  EXPECT_FALSE(is_built("tests/simm/rng_test.cpp", {"sim"}));
  EXPECT_FALSE(is_built("tests/bench/deep/x_bench.cpp", {"sim"}));
  EXPECT_TRUE(is_built("tests/fuzz/csv_fuzzer.cpp", {"sim"}));
  EXPECT_FALSE(is_built("tests/fuzz/other_fuzzer.cpp", {"sim"}));
}

TEST(Tidy, LowerLayersIncludeNoHigherOnesAndOnlyS4uIncludesSimGrid) {
  EXPECT_TRUE(none(findings_in(repository(), wrong_include)));
}

TEST(Tidy, NothingIsLeftUnfinished) {
  EXPECT_TRUE(none(findings_in(repository(), unfinished_work)));
}

TEST(Tidy, NoSourceOfChanceOrTimeButOurOwn) {
  EXPECT_TRUE(none(findings_in(repository(), banned_token)));
}

TEST(Tidy, LinesFitAHundredColumns) {
  EXPECT_TRUE(none(findings_in(repository(), long_line)));
}

TEST(Tidy, SourcesHaveAtMostFiveHundredLines) {
  Findings findings;
  for (const TextFile& file : repository()) {
    if (file.is_cpp() && file.lines.size() > 500) {
      findings.push_back(file.path + ": " + std::to_string(file.lines.size()) + " lines");
    }
  }
  EXPECT_TRUE(none(findings));
}

TEST(Tidy, HeadersSayWhatTheyAreFor) {
  Findings findings;
  for (const TextFile& file : repository()) {
    if (!file.path.ends_with(".hpp")) continue;
    const auto& lines = file.lines;
    const bool opens = !lines.empty() && lines.front().starts_with("// ");
    const bool guarded = std::ranges::find(lines, "#pragma once") != lines.end();
    if (!opens || !guarded) findings.push_back(file.path + ": no opening comment or #pragma once");
  }
  EXPECT_TRUE(none(findings));
}

TEST(Tidy, TopLevelHoldsTheAgreedEntriesOnly) {
  const std::set<std::string> agreed = {"CMakeLists.txt", "sim",   "models",  "scenarios",
                                        "tools",          "tests", "results", "README.md"};
  Findings findings;
  for (const auto& entry : fs::directory_iterator(BCSIM_SOURCE_DIR)) {
    const std::string name = entry.path().filename().string();
    const bool ignored_by_git = name.starts_with("build");
    if (!agreed.contains(name) && !is_hidden(entry.path()) && !ignored_by_git) {
      findings.push_back(name);
    }
  }
  EXPECT_TRUE(none(findings));
}

TEST(Tidy, EveryTestSourceIsBuilt) {
  const std::set<std::string> layers = test_layers();
  ASSERT_TRUE(layers.contains("sim"));
  Findings findings;
  for (const TextFile& file : repository()) {
    if (file.in("tests/") && file.path.ends_with(".cpp") && !is_built(file.path, layers)) {
      findings.push_back(file.path);
    }
  }
  EXPECT_TRUE(none(findings));
}

}  // namespace
