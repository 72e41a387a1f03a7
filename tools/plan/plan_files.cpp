// plan.json and plan.csv.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tools/plan/plan_output.hpp"
#include "tools/results/csv_line.hpp"
#include "tools/stats/estimate_json.hpp"

namespace bcsim::tools {
namespace {

using PlanJson = nlohmann::ordered_json;

PlanJson point_json(const PlanPoint& p) {
  const Judgement& j = p.judgement;
  PlanJson out = {{"value", json_number(p.value)},
                  {"verdict", name(j.verdict)},
                  {"replications", j.n},
                  {"held", j.met}};
  out["held_share"] = j.n > 0 ? json_number(static_cast<double>(j.met) / j.n) : PlanJson(nullptr);
  out["held_bounds"] = {json_number(j.share_low), json_number(j.share_high)};
  out["mean"] = json_number(j.value.value);
  out["interval"] = json_interval(j.value);
  if (p.details.empty()) return out;
  out["metrics"] = PlanJson::object();
  for (const auto& [id, value] : p.details) out["metrics"][id] = json_number(value);
  return out;
}

PlanJson optional_point(const std::optional<PlanPoint>& p) {
  return p ? json_number(p->value) : PlanJson(nullptr);
}

PlanJson goal_json(const Goal& goal) {
  PlanJson out = {{"measure", goal.metric ? goal.metric->id : std::string(name(goal.measure))},
                  {goal.at_least() ? "at_least" : "at_most", json_number(goal.limit)},
                  {"over", name(goal.stretch)}};
  out["probability"] = goal.probability ? json_number(*goal.probability) : PlanJson(nullptr);
  return out;
}

PlanJson answer_json(const KeptAnswer& a, const PlannerOptions& options) {
  PlanJson out = {{"question", name(a.wanted)}, {"unit", a.unit}, {"status", name(a.status)}};
  out["answer"] = answer_words(a);
  out["value"] = optional_point(a.meets);
  out["not_enough"] = optional_point(a.fails);
  out["not_decided"] = a.open;
  out["scenario_value"] = json_number(a.now);
  out["first_guess"] = json_number(a.first_guess);
  out["first_guess_by"] = a.guess_by;
  out["goal"] = goal_json(a.goal);
  out["parts"] = PlanJson::array();
  for (const PlanPart& part : a.parts) {
    PlanJson entry = {{"name", part.name}, {"value", json_number(part.value)}};
    if (!std::isnan(part.first_guess)) entry["first_guess"] = json_number(part.first_guess);
    out["parts"].push_back(std::move(entry));
  }
  out["settings"] = a.settings;
  out["because"] = because(a, options);
  out["points"] = PlanJson::array();
  for (const PlanPoint& p : a.points) out["points"].push_back(point_json(p));
  out["verification"] = PlanJson::array();
  for (const PlanPoint& p : a.verification) out["verification"].push_back(point_json(p));
  return out;
}

void add_row(std::string& csv, std::string_view question, const PlanPoint& p) {
  const Judgement& j = p.judgement;
  CsvLine line(csv);
  line.text(question).real(p.value).text(name(j.verdict)).number(j.n).number(j.met);
  line.real(j.share_low).real(j.share_high).real(j.value.value);
  line.real(j.value.has_interval() ? j.value.low() : std::nan(""));
  line.real(j.value.has_interval() ? j.value.high() : std::nan(""));
  line.end();
}

}  // namespace

const std::vector<std::string>& plan_columns() {
  static const std::vector<std::string> columns = {
      "question", "value",     "verdict", "replications", "held",
      "held_low", "held_high", "mean",    "low",          "high"};
  return columns;
}

std::string plan_csv(const PlanResult& r) {
  std::string out;
  CsvLine header(out);
  for (const std::string& column : plan_columns()) header.text(column);
  header.end();
  for (const KeptAnswer& a : r.answers) {
    for (const PlanPoint& p : a.points) add_row(out, name(a.wanted), p);
    for (const PlanPoint& p : a.verification) {
      add_row(out, fmt::format("{}.verification", name(a.wanted)), p);
    }
  }
  for (const HeadroomRow& row : r.headroom) {
    add_row(out, "headroom.n", row.without);
    if (row.through) add_row(out, "headroom.n+1", *row.through);
  }
  return out;
}

std::string plan_json(const PlanResult& r) {
  PlanJson j;
  j["scenario"] = r.scenario;
  j["title"] = r.title;
  j["plan_id"] = r.id;
  j["seed"] = r.seed;
  j["status"] = name(r.status());
  j["confidence"] = json_number(r.options.goals.confidence);
  j["max_replications"] = r.options.most;
  j["within"] = json_number(r.options.within);
  j["answers"] = PlanJson::array();
  for (const KeptAnswer& a : r.answers) j["answers"].push_back(answer_json(a, r.options));
  j["headroom"] = PlanJson::array();
  for (const HeadroomRow& row : r.headroom) {
    PlanJson entry = {{"growth", json_number(row.growth)},
                      {"without_failure", point_json(row.without)},
                      {"without_failure_erlang_a", json_number(row.without_forecast)}};
    entry["through_failure"] = row.through ? point_json(*row.through) : PlanJson(nullptr);
    entry["through_failure_erlang_a"] =
        row.through ? json_number(row.through_forecast) : PlanJson(nullptr);
    j["headroom"].push_back(std::move(entry));
  }
  return j.dump(2, ' ', false, PlanJson::error_handler_t::replace) + "\n";
}

}  // namespace bcsim::tools
