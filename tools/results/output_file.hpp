// A file written through a buffer that does not hide a full disk.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "tools/base/atomic_file.hpp"

namespace bcsim::tools {

/// Creates or replaces the file; every error is a WriteError, at the latest in close(). Whole-or-
/// nothing is the business of whoever owns the directory.
class OutputFile {
 public:
  explicit OutputFile(const std::filesystem::path& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view text);
  /// Forces everything to the disk. Without it the file is not complete.
  void close();

  /// The buffer, to format into; call flush_if_full() now and then.
  [[nodiscard]] std::string& buffer() { return buffer_; }
  void flush_if_full() {
    if (buffer_.size() >= kBufferBytes) flush();
  }

 private:
  static constexpr std::size_t kBufferBytes = 1u << 18;
  void flush();
  [[noreturn]] void fail(int error) const;

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::string buffer_;
};

}  // namespace bcsim::tools
