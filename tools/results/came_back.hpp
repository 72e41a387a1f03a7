// Whether there was anything to come back: what was never judged, or never went, is not "not yet".
#pragma once

#include "models/metrics/run_result.hpp"

namespace bcsim::tools {

/// A call that came for a queue after this failure, and before the next, tells how it was served.
/// Without any the service level is not judged.
[[nodiscard]] bool service_was_judged(const models::RunResult& result, std::size_t failure);

/// More calls waited after this failure than before the first, on average, or than one.
[[nodiscard]] bool queue_grew(const models::RunResult& result, const models::Recovery& recovery);

}  // namespace bcsim::tools
