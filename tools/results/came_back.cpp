#include "tools/results/came_back.hpp"

#include <cmath>

namespace bcsim::tools {

bool queue_grew(const models::RunResult& result, const models::Recovery& recovery) {
  const double usual = result.value("phase.before.queue.max");
  return recovery.queue_peak > std::fmax(1.0, usual);  // of a number and NaN, the number
}

}  // namespace bcsim::tools
