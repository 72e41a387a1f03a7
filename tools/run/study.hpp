// What a plan and a tuning have in common: one scenario with many settings.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tools/base/terminal.hpp"
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

/// Throws UsageError if `file`, which --`option` would write, is one of these, which are read.
void require_not_read(const std::vector<std::filesystem::path>& inputs, const char* option,
                      const std::filesystem::path& file);
/// Throws WriteError if the directory cannot be written, UsageError if <kind>.json, <kind>.csv or
/// one of `others` in it is a file that the scenario is read from.
void require_study_place(const StudyRequest& request, const char* kind,
                         const std::filesystem::path& directory,
                         const std::vector<std::string>& others = {});

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
