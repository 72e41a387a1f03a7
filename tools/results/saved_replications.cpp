#include "tools/results/saved_replications.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "models/metrics/definitions.hpp"
#include "tools/results/saved_files.hpp"
#include "tools/scenario/table/csv.hpp"

namespace bcsim::tools {
namespace {

namespace fs = std::filesystem;
using SavedJson = nlohmann::ordered_json;

/// The definition of every metric id, from summary.json.
std::map<std::string, std::string, std::less<>> definitions_in(const fs::path& path) {
  const SavedJson summary = read_json(path);
  std::map<std::string, std::string, std::less<>> out;
  const SavedJson metrics = json_member<SavedJson>(summary, "metrics", path);
  for (const auto& [id, metric] : metrics.items()) {
    out[id] = json_member<std::string>(metric, "definition", path);
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
  return error == std::errc() && end == text.data() + text.size() && !std::isnan(value);
}

class ReplicationsReader {
 public:
  ReplicationsReader(const fs::path& directory, bool twin)
      : path_(directory / "replications.csv"),
        definitions_(definitions_in(directory / "summary.json")),
        twin_(twin) {}

  std::vector<ReplicationRecord> read() {
    const std::vector<std::string> lines = split_lines(read_text(path_));
    for (std::size_t i = 1; i < lines.size(); ++i) {
      if (!lines[i].empty()) take(lines[i], i + 1);
    }
    if (records_.empty()) throw InputError(fmt::format("{}: is empty", path_.string()));
    return std::move(records_);
  }

 private:
  void take(const std::string& line, std::size_t number) {
    const auto cells = cells_of(line);
    double replication = 0, value = 0, other = 0;
    if (cells.size() != 4 || !cell_number(cells[0], replication) ||
        !(replication >= 0 && replication < 1e9) || !cell_number(cells[2], value) ||
        !cell_number(cells[3], other)) {
      throw InputError(fmt::format("{}:{}: is not replication,metric,value,without_faults",
                                   path_.string(), number));
    }
    if (cells[1].starts_with("attributed.")) return;
    const auto definition = definitions_.find(cells[1]);
    if (definition == definitions_.end()) {
      throw InputError(
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

/// All replications are there, and each has the metrics of the first.
void require_whole(const std::vector<ReplicationRecord>& records, std::uint64_t count,
                   const fs::path& path) {
  if (records.size() != count) {
    throw InputError(fmt::format("{}: has {} replications, not the {} of run.json", path.string(),
                                 records.size(), count));
  }
  for (const ReplicationRecord& record : records) {
    const auto same = [](const models::MetricValue& a, const models::MetricValue& b) {
      return a.id == b.id;
    };
    if (std::ranges::equal(record.metrics, records.front().metrics, same)) continue;
    throw InputError(fmt::format("{}: replication {} does not have the metrics of replication {}",
                                 path.string(), record.replication, records.front().replication));
  }
}

}  // namespace

SavedReplications read_replications(const fs::path& directory) {
  const fs::path path = directory / "run.json";
  const SavedJson run = read_json(path);
  require_our_version(json_member<std::string>(run, "version", path), path);
  SavedReplications out;
  out.scenario = json_member<std::string>(run, "scenario", path);
  out.run_id = json_member<std::string>(run, "run_id", path);
  out.effective_yaml = json_member<std::string>(run, "effective_scenario", path);
  out.records = ReplicationsReader(directory, json_member<bool>(run, "twin", path)).read();
  require_undamaged(directory, run, {"summary.json", "replications.csv"});
  require_whole(out.records, json_member<std::uint64_t>(run, "replications", path),
                directory / "replications.csv");
  return out;
}

}  // namespace bcsim::tools
