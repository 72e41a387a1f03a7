// The documented limitations of hunt groups in business continuity, each reproduced in a whole
// world and measured (R64, R66–R71, R59–R60; domain.md §5.7).
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "models/metrics/run_recorder.hpp"
#include "tests/support/worlds.hpp"

namespace bcsim::tests::hunt_group_limits_test {
namespace {

constexpr std::uint32_t kAtSite1 = 0, kAtSite2 = 1;

/// A hunt group of `count` phones at site 1, preferred there, one call every `every` to each
/// gateway.
Scenario hunting(std::uint32_t count, Duration every,
                 RegistrationMode mode = RegistrationMode::dual, Duration talk = 2s) {
  Scenario s = p0_scenario();
  without_processing(s);
  s.run.horizon = 5min;
  s.agents = {agents("members", count, kAtSite1, mode)};
  HuntGroupOptions group;
  group.type = HuntType::linear;
  group.members = {0};
  group.preferred_site = {"SIP_Server_1", "SIP_Server_1"};
  s.queues[0].hunt_group = group;
  SingleCalls given;
  for (Duration at = 10s; at < s.run.horizon; at += every) {
    for (const std::uint32_t gateway : {0u, 1u}) {
      given.calls.push_back({SimTime(at + gateway * 200ms), talk, 1h, gateway});
    }
  }
  CallStream stream = calls(given);
  stream.after_call_work = Deterministic{0};
  stream.setup_patience = Never{};
  s.calls = {stream};
  return s;
}

Fault partition(Duration at) {
  Fault fault;
  fault.at = SimTime(at);
  fault.deed = Cut{LinkTarget{}};
  fault.text = "cut dc-link";
  return fault;
}

/// A run: its journal, and what the metrics say.
struct Measured {
  explicit Measured(const Scenario& scenario) : result(measure_world(scenario, {&journal})) {}
  [[nodiscard]] double metric(std::string_view id) const {
    for (const MetricValue& m : result.metrics) {
      if (m.id == id) return m.value;
    }
    ADD_FAILURE() << "no metric " << id;
    return -1;
  }
  /// First time of a record that fits; 0 if there is none.
  template <class R, class Fits>
  [[nodiscard]] SimTime first(Fits fits) const {
    for (const auto& [t, r] : journal.all<R>()) {
      if (fits(r)) return t;
    }
    return {};
  }
  [[nodiscard]] SimTime single_mode(std::uint32_t site) const {
    return first<ServerModeChanged>(
        [&](const ServerModeChanged& r) { return r.site == site && r.mode == ServerMode::single; });
  }
  Recorder journal;
  RunResult result;
};

/// An option of the first queue's hunt group is given another value by `edit`.
Fault hunt_change(const Scenario& s, SimTime at, const std::string& option,
                  const std::function<void(HuntGroupOptions&)>& edit) {
  auto options = std::make_shared<RunTimeOptions>();
  options->sip_servers = {s.sites[0].sip_server, s.sites[1].sip_server};
  options->queues = s.queues;
  edit(*options->queues[0].hunt_group);
  Fault change;
  change.at = at;
  change.deed = ChangeOption{"queues.service.hunt-group." + option, "another", options};
  return change;
}

TEST(HuntGroupLimits, AChangeOfThePreferredSiteIsForTheNextCall) {  // R64
  Scenario s = hunting(1, 1h);
  s.agents[0].phone.answer_delay = 8s;
  auto& given = std::get<SingleCalls>(s.calls[0].arrivals).calls;
  given = {{SimTime(10s), 2s, 1h, 0u}, {SimTime(30s), 2s, 1h, 0u}};
  s.faults = {hunt_change(s, SimTime(12s), "hg-preferred-site", [](HuntGroupOptions& group) {
    group.preferred_site = {"SIP_Server_2", "SIP_Server_2"};  // while the first call rings
  })};
  const Measured run(s);
  const auto legs = run.journal.all<HuntLeg>();
  ASSERT_EQ(legs.size(), 2u);
  EXPECT_EQ(legs[0].second.site, kAtSite1);
  EXPECT_EQ(legs[1].second.site, kAtSite2);
  EXPECT_EQ(run.journal.all<CallAnswered>().size(), 2u);
  ASSERT_EQ(run.journal.all<HuntRedirect>().size(), 1u);
  EXPECT_GE(run.journal.all<HuntRedirect>()[0].first, SimTime(30s));
  EXPECT_TRUE(std::isnan(run.metric("phase.detection.duration"))) << "nothing has failed";
}

TEST(HuntGroupLimits, AChangeOfItsTimesIsForTheNextCall) {  // R64
  for (const auto& [before, after] : {std::pair{6s, 2s}, {2s, 6s}}) {
    Scenario s = hunting(1, 1h);
    s.queues[0].hunt_group->type = HuntType::linear;
    s.queues[0].hunt_group->no_answer_timeout = before;
    s.agents[0].phone.answer_delay = 20s;
    auto& given = std::get<SingleCalls>(s.calls[0].arrivals).calls;
    given = {{SimTime(10s), 2s, 1h, 0u}, {SimTime(60s), 2s, 1h, 0u}};
    // While the first member's phone rings.
    s.faults = {hunt_change(s, SimTime(11s), "hg-noanswer-timeout",
                            [&](HuntGroupOptions& group) { group.no_answer_timeout = after; })};
    const Measured run(s);
    const auto routed = run.journal.all<CallDefaultRouted>();
    const auto legs = run.journal.all<HuntLeg>();
    ASSERT_EQ(routed.size(), 2u);
    const auto each = static_cast<int>(legs.size() / 2);  // members rung for each call
    ASSERT_GE(each, 1);
    EXPECT_NEAR(sim::seconds(routed[0].first - SimTime(10s)), each * sim::seconds(before), 0.5);
    EXPECT_NEAR(sim::seconds(routed[1].first - SimTime(60s)), each * sim::seconds(after), 0.5);
  }
}

TEST(HuntGroupLimits, AfterTheLossOfThePreferredSitePhonesRingBeforeTheirDesktopsAreThere) {  // R66
  Scenario s = hunting(1, 5s);
  s.faults = {site_failure(SimTime(100s))};
  const Measured run(s);
  const SimTime single = run.single_mode(kAtSite2);
  const SimTime login =
      run.first<AgentLogin>([](const AgentLogin& r) { return r.site == kAtSite2; });
  ASSERT_GT(login, single);
  std::uint64_t unseen = 0;
  for (const auto& [t, r] : run.journal.all<CallAnswered>()) {
    if (t < SimTime(100s)) {
      EXPECT_EQ(r.monitored, 1u);
    }
    if (r.monitored != 0) continue;
    ++unseen;
    // From single-site mode on; or sooner, if a redirect to the dead site has come back in vain.
    EXPECT_GT(t, SimTime(107500ms));
    EXPECT_LT(t, login);
  }
  EXPECT_GT(unseen, 0u);
  EXPECT_EQ(run.metric("not_monitored.relogin"), static_cast<double>(unseen));
  EXPECT_EQ(run.metric("not_monitored"), static_cast<double>(unseen));
}

TEST(HuntGroupLimits, InAPartitionMembersAreRungWhileTheySpeakAtTheOtherPeer) {  // R67
  Scenario s = hunting(3, 5s, RegistrationMode::dual, 6s);
  s.locations.push_back("branch");  // reaches both sites throughout
  s.network.access.emplace_back();
  s.agents[0].location = 2;
  const Measured together(s);
  EXPECT_EQ(together.metric("hunt_legs_to_busy"), 0) << "all calls of the group start at one site";
  s.faults = {partition(100s)};
  const Measured apart(s);
  EXPECT_GT(apart.metric("hunt_legs_to_busy"), 0);
  EXPECT_GT(apart.metric("not_monitored.apart"), 0);
  bool refused = false;
  for (const auto& [t, r] : apart.journal.all<CallReturned>()) {
    if (r.status == 486) refused = true;
    EXPECT_GT(t, SimTime(100s));
  }
  EXPECT_TRUE(refused) << "his phone is busy";
  for (const auto& [t, leg] : apart.journal.all<HuntLeg>()) {
    if (leg.site == kAtSite2) {
      EXPECT_GT(t, apart.single_mode(kAtSite2));
    }
  }
}

TEST(HuntGroupLimits, DesktopsThatPreferTheOtherSiteSeeNoCalls) {  // R68, V-W09
  Scenario s = hunting(2, 5s);
  s.agents[0].preferred_site = kAtSite2;
  const Measured run(s);
  EXPECT_GT(run.metric("answered"), 50);
  EXPECT_EQ(run.metric("not_monitored.preference"), run.metric("answered"));
}

/// The desktop's own network to site 2 is cut; then site 1, where it is logged in, is lost.
TEST(HuntGroupLimits, ADesktopThatCannotReachThePeerLeavesItsCallsUnseen) {  // R68
  for (const bool desktops_only : {true, false}) {
    Scenario s = hunting(1, 5s);
    s.network.desktop_access.resize(2);
    s.network.desktop_access[0][1] = s.network.access[0][1];
    Fault cut = partition(50s);
    cut.deed = Cut{LinkTarget{false, 0, kAtSite2, CutDirection::both, desktops_only}};
    s.faults = {cut, site_failure(SimTime(100s))};
    const Measured run(s);
    std::uint64_t unseen = 0;
    for (const auto& [t, r] : run.journal.all<CallAnswered>()) {
      EXPECT_EQ(r.monitored, t < SimTime(100s) ? 1u : 0u);
      unseen += r.monitored == 0;
    }
    for (const auto& [t, r] : run.journal.all<AgentLogin>()) EXPECT_EQ(r.site, kAtSite1);
    EXPECT_EQ(run.metric("not_monitored.unreachable"), static_cast<double>(unseen));
    EXPECT_EQ(run.metric("not_monitored"), static_cast<double>(unseen));
    // What both share takes the phone with it: nobody is there to be rung.
    EXPECT_EQ(unseen > 30, desktops_only) << unseen;
    EXPECT_TRUE(std::isnan(run.metric("recovery.agents_100")));
  }
}

TEST(HuntGroupLimits, ADesktopLosesItsOwnPathThoughItsPhoneIsRungThroughTheOther) {
  Scenario s = hunting(1, 5s);
  s.network.desktop_access.resize(1);
  s.network.desktop_access[0][0] = s.network.access[0][0];
  Fault cut = partition(100s);
  cut.deed = Cut{LinkTarget{false, 0, kAtSite1, CutDirection::both, true}};
  s.faults = {cut};
  const Measured run(s);
  // It moves to the other site; the group is still distributed at site 1, where the phone is rung.
  const SimTime moved =
      run.first<AgentLogin>([](const AgentLogin& r) { return r.site == kAtSite2; });
  ASSERT_GT(moved, SimTime(100s + 30s));
  for (const auto& [t, leg] : run.journal.all<HuntLeg>()) EXPECT_EQ(leg.site, kAtSite1);
  for (const auto& [t, r] : run.journal.all<CallAnswered>()) {
    EXPECT_EQ(r.monitored, t < moved ? 1u : 0u);
  }
  EXPECT_GT(run.metric("not_monitored.unreachable"), 10);
  EXPECT_EQ(run.metric("not_monitored.unreachable"), run.metric("not_monitored"));
}

/// Where the agent's desktop logs in, where his phone calls, and where the group is distributed.
struct Preferences {
  std::uint32_t desktop, phone, hunt;
};

TEST(HuntGroupLimits, ThreePreferencesAreUsedEachForItself) {  // R87: 2^3 combinations
  for (std::uint32_t i = 0; i < 8; ++i) {
    const Preferences prefer{i & 1u, i >> 1 & 1u, i >> 2};
    SCOPED_TRACE(i);
    Scenario s = hunting(1, 20s);
    s.agents[0].preferred_site = static_cast<SiteIndex>(prefer.desktop);
    s.agents[0].phone.preferred_site = static_cast<SiteIndex>(prefer.phone);
    const std::string server = s.sites[prefer.hunt].sip_server.name;
    s.queues[0].hunt_group->preferred_site = {server, server};
    CallStream out = calls(SingleCalls{{{SimTime(15s), 2s, 1h, {}}, {SimTime(55s), 2s, 1h, {}}}});
    out.from_agents = {0};
    out.by_desktop = 0;
    out.after_call_work = Deterministic{0};
    s.calls.push_back(out);
    const Measured run(s);
    const auto logins = run.journal.all<AgentLogin>();
    ASSERT_EQ(logins.size(), 1u);
    EXPECT_EQ(logins[0].second.site, prefer.desktop);
    const auto asked = run.journal.all<PhoneInvited>();
    ASSERT_EQ(asked.size(), 2u);
    for (const auto& [t, r] : asked) EXPECT_EQ(r.site, prefer.phone);
    const auto legs = run.journal.all<HuntLeg>();
    EXPECT_EQ(legs.size(), 15u) << "of two calls at a time one finds the member idle";
    for (const auto& [t, r] : legs) EXPECT_EQ(r.site, prefer.hunt);
    const double hunted = run.metric("answered"), called = run.metric("outgoing.answered");
    EXPECT_EQ(hunted, 15);
    EXPECT_EQ(called, 2);
    // R57, and the same for calls that he places: seen where he is logged in.
    const double unseen = (prefer.desktop != prefer.hunt ? hunted : 0) +
                          (prefer.desktop != prefer.phone ? called : 0);
    EXPECT_EQ(run.metric("not_monitored.preference"), unseen);
    for (const Verdict& v : run.result.verdicts) EXPECT_NE(v.status, VerdictStatus::violated);
  }
}

TEST(HuntGroupLimits, AFreshPhoneRegistersFirstWhereItPrefers) {  // R87
  for (const std::uint32_t phone : {kAtSite1, kAtSite2}) {
    Scenario s = hunting(1, 1h, RegistrationMode::active_backup);
    s.run.start = StartMode::cold;
    s.agents[0].preferred_site = static_cast<SiteIndex>(1 - phone);
    s.agents[0].phone.preferred_site = static_cast<SiteIndex>(phone);
    const Measured run(s);
    const auto registered = run.journal.all<PhoneRegistered>();
    ASSERT_FALSE(registered.empty());
    EXPECT_EQ(registered[0].second.site, phone);
  }
}

/// Site 1 is lost for three minutes; its 40 members are at site 2 when it returns.
Scenario recovered(std::optional<double> share, Duration delay) {
  Scenario s = hunting(40, 1h);
  s.run.horizon = 30min;
  s.calls.clear();
  s.agents[0].desktop.private_info_compliance = share;
  s.agents[0].desktop.private_info_delay = Deterministic{sim::seconds(delay)};
  s.faults = {site_failure(SimTime(100s))};
  s.faults[0].lasting = 3min;
  return s;
}

TEST(HuntGroupLimits, OnlyThoseWhoHeedTheAdviceGoBack) {  // R59, R60, R68
  const Scenario s = recovered(0.5, 20s);
  const Measured run(s);
  std::set<std::uint32_t> advised, expected, back;
  SimTime advice{};
  for (const auto& [t, r] : run.journal.all<PrivateInfo>()) {
    EXPECT_EQ(r.site, kAtSite2);
    EXPECT_TRUE(advised.insert(r.agent.value).second) << "told once";
    advice = t;
  }
  EXPECT_EQ(advised.size(), 40u) << "every member at the wrong site";
  const sim::RngFactory rng{s.run.seed, 0};
  for (const std::uint32_t a : advised) {
    if (rng.stream("desktop.advice", std::uint64_t{a} << 32).bernoulli(0.5)) expected.insert(a);
  }
  for (const auto& [t, r] : run.journal.all<AgentLogin>()) {
    if (r.site != kAtSite1 || t < SimTime(100s)) continue;
    back.insert(r.agent.value);
    EXPECT_GT(t, advice + 20s);
  }
  EXPECT_EQ(back, expected);
  EXPECT_GT(back.size(), 10u);
  EXPECT_LT(back.size(), 30u);
}

TEST(HuntGroupLimits, WhoIgnoresTheAdviceAnswersUnseen) {  // R68
  Scenario s = recovered({}, 0s);                          // nobody, by default
  s.calls = hunting(1, 1h).calls;
  auto& given = std::get<SingleCalls>(s.calls[0].arrivals).calls;
  given.clear();
  for (Duration at = 700s; at < s.run.horizon; at += 30s)
    given.push_back({SimTime(at), 2s, 1h, 0u});
  const Measured run(s);
  EXPECT_GT(run.metric("answered"), 0);
  EXPECT_EQ(run.metric("not_monitored.advice"), run.metric("answered"));
}

TEST(HuntGroupLimits, WithSingleRegistrationOnlyThePreferredSiteRingsInAPartition) {  // R70
  Scenario s = hunting(2, 5s, RegistrationMode::single);
  s.faults = {partition(100s)};
  const Measured run(s);
  for (const auto& [t, leg] : run.journal.all<HuntLeg>()) EXPECT_EQ(leg.site, kAtSite1);
  const SimTime single = run.single_mode(kAtSite2);
  std::uint64_t sent_away = 0;
  for (const auto& [t, r] : run.journal.all<CallDefaultRouted>()) {
    EXPECT_GT(t, single);
    EXPECT_EQ(r.site, kAtSite2);
    EXPECT_EQ(r.cause, CallDefaultRouted::Cause::no_member_in_service);
    ++sent_away;
  }
  std::uint64_t arrived = 0;
  for (const auto& [t, r] : run.journal.all<CallInvited>()) arrived += r.site == 1 && t > single;
  EXPECT_GT(arrived, 30u);
  EXPECT_EQ(sent_away, arrived);
}

TEST(HuntGroupLimits, WithSingleRegistrationTheOtherSiteRingsOnlyWhatHasRegisteredThere) {  // R71
  Scenario s = hunting(2, 1s, RegistrationMode::single);
  s.faults = {site_failure(SimTime(100s))};
  const Measured run(s);
  const SimTime registered =
      run.first<DnState>([](const DnState& r) { return r.site == kAtSite2 && r.in_service != 0; });
  const SimTime rung = run.first<HuntLeg>([](const HuntLeg& r) { return r.site == kAtSite2; });
  ASSERT_GT(registered, SimTime(100s));
  EXPECT_GE(rung, registered);
  EXPECT_LT(rung, registered + 2s);
  for (const auto& [t, r] : run.journal.all<CallDefaultRouted>()) {
    if (r.cause == CallDefaultRouted::Cause::no_member_in_service) {
      EXPECT_LT(t, registered);
    }
  }
  EXPECT_GT(run.metric("default_routed.no_member_in_service"), 0);
}

}  // namespace
}  // namespace bcsim::tests::hunt_group_limits_test
