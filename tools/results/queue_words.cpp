#include "tools/results/queue_words.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace bcsim::tools {

std::vector<std::string> queues_worst_first(
    const std::vector<std::string>& queues,
    const std::function<double(const std::string& id)>& metric) {
  constexpr double kNone = 2;  // above every share
  std::vector<std::pair<double, std::string>> found;
  for (const std::string& queue : queues) {
    if (!(metric(metric_of_queue(queue, "attempted")) > 0)) continue;
    const double level = metric(metric_of_queue(queue, "service_level"));
    found.emplace_back(std::isnan(level) ? kNone : level, queue);
  }
  if (found.size() < 2) return {};
  std::ranges::stable_sort(found, {}, &std::pair<double, std::string>::first);
  std::vector<std::string> names;
  for (auto& [level, queue] : found) names.push_back(std::move(queue));
  return names;
}

}  // namespace bcsim::tools
