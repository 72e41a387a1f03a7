// The end of every run: results to disk, words to the terminal.
#pragma once

#include <filesystem>
#include <vector>

#include "models/scenario.hpp"
#include "tools/base/terminal.hpp"
#include "tools/results/result_meta.hpp"
#include "tools/results/result_writer.hpp"
#include "tools/run/experiment.hpp"
#include "tools/stats/aggregate.hpp"

namespace bcsim::tools {

/// Merges the verdicts of all replications into done.first, which must be there, and writes the
/// result directory. May throw WriteError.
[[nodiscard]] Aggregate write_experiment(ExperimentResult& done, const ResultMeta& meta,
                                         const std::vector<models::Expectation>& expectations,
                                         const std::filesystem::path& directory,
                                         ResultFiles files = ResultFiles::all);

struct ExperimentWords {
  bool json = false;  ///< the summary as JSON
  std::filesystem::path files;
};
void print_experiment(const ExperimentResult& done, const Aggregate& all, const ResultMeta& meta,
                      const ExperimentWords& words, Terminal& terminal);

}  // namespace bcsim::tools
