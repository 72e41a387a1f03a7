// High availability inside a site, by whole worlds with pinned times: a process that hangs, a cut
// HA link, a backup that copies calls in bursts and a second failure meanwhile, two primaries, a
// switchover by hand, and which outer timer notices how long an outage (R9, domain.md §2.4, §5.8).
#include <gtest/gtest.h>

#include "models/ledger/ledger.hpp"
#include "models/metrics/run_recorder.hpp"
#include "tests/support/worlds.hpp"

namespace bcsim::tests::ha_site_test {
namespace {

Fault fault_of(Duration at, Deed deed) {
  Fault fault;
  fault.at = SimTime(at);
  fault.deed = std::move(deed);
  fault.text = "fault";
  return fault;
}
const ProcessTarget kFirst{0, Role::sip_server_primary}, kSecond{0, Role::sip_server_backup};

/// Eight agents at site 1, and `count` calls there from 10 s on, one a second, that outlast the
/// run.
Scenario long_calls(int count) {
  Scenario s = p0_scenario();
  without_processing(s);
  s.run.horizon = 2min;
  s.agents = {agents("P1", 8, 0)};
  SingleCalls given;
  for (int i = 0; i < count; ++i) {
    given.calls.push_back({SimTime(std::chrono::seconds(10 + i)), 1h, 1h, 0u});
  }
  s.calls = {calls(given)};
  return s;
}

struct Seen {
  explicit Seen(const Scenario& scenario) : ledger(scenario) {
    run_world(scenario, {&journal});
    for (const JournalEntry& entry : journal.entries) ledger.on_record(entry);
  }
  [[nodiscard]] std::vector<double> switchovers() const {
    std::vector<double> at;
    for (const auto& [t, r] : journal.all<Switchover>()) at.push_back(sim::seconds(t));
    return at;
  }
  /// Calls whose speech stopped, with the time of the last.
  [[nodiscard]] std::pair<int, double> cut_off() const {
    std::pair<int, double> out{};
    for (const auto& [t, r] : journal.all<CallReleased>()) {
      if (r.release != pstn::Release::speech_lost) continue;
      EXPECT_EQ(ledger.row(r.call).cause, Cause::dropped_in_talk);
      out = {out.first + 1, sim::seconds(t)};
    }
    return out;
  }
  Recorder journal;
  CallLedger ledger;
};

// ---- a process that hangs ----

TEST(HaSite, NobodyNoticesAHungProcessUnlessHeartbeatsAreExpected) {
  Scenario s = long_calls(0);
  s.faults = {fault_of(30s, Hang{kFirst})};
  EXPECT_TRUE(Seen(s).switchovers().empty());
  s.sites[0].sip_server.heartbeat_period = 15s;
  // Ended after 15 s, seen dead after 1 s more, promotion 3 s.
  EXPECT_EQ(Seen(s).switchovers(), std::vector{49.0});
}

TEST(HaSite, AHungProcessKeepsItsCallsWhenItsBackupTakesOver) {
  Scenario s = long_calls(3);
  s.sites[0].sip_server.heartbeat_period = 15s;
  s.faults = {fault_of(30s, Hang{kFirst})};
  const Seen seen(s);
  EXPECT_EQ(seen.journal.all<Switchover>().at(0).second.calls_kept, 3u);
  EXPECT_EQ(seen.cut_off().first, 0);
}

// ---- calls are copied in bursts (D21) ----

/// The primary dies at 30 s and returns at 60 s, when five calls are there, two of which are copied
/// at once; the other process dies `after` that.
Scenario double_failure(Duration after) {
  Scenario s = long_calls(5);
  s.sites[0].sip_server.call_sync_burst = 2;
  s.faults = {fault_of(30s, Crash{kFirst}), fault_of(60s, Restore{kFirst}),
              fault_of(60s + after, Crash{kSecond})};
  return s;
}

TEST(HaSite, ABackupThatStartsIsReadyAfterItsBursts) {
  const Seen seen(double_failure(20s));
  std::vector<std::array<double, 3>> bursts;
  for (const auto& [t, r] : seen.journal.all<CallsCopied>()) {
    bursts.push_back({sim::seconds(t), static_cast<double>(r.calls), static_cast<double>(r.left)});
  }
  // ceil(5 / 2) - 1 = 2 s until ready.
  EXPECT_EQ(bursts, (std::vector<std::array<double, 3>>{{60, 2, 3}, {61, 2, 1}, {62, 1, 0}}));
  EXPECT_EQ(seen.switchovers(), (std::vector{34.0, 84.0}));
  EXPECT_EQ(seen.cut_off().first, 0);
}

TEST(HaSite, ASecondFailureInsideThatWindowLosesWhatWasNotCopied) {
  for (const auto& [after, lost] : {std::pair{500ms, 3}, {1500ms, 1}, {2500ms, 0}}) {
    const Seen seen(double_failure(after));
    const double back = 64 + sim::seconds(Duration(after));
    EXPECT_EQ(seen.switchovers(), (std::vector{34.0, back}));
    EXPECT_EQ(seen.journal.all<Switchover>().at(1).second.calls_kept, 5u - lost);
    EXPECT_EQ(seen.cut_off(), (std::pair{lost, lost > 0 ? back : 0.0}));
    EXPECT_EQ(seen.journal.all<CallStateLost>().size(), static_cast<std::size_t>(lost));
  }
}

TEST(HaSite, WhoseCallWasLostTakesTheNext) {
  Scenario s = double_failure(500ms);
  s.agents[0].count = 5;
  auto& given = std::get<SingleCalls>(s.calls[0].arrivals).calls;
  given.push_back({SimTime(80s), 1h, 1h, 0u});
  const Seen seen(s);
  EXPECT_EQ(seen.journal.all<CallAnswered>().size(), 6u);
  EXPECT_TRUE(seen.journal.all<AgentLogout>().empty());
}

// ---- the HA link ----

TEST(HaSite, ACutHaLinkChangesNoRolesButHidesNewCallsFromTheBackup) {
  Scenario s = long_calls(5);  // at 10 to 14 s
  s.faults = {fault_of(12s + 500ms, Cut{HaLinkTarget{0}})};
  EXPECT_TRUE(Seen(s).switchovers().empty()) << "the management layer sees both processes";
  s.faults.push_back(fault_of(40s, Crash{kFirst}));
  const Seen dies(s);
  EXPECT_EQ(dies.journal.all<Switchover>().at(0).second.calls_kept, 3u);
  EXPECT_EQ(dies.cut_off(), (std::pair{2, 44.0}));
  s.faults.insert(s.faults.begin() + 1, fault_of(30s, Heal{HaLinkTarget{0}}));
  const Seen healed(s);
  const auto copied = healed.journal.all<CallsCopied>();
  ASSERT_EQ(copied.size(), 1u);
  EXPECT_EQ(copied[0].first, SimTime(30s));
  EXPECT_EQ(copied[0].second.calls, 2u);
  EXPECT_EQ(healed.journal.all<Switchover>().at(0).second.calls_kept, 5u);
}

// ---- split: the management layer loses one machine, and both become primary ----

const ManagementLinkTarget kToFirst{0, Role::sip_server_primary},
    kToSecond{0, Role::sip_server_backup};

/// As above; a machine out of reach is given up after exactly 10 s, and promotion takes 3 s.
Scenario out_of_reach(int count, std::vector<Fault> faults) {
  Scenario s = long_calls(count);
  SipServerOptions& server = s.sites[0].sip_server;
  server.host_loss_detection_min = server.host_loss_detection_max = 10s;
  s.faults = std::move(faults);
  return s;
}

std::vector<std::pair<double, bool>> both_primary(const Seen& seen) {
  std::vector<std::pair<double, bool>> changes;
  for (const auto& [t, r] : seen.journal.all<BothPrimary>()) {
    changes.emplace_back(sim::seconds(t), r.both != 0);
  }
  return changes;
}
using Changes = std::vector<std::pair<double, bool>>;

/// What the machines of the two processes of site 1 send and get.
class Traffic final : public Observer {
 public:
  explicit Traffic(const Scenario& scenario) : layout_(scenario, {scenario.run.seed, 0}) {}
  void on_record(const JournalEntry&) override {}
  void on_tick(SimTime, const TickSample&) override {}
  [[nodiscard]] bool wants_messages() const override { return true; }
  void on_message(const Transmission& m) override {
    for (const int process : {0, 1}) {
      const NodeId node = layout_.directory.sip_server_process[0][process];
      const bool handled = m.to == node && m.dropped == sim::DropReason::none;
      const bool sent = m.from == node;
      if (!sent && !handled) continue;
      if (std::holds_alternative<notice::Message>(m.envelope.message)) continue;
      times[process].push_back(sent ? m.envelope.sent : m.at);
    }
  }
  /// Between two times; half a millisecond for what was on its way.
  [[nodiscard]] bool busy(int process, Duration from, Duration to) const {
    return std::any_of(times[process].begin(), times[process].end(),
                       [&](SimTime t) { return t > SimTime(from + 500us) && t < SimTime(to); });
  }
  std::array<std::vector<SimTime>, 2> times;

 private:
  Layout layout_;
};

TEST(HaSplit, TheNewerPrimaryHasTheAddressUntilTheOlderStepsDown) {
  Fault lost = fault_of(30s, Cut{kToFirst});
  lost.lasting = 60s;
  const Scenario s = out_of_reach(3, {lost});
  const Seen seen(s);
  EXPECT_EQ(seen.switchovers(), std::vector{43.0}) << "given up after 10 s, promoted in 3 s";
  EXPECT_EQ(both_primary(seen), (Changes{{43, true}, {90, false}}));
  EXPECT_EQ(seen.journal.all<Switchover>().at(0).second.calls_kept, 3u);
  EXPECT_EQ(seen.cut_off().first, 0) << "the HA link has told the other of all calls";
  const auto copied = seen.journal.all<CallsCopied>();  // it begins again after 1 s, as backup
  ASSERT_EQ(copied.size(), 1u);
  EXPECT_EQ(copied[0].first, SimTime(91s));
  EXPECT_EQ(copied[0].second.calls, 3u);
  Traffic traffic(s);
  run_world(s, {&traffic});
  EXPECT_TRUE(traffic.busy(0, 30s, 43s)) << "until then it serves";
  EXPECT_FALSE(traffic.busy(0, 43s, 2min)) << "at most one holds the address";
  EXPECT_FALSE(traffic.busy(1, 0s, 43s));
  EXPECT_TRUE(traffic.busy(1, 43s, 2min));
}

TEST(HaSplit, DesktopsAreResetByTheNewHolderAndStayAtTheirSite) {
  Fault lost = fault_of(30s, Cut{kToFirst});
  const Seen seen(out_of_reach(3, {lost}));
  const auto resets = seen.journal.all<DesktopConnectionLost>();
  EXPECT_EQ(resets.size(), 8u);
  for (const auto& [t, r] : resets) {
    EXPECT_EQ(r.by_addp, 0u);
    EXPECT_GT(t, SimTime(43s));
    EXPECT_LT(t, SimTime(43s + 20s + 10ms)) << "their next poll, at the latest";
  }
  EXPECT_TRUE(seen.journal.all<DesktopSwitch>().empty());
  EXPECT_TRUE(seen.journal.all<AgentLogout>().empty());
}

TEST(HaSplit, LosesCallsThatWereBeingSetUp) {
  Scenario s = out_of_reach(0, {fault_of(30s, Cut{kToFirst})});
  s.agents[0].phone.answer_delay = 8s;
  s.calls = {calls(SingleCalls{{{SimTime(40s), 1h, 1h, 0u}}})};  // rings at 43 s
  s.calls[0].to_agents = {0};
  s.calls[0].setup_patience = Deterministic{20};
  const Seen seen(s);
  ASSERT_EQ(seen.journal.all<EarlyDialogLost>().size(), 1u);
  EXPECT_EQ(seen.journal.all<EarlyDialogLost>()[0].first, SimTime(43s));
  EXPECT_EQ(seen.ledger.rows().at(0).cause, Cause::lost_setup_hanging);
  EXPECT_EQ(seen.ledger.rows().at(0).released, SimTime(60s));
}

TEST(HaSplit, CallsThatTheHaLinkDidNotCarryEndWhenTheOtherTakesOver) {
  // At 10 to 14 s; the other knows three.
  const Scenario s =
      out_of_reach(5, {fault_of(12s + 500ms, Cut{HaLinkTarget{0}}), fault_of(30s, Cut{kToFirst})});
  const Seen seen(s);
  EXPECT_EQ(seen.journal.all<Switchover>().at(0).second.calls_kept, 3u);
  EXPECT_EQ(seen.cut_off(), (std::pair{2, 43.0}));
  EXPECT_EQ(seen.journal.all<CallStateLost>().size(), 2u);
}

TEST(HaSplit, ContactThatReturnsInTimeChangesNothingOrMakesTheOlderBackupAtOnce) {
  Fault lost = fault_of(30s, Cut{kToFirst});
  lost.lasting = 9900ms;  // not given up yet
  EXPECT_TRUE(Seen(out_of_reach(3, {lost})).switchovers().empty());
  lost.lasting = 11s;  // the other is being promoted
  const Seen late(out_of_reach(3, {lost}));
  EXPECT_EQ(late.switchovers(), std::vector{43.0});
  EXPECT_EQ(both_primary(late), Changes{});
  EXPECT_EQ(late.cut_off().first, 0);
  // Cut again before the first loss would have been given up: counted from the second.
  const Seen again(out_of_reach(3, {fault_of(30s, Cut{kToFirst}), fault_of(35s, Heal{kToFirst}),
                                    fault_of(36s, Cut{kToFirst})}));
  EXPECT_EQ(again.switchovers(), std::vector{49.0});
}

TEST(HaSplit, ABackupOutOfReachCannotBePromoted) {
  const Seen seen(out_of_reach(3, {fault_of(20s, Cut{kToSecond}), fault_of(40s, Crash{kFirst}),
                                   fault_of(100s, Heal{kToSecond})}));
  EXPECT_EQ(seen.switchovers(), std::vector{103.0}) << "told when contact is back";
  EXPECT_EQ(seen.cut_off().first, 0);
}

TEST(HaSplit, NobodyIsPromotedWhileNeitherMachineIsInReach) {
  const Seen seen(out_of_reach(3, {fault_of(30s, Cut{kToFirst}), fault_of(32s, Cut{kToSecond}),
                                   fault_of(60s, Heal{kToSecond})}));
  EXPECT_EQ(seen.switchovers(), std::vector{63.0});
  EXPECT_EQ(both_primary(seen), (Changes{{63, true}}));
}

TEST(HaSplit, IfTheNewerDiesMeanwhileTheSiteIsLostWhenTheOlderBeginsAgain) {
  const Seen seen(out_of_reach(3, {fault_of(30s, Cut{kToFirst}), fault_of(60s, Crash{kSecond}),
                                   fault_of(90s, Heal{kToFirst})}));
  EXPECT_EQ(seen.switchovers(), std::vector{43.0});
  EXPECT_EQ(seen.cut_off(), (std::pair{3, 90.0}));
  const auto alive = seen.journal.all<PairStateChanged>();
  ASSERT_EQ(alive.size(), 2u);
  EXPECT_EQ(alive[1].first, SimTime(91s));
}

TEST(HaSplit, KeepsEveryCallAccountedForWhateverIsCutAndCrashesMeanwhile) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    sim::RngStream draw(seed, 0, "test.split", 0);
    Scenario s = long_calls(0);
    s.run.horizon = 10min;
    s.calls = {calls(ConstantRate{0.1}, {1, 0})};
    s.calls[0].talk = Exponential{30};
    s.calls[0].after_call_work = Deterministic{5};
    for (int i = 0; i < 12; ++i) {
      const Duration when = sim::from_seconds(draw.uniform(20, 400));
      const bool first = draw.bernoulli(0.5);
      Fault fault = fault_of(when, Cut{first ? kToFirst : kToSecond});
      if (draw.bernoulli(0.2)) fault = fault_of(when, Cut{HaLinkTarget{0}});
      if (draw.bernoulli(0.3)) fault = fault_of(when, Crash{first ? kFirst : kSecond});
      if (draw.bernoulli(0.1)) fault = fault_of(when, SwitchOver{0});
      if (holds(fault)) fault.lasting = sim::from_seconds(draw.uniform(1, 60));
      s.faults.push_back(fault);
    }
    const Layout layout(s, {seed, 0});
    RunRecorder recorder(layout);
    run_world(s, {&recorder});
    for (const Verdict& v : recorder.finish(SimTime(s.run.horizon)).verdicts) {
      EXPECT_NE(v.status, VerdictStatus::violated) << seed << " " << v.id << ": " << v.text;
    }
  }
}

// ---- failback ----

TEST(HaSite, RolesAreTurnedBackByHandAndConfirmedCallsGoOn) {
  Scenario s = long_calls(4);
  s.faults = {fault_of(30s, Crash{kFirst}), fault_of(50s, Restore{kFirst}),
              fault_of(70s, SwitchOver{0})};
  const Seen seen(s);
  EXPECT_EQ(seen.switchovers(), (std::vector{34.0, 73.0})) << "nothing to detect: promotion only";
  EXPECT_EQ(seen.journal.all<Switchover>().at(1).second.calls_kept, 4u);
  EXPECT_EQ(seen.cut_off().first, 0);
  EXPECT_EQ(seen.journal.all<CallsCopied>().size(), 2u) << "at 50 s, and by the one that yielded";
}

// ---- how long an outage which timer bears ----

/// What moved because of an outage of H from 100.000 on.
struct Moved {
  bool gateway = false, phone = false, peer = false, desktop = false;
  bool operator==(const Moved&) const = default;
};

/// The machine of the primary dies at 100.000. Pinned: an INVITE at 101 (copies 101.5, 102.5,
/// 104.5), a refresh at 102 (… 105.5), the peer's OPTIONS at 104 (… 107.5), and the desktop's last
/// ADDP message at 94: lost at 134, site-timeout over at 164, last attempt to connect before that
/// at 154.
Moved outage(Duration h) {
  Scenario s = p0_scenario();
  without_processing(s);
  s.run.horizon = 4min;
  SipServerOptions& server = s.sites[0].sip_server;
  server.host_loss_detection_min = server.host_loss_detection_max = 1s;
  server.promotion = h - 1s;
  s.gateways[0].first_options = 50s;
  s.first_trunk_probe[1] = 4s;
  s.agents = {agents("P1", 1, 0)};
  s.agents[0].phone.first_refresh = 42s;
  s.agents[0].desktop.last_addp = SimTime(-6s);
  s.calls = {calls(SingleCalls{{{SimTime(101s), 5s, 20s, 0u}}})};
  s.faults = {fault_of(100s, Fail{HostTarget{0, Role::sip_server_primary}, {}})};
  const Seen seen(s);
  Moved moved;
  for (const auto& [t, r] : seen.journal.all<CallInvited>()) moved.gateway |= r.site == 1;
  for (const auto& [t, r] : seen.journal.all<PhoneRegistered>()) moved.phone |= r.site == 1;
  for (const auto& [t, r] : seen.journal.all<PeerTrunk>()) {
    moved.peer |= r.site == 1 && r.in_service == 0;
  }
  moved.desktop = !seen.journal.all<DesktopSwitch>().empty();
  return moved;
}

TEST(HaSite, AnOutageMovesWhoeverHasTheShorterTimer) {
  EXPECT_EQ(outage(4s), (Moved{})) << "process death: 1 s and 3 s";
  EXPECT_EQ(outage(5s), (Moved{.gateway = true})) << "longer than the last copy of the INVITE";
  EXPECT_EQ(outage(7s), (Moved{.gateway = true, .phone = true}));
  EXPECT_EQ(outage(12s), (Moved{.gateway = true, .phone = true, .peer = true}));
  EXPECT_EQ(outage(50s), (Moved{.gateway = true, .phone = true, .peer = true}));
  EXPECT_EQ(outage(70s), (Moved{.gateway = true, .phone = true, .peer = true, .desktop = true}));
}

// ---- work-area redundancy: the building is gone, its people sit down at the other site (R2, C32)
// ----

TEST(WorkArea, PeopleOfALostBuildingAreAtWorkAgainWhereTheyFoundASeat) {
  Scenario s = p0_scenario();
  without_processing(s);
  s.run.horizon = 5min;
  s.agents = {agents("P1", 4, 0)};
  Fault fire = fault_of(100s, Fail{SiteTarget{0, SiteScope::building}, {}});
  std::get<Fail>(fire.deed).staff_return = StaffReturn{1, {{30s, 0.5}, {60s, 1}}};
  s.faults = {fire};
  s.calls = {calls(SingleCalls{{{SimTime(120s), 5s, 5s, 1u}, {SimTime(250s), 5s, 10s, 1u}}})};
  const Seen seen(s);
  std::vector<std::pair<std::uint32_t, double>> back;
  for (const auto& [t, r] : seen.journal.all<AgentAtWork>()) {
    if (t < SimTime(100s)) continue;
    EXPECT_EQ(r.site, 1u);
    back.emplace_back(r.agent.value, sim::seconds(t));
  }
  ASSERT_EQ(back.size(), 4u);
  for (const auto& [agent, t] : back) {
    // Their phones and desktops find site 1 silent first: 7.5 s, and twice 5 s.
    const double seated = agent < 2 ? 130 : 160;
    EXPECT_GT(t, seated + 10) << agent;
    EXPECT_LT(t, seated + 20) << agent;
  }
  const auto answered = seen.journal.all<CallAnswered>();
  ASSERT_EQ(answered.size(), 1u) << "nobody was there for the first call";
  EXPECT_EQ(answered[0].second.site, 1u);
  EXPECT_EQ(answered[0].second.monitored, 1u);
}

// ---- graceful migration (§2.3): what is lost if the gateways were not steered away first ----

TEST(GracefulMigration, LosesWhatGatewaysStillSendUnlessItIsRedirected) {
  for (const int code : {603, 302}) {
    Scenario s = p0_scenario();
    without_processing(s);
    s.run.horizon = 4min;
    s.agents = {agents("P1", 1, 0), agents("P2", 2, 1)};
    s.sites[0].sip_server.shutdown_sip_reject_code = code;
    SingleCalls given{{{SimTime(11s), 1h, 1h, 0u}}};  // keeps site 1 from being drained
    for (Duration at = 105s; at < s.run.horizon; at += 10s) {
      given.calls.push_back({SimTime(at), 2s, 1h, 0u});
    }
    s.calls = {calls(given)};
    s.calls[0].after_call_work = Deterministic{0};
    s.faults = {fault_of(100s, Drain{0})};
    const Seen seen(s);
    EXPECT_EQ(seen.journal.all<RequestRejected>().size(), 14u);
    std::size_t lost = 0;
    for (const CallRow& row : seen.ledger.rows()) lost += row.cause == Cause::lost_setup_rejected;
    EXPECT_EQ(lost, code == 603 ? 14u : 0u);
    EXPECT_EQ(seen.journal.all<CallAnswered>().size(), code == 603 ? 1u : 15u);
  }
}

}  // namespace
}  // namespace bcsim::tests::ha_site_test
