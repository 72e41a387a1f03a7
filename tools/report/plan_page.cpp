// The page of a plan: how much of everything is enough, and how sure that is.
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

using PlanJson = nlohmann::ordered_json;

double plan_json_number(const PlanJson& json) {
  return json.is_number() ? json.get<double>() : std::numeric_limits<double>::quiet_NaN();
}
std::string plan_json_words(const PlanJson& json) {
  return json.is_number() ? fmt::format("{:.4g}", json.get<double>()) : "-";
}

std::string status_in_words(const PlanJson& json) {
  std::string words = json.at("status");
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::string goal_text(const PlanJson& goal) {
  std::string text = goal.at("measure").get<std::string>();
  for (const auto& [key, sign] : {std::pair{"at_least", "≥"}, {"at_most", "≤"}}) {
    if (!goal.contains(key) || !goal.at(key).is_number()) continue;
    text += fmt::format(" {} {:.4g}", sign, goal.at(key).get<double>());
  }
  if (goal.contains("over")) text += ", over the " + goal.at("over").get<std::string>();
  if (const auto p = goal.find("probability"); p != goal.end() && p->is_number()) {
    text += fmt::format(", in {} of all runs", percent_words(p->get<double>()));
  }
  return text;
}

/// Which share of the runs held the goal, over the candidates.
std::string candidates_chart(const PlanJson& answer) {
  std::vector<std::pair<double, const PlanJson*>> points;
  for (const auto& point : answer.at("points")) {
    if (point.at("value").is_number()) points.emplace_back(point.at("value").get<double>(), &point);
  }
  if (points.size() < 2) return "";
  std::sort(points.begin(), points.end());
  ChartSpec spec;
  spec.title = answer.at("question").get<std::string>();
  spec.unit = "share of the runs in which the goal holds";
  spec.percent = true;
  spec.x_title = answer.at("unit").get<std::string>();
  ChartSeries held = {.name = "held", .y = {}};
  for (const auto& [value, point] : points) {
    const auto& bounds = point->at("held_bounds");
    spec.x.push_back(value);
    spec.labels.emplace_back(value, amount_words(value, ""));
    held.y.push_back(plan_json_number(point->at("held_share")));
    held.low.push_back(bounds.is_array() ? plan_json_number(bounds.at(0)) : held.y.back());
    held.high.push_back(bounds.is_array() ? plan_json_number(bounds.at(1)) : held.y.back());
  }
  spec.series = {std::move(held)};
  const double span = spec.x.back() - spec.x.front();
  spec.x_from = spec.x.front() - 0.03 * span;
  spec.x_to = spec.x.back() + 0.03 * span;
  return chart_figure(spec);
}

std::string answers_table(const PlanJson& answers) {
  std::string out =
      "<section>\n<h2>What is enough</h2>\n<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>"
      "<th>of what</th><th>enough</th><th>not enough</th><th>the scenario has</th>"
      "<th>a formula says</th><th class=\"goal\">goal</th></tr></thead><tbody>\n";
  for (const auto& a : answers) {
    const bool decided = a.at("status") == "decided";
    out += fmt::format(
        "<tr><th "
        "scope=\"row\">{}<small>{}</small></th><td><b>{}</b><small>{}</small></td><td>{}</td>"
        "<td>{}</td><td>{}<small>{}</small></td><td class=\"goal\">{}</td></tr>\n",
        escape_html(a.at("question").get<std::string>()),
        escape_html(a.at("unit").get<std::string>()), plan_json_words(a.at("value")),
        decided ? "" : escape_html(status_in_words(a)), plan_json_words(a.at("not_enough")),
        plan_json_words(a.at("scenario_value")), plan_json_words(a.at("first_guess")),
        escape_html(a.value("first_guess_by", std::string())),
        escape_html(goal_text(a.at("goal"))));
  }
  return out + "</tbody></table></div>\n</section>\n";
}

/// What an answer consists of: groups, gateways, shifts; and the settings to try it with.
std::string parts_tables(const PlanJson& answers) {
  std::string out;
  for (const auto& a : answers) {
    const auto& parts = a.at("parts");
    if (parts.empty()) continue;
    const bool guessed = parts.front().contains("first_guess");
    out += fmt::format(
        "<div><h3>{}</h3>\n<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th>{}</th>"
        "<th>{}</th>{}</tr></thead><tbody>\n",
        escape_html(a.at("answer").get<std::string>()), guessed ? "from" : "of which",
        guessed ? "people" : "value", guessed ? "<th>a formula says</th>" : "");
    for (const auto& part : parts) {
      out += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td>",
                         escape_html(part.at("name").get<std::string>()),
                         plan_json_words(part.at("value")));
      if (guessed) out += fmt::format("<td>{}</td>", plan_json_words(part.at("first_guess")));
      out += "</tr>\n";
    }
    out += "</tbody></table></div>\n<details><summary>Settings, for --set</summary><pre>";
    for (const auto& setting : a.at("settings")) {
      out += escape_html(setting.get<std::string>()) + "\n";
    }
    out += "</pre></details></div>\n";
  }
  if (out.empty()) return "";
  return "<section>\n<h2>In detail</h2>\n<div class=\"charts\">\n" + out + "</div>\n</section>\n";
}

std::string candidate_words(const PlanJson& entry, const char* key) {
  if (!entry.contains(key) || !entry.at(key).is_object()) return "-";
  const auto& candidate = entry.at(key);
  return fmt::format("{} ({})", escape_html(candidate.at("verdict").get<std::string>()),
                     percent_words(plan_json_number(candidate.at("held_share"))));
}

std::string headroom_table(const PlanJson& headroom) {
  if (headroom.empty()) return "";
  std::string out =
      "<section>\n<h2>Headroom</h2>\n<p class=\"soft\">Does the goal hold with more calls, and in "
      "which share of the runs?</p>\n<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>"
      "<th>more calls</th><th>nothing fails</th><th>with the failure</th></tr></thead><tbody>\n";
  for (const auto& entry : headroom) {
    out += fmt::format("<tr><th scope=\"row\">+{}</th><td>{}</td><td>{}</td></tr>\n",
                       percent_words(plan_json_number(entry.at("growth"))),
                       candidate_words(entry, "without_failure"),
                       candidate_words(entry, "through_failure"));
  }
  return out + "</tbody></table></div>\n</section>\n";
}

constexpr std::string_view kPlanStyle = R"(
.answer{font-size:1.15rem;line-height:1.4;max-width:60rem}
th small,td small{display:block;font-weight:400;font-size:.78rem;color:var(--soft)}
td{white-space:normal}
.goal{text-align:left}
pre{overflow-x:auto;font-size:.78rem}
)";

}  // namespace

std::string plan_html(const PlanJson& plan) {
  try {
    const std::string scenario = plan.at("scenario");
    const std::string title = plan.value("title", std::string());
    std::string body = chart_patterns();
    body += fmt::format(
        "<header>\n<h1>{}: what is enough</h1>\n<p class=\"soft\">{} · {} · each claim is right "
        "with {} · seed {}</p>\n",
        escape_html(title.empty() ? scenario : title), escape_html(scenario),
        escape_html(status_in_words(plan)), percent_words(plan_json_number(plan.at("confidence"))),
        plan.at("seed").get<std::uint64_t>());
    for (const auto& answer : plan.at("answers")) {
      body += fmt::format("<p class=\"answer\"><b>{}</b>: {}</p>\n",
                          escape_html(answer.at("answer").get<std::string>()),
                          escape_html(answer.at("because").get<std::string>()));
    }
    body += "</header>\n" + answers_table(plan.at("answers"));
    std::string charts;
    for (const auto& answer : plan.at("answers")) charts += candidates_chart(answer);
    if (!charts.empty()) {
      body += "<section>\n<h2>Candidates</h2>\n<div class=\"charts\">\n" + charts +
              "</div>\n</section>\n";
    }
    body += headroom_table(plan.at("headroom")) + parts_tables(plan.at("answers"));
    return html_page(
        {"bcsim: plan of " + scenario, chart_style() + std::string(kPlanStyle), body, true});
  } catch (const PlanJson::exception& e) {
    throw InputError(fmt::format("this is no plan of bcsim: {}", e.what()));
  }
}

}  // namespace bcsim::tools
