#include "tools/run/study.hpp"

#include <fmt/format.h>

#include <ostream>

#include "tools/cli/atomic_file.hpp"
#include "tools/cli/home.hpp"
#include "tools/cli/report.hpp"

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
