// Files that are written whole or not at all.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bcsim::tools {

/// A file or directory cannot be written: exit code 74.
class WriteError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Of something that is being written in a directory, hidden until it is moved to its place:
/// ".bcsim-<machine>-<process>-XXXXXX". While the object lives, a signal that ends the process
/// removes what has this name; what a killed process left, the next one that writes there removes.
class ScratchName {
 public:
  enum class Kind : unsigned char { file, directory };
  /// Makes the file (see descriptor()) or the directory; throws WriteError, which names `target`.
  ScratchName(const std::filesystem::path& inside, Kind kind, const std::filesystem::path& target);
  ~ScratchName();
  ScratchName(const ScratchName&) = delete;
  ScratchName& operator=(const ScratchName&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Of the file, open for writing; the caller closes it.
  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// It has been moved to its place.
  void forget();

 private:
  std::string path_;
  Kind kind_;
  int descriptor_ = -1;
  int slot_ = -1;
};

/// Removes what processes of this machine that live no more have left in a directory; true if there
/// was anything.
bool remove_left_over(const std::filesystem::path& directory);

/// Removes everything with a ScratchName of this process; may be called in a signal handler.
void remove_scratch() noexcept;

/// Writes `content` beside `path`, forces it to the disk and renames it to `path`. Throws
/// WriteError, leaving what was there before and nothing half written. A symbolic link is followed;
/// to a device or a pipe it is written directly.
void write_file(const std::filesystem::path& path, std::string_view content);

/// True if both names lead to one file, or would if it existed.
[[nodiscard]] bool same_file(const std::filesystem::path& a, const std::filesystem::path& b);

/// A text as the name of one file or directory: neither hidden nor an option nor a path, and
/// without control characters.
[[nodiscard]] std::string file_name_of(std::string_view text);

/// Makes a directory and those above it; throws WriteError.
void make_directories(const std::filesystem::path& path);

}  // namespace bcsim::tools
