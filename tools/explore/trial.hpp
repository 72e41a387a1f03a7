// One scenario tried in a process of its own, with limits: what became of it, crashes included.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bcsim::tools {

struct TrialLimits {
  unsigned cpu_s = 20;
  std::uint64_t memory_mb = 2000;
  /// Objects lie elsewhere, and fresh memory is filled with junk: no run may depend on either.
  bool stirred = false;
};

/// A way in which a scenario fails. Two failures of one kind are taken for the same fault.
struct Failure {
  std::string kind;  ///< "check answered_once: call # …", "assertion models/x.cpp: `dn'", …
  std::string text;  ///< in words: the verdict, the last line that the program wrote
};

struct Trial {
  bool refused = false;  ///< `check` says no, or it would take minutes
  std::string text;      ///< the scenario that was run, if the text was made in the trial
  std::vector<Failure> failures;
  std::uint64_t fingerprint = 0;
  std::vector<std::pair<std::string, bool>> checks;  ///< id, and whether it had something to judge

  [[nodiscard]] bool fails_by(const std::string& kind) const;
};

/// Makes the text, reads it, runs it with all checks. An empty text counts as refused.
[[nodiscard]] Trial run_trial(const std::function<std::string()>& make_text,
                              const std::string& directory, const TrialLimits& limits);

/// The kind of failure that a process ended with, from how it ended and its last words.
[[nodiscard]] Failure failure_of(int wait_status, const std::string& last_words);

}  // namespace bcsim::tools
