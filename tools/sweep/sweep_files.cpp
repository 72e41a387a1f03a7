#include "tools/sweep/sweep_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tools/compare/compare_output.hpp"
#include "tools/compare/saved_results.hpp"
#include "tools/results/csv_line.hpp"
#include "tools/results/page.hpp"

namespace bcsim::tools {
namespace {

/// What the terminal shows of each point.
struct ShownMetric {
  const char* id;
  const char* heading;
};
constexpr ShownMetric kShownMetrics[] = {{"lost", "calls lost"},
                                         {"abandoned", "gave up"},
                                         {"service_level", "service level"},
                                         {"asa", "mean wait"},
                                         {"recovery.agents_90", "90 % agents back"}};

std::string estimate_words(const Estimate& e, std::string_view unit) {
  if (std::isnan(e.value)) return "-";
  if (!e.has_interval()) return amount_words(e.value, unit);
  const double factor = unit == "1" ? 100 : 1;
  const int digits = e.half * factor >= 9.95 ? 0 : e.half * factor >= 0.0995 ? 1 : 2;
  return fmt::format("{:.{}f} ± {:.{}f}{}", e.value * factor, digits, e.half * factor, digits,
                     unit == "1"   ? " %"
                     : unit == "s" ? " s"
                                   : "");
}

}  // namespace

const std::vector<std::string>& points_columns() {
  static const std::vector<std::string> columns = {
      "metric", "unit", "value", "sd", "n", "low", "high", "without_faults", "because_of_failure"};
  return columns;
}

std::string points_csv(const SweepSpec& spec, const std::vector<PointResult>& points) {
  std::string out;
  CsvLine header(out);
  header.text("point");
  for (const SweepVariable& variable : spec.variables) header.text(variable.name());
  for (const std::string& column : points_columns()) header.text(column);
  header.end();
  for (std::size_t p = 0; p < points.size(); ++p) {
    for (const MetricSummary& m : points[p].all.metrics) {
      CsvLine line(out);
      line.number(p);
      for (const std::string& value : points[p].point.values) line.text(value);
      line.text(m.id).text(m.unit).real(m.value.value).real(m.value.sd).number(m.value.n);
      line.real(m.value.low()).real(m.value.high());
      line.real(m.without_faults.value).real(m.because_of_failure.value);
      line.end();
    }
  }
  return out;
}

std::string sweep_json(const SweepSpec& spec, const std::vector<PointResult>& points,
                       const SweepLabels& labels) {
  using OrderedJson = nlohmann::ordered_json;
  OrderedJson j;
  j["scenario"] = labels.scenario;
  j["sweep_id"] = labels.id;
  j["variables"] = OrderedJson::array();
  for (const SweepVariable& v : spec.variables) {
    j["variables"].push_back({{"paths", v.paths}, {"values", v.values}});
  }
  j["constraints"] = OrderedJson::array();
  for (const SweepConstraint& c : spec.constraints) {
    j["constraints"].push_back(fmt::format("{} {} {}", c.left, c.sign, c.right));
  }
  j["points"] = OrderedJson::array();
  for (std::size_t p = 0; p < points.size(); ++p) {
    j["points"].push_back({{"point", p},
                           {"values", points[p].point.values},
                           {"replications", points[p].all.replications},
                           {"run_id", points[p].run_id},
                           {"directory", fmt::format("points/{:04}", p)}});
  }
  return j.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::string sweep_table(const SweepSpec& spec, const std::vector<PointResult>& points,
                        const SweepLabels& labels, const SummaryStyle& style) {
  Page page({style.color, style.utf8, 96});
  page.spread(page.bold(labels.scenario),
              fmt::format("{} points · {} replications each", points.size(),
                          points.front().all.replications));
  page.rule();
  for (std::size_t v = 0; v < spec.variables.size(); ++v) {
    page.line(fmt::format("  {}  {}", static_cast<char>('a' + v % 26), spec.variables[v].name()));
  }
  page.blank();
  std::vector<std::size_t> widths;
  std::string header = pad_left("point", 5);
  for (std::size_t v = 0; v < spec.variables.size(); ++v) {
    std::size_t width = 1;
    for (const PointResult& p : points) width = std::max(width, columns(p.point.values[v]));
    widths.push_back(width + 2);
    header += pad_left(std::string(1, static_cast<char>('a' + v % 26)), widths.back());
  }
  constexpr std::size_t kCell = 17;
  for (const ShownMetric& shown : kShownMetrics) header += pad_left(shown.heading, kCell);
  page.line(page.bold(header));
  for (std::size_t p = 0; p < points.size(); ++p) {
    std::string line = pad_left(std::to_string(p), 5);
    for (std::size_t v = 0; v < widths.size(); ++v) {
      line += pad_left(points[p].point.values[v], widths[v]);
    }
    for (const ShownMetric& shown : kShownMetrics) {
      const MetricSummary* m = points[p].all.find(shown.id);
      line += pad_left(m == nullptr ? "-" : estimate_words(m->value, m->unit), kCell);
    }
    page.line(line);
  }
  page.blank();
  page.line("Results  " + labels.directory + "/points.csv");
  return page.take();
}

std::string saved_run_id(const std::filesystem::path& directory) {
  std::ifstream in(directory / "run.json");
  const auto j = nlohmann::json::parse(in, nullptr, false);
  if (!j.is_object() || !j.contains("run_id") || !j["run_id"].is_string()) {
    throw BadResults(fmt::format("{}: has no usable 'run_id'", (directory / "run.json").string()));
  }
  return j["run_id"].get<std::string>();
}

std::string read_sweep_id(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

}  // namespace bcsim::tools
