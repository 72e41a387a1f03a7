// Calls that an agent places, or passes on to another: where they are meanwhile.
#include "models/ledger/ledger.hpp"

namespace bcsim::models {

void CallLedger::on(SimTime at, const AgentDialled& fact) {
  if (CallRow* row = live(at, fact.call)) row->from = fact.agent;
}
void CallLedger::on(SimTime at, const PhoneInvited& fact) {
  if (CallRow* row = live(at, fact.call)) invited(at, fact.call, *row, fact.site);
}

/// A server that has been given up rings for nobody. But the one that has the call for the caller
/// knows whom it has chosen.
void CallLedger::not_waited_for(SimTime at, const CallRow& row, const CallAnswered& fact) {
  const bool passed_on_here = row.between_agents() && fact.site == row.queue_site &&
                              fact.path == row.path &&
                              fact.path == path_of(static_cast<int>(fact.site));
  if (row.stage != CallRow::Stage::over && (passed_on_here || row.way.sure_of(fact))) {
    violate(at, fact.call, "answered by an agent who was not chosen");
    return;
  }
  ++crossed_answers_;
  answer_was_stale_ = true;
}

void CallLedger::second_answer(SimTime at, CallRow& row, const CallAnswered& fact) {
  const AgentId chosen = row.transfer == CallRow::Transfer::offered ? row.agent : AgentId{};
  if (!row.way.waits_for(fact, chosen)) {
    not_waited_for(at, row, fact);
    return;
  }
  row.way.answered(fact.site);
  row.transfer = CallRow::Transfer::done;
  row.reanswered = at;
  row.agent = fact.agent;
  row.agent_site = static_cast<std::uint8_t>(fact.site);
  row.path = static_cast<PathMask>(fact.path);
}

/// An agent of a server that the caller's side has given up passes on a call with nobody in it.
bool CallLedger::passes_on(const CallRow& row, const CallTransferred& fact) {
  if (!row.way.leads_along(fact.site, fact.path)) return false;
  // The server that the caller waits at, or that he was passed on from, knows who has him.
  const bool knows = fact.path == path_of(static_cast<int>(fact.site)) && fact.path == row.path;
  return knows || fact.agent == row.agent || fact.agent == row.from;
}

/// It stays an answered call, in talk, until it is over; what is new is where it waits.
void CallLedger::on(SimTime at, const CallTransferred& fact) {
  CallRow* row = live(at, fact.call);
  if (row == nullptr) {
    // The caller's goodbye was lost: a second agent may still answer nobody.
    if (knows(fact.call)) rows_[fact.call.value].transfer = CallRow::Transfer::waiting;
    return;
  }
  if (!passes_on(*row, fact)) {
    strangers_.add(fact.call, by_);
    return;
  }
  if (row->stage != CallRow::Stage::talking || row->between_agents()) {
    violate(at, fact.call, "passed on by an agent who does not have it");
    return;
  }
  row->transfer = CallRow::Transfer::waiting;
  row->way.passed_on(fact.site, fact.joined != 0);
  if (row->transferred == kNever) row->transferred = at;
  row->transferred_by = fact.agent;
  row->waiting_path = row->path = static_cast<PathMask>(fact.path);
  if (fact.site == row->queue_site) return;
  // The server that had it before stays in its path.
  row->forwarder = row->queue_site;
  row->forwarder_incarnation = row->incarnation;
  row->queue_site = static_cast<std::uint8_t>(fact.site);
  row->incarnation = incarnation_[fact.site];
}

void CallLedger::on(SimTime at, const Consultation& fact) {
  CallRow* row = live(at, fact.call);
  if (row == nullptr || row->stage != CallRow::Stage::talking || row->between_agents()) return;
  if (fact.agent != row->agent && fact.agent != row->from) return;  // of a server given up
  switch (fact.step) {
    case Consultation::Step::initiated:
      row->transfer = CallRow::Transfer::consulting;
      row->transferred = at;
      row->transferred_by = fact.agent;
      break;
    case Consultation::Step::answered:
      break;
    case Consultation::Step::reconnected:
      row->transfer = CallRow::Transfer::reconnected;
      row->reanswered = at;
      break;
  }
}

}  // namespace bcsim::models
