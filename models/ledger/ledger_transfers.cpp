// Calls that one agent passes on to another: where they are meanwhile.
#include "models/ledger/ledger.hpp"

namespace bcsim::models {

void CallLedger::second_answer(SimTime at, CallRow& row, const CallAnswered& fact) {
  const AgentId chosen = row.transfer == CallRow::Transfer::offered ? row.agent : AgentId{};
  if (!row.way.waits_for(fact, chosen)) {
    ++crossed_answers_;
    return;
  }
  row.way.answered();
  row.transfer = CallRow::Transfer::done;
  row.reanswered = at;
  row.agent = fact.agent;
  row.agent_site = static_cast<std::uint8_t>(fact.site);
  row.path = static_cast<PathMask>(fact.path);
}

/// It stays an answered call, in talk, until it is over; what is new is where it waits.
void CallLedger::on(SimTime at, const CallTransferred& fact) {
  CallRow* row = live(at, fact.call);
  if (row == nullptr) {
    // The caller's goodbye was lost: a second agent may still answer nobody.
    if (knows(fact.call)) rows_[fact.call.value].transfer = CallRow::Transfer::waiting;
    return;
  }
  if (row->stage != CallRow::Stage::talking || row->between_agents()) {
    violate(at, fact.call, "passed on by an agent who does not have it");
    return;
  }
  row->transfer = CallRow::Transfer::waiting;
  row->way.passed_on(fact.joined != 0);
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
