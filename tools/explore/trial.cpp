#include "tools/explore/trial.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <system_error>

#include "tools/run/simulate.hpp"
#include "tools/scenario/load.hpp"

namespace bcsim::tools {
namespace {

/// Waiting for a core is no fault: the wall clock may take this many times the CPU time.
constexpr int kWallPerCpu = 30;

void limit(int resource, std::uint64_t value) {
  const rlimit both{value, value};
  ::setrlimit(static_cast<__rlimit_resource_t>(resource), &both);
}

void say(int descriptor, const nlohmann::json& what) {
  const std::string line =
      what.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  const char* at = line.data();
  std::size_t left = line.size();
  while (left > 0) {
    const ssize_t n = ::write(descriptor, at, left);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(1);
    at += n;
    left -= static_cast<std::size_t>(n);
  }
}

nlohmann::json results_of(const Replication& run) {
  nlohmann::json verdicts = nlohmann::json::array();
  for (const models::Verdict& v : run.result.verdicts) {
    if (v.kind != models::Verdict::Kind::check) continue;
    verdicts.push_back({v.id, std::string(name(v.status)), v.text});
  }
  return {{"verdicts", verdicts}, {"fingerprint", run.journal_fingerprint}};
}

/// A fork lies in memory as its parent does: without this, all trials would agree on addresses.
void stir_memory() {
  constexpr int kJunk = 0xA5;
  ::mallopt(M_PERTURB, kJunk);
  static std::vector<std::string> kept;
  for (std::size_t size = 24; size < 4096; size += 40) kept.emplace_back(size, 'x');
}

/// A thousand phones that register every second, or that all ring for each call, keep a run busy
/// for minutes, and show nothing that ten of them would not.
bool is_too_large(const models::Scenario& scenario) {
  constexpr std::uint32_t kMostRung = 300;
  for (const models::QueueOptions& queue : scenario.queues) {
    if (!queue.hunt_group || queue.hunt_group->type != models::HuntType::parallel) continue;
    std::uint32_t rung = 0;
    for (const std::uint32_t group : queue.hunt_group->members) {
      rung += scenario.agents[group].count;
    }
    if (rung > kMostRung) return true;
  }
  constexpr double kMost = 200'000;
  double registrations = 0;
  for (const models::AgentGroup& group : scenario.agents) {
    const models::PhoneOptions& phone = group.phone;
    double period = sim::seconds(phone.expires) * phone.refresh_fraction;
    if (phone.register_retry) period = std::min(period, models::mean_s(*phone.register_retry));
    registrations += group.count * sim::seconds(scenario.run.horizon) / std::max(period, 0.1);
  }
  return registrations > kMost;
}

/// The life of the process that tries it.
[[noreturn]] void try_in_child(int answers, const std::function<std::string()>& make_text,
                               const std::string& directory) {
  try {
    const std::string text = make_text();
    say(answers, {{"text", text}});
    if (!text.empty()) {
      const Loaded loaded = load_scenario_text({text, "world", "world", directory});
      if (loaded.has_errors() || is_too_large(loaded.scenario)) {
        say(answers, {{"refused", true}});
      } else {
        say(answers, {{"accepted", true}});
        say(answers,
            results_of(simulate(loaded.scenario, 0, [](models::SimTime) { return true; })));
      }
    }
  } catch (const std::bad_alloc&) {
    say(answers, {{"error", "out of memory"}});
  } catch (const std::exception& e) {
    say(answers, {{"error", e.what()}});
  }
  _exit(0);
}

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
    }
    read = ends[0];
    write = ends[1];
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    ::close(read);
    close_write();
  }
  void close_write() {
    if (write >= 0) ::close(write);
    write = -1;
  }
};

/// Reads both until their ends or the deadline; false: the deadline.
bool listen(int answers, int words, std::chrono::seconds patience,
            std::array<std::string, 2>& heard) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::array<pollfd, 2> ears = {pollfd{answers, POLLIN, 0}, pollfd{words, POLLIN, 0}};
  while (ears[0].fd >= 0 || ears[1].fd >= 0) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    if (::poll(ears.data(), ears.size(), 200) < 0 && errno != EINTR) return false;
    for (std::size_t i = 0; i < ears.size(); ++i) {
      if (ears[i].fd < 0 || ears[i].revents == 0) continue;
      std::array<char, 1 << 14> chunk;
      const ssize_t n = ::read(ears[i].fd, chunk.data(), chunk.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        ears[i].fd = -1;
        continue;
      }
      constexpr std::size_t kMost = 1u << 20;
      if (heard[i].size() < kMost) heard[i].append(chunk.data(), static_cast<std::size_t>(n));
    }
  }
  return true;
}

/// Without what is different each time: "at 12.5 s: call 7: … (and 3 more)" is "call #: …".
std::string without_numbers(const std::string& text) {
  std::string out;
  for (const char c : text.substr(0, text.find(" (and "))) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) {
      out += c;
    } else if (out.empty() || out.back() != '#') {
      out += '#';
    }
  }
  const std::string when = "at #.# s: ";
  return out.starts_with(when) ? out.substr(when.size()) : out;
}

void understand(const std::string& answers, Trial& trial, bool& over, bool& accepted) {
  for (std::size_t from = 0; from < answers.size();) {
    const std::size_t end = std::min(answers.find('\n', from), answers.size());
    const nlohmann::json line =
        nlohmann::json::parse(answers.substr(from, end - from), nullptr, false);
    from = end + 1;
    if (!line.is_object()) continue;
    if (line.contains("text")) {
      trial.text = line["text"];
      trial.refused = over = trial.text.empty();
    }
    if (line.contains("refused")) trial.refused = over = true;
    if (line.contains("accepted")) accepted = true;
    if (line.contains("error")) {
      const std::string what = line["error"];
      trial.failures.push_back({"error " + without_numbers(what), what});
      over = true;
    }
    if (!line.contains("verdicts")) continue;
    over = true;
    trial.fingerprint = line["fingerprint"];
    for (const nlohmann::json& v : line["verdicts"]) {
      const std::string id = v[0], status = v[1];
      trial.checks.emplace_back(id, status != "not_applicable");
      if (status != "violated") continue;
      const std::string what = v[2];
      trial.failures.push_back({fmt::format("check {}: {}", id, without_numbers(what)), what});
    }
  }
}

std::string last_line_with(const std::string& words, const char* part) {
  std::string found;
  for (std::size_t from = 0; from < words.size();) {
    const std::size_t end = std::min(words.find('\n', from), words.size());
    const std::string line = words.substr(from, end - from);
    if (!line.empty() && line.find(part) != std::string::npos) found = line;
    from = end + 1;
  }
  return found;
}

/// "models/x.cpp: `contact'" of what assert() writes: no line, which changes with every edit.
std::string assertion_kind(const std::string& line) {
  const std::size_t file_end = std::min(line.find(".cpp:"), line.find(".hpp:"));
  const std::size_t condition = line.find("Assertion `");
  if (file_end == std::string::npos || condition == std::string::npos) return line;
  const std::string file = line.substr(0, file_end + 4);
  std::size_t from = std::string::npos;
  for (const char* layer : {"/models/", "/sim/", "/tools/"}) {
    from = std::min(from, file.find(layer));
  }
  const std::string place = from == std::string::npos ? file : file.substr(from + 1);
  constexpr std::size_t kWord = 10;
  const std::size_t end = line.rfind("' failed");
  return fmt::format("{}: {}'", place, line.substr(condition + kWord, end - condition - kWord));
}

}  // namespace

bool Trial::fails_by(const std::string& kind) const {
  return std::any_of(failures.begin(), failures.end(),
                     [&](const Failure& f) { return f.kind == kind; });
}

Failure failure_of(int status, const std::string& last_words) {
  if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)) {
    return {"no end", "the limit of CPU time is reached"};
  }
  if (std::string line = last_line_with(last_words, "Assertion"); !line.empty()) {
    return {"assertion " + assertion_kind(line), line};
  }
  std::string line = last_line_with(last_words, "");
  if (WIFSIGNALED(status)) return {fmt::format("signal {}", WTERMSIG(status)), line};
  return {fmt::format("exit code {}", WEXITSTATUS(status)), line};
}

Trial run_trial(const std::function<std::string()>& make_text, const std::string& directory,
                const TrialLimits& limits) {
  Pipe answers, words;
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "cannot fork a trial");
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) _exit(1);
    for (const int signal : {SIGABRT, SIGINT, SIGTERM}) std::signal(signal, SIG_DFL);
    ::dup2(words.write, STDERR_FILENO);
    ::dup2(words.write, STDOUT_FILENO);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, limits.cpu_s);
    limit(RLIMIT_AS, limits.memory_mb << 20);
    if (limits.stirred) stir_memory();
    try_in_child(answers.write, make_text, directory);
  }
  answers.close_write();
  words.close_write();
  std::array<std::string, 2> heard;
  const bool ended =
      listen(answers.read, words.read, std::chrono::seconds(kWallPerCpu * limits.cpu_s), heard);
  if (!ended) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  Trial trial;
  bool over = false, accepted = false;
  understand(heard[0], trial, over, accepted);
  if (!over) {
    Failure failure = failure_of(status, heard[1]);
    if (!accepted) failure.kind = "reading: " + failure.kind;
    trial.failures.push_back(std::move(failure));
  }
  return trial;
}

}  // namespace bcsim::tools
