// The checks on the journal of a real run, as it is and with one fault planted in it: each check
// must find what it is there for, and nothing else may wake it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>

#include "models/metrics/run_recorder.hpp"
#include "tests/support/worlds.hpp"

namespace bcsim::tests::planted_faults_test {
namespace {

using Entries = std::vector<JournalEntry>;

/// Two sites that help each other, with transfers; site 1 fails from 10 to 12 minutes.
Scenario troubled_centre() {
  Scenario s = p0_scenario();
  s.run.horizon = 1h;
  s.agents = {agents("one", 4, 0, RegistrationMode::dual),
              agents("two", 4, 1, RegistrationMode::dual)};
  s.queues[0].routing_scope = RoutingScope::both_sites;
  SingleCalls arrivals;
  for (int i = 0; i < 90; ++i) {
    arrivals.calls.push_back({.at = sim::kStart + 20s + i * 20s,
                              .talk = 20s + (i % 7) * 10s,
                              .patience = 2min,
                              .gateway = static_cast<std::uint32_t>(i % 2)});
  }
  CallStream stream = calls(arrivals);
  stream.after_call_work = Deterministic{2};
  stream.transfer.share = 0.3;
  stream.transfer.group = 1;
  stream.transfer.after = Deterministic{10};
  s.calls = {stream};
  Fault failure = site_failure(sim::kStart + 10min);
  failure.lasting = 2min;
  s.faults = {failure};
  return s;
}

/// What the run's own journal says, with changes.
class Planted : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    recorder_ = new Recorder;
    run_world(troubled_centre(), {recorder_});
  }
  static void TearDownTestSuite() { delete recorder_; }

  /// The ids of the checks that are violated, with what they say.
  static std::map<std::string, std::string> judge(const Entries& entries) {
    const Scenario scenario = troubled_centre();
    const Layout layout(scenario, {scenario.run.seed, 0});
    RunRecorder run(layout);
    for (const JournalEntry& entry : entries) run.on_record(entry);
    std::map<std::string, std::string> violated;
    for (const Verdict& v : run.finish(sim::kStart + scenario.run.horizon).verdicts) {
      if (v.status == VerdictStatus::violated) violated[v.id] = v.text;
      judged_[v.id] = judged_[v.id] || v.status == VerdictStatus::good;
    }
    return violated;
  }
  static Entries journal() { return recorder_->entries; }

  /// The first record of this kind from `from` on of which this is true; a test without it fails.
  template <class R>
  static std::size_t find(const Entries& entries, const std::function<bool(const R&)>& which,
                          Duration from = 0s) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto* fact = std::get_if<R>(&entries[i].record);
      if (fact != nullptr && entries[i].at >= sim::kStart + from && which(*fact)) return i;
    }
    throw std::runtime_error("the run has no such record");
  }
  /// Puts a fact into the journal that comes so long after the entry at `i`.
  static void insert(Entries& entries, std::size_t i, Duration after, const Record& record) {
    const SimTime at = entries[i].at + after;
    std::size_t place = i + 1;
    while (place < entries.size() && entries[place].at <= at) ++place;
    entries.insert(entries.begin() + static_cast<std::ptrdiff_t>(place), {at, {}, record});
  }
  /// An answer in a call that is not passed on and lasts a while, at this site.
  static std::size_t answer_at(const Entries& entries, std::uint32_t site) {
    return find<CallAnswered>(entries, [&](const CallAnswered& a) {
      if (a.site != site || a.path != path_of(static_cast<int>(site))) return false;
      SimTime answered{}, over{};
      for (const JournalEntry& e : entries) {
        if (const auto* t = std::get_if<CallTransferred>(&e.record)) {
          if (t->call == a.call) return false;
        } else if (const auto* r = std::get_if<CallReleased>(&e.record)) {
          if (r->call == a.call) over = e.at;
        } else if (const auto* x = std::get_if<CallAnswered>(&e.record)) {
          if (x->call == a.call) answered = e.at;
        }
      }
      return over > answered + 15s;
    });
  }

  static Recorder* recorder_;
  static std::map<std::string, bool> judged_;
};
Recorder* Planted::recorder_ = nullptr;
std::map<std::string, bool> Planted::judged_;

TEST_F(Planted, NothingIsFoundInTheRunAsItWas) {
  EXPECT_THAT(judge(journal()), ::testing::IsEmpty());
  for (const auto& [id, judged] : judged_) EXPECT_TRUE(judged) << id << " has no case in this run";
  EXPECT_EQ(judged_.size(), 9u);
}

TEST_F(Planted, ASecondAnswerIsFound) {
  for (const std::uint32_t site : {0u, 1u}) {
    for (const bool same : {true, false}) {
      Entries e = journal();
      const std::size_t i = answer_at(e, site);
      CallAnswered again = std::get<CallAnswered>(e[i].record);
      if (!same) again.agent = AgentId{again.agent.value ^ 1};
      insert(e, i, 1s, again);
      const auto found = judge(e);
      EXPECT_TRUE(found.contains("answered_once")) << site << same;
      EXPECT_TRUE(found.contains("conservation")) << site << same;
    }
  }
}

TEST_F(Planted, WhatAServerDoesWithACallThatTalksIsFound) {
  const Entries whole = journal();
  const std::size_t i = answer_at(whole, 0);
  const auto& answer = std::get<CallAnswered>(whole[i].record);
  const AgentId other{answer.agent.value ^ 1};
  const std::pair<Record, const char*> faults[] = {
      {CallQueued{answer.call, 0, 0, 0, answer.branch}, "queued while talking"},
      {CallQueued{answer.call, 1, 0, 0, CallBranch::of_invite(1)}, "nobody has asked"},
      {CallRouted{answer.call, other, 0, 1, answer.branch, answer.branch}, "routed while talking"},
      {CallDefaultRouted{answer.call, 0, {}, answer.branch}, "default-routed while talking"}};
  for (const auto& [fault, text] : faults) {
    Entries e = whole;
    insert(e, i, 1s, fault);
    EXPECT_THAT(judge(e)["conservation"], ::testing::HasSubstr(text));
  }
}

TEST_F(Planted, ALostOrRepeatedRecordOfACallIsFound) {
  const Entries whole = journal();
  const std::size_t answered = answer_at(whole, 1);
  const CallId call = std::get<CallAnswered>(whole[answered].record).call;
  const std::size_t released =
      find<CallReleased>(whole, [&](const CallReleased& r) { return r.call == call; });
  const std::size_t offered =
      find<CallOffered>(whole, [&](const CallOffered& o) { return o.call == call; });
  for (const std::size_t i : {offered, answered}) {
    Entries e = whole;
    e.erase(e.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_TRUE(judge(e).contains("conservation")) << i;
  }
  for (const std::size_t i : {offered, released}) {
    Entries e = whole;
    insert(e, i, 0s, whole[i].record);
    EXPECT_TRUE(judge(e).contains("conservation")) << i;
  }
}

TEST_F(Planted, ACallThatAFailureSpared) {
  const Entries whole = journal();
  const std::size_t i = find<CallReleased>(
      whole, [](const CallReleased& r) { return r.release == pstn::Release::speech_lost; });
  Entries late = whole;
  const JournalEntry moved = late[i];
  late.erase(late.begin() + static_cast<std::ptrdiff_t>(i));
  insert(late, i, 1s, moved.record);
  EXPECT_TRUE(judge(late).contains("dropped_set"));

  Entries early = whole;  // and one that no failure has dropped
  const std::size_t answered = answer_at(early, 1);
  insert(
      early, answered, 1s,
      CallReleased{std::get<CallAnswered>(early[answered].record).call, 0,
                   pstn::Release::speech_lost, static_cast<std::uint8_t>(CallPhase::talking), 0});
  EXPECT_TRUE(judge(early).contains("dropped_set"));
}

TEST_F(Planted, AnAgentLoggedInTwiceOrLoggedOutByTheOtherSitesFailure) {
  Entries twice = journal();
  const std::size_t start = find<CallOffered>(
      twice, [](const CallOffered&) { return true; }, 5min);
  insert(twice, start, 0s, AgentLogin{AgentId{0}, 1, 1});
  EXPECT_TRUE(judge(twice).contains("one_login_per_agent"));

  Entries out = journal();
  const std::size_t failed =
      find<PairStateChanged>(out, [](const PairStateChanged& p) { return p.up == 0; });
  insert(out, failed, 1s, AgentLogout{AgentId{5}, 1, 0});
  EXPECT_TRUE(judge(out).contains("survivor_agents_unaffected"));
}

TEST_F(Planted, WhatIsForbiddenInSingleSiteMode) {
  const Entries whole = journal();
  const std::size_t single = find<ServerModeChanged>(
      whole, [](const ServerModeChanged& m) { return m.mode == ServerMode::single; });
  const std::uint32_t site = std::get<ServerModeChanged>(whole[single].record).site;
  const std::size_t queued = find<CallQueued>(
      whole, [&](const CallQueued& q) { return q.site == site; }, whole[single].at - sim::kStart);
  const CallId call = std::get<CallQueued>(whole[queued].record).call;

  Entries forwarded = whole;
  insert(forwarded, queued, 0s, BcForward{call, site, 1});
  EXPECT_TRUE(judge(forwarded).contains("single_site_mode"));

  Entries forced = whole;
  insert(forced, single, 1s, AgentLogout{AgentId{5}, site, 1});
  EXPECT_TRUE(judge(forced).contains("single_site_mode"));

  Entries elsewhere = whole;
  CallBranch peer;
  for (JournalEntry& e : elsewhere) {  // the peer's agent is chosen, and answers
    if (auto* routed = std::get_if<CallRouted>(&e.record); routed && routed->call == call) {
      const CallBranch mine = routed->branch;
      *routed = {call, AgentId{0}, 1 - site, 3, mine, mine.next(1)};
      peer = mine.next(1);
    } else if (auto* rings = std::get_if<CallRinging>(&e.record); rings && rings->call == call) {
      *rings = {call, AgentId{0}, 1 - site, peer};
    } else if (auto* answer = std::get_if<CallAnswered>(&e.record);
               answer && answer->call == call) {
      *answer = {call, AgentId{0}, 1 - site, 3, 1, peer};
    }
  }
  EXPECT_TRUE(judge(elsewhere).contains("answered_at_arrival_site"));
}

TEST_F(Planted, WhoDoesNotComeBack) {
  for (const Record& fault : std::vector<Record>{
           AgentLogout{AgentId{0}, 0, 0}, AgentStateChanged{AgentId{5}, 1, AgentState::not_ready},
           DnState{AgentId{3}, 0, 0}, ServerModeChanged{1, ServerMode::single}}) {
    Entries e = journal();
    e.push_back({sim::kStart + 31min, {}, fault});
    std::ranges::stable_sort(e, {}, &JournalEntry::at);
    std::erase_if(e, [](const JournalEntry& x) {  // and stays so
      return x.at > sim::kStart + 31min && (std::holds_alternative<AgentStateChanged>(x.record) ||
                                            std::holds_alternative<AgentLogin>(x.record));
    });
    EXPECT_TRUE(judge(e).contains("liveness")) << fault.index();
  }
}

}  // namespace
}  // namespace bcsim::tests::planted_faults_test
