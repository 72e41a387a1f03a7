// What bcsim explain tells: stories of calls, their ladders, what acted when.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/support/hurried.hpp"
#include "tests/support/shipped.hpp"
#include "tests/support/worlds.hpp"
#include "tools/base/html.hpp"
#include "tools/base/page.hpp"
#include "tools/trace/event_story.hpp"
#include "tools/trace/rule_names.hpp"
#include "tools/trace/story_pages.hpp"

namespace bcsim::tools::explain_test {
namespace {

using namespace std::chrono_literals;
using models::CallId;
using models::Cause;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Two agents a site; calls to mg1 every 15 s from 1 s on; site 1 fails after a minute.
models::Scenario failing_site() {
  models::Scenario s = tests::p0_scenario();
  s.run.horizon = 5min;
  s.agents = {tests::agents("a", 4, 0), tests::agents("b", 4, 1)};
  models::SingleCalls single;
  for (int i = 0; i < 6; ++i) single.calls.push_back({sim::kStart + i * 15s + 1s, 90s, 300s, 0});
  s.calls = {tests::calls(single)};
  models::Fault fault = tests::site_failure(sim::kStart + 60s);
  fault.text = "fail site1";
  s.faults = {fault};
  return s;
}

class Explained {
 public:
  Explained(models::Scenario scenario, std::vector<CallId> calls)
      : scenario_(std::move(scenario)),
        layout_(scenario_, {scenario_.run.seed, 0}),
        names_(names_of(layout_)),
        replay_(replay(scenario_, 0, {.calls = std::move(calls)})) {}

  [[nodiscard]] StoryContext context() const {
    return {scenario_, layout_, names_, replay_.faults};
  }
  [[nodiscard]] const CallLife& life(std::size_t i) const { return replay_.lives.at(i); }
  [[nodiscard]] CallStory story(std::size_t i) const { return tell_story(life(i), context()); }
  [[nodiscard]] Ladder ladder(std::size_t i) const {
    return make_ladder(life(i), story(i), context());
  }
  [[nodiscard]] const Replay& all() const { return replay_; }
  [[nodiscard]] const models::Scenario& scenario() const { return scenario_; }

 private:
  models::Scenario scenario_;
  models::Layout layout_;
  ThingNames names_;
  Replay replay_;
};

TEST(Replay, GivesTheJournalOfTheRunToTheBitAlsoWhileListening) {
  const auto plain = tests::run_world(failing_site());
  EXPECT_EQ(replay(failing_site(), 0, {}).journal_fingerprint, plain.journal);
  EXPECT_EQ(replay(failing_site(), 0, {.calls = {CallId{0}, CallId{4}}}).journal_fingerprint,
            plain.journal);
}

TEST(Replay, StopsWhereItIsTold) {
  const Replay r = replay(failing_site(), 0, {.until = sim::kStart + 20s});
  EXPECT_EQ(r.reached, sim::kStart + 20s);
  EXPECT_EQ(r.rows.size(), 2u);
}

TEST(Story, OfACallCutOffInTalkNamesTheFaultThePathAndTheRule) {
  const Explained e(failing_site(), {CallId{1}});
  ASSERT_EQ(e.life(0).row.cause, Cause::dropped_in_talk);
  const CallStory s = e.story(0);
  EXPECT_EQ(s.title, "Call 1: lost, cut off while talking to an agent");
  EXPECT_EQ(s.outcome, "dropped_in_talk");
  EXPECT_THAT(s.decision.why, HasSubstr("At 0:01:00.000 the whole SIP Server pair of site1"));
  EXPECT_THAT(s.decision.why, HasSubstr("fail site1"));
  EXPECT_THAT(s.decision.rule, StartsWith("R5"));
  ASSERT_EQ(s.both_sites.size(), 4u);
  EXPECT_THAT(s.both_sites[0], StartsWith("site1: SIP Server pair dead; 0 agents logged in"));
  EXPECT_THAT(s.both_sites[1], HasSubstr("4 agents logged in"));
  ASSERT_TRUE(s.decision.message);
  EXPECT_EQ(e.life(0).messages.at(*s.decision.message).sent, sim::kStart + 60s);
}

TEST(Story, OfACallThatWentToTheOtherSiteSaysHowOftenTheFirstWasAsked) {
  const Explained e(failing_site(), {CallId{4}});  // 61 s: site 1 is dead, mg1 does not know
  EXPECT_EQ(e.life(0).row.queue_site, 1);
  std::string text;
  for (const StoryLine& line : e.story(0).lines) text += line.text + "\n";
  EXPECT_THAT(text, HasSubstr("mg1 gives site1 up for this call: it did not answer the INVITE, "
                              "sent 4 times (the machine was dead)"));
  EXPECT_THAT(text, HasSubstr("mg1 sends another INVITE to the SIP Server of site2."));
}

TEST(Story, OfACallThatNobodyAnswersCountsEachWaitFromWhereItBegan) {
  models::Scenario s = failing_site();
  s.faults.clear();
  s.agents[0].phone.answer_delay = 12s;  // after-routing-timeout is 10 s
  s.calls = {
      tests::calls(models::SingleCalls{{{sim::kStart + 10s, 30s, sim::Duration::max(), 0}}})};
  const Explained e(s, {CallId{0}});
  std::string text;
  for (const StoryLine& line : e.story(0).lines) text += line.text + "\n";
  EXPECT_THAT(text, HasSubstr("wait for ever for an agent"));
  EXPECT_THAT(text, Not(HasSubstr("2562047")));
  EXPECT_THAT(text, HasSubstr("after the call was taken"));
  EXPECT_THAT(text, HasSubstr("after the call was put back"));
  EXPECT_THAT(text, HasSubstr("after-routing-timeout: his phone rang, and he did not answer"));
  EXPECT_THAT(text, Not(HasSubstr("60 s after")));
}

TEST(Story, OfACallThatAnAgentPlacesFollowsHisPhoneFromServerToServer) {  // R18
  models::Scenario s = failing_site();
  for (models::AgentGroup& group : s.agents) {
    group.phone.registration = models::RegistrationMode::dual;
    group.phone.expires = 1h;
  }
  s.agents[0].count = s.agents[1].count = 1;
  s.calls = {tests::calls(models::SingleCalls{{{sim::kStart + 70s, 30s, 300s, {}}}})};
  s.calls[0].from_agents = {0};
  s.calls.push_back(s.calls[0]);
  s.calls[1].arrivals = models::SingleCalls{{{sim::kStart + 10s, 30s, 300s, {}}}};
  s.calls[1].to_agents = {1};
  s.calls[0].by_desktop = 0;
  const Explained e(s, {CallId{0}, CallId{1}});
  const auto text_of = [&](std::size_t call) {
    std::string text;
    for (const StoryLine& line : e.story(call).lines) text += line.text + "\n";
    return text;
  };
  EXPECT_THAT(text_of(0), HasSubstr("Agent a.1 calls agent b.1, with his desktop (3pcc)."));
  EXPECT_THAT(text_of(0), HasSubstr("it stays in the signalling path"));
  EXPECT_THAT(text_of(1), HasSubstr("Agent a.1 calls somebody outside, with his phone (1pcc)."));
  EXPECT_THAT(text_of(1), HasSubstr("gives site1 up for this call: it did not answer in time"));
  EXPECT_THAT(text_of(1), HasSubstr("The SIP Server of site2 sends it out through gateway mg2."));
  EXPECT_THAT(text_of(1), HasSubstr("They speak, through the SIP Server of site2; his desktop"));
  EXPECT_EQ(e.story(1).outcome, "completed");
  EXPECT_GT(e.ladder(1).rows.size(), 15u);
}

TEST(Story, OfACallerWhoFoundNoServerNamesTheRetransmissions) {
  models::Scenario s = failing_site();
  for (auto& gateway : s.gateways) gateway.second_target = false;
  const Explained e(s, {CallId{4}});
  ASSERT_EQ(e.life(0).row.cause, Cause::lost_setup_timeout);
  const Decision d = e.story(0).decision;
  EXPECT_THAT(d.why,
              HasSubstr("Its INVITE of 0:01:01.000 to site1.sip-server.primary and 3 copies"));
  EXPECT_THAT(d.why, HasSubstr("the last 3.5 s later"));
  EXPECT_THAT(d.rule, HasSubstr("retransmissions: 3"));
  ASSERT_TRUE(d.message);
  EXPECT_FALSE(e.life(0).messages.at(*d.message).arrived());
}

/// The number of an agent of site 1 is called at 25 s; his phone rings in vain for `ring`.
models::Scenario direct_call(sim::Duration ring) {
  models::Scenario s = failing_site();
  s.faults.clear();
  s.agents[0].phone.answer_delay = ring;
  s.calls = {tests::calls(models::SingleCalls{{{sim::kStart + 25s, 90s, 300s, 0}}})};
  s.calls[0].to_agents = {0};
  s.calls[0].setup_patience = models::Deterministic{20};
  return s;
}

TEST(Story, OfACallWhileNoGatewayLivesBlamesNoChannels) {
  models::Scenario s = failing_site();
  s.faults.clear();
  for (const std::uint32_t gateway : {0u, 1u}) {
    models::Fault fault;
    fault.at = sim::kStart + 10s;
    fault.deed = models::Fail{models::GatewayTarget{gateway}, {}};
    s.faults.push_back(fault);
  }
  const Explained e(s, {CallId{1}});
  ASSERT_EQ(e.life(0).row.cause, Cause::blocked_at_trunk);
  const Decision decision = e.story(0).decision;
  EXPECT_THAT(decision.why, HasSubstr("No gateway was alive"));
  EXPECT_THAT(decision.why + decision.rule, Not(HasSubstr("channel")));
}

/// The link is cut while his phone rings: his answer reaches nobody.
TEST(Story, OfAnAnswerThatNobodyHearsSaysSo) {
  models::Scenario s = failing_site();
  s.agents = {tests::agents("b", 4, 1)};
  s.agents[0].phone.answer_delay = 4s;
  s.queues.at(0).routing_scope = models::RoutingScope::both_sites;
  models::SingleCalls single;
  single.calls.push_back({sim::kStart + 10s, 90s, 15s, 0});
  s.calls = {tests::calls(single)};
  models::Fault cut;
  cut.at = sim::kStart + 12s;
  cut.deed = models::Cut{models::LinkTarget{}};
  s.faults = {cut};
  const Explained e(s, {CallId{0}});
  std::string told;
  for (const auto& line : e.story(0).lines) told += line.text + "\n";
  ASSERT_EQ(e.life(0).row.cause, Cause::abandoned_in_queue) << told;
  EXPECT_THAT(told, HasSubstr("answers; the caller does not hear it"));
  EXPECT_THAT(told, Not(HasSubstr("b.1 speak")));
}

TEST(Story, OfAnUnansweredDirectCallNamesItsTimeout) {  // D24
  models::Scenario s = direct_call(1h);
  s.sites[0].sip_server.agent_no_answer_overflow = "release";
  const Explained released(s, {CallId{0}});
  EXPECT_EQ(released.story(0).outcome, "no_answer");
  EXPECT_THAT(released.story(0).decision.rule, StartsWith("agent-no-answer-timeout: 15s"));
  s.sites[0].sip_server.agent_no_answer_overflow = "voicemail";
  const Explained sent_on(s, {CallId{0}});
  EXPECT_EQ(sent_on.story(0).outcome, "default_routed");
  EXPECT_THAT(sent_on.story(0).decision.why, HasSubstr("number was dialled did not answer"));
}

TEST(Story, OfACallLostWhenBothServersBecamePrimarySaysThatTheOldOneLived) {
  models::Scenario s = direct_call(10s);
  models::SipServerOptions& server = s.sites[0].sip_server;
  server.host_loss_detection_min = server.host_loss_detection_max = 5s;
  models::Fault cut;
  cut.at = sim::kStart + 20s;
  cut.deed = models::Cut{models::ManagementLinkTarget{}};
  cut.text = "cut site1.sip-server.primary.management-link";
  s.faults = {cut};
  const Explained e(s, {CallId{0}});
  EXPECT_EQ(e.story(0).outcome, "lost_setup_hanging");
  EXPECT_THAT(e.story(0).decision.why, HasSubstr("It was not dead"));
  EXPECT_THAT(e.story(0).decision.why, HasSubstr("from 0:00:28.000 on both were primary"));
  std::string text;
  for (const StoryLine& line : e.story(0).lines) text += line.text + "\n";
  EXPECT_THAT(text, HasSubstr("Both SIP Servers of site1 are primary"));
}

TEST(Story, EndsWhereTheCallEnds) {
  const Explained e(failing_site(), {CallId{0}, CallId{4}});
  for (std::size_t i = 0; i < 2; ++i) {
    for (const StoryLine& line : e.story(i).lines) {
      EXPECT_LE(line.at, e.life(i).row.released) << line.text;
    }
  }
}

TEST(LadderText, FitsEightyColumnsAndMarksCopiesLossesAndFaults) {
  const Explained e(failing_site(), {CallId{1}, CallId{4}});
  const std::string dropped = ladder_text(e.ladder(0), e.scenario());
  EXPECT_THAT(dropped, HasSubstr("#### Fault: \"fail site1\". ####"));
  EXPECT_THAT(dropped, HasSubstr("BYE #2"));
  EXPECT_THAT(dropped, HasSubstr("BYE #5-11"));  // nobody reads ten lines of what never arrives
  EXPECT_THAT(dropped, Not(HasSubstr("BYE #7")));
  EXPECT_THAT(dropped, HasSubstr("(the machine was dead)"));
  const std::string moved = ladder_text(e.ladder(1), e.scenario());
  EXPECT_THAT(moved, HasSubstr("INVITE #4"));
  EXPECT_THAT(moved, HasSubstr("200 OK"));
  for (const std::string& text : {dropped, moved}) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(columns(line), 80u) << line;
      EXPECT_EQ(columns(line), line.size()) << "not ASCII: " << line;
    }
  }
}

TEST(Ladder, HasEveryMessageOnceInOrderOfTime) {
  const Explained e(failing_site(), {CallId{1}});
  const Ladder ladder = e.ladder(0);
  std::size_t messages = 0;
  models::SimTime last = sim::kStart;
  for (const LadderRow& row : ladder.rows) {
    EXPECT_LE(last, row.at);
    last = row.at;
    if (row.kind != LadderRow::Kind::message) continue;
    ++messages;
    ASSERT_LT(row.from, ladder.actors.size());
    ASSERT_LT(row.to, ladder.actors.size());
  }
  std::size_t expected = 0;
  for (const LoggedMessage& m : e.life(0).messages) expected += m.from.valid() && m.to.valid();
  EXPECT_EQ(messages, expected);
  EXPECT_GT(messages, 30u);
}

TEST(Ladder, GivesThePhonesOfAHuntGroupOneColumn) {
  const Explained e(failing_site(), {CallId{1}});
  CallLife life = e.life(0);
  const models::Directory& directory = e.context().layout.directory;
  models::sip::Request invite;
  invite.method = models::sip::Method::invite;
  for (const models::AgentInfo& agent : directory.agents) {
    LoggedMessage m;
    m.sent = m.at = sim::kStart + 20s;
    m.from = directory.sip_server_process[0][0];
    m.to = agent.phone;
    m.message = invite;
    life.messages.push_back(m);
  }
  const Ladder ladder = make_ladder(life, e.story(0), e.context());
  const auto others = std::find_if(ladder.actors.begin(), ladder.actors.end(),
                                   [](const LadderActor& a) { return a.label == "phones"; });
  ASSERT_NE(others, ladder.actors.end());
  EXPECT_EQ(others->detail, "7 others");
  EXPECT_LE(ladder.actors.size(), 8u);
}

TEST(LadderSvg, IsWellFormedEnoughToBeReadAsXml) {
  const Explained e(failing_site(), {CallId{1}});
  const std::string svg = ladder_svg(e.ladder(0), e.scenario(), true);
  EXPECT_THAT(svg, StartsWith("<svg class=\"ladder\" xmlns="));
  std::map<std::string, int> open;
  for (std::size_t at = 0; (at = svg.find('<', at)) != std::string::npos; ++at) {
    const std::size_t end = svg.find('>', at);
    ASSERT_NE(end, std::string::npos);
    const bool closing = svg[at + 1] == '/';
    const std::size_t name = at + (closing ? 2 : 1);
    const std::string tag = svg.substr(name, svg.find_first_of(" >/", name) - name);
    if (closing) --open[tag];
    if (!closing && svg[end - 1] != '/') ++open[tag];
  }
  for (const auto& [tag, count] : open) EXPECT_EQ(count, 0) << tag;
}

TEST(Html, EscapesWhatIsNotOurs) {
  EXPECT_EQ(escape_html("<a href=\"x\">&\x01"), "&lt;a href=&quot;x&quot;&gt;&amp; ");
}

/// The one line of a chapter whose text ends so.
const EventLine& line_of(const EventChapter& chapter, const std::string& end) {
  const auto found = std::ranges::find_if(
      chapter.lines, [&](const EventLine& line) { return line.text.ends_with(end); });
  if (found == chapter.lines.end()) throw std::out_of_range(end);
  return *found;
}

TEST(EventStory, TellsWhatAFaultSetOffWithItsTimersAndRules) {
  const models::Scenario scenario = failing_site();
  const models::Layout layout(scenario, {scenario.run.seed, 0});
  EventStory story(layout);
  const ReplayEnd end = replay_run(
      scenario, 0, [&](models::TwoSiteWorld& world) { world.add_observer(story); },
      models::SimTime::max());
  ASSERT_EQ(end.reached, sim::kStart + scenario.run.horizon);
  const std::vector<EventChapter> chapters = story.chapters();
  ASSERT_EQ(chapters.size(), 2u);
  EXPECT_TRUE(chapters[0].lines.empty()) << "a steady start, and nothing is lost before";
  const EventChapter& after = chapters[1];
  EXPECT_EQ(after.title, "fail site1");
  EXPECT_EQ(after.at, sim::kStart + 60s);
  EXPECT_TRUE(std::ranges::is_sorted(after.lines, {},
                                     [](const EventLine& line) { return line.at.front(); }));

  EXPECT_EQ(line_of(after, "is gone, with its calls").at, std::vector<models::SimTime>{after.at});
  EXPECT_EQ(line_of(after, "cut off while talking to an agent").rules,
            std::vector<std::string>{"R5"});
  EXPECT_EQ(line_of(after, "phones registered at site2").at.size(), 4u);
  const EventLine& lost = line_of(after, "4 desktops lost site1");
  EXPECT_GE(lost.at.front(), after.at + 20s) << "ADDP: once the timeout at least";
  EXPECT_LE(lost.at.back(), after.at + 40s + 100ms) << "… twice at most";
  const EventLine& moved = line_of(after, "4 desktops began to move to site2");
  EXPECT_EQ(moved.decided_by, "site-timeout 30s");
  EXPECT_EQ(moved.at.front(), lost.at.front() + 30s);
  EXPECT_EQ(line_of(after, "4 agents logged in at site2").rules,
            (std::vector<std::string>{"R33", "R37"}));
  EXPECT_EQ(line_of(after, "site2 went into single-site mode").at,
            line_of(after, "site2 took its trunk to the peer out of service").at);
  for (const EventLine& line : after.lines) {
    for (const std::string& rule : line.rules) EXPECT_NE(rule_in_short(rule), "") << rule;
  }
}

TEST(RuleNames, AreThoseOfTheTable) {
  EXPECT_EQ(rule_in_short("R4"),
            "Site failure: HA pair or all components lost; agents log in at the survivor");
  for (int rule = 1; rule <= 88; ++rule) EXPECT_NE(rule_in_short(fmt::format("R{}", rule)), "");
  EXPECT_EQ(rule_in_short("R89"), "");
}

/// Every lost call of the scenario has a story that names the ledger's cause, a reason and what
/// decided; a call that silence killed has the message that nobody answered. Returns how many.
std::size_t expect_every_loss_explained(const models::Scenario& scenario) {
  const Replay first = replay(scenario, 0, {});
  std::vector<CallId> lost;
  for (std::uint32_t i = 0; i < first.rows.size(); ++i) {
    if (models::is_loss(first.rows[i].cause)) lost.push_back(CallId{i});
  }
  const Explained e(scenario, lost);
  EXPECT_EQ(e.all().lives.size(), lost.size());
  for (std::size_t i = 0; i < lost.size(); ++i) {
    const CallStory story = e.story(i);
    const models::CallRow& row = first.rows[lost[i].value];
    EXPECT_EQ(story.outcome, models::name(row.cause)) << lost[i].value;
    EXPECT_FALSE(story.decision.why.empty()) << lost[i].value;
    EXPECT_FALSE(story.decision.rule.empty()) << lost[i].value;
    EXPECT_EQ(story.both_sites.size(), 2 + scenario.gateways.size()) << lost[i].value;
    if (row.release == models::pstn::Release::no_response ||
        row.release == models::pstn::Release::speech_lost) {
      EXPECT_TRUE(story.decision.message) << lost[i].value;
    }
    EXPECT_FALSE(ladder_text(e.ladder(i), scenario).empty());
  }
  return lost.size();
}

TEST(Explain, NamesTheCauseOfEveryLostCall) {
  const models::Scenario site = failing_site();
  EXPECT_GT(expect_every_loss_explained(site), 0u);
  models::Scenario gateway = site;
  gateway.faults.front().deed = models::Fail{models::GatewayTarget{0}, {}};
  EXPECT_GT(expect_every_loss_explained(gateway), 0u);
  // Its answers come when the gateway has long given up, which is silence all the same.
  models::Scenario slow = site;
  slow.faults.clear();
  for (models::SiteOptions& s : slow.sites) s.sip_server.invite_service = 10s;
  EXPECT_GT(expect_every_loss_explained(slow), 0u);
}

class ShippedLosses : public testing::TestWithParam<ShippedScenario> {};

TEST_P(ShippedLosses, AllHaveTheirCauseNamed) {
  if (std::getenv("BCSIM_FULL") == nullptr) GTEST_SKIP() << "every lost call; BCSIM_FULL=1";
  const Loaded loaded = load_scenario(GetParam().path);
  ASSERT_FALSE(loaded.has_errors());
  expect_every_loss_explained(loaded.scenario);
}

INSTANTIATE_TEST_SUITE_P(Of, ShippedLosses, testing::ValuesIn(shipped_scenarios()),
                         test::scenario_name);

TEST(Explain, NamesTheCauseInShippedScenariosMadeShort) {
  std::size_t lost = 0;
  for (const char* name : {"site_failure", "gateway_failure", "partition_hunt_groups"}) {
    SCOPED_TRACE(name);
    const Loaded loaded =
        load_scenario(home_directory() / "scenarios" / (std::string(name) + ".yaml"));
    ASSERT_FALSE(loaded.has_errors());
    lost += expect_every_loss_explained(tests::hurried(loaded.scenario, false));
  }
  EXPECT_GT(lost, 10u);
}

}  // namespace
}  // namespace bcsim::tools::explain_test
