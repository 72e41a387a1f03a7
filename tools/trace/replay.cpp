#include "tools/trace/replay.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "sim/platform.hpp"
#include "tools/journal/message_words.hpp"

namespace bcsim::tools {
namespace {

/// The call that a record is about; invalid if it is about none.
models::CallId subject_of(const models::Record& record) {
  return std::visit(
      [](const auto& fact) -> models::CallId {
        if constexpr (requires { fact.call; }) return fact.call;
        return {};
      },
      record);
}

bool concerns_all(const models::Record& record) {
  return std::visit(
      [](const auto& fact) {
        using Fact = std::decay_t<decltype(fact)>;
        return std::is_same_v<Fact, models::FaultInjected> ||
               std::is_same_v<Fact, models::PairStateChanged> ||
               std::is_same_v<Fact, models::NodeStateChanged> ||
               std::is_same_v<Fact, models::Switchover> ||
               std::is_same_v<Fact, models::BothPrimary> ||
               std::is_same_v<Fact, models::ProxyState> ||
               std::is_same_v<Fact, models::PstnReroute> ||
               std::is_same_v<Fact, models::PeerTrunk> ||
               std::is_same_v<Fact, models::ServerModeChanged>;
      },
      record);
}

bool is_release(const models::JournalEntry& entry) {
  return std::holds_alternative<models::CallReleased>(entry.record);
}

class CallLog final : public models::Observer {
 public:
  CallLog(const models::Layout& layout, const std::vector<models::CallId>& calls)
      : layout_(layout), ledger_(*layout.directory.scenario), situation_(layout), doings_(layout) {
    for (const models::CallId call : calls) lives_[call.value].id = call;
  }

  void on_record(const models::JournalEntry& entry) override {
    ledger_.on_record(entry);
    situation_.on_record(entry);
    doings_.on_record(entry);
    if (concerns_all(entry.record)) faults_.push_back(entry);
    // Nothing comes between a message's arrival and its being turned away.
    const bool dropped = std::holds_alternative<models::RequestDropped>(entry.record);
    if (dropped && arriving_ != nullptr) arriving_->messages.back().queue_full = true;
    const auto found = lives_.find(subject_of(entry.record).value);
    if (found == lives_.end()) return;
    // Of a server that the caller's side has given up the messages tell.
    const bool of_the_way = std::holds_alternative<models::CallDefaultRouted>(entry.record) ||
                            std::holds_alternative<models::CallReturned>(entry.record);
    if (of_the_way && ledger_.was_stale()) return;
    CallLife& life = found->second;
    const bool was_over = std::ranges::any_of(life.records, is_release);
    life.records.push_back(entry);
    const bool answered = std::holds_alternative<models::CallAnswered>(entry.record);
    const bool served = life.id.value < ledger_.rows().size() &&
                        ledger_.row(life.id).cause == models::Cause::completed;
    if (was_over) return;  // what a server does for a caller who has gone decides nothing
    if (answered || (is_release(entry) && !served)) {
      life.decisive = situation_.look(entry.at, ledger_);
      life.decisive.queue = situation_.look_at_queue(entry.at, ledger_, life.id);
    }
  }
  void on_tick(models::SimTime, const models::TickSample&) override {}
  [[nodiscard]] bool wants_messages() const override { return !lives_.empty(); }
  void on_message(const models::Transmission& t) override {
    const auto found = lives_.find(call_of(t.envelope.message).value);
    arriving_ = found == lives_.end() ? nullptr : &found->second;
    if (arriving_ == nullptr) return;
    arriving_->messages.push_back({t.envelope.sent, t.at, t.from, t.to, t.dropped,
                                   t.envelope.connection.valid(), false, t.envelope.message});
    keep_refusal(*arriving_, arriving_->messages.back());
  }

  void finish(models::SimTime now, const std::vector<models::CallId>& calls, Replay& out) {
    ledger_.finish(now);
    for (const models::CallId call : calls) {
      CallLife& life = lives_.at(call.value);
      if (life.records.empty()) continue;
      life.row = ledger_.row(call);
      std::stable_sort(life.messages.begin(), life.messages.end(),
                       [](const auto& a, const auto& b) { return a.sent < b.sent; });
      out.lives.push_back(life);
    }
    out.rows = ledger_.take_rows();
    out.faults = std::move(faults_);
  }

 private:
  /// If this is a SIP Server's refusal to ring the agent whom the call was for: why it was.
  void keep_refusal(CallLife& life, const LoggedMessage& m) const {
    const auto* response = std::get_if<models::sip::Response>(&m.message);
    if (response == nullptr || response->method != models::sip::Method::invite) return;
    if (response->status < 400 || !m.from.valid()) return;
    const models::NodeRole& server = layout_.roles[m.from.value];
    const models::AgentId wanted = wanted_agent(life);
    if (server.kind != models::NodeKind::sip_server || !wanted.valid()) return;
    life.refusals.push_back({m.sent, doings_.at(m.sent, wanted, server.site, life.id)});
  }
  /// Who was chosen last, or whose number was dialled.
  static models::AgentId wanted_agent(const CallLife& life) {
    models::AgentId found = dialled_agent(life.messages);
    for (const models::JournalEntry& e : life.records) {
      if (const auto* f = std::get_if<models::CallRouted>(&e.record)) found = f->agent;
    }
    return found;
  }

  const models::Layout& layout_;
  models::CallLedger ledger_;
  SituationFold situation_;
  AgentDoings doings_;
  std::map<std::uint32_t, CallLife> lives_;
  CallLife* arriving_ = nullptr;  ///< whose message was the last to arrive; null: none of these
  std::vector<models::JournalEntry> faults_;
};

}  // namespace

models::AgentId dialled_agent(const std::vector<LoggedMessage>& messages) {
  for (const LoggedMessage& m : messages) {
    const auto* setup = std::get_if<models::pstn::Message>(&m.message);
    const auto* told = std::get_if<models::notice::Message>(&m.message);
    models::Dn dn;
    if (setup != nullptr && setup->kind == models::pstn::Kind::setup) dn = setup->dn;
    if (told != nullptr) dn = told->dn;
    if (!dn.valid()) continue;
    return dn.is_queue() || dn.is_outside() ? models::AgentId{} : dn.agent();
  }
  return {};
}

ReplayEnd replay_run(const models::Scenario& scenario, std::uint32_t replication,
                     const ReplayAttach& attach, models::SimTime until,
                     const ReplayGoesOn& goes_on) {
  models::TwoSiteWorld world(scenario, {scenario.run.seed, replication});
  attach(world);
  sim::PlainPlatform platform(world.layout().topology);
  models::Simulation& simulation = world.simulate(platform);
  world.start();
  const models::SimTime end = std::min(simulation.horizon(), until);
  while (simulation.now() < end) {
    simulation.run_until(std::min(end, simulation.now() + std::chrono::seconds(1)));
    if (goes_on && !goes_on(simulation.now())) break;
  }
  return {simulation.now(), simulation.journal_fingerprint()};
}

Replay replay(const models::Scenario& scenario, std::uint32_t replication,
              const ReplayRequest& request, const ReplayGoesOn& goes_on) {
  const models::Layout layout(scenario, {scenario.run.seed, replication});
  CallLog log(layout, request.calls);
  const ReplayEnd end = replay_run(
      scenario, replication, [&log](models::TwoSiteWorld& world) { world.add_observer(log); },
      request.until, goes_on);
  Replay out;
  out.reached = end.reached;
  out.journal_fingerprint = end.journal_fingerprint;
  log.finish(out.reached, request.calls, out);
  return out;
}

}  // namespace bcsim::tools
