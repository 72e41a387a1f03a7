// When all is quiet again every agent on shift is ready and logged in once, and nobody else is
// logged in: whatever the calls were that he had, and whatever ended them (R20, R37–R39, R53).
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <map>

#include "models/checks/all_checks.hpp"
#include "models/metrics/run_recorder.hpp"
#include "tests/models/whole_calls_world.hpp"

namespace bcsim::tests::quiet_world_test {
namespace {

/// A run, what its agents are at the end, and what the checks say.
struct Evening {
  explicit Evening(const Scenario& scenario) {
    TwoSiteWorld world(scenario, {scenario.run.seed, 0});
    RunRecorder results(world.layout());
    world.add_observer(recorder);
    world.add_observer(results);
    sim::PlainPlatform platform(world.layout().topology);
    Simulation& simulation = world.simulate(platform);
    world.start();
    sim::run_loop(simulation);
    result = results.finish(simulation.now());
    for (const Verdict& verdict : result.verdicts) {
      EXPECT_NE(verdict.status, VerdictStatus::violated) << verdict.id << ": " << verdict.text;
    }
    for (const JournalEntry& entry : recorder.entries) {
      if (const auto* change = std::get_if<AgentStateChanged>(&entry.record)) {
        states[change->agent.value][change->site] = change->state;
      } else if (const auto* pair = std::get_if<PairStateChanged>(&entry.record)) {
        if (pair->up != 0) continue;
        for (auto& [agent, at_site] : states) at_site[pair->site] = AgentState::logged_out;
      }
    }
  }
  [[nodiscard]] bool logged_out(std::uint32_t agent) const {
    return states.at(agent)[0] == AgentState::logged_out &&
           states.at(agent)[1] == AgentState::logged_out;
  }
  [[nodiscard]] bool ready_once(std::uint32_t agent) const {
    const auto& s = states.at(agent);
    return (s[0] == AgentState::ready && s[1] == AgentState::logged_out) ||
           (s[1] == AgentState::ready && s[0] == AgentState::logged_out);
  }
  [[nodiscard]] std::size_t answered() const { return recorder.all<CallAnswered>().size(); }

  Recorder recorder;
  RunResult result;
  std::map<std::uint32_t, std::array<AgentState, kSites>> states;
};

SingleCalls once(Duration when, Duration talk, Duration patience = 1h) {
  return {{{.at = at(when), .talk = talk, .patience = patience, .gateway = 0}}};
}

/// Kinds of calls that agent 0, at site 1, may have.
enum class Kind { queue, direct, hunt, by_phone, by_desktop, held, consulting };
constexpr Kind kKinds[] = {Kind::queue,      Kind::direct, Kind::hunt,      Kind::by_phone,
                           Kind::by_desktop, Kind::held,   Kind::consulting};
const char* name(Kind kind) {
  constexpr const char* kNames[] = {"queue",      "direct", "hunt",      "by phone",
                                    "by desktop", "held",   "consulting"};
  return kNames[static_cast<int>(kind)];
}

/// One agent at site 1 with a call of this kind from 10 s on, for a minute, and one at site 2.
Scenario one_agent(Kind kind, Duration work) {
  Scenario s = p0_scenario();
  without_processing(s);
  s.run.horizon = 12min;
  s.agents = {agents("one", 1, 0, RegistrationMode::dual),
              agents("two", 1, 1, RegistrationMode::dual)};
  s.agents[0].phone.answer_delay = 4s;
  CallStream stream = calls(once(10s, 60s));
  stream.after_call_work = Deterministic{sim::seconds(work)};
  stream.setup_patience = Deterministic{120};
  switch (kind) {
    case Kind::queue:
      break;
    case Kind::direct:
      stream.to_agents = {0};
      break;
    case Kind::hunt: {
      HuntGroupOptions group;
      group.members = {0};
      s.queues.push_back(s.queues[0]);
      s.queues[1].name = "hunt";
      s.queues[1].hunt_group = group;
      stream.queue = 1;
      break;
    }
    case Kind::by_phone:
    case Kind::by_desktop:
      stream.from_agents = {0};
      stream.by_desktop = kind == Kind::by_desktop ? 1 : 0;
      break;
    case Kind::held:
      stream.hold_share = 1;
      stream.hold = Deterministic{30};
      break;
    case Kind::consulting:
      stream.transfer.share = 1;
      stream.transfer.kind = TransferKind::consultation;
      stream.transfer.group = 1;
      stream.transfer.after = Deterministic{10};
      stream.transfer.consultation = Deterministic{20};
      stream.transfer.reconnect = 1;
      break;
  }
  s.calls = {stream};
  return s;
}

TEST(ShiftEnd, IsTheEndOfCallsWhateverTheAgentHasInHand) {
  for (const Kind kind : kKinds) {
    for (const Duration work : {Duration(0s), Duration(1ms), Duration(5s)}) {
      // While it rings, early and late in the talk, and in after-call work.
      for (const Duration end : {Duration(12s), Duration(30s), Duration(60s), Duration(77s)}) {
        SCOPED_TRACE(::testing::Message() << name(kind) << ", work " << sim::seconds(work)
                                          << ", shift ends at " << sim::seconds(end));
        Scenario s = one_agent(kind, work);
        s.agents[0].staffing = {{sim::kStart, 1}, {at(end), 0}};
        // Somebody waits for an agent of site 1 when the call ends, and gives up.
        CallStream next = calls(once(20s, 60s, 5min), {1, 0});
        next.setup_patience = Deterministic{400};
        s.calls.push_back(next);
        const Evening evening(s);
        EXPECT_TRUE(evening.logged_out(0));
        EXPECT_TRUE(evening.ready_once(1));
        std::size_t late = 0;
        for (const auto& [when, answer] : evening.recorder.all<CallRouted>()) {
          late += answer.agent == AgentId{0} && when > at(end + 50ms) && when > at(15s);
        }
        EXPECT_EQ(late, 0u);
      }
    }
  }
}

TEST(ShiftEnd, IsForgottenIfTheNextShiftBeginsMeanwhile) {
  for (const Kind kind : kKinds) {
    for (const Duration work : {Duration(0s), Duration(5s)}) {
      SCOPED_TRACE(::testing::Message() << name(kind) << ", work " << sim::seconds(work));
      Scenario s = one_agent(kind, work);
      s.agents[0].staffing = {{sim::kStart, 1}, {at(30s), 0}, {at(40s), 1}};
      const Evening evening(s);
      EXPECT_TRUE(evening.ready_once(0));
      EXPECT_TRUE(evening.ready_once(1));
    }
  }
}

/// What ends, or disturbs, the ringing of a direct call to an agent whom the server has made not
/// ready because he did not answer the call before.
enum class RingEnd { answered, caller_gives_up, overflow, logout, cut, switchover, desktop_dies };
constexpr RingEnd kRingEnds[] = {
    RingEnd::answered, RingEnd::caller_gives_up, RingEnd::overflow,    RingEnd::logout,
    RingEnd::cut,      RingEnd::switchover,      RingEnd::desktop_dies};

TEST(NotReady, EndsHoweverTheNextRingingEnds) {
  for (const RingEnd how : kRingEnds) {
    for (const Duration work : {Duration(0s), Duration(30s)}) {
      for (const AfterRoutingAction first :
           {AfterRoutingAction::not_ready, AfterRoutingAction::none, AfterRoutingAction::logout}) {
        SCOPED_TRACE(::testing::Message()
                     << static_cast<int>(how) << ", work " << sim::seconds(work) << ", action "
                     << static_cast<int>(first));
        Scenario s = one_agent(Kind::direct, work);
        s.agents[0].phone.answer_delay = 18s;  // longer than a routed call may ring
        for (SiteOptions& site : s.sites) {
          site.sip_server.after_routing_timeout_action = first;
          site.sip_server.agent_no_answer_action = AfterRoutingAction::not_ready;
        }
        s.calls[0].arrivals = once(22s, 60s);
        CallStream routed = calls(once(10s, 60s, 11s), {1, 0});
        routed.setup_patience = Deterministic{11};
        s.calls.push_back(routed);
        Fault fault;
        fault.at = at(25s);
        fault.lasting = 20s;
        switch (how) {
          case RingEnd::answered:
            break;
          case RingEnd::caller_gives_up:
            s.calls[0].setup_patience = Deterministic{6};
            break;
          case RingEnd::logout:
            for (SiteOptions& site : s.sites) {
              site.sip_server.agent_no_answer_action = AfterRoutingAction::logout;
            }
            [[fallthrough]];
          case RingEnd::overflow:
            for (SiteOptions& site : s.sites)
              site.sip_server.agent_no_answer_overflow = "voicemail";
            break;
          case RingEnd::cut:
            fault.deed = Cut{LinkTarget{.dc_link = false, .location = 0, .site = 0}};
            s.faults = {fault};
            break;
          case RingEnd::switchover:
            s.faults = {primary_crash(25s)};
            break;
          case RingEnd::desktop_dies:
            fault.deed = Fail{.target = DesktopTarget{0, 0}, .staff_return = {}};
            s.faults = {fault};
            break;
        }
        const Evening evening(s);
        EXPECT_TRUE(evening.ready_once(0));
        EXPECT_TRUE(evening.ready_once(1));
      }
    }
  }
}

TEST(AbsentDesktop, LeavesNobodyAtWorkForEver) {
  for (const Kind kind : kKinds) {
    for (const Duration lost : {Duration(5s), Duration(12s), Duration(30s), Duration(72s)}) {
      for (const Duration gone : {Duration(3s), Duration(40s), Duration(3min)}) {
        SCOPED_TRACE(::testing::Message() << name(kind) << ", lost at " << sim::seconds(lost)
                                          << " for " << sim::seconds(gone));
        Scenario s = one_agent(kind, 5s);
        Fault fault;
        fault.at = at(lost);
        fault.deed = Fail{.target = DesktopTarget{0, 0}, .staff_return = {}};
        fault.lasting = gone;
        s.faults = {fault};
        const Evening evening(s);
        EXPECT_TRUE(evening.ready_once(0));
        EXPECT_TRUE(evening.ready_once(1));
      }
    }
  }
}

TEST(AbsentDesktop, DoesNotKeepAPhoneOfAHuntGroupFromBeingRung) {  // R53
  Scenario s = one_agent(Kind::hunt, 5s);
  s.calls[0].arrivals = SingleCalls{{{.at = at(60s), .talk = 10s, .patience = 1h, .gateway = 0},
                                     {.at = at(90s), .talk = 10s, .patience = 1h, .gateway = 0},
                                     {.at = at(120s), .talk = 10s, .patience = 1h, .gateway = 0},
                                     {.at = at(125s), .talk = 10s, .patience = 1h, .gateway = 0}}};
  s.queues[1].hunt_group->queue_limit = 5;
  Fault fault;
  fault.at = at(30s);
  fault.deed = Fail{.target = DesktopTarget{0, 0}, .staff_return = {}};
  s.faults = {fault};
  EXPECT_EQ(Evening(s).answered(), 4u);
}

/// What becomes of a logout that the peer has asked for and a call has put off.
TEST(ForcedLogout, IsForgottenByAServerThatIsAloneAndAskedForAgainByThePeer) {
  enum class Then { nothing, alone, alone_for_a_while, switchover, desktop_dies };
  for (const Then then : {Then::nothing, Then::alone, Then::alone_for_a_while, Then::switchover,
                          Then::desktop_dies}) {
    SCOPED_TRACE(static_cast<int>(then));
    Scenario s = one_agent(Kind::queue, 5s);
    s.run.horizon = 30min;
    s.calls[0].arrivals = once(60s, 400s);
    // His desktop loses its own path to site 1 and goes to site 2, his phone speaks on.
    s.network.desktop_access.resize(2);
    s.network.desktop_access[0] = {s.network.access[0][0], s.network.access[0][1]};
    Fault cut;
    cut.at = at(100s);
    cut.deed = Cut{LinkTarget{.dc_link = false, .location = 0, .site = 0, .desktops = true}};
    cut.lasting = 3min;
    s.faults = {cut};
    Fault next;
    next.at = at(6min);
    switch (then) {
      case Then::nothing:
        break;
      case Then::alone:
      case Then::alone_for_a_while:
        next.deed = Cut{LinkTarget{}};
        if (then == Then::alone_for_a_while) next.lasting = 5min;
        s.faults.push_back(next);
        break;
      case Then::switchover:
        s.faults.push_back(primary_crash(6min));
        break;
      case Then::desktop_dies:
        next.deed = Fail{.target = DesktopTarget{0, 0}, .staff_return = {}};
        next.lasting = 1min;
        s.faults.push_back(next);
        break;
    }
    const Evening evening(s);
    EXPECT_TRUE(evening.ready_once(1));
    const auto& states = evening.states.at(0);
    if (then == Then::alone) {  // at both, as long as nobody can tell the other
      EXPECT_NE(states[0], AgentState::logged_out);
      EXPECT_NE(states[1], AgentState::logged_out);
    } else {
      EXPECT_TRUE(evening.ready_once(0))
          << static_cast<int>(states[0]) << " " << static_cast<int>(states[1]);
    }
  }
}

TEST(MaximumWait, IsNoReasonToTurnAwayWhoNeedNotWait) {
  for (const Duration wait : {Duration(0s), Duration(1us), Duration(1ms), Duration(1s)}) {
    for (const Treatment treatment : {Treatment::always, Treatment::when_waiting}) {
      for (const Duration announcement : {Duration(0s), Duration(8s)}) {
        SCOPED_TRACE(sim::seconds(wait));
        Scenario s = one_agent(Kind::queue, 5s);
        s.queues[0].maximum_wait = wait;
        for (SiteOptions& site : s.sites) {
          site.sip_server.treatment = treatment;
          site.sip_server.announcement = announcement;
        }
        // The second caller comes while the agent speaks.
        s.calls[0].arrivals =
            SingleCalls{{{.at = at(10s), .talk = 60s, .patience = 1h, .gateway = 0},
                         {.at = at(30s), .talk = 60s, .patience = 1h, .gateway = 0}}};
        s.calls[0].gateway_share = {1, 0};
        const Evening evening(s);
        EXPECT_EQ(evening.answered(), 1u);
        EXPECT_EQ(evening.recorder.all<CallDefaultRouted>().size(), 1u);
      }
    }
  }
}

TEST(MaximumWait, MayEndWithARejection) {  // conservation holds: nothing ended "normally"
  Scenario s = one_agent(Kind::queue, 5s);
  s.queues[0].maximum_wait = 20s;
  s.queues[0].default_destination.reset();
  s.calls[0].arrivals = SingleCalls{{{.at = at(10s), .talk = 60s, .patience = 1h, .gateway = 0},
                                     {.at = at(30s), .talk = 60s, .patience = 1h, .gateway = 0}}};
  s.calls[0].gateway_share = {1, 0};
  const Evening evening(s);
  EXPECT_EQ(evening.result.calls.at(1).cause, Cause::lost_setup_rejected);
}

}  // namespace
}  // namespace bcsim::tests::quiet_world_test
