#include "tools/results/replication_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/results/plain_words.hpp"
#include "tools/results/queue_words.hpp"
#include "tools/results/target_words.hpp"

namespace bcsim::tools {
namespace {

using models::Phase;
using models::RunResult;
using models::Verdict;
using models::VerdictStatus;

/// How a number is worded, without its interval.
using Words = std::string (*)(double);

/// "-" for NaN; with a digit after the point where `fine`.
std::string plain_number(double n, bool fine) {
  if (fine) return fmt::format("{:.1f}", n);
  const auto whole = std::llround(n);
  return whole < 0 ? "-" + count_words(static_cast<std::uint64_t>(-whole))
                   : count_words(static_cast<std::uint64_t>(whole));
}
std::string tally_words(double n) {
  return std::isnan(n) ? "-" : plain_number(n, std::abs(n) < 9.95 && n != std::round(n));
}
/// A fraction as percent, with a digit more than half an interval of `half` leaves certain.
std::string share_text(double fraction, double half) {
  const int digits = half < 0.0005 ? 2 : half < 0.05 ? 1 : 0;
  return fmt::format("{:.{}f}", 100 * fraction, digits);
}

/// How many replications it takes until half the interval of a time is half of its value, if it is
/// wider than the value now; 0: it is not. A time is never below 0, and an interval that says so
/// says nothing.
double replications_to_tell(const Estimate& e) {
  if (!e.has_interval() || !(e.value > 0) || e.half <= e.value) return 0;
  return std::ceil(e.n * std::pow(2 * e.half / e.value, 2));
}

/// "164 ± 12"; shares and times with their unit; "≈ 17 min" of a time that is known but roughly.
std::string with_interval(const Estimate& e, Words words) {
  if (std::isnan(e.value)) return "-";
  if (words == percent_words) {
    if (!e.has_interval()) return percent_words(e.value);
    return fmt::format("{} ± {} %", share_text(e.value, e.half), share_text(e.half, e.half));
  }
  if (!e.has_interval() || e.half < 0.05) return words(e.value);
  const bool fine = e.half < 0.95 || std::abs(e.value) < 9.95;
  if (words == duration_words) {
    if (replications_to_tell(e) > 0) return "≈ " + words(e.value);
    if (e.value >= 120) return fmt::format("{} ± {}", words(e.value), words(e.half));
    return fmt::format("{} ± {} s", plain_number(e.value, fine), plain_number(e.half, fine));
  }
  return fmt::format("{} ± {}", plain_number(e.value, fine), plain_number(e.half, fine));
}

constexpr Phase kPhasesShown[] = {Phase::before, Phase::detection, Phase::relogin, Phase::degraded,
                                  Phase::after};

class ReplicationPage {
 public:
  ReplicationPage(const RunResult& first, const Aggregate& all, const ResultMeta& meta,
                  const SummaryStyle& style)
      : first_(first),
        all_(all),
        meta_(meta),
        style_(style),
        page_({style.color, style.utf8, 96}) {}

  std::string write() {
    const std::string title = meta_.title.empty() ? meta_.scenario : meta_.title;
    page_.heading(title, fmt::format("{} simulated · seed {} · {} replications",
                                     duration_words(sim::seconds(first_.horizon)), meta_.seed,
                                     all_.replications));
    headline();
    for (const std::string& note : style_.notes) page_.paragraph(note);
    recovery();
    table();
    queues();
    targets();
    how_roughly();
    causes();
    const auto verdicts = verdict_lines(first_.verdicts, page_);
    if (!verdicts.empty()) page_.blank();
    for (const std::string& line : verdicts) page_.line(line);
    warning_lines(meta_, page_);
    if (!style_.files.empty()) {
      page_.blank();
      page_.line(fmt::format("Results  {}", style_.files));
    }
    return page_.take();
  }

 private:
  void headline() {
    if (first_.recoveries.empty()) {
      page_.paragraph("Nothing was broken. Means over the replications, with 95 % intervals.");
      return;
    }
    page_.paragraph(fmt::format("{} at {}. Means over the replications, with 95 % intervals.",
                                page_.bold(fault_words(first_, first_.recoveries.front())),
                                clock_words(first_.recoveries.front().at, first_.start_label)));
  }
  void recovery() {
    struct Item {
      const char* id;
      std::string what;
    };
    std::vector<Item> items = {{"gateways_switched", "calls go another way"}};
    static const std::string kSiteIds[] = {"site1.switchover", "site2.switchover",
                                           "site1.single_mode", "site2.single_mode"};
    for (std::size_t s = 0; s < 2; ++s) {
      items.push_back({kSiteIds[s].c_str(), first_.site_names[s] + ": backup took over"});
      items.push_back({kSiteIds[s + 2].c_str(), first_.site_names[s] + " works alone"});
    }
    items.insert(items.end(), {{"phones_90", "90 % of the phones can be reached again"},
                               {"phones_100", "all phones can be reached again"},
                               {"agents_50", "half of the agents at work again"},
                               {"agents_90", "90 % of the agents at work again"},
                               {"agents_100", "all agents at work again"},
                               {"queue_drained", "queue as short as before"},
                               {"service_level_back", "service level back"}});
    std::vector<std::pair<double, std::string>> lines;
    for (const Item& item : items) {
      const Estimate e = all_.value(fmt::format("recovery.{}", item.id));
      if (e.n == 0 || (e.value == 0 && e.half == 0)) continue;
      std::string line = "  " + pad_right(item.what, 42) + pad_left(known(e, duration_words), 16);
      if (e.n < all_.replications) line += fmt::format("   in {} of {}", e.n, all_.replications);
      lines.emplace_back(e.value, std::move(line));
    }
    if (lines.empty()) return;
    std::stable_sort(lines.begin(), lines.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    page_.blank();
    page_.line(page_.bold("How long after the failure"));
    for (auto& [at, line] : lines) page_.line(std::move(line));
  }
  /// with_interval, and it is remembered what is known but roughly.
  std::string known(const Estimate& e, Words words) {
    if (words == duration_words) to_tell_ = std::max(to_tell_, replications_to_tell(e));
    return with_interval(e, words);
  }
  void how_roughly() {
    if (to_tell_ == 0) return;
    page_.line(fmt::format("  ≈: known but roughly; {} replications would tell (-n)",
                           count_words(static_cast<std::uint64_t>(to_tell_))));
  }
  void table() {
    constexpr std::size_t kLabel = 25, kCell = 14;
    std::vector<Phase> phases;
    for (const Phase phase : kPhasesShown) {
      if (all_.value(fmt::format("phase.{}.duration", models::name(phase))).value > 0) {
        phases.push_back(phase);
      }
    }
    if (phases.size() == 1) phases.clear();
    const bool wide = phases.size() > 4;
    if (wide) phases.pop_back();
    page_.blank();
    std::string header = pad_right("", kLabel);
    for (const Phase phase : phases) header += pad_left(std::string(models::name(phase)), kCell);
    page_.line(page_.bold(header + pad_left("whole run", kCell)));
    const auto row = [&](const std::string& label, std::string_view id, Words words) {
      std::string text = pad_right("  " + label, kLabel);
      for (const Phase phase : phases) {
        const Estimate e = all_.value(fmt::format("phase.{}.{}", models::name(phase), id));
        text += " " + pad_left(known(e, words), kCell - 1);
      }
      page_.line(text + " " + pad_left(known(all_.value(id), words), kCell - 1));
    };
    row("calls dialled", "attempted", tally_words);
    row("calls answered", "answered", tally_words);
    row("service level, " + duration_words(sim::seconds(first_.service_level_threshold)),
        "service_level", percent_words);
    row("mean wait for an answer", "asa", duration_words);
    row("gave up waiting", "abandonment", percent_words);
    row("calls lost", "lost", tally_words);
    row("callers harmed", "harmed", tally_words);
    row("most calls waiting", "queue.max", tally_words);
    row("agents at work", "agents.at_work", number_words);
    row("agents busy", "occupancy", percent_words);
    if (wide) {
      page_.line(
          "  after the repair: part of the whole run, by itself in summary.json (phase.after)");
    }
  }
  void queues() {
    constexpr std::size_t kLabel = 25, kCell = 14, kShown = 8;
    const auto names = queues_worst_first(
        first_.queue_names, [&](const std::string& id) { return all_.value(id).value; });
    if (names.empty()) return;
    page_.blank();
    std::string header = pad_right("By queue, worst first", kLabel);
    for (const char* title : {"dialled", "service level", "mean wait", "gave up", "lost"}) {
      header += pad_left(title, kCell);
    }
    page_.line(page_.bold(header));
    for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) {
      std::string text = pad_right("  " + shortened(names[i], kLabel - 3), kLabel);
      const auto cell = [&](const char* id, Words words) {
        const Estimate e = all_.value(metric_of_queue(names[i], id));
        text += " " + pad_left(known(e, words), kCell - 1);
      };
      cell("attempted", tally_words);
      cell("service_level", percent_words);
      cell("asa", duration_words);
      cell("abandoned", tally_words);
      cell("lost", tally_words);
      page_.line(text);
    }
    if (names.size() > kShown) {
      page_.line(fmt::format("  {} more: summary.json", names.size() - kShown));
    }
  }
  void targets() {
    const std::vector<TargetLine> lines = target_lines(first_);
    if (lines.empty()) return;
    page_.blank();
    page_.line(page_.bold("Targets"));
    for (const TargetLine& line : lines) {
      const Estimate value = all_.value(line.metric), kept = all_.value(line.metric + ".met");
      const auto runs = static_cast<std::uint32_t>(std::llround(kept.value * all_.replications));
      const std::string often = fmt::format("kept in {} of {}", runs, all_.replications);
      std::string was =
          value.n == 0 ? target_value_words(line, value.value) : known(value, line.words);
      if (value.n > 0 && value.n < all_.replications) was += fmt::format(" in {}", value.n);
      page_.line(fmt::format("  {}{}{}{}  {}", pad_right(shortened(line.queue, 16), 18),
                             pad_right(line.what, 24), pad_right(line.limit, 17), pad_left(was, 19),
                             runs == all_.replications ? often : page_.alarming(often)));
    }
  }
  void causes() {
    std::vector<std::pair<Estimate, models::Cause>> list;
    for (const models::Cause cause : models::all_causes()) {
      if (!models::is_loss(cause)) continue;
      const Estimate e = all_.value(fmt::format("lost.{}", models::name(cause)));
      if (e.value > 0) list.emplace_back(e, cause);
    }
    if (list.empty()) return;
    std::stable_sort(list.begin(), list.end(),
                     [](const auto& a, const auto& b) { return a.first.value > b.first.value; });
    page_.blank();
    page_.line(page_.bold("Calls lost"));
    constexpr std::size_t kMostShown = 5;
    for (std::size_t i = 0; i < std::min(list.size(), kMostShown); ++i) {
      page_.line(pad_left(with_interval(list[i].first, tally_words), 14) + "  " +
                 pad_right(std::string(models::in_words(list[i].second)), 46) +
                 std::string(models::name(list[i].second)));
    }
  }

  const RunResult& first_;
  const Aggregate& all_;
  const ResultMeta& meta_;
  const SummaryStyle& style_;
  Page page_;
  double to_tell_ = 0;  ///< replications, for what is known but roughly
};

/// "162 more calls were lost", "3.2 ± 1.1 fewer callers gave up".
std::string change_words(Estimate difference, const char* one, const char* many) {
  const bool fewer = difference.value < 0;
  difference.value = std::abs(difference.value);
  const bool single = !difference.has_interval() && difference.value == 1;
  return fmt::format("{} {} {}", with_interval(difference, tally_words), fewer ? "fewer" : "more",
                     single ? one : many);
}

/// "98 % instead of 98.7 %"; "98 % with and without it" where the words are the same.
std::string instead_words(const MetricSummary& metric, Words words) {
  const std::string with = with_interval(metric.value, words);
  const std::string without = with_interval(metric.without_faults, words);
  return with == without ? fmt::format("{} with and without it", with)
                         : fmt::format("{} instead of {}", with, without);
}

}  // namespace

std::string replication_summary(const RunResult& first, const Aggregate& aggregate,
                                const ResultMeta& meta, const SummaryStyle& style) {
  return ReplicationPage(first, aggregate, meta, style).write();
}

std::string attribution_words(const Aggregate& aggregate) {
  if (!aggregate.twin) return "";
  const auto metric = [&](std::string_view id) {
    const MetricSummary* found = aggregate.find(id);
    return found == nullptr ? MetricSummary{} : *found;
  };
  const MetricSummary lost = metric("lost"), abandoned = metric("abandoned");
  const MetricSummary level = metric("service_level"), wait = metric("asa");
  std::string waits;
  if (!std::isnan(level.value.value) || !std::isnan(level.without_faults.value)) {
    waits = fmt::format(" The service level was {}, the mean wait {}.",
                        instead_words(level, percent_words), instead_words(wait, duration_words));
  }
  return fmt::format(
      "Because of the failure: {} ({} without it) and {} ({} without it).{}",
      change_words(lost.because_of_failure, "call lost", "calls lost"),
      with_interval(lost.without_faults, tally_words),
      change_words(abandoned.because_of_failure, "caller gave up", "callers gave up"),
      with_interval(abandoned.without_faults, tally_words), waits);
}

void warning_lines(const ResultMeta& meta, Page& page) {
  constexpr std::size_t kShown = 3;
  if (meta.warnings.empty()) return;
  page.blank();
  page.line("What check warned of");
  for (std::size_t i = 0; i < std::min(kShown, meta.warnings.size()); ++i) {
    page.hanging("", meta.warnings[i], 2);
  }
  if (meta.warnings.size() > kShown) {
    page.line(
        fmt::format("  and {} more: bcsim check, or run.json", meta.warnings.size() - kShown));
  }
}

std::vector<std::string> verdict_lines(const std::vector<Verdict>& verdicts, const Page& page) {
  std::vector<std::string> lines;
  const auto group = [&](Verdict::Kind kind, std::string_view title, std::string_view good_word) {
    std::size_t good = 0, idle = 0;
    std::vector<const Verdict*> bad;
    for (const Verdict& v : verdicts) {
      if (v.kind != kind) continue;
      good += v.status == VerdictStatus::good;
      idle += v.status == VerdictStatus::not_applicable;
      if (v.status == VerdictStatus::violated) bad.push_back(&v);
    }
    if (good + idle + bad.size() == 0) return;
    std::string text = fmt::format("{}: {} {}", title, good, good_word);
    if (idle > 0) text += fmt::format(", {} did not apply", idle);
    if (!bad.empty()) text += ", " + page.alarming(fmt::format("{} violated", bad.size()));
    lines.push_back(std::move(text));
    constexpr std::size_t kMostShown = 2;
    for (std::size_t i = 0; i < std::min(bad.size(), kMostShown); ++i) {
      lines.push_back(shortened(fmt::format("  {}: {}", bad[i]->id, bad[i]->text), page.width()));
    }
    if (bad.size() > kMostShown) {
      lines.push_back(fmt::format("  and {} more: verdicts.json", bad.size() - kMostShown));
    }
  };
  group(Verdict::Kind::check, "Checks", "hold");
  group(Verdict::Kind::expectation, "Expectations", "met");
  return lines;
}

std::string fault_words(const RunResult& result, const models::Recovery& recovery) {
  std::string text;
  for (const std::uint32_t fault : recovery.faults) {
    if (fault >= result.fault_texts.size() || result.fault_texts[fault].empty()) continue;
    text += (text.empty() ? "" : ", ") + result.fault_texts[fault];
  }
  return text.empty() ? "Failure" : text;
}

}  // namespace bcsim::tools
