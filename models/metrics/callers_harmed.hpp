// The worst that a centre did to each caller of its queues.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "models/ledger/call_row.hpp"
#include "models/scenario.hpp"

namespace bcsim::models {

/// From bad to worse. Results dictionary, "Callers harmed".
enum class Harm : std::uint8_t {
  waited_too_long,    ///< answered after the threshold, or not when he called for the first time
  gave_up,            ///< never answered: he gave up waiting, and does not try again
  never_got_through,  ///< never answered: refused, lost or sent elsewhere; he does not try again
  cut_off,            ///< removed by a failure, while he waited or spoke
};
inline constexpr std::size_t kHarms = 4;
[[nodiscard]] std::string_view name(Harm harm);

/// A harmed caller, and the call by which he is counted: the first that did the worst to him.
struct HarmedCaller {
  std::uint32_t call = 0;  ///< index in the rows
  Harm harm = Harm::waited_too_long;
};

/// In order of their calls. Calls to queues only; a caller whose story is not over is harmed by
/// what has happened so far.
[[nodiscard]] std::vector<HarmedCaller> callers_harmed(const std::vector<CallRow>& rows,
                                                       Duration threshold);

/// When it happened: the answer that came too late, else the end of the call.
[[nodiscard]] inline SimTime harmed_at(const CallRow& row, Harm harm) {
  return harm == Harm::waited_too_long ? row.answered : row.released;
}

}  // namespace bcsim::models
