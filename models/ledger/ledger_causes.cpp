// What became of a call, from how it was released and what had happened to it before.
#include <cassert>

#include "models/ledger/ledger.hpp"

namespace bcsim::models {

using Stage = CallRow::Stage;

bool CallLedger::server_lost_it(const CallRow& row) const {
  return row.has(CallRow::forgotten) || pair_lost_it(row);
}

bool CallLedger::pair_lost_it(const CallRow& row) const {
  if (row.forwarder != kNoSite && incarnation_[row.forwarder] != row.forwarder_incarnation) {
    return true;
  }
  return row.queue_site != kNoSite && incarnation_[row.queue_site] != row.incarnation;
}

/// A pair that has come back knows nothing of a call that is over, and takes a late copy of its
/// INVITE for a new one: what it does then is nobody's.
void CallLedger::after_its_end(CallId call, CallBranch branch, std::uint32_t site) {
  if (!knows(call)) return;
  CallRow& row = rows_[call.value];
  if (row.stage != Stage::over) return;
  const bool forgot = (site == row.forwarder && incarnation_[site] != row.forwarder_incarnation) ||
                      (site == row.queue_site && incarnation_[site] != row.incarnation);
  if (forgot) row.way.let_go(branch);
}

Cause CallLedger::dropped(SimTime at, const CallRow& row, CallPhase phase) const {
  if (row.between_agents()) {
    return row.at_agent() ? Cause::dropped_while_ringing : Cause::dropped_in_queue;
  }
  if (row.stage == Stage::talking) {
    return phase == CallPhase::held ? Cause::dropped_on_hold : Cause::dropped_in_talk;
  }
  if (row.at_agent() || row.kind != CallKind::queue) return Cause::dropped_while_ringing;
  const Duration announcement = scenario_.sites[row.queue_site % kSites].sip_server.announcement;
  if (row.treatment != kNever && at - row.treatment < announcement) {
    return Cause::dropped_in_treatment;
  }
  return Cause::dropped_in_queue;
}

Cause CallLedger::judge_hang_up(SimTime at, const CallRow& row, CallPhase phase) const {
  assert(row.stage != Stage::over);
  switch (row.stage) {
    case Stage::talking:
      if (!row.between_agents()) {  // who hangs up on hold has waited for the agent in vain
        return phase == CallPhase::held ? Cause::dropped_on_hold : Cause::completed;
      }
      return server_lost_it(row) ? dropped(at, row, {}) : Cause::abandoned_in_queue;
    case Stage::waiting:
      // He gave up, but nobody would ever have come: not an impatient caller but a lost call.
      if (!server_lost_it(row)) {
        return by_agent(row.kind) ? Cause::no_answer : Cause::abandoned_in_queue;
      }
      return row.treatment == kNever ? Cause::lost_setup_hanging : dropped(at, row, {});
    case Stage::setup:
    case Stage::over:
      break;
  }
  return Cause::abandoned_in_setup;
}

/// A person who was called has not answered: no failure, if his phone could be reached.
Cause CallLedger::judge_rejection(const CallRow& row, CallPhase phase, std::uint16_t status) {
  if (row.kind != CallKind::queue && row.has(CallRow::forgotten)) {
    return Cause::dropped_while_ringing;
  }
  // A SIP Server's own INVITE got a 180, and then nothing more.
  if (status == 408 && phase == CallPhase::ringback) return Cause::lost_setup_hanging;
  if (row.kind == CallKind::queue) return Cause::lost_setup_rejected;
  if (status == 486) return Cause::callee_busy;
  return row.ringing != kNever ? Cause::no_answer : Cause::lost_setup_rejected;
}

Cause CallLedger::judge(SimTime at, const CallRow& row, const CallReleased& fact) const {
  const bool talking = row.stage == Stage::talking;
  const bool setup = row.stage == Stage::setup;
  const CallPhase phase = static_cast<CallPhase>(fact.phase);
  switch (fact.release) {
    case pstn::Release::caller_hung_up:
      return judge_hang_up(at, row, phase);
    case pstn::Release::normal:
      // On hold nobody says goodbye: the agent's phone or desktop is gone.
      if (talking && row.transfer == CallRow::Transfer::consulting) return dropped(at, row, phase);
      if (talking && !row.between_agents()) return Cause::completed;
      return setup ? Cause::lost_setup_rejected : dropped(at, row, phase);
    case pstn::Release::speech_lost:
    case pstn::Release::session_expired:
    case pstn::Release::gateway_failed:
      return setup ? Cause::lost_setup_timeout : dropped(at, row, phase);
    case pstn::Release::media_lost:
      if (talking && !row.between_agents()) return Cause::media_lost;
      return setup ? Cause::lost_setup_timeout : dropped(at, row, phase);
    case pstn::Release::rejected:
      if (talking || (row.treatment != kNever && server_lost_it(row))) {
        return dropped(at, row, phase);
      }
      return judge_rejection(row, phase, fact.status);
    case pstn::Release::no_response:
      // An agent whose desktop knows of no call puts down the phone on which he hears it ring.
      if (by_agent(row.kind) && phase == CallPhase::ringback) return judge_hang_up(at, row, phase);
      return talking ? dropped(at, row, phase) : Cause::lost_setup_timeout;
    case pstn::Release::ring_timeout:
      return talking ? dropped(at, row, phase) : Cause::lost_setup_hanging;
    case pstn::Release::default_routed:
      return Cause::default_routed;
    case pstn::Release::no_channel:
      break;
  }
  return Cause::blocked_at_trunk;
}

}  // namespace bcsim::models
