// Results on disk found and read back: what report, explain, compare, sweep and merge work from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bcsim::tools {

/// Results cannot be read, or are not what they should be: exit code 65. The text names the file.
class InputError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The directory that an argument names: one with a run.json, or with a link `latest` to one.
/// Nullopt if it names none.
[[nodiscard]] std::optional<std::filesystem::path> results_directory(const std::string& argument);
/// The newest `latest` below results/; throws InputError if there is none.
[[nodiscard]] std::filesystem::path newest_results();

/// The text of a file; throws InputError.
[[nodiscard]] std::string read_text(const std::filesystem::path& path);
/// A JSON object from a file; throws InputError.
[[nodiscard]] nlohmann::ordered_json read_json(const std::filesystem::path& path);
/// A member of it; throws InputError naming `path` if there is none of this type.
template <class T>
[[nodiscard]] T json_member(const nlohmann::ordered_json& json, const char* key,
                            const std::filesystem::path& path) {
  try {
    return json.at(key).get<T>();
  } catch (const nlohmann::json::exception&) {
    throw InputError(path.string() + ": has no usable '" + key + "'");
  }
}

/// What a file has been written with, so that damage shows.
struct WrittenFile {
  std::uint64_t bytes = 0;
  std::string crc32;  ///< of zlib, eight hexadecimal digits
  bool operator==(const WrittenFile&) const = default;
};
/// Of a file that is there; throws InputError if it cannot be read.
[[nodiscard]] WrittenFile written_file(const std::filesystem::path& path);
/// Throws InputError if one of these files of a directory is not as its run.json says that it was
/// written.
void require_undamaged(const std::filesystem::path& directory, const nlohmann::ordered_json& run,
                       std::initializer_list<std::string_view> names);

/// Throws InputError if results of this version cannot be used beside ours.
void require_our_version(const std::string& version, const std::filesystem::path& path);

}  // namespace bcsim::tools
