#include "tools/report/result_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <sstream>

#include "tools/results/saved_files.hpp"
#include "tools/scenario/load.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

using StoredJson = nlohmann::ordered_json;
constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();

/// The cells of one record; `at` moves behind its line feed.
std::vector<std::string> csv_record(const std::string& text, std::size_t& at) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c != '"') {
        cells.back() += c;
      } else if (at + 1 < text.size() && text[at + 1] == '"') {
        cells.back() += text[++at];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      cells.emplace_back();
    } else if (c == '\n') {
      ++at;
      break;
    } else if (c != '\r') {
      cells.back() += c;
    }
  }
  return cells;
}

double number_of(const std::string& cell) {
  double value = kNoValue;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return error == std::errc() && end == cell.data() + cell.size() ? value : kNoValue;
}

double number_of(const StoredJson& json) {
  return json.is_number() ? json.get<double>() : kNoValue;
}

std::optional<std::pair<double, double>> interval_of(const StoredJson& json) {
  const auto i = json.find("interval");
  if (i == json.end() || !i->is_array() || i->size() != 2 || !(*i)[0].is_number() ||
      !(*i)[1].is_number()) {
    return std::nullopt;
  }
  return std::pair((*i)[0].get<double>(), (*i)[1].get<double>());
}

StoredMetric metric_of(const StoredJson& json) {
  StoredMetric metric;
  metric.value = number_of(json.at("value"));
  metric.unit = json.at("unit");
  metric.definition = json.at("definition");
  metric.interval = interval_of(json);
  return metric;
}

}  // namespace

CsvTable::CsvTable(const std::string& text, const std::string& file_name) : file_name_(file_name) {
  std::size_t at = 0;
  names_ = csv_record(text, at);
  columns_.resize(names_.size());
  while (at < text.size()) {
    std::vector<std::string> cells = csv_record(text, at);
    if (cells.size() != names_.size()) {
      throw InputError(
          fmt::format("'{}' is not a results file of bcsim: row {} has {} cells, not {}", file_name,
                      rows_ + 1, cells.size(), names_.size()));
    }
    for (std::size_t i = 0; i < cells.size(); ++i) columns_[i].push_back(std::move(cells[i]));
    ++rows_;
  }
}

bool CsvTable::has(std::string_view column) const {
  return std::find(names_.begin(), names_.end(), column) != names_.end();
}

const std::vector<std::string>& CsvTable::texts(std::string_view column) const {
  const auto found = std::find(names_.begin(), names_.end(), column);
  if (found == names_.end()) {
    throw InputError(fmt::format("'{}' has no column '{}'", file_name_, column));
  }
  return columns_[static_cast<std::size_t>(found - names_.begin())];
}

std::vector<double> CsvTable::numbers(std::string_view column) const {
  std::vector<double> out;
  for (const std::string& cell : texts(column)) out.push_back(number_of(cell));
  return out;
}

namespace {

/// What stands for a time could not be one.
struct NoTime {
  const char* key;
  double value;
};

/// Reads what a file of results says; what is missing or of another type is said with its name.
template <class Read>
void of_file(const std::filesystem::path& file, const Read& read) {
  try {
    read();
  } catch (const StoredJson::exception& e) {
    throw InputError(
        fmt::format("'{}' is damaged, or no results file of bcsim: {}", file.string(), e.what()));
  } catch (const NoTime& e) {
    throw InputError(fmt::format("'{}' is damaged: '{}' is no time of a run: {}", file.string(),
                                 e.key, e.value));
  }
}

/// A time of a run: no scenario lasts longer.
double time_at(const StoredJson& json, const char* key) {
  const double t = json.at(key).get<double>();
  if (!(t >= 0 && t <= kLongestSeconds)) throw NoTime{key, t};
  return t;
}

/// What the pages take from it later.
void require_members(const StoredJson& run) {
  for (const char* text : {"scenario", "run_id", "version", "git_commit", "effective_scenario"}) {
    (void)run.at(text).get<std::string>();
  }
  (void)time_at(run, "horizon_s");
  for (const char* number : {"seed", "replications", "messages_delivered"}) {
    (void)run.at(number).get<double>();
  }
  for (const auto& phase : run.at("phases")) {
    (void)phase.at("phase").get<std::string>();
    (void)time_at(phase, "start_s");
    (void)time_at(phase, "end_s");
  }
  for (const auto& accepted : run.at("accepted")) (void)accepted.get<std::string>();
  for (const auto& warning : run.at("warnings")) (void)warning.get<std::string>();
}

/// Each interval has a row of either site, in order.
void require_intervals(const CsvTable& timeline, const std::filesystem::path& path) {
  const auto starts = timeline.numbers("start_s");
  const auto& sites = timeline.texts("site");
  bool good = !starts.empty() && starts.size() % 2 == 0;
  for (std::size_t i = 0; good && i < starts.size(); i += 2) {
    const bool rises = i == 0 || starts[i] > starts[i - 1];
    good = sites[i] == "1" && sites[i + 1] == "2" && starts[i] == starts[i + 1] && rises;
  }
  if (good) return;
  throw InputError(fmt::format("{}: its rows are not one of each site for each interval, in order",
                               path.string()));
}

}  // namespace

void StoredResults::read_metrics() {
  (void)summary_.at("service_level").at("definition").get<std::string>();
  (void)summary_.at("service_level").at("threshold_s");
  for (const auto& [id, json] : summary_.at("metrics").items()) {
    const StoredMetric& metric = metrics_.emplace(id, metric_of(json)).first->second;
    if (const auto twin = json.find("without_faults"); twin != json.end()) {
      metrics_["without_faults." + id] = {number_of(*twin), metric.unit, metric.definition, {}};
    }
    if (const auto because = json.find("because_of_failure"); because != json.end()) {
      StoredMetric difference = {number_of(because->at("value")), metric.unit, "", {}};
      difference.interval = interval_of(*because);
      metrics_["because." + id] = difference;
    }
  }
}

void StoredResults::read_events(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    StoredJson event = StoredJson::parse(line);
    const double t = time_at(event, "t");
    const std::string name = event.at("event");
    events_.push_back({t, name, std::move(event)});
  }
}

StoredResults::StoredResults(const std::filesystem::path& directory) : directory_(directory) {
  const auto table = [&](const char* name) {
    return CsvTable(read_text(directory / name), (directory / name).string());
  };
  run_ = read_json(directory / "run.json");
  of_file(directory / "run.json", [&] { require_members(run_); });
  summary_ = read_json(directory / "summary.json");
  of_file(directory / "summary.json", [&] { read_metrics(); });
  verdicts_ = read_json(directory / "verdicts.json");
  of_file(directory / "verdicts.json", [&] {
    for (const auto& verdict : verdicts_.at("verdicts")) {
      for (const char* text : {"id", "verdict"}) (void)verdict.at(text).get<std::string>();
      (void)verdict.at("examined").get<std::uint64_t>();
      (void)verdict.value("text", std::string());
    }
  });
  timeline_ = table("timeline.csv");
  require_intervals(timeline_, directory / "timeline.csv");
  calls_ = table("calls.csv");
  std::error_code ignored;
  if (std::filesystem::exists(directory / "bands.csv", ignored)) bands_ = table("bands.csv");
  const char* twin = "calls_without_faults.csv";
  if (std::filesystem::exists(directory / twin, ignored)) twin_calls_ = table(twin);
  of_file(directory / "events.ndjson",
          [&] { read_events(read_text(directory / "events.ndjson")); });
  require_undamaged(directory, run_,
                    {"summary.json", "verdicts.json", "calls.csv", twin, "timeline.csv",
                     "timeline_queues.csv", "bands.csv", "events.ndjson", "replications.csv"});
  const Loaded loaded = load_scenario_text(
      {run_.at("effective_scenario"), "run.json", run_.at("scenario"), directory}, {});
  if (loaded.has_errors()) return;
  for (std::size_t s = 0; s < 2; ++s) site_names_[s] = loaded.scenario.sites[s].name;
  if (const auto& label = loaded.scenario.run.start_label) start_of_day_s_ = sim::seconds(*label);
}

const StoredMetric* StoredResults::find(std::string_view id) const {
  const auto found = metrics_.find(id);
  return found == metrics_.end() ? nullptr : &found->second;
}

std::vector<std::string> StoredResults::names_in_scope(const std::string& scope) const {
  const std::string before = scope + ".", after = ".attempted";
  std::vector<std::string> names;
  for (const auto& [id, metric] : metrics_) {
    if (metric.definition != "attempted" || !id.starts_with(before)) continue;
    names.push_back(id.substr(before.size(), id.size() - before.size() - after.size()));
  }
  return names;
}

double StoredResults::value(std::string_view id) const {
  const StoredMetric* metric = find(id);
  return metric == nullptr ? kNoValue : metric->value;
}

}  // namespace bcsim::tools
