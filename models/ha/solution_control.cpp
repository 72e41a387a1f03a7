#include "models/ha/solution_control.hpp"

#include <utility>

namespace bcsim::models::ha {

using Kind = ControlEffect::Kind;

SolutionControl::SolutionControl(bool backup) {
  at(0).office = Office::primary;
  if (!backup) at(1).life = Life::dead;
}

ControlEffects SolutionControl::on(ControlInput input, int process) {
  Process& p = at(process);
  switch (input) {
    case ControlInput::died:
      if (runs(process)) lose(process, Life::dead);
      break;
    case ControlInput::machine_lost:
      if (runs(process)) lose(process, Life::machine_lost);
      p.life = Life::machine_lost;
      break;
    case ControlInput::machine_returned:
      if (p.life == Life::machine_lost) p.life = Life::dead;
      break;
    case ControlInput::hung:
      if (p.life != Life::alive) break;
      p.life = Life::hung;
      arm(process, ControlTimer::heartbeat_missed, ControlWait::heartbeat);
      break;
    case ControlInput::returned:
      if (p.life != Life::alive) start(process);
      break;
    case ControlInput::took_over:
      if (p.office != Office::promoting) break;
      p.office = Office::primary;
      holder_ = process;
      break;
    case ControlInput::contact_lost:
      if (!p.contact) break;
      p.contact = false;
      arm(process, ControlTimer::given_up, ControlWait::machine_loss);
      break;
    case ControlInput::contact_healed:
      if (!p.contact) hear_again(process);
      break;
    case ControlInput::loss_noticed:
      if (fires(process, ControlTimer::loss_noticed)) vacate(process);
      break;
    case ControlInput::given_up:
      if (fires(process, ControlTimer::given_up)) vacate(process);
      break;
    case ControlInput::heartbeat_missed:
      // The local agent ends it and starts it again, contact or not.
      if (fires(process, ControlTimer::heartbeat_missed)) {
        begin_again(process, ControlWait::restart);
      }
      break;
    case ControlInput::switch_over:
      switch_over();
      break;
  }
  return std::exchange(effects_, {});
}

/// A timer that is not armed (any more) does not fire.
bool SolutionControl::fires(int process, ControlTimer timer) {
  return std::exchange(at(process).armed[static_cast<std::size_t>(timer)], false);
}

void SolutionControl::arm(int process, ControlTimer timer, ControlWait wait) {
  at(process).armed[static_cast<std::size_t>(timer)] = true;
  effects_.push_back({Kind::arm, process, timer, wait});
}

void SolutionControl::cancel(int process, ControlTimer timer) {
  if (fires(process, timer)) effects_.push_back({Kind::cancel, process, timer, {}});
}

/// The process is no more. The local agent tells of a primary's death; the loss of its machine, and
/// of contact before that, tells itself by silence.
void SolutionControl::lose(int process, Life life) {
  Process& p = at(process);
  p.life = life;
  cancel(process, ControlTimer::heartbeat_missed);
  p.office = Office::backup;
  if (process != primary_ || !p.contact) return;
  arm(process, ControlTimer::loss_noticed,
      life == Life::dead ? ControlWait::process_death : ControlWait::machine_loss);
}

void SolutionControl::begin_again(int process, ControlWait wait) {
  effects_.push_back({Kind::end, process, {}, {}});
  lose(process, Life::dead);
  effects_.push_back({Kind::start_again, process, {}, wait});
}

/// A process that starts knows nothing; if it was primary, so that is known to be over: the local
/// agent has started it.
void SolutionControl::start(int process) {
  Process& p = at(process);
  if (p.life == Life::hung) lose(process, Life::dead);  // replaced
  p.life = Life::alive;
  cancel(process, ControlTimer::loss_noticed);
  if (p.contact) cancel(process, ControlTimer::given_up);
  if (!runs(other(process))) {
    p.office = Office::primary;
    holder_ = process;
    if (p.contact) primary_ = process;
  } else if (p.contact) {
    vacate(process);
  }
}

/// Has another taken the address since this one did, or is about to?
bool SolutionControl::superseded(int process) const {
  const int rival = other(process);
  if (primary_ == rival && at(rival).office != Office::backup) return true;
  return at(process).office == Office::primary && process != holder_;
}

/// Contact is back, and shows what has become of the process meanwhile.
void SolutionControl::hear_again(int process) {
  Process& p = at(process);
  p.contact = true;
  if (p.life == Life::machine_lost)
    return;  // the link is back, but nobody answers: given up as lost
  cancel(process, ControlTimer::given_up);
  if (!runs(process) || p.office == Office::backup) {
    vacate(process);
  } else if (!superseded(process)) {
    primary_ = process;
  } else {
    // Another was made primary behind its back and has the address. It is made backup, for what
    // takes its address away could not be run before (D22).
    begin_again(process, ControlWait::restart);
    fill();
  }
}

/// This one is known not to be primary (any more).
void SolutionControl::vacate(int process) {
  if (primary_ == process) primary_ = kNobody;
  fill();
}

/// Somebody must be primary: who works as such already, else who has the calls, else who can.
void SolutionControl::fill() {
  if (primary_ != kNobody) return;
  if (can_be_told(holder_) && at(holder_).office == Office::primary) {
    primary_ = holder_;
    return;
  }
  for (const int next : {other(holder_), holder_}) {
    if (!can_be_told(next)) continue;
    promote(next);
    return;
  }
}

void SolutionControl::promote(int process) {
  primary_ = process;
  at(process).office = Office::promoting;
  effects_.push_back({Kind::make_primary, process, {}, {}});
}

/// The primary is made backup and the backup primary (00-5151, 00-5150). The former begins again
/// when the other has taken over (ASSUMPTION). Without a primary in service and a live backup, both
/// in contact, nothing is done.
void SolutionControl::switch_over() {
  const int old = primary_;
  if (old == kNobody || at(old).office != Office::primary) return;
  const int next = other(old);
  if (!can_be_told(old) || !can_be_told(next)) return;
  promote(next);
  begin_again(old, ControlWait::after_promotion);
}

}  // namespace bcsim::models::ha
