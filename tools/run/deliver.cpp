#include "tools/run/deliver.hpp"

#include <ostream>

#include "tools/results/json_files.hpp"
#include "tools/results/replication_summary.hpp"
#include "tools/results/terminal_summary.hpp"

namespace bcsim::tools {

Aggregate write_experiment(ExperimentResult& done, const ResultMeta& meta,
                           const std::vector<models::Expectation>& expectations,
                           const std::filesystem::path& directory, ResultFiles files) {
  models::RunResult& first = done.first->result;
  Aggregate all = aggregate(done.records, first.service_level_definition);
  first.verdicts = merge_verdicts(done.records, all, expectations);
  write_results({.first = &first,
                 .records = done.records,
                 .aggregate = &all,
                 .twin = done.twin ? &done.twin->result : nullptr,
                 .files = files},
                meta, directory);
  return all;
}

void print_experiment(const ExperimentResult& done, const Aggregate& all, const ResultMeta& meta,
                      const ExperimentWords& words, Terminal& terminal) {
  const models::RunResult& first = done.first->result;
  if (words.json) {
    terminal.out << summary_json(first, all, meta);
    return;
  }
  SummaryStyle style{
      .color = terminal.color_out(), .utf8 = environment_is_utf8(), .files = words.files.string()};
  for (const std::string& note : {attribution_words(all), warm_up_words(meta.warm_up)}) {
    if (!note.empty()) style.notes.push_back(note);
  }
  terminal.out << (all.replications > 1 ? replication_summary(first, all, meta, style)
                                        : terminal_summary(first, meta, style));
}

}  // namespace bcsim::tools
