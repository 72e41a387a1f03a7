// What the language says is what the scenario holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/scenario_text.hpp"
#include "tools/scenario/keys/fault_target.hpp"

namespace bcsim::tools::scenario_language_test {
namespace {

using namespace std::chrono_literals;
using models::Scenario;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Loads a scenario that must be without errors.
Scenario good(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const Loaded loaded = load_text(text, overrides);
  for (const Diagnostic& d : loaded.diagnostics) {
    if (d.severity == Severity::error) ADD_FAILURE() << render(d);
  }
  return loaded.scenario;
}

sim::SimTime at(sim::Duration d) {
  return sim::kStart + d;
}

TEST(ScenarioLanguage, DefaultsAreThoseOfTheModel) {
  const Scenario s = good(minimal());
  EXPECT_EQ(s.name, "test");
  EXPECT_EQ(s.sites[0].name, "site1");
  EXPECT_EQ(s.sites[1].sip_server.name, "SIP_Server_2");
  EXPECT_THAT(s.locations, ElementsAre("site1", "site2"));
  EXPECT_EQ(s.gateways[1].name, "mg2");
  EXPECT_EQ(s.gateways[1].home_site, 1);
  EXPECT_EQ(s.gateways[1].location, 1);
  EXPECT_EQ(s.network.access[0][0].latency, 500us);
  EXPECT_EQ(s.network.access[0][1].latency, 20ms);
  EXPECT_EQ(s.network.access[1][1].latency, 500us);
  EXPECT_EQ(s.agents[1].preferred_site, 1);
  EXPECT_THAT(s.calls[0].gateway_share, ElementsAre(0.5, 0.5));
  EXPECT_EQ(std::get<models::ConstantRate>(s.calls[0].arrivals).per_s, 1900.0 / 3600);
  EXPECT_EQ(s.sites[0].sip_server.oos_check, 10s);
  EXPECT_EQ(s.sites[0].desktop.addp_timeout, 20s);
}

TEST(ScenarioLanguage, EverySectionReachesItsMember) {
  const Scenario s = good(R"(
bcsim: 1
title: All of it
run: {start: "09:00", horizon: 2h, warm-up: 10min, interval: 5min, seed: 7,
      start-mode: cold, actors: pooled, service-level-threshold: 30s, service-level-definition: F1,
      short-abandon-threshold: 5s, media-survives: true, hang-up-delay: 2s}
sites:
  east:
    sip-server: {name: E, oos-check: 12s, oos-force: 6s, dr-forward: oos,
                 shutdown-sip-reject-code: 302, after-routing-timeout: 8s,
                 after-routing-timeout-action: logout, treatment: when-waiting, announcement: 3s,
                 agent-no-answer-timeout: 20s, agent-no-answer-action: notready,
                 agent-no-answer-overflow: voicemail,
                 register-service: 1ms, invite-service: 2ms, other-service: 3ms,
                 input-queue-limit: 10, retry-after: 5s, digest: false,
                 process-death-detection: 2s, host-loss-detection-min: 3s,
                 host-loss-detection-max: 4s, promotion: 5s, first-trunk-probe: 4s}
    gateways:
      g1: {channels: 400, redundancy: parking, options-period: 10s, retransmissions: 7,
           success-retries: 2, success-interval: 5s, flush-on-offline: true, heed-icmp: false,
           ring-timeout: 60s, rtp-loss-timeout: 5s, pstn-detection: 10s, first-options: 20s}
      g2: {location: branch, channels: 300}
  west: {gateways: {g3: {redundancy: load-balance}}}
locations: [branch]
network:
  dc-link: {latency: 30ms, bandwidth: 1Gbit/s, jitter: 2ms, loss: 0.1%, queue-limit: 100ms}
  lan-latency: 1ms
  access: {branch: {east: {latency: 5ms}}}
  icmp-unreachable: false
desktop: {west: {addp-timeout: 25s, site-timeout: 40s, site-sip-register-timeout: 35s}}
configuration: {master-site: west, standby-activation: 20min}
queues:
  sales: {limit: 50, maximum-wait: 10min, routing-scope: both-sites, priority: 2}
  help: {}
agents:
  one:
    count: 200
    location: branch
    preferred-site: west
    queues: [help, sales]
    phone: {registration: dual, preferred-site: west, expires: 60s, refresh-fraction: 80%,
            retransmissions: 11, cached-nonce: true, heed-icmp: false, poll-primary: 30s,
            answer-delay: 0s, silence-patience: 12s, first-refresh: 23s}
    desktop: {require-endpoint: false, relogin-work: 0s, reconnect-delay: 5s, login-retry: 7s,
              failback: return-after-call, last-addp: -6s}
calls:
  main:
    queue: help
    rate: 0.2/s
    busyness-cv: 0.1
    gateways: {g2: 25%, g3: 75%}
    talk: {gamma: {mean: 200s, cv: 2}}
    after-call-work: 30s
    patience: never
    setup-patience: {uniform: {from: 10s, to: 20s}}
    releases: caller
    redial: {after-drop: 10%, after-setup: 20%, after-abandon: 30%, drop-delay: 5s,
             setup-delay: {exponential: 6s}, abandon-delay: {erlang: {stages: 3, mean: 9s}},
             max-attempts: 5, further-factor: 0.5}
)");
  EXPECT_EQ(s.run.start_label, 9h);
  EXPECT_EQ(s.run.horizon, 2h);
  EXPECT_EQ(s.run.start, models::StartMode::cold);
  EXPECT_EQ(s.run.actors, models::ActorUse::pooled);
  EXPECT_EQ(s.run.service_level_definition, models::ServiceLevelDefinition::f1);
  EXPECT_TRUE(s.run.media_survives);
  EXPECT_EQ(s.run.hang_up_delay, 2s);
  const models::SipServerOptions& e = s.sites[0].sip_server;
  EXPECT_EQ(e.name, "E");
  EXPECT_EQ(e.oos_force, 6s);
  EXPECT_EQ(e.dr_forward, models::DrForward::oos);
  EXPECT_EQ(e.shutdown_sip_reject_code, 302);
  EXPECT_EQ(e.after_routing_timeout_action, models::AfterRoutingAction::logout);
  EXPECT_EQ(e.agent_no_answer_timeout, 20s);
  EXPECT_EQ(e.agent_no_answer_action, models::AfterRoutingAction::not_ready);
  EXPECT_EQ(e.agent_no_answer_overflow, "voicemail");
  EXPECT_EQ(s.sites[1].sip_server.agent_no_answer_overflow, std::nullopt);
  EXPECT_EQ(e.treatment, models::Treatment::when_waiting);
  EXPECT_EQ(e.other_service, 3ms);
  EXPECT_EQ(e.input_queue_limit, 10u);
  EXPECT_EQ(e.retry_after, 5s);
  EXPECT_EQ(e.promotion, 5s);
  EXPECT_EQ(s.first_trunk_probe[0], 4s);
  EXPECT_EQ(s.first_trunk_probe[1], std::nullopt);
  ASSERT_EQ(s.gateways.size(), 3u);
  EXPECT_EQ(s.gateways[0].redundancy, models::RedundancyMode::parking);
  EXPECT_EQ(s.gateways[0].retransmissions, 7);
  EXPECT_EQ(s.gateways[0].first_options, 20s);
  EXPECT_EQ(s.gateways[1].location, 2);
  EXPECT_EQ(s.gateways[1].home_site, 0);
  EXPECT_EQ(s.gateways[2].home_site, 1);
  EXPECT_EQ(s.gateways[2].location, 1);
  EXPECT_EQ(s.network.dc_link.bandwidth_bps, 1e9);
  EXPECT_EQ(s.network.dc_link.loss, 0.001);
  EXPECT_EQ(s.network.access[2][0].latency, 5ms);
  EXPECT_EQ(s.network.access[2][1].latency, 20ms);
  EXPECT_EQ(s.sites[1].desktop.site_timeout, 40s);
  EXPECT_EQ(s.sites[0].desktop.site_timeout, 30s);
  EXPECT_EQ(s.configuration.master_site, 1);
  EXPECT_EQ(s.configuration.standby_activation, 20min);
  EXPECT_EQ(s.queues[0].limit, 50u);
  EXPECT_EQ(s.queues[0].routing_scope, models::RoutingScope::both_sites);
  const models::AgentGroup& one = s.agents[0];
  EXPECT_EQ(one.location, 2);
  EXPECT_EQ(one.preferred_site, 1);
  EXPECT_THAT(one.queues, testing::Optional(ElementsAre(1, 0)));
  EXPECT_EQ(one.phone.registration, models::RegistrationMode::dual);
  EXPECT_EQ(one.phone.preferred_site, 1);
  EXPECT_EQ(one.phone.refresh_fraction, 0.8);
  EXPECT_EQ(one.phone.silence_patience, 12s);
  EXPECT_EQ(one.phone.first_refresh, 23s);
  EXPECT_EQ(one.desktop.failback, models::Failback::return_after_call);
  EXPECT_EQ(one.desktop.last_addp, at(-6s));
  const models::CallStream& main = s.calls[0];
  EXPECT_EQ(main.queue, 1u);
  EXPECT_THAT(main.gateway_share, ElementsAre(0, 0.25, 0.75));
  EXPECT_EQ(std::get<models::Gamma>(main.talk).cv, 2);
  EXPECT_EQ(std::get<models::Deterministic>(main.after_call_work).value_s, 30);
  EXPECT_TRUE(std::holds_alternative<models::Never>(main.patience));
  EXPECT_EQ(std::get<models::Uniform>(main.setup_patience).high_s, 20);
  EXPECT_FALSE(main.agent_releases);
  EXPECT_EQ(main.redial.after_setup, 0.2);
  EXPECT_EQ(std::get<models::Erlang>(main.redial.abandon_delay).stages, 3);
  EXPECT_EQ(main.redial.max_attempts, 5);
}

TEST(ScenarioLanguage, FaultsNameAnythingThatCanBreak) {
  const Scenario s = good(minimal(R"(
locations: [branch]
run: {start: "09:00"}
faults:
  - {at: "10:30", fail: site1, scope: building, lasting: 1h}
  - {at: 1h30min, restore: site1}
  - {at: 2h, crash: site2.sip-server.backup}
  - {at: 2h, hang: site1.stat-server}
  - {at: 2h, fail: site1.config-server.host}
  - {at: 2h, fail: mg2}
  - {at: 2h, fail: team1.phone.3}
  - {at: 2h, fail: team2.desktop.100}
  - {at: 2h, cut: dc-link, direction: backward, flap: {period: 30s, duty: 20%, until: 3h}}
  - {at: 2h, cut: access.branch.site2}
  - {at: 2h, degrade: dc-link, latency: 80ms, loss: 2%, jitter: 5ms, bandwidth: 1Mbit/s,
     lasting: 5min}
  - {at: 3h, heal: dc-link}
  - {at: 3h, drain: site2}
)"));
  ASSERT_EQ(s.faults.size(), 13u);
  const auto target = [&](std::size_t i) { return *target_of(s.faults[i]); };
  const auto site = std::get<models::SiteTarget>(target(0));
  EXPECT_EQ(s.faults[0].at, at(90min));
  EXPECT_EQ(site.scope, models::SiteScope::building);
  EXPECT_EQ(s.faults[0].lasting, 1h);
  EXPECT_EQ(s.faults[0].text, "fail site1 (building)");
  EXPECT_TRUE(std::holds_alternative<models::Restore>(s.faults[1].deed));
  const auto process = std::get<models::ProcessTarget>(target(2));
  EXPECT_EQ(process.site, 1);
  EXPECT_EQ(process.role, models::Role::sip_server_backup);
  EXPECT_EQ(std::get<models::ProcessTarget>(target(3)).role, models::Role::stat_server);
  EXPECT_EQ(std::get<models::HostTarget>(target(4)).role, models::Role::config_server);
  EXPECT_EQ(std::get<models::GatewayTarget>(target(5)).gateway, 1u);
  EXPECT_EQ(std::get<models::PhoneTarget>(target(6)).member, 2u);
  EXPECT_EQ(std::get<models::DesktopTarget>(target(7)).group, 1u);
  EXPECT_EQ(std::get<models::LinkTarget>(target(8)).direction, models::CutDirection::backward);
  EXPECT_EQ(s.faults[8].flap->period, 30s);
  EXPECT_EQ(s.faults[8].flap->duty, 0.2);
  EXPECT_EQ(s.faults[8].flap->until, at(3h));
  const auto access = std::get<models::LinkTarget>(target(9));
  EXPECT_FALSE(access.dc_link);
  EXPECT_EQ(access.location, 2);
  EXPECT_EQ(access.site, 1);
  EXPECT_EQ(std::get<models::Degrade>(s.faults[10].deed).latency, 80ms);
  EXPECT_EQ(std::get<models::Degrade>(s.faults[10].deed).loss, 0.02);
  EXPECT_EQ(std::get<models::Degrade>(s.faults[10].deed).bandwidth_bps, 1e6);
}

TEST(ScenarioLanguage, AChangedOptionKeepsTheChangesBeforeIt) {
  const Scenario s = good(minimal(R"(
queues:
  sales: {hunt-group: {hg-members: [team1], hg-preferred-site: SIP_Server_1}}
faults:
  - {at: 3h, change: queues.sales.hunt-group.hg-preferred-site, to: ""}
  - {at: 1h, change: queues.sales.hunt-group.hg-preferred-site, to: SIP_Server_2}
  - {at: 2h, change: sites.site2.sip-server.oos-check, to: 20s}
  - {at: 2h, cut: site2.ha-link}
  - {at: 2h, switchover: site2}
)"));
  const auto after = [&](std::size_t i) {
    return *std::get<models::ChangeOption>(s.faults[i].deed).options;
  };
  const auto preferred = [&](std::size_t i) {
    return after(i).queues[0].hunt_group->preferred_site[0];
  };
  EXPECT_EQ(s.faults[1].text, "change queues.sales.hunt-group.hg-preferred-site to SIP_Server_2");
  EXPECT_EQ(preferred(1), "SIP_Server_2");
  EXPECT_EQ(after(1).sip_servers[1].oos_check, 10s);
  EXPECT_EQ(preferred(2), "SIP_Server_2");
  EXPECT_EQ(after(2).sip_servers[1].oos_check, 20s);
  EXPECT_EQ(preferred(0), "");
  EXPECT_EQ(after(0).sip_servers[1].oos_check, 20s);
  EXPECT_EQ(s.queues[0].hunt_group->preferred_site[0], "SIP_Server_1");
  EXPECT_EQ(std::get<models::HaLinkTarget>(*target_of(s.faults[3])).site, 1);
}

TEST(ScenarioLanguage, DistributionsByMomentsOrByParameters) {
  const auto talk = [](const std::string& text) {
    return good(minimal(), {"calls.main.talk=" + text}).calls[0].talk;
  };
  const auto log = std::get<models::Lognormal>(talk("{lognormal: {mu: 5, sigma: 1}}"));
  EXPECT_NEAR(log.mean_s, std::exp(5.5), 1e-9);
  EXPECT_NEAR(log.cv, std::sqrt(std::exp(1.0) - 1), 1e-12);
  const auto gamma = std::get<models::Gamma>(talk("{gamma: {shape: 4, scale: 30s}}"));
  EXPECT_EQ(gamma.mean_s, 120);
  EXPECT_EQ(gamma.cv, 0.5);
  EXPECT_NEAR(models::mean_s(talk("{weibull: {mean: 100s, cv: 0.5}}")), 100, 1e-6);
  EXPECT_NEAR(models::cv(talk("{hyperexponential: {mean: 100s, cv: 2}}")), 2, 1e-6);
  EXPECT_EQ(std::get<models::Exponential>(talk("{exponential: {mean: 90s}}")).mean_s, 90);
  EXPECT_THAT(std::get<models::Empirical>(talk("{empirical: [3s, 1s, 2s]}")).values_s,
              ElementsAre(1, 2, 3));
  const auto hazard = std::get<models::PiecewiseHazard>(
      good(minimal(), {"calls.main.patience={piecewise-hazard: [{from: 0s, rate: 0.01/s}, "
                       "{from: 10s, rate: 0/s}]}"})
          .calls[0]
          .patience);
  EXPECT_THAT(hazard.start_s, ElementsAre(0, 10));
  EXPECT_THAT(hazard.rate_per_s, ElementsAre(0.01, 0));
}

TEST(ScenarioLanguage, DistributionsThatMakeNoSenseAreRefused) {
  for (const char* text :
       {"{lognormal: {mean: 1s}}", "{lognormal: {mean: 1s, cv: 1, mu: 2}}", "{exponential: 0s}",
        "{exponential: 5}", "{gamma: {mean: 0s, cv: 1}}", "{hyperexponential: {mean: 9s, cv: 0.5}}",
        "{uniform: {from: 9s, to: 3s}}", "{erlang: {stages: 0, mean: 5s}}", "{empirical: []}",
        "{piecewise-hazard: [{from: 5s, rate: 1/s}]}", "{}", "[]", "soon",
        "{exponential: 5s, deterministic: 5s}", "never"}) {
    EXPECT_TRUE(load_text(minimal(), {"calls.main.talk=" + std::string(text)}).has_errors())
        << text;
  }
}

TEST(ScenarioLanguage, ProfilesMayUseTheWallClock) {
  const Scenario s = good(
      "bcsim: 1\nrun: {start: \"09:00\"}\nsites: {a: {}, b: {}}\n"
      "agents: {t: {count: 300, location: a}}\n"
      "calls: {c: {profile: [{at: \"08:00\", rate: 100/h}, {at: \"08:30\", rate: 200/h},\n"
      "  {at: \"10:00\", rate: 300/h}, {at: 2h, rate: 400/h}]}}\n");
  const auto& steps = std::get<models::RateProfile>(s.calls[0].arrivals).steps;
  // Of what lies before the start only the last counts.
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[0].at, sim::kStart);
  EXPECT_EQ(steps[0].per_s, 200.0 / 3600);
  EXPECT_EQ(steps[1].at, at(1h));
  EXPECT_EQ(steps[2].at, at(2h));
}

TEST(ScenarioLanguage, ALabelBeforeTheStartIsTomorrowIfTheRunGetsThere) {
  const Scenario s =
      good(minimal("run: {start: \"22:00\", horizon: 10h}\n"
                   "faults: [{at: \"01:30\", fail: mg1}]\n"));
  EXPECT_EQ(s.faults[0].at, at(3h + 30min));
  const Loaded early =
      load_text(minimal("run: {start: \"22:00\", horizon: 2h}\n"
                        "faults: [{at: \"01:30\", fail: mg1}]\n"));
  EXPECT_THAT(problem(early, "S-006").message, HasSubstr("before the start"));
}

TEST(ScenarioLanguage, ALabelNeedsAStart) {
  EXPECT_THAT(
      problem(load_text(minimal("faults: [{at: \"10:30\", fail: mg1}]\n")), "S-003").message,
      HasSubstr("needs run.start"));
}

TEST(ScenarioLanguage, ShiftsAddUp) {
  const Scenario s = good(
      "bcsim: 1\nrun: {start: \"09:00\"}\nsites: {a: {}, b: {}}\ncalls: {c: {rate: 60/h}}\n"
      "agents: {t: {location: a, shifts: [{from: \"08:00\", to: \"11:00\", count: 40},\n"
      "  {from: \"10:00\", to: \"12:00\", count: 30}]}}\n");
  const models::AgentGroup& t = s.agents[0];
  EXPECT_EQ(t.count, 70u);
  ASSERT_EQ(t.staffing.size(), 4u);
  EXPECT_EQ(t.staffing[0].at, at(0s));
  EXPECT_EQ(t.staffing[0].count, 40u);
  EXPECT_EQ(t.staffing[1].at, at(1h));
  EXPECT_EQ(t.staffing[1].count, 70u);
  EXPECT_EQ(t.staffing[2].count, 30u);
  EXPECT_EQ(t.staffing[3].at, at(3h));
  EXPECT_EQ(t.staffing[3].count, 0u);
}

TEST(ScenarioLanguage, StaffingMayNotAskForMoreThanThereAre) {
  const Loaded loaded = load_text(minimal(), {"agents.team1.staffing=[{at: 0s, count: 101}]"});
  EXPECT_THAT(problem(loaded, "S-006").message, HasSubstr("101 of 100"));
}

TEST(ScenarioLanguage, TrunksAreCountedInChannels) {
  const std::string trunks =
      "sites:\n  site1: {gateways: {mg1: {trunks: {e1: 4, t1: 2, sip: 7}}}}\n  site2: {}\n";
  const std::string rest =
      "agents: {team1: {count: 100, location: site1}}\ncalls: {main: {rate: 100/h}}\n";
  EXPECT_EQ(good("bcsim: 1\n" + trunks + rest).gateways[0].channels, 4 * 30u + 2 * 23u + 7u);
  const std::string both =
      "sites:\n  site1: {gateways: {mg1: {channels: 60, trunks: {e1: 2}}}}\n  site2: {}\n";
  EXPECT_THAT(problems(load_text("bcsim: 1\n" + both + rest)), testing::Not(testing::IsEmpty()));
}

TEST(ScenarioLanguage, CallsMaySurge) {
  const auto text = [](const std::string& steps) {
    return "bcsim: 1\nsites: {site1: {}, site2: {}}\n"
           "agents: {team1: {count: 100, location: site1}}\n"
           "calls: {main: {rate: 100/h, surge: " +
           steps + "}}\n";
  };
  const Scenario s = good(text("[{at: 1h, factor: 5}, {at: 2h, factor: 1}]"));
  ASSERT_EQ(s.calls[0].surge.size(), 2u);
  EXPECT_EQ(s.calls[0].surge[0].at, at(1h));
  EXPECT_EQ(s.calls[0].surge[0].factor, 5);
  EXPECT_THAT(problems(load_text(text("[{at: 2h, factor: 5}, {at: 1h, factor: 1}]"))),
              testing::Not(testing::IsEmpty()));
}

TEST(ScenarioLanguage, CallsMayBePutOnHold) {
  EXPECT_EQ(good(minimal()).calls[0].hold_share, 0);
  const Scenario s = good(
      "bcsim: 1\nsites: {site1: {}, site2: {}}\n"
      "agents: {team1: {count: 100, location: site1}}\n"
      "calls: {main: {rate: 100/h, hold: {share: 12%, length: 45s}}}\n");
  EXPECT_DOUBLE_EQ(s.calls[0].hold_share, 0.12);
  EXPECT_EQ(std::get<models::Deterministic>(s.calls[0].hold).value_s, 45);
}

TEST(ScenarioLanguage, CallsMayBePassedOnToAQueueOrAGroup) {
  const auto with = [](const std::string& transfer) {
    return "bcsim: 1\nsites: {site1: {}, site2: {}}\nqueues: {service: {}, experts: {}}\n"
           "agents: {team1: {count: 100, location: site1}}\n"
           "calls: {main: {rate: 100/h, transfer: " +
           transfer + "}}\n";
  };
  const models::TransferOptions to =
      good(with("{share: 12%, kind: blind, to: experts, after: 45s}")).calls[0].transfer;
  EXPECT_DOUBLE_EQ(to.share, 0.12);
  EXPECT_EQ(to.queue, 1u);
  EXPECT_EQ(std::get<models::Deterministic>(*to.after).value_s, 45);
  const Scenario group = good(with("{share: 12%, to: team1, after: random}"));
  EXPECT_EQ(group.calls[0].transfer.group, 0u);
  EXPECT_FALSE(group.calls[0].transfer.after);
  EXPECT_THAT(load_text(with("{share: 12%, to: team1}")).effective_yaml, HasSubstr("to: team1"));
  EXPECT_THAT(problems(load_text(with("{share: 12%, to: expert}"))),
              testing::Contains(HasSubstr("S-007")));
  EXPECT_THAT(problems(load_text(with("{share: 12%}"))), testing::Not(testing::IsEmpty()));
  EXPECT_THAT(problems(load_text(with("{share: 120%, to: team1}"))),
              testing::Contains(HasSubstr("S-006")));
}

TEST(ScenarioLanguage, SessionTimersMayBeSetOrSwitchedOff) {
  const auto with = [](const std::string& value) {
    return minimal("").replace(minimal("").find("site1: {}"), 9,
                               "site1: {sip-server: {session-expires: " + value + "}}");
  };
  EXPECT_EQ(good(minimal()).sites[0].sip_server.session_expires, 30min);
  EXPECT_EQ(good(with("10min")).sites[0].sip_server.session_expires, 10min);
  EXPECT_EQ(good(with("never")).sites[0].sip_server.session_expires, std::nullopt);
  // RFC 4028 §5: an interval below 90 s is refused with 422.
  EXPECT_THAT(problems(load_text(with("60s"))), testing::Not(testing::IsEmpty()));
}

TEST(ScenarioLanguage, ExpectationsKeepMetricComparisonAndValue) {
  const Scenario s = good(minimal(
      "expectations: {before: {service_level: \"> 80%\"}, recovery.agents_100: \"<= 1min15s\",\n"
      "  lost: \"= 0\"}\n"));
  ASSERT_EQ(s.expectations.size(), 3u);
  EXPECT_EQ(s.expectations[0].metric, "phase.before.service_level");
  EXPECT_EQ(s.expectations[0].comparison, models::Comparison::greater);
  EXPECT_EQ(s.expectations[0].value, 0.8);
  EXPECT_EQ(s.expectations[1].metric, "recovery.agents_100");
  EXPECT_EQ(s.expectations[1].comparison, models::Comparison::less_equal);
  EXPECT_EQ(s.expectations[1].value, 75);
  EXPECT_EQ(s.expectations[2].comparison, models::Comparison::equal);
  EXPECT_TRUE(load_text(minimal("expectations: {x: 80%}\n")).has_errors());
}

TEST(ScenarioLanguage, AnchorsMayBeUsed) {
  const Scenario s = good(
      "bcsim: 1\nsites: {a: {}, b: {}}\n"
      "agents: {t: {count: 100, location: a, phone: &p {expires: 60s}},\n"
      "  u: {count: 100, location: b, phone: *p}}\ncalls: {c: {rate: 600/h}}\n");
  EXPECT_EQ(s.agents[1].phone.expires, 60s);
}

TEST(ScenarioLanguage, AliasesThatMultiplyAreStopped) {
  std::string bomb = "bcsim: 1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string p = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + p;
    for (int k = 1; k < 10; ++k) bomb += ", " + p;
    bomb += "]\n";
  }
  EXPECT_EQ(problem(load_text(bomb), "S-009").code, "S-009");
}

}  // namespace
}  // namespace bcsim::tools::scenario_language_test
