// The page of a tuning: which choices of timeouts nothing beats, and what each timeout does.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tools/base/html.hpp"
#include "tools/compare/compare_output.hpp"
#include "tools/report/chart.hpp"
#include "tools/report/study_pages.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/results/saved_files.hpp"

namespace bcsim::tools {
namespace {

using TuneJson = nlohmann::ordered_json;

double tune_number(const TuneJson& point, const std::string& metric) {
  const auto& value = point.at("metrics").at(metric).at("value");
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

/// "site-timeout 10s, expires 300s": what is not as it is.
std::string settings_words(const TuneJson& tuning, const TuneJson& point) {
  std::string words;
  const auto& factors = tuning.at("factors");
  for (std::size_t f = 0; f < factors.size(); ++f) {
    const auto& value = point.at("values").at(f);
    if (value == factors.at(f).at("values").at(0)) continue;
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ",
                         factors.at(f).at("name").get<std::string>(), value.get<std::string>());
  }
  return words.empty() ? "as it is" : words;
}

/// Round ticks, from 0 unless all values are far from it, and where a value is between them.
struct TuneAxis {
  std::vector<double> ticks;
  TuneAxis(const TuneJson& points, const std::string& metric) {
    double most = 0, least = std::numeric_limits<double>::infinity();
    for (const auto& point : points) {
      most = std::fmax(most, tune_number(point, metric));
      least = std::fmin(least, tune_number(point, metric));
    }
    const bool far = most > least && least > most / 2;
    const std::vector<double> steps = round_ticks(far ? most - least : most, 4);
    const double from = far ? std::floor(least / steps[1]) * steps[1] : 0;
    for (const double step : steps) ticks.push_back(from + step);
    if (ticks.back() < most) ticks.push_back(ticks.back() + steps[1]);
  }
  [[nodiscard]] double place(double value) const {
    return (value - ticks.front()) / (ticks.back() - ticks.front());
  }
};

/// Two of the costs against each other; what nothing beats is full.
std::string pareto_picture(const TuneJson& tuning, const std::string& across,
                           const std::string& up) {
  const TuneJson& points = tuning.at("points");
  constexpr double kLeft = 60, kRight = 15, kTop = 10, kBottom = 40, kWidth = 640, kHeight = 380;
  const TuneAxis x_axis(points, across), y_axis(points, up);
  const auto x = [&](double v) { return kLeft + x_axis.place(v) * (kWidth - kLeft - kRight); };
  const auto y = [&](double v) {
    return kTop + (1 - y_axis.place(v)) * (kHeight - kTop - kBottom);
  };
  std::string out = fmt::format(
      "<figure class=\"pareto\"><svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{} "
      "against {}; the table below has the same\">\n",
      kWidth, kHeight, escape_html(up), escape_html(across));
  for (const double tick : y_axis.ticks) {
    out += fmt::format(
        "<line class=\"grid\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/><text "
        "class=\"y\" "
        "x=\"{3}\" y=\"{4:.1f}\">{5}</text>\n",
        kLeft, kWidth - kRight, y(tick), kLeft - 6, y(tick) + 4, fmt::format("{:.4g}", tick));
  }
  for (const double tick : x_axis.ticks) {
    out += fmt::format("<text class=\"x\" x=\"{:.1f}\" y=\"{}\">{}</text>\n", x(tick), kHeight - 22,
                       fmt::format("{:.4g}", tick));
  }
  out += fmt::format(
      "<text class=\"x\" x=\"{}\" y=\"{}\">{}</text><text class=\"x\" transform=\"translate(14 {}) "
      "rotate(-90)\">{}</text>\n",
      kWidth / 2, kHeight - 5, escape_html(across), kHeight / 2, escape_html(up));
  for (const auto& point : points) {
    const double at_x = tune_number(point, across), at_y = tune_number(point, up);
    if (std::isnan(at_x) || std::isnan(at_y)) continue;
    const bool best = point.at("pareto").get<bool>();
    out += fmt::format(
        "<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{}</title></circle>\n",
        best ? "best" : "beaten", x(at_x), y(at_y), best ? 6 : 4,
        escape_html(settings_words(tuning, point)));
    if (point.at("kind") == "now") {
      out += fmt::format(
          "<rect class=\"now\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"20\" height=\"20\"/>"
          "<text class=\"here\" x=\"{:.1f}\" y=\"{:.1f}\">as it is</text>\n",
          x(at_x) - 10, y(at_y) - 10, x(at_x) + 14, y(at_y) + 4);
    }
  }
  return out +
         "</svg><figcaption class=\"soft\">Full: nothing beats it. Empty: something is better in "
         "one cost and worse in none. Square: the scenario as it is.</figcaption></figure>\n";
}

std::string points_rows(const TuneJson& tuning, const std::vector<std::string>& costs) {
  std::string out =
      "<section>\n<h2>What nothing beats</h2>\n<div class=\"scroll\" tabindex=\"0\"><table><thead>"
      "<tr><th>settings</th>";
  for (const std::string& id : costs) out += fmt::format("<th>{}</th>", escape_html(id));
  out += "</tr></thead><tbody>\n";
  for (const auto& point : tuning.at("points")) {
    const bool now = point.at("kind") == "now";
    if (!point.at("pareto").get<bool>() && !now) continue;
    out +=
        fmt::format("<tr><th scope=\"row\">{}{}</th>", escape_html(settings_words(tuning, point)),
                    point.at("pareto").get<bool>() ? "" : "<small>is beaten</small>");
    for (const std::string& id : costs) {
      out += fmt::format("<td>{}</td>", amount_words(tune_number(point, id), ""));
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n</section>\n";
}

std::string sensitivity_rows(const TuneJson& tuning, const std::vector<std::string>& costs) {
  std::string out =
      "<section>\n<h2>What each timeout does</h2>\n<p class=\"soft\">Differences against the "
      "scenario "
      "as it is, on the same random numbers, with 95 % intervals.</p>\n<div class=\"scroll\" "
      "tabindex=\"0\"><table><thead><tr><th>timeout</th><th>change</th>";
  for (const std::string& id : costs) out += fmt::format("<th>{}</th>", escape_html(id));
  out += "</tr></thead><tbody>\n";
  for (const auto& effect : tuning.at("sensitivity")) {
    out += fmt::format("<tr><th scope=\"row\">{}</th><td>{} → {}</td>",
                       escape_html(effect.at("factor").get<std::string>()),
                       escape_html(effect.at("from").get<std::string>()),
                       escape_html(effect.at("to").get<std::string>()));
    for (const std::string& id : costs) {
      const auto& d = effect.at("differences").at(id);
      if (!d.at("value").is_number()) {
        out += "<td>-</td>";
        continue;
      }
      const double value = d.at("value").get<double>();
      out += fmt::format("<td>{}{}", value > 0 ? "+" : "", amount_words(value, ""));
      if (const auto& interval = d.at("interval"); interval.is_array()) {
        out +=
            fmt::format("<small>{} to {}</small>", amount_words(interval.at(0).get<double>(), ""),
                        amount_words(interval.at(1).get<double>(), ""));
      }
      out += "</td>";
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n</section>\n";
}

constexpr std::string_view kTuneStyle = R"(
th small,td small{display:block;font-weight:400;font-size:.78rem;color:var(--soft)}
tbody th{white-space:normal;font-weight:500}
.pictures{display:flex;flex-wrap:wrap;gap:1.5rem}
.pareto{margin:0;flex:1 1 22rem;max-width:44rem}.pareto svg{width:100%;height:auto}
.pareto .best{fill:var(--c1)}.pareto .beaten{fill:none;stroke:var(--c1)}
.pareto .now{fill:none;stroke:var(--c2);stroke-width:2}
.pareto .here{font-size:12px;fill:var(--ink)}
)";

}  // namespace

std::string tune_html(const TuneJson& tuning) {
  try {
    std::vector<std::string> costs;
    std::string meanings;
    for (const auto& metric : tuning.at("metrics")) {
      if (!metric.at("cost").get<bool>()) continue;
      costs.push_back(metric.at("id"));
      meanings += fmt::format("<dt>{}</dt><dd>{}</dd>", escape_html(costs.back()),
                              escape_html(metric.at("meaning").get<std::string>()));
    }
    const auto& points = tuning.at("points");
    const auto best = std::count_if(points.begin(), points.end(), [](const TuneJson& point) {
      return point.at("pareto").get<bool>();
    });
    const std::string scenario = tuning.at("scenario");
    std::string body = fmt::format(
        "<header>\n<h1>{}: tuning of timeouts</h1>\n<p class=\"soft\">{} choices of timeouts, {} "
        "replications of each; nothing beats {} of them</p>\n</header>\n",
        escape_html(scenario), points.size(), tuning.at("replications").get<int>(), best);
    if (costs.size() > 1) {
      body += "<section>\n<h2>Costs against each other</h2>\n<div class=\"pictures\">\n" +
              pareto_picture(tuning, costs[1], costs[0]);
      if (costs.size() > 2) body += pareto_picture(tuning, costs[2], costs[0]);
      body += "</div>\n<dl>" + meanings + "</dl>\n</section>\n";
    }
    body += points_rows(tuning, costs) + sensitivity_rows(tuning, costs);
    return html_page(
        {"bcsim: tuning of " + scenario, chart_style() + std::string(kTuneStyle), body});
  } catch (const TuneJson::exception& e) {
    throw InputError(fmt::format("this is no tuning of bcsim: {}", e.what()));
  }
}

}  // namespace bcsim::tools
