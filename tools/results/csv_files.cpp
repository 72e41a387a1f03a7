#include "tools/results/csv_files.hpp"
#include "tools/journal/message_words.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <iterator>

#include "tools/results/csv_line.hpp"
#include "tools/results/timeline_columns.hpp"

namespace bcsim::tools {
namespace {

using models::CallRow;
using models::Cause;
using models::RunResult;
using models::SimTime;

constexpr std::array<std::string_view, 35> kCallsColumns = {
    "call",       "caller",        "attempt",       "previous",       "stream",        "gateway",
    "offered_s",  "invited_s",     "queued_s",      "treatment_s",    "routed_s",      "ringing_s",
    "answered_s", "released_s",    "wait_s",        "first_server",   "queue_site",    "agent_site",
    "path",       "agent",         "outcome",       "cause",          "release",       "phase",
    "status",     "setup_delayed", "monitored",     "media_degraded", "caller_lost",   "attributed",
    "kind",       "from_agent",    "transferred_s", "reanswered_s",   "transferred_by"};

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
    case Cause::callee_busy:
    case Cause::no_answer:
      return "not_answered";
    default:
      return "lost";
  }
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
  CsvLine line(out);
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
  line.text(over ? release_word(row.release) : "").text(over ? phase_word(row.phase) : "");
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
  line.text(kind_word(row.kind));
  line.text(row.from.valid() ? name_or_empty(r.agent_names, row.from.value) : "");
  line.time(row.transferred).time(row.reanswered);
  line.text(row.transferred_by.valid() ? name_or_empty(r.agent_names, row.transferred_by.value)
                                       : "");
  line.end();
}

}  // namespace

std::span<const std::string_view> calls_columns() {
  return kCallsColumns;
}

void write_calls_csv(const RunResult& result, OutputFile& out) {
  CsvLine header(out.buffer());
  for (const std::string_view column : kCallsColumns) header.text(column);
  header.end();
  for (std::size_t call = 0; call < result.calls.size(); ++call) {
    write_call(result, call, out.buffer());
    out.flush_if_full();
  }
}

std::vector<std::string> timeline_columns() {
  std::vector<std::string> names = {"interval", "start_s", "length_s", "site"};
  for (const TimelineColumn& column : timeline_value_columns()) names.push_back(column.name);
  return names;
}

void write_timeline_csv(const RunResult& result, OutputFile& out) {
  CsvLine header(out.buffer());
  for (const std::string& column : timeline_columns()) header.text(column);
  header.end();
  const auto& columns = timeline_value_columns();
  for (std::size_t i = 0; i < result.timeline.size(); ++i) {
    const models::TimelineRow& row = result.timeline[i];
    CsvLine line(out.buffer());
    line.number(i / models::kSites).time(row.start).duration(row.length).number(row.site + 1);
    for (const TimelineColumn& column : columns) line.real(column.value(result, row));
    line.end();
    out.flush_if_full();
  }
}

namespace {

struct QueueLevel {
  std::string_view column;
  models::LevelKind kind;
  bool max = false;
};
constexpr std::array<QueueLevel, 4> kQueueLevels = {{{"queue_mean", models::LevelKind::queue},
                                                     {"queue_max", models::LevelKind::queue, true},
                                                     {"ringing_mean", models::LevelKind::ringing},
                                                     {"talking_mean", models::LevelKind::talking}}};

}  // namespace

std::vector<std::string> queue_timeline_columns() {
  std::vector<std::string> names = {"interval", "start_s", "length_s", "queue"};
  for (const TimelineColumn& column : queue_value_columns()) names.push_back(column.name);
  for (const QueueLevel& level : kQueueLevels) names.emplace_back(level.column);
  return names;
}

void write_queue_timeline_csv(const RunResult& result, OutputFile& out) {
  CsvLine header(out.buffer());
  for (const std::string& column : queue_timeline_columns()) header.text(column);
  header.end();
  const std::vector<TimelineColumn> columns = queue_value_columns();
  const models::BoardPlan plan = result.board_plan();
  const std::size_t intervals = result.timeline.size() / models::kSites;
  for (std::size_t i = 0; i < intervals; ++i) {
    const models::TimelineRow& interval = result.timeline[i * models::kSites];
    for (std::size_t q = 0; q < result.queue_names.size(); ++q) {
      const models::TimelineRow of_queue{
          interval.start, interval.length, 0, result.tallies.interval_queue[i][q], {}};
      CsvLine line(out.buffer());
      line.number(i).time(interval.start).duration(interval.length).text(result.queue_names[q]);
      for (const TimelineColumn& column : columns) line.real(column.value(result, of_queue));
      for (const QueueLevel& level : kQueueLevels) {
        const std::size_t at = *plan.of_queue(level.kind, q);
        line.real(level.max ? interval.levels.max(at) : interval.levels.mean(at));
      }
      line.end();
    }
    out.flush_if_full();
  }
}

}  // namespace bcsim::tools
