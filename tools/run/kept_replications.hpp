// Replications that a search has simulated so far, in a file, so that the same command goes on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "tools/base/terminal.hpp"
#include "tools/run/replicate.hpp"

namespace bcsim::tools {

/// A search asks for the same replications in the same order each time, as long as the question and
/// the program are the same: so the number of a replication in that order says which one it is.
class KeptReplications {
 public:
  /// Reads `directory`/unfinished.replications, if there. What another question or another build
  /// left is not used, nor what was cut off.
  KeptReplications(std::filesystem::path directory, std::string question);

  /// As run_tasks, but what is there is not simulated again, and what is new is written at once,
  /// without its time line. In the outcome, a lost job is the index of its task. Throws WriteError.
  PoolOutcome run(std::span<const ReplicationTask> tasks, const PoolOptions& options,
                  const std::function<void(std::size_t task, FinishedTask)>& finished,
                  const std::function<void(double tasks_done)>& progress = {});

  /// How many are there.
  [[nodiscard]] std::size_t count() const { return found_.size() + added_; }
  /// Says how many were there already, if any.
  void say_found(Terminal& terminal) const;
  /// Says that not all is done and what is kept; returns the exit code.
  [[nodiscard]] int say_unfinished(const PoolOutcome& outcome, Terminal& terminal) const;
  /// The answer is written, and this is no longer needed.
  void remove();

 private:
  void read();
  void add(std::uint64_t number, const ReplicationRecord& record);
  [[nodiscard]] std::filesystem::path path() const;

  std::filesystem::path directory_;
  std::string head_;                            ///< question and build, as bytes
  std::map<std::uint64_t, std::string> found_;  ///< bytes of a record, by number
  std::size_t whole_ = 0;                       ///< bytes of the file that can be used
  std::size_t added_ = 0;
  std::uint64_t next_ = 0;  ///< number of the next task
};

}  // namespace bcsim::tools
