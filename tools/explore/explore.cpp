#include "tools/explore/explore.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "tools/base/atomic_file.hpp"
#include "tools/explore/fault_draft.hpp"
#include "tools/explore/generator.hpp"
#include "tools/explore/shrink.hpp"
#include "tools/explore/tree.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/run/progress.hpp"
#include "tools/run/worker_pool.hpp"

namespace bcsim::tools {
namespace {

using Clock = std::chrono::steady_clock;

/// Every so many worlds, one runs twice.
constexpr std::uint64_t kRepeatEvery = 16;
constexpr const char* kDifferent = "different when run again";
constexpr const char* kNoEnd = "no end";

Draft draft_of(const ExploreRequest& request, std::uint64_t world) {
  return request.scenario ? mutated_world(*request.scenario, request.seed, world)
                          : random_world(request.seed, world);
}

Trial try_text(const ExploreRequest& request, const std::string& text) {
  return run_trial([&] { return text; }, request.directory, request.limits);
}
Trial try_again(const ExploreRequest& request, const std::string& text) {
  TrialLimits limits = request.limits;
  limits.stirred = true;
  return run_trial([&] { return text; }, request.directory, limits);
}

bool runs_differently(const ExploreRequest& request, const std::string& text) {
  const Trial once = try_text(request, text);
  const Trial again = try_again(request, text);
  return once.failures.empty() && again.failures.empty() && !once.refused &&
         once.fingerprint != again.fingerprint;
}

std::string to_bytes(const WorldReport& report) {
  nlohmann::json failures = nlohmann::json::array();
  for (const Failure& f : report.failures) failures.push_back({f.kind, f.text});
  const nlohmann::json all = {{"refused", report.refused}, {"repeated", report.repeated},
                              {"verbs", report.verbs},     {"checks", report.checks},
                              {"failures", failures},      {"text", report.text}};
  return all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

WorldReport from_bytes(const std::string& bytes) {
  const nlohmann::json all = nlohmann::json::parse(bytes);
  WorldReport report;
  report.refused = all["refused"];
  report.repeated = all["repeated"];
  report.verbs = all["verbs"].get<std::vector<std::string>>();
  report.checks = all["checks"].get<std::vector<std::pair<std::string, bool>>>();
  report.text = all["text"];
  for (const nlohmann::json& f : all["failures"]) report.failures.push_back({f[0], f[1]});
  return report;
}

struct ShrinkAnswer {
  std::string text;
  std::size_t left = 0, trials = 0;
};

ShrinkAnswer shrink_kind(const ExploreRequest& request, const std::string& kind,
                         const std::string& text) {
  const Node root = tree_of(text);
  if (!root.is_map()) return {text, 1, 0};
  // What does not end takes the whole limit at each trial.
  ExploreRequest small = request;
  std::size_t most = request.shrink_trials;
  if (kind.find(kNoEnd) != std::string::npos) {
    most /= 5;
    small.limits.cpu_s = std::max(2u, request.limits.cpu_s / 4);
  }
  const Shrunk shrunk = shrink(
      root,
      [&](const Node& candidate) {
        const std::string candidate_text = yaml_of(candidate);
        if (kind == kDifferent) return runs_differently(small, candidate_text);
        return try_text(small, candidate_text).fails_by(kind);
      },
      most);
  return {yaml_of(shrunk.root), leaves(shrunk.root), shrunk.trials};
}

/// "check-answered_once", for a file's name.
std::string slug(const std::string& kind) {
  std::string out;
  for (const char c : kind) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
    if (plain) {
      out += c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  constexpr std::size_t kLongest = 80;
  if (out.size() > kLongest) {
    // Two long kinds may begin alike.
    out.resize(kLongest);
    out += fmt::format("-{:04x}", sim::StreamName(kind).hash & 0xFFFF);
  }
  while (!out.empty() && (out.back() == '-' || out.back() == '.')) out.pop_back();
  return out;
}

void keep(const ExploreRequest& request, const std::string& kind, FoundKind& found) {
  found.file = request.out / (slug(kind) + ".yaml");
  std::string words = found.text;
  std::replace(words.begin(), words.end(), '\n', ' ');
  make_directories(request.out);
  write_file(
      found.file,
      fmt::format("# {}\n# {}\n# World {} of: bcsim explore{} --seed {}; {} of its {} values "
                  "are left.\n# To see it: bcsim run {} --no-twin\n{}",
                  kind, words, found.first_world, request.base.empty() ? "" : " " + request.base,
                  request.seed, found.left, found.leaves, found.file.string(), found.scenario));
}

class Exploring {
 public:
  Exploring(const ExploreRequest& request, Terminal& terminal)
      : request_(request), terminal_(terminal), progress_(terminal, "explore") {
    for (const std::string& verb : fault_verbs()) found_.verbs[verb] = 0;
  }

  Exploration run() {
    // So many at a time that the processes seldom wait for each other.
    const std::uint64_t batch = std::uint64_t{25} * request_.jobs;
    std::uint64_t next = 0;
    while (!found_.interrupted && !spent(next)) {
      const std::uint64_t n = request_.worlds ? std::min(batch, *request_.worlds - next) : batch;
      run_batch(request_.first + next, n);
      next += n;
      keep_new();
    }
    if (!found_.interrupted) shrink_all();
    found_.seconds = elapsed();
    return std::move(found_);
  }

 private:
  [[nodiscard]] double elapsed() const {
    return std::chrono::duration<double>(Clock::now() - began_).count();
  }
  [[nodiscard]] bool spent(std::uint64_t done) const {
    if (request_.worlds && done >= *request_.worlds) return true;
    return request_.time && Clock::now() - began_ >= *request_.time;
  }
  void show() {
    const double share =
        request_.worlds ? static_cast<double>(found_.worlds) / static_cast<double>(*request_.worlds)
                        : elapsed() / std::chrono::duration<double>(*request_.time).count();
    progress_.show(
        share, fmt::format("{} worlds, {} kinds of failure", found_.worlds, found_.kinds.size()));
  }

  void run_batch(std::uint64_t first, std::uint64_t count) {
    const PoolOutcome outcome = run_jobs(
        count, {.workers = request_.jobs, .attempts = 2},
        {.work = [&](std::size_t job,
                     const JobProgress&) { return to_bytes(explore_world(request_, first + job)); },
         .done =
             [&](std::size_t job, std::string bytes) {
               take(first + job, from_bytes(bytes));
               show();
             }});
    for (const LostJob& lost : outcome.lost) {
      WorldReport report;
      report.failures.push_back({"worker " + lost.how, lost.how});
      report.text = yaml_of(draft_of(request_, first + lost.job).root);
      take(first + lost.job, std::move(report));
    }
    found_.interrupted = found_.interrupted || outcome.interrupted;
  }

  void take(std::uint64_t world, WorldReport report) {
    ++found_.worlds;
    found_.refused += report.refused;
    found_.repeated += report.repeated;
    if (report.refused) return;
    found_.faultless += report.verbs.empty();
    for (const std::string& verb : report.verbs) ++found_.verbs[verb];
    for (const auto& [id, applied] : report.checks) {
      Coverage& coverage = found_.checks[id];
      ++coverage.ran;
      coverage.applied += applied;
    }
    for (const Failure& failure : report.failures) {
      FoundKind& kind = found_.kinds[failure.kind];
      ++kind.worlds;
      // The first by number, whichever process was faster.
      if (kind.worlds > 1 && world > kind.first_world) continue;
      kind.first_world = world;
      kind.text = failure.text;
      kind.scenario = report.text;
    }
  }

  /// As they were found: nothing is lost if somebody cannot wait.
  void keep_new() {
    for (auto& [kind, found] : found_.kinds) {
      if (!found.file.empty()) continue;
      found.leaves = found.left = leaves(tree_of(found.scenario));
      keep(request_, kind, found);
    }
  }

  void shrink_all() {
    if (request_.shrink_trials == 0) return;
    std::vector<std::string> kinds;
    for (const auto& [kind, found] : found_.kinds) kinds.push_back(kind);
    std::size_t done = 0;
    const PoolOutcome outcome = run_jobs(
        kinds.size(), {.workers = request_.jobs, .attempts = 1},
        {.work =
             [&](std::size_t job, const JobProgress&) {
               const ShrinkAnswer a =
                   shrink_kind(request_, kinds[job], found_.kinds.at(kinds[job]).scenario);
               return nlohmann::json({a.text, a.left, a.trials}).dump();
             },
         .done =
             [&](std::size_t job, const std::string& bytes) {
               const nlohmann::json answer = nlohmann::json::parse(bytes);
               FoundKind& kind = found_.kinds[kinds[job]];
               kind.scenario = answer[0];
               kind.left = answer[1];
               kind.trials = answer[2];
               keep(request_, kinds[job], kind);
               progress_.show(static_cast<double>(++done) / static_cast<double>(kinds.size()),
                              fmt::format("{} of {} kinds are shrunk", done, kinds.size()));
             }});
    found_.interrupted = outcome.interrupted;
  }

  const ExploreRequest& request_;
  Terminal& terminal_;
  Progress progress_;
  Clock::time_point began_ = Clock::now();
  Exploration found_;
};

}  // namespace

WorldReport explore_world(const ExploreRequest& request, std::uint64_t world) {
  const Draft draft = draft_of(request, world);
  const Trial trial = run_trial([&] { return mended(draft, request.directory); }, request.directory,
                                request.limits);
  WorldReport report;
  report.refused = trial.refused;
  report.checks = trial.checks;
  report.failures = trial.failures;
  if (trial.refused) return report;
  // What a reader dies of was never mended.
  const std::string text = trial.text.empty() ? yaml_of(draft.root) : trial.text;
  std::set<std::string> verbs;
  const Node root = tree_of(text);
  if (const Node* faults = root.find("faults")) {
    for (const Node& fault : faults->children) verbs.insert(verb_of(fault));
  }
  verbs.erase("");
  report.verbs.assign(verbs.begin(), verbs.end());
  if (report.failures.empty() && world % kRepeatEvery == 0) {
    report.repeated = true;
    const Trial again = try_again(request, text);
    if (again.fingerprint != trial.fingerprint) {
      report.failures.push_back({kDifferent, fmt::format("fingerprints {:016x} and {:016x}",
                                                         trial.fingerprint, again.fingerprint)});
    }
  }
  if (!report.failures.empty()) report.text = text;
  return report;
}

Exploration explore(const ExploreRequest& request, Terminal& terminal) {
  const SignalGuard signals;
  return Exploring(request, terminal).run();
}

}  // namespace bcsim::tools
