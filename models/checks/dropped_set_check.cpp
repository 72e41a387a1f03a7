// R5, R6: a failure drops exactly the calls whose signalling path has the failed SIP Server.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "models/checks/all_checks.hpp"

namespace bcsim::models {
namespace {

/// domain.md §5.9-3, as set equality at each failure of a pair. Calls that the gateway still takes
/// for unanswered are left out: they hang (§5.1).
class DroppedSetCheck final : public Check {
 public:
  explicit DroppedSetCheck(const Directory& directory)
      : media_survives_(directory.scenario->run.media_survives),
        on_its_way_(longest_way(*directory.scenario)) {}

  void on_record(const JournalEntry& entry, const CallLedger& ledger) override {
    if (media_survives_) return;
    if (!expected_.empty() && entry.at > failed_at_) settle(ledger);
    if (const auto* pair = std::get_if<PairStateChanged>(&entry.record)) {
      if (pair->up == 0) pair_failed(entry.at, pair->site, ledger);
    } else if (const auto* switchover = std::get_if<Switchover>(&entry.record)) {
      lost_at_[switchover->site] = entry.at;  // what was not synchronised is lost here
    } else if (const auto* released = std::get_if<CallReleased>(&entry.record)) {
      if (released->release == pstn::Release::speech_lost && ledger.knows(released->call)) {
        speech_lost(entry.at, released->call, ledger.row(released->call).path);
      }
    }
  }
  void finish(SimTime, const CallLedger& ledger) override { settle(ledger); }
  [[nodiscard]] Verdict verdict() const override {
    return findings_.verdict(
        "dropped_set", "R5 R6", applies_,
        "exactly the calls through the failed SIP Server were dropped, at that instant",
        media_survives_ ? "media survives its signalling in this scenario"
                        : "no SIP Server pair failed");
  }

 private:
  /// How long a 200 OK may have been on its way to the gateway: with loss, until it is given up
  /// (64 T1, RFC 3261 §13.3.1.4).
  static Duration longest_way(const Scenario& scenario) {
    Duration longest{};
    for (const auto& paths : scenario.network.access) {
      for (const LinkOptions& link : paths) {
        longest = std::max(longest, link.loss > 0 ? Duration(32s) : link.latency + link.jitter);
      }
    }
    return longest + 1ms;  // and serialization
  }

  void pair_failed(SimTime at, std::uint32_t site, const CallLedger& ledger) {
    applies_ = true;
    const SimTime failed_before = failed_[site];
    failed_[site] = lost_at_[site] = failed_at_ = at;
    const auto& rows = ledger.rows();
    while (first_live_ < rows.size() && rows[first_live_].stage == CallRow::Stage::over) {
      ++first_live_;
    }
    for (std::size_t i = first_live_; i < rows.size(); ++i) {
      const CallRow& row = rows[i];
      const bool talking = row.stage == CallRow::Stage::talking;
      const bool treated = row.stage == CallRow::Stage::waiting && row.treatment != kNever;
      if (!talking && !treated) continue;
      // A call that rings at the other site still belongs to the server that queued it.
      const PathMask path = row.between_agents() ? row.waiting_path
                            : talking            ? row.path
                                                 : path_of(row.queue_site);
      const SimTime confirmed = row.treatment != kNever ? row.treatment : row.answered;
      const SimTime last = row.between_agents()       ? row.transferred
                           : row.reanswered != kNever ? row.reanswered
                           : talking                  ? row.answered
                                                      : row.treatment;
      if (failed_before != kNever && last < failed_before) continue;  // judged then
      if ((path & path_of(static_cast<int>(site))) == 0) continue;
      if (at - confirmed <= on_its_way_ || at - last <= on_its_way_) continue;
      expected_.push_back(CallId{static_cast<std::uint32_t>(i)});
    }
  }
  void speech_lost(SimTime at, CallId call, PathMask path) {
    findings_.examined();
    for (int s = 0; s < kSites; ++s) {
      if ((path & path_of(s)) != 0 && lost_at_[static_cast<std::size_t>(s)] == at) return;
    }
    findings_.violated(at, [&] {
      return fmt::format("call {} was dropped though no SIP Server of its path failed then",
                         call.value);
    });
  }
  void settle(const CallLedger& ledger) {
    for (const CallId call : expected_) {
      findings_.examined();
      if (ledger.row(call).released == failed_at_) continue;
      findings_.violated(failed_at_, [&] {
        return fmt::format("call {} went on though a SIP Server of its path had failed",
                           call.value);
      });
    }
    expected_.clear();
  }

  const bool media_survives_;
  const Duration on_its_way_;
  Findings findings_;
  bool applies_ = false;
  SimTime failed_at_ = kNever;
  std::array<SimTime, kSites> failed_ = {kNever, kNever};
  std::array<SimTime, kSites> lost_at_ = {kNever, kNever};
  std::vector<CallId> expected_;
  std::size_t first_live_ = 0;
};

}  // namespace

std::unique_ptr<Check> dropped_set_check(const Directory& directory) {
  return std::make_unique<DroppedSetCheck>(directory);
}

}  // namespace bcsim::models
