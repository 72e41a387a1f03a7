// The report: one HTML file that needs nothing but itself, or Markdown for a pull request.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "tools/report/chart.hpp"
#include "tools/report/result_tables.hpp"

namespace bcsim::tools {

/// Several results stand side by side first, and then one after the other. Every number taken from
/// summary.json is in a `<span data-metric="ID" data-value="VALUE">` (ids joined by + are a sum).
[[nodiscard]] std::string report_html(const std::vector<StoredResults>& results);
[[nodiscard]] std::string report_markdown(const std::vector<StoredResults>& results);
/// The answer and the two main charts as one SVG picture that needs nothing but itself.
[[nodiscard]] std::string report_svg(const StoredResults& results);
/// The same as a PNG, by rsvg-convert; throws MissingProgram where that is not installed.
[[nodiscard]] std::string report_png(const StoredResults& results);

/// A program that we call is not installed: exit code 70.
class MissingProgram : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The scenario's title, or its name.
[[nodiscard]] std::string title_of_run(const StoredResults& results);
/// "site_failure · 4 h simulated · seed 1 · bcsim 0.1.0".
[[nodiscard]] std::string provenance(const StoredResults& results);

/// A row of the table before / during / after: which metric, in which words.
struct PhaseRow {
  const char* label;
  const char* id;
  std::string (*words)(double);
};
[[nodiscard]] const std::vector<PhaseRow>& phase_rows();
/// `before`, then phases_since_failure().
[[nodiscard]] std::vector<std::string> shown_phases(const StoredResults& results);
/// "phase.before.asa", "asa" for the whole run (an empty phase).
[[nodiscard]] std::string metric_in(const std::string& phase, const std::string& id);

/// The figures of one run: around the failure, and over the whole run.
[[nodiscard]] std::string failure_charts(const StoredResults& results);
[[nodiscard]] std::string whole_run_charts(const StoredResults& results);
/// The two that matter most: around the failure, or of a run without one.
[[nodiscard]] std::vector<ChartSpec> main_charts(const StoredResults& results);
/// What came back when, to scale; empty if nothing was broken.
[[nodiscard]] std::string failure_timeline(const StoredResults& results);
/// CSS of failure_timeline().
[[nodiscard]] std::string failure_timeline_style();

}  // namespace bcsim::tools
