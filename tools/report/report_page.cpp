#include "tools/report/report_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/ledger/cause.hpp"
#include "tools/base/html.hpp"
#include "tools/report/answer.hpp"
#include "tools/report/chart.hpp"
#include "tools/report/milestones.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/results/queue_words.hpp"
#include "tools/scenario/text/diagnostics.hpp"

namespace bcsim::tools {
std::string title_of_run(const StoredResults& r) {
  const std::string title = r.run().value("title", std::string());
  return printable(title.empty() ? r.run().at("scenario").get<std::string>() : title);
}

std::string provenance(const StoredResults& r) {
  const auto& run = r.run();
  const auto n = run.at("replications").get<int>();
  return fmt::format(
      "{} · {} simulated · seed {}{} · bcsim {}", run.at("scenario").get<std::string>(),
      duration_words(run.at("horizon_s").get<double>()), run.at("seed").get<std::uint64_t>(),
      n > 1 ? fmt::format(" · {} replications", n) : "", run.at("version").get<std::string>());
}

namespace {

/// A cell: the value, and its interval if there is one.
std::string cell(const StoredResults& r, const std::string& id, std::string (*words)(double)) {
  const StoredMetric* metric = r.find(id);
  if (metric == nullptr) return "<td>-</td>";
  std::string text = figure_html(r, figure(r, {id}, words));
  if (metric->interval) {
    // Student's interval knows no bounds; counts, times and shares do.
    const bool difference = id.starts_with("because.");
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const double least = difference ? -kInfinity : 0;
    const double most = metric->unit == "1" && !difference ? 1 : kInfinity;
    const auto [low, high] = *metric->interval;
    text += fmt::format("<small>{} to {}</small>", words(std::max(least, low)),
                        words(std::min(most, high)));
  }
  return "<td>" + text + "</td>";
}

std::string first_screen(const StoredResults& r, bool with_title) {
  std::string out = "<header>\n";
  out += fmt::format("<{0}>{1}</{0}>\n<p class=\"soft\">{2}</p>\n", with_title ? "h1" : "h2",
                     escape_html(title_of_run(r)), escape_html(provenance(r)));
  out += "<p class=\"answer\">";
  for (const Sentence& sentence : answer(r)) out += sentence.html(r) + " ";
  out += "</p>\n<div class=\"tiles\">\n";
  for (const Tile& tile : tiles(r)) {
    const std::string value =
        tile.value.ids.empty() ? escape_html(tile.value.words) : figure_html(r, tile.value);
    out += fmt::format(
        "<div class=\"tile\"><span class=\"soft\">{}</span><strong>{}</strong><small>{}</small>"
        "</div>\n",
        escape_html(tile.label), value, tile.note.html(r));
  }
  return out + "</div>\n</header>\n";
}

std::string phase_table(const StoredResults& r) {
  auto phases = shown_phases(r);
  if (phases.size() == 1) phases.clear();
  std::string out = fmt::format(
      "<section>\n<h2>{}</h2>\n<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><td></td>",
      phases.empty() ? "The whole run" : "Before, during, after");
  for (const std::string& phase : phases) out += fmt::format("<th>{}</th>", phase);
  const bool twin = r.find("without_faults.lost") != nullptr;
  out += fmt::format("<th>whole run</th>{}</tr></thead>\n<tbody>\n",
                     twin ? "<th>without the failure</th>" : "");
  for (const PhaseRow& row : phase_rows()) {
    const bool of_phases_only = std::string_view(row.id) == "duration";
    if (of_phases_only && phases.empty()) continue;
    out += fmt::format("<tr><th scope=\"row\">{}</th>", row.label);
    for (const std::string& phase : phases) out += cell(r, metric_in(phase, row.id), row.words);
    out += of_phases_only ? "<td></td>" : cell(r, row.id, row.words);
    if (twin) {
      out += of_phases_only ? "<td></td>"
                            : cell(r, "without_faults." + std::string(row.id), row.words);
    }
    out += "</tr>\n";
  }
  out += "</tbody></table></div>\n";
  if (!phases.empty()) {
    out +=
        "<p class=\"soft\">detection: until all servers and gateways know · relogin: until the "
        "agents are back · degraded: until the repair</p>\n";
  }
  return out + "</section>\n";
}

/// What a service level is a share of.
const char* service_level_words(const std::string& definition) {
  if (definition == "F2") return "answered in time, of the calls answered";
  if (definition == "F3") return "answered in time, of the calls answered and given up";
  if (definition == "F4") return "answered in time, of the calls answered and given up late";
  if (definition == "F6") return "answered in time, of all calls to queues that ended";
  return "answered or given up in time, of the calls answered and given up";
}

/// How a target was kept: "kept", or "in 6 of 8 runs"; and whether in all of them.
std::pair<std::string, bool> kept_words(const StoredResults& r, const std::string& metric) {
  const double share = r.value(metric + ".met");
  const auto runs = r.summary().at("replications").get<std::uint32_t>();
  if (runs <= 1) return {share > 0 ? "✓ kept" : "✗ missed", share > 0};
  return {fmt::format("{} kept in {} of {} runs", share >= 1 ? "✓" : "✗",
                      std::llround(share * runs), runs),
          share >= 1};
}
std::string target_words(const StoredResults& r, const std::string& metric) {
  const double value = r.value(metric);
  if (metric.ends_with(".answered")) return percent_words(value);
  if (metric.ends_with(".lost_callers")) return whole_number_words(value);
  return std::isnan(value) ? "not back" : duration_words(value);
}

/// Nothing where none is set.
std::string target_table(const StoredResults& r) {
  const auto targets = r.summary().find("targets");
  if (targets == r.summary().end()) return "";
  std::string out =
      "<section>\n<h2>Targets</h2>\n<div class=\"scroll\" tabindex=\"0\"><table "
      "class=\"targets\">\n<thead><tr>"
      "<th>queue</th><th>target</th><th>demanded</th><th>was</th><th></th></tr></thead><tbody>\n";
  for (const auto& target : *targets) {
    const auto text = [&](const char* key) {
      return escape_html(target.at(key).get<std::string>());
    };
    const auto metric = target.at("metric").get<std::string>();
    const auto [kept, all] = kept_words(r, metric);
    out += fmt::format(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td{}>{}</td></tr>\n",
        text("queue"), text("target"), text("limit"), target_words(r, metric),
        all ? "" : " class=\"bad\"", kept);
  }
  return out + "</tbody></table></div>\n</section>\n";
}

/// Only where there are several: one queue is the whole run.
std::string queue_table(const StoredResults& r) {
  struct Column {
    const char *id, *label;
    std::string (*words)(double);
  };
  constexpr Column kColumns[] = {{"attempted", "dialled", whole_number_words},
                                 {"answered", "answered", whole_number_words},
                                 {"service_level", "service level", percent_words},
                                 {"asa", "mean wait", duration_words},
                                 {"abandoned", "gave up", whole_number_words},
                                 {"lost", "lost", whole_number_words},
                                 {"queue.max", "most waiting", whole_number_words}};
  const auto names = queues_worst_first(r.names_in_scope("queue"),
                                        [&](const std::string& id) { return r.value(id); });
  if (names.empty()) return "";
  std::string out =
      "<section>\n<h2>Queue by queue, the worst first</h2>\n<div class=\"scroll\" "
      "tabindex=\"0\"><table>\n<thead><tr><th>queue</th>";
  for (const Column& column : kColumns) out += fmt::format("<th>{}</th>", column.label);
  out += "</tr></thead>\n<tbody>\n";
  for (const std::string& queue : names) {
    out += fmt::format("<tr><th scope=\"row\">{}</th>", escape_html(queue));
    for (const Column& column : kColumns) {
      out += cell(r, metric_of_queue(queue, column.id), column.words);
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n</section>\n";
}

std::string loss_table(const StoredResults& r) {
  const auto causes = causes_of_loss(r, {});
  if (causes.empty()) return "";
  auto phases = shown_phases(r);
  if (phases.size() == 1) phases.clear();
  double most = 1;
  for (const std::string& cause : causes) most = std::max(most, r.value("lost." + cause));
  std::string out =
      "<section>\n<h2>Calls lost, by cause</h2>\n<div class=\"scroll\" tabindex=\"0\"><table>\n"
      "<thead><tr><th>cause</th><td></td><th>calls</th>";
  for (const std::string& phase : phases) out += fmt::format("<th>{}</th>", phase);
  out += "</tr></thead>\n<tbody>\n";
  for (const std::string& cause : causes) {
    std::string words = cause;
    for (const models::Cause c : models::all_causes()) {
      if (models::name(c) == cause) words = models::in_words(c);
    }
    const std::string id = "lost." + cause;
    out += fmt::format(
        "<tr><th scope=\"row\">{}<small>{}</small></th><td class=\"bar\"><svg viewBox=\"0 0 100 "
        "14\" "
        "preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"b1\" width=\"{:.1f}\" "
        "height=\"14\"/></svg></td>",
        escape_html(words), cause, 100 * r.value(id) / most);
    out += cell(r, id, whole_number_words);
    for (const std::string& phase : phases)
      out += cell(r, metric_in(phase, id), whole_number_words);
    out += "</tr>\n";
  }
  out += "</tbody><tfoot><tr><th scope=\"row\">all</th><td></td>";
  out += cell(r, "lost", whole_number_words);
  for (const std::string& phase : phases) {
    out += cell(r, metric_in(phase, "lost"), whole_number_words);
  }
  return out + "</tr></tfoot></table></div>\n</section>\n";
}

/// "+162", "−3": a difference of numbers.
std::string change_of_count(double n) {
  if (std::isnan(n)) return "-";
  const long whole = std::lround(n);
  const std::string digits = count_words(static_cast<std::uint64_t>(std::labs(whole)));
  return whole == 0 ? "0" : (whole > 0 ? "+" : "−") + digits;
}
std::string change_of_share(double fraction) {
  if (std::isnan(fraction)) return "-";
  return fmt::format("{}{:.1f} pp", fraction < 0 ? "−" : "+", 100 * std::abs(fraction));
}
std::string change_of_time(double seconds) {
  if (std::isnan(seconds)) return "-";
  return fmt::format("{}{}", seconds < 0 ? "−" : "+", duration_words(std::abs(seconds)));
}

/// The run, its twin and the difference: paired, replication by replication.
std::string attribution_table(const StoredResults& r) {
  struct Row {
    const char *id, *label;
    std::string (*words)(double);
    std::string (*change)(double);
  };
  constexpr Row kRows[] = {
      {"lost", "calls lost", whole_number_words, change_of_count},
      {"abandoned", "callers who gave up waiting", whole_number_words, change_of_count},
      {"default_routed", "sent to the default destination", whole_number_words, change_of_count},
      {"callers_lost", "callers not served at all", whole_number_words, change_of_count},
      {"answered", "calls answered", whole_number_words, change_of_count},
      {"service_level", "service level", percent_words, change_of_share},
      {"asa", "mean wait for an answer", duration_words, change_of_time}};
  if (r.find("because.lost") == nullptr) return "";
  std::string out =
      "<section>\n<h2>Because of the failure</h2>\n<p class=\"soft\">The same run on the same "
      "random numbers, without the failure, is its twin. Which calls are lost differs between the "
      "two for many reasons; what the failure cost is the difference of the totals.</p>\n"
      "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><td></td><th>with the failure</th>"
      "<th>without it</th><th>difference</th></tr></thead>\n<tbody>\n";
  for (const Row& row : kRows) {
    const std::string id = row.id;
    if (r.find("because." + id) == nullptr) continue;
    out += fmt::format("<tr><th scope=\"row\">{}</th>", row.label);
    out += cell(r, id, row.words) + cell(r, "without_faults." + id, row.words) +
           cell(r, "because." + id, row.change) + "</tr>\n";
  }
  return out + "</tbody></table></div>\n</section>\n";
}

std::string verdict_list(const StoredResults& r) {
  std::string out =
      "<section>\n<h2>Checks and expectations</h2>\n<div class=\"scroll\" tabindex=\"0\"><table>\n"
      "<thead><tr><th>what</th><th>verdict</th><th>examined</th></tr></thead><tbody>\n";
  for (const auto& v : r.verdicts().at("verdicts")) {
    const std::string verdict = v.at("verdict");
    const char* mark = verdict == "good" ? "✓" : verdict == "violated" ? "✕" : "–";
    out += fmt::format(
        "<tr><th scope=\"row\">{}<small>{}</small></th><td class=\"{}\">{} "
        "{}</td><td>{}</td></tr>\n",
        escape_html(v.at("id").get<std::string>()), escape_html(v.value("text", std::string())),
        verdict, mark, verdict == "not_applicable" ? "not applicable" : verdict,
        count_words(v.at("examined").get<std::uint64_t>()));
  }
  return out + "</tbody></table></div>\n</section>\n";
}

std::string warning_list(const StoredResults& r) {
  const auto& warnings = r.run().at("warnings");
  if (warnings.empty()) return "";
  std::string out = "<section>\n<h2>What check warned of</h2>\n<ul>\n";
  for (const auto& warning : warnings) {
    out += fmt::format("<li>{}</li>\n", escape_html(warning.get<std::string>()));
  }
  return out + "</ul>\n</section>\n";
}

std::string about(const StoredResults& r) {
  const auto& run = r.run();
  const auto text = [&run](const char* key) { return escape_html(run.at(key).get<std::string>()); };
  std::string out =
      "<section>\n<h2>How this was made</h2>\n<div class=\"scroll\" "
      "tabindex=\"0\"><table><tbody>\n";
  const auto row = [&out](const char* name, const std::string& value) {
    out += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", name, value);
  };
  row("run", text("run_id"));
  row("scenario", text("scenario") + ", hash " + text("scenario_hash"));
  row("seed, replications", fmt::format("{}, {}", run.at("seed").get<std::uint64_t>(),
                                        run.at("replications").get<int>()));
  row("program", fmt::format("bcsim {} ({}), SimGrid {}, {}", text("version"), text("git_commit"),
                             text("simgrid_version"), text("compiler")));
  row("messages", count_words(run.at("messages_delivered").get<std::uint64_t>()));
  row("journal", text("journal_fingerprint"));
  for (const auto& accepted : run.at("accepted")) {
    row("accepted", escape_html(accepted.get<std::string>()));
  }
  const auto& level = r.summary().at("service_level");
  out += "</tbody></table></div>\n<details><summary>Definitions</summary><dl>\n";
  out += fmt::format(
      "<dt>service level</dt><dd>{} (definition {}), within {} s</dd>"
      "<dt>lost</dt><dd>ended by the contact centre without service: cut off, blocked, rejected, "
      "unanswered, or given up before a server took it</dd>"
      "<dt>callers harmed</dt><dd>cut off, never got through, gave up, or waited too long: each "
      "caller once, by the worst</dd>"
      "<dt>gave up waiting</dt><dd>the caller hung up after a SIP Server had taken the call</dd>"
      "<dt>wait</dt><dd>from the instant a SIP Server takes the call to the answer, ringing "
      "included</dd>"
      "<dt>agents at work</dt><dd>on shift, logged in at a SIP Server that serves and can be "
      "reached, with phone and desktop</dd>",
      service_level_words(level.at("definition").get<std::string>()),
      escape_html(level.at("definition").get<std::string>()), level.at("threshold_s").dump());
  out += "</dl></details>\n<details><summary>The complete scenario</summary><pre>";
  out += escape_html(run.at("effective_scenario").get<std::string>());
  return out + "</pre></details>\n</section>\n";
}

/// Several results: their answers and figures in columns.
std::string side_by_side(const std::vector<StoredResults>& all) {
  std::string out =
      "<section>\n<h1>Results side by side</h1>\n<div class=\"scroll\" tabindex=\"0\"><table>\n"
      "<thead><tr><td></td>";
  for (std::size_t i = 0; i < all.size(); ++i) {
    out += fmt::format("<th><a href=\"#run{}\">{}</a><small>{} · seed {}</small></th>", i + 1,
                       escape_html(title_of_run(all[i])),
                       escape_html(all[i].run().at("run_id").get<std::string>()),
                       all[i].run().at("seed").get<std::uint64_t>());
  }
  out += "</tr></thead><tbody>\n";
  const auto row = [&](const char* label, const char* id, std::string (*words)(double)) {
    out += fmt::format("<tr><th scope=\"row\">{}</th>", label);
    for (const StoredResults& r : all) out += cell(r, id, words);
    out += "</tr>\n";
  };
  for (const PhaseRow& r : phase_rows()) {
    if (std::string_view(r.id) != "duration") row(r.label, r.id, r.words);
  }
  row("agents affected", "recovery.agents_affected", whole_number_words);
  row("half of them back after", "recovery.agents_50", duration_words);
  row("all of them back after", "recovery.agents_100", duration_words);
  row("gateways switched after", "recovery.gateways_switched", duration_words);
  row("service level back after", "recovery.service_level_back", duration_words);
  row("queue drained after", "recovery.queue_drained", duration_words);
  return out + "</tbody></table></div>\n</section>\n";
}

constexpr std::string_view kReportStyle = R"(
.targets td,.targets th{text-align:left}
.answer{font-size:1.35rem;line-height:1.4;margin:1rem 0 1.2rem;max-width:60rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(200px,100%),1fr));gap:.8rem}
.tile{background:var(--card);border:1px solid var(--faint);border-radius:8px;padding:.7rem .9rem}
.tile span.soft,.tile small{display:block;font-size:.85rem;color:var(--soft)}
.tile small b{font-weight:400}.tile small span,.tile strong span{font-size:inherit;color:inherit}
.tile strong{display:block;font-size:1.7rem;line-height:1.3;font-variant-numeric:tabular-nums}
th small,td small{display:block;font-weight:400;font-size:.78rem;color:var(--soft)}
th small{white-space:normal}
tbody th,tfoot th{font-weight:500;white-space:normal;min-width:11rem}
tfoot td,tfoot th{font-weight:600;border-top:2px solid var(--faint)}
td.bar{width:8rem;min-width:5rem}td.bar svg{width:100%;height:14px;display:block}
td.good{color:var(--good)}td.violated{color:var(--bad);font-weight:600}
dt{font-weight:600}dd{margin:0 0 .4rem}
@media (max-width:640px){.tiles{grid-template-columns:1fr 1fr}.answer{font-size:1.15rem}
th,td{padding:.3rem .4rem}.tile strong{font-size:1.35rem}}
@media print{.tile{break-inside:avoid}details:not([open]){display:none}section{break-inside:auto}}
)";

}  // namespace

const std::vector<PhaseRow>& phase_rows() {
  static const std::vector<PhaseRow> rows = {
      {"time", "duration", rough_duration_words},
      {"calls dialled", "attempted", whole_number_words},
      {"calls answered", "answered", whole_number_words},
      {"service level", "service_level", percent_words},
      {"mean wait for an answer", "asa", duration_words},
      {"longest wait", "wait.max", duration_words},
      {"gave up waiting", "abandoned", whole_number_words},
      {"calls lost", "lost", whole_number_words},
      {"callers harmed", "harmed", whole_number_words},
      {"most calls waiting", "queue.max", whole_number_words},
      {"agents at work", "agents.at_work", number_words},
      {"agents busy", "occupancy", percent_words}};
  return rows;
}

std::vector<std::string> shown_phases(const StoredResults& results) {
  std::vector<std::string> phases = phases_since_failure(results);
  if (results.value("phase.before.duration") > 0) phases.insert(phases.begin(), "before");
  return phases;
}

std::string metric_in(const std::string& phase, const std::string& id) {
  return phase.empty() ? id : fmt::format("phase.{}.{}", phase, id);
}

std::string report_html(const std::vector<StoredResults>& results) {
  std::string body = chart_patterns();
  const bool several = results.size() > 1;
  if (several) body += side_by_side(results);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const StoredResults& r = results[i];
    body += fmt::format("<article id=\"run{}\">\n", i + 1);
    body += first_screen(r, !several);
    body += target_table(r) + failure_timeline(r) + failure_charts(r) + phase_table(r) +
            queue_table(r) + loss_table(r) + attribution_table(r) + whole_run_charts(r) +
            verdict_list(r) + warning_list(r) + about(r);
    body += "</article>\n";
  }
  return html_page({several ? "bcsim: results side by side" : title_of_run(results.front()),
                    chart_style() + failure_timeline_style() + std::string(kReportStyle), body,
                    true});
}

std::string report_markdown(const std::vector<StoredResults>& results) {
  std::string out;
  for (const StoredResults& r : results) {
    if (!out.empty()) out += "\n";
    out += fmt::format("## {}\n\n", escape_markdown(title_of_run(r)));
    for (const Sentence& sentence : answer(r)) out += escape_markdown(sentence.plain()) + " ";
    out.back() = '\n';
    out += fmt::format("\n*{}*\n\n", escape_markdown(provenance(r)));
    auto phases = shown_phases(r);
    if (phases.size() == 1) phases.clear();
    std::string head = "| |", rule = "|---|";
    for (const std::string& phase : phases) {
      head += fmt::format(" {} |", phase);
      rule += "---:|";
    }
    out += head + " whole run |\n" + rule + "---:|\n";
    for (const PhaseRow& row : phase_rows()) {
      out += fmt::format("| {} |", row.label);
      for (const std::string& phase : phases) {
        out += fmt::format(" {} |", row.words(r.value(metric_in(phase, row.id))));
      }
      const bool of_phases_only = std::string_view(row.id) == "duration";
      out += of_phases_only ? "  |\n" : fmt::format(" {} |\n", row.words(r.value(row.id)));
    }
    if (const auto targets = r.summary().find("targets"); targets != r.summary().end()) {
      out += "\n| target | demanded | was | |\n|---|---|---|---|\n";
      for (const auto& target : *targets) {
        const auto text = [&](const char* key) {
          return escape_markdown(target.at(key).get<std::string>());
        };
        const auto metric = target.at("metric").get<std::string>();
        out += fmt::format("| {}: {} | {} | {} | {} |\n", text("queue"), text("target"),
                           text("limit"), target_words(r, metric), kept_words(r, metric).first);
      }
    }
    const auto back = milestones(r);
    if (!back.empty()) out += "\n| back after the failure | |\n|---|---:|\n";
    for (const Milestone& m : back) {
      const std::string note = m.note.empty() ? "" : " (" + m.note + ")";
      out += fmt::format("| {} | {} |\n", escape_markdown(m.label + note),
                         std::isnan(m.after_s) ? "not yet" : duration_words(m.after_s));
    }
    for (const auto& v : r.verdicts().at("verdicts")) {
      if (v.at("verdict") != "violated") continue;
      out += fmt::format("\n**Violated:** {}: {}\n", escape_markdown(v.at("id").get<std::string>()),
                         escape_markdown(v.value("text", std::string())));
    }
    for (const auto& warning : r.run().at("warnings")) {
      out += fmt::format("\n**Check warned:** {}\n", escape_markdown(warning.get<std::string>()));
    }
  }
  return out;
}

}  // namespace bcsim::tools
