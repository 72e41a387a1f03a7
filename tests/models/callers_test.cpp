// The people who call: patience, hanging up, redialling (domain.md §4.1–4.4).
#include "models/endpoints/callers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/support/gateway_world.hpp"
#include "tests/support/goodness_of_fit.hpp"

namespace bcsim::testing::callers_test {
namespace {

using pstn::Kind;
using pstn::Release;

/// What a scripted gateway does with a call, counted from its set-up.
struct Step {
  Duration after;
  Kind kind;
  bool flag = false;
  Release release = Release::normal;
};

void play(GatewayWorld& world, std::function<std::vector<Step>(CallId)> steps) {
  world.on_pstn = [&world, steps](Context& context, std::uint32_t, const pstn::Message& m) {
    if (m.kind != Kind::setup) return;
    for (const Step& step : steps(m.call)) {
      pstn::Message out;
      out.kind = step.kind;
      out.flag = step.flag;
      out.release = step.release;
      out.call = m.call;
      context.notify(world.directory.pstn, out, step.after);
    }
  };
}
void play(GatewayWorld& world, const std::vector<Step>& steps) {
  play(world, [steps](CallId) { return steps; });
}

/// One caller at 1 s, who talks for a minute.
Scenario one_caller() {
  Scenario s = gateway_scenario();
  SingleCalls given;
  given.calls.push_back({at(1s), Duration(60s), std::nullopt, 0});
  s.calls.push_back(callers(given));
  return s;
}

struct End {
  SimTime at;
  Release release;
  CallPhase phase;
  bool by_caller;
  bool operator==(const End&) const = default;
};
std::vector<End> ends(const GatewayWorld& world) {
  std::vector<End> result;
  for (const auto& [when, r] : world.all<CallReleased>()) {
    result.push_back({when, r.release, static_cast<CallPhase>(r.phase), r.by_caller != 0});
  }
  return result;
}

// ---- patience
// ------------------------------------------------------------------------------------

TEST(Callers, GiveUpInSetUpWhenTheirSetUpPatienceEnds) {
  for (const bool rings : {false, true}) {
    Scenario s = one_caller();
    s.calls[0].setup_patience = Deterministic{20};
    s.calls[0].patience = Deterministic{5};
    GatewayWorld world(s);
    if (rings) {
      play(world, {{1s, Kind::alerting}});
    } else {
      play(world, std::vector<Step>{});
    }
    world.run(100s);
    const CallPhase phase = rings ? CallPhase::ringback : CallPhase::setup;
    EXPECT_EQ(ends(world), (std::vector<End>{{at(21s), Release::caller_hung_up, phase, true}}));
    EXPECT_EQ(world.pstn_endpoint->callers().active(), 0u);
  }
}

TEST(Callers, CountTheirPatienceFromTheAnswerToTheFirstWordOfAnAgent) {
  Scenario s = one_caller();
  s.calls[0].setup_patience = Deterministic{20};
  s.calls[0].patience = Deterministic{30};
  GatewayWorld abandons(s);
  play(abandons, {{19s, Kind::connect}, {19s, Kind::speech, false}});
  abandons.run(200s);
  EXPECT_EQ(ends(abandons),
            (std::vector<End>{{at(50s), Release::caller_hung_up, CallPhase::treatment, true}}));

  GatewayWorld waits(s);
  play(waits, {{19s, Kind::connect},
               {19s, Kind::speech, false},
               {48999ms, Kind::speech, true},
               {100s, Kind::release}});
  waits.run(200s);
  EXPECT_EQ(ends(waits),
            (std::vector<End>{{at(101s), Release::normal, CallPhase::talking, false}}));
}

TEST(Callers, NeverAbandonWhileTheyTalk) {
  Scenario s = one_caller();
  s.calls[0].setup_patience = s.calls[0].patience = Deterministic{5};
  GatewayWorld world(s);
  play(world, {{1s, Kind::connect}, {1s, Kind::speech, true}, {61s, Kind::release}});
  world.run(200s);
  EXPECT_EQ(ends(world), (std::vector<End>{{at(62s), Release::normal, CallPhase::talking, false}}));
}

TEST(Callers, HangUpAfterTheTalkIfItIsTheirsToDoSo) {
  Scenario s = one_caller();
  s.calls[0].agent_releases = false;
  GatewayWorld world(s);
  play(world, {{1s, Kind::connect}, {1s, Kind::speech, false}, {9s, Kind::speech, true}});
  world.run(200s);
  EXPECT_EQ(ends(world),
            (std::vector<End>{{at(70s), Release::caller_hung_up, CallPhase::talking, true}}));
}

TEST(Callers, DoNotListenToDeadAirForEver) {
  GatewayWorld world(one_caller());
  play(world, {{1s, Kind::connect}, {1s, Kind::speech, true}});
  world.run(200s);
  EXPECT_EQ(ends(world),
            (std::vector<End>{{at(72s), Release::caller_hung_up, CallPhase::talking, true}}));
}

/// 60 s of talk and 10 s of dead air, from 2 s on.
TEST(Callers, AreServedIfTheyHeardAllButTheLastSecond) {
  struct Case {
    std::vector<Step> said;
    Release release;
  };
  const Step connect{1s, Kind::connect}, speech{1s, Kind::speech, true};
  const auto silence = [](Duration when, bool silent) { return Step{when, Kind::silence, silent}; };
  for (const Case& c :
       {Case{{connect, speech, silence(61s, true)}, Release::caller_hung_up},
        Case{{connect, speech, silence(60500ms, true)}, Release::caller_hung_up},
        Case{{connect, speech, silence(59s, true)}, Release::media_lost},
        Case{{connect, speech, silence(2s, true)}, Release::media_lost},
        Case{{silence(500ms, true), connect, speech}, Release::media_lost},
        Case{{connect, speech, silence(9s, true), silence(20s, false)}, Release::caller_hung_up}}) {
    GatewayWorld world(one_caller());
    play(world, c.said);
    world.run(200s);
    EXPECT_EQ(ends(world), (std::vector<End>{{at(72s), c.release, CallPhase::talking, true}}));
  }
}

TEST(Callers, WhoAreTakenBackHaveTheRestOfTheTalkToHear) {
  for (const bool silent : {false, true}) {
    Scenario s = one_caller();
    s.calls[0].transfer.share = 1;
    s.calls[0].transfer.kind = TransferKind::consultation;
    s.calls[0].transfer.queue = 0;
    s.calls[0].transfer.after = Deterministic{10};
    GatewayWorld world(s);
    std::vector<Step> steps{{1s, Kind::connect},
                            {1s, Kind::speech, true},
                            {11s, Kind::speech, false},
                            {31s, Kind::speech, true}};
    if (silent) steps.push_back({50s, Kind::silence, true});
    play(world, steps);
    world.run(200s);
    EXPECT_EQ(ends(world),
              (std::vector<End>{{at(92s), silent ? Release::media_lost : Release::caller_hung_up,
                                 CallPhase::talking, true}}));
  }
}

TEST(Callers, HoldWhenTheAgentGivesWayToTreatment) {
  GatewayWorld world(one_caller());
  play(world, {{1s, Kind::connect},
               {1s, Kind::speech, true},
               {5s, Kind::speech, false},
               {8s, Kind::release, false, Release::speech_lost}});
  world.run(200s);
  EXPECT_EQ(ends(world),
            (std::vector<End>{{at(9s), Release::speech_lost, CallPhase::held, false}}));
}

// ---- who calls
// -----------------------------------------------------------------------------------

Scenario busy_day() {
  Scenario s = gateway_scenario();
  CallStream stream = callers(ConstantRate{0.5});
  stream.patience = Exponential{300};
  stream.setup_patience = Exponential{60};
  stream.redial.enabled = true;
  s.calls.push_back(stream);
  stream.arrivals = ConstantRate{0.1};
  s.calls.push_back(stream);
  return s;
}

TEST(Callers, AreTheSamePeopleWhateverTheTimers) {       // common random numbers
  using Key = std::tuple<std::uint32_t, std::uint32_t>;  // caller, attempt
  struct Draws {
    Duration talk, patience;
    std::uint32_t stream, gateway;
    bool operator==(const Draws&) const = default;
  };
  const auto people = [](int retransmissions) {
    Scenario s = busy_day();
    for (GatewayOptions& g : s.gateways) g.retransmissions = retransmissions;
    GatewayWorld world(s, 7);
    world.fail_host(100s, world.sip_server[0]);  // real gateways, a dead server
    world.run(1200s, false);
    std::map<Key, Draws> result;
    std::map<Key, SimTime> first;
    for (const auto& [when, r] : world.all<CallOffered>()) {
      result[{r.caller, r.attempt}] = {r.talk, r.patience, r.stream, r.gateway};
      if (r.attempt == 1) first[{r.caller, 1}] = when;
    }
    return std::pair(result, first);
  };
  const auto [fast, fast_first] = people(1);
  const auto [slow, slow_first] = people(6);
  EXPECT_EQ(fast_first, slow_first);
  std::size_t redials = 0;
  for (const auto& [key, draws] : fast) {
    const auto found = slow.find(key);
    if (found == slow.end()) continue;  // he has no reason to redial there
    EXPECT_EQ(draws, found->second);
    redials += std::get<1>(key) > 1;
  }
  EXPECT_GT(redials, 10u);
  EXPECT_NE(fast, slow);  // else the runs have not differed at all
}

TEST(Callers, DrawFromTheStreamsThatArrivalsName) {
  Scenario s = busy_day();
  GatewayWorld world(s, 3);
  play(world, std::vector<Step>{{0s, Kind::release, false, Release::rejected}});
  world.run(100s, false);
  std::array<std::uint64_t, 2> number{};
  std::size_t seen = 0;
  for (const auto& [when, r] : world.all<CallOffered>()) {
    if (r.attempt != 1) continue;
    const std::uint64_t entity = caller_entity(r.stream, number[r.stream]++);
    const auto drawn = [&](sim::StreamName name, const Distribution& d) {
      sim::RngStream stream = world.directory.rng.stream(name, entity);
      return draw(d, stream);
    };
    EXPECT_EQ(r.talk, drawn("caller.talk", s.calls[r.stream].talk));
    EXPECT_EQ(r.patience, drawn("caller.patience", s.calls[r.stream].patience));
    ++seen;
  }
  EXPECT_GT(seen, 30u);
}

TEST(Callers, StopDiallingAtTheHorizon) {
  Scenario s = gateway_scenario();
  IntervalVolumes volumes;
  volumes.intervals.push_back({at(0s), 200s, 1000});
  volumes.exact = true;
  s.calls.push_back(callers(volumes));
  GatewayWorld world(s);
  play(world, std::vector<Step>{});
  world.run(100s, false);
  const auto offered = world.all<CallOffered>();
  EXPECT_NEAR(static_cast<double>(offered.size()), 500, 50);
  EXPECT_LT(offered.back().first, at(100s));
  for (std::uint32_t i = 0; i < offered.size(); ++i) EXPECT_EQ(offered[i].second.call, CallId{i});
  EXPECT_EQ(world.pstn_endpoint->callers().active(), offered.size());
}

// ---- redialling
// ----------------------------------------------------------------------------------

struct Chain {
  std::array<double, 4> attempts{};  // by number
  double lost = 0, planned = 0;
  std::vector<double> delays_s;
};
/// Ten thousand callers whose calls all take the course of `steps`.
Chain chain(const std::vector<Step>& steps, Scenario s = gateway_scenario()) {
  IntervalVolumes volumes;
  volumes.intervals.push_back({at(0s), 100s, 10000});
  volumes.exact = true;
  CallStream stream = callers(volumes);
  stream.patience = Deterministic{30};
  stream.setup_patience = Deterministic{20};
  stream.redial.enabled = true;
  s.calls.push_back(stream);
  s.gateways[0].channels = s.gateways[1].channels = 10'000;
  GatewayWorld world(s);
  play(world, steps);
  world.run(3h, false);
  Chain result;
  for (const auto& [when, r] : world.all<CallOffered>()) {
    EXPECT_EQ(r.previous.valid(), r.attempt > 1);
    ++result.attempts.at(r.attempt);
  }
  result.lost = static_cast<double>(world.all<CallerLost>().size());
  for (const auto& [when, r] : world.all<RedialPlanned>()) {
    ++result.planned;
    result.delays_s.push_back(sim::seconds(r.after));
  }
  EXPECT_EQ(world.pstn_endpoint->callers().active(), 0u);
  return result;
}
/// domain.md §4.4: p, then 0.7·p, three attempts in all.
void expect_redials(const Chain& c, double p, double delay_s) {
  const auto near = [](double count, double of, double probability) {
    EXPECT_NEAR(count, of * probability, 3 * std::sqrt(of * probability * (1 - probability)));
  };
  EXPECT_EQ(c.attempts[1], 10000);
  near(c.attempts[2], c.attempts[1], p);
  near(c.attempts[3], c.attempts[2], p * 0.7);
  EXPECT_EQ(c.lost, 10000);  // whoever is never served is lost in the end, once
  EXPECT_EQ(c.planned, c.attempts[2] + c.attempts[3]);
  EXPECT_GT(ks_test(c.delays_s, [&](double t) { return 1 - std::exp(-t / delay_s); }), 0.001);
}

TEST(Callers, RedialAfterAFailedSetUp) {
  for (const Release release :
       {Release::rejected, Release::no_response, Release::ring_timeout, Release::speech_lost}) {
    SCOPED_TRACE(static_cast<int>(release));
    expect_redials(chain({{1s, Kind::release, false, release}}), 0.7, 60);
  }
  expect_redials(chain({}), 0.7, 60);  // given up in set-up
}

TEST(Callers, RedialWhenTheyAreBlocked) {
  Scenario s = gateway_scenario();
  IntervalVolumes volumes;
  volumes.intervals.push_back({at(0s), 100s, 10000});
  volumes.exact = true;
  CallStream stream = callers(volumes);
  stream.redial.enabled = true;
  s.calls.push_back(stream);
  s.gateways[0].channels = s.gateways[1].channels = 0;
  GatewayWorld world(s);
  play(world, std::vector<Step>{});
  world.run(1h, false);
  double redials = 0;
  for (const auto& [when, r] : world.all<CallOffered>()) redials += r.attempt == 2;
  EXPECT_NEAR(redials, 7000, 3 * std::sqrt(10000 * 0.7 * 0.3));
  EXPECT_EQ(world.all<CallerLost>().size(), 10000u);
}

TEST(Callers, RedialAfterADrop) {
  const std::vector<Step> treated = {{1s, Kind::connect}, {1s, Kind::speech, false}};
  for (const bool talks : {false, true}) {
    for (const Release release :
         {Release::speech_lost, Release::media_lost, Release::session_expired}) {
      std::vector<Step> steps = treated;
      if (talks) steps.push_back({2s, Kind::speech, true});
      steps.push_back({5s, Kind::release, false, release});
      expect_redials(chain(steps), 0.8, 60);
    }
  }
}

TEST(Callers, RedialAfterAbandoningTheQueue) {
  expect_redials(chain({{1s, Kind::connect}, {1s, Kind::speech, false}}), 0.5, 300);
}

TEST(Callers, AreContentAfterATalkOrAtTheDefaultDestination) {
  const Chain talked = chain(
      {{1s, Kind::connect}, {1s, Kind::speech, true}, {9s, Kind::release, false, Release::normal}});
  EXPECT_EQ(talked.attempts[2] + talked.lost, 0);
  const Chain sent_away = chain({{1s, Kind::connect},
                                 {1s, Kind::speech, false},
                                 {9s, Kind::release, false, Release::default_routed}});
  EXPECT_EQ(sent_away.attempts[2] + sent_away.lost, 0);
}

TEST(Callers, AreTheSamePersonWithAnotherCallWhenTheyRedial) {
  Scenario s = gateway_scenario();
  SingleCalls given;
  given.calls.push_back({at(1s), Duration(60s), Duration(40s), 1});
  CallStream stream = callers(given);
  stream.gateway_share = {1, 0};
  stream.redial.enabled = true;
  stream.redial.after_setup = 1;
  stream.redial.further_factor = 1;
  stream.redial.setup_delay = Deterministic{30};
  s.calls.push_back(stream);
  GatewayWorld world(s);
  play(world, {{1s, Kind::release, false, Release::rejected}});
  world.run(1000s);
  const auto offered = world.all<CallOffered>();
  ASSERT_EQ(offered.size(), 3u);
  for (std::uint32_t i = 0; i < 3; ++i) {
    const CallOffered& r = offered[i].second;
    EXPECT_EQ(offered[i].first, at(1s + i * 31s));  // the clock starts at the release
    EXPECT_EQ(r.caller, 0u);
    EXPECT_EQ(r.attempt, i + 1);
    EXPECT_EQ(r.previous, i == 0 ? CallId{} : CallId{i - 1});
    EXPECT_EQ(r.talk, 60s);
    EXPECT_EQ(r.patience, 40s);
    EXPECT_EQ(r.gateway, i == 0 ? 1u : 0u);  // pinned at first, then drawn
  }
  const auto lost = world.all<CallerLost>();
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].second.call, CallId{2});
}

}  // namespace
}  // namespace bcsim::testing::callers_test
