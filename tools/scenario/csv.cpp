#include "tools/scenario/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "tools/scenario/suggest.hpp"

namespace bcsim::tools {

FileText read_text_file(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  constexpr std::size_t kLargest = 64u << 20;  // so that /dev/zero ends
  std::error_code ec;
  const fs::file_status status = fs::status(path, ec);
  if (status.type() == fs::file_type::not_found) return {"", "no such file", true};
  if (fs::is_directory(status)) return {"", "it is a directory", true};
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

std::vector<CsvCell> split_row(const std::string& line, char separator, Location at) {
  std::vector<CsvCell> cells;
  std::string cell;
  int begin = 1;
  bool quoted = false;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size() && line[i] == '"') {
      quoted = !quoted;
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
  Csv csv;
  char separator = ',';
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    if (trimmed(line).empty() || line[0] == '#') continue;
    const Location at{source, static_cast<int>(i) + 1, 1};
    if (csv.header.empty()) {
      for (const char c : {';', '\t'}) {
        if (line.find(',') == std::string::npos && line.find(c) != std::string::npos) separator = c;
      }
      csv.header = split_row(line, separator, at);
      continue;
    }
    std::vector<CsvCell> row = split_row(line, separator, at);
    if (row.size() != csv.header.size()) {
      diagnostics.error(
          "S-015", at,
          fmt::format("this row has {} cells, the header has {}", row.size(), csv.header.size()));
      continue;
    }
    csv.rows.push_back(std::move(row));
  }
  if (csv.rows.empty()) {
    diagnostics.error("S-015", {source, 0, 0}, "no row of data in this file",
                      "a CSV file has a header line and rows");
    return std::nullopt;
  }
  return csv;
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
  return csv_number(reader, cell);
}

std::optional<sim::Duration> csv_time(Reader& reader, const CsvCell& cell) {
  if (const auto clock = parse_clock(cell.text)) {
    if (const auto since = reader.since_start(*clock)) return since;
    reader.diagnostics().error("S-015", cell.at,
                               fmt::format("the time of day {} needs run.start", cell.text),
                               "set run: {start: \"09:00\"} in the scenario");
    return std::nullopt;
  }
  const auto s = csv_seconds(reader, cell);
  if (!s) return std::nullopt;
  return sim::from_seconds(*s);
}

}  // namespace bcsim::tools
