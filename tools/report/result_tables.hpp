// One results directory in memory: its JSON files and the columns of its tables.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bcsim::tools {

/// A CSV file by columns. A cell without a value is NaN as a number.
class CsvTable {
 public:
  /// RFC 4180 with a header line; throws InputError naming the file.
  CsvTable() = default;
  CsvTable(const std::string& text, const std::string& file_name);

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] bool has(std::string_view column) const;
  [[nodiscard]] const std::vector<std::string>& texts(std::string_view column) const;
  [[nodiscard]] std::vector<double> numbers(std::string_view column) const;

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> columns_;
  std::size_t rows_ = 0;
  std::string file_name_;
};

/// One number of summary.json.
struct StoredMetric {
  double value = 0;  ///< NaN: no meaning in this run
  std::string unit, definition;
  std::optional<std::pair<double, double>> interval;  ///< 95 %, if there were replications
};

struct StoredEvent {
  double t = 0;
  std::string name;  ///< "agent.at_work"
  nlohmann::ordered_json fields;
};

/// See the head comment; everything is read at once.
class StoredResults {
 public:
  /// Throws InputError if a file is missing or no results file.
  explicit StoredResults(const std::filesystem::path& directory);

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  [[nodiscard]] const nlohmann::ordered_json& run() const { return run_; }
  [[nodiscard]] const nlohmann::ordered_json& summary() const { return summary_; }
  [[nodiscard]] const nlohmann::ordered_json& verdicts() const { return verdicts_; }
  [[nodiscard]] const CsvTable& timeline() const { return timeline_; }
  [[nodiscard]] const CsvTable& calls() const { return calls_; }
  /// Of the twin; no rows without.
  [[nodiscard]] const CsvTable& twin_calls() const { return twin_calls_; }
  /// Confidence bands of the timeline; no rows without replications.
  [[nodiscard]] const CsvTable& bands() const { return bands_; }
  [[nodiscard]] const std::vector<StoredEvent>& events() const { return events_; }

  /// Null if there is none.
  [[nodiscard]] const StoredMetric* find(std::string_view id) const;
  /// NaN if there is none.
  [[nodiscard]] double value(std::string_view id) const;
  /// By id. `without_faults.<id>` is a metric in the twin, and `because.<id>` the run's minus the
  /// twin's, with the interval of paired differences, if there was a twin.
  [[nodiscard]] const std::map<std::string, StoredMetric, std::less<>>& metrics() const {
    return metrics_;
  }
  /// Of the queues, gateways, … ("queue", "gateway") that there are metrics of, in alphabetic
  /// order.
  [[nodiscard]] std::vector<std::string> names_in_scope(const std::string& scope) const;
  /// Of the scenario.
  [[nodiscard]] const std::array<std::string, 2>& site_names() const { return site_names_; }
  /// Time of day of time 0 in seconds; nullopt if the scenario has none.
  [[nodiscard]] std::optional<double> start_of_day_s() const { return start_of_day_s_; }

 private:
  void read_metrics();
  void read_events(const std::string& text);

  std::filesystem::path directory_;
  nlohmann::ordered_json run_, summary_, verdicts_;
  CsvTable timeline_, calls_, twin_calls_, bands_;
  std::vector<StoredEvent> events_;
  std::map<std::string, StoredMetric, std::less<>> metrics_;
  std::optional<double> start_of_day_s_;
  std::array<std::string, 2> site_names_ = {"site 1", "site 2"};
};

}  // namespace bcsim::tools
