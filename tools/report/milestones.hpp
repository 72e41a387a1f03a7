// What came back after a failure, and when: the rows of a report's time line.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tools/report/result_tables.hpp"

namespace bcsim::tools {

/// One thing that came back after the first failure; what a site does after each of several
/// failures is one, with the time of the first.
struct Milestone {
  std::string label, note;
  double after_s = 0;  ///< since that failure; NaN: not before the next one or the end
  std::string id;      ///< metric
  /// Share that was back by when, in order of time; empty: all at once.
  std::vector<std::pair<double, double>> curve;
};
/// By time; empty if nothing was broken.
[[nodiscard]] std::vector<Milestone> milestones(const StoredResults& results);

}  // namespace bcsim::tools
