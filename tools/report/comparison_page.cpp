// The page of a comparison: what is better and worse, the forest plot, the gates.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tools/base/html.hpp"
#include "tools/compare/compare_output.hpp"
#include "tools/report/chart.hpp"
#include "tools/report/study_pages.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/results/saved_files.hpp"

namespace bcsim::tools {
namespace {

using CompareJson = nlohmann::ordered_json;

double number_at(const CompareJson& json, const char* key) {
  const auto& value = json.at(key);
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

/// One row of the forest plot.
struct ForestRow {
  std::string id, unit, verdict;
  double a = 0, b = 0, value = 0, low = 0, high = 0;  ///< low, high: NaN without an interval
  double margin = 0;

  /// As shares of A's value; NaN if that is 0.
  [[nodiscard]] double share(double x) const {
    return a == 0 ? std::numeric_limits<double>::quiet_NaN() : x / std::abs(a);
  }
};

ForestRow forest_row(const CompareJson& metric) {
  const auto& difference = metric.at("difference");
  ForestRow row;
  row.id = metric.at("id");
  row.unit = metric.at("unit");
  row.verdict = metric.at("verdict");
  row.a = number_at(metric.at("a"), "value");
  row.b = number_at(metric.at("b"), "value");
  row.margin = number_at(metric, "margin");
  row.value = number_at(difference, "value");
  row.low = row.high = std::numeric_limits<double>::quiet_NaN();
  if (const auto& interval = difference.at("interval"); interval.is_array()) {
    row.low = interval.at(0).get<double>();
    row.high = interval.at(1).get<double>();
  }
  return row;
}

std::string signed_amount(double value, const std::string& unit) {
  if (std::isnan(value)) return "-";
  std::string text = value == 0 ? "0" : amount_words(std::abs(value), unit == "1" ? "" : unit);
  if (unit == "1") text = fmt::format("{:.2f} pp", 100 * std::abs(value));
  return (value > 0 ? "+" : value < 0 ? "−" : "") + text;
}

/// Half of the scale: a round share that most intervals fit in.
double forest_scale(const std::vector<ForestRow>& rows) {
  double most = 0.02;
  for (const ForestRow& row : rows) {
    for (const double end : {row.low, row.high, row.value}) {
      most = std::fmax(most, std::abs(row.share(end)));
    }
  }
  return std::min(1.0, round_ticks(most, 2).back());
}

std::string forest_track(const ForestRow& row, double scale) {
  const auto x = [&](double value) {
    return std::clamp(500 + 500 * row.share(value) / scale, 0.0, 1000.0);
  };
  std::string out =
      "<svg class=\"track\" viewBox=\"0 0 1000 40\" preserveAspectRatio=\"none\" "
      "aria-hidden=\"true\">";
  const double margin = std::isnan(row.margin) ? 0 : row.margin;
  if (margin > 0 && row.a != 0) {
    out += fmt::format("<rect class=\"margin\" x=\"{:.1f}\" width=\"{:.1f}\" height=\"40\"/>",
                       x(-margin), x(margin) - x(-margin));
  }
  out += "<rect class=\"none\" x=\"499\" width=\"2\" height=\"40\"/>";
  if (!std::isnan(row.share(row.value))) {
    if (!std::isnan(row.low)) {
      out += fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"17\" width=\"{:.1f}\" height=\"6\"/>",
                         row.verdict, x(row.low), std::max(2.0, x(row.high) - x(row.low)));
    }
    out += fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"8\" width=\"8\" height=\"24\"/>",
                       row.verdict, x(row.value) - 4);
  }
  return out + "</svg>";
}

std::string forest_plot(const std::vector<ForestRow>& rows) {
  const double scale = forest_scale(rows);
  std::string out = fmt::format(
      "<section>\n<h2>Differences</h2>\n<p class=\"soft\">B − A as a share of A, with 95 % "
      "intervals; the scale ends at ± {:.0f} %. Within the grey a difference does not matter.</p>\n"
      "<div class=\"forest\" role=\"list\">\n",
      100 * scale);
  for (const ForestRow& row : rows) {
    out += fmt::format(
        "<div class=\"row\" role=\"listitem\"><span class=\"label\">{}<small>{} → {}</small></span>"
        "{}<span class=\"when\">{}<small>{}</small></span></div>\n",
        escape_html(row.id), escape_html(amount_words(row.a, row.unit)),
        escape_html(amount_words(row.b, row.unit)), forest_track(row, scale),
        escape_html(signed_amount(row.value, row.unit)), escape_html(row.verdict));
  }
  return out + "</div>\n</section>\n";
}

/// "Better: asa (−0.50 s)." and so on.
std::string comparison_answer(const std::vector<ForestRow>& rows) {
  std::string out;
  for (const char* verdict : {"better", "worse", "differs"}) {
    std::string list;
    for (const ForestRow& row : rows) {
      if (row.verdict != verdict) continue;
      list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", row.id,
                          signed_amount(row.value, row.unit));
    }
    if (list.empty()) continue;
    out += fmt::format("B {} {}. ",
                       std::string_view(verdict) == "differs"  ? "differs in"
                       : std::string_view(verdict) == "better" ? "is better in"
                                                               : "is worse in",
                       list);
  }
  const auto count = [&](const char* verdict) {
    return std::count_if(rows.begin(), rows.end(),
                         [&](const ForestRow& row) { return row.verdict == verdict; });
  };
  const auto undecided = count("inconclusive");
  if (out.empty()) out = "No difference could be shown. ";
  out += fmt::format("{} of {} metrics are the same within the margin", count("same"), rows.size());
  if (undecided > 0) out += fmt::format(", {} undecided", undecided);
  return out + ".";
}

std::string gates_table(const CompareJson& gates) {
  if (gates.empty()) return "";
  std::string out =
      "<section>\n<h2>Gates</h2>\n<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>"
      "<th>gate</th><th>verdict</th><th>why</th></tr></thead><tbody>\n";
  for (const auto& gate : gates) {
    const std::string verdict = gate.at("verdict");
    const char* look = verdict == "passed" ? "good" : verdict == "failed" ? "violated" : "";
    out +=
        fmt::format("<tr><th scope=\"row\">{}: {}</th><td class=\"{}\">{}</td><td>{}</td></tr>\n",
                    escape_html(gate.at("metric").get<std::string>()),
                    escape_html(gate.at("gate").get<std::string>()), look, verdict,
                    escape_html(gate.at("text").get<std::string>()));
  }
  return out + "</tbody></table></div>\n</section>\n";
}

std::string differences_table(const CompareJson& differences) {
  std::string out =
      "<section>\n<h2>What differs</h2>\n<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>"
      "<th>setting</th><th>A</th><th>B</th></tr></thead><tbody>\n";
  if (differences.empty()) return "";
  for (const auto& d : differences) {
    out += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>\n",
                       escape_html(d.at("path").get<std::string>()),
                       escape_html(d.at("a").get<std::string>()),
                       escape_html(d.at("b").get<std::string>()));
  }
  return out + "</tbody></table></div>\n</section>\n";
}

constexpr std::string_view kForestStyle = R"(
.answer{font-size:1.25rem;line-height:1.4;max-width:60rem}
td.good{color:var(--good)}td.violated{color:var(--bad);font-weight:600}
.forest .row{display:grid;grid-template-columns:minmax(11rem,19rem) 1fr 8rem;gap:0 .9rem;
align-items:center;padding:.2rem 0;border-bottom:1px solid var(--faint);break-inside:avoid}
.forest .label{overflow-wrap:anywhere}
.forest small{display:block;color:var(--soft);font-size:.8rem;font-weight:400}
.forest .track{width:100%;height:30px;display:block}.forest .margin{fill:var(--faint);opacity:.6}
.forest .none{fill:var(--soft)}.forest .better{fill:var(--good)}.forest .worse{fill:var(--bad)}
.forest .same,.forest .inconclusive,.forest .differs{fill:var(--c1)}
.forest .when{text-align:right;font-weight:600;font-variant-numeric:tabular-nums}
@media (max-width:640px){.forest .row{grid-template-columns:1fr 7rem}
.forest .track{grid-column:1/-1;grid-row:2}}
)";

}  // namespace

std::string comparison_html(const CompareJson& comparison) {
  try {
    std::vector<ForestRow> rows;
    for (const auto& metric : comparison.at("metrics")) rows.push_back(forest_row(metric));
    const std::string a = comparison.at("a"), b = comparison.at("b");
    std::string body = fmt::format(
        "<header>\n<h1>{} → {}</h1>\n<p class=\"soft\">{} replications of each, {}; 95 % "
        "intervals; "
        "gates: {}</p>\n<p class=\"answer\">{}</p>\n</header>\n",
        escape_html(a), escape_html(b), comparison.at("replications").get<int>(),
        comparison.at("paired").get<bool>() ? "on the same random numbers"
                                            : "on random numbers of their own",
        comparison.at("verdict") == "no_gates" ? "none"
                                               : comparison.at("verdict").get<std::string>(),
        escape_html(comparison_answer(rows)));
    body += gates_table(comparison.at("gates")) + forest_plot(rows) +
            differences_table(comparison.at("differences"));
    return html_page(
        {fmt::format("bcsim: {} → {}", a, b), chart_style() + std::string(kForestStyle), body});
  } catch (const CompareJson::exception& e) {
    throw InputError(fmt::format("this is no comparison of bcsim: {}", e.what()));
  }
}

}  // namespace bcsim::tools
