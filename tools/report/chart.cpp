#include "tools/report/chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tools/base/html.hpp"
#include "tools/results/plain_words.hpp"

namespace bcsim::tools {
namespace {

/// To five digits: a screen has not more.
double rounded(double v) {
  return std::strtod(fmt::format("{:.5g}", v).c_str(), nullptr);
}

constexpr double kLeft = 40, kRight = 8, kTop = 8, kBottom = 22, kChartWidth = 400,
                 kChartHeight = 190;

std::string value_words(double value, bool percent) {
  if (std::isnan(value)) return "";
  if (percent) return percent_words(value);
  if (value != 0 && std::abs(value) < 0.01) return fmt::format("{:.1e}", value);
  if (std::abs(value) < 10 && value != std::floor(value)) return fmt::format("{:.3g}", value);
  if (std::abs(value) >= 1e6) return fmt::format("{:.3g} M", value / 1e6);
  return number_words(value);
}

class ChartWriter {
 public:
  explicit ChartWriter(const ChartSpec& spec) : s_(spec) {
    double top = 0;
    std::vector<double> stacked(s_.x.size(), 0);
    for (const ChartSeries& series : s_.series) {
      for (std::size_t i = 0; i < series.y.size(); ++i) {
        if (std::isnan(series.y[i])) continue;
        const bool bars = series.kind == ChartSeries::Kind::bars;
        if (bars) stacked[i] += series.y[i];
        top = std::max(top, bars ? stacked[i] : series.y[i]);
        if (i < series.high.size() && !std::isnan(series.high[i]))
          top = std::max(top, series.high[i]);
      }
      for (const double y : series.twin) top = std::fmax(top, y);
    }
    ticks_ = s_.percent ? std::vector<double>{0, 0.25, 0.5, 0.75, 1} : round_ticks(top, 4);
    top_ = ticks_.back();
  }

  std::string write() {
    out_ = fmt::format(
        "<figure class=\"chart\" data-chart=\"{}\">\n<figcaption>{} "
        "<span class=\"soft\">{}</span>",
        escape_html(json()), escape_html(s_.title), escape_html(s_.unit));
    legend();
    out_ += "</figcaption>\n";
    draw();
    if (!s_.note.empty()) out_ += fmt::format("<p class=\"soft\">{}</p>\n", escape_html(s_.note));
    table();
    return out_ + "</figure>\n";
  }

  std::string svg() {
    draw();
    return std::move(out_);
  }

 private:
  void draw() {
    out_ += fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", kChartWidth,
                        kChartHeight, escape_html(s_.title + ", " + s_.unit));
    for (const ChartShade& shade : s_.shades) shaded(shade);
    grid();
    std::vector<double> base(s_.x.size(), 0);
    for (const ChartSeries& series : s_.series) {
      if (series.kind == ChartSeries::Kind::bars) bars(series, base);
    }
    for (const ChartSeries& series : s_.series) band(series);
    for (const ChartSeries& series : s_.series) {
      if (!series.twin.empty()) curve(series, series.twin, 't');
    }
    for (const ChartSeries& series : s_.series) {
      if (series.kind != ChartSeries::Kind::bars) curve(series, series.y, 'l');
    }
    out_ += "</svg>\n";
  }
  [[nodiscard]] double px(double x) const {
    return kLeft + (x - s_.x_from) / (s_.x_to - s_.x_from) * (kChartWidth - kLeft - kRight);
  }
  [[nodiscard]] double py(double y) const {
    return kTop + (1 - y / top_) * (kChartHeight - kTop - kBottom);
  }
  [[nodiscard]] static std::string n(double v) {
    std::string text = fmt::format("{:.1f}", v);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text;
  }

  [[nodiscard]] bool has_twin() const {
    return std::any_of(s_.series.begin(), s_.series.end(),
                       [](const ChartSeries& series) { return !series.twin.empty(); });
  }

  /// What the script needs, with the names it knows.
  [[nodiscard]] std::string json() const {
    using Json = nlohmann::ordered_json;
    const auto numbers = [](const std::vector<double>& values) {
      Json list = Json::array();
      for (const double v : values) {
        list.push_back(std::isnan(v) ? Json(nullptr) : Json(rounded(v)));
      }
      return list;
    };
    Json j = {{"from", s_.x_from}, {"to", s_.x_to}};
    Json x = Json::array();
    for (const double v : s_.x) x.push_back(v);
    j["x"] = std::move(x);
    j["bar"] = s_.bar_width;
    j["day"] = s_.start_of_day_s;
    j["percent"] = s_.percent;
    j["series"] = Json::array();
    for (const ChartSeries& series : s_.series) {
      constexpr const char* kKinds[] = {"line", "step", "bars"};
      Json one = {{"name", series.name},
                  {"kind", kKinds[static_cast<int>(series.kind)]},
                  {"look", series.look},
                  {"y", numbers(series.y)}};
      if (!series.low.empty()) one["low"] = numbers(series.low), one["high"] = numbers(series.high);
      if (!series.twin.empty()) one["twin"] = numbers(series.twin);
      j["series"].push_back(std::move(one));
    }
    j["shades"] = Json::array();
    for (const ChartShade& shade : s_.shades) j["shades"].push_back({shade.from, shade.to});
    if (!s_.labels.empty()) j["labels"] = s_.labels;
    return j.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  void legend() {
    if (s_.series.size() < 2 && !has_twin()) return;
    out_ += "<span class=\"legend\">";
    for (const ChartSeries& series : s_.series) {
      out_ += series.kind == ChartSeries::Kind::bars
                  ? fmt::format(
                        "<span><svg viewBox=\"0 0 18 10\"><rect class=\"b{0}\" width=\"18\" "
                        "height=\"10\"/></svg>{1}</span>",
                        series.look, escape_html(series.name))
                  : fmt::format(
                        "<span><svg viewBox=\"0 0 18 10\"><line class=\"l{0}\" x1=\"0\" "
                        "y1=\"5\" x2=\"18\" y2=\"5\"/></svg>{1}</span>",
                        series.look, escape_html(series.name));
    }
    if (has_twin()) {
      out_ +=
          "<span><svg viewBox=\"0 0 18 10\"><line class=\"t6\" x1=\"0\" y1=\"5\" x2=\"18\" "
          "y2=\"5\"/></svg>without the failure</span>";
    }
    out_ += "</span>";
  }
  void shaded(const ChartShade& shade) {
    const double from = std::max(shade.from, s_.x_from), to = std::min(shade.to, s_.x_to);
    if (to <= from) return;
    out_ += fmt::format(
        "<rect class=\"broken\" x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{3}\"/>"
        "<line class=\"edge\" x1=\"{0}\" y1=\"{1}\" x2=\"{0}\" y2=\"{4}\"/>\n",
        n(px(from)), n(kTop), n(px(to) - px(from)), n(kChartHeight - kTop - kBottom),
        n(kChartHeight - kBottom));
  }
  void grid() {
    for (const double tick : ticks_) {
      out_ += fmt::format("<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>",
                          n(kLeft), n(kChartWidth - kRight), n(py(tick)), n(py(tick)));
      out_ += fmt::format("<text class=\"y\" x=\"{}\" y=\"{}\">{}</text>\n", n(kLeft - 5),
                          n(py(tick) + 4), tick == 0 ? "0" : value_words(tick, s_.percent));
    }
    for (const auto& [t, words] : x_ticks()) {
      out_ += fmt::format("<text class=\"x\" x=\"{}\" y=\"{}\">{}</text>",
                          n(std::clamp(px(t), kLeft + 12, kChartWidth - kRight - 16)),
                          n(kChartHeight - 6), escape_html(words));
      out_ += fmt::format("<line class=\"grid\" x1=\"{0}\" x2=\"{0}\" y1=\"{1}\" y2=\"{2}\"/>\n",
                          n(px(t)), n(kChartHeight - kBottom), n(kChartHeight - kBottom + 4));
    }
  }
  [[nodiscard]] std::vector<std::pair<double, std::string>> x_ticks() const {
    if (!s_.labels.empty()) return s_.labels;
    std::vector<std::pair<double, std::string>> ticks;
    const auto times = time_ticks(s_.x_from, s_.x_to, 5);
    const bool seconds = times.size() > 1 && std::fmod(times[1] - times[0], 60) != 0;
    for (const double t : times) ticks.emplace_back(t, tick_clock(t, s_.start_of_day_s, seconds));
    return ticks;
  }
  void bars(const ChartSeries& series, std::vector<double>& base) {
    std::string path;
    const double gap = s_.x.size() > 60 ? 0 : 0.08;
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      const double y = series.y[i];
      if (std::isnan(y) || y == 0) continue;
      const double from = px(s_.x[i] + gap * s_.bar_width);
      const double to = px(std::min(s_.x_to, s_.x[i] + (1 - gap) * s_.bar_width));
      path += fmt::format("M{} {}H{}V{}H{}z", n(from), n(py(base[i])), n(to), n(py(base[i] + y)),
                          n(from));
      base[i] += y;
    }
    out_ += fmt::format("<path class=\"b{}\" d=\"{}\"/>\n", series.look, path);
  }
  void band(const ChartSeries& series) {
    if (series.low.size() != series.y.size() || series.high.size() != series.y.size()) return;
    std::string there, back;
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      if (std::isnan(series.low[i]) || std::isnan(series.high[i])) continue;
      there += fmt::format("{}{} {}", there.empty() ? "M" : "L", n(px(s_.x[i])),
                           n(py(std::min(top_, series.high[i]))));
      back = fmt::format("L{} {}", n(px(s_.x[i])), n(py(std::max(0.0, series.low[i])))) + back;
    }
    if (!there.empty()) {
      out_ += fmt::format("<path class=\"band f{}\" d=\"{}{}z\"/>\n", series.look, there, back);
    }
  }
  /// `look`: the letter of its class, l (of the run) or t (of the twin).
  void curve(const ChartSeries& series, const std::vector<double>& values, char look) {
    std::string path;
    bool open = false;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(values[i])) {
        open = false;
        continue;
      }
      const double shift = series.kind == ChartSeries::Kind::bars ? s_.bar_width / 2 : 0;
      const std::string x = n(px(s_.x[i] + shift)), y = n(py(values[i]));
      if (!open) {
        path += fmt::format("M{} {}", x, y);
      } else if (series.kind == ChartSeries::Kind::step) {
        path += fmt::format("H{}V{}", x, y);
      } else {
        path += fmt::format("L{} {}", x, y);
      }
      open = true;
    }
    if (open && series.kind == ChartSeries::Kind::step) path += fmt::format("H{}", n(px(s_.x_to)));
    out_ += fmt::format("<path class=\"{}{}\" d=\"{}\"/>\n", look, series.look, path);
  }
  void table() {
    out_ += fmt::format(
        "<details><summary>Table</summary><div class=\"scroll\" tabindex=\"0\"><table><thead><tr>"
        "<th>{}</th>",
        escape_html(s_.x_title));
    for (const ChartSeries& series : s_.series) {
      out_ += fmt::format("<th>{}</th>", escape_html(series.name));
      if (!series.twin.empty()) out_ += "<th>without the failure</th>";
    }
    out_ += "</tr></thead><tbody>\n";
    for (std::size_t i = 0; i < s_.x.size(); ++i) {
      out_ += fmt::format("<tr><td>{}</td>", i < s_.labels.size()
                                                 ? escape_html(s_.labels[i].second)
                                                 : tick_clock(s_.x[i], s_.start_of_day_s, true));
      for (const ChartSeries& series : s_.series) {
        out_ += fmt::format("<td>{}</td>", value_words(series.y[i], s_.percent));
        if (series.twin.empty()) continue;
        out_ += fmt::format("<td>{}</td>", value_words(series.twin[i], s_.percent));
      }
      out_ += "</tr>\n";
    }
    out_ += "</tbody></table></div></details>\n";
  }

  const ChartSpec& s_;
  std::vector<double> ticks_;
  double top_ = 1;
  std::string out_;
};

}  // namespace

std::vector<double> round_ticks(double top, int count) {
  // Numbers of a file may be anything; beyond these, steps are no longer exact.
  if (!(top > 1e-300 && top < 1e300)) return {0, 1};
  const double raw = top / count, power = std::pow(10, std::floor(std::log10(raw)));
  double step = power;
  for (const double factor : {1.0, 2.0, 2.5, 5.0, 10.0}) {
    step = factor * power;
    if (step >= raw * 0.999) break;
  }
  std::vector<double> ticks;
  for (int i = 0;; ++i) {
    ticks.push_back(i * step);
    if (i * step >= top * 0.999) return ticks;
  }
}

std::vector<double> time_ticks(double from, double to, int count) {
  constexpr double kSteps[] = {1,   2,   5,    10,   15,   30,    60,    120,   300,
                               600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400};
  double step = kSteps[0];
  for (const double s : kSteps) {
    step = s;
    if ((to - from) / s <= count) break;
  }
  while ((to - from) / step > count && step < 1e12) step *= 2;
  std::vector<double> ticks;
  const double first = std::ceil(from / step) * step;
  // As few as are wanted, however long the time is and however little a step adds to it.
  for (int i = 0; i <= count && first + i * step <= to; ++i) ticks.push_back(first + i * step);
  return ticks;
}

std::string tick_clock(double t, double start_of_day_s, bool seconds) {
  const bool of_day = start_of_day_s >= 0;
  auto s = static_cast<long>(std::llround(t + (of_day ? start_of_day_s : 0)));
  if (of_day) s %= 86400;
  const std::string head =
      fmt::format(fmt::runtime(of_day ? "{:02}:{:02}" : "{}:{:02}"), s / 3600, s / 60 % 60);
  return seconds ? head + fmt::format(":{:02}", s % 60) : head;
}

std::string chart_figure(const ChartSpec& spec) {
  return ChartWriter(spec).write();
}

std::string chart_svg(const ChartSpec& spec) {
  return ChartWriter(spec).svg();
}

std::string chart_style() {
  // Okabe and Ito's colours, which the colour-blind can tell apart; dashes and hatching for paper.
  std::string css = R"(
:root{--c1:#0072b2;--c2:#d55e00;--c3:#009e73;--c4:#8f5b9c;--c5:#b8860b;--c6:#4d4d4d;--shade:#f3e3dc}
@media (prefers-color-scheme:dark){:root{--c1:#56b4e9;--c2:#ff9248;--c3:#3fd0a4;--c4:#d9a3d9;
--c5:#f0d442;--c6:#b5bcc4;--shade:#33231f}}
@media print{:root{--c1:#0072b2;--c2:#d55e00;--c3:#009e73;--c4:#8f5b9c;--c5:#b8860b;--c6:#4d4d4d;
--shade:#eee}}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(330px,100%),1fr));
gap:1.6rem 1.4rem}
.chart{margin:0;break-inside:avoid}.chart figcaption{font-weight:600;font-size:.95rem}
.chart figcaption .soft{font-weight:400}
.chart>svg{width:100%;height:auto;display:block;margin-top:.3rem}
.chart p{font-size:.8rem;margin:.2rem 0}
.chart details{font-size:.78rem}.chart details .scroll{max-height:16rem;overflow:auto}
.legend{display:flex;flex-wrap:wrap;gap:0 .9rem;font-weight:400;font-size:.82rem;color:var(--soft)}
.legend svg{width:18px;height:10px;margin-right:.3rem}
svg text.x,svg text.y{fill:var(--soft);font-size:11.5px;font-family:inherit}
svg text.x{text-anchor:middle}svg text.y{text-anchor:end}
svg .grid{stroke:var(--faint);stroke-width:1}svg .broken{fill:var(--shade)}
svg .edge{stroke:var(--c2);stroke-width:1;stroke-dasharray:2 2}svg .band{opacity:.18;stroke:none}
)";
  constexpr const char* kDashes[] = {"none", "7 3", "2 3", "9 3 2 3", "4 2", "1 2"};
  for (int i = 1; i <= 6; ++i) {
    css += fmt::format(
        "svg .l{0}{{stroke:var(--c{0});stroke-width:1.8;fill:none;stroke-dasharray:{1}}}"
        "svg .t{0}{{stroke:var(--c{0});stroke-width:1.1;fill:none;stroke-dasharray:1 3;"
        "stroke-linecap:round}}svg .f{0}{{fill:var(--c{0})}}svg .b{0}{{fill:url(#p{0})}}\n",
        i, kDashes[i - 1]);
  }
  return css;
}

std::string chart_patterns() {
  std::string out =
      "<svg width=\"0\" height=\"0\" style=\"position:absolute\" aria-hidden=\"true\">"
      "<defs>";
  constexpr const char* kHatching[] = {"",
                                       "M0 6L6 0M-1.5 1.5L1.5 -1.5M4.5 7.5L7.5 4.5",
                                       "M0 0L6 6M-1.5 4.5L1.5 7.5M4.5 -1.5L7.5 1.5",
                                       "M3 0V6",
                                       "M0 3H6",
                                       "M0 3H6M3 0V6"};
  for (int i = 1; i <= 6; ++i) {
    out += fmt::format(
        "<pattern id=\"p{0}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
        "<rect width=\"6\" height=\"6\" style=\"fill:var(--c{0});opacity:{1}\"/>"
        "<path d=\"{2}\" style=\"stroke:var(--c{0});stroke-width:1.6;fill:none\"/></pattern>",
        i, i == 1 ? "1" : ".4", kHatching[i - 1]);
  }
  return out + "</defs></svg>\n";
}

}  // namespace bcsim::tools
