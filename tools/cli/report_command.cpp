// bcsim report: results as one page for people.
#include <fmt/format.h>

#include <filesystem>
#include <ostream>

#include "tools/cli/atomic_file.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/exit_code.hpp"
#include "tools/report/report_page.hpp"
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

int report(const Invocation& invocation, Terminal& terminal) {
  const std::vector<StoredResults> results = open_results(invocation.arguments);
  const bool markdown = invocation.value("format", "html") == "md";
  const std::string page = markdown ? report_markdown(results) : report_html(results);
  std::string out = invocation.value("out");
  if (out.empty() && !markdown) out = (results.front().directory() / "report.html").string();
  if (out.empty() || out == "-") {
    terminal.out << page;
  } else {
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
          "Writes one HTML file that needs nothing but itself: no network, no script; it opens "
          "from\n"
          "a mail and prints. RESULTS are directories that 'bcsim run' has written, or scenarios\n"
          "below results/; none: the newest. Several stand side by side. The page is report.html "
          "in\n"
          "the (first) directory. Exit code 65: no results there.",
      .options = {{.name = "out",
                   .letter = 'o',
                   .kind = ValueKind::file,
                   .value = "FILE",
                   .doc = "Write it there; - is standard output"},
                  {.name = "format",
                   .kind = ValueKind::choice,
                   .value = "FORMAT",
                   .doc = "html, or md: Markdown, on standard output unless -o says otherwise",
                   .choices = {"html", "md"}},
                  {.name = "quiet", .letter = 'q', .doc = "Do not say where it is"}},
      .examples = {{"bcsim run site_failure && bcsim report", "The page of what was just run"},
                   {"bcsim report results/site_failure results/partition -o both.html",
                    "Two failures side by side"},
                   {"bcsim report --format md >> \"$GITHUB_STEP_SUMMARY\"", "For a pull request"}},
      .run = report};
}

}  // namespace bcsim::tools
