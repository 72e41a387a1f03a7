// Registrations and logins at the SIP Server, in BC and in single-site mode (R16, R20, R37–R39).
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/models/sip_server_world.hpp"

namespace bcsim::models::testing::sip_server_agent_test {
namespace {

using namespace std::chrono_literals;
using tlib::Kind;

std::vector<Kind> kinds(const std::vector<std::pair<SimTime, tlib::Message>>& told) {
  std::vector<Kind> out;
  for (const auto& [when, m] : told) out.push_back(m.kind);
  return out;
}

/// Cuts the inter-site link in both directions from `from` until `until`.
void partition(ServerWorld& w, Duration from, std::optional<Duration> until = std::nullopt) {
  w.build();
  for (const sim::LinkId link : {w.dc_link, sim::opposite(w.dc_link)}) {
    w.faults.push_back({at(from), sim::LinkCut{link}});
    if (until) w.faults.push_back({at(*until), sim::LinkHeal{link}});
  }
}

// ---- steady start ----

TEST(SipServerAgent, IsLoggedInReadyAndRegisteredWhenASteadyWorldBegins) {
  ServerWorld w(2);
  w.run(1ms);
  for (const std::uint32_t i : {0u, 1u}) {
    EXPECT_EQ(w.pair(0).agent(AgentId{i}).state(), AgentState::ready);
    EXPECT_FALSE(w.pair(1).agent(AgentId{i}).logged_in());
    EXPECT_TRUE(w.pair(0).in_service(AgentId{i}, at(0s)));
    EXPECT_TRUE(w.pair(1).in_service(AgentId{i}, at(0s)));  // dual (R16)
  }
  EXPECT_EQ(w.records<AgentLogin>().size(), 4u);
  EXPECT_EQ(w.records<DnState>().size(), 8u);
  EXPECT_EQ(w.pair(0).mode(), ServerMode::bc);
}

TEST(SipServerAgent, IsNotThereWhenAColdWorldBegins) {
  ServerWorld w(2, StartMode::cold);
  w.run(1ms);
  EXPECT_FALSE(w.pair(0).agent(AgentId{0}).logged_in());
  EXPECT_FALSE(w.pair(0).in_service(AgentId{0}, at(0s)));
  EXPECT_EQ(w.pair(0).mode(), ServerMode::starting);
}

// ---- registration ----

void registers(ServerWorld& w, Duration when, std::uint32_t agent, SiteIndex site,
               std::uint32_t expires_s) {
  w.registers.push_back({at(when), agent, site, expires_s});
}

TEST(SipServerAgent, GoesOutOfServiceWhenTheBindingExpiresAndIsNotRoutedTo) {
  ServerWorld w;
  w.scenario.agents[0].phone.expires = 100s;
  w.scenario.agents[0].phone.first_refresh = 30s;  // which the stub does not send: expires at 80 s
  w.phones[0] = {.answer_after = 1s};
  w.calls.push_back({.at = at(90s)});
  registers(w, 110s, 0, 0, 60);
  w.run(120s);
  std::vector<std::pair<SimTime, std::uint32_t>> changes;
  for (const auto& [when, r] : w.records<DnState>()) {
    if (r.site == 0 && r.agent == AgentId{0} && when > at(0s)) {
      changes.emplace_back(when, r.in_service);
    }
  }
  // Challenged first: in service after REGISTER, 401, REGISTER.
  const std::vector<std::pair<SimTime, std::uint32_t>> expected = {{at(80s), 0},
                                                                   {at(110s + 1500us), 1}};
  EXPECT_EQ(changes, expected);
  ASSERT_EQ(w.records<CallRouted>().size(), 1u);
  EXPECT_EQ(w.records<CallRouted>()[0].first, at(110s + 1500us));
  const auto told = kinds(w.told(0, 0));
  EXPECT_EQ(std::vector<Kind>(told.begin(), told.begin() + 2),
            (std::vector{Kind::dn_out_of_service, Kind::dn_in_service}));
}

TEST(SipServerAgent, IsBoundWithoutAChallengeIfDigestIsOff) {
  ServerWorld w(1, StartMode::cold);
  w.scenario.sites[0].sip_server.digest = false;
  registers(w, 1s, 0, 0, 60);
  w.run(2s);
  ASSERT_EQ(w.records<DnState>().size(), 1u);
  EXPECT_EQ(w.records<DnState>()[0].first, at(1s + 500us));
}

TEST(SipServerAgent, LeavesServiceWhenThePhoneUnregisters) {
  ServerWorld w;
  registers(w, 1s, 0, 0, 0);
  w.calls.push_back({.at = at(2s)});
  w.run(5s);
  EXPECT_FALSE(w.pair(0).in_service(AgentId{0}, at(5s)));
  EXPECT_TRUE(w.records<CallRouted>().empty());
}

TEST(SipServerAgent, KeepsItsBindingAsLongAsItIsRefreshed) {
  ServerWorld w(1, StartMode::cold);
  for (int i = 0; i < 20; ++i) registers(w, std::chrono::seconds(1 + 30 * i), 0, 0, 60);
  w.run(600s);
  EXPECT_EQ(w.records<DnState>().size(), 1u);
  EXPECT_TRUE(w.pair(0).in_service(AgentId{0}, at(600s)));
}

TEST(SipServerAgent, KeepsHisBindingWhenARegisterComesThatALaterOneHasOvertaken) {
  // RFC 3261 §10.3 step 7: with the Call-ID of the one heeded, and a lower CSeq.
  for (const bool overtaken : {true, false}) {
    ServerWorld w(1, StartMode::cold);
    registers(w, 1s, 0, 0, 600);
    w.registers.push_back({at(10s), 0, 0, 0, overtaken ? 1u : 9u});  // to end the binding
    w.run(20s);
    std::vector<std::uint16_t> answers;
    for (const Heard& h : w.heard) {
      const auto* r = std::get_if<sip::Response>(&h.message);
      if (r != nullptr && h.to == w.phone(0) && h.at > at(10s)) answers.push_back(r->status);
    }
    EXPECT_EQ(answers, (std::vector<std::uint16_t>{
                           401, overtaken ? std::uint16_t{500} : std::uint16_t{200}}));
    EXPECT_EQ(w.pair(0).in_service(AgentId{0}, at(20s)), overtaken);
    EXPECT_EQ(w.records<DnState>().size(), overtaken ? 1u : 2u);
  }
}

// ---- login (R37, R39) ----

TEST(SipServerAgent, IsRefusedWithoutAnEndpointInBcModeAndAcceptedInSingleSiteMode) {
  for (const bool single : {false, true}) {
    ServerWorld w;
    w.scenario.sites[0].sip_server.dr_peer_trunk = !single;
    // Agent 1 prefers site 2, where alone his phone is registered.
    w.scenario.agents[1].phone.registration = RegistrationMode::single;
    w.desktops.push_back({at(1s), AgentId{1}, 0, Kind::register_address});
    w.desktops.push_back({at(2s), AgentId{1}, 0, Kind::agent_login});
    w.desktops.push_back({at(3s), AgentId{1}, 0, Kind::set_ready});
    w.calls.push_back({.at = at(4s)});
    w.calls.push_back({.at = at(4s)});
    w.phones[0] = {.answer_after = 1s};
    w.run(10s);
    const auto told = kinds(w.told(1, 0));
    if (single) {
      EXPECT_EQ(told, (std::vector{Kind::registered, Kind::single_site_mode, Kind::agent_logged_in,
                                   Kind::ready}));
      const auto logins = w.records<AgentLogin>();
      EXPECT_EQ(logins.back().second.site, 0u);
      EXPECT_EQ(logins.back().second.endpoint_in_service, 0u);
    } else {
      EXPECT_EQ(told, (std::vector{Kind::registered, Kind::login_refused, Kind::login_refused}));
      EXPECT_EQ(w.records<AgentLoginRefused>().size(), 1u);
    }
    // Logged in or not, he gets no call: his DN is out of service.
    ASSERT_EQ(w.records<CallRouted>().size(), 1u);
    EXPECT_EQ(w.records<CallRouted>()[0].second.agent, AgentId{0});
  }
}

TEST(SipServerAgent, IsLoggedOutAtTheOtherSiteInBcMode) {
  ServerWorld w;
  w.desktops.push_back({at(1s), AgentId{0}, 1, Kind::agent_login});
  w.run(5s);
  const auto logouts = w.records<AgentLogout>();
  ASSERT_EQ(logouts.size(), 1u);
  EXPECT_EQ(logouts[0].first, at(1s + 40ms));  // login 20 ms, word to the peer 20 ms
  EXPECT_EQ(logouts[0].second.site, 0u);
  EXPECT_EQ(logouts[0].second.forced, 1u);
  const auto told = w.told(0, 0);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].second.kind, Kind::agent_logged_out);
  EXPECT_TRUE(told[0].second.flag);
  EXPECT_TRUE(w.pair(1).agent(AgentId{0}).logged_in());
}

TEST(SipServerAgent, IsLoggedOutOnlyAfterHisCall) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 10s};
  w.calls.push_back({.at = at(1s)});
  w.desktops.push_back({at(5s), AgentId{0}, 1, Kind::agent_login});
  w.desktops_follow_calls = false;
  w.run(30s);
  const auto logouts = w.records<AgentLogout>();
  ASSERT_EQ(logouts.size(), 1u);
  EXPECT_EQ(logouts[0].first, at(12s + 2500us));
  EXPECT_EQ(kinds(w.told(0, 0)), (std::vector{Kind::ringing, Kind::established, Kind::released,
                                              Kind::agent_logged_out}));
}

TEST(SipServerAgent, IsNotLoggedOutAnywhereInSingleSiteMode) {
  ServerWorld w;
  w.scenario.first_trunk_probe[0] = w.scenario.first_trunk_probe[1] = 2s;
  partition(w, 1s);
  w.desktops.push_back({at(10s), AgentId{0}, 1, Kind::agent_login});
  w.run(40s);
  EXPECT_EQ(w.pair(0).mode(), ServerMode::single);
  EXPECT_TRUE(w.records<AgentLogout>().empty());
  EXPECT_TRUE(w.pair(0).agent(AgentId{0}).logged_in());  // a ghost, for now
  EXPECT_TRUE(w.pair(1).agent(AgentId{0}).logged_in());
}

TEST(SipServerAgent, StaysLoggedInWhereHeLoggedInLastWhenBcModeReturns) {
  // Whatever side comes back to BC mode first (R47).
  for (const Duration second_probe : {2s, 7s}) {
    ServerWorld w;
    w.scenario.first_trunk_probe[0] = 4s;
    w.scenario.first_trunk_probe[1] = second_probe;
    partition(w, 1s, 60s);
    w.desktops.push_back({at(30s), AgentId{0}, 1, Kind::agent_login});
    w.run(100s);
    EXPECT_EQ(w.pair(0).mode(), ServerMode::bc);
    const auto logouts = w.records<AgentLogout>();
    ASSERT_EQ(logouts.size(), 1u);
    EXPECT_EQ(logouts[0].second.site, 0u);
    EXPECT_EQ(logouts[0].second.forced, 1u);
    EXPECT_TRUE(w.pair(1).agent(AgentId{0}).logged_in());
  }
}

TEST(SipServerAgent, LogsOutAndInAgainAsTold) {
  ServerWorld w;
  w.desktops.push_back({at(1s), AgentId{0}, 0, Kind::agent_logout});
  w.desktops.push_back({at(2s), AgentId{0}, 0, Kind::agent_login});
  w.desktops.push_back({at(3s), AgentId{0}, 0, Kind::set_ready});
  w.desktops.push_back({at(4s), AgentId{0}, 0, Kind::set_not_ready});
  w.run(5s);
  EXPECT_EQ(kinds(w.told(0, 0)), (std::vector{Kind::agent_logged_out, Kind::agent_logged_in,
                                              Kind::ready, Kind::not_ready}));
  EXPECT_FALSE(w.told(0, 0)[0].second.flag);
  EXPECT_FALSE(w.told(0, 0)[3].second.flag);
  EXPECT_EQ(w.records<AgentLogout>()[0].second.forced, 0u);
}

TEST(SipServerAgent, IsToldWhenTheModeChanges) {
  ServerWorld w;
  w.scenario.first_trunk_probe[0] = 2s;
  partition(w, 1s, 30s);
  w.run(60s);
  const auto told = w.told(0, 0);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].first, at(7s + 500us));
  EXPECT_TRUE(told[0].second.flag);
  EXPECT_EQ(told[1].first, at(32s + 40ms + 500us));
  EXPECT_FALSE(told[1].second.flag);
}

TEST(SipServerAgent, WhoAsksAgainAfterALostConnectionIsToldWhichCallHeIsOn) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 60s};
  w.calls.push_back({.at = at(1s)});
  w.desktops.push_back({at(10s), AgentId{0}, 0, Kind::agent_login});
  w.run(20s);
  const auto told = w.told(0, 0);
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[2].second.kind, Kind::agent_logged_in);
  EXPECT_EQ(told[2].second.call, CallId{0});
  EXPECT_EQ(w.pair(0).agent(AgentId{0}).state(), AgentState::talking);
  EXPECT_EQ(w.records<AgentLogin>().size(), 2u);  // those of the start
}

TEST(SipServerAgent, GetsTheReleaseHeMissedWhenHisDesktopIsBack) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 10s};
  w.calls.push_back({.at = at(1s), .after_call_work = 7s});
  w.build();
  w.faults.push_back({at(5s), sim::NodeCrash{w.desktop(0)}});
  w.faults.push_back({at(6s), sim::NodeStart{w.desktop(0)}});
  registers(w, 7s, 0, 0, 0);  // its event meets a reset: now the server knows
  w.desktops.push_back({at(20s), AgentId{0}, 0, Kind::register_address});
  w.run(24s);
  EXPECT_EQ(w.pair(0).agent(AgentId{0}).state(), AgentState::after_call_work);
  const auto told = w.told(0, 0);
  ASSERT_GE(told.size(), 2u);
  EXPECT_EQ(told[told.size() - 2].second.kind, Kind::registered);
  EXPECT_EQ(told.back().second.kind, Kind::released);
  EXPECT_EQ(told.back().second.work, 7s);
}

TEST(SipServerAgent, IsRefusedReadyIfTheServerHasForgottenHim) {
  ServerWorld w;
  w.desktops.push_back({at(1s), AgentId{0}, 1, Kind::set_ready});
  w.run(5s);
  EXPECT_EQ(kinds(w.told(0, 1)), (std::vector{Kind::login_refused}));
}

TEST(SipServerAgent, HearsTheServerAnswerEveryPoll) {
  ServerWorld w;
  w.desktops.push_back({at(1s), AgentId{0}, 0, Kind::addp_poll});
  w.run(5s);
  const bool answered = std::any_of(w.heard.begin(), w.heard.end(), [&](const Heard& h) {
    const auto* m = std::get_if<tlib::Message>(&h.message);
    return m != nullptr && m->kind == Kind::addp_reply && h.to == w.desktop(0) &&
           h.at == at(1s + 1ms);
  });
  EXPECT_TRUE(answered);
}

// ---- what only a server says ----

TEST(SipServerAgent, IsNotMovedByEventsWhichHisDesktopCannotSend) {
  const Kind events[] = {Kind::registered,
                         Kind::agent_logged_in,
                         Kind::login_refused,
                         Kind::agent_logged_out,
                         Kind::ready,
                         Kind::not_ready,
                         Kind::ringing,
                         Kind::established,
                         Kind::held,
                         Kind::retrieved,
                         Kind::dialing,
                         Kind::call_refused,
                         Kind::released,
                         Kind::dn_out_of_service,
                         Kind::dn_in_service,
                         Kind::private_info,
                         Kind::single_site_mode,
                         Kind::addp_reply,
                         Kind::transfer_refused,
                         Kind::consulted,
                         Kind::not_consulted};
  for (const AgentState state :
       {AgentState::logged_out, AgentState::not_ready, AgentState::ready, AgentState::ringing,
        AgentState::talking, AgentState::after_call_work}) {
    SCOPED_TRACE(static_cast<int>(state));
    ServerWorld w;
    w.phones[0] = {.answer_after = state == AgentState::ringing ? 15s : 1s};
    if (state == AgentState::after_call_work) w.phones[0].hang_up_after = 2s;
    if (state >= AgentState::ringing) w.calls.push_back({.at = at(1s), .after_call_work = 1min});
    if (state == AgentState::logged_out) {
      w.desktops.push_back({at(1s), AgentId{0}, 0, Kind::agent_logout});
    } else if (state == AgentState::not_ready) {
      w.desktops.push_back({at(1s), AgentId{0}, 0, Kind::set_not_ready});
    }
    Duration when = 5s;
    for (const Kind event : events) {
      for (const SiteIndex site : {0, 1}) {
        w.desktops.push_back({at(when += 10ms), AgentId{0}, site, event});
      }
    }
    w.run(9s);  // before the first probe
    EXPECT_EQ(w.pair(0).agent(AgentId{0}).state(), state);
    EXPECT_FALSE(w.pair(1).agent(AgentId{0}).logged_in());
    for (const JournalEntry& entry : w.journal) EXPECT_LT(entry.at, at(5s));
    for (const Heard& h : w.heard) {  // nobody says a word
      EXPECT_TRUE(h.at < at(5s) || h.from == w.desktop(0));
    }
  }
}

// ---- graceful shutdown (§2.3) ----

TEST(SipServerAgent, AreSentAwayAsTheServerDrains) {
  ServerWorld w(3);
  w.scenario.sites[0].sip_server.shutdown_sip_reject_code = 302;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 20s};
  w.phones[1] = {.answer_after = 0s, .hang_up_after = 3s};
  w.calls.push_back({.at = at(1s), .after_call_work = 5s});
  w.calls.push_back({.at = at(2s), .after_call_work = 12s});
  w.calls.push_back({.at = at(11s)});
  w.build();
  w.notices.push_back({at(10s), {w.server(0, 0), notice::Message{notice::Kind::drain, 0, {}}}});
  w.run(60s);
  std::vector<std::pair<SimTime, AgentId>> logouts;
  for (const auto& [when, r] : w.records<AgentLogout>()) {
    EXPECT_EQ(r.forced, 1u);
    logouts.emplace_back(when, r.agent);
  }
  // The idle one at once, who works after his call at his Ready, who talks after his call.
  ASSERT_EQ(logouts.size(), 3u);
  EXPECT_EQ(logouts[0], std::pair(at(10s), AgentId{2}));
  EXPECT_EQ(logouts[1].second, AgentId{1});
  EXPECT_NEAR(sim::seconds(logouts[1].first), 17, 0.1);
  EXPECT_EQ(logouts[2].second, AgentId{0});
  EXPECT_NEAR(sim::seconds(logouts[2].first), 22, 0.1);
  const auto rejected = w.records<RequestRejected>();
  ASSERT_EQ(rejected.size(), 1u);
  EXPECT_EQ(rejected[0].second.status, 302u);
  EXPECT_EQ(w.pair(0).mode(), ServerMode::stopped);
  EXPECT_EQ(w.records<CallAnswered>().size(), 2u);
}

TEST(SipServerAgent, AreSentAwayAfterTheirCallThoughTheyHaveAskedToStay) {
  for (const Duration work : {0s, 5s}) {
    ServerWorld w;
    w.phones[0] = {.answer_after = 1s, .hang_up_after = 20s};
    w.calls.push_back({.at = at(1s), .after_call_work = work});
    w.build();
    w.notices.push_back({at(10s), {w.server(0, 0), notice::Message{notice::Kind::drain, 0, {}}}});
    // A desktop whose connection was lost asks for its login again.
    w.desktops.push_back({at(12s), AgentId{0}, 0, Kind::agent_login});
    w.run(60s);
    const auto logouts = w.records<AgentLogout>();
    ASSERT_EQ(logouts.size(), 1u);
    EXPECT_EQ(logouts[0].second.forced, 1u);
    EXPECT_NEAR(sim::seconds(logouts[0].first), 22 + sim::seconds(work), 0.1);
    EXPECT_EQ(w.pair(0).mode(), ServerMode::stopped);
  }
}

TEST(SipServerAgent, StayIfTheDrainIsCalledOffDuringTheirCall) {
  for (const Duration over : {11s, 20s}) {  // during the first one's call, and after it
    ServerWorld w(2);
    w.phones[0] = {.answer_after = 1s, .hang_up_after = 12s};
    w.calls.push_back({.at = at(1s), .after_call_work = 0s});
    w.build();
    w.notices.push_back({at(10s), {w.server(0, 0), notice::Message{notice::Kind::drain, 0, {}}}});
    w.notices.push_back({at(over), {w.server(0, 0), notice::Message{notice::Kind::drain, 1, {}}}});
    w.run(60s);
    EXPECT_EQ(w.records<AgentLogout>().size(), over == 11s ? 1u : 2u);
  }
}

TEST(SipServerAgent, LeaveCallsThatStillWaitToTheDefaultDestination) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 1s, .hang_up_after = 10s};
  w.calls.push_back({.at = at(1s)});
  w.calls.push_back({.at = at(2s)});
  w.build();
  w.notices.push_back({at(5s), {w.server(0, 0), notice::Message{notice::Kind::drain, 0, {}}}});
  w.run(60s);
  const auto sent = w.records<CallDefaultRouted>();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].second.cause, CallDefaultRouted::Cause::draining);
  EXPECT_EQ(sent[0].second.call, CallId{1});
  EXPECT_EQ(w.pair(0).call_count(), 0u);
}

}  // namespace
}  // namespace bcsim::models::testing::sip_server_agent_test
