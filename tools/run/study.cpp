#include "tools/run/study.hpp"
#include "tools/base/usage_error.hpp"

#include <fmt/format.h>

#include <ostream>

#include "tools/base/atomic_file.hpp"
#include "tools/run/run_meta.hpp"
#include "tools/scenario/home.hpp"
#include "tools/scenario/load_report.hpp"

namespace bcsim::tools {

std::optional<models::Scenario> load_with(const StudyRequest& request,
                                          const std::vector<std::string>& settings,
                                          Terminal& terminal) {
  std::vector<std::string> all = request.overrides;
  all.insert(all.end(), settings.begin(), settings.end());
  Loaded loaded = load_argument(request.path, all, terminal.in);
  if (!loaded.has_errors()) return std::move(loaded.scenario);
  print_diagnostics(loaded, terminal);
  return std::nullopt;
}

void require_not_read(const std::vector<std::filesystem::path>& inputs, const char* option,
                      const std::filesystem::path& file) {
  for (const std::filesystem::path& input : inputs) {
    if (!same_file(file, input)) continue;
    throw UsageError{fmt::format("--{} {}: the scenario is read from it", option, file.string()),
                     "name another file"};
  }
}

void require_study_place(const StudyRequest& request, const char* kind,
                         const std::filesystem::path& directory,
                         const std::vector<std::string>& others) {
  std::vector<std::string> names = {fmt::format("{}.csv", kind), fmt::format("{}.json", kind)};
  names.insert(names.end(), others.begin(), others.end());
  for (const std::string& name : names) {
    require_not_read(request.base.files, "out", directory / name);
  }
  require_writable(directory);
}

std::filesystem::path study_directory(const StudyRequest& request, const char* kind,
                                      const std::string& id) {
  if (!request.out.empty()) return request.out;
  return std::filesystem::path("results") / request.base.scenario.name /
         fmt::format("{}-{}", kind, id);
}

void deliver_study(const StudyRequest& request, const char* kind,
                   const std::filesystem::path& directory, const StudyFiles& files,
                   Terminal& terminal) {
  make_directories(directory);
  write_file(directory / fmt::format("{}.csv", kind), files.csv);
  write_file(directory / fmt::format("{}.json", kind), files.json);
  terminal.out << (request.json ? files.json : files.table);
}

}  // namespace bcsim::tools
