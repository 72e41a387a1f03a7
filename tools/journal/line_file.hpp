// A long file, gzipped if its name ends in .gz, that appears when it is complete or not at all.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "tools/base/atomic_file.hpp"

namespace bcsim::tools {

/// Written beside its place under another name and moved there by commit(); without it the file is
/// removed. A pipe or device is written to directly. Every error is a WriteError.
class LineFile {
 public:
  explicit LineFile(const std::filesystem::path& path);
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  void write(std::string_view text);
  void commit();

 private:
  [[noreturn]] void fail(int error) const;

  std::filesystem::path path_;
  std::optional<ScratchName> temporary_;  ///< none: written in place
  void* file_ = nullptr;                  ///< gzFile
};

}  // namespace bcsim::tools
