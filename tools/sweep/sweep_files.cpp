#include "tools/sweep/sweep_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/base/atomic_file.hpp"
#include "tools/base/page.hpp"
#include "tools/compare/compare_output.hpp"
#include "tools/results/csv_line.hpp"
#include "tools/results/saved_files.hpp"
#include "tools/results/saved_replications.hpp"
#include "tools/results/terminal_summary.hpp"
#include "tools/scenario/load.hpp"

namespace bcsim::tools {
namespace {

namespace fs = std::filesystem;
using SweepJson = nlohmann::ordered_json;

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

fs::path point_directory(const fs::path& directory, std::size_t point) {
  return directory / "points" / fmt::format("{:04}", point);
}

bool is_point_done(const fs::path& directory, const SweepIndex& index, std::size_t point) {
  const fs::path path = point_directory(directory, point) / "run.json";
  try {
    return json_member<std::string>(read_json(path), "run_id", path) == index.points[point].run_id;
  } catch (const InputError&) {
    return false;
  }
}

std::string sweep_json(const SweepIndex& index) {
  SweepJson j;
  j["scenario"] = index.scenario;
  j["sweep_id"] = index.id;
  j["variables"] = SweepJson::array();
  for (const SweepVariable& v : index.spec.variables) {
    j["variables"].push_back({{"paths", v.paths}, {"values", v.values}});
  }
  j["constraints"] = SweepJson::array();
  for (const SweepConstraint& c : index.spec.constraints) {
    j["constraints"].push_back(fmt::format("{} {} {}", c.left, c.sign, c.right));
  }
  j["points"] = SweepJson::array();
  for (std::size_t p = 0; p < index.points.size(); ++p) {
    const SweepIndex::Point& point = index.points[p];
    j["points"].push_back({{"point", p},
                           {"values", point.point.values},
                           {"replications", point.replications},
                           {"run_id", point.run_id},
                           {"directory", point_directory("", p).string()}});
  }
  return j.dump(2, ' ', false, SweepJson::error_handler_t::replace) + "\n";
}

std::optional<SweepIndex> read_sweep(const fs::path& directory) {
  const fs::path path = directory / "sweep.json";
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  const SweepJson j = read_json(path);
  SweepIndex index;
  index.scenario = json_member<std::string>(j, "scenario", path);
  index.id = json_member<std::string>(j, "sweep_id", path);
  for (const SweepJson& v : json_member<SweepJson>(j, "variables", path)) {
    index.spec.variables.push_back({json_member<std::vector<std::string>>(v, "paths", path),
                                    json_member<std::vector<std::string>>(v, "values", path)});
  }
  for (const auto& text : json_member<std::vector<std::string>>(j, "constraints", path)) {
    try {
      index.spec.constraints.push_back(parse_constraint(text));
    } catch (const SweepProblem& problem) {
      throw InputError(fmt::format("{}: {}", path.string(), problem.message));
    }
  }
  for (const SweepJson& p : json_member<SweepJson>(j, "points", path)) {
    index.points.push_back({{json_member<std::vector<std::string>>(p, "values", path)},
                            json_member<std::string>(p, "run_id", path),
                            json_member<std::uint32_t>(p, "replications", path)});
  }
  return index;
}

void begin_sweep(const fs::path& directory, const SweepIndex& index) {
  std::error_code ignored;
  const auto there = read_sweep(directory);
  if (!there && fs::exists(directory / "points", ignored)) {
    throw WriteError(fmt::format("'{}' has points, but not of a sweep", directory.string()));
  }
  if (there && there->id != index.id) {
    throw WriteError(
        fmt::format("'{}' holds another sweep; use another directory (-o)", directory.string()));
  }
  make_directories(directory);
  if (!there) write_file(directory / "sweep.json", sweep_json(index));
}

std::vector<Aggregate> read_points(const fs::path& directory, const SweepIndex& index) {
  std::vector<Aggregate> points;
  for (std::size_t p = 0; p < index.points.size(); ++p) {
    const fs::path path = point_directory(directory, p);
    const SavedReplications saved = read_replications(path);
    const Loaded loaded =
        load_scenario_text({saved.effective_yaml, path.string(), saved.scenario, "."});
    if (loaded.has_errors()) {
      throw InputError(fmt::format("{}: its scenario cannot be read", path.string()));
    }
    points.push_back(aggregate(saved.records, loaded.scenario.run.service_level_definition));
  }
  return points;
}

std::string points_csv(const SweepIndex& index, const std::vector<Aggregate>& points) {
  std::string out;
  CsvLine header(out);
  header.text("point");
  for (const SweepVariable& variable : index.spec.variables) header.text(variable.name());
  for (const std::string& column : points_columns()) header.text(column);
  header.end();
  for (std::size_t p = 0; p < points.size(); ++p) {
    for (const MetricSummary& m : points[p].metrics) {
      CsvLine line(out);
      line.number(p);
      for (const std::string& value : index.points[p].point.values) line.text(value);
      line.text(m.id).text(m.unit).real(m.value.value).real(m.value.sd).number(m.value.n);
      line.real(m.value.low()).real(m.value.high());
      line.real(m.without_faults.value).real(m.because_of_failure.value);
      line.end();
    }
  }
  return out;
}

namespace {

std::string sweep_table(const SweepIndex& index, const std::vector<Aggregate>& points, Page page) {
  const SweepSpec& spec = index.spec;
  page.heading(index.scenario, fmt::format("{} points · {} replications each", points.size(),
                                           points.front().replications));
  for (std::size_t v = 0; v < spec.variables.size(); ++v) {
    page.line(fmt::format("  {}  {}", static_cast<char>('a' + v % 26), spec.variables[v].name()));
  }
  page.blank();
  std::vector<std::size_t> widths;
  std::string header = pad_left("point", 5);
  for (std::size_t v = 0; v < spec.variables.size(); ++v) {
    std::size_t width = 1;
    for (const auto& p : index.points) width = std::max(width, columns(p.point.values[v]));
    widths.push_back(width + 2);
    header += pad_left(std::string(1, static_cast<char>('a' + v % 26)), widths.back());
  }
  constexpr std::size_t kCell = 17;
  for (const ShownMetric& shown : kShownMetrics) header += pad_left(shown.heading, kCell);
  page.line(page.bold(header));
  for (std::size_t p = 0; p < points.size(); ++p) {
    std::string line = pad_left(std::to_string(p), 5);
    for (std::size_t v = 0; v < widths.size(); ++v) {
      line += pad_left(index.points[p].point.values[v], widths[v]);
    }
    for (const ShownMetric& shown : kShownMetrics) {
      const MetricSummary* m = points[p].find(shown.id);
      line += pad_left(m == nullptr ? "-" : estimate_words(m->value, m->unit), kCell);
    }
    page.line(line);
  }
  return page.take();
}

}  // namespace

void finish_sweep(const fs::path& directory, const SweepIndex& index, bool json,
                  Terminal& terminal) {
  const std::vector<Aggregate> points = read_points(directory, index);
  write_file(directory / "points.csv", points_csv(index, points));
  if (json) {
    terminal.out << sweep_json(index);
    return;
  }
  terminal.out << sweep_table(index, points,
                              Page({terminal.color_out(), environment_is_utf8(), 96}))
               << fmt::format("\nResults  {}\n", (directory / "points.csv").string());
}

}  // namespace bcsim::tools
