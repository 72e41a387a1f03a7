// Reading a scenario: from a file and overrides to the effective scenario, or to all its problems.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "models/scenario.hpp"
#include "tools/scenario/table/sweep_spec.hpp"
#include "tools/scenario/text/diagnostics.hpp"
#include "tools/scenario/text/node.hpp"

namespace bcsim::tools {

/// Of the scenario language: `bcsim: 1`.
inline constexpr int kLanguageVersion = 1;

/// What is written of a scenario that has been read: its effective YAML, perhaps with the origin of
/// each value. Of a table with a million rows that takes longer than all else.
enum class WrittenAs : std::uint8_t { nothing, effective, annotated };

/// What became of a scenario file. With errors the scenario is incomplete and must not be run.
struct Loaded {
  models::Scenario scenario;
  SweepSpec sweep;                      ///< what `bcsim sweep` varies; empty: nothing
  std::vector<Diagnostic> diagnostics;  ///< all of them, in reading order
  /// Complete and canonical (see effective.hpp), if it was to be written; empty with errors.
  std::string effective_yaml;
  /// All that it was read from: the file itself, those that it extends, its tables.
  std::vector<std::filesystem::path> files;

  [[nodiscard]] bool has_errors() const;
  [[nodiscard]] std::size_t count(Severity severity) const;
};

/// Loads a scenario file with "path=value" overrides. Never throws.
[[nodiscard]] Loaded load_scenario(const std::filesystem::path& path,
                                   const std::vector<std::string>& overrides = {},
                                   WrittenAs written = WrittenAs::effective);

/// The tree of a file, of what it extends and of overrides, as it was written; the names of files
/// in it are whole. Of a file that load_scenario has accepted.
[[nodiscard]] Node assembled_scenario(const std::filesystem::path& path,
                                      const std::vector<std::string>& overrides);

/// A text that is already here.
struct ScenarioText {
  std::string text;
  std::string display;              ///< shown in diagnostics, such as "<stdin>"
  std::string name;                 ///< of the scenario
  std::filesystem::path directory;  ///< relative paths start from it
};
[[nodiscard]] Loaded load_scenario_text(const ScenarioText& text,
                                        const std::vector<std::string>& overrides = {},
                                        WrittenAs written = WrittenAs::effective);

}  // namespace bcsim::tools
