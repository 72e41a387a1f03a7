#include "models/metrics/call_tally.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace bcsim::models {
namespace {

/// Hands each event of a call to the tallies that it belongs to.
class Fold {
 public:
  Fold(const Scenario& scenario, const PhaseTracker& phases, CallTallies& out)
      : scenario_(scenario), phases_(phases), out_(out) {
    const auto& run = scenario.run;
    const auto intervals = (run.horizon + run.interval - Duration(1)) / run.interval;
    out_.interval.resize(static_cast<std::size_t>(std::max<std::int64_t>(intervals, 1)));
    out_.interval_queue.assign(out_.interval.size(),
                               std::vector<CallTally>(scenario.queues.size()));
    out_.queue.resize(scenario.queues.size());
    out_.stream.resize(scenario.calls.size());
    out_.gateway.resize(scenario.gateways.size());
  }

  void add(const CallRow& row, Harm harm) {
    tell(row, harmed_at(row, harm),
         [&](CallTally& t, bool) { ++t.harmed[static_cast<std::size_t>(harm)]; });
  }
  void add(const CallRow& row) {
    if (row.kind != CallKind::queue) add_personal(row);
    if (by_agent(row.kind)) return;
    tell(row, row.offered, [&](CallTally& t, bool) {
      ++t.attempted;
      t.redials += row.attempt > 1;
    });
    if (row.queued != kNever && row.kind == CallKind::queue) {
      tell(row, row.queued, [&](CallTally& t, bool) {
        ++t.offered;
        t.setup_delayed += row.has(CallRow::setup_delayed);
      });
    }
    if (row.answered != kNever && row.kind == CallKind::queue) answered(row);
    if (row.transferred != kNever) transferred(row);
    if (row.released != kNever) released(row);
    const SimTime start = kStart + scenario_.run.warm_up;
    if (row.offered < start && row.released >= start) ++out_.in_system_at_start;
    if (row.released == kNever) ++out_.still_in_system;
  }

 private:
  void add_personal(const CallRow& row) {
    const auto add = [&](SimTime at, std::uint64_t PersonalCalls::*count) {
      tell(row, at,
           [&](CallTally& t, bool) { ++(t.personal[static_cast<std::size_t>(row.kind)].*count); });
    };
    add(row.offered, &PersonalCalls::attempted);
    if (row.answered != kNever) add(row.answered, &PersonalCalls::answered);
    if (row.ringing != kNever) {
      const double delay = sim::seconds(row.ringing - row.offered);
      tell(row, row.ringing, [&](CallTally& t, bool) {
        PersonalCalls& calls = t.personal[static_cast<std::size_t>(row.kind)];
        ++calls.rung;
        calls.post_dial_s += delay;
        calls.post_dial_max_s = std::max(calls.post_dial_max_s, delay);
      });
    }
    if (row.released == kNever) return;
    if (is_loss(row.cause)) {
      add(row.released, &PersonalCalls::lost);
    } else if (row.answered == kNever) {
      add(row.released, &PersonalCalls::not_answered);
    }
  }
  void answered(const CallRow& row) {
    const double wait = sim::seconds(row.answered - row.queued);
    tell(row, row.answered, [&](CallTally& t, bool keep) {
      ++t.waits.answered;
      t.waits.answered_within += row.answered - row.queued <= scenario_.run.service_level_threshold;
      t.wait_answered_s += wait;
      t.wait_all_s += wait;
      t.wait_max_s = std::max(t.wait_max_s, wait);
      t.dial_to_answer_s += sim::seconds(row.answered - row.offered);
      t.not_monitored += !row.has(CallRow::monitored);
      t.media_degraded += row.has(CallRow::media_degraded);
      if (keep) t.waits_answered_s.push_back(static_cast<float>(wait));
    });
  }
  void transferred(const CallRow& row) {
    using Fate = CallRow::Transfer;
    tell(row, row.transferred, [](CallTally& t, bool) { ++t.transfers.made; });
    if (row.reanswered != kNever) {
      const bool back = row.transfer == Fate::reconnected;
      tell(row, row.reanswered, [&](CallTally& t, bool) {
        ++(back ? t.transfers.reconnected : t.transfers.completed);
        if (!back) t.transfers.wait_s += sim::seconds(row.reanswered - row.transferred);
      });
    } else if (row.released != kNever) {
      const bool gave_up = row.cause == Cause::abandoned_in_queue;
      tell(row, row.released,
           [&](CallTally& t, bool) { ++(gave_up ? t.transfers.abandoned : t.transfers.lost); });
    }
  }
  void released(const CallRow& row) {
    const Duration waited = row.released - row.queued;
    tell(row, row.released, [&](CallTally& t, bool) {
      ++t.causes[static_cast<std::size_t>(row.cause)];
      t.callers_lost += row.has(CallRow::caller_lost);
      if (row.answered != kNever) t.talk_s += sim::seconds(row.released - row.answered);
      const bool waited_first = row.kind == CallKind::queue && row.answered == kNever;
      if (!waited_first) return;
      if (row.cause != Cause::abandoned_in_queue) {
        ++t.waits.turned_away;
        return;
      }
      ++t.waits.abandoned;
      t.waits.abandoned_within += waited <= scenario_.run.service_level_threshold;
      t.waits.abandoned_short += waited <= scenario_.run.short_abandon_threshold;
      t.wait_all_s += sim::seconds(waited);
      t.wait_max_s = std::max(t.wait_max_s, sim::seconds(waited));
    });
  }
  template <class Change>
  void tell(const CallRow& row, SimTime at, const Change& change) {
    const auto site = static_cast<std::size_t>(site_of(row, scenario_));
    const std::optional<std::size_t> queue = queue_of(row, scenario_);
    const auto i =
        std::min(static_cast<std::size_t>(at.time_since_epoch() / scenario_.run.interval),
                 out_.interval.size() - 1);
    change(out_.interval[i][site], false);
    if (queue) change(out_.interval_queue[i][*queue], false);
    if (at < kStart + scenario_.run.warm_up) return;
    change(out_.whole, true);
    change(out_.site[site], true);
    change(out_.phase[static_cast<std::size_t>(phases_.at(at))], true);
    if (queue) change(out_.queue[*queue], true);
    if (row.stream < out_.stream.size()) change(out_.stream[row.stream], true);
    if (!by_agent(row.kind) && row.gateway < out_.gateway.size()) {
      change(out_.gateway[row.gateway], true);
    }
  }
  const Scenario& scenario_;
  const PhaseTracker& phases_;
  CallTallies& out_;
};

}  // namespace

double PersonalCalls::post_dial_mean_s() const {
  return rung == 0 ? std::numeric_limits<double>::quiet_NaN()
                   : post_dial_s / static_cast<double>(rung);
}

double Transfers::wait_mean_s() const {
  return completed == 0 ? std::numeric_limits<double>::quiet_NaN()
                        : wait_s / static_cast<double>(completed);
}

std::uint64_t CallTally::lost() const {
  std::uint64_t n = 0;
  for (const Cause cause : all_causes()) n += is_loss(cause) ? count(cause) : 0;
  return n;
}

double CallTally::per(double sum, std::uint64_t n) {
  return n == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(n);
}

int site_of(const CallRow& row, const Scenario& scenario) {
  if (row.queue_site != kNoSite) return row.queue_site;
  if (row.first_server != kNoSite) return row.first_server;
  return row.gateway < scenario.gateways.size() ? scenario.gateways[row.gateway].home_site : 0;
}

std::optional<std::size_t> queue_of(const CallRow& row, const Scenario& scenario) {
  if (row.kind != CallKind::queue || row.stream >= scenario.calls.size()) return std::nullopt;
  return scenario.calls[row.stream].queue;
}

CallTallies tally_calls(const std::vector<CallRow>& rows, const Scenario& scenario,
                        const PhaseTracker& phases) {
  CallTallies out;
  Fold fold(scenario, phases, out);
  for (const CallRow& row : rows) fold.add(row);
  for (const auto& [call, harm] : callers_harmed(rows, scenario.run.service_level_threshold)) {
    fold.add(rows[call], harm);
  }
  return out;
}

namespace {

/// A call whose wait is over, as the service level counts it; one that was lost before an agent
/// answered counts as not served, wherever it was lost.
struct Served {
  SimTime queued;
  ServiceLevelCounts counts;
};

std::vector<Served> served_after(const std::vector<CallRow>& rows, const Scenario& scenario,
                                 SimTime failure, SimTime until) {
  std::vector<Served> out;
  for (const CallRow& row : rows) {
    if (row.kind != CallKind::queue) continue;
    const bool answered = row.answered != kNever;
    if (!answered && is_loss(row.cause) && row.offered >= failure && row.offered <= until) {
      out.push_back({row.offered, {.abandoned = 1}});
      continue;
    }
    if (row.queued == kNever || row.queued < failure || row.queued > until) continue;
    if (row.cause == Cause::default_routed && !answered) {
      out.push_back({row.queued, {.turned_away = 1}});
      continue;
    }
    if (!answered && row.cause != Cause::abandoned_in_queue) continue;
    const Duration wait = (answered ? row.answered : row.released) - row.queued;
    const bool within = wait <= scenario.run.service_level_threshold;
    const bool brief = wait <= scenario.run.short_abandon_threshold;
    out.push_back({row.queued,
                   {.answered = answered,
                    .abandoned = !answered,
                    .answered_within = answered && within,
                    .abandoned_within = !answered && within,
                    .abandoned_short = !answered && brief}});
  }
  std::sort(out.begin(), out.end(),
            [](const Served& a, const Served& b) { return a.queued < b.queued; });
  return out;
}

void subtract(ServiceLevelCounts& from, const ServiceLevelCounts& c) {
  from.answered -= c.answered;
  from.abandoned -= c.abandoned;
  from.answered_within -= c.answered_within;
  from.abandoned_within -= c.abandoned_within;
  from.abandoned_short -= c.abandoned_short;
  from.turned_away -= c.turned_away;
}

}  // namespace

ServiceBack service_level_back(const std::vector<CallRow>& rows, const Scenario& scenario,
                               double before, SimTime failure, SimTime until) {
  if (!(before > 0)) return {};
  const auto calls = served_after(rows, scenario, failure, until);
  const auto level = [&](const ServiceLevelCounts& counts) {
    return service_level(scenario.run.service_level_definition, counts);
  };
  std::vector<ServiceLevelCounts> from_here_on(calls.size());
  for (std::size_t i = calls.size(); i-- > 0;) {
    if (i + 1 < calls.size()) from_here_on[i] = from_here_on[i + 1];
    from_here_on[i].merge(calls[i].counts);
  }
  ServiceLevelCounts window;
  std::size_t end = 0;
  bool was_bad = false;
  std::uint32_t judged = 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const SimTime window_end = calls[i].queued + kServiceBackWindow;
    while (end < calls.size() && (calls[end].queued < window_end || end - i < kServiceBackCalls)) {
      window.merge(calls[end++].counts);
    }
    if (window_end > until || end - i < kServiceBackCalls) break;  // cut short: not judged
    ++judged;
    // Back for good: not to be bad again in what is left.
    const double enough = kServiceBackShare * before;
    const bool bad = level(window) < enough || level(from_here_on[i]) < enough;
    if (was_bad && !bad) return {sim::seconds(calls[i].queued - failure), judged};
    was_bad = was_bad || bad;
    if (!was_bad && calls[i].queued - failure > kServiceWatch) return {0.0, judged};
    subtract(window, calls[i].counts);
  }
  if (was_bad || judged == 0) return {std::nullopt, judged};
  return {0.0, judged};
}

}  // namespace bcsim::models
