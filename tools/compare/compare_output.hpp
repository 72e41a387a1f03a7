// A comparison as a table, as JSON, as JUnit XML and as Markdown.
#pragma once

#include <string>

#include "tools/compare/compare.hpp"
#include "tools/results/terminal_summary.hpp"

namespace bcsim::tools {

/// What the two were called, for every form.
struct CompareLabels {
  std::string a, b;
};

[[nodiscard]] std::string compare_table(const CompareResult& result, const CompareLabels& labels,
                                        const SummaryStyle& style);
[[nodiscard]] std::string compare_json(const CompareResult& result, const CompareLabels& labels);
/// One test case per gate; inconclusive is an error, failed a failure.
[[nodiscard]] std::string compare_junit(const CompareResult& result, const CompareLabels& labels);
/// For a comment on a change.
[[nodiscard]] std::string compare_markdown(const CompareResult& result,
                                           const CompareLabels& labels);

/// "98.7 %", "61.2 s", "1,204": a metric's value in its unit.
[[nodiscard]] std::string amount_words(double value, std::string_view unit);

}  // namespace bcsim::tools
