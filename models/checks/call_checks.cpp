// Conservation; no call answered twice; calls switched in single-site mode answered there; calls
// answered by agents of their queue.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "models/checks/all_checks.hpp"

namespace bcsim::models {
namespace {

/// domain.md §0.3: every call is in exactly one state and ends in exactly one cause.
class ConservationCheck final : public Check {
 public:
  void on_record(const JournalEntry&, const CallLedger&) override {}
  void finish(SimTime, const CallLedger& ledger) override {
    calls_ = ledger.rows().size();
    count_ = ledger.violation_count();
    if (count_ == 0) return;
    const LedgerViolation& first = ledger.violations().front();
    text_ = fmt::format("at {:.6f} s: {}{}", sim::seconds(first.at),
                        first.call.valid() ? fmt::format("call {}: ", first.call.value) : "",
                        first.text);
    if (count_ > 1) text_ += fmt::format(" (and {} more)", count_ - 1);
  }
  [[nodiscard]] Verdict verdict() const override {
    Verdict v;
    v.id = "conservation";
    v.status = count_ > 0 ? VerdictStatus::violated : VerdictStatus::good;
    v.text = count_ > 0 ? text_
                        : fmt::format(
                              "each of {} calls was in exactly one state at any time and "
                              "has exactly one cause",
                              calls_);
    v.examined = calls_;
    v.violations = count_;
    return v;
  }

 private:
  std::uint64_t calls_ = 0, count_ = 0;
  std::string text_;
};

/// R44: no call is answered twice; R5: none is answered after a SIP Server's failure dropped it (a
/// gateway's or the peer's failure it cannot know of).
class AnsweredOnceCheck final : public Check {
 public:
  void on_record(const JournalEntry& entry, const CallLedger& ledger) override {
    if (const auto* returned = std::get_if<CallReturned>(&entry.record)) {
      // His answer never reached the server that has the caller: it is not one.
      if (returned->agent == by(returned->call) && !ledger.was_stale()) forget(returned->call);
    } else if (const auto* invited = std::get_if<CallInvited>(&entry.record)) {
      // Another server is asked: what the one before may have answered was never heard.
      forget(invited->call);
    } else if (const auto* asked = std::get_if<PhoneInvited>(&entry.record)) {
      forget(asked->call);
    } else if (const auto* transferred = std::get_if<CallTransferred>(&entry.record)) {
      // His agent has passed him on: another one may answer.
      if (!ledger.knows(transferred->call)) return;
      if (ledger.row(transferred->call).between_agents()) forget(transferred->call);
    } else if (const auto* answered = std::get_if<CallAnswered>(&entry.record)) {
      if (!ledger.knows(answered->call)) return;
      if (ledger.was_stale()) return;  // refused: the caller is elsewhere
      judge(entry.at, *answered, ledger.row(answered->call));
    }
  }
  void finish(SimTime, const CallLedger&) override {}
  [[nodiscard]] Verdict verdict() const override {
    return findings_.verdict("answered_once", "R5 R44", true,
                             "no call was answered twice, or after a failure had dropped it", "");
  }

 private:
  void judge(SimTime at, const CallAnswered& answered, const CallRow& row) {
    findings_.examined();
    const std::uint32_t call = answered.call.value;
    const bool by_trunk = (answered.path & ~path_of(static_cast<int>(answered.site))) != 0;
    if (by(answered.call).valid()) {
      findings_.violated(at, [&] { return fmt::format("call {} was answered again", call); });
    } else if (row.release == pstn::Release::speech_lost && !by_trunk) {
      findings_.violated(at, [&] {
        return fmt::format("call {} was answered after a failure had dropped it", call);
      });
    }
    if (call >= by_.size()) by_.resize(call + 1);
    by_[call] = answered.agent;
  }
  [[nodiscard]] AgentId by(CallId call) const {
    return call.value < by_.size() ? by_[call.value] : AgentId{};
  }
  void forget(CallId call) {
    if (call.value < by_.size()) by_[call.value] = AgentId{};
  }

  Findings findings_;
  std::vector<AgentId> by_;  ///< who has answered, by call; invalid: nobody so far
};

/// R43: a call that a SIP Server in single-site mode has taken is answered at its site.
class ArrivalSiteCheck final : public Check {
 public:
  void on_record(const JournalEntry& entry, const CallLedger& ledger) override {
    if (const auto* changed = std::get_if<ServerModeChanged>(&entry.record)) {
      single_[changed->site] = changed->mode == ServerMode::single;
      ++epoch_[changed->site];
      applies_ = applies_ || single_[changed->site];
    } else if (const auto* queued = std::get_if<CallQueued>(&entry.record)) {
      if (!ledger.knows(queued->call)) return;
      if (ledger.row(queued->call).queue_site != queued->site) return;  // of a server given up
      const std::uint32_t call = queued->call.value;
      if (call >= taken_in_.size()) taken_in_.resize(call + 1, kNotSingle);
      taken_in_[call] = single_[queued->site] ? epoch_[queued->site] : kNotSingle;
    } else if (const auto* passed = std::get_if<CallTransferred>(&entry.record)) {
      if (!ledger.knows(passed->call) || !ledger.row(passed->call).between_agents()) return;
      const std::uint32_t call = passed->call.value;
      if (call >= taken_in_.size()) taken_in_.resize(call + 1, kNotSingle);
      // Whom he has consulted has been called before, maybe in another mode.
      const bool in_single = single_[passed->site] && passed->joined == 0;
      taken_in_[call] = in_single ? epoch_[passed->site] : kNotSingle;
    } else if (const auto* answered = std::get_if<CallAnswered>(&entry.record)) {
      if (!ledger.knows(answered->call)) return;
      const CallRow& row = ledger.row(answered->call);
      const bool counts = row.stage != CallRow::Stage::over && !ledger.was_stale();
      if (counts) judge(entry.at, *answered, row.queue_site);
    }
  }
  void finish(SimTime, const CallLedger&) override {}
  [[nodiscard]] Verdict verdict() const override {
    return findings_.verdict("answered_at_arrival_site", "R43", applies_,
                             "every call taken in single-site mode was answered at its site",
                             "no SIP Server was in single-site mode");
  }

 private:
  static constexpr std::uint32_t kNotSingle = 0;

  void judge(SimTime at, const CallAnswered& answered, std::uint8_t queue_site) {
    const std::uint32_t call = answered.call.value;
    // Only while the mode in which it was taken has lasted: back in BC mode the peer may help.
    if (call >= taken_in_.size() || queue_site >= kSites || taken_in_[call] == kNotSingle ||
        taken_in_[call] != epoch_[queue_site]) {
      return;
    }
    findings_.examined();
    if (answered.site == queue_site) return;
    findings_.violated(at, [&] {
      return fmt::format("call {} was taken at site {} in single-site mode and answered at site {}",
                         call, queue_site + 1, answered.site + 1);
    });
  }

  Findings findings_;
  bool applies_ = false;
  std::array<bool, kSites> single_{};
  std::array<std::uint32_t, kSites> epoch_ = {1, 1};
  std::vector<std::uint32_t> taken_in_;  ///< by call: the mode's epoch, if it was single
};

/// A call from a queue is answered by somebody who serves it, or is a member of its hunt group; one
/// that was passed on, by one of those it was passed on to.
class OwnAgentsCheck final : public Check {
 public:
  explicit OwnAgentsCheck(const Directory& directory) : directory_(directory) {}

  void on_record(const JournalEntry& entry, const CallLedger& ledger) override {
    const auto* answered = std::get_if<CallAnswered>(&entry.record);
    if (answered == nullptr || !ledger.knows(answered->call) || ledger.was_stale()) return;
    const CallRow& row = ledger.row(answered->call);
    const CallStream& stream = directory_.scenario->calls[row.stream];
    if (row.transfer != CallRow::Transfer::none) {  // the ledger has heard of the answer already
      const TransferOptions& to = stream.transfer;
      const bool his = to.queue ? takes(answered->agent, *to.queue)
                                : to.group == directory_.agent(answered->agent).group;
      judge(entry.at, *answered, his, [&] {
        return to.queue ? words(*to.queue)
                        : fmt::format("group '{}'", directory_.scenario->agents[*to.group].name);
      });
    } else if (row.kind == CallKind::queue) {
      const bool his = takes(answered->agent, stream.queue);
      judge(entry.at, *answered, his, [&] { return words(stream.queue); });
    }
  }
  void finish(SimTime, const CallLedger&) override {}
  [[nodiscard]] Verdict verdict() const override {
    return findings_.verdict("answered_by_its_agents", "", findings_.examined_any(),
                             "every call was answered by an agent whom its queue or hunt group has",
                             "no call from a queue or hunt group was answered");
  }

 private:
  [[nodiscard]] bool takes(AgentId agent, std::uint32_t queue) const {
    if (!directory_.scenario->queues[queue].hunt_group) {
      return directory_.group(agent).serves(queue);
    }
    const std::vector<std::uint32_t>& groups = directory_.hunt_groups_of(agent);
    return std::ranges::find(groups, queue) != groups.end();
  }
  [[nodiscard]] std::string words(std::uint32_t queue) const {
    const QueueOptions& options = directory_.scenario->queues[queue];
    return fmt::format("{} '{}'", options.hunt_group ? "hunt group" : "queue", options.name);
  }
  template <class Whose>
  void judge(SimTime at, const CallAnswered& answered, bool his, const Whose& whose) {
    findings_.examined();
    if (his) return;
    findings_.violated(at, [&] {
      return fmt::format("call {} of {} was answered by agent {}, who is not of it",
                         answered.call.value, whose(), answered.agent.value);
    });
  }

  const Directory& directory_;
  Findings findings_;
};

}  // namespace

std::unique_ptr<Check> conservation_check() {
  return std::make_unique<ConservationCheck>();
}
std::unique_ptr<Check> answered_once_check() {
  return std::make_unique<AnsweredOnceCheck>();
}
std::unique_ptr<Check> arrival_site_check(const Directory&) {
  return std::make_unique<ArrivalSiteCheck>();
}
std::unique_ptr<Check> own_agents_check(const Directory& directory) {
  return std::make_unique<OwnAgentsCheck>(directory);
}

std::vector<std::unique_ptr<Check>> all_checks(const Directory& directory) {
  std::vector<std::unique_ptr<Check>> checks;
  checks.push_back(conservation_check());
  checks.push_back(answered_once_check());
  checks.push_back(dropped_set_check(directory));
  checks.push_back(one_login_check(directory));
  checks.push_back(unaffected_agents_check(directory));
  checks.push_back(single_mode_check());
  checks.push_back(arrival_site_check(directory));
  checks.push_back(own_agents_check(directory));
  checks.push_back(liveness_check(directory));
  return checks;
}

}  // namespace bcsim::models
