// Nobody talks to nobody: what ends speech at one end of a call ends the call at the other, within
// rtp-loss-timeout and silence-patience (domain.md §3.7, §5.6).
#include <gtest/gtest.h>

#include <map>

#include "models/endpoints/media_gateway.hpp"
#include "models/endpoints/sip_phone.hpp"
#include "tests/models/whole_calls_world.hpp"

namespace bcsim::tests::speech_test {
namespace {

/// Lets the test look into the devices.
class OpenWorld final : public TwoSiteWorld {
 public:
  using TwoSiteWorld::TwoSiteWorld;
  std::unique_ptr<Endpoint> make_endpoint(NodeId node, bool first) override {
    auto endpoint = TwoSiteWorld::make_endpoint(node, first);
    devices[node.value] = endpoint.get();
    return endpoint;
  }
  std::map<std::uint32_t, Endpoint*> devices;
};

/// Who still has a call at the end of a run.
struct Seen {
  std::size_t gateways = 0, phones = 0;
  Cause cause = Cause::still_in_system;
  std::uint64_t violations = 0;
  Recorder journal;

  /// Incoming and outgoing calls have a gateway and a phone, internal ones two phones.
  [[nodiscard]] bool goes_on(CallKind kind) const {
    return kind == CallKind::internal ? phones == 2 : gateways == 1 && phones == 1;
  }
  [[nodiscard]] bool is_over() const { return gateways == 0 && phones == 0; }
};

Seen watch(Scenario s, Duration until) {
  s.run.horizon = until;
  Seen seen;
  CallLedger ledger(s);
  OpenWorld world(s, {1, 0});
  world.add_observer(seen.journal);
  sim::PlainPlatform platform(world.layout().topology);
  Simulation& simulation = world.simulate(platform);
  world.start();
  sim::run_loop(simulation);
  for (const auto& [node, device] : world.devices) {
    if (!simulation.is_up(NodeId{node})) continue;
    if (const auto* g = dynamic_cast<const MediaGatewayEndpoint*>(device)) {
      seen.gateways += g->call_count();
    } else if (const auto* p = dynamic_cast<const SipPhoneEndpoint*>(device)) {
      seen.phones += !p->idle();
    }
  }
  for (const JournalEntry& entry : seen.journal.entries) ledger.on_record(entry);
  ledger.finish(at(until));
  seen.violations = ledger.violation_count();
  if (!ledger.rows().empty()) seen.cause = ledger.rows()[0].cause;
  return seen;
}

/// A link that some speech runs over; the first end is nearer to the caller.
struct Hop {
  bool dc_link = false;
  LocationIndex location = 0;
  SiteIndex site = 0;
  bool operator==(const Hop&) const = default;
};
/// A call of an hour that is answered at 10 s, and the way of its speech.
struct Talk {
  const char* name;
  CallKind kind;
  Scenario scenario;
  std::vector<Hop> hops;
};

constexpr LocationIndex kBranch = 2;

Scenario world_with_branch() {
  Scenario s = one_call(1h);
  s.locations.emplace_back("branch");
  s.network.access.push_back(s.network.access[0]);
  return s;
}

Scenario dials(Scenario s, std::vector<std::uint32_t> whom) {
  s.calls[0].from_agents = {0};
  s.calls[0].to_agents = std::move(whom);
  s.calls[0].answer_delay = Deterministic{0};
  return s;
}

std::vector<Talk> talks() {
  std::vector<Talk> out;
  const Hop first{.location = 0, .site = 0}, second{.location = 1, .site = 1}, dc{.dc_link = true};
  const Hop branch{.location = kBranch, .site = 0};
  out.push_back({"at one location", CallKind::queue, world_with_branch(), {}});
  Scenario away = world_with_branch();
  away.agents[0].location = kBranch;
  out.push_back({"agent in a branch", CallKind::queue, away, {first, branch}});
  out.push_back({"outgoing from a branch", CallKind::outgoing, dials(away, {}), {branch, first}});
  Scenario direct = away;
  direct.calls[0].to_agents = {0};
  out.push_back({"to an agent's number", CallKind::direct, direct, {first, branch}});
  Scenario trunk = world_with_branch();
  trunk.agents[0].count = 0;
  trunk.queues[0].routing_scope = RoutingScope::both_sites;
  out.push_back({"over the trunk", CallKind::queue, trunk, {first, dc, second}});
  out.push_back(
      {"internal", CallKind::internal, dials(world_with_branch(), {1}), {first, dc, second}});
  for (Talk& talk : out) {
    for (AgentGroup& group : talk.scenario.agents) {
      group.phone.registration = RegistrationMode::dual;
    }
  }
  return out;
}

Fault cut(const Hop& hop, CutDirection direction, std::optional<Duration> lasting = {},
          Duration when = 60s) {
  Fault f;
  f.at = at(when);
  f.deed = Cut{LinkTarget{hop.dc_link, hop.location, hop.site, direction}};
  f.lasting = lasting;
  return f;
}

std::vector<Hop> all_links() {
  std::vector<Hop> links{{.dc_link = true}};
  for (LocationIndex location = 0; location <= kBranch; ++location) {
    for (SiteIndex site = 0; site < kSites; ++site) links.push_back({false, location, site});
  }
  return links;
}

constexpr CutDirection kDirections[] = {CutDirection::both, CutDirection::forward,
                                        CutDirection::backward};

/// Each link, each direction, for ever, for longer than the patience, and for less: the call ends
/// at both ends if its speech runs over it and has stopped for 10 s, and else at none.
TEST(Speech, EndsAtBothEndsWithinTenSecondsOfItsLinkOrGoesOnAtBoth) {
  int ended = 0;
  for (const Talk& talk : talks()) {
    for (const Hop& link : all_links()) {
      const bool used = std::find(talk.hops.begin(), talk.hops.end(), link) != talk.hops.end();
      for (const CutDirection direction : kDirections) {
        for (const Duration lasting : {Duration(1h), Duration(15s), Duration(8s)}) {
          Scenario s = talk.scenario;
          s.faults = {cut(link, direction, lasting)};
          const Seen seen = watch(s, 71s);
          const bool over = used && lasting > Duration(10s);
          SCOPED_TRACE(::testing::Message()
                       << talk.name << ", dc " << link.dc_link << " location " << link.location
                       << " site " << int{link.site} << " direction " << int(direction) << " for "
                       << sim::seconds(lasting) << " s: " << seen.gateways << " gateways, "
                       << seen.phones << " phones");
          EXPECT_EQ(seen.goes_on(talk.kind), !over);
          EXPECT_EQ(seen.is_over(), over);
          EXPECT_EQ(seen.cause, over ? Cause::media_lost : Cause::still_in_system);
          EXPECT_EQ(seen.violations, 0u);
          ended += over;
        }
      }
    }
  }
  EXPECT_EQ(ended, (2 + 2 + 2 + 3 + 3) * 3 * 2);
}

using Device = decltype(Fail::target);

Fault dies(const Device& device, std::optional<Duration> lasting) {
  Fault f;
  f.at = at(60s);
  f.deed = Fail{.target = device, .staff_return = {}};
  f.lasting = lasting;
  return f;
}

Fault crashes(Role process, std::optional<Duration> lasting) {
  Fault f;
  f.at = at(60s);
  f.deed = Crash{{.site = 0, .role = process}};
  f.lasting = lasting;
  return f;
}

/// A device that has died knows nothing of the call when it is back, however soon.
TEST(Speech, EndsAtBothEndsWithADeviceOfTheCall) {
  for (const Talk& talk : talks()) {
    const bool internal = talk.kind == CallKind::internal;
    const std::uint32_t group = talk.scenario.agents[0].count > 0 ? 0 : 1;
    std::vector<Device> devices = {PhoneTarget{group, 0}};
    devices.push_back(internal ? Device{PhoneTarget{1, 0}} : Device{GatewayTarget{0}});
    for (const Device& device : devices) {
      for (const std::optional<Duration> lasting : {std::optional<Duration>{}, {Duration(3s)}}) {
        Scenario s = talk.scenario;
        s.faults = {dies(device, lasting)};
        const Seen seen = watch(s, 71s);
        SCOPED_TRACE(::testing::Message() << talk.name << ", device " << device.index() << " back "
                                          << lasting.has_value() << ": " << seen.gateways
                                          << " gateways, " << seen.phones << " phones");
        EXPECT_TRUE(seen.is_over());
        EXPECT_NE(seen.cause, Cause::still_in_system);
        EXPECT_NE(seen.cause, Cause::completed);
        EXPECT_EQ(seen.violations, 0u);
      }
    }
  }
}

/// The ways to the site of the call are cut for longer than a BYE lives, so that its server hears
/// of no end: the agent has his desktop release the call as soon as it is back, long before the
/// session timer.
TEST(Speech, LeavesNobodyTalkingAtAServerThatHasHeardOfNoEnd) {
  for (Talk& talk : talks()) {
    for (const Duration lasting : {Duration(50s), Duration(2min), Duration(5min)}) {
      Scenario s = talk.scenario;
      std::get<SingleCalls>(s.calls[0].arrivals).calls[0].talk = 20s;
      for (const Hop& link : all_links()) {
        s.faults.push_back(cut(link, CutDirection::both, lasting, 20s));
      }
      const Seen seen = watch(s, 20s + lasting + 3min);
      SCOPED_TRACE(::testing::Message() << talk.name << ", cut for " << lasting / 1s << " s");
      EXPECT_TRUE(seen.is_over());
      EXPECT_EQ(seen.violations, 0u);
      std::map<std::pair<std::uint32_t, std::uint32_t>, AgentState> last;
      bool talked = false;
      for (const auto& [when, r] : seen.journal.all<AgentStateChanged>()) {
        last[{r.agent.value, r.site}] = r.state;
        talked = talked || r.state == AgentState::talking;
      }
      EXPECT_TRUE(talked);
      for (const auto& [where, state] : last) {
        EXPECT_NE(state, AgentState::talking) << "agent " << where.first << " at " << where.second;
      }
    }
  }
}

/// A phone whose session is not refreshed leaves, and its BYE reaches nobody: its RTP stops.
TEST(Speech, EndsWithThePhonesSession) {
  Scenario s = talks()[0].scenario;
  s.sites[0].sip_server.session_expires = 90s;
  s.gateways[0].session_expires = std::nullopt;
  s.run.media_survives = true;
  Fault hang;
  hang.at = at(60s);
  hang.deed = Hang{ProcessTarget{0, Role::sip_server_primary}};
  s.faults = {hang};
  const Seen seen = watch(s, 10min);
  // Refreshed at 55 s; over a third of 90 s before the rest of them is (RFC 4028 §10).
  ASSERT_EQ(seen.journal.all<PhoneLeft>().size(), 1u + 1u);  // … and its BYE is not answered
  expect_about(seen.journal.all<PhoneLeft>()[0].first, 55s + 60s);
  expect_about(seen.journal.all<CallReleased>().at(0).first, 55s + 60s + 10s);
  EXPECT_EQ(seen.cause, Cause::media_lost);
  EXPECT_TRUE(seen.is_over());
}

TEST(Speech, OfWhomAGatewayHasLeftFreesTheAgentForOtherCalls) {
  for (const Talk& talk : talks()) {
    if (talk.kind != CallKind::queue) continue;
    Scenario s = talk.scenario;
    s.faults = {dies(GatewayTarget{0}, {})};
    const Seen seen = watch(s, 80s);
    const auto silent = seen.journal.all<HungUpInSilence>();
    ASSERT_EQ(silent.size(), 1u) << talk.name;
    EXPECT_EQ(silent[0].first, at(70s));
    std::vector<SimTime> ready;
    for (const auto& [when, r] : seen.journal.all<AgentStateChanged>()) {
      if (r.state == AgentState::ready && when > at(60s)) ready.push_back(when);
    }
    ASSERT_EQ(ready.size(), 1u) << talk.name;
    expect_about(ready[0], 75s);  // after-call work of 5 s
    EXPECT_EQ(seen.cause, Cause::dropped_in_talk);
  }
}

/// By the timers: whoever's is shorter decides, and says so; the cause is the same.
TEST(Speech, IsGivenUpByWhoseTimerIsShorter) {
  for (const bool agent_first : {true, false}) {
    Talk talk = talks()[1];
    Scenario& s = talk.scenario;
    s.agents[0].phone.silence_patience = agent_first ? 4s : 7s;
    s.gateways[0].rtp_loss_timeout = agent_first ? 7s : 4s;
    // Signalling goes on: their packets are dropped, and not those of the data center.
    s.faults = {cut(talk.hops[0], CutDirection::backward)};  // the gateway hears nothing
    const Seen gateway = watch(s, 90s);
    EXPECT_EQ(gateway.journal.all<HungUpInSilence>().size(), 0u);
    expect_about(gateway.journal.all<CallReleased>().at(0).first, agent_first ? 67s : 64s);
    s.faults = {cut(talk.hops[1], CutDirection::backward)};  // the agent hears nothing
    const Seen agent = watch(s, 90s);
    EXPECT_EQ(agent.journal.all<HungUpInSilence>().size(), 1u);
    expect_about(agent.journal.all<CallReleased>().at(0).first, agent_first ? 64s : 67s);
    for (const Seen* seen : {&gateway, &agent}) {
      EXPECT_EQ(seen->cause, Cause::media_lost);
      EXPECT_EQ(seen->journal.all<CallReleased>().size(), 1u);
    }
  }
}

TEST(Speech, WithoutPatienceForSilenceTheAgentWaitsForTheBye) {
  Talk talk = talks()[1];
  Scenario& s = talk.scenario;
  s.agents[0].phone.silence_patience = std::nullopt;
  s.faults = {cut(talk.hops[1], CutDirection::both)};
  EXPECT_EQ(watch(s, 5min).phones, 1u);
  s.faults = {cut(talk.hops[0], CutDirection::backward)};
  EXPECT_TRUE(watch(s, 71s).is_over());
}

TEST(Speech, ThatIsNotHeardMakesTheCallerTryAgain) {
  Talk talk = talks()[1];
  Scenario& s = talk.scenario;
  s.calls[0].redial.enabled = true;
  s.calls[0].redial.after_drop = 1;
  s.faults = {cut(talk.hops[1], CutDirection::backward)};
  EXPECT_EQ(watch(s, 71s).journal.all<RedialPlanned>().size(), 1u);
}

TEST(Speech, OutlivesCutsThatAreShorterThanPatienceHoweverManyThereAre) {
  for (const Duration period : {Duration(18s), Duration(24s)}) {  // cut for 9 s, for 12 s
    Scenario s = talks()[1].scenario;
    s.faults = {cut({.location = kBranch, .site = 0}, CutDirection::both)};
    s.faults[0].flap = Flap{.period = period, .until = at(4min)};
    const Seen seen = watch(s, 5min);
    EXPECT_EQ(seen.goes_on(CallKind::queue), period == Duration(18s));
    EXPECT_EQ(seen.is_over(), period != Duration(18s));
  }
}

TEST(Speech, IsNoneWhereEverythingIsLost) {
  for (const double loss : {1.0, 0.9}) {
    Scenario s = talks()[1].scenario;
    s.faults = {cut({.location = kBranch, .site = 0}, CutDirection::both)};
    const LinkTarget link = std::get<LinkTarget>(std::get<Cut>(s.faults[0].deed).target);
    s.faults[0].deed =
        Degrade{.link = link, .latency = {}, .jitter = {}, .loss = loss, .bandwidth_bps = {}};
    EXPECT_EQ(watch(s, 71s).phones, loss < 1 ? 1u : 0u);
  }
}

// ---- before, beside and after the talk ----

TEST(Speech, ThatNeverBeginsIsNotWaitedFor) {
  // The link is cut while the phone rings: who takes the call hears nobody.
  Scenario s = talks()[1].scenario;
  s.agents[0].phone.answer_delay = 8s;
  s.faults = {cut({.location = kBranch, .site = 0}, CutDirection::both, {}, 12s)};
  EXPECT_EQ(watch(s, 27s).phones, 1u);  // answered at 18 s
  EXPECT_EQ(watch(s, 29s).phones, 0u);
}

Scenario held_in_a_branch(Duration hold) {
  Scenario s = talks()[1].scenario;
  s.calls[0].arrivals = SingleCalls{{{.at = at(10s), .talk = 100s, .patience = 1h, .gateway = 0}}};
  s.calls[0].hold_share = 1;
  s.calls[0].hold = Deterministic{sim::seconds(hold)};
  s.run.horizon = 1h;
  return s;
}

TEST(Speech, IsNotMissedByAnAgentWhoHasPutTheCallerOnHold) {
  Scenario s = held_in_a_branch(60s);
  const Seen undisturbed = watch(s, 10min);
  const auto held = undisturbed.journal.all<CallHeld>();
  ASSERT_EQ(held.size(), 2u);
  EXPECT_EQ(undisturbed.cause, Cause::completed);
  // What the agent has to say is cut for 30 s of the hold: the caller hears his music.
  const Duration begins = held[0].first - sim::kStart;
  s.faults = {cut({.location = kBranch, .site = 0}, CutDirection::both, 30s, begins + 10s)};
  EXPECT_EQ(watch(s, 10min).cause, Cause::completed);
  // Without music the gateway hears nothing.
  Fault silent = crashes(Role::media_server, {});
  silent.at = at(begins + 10s);
  s.faults = {silent};
  const Seen lost = watch(s, begins + 21s);
  EXPECT_TRUE(lost.is_over());
  EXPECT_EQ(lost.cause, Cause::media_lost);
}

/// From 30 s to 60 s the agent of site 1 asks that of site 2, who answers at once.
Scenario consulted_call(bool reconnects) {
  Scenario s = one_call(60s, 10min);
  s.calls[0].talk = Deterministic{60};
  s.calls[0].transfer.share = 1;
  s.calls[0].transfer.group = 1;
  s.calls[0].transfer.after = Deterministic{20};
  s.calls[0].transfer.kind = TransferKind::consultation;
  s.calls[0].transfer.consultation = Deterministic{30};
  s.calls[0].transfer.reconnect = reconnects;
  return s;
}

TEST(Speech, OfTwoAgentsThatStopsGivesTheCallerBackToTheFirst) {
  for (const CutDirection direction : kDirections) {
    Scenario s = consulted_call(false);
    s.faults = {cut({.dc_link = true}, direction, {}, 40s)};
    const Seen seen = watch(s, 52s);
    EXPECT_EQ(seen.gateways, 1u);
    EXPECT_EQ(seen.phones, 1u) << int(direction);  // the second one has hung up
    const auto held = seen.journal.all<CallHeld>();
    ASSERT_EQ(held.size(), 2u) << int(direction);
    expect_about(held[1].first, 50s);
    EXPECT_EQ(watch(s, 5min).cause, Cause::completed);
  }
}

TEST(Speech, OfAnAgentLeftAloneByTheFirstIsNotWaitedFor) {
  // Both BYEs to the second agent are lost with the link, just as the first takes the caller back.
  Scenario s = consulted_call(true);
  s.faults = {cut({.dc_link = true}, CutDirection::both, {}, 59900ms)};
  EXPECT_EQ(watch(s, 69s).phones, 2u);
  EXPECT_EQ(watch(s, 71s).phones, 1u);
}

TEST(Speech, OfTheFirstServerIsForgottenWhenTheGatewayGoesToTheSecond) {
  // Site 1 hears the gateway, which does not hear it: it moves on after 7.5 s.
  Scenario s = one_call(60s);
  s.agents[0].count = 0;
  s.faults = {cut({.location = 0, .site = 0}, CutDirection::backward, 2min, 5s)};
  const Seen seen = watch(s, 3min);
  EXPECT_EQ(seen.journal.all<CallInvited>().size(), 2u);
  EXPECT_EQ(seen.cause, Cause::completed);
  EXPECT_TRUE(seen.is_over());
}

TEST(Speech, OfAMediaServerThatIsBackDoesNotComeBack) {
  Scenario s = one_call(60s);
  s.agents[0].count = s.agents[1].count = 0;
  s.faults = {crashes(Role::media_server, 3s)};
  const Seen seen = watch(s, 2min);
  EXPECT_EQ(seen.cause, Cause::dropped_in_queue);
  expect_about(seen.journal.all<CallReleased>().at(0).first, 70s);
}

TEST(Speech, LostWithAServerHasItsOwnDelay) {  // hang-up-delay, R5
  Scenario s = one_call(1h);
  s.run.hang_up_delay = 20s;
  s.faults = {site_failure(at(60s))};
  EXPECT_EQ(watch(s, 79s).phones, 1u);
  EXPECT_EQ(watch(s, 81s).phones, 0u);
}

TEST(Speech, OfAPhoneThatIsLostDoesNotPassToTheOneAtItsAgentsNewDesk) {
  // His building is lost, and he sits down elsewhere a second later.
  Scenario s = talks()[4].scenario;
  s.run.media_survives = true;  // of its SIP Server it could live on
  Fault lost = site_failure(at(60s), 1, SiteScope::building);
  std::get<Fail>(lost.deed).staff_return =
      StaffReturn{.to = kBranch, .steps = {{.after = 1s, .share = 1}}};
  s.faults = {lost};
  EXPECT_EQ(watch(s, 69s).gateways, 1u);
  const Seen seen = watch(s, 71s);
  EXPECT_TRUE(seen.is_over());
  EXPECT_EQ(seen.cause, Cause::media_lost);
}

TEST(Speech, OfACallerWhoseGoodbyeNobodyForwardsIsNotWaitedFor) {
  // The SIP Server hangs: the gateway's BYE is not heard.
  Scenario s = one_call(60s);
  s.calls[0].agent_releases = false;
  s.agents[0].phone.silence_patience = 3s;
  Fault hangs;
  hangs.at = at(60s);
  hangs.deed = Hang{{.site = 0, .role = Role::sip_server_primary}};
  s.faults = {hangs};
  EXPECT_EQ(watch(s, 72s).phones, 1u);
  EXPECT_TRUE(watch(s, 74s).is_over());
}

}  // namespace
}  // namespace bcsim::tests::speech_test
