// The page of a sweep: how the metrics depend on what was varied.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

#include "tools/base/html.hpp"
#include "tools/compare/compare_output.hpp"
#include "tools/report/chart.hpp"
#include "tools/report/result_tables.hpp"
#include "tools/report/study_pages.hpp"
#include "tools/results/saved_files.hpp"

namespace bcsim::tools {
namespace {

struct SweptMetric {
  const char *id, *title;
};
constexpr SweptMetric kSweptMetrics[] = {
    {"lost", "Calls lost"},
    {"abandoned", "Callers who gave up waiting"},
    {"service_level", "Service level"},
    {"asa", "Mean wait for an answer"},
    {"recovery.agents_90", "90 % of the agents back after"},
    {"recovery.service_level_back", "Service level back after"}};

/// One metric at every point.
struct SweptValues {
  std::string unit;
  std::vector<double> value, low, high, twin;
};

class Sweep {
 public:
  explicit Sweep(const std::filesystem::path& directory)
      : json_(read_json(directory / "sweep.json")),
        points_(read_text(directory / "points.csv"), (directory / "points.csv").string()) {
    for (const auto& point : json_.at("points")) {
      values_.push_back(point.at("values").get<std::vector<std::string>>());
    }
    for (const auto& variable : json_.at("variables")) {
      std::string name;
      for (const auto& path : variable.at("paths")) {
        name += (name.empty() ? "" : ", ") + path.get<std::string>();
      }
      names_.push_back(std::move(name));
    }
    for (const auto& values : values_) {
      if (!names_.empty() && values.size() == names_.size()) continue;
      throw InputError(
          fmt::format("{}: points and variables do not fit", (directory / "sweep.json").string()));
    }
  }

  [[nodiscard]] std::string scenario() const { return json_.at("scenario"); }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// By point: a value per variable.
  [[nodiscard]] const std::vector<std::vector<std::string>>& values() const { return values_; }
  [[nodiscard]] int replications() const {
    return json_.at("points").empty() ? 0
                                      : json_.at("points").front().at("replications").get<int>();
  }
  [[nodiscard]] SweptValues metric(const std::string& id) const {
    const double nothing = std::numeric_limits<double>::quiet_NaN();
    SweptValues out;
    for (auto* list : {&out.value, &out.low, &out.high, &out.twin}) {
      list->assign(values_.size(), nothing);
    }
    const auto& ids = points_.texts("metric");
    const auto point = points_.numbers("point"), value = points_.numbers("value"),
               low = points_.numbers("low"), high = points_.numbers("high"),
               twin = points_.numbers("without_faults");
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] != id || !(point[i] >= 0 && point[i] < 1e9)) continue;
      const auto p = static_cast<std::size_t>(point[i]);
      if (p >= values_.size()) continue;
      out.unit = points_.texts("unit")[i];
      out.value[p] = value[i];
      out.low[p] = low[i];
      out.high[p] = high[i];
      out.twin[p] = twin[i];
    }
    return out;
  }

 private:
  nlohmann::ordered_json json_;
  CsvTable points_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> values_;
};

bool has_value(const std::vector<double>& values) {
  return std::any_of(values.begin(), values.end(), [](double v) { return !std::isnan(v); });
}

/// Where the values stand on an axis: to scale if they are numbers of one unit, else one after the
/// other.
std::vector<double> places_of(const std::vector<std::string>& values) {
  std::vector<double> places, ordinal;
  std::string unit;
  for (std::size_t i = 0; i < values.size(); ++i) {
    ordinal.push_back(static_cast<double>(i));
    double number = 0;
    const char* end = values[i].data() + values[i].size();
    const auto [at, error] = std::from_chars(values[i].data(), end, number);
    const std::string rest(at, end);
    if (error != std::errc() || (i > 0 && rest != unit)) return ordinal;
    if (i > 0 && number <= places.back()) return ordinal;
    unit = rest;
    places.push_back(number);
  }
  return places;
}

std::string line_charts(const Sweep& sweep) {
  std::vector<std::string> words;
  for (const auto& point : sweep.values()) words.push_back(point.front());
  const std::vector<double> places = places_of(words);
  std::string out = "<section>\n<h2>Over the values of " + escape_html(sweep.names().front()) +
                    "</h2>\n<div class=\"charts\">\n";
  for (const SweptMetric& shown : kSweptMetrics) {
    SweptValues m = sweep.metric(shown.id);
    if (!has_value(m.value)) continue;
    ChartSpec spec;
    spec.title = shown.title;
    spec.unit = m.unit == "1" ? "share" : m.unit;
    spec.percent = m.unit == "1";
    spec.x = places;
    spec.x_title = sweep.names().front();
    for (std::size_t i = 0; i < places.size(); ++i) spec.labels.emplace_back(places[i], words[i]);
    const double span = places.back() - places.front();
    spec.x_from = places.front() - 0.03 * (span > 0 ? span : 1);
    spec.x_to = places.back() + 0.03 * (span > 0 ? span : 1);
    ChartSeries line = {.name = "mean", .y = std::move(m.value)};
    if (has_value(m.low)) line.low = std::move(m.low), line.high = std::move(m.high);
    if (has_value(m.twin)) line.twin = std::move(m.twin);
    spec.series = {std::move(line)};
    out += chart_figure(spec);
  }
  return out + "</div>\n</section>\n";
}

std::string heat_map(const Sweep& sweep, const SweptMetric& shown, const SweptValues& m) {
  std::vector<std::string> rows, columns;
  for (const auto& point : sweep.values()) {
    if (std::find(rows.begin(), rows.end(), point[0]) == rows.end()) rows.push_back(point[0]);
    if (std::find(columns.begin(), columns.end(), point[1]) == columns.end()) {
      columns.push_back(point[1]);
    }
  }
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const double v : m.value) least = std::fmin(least, v), most = std::fmax(most, v);
  std::string out = fmt::format(
      "<div>\n<h3>{}</h3>\n<div class=\"scroll\" tabindex=\"0\"><table "
      "class=\"heat\"><thead><tr><td></td>",
      shown.title);
  for (const std::string& column : columns) {
    out += fmt::format("<th scope=\"col\">{}</th>", escape_html(column));
  }
  out += "</tr></thead><tbody>\n";
  for (const std::string& row : rows) {
    out += fmt::format("<tr><th scope=\"row\">{}</th>", escape_html(row));
    for (const std::string& column : columns) {
      const auto at = std::find_if(sweep.values().begin(), sweep.values().end(),
                                   [&](const auto& p) { return p[0] == row && p[1] == column; });
      if (at == sweep.values().end()) {
        out += "<td></td>";
        continue;
      }
      const double v = m.value[static_cast<std::size_t>(at - sweep.values().begin())];
      const double share = most > least && !std::isnan(v) ? (v - least) / (most - least) : 0;
      out += fmt::format("<td style=\"--v:{:.2f}\">{}</td>", share,
                         escape_html(amount_words(v, m.unit)));
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n</div>\n";
}

std::string heat_maps(const Sweep& sweep) {
  std::string out = fmt::format(
      "<section>\n<h2>{} (down) and {} (across)</h2>\n<p class=\"soft\">The darker, the "
      "more.</p>\n<div class=\"charts\">\n",
      escape_html(sweep.names()[0]), escape_html(sweep.names()[1]));
  for (const SweptMetric& shown : kSweptMetrics) {
    const SweptValues m = sweep.metric(shown.id);
    if (has_value(m.value)) out += heat_map(sweep, shown, m);
  }
  return out + "</div>\n</section>\n";
}

std::string points_table(const Sweep& sweep) {
  std::string out =
      "<section>\n<h2>All points</h2>\n<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>";
  for (const std::string& name : sweep.names())
    out += fmt::format("<th>{}</th>", escape_html(name));
  std::vector<SweptValues> columns;
  for (const SweptMetric& shown : kSweptMetrics) {
    columns.push_back(sweep.metric(shown.id));
    if (!has_value(columns.back().value)) {
      columns.pop_back();
    } else {
      out += fmt::format("<th>{}</th>", shown.title);
    }
  }
  out += "</tr></thead><tbody>\n";
  for (std::size_t p = 0; p < sweep.values().size(); ++p) {
    out += "<tr>";
    for (const std::string& value : sweep.values()[p]) {
      out += fmt::format("<td>{}</td>", escape_html(value));
    }
    for (const SweptValues& m : columns) {
      out += fmt::format("<td>{}", escape_html(amount_words(m.value[p], m.unit)));
      if (!std::isnan(m.low[p])) {
        out += fmt::format("<small>{} to {}</small>", escape_html(amount_words(m.low[p], m.unit)),
                           escape_html(amount_words(m.high[p], m.unit)));
      }
      out += "</td>";
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n</section>\n";
}

constexpr std::string_view kSweepStyle = R"(
td small{display:block;font-size:.78rem;color:var(--soft)}thead th{white-space:normal}
.heat td{background:color-mix(in srgb,var(--c2) calc(var(--v,0)*50%),transparent)}
)";

}  // namespace

std::string sweep_html(const std::filesystem::path& directory) {
  try {
    const Sweep sweep(directory);
    std::string body = chart_patterns();
    body += fmt::format(
        "<header>\n<h1>{}: {} points</h1>\n<p class=\"soft\">{} replication{} of each, all on the "
        "same random numbers</p>\n</header>\n",
        escape_html(sweep.scenario()), sweep.values().size(), sweep.replications(),
        sweep.replications() == 1 ? "" : "s");
    if (sweep.names().size() == 1 && !sweep.values().empty()) body += line_charts(sweep);
    if (sweep.names().size() == 2) body += heat_maps(sweep);
    body += points_table(sweep);
    return html_page({fmt::format("bcsim: sweep of {}", sweep.scenario()),
                      chart_style() + std::string(kSweepStyle), body, true});
  } catch (const nlohmann::json::exception& e) {
    throw InputError(fmt::format("'{}' is no sweep of bcsim: {}", directory.string(), e.what()));
  }
}

}  // namespace bcsim::tools
