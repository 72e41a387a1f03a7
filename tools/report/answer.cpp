#include "tools/report/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "models/ledger/cause.hpp"
#include "tools/base/html.hpp"
#include "tools/base/number_text.hpp"
#include "tools/report/chart.hpp"
#include "tools/results/plain_words.hpp"

namespace bcsim::tools {
namespace {

constexpr double kNever_s = std::numeric_limits<double>::quiet_NaN();

double sum_of(const StoredResults& results, const std::vector<std::string>& ids) {
  double sum = kNever_s;
  for (const std::string& id : ids) {
    const double value = results.value(id);
    if (std::isnan(value)) continue;
    sum = std::isnan(sum) ? value : sum + value;
  }
  return sum;
}

std::vector<std::string> in_phases(const std::vector<std::string>& phases, const std::string& id) {
  std::vector<std::string> ids;
  for (const std::string& phase : phases) ids.push_back(fmt::format("phase.{}.{}", phase, id));
  return ids;
}

std::string cause_words(const std::string& name) {
  for (const models::Cause cause : models::all_causes()) {
    if (models::name(cause) == name) return std::string(models::in_words(cause));
  }
  return name;
}

std::string counted_words(double n, const char* one, const char* many) {
  return whole_number_words(n) + (whole_number_words(n) == "1" ? one : many);
}
std::string call_words(double n) {
  return counted_words(n, " call", " calls");
}
std::string caller_words(double n) {
  return counted_words(n, " caller", " callers");
}
std::string agent_words(double n) {
  return counted_words(n, " agent", " agents");
}

/// "162 more calls", "1 fewer call", "no more calls".
std::string change_words(double n, const char* one, const char* many) {
  const long whole = std::isnan(n) ? 0 : std::lround(std::abs(n));
  if (whole == 0) return fmt::format("no more {}", many);
  return fmt::format("{} {} {}", count_words(static_cast<std::uint64_t>(whole)),
                     n > 0 ? "more" : "fewer", whole == 1 ? one : many);
}
std::string more_calls(double n) {
  return change_words(n, "call", "calls");
}
std::string more_callers(double n) {
  return change_words(n, "caller", "callers");
}

/// Calls that agents place are counted apart; where some were lost, nobody shall think none was.
void say_what_agents_placed(Sentence& s, const StoredResults& r, std::vector<std::string> ids) {
  std::erase_if(ids, [&](const std::string& id) { return !(r.value(id) > 0); });
  if (ids.empty()) return;
  s.say(" Of those that agents placed ").say(figure(r, ids, call_words)).say(" lost.");
}

std::vector<Sentence> calm_answer(const StoredResults& r) {
  Sentence first, second;
  first.say("Nothing was broken. Of ")
      .say(figure(r, {"offered"}, call_words))
      .say(" offered, ")
      .say(figure(r, {"answered"}, whole_number_words))
      .say(" were answered, after ")
      .say(figure(r, {"asa"}, duration_words))
      .say(" on average.");
  second.say(figure(r, {"abandoned"}, caller_words))
      .say(" gave up waiting, and ")
      .say(figure(r, {"lost"}, call_words))
      .say(" lost; the service level was ")
      .say(figure(r, {"service_level"}, percent_words))
      .say(".");
  say_what_agents_placed(second, r, {"outgoing.lost", "internal.lost"});
  return {first, second};
}

Sentence loss_sentence(const StoredResults& r, const std::vector<std::string>& phases) {
  Sentence s;
  s.say(fmt::format("{} at {}: ", first_fault(r), clock_of(r, first_failure_s(r))))
      .say(figure(r, in_phases(phases, "lost"), call_words))
      .say(" lost since then");
  std::vector<std::string> placed = in_phases(phases, "outgoing.lost");
  std::ranges::copy(in_phases(phases, "internal.lost"), std::back_inserter(placed));
  const auto causes = causes_of_loss(r, phases);
  if (!causes.empty()) {
    s.say(", ")
        .say(figure(r, in_phases(phases, "lost." + causes.front()), whole_number_words))
        .say(fmt::format(" of them {}", cause_words(causes.front())));
  }
  if (r.find("because.abandoned") == nullptr) {
    s.say("; ")
        .say(figure(r, in_phases(phases, "abandoned"), caller_words))
        .say(" gave up waiting.");
    say_what_agents_placed(s, r, placed);
    return s;
  }
  s.say("; because of the failure: ")
      .say(figure(r, {"because.lost"}, more_calls))
      .say(" lost and ")
      .say(figure(r, {"because.abandoned"}, more_callers))
      .say(" gave up than without it.");
  say_what_agents_placed(s, r, placed);
  return s;
}

Sentence agents_sentence(const StoredResults& r) {
  Sentence s;
  if (!(r.value("recovery.agents_affected") > 0)) {
    return s.say("No agent lost his place.");
  }
  s.say(figure(r, {"recovery.agents_affected"}, agent_words)).say(" lost their place; ");
  if (std::isnan(r.value("recovery.agents_100"))) {
    return s.say(figure(r, {"recovery.agents_returned"}, whole_number_words))
        .say(" of them were back at work by the end.");
  }
  return s.say("half were back at work after ")
      .say(figure(r, {"recovery.agents_50"}, duration_words))
      .say(", all after ")
      .say(figure(r, {"recovery.agents_100"}, duration_words))
      .say(".");
}

/// What the worst of the later failures did to the service level.
std::string later_service(const StoredResults& r) {
  double worst = 0;
  for (int n = 2; !std::isnan(r.value(fmt::format("recovery.{}.at", n))); ++n) {
    const auto of = [&](const char* id) { return r.value(fmt::format("recovery.{}.{}", n, id)); };
    if (!(of("service_level_judged") > 0)) continue;
    const double back = of("service_level_back");
    worst = std::max(worst, std::isnan(back) ? std::numeric_limits<double>::infinity() : back);
  }
  return later_failure_words(worst);
}

/// The metric of the phase since the failure in which most calls waited; empty: none did.
std::string most_waiting(const StoredResults& r, const std::vector<std::string>& phases) {
  std::string most;
  for (const std::string& id : in_phases(phases, "queue.max")) {
    if (r.value(id) > (most.empty() ? 0 : r.value(most))) most = id;
  }
  return most;
}

Sentence service_sentence(const StoredResults& r, const std::vector<std::string>& phases) {
  Sentence s;
  const double back = r.value("recovery.service_level_back");
  if (std::isnan(r.value("phase.before.service_level"))) return s;
  if (back == 0) {
    if (std::isnan(r.value("recovery.2.at"))) {
      return s.say("The service level never left its usual range.");
    }
    return s.say("Until the next failure the service level never left its usual range.")
        .say(later_service(r));
  }
  if (r.value("recovery.service_level_judged") == 0) {
    s.say("No call after the failure tells whether the service level was back");
  } else if (std::isnan(back)) {
    s.say(std::isnan(r.value("recovery.2.at"))
              ? "The service level was not seen to be back before the end"
              : "The service level was not seen to be back before the next failure");
  } else {
    s.say("The service level was back after ")
        .say(figure(r, {"recovery.service_level_back"}, duration_words));
  }
  if (const std::string most = most_waiting(r, phases); !most.empty()) {
    s.say("; at most ")
        .say(figure(r, {most}, whole_number_words))
        .say(" calls waited for an agent since the failure");
  }
  return s.say(".");
}

/// Where the service level was worst since the failure.
std::string worst_phase(const StoredResults& r, const std::vector<std::string>& phases) {
  std::string worst;
  double least = std::numeric_limits<double>::infinity();
  for (const std::string& phase : phases) {
    const double level = r.value("phase." + phase + ".service_level");
    if (!std::isnan(level) && level < least) {
      least = level;
      worst = phase;
    }
  }
  return worst;
}

}  // namespace

std::string whole_number_words(double value) {
  return std::isnan(value)
             ? "-"
             : count_words(static_cast<std::uint64_t>(std::llround(std::max(0.0, value))));
}

Figure figure(const StoredResults& results, std::vector<std::string> ids,
              std::string (*words)(double)) {
  const double sum = sum_of(results, ids);
  // Counts of phases that did not occur are nothing, not unknown.
  const bool count = words == whole_number_words || words == call_words || words == caller_words;
  std::string text = words(std::isnan(sum) && count && ids.size() > 1 ? 0 : sum);
  return {std::move(ids), std::move(text)};
}

std::string figure_html(const StoredResults& results, const Figure& f) {
  std::string ids;
  for (const std::string& id : f.ids) ids += (ids.empty() ? "" : "+") + id;
  const double sum = sum_of(results, f.ids);
  return fmt::format("<span data-metric=\"{}\" data-value=\"{}\">{}</span>", escape_html(ids),
                     std::isnan(sum) ? "" : number_text(sum), escape_html(f.words));
}

std::string Sentence::plain() const {
  std::string out;
  for (const Piece& piece : pieces)
    out += piece.figure.ids.empty() ? piece.text : piece.figure.words;
  return out;
}

std::string Sentence::html(const StoredResults& results) const {
  std::string out;
  for (const Piece& piece : pieces) {
    out += piece.figure.ids.empty() ? escape_html(piece.text)
                                    : "<b>" + figure_html(results, piece.figure) + "</b>";
  }
  return out;
}

double first_failure_s(const StoredResults& results) {
  return results.value("recovery.at");
}

std::string clock_of(const StoredResults& results, double t) {
  return tick_clock(t, results.start_of_day_s().value_or(-1), true);
}

std::string fault_at(const StoredResults& results, double at) {
  std::string text;
  for (const StoredEvent& e : results.events()) {
    if (e.name != "fault.injected" || std::abs(e.t - at) > 1e-6) continue;
    text += (text.empty() ? "" : ", ") + e.fields.value("fault", std::string());
  }
  return text.empty() ? "Failure" : text;
}

std::string first_fault(const StoredResults& results) {
  return fault_at(results, first_failure_s(results));
}

std::vector<std::string> phases_since_failure(const StoredResults& results) {
  std::vector<std::string> phases;
  for (const char* phase : {"detection", "relogin", "degraded", "after"}) {
    if (results.value(fmt::format("phase.{}.duration", phase)) > 0) phases.emplace_back(phase);
  }
  return phases;
}

std::vector<std::string> causes_of_loss(const StoredResults& results,
                                        const std::vector<std::string>& phases) {
  std::vector<std::pair<double, std::string>> found;
  for (const models::Cause cause : models::all_causes()) {
    if (!models::is_loss(cause)) continue;
    const std::string name(models::name(cause));
    const double n = phases.empty() ? results.value("lost." + name)
                                    : sum_of(results, in_phases(phases, "lost." + name));
    if (n > 0) found.emplace_back(-n, name);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (auto& [n, name] : found) names.push_back(std::move(name));
  return names;
}

std::vector<Sentence> answer(const StoredResults& results) {
  if (std::isnan(first_failure_s(results))) return calm_answer(results);
  std::vector<Sentence> sentences = {loss_sentence(results, phases_since_failure(results)),
                                     agents_sentence(results),
                                     service_sentence(results, phases_since_failure(results))};
  std::erase_if(sentences, [](const Sentence& s) { return s.pieces.empty(); });
  return sentences;
}

std::vector<Tile> tiles(const StoredResults& r) {
  const auto phases = phases_since_failure(r);
  std::vector<Tile> out;
  if (std::isnan(first_failure_s(r))) {
    out.push_back(
        {"Calls lost", figure(r, {"lost"}, whole_number_words),
         Sentence().say("of ").say(figure(r, {"attempted"}, whole_number_words)).say(" dialled")});
    out.push_back({"Service level", figure(r, {"service_level"}, percent_words), Sentence()});
  } else {
    out.push_back({"Calls lost since the failure",
                   figure(r, in_phases(phases, "lost"), whole_number_words),
                   Sentence()
                       .say("of ")
                       .say(figure(r, in_phases(phases, "attempted"), whole_number_words))
                       .say(" dialled")});
    const bool all = !std::isnan(r.value("recovery.agents_100"));
    if (r.value("recovery.agents_affected") > 0) {
      out.push_back(
          {"Until all agents were back",
           all ? figure(r, {"recovery.agents_100"}, duration_words) : Figure{{}, "not by the end"},
           Sentence()
               .say("half after ")
               .say(figure(r, {"recovery.agents_50"}, duration_words))
               .say(" · ")
               .say(figure(r, {"recovery.agents_returned"}, whole_number_words))
               .say(" of ")
               .say(figure(r, {"recovery.agents_affected"}, whole_number_words))});
    }
    if (const std::string worst = worst_phase(r, phases); !worst.empty()) {
      out.push_back({fmt::format("Service level at its worst ({})", worst),
                     figure(r, {"phase." + worst + ".service_level"}, percent_words),
                     Sentence()
                         .say("before: ")
                         .say(figure(r, {"phase.before.service_level"}, percent_words))});
    }
  }
  out.push_back({"Longest wait", figure(r, {"wait.max"}, duration_words),
                 Sentence().say("mean ").say(figure(r, {"wait.mean"}, duration_words))});
  return out;
}

}  // namespace bcsim::tools
