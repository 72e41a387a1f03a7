// What is wrong with a scenario, and where: errors and warnings with file, line, column and caret.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bcsim::tools {

/// A place in one of the texts that make up a scenario; line and column count from 1, 0 is "the
/// file as a whole". Columns count characters, not bytes.
struct Location {
  std::uint32_t source = 0;
  int line = 0, column = 0;
};

/// A text that was read: a file, or the value of one --set.
struct Source {
  std::string display;              ///< as shown to the user: "site_failure.yaml", "--set"
  std::filesystem::path directory;  ///< what relative paths in it start from
  std::vector<std::string> lines;
  bool is_file = true;   ///< false: line and column say nothing, only the text does
  bool is_part = false;  ///< … of another file: lines and columns are those of the part
};

enum class Severity : std::uint8_t { error, warning };

struct Diagnostic {
  Severity severity = Severity::error;
  std::uint16_t alike = 0;  ///< further ones of the same lines, in other names: through an anchor
  std::uint32_t count = 1;  ///< of problems: of the last of a kind in a file, those not listed
  std::string code;         ///< stable; tools/README.md lists them all
  std::string message;
  std::string hint;  ///< "did you mean 'x'?", may be empty
  std::string file;
  int line = 0, column = 0;
  std::string source_line;  ///< the line itself, for the caret; may be empty
  Location at;
};

/// Collects every problem of one load, so that the user sees all of them at once; of a kind in a
/// file as many as anybody reads, and how many more there are.
class Diagnostics {
 public:
  std::uint32_t add_source(Source source);
  [[nodiscard]] const Source& source(std::uint32_t id) const { return sources_[id]; }
  [[nodiscard]] std::size_t source_count() const { return sources_.size(); }

  void error(std::string code, Location at, std::string message, std::string hint = "");
  void warning(std::string code, Location at, std::string message, std::string hint = "");

  /// True if problems of this kind in this source are only counted from now on.
  [[nodiscard]] bool full(const std::string& code, std::uint32_t source) const;

  /// Turns the errors of these codes into warnings that say so; returns the codes that occurred.
  std::vector<std::string> demote(const std::vector<std::string>& codes);

  [[nodiscard]] bool has_errors() const;
  /// Those that are listed.
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return list_; }
  /// Everything in reading order: by file, line and column.
  [[nodiscard]] std::vector<Diagnostic> sorted() const;

 private:
  void add(Severity severity, std::string code, Location at, std::string message, std::string hint);

  /// Problems of one code in one source.
  struct Tally {
    std::size_t listed = 0, hidden = 0;
    Severity severity = Severity::error;
  };

  std::vector<Source> sources_;
  std::vector<Diagnostic> list_;
  std::map<std::pair<std::uint32_t, std::string>, Tally> tallies_;
};

/// A text on one line of a terminal or page: control characters, which could steer it, are shown as
/// "\x1b". Newlines become blanks.
[[nodiscard]] std::string printable(std::string_view text);
/// True if there are control characters in it other than newlines and tabs.
[[nodiscard]] bool steers_terminal(std::string_view text);

/// "file:line:col: error[S-001]: … (did you mean 'x'?)", the source line and a caret; ends in a
/// newline. `color` adds terminal colours.
[[nodiscard]] std::string render(const Diagnostic& d, bool color = false);
[[nodiscard]] nlohmann::json to_json(const Diagnostic& d);

/// Splits a text at newlines, dropping carriage returns.
[[nodiscard]] std::vector<std::string> split_lines(std::string_view text);

}  // namespace bcsim::tools
