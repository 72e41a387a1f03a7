// What the management layer does about the two SIP Servers of a site (R9, domain.md §2.4, §5.8,
// D15, D22): single stories, and every state that can be reached with every input.
#include "models/ha/solution_control.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace bcsim::models::ha::ha_solution_control_test {
namespace {

using In = ControlInput;
using Kind = ControlEffect::Kind;

constexpr In kInputs[] = {In::died,         In::machine_lost,     In::machine_returned,
                          In::hung,         In::returned,         In::took_over,
                          In::contact_lost, In::contact_healed,   In::loss_noticed,
                          In::given_up,     In::heartbeat_missed, In::switch_over};

/// The control and its two processes, which do what they are told.
struct Site {
  SolutionControl control;
  std::array<Office, 2> office{Office::primary, Office::backup};
  int address = 0;  ///< who took it last
  std::array<bool, 2> start_owed{};

  ControlEffects feed(In input, int process = 0) {
    const auto i = static_cast<std::size_t>(process);
    if (input == In::died || input == In::machine_lost) office[i] = Office::backup;
    if (input == In::returned && control.life(process) != Life::alive) {
      const Life other = control.life(1 - process);
      const bool alone = other == Life::dead || other == Life::machine_lost;
      office[i] = alone ? Office::primary : Office::backup;
      if (alone) address = process;
    }
    if (input == In::took_over && office[i] == Office::promoting) {
      office[i] = Office::primary;
      address = process;
    }
    ControlEffects effects = control.on(input, process);
    for (const ControlEffect& e : effects) {
      const auto p = static_cast<std::size_t>(e.process);
      if (e.kind == Kind::make_primary) office[p] = Office::promoting;
      if (e.kind == Kind::end) office[p] = Office::backup;
      if (e.kind == Kind::start_again) start_owed[p] = true;
    }
    return effects;
  }
  /// The process is started as ordered: of no use if its machine is off, or if it runs.
  void start(int process) {
    start_owed[static_cast<std::size_t>(process)] = false;
    const Life life = control.life(process);
    if (life == Life::dead || life == Life::hung) (void)feed(In::returned, process);
  }
  [[nodiscard]] bool serves(int p) const {
    return control.life(p) == Life::alive && control.office(p) == Office::primary;
  }
  [[nodiscard]] std::string key() const {
    std::string k{static_cast<char>('a' + address), static_cast<char>('a' + control.holder()),
                  static_cast<char>('b' + control.known_primary())};
    for (const int p : {0, 1}) {
      int bits = static_cast<int>(control.life(p)) * 3 + static_cast<int>(control.office(p));
      for (std::size_t t = 0; t < kControlTimers; ++t) {
        bits = 2 * bits + control.armed(p, static_cast<ControlTimer>(t));
      }
      bits = 4 * bits + 2 * control.in_contact(p) + start_owed[static_cast<std::size_t>(p)];
      k += "/" + std::to_string(bits);
    }
    return k;
  }
  bool operator==(const Site&) const = default;
};

Site site_with(std::vector<std::pair<In, int>> inputs) {
  Site site;
  for (const auto& [input, process] : inputs) (void)site.feed(input, process);
  return site;
}

bool tells(const ControlEffects& effects, Kind kind, int process) {
  return std::any_of(effects.begin(), effects.end(), [&](const ControlEffect& e) {
    return e.kind == kind && e.process == process;
  });
}

// ---- stories ----

TEST(SolutionControl, MakesTheBackupPrimaryWhenTheDeathOfThePrimaryIsNoticed) {
  Site site;
  const ControlEffect wait{Kind::arm, 0, ControlTimer::loss_noticed, ControlWait::process_death};
  EXPECT_EQ(site.feed(In::died, 0), ControlEffects{wait});
  EXPECT_TRUE(tells(site.feed(In::loss_noticed, 0), Kind::make_primary, 1));
  (void)site.feed(In::took_over, 1);
  EXPECT_TRUE(site.feed(In::returned, 0).empty()) << "it is the backup now";
  EXPECT_TRUE(site.feed(In::died, 0).empty());
}

TEST(SolutionControl, TakesTheOfficeFromAPrimaryThatStartsAgainBeforeItsDeathIsNoticed) {
  Site site = site_with({{In::died, 0}});
  const ControlEffects effects = site.feed(In::returned, 0);
  EXPECT_TRUE(tells(effects, Kind::cancel, 0));
  EXPECT_TRUE(tells(effects, Kind::make_primary, 1));
  EXPECT_TRUE(site.feed(In::died, 0).empty());
  EXPECT_TRUE(site.feed(In::loss_noticed, 0).empty());
}

TEST(SolutionControl, LooksForALostMachineLongerThanForADeadProcess) {
  Site site;
  const ControlEffects effects = site.feed(In::machine_lost, 0);
  ASSERT_EQ(effects.size(), 1u);
  EXPECT_EQ(effects[0].wait, ControlWait::machine_loss);
}

TEST(SolutionControl, EndsAHungProcessAndStartsItAgainBackupOrNot) {
  for (const int p : {0, 1}) {
    Site site = site_with({{In::hung, p}});
    const ControlEffects effects = site.feed(In::heartbeat_missed, p);
    EXPECT_TRUE(tells(effects, Kind::end, p));
    EXPECT_TRUE(tells(effects, Kind::start_again, p));
    site.start(p);
    EXPECT_EQ(site.control.life(p), Life::alive);
  }
}

TEST(SolutionControl, MakesAPrimaryThatIsBackPrimaryAgainIfItsBackupHangs) {
  Site site = site_with({{In::hung, 1}, {In::died, 0}, {In::loss_noticed, 0}});
  EXPECT_EQ(site.control.known_primary(), SolutionControl::kNobody);
  EXPECT_TRUE(tells(site.feed(In::returned, 0), Kind::make_primary, 0));
}

TEST(SolutionControl, MakesTheOlderOfTwoPrimariesBackupWhenItIsInReachAgain) {  // D22
  Site site = site_with({{In::contact_lost, 0}});
  EXPECT_TRUE(tells(site.feed(In::given_up, 0), Kind::make_primary, 1));
  EXPECT_FALSE(site.control.split());
  (void)site.feed(In::took_over, 1);
  EXPECT_TRUE(site.control.split());
  const ControlEffects effects = site.feed(In::contact_healed, 0);
  EXPECT_TRUE(tells(effects, Kind::end, 0));
  EXPECT_TRUE(tells(effects, Kind::start_again, 0));
  EXPECT_FALSE(site.control.split());
}

TEST(SolutionControl, LeavesAPrimaryItsOfficeIfContactIsBackInTime) {
  Site site = site_with({{In::contact_lost, 0}, {In::contact_healed, 0}});
  EXPECT_TRUE(site.feed(In::given_up, 0).empty());
  EXPECT_EQ(site.control, SolutionControl());
}

TEST(SolutionControl, TellsABackupThatWasOutOfReachAsSoonAsItCan) {
  Site site = site_with({{In::contact_lost, 1}, {In::died, 0}});
  EXPECT_TRUE(site.feed(In::loss_noticed, 0).empty());
  EXPECT_TRUE(tells(site.feed(In::contact_healed, 1), Kind::make_primary, 1));
}

TEST(SolutionControl, SwitchesOverByHandOnlyBetweenTwoThatLiveAndCanBeTold) {
  Site site;
  const ControlEffects effects = site.feed(In::switch_over);
  EXPECT_TRUE(tells(effects, Kind::make_primary, 1));
  EXPECT_TRUE(tells(effects, Kind::end, 0));
  EXPECT_TRUE(tells(effects, Kind::start_again, 0));
  EXPECT_TRUE(site.feed(In::switch_over).empty()) << "nobody is in service yet";
  for (const auto& hindrance : std::vector<std::pair<In, int>>{
           {In::died, 1}, {In::hung, 1}, {In::hung, 0}, {In::contact_lost, 0}, {In::died, 0}}) {
    EXPECT_TRUE(site_with({hindrance}).feed(In::switch_over).empty());
  }
  EXPECT_TRUE(SolutionControl(false).on(In::switch_over, 0).empty());
}

// ---- every state × every input ----

/// What may happen by itself: timers, ordered starts, the end of a promotion.
std::vector<Site> next_by_itself(const Site& site, bool heartbeats) {
  std::vector<Site> next;
  for (const int p : {0, 1}) {
    const auto feed = [&](In input) { (void)next.emplace_back(site).feed(input, p); };
    if (site.control.armed(p, ControlTimer::loss_noticed)) feed(In::loss_noticed);
    const bool promoting =
        site.control.life(p) == Life::alive && site.control.office(p) == Office::promoting;
    if (site.control.armed(p, ControlTimer::given_up) && !promoting) feed(In::given_up);
    if (heartbeats && site.control.armed(p, ControlTimer::heartbeat_missed)) {
      feed(In::heartbeat_missed);
    }
    if (promoting) feed(In::took_over);
    if (site.start_owed[static_cast<std::size_t>(p)]) next.emplace_back(site).start(p);
  }
  return next;
}

/// What may be done to it.
bool possible(const Site& site, In input, int p) {
  const Life life = site.control.life(p);
  switch (input) {
    case In::died:
      return life == Life::alive || life == Life::hung;
    case In::machine_lost:
      return life != Life::machine_lost;
    case In::machine_returned:
      return life == Life::machine_lost;
    case In::hung:
      return life == Life::alive;
    case In::returned:
      return life == Life::dead || life == Life::hung;
    case In::contact_lost:
      return site.control.in_contact(p);
    case In::contact_healed:
      return !site.control.in_contact(p);
    case In::switch_over:
      return true;
    case In::took_over:
    case In::loss_noticed:
    case In::heartbeat_missed:
    case In::given_up:
      return false;  // by itself only
  }
  return false;
}

struct Walk {
  explicit Walk(bool with_heartbeats) : heartbeats(with_heartbeats) {
    reach(Site{});
    while (!open.empty()) {
      const Site site = open.back();
      open.pop_back();
      for (const Site& next : next_by_itself(site, heartbeats)) reach(next);
      for (const In input : kInputs) {
        for (const int p : {0, 1}) {
          if (!possible(site, input, p)) continue;
          Site next = site;
          check(site, input, next.feed(input, p));
          reach(next);
        }
      }
    }
  }
  void reach(const Site& site) {
    if (all.emplace(site.key(), site).second) open.push_back(site);
  }
  static void check(const Site& before, In input, const ControlEffects& effects) {
    for (const ControlEffect& e : effects) {
      if (e.kind == Kind::end && before.control.life(e.process) == Life::alive) {
        const int other = 1 - e.process;
        const bool succeeded = before.control.office(other) != Office::backup;
        EXPECT_TRUE(input == In::switch_over || before.address != e.process || succeeded)
            << before.key() << ": it serves";
      }
      if (e.kind != Kind::make_primary) continue;
      const bool just_back = input == In::returned || input == In::contact_healed;
      EXPECT_TRUE(just_back || (before.control.life(e.process) == Life::alive &&
                                before.control.in_contact(e.process)));
    }
  }
  bool heartbeats;
  std::map<std::string, Site> all;
  std::vector<Site> open;
};

class Reachable : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(SolutionControl, Reachable, ::testing::Bool());

TEST_P(Reachable, NoInputIsTooMuchAndWhatDoesNotFitChangesNothing) {
  const Walk walk(GetParam());
  EXPECT_GT(walk.all.size(), 500u);
  for (const auto& [key, site] : walk.all) {
    for (const In input : kInputs) {
      for (const int p : {0, 1}) {
        Site next = site;
        const ControlEffects effects = next.feed(input, p);
        const bool dead = site.control.life(p) == Life::dead;
        if ((input == In::died && dead) ||
            (input == In::contact_lost && !site.control.in_contact(p))) {
          EXPECT_TRUE(effects.empty());
          EXPECT_EQ(next, site) << key;
        }
      }
    }
  }
}

TEST_P(Reachable, ItKnowsWhatItsProcessesAre) {
  const Walk walk(GetParam());
  for (const auto& [key, site] : walk.all) {
    for (const int p : {0, 1}) {
      EXPECT_EQ(site.control.office(p), site.office[static_cast<std::size_t>(p)]) << key;
    }
  }
}

TEST_P(Reachable, TwoArePrimaryOnlyIfOneIsOutOfReach) {
  const Walk walk(GetParam());
  for (const auto& [key, site] : walk.all) {
    const auto told = [&c = site.control](int p) {
      return c.office(p) != Office::backup && (c.life(p) == Life::alive || c.life(p) == Life::hung);
    };
    if (!told(0) || !told(1)) continue;
    EXPECT_FALSE(site.control.in_contact(0) && site.control.in_contact(1)) << key;
  }
}

TEST_P(Reachable, WhoeverCanBeToldIsInServiceWhenAllTimersAreOver) {
  const Walk walk(GetParam());
  int settled = 0;
  for (const auto& [key, site] : walk.all) {
    if (!next_by_itself(site, walk.heartbeats).empty()) continue;
    ++settled;
    const SolutionControl& c = site.control;
    const int primary = c.known_primary();
    // Without heartbeats nobody notices a primary that hangs.
    if (!walk.heartbeats && primary >= 0 && c.life(primary) == Life::hung) continue;
    int reachable = 0, in_service = 0;
    for (const int p : {0, 1}) {
      const bool can_be_told = c.life(p) == Life::alive && c.in_contact(p);
      reachable += can_be_told;
      if (!can_be_told || !site.serves(p)) continue;
      ++in_service;
      EXPECT_EQ(p, primary) << key;
      EXPECT_EQ(p, site.address) << key;
    }
    EXPECT_EQ(in_service, reachable > 0) << key;
  }
  EXPECT_GT(settled, 50);
}

TEST_P(Reachable, ComesToRestByItself) {
  const Walk walk(GetParam());
  // No way by itself from a state leads back to it: what is left shrinks until nothing is.
  std::map<std::string, int> height;
  std::set<std::string> on_way;
  const auto visit = [&](const auto& self, const Site& site) -> int {
    const std::string key = site.key();
    if (const auto known = height.find(key); known != height.end()) return known->second;
    EXPECT_TRUE(on_way.insert(key).second) << key;
    int highest = 0;
    for (const Site& next : next_by_itself(site, walk.heartbeats)) {
      if (on_way.count(next.key()) != 0) {
        ADD_FAILURE() << key << " → " << next.key();
        continue;
      }
      highest = std::max(highest, 1 + self(self, next));
    }
    on_way.erase(key);
    return height[key] = highest;
  };
  int highest = 0;
  for (const auto& [key, site] : walk.all) highest = std::max(highest, visit(visit, site));
  EXPECT_LE(highest, 12);
}

}  // namespace
}  // namespace bcsim::models::ha::ha_solution_control_test
