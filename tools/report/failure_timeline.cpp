// What came back after the failure and when: rows of bars on one scale.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/base/html.hpp"
#include "tools/report/answer.hpp"
#include "tools/report/chart.hpp"
#include "tools/report/milestones.hpp"
#include "tools/report/report_page.hpp"
#include "tools/results/plain_words.hpp"

namespace bcsim::tools {
namespace {

/// When the people are back; where some never are, nine tenths of them, or the last that are.
double people_back_s(const Milestone& m) {
  if (!std::isnan(m.after_s)) return m.after_s;
  for (const auto& [after, share] : m.curve) {
    if (share >= 0.9) return after;
  }
  return m.curve.back().first;
}

/// Where the scale ends: at the last milestone, but not so far that the others cannot be told
/// apart, if only phones and agents are back by then; what comes later has an arrow.
double scale_end(const std::vector<Milestone>& all) {
  std::vector<double> ends;
  double people = 0;
  for (const Milestone& m : all) {
    if (!m.curve.empty()) people = std::max(people, people_back_s(m));
    if (!std::isnan(m.after_s)) ends.push_back(m.after_s);
  }
  if (people > 0) ends.push_back(people);
  if (ends.empty()) return 60;
  std::sort(ends.begin(), ends.end());
  double end = ends.front();
  for (const double e : ends) {
    if (e > 6 * end && end > 20) break;
    end = e;
  }
  return std::max(end, people) * 1.06;
}

/// The share that is back, as an area over a track of 1000 by 100.
std::string curve_path(const Milestone& m, double end) {
  std::string path = "M0 100";
  const std::size_t every = std::max<std::size_t>(1, m.curve.size() / 150);
  double last = 0;
  for (std::size_t i = 0; i < m.curve.size(); ++i) {
    if (i % every != 0 && i + 1 != m.curve.size()) continue;
    last = std::min(1000.0, 1000 * m.curve[i].first / end);
    path += fmt::format("H{:.0f}V{:.0f}", last, 100 - 100 * m.curve[i].second);
  }
  return path + "H1000V100z";
}

std::string seconds_tick(double t) {
  if (t < 120) return fmt::format("{:.0f} s", t);
  if (t < 7200) return fmt::format("{:.0f} min", t / 60);
  return fmt::format("{:.1f} h", t / 3600);
}

}  // namespace

std::string failure_timeline(const StoredResults& results) {
  const auto all = milestones(results);
  if (all.empty()) return "";
  const double end = scale_end(all);
  std::string out = fmt::format(
      "<section>\n<h2>What came back, and when</h2>\n<p class=\"soft\">Seconds after “{}” at {}, "
      "to scale. A bar ends when it was back; an area shows which share was{}.</p>\n<div "
      "class=\"milestones\" role=\"list\">\n",
      escape_html(first_fault(results)), clock_of(results, first_failure_s(results)),
      results.run().at("replications").get<int>() > 1 ? " in replication 0" : "");
  for (const Milestone& m : all) {
    const bool never = std::isnan(m.after_s), beyond = !never && m.after_s > end;
    const double width = never || beyond ? 1000 : 1000 * m.after_s / end;
    const Figure when = figure(results, {m.id}, duration_words);
    out += fmt::format("<div class=\"row\" role=\"listitem\"><span class=\"label\">{}{}</span>",
                       escape_html(m.label),
                       m.note.empty() ? "" : fmt::format("<small>{}</small>", escape_html(m.note)));
    out +=
        "<svg class=\"track\" viewBox=\"0 0 1000 100\" preserveAspectRatio=\"none\" "
        "aria-hidden=\"true\">";
    if (m.curve.empty()) {
      out += fmt::format(
          "<rect class=\"wait\" y=\"36\" width=\"{:.0f}\" height=\"28\"/>"
          "<rect class=\"{}\" x=\"{:.0f}\" y=\"12\" width=\"5\" height=\"76\"/>",
          width, never || beyond ? "later" : "done", std::max(0.0, width - 5));
    } else {
      out += fmt::format("<path class=\"b1 share\" d=\"{}\"/>", curve_path(m, end));
      if (!never && !beyond) {
        out += fmt::format("<rect class=\"done\" x=\"{:.0f}\" y=\"0\" width=\"5\" height=\"100\"/>",
                           std::max(0.0, width - 5));
      }
    }
    out += "</svg>";
    out += fmt::format("<span class=\"when\">{}{}</span></div>\n", beyond ? "→ " : "",
                       never ? "not yet" : figure_html(results, when));
  }
  out +=
      "<div class=\"row axis\" aria-hidden=\"true\"><span class=\"label\"></span>"
      "<span class=\"ticks\">";
  for (const double t : time_ticks(0, end, 6)) {
    if (t > 0.96 * end) continue;  // its words would stick out
    out += fmt::format("<i style=\"left:{:.2f}%\">{}</i>", 100 * t / end, seconds_tick(t));
  }
  return out + "</span><span class=\"when\"></span></div>\n</div>\n</section>\n";
}

std::string failure_timeline_style() {
  return R"(
.milestones .row{display:grid;grid-template-columns:minmax(11rem,19rem) 1fr 5.5rem;gap:0 .9rem;
align-items:center;padding:.28rem 0;border-bottom:1px solid var(--faint);break-inside:avoid}
.milestones .label{line-height:1.25}.milestones small{display:block;color:var(--soft);
font-size:.8rem}
.milestones .track{width:100%;height:34px;display:block}
.milestones .wait{fill:var(--c1);opacity:.35}.milestones .done{fill:var(--ink)}
.milestones .later{fill:var(--bad)}.milestones .share{opacity:.55}
.milestones .when{text-align:right;font-weight:600;font-variant-numeric:tabular-nums;
white-space:nowrap}
.milestones .axis{border:0;padding-top:0}.milestones .ticks{position:relative;height:1.4rem}
.milestones .ticks i{position:absolute;transform:translateX(-50%);font-style:normal;font-size:.8rem;
color:var(--soft);white-space:nowrap}.milestones .ticks i:first-child{transform:none}
@media (max-width:640px){.milestones .row{grid-template-columns:1fr 5.2rem}
.milestones .label{grid-column:1}.milestones .when{grid-column:2;grid-row:1}
.milestones .track,.milestones .ticks{grid-column:1/-1}.milestones .axis .when{display:none}}
)";
}

}  // namespace bcsim::tools
