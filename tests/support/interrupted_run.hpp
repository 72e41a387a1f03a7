// The program in a process of its own, with a worker killed and then Ctrl-C.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/tool_runs.hpp"

namespace bcsim::tools::test {

/// Kills a worker of this process, as soon as it has one; false if it ends without.
inline bool kill_a_worker(pid_t process) {
  const std::string pid = std::to_string(process);
  pid_t worker = 0;
  while (!(std::ifstream("/proc/" + pid + "/task/" + pid + "/children") >> worker)) {
    if (::waitpid(process, nullptr, WNOHANG) != 0) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return ::kill(worker, SIGKILL) == 0;
}

/// "bcsim WORDS", of which the first worker is killed, and which is interrupted as soon as the file
/// `begun` is there; its exit code.
inline int interrupted_run(const std::vector<std::string>& words,
                           const std::filesystem::path& begun) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(bcsim(words).exit);
  if (!kill_a_worker(child)) return -1;
  while (!std::filesystem::exists(begun)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    if (::waitpid(child, nullptr, WNOHANG) != 0) return -1;
  }
  ::kill(child, SIGINT);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace bcsim::tools::test
