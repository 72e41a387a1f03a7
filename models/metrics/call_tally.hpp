// What happened to calls in some stretch of time, folded from the ledger's rows.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/ledger/call_row.hpp"
#include "models/metrics/callers_harmed.hpp"
#include "models/metrics/phases.hpp"
#include "models/metrics/service_level.hpp"
#include "models/scenario.hpp"

namespace bcsim::models {

/// What became of calls that ring one person: nothing to wait for but his answer.
struct PersonalCalls {
  std::uint64_t attempted = 0, answered = 0;
  std::uint64_t not_answered = 0;  ///< busy, no answer, or the caller gave up while it rang
  std::uint64_t lost = 0;
  // From dialling to ringing (post-dial delay, ITU-T E.721).
  std::uint64_t rung = 0;
  double post_dial_s = 0;  ///< sum
  double post_dial_max_s = 0;

  [[nodiscard]] double post_dial_mean_s() const;
};

/// What became of calls that agents passed on. Results dictionary, "Calls that agents pass on".
struct Transfers {
  std::uint64_t made = 0, completed = 0, reconnected = 0;
  std::uint64_t abandoned = 0, lost = 0;
  double wait_s = 0;  ///< sum over completed

  [[nodiscard]] double wait_mean_s() const;
};

/// Every count is of events: a call offered before a fault and dropped by it counts as offered
/// before, and as lost in the fault's phase. Results dictionary, "Calls".
struct CallTally {
  std::uint64_t attempted = 0, redials = 0;
  std::uint64_t offered = 0, setup_delayed = 0;
  std::uint64_t not_monitored = 0, media_degraded = 0;
  std::uint64_t callers_lost = 0;
  std::array<std::uint64_t, kHarms> harmed{};      ///< callers, by the worst that was done to them
  std::array<std::uint64_t, kCauses> causes{};     ///< of calls that ended
  std::array<PersonalCalls, kCallKinds> personal;  ///< by kind; those to queues left out
  Transfers transfers;
  ServiceLevelCounts waits;
  double wait_answered_s = 0;           ///< sum over answered calls
  double wait_all_s = 0;                ///< sum over answered and abandoned
  double wait_max_s = 0;                ///< of these
  double dial_to_answer_s = 0;          ///< sum over answered calls
  double talk_s = 0;                    ///< sum over calls that ended in talk
  std::vector<float> waits_answered_s;  ///< while the quantiles are taken

  [[nodiscard]] std::uint64_t count(Cause cause) const {
    return causes[static_cast<std::size_t>(cause)];
  }
  /// Calls lost, whatever the cause.
  [[nodiscard]] std::uint64_t lost() const;
  /// Means in seconds; NaN without calls.
  [[nodiscard]] double asa_s() const { return per(wait_answered_s, waits.answered); }
  [[nodiscard]] double wait_mean_s() const {
    return per(wait_all_s, waits.answered + waits.abandoned);
  }
  [[nodiscard]] double dial_to_answer_mean_s() const {
    return per(dial_to_answer_s, waits.answered);
  }
  /// Abandoned, as a share of those whose wait is over.
  [[nodiscard]] double abandonment() const {
    return per(static_cast<double>(waits.abandoned), waits.answered + waits.abandoned);
  }

 private:
  static double per(double sum, std::uint64_t n);
};

/// Site whose numbers a call belongs to: where it was queued last, else where its first INVITE
/// went, else the home of its gateway.
[[nodiscard]] int site_of(const CallRow& row, const Scenario& scenario);

/// The queue that was dialled; none if the call is to one person.
[[nodiscard]] std::optional<std::size_t> queue_of(const CallRow& row, const Scenario& scenario);

/// A run's calls, cut in every way that is reported.
struct CallTallies {
  CallTally whole;                     ///< after the warm-up
  std::array<CallTally, kSites> site;  ///< after the warm-up
  std::array<CallTally, kPhases> phase;
  std::vector<CallTally> queue;    ///< after the warm-up; of calls to it
  std::vector<CallTally> stream;   ///< after the warm-up
  std::vector<CallTally> gateway;  ///< after the warm-up; of calls from outside
  std::vector<std::array<CallTally, kSites>> interval;  ///< from the start on
  std::vector<std::vector<CallTally>> interval_queue;   ///< the same by queue
  std::uint64_t in_system_at_start = 0;                 ///< when the warm-up ended
  std::uint64_t still_in_system = 0;                    ///< at the horizon
};
[[nodiscard]] CallTallies tally_calls(const std::vector<CallRow>& rows, const Scenario& scenario,
                                      const PhaseTracker& phases);

/// Share of the service level before the failure that counts as service being back; over how long,
/// and over how many calls at least; how soon after the failure it must first be bad, or it never
/// was. ASSUMPTION: no source defines it.
inline constexpr double kServiceBackShare = 0.9;
inline constexpr Duration kServiceBackWindow = 1min;
inline constexpr std::size_t kServiceBackCalls = 20;
inline constexpr Duration kServiceWatch = 5min;

/// When service was back for good, in seconds after `failure`: the first call offered, after one
/// for which it was not so, that has both with the calls offered in the minute after it (at least
/// 20) and with all that follow 90 % of the service level `before`; 0 if it was so for all of the
/// first 5 minutes; nullopt if not by `until`. `judged`: calls that were looked at for that.
struct ServiceBack {
  std::optional<double> after_s;
  std::uint32_t judged = 0;
};
[[nodiscard]] ServiceBack service_level_back(const std::vector<CallRow>& rows,
                                             const Scenario& scenario, double before,
                                             SimTime failure, SimTime until);

}  // namespace bcsim::models
