#include "tools/stats/attribution.hpp"

#include <map>
#include <set>
#include <utility>

namespace bcsim::tools {
namespace {

using models::CallRow;
using models::RunResult;

bool answered_late(const CallRow& row, const RunResult& result) {
  return row.answered != models::kNever &&
         row.answered - row.queued > result.service_level_threshold;
}
bool answered_in_time(const CallRow& row, const RunResult& result) {
  return row.answered != models::kNever && !answered_late(row, result);
}

/// As the metric `abandoned` counts: not of direct calls, nor between two agents.
bool abandoned(const CallRow& row) {
  return outcome_of(row.cause) == CallOutcome::abandoned && row.kind == models::CallKind::queue &&
         row.answered == models::kNever;
}

}  // namespace

std::array<double, Attribution::kCounts> Attribution::values() const {
  std::array<double, kCounts> out{};
  std::size_t i = 0;
  for (const std::uint64_t n : {lost, abandoned, default_routed, delayed, callers_lost, spared}) {
    out[i++] = static_cast<double>(n);
  }
  return out;
}

const std::array<AttributionDefinition, Attribution::kCounts>& attribution_definitions() {
  static constexpr std::array<AttributionDefinition, Attribution::kCounts> kDefinitions = {{
      {"lost", "calls", "lost, and not lost (or not made) in the twin"},
      {"abandoned", "calls", "abandoned, and not abandoned (or not made) in the twin"},
      {"default_routed", "calls",
       "sent to the default destination, and not so (or not made) in the twin"},
      {"delayed", "calls", "answered after more than T, and within T in the twin"},
      {"callers_lost", "callers", "not served and will not try again, and not so in the twin"},
      {"spared", "calls", "lost or abandoned in the twin, and served to the end here"},
  }};
  return kDefinitions;
}

CallOutcome outcome_of(models::Cause cause) {
  switch (cause) {
    case models::Cause::still_in_system:
      return CallOutcome::in_system;
    case models::Cause::completed:
      return CallOutcome::served;
    case models::Cause::abandoned_in_queue:
      return CallOutcome::abandoned;
    case models::Cause::default_routed:
      return CallOutcome::default_routed;
    case models::Cause::callee_busy:
    case models::Cause::no_answer:
      return CallOutcome::not_answered;
    default:
      return CallOutcome::lost;
  }
}

Attribution attribute(RunResult& result, const RunResult& twin) {
  std::map<std::pair<std::uint32_t, std::uint8_t>, const CallRow*> counterparts;
  std::set<std::uint32_t> callers_lost_anyway;
  for (const CallRow& row : twin.calls) {
    counterparts[{row.caller, row.attempt}] = &row;
    if (row.has(CallRow::caller_lost)) callers_lost_anyway.insert(row.caller);
  }
  Attribution out;
  result.attributed.clear();
  result.attributed.reserve(result.calls.size());
  for (const CallRow& row : result.calls) {
    const auto found = counterparts.find({row.caller, row.attempt});
    const CallRow* other = found == counterparts.end() ? nullptr : found->second;
    const CallOutcome now = outcome_of(row.cause);
    const bool differs = other == nullptr || outcome_of(other->cause) != now;
    result.attributed.push_back(differs ? 1 : 0);
    if (models::by_agent(row.kind)) continue;  // they are no part of the metrics either
    if (differs) {
      out.lost += now == CallOutcome::lost;
      out.abandoned += abandoned(row);
      out.default_routed += now == CallOutcome::default_routed;
    }
    if (row.has(CallRow::caller_lost)) {
      out.callers_lost += callers_lost_anyway.count(row.caller) == 0;
    }
    if (other == nullptr) continue;
    out.delayed += answered_late(row, result) && answered_in_time(*other, twin);
    out.spared += now == CallOutcome::served &&
                  (outcome_of(other->cause) == CallOutcome::lost || abandoned(*other));
  }
  return out;
}

}  // namespace bcsim::tools
