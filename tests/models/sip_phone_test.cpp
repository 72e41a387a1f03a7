// The phone in a small world: registration in every mode, and calls (R16–R19, R31, R32, §5.2).
#include "models/endpoints/sip_phone.hpp"

#include <gtest/gtest.h>

#include "models/sip/phone_profiles.hpp"
#include "tests/support/desk_world.hpp"
#include "tests/support/goodness_of_fit.hpp"

namespace bcsim::testing::sip_phone_test {
namespace {

using Times = std::vector<SimTime>;
using sip::Method;

constexpr AgentId kAgent{0};
constexpr CallId kCall{7};

Scenario with_phone(RegistrationMode mode, std::uint32_t agents = 1) {
  Scenario s = desk_scenario(agents);
  s.agents[0].phone.registration = mode;
  return s;
}

Scenario cold(Scenario s) {
  s.run.start = StartMode::cold;
  return s;
}

Times registered_at(const DeskWorld& world, std::uint32_t site, std::uint32_t agent = 0) {
  return world.times<PhoneRegistered>(
      [=](const PhoneRegistered& r) { return r.site == site && r.agent.value == agent; });
}
Times failed_at(const DeskWorld& world, std::uint32_t site, std::uint32_t agent = 0) {
  return world.times<PhoneRegistrationFailed>(
      [=](const PhoneRegistrationFailed& r) { return r.site == site && r.agent.value == agent; });
}

// ---- registration ------------------------------------------------------------------------------

TEST(SipPhone, RegistersWithDigestInTwoRoundTrips) {
  DeskWorld world(cold(with_phone(RegistrationMode::single)));
  world.run(10s);
  EXPECT_EQ(registered_at(world, 0), Times{at(2ms)});
  EXPECT_EQ(world.requests_sent(world.sip_server[0], Method::register_), (Times{at(0s), at(1ms)}));
  EXPECT_TRUE(world.phone[0]->registered(0));
  EXPECT_TRUE(world.server[0]->in_service(0, at(10s)));
  EXPECT_TRUE(registered_at(world, 1).empty());
}

TEST(SipPhone, RefreshesAtTheFractionOfTheGrantedExpiryCountedFromTheAnswer) {
  DeskWorld world(cold(with_phone(RegistrationMode::single)));
  world.run(130s);
  EXPECT_EQ(registered_at(world, 0), (Times{at(2ms), at(60s + 4ms), at(120s + 6ms)}));

  DeskWorld shorter(cold(with_phone(RegistrationMode::single)));
  shorter.script[0].max_expires = 40s;
  shorter.run(45s);
  EXPECT_EQ(registered_at(shorter, 0), (Times{at(2ms), at(20s + 4ms), at(40s + 6ms)}));
}

TEST(SipPhone, NeedsOneRoundTripPerRefreshWithACachedNonceOrWithoutDigest) {
  Scenario s = cold(with_phone(RegistrationMode::single));
  s.agents[0].phone.cached_nonce = true;
  DeskWorld cached(s);
  cached.run(61s);
  EXPECT_EQ(registered_at(cached, 0), (Times{at(2ms), at(60s + 3ms)}));

  DeskWorld open(cold(with_phone(RegistrationMode::single)));
  open.script[0].digest = false;
  open.run(61s);
  EXPECT_EQ(registered_at(open, 0), (Times{at(1ms), at(60s + 2ms)}));
}

TEST(SipPhone, HasTheBindingsOfItsModeInAnUndisturbedWorld) {
  const auto bindings = [](RegistrationMode mode, StartMode start) {
    Scenario s = with_phone(mode);
    s.run.start = start;
    DeskWorld world(s);
    world.run(300s);
    return (world.server[0]->in_service(0, at(300s)) ? 1 : 0) +
           (world.server[1]->in_service(0, at(300s)) ? 2 : 0);
  };
  for (const StartMode start : {StartMode::steady, StartMode::cold}) {
    EXPECT_EQ(bindings(RegistrationMode::single, start), 1);
    EXPECT_EQ(bindings(RegistrationMode::active_backup, start), 1);
    EXPECT_EQ(bindings(RegistrationMode::fixed, start), 1);
    EXPECT_EQ(bindings(RegistrationMode::dual, start), 3);  // R16
  }
}

TEST(SipPhone, BeginsASteadyWorldRegisteredWithItsFirstRefreshDueWhereTheDirectorySays) {
  DeskWorld world(with_phone(RegistrationMode::dual, 50), 3);
  world.run(61s);
  EXPECT_TRUE(world.times<PhoneRegistrationFailed>().empty());
  for (std::uint32_t a = 0; a < 50; ++a) {
    for (SiteIndex site : {0, 1}) {
      const Duration round_trip = site == 0 ? 1ms : 40ms;
      const Duration phase = world.directory.first_refresh(AgentId{a}, site);
      EXPECT_EQ(registered_at(world, site, a).at(0), at(phase + 2 * round_trip));
      EXPECT_LT(phase, 60s);
    }
  }
}

TEST(SipPhone, FollowsTheGoldenRunWhenItsSiteFails) {
  Scenario s = with_phone(RegistrationMode::single);
  s.agents[0].phone.first_refresh = 23s;
  DeskWorld world(s);
  world.script[0].deaf = true;  // so that the copies can be counted
  world.run(80s);
  EXPECT_EQ(world.requests_sent(world.sip_server[0], Method::register_),
            (Times{at(23s), at(23500ms), at(24500ms), at(26500ms)}));
  EXPECT_EQ(failed_at(world, 0), Times{at(30500ms)});
  EXPECT_EQ(world.requests_sent(world.sip_server[1], Method::register_),
            (Times{at(30500ms), at(30540ms)}));
  EXPECT_EQ(registered_at(world, 1), Times{at(30580ms)});  // bound at 30.560

  s.agents[0].phone.first_refresh = 58s;
  DeskWorld late(s);
  late.fail_site(0s, 0);
  late.run(80s);
  EXPECT_EQ(failed_at(late, 0), Times{at(65500ms)});
  EXPECT_EQ(registered_at(late, 1), Times{at(65580ms)});
}

/// Times from the failure of site 1 at 0 until the phones are registered at site 2.
std::vector<double> relocation_times(Scenario s, int seeds, Duration until,
                                     const std::function<void(DeskWorld&)>& fail,
                                     Duration detection) {
  std::vector<double> result;
  for (int seed = 1; seed <= seeds; ++seed) {
    DeskWorld world(s, static_cast<std::uint64_t>(seed));
    fail(world);
    world.run(until);
    for (std::uint32_t a = 0; a < s.agents[0].count; ++a) {
      const SimTime moved = registered_at(world, 1, a).at(0);
      // The deterministic identity, to the nanosecond: phase + detection + 2 round trips.
      EXPECT_EQ(moved, at(world.directory.first_refresh(AgentId{a}, 0) + detection + 80ms));
      result.push_back(sim::seconds(moved));
    }
  }
  return result;
}

double ks_uniform(const std::vector<double>& values, double low, double high) {
  for (const double v : values) {
    EXPECT_GE(v, low);
    EXPECT_LE(v, high);
  }
  return ks_test(values, [=](double x) { return std::clamp((x - low) / (high - low), 0., 1.); });
}

TEST(SipPhone, MovesWithinTheBoundsOfTheClosedFormAndUniformlyInBetween) {
  const auto silent = [](DeskWorld& w) { w.fail_site(0s, 0); };
  for (const RegistrationMode mode : {RegistrationMode::single, RegistrationMode::active_backup}) {
    const auto t = relocation_times(with_phone(mode, 5), 200, 70s, silent, 7500ms);
    EXPECT_EQ(t.size(), 1000u);
    EXPECT_GT(ks_uniform(t, 7.58, 67.58), 0.01);
  }
  Scenario full = with_phone(RegistrationMode::single, 5);
  full.agents[0].phone.retransmissions = 11;
  EXPECT_GT(ks_uniform(relocation_times(full, 200, 95s, silent, 32s), 32.08, 92.08), 0.01);

  Scenario hour = with_phone(RegistrationMode::single, 5);
  hour.agents[0].phone.expires = 3600s;
  EXPECT_GT(ks_uniform(relocation_times(hour, 200, 1810s, silent, 7500ms), 7.58, 1807.58), 0.01);
}

TEST(SipPhone, GoesToTheNextServerAtOnceWhenTheHostRefusesForItsDeadServer) {
  const auto crash = [](DeskWorld& w) { w.crash(0s, w.sip_server[0]); };
  Scenario s = with_phone(RegistrationMode::active_backup, 5);
  EXPECT_GT(ks_uniform(relocation_times(s, 200, 62s, crash, 1ms), 0.081, 60.081), 0.01);

  s.agents[0].phone.heed_icmp = false;
  relocation_times(s, 20, 70s, crash, 7500ms);
  s.agents[0].phone.heed_icmp = true;
  s.network.icmp_unreachable = false;
  relocation_times(s, 20, 70s, crash, 7500ms);
}

TEST(SipPhone, IsReachableThroughTheSurvivorAtOnceIfDual) {
  DeskWorld world(with_phone(RegistrationMode::dual, 5), 4);
  world.fail_site(0s, 0);
  world.run(400s);
  for (std::uint32_t a = 0; a < 5; ++a) {
    const auto refreshes = registered_at(world, 1, a);
    EXPECT_EQ(refreshes.at(0), at(world.directory.first_refresh(AgentId{a}, 1) + 80ms));
    EXPECT_TRUE(world.server[1]->in_service(a, at(400s)));
    EXPECT_GE(refreshes.size(), 6u);
  }
}

TEST(SipPhone, RetriesADeadSiteByTheBackOffOfRfc5626IfDual) {
  std::vector<double> first_waits;
  for (int seed = 1; seed <= 200; ++seed) {
    DeskWorld world(with_phone(RegistrationMode::dual, 2), static_cast<std::uint64_t>(seed));
    world.script[0].deaf = true;
    world.run(1000s);
    for (std::uint32_t a = 0; a < 2; ++a) {
      const Times tries = world.requests_sent(world.sip_server[0], Method::register_,
                                              world.directory.agents[a].phone);
      const Times failures = failed_at(world, 0, a);
      ASSERT_GE(failures.size(), 2u);
      for (std::size_t n = 0; n + 1 < failures.size(); ++n) {
        ASSERT_EQ(failures[n + 1], tries[4 * (n + 1)] + 7500ms);
        const double wait = sim::seconds(tries[4 * (n + 1)] - failures[n]);
        const double w = std::min(1800., 90. * static_cast<double>(2 << n));
        EXPECT_GE(wait, w / 2);
        EXPECT_LE(wait, w);
        if (n == 0) first_waits.push_back(wait);
        if (n == 1) {
          EXPECT_NE(wait / w, first_waits.back() / 180) << "each wait is drawn anew";
        }
      }
    }
  }
  EXPECT_GT(ks_uniform(first_waits, 90, 180), 0.01);
}

TEST(SipPhone, UsesTheShorterBaseWhenNoServerAnswers) {
  for (int seed = 1; seed <= 200; ++seed) {
    DeskWorld world(cold(with_phone(RegistrationMode::dual)), static_cast<std::uint64_t>(seed));
    world.fail_site(0s, 0);
    world.fail_site(0s, 1);
    world.restore_host(8s, world.sip_server[0]);
    world.run(80s);
    const SimTime back = registered_at(world, 0).at(0) - 2ms;
    EXPECT_GE(back, at(7500ms + 30s));
    EXPECT_LE(back, at(7500ms + 60s));
  }
}

TEST(SipPhone, StaysAtTheSecondSiteIfSingleUntilThatOneFails) {
  Scenario s = with_phone(RegistrationMode::single);
  s.agents[0].phone.first_refresh = 10s;
  DeskWorld world(s);
  world.fail_host(0s, world.sip_server[0]);
  world.restore_host(100s, world.sip_server[0]);
  world.fail_host(600s, world.sip_server[1]);
  world.run(700s);
  const Times home = registered_at(world, 0);
  EXPECT_EQ(registered_at(world, 1).front(), at(17580ms));
  EXPECT_EQ(home.front(), failed_at(world, 1).at(0) + 2ms);
  EXPECT_GT(home.front(), at(600s));
}

TEST(SipPhone, PollsItsPrimaryAndReturnsToItIfActiveBackup) {
  Scenario s = with_phone(RegistrationMode::active_backup);
  s.agents[0].phone.first_refresh = 10s;
  DeskWorld world(s);
  world.fail_host(0s, world.sip_server[0]);
  world.restore_host(100s, world.sip_server[0]);
  world.before_each_delivery = [&] {  // R17
    EXPECT_LE(world.phone[0]->registered(0) + world.phone[0]->registered(1), 1);
  };
  world.run(200s);
  EXPECT_EQ(registered_at(world, 1).front(), at(17580ms));
  // Polled at 77.580 in vain until 85.080, again 60 s later.
  EXPECT_EQ(world.requests_sent(world.sip_server[0], Method::options), Times{at(145080ms)});
  EXPECT_EQ(registered_at(world, 0).front(), at(145081ms + 2ms));
  EXPECT_FALSE(world.server[1]->in_service(0, at(146s)));  // left politely
}

TEST(SipPhone, RegistersAtTheBackupOnlyAfterThePrimaryHasFailed) {
  DeskWorld world(with_phone(RegistrationMode::active_backup, 50), 2);
  world.fail_host(100s, world.sip_server[0]);
  world.run(200s);
  for (std::uint32_t a = 0; a < 50; ++a) {
    const Times other = world.requests_sent(world.sip_server[1], Method::register_,
                                            world.directory.agents[a].phone);
    EXPECT_EQ(other.at(0), failed_at(world, 0, a).at(0));
  }
}

TEST(SipPhone, NeverMovesIfFixed) {
  DeskWorld world(with_phone(RegistrationMode::fixed));
  world.fail_host(0s, world.sip_server[0]);
  world.restore_host(100s, world.sip_server[0]);
  world.run(400s);
  EXPECT_TRUE(world.requests_sent(world.sip_server[1], Method::register_).empty());
  EXPECT_TRUE(world.phone[0]->registered(0));
  EXPECT_GE(registered_at(world, 0).front(), at(100s));
}

TEST(SipPhone, SendsNothingToAServerForItsRetryAfter) {
  Scenario s = with_phone(RegistrationMode::single);
  s.agents[0].phone.first_refresh = 10s;
  DeskWorld world(s);
  world.script[0].register_status = 503;
  world.script[0].retry_after_s = 200;
  world.fail_host(0s, world.sip_server[1]);
  world.run(300s);
  const Times tries = world.requests_sent(world.sip_server[0], Method::register_);
  ASSERT_GE(tries.size(), 2u);
  EXPECT_EQ(tries[0], at(10s));
  EXPECT_GE(tries[1], at(210s + 1ms));
  EXPECT_EQ(failed_at(world, 1).at(0), at(10s + 1ms + 7500ms));  // the other one at once
}

TEST(SipPhone, RidesOutAnOutageThatIsShorterThanItsLastCopy) {
  // §5.8: a refresh sent at the start of the outage is recovered iff H < 3.5 s.
  const auto moved = [](Duration outage) {
    Scenario s = with_phone(RegistrationMode::active_backup);
    s.agents[0].phone.first_refresh = 10s;
    DeskWorld world(s);
    ServerScript& script = world.script[0];
    script.at(10s, [&script](StubSipServer&, Context&) { script.deaf = true; });
    script.at(10s + outage, [&script](StubSipServer&, Context&) { script.deaf = false; });
    world.run(40s);
    return !registered_at(world, 1).empty();
  };
  EXPECT_FALSE(moved(3500ms));  // the last copy, sent at 13.5, arrives half a millisecond later
  EXPECT_TRUE(moved(3501ms));
}

TEST(SipPhone, TriesAgainWhereItWasRefused) {
  Scenario s = with_phone(RegistrationMode::active_backup);
  s.agents[0].phone.first_refresh = 10s;
  DeskWorld world(s);
  world.script[0].register_status = 403;
  world.run(100s);
  EXPECT_TRUE(world.requests_sent(world.sip_server[1], Method::register_).empty());
  EXPECT_GE(failed_at(world, 0).size(), 2u);
}

TEST(SipPhone, RegistersFromNothingAfterAPowerCut) {
  DeskWorld world(with_phone(RegistrationMode::active_backup));
  const NodeId phone = world.directory.agents[0].phone;
  world.crash(20s, phone);
  world.start_node(50s, phone);
  world.run(55s);
  EXPECT_EQ(world.times<PhoneRegistered>([](const auto& r) { return r.first == 1; }),
            Times{at(50s + 2ms)});
}

// ---- makers' profiles (domain.md §3.3, §3.4)
// -----------------------------------------------------

Scenario profiled(PhoneProfile profile, RegistrationMode mode = RegistrationMode::active_backup) {
  Scenario s = with_phone(mode);
  sip::apply_profile(profile, s.agents[0].phone);
  s.agents[0].phone.first_refresh = 10s;
  return s;
}
void deafen(DeskWorld& world, Duration when) {
  ServerScript& script = world.script[0];
  script.at(when, [&script](StubSipServer&, Context&) { script.deaf = true; });
}

TEST(SipPhone, MovesAndLooksBackAfterTheTimesThatItsMakerGives) {
  struct Row {
    PhoneProfile profile;
    Duration silence, polled_after;
  };
  for (const Row& row : {Row{PhoneProfile::polycom, 7500ms, 45s},
                         {PhoneProfile::avaya, 4s, 300s},
                         {PhoneProfile::yealink, 7500ms, 3600s},
                         // The dirty-host cache: the first look that is 5 min after the failure.
                         {PhoneProfile::snom, 7500ms, 300s}}) {
    DeskWorld world(profiled(row.profile));
    deafen(world, 10s);
    const Duration moved = 10s + row.silence + 80ms;
    world.run(moved + row.polled_after + 1s);
    EXPECT_EQ(failed_at(world, 0), Times{at(10s + row.silence)});
    ASSERT_FALSE(registered_at(world, 1).empty());
    EXPECT_EQ(registered_at(world, 1).front(), at(moved));
    const Times polls = world.requests_sent(world.sip_server[0], Method::options);
    ASSERT_FALSE(polls.empty());
    EXPECT_EQ(polls.front(), at(moved + row.polled_after));
  }
}

TEST(SipPhone, OfAvayaWaitsForTheEndOfItsCallBeforeItMoves) {
  DeskWorld world(profiled(PhoneProfile::avaya));
  world.script[0].at(5s, [](StubSipServer& server, Context& context) {
    server.ring(context, 0, kCall, {.talk = 30s, .after_call_work = 10s});
  });
  deafen(world, 10s);
  world.run(60s);
  EXPECT_EQ(failed_at(world, 0), Times{at(14s)});
  // Rung and answered at 5.0005 s.
  EXPECT_EQ(registered_at(world, 1).at(0), at(35s + 500us + 80ms));
}

/// Both servers are silent in turn while he talks; whatever the mode, nothing is forgotten.
TEST(SipPhone, HasTheBindingsOfItsModeAfterACallInWhichBothServersWereSilent) {
  for (const RegistrationMode mode : {RegistrationMode::single, RegistrationMode::active_backup,
                                      RegistrationMode::dual, RegistrationMode::fixed}) {
    for (const bool in_call : {true, false}) {
      Scenario s = profiled(PhoneProfile::avaya, mode);
      s.agents[0].phone.failover_in_call = in_call;
      DeskWorld world(s);
      world.script[0].at(5s, [](StubSipServer& server, Context& context) {
        server.ring(context, 0, kCall, {.talk = 400s, .after_call_work = 10s});
      });
      for (const SiteIndex site : {0, 1}) {
        ServerScript& script = world.script[site];
        script.at(9s + 60s * site, [&script](StubSipServer&, Context&) { script.deaf = true; });
        script.at(200s, [&script](StubSipServer&, Context&) { script.deaf = false; });
      }
      world.run(1h);
      const int bindings = (world.server[0]->in_service(0, at(1h)) ? 1 : 0) +
                           (world.server[1]->in_service(0, at(1h)) ? 2 : 0);
      const std::string what =
          std::to_string(static_cast<int>(mode)) + (in_call ? " in" : " after");
      if (mode == RegistrationMode::single) {
        EXPECT_TRUE(bindings == 1 || bindings == 2) << what;
      } else {
        EXPECT_EQ(bindings, mode == RegistrationMode::dual ? 3 : 1) << what;
      }
    }
  }
}

TEST(SipPhone, OfPanasonicTriesADeadServerEveryTenSeconds) {
  DeskWorld world(profiled(PhoneProfile::panasonic, RegistrationMode::dual));
  deafen(world, 10s);
  world.run(60s);
  EXPECT_EQ(failed_at(world, 0), (Times{at(17500ms), at(35s), at(52500ms)}));
}

}  // namespace
}  // namespace bcsim::testing::sip_phone_test
