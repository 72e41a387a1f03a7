// What bcsim explain says of silence, refusals and legs given up is what the messages show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/worlds.hpp"
#include "tools/trace/event_story.hpp"
#include "tools/trace/failure_words.hpp"

namespace bcsim::tools::failure_words_test {
namespace {

using namespace std::chrono_literals;
using models::CallId;
using models::Cause;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Two agents a site; so many calls to mg1 from a minute on, every 100 ms.
models::Scenario with_calls(int n, sim::Duration talk = 30s,
                            sim::Duration patience = sim::Duration::max()) {
  models::Scenario s = tests::p0_scenario();
  s.run.horizon = 5min;
  s.agents = {tests::agents("a", 2, 0), tests::agents("b", 2, 1)};
  models::SingleCalls single;
  for (int i = 0; i < n; ++i) {
    single.calls.push_back({sim::kStart + 60s + i * 100ms, talk, patience, 0});
  }
  s.calls = {tests::calls(single)};
  s.calls[0].redial.enabled = false;
  return s;
}

void add_fault(models::Scenario& s, sim::Duration at, models::Deed deed) {
  models::Fault fault;
  fault.at = sim::kStart + at;
  fault.deed = std::move(deed);
  fault.text = "fault";
  s.faults.push_back(std::move(fault));
}

struct Told {
  Cause cause;
  std::string why, rule, lines;
};

/// The story of this call.
Told told(const models::Scenario& s, std::uint32_t call = 0) {
  const models::Layout layout(s, {s.run.seed, 0});
  const ThingNames names = names_of(layout);
  const Replay replayed = replay(s, 0, {.calls = {CallId{call}}});
  const CallLife& life = replayed.lives.at(0);
  const CallStory story = tell_story(life, {s, layout, names, replayed.faults});
  Told out{life.row.cause, story.decision.why, story.decision.rule, ""};
  for (const StoryLine& line : story.lines) out.lines += line.text + "\n";
  return out;
}

TEST(Silence, OfAServerThatHasNotComeToAnInviteIsItsInputQueue) {
  for (const double patience : {0.005, 2.0}) {
    models::Scenario s = with_calls(1);
    s.sites[0].sip_server.invite_service = patience < 1 ? 10ms : 3s;
    s.calls[0].setup_patience = models::Deterministic{patience};
    const Told t = told(s);
    EXPECT_EQ(t.cause, Cause::abandoned_in_setup);
    EXPECT_THAT(t.why, HasSubstr("it still waited in the input queue of that SIP Server."));
  }
}

TEST(Silence, OfAFullInputQueueNamesItsLimit) {
  models::Scenario s = with_calls(3);
  s.sites[0].sip_server.invite_service = 3s;
  s.sites[0].sip_server.input_queue_limit = 1;
  s.calls[0].setup_patience = models::Deterministic{2};
  EXPECT_THAT(told(s, 2).why, HasSubstr("was full (input-queue-limit: 1)."));
}

TEST(Silence, OfWhatIsOnTheWayIsNoLoss) {
  models::Scenario s = with_calls(1);
  s.calls[0].setup_patience = models::Deterministic{0.00001};
  EXPECT_THAT(told(s).why, HasSubstr("it was still on the way."));
}

TEST(Silence, OfAServerThatDiesWithItInItsQueueSaysSo) {
  models::Scenario s = with_calls(1);
  s.sites[0].sip_server.invite_service = 3s;
  s.calls[0].setup_patience = models::Deterministic{2};
  add_fault(s, 60300ms, models::Fail{models::SiteTarget{}, {}});
  EXPECT_THAT(told(s).why, HasSubstr("that SIP Server died before it had come to it."));
}

TEST(Refusal, NamesTheCodeOfADrainingServerOnlyIfItDrains) {
  models::Scenario s = with_calls(1);
  s.calls[0].arrivals =
      models::SingleCalls{{{sim::kStart + 10s, 90s, 300s, 0}, {sim::kStart + 60s, 90s, 300s, 0}}};
  add_fault(s, 30s, models::Drain{0});
  s.sites[0].sip_server.shutdown_sip_reject_code = 603;
  const Told drained = told(s, 1);
  EXPECT_EQ(drained.cause, Cause::lost_setup_rejected);
  EXPECT_THAT(drained.rule, HasSubstr("shutdown-sip-reject-code: 603"));

  models::Scenario direct = with_calls(1);
  direct.calls[0].to_agents = {0};
  direct.agents[0].count = 1;
  direct.agents[0].phone.expires = 30s;
  add_fault(direct, 20s, models::Fail{models::PhoneTarget{0, 0}, {}});
  const Told refused = told(direct);
  EXPECT_THAT(refused.why, HasSubstr("480"));
  EXPECT_THAT(refused.rule, Not(HasSubstr("drain")));
}

/// A call of site 1 that an agent of site 2 takes, whose phone rings so long.
models::Scenario over_the_trunk(sim::Duration ring) {
  models::Scenario s = with_calls(1);
  s.queues[0].routing_scope = models::RoutingScope::both_sites;
  s.agents = {tests::agents("b", 2, 1)};
  s.agents[0].phone.answer_delay = ring;
  return s;
}

TEST(CallReturned, InASwitchoverIsNoPhoneThatDidNotAnswer) {
  for (const auto& [ring, state] : {std::pair{3s, "he had answered"}, {9s, "his phone rang"}}) {
    models::Scenario s = over_the_trunk(ring);
    add_fault(s, 60500ms, models::Crash{{0, models::Role::sip_server_primary}});
    const Told t = told(s);
    EXPECT_THAT(t.lines, AllOf(HasSubstr("the backup that takes over does not know that he was "
                                         "called; "),
                               HasSubstr(state)))
        << t.lines;
    EXPECT_THAT(t.lines, Not(HasSubstr("he did not answer")));
  }
}

TEST(CallReturned, ByTheTimeoutIsAPhoneThatRang) {
  models::Scenario s = over_the_trunk(40s);
  s.agents = {tests::agents("a", 2, 0)};
  s.agents[0].phone.answer_delay = 40s;
  const Told t = told(s);
  EXPECT_THAT(t.lines, HasSubstr("after-routing-timeout: his phone rang, and he did not answer"));
}

TEST(CallReturned, ByTheTimeoutOfAnInviteThatCameLateOrNeverSaysSo) {
  for (const bool late : {true, false}) {
    models::Scenario s = with_calls(1);
    s.agents = {tests::agents("a", 1, 0)};
    s.agents[0].phone.answer_delay = 4s;
    s.gateways[0].location = 1;
    const models::LinkTarget path{false, 0, 0, models::CutDirection::backward};
    add_fault(s, 59s, models::Cut{path});
    add_fault(s, late ? 67s : 80s, models::Heal{path});
    const Told t = told(s);
    if (late) {
      EXPECT_THAT(t.lines, AllOf(HasSubstr("after-routing-timeout: the INVITE reached his phone "
                                           "late, at "),
                                 HasSubstr("after 4 copies of it had been lost (the link was cut: "
                                           "“fault”); it rang for 2.5 s")));
    } else {
      EXPECT_THAT(t.lines, HasSubstr("his phone did not answer the INVITE, which it never got (the "
                                     "link was cut: “fault”), sent 5 times"));
    }
  }
}

TEST(CallReturned, WithAnAnswerThatWasLostSaysThatHeAnswered) {
  models::Scenario s = over_the_trunk(3s);
  add_fault(s, 61s, models::Cut{models::LinkTarget{}});
  EXPECT_THAT(told(s).lines, HasSubstr("he "));
  EXPECT_THAT(told(s).lines, Not(HasSubstr("he did not answer")));
}

TEST(SessionEnd, OfARefreshWithoutAnswerIsItsTimerB) {
  models::Scenario s = with_calls(1, 4min);
  s.run.horizon = 8min;
  s.gateways[0].session_expires = 90s;
  s.sites[0].sip_server.session_expires.reset();
  add_fault(s, 150s, models::Hang{{0, models::Role::sip_server_primary}});
  add_fault(s, 150s, models::Hang{{0, models::Role::sip_server_backup}});
  const Told t = told(s);
  EXPECT_THAT(t.lines, HasSubstr("The gateway ends the session: its refresh got no answer."));
  EXPECT_THAT(t.why, HasSubstr("got no answer from site1.sip-server.primary (the process hung)."));
  EXPECT_THAT(t.rule, HasSubstr("timer B of the gateway's refresh: 64·T1 = 32 s"));
}

TEST(Scarcity, CountsTheAgentsWhoServeTheQueue) {
  models::Scenario s = with_calls(1, 30s, 15s);
  s.queues.push_back(s.queues[0]);
  s.queues[1].name = "other";
  s.agents[0].queues.emplace({1u});
  EXPECT_THAT(told(s).why, HasSubstr("At site1 no agent of queue service was logged in, and no "
                                     "other call waited for one."));
  models::Scenario one = with_calls(3, 60s, 15s);
  one.agents[0].count = 1;
  EXPECT_THAT(told(one, 1).why,
              HasSubstr("At site1 1 agent of queue service was logged in, who was busy, and 1 "
                        "other call waited for one."));
}

TEST(EventStory, SaysWhetherAGatewayWasRefusedOrHeardNothing) {
  const auto decided = [](models::Deed deed, bool icmp) {
    models::Scenario s = with_calls(3);
    s.network.icmp_unreachable = icmp;
    add_fault(s, 59s, std::move(deed));
    const models::Layout layout(s, {s.run.seed, 0});
    EventStory story(layout);
    (void)replay_run(
        s, 0, [&](models::TwoSiteWorld& world) { world.add_observer(story); },
        models::SimTime::max());
    for (const EventChapter& chapter : story.chapters()) {
      for (const EventLine& line : chapter.lines) {
        if (line.text.find("took site1 offline") != std::string::npos) return line.decided_by;
      }
    }
    return std::string();
  };
  const models::Crash crash{{0, models::Role::sip_server_primary}};
  EXPECT_THAT(decided(crash, true), HasSubstr("refused: no process there (ICMP)"));
  EXPECT_THAT(decided(models::Fail{models::SiteTarget{}, {}}, true),
              HasSubstr("no answer to a request and 3 retransmissions"));
}

}  // namespace
}  // namespace bcsim::tools::failure_words_test
