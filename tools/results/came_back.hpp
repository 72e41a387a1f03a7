// Whether there was anything to come back: what never went is not "not yet".
#pragma once

#include "models/metrics/run_result.hpp"

namespace bcsim::tools {

/// More calls waited after this failure than at most before the first, or than one.
[[nodiscard]] bool queue_grew(const models::RunResult& result, const models::Recovery& recovery);

}  // namespace bcsim::tools
