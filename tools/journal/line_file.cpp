#include "tools/journal/line_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace bcsim::tools {

LineFile::LineFile(const std::filesystem::path& path) : path_(path) {
  std::error_code ignored;
  const bool in_place =
      std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored);
  int descriptor = -1;
  if (in_place) {
    descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    temporary_.emplace(path.parent_path(), ScratchName::Kind::file, path);
    descriptor = temporary_->descriptor();
  }
  if (descriptor < 0) fail(errno);
  // zlib's "T" writes plain text.
  file_ = ::gzdopen(descriptor, path.extension() == ".gz" ? "wb6" : "wbT");
  if (file_ == nullptr) fail(ENOMEM);
  ::gzbuffer(static_cast<gzFile>(file_), 1u << 17);
}

LineFile::~LineFile() {
  if (file_ != nullptr) ::gzclose(static_cast<gzFile>(file_));
}

void LineFile::fail(int error) const {
  throw WriteError(fmt::format("cannot write '{}': {}", path_.string(), std::strerror(error)));
}

void LineFile::write(std::string_view text) {
  if (text.empty()) return;
  const auto size = static_cast<unsigned>(text.size());
  if (::gzwrite(static_cast<gzFile>(file_), text.data(), size) != static_cast<int>(size)) {
    fail(errno);
  }
}

void LineFile::commit() {
  void* file = file_;
  file_ = nullptr;
  if (::gzclose(static_cast<gzFile>(file)) != Z_OK) fail(errno);
  if (!temporary_) return;
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::chmod(temporary_->path().c_str(), 0666 & ~mask) != 0) fail(errno);
  if (::rename(temporary_->path().c_str(), path_.c_str()) != 0) fail(errno);
  temporary_->forget();
}

}  // namespace bcsim::tools
