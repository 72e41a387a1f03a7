// The rules of the domain: each fires when it is broken and is silent at its limit.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scenario_text.hpp"
#include "tools/scenario/rules/offered_load.hpp"

namespace bcsim::tools::scenario_rules_test {
namespace {

using ::testing::HasSubstr;

bool reports(const std::string& code, const std::vector<std::string>& overrides,
             Severity severity) {
  const Diagnostic d = problem(load_text(minimal(), overrides), code);
  return d.code == code && d.severity == severity;
}
bool error(const std::string& code, const std::vector<std::string>& overrides) {
  return reports(code, overrides, Severity::error);
}
bool warning(const std::string& code, const std::vector<std::string>& overrides) {
  return reports(code, overrides, Severity::warning);
}
bool silent(const std::vector<std::string>& overrides) {
  return load_text(minimal(), overrides).diagnostics.empty();
}

TEST(ScenarioRules, ExactlyTwoSites) {
  for (const char* sites : {"{a: {}}", "{a: {}, b: {}, c: {}}"}) {
    const Loaded loaded =
        load_text("bcsim: 1\nsites: " + std::string(sites) +
                  "\nagents: {t: {count: 100, location: a}}\ncalls: {c: {rate: 600/h}}\n");
    EXPECT_EQ(problem(loaded, "V-E01").severity, Severity::error) << sites;
    EXPECT_EQ(problem(loaded, "V-E01").line, 2) << sites;
  }
}

TEST(ScenarioRules, ASiteIsAPair) {
  EXPECT_TRUE(error("V-E03", {"sites.site1.sip-server.backup=false"}));
}

TEST(ScenarioRules, TheTrunkMustBeWatched) {
  EXPECT_TRUE(error("V-E11", {"sites.site1.sip-server.oos-check=0s"}));
  EXPECT_TRUE(error("V-E11", {"sites.site2.sip-server.oos-force=0s"}));
}

TEST(ScenarioRules, ThePeerTrunkMustBeDeclared) {
  EXPECT_TRUE(error("V-E12", {"sites.site1.sip-server.dr-peer-trunk=false"}));
}

TEST(ScenarioRules, ADesktopNeedsItsSitesProxyAndStatServer) {
  EXPECT_TRUE(error("V-E18", {"sites.site2.stat-server=false"}));
  EXPECT_TRUE(error("V-E18", {"sites.site1.config-server-proxy=false"}));
}

TEST(ScenarioRules, AddpMustBeBetween20And30Seconds) {
  EXPECT_TRUE(error("V-E19", {"desktop.site1.addp-timeout=19s"}));
  EXPECT_TRUE(error("V-E19", {"desktop.site1.addp-timeout=31s"}));
  EXPECT_TRUE(silent({"desktop.site1.addp-timeout=20s", "desktop.site2.addp-timeout=30s"}));
}

TEST(ScenarioRules, AgentsOfABranchNeedAPreferredSite) {
  const std::vector<std::string> branch = {"locations=[branch]", "agents.team1.location=branch"};
  EXPECT_TRUE(error("V-E20", branch));
  std::vector<std::string> with_site = branch;
  with_site.push_back("agents.team1.preferred-site=site1");
  EXPECT_TRUE(silent(with_site));
}

TEST(ScenarioRules, SiteTimersMustBePositive) {
  EXPECT_TRUE(error("V-E21", {"desktop.site1.site-timeout=0s"}));
  EXPECT_TRUE(error("V-E21", {"desktop.site2.site-sip-register-timeout=0s"}));
}

TEST(ScenarioRules, PhoneAndDesktopShouldPreferTheSameSite) {
  EXPECT_TRUE(warning("V-W04", {"agents.team1.phone.preferred-site=site2"}));
  EXPECT_TRUE(silent({"agents.team1.phone.preferred-site=site1"}));
}

TEST(ScenarioRules, DualPhonesKnowWhereToCallFirst) {
  const auto srv = [](const std::string& records) {
    return std::vector<std::string>{"agents.team1.phone={registration: dual, srv: {" + records +
                                    "}}"};
  };
  EXPECT_TRUE(silent(srv("site1: {priority: 10}, site2: {priority: 20}")));
  EXPECT_TRUE(error("V-E10", srv("site1: {priority: 10}")));
  EXPECT_TRUE(error("V-E10", srv("")));
  EXPECT_TRUE(warning("V-W03", srv("site1: {priority: 10}, site2: {priority: 10, weight: 3}")));
  EXPECT_TRUE(warning("V-W04", srv("site1: {priority: 20}, site2: {priority: 10}")));
}

TEST(ScenarioRules, AgentsCallAgentsOrTheOutsideAndNoQueue) {
  const std::string call = "calls.main={rate: 60/h, from-agents: [team1]";
  EXPECT_FALSE(error("S-013", {call + "}"}));
  EXPECT_FALSE(error("S-013", {call + ", to-agents: [team1, team2]}"}));
  EXPECT_TRUE(error("S-013", {call + ", queue: service}"}));
  EXPECT_TRUE(error("S-013", {call + ", hold: {share: 5%}}"}));
  EXPECT_TRUE(error("S-006", {call + ", to-agents: [team1]}", "agents.team1.count=1"}));
  EXPECT_TRUE(error("S-013", {"calls.main={rate: 60/h, 3pcc-share: 20%}"}));
  const Loaded both = load_text(
      "bcsim: 1\nsites: {a: {}, b: {}}\nagents: {t: {count: 9, location: a}}\n"
      "calls: {c: {rate: 9/h, to-agents: [t], queue: service}}\n");
  EXPECT_EQ(problem(both, "S-013").code, "S-013");
}

TEST(ScenarioRules, CallsArePassedOnToOthersThanHuntGroupsAndOneself) {
  const std::string call = "calls.main={rate: 60/h, transfer: {share: 5%, to: ";
  EXPECT_FALSE(error("S-013", {call + "service}}"}));
  EXPECT_TRUE(error("S-013", {call + "service, reconnect: 20%}}"}));
  EXPECT_FALSE(error("S-013", {call + "service, kind: consultation, reconnect: 20%}}"}));
  EXPECT_FALSE(warning("M-W05", {call + "team1}}"}));
  EXPECT_TRUE(warning("M-W05", {call + "team1}}", "agents.team1.count=1"}));
  EXPECT_TRUE(
      error("S-013", {call + "service}}", "queues.service.hunt-group={hg-members: [team1]}"}));
  EXPECT_TRUE(error("S-013", {"calls.main={rate: 60/h, from-agents: [team1], transfer: {share: 5%, "
                              "to: team2}}"}));
}

TEST(ScenarioRules, SurvivingTrunksShouldCarryTheLoad) {
  // 1900/h x (240 s + 4 s ring) = 128.8 erlangs: Erlang B of 1 % needs 148 channels.
  EXPECT_TRUE(warning("V-W06", {"sites.site1.gateways={mg1: {channels: 147}}"}));
  EXPECT_FALSE(warning("V-W06", {"sites.site1.gateways={mg1: {channels: 148}}"}));
}

TEST(ScenarioRules, TrunksShouldCarryTheLoadWhileNothingFails) {
  const auto gateways = [](int one, int two) {
    return std::vector<std::string>{
        fmt::format("sites.site1.gateways={{mg1: {{channels: {}}}}}", one),
        fmt::format("sites.site2.gateways={{mg2: {{channels: {}}}}}", two)};
  };
  EXPECT_TRUE(warning("M-W14", gateways(70, 77)));
  EXPECT_FALSE(warning("V-W06", gateways(70, 77)));  // which would say less
  // All together would do, but half of the calls (64.4 erlangs) come to each: 80 channels.
  EXPECT_TRUE(warning("M-W14", gateways(70, 90)));
  EXPECT_THAT(problem(load_text(minimal(), gateways(70, 90)), "M-W14").message,
              HasSubstr("the 70 channels of mg1 block"));
  EXPECT_FALSE(warning("M-W14", gateways(80, 80)));
  EXPECT_TRUE(warning("V-W06", gateways(80, 80)));
  std::vector<std::string> most = gateways(140, 30);
  most.emplace_back("calls.main.gateways={mg1: 90%, mg2: 10%}");
  EXPECT_FALSE(warning("M-W14", most));
}

/// Three gateways: each has its calls, and no room for those of another.
TEST(ScenarioRules, AFullGatewaySendsNobodyToAnother) {
  const auto told = [](const char* code, int one, int other, int two,
                       std::vector<std::string> more = {}) {
    more.push_back(fmt::format(
        "sites.site1.gateways={{mg1: {{channels: {}}}, more: {{channels: {}}}}}", one, other));
    more.push_back(fmt::format("sites.site2.gateways={{mg2: {{channels: {}}}}}", two));
    return problem(load_text(minimal(), more), code).message;
  };
  // A third of 128.8 erlangs, 42.9, needs 56 channels; a half needs 79.
  EXPECT_THAT(told("M-W14", 50, 55, 48), HasSubstr("the 50 channels of mg1 block"));
  EXPECT_THAT(told("M-W14", 56, 55, 56), HasSubstr("the 55 channels of more block"));
  EXPECT_EQ(told("M-W14", 56, 56, 56), "");
  EXPECT_THAT(told("V-W06", 100, 80, 78), HasSubstr("without mg1 the 78 channels of mg2 block"));
  EXPECT_EQ(told("V-W06", 80, 80, 80), "");
  // Those without a share take the calls of a lost one by their size.
  const std::string all = "calls.main.gateways={mg1: 100%}";
  EXPECT_EQ(told("V-W06", 200, 100, 100, {all}), "");
  EXPECT_THAT(told("V-W06", 200, 40, 130, {all}), HasSubstr("without mg1 the 40 channels of more"));
  // What agents place goes to the next one: to all of them as one.
  const std::string out = "calls.main={rate: 1900/h, from-agents: [team1, team2], talk: 240s}";
  EXPECT_EQ(told("M-W14", 1, 80, 80, {out}), "");
  EXPECT_THAT(told("M-W14", 1, 60, 60, {out}), HasSubstr("without any failure the 121 channels"));
  // Besides, it takes the channels of those who call.
  const std::string few = "calls.few={rate: 60/h, queue: service, talk: 60s}";
  EXPECT_THAT(told("M-W14", 20, 80, 80, {out, few}), HasSubstr("the 20 channels of mg1 block"));
}

TEST(ScenarioRules, TrunksAreJudgedAtTheirOwnBusiestMoment) {
  // By night there is more work for each agent; by day there are more calls.
  const std::string text =
      "bcsim: 1\n"
      "run: {start: \"00:00\", horizon: 12h}\n"
      "sites: {site1: {gateways: {mg1: {channels: 30}}}, site2: {gateways: {mg2: {channels: "
      "30}}}}\n"
      "agents:\n"
      "  team1: {location: site1, staffing: [{at: \"00:00\", count: 3}, {at: \"06:00\", count: "
      "100}]}\n"
      "  team2: {location: site2, staffing: [{at: \"00:00\", count: 3}, {at: \"06:00\", count: "
      "100}]}\n"
      "calls: {main: {profile: [{at: \"00:00\", rate: 60/h}, {at: \"06:00\", rate: 1200/h}]}}\n";
  EXPECT_THAT(problem(load_text(text), "M-W14").message, HasSubstr("the 30 channels of mg1 block"));
  EXPECT_EQ(problem(load_text(text, {"sites.site1.gateways.mg1.channels=60",
                                     "sites.site2.gateways.mg2.channels=60"}),
                    "M-W14")
                .message,
            "");
}

TEST(ScenarioRules, AnAnnouncementHoldsAChannel) {
  const auto gateways = [](int channels, const char* announcement, const char* more) {
    std::vector<std::string> all = {
        fmt::format("sites.site1.gateways={{mg1: {{channels: {}}}}}", channels),
        fmt::format("sites.site2.gateways={{mg2: {{channels: {}}}}}", channels),
        fmt::format("sites.site1.sip-server.announcement={}", announcement),
        fmt::format("sites.site2.sip-server.announcement={}", announcement)};
    if (*more != 0) all.emplace_back(more);
    return all;
  };
  const char* waits = "calls.main.patience=never";
  EXPECT_FALSE(warning("M-W14", gateways(80, "0s", waits)));
  // 950/h x 304 s are 80.2 erlangs.
  EXPECT_TRUE(warning("M-W14", gateways(95, "60s", waits)));
  EXPECT_FALSE(warning("M-W14", gateways(96, "60s", waits)));
  // Who has no patience for it has gone before he could talk: nobody stays for longer than 5 s.
  EXPECT_FALSE(warning("M-W14", gateways(10, "10min", "calls.main.patience={deterministic: 5s}")));
  // Who is rung at once does not hear it; at the other site all do.
  const auto told = [](std::vector<std::string> overrides) {
    overrides.emplace_back("sites.site1.sip-server.treatment=when-waiting");
    return problem(load_text(minimal(), overrides), "M-W14").message;
  };
  EXPECT_THAT(told(gateways(80, "60s", waits)), HasSubstr("channels of mg2 block"));
  EXPECT_FALSE(
      warning("M-W14", gateways(80, "60s", "calls.main={rate: 1900/h, to-agents: [team1]}")));
}

TEST(ScenarioRules, WhoeverServesAQueueShouldHaveTimeForIt) {
  const auto told = [](const std::vector<std::string>& overrides) {
    return problem(load_text(minimal(), overrides), "M-W03").message;
  };
  EXPECT_EQ(told({}), "");
  // 1900/h x (240 s + 4 s + the work) are fewer than 200 agents, and more than 100.
  EXPECT_THAT(told({"calls.main.gateways={mg1: 100%}"}),
              HasSubstr("the 100 agents of queue 'service' at site1"));
  EXPECT_EQ(told({"calls.main.gateways={mg1: 100%}", "queues.service.routing-scope=both-sites"}),
            "");
  EXPECT_THAT(
      told({"queues={service: {routing-scope: both-sites}, other: {}}", "calls.main.queue=service",
            "agents.team1.queues=[other]", "agents.team2.queues=[service]"}),
      HasSubstr("the 100 agents of queue 'service'"));
  // Who serves no queue does not help.
  EXPECT_THAT(told({"calls.main.gateways={mg1: 100%}", "queues.service.routing-scope=both-sites",
                    "agents.team2.queues=[]", "agents.more={count: 5, location: site2}"}),
              HasSubstr("the 105 agents of queue 'service'"));
  const std::string few = "agents.few={count: 5, location: site1, queues: []}";
  EXPECT_EQ(told({few, "calls.main.transfer={share: 2%, to: few}"}), "");
  EXPECT_THAT(told({few, "calls.main.transfer={share: 5%, to: few}"}),
              HasSubstr("the 5 agents of 'few' by transfers"));
  EXPECT_EQ(told({few,
                  "calls.main.transfer={share: 5%, to: few, kind: consultation, reconnect: "
                  "100%, consultation: {deterministic: 30s}}"}),
            "");
  EXPECT_THAT(told({few,
                    "calls.main.transfer={share: 25%, to: few, kind: consultation, reconnect: "
                    "100%, consultation: {deterministic: 60s}}"}),
              HasSubstr("by transfers"));
}

TEST(ScenarioRules, AStandbyConfigurationServerShouldExist) {
  EXPECT_TRUE(warning("V-W07", {"configuration.standby-activation=never"}));
}

TEST(ScenarioRules, SiteTimeoutShouldOutlastASwitchover) {
  // Host loss up to 18 s, promotion 3 s.
  EXPECT_TRUE(warning("V-W15", {"desktop.site1.site-timeout=20s"}));
  EXPECT_TRUE(silent({"desktop.site1.site-timeout=21s", "desktop.site2.site-timeout=21s"}));
}

TEST(ScenarioRules, PhonesShouldNotBeSlowerThanDesktops) {
  // Desktops switch after at most 30 s + 2 x 20 s; phones refresh every half of expires.
  EXPECT_TRUE(silent({"agents.team1.phone.expires=140s"}));
  EXPECT_TRUE(warning("V-W17", {"agents.team1.phone.expires=141s"}));
  EXPECT_TRUE(silent({"agents.team1.phone={expires: 3600s, registration: dual}"}));
}

TEST(ScenarioRules, TheTrunkShouldBeDownBeforeDesktopsArrive) {
  EXPECT_TRUE(warning("V-W18", {"sites.site1.sip-server.oos-force=10s"}));
  EXPECT_TRUE(warning("V-W18", {"sites.site1.sip-server.oos-check=26s"}));
  EXPECT_TRUE(
      silent({"sites.site1.sip-server.oos-check=25s", "sites.site2.sip-server.oos-check=25s"}));
}

TEST(ScenarioRules, OneSiteShouldHaveAgentsForAllCalls) {
  // Domain description, Q1: 0.5 calls/s, 300 s, patience 300 s: 152 agents for 80 % in 20 s.
  const std::vector<std::string> load = {"calls.main.rate=0.5/s",
                                         "agents.team1.phone.answer-delay=0s"};
  const auto with = [&](const char* first, const char* second) {
    std::vector<std::string> overrides = load;
    overrides.push_back(std::string("agents.team1.count=") + first);
    overrides.push_back(std::string("agents.team2.count=") + second);
    return overrides;
  };
  EXPECT_FALSE(warning("V-W19", with("76", "76")));
  const Diagnostic d = problem(load_text(minimal(), with("76", "75")), "V-W19");
  EXPECT_EQ(d.severity, Severity::warning);
  EXPECT_THAT(d.message, HasSubstr("less than the 152"));
}

TEST(ScenarioRules, AGatewayShouldKnowBothSites) {
  EXPECT_TRUE(warning("V-W20", {"sites.site1.gateways={mg1: {second-target: false}}"}));
}

TEST(ScenarioRules, FixedPhonesAreForAblationOnly) {
  const Diagnostic d =
      problem(load_text(minimal(), {"agents.team1.phone.registration=fixed"}), "V-W21");
  EXPECT_EQ(d.severity, Severity::warning);
  EXPECT_THAT(d.message, HasSubstr("ablation"));
}

TEST(ScenarioRules, OverloadWithoutFailureIsToldOnce) {
  const Loaded loaded = load_text(minimal(), {"calls.main.rate=3600/h"});
  EXPECT_EQ(problem(loaded, "M-W03").severity, Severity::warning);
  EXPECT_EQ(problem(loaded, "V-W19").code, "");
}

TEST(ScenarioRules, ABrokenRuleCanBeAcceptedAndStaysVisible) {
  const Loaded loaded =
      load_text(minimal("accept: [V-E03]\n"), {"sites.site1.sip-server.backup=false"});
  EXPECT_FALSE(loaded.has_errors());
  EXPECT_EQ(problem(loaded, "V-E03").severity, Severity::warning);
  EXPECT_THAT(problem(loaded, "V-E03").message, HasSubstr("(accepted)"));
  EXPECT_EQ(loaded.scenario.accepted, std::vector<std::string>{"V-E03"});
}

TEST(ScenarioRules, SyntaxUnitsAndTheTwoSitesCannotBeAccepted) {
  for (const char* code : {"S-004", "V-E01", "V-E08", "M-E01", "V-W04", "nonsense"}) {
    const Loaded loaded = load_text(minimal("accept: [" + std::string(code) + "]\n"));
    EXPECT_EQ(problem(loaded, "S-018").line, 5) << code;
  }
}

TEST(ScenarioRules, AcceptingWhatIsNotBrokenIsPointedOut) {
  EXPECT_EQ(problem(load_text(minimal("accept: [V-E03]\n")), "M-W04").severity, Severity::warning);
}

TEST(ScenarioRules, ThePeakIsWhereMostLoadMeetsAnAgent) {
  const Loaded loaded = load_text(
      "bcsim: 1\nrun: {warm-up: 0s}\nsites: {a: {}, b: {}}\n"
      "agents: {t: {location: a, phone: {answer-delay: 0s}, staffing: "
      "[{at: 0s, count: 100}, {at: 2h, count: 50}]}}\n"
      "calls: {c: {profile: [{at: 0s, rate: 900/h}, {at: 1h, rate: 700/h}]}}\n");
  ASSERT_FALSE(loaded.has_errors());
  const PeakLoad load = peak_load(loaded.scenario);
  EXPECT_EQ(load.at, sim::kStart + std::chrono::hours(2));
  EXPECT_EQ(load.agents, 50u);
  EXPECT_NEAR(load.erlangs(), 700.0 * 300 / 3600, 1e-9);
}

/// Codes of a scenario whose calls go to a hunt group of team1's dual phones, preferred at site 1.
std::vector<std::string> hunting(const std::vector<std::string>& overrides) {
  const Loaded loaded = load_text(
      "bcsim: 1\nsites: {site1: {}, site2: {}}\n"
      "agents: {team1: {count: 10, location: site1, phone: {registration: dual}}}\n"
      "queues: {line: {hunt-group: {hg-members: [team1], hg-preferred-site: SIP_Server_1}}}\n"
      "calls: {c: {rate: 30/h}}\n",
      overrides);
  std::vector<std::string> codes;
  for (const Diagnostic& d : loaded.diagnostics) codes.push_back(d.code);
  return codes;
}

TEST(ScenarioRules, AHuntGroupNeedsMembers) {
  EXPECT_THAT(hunting({}), testing::IsEmpty());
  EXPECT_THAT(hunting({"queues.line.hunt-group.hg-members=[]"}), testing::Contains("V-E14"));
}

TEST(ScenarioRules, ASequentialHuntGroupIsNotDocumentedForBusinessContinuity) {
  EXPECT_THAT(hunting({"queues.line.hunt-group.type=linear"}), testing::ElementsAre("V-W08"));
  EXPECT_THAT(hunting({"queues.line.hunt-group.type=circular"}), testing::ElementsAre("V-W08"));
}

TEST(ScenarioRules, DesktopsOfMembersShouldPreferTheSiteOfTheirHuntGroup) {
  EXPECT_THAT(hunting({"queues.line.hunt-group.hg-preferred-site=SIP_Server_2"}),
              testing::ElementsAre("V-W09"));
}

TEST(ScenarioRules, EachPairOfPreferencesThatDiffersIsPointedOut) {  // R87: 2^3 combinations
  for (unsigned i = 0; i < 8; ++i) {
    const bool desktop = (i & 1) != 0, phone = (i & 2) != 0, hunt = (i & 4) != 0;
    const auto site = [](bool second) { return std::string(second ? "site2" : "site1"); };
    std::vector<std::string> expected;
    if (phone != desktop) expected.push_back("V-W04");
    if (hunt != desktop) expected.push_back("V-W09");
    EXPECT_THAT(hunting({"agents.team1.preferred-site=" + site(desktop),
                         "agents.team1.phone.preferred-site=" + site(phone),
                         std::string("queues.line.hunt-group.hg-preferred-site=SIP_Server_") +
                             (hunt ? "2" : "1")}),
                testing::UnorderedElementsAreArray(expected));
  }
}

TEST(ScenarioRules, DesktopsHaveAnAccessPathOfTheirOwnOnlyIfItIsGiven) {
  const std::string fault =
      "faults=[{at: 40min, cut: desktop-access.site1.site2, direction: forward}]";
  EXPECT_TRUE(error("S-007", {fault}));
  EXPECT_TRUE(silent({fault, "network.desktop-access.site1.site2.latency=20ms"}));
  EXPECT_TRUE(error("S-007", {fault, "network.desktop-access.site1.site1.latency=20ms"}));
  const Loaded loaded = load_text(minimal(), {"network.desktop-access.site1.site1.loss=1%"});
  const models::LinkOptions* path = loaded.scenario.network.desktop_path(0, 0);
  ASSERT_NE(path, nullptr);
  EXPECT_EQ(path->latency, std::chrono::microseconds(500));
  EXPECT_EQ(path->loss, 0.01);
  EXPECT_EQ(loaded.scenario.network.desktop_path(0, 1), nullptr);
}

TEST(ScenarioRules, AnUnansweredDirectCallCannotGoBackToAQueue) {
  const std::string overflow = "sites.site1.sip-server.agent-no-answer-overflow=";
  EXPECT_TRUE(error("S-003", {overflow + "recall"}));
  for (const char* can : {"none", "release", "voicemail"}) EXPECT_TRUE(silent({overflow + can}));
}

TEST(ScenarioRules, PhonesOfMembersShouldBeAtBothSites) {
  EXPECT_THAT(hunting({"agents.team1.phone.registration=single"}), testing::ElementsAre("V-W10"));
}

TEST(ScenarioRules, AnUnknownPreferredSiteIsNoError) {
  EXPECT_THAT(hunting({"queues.line.hunt-group.hg-preferred-site=SIP_Server_9"}),
              testing::ElementsAre("V-W12"));
}

TEST(ScenarioRules, PhonesOfAnAlcatel4000RegisterAtOneSite) {  // R17
  const std::string profile = "agents.team1.phone.profile=alcatel-4000";
  const Loaded good = load_text(minimal(), {profile});
  EXPECT_EQ(good.scenario.agents[0].phone.registration, models::RegistrationMode::active_backup);
  EXPECT_FALSE(good.has_errors());
  EXPECT_EQ(problem(good, "V-W02").code, "");
  EXPECT_EQ(
      problem(load_text(minimal(), {profile, "agents.team1.phone.registration=dual"}), "V-E09")
          .code,
      "V-E09");
  EXPECT_EQ(
      problem(load_text(minimal(), {profile, "sites.site2.sip-server.dr-forward=off"}), "V-W02")
          .code,
      "V-W02");
}

TEST(ScenarioRules, AProfileGivesValuesThatMayStillBeSet) {
  const Loaded loaded =
      load_text(minimal(), {"agents.team1.phone={poll-primary: 60s, profile: avaya}"});
  const models::PhoneOptions& phone = loaded.scenario.agents[0].phone;
  EXPECT_EQ(phone.response_timeout, std::chrono::seconds(4));
  EXPECT_EQ(phone.poll_primary, std::chrono::seconds(60));
  EXPECT_FALSE(phone.failover_in_call);
  EXPECT_EQ(load_text(loaded.effective_yaml).effective_yaml, loaded.effective_yaml);
}

}  // namespace
}  // namespace bcsim::tools::scenario_rules_test
