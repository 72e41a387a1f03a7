// The program run in this process on a scenario that takes a tenth of a second.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tools/cli/program.hpp"

namespace bcsim::tools::test {

struct Outcome {
  int exit = -1;
  std::string out, err;
};

inline Outcome bcsim(const std::vector<std::string>& words, const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out, err;
  setenv("LC_ALL", "C.UTF-8", 1);  // whatever the tests run in
  Terminal terminal{in, out, err};
  Outcome outcome;
  outcome.exit = run_program(words, terminal);
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

/// Overrides that make site_failure small: 2 × 15 agents, 0.07 calls/s, an hour and a half; site 1
/// fails after an hour.
inline std::vector<std::string> small_overrides() {
  std::vector<std::string> words;
  for (const char* set :
       {"agents.team1.count=15", "agents.team2.count=15", "calls.main.rate=0.08/s",
        "run.horizon=90min", "faults.0.at=1h", "run.interval=30min"}) {
    words.insert(words.end(), {"--set", set});
  }
  return words;
}

/// "bcsim COMMAND site_failure …" on that small scenario, quietly.
inline std::vector<std::string> small_site_failure(std::vector<std::string> words) {
  auto small = small_overrides();
  small.insert(small.begin(), {"site_failure", "-q"});
  words.insert(words.begin() + 1, small.begin(), small.end());
  return words;
}

/// Gone with all it holds at the end of the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "bcsim-test-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Name and content of every file below a directory; run.json without what may differ.
inline std::map<std::string, std::string> files_of(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    std::string content = text.str();
    if (entry.path().filename() == "run.json") {
      auto j = nlohmann::ordered_json::parse(content);
      j.erase("host");
      content = j.dump();
    }
    files[std::filesystem::relative(entry.path(), directory).string()] = std::move(content);
  }
  return files;
}

}  // namespace bcsim::tools::test
