// Small charts as static SVG: readable in colour, in black and white, and as the table behind them.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace bcsim::tools {

struct ChartSeries {
  enum class Kind { line, step, bars } kind = Kind::line;  ///< bars are stacked
  std::string name;
  std::vector<double> y;                    ///< one per x; NaN: a gap
  std::vector<double> low = {}, high = {};  ///< confidence band; empty: none
  std::vector<double> twin = {};            ///< the same without the failure; empty: not known
  int look = 1;                             ///< colour, dashes and hatching of this number, 1 to 6
};

/// A window of time in which something was broken.
struct ChartShade {
  double from = 0, to = 0;
};

struct ChartSpec {
  std::string title, unit;
  std::vector<double> x;  ///< starts of bars and steps, in seconds
  double x_from = 0, x_to = 0;
  double bar_width = 0;  ///< of bars, in x
  std::vector<ChartSeries> series;
  std::vector<ChartShade> shades;
  double start_of_day_s = -1;  ///< < 0: times are since the start
  bool percent = false;        ///< y from 0 to 1, shown as a percentage
  /// x is no time: what stands below it where, and in the first column of the table.
  std::vector<std::pair<double, std::string>> labels = {};
  std::string x_title = "time";
  std::string note = "";
};

/// A `<figure>` with legend, chart and table. Its attribute data-chart has the same as JSON, for
/// the script that draws an interactive one over it.
[[nodiscard]] std::string chart_figure(const ChartSpec& spec);
/// The drawing alone: an `<svg>` that needs the style and the patterns.
[[nodiscard]] std::string chart_svg(const ChartSpec& spec);
/// CSS of the figures, and the patterns that the charts of a page share.
[[nodiscard]] std::string chart_style();
[[nodiscard]] std::string chart_patterns();

/// About `count` round numbers from 0 to at least `top`.
[[nodiscard]] std::vector<double> round_ticks(double top, int count);
/// Round times within [from, to]: seconds, minutes or hours apart.
[[nodiscard]] std::vector<double> time_ticks(double from, double to, int count);
/// "10:30", "10:30:20" with `seconds`, or since the start.
[[nodiscard]] std::string tick_clock(double t, double start_of_day_s, bool seconds);

}  // namespace bcsim::tools
