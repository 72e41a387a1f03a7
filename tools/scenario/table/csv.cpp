#include "tools/scenario/table/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <system_error>

#include "tools/scenario/text/suggest.hpp"

namespace bcsim::tools {

FileText read_text_file(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  constexpr std::size_t kLargest = 64u << 20;  // so that /dev/zero ends
  std::error_code ec;
  const fs::file_status status = fs::status(path, ec);
  if (status.type() == fs::file_type::not_found) return {"", "no such file", true};
  if (fs::is_directory(status)) return {"", "it is a directory", true};
  // A pipe may never end, or never begin.
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    return {"", "it is not a regular file", true};
  }
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return {"", errno != 0 ? std::strerror(errno) : "cannot be opened", true};
  std::string text;
  char buffer[1 << 16];
  while (in.read(buffer, sizeof buffer) || in.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
    if (text.size() > kLargest) return {"", "it is larger than 64 MiB", false};
  }
  if (in.bad()) return {"", "reading it failed", true};
  const auto control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f';
  };
  if (std::any_of(text.begin(), text.end(), control)) {
    return {"", "it is not a text file", false};
  }
  return {std::move(text), "", false};
}

std::vector<std::string> Csv::columns() const {
  std::vector<std::string> names;
  for (const CsvCell& cell : header) names.push_back(cell.text);
  return names;
}

namespace {

std::string trimmed(std::string text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.back())) text.pop_back();
  text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), blank));
  return text;
}

/// The cells of a line; nothing if a quote in it is not closed, at the column `at` then points to.
std::optional<std::vector<CsvCell>> split_row(const std::string& line, char separator,
                                              Location& at) {
  std::vector<CsvCell> cells;
  std::string cell;
  int begin = 1, opened = 1;
  bool quoted = false;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size() && line[i] == '"') {
      const bool doubled = quoted && i + 1 < line.size() && line[i + 1] == '"';
      if (doubled) {
        cell += line[i++];
        continue;
      }
      quoted = !quoted;
      opened = static_cast<int>(i) + 1;
    } else if (i == line.size() && quoted) {
      at.column = opened;
      return std::nullopt;
    } else if (i == line.size() || (line[i] == separator && !quoted)) {
      at.column = begin;
      cells.push_back({trimmed(std::move(cell)), at});
      cell.clear();
      begin = static_cast<int>(i) + 2;
    } else {
      cell += line[i];
    }
  }
  return cells;
}

/// A name that two columns have does not say which is meant.
void check_columns(Diagnostics& diagnostics, const Csv& csv) {
  std::map<std::string, int> first;
  for (std::size_t i = 0; i < csv.header.size(); ++i) {
    const CsvCell& cell = csv.header[i];
    if (cell.text.empty()) continue;
    const auto [entry, fresh] = first.emplace(cell.text, static_cast<int>(i) + 1);
    if (fresh) continue;
    diagnostics.error("S-015", cell.at, fmt::format("column '{}' is given twice", cell.text),
                      fmt::format("column {} has this name, too", entry->second));
  }
}

std::optional<Csv> csv_of(Diagnostics& diagnostics, std::uint32_t source,
                          const std::vector<std::string>& lines) {
  Csv csv;
  bool refused = false;  // a row, and said so
  char separator = ',';
  const auto cells_of = [&](const std::string& line, Location at) {
    auto cells = split_row(line, separator, at);
    if (!cells) {
      diagnostics.error("S-015", at, "this quote is not closed in its line",
                        "a quote inside a quoted cell is written twice");
    }
    return cells;
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    if (trimmed(line).empty() || line[0] == '#') continue;
    const Location at{source, static_cast<int>(i) + 1, 1};
    if (csv.header.empty()) {
      for (const char c : {';', '\t'}) {
        if (line.find(',') == std::string::npos && line.find(c) != std::string::npos) separator = c;
      }
      auto header = cells_of(line, at);
      if (!header) return std::nullopt;
      csv.header = *std::move(header);
      check_columns(diagnostics, csv);
      continue;
    }
    auto row = cells_of(line, at);
    if (!row) {
      refused = true;
      continue;
    }
    if (row->size() != csv.header.size()) {
      diagnostics.error(
          "S-015", at,
          fmt::format("this row has {} cells, the header has {}", row->size(), csv.header.size()));
      refused = true;
      continue;
    }
    csv.rows.push_back(*std::move(row));
  }
  if (csv.rows.empty()) {
    if (!refused)
      diagnostics.error("S-015", {source, 0, 0}, "no row of data in this file",
                        "a CSV file has a header line and rows");
    return std::nullopt;
  }
  return csv;
}

}  // namespace

std::optional<Csv> read_csv(Reader& reader, const Node& file_name) {
  const std::string* name = reader.scalar(file_name, "the name of a CSV file");
  if (name == nullptr) return std::nullopt;
  Diagnostics& diagnostics = reader.diagnostics();
  const Source& from = diagnostics.source(file_name.at.source);
  const std::filesystem::path path = from.directory / *name;
  const FileText file = read_text_file(path);
  if (!file.problem.empty()) {
    reader.error(file_name, "S-010", fmt::format("cannot read '{}': {}", *name, file.problem),
                 file.unreadable ? "paths start from the file they are written in" : "");
    return std::nullopt;
  }
  std::string text = file.text;
  if (text.rfind("\xEF\xBB\xBF", 0) == 0) text.erase(0, 3);
  const std::vector<std::string> lines = split_lines(text);
  const std::uint32_t source =
      diagnostics.add_source({path.lexically_normal().string(), path.parent_path(), lines, true});
  return csv_of(diagnostics, source, lines);
}

std::optional<Csv> parse_csv(Reader& reader, const Node& written) {
  Diagnostics& diagnostics = reader.diagnostics();
  const Source& from = diagnostics.source(written.at.source);
  const std::vector<std::string> lines = split_lines(written.text);
  const std::uint32_t source =
      diagnostics.add_source({fmt::format("{}:{} (rows)", from.display, written.at.line),
                              from.directory, lines, true, true});
  return csv_of(diagnostics, source, lines);
}

std::optional<std::size_t> find_column(Reader& reader, const Csv& csv, const std::string& name,
                                       Location at) {
  for (std::size_t i = 0; i < csv.header.size(); ++i) {
    if (csv.header[i].text == name) return i;
  }
  reader.diagnostics().error("S-015", at, fmt::format("the file has no column '{}'", name),
                             did_you_mean(name, csv.columns()));
  return std::nullopt;
}

std::optional<double> csv_number(Reader& reader, const CsvCell& cell) {
  const auto parsed = parse_number(cell.text);
  const double* value = std::get_if<double>(&parsed);
  if (value == nullptr) {
    reader.diagnostics().error("S-015", cell.at, fmt::format("'{}' is not a number", cell.text));
    return std::nullopt;
  }
  if (*value < 0) {
    reader.diagnostics().error("S-015", cell.at, fmt::format("{} is negative", cell.text));
    return std::nullopt;
  }
  return *value;
}

std::optional<double> csv_seconds(Reader& reader, const CsvCell& cell) {
  const auto with_unit = parse_seconds(cell.text);
  if (const double* s = std::get_if<double>(&with_unit); s != nullptr && *s >= 0) return *s;
  const auto* problem = std::get_if<ValueError>(&with_unit);
  const auto plain = problem != nullptr && problem->code == "S-006" ? std::optional<double>()
                                                                    : csv_number(reader, cell);
  if (plain && *plain <= kLongestSeconds) return plain;
  if (plain || (problem != nullptr && problem->code == "S-006")) {
    reader.diagnostics().error("S-015", cell.at,
                               fmt::format("'{}' is longer than can be simulated", cell.text));
  }
  return std::nullopt;
}

std::optional<sim::Duration> csv_time(Reader& reader, const CsvCell& cell) {
  if (const auto clock = parse_clock(cell.text)) {
    if (const auto& start = reader.scenario().run.start_label) return *clock - *start;
    reader.diagnostics().error("S-015", cell.at,
                               fmt::format("the time of day {} needs run.start", cell.text),
                               "set run: {start: \"09:00\"} in the scenario");
    return std::nullopt;
  }
  const auto s = csv_seconds(reader, cell);
  if (!s) return std::nullopt;
  return sim::from_seconds(*s);
}

std::optional<sim::SimTime> CsvTimes::read(const CsvCell& cell) {
  constexpr sim::Duration kDay = 24h;
  const auto given = csv_time(reader_, cell);
  if (!given) return std::nullopt;
  sim::SimTime at = sim::kStart + *given;
  const bool clock = parse_clock(cell.text).has_value();
  if (clock) {
    at += days_ * kDay;
    // 23:30 and then 00:00 is the next day; 11:00 and then 10:45 is a mistake.
    if (last_ && *last_ - at > kDay / 2) {
      ++days_;
      at += kDay;
    }
  }
  if (last_ && at <= *last_) {
    reader_.diagnostics().error("S-015", cell.at, "times must rise from row to row");
    return std::nullopt;
  }
  if (!last_) first_ = at;
  last_ = at;
  only_clock_ = only_clock_ && clock;
  return at;
}

std::int64_t CsvTimes::days(sim::SimTime end) const {
  constexpr sim::Duration kDay = 24h;
  if (!last_ || !only_clock_ || end - first_ > kDay) return 1;
  const sim::Duration left = reader_.scenario().run.horizon - first_.time_since_epoch();
  return std::max<std::int64_t>(1, (left + kDay - sim::Duration(1)) / kDay);
}

}  // namespace bcsim::tools
