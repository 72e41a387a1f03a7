// The charts of a report: what is drawn, from which columns.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "tools/report/answer.hpp"
#include "tools/report/chart.hpp"
#include "tools/report/milestones.hpp"
#include "tools/report/report_page.hpp"

namespace bcsim::tools {
namespace {

constexpr double kGap = std::numeric_limits<double>::quiet_NaN();

std::vector<ChartShade> broken_windows(const StoredResults& r) {
  std::vector<ChartShade> windows;
  for (const auto& phase : r.run().at("phases")) {
    const std::string name = phase.at("phase");
    if (name != "detection" && name != "relogin" && name != "degraded") continue;
    const double from = phase.at("start_s"), to = phase.at("end_s");
    if (!windows.empty() && std::abs(windows.back().to - from) < 1e-6) {
      windows.back().to = to;
    } else {
      windows.push_back({from, to});
    }
  }
  return windows;
}

// ---- around the failure, from calls.csv --------------------------------------------------------

/// The calls in bins of a few seconds around the first failure.
class Closeup {
 public:
  explicit Closeup(const StoredResults& r) : r_(r), at_(first_failure_s(r)) {
    double last = 60;
    for (const Milestone& m : milestones(r)) {
      if (!std::isnan(m.after_s)) last = std::max(last, std::min(m.after_s, 1200.0));
    }
    width_ = last <= 150 ? 5 : last <= 400 ? 10 : 30;
    const double horizon = r.run().at("horizon_s");
    from_ = std::max(0.0, at_ - 12 * width_);
    to_ = std::min(horizon, at_ + std::ceil(2.2 * last / width_) * width_);
    for (double t = from_; t < to_ - 1e-9; t += width_) starts_.push_back(t);
  }

  [[nodiscard]] ChartSpec frame(std::string title, std::string unit) const {
    ChartSpec spec;
    spec.title = std::move(title);
    spec.unit = std::move(unit);
    spec.x = starts_;
    spec.x_from = from_;
    spec.x_to = to_;
    spec.bar_width = width_;
    spec.shades = broken_windows(r_);
    spec.start_of_day_s = r_.start_of_day_s().value_or(-1);
    return spec;
  }
  [[nodiscard]] double width() const { return width_; }

  /// Calls with this outcome by when they ended.
  [[nodiscard]] std::vector<double> ended(const CsvTable& calls, std::string_view outcome) const {
    std::vector<double> n(starts_.size(), 0);
    const auto times = calls.numbers("released_s");
    const auto& outcomes = calls.texts("outcome");
    for (std::size_t i = 0; i < times.size(); ++i) {
      if (const auto bin = bin_of(times[i]); bin < n.size() && outcomes[i] == outcome) ++n[bin];
    }
    return n;
  }
  /// Most calls that waited for an agent at a time, in each bin.
  [[nodiscard]] std::vector<double> waiting(const CsvTable& calls) const {
    const auto queued = calls.numbers("queued_s"), routed = calls.numbers("routed_s"),
               released = calls.numbers("released_s");
    std::vector<std::pair<double, int>> steps;
    for (std::size_t i = 0; i < queued.size(); ++i) {
      if (std::isnan(queued[i])) continue;
      steps.emplace_back(queued[i], 1);
      double end = routed[i];
      if (!(end <= released[i]) && !std::isnan(released[i])) end = released[i];
      if (!std::isnan(end)) steps.emplace_back(std::max(end, queued[i]), -1);
    }
    // Who leaves in an instant makes room for who comes.
    std::sort(steps.begin(), steps.end());
    std::vector<double> most(starts_.size(), 0);
    double now = 0, since = 0;
    for (const auto& [t, change] : steps) {
      raise(most, since, t, now);
      now += change;
      since = t;
    }
    raise(most, since, to_, now);
    return most;
  }
  /// Longest and mean wait of the calls taken in each bin.
  struct Waits {
    std::vector<double> most, mean;
  };
  [[nodiscard]] Waits waits(const CsvTable& calls) const {
    const auto queued = calls.numbers("queued_s"), wait = calls.numbers("wait_s");
    Waits out{std::vector<double>(starts_.size(), kGap), std::vector<double>(starts_.size(), 0)};
    std::vector<double> n(starts_.size(), 0);
    for (std::size_t i = 0; i < queued.size(); ++i) {
      const auto bin = bin_of(queued[i]);
      if (bin >= out.most.size() || std::isnan(wait[i])) continue;
      out.most[bin] = std::fmax(out.most[bin], wait[i]);
      out.mean[bin] += wait[i];
      ++n[bin];
    }
    for (std::size_t i = 0; i < n.size(); ++i) out.mean[i] = n[i] > 0 ? out.mean[i] / n[i] : kGap;
    return out;
  }

 private:
  [[nodiscard]] std::size_t bin_of(double t) const {
    if (!(t >= from_ && t < to_)) return std::numeric_limits<std::size_t>::max();
    return static_cast<std::size_t>((t - from_) / width_);
  }
  void raise(std::vector<double>& most, double from, double to, double level) const {
    if (to <= from_ || from >= to_ || to <= from) return;
    const std::size_t first = bin_of(std::max(from, from_));
    for (std::size_t i = first; i < most.size() && starts_[i] < to; ++i) {
      most[i] = std::max(most[i], level);
    }
  }

  const StoredResults& r_;
  double at_, width_ = 10, from_ = 0, to_ = 0;
  std::vector<double> starts_;
};

// ---- the whole run, from timeline.csv ----------------------------------------------------------

/// Columns of timeline.csv, of one site or summed over both.
class RunTimeline {
 public:
  explicit RunTimeline(const StoredResults& r) : r_(r) {
    const auto starts = r.timeline().numbers("start_s"), lengths = r.timeline().numbers("length_s");
    site_ = r.timeline().texts("site");
    for (std::size_t i = 0; i < starts.size(); ++i) {
      if (site_[i] != "1") continue;
      starts_.push_back(starts[i]);
      if (starts_.size() == 1) width_ = lengths[i];
    }
  }

  [[nodiscard]] ChartSpec frame(std::string title, std::string unit, bool middles = true) const {
    ChartSpec spec;
    spec.title = std::move(title);
    spec.unit = std::move(unit);
    spec.x = starts_;
    spec.bar_width = width_;
    spec.x_from = 0;
    spec.x_to = r_.run().at("horizon_s");
    if (middles) {  // a mean over an interval belongs to its middle
      for (double& x : spec.x) x += width_ / 2;
    }
    spec.shades = broken_windows(r_);
    spec.start_of_day_s = r_.start_of_day_s().value_or(-1);
    return spec;
  }
  [[nodiscard]] ChartSeries sum(const char* column, std::string name, int look,
                                ChartSeries::Kind kind = ChartSeries::Kind::line) const {
    return of_both(column, std::move(name), look, kind, [](double a, double b) { return a + b; });
  }
  /// The larger of both sites.
  [[nodiscard]] ChartSeries most(const char* column, std::string name, int look) const {
    return of_both(column, std::move(name), look, ChartSeries::Kind::line,
                   [](double a, double b) { return std::fmax(a, b); });
  }
  /// A figure with a line for each site; the values are multiplied by `factor`.
  [[nodiscard]] ChartSpec two_sites(std::string title, std::string unit, const char* column,
                                    double factor = 1, const char* before_name = "") const {
    ChartSpec spec = frame(std::move(title), std::move(unit));
    for (int site = 0; site < 2; ++site) {
      ChartSeries s = of_site(site == 0 ? "1" : "2", column,
                              before_name + r_.site_names()[static_cast<std::size_t>(site)],
                              site + 1, ChartSeries::Kind::line);
      for (auto* values : {&s.y, &s.low, &s.high, &s.twin}) {
        for (double& v : *values) v *= factor;
      }
      spec.series.push_back(std::move(s));
    }
    return spec;
  }

 private:
  [[nodiscard]] ChartSeries of_both(const char* column, std::string name, int look,
                                    ChartSeries::Kind kind, double (*both)(double, double)) const {
    ChartSeries a = of_site("1", column, std::move(name), look, kind);
    const ChartSeries b = of_site("2", column, "", look, kind);
    for (std::size_t i = 0; i < a.y.size(); ++i) a.y[i] = both(a.y[i], b.y[i]);
    for (std::size_t i = 0; i < a.twin.size(); ++i) a.twin[i] = both(a.twin[i], b.twin[i]);
    a.low.clear();
    a.high.clear();
    return a;
  }
  [[nodiscard]] ChartSeries of_site(const std::string& site, const char* column, std::string name,
                                    int look, ChartSeries::Kind kind) const {
    ChartSeries s;
    s.kind = kind;
    s.name = std::move(name);
    s.look = look;
    const auto values = r_.timeline().numbers(column);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (site_[i] == site) s.y.push_back(values[i]);
    }
    add_band(s, site, column);
    return s;
  }
  void add_band(ChartSeries& s, const std::string& site, const char* column) const {
    if (r_.bands().rows() == 0) return;
    const auto& quantity = r_.bands().texts("quantity");
    const auto& sites = r_.bands().texts("site");
    const auto interval = r_.bands().numbers("interval"), low = r_.bands().numbers("low"),
               high = r_.bands().numbers("high"), mean = r_.bands().numbers("value");
    const auto twin = r_.bands().has("without_faults") ? r_.bands().numbers("without_faults")
                                                       : std::vector<double>(mean.size(), kGap);
    s.low.assign(s.y.size(), kGap);
    s.high.assign(s.y.size(), kGap);
    s.twin.assign(s.y.size(), kGap);
    for (std::size_t i = 0; i < quantity.size(); ++i) {
      if (!(interval[i] >= 0 && interval[i] < static_cast<double>(s.y.size()))) continue;
      const auto at = static_cast<std::size_t>(interval[i]);
      if (quantity[i] != column || sites[i] != site) continue;
      s.low[at] = low[i];
      s.high[at] = high[i];
      s.twin[at] = twin[i];
      s.y[at] = mean[i];
    }
    // Nothing is said by bands of one replication, and by a twin that there is not.
    for (auto* values : {&s.low, &s.high, &s.twin}) {
      if (std::all_of(values->begin(), values->end(), [](double v) { return std::isnan(v); })) {
        values->clear();
      }
    }
  }

  const StoredResults& r_;
  std::vector<std::string> site_;
  std::vector<double> starts_;
  double width_ = 900;
};

/// Of stacked bars the twin's are not told apart: a line for all of them.
void stack_twins(ChartSpec& spec) {
  std::vector<double> all = spec.series.front().twin;
  for (std::size_t k = 1; k < spec.series.size(); ++k) {
    for (std::size_t i = 0; i < all.size(); ++i) all[i] += spec.series[k].twin[i];
  }
  for (ChartSeries& series : spec.series) series.twin.clear();
  spec.series.back().twin = std::move(all);
}

}  // namespace

namespace {

std::vector<ChartSpec> failure_specs(const StoredResults& r) {
  if (std::isnan(first_failure_s(r)) || r.calls().rows() == 0) return {};
  const Closeup c(r);
  const CsvTable& calls = r.calls();
  const CsvTable& twin = r.twin_calls();
  const bool twinned = twin.rows() > 0;
  const std::string per = fmt::format("calls per {:.0f} s", c.width());
  using Kind = ChartSeries::Kind;
  std::vector<ChartSpec> out;

  ChartSpec waiting = c.frame("Waiting for an agent", "calls, most at a time");
  waiting.series = {{.kind = Kind::step, .name = "waiting", .y = c.waiting(calls)}};
  if (twinned) waiting.series[0].twin = c.waiting(twin);
  out.push_back(std::move(waiting));

  ChartSpec ends = c.frame("Calls lost and callers who gave up", per);
  ends.series = {
      {.kind = Kind::bars, .name = "lost", .y = c.ended(calls, "lost"), .look = 1},
      {.kind = Kind::bars, .name = "gave up waiting", .y = c.ended(calls, "abandoned"), .look = 2}};
  if (twinned) {
    ends.series[0].twin = c.ended(twin, "lost");
    ends.series[1].twin = c.ended(twin, "abandoned");
    stack_twins(ends);
  }
  out.push_back(std::move(ends));

  ChartSpec waits = c.frame("How long callers waited", "seconds, by when their call was taken");
  Closeup::Waits with = c.waits(calls);
  waits.series = {{.name = "longest", .y = std::move(with.most), .look = 2},
                  {.name = "mean", .y = std::move(with.mean), .look = 1}};
  if (twinned) {
    Closeup::Waits without = c.waits(twin);
    waits.series[0].twin = std::move(without.most);
    waits.series[1].twin = std::move(without.mean);
  }
  out.push_back(std::move(waits));
  return out;
}

std::vector<ChartSpec> whole_run_specs(const StoredResults& r) {
  const RunTimeline t(r);
  using Kind = ChartSeries::Kind;
  std::vector<ChartSpec> out;

  ChartSpec calls = t.frame("How calls ended", "calls per interval", false);
  calls.series = {t.sum("completed", "served", 1, Kind::bars),
                  t.sum("abandoned", "gave up waiting", 2, Kind::bars),
                  t.sum("lost", "lost", 3, Kind::bars)};
  stack_twins(calls);
  out.push_back(std::move(calls));

  ChartSpec level = t.two_sites("Service level", "share answered in time", "service_level");
  level.percent = true;
  out.push_back(std::move(level));

  ChartSpec waits = t.frame("Waiting time", "seconds");
  waits.series = {t.most("wait_max_s", "longest", 2), t.most("wait_mean_s", "mean, worse site", 1)};
  out.push_back(std::move(waits));

  out.push_back(t.two_sites("Calls waiting", "most at a time", "queue_max"));

  ChartSpec agents = t.frame("Agents", "both sites");
  agents.series = {t.sum("agents_working", "on shift", 6), t.sum("agents_at_work", "at work", 1),
                   t.sum("agents_busy", "busy", 2)};
  out.push_back(std::move(agents));

  const ChartSpec sites[] = {
      t.two_sites("Agents logged in", "as each SIP Server sees it", "agents_logged_in"),
      t.two_sites("Phones registered", "Extension DNs in service", "phones_registered"),
      t.two_sites("Work of the SIP Servers", "messages per second", "messages_per_s"),
      t.two_sites("Longest time in a SIP Server's input queue", "milliseconds",
                  "server_delay_max_s", 1000),
      t.two_sites("Trunk channels in use", "by the gateways' home", "channels_mean"),
      t.two_sites("Media between the data centres", "Mbit/s, most at a time", "wan_out_max_bps",
                  1e-6, "out of ")};
  out.insert(out.end(), std::begin(sites), std::end(sites));
  return out;
}

std::string chart_section(const char* title, const std::string& note,
                          const std::vector<ChartSpec>& specs) {
  if (specs.empty()) return "";
  std::string out = fmt::format("<section>\n<h2>{}</h2>\n", title);
  if (!note.empty()) out += fmt::format("<p class=\"soft\">{}</p>\n", note);
  out += "<div class=\"charts\">\n";
  for (const ChartSpec& spec : specs) out += chart_figure(spec);
  return out + "</div>\n</section>\n";
}

}  // namespace

std::string failure_charts(const StoredResults& r) {
  const bool several = r.run().at("replications").get<int>() > 1;
  return chart_section("Around the failure", several ? "Of replication 0." : "", failure_specs(r));
}

std::string whole_run_charts(const StoredResults& r) {
  return chart_section("The whole run",
                       broken_windows(r).empty()
                           ? ""
                           : "Shaded: something is broken. Values are means over an interval "
                             "unless they say otherwise.",
                       whole_run_specs(r));
}

std::vector<ChartSpec> main_charts(const StoredResults& r) {
  std::vector<ChartSpec> specs = failure_specs(r);
  if (specs.empty()) specs = whole_run_specs(r);
  if (specs.size() > 2) specs.resize(2);
  return specs;
}

}  // namespace bcsim::tools
