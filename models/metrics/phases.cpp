#include "models/metrics/phases.hpp"

#include <algorithm>
#include <cassert>

namespace bcsim::models {

std::string_view name(Phase phase) {
  constexpr std::array<std::string_view, kPhases> kNames = {"warm_up", "before",   "detection",
                                                            "relogin", "degraded", "after"};
  return kNames[static_cast<std::size_t>(phase)];
}

bool PhaseTracker::first_of_episode(std::uint64_t key) {
  if (!episode_ || std::find(seen_.begin(), seen_.end(), key) != seen_.end()) return false;
  seen_.push_back(key);
  return true;
}

PhaseTracker::Mark PhaseTracker::mark(const JournalEntry& entry) {
  // Of each kind of detection the first by each subject counts: a second one is not caused by the
  // loss itself but by what came after.
  const auto detection = [this](std::uint64_t kind, std::uint64_t a, std::uint64_t b) {
    return first_of_episode(kind << 56 | a << 24 | b) ? Mark::detection : Mark::none;
  };
  if (const auto* f = std::get_if<FaultInjected>(&entry.record)) {
    const Fault& fault = scenario_.faults[f->fault];
    if (f->undone != 0) {
      std::erase(open_faults_, f->fault);
      return open_faults_.empty() && episode_ ? Mark::repair : Mark::none;
    }
    if (holds(fault)) {
      open_faults_.push_back(f->fault);
    } else if (!std::holds_alternative<SwitchOver>(fault.deed)) {
      return Mark::none;  // breaks nothing, or mends: what it ends is said of that
    }
    return Mark::fault;
  }
  if (const auto* p = std::get_if<ProxyState>(&entry.record)) {
    return p->online == 0 ? detection(1, p->gateway, p->site) : Mark::none;
  }
  if (const auto* p = std::get_if<PeerTrunk>(&entry.record)) {
    return p->in_service == 0 ? detection(2, p->site, 0) : Mark::none;
  }
  if (const auto* p = std::get_if<PstnReroute>(&entry.record)) {
    return p->dead != 0 ? detection(3, p->gateway, 0) : Mark::none;
  }
  if (const auto* s = std::get_if<Switchover>(&entry.record)) return detection(4, s->site, 0);
  return Mark::none;
}

void PhaseTracker::add(const Slice& slice) {
  rest_.merge(slice);
}

/// A phase without length is none: what happened at its instant belongs to the next one.
void PhaseTracker::close_part(Phase phase, SimTime start, SimTime end, Slice& part) {
  carried_.merge(part);
  part = {};
  if (end <= start) return;
  total(phase).merge(carried_);
  carried_ = {};
  if (!intervals_.empty() && intervals_.back().phase == phase && intervals_.back().end == start) {
    intervals_.back().end = end;
  } else {
    intervals_.push_back({phase, start, end});
  }
}

void PhaseTracker::close(SimTime now) {
  if (!episode_) {
    close_part(calm_, begun_, now, rest_);
    return;
  }
  SimTime at = begun_;
  if (detected_ != kNever) {
    close_part(Phase::detection, at, detected_, detection_);
    at = detected_;
  }
  if (returned_ != kNever) {
    close_part(Phase::relogin, at, returned_, relogin_);
    at = returned_;
  }
  // After a switchover by hand nothing is left to be mended.
  close_part(degraded_by_fault_ ? Phase::degraded : Phase::after, at, now, rest_);
  detected_ = returned_ = kNever;
}

void PhaseTracker::apply(Mark mark, SimTime now) {
  switch (mark) {
    case Mark::none:
      return;
    case Mark::fault:
      if (!episode_ || begun_ != now) {  // several lines of one instant are one fault
        close(now);
        episode_ = true;
        begun_ = now;
        seen_.clear();
      }
      degraded_by_fault_ = !open_faults_.empty();
      return;
    case Mark::repair:
      close(now);
      episode_ = false;
      calm_ = Phase::after;
      begun_ = now;
      return;
    case Mark::detection:
      detection_.merge(relogin_);
      detection_.merge(rest_);
      relogin_ = rest_ = {};
      detected_ = now;
      returned_ = kNever;
      return;
    case Mark::agent_returned:
      if (!episode_) return;
      relogin_.merge(rest_);
      rest_ = {};
      returned_ = now;
      return;
  }
}

void PhaseTracker::end_warm_up(SimTime now) {
  if (episode_ || calm_ != Phase::warm_up) return;
  close(now);
  calm_ = Phase::before;
  begun_ = now;
}

void PhaseTracker::finish(SimTime horizon) {
  close(horizon);
  // At the very end nothing comes after it.
  if (!intervals_.empty()) total(intervals_.back().phase).merge(carried_);
}

Phase PhaseTracker::at(SimTime t) const {
  const auto next = std::upper_bound(
      intervals_.begin(), intervals_.end(), t,
      [](SimTime time, const PhaseInterval& interval) { return time < interval.start; });
  return next == intervals_.begin() ? Phase::warm_up : std::prev(next)->phase;
}

}  // namespace bcsim::models
