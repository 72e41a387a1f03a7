#include "tools/results/saved_files.hpp"

#include <fmt/format.h>

#include <zlib.h>

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

WrittenFile written_file(const fs::path& path) {
  const std::string text = read_text(path);
  const auto* bytes = reinterpret_cast<const Bytef*>(text.data());
  return {text.size(), fmt::format("{:08x}", ::crc32_z(0, bytes, text.size()))};
}

void require_undamaged(const fs::path& directory, const nlohmann::ordered_json& run,
                       std::initializer_list<std::string_view> names) {
  const auto files = run.find("files");
  if (files == run.end()) return;
  for (const std::string_view name : names) {
    const auto file = files->find(name);
    if (file == files->end()) continue;
    const fs::path path = directory / name;
    const WrittenFile then{json_member<std::uint64_t>(*file, "bytes", directory / "run.json"),
                           json_member<std::string>(*file, "crc32", directory / "run.json")};
    const WrittenFile now = written_file(path);
    if (then == now) continue;
    throw InputError(fmt::format(
        "{}: is damaged: {} as it was written", path.string(),
        now.bytes == then.bytes ? "its text is not"
                                : fmt::format("it has {} bytes, not {}", now.bytes, then.bytes)));
  }
}

void require_our_version(const std::string& version, const fs::path& path) {
  if (version == build_info::kVersion) return;
  throw InputError(fmt::format("{}: was written by version {}, this is {}; run it again",
                               path.string(), version, build_info::kVersion));
}

}  // namespace bcsim::tools
