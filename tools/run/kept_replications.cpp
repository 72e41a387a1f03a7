#include "tools/run/kept_replications.hpp"

#include <fmt/format.h>

#include <fstream>
#include <ostream>
#include <stdexcept>
#include <utility>

#include "build_info.hpp"
#include "tools/base/atomic_file.hpp"
#include "tools/base/exit_code.hpp"
#include "tools/run/archive.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/run/run_meta.hpp"
#include "tools/run/wire.hpp"

namespace bcsim::tools {
namespace {

namespace fs = std::filesystem;

std::string file_content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

KeptReplications::KeptReplications(fs::path directory, std::string question)
    : directory_(std::move(directory)) {
  ArchiveWriter out;
  for (const std::string& part :
       {std::move(question), std::string(build_info::kVersion), std::string(build_info::kGitCommit),
        std::string(build_info::kCompiler)}) {
    out.put(part);
  }
  head_ = out.take();
  read();
}

fs::path KeptReplications::path() const {
  return directory_ / "unfinished.replications";
}

void KeptReplications::read() {
  const std::string content = file_content(path());
  if (!content.starts_with(head_)) return;
  whole_ = head_.size();
  try {
    while (whole_ < content.size()) {
      ArchiveReader in(std::string_view(content).substr(whole_));
      std::uint64_t number = 0;
      std::string hash, bytes;
      in.get(number);
      in.get(hash);
      in.get(bytes);
      if (hash != hash_text(bytes)) return;
      found_[number] = std::move(bytes);
      whole_ = content.size() - in.left();
    }
  } catch (const std::runtime_error&) {
    // The last one was being written when the program was killed.
  }
}

void KeptReplications::add(std::uint64_t number, const ReplicationRecord& record) {
  const std::string bytes = to_bytes(record);
  ArchiveWriter frame;
  frame.put(number);
  frame.put(hash_text(bytes));
  frame.put(bytes);
  std::string text = frame.take();
  if (added_ == 0) {
    make_directories(directory_);
    std::error_code ignored;  // what is wrong shows when it is written
    if (whole_ > 0) {
      fs::resize_file(path(), whole_, ignored);
    } else {
      fs::remove(path(), ignored);
      text.insert(0, head_);
    }
  }
  std::ofstream out(path(), std::ios::binary | std::ios::app);
  out << text << std::flush;
  if (!out) throw WriteError(fmt::format("cannot write '{}'", path().string()));
  ++added_;
}

PoolOutcome KeptReplications::run(std::span<const ReplicationTask> tasks,
                                  const PoolOptions& options,
                                  const std::function<void(std::size_t, FinishedTask)>& finished,
                                  const std::function<void(double)>& progress) {
  const std::uint64_t first = std::exchange(next_, next_ + tasks.size());
  std::vector<ReplicationTask> missing;
  std::vector<std::size_t> task_of;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    if (const auto found = found_.find(first + t); found != found_.end()) {
      finished(t, {.record = record_from_bytes(found->second), .full = {}, .twin = {}});
    } else {
      missing.push_back(tasks[t]);
      task_of.push_back(t);
    }
  }
  std::function<void(double)> tell;
  if (progress) {
    tell = [&](double done) {
      progress(static_cast<double>(tasks.size() - missing.size()) + done);
    };
  }
  const auto keep = [&](std::size_t m, FinishedTask done) {
    done.record.timeline = done.record.twin_timeline = {};
    add(first + task_of[m], done.record);
    finished(task_of[m], std::move(done));
  };
  PoolOutcome outcome = run_tasks(missing, options, keep, tell);
  for (LostJob& lost : outcome.lost) lost.job = task_of[lost.job];
  return outcome;
}

void KeptReplications::say_found(Terminal& terminal) const {
  if (found_.empty() || terminal.quiet()) return;
  terminal.err << fmt::format("bcsim: {} replications are already done\n", found_.size());
}

int KeptReplications::say_unfinished(const PoolOutcome& outcome, Terminal& terminal) const {
  if (outcome.interrupted) terminal.err << "bcsim: interrupted\n";
  for (const LostJob& lost : outcome.lost) {
    terminal.err << fmt::format("bcsim: a replication is missing: its worker was {} twice\n",
                                lost.how);
  }
  terminal.err << fmt::format(
      "bcsim: {} replications are done; the same command goes on from there ({})\n", count(),
      directory_.string());
  return outcome.interrupted ? interrupted_code() : code(ExitCode::internal);
}

void KeptReplications::remove() {
  std::error_code ignored;
  fs::remove(path(), ignored);
}

}  // namespace bcsim::tools
