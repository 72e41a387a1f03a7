// The gateway in a small world: failover, retransmissions, redirection (R28, R41, §3.1, §5.1,
// §5.11).
#include "models/endpoints/media_gateway.hpp"

#include <gtest/gtest.h>

#include "tests/support/gateway_world.hpp"

namespace bcsim::testing::media_gateway_test {
namespace {

using Times = std::vector<SimTime>;
using Released = GatewayWorld::Released;
using pstn::Release;
using sip::Method;

constexpr CallId kCall{0}, kSecond{1}, kThird{2}, kFourth{3};

/// Tells the first request from its copies, and all of them from those of other calls.
Times copies_to(const GatewayWorld& world, SiteIndex site, CallId call) {
  return world.sent(world.sip_server[site], Method::invite, call);
}
std::vector<SimTime> arrivals_at(const GatewayWorld& world, SiteIndex site, CallId call) {
  std::vector<SimTime> result;
  for (const auto& seen : world.requests(world.sip_server[site], Method::invite, call)) {
    result.push_back(seen.arrived);
  }
  return result;
}

// ---- a silent server ---------------------------------------------------------------------------

/// §5.11, run A, what concerns gateways: MG2 stands at site 2 but calls SS1 first.
Scenario golden_scenario(bool flush) {
  Scenario s = gateway_scenario();
  s.gateways[1].home_site = 0;
  s.gateways[0].flush_on_offline = flush;
  return s;
}
void run_golden(GatewayWorld& world) {
  world.script[0].deaf = true;  // dead from 0 on, but the copies can be counted
  world.setup(2s, 0, kCall);
  world.setup(6s, 0, kSecond);
  world.setup(10s, 0, kThird);
  world.setup(3s, 1, kFourth);
  world.run(20s);
}

TEST(MediaGateway, FollowsTheGoldenRunWhenSite1Fails) {
  GatewayWorld world(golden_scenario(false));
  run_golden(world);
  EXPECT_EQ(copies_to(world, 0, kCall), (Times{at(2s), at(2500ms), at(3500ms), at(5500ms)}));
  EXPECT_EQ(copies_to(world, 0, kFourth), (Times{at(3s), at(3500ms), at(4500ms), at(6500ms)}));
  EXPECT_EQ(world.marked(0, 0), Times{at(9500ms)});
  EXPECT_EQ(world.invited(kCall, 1), Times{at(9500ms)});
  EXPECT_EQ(arrivals_at(world, 1, kCall), Times{at(9520ms)});
  EXPECT_TRUE(copies_to(world, 0, kThird).empty());
  EXPECT_EQ(arrivals_at(world, 1, kThird), Times{at(10020ms)});
  EXPECT_EQ(world.marked(1, 0), Times{at(10500ms)});
  EXPECT_EQ(arrivals_at(world, 1, kFourth), Times{at(10500500us)});
  // c2 waits for its own timer: delay W again.
  EXPECT_EQ(copies_to(world, 0, kSecond), (Times{at(6s), at(6500ms), at(7500ms), at(9500ms)}));
  EXPECT_EQ(world.invited(kSecond, 1), Times{at(13500ms)});
  EXPECT_EQ(world.all<SetupFailed>().size(), 3u);
  EXPECT_TRUE(world.gateway[0]->online(1));
  EXPECT_FALSE(world.gateway[0]->online(0));
}

TEST(MediaGateway, MovesPendingCallsAtOnceIfItFlushesOnOffline) {
  GatewayWorld world(golden_scenario(true));
  run_golden(world);
  EXPECT_EQ(world.invited(kCall, 1), Times{at(9500ms)});
  EXPECT_EQ(world.invited(kSecond, 1), Times{at(9500ms)});  // delay 3.5 s instead of 7.5
  EXPECT_EQ(world.invited(kThird, 1), Times{at(10s)});
  EXPECT_EQ(world.marked(0, 0), Times{at(9500ms)});
  EXPECT_EQ(world.all<CallInvited>().size(), 7u);
}

TEST(MediaGateway, FlushesOnAnUnansweredOptionsToo) {
  Scenario s = gateway_scenario();
  s.gateways[0].flush_on_offline = true;
  s.gateways[0].first_options = 1s;
  GatewayWorld world(s);
  world.script[0].deaf = true;
  world.setup(2s, 0, kCall);
  world.run(20s);
  EXPECT_EQ(world.marked(0, 0), Times{at(8500ms)});
  EXPECT_EQ(world.invited(kCall, 1), Times{at(8500ms)});
}

TEST(MediaGateway, CancelsAnInviteThatIsAnsweredAfterItHasMovedOn) {
  Scenario s = gateway_scenario();
  s.gateways[0].flush_on_offline = true;
  s.gateways[0].first_options = 1s;
  GatewayWorld world(s);
  world.script[0].deaf = true;
  world.script[0].on_invite = [](CallServer& server, Context& context, const sip::Request& r) {
    server.provisional(context, r.call, 100);
  };
  // The last copy, at 9.5 s, finds the server alive again: after the flush at 8.5 s.
  world.script[0].at(9s, [&](CallServer&, Context&) { world.script[0].deaf = false; });
  world.setup(6s, 0, kCall);
  world.run(20s);
  EXPECT_EQ(world.invited(kCall, 1), Times{at(8500ms)});
  EXPECT_EQ(world.sent(world.sip_server[0], Method::cancel), Times{at(9501ms)});
  EXPECT_EQ(world.gateway[0]->pending_invites(), 0u);
  EXPECT_EQ(world.gateway[0]->call_count(), 1u);
}

TEST(MediaGateway, WaitsForWBeforeItTriesTheOtherSite) {  // §3.1: W(R)
  const std::vector<Duration> waits = {500ms, 1500ms, 3500ms, 7500ms, 15500ms, 31500ms, 32s, 32s};
  const std::vector<Duration> instants = {0s, 500ms, 1500ms, 3500ms, 7500ms, 15500ms, 31500ms};
  for (int r = 0; r < static_cast<int>(waits.size()); ++r) {
    SCOPED_TRACE(r);
    Scenario s = gateway_scenario();
    s.gateways[0].retransmissions = r;
    GatewayWorld world(s);
    world.script[0].deaf = true;
    world.setup(2s, 0, kCall);
    world.run(40s);
    Times copies;
    for (int i = 0; i <= r && i < 7; ++i) copies.push_back(at(2s + instants[i]));
    EXPECT_EQ(copies_to(world, 0, kCall), copies);
    EXPECT_EQ(world.invited(kCall, 1), Times{at(2s + waits[r])});
    EXPECT_EQ(world.marked(0, 0), Times{at(2s + waits[r])});
  }
}

TEST(MediaGateway, GivesUpWhenBothSitesAreSilent) {
  GatewayWorld world(gateway_scenario());
  world.script[0].deaf = world.script[1].deaf = true;
  world.setup(2s, 0, kCall);
  world.setup(20s, 0, kSecond);
  world.run(40s);
  EXPECT_EQ(world.invited(kCall, 1), Times{at(9500ms)});
  EXPECT_EQ(world.released(kCall), (Released{at(17s), Release::no_response, 0}));
  EXPECT_EQ(world.marked(0, 1), Times{at(17s)});
  // Nobody is online: its home is tried all the same, once.
  EXPECT_EQ(world.invited(kSecond, 0), Times{at(20s)});
  EXPECT_TRUE(world.invited(kSecond, 1).empty());
  EXPECT_EQ(world.released(kSecond), (Released{at(27500ms), Release::no_response, 0}));
  EXPECT_EQ(world.gateway[0]->call_count(), 0u);
  EXPECT_EQ(world.gateway[0]->pending_invites(), 0u);
}

TEST(MediaGateway, WithASingleTargetNeverTriesTheOtherSite) {  // V-W20
  Scenario s = gateway_scenario();
  s.gateways[1].second_target = false;
  GatewayWorld world(s);
  world.script[1].deaf = true;
  world.setup(2s, 1, kCall);
  world.run(120s);
  EXPECT_EQ(world.released(kCall), (Released{at(9500ms), Release::no_response, 0}));
  EXPECT_EQ(world.requests(world.sip_server[0], Method::invite).size(), 0u);
  const auto probes = world.requests(world.sip_server[0], Method::options);
  for (const auto& probe : probes) EXPECT_EQ(probe.request.contact.value, 1u);  // the other's only
  EXPECT_FALSE(world.gateway[1]->online(1));
}

TEST(MediaGateway, LearnsOfADeadProcessInARoundTrip) {  // §3.2, §5.1: D_mg = RTT
  GatewayWorld world(gateway_scenario());
  world.crash(1s, world.sip_server[0]);
  world.setup(2s, 0, kCall);
  world.run(20s);
  EXPECT_EQ(world.marked(0, 0), Times{at(2001ms)});
  EXPECT_EQ(world.invited(kCall, 1), Times{at(2001ms)});
  const auto failures = world.all<SetupFailed>();
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].second.status, 503u);

  Scenario deaf = gateway_scenario();
  deaf.gateways[0].heed_icmp = false;
  GatewayWorld other(deaf);
  other.crash(1s, other.sip_server[0]);
  other.setup(2s, 0, kCall);
  other.run(20s);
  EXPECT_EQ(other.marked(0, 0), Times{at(9500ms)});
}

TEST(MediaGateway, RidesOutAnOutageShorterThanItsLastCopy) {  // §5.8
  const auto answered_by = [](Duration set_up) {
    GatewayWorld world(gateway_scenario());
    world.script[0].at(2s, [&](CallServer&, Context&) { world.script[0].deaf = true; });
    world.script[0].at(6s, [&](CallServer&, Context&) { world.script[0].deaf = false; });
    world.setup(set_up, 0, kCall);
    world.run(20s);
    return world.invited(kCall, 1).empty() ? 0 : 1;
  };
  // H = 4 s: an INVITE of its first half second has sent its last copy, at +3.5 s, too early.
  EXPECT_EQ(answered_by(2100ms), 1);
  EXPECT_EQ(answered_by(2490ms), 1);
  EXPECT_EQ(answered_by(2510ms), 0);
  EXPECT_EQ(answered_by(5900ms), 0);
}

// ---- proceeding
// ----------------------------------------------------------------------------------

TEST(MediaGateway, HangsAfterAProvisionalAnswerUntilItsRingTimeout) {  // §3.1
  GatewayWorld world(gateway_scenario());
  world.script[0].on_invite = [&](CallServer& server, Context& context, const sip::Request& r) {
    server.provisional(context, r.call, 100);
    world.script[0].deaf = true;
  };
  world.setup(2s, 0, kCall);
  world.run(260s);
  EXPECT_EQ(copies_to(world, 0, kCall), Times{at(2s)});  // not one more after the 100
  EXPECT_EQ(world.released(kCall), (Released{at(182001ms), Release::ring_timeout, 0}));
  EXPECT_EQ(world.sent(world.sip_server[0], Method::cancel).at(0), at(182001ms));
  EXPECT_TRUE(world.invited(kCall, 1).empty());
  EXPECT_EQ(world.gateway[0]->pending_invites(), 0u);
}

TEST(MediaGateway, PassesRingingOnAndNotTrying) {
  for (const std::uint16_t status : {180, 183}) {
    GatewayWorld world(gateway_scenario());
    world.script[0].on_invite = [&](CallServer& server, Context& context, const sip::Request& r) {
      server.provisional(context, r.call, 100);
    };
    world.script[0].at(3s, [&](CallServer& server, Context& context) {
      server.provisional(context, kCall, status);
      server.provisional(context, kCall, status);
    });
    world.setup(2s, 0, kCall);
    world.run(10s);
    const auto told = world.told(kCall);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].second.kind, pstn::Kind::alerting);
    EXPECT_EQ(told[0].first, at(3000500us));
  }
}

TEST(MediaGateway, DoesNotHoldASiteForDeadBecauseOneEarlyDialogWasLost) {  // §2.4
  GatewayWorld world(gateway_scenario());
  world.script[0].answers_cancel = false;
  world.script[0].on_invite = [](CallServer& server, Context& context, const sip::Request& r) {
    server.provisional(context, r.call, 100);
  };
  world.setup(2s, 0, kCall);
  world.hang_up(10s, 0, kCall);
  world.run(49s);
  EXPECT_TRUE(world.all<ProxyState>().empty());
  EXPECT_EQ(world.gateway[0]->pending_invites(), 0u);  // cancelled for good after 64·T1
}

// ---- rejections
// ----------------------------------------------------------------------------------

TEST(MediaGateway, TakesARejectionForAnAnswer) {
  for (const std::uint16_t status : {404, 408, 480, 486, 487, 600, 603}) {
    GatewayWorld world(gateway_scenario());
    world.script[0].on_invite = [&](CallServer& server, Context& context, const sip::Request& r) {
      server.reject(context, r.call, status);
    };
    world.setup(2s, 0, kCall);
    world.run(10s);
    EXPECT_EQ(world.released(kCall), (Released{at(2001ms), Release::rejected, status}));
    EXPECT_TRUE(world.invited(kCall, 1).empty());
    EXPECT_TRUE(world.all<SetupFailed>().empty());
    EXPECT_EQ(world.requests(world.sip_server[0], Method::ack).size(), 1u);
  }
}

TEST(MediaGateway, TriesTheOtherSiteOnceAfterAServerError) {
  for (const std::uint16_t status : {500, 503, 504}) {
    GatewayWorld world(gateway_scenario());
    for (CallScript& script : world.script) {
      script.on_invite = [&](CallServer& server, Context& context, const sip::Request& r) {
        server.reject(context, r.call, status);
      };
    }
    world.setup(2s, 0, kCall);
    world.run(10s);
    EXPECT_EQ(world.invited(kCall, 1), Times{at(2001ms)});
    EXPECT_EQ(world.released(kCall), (Released{at(2041ms), Release::rejected, status}));
    EXPECT_EQ(world.all<SetupFailed>().size(), 2u);
    EXPECT_TRUE(world.all<ProxyState>().empty());  // they live
  }
}

TEST(MediaGateway, SendsNothingToAServerDuringItsRetryAfter) {  // RFC 3261 §21.5.4
  GatewayWorld world(gateway_scenario());
  bool busy = true;
  world.script[0].on_invite = [&](CallServer& server, Context& context, const sip::Request& r) {
    if (busy) {
      server.reject(context, r.call, 503, 20);
    } else {
      server.answer_treatment(context, r.call);
    }
  };
  world.script[0].at(3s, [&](CallServer&, Context&) { busy = false; });
  world.setup(2s, 0, kCall);
  world.setup(22s, 0, kSecond);
  world.setup(22002ms, 0, kThird);
  world.run(30s);
  EXPECT_EQ(world.invited(kCall, 1), Times{at(2001ms)});
  EXPECT_EQ(world.invited(kSecond, 1), Times{at(22s)});  // 20 s from 2.001 are not over
  EXPECT_EQ(world.invited(kThird, 0), Times{at(22002ms)});
}

// ---- redirection
// ---------------------------------------------------------------------------------

TEST(MediaGateway, FollowsARedirectionToThePeer) {  // §3.9b: the first server leaves the path
  GatewayWorld world(gateway_scenario());
  world.script[0].on_invite = [&](CallServer& server, Context& context, const sip::Request& r) {
    EXPECT_FALSE(r.bc_hop);
    server.redirect(context, r.call, world.directory.sip_server[1]);
  };
  world.setup(2s, 0, kCall, 7);
  world.run(10s);
  const auto second = world.requests(world.sip_server[1], Method::invite);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].arrived, at(2021ms));  // RTT(MG,SS1) + RTT(MG,SS2)/2 after the set-up
  EXPECT_TRUE(second[0].request.bc_hop);
  EXPECT_EQ(second[0].request.priority, 7);
  EXPECT_EQ(second[0].request.dn, Dn::queue(0));
  EXPECT_EQ(second[0].request.conversation.talk, 60s);
  EXPECT_EQ(second[0].request.media, world.directory.gateways[0]);
  const auto first = world.requests(world.sip_server[0], Method::invite);
  EXPECT_NE(second[0].request.dialog, first.at(0).request.dialog);
  EXPECT_EQ(world.told(kCall).at(0).second.kind, pstn::Kind::connect);
}

TEST(MediaGateway, ComesBackWhenARedirectionLeadsToADeadPeer) {  // §5.4
  GatewayWorld world(gateway_scenario());
  world.script[1].deaf = true;
  world.script[0].on_invite = [&](CallServer& server, Context& context, const sip::Request& r) {
    if (r.bc_hop) {
      server.answer_treatment(context, r.call);
    } else {
      server.redirect(context, r.call, world.directory.sip_server[1]);
    }
  };
  world.setup(2s, 0, kCall);
  world.setup(20s, 0, kSecond);
  world.run(40s);
  EXPECT_EQ(world.invited(kCall, 0), (Times{at(2s), at(9501ms)}));
  EXPECT_EQ(world.invited(kCall, 1), Times{at(2001ms)});
  EXPECT_EQ(world.told(kCall).at(0).first, at(9502ms));
  // Offline by now, and tried all the same: the server that redirects must know.
  EXPECT_EQ(world.invited(kSecond, 1), Times{at(20001ms)});
}

TEST(MediaGateway, DoesNotRunInCirclesBetweenServersThatRedirect) {
  GatewayWorld world(gateway_scenario());
  for (SiteIndex site : {0, 1}) {
    world.script[site].on_invite = [&, site](CallServer& server, Context& context,
                                             const sip::Request& r) {
      server.redirect(context, r.call, world.directory.sip_server[peer_of(site)]);
    };
  }
  world.setup(2s, 0, kCall);
  world.run(10s);
  EXPECT_EQ(world.released(kCall).release, Release::rejected);
  EXPECT_EQ(world.released(kCall).status, 302);
  EXPECT_EQ(world.all<CallInvited>().size(), 3u);
}

TEST(MediaGateway, DoesNotAskAServerAThirdTimeThatRedirectsToADeadPeer) {  // a drain: §2.2
  for (const bool dead_first : {false, true}) {
    GatewayWorld world(gateway_scenario());
    const SiteIndex drained = dead_first ? 1 : 0;
    world.script[peer_of(drained)].deaf = true;
    world.script[drained].on_invite = [&](CallServer& server, Context& context,
                                          const sip::Request& r) {
      server.redirect(context, r.call, world.directory.sip_server[peer_of(drained)]);
    };
    world.setup(2s, 0, kCall);
    world.run(40s);
    EXPECT_EQ(world.released(kCall).release, Release::rejected);
    EXPECT_EQ(world.released(kCall).status, 302);
    EXPECT_EQ(world.invited(kCall, drained).size(), 2u);
    EXPECT_EQ(world.invited(kCall, peer_of(drained)).size(), 1u);
  }
}

TEST(MediaGateway, KnowsTheDefaultDestinationByARedirectionToNobodyItKnows) {
  GatewayWorld world(gateway_scenario());
  world.script[0].on_invite = [&](CallServer& server, Context& context, const sip::Request& r) {
    server.redirect(context, r.call, {}, r.call == kCall ? 302 : 300);
  };
  world.setup(2s, 0, kCall);
  world.setup(3s, 0, kSecond);
  world.run(10s);
  EXPECT_EQ(world.released(kCall), (Released{at(2001ms), Release::default_routed, 302}));
  EXPECT_EQ(world.released(kSecond), (Released{at(3001ms), Release::rejected, 300}));
}

// ---- keep-alive and redundancy -----------------------------------------------------------------

TEST(MediaGateway, AsksBothServersEveryPeriodAndTakesAnyAnswerForLife) {
  Scenario s = gateway_scenario();
  s.gateways.pop_back();
  s.gateways[0].first_options = 10s;
  GatewayWorld world(s);
  world.script[1].options_status = 503;
  world.run(200s);
  for (SiteIndex site : {0, 1}) {
    EXPECT_EQ(world.sent(world.sip_server[site], Method::options),
              (Times{at(10s), at(70s), at(130s), at(190s)}));
  }
  EXPECT_TRUE(world.all<ProxyState>().empty());
}

TEST(MediaGateway, HoldsAServerOnlineAgainAfterEnoughGoodAnswers) {  // §5.1
  for (const int retries : {1, 3}) {
    Scenario s = gateway_scenario();
    s.gateways[0].first_options = 10s;
    s.gateways[0].success_retries = retries;
    GatewayWorld world(s);
    world.script[0].deaf = true;
    world.script[0].at(100s, [&](CallServer&, Context&) { world.script[0].deaf = false; });
    world.setup(120s, 0, kCall);
    world.setup(151s, 0, kSecond);
    world.run(180s);
    EXPECT_EQ(world.marked(0, 0), Times{at(17500ms)});
    // Probes at 70 s (in vain) and 130 s, then every 10 s.
    EXPECT_EQ(world.marked(0, 0, 1), Times{at(130s + (retries - 1) * 10s + 1ms)});
    EXPECT_EQ(world.invited(kCall, 1), Times{at(120s)});
    EXPECT_EQ(world.invited(kSecond, 0), Times{at(151s)});  // homing
  }
}

TEST(MediaGateway, StaysWhereItIsIfItParks) {
  Scenario s = gateway_scenario();
  s.gateways[0].redundancy = RedundancyMode::parking;
  s.gateways[0].first_options = 10s;
  GatewayWorld world(s);
  world.script[0].deaf = true;
  world.script[0].at(100s, [&](CallServer&, Context&) { world.script[0].deaf = false; });
  world.setup(151s, 0, kCall);
  world.run(180s);
  EXPECT_EQ(world.marked(0, 0, 1), Times{at(130001ms)});
  EXPECT_EQ(world.invited(kCall, 1), Times{at(151s)});
}

TEST(MediaGateway, SpreadsItsCallsOverBothSitesIfItBalances) {
  Scenario s = gateway_scenario();
  s.gateways[0].redundancy = RedundancyMode::load_balance;
  GatewayWorld world(s);
  for (std::uint32_t i = 0; i < 10; ++i) world.setup(1s + i * 1s, 0, CallId{i});
  world.run(20s);
  EXPECT_EQ(world.requests(world.sip_server[0], Method::invite).size(), 5u);
  EXPECT_EQ(world.requests(world.sip_server[1], Method::invite).size(), 5u);
}

TEST(MediaGateway, DrawsAnotherPhaseWhenItBootsAgain) {
  Scenario s = gateway_scenario();
  s.gateways.pop_back();
  s.gateways[0].first_options.reset();
  GatewayWorld world(s);
  world.crash(100s, world.directory.gateways[0]);
  world.start_node(100s, world.directory.gateways[0]);
  world.run(160s);
  const Times probes = world.sent(world.sip_server[0], Method::options);
  ASSERT_EQ(probes.size(), probes[1] < at(100s) ? 3u : 2u);
  const Duration before = probes.front() - at(0s), after = probes.back() - at(100s);
  EXPECT_LT(before, 60s);
  EXPECT_GT(after, 0s);
  EXPECT_LT(after, 60s);
  EXPECT_NE(before, after);
}

}  // namespace
}  // namespace bcsim::testing::media_gateway_test
