// The readers of files as functions of bytes: what a fuzzer calls, and the replay of its corpus.
// Each throws std::logic_error if a reader breaks its promise; a crash or a hang speaks for itself.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "build_info.hpp"
#include "source_tree.hpp"
#include "tests/support/tool_runs.hpp"
#include "tools/scenario/load.hpp"

namespace bcsim::tools::test {

/// A scenario that is read shows its problems, or its effective scenario, with the origin of each
/// value or without, says the same again.
inline void require_good_reading(const ScenarioText& text) {
  std::string effective;
  for (const WrittenAs written : {WrittenAs::effective, WrittenAs::annotated}) {
    const Loaded loaded = load_scenario_text(text, {}, written);
    for (const Diagnostic& d : loaded.diagnostics) {
      (void)render(d, true);
      (void)to_json(d).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
    if (loaded.has_errors()) return;
    if (written == WrittenAs::effective) effective = loaded.effective_yaml;
    const Loaded again =
        load_scenario_text({loaded.effective_yaml, "again", loaded.scenario.name, "/nowhere"});
    for (const Diagnostic& d : again.diagnostics) {
      if (d.severity == Severity::error) {
        throw std::logic_error("the effective scenario cannot be read:\n" + render(d));
      }
    }
    if (again.effective_yaml != effective) {
      throw std::logic_error("the effective scenario read again is another:\n" + effective +
                             "---\n" + again.effective_yaml);
    }
  }
}

/// The bytes are a scenario file; what it extends and the data files it names are not there.
inline void read_as_scenario(std::string_view bytes) {
  require_good_reading({std::string(bytes), "fuzz", "fuzz", "/nowhere"});
}

/// The first line of an input, and the rest.
inline std::pair<std::string, std::string> first_line_of(std::string_view bytes) {
  const std::size_t end = std::min(bytes.find('\n'), bytes.size());
  return {std::string(bytes.substr(0, end)),
          std::string(bytes.substr(std::min(end + 1, bytes.size())))};
}

inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// A scenario with a place for what reads `data.csv`: an hour by the clock from 09:00.
inline constexpr std::string_view kCsvScenario = R"(bcsim: 1
run: {{start: "09:00", horizon: {}, warm-up: 0s}}
sites:
  site1: {{gateways: {{mg1: {{channels: 20}}}}}}
  site2: {{gateways: {{mg2: {{channels: 20}}}}}}
agents:
  team1: {{location: site1, {}}}
  team2: {{location: site2, count: 2}}
calls:
  main: {{queue: service, {}, talk: {}}}
)";

/// The first line says what reads the file (one of those below) and for how long the run lasts
/// ("staffing 3d"); the rest is the CSV file.
inline void read_as_csv(std::string_view bytes) {
  static const TemporaryDirectory scratch;
  const auto [head, csv] = first_line_of(bytes);
  const std::string reader = head.substr(0, head.find(' '));
  const std::string horizon = head.size() > reader.size() ? head.substr(reader.size() + 1) : "1h";
  std::string staffing = "count: 2", arrivals = "rate: 60/h", talk = "{exponential: 60s}";
  if (reader == "staffing") staffing = "staffing: {file: data.csv}";
  if (reader == "share") staffing = "staffing: {file: data.csv, share: 37%, part: 2/3}";
  if (reader == "volumes") arrivals = "volumes: {file: data.csv}";
  if (reader == "part") {
    arrivals = "volumes: {file: data.csv, share: 50%, from: \"09:15\", until: \"09:45\"}";
  }
  if (reader == "calls") arrivals = "calls: {file: data.csv}";
  if (reader == "empirical") talk = "{empirical: {file: data.csv}}";
  if (reader == "hazard") talk = "{piecewise-hazard: {file: data.csv}}";
  write_bytes(scratch.path() / "data.csv", csv);
  const std::string text =
      fmt::format(fmt::runtime(kCsvScenario), horizon, staffing, arrivals, talk);
  require_good_reading({text, "fuzz", "fuzz", scratch.path()});
}

/// Results of a small run and of what else `report` reads, of this version of the program.
class GoodResults {
 public:
  GoodResults() {
    namespace fs = std::filesystem;
    for (const auto& entry : fs::directory_iterator(BCSIM_SOURCE_DIR "/tests/fuzz/results")) {
      std::ifstream in(entry.path(), std::ios::binary);
      std::string text{std::istreambuf_iterator<char>(in), {}};
      const std::string version = "@VERSION@";
      const std::size_t at = text.find(version);
      if (at != std::string::npos) text.replace(at, version.size(), build_info::kVersion);
      files_[entry.path().filename().string()] = std::move(text);
    }
    for (const char* part : {"run", "good", "sweep", "plan", "tune", "shard"}) {
      fs::create_directory(scratch_.path() / part);
    }
    for (const auto& [name, text] : files_) put(name, text);
    for (const auto& [name, text] : files_) {
      if (part_of(name) == "run") write_bytes(directory("good") / name, text);
    }
  }

  /// Where a file of this name belongs.
  [[nodiscard]] static std::string part_of(const std::string& name) {
    if (name == "sweep.json" || name == "points.csv") return "sweep";
    if (name == "plan.json") return "plan";
    if (name == "tune.json") return "tune";
    if (name == "compare.json") return ".";
    return name.ends_with(".replication") ? "shard" : "run";
  }
  [[nodiscard]] std::filesystem::path directory(const std::string& part) const {
    return scratch_.path() / part;
  }
  [[nodiscard]] const std::map<std::string, std::string>& files() const { return files_; }
  void put(const std::string& name, const std::string& text) const {
    write_bytes(directory(part_of(name)) / name, text);
  }

 private:
  TemporaryDirectory scratch_;
  std::map<std::string, std::string> files_;
};

/// A command on results: it does what it should, or says what is wrong with the file.
inline void require_good_end(const std::vector<std::string>& words) {
  const Outcome outcome = bcsim(words);
  for (const int good : {0, 1, 2, 65}) {
    if (outcome.exit == good) return;
  }
  throw std::logic_error(
      fmt::format("bcsim {}: exit code {}: {}", fmt::join(words, " "), outcome.exit, outcome.err));
}

/// The first line names a file of results, the rest is its content; its neighbours are good.
inline void read_as_results(std::string_view bytes) {
  static const GoodResults results;
  const auto [name, text] = first_line_of(bytes);
  const auto good = results.files().find(name);
  if (good == results.files().end()) return;
  results.put(name, text);
  const std::string part = GoodResults::part_of(name);
  const std::string path = results.directory(part).string();
  if (part == "run") {
    for (const char* format : {"html", "md", "svg"}) {
      require_good_end({"report", path, "--format", format, "-o", "-"});
    }
    require_good_end({"compare", path, results.directory("good").string(), "--json"});
  } else if (part == "shard") {
    require_good_end({"merge", path, "-o", results.directory("merged").string()});
  } else {
    require_good_end({"report", part == "." ? path + "/" + name : path, "-o", "-"});
  }
  results.put(name, good->second);
}

}  // namespace bcsim::tools::test
