#include "models/ledger/ledger.hpp"

#include <fmt/format.h>

#include <cassert>
#include <utility>

namespace bcsim::models {
namespace {

using Stage = CallRow::Stage;

std::size_t index(Stage stage) {
  return static_cast<std::size_t>(stage);
}
std::uint8_t narrow(std::uint32_t site) {
  return site < kSites ? static_cast<std::uint8_t>(site) : kNoSite;
}

}  // namespace

void CallLedger::on_record(const JournalEntry& entry) {
  stale_ = false;
  std::visit([&](const auto& fact) { on(entry.at, fact); }, entry.record);
  if (!totals_.holds()) violate(entry.at, CallId{}, *check_conservation());
}

CallRow* CallLedger::live(SimTime at, CallId call) {
  if (call.value >= rows_.size()) {
    violate(at, call, "a call that was never offered");
    return nullptr;
  }
  CallRow& row = rows_[call.value];
  return row.stage == Stage::over ? nullptr : &row;
}

CallRow* CallLedger::held(SimTime at, CallId call, CallBranch branch) {
  CallRow* row = live(at, call);
  if (row == nullptr || row->way.holds(branch)) return row;
  stale_ = true;
  return nullptr;
}

void CallLedger::violate(SimTime at, CallId call, std::string text) {
  ++violation_count_;
  if (violations_.size() < kViolationsKept) violations_.push_back({at, call, std::move(text)});
}

void CallLedger::on(SimTime at, const CallOffered& fact) {
  if (fact.call.value != rows_.size()) {
    violate(at, fact.call,
            fact.call.value < rows_.size() ? "offered twice" : "offered out of its turn");
    return;
  }
  CallRow& row = rows_.emplace_back();
  row.offered = at;
  row.previous = fact.previous;
  row.caller = fact.caller;
  row.stream = static_cast<std::uint16_t>(fact.stream);
  row.gateway = static_cast<std::uint16_t>(fact.gateway);
  row.attempt = static_cast<std::uint8_t>(fact.attempt);
  if (fact.stream < scenario_.calls.size()) row.kind = scenario_.calls[fact.stream].kind();
  ++totals_.attempted;
  ++totals_.in_setup;
}

void CallLedger::on(SimTime at, const CallInvited& fact) {
  CallRow* row = live(at, fact.call);
  if (row == nullptr) return;
  row->gateway = static_cast<std::uint16_t>(fact.gateway);
  invited_anew(*row, fact.nth);
  invited(at, *row, fact.site);
}
void CallLedger::invited(SimTime at, CallRow& row, std::uint32_t site) {
  if (row.invited != kNever) return;
  row.invited = at;
  row.first_server = narrow(site);
}

void CallLedger::on(SimTime at, const SetupFailed& fact) {
  CallRow* row = live(at, fact.call);
  if (row == nullptr) return;
  row->set(CallRow::setup_failed);
  row->status = static_cast<std::uint16_t>(fact.status);
  constexpr std::uint32_t kTimeout = 408;
  if (fact.status != kTimeout) return;
  if (row->stage == Stage::talking) take_back_answer(*row);
  if (row->stage == Stage::waiting) take_back(*row);
}

/// No word has come back from the server that took it: the caller does not wait yet (F1), his call
/// is still being set up.
void CallLedger::take_back(CallRow& row) {
  row.stage = Stage::setup;
  row.queued = row.treatment = row.routed = row.ringing = kNever;
  row.agent = AgentId{};
  row.queue_site = row.forwarder = row.agent_site = kNoSite;
  row.path = 0;
  row.clear(CallRow::forgotten);
  row.clear(CallRow::forwarded_in_path);
  --totals_.waiting;
  --totals_.taken;
  ++totals_.in_setup;
}

/// The caller's side asks this server now; whatever another one has done, it has not heard of.
void CallLedger::invited_anew(CallRow& row, std::uint32_t nth) {
  row.way.invited(nth);
  if (row.invited == kNever) return;
  row.clear(CallRow::forwarded_in_path);
  row.forwarder = kNoSite;
  if (row.stage == Stage::talking) take_back_answer(row);
  if (row.stage != Stage::waiting) return;
  row.routed = row.ringing = kNever;
  row.agent = AgentId{};
  row.agent_site = kNoSite;
}

/// The answer has never reached the caller.
void CallLedger::take_back_answer(CallRow& row) {
  row.stage = Stage::waiting;
  row.answered = row.transferred = row.reanswered = kNever;
  row.transfer = CallRow::Transfer::none;
  row.transferred_by = AgentId{};
  row.clear(CallRow::monitored);
  --totals_.in_talk;
  --totals_.answered;
  ++totals_.waiting;
}

void CallLedger::take(SimTime at, CallRow& row, std::uint32_t site) {
  if (row.stage == Stage::setup) {
    row.stage = Stage::waiting;
    row.queued = at;
    if (row.has(CallRow::setup_failed)) row.set(CallRow::setup_delayed);
    --totals_.in_setup;
    ++totals_.waiting;
    ++totals_.taken;
  }
  if (row.queue_site == kNoSite) {
    assert(site < kSites);
    row.queue_site = narrow(site);
    row.path = path_of(static_cast<int>(site));
    row.incarnation = incarnation_[site];
  }
}

void CallLedger::on(SimTime at, const CallQueued& fact) {
  CallRow* row = live(at, fact.call);
  if (row == nullptr) return after_its_end(fact.call, fact.branch, fact.site);
  if (!row->way.may_know(fact.branch)) {
    violate(at, fact.call, "queued at a server that nobody has asked");
    return;
  }
  row = held(at, fact.call, fact.branch);
  if (row == nullptr) return;
  if (row->stage == Stage::talking) {
    talks_already(at, fact.call, *row, "queued while talking");
    return;
  }
  row->way.looks(fact.branch);
  const PathMask before = row->has(CallRow::forwarded_in_path) ? row->path : PathMask{0};
  row->queue_site = kNoSite;  // another server may have taken it over: start afresh
  row->routed = kNever;
  row->clear(CallRow::forgotten);
  untold_.erase(fact.call.value);
  if (!row->has(CallRow::forwarded_in_path)) row->forwarder = kNoSite;
  row->clear(CallRow::forwarded_in_path);
  take(at, *row, fact.site);
  row->path = static_cast<PathMask>(row->path | before);
}

/// Unless it is of a server that has forgotten all its calls since, and has got a late copy of the
/// INVITE.
void CallLedger::talks_already(SimTime at, CallId call, const CallRow& row, const char* broken) {
  stale_ = server_lost_it(row);
  if (!stale_) violate(at, call, broken);
}

void CallLedger::on(SimTime, const CallLetGo& fact) {
  if (!knows(fact.call)) return;
  CallRow& row = rows_[fact.call.value];
  row.way.let_go(fact.branch);  // also of one that is over
  if (fact.why == CallLetGo::Why::ended && row.way.gone() && waits(row)) {
    untold_.insert(fact.call.value);
  }
}

void CallLedger::on(SimTime at, const TreatmentStarted& fact) {
  CallRow* row = held(at, fact.call, fact.branch);
  if (row == nullptr) return;
  take(at, *row, fact.site);
  if (row->treatment == kNever) row->treatment = at;
}

void CallLedger::on(SimTime at, const CallRouted& fact) {
  CallRow* row = held(at, fact.call, fact.branch);
  if (row == nullptr) return;
  if (row->stage == Stage::talking && !row->between_agents()) {
    talks_already(at, fact.call, *row, "routed while talking");
    return;
  }
  row->way.leads_on(fact.leg);
  if (row->between_agents()) {
    row->transfer = CallRow::Transfer::offered;
    row->agent = fact.agent;
    row->path = static_cast<PathMask>(fact.path);
    return;
  }
  take(at, *row, fact.site);
  row->routed = at;
  row->agent = fact.agent;
  row->path = static_cast<PathMask>(fact.path);
}

void CallLedger::on(SimTime at, const CallRinging& fact) {
  CallRow* row = live(at, fact.call);
  if (row == nullptr) return;
  if (row->stage == Stage::talking) return;  // a second leg of a parallel hunt group
  if (!row->way.ends_at(fact.branch, fact.agent, row->agent)) return;
  take(at, *row, fact.site);
  if (row->routed == kNever) row->routed = at;
  row->ringing = at;
  if (!fact.agent.valid()) return;  // somebody outside
  row->agent = fact.agent;
  row->agent_site = narrow(fact.site);
}

void CallLedger::on(SimTime at, const CallReturned& fact) {
  CallRow* row = live(at, fact.call);
  if (row == nullptr || row->stage == Stage::setup) return;
  // Not of a branch given up that has found somebody busy, who may be so with this very call.
  if (!row->way.returns(fact.branch, fact.agent, row->agent)) {
    stale_ = true;
    return;
  }
  row->way.looks(fact.branch);
  row->clear(CallRow::forgotten);  // of the server that was to ring the agent
  if (row->between_agents() || row->transfer == CallRow::Transfer::done) {
    if (row->agent != fact.agent) return;
    row->transfer = CallRow::Transfer::waiting;
    row->reanswered = kNever;  // his answer never reached the server that has the caller
    row->path = row->waiting_path;
    return;
  }
  if (row->stage == Stage::talking) {
    // The agent's phone answered, but his answer never reached the server that has the caller.
    if (row->agent != fact.agent) return;
    take_back_answer(*row);
  }
  row->routed = kNever;
  row->ringing = kNever;
  row->agent = AgentId{};
  row->agent_site = kNoSite;
  if (row->queue_site != kNoSite) row->path = path_of(row->queue_site);
}

void CallLedger::on(SimTime at, const CallAnswered& fact) {
  if (!knows(fact.call)) {
    violate(at, fact.call, "a call that was never offered");
    return;
  }
  CallRow& row = rows_[fact.call.value];
  if (row.between_agents() && row.stage != Stage::over) {
    second_answer(at, row, fact);
    return;
  }
  const bool over = row.stage == Stage::over;
  const bool chosen = row.way.ends_at(fact.branch, fact.agent, row.agent);
  if (!row.way.ends_in(fact.branch) || (!chosen && over && row.answered != kNever)) {
    stale_answer();
    return;
  }
  if (!chosen && !over) {
    violate(at, fact.call, "answered by an agent who was not chosen");
    return;
  }
  // Of a call that is over somebody may have passed on what is left: nobody hears him.
  const bool passed_on = row.transfer != CallRow::Transfer::none && row.stage == Stage::over;
  if (row.answered != kNever && !passed_on) {
    violate(at, fact.call, "answered twice");
    return;
  }
  if (row.stage == Stage::over) {
    ++crossed_answers_;
    // A SIP Server whose gateway, or whose peer on the way, has died knows nothing of it.
    const bool by_trunk = (fact.path & ~path_of(static_cast<int>(fact.site))) != 0;
    if (row.release == pstn::Release::speech_lost && !by_trunk) {
      violate(at, fact.call, "answered after a failure dropped it");
    }
    return;
  }
  if (pair_lost_it(row)) {  // on the way back there is no SIP Server that knows of it
    stale_answer();
    return;
  }
  row.way.answered(fact.branch);
  take(at, row, fact.site);
  row.stage = Stage::talking;
  row.answered = at;
  row.agent = fact.agent;
  row.agent_site = narrow(fact.site);
  row.path = static_cast<PathMask>(fact.path);
  if (fact.monitored != 0) row.set(CallRow::monitored);
  --totals_.waiting;
  ++totals_.in_talk;
  ++totals_.answered;
}

void CallLedger::on(SimTime at, const CallDefaultRouted& fact) {
  CallRow* row = held(at, fact.call, fact.branch);
  if (row == nullptr) return;
  if (row->stage == Stage::talking && !row->between_agents()) {
    talks_already(at, fact.call, *row, "default-routed while talking");
    return;
  }
  row->way.looks(fact.branch);
  take(at, *row, fact.site);
  untold_.insert(fact.call.value);
}

void CallLedger::on(SimTime at, const CallReleased& fact) {
  if (!knows(fact.call)) {
    violate(at, fact.call, "a call that was never offered");
    return;
  }
  CallRow& row = rows_[fact.call.value];
  if (row.stage == Stage::over) {
    violate(at, fact.call, "released twice");
    return;
  }
  if (fact.release == pstn::Release::no_channel && row.stage != Stage::setup) {
    violate(at, fact.call, "blocked at the trunk after a server took it");
  }
  if (fact.release == pstn::Release::normal && row.stage != Stage::talking) {
    violate(at, fact.call, "ended normally though it was never answered");
  }
  const auto phase = static_cast<CallPhase>(fact.phase);
  // The answer has never reached him: he has heard a ringing tone, or music, to the end.
  const bool waited = phase != CallPhase::talking && phase != CallPhase::held;
  const bool first = row.transfer == CallRow::Transfer::none;
  const bool unheard = row.stage == Stage::talking && first && waited;
  if (unheard) take_back_answer(row);
  // … nor that of the second agent.
  if (row.transfer == CallRow::Transfer::done && row.reanswered != kNever && waited) {
    row.transfer = CallRow::Transfer::waiting;
    row.reanswered = kNever;
  }
  row.cause = judge(at, row, fact);
  if (unheard && fact.release == pstn::Release::media_lost) row.cause = Cause::media_lost;
  if (never_heard_second(at, row, fact)) row.reanswered = kNever;
  untold_.erase(fact.call.value);
  row.released = at;
  row.release = fact.release;
  row.phase = static_cast<CallPhase>(fact.phase);
  if (fact.status != 0) row.status = fact.status;
  switch (row.stage) {
    case Stage::setup:
      --totals_.in_setup;
      ++totals_.left_setup;
      break;
    case Stage::waiting:
      --totals_.waiting;
      ++totals_.left_waiting;
      break;
    case Stage::talking:
      --totals_.in_talk;
      ++totals_.left_talking;
      break;
    case Stage::over:
      break;
  }
  ++totals_.left[index(row.stage)][static_cast<std::size_t>(row.cause)];
  row.stage = Stage::over;
}

void CallLedger::on(SimTime at, const MediaDegraded& fact) {
  if (CallRow* row = live(at, fact.call)) row->set(CallRow::media_degraded);
}
void CallLedger::on(SimTime at, const CallerLost& fact) {
  if (knows(fact.call)) {
    rows_[fact.call.value].set(CallRow::caller_lost);
  } else {
    violate(at, fact.call, "a call that was never offered");
  }
}
void CallLedger::on(SimTime at, const EarlyDialogLost& fact) {
  CallRow* row = held(at, fact.call, fact.branch);
  if (row == nullptr) return;
  // A server that was only to ring an agent loses him: the one that has the queue offers it again.
  const bool for_another = row->kind == CallKind::queue && row->queue_site != kNoSite &&
                           fact.site != row->queue_site && fact.site != row->forwarder;
  if (!for_another) row->set(CallRow::forgotten);
}
/// Nobody knows any more of who waits there, though he may go on hearing music.
void CallLedger::on(SimTime, const CallStateLost& fact) {
  if (!knows(fact.call)) return;
  CallRow& row = rows_[fact.call.value];
  if (waits(row) && is_with(row, fact.site)) row.set(CallRow::forgotten);
}
/// With the process dies its word to those whom it has let go: nobody repeats it, nor knows them.
void CallLedger::on(SimTime, const Switchover& fact) {
  std::erase_if(untold_, [&](std::uint32_t call) {
    CallRow& row = rows_[call];
    if (!is_with(row, fact.site)) return false;
    if (waits(row)) row.set(CallRow::forgotten);
    return true;
  });
}
void CallLedger::on(SimTime at, const BcForward& fact) {
  CallRow* row = held(at, fact.call, fact.branch);
  if (row == nullptr || fact.by_302 != 0) return;
  row->way.leads_on(fact.leg);
  take(at, *row, fact.site);
  row->path = static_cast<PathMask>(row->path | path_of(static_cast<int>(fact.site)));
  row->set(CallRow::forwarded_in_path);
  row->forwarder = narrow(fact.site);
  row->forwarder_incarnation = incarnation_[fact.site];
}
void CallLedger::on(SimTime at, const AgentCallTaken& fact) {
  after_its_end(fact.call, fact.branch, fact.site);
  CallRow* row = held(at, fact.call, fact.branch);
  if (row == nullptr || row->stage == Stage::talking) return;
  if (row->first_server == kNoSite) row->first_server = narrow(fact.site);
  row->queue_site = kNoSite;  // another server may have had it before
  take(at, *row, fact.site);
}
void CallLedger::on(SimTime at, const CallSentOut& fact) {
  CallRow* row = held(at, fact.call, fact.branch);
  if (row == nullptr) return;
  row->gateway = static_cast<std::uint16_t>(fact.gateway);
  row->way.anybody();
}
void CallLedger::on(SimTime at, const HuntLeg& fact) {
  if (CallRow* row = held(at, fact.call, fact.branch)) row->way.anybody();
}
void CallLedger::on(SimTime, const PairStateChanged& fact) {
  // A pair that comes back has forgotten the calls of the one that died.
  if (fact.up == 0) ++incarnation_[fact.site];
}

std::optional<std::string> CallLedger::check_conservation() const {
  const Conservation& t = totals_;
  const std::uint64_t setup = t.left_setup + t.taken + t.in_setup;
  if (t.attempted != setup) {
    return fmt::format("{} calls attempted, but {} accounted for in set-up", t.attempted, setup);
  }
  const std::uint64_t waiting = t.left_waiting + t.answered + t.waiting;
  if (t.taken != waiting) {
    return fmt::format("{} calls taken, but {} accounted for in queue", t.taken, waiting);
  }
  const std::uint64_t talking = t.left_talking + t.in_talk;
  if (t.answered != talking) {
    return fmt::format("{} calls answered, but {} accounted for", t.answered, talking);
  }
  return std::nullopt;
}

Conservation CallLedger::recount() const {
  Conservation c;
  for (const CallRow& row : rows_) {
    ++c.attempted;
    const bool taken = row.queued != kNever;
    const bool answered = row.answered != kNever;
    c.taken += taken;
    c.answered += answered;
    if (row.released == kNever) {
      ++(answered ? c.in_talk : taken ? c.waiting : c.in_setup);
    } else {
      const Stage stage = answered ? Stage::talking : taken ? Stage::waiting : Stage::setup;
      ++(answered ? c.left_talking : taken ? c.left_waiting : c.left_setup);
      ++c.left[index(stage)][static_cast<std::size_t>(row.cause)];
    }
  }
  return c;
}

void CallLedger::finish(SimTime horizon) {
  if (const auto broken = check_conservation()) violate(horizon, CallId{}, *broken);
  if (recount() != totals_) {
    violate(horizon, CallId{}, "the rows of the calls do not add up to the running totals");
  }
  for (std::uint32_t i = 0; i < rows_.size(); ++i) {
    const CallRow& row = rows_[i];
    if (row.released == kNever) continue;
    const bool in_order =
        row.offered <= row.released && (row.queued == kNever || row.offered <= row.queued) &&
        (row.answered == kNever || (row.queued <= row.answered && row.answered <= row.released)) &&
        (row.transferred == kNever ||
         (row.answered <= row.transferred && row.transferred <= row.released)) &&
        (row.reanswered == kNever ||
         (row.transferred <= row.reanswered && row.reanswered <= row.released));
    if (!in_order) violate(horizon, CallId{i}, "its times are out of order");
  }
}

}  // namespace bcsim::models
