// bcsim report: results as one page for people.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "tools/base/atomic_file.hpp"
#include "tools/base/exit_code.hpp"
#include "tools/cli/commands.hpp"
#include "tools/report/report_page.hpp"
#include "tools/report/study_pages.hpp"
#include "tools/results/result_writer.hpp"
#include "tools/results/saved_files.hpp"

namespace bcsim::tools {
namespace {

std::vector<StoredResults> open_results(const std::vector<std::string>& arguments) {
  std::vector<StoredResults> results;
  if (arguments.empty()) results.emplace_back(newest_results());
  for (const std::string& argument : arguments) {
    auto directory = results_directory(argument);
    if (!directory) directory = results_directory("results/" + argument);
    if (!directory) {
      throw InputError(fmt::format(
          "'{}' is no results directory: there is no run.json (bcsim run writes one)", argument));
    }
    results.emplace_back(*directory);
  }
  return results;
}

/// What is to be written, and where if nothing else is said; nowhere: standard output.
struct WrittenReport {
  std::string content;
  std::filesystem::path beside;
};

/// The page of what several runs say: a directory of sweep, plan or tune, or what compare --json
/// printed; nullopt if it is none of these.
std::optional<WrittenReport> study_report(const std::string& argument) {
  std::error_code ignored;
  const std::filesystem::path path = argument;
  const auto has = [&](const char* name) { return std::filesystem::exists(path / name, ignored); };
  const std::filesystem::path page = path / "report.html";
  if (has("sweep.json")) return WrittenReport{sweep_html(path), page};
  if (has("plan.json")) return WrittenReport{plan_html(read_json(path / "plan.json")), page};
  if (has("tune.json")) return WrittenReport{tune_html(read_json(path / "tune.json")), page};
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  std::filesystem::path beside = path;
  return WrittenReport{comparison_html(read_json(path)), beside.replace_extension(".html")};
}

WrittenReport make_report(const std::vector<std::string>& arguments, const std::string& format) {
  std::optional<WrittenReport> study;
  for (const std::string& argument : arguments) {
    if (!study) study = study_report(argument);
  }
  if (study && arguments.size() > 1) {
    throw UsageError{"a comparison, sweep, plan or tuning has a page of its own",
                     "name one at a time"};
  }
  if (study && format != "html") {
    throw UsageError{fmt::format("--format {} is of runs only", format), ""};
  }
  if (study) return *study;
  const std::vector<StoredResults> results = open_results(arguments);
  if (format == "md") return {report_markdown(results), ""};
  const std::filesystem::path directory = results.front().directory();
  if (format == "html") return {report_html(results), directory / "report.html"};
  if (results.size() > 1) {
    throw UsageError{fmt::format("--format {} is of one run", format), "name one at a time"};
  }
  if (format == "svg") return {report_svg(results.front()), directory / "report.svg"};
  return {report_png(results.front()), directory / "report.png"};
}

int report(const Invocation& invocation, Terminal& terminal) {
  WrittenReport written;
  try {
    written = make_report(invocation.arguments, invocation.value("format", "html"));
  } catch (const nlohmann::json::exception& e) {
    throw InputError(fmt::format("'{}': a file of these results is damaged: {}",
                                 fmt::join(invocation.arguments, "', '"), e.what()));
  } catch (const MissingProgram& e) {
    terminal.err << "bcsim: " << e.what() << '\n';
    return code(ExitCode::internal);
  }
  const std::string& page = written.content;
  std::string out = invocation.value("out");
  if (out.empty()) out = written.beside.string();
  if (out.empty() || out == "-") {
    terminal.out << page;
  } else {
    for (const std::string& input : invocation.arguments) {
      if (!same_file(out, input) && !is_result_file(out)) continue;
      throw UsageError{fmt::format("--out {}: the page is made from this file", out),
                       "such as -o page.html"};
    }
    write_file(out, page);
    if (!terminal.quiet()) terminal.out << out << '\n';
  }
  return code(ExitCode::good);
}

}  // namespace

Command report_command() {
  return {
      .name = "report",
      .summary = "Make a page of results: the answer, what came back when, charts, tables",
      .arguments = "[RESULTS…]",
      .argument_kind = ValueKind::directory,
      .min_arguments = 0,
      .max_arguments = 100,
      .description =
          "Writes one HTML file that needs nothing but itself: no network; it opens from a mail,\n"
          "works without scripts and prints. RESULTS are directories that 'bcsim run' has\n"
          "written, or scenarios below results/; none: the newest. Several stand side by side.\n"
          "The page is report.html in the (first) directory. A directory of sweep, plan or tune\n"
          "and a file of 'bcsim compare --json' have pages of their own: lines or heat maps,\n"
          "tables of capacity, the Pareto picture, a forest plot. Exit code 65: no results there; "
          "70: --format png without rsvg-convert.",
      .options = {{.name = "out",
                   .letter = 'o',
                   .kind = ValueKind::file,
                   .value = "FILE",
                   .doc = "Write it there; - is standard output"},
                  {.name = "format",
                   .kind = ValueKind::choice,
                   .value = "FORMAT",
                   .doc = "html; md: Markdown, on standard output unless -o says otherwise; png or "
                          "svg: the answer and the main charts as a picture",
                   .choices = {"html", "md", "png", "svg"}},
                  {.name = "quiet", .letter = 'q', .doc = "Do not say where it is"}},
      .examples = {{"bcsim run site_failure && bcsim report", "The page of what was just run"},
                   {"bcsim report results/site_failure results/partition -o both.html",
                    "Two failures side by side"},
                   {"bcsim report --format md >> \"$GITHUB_STEP_SUMMARY\"", "For a pull request"},
                   {"bcsim compare a.yaml b.yaml --json > ab.json && bcsim report ab.json",
                    "The differences as a forest plot: ab.html"},
                   {"bcsim report results/site_failure/sweep-1a2b3c4d",
                    "How the metrics depend on what was varied"}},
      .run = report};
}

}  // namespace bcsim::tools
