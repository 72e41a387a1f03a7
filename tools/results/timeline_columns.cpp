#include "tools/results/timeline_columns.hpp"

#include <cmath>
#include <utility>

#include "models/metrics/levels.hpp"
#include "models/metrics/service_level.hpp"

namespace bcsim::tools {
namespace {

using models::Cause;
using models::LevelKind;
using models::RunResult;

using Column = TimelineColumn;
using Row = models::TimelineRow;

double real(std::uint64_t n) {
  return static_cast<double>(n);
}

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
double lost_agent_seconds(const RunResult&, const Row& row) {
  return row.levels.integral_s(models::level_at(LevelKind::working, row.site)) -
         row.levels.integral_s(models::level_at(LevelKind::at_work, row.site));
}
double staffed(const RunResult&, const Row& row) {
  return row.levels.integral_s(models::level_at(LevelKind::busy, row.site)) +
         row.levels.integral_s(models::level_at(LevelKind::ready, row.site));
}
double occupancy(const RunResult& run, const Row& row) {
  return row.levels.integral_s(models::level_at(LevelKind::busy, row.site)) / staffed(run, row);
}
double handled(const RunResult&, const Row& row) {
  return real(row.levels.server(row.site).messages);
}
double answered(const RunResult&, const Row& row) {
  return real(row.calls.waits.answered);
}
double waited(const RunResult&, const Row& row) {
  return real(row.calls.waits.answered + row.calls.waits.abandoned);
}
/// The denominator of the scenario's service level.
double judged(const RunResult& run, const Row& row) {
  const auto& waits = row.calls.waits;
  switch (run.service_level_definition) {
    case models::ServiceLevelDefinition::f2:
      return answered(run, row);
    case models::ServiceLevelDefinition::f4:
      return waited(run, row) - real(waits.abandoned_within);
    case models::ServiceLevelDefinition::f6:
      return waited(run, row) + real(waits.turned_away);
    default:
      return waited(run, row);
  }
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
      columns.push_back({std::string(models::name(of)), value, nullptr});
    }
  };
  (add(static_cast<Cause>(kCause), &cause<static_cast<Cause>(kCause)>), ...);
}

std::vector<Column> make_timeline_columns() {
  using K = models::CounterKind;
  std::vector<Column> columns = {
      {"attempted", [](const RunResult&, const Row& r) { return real(r.calls.attempted); }, nullptr,
       true},
      {"offered", [](const RunResult&, const Row& r) { return real(r.calls.offered); }, nullptr,
       true},
      {"answered", [](const RunResult&, const Row& r) { return real(r.calls.waits.answered); },
       nullptr, true},
      {"abandoned", [](const RunResult&, const Row& r) { return real(r.calls.waits.abandoned); },
       nullptr, true},
      {"completed", &cause<Cause::completed>, nullptr, true},
      {"default_routed", &cause<Cause::default_routed>, nullptr, true},
      {"lost", [](const RunResult&, const Row& r) { return real(r.calls.lost()); }, nullptr, true},
  };
  add_lost_columns(columns, std::make_index_sequence<models::kCauses>());
  const std::vector<Column> rest = {
      {"setup_delayed", [](const RunResult&, const Row& r) { return real(r.calls.setup_delayed); }},
      {"redials", [](const RunResult&, const Row& r) { return real(r.calls.redials); }, nullptr,
       true},
      {"service_level",
       [](const RunResult& run, const Row& r) {
         return models::service_level(run.service_level_definition, r.calls.waits);
       },
       &judged, true},
      {"asa_s", [](const RunResult&, const Row& r) { return r.calls.asa_s(); }, &answered, true},
      {"wait_mean_s", [](const RunResult&, const Row& r) { return r.calls.wait_mean_s(); }, &waited,
       true},
      {"wait_max_s",
       [](const RunResult&, const Row& r) {
         return r.calls.waits.answered + r.calls.waits.abandoned > 0 ? r.calls.wait_max_s
                                                                     : std::nan("");
       },
       nullptr, true},
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
      {"occupancy", &occupancy, &staffed},
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
      {"server_delay_mean_s", &delay_mean, &handled},
      {"server_delay_max_s", &delay_max},
      {"wan_out_mean_bps", &wan_mean},
      {"wan_out_max_bps", &wan_max},
  };
  columns.insert(columns.end(), rest.begin(), rest.end());
  return columns;
}

}  // namespace

const std::vector<TimelineColumn>& timeline_value_columns() {
  static const std::vector<TimelineColumn> columns = make_timeline_columns();
  return columns;
}

std::vector<TimelineColumn> queue_value_columns() {
  std::vector<TimelineColumn> out;
  for (const TimelineColumn& column : timeline_value_columns()) {
    if (column.of_queue) out.push_back(column);
  }
  return out;
}

}  // namespace bcsim::tools
