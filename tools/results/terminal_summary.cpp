#include "tools/results/terminal_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/base/page.hpp"
#include "tools/results/came_back.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/results/queue_words.hpp"
#include "tools/results/replication_summary.hpp"
#include "tools/results/target_words.hpp"

namespace bcsim::tools {
namespace {

using models::Cause;
using models::Phase;
using models::Recovery;
using models::RunResult;

constexpr Phase kShownPhases[] = {Phase::before, Phase::detection, Phase::relogin, Phase::degraded,
                                  Phase::after};

std::string whole_words(double n) {
  return std::isnan(n) ? "-" : count_words(static_cast<std::uint64_t>(std::llround(n)));
}
std::string callers(std::uint64_t n) {
  return n == 0 ? "nobody" : count_words(n, "caller", "callers");
}
std::string calls_were(std::uint64_t n) {
  if (n == 0) return "no call was";
  return count_words(n) + (n == 1 ? " call was" : " calls were");
}

class Summary {
 public:
  Summary(const RunResult& result, const ResultMeta& meta, const SummaryStyle& style)
      : r_(result), meta_(meta), style_(style), page_({style.color, style.utf8, 92}) {}

  std::string write() {
    const std::string title = meta_.title.empty() ? meta_.scenario : meta_.title;
    page_.heading(title, fmt::format("{} simulated · seed {}",
                                     duration_words(sim::seconds(r_.horizon)), meta_.seed));
    headline();
    worst_queue();
    for (const std::string& note : style_.notes) page_.paragraph(note);
    what_came_back();
    table();
    queues();
    targets();
    losses();
    harmed();
    verdicts();
    warning_lines(meta_, page_);
    if (!style_.files.empty()) {
      page_.blank();
      page_.line(fmt::format("Results  {}", style_.files));
    }
    return page_.take();
  }

 private:
  [[nodiscard]] double metric(std::string_view id) const { return r_.value(id); }
  [[nodiscard]] double metric(Phase phase, std::string_view id) const {
    return metric(fmt::format("phase.{}.{}", models::name(phase), id));
  }
  [[nodiscard]] static std::uint64_t to_count(double value) {
    return std::isnan(value) ? 0 : static_cast<std::uint64_t>(value);
  }
  [[nodiscard]] std::uint64_t counted(std::string_view id) const { return to_count(metric(id)); }
  [[nodiscard]] std::uint64_t since_failure(std::string_view id) const {
    std::uint64_t n = 0;
    for (const Phase phase : kShownPhases) {
      if (phase != Phase::before) n += to_count(metric(phase, id));
    }
    return n;
  }
  [[nodiscard]] std::string threshold() const {
    return duration_words(sim::seconds(r_.service_level_threshold));
  }
  /// Losses by cause, most first; those that did not occur left out.
  template <class Count>
  [[nodiscard]] static std::vector<std::pair<std::uint64_t, Cause>> by_cause(const Count& count) {
    std::vector<std::pair<std::uint64_t, Cause>> causes;
    for (const Cause cause : models::all_causes()) {
      if (!models::is_loss(cause)) continue;
      const std::uint64_t n = count(fmt::format("lost.{}", models::name(cause)));
      if (n > 0) causes.emplace_back(n, cause);
    }
    std::stable_sort(causes.begin(), causes.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    return causes;
  }

  // ---- the sentences ---------------------------------------------------------------------------

  void headline() {
    if (r_.recoveries.empty()) {
      page_.paragraph(fmt::format(
          "Nothing was broken. Of {} offered {} were answered, {} of them within {}; {} gave up "
          "waiting{} and {} lost.{}",
          count_words(counted("offered"), "call", "calls"), count_words(counted("answered")),
          percent_words(metric("service_level.f2")), threshold(), callers(counted("abandoned")),
          between_agents(counted("transfers.abandoned"), ","), calls_were(counted("lost")),
          placed_words(counted("outgoing.lost") + counted("internal.lost"))));
      return;
    }
    const Recovery& first = r_.recoveries.front();
    const auto causes = by_cause([this](const std::string& id) { return since_failure(id); });
    const std::uint64_t lost = since_failure("lost");
    std::string most;
    if (!causes.empty()) {
      const auto& [n, cause] = causes.front();
      most = fmt::format(" ({} {})", n == lost && n > 1 ? "all" : count_words(n),
                         models::in_words(cause));
    }
    page_.paragraph(
        fmt::format("{} at {}: since then {} lost{}, and {} gave up waiting{}.{}",
                    page_.bold(fault_words(r_, first)), clock_words(first.at, r_.start_label),
                    calls_were(lost), most, callers(since_failure("abandoned")),
                    between_agents(since_failure("transfers.abandoned")),
                    placed_words(since_failure("outgoing.lost") + since_failure("internal.lost"))));
    page_.paragraph(recovery_sentences(first));
    if (const std::string text = configuration_sentences(); !text.empty()) page_.paragraph(text);
  }
  /// Calls that agents place are counted apart; where some were lost, nobody shall think none was.
  [[nodiscard]] static std::string placed_words(std::uint64_t lost) {
    return lost == 0 ? "" : fmt::format(" Of those that agents placed {} lost.", calls_were(lost));
  }
  /// Who had been answered and passed on, and waited for the second agent in vain.
  [[nodiscard]] static std::string between_agents(std::uint64_t n, const char* end = "") {
    return n == 0 ? "" : fmt::format(", {} more between two agents{}", count_words(n), end);
  }
  /// What went wrong in the configuration layer, if anything did.
  [[nodiscard]] std::string configuration_sentences() const {
    const models::ConfigurationTally& c = r_.configuration;
    std::string text;
    if (c.drift > 0) {
      text += fmt::format(
          "{} between the switches. ",
          count_words(c.drift, "configuration object differed", "configuration objects differed"));
    }
    if (c.writes_refused > 0) {
      text += fmt::format("{} refused: for {} a Proxy knew no master. ",
                          count_words(c.writes_refused, "change of the configuration was",
                                      "changes of the configuration were"),
                          duration_words(c.write_outage_s));
    }
    if (c.divergence > 0) {
      text += fmt::format("Both sites had changed {}; what site {} did to them was given up. ",
                          count_words(c.divergence, "object", "objects"), given_up());
    }
    return text;
  }
  [[nodiscard]] std::uint32_t given_up() const {
    for (const auto& event : r_.events) {
      const auto* r = std::get_if<models::ConfigReconciled>(&event.record);
      if (r != nullptr && r->both > 0) return r->lost + 1;
    }
    return 0;
  }
  [[nodiscard]] std::string recovery_sentences(const Recovery& first) const {
    std::string text;
    if (first.agents_affected > 0) {
      const auto all = Recovery::share_back(first.agents_back_s, first.agents_affected, 1);
      const std::size_t back = first.agents_back_s.size();
      text = count_words(first.agents_affected, "agent", "agents") + " lost their place; ";
      text += all ? fmt::format("all were at work again after {}. ", duration_words(*all))
                  : fmt::format("{} of them came back. ", back == 0 ? "none" : count_words(back));
    }
    if (std::isnan(metric(Phase::before, "service_level"))) return text;  // nothing to compare
    if (first.service_level_judged == 0) {
      text += r_.recoveries.size() > 1
                  ? "Before the next failure no call tells whether the service level was back."
                  : "No call after the failure tells whether the service level was back.";
    } else if (!first.service_level_back) {
      text += fmt::format("The service level was not seen to be back before the {}.",
                          r_.recoveries.size() > 1 ? "next failure" : "end");
    } else if (*first.service_level_back > 0) {
      text += fmt::format("The service level was back after {}.",
                          duration_words(*first.service_level_back));
    } else if (r_.recoveries.size() == 1) {
      text += "The service level never left its usual range.";
    } else {
      text +=
          "Until the next failure the service level never left its usual range." + later_service();
    }
    return text;
  }
  /// What the worst of the later failures did to it.
  [[nodiscard]] std::string later_service() const {
    double worst = 0;
    for (const Recovery& later : std::span(r_.recoveries).subspan(1)) {
      if (later.service_level_judged == 0) continue;
      worst = std::max(worst,
                       later.service_level_back.value_or(std::numeric_limits<double>::infinity()));
    }
    return later_failure_words(worst);
  }

  // ---- what came back after the first failure --------------------------------------------------

  /// One line of the list, kept until all can be put in order of time.
  struct Item {
    double after_s;  ///< infinity: not yet
    std::string what, when, note;
  };
  void item(std::string what, double after_s, std::string note = "") {
    items_.push_back({after_s, std::move(what), duration_words(after_s), std::move(note)});
  }
  void item(std::string what, const std::optional<double>& after) {
    if (after) item(std::move(what), *after);
  }
  void not_yet(std::string what, std::string note = "") {
    items_.push_back(
        {std::numeric_limits<double>::infinity(), std::move(what), "not yet", std::move(note)});
  }

  void what_came_back() {
    if (r_.recoveries.empty()) return;
    const Recovery& first = r_.recoveries.front();
    gateways(first);
    for (std::size_t s = 0; s < models::kSites; ++s) {
      item(r_.site_names[s] + ": backup SIP Server took over", first.switchover[s]);
      item(r_.site_names[s] + " works alone (single-site mode)", first.single_mode[s]);
    }
    shares("phones can be reached again", first.phones_back_s, first.phones_affected);
    shares("agents at work again", first.agents_back_s, first.agents_affected);
    queue_and_service(first);
    if (items_.empty()) return;
    std::stable_sort(items_.begin(), items_.end(),
                     [](const Item& a, const Item& b) { return a.after_s < b.after_s; });
    const std::size_t failures = r_.recoveries.size();
    page_.blank();
    page_.line(page_.bold("What came back, and how long after the failure") +
               (failures == 1 ? std::string()
                              : fmt::format(" (first of {}; the others: summary.json)", failures)));
    for (const Item& i : items_) {
      page_.line("  " + pad_right(i.what, 38) + pad_left(i.when, 13) +
                 (i.note.empty() ? "" : "   " + i.note));
    }
  }
  void gateways(const Recovery& first) {
    if (first.gateways.empty()) return;
    std::string note;
    for (const auto& g : first.gateways) {
      if (g.gateway >= r_.gateway_names.size()) continue;
      note += fmt::format("{}{} {}", note.empty() ? "" : ", ", r_.gateway_names[g.gateway],
                          duration_words(g.after_s));
    }
    if (columns(note) > 34) {
      note = fmt::format("{} gateways, the first after {}", first.gateways.size(),
                         duration_words(first.gateways.front().after_s));
    }
    item("calls go another way", first.gateways.back().after_s, note);
  }
  void shares(const char* what, const std::vector<float>& back, std::uint32_t affected) {
    if (affected == 0) return;
    const auto words = [&](double share) {
      const auto after = Recovery::share_back(back, affected, share);
      return after ? duration_words(*after) : std::string("-");
    };
    const std::string note = fmt::format("half {} · 90 % {} ({} of {})", words(0.5), words(0.9),
                                         count_words(back.size()), count_words(affected));
    if (const auto all = Recovery::share_back(back, affected, 1)) {
      item(what, *all, note);
    } else {
      not_yet(what, note);
    }
  }
  void queue_and_service(const Recovery& first) {
    const std::string peak = fmt::format("at most {} waiting", whole_words(first.queue_peak));
    if (!first.queue_drained) {
      // What never became longer need not become short again.
      if (queue_grew(r_, first)) not_yet("queue as short as before", peak);
    } else if (*first.queue_drained > 0) {
      item("queue as short as before", *first.queue_drained, peak);
    }
    if (!first.service_level_back) {
      const bool compared = !std::isnan(metric(Phase::before, "service_level"));
      if (compared && first.service_level_judged > 0) not_yet("service level back");
    } else if (*first.service_level_back > 0) {
      item("service level back", *first.service_level_back);
    }
  }

  // ---- before, during, after -------------------------------------------------------------------

  void table() {
    constexpr std::size_t kLabel = 26, kCell = 11;
    std::vector<Phase> phases;
    for (const Phase phase : kShownPhases) {
      if (metric(phase, "duration") > 0) phases.push_back(phase);
    }
    if (phases.size() == 1) phases.clear();  // the whole run is the same
    page_.blank();
    std::string header = pad_right("", kLabel);
    for (const Phase phase : phases) header += pad_left(std::string(models::name(phase)), kCell);
    page_.line(page_.bold(header + pad_left("whole run", kCell)));
    const auto row = [&](const std::string& label, std::string_view id, double whole,
                         std::string (*words)(double)) {
      std::string text = pad_right("  " + label, kLabel);
      for (const Phase phase : phases) text += " " + pad_left(words(metric(phase, id)), kCell - 1);
      page_.line(text + " " + pad_left(words(whole), kCell - 1));
    };
    const auto same = [&](const std::string& label, std::string_view id,
                          std::string (*words)(double)) { row(label, id, metric(id), words); };
    row("time", "duration", sim::seconds(r_.horizon - r_.warm_up_end), rough_duration_words);
    same("calls dialled", "attempted", whole_words);
    const bool direct = metric("direct.attempted") > 0;
    same(direct ? "answered from the queue" : "calls answered", "answered", whole_words);
    if (direct) same("answered on own numbers", "direct.answered", whole_words);
    for (const std::string kind : {"outgoing", "internal"}) {
      if (metric(kind + ".attempted") > 0) {
        same(kind + " calls answered", kind + ".answered", whole_words);
      }
    }
    same("service level, " + threshold(), "service_level", percent_words);
    same("mean wait for an answer", "asa", duration_words);
    same("gave up waiting", "abandonment", percent_words);
    if (metric("transfers.abandoned") > 0) {
      same("gave up between agents", "transfers.abandoned", whole_words);
    }
    if (metric("default_routed") > 0) same("sent elsewhere", "default_routed", whole_words);
    same("calls lost", "lost", whole_words);
    same("callers harmed", "harmed", whole_words);
    if (metric("not_monitored") > 0) same("answered unmonitored", "not_monitored", whole_words);
    if (metric("media_degraded") > 0) same("with degraded speech", "media_degraded", whole_words);
    same("most calls waiting", "queue.max", whole_words);
    same("agents at work", "agents.at_work", number_words);
    same("agents busy", "occupancy", percent_words);
    if (phases.empty()) return;
    page_.line(
        "  detection: until all know · relogin: until the agents are back · degraded: until "
        "repair");
  }

  // ---- queue by queue --------------------------------------------------------------------------

  [[nodiscard]] double of_queue(const std::string& queue, const char* id) const {
    return metric(metric_of_queue(queue, id));
  }
  [[nodiscard]] std::vector<std::string> worst_queues() const {
    return queues_worst_first(r_.queue_names, [&](const std::string& id) { return metric(id); });
  }
  void worst_queue() {
    const std::vector<std::string> names = worst_queues();
    if (names.empty() || std::isnan(of_queue(names.front(), "service_level"))) return;
    const std::string& worst = names.front();
    page_.paragraph(fmt::format(
        "Of {} queues {} fared worst: service level {} ({} in the blend of all), and {} gave up "
        "waiting.",
        names.size(), page_.bold(worst), percent_words(of_queue(worst, "service_level")),
        percent_words(metric("service_level")), callers(to_count(of_queue(worst, "abandoned")))));
  }
  void queues() {
    const std::vector<std::string> names = worst_queues();
    if (names.empty()) return;
    constexpr std::size_t kLabel = 22, kCell = 10, kShown = 8;
    page_.blank();
    std::string header = pad_right("By queue, worst first", kLabel);
    for (const std::string& title :
         {std::string("dialled"), std::string("answered"), "in " + threshold(),
          std::string("mean wait"), std::string("gave up"), std::string("lost"),
          std::string("waiting")}) {
      header += " " + pad_left(title, kCell - 1);
    }
    page_.line(page_.bold(header));
    for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) {
      std::string text = pad_right("  " + shortened(names[i], kLabel - 3), kLabel);
      const auto cell = [&](const char* id, std::string (*words)(double)) {
        text += " " + pad_left(words(of_queue(names[i], id)), kCell - 1);
      };
      cell("attempted", whole_words);
      cell("answered", whole_words);
      cell("service_level", percent_words);
      cell("asa", duration_words);
      cell("abandoned", whole_words);
      cell("lost", whole_words);
      cell("queue.max", whole_words);
      page_.line(text);
    }
    const std::string more =
        names.size() > kShown ? fmt::format("; {} more: summary.json", names.size() - kShown) : "";
    page_.line("  mean wait: of those answered · waiting: the most at once" + more);
  }

  void harmed() {
    if (counted("harmed") == 0) return;
    page_.blank();
    page_.line(
        page_.bold(fmt::format("Callers harmed: {}", count_words(counted("harmed")))) +
        fmt::format(", each once: {} cut off, {} never got through, {} gave up, {} waited too long",
                    count_words(counted("harmed.cut_off")),
                    count_words(counted("harmed.never_got_through")),
                    count_words(counted("harmed.gave_up")),
                    count_words(counted("harmed.waited_too_long"))));
  }
  void targets() {
    const std::vector<TargetLine> lines = target_lines(r_);
    if (lines.empty()) return;
    const auto kept = [&](const TargetLine& line) { return metric(line.metric + ".met") > 0; };
    const auto missed = std::count_if(lines.begin(), lines.end(), std::not_fn(kept));
    page_.blank();
    page_.line(page_.bold(
        fmt::format("Targets: {} of {} kept", std::ssize(lines) - missed, lines.size())));
    for (const TargetLine& line : lines) {
      page_.line(fmt::format("  {}{}{}{}  {}", pad_right(shortened(line.queue, 18), 20),
                             pad_right(line.what, 24), pad_right(line.limit, 20),
                             pad_left(target_value_words(line, metric(line.metric)), 12),
                             kept(line) ? "kept" : page_.alarming("missed")));
    }
  }

  // ---- losses and verdicts
  // -----------------------------------------------------------------------

  void losses() {
    const std::uint64_t lost = counted("lost");
    if (lost == 0) return;
    page_.blank();
    page_.line(page_.bold(fmt::format("Calls lost: {}", count_words(lost))) +
               fmt::format(" of {} dialled ({})", count_words(counted("attempted")),
                           percent_words(static_cast<double>(lost) / metric("attempted"))));
    const auto causes = by_cause([this](const std::string& id) { return counted(id); });
    constexpr std::size_t kShown = 5;
    std::uint64_t rest = 0;
    for (std::size_t i = 0; i < causes.size(); ++i) {
      const auto& [n, cause] = causes[i];
      if (i >= kShown) {
        rest += n;
      } else {
        page_.line(pad_left(count_words(n), 8) + "  " +
                   pad_right(std::string(models::in_words(cause)), 46) +
                   std::string(models::name(cause)));
      }
    }
    if (rest > 0) page_.line(pad_left(count_words(rest), 8) + "  for other causes");
    const std::uint64_t gone = counted("callers_lost");
    if (gone == 0) return;
    page_.line(pad_left(count_words(gone), 8) +
               (gone == 1 ? "  caller was not served and did not try again"
                          : "  callers were not served and did not try again"));
  }

  void verdicts() {
    if (r_.verdicts.empty()) return;
    page_.blank();
    for (const std::string& line : verdict_lines(r_.verdicts, page_)) page_.line(line);
  }

  const RunResult& r_;
  const ResultMeta& meta_;
  const SummaryStyle& style_;
  Page page_;
  std::vector<Item> items_;
};

}  // namespace

std::string terminal_summary(const RunResult& result, const ResultMeta& meta,
                             const SummaryStyle& style) {
  return Summary(result, meta, style).write();
}

bool environment_is_utf8() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    std::string lower(value);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lower.find("utf-8") != std::string::npos || lower.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace bcsim::tools
