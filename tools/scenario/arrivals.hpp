// How calls arrive: a rate, a profile of rates, volumes per interval, or single calls.
#pragma once

#include "tools/scenario/codecs.hpp"

namespace bcsim::tools {

// Four keys of a call stream that exclude each other; each reads and writes one alternative.
[[nodiscard]] Codec<models::ArrivalSpec> constant_rate();
[[nodiscard]] Codec<models::ArrivalSpec> rate_profile();
[[nodiscard]] Codec<models::ArrivalSpec> interval_volumes();
[[nodiscard]] Codec<models::ArrivalSpec> single_calls();

}  // namespace bcsim::tools
