#include "tools/base/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace bcsim::tools {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
  throw WriteError(fmt::format("cannot write '{}': {}", path.string(), std::strerror(error)));
}

// What a signal handler may look at: plain memory, and nothing that allocates.
struct Slot {
  volatile std::sig_atomic_t used = 0;
  bool directory = false;
  pid_t owner = 0;  // a forked worker has the table, too, and must leave it alone
  char path[4096] = {};
};
constexpr int kSlots = 8;
Slot slots[kSlots];

/// The same for every process of this machine, another on another: file systems are shared.
std::string machine() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0) name[0] = 0;
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const char* c = name; *c != 0; ++c) {
    hash = (hash ^ static_cast<unsigned char>(*c)) * 16777619u;
  }
  return fmt::format("{:08x}", hash);
}

std::string prefix() {
  return ".bcsim-" + machine() + "-";
}

struct RawEntry {  // of getdents64(2); readdir may allocate
  std::uint64_t inode;
  std::int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[1];
};

/// The files of a directory, which has no others in it, and the directory.
void remove_flat(const char* path) noexcept {
  const int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  alignas(RawEntry) char buffer[4096];
  for (;;) {
    const long size = syscall(SYS_getdents64, directory, buffer, sizeof buffer);
    if (size <= 0) break;
    for (long at = 0; at < size;) {
      unsigned short length = 0;
      std::memcpy(&length, buffer + at + offsetof(RawEntry, length), sizeof length);
      const char* name = buffer + at + offsetof(RawEntry, name);
      if (std::strcmp(name, ".") != 0 && std::strcmp(name, "..") != 0) {
        unlinkat(directory, name, 0);
      }
      at += length;
    }
  }
  close(directory);
  rmdir(path);
}

}  // namespace

ScratchName::ScratchName(const std::filesystem::path& inside, Kind kind,
                         const std::filesystem::path& target)
    : kind_(kind) {
  remove_left_over(inside);
  path_ = (inside / fmt::format("{}{}-XXXXXX", prefix(), getpid())).string();
  if (kind == Kind::file) {
    descriptor_ = mkostemp(path_.data(), O_CLOEXEC);
    if (descriptor_ < 0) fail(target, errno);
  } else if (mkdtemp(path_.data()) == nullptr) {
    fail(target, errno);
  }
  for (int i = 0; i < kSlots && slot_ < 0; ++i) {
    Slot& slot = slots[i];
    if (slot.used != 0 || path_.size() >= sizeof slot.path) continue;
    std::memcpy(slot.path, path_.c_str(), path_.size() + 1);
    slot.directory = kind == Kind::directory;
    slot.owner = getpid();
    slot.used = 1;
    slot_ = i;
  }
}

ScratchName::~ScratchName() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
  forget();
}

void ScratchName::forget() {
  if (slot_ >= 0) slots[slot_].used = 0;
  slot_ = -1;
  path_.clear();
}

void remove_scratch() noexcept {
  for (Slot& slot : slots) {
    if (slot.used == 0 || slot.owner != getpid()) continue;
    if (slot.directory) {
      remove_flat(slot.path);
    } else {
      unlink(slot.path);
    }
  }
}

bool remove_left_over(const std::filesystem::path& directory) {
  namespace fs = std::filesystem;
  const std::string start = prefix();
  std::error_code error;
  const fs::path place = directory.empty() ? fs::path(".") : directory;
  std::vector<fs::path> dead;
  for (fs::directory_iterator i(place, error), end; !error && i != end; i.increment(error)) {
    const std::string name = i->path().filename().string();
    if (!name.starts_with(start)) continue;
    pid_t process = 0;
    const char* const last = name.data() + name.size();
    const auto [stop, problem] = std::from_chars(name.data() + start.size(), last, process);
    if (problem != std::errc{} || stop == last || *stop != '-' || process <= 0) continue;
    if (kill(process, 0) != 0 && errno == ESRCH) dead.push_back(i->path());
  }
  for (const fs::path& path : dead) fs::remove_all(path, error);
  return !dead.empty();
}

void write_file(const std::filesystem::path& target, std::string_view content) {
  const auto write_all = [&](int descriptor) {
    while (!content.empty()) {
      const ssize_t written = ::write(descriptor, content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  };
  std::error_code unknown;
  const auto kind = std::filesystem::status(target, unknown).type();
  if (kind == std::filesystem::file_type::none) fail(target, unknown.value());  // a loop of links
  // A device or pipe is written to: another file must not take its place.
  if (std::filesystem::exists(std::filesystem::file_status(kind)) &&
      kind != std::filesystem::file_type::regular &&
      kind != std::filesystem::file_type::directory) {
    // Who opens a pipe that nobody reads would wait for ever.
    const int descriptor = open(target.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0 && errno == ENXIO) {
      throw WriteError(fmt::format("cannot write '{}': nobody reads this pipe", target.string()));
    }
    if (descriptor < 0) fail(target, errno);
    fcntl(descriptor, F_SETFL, O_WRONLY);
    const bool written = write_all(descriptor);
    const int error = errno;
    if (close(descriptor) != 0 && written) fail(target, errno);
    if (!written) fail(target, error);
    return;
  }
  // What a symbolic link leads to is the file, also if it does not exist yet.
  std::filesystem::path path = target;
  for (int hops = 0; hops < 40 && std::filesystem::is_symlink(path, unknown); ++hops) {
    path = path.parent_path() / std::filesystem::read_symlink(path, unknown);
  }
  ScratchName scratch(path.parent_path(), ScratchName::Kind::file, path);
  const auto make_public = [](int descriptor) {
    // mkostemp made it private; give it what an ordinary new file would have had.
    const mode_t mask = umask(0);
    umask(mask);
    return fchmod(descriptor, 0666 & ~mask) == 0 && fsync(descriptor) == 0;
  };
  const bool written = write_all(scratch.descriptor()) && make_public(scratch.descriptor());
  const int error = errno;
  if (close(scratch.descriptor()) != 0 && written) fail(path, errno);
  if (!written) fail(path, error);
  if (rename(scratch.path().c_str(), path.c_str()) != 0) fail(path, errno);
  scratch.forget();
}

bool same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::error_code error;
  if (std::filesystem::equivalent(a, b, error)) return true;
  const auto full = [&](const std::filesystem::path& path) {
    const std::filesystem::path whole = std::filesystem::absolute(path, error);
    const std::filesystem::path found = std::filesystem::weakly_canonical(whole, error);
    return error ? whole.lexically_normal() : found;  // nothing can be found out about a loop
  };
  return full(a) == full(b);
}

std::string file_name_of(std::string_view text) {
  std::string name(text.substr(0, 200));
  for (char& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '/' || c == '\\') c = '_';
  }
  // A C1 control is two bytes in UTF-8.
  for (std::size_t i = 0; i + 1 < name.size(); ++i) {
    const auto next = static_cast<unsigned char>(name[i + 1]);
    if (static_cast<unsigned char>(name[i]) == 0xc2 && next < 0xa0) name[i] = name[i + 1] = '_';
  }
  if (name.empty()) return "scenario";
  if (name.front() == '.' || name.front() == '-') name.front() = '_';
  return name;
}

void make_directories(const std::filesystem::path& path) {
  std::error_code ec;
  std::filesystem::create_directories(path, ec);
  if (ec) {
    throw WriteError(fmt::format("cannot make directory '{}': {}", path.string(), ec.message()));
  }
}

}  // namespace bcsim::tools
