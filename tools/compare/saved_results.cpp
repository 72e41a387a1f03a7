#include "tools/compare/saved_results.hpp"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "build_info.hpp"
#include "models/metrics/definitions.hpp"
#include "tools/results/replication_files.hpp"
#include "tools/scenario/csv.hpp"

namespace bcsim::tools {
namespace {

namespace fs = std::filesystem;
using SavedJson = nlohmann::json;

std::string whole_file(const fs::path& path) {
  const FileText file = read_text_file(path);
  if (!file.problem.empty()) {
    throw BadResults(fmt::format("{}: cannot be read: {}", path.string(), file.problem));
  }
  return file.text;
}

SavedJson json_of(const fs::path& path) {
  SavedJson j = SavedJson::parse(whole_file(path), nullptr, false);
  if (!j.is_object()) throw BadResults(fmt::format("{}: is not JSON", path.string()));
  return j;
}

template <class T>
T member(const SavedJson& j, const char* key, const fs::path& path) {
  try {
    return j.at(key).get<T>();
  } catch (const SavedJson::exception&) {
    throw BadResults(fmt::format("{}: has no usable '{}'", path.string(), key));
  }
}

/// The definition of every metric id, from summary.json.
std::map<std::string, std::string, std::less<>> definitions_in(const fs::path& path) {
  const SavedJson summary = json_of(path);
  std::map<std::string, std::string, std::less<>> out;
  const SavedJson metrics = member<SavedJson>(summary, "metrics", path);
  for (const auto& [id, metric] : metrics.items()) {
    out[id] = member<std::string>(metric, "definition", path);
  }
  return out;
}

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  while (true) {
    const std::size_t comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

/// Reads a number into `value`, NaN for an empty cell; false for what is no number.
bool cell_number(std::string_view text, double& value) {
  value = std::numeric_limits<double>::quiet_NaN();
  if (text.empty()) return true;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

class ReplicationsReader {
 public:
  ReplicationsReader(const fs::path& directory, bool twin)
      : path_(directory / "replications.csv"),
        definitions_(definitions_in(directory / "summary.json")),
        twin_(twin) {}

  std::vector<ReplicationRecord> read() {
    const std::vector<std::string> lines = split_lines(whole_file(path_));
    for (std::size_t i = 1; i < lines.size(); ++i) {
      if (!lines[i].empty()) take(lines[i], i + 1);
    }
    if (records_.empty()) throw BadResults(fmt::format("{}: is empty", path_.string()));
    return std::move(records_);
  }

 private:
  void take(const std::string& line, std::size_t number) {
    const auto cells = cells_of(line);
    double replication = 0, value = 0, other = 0;
    if (cells.size() != 4 || !cell_number(cells[0], replication) || !(replication >= 0) ||
        !cell_number(cells[2], value) || !cell_number(cells[3], other)) {
      throw BadResults(fmt::format("{}:{}: is not replication,metric,value,without_faults",
                                   path_.string(), number));
    }
    if (cells[1].starts_with("attributed.")) return;
    const auto definition = definitions_.find(cells[1]);
    if (definition == definitions_.end()) {
      throw BadResults(
          fmt::format("{}:{}: summary.json has no metric '{}'", path_.string(), number, cells[1]));
    }
    const auto r = static_cast<std::uint32_t>(replication);
    if (records_.empty() || records_.back().replication != r) {
      records_.emplace_back().replication = r;
    }
    const models::MetricDefinition* known = models::find_definition(definition->second);
    records_.back().metrics.push_back({std::string(cells[1]), value,
                                       known != nullptr ? known->unit : std::string_view("1"),
                                       definition->second});
    if (twin_) records_.back().without_faults.push_back(other);
  }

  fs::path path_;
  std::map<std::string, std::string, std::less<>> definitions_;
  bool twin_;
  std::vector<ReplicationRecord> records_;
};

}  // namespace

bool is_result_directory(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored) && fs::exists(path / "run.json", ignored);
}

SavedResults read_results(const fs::path& directory) {
  const fs::path path = directory / "run.json";
  const SavedJson run = json_of(path);
  SavedResults out;
  out.version = member<std::string>(run, "version", path);
  if (out.version != build_info::kVersion) {
    throw BadResults(fmt::format("{}: was written by version {}, this is {}; run it again",
                                 path.string(), out.version, build_info::kVersion));
  }
  out.scenario = member<std::string>(run, "scenario", path);
  out.run_id = member<std::string>(run, "run_id", path);
  out.effective_yaml = member<std::string>(run, "effective_scenario", path);
  out.seed = member<std::uint64_t>(run, "seed", path);
  out.records = ReplicationsReader(directory, member<bool>(run, "twin", path)).read();
  return out;
}

}  // namespace bcsim::tools
