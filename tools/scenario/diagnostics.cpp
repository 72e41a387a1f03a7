#include "tools/scenario/diagnostics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

namespace bcsim::tools {

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) end = text.size();
    std::string_view line = text.substr(begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.emplace_back(line);
    begin = end + 1;
  }
  return lines;
}

std::uint32_t Diagnostics::add_source(Source source) {
  sources_.push_back(std::move(source));
  return static_cast<std::uint32_t>(sources_.size() - 1);
}

void Diagnostics::error(std::string code, Location at, std::string message, std::string hint) {
  add(Severity::error, std::move(code), at, std::move(message), std::move(hint));
}

void Diagnostics::warning(std::string code, Location at, std::string message, std::string hint) {
  add(Severity::warning, std::move(code), at, std::move(message), std::move(hint));
}

namespace {

// The parser counts bytes, people and editors count characters.
int character_column(const std::string& line, int byte_column) {
  int column = byte_column;
  for (std::size_t i = 0; i < line.size() && static_cast<int>(i) + 1 < byte_column; ++i) {
    if ((static_cast<unsigned char>(line[i]) & 0xC0u) == 0x80u) --column;
  }
  return column;
}

}  // namespace

void Diagnostics::add(Severity severity, std::string code, Location at, std::string message,
                      std::string hint) {
  Diagnostic d{severity, std::move(code), std::move(message), std::move(hint), "", 0, 0, "", at};
  if (at.source < sources_.size()) {
    const Source& s = sources_[at.source];
    d.file = s.display;
    if (s.is_file) {
      d.line = at.line;
      d.column = at.column;
      if (at.line > 0 && static_cast<std::size_t>(at.line) <= s.lines.size()) {
        d.source_line = s.lines[static_cast<std::size_t>(at.line) - 1];
        d.column = character_column(d.source_line, at.column);
      }
    }
  }
  const auto same = [&](const Diagnostic& o) {
    return o.code == d.code && o.message == d.message && o.at.source == at.source &&
           o.at.line == at.line && o.at.column == at.column;
  };
  if (std::none_of(list_.begin(), list_.end(), same)) list_.push_back(std::move(d));
}

std::vector<std::string> Diagnostics::demote(const std::vector<std::string>& codes) {
  std::vector<std::string> seen;
  for (Diagnostic& d : list_) {
    if (std::find(codes.begin(), codes.end(), d.code) == codes.end()) continue;
    if (std::find(seen.begin(), seen.end(), d.code) == seen.end()) seen.push_back(d.code);
    if (d.severity != Severity::error) continue;
    d.severity = Severity::warning;
    d.message += " (accepted)";
  }
  return seen;
}

bool Diagnostics::has_errors() const {
  return std::any_of(list_.begin(), list_.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::error; });
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> result = list_;
  std::stable_sort(result.begin(), result.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tuple(a.at.source, a.at.line, a.at.column) <
           std::tuple(b.at.source, b.at.line, b.at.column);
  });
  return result;
}

namespace {

// The blanks in front of the caret: one per character, tabs kept, so that it stands right under
// whatever the terminal's tab width is.
std::string caret_indent(const std::string& line, int column) {
  std::string indent;
  int at = 1;
  for (std::size_t i = 0; i < line.size() && at < column; ++i) {
    const auto byte = static_cast<unsigned char>(line[i]);
    if ((byte & 0xC0u) == 0x80u) continue;  // continuation of a UTF-8 character
    indent += byte == '\t' ? '\t' : ' ';
    ++at;
  }
  while (at++ < column) indent += ' ';
  return indent;
}

}  // namespace

std::string render(const Diagnostic& d, bool color) {
  const bool error = d.severity == Severity::error;
  const char* strong = color ? "\033[1m" : "";
  const char* paint = color ? (error ? "\033[1;31m" : "\033[1;35m") : "";
  const char* green = color ? "\033[1;32m" : "";
  const char* plain = color ? "\033[0m" : "";
  std::string where = d.file;
  if (d.line > 0) where += fmt::format(":{}:{}", d.line, d.column);
  std::string out =
      fmt::format("{}{}{}{}{}{}[{}]{}: {}", strong, where, where.empty() ? "" : ": ", plain, paint,
                  error ? "error" : "warning", d.code, plain, d.message);
  if (!d.hint.empty()) out += fmt::format(" ({})", d.hint);
  out += '\n';
  constexpr std::size_t kLongestLine = 400;
  if (!d.source_line.empty() && d.source_line.size() <= kLongestLine) {
    out += fmt::format("  {}\n  {}{}^{}\n", d.source_line, caret_indent(d.source_line, d.column),
                       green, plain);
  }
  return out;
}

nlohmann::json to_json(const Diagnostic& d) {
  nlohmann::json j = {{"severity", d.severity == Severity::error ? "error" : "warning"},
                      {"code", d.code},
                      {"message", d.message},
                      {"file", d.file}};
  if (d.line > 0) {
    j["line"] = d.line;
    j["column"] = d.column;
  }
  if (!d.hint.empty()) j["hint"] = d.hint;
  return j;
}

}  // namespace bcsim::tools
