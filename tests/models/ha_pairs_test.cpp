// Whatever happens to the two SIP Servers of a site: when everything has been mended for long
// enough each site has a primary in service, both are in BC mode, and every agent is logged in once
// (R9, R39, R47, domain.md §2.4).
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "models/ledger/ledger.hpp"
#include "sim/rng.hpp"
#include "tests/support/worlds.hpp"

namespace bcsim::models::ha_pairs_test {
namespace {

using namespace std::chrono_literals;

constexpr Duration kMended = 12min, kHorizon = 27min;
constexpr Role kProcesses[] = {Role::sip_server_primary, Role::sip_server_backup};

SimTime at(Duration d) {
  return sim::kStart + d;
}

Scenario two_sites() {
  Scenario s = bcsim::tests::p0_scenario();
  s.run.horizon = kHorizon;
  s.agents = {bcsim::tests::agents("one", 3, 0), bcsim::tests::agents("two", 3, 1)};
  for (AgentGroup& group : s.agents) group.phone.expires = 60s;
  s.calls = {bcsim::tests::calls(ConstantRate{0.05})};
  s.calls[0].talk = Deterministic{20};
  s.calls[0].after_call_work = Deterministic{5};
  return s;
}

Fault fault(Duration when, Deed deed, std::optional<Duration> lasting) {
  Fault f;
  f.at = at(when);
  f.deed = std::move(deed);
  f.lasting = lasting;
  return f;
}

/// What a process may do.
enum class Way : std::uint8_t { crash, hang };
constexpr std::array kWays = {Way::crash, Way::hang};
Deed of(Way way, const ProcessTarget& process) {
  if (way == Way::crash) return Crash{process};
  return Hang{process};
}

/// Who is logged in where, and the modes, at the end.
class Outcome final : public Observer {
 public:
  explicit Outcome(const Scenario& scenario) : ledger_(scenario) {}
  void on_record(const JournalEntry& entry) override {
    ledger_.on_record(entry);
    if (const auto* in = std::get_if<AgentLogin>(&entry.record)) {
      logged_in_[in->site][in->agent.value] = true;
    } else if (const auto* out = std::get_if<AgentLogout>(&entry.record)) {
      logged_in_[out->site][out->agent.value] = false;
    } else if (const auto* pair = std::get_if<PairStateChanged>(&entry.record)) {
      if (pair->up == 0) logged_in_[pair->site] = {};
    } else if (const auto* mode = std::get_if<ServerModeChanged>(&entry.record)) {
      modes_[mode->site] = mode->mode;
    } else if (const auto* both = std::get_if<BothPrimary>(&entry.record)) {
      split_[both->site] = both->both != 0;
    }
  }
  void on_tick(SimTime, const TickSample&) override {}

  void expect_all_well(const std::string& what) {
    ledger_.finish(at(kHorizon));
    EXPECT_EQ(ledger_.violation_count(), 0u) << what;
    for (const std::size_t site : {0u, 1u}) {
      EXPECT_EQ(modes_[site], ServerMode::bc) << what << ", site " << site + 1;
      EXPECT_FALSE(split_[site]) << what << ", site " << site + 1;
    }
    for (std::size_t agent = 0; agent < 6; ++agent) {
      EXPECT_EQ(logged_in_[0][agent] + logged_in_[1][agent], 1) << what << ", agent " << agent;
    }
  }

 private:
  CallLedger ledger_;
  std::array<std::array<bool, 6>, kSites> logged_in_{};
  std::array<ServerMode, kSites> modes_{};
  std::array<bool, kSites> split_{};
};

/// No process begins while the scenario keeps it, or its machine, down.
class NoneBeginsWhileHeld final : public Observer {
 public:
  explicit NoneBeginsWhileHeld(const TwoSiteWorld& world)
      : world_(world), holds_(holds_of(world.scenario().faults, world.scenario().run.horizon)) {}
  void on_record(const JournalEntry& entry) override {
    const auto* life = std::get_if<NodeStateChanged>(&entry.record);
    if (life == nullptr || life->up == 0) return;
    if (world_.layout().roles[life->node.value].kind != NodeKind::sip_server) return;
    began_held_ +=
        brought_down(world_.scenario(), world_.layout(), holds_, life->node, entry.at, entry.at);
  }
  void on_tick(SimTime, const TickSample&) override {}
  [[nodiscard]] int began_held() const { return began_held_; }

 private:
  const TwoSiteWorld& world_;
  std::vector<Hold> holds_;
  int began_held_ = 0;
};

void expect_back_to_normal(const Scenario& scenario, const std::string& what) {
  TwoSiteWorld world(scenario, {scenario.run.seed, 0});
  Outcome outcome(scenario);
  NoneBeginsWhileHeld held(world);
  world.add_observer(outcome);
  world.add_observer(held);
  sim::PlainPlatform platform(world.layout().topology);
  Simulation& simulation = world.simulate(platform);
  world.start();
  sim::run_loop(simulation);
  outcome.expect_all_well(what);
  EXPECT_EQ(held.began_held(), 0) << what;
  const Directory& directory = world.layout().directory;
  for (const std::size_t site : {0u, 1u}) {
    EXPECT_TRUE(simulation.is_up(simulation.holder(directory.sip_server[site])))
        << what << ", site " << site + 1;
  }
}

TEST(HaPairs, ComeBackAfterTwoFailuresOfOneProcessAtAnyDistance) {
  for (const Way way : kWays) {
    for (const Duration gap : {100ms, 500ms, 999ms, 1000ms, 1500ms, 2000ms, 3000ms, 4000ms, 5000ms,
                               6000ms, 10000ms, 30000ms}) {
      for (const Role role : kProcesses) {
        Scenario s = two_sites();
        const Duration lasting = std::min<Duration>(gap / 2, 1s);
        s.faults = {fault(5min, of(way, ProcessTarget{0, role}), lasting),
                    fault(5min + gap, of(way, ProcessTarget{0, role}), lasting)};
        expect_back_to_normal(s, std::to_string(static_cast<int>(way)) + " of process " +
                                     std::to_string(static_cast<int>(role)) + " again after " +
                                     std::to_string(gap / 1ms) + " ms");
      }
    }
  }
}

TEST(HaPairs, ComeBackAfterFailuresOfBothProcessesInEveryOrder) {
  for (const Way first : kWays) {
    for (const Way second : kWays) {
      for (const Duration gap : {0ms, 100ms, 1000ms, 2500ms, 4000ms, 12000ms, 30000ms}) {
        for (const int order : {0, 1}) {
          Scenario s = two_sites();
          s.faults = {fault(5min, of(first, ProcessTarget{1, kProcesses[order]}), 20s),
                      fault(5min + gap, of(second, ProcessTarget{1, kProcesses[1 - order]}), 40s)};
          expect_back_to_normal(s, std::to_string(static_cast<int>(first)) + ", then " +
                                       std::to_string(static_cast<int>(second)) + " after " +
                                       std::to_string(gap / 1ms) + " ms, order " +
                                       std::to_string(order));
        }
      }
    }
  }
}

/// A drain belongs to the pair: whichever process is primary, or will be, begins and ends it.
TEST(HaPairs, BeginAndEndADrainWhateverTheirProcessesDoAtThatTime) {
  const ProcessTarget primary{0, Role::sip_server_primary};
  const std::pair<Deed, std::optional<Duration>> disturbances[] = {
      {SwitchOver{0}, std::nullopt}, {Crash{primary}, 20s}, {Hang{primary}, 20s}};
  for (const auto& [deed, lasting] : disturbances) {
    for (const Duration end : {Duration(0s), Duration(4min)}) {
      for (const Duration gap :
           {-4000ms, -2999ms, -1ms, 0ms, 1ms, 1000ms, 2999ms, 3000ms, 4000ms}) {
        Scenario s = two_sites();
        s.sites[0].sip_server.heartbeat_period = 3s;
        s.faults = {fault(5min, Drain{0}, 4min), fault(5min + end + gap, deed, lasting)};
        expect_back_to_normal(s, "deed " + std::to_string(deed.index()) + " " +
                                     std::to_string(gap / 1ms) + " ms from " +
                                     (end == 0s ? "its begin" : "its end"));
      }
    }
  }
}

TEST(HaPairs, BeginAndEndADrainWithoutABackup) {
  Scenario s = two_sites();
  s.sites[0].sip_server.backup = false;
  s.faults = {fault(5min, Drain{0}, 4min)};
  expect_back_to_normal(s, "no backup");
}

TEST(HaPairs, StayDownWhileHeldThoughTheManagementLayerWouldStartThem) {
  const ProcessTarget first{0, Role::sip_server_primary};
  const auto ends = [](int what) -> std::vector<Fault> {
    if (what == 0) return {fault(5min, SwitchOver{0}, std::nullopt)};
    if (what == 1) return {fault(5min, Hang{ProcessTarget{0, Role::sip_server_primary}}, 150s)};
    return {fault(5min, Cut{ManagementLinkTarget{0, Role::sip_server_primary}}, 20s)};
  };
  for (const int what : {0, 1, 2}) {
    // The old primary begins again some seconds after the switchover, its missed heartbeat, or
    // the healing of the link; its crash, or the loss of its machine, comes before or after that.
    const Duration from = what == 0 ? 0s : what == 1 ? 3s : 20s;
    for (Duration gap = 1ms; gap < 6s; gap += 371ms) {
      for (const bool machine : {false, true}) {
        Scenario s = two_sites();
        s.sites[0].sip_server.heartbeat_period = 3s;
        s.faults = ends(what);
        const Deed deed =
            machine ? Deed{Fail{HostTarget{first.site, first.role}, {}}} : Deed{Crash{first}};
        s.faults.push_back(fault(5min + from + gap, deed, 90s));
        expect_back_to_normal(s, "end " + std::to_string(what) + ", held from " +
                                     std::to_string(gap / 1ms) + " ms on");
      }
    }
  }
}

TEST(HaPairs, ComeBackAfterFlappingAtAnyPeriod) {
  for (const Way way : kWays) {
    for (const Duration period : {1s, 2s, 4s, 7s, 10s, 25s, 60s}) {
      Scenario s = two_sites();
      s.faults = {fault(5min, of(way, ProcessTarget{0, Role::sip_server_primary}), std::nullopt)};
      s.faults[0].flap = Flap{.period = period, .until = at(9min)};
      expect_back_to_normal(s, "flaps every " + std::to_string(period / 1s) + " s");
    }
  }
}

TEST(HaPairs, ComeBackFromAHangThatOutlastsTheBindings) {
  for (const std::optional<Duration> heartbeat : {std::optional<Duration>{}, {5s}}) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      Scenario s = two_sites();
      s.run.seed = seed;
      s.calls[0].arrivals = ConstantRate{0.3};
      s.sites[0].sip_server.heartbeat_period = heartbeat;
      s.faults = {fault(4min, Crash{ProcessTarget{0, Role::sip_server_backup}}, 7min),
                  fault(5min, Hang{ProcessTarget{0, Role::sip_server_primary}}, 150s)};
      expect_back_to_normal(s, "hangs, seed " + std::to_string(seed));
    }
  }
}

/// Faults of every kind at one or both pairs within some minutes, all mended by kMended.
std::vector<Fault> random_plan(sim::RngStream& rng) {
  const auto below = [&](std::uint64_t n) { return rng.below(n); };
  const auto about = [&](double low, double high) {  // log-uniform seconds
    return sim::from_seconds(low * std::pow(high / low, rng.uniform()));
  };
  std::vector<Fault> faults;
  Duration when = 4min;
  const std::uint64_t count = 2 + below(6), sites = below(2);
  for (std::uint64_t i = 0; i < count && when < kMended - 4min; ++i) {
    const auto site = static_cast<SiteIndex>(sites == 0 ? 0 : below(2));
    const Role role = kProcesses[below(2)];
    const Duration lasting = about(0.1, 100);
    switch (below(7)) {
      case 0:
      case 1:
        faults.push_back(fault(when, Crash{ProcessTarget{site, role}}, lasting));
        break;
      case 2:
        faults.push_back(fault(when, Hang{ProcessTarget{site, role}}, lasting));
        break;
      case 3:
        faults.push_back(fault(when, Fail{HostTarget{site, role}, {}}, lasting));
        break;
      case 4:
        faults.push_back(fault(when, Cut{ManagementLinkTarget{site, role}}, lasting));
        break;
      case 5:
        faults.push_back(fault(when, Cut{HaLinkTarget{site}}, lasting));
        break;
      default:
        faults.push_back(fault(when, SwitchOver{site}, std::nullopt));
        break;
    }
    when += about(0.1, 40);
  }
  return faults;
}

TEST(HaPairs, ComeBackFromRandomPlansOfFaults) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    sim::RngStream rng(1, 0, "test.pairs", seed);
    Scenario s = two_sites();
    s.run.seed = seed;
    for (SiteOptions& site : s.sites) {
      if (rng.bernoulli(0.5)) site.sip_server.heartbeat_period = 3s;
    }
    s.faults = random_plan(rng);
    expect_back_to_normal(s, "plan " + std::to_string(seed));
  }
}

}  // namespace
}  // namespace bcsim::models::ha_pairs_test
