// The worst moment as a table for the terminal, worst.json and worst.csv.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/hash.hpp"
#include "tools/base/page.hpp"
#include "tools/results/csv_line.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/scenario/text/units.hpp"
#include "tools/stats/estimate_json.hpp"
#include "tools/worst/worst_result.hpp"

namespace bcsim::tools {
namespace {

using WorstJson = nlohmann::ordered_json;
using models::Cause;

std::string exact_s(models::SimTime at) {
  const std::int64_t ns = at.time_since_epoch().count();
  return fmt::format("{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000);
}
std::string value_words(const WorstMeasure& measure, double value) {
  if (std::isinf(value)) return "not back";
  if (measure.unit == "s" || std::isnan(value)) return duration_words(value);
  return count_words(static_cast<std::uint64_t>(value));
}
std::vector<Cause> losses() {
  std::vector<Cause> causes;
  for (const Cause cause : models::all_causes()) {
    if (models::is_loss(cause)) causes.push_back(cause);
  }
  return causes;
}

class WorstPage {
 public:
  WorstPage(const WorstResult& result, const SummaryStyle& style)
      : r_(result), page_({style.color, style.utf8, 92}) {}

  std::string write() {
    page_.heading(r_.title.empty() ? r_.scenario : r_.title,
                  fmt::format("the worst moment · seed {}", r_.seed));
    answer();
    tried();
    page_.blank();
    spreads();
    causes();
    verdicts();
    page_.blank();
    commands();
    return page_.take();
  }

 private:
  [[nodiscard]] std::string clock(models::SimTime at) const {
    return moment_words(at, r_.start_label);
  }
  void answer() {
    const auto worst = r_.worst();
    if (!worst) {
      page_.paragraph("No moment could be simulated.");
      return;
    }
    const Moment& m = r_.moments[*worst];
    const Spread lost = spread_of(r_, worst_measures().front());
    std::string text =
        fmt::format("{} at the worst moment, {}: {} lost in the whole run",
                    page_.bold(r_.fault_text), clock(m.at), count_words(m.lost, "call", "calls"));
    if (r_.without) text += fmt::format(" ({} without it)", count_words(r_.without->lost));
    text += fmt::format("; at half of all moments it is {} or fewer",
                        value_words(worst_measures().front(), lost.median));
    if (r_.as_written) {
      text +=
          fmt::format(", at {} as written {}", clock(r_.written), count_words(r_.as_written->lost));
    }
    text += ".";
    if (const auto slowest = r_.slowest()) {
      const Moment& s = r_.moments[*slowest];
      const double longest = s.recovery_s();
      const Spread recovery = spread_of(r_, worst_measures()[3]);
      if (std::isinf(longest)) {
        text += fmt::format(
            " In {} of {} moments not all was back before the end, or the next failure.",
            count_words(recovery.never), count_words(recovery.n));
      } else {
        text += fmt::format(" All was back after {} at most (at {}).", duration_words(longest),
                            clock(s.at));
      }
    }
    page_.paragraph(text);
  }
  void tried() {
    const std::string of = r_.of_victim ? " of the victim" : "";
    const std::string window = fmt::format("from {} to {}", clock(r_.from), clock(r_.until));
    if (r_.moments.size() == r_.events) {
      page_.paragraph(fmt::format("Tried: all {} moments {} at which anything{} happens.",
                                  count_words(r_.events), window, of));
      return;
    }
    page_.paragraph(fmt::format(
        "Tried: {} of the {} moments {} at which anything{} happens, drawn evenly. No more than "
        "{} of them are worse than the worst of these (95 % sure).",
        count_words(r_.moments.size()), count_words(r_.events), window, of,
        percent_words(r_.unseen_share())));
  }
  void spreads() {
    // "25 min 27 s" has eleven characters, and the longest label 24.
    constexpr std::size_t kLabel = 26, kCell = 13;
    std::string header = pad_right("", kLabel);
    for (const char* cell : {"least", "median", "90 %", "most"}) header += pad_left(cell, kCell);
    page_.line(page_.bold(header + "  at"));
    for (const WorstMeasure& measure : worst_measures()) {
      const Spread spread = spread_of(r_, measure);
      if (spread.n == 0) continue;
      std::string line = pad_right("  " + measure.words, kLabel);
      for (const double value : {spread.least, spread.median, spread.p90, spread.most}) {
        line += pad_left(value_words(measure, value), kCell);
      }
      page_.line(line + "  " + clock(r_.moments[spread.most_at].at));
    }
  }
  void causes() {
    const auto worst = r_.worst();
    if (!worst || r_.moments[*worst].lost == 0) return;
    const Moment& m = r_.moments[*worst];
    page_.blank();
    page_.line(page_.bold(fmt::format("Calls lost at the worst moment: {}", count_words(m.lost))));
    std::vector<Cause> causes = losses();
    const auto count = [&](Cause c) { return m.causes[static_cast<std::size_t>(c)]; };
    std::stable_sort(causes.begin(), causes.end(),
                     [&](Cause a, Cause b) { return count(a) > count(b); });
    for (const Cause cause : causes) {
      if (count(cause) == 0) break;
      page_.line(pad_left(count_words(count(cause)), 8) + "  " +
                 pad_right(std::string(models::in_words(cause)), 46) +
                 std::string(models::name(cause)));
    }
  }
  void verdicts() {
    std::size_t violated = 0;
    const Moment* first = nullptr;
    for (const Moment& m : r_.moments) {
      if (m.violated.empty()) continue;
      ++violated;
      if (first == nullptr) first = &m;
    }
    if (first == nullptr) return;
    page_.blank();
    page_.line(
        page_.alarming(
            fmt::format("At {} a check said no", count_words(violated, "moment", "moments"))) +
        fmt::format(": {} first at {} (violated.yaml)", first->violated.front(), clock(first->at)));
  }
  void commands() {
    if (r_.worst()) page_.line(fmt::format("See it   bcsim run {}/worst.yaml", r_.directory));
    page_.line(fmt::format("Results  {}", r_.directory));
  }

  const WorstResult& r_;
  Page page_;
};

WorstJson moment_json(const Moment& m) {
  WorstJson j = {{"t", json_number(sim::seconds(m.at))},
                 {"at", format_duration(m.at.time_since_epoch())}};
  if (!m.failed.empty()) {
    j["failed"] = m.failed;
    return j;
  }
  for (const WorstMeasure& measure : worst_measures())
    j[measure.id] = json_number(measure.value(m));
  j["causes"] = WorstJson::object();
  for (const Cause cause : losses()) {
    const std::uint64_t n = m.causes[static_cast<std::size_t>(cause)];
    if (n > 0) j["causes"][std::string(models::name(cause))] = n;
  }
  j["violated"] = m.violated;
  j["fingerprint"] = sim::to_hex(m.fingerprint);
  return j;
}

}  // namespace

std::string worst_table(const WorstResult& result, const SummaryStyle& style) {
  return WorstPage(result, style).write();
}

const std::vector<std::string>& worst_columns() {
  static const std::vector<std::string> columns = [] {
    std::vector<std::string> names = {"t", "at", "failed", "violated", "recovered"};
    for (const WorstMeasure& measure : worst_measures()) names.push_back(measure.id);
    for (const Cause cause : losses()) {
      names.push_back(fmt::format("lost.{}", models::name(cause)));
    }
    names.emplace_back("fingerprint");
    return names;
  }();
  return columns;
}

std::string worst_csv(const WorstResult& r) {
  std::string out;
  CsvLine header(out);
  for (const std::string& column : worst_columns()) header.text(column);
  header.end();
  for (const Moment& m : r.moments) {
    CsvLine line(out);
    line.text(exact_s(m.at)).text(format_duration(m.at.time_since_epoch())).text(m.failed);
    if (!m.failed.empty()) {
      for (std::size_t i = 3; i < worst_columns().size(); ++i) line.text("");
      line.end();
      continue;
    }
    std::string violated;
    for (const std::string& id : m.violated) violated += (violated.empty() ? "" : " ") + id;
    line.text(violated).number(std::isinf(m.recovery_s()) ? 0 : 1);
    for (const WorstMeasure& measure : worst_measures()) {
      const double value = measure.value(m);
      line.real(std::isinf(value) ? std::nan("") : value);
    }
    for (const Cause cause : losses()) line.number(m.causes[static_cast<std::size_t>(cause)]);
    line.text(sim::to_hex(m.fingerprint));
    line.end();
  }
  return out;
}

std::string worst_json(const WorstResult& r) {
  WorstJson j;
  j["scenario"] = r.scenario;
  j["title"] = r.title;
  j["worst_id"] = r.id;
  j["seed"] = r.seed;
  j["fault"] = {{"line", r.fault + 1},
                {"text", r.fault_text},
                {"at", format_duration(r.written.time_since_epoch())}};
  j["window"] = {{"from", format_duration(r.from.time_since_epoch())},
                 {"until", format_duration(r.until.time_since_epoch())},
                 {"events", r.of_victim ? "victim" : "all"},
                 {"moments", r.events},
                 {"tried", r.moments.size()},
                 {"unseen_share", r.unseen_share()}};
  const auto moment = [&](const auto& m) { return m ? moment_json(*m) : WorstJson(nullptr); };
  j["without"] = moment(r.without);
  j["as_written"] = moment(r.as_written);
  j["spread"] = WorstJson::object();
  for (const WorstMeasure& measure : worst_measures()) {
    const Spread s = spread_of(r, measure);
    j["spread"][measure.id] = {{"unit", measure.unit},
                               {"n", s.n},
                               {"never", s.never},
                               {"least", json_number(s.least)},
                               {"median", json_number(s.median)},
                               {"p90", json_number(s.p90)},
                               {"most", json_number(s.most)}};
  }
  const auto picked = [&](const std::optional<std::size_t>& i) {
    return i ? moment_json(r.moments[*i]) : WorstJson(nullptr);
  };
  j["worst"] = picked(r.worst());
  j["slowest"] = picked(r.slowest());
  j["moments"] = WorstJson::array();
  for (const Moment& m : r.moments) j["moments"].push_back(moment_json(m));
  return j.dump(2, ' ', false, WorstJson::error_handler_t::replace) + "\n";
}

}  // namespace bcsim::tools
