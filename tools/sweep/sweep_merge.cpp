#include "tools/sweep/sweep_merge.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "tools/base/atomic_file.hpp"
#include "tools/base/exit_code.hpp"
#include "tools/results/saved_files.hpp"
#include "tools/run/run_meta.hpp"
#include "tools/sweep/sweep_files.hpp"

namespace bcsim::tools {
namespace {

namespace fs = std::filesystem;

/// The sweep that all directories belong to; throws InputError.
SweepIndex common_sweep(const std::vector<fs::path>& directories) {
  std::optional<SweepIndex> common;
  for (const fs::path& directory : directories) {
    const auto index = read_sweep(directory);
    if (!index) throw InputError(fmt::format("{}: has no sweep.json", directory.string()));
    if (!common) common = index;
    if (index->id != common->id) {
      throw InputError(fmt::format("{}: is of another sweep than {}: {}, not {}",
                                   directory.string(), directories.front().string(), index->id,
                                   common->id));
    }
  }
  return *common;
}

/// Where each point is; throws InputError if one is nowhere or in two places.
std::vector<fs::path> places_of_points(const SweepIndex& index,
                                       const std::vector<fs::path>& directories) {
  std::vector<fs::path> places;
  std::vector<std::size_t> missing;
  for (std::size_t p = 0; p < index.points.size(); ++p) {
    fs::path& place = places.emplace_back();
    for (const fs::path& directory : directories) {
      if (!is_point_done(directory, index, p)) continue;
      const fs::path path = point_directory(directory, p);
      if (!place.empty()) {
        throw InputError(
            fmt::format("{}: is point {} again, as {}", path.string(), p, place.string()));
      }
      place = path;
      const auto run = read_json(path / "run.json");
      require_our_version(json_member<std::string>(run, "version", path / "run.json"), path);
    }
    if (place.empty()) missing.push_back(p);
  }
  if (!missing.empty()) {
    throw InputError(fmt::format("{}: of {} points {} are missing: {}",
                                 directories.front().string(), index.points.size(), missing.size(),
                                 fmt::join(missing, ", ")));
  }
  return places;
}

/// Copies a result directory; its run.json last, for where that is, the others are complete.
void copy_results(const fs::path& from, const fs::path& to) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(from)) {
    if (entry.is_regular_file()) files.push_back(entry.path().filename());
  }
  std::sort(files.begin(), files.end());
  std::stable_partition(files.begin(), files.end(),
                        [](const fs::path& name) { return name != "run.json"; });
  make_directories(to);
  for (const fs::path& name : files) write_file(to / name, read_text(from / name));
}

}  // namespace

int merge_sweep(const SweepMergeRequest& request, Terminal& terminal) {
  const SweepIndex index = common_sweep(request.directories);
  const std::vector<fs::path> places = places_of_points(index, request.directories);
  fs::path out = request.out;
  if (out.empty() && request.directories.size() == 1) out = request.directories.front();
  if (out.empty()) out = fs::path("results") / index.scenario / ("sweep-" + index.id);
  require_writable(out);
  begin_sweep(out, index);
  for (std::size_t p = 0; p < places.size(); ++p) {
    if (!is_point_done(out, index, p)) copy_results(places[p], point_directory(out, p));
  }
  finish_sweep(out, index, request.json, terminal);
  return code(ExitCode::good);
}

}  // namespace bcsim::tools
