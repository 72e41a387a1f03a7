// A tuning as a table for the terminal, tune.json and tune.csv.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "tools/base/page.hpp"
#include "tools/results/csv_line.hpp"
#include "tools/stats/estimate_json.hpp"
#include "tools/tune/tune_result.hpp"

namespace bcsim::tools {
namespace {

using TuneJson = nlohmann::ordered_json;

std::string cost_words(const Estimate& e, bool sign) {
  if (std::isnan(e.value)) return "-";
  const double scale = std::max(std::abs(e.value), e.has_interval() ? e.half : 0);
  const int digits = scale >= 100 ? 0 : scale >= 1 ? 1 : 2;
  std::string text = fmt::format("{}{:.{}f}", sign && e.value > 0 ? "+" : "", e.value, digits);
  if (e.has_interval() && e.half > 0) text += fmt::format(" ± {:.{}f}", e.half, digits);
  return text;
}

constexpr std::size_t kCostWidth = 18;

std::vector<std::size_t> costs_of(const TuneResult& r) {
  std::vector<std::size_t> out;
  for (std::size_t m = 0; m < r.metrics.size(); ++m) {
    if (r.metrics[m].cost) out.push_back(m);
  }
  return out;
}

void add_front(Page& page, const TuneResult& r) {
  std::vector<std::size_t> shown;
  for (std::size_t p = 0; p < r.points.size(); ++p) {
    if (r.points[p].pareto || p == 0) shown.push_back(p);
  }
  std::stable_sort(shown.begin(), shown.end(), [&](std::size_t a, std::size_t b) {
    return r.points[a].estimates.front().value < r.points[b].estimates.front().value;
  });
  page.line(page.bold("What no other setting beats") +
            fmt::format(" ({} of {} points)",
                        std::count_if(r.points.begin(), r.points.end(),
                                      [](const TunedPoint& p) { return p.pareto; }),
                        r.points.size()));
  std::string header = "point";
  for (const std::size_t m : costs_of(r)) header += pad_left(r.metrics[m].id, kCostWidth);
  page.line(page.bold(header + "  settings"));
  for (const std::size_t p : shown) {
    const TunedPoint& point = r.points[p];
    std::string line = pad_left(std::to_string(p), 5);
    for (const std::size_t m : costs_of(r)) {
      line += pad_left(cost_words(point.estimates[m], false), kCostWidth);
    }
    std::string words = point_words(r.factors, point.point);
    if (!point.pareto) words += " (beaten)";
    const std::size_t room =
        page.width() > columns(line) + 2 ? page.width() - columns(line) - 2 : 0;
    if (columns(words) <= room) {
      page.line(line + "  " + words);
    } else {
      page.line(line);
      page.paragraph("        " + words);
    }
  }
}

void add_effects(Page& page, const TuneResult& r) {
  page.line(page.bold("What each timeout does alone") + ", against the scenario as it is");
  std::string header = pad_right("timeout", 38);
  for (const std::size_t m : costs_of(r)) header += pad_left(r.metrics[m].id, kCostWidth);
  page.line(page.bold(header));
  for (const TuneEffect& effect : r.effects) {
    const TuneFactor& factor = r.factors[effect.factor];
    std::string line =
        pad_right(fmt::format("{} {} → {}", factor.name, factor.variable.values.front(),
                              factor.variable.values[effect.level]),
                  38);
    for (const std::size_t m : costs_of(r)) {
      line += pad_left(cost_words(effect.differences[m], true), kCostWidth);
    }
    page.line(line);
  }
}

}  // namespace

std::string tune_table(const TuneResult& r, const SummaryStyle& style) {
  Page page({style.color, style.utf8, 110});
  page.heading(r.scenario, fmt::format("{} points in {} worlds · {} replications · 95 % intervals",
                                       r.points.size(), r.worlds.size(), r.replications));
  for (const std::size_t m : costs_of(r)) {
    page.line(pad_right(r.metrics[m].id, 17) + r.metrics[m].text);
  }
  for (const TuneWorld& world : r.worlds) page.line(pad_right(world.name, 17) + world.text);
  page.blank();
  add_front(page, r);
  page.blank();
  add_effects(page, r);
  page.blank();
  page.line("Results  " + r.directory + "/tune.json, tune.csv");
  return page.take();
}

const std::vector<std::string>& tune_columns() {
  static const std::vector<std::string> columns = {
      "point", "kind", "pareto", "settings", "metric", "unit", "value", "sd", "n", "low", "high"};
  return columns;
}

std::string tune_csv(const TuneResult& r) {
  std::string out;
  CsvLine header(out);
  for (const std::string& column : tune_columns()) header.text(column);
  header.end();
  for (std::size_t p = 0; p < r.points.size(); ++p) {
    const TunedPoint& point = r.points[p];
    for (std::size_t m = 0; m < r.metrics.size(); ++m) {
      const Estimate& e = point.estimates[m];
      CsvLine line(out);
      line.number(p).text(name(point.point.kind)).number(point.pareto ? 1 : 0);
      line.text(point_words(r.factors, point.point)).text(r.metrics[m].id).text(r.metrics[m].unit);
      line.real(e.value).real(e.sd).number(e.n).real(e.low()).real(e.high());
      line.end();
    }
  }
  return out;
}

std::string tune_json(const TuneResult& r) {
  TuneJson j;
  j["scenario"] = r.scenario;
  j["title"] = r.title;
  j["tune_id"] = r.id;
  j["seed"] = r.seed;
  j["replications"] = r.replications;
  j["worlds"] = TuneJson::array();
  for (const TuneWorld& world : r.worlds) {
    j["worlds"].push_back(
        {{"name", world.name}, {"text", world.text}, {"settings", world.settings}});
  }
  j["factors"] = TuneJson::array();
  for (const TuneFactor& f : r.factors) {
    j["factors"].push_back(
        {{"name", f.name}, {"paths", f.variable.paths}, {"values", f.variable.values}});
  }
  j["metrics"] = TuneJson::array();
  for (const TuneMetric& m : r.metrics) {
    j["metrics"].push_back({{"id", m.id}, {"unit", m.unit}, {"meaning", m.text}, {"cost", m.cost}});
  }
  j["points"] = TuneJson::array();
  for (std::size_t p = 0; p < r.points.size(); ++p) {
    const TunedPoint& point = r.points[p];
    TuneJson entry = {{"point", p}, {"kind", name(point.point.kind)}, {"pareto", point.pareto}};
    entry["values"] = TuneJson::array();
    for (std::size_t f = 0; f < r.factors.size(); ++f) {
      entry["values"].push_back(r.factors[f].variable.values[point.point.levels[f]]);
    }
    entry["settings"] = settings_of(r.factors, point.point);
    entry["metrics"] = TuneJson::object();
    for (std::size_t m = 0; m < r.metrics.size(); ++m) {
      entry["metrics"][r.metrics[m].id] = json_estimate(point.estimates[m]);
    }
    j["points"].push_back(std::move(entry));
  }
  j["sensitivity"] = TuneJson::array();
  for (const TuneEffect& effect : r.effects) {
    const TuneFactor& f = r.factors[effect.factor];
    TuneJson entry = {{"factor", f.name},
                      {"from", f.variable.values.front()},
                      {"to", f.variable.values[effect.level]}};
    entry["differences"] = TuneJson::object();
    for (std::size_t m = 0; m < r.metrics.size(); ++m) {
      entry["differences"][r.metrics[m].id] = json_estimate(effect.differences[m]);
    }
    j["sensitivity"].push_back(std::move(entry));
  }
  return j.dump(2, ' ', false, TuneJson::error_handler_t::replace) + "\n";
}

}  // namespace bcsim::tools
