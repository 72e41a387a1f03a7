#include "tools/results/csv_files.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <iterator>

#include "tools/results/number_text.hpp"

namespace bcsim::tools {
namespace {

using models::CallRow;
using models::Cause;
using models::LevelKind;
using models::RunResult;
using models::SimTime;

/// Appends fields to one line.
class Line {
 public:
  explicit Line(std::string& out) : out_(out) {}
  Line& text(std::string_view field) {
    separate();
    if (field.find_first_of(",\"\n\r") == std::string_view::npos) {
      out_ += field;
      return *this;
    }
    out_ += '"';
    for (const char c : field) {
      if (c == '"') out_ += '"';
      out_ += c;
    }
    out_ += '"';
    return *this;
  }
  template <class Integer>
  Line& number(Integer value) {
    separate();
    fmt::format_to(std::back_inserter(out_), "{}", value);
    return *this;
  }
  /// Empty for NaN.
  Line& real(double value) {
    separate();
    if (!std::isnan(value)) append_number(out_, value);
    return *this;
  }
  /// Seconds with six decimals; empty for kNever.
  Line& time(SimTime t) {
    if (t == models::kNever) return text("");
    return duration(t.time_since_epoch());
  }
  Line& duration(models::Duration d) {
    const std::int64_t us = (d.count() + 500) / 1000;
    separate();
    fmt::format_to(std::back_inserter(out_), "{}.{:06}", us / 1'000'000, us % 1'000'000);
    return *this;
  }
  void end() { out_ += '\n'; }

 private:
  void separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  std::string& out_;
  bool first_ = true;
};

constexpr std::array<std::string_view, 30> kCallsColumns = {
    "call",       "caller",        "attempt",   "previous",       "stream",      "gateway",
    "offered_s",  "invited_s",     "queued_s",  "treatment_s",    "routed_s",    "ringing_s",
    "answered_s", "released_s",    "wait_s",    "first_server",   "queue_site",  "agent_site",
    "path",       "agent",         "outcome",   "cause",          "release",     "phase",
    "status",     "setup_delayed", "monitored", "media_degraded", "caller_lost", "attributed"};

std::string_view outcome(Cause cause) {
  switch (cause) {
    case Cause::still_in_system:
      return "in_system";
    case Cause::completed:
      return "served";
    case Cause::abandoned_in_queue:
      return "abandoned";
    case Cause::default_routed:
      return "default_routed";
    default:
      return "lost";
  }
}

std::string_view release_name(models::pstn::Release release) {
  constexpr std::array<std::string_view, 11> kNames = {
      "normal",         "caller_hung_up", "speech_lost", "rejected",
      "no_response",    "ring_timeout",   "media_lost",  "session_expired",
      "default_routed", "gateway_failed", "no_channel"};
  return kNames[static_cast<std::size_t>(release)];
}
std::string_view phase_name(models::CallPhase phase) {
  constexpr std::array<std::string_view, 5> kNames = {"setup", "ringback", "treatment", "talking",
                                                      "held"};
  return kNames[static_cast<std::size_t>(phase)];
}
std::string_view path_name(models::PathMask path) {
  constexpr std::array<std::string_view, 4> kNames = {"", "1", "2", "1+2"};
  return kNames[path & 3u];
}

std::string_view name_or_empty(const std::vector<std::string>& names, std::size_t index) {
  return index < names.size() ? std::string_view(names[index]) : std::string_view();
}

void write_call(const RunResult& r, std::size_t call, std::string& out) {
  const CallRow& row = r.calls[call];
  const auto site = [](std::uint8_t s) {
    return s == models::kNoSite ? std::string_view() : s == 0 ? "1" : "2";
  };
  const bool over = row.released != models::kNever;
  const bool waited = row.queued != models::kNever &&
                      (row.answered != models::kNever || row.cause == Cause::abandoned_in_queue);
  Line line(out);
  line.number(call).number(row.caller).number(unsigned{row.attempt});
  if (row.previous.valid()) {
    line.number(row.previous.value);
  } else {
    line.text("");
  }
  line.text(name_or_empty(r.stream_names, row.stream));
  line.text(name_or_empty(r.gateway_names, row.gateway));
  for (const SimTime t : {row.offered, row.invited, row.queued, row.treatment, row.routed,
                          row.ringing, row.answered, row.released}) {
    line.time(t);
  }
  if (waited) {
    line.duration((row.answered != models::kNever ? row.answered : row.released) - row.queued);
  } else {
    line.text("");
  }
  line.text(site(row.first_server)).text(site(row.queue_site)).text(site(row.agent_site));
  line.text(path_name(row.path));
  line.text(row.agent.valid() ? name_or_empty(r.agent_names, row.agent.value) : "");
  line.text(outcome(row.cause)).text(models::name(row.cause));
  line.text(over ? release_name(row.release) : "").text(over ? phase_name(row.phase) : "");
  if (row.status != 0) {
    line.number(row.status);
  } else {
    line.text("");
  }
  for (const auto flag : {CallRow::setup_delayed, CallRow::monitored, CallRow::media_degraded,
                          CallRow::caller_lost}) {
    line.number(row.has(flag) ? 1 : 0);
  }
  if (call < r.attributed.size()) {
    line.number(unsigned{r.attributed[call]});
  } else {
    line.text("");
  }
  line.end();
}

}  // namespace

std::span<const std::string_view> calls_columns() {
  return kCallsColumns;
}

void write_calls_csv(const RunResult& result, OutputFile& out) {
  Line header(out.buffer());
  for (const std::string_view column : kCallsColumns) header.text(column);
  header.end();
  for (std::size_t call = 0; call < result.calls.size(); ++call) {
    write_call(result, call, out.buffer());
    out.flush_if_full();
  }
}

namespace {

/// One column of timeline.csv.
struct Column {
  std::string name;
  double (*value)(const RunResult&, const models::TimelineRow&);
};

using Row = models::TimelineRow;

template <LevelKind kKind>
double mean(const RunResult&, const Row& row) {
  return row.levels.mean(models::level_at(kKind, row.site));
}
template <LevelKind kKind>
double max(const RunResult&, const Row& row) {
  return row.levels.max(models::level_at(kKind, row.site));
}
template <Cause kCause>
double cause(const RunResult&, const Row& row) {
  return static_cast<double>(row.calls.count(kCause));
}
template <models::CounterKind kKind>
double counter(const RunResult&, const Row& row) {
  return static_cast<double>(row.levels.count(models::counter_at(kKind, row.site)));
}
double real(std::uint64_t n) {
  return static_cast<double>(n);
}
double lost_agent_seconds(const RunResult&, const Row& row) {
  return row.levels.integral_s(models::level_at(LevelKind::working, row.site)) -
         row.levels.integral_s(models::level_at(LevelKind::at_work, row.site));
}
double occupancy(const RunResult&, const Row& row) {
  const double busy = row.levels.integral_s(models::level_at(LevelKind::busy, row.site));
  const double ready = row.levels.integral_s(models::level_at(LevelKind::ready, row.site));
  return busy / (busy + ready);
}
/// Channels of the gateways whose home the site is.
double channels(const RunResult& r, const Row& row) {
  double sum = 0;
  for (std::size_t g = 0; g < r.gateway_names.size(); ++g) {
    if (r.gateway_sites[g] == row.site) sum += row.levels.mean(models::channels_at(g));
  }
  return sum;
}
double messages_per_s(const RunResult&, const Row& row) {
  return real(row.levels.server(row.site).messages) / row.levels.duration_s;
}
double delay_mean(const RunResult&, const Row& row) {
  const auto load = row.levels.server(row.site);
  return load.delay_sum_s / real(load.messages);
}
double delay_max(const RunResult&, const Row& row) {
  const auto load = row.levels.server(row.site);
  return load.messages > 0 ? load.delay_max_s : std::nan("");
}
/// The dc-link's direction that leaves the site.
double wan_mean(const RunResult& r, const Row& row) {
  return row.levels.mean(models::media_at(r.gateway_names.size(), row.site));
}
double wan_max(const RunResult& r, const Row& row) {
  return row.levels.max(models::media_at(r.gateway_names.size(), row.site));
}

template <std::size_t... kCause>
void add_lost_columns(std::vector<Column>& columns, std::index_sequence<kCause...>) {
  const auto add = [&](Cause of, auto value) {
    if (models::is_loss(of)) {
      columns.push_back({std::string(models::name(of)), value});
    }
  };
  (add(static_cast<Cause>(kCause), &cause<static_cast<Cause>(kCause)>), ...);
}

std::vector<Column> timeline_value_columns() {
  using K = models::CounterKind;
  std::vector<Column> columns = {
      {"attempted", [](const RunResult&, const Row& r) { return real(r.calls.attempted); }},
      {"offered", [](const RunResult&, const Row& r) { return real(r.calls.offered); }},
      {"answered", [](const RunResult&, const Row& r) { return real(r.calls.waits.answered); }},
      {"abandoned", [](const RunResult&, const Row& r) { return real(r.calls.waits.abandoned); }},
      {"completed", &cause<Cause::completed>},
      {"default_routed", &cause<Cause::default_routed>},
      {"lost", [](const RunResult&, const Row& r) { return real(r.calls.lost()); }},
  };
  add_lost_columns(columns, std::make_index_sequence<models::kCauses>());
  const std::vector<Column> rest = {
      {"setup_delayed", [](const RunResult&, const Row& r) { return real(r.calls.setup_delayed); }},
      {"redials", [](const RunResult&, const Row& r) { return real(r.calls.redials); }},
      {"service_level",
       [](const RunResult& run, const Row& r) {
         return models::service_level(run.service_level_definition, r.calls.waits);
       }},
      {"asa_s", [](const RunResult&, const Row& r) { return r.calls.asa_s(); }},
      {"wait_mean_s", [](const RunResult&, const Row& r) { return r.calls.wait_mean_s(); }},
      {"wait_max_s",
       [](const RunResult&, const Row& r) {
         return r.calls.waits.answered + r.calls.waits.abandoned > 0 ? r.calls.wait_max_s
                                                                     : std::nan("");
       }},
      {"setup_mean", &mean<LevelKind::setup>},
      {"queue_mean", &mean<LevelKind::queue>},
      {"queue_max", &max<LevelKind::queue>},
      {"ringing_mean", &mean<LevelKind::ringing>},
      {"talking_mean", &mean<LevelKind::talking>},
      {"agents_working", &mean<LevelKind::working>},
      {"agents_at_work", &mean<LevelKind::at_work>},
      {"agents_lost_s", &lost_agent_seconds},
      {"agents_logged_in", &mean<LevelKind::logged_in>},
      {"agents_ready", &mean<LevelKind::ready>},
      {"agents_busy", &mean<LevelKind::busy>},
      {"occupancy", &occupancy},
      {"phones_registered", &mean<LevelKind::registered>},
      {"registrations", &counter<K::registrations>},
      {"registration_failures", &counter<K::registration_failures>},
      {"logins", &counter<K::logins>},
      {"logins_refused", &counter<K::logins_refused>},
      {"logouts", &counter<K::logouts>},
      {"forced_logouts", &counter<K::forced_logouts>},
      {"bc_forwards", &counter<K::bc_forwards>},
      {"requests_dropped", &counter<K::requests_dropped>},
      {"channels_mean", &channels},
      {"messages_per_s", &messages_per_s},
      {"server_delay_mean_s", &delay_mean},
      {"server_delay_max_s", &delay_max},
      {"wan_out_mean_bps", &wan_mean},
      {"wan_out_max_bps", &wan_max},
  };
  columns.insert(columns.end(), rest.begin(), rest.end());
  return columns;
}

}  // namespace

std::vector<std::string> timeline_columns() {
  std::vector<std::string> names = {"interval", "start_s", "length_s", "site"};
  for (const Column& column : timeline_value_columns()) names.push_back(column.name);
  return names;
}

void write_timeline_csv(const RunResult& result, OutputFile& out) {
  Line header(out.buffer());
  for (const std::string& column : timeline_columns()) header.text(column);
  header.end();
  const auto columns = timeline_value_columns();
  for (std::size_t i = 0; i < result.timeline.size(); ++i) {
    const Row& row = result.timeline[i];
    Line line(out.buffer());
    line.number(i / models::kSites).time(row.start).duration(row.length).number(row.site + 1);
    for (const Column& column : columns) line.real(column.value(result, row));
    line.end();
    out.flush_if_full();
  }
}

}  // namespace bcsim::tools
