#include "tools/plan/plan_output.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "tools/base/page.hpp"
#include "tools/results/plain_words.hpp"

namespace bcsim::tools {
namespace {

/// A value of the measure, in its unit.
std::string measured_words(const Goal& goal, double value) {
  const bool seconds =
      goal.metric ? goal.metric->unit == "s" : goal.measure == Measure::server_delay;
  if (seconds) return fmt::format("{:.4g} s", value);
  const bool share = !goal.metric || goal.metric->unit == "1";
  return share ? fmt::format("{:.4g} %", 100 * value) : fmt::format("{:.4g}", value);
}

std::string measure_words(const Goal& goal) {
  if (goal.metric) {
    return fmt::format("{} {} {}", goal.metric->id, goal.at_least() ? "at least" : "at most",
                       measured_words(goal, goal.limit));
  }
  const std::string limit = goal.measure == Measure::server_delay
                                ? duration_words(goal.limit)
                                : fmt::format("{:.3g} %", 100 * goal.limit);
  switch (goal.measure) {
    case Measure::service_level:
      return fmt::format("service level at least {}", limit);
    case Measure::blocking:
      return fmt::format("at most {} of the calls blocked", limit);
    case Measure::server_delay:
      return fmt::format("no message waits more than {} for a SIP Server", limit);
    case Measure::media_degraded:
      return fmt::format("at most {} of the answered calls with degraded speech", limit);
    case Measure::metric:
      break;
  }
  return limit;
}

std::string certainty_words(const Goal& goal) {
  return goal.probability ? fmt::format("in {:.4g} % of the runs", 100 * *goal.probability)
                          : "on average";
}

std::string stretch_words(const Goal& goal) {
  if (goal.metric) return "of each run";
  return goal.stretch == Stretch::failure ? "from the failure on" : "over the whole run";
}

std::string value_words(double value) {
  return value == std::round(value) && std::abs(value) < 1e6
             ? count_words(static_cast<std::uint64_t>(value))
             : fmt::format("{:.4g}", value);
}

/// "service level 81.3 ± 0.4 % on average; held in 46 of 49 runs".
std::string evidence_words(const Goal& goal, const Judgement& j) {
  std::string text = measured_words(goal, j.value.value);
  if (std::isnan(j.value.value)) text = "never reached";
  const std::size_t unit = text.find(' ');
  if (j.value.has_interval()) {
    const std::string half = measured_words(goal, j.value.half);
    text = fmt::format("{} ± {:.2g}{}", text.substr(0, unit), std::strtod(half.c_str(), nullptr),
                       unit == std::string::npos ? "" : text.substr(unit));
  }
  text += " on average";
  if (goal.probability) text += fmt::format(", held in {} of {} runs", j.met, j.n);
  return text;
}

std::string headroom_cell(const Goal& goal, const PlanPoint& point, double forecast) {
  const Judgement& j = point.judgement;
  const char* verdict = j.verdict == PlanVerdict::meets   ? "yes"
                        : j.verdict == PlanVerdict::fails ? "no"
                                                          : "undecided";
  const std::string value = goal.metric ? measured_words(goal, j.value.value)
                                        : fmt::format("{:.1f} %", 100 * j.value.value);
  return pad_right(verdict, 10) + pad_left(value, 8) +
         pad_left(fmt::format("{}/{}", j.met, j.n), 9) +
         pad_left(goal.metric ? "-" : fmt::format("{:.1f} %", 100 * forecast), 9);
}

/// "  because  with 18: …", broken at spaces, every line below the first word.
void add_labelled(Page& page, const std::string& label, const std::string& text) {
  constexpr std::size_t kIndent = 11;
  std::string line = pad_right("  " + label, kIndent);
  bool empty = true;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t to = std::min(text.find(' ', from), text.size());
    const std::string word = text.substr(from, to - from);
    if (!empty && columns(line) + 1 + columns(word) > page.width()) {
      page.line(line);
      line = std::string(kIndent, ' ');
      empty = true;
    }
    line += (empty ? "" : " ") + word;
    empty = false;
    from = to + 1;
  }
  page.line(line);
}

void add_headroom(Page& page, const PlanResult& r) {
  if (r.headroom.empty()) return;
  const Goal goal = r.options.goals.of_people();
  page.blank();
  page.line(page.bold("Headroom") +
            fmt::format(": {}, {}?", measure_words(goal), certainty_words(goal)));
  page.line(page.bold(
      pad_right("calls", 9) + pad_right("N: nothing fails", 30) + pad_left("Erlang A", 8) +
      (r.has_faults ? "   " + pad_right("N+1: through the failure", 28) + pad_left("Erlang A", 8)
                    : "")));
  for (const HeadroomRow& row : r.headroom) {
    std::string line = pad_right(fmt::format("+{:.3g} %", 100 * row.growth), 9) +
                       headroom_cell(goal, row.without, row.without_forecast);
    if (row.through) line += "   " + headroom_cell(goal, *row.through, row.through_forecast);
    page.line(line);
  }
}

void add_answer(Page& page, const KeptAnswer& a, const PlannerOptions& options) {
  page.blank();
  const std::string text = answer_words(a);
  page.line(page.bold(pad_right(std::string(name(a.wanted)), 9)) +
            (a.status == AnswerStatus::decided ? page.bold(text) : page.alarming(text)));
  add_labelled(page, "asked",
               fmt::format("{}, {}, {}", measure_words(a.goal), certainty_words(a.goal),
                           stretch_words(a.goal)));
  if (a.parts.size() <= 8 && a.parts.size() > 1) {
    std::vector<std::string> parts;
    for (const PlanPart& part : a.parts) {
      parts.push_back(fmt::format("{} {}", part.name, value_words(part.value)));
    }
    add_labelled(page, "that is", fmt::format("{}", fmt::join(parts, " · ")));
  } else if (!a.parts.empty()) {
    page.line("  shift    people (first guess)");
    std::string line;
    for (const PlanPart& part : a.parts) {
      line += pad_right(
          fmt::format("  {} {:.0f} ({:.0f})", part.name, part.value, part.first_guess), 19);
      if (columns(line) < 76) continue;
      page.line(line);
      line.clear();
    }
    if (!line.empty()) page.line(line);
  }
  add_labelled(page, "because", because(a, options));
}

}  // namespace

KeptAnswer keep(const PlanAnswer& answer) {
  const PlanQuestion& q = answer.question;
  KeptAnswer out;
  out.wanted = q.wanted;
  out.unit = q.unit;
  out.goal = q.goal;
  out.status = answer.status;
  out.now = q.now;
  out.first_guess = q.value(q.range.first);
  out.most_possible = q.value(q.range.high);
  out.guess_by = q.guess_by;
  if (answer.found.meets) {
    out.meets = *answer.point(*answer.found.meets);
    out.parts = q.parts(*answer.found.meets);
    out.settings = settings_of(answer);
  }
  if (answer.found.fails) out.fails = *answer.point(*answer.found.fails);
  for (const int open : answer.found.open) out.open.push_back(q.value(open));
  out.points = answer.points;
  out.verification = answer.verification;
  return out;
}

AnswerStatus PlanResult::status() const {
  const auto has = [&](AnswerStatus status) {
    return std::any_of(answers.begin(), answers.end(),
                       [=](const KeptAnswer& a) { return a.status == status; });
  };
  if (has(AnswerStatus::impossible)) return AnswerStatus::impossible;
  const auto open = [](const PlanPoint& point) {
    return point.judgement.verdict == PlanVerdict::open;
  };
  const bool open_row = std::ranges::any_of(headroom, [&](const HeadroomRow& row) {
    return open(row.without) || (row.through && open(*row.through));
  });
  return has(AnswerStatus::not_decided) || open_row ? AnswerStatus::not_decided
                                                    : AnswerStatus::decided;
}

std::string answer_words(const KeptAnswer& a) {
  if (a.status == AnswerStatus::impossible) {
    return fmt::format("no number up to {} is enough", value_words(a.most_possible));
  }
  if (!a.meets) return "not decided";
  if (a.status == AnswerStatus::decided) return value_words(a.meets->value) + " " + a.unit;
  return fmt::format("{} {} are enough; fewer: not decided", value_words(a.meets->value), a.unit);
}

std::string because(const KeptAnswer& a, const PlannerOptions& options) {
  std::string text;
  if (a.meets) {
    text += fmt::format("with {}: {}. ", value_words(a.meets->value),
                        evidence_words(a.goal, a.meets->judgement));
  }
  if (a.fails) {
    text += fmt::format("With {}: {}, which is not enough. ", value_words(a.fails->value),
                        evidence_words(a.goal, a.fails->judgement));
  } else if (a.meets && a.status == AnswerStatus::decided) {
    text += "It is the least that can be asked for. ";
  }
  if (a.status == AnswerStatus::not_decided) {
    std::vector<std::string> open;
    for (const double value : a.open) open.push_back(value_words(value));
    text += fmt::format("At most {} replications did not decide{}{} (--max-replications). ",
                        options.most, open.empty() ? "" : " ", fmt::join(open, ", "));
  }
  if (a.status == AnswerStatus::impossible) {
    text += "More would not help: what is missing is not " + a.unit + ". ";
  }
  text += fmt::format("First guess: {} ({})", value_words(a.first_guess), a.guess_by);
  if (!std::isnan(a.now)) text += fmt::format("; the scenario has {}", value_words(a.now));
  text += ".";
  for (const PlanPoint& point : a.verification) {
    text += fmt::format(" Verified on fresh random numbers: {} {} ({}).", value_words(point.value),
                        name(point.judgement.verdict), evidence_words(a.goal, point.judgement));
  }
  return text;
}

std::string plan_table(const PlanResult& r, const SummaryStyle& style) {
  Page page({style.color, style.utf8, 96});
  page.heading(r.scenario, fmt::format("{:.4g} % confidence · at most {} replications each",
                                       100 * r.options.goals.confidence, r.options.most));
  page.line(shortened(r.title, page.width()));
  if (r.answers.size() > 1) {
    std::vector<std::string> all;
    for (const KeptAnswer& answer : r.answers) all.push_back(answer_words(answer));
    page.blank();
    page.paragraph(page.bold(fmt::format("{}", fmt::join(all, " · "))));
  }
  for (const KeptAnswer& answer : r.answers) add_answer(page, answer, r.options);
  add_headroom(page, r);
  page.blank();
  page.line("Results  " + r.directory + "/plan.json (its settings are for --set), plan.csv");
  return page.take();
}

}  // namespace bcsim::tools
