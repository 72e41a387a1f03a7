// What every post-run check is: a fold of the journal that ends in a verdict.
#pragma once

#include <string>
#include <utility>

#include "models/checks/verdict.hpp"
#include "models/domain.hpp"
#include "models/ledger/ledger.hpp"

namespace bcsim::models {

/// Sees every record after the ledger has folded it. Never touches the run.
class Check {
 public:
  virtual ~Check() = default;
  virtual void on_record(const JournalEntry& entry, const CallLedger& ledger) = 0;
  virtual void finish(SimTime horizon, const CallLedger& ledger) = 0;
  [[nodiscard]] virtual Verdict verdict() const = 0;
};

/// Counts violations and remembers the first one in words.
class Findings {
 public:
  void examined(std::uint64_t n = 1) { examined_ += n; }
  template <class Text>
  void violated(SimTime at, const Text& text) {
    if (violations_++ == 0) first_ = at_time(at) + text();
  }
  [[nodiscard]] bool any() const { return violations_ > 0; }
  [[nodiscard]] bool examined_any() const { return examined_ > 0; }
  /// `applies`: the situation that the check is about has occurred; `good`: what to say if nothing
  /// was found, `absent`: if it does not apply.
  [[nodiscard]] Verdict verdict(std::string id, std::string rules, bool applies, std::string good,
                                std::string absent) const;

 private:
  [[nodiscard]] static std::string at_time(SimTime at);
  std::uint64_t examined_ = 0, violations_ = 0;
  std::string first_;
};

}  // namespace bcsim::models
