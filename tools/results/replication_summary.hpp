// What several replications say on one screen, and what a failure alone was to blame for.
#pragma once

#include <string>
#include <vector>

#include "models/metrics/run_result.hpp"
#include "tools/base/page.hpp"
#include "tools/results/result_meta.hpp"
#include "tools/results/terminal_summary.hpp"
#include "tools/stats/aggregate.hpp"

namespace bcsim::tools {

/// As terminal_summary, every number a mean with its 95 % interval. `first` names things and has
/// the verdicts of all.
[[nodiscard]] std::string replication_summary(const models::RunResult& first,
                                              const Aggregate& aggregate, const ResultMeta& meta,
                                              const SummaryStyle& style);

/// "Because of the failure: 162 more calls lost (2 without it) …": one paragraph of paired
/// differences, empty without twins.
[[nodiscard]] std::string attribution_words(const Aggregate& aggregate);

/// The lines on checks and expectations; empty if there are none. For a Page of this width.
[[nodiscard]] std::vector<std::string> verdict_lines(const std::vector<models::Verdict>& verdicts,
                                                     const Page& page);

/// What `check` warned of, below everything else: whoever reads the numbers should know.
void warning_lines(const ResultMeta& meta, Page& page);

/// What was broken first: "fail site1".
[[nodiscard]] std::string fault_words(const models::RunResult& result,
                                      const models::Recovery& recovery);

}  // namespace bcsim::tools
