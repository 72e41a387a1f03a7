// Calls that an agent places, or passes on to another: where they are meanwhile.
#include "models/ledger/ledger.hpp"

namespace bcsim::models {

void CallLedger::on(SimTime at, const AgentDialled& fact) {
  if (CallRow* row = live(at, fact.call)) row->from = fact.agent;
}
void CallLedger::on(SimTime at, const PhoneInvited& fact) {
  CallRow* row = live(at, fact.call);
  if (row == nullptr) return;
  invited_anew(*row, fact.nth);
  invited(at, *row, fact.site);
}

/// A branch, or an agent, that has been given up: nobody hears him.
void CallLedger::stale_answer() {
  ++crossed_answers_;
  stale_ = true;
}

void CallLedger::second_answer(SimTime at, CallRow& row, const CallAnswered& fact) {
  const AgentId chosen = row.transfer == CallRow::Transfer::offered ? row.agent : AgentId{};
  if (!row.way.ends_in(fact.branch)) {
    stale_answer();
    return;
  }
  if (!row.way.ends_at(fact.branch, fact.agent, chosen)) {
    violate(at, fact.call, "answered by an agent who was not chosen");
    return;
  }
  row.way.answered(fact.branch);
  row.transfer = CallRow::Transfer::done;
  row.reanswered = at;
  row.agent = fact.agent;
  row.agent_site = static_cast<std::uint8_t>(fact.site);
  row.path = static_cast<PathMask>(fact.path);
}

/// The answer of the second agent was not followed by any speech: who hears nobody hangs up after a
/// time of his own, and so much has passed since.
bool CallLedger::never_heard_second(SimTime at, const CallRow& row,
                                    const CallReleased& fact) const {
  if (row.transfer != CallRow::Transfer::done || row.reanswered == kNever) return false;
  if (fact.release != pstn::Release::media_lost || row.gateway >= scenario_.gateways.size()) {
    return false;
  }
  return at - row.reanswered <= scenario_.gateways[row.gateway].rtp_loss_timeout;
}

/// It stays an answered call, in talk, until it is over; what is new is where it waits.
void CallLedger::on(SimTime at, const CallTransferred& fact) {
  CallRow* row = live(at, fact.call);
  if (row == nullptr) {
    // The caller's goodbye was lost: a second agent may still answer nobody.
    if (knows(fact.call)) rows_[fact.call.value].transfer = CallRow::Transfer::waiting;
    return;
  }
  // An agent given up passes on a call with nobody in it.
  if (held(at, fact.call, fact.branch) == nullptr) return;
  const bool his = fact.agent == row->agent || fact.agent == row->from;
  if (row->stage != CallRow::Stage::talking || row->between_agents() || !his) {
    violate(at, fact.call, "passed on by an agent who does not have it");
    return;
  }
  row->transfer = CallRow::Transfer::waiting;
  row->way.passed_on(fact.branch, fact.joined != 0);
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
  CallRow* row = held(at, fact.call, fact.branch);
  if (row == nullptr || row->stage != CallRow::Stage::talking || row->between_agents()) return;
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
