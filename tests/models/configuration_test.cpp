// Configuration objects of two switches, their synchronization, the databases, and what it all
// means for agents on the day of a failure (R1, R3, R10–R12, R34, R45, R81–R85).
#include <gtest/gtest.h>

#include "models/config/databases.hpp"
#include "tests/support/worlds.hpp"

namespace bcsim::tests::configuration_test {
namespace {

using Edit = ConfigurationEdit;
using Verb = Edit::Verb;
using Source = Edit::Source;

SimTime at(Duration d) {
  return sim::kStart + d;
}

/// Ten agents at site 1, with phones at both sites; one queue; nothing fails.
Scenario ten_agents() {
  Scenario s = p0_scenario();
  s.run.horizon = 10min;
  s.agents = {agents("P", 10, 0, RegistrationMode::dual)};
  return s;
}

ObjectSelection members(std::uint32_t first, std::uint32_t last) {
  return {"P", false, 0, first, last};
}

Edit edit(Duration when, Verb verb, std::vector<ObjectType> types, std::uint32_t first,
          std::uint32_t last, SiteIndex site = 0, Source source = Source::administrator) {
  Edit e;
  e.at = at(when);
  e.verb = verb;
  e.types = std::move(types);
  e.of = members(first, last);
  e.site = site;
  e.source = source;
  return e;
}

// ---- objects -----------------------------------------------------------------------------------

TEST(ConfigurationObjects, AreTheSameOnBothSwitches) {  // R1, R10
  const ConfigurationObjects objects = configuration_at_start(ten_agents());
  EXPECT_TRUE(objects.drift().empty());
  for (std::uint32_t agent = 0; agent < 10; ++agent) {
    for (SiteIndex site = 0; site < kSites; ++site) {
      EXPECT_TRUE(objects.can_log_in(agent, site)) << agent;
      EXPECT_EQ(objects.person_of_login(agent, site), agent);
    }
  }
  EXPECT_FALSE(configuration_differs(ten_agents()));
}

TEST(ConfigurationObjects, AreCopiedBySynchronizationIfTheirTypeIsSynchronised) {  // R11
  const Scenario s = ten_agents();
  ConfigurationObjects objects(s);
  Edit e = edit(0s, Verb::modify, {}, 3, 3, 0, Source::other);
  for (std::size_t t = 0; t < kObjectTypes; ++t) e.types.push_back(static_cast<ObjectType>(t));
  (void)objects.apply(s, e, true);
  e.of = ObjectSelection{"service", true, 0};  // the objects of a queue
  (void)objects.apply(s, e, true);
  (void)objects.synchronize();
  for (std::size_t t = 0; t < kObjectTypes; ++t) {
    const auto type = static_cast<ObjectType>(t);
    const ObjectKey key{type, is_of_agents(type) ? 3u : 0u};
    EXPECT_GT(objects.stamp(key, 0), 1u) << name(type);
    EXPECT_EQ(objects.stamp(key, 1), is_synchronised(type) ? objects.stamp(key, 0) : 1u)
        << name(type);
  }
  EXPECT_TRUE(objects.drift().empty());
}

TEST(ConfigurationObjects, DriftInSevenOfEightWaysOfChangingThem) {  // R12, C2
  const Scenario s = ten_agents();
  int drifted = 0;
  for (const ObjectType type : {ObjectType::place, ObjectType::extension}) {
    for (const Source source : {Source::administrator, Source::other}) {
      for (const bool first_run_done : {false, true}) {
        ConfigurationObjects objects(s);
        (void)objects.apply(s, edit(0s, Verb::remove, {type}, 2, 2, 0, source), first_run_done);
        const bool passed_on =
            type == ObjectType::place && source == Source::administrator && first_run_done;
        EXPECT_EQ(objects.drift().empty(), passed_on);
        EXPECT_EQ(objects.can_log_in(2, 1), !passed_on);
        EXPECT_FALSE(objects.can_log_in(2, 0));
        if (!objects.drift().empty()) ++drifted;
      }
    }
  }
  EXPECT_EQ(drifted, 7);
}

TEST(ConfigurationObjects, ArePassedOnForPlacesAndUsersOnly) {  // R12, C2
  const Scenario s = ten_agents();
  for (std::size_t t = 0; t < kObjectTypes; ++t) {
    const auto type = static_cast<ObjectType>(t);
    if (!is_of_agents(type)) continue;
    ConfigurationObjects objects(s);
    (void)objects.apply(s, edit(0s, Verb::modify, {type}, 2, 2), true);
    EXPECT_EQ(objects.drift().empty(), type == ObjectType::place || type == ObjectType::person)
        << name(type);
  }
}

TEST(ConfigurationObjects, AreAllNeededToLogIn) {  // R10
  for (const ObjectType type :
       {ObjectType::extension, ObjectType::place, ObjectType::agent_login, ObjectType::person}) {
    const Scenario s = ten_agents();
    ConfigurationObjects objects(s);
    (void)objects.apply(s, edit(0s, Verb::remove, {type}, 4, 4, 1, Source::other), true);
    EXPECT_FALSE(objects.can_log_in(4, 1)) << name(type);
    EXPECT_TRUE(objects.can_log_in(4, 0)) << name(type);
    EXPECT_TRUE(objects.can_log_in(5, 1)) << name(type);
    EXPECT_EQ(objects.drift(), (std::vector<Drift>{{{type, 4}, 0}}));
  }
}

TEST(ConfigurationObjects, AreTheNewerOnesAfterASynchronization) {
  Scenario s = ten_agents();
  auto& c = s.configuration;
  // Agents 0–4 are new at site 1 a week ago, and passed on; 3 and 4 were removed at site 2 by hand.
  c.edits = {edit(-168h, Verb::create, {ObjectType::place, ObjectType::extension}, 0, 4),
             edit(-100h, Verb::remove, {ObjectType::place}, 3, 4, 1, Source::other)};
  ConfigurationObjects before = configuration_at_start(s);
  EXPECT_EQ(before.drift().size(), 7u);  // five Extensions nobody passed on, two Places
  EXPECT_TRUE(before.can_log_in(4, 0));
  EXPECT_FALSE(before.can_log_in(0, 1));
  c.synchronizations.push_back(at(-1h));
  const ConfigurationObjects after = configuration_at_start(s);
  EXPECT_TRUE(after.drift().empty());
  EXPECT_TRUE(after.can_log_in(0, 1));
  EXPECT_FALSE(after.can_log_in(4, 0));
}

TEST(ConfigurationObjects, AreOtherwiseWhereASwitchSaysSo) {
  Scenario s = ten_agents();
  auto& c = s.configuration;
  auto& dns = c.switches[1].dns;
  dns.resize(3);
  for (std::uint32_t i = 0; i < 3; ++i) dns[i].of = members(i, i);
  dns[0].exists = dns[2].exists = false;
  dns[1].place = "elsewhere";
  dns[2].type = DnType::acd_position;
  auto& login = c.switches[0].logins.emplace_back();
  login.of = members(3, 3);
  login.person = members(4, 4);
  const ConfigurationObjects objects = configuration_at_start(s);
  EXPECT_FALSE(objects.has_dn(0, 1));
  EXPECT_FALSE(objects.can_log_in(1, 1));  // his Place has no DN of this switch (R14)
  EXPECT_FALSE(objects.can_log_in(3, 0));
  // What is no Extension is not synchronised at all (R11).
  EXPECT_EQ(objects.drift(), (std::vector<Drift>{{{ObjectType::extension, 0}, 1},
                                                 {{ObjectType::agent_login, 3}, 1}}));
  c.place_model = PlaceModel::separate;
  EXPECT_TRUE(configuration_at_start(s).can_log_in(1, 1));  // R86
}

TEST(ConfigurationDatabases, AreMergedWithoutWhatTheOtherSiteHasWrittenToo) {  // R45, C6
  Scenario s = ten_agents();
  s.configuration.edits = {edit(0s, Verb::modify, {ObjectType::place}, 0, 4, 0),
                           edit(0s, Verb::remove, {ObjectType::place}, 3, 6, 1)};
  ConfigurationDatabases databases(s);
  EXPECT_TRUE(databases.joined()) << "until somebody says otherwise";
  databases.joined = [] { return false; };
  EXPECT_EQ(databases.write(0, 0).objects, 5u);
  EXPECT_EQ(databases.write(1, 1).objects, 4u);
  databases.load(0, 0);
  databases.load(1, 1);
  EXPECT_TRUE(databases.can_log_in(3, 0));
  EXPECT_FALSE(databases.can_log_in(3, 1));
  const auto reconciled = databases.reconcile(0);
  ASSERT_TRUE(reconciled.has_value());
  EXPECT_EQ(reconciled->both, 2u);    // agents 3 and 4
  EXPECT_EQ(reconciled->merged, 5u);  // 0–2 and 5–6
  for (SiteIndex site = 0; site < kSites; ++site) {
    EXPECT_TRUE(databases.can_log_in(3, site));
    EXPECT_FALSE(databases.can_log_in(5, site));
  }
  EXPECT_FALSE(databases.reconcile(0).has_value());
}

// ---- the world ---------------------------------------------------------------------------------

/// A run, and what it recorded.
struct Ran {
  explicit Ran(const Scenario& s) { run_world(s, {&recorder}); }
  template <class R>
  [[nodiscard]] auto all() const {
    return recorder.all<R>();
  }
  /// Agents who logged in at a site after the start.
  [[nodiscard]] std::vector<std::uint32_t> logged_in(SiteIndex site) const {
    std::vector<std::uint32_t> out;
    for (const auto& [when, login] : all<AgentLogin>()) {
      if (when > sim::kStart && login.site == site) out.push_back(login.agent.value);
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  Recorder recorder;
};

Fault cut(Duration when, Duration lasting) {
  Fault f;
  f.at = at(when);
  f.deed = Cut{LinkTarget{}};
  f.lasting = lasting;
  f.text = "cut dc-link";
  return f;
}
Fault process(Duration when, Deed deed) {
  Fault f;
  f.at = at(when);
  f.deed = std::move(deed);
  f.text = "process";
  return f;
}

TEST(ConfigurationWorld, AnyAgentLogsInAtEitherSwitchFromAnywhere) {  // R1, R3
  Scenario s = p0_scenario();
  s.run.horizon = 1min;
  s.run.start = StartMode::cold;
  for (const SiteIndex location : {0, 1}) {
    for (const SiteIndex preferred : {0, 1}) {
      s.agents.push_back(agents("g" + std::to_string(s.agents.size()), 5, location));
      s.agents.back().preferred_site = preferred;
    }
  }
  const Ran run(s);
  EXPECT_EQ(run.logged_in(0), (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 10, 11, 12, 13, 14}));
  EXPECT_EQ(run.logged_in(1), (std::vector<std::uint32_t>{5, 6, 7, 8, 9, 15, 16, 17, 18, 19}));
  EXPECT_TRUE(run.all<AgentLoginRefused>().empty());
}

TEST(ConfigurationWorld, AgentsWhoDriftedDoNotReturn) {  // R1, R10, R12
  for (const ObjectType type :
       {ObjectType::extension, ObjectType::place, ObjectType::agent_login, ObjectType::person}) {
    Scenario s = ten_agents();
    s.configuration.edits = {edit(-24h, Verb::remove, {type}, 6, 9, 1, Source::other)};
    s.faults = {site_failure(at(1min))};
    const Ran run(s);
    EXPECT_EQ(run.logged_in(1), (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5})) << name(type);
    EXPECT_EQ(run.all<ConfigDrift>().size(), 4u) << name(type);
    for (const auto& [when, refused] : run.all<AgentLoginRefused>()) {
      EXPECT_EQ(refused.cause, AgentLoginRefused::Cause::not_configured);
      EXPECT_GE(refused.agent.value, 6u);
    }
  }
}

TEST(ConfigurationWorld, AnAgentWithoutLoginAtHisOwnSiteGoesToTheOther) {
  Scenario s = ten_agents();
  auto& login = s.configuration.switches[0].logins.emplace_back();
  login.of = members(9, 9);
  login.exists = false;
  const Ran run(s);
  EXPECT_EQ(run.logged_in(1), std::vector<std::uint32_t>{9});
  EXPECT_EQ(run.all<AgentLogin>().size(), 10u);  // nine at the start, at site 1
}

TEST(ConfigurationWorld, AChangeDuringTheDayReachesTheOtherSwitchIfItIsPassedOn) {  // R12
  for (const Source source : {Source::administrator, Source::other}) {
    Scenario s = ten_agents();
    s.configuration.edits = {edit(30s, Verb::remove, {ObjectType::place}, 0, 3, 0, source)};
    s.faults = {site_failure(at(1min))};
    const Ran run(s);
    const auto written = run.all<ConfigWritten>();
    ASSERT_EQ(written.size(), 1u);
    EXPECT_EQ(written[0].second.objects, 4u);
    const bool passed_on = source == Source::administrator;
    EXPECT_EQ(run.logged_in(1).size(), passed_on ? 6u : 10u);
    EXPECT_EQ(run.all<ConfigDrift>().size(), passed_on ? 0u : 4u);
  }
}

TEST(ConfigurationWorld, SynchronizationInTheRunMendsWhatHadDrifted) {
  Scenario s = ten_agents();
  s.configuration.edits = {
      edit(-24h, Verb::create, {ObjectType::extension, ObjectType::agent_login}, 6, 9)};
  s.configuration.synchronizations.push_back(at(20s));
  s.faults = {site_failure(at(1min))};
  EXPECT_EQ(Ran(s).logged_in(1).size(), 10u);
}

/// Ten minutes; site 1, with the master, dies after one; site 2 wants to change something at 2 and
/// at 8 min.
Scenario master_lost(std::optional<Duration> activation) {
  Scenario s = ten_agents();
  s.configuration.standby_activation = activation;
  s.configuration.edits = {edit(2min, Verb::modify, {ObjectType::place}, 0, 0, 1),
                           edit(8min, Verb::modify, {ObjectType::place}, 0, 0, 1)};
  s.faults = {site_failure(at(1min))};
  return s;
}

TEST(ConfigurationWorld, WritesAreRefusedUntilTheStandbyIsUp) {  // R34
  const RunResult with = measure_world(master_lost(3min));
  EXPECT_EQ(with.value("config.writes"), 1);
  EXPECT_EQ(with.value("config.writes_refused"), 1);
  // From the Proxy's noticing (10 s to 20 s of ADDP) until it finds the standby: its rounds over
  // both sites take 15 s.
  EXPECT_GT(with.value("config.write_outage"), 160);
  EXPECT_LT(with.value("config.write_outage"), 185);
  EXPECT_EQ(with.value("recovery.agents_returned"), 10);  // logins need reads only

  const RunResult without = measure_world(master_lost(std::nullopt));
  EXPECT_EQ(without.value("config.writes"), 0);
  EXPECT_EQ(without.value("config.writes_refused"), 2);
  EXPECT_GT(without.value("config.write_outage"), 520);
  EXPECT_EQ(without.value("recovery.agents_returned"), 10);
}

TEST(ConfigurationWorld, TheMasterThatReturnsHasWhatTheStandbyWroteAndServesAgain) {
  Scenario s = master_lost(1min);
  s.run.horizon = 12min;
  s.configuration.edits = {edit(4min, Verb::modify, {ObjectType::place}, 0, 0, 1),
                           edit(11min, Verb::modify, {ObjectType::place}, 1, 1, 1)};
  s.faults[0].lasting = Duration(5min);
  const Ran run(s);
  const auto written = run.all<ConfigWritten>();
  ASSERT_EQ(written.size(), 2u);
  EXPECT_EQ(written[0].second.site, 1u);
  EXPECT_EQ(written[1].second.site, 0u);
  const auto reconciled = run.all<ConfigReconciled>();
  ASSERT_EQ(reconciled.size(), 1u);
  EXPECT_EQ(reconciled[0].first, at(6min));
  EXPECT_EQ(reconciled[0].second.both, 0u);
  EXPECT_EQ(reconciled[0].second.merged, 1u);
}

/// The sites part for five minutes; both administrators work on.
Scenario parted(std::optional<Duration> activation) {
  Scenario s = ten_agents();
  s.configuration.partition_activation = activation;
  s.configuration.edits = {edit(4min, Verb::modify, {ObjectType::place}, 0, 4, 0),
                           edit(4min, Verb::modify, {ObjectType::place}, 3, 8, 1)};
  s.faults = {cut(1min, 5min)};
  return s;
}

TEST(ConfigurationWorld, TwoMastersDivergeAndTheStandbysWritesAreGivenUp) {  // R45, C6
  const RunResult two = measure_world(parted(1min));
  EXPECT_EQ(two.value("config.writes"), 2);
  EXPECT_EQ(two.value("config.divergence"), 2);  // agents 3 and 4
  EXPECT_EQ(two.value("config.writes_refused"), 0);
  const RunResult one = measure_world(parted(std::nullopt));
  EXPECT_EQ(one.value("config.writes"), 1);
  EXPECT_EQ(one.value("config.divergence"), 0);
  EXPECT_EQ(one.value("config.writes_refused"), 1);
}

// ---- how desktops start
// --------------------------------------------------------------------------

/// Everything has booted; the agents come at one minute.
Scenario morning() {
  Scenario s = ten_agents();
  s.run.horizon = 3min;
  s.run.start = StartMode::cold;
  s.agents[0].staffing = {{at(0s), 0}, {at(1min), 10}};
  s.agents[0].desktop.relogin_work = 0s;
  return s;
}
std::size_t logins(const Scenario& s) {
  const Ran run(s);
  return run.logged_in(0).size() + run.logged_in(1).size();
}

TEST(DesktopStart, WorksWithOneSiteDownAndNotWithBoth) {  // R81, R83
  for (const SiteIndex site : {0, 1}) {
    Scenario s = morning();
    s.faults = {site_failure(at(1s), site)};
    EXPECT_EQ(Ran(s).logged_in(peer_of(site)).size(), 10u);
    s.faults.push_back(site_failure(at(1s), peer_of(site)));
    EXPECT_EQ(logins(s), 0u);
  }
}

TEST(DesktopStart, NeedsLocalDataAboutASiteThatLives) {  // R82, R85
  Scenario s = morning();
  s.faults = {site_failure(at(1s))};
  for (const std::uint8_t kept : {0b0111, 0b1011, 0b1110}) {  // no place, application, Proxy
    s.agents[0].desktop.local_data = {0xF, kept};
    EXPECT_EQ(logins(s), 0u) << int{kept};
  }
  s.faults.clear();
  EXPECT_EQ(logins(s), 10u);
}

TEST(DesktopStart, NeedsTheLocalServerWhereThatHasTheInitialData) {  // R81
  Scenario s = morning();
  s.agents[0].desktop.local_configuration = LocalConfiguration::server;
  EXPECT_EQ(logins(s), 10u);
  s.faults = {process(1s, Crash{ProcessTarget{0, Role::local_config_server}})};
  EXPECT_EQ(logins(s), 0u);
  s.faults.push_back(process(100s, Restore{ProcessTarget{0, Role::local_config_server}}));
  EXPECT_EQ(logins(s), 10u);
  // It is the customer's: it survives the loss of all Genesys components.
  s.faults = {site_failure(at(1s))};
  EXPECT_EQ(Ran(s).logged_in(1).size(), 10u);
}

TEST(DesktopStart, NeedsNoMasterUnlessItIsAskedFirst) {  // R84
  Scenario s = morning();
  s.faults = {process(1s, Crash{ProcessTarget{0, Role::config_server}})};
  EXPECT_EQ(logins(s), 10u);
  s.agents[0].desktop.bootstrap_from = BootstrapServer::master;
  EXPECT_EQ(logins(s), 0u);
  s.faults.clear();
  EXPECT_EQ(logins(s), 10u);
}

TEST(DesktopStart, AsksSiteOneFirstIfThePreferredSiteIsNotCached) {  // D10
  Scenario s = morning();
  s.agents[0].location = s.agents[0].preferred_site = 1;
  s.faults = {site_failure(at(1s))};
  const auto first_login = [&] { return Ran(s).all<AgentLogin>().at(0).first; };
  const SimTime cached = first_login();
  s.agents[0].desktop.cache_preferred_site = false;
  const Duration later = first_login() - cached;
  EXPECT_LT(cached, at(61s));
  EXPECT_GT(later, 4900ms);  // the silent Proxy of site 1
  EXPECT_LT(later, 5100ms);
}

TEST(DesktopStart, FindsASiteByItsApplicationObjectAndItsPerson) {  // R74, R80
  Scenario s = ten_agents();
  s.faults = {site_failure(at(1min))};
  EXPECT_EQ(Ran(s).logged_in(1).size(), 10u);
  s.agents[0].desktop.second_site = 0;
  EXPECT_EQ(Ran(s).logged_in(1).size(), 0u);
  s.agents[0].desktop.second_site.reset();
  s.sites[1].desktop.applications.clear();
  EXPECT_EQ(Ran(s).logged_in(1).size(), 0u);
}

TEST(DesktopStart, UsesTheServersThatItsApplicationIsConnectedTo) {  // R75
  Scenario s = morning();
  s.sites[0].desktop.stat_server_site = 1;
  s.faults = {process(1s, Crash{ProcessTarget{0, Role::stat_server}})};
  EXPECT_EQ(Ran(s).all<StatServerConnected>().size(), 10u);
  s.faults = {process(1s, Crash{ProcessTarget{1, Role::stat_server}})};
  EXPECT_EQ(Ran(s).all<StatServerConnected>().size(), 0u);
}

// ---- other options that rules speak of
// ------------------------------------------------------------

TEST(ConfigurationWorld, AGatewayAcrossTheDcLinkLosesTheOtherSiteInAPartition) {  // R41
  Scenario s = p0_scenario();
  s.run.horizon = 5min;
  s.faults = {cut(1min, 10min)};
  EXPECT_TRUE(Ran(s).all<ProxyState>().empty());
  s.gateways[0].via_dc_link = true;
  const auto lost = Ran(s).all<ProxyState>();
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].second.gateway, 0u);
  EXPECT_EQ(lost[0].second.site, 1u);
}

TEST(ConfigurationWorld, ACallWithoutDefaultDestinationIsRejected) {  // R56, V-E16
  Scenario s = p0_scenario();
  s.run.horizon = 2min;
  s.queues[0].maximum_wait = Duration(10s);
  s.calls = {calls(SingleCalls{{{.at = at(10s), .talk = 1min, .patience = 1h, .gateway = 0}}})};
  EXPECT_EQ(Ran(s).all<CallDefaultRouted>().size(), 1u);
  s.queues[0].default_destination.reset();
  const Ran run(s);
  EXPECT_TRUE(run.all<CallDefaultRouted>().empty());
  EXPECT_EQ(run.all<CallReleased>().size(), 1u);
}

}  // namespace
}  // namespace bcsim::tests::configuration_test
