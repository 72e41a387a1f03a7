#include "tools/run/worker_pool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "tools/base/exit_code.hpp"
#include "tools/run/interrupt.hpp"

namespace bcsim::tools {
namespace {

/// What a worker says is a sequence of these heads, each followed by `size` bytes.
struct FrameHead {
  // As wide as the size: no byte between them is left unwritten.
  enum class Kind : std::uint64_t { progress, answer, failure };
  Kind kind = Kind::progress;
  std::uint64_t size = 0;
};
static_assert(std::has_unique_object_representations_v<FrameHead>);

void write_all(int descriptor, const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = ::write(descriptor, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) _exit(code(ExitCode::internal));  // the other side is gone
    at += n;
    size -= static_cast<std::size_t>(n);
  }
}

void send_frame(int descriptor, FrameHead::Kind kind, const void* data, std::size_t size) {
  const FrameHead head{kind, size};
  write_all(descriptor, &head, sizeof head);
  write_all(descriptor, data, size);
}

/// The worker's life, from fork to exit.
[[noreturn]] void work_in_child(std::size_t job, int descriptor, const PoolTasks& tasks,
                                bool watch) {
  using Clock = std::chrono::steady_clock;
  auto told = Clock::now();
  const JobProgress progress = [&](double done) {
    const auto now = Clock::now();
    if (watch && now - told > std::chrono::milliseconds(100)) {
      told = now;
      send_frame(descriptor, FrameHead::Kind::progress, &done, sizeof done);
    }
    return !SignalGuard::interrupted();
  };
  try {
    const std::string bytes = tasks.work(job, progress);
    if (SignalGuard::interrupted()) _exit(interrupted_code());
    send_frame(descriptor, FrameHead::Kind::answer, bytes.data(), bytes.size());
  } catch (const std::exception& e) {
    send_frame(descriptor, FrameHead::Kind::failure, e.what(), std::strlen(e.what()));
  }
  _exit(0);
}

struct Worker {
  std::size_t job = 0;
  pid_t pid = -1;
  int descriptor = -1;
  std::string bytes;  ///< not yet understood
  double progress = 0;

  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    if (descriptor >= 0) ::close(descriptor);
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    int ignored = 0;
    while (::waitpid(pid, &ignored, 0) < 0 && errno == EINTR) {
    }
  }
  /// How it ended; waits for that.
  [[nodiscard]] int wait_status() {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    pid = -1;
    return status;
  }
};

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return fmt::format("killed by signal {}", WTERMSIG(status));
  return fmt::format("ended with exit code {}", WEXITSTATUS(status));
}

class Pool {
 public:
  Pool(std::size_t count, const PoolOptions& options, const PoolTasks& tasks)
      : options_(options), tasks_(tasks), attempts_(count, 0) {
    for (std::size_t job = 0; job < count; ++job) waiting_.push_back(job);
  }

  PoolOutcome run() {
    while (!waiting_.empty() || !workers_.empty()) {
      while (!waiting_.empty() && workers_.size() < options_.workers) {
        const std::size_t job = next();
        if (tasks_.prepare) tasks_.prepare(job);
        start(job);
      }
      listen();
      if (SignalGuard::interrupted() && !(waiting_.empty() && workers_.empty())) {
        workers_.clear();  // kills them
        outcome_.interrupted = true;
        return outcome_;
      }
    }
    return outcome_;
  }

 private:
  std::size_t next() {
    const std::size_t job = waiting_.front();
    waiting_.pop_front();
    return job;
  }
  void start(std::size_t job) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
    }
    std::cout.flush();
    std::cerr.flush();
    std::fflush(nullptr);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) {
      const int error = errno;
      ::close(ends[0]);
      ::close(ends[1]);
      throw std::system_error(error, std::generic_category(), "cannot fork a worker");
    }
    if (pid == 0) {
      ::close(ends[0]);
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) _exit(code(ExitCode::internal));
      work_in_child(job, ends[1], tasks_, options_.watch);
    }
    ::close(ends[1]);
    auto& worker = workers_.emplace_back(std::make_unique<Worker>());
    worker->job = job;
    worker->pid = pid;
    worker->descriptor = ends[0];
    ++attempts_[job];
  }
  /// Takes what the workers have to say, waiting for it a tenth of a second at most.
  void listen() {
    std::vector<pollfd> ears;
    for (const auto& worker : workers_) ears.push_back({worker->descriptor, POLLIN, 0});
    const int ready = ::poll(ears.data(), ears.size(), 100);
    if (ready < 0 && errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "cannot listen to the workers");
    }
    if (ready <= 0) return;
    std::vector<std::size_t> over;
    for (std::size_t i = 0; i < ears.size(); ++i) {
      if (ears[i].revents != 0 && !hear(*workers_[i])) over.push_back(i);
    }
    for (auto i = over.rbegin(); i != over.rend(); ++i) {
      const std::unique_ptr<Worker> worker = std::move(workers_[*i]);
      workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(*i));
      finish(*worker);
    }
    if (tasks_.progress) tasks_.progress(progress());
  }
  /// False at the end of what it says.
  static bool hear(Worker& worker) {
    static constexpr std::size_t kChunk = 1u << 16;
    const std::size_t before = worker.bytes.size();
    worker.bytes.resize(before + kChunk);
    const ssize_t n = ::read(worker.descriptor, worker.bytes.data() + before, kChunk);
    worker.bytes.resize(before + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (n < 0) return errno == EINTR;
    // Only the last progress matters, so all complete ones at the front go.
    FrameHead head;
    double progress = 0;
    while (worker.bytes.size() >= sizeof head + sizeof progress) {
      std::memcpy(&head, worker.bytes.data(), sizeof head);
      if (head.kind != FrameHead::Kind::progress) break;
      std::memcpy(&progress, worker.bytes.data() + sizeof head, sizeof progress);
      worker.progress = progress;
      worker.bytes.erase(0, sizeof head + sizeof progress);
    }
    return n > 0;
  }
  void finish(Worker& worker) {
    const int status = worker.wait_status();
    FrameHead head;
    const bool whole = [&] {
      if (worker.bytes.size() < sizeof head) return false;
      std::memcpy(&head, worker.bytes.data(), sizeof head);
      return worker.bytes.size() == sizeof head + head.size;
    }();
    if (whole) {
      worker.bytes.erase(0, sizeof head);
      if (head.kind == FrameHead::Kind::failure) throw std::runtime_error(worker.bytes);
      ++done_;
      tasks_.done(worker.job, std::move(worker.bytes));
      return;
    }
    // A failed check inside the simulator, which has said so: it would fail again.
    if (!options_.outlive_failed_checks && WIFEXITED(status) &&
        WEXITSTATUS(status) == code(ExitCode::internal)) {
      throw std::runtime_error("a worker stopped at a failed check");
    }
    if (SignalGuard::interrupted()) return;
    if (attempts_[worker.job] < options_.attempts) {
      waiting_.push_front(worker.job);
    } else {
      outcome_.lost.push_back({worker.job, how_it_ended(status)});
    }
  }
  [[nodiscard]] double progress() const {
    double sum = static_cast<double>(done_ + outcome_.lost.size());
    for (const auto& worker : workers_) sum += worker->progress;
    return sum;
  }

  const PoolOptions& options_;
  const PoolTasks& tasks_;
  std::deque<std::size_t> waiting_;
  std::vector<int> attempts_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t done_ = 0;
  PoolOutcome outcome_;
};

}  // namespace

PoolOutcome run_jobs(std::size_t count, const PoolOptions& options, const PoolTasks& tasks) {
  return Pool(count, options, tasks).run();
}

unsigned usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1u, static_cast<unsigned>(CPU_COUNT(&set)));
}

}  // namespace bcsim::tools
