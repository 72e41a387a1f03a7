#include "tools/cli/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

namespace bcsim::tools {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
  throw WriteError(fmt::format("cannot write '{}': {}", path.string(), std::strerror(error)));
}

// Owns the temporary file until it has become the real one.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& target) : target_(target) {
    name_ = (target.parent_path() / ("." + target.filename().string() + ".XXXXXX")).string();
    descriptor_ = mkstemp(name_.data());
    if (descriptor_ < 0) fail(target, errno);
  }
  ~TemporaryFile() {
    if (descriptor_ >= 0) close(descriptor_);
    if (!renamed_) unlink(name_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write_all(std::string_view content) {
    while (!content.empty()) {
      const ssize_t written = ::write(descriptor_, content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(target_, errno);
      content.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void commit() {
    // mkstemp made it private; give it what an ordinary new file would have had.
    const mode_t mask = umask(0);
    umask(mask);
    if (fchmod(descriptor_, 0666 & ~mask) != 0 || fsync(descriptor_) != 0) fail(target_, errno);
    const int descriptor = descriptor_;
    descriptor_ = -1;
    if (close(descriptor) != 0) fail(target_, errno);
    if (rename(name_.c_str(), target_.c_str()) != 0) fail(target_, errno);
    renamed_ = true;
  }

 private:
  std::filesystem::path target_;
  std::string name_;
  int descriptor_ = -1;
  bool renamed_ = false;
};

}  // namespace

void write_file(const std::filesystem::path& path, std::string_view content) {
  TemporaryFile file(path);
  file.write_all(content);
  file.commit();
}

void make_directories(const std::filesystem::path& path) {
  std::error_code ec;
  std::filesystem::create_directories(path, ec);
  if (ec) {
    throw WriteError(fmt::format("cannot make directory '{}': {}", path.string(), ec.message()));
  }
}

}  // namespace bcsim::tools
