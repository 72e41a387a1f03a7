// The answer and the main charts as one picture, for a pull request.
#include <fmt/format.h>
#include <stdlib.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "tools/base/atomic_file.hpp"
#include "tools/base/html.hpp"
#include "tools/base/page.hpp"
#include "tools/report/answer.hpp"
#include "tools/report/chart.hpp"
#include "tools/report/report_page.hpp"
#include "tools/results/saved_files.hpp"

namespace bcsim::tools {
namespace {

constexpr int kPictureWidth = 1000, kMargin = 24, kChartBox = 468, kChartBoxHeight = 222;

/// The light colours of the page in the place of its CSS variables, which not every program that
/// draws SVG knows.
std::string with_plain_colours(std::string svg) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kColours = {
      {{"var(--c1)", "#0072b2"},
       {"var(--c2)", "#d55e00"},
       {"var(--c3)", "#009e73"},
       {"var(--c4)", "#8f5b9c"},
       {"var(--c5)", "#b8860b"},
       {"var(--c6)", "#4d4d4d"},
       {"var(--soft)", "#5b6570"},
       {"var(--faint)", "#d9dee4"},
       {"var(--shade)", "#f3e3dc"},
       {"font-family:inherit", "font-family:sans-serif"}}};
  for (const auto& [from, to] : kColours) {
    for (std::size_t at = 0; (at = svg.find(from, at)) != std::string::npos; at += to.size()) {
      svg.replace(at, from.size(), to);
    }
  }
  return svg;
}

/// Words broken into lines of at most so many characters.
std::vector<std::string> broken(const std::string& text, std::size_t width) {
  Page page({.width = width});
  page.paragraph(text);
  const std::string all = page.take();
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = all.find('\n', at);
    lines.push_back(all.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// A chart with its title and legend, its upper left corner at (x, y).
std::string chart_box(const ChartSpec& spec, int x, int y) {
  std::string out = fmt::format(
      "<text class=\"head\" x=\"{}\" y=\"{}\">{} <tspan class=\"small\">{}</tspan></text>\n", x,
      y + 14, escape_html(spec.title), escape_html(spec.unit));
  int at = x;
  for (const ChartSeries& s : spec.series) {
    if (spec.series.size() < 2) break;
    const bool bars = s.kind == ChartSeries::Kind::bars;
    out += bars ? fmt::format("<rect class=\"b{}\" x=\"{}\" y=\"{}\" width=\"18\" height=\"10\"/>",
                              s.look, at, y + 22)
                : fmt::format("<line class=\"l{0}\" x1=\"{1}\" x2=\"{2}\" y1=\"{3}\" y2=\"{3}\"/>",
                              s.look, at, at + 18, y + 27);
    out += fmt::format("<text class=\"small\" x=\"{}\" y=\"{}\">{}</text>\n", at + 24, y + 31,
                       escape_html(s.name));
    at += 44 + 8 * static_cast<int>(columns(s.name));
  }
  std::string drawing = chart_svg(spec);
  drawing.replace(0, 5,
                  fmt::format("<svg x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" ", x, y + 38,
                              kChartBox, kChartBoxHeight));
  return out + drawing;
}

/// A directory that is gone at the end.
class PictureDirectory {
 public:
  PictureDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "bcsim-png-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw WriteError("cannot make a temporary directory");
    path_ = name;
  }
  ~PictureDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  PictureDirectory(const PictureDirectory&) = delete;
  PictureDirectory& operator=(const PictureDirectory&) = delete;
  [[nodiscard]] std::filesystem::path file(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// In single quotes for the shell.
std::string shell_word(const std::filesystem::path& path) {
  std::string out = "'";
  for (const char c : path.string()) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

std::string report_svg(const StoredResults& r) {
  std::string text;
  for (const Sentence& sentence : answer(r)) text += sentence.plain() + " ";
  int y = kMargin + 20;
  std::string body = fmt::format("<text class=\"title\" x=\"{}\" y=\"{}\">{}</text>\n", kMargin, y,
                                 escape_html(shortened(title_of_run(r), 80)));
  y += 20;
  body += fmt::format("<text class=\"small\" x=\"{}\" y=\"{}\">{}</text>\n", kMargin, y,
                      escape_html(provenance(r)));
  y += 12;
  for (const std::string& line : broken(text, 112)) {
    y += 22;
    body += fmt::format("<text class=\"answer\" x=\"{}\" y=\"{}\">{}</text>\n", kMargin, y,
                        escape_html(line));
  }
  y += 20;
  int x = kMargin;
  for (const ChartSpec& spec : main_charts(r)) {
    body += chart_box(spec, x, y);
    x += kChartBox + 16;
  }
  y += 38 + kChartBoxHeight + kMargin;
  std::string style = chart_style();
  style.erase(0, style.find("svg text.x"));  // what is before is of the page
  return with_plain_colours(
      fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
                  "height=\"{1}\" font-family=\"sans-serif\">\n<style>{2}"
                  ".title{{font-size:22px;font-weight:bold}}.answer{{font-size:16px}}"
                  ".head{{font-size:15px;font-weight:bold}}"
                  ".small{{font-size:13px;font-weight:normal;fill:#5b6570}}</style>\n"
                  "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n{3}{4}</svg>\n",
                  kPictureWidth, y, style, chart_patterns(), body));
}

std::string report_png(const StoredResults& results) {
  if (std::system("command -v rsvg-convert >/dev/null 2>&1") != 0) {
    throw MissingProgram(
        "a PNG needs rsvg-convert, which is not installed: apt-get install librsvg2-bin "
        "(--format svg needs nothing)");
  }
  const PictureDirectory directory;
  const auto svg = directory.file("report.svg"), png = directory.file("report.png");
  write_file(svg, report_svg(results));
  const std::string command = fmt::format("rsvg-convert --zoom 2 --output {} {} >/dev/null 2>&1",
                                          shell_word(png), shell_word(svg));
  if (std::system(command.c_str()) != 0) throw std::runtime_error("rsvg-convert failed");
  return read_text(png);
}

}  // namespace bcsim::tools
