// The charts of a report: what is drawn, from which columns.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

#include "tools/report/answer.hpp"
#include "tools/report/chart.hpp"
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

  /// Calls with `wanted` by the time in `column`.
  [[nodiscard]] std::vector<double> count(const char* column,
                                          const std::function<bool(std::size_t)>& wanted) const {
    std::vector<double> n(starts_.size(), 0);
    const auto times = r_.calls().numbers(column);
    for (std::size_t i = 0; i < times.size(); ++i) {
      if (const auto bin = bin_of(times[i]); bin < n.size() && wanted(i)) ++n[bin];
    }
    return n;
  }
  /// Most calls that waited for an agent at a time, in each bin.
  [[nodiscard]] std::vector<double> waiting() const {
    const auto queued = r_.calls().numbers("queued_s"), routed = r_.calls().numbers("routed_s"),
               released = r_.calls().numbers("released_s");
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
  [[nodiscard]] std::pair<std::vector<double>, std::vector<double>> waits() const {
    const auto queued = r_.calls().numbers("queued_s"), wait = r_.calls().numbers("wait_s");
    std::vector<double> most(starts_.size(), kGap), sum(starts_.size(), 0), n(starts_.size(), 0);
    for (std::size_t i = 0; i < queued.size(); ++i) {
      const auto bin = bin_of(queued[i]);
      if (bin >= most.size() || std::isnan(wait[i])) continue;
      most[bin] = std::isnan(most[bin]) ? wait[i] : std::max(most[bin], wait[i]);
      sum[bin] += wait[i];
      ++n[bin];
    }
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = n[i] > 0 ? sum[i] / n[i] : kGap;
    return {most, sum};
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
    ChartSeries a = of_site("1", column, std::move(name), look, kind);
    const ChartSeries b = of_site("2", column, "", look, kind);
    for (std::size_t i = 0; i < a.y.size(); ++i) a.y[i] += b.y[i];
    a.low.clear();
    a.high.clear();
    return a;
  }
  [[nodiscard]] ChartSeries of_site(const std::string& site, const char* column, std::string name,
                                    int look,
                                    ChartSeries::Kind kind = ChartSeries::Kind::line) const {
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
  /// The larger of both sites.
  [[nodiscard]] ChartSeries most(const char* column, std::string name, int look) const {
    ChartSeries a = of_site("1", column, std::move(name), look);
    const ChartSeries b = of_site("2", column, "", look);
    for (std::size_t i = 0; i < a.y.size(); ++i) a.y[i] = std::fmax(a.y[i], b.y[i]);
    a.low.clear();
    a.high.clear();
    return a;
  }

 private:
  void add_band(ChartSeries& s, const std::string& site, const char* column) const {
    if (r_.bands().rows() == 0) return;
    const auto& quantity = r_.bands().texts("quantity");
    const auto& sites = r_.bands().texts("site");
    const auto interval = r_.bands().numbers("interval"), low = r_.bands().numbers("low"),
               high = r_.bands().numbers("high"), mean = r_.bands().numbers("value");
    s.low.assign(s.y.size(), kGap);
    s.high.assign(s.y.size(), kGap);
    for (std::size_t i = 0; i < quantity.size(); ++i) {
      const auto at = static_cast<std::size_t>(interval[i]);
      if (quantity[i] != column || sites[i] != site || at >= s.y.size()) continue;
      s.low[at] = low[i];
      s.high[at] = high[i];
      s.y[at] = mean[i];
    }
  }

  const StoredResults& r_;
  std::vector<std::string> site_;
  std::vector<double> starts_;
  double width_ = 900;
};

}  // namespace

std::string failure_charts(const StoredResults& r) {
  if (std::isnan(first_failure_s(r)) || r.calls().rows() == 0) return "";
  const Closeup c(r);
  const auto& outcome = r.calls().texts("outcome");
  const auto is = [&outcome](const char* word) {
    return [&outcome, word](std::size_t i) { return outcome[i] == word; };
  };
  const std::string per = fmt::format("calls per {:.0f} s", c.width());
  const bool several = r.run().at("replications").get<int>() > 1;
  std::string out =
      fmt::format("<section>\n<h2>Around the failure</h2>\n{}<div class=\"charts\">\n",
                  several ? "<p class=\"soft\">Of replication 0.</p>\n" : "");

  ChartSpec waiting = c.frame("Waiting for an agent", "calls, most at a time");
  waiting.series = {{.kind = ChartSeries::Kind::step, .name = "waiting", .y = c.waiting()}};
  out += chart_figure(waiting);

  ChartSpec ends = c.frame("Calls lost and callers who gave up", per);
  using Kind = ChartSeries::Kind;
  ends.series = {
      {.kind = Kind::bars, .name = "lost", .y = c.count("released_s", is("lost")), .look = 1},
      {.kind = Kind::bars,
       .name = "gave up waiting",
       .y = c.count("released_s", is("abandoned")),
       .look = 2}};
  out += chart_figure(ends);

  ChartSpec waits = c.frame("How long callers waited", "seconds, by when their call was taken");
  auto [most, mean] = c.waits();
  waits.series = {{.name = "longest", .y = std::move(most), .look = 2},
                  {.name = "mean", .y = std::move(mean), .look = 1}};
  out += chart_figure(waits);
  return out + "</div>\n</section>\n";
}

std::string whole_run_charts(const StoredResults& r) {
  const RunTimeline t(r);
  using Kind = ChartSeries::Kind;
  std::string out = "<section>\n<h2>The whole run</h2>\n";
  if (!broken_windows(r).empty()) {
    out +=
        "<p class=\"soft\">Shaded: something is broken. Values are means over an interval unless "
        "they say otherwise.</p>\n";
  }
  out += "<div class=\"charts\">\n";

  ChartSpec calls = t.frame("How calls ended", "calls per interval", false);
  calls.series = {t.sum("completed", "served", 1, Kind::bars),
                  t.sum("abandoned", "gave up waiting", 2, Kind::bars),
                  t.sum("lost", "lost", 3, Kind::bars)};
  out += chart_figure(calls);

  ChartSpec level = t.frame("Service level", "share answered in time");
  level.percent = true;
  level.series = {t.of_site("1", "service_level", "site 1", 1),
                  t.of_site("2", "service_level", "site 2", 2)};
  out += chart_figure(level);

  ChartSpec waits = t.frame("Waiting time", "seconds");
  waits.series = {t.most("wait_max_s", "longest", 2), t.most("wait_mean_s", "mean, worse site", 1)};
  out += chart_figure(waits);

  ChartSpec queue = t.frame("Calls waiting", "most at a time");
  queue.series = {t.of_site("1", "queue_max", "site 1", 1),
                  t.of_site("2", "queue_max", "site 2", 2)};
  out += chart_figure(queue);

  ChartSpec agents = t.frame("Agents", "both sites");
  agents.series = {t.sum("agents_working", "on shift", 6), t.sum("agents_at_work", "at work", 1),
                   t.sum("agents_busy", "busy", 2)};
  out += chart_figure(agents);

  ChartSpec logins = t.frame("Agents logged in", "as each SIP Server sees it");
  logins.series = {t.of_site("1", "agents_logged_in", "site 1", 1),
                   t.of_site("2", "agents_logged_in", "site 2", 2)};
  out += chart_figure(logins);

  ChartSpec phones = t.frame("Phones registered", "Extension DNs in service");
  phones.series = {t.of_site("1", "phones_registered", "site 1", 1),
                   t.of_site("2", "phones_registered", "site 2", 2)};
  out += chart_figure(phones);

  ChartSpec load = t.frame("Work of the SIP Servers", "messages per second");
  load.series = {t.of_site("1", "messages_per_s", "site 1", 1),
                 t.of_site("2", "messages_per_s", "site 2", 2)};
  out += chart_figure(load);

  ChartSpec delay = t.frame("Longest time in a SIP Server's input queue", "milliseconds");
  delay.series = {t.of_site("1", "server_delay_max_s", "site 1", 1),
                  t.of_site("2", "server_delay_max_s", "site 2", 2)};
  for (ChartSeries& s : delay.series) {
    for (auto* values : {&s.y, &s.low, &s.high}) {
      for (double& v : *values) v *= 1000;
    }
  }
  out += chart_figure(delay);

  ChartSpec channels = t.frame("Trunk channels in use", "by the gateways' home");
  channels.series = {t.of_site("1", "channels_mean", "site 1", 1),
                     t.of_site("2", "channels_mean", "site 2", 2)};
  out += chart_figure(channels);

  ChartSpec wan = t.frame("Media between the data centres", "Mbit/s, most at a time");
  wan.series = {t.of_site("1", "wan_out_max_bps", "out of site 1", 1),
                t.of_site("2", "wan_out_max_bps", "out of site 2", 2)};
  for (ChartSeries& s : wan.series) {
    for (auto* values : {&s.y, &s.low, &s.high}) {
      for (double& v : *values) v /= 1e6;
    }
  }
  out += chart_figure(wan);
  return out + "</div>\n</section>\n";
}

}  // namespace bcsim::tools
