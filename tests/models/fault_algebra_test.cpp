// Plans of faults against a brute force that goes from instant to instant by the definition alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "sim/rng.hpp"
#include "tests/support/fault_truth.hpp"

namespace bcsim::tests::fault_algebra_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Duration kHorizon = 30s;

Scenario small_world() {
  Scenario s = p0_scenario();
  s.run.horizon = kHorizon;
  s.agents = {agents("one", 2, 0), agents("two", 2, 1)};
  s.network.desktop_access.resize(2);
  s.network.desktop_access[0][1] = LinkOptions{};
  s.network.desktop_access[0][0] = LinkOptions{};
  return s;
}

/// Compares plan and definition at every instant of a grid of `grid`.
void expect_as_defined(const Scenario& s, Duration grid = 500ms) {
  const Layout layout(s, {1, 0});
  const sim::FaultPlan plan = compile_faults(s, layout);
  BruteForce truth(s, layout);
  Replay replay(layout);
  std::size_t next = 0;
  for (SimTime now = sim::kStart; now <= SimTime(kHorizon); now += grid) {
    const State& expected = truth.step(now);
    replay.at_instant();
    for (; next < plan.size() && plan[next].at <= now; ++next) {
      ASSERT_EQ(plan[next].at, now);
      std::visit(replay, plan[next].action);
    }
    const State& state = replay.state();
    ASSERT_EQ(state.hosts, expected.hosts) << sim::seconds(now);
    ASSERT_EQ(state.nodes, expected.nodes) << sim::seconds(now);
    ASSERT_EQ(state.links, expected.links) << sim::seconds(now);
    ASSERT_EQ(state.management, expected.management) << sim::seconds(now);
    ASSERT_EQ(state.ha, expected.ha) << sim::seconds(now);
    ASSERT_EQ(state.drained, expected.drained) << sim::seconds(now);
    ASSERT_TRUE(state.same_values(expected)) << sim::seconds(now);
    ASSERT_EQ(replay.open_faults(), truth.open_faults()) << sim::seconds(now);
  }
  EXPECT_EQ(next, plan.size()) << "steps after the horizon";
}

// ---- random plans ----

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : rng_(seed, 0, "test.faults", 0) {}

  Scenario scenario(std::size_t lines) {
    Scenario s = small_world();
    while (s.faults.size() < lines) s.faults.push_back(fault());
    return s;
  }
  Fault fault() {
    Fault f;
    f.at = SimTime(std::chrono::seconds(below(25)));
    f.deed = deed();
    f.text = "drawn";
    if (!holds(f)) return f;
    const std::uint32_t course = below(10);
    if (course < 6) f.lasting = std::chrono::seconds(1 + below(8));
    if (course > 7) {
      f.flap = Flap{std::chrono::seconds(1 + below(4)), 0.5, {}};
      if (below(2) == 0) f.flap->until = f.at + std::chrono::seconds(1 + below(12));
    }
    return f;
  }
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(rng_.below(n)); }

 private:
  SiteIndex site() { return static_cast<SiteIndex>(below(2)); }
  Role role() { return static_cast<Role>(below(6)); }
  ProcessTarget process() { return {site(), role()}; }
  SiteTarget whole_site() { return {site(), static_cast<SiteScope>(below(3))}; }
  LinkTarget link() {
    const auto direction = static_cast<CutDirection>(below(3));
    if (below(2) == 0) return {true, 0, 0, direction, false};
    return {false, 0, site(), direction, below(2) == 0};
  }
  Deed deed() {
    switch (below(12)) {
      case 0:
      case 1:
        return fail();
      case 2:
        return Crash{process()};
      case 3:
        return Hang{process()};
      case 4:
        return cut<Cut>();
      case 5:
      case 6:
        return cut<Heal>();
      case 7:
        return degrade();
      case 8:
        return below(2) == 0 ? Deed(Drain{site()}) : Deed(SwitchOver{site()});
      default:
        return restore();
    }
  }
  Deed fail() {
    switch (below(5)) {
      case 0:
        return Fail{HostTarget{site(), role()}, {}};
      case 1:
        return Fail{GatewayTarget{below(2)}, {}};
      case 2:
        return Fail{PhoneTarget{below(2), below(2)}, {}};
      case 3:
        return Fail{DesktopTarget{below(2), below(2)}, {}};
      default: {
        Fail f{whole_site(), {}};
        const auto where = std::get<SiteTarget>(f.target);
        if (where.scope == SiteScope::building && below(2) == 0) {
          f.staff_return = StaffReturn{
              peer_of(where.site),
              {{std::chrono::seconds(below(4)), 0.5}, {std::chrono::seconds(4 + below(4)), 1}}};
        }
        return f;
      }
    }
  }
  Deed restore() {
    switch (below(6)) {
      case 0:
        return Restore{process()};
      case 1:
        return Restore{HostTarget{site(), role()}};
      case 2:
        return Restore{GatewayTarget{below(2)}};
      case 3:
        return Restore{PhoneTarget{below(2), below(2)}};
      case 4:
        return Restore{DesktopTarget{below(2), below(2)}};
      default:
        return Restore{whole_site()};
    }
  }
  template <class Verb>
  Deed cut() {
    switch (below(4)) {
      case 0:
        return Verb{HaLinkTarget{site()}};
      case 1:
        return Verb{ManagementLinkTarget{site(), static_cast<Role>(below(2))}};
      default:
        return Verb{link()};
    }
  }
  Deed degrade() {
    Degrade d{link(), {}, {}, {}, {}};
    if (below(2) == 0) d.latency = std::chrono::milliseconds(1 + below(3));
    if (below(2) == 0) d.loss = 0.1 * below(3);
    if (below(3) == 0) d.jitter = 1ms;
    if (below(3) == 0) d.bandwidth_bps = 1e6;
    return d;
  }

  sim::RngStream rng_;
};

// ---- what ends what ----

/// One line of each kind, about the first thing of its kind at a site.
std::map<std::string, Deed> every_line(SiteIndex site) {
  const LinkTarget access{false, site, site, CutDirection::both, false};
  const HaLinkTarget ha{site};
  const ManagementLinkTarget management{site, Role::sip_server_primary};
  const HostTarget host{site, Role::sip_server_primary};
  const ProcessTarget process{site, Role::sip_server_primary};
  return {{"fail site", Fail{SiteTarget{site, SiteScope::genesys}, {}}},
          {"fail pair", Fail{SiteTarget{site, SiteScope::sip_server_pair}, {}}},
          {"fail building", Fail{SiteTarget{site, SiteScope::building}, {}}},
          {"fail host", Fail{host, {}}},
          {"fail gateway", Fail{GatewayTarget{site}, {}}},
          {"fail phone", Fail{PhoneTarget{site, 0}, {}}},
          {"fail desktop", Fail{DesktopTarget{site, 0}, {}}},
          {"crash", Crash{process}},
          {"hang", Hang{process}},
          {"drain", Drain{site}},
          {"cut link", Cut{access}},
          {"cut ha", Cut{ha}},
          {"cut management", Cut{management}},
          {"degrade", Degrade{access, 1ms, {}, {}, {}}},
          {"restore site", Restore{SiteTarget{site, SiteScope::genesys}}},
          {"restore host", Restore{host}},
          {"restore process", Restore{process}},
          {"restore gateway", Restore{GatewayTarget{site}}},
          {"restore phone", Restore{PhoneTarget{site, 0}}},
          {"restore desktop", Restore{DesktopTarget{site, 0}}},
          {"heal link", Heal{access}},
          {"heal ha", Heal{ha}},
          {"heal management", Heal{management}},
          {"switch over", SwitchOver{site}},
          {"change", ChangeOption{}}};
}

TEST(FaultAlgebra, EachLineEndsWhatItNamesAndNothingElse) {
  const std::map<std::string, std::set<std::string>> ended = {
      {"restore site", {"fail site", "fail pair", "drain"}},
      {"restore host", {"fail host"}},
      {"restore process", {"crash", "hang"}},
      {"restore gateway", {"fail gateway"}},
      {"restore phone", {"fail phone"}},
      {"restore desktop", {"fail desktop"}},
      {"heal link", {"cut link", "degrade"}},
      {"heal ha", {"cut ha"}},
      {"heal management", {"cut management"}}};
  Fault mending, broken;
  for (const SiteIndex elsewhere : {SiteIndex{0}, SiteIndex{1}}) {
    for (const auto& [mends, by] : every_line(elsewhere)) {
      mending.deed = by;
      const auto own = ended.find(mends);
      for (const auto& [breaks, what] : every_line(0)) {
        broken.deed = what;
        const bool named = elsewhere == 0 && own != ended.end() && own->second.count(breaks) != 0;
        for (const bool backward : {false, true}) {
          EXPECT_EQ(ends(mending, broken, backward), named) << mends << ", " << breaks;
        }
      }
    }
  }
}

TEST(FaultAlgebra, RandomPlansAreAsDefinedAtEveryInstant) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Draw draw(seed);
    expect_as_defined(draw.scenario(2 + draw.below(14)));
    if (::testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
}

// ---- by hand ----

Fault at(Duration when, Deed deed, std::optional<Duration> lasting = {}) {
  return {SimTime(when), std::move(deed), lasting, {}, "by hand"};
}
Fault flapping(Duration when, Deed deed, Flap flap) {
  return {SimTime(when), std::move(deed), {}, flap, "by hand"};
}
Fail site1(SiteScope scope = SiteScope::genesys) {
  return Fail{SiteTarget{0, scope}, {}};
}
const ProcessTarget kPrimary{0, Role::sip_server_primary};

/// What happens to one process, as (seconds, up, hung or dead).
using Course = std::vector<std::pair<double, Life>>;
Course course(const std::vector<Fault>& faults, const ProcessTarget& process = kPrimary) {
  Scenario s = small_world();
  s.faults = faults;
  expect_as_defined(s);
  const Layout layout(s, {1, 0});
  Replay replay(layout);
  const NodeId node = layout.server(process.site, process.role);
  Course out;
  Life before = Life::up;
  const sim::FaultPlan plan = compile_faults(s, layout);
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (i == 0 || plan[i].at != plan[i - 1].at) replay.at_instant();
    std::visit(replay, plan[i].action);
    const Life now = replay.state().nodes[node.value];
    if (now != before) out.emplace_back(sim::seconds(plan[i].at), now);
    before = now;
  }
  return out;
}
using Step = std::pair<double, Life>;

TEST(FaultAlgebra, WhatEndsAndBeginsAtOnceNeverComesBack) {
  EXPECT_THAT(course({at(5s, site1(), 5s), at(10s, site1())}), ElementsAre(Step(5, Life::dead)));
  EXPECT_THAT(course({at(10s, site1()), at(5s, site1(), 5s)}), ElementsAre(Step(5, Life::dead)));
  EXPECT_THAT(course({at(5s, site1()), at(10s, Restore{SiteTarget{0, SiteScope::building}}),
                      at(10s, site1(), 3s)}),
              ElementsAre(Step(5, Life::dead), Step(13, Life::up)));
  EXPECT_THAT(course({at(5s, Crash{kPrimary}, 5s), at(10s, site1(), 5s),
                      at(15s, Fail{HostTarget{0, Role::sip_server_primary}, {}}, 5s)}),
              ElementsAre(Step(5, Life::dead), Step(20, Life::up)));
  EXPECT_THAT(course({at(5s, Hang{kPrimary}, 5s), at(10s, Hang{kPrimary}, 5s)}),
              ElementsAre(Step(5, Life::hung), Step(15, Life::up)));
}

TEST(FaultAlgebra, TheEndOfOneFaultDoesNotEndAnother) {
  EXPECT_THAT(course({at(5s, site1(), 5s), at(8s, site1())}), ElementsAre(Step(5, Life::dead)));
  EXPECT_THAT(course({at(5s, site1(SiteScope::building), 20s), at(8s, site1(), 2s),
                      at(9s, site1(SiteScope::sip_server_pair), 4s)}),
              ElementsAre(Step(5, Life::dead), Step(25, Life::up)));
  EXPECT_THAT(course({at(5s, Crash{kPrimary}), at(8s, site1(), 2s)}),
              ElementsAre(Step(5, Life::dead)));
}

TEST(FaultAlgebra, AHungProcessDiesWithItsMachineAndStaysDownWhileItsHangLasts) {
  const Fail machine{HostTarget{0, Role::sip_server_primary}, {}};
  EXPECT_THAT(course({at(5s, Hang{kPrimary}, 15s), at(8s, machine, 2s)}),
              ElementsAre(Step(5, Life::hung), Step(8, Life::dead), Step(20, Life::up)));
  EXPECT_THAT(course({at(5s, Hang{kPrimary}, 5s), at(8s, Crash{kPrimary}, 5s)}),
              ElementsAre(Step(5, Life::hung), Step(8, Life::dead), Step(13, Life::up)));
  EXPECT_THAT(course({at(5s, Crash{kPrimary}, 5s), at(8s, Hang{kPrimary}, 5s)}),
              ElementsAre(Step(5, Life::dead), Step(13, Life::up)));
}

TEST(FaultAlgebra, RestoreEndsEveryHoldOnThisTargetAndNoOther) {
  const Restore process{kPrimary}, all{SiteTarget{0, SiteScope::building}},
      pair{SiteTarget{0, SiteScope::sip_server_pair}};
  EXPECT_THAT(course({at(5s, Hang{kPrimary}), at(6s, Crash{kPrimary}), at(7s, Crash{kPrimary}, 20s),
                      at(10s, process)}),
              ElementsAre(Step(5, Life::hung), Step(6, Life::dead), Step(10, Life::up)));
  EXPECT_THAT(course({at(5s, site1()), at(10s, process)}), ElementsAre(Step(5, Life::dead)));
  EXPECT_THAT(course({at(5s, Crash{kPrimary}), at(10s, all)}), ElementsAre(Step(5, Life::dead)));
  EXPECT_THAT(course({at(5s, site1()), at(10s, pair)}), ElementsAre(Step(5, Life::dead)));
  EXPECT_THAT(course({at(5s, site1(SiteScope::building)), at(6s, site1()), at(10s, all)}),
              ElementsAre(Step(5, Life::dead), Step(10, Life::up)));
  EXPECT_THAT(course({at(10s, all), at(20s, process)}), IsEmpty());
}

TEST(FaultAlgebra, TimesAtTheEdgesOfARunAreTimesLikeOthers) {
  EXPECT_THAT(course({at(0s, Crash{kPrimary}, 5s)}),
              ElementsAre(Step(0, Life::dead), Step(5, Life::up)));
  EXPECT_THAT(course({at(kHorizon, Crash{kPrimary})}), ElementsAre(Step(30, Life::dead)));
  EXPECT_THAT(course({at(20s, Crash{kPrimary}, 1h)}), ElementsAre(Step(20, Life::dead)));
  EXPECT_THAT(course({at(20s, Crash{kPrimary}, Duration::max())}),
              ElementsAre(Step(20, Life::dead)));
  EXPECT_THAT(course({at(kHorizon + 1s, Crash{kPrimary})}), IsEmpty());
}

TEST(FaultAlgebra, FlappingEndsWhenItIsToAndNeverWithoutADuty) {
  EXPECT_THAT(
      course({flapping(5s, Crash{kPrimary}, {4s, 0.5, SimTime(10s)})}),
      ElementsAre(Step(5, Life::dead), Step(7, Life::up), Step(9, Life::dead), Step(10, Life::up)));
  EXPECT_THAT(course({flapping(5s, Crash{kPrimary}, {4s, 1, SimTime(13s)})}),
              ElementsAre(Step(5, Life::dead), Step(13, Life::up)));
  EXPECT_THAT(course({flapping(5s, Crash{kPrimary}, {4s, 0, {}})}), IsEmpty());
  // A fault that lasts covers the rounds; healing ends the round, and the next one begins.
  EXPECT_THAT(course({flapping(5s, Crash{kPrimary}, {4s, 0.5, SimTime(15s)}),
                      at(6s, Crash{kPrimary}, 4s), at(14s, Restore{kPrimary})}),
              ElementsAre(Step(5, Life::dead), Step(11, Life::up), Step(13, Life::dead),
                          Step(14, Life::up)));
}

TEST(FaultAlgebra, ADrainedPairThatDiesIsNotStartedBeforeTheDrainIsOver) {
  EXPECT_THAT(course({at(5s, Drain{0}, 15s), at(10s, site1(), 3s)}),
              ElementsAre(Step(10, Life::dead), Step(20, Life::up)));
  EXPECT_THAT(course({at(5s, Drain{0}), at(10s, Restore{SiteTarget{0, SiteScope::genesys}})}),
              IsEmpty());
}

TEST(FaultAlgebra, PeopleStayWhereTheySatDownWhenTheirBuildingIsBack) {
  Scenario s = small_world();
  s.faults = {
      at(5s, Fail{SiteTarget{0, SiteScope::building}, StaffReturn{1, {{2s, 0.5}, {9s, 1}}}}, 5s)};
  const Layout layout(s, {1, 0});
  const auto& people = layout.directory.agents;
  EXPECT_THAT(sit_downs(s, layout, holds_of(s.faults, kHorizon)),
              ElementsAre(SitDown{SimTime(7s), AgentId{0}, 0}));
  std::vector<std::pair<double, std::uint32_t>> started;
  for (const sim::FaultStep& step : compile_faults(s, layout)) {
    const auto* start = std::get_if<sim::NodeStart>(&step.action);
    if (start == nullptr) continue;
    for (const AgentInfo& a : people) {
      if (start->node == a.phone || start->node == a.spare_phone) {
        started.emplace_back(sim::seconds(step.at), start->node.value);
      }
    }
  }
  EXPECT_THAT(started, ElementsAre(std::pair(7.0, people[0].spare_phone.value),
                                   std::pair(10.0, people[1].phone.value)));
  s.faults.push_back(at(20s, Fail{SiteTarget{1, SiteScope::building}, {}}, 5s));
  s.faults.push_back(at(8s, Fail{PhoneTarget{0, 0}, {}}, 3s));  // the one he has now
  expect_as_defined(s);
}

TEST(FaultAlgebra, WhatASiteDoesNotHaveIsNotBootedWithIt) {
  Scenario s = small_world();
  s.sites[0].stat_server = false;
  s.faults = {at(5s, site1(), 5s)};
  expect_as_defined(s);
}

TEST(FaultAlgebra, StepsAreBoundedFromAbove) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Scenario s = Draw(seed).scenario(8);
    std::uint64_t bound = 0;
    for (const Fault& fault : s.faults) bound += steps_at_most(s, fault);
    EXPECT_LE(compile_faults(s, Layout(s, {1, 0})).size(), bound) << seed;
  }
  Scenario s = small_world();
  s.run.horizon = 24h;
  EXPECT_GT(steps_at_most(s, flapping(0s, Cut{LinkTarget{}}, {1ms, 0.5, {}})), kMostSteps);
  EXPECT_LT(steps_at_most(s, flapping(0s, Cut{LinkTarget{}}, {1s, 0.5, {}})), kMostSteps);
}

// ---- worlds ----

Scenario busy_world(std::uint64_t seed) {
  Scenario s = Draw(seed).scenario(8);
  s.run.seed = seed;
  s.run.horizon = 10min;
  for (Fault& fault : s.faults) {  // the grid of seconds becomes one of twelve: room for timers
    fault.at = sim::kStart + 12 * fault.at.time_since_epoch();
    if (fault.lasting) *fault.lasting *= 12;
    if (!fault.flap) continue;
    fault.flap->period *= 12;
    if (!fault.flap->until || *fault.flap->until > SimTime(25s)) fault.flap->until = SimTime(25s);
    fault.flap->until = sim::kStart + 12 * fault.flap->until->time_since_epoch();
    if (*fault.flap->until <= fault.at) fault.flap.reset();
  }
  s.agents = {agents("one", 2, 0), agents("two", 2, 1)};
  s.calls = {calls(ConstantRate{0.05})};
  s.calls[0].talk = Exponential{20};
  s.calls[0].patience = Exponential{40};
  s.calls[0].after_call_work = Deterministic{3};
  return s;
}

TEST(FaultAlgebra, WorldsOfRandomPlansRunToTheirEndTheSameWayTwice) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Scenario s = busy_world(seed);
    Recorder recorder;
    const Fingerprints once = run_world(s, {&recorder});
    EXPECT_EQ(once, run_world(s)) << seed;
    // Every fault that lies on something is said to begin and to end in turn.
    std::set<std::uint32_t> open;
    for (const auto& [when, fact] : recorder.all<FaultInjected>()) {
      if (!holds(s.faults[fact.fault])) continue;
      EXPECT_EQ(open.contains(fact.fault), fact.undone != 0) << seed;
      if (fact.undone == 0) {
        open.insert(fact.fault);
      } else {
        open.erase(fact.fault);
      }
    }
  }
}

TEST(Faults, AChangeOfAnOptionBreaksNothing) {
  Scenario s = small_world();
  EXPECT_FALSE(has_failures(s));
  s.faults.resize(1);
  s.faults[0].deed = ChangeOption{};
  EXPECT_FALSE(has_failures(s));
  s.faults.resize(2);
  s.faults[1].deed = Heal{};
  EXPECT_TRUE(has_failures(s));
}

}  // namespace
}  // namespace bcsim::tests::fault_algebra_test
