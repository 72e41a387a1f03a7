#include "tools/results/saved_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

#include "build_info.hpp"

namespace bcsim::tools {

namespace fs = std::filesystem;

std::optional<fs::path> results_directory(const std::string& argument) {
  std::error_code ignored;
  const fs::path path = argument;
  if (fs::exists(path / "run.json", ignored)) return path;
  if (fs::exists(path / "latest" / "run.json", ignored)) return path / "latest";
  return std::nullopt;
}

fs::path newest_results() {
  std::error_code ignored;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator("results", ignored)) {
    if (const auto directory = results_directory(entry.path().string())) {
      found.push_back(*directory);
    }
  }
  if (found.empty()) {
    throw InputError("there are no results here: name a results directory or a scenario");
  }
  return *std::max_element(found.begin(), found.end(), [](const fs::path& a, const fs::path& b) {
    std::error_code e;
    return fs::last_write_time(a / "run.json", e) < fs::last_write_time(b / "run.json", e);
  });
}

std::string read_text(const fs::path& path) {
  std::error_code ignored;
  const bool file = fs::is_regular_file(path, ignored);  // a pipe may never end
  std::ifstream in;
  if (file) in.open(path, std::ios::binary);
  if (!file || !in) throw InputError(fmt::format("{}: cannot be read", path.string()));
  return {std::istreambuf_iterator<char>(in), {}};
}

nlohmann::ordered_json read_json(const fs::path& path) {
  auto json = nlohmann::ordered_json::parse(read_text(path), nullptr, false);
  if (!json.is_object()) throw InputError(fmt::format("{}: is not JSON of bcsim", path.string()));
  return json;
}

void require_our_version(const std::string& version, const fs::path& path) {
  if (version == build_info::kVersion) return;
  throw InputError(fmt::format("{}: was written by version {}, this is {}; run it again",
                               path.string(), version, build_info::kVersion));
}

}  // namespace bcsim::tools
