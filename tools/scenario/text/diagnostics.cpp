#include "tools/scenario/text/diagnostics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
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

// So many of one kind in one file are read; the next ones say nothing new.
constexpr std::size_t kMostListed = 20;

/// What is said, whoever it is said of: the text without what is in quotes.
std::string without_names(const std::string& message) {
  std::string out;
  bool quoted = false;
  for (const char c : message) {
    if (c == '\'') quoted = !quoted;
    if (!quoted) out += c;
  }
  return out;
}

/// "199 980"
std::string grouped(std::size_t n) {
  std::string digits = fmt::format("{}", n);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, " ");
  return digits;
}

/// Where it is in this source, for people.
void place(Diagnostic& d, const Source& source) {
  d.file = source.display;
  if (!source.is_file) return;
  d.line = d.at.line;
  d.column = d.at.column;
  const auto line = static_cast<std::size_t>(d.at.line);
  if (d.at.line < 1 || line > source.lines.size()) return;
  d.source_line = source.lines[line - 1];
  d.column = character_column(d.source_line, d.at.column);
}

}  // namespace

void Diagnostics::add(Severity severity, std::string code, Location at, std::string message,
                      std::string hint) {
  Diagnostic d;
  d.severity = severity;
  d.code = std::move(code);
  d.message = std::move(message);
  d.hint = std::move(hint);
  d.at = at;
  const bool in_file = at.source < sources_.size() && sources_[at.source].is_file && at.line > 0;
  const std::string shape = without_names(d.message);
  for (Diagnostic& o : list_) {
    const bool same_place = o.code == d.code && o.at.source == at.source && o.at.line == at.line &&
                            o.at.column == at.column;
    if (!same_place) continue;
    if (o.message == d.message) return;
    if (severity == Severity::error || !in_file || without_names(o.message) != shape) continue;
    ++o.alike;
    return;
  }
  Tally& tally = tallies_[{at.source, d.code}];
  tally.severity = severity;
  if (tally.listed == kMostListed) {
    ++tally.hidden;
    return;
  }
  ++tally.listed;
  if (at.source < sources_.size()) place(d, sources_[at.source]);
  list_.push_back(std::move(d));
}

bool Diagnostics::full(const std::string& code, std::uint32_t source) const {
  const auto found = tallies_.find({source, code});
  return found != tallies_.end() && found->second.listed == kMostListed;
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
  for (auto& [kind, tally] : tallies_) {
    if (std::find(codes.begin(), codes.end(), kind.second) == codes.end()) continue;
    tally.severity = Severity::warning;
  }
  return seen;
}

bool Diagnostics::has_errors() const {
  return std::any_of(list_.begin(), list_.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::error; });
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> result = list_;
  for (Diagnostic& d : result) {
    if (d.alike > 0) d.message += fmt::format("; {} more alike, by the same lines", d.alike);
  }
  for (const auto& [kind, tally] : tallies_) {
    if (tally.hidden == 0) continue;
    const auto& [source, code] = kind;
    Diagnostic& d = result.emplace_back();
    d.severity = tally.severity;
    d.code = code;
    d.message = fmt::format("and {} more", grouped(tally.hidden));
    if (source < sources_.size()) d.file = sources_[source].display;
    d.at = {source, std::numeric_limits<int>::max(), 0};
    d.count = static_cast<std::uint32_t>(tally.hidden);
  }
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

namespace {

/// Length of the UTF-8 character at `i` (RFC 3629 §4, as far as its bytes' ranges go); 0: it is
/// none.
std::size_t character_at(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  const std::size_t length = byte(i) < 0x80                       ? 1
                             : byte(i) >= 0xc2 && byte(i) < 0xe0  ? 2
                             : byte(i) >= 0xe0 && byte(i) < 0xf0  ? 3
                             : byte(i) >= 0xf0 && byte(i) <= 0xf4 ? 4
                                                                  : 0;
  if (length == 0 || i + length > text.size()) return 0;
  for (std::size_t k = i + 1; k < i + length; ++k) {
    if (byte(k) < 0x80 || byte(k) > 0xbf) return 0;
  }
  return length;
}

/// Is the character of so many bytes at `i` C0, DEL, or C1? What is no UTF-8 may be C1 to a
/// terminal that takes bytes for Latin-1.
bool is_control(std::string_view text, std::size_t i, std::size_t length) {
  const auto byte = static_cast<unsigned char>(text[i]);
  if (length == 1) return byte < 0x20 || byte == 0x7f;
  return length == 0 || (byte == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0);
}

}  // namespace

bool steers_terminal(std::string_view text) {
  for (std::size_t i = 0, length = 0; i < text.size(); i += std::max<std::size_t>(length, 1)) {
    length = character_at(text, i);
    if (text[i] != '\t' && text[i] != '\n' && is_control(text, i, length)) return true;
  }
  return false;
}

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0, length = 0; i < text.size(); i += std::max<std::size_t>(length, 1)) {
    length = character_at(text, i);
    if (!is_control(text, i, length)) {
      out += text.substr(i, length);
    } else if (text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
      out += ' ';
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i + (length == 2 ? 1 : 0)]));
    }
  }
  return out;
}

std::string render(const Diagnostic& d, bool color) {
  const bool error = d.severity == Severity::error;
  const char* strong = color ? "\033[1m" : "";
  const char* paint = color ? (error ? "\033[1;31m" : "\033[1;35m") : "";
  const char* green = color ? "\033[1;32m" : "";
  const char* plain = color ? "\033[0m" : "";
  std::string where = printable(d.file);
  if (d.line > 0) where += fmt::format(":{}:{}", d.line, d.column);
  std::string out =
      fmt::format("{}{}{}{}{}{}[{}]{}: {}", strong, where, where.empty() ? "" : ": ", plain, paint,
                  error ? "error" : "warning", d.code, plain, printable(d.message));
  if (!d.hint.empty()) out += fmt::format(" ({})", printable(d.hint));
  out += '\n';
  constexpr std::size_t kLongestLine = 400;
  const bool shown = !d.source_line.empty() && d.source_line.size() <= kLongestLine;
  if (shown && !steers_terminal(d.source_line)) {
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
