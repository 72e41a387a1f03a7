#include "tools/worst/worst_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <tuple>

#include "tools/results/came_back.hpp"
#include "tools/results/plain_words.hpp"

namespace bcsim::tools {
namespace {

constexpr double kNotBack = std::numeric_limits<double>::infinity();
constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

double shares_back(const std::vector<float>& back_s, std::uint32_t affected) {
  if (affected == 0) return kNothing;
  return models::Recovery::share_back(back_s, affected, 1).value_or(kNotBack);
}

template <Return what>
double back_of(const Moment& moment) {
  return moment.back[static_cast<std::size_t>(what)];
}

// JSON knows neither of the two that are no number.
nlohmann::json packed(double seconds) {
  return std::isnan(seconds) ? nlohmann::json() : nlohmann::json(std::min(seconds, 1e300));
}
double unpacked(const nlohmann::json& seconds) {
  if (seconds.is_null()) return kNothing;
  const double value = seconds;
  return value < 1e300 ? value : kNotBack;
}

}  // namespace

const char* metric_of(Return what) {
  switch (what) {
    case Return::service_level:
      return "recovery.service_level_back";
    case Return::agents:
      return "recovery.agents_100";
    case Return::phones:
      return "recovery.phones_100";
    case Return::queue:
      return "recovery.queue_drained";
  }
  return "";
}

double Moment::recovery_s() const {
  double last = kNothing;
  for (const double s : back) last = std::fmax(last, s);  // of a number and NaN, the number
  return last;
}

Moment moment_of(models::SimTime at, const models::RunResult& result, std::uint64_t fingerprint) {
  Moment moment;
  moment.at = at;
  moment.fingerprint = fingerprint;
  const auto count = [&](std::string_view id) {
    return static_cast<std::uint64_t>(result.value(id));
  };
  moment.lost = count("lost");
  moment.abandoned = count("abandoned");
  moment.callers_lost = count("callers_lost");
  for (const models::Cause cause : models::all_causes()) {
    if (!models::is_loss(cause)) continue;
    moment.causes[static_cast<std::size_t>(cause)] =
        count(fmt::format("lost.{}", models::name(cause)));
  }
  for (const models::Verdict& verdict : result.verdicts) {
    if (verdict.status == models::VerdictStatus::violated) moment.violated.push_back(verdict.id);
  }
  moment.back.fill(kNothing);
  const auto mine = std::find_if(result.recoveries.begin(), result.recoveries.end(),
                                 [&](const models::Recovery& r) { return r.at == at; });
  if (mine == result.recoveries.end()) return moment;
  if (!std::isnan(result.value("phase.before.service_level")) && mine->service_level_judged > 0) {
    moment.back[static_cast<std::size_t>(Return::service_level)] =
        mine->service_level_back.value_or(kNotBack);
  }
  moment.back[static_cast<std::size_t>(Return::agents)] =
      shares_back(mine->agents_back_s, mine->agents_affected);
  moment.back[static_cast<std::size_t>(Return::phones)] =
      shares_back(mine->phones_back_s, mine->phones_affected);
  moment.back[static_cast<std::size_t>(Return::queue)] =
      mine->queue_drained.value_or(queue_grew(result, *mine) ? kNotBack : kNothing);
  return moment;
}

std::string to_bytes(const Moment& moment) {
  nlohmann::json back = nlohmann::json::array();
  for (const double s : moment.back) back.push_back(packed(s));
  return nlohmann::json({moment.at.time_since_epoch().count(), moment.lost, moment.abandoned,
                         moment.callers_lost, moment.causes, back, moment.fingerprint,
                         moment.violated, moment.failed})
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Moment moment_from_bytes(const std::string& bytes) {
  const nlohmann::json j = nlohmann::json::parse(bytes);
  Moment moment;
  moment.at = sim::kStart + sim::Duration(j[0].get<std::int64_t>());
  moment.lost = j[1];
  moment.abandoned = j[2];
  moment.callers_lost = j[3];
  moment.causes = j[4];
  for (std::size_t i = 0; i < kReturns; ++i) moment.back[i] = unpacked(j[5][i]);
  moment.fingerprint = j[6];
  moment.violated = j[7];
  moment.failed = j[8];
  return moment;
}

std::optional<std::size_t> WorstResult::worst() const {
  std::optional<std::size_t> worst;
  const auto badness = [](const Moment& m) { return std::tuple(m.lost, m.callers_lost); };
  for (std::size_t i = 0; i < moments.size(); ++i) {
    if (!moments[i].failed.empty()) continue;
    if (!worst || badness(moments[i]) > badness(moments[*worst])) worst = i;
  }
  return worst;
}

std::optional<std::size_t> WorstResult::slowest() const {
  std::optional<std::size_t> slowest;
  const auto badness = [](const Moment& m) { return std::tuple(m.recovery_s(), m.lost); };
  for (std::size_t i = 0; i < moments.size(); ++i) {
    if (!moments[i].failed.empty() || std::isnan(moments[i].recovery_s())) continue;
    if (!slowest || badness(moments[i]) > badness(moments[*slowest])) slowest = i;
  }
  return slowest;
}

double WorstResult::unseen_share() const {
  if (moments.empty() || moments.size() >= events) return 0;
  // One moment of each stratum misses a given share of all at most as likely as n of all would.
  return 1 - std::pow(0.05, 1.0 / static_cast<double>(moments.size()));
}

Spread spread_of(const std::vector<double>& values) {
  Spread spread;
  std::vector<double> sorted;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    if (sorted.empty() || values[i] > values[spread.most_at]) spread.most_at = i;
    sorted.push_back(values[i]);
  }
  if (sorted.empty()) return {kNothing, kNothing, kNothing, kNothing, 0, 0, 0};
  std::sort(sorted.begin(), sorted.end());
  const auto quantile = [&](double p) {
    const double rank = std::ceil(p * static_cast<double>(sorted.size()));
    return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
  };
  spread.n = sorted.size();
  spread.never = static_cast<std::size_t>(std::count(sorted.begin(), sorted.end(), kNotBack));
  spread.least = sorted.front();
  spread.median = quantile(0.5);
  spread.p90 = quantile(0.9);
  spread.most = sorted.back();
  return spread;
}

const std::vector<WorstMeasure>& worst_measures() {
  static const std::vector<WorstMeasure> measures = {
      {"lost", "calls lost", "calls", [](const Moment& m) { return static_cast<double>(m.lost); }},
      {"abandoned", "calls given up waiting", "calls",
       [](const Moment& m) { return static_cast<double>(m.abandoned); }},
      {"callers_lost", "callers not served", "callers",
       [](const Moment& m) { return static_cast<double>(m.callers_lost); }},
      {"recovery", "all that follows is back", "s", [](const Moment& m) { return m.recovery_s(); }},
      {metric_of(Return::service_level), "  service level", "s", back_of<Return::service_level>},
      {metric_of(Return::agents), "  agents at work", "s", back_of<Return::agents>},
      {metric_of(Return::phones), "  phones reachable", "s", back_of<Return::phones>},
      {metric_of(Return::queue), "  queue as short", "s", back_of<Return::queue>}};
  return measures;
}

Spread spread_of(const WorstResult& result, const WorstMeasure& measure) {
  std::vector<double> values;
  for (const Moment& m : result.moments) {
    values.push_back(m.failed.empty() ? measure.value(m) : kNothing);
  }
  return spread_of(values);
}

std::string moment_words(models::SimTime at, std::optional<sim::Duration> start) {
  const std::int64_t ns = at.time_since_epoch().count() % 1'000'000'000;
  const std::string words = clock_words(at - sim::Duration(ns), start);
  return ns == 0 ? words : fmt::format("{}.{:03}", words, ns / 1'000'000);
}

}  // namespace bcsim::tools
