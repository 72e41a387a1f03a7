// Folds the journal into one row per call and gives each call exactly one cause.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "models/domain.hpp"
#include "models/ledger/call_row.hpp"
#include "models/scenario.hpp"

namespace bcsim::models {

/// Populations and totals of the conservation laws (domain.md §0.3), over the whole run:
///   attempted = left from set-up  + taken    + in_setup
///   taken     = left from waiting + answered + waiting
///   answered  = left from talking + in_talk
struct Conservation {
  std::uint64_t attempted = 0, taken = 0, answered = 0;
  std::uint64_t in_setup = 0, waiting = 0, in_talk = 0;
  std::uint64_t left_setup = 0, left_waiting = 0, left_talking = 0;
  /// [stage left][cause].
  std::array<std::array<std::uint64_t, kCauses>, 3> left{};

  [[nodiscard]] bool holds() const {
    return attempted == left_setup + taken + in_setup &&
           taken == left_waiting + answered + waiting && answered == left_talking + in_talk;
  }
  bool operator==(const Conservation&) const = default;
};

/// A fact that does not fit what the journal said before: a bug of an endpoint, or a broken file.
struct LedgerViolation {
  SimTime at;
  CallId call;
  std::string text;
};

/// See the head comment. The laws are checked at every record. Facts about a call that come after
/// its release (an answer that crossed the caller's hanging up) change nothing. The scenario must
/// outlive the ledger.
class CallLedger {
 public:
  explicit CallLedger(const Scenario& scenario) : scenario_(scenario) {}

  void on_record(const JournalEntry& entry);
  /// Ends the run: recounts the laws from the rows, independently of the running totals.
  void finish(SimTime horizon);

  [[nodiscard]] const std::vector<CallRow>& rows() const { return rows_; }
  [[nodiscard]] const CallRow& row(CallId call) const { return rows_[call.value]; }
  [[nodiscard]] bool knows(CallId call) const { return call.value < rows_.size(); }
  [[nodiscard]] std::vector<CallRow> take_rows() { return std::move(rows_); }
  [[nodiscard]] const Conservation& totals() const { return totals_; }

  /// Do the conservation laws hold now? If not: which one, in words. Constant time.
  [[nodiscard]] std::optional<std::string> check_conservation() const;

  /// The first violations (at most `kViolationsKept`) and how many there were.
  [[nodiscard]] const std::vector<LedgerViolation>& violations() const { return violations_; }
  [[nodiscard]] std::uint64_t violation_count() const { return violation_count_; }
  static constexpr std::size_t kViolationsKept = 20;

  /// Answers that came after the caller's side was over, or had gone elsewhere.
  [[nodiscard]] std::uint64_t crossed_answers() const { return crossed_answers_; }
  /// Right after a record: was it of a branch of a call, or of an agent, that had been given up?
  [[nodiscard]] bool was_stale() const { return stale_; }

 private:
  void on(SimTime at, const CallOffered& fact);
  void on(SimTime at, const CallInvited& fact);
  void on(SimTime at, const SetupFailed& fact);
  void on(SimTime at, const CallQueued& fact);
  void on(SimTime at, const CallLetGo& fact);
  void on(SimTime at, const TreatmentStarted& fact);
  void on(SimTime at, const CallRouted& fact);
  void on(SimTime at, const CallRinging& fact);
  void on(SimTime at, const CallReturned& fact);
  void on(SimTime at, const CallAnswered& fact);
  void on(SimTime at, const CallDefaultRouted& fact);
  void on(SimTime at, const CallReleased& fact);
  void on(SimTime at, const MediaDegraded& fact);
  void on(SimTime at, const CallerLost& fact);
  void on(SimTime at, const EarlyDialogLost& fact);
  void on(SimTime at, const CallStateLost& fact);
  void on(SimTime at, const Switchover& fact);
  void on(SimTime at, const BcForward& fact);
  void on(SimTime at, const HuntLeg& fact);
  void on(SimTime at, const PairStateChanged& fact);
  void on(SimTime at, const AgentDialled& fact);
  void on(SimTime at, const PhoneInvited& fact);
  void on(SimTime at, const AgentCallTaken& fact);
  void on(SimTime at, const CallSentOut& fact);
  void on(SimTime at, const CallTransferred& fact);
  void on(SimTime at, const Consultation& fact);
  template <class Other>
  void on(SimTime, const Other&) {}

  /// The row of a call that is not over; null (and a violation if unknown) otherwise.
  CallRow* live(SimTime at, CallId call);
  void take(SimTime at, CallRow& row, std::uint32_t site);
  /// The same, unless that branch of it has been given up: then null, and was_stale().
  CallRow* held(SimTime at, CallId call, CallBranch branch);
  static void invited(SimTime at, CallRow& row, std::uint32_t site);
  void invited_anew(CallRow& row, std::uint32_t nth);
  void take_back(CallRow& row);
  void take_back_answer(CallRow& row);
  void second_answer(SimTime at, CallRow& row, const CallAnswered& fact);
  [[nodiscard]] bool never_heard_second(SimTime at, const CallRow& row,
                                        const CallReleased& fact) const;
  void stale_answer();
  void after_its_end(CallId call, CallBranch branch, std::uint32_t site);
  void talks_already(SimTime at, CallId call, const CallRow& row, const char* broken);
  void violate(SimTime at, CallId call, std::string text);
  [[nodiscard]] Cause judge(SimTime at, const CallRow& row, const CallReleased& fact) const;
  [[nodiscard]] static Cause judge_rejection(const CallRow& row, CallPhase phase,
                                             std::uint16_t status);
  [[nodiscard]] Cause judge_hang_up(SimTime at, const CallRow& row, CallPhase phase) const;
  [[nodiscard]] Cause dropped(SimTime at, const CallRow& row, CallPhase phase) const;
  /// Does the caller wait for an agent, the first or a further one?
  [[nodiscard]] static bool waits(const CallRow& row) {
    return row.stage == CallRow::Stage::waiting ||
           (row.stage == CallRow::Stage::talking && row.between_agents());
  }
  [[nodiscard]] static bool is_with(const CallRow& row, std::uint32_t site) {
    return site == row.queue_site || site == row.forwarder;
  }
  /// Has the SIP Server that took the call lost it since?
  [[nodiscard]] bool server_lost_it(const CallRow& row) const;
  /// … because the whole pair has failed?
  [[nodiscard]] bool pair_lost_it(const CallRow& row) const;
  [[nodiscard]] Conservation recount() const;

  const Scenario& scenario_;
  std::vector<CallRow> rows_;
  Conservation totals_;
  std::array<std::uint8_t, kSites> incarnation_{};
  /// Calls whose server has let them go, or sent them on, while the caller has not heard of it yet.
  std::unordered_set<std::uint32_t> untold_;
  std::vector<LedgerViolation> violations_;
  std::uint64_t violation_count_ = 0;
  std::uint64_t crossed_answers_ = 0;
  bool stale_ = false;  // the last record
};

}  // namespace bcsim::models
