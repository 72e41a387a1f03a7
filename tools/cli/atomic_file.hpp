// Files that are written whole or not at all.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string_view>

namespace bcsim::tools {

/// A file or directory cannot be written: exit code 74.
class WriteError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Writes `content` beside `path`, forces it to the disk and renames it to `path`. Throws
/// WriteError, leaving what was there before and nothing half written.
void write_file(const std::filesystem::path& path, std::string_view content);

/// Makes a directory and those above it; throws WriteError.
void make_directories(const std::filesystem::path& path);

}  // namespace bcsim::tools
