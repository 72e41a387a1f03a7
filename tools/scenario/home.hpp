// What comes with the program: the shipped scenarios and where they are.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tools/scenario/load.hpp"

namespace bcsim::tools {

/// The tree the program was built from, or the environment's BCSIM_HOME.
[[nodiscard]] std::filesystem::path home_directory();

struct ShippedScenario {
  std::string name, title;
  std::filesystem::path path;
};
/// The scenarios in and below scenarios/, by name ("ablations/no_standby"), with titles from the
/// files.
[[nodiscard]] std::vector<ShippedScenario> shipped_scenarios();

/// Loads the scenario an argument names: a path, "-" for `standard_input`, or the name of a shipped
/// one. A name that is neither gives a diagnostic with a suggestion.
[[nodiscard]] Loaded load_argument(const std::string& argument,
                                   const std::vector<std::string>& overrides,
                                   std::istream& standard_input,
                                   WrittenAs written = WrittenAs::effective);

}  // namespace bcsim::tools
