#include "models/metrics/callers_harmed.hpp"

#include <algorithm>
#include <optional>

namespace bcsim::models {
namespace {

/// What one call did to its caller.
std::optional<Harm> harm_of(const CallRow& row, Duration threshold) {
  const bool over = row.released != kNever;
  if (over && (is_drop(row.cause) || row.cause == Cause::media_lost)) return Harm::cut_off;
  if (row.answered != kNever) {
    const bool late = row.attempt > 1 || row.answered - row.queued > threshold;
    return late ? std::optional(Harm::waited_too_long) : std::nullopt;
  }
  if (!over || !row.has(CallRow::caller_lost)) return std::nullopt;
  return row.cause == Cause::abandoned_in_queue ? Harm::gave_up : Harm::never_got_through;
}

}  // namespace

std::string_view name(Harm harm) {
  constexpr std::array<std::string_view, kHarms> kNames = {"waited_too_long", "gave_up",
                                                           "never_got_through", "cut_off"};
  return kNames[static_cast<std::size_t>(harm)];
}

std::vector<HarmedCaller> callers_harmed(const std::vector<CallRow>& rows, Duration threshold) {
  constexpr std::uint32_t kUnharmed = 0xFFFF'FFFFu;
  std::vector<HarmedCaller> out;
  std::vector<std::uint32_t> mine;  // by caller: where he is in `out`
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    const CallRow& row = rows[i];
    if (row.kind != CallKind::queue) continue;
    const std::optional<Harm> harm = harm_of(row, threshold);
    if (!harm) continue;
    if (row.caller >= mine.size()) mine.resize(row.caller + std::size_t{1}, kUnharmed);
    std::uint32_t& at = mine[row.caller];
    if (at == kUnharmed) {
      at = static_cast<std::uint32_t>(out.size());
      out.push_back({i, *harm});
    } else if (*harm > out[at].harm) {
      out[at] = {i, *harm};
    }
  }
  std::sort(out.begin(), out.end(),
            [](const HarmedCaller& a, const HarmedCaller& b) { return a.call < b.call; });
  return out;
}

}  // namespace bcsim::models
