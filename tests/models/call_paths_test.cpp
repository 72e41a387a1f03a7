// Small worlds whose paths lose, delay, reorder and jam messages: whatever comes late, each call is
// answered once and ends once, and when all is quiet nobody is left in a call (RFC 3261 §9,
// §13–§15).
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "models/checks/all_checks.hpp"
#include "models/ledger/ledger.hpp"
#include "tests/support/worlds.hpp"

namespace bcsim::tests::call_paths_test {
namespace {

constexpr Duration kLastCall = 8min, kHorizon = 40min;

/// Judges a run from outside: by the ledger, and by what is on the wire and in the agents' states.
class Judge final : public Observer {
 public:
  explicit Judge(const Scenario& scenario)
      : scenario_(scenario), layout_(scenario, {scenario.run.seed, 0}), ledger_(scenario_) {
    checks_.push_back(conservation_check());
    checks_.push_back(answered_once_check());
  }
  [[nodiscard]] bool wants_messages() const override { return true; }
  void on_record(const JournalEntry& entry) override {
    ledger_.on_record(entry);
    for (const auto& check : checks_) check->on_record(entry, ledger_);
    if (const auto* changed = std::get_if<AgentStateChanged>(&entry.record)) {
      states_[{changed->agent.value, changed->site}] = changed->state;
    }
  }
  void on_tick(SimTime, const TickSample&) override {}
  void on_message(const Transmission& t) override {
    const auto* request = std::get_if<sip::Request>(&t.envelope.message);
    if (request != nullptr && request->call.valid()) last_of_a_call_ = t.at;
    if (const auto* response = std::get_if<sip::Response>(&t.envelope.message)) {
      pending_ += response->status == 491;
    }
  }
  void expect_checks_hold(const std::string& name) {
    const SimTime horizon = sim::kStart + scenario_.run.horizon;
    ledger_.finish(horizon);
    for (const auto& check : checks_) {
      check->finish(horizon, ledger_);
      EXPECT_NE(check->verdict().status, VerdictStatus::violated)
          << name << ": " << check->verdict().text;
    }
  }
  void expect_all_well(const std::string& name) {
    const SimTime horizon = sim::kStart + scenario_.run.horizon;
    expect_checks_hold(name);
    for (const CallRow& row : ledger_.rows()) EXPECT_NE(row.released, kNever) << name;
    // A leg that somebody still thinks of is refreshed every 45 s.
    EXPECT_LT(last_of_a_call_, horizon - 5min) << name;
    for (const auto& [agent, state] : states_) {
      const bool free =
          state != AgentState::ringing && state != AgentState::talking && state != AgentState::held;
      EXPECT_TRUE(free) << name << ": agent " << agent.first << " at site " << agent.second + 1;
    }
  }
  [[nodiscard]] const std::vector<CallRow>& rows() const { return ledger_.rows(); }
  [[nodiscard]] int pending() const { return pending_; }

 private:
  Scenario scenario_;
  Layout layout_;
  CallLedger ledger_;
  std::vector<std::unique_ptr<Check>> checks_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, AgentState> states_;
  SimTime last_of_a_call_{};
  int pending_ = 0;
};

/// Gateways at the sites, phones at a branch: each path can be disturbed alone.
Scenario busy_centre() {
  Scenario s = p0_scenario();
  s.run.horizon = kHorizon;
  s.locations.push_back("branch");
  s.network.access.push_back(s.network.access[0]);
  s.agents = {agents("one", 4, 0, RegistrationMode::dual),
              agents("two", 4, 1, RegistrationMode::dual)};
  for (AgentGroup& group : s.agents) {
    group.location = 2;
    group.phone.answer_delay = 1s;
  }
  s.queues[0].routing_scope = RoutingScope::both_sites;
  for (SiteOptions& site : s.sites) site.sip_server.session_expires = 90s;
  for (GatewayOptions& gateway : s.gateways) gateway.session_expires = 90s;
  SingleCalls arrivals;
  for (int i = 0; i < 60; ++i) {
    arrivals.calls.push_back({.at = sim::kStart + 20s + i * (kLastCall - 20s) / 60,
                              .talk = 20s + (i % 7) * 15s,
                              .patience = 2min,
                              .gateway = static_cast<std::uint32_t>(i % 2)});
  }
  CallStream stream = calls(arrivals);
  stream.after_call_work = Deterministic{2};
  stream.hold_share = 0.6;
  stream.hold = Exponential{4};
  stream.setup_patience = Deterministic{60};
  s.calls = {stream};
  return s;
}

enum class Path { gateway, phone, dc_link };
constexpr std::array kPaths = {Path::gateway, Path::phone, Path::dc_link};
const char* name_of(Path path) {
  return path == Path::gateway ? "gateway" : path == Path::phone ? "phone" : "dc-link";
}
template <class Change>
void disturb(Scenario& s, Path path, const Change& change) {
  if (path == Path::dc_link) {
    change(s.network.dc_link);
    return;
  }
  const std::size_t first = path == Path::gateway ? 0 : 2, last = path == Path::gateway ? 2 : 3;
  for (std::size_t location = first; location < last; ++location) {
    for (LinkOptions& link : s.network.access[location]) change(link);
  }
}

/// Queue calls with hold, passed on, of a hunt group, and of agents to the outside.
const std::map<std::string, void (*)(Scenario&)> kKinds = {
    {"hold", [](Scenario&) {}},
    {"transfer",
     [](Scenario& s) {
       s.calls[0].hold_share = 0;
       s.calls[0].transfer.share = 0.5;
       s.calls[0].transfer.group = 1;
       s.calls[0].transfer.after = Deterministic{10};
     }},
    {"consultation",
     [](Scenario& s) {
       s.calls[0].hold_share = 0;
       s.calls[0].transfer.share = 0.5;
       s.calls[0].transfer.kind = TransferKind::consultation;
       s.calls[0].transfer.group = 0;
       s.calls[0].transfer.consultation = Deterministic{10};
       s.calls[0].transfer.reconnect = 0.4;
     }},
    {"hunt group",
     [](Scenario& s) {
       s.queues[0].routing_scope = RoutingScope::local;
       s.queues[0].hunt_group = HuntGroupOptions{};
       s.queues[0].hunt_group->members = {0, 1};
       s.queues[0].hunt_group->queue_limit = 10;
     }},
    {"outgoing",
     [](Scenario& s) {
       s.calls[0].from_agents = {0, 1};
     }},
};

struct Disturbance {
  const char* name;
  void (*change)(LinkOptions&);
};
constexpr std::array kDisturbances = {
    Disturbance{"loss 1 %", [](LinkOptions& l) { l.loss = 0.01; }},
    Disturbance{"loss 10 %", [](LinkOptions& l) { l.loss = 0.1; }},
    Disturbance{"jitter 10 ms", [](LinkOptions& l) { l.jitter = 10ms; }},
    Disturbance{"jitter 500 ms", [](LinkOptions& l) { l.jitter = 500ms; }},
    Disturbance{"200 kbit/s", [](LinkOptions& l) { l.bandwidth_bps = 200e3; }},
    Disturbance{"50 kbit/s", [](LinkOptions& l) { l.bandwidth_bps = 50e3; }},
    Disturbance{"20 kbit/s", [](LinkOptions& l) { l.bandwidth_bps = 20e3; }},
};

TEST(CallPaths, LeaveNobodyInACallWhateverTheyDoToMessages) {
  int crossed = 0;
  for (const auto& [kind, set] : kKinds) {
    for (const Path path : kPaths) {
      for (const Disturbance& d : kDisturbances) {
        Scenario s = busy_centre();
        set(s);
        disturb(s, path, d.change);
        Judge judge(s);
        run_world(s, {&judge});
        judge.expect_all_well(kind + ", " + name_of(path) + ", " + d.name);
        crossed += judge.pending();
      }
    }
  }
  EXPECT_GT(crossed, 0) << "re-INVITEs have crossed";
}

TEST(CallPaths, LeaveNobodyInACallThatAnImpatientGatewayHasGivenUp) {
  for (int retransmissions = 0; retransmissions <= 3; ++retransmissions) {
    for (const Duration service : {Duration(0), Duration(300ms), Duration(700ms), Duration(2s)}) {
      for (const Duration jitter : {Duration(0), Duration(500ms)}) {
        Scenario s = busy_centre();
        for (GatewayOptions& gateway : s.gateways) gateway.retransmissions = retransmissions;
        for (AgentGroup& group : s.agents) group.phone.retransmissions = retransmissions;
        s.sites[0].sip_server.invite_service = service;
        disturb(s, Path::gateway, [&](LinkOptions& l) { l.jitter = jitter; });
        Judge judge(s);
        run_world(s, {&judge});
        judge.expect_all_well("R=" + std::to_string(retransmissions) + ", " +
                              std::to_string(sim::seconds(service)) + " s");
      }
    }
  }
}

TEST(CallPaths, LeaveNobodyInACallThatCrossedASwitchover) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    for (const SiteIndex site : {SiteIndex{0}, SiteIndex{1}}) {
      Scenario s = busy_centre();
      s.run.seed = seed;
      for (AgentGroup& group : s.agents) group.phone.answer_delay = 8s;
      Fault crash;
      crash.at = sim::kStart + 4min + seed * 1s;
      crash.deed = Crash{{site, Role::sip_server_primary}};
      s.faults = {crash};
      Judge judge(s);
      run_world(s, {&judge});
      judge.expect_all_well("switchover of site " + std::to_string(site + 1));
    }
  }
}

TEST(CallPaths, ALateSuccessFreesWhoeverHasAnsweredAtOnce) {  // RFC 3261 §13.2.2.4
  // The gateway has given site 1 up after 0.5 s when its 200 comes; the agent there takes the next
  // call, 5 s later.
  Scenario s = p0_scenario();
  s.run.horizon = 20min;
  s.agents = {agents("one", 1, 0), agents("two", 5, 1)};
  s.sites[0].sip_server.invite_service = 700ms;
  GatewayOptions patient = s.gateways[0];
  patient.name = "mg1b";
  s.gateways.push_back(patient);
  s.gateways[0].retransmissions = 0;
  s.gateways[0].options_period = 1h;
  s.gateways[0].first_options = 19min;
  const auto call = [](Duration when, std::uint32_t gateway) {
    return SingleCall{.at = sim::kStart + when, .talk = 60s, .patience = 1h, .gateway = gateway};
  };
  CallStream stream = calls(SingleCalls{{call(601s, 0), call(606s, 2)}}, {0.5, 0.5, 0});
  stream.setup_patience = Deterministic{600};
  s.calls = {stream};
  Judge judge(s);
  run_world(s, {&judge});
  judge.expect_all_well("late success");
  ASSERT_EQ(judge.rows().size(), 2u);
  EXPECT_EQ(judge.rows()[0].agent_site, 1);
  EXPECT_EQ(judge.rows()[1].agent_site, 0);
  EXPECT_LT(judge.rows()[1].answered, sim::kStart + 611s);
}

TEST(CallPaths, LoseNoCallToAnAckOfAnOlderInvite) {  // RFC 3261 §13.2.2.4: same CSeq
  Scenario s = p0_scenario();
  s.run.horizon = 2h;
  s.run.seed = 7;
  s.network.access[0][0] = {.latency = 40ms, .jitter = 30ms, .loss = 0.02};
  s.agents = {agents("one", 40, 0), agents("two", 5, 1)};
  CallStream stream = calls(ConstantRate{400.0 / 3600}, {1, 0});
  stream.talk = Exponential{240};
  stream.hold_share = 0.5;
  stream.hold = Exponential{20};
  s.calls = {stream};
  Judge judge(s);
  run_world(s, {&judge});
  judge.expect_checks_hold("older ACKs");
  for (const CallRow& row : judge.rows()) {
    const bool lost = row.released != kNever && row.release == pstn::Release::session_expired;
    EXPECT_FALSE(lost);
  }
}

TEST(CallPaths, AnswerOnceACallThatRingsTheOtherSiteDuringASwitchover) {  // R44
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Scenario s = p0_scenario();
    s.run.horizon = 12min;
    s.run.seed = seed;
    s.agents = {agents("one", 60, 0), agents("two", 60, 1)};
    for (AgentGroup& group : s.agents) group.phone.answer_delay = 8s;
    s.queues[0].routing_scope = RoutingScope::both_sites;
    s.calls = {calls(ConstantRate{0.33})};
    Fault over;
    over.at = sim::kStart + 10min;
    over.deed = SwitchOver{1};
    s.faults = {over};
    Judge judge(s);
    run_world(s, {&judge});
    judge.expect_checks_hold("seed " + std::to_string(seed));
  }
}

TEST(CallPaths, CountNothingTwiceWhereEverythingIsLate) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Scenario s = p0_scenario();
    s.run.horizon = 1h;
    s.run.seed = seed;
    s.network.access[1][1].bandwidth_bps = 50e3;
    s.agents = {agents("two", 5, 1)};
    s.calls = {calls(ConstantRate{200.0 / 3600})};
    Judge judge(s);
    run_world(s, {&judge});
    judge.expect_checks_hold("seed " + std::to_string(seed));
  }
}

}  // namespace
}  // namespace bcsim::tests::call_paths_test
