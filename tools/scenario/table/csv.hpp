// Data files of a scenario: a small strict CSV reader that knows where each cell was.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/scenario/table/reader.hpp"

namespace bcsim::tools {

struct CsvCell {
  std::string text;
  Location at;
};

/// A table with a header line. Lines that start with '#' and empty lines are skipped.
struct Csv {
  std::vector<CsvCell> header;
  std::vector<std::vector<CsvCell>> rows;  ///< each as wide as the header

  [[nodiscard]] std::vector<std::string> columns() const;
};

/// Reads the file a scenario names (relative to the file that names it). Unreadable files and rows
/// of another width are reported (S-010, S-015); separators are ',', ';' or tab.
[[nodiscard]] std::optional<Csv> read_csv(Reader& reader, const Node& file_name);

/// … of the text that this node of the scenario has.
[[nodiscard]] std::optional<Csv> parse_csv(Reader& reader, const Node& written);

/// Index of the column; reports a missing one at `at`.
[[nodiscard]] std::optional<std::size_t> find_column(Reader& reader, const Csv& csv,
                                                     const std::string& name, Location at);

/// A number, with S-015 for what is none or is negative.
[[nodiscard]] std::optional<double> csv_number(Reader& reader, const CsvCell& cell);
/// A duration: plain seconds or with a unit, no longer than can be simulated.
[[nodiscard]] std::optional<double> csv_seconds(Reader& reader, const CsvCell& cell);
/// Time since the start: "09:30" by the wall clock of the day of the start (may be before it),
/// seconds, or with unit.
[[nodiscard]] std::optional<sim::Duration> csv_time(Reader& reader, const CsvCell& cell);

/// A column of rising times. Times of day go on past midnight: "24:30", or "23:30" and then
/// "00:00", are of the next day.
class CsvTimes {
 public:
  explicit CsvTimes(Reader& reader) : reader_(reader) {}
  /// The next one; reports times that do not rise.
  std::optional<sim::SimTime> read(const CsvCell& cell);
  /// How many days of the run the rows describe, up to `end`: rows with times of day that span no
  /// more than a day hold for every day, others once.
  [[nodiscard]] std::int64_t days(sim::SimTime end) const;

 private:
  Reader& reader_;
  std::optional<sim::SimTime> last_;
  sim::SimTime first_{};
  std::int64_t days_ = 0;
  bool only_clock_ = true;
};

/// A whole file, or the reason why it cannot be read. Refuses directories and binary files.
struct FileText {
  std::string text;
  std::string problem;      ///< empty if all is well
  bool unreadable = false;  ///< the system refused it, as opposed to its content
};
[[nodiscard]] FileText read_text_file(const std::filesystem::path& path);

}  // namespace bcsim::tools
