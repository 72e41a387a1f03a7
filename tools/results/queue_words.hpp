// Which queues there is something to say of, and in which order.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace bcsim::tools {

/// Of these queues the ones to which anybody has dialled, the one with the lowest service level
/// first, those without any last; none if it is but one, which is the whole. `metric`: the value of
/// a metric of the run by its id, NaN if there is none.
[[nodiscard]] std::vector<std::string> queues_worst_first(
    const std::vector<std::string>& queues,
    const std::function<double(const std::string& id)>& metric);

/// "queue.sales.asa"
[[nodiscard]] inline std::string metric_of_queue(const std::string& queue, const char* id) {
  return "queue." + queue + "." + id;
}

}  // namespace bcsim::tools
