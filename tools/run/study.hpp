// What a plan and a tuning have in common: one scenario with many settings.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tools/cli/terminal.hpp"
#include "tools/scenario/load.hpp"

namespace bcsim::tools {

struct StudyRequest {
  std::string path;                    ///< of the scenario, as the user named it
  std::vector<std::string> overrides;  ///< of the command line
  Loaded base;
  std::filesystem::path out;  ///< empty: results/<scenario>/<kind>-<id>
  unsigned jobs = 1;
  bool json = false;
};

/// The scenario with these settings more; nullopt if it has errors, which are printed.
[[nodiscard]] std::optional<models::Scenario> load_with(const StudyRequest& request,
                                                        const std::vector<std::string>& settings,
                                                        Terminal& terminal);

/// Where the results go.
[[nodiscard]] std::filesystem::path study_directory(const StudyRequest& request, const char* kind,
                                                    const std::string& id);

/// Writes <kind>.json and <kind>.csv, and prints the first or `table`. May throw WriteError.
struct StudyFiles {
  std::string json, csv, table;
};
void deliver_study(const StudyRequest& request, const char* kind,
                   const std::filesystem::path& directory, const StudyFiles& files,
                   Terminal& terminal);

}  // namespace bcsim::tools
