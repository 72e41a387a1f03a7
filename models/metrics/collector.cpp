#include "models/metrics/collector.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "models/metrics/flat_metrics.hpp"

namespace bcsim::models {
namespace {

/// The call that a record is about, if it may change where the call is.
std::optional<CallId> call_moved(const Record& record) {
  return std::visit(
      [](const auto& fact) -> std::optional<CallId> {
        using Fact = std::decay_t<decltype(fact)>;
        constexpr bool moves =
            std::is_same_v<Fact, CallOffered> || std::is_same_v<Fact, CallInvited> ||
            std::is_same_v<Fact, SetupFailed> || std::is_same_v<Fact, CallQueued> ||
            std::is_same_v<Fact, TreatmentStarted> || std::is_same_v<Fact, CallRouted> ||
            std::is_same_v<Fact, CallRinging> || std::is_same_v<Fact, CallReturned> ||
            std::is_same_v<Fact, CallAnswered> || std::is_same_v<Fact, CallDefaultRouted> ||
            std::is_same_v<Fact, CallReleased> || std::is_same_v<Fact, BcForward> ||
            std::is_same_v<Fact, AgentCallTaken> || std::is_same_v<Fact, CallSentOut> ||
            std::is_same_v<Fact, CallTransferred>;
        if constexpr (moves) {
          return fact.call;
        } else {
          return std::nullopt;
        }
      },
      record);
}

struct Counted {
  CounterKind kind;
  std::uint32_t site;
};
struct CountedIn {
  using K = CounterKind;
  using Result = std::optional<Counted>;

  Result operator()(const PhoneRegistered& f) const { return Counted{K::registrations, f.site}; }
  Result operator()(const PhoneRegistrationFailed& f) const {
    return Counted{K::registration_failures, f.site};
  }
  Result operator()(const AgentLogin& f) const { return Counted{K::logins, f.site}; }
  Result operator()(const AgentLoginRefused& f) const { return Counted{K::logins_refused, f.site}; }
  Result operator()(const AgentLogout& f) const {
    return Counted{f.forced != 0 ? K::forced_logouts : K::logouts, f.site};
  }
  Result operator()(const DesktopConnectionLost& f) const {
    return Counted{K::connections_lost, f.site};
  }
  Result operator()(const BcForward& f) const { return Counted{K::bc_forwards, f.site}; }
  Result operator()(const RequestDropped& f) const { return Counted{K::requests_dropped, f.site}; }
  Result operator()(const RequestRejected& f) const {
    return Counted{K::requests_rejected, f.site};
  }
  Result operator()(const EarlyDialogLost& f) const {
    return Counted{K::early_dialogs_lost, f.site};
  }
  Result operator()(const CallStateLost& f) const { return Counted{K::calls_not_copied, f.site}; }
  Result operator()(const Switchover& f) const { return Counted{K::switchovers, f.site}; }
  Result operator()(const CallDefaultRouted& f) const {
    const auto why = static_cast<std::uint32_t>(f.cause);
    return Counted{static_cast<K>(static_cast<std::uint32_t>(K::queue_full) + why), f.site};
  }
  Result operator()(const HuntRedirect& f) const { return Counted{K::hunt_redirects, f.site}; }
  Result operator()(const HuntLeg& f) const { return Counted{K::hunt_legs, f.site}; }
  template <class Other>
  Result operator()(const Other&) const {
    return std::nullopt;
  }
};

}  // namespace

MetricsCollector::MetricsCollector(const Directory& directory, std::size_t links)
    : scenario_(*directory.scenario),
      plan_{scenario_.gateways.size(), links, scenario_.queues.size(), scenario_.agents.size()},
      board_(board_size(plan_)),
      workforce_(directory, plan_, board_),
      monitoring_(directory),
      phases_(scenario_),
      recovery_(scenario_, directory.agents.size()),
      false_failovers_(scenario_),
      warm_up_end_(kStart + scenario_.run.warm_up) {
  for (const AgentInfo& agent : directory.agents) group_of_.push_back(agent.group);
  begin_interval(kStart);
}

void MetricsCollector::begin_interval(SimTime now) {
  interval_start_ = now;
  interval_end_ = std::min(now + scenario_.run.interval, kStart + scenario_.run.horizon);
  interval_ = {};
}

void MetricsCollector::cut(SimTime now) {
  const Slice slice = board_.cut(now);
  interval_.merge(slice);
  if (warm_) whole_.merge(slice);
  phases_.add(slice);
}

void MetricsCollector::advance(SimTime now, bool of_record) {
  while (true) {
    // A record of its last instant is measured, as a call is; a tick tells of what came before it.
    const bool warming = !warm_ && (warm_up_end_ < now || (of_record && warm_up_end_ == now));
    const bool ending = interval_end_ < now && interval_end_ > interval_start_;
    if (!warming && !ending) return;
    if (warming && (!ending || warm_up_end_ <= interval_end_)) {
      cut(warm_up_end_);
      phases_.end_warm_up(warm_up_end_);
      warm_ = true;
      continue;
    }
    cut(interval_end_);
    for (std::uint8_t s = 0; s < kSites; ++s) {
      timeline_.push_back({interval_start_, interval_end_ - interval_start_, s, {}, interval_});
    }
    begin_interval(interval_end_);
  }
}

MetricsCollector::Place MetricsCollector::place(const CallLedger& ledger, CallId call) const {
  if (!ledger.knows(call)) return {};
  const CallRow& row = ledger.row(call);
  if (row.stage == CallRow::Stage::over) return {};
  // A call that goes out has its channel only when the phone outside rings: a gateway without a
  // free one refuses it.
  const bool asked = row.kind == CallKind::outgoing && row.ringing == kNever;
  const int gateway = row.gateway < scenario_.gateways.size() && !asked ? row.gateway : -1;
  const std::optional<std::size_t> queue = queue_of(row, scenario_);
  switch (row.stage) {
    case CallRow::Stage::setup:
      if (by_agent(row.kind)) return {};  // at his phone or desktop, with no server
      return {LevelKind::setup, gateway < 0 ? 0 : scenario_.gateways[row.gateway].home_site,
              gateway, queue};
    case CallRow::Stage::waiting:
      // A call to one person waits for nobody else.
      return {row.at_agent() || row.kind != CallKind::queue ? LevelKind::ringing : LevelKind::queue,
              row.queue_site, gateway, queue};
    default:
      return {!row.between_agents() ? LevelKind::talking
              : row.at_agent()      ? LevelKind::ringing
                                    : LevelKind::queue,
              row.queue_site, gateway, queue};
  }
}

void MetricsCollector::move_call(SimTime now, const Place& from, const Place& to) {
  if (from.kind != to.kind || from.site != to.site) {
    for (const auto& [at, change] : {std::pair{from, -1.0}, std::pair{to, 1.0}}) {
      if (at.site < 0) continue;
      board_.add(now, level_at(at.kind, at.site), change);
      board_.add(now, level_at(at.kind, kBothSites), change);
      if (!at.queue) continue;
      if (const auto level = plan_.of_queue(at.kind, *at.queue)) board_.add(now, *level, change);
    }
  }
  if (from.gateway == to.gateway) return;
  if (from.gateway >= 0) board_.add(now, channels_at(static_cast<std::size_t>(from.gateway)), -1);
  if (to.gateway >= 0) board_.add(now, channels_at(static_cast<std::size_t>(to.gateway)), 1);
}

void MetricsCollector::before_record(const JournalEntry& entry, const CallLedger& ledger) {
  advance(entry.at, true);
  const auto call = call_moved(entry.record);
  moving_ = call.value_or(CallId{});
  if (call) from_ = place(ledger, *call);
}

void MetricsCollector::after_record(const JournalEntry& entry, const CallLedger& ledger) {
  count(entry, ledger);
  workforce_.on_record(entry);
  if (moving_.valid()) {
    move_call(entry.at, from_, place(ledger, moving_));
    recovery_.on_queue(entry.at, board_.value(level_at(LevelKind::queue, kBothSites)));
    return;
  }
  const PhaseTracker::Mark mark = phases_.mark(entry);
  if (mark != PhaseTracker::Mark::none) {
    cut(entry.at);
    phases_.apply(mark, entry.at);
  }
  if (mark == PhaseTracker::Mark::fault) {
    const Fault& fault = scenario_.faults[std::get<FaultInjected>(entry.record).fault];
    const auto* by_hand = std::get_if<SwitchOver>(&fault.deed);
    const std::size_t queue = level_at(LevelKind::queue, kBothSites);
    recovery_.on_fault(entry, by_hand, board_.value(queue),
                       phases_.levels(Phase::before).max(queue));
  } else if (const auto* fault = std::get_if<FaultInjected>(&entry.record);
             fault != nullptr && fault->undone != 0) {
    recovery_.on_repair(entry, mark == PhaseTracker::Mark::repair);
  }
  recovery_.on_record(entry, workforce_);
  if (recovery_.agent_returned() && phases_.in_episode()) {
    cut(entry.at);
    phases_.apply(PhaseTracker::Mark::agent_returned, entry.at);
  }
}

void MetricsCollector::count(const JournalEntry& entry, const CallLedger& ledger) {
  // What a steady start grants has not happened.
  const bool granted =
      entry.at == kStart && (std::holds_alternative<AgentLogin>(entry.record) ||
                             std::holds_alternative<PhoneRegistered>(entry.record));
  // Nor is a call sent anywhere by a server that its caller has given up.
  const bool in_vain =
      std::holds_alternative<CallDefaultRouted>(entry.record) && ledger.was_stale();
  if (const auto c = std::visit(CountedIn{}, entry.record); c && !granted && !in_vain) {
    board_.count(counter_at(c->kind, static_cast<int>(c->site)));
  }
  if (const auto kind = monitoring_.on_record(entry, ledger)) {
    const auto* leg = std::get_if<HuntLeg>(&entry.record);
    const std::uint32_t site =
        leg != nullptr ? leg->site : std::get<CallAnswered>(entry.record).site;
    board_.count(counter_at(*kind, static_cast<int>(site)));
  }
  if (const auto found = false_failovers_.on_record(entry.record)) {
    board_.count(counter_at(found->kind, found->site));
  }
}

void MetricsCollector::on_tick(SimTime now, const TickSample& sample) {
  advance(now);
  for (std::size_t s = 0; s < kSites; ++s) {
    const ServerSample& load = sample.servers[s];
    board_.sample(s, {load.messages, sim::seconds(load.delay_sum), sim::seconds(load.delay_max)});
  }
  for (const LinkSample& link : sample.links) {
    board_.set(now, media_at(scenario_.gateways.size(), link.link.value), link.media_bps);
  }
}

void MetricsCollector::finish(SimTime horizon, RunResult& result) {
  advance(horizon);
  recovery_.end_watch(horizon);
  cut(horizon);
  if (horizon > interval_start_) {
    for (std::uint8_t s = 0; s < kSites; ++s) {
      timeline_.push_back({interval_start_, horizon - interval_start_, s, {}, interval_});
    }
  }
  phases_.finish(horizon);
  result.levels = std::move(whole_);
  for (std::size_t p = 0; p < kPhases; ++p) {
    result.phase_levels[p] = phases_.levels(static_cast<Phase>(p));
  }
  result.phases = phases_.intervals();
  result.tallies = tally_calls(result.calls, scenario_, phases_);
  for (TimelineRow& row : timeline_) {
    const auto i = static_cast<std::size_t>(row.start.time_since_epoch() / scenario_.run.interval);
    row.calls = result.tallies.interval[i][row.site];
  }
  result.timeline = std::move(timeline_);
  result.recoveries = std::move(recovery_.list());
  const double before =
      service_level(scenario_.run.service_level_definition,
                    result.tallies.phase[static_cast<std::size_t>(Phase::before)].waits);
  for (std::size_t i = 0; i < result.recoveries.size(); ++i) {
    Recovery& recovery = result.recoveries[i];
    const SimTime until = i + 1 < result.recoveries.size() ? result.recoveries[i + 1].at : horizon;
    const ServiceBack back =
        service_level_back(result.calls, scenario_, before, recovery.at, until);
    recovery.service_level_back = back.after_s;
    recovery.service_level_judged = back.judged;
  }
  result.target_values =
      target_values(result.calls, scenario_, result.tallies, result.recoveries, group_of_, horizon);
  result.metrics = flat_metrics(result);
  // The rows have every wait; three copies of them have done their work.
  const auto forget = [](CallTally& tally) { tally.waits_answered_s = {}; };
  forget(result.tallies.whole);
  std::for_each(result.tallies.site.begin(), result.tallies.site.end(), forget);
  std::for_each(result.tallies.phase.begin(), result.tallies.phase.end(), forget);
  for (auto* part : {&result.tallies.queue, &result.tallies.stream, &result.tallies.gateway}) {
    std::for_each(part->begin(), part->end(), forget);
  }
}

}  // namespace bcsim::models
